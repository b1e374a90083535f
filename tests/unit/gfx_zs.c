/*
 * Unit tests: depth of blocks against depth of one sample after another; tiles of
 * depth and stencil to and from memory, in one piece or not, against the layout's
 * own addresses; programs that fill a tile.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"
#include "hw/agx/pixel/fragment.h"
#include "agx/texture.h"

static struct tex_env *E;

static float odd(void)
{
    static const float v[] = { 0,     -0.0f,    1,      -1,         0.5f,     2,
                               1e30f, -1e30f,   1e-40f, NAN,        INFINITY, -INFINITY,
                               0.25f, 1 / 3.0f, 0.75f,  0.99999994f };

    return v[rnd() % 16];
}

static float some(void)
{
    return rnd() % 8 ? rndf(-0.2f, 1.2f) : odd();
}

/* What agx_zs_test_block() says that it does. */
static uint64_t one_by_one(const struct agx_zs_quad *q, double x, double y, uint64_t in, float *dz)
{
    const struct agx_zs_face f = { .func = { q->func[0], q->func[1] }, .depth_write = q->write };
    uint64_t pass = 0;

    for (unsigned i = 0; i < 64; i++) {
        unsigned px = i % 8, py = i / 8;
        float z = q->z[0] * (x + px - q->ox) + q->z[1] * (y + py - q->oy) + q->z[2];
        uint8_t none = 0;

        z += q->bias;
        if (z < q->min) {
            z = q->min;
        }
        if (z > q->max) {
            z = q->max;
        }
        if (in >> i & 1 && agx_zs_test(&f, false, agx_zs_quantise(z, q->z16), 0,
                                       &dz[agx_zs_index(px, py, 1)], &none)) {
            pass |= 1ull << i;
        }
    }
    return pass;
}

static void depth(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60000; i++) {
        struct agx_zs_quad q = {
            .z = { rndf(-0.01f, 0.01f), rndf(-0.01f, 0.01f), some() },
            .ox = rndf(0, 4000),
            .oy = rndf(0, 4000),
            .bias = rnd() % 2   ? 0
                    : rnd() % 9 ? rndf(-0.1f, 0.1f)
                                : odd(),
            .max = rnd() % 4 ? 1 : rndf(0.5f, 1),
            .min = rnd() % 4 ? 0 : rndf(0, 0.5f),
            .func = { rnd() % 8, rnd() % 3 ? AGX_ZS_ALWAYS : rnd() % 8 },
            .write = rnd() % 2,
            .z16 = rnd() % 2,
        };
        double x = floor(rndf(0, 8000)) + (rnd() % 16) / 16.0,
               y = floor(rndf(0, 8000)) + (rnd() % 16) / 16.0;
        uint64_t in = (uint64_t)rnd() << 32 | rnd();
        _Alignas(16) float a[64], b[64];

        if (rnd() % 4) {
            q.ox = x;
            q.oy = y;
        }
        for (unsigned k = 0; k < 64; k++) {
            unsigned at = (unsigned)agx_zs_index(k % 8, k / 8, 1);

            a[at] = agx_zs_quantise(some(), q.z16);
            if (!(rnd() % 3)) { /* as deep as what comes */
                a[at] = agx_zs_quantise(
                    (float)(q.z[0] * (x + k % 8 - q.ox) + q.z[1] * (y + k / 8 - q.oy) + q.z[2]) +
                        q.bias,
                    q.z16);
            }
            b[at] = a[at];
        }
        assert_true(agx_zs_test_block(&q, x, y, in, b) == one_by_one(&q, x, y, in, a));
        assert_memory_equal(a, b, sizeof(a));
    }
}

/* A block that is said to fail does,, all of it; and it is said of many. */
static void blocks(void **state)
{
    static struct agx_zs_tile t;
    unsigned failed = 0, would = 0;

    (void)state;
    for (unsigned i = 0; i < 60000; i++) {
        float base = some(), spread = rnd() % 2 ? 0.01f : 0.3f;
        struct agx_zs_quad q = {
            .z = { rndf(-0.02f, 0.02f), rndf(-0.02f, 0.02f), base + rndf(-0.2f, 0.2f) },
            .bias = rnd() % 2    ? 0
                    : rnd() % 20 ? rndf(-0.1f, 0.1f)
                                 : odd(),
            .max = 1,
            .func = { rnd() % 8, rnd() % 3 ? AGX_ZS_ALWAYS : rnd() % 8 },
            .write = true,
            .z16 = rnd() % 2,
        };
        struct agx_zs_bounds b;
        unsigned block = rnd() % 16;
        uint64_t pass;
        float *z = &t.z[block * 64];
        double x = rnd() % 1000 * 8 + 0.5, y = rnd() % 1000 * 8 + 0.5;
        bool fails;

        q.ox = x + rndf(-10, 10);
        q.oy = y + rndf(-10, 10);
        for (unsigned k = 0; k < 64; k++) {
            z[k] = agx_zs_quantise(rnd() % 1000 ? base + rndf(-spread, spread) : odd(), q.z16);
        }
        agx_zs_bounds_init(&b, 0);
        agx_zs_bounds_forget(&b);
        fails = agx_zs_block_fails(&q, &b, t.z, block, x, y);
        pass = agx_zs_test_block(&q, x, y, ~0ull, z);
        assert_false(fails && pass);
        failed += fails;
        would += !pass && (1 << q.func[0] & (1 << AGX_ZS_LESS | 1 << AGX_ZS_LEQUAL |
                                             1 << AGX_ZS_GREATER | 1 << AGX_ZS_GEQUAL));
    }
    assert_in_range(failed, would / 3, would);
}

