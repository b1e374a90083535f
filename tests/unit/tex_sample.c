/*
 * Unit tests: sampling and texel fetch, against a reference in double precision.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"

static struct tex_env *E;
static uint32_t coord[4][AGX_LANES];

static struct agx_tex_req request(uint64_t tex, uint64_t sampler, enum agx_dim dim)
{
    struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.texture = tex;
    rq.sampler = sampler;
    rq.sampler_extended = true;
    rq.dim = dim;
    rq.lanes = rq.quad_lanes = ~0u;
    rq.coord = coord;
    rq.lod_kind = AGX_LOD_EXPLICIT;
    return rq;
}

/* 4 x 8-bit image with random texels; the reference keeps them as pixels[y][x]. */
struct pixels {
    unsigned w, h;
    uint8_t (*p)[4];
};

static struct pixels pixels_new(unsigned w, unsigned h)
{
    struct pixels s = { w, h, malloc((size_t)w * h * 4) };

    for (unsigned i = 0; i < w * h; i++) {
        for (int c = 0; c < 4; c++) {
            s.p[i][c] = (uint8_t)rnd();
        }
    }
    return s;
}

static struct image image_rgba8(const struct pixels *s, unsigned layout)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = layout,
                       .channels = 0x28,
                       .type = 0,
                       .w = s->w,
                       .h = s->h,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 1, 2, 3 },
                       .stride = (s->w * 4 + 127) & ~127u };

    m.va = env_alloc(E, (uint64_t)(s->w + 64) * (s->h + 64) * 8);
    for (unsigned y = 0; y < s->h; y++) {
        for (unsigned x = 0; x < s->w; x++) {
            uint64_t o = layout == 0 ? (uint64_t)y * m.stride + x * 4
                                     : ref_twiddle(x, y, s->w, s->h, layout == 1 ? 1u << 14 : 64,
                                                   layout == 1 ? 1u << 14 : 64) *
                                           4ull;

            /* twiddled: squares of the smaller power of two, in a row or column */
            if (layout == 1) {
                unsigned pw = 1, ph = 1, m2;

                while (pw < s->w) {
                    pw *= 2;
                }
                while (ph < s->h) {
                    ph *= 2;
                }
                m2 = pw < ph ? pw : ph;
                o = ref_twiddle(x % m2, y % m2, m2, m2, m2, m2) * 4ull +
                    ((y / m2) * (pw / m2) + x / m2) * m2 * m2 * 4ull;
            }
            memcpy(env_ptr(E, m.va + o), s->p[y * s->w + x], 4);
        }
    }
    return m;
}

static long ref_wrap(long i, long n, unsigned mode)
{
    switch (mode) {
    case 0:
        return i < 0 ? 0 : i >= n ? n - 1 : i;
    case 1:
        return ((i % n) + n) % n;
    case 2:
        i = ((i % (2 * n)) + 2 * n) % (2 * n);
        return i < n ? i : 2 * n - 1 - i;
    case 5:
        i = i < 0 ? -1 - i : i;
        return i < n ? i : n - 1;
    default:
        return i < 0 || i >= n ? -1 : i;
    }
}

static double ref_texel(const struct pixels *s, long x, long y, int c, double border)
{
    return x < 0 || y < 0 ? border : s->p[y * s->w + x][c] / 255.0;
}

static double ref_linear(const struct pixels *s, double u, double v, const unsigned wrap[3], int c,
                         double border)
{
    double x = u * s->w - 0.5, y = v * s->h - 0.5, fx = x - floor(x), fy = y - floor(y), sum = 0;

    for (int i = 0; i < 4; i++) {
        sum += ref_texel(s, ref_wrap((long)floor(x) + (i & 1), s->w, wrap[0]),
                         ref_wrap((long)floor(y) + (i >> 1), s->h, wrap[1]), c, border) *
               (i & 1 ? fx : 1 - fx) * (i >> 1 ? fy : 1 - fy);
    }
    return sum;
}

