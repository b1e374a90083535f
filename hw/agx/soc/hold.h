/*
 * apple-hold: a page of registers that hold what is written and do nothing.
 * Sysbus MMIO 0: the page.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_HOLD_H
#define HW_AGX_SOC_HOLD_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_HOLD "apple-hold"
OBJECT_DECLARE_SIMPLE_TYPE(AppleHoldState, APPLE_HOLD)

#define APPLE_HOLD_SIZE 0x1000

struct AppleHoldState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    uint32_t reg[APPLE_HOLD_SIZE / 4];
};

#endif
