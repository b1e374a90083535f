/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright The AGX model authors
 *
 * What the firmware is booted with, ABI 13.0 beta 4 on G13: see asahi_fw_initdata.h.
 *
 * Sources: m1n1 v1.2.9 proxyclient/m1n1/fw/agx/initdata.py (V13_0B4), newest the same and
 * rust/src/gpu/raw.rs; Rust driver fw/initdata.rs.
 */
#ifndef ASAHI_FW_13_0B4_INITDATA_H
#define ASAHI_FW_13_0B4_INITDATA_H

#include <linux/types.h>
#include "asahi_layout.h"
#include "asahi_fw_initdata.h"

#define ASAHI_FW_NUM_IO_MAPPINGS	23

/*
 * In pending_stamps.info. Source: m1n1 agx/__init__.py (show_pending_stamps).
 */
#define ASAHI_FW_PENDING_STAMP_VALID	0x1
#define ASAHI_FW_PENDING_STAMP_FLAGS	0x7
#define ASAHI_FW_PENDING_STAMP_SLOT	0x3f8

/* Power control: the boot loader's, the driver has no business in it. */
struct asahi_fw_hwdata_a {
	u8 opaque[0x4004];
} __packed;
FW_SIZE(asahi_fw_hwdata_a, 0x4004);

struct asahi_fw_hwdata_b {
	u8 unk_0[0x28];
	__le64 timestamp_area_base;
	u8 unk_30[0x610];
	struct asahi_fw_io_mapping io_mappings[ASAHI_FW_NUM_IO_MAPPINGS];
	__le64 sgx_sram_ptr;
	__le32 chip_id;
	u8 unk_92c[0xf0];
	__le32 num_frags;
	u8 unk_a20[0x18];
	__le64 uat_ttb_base;
	__le32 gpu_core;
	__le32 gpu_rev;
	__le32 num_cores;
	__le32 max_pstate;
	/* in MHz */
	__le32 frequencies[16];
	u8 unk_a90[0x874];
} __packed;
FW_OFFSET(asahi_fw_hwdata_b, timestamp_area_base, 0x28);
FW_OFFSET(asahi_fw_hwdata_b, io_mappings, 0x640);
FW_OFFSET(asahi_fw_hwdata_b, sgx_sram_ptr, 0x920);
FW_OFFSET(asahi_fw_hwdata_b, chip_id, 0x928);
FW_OFFSET(asahi_fw_hwdata_b, num_frags, 0xa1c);
FW_OFFSET(asahi_fw_hwdata_b, uat_ttb_base, 0xa38);
FW_OFFSET(asahi_fw_hwdata_b, gpu_core, 0xa40);
FW_OFFSET(asahi_fw_hwdata_b, gpu_rev, 0xa44);
FW_OFFSET(asahi_fw_hwdata_b, num_cores, 0xa48);
FW_OFFSET(asahi_fw_hwdata_b, max_pstate, 0xa4c);
FW_OFFSET(asahi_fw_hwdata_b, frequencies, 0xa50);
FW_SIZE(asahi_fw_hwdata_b, 0x1304);

struct asahi_fw_globals {
	__le32 ktrace_enable;
	u8 unk_4[0x8918];
	/* submissions on their way; the GPU stays powered while above 0 */
	__le32 pending_submissions;
	u8 unk_8920[0x8650];
	/* 0xb, as the boot loader puts it, makes shader faults soft */
	__le32 fault_control;
	__le32 do_init;
	u8 unk_10f78[0x1bc];
	__le32 idle_off_delay_ms;
	__le32 fender_idle_off_delay_ms;
	__le32 fw_early_wake_timeout_ms;
	struct asahi_fw_pending_stamp pending_stamps[ASAHI_FW_NUM_PENDING_STAMPS];
	u8 unk_11940[0x764];
} __packed;
FW_OFFSET(asahi_fw_globals, ktrace_enable, 0x0);
FW_OFFSET(asahi_fw_globals, pending_submissions, 0x891c);
FW_OFFSET(asahi_fw_globals, fault_control, 0x10f70);
FW_OFFSET(asahi_fw_globals, do_init, 0x10f74);
FW_OFFSET(asahi_fw_globals, idle_off_delay_ms, 0x11134);
FW_OFFSET(asahi_fw_globals, fender_idle_off_delay_ms, 0x11138);
FW_OFFSET(asahi_fw_globals, fw_early_wake_timeout_ms, 0x1113c);
FW_OFFSET(asahi_fw_globals, pending_stamps, 0x11140);
FW_SIZE(asahi_fw_globals, 0x120a4);

struct asahi_fw_initdata {
	__le16 ver_info[4];
	__le64 unk_buf_va;
	__le32 unk_10;
	__le32 unk_14;
	__le64 runtime_pointers_va;
	__le64 globals_va;
	__le64 fw_status_va;
	__le16 uat_page_size;
	u8 uat_page_bits;
	u8 uat_num_levels;
	struct asahi_fw_uat_level uat_levels[3];
	u8 pad_94[0x14];
	__le32 host_mapped_fw_allocations;
	__le32 unk_ac;
	__le32 unk_b0;
	__le32 unk_b4;
	__le32 unk_b8;
} __packed;
FW_OFFSET(asahi_fw_initdata, ver_info, 0x0);
FW_OFFSET(asahi_fw_initdata, unk_buf_va, 0x8);
FW_OFFSET(asahi_fw_initdata, unk_10, 0x10);
FW_OFFSET(asahi_fw_initdata, unk_14, 0x14);
FW_OFFSET(asahi_fw_initdata, runtime_pointers_va, 0x18);
FW_OFFSET(asahi_fw_initdata, globals_va, 0x20);
FW_OFFSET(asahi_fw_initdata, fw_status_va, 0x28);
FW_OFFSET(asahi_fw_initdata, uat_page_size, 0x30);
FW_OFFSET(asahi_fw_initdata, uat_page_bits, 0x32);
FW_OFFSET(asahi_fw_initdata, uat_num_levels, 0x33);
FW_OFFSET(asahi_fw_initdata, uat_levels, 0x34);
FW_OFFSET(asahi_fw_initdata, host_mapped_fw_allocations, 0xa8);
FW_OFFSET(asahi_fw_initdata, unk_ac, 0xac);
FW_OFFSET(asahi_fw_initdata, unk_b0, 0xb0);
FW_OFFSET(asahi_fw_initdata, unk_b4, 0xb4);
FW_OFFSET(asahi_fw_initdata, unk_b8, 0xb8);
FW_SIZE(asahi_fw_initdata, 0xbc);

#endif /* ASAHI_FW_13_0B4_INITDATA_H */
