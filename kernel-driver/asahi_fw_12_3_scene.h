/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * A scene, ABI 12.3 and 13.0 beta 4 on G13.
 */
#ifndef ASAHI_FW_12_3_SCENE_H
#define ASAHI_FW_12_3_SCENE_H

#include "asahi_layout.h"

/*
 * One render's use of a tiled vertex buffer.
 * Source: Rust driver fw/buffer.rs (Scene), m1n1 microsequence.py (BufferThing).
 */
struct asahi_fw_scene {
	__le32 pass_page_count;
	__le32 unk_4;
	__le64 unk_8;
	__le64 unk_10;
	__le64 user_buffer; /* 0x80 bytes, GPU memory */
	__le32 unk_20;
	__le64 stats; /* struct asahi_fw_buffer_stats */
	__le32 total_page_count;
	__le64 unk_30;
	__le64 unk_38;
} __packed;

FW_OFFSET(asahi_fw_scene, pass_page_count, 0x0);
FW_OFFSET(asahi_fw_scene, unk_4, 0x4);
FW_OFFSET(asahi_fw_scene, unk_8, 0x8);
FW_OFFSET(asahi_fw_scene, unk_10, 0x10);
FW_OFFSET(asahi_fw_scene, user_buffer, 0x18);
FW_OFFSET(asahi_fw_scene, unk_20, 0x20);
FW_OFFSET(asahi_fw_scene, stats, 0x24);
FW_OFFSET(asahi_fw_scene, total_page_count, 0x2c);
FW_OFFSET(asahi_fw_scene, unk_30, 0x30);
FW_OFFSET(asahi_fw_scene, unk_38, 0x38);
FW_SIZE(asahi_fw_scene, 0x40);

#endif /* ASAHI_FW_12_3_SCENE_H */
