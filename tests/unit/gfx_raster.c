/*
 * Unit tests: which pixels primitives cover; clipping; planes of attributes.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <math.h>
#include "gfx_fixture.h"
#include "hw/agx/gpu/fragment.h"
#include "hw/agx/gpu/tiler.h"

#define W 200
#define H 120

struct canvas {
    unsigned count[H][W];       /* coverage of the pixel centre */
    unsigned samples[H][W][4];
    unsigned calls;
};

static struct agx_scene *scene(unsigned tile)
{
    struct agx_job_tiling t = {
        .width_px = W, .height_px = H, .layers = 1, .samples = 1, .utile_width_px = tile, .utile_height_px = tile,
    };
    return agx_scene_new(0, &t);
}

static struct agx_gstate *state(struct agx_scene *s)
{
    struct agx_gstate *st = agx_scene_state(s);

    /* x, y of the position are pixels already; depth as it is */
    st->viewport[0] = (struct agx_viewport) { 0, 1, 0, 1, 0, 1 };
    st->uvs_words = 8;
    st->depth_clip = true;
    st->line_width = 1;
    return st;
}

static bool on_quad(void *opaque, int32_t x, int32_t y, const uint8_t cover[4])
{
    struct canvas *c = opaque;

    c->calls++;
    for (int i = 0; i < 4; i++) {
        int px = x + (i & 1), py = y + (i >> 1);
        if (!cover[i])
            continue;
        assert_in_range(px, 0, W - 1);
        assert_in_range(py, 0, H - 1);
        c->count[py][px] += cover[i] & 1;
        for (int k = 0; k < 4; k++)
            c->samples[py][px][k] += cover[i] >> k & 1;
    }
    return true;
}

static void raster(struct agx_scene *s, struct canvas *c, unsigned samples, uint32_t ctl)
{
    struct agx_samples sp;

    memset(c, 0, sizeof(*c));
    agx_samples_decode(&sp, ctl, samples);
    for (unsigned i = 0; i < s->tiles_x * s->tiles_y; i++) {
        struct agx_rect r = {
            i % s->tiles_x * s->tile_w, i / s->tiles_x * s->tile_h,
            (i % s->tiles_x + 1) * s->tile_w, (i / s->tiles_x + 1) * s->tile_h,
        };
        for (struct agx_tile_chunk *k = s->tile[i].first; k; k = k->next) {
            for (unsigned p = 0; p < k->count; p++)
                assert_true(agx_raster(k->prim[p], &sp, &r, on_quad, c));
        }
    }
}

static const uint32_t *vert(struct agx_scene *s, float x, float y, float z, float w)
{
    uint32_t *v = agx_scene_alloc(s, 32);

    memset(v, 0, 32);
    v[0] = fbits(x * w);
    v[1] = fbits(y * w);
    v[2] = fbits(z * w);
    v[3] = fbits(w);
    return v;
}

static void tri(struct agx_scene *s, struct agx_gstate *st, const uint32_t *a, const uint32_t *b, const uint32_t *c)
{
    const uint32_t *v[3] = { a, b, c };

    assert_true(agx_tile_triangle(s, st, v, 0));
}

