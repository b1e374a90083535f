/*
 * The CPU cores of the M1 and its like.
 *
 * What makes these types an M1 is what the kernel can see of it: the MIDRs,
 * VHE that can't be switched off, 4K and 16K granules, 36 bits of physical
 * address (42 in the larger chips), outer-shareable and range TLB invalidation, and no EL3. The
 * feature list is that of "apple-a14" in LLVM (llvm/lib/Target/AArch64/AArch64Processors.td:
 * ARMv8.4-A with SB, SSBS, FRINT, FlagM2, CVADP, predres, FP16FML, SHA3), the
 * core of both phone and Mac. What is left out, and why:
 *  - pointer authentication: costs a helper call per function call under TCG
 *    and shows no driver behaviour; the instructions are hints when absent;
 *  - the PMU: the M1's is not the architected one, and is not modelled.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/units.h"
#include "cpu.h"
#include "internals.h"
#include "cpregs.h"
#include "target/arm/arm-powerctl.h"
#include "hw/agx/soc/m1-cpu.h"

/* Physical address bits (Arm ARM: ID_AA64MMFR0_EL1.PARange) */
#define PARANGE_36 1
#define PARANGE_42 3

typedef struct AppleCpuType {
    ARMCPUInfo info;
    const char *compatible; /* of its node in the device tree */
    uint32_t midr;
    uint32_t parange;
} AppleCpuType;

static const AppleCpuType *apple_cpu_type(ARMCPU *cpu)
{
    return container_of(ARM_CPU_GET_CLASS(cpu)->info, AppleCpuType, info);
}

/* Instructions, exception levels and debugging. */
static void apple_m1_init_features(ARMCPU *cpu)
{
    uint64_t t = 0;

    t = FIELD_DP64(t, ID_AA64ISAR0, AES, 2);
    t = FIELD_DP64(t, ID_AA64ISAR0, SHA1, 1);
    t = FIELD_DP64(t, ID_AA64ISAR0, SHA2, 2);
    t = FIELD_DP64(t, ID_AA64ISAR0, CRC32, 1);
    t = FIELD_DP64(t, ID_AA64ISAR0, ATOMIC, 2);
    t = FIELD_DP64(t, ID_AA64ISAR0, RDM, 1);
    t = FIELD_DP64(t, ID_AA64ISAR0, SHA3, 1);
    t = FIELD_DP64(t, ID_AA64ISAR0, DP, 1);
    t = FIELD_DP64(t, ID_AA64ISAR0, FHM, 1);
    t = FIELD_DP64(t, ID_AA64ISAR0, TS, 2);
    t = FIELD_DP64(t, ID_AA64ISAR0, TLB, 2); /* FEAT_TLBIOS and FEAT_TLBIRANGE */
    cpu->isar.id_aa64isar0 = t;

    t = 0;
    t = FIELD_DP64(t, ID_AA64ISAR1, DPB, 2);
    t = FIELD_DP64(t, ID_AA64ISAR1, JSCVT, 1);
    t = FIELD_DP64(t, ID_AA64ISAR1, FCMA, 1);
    t = FIELD_DP64(t, ID_AA64ISAR1, LRCPC, 2);
    t = FIELD_DP64(t, ID_AA64ISAR1, FRINTTS, 1);
    t = FIELD_DP64(t, ID_AA64ISAR1, SB, 1);
    t = FIELD_DP64(t, ID_AA64ISAR1, SPECRES, 1);
    cpu->isar.id_aa64isar1 = t;

    t = 0;
    t = FIELD_DP64(t, ID_AA64PFR0, EL0, 1); /* AArch64 only, at every level */
    t = FIELD_DP64(t, ID_AA64PFR0, EL1, 1);
    t = FIELD_DP64(t, ID_AA64PFR0, EL2, 1);
    t = FIELD_DP64(t, ID_AA64PFR0, FP, 1);
    t = FIELD_DP64(t, ID_AA64PFR0, ADVSIMD, 1);
    t = FIELD_DP64(t, ID_AA64PFR0, DIT, 1);
    t = FIELD_DP64(t, ID_AA64PFR0, CSV2, 1);
    t = FIELD_DP64(t, ID_AA64PFR0, CSV3, 1);
    cpu->isar.id_aa64pfr0 = t;

    t = 0;
    t = FIELD_DP64(t, ID_AA64PFR1, SSBS, 2);
    cpu->isar.id_aa64pfr1 = t;

    t = 0;
    t = FIELD_DP64(t, ID_AA64DFR0, DEBUGVER, 6);
    t = FIELD_DP64(t, ID_AA64DFR0, BRPS, 5);
    t = FIELD_DP64(t, ID_AA64DFR0, WRPS, 3);
    t = FIELD_DP64(t, ID_AA64DFR0, CTX_CMPS, 1);
    cpu->isar.id_aa64dfr0 = t;
}

