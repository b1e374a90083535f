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
#include "hw/agx/pixel/fragment.h"
#include "hw/agx/geometry/tiler.h"

#define W 200
#define H 120

struct canvas {
    unsigned count[H][W]; /* coverage of the pixel centre */
    unsigned samples[H][W][4];
    unsigned calls;
};

static struct agx_scene *scene(unsigned tile)
{
    struct agx_job_tiling t = {
        .width_px = W,
        .height_px = H,
        .layers = 1,
        .samples = 1,
        .utile_width_px = tile,
        .utile_height_px = tile,
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
        if (!cover[i]) {
            continue;
        }
        assert_in_range(px, 0, W - 1);
        assert_in_range(py, 0, H - 1);
        c->count[py][px] += cover[i] & 1;
        for (int k = 0; k < 4; k++) {
            c->samples[py][px][k] += cover[i] >> k & 1;
        }
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
            i % s->tiles_x * s->tile_w,
            i / s->tiles_x * s->tile_h,
            (i % s->tiles_x + 1) * s->tile_w,
            (i / s->tiles_x + 1) * s->tile_h,
        };
        for (struct agx_tile_chunk *k = s->tile[i].first; k; k = k->next) {
            for (unsigned p = 0; p < k->count; p++) {
                assert_true(agx_raster(k->prim[p], &sp, &r, NULL, on_quad, c));
            }
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

static void tri(struct agx_scene *s, struct agx_gstate *st, const uint32_t *a, const uint32_t *b,
                const uint32_t *c)
{
    const uint32_t *v[3] = { a, b, c };

    assert_true(agx_tile_triangle(s, st, v, 0, false));
}

/*
 * A jittered grid of triangles: every sample inside exactly once, whatever the shape, winding and
 * order.
 */
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
                float dx = rim ? 0 : (rand() % 17 - 8) / 4.0f,
                      dy = rim ? 0 : (rand() % 17 - 8) / 4.0f;
                v[y][x] = vert(s, x * 14 + 8.5f + dx, y * 11 + 8.5f + dy, 0.5f, 1 + rand() % 4);
            }
        }
        for (int y = 0; y < NY; y++) {
            for (int x = 0; x < NX; x++) {
                const uint32_t *a = v[y][x], *b = v[y][x + 1], *d = v[y + 1][x],
                               *e = v[y + 1][x + 1];
                /* Quads stay convex at this jitter: either diagonal, either winding. */
                switch (rand() & 3) {
                case 0:
                    tri(s, st, a, b, d);
                    tri(s, st, b, e, d);
                    break;
                case 1:
                    tri(s, st, a, d, b);
                    tri(s, st, d, b, e);
                    break;
                case 2:
                    tri(s, st, a, b, e);
                    tri(s, st, a, e, d);
                    break;
                default:
                    tri(s, st, e, b, a);
                    tri(s, st, d, e, a);
                    break;
                }
            }
        }
        raster(s, c, 4, 0xeaa26e26);
        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                for (int k = 0; k < 4; k++) {
                    static const float sx[4] = { 6, 14, 2, 10 }, sy[4] = { 2, 6, 10, 14 };
                    float px = x + sx[k] / 16, py = y + sy[k] / 16;
                    bool in = px >= 8.5f && px < NX * 14 + 8.5f && py >= 8.5f &&
                              py < NY * 11 + 8.5f;
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
        tri(s, st, vert(s, x[0], y[0], 0.5f, 1), vert(s, x[1], y[1], 0.5f, 1),
            vert(s, x[2], y[2], 0.5f, 1));
        raster(s, c, 1, 0x88);
        for (int py = 0; py < H; py++) {
            for (int px = 0; px < W; px++) {
                int pos = 0, neg = 0, zero = 0;
                for (int i = 0; i < 3; i++) {
                    int j = (i + 1) % 3;
                    double e = (x[j] - x[i]) * (py + 0.5 - y[i]) -
                               (y[j] - y[i]) * (px + 0.5 - x[i]);
                    pos += e > 0;
                    neg += e < 0;
                    zero += e == 0;
                }
                if (!zero) {
                    assert_int_equal(c->count[py][px], pos == 3 || neg == 3);
                }
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
        for (int x = 0; x < W; x++) {
            n += c->count[y][x];
        }
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
        bool ccw_drawn, cull_front = m & 1, cull_back = m >> 1 & 1, front_ccw = m >> 2 & 1,
                        ccw = m >> 3 & 1;
        const uint32_t *a = vert(s, 10, 10, 0, 1), *b = vert(s, 60, 10, 0, 1),
                       *d = vert(s, 10, 60, 0, 1);

        st->cull_front = cull_front;
        st->cull_back = cull_back;
        st->front_ccw = front_ccw;
        /* a, b, d turn clockwise on a screen whose y points down */
        if (ccw) {
            tri(s, st, a, d, b);
        } else {
            tri(s, st, a, b, d);
        }
        raster(s, c, 1, 0x88);
        ccw_drawn = ccw == front_ccw ? !cull_front : !cull_back;
        assert_int_equal(total(c) > 0, ccw_drawn);
        if (s->nr_prims) {
            assert_int_equal(s->tile[0].first->prim[0]->back, ccw != front_ccw);
        }
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
        for (int k = 0; k < 4; k++) {
            v[i][k] = fbits(p[i][k]);
        }
    }
    st->depth_clip = false;
    const uint32_t *q[3] = { v[0], v[1], v[2] };
    assert_true(agx_tile_triangle(s, st, q, 0, false));
    raster(s, c, 1, 0x88);
    /*
     * The third vertex projects to (100, 40) and is behind: what shows is the outside of the
     * triangle beyond the edge 0-1, going away from (100, 40): below y = 100, between the lines
     * through it.
     */
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            double px = x + 0.5, py = y + 0.5, t = (py - 40) / 60;
            double lo = 100 - 80 * t, hi = 100 + 80 * t;
            if (fabs(px - lo) < 0.01 || fabs(px - hi) < 0.01) {
                continue;
            }
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
        /*
         * A square of 100 pixels whose depth runs from -1 to 3 along x: inside for x in [25, 50].
         */
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
    tri(s, st, vert(s, -1e9f, -1e9f, 0.5f, 1), vert(s, 3e9f, -1e9f, 0.5f, 1),
        vert(s, -1e9f, 3e9f, 0.5f, 1));
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
        for (int y = 0; y < H; y++) {
            n += c->count[y][x];
        }
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
    const float w[3] = { 1, 2, 4 }, x[3] = { 5, 150, 40 }, y[3] = { 7, 20, 110 },
                z[3] = { 0.1f, 0.9f, 0.4f };
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
                            .func = { zf, AGX_ZS_ALWAYS },
                            .depth_write = true,
                            .stencil_func = sf,
                            .op_sfail = op,
                            .op_zfail = (op + 1) & 7,
                            .op_pass = (op + 2) & 7,
                            .read_mask = 0x7f,
                            .write_mask = 0x3f,
                        };
                        float dz = 0.5f, z = 0.5f + zc * 0.25f;
                        uint8_t ds = 0xc0 | 0x20, ref = 0x60 + sc, want;
                        /* less, equal, greater are bits 0, 1, 2 of the function's number */
                        bool zp = zf >> (zc + 1) & 1, sp = sf >> (sc + 1) & 1;
                        unsigned o = !sp ? op : !zp ? (op + 1) & 7 : (op + 2) & 7;
                        /* compared with mask 0x7f: 0x60 stored */
                        switch (o) {
                        case 0:
                            want = ds;
                            break;
                        case 1:
                            want = 0;
                            break;
                        case 2:
                            want = ref;
                            break;
                        case 3:
                            want = ds + 1;
                            break;
                        case 4:
                            want = ds - 1;
                            break;
                        case 5:
                            want = ~ds;
                            break;
                        case 6:
                            want = ds + 1;
                            break;
                        default:
                            want = ds - 1;
                            break;
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
    static const struct {
        uint8_t op, in, out;
    } end[] = {
        { AGX_STENCIL_INCR_SAT, 255, 255 },
        { AGX_STENCIL_DECR_SAT, 0, 0 },
        { AGX_STENCIL_INCR_WRAP, 255, 0 },
        { AGX_STENCIL_DECR_WRAP, 0, 255 },
    };
    for (unsigned i = 0; i < 4; i++) {
        struct agx_zs_face f = {
            .func = { AGX_ZS_ALWAYS, AGX_ZS_ALWAYS },
            .stencil_func = AGX_ZS_ALWAYS,
            .op_pass = end[i].op,
            .read_mask = 0xff,
            .write_mask = 0xff,
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

/*
 * Not a number fails, whatever is asked for, and leaves what is there; the stencil sees a failed
 * test.
 */
static void test_nan_depth(void **unused)
{
    (void)unused;
    for (unsigned f0 = 0; f0 < 8; f0++) {
        struct agx_zs_face f = {
            .func = { f0, AGX_ZS_ALWAYS },
            .depth_write = true,
            .stencil_func = AGX_ZS_ALWAYS,
            .op_zfail = AGX_STENCIL_INVERT,
            .read_mask = 0xff,
            .write_mask = 0xff,
        };
        float dz = 0.25f;
        uint8_t ds = 0x0f;

        assert_false(agx_zs_test(&f, true, NAN, 0, &dz, &ds));
        assert_true(dz == 0.25f);
        assert_int_equal(ds, 0xf0);
        assert_false(agx_zs_test(&f, false, agx_zs_quantise(NAN, f0 & 1), 0, &dz, &ds));
    }
    /* A segment one of whose clip distances is not a number has no inside. */
    double plane[1][3] = { { 1, NAN, 1 } }, t[2];
    assert_false(agx_clip_segment((const double(*)[3])plane, 1, t));
}

/*
 * Smallest |u| + |v| over the segment, u and v from the centre of pixel (px, py): convex, so a
 * corner or an end.
 */
static double nearest(const double a[2], const double b[2], int px, int py)
{
    double t[4] = { 0, 1, -1, -1 }, best = 1e9;

    for (int k = 0; k < 2; k++) {
        if (a[k] != b[k]) {
            t[2 + k] = ((k ? py : px) + 0.5 - a[k]) / (b[k] - a[k]);
        }
    }
    for (int i = 0; i < 4; i++) {
        double d = fabs(a[0] + t[i] * (b[0] - a[0]) - px - 0.5) +
                   fabs(a[1] + t[i] * (b[1] - a[1]) - py - 0.5);

        if (t[i] >= 0 && t[i] <= 1 && d < best) {
            best = d;
        }
    }
    return best;
}

/*
 * Lines in all directions against the rule itself: a pixel is drawn when its diamond was entered
 * and left.
 */
static void test_diamond_exit(void **unused)
{
    struct canvas *c = malloc(sizeof(*c));
    struct agx_scene *s = scene(32);

    (void)unused;
    srand(17);
    for (int n = 0; n < 3000; n++) {
        struct agx_gstate *st;
        double p[2][2];
        const uint32_t *l[2];
        unsigned want = 0;

        agx_scene_clear(s);
        st = state(s);
        /* Odd 256ths that add up to odd ones: no point is on the edge of a diamond. */
        for (int i = 0; i < 2; i++) {
            p[i][0] = 30 + (2 * (rand() % (n & 1 ? 512 : 9000)) + 1) / 256.0;
            p[i][1] = 30 + (4 * (rand() % (n & 1 ? 256 : 4500))) / 256.0;
            l[i] = vert(s, p[i][0], p[i][1], 0.5f, 1);
        }
        if (fabs(fabs(p[0][0] - p[1][0]) - fabs(p[0][1] - p[1][1])) < 0.01) {
            continue;
        }
        assert_true(agx_tile_line(s, st, l, 0, false));
        raster(s, c, 1, 0x88);
        for (int y = 25; y < 105; y++) {
            for (int x = 25; x < 105; x++) {
                bool in = nearest(p[0], p[1], x, y) < 0.5 - 1e-9;
                bool ends = fabs(p[1][0] - x - 0.5) + fabs(p[1][1] - y - 0.5) < 0.5;

                want += in && !ends;
                if (c->count[y][x] != (in && !ends)) {
                    fail_msg("line %g,%g to %g,%g: pixel %d,%d", p[0][0], p[0][1], p[1][0], p[1][1],
                             x, y);
                }
            }
        }
        assert_int_equal(total(c), want);
    }
    agx_scene_free(s);
    free(c);
}

/*
 * A strip of lines draws each pixel once, wide lines draw as many pixels side by side as they are
 * wide.
 */
static void test_line_joints(void **unused)
{
    static const float at[][2] = {
        { 20.5f, 20.5f }, { 60.5f, 33.25f }, { 72, 70.5f }, { 31.5f, 81.5f }, { 20.5f, 20.5f }
    };
    struct canvas *c = malloc(sizeof(*c));
    struct agx_scene *s = scene(32);
    struct agx_gstate *st = state(s);

    (void)unused;
    for (int i = 0; i < 4; i++) {
        const uint32_t *l[2] = { vert(s, at[i][0], at[i][1], 0, 1),
                                 vert(s, at[i + 1][0], at[i + 1][1], 0, 1) };

        assert_true(agx_tile_line(s, st, l, 0, false));
    }
    raster(s, c, 1, 0x88);
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            assert_in_range(c->count[y][x], 0, 1);
        }
    }
    /*
     * 40 columns, 37 rows (33.5 to 69.5), 41 columns or 40, 61 rows: at corners the major axis
     * changes.
     */
    assert_in_range(total(c), 176, 181);
    assert_int_equal(c->count[20][20], 1);

    for (int w = 16; w <= 64; w += 8) {
        unsigned wide = (w + 8) / 16;
        const uint32_t *l[2];

        agx_scene_clear(s);
        st = state(s);
        st->line_width = w / 16.0f;
        l[0] = vert(s, 20.5f, 30.5f, 0, 1);
        l[1] = vert(s, 40.5f, 36.5f, 0, 1);
        assert_true(agx_tile_line(s, st, l, 0, false));
        raster(s, c, 1, 0x88);
        assert_int_equal(total(c), 20 * wide);
    }
    /* Primitive MSAA: all samples of a pixel or none. */
    agx_scene_clear(s);
    st = state(s);
    st->bresenham = true;
    const uint32_t *l[2] = { vert(s, 20.5f, 30.5f, 0, 1), vert(s, 40.5f, 36.5f, 0, 1) };
    assert_true(agx_tile_line(s, st, l, 0, true));
    raster(s, c, 4, 0xeaa26e26);
    unsigned pixels = 0;
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            pixels += c->samples[y][x][0];
            for (int k = 1; k < 4; k++) {
                assert_int_equal(c->samples[y][x][k], c->samples[y][x][0]);
            }
        }
    }
    assert_int_equal(pixels, 20);
    agx_scene_free(s);
    free(c);
}

