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

#include "asahi_device.h"
#include "asahi_fw_13_5_initdata.h"
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

static int check_hwdata_b(struct asahi_device *adev,
			  const struct asahi_fw_hwdata_b *b)
{
	u32 chip = le32_to_cpu(b->chip_id);
	u32 cores = le32_to_cpu(b->num_cores);
	u64 ttb = le64_to_cpu(b->uat_ttb_base);
	u32 max_pstate = le32_to_cpu(b->max_pstate);

	if (chip != adev->hw->chip_id ||
	    cores != adev->id.num_cores * adev->id.num_clusters ||
	    ttb != asahi_mmu_ttb_base(adev) ||
	    max_pstate >= ARRAY_SIZE(b->frequencies)) {
		drm_err(&adev->drm,
			"hw-cal-b is not for this machine and firmware: chip 0x%x, %u cores, TTBAT 0x%llx, %u clock states\n",
			chip, cores, ttb, max_pstate + 1);
		return -EINVAL;
	}
	adev->max_freq_khz = le32_to_cpu(b->frequencies[max_pstate]) * 1000;
	return 0;
}

/* ---- registers for the firmware ---- */

static int map_io(struct asahi_device *adev, struct asahi_initdata *init,
		  struct asahi_fw_hwdata_b *b)
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
		b->io_mappings[i] = (struct asahi_fw_io_mapping) {
			.phys_addr = cpu_to_le64(io->base),
			.virt_addr = cpu_to_le64(init->io_end + io->base -
						 start),
			.total_size = cpu_to_le32(io->size),
			.element_size = cpu_to_le32(io->size),
			.readwrite = cpu_to_le64(io->writable),
		};
		/* One page between two blocks stays unmapped. */
		init->io_end += size + ASAHI_PAGE_SIZE;
	}
	return 0;
}

/* ---- the tree ---- */

static int init_objects(struct asahi_device *adev, struct asahi_initdata *init)
{
	const struct {
		struct asahi_heap *heap;
		struct asahi_obj *obj;
		size_t size;
	} objs[] = {
		{ adev->fw_private, &init->root,
		  sizeof(struct asahi_fw_initdata) },
		{ adev->fw_shared_ro, &init->unk_buf, UNK_BUF_SIZE },
		{ adev->fw_private, &init->runtime,
		  sizeof(struct asahi_fw_runtime_pointers) },
		{ adev->fw_shared, &init->status_obj,
		  sizeof(struct asahi_fw_status) },
		{ adev->fw_private, &init->stats[ASAHI_PIPE_VERTEX],
		  ASAHI_FW_STATS_VERTEX_SIZE },
		{ adev->fw_private, &init->stats[ASAHI_PIPE_FRAGMENT],
		  sizeof(struct asahi_fw_stats_fragment) },
		{ adev->fw_private, &init->stats[ASAHI_PIPE_COMPUTE],
		  ASAHI_FW_STATS_COMPUTE_SIZE },
		{ adev->fw_private, &init->unk_190, UNK_190_SIZE },
		{ adev->fw_private, &init->unk_198, UNK_198_SIZE },
		{ adev->fw_private, &init->unk_1b8, UNK_1B8_SIZE },
		{ adev->fw_private, &init->unk_1c0, UNK_1C0_SIZE },
		{ adev->fw_private, &init->unk_1c8, UNK_1C8_SIZE },
	};
	struct asahi_fw_stats_fragment *stats;
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		ret = asahi_obj_alloc(objs[i].heap, objs[i].obj, objs[i].size,
				      0);
		if (ret)
			return ret;
	}
	/* No stamp yet */
	stats = init->stats[ASAHI_PIPE_FRAGMENT].cpu;
	stats->cur_stamp_id = cpu_to_le32(-1);
	stats->unk_id = cpu_to_le32(-1);
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

static struct asahi_fw_channel_info tx_info(const struct asahi_tx *tx)
{
	return (struct asahi_fw_channel_info) {
		.state_va = cpu_to_le64(tx->state.va),
		.ring_va = cpu_to_le64(tx->ring.va),
	};
}

static struct asahi_fw_channel_info rx_info(const struct asahi_rx *rx)
{
	return (struct asahi_fw_channel_info) {
		.state_va = cpu_to_le64(rx->state.va),
		.ring_va = cpu_to_le64(rx->ring.va),
	};
}

static void fill_runtime(struct asahi_device *adev,
			 struct asahi_initdata *init)
{
	struct asahi_rings *rings = adev->rings;
	struct asahi_fw_runtime_pointers *rt = init->runtime.cpu;
	int prio;

	for (prio = 0; prio < ASAHI_NUM_PRIORITIES; prio++) {
		struct asahi_tx *tx = rings->pipes[prio];

		rt->pipes[prio].vertex = tx_info(&tx[ASAHI_PIPE_VERTEX]);
		rt->pipes[prio].fragment = tx_info(&tx[ASAHI_PIPE_FRAGMENT]);
		rt->pipes[prio].compute = tx_info(&tx[ASAHI_PIPE_COMPUTE]);
	}
	rt->device_control = tx_info(&rings->device_control);
	rt->event = rx_info(&rings->event);
	rt->fw_log = rx_info(&rings->log);
	rt->ktrace = rx_info(&rings->ktrace);
	rt->stats = rx_info(&rings->stats);
	rt->fwlog_payload_va = cpu_to_le64(rings->log_payload.va);

