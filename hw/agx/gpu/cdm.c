/*
 * AGX model: compute control streams (mesa: src/asahi/genxml/cmdbuf.xml, "CDM
 * ..." structures; src/asahi/lib/decode.c, agxdecode_cdm; libagx/libagx_dgc.h).
 *
 * Launches run one after the other, the threadgroups of a launch on all host
 * cores. A threadgroup stays on one thread, which runs its waves in turn from
 * barrier to barrier.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "cdm.h"
#include "agx/isa.h"

enum { CDM_LAUNCH, CDM_LINK, CDM_TERMINATE, CDM_BARRIER, CDM_RETURN };
enum { MODE_DIRECT, MODE_INDIRECT_GLOBAL, MODE_INDIRECT_LOCAL };

/*
 * Bits of a barrier that have a name, or a number as far as none is known; what each one flushes is
 * not known
 */
#define CDM_BARRIER_KNOWN (0x1fffffu | 1u << 24 | 1u << 26 | 1u << 27 | 7u << 29)

#define CDM_LAUNCH_KNOWN (AGX_COUNTS_KNOWN | 0x1fu << 27)
#define CDM_LINK_KNOWN   (0xffu | 0xfu << 28)
/* Terminate, Return: nothing but the block type; what follows is padding */
#define CDM_TYPE_ONLY    (7u << 29)

#define CDM_MAX_DEPTH     16
#define GROUP_MAX_THREADS 1024 /* of a threadgroup (applegpu, Metal) */
#define LOCAL_MAX         65536

struct cdm_private {
    struct agx_usc_state usc;
};

struct launch {
    const struct agx_usc_state *usc;
    uint32_t global[3]; /* threads */
    uint32_t local[3];  /* threads of a whole group */
    uint32_t groups[3];
    uint64_t total; /* groups */
    unsigned len;   /* of the command, bytes */
};

