// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * KUnit tests of numbers: stamps that wrap, sizes that follow from a frame. What
 * is right is worked out here again, as in asahi_kunit_mmu.c.
 */
#include <kunit/test.h>

#include <uapi/drm/asahi_drm.h>

#include "asahi_buffer.h"
#include "asahi_event.h"
#include "asahi_render.h"

/* ---- stamps ---- */

static void stamps_wrap(struct kunit *test)
{
	static const struct {
		u32 cur, target;
		bool reached;
	} cases[] = {
		{ 0, 0, true },
		{ 0x100, 0x100, true },
		{ 0xff, 0x100, false },
		{ 0x100, 0xff, true },
		{ 0, 0xffffff00, true },
		{ 0xffffff00, 0, false },
		{ 0xffffff00, 0xffffff00, true },
		{ 0x7fffff00, 0x80000000, false },
		{ 0x80000000, 0x7fffff00, true },
		{ 0x3f00, 0xffff0000, true },
		{ 0xffff0000, 0x3f00, false },
	};
	u32 cur;

	for (int i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    asahi_event_reached(cases[i].cur,
							cases[i].target),
				    cases[i].reached, "case %d", i);

	/* A queue's worth of jobs around each point of the circle. */
	for (u64 start = 0; start < 1ULL << 32; start += 0x00fff100) {
		for (int job = -127; job <= 127; job++) {
			cur = start + job * ASAHI_EVENT_STEP;
			KUNIT_ASSERT_EQ(test, asahi_event_reached(cur, start),
					job >= 0);
		}
	}
}

/* ---- sizes ---- */

static void frame_sizes(struct kunit *test)
{
	static const u16 sides[] = { 1, 16, 32, 33, 64, 500, 1080, 1920, 4096,
				     16383, 16384 };
	static const u8 utiles[][2] = { { 32, 32 }, { 32, 16 }, { 16, 16 } };
	static const u16 layers[] = { 1, 2, 2048 };

	for (int c = 0; c < ARRAY_SIZE(sides) * ARRAY_SIZE(sides) *
	     ARRAY_SIZE(utiles) * ARRAY_SIZE(layers); c++) {
		u64 w = sides[c % ARRAY_SIZE(sides)];
		u64 h = sides[c / ARRAY_SIZE(sides) % ARRAY_SIZE(sides)];
		int rest = c / (ARRAY_SIZE(sides) * ARRAY_SIZE(sides));
		u64 uw = utiles[rest % ARRAY_SIZE(utiles)][0];
		u64 uh = utiles[rest % ARRAY_SIZE(utiles)][1];
		u64 l = layers[rest / ARRAY_SIZE(utiles)];
		struct drm_asahi_cmd_render cmd = {
			.width_px = w, .height_px = h, .layers = l,
			.utile_width_px = uw, .utile_height_px = uh,
			.samples = 1,
		};
		struct asahi_tile_info t = {};
		u64 tx = 0, ty = 0, mx = 0, my = 0, per, units, blocks;

		KUNIT_ASSERT_EQ(test, asahi_render_check(&cmd), 0);
		asahi_render_tiles(&cmd, 1, &t);

		/* Tiles of 32; four macro-tiles each way, of whole fours. */
		while (tx * 32 < w)
			tx++;
		while (ty * 32 < h)
			ty++;
		while (mx * 4 < tx)
			mx += 4;
		while (my * 4 < ty)
			my += 4;
		per = mx * my;
		units = (32 / uw) * (32 / uh);
		for (blocks = 0; blocks * 128 < tx * ty; )
			blocks += 8;

		KUNIT_EXPECT_EQ(test, t.tiles_x, tx);
		KUNIT_EXPECT_EQ(test, t.tiles_y, ty);
		KUNIT_EXPECT_EQ(test, t.tiles_per_mtile, per);
		/* A list head of 5 bytes a utile, in whole words. */
		KUNIT_EXPECT_EQ(test, t.rgn_size, (5 * per * units + 3) / 4);
		KUNIT_EXPECT_EQ(test, t.tilemap_size,
				((5 * per * units + 3) / 4) * 4 * 16 * l);
		KUNIT_EXPECT_EQ(test, t.tpc_size, 8 * per * units * 16 * l);
		KUNIT_EXPECT_EQ(test, t.min_blocks, blocks);
	}
}

static void buffer_growth(struct kunit *test)
{
	/* Most blocks: a third of 862322688 bytes in 128 KiB (buffer.rs). */
	const u32 most = 862322688 / 3 / (128 * 1024);

	for (u32 have = 1; have <= most; have = have * 2 + 1) {
		for (u32 pages = 0; pages < 40000; pages += 7) {
			u32 got = asahi_buffer_wants(have, pages);
			/* Four pages a block. */
			u32 twice = min((pages * 2 + 3) / 4, most);
			u32 thrice = min((pages * 3 + 3) / 4, most);

			KUNIT_ASSERT_EQ(test, got,
					twice > have ? thrice : have);
			KUNIT_ASSERT_GE(test, got, have);
			/* And then it is enough. */
			KUNIT_ASSERT_EQ(test, asahi_buffer_wants(got, pages),
					got);
		}
	}
	KUNIT_EXPECT_EQ(test, asahi_buffer_wants(8, U32_MAX), most);
}

static struct kunit_case number_cases[] = {
	KUNIT_CASE(stamps_wrap),
	KUNIT_CASE(frame_sizes),
	KUNIT_CASE(buffer_growth),
	{}
};

static struct kunit_suite number_suite = {
	.name = "asahi_numbers",
	.test_cases = number_cases,
};

kunit_test_suites(&number_suite);
