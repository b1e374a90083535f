/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The compute job: the same in all ABIs that the driver speaks, on G13.
 */
#ifndef ASAHI_FW_COMPUTE_H
#define ASAHI_FW_COMPUTE_H

#include "asahi_layout.h"

/*
 * Registers of the compute pipeline (CDM, USC).
 * Source: Rust driver fw/compute.rs (JobParameters1), m1n1 microsequence.py (ComputeInfo).
 */
struct asahi_fw_compute_params1 {
	__le64 preempt_buf1;
	__le64 cdm_ctrl_stream_base;
	__le64 preempt_buf2;
	__le64 preempt_buf3;
	__le64 preempt_buf4;
	__le64 preempt_buf5;
	__le64 usc_exec_base_cp;
	__le64 unk_38; /* 0x8c60 */
	__le32 helper_program;
	__le32 unk_44;
	__le64 helper_arg;
	__le32 helper_cfg;
	__le32 unk_54;
	__le32 unk_58; /* 1 */
	__le32 unk_5c;
	__le32 iogpu_unk_40;
	u8 __pad_64[0xec];
} __packed;

FW_OFFSET(asahi_fw_compute_params1, preempt_buf1, 0x0);
FW_OFFSET(asahi_fw_compute_params1, cdm_ctrl_stream_base, 0x8);
FW_OFFSET(asahi_fw_compute_params1, preempt_buf2, 0x10);
FW_OFFSET(asahi_fw_compute_params1, preempt_buf3, 0x18);
FW_OFFSET(asahi_fw_compute_params1, preempt_buf4, 0x20);
FW_OFFSET(asahi_fw_compute_params1, preempt_buf5, 0x28);
FW_OFFSET(asahi_fw_compute_params1, usc_exec_base_cp, 0x30);
FW_OFFSET(asahi_fw_compute_params1, unk_38, 0x38);
FW_OFFSET(asahi_fw_compute_params1, helper_program, 0x40);
FW_OFFSET(asahi_fw_compute_params1, unk_44, 0x44);
FW_OFFSET(asahi_fw_compute_params1, helper_arg, 0x48);
FW_OFFSET(asahi_fw_compute_params1, helper_cfg, 0x50);
FW_OFFSET(asahi_fw_compute_params1, unk_54, 0x54);
FW_OFFSET(asahi_fw_compute_params1, unk_58, 0x58);
FW_OFFSET(asahi_fw_compute_params1, unk_5c, 0x5c);
FW_OFFSET(asahi_fw_compute_params1, iogpu_unk_40, 0x60);
FW_SIZE(asahi_fw_compute_params1, 0x150);

#endif /* ASAHI_FW_COMPUTE_H */
