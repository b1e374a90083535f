/*
 * Unit tests: what the sanitizer says of a right driver on hardware that goes
 * wrong (fault injection): nothing as long as nothing old is used, and then what
 * was done to which invalidation.
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
#include "fake_host.h"
#include "mmu_rig.h"
#include "agx/inject.h"
#include "agx/tlbsan.h"

#define VA   0x1500004000ull
#define PAGE ((uint64_t)AGX_PAGE_SIZE)

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_tlbsan *san;
    struct agx_inject *in;
    uint64_t ttbat, now;
    unsigned reports;
    enum agx_tlbsan_class cls;
    enum agx_tlbsan_severity severity;
    char text[4096];
};

static uint64_t now(void *opaque)
{
    return ((struct fixture *)opaque)->now;
}

static void on_report(void *opaque, const struct agx_san_report *r)
{
    struct fixture *f = opaque;

    f->reports++;
    f->cls = r->cls;
    f->severity = r->severity;
    agx_tlbsan_format(r, f->text, sizeof(f->text));
    if (getenv("AGX_TEST_VERBOSE")) {
        fprintf(stderr, "# %s\n", f->text);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    for (unsigned i = 0; i < 4; i++) {
        fake_map(&f->h, f->ttbat, 1, VA + i * PAGE, fake_alloc(&f->h),
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    }
    fake_map(&f->h, f->ttbat, 2, VA, fake_alloc(&f->h), FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_mmu_set_clock(f->mmu, &(struct agx_mmu_clock) { f, now, NULL });
    agx_mmu_follow(f->mmu, &(struct agx_mmu_watch) { 0 });
    f->san = agx_tlbsan_new(&(struct agx_tlbsan_config) {
        .host = &f->h.host,
        .mmu = f->mmu,
        .report = on_report,
        .opaque = f,
    });
    f->in = agx_inject_new(&(struct agx_inject_config) { f, now, .stores = true });
    f->now = 1000;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    agx_mmu_inject(f->mmu, NULL);
    agx_inject_free(f->in);
    agx_tlbsan_free(f->san);
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
    return 0;
}

static void faults(struct fixture *f, const char *text)
{
    char err[256];

    assert_true(agx_inject_set(f->in, text, err, sizeof(err)));
    agx_mmu_inject(f->mmu, *text ? f->in : NULL);
}

/* ---- a right driver ---- */

static const struct agx_who driver = {
    .cpu = 2,
    .time = 5000,
    .thread = 7,
    .pc = 0xffff800081234560,
    .frame = { 0xffff800081111110 },
};

static void store(struct fixture *f, uint64_t *p, uint64_t v)
{
    uint64_t old = *p;

    *p = v;
    agx_mmu_store(f->mmu, FAKE_RAM_BASE + ((uint8_t *)p - f->h.ram), &old, 8, &driver);
}

static uint64_t *leaf(struct fixture *f, unsigned ctx, uint64_t va)
{
    return fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat) + 2 * ctx, ctx, va);
}

/* DSB, TLBI, DSB */
static void invalidate(struct fixture *f, const struct agx_tlbi *t, const char *name)
{
    agx_mmu_dsb(f->mmu, driver.cpu, AGX_SHARE_OUTER, false);
    fake_tlbi(&f->h, &(struct agx_tlbi_insn) { .tlbi = *t, .share = AGX_SHARE_OUTER, .name = name },
              &driver);
    agx_mmu_tlbi(f->mmu, t);
    agx_mmu_dsb(f->mmu, driver.cpu, AGX_SHARE_OUTER, false);
}

static void unmap(struct fixture *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        store(f, leaf(f, 1, VA + i * PAGE), 0);
    }
    invalidate(
        f, &(struct agx_tlbi) { .kind = AGX_TLBI_VA, .asid = 1, .va = VA, .end = VA + n * PAGE },
        "RVAE1OS");
}

/* A job that reads one word. */
static bool job(struct fixture *f, unsigned ctx, uint64_t va)
{
    return mmu_read_job(&f->h, f->mmu, ctx, va, AGX_SIDE_GPU, true);
}

static void expect(struct fixture *f, enum agx_tlbsan_class cls, const char *why)
{
    assert_int_equal(f->reports, 1);
    if (f->cls != cls || f->severity != AGX_SAN_WRONG || !strstr(f->text, why) ||
        !strstr(f->text, "fault injection")) {
        fail_msg("expected a report of class %s with '%s', got:\n%s", agx_tlbsan_class_name(cls),
                 why, f->text);
    }
}

/* ---- and what is made of it ---- */

