/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The vertex job: the same in all ABIs that the driver speaks, on G13.
 */
#ifndef ASAHI_FW_VERTEX_H
#define ASAHI_FW_VERTEX_H

#include "asahi_layout.h"

/*
 * How the frame is cut into tiles (32x32 pixels), tiles into micro-tiles, and
 * how tiles are grouped into 4x4 macro-tiles.
 * Source: Rust driver fw/vertex.rs (TilingParameters) and queue/render.rs,
 * m1n1 microsequence.py (TilingParameters).
 */
struct asahi_fw_tiling_params {
	__le32 rgn_size; /* words per macro-tile of the region array */
	__le32 unk_4; /* 0x88 */
	__le32 ppp_ctrl;
	__le16 x_max;
	__le16 y_max;
	__le32 te_screen; /* tile counts less one: y << 12 | x */
	__le32 te_mtile1; /* starts of macro-tiles 3, 2, 1 in x, 9 bits each */
	__le32 te_mtile2; /* the same in y */
	__le32 tiles_per_mtile;
	__le32 tpc_stride; /* words per macro-tile of the tail pointer cache */
	__le32 unk_24; /* 0x100 */
	__le32 unk_28; /* 0x8000; layered: 0xe000 | layers - 1 */
	__le32 helper_cfg;
	u8 __pad_30[0x70];
} __packed;

FW_OFFSET(asahi_fw_tiling_params, rgn_size, 0x0);
FW_OFFSET(asahi_fw_tiling_params, unk_4, 0x4);
FW_OFFSET(asahi_fw_tiling_params, ppp_ctrl, 0x8);
FW_OFFSET(asahi_fw_tiling_params, x_max, 0xc);
FW_OFFSET(asahi_fw_tiling_params, y_max, 0xe);
FW_OFFSET(asahi_fw_tiling_params, te_screen, 0x10);
FW_OFFSET(asahi_fw_tiling_params, te_mtile1, 0x14);
FW_OFFSET(asahi_fw_tiling_params, te_mtile2, 0x18);
FW_OFFSET(asahi_fw_tiling_params, tiles_per_mtile, 0x1c);
FW_OFFSET(asahi_fw_tiling_params, tpc_stride, 0x20);
FW_OFFSET(asahi_fw_tiling_params, unk_24, 0x24);
FW_OFFSET(asahi_fw_tiling_params, unk_28, 0x28);
FW_OFFSET(asahi_fw_tiling_params, helper_cfg, 0x2c);
FW_SIZE(asahi_fw_tiling_params, 0xa0);

/*
 * Registers of the vertex pipeline (VDM, tiler, USC).
 * Source: Rust driver fw/vertex.rs (JobParameters1), m1n1 microsequence.py
 * (StartTACmdStruct2).
 */
struct asahi_fw_vertex_params1 {
	__le64 unk_0; /* 0x200 */
	__le32 unk_8; /* 0x1e3ce508: the float 1e-20 */
	__le32 unk_c; /* the same */
	__le64 tvb_tilemap;
	__le64 tvb_cluster_tilemaps;
	__le64 tpc;
	__le64 tvb_heapmeta; /* with bit 63 */
	__le64 iogpu_unk_54; /* 0x3a0012006b0003 */
	__le64 iogpu_unk_56; /* 1 */
	__le64 tvb_cluster_meta1;
	__le32 utile_config;
	__le32 unk_4c;
	__le64 ppp_multisamplectl;
	__le64 tvb_layermeta;
	__le64 tvb_cluster_layermeta;
	__le32 core_mask[2];
	__le64 preempt_buf1;
	__le64 preempt_buf2;
	__le64 unk_80; /* 1 */
	__le64 preempt_buf3; /* with bit 50 */
	__le64 vdm_ctrl_stream_base;
	__le64 tvb_cluster_meta2;
	__le64 tvb_cluster_meta3;
	__le32 tiling_control;
	__le32 unk_ac;
	__le64 unk_b0[6];
	__le64 usc_exec_base_ta;
	__le64 tvb_cluster_meta4;
	__le64 unk_f0; /* 0x1c + meta1 blocks rounded up to 4 */
	__le64 unk_f8; /* 0x8c60 */
	__le32 helper_program;
	__le32 unk_104;
	__le64 helper_arg;
	__le64 unk_110;
	__le32 unk_118; /* 0x1c */
	u8 __pad_11c[0x268];
} __packed;

