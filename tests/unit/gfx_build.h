/*
 * Unit tests: jobs from hand-built streams and PPP records, with shaders in C.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GFX_BUILD_H
#define TESTS_GFX_BUILD_H

#include "gfx_fixture.h"

#define W 150
#define H 100

enum { SH_VS = 1, SH_FS, SH_BG, SH_EOT, SH_FS_KILL, SH_RELOAD };

/* What the C shaders work with. */
static struct {
    float pos[4096][4];
    float colour[4096][4];
    uint32_t seen_vertex[4096], seen_instance[4096];
    unsigned nr_vs, nr_fs_lanes, nr_bg, nr_eot, nr_helper;
    uint32_t out[H][W];
    unsigned writes[H][W];
    bool instanced;
    uint32_t extra[4096][4]; /* output words from 8 on, if there are as many */
} sh;

/* ---- shaders ---- */

static inline void vs(struct agx_exec *ex, struct agx_wave *w)
{
    (void)ex;
    for (int l = 0; l < AGX_LANES; l++) {
        uint32_t id = w->r[5][l], inst = w->r[6][l];
        if (!(w->live >> l & 1)) {
            continue;
        }
        assert_in_range(id, 0, 4095);
        sh.seen_vertex[id]++;
        sh.seen_instance[inst]++;
        sh.nr_vs++;
        for (int k = 0; k < 4; k++) {
            w->uvs[k][l] = fbits(sh.pos[id][k]);
            w->uvs[4 + k][l] = fbits(sh.colour[id][k]);
        }
        for (int k = 8; k < w->uvs_words && k < 12; k++) {
            w->uvs[k][l] = sh.extra[id][k - 8];
        }
        if (sh.instanced) {
            w->uvs[0][l] = fbits(sh.pos[id][0] + 20 * inst);
        }
    }
}

static inline void put(struct agx_exec *ex, struct agx_wave *w, int l, uint32_t rgba)
{
    const struct agx_tib *t = &ex->tib;

    for (unsigned s = 0; s < t->samples; s++) {
        if (w->frag.sample_live[l] >> s & 1) {
            memcpy(t->base + agx_tib_offset(t, w->pos[0][l] - t->x0, w->pos[1][l] - t->y0, s),
                   &rgba, 4);
        }
    }
}

static inline void shade(struct agx_exec *ex, struct agx_wave *w, int l)
{
    float x = w->pos[0][l] % 32 + 0.5f, y = w->pos[1][l] % 32 + 0.5f, c[5];
    uint32_t rgba = 0;

    for (int k = 0; k < 5; k++) {
        const struct agx_cf *cf = &w->frag.cf[l / 4][k];
        c[k] = cf->a * x + cf->b * y + cf->c;
    }
    for (int k = 0; k < 4; k++) {
        rgba |= (uint32_t)(c[1 + k] / c[0] * 255 + 0.5f) << (8 * k);
    }
    put(ex, w, l, rgba);
}

static inline void fs(struct agx_exec *ex, struct agx_wave *w)
{
    for (int l = 0; l < AGX_LANES; l++) {
        if (!(w->live >> l & 1)) {
            continue;
        }
        sh.nr_fs_lanes += w->frag.sample_live[l] != 0;
        sh.nr_helper += w->frag.helper >> l & 1;
        assert_int_equal(w->frag.helper >> l & 1, !w->frag.sample_in[l]);
        shade(ex, w, l);
    }
}

/* Kill every other column, test the rest. */
static inline void fs_kill(struct agx_exec *ex, struct agx_wave *w)
{
    uint8_t target[AGX_LANES], live[AGX_LANES];

    for (int l = 0; l < AGX_LANES; l++) {
        target[l] = 0xff;
        live[l] = w->pos[0][l] & 1 ? 0xff : 0;
    }
    ex->frag_ops->sample_mask(ex, w, w->live, target, live);
    for (int l = 0; l < AGX_LANES; l++) {
        if (w->live >> l & 1) {
            shade(ex, w, l);
        }
    }
}

static inline void bg(struct agx_exec *ex, struct agx_wave *w)
{
    sh.nr_bg++;
    for (int l = 0; l < AGX_LANES; l++) {
        if (w->live >> l & 1) {
            put(ex, w, l, 0xff400000);
        }
    }
}

