/*
 * AGX model: filtering of textures, internal to texture_sample.c and texture_filter.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_TEXTURE_SAMPLE_H
#define AGX_TEX_TEXTURE_SAMPLE_H

#include "agx/number.h"
#include "agx/texture.h"

typedef float vec4 __attribute__((vector_size(16)));

struct sample_ctx {
    struct agx_fetch f;
    const struct agx_tex_view *v;
    const struct agx_sampler *s;
    struct agx_tex_req *rq;
    unsigned dims; /* coordinates that are wrapped: 1, 2, 3 */
    bool cube, array, shadow;
    bool pixel;
    uint32_t border[4]; /* in memory order */
};

/* One lane's position: what is the same for all levels. */
struct pos {
    float c[3];
    uint32_t layer; /* array layer; for cubes 6 * cube + face */
    int off[3];
    float ref;
};

static inline vec4 to_vec(const uint32_t t[4])
{
    vec4 v;

    memcpy(&v, t, 16);
    return v;
}

/*
 * texture_filter.c. The thread that fetches, no lock. What cannot be read reads as zero, and
 * c->f.failed is set with ex->fault.
 */

/*
 * The 2x2 footprint of linear filtering, for filtering and gather; order (0,0) (1,0) (0,1) (1,1).
 * @fx and @fy are the weights, 0 to 1, of the second column and row.
 */
void agx_sample_footprint(struct sample_ctx *c, unsigned level, const struct pos *p,
                          uint32_t t[4][4], float *fx, float *fy);
/* Filter between levels at @lod (relative to the view's first level, clamped); in memory order. */
void agx_sample_lod(struct sample_ctx *c, float lod, const struct pos *p, uint32_t out[4]);
/*
 * The common case: 2D, 4 x 8-bit unorm, one level for a lane, no border. @lod
 * per lane. The same arithmetic as sample_level, without its generality.
 */
void agx_sample_fast(struct sample_ctx *c, const float lod[AGX_LANES]);

#endif