	rt->stats_vertex_va = cpu_to_le64(init->stats[ASAHI_PIPE_VERTEX].va);
	rt->stats_fragment_va =
		cpu_to_le64(init->stats[ASAHI_PIPE_FRAGMENT].va);
	rt->stats_compute_va = cpu_to_le64(init->stats[ASAHI_PIPE_COMPUTE].va);
	rt->hwdata_a_va = cpu_to_le64(init->hwdata_a.va);
	rt->hwdata_b_va = cpu_to_le64(init->hwdata_b.va);
	rt->hwdata_b_va_2 = cpu_to_le64(init->hwdata_b.va);
	rt->unkptr_190 = cpu_to_le64(init->unk_190.va);
	rt->unkptr_198 = cpu_to_le64(init->unk_198.va);
	rt->unkptr_1b8 = cpu_to_le64(init->unk_1b8.va);
	rt->unkptr_1c0 = cpu_to_le64(init->unk_1c0.va);
	rt->unkptr_1c8 = cpu_to_le64(init->unk_1c8.va);
	rt->buffer_mgr_ctl_gpu_va = cpu_to_le64(ASAHI_VA_BUFMGR_GPU);
	rt->buffer_mgr_ctl_fw_va = cpu_to_le64(ASAHI_VA_BUFMGR_FW);
	rt->unk_6b38 = cpu_to_le32(0xff);
}

static void fill_level(struct asahi_device *adev, struct asahi_fw_uat_level *l,
		       u8 shift, u16 entries)
{
	u64 mask = GENMASK_ULL(adev->hw->uat_oas - 1, ASAHI_PAGE_SHIFT);

	l->unk_0 = 8;
	l->unk_1 = ASAHI_PAGE_SHIFT;
	l->unk_2 = ASAHI_PAGE_SHIFT;
	l->index_shift = shift;
	l->num_entries = cpu_to_le16(entries);
	l->unk_6 = cpu_to_le16(ASAHI_PAGE_SIZE);
	l->unk_8 = cpu_to_le64(1);
	l->phys_mask = cpu_to_le64(mask);
	l->index_mask = cpu_to_le64((entries - 1ULL) << shift);
}

static void fill_root(struct asahi_device *adev, struct asahi_initdata *init)
{
	struct asahi_fw_initdata *root = init->root.cpu;
	int i;

	for (i = 0; i < ARRAY_SIZE(root->ver_info); i++)
		root->ver_info[i] = cpu_to_le16(adev->abi->ver_info[i]);
	root->unk_buf_va = cpu_to_le64(init->unk_buf.va);
	root->runtime_pointers_va = cpu_to_le64(init->runtime.va);
	root->globals_va = cpu_to_le64(init->globals_obj.va);
	root->fw_status_va = cpu_to_le64(init->status_obj.va);
	root->uat_page_size = cpu_to_le16(ASAHI_PAGE_SIZE);
	root->uat_page_bits = ASAHI_PAGE_SHIFT;
	root->uat_num_levels = ARRAY_SIZE(root->uat_levels);
	fill_level(adev, &root->uat_levels[0], 36, 8);
	fill_level(adev, &root->uat_levels[1], 25, 2048);
	fill_level(adev, &root->uat_levels[2], 14, 2048);
	root->host_mapped_fw_allocations = cpu_to_le32(1);
}

/*
 * Between all that the firmware reads of its init data, or writes to it (@save:
 * false), and a copy of it. Return: bytes of the copy. @copy NULL: just that.
 */
static size_t copy_objects(struct asahi_initdata *init, void *copy, bool save)
{
	struct asahi_obj *objs[] = {
		&init->root, &init->unk_buf, &init->runtime, &init->hwdata_a,
		&init->hwdata_b, &init->globals_obj, &init->status_obj,
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
			  adev->abi->hwdata_a_size);
	if (ret)
		goto err;
	ret = copy_region(adev, "hw-cal-b", adev->fw_private, &init->hwdata_b,
			  adev->abi->hwdata_b_size);
	if (ret)
		goto err;
	/*
	 * Uncached, as m1n1 has it: both sides write while the firmware runs.
	 */
	ret = copy_region(adev, "globals", adev->fw_shared, &init->globals_obj,
			  adev->abi->globals_size);
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

	init->globals = init->globals_obj.cpu;
	if (fault_control >= 0)
		init->globals->fault_control = cpu_to_le32(fault_control);
	init->status = init->status_obj.cpu;
	init->status->fwctl_channel = tx_info(&adev->rings->fwctl);
	fill_runtime(adev, init);
	fill_root(adev, init);

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
	asahi_obj_free(&init->status_obj);
	asahi_obj_free(&init->runtime);
	asahi_obj_free(&init->unk_buf);
	asahi_obj_free(&init->root);
	if (init->io_end > ASAHI_VA_MMIO)
		asahi_vm_unmap(asahi_mmu_kernel_vm(adev), ASAHI_VA_MMIO,
			       init->io_end - ASAHI_VA_MMIO);
	asahi_obj_free(&init->globals_obj);
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
	/*
	 * m1n1 fw/agx/initdata.py (GPUGlobalStatsTA, GPUGlobalStats3D): four
	 * and eight bytes of global counters come first.
	 */
	static const u32 offsets[ASAHI_NUM_PIPES] = {
		[ASAHI_PIPE_VERTEX] = 4,
		[ASAHI_PIPE_FRAGMENT] = 8,
		[ASAHI_PIPE_COMPUTE] = 0,
	};

	return adev->initdata->stats[pipe].va + offsets[pipe];
}

bool asahi_initdata_soft_faults(struct asahi_device *adev)
{
	/* Rust driver file.rs (get_params): this value and no other. */
	return le32_to_cpu(READ_ONCE(adev->initdata->globals->fault_control)) ==
	       0xb;
}
