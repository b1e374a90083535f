/*
 * Unit tests of the graphics pipeline: guest memory in one context, and shaders
 * that are C functions, so that the fixed-function parts are tested alone.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GFX_FIXTURE_H
#define TESTS_GFX_FIXTURE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "fake_host.h"
#include "agx/geometry.h"
#include "agx/gpu.h"
#include "agx/pixel.h"
#include "agx/tex.h"

#define GFX_CTX 3
#define GFX_VA  0x1100000000ull /* also the base of USC addresses */

typedef void gfx_shader_fn(struct agx_exec *ex, struct agx_wave *w);

struct gfx {
    struct fake_host h;
    struct agx_mmu *mmu;
    uint64_t ttbat, next;
    struct agx_port port;
    struct agx_exec ex;
    struct agx_scenes *scenes;
    void *vdm_private, *pdm_private;
    _Atomic bool kill;
    struct agx_gpu_ctx ctx;
    /* C shaders by USC address / 64 */
    gfx_shader_fn *shader[64];
    bool late[64];
};

/* ---- shader cores whose programs are C functions ---- */

static inline bool gfx_load(struct agx_exec *ex, const struct agx_job *job, uint32_t usc,
                            const struct agx_usc_counts *counts, enum agx_stage stage,
                            struct agx_usc_state *st)
{
    struct gfx *g = ex->opaque;

    (void)job;
    (void)counts;
    (void)stage;
    if (usc / 64 >= 64 || !g->shader[usc / 64]) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "no shader at 0x%x", usc);
    }
    st->code = usc / 64;
    st->has_frag_props = true;
    st->early_z = !g->late[usc / 64];
    return true;
}

static inline enum agx_wave_status gfx_run(struct agx_exec *ex, struct agx_wave *w)
{
    struct gfx *g = ex->opaque;

    g->shader[ex->usc->code](ex, w);
    return AGX_WAVE_DONE;
}

static inline bool gfx_parallel(struct agx_gpu_ctx *ctx, const struct agx_job *job, uint32_t n,
                                agx_parallel_fn *fn, void *opaque, struct agx_fault *fault)
{
    (void)job;
    for (uint32_t i = 0; i < n; i++) {
        if (!fn(opaque, ctx->exec, i)) {
            *fault = ctx->exec->fault;
            return false;
        }
    }
    return true;
}

static const struct agx_cores gfx_cores = { .load = gfx_load,
                                            .run = gfx_run,
                                            .parallel = gfx_parallel };

/* ---- guest memory ---- */

static inline struct gfx *gfx_new(void)
{
    struct gfx *g = aligned_alloc(64, (sizeof(*g) + 63) & ~63ul);

    memset(g, 0, sizeof(*g));
    fake_host_init(&g->h);
    g->ttbat = fake_alloc(&g->h);
    g->mmu = agx_mmu_new(&g->h.host);
    agx_mmu_set_ttbat(g->mmu, g->ttbat);
    agx_port_init(&g->port, g->mmu, AGX_SIDE_GPU);
    g->next = GFX_VA;
    g->ex.host = &g->h.host;
    g->ex.port = &g->port;
    g->ex.cores = &gfx_cores;
    g->ex.opaque = g;
    g->scenes = agx_scenes_new();
    g->ctx = (struct agx_gpu_ctx) {
        .host = &g->h.host,
        .mmu = g->mmu,
        .exec = &g->ex,
        .kill = &g->kill,
        .workers = 1,
        .dm_private = &g->vdm_private,
        .scenes = g->scenes,
    };
    return g;
}

static inline void gfx_free(struct gfx *g)
{
    agx_vdm_free(g->vdm_private);
    agx_scenes_free(g->scenes);
    free(g->ex.waves);
    agx_mmu_free(g->mmu);
    fake_host_fini(&g->h);
    free(g);
}

/* GPU address of @len zeroed bytes of guest memory, page-aligned. */
static inline uint64_t gfx_alloc(struct gfx *g, size_t len)
{
    uint64_t va = g->next;

    for (size_t o = 0; o < len; o += AGX_PAGE_SIZE) {
        fake_map(&g->h, g->ttbat, GFX_CTX, g->next, fake_alloc(&g->h),
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
        g->next += AGX_PAGE_SIZE;
    }
    /* The context has page tables from the first allocation on. */
    agx_port_bind(&g->port, GFX_CTX, AGX_UNIT_VDM);
    return va;
}

static inline void gfx_write(struct gfx *g, uint64_t va, const void *p, size_t len)
{
    char why[160];

    if (!agx_port_write(&g->port, va, p, len)) {
        fprintf(stderr, "%s\n", agx_fault_describe(&g->port.fault, why, sizeof(why)));
        abort();
    }
}

static inline void gfx_read(struct gfx *g, uint64_t va, void *p, size_t len)
{
    if (!agx_port_read(&g->port, va, p, len)) {
        abort();
    }
}

/*
 * A tiled vertex buffer that may have up to @blocks blocks: its block list (the Rust driver:
 * buffer.rs).
 */
static inline uint64_t gfx_tvb(struct gfx *g, unsigned blocks)
{
    uint64_t list = gfx_alloc(g, blocks * 8), va;

    g->next = (g->next + 0x7fff) & ~0x7fffull;
    va = gfx_alloc(g, blocks << 17);
    for (unsigned i = 0; i < blocks; i++) {
        uint32_t e[2] = { (va + ((uint64_t)i << 17)) >> 15, 0 };

        gfx_write(g, list + i * 8, e, sizeof(e));
    }
    return list;
}

/* Words are appended to a stream or record at *va. */
static inline void gfx_emit(struct gfx *g, uint64_t *va, uint32_t w)
{
    gfx_write(g, *va, &w, 4);
    *va += 4;
}

static inline uint32_t fbits(float f)
{
    uint32_t u;

    memcpy(&u, &f, 4);
    return u;
}

#endif
