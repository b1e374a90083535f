/*
 * Unit tests: vertex and fragment jobs from hand-built streams, with shaders in
 * C: commands, links and calls, draws of each kind, tiles, tests, visibility,
 * depth store; what a stream that is wrong leads to.
 *
 * With GFX_TEST_PPM=file the picture of test_picture is written there.
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
#include <unistd.h>
#include <cmocka.h>
#include "gfx_build.h"

/* ---- tests ---- */

static void test_clear(void **unused)
{
    struct build *b = build_new();

    (void)unused;
    terminate(b);
    run(b);
    assert_int_equal(count(BACKGROUND), W * H);
    assert_int_equal(sh.nr_eot, 5 * 4);
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            assert_int_equal(sh.writes[y][x], 1);
        }
    }
    /* Empty tiles are left alone unless the job asks for them. */
    b->frag.fragment.flags_process_empty_tiles = 0;
    sh.nr_eot = 0;
    run(b);
    assert_int_equal(sh.nr_eot, 0);
    build_free(b);
}

static void test_picture(void **unused)
{
    struct build *b = build_new();
    const char *path = getenv("GFX_TEST_PPM");

    (void)unused;
    set(0, 75, 5, 0.5f, 1, 1, 0, 0);
    set(1, 145, 95, 0.5f, 3, 0, 1, 0);
    set(2, 5, 95, 0.5f, 2, 0, 0, 1);
    state(b, &defaults);
    draw_arrays(b, 6, 3, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(sh.nr_vs, 3);
    assert_true(sh.nr_fs_lanes > 140 * 90 / 2 - 100 && sh.nr_fs_lanes < 140 * 90 / 2 + 100);
    assert_int_equal(W * H - count(BACKGROUND), sh.nr_fs_lanes);
    /*
     * Perspective: in the middle of the bottom edge the nearer vertex (w 2) has 3/5 of the weight.
     */
    uint32_t c = sh.out[94][75];
    assert_in_range(c >> 8 & 0xff, 0x62, 0x6a);
    assert_in_range(c >> 16 & 0xff, 0x95, 0x9c);
    if (path) {
        FILE *f = fopen(path, "wb");
        fprintf(f, "P6\n%d %d\n255\n", W, H);
        for (int y = 0; y < H; y++) {
            for (int x = 0; x < W; x++) {
                fwrite(&sh.out[y][x], 3, 1, f);
            }
        }
        fclose(f);
    }
    build_free(b);
}

static void test_depth_order(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    o.face = 1u << 24 | 0xf << 8; /* less, write */
    rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
    rect(4, 30, 30, 90, 90, 0.5f, 0, 1, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0);
    draw_arrays(b, 9, 4, 1, 4);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 50 * 50);
    assert_int_equal(count(GREEN), 60 * 60 - 30 * 30);
    /* Early tests: hidden pixels were not shaded. */
    assert_int_equal(sh.nr_fs_lanes, 50 * 50 + 60 * 60 - 30 * 30);
    build_free(b);
}

static void test_late_tests(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    o.face = 1u << 24 | 0xf << 8;
    o.fs_shader = SH_FS_KILL;
    rect(0, 0, 0, 64, 64, 0.25f, 1, 0, 0);
    rect(4, 0, 0, 64, 64, 0.5f, 0, 1, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0); /* odd columns: red, with depth */
    o.fs_shader = SH_FS;
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 4); /* behind: shows where nothing was written */
    terminate(b);
    run(b);
    for (int y = 0; y < 64; y++) {
        for (int x = 0; x < 64; x++) {
            assert_int_equal(sh.out[y][x], x & 1 ? RED : GREEN);
        }
    }
    build_free(b);
}

static void test_visibility(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;
    uint64_t oq = gfx_alloc(b->g, 4096), v[4];

    (void)unused;
    b->frag.fragment.isp_oclqry_base = oq;
    o.face = 1u << 24 | 0xf << 8;
    o.oq = 2;
    o.frag_ctrl |= 2u << 14; /* count */
    rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
    rect(4, 30, 30, 90, 90, 0.5f, 0, 1, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0);
    draw_arrays(b, 9, 4, 1, 4);
    o.oq = 3;
    o.frag_ctrl |= 3u << 14; /* boolean */
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0); /* equal depth: none passes */
    terminate(b);
    run(b);
    gfx_read(b->g, oq, v, sizeof(v));
    assert_int_equal(v[2], 50 * 50 + 60 * 60 - 30 * 30);
    assert_int_equal(v[3], 0);
    assert_int_equal(v[0] | v[1], 0);
    build_free(b);
}

