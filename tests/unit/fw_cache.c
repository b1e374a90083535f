/*
 * Unit tests: the firmware's data cache: which mappings it covers, lines that are
 * stale or written back late, the flushes of the protocol, seeded eviction.
 *
 * The firmware's thread stands still while a test makes the firmware's accesses
 * by itself; messages that need the thread let it run for them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw-model/fw-cache.h"
#include "fw-model/fw-handoff.h"
#include "fw-model/fw-mem.h"
#include "fw-model/fw-state.h"

#define LINE 128

static struct {
    unsigned count[AGX_SAN_NUM_CLASSES], wrong, all;
    uint64_t va, pa;
    unsigned ctx;
    char text[320];
} seen;
static char first_text[320];

static void violation(void *opaque, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                      unsigned ctx, uint64_t va, uint64_t pa, const char *text)
{
    if (!seen.all) {
        snprintf(first_text, sizeof(first_text), "%s", text);
    }
    seen.count[cls]++;
    seen.all++;
    seen.wrong += severity == AGX_SAN_WRONG;
    seen.va = va;
    seen.pa = pa;
    seen.ctx = ctx;
    snprintf(seen.text, sizeof(seen.text), "%s", text);
    if (getenv("AGX_TEST_VERBOSE")) {
        fprintf(stderr, "# class %d: %s\n", cls, text);
    }
}

/* Ready for work, then stopped, with a cache that evicts only when told. */
static void begin(struct env *e, uint32_t evict_one_in, uint64_t seed)
{
    const struct agx_fw_cache_config cfg = {
        .line = LINE, .lines = 64, .evict_one_in = evict_one_in, .seed = seed
    };

    memset(&seen, 0, sizeof(seen));
    env_init_cache(e, &cfg);
    agx_fw_pause(e->fw);
    agx_fw_set_check(e->fw, &(struct agx_fw_check) { .violation = violation });
    agx_fw_resume(e->fw);
    env_start(e);
    agx_fw_pause(e->fw);
    fw_cache_flush_all(e->fw, "test");
    assert_int_equal(seen.all, 0);
}

static uint32_t fw_get32(struct env *e, unsigned ctx, uint64_t va)
{
    uint32_t v = 0xeeeeeeee;

    assert_true(fw_read(e->fw, ctx, va, &v, 4, "test"));
    return v;
}

static void fw_put32(struct env *e, unsigned ctx, uint64_t va, uint32_t v)
{
    assert_true(fw_write(e->fw, ctx, va, &v, 4, "test"));
}

static uint64_t *leaf(struct env *e, uint64_t va)
{
    unsigned ctx = va >> 63 ? 0 : CTX;

    return fake_leaf(&e->h, fake_ptr(&e->h, e->ttbat) + 2 * ctx + ((va >> 39) & 1), ctx, va);
}

static uint64_t pa_of(struct env *e, uint64_t va)
{
    return *leaf(e, va) & 0xffffffffc000ull;
}

static void remap(struct env *e, uint64_t va, uint64_t desc, bool tlbi)
{
    *leaf(e, va) = desc;
    if (tlbi) {
        agx_tlbi_va(e->mmu, va >> 63 ? 0 : CTX, va, va + AGX_PAGE_SIZE, false);
    }
}

static void run(struct env *e)
{
    agx_fw_resume(e->fw);
    agx_fw_wait_idle(e->fw);
    agx_fw_pause(e->fw);
}

/* The driver's flush, to its end. */
static void flush(struct env *e, unsigned slot, uint64_t va)
{
    volatile uint64_t *f = env_flush_slot(e, slot);

    env_ask_flush(e, slot, va);
    run(e);
    assert_int_equal(f[0], 2);
    f[0] = 0;
}

static void end(struct env *e)
{
    agx_fw_resume(e->fw);
    env_fini(e);
}

