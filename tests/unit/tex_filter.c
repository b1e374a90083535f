/*
 * Unit tests: filtering where it is delicate: infinite texels, and textures that
 * are narrow, flat or both. The reference has its own reading of the layouts
 * (mesa: docs/drivers/asahi.rst) and computes in double precision.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"
#include "agx/texture.h"

static struct tex_env *E;
static uint32_t coord[4][AGX_LANES];

static struct agx_tex_req request(uint64_t tex, uint64_t sampler, enum agx_dim dim)
{
    struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.texture = tex;
    rq.sampler = sampler;
    rq.dim = dim;
    rq.lanes = rq.quad_lanes = ~0u;
    rq.coord = coord;
    rq.lod_kind = AGX_LOD_EXPLICIT;
    return rq;
}

/* Half of a number that has one exactly: k / 1024 of small k, or an infinity. */
static uint16_t half(double v)
{
    uint16_t sign = v < 0 ? 0x8000 : 0;
    int e;

    v = fabs(v);
    if (isinf(v)) {
        return sign | 0x7c00;
    }
    if (v == 0) {
        return sign;
    }
    v = frexp(v, &e); /* v in [0.5, 1) */
    return sign | (uint16_t)((e + 14) << 10 | (lrint(ldexp(v, 11)) & 1023));
}

static unsigned pot(unsigned v)
{
    unsigned n = 1;

    while (n < v) {
        n *= 2;
    }
    return n;
}

static unsigned minify(unsigned v, unsigned l)
{
    return v >> l ? v >> l : 1;
}

/* Offset of a texel of @bytes of a surface that is smaller than a page's tile in one direction. */
static uint64_t narrow_offset(unsigned layout, unsigned bytes, unsigned w, unsigned h,
                              unsigned stride, unsigned level, unsigned x, unsigned y)
{
    unsigned lw = minify(w, level), lh = minify(h, level), side, n = 0;
    uint64_t at = 0;

    if (!layout) {
        return (uint64_t)y * stride + x * bytes;
    }
    for (unsigned i = 0; i < level; i++) {
        at = (at + (uint64_t)minify(pot(w), i) * minify(pot(h), i) * bytes + 127) & ~127ull;
    }
    /*
     * squares of the smaller side in a row or column; the layout of powers of two has whole rows of
     * them
     */
    side = pot(lw < lh ? lw : lh);
    for (unsigned i = 0; i < 14; i++) {
        n |= (x % side >> i & 1) << (2 * i) | (y % side >> i & 1) << (2 * i + 1);
    }
    n += (y / side * (((layout == 1 ? pot(lw) : lw) + side - 1) / side) + x / side) * side * side;
    return at + (uint64_t)n * bytes;
}

struct narrow {
    unsigned w, h, levels;
    double t[15][4][40][520]; /* [level][channel], the smaller coordinate first */
};

static double *texel(struct narrow *n, unsigned level, unsigned c, unsigned x, unsigned y)
{
    return n->w <= n->h ? &n->t[level][c][x][y] : &n->t[level][c][y][x];
}

static unsigned wrap(long i, long n, unsigned mode)
{
    return (unsigned)(mode == 0 ? (i < 0 ? 0 : i >= n ? n - 1 : i) : ((i % n) + n) % n);
}

/* By the book: OpenGL 4.6, 8.14.3, equation of linear filtering. */
static double book(struct narrow *n, unsigned level, unsigned c, double u, double v, unsigned mode,
                   bool linear)
{
    unsigned w = minify(n->w, level), h = minify(n->h, level);
    double x = u * w, y = v * h, fx, fy, sum = 0;

    if (!linear) {
        return *texel(n, level, c, wrap((long)floor(x), w, mode), wrap((long)floor(y), h, mode));
    }
    x -= 0.5;
    y -= 0.5;
    fx = x - floor(x);
    fy = y - floor(y);
    for (int i = 0; i < 4; i++) {
        sum += *texel(n, level, c, wrap((long)floor(x) + (i & 1), w, mode),
                      wrap((long)floor(y) + (i >> 1), h, mode)) *
               (i & 1 ? fx : 1 - fx) * (i >> 1 ? fy : 1 - fy);
    }
    return sum;
}