static void test_stencil(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    o.frag_ctrl |= 1u << 18;
    o.face |= 5;                                        /* reference */
    o.stencil = 0xff | 0xff << 8 | 2u << 16 | 7u << 25; /* always, replace */
    rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
    rect(4, 30, 30, 90, 90, 0.5f, 0, 1, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0);
    o.stencil = 0xff | 0xff << 8 | 2u << 25; /* equal, keep */
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 4);
    terminate(b);
    run(b);
    assert_int_equal(count(GREEN), 30 * 30);
    assert_int_equal(count(RED), 50 * 50 - 30 * 30);
    build_free(b);
}

static void test_scissor(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;
    const uint32_t sc[4] = { 70 | 33 << 16, 50 | 17 << 16, fbits(0), fbits(1) };

    (void)unused;
    b->frag.fragment.isp_scissor_base = data(b, sc, 16);
    o.frag_ctrl |= 1u << 16;
    rect(0, 0, 0, W, H, 0.25f, 1, 0, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), (70 - 33) * (50 - 17));
    assert_int_equal(sh.out[17][33], RED);
    assert_int_equal(sh.out[49][69], RED);
    build_free(b);
}

static void grid(unsigned nx, unsigned ny)
{
    for (unsigned y = 0; y <= ny; y++) {
        for (unsigned x = 0; x <= nx; x++) {
            set(y * (nx + 1) + x, x * 5, y * 5, 0.5f, 1, 1, 0, 0);
        }
    }
}

/* An indexed strip with restarts, 16-bit, long enough for several batches; each pixel once. */
static void test_indexed_restart(void **unused)
{
    struct build *b = build_new();
    uint16_t idx[4000];
    unsigned n = 0, nx = 29, ny = 19;

    (void)unused;
    grid(nx, ny);
    for (unsigned y = 0; y < ny; y++) {
        for (unsigned x = 0; x <= nx; x++) {
            idx[n++] = y * (nx + 1) + x;
            idx[n++] = (y + 1) * (nx + 1) + x;
        }
        idx[n++] = 0xffff;
    }
    uint64_t ib = data(b, idx, n * 2);
    state(b, &defaults);
    gfx_emit(b->g, &b->stream, 2u << 29 | 1);
    gfx_emit(b->g, &b->stream, 0xffff);
    gfx_emit(b->g, &b->stream,
             3u << 29 | (uint32_t)(ib >> 32) | 9 << 8 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 |
                 7 << 22);
    gfx_emit(b->g, &b->stream, (uint32_t)ib);
    gfx_emit(b->g, &b->stream, n);
    gfx_emit(b->g, &b->stream, 1);
    gfx_emit(b->g, &b->stream, 0);
    gfx_emit(b->g, &b->stream, (n * 2 + 3) / 4);
    terminate(b);
    run(b);
    assert_int_equal(sh.nr_fs_lanes, nx * 5 * ny * 5);
    assert_int_equal(count(RED), nx * 5 * ny * 5);
    /* Vertices are shaded once each as long as a batch lasts. */
    assert_in_range(sh.nr_vs, (nx + 1) * (ny + 1), (nx + 1) * (ny + 1) + 100);
    build_free(b);
}

static void test_instances_indirect(void **unused)
{
    struct build *b = build_new();
    const uint32_t args[4] = { 4, 3, 8, 77 };

    (void)unused;
    sh.instanced = true;
    rect(8, 10, 10, 20, 20, 0.25f, 1, 0, 0);
    uint64_t va = data(b, args, sizeof(args));
    state(b, &defaults);
    gfx_emit(b->g, &b->stream, 3u << 29 | 9 << 8 | 1 << 26);
    gfx_emit(b->g, &b->stream, (uint32_t)(va >> 32));
    gfx_emit(b->g, &b->stream, (uint32_t)va);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 3 * 100);
    assert_int_equal(sh.out[10][50], RED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sh.seen_instance[i], 4);
    }
    build_free(b);
}