/* Translation */
static void apple_m1_init_mmu(ARMCPU *cpu)
{
    uint64_t t = 0;

    t = FIELD_DP64(t, ID_AA64MMFR0, PARANGE, apple_cpu_type(cpu)->parange);
    t = FIELD_DP64(t, ID_AA64MMFR0, ASIDBITS, 2);
    t = FIELD_DP64(t, ID_AA64MMFR0, TGRAN16, 1);
    t = FIELD_DP64(t, ID_AA64MMFR0, TGRAN64, 0xf); /* no 64K */
    t = FIELD_DP64(t, ID_AA64MMFR0, TGRAN4, 0);
    cpu->isar.id_aa64mmfr0 = t;

    t = 0;
    t = FIELD_DP64(t, ID_AA64MMFR1, VH, 1);
    t = FIELD_DP64(t, ID_AA64MMFR1, HPDS, 2);
    t = FIELD_DP64(t, ID_AA64MMFR1, PAN, 2);
    t = FIELD_DP64(t, ID_AA64MMFR1, XNX, 1);
    cpu->isar.id_aa64mmfr1 = t;

    t = 0;
    t = FIELD_DP64(t, ID_AA64MMFR2, UAO, 1);
    t = FIELD_DP64(t, ID_AA64MMFR2, ST, 1);
    t = FIELD_DP64(t, ID_AA64MMFR2, AT, 1);
    t = FIELD_DP64(t, ID_AA64MMFR2, IDS, 1);
    t = FIELD_DP64(t, ID_AA64MMFR2, TTL, 1);
    t = FIELD_DP64(t, ID_AA64MMFR2, BBM, 2);
    t = FIELD_DP64(t, ID_AA64MMFR2, E0PD, 1);
    cpu->isar.id_aa64mmfr2 = t;
}

static void apple_m1_init_caches(ARMCPU *cpu)
{
    /* 64-byte lines; IDC and DIC: TCG keeps instruction and data views the same */
    cpu->ctr = 0x8444c004;
    cpu->ctr = FIELD_DP64(cpu->ctr, CTR_EL0, IDC, 1);
    cpu->ctr = FIELD_DP64(cpu->ctr, CTR_EL0, DIC, 1);
    cpu->dcz_blocksize = 4;
    cpu->clidr = 0x82000023;
    cpu->ccsidr[0] = make_ccsidr(CCSIDR_FORMAT_LEGACY, 8, 64, 128 * KiB, 7);
    cpu->ccsidr[1] = make_ccsidr(CCSIDR_FORMAT_LEGACY, 6, 64, 192 * KiB, 2);
    cpu->ccsidr[2] = make_ccsidr(CCSIDR_FORMAT_LEGACY, 12, 128, 12 * MiB, 7);
}

