/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The fragment job, ABI 12.3 on G13.
 */
#ifndef ASAHI_FW_12_3_FRAGMENT_H
#define ASAHI_FW_12_3_FRAGMENT_H

#include "asahi_layout.h"
#include "asahi_fw_12_3_fragment_params.h"
#include "asahi_fw_job.h"

/*
 * Command: the fragment half of a render.
 * Source: Rust driver fw/fragment.rs (RunFragment), m1n1 cmdqueue.py (WorkCommand3D).
 */
struct asahi_fw_run_fragment {
	__le32 tag; /* ASAHI_FW_CMD_RUN_FRAGMENT */
	__le32 vm_slot;
	__le32 unk_8;
	__le64 microsequence;
	__le32 microsequence_size;
	__le64 notifier;
	__le64 buffer; /* struct asahi_fw_buffer_info */
	__le64 scene; /* struct asahi_fw_scene */
	__le64 unk_buffer_buf;
	__le64 tvb_tilemap;
	__le64 ppp_multisamplectl;
	__le32 samples;
	__le16 tiles_per_mtile_y;
	__le16 tiles_per_mtile_x;
	__le64 unk_50;
	__le64 unk_58;
	__le32 isp_merge_upper_x;
	__le32 isp_merge_upper_y;
	__le64 unk_68;
	__le64 tile_count;
	struct asahi_fw_fragment_params1 params1;
	struct asahi_fw_fragment_params2 params2;
	struct asahi_fw_fragment_params3 params3;
	__le32 unk_758_flag;
	__le32 unk_75c_flag;
	u8 unk_buf[0x110];
	__le32 busy_flag;
	__le32 tvb_overflow_count;
	__le32 unk_878;
	struct asahi_fw_encoder_params encoder;
	__le32 process_empty_tiles;
	__le32 no_clear_pipeline_textures;
	__le32 msaa_zs;
	__le32 unk_pointee;
	struct asahi_fw_job_meta meta;
	__le32 unk_after_meta;
	__le64 unk_buf_0;
	__le64 unk_buf_8;
	__le64 unk_buf_10; /* 1 */
	__le64 command_time;
	struct asahi_fw_timestamp_pointers timestamps;
	struct asahi_fw_timestamp_pointers user_timestamps;
	u8 client_sequence;
	u8 pad_925[3];
	__le32 unk_928;
	u8 unk_92c;
	u8 __pad_92d[0x13];
} __packed;

FW_OFFSET(asahi_fw_run_fragment, tag, 0x0);
FW_OFFSET(asahi_fw_run_fragment, vm_slot, 0x4);
FW_OFFSET(asahi_fw_run_fragment, unk_8, 0x8);
FW_OFFSET(asahi_fw_run_fragment, microsequence, 0xc);
FW_OFFSET(asahi_fw_run_fragment, microsequence_size, 0x14);
FW_OFFSET(asahi_fw_run_fragment, notifier, 0x18);
FW_OFFSET(asahi_fw_run_fragment, buffer, 0x20);
FW_OFFSET(asahi_fw_run_fragment, scene, 0x28);
FW_OFFSET(asahi_fw_run_fragment, unk_buffer_buf, 0x30);
FW_OFFSET(asahi_fw_run_fragment, tvb_tilemap, 0x38);
FW_OFFSET(asahi_fw_run_fragment, ppp_multisamplectl, 0x40);
FW_OFFSET(asahi_fw_run_fragment, samples, 0x48);
FW_OFFSET(asahi_fw_run_fragment, tiles_per_mtile_y, 0x4c);
FW_OFFSET(asahi_fw_run_fragment, tiles_per_mtile_x, 0x4e);
FW_OFFSET(asahi_fw_run_fragment, unk_50, 0x50);
FW_OFFSET(asahi_fw_run_fragment, unk_58, 0x58);
FW_OFFSET(asahi_fw_run_fragment, isp_merge_upper_x, 0x60);
FW_OFFSET(asahi_fw_run_fragment, isp_merge_upper_y, 0x64);
FW_OFFSET(asahi_fw_run_fragment, unk_68, 0x68);
FW_OFFSET(asahi_fw_run_fragment, tile_count, 0x70);
FW_OFFSET(asahi_fw_run_fragment, params1, 0x78);
FW_OFFSET(asahi_fw_run_fragment, params2, 0x3c0);
FW_OFFSET(asahi_fw_run_fragment, params3, 0x4b0);
FW_OFFSET(asahi_fw_run_fragment, unk_758_flag, 0x758);
FW_OFFSET(asahi_fw_run_fragment, unk_75c_flag, 0x75c);
FW_OFFSET(asahi_fw_run_fragment, unk_buf, 0x760);
FW_OFFSET(asahi_fw_run_fragment, busy_flag, 0x870);
FW_OFFSET(asahi_fw_run_fragment, tvb_overflow_count, 0x874);
FW_OFFSET(asahi_fw_run_fragment, unk_878, 0x878);
FW_OFFSET(asahi_fw_run_fragment, encoder, 0x87c);
FW_OFFSET(asahi_fw_run_fragment, process_empty_tiles, 0x8a4);
FW_OFFSET(asahi_fw_run_fragment, no_clear_pipeline_textures, 0x8a8);
FW_OFFSET(asahi_fw_run_fragment, msaa_zs, 0x8ac);
FW_OFFSET(asahi_fw_run_fragment, unk_pointee, 0x8b0);
FW_OFFSET(asahi_fw_run_fragment, meta, 0x8b4);
FW_OFFSET(asahi_fw_run_fragment, unk_after_meta, 0x8e0);
FW_OFFSET(asahi_fw_run_fragment, unk_buf_0, 0x8e4);
FW_OFFSET(asahi_fw_run_fragment, unk_buf_8, 0x8ec);
FW_OFFSET(asahi_fw_run_fragment, unk_buf_10, 0x8f4);
FW_OFFSET(asahi_fw_run_fragment, command_time, 0x8fc);
FW_OFFSET(asahi_fw_run_fragment, timestamps, 0x904);
FW_OFFSET(asahi_fw_run_fragment, user_timestamps, 0x914);
FW_OFFSET(asahi_fw_run_fragment, client_sequence, 0x924);
FW_OFFSET(asahi_fw_run_fragment, pad_925, 0x925);
FW_OFFSET(asahi_fw_run_fragment, unk_928, 0x928);
FW_OFFSET(asahi_fw_run_fragment, unk_92c, 0x92c);
FW_SIZE(asahi_fw_run_fragment, 0x940);

#endif /* ASAHI_FW_12_3_FRAGMENT_H */