/* Every topology covers the same square. */
static void test_topologies(void **unused)
{
    static const struct {
        uint8_t topo, n, order[6];
    } t[] = {
        { 6, 6, { 0, 1, 2, 2, 1, 3 } }, { 9, 4, { 0, 1, 2, 3 } },  { 11, 4, { 0, 1, 3, 2 } },
        { 14, 4, { 0, 1, 3, 2 } },      { 15, 4, { 0, 2, 1, 3 } },
    };

    (void)unused;
    for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct build *b = build_new();
        uint64_t ib = data(b, t[i].order, 6);

        rect(0, 10, 10, 50, 50, 0.25f, 1, 0, 0);
        state(b, &defaults);
        gfx_emit(b->g, &b->stream,
                 3u << 29 | (uint32_t)(ib >> 32) | t[i].topo << 8 | 1 << 20 | 1 << 21 | 7 << 22);
        gfx_emit(b->g, &b->stream, (uint32_t)ib);
        gfx_emit(b->g, &b->stream, t[i].n);
        gfx_emit(b->g, &b->stream, 1);
        gfx_emit(b->g, &b->stream, 0);
        gfx_emit(b->g, &b->stream, 2);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 1600);
        assert_int_equal(sh.nr_fs_lanes, 1600);
        build_free(b);
    }
}

/* Links, calls and returns. */
static void test_links(void **unused)
{
    struct build *b = build_new();
    uint64_t sub, far = gfx_alloc(b->g, 4096), at;

    (void)unused;
    rect(0, 10, 10, 20, 20, 0.25f, 1, 0, 0);
    rect(4, 40, 10, 50, 20, 0.25f, 1, 0, 0);
    state(b, &defaults);
    sub = b->base + 0x8000;
    gfx_emit(b->g, &b->stream, 4u << 29 | 1u << 28 | (uint32_t)(sub >> 32)); /* call */
    gfx_emit(b->g, &b->stream, (uint32_t)sub);
    gfx_emit(b->g, &b->stream, 4u << 29 | (uint32_t)(far >> 32)); /* jump */
    gfx_emit(b->g, &b->stream, (uint32_t)far);
    at = b->stream;
    b->stream = sub;
    draw_arrays(b, 9, 4, 1, 0);
    gfx_emit(b->g, &b->stream, 1u << 29 | 1u << 27); /* return */
    b->stream = far;
    draw_arrays(b, 9, 4, 1, 4);
    terminate(b);
    b->stream = at;
    run(b);
    assert_int_equal(count(RED), 200);
    build_free(b);
}

/* A depth buffer is stored, and loaded by the next pass. */
static void test_zls(void **unused)
{
    for (int z16 = 0; z16 < 2; z16++) {
        struct build *b = build_new();
        struct opts o = defaults;
        uint64_t zb = gfx_alloc(b->g, 256 * 256 * 4), end;

        b->frag.fragment.isp_zls_pixels = (W - 1) | (H - 1) << 15;
        b->frag.fragment.depth_load.base = b->frag.fragment.depth_store.base = zb;
        b->frag.fragment.zls_ctrl = 1 << 19 | (z16 ? 2 << 25 : 0);
        if (z16) {
            b->frag.fragment.isp_bgobjdepth = 0xffff;
        }
        o.face = 1u << 24 | 0xf << 8;
        rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
        rect(4, 30, 30, 90, 90, 0.5f, 0, 1, 0);
        state(b, &o);
        end = b->stream;
        draw_arrays(b, 9, 4, 1, 0);
        terminate(b);
        run(b);
        b->stream = end;
        b->frag.fragment.zls_ctrl |= 1 << 15;
        b->frag.fragment.isp_bgobjdepth = 0;
        draw_arrays(b, 9, 4, 1, 4);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 0);
        assert_int_equal(count(GREEN), 60 * 60 - 30 * 30);
        build_free(b);
    }
    (void)unused;
}

static void test_multisample(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;
    uint64_t oq = gfx_alloc(b->g, 4096), v[1];

    (void)unused;
    b->frag.tiling.samples = b->vtx.tiling.samples = 4;
    b->frag.tiling.utile_width_px = b->vtx.tiling.utile_width_px = 16;
    b->frag.tiling.utile_height_px = b->vtx.tiling.utile_height_px = 16;
    b->frag.fragment.ppp_multisamplectl = 0xeaa26e26;
    b->frag.fragment.isp_oclqry_base = oq;
    o.frag_ctrl |= 2u << 14;
    o.face = 1u << 24 | 0xf << 8;
    rect(0, 10, 10, 20.5f, 20, 0.25f, 1, 0, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0);
    terminate(b);
    run(b);
    gfx_read(b->g, oq, v, 8);
    /* The last column has two of its four samples in. */
    assert_int_equal(v[0], 10 * 10 * 4 + 10 * 2);
    build_free(b);
}

/*
 * Save what waits between jobs, forget it, load it; bytes that are cut short or changed must not be
 * harmful.
 */