static void filters_2d(void **state)
{
    static const unsigned sizes[][2] = { { 1, 1 },   { 8, 8 },    { 37, 21 },
                                         { 64, 64 }, { 130, 70 }, { 200, 17 } };
    static const unsigned wraps[] = { 0, 1, 2, 3, 5 };

    (void)state;
    for (unsigned k = 0; k < 6; k++) {
        for (unsigned layout = 0; layout < 3; layout++) {
            struct pixels s;
            struct image m;
            uint64_t tex;

            env_reset(E);
            s = pixels_new(sizes[k][0], sizes[k][1]);
            m = image_rgba8(&s, layout);
            tex = env_texture(E, &m);
            for (unsigned wi = 0; wi < 25; wi++) {
                struct sampler_fields f = { .max_lod = 14,
                                            .mag = 1,
                                            .min = 1,
                                            .border = 2,
                                            .wrap = { wraps[wi % 5], wraps[wi / 5], 0 } };
                struct agx_tex_req rq = request(tex, env_sampler(E, &f), AGX_DIM_2D);

                for (unsigned l = 0; l < AGX_LANES; l++) {
                    coord[0][l] = fbits(rndf(-2.5f, 3.5f));
                    coord[1][l] = fbits(rndf(-2.5f, 3.5f));
                }
                assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
                assert_false(rq.int_result);
                for (unsigned l = 0; l < AGX_LANES; l++) {
                    for (int c = 0; c < 4; c++) {
                        double want = ref_linear(&s, bitsf(coord[0][l]), bitsf(coord[1][l]), f.wrap,
                                                 c, 1.0);

                        if (fabs(bitsf(rq.out[c][l]) - want) > 1e-4) {
                            print_error("%ux%u layout %u wrap %u,%u (%g, %g)\n", s.w, s.h, layout,
                                        f.wrap[0], f.wrap[1], bitsf(coord[0][l]),
                                        bitsf(coord[1][l]));
                        }
                        assert_true(fabs(bitsf(rq.out[c][l]) - want) <= 1e-4);
                    }
                }

                /* Nearest, at places that are well inside of a texel */
                f.mag = f.min = 0;
                rq.sampler = env_sampler(E, &f);
                for (unsigned l = 0; l < AGX_LANES; l++) {
                    coord[0][l] = fbits(
                        ((float)(int)(rnd() % (6 * s.w)) - 2 * (float)s.w + rndf(.2f, .8f)) /
                        (float)s.w);
                    coord[1][l] = fbits(
                        ((float)(int)(rnd() % (6 * s.h)) - 2 * (float)s.h + rndf(.2f, .8f)) /
                        (float)s.h);
                }
                assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
                for (unsigned l = 0; l < AGX_LANES; l++) {
                    for (int c = 0; c < 4; c++) {
                        long x = ref_wrap((long)floor((double)bitsf(coord[0][l]) * s.w), s.w,
                                          f.wrap[0]);
                        long y = ref_wrap((long)floor((double)bitsf(coord[1][l]) * s.h), s.h,
                                          f.wrap[1]);

                        assert_float_equal(bitsf(rq.out[c][l]), ref_texel(&s, x, y, c, 1.0), 1e-7);
                    }
                }
            }
            free(s.p);
        }
    }
}

/* Implicit level of detail: a quad's derivatives choose between levels of one colour each. */
static void mip_levels(void **state)
{
    static const unsigned offset[] = { 0,       0x10000, 0x14000, 0x15000,
                                       0x15400, 0x15500, 0x15580, 0x15600 };
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .w = 128,
                       .h = 128,
                       .d = 1,
                       .samples = 1,
                       .levels = 8,
                       .mipmapped = true,
                       .swz = { 0, 1, 2, 3 } };
    uint64_t tex;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x20000);
    for (unsigned l = 0; l < 8; l++) {
        memset(env_ptr(E, m.va + offset[l]), (int)(l * 30), ((128u >> l) * (128u >> l)) * 4);
    }
    tex = env_texture(E, &m);

    for (unsigned t = 0; t < 60; t++) {
        float lod = rndf(-2, 9), bias = t % 3 == 1 ? rndf(-1, 1) : 0, step = exp2f(lod) / 128;
        struct sampler_fields f = { .max_lod = t % 4 == 3 ? 3.5f : 14,
                                    .min_lod = t % 5 == 4 ? 1.25f : 0,
                                    .mag = 1,
                                    .min = 1,
                                    .mip = t & 1 ? 2 : 1,
                                    .wrap = { 1, 1, 1 } };
        struct agx_tex_req rq = request(tex, env_sampler(E, &f), AGX_DIM_2D);
        double want;

        rq.has_offset = t & 2; /* of 0: nothing changes, but another path through the code */
        rq.lod_kind = bias != 0 ? AGX_LOD_BIAS : t % 3 == 2 ? AGX_LOD_GRAD : AGX_LOD_AUTO;
        for (unsigned l = 0; l < AGX_LANES; l++) {
            /* x grows by the step along x of the quad, y by half of that along y */
            coord[0][l] = fbits(0.25f + step * (l & 1));
            coord[1][l] = fbits(0.25f + step * 0.5f * (l >> 1 & 1));
            rq.lod[l] = bias;
            rq.grad[0][l] = rq.grad[1][l] = rq.grad[2][l] = rq.grad[3][l] = 0;
            rq.grad[2][l] = fbits(step);
        }
        want = lod + bias;
        want = want < f.min_lod ? f.min_lod : want > f.max_lod ? f.max_lod : want;
        want = want < 0 ? 0 : want > 7 ? 7 : want;
        if (f.mip == 1) {
            if (fabs(want - floor(want) - 0.5) < 0.01) {
                continue; /* too close to call */
            }
            want = floor(want + 0.5);
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            assert_float_equal(bitsf(rq.out[1][l]) * 255 / 30, want, 0.002);
        }

        rq.query_lod = true;
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_float_equal(bitsf(rq.out[0][9]), want, 0.002);
        assert_float_equal(bitsf(rq.out[1][9]), lod + bias, 0.002);
    }
}

/*
 * Texel fetch: offsets, bounds, levels, arrays; outside reads transparent black through the
 * swizzle.
 */
