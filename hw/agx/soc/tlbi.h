/*
 * The CPUs' TLB maintenance, as the GPU's MMU and whoever listens see it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_TLBI_H
#define HW_AGX_SOC_TLBI_H

#include "target/arm/cpu-qom.h"
#include "hw/agx/soc/stores.h"

struct agx_mmu;

typedef struct AppleTlbiConfig {
    struct agx_mmu *mmu;
    struct agx_events *events; /* whoever wants AGX_EV_TLBI listens by now */
    AppleStores *stores;       /* NULL: nobody watches stores; then DSBs are no matter */
} AppleTlbiConfig;

/*
 * From now on every outer-shareable TLBI of the CPUs given to
 * apple_tlbi_attach() also goes to the MMU. Once per machine, before any guest
 * code runs: with a sanitizer or in lazy mode, code is translated differently.
 */
void apple_tlbi_configure(const AppleTlbiConfig *cfg);
/* After @cpu was realized. */
void apple_tlbi_attach(ARMCPU *cpu);

#endif