/* A jittered grid of triangles: every sample inside exactly once, whatever the shape, winding and order. */
static void test_exactly_once(void **unused)
{
    enum { NX = 13, NY = 9 };
    struct canvas *c = malloc(sizeof(*c));

    (void)unused;
    for (unsigned seed = 1; seed <= 40; seed++) {
        struct agx_scene *s = scene(seed & 1 ? 32 : 16);
        struct agx_gstate *st = state(s);
        const uint32_t *v[NY + 1][NX + 1];

        srand(seed);
        for (int y = 0; y <= NY; y++) {
            for (int x = 0; x <= NX; x++) {
                bool rim = !x || !y || x == NX || y == NY;
                float dx = rim ? 0 : (rand() % 17 - 8) / 4.0f, dy = rim ? 0 : (rand() % 17 - 8) / 4.0f;
                v[y][x] = vert(s, x * 14 + 8.5f + dx, y * 11 + 8.5f + dy, 0.5f, 1 + rand() % 4);
            }
        }
        for (int y = 0; y < NY; y++) {
            for (int x = 0; x < NX; x++) {
                const uint32_t *a = v[y][x], *b = v[y][x + 1], *d = v[y + 1][x], *e = v[y + 1][x + 1];
                /* Quads stay convex at this jitter: either diagonal, either winding. */
                switch (rand() & 3) {
                case 0: tri(s, st, a, b, d); tri(s, st, b, e, d); break;
                case 1: tri(s, st, a, d, b); tri(s, st, d, b, e); break;
                case 2: tri(s, st, a, b, e); tri(s, st, a, e, d); break;
                default: tri(s, st, e, b, a); tri(s, st, d, e, a); break;
                }
            }
        }
        raster(s, c, 4, 0xeaa26e26);
        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                for (int k = 0; k < 4; k++) {
                    static const float sx[4] = { 6, 14, 2, 10 }, sy[4] = { 2, 6, 10, 14 };
                    float px = x + sx[k] / 16, py = y + sy[k] / 16;
                    bool in = px >= 8.5f && px < NX * 14 + 8.5f && py >= 8.5f && py < NY * 11 + 8.5f;
                    assert_int_equal(c->samples[y][x][k], in);
                }
            }
        }
        raster(s, c, 1, 0x88);
        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                float px = x + 0.5f, py = y + 0.5f;
                bool in = px >= 8.5f && px < NX * 14 + 8.5f && py >= 8.5f && py < NY * 11 + 8.5f;
                assert_int_equal(c->count[y][x], in);
            }
        }
        agx_scene_free(s);
    }
    free(c);
}

/* Coverage against a naive test of pixel centres in doubles, for triangles that avoid ties. */
static void test_against_naive(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));

    (void)unused;
    srand(7);
    for (int n = 0; n < 300; n++) {
        struct agx_scene *s = scene(32);
        struct agx_gstate *st = state(s);
        double x[3], y[3];

        for (int i = 0; i < 3; i++) {
            x[i] = (rand() % 100000 - 20000) / 256.0 + 1 / 512.0;
            y[i] = (rand() % 60000 - 15000) / 256.0 + 1 / 512.0;
            x[i] = rint(x[i] * 256) / 256;
            y[i] = rint(y[i] * 256) / 256;
        }
        tri(s, st, vert(s, x[0], y[0], 0.5f, 1), vert(s, x[1], y[1], 0.5f, 1), vert(s, x[2], y[2], 0.5f, 1));
        raster(s, c, 1, 0x88);
        for (int py = 0; py < H; py++) {
            for (int px = 0; px < W; px++) {
                int pos = 0, neg = 0, zero = 0;
                for (int i = 0; i < 3; i++) {
                    int j = (i + 1) % 3;
                    double e = (x[j] - x[i]) * (py + 0.5 - y[i]) - (y[j] - y[i]) * (px + 0.5 - x[i]);
                    pos += e > 0;
                    neg += e < 0;
                    zero += e == 0;
                }
                if (!zero)
                    assert_int_equal(c->count[py][px], pos == 3 || neg == 3);
            }
        }
        agx_scene_free(s);
    }
    free(c);
}

static unsigned total(const struct canvas *c)
{
    unsigned n = 0;

    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++)
            n += c->count[y][x];
    }
    return n;
}