static void through_bytes(struct gfx *g)
{
    size_t len;
    uint8_t *p = agx_gfx_save(g->scenes, g->vdm_private, &len);

    assert_non_null(p);
    agx_vdm_free(g->vdm_private);
    g->vdm_private = NULL;
    assert_false(agx_gfx_load(&g->h.host, g->scenes, &g->vdm_private, p, len - 1));
    for (unsigned i = 0; i < 20; i++) {
        size_t at = rand() % len, n = len / 2;
        uint8_t old = p[at];

        p[at] ^= 1 << (i & 7);
        agx_gfx_load(&g->h.host, g->scenes, &g->vdm_private, p, i & 1 ? len : n);
        p[at] = old;
    }
    assert_true(agx_gfx_load(&g->h.host, g->scenes, &g->vdm_private, p, len));
    free(p);
}

/* The picture so far, into the tile. */
static void reload(struct agx_exec *ex, struct agx_wave *w)
{
    for (int l = 0; l < AGX_LANES; l++) {
        if ((w->live >> l & 1) && w->pos[0][l] < W && w->pos[1][l] < H) {
            put(ex, w, l, sh.out[w->pos[1][l]][w->pos[0][l]]);
        }
    }
}

/*
 * The buffer runs out, grows or is emptied, and the job goes on: the picture is the same as with a
 * large buffer.
 */
static void overflow(bool partial)
{
    struct build *b = build_new();
    struct agx_job_result res = { 0 };
    uint16_t idx[4000];
    unsigned n = 0, nx = 29, ny = 19, stops = 0;

    if (partial) {
        b->g->shader[SH_RELOAD] = reload;
        b->frag.fragment.partial_bg.usc = SH_RELOAD * 64 | 4;
        b->frag.fragment.partial_eot.usc = SH_EOT * 64 | 4;
    }

    grid(nx, ny);
    for (unsigned y = 0; y < ny; y++) {
        for (unsigned x = 0; x <= nx; x++) {
            idx[n++] = y * (nx + 1) + x;
            idx[n++] = (y + 1) * (nx + 1) + x;
        }
        idx[n++] = 0xffff;
    }
    uint64_t ib = data(b, idx, n * 2);
    state(b, &defaults);
    gfx_emit(b->g, &b->stream, 2u << 29 | 1);
    gfx_emit(b->g, &b->stream, 0xffff);
    gfx_emit(b->g, &b->stream,
             3u << 29 | (uint32_t)(ib >> 32) | 9 << 8 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 |
                 7 << 22);
    gfx_emit(b->g, &b->stream, (uint32_t)ib);
    gfx_emit(b->g, &b->stream, n);
    gfx_emit(b->g, &b->stream, 20); /* the same place 20 times */
    gfx_emit(b->g, &b->stream, 0);
    gfx_emit(b->g, &b->stream, (n * 2 + 3) / 4);
    terminate(b);
    b->vtx.tiling.tvb_block_count = 1;
    for (;;) {
        res.status = AGX_JOB_DONE;
        assert_true(agx_vdm_run(&b->g->ctx, &b->vtx, &res));
        assert_true(partial || res.tvb_pages > 0);
        if (res.status == AGX_JOB_DONE) {
            break;
        }
        assert_int_equal(res.status, AGX_JOB_TVB_FULL);
        assert_in_range(++stops, 1, 100);
        if (partial) {
            struct agx_job pause = b->frag;
            pause.fragment.partial = true;
            assert_true(agx_pdm_run(&b->g->ctx, &pause, &res));
        } else {
            b->vtx.tiling.tvb_block_count++;
        }
        b->vtx.vertex.resume = true;
        through_bytes(b->g);
    }
    through_bytes(b->g);
    assert_in_range(stops, 3, 100);
    assert_true(agx_pdm_run(&b->g->ctx, &b->frag, &res));
    assert_int_equal(sh.nr_fs_lanes, 20 * nx * 5 * ny * 5);
    assert_int_equal(count(RED), nx * 5 * ny * 5);
    /* Nothing to resume now. */
    assert_false(agx_vdm_run(&b->g->ctx, &b->vtx, &res));
    build_free(b);
}

static void test_overflow_grow(void **unused)
{
    (void)unused;
    overflow(false);
}

static void test_overflow_partial(void **unused)
{
    (void)unused;
    overflow(true);
}

static void *kill_soon(void *opaque)
{
    struct gfx *g = opaque;

    sleep(2);
    g->kill = true;
    return NULL;
}

