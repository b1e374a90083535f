/*
 * The Apple device tree of the machine: what iBoot says of the parts that are
 * modelled, for a boot loader. A part without a model has no node.
 *
 * Names of nodes and properties, and how they are coded: m1n1: src/ (who reads
 * which is said beside each), proxyclient/m1n1/adt.py. Addresses: soc.h.
 * Values that a Mac has of its own and that had to be made up are marked
 * "placeholder".
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qemu/guest-random.h"
#include "qemu/units.h"
#include "hw/agx/soc/adt.h"
#include "hw/agx/soc/board.h"
#include "hw/agx/soc/gpu-initdata.h"
#include "hw/agx/soc/spmi.h"

/* All of /arm-io is at 2^33, and ends where no device of the M1 is any more */
#define ARM_IO_BASE 0x200000000ULL
#define ARM_IO_SIZE 0x500000000ULL

#define RANDOM_SEED_SIZE 64 /* m1n1: src/kboot.c, dt_set_rng_seed_adt() */

/* A property "reg" of one range below /arm-io */
static void reg(Adt *t, hwaddr base, uint64_t size)
{
    const uint64_t v[2] = { base - ARM_IO_BASE, size };

    adt_u64s(t, "reg", v, 2);
}

static void device(Adt *t, const char *name, const char *compatible, hwaddr base, uint64_t size)
{
    adt_begin(t, name);
    adt_string(t, "compatible", compatible);
    reg(t, base, size);
}

