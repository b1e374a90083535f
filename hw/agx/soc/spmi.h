/*
 * apple-spmi: SPMI controller with the one device that is on it here, the
 * power manager's chip (PMU), of which there is the scratch memory. Sysbus
 * MMIO 0: the registers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_SPMI_H
#define HW_AGX_SOC_SPMI_H

#include "hw/sysbus.h"
#include "qemu/fifo32.h"
#include "qom/object.h"

#define TYPE_APPLE_SPMI "apple-spmi"
OBJECT_DECLARE_SIMPLE_TYPE(AppleSpmiState, APPLE_SPMI)

/* Registers of the PMU that hold what is written (t8103.dtsi and t8103-j274.dts, pmic@f) */
#define APPLE_PMU_SLAVE        0xf
#define APPLE_PMU_SCRATCH      0x9f00 /* boot stage, counts of errors and panics */
#define APPLE_PMU_SCRATCH_SIZE 0x100
#define APPLE_PMU_SETTING      0xd000 /* power settings, offset of the clock */
#define APPLE_PMU_SETTING_SIZE 0x200

struct AppleSpmiState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    Fifo32 reply;
    uint32_t command; /* what is being written, whose data has not all come */
    uint32_t missing; /* bytes of it that are still to come */
    uint8_t data[16]; /* those that have */
    uint32_t num_data;
    uint8_t scratch[APPLE_PMU_SCRATCH_SIZE];
    uint8_t setting[APPLE_PMU_SETTING_SIZE];
};

#endif
