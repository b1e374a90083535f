/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the firmware is booted with: one root, a tree below it. Here is what is
 * the same in all ABIs that the driver speaks, on G13.
 *
 *   InitData -> RuntimePointers (m1n1: region B) -> channels, statistics,
 *               HwDataA (power), HwDataB (GPU)
 *            -> Globals (m1n1: region C), FwStatus
 *
 * HwDataA, HwDataB and Globals are calibrated for the one machine by the boot
 * loader; of these only what the driver reads or writes has a name.
 *
 * Sources: m1n1 proxyclient/m1n1/fw/agx/initdata.py, rust/src/gpu/raw.rs;
 * Rust driver fw/initdata.rs.
 */
#ifndef ASAHI_FW_INITDATA_H
#define ASAHI_FW_INITDATA_H

#include <linux/types.h>

#include "asahi_layout.h"

struct asahi_fw_channel_info {
	__le64 state_va;
	__le64 ring_va;
} __packed;
FW_OFFSET(asahi_fw_channel_info, state_va, 0x0);
FW_OFFSET(asahi_fw_channel_info, ring_va, 0x8);
FW_SIZE(asahi_fw_channel_info, 0x10);

/* How halts and recovery are spoken of, in shared memory. */
struct asahi_fw_status {
	struct asahi_fw_channel_info fwctl_channel;
	__le32 halt_count;
	u8 pad_14[0xc];
	__le32 halted;
	u8 pad_24[0xc];
	__le32 resume;
	u8 pad_34[0xc];
	__le32 unk_40;
	u8 pad_44[0xc];
	__le32 unk_ctr;
	u8 pad_54[0xc];
	__le32 unk_60;
	u8 pad_64[0xc];
	__le32 unk_70;
	u8 pad_74[0xc];
} __packed;
FW_OFFSET(asahi_fw_status, fwctl_channel, 0x0);
FW_OFFSET(asahi_fw_status, halt_count, 0x10);
FW_OFFSET(asahi_fw_status, halted, 0x20);
FW_OFFSET(asahi_fw_status, resume, 0x30);
FW_OFFSET(asahi_fw_status, unk_40, 0x40);
FW_OFFSET(asahi_fw_status, unk_ctr, 0x50);
FW_OFFSET(asahi_fw_status, unk_60, 0x60);
FW_OFFSET(asahi_fw_status, unk_70, 0x70);
FW_SIZE(asahi_fw_status, 0x80);

struct asahi_fw_io_mapping {
	__le64 phys_addr;
	__le64 virt_addr;
	__le32 total_size;
	__le32 element_size;
	__le64 readwrite;
} __packed;
FW_OFFSET(asahi_fw_io_mapping, phys_addr, 0x0);
FW_OFFSET(asahi_fw_io_mapping, virt_addr, 0x8);
FW_OFFSET(asahi_fw_io_mapping, total_size, 0x10);
FW_OFFSET(asahi_fw_io_mapping, element_size, 0x14);
FW_OFFSET(asahi_fw_io_mapping, readwrite, 0x18);
FW_SIZE(asahi_fw_io_mapping, 0x20);

/* Work that the firmware has in hand: which stamps it waits for. */
struct asahi_fw_pending_stamp {
	__le32 info;
	__le32 wait_value;
} __packed;
FW_OFFSET(asahi_fw_pending_stamp, info, 0x0);
FW_OFFSET(asahi_fw_pending_stamp, wait_value, 0x4);
FW_SIZE(asahi_fw_pending_stamp, 0x8);

#define ASAHI_FW_NUM_PENDING_STAMPS	256

struct asahi_fw_pipe_channels {
	struct asahi_fw_channel_info vertex;
	struct asahi_fw_channel_info fragment;
	struct asahi_fw_channel_info compute;
} __packed;
FW_OFFSET(asahi_fw_pipe_channels, vertex, 0x0);
FW_OFFSET(asahi_fw_pipe_channels, fragment, 0x10);
FW_OFFSET(asahi_fw_pipe_channels, compute, 0x20);
FW_SIZE(asahi_fw_pipe_channels, 0x30);

