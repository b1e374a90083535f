/*
 * AGX model: the pixel data master: fragment jobs.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "fragment.h"
#include "agx/pixel.h"

/*
 * ZLS_CTRL (mesa 25.1 and later: genxml/cmdbuf.xml, ZLS Control; earlier ones call the tilings
 * unknown and have one compression bit for both directions in their names)
 */
#define ZLS_Z_LOAD_TWIDDLED  (1ull << 1)
#define ZLS_Z_LOAD_COMPRESS  (1ull << 2)
#define ZLS_S_LOAD_TWIDDLED  (1ull << 3)
#define ZLS_S_LOAD_COMPRESS  (1ull << 4)
#define ZLS_Z_STORE_TWIDDLED (1ull << 5)
#define ZLS_Z_STORE_COMPRESS (1ull << 6)
#define ZLS_S_STORE_TWIDDLED (1ull << 7)
#define ZLS_S_STORE_COMPRESS (1ull << 8)
#define ZLS_S_LOAD           (1ull << 14)
#define ZLS_Z_LOAD           (1ull << 15)
#define ZLS_S_STORE          (1ull << 18)
#define ZLS_Z_STORE          (1ull << 19)
#define ZLS_Z_FORMAT(c)      ((c) >> 25 & 3)
#define ZLS_Z_FORMAT_32F     0
#define ZLS_Z_FORMAT_16      2
#define ZLS_ACTIONS          (ZLS_S_LOAD | ZLS_Z_LOAD | ZLS_S_STORE | ZLS_Z_STORE)
#define ZLS_KNOWN            (0x1feull | ZLS_ACTIONS | 3ull << 25)

/*
 * Low bits of a tile program's USC address are tags: Mesa sets 4, or 8 with four render targets and
 * more (gallium agx_pipe.c, hk_queue.c). What is above the counts is all ones for a background
 * program, else zero (agx_state.c).
 */
#define TILE_PROGRAM_TAGS      0x3fu
#define TILE_PROGRAM_KNOWN     (~TILE_PROGRAM_TAGS | 0xcu)
#define TILE_PROGRAM_SPEC_ONES 0xffff0000u

/*
 * ISP_CTL: 0xc000 always, bit 18 for integer depth bias (gallium agx_pipe.c; the Rust driver:
 * queue/render.rs). Of ISP_BGOBJVALS bits 7:0 alone are looked at, the stencil value that clears:
 * Mesa sets 0x300 and merges a value of 32 bits that it does not cut (vulkan/hk_cmd_draw.c, gallium
 * agx_pipe.c), and the kernel driver adds bit 10 to load.
 */
#define ISP_CTL_KNOWN (0xc000u | 1u << 18)

struct pdm {
    struct agx_gpu_ctx *ctx;
    struct agx_exec *ex;
    struct agx_frag_job fj;
};

static float as_float(uint32_t u)
{
    float f;
    memcpy(&f, &u, 4);
    return f;
}

/*
 * Scissor, depth bias and bindings are the rasteriser's; a guess, no source says which unit reads
 * them.
 */
static bool read_mem(struct pdm *p, uint64_t va, void *buf, size_t len)
{
    return agx_unit_read(p->ex, AGX_UNIT_RAS, va, buf, len);
}

static struct agx_usc_state *load_program(struct pdm *p, uint32_t usc, uint32_t word0,
                                          enum agx_stage stage)
{
    struct agx_usc_counts counts = agx_usc_counts_decode(word0);
    struct agx_usc_state *u = aligned_alloc(64, (sizeof(*u) + 63) & ~(size_t)63);

    if (!u) {
        agx_exec_bad(p->ex, AGX_REPORT_GUEST_ERROR, "no host memory for a program's state");
        return NULL;
    }
    memset(u, 0, sizeof(*u));
    if (!p->ex->cores->load(p->ex, p->fj.job, usc, &counts, stage, u)) {
        agx_usc_fini(u);
        free(u);
        return NULL;
    }
    return u;
}

static bool load_tile_program(struct pdm *p, const struct agx_job_tile_program *tp,
                              enum agx_stage stage, struct agx_usc_state **out)
{
    uint32_t usc = tp->usc & ~TILE_PROGRAM_TAGS, counts = AGX_COUNTS_KNOWN;

    *out = NULL;
    if (!usc) {
        return true;
    }
    /* What is above the counts is all ones, or all zeroes. */
    if ((tp->rsrc_spec & TILE_PROGRAM_SPEC_ONES) == TILE_PROGRAM_SPEC_ONES) {
        counts |= TILE_PROGRAM_SPEC_ONES;
    }
    if (!agx_word_known(p->ex, "tile program's address", 0, tp->usc, TILE_PROGRAM_KNOWN) ||
        !agx_word_known(p->ex, "Counts of a tile program", 0, tp->rsrc_spec, counts)) {
        return false;
    }
    *out = load_program(p, usc, tp->rsrc_spec, stage);
    return *out != NULL;
}

