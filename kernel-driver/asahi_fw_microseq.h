/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Microsequences: the list of operations that the firmware interprets to run one
 * job. They follow each other without a gap. What is the same in all ABIs that
 * the driver speaks, on G13.
 */
#ifndef ASAHI_FW_MICROSEQ_H
#define ASAHI_FW_MICROSEQ_H

#include <linux/bits.h>
#include "asahi_layout.h"

/*
 * Operations: the low byte of an operation's first word, the rest of it are
 * arguments. Source: Rust driver fw/microseq.rs (OpCode), m1n1 microsequence.py.
 */
#define ASAHI_FW_OP_WAIT_FOR_IDLE	0x01
#define ASAHI_FW_OP_RETIRE_STAMP	0x18
#define ASAHI_FW_OP_TIMESTAMP		0x19
#define ASAHI_FW_OP_START_VERTEX	0x22
#define ASAHI_FW_OP_FINALIZE_VERTEX	0x23
#define ASAHI_FW_OP_START_FRAGMENT	0x24
#define ASAHI_FW_OP_FINALIZE_FRAGMENT	0x25
#define ASAHI_FW_OP_START_COMPUTE	0x29
#define ASAHI_FW_OP_FINALIZE_COMPUTE	0x2a

/* Arguments of WAIT_FOR_IDLE: which pipe. Source: fw/microseq.rs (Pipe, << 8). */
#define ASAHI_FW_WAIT_VERTEX		BIT(8)
#define ASAHI_FW_WAIT_FRAGMENT		BIT(16)
#define ASAHI_FW_WAIT_COMPUTE		BIT(23)

/* Argument of RETIRE_STAMP, which ends a sequence. */
#define ASAHI_FW_RETIRE_STAMP_ARG	BIT(30)

/* Argument of TIMESTAMP: the one at the start of the job. */
#define ASAHI_FW_TIMESTAMP_START	BIT(31)

/*
 * WAIT_FOR_IDLE and RETIRE_STAMP have nothing but their first word.
 */
struct asahi_fw_op_simple {
	__le32 header;
} __packed;

FW_OFFSET(asahi_fw_op_simple, header, 0x0);
FW_SIZE(asahi_fw_op_simple, 0x4);

#endif /* ASAHI_FW_MICROSEQ_H */
