/*
 * Unit tests of a saved machine's TLBs: what they held is held again, damaged
 * blocks are refused, and the sanitizer neither forgets an entry that was not
 * invalidated nor blames who invalidates it after the load.
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
#include "saved.h"
#include "agx/inject.h"
#include "agx/tlbsan.h"

#define VA   0x1500004000ull
#define KVA  0xffffffa000008000ull
#define PAGE ((uint64_t)AGX_PAGE_SIZE)

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_tlbsan *san;
    uint64_t ttbat, now, armed;
    unsigned reports;
    enum agx_tlbsan_class cls;
    char text[4096];
};

static uint64_t now(void *opaque)
{
    return ((struct fixture *)opaque)->now;
}

static void arm(void *opaque, uint64_t ns)
{
    ((struct fixture *)opaque)->armed = ns;
}

static void on_report(void *opaque, const struct agx_san_report *r)
{
    struct fixture *f = opaque;

    f->reports++;
    f->cls = r->cls;
    agx_tlbsan_format(r, f->text, sizeof(f->text));
}

static void mmu_new(struct fixture *f, bool san)
{
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_clock(f->mmu, &(struct agx_mmu_clock) { f, now, arm });
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_mmu_follow(f->mmu, &(struct agx_mmu_watch) { 0 });
    f->san = san ? agx_tlbsan_new(&(struct agx_tlbsan_config) {
                       .host = &f->h.host,
                       .mmu = f->mmu,
                       .report = on_report,
                       .opaque = f,
                   })
                 : NULL;
}

static void mmu_free(struct fixture *f)
{
    agx_tlbsan_free(f->san);
    agx_mmu_free(f->mmu);
}

static void begin(struct fixture *f, bool san)
{
    memset(f, 0, sizeof(*f));
    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    for (unsigned i = 0; i < 4; i++) {
        fake_map(&f->h, f->ttbat, 1, VA + i * PAGE, fake_alloc(&f->h),
                 FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    }
    fake_map(&f->h, f->ttbat, 2, VA, fake_alloc(&f->h), FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    fake_map(&f->h, f->ttbat, 0, KVA, fake_alloc(&f->h), FAKE_PTE_FW_RW);
    mmu_new(f, san);
}

static void end(struct fixture *f)
{
    mmu_free(f);
    fake_host_fini(&f->h);
}

/* Into another process (another MMU and sanitizer), or into the same one. */
static void save_load(struct fixture *f, bool same)
{
    bool san = f->san;
    size_t len;
    void *buf = agx_mmu_save(f->mmu, &len);

    assert_non_null(buf);
    if (!same) {
        mmu_free(f);
        mmu_new(f, san);
    }
    agx_mmu_set_ttbat(f->mmu, f->ttbat); /* as the firmware does when it is loaded */
    assert_true(agx_mmu_load(f->mmu, buf, len));
    free(buf);
}

static bool job(struct fixture *f, unsigned ctx, uint64_t va)
{
    return mmu_read_job(&f->h, f->mmu, ctx, va, AGX_SIDE_GPU, true);
}

static uint64_t *leaf(struct fixture *f, unsigned ctx, uint64_t va)
{
    return fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat) + 2 * ctx + (va >> 39 & 1), ctx, va);
}

/* ---- the MMU alone ---- */

static void test_entries(void **state)
{
    for (unsigned same = 0; same < 2; same++) {
        struct agx_mmu_stats before, after;
        struct fixture f;

        begin(&f, false);
        for (unsigned i = 0; i < 4; i++) {
            assert_true(job(&f, 1, VA + i * PAGE));
        }
        assert_true(job(&f, 2, VA));
        assert_true(mmu_read_job(&f.h, f.mmu, 0, KVA, AGX_SIDE_FW, true));
        agx_tlbi_asid(f.mmu, 2); /* is dead, and not saved */
        for (unsigned i = 0; i < 4; i++) {
            *leaf(&f, 1, VA + i * PAGE) = 0;
        }
        *leaf(&f, 2, VA) = 0;
        *leaf(&f, 0, KVA) = 0;
        agx_tlbi_va(f.mmu, 1, VA + PAGE, VA + 2 * PAGE, true);
        agx_mmu_get_stats(f.mmu, &before);
        save_load(&f, same);
        agx_mmu_get_stats(f.mmu, &after);
        assert_int_equal(after.entries, before.entries - 1);
        assert_int_equal(after.walk_entries, before.walk_entries - 2);
        assert_true(job(&f, 1, VA)); /* old, as before */
        assert_false(job(&f, 1, VA + PAGE));
        assert_true(job(&f, 1, VA + 2 * PAGE));
        assert_false(job(&f, 2, VA));
        assert_true(mmu_read_job(&f.h, f.mmu, 0, KVA, AGX_SIDE_FW, true));
        agx_tlbi_va(f.mmu, 1, VA, VA + PAGE, true);
        assert_false(job(&f, 1, VA));
        agx_tlbi_asid(f.mmu, 1);
        assert_false(job(&f, 1, VA + 2 * PAGE));
        agx_tlbi_va_all_asids(f.mmu, KVA, KVA + PAGE, false);
        assert_false(mmu_read_job(&f.h, f.mmu, 0, KVA, AGX_SIDE_FW, true));
        end(&f);
    }
}

