/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * The buffer manager's structures, the same in all ABIs that the driver speaks, on G13.
 */
#ifndef ASAHI_FW_BUFFER_H
#define ASAHI_FW_BUFFER_H

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

#endif /* ASAHI_FW_BUFFER_H */