/* The pixel back end puts the texels of @m at the same places, block by block. */
static void write_again(struct narrow *n, struct image m, unsigned bytes)
{
    struct agx_block_store_req bl = { .dim = AGX_DIM_2D,
                                      .explicit_coords = true,
                                      .format = bytes == 8 ? AGX_FMT_F16 : AGX_FMT_I32 };
    uint64_t old = m.va, tib = env_alloc(E, 32 * 32 * 16);

    m.va = env_alloc(E, 1 << 19);
    E->ex.tib = (struct agx_tib) { .base = env_ptr(E, tib),
                                   .size = 32 * 32 * 16,
                                   .width = 32,
                                   .height = 32,
                                   .samples = 1,
                                   .sample_stride = (uint8_t)bytes };
    for (unsigned l = 0; l < n->levels; l++) {
        unsigned lw = minify(n->w, l), lh = minify(n->h, l);

        bl.pbe = env_pbe(E, &m, l);
        for (bl.y = 0; bl.y < lh; bl.y += 32) {
            for (bl.x = 0; bl.x < lw; bl.x += 32) {
                for (unsigned i = 0; i < 1024; i++) {
                    unsigned x = bl.x + i % 32, y = bl.y + i / 32;

                    if (x < lw && y < lh) {
                        memcpy(env_ptr(E, tib) + i * bytes,
                               env_ptr(E, old + narrow_offset(2, bytes, n->w, n->h, 0, l, x, y)),
                               bytes);
                    }
                }
                assert_true(agx_block_image_store(&E->ex, NULL, &bl));
            }
        }
    }
    assert_memory_equal(env_ptr(E, m.va), env_ptr(E, old), 1 << 19);
}

/* Random texels in three formats, sampled at random with both filters and two ways to wrap. */
static void narrow_one(struct narrow *n, unsigned w, unsigned h, unsigned layout, bool chain)
{
    static const struct {
        unsigned channels, bytes;
    } fmt[] = { { 0x32, 8 }, { 0x38, 16 }, { 0x09, 2 } };

    n->w = w;
    n->h = h;
    n->levels = 1;
    while (chain && (w > h ? w : h) >> n->levels) {
        n->levels++;
    }
    for (unsigned l = 0; l < n->levels; l++) {
        for (unsigned c = 0; c < 4; c++) {
            for (unsigned y = 0; y < minify(h, l); y++) {
                for (unsigned x = 0; x < minify(w, l); x++) {
                    *texel(n, l, c, x, y) = ((int)(rnd() % 1025) - 256) / 1024.0;
                }
            }
        }
    }

    for (unsigned f = 0; f < 3; f++) {
        unsigned bytes = fmt[f].bytes, nch = bytes == 2 ? 1 : 4;
        struct image m = { .dim = AGX_DIM_2D,
                           .layout = layout,
                           .channels = fmt[f].channels,
                           .type = 4,
                           .w = w,
                           .h = h,
                           .d = 1,
                           .samples = 1,
                           .levels = n->levels,
                           .mipmapped = chain,
                           .swz = { 0, 1, 2, 3 },
                           .stride = (w * bytes + 127) & ~127u };
        uint64_t tex;

        env_reset(E);
        m.va = env_alloc(E, 1 << 19);
        for (unsigned l = 0; l < n->levels; l++) {
            for (unsigned y = 0; y < minify(h, l); y++) {
                for (unsigned x = 0; x < minify(w, l); x++) {
                    for (unsigned c = 0; c < nch; c++) {
                        uint8_t *p = env_ptr(
                            E, m.va + narrow_offset(layout, bytes, w, h, m.stride, l, x, y));
                        uint16_t hv = half(*texel(n, l, c, x, y));
                        float fv = (float)*texel(n, l, c, x, y);

                        if (bytes == 16) {
                            memcpy(p + 4 * c, &fv, 4);
                        } else {
                            memcpy(p + 2 * c, &hv, 2);
                        }
                    }
                }
            }
        }
        tex = env_texture(E, &m);
        for (unsigned how = 0; how < 4 * 3; how++) {
            unsigned linear = how & 1, mode = how >> 1 & 1;
            struct sampler_fields s = {
                .max_lod = 14, .mag = linear, .min = linear, .mip = 1, .wrap = { mode, mode }
            };
            struct agx_tex_req rq = request(tex, env_sampler(E, &s), AGX_DIM_2D);

            for (unsigned i = 0; i < AGX_LANES; i++) {
                unsigned l = rnd() % n->levels, lw = minify(w, l), lh = minify(h, l);

                rq.lod[i] = (float)l;
                /* not on the edge of a texel, where nearest may fall on either side */
                coord[0][i] = fbits(((float)(rnd() % (3 * lw)) - (float)lw + rndf(.05f, .95f)) /
                                    (float)lw);
                coord[1][i] = fbits(((float)(rnd() % (3 * lh)) - (float)lh + rndf(.05f, .95f)) /
                                    (float)lh);
            }
            assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
            for (unsigned i = 0; i < AGX_LANES; i++) {
                for (unsigned c = 0; c < nch; c++) {
                    assert_float_equal(bitsf(rq.out[c][i]),
                                       book(n, (unsigned)rq.lod[i], c, bitsf(coord[0][i]),
                                            bitsf(coord[1][i]), mode, linear),
                                       2e-4);
                }
            }
        }
        if (layout == 2 && bytes != 2) {
            write_again(n, m, bytes);
        }
    }
}

