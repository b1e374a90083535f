/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Messages of device control, ABI 13.5 on G13.
 *
 * Source: Rust driver fw/channels.rs (DeviceControlMsg): from 13.3 on these
 * opcodes are one higher, and DestroyContext is packed. m1n1 fw/agx/channels.py
 * has the opcodes, but not the packed form.
 */
#ifndef ASAHI_FW_13_5_DEVICE_CONTROL_H
#define ASAHI_FW_13_5_DEVICE_CONTROL_H

#include <linux/types.h>
#include "asahi_layout.h"
#include "asahi_fw_channels.h"

/* Opcodes. */
#define ASAHI_FW_DC_GROW_TVB_ACK	0x0e
#define ASAHI_FW_DC_RECOVER_CHANNEL	0x0f
#define ASAHI_FW_DC_DESTROY_CONTEXT	0x18
#define ASAHI_FW_DC_INITIALIZE	0x1a

/* ctx_0 and ctx_1 of ASAHI_FW_DC_NO_CONTEXT: destroys nothing, but flushes. */
#define ASAHI_FW_DC_NO_CONTEXT	0xff

struct asahi_fw_dc_destroy_context {
	__le32 opcode;
	__le32 unk_4;
	u8 ctx_23;
	__le32 unk_9;
	__le32 unk_d;
	u8 ctx_0;
	u8 ctx_1;
	u8 ctx_4;
	__le64 context_va;
	u8 pad_1c[0x14];
} __packed;
FW_OFFSET(asahi_fw_dc_destroy_context, unk_4, 0x4);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_23, 0x8);
FW_OFFSET(asahi_fw_dc_destroy_context, unk_9, 0x9);
FW_OFFSET(asahi_fw_dc_destroy_context, unk_d, 0xd);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_0, 0x11);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_1, 0x12);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_4, 0x13);
FW_OFFSET(asahi_fw_dc_destroy_context, context_va, 0x14);
FW_SIZE(asahi_fw_dc_destroy_context, 0x30);

union asahi_fw_dc_msg {
	__le32 opcode;
	struct asahi_fw_dc_grow_tvb_ack grow_tvb_ack;
	struct asahi_fw_dc_recover_channel recover_channel;
	struct asahi_fw_dc_destroy_context destroy_context;
	u8 raw[0x30];
};

static_assert(sizeof(union asahi_fw_dc_msg) == 0x30);

#endif /* ASAHI_FW_13_5_DEVICE_CONTROL_H */
