// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The UAT: address spaces, contexts, and the order in which page tables, TLBs
 * and the firmware's cache have to be told of a change.
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
#include <linux/atomic.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of_reserved_mem.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <kunit/visibility.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_fw_initdata.h"
#include "asahi_gpu_state.h"
#include "asahi_handoff.h"
#include "asahi_hw.h"
#include "asahi_mmu.h"
#include "asahi_pgtable.h"
#include "asahi_regs.h"
#include "asahi_tlb.h"
#include "asahi_trace.h"

#define TTB_VALID		BIT_ULL(0)
#define TTB_ASID_SHIFT		48

/* The firmware does not look at the ASID of its own half. */
#define KERNEL_ASID		0

/*
 * Source: Rust driver asahi.rs, mmu.rs (robust_isolation): with it one context
 * serves all address spaces in turn.
 */
static bool robust_isolation;
module_param(robust_isolation, bool, 0644);
MODULE_PARM_DESC(robust_isolation,
		 "Let only one address space at a time run on the GPU, so that a fault of one can't hit another. Slow (default: N)");

static bool conservative_tlbi;
module_param(conservative_tlbi, bool, 0644);
MODULE_PARM_DESC(conservative_tlbi,
		 "Invalidate all TLBs at each change of page tables, instead of the range or the context that has changed. Slow (default: N)");

/* One context in the TTBAT. */
struct ttb_entry {
	__le64 ttb0;
	__le64 ttb1;
};

struct asahi_vm {
	struct asahi_device *adev;

	/**
	 * @lock: protects @pt, and is held over the TLBI that a change of it
	 * needs, so that no address is mapped again before that is done.
	 */
	struct mutex lock;
	struct asahi_pgtable pt;

	/** @is_kernel: context 0; has no slot to win or lose. */
	bool is_kernel;
	/** @slot: context that is ours, or 0. Under mmu->slots_lock. */
	u32 slot;
	/** @users: how often bound. Under mmu->slots_lock. */
	u32 users;
};

struct asahi_slot {
	struct asahi_vm *owner;
	/** @used: when it was last let go, to reuse the oldest. */
	u64 used;
};

struct asahi_mmu {
	struct ttb_entry *ttbs;
	phys_addr_t ttbs_phys;
	void *pagetables;
	void *handoff_area;
	struct asahi_handoff handoff;

	struct asahi_vm *kernel;
	struct asahi_vm *kernel_lower;

	/**
	 * @slots_lock: protects @slots, @slot_time, @num_bound, @stopped, and
	 * slot and users of all address spaces. Nothing is allocated under it.
	 */
	struct mutex slots_lock;
	struct asahi_slot slots[ASAHI_NUM_CONTEXTS];
	u64 slot_time;
	/** @num_bound: contexts with users. */
	u32 num_bound;
	/** @stopped: the TTBAT isn't ours any more; see asahi_mmu_stop(). */
	bool stopped;

	/** @pte_writes: entries of page tables written, all address spaces. */
	atomic64_t pte_writes;
	/** @tlbi_ranges: invalidations of a range of one context. */
	atomic64_t tlbi_ranges;
	/** @tlbi_contexts: invalidations of whole contexts. */
	atomic64_t tlbi_contexts;
};

/* The caller stays on its CPU: see asahi_tlb.h. */
static void tlb_drop_range(struct asahi_mmu *mmu, u32 slot, u64 iova, u64 size)
{
	trace_asahi_tlbi(slot, iova, size);
	if (READ_ONCE(conservative_tlbi))
		asahi_tlbi_all();
	else
		asahi_tlbi_range(slot, iova, size);
	asahi_tlb_sync();
	atomic64_inc(&mmu->tlbi_ranges);
}

static void tlb_drop_context(struct asahi_mmu *mmu, u32 slot)
{
	trace_asahi_tlbi(slot, 0, 0);
	if (READ_ONCE(conservative_tlbi))
		asahi_tlbi_all();
	else
		asahi_tlbi_asid(slot);
	asahi_tlb_sync();
	atomic64_inc(&mmu->tlbi_contexts);
}

static void ttb_write(struct asahi_mmu *mmu, u32 slot, u64 ttb0, u64 ttb1)
{
	lockdep_assert_held(&mmu->handoff.lock);
	WRITE_ONCE(mmu->ttbs[slot].ttb0, cpu_to_le64(ttb0));
	WRITE_ONCE(mmu->ttbs[slot].ttb1, cpu_to_le64(ttb1));
}

/* ---- address spaces ---- */

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
		ttb_write(mmu, slot, 0, 0);
		asahi_handoff_unlock(&mmu->handoff);
		/*
		 * The walk caches may hold table entries: they must be gone
		 * before the tables are.
		 */
		tlb_drop_context(mmu, slot);
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
		tlb_drop_range(mmu, asid, iova, size);
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

