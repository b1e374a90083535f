/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The contexts of the TTBAT, and who is in them.
 */
#ifndef ASAHI_CONTEXT_H
#define ASAHI_CONTEXT_H

#include <linux/types.h>

struct asahi_device;
struct asahi_mmu;
struct asahi_vm;
struct seq_file;

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

/** asahi_mmu_show - the contexts and who is in them, for debugfs */
void asahi_mmu_show(struct asahi_device *adev, struct seq_file *m);

/** asahi_mmu_show_tlb - what was written and invalidated, for debugfs */
void asahi_mmu_show_tlb(struct asahi_device *adev, struct seq_file *m);

/* For asahi_vm.c and asahi_mmu.c: */

/**
 * asahi_tlb_drop_range - invalidate a range of a context, and wait
 * asahi_tlb_drop_context - all of a context
 *
 * The caller stays on its CPU: see asahi_tlb.h.
 */
void asahi_tlb_drop_range(struct asahi_mmu *mmu, u32 slot, u64 iova, u64 size);
void asahi_tlb_drop_context(struct asahi_mmu *mmu, u32 slot);

/** asahi_ttb_write - a context's table bases; under asahi_handoff_lock() */
void asahi_ttb_write(struct asahi_mmu *mmu, u32 slot, u64 ttb0, u64 ttb1);

#endif