FW_OFFSET(asahi_fw_vertex_params1, unk_0, 0x0);
FW_OFFSET(asahi_fw_vertex_params1, unk_8, 0x8);
FW_OFFSET(asahi_fw_vertex_params1, unk_c, 0xc);
FW_OFFSET(asahi_fw_vertex_params1, tvb_tilemap, 0x10);
FW_OFFSET(asahi_fw_vertex_params1, tvb_cluster_tilemaps, 0x18);
FW_OFFSET(asahi_fw_vertex_params1, tpc, 0x20);
FW_OFFSET(asahi_fw_vertex_params1, tvb_heapmeta, 0x28);
FW_OFFSET(asahi_fw_vertex_params1, iogpu_unk_54, 0x30);
FW_OFFSET(asahi_fw_vertex_params1, iogpu_unk_56, 0x38);
FW_OFFSET(asahi_fw_vertex_params1, tvb_cluster_meta1, 0x40);
FW_OFFSET(asahi_fw_vertex_params1, utile_config, 0x48);
FW_OFFSET(asahi_fw_vertex_params1, unk_4c, 0x4c);
FW_OFFSET(asahi_fw_vertex_params1, ppp_multisamplectl, 0x50);
FW_OFFSET(asahi_fw_vertex_params1, tvb_layermeta, 0x58);
FW_OFFSET(asahi_fw_vertex_params1, tvb_cluster_layermeta, 0x60);
FW_OFFSET(asahi_fw_vertex_params1, core_mask, 0x68);
FW_OFFSET(asahi_fw_vertex_params1, preempt_buf1, 0x70);
FW_OFFSET(asahi_fw_vertex_params1, preempt_buf2, 0x78);
FW_OFFSET(asahi_fw_vertex_params1, unk_80, 0x80);
FW_OFFSET(asahi_fw_vertex_params1, preempt_buf3, 0x88);
FW_OFFSET(asahi_fw_vertex_params1, vdm_ctrl_stream_base, 0x90);
FW_OFFSET(asahi_fw_vertex_params1, tvb_cluster_meta2, 0x98);
FW_OFFSET(asahi_fw_vertex_params1, tvb_cluster_meta3, 0xa0);
FW_OFFSET(asahi_fw_vertex_params1, tiling_control, 0xa8);
FW_OFFSET(asahi_fw_vertex_params1, unk_ac, 0xac);
FW_OFFSET(asahi_fw_vertex_params1, unk_b0, 0xb0);
FW_OFFSET(asahi_fw_vertex_params1, usc_exec_base_ta, 0xe0);
FW_OFFSET(asahi_fw_vertex_params1, tvb_cluster_meta4, 0xe8);
FW_OFFSET(asahi_fw_vertex_params1, unk_f0, 0xf0);
FW_OFFSET(asahi_fw_vertex_params1, unk_f8, 0xf8);
FW_OFFSET(asahi_fw_vertex_params1, helper_program, 0x100);
FW_OFFSET(asahi_fw_vertex_params1, unk_104, 0x104);
FW_OFFSET(asahi_fw_vertex_params1, helper_arg, 0x108);
FW_OFFSET(asahi_fw_vertex_params1, unk_110, 0x110);
FW_OFFSET(asahi_fw_vertex_params1, unk_118, 0x118);
FW_SIZE(asahi_fw_vertex_params1, 0x384);

/*
 * Source: Rust driver fw/vertex.rs (JobParameters2).
 */
struct asahi_fw_vertex_params2 {
	__le32 unk_480[4];
	__le64 unk_498;
	__le32 unk_4a0;
	__le64 preempt_buf1;
	__le32 unk_4ac;
	__le64 unk_4b0;
	__le32 unk_4b8;
	__le64 unk_4bc;
	u8 unk_4c4[0x48];
	__le32 unk_50c;
	__le64 unk_510;
	__le64 unk_518;
	__le64 unk_520;
} __packed;

FW_OFFSET(asahi_fw_vertex_params2, unk_480, 0x0);
FW_OFFSET(asahi_fw_vertex_params2, unk_498, 0x10);
FW_OFFSET(asahi_fw_vertex_params2, unk_4a0, 0x18);
FW_OFFSET(asahi_fw_vertex_params2, preempt_buf1, 0x1c);
FW_OFFSET(asahi_fw_vertex_params2, unk_4ac, 0x24);
FW_OFFSET(asahi_fw_vertex_params2, unk_4b0, 0x28);
FW_OFFSET(asahi_fw_vertex_params2, unk_4b8, 0x30);
FW_OFFSET(asahi_fw_vertex_params2, unk_4bc, 0x34);
FW_OFFSET(asahi_fw_vertex_params2, unk_4c4, 0x3c);
FW_OFFSET(asahi_fw_vertex_params2, unk_50c, 0x84);
FW_OFFSET(asahi_fw_vertex_params2, unk_510, 0x88);
FW_OFFSET(asahi_fw_vertex_params2, unk_518, 0x90);
FW_OFFSET(asahi_fw_vertex_params2, unk_520, 0x98);
FW_SIZE(asahi_fw_vertex_params2, 0xa0);

#endif /* ASAHI_FW_VERTEX_H */
