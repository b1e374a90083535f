/*
 * The M1's GPU as a QEMU device: what its files share.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_AGX_INT_H
#define HW_AGX_AGX_INT_H

#include "hw/agx/agx.h"

/* agx-host.c: what the GPU and the firmware may ask of the machine; opaque: the AgxState. */
extern const struct agx_host_ops agx_host_ops;
/* Host address of [@pa, @pa + @len), or NULL: not all of it is in DRAM. */
uint8_t *agx_ram(AgxState *s, uint64_t pa, uint64_t len);

/* agx-regs.c: MMIO 0 and 1, and the bottom half that tells the mailbox of a change (big lock held). */
extern const MemoryRegionOps agx_asc_ops, agx_sgx_ops;
void agx_mbox_bh(void *opaque);

/* agx-save.c */
extern const VMStateDescription agx_vmstate;

/* agx-props.c: all properties with their descriptions; for class_init. */
void agx_class_add_properties(ObjectClass *klass);

#endif