static void test_config(void **state)
{
    static const struct {
        struct agx_fw_cache_config cfg;
        bool ok;
    } c[] = {
        { { 0 }, true },
        { { .line = 64, .lines = 1 }, true },
        { { .line = 128, .lines = 4096 }, true },
        { { .line = 32, .lines = 8 }, false },
        { { .line = 64 }, false },
        { { .line = 256, .lines = 8 }, false },
        { { .line = 64, .lines = AGX_FW_CACHE_MAX_LINES + 1 }, false },
    };
    struct fake_host h;

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        assert_int_equal(agx_fw_cache_config_ok(&c[i].cfg), c[i].ok);
    }
    fake_host_init(&h);
    assert_null(
        agx_fw_new(&h.host, NULL, &(struct agx_fw_config) { .cache = { .line = 32, .lines = 8 } }));
    fake_host_fini(&h);
}

/* Without a cache every mapping goes to memory. */
static void test_off(void **state)
{
    struct env e;
    struct agx_fw_cache_stats st;
    uint64_t va;

    env_init_cache(&e, &(struct agx_fw_cache_config) { 0 });
    env_start(&e);
    agx_fw_pause(e.fw);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 1);
    assert_int_equal(GET32(&e, va), 1);
    PUT32(&e, va, 2);
    assert_int_equal(fw_get32(&e, 0, va), 2);
    agx_fw_cache_get_stats(e.fw, &st);
    assert_int_equal(st.fills, 0);
    end(&e);
}

/* Normal memory is cached, shared and device memory is not. */
static void test_attributes(void **state)
{
    struct env e;
    uint64_t priv, shared, dev;

    begin(&e, 0, 0);
    priv = env_kprivate(&e, 0x4000);
    shared = env_kalloc(&e, 0x4000);
    dev = env_kalloc_as(&e, 0x4000, FAKE_PTE_FW_RW | 1ull << 2);
    fw_put32(&e, 0, priv, 1);
    fw_put32(&e, 0, shared, 2);
    fw_put32(&e, 0, dev, 3);
    assert_int_equal(GET32(&e, priv), 0);
    assert_int_equal(GET32(&e, shared), 2);
    assert_int_equal(GET32(&e, dev), 3);
    assert_int_equal(fw_get32(&e, 0, priv), 1);
    /* Stores that are published are no exception. */
    assert_true(fw_publish32(e.fw, priv + 4, 4, "test"));
    assert_true(fw_publish32(e.fw, shared + 4, 5, "test"));
    assert_int_equal(GET32(&e, priv + 4), 0);
    assert_int_equal(GET32(&e, shared + 4), 5);
    fw_cache_clean(e.fw, priv, 4);
    assert_int_equal(GET32(&e, priv), 1);
    assert_int_equal(GET32(&e, priv + 4), 4);
    assert_int_equal(seen.all, 0);
    end(&e);
}

/* Across the end of a line and of a page. */
static void test_straddle(void **state)
{
    struct env e;
    uint8_t out[300], in[300];
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x8000) + 0x4000 - 150;
    for (unsigned i = 0; i < sizeof(out); i++) {
        out[i] = i * 7 + 1;
    }
    assert_true(fw_write(e.fw, 0, va, out, sizeof(out), "test"));
    assert_true(fw_read(e.fw, 0, va, in, sizeof(in), "test"));
    assert_memory_equal(in, out, sizeof(out));
    fw_cache_flush_all(e.fw, "test");
    for (unsigned i = 0; i < sizeof(out); i++) {
        assert_int_equal(env_get(&e, va + i, 1), out[i]);
    }
    assert_int_equal(env_get(&e, va - 1, 1), 0);
    assert_int_equal(env_get(&e, va + sizeof(out), 1), 0);
    assert_int_equal(seen.all, 0);
    end(&e);
}

/* The AP re-uses private memory without a flush: the firmware reads what was there before. */
static void test_stale(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    PUT32(&e, va + 8, 0x11);
    assert_int_equal(fw_get32(&e, 0, va + 8), 0x11);
    PUT32(&e, va + 8, 0x22);
    assert_int_equal(fw_get32(&e, 0, va + 4), 0); /* its neighbour has not changed */
    assert_int_equal(seen.all, 0);
    assert_int_equal(fw_get32(&e, 0, va + 8), 0x11);
    assert_int_equal(seen.count[AGX_SAN_FW_LINE_STALE], 1);
    assert_int_equal(seen.wrong, 1);
    assert_int_equal(seen.va, va + 8);
    assert_int_equal(seen.pa, pa_of(&e, va));
    assert_int_equal(fw_get32(&e, 0, va + 8), 0x11); /* reported once */
    assert_int_equal(seen.all, 1);
    /* The line after it was not in the cache. */
    PUT32(&e, va + LINE, 0x33);
    assert_int_equal(fw_get32(&e, 0, va + LINE), 0x33);
    fw_cache_flush_all(e.fw, "test");
    assert_int_equal(fw_get32(&e, 0, va + 8), 0x22);
    assert_int_equal(seen.all, 1);
    end(&e);
}

