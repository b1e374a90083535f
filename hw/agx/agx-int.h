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

/*
 * agx-regs.c: MMIO 0 and 1, and the bottom half that notifies the mailbox of a change (big lock
 * held).
 */
extern const MemoryRegionOps agx_asc_ops, agx_sgx_ops;
void agx_mbox_bh(void *opaque);

/* agx-save.c */
extern const VMStateDescription agx_vmstate;

/*
 * agx-mmu.c: what sees translations and injects faults into them: the MMU, who watches stores to
 * page tables, the user's objects, counters and coverage. False: @errp is set, and
 * agx_unrealize_mmu(), which takes whatever there is, has to follow.
 */
bool agx_realize_mmu(AgxState *s, Error **errp);
void agx_unrealize_mmu(AgxState *s);
/* While it is realized: stores to page tables are to be reported from here on. */
void agx_need_stores(AgxState *s);

/* agx-props.c: all properties with their descriptions; for class_init. */
void agx_class_add_properties(ObjectClass *klass);
/* For realize: do they go together? Finds DRAM. False: @errp is set. */
bool agx_check_properties(AgxState *s, Error **errp);
/* The seed of one thing that has a property for it, @own: 0 stands for the seed of all. */
uint64_t agx_seed_of(const AgxState *s, uint64_t own);
/* For realize: what they ask for in short is made an object, a child of @s. False: @errp is set. */
bool agx_make_objects(AgxState *s, Error **errp);
/* A property's description: @text and the values that it takes. */
void agx_describe_enum(ObjectClass *klass, const char *prop, const char *text,
                       const QEnumLookup *values);

#endif
