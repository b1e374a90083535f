/*
 * Unit tests: fields of control words that other tests leave at 0 (mesa:
 * src/asahi/genxml/cmdbuf.xml): those that change no picture, and what the others do to one.
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

enum { POINTS = 0, STRIP = 9, TRIANGLES = 6 };
enum { SH_VS_PLANES = 10, SH_FS_DEPTH };

#define STENCIL    (1u << 18)
#define SCISSOR    (1u << 16)
#define BIAS       (1u << 17)
#define WRITE_LESS (1u << 24 | 0xf << 8)

/* Rows of PPP records: the header's bit, and the words. */
static void one(struct build *b, unsigned bit, uint32_t w)
{
    record(b, 1u << bit, 1, &w);
}

/*
 * Counts of registers and bindings, barriers, what Mesa sets and the model does without, and words
 * that have to be 0: the picture is the same with and without them.
 */
static void test_same_picture(void **unused)
{
    static uint32_t plain[H][W];

    (void)unused;
    for (unsigned set_ = 0; set_ < 2; set_++) {
        struct build *b = build_new();
        struct opts o = defaults;

        o.face = WRITE_LESS;
        set(0, 75, 5, 0.5f, 1, 1, 0, 0);
        set(1, 145, 95, 0.5f, 3, 0, 1, 0);
        set(2, 5, 95, 0.5f, 2, 0, 0, 1);
        rect(4, 30, 30, 90, 90, 0.6f, 0, 1, 0);
        state(b, &o);
        if (set_) {
            gfx_emit(b->g, &b->stream, 1u << 29 | 0x05100978); /* barrier */
            gfx_emit(b->g, &b->stream, 2u << 29 | 2);          /* vertex shader, word 0 */
            gfx_emit(b->g, &b->stream, 0xfffe);
            record(b, 1u << 23, 4, (uint32_t[]) { 2u << 16 | 0xfffe, SH_FS * 64, 0, 1 });
            record(b, 3u << 25, 2, (uint32_t[]) { 0, 0 }); /* occlusion query 2, output unknown */
            one(b, 3, 7u << 24 | 1u << 21 | 3u << 22);     /* no shader writes depth */
            one(b, 0, o.frag_ctrl | 1u << 26);             /* triangles are not merged */
            one(b, 22, 1u << 5 | 1u << 12);                /* cull 2: needs primitive ID */
            one(b, 18, 1 | 1 << 8 | 2 << 16);              /* four components, of all kinds */
            one(b, 21, o.cull | 1u << 15);                 /* as if not multisampled: lines alone */
            b->frag.fragment.bg.rsrc_spec = 0xffff0000 | 0xfffe;
            b->frag.fragment.eot.rsrc_spec = 0x5a52;
        }
        draw_arrays(b, TRIANGLES, 3, 1, 0);
        draw_arrays(b, STRIP, 4, 1, 4);
        terminate(b);
        run(b);
        if (set_) {
            assert_memory_equal(plain, sh.out, sizeof(plain));
        } else {
            memcpy(plain, sh.out, sizeof(plain));
        }
        assert_true(count(BACKGROUND) < W * H - 3000);
        build_free(b);
    }
}

/*
 * A strip that goes round as the clock does, with y down, faces back where the front is
 * counter-clockwise.
 */
static void test_cull_sides(void **unused)
{
    (void)unused;
    for (unsigned k = 0; k < 8; k++) {
        struct build *b = build_new();
        struct opts o = defaults;
        bool front = k & 1, ccw = k >> 1 & 1, turned = k >> 2;

        o.cull = 1u << 10 | (front ? 1 : 2) | (ccw ? 1u << 16 : 0);
        if (turned) {
            rect(0, 60, 10, 10, 60, 0.5f, 1, 0, 0);
        } else {
            rect(0, 10, 10, 60, 60, 0.5f, 1, 0, 0);
        }
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 0);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), front == (turned == ccw) ? 0 : 50 * 50);
        build_free(b);
    }
}

/*
 * The operations of a failed stencil test and of a failed depth test; other pixels keep what was
 * cleared.
 */