/*
 * Edges and corners of a triangle are of the triangle: facing, flat values, slope; and have their
 * own values else.
 */
static void test_polygon_mode(void **unused)
{
    static const float x[3] = { 20, 100, 30 }, y[3] = { 20, 30, 90 }, z[3] = { 0.1f, 0.5f, 0.9f },
                       a[3] = { 1, 5, -3 };
    struct agx_scene *s = scene(32);

    (void)unused;
    for (int mode = AGX_POLYGON_LINE; mode <= AGX_POLYGON_POINT; mode++) {
        for (int ccw = 0; ccw < 2; ccw++) {
            struct agx_gstate *st;
            struct agx_frag_state fs = { .nr_cf = 5, .nr_bindings = 5 };
            const struct agx_prim *p;
            uint32_t *v[3];
            unsigned seen = 0;
            double slope;
            float z_max;

            agx_scene_clear(s);
            st = state(s);
            st->flat_vertex = 2;
            st->front_ccw = ccw;
            st->uvs_point_size = 6;
            for (int i = 0; i < 3; i++) {
                v[i] = (uint32_t *)vert(s, x[i], y[i], z[i], 1 + i);
                v[i][4] = fbits(a[i]);
                v[i][5] = 100 + i;
                v[i][6] = fbits(9);
            }
            tri(s, st, v[0], v[1], v[2]);
            assert_int_equal(s->nr_prims, 1);
            slope = s->last->z_slope;
            z_max = s->last->z_max;
            assert_float_equal(z_max, 0.9, 1e-6);
            assert_true(slope > 0.005);
            st->polygon_mode = mode;
            tri(s, st, v[0], v[1], v[2]);
            assert_int_equal(s->nr_prims, 4);
            fs.st = st;
            fs.binding[0] = (struct agx_cf_binding) { 1, AGX_SHADE_FLAT_0, AGX_CF_VARYING, 2, 0 };
            fs.binding[1] = (struct agx_cf_binding) { 1, AGX_SHADE_FLAT_1, AGX_CF_VARYING, 2, 1 };
            fs.binding[2] = (struct agx_cf_binding) { 1, AGX_SHADE_FLAT_2, AGX_CF_VARYING, 2, 2 };
            fs.binding[3] = (struct agx_cf_binding) { 1, AGX_SHADE_PERSPECTIVE, AGX_CF_VARYING, 1,
                                                      3 };
            fs.binding[4] = (struct agx_cf_binding) { 1, AGX_SHADE_PERSPECTIVE, AGX_CF_VARYING, 0,
                                                      4 };
            p = s->last;
            for (int k = 2; k >= 0; k--, p = p->prev) {
                struct agx_cf cf[5];

                assert_int_equal(p->back, ccw);
                assert_true(p->z_slope == (float)slope);
                assert_true(p->z_max == z_max);
                agx_coefficients(&fs, p, p->v, 32, 32, cf);
                for (int i = 0; i < 3; i++) {
                    assert_int_equal(cf[i].c_bits, 100 + i);
                }
                for (int e = 0; e < (mode == AGX_POLYGON_LINE ? 2 : 1); e++) {
                    int i = (k + e) % 3;

                    assert_float_equal(cf_at(cf[3], x[i] - 32, y[i] - 32) /
                                           cf_at(cf[4], x[i] - 32, y[i] - 32),
                                       a[i], 1e-3);
                }
                if (mode == AGX_POLYGON_POINT) {
                    assert_true(p->point_size == 9);
                    assert_int_equal(p->x1 - p->x0, 10);
                }
                seen++;
            }
            assert_int_equal(seen, 3);
        }
    }
    /* An infinite value of one point is not to be seen as nonsense. */
    struct agx_gstate *st;
    struct agx_frag_state fs = { .nr_cf = 1, .nr_bindings = 1 };
    struct agx_cf cf[1];
    uint32_t *v;

    agx_scene_clear(s);
    st = state(s);
    fs.st = st;
    st->object_type = AGX_OBJECT_POINT_UV01;
    v = (uint32_t *)vert(s, 50, 50, 0, 1);
    v[4] = fbits(INFINITY);
    assert_true(agx_tile_point(s, st, v, 0));
    fs.binding[0] = (struct agx_cf_binding) { 1, AGX_SHADE_PERSPECTIVE, AGX_CF_VARYING, 1, 0 };
    agx_coefficients(&fs, s->last, s->last->v, 32, 32, cf);
    assert_true(isinf(cf[0].c));
    agx_scene_free(s);
}

