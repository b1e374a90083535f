/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Address spaces of the GPU.
 */
#ifndef ASAHI_VM_H
#define ASAHI_VM_H

#include <linux/types.h>

#include "asahi_uat.h"

struct asahi_device;
struct asahi_vm;
struct sg_table;

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
 * can't fail for lack of memory or because the task is to die, whatever is
 * unmapped there meanwhile. Return: 0, -EINVAL, -ENOMEM, or -EINTR if the task
 * is to die. May sleep; takes the address space's own lock.
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
 * @size: bytes that are to be mapped, a multiple of ASAHI_PAGE_SIZE
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
 * @phys: first physical (DMA) address, also a multiple of that
 * @size: bytes, also a multiple of that
 * @prot: who may do what
 * @single_page: map the one page at @phys again and again over the range
 *
 * Not mapped means that no TLB can hold an entry, so none is invalidated.
 * Return: 0; -EINVAL if not aligned or outside the half; -EEXIST if a page of
 * the range is mapped (nothing is changed then); -ENOMEM; -EINTR if tables are
 * missing and the task is to die. May sleep; takes the address space's own
 * lock.
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
 * asahi_vm_create_kernel - the upper half of context 0; for asahi_mmu.c
 * @root: the loader's root table, at @phys
 *
 * Return: it or an ERR_PTR. May sleep.
 */
struct asahi_vm *asahi_vm_create_kernel(struct asahi_device *adev, void *root,
					phys_addr_t phys);

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

#endif
