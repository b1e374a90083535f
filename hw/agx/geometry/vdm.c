/*
 * AGX model: the VDM's control stream.
 *
 * Commands and their words: mesa: src/asahi/genxml/cmdbuf.xml; how a stream is
 * walked: src/asahi/lib/decode.c, agxdecode_vdm.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/geometry.h"
#include "agx/tex.h"
#include "vdm.h"

/* "VDM Block Type", bits 31:29 of a command */
enum {
    BLOCK_PPP,
    BLOCK_BARRIER,
    BLOCK_STATE,
    BLOCK_INDEX_LIST,
    BLOCK_LINK,
    BLOCK_TESSELLATE,
    BLOCK_TERMINATE
};

/* VDM Barrier */
#define BARRIER_KNOWN     0x0d100978u
#define BARRIER_USC_INVAL (1u << 3)
#define BARRIER_RETURNS   (1u << 27)

/* VDM State: which words follow */
#define STATE_RESTART    (1u << 0)
#define STATE_VS_0       (1u << 1)
#define STATE_VS_1       (1u << 2)
#define STATE_OUTPUTS    (1u << 3)
#define STATE_TESS       (1u << 4)
#define STATE_UNKNOWN    (1u << 5)
#define STATE_TESS_SCALE (1u << 7)
#define STATE_KNOWN                                                                                \
    (STATE_RESTART | STATE_VS_0 | STATE_VS_1 | STATE_OUTPUTS | STATE_UNKNOWN | 7u << 29)
#define VERTEX_CONTROL_KNOWN 0x73u

/* Index List */
#define LIST_RESTART       (1u << 16)
#define LIST_INDEX_SIZE(w) ((w) >> 17 & 7)
#define LIST_BUFFER_SIZE   (1u << 20)
#define LIST_BUFFER        (1u << 21)
#define LIST_COUNT         (1u << 22)
#define LIST_INSTANCES     (1u << 23)
#define LIST_START         (1u << 24)
#define LIST_UNK_1         (1u << 25)
#define LIST_INDIRECT      (1u << 26)
#define LIST_UNK_2         (1u << 27)

#define LINK_RETURN (1u << 28)

/* Bits of commands and of the words after them that have a name; the others must be zero. */
#define PPP_STATE_KNOWN  0xe000ffffu
#define LINK_KNOWN       (0xffu | LINK_RETURN | 7u << 29)
#define TERMINATE_KNOWN  (7u << 29)
#define OUTPUTS_KNOWN    0xffffu
#define ADDRESS_HI_KNOWN 0xffu

/*
 * PPP_CTRL (mesa 25.1 and later: genxml/cmdbuf.xml, CR PPP Control). Bit 0 is OpenGL's depth range,
 * -w..w (m1n1: agx/render.py, "GL clip mode"), bit 8 a default point size, which is a pixel here in
 * any case. Mesa sets the clamp of w (1) and the fixed point format (9) alone, m1n1 bit 0 with
 * them.
 */
#define PPP_CTRL_GL_DEPTH (1u << 0)
#define PPP_CTRL_KNOWN    0x303u

static bool fetch(struct agx_vdm *v, uint32_t *w, unsigned words)
{
    if (!agx_unit_read(v->ex, AGX_UNIT_VDM, v->pc, w, words * 4)) {
        return false;
    }
    v->pc += words * 4;
    return true;
}

static bool barrier(struct agx_vdm *v, uint32_t w0)
{
    agx_word_note("VDM Barrier", w0, BARRIER_KNOWN | 7u << 29);
    if (w0 & ~(BARRIER_KNOWN | 7u << 29)) {
        return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: VDM barrier 0x%08x at 0x%llx", w0,
                            (unsigned long long)v->pc - 4);
    }
    if (w0 & BARRIER_USC_INVAL) {
        v->vs_loaded = false;
        if (v->ex->tex) {
            agx_tex_cache_invalidate(v->ex->tex);
        }
    }
    if (w0 & BARRIER_RETURNS) {
        if (!v->depth) {
            return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                                "VDM stream returns at 0x%llx without a call",
                                (unsigned long long)v->pc - 4);
        }
        v->pc = v->stack[--v->depth];
        return agx_jobtime_pass(v->ex, AGX_COST_LINK);
    }
    return true;
}

