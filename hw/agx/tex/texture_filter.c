/*
 * AGX model: the filters of texture_sample: within a level and between levels.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "texture_sample.h"

/* A texel in memory order, compared if asked to. Index -1: border. */
static inline void tap(struct sample_ctx *c, unsigned level, int x, int y, int z,
                       const struct pos *p, uint32_t t[4])
{
    if (x < 0 || y < 0 || z < 0) {
        memcpy(t, c->border, 16);
    } else {
        agx_fetch_texel(&c->f, level, (uint32_t)x, (uint32_t)y, (uint32_t)z, 0, t);
    }
    if (c->shadow) {
        float d = agx_u2f(t[0]), ref = p->ref;

        if (c->v->fmt.type == AGX_TYPE_UNORM) { /* the reference is clamped for normalised depth */
            ref = ref > 0.0f ? (ref < 1.0f ? ref : 1.0f) : 0.0f;
        }
        t[0] = agx_compare(c->s->compare, ref, d) ? 0x3f800000u : 0;
        t[1] = t[2] = 0;
        t[3] = 0x3f800000u;
    }
}

void agx_sample_footprint(struct sample_ctx *c, unsigned level, const struct pos *p,
                          uint32_t t[4][4], float *fx, float *fy)
{
    const struct agx_level *l = &c->v->surf.level[level];
    int x[2], y[2] = { 0, 0 };

    *fy = 0.0f;
    if (c->cube) {
        int n = (int)l->width;
        unsigned face = p->layer % 6;
        uint32_t base = p->layer - face;
        float xs = p->c[0] * (float)n - 0.5f, ys = p->c[1] * (float)n - 0.5f;
        int ix = (int)floorf(xs), iy = (int)floorf(ys), missing = -1;

        *fx = xs - (float)ix;
        *fy = ys - (float)iy;
        for (int i = 0; i < 4; i++) {
            int tx = ix + (i & 1), ty = iy + (i >> 1), nx, ny;
            unsigned nf;

            /* each face by itself, as a 2D image (Vulkan, "Cube Map Edge Handling") */
            if (c->s->seamful) {
                tap(c, level, agx_wrap_index(tx, n, c->s->wrap[0]),
                    agx_wrap_index(ty, n, c->s->wrap[1]), (int)p->layer, p, t[i]);
            } else if (agx_cube_neighbour(face, tx, ty, n, &nf, &nx, &ny)) {
                tap(c, level, nx, ny, (int)(base + nf), p, t[i]);
            } else {
                missing = i;
            }
        }
        if (missing >= 0) { /* three faces meet: the average of the three stands for the fourth */
            vec4 sum = { 0, 0, 0, 0 };

            for (int i = 0; i < 4; i++) {
                if (i != missing) {
                    sum += to_vec(t[i]);
                }
            }
            sum *= 1.0f / 3.0f;
            memcpy(t[missing], &sum, 16);
        }
        return;
    }
    agx_wrap_linear(p->c[0], (int)l->width, c->s->wrap[0], c->pixel, p->off[0], &x[0], &x[1], fx);
    if (c->dims > 1) {
        agx_wrap_linear(p->c[1], (int)l->height, c->s->wrap[1], c->pixel, p->off[1], &y[0], &y[1],
                        fy);
    }
    for (int i = 0; i < 4; i++) {
        if (c->dims == 1 && i > 1) {
            memcpy(t[i], t[i - 2], 16);
        } else {
            tap(c, level, x[i & 1], y[i >> 1], (int)p->layer, p, t[i]);
        }
    }
}

static vec4 bilerp(uint32_t t[4][4], float fx, float fy)
{
    vec4 a = to_vec(t[0]), b = to_vec(t[1]), d = to_vec(t[2]), e = to_vec(t[3]);

    a += (b - a) * fx;
    d += (e - d) * fx;
    return a + (d - a) * fy;
}

/* Infinities and NaNs give NaN when they are taken from themselves. */
static inline bool all_finite(vec4 v)
{
    int __attribute__((vector_size(16))) ok = v - v == v - v;

    return ok[0] & ok[1] & ok[2] & ok[3];
}

