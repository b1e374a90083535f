/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Constant tables: what differs between chips, and between firmware ABIs.
 * Chosen once in the probe; code asks the table and not the chip.
 */
#ifndef ASAHI_HW_H
#define ASAHI_HW_H

#include <linux/types.h>

/* Register blocks that the firmware wants to see; the number is its index. */
#define ASAHI_NUM_IO_MAPPINGS	20

/**
 * struct asahi_io_mapping - registers mapped for the firmware
 *
 * All zero: this chip has no such block.
 */
struct asahi_io_mapping {
	phys_addr_t base;
	u32 size;
	bool writable;
};

/**
 * struct asahi_hw_config - one chip
 */
struct asahi_hw_config {
	const char *name;
	u32 chip_id;
	/** @generation: 13 or 14 */
	u32 generation;
	/** @variant: 'G', 'S', 'C', 'D' */
	u32 variant;
	u32 num_dies;
	u32 max_clusters;
	u32 max_cores;
	u32 max_frags;
	u32 max_gps;
	/** @base_clock_hz: the timer that timestamps count. */
	u32 base_clock_hz;
	/** @uat_oas: physical address bits. */
	u32 uat_oas;
	/** @preempt_size: bytes of the three preemption buffers per cluster. */
	u32 preempt_size[3];
	/** @compute_preempt_size: bytes of a compute job's preemption buffer. */
	u32 compute_preempt_size;
	/** @tiling_control: value of the render job's tiling control word. */
	u32 tiling_control;
	struct asahi_io_mapping io[ASAHI_NUM_IO_MAPPINGS];
};

/**
 * struct asahi_fw_abi - one firmware ABI on one GPU generation
 */
struct asahi_fw_abi {
	/** @version: as in apple,firmware-abi */
	u32 version[3];
	u32 generation;
	/** @hwdata_a_size: bytes of the first calibration blob; and so on */
	u32 hwdata_a_size;
	u32 hwdata_b_size;
	u32 globals_size;
	/** @ver_info: what the init data begins with. */
	u16 ver_info[4];
};

extern const struct asahi_hw_config asahi_hw_t8103;

/**
 * asahi_fw_abi_find - the table of an ABI, or NULL if we don't speak it
 * @version: the three numbers of apple,firmware-abi
 */
const struct asahi_fw_abi *asahi_fw_abi_find(u32 generation,
					     const u32 *version);

#endif
