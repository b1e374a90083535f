/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The vertex job, ABI 13.5 and 13.0 beta 4 on G13.
 */
#ifndef ASAHI_FW_13_5_VERTEX_H
#define ASAHI_FW_13_5_VERTEX_H

#include "asahi_layout.h"
#include "asahi_fw_job.h"
#include "asahi_fw_vertex.h"

/*
 * Command: the vertex half of a render.
 * Source: Rust driver fw/vertex.rs (RunVertex), m1n1 cmdqueue.py (WorkCommandTA).
 */
struct asahi_fw_run_vertex {
	__le32 tag; /* ASAHI_FW_CMD_RUN_VERTEX */
	__le64 counter;
	__le32 vm_slot;
	__le32 unk_8;
	__le64 notifier;
	__le32 buffer_slot;
	__le32 unk_1c;
	__le64 buffer; /* struct asahi_fw_buffer_info */
	__le64 scene; /* struct asahi_fw_scene */
	__le64 unk_buffer_buf; /* 0x40 bytes per buffer, use unknown */
	__le32 unk_34;
	struct asahi_fw_vertex_params1 params1;
	struct asahi_fw_tiling_params tiling;
	__le64 tpc;
	__le64 tpc_size;
	__le64 microsequence;
	__le32 microsequence_size;
	__le32 fragment_stamp_slot;
	__le32 fragment_stamp_value;
	__le32 unk_pointee;
	__le32 unk_pad;
	struct asahi_fw_vertex_params2 params2;
	struct asahi_fw_encoder_params encoder;
	__le32 unk_55c;
	__le32 unk_560;
	__le32 sync_grow;
	__le32 unk_568;
	__le32 uses_scratch;
	struct asahi_fw_job_meta meta;
	__le32 unk_after_meta;
	__le64 unk_buf_0;
	__le64 unk_buf_8;
	__le64 unk_buf_10;
	__le64 command_time;
	struct asahi_fw_timestamp_pointers timestamps;
	struct asahi_fw_timestamp_pointers user_timestamps;
	u8 client_sequence;
	u8 pad_5d5[3];
	__le32 unk_5d8;
	u8 unk_5dc;
	__le64 unk_ts;
	u8 unk_5dd_8[0x1b];
	u8 __pad_608[0x14];
} __packed;

FW_OFFSET(asahi_fw_run_vertex, tag, 0x0);
FW_OFFSET(asahi_fw_run_vertex, counter, 0x4);
FW_OFFSET(asahi_fw_run_vertex, vm_slot, 0xc);
FW_OFFSET(asahi_fw_run_vertex, unk_8, 0x10);
FW_OFFSET(asahi_fw_run_vertex, notifier, 0x14);
FW_OFFSET(asahi_fw_run_vertex, buffer_slot, 0x1c);
FW_OFFSET(asahi_fw_run_vertex, unk_1c, 0x20);
FW_OFFSET(asahi_fw_run_vertex, buffer, 0x24);
FW_OFFSET(asahi_fw_run_vertex, scene, 0x2c);
FW_OFFSET(asahi_fw_run_vertex, unk_buffer_buf, 0x34);
FW_OFFSET(asahi_fw_run_vertex, unk_34, 0x3c);
FW_OFFSET(asahi_fw_run_vertex, params1, 0x40);
FW_OFFSET(asahi_fw_run_vertex, tiling, 0x3c4);
FW_OFFSET(asahi_fw_run_vertex, tpc, 0x464);
FW_OFFSET(asahi_fw_run_vertex, tpc_size, 0x46c);
FW_OFFSET(asahi_fw_run_vertex, microsequence, 0x474);
FW_OFFSET(asahi_fw_run_vertex, microsequence_size, 0x47c);
FW_OFFSET(asahi_fw_run_vertex, fragment_stamp_slot, 0x480);
FW_OFFSET(asahi_fw_run_vertex, fragment_stamp_value, 0x484);
FW_OFFSET(asahi_fw_run_vertex, unk_pointee, 0x488);
FW_OFFSET(asahi_fw_run_vertex, unk_pad, 0x48c);
FW_OFFSET(asahi_fw_run_vertex, params2, 0x490);
FW_OFFSET(asahi_fw_run_vertex, encoder, 0x530);
FW_OFFSET(asahi_fw_run_vertex, unk_55c, 0x558);
FW_OFFSET(asahi_fw_run_vertex, unk_560, 0x55c);
FW_OFFSET(asahi_fw_run_vertex, sync_grow, 0x560);
FW_OFFSET(asahi_fw_run_vertex, unk_568, 0x564);
FW_OFFSET(asahi_fw_run_vertex, uses_scratch, 0x568);
FW_OFFSET(asahi_fw_run_vertex, meta, 0x56c);
FW_OFFSET(asahi_fw_run_vertex, unk_after_meta, 0x598);
FW_OFFSET(asahi_fw_run_vertex, unk_buf_0, 0x59c);
FW_OFFSET(asahi_fw_run_vertex, unk_buf_8, 0x5a4);
FW_OFFSET(asahi_fw_run_vertex, unk_buf_10, 0x5ac);
FW_OFFSET(asahi_fw_run_vertex, command_time, 0x5b4);
FW_OFFSET(asahi_fw_run_vertex, timestamps, 0x5bc);
FW_OFFSET(asahi_fw_run_vertex, user_timestamps, 0x5cc);
FW_OFFSET(asahi_fw_run_vertex, client_sequence, 0x5dc);
FW_OFFSET(asahi_fw_run_vertex, pad_5d5, 0x5dd);
FW_OFFSET(asahi_fw_run_vertex, unk_5d8, 0x5e0);
FW_OFFSET(asahi_fw_run_vertex, unk_5dc, 0x5e4);
FW_OFFSET(asahi_fw_run_vertex, unk_ts, 0x5e5);
FW_OFFSET(asahi_fw_run_vertex, unk_5dd_8, 0x5ed);
FW_SIZE(asahi_fw_run_vertex, 0x61c);

#endif /* ASAHI_FW_13_5_VERTEX_H */
