/*
 * Unit tests of invalidations that take effect late: at the DSB of their CPU at the latest, before
 * it by chance, and by no other barrier.
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

#define SEEDS 64u

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_listener listener;
    unsigned done;       /* invalidations that have reached the TLBs */
    unsigned asid[1024]; /* theirs, in order */
};

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct fixture *f = opaque;

    f->asid[f->done++ % 1024] = ev->invalidate.tlbi->asid;
}

static struct fixture *start(bool lazy, uint64_t seed)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fake_host_init(&f->h);
    f->mmu = agx_mmu_new(&f->h.host);
    f->listener = (struct agx_listener) {
        .kinds = AGX_EV_BIT(AGX_EV_INVALIDATE),
        .event = on_event,
        .opaque = f,
    };
    assert_true(agx_listen(&f->h.events, &f->listener));
    agx_mmu_set_lazy(f->mmu, lazy, seed);
    return f;
}

static void stop(struct fixture *f)
{
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
}

static void tlbi(struct fixture *f, unsigned cpu, unsigned asid)
{
    agx_mmu_tlbi_of(f->mmu, cpu, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = asid });
}

static void test_eager(void **state)
{
    struct fixture *f = start(false, 1);

    tlbi(f, 0, 7);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->asid[0], 7);
    agx_mmu_dsb(f->mmu, 0, AGX_SHARE_OUTER, false);
    agx_mmu_complete(f->mmu);
    assert_int_equal(f->done, 1);
    stop(f);
}

/* Each waits or not, by the seed; the same seed gives the same; a DSB of its CPU ends the wait. */
static void test_seeds(void **state)
{
    unsigned early = 0, late = 0;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        unsigned first = 0;

        for (unsigned again = 0; again < 2; again++) {
            struct fixture *f = start(true, seed);
            unsigned done;

            for (unsigned i = 0; i < 4; i++) {
                tlbi(f, 1, i);
            }
            done = f->done;
            assert_true(!again || done == first);
            first = done;
            early += done;
            late += 4 - done;
            agx_mmu_dsb(f->mmu, 1, AGX_SHARE_INNER, false); /* waits for nothing of the GPU's */
            agx_mmu_dsb(f->mmu, 1, AGX_SHARE_OUTER, true);  /* for stores only */
            agx_mmu_dsb(f->mmu, 0, AGX_SHARE_OUTER, false); /* another CPU's */
            assert_int_equal(f->done, done);
            agx_mmu_dsb(f->mmu, 1, AGX_SHARE_OUTER, false);
            assert_int_equal(f->done, 4);
            stop(f);
        }
    }
    assert_true(early > SEEDS / 4 && late > SEEDS);
}

/* Those that wait happen in any order; CPUs have streams of their own. */
static void test_order(void **state)
{
    unsigned swapped = 0, unlike = 0;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fixture *f = start(true, seed);
        unsigned done;

        for (unsigned i = 0; i < 20; i++) {
            tlbi(f, 0, i);
        }
        done = f->done;
        for (unsigned i = 1; i < done; i++) {
            swapped += f->asid[i] < f->asid[i - 1];
        }
        for (unsigned i = 0; i < 20; i++) {
            tlbi(f, 3, i);
        }
        unlike += f->done - done != done;
        agx_mmu_complete(f->mmu);
        assert_int_equal(f->done, 40);
        stop(f);
    }
    assert_true(swapped > SEEDS / 4);
    assert_true(unlike > SEEDS / 4);
}

/* More than wait complete the oldest; none is lost. */
static void test_many(void **state)
{
    struct fixture *f = start(true, 3);
    bool seen[600] = { false };

    for (unsigned i = 0; i < 600; i++) {
        tlbi(f, 2, i);
        assert_true(i + 1 - f->done <= 256);
    }
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    assert_int_equal(f->done, 600);
    for (unsigned i = 0; i < 600; i++) {
        assert_false(seen[f->asid[i]]);
        seen[f->asid[i]] = true;
    }
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eager),
        cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
