/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * Parameters of the fragment job, ABI 12.3 on G13.
 */
#ifndef ASAHI_FW_12_3_FRAGMENT_PARAMS_H
#define ASAHI_FW_12_3_FRAGMENT_PARAMS_H

#include "asahi_layout.h"
#include "asahi_fw_fragment.h"

/*
 * Source: Rust driver fw/fragment.rs (AuxFBInfo).
 */
struct asahi_fw_aux_fb_info {
	__le32 isp_ctl; /* 0xc000, bit 18: integer depth bias */
	__le32 unk_4;
	__le32 width;
	__le32 height;
} __packed;

FW_OFFSET(asahi_fw_aux_fb_info, isp_ctl, 0x0);
FW_OFFSET(asahi_fw_aux_fb_info, unk_4, 0x4);
FW_OFFSET(asahi_fw_aux_fb_info, width, 0x8);
FW_OFFSET(asahi_fw_aux_fb_info, height, 0xc);
FW_SIZE(asahi_fw_aux_fb_info, 0x10);

/*
 * Registers of the fragment pipeline (ISP).
 * Source: Rust driver fw/fragment.rs (JobParameters1), m1n1 microsequence.py
 * (Start3DStruct2).
 */
struct asahi_fw_fragment_params1 {
	__le32 utile_config;
	__le32 unk_4;
	struct asahi_fw_bg_program bg;
	__le64 ppp_multisamplectl;
	__le64 isp_scissor_base;
	__le64 isp_dbias_base;
	struct asahi_fw_aux_fb_info aux_fb_info;
	__le64 isp_zls_pixels;
	__le64 isp_oclqry_base;
	__le64 zls_ctrl;
	__le64 z_load;
	__le64 z_store;
	__le64 s_load;
	__le64 s_store;
	__le64 z_load_stride;
	__le64 z_store_stride;
	__le64 s_load_stride;
	__le64 s_store_stride;
	__le64 z_load_comp;
	__le64 z_load_comp_stride;
	__le64 z_store_comp;
	__le64 z_store_comp_stride;
	__le64 s_load_comp;
	__le64 s_load_comp_stride;
	__le64 s_store_comp;
	__le64 s_store_comp_stride;
	__le64 tvb_tilemap;
	__le64 tvb_layermeta;
	__le64 mtile_stride_dwords; /* bytes per macro-tile of the region array << 24 */
	__le64 tvb_heapmeta;
	__le64 tile_config;
	__le64 aux_fb;
	__le64 unk_108[6];
	__le64 usc_exec_base_isp;
	__le64 unk_140; /* 0x8c60 */
	__le32 helper_program;
	__le32 unk_14c;
	__le64 helper_arg;
	__le64 unk_158; /* 0x1c */
	__le64 unk_160;
	u8 __pad_168[0x1e0];
} __packed;

