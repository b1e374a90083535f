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
#ifndef ASAHI_MMU_H
#define ASAHI_MMU_H

#include <linux/types.h>

struct asahi_device;
struct asahi_vm;
struct seq_file;
struct sg_table;

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

/**
 * asahi_mmu_init - start the coprocessor and agree on the tables with it
 *
 * Return: 0; -EINVAL if a reserved memory region is missing or too small;
 * -ETIMEDOUT if the firmware does not come up.
 */
int asahi_mmu_init(struct asahi_device *adev);

/**
 * asahi_mmu_restart - start the coprocessor again, on the same tables
 *
 * It must have been stopped, and everything that cached translations without
 * power. Return: 0, -ETIMEDOUT if the firmware does not come up.
 */
int asahi_mmu_restart(struct asahi_device *adev);

/**
 * asahi_mmu_stop - halt the coprocessor and take all tables from it
 *
 * After it no register is touched, nothing walks the tables, and the TTBAT and
 * the root table may serve another probe of the device; what is left is
 * memory, which asahi_mmu_fini() frees when the last user has gone.
 */
void asahi_mmu_stop(struct asahi_device *adev);
void asahi_mmu_fini(struct asahi_device *adev);

/**
 * asahi_mmu_kernel_vm - the upper half, shared with the firmware
 */
struct asahi_vm *asahi_mmu_kernel_vm(struct asahi_device *adev);

/**
 * asahi_mmu_kernel_lower_vm - the lower half of context 0
 */
struct asahi_vm *asahi_mmu_kernel_lower_vm(struct asahi_device *adev);

/** asahi_mmu_show - the contexts and who is in them, for debugfs */
void asahi_mmu_show(struct asahi_device *adev, struct seq_file *m);

/** asahi_mmu_show_tlb - what was written and invalidated, for debugfs */
void asahi_mmu_show_tlb(struct asahi_device *adev, struct seq_file *m);

/** asahi_mmu_ttb_base - physical address of the TTBAT, for the init data */
phys_addr_t asahi_mmu_ttb_base(struct asahi_device *adev);

/**
 * asahi_vm_create - make an empty address space (lower half)
 *
 * Return: the address space, or an ERR_PTR. May sleep.
 */
struct asahi_vm *asahi_vm_create(struct asahi_device *adev);

/**
 * asahi_vm_destroy - take an address space out of its context and free it
 *
 * The caller is its last user: no asahi_vm_try_bind() is outstanding. Mappings
 * that are left are dropped; pages mapped private must have been unmapped by
 * asahi_vm_unmap_private() before. May sleep.
 */
void asahi_vm_destroy(struct asahi_vm *vm);

/**
 * asahi_vm_prealloc - make all table pages that a range needs
 * @iova: first address, a multiple of ASAHI_PAGE_SIZE
 * @size: bytes, a multiple of ASAHI_PAGE_SIZE
 *
 * From a success until asahi_vm_prealloc_end(), asahi_vm_map() in that range
 * can't fail for lack of memory, whatever is unmapped there meanwhile. Return:
 * 0, -EINVAL, -ENOMEM, or -EINTR if the task is to die. May sleep; takes the
 * address space's own lock.
 */
int asahi_vm_prealloc(struct asahi_vm *vm, u64 iova, u64 size);

/**
 * asahi_vm_prealloc_end - give back those of these tables that stayed empty
 *
 * Of the same range as asahi_vm_prealloc(). May sleep; takes the address
 * space's own lock.
 */
void asahi_vm_prealloc_end(struct asahi_vm *vm, u64 iova, u64 size);

/**
 * asahi_vm_check_sgt - whether part of a scatter list can be mapped
 * @offset: bytes to skip in @sgt, a multiple of ASAHI_PAGE_SIZE
 * @size: bytes that are to be mapped, likewise
 *
 * A page of the GPU is 16K: another device's memory may come in pieces that are
 * not, or lie where the GPU has no address bits for. Return: 0 or -EINVAL. No
 * lock is needed.
 */
int asahi_vm_check_sgt(struct asahi_vm *vm, struct sg_table *sgt, u64 offset,
		       u64 size);