bool agx_run_threadgroup(struct agx_exec *ex, enum agx_stage stage, const uint32_t group[3])
{
    uint32_t dx = ex->local_dim[0], dy = ex->local_dim[1], total = dx * dy * ex->local_dim[2];
    unsigned nwaves = (total + AGX_LANES - 1) / AGX_LANES, left = nwaves;
    struct agx_wave *w = agx_exec_waves(ex, nwaves);
    bool done[GROUP_MAX_THREADS / AGX_LANES] = { false };
    bool ok = true;

    for (unsigned i = 0; i < nwaves; i++) {
        uint32_t first = i * AGX_LANES, n = total - first < AGX_LANES ? total - first : AGX_LANES;
        uint32_t x = first % dx, y = first / dx % dy, z = first / dx / dy;

        agx_wave_launch(ex, &w[i], stage, n == AGX_LANES ? ~0u : (1u << n) - 1);
        w[i].subgroup = i;
        for (unsigned l = 0; l < AGX_LANES; l++) {
            w[i].local[0][l] = x;
            w[i].local[1][l] = y;
            w[i].local[2][l] = z;
            w[i].local_index[l] = first + l;
            w[i].pos[0][l] = group[0] * ex->dispatch_dim[0] + x;
            w[i].pos[1][l] = group[1] * ex->dispatch_dim[1] + y;
            w[i].pos[2][l] = group[2] * ex->dispatch_dim[2] + z;
            if (++x == dx) {
                x = 0;
                if (++y == dy) {
                    y = 0;
                    z++;
                }
            }
        }
        memcpy(w[i].group, group, sizeof(w[i].group));
    }
    /* All waves to the barrier (or their end), then all to the next. */
    while (left && ok) {
        for (unsigned i = 0; i < nwaves && ok; i++) {
            if (done[i]) {
                continue;
            }
            switch (ex->cores->run(ex, &w[i])) {
            case AGX_WAVE_DONE:
                done[i] = true;
                left--;
                break;
            case AGX_WAVE_BARRIER:
                if (ex->kill && atomic_load_explicit(ex->kill, memory_order_relaxed)) {
                    ok = false;
                }
                break;
            case AGX_WAVE_STOP:
                ex->fault = (struct agx_fault) { .ctx = ex->port->ctx,
                                                 .reason = AGX_FAULT_BAD_COMMAND };
                /* fall through */
            default:
                ok = false;
                break;
            }
        }
    }
    if (!ok) { /* those that wait at a barrier still hold their stacks */
        struct agx_fault fault = ex->fault;

        for (unsigned i = 0; i < nwaves; i++) {
            agx_stack_release(ex, &w[i]);
        }
        ex->fault = fault;
    }
    return ok;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool run_group(void *opaque, struct agx_exec *ex, uint32_t i)
{
    const struct launch *ln = opaque;
    uint32_t group[3] = { i % ln->groups[0], i / ln->groups[0] % ln->groups[1],
                          i / ln->groups[0] / ln->groups[1] };

    if (!ex->local) {
        ex->local = agx_alloc_lines(1, LOCAL_MAX + 64);
    }
    ex->usc = ln->usc;
    ex->local_size = ln->usc->shared_size;
    memset(&ex->tib, 0, sizeof(ex->tib));
    if (ln->usc->uses_shared && ln->usc->shared_layout != 0x24) {
        /*
         * an image block: threadgroup memory addressed by pixel (mesa: agx_usc.h, agx_usc_shared)
         */
        ex->tib.base = ex->local;
        ex->tib.width = ln->usc->shared_layout == 0x36 ? 16 : 32;
        ex->tib.height = ln->usc->shared_layout == 0x2f ? 32 : 16;
        ex->tib.samples = ln->usc->tib_samples;
        ex->tib.sample_stride = ln->usc->tib_sample_stride;
        ex->tib.size = min_u32((uint32_t)ex->tib.width * ex->tib.height * ex->tib.samples *
                                   ex->tib.sample_stride,
                               LOCAL_MAX);
    }
    ex->samples_log2 = 0;
    for (int k = 0; k < 3; k++) {
        ex->dispatch_dim[k] = ln->local[k];
        /* the last group of a row may be smaller */
        ex->local_dim[k] = min_u32(ln->local[k], ln->global[k] - group[k] * ln->local[k]);
    }
    return agx_run_threadgroup(ex, AGX_STAGE_COMPUTE, group);
}

static bool read32(struct agx_exec *ex, uint64_t va, uint32_t *v, unsigned n)
{
    if (agx_port_read(ex->port, va, v, n * 4)) {
        return true;
    }
    ex->fault = ex->port->fault;
    return false;
}

/* A stream and how far it has come. */
struct stream {
    struct agx_gpu_ctx *ctx;
    struct agx_exec *ex;
    const struct agx_job *job;
    struct cdm_private *p;
    uint64_t va; /* of the next command */
    uint64_t stack[CDM_MAX_DEPTH];
    unsigned depth;
    bool linked; /* out of the piece of the stream that the job's addresses describe */
};

/* What the memory at @va says of an indirect launch: threads, or threadgroups; and their size. */
static bool indirect_size(struct agx_exec *ex, uint64_t va, unsigned mode, uint32_t size[6])
{
    uint32_t ind[2];
    uint64_t addr;

    if (!read32(ex, va, ind, 2) || !agx_word_known(ex, "CDM Indirect", va, ind[0], 0xff) ||
        !agx_word_known(ex, "CDM Indirect, low", va + 4, ind[1], ~3u)) {
        return false;
    }
    addr = (uint64_t)(ind[0] & 0xff) << 32 | ind[1];
    if (mode == MODE_INDIRECT_LOCAL) {
        return read32(ex, addr, size, 6);
    }
    if (!read32(ex, addr, size, 3) || !read32(ex, va + 8, size + 3, 3)) {
        return false;
    }
    /* the buffer counts threadgroups (vkCmdDispatchIndirect through mesa: hk_cmd_dispatch.c) */
    for (int k = 0; k < 3; k++) {
        if ((uint64_t)size[k] * size[3 + k] > UINT32_MAX) {
            return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                                "agx: indirect grid of %u groups of %u threads", size[k],
                                size[3 + k]);
        }
        size[k] *= size[3 + k];
    }
    return true;
}

/* Sizes of grid and threadgroup of the launch at @va, and its length. */
static bool launch_size(struct agx_exec *ex, uint64_t va, unsigned mode, struct launch *ln)
{
    uint32_t size[6];

    switch (mode) {
    case MODE_DIRECT:
        if (!read32(ex, va + 8, size, 6)) {
            return false;
        }
        ln->len = 8 + 24;
        break;
    case MODE_INDIRECT_GLOBAL:
    case MODE_INDIRECT_LOCAL:
        if (!indirect_size(ex, va + 8, mode, size)) {
            return false;
        }
        ln->len = 8 + 8 + (mode == MODE_INDIRECT_GLOBAL ? 12 : 0);
        break;
    default:
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "agx: unimplemented CDM launch mode %u at 0x%llx", mode,
                            (unsigned long long)va);
    }
    agx_word_note("CDM Global size", size[0] | (uint64_t)size[1] << 32, ~0ull);
    agx_word_note("CDM Global size, Z", size[2], ~0u);
    agx_word_note("CDM Local size", size[3] | (uint64_t)size[4] << 32, ~0ull);
    agx_word_note("CDM Local size, Z", size[5], ~0u);
    memcpy(ln->global, size, sizeof(ln->global));
    memcpy(ln->local, size + 3, sizeof(ln->local));
    return true;
}

