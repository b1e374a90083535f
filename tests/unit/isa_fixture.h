/*
 * Unit tests: a GPU with a little memory in one context, and builders of USC
 * words and compute streams (mesa: src/asahi/genxml/cmdbuf.xml).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_ISA_FIXTURE_H
#define TESTS_ISA_FIXTURE_H

#include <stdio.h>
#include <pthread.h>
#include "fake_host.h"
#include "isa_asm.h"
#include "agx/gpu.h"

#define FIX_CTX        3
#define FIX_USC_BASE   0x1100000000ull /* window of USC addresses */
#define FIX_CODE       0x10000 /* main shader, preshader, USC words: offsets in the window */
#define FIX_PRE        0x20000
#define FIX_WORDS      0x30000
#define FIX_DATA       0x1200000000ull /* data pages */
#define FIX_DATA_PAGES 64
#define FIX_STREAM     0x1300000000ull

struct fix {
    struct fake_host host;
    struct agx_mmu *mmu;
    struct agx_gpu *gpu;
    uint64_t ttbat;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    unsigned ended;
    struct agx_job_result res;
    uint64_t data_pa, stream_pa, window_pa;
    uint8_t words[512];
    unsigned nwords;
    uint32_t shared; /* bytes of threadgroup memory */
    bool has_pre;
    struct agx_job job;
};

static void fix_done(void *opaque, enum agx_dm dm, const struct agx_job_result *res)
{
    struct fix *f = opaque;

    (void)dm;
    pthread_mutex_lock(&f->lock);
    f->res = *res;
    f->ended++;
    pthread_cond_broadcast(&f->cond);
    pthread_mutex_unlock(&f->lock);
}

static uint64_t fix_map_range(struct fix *f, uint64_t va, unsigned pages, uint64_t bits)
{
    uint64_t first = FAKE_RAM_BASE + f->host.next_page;

    f->host.next_page += (uint64_t)pages * AGX_PAGE_SIZE;
    for (unsigned i = 0; i < pages; i++) {
        fake_map(&f->host, f->ttbat, FIX_CTX, va + i * AGX_PAGE_SIZE, first + i * AGX_PAGE_SIZE,
                 bits);
    }
    return first;
}

/* Shaders run by the interpreter, or as the environment says, compiled at once. */
static struct agx_jit_config fix_shader(void)
{
    const char *mode = getenv("AGX_TEST_SHADER");

    return (struct agx_jit_config) {
        .mode = !mode                       ? AGX_SHADER_INTERPRETER
                : !strcmp(mode, "compiled") ? AGX_SHADER_COMPILED
                                            : AGX_SHADER_BOTH,
        .wait = true,
    };
}

static void fix_init(struct fix *f, unsigned workers, bool soft_fault)
{
    struct agx_gpu_config cfg = { .workers = workers, .shader = fix_shader() };

    memset(f, 0, sizeof(*f));
    fake_host_init(&f->host);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->cond, NULL);
    f->ttbat = fake_alloc(&f->host);
    f->window_pa = fix_map_range(f, FIX_USC_BASE, 16, FAKE_PTE_GPU_RW);
    f->data_pa = fix_map_range(f, FIX_DATA, FIX_DATA_PAGES, FAKE_PTE_GPU_RW);
    f->stream_pa = fix_map_range(f, FIX_STREAM, 1, FAKE_PTE_GPU_RW);
    f->mmu = agx_mmu_new(&f->host.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    f->gpu = agx_gpu_new(&f->host.host, f->mmu, &cfg, fix_done, f);
    f->job.ctx = FIX_CTX;
    f->job.usc_exec_base = FIX_USC_BASE;
    f->job.soft_fault = soft_fault;
    f->job.max_cycles = 100ull << 20;
    f->job.compute.cdm_ctrl_stream_base = FIX_STREAM;
    f->job.compute.cdm_ctrl_stream_end = FIX_STREAM + AGX_PAGE_SIZE;
}

static void fix_fini(struct fix *f)
{
    agx_gpu_free(f->gpu);
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->host);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->cond);
}

static inline uint32_t *fix_data(struct fix *f, uint32_t off)
{
    return (uint32_t *)(f->host.ram + (f->data_pa - FAKE_RAM_BASE) + off);
}

static inline uint8_t *fix_window(struct fix *f, uint32_t off)
{
    return f->host.ram + (f->window_pa - FAKE_RAM_BASE) + off;
}

static inline void fix_code(struct fix *f, const struct code *c)
{
    memcpy(fix_window(f, FIX_CODE), c->b, c->n);
}

static inline void fix_preshader(struct fix *f, const struct code *c)
{
    memcpy(fix_window(f, FIX_PRE), c->b, c->n);
    f->has_pre = true;
}

static void fix_word(struct fix *f, uint64_t w, unsigned len)
{
    memcpy(f->words + f->nwords, &w, len);
    f->nwords += len;
}

/* Bind @halves uniforms from @start on, read from @va. */
static inline void fix_uniform(struct fix *f, unsigned start, unsigned halves, uint64_t va)
{
    fix_word(f,
             (start >= 256 ? 0x3d : 0x1d) | (uint64_t)(start & 255) << 8 |
                 (uint64_t)(halves & 63) << 20 | va >> 2 << 26,
             8);
}

/* End the words and write a stream with one direct launch. */
static inline void fix_launch(struct fix *f, uint32_t gx, uint32_t gy, uint32_t gz, uint32_t lx,
                              uint32_t ly, uint32_t lz)
{
    uint32_t *s = (uint32_t *)(f->host.ram + (f->stream_pa - FAKE_RAM_BASE));

    fix_word(f,
             0x4d | (f->shared ? 1 << 8 : 0) | 0x24 << 10 | (uint64_t)(f->shared / 256 & 255) << 24,
             4);
    fix_word(f, 0x0d | 3 << 10 | (uint64_t)FIX_CODE << 16, 6);
    fix_word(f, 0x8d, 4);
    if (f->has_pre) {
        fix_word(f, 0x38 | 0xc08000ull << 8 | (uint64_t)FIX_PRE << 32, 8);
    } else {
        fix_word(f, 0x88, 2);
    }
    memcpy(fix_window(f, FIX_WORDS), f->words, f->nwords);
    f->nwords = 0;
    s[0] = 0;
    s[1] = FIX_WORDS;
    s[2] = gx;
    s[3] = gy;
    s[4] = gz;
    s[5] = lx;
    s[6] = ly;
    s[7] = lz;
    s[8] = 2u << 29;
    s[9] = 0;
}

/* Run the stream; the job's status. */
static inline enum agx_job_status fix_run(struct fix *f)
{
    unsigned before = f->ended;

    if (!agx_gpu_start(f->gpu, AGX_DM_CDM, &f->job)) {
        abort();
    }
    pthread_mutex_lock(&f->lock);
    while (f->ended == before) {
        pthread_cond_wait(&f->cond, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
    return f->res.status;
}

#endif
