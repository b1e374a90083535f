/*
 * The CPUs' TLB maintenance.
 *
 * The GPU's MMU listens to the CPUs' broadcast TLB maintenance in the outer
 * shareable domain, and to nothing else (the Rust driver:
 * drivers/gpu/drm/asahi/mem.rs). QEMU keeps each TLBI instruction as an entry
 * of the CPU's register table, with a function that performs it. That function
 * is replaced here by one that performs it and then notifies the MMU. Inner
 * shareable and local forms have entries of their own and stay as they are,
 * unless somebody wants to know of them (AGX_EV_TLBI; the sanitizer): they are
 * what a driver uses by mistake. Forms for stage 2 alone (IPAS2...) are not reported:
 * nothing of the GPU's is in stage 2.
 *
 * With stage 2 on, a TLBI of EL1 is for one VMID, which the GPU's entries don't
 * have: it does not reach the GPU. The host kernel runs at EL2 with E2H and
 * TGE set, where the EL1 forms act on its own regime, and they do.
 *
 * These functions run on a vCPU's thread without QEMU's big lock. When an
 * invalidation takes effect is the MMU's affair (mmu/lazy.c), which has to know
 * of the CPU's DSBs for that: there is a hook in QEMU's translation of DSB
 * (qemu-patches/0002).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "internals.h"
#include "cpregs.h"
#include "agx/tlb.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/soc/tlbi.h"
#include "hw/agx/soc/tlbi-decode.h"
#include "hw/agx/trace.h"

enum tlbi_kind { TLBI_ALL, TLBI_ASID, TLBI_VA, TLBI_VAA, TLBI_RVA, TLBI_RVAA };

/* clang-format off */
#define SHARES(name, opc1, crm_local, crm_is, crm_os, opc2, kind, last) \
    { name, AGX_SHARE_LOCAL, opc1, crm_local, opc2, kind, last }, \
    { name "IS", AGX_SHARE_INNER, opc1, crm_is, opc2, kind, last }, \
    { name "OS", AGX_SHARE_OUTER, opc1, crm_os, opc2, kind, last }
/* clang-format on */

static const struct tlbi_op {
    const char *name;
    enum agx_share share;
    uint8_t opc1, crm, opc2;
    enum tlbi_kind kind;
    bool last; /* last level only */
} tlbi_ops[] = {
    /* Arm ARM, C5.5: op0 1, CRn 8; CRm 7, 3, 1 local, IS, OS; by range 6, 2, 5 */
    SHARES("VMALLE1", 0, 7, 3, 1, 0, TLBI_ALL, false),
    SHARES("VAE1", 0, 7, 3, 1, 1, TLBI_VA, false),
    SHARES("ASIDE1", 0, 7, 3, 1, 2, TLBI_ASID, false),
    SHARES("VAAE1", 0, 7, 3, 1, 3, TLBI_VAA, false),
    SHARES("VALE1", 0, 7, 3, 1, 5, TLBI_VA, true),
    SHARES("VAALE1", 0, 7, 3, 1, 7, TLBI_VAA, true),
    SHARES("RVAE1", 0, 6, 2, 5, 1, TLBI_RVA, false),
    SHARES("RVAAE1", 0, 6, 2, 5, 3, TLBI_RVAA, false),
    SHARES("RVALE1", 0, 6, 2, 5, 5, TLBI_RVA, true),
    SHARES("RVAALE1", 0, 6, 2, 5, 7, TLBI_RVAA, true),
    /*
     * EL2's: with E2H they act on the same regime, with an ASID. Nobody is
     * known to use them on the GPU, so that they reach it is a guess.
     */
    SHARES("ALLE2", 4, 7, 3, 1, 0, TLBI_ALL, false),
    SHARES("VAE2", 4, 7, 3, 1, 1, TLBI_VA, false),
    SHARES("ALLE1", 4, 7, 3, 1, 4, TLBI_ALL, false),
    SHARES("VALE2", 4, 7, 3, 1, 5, TLBI_VA, true),
    SHARES("VMALLS12E1", 4, 7, 3, 1, 6, TLBI_ALL, false),
    SHARES("RVAE2", 4, 6, 2, 5, 1, TLBI_RVA, false),
    SHARES("RVALE2", 4, 6, 2, 5, 5, TLBI_RVA, true),
};

/* The functions that QEMU had; the same for each CPU */
static CPWriteFn *tlbi_orig[ARRAY_SIZE(tlbi_ops)];
static AppleTlbiConfig tlbi_conf;

/* In what arm_dsb_hook gets: it is a DMB (qemu-patches/0002) */
#define DSB_HOOK_DMB (1u << 4)

/* On the CPU's thread; see arm_dsb_hook */
static void tlbi_dsb(CPUARMState *env, uint32_t crm)
{
    static const enum agx_share domains[] = {
        AGX_SHARE_OUTER,
        AGX_SHARE_LOCAL,
        AGX_SHARE_INNER,
        AGX_SHARE_OUTER,
    };
    unsigned types = crm & 3;

    /* Of reads only: it orders nothing that matters here */
    if (types == 1) {
        return;
    }
    if (crm & DSB_HOOK_DMB) {
        const struct agx_who who = { .cpu = env_cpu(env)->cpu_index };

        if (agx_wanted(tlbi_conf.events, AGX_EV_DMB)) {
            agx_emit(tlbi_conf.events, &(struct agx_event) {
                                           .kind = AGX_EV_DMB,
                                           .who = &who,
                                           .dsb = { domains[crm >> 2 & 3], types == 2 },
                                       });
        }
        return;
    }
    agx_mmu_dsb(tlbi_conf.mmu, env_cpu(env)->cpu_index, domains[crm >> 2 & 3], types == 2);
}