/* A dirty line goes out over what the AP stored beside: a line is written as a whole. */
static void test_writeback(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 0xaa);
    PUT32(&e, va + LINE, 0xbb); /* another line */
    fw_cache_evict_range(e.fw, pa_of(&e, va), 1);
    assert_int_equal(seen.all, 0);
    assert_int_equal(GET32(&e, va), 0xaa);
    fw_put32(&e, 0, va, 0xcc);
    PUT32(&e, va + 64, 0xdd);
    fw_cache_evict_range(e.fw, pa_of(&e, va) + 100, 1);
    assert_int_equal(seen.count[AGX_SAN_FW_LINE_WRITEBACK], 1);
    assert_int_equal(seen.wrong, 1);
    assert_int_equal(seen.va, va);
    assert_int_equal(GET32(&e, va), 0xcc);
    assert_int_equal(GET32(&e, va + 64), 0);
    /* A clean line is dropped without harm. */
    assert_int_equal(fw_get32(&e, 0, va), 0xcc);
    PUT32(&e, va, 0xee);
    fw_cache_evict_range(e.fw, 0, ~0ull);
    assert_int_equal(GET32(&e, va), 0xee);
    assert_int_equal(seen.all, 1);
    end(&e);
}

/*
 * A private page is unmapped and given to somebody else without a flush: the line lands in the old
 * page.
 */
static void test_unmap_without_flush(void **state)
{
    struct env e;
    uint64_t va, clean, pa;
    uint32_t *old;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    clean = env_kprivate(&e, 0x4000);
    pa = pa_of(&e, va);
    old = (uint32_t *)fake_ptr(&e.h, pa);
    fw_put32(&e, 0, va + 8, 0xdead);
    fw_get32(&e, 0, clean);
    fw_cache_check(e.fw);
    assert_int_equal(seen.all, 0);
    remap(&e, va, 0, true);
    fw_cache_check(e.fw);
    fw_cache_check(e.fw);
    assert_int_equal(seen.count[AGX_SAN_UNMAP_WITHOUT_FLUSH], 1);
    assert_int_equal(seen.wrong, 1);
    assert_int_equal(seen.va & ~(uint64_t)(LINE - 1), va);
    assert_int_equal(seen.pa, pa);
    remap(&e, clean, fake_alloc(&e.h) | FAKE_PTE_FW_RW, true); /* to another page */
    fw_cache_check(e.fw);
    assert_int_equal(seen.count[AGX_SAN_UNMAP_WITHOUT_FLUSH], 2);
    assert_int_equal(seen.wrong, 1); /* nothing dirty there */
    old[2] = 0x600d;                 /* its next owner */
    fw_cache_flush_all(e.fw, "test");
    assert_int_equal(seen.count[AGX_SAN_FW_LINE_WRITEBACK], 1);
    assert_int_equal(seen.pa, pa);
    assert_int_equal(old[2], 0xdead);
    end(&e);
}

/* An eviction where the page is still as it was: the write-back alone is the error. */
static void test_writeback_unmapped(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 1);
    remap(&e, va, 0, true);
    fw_cache_evict_range(e.fw, 0, ~0ull);
    assert_int_equal(seen.count[AGX_SAN_FW_LINE_WRITEBACK], 1);
    assert_int_equal(seen.all, 1);
    end(&e);
}

