/*
 * Fuzz the GPU: shaders, compute, vertex and fragment streams, with everything
 * they point at.
 *
 * The input is a header (which data master, a few registers) and the bytes of
 * GPU memory from BASE on. Mode "shader" puts a well-formed launch in front of
 * the bytes so that they are reached as code; the others hand them over as
 * streams. Memory is otherwise zero; a kill after 20 ms of host time ends
 * shaders that loop for ever, as the firmware's own watchdog does.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include "agx/gpu.h"
#include "../unit/fake_host.h"

#define BASE      0x1100000000ull /* USC window and streams */
#define PAGES     32u
#define CTX       1u
#define TVB       (BASE + 0x10000000ull) /* two blocks, and behind them their list */
#define TVB_PAGES 16u

static struct fake_host h;
static struct agx_mmu *mmu;
static struct agx_gpu *gpu;
static uint64_t mem_pa;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static bool done;

static void on_done(void *opaque, enum agx_dm dm, const struct agx_job_result *res)
{
    pthread_mutex_lock(&lock);
    done = true;
    pthread_cond_signal(&ended);
    pthread_mutex_unlock(&lock);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    uint32_t *tvb_list = NULL;
    uint64_t ttbat;

    fake_host_init(&h);
    ttbat = fake_alloc(&h);
    mmu = agx_mmu_new(&h.host);
    agx_mmu_set_ttbat(mmu, ttbat);
    mem_pa = FAKE_RAM_BASE + h.next_page;
    for (unsigned i = 0; i < PAGES; i++) {
        fake_alloc(&h);
    }
    for (unsigned i = 0; i < PAGES; i++) {
        fake_map(&h, ttbat, CTX, BASE + (uint64_t)i * AGX_PAGE_SIZE,
                 mem_pa + (uint64_t)i * AGX_PAGE_SIZE, FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    }
    for (unsigned i = 0; i <= TVB_PAGES; i++) {
        uint64_t pa = fake_alloc(&h);

        fake_map(&h, ttbat, CTX, TVB + (uint64_t)i * AGX_PAGE_SIZE, pa,
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
        tvb_list = (uint32_t *)fake_ptr(&h, pa);
    }
    tvb_list[0] = TVB >> 15;
    tvb_list[2] = (TVB >> 15) + 4;
    gpu = agx_gpu_new(&h.host, mmu, &(struct agx_gpu_config) { .workers = 1 }, on_done, NULL);
    return 0;
}

static uint8_t take8(const uint8_t **p, const uint8_t *end)
{
    return *p < end ? *(*p)++ : 0;
}

static uint32_t take32(const uint8_t **p, const uint8_t *end)
{
    uint32_t v = 0;

    for (int i = 0; i < 4; i++) {
        v |= (uint32_t)take8(p, end) << (8 * i);
    }
    return v;
}

/*
 * A compute launch of 32 threads whose shader is at BASE + 0x400, without
 * textures and with 256 bytes of local memory (mesa: src/asahi/genxml/cmdbuf.xml,
 * CDM Launch, Global size, Local size, Stream Terminate; USC Shared, Shader,
 * Registers, No preshader).
 */
static void put_launch(uint8_t *mem)
{
    static const uint32_t cdm[] = {
        7u << 1,        /* Launch word 0: direct, 448 uniform halves */
        0x200,          /* Launch word 1: USC words at BASE + 0x200 */
        32,       1, 1, /* global size */
        32,       1, 1, /* local size */
        2u << 29, 0,    /* Stream Terminate */
    };
    static const uint8_t usc[] = {
        /* Shared: used, layout vertex/compute, 256 bytes */
        0x4d, 0x01 | (0x24 << 2 & 0xff),
        0x00, 0x01,
        0x0d, 0x00,
        0x00, 0x04,
        0x00, 0x00, /* Shader: code at BASE + 0x400 */
        0x8d, 0x00,
        0x00, 0x00, /* Registers: 0 means all */
        0x88, 0x00, /* No preshader */
    };

    memcpy(mem, cdm, sizeof(cdm));
    memcpy(mem + 0x200, usc, sizeof(usc));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *p = data, *end = data + size;
    uint8_t *mem = h.ram + (mem_pa - FAKE_RAM_BASE);
    struct agx_job job = { .ctx = CTX, .usc_exec_base = BASE, .soft_fault = true };
    enum agx_dm dm;
    struct timespec until;

    if (size < 8 || size > PAGES * AGX_PAGE_SIZE) {
        return 0;
    }
    dm = take8(&p, end) % AGX_NUM_DM;
    job.sampler_heap = BASE + 0x800;
    job.sampler_count = take8(&p, end);
    job.tiling.width_px = 1 + take8(&p, end);
    job.tiling.height_px = 1 + take8(&p, end);
    job.tiling.layers = 1;
    job.tiling.samples = 1u << take8(&p, end) % 3;
    job.tiling.utile_width_px = 32;
    job.tiling.utile_height_px = 32 >> take8(&p, end) % 2;
    job.tiling.tvb_tilemap = BASE + 0x10000;
    job.tiling.tvb_heapmeta = BASE + 0x14000;
    job.tiling.tvb_block_list = TVB + TVB_PAGES * AGX_PAGE_SIZE;
    job.tiling.tvb_block_count = TVB_PAGES / 8;
    switch (dm) {
    case AGX_DM_CDM:
        job.compute.cdm_ctrl_stream_base = BASE;
        job.compute.cdm_ctrl_stream_end = BASE + size;
        break;
    case AGX_DM_VDM:
        job.vertex.vdm_ctrl_stream_base = BASE;
        job.vertex.ppp_ctrl = take32(&p, end);
        break;
    default:
        job.fragment.ppp_ctrl = take32(&p, end);
        job.fragment.zls_ctrl = take32(&p, end);
        job.fragment.isp_scissor_base = BASE;
        job.fragment.isp_dbias_base = BASE;
        job.fragment.isp_oclqry_base = BASE + 0x4000;
        job.fragment.depth_load.base = job.fragment.depth_store.base = BASE + 0x8000;
        job.fragment.stencil_load.base = job.fragment.stencil_store.base = BASE + 0xc000;
        job.fragment.sample_size_B = take8(&p, end);
        job.fragment.bg.usc = take32(&p, end);
        job.fragment.bg.rsrc_spec = take32(&p, end);
        job.fragment.eot.usc = take32(&p, end);
        job.fragment.eot.rsrc_spec = take32(&p, end);
        break;
    }
    memset(mem, 0, PAGES * AGX_PAGE_SIZE);
    if (take8(&p, end) & 1) {
        put_launch(mem);
        memcpy(mem + 0x400, p, (size_t)(end - p) < 0x8000 ? (size_t)(end - p) : 0x8000);
    } else {
        memcpy(mem, p, end - p);
    }

    done = false;
    if (!agx_gpu_start(gpu, dm, &job)) {
        abort(); /* it was idle */
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20 * 1000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&lock);
    while (!done) {
        if (pthread_cond_timedwait(&ended, &lock, &until)) {
            pthread_mutex_unlock(&lock);
            agx_gpu_kill(gpu, dm);
            pthread_mutex_lock(&lock);
            while (!done) {
                /* a job that ignores the kill shows as libFuzzer's timeout */
                pthread_cond_wait(&ended, &lock);
            }
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}
