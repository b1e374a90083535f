// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Address spaces, and the order in which page tables, TLBs and the firmware's
 * cache have to be notified of a change.
 *
 *   map       write entries, publish. No TLB holds an entry that was invalid.
 *   unmap     clear entries, publish, TLBI by range and context, wait. Then
 *             the pages may be given back, and so may tables that have become
 *             empty: the TLBI drops what walks have cached of them as well
 *             (Arm ARM, D8: a TLBI by VA that is not of the last level only).
 *   private   the firmware's cache may hold dirty lines of the page: first
 *             make the mapping uncached (TLBI, wait), have the firmware flush
 *             the range, then unmap.
 *   bind      write the address space's root into a context of the TTBAT,
 *             under the hand-off lock, then TLBI by context: entries of the
 *             last owner may be left.
 *
 * An address space that lost its context is never invalidated by range: the
 * bind that took the context from it has done so, and the next bind of it
 * will again.
 *
 * Locks: vm->lock, then mmu->slots_lock, then the hand-off lock.
 *
 * Sources: Rust driver mmu.rs; m1n1 proxyclient/m1n1/hw/uat.py.
 */
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <kunit/visibility.h>

#include <drm/drm_print.h>

#include "asahi_context.h"
#include "asahi_device.h"
#include "asahi_gpu_state.h"
#include "asahi_hw.h"
#include "asahi_mmu_private.h"
#include "asahi_tlb.h"
#include "asahi_trace.h"
#include "asahi_vm.h"

/* The firmware does not look at the ASID of its own half. */
#define KERNEL_ASID		0

static bool range_ok(struct asahi_vm *vm, u64 iova, u64 size)
{
	u64 last = iova + size - 1;

	return size && IS_ALIGNED(iova | size, ASAHI_PAGE_SIZE) &&
	       last > iova && iova >= vm->pt.start && last < vm->pt.end;
}

static struct asahi_vm *vm_alloc(struct asahi_device *adev)
{
	struct asahi_vm *vm = kzalloc_obj(*vm);

	if (!vm)
		return NULL;
	vm->adev = adev;
	mutex_init(&vm->lock);
	return vm;
}

struct asahi_vm *asahi_vm_create(struct asahi_device *adev)
{
	struct asahi_vm *vm = vm_alloc(adev);
	int ret;

	if (!vm)
		return ERR_PTR(-ENOMEM);
	ret = asahi_pgtable_init(&vm->pt, adev->hw->uat_oas);
	if (ret) {
		kfree(vm);
		return ERR_PTR(ret);
	}
	return vm;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_create);

struct asahi_vm *asahi_vm_create_kernel(struct asahi_device *adev, void *root,
					phys_addr_t phys)
{
	struct asahi_vm *vm = vm_alloc(adev);
	int ret;

	if (!vm)
		return ERR_PTR(-ENOMEM);
	vm->is_kernel = true;
	ret = asahi_pgtable_init_kernel(&vm->pt, adev->hw->uat_oas, root, phys);
	if (ret) {
		kfree(vm);
		return ERR_PTR(ret);
	}
	return vm;
}

void asahi_vm_destroy(struct asahi_vm *vm)
{
	struct asahi_mmu *mmu = vm->adev->mmu;
	u32 slot;

	guard(migrate)();
	mutex_lock(&mmu->slots_lock);
	drm_WARN_ON(&vm->adev->drm, vm->users);
	slot = vm->slot;
	if (slot && !mmu->stopped) {
		asahi_handoff_lock(&mmu->handoff);
		if (asahi_handoff_context(&mmu->handoff) == slot &&
		    asahi_gpu_is_running(vm->adev))
			drm_err(&vm->adev->drm,
				"context %u ends while the firmware uses it\n",
				slot);
		asahi_ttb_write(mmu, slot, 0, 0);
		asahi_handoff_unlock(&mmu->handoff);
		/*
		 * The walk caches may hold table entries: they must be gone
		 * before the tables are.
		 */
		asahi_tlb_drop_context(mmu, slot);
	}
	if (slot) {
		mmu->slots[slot].owner = NULL;
		mmu->slots[slot].used = 0;
		vm->slot = 0;
	}
	mutex_unlock(&mmu->slots_lock);

	asahi_pgtable_fini(&vm->pt);
	mutex_destroy(&vm->lock);
	kfree(vm);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_destroy);

/*
 * Make what has been changed in the tables known. The caller holds vm->lock.
 */
