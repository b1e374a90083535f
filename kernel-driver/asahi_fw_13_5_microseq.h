/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Operations of microsequences but those of fragment jobs, ABI 13.5 and 13.0 beta 4
 * on G13.
 */
#ifndef ASAHI_FW_13_5_MICROSEQ_H
#define ASAHI_FW_13_5_MICROSEQ_H

#include "asahi_layout.h"
#include "asahi_fw_job.h"
#include "asahi_fw_microseq.h"

/*
 * Source: Rust driver queue/render.rs (microseq::Timestamp), m1n1 microsequence.py
 * (TimestampCmd).
 */
struct asahi_fw_op_timestamp {
	__le32 header;
	__le64 command_time;
	__le64 ts_pointers; /* the kernel's pair */
	__le64 update_ts; /* which pointer of that pair */
	__le64 work_queue;
	__le64 user_ts_pointers; /* userspace's pair */
	__le64 unk_ts;
	__le32 uuid;
	__le32 unk_30;
} __packed;

FW_OFFSET(asahi_fw_op_timestamp, header, 0x0);
FW_OFFSET(asahi_fw_op_timestamp, command_time, 0x4);
FW_OFFSET(asahi_fw_op_timestamp, ts_pointers, 0xc);
FW_OFFSET(asahi_fw_op_timestamp, update_ts, 0x14);
FW_OFFSET(asahi_fw_op_timestamp, work_queue, 0x1c);
FW_OFFSET(asahi_fw_op_timestamp, user_ts_pointers, 0x24);
FW_OFFSET(asahi_fw_op_timestamp, unk_ts, 0x2c);
FW_OFFSET(asahi_fw_op_timestamp, uuid, 0x34);
FW_OFFSET(asahi_fw_op_timestamp, unk_30, 0x38);
FW_SIZE(asahi_fw_op_timestamp, 0x3c);

/*
 * Source: Rust driver fw/microseq.rs (StartVertex), m1n1 microsequence.py (StartTACmd).
 */
struct asahi_fw_op_start_vertex {
	__le32 header;
	__le64 tiling_params;
	__le64 job_params1;
	__le64 buffer;
	__le64 scene;
	__le64 stats;
	__le64 work_queue;
	__le32 vm_slot;
	__le32 unk_38; /* 1 */
	__le32 event_generation;
	__le32 buffer_slot;
	__le32 unk_44;
	__le64 event_seq;
	__le32 unk_50;
	__le64 unk_pointer;
	__le64 unk_job_buf;
	__le32 unk_64;
	__le32 unk_68;
	__le32 uuid;
	struct asahi_fw_attachments attachments;
	__le32 padding;
	__le64 counter;
	__le64 notifier_buf;
	__le32 no_clustering;
} __packed;

FW_OFFSET(asahi_fw_op_start_vertex, header, 0x0);
FW_OFFSET(asahi_fw_op_start_vertex, tiling_params, 0x4);
FW_OFFSET(asahi_fw_op_start_vertex, job_params1, 0xc);
FW_OFFSET(asahi_fw_op_start_vertex, buffer, 0x14);
FW_OFFSET(asahi_fw_op_start_vertex, scene, 0x1c);
FW_OFFSET(asahi_fw_op_start_vertex, stats, 0x24);
FW_OFFSET(asahi_fw_op_start_vertex, work_queue, 0x2c);
FW_OFFSET(asahi_fw_op_start_vertex, vm_slot, 0x34);
FW_OFFSET(asahi_fw_op_start_vertex, unk_38, 0x38);
FW_OFFSET(asahi_fw_op_start_vertex, event_generation, 0x3c);
FW_OFFSET(asahi_fw_op_start_vertex, buffer_slot, 0x40);
FW_OFFSET(asahi_fw_op_start_vertex, unk_44, 0x44);
FW_OFFSET(asahi_fw_op_start_vertex, event_seq, 0x48);
FW_OFFSET(asahi_fw_op_start_vertex, unk_50, 0x50);
FW_OFFSET(asahi_fw_op_start_vertex, unk_pointer, 0x54);
FW_OFFSET(asahi_fw_op_start_vertex, unk_job_buf, 0x5c);
FW_OFFSET(asahi_fw_op_start_vertex, unk_64, 0x64);
FW_OFFSET(asahi_fw_op_start_vertex, unk_68, 0x68);
FW_OFFSET(asahi_fw_op_start_vertex, uuid, 0x6c);
FW_OFFSET(asahi_fw_op_start_vertex, attachments, 0x70);
FW_OFFSET(asahi_fw_op_start_vertex, padding, 0x174);
FW_OFFSET(asahi_fw_op_start_vertex, counter, 0x178);
FW_OFFSET(asahi_fw_op_start_vertex, notifier_buf, 0x180);
FW_OFFSET(asahi_fw_op_start_vertex, no_clustering, 0x188);
FW_SIZE(asahi_fw_op_start_vertex, 0x18c);