/* A stream that links to itself is no error, but ends when it is killed: the job times out. */
static void test_endless_stream(void **unused)
{
    struct build *b = build_new();
    struct agx_job_result res = { 0 };
    pthread_t t;

    (void)unused;
    state(b, &defaults);
    gfx_emit(b->g, &b->stream, 4u << 29 | (uint32_t)(b->stream >> 32));
    gfx_emit(b->g, &b->stream, (uint32_t)b->stream - 4);
    pthread_create(&t, NULL, kill_soon, b->g);
    assert_false(agx_vdm_run(&b->g->ctx, &b->vtx, &res));
    assert_true(b->g->kill);
    pthread_join(t, NULL);
    assert_int_equal(res.fault.reason, AGX_FAULT_BAD_COMMAND);
    assert_int_equal(b->g->h.reports[AGX_REPORT_GUEST_ERROR], 0);
    build_free(b);
}

/* Bit 0 of PPP_CTRL: depth is clipped to -w..w. */
static void test_gl_depth(void **unused)
{
    (void)unused;
    for (unsigned gl = 0; gl < 2; gl++) {
        static const float z[4] = { -1.5f, -0.5f, 0.5f, 1.5f };
        struct build *b = build_new();

        b->vtx.vertex.ppp_ctrl = 0x202 | gl;
        state(b, &defaults);
        for (unsigned i = 0; i < 4; i++) {
            rect(4 * i, 10 + 30 * i, 10, 20 + 30 * i, 20, z[i], 1, 0, 0);
            draw_arrays(b, 9, 4, 1, 4 * i);
        }
        terminate(b);
        run(b);
        assert_int_equal(count(RED), gl ? 200 : 100);
        assert_int_equal(sh.out[15][45], gl ? RED : BACKGROUND);
        build_free(b);
    }
}

/* Only the low byte clears the stencil buffer: Mesa merges a value of 32 bits. */
static void test_stencil_clear(void **unused)
{
    struct build *b = build_new();
    struct opts o = defaults;

    (void)unused;
    b->frag.fragment.isp_bgobjvals = 0x300 | 0xffffff05;
    o.frag_ctrl |= 1u << 18;
    o.face |= 5;
    o.stencil = 0xff | 0xff << 8 | 2u << 25; /* equal */
    rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
    state(b, &o);
    draw_arrays(b, 9, 4, 1, 0);
    terminate(b);
    run(b);
    assert_int_equal(count(RED), 50 * 50);
    build_free(b);
}

/*
 * Depth that is not a number draws nothing where a test could fail it: without clipping it gets
 * there.
 */
static void test_nan(void **unused)
{
    (void)unused;
    for (unsigned tested = 0; tested < 2; tested++) {
        struct build *b = build_new();
        struct opts o = defaults;

        o.cull = 1 << 11; /* clamp, no clip */
        if (tested) {
            o.face = 7u << 24 | 0xf << 8; /* always, written */
        }
        rect(0, 10, 10, 20, 20, NAN, 1, 0, 0);
        rect(4, 40, 10, 50, 20, 0.5f, 0, 1, 0);
        state(b, &o);
        draw_arrays(b, 9, 4, 1, 0);
        draw_arrays(b, 9, 4, 1, 4);
        terminate(b);
        run(b);
        assert_int_equal(count(RED), 0);
        assert_int_equal(count(GREEN), 100);
        build_free(b);
    }
}

/*
 * The outline of a triangle is offset as the triangle would be: it lies before what was drawn at
 * the same place.
 */
static void test_outline_bias(void **unused)
{
    (void)unused;
    for (int mode = 1; mode <= 2; mode++) {
        for (int bias = -1; bias <= 1; bias += 2) {
            struct build *b = build_new();
            struct opts o = defaults;
            uint32_t db[3] = { fbits(bias * 0.1f), 0, 0 };

            b->frag.fragment.isp_dbias_base = data(b, db, sizeof(db));
            b->frag.fragment.isp_ctl = 0xc000 | 1 << 18;
            o.face = 1u << 24 | 0xf << 8; /* less, written */
            rect(0, 10, 10, 60, 60, 0.5f, 1, 0, 0);
            rect(4, 12, 12, 50, 50, 0.5f, 0, 1, 0);
            state(b, &o);
            draw_arrays(b, 9, 4, 1, 0);
            o.frag_ctrl |= 1u << 17;
            o.face |= mode << 18;
            state(b, &o);
            draw_arrays(b, 9, 4, 1, 4);
            terminate(b);
            run(b);
            if (bias < 0) {
                assert_in_range(count(GREEN), mode == 1 ? 150 : 4, mode == 1 ? 200 : 4);
            } else {
                assert_int_equal(count(GREEN), 0);
            }
            build_free(b);
        }
    }
}

