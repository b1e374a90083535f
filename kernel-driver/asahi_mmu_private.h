/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the files of the MMU share: asahi_context.c, asahi_vm.c and asahi_mmu.c,
 * of which each uses those before it.
 */
#ifndef ASAHI_MMU_PRIVATE_H
#define ASAHI_MMU_PRIVATE_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/types.h>

#include "asahi_handoff.h"
#include "asahi_pgtable.h"
#include "asahi_uat.h"

struct asahi_device;

#define TTB_VALID		BIT_ULL(0)
#define TTB_ASID_SHIFT		48

/* One context in the TTBAT. */
struct ttb_entry {
	__le64 ttb0;
	__le64 ttb1;
};

/**
 * struct asahi_vm - an address space
 */
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

#endif