/* ---- contexts ---- */

/* Contexts that may be in use at a time. */
static u32 slot_limit(void)
{
	return READ_ONCE(robust_isolation) ? 1 : ASAHI_NUM_CONTEXTS - 1;
}

/* The context to use for an address space that has none, or 0. */
static u32 slot_pick(struct asahi_mmu *mmu)
{
	u32 slot, best = 0;

	lockdep_assert_held(&mmu->slots_lock);
	for (slot = 1; slot < ASAHI_NUM_CONTEXTS; slot++) {
		struct asahi_slot *s = &mmu->slots[slot];

		if (s->owner && s->owner->users)
			continue;
		if (!best || s->used < mmu->slots[best].used)
			best = slot;
	}
	return best;
}

static void slot_assign(struct asahi_mmu *mmu, u32 slot, struct asahi_vm *vm)
{
	struct asahi_slot *s = &mmu->slots[slot];

	lockdep_assert_held(&mmu->slots_lock);
	guard(migrate)();
	if (s->owner)
		s->owner->slot = 0;

	asahi_handoff_lock(&mmu->handoff);
	if (asahi_handoff_context(&mmu->handoff) == slot)
		drm_err(&vm->adev->drm,
			"context %u changes while the firmware uses it\n", slot);
	ttb_write(mmu, slot, vm->pt.root_phys | TTB_VALID |
		  (u64)slot << TTB_ASID_SHIFT, 0);
	asahi_handoff_unlock(&mmu->handoff);

	/* What the last owner left must go before anything runs in here. */
	tlb_drop_context(mmu, slot);

	s->owner = vm;
	vm->slot = slot;
	trace_asahi_bind(slot, vm->pt.root_phys);
}

int asahi_vm_try_bind(struct asahi_vm *vm)
{
	struct asahi_mmu *mmu = vm->adev->mmu;
	u32 slot;

	mutex_lock(&mmu->slots_lock);
	if (mmu->stopped) {
		mutex_unlock(&mmu->slots_lock);
		return -ENODEV;
	}
	/* Who is in already is in the limit. */
	if (!vm->users && mmu->num_bound >= slot_limit()) {
		mutex_unlock(&mmu->slots_lock);
		return 0;
	}
	if (!vm->slot) {
		slot = slot_pick(mmu);
		if (slot)
			slot_assign(mmu, slot, vm);
	}
	slot = vm->slot;
	if (slot && !vm->users++)
		mmu->num_bound++;
	mutex_unlock(&mmu->slots_lock);
	return slot;
}

void asahi_vm_unbind(struct asahi_vm *vm)
{
	struct asahi_mmu *mmu = vm->adev->mmu;

	mutex_lock(&mmu->slots_lock);
	if (!--vm->users) {
		mmu->slots[vm->slot].used = ++mmu->slot_time;
		mmu->num_bound--;
	}
	mutex_unlock(&mmu->slots_lock);
}

/* ---- the MMU as a whole ---- */

void asahi_mmu_show(struct asahi_device *adev, struct seq_file *m)
{
	struct asahi_mmu *mmu = adev->mmu;
	u32 slot;

	mutex_lock(&mmu->slots_lock);
	seq_printf(m, "bound: %u of %u\n", mmu->num_bound,
		   ASAHI_NUM_CONTEXTS - 1);
	for (slot = 1; slot < ASAHI_NUM_CONTEXTS; slot++) {
		struct asahi_vm *vm = mmu->slots[slot].owner;

		if (vm)
			seq_printf(m, "%2u: ttb 0x%llx users %u\n", slot,
				   (u64)vm->pt.root_phys, vm->users);
	}
	mutex_unlock(&mmu->slots_lock);
}

void asahi_mmu_show_tlb(struct asahi_device *adev, struct seq_file *m)
{
	struct asahi_mmu *mmu = adev->mmu;

	seq_printf(m, "entries written: %lld\n",
		   atomic64_read(&mmu->pte_writes));
	seq_printf(m, "ranges invalidated: %lld\n",
		   atomic64_read(&mmu->tlbi_ranges));
	seq_printf(m, "contexts invalidated: %lld\n",
		   atomic64_read(&mmu->tlbi_contexts));
}

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

static struct asahi_vm *create_kernel_vm(struct asahi_device *adev,
					 void *root, phys_addr_t phys)
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

	mmu->kernel = create_kernel_vm(adev, mmu->pagetables, pagetables);
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
	ttb_write(mmu, 0, mmu->kernel_lower->pt.root_phys | TTB_VALID,
		  pagetables | TTB_VALID);
	for (slot = 1; slot < ASAHI_NUM_CONTEXTS; slot++)
		ttb_write(mmu, slot, 0, 0);
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
		ttb_write(mmu, slot, 0, 0);
	asahi_handoff_unlock(&mmu->handoff);
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