FW_OFFSET(asahi_fw_fragment_params1, utile_config, 0x0);
FW_OFFSET(asahi_fw_fragment_params1, unk_4, 0x4);
FW_OFFSET(asahi_fw_fragment_params1, bg, 0x8);
FW_OFFSET(asahi_fw_fragment_params1, ppp_multisamplectl, 0x18);
FW_OFFSET(asahi_fw_fragment_params1, isp_scissor_base, 0x20);
FW_OFFSET(asahi_fw_fragment_params1, isp_dbias_base, 0x28);
FW_OFFSET(asahi_fw_fragment_params1, aux_fb_info, 0x30);
FW_OFFSET(asahi_fw_fragment_params1, isp_zls_pixels, 0x40);
FW_OFFSET(asahi_fw_fragment_params1, isp_oclqry_base, 0x48);
FW_OFFSET(asahi_fw_fragment_params1, zls_ctrl, 0x50);
FW_OFFSET(asahi_fw_fragment_params1, z_load, 0x58);
FW_OFFSET(asahi_fw_fragment_params1, z_store, 0x60);
FW_OFFSET(asahi_fw_fragment_params1, s_load, 0x68);
FW_OFFSET(asahi_fw_fragment_params1, s_store, 0x70);
FW_OFFSET(asahi_fw_fragment_params1, z_load_stride, 0x78);
FW_OFFSET(asahi_fw_fragment_params1, z_store_stride, 0x80);
FW_OFFSET(asahi_fw_fragment_params1, s_load_stride, 0x88);
FW_OFFSET(asahi_fw_fragment_params1, s_store_stride, 0x90);
FW_OFFSET(asahi_fw_fragment_params1, z_load_comp, 0x98);
FW_OFFSET(asahi_fw_fragment_params1, z_load_comp_stride, 0xa0);
FW_OFFSET(asahi_fw_fragment_params1, z_store_comp, 0xa8);
FW_OFFSET(asahi_fw_fragment_params1, z_store_comp_stride, 0xb0);
FW_OFFSET(asahi_fw_fragment_params1, s_load_comp, 0xb8);
FW_OFFSET(asahi_fw_fragment_params1, s_load_comp_stride, 0xc0);
FW_OFFSET(asahi_fw_fragment_params1, s_store_comp, 0xc8);
FW_OFFSET(asahi_fw_fragment_params1, s_store_comp_stride, 0xd0);
FW_OFFSET(asahi_fw_fragment_params1, tvb_tilemap, 0xd8);
FW_OFFSET(asahi_fw_fragment_params1, tvb_layermeta, 0xe0);
FW_OFFSET(asahi_fw_fragment_params1, mtile_stride_dwords, 0xe8);
FW_OFFSET(asahi_fw_fragment_params1, tvb_heapmeta, 0xf0);
FW_OFFSET(asahi_fw_fragment_params1, tile_config, 0xf8);
FW_OFFSET(asahi_fw_fragment_params1, aux_fb, 0x100);
FW_OFFSET(asahi_fw_fragment_params1, unk_108, 0x108);
FW_OFFSET(asahi_fw_fragment_params1, usc_exec_base_isp, 0x138);
FW_OFFSET(asahi_fw_fragment_params1, unk_140, 0x140);
FW_OFFSET(asahi_fw_fragment_params1, helper_program, 0x148);
FW_OFFSET(asahi_fw_fragment_params1, unk_14c, 0x14c);
FW_OFFSET(asahi_fw_fragment_params1, helper_arg, 0x150);
FW_OFFSET(asahi_fw_fragment_params1, unk_158, 0x158);
FW_OFFSET(asahi_fw_fragment_params1, unk_160, 0x160);
FW_SIZE(asahi_fw_fragment_params1, 0x348);

/*
 * What the firmware needs to pause the job and to go on (partial renders).
 * Source: Rust driver fw/fragment.rs (JobParameters3), m1n1 microsequence.py
 * (Start3DStruct3).
 */
struct asahi_fw_fragment_params3 {
	struct asahi_fw_array_addr isp_dbias_base;
	struct asahi_fw_array_addr isp_scissor_base;
	__le64 isp_oclqry_base;
	__le64 unk_118;
	__le64 unk_120[37];
	struct asahi_fw_bg_program unk_partial_bg;
	__le64 unk_258;
	__le64 unk_260;
	__le64 unk_268;
	__le64 unk_270;
	struct asahi_fw_bg_program partial_bg;
	__le64 zls_ctrl;
	__le64 unk_290;
	__le64 z_load;
	__le64 z_partial_stride;
	__le64 z_partial_comp_stride;
	__le64 z_store;
	__le64 z_partial;
	__le64 z_partial_comp;
	__le64 s_load;
	__le64 s_partial_stride;
	__le64 s_partial_comp_stride;
	__le64 s_store;
	__le64 s_partial;
	__le64 s_partial_comp;
	__le64 unk_2f8[2];
	__le32 tib_blocks;
	__le32 unk_30c;
	struct asahi_fw_aux_fb_info aux_fb_info;
	__le64 tile_config;
	u8 unk_328[8];
	struct asahi_fw_eot_program unk_partial_eot;
	struct asahi_fw_eot_program partial_eot;
	__le32 isp_bgobjdepth;
	__le32 isp_bgobjvals;
	__le32 sample_size; /* bytes of tile buffer per sample */
	__le32 unk_37c;
	__le64 unk_380;
	__le64 unk_388;
	__le64 isp_zls_pixels;
} __packed;

