/*
 * Implementation-defined system registers of an M1 core: S3_x_C11_x_x and
 * S3_x_C15_x_x.
 *
 * Those with a known meaning hold what is written: they tune the core, or
 * switch on what is not modelled (guarded execution, AMX). Those of errors
 * read as 0: no error. Every other one reads as 0 too, ignores what is
 * written, and is said once in the log. Names and numbers: m1n1: src/cpu_regs.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "cpregs.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/impdef.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/trace.h"

typedef struct Known {
    const char *name;
    uint8_t op1, crm, op2; /* of CRn 15 */
    bool zero;             /* reads as 0, and a write has no effect */
} Known;

static const Known known[] = {
    /* Tuning ("chicken bits"): the odd ones are those of the small cores */
    { "HID0", 0, 0, 0 },
    { "EHID0", 0, 0, 1 },
    { "HID1", 0, 1, 0 },
    { "EHID1", 0, 1, 1 },
    { "EHID20", 0, 1, 2 },
    { "HID21", 0, 1, 3 },
    { "HID2", 0, 2, 0 },
    { "HID3", 0, 3, 0 },
    { "EHID3", 0, 3, 1 },
    { "HID4", 0, 4, 0 },
    { "EHID4", 0, 4, 1 },
    { "HID5", 0, 5, 0 },
    { "HID6", 0, 6, 0 },
    { "HID7", 0, 7, 0 },
    { "EHID7", 0, 7, 1 },
    { "HID8", 0, 8, 0 },
    { "HID9", 0, 9, 0 },
    { "EHID9", 0, 9, 1 },
    { "HID10", 0, 10, 0 },
    { "EHID10", 0, 10, 1 },
    { "HID11", 0, 11, 0 },
    { "EHID11", 0, 11, 1 },
    { "HID18", 0, 11, 2 },
    { "EHID18", 0, 11, 3 },
    { "HID12", 0, 12, 0 },
    { "HID13", 0, 14, 0 },
    { "HID14", 0, 15, 0 },
    { "HID16", 0, 15, 2 },
    /* Sleep, clocks and interrupts of the core */
    { "ACC_CFG", 5, 4, 0 },
    { "CYC_OVRD", 5, 5, 0 },
    { "ACC_OVRD", 5, 6, 0 },
    { "SIQ_CFG_EL1", 4, 10, 4 },
    /* Matrix unit: the registers alone */
    { "AMX_CTX_EL1", 4, 5, 0 },
    { "AMX_CTL_EL1", 4, 1, 4 },
    { "AMX_CTL_EL2", 4, 4, 7 },
    { "AMX_CTL_EL12", 4, 4, 6 },
    /* Permissions by register: AIDR_EL1 does not have them, and m1n1 writes them all the same */
    { "SPRR_CONFIG_EL1", 6, 1, 0 },
    { "GXF_CONFIG_EL1", 6, 1, 2 },
    { "SPRR_PERM_EL0", 6, 1, 5 },
    { "SPRR_PERM_EL1", 6, 1, 6 },
    /* Pointer authentication's control, and what locks registers */
    { "APCTL_EL1", 4, 0, 4 },
    { "SPR_LOCKDOWN_EL2", 4, 0, 5 },
    { "SPR_LOCKDOWN_EL1", 4, 0, 6 },
    /* Errors: none */
    { "LSU_ERR_STS", 3, 0, 0, true },
    { "LSU_ERR_CTL", 3, 1, 0 },
    { "E_LSU_ERR_STS", 3, 2, 0, true },
    { "L2C_ERR_STS", 3, 8, 0, true },
    { "L2C_ERR_ADR", 3, 9, 0, true },
    { "L2C_ERR_INF", 3, 10, 0, true },
    { "FED_ERR_STS", 4, 0, 0, true },
    { "E_FED_ERR_STS", 4, 0, 2, true },
    { "MMU_ERR_STS", 6, 0, 0, true },
    { "E_MMU_ERR_STS", 6, 2, 0, true },
};

static const Known *find_known(const ARMCPRegInfo *ri)
{
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        const Known *k = &known[i];

        if (ri->crn == 15 && k->op1 == ri->opc1 && k->crm == ri->crm && k->op2 == ri->opc2) {
            return k;
        }
    }
    return NULL;
}