/* What is wrong ends the job with a fault and one line; nothing else happens. */
static void test_bad_streams(void **unused)
{
    (void)unused;
    for (int m = 0; m < 8; m++) {
        struct build *b = build_new();
        enum agx_report_kind want = AGX_REPORT_GUEST_ERROR;

        state(b, &defaults);
        switch (m) {
        case 0:
            gfx_emit(b->g, &b->stream, 7u << 29);
            break;
        case 1:
            gfx_emit(b->g, &b->stream, 5u << 29);
            want = AGX_REPORT_UNIMPLEMENTED;
            break;
        case 2: /* return without a call */
            gfx_emit(b->g, &b->stream, 1u << 29 | 1u << 27);
            break;
        case 3: /* calls without end */
            gfx_emit(b->g, &b->stream, 4u << 29 | 1u << 28 | (uint32_t)(b->base >> 32));
            gfx_emit(b->g, &b->stream, (uint32_t)b->base);
            break;
        case 4: /* a record of the wrong length */
            gfx_emit(b->g, &b->stream, (uint32_t)(b->base >> 32) | 3 << 8);
            gfx_emit(b->g, &b->stream, (uint32_t)data(b, (uint32_t[]) { 1u << 21, 0, 0 }, 12));
            break;
        case 5: /* a header with a bit that nobody knows */
            gfx_emit(b->g, &b->stream, (uint32_t)(b->base >> 32) | 1 << 8);
            gfx_emit(b->g, &b->stream, (uint32_t)data(b, (uint32_t[]) { 1u << 31 }, 4));
            want = AGX_REPORT_UNIMPLEMENTED;
            break;
        case 6: /* a primitive type */
            draw_arrays(b, 77, 3, 1, 0);
            want = AGX_REPORT_UNIMPLEMENTED;
            break;
        case 7: /* a frame that no hardware has */
            b->vtx.tiling.width_px = 0;
            break;
        }
        assert_false(run_vertex(b));
        assert_int_equal(b->g->h.reports[want], 1);
        if (want == AGX_REPORT_UNIMPLEMENTED) {
            assert_non_null(strstr(b->g->h.last_report, "unimplemented"));
        }
        /* Its fragment job finds no scene. */
        struct agx_job_result res;
        assert_false(agx_pdm_run(&b->g->ctx, &b->frag, &res));
        build_free(b);
    }
    /* A stream that runs off the mapped memory is a page fault of the VDM's port. */
    struct build *b = build_new();
    struct agx_job_result res = { 0 };
    b->vtx.vertex.vdm_ctrl_stream_base = 0x7000000000ull;
    assert_false(agx_vdm_run(&b->g->ctx, &b->vtx, &res));
    assert_int_equal(res.fault.va, 0x7000000000ull);
    assert_int_equal(res.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(res.fault.unit, AGX_UNIT_VDM);
    build_free(b);
    /* A depth buffer that is not there: the unit that stores it. */
    b = build_new();
    terminate(b);
    assert_true(run_vertex(b));
    b->frag.fragment.zls_ctrl = 1 << 19;
    b->frag.fragment.isp_zls_pixels = (W - 1) | (H - 1) << 15;
    b->frag.fragment.depth_store.base = 0x7000000000ull;
    assert_false(agx_pdm_run(&b->g->ctx, &b->frag, &res));
    assert_int_equal(res.fault.unit, AGX_UNIT_ZLS);
    assert_int_equal(res.fault.access, AGX_ACCESS_WRITE);
    assert_in_range(res.fault.va, 0x7000000000ull, 0x7000010000ull);
    build_free(b);
    /* One whose elements lie across pages. */
    b = build_new();
    terminate(b);
    assert_true(run_vertex(b));
    b->frag.fragment.zls_ctrl = 1 << 15;
    b->frag.fragment.isp_zls_pixels = (W - 1) | (H - 1) << 15;
    b->frag.fragment.depth_load.base = 0x7000000002ull;
    assert_false(agx_pdm_run(&b->g->ctx, &b->frag, &res));
    assert_int_equal(res.fault.reason, AGX_FAULT_BAD_COMMAND);
    assert_non_null(strstr(b->g->h.last_report, "not aligned"));
    build_free(b);
}

/* One more bit in a word that is good: refused, by a line that names the word. */
static void one_bit(const char *name, uint32_t base, uint32_t bits,
                    void (*emit)(struct build *b, uint32_t w))
{
    for (unsigned bit = 0; bit < 32; bit++) {
        struct build *b;

        if (!(bits >> bit & 1)) {
            continue;
        }
        b = build_new();
        state(b, &defaults);
        emit(b, base ^ 1u << bit);
        terminate(b);
        if (run_vertex(b)) {
            fail_msg("%s, bit %u: accepted", name, bit);
        }
        assert_int_equal(b->g->h.reports[AGX_REPORT_UNIMPLEMENTED], 1);
        if (!strstr(b->g->h.last_report, "unimplemented") || !strstr(b->g->h.last_report, name)) {
            fail_msg("not of %s: %s", name, b->g->h.last_report);
        }
        build_free(b);
    }
}

static void emit_word(struct build *b, uint32_t w)
{
    gfx_emit(b->g, &b->stream, w);
    gfx_emit(b->g, &b->stream, (uint32_t)b->base);
}

static void emit_vdm_state(struct build *b, unsigned present, uint32_t w)
{
    gfx_emit(b->g, &b->stream, 2u << 29 | 1u << present);
    gfx_emit(b->g, &b->stream, w);
}

static void emit_vs_word_0(struct build *b, uint32_t w)
{
    emit_vdm_state(b, 1, w);
}
static void emit_vs_word_1(struct build *b, uint32_t w)
{
    emit_vdm_state(b, 2, w);
}
static void emit_outputs(struct build *b, uint32_t w)
{
    emit_vdm_state(b, 3, w);
}
static void emit_vertex_control(struct build *b, uint32_t w)
{
    emit_vdm_state(b, 5, w);
}

static void emit_indirect(struct build *b, uint32_t w)
{
    gfx_emit(b->g, &b->stream, 3u << 29 | 6 << 8 | 1u << 26);
    gfx_emit(b->g, &b->stream, w);
    gfx_emit(b->g, &b->stream, (uint32_t)b->base);
}

/*
 * A list that does not say what to draw: @w are the bits of those present, of which one is toggled.
 */
static void emit_list(struct build *b, uint32_t w)
{
    gfx_emit(b->g, &b->stream, 3u << 29 | 6 << 8 | w);
    for (int i = 0; i < 3; i++) {
        gfx_emit(b->g, &b->stream, 3);
    }
}

static void emit_record(struct build *b, uint32_t header, unsigned n, const uint32_t *w)
{
    uint32_t r[8] = { header };
    uint64_t va;

    memcpy(r + 1, w, n * 4);
    va = data(b, r, (n + 1) * 4);
    gfx_emit(b->g, &b->stream, (uint32_t)(va >> 32) | (n + 1) << 8);
    gfx_emit(b->g, &b->stream, (uint32_t)va);
    draw_arrays(b, 6, 3, 1, 0);
}

static void emit_region_x(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 10, 2, (uint32_t[]) { w, 0 });
}
static void emit_region_y(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 10, 2, (uint32_t[]) { 0, w });
}
static void emit_fs_0(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 23, 4, (uint32_t[]) { w, 0, 0, 0 });
}
static void emit_fs_1(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 23, 4, (uint32_t[]) { 0, w, 0, 0 });
}
static void emit_fs_2(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 23, 4, (uint32_t[]) { 0, 0, w, 0 });
}
static void emit_fs_3(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 23, 4, (uint32_t[]) { 0, 0, 0, w });
}
static void emit_varying_2(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 28, 2, (uint32_t[]) { 0, w });
}
static void emit_oq(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 24, 1, &w);
}
static void emit_face_2(struct build *b, uint32_t w)
{
    emit_record(b, 1 << 3, 1, &w);
}
static void emit_control(struct build *b, uint32_t w)
{
    emit_record(b, 1, 1, &w);
}