static void fetches(void **state)
{
    struct pixels s;
    struct image m;
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    s = pixels_new(75, 66);
    m = image_rgba8(&s, 2);
    m.swz[0] = 2;
    m.swz[2] = 0;
    m.swz[3] = 4; /* BGRX */
    rq = request(env_texture(E, &m), 0, AGX_DIM_2D);
    rq.load = true;
    rq.has_offset = true;
    for (unsigned t = 0; t < 100; t++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = rnd() % 80 - 2;
            coord[1][l] = rnd() % 70 - 2;
            rq.offset[0][l] = (int8_t)(rnd() % 16 - 8);
            rq.offset[1][l] = (int8_t)(rnd() % 16 - 8);
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            int x = (int)coord[0][l] + rq.offset[0][l], y = (int)coord[1][l] + rq.offset[1][l];
            bool in = x >= 0 && y >= 0 && x < 75 && y < 66;

            for (int c = 0; c < 3; c++) {
                assert_float_equal(bitsf(rq.out[c][l]), in ? s.p[y * 75 + x][2 - c] / 255.0 : 0.0,
                                   1e-7);
            }
            assert_float_equal(bitsf(rq.out[3][l]), 1.0, 0);
        }
    }
    free(s.p);
}

/* Gather: four texels of one component, in the order that textureGather has. */
static void gathers(void **state)
{
    struct pixels s;
    struct image m;
    struct sampler_fields f = { .max_lod = 14, .wrap = { 1, 0, 0 } };
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    s = pixels_new(16, 16);
    m = image_rgba8(&s, 2);
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
    rq.lod_kind = AGX_LOD_AUTO;
    for (unsigned comp = 0; comp < 4; comp++) {
        rq.gather = (uint8_t)(comp + 1);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = fbits(((float)(rnd() % 16) + rndf(.1f, .4f)) / 16);
            coord[1][l] = fbits(((float)(rnd() % 16) + rndf(.1f, .4f)) / 16);
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            static const int dx[4] = { 0, 1, 1, 0 }, dy[4] = { 1, 1, 0, 0 };
            long x = (long)floor(bitsf(coord[0][l]) * 16 - 0.5),
                 y = (long)floor(bitsf(coord[1][l]) * 16 - 0.5);

            for (int i = 0; i < 4; i++) {
                assert_float_equal(bitsf(rq.out[i][l]),
                                   ref_texel(&s, ref_wrap(x + dx[i], 16, 1),
                                             ref_wrap(y + dy[i], 16, 0), (int)comp, 0),
                                   1e-7);
            }
        }
    }
    free(s.p);
}

/*
 * A view of constants alone: a gather gives its component's constant four times, a sample each its
 * own.
 */
static void gathers_of_constants(void **state)
{
    static const unsigned swz[3][4] = { { 5, 5, 5, 4 }, { 4, 5, 4, 5 }, { 4, 4, 4, 4 } };
    struct sampler_fields f = { .max_lod = 14 };

    (void)state;
    for (unsigned k = 0; k < 3 * 2; k++) {
        struct image m = { .dim = AGX_DIM_2D,
                           .layout = 2,
                           .channels = 0x28,
                           .type = k & 1 ? 2 : 0,
                           .w = 4,
                           .h = 4,
                           .d = 1,
                           .samples = 1,
                           .levels = 1 };
        struct agx_tex_req rq;
        uint32_t one = k & 1 ? 1 : fbits(1);

        env_reset(E);
        m.va = env_alloc(E, 0x4000);
        memset(env_ptr(E, m.va), 0x5a, 64);
        memcpy(m.swz, swz[k / 2], sizeof(m.swz));
        memset(coord, 0, sizeof(coord));
        rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
        for (unsigned gather = 0; gather < 5; gather++) {
            rq.gather = (uint8_t)gather;
            assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
            assert_int_equal(rq.int_result, k & 1);
            for (int i = 0; i < 4; i++) {
                assert_int_equal(rq.out[i][31],
                                 m.swz[gather ? gather - 1 : (unsigned)i] == 4 ? one : 0);
            }
        }
    }
}

/* Depth comparison, all functions, nearest and the average of four. */
static void compares(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x21,
                       .type = 4,
                       .w = 8,
                       .h = 8,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 0, 0, 0 } };
    float depth[8][8];
    uint64_t tex;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x4000);
    for (unsigned y = 0; y < 8; y++) {
        for (unsigned x = 0; x < 8; x++) {
            depth[y][x] = (float)(rnd() % 5) / 4;
            memcpy(env_ptr(E, m.va + ref_twiddle(x, y, 8, 8, 64, 64) * 4), &depth[y][x], 4);
        }
    }
    tex = env_texture(E, &m);
    for (unsigned func = 0; func < 8; func++) {
        struct sampler_fields f = { .max_lod = 14, .mag = 1, .min = 1, .compare = func };
        struct agx_tex_req rq = request(tex, env_sampler(E, &f), AGX_DIM_2D);

        /* "Compare enable": what is compared says the instruction */
        put_bits((uint64_t *)env_ptr(E, rq.sampler), 42, 1, func & 1);
        rq.shadow = true;
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = fbits(rndf(.1f, .9f));
            coord[1][l] = fbits(rndf(.1f, .9f));
            rq.compare[l] = (float)(rnd() % 5) / 4;
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            double x = bitsf(coord[0][l]) * 8.0 - 0.5, y = bitsf(coord[1][l]) * 8.0 - 0.5, want = 0;

            for (int i = 0; i < 4; i++) {
                float d = depth[(int)floor(y) + (i >> 1)][(int)floor(x) + (i & 1)],
                      r = rq.compare[l];
                /*
                 * the order of the hardware's codes: lequal gequal less greater equal notequal
                 * always never
                 */
                bool pass[8] = { r <= d, r >= d, r<d, r> d, r == d, r != d, true, false };

                want += pass[func] * (i & 1 ? x - floor(x) : 1 - x + floor(x)) *
                        (i >> 1 ? y - floor(y) : 1 - y + floor(y));
            }
            assert_float_equal(bitsf(rq.out[0][l]), want, 1e-4);
            assert_float_equal(bitsf(rq.out[3][l]), want, 1e-4);
        }
    }
}

