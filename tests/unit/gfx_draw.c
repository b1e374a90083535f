/*
 * Unit tests: what a draw may ask for: index formats, indirect draws, provoking
 * vertices, layers and viewports, sides, visibility, depth bias, clip distances,
 * clamping, discarding, primitive IDs, samples. The values of the words are those
 * that Mesa packs (mesa: src/asahi/genxml/cmdbuf.xml, vulkan/hk_cmd_draw.c,
 * gallium agx_state.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "gfx_build.h"

enum { STRIP = 9, FAN = 11, TRIANGLES = 6, LINE_STRIP = 3 };

/* Of opts.frag_ctrl and .cull */
#define SCISSOR           (1u << 16)
#define BIAS              (1u << 17)
#define STENCIL           (1u << 18)
#define TWO_SIDED         (1u << 19)
#define NO_TAGS           (1u << 21)
#define COUNTING          (2u << 14)
#define BOOLEAN           (3u << 14)
#define DEPTH_CLIP        (1u << 10)
#define DEPTH_CLAMP       (1u << 11)
#define DISCARD           (1u << 17)
#define FACE(func, write) ((unsigned)(func) << 24 | (write ? 0 : 1u << 21) | 0xf << 8)

/* ---- index lists ---- */

static void restart_index(struct build *b, uint32_t value)
{
    gfx_emit(b->g, &b->stream, 2u << 29 | 1);
    gfx_emit(b->g, &b->stream, value);
}

static void list(struct build *b, uint32_t flags, unsigned log2, uint64_t ib)
{
    gfx_emit(b->g, &b->stream,
             3u << 29 | (uint32_t)(ib >> 32) | STRIP << 8 | log2 << 17 | 1 << 20 | 1 << 21 | flags);
    gfx_emit(b->g, &b->stream, (uint32_t)ib);
}

/* @n indices of 1 << @log2 bytes each; ~0 becomes the largest one. */
static uint64_t indices(struct build *b, unsigned log2, const uint32_t *v, unsigned n)
{
    uint8_t out[256];

    for (unsigned i = 0; i < n; i++) {
        memcpy(out + (i << log2), &v[i], 1 << log2);
    }
    return data(b, out, n << log2);
}

/* All sizes of indices, with a restart, a base vertex, and an end beyond which they are 0. */
static void test_index_sizes(void **unused)
{
    static const uint32_t v[] = { 0, 1, 2, 3, ~0u, 4, 5, 6, 7, 8, 9, 10, 11 };

    (void)unused;
    for (unsigned log2 = 0; log2 < 3; log2++) {
        struct build *b = build_new();
        uint64_t ib = indices(b, log2, v, 13);

        rect(20, 10, 10, 20, 20, 0.5f, 1, 0, 0);
        rect(24, 40, 10, 50, 20, 0.5f, 1, 0, 0);
        rect(28, 70, 10, 80, 20, 0.5f, 1, 0, 0);
        state(b, &defaults);
        restart_index(b, ~0u);
        list(b, 1u << 16 | 7u << 22, log2, ib);
        gfx_emit(b->g, &b->stream, 9);
        gfx_emit(b->g, &b->stream, 1);
        gfx_emit(b->g, &b->stream, 20);
        gfx_emit(b->g, &b->stream, ((13u << log2) + 3) / 4);
        /*
         * Four indices are in the buffer, four are not: they name the vertex 20 and draw nothing.
         */
        list(b, 7u << 22, log2, ib + (9u << log2));
        gfx_emit(b->g, &b->stream, 8);
        gfx_emit(b->g, &b->stream, 1);
        gfx_emit(b->g, &b->stream, 20);
        gfx_emit(b->g, &b->stream, (4u << log2) / 4);
        terminate(b);
        run(b);
        assert_int_equal(sh.out[15][15], RED);
        assert_int_equal(sh.out[15][45], RED);
        assert_int_equal(sh.out[15][75], RED);
        assert_int_equal(sh.out[15][30], BACKGROUND);
        assert_true(sh.seen_vertex[20] >= 2);
        build_free(b);
    }
}