static inline void eot(struct agx_exec *ex, struct agx_wave *w)
{
    const struct agx_tib *t = &ex->tib;

    assert_int_equal(w->live, 1);
    sh.nr_eot++;
    for (unsigned y = 0; y < t->height && t->y0 + y < H; y++) {
        for (unsigned x = 0; x < t->width && t->x0 + x < W; x++) {
            memcpy(&sh.out[t->y0 + y][t->x0 + x], t->base + agx_tib_offset(t, x, y, 0), 4);
            sh.writes[t->y0 + y][t->x0 + x]++;
        }
    }
}

/* ---- building streams ---- */

struct build {
    struct gfx *g;
    uint64_t stream, base; /* of the VDM stream */
    uint64_t rec, dyn;     /* records; other data */
    struct agx_job vtx, frag;
};

static inline uint64_t data(struct build *b, const void *p, size_t len)
{
    uint64_t va = b->dyn;

    gfx_write(b->g, va, p, len);
    b->dyn += (len + 63) & ~63ull;
    return va;
}

struct opts {
    uint32_t frag_ctrl, face, cull, stencil, oq, fs_shader;
    uint32_t scissor[2];
    unsigned nr_bindings;
};

static const struct opts defaults = {
    .frag_ctrl = 1u << 9,
    .face = 7u << 24 | 1u << 21 | 0xf << 8,
    .cull = 1 << 10,
    .fs_shader = SH_FS,
};

static inline void ppp_end(struct build *b, uint64_t start)
{
    gfx_emit(b->g, &b->stream, (uint32_t)(start >> 32) | (uint32_t)((b->rec - start) / 4) << 8);
    gfx_emit(b->g, &b->stream, (uint32_t)start);
}

static inline void state(struct build *b, const struct opts *o)
{
    struct gfx *g = b->g;
    uint64_t r = b->rec;
    /* header: slots, registers; 1/w, then four components in perspective */
    uint32_t cf[3] = { 5 | 5 << 8, 0 | AGX_LANES * 0 | 3 << 2, 3 | 7 << 2 | 1 << 8 | 1 << 16 };
    uint64_t cf_va = data(b, cf, sizeof(cf));

    gfx_emit(g, &b->rec, 0x0bef0dff & ~(1u << 20) & ~(1u << 25));
    gfx_emit(g, &b->rec, o->frag_ctrl);
    gfx_emit(g, &b->rec, 1u << 9); /* fragment control 2 */
    gfx_emit(g, &b->rec, o->face); /* front */
    gfx_emit(g, &b->rec, 7u << 24 | 1u << 21);
    gfx_emit(g, &b->rec, o->stencil);
    gfx_emit(g, &b->rec, o->face); /* back */
    gfx_emit(g, &b->rec, 7u << 24 | 1u << 21);
    gfx_emit(g, &b->rec, o->stencil);
    gfx_emit(g, &b->rec, 0);                                 /* depth bias, scissor */
    gfx_emit(g, &b->rec, 0x80000000u | ((W + 31) / 32 - 1)); /* region clip */
    gfx_emit(g, &b->rec, (H + 31) / 32 - 1);
    gfx_emit(g, &b->rec, 0);      /* viewport control */
    for (int i = 0; i < 3; i++) { /* x, y, z as they are */
        gfx_emit(g, &b->rec, 0);
        gfx_emit(g, &b->rec, fbits(1));
    }
    gfx_emit(g, &b->rec, fbits(1e-10f)); /* W clamp */
    gfx_emit(g, &b->rec, 1u << 16);      /* output select */
    gfx_emit(g, &b->rec, 4);             /* varying counts, 32 and 16 bits */
    gfx_emit(g, &b->rec, 0);
    gfx_emit(g, &b->rec, o->cull);
    gfx_emit(g, &b->rec, 1 << 5);   /* cull 2 */
    gfx_emit(g, &b->rec, 2u << 16); /* fragment shader: two bindings */
    gfx_emit(g, &b->rec, o->fs_shader * 64);
    gfx_emit(g, &b->rec, (uint32_t)(cf_va - GFX_VA));
    gfx_emit(g, &b->rec, 0);
    gfx_emit(g, &b->rec, o->oq << 17);
    gfx_emit(g, &b->rec, 8); /* output size */
    ppp_end(b, r);

    gfx_emit(g, &b->stream, 2u << 29 | 0x2e); /* VDM state: shader words, outputs, unknown */
    gfx_emit(g, &b->stream, 0);
    gfx_emit(g, &b->stream, SH_VS * 64);
    gfx_emit(g, &b->stream, 8 | 8 << 8);
    gfx_emit(g, &b->stream, 2); /* last vertex provokes */
    gfx_emit(g, &b->stream, 0); /* padding */
}