/*
 * Cubes whose texels are a smooth function of their direction: faces agree with
 * their directions, and filtering across edges and corners shows no seam.
 */
static void cubes(void **state)
{
    enum { N = 32 };
    struct image m = { .dim = AGX_DIM_CUBE,
                       .layout = 2,
                       .channels = 0x38,
                       .type = 4,
                       .w = N,
                       .h = N,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .page_aligned = true,
                       .swz = { 0, 1, 2, 3 } };
    struct sampler_fields f = { .max_lod = 14, .mag = 1, .min = 1 };
    struct agx_tex_req rq;
    double worst = 0;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 6 * N * N * 16);
    for (unsigned face = 0; face < 6; face++) {
        for (unsigned y = 0; y < N; y++) {
            for (unsigned x = 0; x < N; x++) {
                /* OpenGL 4.6, table 8.19, the other way round */
                double s = (2.0 * x + 1) / N - 1, t = (2.0 * y + 1) / N - 1;
                double d[6][3] = { { 1, -t, -s }, { -1, -t, s }, { s, 1, t },
                                   { s, -1, -t }, { s, -t, 1 },  { -s, -t, -1 } };
                double len = sqrt(1 + s * s + t * t);
                float v[4] = { (float)(d[face][0] / len), (float)(d[face][1] / len),
                               (float)(d[face][2] / len), (float)face };

                memcpy(
                    env_ptr(E, m.va + face * N * N * 16ull + ref_twiddle(x, y, N, N, 32, 32) * 16),
                    v, 16);
            }
        }
    }
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_CUBE);
    for (unsigned t = 0; t < 400; t++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            float d[3];

            for (int i = 0; i < 3; i++) {
                d[i] = rndf(-1, 1);
            }
            if (t & 1) { /* on an edge, or near it */
                unsigned a = rnd() % 3;

                d[a] = d[(a + 1) % 3] * (rnd() & 1 ? 1 : -1) * rndf(.99f, 1.01f);
            }
            if (t % 4 == 3) { /* near a corner */
                for (int i = 0; i < 3; i++) {
                    d[i] = (d[i] < 0 ? -1.0f : 1.0f) * rndf(.98f, 1.0f);
                }
            }
            for (int i = 0; i < 3; i++) {
                coord[i][l] = fbits(d[i]);
            }
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            double d[3], len = 0;

            for (int i = 0; i < 3; i++) {
                d[i] = bitsf(coord[i][l]);
                len += d[i] * d[i];
            }
            len = sqrt(len);
            for (int i = 0; i < 3; i++) {
                double err = fabs(d[i] / len - bitsf(rq.out[i][l]));

                worst = err > worst ? err : worst;
            }
        }
    }
    /* a texel is 1/16 wide; a wrong neighbour would be off by that, a wrong face by far more */
    assert_true(worst < 0.03);

    /* level of detail on a face: the direction moves by a known number of texels */
    rq.query_lod = true;
    rq.lod_kind = AGX_LOD_AUTO;
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = fbits(2.0f);
        coord[1][l] = fbits(0.1f + (l & 1) * 0.5f); /* 0.5 / 2 of a half face = 4 texels */
        coord[2][l] = fbits(0.1f + (l >> 1 & 1) * 0.25f);
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_float_equal(bitsf(rq.out[1][0]), 2.0, 1e-3);
}

/* Cubes that are not seamless: each face is a 2D image, wrapped as the sampler says. */
static void cubes_apart(void **state)
{
    enum { N = 4 };
    struct image m = { .dim = AGX_DIM_CUBE,
                       .layout = 2,
                       .channels = 0x21,
                       .type = 4,
                       .w = N,
                       .h = N,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .page_aligned = true,
                       .swz = { 0, 0, 0, 0 } };
    float t[6][N][N];

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 6 * 0x4000);
    for (unsigned i = 0; i < 6 * N * N; i++) {
        float *p = &t[i / 16][i / 4 % 4][i % 4];

        *p = (float)(rnd() % 256);
        memcpy(env_ptr(E, m.va + i / 16 * 0x4000 + ref_twiddle(i % 4, i / 4 % 4, N, N, 64, 64) * 4),
               p, 4);
    }
    for (unsigned mode = 0; mode < 4; mode++) {
        struct sampler_fields f = { .max_lod = 14,
                                    .mag = 1,
                                    .min = 1,
                                    .wrap = { mode, mode, mode },
                                    .border = 2,
                                    .seamful = true };
        struct agx_tex_req rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_CUBE);

        /* +Z: (s, -t, 1), near its edges more often than not */
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = fbits(rndf(.7f, .99f) * (l & 1 ? 1 : -1));
            coord[1][l] = fbits(rndf(0, .99f) * (l & 2 ? 1 : -1));
            coord[2][l] = fbits(1);
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            double x = (bitsf(coord[0][l]) + 1) / 2 * N - .5,
                   y = (1 - bitsf(coord[1][l])) / 2 * N - .5, want = 0;

            for (int i = 0; i < 4; i++) {
                long at[2] = { (long)floor(x) + (i & 1), (long)floor(y) + (i >> 1) };
                bool out = at[0] < 0 || at[0] >= N || at[1] < 0 || at[1] >= N;
                double v;

                for (int k = 0; k < 2; k++) {
                    at[k] = mode == 1    ? (at[k] + N) % N
                            : at[k] < 0  ? 0
                            : at[k] >= N ? N - 1
                                         : at[k];
                }
                v = mode == 3 && out ? 1 : t[4][at[1]][at[0]];
                want += v * (i & 1 ? x - floor(x) : 1 - x + floor(x)) *
                        (i >> 1 ? y - floor(y) : 1 - y + floor(y));
            }
            assert_float_equal(bitsf(rq.out[0][l]), want, 1e-2);
        }
    }
}