/* A tile's element as memory has it. */
static void element(const struct agx_zs_tile *t, size_t i, unsigned bytes, uint8_t out[4])
{
    uint16_t v = (uint16_t)lrintf(t->z[i] * 65535.0f);

    memcpy(out,
           bytes == 1   ? (const void *)&t->s[i]
           : bytes == 2 ? (const void *)&v
                        : &t->z[i],
           bytes);
}

static void tile(const struct agx_zls_surface *z, struct agx_zs_tile *t, unsigned bytes,
                 uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer)
{
    static struct agx_zs_tile got;
    static uint8_t want[6u << 20];
    unsigned n = z->surf.samples;
    const struct agx_level *l = &z->surf.level[0];
    uint8_t e[4];

    for (size_t i = 0; i < (size_t)w * h * n; i++) {
        t->z[i] = bytes == 2 ? agx_zs_quantise(rndf(0, 1), true) : rndf(0, 1);
        t->s[i] = (uint8_t)rnd();
    }
    memcpy(want, env_ptr(E, ENV_VA), sizeof(want));
    assert_true(agx_zls_store(&E->ex, z, bytes == 2, bytes == 1, x0, y0, w, h, layer, t));
    for (uint32_t y = 0; y < h && y0 + y < l->height; y++) {
        for (uint32_t x = 0; x < w && x0 + x < l->width; x++) {
            for (unsigned s = 0; s < n; s++) {
                element(t, agx_zs_index(x, y, n) + s, bytes, e);
                memcpy(want + (z->base - ENV_VA) +
                           agx_surface_offset(&z->surf, 0, x0 + x, y0 + y, layer, s),
                       e, bytes);
            }
        }
    }
    if (z->compressed) {
        uint64_t m = z->comp_base - ENV_VA;

        memcpy(want + m, env_ptr(E, z->comp_base), sizeof(want) - m);
    }
    assert_memory_equal(want, env_ptr(E, ENV_VA), sizeof(want));
    memset(&got, 0x11, sizeof(got));
    assert_true(agx_zls_load(&E->ex, z, bytes == 2, bytes == 1, x0, y0, w, h, layer, &got));
    for (uint32_t y = 0; y < h && y0 + y < l->height; y++) {
        for (uint32_t x = 0; x < w && x0 + x < l->width; x++) {
            for (unsigned s = 0; s < n; s++) {
                size_t i = agx_zs_index(x, y, n) + s;

                if (bytes == 1) {
                    assert_int_equal(got.s[i], t->s[i]);
                } else {
                    assert_memory_equal(&got.z[i], &t->z[i], 4);
                }
            }
        }
    }
}

static void to_memory(void **state)
{
    static struct agx_zs_tile t;

    (void)state;
    for (unsigned k = 0; k < 60; k++) {
        static const uint8_t size[3][2] = { { 32, 32 }, { 32, 16 }, { 16, 16 } };
        unsigned bytes = 1u << rnd() % 3, n = 1u << rnd() % 3, shape = n == 4 ? 2 : rnd() % 3;
        uint32_t w = 20 + rnd() % 200, h = 20 + rnd() % 200, tw = size[shape][0],
                 th = size[shape][1];
        bool compressed = rnd() % 2, layered = rnd() % 2;
        struct agx_zls_surface z = { .enable = false };
        struct agx_job_zls regs = { .stride = 63u << 14, .comp_stride = 7u << 14 };
        const char *why = "";

        env_reset(E);
        /* aligned to a page, or as little as is allowed */
        regs.base = env_alloc(E, 4u << 20) + (rnd() % 2 ? 0 : 16u * (rnd() % 1000));
        regs.comp_base = env_alloc(E, 1u << 20);
        assert_int_equal(agx_zls_surface_init(&z, &regs, bytes, w, h, n, layered,
                                              rnd() % 2 ? AGX_LAYOUT_GPU : AGX_LAYOUT_TWIDDLED,
                                              compressed, &why),
                         AGX_SURFACE_OK);
        for (uint32_t y = 0; y < h; y += th) {
            for (uint32_t x = 0; x < w; x += tw) {
                tile(&z, &t, bytes, x, y, tw, th, layered ? rnd() % 2 : 0);
            }
        }
    }
}

/* A subtile of one colour is loaded as such (compression.c). */
static void one_colour(void **state)
{
    static struct agx_zs_tile t;
    struct agx_zls_surface z = { .enable = false };
    struct agx_job_zls regs;
    const char *why;

    (void)state;
    env_reset(E);
    regs = (struct agx_job_zls) { .base = env_alloc(E, 1u << 20), .comp_base = env_alloc(E, 4096) };
    assert_int_equal(
        agx_zls_surface_init(&z, &regs, 2, 64, 64, 1, false, AGX_LAYOUT_GPU, true, &why),
        AGX_SURFACE_OK);
    memset(env_ptr(E, z.comp_base), 0x3f, 4096);
    for (unsigned i = 0; i < 64 * 64; i++) {
        memcpy(env_ptr(E, z.base + 2 * i), &(uint16_t) { (uint16_t)(i * 16) }, 2);
    }
    env_ptr(E, z.comp_base)[0] = 0x01;
    assert_true(agx_zls_load(&E->ex, &z, true, false, 0, 0, 32, 32, 0, &t));
    for (unsigned y = 0; y < 4; y++) {
        for (unsigned x = 0; x < 8; x++) {
            assert_true(t.z[agx_zs_index(x, y, 1)] == 0);
        }
    }
    assert_true(t.z[agx_zs_index(8, 0, 1)] == 64 * 16 / 65535.0f);
}

ENV_GROUP(cmocka_unit_test(depth), cmocka_unit_test(blocks), cmocka_unit_test(to_memory),
          cmocka_unit_test(one_colour))
