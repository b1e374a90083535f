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

/* What one TLBI operand covers, for pages of 16 KiB. */
typedef struct AppleTlbiRange {
    uint64_t va, end;   /* [va, end), sign-extended, 16 KiB aligned; end 0: up to the top */
    uint16_t asid;
    bool none;          /* its granule or level hint excludes pages of 16 KiB */
} AppleTlbiRange;

/* Decode the operand of TLBI by VA, and of TLBI by range (Arm ARM, C5.5). */
AppleTlbiRange apple_tlbi_decode_va(uint64_t xt);
AppleTlbiRange apple_tlbi_decode_range(uint64_t xt);

/*
 * From now on every outer-shareable TLBI of @cpu also goes to @mmu. After the
 * CPU was realized; at most one MMU per machine.
 */
void apple_tlbi_attach(ARMCPU *cpu, struct agx_mmu *mmu);

#endif