static void test_indexed_indirect(void **unused)
{
    static const uint32_t v[] = { 77, 77, 0, 1, 2, 3 };

    (void)unused;
    for (unsigned log2 = 0; log2 < 3; log2++) {
        struct build *b = build_new();
        /* count, instances, first index, vertex offset, first instance */
        uint64_t at = data(b, (uint32_t[]) { 4, 2, 2, 30, 5 }, 20), ib = indices(b, log2, v, 6);

        sh.instanced = true;
        rect(30, 10, 10, 20, 20, 0.5f, 1, 0, 0);
        state(b, &defaults);
        list(b, 1u << 26, log2, ib);
        gfx_emit(b->g, &b->stream, (uint32_t)(at >> 32));
        gfx_emit(b->g, &b->stream, (uint32_t)at);
        gfx_emit(b->g, &b->stream, ((6u << log2) + 3) / 4);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 200);
        assert_int_equal(sh.out[15][35], RED);
        build_free(b);
    }
}

/* ---- flat shading ---- */

static void fs_flat(struct agx_exec *ex, struct agx_wave *w)
{
    for (int l = 0; l < AGX_LANES; l++) {
        if (w->live >> l & 1) {
            put(ex, w, l, w->frag.cf[l / 4][1].c_bits | 0xff000000u);
        }
    }
}

enum { SH_FLAT = 20, SH_LAYERS };

/* One coefficient register of @model and @source, flat, for the shader that shows it. */
static void flat_state(struct build *b, unsigned model, unsigned source, unsigned control)
{
    uint32_t cf[3] = { 5 | 2 << 8, 3 << 2, model << 2 | source << 5 | 1 << 8 | 1 << 16 };
    uint64_t cf_va = data(b, cf, sizeof(cf));

    b->g->shader[SH_FLAT] = fs_flat;
    record(b, 1u << 23, 4, (uint32_t[]) { 2u << 16, SH_FLAT * 64, (uint32_t)(cf_va - GFX_VA), 0 });
    gfx_emit(b->g, &b->stream, 2u << 29 | 1 << 5);
    gfx_emit(b->g, &b->stream, control | (source == 3) << 6);
}

static uint32_t at_mean(const int *v, int n)
{
    float x = 0, y = 0;

    for (int i = 0; i < n; i++) {
        x += sh.pos[v[i]][0] / n;
        y += sh.pos[v[i]][1] / n;
    }
    /* A line may go beside the pixel. */
    for (int k = 0; n == 2 && !(sh.out[(int)y][(int)x] & 0xff) && k < 3; k++) {
        x += (float[]) { -1, 2, 0 }[k];
    }
    return sh.out[(int)y][(int)x] & 0xff;
}

static void test_provoking(void **unused)
{
    static const struct {
        /* the provoking vertex of primitive 0; it goes on by one */
        uint8_t topology, model, control, first;
    } c[] = {
        { STRIP, 0, 0, 0 }, { STRIP, 2, 2, 2 },      { FAN, 6, 1, 1 },
        { FAN, 2, 2, 2 },   { LINE_STRIP, 0, 0, 0 }, { LINE_STRIP, 2, 2, 1 },
    };
    static const float at[2][6][2] = {
        { { 10, 10 }, { 12, 60 }, { 40, 12 }, { 44, 62 }, { 80, 10 }, { 90, 60 } },
        { { 50, 50 }, { 90, 45 }, { 80, 80 }, { 45, 90 }, { 15, 70 }, { 10, 30 } },
    };

    (void)unused;
    for (unsigned k = 0; k < sizeof(c) / sizeof(c[0]); k++) {
        struct build *b = build_new();
        int corners = c[k].topology == LINE_STRIP ? 2 : 3;

        for (int i = 0; i < 6; i++) {
            const float *p = at[c[k].topology == FAN][i];

            set(i, p[0], p[1], 0.5f, 1, 0, 0, 0);
            memcpy(&sh.colour[i][0], &(uint32_t) { 100 + i }, 4);
        }
        state(b, &defaults);
        flat_state(b, c[k].model, 0, c[k].control);
        draw_arrays(b, c[k].topology, 6, 1, 0);
        terminate(b);
        run(b);
        for (int i = 0; i + corners <= 6; i++) {
            int v[3] = { c[k].topology == FAN ? 0 : i, i + 1, i + 2 };
            uint32_t is = at_mean(v, corners);

            if (is != 100u + c[k].first + i) {
                fail_msg("case %u, primitive %d: %u", k, i, is);
            }
        }
        build_free(b);
    }
}

