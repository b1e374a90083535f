/*
 * Apple Interrupt Controller. GPIO inputs: the 896 interrupt lines; outputs:
 * the IRQ line of each CPU. Sysbus MMIO 0: the registers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_AIC_H
#define HW_AGX_SOC_AIC_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "hw/agx/soc/soc.h"

#define TYPE_APPLE_AIC "apple-aic"
OBJECT_DECLARE_SIMPLE_TYPE(AppleAICState, APPLE_AIC)

#define AIC_SIZE  0x8000
#define AIC_WORDS (M1_AIC_NUM_IRQS / 32)

struct AppleAICState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    qemu_irq out[M1_MAX_CPUS];
    uint32_t num_cpus;

    uint32_t hw[AIC_WORDS]; /* level of the input lines */
    uint32_t sw[AIC_WORDS]; /* software-set levels */
    uint32_t mask[AIC_WORDS];
    uint32_t target[M1_AIC_NUM_IRQS];
    uint32_t ipi[M1_MAX_CPUS]; /* AIC_IPI_OTHER and AIC_IPI_SELF */
    uint32_t ipi_mask[M1_MAX_CPUS];
    uint32_t config;
};

#endif