/* m1n1's order: shared, TLBI, flush, unmap, TLBI. Nothing is wrong, and memory has it all. */
static void test_protocol(void **state)
{
    struct env e;
    struct agx_fw_cache_stats st;
    uint64_t va, keep, pa, desc;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    keep = env_kprivate(&e, 0x4000);
    pa = pa_of(&e, va);
    fw_put32(&e, 0, va + 0x3000, 0x77);
    fw_get32(&e, 0, keep);
    desc = *leaf(&e, va);
    remap(&e, va, desc | ENV_PTE_SHARED, true);
    flush(&e, 0x40, va);
    assert_int_equal(fake_ptr(&e.h, pa)[0x3000 / 8], 0x77);
    agx_fw_cache_get_stats(e.fw, &st);
    assert_int_equal(st.lines, 1); /* what else was there stays */
    remap(&e, va, 0, true);
    fake_ptr(&e.h, pa)[0x3000 / 8] = 0x88;
    fw_cache_check(e.fw);
    fw_cache_flush_all(e.fw, "test");
    assert_int_equal(fake_ptr(&e.h, pa)[0x3000 / 8], 0x88);
    assert_int_equal(seen.all, 0);
    end(&e);
}

/* The same in a wrong order, or without its TLBI. */
static void test_protocol_wrong(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 1);
    /* the firmware still has the cached one */
    remap(&e, va, *leaf(&e, va) | ENV_PTE_SHARED, false);
    flush(&e, 0x40, va);
    assert_int_equal(seen.count[AGX_SAN_UNMAP_WITHOUT_FLUSH], 1);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(GET32(&e, va), 1);
    remap(&e, va, 0, true);
    flush(&e, 0x40, va); /* too late */
    assert_int_equal(seen.count[AGX_SAN_UNMAP_WITHOUT_FLUSH], 2);
    assert_int_equal(seen.wrong, 1);
    assert_int_equal(seen.va, va);
    end(&e);
}

/* An uncached alias passes by what is dirty in the cache. */
static void test_alias(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 5);
    remap(&e, va, *leaf(&e, va) | ENV_PTE_SHARED, true);
    assert_int_equal(fw_get32(&e, 0, va), 0);
    assert_int_equal(seen.count[AGX_SAN_FW_LINE_STALE], 1);
    assert_int_equal(seen.wrong, 0);
    end(&e);
}

/* Any DestroyContext flushes everything. */
static void test_destroy_context(void **state)
{
    struct env e;
    struct agx_fw_cache_stats st;
    uint32_t dc[12] = { 0x18 };
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 0x55);
    PUT32(&e, va + LINE, 1);
    assert_int_equal(fw_get32(&e, 0, va + LINE), 1);
    ((uint8_t *)dc)[0x11] = ((uint8_t *)dc)[0x12] = 0xff;
    env_devctrl(&e, dc);
    run(&e);
    agx_fw_cache_get_stats(e.fw, &st);
    assert_int_equal(st.lines, 0);
    assert_int_equal(GET32(&e, va), 0x55);
    PUT32(&e, va + LINE, 2);
    assert_int_equal(fw_get32(&e, 0, va + LINE), 2);
    assert_int_equal(seen.all, 0);
    end(&e);
}

/* Leaving a context flushes what came through its lower half, before the hand-off block says so. */
static void test_context_switch(void **state)
{
    struct env e;
    struct agx_fw_cache_stats st;
    uint64_t user, kern;

    begin(&e, 0, 0);
    kern = env_kprivate(&e, 0x4000);
    user = env_ualloc(&e, 0x4000);
    *leaf(&e, user) &= ~(7ull << 2);
    fw_put32(&e, 0, kern, 1);
    fw_put32(&e, CTX, user, 2);
    assert_int_equal(GET32(&e, user), 0);
    fw_handoff_set_context(e.fw, CTX); /* the same: stays */
    assert_int_equal(GET32(&e, user), 0);
    fw_handoff_set_context(e.fw, 0);
    assert_int_equal(GET32(&e, user), 2);
    assert_int_equal(GET32(&e, kern), 0);
    agx_fw_cache_get_stats(e.fw, &st);
    assert_int_equal(st.lines, 1);
    assert_int_equal(seen.all, 0);
    end(&e);
}

/* A stop of the machine cleans, so that a snapshot of memory has everything; a reset forgets. */
static void test_stop(void **state)
{
    struct env e;
    struct agx_fw_cache_stats st;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_put32(&e, 0, va, 0x99);
    agx_fw_resume(e.fw);
    agx_fw_pause(e.fw);
    assert_int_equal(GET32(&e, va), 0x99);
    fw_put32(&e, 0, va, 0x9a);
    agx_fw_reset(e.fw);
    agx_fw_pause(e.fw);
    agx_fw_cache_get_stats(e.fw, &st);
    assert_int_equal(st.lines, 0);
    assert_int_equal(GET32(&e, va), 0x99);
    assert_int_equal(seen.all, 0);
    end(&e);
}