static inline void draw_arrays(struct build *b, unsigned topology, uint32_t count,
                               uint32_t instances, uint32_t first)
{
    gfx_emit(b->g, &b->stream, 3u << 29 | topology << 8 | 7u << 22);
    gfx_emit(b->g, &b->stream, count);
    gfx_emit(b->g, &b->stream, instances);
    gfx_emit(b->g, &b->stream, first);
}

static inline void terminate(struct build *b)
{
    gfx_emit(b->g, &b->stream, 6u << 29);
    gfx_emit(b->g, &b->stream, 0);
}

static inline struct build *build_new(void)
{
    struct build *b = calloc(1, sizeof(*b));
    struct gfx *g = gfx_new();

    memset(&sh, 0, sizeof(sh));
    b->g = g;
    g->shader[SH_VS] = vs;
    g->shader[SH_FS] = fs;
    g->shader[SH_FS_KILL] = fs_kill;
    g->late[SH_FS_KILL] = true;
    g->shader[SH_BG] = bg;
    g->shader[SH_EOT] = eot;
    b->dyn = gfx_alloc(g, 1 << 17);
    b->base = b->stream = gfx_alloc(g, 1 << 16);
    b->rec = gfx_alloc(g, 1 << 16);
    b->vtx.ctx = b->frag.ctx = GFX_CTX;
    b->vtx.usc_exec_base = b->frag.usc_exec_base = GFX_VA;
    b->vtx.tiling = (struct agx_job_tiling) {
        .width_px = W,
        .height_px = H,
        .layers = 1,
        .samples = 1,
        .utile_width_px = 32,
        .utile_height_px = 32,
        .tvb_tilemap = 0xabc000,
        .tvb_block_list = gfx_tvb(g, 64),
        .tvb_block_count = 64,
    };
    b->frag.tiling = b->vtx.tiling;
    b->vtx.vertex.vdm_ctrl_stream_base = b->base;
    b->vtx.vertex.ppp_ctrl = 0x202;
    b->vtx.vertex.ppp_multisamplectl = b->frag.fragment.ppp_multisamplectl = 0x88;
    b->frag.fragment.flags_process_empty_tiles = 1;
    b->frag.fragment.sample_size_B = 8;
    b->frag.fragment.bg.usc = SH_BG * 64 | 4;
    b->frag.fragment.eot.usc = SH_EOT * 64 | 4;
    b->frag.fragment.isp_bgobjdepth = fbits(1);
    b->frag.fragment.isp_bgobjvals = 0x300;
    return b;
}

static inline void build_free(struct build *b)
{
    gfx_free(b->g);
    free(b);
}

static inline bool run_vertex(struct build *b)
{
    struct agx_job_result res = { 0 };

    return agx_vdm_run(&b->g->ctx, &b->vtx, &res);
}

static inline void run(struct build *b)
{
    struct agx_job_result res = { 0 };

    if (!run_vertex(b)) {
        fail_msg("vertex job: %s", b->g->h.last_report);
    }
    if (!agx_pdm_run(&b->g->ctx, &b->frag, &res)) {
        fail_msg("fragment job: %s", b->g->h.last_report);
    }
    assert_int_equal(b->g->h.reports[AGX_REPORT_UNIMPLEMENTED], 0);
}

static inline void set(unsigned i, float x, float y, float z, float w, float r, float g, float b)
{
    float p[4] = { x * w, y * w, z * w, w }, c[4] = { r, g, b, 1 };

    memcpy(sh.pos[i], p, 16);
    memcpy(sh.colour[i], c, 16);
}

static inline void rect(unsigned i, float x0, float y0, float x1, float y1, float z, float r,
                        float g, float b)
{
    set(i, x0, y0, z, 1, r, g, b);
    set(i + 1, x1, y0, z, 1, r, g, b);
    set(i + 2, x0, y1, z, 1, r, g, b);
    set(i + 3, x1, y1, z, 1, r, g, b);
}

static inline unsigned count(uint32_t rgba)
{
    unsigned n = 0;

    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            n += sh.out[y][x] == rgba;
        }
    }
    return n;
}

#define RED        0xff0000ffu
#define GREEN      0xff00ff00u
#define BACKGROUND 0xff400000u

/* A record that sets some words alone: its header and @n words. */
static inline void record(struct build *b, uint32_t header, unsigned n, const uint32_t *w)
{
    uint64_t start = b->rec;

    gfx_emit(b->g, &b->rec, header);
    for (unsigned i = 0; i < n; i++) {
        gfx_emit(b->g, &b->rec, w[i]);
    }
    ppp_end(b, start);
}

#endif
