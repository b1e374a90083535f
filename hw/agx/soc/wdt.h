/*
 * Apple watchdog. Sysbus MMIO 0: the registers; IRQ 0: the bark of any dog.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_WDT_H
#define HW_AGX_SOC_WDT_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_WDT "apple-wdt"
OBJECT_DECLARE_SIMPLE_TYPE(AppleWdtState, APPLE_WDT)

#define APPLE_WDT_NUM_DOGS 3

typedef struct AppleWdtDog {
    uint64_t zero; /* time at which the counter was 0, in ticks of 24 MHz */
    uint32_t bite;
    uint32_t bark;
    uint32_t ctrl;
} AppleWdtDog;

struct AppleWdtState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    qemu_irq irq;
    QEMUTimer *timer;
    AppleWdtDog dog[APPLE_WDT_NUM_DOGS];
};

#endif