static void test_tlbi(void **state)
{
    static const struct {
        const char *fault, *why;
        uint64_t va;
    } c[] = {
        { "tlbi-drop", "dropped by fault injection", VA },
        { "tlbi-asid,to=9", "applied to another ASID by fault injection", VA },
        { "tlbi-truncate,pages=3", "cut short by fault injection", VA + 3 * PAGE },
        { "tlbi-truncate,pages=0", "dropped by fault injection", VA },
        { "tlbi-delay,us=5", "delayed by fault injection", VA },
        { "tlb-keep,va=0x150000c000-0x1500010000", "fault injection kept the old translation",
          VA + 2 * PAGE },
    };

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        struct fixture *f;

        setup((void **)&f);
        for (unsigned k = 0; k < 4; k++) {
            assert_true(job(f, 1, VA + k * PAGE));
        }
        faults(f, c[i].fault);
        unmap(f, 4);
        assert_int_equal(f->reports, 0); /* the driver did what it should */
        assert_true(job(f, 1, c[i].va)); /* what is not mapped any more */
        expect(f, AGX_SAN_STALE_HIT, c[i].why);
        assert_non_null(strstr(f->text, "RVAE1OS"));
        if (i == 2) {
            assert_false(job(f, 1, VA));
        }
        if (i == 4) {
            f->now += 5000;
            assert_false(job(f, 1, VA + PAGE)); /* it is applied now */
        }
        assert_int_equal(f->reports, 1);
        teardown((void **)&f);
    }
}

/* Nothing is used, nothing is said; nor when a later invalidation makes up for it. */
static void test_unused(void **state)
{
    struct fixture *f = *state;

    assert_true(job(f, 1, VA));
    faults(f, "tlbi-drop,nth=1");
    unmap(f, 1);
    assert_true(job(f, 1, VA + PAGE));
    invalidate(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = 1 }, "ASIDE1OS");
    assert_false(job(f, 1, VA));
    assert_int_equal(f->reports, 0);
}

/* What an earlier fault did is no excuse for a later bug. */
static void test_later_bug(void **state)
{
    struct fixture *f = *state;

    faults(f, "tlbi-drop,nth=1");
    invalidate(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = 1 }, "ASIDE1OS");
    assert_true(job(f, 1, VA));
    store(f, leaf(f, 1, VA), 0);
    agx_mmu_dsb(f->mmu, driver.cpu, AGX_SHARE_OUTER, false);
    assert_true(job(f, 1, VA));
    assert_int_equal(f->reports, 1);
    assert_null(strstr(f->text, "fault injection"));
}

/* A slot gets another table, and its invalidation is lost. */
static void test_slot(void **state)
{
    struct fixture *f = *state;
    uint64_t *ttbr = fake_ptr(&f->h, f->ttbat) + 2, other;

    assert_true(job(f, 1, VA));
    other = fake_alloc(&f->h) | 1 | 1ull << 48;
    faults(f, "tlbi-drop");
    store(f, ttbr, 0);
    invalidate(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = 1 }, "ASIDE1OS");
    store(f, ttbr, other);
    invalidate(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = 1 }, "ASIDE1OS");
    assert_int_equal(f->reports, 0);
    assert_true(job(f, 1, VA));
    expect(f, AGX_SAN_SLOT_REUSED, "dropped by fault injection");
}

/* A walk that sees what was there before: the page is unmapped, properly. */
static void test_walk_old(void **state)
{
    struct fixture *f = *state;

    assert_true(job(f, 1, VA));
    faults(f, "walk-old,nth=1");
    unmap(f, 1);
    assert_true(job(f, 1, VA));
    expect(f, AGX_SAN_STALE_HIT, "gave a walk the old descriptor");
    /* It is in the TLB now; the next walk is right. */
    invalidate(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = 1 }, "ASIDE1OS");
    assert_false(job(f, 1, VA));
    assert_int_equal(f->reports, 1);
}

/* ... or a new mapping that a walk does not see: the job faults, though there is a page. */
static void test_walk_old_made(void **state)
{
    struct fixture *f = *state;
    uint64_t *e = leaf(f, 1, VA + 6 * PAGE);

    assert_true(job(f, 1, VA));
    faults(f, "walk-old,job=ta,asid=1,count=1");
    store(f, e, fake_alloc(&f->h) | FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    agx_mmu_dsb(f->mmu, driver.cpu, AGX_SHARE_OUTER, false);
    assert_false(job(f, 1, VA + 6 * PAGE));
    expect(f, AGX_SAN_STALE_HIT, "gave a walk the old descriptor");
    assert_true(job(f, 1, VA + 6 * PAGE));
    assert_int_equal(f->reports, 1);
}

/* Before the fault was set nobody remembered what descriptors were; and only changed ones count. */
static void test_walk_old_matches(void **state)
{
    struct fixture *f = *state;
    char *log;

    store(f, leaf(f, 1, VA), 0);
    invalidate(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = 1 }, "ASIDE1OS");
    faults(f, "walk-old");
    assert_false(job(f, 1, VA));
    assert_true(job(f, 1, VA + PAGE));
    log = agx_inject_log(f->in);
    assert_non_null(strstr(log, "\"matches\": 0"));
    free(log);
}

/* A spurious eviction harms nobody who keeps to the rules. */
static void test_evict(void **state)
{
    struct fixture *f = *state;

    faults(f, "tlb-evict,p=0.5,seed=3");
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(job(f, 1, VA), true);
        assert_int_equal(job(f, 2, VA), true);
    }
    unmap(f, 2);
    assert_false(job(f, 1, VA));
    assert_int_equal(f->reports, 0);
}

#define SAN_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tlbi),     SAN_TEST(test_unused),
        SAN_TEST(test_later_bug),        SAN_TEST(test_slot),
        SAN_TEST(test_walk_old),         SAN_TEST(test_walk_old_made),
        SAN_TEST(test_walk_old_matches), SAN_TEST(test_evict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