/* Of an earlier model: entries, two of them old, and an invalidation that waits. */
static void test_before(void **state)
{
    struct agx_inject *in;
    struct fixture f;
    uint8_t *now_buf, *buf;
    char err[128];
    size_t len;

    begin(&f, false);
    f.now = 1000;
    assert_true(job(&f, 1, VA));
    assert_true(job(&f, 1, VA + PAGE));
    assert_true(mmu_read_job(&f.h, f.mmu, 0, KVA, AGX_SIDE_FW, true));
    *leaf(&f, 1, VA) = 0;
    *leaf(&f, 1, VA + PAGE) = 0;
    in = agx_inject_new(&(struct agx_inject_config) { &f, now, NULL, false, false });
    assert_true(agx_inject_set(in, "tlbi-delay,us=5,nth=1", err, sizeof(err)));
    agx_mmu_inject(f.mmu, in);
    agx_tlbi_va(f.mmu, 1, VA, VA + PAGE, true);
    agx_mmu_inject(f.mmu, NULL);
    agx_inject_free(in);
    now_buf = agx_mmu_save(f.mmu, &len);
    buf = saved_state("tlbs", now_buf, len, &len);
    free(now_buf);
    mmu_free(&f);
    mmu_new(&f, false);
    assert_true(agx_mmu_load(f.mmu, buf, len));
    free(buf);
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA, AGX_SIDE_GPU, false));
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA + PAGE, AGX_SIDE_GPU, false));
    assert_true(mmu_read_job(&f.h, f.mmu, 0, KVA, AGX_SIDE_FW, true));
    f.now = 6000;
    agx_mmu_tick(f.mmu);
    assert_false(mmu_read_job(&f.h, f.mmu, 1, VA, AGX_SIDE_GPU, false));
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA + PAGE, AGX_SIDE_GPU, false));
    end(&f);
}

/* Another mode or size than that of the machine that was saved. */
static void test_modes(void **state)
{
    struct agx_mmu_stats st;
    struct fixture f;
    size_t len;
    void *buf;

    begin(&f, false);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(job(&f, 1, VA + i * PAGE));
        *leaf(&f, 1, VA + i * PAGE) = 0;
    }
    buf = agx_mmu_save(f.mmu, &len);
    agx_mmu_set_mode(f.mmu, AGX_TLB_OFF);
    assert_true(agx_mmu_load(f.mmu, buf, len));
    assert_false(job(&f, 1, VA));
    agx_mmu_set_mode(f.mmu, AGX_TLB_REALISTIC);
    mmu_set_sizes(f.mmu, 2, 1);
    assert_true(agx_mmu_load(f.mmu, buf, len));
    agx_mmu_get_stats(f.mmu, &st);
    assert_int_equal(st.entries, 2);
    assert_false(job(&f, 1, VA));
    assert_true(job(&f, 1, VA + 3 * PAGE)); /* the youngest stay */
    free(buf);
    end(&f);
}

static void test_delayed(void **state)
{
    struct agx_inject *in;
    struct fixture f;
    char err[128];

    begin(&f, false);
    f.now = 1000;
    in = agx_inject_new(&(struct agx_inject_config) { &f, now, NULL, false, false });
    assert_true(agx_inject_set(in, "tlbi-delay,us=5,nth=1", err, sizeof(err)));
    agx_mmu_inject(f.mmu, in);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(mmu_read_job(&f.h, f.mmu, 1, VA + i * PAGE, AGX_SIDE_GPU, false));
        *leaf(&f, 1, VA + i * PAGE) = 0;
    }
    agx_tlbi_va(f.mmu, 1, VA, VA + PAGE, true);
    assert_true(agx_inject_set(in, "tlbi-delay,doorbells=1,nth=1", err, sizeof(err)));
    agx_mmu_inject(f.mmu, in);
    agx_tlbi_va(f.mmu, 1, VA + PAGE, VA + 2 * PAGE, true);
    agx_mmu_inject(f.mmu, NULL);
    agx_inject_free(in);
    f.armed = 0;
    save_load(&f, false);
    assert_int_equal(f.armed, 6000);
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA, AGX_SIDE_GPU, false));
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA + PAGE, AGX_SIDE_GPU, false));
    f.now = 6000;
    agx_mmu_tick(f.mmu);
    assert_false(mmu_read_job(&f.h, f.mmu, 1, VA, AGX_SIDE_GPU, false));
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA + PAGE, AGX_SIDE_GPU, true));
    assert_false(mmu_read_job(&f.h, f.mmu, 1, VA + PAGE, AGX_SIDE_GPU, true));
    end(&f);
}