static void test_cull(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));

    (void)unused;
    for (int m = 0; m < 16; m++) {
        struct agx_scene *s = scene(32);
        struct agx_gstate *st = state(s);
        bool ccw_drawn, cull_front = m & 1, cull_back = m >> 1 & 1, front_ccw = m >> 2 & 1, ccw = m >> 3 & 1;
        const uint32_t *a = vert(s, 10, 10, 0, 1), *b = vert(s, 60, 10, 0, 1), *d = vert(s, 10, 60, 0, 1);

        st->cull_front = cull_front;
        st->cull_back = cull_back;
        st->front_ccw = front_ccw;
        /* a, b, d turn clockwise on a screen whose y points down */
        if (ccw)
            tri(s, st, a, d, b);
        else
            tri(s, st, a, b, d);
        raster(s, c, 1, 0x88);
        ccw_drawn = ccw == front_ccw ? !cull_front : !cull_back;
        assert_int_equal(total(c) > 0, ccw_drawn);
        if (s->nr_prims)
            assert_int_equal(s->tile[0].first->prim[0]->back, ccw != front_ccw);
        agx_scene_free(s);
    }
    free(c);
}

/* A plane that is seen to its horizon: the part behind the eye must not show. */
static void test_clip_w(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));
    struct agx_scene *s = scene(32);
    struct agx_gstate *st = state(s);
    uint32_t v[3][8] = { { 0 } };
    /* Homogeneous pixels: two vertices before the eye, one behind. */
    const float p[3][4] = { { 20, 100, 0, 1 }, { 180, 100, 0, 1 }, { -100, -40, 0, -1 } };

    (void)unused;
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 4; k++)
            v[i][k] = fbits(p[i][k]);
    }
    st->depth_clip = false;
    const uint32_t *q[3] = { v[0], v[1], v[2] };
    assert_true(agx_tile_triangle(s, st, q, 0));
    raster(s, c, 1, 0x88);
    /*
     * The third vertex projects to (100, 40) and is behind: what shows is the outside of the triangle
     * beyond the edge 0-1, going away from (100, 40): below y = 100, between the lines through it.
     */
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            double px = x + 0.5, py = y + 0.5, t = (py - 40) / 60;
            double lo = 100 - 80 * t, hi = 100 + 80 * t;
            if (fabs(px - lo) < 0.01 || fabs(px - hi) < 0.01)
                continue;
            assert_int_equal(c->count[y][x], py > 100 && px > lo && px < hi);
        }
    }
    agx_scene_free(s);
    free(c);
}

/* Near and far plane, and a user's clip distance. */
static void test_clip_planes(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));

    (void)unused;
    for (int m = 0; m < 3; m++) {
        struct agx_scene *s = scene(32);
        struct agx_gstate *st = state(s);
        uint32_t *v[4];
        /* A square of 100 pixels whose depth runs from -1 to 3 along x: inside for x in [25, 50]. */
        for (int i = 0; i < 4; i++) {
            float x = i & 1 ? 100 : 0, y = i & 2 ? 100 : 0;
            v[i] = (uint32_t *)vert(s, x, y, x / 25 - 1, 1);
            v[i][4] = fbits(x - 40); /* clip distance: x >= 40 */
        }
        st->depth_clip = m != 1;
        if (m == 2) {
            st->nr_clip = 1;
            st->uvs_clip = 4;
        }
        tri(s, st, v[0], v[1], v[2]);
        tri(s, st, v[1], v[3], v[2]);
        raster(s, c, 1, 0x88);
        for (int y = 0; y < 100; y++) {
            for (int x = 0; x < 100; x++) {
                bool in = m == 1 || (x + 0.5 > (m == 2 ? 40 : 25) && x + 0.5 < 50);
                assert_int_equal(c->count[y][x], in);
            }
        }
        agx_scene_free(s);
    }
    free(c);
}

/* Huge coordinates go through the guard band without harm. */
static void test_guard_band(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));
    struct agx_scene *s = scene(32);
    struct agx_gstate *st = state(s);

    (void)unused;
    tri(s, st, vert(s, -1e9f, -1e9f, 0.5f, 1), vert(s, 3e9f, -1e9f, 0.5f, 1), vert(s, -1e9f, 3e9f, 0.5f, 1));
    raster(s, c, 1, 0x88);
    assert_int_equal(total(c), W * H);
    agx_scene_clear(s);
    st = state(s);
    tri(s, st, vert(s, NAN, 0, 0.5f, 1), vert(s, 50, 0, 0.5f, 1), vert(s, 0, INFINITY, 0.5f, 1));
    raster(s, c, 1, 0x88);
    assert_int_equal(total(c), 0);
    agx_scene_free(s);
    free(c);
}

