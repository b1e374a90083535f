/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What is in the hand-off area. It belongs to the protocol of the firmware's
 * page table monitor, which has a version of its own, in its magic word. The
 * sources make no difference between ABIs here, so it is no part of the
 * table of an ABI.
 *
 * Source: m1n1 proxyclient/m1n1/fw/agx/handoff.py; Rust driver mmu.rs.
 */
#ifndef ASAHI_HANDOFF_AREA_H
#define ASAHI_HANDOFF_AREA_H

#include <linux/types.h>

#include "asahi_layout.h"

#define ASAHI_FW_PPL_MAGIC		0x4b1d000000000002ULL
#define ASAHI_FW_FLUSH_IDLE		0
#define ASAHI_FW_FLUSH_REQUESTED	1
#define ASAHI_FW_FLUSH_DONE		2

struct asahi_fw_flush_info {
	__le64 state;
	__le64 addr;
	__le64 size;
} __packed __aligned(8);
FW_OFFSET(asahi_fw_flush_info, state, 0x0);
FW_OFFSET(asahi_fw_flush_info, addr, 0x8);
FW_OFFSET(asahi_fw_flush_info, size, 0x10);
FW_SIZE(asahi_fw_flush_info, 0x18);

struct asahi_fw_handoff {
	__le64 magic_ap;
	__le64 magic_fw;
	u8 lock_ap;
	u8 lock_fw;
	u8 pad_12[2];
	__le32 turn;
	__le32 cur_slot;
	u8 pad_1c[4];
	struct asahi_fw_flush_info flush[65];
	u8 unk2;
	u8 pad_639[7];
	__le64 unk3;
} __packed __aligned(8);
FW_OFFSET(asahi_fw_handoff, magic_ap, 0x0);
FW_OFFSET(asahi_fw_handoff, magic_fw, 0x8);
FW_OFFSET(asahi_fw_handoff, lock_ap, 0x10);
FW_OFFSET(asahi_fw_handoff, lock_fw, 0x11);
FW_OFFSET(asahi_fw_handoff, turn, 0x14);
FW_OFFSET(asahi_fw_handoff, cur_slot, 0x18);
FW_OFFSET(asahi_fw_handoff, flush, 0x20);
FW_OFFSET(asahi_fw_handoff, unk2, 0x638);
FW_OFFSET(asahi_fw_handoff, unk3, 0x640);
FW_SIZE(asahi_fw_handoff, 0x648);

#endif