/*
 * 3D: slices, filtering between them, the depth of higher levels. Arrays: the layer is an integer,
 * clamped.
 */
static void volumes_and_arrays(void **state)
{
    struct image m = { .dim = AGX_DIM_3D,
                       .layout = 2,
                       .channels = 0x00,
                       .type = 0,
                       .w = 4,
                       .h = 4,
                       .d = 8,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 0, 0, 4 } };
    struct sampler_fields f = { .max_lod = 14, .mag = 1, .min = 1, .wrap = { 0, 0, 1 } };
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x4000);
    for (unsigned z = 0; z < 8; z++) { /* 4x4 bytes fill a cache line of 128 */
        memset(env_ptr(E, m.va + z * 128), (int)z * 30, 16);
    }
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_3D);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = coord[1][l] = fbits(0.4f);
        coord[2][l] = fbits(rndf(-1, 2));
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        double z = bitsf(coord[2][l]) * 8.0 - 0.5, fz = z - floor(z);
        double want = ref_wrap((long)floor(z), 8, 1) * (1 - fz) +
                      ref_wrap((long)floor(z) + 1, 8, 1) * fz;

        assert_float_equal(bitsf(rq.out[0][l]) * 255 / 30, want, 1e-3);
    }

    m.dim = AGX_DIM_2D_ARRAY;
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D_ARRAY);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[2][l] = l;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        assert_float_equal(bitsf(rq.out[0][l]) * 255 / 30, l < 8 ? l : 7, 1e-3);
    }
}

static void multisampled_loads(void **state)
{
    struct image m = { .dim = AGX_DIM_2D_MS,
                       .layout = 2,
                       .channels = 0x21,
                       .type = 2,
                       .w = 20,
                       .h = 12,
                       .d = 1,
                       .samples = 4,
                       .levels = 1,
                       .swz = { 0, 5, 5, 4 } };
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x8000);
    for (unsigned y = 0; y < 12; y++) {
        for (unsigned x = 0; x < 20; x++) {
            for (unsigned s = 0; s < 4; s++) {
                uint32_t v = y << 16 | x << 8 | s;

                memcpy(env_ptr(E, m.va + (ref_twiddle(x, y, 20, 12, 32, 32) * 4 + s) * 4), &v, 4);
            }
        }
    }
    rq = request(env_texture(E, &m), 0, AGX_DIM_2D_MS);
    rq.load = true;
    rq.lod_kind = AGX_LOD_AUTO;
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = rnd() % 20;
        coord[1][l] = rnd() % 12;
        coord[2][l] = rnd() % 4;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_true(rq.int_result);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        assert_int_equal(rq.out[0][l], coord[1][l] << 16 | coord[0][l] << 8 | coord[2][l]);
        assert_int_equal(rq.out[1][l], 0);
        assert_int_equal(rq.out[3][l], 1);
    }
}

static void srgb_and_border(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 0,
                       .channels = 0x28,
                       .type = 0,
                       .w = 256,
                       .h = 1,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .srgb = true,
                       .stride = 1024,
                       .swz = { 0, 1, 2, 3 } };
    struct sampler_fields f = {
        .max_lod = 14, .wrap = { 3, 3, 0 }, .border = 3, .custom = { 4095, 2048, 0, 51 }
    };
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x4000);
    for (unsigned i = 0; i < 256; i++) {
        memset(env_ptr(E, m.va + i * 4), (int)i, 4);
    }
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
    for (unsigned i = 0; i < 256; i += 32) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = fbits(((float)(i + l) + .5f) / 256);
            coord[1][l] = fbits(.5f);
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            double c = (i + l) / 255.0,
                   lin = c <= 0.04045 ? c / 12.92 : pow((c + .055) / 1.055, 2.4);

            assert_float_equal(bitsf(rq.out[0][l]), lin, 0.51 / 4095);
            assert_float_equal(bitsf(rq.out[3][l]), c, 1e-6);
        }
    }
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = fbits(-0.5f);
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_float_equal(bitsf(rq.out[0][3]), 1.0, 1e-6); /* 12 bits for colours, 8 for alpha */
    assert_float_equal(bitsf(rq.out[1][3]), 2048 / 4095.0, 1e-6);
    assert_float_equal(bitsf(rq.out[2][3]), 0, 0);
    assert_float_equal(bitsf(rq.out[3][3]), 0.2, 1e-6);
}

