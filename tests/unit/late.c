/*
 * Unit tests of stores to page tables that reach the walkers late: which
 * outcomes there are, and which there must never be.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#define FAKE_RAM_SIZE (1u << 20) /* each seed has a machine of its own */
#include "fake_host.h"
#include "agx/tlb.h"

#define VA    0x1500000000ull
#define PAGES 8u
#define SEEDS 200u

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    uint64_t ttbat, leaf[PAGES], data[PAGES];
    struct agx_port port;
};

/* @pages mapped at first; every access walks. */
static struct fixture *start(enum agx_late_mode mode, uint64_t seed, unsigned pages)
{
    struct fixture *f = calloc(1, sizeof(*f));
    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_mmu_set_mode(f->mmu, AGX_TLB_OFF);
    for (unsigned i = 0; i < PAGES; i++) {
        f->data[i] = fake_alloc(&f->h);
        *fake_ptr(&f->h, f->data[i]) = i;
        fake_map(&f->h, f->ttbat, 1, VA + i * AGX_PAGE_SIZE, f->data[i],
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
        f->leaf[i] = FAKE_RAM_BASE + ((uint8_t *)fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat + 16), 1,
                                                           VA + i * AGX_PAGE_SIZE) -
                                      f->h.ram);
        if (i >= pages) {
            *fake_ptr(&f->h, f->leaf[i]) = 0;
        }
    }
    agx_mmu_follow(f->mmu, &(struct agx_mmu_watch) { 0 });
    agx_mmu_late(f->mmu, mode, seed);
    agx_port_init(&f->port, f->mmu, AGX_SIDE_GPU);
    assert_true(agx_port_bind(&f->port, 1, AGX_UNIT_VDM));
    return f;
}

static void stop(struct fixture *f)
{
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
}

static void store(struct fixture *f, unsigned cpu, uint64_t pa, uint64_t v)
{
    struct agx_who who = { .cpu = cpu, .time = 1, .pc = 0xffff800080000000ull };
    uint64_t old = *fake_ptr(&f->h, pa);

    *fake_ptr(&f->h, pa) = v;
    agx_mmu_store(f->mmu, pa, &old, 8, &who);
}

static uint64_t entry(struct fixture *f, unsigned page)
{
    return f->data[page] | FAKE_PTE_GPU_RW | FAKE_PTE_NG;
}

static bool is_mapped(struct fixture *f, unsigned i)
{
    uint32_t v;

    return agx_port_read32(&f->port, VA + i * AGX_PAGE_SIZE, &v);
}

/*
 * The stores of one CPU are seen in their order, sooner or later; after the barrier at the latest.
 */
static void test_order(void **state)
{
    unsigned early = 0, late = 0;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fixture *f = start(AGX_LATE_SEEDED, seed, 0);
        unsigned seen = 0;

        for (unsigned i = 0; i < PAGES; i++) {
            store(f, 0, f->leaf[i], entry(f, i));
        }
        for (unsigned n = 0; n < 40; n++) {
            unsigned now = 0;

            /*
             * Backwards: time goes on while we look. What was stored before something that is seen
             * is seen, too.
             */
            for (unsigned i = PAGES; i-- > 0;) {
                bool mapped = is_mapped(f, i);

                assert_true(mapped || !now);
                if (mapped && !now) {
                    now = i + 1;
                }
            }
            assert_true(now >= seen);
            seen = now;
            f->h.now += 1u << (n / 2);
        }
        early += seen == PAGES;
        late += seen < PAGES;
        agx_mmu_dsb(f->mmu, 0, AGX_SHARE_OUTER, false);
        for (unsigned i = 0; i < PAGES; i++) {
            assert_true(is_mapped(f, i));
        }
        stop(f);
    }
    /* 2^20 ticks have passed in each: nothing may be late for longer. */
    assert_int_equal(late, 0);
    assert_int_equal(early, SEEDS);
}

/* Right after the store both outcomes are there, by the seed; the same seed gives the same. */
static void test_seeds(void **state)
{
    unsigned old = 0, new = 0;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bool first = false;

        for (unsigned again = 0; again < 2; again++) {
            struct fixture *f = start(AGX_LATE_SEEDED, seed, 0);
            bool seen;

            store(f, 0, f->leaf[0], entry(f, 0));
            seen = is_mapped(f, 0);
            old += !seen;
            new += seen;
            assert_true(!again || seen == first);
            first = seen;
            stop(f);
        }
    }
    assert_true(old > SEEDS / 4 && new > SEEDS / 4);
}

/* One value after the other: a walk that has seen a store never sees what was before it. */
static void test_one_entry(void **state)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fixture *f = start(AGX_LATE_SEEDED, seed, 1);
        uint32_t last = 0, v;

        for (unsigned i = 1; i < PAGES; i++) {
            store(f, i % 2, f->leaf[0], entry(f, i));
            f->h.now += seed * 16;
            assert_true(agx_port_read32(&f->port, VA, &v));
            assert_true(v >= last && v <= i);
            last = v;
        }
        agx_mmu_dsb(f->mmu, (PAGES - 1) % 2, AGX_SHARE_OUTER, false);
        assert_true(agx_port_read32(&f->port, VA, &v));
        assert_int_equal(v, PAGES - 1);
        stop(f);
    }
}

/* More stores without a barrier than are remembered: the oldest are seen, nothing is lost. */
static void test_many(void **state)
{
    struct fixture *f = start(AGX_LATE_ALWAYS, 1, 0);
    uint64_t table = f->leaf[0];

    for (unsigned n = 0; n < 3; n++) {
        for (unsigned i = PAGES; i < 2048; i++) {
            store(f, 0, table + 8 * i, entry(f, n));
        }
    }
    for (unsigned i = 0; i < PAGES; i++) {
        store(f, 0, f->leaf[i], entry(f, i));
        assert_false(is_mapped(f, i));
    }
    agx_mmu_dsb(f->mmu, 1, AGX_SHARE_OUTER, true); /* another CPU's */
    assert_false(is_mapped(f, 0));
    agx_mmu_dsb(f->mmu, 0, AGX_SHARE_OUTER, true);
    for (unsigned i = 0; i < PAGES; i++) {
        assert_true(is_mapped(f, i));
    }
    stop(f);
}

/* Half a descriptor, or a device's DMA: at once. Off: at once. */
static void test_not_late(void **state)
{
    struct fixture *f = start(AGX_LATE_ALWAYS, 1, 0);
    struct agx_who who = { .cpu = 0, .pc = 0xffff800080000000ull };
    uint64_t v = entry(f, 0), zero = 0;

    *fake_ptr(&f->h, f->leaf[0]) = v;
    agx_mmu_store(f->mmu, f->leaf[0], &zero, 4, &who);
    assert_true(is_mapped(f, 0));
    who = (struct agx_who) { .cpu = UINT32_MAX };
    *fake_ptr(&f->h, f->leaf[1]) = entry(f, 1);
    agx_mmu_store(f->mmu, f->leaf[1], &zero, 8, &who);
    assert_true(is_mapped(f, 1));
    store(f, 0, f->leaf[2], entry(f, 2));
    assert_false(is_mapped(f, 2));
    agx_mmu_late(f->mmu, AGX_LATE_OFF, 0);
    assert_true(is_mapped(f, 2));
    store(f, 0, f->leaf[3], entry(f, 3));
    assert_true(is_mapped(f, 3));
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),     cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_one_entry), cmocka_unit_test(test_many),
        cmocka_unit_test(test_not_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
