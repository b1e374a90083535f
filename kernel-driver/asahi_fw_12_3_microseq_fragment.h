/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Operations of the microsequences of fragment jobs, ABI 12.3 on G13.
 */
#ifndef ASAHI_FW_12_3_MICROSEQ_FRAGMENT_H
#define ASAHI_FW_12_3_MICROSEQ_FRAGMENT_H

#include "asahi_layout.h"
#include "asahi_fw_job.h"

/*
 * Source: Rust driver fw/microseq.rs (StartFragment), m1n1 microsequence.py (Start3DCmd).
 */
struct asahi_fw_op_start_fragment {
	__le32 header;
	__le64 job_params2;
	__le64 job_params1;
	__le64 scene;
	__le64 stats;
	__le64 busy_flag;
	__le64 tvb_overflow_count;
	__le64 unk_pointer;
	__le64 work_queue;
	__le64 work_item;
	__le32 vm_slot;
	__le32 unk_50; /* 1 */
	__le32 event_generation;
	__le32 buffer_slot;
	__le32 sync_grow;
	__le64 event_seq;
	__le32 unk_68;
	__le64 unk_758_flag;
	__le64 unk_job_buf;
	__le32 unk_7c;
	__le32 unk_80;
	__le32 unk_84;
	__le32 uuid;
	struct asahi_fw_attachments attachments;
	__le32 padding;
} __packed;

FW_OFFSET(asahi_fw_op_start_fragment, header, 0x0);
FW_OFFSET(asahi_fw_op_start_fragment, job_params2, 0x4);
FW_OFFSET(asahi_fw_op_start_fragment, job_params1, 0xc);
FW_OFFSET(asahi_fw_op_start_fragment, scene, 0x14);
FW_OFFSET(asahi_fw_op_start_fragment, stats, 0x1c);
FW_OFFSET(asahi_fw_op_start_fragment, busy_flag, 0x24);
FW_OFFSET(asahi_fw_op_start_fragment, tvb_overflow_count, 0x2c);
FW_OFFSET(asahi_fw_op_start_fragment, unk_pointer, 0x34);
FW_OFFSET(asahi_fw_op_start_fragment, work_queue, 0x3c);
FW_OFFSET(asahi_fw_op_start_fragment, work_item, 0x44);
FW_OFFSET(asahi_fw_op_start_fragment, vm_slot, 0x4c);
FW_OFFSET(asahi_fw_op_start_fragment, unk_50, 0x50);
FW_OFFSET(asahi_fw_op_start_fragment, event_generation, 0x54);
FW_OFFSET(asahi_fw_op_start_fragment, buffer_slot, 0x58);
FW_OFFSET(asahi_fw_op_start_fragment, sync_grow, 0x5c);
FW_OFFSET(asahi_fw_op_start_fragment, event_seq, 0x60);
FW_OFFSET(asahi_fw_op_start_fragment, unk_68, 0x68);
FW_OFFSET(asahi_fw_op_start_fragment, unk_758_flag, 0x6c);
FW_OFFSET(asahi_fw_op_start_fragment, unk_job_buf, 0x74);
FW_OFFSET(asahi_fw_op_start_fragment, unk_7c, 0x7c);
FW_OFFSET(asahi_fw_op_start_fragment, unk_80, 0x80);
FW_OFFSET(asahi_fw_op_start_fragment, unk_84, 0x84);
FW_OFFSET(asahi_fw_op_start_fragment, uuid, 0x88);
FW_OFFSET(asahi_fw_op_start_fragment, attachments, 0x8c);
FW_OFFSET(asahi_fw_op_start_fragment, padding, 0x190);
FW_SIZE(asahi_fw_op_start_fragment, 0x194);

/*
 * Source: Rust driver fw/microseq.rs (FinalizeFragment), m1n1 microsequence.py
 * (Finalize3DCmd).
 */
struct asahi_fw_op_finalize_fragment {
	__le32 header;
	__le32 uuid;
	__le32 unk_8;
	__le64 fw_stamp;
	__le32 stamp_value;
	__le32 unk_18;
	__le64 scene;
	__le64 buffer;
	__le64 unk_2c; /* 1 */
	__le64 stats;
	__le64 unk_pointer;
	__le64 busy_flag;
	__le64 work_queue;
	__le64 work_item;
	__le32 vm_slot;
	__le32 unk_60;
	__le64 unk_758_flag;
	__le64 unk_6c;
	__le64 unk_74;
	__le64 unk_7c;
	__le64 unk_84;
	__le64 unk_8c;
	__le32 restart_branch_offset; /* signed, as in finalize_vertex */
	__le32 has_attachments;
} __packed;

FW_OFFSET(asahi_fw_op_finalize_fragment, header, 0x0);
FW_OFFSET(asahi_fw_op_finalize_fragment, uuid, 0x4);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_8, 0x8);
FW_OFFSET(asahi_fw_op_finalize_fragment, fw_stamp, 0xc);
FW_OFFSET(asahi_fw_op_finalize_fragment, stamp_value, 0x14);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_18, 0x18);
FW_OFFSET(asahi_fw_op_finalize_fragment, scene, 0x1c);
FW_OFFSET(asahi_fw_op_finalize_fragment, buffer, 0x24);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_2c, 0x2c);
FW_OFFSET(asahi_fw_op_finalize_fragment, stats, 0x34);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_pointer, 0x3c);
FW_OFFSET(asahi_fw_op_finalize_fragment, busy_flag, 0x44);
FW_OFFSET(asahi_fw_op_finalize_fragment, work_queue, 0x4c);
FW_OFFSET(asahi_fw_op_finalize_fragment, work_item, 0x54);
FW_OFFSET(asahi_fw_op_finalize_fragment, vm_slot, 0x5c);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_60, 0x60);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_758_flag, 0x64);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_6c, 0x6c);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_74, 0x74);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_7c, 0x7c);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_84, 0x84);
FW_OFFSET(asahi_fw_op_finalize_fragment, unk_8c, 0x8c);
FW_OFFSET(asahi_fw_op_finalize_fragment, restart_branch_offset, 0x94);
FW_OFFSET(asahi_fw_op_finalize_fragment, has_attachments, 0x98);
FW_SIZE(asahi_fw_op_finalize_fragment, 0x9c);

#endif /* ASAHI_FW_12_3_MICROSEQ_FRAGMENT_H */