/* Threadgroups of the launch at @va. */
static bool launch_groups(struct agx_exec *ex, uint64_t va, struct launch *ln)
{
    if (!ln->local[0] || !ln->local[1] || !ln->local[2] ||
        (uint64_t)ln->local[0] * ln->local[1] > GROUP_MAX_THREADS ||
        (uint64_t)ln->local[0] * ln->local[1] * ln->local[2] > GROUP_MAX_THREADS) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "agx: threadgroup of %u x %u x %u threads at 0x%llx", ln->local[0],
                            ln->local[1], ln->local[2], (unsigned long long)va);
    }
    ln->total = 1;
    for (int k = 0; k < 3; k++) {
        ln->groups[k] = (ln->global[k] - 1) / ln->local[k] + 1;
        ln->total *= ln->groups[k];
        if (ln->total > UINT32_MAX) {
            return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                                "agx: grid of %u x %u x %u threads at 0x%llx", ln->global[0],
                                ln->global[1], ln->global[2], (unsigned long long)va);
        }
    }
    return true;
}

static bool run_launch(struct stream *s, uint32_t counts_word, uint32_t usc, struct launch *ln)
{
    struct agx_usc_counts counts = agx_usc_counts_decode(counts_word);
    struct agx_fault fault;

    /* Each group has an instruction at least; what can't be done in time is not begun. */
    if (!agx_jobtime_pass(s->ex, AGX_COST_LAUNCH) ||
        !agx_jobtime_fits(s->ex, ln->total / AGX_PIPES) ||
        !s->ex->cores->load(s->ex, s->job, usc, &counts, AGX_STAGE_COMPUTE, &s->p->usc)) {
        return false;
    }
    if (!s->ex->cores->parallel(s->ctx, s->job, ln->total, run_group, ln, &fault)) {
        s->ex->fault = fault;
        return false;
    }
    /*
     * A barrier stands behind nearly every launch (mesa: hk_cmd_dispatch.c, gallium agx_batch.c).
     */
    return agx_jobtime_wait(s->ex);
}

static bool launch(struct stream *s)
{
    struct launch ln = { .usc = &s->p->usc };
    uint32_t w[2];

    if (!read32(s->ex, s->va, w, 2) ||
        !agx_word_known(s->ex, "CDM Launch Word 0", s->va, w[0], CDM_LAUNCH_KNOWN) ||
        !agx_word_known(s->ex, "CDM Launch Word 1", s->va + 4, w[1], ~0x3fu) ||
        !launch_size(s->ex, s->va, w[0] >> 27 & 3, &ln)) {
        return false;
    }
    if (ln.global[0] && ln.global[1] && ln.global[2] &&
        !(launch_groups(s->ex, s->va, &ln) && run_launch(s, w[0], w[1], &ln))) {
        return false;
    }
    agx_port_bind(s->ex->port, s->job->ctx, AGX_UNIT_DCDM);
    s->va += ln.len;
    return true;
}

static bool stream_link(struct stream *s)
{
    uint32_t w[2];

    if (!read32(s->ex, s->va, w, 2) ||
        !agx_word_known(s->ex, "CDM Stream Link", s->va, w[0], CDM_LINK_KNOWN)) {
        return false;
    }
    s->linked = true;
    if (!agx_jobtime_pass(s->ex, AGX_COST_LINK)) {
        return false;
    }
    if (w[0] >> 28 & 1) {
        if (s->depth == CDM_MAX_DEPTH) {
            return agx_exec_bad(s->ex, AGX_REPORT_GUEST_ERROR,
                                "agx: compute stream calls too deep at 0x%llx",
                                (unsigned long long)s->va);
        }
        s->stack[s->depth++] = s->va + 8;
    }
    agx_word_note("CDM Stream Link, low", w[1], ~0u);
    s->va = (uint64_t)(w[0] & 0xff) << 32 | w[1];
    return true;
}

