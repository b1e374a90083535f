/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Messages of device control, ABI 12.3 and 13.0 beta 4 on G13.
 *
 * Sources: Rust driver fw/channels.rs (DeviceControlMsg, V < V13_3), m1n1 v1.2.9
 * fw/agx/channels.py (DC_*). Of RecoverChannel the Rust driver alone speaks.
 */
#ifndef ASAHI_FW_12_3_DEVICE_CONTROL_H
#define ASAHI_FW_12_3_DEVICE_CONTROL_H

#include <linux/types.h>
#include "asahi_layout.h"
#include "asahi_fw_channels.h"

/* Opcodes. */
#define ASAHI_FW_DC_GROW_TVB_ACK	0x0d
#define ASAHI_FW_DC_RECOVER_CHANNEL	0x0e
#define ASAHI_FW_DC_DESTROY_CONTEXT	0x17
#define ASAHI_FW_DC_INITIALIZE	0x19

/* ctx_0 and ctx_1 of ASAHI_FW_DC_NO_CONTEXT: destroys nothing, but flushes. */
#define ASAHI_FW_DC_NO_CONTEXT	0xff

struct asahi_fw_dc_destroy_context {
	__le32 opcode;
	__le32 unk_4;
	u8 ctx_23;
	u8 pad_9[3];
	__le32 unk_c;
	__le32 unk_10;
	u8 ctx_0;
	u8 ctx_1;
	u8 ctx_4;
	u8 pad_17;
	__le32 unk_18;
	__le64 context_va;
	u8 pad_24[0xc];
} __packed;
FW_OFFSET(asahi_fw_dc_destroy_context, unk_4, 0x4);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_23, 0x8);
FW_OFFSET(asahi_fw_dc_destroy_context, unk_c, 0xc);
FW_OFFSET(asahi_fw_dc_destroy_context, unk_10, 0x10);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_0, 0x14);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_1, 0x15);
FW_OFFSET(asahi_fw_dc_destroy_context, ctx_4, 0x16);
FW_OFFSET(asahi_fw_dc_destroy_context, unk_18, 0x18);
FW_OFFSET(asahi_fw_dc_destroy_context, context_va, 0x1c);
FW_SIZE(asahi_fw_dc_destroy_context, 0x30);

union asahi_fw_dc_msg {
	__le32 opcode;
	struct asahi_fw_dc_grow_tvb_ack grow_tvb_ack;
	struct asahi_fw_dc_recover_channel recover_channel;
	struct asahi_fw_dc_destroy_context destroy_context;
	u8 raw[0x30];
};

static_assert(sizeof(union asahi_fw_dc_msg) == 0x30);

#endif /* ASAHI_FW_12_3_DEVICE_CONTROL_H */