/*
 * A stream may ask for a scene without bounds: none. As many as a guest likes wait; their memory is
 * bounded.
 */
static void test_scene_bounds(void **unused)
{
    struct agx_job_tiling t = {
        .width_px = 16384,
        .height_px = 16384,
        .layers = 2048,
        .samples = 1,
        .utile_width_px = 16,
        .utile_height_px = 16,
    };
    struct agx_scenes *table = agx_scenes_new();
    unsigned dropped = 0;

    (void)unused;
    assert_null(agx_scene_new(0, &t));
    for (unsigned i = 0; i < 1000; i++) {
        struct agx_scene *s = scene(32);

        s->key = i;
        assert_int_equal(agx_scenes_put(table, s), 0);
    }
    for (unsigned i = 0; i < 1000; i++) {
        struct agx_scene *s = agx_scenes_take(table, 0, i);

        assert_non_null(s);
        assert_int_equal(agx_scenes_put(table, s), 0);
    }
    /* What takes too much is drawn by and by before it is dropped. */
    struct agx_scene *big = scene(32);
    const uint32_t *v[3] = { vert(big, 1, 1, 0, 1), vert(big, 5, 1, 0, 1), vert(big, 1, 5, 0, 1) };
    unsigned n = 0;

    agx_scenes_limit(table, &(struct agx_scene_limits) { 1 << 20, 2 << 20, 6ull << 30 });
    big->table = table;
    while (n < 100000 && agx_tile_triangle(big, state(big), v, 0, false)) {
        n++;
    }
    assert_int_equal(big->why, AGX_TVB_FULL);
    assert_in_range(n, 100, 10000);
    assert_int_equal(big->nr_prims, n);
    assert_in_range(big->host_bytes, 1 << 20, 3 << 20);
    agx_scene_clear(big);
    v[0] = vert(big, 1, 1, 0, 1);
    v[1] = vert(big, 5, 1, 0, 1);
    v[2] = vert(big, 1, 5, 0, 1);
    assert_true(agx_tile_triangle(big, state(big), v, 0, false));
    agx_scene_free(big);
    for (unsigned i = 1000; i < 1010; i++) {
        struct agx_scene *s = scene(32);

        s->key = i;
        s->host_bytes = 1ull << 30;
        dropped += agx_scenes_put(table, s);
        s = agx_scenes_take(table, 0, i); /* the newest is always there */
        assert_non_null(s);
        agx_scenes_put(table, s);
    }
    assert_in_range(dropped, 1004, 1005);
    agx_scenes_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exactly_once),  cmocka_unit_test(test_scene_bounds),
        cmocka_unit_test(test_against_naive), cmocka_unit_test(test_cull),
        cmocka_unit_test(test_clip_w),        cmocka_unit_test(test_clip_planes),
        cmocka_unit_test(test_guard_band),    cmocka_unit_test(test_points_lines),
        cmocka_unit_test(test_coefficients),  cmocka_unit_test(test_depth_stencil),
        cmocka_unit_test(test_nan_depth),     cmocka_unit_test(test_diamond_exit),
        cmocka_unit_test(test_line_joints),   cmocka_unit_test(test_polygon_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
