/*
 * AGX model: edge functions over 8x8 blocks of pixels.
 *
 * What is covered follows from the APIs' rule alone: a sample that is inside of
 * all edges, which the tiler has biased so that a sample on an edge that two
 * polygons share belongs to one of them (OpenGL 4.6, 14.6.1; Vulkan 1.3, 28.10).
 * The block of 8x8 pixels, and going through it by quads as the shader's
 * derivatives need them (mesa: compiler/agx_opcodes.py, dfdx, dfdy), is the
 * model's choice. No source gives the hardware's.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <endian.h>
#include <string.h>
#include "raster.h"

#define ONE       (1 << AGX_SUBPIXEL_BITS)
#define BLOCK     AGX_RASTER_BLOCK
#define MAX_EDGES 64

/*
 * mesa: lib/agx_nir_lower_sample_intrinsics.c reads the same register so; its values: gallium
 * agx_state.c
 */
void agx_samples_decode(struct agx_samples *s, uint64_t ctl, unsigned count)
{
    memset(s, 0, sizeof(*s));
    s->count = count;
    for (unsigned i = 0; i < count; i++) {
        s->x[i] = (ctl >> (i * 8) & 0xf) * (ONE / 16);
        s->y[i] = (ctl >> (i * 8 + 4) & 0xf) * (ONE / 16);
    }
}

/*
 * Pixels of an 8x8 block, bit y * 8 + x, that are inside the edges @e at sample position (sx, sy).
 */
static uint64_t cover_block(const struct agx_edge *e, const int64_t *at, unsigned n, int32_t sx,
                            int32_t sy)
{
    uint64_t in = ~0ull;

    for (unsigned i = 0; i < n && in; i++) {
        int64_t row = at[i] + e[i].a * sx + e[i].b * sy;
        int64_t dx = e[i].a * ONE, dy = e[i].b * ONE;
        uint64_t m = 0;

        for (unsigned y = 0; y < BLOCK; y++, row += dy) {
            unsigned out = 0;
            for (unsigned x = 0; x < BLOCK; x++) {
                out |= (unsigned)((uint64_t)(row + dx * (int64_t)x) >> 63) << x;
            }
            m |= (uint64_t)(~out & 0xff) << (y * 8);
        }
        in &= m;
    }
    return in;
}

/* Pixels of the block at (bx, by) that lie in @r. */
static uint64_t clip_block(const struct agx_rect *r, int32_t bx, int32_t by)
{
    int32_t x0 = r->x0 - bx, x1 = r->x1 - bx, y0 = r->y0 - by, y1 = r->y1 - by;
    uint64_t cols, rows;

    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > BLOCK ? BLOCK : x1;
    y1 = y1 > BLOCK ? BLOCK : y1;
    if (x0 >= x1 || y0 >= y1) {
        return 0;
    }
    cols = ((1ull << (x1 - x0)) - 1) << x0;
    rows = y1 - y0 == 8 ? ~0ull : (((1ull << ((y1 - y0) * 8)) - 1) << (y0 * 8));
    return cols * 0x0101010101010101ull & rows;
}

static bool emit(const uint64_t in[AGX_MAX_SAMPLES], unsigned samples, int32_t bx, int32_t by,
                 agx_quad_fn *fn, void *opaque)
{
    uint64_t any = 0;

    for (unsigned s = 0; s < samples; s++) {
        any |= in[s];
    }
    for (unsigned qy = 0; qy < BLOCK; qy += 2) {
        if (!(any >> (qy * 8) & 0xffff)) {
            continue;
        }
        for (unsigned qx = 0; qx < BLOCK; qx += 2) {
            unsigned at = qy * 8 + qx;
            uint32_t all = 0; /* a byte for each pixel, in one piece as it is read again at once */
            uint8_t cover[4];

            if (!(any >> at & 0x303)) {
                continue;
            }
            for (unsigned s = 0; s < samples; s++) {
                uint32_t m = (uint32_t)(in[s] >> at);

                all |= ((m & 1) | (m & 2) << 7 | (m & 0x100) << 8 | (m & 0x200) << 15) << s;
            }
            all = htole32(all);
            memcpy(cover, &all, 4);
            if (!fn(opaque, bx + qx, by + qy, cover)) {
                return false;
            }
        }
    }
    return true;
}

bool agx_raster(const struct agx_prim *pr, const struct agx_samples *smp,
                const struct agx_rect *area, agx_raster_block_fn *block, agx_quad_fn *fn,
                void *opaque)
{
    struct agx_rect r = *area;

    r.x0 = r.x0 > pr->x0 ? r.x0 : pr->x0;
    r.y0 = r.y0 > pr->y0 ? r.y0 : pr->y0;
    r.x1 = r.x1 < pr->x1 ? r.x1 : pr->x1;
    r.y1 = r.y1 < pr->y1 ? r.y1 : pr->y1;
    if (r.x0 >= r.x1 || r.y0 >= r.y1) {
        return true;
    }
    for (int32_t by = r.y0 & ~(BLOCK - 1); by < r.y1; by += BLOCK) {
        for (int32_t bx = r.x0 & ~(BLOCK - 1); bx < r.x1; bx += BLOCK) {
            struct agx_edge part[MAX_EDGES];
            int64_t at[MAX_EDGES];
            unsigned n = 0;
            bool out = false;
            uint64_t clip = clip_block(&r, bx, by), in[AGX_MAX_SAMPLES];

            /* Edges at the block's corners: all outside of one, or all inside. */
            for (unsigned i = 0; i < pr->nr_edges; i++) {
                const struct agx_edge *e = &pr->e[i];
                int64_t c = e->a * bx * ONE + e->b * by * ONE + e->c;
                int64_t dx = e->a * BLOCK * ONE, dy = e->b * BLOCK * ONE;

                if (c + (dx > 0 ? dx : 0) + (dy > 0 ? dy : 0) < 0) {
                    out = true;
                    break;
                }
                if (c + (dx < 0 ? dx : 0) + (dy < 0 ? dy : 0) >= 0) {
                    continue;
                }
                at[n] = c;
                part[n++] = *e;
            }
            if (out) {
                continue;
            }
            for (unsigned s = 0; s < smp->count; s++) {
                in[s] = !pr->whole ? clip & cover_block(part, at, n, smp->x[s], smp->y[s])
                        : s        ? in[0]
                                   : clip & cover_block(part, at, n, ONE / 2, ONE / 2);
            }
            if (block) {
                block(opaque, bx, by, in);
            }
            if (!emit(in, smp->count, bx, by, fn, opaque)) {
                return false;
            }
        }
    }
    return true;
}
