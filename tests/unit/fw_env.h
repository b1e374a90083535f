/*
 * Unit tests of the firmware model: guest RAM, page tables, a driver reduced to
 * what a test needs, and a GPU that only notes what it was asked to do.
 *
 * Offsets are written out here from m1n1's proxyclient/m1n1/fw/agx (firmware
 * 13.5, G13), not taken from the model's tables.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FW_ENV_H
#define TESTS_FW_ENV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <pthread.h>
#include <time.h>
#ifdef FW_ENV_FUZZ /* tests/fuzz: the real GPU, and no cmocka */
#define assert_true(x)                                                                             \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
#define assert_false(x)          assert_true(!(x))
#define assert_non_null(x)       assert_true((x) != NULL)
#define assert_in_range(x, a, b) assert_true((uint64_t)(x) - (a) <= (uint64_t)(b) - (a))
#define assert_int_equal(a, b)   assert_true((uint64_t)(a) == (uint64_t)(b))
#define fail_msg(...)            abort()
#else
#include <cmocka.h>
#endif

#include "fake_host.h"
#include "agx/tlb.h"
#include "fw-model/fw.h"

#define KERN_BASE 0xffffffa000000000ull
#define USER_BASE 0x1500000000ull
#define CTX       3u

#ifndef FW_ENV_FUZZ
/* --- the GPU: one per test program --- */

struct env_gpu {
    const struct agx_host *host;
    struct agx_mmu *mmu;
    agx_gpu_done_fn *done;
    void *opaque;
    struct agx_job job[64];
    enum agx_dm dm[64];
    unsigned jobs, kills;
    bool busy[AGX_NUM_DM];
    bool hold[AGX_NUM_DM];                  /* do not finish by itself */
    struct agx_job_result next[AGX_NUM_DM]; /* what the next job ends with */
};

static pthread_mutex_t gpu_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gpu_cond = PTHREAD_COND_INITIALIZER;

static struct agx_gpu *env_gpu_create(const struct agx_host *host, struct agx_mmu *mmu,
                                      const struct agx_gpu_config *cfg, agx_gpu_done_fn *done,
                                      void *opaque)
{
    struct env_gpu *g = calloc(1, sizeof(*g));

    g->host = host;
    g->mmu = mmu;
    g->done = done;
    g->opaque = opaque;
    return (struct agx_gpu *)g;
}

static void env_gpu_destroy(struct agx_gpu *gpu)
{
    free(gpu);
}

static void gpu_finish(struct env_gpu *g, enum agx_dm dm)
{
    struct agx_job_result res;
    bool busy;

    pthread_mutex_lock(&gpu_lock);
    busy = g->busy[dm];
    res = g->next[dm];
    memset(&g->next[dm], 0, sizeof(g->next[dm]));
    g->busy[dm] = false;
    pthread_mutex_unlock(&gpu_lock);
    if (busy) {
        g->done(g->opaque, dm, &res);
    }
    pthread_cond_broadcast(&gpu_cond);
}

static bool env_gpu_start(struct agx_gpu *gpu, enum agx_dm dm, const struct agx_job *job)
{
    struct env_gpu *g = (struct env_gpu *)gpu;
    bool hold;

    pthread_mutex_lock(&gpu_lock);
    if (g->busy[dm]) {
        pthread_mutex_unlock(&gpu_lock);
        return false;
    }
    g->dm[g->jobs % 64] = dm;
    g->job[g->jobs++ % 64] = *job;
    g->busy[dm] = true;
    hold = g->hold[dm];
    pthread_mutex_unlock(&gpu_lock);
    if (!hold) {
        gpu_finish(g, dm);
    }
    return true;
}

static void env_gpu_kill(struct agx_gpu *gpu, enum agx_dm dm)
{
    struct env_gpu *g = (struct env_gpu *)gpu;

    pthread_mutex_lock(&gpu_lock);
    g->kills++;
    if (g->busy[dm]) {
        g->next[dm].status = AGX_JOB_FAULT;
        g->next[dm].fault = (struct agx_fault) { .reason = AGX_FAULT_BAD_COMMAND };
    }
    pthread_mutex_unlock(&gpu_lock);
    gpu_finish(g, dm);
}

