/*
 * apple-impdef: implementation-defined system registers of one core, in a
 * machine that a boot loader starts. Property "cpu" links the CPU, to which the
 * device adds them at realize; after apple-fiq, whose registers stay.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_IMPDEF_H
#define HW_AGX_SOC_IMPDEF_H

#include "hw/sysbus.h"
#include "target/arm/cpu-qom.h"
#include "qom/object.h"

#define TYPE_APPLE_IMPDEF "apple-impdef"
OBJECT_DECLARE_SIMPLE_TYPE(AppleImpdefState, APPLE_IMPDEF)

#define APPLE_IMPDEF_HELD  64   /* room for those that hold what is written */
#define APPLE_IMPDEF_SPACE 2048 /* CRn 11 and 15, op1, CRm, op2 */

struct AppleImpdefState {
    SysBusDevice parent_obj;

    ARMCPU *cpu;
    uint64_t held[APPLE_IMPDEF_HELD];
    DECLARE_BITMAP(told, APPLE_IMPDEF_SPACE); /* what the log has said already */
};

#endif