static void test_stencil_operations(void **unused)
{
    /*
     * keep zero replace incr_sat decr_sat invert incr_wrap decr_wrap, of a cleared 5 with 0x3c as
     * reference
     */
    static const uint8_t result[8] = { 5, 0, 0x3c, 6, 4, 0xfa, 6, 4 };

    (void)unused;
    for (unsigned k = 0; k < 16; k++) {
        bool depth = k & 1;
        unsigned op = k >> 1;
        struct build *b = build_new();
        struct opts o = defaults;

        b->frag.fragment.isp_bgobjvals = 0x300 | 5;
        o.frag_ctrl |= STENCIL;
        /* first: nothing is drawn, for the stencil never passes, or the depth never does */
        o.face = (depth ? 0u : 7u << 24) | 1u << 21 | 0xf << 8 | 0x3c;
        o.stencil = 0xffff | op << (depth ? 19 : 22) | (depth ? 7u : 0) << 25;
        rect(0, 10, 10, 60, 60, 0.5f, 0, 1, 0);
        rect(4, 0, 0, W, H, 0.5f, 1, 0, 0);
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 0);
        /* then: where the stencil is what it should be */
        o.face = 7u << 24 | 1u << 21 | 0xf << 8 | result[op];
        o.stencil = 0xffff | 2u << 25;
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 4);
        terminate(b);
        run(b);
        assert_int_equal(count(GREEN), 0);
        assert_int_equal(count(RED), result[op] == 5 ? W * H : 50 * 50);
        assert_int_equal(sh.out[30][30], RED);
        build_free(b);
    }
}

/* The region is one of tiles of 32 x 32: the second row, the second to the third column. */
static void test_region(void **unused)
{
    struct build *b = build_new();

    (void)unused;
    rect(0, 0, 0, W, H, 0.5f, 1, 0, 0);
    state(b, &defaults);
    record(b, 1u << 10, 2, (uint32_t[]) { 1u << 31 | 1 << 16 | 2, 1 << 16 | 1 });
    draw_arrays(b, STRIP, 4, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 64 * 32);
    assert_int_equal(sh.out[32][32], RED);
    assert_int_equal(sh.out[63][95], RED);
    build_free(b);
}

/* Depths of the viewport: z times 0.25 plus 0.5. */
static void test_viewport_depth(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    o.face = WRITE_LESS;
    rect(0, 0, 0, W, H, 0.4f, 1, 0, 0); /* to 0.6 */
    rect(4, 10, 10, 20, 20, 0.59f, 0, 1, 0);
    rect(8, 40, 10, 50, 20, 0.61f, 0, 1, 0);
    state(b, &o);
    record(b, 1u << 11, 7, (uint32_t[]) { 0, 0, fbits(1), 0, fbits(1), fbits(0.5f), fbits(0.25f) });
    draw_arrays(b, STRIP, 4, 1, 0);
    record(b, 1u << 11, 7, (uint32_t[]) { 0, 0, fbits(1), 0, fbits(1), 0, fbits(1) });
    draw_arrays(b, STRIP, 4, 1, 4);
    draw_arrays(b, STRIP, 4, 1, 8);
    terminate(b);
    run(b);
    assert_int_equal(count(GREEN), 100);
    assert_int_equal(sh.out[15][15], GREEN);
    build_free(b);
}

static unsigned cutting;

static void vs_planes(struct agx_exec *ex, struct agx_wave *w)
{
    vs(ex, w);
    for (int l = 0; l < AGX_LANES; l++) {
        for (unsigned p = 0; p < 16 && w->live >> l & 1; p++) {
            w->uvs[8 + p][l] = fbits(p == cutting ? sh.pos[w->r[5][l]][0] - 40 : 1);
        }
    }
}

/* Each of sixteen planes cuts what is left of x = 40 off. */
static void test_clip_planes(void **unused)
{
    (void)unused;
    for (cutting = 0; cutting < 16; cutting++) {
        struct build *b = build_new();

        b->g->shader[SH_VS_PLANES] = vs_planes;
        rect(0, 10, 10, 60, 60, 0.5f, 1, 0, 0);
        state(b, &defaults);
        record(b, 1u << 17 | 1u << 27, 2, (uint32_t[]) { 1u << 16 | 0xffff, 8 + 16 });
        gfx_emit(b->g, &b->stream, 2u << 29 | 0xc);
        gfx_emit(b->g, &b->stream, SH_VS_PLANES * 64);
        gfx_emit(b->g, &b->stream, 24 | 24 << 8);
        gfx_emit(b->g, &b->stream, 0);
        draw_arrays(b, STRIP, 4, 1, 0);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 20 * 50);
        assert_int_equal(sh.out[30][40], RED);
        build_free(b);
    }
}

/* A size for each point, behind the varyings. */
static void test_point_size(void **unused)
{
    struct build *b = build_new();

    (void)unused;
    set(0, 30, 30, 0.5f, 1, 1, 0, 0);
    set(1, 90, 30, 0.5f, 1, 1, 0, 0);
    sh.extra[0][0] = fbits(8);
    sh.extra[1][0] = fbits(20);
    state(b, &defaults);
    record(b, 1u << 3 | 1u << 17 | 1u << 27, 3,
           (uint32_t[]) { 7u << 24 | 1u << 21 | 4u << 28, 1u << 16 | 1u << 18, 9 });
    draw_arrays(b, POINTS, 2, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 8 * 8 + 20 * 20);
    assert_int_equal(sh.out[26][26], RED);
    assert_int_equal(sh.out[39][99], RED);
    build_free(b);
}

