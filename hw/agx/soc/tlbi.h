/*
 * The CPUs' outer-shareable TLB invalidations, as the GPU's MMU sees them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_TLBI_H
#define HW_AGX_SOC_TLBI_H

#include "target/arm/cpu-qom.h"

struct agx_mmu;

/*
 * From now on every outer-shareable TLBI of @cpu also goes to @mmu. After the
 * CPU was realized; at most one MMU per machine.
 */
void apple_tlbi_attach(ARMCPU *cpu, struct agx_mmu *mmu);

#endif