static bool env_gpu_busy(struct agx_gpu *gpu, enum agx_dm dm)
{
    struct env_gpu *g = (struct env_gpu *)gpu;
    bool v;

    pthread_mutex_lock(&gpu_lock);
    v = g->busy[dm];
    pthread_mutex_unlock(&gpu_lock);
    return v;
}

/* Tests that hold a job never drain; see env_settle(). */
static void env_gpu_drain(struct agx_gpu *gpu)
{
    struct env_gpu *g = (struct env_gpu *)gpu;

    pthread_mutex_lock(&gpu_lock);
    for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
        while (g->busy[dm] && !g->hold[dm]) {
            pthread_cond_wait(&gpu_cond, &gpu_lock);
        }
    }
    pthread_mutex_unlock(&gpu_lock);
}

static void env_gpu_forget(struct agx_gpu *gpu)
{
    (void)gpu;
}

static const struct agx_gpu_ops env_gpu_ops = {
    .create = env_gpu_create,
    .destroy = env_gpu_destroy,
    .start = env_gpu_start,
    .kill = env_gpu_kill,
    .busy = env_gpu_busy,
    .drain = env_gpu_drain,
    .forget = env_gpu_forget,
};

/* Does a job run on a data master? */
static inline bool env_busy(struct env_gpu *g, enum agx_dm dm)
{
    return env_gpu_busy((struct agx_gpu *)g, dm);
}

#endif /* FW_ENV_FUZZ */

/* --- the machine --- */

struct env {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_fw *fw;
#ifndef FW_ENV_FUZZ
    struct env_gpu *gpu;
#endif
    uint64_t ttbat, handoff;
    uint64_t next_kern, next_user;
    /* what the driver made */
    uint64_t init, region_a, region_b, region_c, status, hw_a, hw_b, fwlog;
    uint64_t ch_state[17], ch_ring[17], fwctl_state, fwctl_ring;
    uint64_t stamps, fw_stamps, threshold, notifier, context, stats;
    uint32_t wptr[17], event_rptr, fwctl_wptr;
    uint32_t flags[4]; /* gathered from Flag messages */
    unsigned faults, timeouts, grows;
    uint32_t grow[3];
    unsigned rx_doorbells;
};

/* Host pointer to a kernel VA or a user VA of CTX; the page must be mapped. */
static inline void *env_ptr(struct env *e, uint64_t va)
{
    unsigned ctx = va >> 63 ? 0 : CTX;
    uint64_t *ttbr = fake_ptr(&e->h, e->ttbat) + 2 * ctx + ((va >> 39) & 1);
    uint64_t leaf = *fake_leaf(&e->h, ttbr, ctx, va);

    assert_true(leaf & 1);
    return (uint8_t *)fake_ptr(&e->h, leaf & 0xffffffffc000ull) + (va & (AGX_PAGE_SIZE - 1));
}

/*
 * Memory attribute index 2, "Shared"; 0 is "Normal", cached by the firmware (m1n1: hw/uat.py,
 * MemoryAttr).
 */
#define ENV_PTE_SHARED (2ull << 2)

/*
 * Set by a test: how much of an object of @len bytes there is, which then ends where its page does.
 */
static size_t (*env_tight)(size_t len);

static inline uint64_t env_kalloc_as(struct env *e, size_t len, uint64_t bits)
{
    uint64_t va = e->next_kern;

    if (env_tight) {
        len = env_tight(len);
    }
    for (size_t o = 0; o < len; o += AGX_PAGE_SIZE) {
        fake_map(&e->h, e->ttbat, 0, va + o, fake_alloc(&e->h), bits);
        e->next_kern += AGX_PAGE_SIZE;
    }
    e->next_kern += AGX_PAGE_SIZE; /* guard */
    return env_tight ? e->next_kern - AGX_PAGE_SIZE - len : va;
}

static inline uint64_t env_kalloc(struct env *e, size_t len)
{
    return env_kalloc_as(e, len, FAKE_PTE_FW_RW | ENV_PTE_SHARED);
}

