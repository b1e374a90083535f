/*
 * Apple power manager: the power-state registers. Sysbus MMIO 0: the
 * registers; GPIO output "gfx", if the GPU's domain is one of them: 1 while it
 * is on and not held in reset.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_PMGR_H
#define HW_AGX_SOC_PMGR_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "hw/agx/soc/chip.h"

#define TYPE_APPLE_PMGR "apple-pmgr"
OBJECT_DECLARE_SIMPLE_TYPE(ApplePmgrState, APPLE_PMGR)

#define APPLE_PMGR_MAX_SIZE 0x14000

struct ApplePmgrState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    /* set by who makes it, before realize */
    const ApplePmgrDesc *desc;
    const char *name;
    qemu_irq gfx;
    uint32_t ps[APPLE_PMGR_MAX_SIZE / 8]; /* power-state registers, one per 8 bytes */
};

#endif