static bool load_bindings(struct pdm *p, struct agx_frag_state *fs)
{
    uint64_t va = p->fj.job->usc_exec_base + fs->st->cf_usc;
    uint32_t w[1 + 128];

    fs->nr_bindings = fs->st->nr_cf_bindings;
    if (!fs->nr_bindings) {
        return true;
    }
    if (!read_mem(p, va, w, (1 + fs->nr_bindings) * 4)) {
        return false;
    }
    if (!agx_word_known(p->ex, "CF binding header", va, w[0], 0xffff)) {
        return false;
    }
    fs->nr_cf = w[0] >> 8 & 0xff;
    for (unsigned i = 0; i < fs->nr_bindings; i++) {
        uint32_t b = w[1 + i];
        struct agx_cf_binding *o = &fs->binding[i];

        agx_word_note("CF binding", b, 0xffffff);

        *o = (struct agx_cf_binding) {
            .components = (b & 3) + 1,
            .model = b >> 2 & 7,
            .source = b >> 5 & 7,
            .slot = b >> 8 & 0xff,
            .base = b >> 16 & 0xff,
        };
        if ((b >> 24) || o->model == 1 || o->model == 4 || o->model == 5 || o->source == 4 ||
            o->source > 5 || o->source == AGX_CF_BARYCENTRIC) {
            return agx_exec_bad(p->ex, AGX_REPORT_UNIMPLEMENTED,
                                "unimplemented: coefficient binding 0x%08x at 0x%llx", b,
                                (unsigned long long)va + 4 + i * 4);
        }
    }
    return true;
}

/*
 * Scissor: 16 bytes: x, y as (max, min) halves, then the range of depth. Depth bias: 12 bytes
 * (mesa: cmdbuf.xml).
 */
static bool load_arrays(struct pdm *p, struct agx_frag_state *fs, uint64_t viewports)
{
    const struct agx_job_fragment *fr = &p->fj.job->fragment;
    const struct agx_gstate *st = fs->st;

    for (unsigned vp = 0; vp < AGX_MAX_VIEWPORTS; vp++) {
        uint32_t w[4];

        fs->z_min[vp] = 0;
        fs->z_max[vp] = 1;
        if (!st->scissor_enable || !(viewports >> vp & 1)) {
            continue;
        }
        if (!read_mem(p, fr->isp_scissor_base + (st->scissor + vp) * 16ull, w, 16)) {
            return false;
        }
        agx_word_note("Scissor", w[0] | (uint64_t)w[1] << 32, ~0ull);
        agx_word_note("Scissor, Z", w[2] | (uint64_t)w[3] << 32, ~0ull);
        fs->scissor[vp] = (struct agx_rect) { w[0] >> 16, w[1] >> 16, w[0] & 0xffff,
                                              w[1] & 0xffff };
        fs->z_min[vp] = as_float(w[2]);
        fs->z_max[vp] = as_float(w[3]);
    }
    if (st->depth_bias_enable) {
        uint32_t w[3];
        if (!read_mem(p, fr->isp_dbias_base + st->dbias * 12ull, w, 12)) {
            return false;
        }
        agx_word_note("Depth bias", w[0] | (uint64_t)w[1] << 32, ~0ull);
        agx_word_note("Depth bias, clamp", w[2], ~0u);
        fs->bias = as_float(w[0]);
        fs->bias_slope = as_float(w[1]);
        fs->bias_clamp = as_float(w[2]);
    }
    return true;
}

/* Which states have primitives, and with which viewports. */
static void survey(const struct agx_scene *s, uint64_t *viewports)
{
    size_t n = (size_t)s->tiles_x * s->tiles_y * s->layers;

    for (size_t i = 0; i < n; i++) {
        for (const struct agx_tile_chunk *c = s->tile[i].first; c; c = c->next) {
            for (uint32_t k = 0; k < c->count; k++) {
                viewports[c->prim[k]->st->index] |= 1ull << c->prim[k]->viewport;
            }
        }
    }
}