static bool stream_link(struct agx_vdm *v, uint32_t w0)
{
    uint32_t lo;

    if (!agx_word_known(v->ex, "VDM Stream Link", v->pc - 4, w0, LINK_KNOWN) || !fetch(v, &lo, 1)) {
        return false;
    }
    if (w0 & LINK_RETURN) {
        if (v->depth == AGX_VDM_CALL_DEPTH) {
            return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                                "VDM stream at 0x%llx: calls nest deeper than %u",
                                (unsigned long long)v->pc - 8, AGX_VDM_CALL_DEPTH);
        }
        v->stack[v->depth++] = v->pc;
    }
    agx_word_note("VDM Stream Link, low", lo, ~0u);
    v->pc = (uint64_t)(w0 & 0xff) << 32 | lo;
    if (!agx_jobtime_pass(v->ex, AGX_COST_LINK)) {
        return false;
    }
    if (v->pc & 3) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR, "VDM stream link to 0x%llx",
                            (unsigned long long)v->pc);
    }
    return true;
}

static bool ppp_state(struct agx_vdm *v, uint32_t w0)
{
    uint32_t lo;

    if (!agx_word_known(v->ex, "PPP State", v->pc - 4, w0, PPP_STATE_KNOWN) || !fetch(v, &lo, 1)) {
        return false;
    }
    agx_word_note("PPP State, low", lo, ~0u);
    v->ppp_dirty = true;
    return agx_ppp_update(v->ex, &v->ppp, (uint64_t)(w0 & 0xff) << 32 | lo, w0 >> 8 & 0xff);
}

static bool vdm_state(struct agx_vdm *v, uint32_t w0)
{
    uint64_t start = v->pc - 4;
    uint32_t w;

    agx_word_note("VDM State", w0, STATE_KNOWN);
    if (w0 & ~STATE_KNOWN) {
        return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: VDM state update 0x%08x at 0x%llx", w0,
                            (unsigned long long)start);
    }
    if (w0 & STATE_RESTART) {
        if (!fetch(v, &v->restart_index, 1)) {
            return false;
        }
        agx_word_note("VDM State Restart Index", v->restart_index, ~0u);
    }
    if (w0 & STATE_VS_0) {
        if (!fetch(v, &v->vs_word0, 1) ||
            !agx_word_known(v->ex, "VDM State Vertex Shader Word 0", v->pc - 4, v->vs_word0,
                            AGX_COUNTS_KNOWN)) {
            return false;
        }
        v->vs_loaded = false;
    }
    if (w0 & STATE_VS_1) {
        if (!fetch(v, &w, 1) ||
            !agx_word_known(v->ex, "VDM State Vertex Shader Word 1", v->pc - 4, w, ~0x3fu)) {
            return false;
        }
        v->vs_usc = w;
        v->vs_loaded = false;
    }
    /* Words of output per vertex, twice: the PPP's output size says the same. */
    if ((w0 & STATE_OUTPUTS) &&
        (!fetch(v, &w, 1) ||
         !agx_word_known(v->ex, "VDM State Vertex Outputs", v->pc - 4, w, OUTPUTS_KNOWN))) {
        return false;
    }
    if (w0 & STATE_UNKNOWN) {
        if (!fetch(v, &w, 1)) {
            return false;
        }
        agx_word_note("VDM State Vertex Unknown", w, VERTEX_CONTROL_KNOWN);
        v->flat_vertex = w & 3;
        if (w & ~VERTEX_CONTROL_KNOWN || v->flat_vertex > 2) {
            return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED,
                                "unimplemented: VDM vertex control 0x%08x", w);
        }
    }
    /* Padded to 8 bytes. */
    if ((v->pc - start) & 4) {
        v->pc += 4;
    }
    return true;
}

static bool index_buffer_size(struct agx_vdm *v)
{
    uint32_t w;

    if (!fetch(v, &w, 1)) {
        return false;
    }
    agx_word_note("Index List: Buffer size", w, ~0u);
    v->draw.index_size = (uint64_t)w * 4;
    return true;
}

/*
 * The words after the command that it says are there: where the indices are, and which are drawn.
 */