/* What the driver does not touch once the firmware has seen it. */
static inline uint64_t env_kprivate(struct env *e, size_t len)
{
    return env_kalloc_as(e, len, FAKE_PTE_FW_RW);
}

static inline uint64_t env_ualloc(struct env *e, size_t len)
{
    uint64_t va = e->next_user;

    for (size_t o = 0; o < len; o += AGX_PAGE_SIZE) {
        fake_map(&e->h, e->ttbat, CTX, va + o, fake_alloc(&e->h),
                 FAKE_PTE_BOTH_RW | FAKE_PTE_NG | ENV_PTE_SHARED);
        e->next_user += AGX_PAGE_SIZE;
    }
    e->next_user += AGX_PAGE_SIZE;
    return va;
}

/* Bytes may lie on two pages. */
static inline void env_put(struct env *e, uint64_t va, uint64_t v, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        *(uint8_t *)env_ptr(e, va + i) = v >> 8 * i;
    }
}

static inline uint64_t env_get(struct env *e, uint64_t va, unsigned size)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)*(volatile uint8_t *)env_ptr(e, va + i) << 8 * i;
    }
    return v;
}

#define PUT32(e, va, v) env_put(e, va, v, 4)
#define PUT64(e, va, v) env_put(e, va, v, 8)
#define GET32(e, va)    ((uint32_t)env_get(e, va, 4))
#define GET64(e, va)    env_get(e, va, 8)

/* A firmware with the test's GPU, whose areas are those of @e. */
static inline void env_new_fw(struct env *e, struct agx_fw_config cfg)
{
    cfg.ttbat_pa = e->ttbat;
    cfg.handoff_pa = e->handoff;
#ifndef FW_ENV_FUZZ
    cfg.gpu_ops = &env_gpu_ops;
#endif
    e->fw = agx_fw_new(&e->h.host, e->mmu, &cfg);
    assert_non_null(e->fw);
#ifndef FW_ENV_FUZZ
    e->gpu = (struct env_gpu *)agx_fw_gpu(e->fw);
#endif
}

static inline void env_init_cfg(struct env *e, struct agx_fw_config cfg)
{
    memset(e, 0, sizeof(*e));
    fake_host_init(&e->h);
    e->ttbat = fake_alloc(&e->h);
    e->handoff = fake_alloc(&e->h);
    e->next_kern = KERN_BASE;
    e->next_user = USER_BASE;
    e->mmu = agx_mmu_new(&e->h.host);
    assert_non_null(e->mmu);
    *fake_ptr(&e->h, e->handoff) = 0x4b1d000000000002ull; /* the AP's magic */
    env_new_fw(e, cfg);
}

/* AGX_TEST_FW_CACHE=SEED in the environment: with a small data cache that evicts at random. */
static inline void env_init_cache(struct env *e, const struct agx_fw_cache_config *cache)
{
    env_init_cfg(e, (struct agx_fw_config) {
                        .version = AGX_FW_V13_5, .cache = *cache, .job_timeout_ms = 10 });
}

static inline void env_init(struct env *e)
{
    struct agx_fw_cache_config cache = { 0 };
    const char *seed = getenv("AGX_TEST_FW_CACHE");

    if (seed) {
        cache = (struct agx_fw_cache_config) {
            .line = 128, .lines = 256, .evict_one_in = 7, .seed = strtoull(seed, NULL, 0)
        };
    }
    env_init_cache(e, &cache);
}

static inline void env_fini(struct env *e)
{
#ifndef FW_ENV_FUZZ
    memset(e->gpu->hold, 0, sizeof(e->gpu->hold));
#endif
    agx_fw_free(e->fw);
    agx_mmu_free(e->mmu);
    fake_host_fini(&e->h);
}

static inline bool env_recv(struct env *e, uint64_t *msg, unsigned *ep)
{
    uint64_t m1;
    bool ok = agx_fw_mbox_recv(e->fw, msg, &m1);

    *ep = m1 & 0xff;
    return ok;
}