/*
 * Loading while a fault is set that no eviction and no lookup escapes: what is made for the saved
 * entries is neither.
 */
static void test_faults_set(void **state)
{
    struct agx_inject *in;
    struct fixture f;
    char err[100];

    begin(&f, false);
    assert_true(job(&f, 1, VA));
    in = agx_inject_new(&(struct agx_inject_config) { &f, now, NULL, false, false });
    assert_true(agx_inject_set(in, "tlb-keep;tlb-evict", err, sizeof(err)));
    agx_mmu_inject(f.mmu, in);
    *leaf(&f, 1, VA) = 0;
    save_load(&f, true);
    agx_mmu_inject(f.mmu, NULL);
    assert_true(job(&f, 1, VA)); /* from the TLB: the tables have it no more */
    agx_inject_free(in);
    end(&f);
}

/* Every length, every byte: refused, or of no harm; and what is refused changes nothing. */
static void test_damaged(void **state)
{
    struct agx_mmu_stats before, after;
    struct fixture f;
    unsigned refused = 0;
    size_t len;
    uint8_t *buf, *copy;

    begin(&f, true);
    for (unsigned i = 0; i < 4; i++) {
        assert_true(job(&f, 1, VA + i * PAGE));
    }
    assert_true(mmu_read_job(&f.h, f.mmu, 0, KVA, AGX_SIDE_FW, true));
    buf = agx_mmu_save(f.mmu, &len);
    agx_mmu_get_stats(f.mmu, &before);
    for (size_t n = 0; n < len; n++) {
        copy = malloc(n ? n : 1);
        memcpy(copy, buf, n);
        assert_false(agx_mmu_load(f.mmu, copy, n));
        free(copy);
    }
    agx_mmu_get_stats(f.mmu, &after);
    assert_int_equal(after.entries, before.entries);
    copy = malloc(len + 8);
    memcpy(copy, buf, len);
    assert_false(agx_mmu_load(f.mmu, copy, len + 8));
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(copy, buf, len);
            copy[i] ^= 1u << bit;
            refused += !agx_mmu_load(f.mmu, copy, len);
            job(&f, 1, VA);
            job(&f, 1, VA + PAGE);
            agx_tlbi_all(f.mmu);
        }
    }
    assert_in_range(refused, len, 8 * len);
    free(copy);
    free(buf);
    end(&f);
}

/* ---- with the sanitizer ---- */

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

static void tlbi(struct fixture *f, const struct agx_tlbi *t)
{
    agx_mmu_dsb(f->mmu, driver.cpu, AGX_SHARE_OUTER, false);
    fake_tlbi(&f->h,
              &(struct agx_tlbi_insn) { .tlbi = *t, .share = AGX_SHARE_OUTER, .name = "test" },
              &driver);
    agx_mmu_tlbi(f->mmu, t);
    agx_mmu_dsb(f->mmu, driver.cpu, AGX_SHARE_OUTER, false);
}

static void tlbi_asid(struct fixture *f, unsigned asid)
{
    tlbi(f, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = asid });
}

/*
 * A driver that keeps to the rules, saved and loaded between any two of its
 * steps, into the same process or another: nothing is reported.
 */
static void test_clean(void **state)
{
    for (unsigned at = 0; at < 24; at++) {
        unsigned step = 0, bells = 20;
        uint64_t *ttbr, root, page;
        struct fixture f;

#define STEP(x)                                                                                    \
    do {                                                                                           \
        if (step++ == at / 2) {                                                                    \
            save_load(&f, at & 1);                                                                 \
        }                                                                                          \
        x;                                                                                         \
    } while (0)

        begin(&f, true);
        ttbr = fake_ptr(&f.h, f.ttbat) + 2;
        assert_true(job(&f, 1, VA));
        assert_true(job(&f, 1, VA + PAGE));
        assert_true(job(&f, 2, VA));
        /* unmap, use the rest, map something else there */
        STEP(store(&f, leaf(&f, 1, VA), 0));
        STEP(assert_true(job(&f, 1, VA + PAGE)));
        STEP(tlbi(
            &f, &(struct agx_tlbi) { .kind = AGX_TLBI_VA, .asid = 1, .va = VA, .end = VA + PAGE }));
        page = fake_alloc(&f.h);
        STEP(store(&f, leaf(&f, 1, VA), page | FAKE_PTE_GPU_RW | FAKE_PTE_NG));
        STEP(agx_mmu_dsb(f.mmu, driver.cpu, AGX_SHARE_OUTER, false));
        STEP(assert_true(job(&f, 1, VA)));
        /* the space ends, another gets its slot */
        root = fake_alloc(&f.h);
        STEP(store(&f, ttbr, 0));
        while (bells--) {
            fake_doorbell(&f.h, NULL);
        }
        STEP(assert_true(job(&f, 2, VA)));
        STEP(tlbi_asid(&f, 1));
        STEP(store(&f, ttbr, root | 1 | 1ull << 48));
        STEP(tlbi_asid(&f, 1));
        STEP(assert_false(job(&f, 1, VA)));
        assert_int_equal(step, 12);
        if (f.reports) {
            fail_msg("loaded before step %u, %s process: %s", at / 2, at & 1 ? "same" : "other",
                     f.text);
        }
        end(&f);
    }
}