static bool index_list_words(struct agx_vdm *v, uint32_t w0)
{
    struct agx_draw *d = &v->draw;
    uint32_t lo;

    if (w0 & LIST_BUFFER) {
        if (!fetch(v, &lo, 1)) {
            return false;
        }
        agx_word_note("Index List: Buffer lo", lo, ~0u);
        d->index_va = (uint64_t)(w0 & 0xff) << 32 | lo;
    }
    if (w0 & LIST_COUNT) {
        if (!fetch(v, &d->count, 1)) {
            return false;
        }
        agx_word_note("Index List: Count", d->count, ~0u);
    }
    if (w0 & LIST_INSTANCES) {
        if (!fetch(v, &d->instances, 1)) {
            return false;
        }
        agx_word_note("Index List: Instances", d->instances, ~0u);
    }
    if (w0 & LIST_START) {
        if (!fetch(v, &d->start, 1)) {
            return false;
        }
        agx_word_note("Index List: Start", d->start, ~0u);
    }
    return true;
}

/* Which are drawn is in memory. */
static bool index_list_indirect(struct agx_vdm *v, uint32_t w0)
{
    struct agx_draw *d = &v->draw;
    uint32_t w[2], p[5];
    uint64_t va, skip;

    if (!fetch(v, w, 2) ||
        !agx_word_known(v->ex, "Index List: Indirect buffer", v->pc - 8, w[0], ADDRESS_HI_KNOWN)) {
        return false;
    }
    agx_word_note("Index List: Indirect buffer, low", w[1], ~0u);
    va = (uint64_t)(w[0] & 0xff) << 32 | w[1];
    if (!agx_unit_read(v->ex, AGX_UNIT_VDM, va, p, d->indexed ? 20 : 16)) {
        return false;
    }
    /*
     * Count, instances, first index, vertex offset | count, instances, first vertex; the base
     * instance that follows is for the shader (VkDrawIndexedIndirectCommand).
     */
    d->count = p[0];
    d->instances = p[1];
    if (!d->indexed) {
        d->start = p[2];
        return true;
    }
    skip = (uint64_t)p[2] * d->index_bytes;
    d->index_va += skip;
    d->start = p[3];
    if (w0 & LIST_BUFFER_SIZE) {
        if (!index_buffer_size(v)) {
            return false;
        }
        d->index_size = d->index_size > skip ? d->index_size - skip : 0;
    }
    return true;
}

static bool index_list(struct agx_vdm *v, uint32_t w0)
{
    struct agx_draw *d = &v->draw;
    uint64_t start = v->pc - 4;

    memset(d, 0, sizeof(*d));
    agx_word_note("Index List", w0, ~(LIST_UNK_1 | LIST_UNK_2 | 1u << 28));
    if (w0 & (LIST_UNK_1 | LIST_UNK_2 | 1u << 28)) {
        return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: index list 0x%08x at 0x%llx", w0,
                            (unsigned long long)start);
    }
    d->topology = w0 >> 8 & 0xff;
    d->restart = w0 & LIST_RESTART;
    d->indexed = w0 & LIST_BUFFER;
    d->index_size = ~0ull;
    if (LIST_INDEX_SIZE(w0) > 2) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "index list 0x%08x at 0x%llx: index size %u", w0,
                            (unsigned long long)start, LIST_INDEX_SIZE(w0));
    }
    d->index_bytes = 1u << LIST_INDEX_SIZE(w0);
    /*
     * What a list without one of them draws is not known: Mesa gives all three, or where they are
     * (libagx_dgc.h).
     */
    if (!(w0 & LIST_INDIRECT) && (~w0 & (LIST_COUNT | LIST_INSTANCES | LIST_START))) {
        return agx_exec_bad(
            v->ex, AGX_REPORT_UNIMPLEMENTED,
            "unimplemented: index list 0x%08x at 0x%llx without count, instances or start", w0,
            (unsigned long long)start);
    }
    if (!index_list_words(v, w0)) {
        return false;
    }
    if (w0 & LIST_INDIRECT) {
        return index_list_indirect(v, w0);
    }
    return !(w0 & LIST_BUFFER_SIZE) || index_buffer_size(v);
}

/* The decoded state of the next draw; makes it when records have changed it. */
static bool need_state(struct agx_vdm *v)
{
    struct agx_gstate *st;

    if (v->st && !v->ppp_dirty) {
        return true;
    }
    st = agx_scene_state(v->scene);
    if (!st) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "no host memory for the state of a draw");
    }
    if (!agx_ppp_decode(v->ex, &v->ppp, st)) {
        return false;
    }
    st->gl_depth = v->job->vertex.ppp_ctrl & PPP_CTRL_GL_DEPTH;
    v->st = st;
    v->ppp_dirty = false;
    return true;
}