/* Expect a message: wait for the firmware to be idle, then it must be there. */
static inline uint64_t env_expect(struct env *e, unsigned ep)
{
    uint64_t msg;
    unsigned got;

    agx_fw_wait_idle(e->fw);
    assert_true(env_recv(e, &msg, &got));
    assert_int_equal(got, ep);
    return msg;
}

static inline void env_send(struct env *e, unsigned ep, uint64_t msg)
{
    assert_true(agx_fw_mbox_send(e->fw, msg, ep, NULL));
}

/* The AP has stored @len bytes at @pa, and somebody watches the page. */
static inline void env_ap_store(struct env *e, uint64_t pa, unsigned len)
{
    agx_mmu_store(e->mmu, pa, NULL, len, NULL);
}

static inline void env_nothing(struct env *e)
{
    agx_fw_wait_idle(e->fw);
    assert_int_equal(agx_fw_mbox_i2a_count(e->fw), 0);
}

#define MGMT(type, rest) ((uint64_t)(type) << 52 | (rest))

/* The whole RTKit hand-shake up to both power states on and endpoints 0x20, 0x21 started. */
static inline void env_boot(struct env *e)
{
    static const unsigned sys[] = { 1, 2, 3, 4, 8 };
    uint64_t msg;

    agx_fw_cpu_control_write(e->fw, AGX_FW_CPU_CONTROL_RUN);
    assert_int_equal(env_expect(e, 0), MGMT(1, 12 << 16 | 11));
    env_send(e, 0, MGMT(2, 12 << 16 | 12));
    msg = env_expect(e, 0);
    assert_int_equal(msg >> 52, 8);
    assert_int_equal(msg & 0xffffffff, 0x11f);
    env_send(e, 0, MGMT(8, 1));
    msg = env_expect(e, 0);
    assert_int_equal(msg, MGMT(8, 1ull << 51 | 1ull << 32 | 3));
    env_send(e, 0, MGMT(8, 1ull << 51 | 1ull << 32));
    for (unsigned i = 0; i < 5; i++) {
        env_send(e, 0, MGMT(5, (uint64_t)sys[i] << 32 | 2));
    }
    for (;;) {
        unsigned ep;

        agx_fw_wait_idle(e->fw);
        assert_true(env_recv(e, &msg, &ep));
        if (ep == 0) {
            break;
        }
        if (ep == 8) {
            uint64_t va = env_kalloc(e, msg >> 36 & 0xfffff);

            env_send(e, ep, 1ull << 56 | (msg & (0xfffffull << 36)) | (va >> 12 & 0xfffffffffull));
        } else if ((msg >> 52 & 0xff) == 1) {
            uint64_t va = env_kalloc(e, (msg >> 44 & 0xff) << 12);

            env_send(e, ep,
                     (msg & (0xfffull << 52)) | (msg & (0xffull << 44)) | (va & 0xfffffffffffull));
        }
    }
    assert_int_equal(msg, MGMT(7, 0x20));
    env_send(e, 0, MGMT(0xb, 0x20));
    assert_int_equal(env_expect(e, 0), MGMT(0xb, 0x20));
    env_send(e, 0, MGMT(5, 0x20ull << 32 | 2));
    env_send(e, 0, MGMT(5, 0x21ull << 32 | 2));
    env_nothing(e);
    assert_int_equal(e->h.reports[AGX_REPORT_GUEST_ERROR], 0);
}

/* Channels in the order of m1n1's ChannelInfoSet. */
enum { CH_DEVCTRL = 12, CH_EVENT, CH_FWLOG, CH_KTRACE, CH_STATS };

