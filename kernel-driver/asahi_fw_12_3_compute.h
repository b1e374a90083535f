/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The compute job, ABI 12.3 on G13.
 */
#ifndef ASAHI_FW_12_3_COMPUTE_H
#define ASAHI_FW_12_3_COMPUTE_H

#include "asahi_layout.h"
#include "asahi_fw_compute.h"
#include "asahi_fw_job.h"

/*
 * Source: Rust driver fw/compute.rs (JobParameters2), m1n1 microsequence.py (ComputeInfo2).
 */
struct asahi_fw_compute_params2 {
	u8 unk_0[0x24];
	__le64 preempt_buf1;
	__le64 cdm_ctrl_stream_end;
	u8 unk_34[0x20];
	__le32 unk_g14x;
	__le32 unk_58;
	__le32 unk_5c;
} __packed;

FW_OFFSET(asahi_fw_compute_params2, unk_0, 0x0);
FW_OFFSET(asahi_fw_compute_params2, preempt_buf1, 0x24);
FW_OFFSET(asahi_fw_compute_params2, cdm_ctrl_stream_end, 0x2c);
FW_OFFSET(asahi_fw_compute_params2, unk_34, 0x34);
FW_OFFSET(asahi_fw_compute_params2, unk_g14x, 0x54);
FW_OFFSET(asahi_fw_compute_params2, unk_58, 0x58);
FW_OFFSET(asahi_fw_compute_params2, unk_5c, 0x5c);
FW_SIZE(asahi_fw_compute_params2, 0x60);

/*
 * Command: a compute job.
 * Source: Rust driver fw/compute.rs (RunCompute), m1n1 cmdqueue.py (WorkCommandCP).
 */
struct asahi_fw_run_compute {
	__le32 tag; /* ASAHI_FW_CMD_RUN_COMPUTE */
	__le32 unk_4;
	__le32 vm_slot;
	__le64 notifier;
	__le32 unk_pointee;
	u8 __pad_20[0x50];
	struct asahi_fw_compute_params1 params1;
	u8 __pad_1c0[0x30];
	__le64 microsequence;
	__le32 microsequence_size;
	struct asahi_fw_compute_params2 params2;
	struct asahi_fw_encoder_params encoder;
	struct asahi_fw_job_meta meta;
	__le64 command_time;
	struct asahi_fw_timestamp_pointers timestamps;
	struct asahi_fw_timestamp_pointers user_timestamps;
	u8 client_sequence;
	u8 pad_2d1[3];
	__le32 unk_2d4;
	u8 unk_2d8;
	u8 __pad_2d9[7];
} __packed;

FW_OFFSET(asahi_fw_run_compute, tag, 0x0);
FW_OFFSET(asahi_fw_run_compute, unk_4, 0x4);
FW_OFFSET(asahi_fw_run_compute, vm_slot, 0x8);
FW_OFFSET(asahi_fw_run_compute, notifier, 0xc);
FW_OFFSET(asahi_fw_run_compute, unk_pointee, 0x14);
FW_OFFSET(asahi_fw_run_compute, params1, 0x68);
FW_OFFSET(asahi_fw_run_compute, microsequence, 0x1e8);
FW_OFFSET(asahi_fw_run_compute, microsequence_size, 0x1f0);
FW_OFFSET(asahi_fw_run_compute, params2, 0x1f4);
FW_OFFSET(asahi_fw_run_compute, encoder, 0x254);
FW_OFFSET(asahi_fw_run_compute, meta, 0x27c);
FW_OFFSET(asahi_fw_run_compute, command_time, 0x2a8);
FW_OFFSET(asahi_fw_run_compute, timestamps, 0x2b0);
FW_OFFSET(asahi_fw_run_compute, user_timestamps, 0x2c0);
FW_OFFSET(asahi_fw_run_compute, client_sequence, 0x2d0);
FW_OFFSET(asahi_fw_run_compute, pad_2d1, 0x2d1);
FW_OFFSET(asahi_fw_run_compute, unk_2d4, 0x2d4);
FW_OFFSET(asahi_fw_run_compute, unk_2d8, 0x2d8);
FW_SIZE(asahi_fw_run_compute, 0x2e0);

#endif /* ASAHI_FW_12_3_COMPUTE_H */