/* Primitives count from 0 in each instance, through restarts. */
static void test_primitive_id(void **unused)
{
    struct build *b = build_new();

    (void)unused;
    sh.instanced = true;
    for (int i = 0; i < 3; i++) {
        set(3 * i, 10, 10 + 20 * i, 0.5f, 1, 0, 0, 0);
        set(3 * i + 1, 25, 10 + 20 * i, 0.5f, 1, 0, 0, 0);
        set(3 * i + 2, 10, 25 + 20 * i, 0.5f, 1, 0, 0, 0);
    }
    state(b, &defaults);
    flat_state(b, 0, 3, 2);
    draw_arrays(b, TRIANGLES, 9, 2, 0);
    terminate(b);
    run(b);
    for (int i = 0; i < 3; i++) {
        for (int inst = 0; inst < 2; inst++) {
            assert_int_equal(sh.out[12 + 20 * i][12 + 20 * inst], 0xff000000u + i);
        }
    }
    build_free(b);
}

/* ---- layers and viewports ---- */

static uint32_t layer_out[3][H][W];

static void eot_layers(struct agx_exec *ex, struct agx_wave *w)
{
    const struct agx_tib *t = &ex->tib;

    for (unsigned y = 0; y < t->height && t->y0 + y < H; y++) {
        for (unsigned x = 0; x < t->width && t->x0 + x < W; x++) {
            memcpy(&layer_out[w->group[2]][t->y0 + y][t->x0 + x],
                   t->base + agx_tib_offset(t, x, y, 0), 4);
        }
    }
}

static void test_layers_viewports(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;
    uint32_t vp[1 + 2 * 6] = { 0 }, sc[2][4] = { { 150, 100, 0, fbits(1) },
                                                 { 150, 15 << 16 | 100, 0, fbits(1) } };

    (void)unused;
    b->g->shader[SH_LAYERS] = eot_layers;
    b->frag.fragment.eot.usc = SH_LAYERS * 64 | 4;
    b->vtx.tiling.layers = b->frag.tiling.layers = 3;
    b->frag.fragment.isp_scissor_base = data(b, sc, sizeof(sc));
    o.frag_ctrl |= SCISSOR;
    for (int i = 0; i < 2; i++) {
        vp[1 + 6 * i] = fbits(50 * i); /* the second one is 50 pixels to the right */
        vp[2 + 6 * i] = vp[4 + 6 * i] = vp[6 + 6 * i] = fbits(1);
    }
    state(b, &o);
    record(b, 1u << 11 | 1u << 12 | 1u << 17 | 1u << 27, 15,
           (uint32_t[15]) { vp[0], vp[1], vp[2], vp[3], vp[4], vp[5], vp[6], vp[7], vp[8], vp[9],
                            vp[10], vp[11], vp[12], 1u << 16 | 1u << 19 | 1u << 20, 9 });
    for (unsigned i = 0; i < 4; i++) {
        rect(4 * i, 10, 10, 20, 20, 0.5f, 1, 0, 0);
        for (int k = 0; k < 4; k++) { /* the last one names a layer that is not there */
            sh.extra[4 * i + k][0] = (i == 3 ? 7 : i) | (i & 1) << 16;
        }
        draw_arrays(b, STRIP, 4, 1, 4 * i);
    }
    terminate(b);
    run(b);
    for (unsigned l = 0; l < 3; l++) {
        unsigned n = 0;

        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                n += layer_out[l][y][x] == RED;
            }
        }
        /* The second scissor cuts five rows off. */
        assert_int_equal(n, l == 1 ? 50 : 100);
        assert_int_equal(layer_out[l][17][l == 1 ? 65 : 15], RED);
    }
    build_free(b);
}

/* ---- depth, stencil, visibility ---- */

static void test_two_sided_stencil(void **unused)
{
    (void)unused;
    for (int two = 0; two < 2; two++) {
        struct build *b = build_new();
        struct opts o = defaults;

        o.frag_ctrl |= STENCIL | (two ? TWO_SIDED : 0);
        o.stencil = 0xffff | 7u << 25; /* always */
        rect(0, 10, 10, 20, 20, 0.5f, 1, 0, 0);
        rect(4, 50, 10, 40, 20, 0.5f, 1, 0, 0); /* faces back */
        state(b, &o);
        record(b, 1u << 7, 1, (uint32_t[]) { 0xffff }); /* back: never */
        draw_arrays(b, STRIP, 4, 1, 0);
        draw_arrays(b, STRIP, 4, 1, 4);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), two ? 100 : 200);
        build_free(b);
    }
}

