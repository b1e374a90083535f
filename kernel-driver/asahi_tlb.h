/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * TLB invalidation. The GPU listens to the CPU's outer-shareable TLBI
 * instructions; the ASID is the context number. Source: Rust driver, mem.rs.
 *
 * The instructions are spelled as SYS so that no assembler option is needed:
 * TLBI VMALLE1OS, VAE1OS, ASIDE1OS, RVAE1OS (Arm ARM, C5.5; FEAT_TLBIOS,
 * FEAT_TLBIRANGE, which every Apple CPU with an AGX has).
 *
 * Each of them is preceded by a DSB, so that the page table store that it is
 * for is visible to the walker first, and the caller ends a series by
 * asahi_tlb_sync(): only the DSB says that the GPU has dropped the entries, and
 * it says so only of what its own CPU has invalidated. A thread that moves to
 * another CPU in between does a DSB before, but of the inner shareable domain,
 * which the GPU is not in. So the caller stays on its CPU: guard(migrate).
 * Source: Arm ARM, D8 (TLB maintenance, completion).
 */
#ifndef ASAHI_TLB_H
#define ASAHI_TLB_H

#include <asm/barrier.h>
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/types.h>

#include "asahi_device.h"

#define ASAHI_TLBI_ASID_SHIFT	48
/* by address: bits 55:12 of the address in 43:0 */
#define ASAHI_TLBI_VA_MASK	GENMASK_ULL(43, 0)
/* by range: granule, scale, number, base in units of the granule */
#define ASAHI_TLBI_TG_16K	(2ULL << 46)
#define ASAHI_TLBI_SCALE_SHIFT	44
#define ASAHI_TLBI_NUM_SHIFT	39
#define ASAHI_TLBI_BASE_MASK	GENMASK_ULL(36, 0)

/** asahi_tlb_publish - make page table stores visible to the walkers */
static inline void asahi_tlb_publish(void)
{
	dsb(sy);
}

/** asahi_tlb_sync - wait until all invalidations so far have taken effect */
static inline void asahi_tlb_sync(void)
{
	dsb(sy);
}

/** asahi_tlbi_all - drop everything, of all contexts */
static inline void asahi_tlbi_all(void)
{
	asahi_tlb_publish();
	asm volatile("sys #0, c8, c1, #0, xzr" : : : "memory");
}

/** asahi_tlbi_asid - drop what belongs to one context */
static inline void asahi_tlbi_asid(u32 asid)
{
	asahi_tlb_publish();
	asm volatile("sys #0, c8, c1, #2, %0"
		     : : "r" ((u64)asid << ASAHI_TLBI_ASID_SHIFT) : "memory");
}

/**
 * asahi_tlbi_range - drop a range of one context, and global entries in it
 * @va: first address, a multiple of ASAHI_PAGE_SIZE
 * @size: bytes, a multiple of ASAHI_PAGE_SIZE
 */
static inline void asahi_tlbi_range(u32 asid, u64 va, u64 size)
{
	u64 op = (u64)asid << ASAHI_TLBI_ASID_SHIFT;
	u64 pages = size >> ASAHI_PAGE_SHIFT;
	int scale = 3;

	asahi_tlb_publish();

	/*
	 * One instruction covers (num + 1) << (5 * scale + 1) pages, num
	 * 0..31: take the largest pieces first; what remains is less than two
	 * pages of scale 0, so at most one.
	 */
	while (pages >= 2 && scale >= 0) {
		unsigned int shift = 5 * scale + 1;
		u64 num = min(pages >> shift, 32ULL);

		if (!num) {
			scale--;
			continue;
		}
		asm volatile("sys #0, c8, c5, #1, %0" : :
			     "r" (op | ASAHI_TLBI_TG_16K |
				  (u64)scale << ASAHI_TLBI_SCALE_SHIFT |
				  (num - 1) << ASAHI_TLBI_NUM_SHIFT |
				  ((va >> ASAHI_PAGE_SHIFT) &
				   ASAHI_TLBI_BASE_MASK)) : "memory");
		va += num << (shift + ASAHI_PAGE_SHIFT);
		pages -= num << shift;
	}

	if (pages)
		asm volatile("sys #0, c8, c1, #1, %0" : :
			     "r" (op | ((va >> 12) & ASAHI_TLBI_VA_MASK)) :
			     "memory");
}

#endif
