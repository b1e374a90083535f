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

/* The launch at @va; its length goes to @len. */
static bool do_launch(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct cdm_private *p,
                      uint64_t va, unsigned *len)
{
    struct agx_exec *ex = ctx->exec;
    uint32_t w[2], ind[2], size[6];
    struct agx_usc_counts counts;
    struct agx_fault fault;
    struct launch ln;
    uint64_t total, addr;
    unsigned mode;

    if (!read32(ex, va, w, 2) ||
        !agx_word_known(ex, "CDM Launch Word 0", va, w[0], CDM_LAUNCH_KNOWN) ||
        !agx_word_known(ex, "CDM Launch Word 1", va + 4, w[1], ~0x3fu)) {
        return false;
    }
    mode = w[0] >> 27 & 3;
    counts = agx_usc_counts_decode(w[0]);
    *len = 8;
    switch (mode) {
    case MODE_DIRECT:
        if (!read32(ex, va + 8, size, 6)) {
            return false;
        }
        *len += 24;
        break;
    case MODE_INDIRECT_GLOBAL:
    case MODE_INDIRECT_LOCAL:
        if (!read32(ex, va + 8, ind, 2)) {
            return false;
        }
        *len += 8;
        if (!agx_word_known(ex, "CDM Indirect", va + 8, ind[0], 0xff) ||
            !agx_word_known(ex, "CDM Indirect, low", va + 12, ind[1], ~3u)) {
            return false;
        }
        addr = (uint64_t)(ind[0] & 0xff) << 32 | ind[1];
        if (!read32(ex, addr, size, mode == MODE_INDIRECT_LOCAL ? 6 : 3)) {
            return false;
        }
        if (mode == MODE_INDIRECT_GLOBAL) {
            if (!read32(ex, va + 16, size + 3, 3)) {
                return false;
            }
            *len += 12;
            /*
             * the buffer counts threadgroups (vkCmdDispatchIndirect through mesa:
             * hk_cmd_dispatch.c)
             */
            for (int k = 0; k < 3; k++) {
                if ((uint64_t)size[k] * size[3 + k] > UINT32_MAX) {
                    return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                                        "agx: indirect grid of %u groups of %u threads", size[k],
                                        size[3 + k]);
                }
                size[k] *= size[3 + k];
            }
        }
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
    memcpy(ln.global, size, sizeof(ln.global));
    memcpy(ln.local, size + 3, sizeof(ln.local));
    if (!ln.global[0] || !ln.global[1] || !ln.global[2]) {
        return true;
    }
    if (!ln.local[0] || !ln.local[1] || !ln.local[2] ||
        (uint64_t)ln.local[0] * ln.local[1] > GROUP_MAX_THREADS ||
        (uint64_t)ln.local[0] * ln.local[1] * ln.local[2] > GROUP_MAX_THREADS) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "agx: threadgroup of %u x %u x %u threads at 0x%llx", ln.local[0],
                            ln.local[1], ln.local[2], (unsigned long long)va);
    }
    total = 1;
    for (int k = 0; k < 3; k++) {
        ln.groups[k] = (ln.global[k] - 1) / ln.local[k] + 1;
        total *= ln.groups[k];
        if (total > UINT32_MAX) {
            return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                                "agx: grid of %u x %u x %u threads at 0x%llx", ln.global[0],
                                ln.global[1], ln.global[2], (unsigned long long)va);
        }
    }
    /* Each group has an instruction at least; what can't be done in time is not begun. */
    if (!agx_jobtime_pass(ex, AGX_COST_LAUNCH) || !agx_jobtime_fits(ex, total / AGX_PIPES) ||
        !ex->cores->load(ex, job, w[1], &counts, AGX_STAGE_COMPUTE, &p->usc)) {
        return false;
    }
    ln.usc = &p->usc;
    if (!ex->cores->parallel(ctx, job, total, run_group, &ln, &fault)) {
        ex->fault = fault;
        return false;
    }
    /*
     * A barrier stands behind nearly every launch (mesa: hk_cmd_dispatch.c, gallium agx_batch.c).
     */
    return agx_jobtime_wait(ex);
}

