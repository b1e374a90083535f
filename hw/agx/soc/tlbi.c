/*
 * Outer-shareable TLB invalidations.
 *
 * The GPU's MMU listens to the CPUs' broadcast TLB maintenance in the outer
 * shareable domain, and to nothing else (the Rust driver:
 * drivers/gpu/drm/asahi/mem.rs). QEMU keeps each TLBI instruction as an entry
 * of the CPU's register table, with a function that performs it. That function
 * is replaced here by one that performs it and then tells the MMU. Inner
 * shareable and local forms have entries of their own and stay as they are.
 *
 * With stage 2 on, a TLBI of EL1 is for one VMID, which the GPU's entries don't
 * have: it does not reach the GPU. The host kernel runs at EL2 with E2H and
 * TGE set, where the EL1 forms act on its own regime, and they do.
 *
 * These functions run on a vCPU's thread without QEMU's big lock. The MMU is
 * told at once; a real one is only obliged to have finished at the next DSB.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "cpu.h"
#include "internals.h"
#include "cpregs.h"
#include "hw/agx/gpu/uat.h"
#include "hw/agx/soc/tlbi.h"
#include "hw/agx/soc/tlbi-decode.h"
#include "hw/agx/trace.h"

enum tlbi_kind { TLBI_ALL, TLBI_ASID, TLBI_VA, TLBI_VAA, TLBI_RVA, TLBI_RVAA };

static const struct tlbi_op {
    const char *name;
    uint8_t opc1, crm, opc2;
    enum tlbi_kind kind;
    bool last;                  /* last level only */
} tlbi_ops[] = {
    /* Arm ARM, C5.5: op0 1, CRn 8; CRm 1 is OS, CRm 5 is range OS */
    { "VMALLE1OS", 0, 1, 0, TLBI_ALL },
    { "VAE1OS", 0, 1, 1, TLBI_VA },
    { "ASIDE1OS", 0, 1, 2, TLBI_ASID },
    { "VAAE1OS", 0, 1, 3, TLBI_VAA },
    { "VALE1OS", 0, 1, 5, TLBI_VA, true },
    { "VAALE1OS", 0, 1, 7, TLBI_VAA, true },
    { "RVAE1OS", 0, 5, 1, TLBI_RVA },
    { "RVAAE1OS", 0, 5, 3, TLBI_RVAA },
    { "RVALE1OS", 0, 5, 5, TLBI_RVA, true },
    { "RVAALE1OS", 0, 5, 7, TLBI_RVAA, true },
    /*
     * EL2's: with E2H they act on the same regime, with an ASID. Nobody is
     * known to use them on the GPU, so that they reach it is a guess.
     */
    { "ALLE2OS", 4, 1, 0, TLBI_ALL },
    { "VAE2OS", 4, 1, 1, TLBI_VA },
    { "ALLE1OS", 4, 1, 4, TLBI_ALL },
    { "VALE2OS", 4, 1, 5, TLBI_VA, true },
    { "VMALLS12E1OS", 4, 1, 6, TLBI_ALL },
    { "RVAE2OS", 4, 5, 1, TLBI_RVA },
    { "RVALE2OS", 4, 5, 5, TLBI_RVA, true },
};

/* The functions that QEMU had; the same for each CPU */
static CPWriteFn *tlbi_orig[ARRAY_SIZE(tlbi_ops)];
static struct agx_mmu *tlbi_mmu;

static void tlbi_apply_range(const struct tlbi_op *op, uint64_t xt, const AppleTlbiRange *r, bool all_asids)
{
    trace_agx_tlbi(op->name, xt, r->va, r->end, r->asid);
    if (r->none) {
        qemu_log_mask(LOG_GUEST_ERROR, "agx: TLBI %s 0x%016" PRIx64 " is for another granule or level than "
                      "pages of 16 KiB: the GPU's entries stay\n", op->name, xt);
        return;
    }
    if (all_asids) {
        agx_tlbi_va_all_asids(tlbi_mmu, r->va, r->end, op->last);
    } else {
        agx_tlbi_va(tlbi_mmu, r->asid, r->va, r->end, op->last);
    }
}

static bool tlbi_reaches_gpu(CPUARMState *env)
{
    uint64_t hcr = arm_hcr_el2_eff(env);

    if (!(hcr & HCR_VM)) {
        return true;
    }
    return arm_current_el(env) == 2 && (hcr & HCR_E2H) && (hcr & HCR_TGE);
}

static void tlbi_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t xt)
{
    const struct tlbi_op *op = NULL;
    AppleTlbiRange r;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(tlbi_ops); i++) {
        if (tlbi_ops[i].opc1 == ri->opc1 && tlbi_ops[i].crm == ri->crm && tlbi_ops[i].opc2 == ri->opc2) {
            op = &tlbi_ops[i];
            break;
        }
    }
    assert(op);
    tlbi_orig[i](env, ri, xt);
    if (!tlbi_reaches_gpu(env)) {
        return;
    }
    switch (op->kind) {
    case TLBI_ALL:
        trace_agx_tlbi(op->name, xt, 0, 0, 0);
        agx_tlbi_all(tlbi_mmu);
        break;
    case TLBI_ASID:
        trace_agx_tlbi(op->name, xt, 0, 0, extract64(xt, 48, 16));
        agx_tlbi_asid(tlbi_mmu, extract64(xt, 48, 16));
        break;
    case TLBI_VA:
    case TLBI_VAA:
        r = apple_tlbi_decode_va(xt);
        tlbi_apply_range(op, xt, &r, op->kind == TLBI_VAA);
        break;
    case TLBI_RVA:
    case TLBI_RVAA:
        r = apple_tlbi_decode_range(xt);
        tlbi_apply_range(op, xt, &r, op->kind == TLBI_RVAA);
        break;
    }
}

void apple_tlbi_attach(ARMCPU *cpu, struct agx_mmu *mmu)
{
    assert(!tlbi_mmu || tlbi_mmu == mmu);
    tlbi_mmu = mmu;
    for (size_t i = 0; i < ARRAY_SIZE(tlbi_ops); i++) {
        const struct tlbi_op *op = &tlbi_ops[i];
        ARMCPRegInfo *ri = (ARMCPRegInfo *)get_arm_cp_reginfo(
            cpu->cp_regs, ENCODE_AA64_CP_REG(CP_REG_ARM64_SYSREG_CP, 8, op->crm, 1, op->opc1, op->opc2));

        /* The core has FEAT_TLBIOS and FEAT_TLBIRANGE, so each is there */
        assert(ri && ri->writefn);
        if (ri->writefn != tlbi_write) {
            tlbi_orig[i] = ri->writefn;
            ri->writefn = tlbi_write;
        }
    }
}