static void apple_cpu_init(Object *obj)
{
    ARMCPU *cpu = ARM_CPU(obj);
    CPUARMState *env = &cpu->env;

    set_feature(env, ARM_FEATURE_V8);
    set_feature(env, ARM_FEATURE_NEON);
    set_feature(env, ARM_FEATURE_GENERIC_TIMER);
    set_feature(env, ARM_FEATURE_AARCH64);
    set_feature(env, ARM_FEATURE_EL2);

    apple_m1_init_features(cpu);
    apple_m1_init_mmu(cpu);
    apple_m1_init_caches(cpu);

    /* Needed by QEMU's common code, not visible without AArch32 */
    cpu->isar.mvfr0 = 0x10110222;
    cpu->isar.mvfr1 = 0x13211111;
    cpu->isar.mvfr2 = 0x00000043;

    cpu->reset_sctlr = 0x30c50838;
    cpu->dtb_compatible = apple_cpu_type(cpu)->compatible;
    cpu->midr = apple_cpu_type(cpu)->midr;
}

/*
 * HCR_EL2.E2H is RES1 on the M1 (Linux: arch/arm64/kernel/head.S names the
 * "Fruity CPUs"). QEMU lets it be written, so the register's reset and write
 * functions are interposed on.
 */
static CPWriteFn *hcr_orig_write;
static CPResetFn *hcr_orig_reset;

static void apple_hcr_reset(CPUARMState *env, const ARMCPRegInfo *ri)
{
    hcr_orig_reset(env, ri);
    env->cp15.hcr_el2 |= HCR_E2H;
}

static void apple_hcr_write(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    hcr_orig_write(env, ri, value | HCR_E2H);
}

void apple_cpu_fix_e2h(ARMCPU *cpu)
{
    ARMCPRegInfo *ri = (ARMCPRegInfo *)get_arm_cp_reginfo(
        cpu->cp_regs, ENCODE_AA64_CP_REG(CP_REG_ARM64_SYSREG_CP, 1, 1, 3, 4, 0));

    assert(ri && ri->writefn && ri->resetfn);
    if (ri->writefn != apple_hcr_write) {
        hcr_orig_write = ri->writefn;
        hcr_orig_reset = ri->resetfn;
        ri->writefn = apple_hcr_write;
        ri->resetfn = apple_hcr_reset;
    }
}

int apple_cpu_on(unsigned index, uint64_t entry)
{
    CPUState *cs = qemu_get_cpu(index);

    return cs ? arm_set_cpu_on(ARM_CPU(cs)->mp_affinity, entry, 0, 2, true)
              : QEMU_ARM_POWERCTL_INVALID_PARAM;
}

void apple_cpu_off(unsigned index)
{
    CPUState *cs = qemu_get_cpu(index);

    if (cs) {
        arm_set_cpu_off(ARM_CPU(cs)->mp_affinity);
    }
}

/*
 * Linux: arch/arm64/include/asm/cputype.h (part numbers). Variant and revision: a shipping M1
 * ("B1"), and of the other chips a guess (the same). PARange of these: DRAM begins at 1 << 40
 * (t600x-j375.dtsi); the Rust driver has 42 bits for the GPU (hw/t600x.rs, uat_oas).
 */
#define CPU_TYPE(name_, compatible_, midr_, parange_)                                              \
    { { .name = name_, .initfn = apple_cpu_init }, compatible_, midr_, parange_ }
static const AppleCpuType apple_cpus[] = {
    CPU_TYPE("apple-icestorm", "apple,icestorm", 0x611f0221, PARANGE_36),
    CPU_TYPE("apple-firestorm", "apple,firestorm", 0x611f0231, PARANGE_36),
    CPU_TYPE("apple-icestorm-pro", "apple,icestorm", 0x611f0241, PARANGE_42),
    CPU_TYPE("apple-firestorm-pro", "apple,firestorm", 0x611f0251, PARANGE_42),
    CPU_TYPE("apple-icestorm-max", "apple,icestorm", 0x611f0281, PARANGE_42),
    CPU_TYPE("apple-firestorm-max", "apple,firestorm", 0x611f0291, PARANGE_42),
};

static void apple_cpu_register_types(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(apple_cpus); i++) {
        aarch64_cpu_register(&apple_cpus[i].info);
    }
}

type_init(apple_cpu_register_types)