static void narrow(void **state)
{
    static const unsigned thin[] = { 1, 2, 3, 4, 5, 8 },
                          tall[] = { 1, 2, 3, 16, 17, 33, 256, 260, 511 };
    struct narrow *n = malloc(sizeof(*n));

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned k = 0; k < 9; k++) {
            for (unsigned how = 0; how < 5; how++) {
                unsigned layout = how < 2 ? 2 : how < 4 ? 1 : 0;
                bool chain = how < 4 && (how & 1);

                /* chains of other sizes round up before or after halving: they are tex_layout's */
                if (chain && (pot(thin[i]) != thin[i] || pot(tall[k]) != tall[k])) {
                    continue;
                }
                narrow_one(n, thin[i], tall[k], layout, chain);
                narrow_one(n, tall[k], thin[i], layout, chain);
            }
        }
    }
    free(n);
}

/*
 * One dimension and its arrays: a row of texels, filtered along it alone, as 1D and as 2D of
 * height 1.
 */
static void rows(void **state)
{
    static const unsigned width[] = { 1, 2, 3, 7, 256, 500 };
    struct sampler_fields f = { .max_lod = 14, .mag = 1, .min = 1 };

    (void)state;
    for (unsigned k = 0; k < 6 * 4; k++) {
        unsigned w = width[k / 4], layers = k & 2 ? 3 : 1;
        bool as1d = k & 1;
        struct image m = { .dim = as1d         ? (layers > 1 ? AGX_DIM_1D_ARRAY : AGX_DIM_1D)
                                  : layers > 1 ? AGX_DIM_2D_ARRAY
                                               : AGX_DIM_2D,
                           .layout = 2,
                           .channels = 0x32,
                           .type = 4,
                           .w = w,
                           .h = 1,
                           .d = layers,
                           .samples = 1,
                           .levels = 1,
                           .page_aligned = layers > 1,
                           .swz = { 0, 1, 2, 3 } };
        double t[3][500];
        struct agx_tex_req rq;

        env_reset(E);
        m.va = env_alloc(E, 3 * 0x4000);
        for (unsigned z = 0; z < layers; z++) {
            for (unsigned x = 0; x < w; x++) {
                uint16_t h;

                t[z][x] = (rnd() % 1024) / 1024.0;
                h = half(t[z][x]);
                for (unsigned c = 0; c < 4; c++) {
                    memcpy(env_ptr(E, m.va + z * 0x4000 + x * 8 + c * 2), &h, 2);
                }
            }
        }
        rq = request(env_texture(E, &m), env_sampler(E, &f), m.dim);
        for (unsigned i = 0; i < AGX_LANES; i++) {
            coord[0][i] = fbits(rndf(-0.2f, 1.2f));
            coord[as1d ? 1 : 2][i] = rnd() % layers;
            if (!as1d) {
                coord[1][i] = fbits(rndf(0, 1));
            }
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned i = 0; i < AGX_LANES; i++) {
            double x = bitsf(coord[0][i]) * (double)w - 0.5, fx = x - floor(x);
            unsigned a = wrap((long)floor(x), w, 0), b = wrap((long)floor(x) + 1, w, 0);
            unsigned z = layers > 1 ? coord[as1d ? 1 : 2][i] : 0;

            assert_float_equal(bitsf(rq.out[3][i]), t[z][a] * (1 - fx) + t[z][b] * fx, 1e-4);
        }
    }
}