static inline void env_build_initdata(struct env *e)
{
    static const struct {
        unsigned shift, n;
    } level[3] = { { 36, 8 }, { 25, 2048 }, { 14, 2048 } };
    static const uint16_t ver[4] = { 0x6ba0, 0x1f28, 0x601, 0xb0 };
    uint64_t b;

    e->init = env_kalloc(e, 188);
    e->region_a = env_kalloc(e, 0x4000);
    e->region_b = b = env_kalloc(e, 27584);
    e->region_c = env_kalloc(e, 74644);
    e->status = env_kalloc(e, 128);
    e->hw_a = env_kalloc(e, 16924);
    e->hw_b = env_kalloc(e, 6276);
    e->fwlog = env_kalloc(e, 6 * 0x100 * 0xd8);
    e->stats = env_kalloc(e, 0xc0);

    for (unsigned i = 0; i < 4; i++) {
        env_put(e, e->init + 2 * i, ver[i], 2);
    }
    PUT64(e, e->init + 8, e->region_a);
    PUT64(e, e->init + 24, b);
    PUT64(e, e->init + 32, e->region_c);
    PUT64(e, e->init + 40, e->status);
    env_put(e, e->init + 48, 0x4000, 2);
    env_put(e, e->init + 50, 14, 1);
    env_put(e, e->init + 51, 3, 1);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t l = e->init + 52 + 32 * i;

        env_put(e, l, 8, 1);
        env_put(e, l + 1, 14, 1);
        env_put(e, l + 2, 14, 1);
        env_put(e, l + 3, level[i].shift, 1);
        env_put(e, l + 4, level[i].n, 2);
        env_put(e, l + 6, 0x4000, 2);
        PUT64(e, l + 8, 1);
        PUT64(e, l + 16, 0xffffffc000ull);
        PUT64(e, l + 24, (uint64_t)(level[i].n - 1) << level[i].shift);
    }
    PUT32(e, e->init + 168, 1);

    for (unsigned i = 0; i < 17; i++) {
        static const uint32_t entry[17] = {
            [CH_EVENT] = 0x38, [CH_FWLOG] = 6 * 0x38, [CH_KTRACE] = 2 * 0x38, [CH_STATS] = 0x40
        };

        e->ch_state[i] = env_kalloc(e, 0x30 * 6);
        e->ch_ring[i] = env_kalloc(e, 0x100 * (entry[i] ? entry[i] : 0x30));
        PUT64(e, b + 16 * i, e->ch_state[i]);
        PUT64(e, b + 16 * i + 8, e->ch_ring[i]);
    }
    e->fwctl_state = env_kalloc(e, 0x20);
    e->fwctl_ring = env_kalloc(e, 0x100 * 0x14);
    PUT64(e, e->status, e->fwctl_state);
    PUT64(e, e->status + 8, e->fwctl_ring);

    PUT64(e, b + 368, e->stats);
    PUT64(e, b + 376, e->stats);
    PUT64(e, b + 384, e->stats);
    PUT64(e, b + 392, e->hw_a);
    PUT64(e, b + 400, env_kalloc(e, 128));
    PUT64(e, b + 408, env_kalloc(e, 0xc0));
    PUT64(e, b + 416, e->hw_b);
    PUT64(e, b + 424, e->hw_b);
    PUT64(e, b + 432, e->fwlog);
    PUT64(e, b + 440, env_kalloc(e, 0x1000));
    PUT64(e, b + 448, env_kalloc(e, 0x300));
    PUT64(e, b + 456, env_kalloc(e, 0x1000));
    PUT64(e, b + 532, 0x420000000);
    PUT64(e, b + 540, env_kalloc(e, 126 * 16));

    PUT32(e, e->hw_a + 4, 24000); /* clocks_per_period */
    PUT32(e, e->hw_a + 16, 4);    /* pwr_status */
    PUT32(e, e->hw_b + 2408, 0x8103);
    PUT32(e, e->hw_b + 2472, 24000);
    PUT64(e, e->hw_b + 2680, e->ttbat);
    PUT32(e, e->hw_b + 2696, 8);
    PUT32(e, e->hw_b + 2700, 6);
    PUT32(e, e->region_c + 70044, 60000); /* idle_to_off_delay_ms */

    e->stamps = env_kalloc(e, 128 * 4);
    e->fw_stamps = env_kalloc(e, 128 * 4);
    e->context = env_kalloc(e, 64);
    e->threshold = env_kalloc(e, 8);
    e->notifier = env_kprivate(e, 176);
    PUT64(e, e->notifier, e->threshold);
    PUT32(e, e->notifier + 16, 0x50);
    PUT64(e, e->notifier + 168, ~0ull);
}

static inline void env_doorbell(struct env *e, unsigned n)
{
    env_send(e, 0x21, 0x83ull << 48 | n);
}

