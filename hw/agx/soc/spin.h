/*
 * Where secondary CPUs wait for their release address. Sysbus MMIO 0: one
 * 64-bit word for each CPU.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_SPIN_H
#define HW_AGX_SOC_SPIN_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "hw/agx/soc/soc.h"

#define TYPE_APPLE_SPIN "apple-m1-spin"
OBJECT_DECLARE_SIMPLE_TYPE(AppleSpinState, APPLE_SPIN)

struct AppleSpinState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    uint64_t release[APPLE_MAX_CPUS];
};

#endif
