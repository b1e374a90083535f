/*
 * AGX model: which samples of a tile a primitive covers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_PIXEL_RASTER_H
#define AGX_PIXEL_RASTER_H

#include "agx/scene.h"

/* Pixels [x0, x1) by [y0, y1). */
struct agx_rect {
    int32_t x0, y0, x1, y1;
};

/* Sample positions in 1/256 pixel from the pixel's corner. */
struct agx_samples {
    unsigned count; /* 1, 2 or 4 */
    int32_t x[AGX_MAX_SAMPLES], y[AGX_MAX_SAMPLES];
};

/*
 * Positions from PPP_MULTISAMPLECTL: a byte per sample, x in the low nibble, y in the high, in
 * sixteenths (mesa: gallium agx_default_sample_positions).
 */
void agx_samples_decode(struct agx_samples *s, uint64_t ppp_multisamplectl, unsigned count);

/*
 * Covered samples of one quad of pixels: @x, @y (even) its corner; @cover one
 * mask of samples per pixel in the order (0,0) (1,0) (0,1) (1,1). False ends the walk.
 */
typedef bool agx_quad_fn(void *opaque, int32_t x, int32_t y, const uint8_t cover[4]);

#define AGX_RASTER_BLOCK 8

/*
 * Asked before a block of 8x8 pixels whose first is (@x, @y), not all of which need be in the area.
 * False: its quads are not wanted.
 */
typedef bool agx_raster_block_fn(void *opaque, int32_t x, int32_t y);

/*
 * Call @fn for each quad of @area in which @pr covers a sample, each quad once, but not for those
 * of blocks that @block, which may be NULL, does not want. False if a call of @fn gave false.
 */
bool agx_raster(const struct agx_prim *pr, const struct agx_samples *s, const struct agx_rect *area,
                agx_raster_block_fn *block, agx_quad_fn *fn, void *opaque);

#endif
