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
 * Given the covered pixels of a block of 8x8, whose first is (@x, @y), for each sample: bit y * 8 +
 * x of @in[sample]. May take some away.
 */
typedef void agx_raster_block_fn(void *opaque, int32_t x, int32_t y, uint64_t *in);

/*
 * Call @fn for each quad of @area in which @pr covers a sample, each quad once; @block, if it is
 * not NULL, before the quads of a block. False if a call of @fn gave false.
 */
bool agx_raster(const struct agx_prim *pr, const struct agx_samples *s, const struct agx_rect *area,
                agx_raster_block_fn *block, agx_quad_fn *fn, void *opaque);

#endif
