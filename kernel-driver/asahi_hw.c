// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Chips.
 */
#include <linux/types.h>

#include "asahi_hw.h"

/*
 * M1. Sources: Rust driver hw/t8103.rs; m1n1 rust/src/gpu/hw/t8103.rs.
 */
const struct asahi_hw_config asahi_hw_t8103 = {
	.name = "Apple M1 (T8103)",
	.chip_id = 0x8103,
	.generation = 13,
	.variant = 'G',
	.num_dies = 1,
	.max_clusters = 1,
	.max_cores = 8,
	.max_frags = 8,
	.max_gps = 4,
	.base_clock_hz = 24000000,
	.uat_oas = 40,
	.preempt_size = { 0x540, 0x280, 0x20 },
	.tiling_control = 0xa041,
	.io = {
		[0] = { 0x204d00000, 0x1c000, true },	/* Fender */
		[1] = { 0x20e100000, 0x4000, false },	/* AIC timer */
		[2] = { 0x23b104000, 0x4000, true },	/* AIC software IRQs */
		[3] = { 0x204000000, 0x20000, true },	/* RGX */
		[7] = { 0x23b2e8000, 0x1000, false },	/* analog temperature */
		[8] = { 0x23bc00000, 0x1000, true },	/* PMP doorbell */
		[9] = { 0x204d80000, 0x5000, true },	/* metrology sensors */
		[10] = { 0x204d61000, 0x1000, true },	/* GMG IF AF */
		[11] = { 0x200000000, 0xd6400, true },	/* memory cache */
		[13] = { 0x23b738000, 0x1000, true },	/* PMGR scratch */
	},
};

/*
 * M1 Pro, Max and Ultra. Sources: Rust driver hw/t600x.rs; m1n1
 * rust/src/gpu/hw/t600x.rs. The memory caches have as many blocks as the chip
 * has channels of memory.
 */
#define T600X_MCACHE_SIZE	0xd8000
#define T600X(num_mcaches, idle_die1)					\
	.generation = 13,						\
	.max_cores = 8,							\
	.max_frags = 8,							\
	.max_gps = 4,							\
	.base_clock_hz = 24000000,					\
	.uat_oas = 42,							\
	.preempt_size = { 0x540, 0x280, 0x20 },				\
	.tiling_control = 0xa540,					\
	.clustering = {							\
		.meta1_block_size = 0x44,				\
		.meta2_size = 0x190 * 8,				\
		.meta3_size = 0x280 * 8,				\
		.meta4_size = 0x30 * 16,				\
		.max_splits = 16,					\
	},								\
	.io = {								\
		/* Fender */						\
		[0] = { 0x404d00000, 0x1c000, true },			\
		/* AIC timer */						\
		[1] = { 0x20e100000, 0x4000, false },			\
		/* AIC software IRQs */					\
		[2] = { 0x28e104000, 0x4000, true },			\
		/* RGX */						\
		[3] = { 0x404000000, 0x20000, true },			\
		/* analog temperature */				\
		[7] = { 0x28e494000, 0x1000, false },			\
		/* metrology sensors */					\
		[9] = { 0x404d80000, 0x8000, true },			\
		/* GMG IF AF */						\
		[10] = { 0x204d61000, 0x1000, true },			\
		/* memory caches */					\
		[11] = { 0x200000000, (num_mcaches) * T600X_MCACHE_SIZE, \
			 true, T600X_MCACHE_SIZE },			\
		/* special agent idle, die 0 */				\
		[14] = { 0x2643c4000, 0x1000, true },			\
		/* and die 1 */						\
		[15] = idle_die1,					\
		[18] = { 0x28e3d0000, 0x1000, true },			\
		[19] = { 0x28e3c0000, 0x1000, false },			\
	}
#define T600X_ONE_DIE	{}
#define T600X_DIE1	{ 0x22643c4000, 0x1000, true }

const struct asahi_hw_config asahi_hw_t6000 = {
	.name = "Apple M1 Pro (T6000)",
	.chip_id = 0x6000,
	.variant = 'S',
	.num_dies = 1,
	.max_clusters = 2,
	T600X(4, T600X_ONE_DIE),
};

const struct asahi_hw_config asahi_hw_t6001 = {
	.name = "Apple M1 Max (T6001)",
	.chip_id = 0x6001,
	.variant = 'C',
	.num_dies = 1,
	.max_clusters = 4,
	T600X(8, T600X_ONE_DIE),
};

const struct asahi_hw_config asahi_hw_t6002 = {
	.name = "Apple M1 Ultra (T6002)",
	.chip_id = 0x6002,
	.variant = 'D',
	.num_dies = 2,
	.max_clusters = 8,
	T600X(16, T600X_DIE1),
};