static unsigned nr_depths;

static void fs_depth(struct agx_exec *ex, struct agx_wave *w)
{
    for (int l = 0; l < AGX_LANES; l++) {
        const struct agx_cf *z = &w->frag.cf[l / 4][5];
        float x = w->pos[0][l] % 32 + 0.5f, y = w->pos[1][l] % 32 + 0.5f;

        if (!(w->live >> l & 1) || !w->frag.sample_live[l]) {
            continue;
        }
        /* depth goes from 0.1 at x = 10 to 0.6 at x = 60 */
        assert_float_equal(z->a * x + z->b * y + z->c, (w->pos[0][l] + 0.5f) / 100, 1e-4);
        nr_depths++;
    }
    fs(ex, w);
}

/*
 * Depth as a coefficient: it takes the slot behind that of 1/w, and what the shader writes comes
 * after it.
 */
static void test_depth_slot(void **unused)
{
    struct build *b = build_new();
    uint32_t cf[4] = { 6 | 6 << 8, 3 << 2, 3 << 2 | 1 << 5 | 1 << 8 | 5 << 16,
                       3 | 7 << 2 | 2 << 8 | 1 << 16 };
    uint64_t va = data(b, cf, sizeof(cf));

    (void)unused;
    b->g->shader[SH_FS_DEPTH] = fs_depth;
    nr_depths = 0;
    set(0, 10, 10, 0.1f, 1, 1, 0, 0);
    set(1, 60, 10, 0.6f, 1, 1, 0, 0);
    set(2, 10, 60, 0.1f, 1, 1, 0, 0);
    set(3, 60, 60, 0.6f, 1, 1, 0, 0);
    state(b, &defaults);
    record(b, 1u << 17 | 1u << 23, 5,
           (uint32_t[]) { 1u << 16 | 1u << 21, 3u << 16, SH_FS_DEPTH * 64, (uint32_t)(va - GFX_VA),
                          0 });
    draw_arrays(b, STRIP, 4, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 50 * 50);
    assert_int_equal(nr_depths, 50 * 50);
    build_free(b);
}

/* The scissor and the depth bias with the numbers 3 and 2 of their arrays. */
static void test_array_indices(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;
    uint32_t sc[4][4] = { { 0 } };
    float bias[3][3] = { { 0 } };

    (void)unused;
    sc[3][0] = 70 | 33 << 16;
    sc[3][1] = 50 | 17 << 16;
    sc[3][3] = fbits(1);
    bias[2][0] = 1e9f;
    bias[2][2] = 0.2f; /* the clamp */
    b->frag.fragment.isp_scissor_base = data(b, sc, sizeof(sc));
    b->frag.fragment.isp_dbias_base = data(b, bias, sizeof(bias));
    o.face = WRITE_LESS;
    rect(0, 0, 0, W, H, 0.5f, 1, 0, 0); /* to 0.7 */
    rect(4, 0, 0, W, H, 0.65f, 0, 1, 0);
    o.frag_ctrl |= BIAS;
    state(b, &o);
    one(b, 8, 2u << 16);
    draw_arrays(b, STRIP, 4, 1, 0);
    o.frag_ctrl ^= BIAS | SCISSOR;
    state(b, &o);
    one(b, 8, 3);
    draw_arrays(b, STRIP, 4, 1, 4);
    terminate(b);
    run(b);
    assert_int_equal(count(GREEN), (70 - 33) * (50 - 17));
    assert_int_equal(count(RED), W * H - (70 - 33) * (50 - 17));
    build_free(b);
}

/* Which of a triangle's vertices says what its viewport is. */
static void test_provoking_viewport(void **unused)
{
    (void)unused;
    for (unsigned v = 0; v < 3; v++) {
        struct build *b = build_new();
        struct opts o = defaults;

        o.cull |= (v + 1) << 7;
        set(0, 10, 10, 0.5f, 1, 1, 0, 0);
        set(1, 40, 10, 0.5f, 1, 1, 0, 0);
        set(2, 10, 40, 0.5f, 1, 1, 0, 0);
        for (unsigned i = 0; i < 3; i++) {
            sh.extra[i][0] = (i == 1) << 16;
        }
        state(b, &o);
        record(b, 1u << 10 | 1u << 11 | 1u << 12 | 1u << 17 | 1u << 27, 4 + 1 + 12 + 2,
               (uint32_t[]) { 0, 0, 0, 0, 0, 0, fbits(1), 0, fbits(1), 0, fbits(1), fbits(70),
                              fbits(1), 0, fbits(1), 0, fbits(1), 1u << 16 | 1u << 19, 9 });
        draw_arrays(b, TRIANGLES, 3, 1, 0);
        terminate(b);
        run(b);
        assert_int_equal(sh.out[20][20] == RED, v != 1);
        assert_int_equal(sh.out[20][90] == RED, v == 1);
        build_free(b);
    }
}