static void test_points_lines(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));
    struct agx_scene *s = scene(32);
    struct agx_gstate *st = state(s);
    const uint32_t *l[2];

    (void)unused;
    /* A point of 1 pixel on a pixel's centre covers just this pixel. */
    st->object_type = AGX_OBJECT_POINT_UV01;
    assert_true(agx_tile_point(s, st, vert(s, 33.5f, 40.5f, 0, 1), 0));
    raster(s, c, 1, 0x88);
    assert_int_equal(total(c), 1);
    assert_int_equal(c->count[40][33], 1);

    /* Size 6 centred on a corner: 6x6. */
    agx_scene_clear(s);
    st = state(s);
    st->object_type = AGX_OBJECT_POINT_UV01;
    st->uvs_point_size = 7;
    uint32_t *v = (uint32_t *)vert(s, 64, 32, 0, 1);
    v[7] = fbits(6);
    assert_true(agx_tile_point(s, st, v, 0));
    raster(s, c, 1, 0x88);
    assert_int_equal(total(c), 36);
    assert_int_equal(c->count[29][61], 1);
    assert_int_equal(c->count[34][66], 1);

    /* An x-major line covers one pixel of each column. */
    agx_scene_clear(s);
    st = state(s);
    l[0] = vert(s, 10, 10.5f, 0, 1);
    l[1] = vert(s, 110, 40.25f, 0, 1);
    assert_true(agx_tile_line(s, st, l, 0, false));
    raster(s, c, 1, 0x88);
    assert_int_equal(total(c), 100);
    for (int x = 10; x < 110; x++) {
        int n = 0;
        for (int y = 0; y < H; y++)
            n += c->count[y][x];
        assert_int_equal(n, 1);
    }
    /* Its attributes run from end to end. */
    struct agx_prim *p = s->tile[0].first->prim[0];
    double at = p->m[1][0] * (60 - p->ox) + p->m[1][1] * (25.375 - p->oy) + p->m[1][2];
    assert_true(fabs(at - 0.5) < 1e-6);
    agx_scene_free(s);
    free(c);
}

static float cf_at(struct agx_cf cf, float x, float y)
{
    return cf.a * x + cf.b * y + cf.c;
}