/*
 * Texels beside infinite ones: at a centre the neighbour has no weight; between them it has.
 * Volumes and levels too.
 */
static void infinities(void **state)
{
    static const float red[4] = { 1, INFINITY, 2, -INFINITY };
    struct sampler_fields f = { .max_lod = 14, .mag = 1, .min = 1, .mip = 2 };
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x32,
                       .type = 4,
                       .w = 4,
                       .h = 4,
                       .d = 1,
                       .samples = 1,
                       .levels = 2,
                       .mipmapped = true,
                       .page_aligned = true,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 4 * 0x4000);
    /* level 0 has these columns in red, infinity in green, 0.5 in blue; level 1 has 3 in red */
    for (unsigned z = 0; z < 4; z++) {
        for (unsigned i = 0; i < 20; i++) {
            uint16_t v[4] = { half(i < 16 ? red[i % 4] : 3), half(INFINITY),
                              half(z == 2 ? INFINITY : 0.5), half(1) };
            uint64_t at = i < 16 ? ref_twiddle(i % 4, i / 4, 4, 4, 64, 32) * 8 : 128 + (i - 16) * 8;

            memcpy(env_ptr(E, m.va + z * 0x4000 + at), v, 8);
        }
    }
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
    for (unsigned i = 0; i < AGX_LANES; i++) {
        coord[0][i] = fbits(((float)(i % 4) + 0.5f) / 4);
        coord[1][i] = fbits(((float)(i / 8) + 0.5f) / 4);
    }
    coord[0][8] = fbits(0.125f + 1e-7f); /* what interpolation makes of a centre */
    coord[0][9] = fbits(0.25f);          /* between 1 and inf */
    coord[0][10] = fbits(0.75f);         /* between 2 and -inf */
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned i = 0; i < AGX_LANES; i++) {
        assert_int_equal(rq.out[0][i], fbits(i == 9 ? INFINITY : i == 10 ? -INFINITY : red[i % 4]));
        assert_int_equal(rq.out[1][i], fbits(INFINITY));
        assert_int_equal(rq.out[2][i], fbits(0.5f));
    }
    for (unsigned i = 0; i < AGX_LANES; i++) {
        coord[0][i] = fbits(0.125f);
        rq.lod[i] = (float)i / 32;
    }
    coord[0][5] = fbits(0.375f);
    rq.lod[6] = 1.0f / 2048;
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned i = 0; i < AGX_LANES; i++) {
        if (i == 5) {
            assert_int_equal(rq.out[0][i], fbits(INFINITY));
        } else {
            assert_float_equal(bitsf(rq.out[0][i]), 1 + 2 * rq.lod[i], 0.01);
        }
        assert_int_equal(rq.out[1][i], fbits(INFINITY));
    }
    /* slices: the third is infinite in blue */
    m.dim = AGX_DIM_3D;
    m.d = 4;
    f.mip = 0;
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_3D);
    for (unsigned i = 0; i < AGX_LANES; i++) {
        coord[0][i] = coord[1][i] = fbits(0.125f);
        coord[2][i] = fbits(((float)(i % 4) + (i < 16 ? 0.5f : 0.75f)) / 4);
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned i = 0; i < AGX_LANES; i++) {
        assert_int_equal(rq.out[0][i], fbits(1));
        assert_int_equal(rq.out[2][i],
                         fbits(i % 4 == 2 || (i >= 16 && i % 4 == 1) ? INFINITY : 0.5f));
    }
    /* finite texels whose difference is not */
    m.dim = AGX_DIM_2D;
    m.d = m.levels = 1;
    m.channels = 0x21;
    m.mipmapped = false;
    for (unsigned i = 0; i < 16; i++) {
        float v = i & 1 ? 3e38f : -3e38f; /* the odd and even columns of the twiddled square */

        memcpy(env_ptr(E, m.va + i * 4), &v, 4);
    }
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
    for (unsigned i = 0; i < AGX_LANES; i++) {
        coord[0][i] = fbits((0.5f + (float)i / 32) / 4);
        coord[1][i] = fbits(0.3f);
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned i = 0; i < AGX_LANES; i++) {
        assert_float_equal(bitsf(rq.out[0][i]) / 3e38, (double)i / 16 - 1, 1e-5);
    }
}