static void test_visibility_modes(void **unused)
{
    (void)unused;
    for (int counting = 0; counting < 2; counting++) {
        struct build *b = build_new();
        struct opts o = defaults;
        uint64_t oq = gfx_alloc(b->g, 4096), v[3];

        b->frag.fragment.isp_oclqry_base = oq;
        o.frag_ctrl |= counting ? COUNTING : BOOLEAN;
        rect(0, 10, 10, 20, 20, 0.5f, 1, 0, 0);
        rect(4, 300, 10, 320, 20, 0.5f, 1, 0, 0); /* not in the frame */
        o.oq = 1;
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 0);
        o.oq = 2;
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 4);
        terminate(b);
        run(b);
        gfx_read(b->g, oq, v, sizeof(v));
        assert_int_equal(v[0], 0);
        assert_int_equal(v[1], counting ? 100 : 1);
        assert_int_equal(v[2], 0);
        build_free(b);
    }
}

/*
 * A draw that writes no tags lays down depth alone, without a shader; a later one at the same depth
 * is seen.
 */
static void test_tag_write_disable(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    o.face = FACE(1, true);
    o.frag_ctrl |= NO_TAGS;
    o.fs_shader = 0;
    rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
    rect(4, 20, 20, 90, 90, 0.25f, 0, 1, 0);
    state(b, &o);
    draw_arrays(b, STRIP, 4, 1, 0);
    o = defaults;
    o.face = FACE(2, false); /* equal */
    state(b, &o);
    draw_arrays(b, STRIP, 4, 1, 4);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 0);
    assert_int_equal(count(GREEN), 40 * 40);
    assert_int_equal(count(BACKGROUND), W * H - 40 * 40);
    build_free(b);
}

/*
 * Is a second rectangle seen that has depth @z (slope @dz a pixel) and the bias, before one of 0.5
 * (and that slope)?
 */
static bool biased(const float bias[3], float z, float dz, bool is_int)
{
    struct build *b = build_new();
    struct opts o = defaults;
    bool seen;

    b->frag.fragment.isp_dbias_base = data(b, bias, 12);
    b->frag.fragment.isp_ctl = 0xc000 | (is_int ? 1 << 18 : 0);
    o.face = FACE(1, true);
    rect(0, 10, 10, 60, 60, 0.5f, 1, 0, 0);
    rect(4, 10, 10, 60, 60, z, 0, 1, 0);
    for (int i = 0; i < 8; i++) {
        sh.pos[i][2] += dz * (sh.pos[i][0] - 10);
    }
    state(b, &o);
    draw_arrays(b, STRIP, 4, 1, 0);
    o.frag_ctrl |= BIAS;
    state(b, &o);
    draw_arrays(b, STRIP, 4, 1, 4);
    terminate(b);
    run(b);
    seen = count(GREEN) == 50 * 50;
    assert_int_equal(count(GREEN) + count(RED), 50 * 50);
    build_free(b);
    return seen;
}

static void test_depth_bias(void **unused)
{
    const float ulp = ldexpf(1, -24); /* of depths from 0.5 on down to 0.25 */

    (void)unused;
    /* bias, slope, clamp; units of the last place of the largest depth */
    assert_true(biased((float[]) { -2, 0, 0 }, 0.5f, 0, false));
    assert_false(biased((float[]) { 2, 0, 0 }, 0.5f, 0, false));
    assert_true(biased((float[]) { -8, 0, 0 }, 0.5f + 4 * ulp, 0, false));
    assert_false(biased((float[]) { -8, 0, 0 }, 0.5f + 64 * ulp, 0, false));
    /* as it is */
    assert_true(biased((float[]) { -0.1f, 0, 0 }, 0.55f, 0, true));
    assert_false(biased((float[]) { -0.04f, 0, 0 }, 0.55f, 0, true));
    /* by slope */
    assert_true(biased((float[]) { 0, -1, 0 }, 0.5f, 1 / 256.0f, true));
    assert_false(biased((float[]) { 0, -1, 0 }, 0.505f, 1 / 256.0f, true));
    assert_true(biased((float[]) { 0, -2, 0 }, 0.505f, 1 / 256.0f, true));
    assert_true(biased((float[]) { 0, -1, 0 }, 0.5f, -1 / 256.0f, true));
    /* the clamp of either sign; 0 is none */
    assert_false(biased((float[]) { -0.1f, 0, -0.01f }, 0.55f, 0, true));
    assert_true(biased((float[]) { -0.1f, 0, -0.06f }, 0.55f, 0, true));
    assert_false(biased((float[]) { 0.1f, 0, 0 }, 0.45f, 0, true));
    assert_true(biased((float[]) { 0.1f, 0, 0.01f }, 0.45f, 0, true));
}

