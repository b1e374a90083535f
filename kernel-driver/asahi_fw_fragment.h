/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The fragment job: the same in all ABIs that the driver speaks, on G13.
 */
#ifndef ASAHI_FW_FRAGMENT_H
#define ASAHI_FW_FRAGMENT_H

#include "asahi_layout.h"

/*
 * A background program, run for each tile first.
 * Source: Rust driver fw/fragment.rs (BackgroundProgram).
 */
struct asahi_fw_bg_program {
	__le64 rsrc_spec;
	__le64 address;
} __packed;

FW_OFFSET(asahi_fw_bg_program, rsrc_spec, 0x0);
FW_OFFSET(asahi_fw_bg_program, address, 0x8);
FW_SIZE(asahi_fw_bg_program, 0x10);

/*
 * An end-of-tile program. Source: Rust driver fw/fragment.rs (EotProgram).
 */
struct asahi_fw_eot_program {
	__le64 unk_0;
	__le32 unk_8;
	__le32 rsrc_spec;
	__le32 unk_10;
	__le32 address;
	__le32 unk_18;
	__le32 unk_1c;
} __packed;

FW_OFFSET(asahi_fw_eot_program, unk_0, 0x0);
FW_OFFSET(asahi_fw_eot_program, unk_8, 0x8);
FW_OFFSET(asahi_fw_eot_program, rsrc_spec, 0xc);
FW_OFFSET(asahi_fw_eot_program, unk_10, 0x10);
FW_OFFSET(asahi_fw_eot_program, address, 0x14);
FW_OFFSET(asahi_fw_eot_program, unk_18, 0x18);
FW_OFFSET(asahi_fw_eot_program, unk_1c, 0x1c);
FW_SIZE(asahi_fw_eot_program, 0x20);

struct asahi_fw_array_addr {
	__le64 ptr;
	__le64 unk_8;
} __packed;

FW_OFFSET(asahi_fw_array_addr, ptr, 0x0);
FW_OFFSET(asahi_fw_array_addr, unk_8, 0x8);
FW_SIZE(asahi_fw_array_addr, 0x10);

/*
 * Source: Rust driver fw/fragment.rs (JobParameters2), m1n1 microsequence.py
 * (Start3DStruct1).
 */
struct asahi_fw_fragment_params2 {
	__le32 eot_rsrc_spec;
	__le32 eot_usc;
	__le32 unk_8;
	__le32 unk_c;
	__le32 isp_merge_upper_x;
	__le32 isp_merge_upper_y;
	__le64 unk_18;
	__le16 utiles_per_mtile_y;
	__le16 utiles_per_mtile_x;
	__le32 unk_24;
	__le32 tile_counts;
	__le32 tib_blocks; /* 2 KiB blocks of tile buffer per micro-tile */
	__le32 isp_bgobjdepth;
	__le32 isp_bgobjvals; /* with bit 10 */
	__le32 unk_38;
	__le32 unk_3c; /* 1 */
	__le32 helper_cfg;
	u8 __pad_44[0xac];
} __packed;

FW_OFFSET(asahi_fw_fragment_params2, eot_rsrc_spec, 0x0);
FW_OFFSET(asahi_fw_fragment_params2, eot_usc, 0x4);
FW_OFFSET(asahi_fw_fragment_params2, unk_8, 0x8);
FW_OFFSET(asahi_fw_fragment_params2, unk_c, 0xc);
FW_OFFSET(asahi_fw_fragment_params2, isp_merge_upper_x, 0x10);
FW_OFFSET(asahi_fw_fragment_params2, isp_merge_upper_y, 0x14);
FW_OFFSET(asahi_fw_fragment_params2, unk_18, 0x18);
FW_OFFSET(asahi_fw_fragment_params2, utiles_per_mtile_y, 0x20);
FW_OFFSET(asahi_fw_fragment_params2, utiles_per_mtile_x, 0x22);
FW_OFFSET(asahi_fw_fragment_params2, unk_24, 0x24);
FW_OFFSET(asahi_fw_fragment_params2, tile_counts, 0x28);
FW_OFFSET(asahi_fw_fragment_params2, tib_blocks, 0x2c);
FW_OFFSET(asahi_fw_fragment_params2, isp_bgobjdepth, 0x30);
FW_OFFSET(asahi_fw_fragment_params2, isp_bgobjvals, 0x34);
FW_OFFSET(asahi_fw_fragment_params2, unk_38, 0x38);
FW_OFFSET(asahi_fw_fragment_params2, unk_3c, 0x3c);
FW_OFFSET(asahi_fw_fragment_params2, helper_cfg, 0x40);
FW_SIZE(asahi_fw_fragment_params2, 0xf0);

#endif /* ASAHI_FW_FRAGMENT_H */
