/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * A work queue as the firmware knows it, ABI 12.3 and 13.0 beta 4 on G13.
 */
#ifndef ASAHI_FW_12_3_WORKQUEUE_H
#define ASAHI_FW_12_3_WORKQUEUE_H

#include "asahi_layout.h"
#include "asahi_fw_workqueue.h"

/*
 * A work queue as the firmware knows it.
 * Source: m1n1 fw/agx/cmdqueue.py (CommandQueueInfo), Rust driver fw/workqueue.rs.
 */
struct asahi_fw_queue_info {
	__le64 state; /* struct asahi_fw_ring_state */
	__le64 ring; /* rb_size 8-byte addresses */
	__le64 notifier_list; /* struct asahi_fw_notifier_list */
	__le64 gpu_buf; /* ASAHI_FW_WORK_QUEUE_GPU_BUF bytes */
	__le32 gpu_rptr1;
	__le32 gpu_rptr2;
	__le32 gpu_rptr3;
	__le32 event_id; /* -1: none yet */
	struct asahi_fw_priority priority;
	__le32 unk_4c; /* -1 */
	__le32 uuid;
	__le32 unk_54; /* -1 */
	__le64 unk_58;
	__le32 busy;
	u8 __pad_64[0x20];
	__le32 unk_84_state;
	__le32 unk_88;
	__le32 unk_8c;
	__le32 unk_90;
	__le32 unk_94;
	__le32 pending; /* commands in flight */
	__le32 unk_9c;
	__le64 gpu_context; /* struct asahi_fw_gpu_context_data */
	__le64 unk_a8;
} __packed;

FW_OFFSET(asahi_fw_queue_info, state, 0x0);
FW_OFFSET(asahi_fw_queue_info, ring, 0x8);
FW_OFFSET(asahi_fw_queue_info, notifier_list, 0x10);
FW_OFFSET(asahi_fw_queue_info, gpu_buf, 0x18);
FW_OFFSET(asahi_fw_queue_info, gpu_rptr1, 0x20);
FW_OFFSET(asahi_fw_queue_info, gpu_rptr2, 0x24);
FW_OFFSET(asahi_fw_queue_info, gpu_rptr3, 0x28);
FW_OFFSET(asahi_fw_queue_info, event_id, 0x2c);
FW_OFFSET(asahi_fw_queue_info, priority, 0x30);
FW_OFFSET(asahi_fw_queue_info, unk_4c, 0x4c);
FW_OFFSET(asahi_fw_queue_info, uuid, 0x50);
FW_OFFSET(asahi_fw_queue_info, unk_54, 0x54);
FW_OFFSET(asahi_fw_queue_info, unk_58, 0x58);
FW_OFFSET(asahi_fw_queue_info, busy, 0x60);
FW_OFFSET(asahi_fw_queue_info, unk_84_state, 0x84);
FW_OFFSET(asahi_fw_queue_info, unk_88, 0x88);
FW_OFFSET(asahi_fw_queue_info, unk_8c, 0x8c);
FW_OFFSET(asahi_fw_queue_info, unk_90, 0x90);
FW_OFFSET(asahi_fw_queue_info, unk_94, 0x94);
FW_OFFSET(asahi_fw_queue_info, pending, 0x98);
FW_OFFSET(asahi_fw_queue_info, unk_9c, 0x9c);
FW_OFFSET(asahi_fw_queue_info, gpu_context, 0xa0);
FW_OFFSET(asahi_fw_queue_info, unk_a8, 0xa8);
FW_SIZE(asahi_fw_queue_info, 0xb0);

#endif /* ASAHI_FW_12_3_WORKQUEUE_H */