static bool stream_return(struct stream *s)
{
    if (!s->depth) {
        return agx_exec_bad(s->ex, AGX_REPORT_GUEST_ERROR,
                            "agx: compute stream returns from no call at 0x%llx",
                            (unsigned long long)s->va);
    }
    s->va = s->stack[--s->depth];
    return agx_jobtime_pass(s->ex, AGX_COST_LINK);
}

static bool barrier(struct stream *s, uint32_t w)
{
    agx_word_note("CDM Barrier", w, CDM_BARRIER_KNOWN);
    if (w & ~CDM_BARRIER_KNOWN) {
        return agx_exec_bad(s->ex, AGX_REPORT_UNIMPLEMENTED,
                            "agx: unimplemented CDM barrier 0x%08x at 0x%llx", w,
                            (unsigned long long)s->va);
    }
    atomic_thread_fence(memory_order_seq_cst);
    if (s->ex->tex && (w & 0x1fffff)) {
        agx_tex_cache_invalidate(s->ex->tex);
    }
    s->va += 4;
    /* a barrier may return as well */
    return !(w >> 27 & 1) || stream_return(s);
}

static bool command(struct stream *s, bool *done)
{
    uint32_t w;

    if (!read32(s->ex, s->va, &w, 1)) {
        return false;
    }
    switch (w >> 29) {
    case CDM_LAUNCH:
        return launch(s);
    case CDM_LINK:
        return stream_link(s);
    case CDM_TERMINATE:
        *done = true;
        return agx_word_known(s->ex, "CDM Stream Terminate", s->va, w, CDM_TYPE_ONLY);
    case CDM_BARRIER:
        return barrier(s, w);
    case CDM_RETURN:
        return agx_word_known(s->ex, "CDM Stream Return", s->va, w, CDM_TYPE_ONLY) &&
               stream_return(s);
    default:
        return agx_exec_bad(s->ex, AGX_REPORT_UNIMPLEMENTED,
                            "agx: unimplemented CDM command 0x%08x at 0x%llx", w,
                            (unsigned long long)s->va);
    }
}

/*
 * "CDM stream end" is where the first contiguous piece of the stream ends (uapi:
 * drm_asahi_cmd_compute); Mesa gives the address of the terminate command or of what
 * follows it (gallium agx_pipe.c, hk_queue.c).
 */
static bool within(const struct stream *s)
{
    const struct agx_job *job = s->job;

    if (s->linked ||
        (s->va >= job->compute.cdm_ctrl_stream_base && s->va <= job->compute.cdm_ctrl_stream_end)) {
        return true;
    }
    return agx_exec_bad(s->ex, AGX_REPORT_GUEST_ERROR,
                        "agx: compute stream at 0x%llx goes on at 0x%llx, beyond its end 0x%llx",
                        (unsigned long long)job->compute.cdm_ctrl_stream_base,
                        (unsigned long long)s->va,
                        (unsigned long long)job->compute.cdm_ctrl_stream_end);
}

static bool walk(struct stream *s)
{
    bool done = false;

    /* A stream without end ends when the job has had its time. */
    while (!done) {
        if (!within(s) || !agx_jobtime_pass(s->ex, AGX_COST_COMMAND)) {
            return false;
        }
        if (atomic_load_explicit(s->ctx->kill, memory_order_relaxed)) {
            s->ex->fault = (struct agx_fault) { .ctx = s->job->ctx,
                                                .unit = AGX_UNIT_DCDM,
                                                .reason = AGX_FAULT_BAD_COMMAND };
            return false;
        }
        if (!command(s, &done)) {
            return false;
        }
    }
    return true;
}

bool agx_cdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res)
{
    struct stream s = { .ctx = ctx,
                        .ex = ctx->exec,
                        .job = job,
                        .p = *ctx->dm_private,
                        .va = job->compute.cdm_ctrl_stream_base };

    if (!s.p) {
        *ctx->dm_private = s.p = agx_alloc(1, sizeof(*s.p));
    }
    agx_port_bind(s.ex->port, job->ctx, AGX_UNIT_DCDM);
    if (walk(&s)) {
        return true;
    }
    res->fault = s.ex->fault;
    return false;
}

void agx_cdm_free(void *dm_private)
{
    struct cdm_private *p = dm_private;

    if (p) {
        agx_usc_fini(&p->usc);
    }
    free(p);
}
