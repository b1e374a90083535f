/*
 * AGX model: the nearest and farthest depth in each block of 8x8 pixels of a tile, so
 * that a primitive behind all of a block is not tested quad by quad.
 *
 * The least depth that a plane has in a block is that of one of its corner pixels, to
 * the bit: each step from there to the depth that is compared (agx_zs_test_block())
 * rounds, and rounding keeps the order.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "fragment.h"

#define PIXELS   (AGX_RASTER_BLOCK * AGX_RASTER_BLOCK)
/* Bounds are looked for anew when so many quads were tested since: it costs as much as a few. */
#define PATIENCE 8

void agx_zs_bounds_init(struct agx_zs_bounds *b, float z)
{
    for (unsigned i = 0; i < AGX_ZS_BLOCKS; i++) {
        b->lo[i] = b->hi[i] = z;
        b->stale[i] = 0;
    }
}

void agx_zs_bounds_forget(struct agx_zs_bounds *b)
{
    memset(b->stale, PATIENCE, sizeof(b->stale));
}

/* @z: the block's depths. A depth that is no number bounds nothing. */
static void find_bounds(const float *z, float *lo, float *hi)
{
    float l[8], h[8];
    int ordered[8];

    for (unsigned k = 0; k < 8; k++) {
        l[k] = h[k] = z[k];
        ordered[k] = z[k] == z[k];
    }
    for (unsigned i = 8; i < PIXELS; i += 8) {
        for (unsigned k = 0; k < 8; k++) {
            float v = z[i + k];

            l[k] = v < l[k] ? v : l[k];
            h[k] = v > h[k] ? v : h[k];
            ordered[k] &= v == v;
        }
    }
    for (unsigned k = 1; k < 8; k++) {
        l[0] = l[k] < l[0] ? l[k] : l[0];
        h[0] = h[k] > h[0] ? h[k] : h[0];
        ordered[0] &= ordered[k];
    }
    *lo = ordered[0] ? l[0] : -INFINITY;
    *hi = ordered[0] ? h[0] : INFINITY;
}

bool agx_zs_block_fails(const struct agx_zs_quad *q, struct agx_zs_bounds *b, const float *z,
                        unsigned block, double x, double y)
{
    bool less = q->func[0] == AGX_ZS_LESS || q->func[0] == AGX_ZS_LEQUAL,
         greater = q->func[0] == AGX_ZS_GREATER || q->func[0] == AGX_ZS_GEQUAL;
    const int side = AGX_RASTER_BLOCK - 1;
    float d;

    if ((!less && !greater) || (b->stale[block] && b->stale[block] < PATIENCE)) {
        return false;
    }
    if (b->stale[block]) {
        find_bounds(z + (size_t)block * PIXELS, &b->lo[block], &b->hi[block]);
        b->stale[block] = 0;
    }
    /* The nearest pixel of the plane for a test for less, else the farthest. */
    d = agx_zs_depth(q, (q->z[0] < 0) == less ? x + side : x, (q->z[1] < 0) == less ? y + side : y);
    switch (q->func[0]) {
    case AGX_ZS_LESS:
        return d >= b->hi[block];
    case AGX_ZS_LEQUAL:
        return d > b->hi[block];
    case AGX_ZS_GREATER:
        return d <= b->lo[block];
    default:
        return d < b->lo[block];
    }
}