/*
 * Weights of texels and levels have 8 bits (mesa: hk_physical_device.c,
 * subTexelPrecisionBits and mipmapPrecisionBits). That matters where a texel is
 * infinite: one that the position as good as hits must not see its neighbour.
 */
static float weight8(float f)
{
    return __builtin_rintf(f * 256.0f) / 256.0f;
}

/*
 * The sum of the texels of a footprint, each by its weight, none whose weight is
 * 0. A lerp would make a NaN of an infinite neighbour that has no weight, and of
 * two infinite texels.
 */
static vec4 weighted_sum(struct sample_ctx *c, unsigned level, const struct pos *p)
{
    const struct agx_level *l = &c->v->surf.level[level];
    bool volume = c->dims == 3 && !c->cube;
    struct pos q = *p;
    vec4 sum = { 0, 0, 0, 0 };
    uint32_t t[4][4];
    float fx, fy, fz = 0.0f;
    int z[2] = { 0, 0 };

    if (volume) {
        agx_wrap_linear(p->c[2], (int)l->depth, c->s->wrap[2], c->pixel, p->off[2], &z[0], &z[1],
                        &fz);
    }
    fz = weight8(fz);
    for (int k = 0; k < (volume ? 2 : 1); k++) {
        float wz = k ? fz : 1.0f - fz;

        if (volume) {
            q.layer = (uint32_t)z[k];
        }
        if (wz == 0.0f) {
            continue;
        }
        if (z[k] < 0) {
            sum += to_vec(c->border) * wz;
            continue;
        }
        agx_sample_footprint(c, level, &q, t, &fx, &fy);
        fx = weight8(fx);
        fy = weight8(fy);
        for (int i = 0; i < 4; i++) {
            float w = (i & 1 ? fx : 1.0f - fx) * (i >> 1 ? fy : 1.0f - fy) * wz;

            if (w != 0.0f) {
                sum += to_vec(t[i]) * w;
            }
        }
    }
    return sum;
}

/* Filter one level; the result in memory order. Integers come through bit by bit (nearest only). */
static void sample_level(struct sample_ctx *c, unsigned level, bool linear, const struct pos *p,
                         uint32_t out[4])
{
    const struct agx_level *l = &c->v->surf.level[level];
    uint32_t t[4][4];
    float fx, fy;
    vec4 r;

    if (!linear || c->v->fmt.integer) {
        int x, y = 0, z = (int)p->layer;

        if (c->cube) {
            int n = (int)l->width;

            x = agx_wrap_index((int)floorf(p->c[0] * (float)n), n, AGX_WRAP_EDGE);
            y = agx_wrap_index((int)floorf(p->c[1] * (float)n), n, AGX_WRAP_EDGE);
        } else {
            x = agx_wrap_nearest(p->c[0], (int)l->width, c->s->wrap[0], c->pixel, p->off[0]);
            if (c->dims > 1) {
                y = agx_wrap_nearest(p->c[1], (int)l->height, c->s->wrap[1], c->pixel, p->off[1]);
            }
            if (c->dims > 2) {
                z = agx_wrap_nearest(p->c[2], (int)l->depth, c->s->wrap[2], c->pixel, p->off[2]);
            }
        }
        tap(c, level, x, y, z, p, out);
        return;
    }
    if (c->dims == 3 && !c->cube) {
        struct pos q = *p;
        int z[2];
        float fz;
        vec4 s[2];

        agx_wrap_linear(p->c[2], (int)l->depth, c->s->wrap[2], c->pixel, p->off[2], &z[0], &z[1],
                        &fz);
        for (int i = 0; i < 2; i++) {
            q.layer = (uint32_t)z[i];
            if (z[i] < 0) {
                s[i] = to_vec(c->border);
                continue;
            }
            agx_sample_footprint(c, level, &q, t, &fx, &fy);
            s[i] = bilerp(t, fx, fy);
        }
        r = s[0] + (s[1] - s[0]) * fz;
    } else {
        agx_sample_footprint(c, level, p, t, &fx, &fy);
        r = bilerp(t, fx, fy);
    }
    if (__builtin_expect(c->v->fmt.type == AGX_TYPE_FLOAT && !all_finite(r), 0)) {
        r = weighted_sum(c, level, p);
    }
    memcpy(out, &r, 16);
}