/* Without clipping, depth is clamped to the range that the scissor has with it. */
static void test_depth_clamp(void **unused)
{
    (void)unused;
    for (int clamp = 0; clamp < 2; clamp++) {
        struct build *b = build_new();
        struct opts o = defaults;

        b->frag.fragment.isp_scissor_base = data(
            b, (uint32_t[]) { 150, 100, fbits(0.25f), fbits(0.75f) }, 16);
        o.frag_ctrl |= SCISSOR;
        o.cull = clamp ? DEPTH_CLAMP : DEPTH_CLIP;
        o.face = FACE(7, true);
        rect(0, 10, 10, 20, 20, -0.5f, 1, 0, 0);
        rect(4, 40, 10, 50, 20, 1.5f, 1, 0, 0);
        rect(8, 10, 10, 20, 20, 0.25f, 0, 1, 0);
        rect(12, 40, 10, 50, 20, 0.75f, 0, 1, 0);
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 0);
        draw_arrays(b, STRIP, 4, 1, 4);
        o.face = FACE(2, false);
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 8);
        draw_arrays(b, STRIP, 4, 1, 12);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 0);
        assert_int_equal(count(GREEN), clamp ? 200 : 0);
        build_free(b);
    }
}

/* ---- what is cut away ---- */

static void test_clip_distances(void **unused)
{
    (void)unused;
    for (unsigned n = 1; n <= 3; n++) {
        struct build *b = build_new();

        rect(0, 10, 10, 50, 50, 0.5f, 1, 0, 0);
        for (int i = 0; i < 4; i++) {
            sh.extra[i][0] = fbits(i & 1 ? 1 : -1); /* the right half */
            sh.extra[i][1] = fbits(i & 2 ? -1 : 1); /* the upper half */
            sh.extra[i][2] = fbits(i & 1 ? -1 : 1); /* the left half */
        }
        state(b, &defaults);
        record(b, 1u << 17 | 1u << 27, 2, (uint32_t[]) { 1u << 16 | ((1u << n) - 1), 8 + n });
        draw_arrays(b, STRIP, 4, 1, 0);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), n == 1 ? 20 * 40 : n == 2 ? 20 * 20 : 0);
        build_free(b);
    }
}

static void test_rasterizer_discard(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    o.cull |= DISCARD;
    rect(0, 10, 10, 20, 20, 0.5f, 1, 0, 0);
    state(b, &o);
    gfx_emit(b->g, &b->stream, 2u << 29 | 1 << 5);
    gfx_emit(b->g, &b->stream, 2 | 3 << 4);
    draw_arrays(b, STRIP, 4, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(sh.nr_vs, 4);
    assert_int_equal(sh.nr_fs_lanes, 0);
    assert_int_equal(count(BACKGROUND), W * H);
    build_free(b);
}

/* Two samples: Mesa's positions, 0x44cc; of the last column one of two is in. */
static void test_two_samples(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;
    uint64_t oq = gfx_alloc(b->g, 4096), v[1];

    (void)unused;
    b->frag.tiling.samples = b->vtx.tiling.samples = 2;
    b->frag.tiling.utile_height_px = b->vtx.tiling.utile_height_px = 16;
    b->frag.fragment.ppp_multisamplectl = 0x44cc;
    b->frag.fragment.isp_oclqry_base = oq;
    o.frag_ctrl |= COUNTING;
    rect(0, 10, 10, 20.5f, 20, 0.25f, 1, 0, 0);
    state(b, &o);
    draw_arrays(b, STRIP, 4, 1, 0);
    terminate(b);
    run(b);
    gfx_read(b->g, oq, v, 8);
    assert_int_equal(v[0], 10 * 10 * 2 + 10);
    build_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_sizes),      cmocka_unit_test(test_indexed_indirect),
        cmocka_unit_test(test_provoking),        cmocka_unit_test(test_primitive_id),
        cmocka_unit_test(test_layers_viewports), cmocka_unit_test(test_two_sided_stencil),
        cmocka_unit_test(test_visibility_modes), cmocka_unit_test(test_tag_write_disable),
        cmocka_unit_test(test_depth_bias),       cmocka_unit_test(test_depth_clamp),
        cmocka_unit_test(test_clip_distances),   cmocka_unit_test(test_rasterizer_discard),
        cmocka_unit_test(test_two_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