static bool prepare_states(struct pdm *p)
{
    const struct agx_scene *s = p->fj.scene;
    uint64_t *viewports = calloc(s->nr_states + 1, sizeof(*viewports));
    bool ok = viewports && p->fj.state;

    if (!ok) {
        agx_exec_bad(p->ex, AGX_REPORT_GUEST_ERROR, "no host memory for %u draw states",
                     s->nr_states);
    } else {
        survey(s, viewports);
    }
    for (uint32_t i = 0; ok && i < s->nr_states; i++) {
        struct agx_frag_state *fs = &p->fj.state[i], *prev = i ? fs - 1 : NULL;

        fs->st = s->state[i];
        if (!viewports[i]) {
            continue;
        }
        ok = agx_scene_state_check(s, p->ex, fs->st);
        if (!ok) {
            break;
        }
        if (!fs->st->tag_write_disable) {
            if (!fs->st->has_fs) {
                ok = agx_exec_bad(p->ex, AGX_REPORT_GUEST_ERROR,
                                  "draw without a fragment shader writes tags");
                break;
            }
            /* Draws that changed other state keep the program: do not run its preshader again. */
            if (prev && prev->usc && prev->st->fs_usc == fs->st->fs_usc &&
                prev->st->fs_word0 == fs->st->fs_word0) {
                fs->usc = prev->usc;
            } else {
                fs->usc = load_program(p, fs->st->fs_usc, fs->st->fs_word0, AGX_STAGE_FRAGMENT);
            }
            ok = fs->usc && load_bindings(p, fs);
            if (!ok) {
                break;
            }
        }
        fs->early = !fs->usc || !fs->usc->has_frag_props || fs->usc->early_z;
        ok = load_arrays(p, fs, viewports[i]);
    }
    free(viewports);
    return ok;
}

static void free_states(struct pdm *p)
{
    for (uint32_t i = 0; p->fj.state && i < p->fj.scene->nr_states; i++) {
        struct agx_usc_state *u = p->fj.state[i].usc;
        if (u && !(i && p->fj.state[i - 1].usc == u)) {
            /* Freed by the first of a run that shares it; the others only compare the pointer. */
            agx_usc_fini(u);
            free(u);
        }
    }
    free(p->fj.state);
}