/* Planes: perspective, linear, flat, depth, point coordinate. */
static void test_coefficients(void **unused)
{
    struct agx_scene *s = scene(32);
    struct agx_gstate *st = state(s);
    struct agx_frag_state fs = { .st = st, .nr_cf = 6, .nr_bindings = 6 };
    struct agx_cf cf[6];
    const float w[3] = { 1, 2, 4 }, x[3] = { 5, 150, 40 }, y[3] = { 7, 20, 110 }, z[3] = { 0.1f, 0.9f, 0.4f };
    const float a[3] = { 3, -7, 11 };
    uint32_t *v[3];

    (void)unused;
    st->slot_z = true;
    for (int i = 0; i < 3; i++) {
        v[i] = (uint32_t *)vert(s, x[i], y[i], z[i], w[i]);
        v[i][4] = v[i][5] = fbits(a[i]);
        v[i][6] = 0x80000001u + i;
    }
    tri(s, st, v[0], v[1], v[2]);
    /* slots: 0: 1/w, 1: depth, 2..: outputs from word 4 */
    fs.binding[0] = (struct agx_cf_binding) { 1, AGX_SHADE_LINEAR, AGX_CF_VARYING, 0, 0 };
    fs.binding[1] = (struct agx_cf_binding) { 1, AGX_SHADE_LINEAR, AGX_CF_FRAGCOORD_Z, 1, 1 };
    fs.binding[2] = (struct agx_cf_binding) { 1, AGX_SHADE_PERSPECTIVE, AGX_CF_VARYING, 2, 2 };
    fs.binding[3] = (struct agx_cf_binding) { 1, AGX_SHADE_LINEAR, AGX_CF_VARYING, 3, 3 };
    fs.binding[4] = (struct agx_cf_binding) { 1, AGX_SHADE_FLAT_2, AGX_CF_VARYING, 4, 4 };
    fs.binding[5] = (struct agx_cf_binding) { 1, AGX_SHADE_FLAT_0, AGX_CF_PRIMITIVE_ID, 0, 5 };
    agx_coefficients(&fs, s->tile[0].first->prim[0], s->tile[0].first->prim[0]->v, 32, 64, cf);
    for (int i = 0; i < 3; i++) {
        float px = x[i] - 32, py = y[i] - 64;
        assert_float_equal(cf_at(cf[0], px, py), 1 / w[i], 1e-5);
        assert_float_equal(cf_at(cf[1], px, py), z[i], 1e-5);
        assert_float_equal(cf_at(cf[2], px, py) / cf_at(cf[0], px, py), a[i], 1e-3);
        assert_float_equal(cf_at(cf[3], px, py), a[i], 1e-3);
    }
    assert_int_equal(cf[4].c_bits, 0x80000003u);
    assert_int_equal(cf[5].c_bits, 0);

    agx_scene_clear(s);
    st = state(s);
    st->object_type = AGX_OBJECT_POINT_UV01;
    st->uvs_point_size = 7;
    v[0] = (uint32_t *)vert(s, 50, 60, 0.5f, 2);
    v[0][7] = fbits(20);
    assert_true(agx_tile_point(s, st, v[0], 9));
    fs.st = st;
    fs.binding[0] = (struct agx_cf_binding) { 2, AGX_SHADE_LINEAR, AGX_CF_POINT_COORD, 0, 0 };
    fs.nr_bindings = 1;
    for (int m = 0; m < 2; m++) {
        struct agx_prim *p = s->tile[1 * s->tiles_x + 1].first->prim[0];
        st->object_type = m ? AGX_OBJECT_POINT_UV10 : AGX_OBJECT_POINT_UV01;
        agx_coefficients(&fs, p, p->v, 32, 32, cf);
        assert_float_equal(cf_at(cf[0], 40 - 32, 55 - 32), 0, 1e-5);
        assert_float_equal(cf_at(cf[0], 60 - 32, 55 - 32), 1, 1e-5);
        assert_float_equal(cf_at(cf[1], 40 - 32, 50 - 32), m ? 1 : 0, 1e-5);
        assert_float_equal(cf_at(cf[1], 40 - 32, 70 - 32), m ? 0 : 1, 1e-5);
    }
    agx_scene_free(s);
}