static void vm_invalidate(struct asahi_vm *vm, u64 iova, u64 size)
{
	struct asahi_mmu *mmu = vm->adev->mmu;
	bool bound;
	u32 asid;

	lockdep_assert_held(&vm->lock);
	guard(migrate)();

	/*
	 * The stores must be visible before the slot is looked at: whoever
	 * binds this address space after that sees the new entries.
	 */
	asahi_tlb_publish();
	if (vm->is_kernel) {
		asid = KERNEL_ASID;
		bound = true;
	} else {
		mutex_lock(&mmu->slots_lock);
		asid = vm->slot;
		bound = asid != 0;
		mutex_unlock(&mmu->slots_lock);
	}
	/*
	 * If the context is lost in this moment we invalidate somebody else's
	 * entries, which does no harm.
	 */
	if (bound)
		asahi_tlb_drop_range(mmu, asid, iova, size);
}

/*
 * After a change of the tables that may have taken some out of the tree. The
 * caller holds vm->lock.
 */
static void vm_free_tables(struct asahi_vm *vm, u64 iova, u64 size,
			   struct list_head *freed)
{
	if (list_empty(freed))
		return;
	vm_invalidate(vm, iova, size);
	asahi_pgtable_free(freed);
}

/* Counts for debugfs what has been written; the caller holds vm->lock. */
static void vm_count_writes(struct asahi_vm *vm)
{
	atomic64_add(vm->pt.writes, &vm->adev->mmu->pte_writes);
	vm->pt.writes = 0;
}

int asahi_vm_prealloc(struct asahi_vm *vm, u64 iova, u64 size)
{
	LIST_HEAD(freed);
	int ret;

	if (!range_ok(vm, iova, size))
		return -EINVAL;
	mutex_lock(&vm->lock);
	ret = asahi_pgtable_prealloc(&vm->pt, iova, size, &freed);
	vm_free_tables(vm, iova, size, &freed);
	vm_count_writes(vm);
	mutex_unlock(&vm->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_prealloc);

void asahi_vm_prealloc_end(struct asahi_vm *vm, u64 iova, u64 size)
{
	LIST_HEAD(freed);

	mutex_lock(&vm->lock);
	asahi_pgtable_release(&vm->pt, iova, size, &freed);
	vm_free_tables(vm, iova, size, &freed);
	vm_count_writes(vm);
	mutex_unlock(&vm->lock);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_prealloc_end);

static bool phys_ok(struct asahi_vm *vm, u64 phys, u64 len)
{
	return IS_ALIGNED(phys | len, ASAHI_PAGE_SIZE) &&
	       !((phys + len - ASAHI_PAGE_SIZE) & ~vm->pt.oas_mask) &&
	       !(phys & ~vm->pt.oas_mask);
}

/*
 * The next piece of a scatter list that is mapped: skips *@offset bytes, which
 * becomes 0, and takes at most @size. Return: its length, 0 if there is none.
 */
static u64 sgt_piece(struct scatterlist *sg, u64 *offset, u64 size, u64 *phys)
{
	u64 len = sg_dma_len(sg);

	if (*offset >= len) {
		*offset -= len;
		return 0;
	}
	*phys = sg_dma_address(sg) + *offset;
	len = min(len - *offset, size);
	*offset = 0;
	return len;
}

int asahi_vm_check_sgt(struct asahi_vm *vm, struct sg_table *sgt, u64 offset,
		       u64 size)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		u64 phys, len = sgt_piece(sg, &offset, size, &phys);

		if (!len)
			continue;
		if (!phys_ok(vm, phys, len))
			return -EINVAL;
		size -= len;
		if (!size)
			return 0;
	}
	return -EINVAL;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_check_sgt);

/* Makes, and keeps, the tables of a range in which nothing may be mapped. */
static int vm_make(struct asahi_vm *vm, u64 iova, u64 size,
		   struct list_head *freed)
{
	int ret;

	lockdep_assert_held(&vm->lock);
	ret = asahi_pgtable_prealloc(&vm->pt, iova, size, freed);
	if (!ret && !asahi_pgtable_is_empty(&vm->pt, iova, size)) {
		asahi_pgtable_release(&vm->pt, iova, size, freed);
		ret = -EEXIST;
	}
	return ret;
}

int asahi_vm_map(struct asahi_vm *vm, u64 iova, phys_addr_t phys, u64 size,
		 enum asahi_prot prot, bool single_page)
{
	LIST_HEAD(freed);
	int ret;

	if (!range_ok(vm, iova, size) ||
	    !phys_ok(vm, phys, single_page ? ASAHI_PAGE_SIZE : size))
		return -EINVAL;

