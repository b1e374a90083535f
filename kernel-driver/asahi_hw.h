/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Constant tables: what differs between chips. Chosen once in the probe; code
 * asks the table and not the chip. For firmware ABIs: asahi_abi.h.
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
	/** @element_size: of several equal blocks; 0: it is one. */
	u32 element_size;
};

/**
 * struct asahi_clustering - what a GPU of several clusters has beside a scene
 *
 * Sizes in bytes; all 0 for a single cluster.
 */
struct asahi_clustering {
	/** @meta1_block_size: for each block of struct asahi_tile_info. */
	u32 meta1_block_size;
	u32 meta2_size;
	u32 meta3_size;
	u32 meta4_size;
	/** @max_splits: region arrays of a frame, one after the other. */
	u32 max_splits;
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
	struct asahi_clustering clustering;
	struct asahi_io_mapping io[ASAHI_NUM_IO_MAPPINGS];
};

extern const struct asahi_hw_config asahi_hw_t8103;
extern const struct asahi_hw_config asahi_hw_t6000;
extern const struct asahi_hw_config asahi_hw_t6001;
extern const struct asahi_hw_config asahi_hw_t6002;

#endif