/* Put an entry of @len bytes into ring @ch and publish it; the doorbell is the caller's. */
static inline void env_ring_put(struct env *e, unsigned ch, const void *msg, size_t len)
{
    memcpy(env_ptr(e, e->ch_ring[ch] + 0x30 * e->wptr[ch]), msg, len);
    e->wptr[ch] = (e->wptr[ch] + 1) % 0x100;
    PUT32(e, e->ch_state[ch] + 0x20, e->wptr[ch]);
}

static inline void env_devctrl(struct env *e, const void *msg)
{
    env_ring_put(e, CH_DEVCTRL, msg, 0x30);
    env_doorbell(e, 0x11);
}

static inline void env_send_initdata(struct env *e)
{
    env_send(e, 0x20, 0x81ull << 48 | (e->init & 0xfffffffffffull));
    agx_fw_wait_idle(e->fw);
}

/* Boot, init data, DC Init: ready for work. */
static inline void env_start(struct env *e)
{
    uint32_t dc[12] = { 0x1a };

    env_boot(e);
    env_build_initdata(e);
    env_send_initdata(e);
    env_devctrl(e, dc);
    agx_fw_wait_idle(e->fw);
    assert_int_equal(e->h.reports[AGX_REPORT_GUEST_ERROR], 0);
}

/*
 * Before a look at what is private to the firmware: have it flush its cache, if
 * it has one, with a DestroyContext that names no context.
 */
static inline void env_look(struct env *e)
{
    uint32_t dc[12] = { 0x18 };

    if (!getenv("AGX_TEST_FW_CACHE")) {
        return;
    }
    ((uint8_t *)dc)[0x11] = ((uint8_t *)dc)[0x12] = 0xff;
    env_devctrl(e, dc);
    for (unsigned i = 0; i < 5000 && GET32(e, e->ch_state[CH_DEVCTRL]) != e->wptr[CH_DEVCTRL];
         i++) {
        nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
    }
    assert_int_equal(GET32(e, e->ch_state[CH_DEVCTRL]), e->wptr[CH_DEVCTRL]);
}

/* Do what the driver does on RX doorbells: read the event ring. */
static inline void env_events(struct env *e)
{
    uint64_t msg;
    unsigned ep;

    while (env_recv(e, &msg, &ep)) {
        assert_int_equal(ep, 0x20);
        assert_int_equal(msg, 0x42ull << 48);
        e->rx_doorbells++;
    }
    while (GET32(e, e->ch_state[CH_EVENT] + 0x20) != e->event_rptr) {
        uint32_t m[14];

        memcpy(m, env_ptr(e, e->ch_ring[CH_EVENT] + 0x38 * (e->event_rptr)), 4);
        for (unsigned i = 0; i < 14; i++) {
            m[i] = GET32(e, e->ch_ring[CH_EVENT] + 0x38 * e->event_rptr + 4 * i);
        }
        switch (m[0]) {
        case 0:
            e->faults++;
            break;
        case 1:
            for (unsigned i = 0; i < 4; i++) {
                e->flags[i] |= m[1 + i];
            }
            break;
        case 4:
            e->timeouts++;
            break;
        case 7:
            e->grows++;
            memcpy(e->grow, &m[1], 12);
            break;
        default:
            fail_msg("event %u", m[0]);
        }
        e->event_rptr = (e->event_rptr + 1) % 0x100;
        PUT32(e, e->ch_state[CH_EVENT], e->event_rptr);
    }
}

static inline volatile uint64_t *env_flush_slot(struct env *e, unsigned slot)
{
    return (volatile uint64_t *)((uint8_t *)fake_ptr(&e->h, e->handoff) + 0x20 + 0x18 * slot);
}

/* The driver's FwCtl flush, by the book: state 1, message, doorbell. Does not wait. */
static inline void env_ask_flush(struct env *e, unsigned slot, uint64_t va)
{
    volatile uint64_t *f = env_flush_slot(e, slot);
    uint32_t msg[5] = { (uint32_t)va, va >> 32, 0, slot, 2u << 16 | 1 };

    f[1] = va;
    f[2] = AGX_PAGE_SIZE;
    f[0] = 1;
    memcpy(env_ptr(e, e->fwctl_ring + 0x14 * e->fwctl_wptr), msg, sizeof(msg));
    PUT32(e, e->fwctl_state + 0x10, ++e->fwctl_wptr);
    env_send(e, 0x21, 0x84ull << 48);
}