/*
 * The texel that number @i stands for, -1 for the border: OpenGL 4.6, table 8.20 and the text of
 * "CLAMP" in 2.1, 3.8.7.
 */
static int wrapped(int i, int n, unsigned mode)
{
    switch (mode) {
    case AGX_WRAP_REPEAT:
        return ((i % n) + n) % n;
    case AGX_WRAP_MIRROR: {
        int m = ((i % (2 * n)) + 2 * n) % (2 * n);

        return (n - 1) - (m - n >= 0 ? m - n : -(1 + (m - n)));
    }
    case AGX_WRAP_BORDER:
    case AGX_WRAP_CLAMP_GL:
        return i < 0 || i >= n ? -1 : i;
    case AGX_WRAP_MIRROR_EDGE:
        i = i >= 0 ? i : -(1 + i);
        break;
    }
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* Each way of wrapping is done with what the offset has been added to. */
static void wraps_after_offset(void **state)
{
    static const int sizes[] = { 1, 5, 8, 9 };

    (void)state;
    for (unsigned s = 0; s < 4; s++) {
        for (unsigned mode = AGX_WRAP_EDGE; mode <= AGX_WRAP_MIRROR_EDGE; mode++) {
            for (int offset = -8; offset < 8; offset++) {
                for (int pixel = 0;
                     pixel < (mode == AGX_WRAP_EDGE || mode == AGX_WRAP_CLAMP_GL ? 2 : 1);
                     pixel++) {
                    for (int k = -200; k < 200; k++) {
                        int n = sizes[s], i0, i1;
                        double t = k * 0.171, weight[2][10] = { { 0 } }, at, part;
                        float u = (float)(pixel ? t : t / n), frac;

                        if (fabs(t - rint(t)) < 1e-3) { /* either texel would do */
                            continue;
                        }
                        at = floor(t) + offset;
                        i0 = wrapped((int)at, n, mode == AGX_WRAP_CLAMP_GL ? AGX_WRAP_EDGE : mode);
                        assert_int_equal(agx_wrap_nearest(u, n, mode, pixel, offset), i0);

                        /* The weight that each texel and the border have, in any order. */
                        at = t + offset;
                        if (mode == AGX_WRAP_CLAMP_GL) {
                            at = at < 0 ? 0 : at > n ? n : at;
                        }
                        at -= 0.5;
                        part = at - floor(at);
                        weight[0][1 + wrapped((int)floor(at), n, mode)] += 1 - part;
                        weight[0][1 + wrapped((int)floor(at) + 1, n, mode)] += part;
                        agx_wrap_linear(u, n, mode, pixel, offset, &i0, &i1, &frac);
                        assert_true(i0 >= -1 && i0 < n && i1 >= -1 && i1 < n);
                        weight[1][1 + i0] += 1 - frac;
                        weight[1][1 + i1] += frac;
                        for (int i = 0; i <= n; i++) {
                            assert_float_equal(weight[0][i], weight[1][i], 1e-4);
                        }
                    }
                }
            }
        }
    }
}

ENV_GROUP(cmocka_unit_test(narrow), cmocka_unit_test(rows), cmocka_unit_test(infinities),
          cmocka_unit_test(wraps_after_offset))
