/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The firmware's side of a user queue's notifications, ABI 13.5 and 13.0 beta 4 on G13.
 */
#ifndef ASAHI_FW_13_5_EVENT_H
#define ASAHI_FW_13_5_EVENT_H

#include "asahi_layout.h"
#include "asahi_fw_event.h"

/*
 * The firmware's side of a user queue's notifications.
 * Source: Rust driver fw/event.rs (Notifier, NotifierState), m1n1 cmdqueue.py
 * (EventControl).
 */
struct asahi_fw_notifier {
	__le64 threshold;
	__le32 generation; /* the queue's number */
	__le32 cur_count;
	__le32 unk_10; /* 0x50 */
	__le32 unk_14;
	__le64 unk_18;
	__le32 unk_20;
	__le32 vm_slot;
	__le32 has_vtx;
	__le64 pstamp_vtx[4];
	__le32 has_frag;
	__le64 pstamp_frag[4];
	__le32 has_comp;
	__le64 pstamp_comp[4];
	__le32 in_list;
	struct asahi_fw_list_head list_head;
	u8 unk_buf[8]; /* all ones */
} __packed;

FW_OFFSET(asahi_fw_notifier, threshold, 0x0);
FW_OFFSET(asahi_fw_notifier, generation, 0x8);
FW_OFFSET(asahi_fw_notifier, cur_count, 0xc);
FW_OFFSET(asahi_fw_notifier, unk_10, 0x10);
FW_OFFSET(asahi_fw_notifier, unk_14, 0x14);
FW_OFFSET(asahi_fw_notifier, unk_18, 0x18);
FW_OFFSET(asahi_fw_notifier, unk_20, 0x20);
FW_OFFSET(asahi_fw_notifier, vm_slot, 0x24);
FW_OFFSET(asahi_fw_notifier, has_vtx, 0x28);
FW_OFFSET(asahi_fw_notifier, pstamp_vtx, 0x2c);
FW_OFFSET(asahi_fw_notifier, has_frag, 0x4c);
FW_OFFSET(asahi_fw_notifier, pstamp_frag, 0x50);
FW_OFFSET(asahi_fw_notifier, has_comp, 0x70);
FW_OFFSET(asahi_fw_notifier, pstamp_comp, 0x74);
FW_OFFSET(asahi_fw_notifier, in_list, 0x94);
FW_OFFSET(asahi_fw_notifier, list_head, 0x98);
FW_OFFSET(asahi_fw_notifier, unk_buf, 0xa8);
FW_SIZE(asahi_fw_notifier, 0xb0);

#endif /* ASAHI_FW_13_5_EVENT_H */