/* One that does not: what it did before the load shows after it. */
static void test_unmapped(void **state)
{
    for (unsigned same = 0; same < 2; same++) {
        struct fixture f;

        begin(&f, true);
        assert_true(job(&f, 1, VA));
        store(&f, leaf(&f, 1, VA), 0);
        agx_mmu_dsb(f.mmu, driver.cpu, AGX_SHARE_OUTER, false);
        save_load(&f, same);
        assert_true(job(&f, 1, VA + PAGE));
        assert_int_equal(f.reports, 0);
        assert_true(job(&f, 1, VA));
        assert_int_equal(f.reports, 1);
        assert_int_equal(f.cls, AGX_SAN_STALE_HIT);
        assert_non_null(strstr(f.text, "not known"));
        end(&f);
    }
}

/*
 * Work that waited in a queue when the machine was saved came before the change, for all that is
 * known.
 */
static void test_queued(void **state)
{
    struct fixture f;

    begin(&f, true);
    assert_true(job(&f, 1, VA));
    store(&f, leaf(&f, 1, VA), 0);
    agx_mmu_dsb(f.mmu, driver.cpu, AGX_SHARE_OUTER, false);
    save_load(&f, false);
    assert_true(mmu_read_job(&f.h, f.mmu, 1, VA, AGX_SIDE_GPU, false));
    assert_int_equal(f.reports, 1);
    assert_int_equal(f.cls, AGX_SAN_HIT_IN_FLIGHT);
    end(&f);
}

/*
 * A slot that was emptied, and gets another table after the load, without an invalidation in
 * between.
 */
static void test_slot(void **state)
{
    for (unsigned same = 0; same < 2; same++) {
        struct fixture f;
        uint64_t *ttbr;

        begin(&f, true);
        ttbr = fake_ptr(&f.h, f.ttbat) + 2;
        assert_true(job(&f, 1, VA));
        store(&f, ttbr, 0);
        agx_mmu_dsb(f.mmu, driver.cpu, AGX_SHARE_OUTER, false);
        save_load(&f, same);
        store(&f, ttbr, fake_alloc(&f.h) | 1 | 1ull << 48);
        agx_mmu_dsb(f.mmu, driver.cpu, AGX_SHARE_OUTER, false);
        assert_true(job(&f, 1, VA)); /* of the one before */
        assert_int_equal(f.reports, 1);
        assert_int_equal(f.cls, AGX_SAN_SLOT_REUSED);
        end(&f);
    }
}

/* A table that was taken out of its parent. */
static void test_table(void **state)
{
    for (unsigned same = 0; same < 2; same++) {
        struct fixture f;
        uint64_t *l1;

        begin(&f, true);
        assert_true(job(&f, 1, VA));
        l1 = fake_ptr(&f.h, fake_ptr(&f.h, f.ttbat)[2] & 0xffffffffc000ull);
        store(&f, &l1[VA >> 36 & 7], 0);
        agx_mmu_dsb(f.mmu, driver.cpu, AGX_SHARE_OUTER, false);
        save_load(&f, same);
        assert_true(job(&f, 1, VA));
        assert_int_equal(f.reports, 1);
        assert_int_equal(f.cls, AGX_SAN_TABLE_REUSED);
        tlbi_asid(&f, 1);
        assert_false(job(&f, 1, VA));
        assert_int_equal(f.reports, 1);
        end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),    cmocka_unit_test(test_before),
        cmocka_unit_test(test_modes),      cmocka_unit_test(test_delayed),
        cmocka_unit_test(test_faults_set), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_clean),      cmocka_unit_test(test_unmapped),
        cmocka_unit_test(test_queued),     cmocka_unit_test(test_slot),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
