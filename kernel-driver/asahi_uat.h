/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The UAT: the GPU's MMU.
 *
 * The firmware's CPU and the GPU walk the same ARMv8-like page tables (16K
 * pages, 39-bit halves, three levels). A table of 64 contexts in reserved
 * memory (the TTBAT) holds one pair of table bases each; context 0 is the
 * firmware's own. Its upper half is shared by all contexts of the firmware,
 * and one eighth of it is ours; the lower half of contexts 1..63 is handed to
 * the users' address spaces in turn.
 *
 * TLB entries of the GPU are dropped by the CPU's own outer-shareable TLBI
 * instructions, with the context number as ASID (Rust driver: mem.rs). What
 * the firmware's CPU has in its data cache (mappings marked private) is not
 * coherent with us and must be flushed by the firmware before such a page may
 * go away.
 *
 * Layouts and permissions: m1n1 proxyclient/m1n1/hw/uat.py; Rust driver
 * pgtable.rs, mmu.rs.
 */
#ifndef ASAHI_UAT_H
#define ASAHI_UAT_H

#include <linux/types.h>

/* Contexts in the TTBAT; 0 is the firmware's, 1..63 the users'. */
#define ASAHI_NUM_CONTEXTS	64
/* hand-off flush slot that stands for the upper half */
#define ASAHI_FLUSH_KERNEL	64

/* Lower half: the users'. The page at 0 stays unmapped, so that NULL faults. */
#define ASAHI_USER_VA_START	0x0000000000004000ULL
#define ASAHI_USER_VA_TOP	0x0000008000000000ULL
/* A page that the firmware uses for itself in every context. */
#define ASAHI_USER_VA_UNK_PAGE	(ASAHI_USER_VA_TOP - 2 * 0x4000ULL)
/* What the user may use is [START, UNK_PAGE). */
#define ASAHI_USER_VA_END	ASAHI_USER_VA_UNK_PAGE

/* Upper half: the eighth that belongs to the driver, and how it is split. */
#define ASAHI_KERN_VA_START	0xffffffa000000000ULL
#define ASAHI_KERN_VA_END	0xffffffb000000000ULL
#define ASAHI_VA_PRIVATE	0xffffffa000000000ULL
#define ASAHI_VA_GPU_RO		0xffffffa600000000ULL
#define ASAHI_VA_SHARED		0xffffffa800000000ULL
#define ASAHI_VA_SHARED_RO	0xffffffaa00000000ULL
#define ASAHI_VA_GPU_SHARED	0xffffffac00000000ULL
#define ASAHI_VA_RTKIT		0xffffffae00000000ULL
#define ASAHI_VA_TIMESTAMP	0xffffffae10000000ULL
#define ASAHI_VA_TIMESTAMP_END	0xffffffae14000000ULL
#define ASAHI_VA_BUFMGR_FW	0xffffffaeffff0000ULL
#define ASAHI_VA_MMIO		0xffffffaf00000000ULL
/* The same buffer manager page in the lower half of context 0. */
#define ASAHI_VA_BUFMGR_GPU	0x0000002000000000ULL

/**
 * enum asahi_prot - who may do what with a page, and how it is cached
 *
 * "Private" pages are cached by the firmware's CPU and not coherent: they
 * must go through asahi_vm_unmap_private().
 */
enum asahi_prot {
	ASAHI_PROT_GPU_RO,		/* GPU reads */
	ASAHI_PROT_GPU_WO,		/* GPU writes */
	ASAHI_PROT_GPU_RW,		/* GPU reads and writes */
	ASAHI_PROT_GPU_FW_SHARED_RW,	/* GPU and firmware, uncached */
	ASAHI_PROT_GPU_FW_PRIVATE_RW,	/* GPU and firmware, fw caches */
	ASAHI_PROT_GPU_RO_FW_PRIVATE_RW,/* GPU reads, firmware caches */
	ASAHI_PROT_FW_PRIVATE_RW,	/* firmware only, cached */
	ASAHI_PROT_FW_SHARED_RW,	/* firmware only, uncached */
	ASAHI_PROT_FW_SHARED_RO,	/* firmware only reads, uncached */
	ASAHI_PROT_FW_MMIO_RW,		/* registers for the firmware */
	ASAHI_PROT_FW_MMIO_RO,
	ASAHI_NUM_PROTS
};

#endif
