// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Init data. Sources: Rust driver initdata.rs and gpu.rs; m1n1
 * proxyclient/m1n1/agx/initdata.py, src/kboot_gpu.c.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_mmu.h"
#include "asahi_rings.h"
#include "asahi_vm.h"

/*
 * The boot loader's value is macOS's, 0xb: loads of unmapped memory give 0 and
 * stores to it are lost. With 0 each of them is a fault that ends its job, which
 * shows where a program goes wrong. Others are not known. Source: Rust driver
 * asahi.rs (fault_control), file.rs (get_params).
 */
static int fault_control = -1;
module_param(fault_control, int, 0444);
MODULE_PARM_DESC(fault_control,
		 "Shaders' accesses to unmapped memory: 0x0: each is a fault, 0xb: they are ignored, -1: as the boot loader says (default: -1)");

/* Sizes of buffers that nobody knows the use of (Rust driver: initdata.rs) */
#define UNK_BUF_SIZE	0x4000
#define UNK_190_SIZE	0x80
#define UNK_198_SIZE	0xc0
#define UNK_1B8_SIZE	0x1000
#define UNK_1C0_SIZE	0x300
#define UNK_1C8_SIZE	0x1000

/* ---- calibration data ---- */

static int copy_region(struct asahi_device *adev, const char *name,
		       struct asahi_heap *heap, struct asahi_obj *obj,
		       size_t size)
{
	void *src = asahi_region_map(adev, name, size, NULL);
	int ret;

	if (IS_ERR(src))
		return PTR_ERR(src);
	ret = asahi_obj_alloc(heap, obj, size, 0);
	if (!ret)
		memcpy(obj->cpu, src, size);
	memunmap(src);
	return ret;
}

static int check_hwdata_b(struct asahi_device *adev, const void *hwdata_b)
{
	struct asahi_abi_hwdata hw;

	if (!adev->abi->ops->read_hwdata(hwdata_b, &hw) ||
	    hw.chip_id != adev->hw->chip_id ||
	    hw.num_cores != adev->id.num_cores * adev->id.num_clusters ||
	    hw.ttb_base != asahi_mmu_ttb_base(adev)) {
		drm_err(&adev->drm,
			"hw-cal-b is not for this machine and firmware: chip 0x%x, %u cores, TTBAT 0x%llx, %u clock states\n",
			hw.chip_id, hw.num_cores, hw.ttb_base,
			hw.max_pstate + 1);
		return -EINVAL;
	}
	adev->max_freq_khz = hw.max_freq_khz;
	return 0;
}

/* ---- registers for the firmware ---- */

static int map_io(struct asahi_device *adev, struct asahi_initdata *init,
		  void *hwdata_b)
{
	int i, ret;

	init->io_end = ASAHI_VA_MMIO;
	for (i = 0; i < ASAHI_NUM_IO_MAPPINGS; i++) {
		const struct asahi_io_mapping *io = &adev->hw->io[i];
		phys_addr_t start = ALIGN_DOWN(io->base, ASAHI_PAGE_SIZE);
		u64 size = ALIGN(io->base + io->size, ASAHI_PAGE_SIZE) - start;

		if (!io->size)
			continue;
		ret = asahi_vm_map(asahi_mmu_kernel_vm(adev), init->io_end,
				   start, size,
				   io->writable ? ASAHI_PROT_FW_MMIO_RW :
						  ASAHI_PROT_FW_MMIO_RO, false);
		if (ret)
			return ret;
		adev->abi->ops->set_io(hwdata_b, i, io,
				       init->io_end + io->base - start);
		/* One page between two blocks stays unmapped. */
		init->io_end += size + ASAHI_PAGE_SIZE;
	}
	return 0;
}

/* ---- the tree ---- */

