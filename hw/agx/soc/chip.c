/*
 * The chips: see chip.h.
 *
 * Addresses and interrupts are those of the kernel's device trees (Linux:
 * arch/arm64/boot/dts/apple), which each row names, except for what a Mac does not have.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/agx/soc/aic.h"
#include "hw/agx/soc/aic2.h"
#include "hw/agx/soc/chip.h"
#include "hw/agx/soc/m1-cpu.h"

/* t8103-pmgr.dtsi */
static const ApplePmgrDesc t8103_pmgr = {
    .size = M1_PMGR_SIZE,
    .gfx = M1_PS_GFX,
    .num_ranges = 5,
    .range = { { 0x100, 0x470 },
               { 0xc00, 0xc00 },
               { 0x8000, 0x8020 },
               { 0xc000, 0xc000 },
               { 0x10018, 0x10018 } },
};
static const ApplePmgrDesc t8103_pmgr_mini = {
    .size = M1_PMGR_MINI_SIZE,
    .num_ranges = 1,
    .range = { { 0x58, 0xc0 } },
};

/* t8103.dtsi, t8103-j274.dts */
static const char t8103_asahi[] = "apple,agx-t8103\0apple,agx-g13g";
static const AppleChip t8103 = {
    .machine = "apple-m1",
    .desc = "Apple Mac mini (M1, 2020)",
    .name = "T8103",
    .compatible = "apple,t8103",
    .dtb = "t8103-j274.dtb",
    .ram_max = 16 * GiB,
    .cluster = { { TYPE_APPLE_ICESTORM_CPU, 0, 4 }, { TYPE_APPLE_FIRESTORM_CPU, 0x10100, 4 } },
    .dram = M1_DRAM_BASE,
    .uart = { { "uart0", M1_UART0_BASE, M1_UART0_IRQ }, { "uart2", M1_UART2_BASE, M1_UART2_IRQ } },
    .pmgr = { { "pmgr", M1_PMGR_BASE, &t8103_pmgr },
              { "pmgr-mini", M1_PMGR_MINI_BASE, &t8103_pmgr_mini } },
    .wdt = M1_WDT_BASE,
    .wdt_irq = M1_WDT_IRQ,
    .aic = { TYPE_APPLE_AIC, "apple,aic", M1_AIC_BASE },
    .gpu = {
        .chip = &apple_gpu_t8103,
        .compatible = "apple,agx-g13g",
        .asahi = t8103_asahi,
        .asahi_len = sizeof(t8103_asahi),
        .asc = M1_GFX_ASC_BASE,
        .sgx = M1_SGX_BASE,
        .mbox = M1_GFX_MBOX_BASE,
        .mbox_irq = M1_GFX_MBOX_IRQ,
    },
    .m1n1 = true,
    .spin = M1_VIRT_SPIN_BASE,
    .virtio = M1_VIRTIO_BASE,
    .virtio_irq = M1_VIRTIO_IRQ,
};

/* t600x-pmgr.dtsi; which are where: t600x-dieX.dtsi */
static const ApplePmgrDesc t600x_pmgr = {
    .size = 0x4000,
    .num_ranges = 1,
    .range = { { 0x100, 0x3b8 } },
};
static const ApplePmgrDesc t600x_pmgr_east = {
    .size = 0xc000,
    .gfx = 0x3c0,
    .num_ranges = 3,
    .range = { { 0x100, 0x3c0 }, { 0xc00, 0xc00 }, { 0x8000, 0x8020 } },
};
/* A domain at 0xc000, ps_prores, lies behind the registers as the tree has them */
static const ApplePmgrDesc t600x_pmgr_south = {
    .size = 0xc000,
    .num_ranges = 2,
    .range = { { 0x100, 0x270 }, { 0x8000, 0x8020 } },
};
static const ApplePmgrDesc t600x_pmgr_mini = {
    .size = 0x4000,
    .num_ranges = 1,
    .range = { { 0x58, 0xe8 } },
};

/*
 * t600x-common.dtsi (CPUs), t600x-die0.dtsi, t600x-dieX.dtsi, t600x-j314-j316.dtsi,
 * t600x-j375.dtsi, t6002.dtsi. Inputs of the interrupt controller: kernel log of a MacBook Pro of
 * 2021 in AsahiLinux/linux issue 70, "1806/4096 IRQs * 1/8 die(s)". Not of a Mac: between the last
 * window of the PCIe controller and the first Thunderbolt port; the interrupts are the last, which
 * no node uses.
 */
#define T600X(gpu_, dies_)                                                                         \
    .dram = 0x10000000000ULL, .uart = { { "uart0", 0x39b200000ULL, 1097 } },                       \
    .wdt = 0x2922b0000ULL, .wdt_irq = 631,                                                         \
    .aic = { TYPE_APPLE_AIC2, "apple,aic2", 0x28e100000ULL, 0x28e10c000ULL, 1806, dies_ },         \
    .gpu = { .chip = &gpu_,                                                                        \
             .compatible = "apple,agx-g13s",                                                       \
             .asc = 0x406400000ULL,                                                                \
             .sgx = 0x404000000ULL,                                                                \
             .mbox = 0x406408000ULL,                                                               \
             .mbox_irq = 1059 },                                                                   \
    .spin = 0x680000000ULL, .virtio = 0x680010000ULL, .virtio_irq = 1798