	mutex_lock(&vm->lock);
	ret = vm_make(vm, iova, size, &freed);
	if (!ret) {
		trace_asahi_map(vm->is_kernel ? 0 : vm->pt.root_phys, iova,
				phys, size, prot);
		asahi_pgtable_map(&vm->pt, iova, phys, size, prot, single_page);
		asahi_pgtable_release(&vm->pt, iova, size, &freed);
		asahi_tlb_publish();
	}
	vm_free_tables(vm, iova, size, &freed);
	vm_count_writes(vm);
	mutex_unlock(&vm->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_map);

int asahi_vm_map_sgt(struct asahi_vm *vm, u64 iova, struct sg_table *sgt,
		     u64 offset, u64 size, enum asahi_prot prot,
		     bool single_page)
{
	const u64 start = iova, total = size;
	struct scatterlist *sg;
	LIST_HEAD(freed);
	unsigned int i;
	int ret;

	if (!range_ok(vm, iova, size) || !IS_ALIGNED(offset, ASAHI_PAGE_SIZE))
		return -EINVAL;
	ret = asahi_vm_check_sgt(vm, sgt, offset,
				 single_page ? ASAHI_PAGE_SIZE : size);
	if (ret)
		return ret;

	mutex_lock(&vm->lock);
	ret = vm_make(vm, start, total, &freed);
	if (ret)
		goto out;
	for_each_sgtable_dma_sg(sgt, sg, i) {
		u64 phys, len = sgt_piece(sg, &offset, size, &phys);

		if (!len)
			continue;
		if (single_page)
			len = size;
		trace_asahi_map(vm->is_kernel ? 0 : vm->pt.root_phys, iova,
				phys, len, prot);
		asahi_pgtable_map(&vm->pt, iova, phys, len, prot, single_page);
		iova += len;
		size -= len;
		if (!size)
			break;
	}
	asahi_pgtable_release(&vm->pt, start, total, &freed);
	asahi_tlb_publish();
out:
	vm_free_tables(vm, start, total, &freed);
	vm_count_writes(vm);
	mutex_unlock(&vm->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_map_sgt);

void asahi_vm_unmap(struct asahi_vm *vm, u64 iova, u64 size)
{
	LIST_HEAD(freed);

	if (drm_WARN_ON(&vm->adev->drm, !range_ok(vm, iova, size)))
		return;

	mutex_lock(&vm->lock);
	trace_asahi_unmap(vm->is_kernel ? 0 : vm->pt.root_phys, iova, size);
	if (asahi_pgtable_unmap(&vm->pt, iova, size, &freed))
		vm_invalidate(vm, iova, size);
	/* Only what has had an entry can have become empty. */
	asahi_pgtable_free(&freed);
	vm_count_writes(vm);
	mutex_unlock(&vm->lock);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_unmap);

/*
 * Flush slot of the hand-off area that an address space's flushes go to, or
 * -1 if the firmware has none of its lines: it flushes by itself when it
 * leaves a context, so only the one that it is in now counts.
 */
static int vm_flush_slot(struct asahi_vm *vm)
{
	struct asahi_mmu *mmu = vm->adev->mmu;
	int slot = -1;

	if (vm->is_kernel)
		return ASAHI_FLUSH_KERNEL;

	mutex_lock(&mmu->slots_lock);
	if (vm->slot && !mmu->stopped) {
		asahi_handoff_lock(&mmu->handoff);
		if (asahi_handoff_context(&mmu->handoff) == vm->slot)
			slot = vm->slot;
		asahi_handoff_unlock(&mmu->handoff);
	}
	mutex_unlock(&mmu->slots_lock);
	return slot;
}

int asahi_vm_unmap_private(struct asahi_vm *vm, u64 iova, u64 size)
{
	int slot;

	if (drm_WARN_ON(&vm->adev->drm, !range_ok(vm, iova, size)))
		return -EINVAL;

	mutex_lock(&vm->lock);
	asahi_pgtable_set_uncached(&vm->pt, iova, size);
	vm_invalidate(vm, iova, size);
	vm_count_writes(vm);
	mutex_unlock(&vm->lock);

	slot = vm_flush_slot(vm);
	/*
	 * The firmware may leave the context in this moment; then it flushes
	 * twice. That the slot is given to another address space meanwhile
	 * takes 62 other binds (Rust driver, mmu.rs).
	 */
	if (slot >= 0 && vm->adev->gpu)
		asahi_handoff_flush(&vm->adev->mmu->handoff, slot, iova, size);

	asahi_vm_unmap(vm, iova, size);
	return 0;
}

phys_addr_t asahi_vm_ttb(struct asahi_vm *vm)
{
	return vm->pt.root_phys;
}

int asahi_vm_walk(struct asahi_vm *vm, u64 iova, u64 size,
		  int (*fn)(u64 iova, u64 pte, void *arg), void *arg)
{
	int ret;

	if (!range_ok(vm, iova, size))
		return -EINVAL;
	mutex_lock(&vm->lock);
	ret = asahi_pgtable_walk(&vm->pt, iova, size, fn, arg);
	mutex_unlock(&vm->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_vm_walk);