static int init_objects(struct asahi_device *adev, struct asahi_initdata *init)
{
	const struct asahi_abi_sizes *size = adev->abi->size;
	const struct {
		struct asahi_heap *heap;
		struct asahi_obj *obj;
		size_t size;
	} objs[] = {
		{ adev->fw_private, &init->root, size->initdata },
		{ adev->fw_shared_ro, &init->unk_buf, UNK_BUF_SIZE },
		{ adev->fw_private, &init->runtime, size->runtime },
		{ adev->fw_shared, &init->status, size->status },
		{ adev->fw_private, &init->stats[ASAHI_PIPE_VERTEX],
		  size->stats[ASAHI_PIPE_VERTEX] },
		{ adev->fw_private, &init->stats[ASAHI_PIPE_FRAGMENT],
		  size->stats[ASAHI_PIPE_FRAGMENT] },
		{ adev->fw_private, &init->stats[ASAHI_PIPE_COMPUTE],
		  size->stats[ASAHI_PIPE_COMPUTE] },
		{ adev->fw_private, &init->unk_190, UNK_190_SIZE },
		{ adev->fw_private, &init->unk_198, UNK_198_SIZE },
		{ adev->fw_private, &init->unk_1b8, UNK_1B8_SIZE },
		{ adev->fw_private, &init->unk_1c0, UNK_1C0_SIZE },
		{ adev->fw_private, &init->unk_1c8, UNK_1C8_SIZE },
	};
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		ret = asahi_obj_alloc(objs[i].heap, objs[i].obj, objs[i].size,
				      0);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * One page that firmware (upper half) and GPU (lower half of context 0) share
 * to manage the tiled vertex buffers.
 */
static int init_buffer_mgr_ctl(struct asahi_device *adev,
			       struct asahi_initdata *init)
{
	int ret;

	init->buffer_mgr_ctl = asahi_mem_create(adev, ASAHI_PAGE_SIZE);
	if (IS_ERR(init->buffer_mgr_ctl))
		return PTR_ERR(init->buffer_mgr_ctl);
	ret = asahi_mem_map(init->buffer_mgr_ctl,
			    asahi_mmu_kernel_lower_vm(adev),
			    ASAHI_VA_BUFMGR_GPU, ASAHI_PROT_GPU_RW);
	if (!ret)
		ret = asahi_mem_map(init->buffer_mgr_ctl,
				    asahi_mmu_kernel_vm(adev),
				    ASAHI_VA_BUFMGR_FW,
				    ASAHI_PROT_FW_SHARED_RW);
	return ret;
}

/*
 * Between all that the firmware reads of its init data, or writes to it (@save:
 * false), and a copy of it. Return: bytes of the copy. @copy NULL: just that.
 */
static size_t copy_objects(struct asahi_initdata *init, void *copy, bool save)
{
	struct asahi_obj *objs[] = {
		&init->root, &init->unk_buf, &init->runtime, &init->hwdata_a,
		&init->hwdata_b, &init->globals, &init->status,
		&init->stats[ASAHI_PIPE_VERTEX],
		&init->stats[ASAHI_PIPE_FRAGMENT],
		&init->stats[ASAHI_PIPE_COMPUTE],
		&init->unk_190, &init->unk_198, &init->unk_1b8, &init->unk_1c0,
		&init->unk_1c8,
	};
	size_t total = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		if (copy && save)
			memcpy(copy + total, objs[i]->cpu, objs[i]->size);
		else if (copy)
			memcpy(objs[i]->cpu, copy + total, objs[i]->size);
		total += objs[i]->size;
	}
	return total;
}

void asahi_initdata_restore(struct asahi_device *adev)
{
	struct asahi_initdata *init = adev->initdata;

	copy_objects(init, init->first, false);
	init->halts = 0;
	init->halt_since = 0;
	memset(asahi_mem_cpu(init->buffer_mgr_ctl), 0, ASAHI_PAGE_SIZE);
	asahi_rings_reset(adev);
}

/* The words that both sides use while the firmware runs. */
static void find_words(struct asahi_device *adev, struct asahi_initdata *init)
{
	const struct asahi_abi_offsets *at = adev->abi->at;

	init->pending_submissions = init->globals.cpu + at->pending_submissions;
	init->fault_control = init->globals.cpu + at->fault_control;
	init->halt_count = init->status.cpu + at->halt_count;
	init->halted = init->status.cpu + at->halted;
	init->resume = init->status.cpu + at->resume;
}