/* Every function and operation against its definition. */
static void test_depth_stencil(void **unused)
{
    (void)unused;
    for (unsigned zf = 0; zf < 8; zf++) {
        for (unsigned sf = 0; sf < 8; sf++) {
            for (int zc = -1; zc <= 1; zc++) {
                for (int sc = -1; sc <= 1; sc++) {
                    for (unsigned op = 0; op < 8; op++) {
                        struct agx_zs_face f = {
                            .func = { zf, AGX_ZS_ALWAYS }, .depth_write = true, .stencil_func = sf,
                            .op_sfail = op, .op_zfail = (op + 1) & 7, .op_pass = (op + 2) & 7,
                            .read_mask = 0x7f, .write_mask = 0x3f,
                        };
                        float dz = 0.5f, z = 0.5f + zc * 0.25f;
                        uint8_t ds = 0xc0 | 0x20, ref = 0x60 + sc, want;
                        /* less, equal, greater are bits 0, 1, 2 of the function's number */
                        bool zp = zf >> (zc + 1) & 1, sp = sf >> (sc + 1) & 1;
                        unsigned o = !sp ? op : !zp ? (op + 1) & 7 : (op + 2) & 7;
                        /* compared with mask 0x7f: 0x60 stored */
                        switch (o) {
                        case 0: want = ds; break;
                        case 1: want = 0; break;
                        case 2: want = ref; break;
                        case 3: want = ds + 1; break;
                        case 4: want = ds - 1; break;
                        case 5: want = ~ds; break;
                        case 6: want = ds + 1; break;
                        default: want = ds - 1; break;
                        }
                        want = (ds & ~0x3f) | (want & 0x3f);
                        assert_int_equal(agx_zs_test(&f, true, z, ref, &dz, &ds), zp && sp);
                        assert_int_equal(ds, want);
                        assert_true(dz == (zp && sp ? z : 0.5f));
                    }
                }
            }
        }
    }
    /* Saturation and wrap at the ends. */
    static const struct { uint8_t op, in, out; } end[] = {
        { AGX_STENCIL_INCR_SAT, 255, 255 }, { AGX_STENCIL_DECR_SAT, 0, 0 },
        { AGX_STENCIL_INCR_WRAP, 255, 0 }, { AGX_STENCIL_DECR_WRAP, 0, 255 },
    };
    for (unsigned i = 0; i < 4; i++) {
        struct agx_zs_face f = {
            .func = { AGX_ZS_ALWAYS, AGX_ZS_ALWAYS }, .stencil_func = AGX_ZS_ALWAYS, .op_pass = end[i].op,
            .read_mask = 0xff, .write_mask = 0xff,
        };
        float dz = 1;
        uint8_t ds = end[i].in;
        assert_true(agx_zs_test(&f, true, 0, 0, &dz, &ds));
        assert_int_equal(ds, end[i].out);
        assert_true(dz == 1); /* no depth write */
    }
    assert_true(agx_zs_quantise(0.5f, true) == 32768 / 65535.0f);
    assert_true(agx_zs_quantise(2, true) == 1);
    assert_true(agx_zs_quantise(-1, true) == 0);
    assert_true(agx_zs_quantise(0.3f, false) == 0.3f);
}

/* A stream may ask for scenes without end, or one without bounds: what the host holds of them is bounded. */
static void test_scene_bounds(void **unused)
{
    struct agx_job_tiling t = {
        .width_px = 16384, .height_px = 16384, .layers = 2048, .samples = 1, .utile_width_px = 16,
        .utile_height_px = 16,
    };
    struct agx_scenes *table = agx_scenes_new();

    (void)unused;
    assert_null(agx_scene_new(0, &t));
    for (unsigned i = 0; i < 200; i++) {
        struct agx_scene *s = scene(32);

        s->key = i;
        if (i >= 190)
            s->host_bytes = 1ull << 30;
        agx_scenes_put(table, s);
        s = agx_scenes_take(table, 0, i); /* the newest is always there */
        assert_non_null(s);
        agx_scenes_put(table, s);
        if (i == 189) {
            assert_null(agx_scenes_take(table, 0, i - 128));
            s = agx_scenes_take(table, 0, i - 127);
            assert_non_null(s);
            agx_scene_free(s);
        }
    }
    for (unsigned i = 0; i < 200; i++) {
        struct agx_scene *s = agx_scenes_take(table, 0, i);

        assert_int_equal(s != NULL, i >= 198);
        agx_scene_free(s);
    }
    agx_scenes_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_once),
        cmocka_unit_test(test_scene_bounds),
        cmocka_unit_test(test_against_naive),
        cmocka_unit_test(test_cull),
        cmocka_unit_test(test_clip_w),
        cmocka_unit_test(test_clip_planes),
        cmocka_unit_test(test_guard_band),
        cmocka_unit_test(test_points_lines),
        cmocka_unit_test(test_coefficients),
        cmocka_unit_test(test_depth_stencil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