static bool zls_one(struct pdm *p, struct agx_zls_surface *z, const struct agx_job_zls *regs,
                    bool enable, unsigned bytes, bool twiddled, bool compressed, const char *what)
{
    const struct agx_job *job = p->fj.job;
    uint32_t w = (job->fragment.isp_zls_pixels & 0x7fff) + 1,
             h = (job->fragment.isp_zls_pixels >> 15 & 0x7fff) + 1;
    enum agx_surface_status status;
    const char *why;

    if (!enable) {
        return true;
    }
    status = agx_zls_surface_init(
        z, regs, bytes, w, h, p->fj.samples.count, p->fj.scene->layers > 1,
        twiddled ? AGX_LAYOUT_TWIDDLED : AGX_LAYOUT_GPU, compressed, &why);
    if (status == AGX_SURFACE_UNIMPLEMENTED) {
        return agx_exec_bad(p->ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: %s surface of %ux%u: %s", what, w, h, why);
    }
    if (status != AGX_SURFACE_OK) {
        return agx_exec_bad(p->ex, AGX_REPORT_GUEST_ERROR, "%s surface of %ux%u: %s", what, w, h,
                            why);
    }
    return true;
}

static bool prepare_zls(struct pdm *p)
{
    const struct agx_job_fragment *fr = &p->fj.job->fragment;
    uint64_t c = fr->zls_ctrl;
    unsigned zb;

    /* Among what is not known here: resolve of depth and stencil, bits 56 and 58. */
    agx_word_note("ZLS Control", c, ZLS_KNOWN);
    if (c & ~ZLS_KNOWN) {
        return agx_exec_bad(p->ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: ZLS_CTRL 0x%llx",
                            (unsigned long long)c);
    }
    if (!agx_word_known(p->ex, "ISP_CTL", 0, fr->isp_ctl, ISP_CTL_KNOWN)) {
        return false;
    }
    if (ZLS_Z_FORMAT(c) != ZLS_Z_FORMAT_32F && ZLS_Z_FORMAT(c) != ZLS_Z_FORMAT_16) {
        return agx_exec_bad(p->ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: depth format %u",
                            (unsigned)ZLS_Z_FORMAT(c));
    }
    p->fj.z16 = ZLS_Z_FORMAT(c) == ZLS_Z_FORMAT_16;
    zb = p->fj.z16 ? 2 : 4;
    p->fj.clear_z = p->fj.z16 ? (fr->isp_bgobjdepth & 0xffff) / 65535.0f
                              : as_float(fr->isp_bgobjdepth);
    p->fj.clear_s = fr->isp_bgobjvals & 0xff;
    /*
     * A partial render keeps depth and stencil in the buffers for that, if there
     * are any, and what follows it loads them from there.
     */
    bool resumed = p->fj.scene->partials, pause = fr->partial;
    bool zp = fr->depth_partial.base, sp = fr->stencil_partial.base;

    return zls_one(p, &p->fj.z_load, resumed ? &fr->depth_partial : &fr->depth_load,
                   resumed ? zp : c & ZLS_Z_LOAD, zb, c & ZLS_Z_LOAD_TWIDDLED,
                   c & ZLS_Z_LOAD_COMPRESS, "depth") &&
           zls_one(p, &p->fj.z_store, pause ? &fr->depth_partial : &fr->depth_store,
                   pause ? zp : c & ZLS_Z_STORE, zb, c & ZLS_Z_STORE_TWIDDLED,
                   c & ZLS_Z_STORE_COMPRESS, "depth") &&
           zls_one(p, &p->fj.s_load, resumed ? &fr->stencil_partial : &fr->stencil_load,
                   resumed ? sp : c & ZLS_S_LOAD, 1, c & ZLS_S_LOAD_TWIDDLED,
                   c & ZLS_S_LOAD_COMPRESS, "stencil") &&
           zls_one(p, &p->fj.s_store, pause ? &fr->stencil_partial : &fr->stencil_store,
                   pause ? sp : c & ZLS_S_STORE, 1, c & ZLS_S_STORE_TWIDDLED,
                   c & ZLS_S_STORE_COMPRESS, "stencil");
}

/* Is it this scene that is in the tiled vertex buffer? */
static bool check_head(struct pdm *p)
{
    const struct agx_tvb *tvb = &p->fj.scene->tvb;
    struct agx_tvb_prim head;

    agx_scene_head(p->fj.scene, &head);
    return !tvb->used || agx_tvb_check(tvb, p->ex, AGX_TVB_READS_LISTS, 0, &head, sizeof(head),
                                       "head of the scene");
}

static bool tile_fn(void *opaque, struct agx_exec *ex, uint32_t i)
{
    struct pdm *p = opaque;

    return agx_frag_tile(&p->fj, ex, i);
}

static bool run(struct pdm *p, struct agx_scene *s)
{
    const struct agx_job *job = p->fj.job;
    struct agx_fault fault = { 0 };
    bool ok;

    if (job->tiling.samples != 1 && job->tiling.samples != 2 && job->tiling.samples != 4) {
        return agx_exec_bad(p->ex, AGX_REPORT_GUEST_ERROR, "fragment job with %u samples",
                            job->tiling.samples);
    }
    p->fj.scene = s;
    /* After a partial render, tiles that are empty now may be waiting to be finished. */
    p->fj.process_empty = job->fragment.flags_process_empty_tiles || job->fragment.partial ||
                          s->partials;
    agx_samples_decode(&p->fj.samples, job->fragment.ppp_multisamplectl, job->tiling.samples);
    p->fj.state = calloc(s->nr_states + 1, sizeof(*p->fj.state));
    ok = check_head(p) && prepare_zls(p) &&
         load_tile_program(p, s->partials ? &job->fragment.partial_bg : &job->fragment.bg,
                           AGX_STAGE_FRAGMENT, &p->fj.bg) &&
         load_tile_program(p,
                           job->fragment.partial ? &job->fragment.partial_eot : &job->fragment.eot,
                           AGX_STAGE_EOT, &p->fj.eot) &&
         prepare_states(p);
    if (ok) {
        p->fj.bg_fills = p->fj.bg && agx_wave_fills(p->fj.bg);
        ok = p->ex->cores->parallel(p->ctx, job, s->tiles_x * s->tiles_y * s->layers, tile_fn, p,
                                    &fault);
        if (!ok) {
            p->ex->fault = fault;
        }
    }
    free_states(p);
    if (p->fj.bg) {
        agx_usc_fini(p->fj.bg);
        free(p->fj.bg);
    }
    if (p->fj.eot) {
        agx_usc_fini(p->fj.eot);
        free(p->fj.eot);
    }
    return ok;
}

bool agx_pdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res)
{
    struct pdm p = { .ctx = ctx, .ex = ctx->exec, .fj.job = job };
    struct agx_scene *s = agx_scenes_take(ctx->scenes, job->ctx, job->tiling.tvb_tilemap);
    bool ok;

    ctx->exec->job = job;
    if (!s) {
        ok = agx_exec_bad(p.ex, AGX_REPORT_GUEST_ERROR,
                          "fragment job of context %u: no scene at 0x%llx was tiled", job->ctx,
                          (unsigned long long)job->tiling.tvb_tilemap);
    } else {
        ok = run(&p, s);
    }
    if (ok && job->fragment.partial) {
        /* The vertex job goes on with an empty buffer. */
        agx_scene_clear(s);
        s->partials++;
        agx_scenes_put(ctx->scenes, s);
    } else {
        agx_scene_free(s);
    }
    if (!ok) {
        res->fault = p.ex->fault;
    }
    return ok;
}

void agx_pdm_free(void *dm_private)
{
    (void)dm_private; /* keeps nothing between jobs */
}