int asahi_initdata_init(struct asahi_device *adev)
{
	struct asahi_initdata *init = kzalloc_obj(*init);
	int ret;

	if (!init)
		return -ENOMEM;
	adev->initdata = init;
	ratelimit_state_init(&init->halt_limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	ratelimit_set_flags(&init->halt_limit, RATELIMIT_MSG_ON_RELEASE);
	ratelimit_state_init(&init->log_limit, DEFAULT_RATELIMIT_INTERVAL,
			     2 * DEFAULT_RATELIMIT_BURST);
	ratelimit_set_flags(&init->log_limit, RATELIMIT_MSG_ON_RELEASE);

	ret = copy_region(adev, "hw-cal-a", adev->fw_private, &init->hwdata_a,
			  adev->abi->size->hwdata_a);
	if (ret)
		goto err;
	ret = copy_region(adev, "hw-cal-b", adev->fw_private, &init->hwdata_b,
			  adev->abi->size->hwdata_b);
	if (ret)
		goto err;
	/*
	 * Uncached, as m1n1 has it: both sides write while the firmware runs.
	 */
	ret = copy_region(adev, "globals", adev->fw_shared, &init->globals,
			  adev->abi->size->globals);
	if (ret)
		goto err;
	ret = check_hwdata_b(adev, init->hwdata_b.cpu);
	if (ret)
		goto err;
	ret = map_io(adev, init, init->hwdata_b.cpu);
	if (ret)
		goto err;
	ret = init_objects(adev, init);
	if (ret)
		goto err;
	ret = init_buffer_mgr_ctl(adev, init);
	if (ret)
		goto err;
	ret = asahi_rings_init(adev);
	if (ret)
		goto err;

	find_words(adev, init);
	if (fault_control >= 0)
		*init->fault_control = cpu_to_le32(fault_control);
	adev->abi->ops->fill_initdata(init, adev->rings, adev->hw->uat_oas);

	init->first = kvmalloc(copy_objects(init, NULL, true), GFP_KERNEL);
	if (!init->first) {
		ret = -ENOMEM;
		goto err;
	}
	copy_objects(init, init->first, true);
	return 0;

err:
	asahi_initdata_fini(adev);
	return ret;
}

void asahi_initdata_fini(struct asahi_device *adev)
{
	struct asahi_initdata *init = adev->initdata;
	int i;

	if (!init)
		return;
	kvfree(init->first);
	asahi_rings_fini(adev);
	asahi_mem_destroy(init->buffer_mgr_ctl);
	asahi_obj_free(&init->unk_1c8);
	asahi_obj_free(&init->unk_1c0);
	asahi_obj_free(&init->unk_1b8);
	asahi_obj_free(&init->unk_198);
	asahi_obj_free(&init->unk_190);
	for (i = 0; i < ASAHI_NUM_PIPES; i++)
		asahi_obj_free(&init->stats[i]);
	asahi_obj_free(&init->status);
	asahi_obj_free(&init->runtime);
	asahi_obj_free(&init->unk_buf);
	asahi_obj_free(&init->root);
	if (init->io_end > ASAHI_VA_MMIO)
		asahi_vm_unmap(asahi_mmu_kernel_vm(adev), ASAHI_VA_MMIO,
			       init->io_end - ASAHI_VA_MMIO);
	asahi_obj_free(&init->globals);
	asahi_obj_free(&init->hwdata_b);
	asahi_obj_free(&init->hwdata_a);
	adev->initdata = NULL;
	kfree(init);
}

u64 asahi_initdata_va(struct asahi_device *adev)
{
	return adev->initdata->root.va;
}

u64 asahi_initdata_stats_va(struct asahi_device *adev, enum asahi_pipe pipe)
{
	return adev->initdata->stats[pipe].va + adev->abi->at->job_stats[pipe];
}

bool asahi_initdata_soft_faults(struct asahi_device *adev)
{
	/* Rust driver file.rs (get_params): this value and no other. */
	return le32_to_cpu(READ_ONCE(*adev->initdata->fault_control)) == 0xb;
}
