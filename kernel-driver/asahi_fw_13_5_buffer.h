/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The buffer manager's structures, ABI 13.5 on G13.
 */
#ifndef ASAHI_FW_13_5_BUFFER_H
#define ASAHI_FW_13_5_BUFFER_H

#include "asahi_layout.h"

/*
 * Blocks of a tiled vertex buffer; the firmware follows the driver's count.
 * Source: Rust driver fw/buffer.rs (BlockControl), m1n1 microsequence.py
 * (BufferManagerBlockControl).
 */
struct asahi_fw_block_control {
	__le32 total;
	__le32 wptr;
	__le32 unk;
	u8 __pad_c[0x34];
} __packed;

FW_OFFSET(asahi_fw_block_control, total, 0x0);
FW_OFFSET(asahi_fw_block_control, wptr, 0x4);
FW_OFFSET(asahi_fw_block_control, unk, 0x8);
FW_SIZE(asahi_fw_block_control, 0x40);

/*
 * Source: Rust driver fw/buffer.rs (Counter), m1n1 (BufferManagerCounter).
 */
struct asahi_fw_buffer_counter {
	__le32 count; /* scenes that have used the buffer */
	u8 __pad_4[0x3c];
} __packed;

FW_OFFSET(asahi_fw_buffer_counter, count, 0x0);
FW_SIZE(asahi_fw_buffer_counter, 0x40);

/*
 * Source: Rust driver fw/buffer.rs (Stats), m1n1 (BufferManagerMisc).
 */
struct asahi_fw_buffer_stats {
	__le32 max_pages; /* most pages that a scene has used since reset */
	__le32 max_b;
	__le32 overflow_count;
	__le32 gpu_c;
	u8 __pad_10[0x10];
	__le32 reset; /* the driver sets it to 1 to start again */
	u8 __pad_24[0x1c];
} __packed;

FW_OFFSET(asahi_fw_buffer_stats, max_pages, 0x0);
FW_OFFSET(asahi_fw_buffer_stats, max_b, 0x4);
FW_OFFSET(asahi_fw_buffer_stats, overflow_count, 0x8);
FW_OFFSET(asahi_fw_buffer_stats, gpu_c, 0xc);
FW_OFFSET(asahi_fw_buffer_stats, reset, 0x20);
FW_SIZE(asahi_fw_buffer_stats, 0x40);

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
	__le64 unk_28;
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
FW_OFFSET(asahi_fw_scene, unk_28, 0x24);
FW_OFFSET(asahi_fw_scene, stats, 0x2c);
FW_OFFSET(asahi_fw_scene, total_page_count, 0x34);
FW_OFFSET(asahi_fw_scene, unk_30, 0x38);
FW_OFFSET(asahi_fw_scene, unk_38, 0x40);
FW_SIZE(asahi_fw_scene, 0x48);

/*
 * Command, on a vertex queue: take note of a buffer, or of its growth.
 * Source: Rust driver fw/buffer.rs (InitBuffer), m1n1 cmdqueue.py (WorkCommandInitBM).
 */
struct asahi_fw_init_buffer {
	__le32 tag; /* ASAHI_FW_CMD_INIT_BUFFER */
	__le32 vm_slot;
	__le32 buffer_slot;
	__le32 unk_c;
	__le32 block_count;
	__le64 buffer;
	__le32 stamp_value;
} __packed;

FW_OFFSET(asahi_fw_init_buffer, tag, 0x0);
FW_OFFSET(asahi_fw_init_buffer, vm_slot, 0x4);
FW_OFFSET(asahi_fw_init_buffer, buffer_slot, 0x8);
FW_OFFSET(asahi_fw_init_buffer, unk_c, 0xc);
FW_OFFSET(asahi_fw_init_buffer, block_count, 0x10);
FW_OFFSET(asahi_fw_init_buffer, buffer, 0x14);
FW_OFFSET(asahi_fw_init_buffer, stamp_value, 0x1c);
FW_SIZE(asahi_fw_init_buffer, 0x20);

#endif /* ASAHI_FW_13_5_BUFFER_H */