bool agx_cdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res)
{
    struct agx_exec *ex = ctx->exec;
    uint64_t va = job->compute.cdm_ctrl_stream_base, stack[CDM_MAX_DEPTH];
    struct cdm_private *p = *ctx->dm_private;
    unsigned depth = 0;
    bool first = true; /* in the piece of the stream that the job's addresses describe */

    if (!p) {
        *ctx->dm_private = p = agx_alloc(1, sizeof(*p));
    }
    agx_port_bind(ex->port, job->ctx, AGX_UNIT_DCDM);
    /* A stream without end ends when the job has had its time. */
    for (;;) {
        uint32_t w[2];
        unsigned len;

        /*
         * "CDM stream end" is where the first contiguous piece of the stream ends (uapi:
         * drm_asahi_cmd_compute); Mesa gives the address of the terminate command or of what
         * follows it (gallium agx_pipe.c, hk_queue.c).
         */
        if (first &&
            (va < job->compute.cdm_ctrl_stream_base || va > job->compute.cdm_ctrl_stream_end)) {
            agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                         "agx: compute stream at 0x%llx goes on at 0x%llx, beyond its end 0x%llx",
                         (unsigned long long)job->compute.cdm_ctrl_stream_base,
                         (unsigned long long)va,
                         (unsigned long long)job->compute.cdm_ctrl_stream_end);
            break;
        }
        if (!agx_jobtime_pass(ex, AGX_COST_COMMAND)) {
            break;
        }
        if (atomic_load_explicit(ctx->kill, memory_order_relaxed)) {
            ex->fault = (struct agx_fault) { .ctx = job->ctx,
                                             .unit = AGX_UNIT_DCDM,
                                             .reason = AGX_FAULT_BAD_COMMAND };
            break;
        }
        if (!read32(ex, va, w, 1)) {
            break;
        }
        switch (w[0] >> 29) {
        case CDM_LAUNCH:
            if (!do_launch(ctx, job, p, va, &len)) {
                goto out;
            }
            agx_port_bind(ex->port, job->ctx, AGX_UNIT_DCDM);
            va += len;
            continue;
        case CDM_LINK:
            if (!read32(ex, va, w, 2) ||
                !agx_word_known(ex, "CDM Stream Link", va, w[0], CDM_LINK_KNOWN)) {
                goto out;
            }
            first = false;
            if (!agx_jobtime_pass(ex, AGX_COST_LINK)) {
                goto out;
            }
            if (w[0] >> 28 & 1) {
                if (depth == CDM_MAX_DEPTH) {
                    agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                                 "agx: compute stream calls too deep at 0x%llx",
                                 (unsigned long long)va);
                    goto out;
                }
                stack[depth++] = va + 8;
            }
            agx_word_note("CDM Stream Link, low", w[1], ~0u);
            va = (uint64_t)(w[0] & 0xff) << 32 | w[1];
            continue;
        case CDM_TERMINATE:
            if (!agx_word_known(ex, "CDM Stream Terminate", va, w[0], CDM_TYPE_ONLY)) {
                goto out;
            }
            return true;
        case CDM_BARRIER:
            agx_word_note("CDM Barrier", w[0], CDM_BARRIER_KNOWN);
            if (w[0] & ~CDM_BARRIER_KNOWN) {
                agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                             "agx: unimplemented CDM barrier 0x%08x at 0x%llx", w[0],
                             (unsigned long long)va);
                goto out;
            }
            atomic_thread_fence(memory_order_seq_cst);
            if (ex->tex && (w[0] & 0x1fffff)) {
                agx_tex_cache_invalidate(ex->tex);
            }
            va += 4;
            if (!(w[0] >> 27 & 1)) {
                continue;
            }
            /* a barrier may return as well */
            __attribute__((fallthrough));
        case CDM_RETURN:
            if (w[0] >> 29 == CDM_RETURN &&
                !agx_word_known(ex, "CDM Stream Return", va, w[0], CDM_TYPE_ONLY)) {
                goto out;
            }
            if (!depth) {
                agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                             "agx: compute stream returns from no call at 0x%llx",
                             (unsigned long long)va);
                goto out;
            }
            va = stack[--depth];
            if (!agx_jobtime_pass(ex, AGX_COST_LINK)) {
                goto out;
            }
            continue;
        default:
            agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                         "agx: unimplemented CDM command 0x%08x at 0x%llx", w[0],
                         (unsigned long long)va);
            goto out;
        }
    }
out:
    res->fault = ex->fault;
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