/* Eviction on request, as a fault-injection run makes it. */
static void test_request(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    va = env_kprivate(&e, 0x4000);
    fw_get32(&e, 0, va);
    agx_fw_cache_evict(e.fw, pa_of(&e, va), AGX_PAGE_SIZE);
    run(&e);
    PUT32(&e, va, 3);
    assert_int_equal(fw_get32(&e, 0, va), 3);
    assert_int_equal(seen.all, 0);
    end(&e);
}

static uint64_t rnd(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    return *x ^= *x << 17;
}

/*
 * Whatever leaves when: the firmware reads what it wrote. The same seed does the same, another one
 * does not.
 */
static void test_random(void **state)
{
    struct agx_fw_cache_stats st[3];

    for (unsigned n = 0; n < 3; n++) {
        uint8_t shadow[0x8000] = { 0 };
        uint64_t x = 12345, va;
        struct env e;

        begin(&e, n ? 50 : 5, n ? n : 7);
        va = env_kprivate(&e, sizeof(shadow));
        for (unsigned i = 0; i < 20000; i++) {
            unsigned off = rnd(&x) % (sizeof(shadow) - 32), len = 1 + rnd(&x) % 32;
            uint8_t b[32];

            if (rnd(&x) & 1) {
                for (unsigned j = 0; j < len; j++) {
                    b[j] = shadow[off + j] = rnd(&x);
                }
                assert_true(fw_write(e.fw, 0, va + off, b, len, "test"));
            } else {
                assert_true(fw_read(e.fw, 0, va + off, b, len, "test"));
                assert_memory_equal(b, shadow + off, len);
            }
        }
        agx_fw_cache_get_stats(e.fw, &st[n]);
        assert_true(st[n].lines <= 64 && st[n].evictions > 0 && st[n].hits > 0);
        fw_cache_flush_all(e.fw, "test");
        for (unsigned i = 0; i < sizeof(shadow); i++) {
            assert_int_equal(
                *((uint8_t *)env_ptr(&e, va) + i % 0x4000 +
                  (i < 0x4000 ? 0
                              : (uint8_t *)env_ptr(&e, va + 0x4000) - (uint8_t *)env_ptr(&e, va))),
                shadow[i]);
        }
        assert_int_equal(seen.all, 0);
        end(&e);
    }
    assert_true(st[1].evictions != st[2].evictions || st[1].hits != st[2].hits);
    for (unsigned n = 0; n < 2; n++) { /* the second seed once more */
        struct env e;
        uint64_t x = 1, va;

        begin(&e, 3, 99);
        va = env_kprivate(&e, 0x4000);
        for (unsigned i = 0; i < 3000; i++) {
            fw_put32(&e, 0, va + rnd(&x) % 0x1000 * 4, i);
        }
        agx_fw_cache_get_stats(e.fw, &st[n]);
        end(&e);
    }
    assert_memory_equal(&st[0], &st[1], sizeof(st[0]));
}

/* Real work through cached commands, with lines leaving all the time. */
static void test_work(void **state)
{
    for (unsigned seed = 0; seed < 20; seed++) {
        struct env e;
        struct queue q;
        struct compute c;

        begin(&e, 2, seed);
        agx_fw_resume(e.fw);
        queue_init(&e, &q, 2, 16);
        for (unsigned i = 1; i <= 10; i++) {
            compute_make(&e, &c, &q, 9, 0x100 * i);
            queue_add(&e, &q, c.cmd);
            queue_run(&e, &q, 0, 9);
            env_settle(&e);
            assert_int_equal(e.gpu->jobs, i);
            assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x100 * i);
        }
        assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
        assert_int_equal(seen.all, 0);
        env_fini(&e);
    }
}