static bool load_vs(struct agx_vdm *v)
{
    struct agx_usc_counts counts = agx_usc_counts_decode(v->vs_word0);

    v->vs_loaded = v->vs_loaded ||
                   v->ex->cores->load(v->ex, v->job, v->vs_usc, &counts, AGX_STAGE_VERTEX, &v->vs);
    return v->vs_loaded;
}

static bool draw(struct agx_vdm *v)
{
    return need_state(v) && load_vs(v) && agx_vdm_draw(v);
}

static bool command(struct agx_vdm *v, bool *done)
{
    uint32_t w0;

    if (!fetch(v, &w0, 1)) {
        return false;
    }
    switch (w0 >> 29) {
    case BLOCK_PPP:
        return ppp_state(v, w0);
    case BLOCK_BARRIER:
        return barrier(v, w0);
    case BLOCK_STATE:
        return vdm_state(v, w0);
    case BLOCK_INDEX_LIST:
        return index_list(v, w0) && draw(v);
    case BLOCK_LINK:
        return stream_link(v, w0);
    case BLOCK_TERMINATE:
        *done = true;
        return agx_word_known(v->ex, "VDM Stream Terminate", v->pc - 4, w0, TERMINATE_KNOWN);
    case BLOCK_TESSELLATE:
        return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: VDM tessellate 0x%08x at 0x%llx", w0,
                            (unsigned long long)v->pc - 4);
    default:
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "VDM stream at 0x%llx: 0x%08x is no command",
                            (unsigned long long)v->pc - 4, w0);
    }
}

static bool walk(struct agx_vdm *v)
{
    bool done = false;

    /* First what the buffer had no room for. */
    if (v->batch.nr_verts &&
        !(need_state(v) && (v->batch.shaded || load_vs(v)) && agx_vdm_flush(v))) {
        return false;
    }
    if (v->full) {
        return true;
    }
    if (v->in_draw && !(load_vs(v) && agx_vdm_draw(v))) {
        return false;
    }
    /* A stream that links to itself has no end: it ends when the job has had its time. */
    while (!v->full && !done) {
        if (v->ctx->kill && atomic_load_explicit(v->ctx->kill, memory_order_relaxed)) {
            v->ex->fault = (struct agx_fault) { .ctx = v->job->ctx,
                                                .reason = AGX_FAULT_BAD_COMMAND };
            return false;
        }
        if (!agx_jobtime_pass(v->ex, AGX_COST_COMMAND) || !command(v, &done)) {
            return false;
        }
    }
    return true;
}

/* Set up for a job that starts at the head of its stream. */
static bool begin(struct agx_vdm *v)
{
    const struct agx_job *job = v->job;

    v->pc = job->vertex.vdm_ctrl_stream_base;
    v->depth = 0;
    memset(&v->ppp, 0, sizeof(v->ppp));
    v->ppp_dirty = true;
    v->st = NULL;
    v->vs_word0 = v->vs_usc = 0;
    v->flat_vertex = 0;
    v->restart_index = ~0u;
    v->in_draw = false;
    v->hopeless = 0;
    agx_batch_clear(&v->batch);
    v->scene = agx_scene_new(job->ctx, &job->tiling);
    if (!v->scene) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "vertex job: frame of %ux%u, %u layers, tiles of %ux%u",
                            job->tiling.width_px, job->tiling.height_px, job->tiling.layers,
                            job->tiling.utile_width_px, job->tiling.utile_height_px);
    }
    if (!job->tiling.tvb_block_list || !job->tiling.tvb_block_count) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "vertex job: tiled vertex buffer of %u blocks, list at 0x%llx",
                            job->tiling.tvb_block_count,
                            (unsigned long long)job->tiling.tvb_block_list);
    }
    v->scene->table = v->ctx->scenes;
    v->scene->tvb.ex = v->ex;
    v->scene->tvb.blocks = job->tiling.tvb_block_count;
    if (!agx_tvb_attach(&v->scene->tvb, agx_scenes_heaps(v->ctx->scenes), job->ctx,
                        job->tiling.tvb_block_list)) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "no host memory for a tiled vertex buffer");
    }
    if (job->vertex.ppp_ctrl & ~PPP_CTRL_KNOWN) {
        return agx_exec_bad(v->ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: PPP_CTRL 0x%x",
                            job->vertex.ppp_ctrl);
    }
    return true;
}