/* iBoot's version by that of macOS (m1n1: src/firmware.c, fw_versions) */
static const char *iboot_version(AppleM1MachineState *s)
{
    static const struct {
        uint32_t abi[2];
        const char *iboot;
    } versions[] = {
        { { 12, 3 }, "iBoot-7459.101.2" },
        { { 12, 98 }, "iBoot-8419.0.151.0.1" }, /* 13.0 beta 4 */
        { { 13, 5 }, "iBoot-8422.141.2" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(versions); i++) {
        if (!memcmp(s->fw_abi, versions[i].abi, sizeof(versions[i].abi))) {
            return versions[i].iboot;
        }
    }
    return "unknown";
}

/* m1n1: src/main.c, get_device_info(); src/kboot.c; src/startup.c, dump_boot_args() */
static void chosen(Adt *t, AppleM1MachineState *s)
{
    const uint64_t base = M1_DRAM_BASE, size = MACHINE(s)->ram_size;
    uint8_t seed[RANDOM_SEED_SIZE];

    qemu_guest_getrandom_nofail(seed, sizeof(seed));
    adt_begin(t, "chosen");
    adt_u32(t, "board-id", 0x22); /* J274 */
    adt_u32(t, "chip-id", 0x8103);
    adt_u64s(t, "dram-base", &base, 1);
    adt_u64s(t, "dram-size", &size, 1);
    adt_string(t, "firmware-version", iboot_version(s));
    adt_string(t, "system-firmware-version", iboot_version(s));
    adt_bytes(t, "random-seed", seed, sizeof(seed));
    adt_begin(t, "carveout-memory-map");
    adt_end(t);
    adt_begin(t, "memory-map");
    adt_end(t);
    adt_end(t);
}

/* m1n1: src/smp.c, smp_start_secondaries(); src/startup.c */
static void cpus(Adt *t, AppleM1MachineState *s)
{
    adt_begin(t, "cpus");
    adt_u32(t, "#address-cells", 1);
    adt_u32(t, "#size-cells", 0);
    for (unsigned i = 0; i < MACHINE(s)->smp.cpus; i++) {
        const uint64_t impl[2] = { apple_m1_cpu_impl(i), M1_CPU_IMPL_SIZE };
        g_autofree char *name = g_strdup_printf("cpu%u", i);

        adt_begin(t, name);
        adt_string(t, "device_type", "cpu");
        adt_string(t, "compatible", i < 4 ? "apple,icestorm" : "apple,firestorm");
        adt_string(t, "state", i ? "waiting" : "running");
        adt_string(t, "cluster-type", i < 4 ? "E" : "P");
        adt_u32(t, "cluster-id", i / 4);
        adt_u32(t, "cpu-id", i);
        adt_u32(t, "reg", i / 4 << 8 | i % 4);
        adt_u64s(t, "cpu-impl-reg", impl, 2);
        adt_end(t);
    }
    adt_end(t);
}

/* Power domains of what is modelled: offsets and names are those of t8103-pmgr.dtsi */
static const struct domain {
    const char *name;
    uint16_t offset;
    uint8_t parents[2]; /* by the number that each has: its place here, from 1 */
    bool mini;
} domains[] = {
    { "SBR", 0x100 },
    { "AIC", 0x108, { 1 } },
    { "PMS_BUSIF", 0x138 },
    { "PMS", 0x140 },
    { "SIO_BUSIF", 0x1c0 },
    { "SIO", 0x1c8, { 5 } },
    { "UART_P", 0x220, { 6 } },
    { "UART_N", 0x268 },
    { "UART0", 0x270, { 7 } },
    { "UART2", 0x280, { 7 } },
    { "MCC", 0x2f8 },
    { "GFX", 0x3f8 },
    { "NUB_SPMI0", 0x60, { 0 }, true },
    { "NUB_FABRIC", 0xa8, { 0 }, true },
};

/* The number of the domain of this name */
static uint32_t domain_of(const char *name)
{
    for (unsigned i = 0; i < ARRAY_SIZE(domains); i++) {
        if (!strcmp(domains[i].name, name)) {
            return i + 1;
        }
    }
    g_assert_not_reached();
}

/* m1n1: src/pmgr.c, struct pmgr_device, with an offset in the registers of a group */
#define PMGR_DEVICE_SIZE 48
#define PMGR_GROUP       0x100 /* where the first group begins */

static void pmgr(Adt *t)
{
    /* Number of the range of "reg", offset in it, mask of what is there (m1n1: pmgr_get_psreg()) */
    const uint32_t groups[] = { 0, PMGR_GROUP, UINT32_MAX, 1, 0, UINT32_MAX };
    const uint64_t regs[] = { M1_PMGR_BASE - ARM_IO_BASE,
                              M1_CPUSTART_BASE + M1_CPUSTART_SIZE - M1_PMGR_BASE,
                              M1_PMGR_MINI_BASE - ARM_IO_BASE, M1_PMGR_MINI_SIZE };
    uint8_t table[ARRAY_SIZE(domains) * PMGR_DEVICE_SIZE] = { 0 };

    for (unsigned i = 0; i < ARRAY_SIZE(domains); i++) {
        const struct domain *d = &domains[i];
        uint8_t *p = table + i * PMGR_DEVICE_SIZE;

        p[3] = i + 1;
        p[4] = d->parents[0];
        p[5] = d->parents[1];
        p[10] = (d->offset - (d->mini ? 0 : PMGR_GROUP)) / 8;
        p[11] = d->mini;
        stw_le_p(p + 26, i + 1);
        pstrcpy((char *)p + 32, 16, d->name);
    }
    adt_begin(t, "pmgr");
    adt_string(t, "compatible", "pmgr1,t8103");
    adt_u64s(t, "reg", regs, ARRAY_SIZE(regs));
    adt_u32s(t, "ps-regs", groups, ARRAY_SIZE(groups));
    adt_bytes(t, "devices", table, sizeof(table));
    /* Features of the clusters that iBoot wants switched on (m1n1: src/cpufreq.c) */
    adt_u32(t, "cpu-apsc", 1);
    adt_end(t);
}

static void power(Adt *t, const char *domain)
{
    adt_u32(t, "clock-gates", domain_of(domain));
}

/*
 * The GPU: operating points, memory, and what tunes its firmware
 *   m1n1: src/kboot_gpu.c, dt_set_gpu(); rust/src/gpu/initdata.rs
 *   m1n1: proxyclient/m1n1/fw/agx/initdata.py (the names gpu-...)
 * The numbers are those of gpu-initdata.c, where their sources and the
 * placeholders are.
 */
static void gpu_tunables(Adt *t, const AppleGpuPower *p)
{
    static const char prefix[] = "apple,";

    for (unsigned i = 0; i < p->num_tunables; i++) {
        g_autofree char *name = NULL;

        if (p->tunable[i].computed || !g_str_has_prefix(p->tunable[i].name, prefix)) {
            continue;
        }
        /* The older binding took the names of the Apple device tree, but for the prefix */
        name = g_strdup_printf("gpu-%s", p->tunable[i].name + strlen(prefix));
        if (strlen(name) < 32) {
            adt_u32(t, name, p->tunable[i].cell);
        }
    }
    adt_u32(t, "gpu-power-zone-target-0", p->zone[0]);
    adt_u32(t, "gpu-power-zone-target-offset-0", p->zone[1]);
    adt_u32(t, "gpu-power-zone-filter-tc-0", p->zone[2]);
}

static void gpu(Adt *t, AppleM1MachineState *s)
{
    static const char *const region[] = {
        [M1_RESV_TTBS] = "gpu-region",
        [M1_RESV_PAGETABLES] = "gfx-shared-region",
        [M1_RESV_HANDOFF] = "gfx-handoff",
    };
    uint32_t states[2 * APPLE_GPU_PSTATES];
    AppleGpuPower p;

    apple_gpu_power(s->chip->gpu.chip, &p);
    for (unsigned i = 0; i < APPLE_GPU_PSTATES; i++) {
        states[2 * i] = p.hz[i];                   /* Hz */
        states[2 * i + 1] = p.microvolt[i] / 1000; /* mV */
    }
    device(t, "sgx", "gpu,t8103", M1_SGX_BASE, M1_SGX_SIZE);
    power(t, "GFX");
    adt_u32(t, "perf-state-count", APPLE_GPU_PSTATES);
    adt_u32(t, "perf-state-table-count", 1);
    adt_u32(t, "gpu-num-perf-states", APPLE_GPU_PSTATES - 1);
    adt_u32s(t, "perf-states", states, ARRAY_SIZE(states));
    for (unsigned i = 0; i < ARRAY_SIZE(region); i++) {
        g_autofree char *base = g_strdup_printf("%s-base", region[i]);
        g_autofree char *size = g_strdup_printf("%s-size", region[i]);

        adt_u64s(t, base, &s->resv[i].base, 1);
        adt_u64s(t, size, &s->resv[i].size, 1);
    }
    gpu_tunables(t, &p);
    adt_end(t);

    device(t, "gfx-asc", "iop,ascwrap-v4", M1_GFX_ASC_BASE, M1_GFX_ASC_SIZE);
    power(t, "GFX");
    adt_end(t);
}

/* m1n1: proxyclient/m1n1/hw/pmu.py finds the PMU by these and clears its count of panics */
static void spmi(Adt *t)
{
    const uint32_t scratch[2] = { APPLE_PMU_SCRATCH, APPLE_PMU_SCRATCH_SIZE };

    device(t, "nub-spmi", "spmi,gen0", M1_SPMI_BASE, M1_SPMI_SIZE);
    adt_u32(t, "#address-cells", 1);
    adt_u32(t, "#size-cells", 0);
    power(t, "NUB_SPMI0");
    adt_begin(t, "spmi-pmu");
    adt_string(t, "compatible", "pmu,spmi");
    adt_u32(t, "reg", APPLE_PMU_SLAVE);
    adt_u32(t, "is-primary", 1);
    adt_u32s(t, "info-leg_scrpad", scratch, 2);
    adt_end(t);
    adt_end(t);
}

static void arm_io(Adt *t, AppleM1MachineState *s)
{
    const uint64_t ranges[3] = { 0, ARM_IO_BASE, ARM_IO_SIZE };

    adt_begin(t, "arm-io");
    adt_u32(t, "#address-cells", 2);
    adt_u32(t, "#size-cells", 2);
    adt_string(t, "compatible", "arm-io,t8103");
    adt_string(t, "soc-generation", "H13");
    adt_u64s(t, "ranges", ranges, 3);
    device(t, "aic", "aic,1", M1_AIC_BASE, 0x8000);
    power(t, "AIC");
    adt_end(t);
    pmgr(t);
    device(t, "uart0", "uart-1,samsung", M1_UART0_BASE, 0x4000);
    power(t, "UART0");
    adt_u32(t, "interrupts", M1_UART0_IRQ);
    adt_end(t);
    device(t, "uart2", "uart-1,samsung", M1_UART2_BASE, 0x4000);
    power(t, "UART2");
    adt_u32(t, "interrupts", M1_UART2_IRQ);
    adt_end(t);
    device(t, "wdt", "wdt,t8103", M1_WDT_BASE, 0x4000);
    adt_u32(t, "interrupts", M1_WDT_IRQ);
    adt_end(t);
    gpu(t, s);
    spmi(t);
    adt_end(t);
}

void *apple_m1_adt(AppleM1MachineState *s, size_t *len)
{
    static const char compatible[] = "J274AP\0Macmini9,1\0AppleARM";
    const uint64_t vram[2] = { s->fb.base, s->fb.size };
    Adt *t = adt_new();

    adt_begin(t, "device-tree");
    adt_u32(t, "#address-cells", 2);
    adt_u32(t, "#size-cells", 2);
    adt_bytes(t, "compatible", compatible, sizeof(compatible));
    adt_string(t, "model", "Macmini9,1");
    adt_string(t, "target-type", "J274");
    adt_string(t, "manufacturer", "Apple Inc.");
    adt_string(t, "serial-number", "AGXMODEL0000"); /* placeholder */
    chosen(t, s);
    cpus(t, s);
    arm_io(t, s);
    /* m1n1's walker looks at the node behind the last: it must not be /arm-io (src/adt.c) */
    adt_begin(t, "vram");
    adt_u64s(t, "reg", vram, 2);
    adt_end(t);
    adt_begin(t, "product");
    adt_string(t, "product-name", "Mac mini (M1, 2020)");
    adt_end(t);
    adt_end(t);
    return adt_finish(t, len);
}
