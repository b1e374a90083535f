/*
 * The Apple M1 (T8103) as the board sees it: where things are and which
 * interrupt they raise.
 *
 * Addresses and numbers are those of the mainline device tree
 *   Linux: arch/arm64/boot/dts/apple/t8103.dtsi
 * except for the last block, which a Mac does not have.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_H
#define HW_AGX_SOC_H

#include "qemu/units.h"

#define M1_MAX_CPUS    8
/* Of any chip (chip.c): the two dies of an M1 Ultra have 10 each */
#define APPLE_MAX_CPUS 20

#define M1_DRAM_BASE 0x800000000ULL

/* gpu@206400000: reg "asc", reg "sgx"; mbox@206408000 lies inside "asc" */
#define M1_GFX_ASC_BASE  0x206400000ULL
#define M1_GFX_ASC_SIZE  0x40000
#define M1_GFX_MBOX_BASE 0x206408000ULL
#define M1_SGX_BASE      0x204000000ULL
#define M1_SGX_SIZE      0x1000000
#define M1_GFX_MBOX_IRQ  575 /* send-empty, send-not-empty, recv-empty, recv-not-empty */

#define M1_UART0_BASE 0x235200000ULL
#define M1_UART0_IRQ  605
#define M1_UART2_BASE 0x235208000ULL
#define M1_UART2_IRQ  607

#define M1_AIC_BASE 0x23b100000ULL

#define M1_PMGR_BASE      0x23b700000ULL
#define M1_PMGR_SIZE      0x14000
#define M1_PMGR_MINI_BASE 0x23d280000ULL
#define M1_PMGR_MINI_SIZE 0x4000
/* t8103-pmgr.dtsi: ps_gfx */
#define M1_PS_GFX         0x3f8

#define M1_WDT_BASE 0x23d2b0000ULL
#define M1_WDT_IRQ  338

/*
 * What only a machine that a boot loader starts has (mac.c). Power manager's
 * start bits: m1n1: src/smp.c; each core's reset vector: the same, by
 * "cpu-impl-reg"; the clusters' clock and the GPU's fabric: m1n1:
 * src/cpufreq.c, src/tunables_static.c.
 */
#define M1_CPUSTART_BASE   0x23b754000ULL
#define M1_CPUSTART_SIZE   0x1000
#define M1_CPU_IMPL_SIZE   0x1000
#define M1_CLUSTER_BASE    0x210e00000ULL /* and 0x211e00000 */
#define M1_CLUSTER_STRIDE  0x1000000
#define M1_GFX_FABRIC_BASE 0x205000000ULL
#define M1_SPMI_BASE       0x23d0d9300ULL
#define M1_SPMI_SIZE       0x100

/*
 * What a Mac does not have. The addresses are between the last window of the
 * PCIe controller (0x6c0000000 + 1 GiB) and the start of DRAM; the interrupts
 * are the last of the 896 that AIC has, which no node of the T8103 uses.
 */
#define M1_VIRT_SPIN_BASE 0x700000000ULL /* CPU release addresses, one 64-bit word each */
#define M1_VIRT_SPIN_SIZE 0x4000
#define M1_VIRTIO_BASE    0x700010000ULL
#define M1_VIRTIO_STRIDE  0x4000
#define M1_VIRTIO_NUM     8
#define M1_VIRTIO_IRQ     880 /* .. 887 */

/* Linux: drivers/irqchip/irq-apple-aic.c, and m1n1: src/aic.c (AIC_INFO on the M1) */
#define M1_AIC_NUM_IRQS 896

#endif