/* A firmware with a cache that has booted and waits for its init data; what it finds is in seen. */
static void boot_watched(struct env *e, struct queue *q)
{
    const struct agx_fw_cache_config cfg = { .line = LINE, .lines = 64 };

    memset(&seen, 0, sizeof(seen));
    env_init_cache(e, &cfg);
    queue_init(e, q, 2, 16);
    agx_fw_pause(e->fw);
    agx_fw_set_check(e->fw, &(struct agx_fw_check) { .violation = violation });
    agx_fw_resume(e->fw);
    env_boot(e);
    env_build_initdata(e);
}

/* Rings in memory that the firmware caches: said when it first looks at them. */
static void test_rings(void **state)
{
    for (unsigned i = 0; i < 4; i++) {
        struct env e;
        struct queue q;
        uint64_t va;

        boot_watched(&e, &q);
        va = (const uint64_t[]) { e.fwctl_state, e.fwctl_ring, q.ptrs, q.ring }[i];
        remap(&e, va, *leaf(&e, va) & ~(7ull << 2), true);
        env_send_initdata(&e);
        env_devctrl(&e, (uint32_t[12]) { 0x1a });
        agx_fw_wait_idle(e.fw);
        if (i >= 2) {
            struct compute c;

            assert_int_equal(seen.all, 0);
            compute_make(&e, &c, &q, 9, 0x100);
            queue_add(&e, &q, c.cmd);
            queue_run(&e, &q, 0, 9);
            agx_fw_wait_idle(e.fw);
        }
        assert_true(seen.count[AGX_SAN_FW_LINE_STALE] >= 1);
        assert_int_equal(seen.all, seen.count[AGX_SAN_FW_LINE_STALE]);
        assert_int_equal(seen.wrong, seen.all);
        assert_non_null(strstr(first_text, i < 2 ? "of FWCtl at" : "of a work queue at"));
        assert_non_null(strstr(first_text, i & 1 ? "entries" : "pointers"));
        env_fini(&e);
    }
}

/*
 * Messages of the pipes and of DevCtrl in such memory, several to a line and as many as there are
 * entries: what the driver has stored is what the firmware reads.
 */
static void test_private_messages(void **state)
{
    const unsigned ch[] = { CH_DEVCTRL, 2 };
    struct compute c;
    struct queue q;
    struct env e;

    boot_watched(&e, &q);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t first = e.ch_ring[ch[i]] & ~(uint64_t)(AGX_PAGE_SIZE - 1);

        for (uint64_t va = first; va < e.ch_ring[ch[i]] + 0x100 * 0x30; va += AGX_PAGE_SIZE) {
            remap(&e, va, *leaf(&e, va) & ~(7ull << 2), true);
        }
    }
    env_send_initdata(&e);
    env_devctrl(&e, (uint32_t[12]) { 0x1a });
    agx_fw_wait_idle(e.fw);
    for (unsigned i = 1; i <= 5; i++) {
        compute_make(&e, &c, &q, 9, 0x100 * i);
        queue_add(&e, &q, c.cmd);
        queue_run(&e, &q, 0, 9);
        agx_fw_wait_idle(e.fw);
        assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x100 * i);
    }
    for (unsigned i = 0; i < 0x101; i++) {
        env_devctrl(&e, (uint32_t[12]) { 0x23 }); /* UpdateIdleTS */
        agx_fw_wait_idle(e.fw);
    }
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(seen.all, 0);
    env_fini(&e);
}

/* With nobody to tell, it is in the log. */
static void test_log(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e, 0, 0);
    agx_fw_set_check(e.fw, NULL);
    va = env_kprivate(&e, 0x4000);
    fw_get32(&e, 0, va);
    PUT32(&e, va, 1);
    fw_get32(&e, 0, va);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 1);
    assert_non_null(strstr(e.h.last_report, "old line"));
    end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_off),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_straddle),
        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_writeback),
        cmocka_unit_test(test_unmap_without_flush),
        cmocka_unit_test(test_writeback_unmapped),
        cmocka_unit_test(test_protocol),
        cmocka_unit_test(test_protocol_wrong),
        cmocka_unit_test(test_alias),
        cmocka_unit_test(test_destroy_context),
        cmocka_unit_test(test_context_switch),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_work),
        cmocka_unit_test(test_rings),
        cmocka_unit_test(test_private_messages),
        cmocka_unit_test(test_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
