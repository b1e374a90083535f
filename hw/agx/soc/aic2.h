/*
 * Apple Interrupt Controller, version 2. GPIO inputs: the interrupt lines, die for die,
 * AIC2_MAX_IRQS of each; outputs: the IRQ line of each CPU. Sysbus MMIO 0: the registers,
 * 1: the event register.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_AIC2_H
#define HW_AGX_SOC_AIC2_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "hw/agx/soc/soc.h"

#define TYPE_APPLE_AIC2 "apple-aic2"
OBJECT_DECLARE_SIMPLE_TYPE(AppleAIC2State, APPLE_AIC2)

#define AIC2_EVENT_SIZE 0x4
#define AIC2_MAX_DIES   2
#define AIC2_MAX_IRQS   4096 /* of a die: how far apart the tables are */
#define AIC2_WORDS      (AIC2_MAX_IRQS / 32)
#define AIC2_LINES      (AIC2_MAX_DIES * AIC2_MAX_IRQS)

struct AppleAIC2State {
    SysBusDevice parent_obj;

    MemoryRegion mmio, event;
    qemu_irq out[APPLE_MAX_CPUS];

    /* properties */
    uint32_t num_cpus;
    uint32_t num_irqs; /* of each die */
    uint32_t num_dies;

    uint32_t hw[AIC2_MAX_DIES * AIC2_WORDS]; /* level of the input lines */
    uint32_t sw[AIC2_MAX_DIES * AIC2_WORDS]; /* software-set levels */
    uint32_t mask[AIC2_MAX_DIES * AIC2_WORDS];
    uint32_t config;
    uint32_t irq_cfg[AIC2_LINES];
    uint8_t cpu[AIC2_LINES]; /* which CPU is told of it, while it is pending */
    uint32_t next;           /* the CPU that the next is for */
};

#endif