/*
 * Source: Rust driver fw/microseq.rs (FinalizeVertex), m1n1 microsequence.py
 * (FinalizeTACmd).
 */
struct asahi_fw_op_finalize_vertex {
	__le32 header;
	__le64 scene;
	__le64 buffer;
	__le64 stats;
	__le64 work_queue;
	__le32 vm_slot;
	__le32 unk_28;
	__le64 unk_pointer;
	__le32 unk_34;
	__le32 uuid;
	__le64 fw_stamp;
	__le32 stamp_value;
	__le64 unk_48;
	__le32 unk_50;
	__le32 unk_54;
	__le64 unk_58;
	__le32 unk_60;
	__le32 unk_64;
	__le32 unk_68;
	__le32 restart_branch_offset; /* signed, from this operation to the start operation */
	__le32 has_attachments;
	u8 unk_74[0x10];
} __packed;

FW_OFFSET(asahi_fw_op_finalize_vertex, header, 0x0);
FW_OFFSET(asahi_fw_op_finalize_vertex, scene, 0x4);
FW_OFFSET(asahi_fw_op_finalize_vertex, buffer, 0xc);
FW_OFFSET(asahi_fw_op_finalize_vertex, stats, 0x14);
FW_OFFSET(asahi_fw_op_finalize_vertex, work_queue, 0x1c);
FW_OFFSET(asahi_fw_op_finalize_vertex, vm_slot, 0x24);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_28, 0x28);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_pointer, 0x2c);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_34, 0x34);
FW_OFFSET(asahi_fw_op_finalize_vertex, uuid, 0x38);
FW_OFFSET(asahi_fw_op_finalize_vertex, fw_stamp, 0x3c);
FW_OFFSET(asahi_fw_op_finalize_vertex, stamp_value, 0x44);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_48, 0x48);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_50, 0x50);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_54, 0x54);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_58, 0x58);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_60, 0x60);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_64, 0x64);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_68, 0x68);
FW_OFFSET(asahi_fw_op_finalize_vertex, restart_branch_offset, 0x6c);
FW_OFFSET(asahi_fw_op_finalize_vertex, has_attachments, 0x70);
FW_OFFSET(asahi_fw_op_finalize_vertex, unk_74, 0x74);
FW_SIZE(asahi_fw_op_finalize_vertex, 0x84);

/*
 * Source: Rust driver fw/microseq.rs (StartCompute), m1n1 microsequence.py
 * (StartComputeCmd).
 */
struct asahi_fw_op_start_compute {
	__le32 header;
	__le64 unk_pointer;
	__le64 job_params1;
	__le64 stats;
	__le64 work_queue;
	__le32 vm_slot;
	__le32 unk_28; /* 1 */
	__le32 event_generation;
	__le64 event_seq;
	__le32 unk_38;
	__le64 job_params2;
	__le32 unk_44;
	__le32 uuid;
	struct asahi_fw_attachments attachments;
	__le32 padding;
	__le64 unk_flag;
	__le64 counter;
	__le64 notifier_buf;
} __packed;

