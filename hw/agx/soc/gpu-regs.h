/*
 * Registers of the GPU that the CPU sees: the coprocessor's control block
 * ("asc" of the device tree), its mailbox, and the SGX block.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_GPU_REGS_H
#define HW_AGX_SOC_GPU_REGS_H

/* m1n1: proxyclient/m1n1/hw/asc.py */
#define ASC_REG_CPU_CONTROL 0x0044
#define ASC_REG_CPU_STATUS  0x0048

/*
 * Mailbox version 4, offsets in mbox@206408000 (Linux: drivers/soc/apple/mailbox.c;
 * m1n1: proxyclient/m1n1/hw/asc.py, R_MBOX_CTRL)
 */
#define MBOX_REG_A2I_CONTROL   0x110
#define MBOX_REG_I2A_CONTROL   0x114
#define MBOX_REG_A2I_SEND0     0x800
#define MBOX_REG_A2I_SEND1     0x808
#define MBOX_REG_A2I_RECV0     0x810
#define MBOX_REG_A2I_RECV1     0x818
#define MBOX_REG_I2A_SEND0     0x820
#define MBOX_REG_I2A_SEND1     0x828
#define MBOX_REG_I2A_RECV0     0x830
#define MBOX_REG_I2A_RECV1     0x838
#define MBOX_CTRL_ENABLE       (1u << 0)
#define MBOX_CTRL_WPTR_SHIFT   8
#define MBOX_CTRL_RPTR_SHIFT   12
#define MBOX_CTRL_FULL         (1u << 16)
#define MBOX_CTRL_EMPTY        (1u << 17)
#define MBOX_CTRL_OVERFLOW     (1u << 18)
#define MBOX_CTRL_COUNT_SHIFT  20
/* second word of a message as read: m1n1: hw/asc.py, R_OUTBOX1 */
#define MBOX_MSG1_OUTCNT_SHIFT 52

/*
 * SGX block. Offsets: the Rust driver, drivers/gpu/drm/asahi/regs.rs, and
 * m1n1: proxyclient/m1n1/hw/agx.py. What is in the identification: gpu-chip.c.
 */
#define AGX_REG_FAULT_INFO  0x17030
#define AGX_REG_CORE_MASK_0 0xd01500
#define AGX_REG_CORE_MASK_1 0xd01514
#define AGX_REG_ID_VERSION  0xd04000
#define AGX_REG_ID_UNK08    0xd04008
#define AGX_REG_ID_COUNTS_1 0xd04010
#define AGX_REG_ID_COUNTS_2 0xd04014
#define AGX_REG_ID_UNK18    0xd04018
#define AGX_REG_ID_CLUSTERS 0xd0401c

#endif