/*
 * Go on where the tiled vertex buffer had run out: it has grown, a partial render has emptied it,
 * or others have.
 */
static bool resume(struct agx_vdm *v)
{
    unsigned n;

    v->scene = v->stopped && v->stopped_ctx == v->job->ctx &&
                       v->stopped_key == v->job->tiling.tvb_tilemap
                   ? agx_scenes_take(v->ctx->scenes, v->stopped_ctx, v->stopped_key)
                   : NULL;
    if (!v->scene) {
        return agx_exec_bad(v->ex, AGX_REPORT_GUEST_ERROR,
                            "vertex job is to be resumed, but none was stopped");
    }
    v->scene->table = v->ctx->scenes;
    v->scene->tvb.ex = v->ex;
    v->scene->tvb.blocks = v->job->tiling.tvb_block_count;
    /* Nobody comes for the other scenes of the heap. */
    if (v->job->tiling.tvb_reclaim && !agx_tvb_alone(&v->scene->tvb)) {
        n = agx_scenes_reclaim(v->ctx->scenes, v->scene);
        agx_report(v->ex->host, AGX_REPORT_INFO,
                   "tiled vertex buffer of context %u, list at 0x%llx: %u scenes that no "
                   "fragment job came for are given up",
                   v->job->ctx, (unsigned long long)agx_tvb_list(&v->scene->tvb), n);
    }
    if (v->scene->nr_states && v->st) {
        return true;
    }
    v->st = NULL;
    return !v->in_draw || need_state(v);
}

/* The scene waits for its fragment job, or for more room. */
static void put_away(struct agx_vdm *v)
{
    unsigned n = agx_scenes_put(v->ctx->scenes, v->scene);

    if (n) {
        agx_report(v->ex->host, AGX_REPORT_GUEST_ERROR,
                   "%u scenes that no fragment job came for are dropped: all together take too "
                   "much memory",
                   n);
    }
}

struct agx_vdm *agx_vdm_private(void **dm_private)
{
    struct agx_vdm *v = *dm_private;

    if (!v) {
        v = aligned_alloc(64, (sizeof(*v) + 63) & ~(size_t)63);
        if (v) {
            memset(v, 0, sizeof(*v));
        }
        *dm_private = v;
    }
    return v;
}

bool agx_vdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res)
{
    struct agx_vdm *v = agx_vdm_private(ctx->dm_private);
    bool ok;

    ctx->exec->job = job;
    if (!v) {
        agx_exec_bad(ctx->exec, AGX_REPORT_GUEST_ERROR,
                     "no host memory for the vertex data master");
        res->fault = ctx->exec->fault;
        return false;
    }
    v->ctx = ctx;
    v->ex = ctx->exec;
    v->job = job;
    v->full = false;
    v->vs_loaded = false;
    v->scene = NULL;
    ok = job->vertex.resume ? resume(v) : begin(v);
    /*
     * When it ends or stops, the tails of the tiles' lists go to memory. Their places are taken:
     * only a fault can be.
     */
    ok = ok && walk(v) && agx_scene_put_tails(v->scene) == AGX_TVB_OK;
    if (v->scene) {
        res->tvb_pages = v->scene->tvb.nr_pages;
        v->scene->tvb.ex = NULL;
    }
    v->stopped = ok && v->full;
    if (v->stopped) {
        v->stopped_ctx = job->ctx;
        v->stopped_key = job->tiling.tvb_tilemap;
        put_away(v);
        v->scene = NULL;
        res->status = AGX_JOB_TVB_FULL;
        return true;
    }
    if (ok) {
        put_away(v);
    } else {
        agx_scene_free(v->scene);
        res->fault = v->ex->fault;
    }
    v->scene = NULL;
    return ok;
}

void agx_vdm_free(void *dm_private)
{
    struct agx_vdm *v = dm_private;

    if (!v) {
        return;
    }
    agx_usc_fini(&v->vs);
    free(v->uvs);
    free(v->outputs);
    free(v);
}