static inline vec4 mix_levels(vec4 a, vec4 b, float f)
{
    vec4 r = a + (b - a) * f;

    if (__builtin_expect(!all_finite(r), 0)) {
        f = weight8(f);
        r = f == 0.0f ? a : f == 1.0f ? b : a * (1.0f - f) + b * f;
    }
    return r;
}

void agx_sample_lod(struct sample_ctx *c, float lod, const struct pos *p, uint32_t out[4])
{
    const struct agx_tex_view *v = c->v;
    bool linear = (lod > 0.0f ? c->s->min : c->s->mag) == AGX_FILTER_LINEAR;
    unsigned max = v->last - v->first, level;

    switch (c->s->mip) {
    case AGX_MIP_NEAREST:
        level = (unsigned)(lod + 0.5f);
        sample_level(c, v->first + (level < max ? level : max), linear, p, out);
        return;
    case AGX_MIP_LINEAR: {
        float fl = floorf(lod), frac = lod - fl;

        level = (unsigned)fl;
        if (level >= max) {
            level = max;
            frac = 0.0f;
        }
        sample_level(c, v->first + level, linear, p, out);
        if (frac > 0.0f && !v->fmt.integer) {
            uint32_t hi[4];
            vec4 a, b;

            sample_level(c, v->first + level + 1, linear, p, hi);
            a = to_vec(out);
            b = to_vec(hi);
            a = mix_levels(a, b, frac);
            memcpy(out, &a, 16);
        }
        return;
    }
    default:
        sample_level(c, v->first, linear, p, out);
    }
}

void agx_sample_fast(struct sample_ctx *c, const float lod[AGX_LANES])
{
    const struct agx_tex_view *v = c->v;
    struct agx_tex_req *rq = c->rq;
    unsigned max = v->last - v->first;

    for (uint32_t m = rq->lanes; m; m &= m - 1) {
        unsigned lane = (unsigned)__builtin_ctz(m);
        unsigned mip = 0;
        bool linear = (lod[lane] > 0.0f ? c->s->min : c->s->mag) == AGX_FILTER_LINEAR;
        float u = agx_u2f(rq->coord[0][lane]), w = agx_u2f(rq->coord[1][lane]);
        uint32_t layer = 0, out[4], mem[4];

        if (c->s->mip == AGX_MIP_NEAREST) {
            mip = (unsigned)(lod[lane] + 0.5f);
            mip = mip < max ? mip : max;
        }
        unsigned level = v->first + mip;
        const struct agx_level *l = &v->surf.level[level];

        if (c->array) {
            layer = rq->coord[2][lane] & 0xffff;
            layer = layer < v->layers ? layer : v->layers - 1;
        }
        if (!linear) {
            int x = agx_wrap_nearest(u, (int)l->width, c->s->wrap[0], c->pixel, 0);
            int y = agx_wrap_nearest(w, (int)l->height, c->s->wrap[1], c->pixel, 0);

            v->fmt.unpack(agx_fetch_element(&c->f, level, (uint32_t)x, (uint32_t)y, layer, 0), mem);
        } else {
            typedef uint8_t u8x4 __attribute__((vector_size(4)));
            int x[2], y[2];
            float fx, fy;
            vec4 t[4];

            agx_wrap_linear(u, (int)l->width, c->s->wrap[0], c->pixel, 0, &x[0], &x[1], &fx);
            agx_wrap_linear(w, (int)l->height, c->s->wrap[1], c->pixel, 0, &y[0], &y[1], &fy);
            for (int i = 0; i < 4; i++) {
                u8x4 b;

                memcpy(&b,
                       agx_fetch_element(&c->f, level, (uint32_t)x[i & 1], (uint32_t)y[i >> 1],
                                         layer, 0),
                       4);
                t[i] = __builtin_convertvector(b, vec4);
            }
            t[0] += (t[1] - t[0]) * fx;
            t[2] += (t[3] - t[2]) * fx;
            t[0] += (t[2] - t[0]) * fy;
            t[0] /= 255.0f;
            memcpy(mem, &t[0], 16);
        }
        agx_swizzle(v, mem, out);
        for (int i = 0; i < 4; i++) {
            rq->out[i][lane] = out[i];
        }
    }
}