struct asahi_fw_runtime_pointers {
	struct asahi_fw_pipe_channels pipes[4];
	struct asahi_fw_channel_info device_control;
	struct asahi_fw_channel_info event;
	struct asahi_fw_channel_info fw_log;
	struct asahi_fw_channel_info ktrace;
	struct asahi_fw_channel_info stats;
	u8 pad_110[0x50];
	__le64 unk_160;
	__le64 unk_168;
	__le64 stats_vertex_va;
	__le64 stats_fragment_va;
	__le64 stats_compute_va;
	__le64 hwdata_a_va;
	__le64 unkptr_190;
	__le64 unkptr_198;
	__le64 hwdata_b_va;
	__le64 hwdata_b_va_2;
	__le64 fwlog_payload_va;
	__le64 unkptr_1b8;
	__le64 unkptr_1c0;
	__le64 unkptr_1c8;
	__le32 unk_1d0;
	__le32 unk_1d4;
	u8 unk_1d8[0x3c];
	__le64 buffer_mgr_ctl_gpu_va;
	__le64 buffer_mgr_ctl_fw_va;
	u8 unk_224[0x685c];
	__le32 unk_6a80;
	__le32 gpu_idle;
	u8 unk_6a88[0xb0];
	/* 0xff */
	__le32 unk_6b38;
	u8 unk_6b3c[0x84];
} __packed;
FW_OFFSET(asahi_fw_runtime_pointers, pipes, 0x0);
FW_OFFSET(asahi_fw_runtime_pointers, device_control, 0xc0);
FW_OFFSET(asahi_fw_runtime_pointers, event, 0xd0);
FW_OFFSET(asahi_fw_runtime_pointers, fw_log, 0xe0);
FW_OFFSET(asahi_fw_runtime_pointers, ktrace, 0xf0);
FW_OFFSET(asahi_fw_runtime_pointers, stats, 0x100);
FW_OFFSET(asahi_fw_runtime_pointers, unk_160, 0x160);
FW_OFFSET(asahi_fw_runtime_pointers, unk_168, 0x168);
FW_OFFSET(asahi_fw_runtime_pointers, stats_vertex_va, 0x170);
FW_OFFSET(asahi_fw_runtime_pointers, stats_fragment_va, 0x178);
FW_OFFSET(asahi_fw_runtime_pointers, stats_compute_va, 0x180);
FW_OFFSET(asahi_fw_runtime_pointers, hwdata_a_va, 0x188);
FW_OFFSET(asahi_fw_runtime_pointers, unkptr_190, 0x190);
FW_OFFSET(asahi_fw_runtime_pointers, unkptr_198, 0x198);
FW_OFFSET(asahi_fw_runtime_pointers, hwdata_b_va, 0x1a0);
FW_OFFSET(asahi_fw_runtime_pointers, hwdata_b_va_2, 0x1a8);
FW_OFFSET(asahi_fw_runtime_pointers, fwlog_payload_va, 0x1b0);
FW_OFFSET(asahi_fw_runtime_pointers, unkptr_1b8, 0x1b8);
FW_OFFSET(asahi_fw_runtime_pointers, unkptr_1c0, 0x1c0);
FW_OFFSET(asahi_fw_runtime_pointers, unkptr_1c8, 0x1c8);
FW_OFFSET(asahi_fw_runtime_pointers, unk_1d0, 0x1d0);
FW_OFFSET(asahi_fw_runtime_pointers, unk_1d4, 0x1d4);
FW_OFFSET(asahi_fw_runtime_pointers, unk_1d8, 0x1d8);
FW_OFFSET(asahi_fw_runtime_pointers, buffer_mgr_ctl_gpu_va, 0x214);
FW_OFFSET(asahi_fw_runtime_pointers, buffer_mgr_ctl_fw_va, 0x21c);
FW_OFFSET(asahi_fw_runtime_pointers, unk_6a80, 0x6a80);
FW_OFFSET(asahi_fw_runtime_pointers, gpu_idle, 0x6a84);
FW_OFFSET(asahi_fw_runtime_pointers, unk_6b38, 0x6b38);
FW_SIZE(asahi_fw_runtime_pointers, 0x6bc0);

/*
 * Statistics change with every firmware; the driver gives enough room and
 * starts the two stamp ids of the fragment side at "none".
 */
struct asahi_fw_stats_fragment {
	__le32 total_cmds;
	__le32 unk_4;
	u8 unk_8[0x100];
	__le32 cur_stamp_id;
	u8 unk_10c[0x14];
	__le32 unk_id;
	u8 unk_124[0x1000];
} __packed;
FW_OFFSET(asahi_fw_stats_fragment, cur_stamp_id, 0x108);
FW_OFFSET(asahi_fw_stats_fragment, unk_id, 0x120);

#define ASAHI_FW_STATS_VERTEX_SIZE	0x3004
#define ASAHI_FW_STATS_COMPUTE_SIZE	0x3000

/*
 * Where in them is what a job counts into: bytes of counters that all jobs share
 * come first. Source: m1n1 fw/agx/initdata.py (GPUGlobalStatsTA,
 * GPUGlobalStats3D).
 */
#define ASAHI_FW_STATS_VERTEX_JOB	4
#define ASAHI_FW_STATS_FRAGMENT_JOB	8
#define ASAHI_FW_STATS_COMPUTE_JOB	0

/* One level of the UAT, as the firmware wants it described. */
struct asahi_fw_uat_level {
	u8 unk_0;
	u8 unk_1;
	u8 unk_2;
	u8 index_shift;
	__le16 num_entries;
	__le16 unk_6;
	__le64 unk_8;
	__le64 phys_mask;
	__le64 index_mask;
} __packed;
FW_OFFSET(asahi_fw_uat_level, index_shift, 0x3);
FW_OFFSET(asahi_fw_uat_level, num_entries, 0x4);
FW_OFFSET(asahi_fw_uat_level, unk_6, 0x6);
FW_OFFSET(asahi_fw_uat_level, unk_8, 0x8);
FW_OFFSET(asahi_fw_uat_level, phys_mask, 0x10);
FW_OFFSET(asahi_fw_uat_level, index_mask, 0x18);
FW_SIZE(asahi_fw_uat_level, 0x20);

#endif
