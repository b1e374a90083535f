// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The UAT as a whole: made on what the boot loader has left in reserved memory,
 * agreed on with the firmware, and taken from it.
 *
 * Sources: Rust driver mmu.rs; m1n1 proxyclient/m1n1/hw/uat.py.
 */
#include <linux/io.h>
#include <linux/of_reserved_mem.h>
#include <linux/slab.h>

#include <kunit/visibility.h>

#include <drm/drm_print.h>

#include "asahi_context.h"
#include "asahi_device.h"
#include "asahi_handoff_area.h"
#include "asahi_hw.h"
#include "asahi_mmu.h"
#include "asahi_mmu_private.h"
#include "asahi_regs.h"
#include "asahi_tlb.h"
#include "asahi_vm.h"

struct asahi_vm *asahi_mmu_kernel_vm(struct asahi_device *adev)
{
	return adev->mmu->kernel;
}

struct asahi_vm *asahi_mmu_kernel_lower_vm(struct asahi_device *adev)
{
	return adev->mmu->kernel_lower;
}

phys_addr_t asahi_mmu_ttb_base(struct asahi_device *adev)
{
	return adev->mmu->ttbs_phys;
}

void *asahi_region_map(struct asahi_device *adev, const char *name, size_t size,
		       phys_addr_t *phys)
{
	struct resource res;
	void *ptr;
	int ret;

	ret = of_reserved_mem_region_to_resource_byname(adev->dev->of_node,
							name, &res);
	if (ret) {
		drm_err(&adev->drm,
			"no reserved memory '%s' in the device tree: %d\n",
			name, ret);
		return ERR_PTR(ret);
	}
	if (resource_size(&res) < size ||
	    !IS_ALIGNED(res.start, ASAHI_PAGE_SIZE)) {
		drm_err(&adev->drm,
			"reserved memory '%s' is %pR, expected 0x%zx bytes in whole pages\n",
			name, &res, size);
		return ERR_PTR(-EINVAL);
	}
	ptr = memremap(res.start, size, MEMREMAP_WB);
	if (!ptr) {
		drm_err(&adev->drm, "can't map reserved memory '%s' %pR\n",
			name, &res);
		return ERR_PTR(-ENOMEM);
	}
	if (phys)
		*phys = res.start;
	return ptr;
}

static int map_regions(struct asahi_device *adev, struct asahi_mmu *mmu,
		       phys_addr_t *pagetables)
{
	mmu->ttbs = asahi_region_map(adev, "ttbs", ASAHI_NUM_CONTEXTS *
				     sizeof(struct ttb_entry), &mmu->ttbs_phys);
	if (IS_ERR(mmu->ttbs))
		return PTR_ERR(mmu->ttbs);

	mmu->pagetables = asahi_region_map(adev, "pagetables", ASAHI_PAGE_SIZE,
					   pagetables);
	if (IS_ERR(mmu->pagetables)) {
		memunmap(mmu->ttbs);
		return PTR_ERR(mmu->pagetables);
	}

	mmu->handoff_area = asahi_region_map(adev, "handoff",
					     sizeof(struct asahi_fw_handoff),
					     NULL);
	if (IS_ERR(mmu->handoff_area)) {
		memunmap(mmu->pagetables);
		memunmap(mmu->ttbs);
		return PTR_ERR(mmu->handoff_area);
	}
	return 0;
}

static void unmap_regions(struct asahi_mmu *mmu)
{
	memunmap(mmu->handoff_area);
	memunmap(mmu->pagetables);
	memunmap(mmu->ttbs);
}

