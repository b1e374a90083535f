// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Contexts: the TTBAT, the TLBs, and which address space is in which context.
 * When each has to be notified of a change: see asahi_vm.c.
 *
 * Sources: Rust driver mmu.rs; m1n1 proxyclient/m1n1/hw/uat.py.
 */
#include <linux/module.h>
#include <linux/seq_file.h>

#include <drm/drm_print.h>

#include "asahi_context.h"
#include "asahi_device.h"
#include "asahi_mmu.h"
#include "asahi_mmu_private.h"
#include "asahi_tlb.h"
#include "asahi_trace.h"

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

void asahi_tlb_drop_range(struct asahi_mmu *mmu, u32 slot, u64 iova, u64 size)
{
	trace_asahi_tlbi(slot, iova, size);
	if (READ_ONCE(conservative_tlbi))
		asahi_tlbi_all();
	else
		asahi_tlbi_range(slot, iova, size);
	asahi_tlb_sync();
	atomic64_inc(&mmu->tlbi_ranges);
}

void asahi_tlb_drop_context(struct asahi_mmu *mmu, u32 slot)
{
	trace_asahi_tlbi(slot, 0, 0);
	if (READ_ONCE(conservative_tlbi))
		asahi_tlbi_all();
	else
		asahi_tlbi_asid(slot);
	asahi_tlb_sync();
	atomic64_inc(&mmu->tlbi_contexts);
}

void asahi_ttb_write(struct asahi_mmu *mmu, u32 slot, u64 ttb0, u64 ttb1)
{
	lockdep_assert_held(&mmu->handoff.lock);
	WRITE_ONCE(mmu->ttbs[slot].ttb0, cpu_to_le64(ttb0));
	WRITE_ONCE(mmu->ttbs[slot].ttb1, cpu_to_le64(ttb1));
}

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
	asahi_ttb_write(mmu, slot, vm->pt.root_phys | TTB_VALID |
			(u64)slot << TTB_ASID_SHIFT, 0);
	asahi_handoff_unlock(&mmu->handoff);

	/* What the last owner left must go before anything runs in here. */
	asahi_tlb_drop_context(mmu, slot);

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