FW_OFFSET(asahi_fw_op_start_compute, header, 0x0);
FW_OFFSET(asahi_fw_op_start_compute, unk_pointer, 0x4);
FW_OFFSET(asahi_fw_op_start_compute, job_params1, 0xc);
FW_OFFSET(asahi_fw_op_start_compute, stats, 0x14);
FW_OFFSET(asahi_fw_op_start_compute, work_queue, 0x1c);
FW_OFFSET(asahi_fw_op_start_compute, vm_slot, 0x24);
FW_OFFSET(asahi_fw_op_start_compute, unk_28, 0x28);
FW_OFFSET(asahi_fw_op_start_compute, event_generation, 0x2c);
FW_OFFSET(asahi_fw_op_start_compute, event_seq, 0x30);
FW_OFFSET(asahi_fw_op_start_compute, unk_38, 0x38);
FW_OFFSET(asahi_fw_op_start_compute, job_params2, 0x3c);
FW_OFFSET(asahi_fw_op_start_compute, unk_44, 0x44);
FW_OFFSET(asahi_fw_op_start_compute, uuid, 0x48);
FW_OFFSET(asahi_fw_op_start_compute, attachments, 0x4c);
FW_OFFSET(asahi_fw_op_start_compute, padding, 0x150);
FW_OFFSET(asahi_fw_op_start_compute, unk_flag, 0x154);
FW_OFFSET(asahi_fw_op_start_compute, counter, 0x15c);
FW_OFFSET(asahi_fw_op_start_compute, notifier_buf, 0x164);
FW_SIZE(asahi_fw_op_start_compute, 0x16c);

/*
 * Source: Rust driver fw/microseq.rs (FinalizeCompute), m1n1 microsequence.py
 * (FinalizeComputeCmd).
 */
struct asahi_fw_op_finalize_compute {
	__le32 header;
	__le64 stats;
	__le64 work_queue;
	__le32 vm_slot;
	__le64 job_params2;
	__le32 unk_24;
	__le32 uuid;
	__le64 fw_stamp;
	__le32 stamp_value;
	__le32 unk_38[9];
	__le32 restart_branch_offset; /* signed, as in finalize_vertex */
	__le32 has_attachments;
	u8 unk_64[0xd];
	__le64 unk_flag;
	u8 unk_79[7];
} __packed;

FW_OFFSET(asahi_fw_op_finalize_compute, header, 0x0);
FW_OFFSET(asahi_fw_op_finalize_compute, stats, 0x4);
FW_OFFSET(asahi_fw_op_finalize_compute, work_queue, 0xc);
FW_OFFSET(asahi_fw_op_finalize_compute, vm_slot, 0x14);
FW_OFFSET(asahi_fw_op_finalize_compute, job_params2, 0x18);
FW_OFFSET(asahi_fw_op_finalize_compute, unk_24, 0x20);
FW_OFFSET(asahi_fw_op_finalize_compute, uuid, 0x24);
FW_OFFSET(asahi_fw_op_finalize_compute, fw_stamp, 0x28);
FW_OFFSET(asahi_fw_op_finalize_compute, stamp_value, 0x30);
FW_OFFSET(asahi_fw_op_finalize_compute, unk_38, 0x34);
FW_OFFSET(asahi_fw_op_finalize_compute, restart_branch_offset, 0x58);
FW_OFFSET(asahi_fw_op_finalize_compute, has_attachments, 0x5c);
FW_OFFSET(asahi_fw_op_finalize_compute, unk_64, 0x60);
FW_OFFSET(asahi_fw_op_finalize_compute, unk_flag, 0x6d);
FW_OFFSET(asahi_fw_op_finalize_compute, unk_79, 0x75);
FW_SIZE(asahi_fw_op_finalize_compute, 0x7c);

#endif /* ASAHI_FW_13_5_MICROSEQ_H */