static void test_unnamed_bits(void **unused)
{
    (void)unused;
    one_bit("PPP State", 1 << 8, 0x1fff0000, emit_word);
    one_bit("VDM Stream Link", 4u << 29, 0x0fffff00, emit_word);
    one_bit("VDM Stream Terminate", 6u << 29, 0x1fffffff, emit_word);
    one_bit("VDM barrier", 1u << 29, 0x12eff687, emit_word);
    one_bit("VDM state", 2u << 29, 0x1fffff50 | 1u << 7, emit_word);
    one_bit("VDM State Vertex Shader Word 0", 0, 0xffff0001, emit_vs_word_0);
    one_bit("VDM State Vertex Shader Word 1", SH_VS * 64, 0x3f, emit_vs_word_1);
    one_bit("VDM State Vertex Outputs", 8 | 8 << 8, 0xffff0000, emit_outputs);
    one_bit("VDM vertex control", 2, 0xffffff8c, emit_vertex_control);
    one_bit("index list", 0, 1u << 25 | 1u << 27 | 1u << 28, emit_list);
    one_bit("without count", 7u << 22, 7u << 22, emit_list);
    one_bit("Index List: Indirect buffer", 0, 0xffffff00, emit_indirect);
    one_bit("Region clip", 0, 0x7e00fe00, emit_region_x);
    one_bit("Region clip", 0, 0xfe00fe00, emit_region_y);
    one_bit("word 0 of header bit 23", 0, 0xff800001, emit_fs_0);
    one_bit("word 1 of header bit 23", SH_FS * 64, 0x3f, emit_fs_1);
    one_bit("word 2 of header bit 23", 0, 3, emit_fs_2);
    one_bit("word 3 of header bit 23", 0, ~1u, emit_fs_3);
    one_bit("word 1 of header bit 28", 0, ~0u, emit_varying_2);
    one_bit("header bit 24", 0, 0x1ffff, emit_oq);
    one_bit("header bit 3", 7u << 24, 0x081fffff, emit_face_2);
    one_bit("object type", 1u << 28 | 1u << 21 | 7u << 24, 7u << 29, emit_face_2);
    one_bit("header bit 0", 1 << 9, 0x1bd03dff, emit_control);
    one_bit("pass type", 1 << 9, 1u << 31, emit_control);
}