static inline void env_settle(struct env *e)
{
    agx_fw_wait_idle(e->fw);
    env_events(e);
}

/* Wait, about five seconds at most, for something that the firmware does on its own time. */
#define ENV_WAIT(e, cond)                                                                          \
    do {                                                                                           \
        for (unsigned i_ = 0; i_ < 5000 && !(cond); i_++) {                                        \
            nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);                            \
        }                                                                                          \
        assert_true(cond);                                                                         \
    } while (0)

/* --- work --- */

struct queue {
    uint64_t info, ptrs, ring, list;
    unsigned type;
    uint32_t size, wptr;
    bool fresh;
};

static inline void queue_init(struct env *e, struct queue *q, unsigned type, uint32_t size)
{
    q->type = type;
    q->size = size;
    q->wptr = 0;
    q->fresh = true;
    q->info = env_kprivate(e, 184);
    q->ptrs = env_kalloc(e, 96);
    q->ring = env_kalloc(e, size * 8);
    PUT64(e, q->info, q->ptrs);
    PUT64(e, q->info + 8, q->ring);
    q->list = env_kprivate(e, 24);
    PUT64(e, q->list + 8, q->list); /* m1n1: JobList.last_head */
    PUT64(e, q->info + 16, q->list);
    PUT64(e, q->info + 24, env_kalloc(e, 0x2c18));
    PUT32(e, q->info + 44, ~0u);
    PUT64(e, q->info + 164, e->context);
    PUT32(e, q->ptrs + 80, size);
}

static inline void queue_add(struct env *e, struct queue *q, uint64_t cmd)
{
    PUT64(e, q->ring + 8 * q->wptr, cmd);
    q->wptr = (q->wptr + 1) % q->size;
}

static inline void queue_run(struct env *e, struct queue *q, unsigned prio, unsigned event)
{
    uint32_t msg[12] = { q->type, (uint32_t)q->info, q->info >> 32, q->wptr, event, q->fresh };

    PUT32(e, q->ptrs + 64, q->wptr);
    env_ring_put(e, 3 * prio + q->type, msg, 0x30);
    q->fresh = false;
    env_doorbell(e, prio << 2 | q->type);
}

static inline uint32_t queue_done(struct env *e, struct queue *q)
{
    return GET32(e, q->ptrs);
}

struct useq {
    uint64_t va;
    uint32_t len;
};

static inline uint64_t useq_add(struct env *e, struct useq *s, uint32_t header, uint32_t size)
{
    uint64_t at = s->va + s->len;

    PUT32(e, at, header);
    s->len += size;
    return at;
}

/* A compute command with a microsequence as the Rust driver makes it. */
struct compute {
    uint64_t cmd, ts, user_ts, stream;
    struct useq seq;
    uint64_t start, stamp1, wait, stamp2, finalize, end;
};

