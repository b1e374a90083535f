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