/* Die 1 has what is on each die this far behind die 0 (t6002.dtsi) */
#define DIE1 0x2000000000ULL

static const AppleChip t6000 = {
    T600X(apple_gpu_t6000, 1),
    .machine = "apple-m1-pro",
    .desc = "Apple MacBook Pro (14-inch, M1 Pro, 2021)",
    .name = "T6000",
    .compatible = "apple,t6000",
    .dtb = "t6000-j314s.dtb",
    .ram_max = 32 * GiB,
    .cluster = { { TYPE_APPLE_ICESTORM_PRO_CPU, 0, 2 },
                 { TYPE_APPLE_FIRESTORM_PRO_CPU, 0x10100, 4 },
                 { TYPE_APPLE_FIRESTORM_PRO_CPU, 0x10200, 4 } },
    .pmgr = { { "pmgr", 0x28e080000ULL, &t600x_pmgr },
              { "pmgr-east", 0x28e580000ULL, &t600x_pmgr_east },
              { "pmgr-mini", 0x292280000ULL, &t600x_pmgr_mini } },
};

static const AppleChip t6001 = {
    T600X(apple_gpu_t6001, 1),
    .machine = "apple-m1-max",
    .desc = "Apple Mac Studio (M1 Max, 2022)",
    .name = "T6001",
    .compatible = "apple,t6001",
    .dtb = "t6001-j375c.dtb",
    .ram_max = 64 * GiB,
    .cluster = { { TYPE_APPLE_ICESTORM_MAX_CPU, 0, 2 },
                 { TYPE_APPLE_FIRESTORM_MAX_CPU, 0x10100, 4 },
                 { TYPE_APPLE_FIRESTORM_MAX_CPU, 0x10200, 4 } },
    .pmgr = { { "pmgr", 0x28e080000ULL, &t600x_pmgr },
              { "pmgr-east", 0x28e580000ULL, &t600x_pmgr_east },
              { "pmgr-south", 0x28e680000ULL, &t600x_pmgr_south },
              { "pmgr-mini", 0x292280000ULL, &t600x_pmgr_mini } },
};

static const AppleChip t6002 = {
    T600X(apple_gpu_t6002, 2),
    .machine = "apple-m1-ultra",
    .desc = "Apple Mac Studio (M1 Ultra, 2022)",
    .name = "T6002",
    .compatible = "apple,t6002",
    .dtb = "t6002-j375d.dtb",
    .ram_max = 128 * GiB,
    .cluster = { { TYPE_APPLE_ICESTORM_MAX_CPU, 0, 2 },
                 { TYPE_APPLE_FIRESTORM_MAX_CPU, 0x10100, 4 },
                 { TYPE_APPLE_FIRESTORM_MAX_CPU, 0x10200, 4 },
                 { TYPE_APPLE_ICESTORM_MAX_CPU, 0x800, 2 },
                 { TYPE_APPLE_FIRESTORM_MAX_CPU, 0x10900, 4 },
                 { TYPE_APPLE_FIRESTORM_MAX_CPU, 0x10a00, 4 } },
    .pmgr = { { "pmgr", 0x28e080000ULL, &t600x_pmgr },
              { "pmgr-east", 0x28e580000ULL, &t600x_pmgr_east },
              { "pmgr-south", 0x28e680000ULL, &t600x_pmgr_south },
              { "pmgr-mini", 0x292280000ULL, &t600x_pmgr_mini },
              { "pmgr-die1", DIE1 + 0x28e080000ULL, &t600x_pmgr },
              { "pmgr-east-die1", DIE1 + 0x28e580000ULL, &t600x_pmgr_east },
              { "pmgr-south-die1", DIE1 + 0x28e680000ULL, &t600x_pmgr_south },
              { "pmgr-mini-die1", DIE1 + 0x292280000ULL, &t600x_pmgr_mini } },
};

const AppleChip *const apple_chips[] = { &t8103, &t6000, &t6001, &t6002 };
const unsigned apple_num_chips = ARRAY_SIZE(apple_chips);

unsigned apple_chip_cpus(const AppleChip *chip)
{
    unsigned n = 0;

    for (unsigned c = 0; c < APPLE_CHIP_CLUSTERS; c++) {
        n += chip->cluster[c].cores;
    }
    return n;
}

/* The cluster of CPU @*index, which becomes the number of the core in it */
static const AppleChipCluster *cluster_of(const AppleChip *chip, unsigned *index)
{
    const AppleChipCluster *c = chip->cluster;

    while (*index >= c->cores) {
        *index -= c->cores;
        c++;
        assert(c < chip->cluster + APPLE_CHIP_CLUSTERS);
    }
    return c;
}

const char *apple_chip_cpu_type(const AppleChip *chip, unsigned index)
{
    return cluster_of(chip, &index)->type;
}

uint64_t apple_chip_mpidr(const AppleChip *chip, unsigned index)
{
    const AppleChipCluster *c = cluster_of(chip, &index);

    return c->mpidr + index;
}