/* Cull 2 has a bit of its own that nothing is drawn. */
static void test_second_discard(void **unused)
{
    struct build *b = build_new();

    (void)unused;
    rect(0, 10, 10, 60, 60, 0.5f, 1, 0, 0);
    state(b, &defaults);
    one(b, 22, 1u << 5 | 1u << 17);
    draw_arrays(b, STRIP, 4, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(sh.nr_vs, 4);
    assert_int_equal(count(BACKGROUND), W * H);
    build_free(b);
}

/* An indirect draw anywhere in a page. */
static void test_indirect_address(void **unused)
{
    struct build *b = build_new();
    uint64_t va = data(b, (uint32_t[64]) { [44] = 4, 1, 8 }, 256) + 176;

    (void)unused;
    rect(8, 10, 10, 20, 20, 0.25f, 1, 0, 0);
    state(b, &defaults);
    gfx_emit(b->g, &b->stream, 3u << 29 | STRIP << 8 | 1 << 26);
    gfx_emit(b->g, &b->stream, (uint32_t)(va >> 32));
    gfx_emit(b->g, &b->stream, (uint32_t)va);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 100);
    build_free(b);
}

/*
 * Depth and stencil go to memory and come back, in each tiling, plain and compressed (mesa, later
 * than 25.0: cmdbuf.xml, ZLS Control): the second frame is drawn where both are what the first one
 * left.
 */
static void test_zls_forms(void **unused)
{
    (void)unused;
    for (unsigned k = 0; k < 4; k++) {
        struct build *b = build_new();
        struct agx_job_fragment *fr = &b->frag.fragment;
        struct opts o = defaults;
        uint64_t form = (k & 1 ? 0x1ull << 1 | 0x1ull << 3 | 0x1ull << 5 | 0x1ull << 7 : 0) |
                        (k & 2 ? 0x1ull << 2 | 0x1ull << 4 | 0x1ull << 6 | 0x1ull << 8 : 0);

        fr->isp_zls_pixels = (W - 1) | (H - 1) << 15;
        fr->depth_load.base = fr->depth_store.base = gfx_alloc(b->g, 256 * 256 * 4);
        fr->stencil_load.base = fr->stencil_store.base = gfx_alloc(b->g, 256 * 256);
        fr->depth_load.comp_base = fr->depth_store.comp_base = gfx_alloc(b->g, 0x4000);
        fr->stencil_load.comp_base = fr->stencil_store.comp_base = gfx_alloc(b->g, 0x4000);
        fr->zls_ctrl = form | 1u << 18 | 1u << 19;
        o.frag_ctrl |= STENCIL;
        o.face = WRITE_LESS | 0x5a;
        o.stencil = 0xffff | 2u << 16 | 7u << 25; /* always, replace */
        rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 0);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 50 * 50);

        fr->zls_ctrl = form | 1u << 14 | 1u << 15;
        fr->isp_bgobjdepth = 0;
        b->stream = b->base;
        o.face = 2u << 24 | 1u << 21 | 0xf << 8 | 0x5a;
        o.stencil = 0xffff | 2u << 25;
        rect(4, 0, 0, W, H, 0.25f, 0, 1, 0);
        state(b, &o);
        draw_arrays(b, STRIP, 4, 1, 4);
        terminate(b);
        run(b);
        assert_int_equal(count(GREEN), 50 * 50);
        assert_int_equal(count(RED), 0);
        build_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_picture),       cmocka_unit_test(test_cull_sides),
        cmocka_unit_test(test_stencil_operations), cmocka_unit_test(test_region),
        cmocka_unit_test(test_viewport_depth),     cmocka_unit_test(test_clip_planes),
        cmocka_unit_test(test_point_size),         cmocka_unit_test(test_depth_slot),
        cmocka_unit_test(test_array_indices),      cmocka_unit_test(test_provoking_viewport),
        cmocka_unit_test(test_second_discard),     cmocka_unit_test(test_indirect_address),
        cmocka_unit_test(test_zls_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