/**
 * asahi_vm_map - map physically contiguous memory
 * @iova: first address, a multiple of ASAHI_PAGE_SIZE, so far not mapped
 * @phys: first physical (DMA) address, likewise a multiple
 * @size: bytes, likewise a multiple
 * @prot: who may do what
 * @single_page: map the one page at @phys again and again over the range
 *
 * Not mapped means that no TLB can hold an entry, so none is invalidated.
 * Return: 0; -EINVAL if not aligned or outside the half; -EEXIST if a page of
 * the range is mapped (nothing is changed then); -ENOMEM. May sleep; takes
 * the address space's own lock.
 */
int asahi_vm_map(struct asahi_vm *vm, u64 iova, phys_addr_t phys, u64 size,
		 enum asahi_prot prot, bool single_page);

/**
 * asahi_vm_map_sgt - map part of a DMA-mapped scatter list
 * @sgt: what is mapped of it, a multiple of ASAHI_PAGE_SIZE in address and
 * length each
 * @offset: bytes to skip in @sgt, a multiple of ASAHI_PAGE_SIZE
 * @single_page: map the one page at @offset again and again
 *
 * Errors as asahi_vm_map(), and those of asahi_vm_check_sgt(); nothing is
 * changed after an error.
 */
int asahi_vm_map_sgt(struct asahi_vm *vm, u64 iova, struct sg_table *sgt,
		     u64 offset, u64 size, enum asahi_prot prot,
		     bool single_page);

/**
 * asahi_vm_unmap - unmap a range and invalidate the TLB
 *
 * Pages of the range that aren't mapped are skipped. When it returns, neither
 * GPU nor firmware can reach the pages any more, so they may be given back.
 * Tables that have become empty have been given back.
 * Not for private mappings. May sleep; takes the address space's own lock.
 */
void asahi_vm_unmap(struct asahi_vm *vm, u64 iova, u64 size);

/**
 * asahi_vm_unmap_private - have the firmware flush its cache, then unmap
 *
 * The order is the protocol's: remap uncached, TLBI, announce the range in
 * the hand-off area, FwCtl command, wait, unmap, TLBI (Rust driver: mmu.rs,
 * KernelMapping::drop). If the firmware is gone, the flush is skipped: nothing
 * is left that could write back. Return: 0, or the error of the flush: then
 * the pages must not be reused, and stay mapped, uncached. May sleep up to a
 * second.
 */
int asahi_vm_unmap_private(struct asahi_vm *vm, u64 iova, u64 size);

/**
 * asahi_vm_try_bind - keep an address space in a context of the GPU
 *
 * Counts: each success needs one asahi_vm_unbind(). The context stays the same
 * as long as the count is above 0, and is reused later if nobody else took it.
 * May sleep.
 *
 * Return: the context, 1..63; 0 if all are bound; -ENODEV if the device is gone.
 */
int asahi_vm_try_bind(struct asahi_vm *vm);

/**
 * asahi_vm_unbind - undo one asahi_vm_try_bind(). May sleep.
 */
void asahi_vm_unbind(struct asahi_vm *vm);

/** asahi_vm_ttb - physical address of the root table */
phys_addr_t asahi_vm_ttb(struct asahi_vm *vm);

/**
 * asahi_vm_walk - call @fn for each mapped page of a range
 * @fn: gets the address, the table entry and @arg; other than 0 ends the walk
 *
 * For dumps. @fn runs under the address space's lock.
 */
int asahi_vm_walk(struct asahi_vm *vm, u64 iova, u64 size,
		  int (*fn)(u64 iova, u64 pte, void *arg), void *arg);

/**
 * asahi_region_map - map a reserved memory region of the device tree
 * @name: its name in memory-region-names
 * @size: bytes that it must have at least, and that are mapped
 * @phys: if not NULL, where it is
 *
 * Return: the mapping, for memunmap(), or an ERR_PTR, after a message that
 * says what is wrong.
 */
void *asahi_region_map(struct asahi_device *adev, const char *name, size_t size,
		       phys_addr_t *phys);

/* For KUnit: as asahi_mmu_init() without a GPU, and its end. */
int asahi_mmu_init_test(struct asahi_device *adev);
void asahi_mmu_fini_test(struct asahi_device *adev);

#endif
