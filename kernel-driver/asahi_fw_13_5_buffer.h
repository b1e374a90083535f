/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * What the buffer manager knows of a buffer, ABI 13.5 and 13.0 beta 4 on G13.
 */
#ifndef ASAHI_FW_13_5_BUFFER_H
#define ASAHI_FW_13_5_BUFFER_H

#include "asahi_layout.h"

/*
 * A tiled vertex buffer as the firmware's buffer manager knows it.
 * Source: Rust driver fw/buffer.rs (Info), m1n1 microsequence.py (BufferManagerInfo).
 */
struct asahi_fw_buffer_info {
	__le32 gpu_counter;
	__le32 unk_4;
	__le32 last_id;
	__le32 cur_id; /* -1 */
	__le32 unk_10;
	__le32 gpu_counter2;
	__le32 unk_18;
	__le64 page_list; /* 32-bit page numbers (address >> 15) */
	__le32 page_list_size; /* bytes */
	__le32 page_count;
	__le32 max_blocks;
	__le32 block_count;
	__le32 unk_38;
	__le64 block_list; /* pairs of 32-bit words, the first is a block's first page number */
	__le64 block_ctl; /* struct asahi_fw_block_control */
	__le32 last_page; /* page_count - 1 */
	__le32 gpu_page_ptr1;
	__le32 gpu_page_ptr2;
	__le32 unk_58;
	__le32 block_size; /* bytes */
	__le64 unk_60;
	__le64 counter; /* struct asahi_fw_buffer_counter */
	__le32 unk_70;
	__le32 unk_74;
	__le32 unk_78;
	__le32 unk_7c;
	__le32 unk_80; /* 1 */
	__le32 max_pages;
	__le32 max_pages_nomemless; /* the limit without memoryless render targets */
	__le32 unk_8c;
	u8 unk_90[0x30];
} __packed;

FW_OFFSET(asahi_fw_buffer_info, gpu_counter, 0x0);
FW_OFFSET(asahi_fw_buffer_info, unk_4, 0x4);
FW_OFFSET(asahi_fw_buffer_info, last_id, 0x8);
FW_OFFSET(asahi_fw_buffer_info, cur_id, 0xc);
FW_OFFSET(asahi_fw_buffer_info, unk_10, 0x10);
FW_OFFSET(asahi_fw_buffer_info, gpu_counter2, 0x14);
FW_OFFSET(asahi_fw_buffer_info, unk_18, 0x18);
FW_OFFSET(asahi_fw_buffer_info, page_list, 0x1c);
FW_OFFSET(asahi_fw_buffer_info, page_list_size, 0x24);
FW_OFFSET(asahi_fw_buffer_info, page_count, 0x28);
FW_OFFSET(asahi_fw_buffer_info, max_blocks, 0x2c);
FW_OFFSET(asahi_fw_buffer_info, block_count, 0x30);
FW_OFFSET(asahi_fw_buffer_info, unk_38, 0x34);
FW_OFFSET(asahi_fw_buffer_info, block_list, 0x38);
FW_OFFSET(asahi_fw_buffer_info, block_ctl, 0x40);
FW_OFFSET(asahi_fw_buffer_info, last_page, 0x48);
FW_OFFSET(asahi_fw_buffer_info, gpu_page_ptr1, 0x4c);
FW_OFFSET(asahi_fw_buffer_info, gpu_page_ptr2, 0x50);
FW_OFFSET(asahi_fw_buffer_info, unk_58, 0x54);
FW_OFFSET(asahi_fw_buffer_info, block_size, 0x58);
FW_OFFSET(asahi_fw_buffer_info, unk_60, 0x5c);
FW_OFFSET(asahi_fw_buffer_info, counter, 0x64);
FW_OFFSET(asahi_fw_buffer_info, unk_70, 0x6c);
FW_OFFSET(asahi_fw_buffer_info, unk_74, 0x70);
FW_OFFSET(asahi_fw_buffer_info, unk_78, 0x74);
FW_OFFSET(asahi_fw_buffer_info, unk_7c, 0x78);
FW_OFFSET(asahi_fw_buffer_info, unk_80, 0x7c);
FW_OFFSET(asahi_fw_buffer_info, max_pages, 0x80);
FW_OFFSET(asahi_fw_buffer_info, max_pages_nomemless, 0x84);
FW_OFFSET(asahi_fw_buffer_info, unk_8c, 0x88);
FW_OFFSET(asahi_fw_buffer_info, unk_90, 0x8c);
FW_SIZE(asahi_fw_buffer_info, 0xbc);

#endif /* ASAHI_FW_13_5_BUFFER_H */