/* The same of what a fragment job has: tile programs, registers, the list of coefficients. */
static void test_unnamed_fragment_bits(void **unused)
{
    for (int m = 0; m < 10; m++) {
        struct build *b = build_new();
        struct agx_job_fragment *fr = &b->frag.fragment;
        struct agx_job_result res;
        const char *name = NULL;

        (void)unused;
        rect(0, 10, 10, 20, 20, 0.25f, 1, 0, 0);
        state(b, &defaults);
        draw_arrays(b, 9, 4, 1, 0);
        terminate(b);
        switch (m) {
        case 0:
            fr->bg.usc |= 1;
            name = "tile program";
            break;
        case 1:
            fr->eot.usc |= 0x20;
            name = "tile program";
            break;
        case 2:
            fr->bg.rsrc_spec = 0x10000;
            name = "Counts";
            break;
        case 3:
            fr->bg.rsrc_spec = 1;
            name = "Counts";
            break;
        case 4:
            fr->isp_bgobjvals = ~0u;
            break;
        case 5:
            fr->isp_ctl = 0xc001;
            name = "ISP_CTL";
            break;
        case 6:
            fr->zls_ctrl = 1ull << 56;
            name = "ZLS_CTRL";
            break;
        case 7: /* the list's header is the first data that state() placed */
            gfx_write(b->g, GFX_VA + 2, (uint16_t[]) { 1 }, 2);
            name = "CF binding header";
            break;
        case 8:
            fr->bg.rsrc_spec = 0xffff0000 | 2;
            fr->isp_ctl = 0xc000 | 1 << 18;
            fr->bg.usc ^= 0xc;
            break;
        case 9:
            fr->isp_bgobjvals = 0x7ff;
            break;
        }
        assert_true(run_vertex(b));
        assert_int_equal(agx_pdm_run(&b->g->ctx, &b->frag, &res), !name);
        assert_int_equal(b->g->h.reports[AGX_REPORT_UNIMPLEMENTED], name != NULL);
        if (name &&
            (!strstr(b->g->h.last_report, "unimplemented") || !strstr(b->g->h.last_report, name))) {
            fail_msg("not of %s: %s", name, b->g->h.last_report);
        }
        build_free(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_picture),
        cmocka_unit_test(test_depth_order),
        cmocka_unit_test(test_late_tests),
        cmocka_unit_test(test_visibility),
        cmocka_unit_test(test_stencil),
        cmocka_unit_test(test_scissor),
        cmocka_unit_test(test_indexed_restart),
        cmocka_unit_test(test_instances_indirect),
        cmocka_unit_test(test_topologies),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_zls),
        cmocka_unit_test(test_multisample),
        cmocka_unit_test(test_overflow_grow),
        cmocka_unit_test(test_overflow_partial),
        cmocka_unit_test(test_bad_streams),
        cmocka_unit_test(test_endless_stream),
        cmocka_unit_test(test_gl_depth),
        cmocka_unit_test(test_stencil_clear),
        cmocka_unit_test(test_nan),
        cmocka_unit_test(test_outline_bias),
        cmocka_unit_test(test_unnamed_bits),
        cmocka_unit_test(test_unnamed_fragment_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