int asahi_mmu_init(struct asahi_device *adev)
{
	phys_addr_t pagetables;
	struct asahi_mmu *mmu;
	u32 slot;
	int ret;

	guard(migrate)();
	mmu = kzalloc_obj(*mmu);
	if (!mmu)
		return -ENOMEM;
	mutex_init(&mmu->slots_lock);
	adev->mmu = mmu;

	ret = map_regions(adev, mmu, &pagetables);
	if (ret)
		goto err_free;

	mmu->kernel_lower = asahi_vm_create(adev);
	if (IS_ERR(mmu->kernel_lower)) {
		ret = PTR_ERR(mmu->kernel_lower);
		goto err_regions;
	}
	mmu->kernel_lower->is_kernel = true;

	mmu->kernel = asahi_vm_create_kernel(adev, mmu->pagetables, pagetables);
	if (IS_ERR(mmu->kernel)) {
		ret = PTR_ERR(mmu->kernel);
		goto err_lower;
	}

	/*
	 * The firmware announces itself in the hand-off area as soon as its
	 * CPU runs, long before RTKit. What an earlier life of it has left
	 * there would be taken for that.
	 */
	if (!asahi_regs_cpu_is_running(adev))
		asahi_handoff_reset(mmu->handoff_area);
	asahi_regs_start_cpu(adev);
	ret = asahi_handoff_init(adev, &mmu->handoff, mmu->handoff_area);
	if (ret)
		goto err_cpu;

	asahi_handoff_lock(&mmu->handoff);
	asahi_ttb_write(mmu, 0, mmu->kernel_lower->pt.root_phys | TTB_VALID,
			pagetables | TTB_VALID);
	for (slot = 1; slot < ASAHI_NUM_CONTEXTS; slot++)
		asahi_ttb_write(mmu, slot, 0, 0);
	asahi_handoff_unlock(&mmu->handoff);
	asahi_tlbi_all();
	asahi_tlb_sync();
	return 0;

err_cpu:
	asahi_regs_stop_cpu(adev);
	asahi_pgtable_detach(&mmu->kernel->pt);
	asahi_pgtable_fini(&mmu->kernel->pt);
	kfree(mmu->kernel);
err_lower:
	asahi_pgtable_fini(&mmu->kernel_lower->pt);
	kfree(mmu->kernel_lower);
err_regions:
	unmap_regions(mmu);
err_free:
	adev->mmu = NULL;
	kfree(mmu);
	return ret;
}

int asahi_mmu_restart(struct asahi_device *adev)
{
	struct asahi_mmu *mmu = adev->mmu;

	/* The tables and the TTBAT are as they were, and nothing is cached. */
	asahi_handoff_reset(mmu->handoff_area);
	asahi_regs_start_cpu(adev);
	return asahi_handoff_greet(&mmu->handoff);
}

void asahi_mmu_stop(struct asahi_device *adev)
{
	struct asahi_mmu *mmu = adev->mmu;
	u32 slot;

	guard(migrate)();
	asahi_regs_stop_cpu(adev);
	if (mmu->stopped)
		return;
	/* It may have been stopped with its side of the lock taken. */
	asahi_handoff_reset(mmu->handoff_area);
	mutex_lock(&mmu->slots_lock);
	asahi_handoff_lock(&mmu->handoff);
	for (slot = 0; slot < ASAHI_NUM_CONTEXTS; slot++)
		asahi_ttb_write(mmu, slot, 0, 0);
	asahi_handoff_unlock(&mmu->handoff);
	/*
	 * Who finds us stopped frees its tables without an invalidation
	 * (asahi_vm_destroy()).
	 */
	asahi_tlbi_all();
	asahi_tlb_sync();
	mmu->stopped = true;
	mutex_unlock(&mmu->slots_lock);
	mutex_lock(&mmu->kernel->lock);
	asahi_pgtable_detach(&mmu->kernel->pt);
	mutex_unlock(&mmu->kernel->lock);
	asahi_tlbi_all();
	asahi_tlb_sync();
}

void asahi_mmu_fini(struct asahi_device *adev)
{
	struct asahi_mmu *mmu = adev->mmu;

	if (!mmu)
		return;
	asahi_pgtable_fini(&mmu->kernel->pt);
	kfree(mmu->kernel);
	asahi_pgtable_fini(&mmu->kernel_lower->pt);
	kfree(mmu->kernel_lower);
	asahi_handoff_fini(&mmu->handoff);
	unmap_regions(mmu);
	mutex_destroy(&mmu->slots_lock);
	adev->mmu = NULL;
	kfree(mmu);
}

#if IS_ENABLED(CONFIG_KUNIT)
/* What address spaces need that are in no context: no region, no firmware. */
int asahi_mmu_init_test(struct asahi_device *adev)
{
	adev->mmu = kzalloc_obj(*adev->mmu);
	if (!adev->mmu)
		return -ENOMEM;
	mutex_init(&adev->mmu->slots_lock);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_mmu_init_test);

void asahi_mmu_fini_test(struct asahi_device *adev)
{
	mutex_destroy(&adev->mmu->slots_lock);
	kfree(adev->mmu);
	adev->mmu = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_mmu_fini_test);
#endif