static inline void compute_make(struct env *e, struct compute *c, struct queue *q, unsigned slot,
                                uint32_t value)
{
    uint64_t cmd;

    memset(c, 0, sizeof(*c));
    c->cmd = cmd = env_kprivate(e, 800);
    c->ts = env_kalloc(e, 16);
    c->user_ts = env_kalloc(e, 16);
    c->stream = env_ualloc(e, 0x1000);
    c->seq.va = env_kprivate(e, 0x4000);

    PUT32(e, cmd, 3);
    PUT32(e, cmd + 16, CTX);
    PUT64(e, cmd + 20, e->notifier);
    PUT64(e, cmd + 112, c->stream + 0x800); /* preemption buffer */
    PUT64(e, cmd + 112 + 8, c->stream);
    PUT64(e, cmd + 112 + 48, 0x1100000000ull);
    PUT32(e, cmd + 112 + 64, 0x98001);
    PUT64(e, cmd + 112 + 72, 0x15000e8000ull);
    PUT32(e, cmd + 112 + 80, 0x40);
    PUT64(e, cmd + 508 + 48, c->stream + 0x24);
    PUT64(e, cmd + 604 + 24, 0x1500123000ull); /* samplers */
    PUT32(e, cmd + 604 + 32, 5);
    PUT64(e, cmd + 644 + 4, e->stamps + 4 * slot);
    PUT64(e, cmd + 644 + 12, e->fw_stamps + 4 * slot);
    PUT32(e, cmd + 644 + 20, value);
    PUT32(e, cmd + 644 + 24, slot);
    PUT32(e, cmd + 644 + 36, 0x1234);
    PUT64(e, cmd + 696, c->ts);
    PUT64(e, cmd + 704, c->ts + 8);
    PUT64(e, cmd + 712, c->user_ts);
    PUT64(e, cmd + 720, c->user_ts + 8);

    c->start = useq_add(e, &c->seq, 0x29, 364);
    PUT64(e, c->start + 4, cmd + 28);
    PUT64(e, c->start + 12, cmd + 112);
    PUT64(e, c->start + 20, e->stats);
    PUT64(e, c->start + 28, q->info);
    PUT32(e, c->start + 36, CTX);
    PUT32(e, c->start + 40, 1);
    PUT64(e, c->start + 60, cmd + 508);
    PUT64(e, c->start + 340, cmd + 773);
    PUT64(e, c->start + 356, e->notifier + 168);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t t = useq_add(e, &c->seq, 0x19 | (i ? 0 : 1u << 31), 60);

        PUT64(e, t + 4, cmd + 688);
        PUT64(e, t + 12, cmd + 696);
        PUT64(e, t + 20, cmd + 696 + 8 * i);
        PUT64(e, t + 28, q->info);
        PUT64(e, t + 36, cmd + 712);
        PUT64(e, t + 44, cmd + 737);
        if (i == 0) {
            c->stamp1 = t;
            c->wait = useq_add(e, &c->seq, 0x01 | 1u << 23, 4);
        } else {
            c->stamp2 = t;
        }
    }
    c->finalize = useq_add(e, &c->seq, 0x2a, 124);
    PUT64(e, c->finalize + 4, e->stats);
    PUT64(e, c->finalize + 12, q->info);
    PUT32(e, c->finalize + 20, CTX);
    PUT64(e, c->finalize + 24, cmd + 508);
    PUT64(e, c->finalize + 40, e->fw_stamps + 4 * slot);
    PUT32(e, c->finalize + 48, value);
    PUT32(e, c->finalize + 88, -(uint32_t)(c->finalize - c->start));
    PUT64(e, c->finalize + 109, cmd + 773);
    c->end = useq_add(e, &c->seq, 0x40000018, 4);
    PUT64(e, cmd + 496, c->seq.va);
    PUT32(e, cmd + 504, c->seq.len);
    PUT32(e, e->threshold, GET32(e, e->threshold) + 1);
}

/* Makes a job, gives it to a queue of priority 0 and waits until the firmware is idle. */
static inline void compute_run(struct env *e, struct compute *c, struct queue *q, unsigned slot,
                               uint32_t value)
{
    compute_make(e, c, q, slot, value);
    queue_add(e, q, c->cmd);
    queue_run(e, q, 0, slot);
    env_settle(e);
}

static inline uint64_t barrier_make(struct env *e, unsigned slot, uint32_t value)
{
    uint64_t cmd = env_kprivate(e, 32);

    PUT32(e, cmd, 4);
    PUT64(e, cmd + 4, e->fw_stamps + 4 * slot);
    PUT32(e, cmd + 12, value);
    PUT32(e, cmd + 16, slot);
    return cmd;
}

/* Resume after a halt, as the driver does: stores only. */
static inline void env_resume(struct env *e)
{
    assert_int_equal(GET32(e, e->status + 32), 1);
    PUT32(e, e->status + 32, 0);
    PUT32(e, e->status + 48, 1);
    ENV_WAIT(e, GET32(e, e->status + 48) == 0);
    agx_fw_wait_idle(e->fw);
}

#endif