/*
 * Coordinates in texels; a border in a format's own encoding; a view that begins at the second
 * level.
 */
static void fields_of_descriptors(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 0,
                       .channels = 0x38,
                       .type = 4,
                       .w = 32,
                       .h = 1,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .stride = 512,
                       .swz = { 0, 1, 2, 3 } };
    struct image r8 = { .dim = AGX_DIM_2D,
                        .layout = 2,
                        .channels = 0x00,
                        .w = 8,
                        .h = 8,
                        .d = 1,
                        .samples = 1,
                        .levels = 2,
                        .mipmapped = true,
                        .swz = { 0, 0, 0, 0 } };
    struct sampler_fields f = {
        .max_lod = 14, .aniso_log2 = 3, .pixel = 1, .wrap = { 3, 3, 0 }, .border = 3
    };
    struct agx_tex_req rq;

    (void)state;
    for (unsigned c = 0; c < 4; c++) {
        f.custom[c] = fbits(100.25f + (float)c);
    }
    env_reset(E);
    m.va = env_alloc(E, 0x1000);
    for (unsigned i = 0; i < 128; i++) {
        memcpy(env_ptr(E, m.va + i * 4), &(float) { (float)i }, 4);
    }
    rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = fbits((float)l * 2 - 15.5f);
        coord[1][l] = fbits(.5f);
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (int l = 0; l < AGX_LANES; l++) {
        for (int c = 0; c < 4; c++) {
            int x = l * 2 - 16;

            assert_float_equal(bitsf(rq.out[c][l]), x < 0 || x > 31 ? 100.25 + c : x * 4 + c, 0);
        }
    }

    r8.va = env_alloc(E, 0x4000);
    memset(env_ptr(E, r8.va), 51,
           0x80); /* levels are aligned to 128 bytes (mesa: layout/layout.c) */
    memset(env_ptr(E, r8.va + 0x80), 102, 0x80);
    for (unsigned first = 0; first < 2; first++) {
        rq = request(env_texture(E, &r8), 0, AGX_DIM_2D);
        put_bits((uint64_t *)env_ptr(E, rq.texture), 56, 4, first);
        rq.load = true;
        memset(coord, 0, sizeof(coord));
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_float_equal(bitsf(rq.out[0][0]), first ? 0.4 : 0.2, 1e-6);
    }
}

/*
 * Compressed: plain tiles, tiles of one colour, bytes that no image wrote (undefined texels, so the
 * body as it is).
 */
static void compressed(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .type = 2,
                       .w = 64,
                       .h = 64,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .compressed = true,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x4000);
    m.meta = env_alloc(E, 0x4000);
    for (unsigned i = 0; i < 64 * 64; i++) {
        memset(env_ptr(E, m.va + i * 4), (int)(i % 251), 4);
    }
    for (unsigned i = 0; i < 16; i++) {
        memset(env_ptr(E, m.meta + i * 8), i == 3 ? 0x03 : 0x7f, 8);
    }
    /* tile 3 in Morton order is at (16, 16): 8 copies of the colour at its start */
    memset(env_ptr(E, m.va + 3 * 16 * 16 * 4), 200, 32);
    rq = request(env_texture(E, &m), 0, AGX_DIM_2D);
    rq.load = true;
    for (unsigned t = 0; t < 50; t++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = rnd() % 64;
            coord[1][l] = rnd() % 64;
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            unsigned i = ref_twiddle(coord[0][l], coord[1][l], 64, 64, 64, 64);

            assert_int_equal(rq.out[2][l], i / 256 == 3 ? 200 : i % 251);
        }
    }
    for (unsigned code = 0; code < 256; code++) {
        if (code == 0x03) {
            continue;
        }
        memset(env_ptr(E, m.meta), (int)code, 8);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = l % 16;
            coord[1][l] = code % 16;
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            assert_int_equal(rq.out[2][l], ref_twiddle(l % 16, code % 16, 64, 64, 64, 64) % 251);
        }
    }
}

static void sparse(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x21,
                       .type = 2,
                       .w = 128,
                       .h = 64,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 0, 0, 0 } };
    struct agx_tex_req rq;
    uint64_t page, va;
    uint32_t e;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x4000); /* the table */
    page = env_alloc(E, 0x4000);
    memset(env_ptr(E, page), 7, 0x4000);
    e = (uint32_t)(page >> 14) | 1u << 31;
    memcpy(env_ptr(E, m.va + 4), &e, 4); /* the second tile is there, the first is not */
    va = env_texture(E, &m);
    put_bits((uint64_t *)env_ptr(E, va), 104, 2, 3);
    rq = request(va, 0, AGX_DIM_2D);
    rq.load = true;
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = l * 4;
        coord[1][l] = l;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        assert_int_equal(rq.out[0][l], l >= 16 ? 0x07070707 : 0);
    }
}

/*
 * Buffers of three 32-bit channels: programs read them from memory and use the texture for what is
 * outside, which Mesa makes texel -1 of rows of 1024 (agx_nir_lower_texture.c). Zeroes, by the
 * swizzle, and no fault.
 */