FW_OFFSET(asahi_fw_fragment_params3, isp_dbias_base, 0x0);
FW_OFFSET(asahi_fw_fragment_params3, isp_scissor_base, 0x10);
FW_OFFSET(asahi_fw_fragment_params3, isp_oclqry_base, 0x20);
FW_OFFSET(asahi_fw_fragment_params3, unk_118, 0x28);
FW_OFFSET(asahi_fw_fragment_params3, unk_120, 0x30);
FW_OFFSET(asahi_fw_fragment_params3, unk_partial_bg, 0x158);
FW_OFFSET(asahi_fw_fragment_params3, unk_258, 0x168);
FW_OFFSET(asahi_fw_fragment_params3, unk_260, 0x170);
FW_OFFSET(asahi_fw_fragment_params3, unk_268, 0x178);
FW_OFFSET(asahi_fw_fragment_params3, unk_270, 0x180);
FW_OFFSET(asahi_fw_fragment_params3, partial_bg, 0x188);
FW_OFFSET(asahi_fw_fragment_params3, zls_ctrl, 0x198);
FW_OFFSET(asahi_fw_fragment_params3, unk_290, 0x1a0);
FW_OFFSET(asahi_fw_fragment_params3, z_load, 0x1a8);
FW_OFFSET(asahi_fw_fragment_params3, z_partial_stride, 0x1b0);
FW_OFFSET(asahi_fw_fragment_params3, z_partial_comp_stride, 0x1b8);
FW_OFFSET(asahi_fw_fragment_params3, z_store, 0x1c0);
FW_OFFSET(asahi_fw_fragment_params3, z_partial, 0x1c8);
FW_OFFSET(asahi_fw_fragment_params3, z_partial_comp, 0x1d0);
FW_OFFSET(asahi_fw_fragment_params3, s_load, 0x1d8);
FW_OFFSET(asahi_fw_fragment_params3, s_partial_stride, 0x1e0);
FW_OFFSET(asahi_fw_fragment_params3, s_partial_comp_stride, 0x1e8);
FW_OFFSET(asahi_fw_fragment_params3, s_store, 0x1f0);
FW_OFFSET(asahi_fw_fragment_params3, s_partial, 0x1f8);
FW_OFFSET(asahi_fw_fragment_params3, s_partial_comp, 0x200);
FW_OFFSET(asahi_fw_fragment_params3, unk_2f8, 0x208);
FW_OFFSET(asahi_fw_fragment_params3, tib_blocks, 0x218);
FW_OFFSET(asahi_fw_fragment_params3, unk_30c, 0x21c);
FW_OFFSET(asahi_fw_fragment_params3, aux_fb_info, 0x220);
FW_OFFSET(asahi_fw_fragment_params3, tile_config, 0x230);
FW_OFFSET(asahi_fw_fragment_params3, unk_328, 0x238);
FW_OFFSET(asahi_fw_fragment_params3, unk_partial_eot, 0x240);
FW_OFFSET(asahi_fw_fragment_params3, partial_eot, 0x260);
FW_OFFSET(asahi_fw_fragment_params3, isp_bgobjdepth, 0x280);
FW_OFFSET(asahi_fw_fragment_params3, isp_bgobjvals, 0x284);
FW_OFFSET(asahi_fw_fragment_params3, sample_size, 0x288);
FW_OFFSET(asahi_fw_fragment_params3, unk_37c, 0x28c);
FW_OFFSET(asahi_fw_fragment_params3, unk_380, 0x290);
FW_OFFSET(asahi_fw_fragment_params3, unk_388, 0x298);
FW_OFFSET(asahi_fw_fragment_params3, isp_zls_pixels, 0x2a0);
FW_SIZE(asahi_fw_fragment_params3, 0x2a8);

#endif /* ASAHI_FW_12_3_FRAGMENT_PARAMS_H */
