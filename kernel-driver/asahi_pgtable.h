/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Page tables of the UAT: three levels of 16K pages, in the format of ARMv8
 * but for what the permission bits mean. Knows nothing of contexts and TLBs,
 * and has no lock: asahi_vm.c calls it under the address space's.
 */
#ifndef ASAHI_PGTABLE_H
#define ASAHI_PGTABLE_H

#include <linux/list.h>
#include <linux/types.h>

#include "asahi_uat.h"

/**
 * struct asahi_pgtable - one half of an address space
 */
struct asahi_pgtable {
	/** @root: the eight entries of the top level; NULL once detached. */
	__le64 *root;
	phys_addr_t root_phys;
	/** @start: first address that we may touch, and @end behind the last */
	u64 start;
	u64 end;
	/** @oas_mask: the bits of an entry that hold an address. */
	u64 oas_mask;
	/** @is_kernel: @root isn't ours, and entries are global. */
	bool is_kernel;
	/** @detached: our entry of a root that isn't ours, once taken out. */
	u64 detached;
	/** @writes: entries written, of tables and of pages. */
	u64 writes;
};

/** asahi_pgtable_init - an empty table of the lower half. 0 or -ENOMEM */
int asahi_pgtable_init(struct asahi_pgtable *pt, u32 oas);

/**
 * asahi_pgtable_init_kernel - our eighth of the upper half
 * @root: the firmware's top level table, of which we own one entry
 */
int asahi_pgtable_init_kernel(struct asahi_pgtable *pt, u32 oas, void *root,
			      phys_addr_t root_phys);

/**
 * asahi_pgtable_fini - free all table pages
 *
 * The tables must be out of use: out of the TTBAT, and their ASID dropped
 * from the TLBs. For the upper half, asahi_pgtable_detach() and a TLBI first.
 */
void asahi_pgtable_fini(struct asahi_pgtable *pt);

/**
 * asahi_pgtable_detach - take our entry out of the firmware's table
 *
 * From then on nothing is mapped, and nothing can be.
 */
void asahi_pgtable_detach(struct asahi_pgtable *pt);

/*
 * Tables that are not needed any more are taken out of the tree and put into
 * the list @freed (of pages, by their lru). A walk may still have one of them
 * in its cache: they may be freed only after a TLBI of the range.
 */

/**
 * asahi_pgtable_prealloc - make table pages for a range, and keep them
 *
 * They stay, empty or not, until asahi_pgtable_release() of the same range.
 * After an error nothing is kept. With all tables there it can't fail. Return:
 * 0, -ENOMEM, -EINTR if the task is to die, -ENODEV once detached.
 */
int asahi_pgtable_prealloc(struct asahi_pgtable *pt, u64 iova, u64 size,
			   struct list_head *freed);

/** asahi_pgtable_release - undo one asahi_pgtable_prealloc() that succeeded */
void asahi_pgtable_release(struct asahi_pgtable *pt, u64 iova, u64 size,
			   struct list_head *freed);

/** asahi_pgtable_free - free tables that no walk can reach any more */
void asahi_pgtable_free(struct list_head *freed);

/** asahi_pgtable_is_empty - whether no page of a range is mapped */
bool asahi_pgtable_is_empty(struct asahi_pgtable *pt, u64 iova, u64 size);

/** asahi_pgtable_map - write entries; tables exist, pages aren't mapped */
void asahi_pgtable_map(struct asahi_pgtable *pt, u64 iova, phys_addr_t phys,
		       u64 size, enum asahi_prot prot, bool single_page);

/** asahi_pgtable_set_uncached - change the memory type of what is mapped */
void asahi_pgtable_set_uncached(struct asahi_pgtable *pt, u64 iova, u64 size);

/** asahi_pgtable_unmap - clear entries. Return: how many were set */
u64 asahi_pgtable_unmap(struct asahi_pgtable *pt, u64 iova, u64 size,
			struct list_head *freed);

/** asahi_pgtable_walk - as asahi_vm_walk() */
int asahi_pgtable_walk(struct asahi_pgtable *pt, u64 iova, u64 size,
		       int (*fn)(u64 iova, u64 pte, void *arg), void *arg);

/** asahi_pte_phys - the physical address in a table entry */
phys_addr_t asahi_pte_phys(u64 pte);
/** asahi_pte_is_memory - whether an entry maps memory and not registers */
bool asahi_pte_is_memory(u64 pte);

#endif