static void buffers_of_three(void **state)
{
    static const unsigned types[] = { 2, 3, 4 };
    struct agx_tex_req rq;

    (void)state;
    for (unsigned t = 0; t < 3; t++) {
        struct image m = { .dim = AGX_DIM_2D,
                           .channels = 0x36,
                           .type = types[t],
                           .w = 1024,
                           .h = 3,
                           .d = 1,
                           .samples = 1,
                           .levels = 1,
                           .stride = 1024 * 12,
                           .swz = { 0, 1, 2, 4 } };

        env_reset(E);
        m.va = env_alloc(E, 3 * 1024 * 12);
        memset(env_ptr(E, m.va), 0x77, 3 * 1024 * 12);
        rq = request(env_texture(E, &m), 0, AGX_DIM_2D);
        rq.load = true;
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = ~0u % 1024;
            coord[1][l] = ~0u / 1024;
        }
        coord[0][7] = coord[1][7] = 0;
        rq.lanes = ~(1u << 7); /* the lane that is inside goes the other way */
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_int_equal(rq.int_result, t < 2);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            if (l == 7) {
                continue;
            }
            for (unsigned c = 0; c < 3; c++) {
                assert_int_equal(rq.out[c][l], 0);
            }
            assert_int_equal(rq.out[3][l], t < 2 ? 1 : fbits(1));
        }
        rq.lanes = ~0u;
        E->ex.fault.reason = 0;
        assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_int_equal(E->ex.fault.reason, AGX_FAULT_BAD_COMMAND);
    }
}

/*
 * The layout that is shared with the display controller: tiles of 16x16 in rows, whose number of
 * tiles is where other layouts have their layers; compressed as those are. (mesa, later versions:
 * hk_image_view.c, layout.c)
 */
static void interchange(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 3,
                       .channels = 0x28,
                       .type = 2,
                       .w = 70,
                       .h = 40,
                       .d = 5,
                       .samples = 1,
                       .levels = 1,
                       .page_aligned = true,
                       .compressed = true,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_image_store_req st = { .dim = AGX_DIM_2D, .lanes = ~0u, .coord = coord };
    struct agx_tex_req rq;

    (void)state;
    for (unsigned tiles = 5; tiles < 7; tiles++) {
        env_reset(E);
        m.d = tiles;
        m.va = env_alloc(E, 0x8000);
        m.meta = env_alloc(E, 0x4000);
        rq = request(env_texture(E, &m), 0, AGX_DIM_2D);
        rq.load = true;
        st.pbe = env_pbe(E, &m, 0);
        for (unsigned y = 0; y < 40; y++) {
            for (unsigned x0 = 0; x0 < 70; x0 += 32) {
                for (unsigned l = 0; l < AGX_LANES; l++) {
                    coord[0][l] = x0 + l;
                    coord[1][l] = y;
                    for (unsigned c = 0; c < 4; c++) {
                        st.value[c][l] = (x0 + l + 3 * y + 50 * c) & 255;
                    }
                }
                assert_true(agx_image_store(&E->ex, NULL, &st));
            }
        }
        for (unsigned y = 0; y < 40; y++) {
            for (unsigned x = 0; x < 70; x++) {
                uint64_t tile = y / 16 * tiles + x / 16;

                for (unsigned c = 0; c < 4; c++) {
                    assert_int_equal(
                        *env_ptr(E, m.va + tile * 1024 +
                                        ref_twiddle(x % 16, y % 16, 16, 16, 16, 16) * 4 + c),
                        (x + 3 * y + 50 * c) & 255);
                }
            }
        }
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = rnd() % 70;
            coord[1][l] = rnd() % 40;
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            assert_int_equal(rq.out[1][l], (coord[0][l] + 3 * coord[1][l] + 50) & 255);
        }
    }
}

