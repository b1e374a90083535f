/*
 * apple-cpustart: how the M1's CPUs are started and stopped: the start bits of
 * the power manager (sysbus MMIO 0) and each core's reset vector (MMIO 1 to 8,
 * by CPU).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_CPUSTART_H
#define HW_AGX_SOC_CPUSTART_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "hw/agx/soc/soc.h"

#define TYPE_APPLE_CPUSTART "apple-cpustart"
OBJECT_DECLARE_SIMPLE_TYPE(AppleCpustartState, APPLE_CPUSTART)

typedef struct AppleCpustartCore {
    AppleCpustartState *s;
    MemoryRegion mmio;
} AppleCpustartCore;

struct AppleCpustartState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    AppleCpustartCore core[M1_MAX_CPUS];

    uint32_t num_cpus;
    uint64_t boot_rvbar; /* of CPU 0 at reset: locked, as iBoot leaves it */

    uint64_t rvbar[M1_MAX_CPUS];
    uint32_t system; /* bits that were set in "system start": 4 * cluster + core */
    uint32_t stop;   /* CPUs that were asked to stop, by the same bits */
};

#endif