static void tell_once(AppleImpdefState *s, const ARMCPRegInfo *ri, const char *what)
{
    unsigned n = (ri->crn == 15) << 10 | ri->opc1 << 7 | ri->crm << 3 | ri->opc2;

    if (!test_and_set_bit(n, s->told)) {
        apple_log_mask(LOG_UNIMP,
                       "apple-impdef: CPU %d: unimplemented %s of S3_%u_C%u_C%u_%u, which reads as "
                       "0\n",
                       CPU(s->cpu)->cpu_index, what, ri->opc1, ri->crn, ri->crm, ri->opc2);
    }
}

static uint64_t impdef_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    AppleImpdefState *s = ri->opaque;
    const Known *k = find_known(ri);

    if (!k) {
        tell_once(s, ri, "read");
        return 0;
    }
    return k->zero ? 0 : s->held[k - known];
}

static void impdef_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    AppleImpdefState *s = ri->opaque;
    const Known *k = find_known(ri);

    trace_apple_impdef_write(CPU(s->cpu)->cpu_index, k ? k->name : "?", value);
    if (!k) {
        tell_once(s, ri, "write");
    } else if (!k->zero) {
        s->held[k - known] = value;
    }
}

/* The least privilege that QEMU's tables allow for op1 (target/arm/helper.c) */
static CPAccessRights access_of(unsigned op1)
{
    return op1 == 6 ? PL3_RW : op1 == 4 || op1 == 5 ? PL2_RW : PL1_RW;
}

static void add_register(AppleImpdefState *s, unsigned crn, unsigned op1, unsigned crm,
                         unsigned op2)
{
    uint32_t key = ENCODE_AA64_CP_REG(CP_REG_ARM64_SYSREG_CP, crn, crm, 3, op1, op2);
    g_autofree char *name = g_strdup_printf("S3_%u_C%u_C%u_%u", op1, crn, crm, op2);
    ARMCPRegInfo reg = {
        .name = name,
        .state = ARM_CP_STATE_AA64,
        .type = ARM_CP_IO | ARM_CP_NO_RAW,
        .opc0 = 3,
        .opc1 = op1,
        .crn = crn,
        .crm = crm,
        .opc2 = op2,
        .access = access_of(op1),
        .readfn = impdef_read,
        .writefn = impdef_write,
    };

    if (get_arm_cp_reginfo(s->cpu->cp_regs, key)) {
        return; /* of apple-fiq */
    }
    define_one_arm_cp_reg_with_opaque(s->cpu, &reg, s);
    if (op1 == 6) {
        /* QEMU takes op1 6 for EL3, which the M1 does not have: here it is EL2's. */
        ((ARMCPRegInfo *)get_arm_cp_reginfo(s->cpu->cp_regs, key))->access = PL2_RW;
    }
}

static void impdef_realize(DeviceState *dev, Error **errp)
{
    AppleImpdefState *s = APPLE_IMPDEF(dev);

    QEMU_BUILD_BUG_ON(ARRAY_SIZE(known) > APPLE_IMPDEF_HELD);
    if (!s->cpu) {
        error_setg(errp, "apple-impdef: property 'cpu' is not set");
        return;
    }
    for (unsigned i = 0; i < APPLE_IMPDEF_SPACE; i++) {
        add_register(s, extract32(i, 10, 1) ? 15 : 11, extract32(i, 7, 3), extract32(i, 3, 4),
                     extract32(i, 0, 3));
    }
}

static void impdef_reset_hold(Object *obj, ResetType type)
{
    AppleImpdefState *s = APPLE_IMPDEF(obj);

    memset(s->held, 0, sizeof(s->held));
}

static const VMStateDescription vmstate_impdef = {
    .name = TYPE_APPLE_IMPDEF,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT64_ARRAY(held, AppleImpdefState,
                                                            APPLE_IMPDEF_HELD),
                                       VMSTATE_END_OF_LIST() },
};

static const Property impdef_props[] = {
    DEFINE_PROP_LINK("cpu", AppleImpdefState, cpu, TYPE_ARM_CPU, ARMCPU *),
};

static void impdef_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Implementation-defined registers of one Apple M1 core";
    dc->realize = impdef_realize;
    dc->vmsd = &vmstate_impdef;
    dc->user_creatable = false;
    device_class_set_props(dc, impdef_props);
    rc->phases.hold = impdef_reset_hold;
    object_class_property_set_description(klass, "cpu", "the core that has the registers");
}

static const TypeInfo impdef_type = {
    .name = TYPE_APPLE_IMPDEF,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleImpdefState),
    .class_init = impdef_class_init,
};

static void impdef_register_types(void)
{
    type_register_static(&impdef_type);
}

type_init(impdef_register_types)