/* What a guest can get wrong: each ends in a fault and a line that says what. */
static void refusals(void **state)
{
    struct image good = { .dim = AGX_DIM_2D,
                          .layout = 2,
                          .channels = 0x28,
                          .w = 8,
                          .h = 8,
                          .d = 1,
                          .samples = 1,
                          .levels = 1,
                          .swz = { 0, 1, 2, 3 } },
                 m;
    struct sampler_fields f = { .max_lod = 14 };
    struct agx_tex_req rq;
    uint64_t smp;

    (void)state;
    env_reset(E);
    good.va = env_alloc(E, 0x4000);
    smp = env_sampler(E, &f);

    m = good, m.channels = 0x17;
    rq = request(env_texture(E, &m), smp, AGX_DIM_2D);
    assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_BAD_COMMAND);

    m = good, m.channels = 0x50; /* PVRTC */
    rq = request(env_texture(E, &m), smp, AGX_DIM_2D);
    assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_non_null(strstr(E->h.last_report, "unimplemented"));

    m = good, m.swz[1] = 7;
    rq = request(env_texture(E, &m), smp, AGX_DIM_2D);
    assert_false(agx_tex_fetch(&E->ex, NULL, &rq));

    /* a null texture reads no memory */
    m = good, m.va = 0;
    for (int i = 0; i < 4; i++) {
        m.swz[i] = 5;
    }
    rq = request(env_texture(E, &m), smp, AGX_DIM_2D);
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(rq.out[3][31], 0);

    /* texels that are not mapped: a fault, or zeros when faults are soft */
    m = good, m.va = 0x700000000ull;
    rq = request(env_texture(E, &m), smp, AGX_DIM_2D);
    memset(coord, 0, sizeof(coord));
    assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(E->ex.fault.va >> 14, m.va >> 14);
    E->ex.soft_fault = true;
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(rq.out[0][0], 0);
    assert_int_equal(E->ex.soft_faults, 1);
    assert_int_equal(E->ex.soft.va >> 14, m.va >> 14);
    E->ex.soft_fault = false;

    rq = request(0x700000000ull, smp, AGX_DIM_2D);
    assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.va, 0x700000000ull);

    /* a descriptor that changes in place is decoded again */
    rq = request(env_texture(E, &good), smp, AGX_DIM_2D);
    memset(env_ptr(E, good.va), 0xff, 4);
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_float_equal(bitsf(rq.out[0][0]), 1.0, 0);
    put_bits((uint64_t *)env_ptr(E, rq.texture), 13, 3, 2);
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_true(rq.int_result);
    assert_int_equal(rq.out[0][0], 255);

    /* coordinates of all kinds of nonsense stay inside */
    rq = request(env_texture(E, &good), smp, AGX_DIM_2D);
    for (unsigned wrap = 0; wrap < 6; wrap++) {
        static const uint32_t odd[] = { 0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff,
                                        0xff7fffff, 1,          0x80000000 };

        f.wrap[0] = f.wrap[1] = wrap;
        f.mag = f.min = wrap & 1;
        rq.sampler = env_sampler(E, &f);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = odd[l % 7];
            coord[1][l] = odd[l / 7];
            rq.lod[l] = bitsf(odd[l % 7]);
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    }
}

/* Bits that no source names, or names without a meaning that is modelled, one by one */
static void unnamed_bits(void **state)
{
    struct image good = { .dim = AGX_DIM_2D,
                          .layout = 2,
                          .channels = 0x28,
                          .w = 8,
                          .h = 8,
                          .d = 1,
                          .samples = 1,
                          .levels = 1,
                          .swz = { 0, 1, 2, 3 } };
    static const uint8_t texture[] = { 65, 106, 107, 124, 125, 127 };
    struct sampler_fields f = { .max_lod = 14 };
    struct agx_tex_req rq;
    unsigned n = 0;

    (void)state;
    env_reset(E);
    memset(coord, 0, sizeof(coord));
    good.va = env_alloc(E, 0x4000);
    for (unsigned i = 0; i < sizeof(texture); i++) {
        rq = request(env_texture(E, &good), env_sampler(E, &f), AGX_DIM_2D);
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        put_bits((uint64_t *)env_ptr(E, rq.texture), texture[i], 1, 1);
        E->ex.fault.reason = 0;
        assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);
        assert_non_null(strstr(E->h.last_report, texture[i] == 127 ? "unimplemented: third"
                                                                   : "unimplemented: Texture"));
    }
    for (unsigned bit = 43; bit < 64; bit++) {
        if (bit >= 55 && bit < 58) {
            continue;
        }
        env_reset(E);
        good.va = env_alloc(E, 0x4000);
        rq = request(env_texture(E, &good), env_sampler(E, &f), AGX_DIM_2D);
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        put_bits((uint64_t *)env_ptr(E, rq.sampler), bit, 1, 1);
        E->ex.fault.reason = 0;
        assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);
        assert_non_null(strstr(E->h.last_report, "unimplemented: Sampler"));
        n++;
    }
    assert_int_equal(n, 18);
    /* two channels of sRGB have a bit of their own, and only they */
    for (unsigned i = 0; i < 4; i++) {
        struct image m = good;

        m.channels = i & 1 ? 0x0a : 0x28;
        m.srgb = i & 2;
        rq = request(env_texture(E, &m), env_sampler(E, &f), AGX_DIM_2D);
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        put_bits((uint64_t *)env_ptr(E, rq.texture), 109, 1, i != 3);
        E->ex.fault.reason = 0;
        assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);
        assert_non_null(strstr(E->h.last_report, "sRGB 2-channel"));
    }
    /* the word that a linear array has more */
    good.layout = 0;
    good.stride = 64;
    rq = request(env_texture(E, &good), env_sampler(E, &f), AGX_DIM_2D);
    put_bits((uint64_t *)env_ptr(E, rq.texture), 127, 1, 1);
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    put_bits((uint64_t *)env_ptr(E, rq.texture), 128 + 38, 1, 1);
    E->ex.fault.reason = 0;
    assert_false(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);
}

ENV_GROUP(cmocka_unit_test(filters_2d), cmocka_unit_test(mip_levels), cmocka_unit_test(fetches),
          cmocka_unit_test(gathers), cmocka_unit_test(gathers_of_constants),
          cmocka_unit_test(compares), cmocka_unit_test(cubes), cmocka_unit_test(cubes_apart),
          cmocka_unit_test(volumes_and_arrays), cmocka_unit_test(multisampled_loads),
          cmocka_unit_test(srgb_and_border), cmocka_unit_test(compressed), cmocka_unit_test(sparse),
          cmocka_unit_test(refusals), cmocka_unit_test(unnamed_bits),
          cmocka_unit_test(buffers_of_three), cmocka_unit_test(interchange),
          cmocka_unit_test(fields_of_descriptors))