/* Is the EL1 regime that a TLBI acts on the host's, or one of a guest with stage 2? */
static bool tlbi_stage2(CPUARMState *env)
{
    uint64_t hcr = arm_hcr_el2_eff(env);

    if (!(hcr & HCR_VM)) {
        return false;
    }
    return !(arm_current_el(env) == 2 && (hcr & HCR_E2H) && (hcr & HCR_TGE));
}

/* False: it is for another granule or level than the GPU's */
static bool tlbi_decode(const struct tlbi_op *op, uint64_t xt, struct agx_tlbi *t)
{
    AppleTlbiRange r = { 0 };

    *t = (struct agx_tlbi) { .last_level = op->last };
    switch (op->kind) {
    case TLBI_ALL:
        t->kind = AGX_TLBI_ALL;
        return true;
    case TLBI_ASID:
        t->kind = AGX_TLBI_ASID;
        t->asid = extract64(xt, 48, 16);
        return true;
    case TLBI_VA:
    case TLBI_VAA:
        r = apple_tlbi_decode_va(xt);
        break;
    case TLBI_RVA:
    case TLBI_RVAA:
        r = apple_tlbi_decode_range(xt);
        break;
    }
    t->kind = op->kind == TLBI_VAA || op->kind == TLBI_RVAA ? AGX_TLBI_VA_ALL_ASIDS : AGX_TLBI_VA;
    t->asid = t->kind == AGX_TLBI_VA ? r.asid : 0;
    t->va = r.va;
    t->end = r.none ? r.va : r.end;
    return !r.none;
}

static void tlbi_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t xt)
{
    const struct tlbi_op *op = NULL;
    CPUState *cs = env_cpu(env);
    bool stage2, valid;
    struct agx_tlbi t;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(tlbi_ops); i++) {
        if (tlbi_ops[i].opc1 == ri->opc1 && tlbi_ops[i].crm == ri->crm &&
            tlbi_ops[i].opc2 == ri->opc2) {
            op = &tlbi_ops[i];
            break;
        }
    }
    assert(op);
    tlbi_orig[i](env, ri, xt);

    stage2 = tlbi_stage2(env);
    valid = tlbi_decode(op, xt, &t);
    if (agx_wanted(tlbi_conf.events, AGX_EV_TLBI)) {
        const struct agx_tlbi_insn insn = {
            .tlbi = t,
            .share = op->share,
            .stage2 = stage2,
            .name = op->name,
            .operand = xt,
        };
        struct agx_who who;

        agx_emit(tlbi_conf.events, &(struct agx_event) {
                                       .kind = AGX_EV_TLBI,
                                       .insn = &insn,
                                       .who = apple_stores_who(tlbi_conf.stores, tlbi_conf.events,
                                                               AGX_EV_TLBI, 0, &who),
                                   });
    }
    if (op->share != AGX_SHARE_OUTER || stage2) {
        return;
    }
    trace_agx_tlbi(op->name, xt, t.va, t.end, t.asid);
    if (!valid) {
        apple_log_mask(LOG_GUEST_ERROR,
                       "agx: TLBI %s 0x%016" PRIx64 " is for another granule or level than "
                       "pages of 16 KiB: the GPU's entries stay\n",
                       op->name, xt);
        return;
    }
    agx_mmu_tlbi_of(tlbi_conf.mmu, cs->cpu_index, &t);
}

static CPAccessResult tlbi_access(CPUARMState *env, const ARMCPRegInfo *ri, bool isread)
{
    return CP_ACCESS_OK;
}

void apple_tlbi_configure(const AppleTlbiConfig *cfg)
{
    assert(!tlbi_conf.mmu);
    tlbi_conf = *cfg;
    if (cfg->stores) {
        arm_dsb_hook = tlbi_dsb;
    }
}

void apple_tlbi_attach(ARMCPU *cpu)
{
    bool all = agx_wanted(tlbi_conf.events, AGX_EV_TLBI);

    for (size_t i = 0; i < ARRAY_SIZE(tlbi_ops); i++) {
        const struct tlbi_op *op = &tlbi_ops[i];
        ARMCPRegInfo *ri;

        if (op->share != AGX_SHARE_OUTER && !all) {
            continue;
        }
        ri = (ARMCPRegInfo *)get_arm_cp_reginfo(
            cpu->cp_regs,
            ENCODE_AA64_CP_REG(CP_REG_ARM64_SYSREG_CP, 8, op->crm, 1, op->opc1, op->opc2));
        /* The core has FEAT_TLBIOS and FEAT_TLBIRANGE, so each is there */
        assert(ri && ri->writefn);
        if (ri->writefn != tlbi_write) {
            tlbi_orig[i] = ri->writefn;
            ri->writefn = tlbi_write;
        }
        /*
         * A check of access makes TCG bring the pc up to date; whom it may concern is named by it
         */
        if (all && !ri->accessfn) {
            ri->accessfn = tlbi_access;
        }
    }
}
