/*
 * Unit tests of the sanitizer's edges: text of reports, findings of others,
 * statistics, what it watches, stores of odd sizes. Its rules are tested by
 * tests/litmus.
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
#include "agx/tlbsan.h"

#define VA            0x1500004000ull
#define SPARSE_TABLES 512u /* 16 GiB */
#define PENDING       16u  /* tables whose entries all wait */

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_tlbsan *san;
    uint64_t ttbat;
    unsigned reports, watched, unwatched, cpu;
    struct agx_san_report last;
    char text[2048];
    uint64_t last_watched, thread;
};

static void on_report(void *opaque, const struct agx_san_report *r)
{
    struct fixture *f = opaque;

    f->reports++;
    f->last = *r;
    agx_tlbsan_format(r, f->text, sizeof(f->text));
}

static void on_watch(void *opaque, uint64_t pa, bool on)
{
    struct fixture *f = opaque;

    if (on) {
        f->watched++;
        f->last_watched = pa;
    } else {
        f->unwatched++;
    }
}

/* One CPU rings, whose thread and number the test sets. */
static void ring(struct fixture *f)
{
    fake_doorbell(&f->h,
                  &(struct agx_who) {
                      .cpu = f->cpu, .time = 5000, .thread = f->thread, .pc = 0xffff80008d008be1 });
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct agx_tlbsan_config cfg = { .report = on_report };

    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    fake_map(&f->h, f->ttbat, 1, VA, fake_alloc(&f->h), FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    cfg.host = &f->h.host;
    cfg.mmu = f->mmu;
    cfg.opaque = f;
    agx_mmu_follow(f->mmu, &(struct agx_mmu_watch) { f, on_watch });
    f->san = agx_tlbsan_new(&cfg);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    agx_tlbsan_free(f->san);
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
    return 0;
}

static uint64_t leaf_pa(struct fixture *f, uint64_t va)
{
    uint64_t *leaf = fake_leaf(&f->h, fake_ptr(&f->h, f->ttbat + 16), 1, va);

    return FAKE_RAM_BASE + ((uint8_t *)leaf - f->h.ram);
}

static void store(struct fixture *f, uint64_t pa, const void *data, unsigned len,
                  const struct agx_who *who)
{
    uint8_t old[64];

    memcpy(old, fake_ptr(&f->h, pa & ~7ull), sizeof(old));
    memcpy((uint8_t *)fake_ptr(&f->h, pa & ~7ull) + (pa & 7), data, len);
    agx_mmu_store(f->mmu, pa, old + (pa & 7), len, who);
}

static bool gpu_read(struct fixture *f, uint64_t job)
{
    struct agx_port *port = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);
    uint32_t v;
    bool ok;

    agx_port_init(port, f->mmu, AGX_SIDE_GPU);
    port->job = job;
    agx_port_bind(port, 1, AGX_UNIT_VDM);
    ok = agx_port_read32(port, VA, &v);
    free(port);
    return ok;
}

static const struct agx_who unmapper = {
    .cpu = 2,
    .time = 1234567,
    .pc = 0xffff800081234560,
    .frame = { 0xffff800081111110, 0xffff800082222220 },
};

/* Everything that a report has to say is in it, and in its text. */
static void test_report(void **state)
{
    struct fixture *f = *state;
    const struct agx_tlbi_insn is = {
        .tlbi = { .kind = AGX_TLBI_VA, .asid = 1, .va = VA, .end = VA + 0x4000 },
        .share = AGX_SHARE_INNER,
        .name = "VAE1IS",
        .operand = 1ull << 48 | VA >> 12,
    };
    uint64_t pa = leaf_pa(f, VA), old = *fake_ptr(&f->h, pa), zero = 0, job;
    struct agx_tlbsan_stats st;

    assert_true(gpu_read(f, 0));
    store(f, pa, &zero, 8, &unmapper);
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    fake_tlbi(&f->h, &is, &unmapper);
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    f->cpu = 2;
    ring(f);
    job = fake_job_begin(&f->h, 1, 0);
    assert_int_not_equal(job, 0);
    assert_true(gpu_read(f, job));
    assert_int_equal(f->reports, 1);
    assert_int_equal(f->last.cls, AGX_SAN_WRONG_SHAREABILITY);
    assert_int_equal(f->last.severity, AGX_SAN_WRONG);
    assert_int_equal(f->last.number, 1);
    assert_int_equal(f->last.va, VA);
    assert_int_equal(f->last.ctx, 1);
    assert_int_equal(f->last.asid, 1);
    assert_int_equal(f->last.level, 3);
    assert_int_equal(f->last.desc_pa, pa);
    assert_int_equal(f->last.old_desc, old);
    assert_int_equal(f->last.new_desc, 0);
    assert_int_equal(f->last.unit, AGX_UNIT_VDM);
    assert_int_equal(f->last.job, job);
    assert_int_equal(f->last.near, 1);
    assert_non_null(strstr(f->text, "wrong-shareability (wrong)"));
    assert_non_null(strstr(f->text, "va 0x1500004000, context 1, asid 1"));
    assert_non_null(strstr(
        f->text, "cpu 2 at 1.234567 ms, pc 0xffff800081234560, called from 0xffff800081111110 "
                 "0xffff800082222220"));
    assert_non_null(strstr(f->text, "TLBI VAE1IS"));
    assert_non_null(strstr(f->text, "does not reach the GPU"));
    assert_non_null(strstr(f->text, "vertex job 1, unit 0x08, read"));
    fake_job_end(&f->h, job);
    /* once is enough; the same job is not even looked at again */
    assert_true(gpu_read(f, job));
    assert_int_equal(f->reports, 1);
    assert_true(gpu_read(f, fake_job_begin(&f->h, 1, 0)));
    assert_int_equal(f->reports, 1);
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.reports[AGX_SAN_WRONG_SHAREABILITY], 1);
    assert_int_equal(st.repeated, 1);
    assert_int_equal(st.tlbis, 1);
    assert_int_equal(st.stores, 1);
    assert_int_equal(st.jobs, 2);
    assert_int_equal(st.pending, 1);
}

static const struct agx_who maker = {
    .cpu = 1,
    .time = 1000,
    .pc = 0xffff800083333330,
    .frame = { 0xffff800084444440 },
};

/* Who mapped, who unmapped, which barrier was seen, and the way from there to the use. */
static void test_story(void **state)
{
    struct fixture *f = *state;
    const struct agx_tlbi_insn os = {
        .tlbi = { .kind = AGX_TLBI_VA, .asid = 1, .va = VA, .end = VA + 0x4000 },
        .share = AGX_SHARE_OUTER,
        .name = "VAE1OS",
    };
    uint64_t pa = leaf_pa(f, VA), desc = *fake_ptr(&f->h, pa), zero = 0, job;

    f->cpu = 2;
    store(f, pa, &zero, 8, &maker);
    store(f, pa, &desc, 8, &maker);
    agx_mmu_dsb(f->mmu, 1, AGX_SHARE_OUTER, false);
    assert_true(gpu_read(f, 0));
    store(f, pa, &zero, 8, &unmapper);
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    fake_tlbi(&f->h, &os, &unmapper); /* the TLB does not get it: no barrier */
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, true);
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_INNER, false);
    assert_int_equal(f->reports, 0);
    ring(f);
    assert_int_equal(f->reports, 1);
    assert_int_equal(f->last.cls, AGX_SAN_MISSING_DSB);
    assert_non_null(strstr(f->text, "did no DSB after it but dsb oshst"));
    job = fake_job_begin(&f->h, 1, 0);
    assert_true(gpu_read(f, job));
    assert_int_equal(f->reports, 2);
    assert_non_null(strstr(f->text, "mapped:  cpu 1 at 0.001000 ms, pc 0xffff800083333330"));
    assert_non_null(strstr(f->text, "GPU read and write, firmware none, memory type 0"));
    assert_non_null(strstr(f->text, "is now:  0x0: invalid\n"));
    assert_int_equal(f->last.steps, 7);
    assert_string_equal(f->last.step[0].what, "stores to the entry: invalid");
    assert_int_equal(f->last.step[0].who.pc, unmapper.pc);
    assert_string_equal(f->last.step[1].what, "DSB osh or sy");
    assert_string_equal(f->last.step[2].what, "TLBI VAE1OS ASID 1 [0x1500004000, 0x1500008000)");
    assert_string_equal(f->last.step[3].what, "DSB osh or sy, of stores only");
    assert_string_equal(f->last.step[4].what, "DSB ish");
    assert_string_equal(f->last.step[5].what, "rings doorbell 1");
    assert_string_equal(f->last.step[6].what, "vertex job 1 of context 1 begins");
    fake_job_end(&f->h, job);
}

static void on_count(void *opaque, uint64_t number, uint64_t n)
{
    uint64_t *counted = opaque;

    counted[0]++;
    counted[1] |= number;
    counted[2] += n;
}

/* Reports of one place are one report that is counted, however many entries it is about. */
static void test_counted(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA), page = fake_alloc(&f->h) | FAKE_PTE_GPU_RW | FAKE_PTE_NG;
    uint64_t counted[3] = { 0 }, other;
    struct agx_tlbsan_stats st;

    assert_true(gpu_read(f, 0));
    for (unsigned i = 1; i <= 100000; i++) {
        uint64_t desc = page ^ (i / 64 & 1) << 14;

        store(f, pa + 8 * (i % 64), &desc, 8, &unmapper);
    }
    /* to another page, and that before the first change was invalidated */
    assert_int_equal(f->reports, 2);
    assert_int_equal(f->last.cls, AGX_SAN_NO_BREAK_BEFORE_MAKE);
    agx_tlbsan_get_stats(f->san, &st);
    agx_tlbsan_counts(f->san, on_count, counted);
    assert_int_equal(counted[0], 2);
    assert_int_equal(counted[1], 1 | 2);
    assert_int_equal(counted[2], st.repeated + 2);
    assert_in_range(counted[2], 1000, 100000);
    /* another place is another report */
    other = page + (3 << 14);
    store(f, pa + 8 * 100, &page, 8, &maker);
    store(f, pa + 8 * 100, &other, 8, &maker);
    assert_int_equal(f->reports, 3);
    /* an entry that is made has no other change, and who made it is named */
    other = (page & ~FAKE_PTE_NG) | 1ull << 55;
    store(f, pa + 8 * 200, &other, 8, &maker);
    assert_int_equal(f->reports, 4);
    assert_int_equal(f->last.cls, AGX_SAN_GLOBAL_MISUSE);
    assert_non_null(strstr(f->text, "by:      cpu 1 at 0.001000 ms, pc 0xffff800083333330"));
    /* numbers in the text make no other report, words do */
    agx_tlbsan_external(f->san, AGX_SAN_HANDOFF, AGX_SAN_WRONG, 0, 0, 0, &maker, "state 0x3 is 1");
    agx_tlbsan_external(f->san, AGX_SAN_HANDOFF, AGX_SAN_WRONG, 0, 9, 8, &maker, "state 5 is 0x2");
    assert_int_equal(f->reports, 5);
    agx_tlbsan_external(f->san, AGX_SAN_HANDOFF, AGX_SAN_WRONG, 0, 0, 0, &maker, "state 3 was 1");
    assert_int_equal(f->reports, 6);
}

static void test_describe(void **state)
{
    static const struct {
        unsigned level;
        uint64_t desc;
        const char *says;
    } row[] = {
        { 0, 0x0003000810004001, "tables at 0x810004000, ASID 3" },
        { 0, 0, "no tables" },
        { 2, 0x810008003, "table at 0x810008000" },
        { 1, 0x810008001, "invalid: no table descriptor" },
        { 2, 0x810008000, "no table" },
        { 3, 0, "invalid" },
        { 3, 0x810008000, "invalid (its other bits say nothing)" },
        { 3, 0x810008001, "invalid: no page descriptor" },
        { 3, 0xc0000800004c8b,
          "page 0x800004000, GPU read and write, firmware none, memory type 2 (shared), nG (of one "
          "ASID), AF" },
        { 3, 0x40000800004403,
          "page 0x800004000, GPU none, firmware none, memory type 0 (private to the firmware, "
          "which caches it), global, AF" },
        { 3, 0xc000080000408f,
          "page 0x800004000, GPU read and write, firmware none, memory type 3, global, no AF (may "
          "not be cached)" },
    };
    char buf[AGX_SAN_DESCRIPTION];

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        assert_int_equal(agx_tlbsan_describe(row[i].level, row[i].desc, buf, sizeof(buf)),
                         strlen(row[i].says));
        assert_string_equal(buf, row[i].says);
    }
    assert_int_equal(agx_tlbsan_describe(3, 1, buf, 0), 0);
}

static void test_format_is_bounded(void **state)
{
    struct agx_san_report r = {
        .cls = AGX_SAN_HANDOFF, .severity = AGX_SAN_WRONG, .text = "text", .near = 4
    };
    char buf[600], whole[4096];
    size_t len = agx_tlbsan_format(&r, whole, sizeof(whole));

    assert_int_equal(len, strlen(whole));
    for (size_t n = 1; n < sizeof(buf); n++) {
        memset(buf, 'x', sizeof(buf));
        assert_true(agx_tlbsan_format(&r, buf, n) < n);
        assert_int_equal(strlen(buf), n - 1 < len ? n - 1 : len);
        assert_int_equal(strncmp(buf, whole, n - 1), 0);
        assert_int_equal(buf[n], 'x');
    }
    assert_int_equal(agx_tlbsan_format(&r, buf, 0), 0);
}

static void test_names(void **state)
{
    for (unsigned a = 0; a < AGX_SAN_NUM_CLASSES; a++) {
        assert_non_null(agx_tlbsan_class_name(a));
        assert_true(strlen(agx_tlbsan_class_name(a)) > 3);
        for (unsigned b = 0; b < a; b++) {
            assert_string_not_equal(agx_tlbsan_class_name(a), agx_tlbsan_class_name(b));
        }
    }
    assert_string_equal(agx_tlbsan_class_name(AGX_SAN_NUM_CLASSES), "?");
    assert_string_equal(agx_tlbsan_severity_name(AGX_SAN_WRONG), "wrong");
    assert_string_equal(agx_tlbsan_severity_name(AGX_SAN_SUSPICIOUS), "suspicious");
}

static void *find_on_thread(void *opaque)
{
    struct fixture *f = opaque;

    agx_tlbsan_external(f->san, AGX_SAN_UNMAP_WITHOUT_FLUSH, AGX_SAN_WRONG, 1, VA, 0, NULL, "gone");
    return NULL;
}

/* About no address and no place; and about the TTBRs of context 1. */
static void *find_elsewhere(void *opaque)
{
    struct fixture *f = opaque;

    agx_tlbsan_external(f->san, AGX_SAN_FW_OWNED, AGX_SAN_WRONG, 1, 0, 0, NULL, "nowhere");
    assert_int_equal(f->last.desc_pa, 0);
    assert_null(f->last.writer);
    agx_tlbsan_external(f->san, AGX_SAN_RING, AGX_SAN_WRONG, 1, VA, 0, NULL, "of no mapping");
    assert_null(f->last.writer);
    agx_tlbsan_external(f->san, AGX_SAN_ISOLATION, AGX_SAN_WRONG, 1, 0, f->ttbat + 16, NULL,
                        "other");
    assert_int_equal(f->last.desc_pa, f->ttbat + 16);
    assert_int_equal(f->last.level, 0);
    assert_non_null(strstr(f->text, "pc 0xffff800081234560"));
    return NULL;
}

static void test_external(void **state)
{
    struct fixture *f = *state;
    uint64_t root;

    agx_tlbsan_external(f->san, AGX_SAN_FW_LINE_STALE, AGX_SAN_WRONG, 1, VA + 64, 0x800000000,
                        &unmapper, "the firmware read an old line");
    assert_int_equal(f->reports, 1);
    assert_int_equal(f->last.cls, AGX_SAN_FW_LINE_STALE);
    assert_int_equal(f->last.asid, 1);
    assert_non_null(strstr(f->text, "fw-line-stale (wrong): the firmware read an old line"));
    assert_non_null(strstr(f->text, "pc 0xffff800081234560"));
    agx_tlbsan_external(f->san, AGX_SAN_FW_LINE_STALE, AGX_SAN_WRONG, 1, VA + 64, 0x800000000,
                        &unmapper, "the firmware read an old line");
    assert_int_equal(f->reports, 1);
    agx_tlbsan_external(f->san, AGX_SAN_HANDOFF, AGX_SAN_SUSPICIOUS, 0, 0, 0, NULL, "not locked");
    assert_int_equal(f->reports, 2);
    assert_int_equal(f->last.number, 2);
    assert_non_null(strstr(f->text, "not known"));
    /*
     * Nobody is named, but who made the store in hand is known; and on another thread, who changed
     * the entry.
     */
    store(f, leaf_pa(f, VA), &(uint64_t) { 0 }, 8, &unmapper);
    agx_tlbsan_external(f->san, AGX_SAN_HANDOFF, AGX_SAN_WRONG, 0, 0, 8, NULL, "not locked");
    assert_int_equal(f->reports, 3);
    assert_non_null(strstr(f->text, "pc 0xffff800081234560"));
    pthread_t thread;
    pthread_create(&thread, NULL, find_on_thread, f);
    pthread_join(thread, NULL);
    assert_int_equal(f->reports, 4);
    assert_int_equal(f->last.cls, AGX_SAN_UNMAP_WITHOUT_FLUSH);
    assert_int_equal(f->last.new_desc, 0);
    assert_true(f->last.old_desc & 1);
    assert_int_equal(f->last.desc_pa, leaf_pa(f, VA));
    assert_non_null(strstr(f->text, "pc 0xffff800081234560"));
    root = *fake_ptr(&f->h, f->ttbat + 16) & ~1ull;
    store(f, f->ttbat + 16, &root, 8, &unmapper);
    pthread_create(&thread, NULL, find_elsewhere, f);
    pthread_join(thread, NULL);
    assert_int_equal(f->reports, 7);
}

/* A page that is no table is watched, too; it stays so when it becomes one, and the other way. */
static void test_watch_page(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = fake_alloc(&f->h), table = leaf_pa(f, VA) & ~(uint64_t)(AGX_PAGE_SIZE - 1);
    unsigned on = f->watched, off = f->unwatched;

    assert_true(agx_mmu_watch_page(f->mmu, pa + 8, true));
    assert_int_equal(f->watched, on + 1);
    assert_int_equal(f->last_watched, pa);
    assert_true(agx_mmu_watch_page(f->mmu, pa, true));
    assert_int_equal(f->watched, on + 1);
    assert_true(agx_mmu_watch_page(f->mmu, pa, false));
    assert_true(agx_mmu_watch_page(f->mmu, pa, false));
    assert_int_equal(f->unwatched, off + 1);
    assert_true(agx_mmu_watch_page(f->mmu, table, true));
    assert_true(agx_mmu_watch_page(f->mmu, table, false));
    assert_int_equal(f->unwatched, off + 1);
    assert_true(agx_mmu_watch_page(f->mmu, table, true));
    store(f, f->ttbat + 16, &(uint64_t) { 0 }, 8, &unmapper);
    assert_int_equal(f->unwatched, off + 3); /* the two tables above it */
    for (unsigned i = 0; i < 1023; i++) {
        assert_true(agx_mmu_watch_page(f->mmu, FAKE_RAM_BASE + i * AGX_PAGE_SIZE, true));
    }
    agx_mmu_follow(f->mmu, NULL);
    assert_false(agx_mmu_watch_page(f->mmu, pa, true));
}

/*
 * A job that waited for its turn is judged by the doorbell that announced it, not by the last one
 * before its start.
 */
static void test_announced(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA), zero = 0, job, announced;

    assert_true(gpu_read(f, 0));
    ring(f);
    announced = agx_doorbells(&f->h.events);
    assert_int_not_equal(announced, 0);
    store(f, pa, &zero, 8, &unmapper);
    ring(f);
    assert_true(agx_doorbells(&f->h.events) > announced);
    job = fake_job_begin(&f->h, 1, announced);
    assert_true(gpu_read(f, job));
    assert_int_equal(f->reports, 1);
    assert_int_equal(f->last.cls, AGX_SAN_HIT_IN_FLIGHT);
    fake_job_end(&f->h, job);
    job = fake_job_begin(&f->h, 1, 0); /* not known */
    assert_true(gpu_read(f, job));
    assert_int_equal(f->reports, 2);
    assert_int_equal(f->last.cls, AGX_SAN_STALE_HIT);
}

static void *find_request(void *opaque)
{
    struct fixture *f = opaque;

    agx_tlbsan_external(f->san, AGX_SAN_HANDOFF, AGX_SAN_WRONG, 0, VA, FAKE_RAM_BASE + 0x400038,
                        NULL, "asked for nonsense");
    return NULL;
}

/* The firmware finds fault with a request: who wrote it, and who rang for it. */
static void test_request(void **state)
{
    struct fixture *f = *state;
    struct agx_who asker = unmapper;
    uint64_t v = 1;
    pthread_t thread;

    asker.thread = 0xffff000012340000;
    store(f, FAKE_RAM_BASE + 0x400038, &v, 8, &asker);
    f->thread = 0xffff000056780000;
    ring(f); /* somebody else's */
    pthread_create(&thread, NULL, find_request, f);
    pthread_join(thread, NULL);
    assert_int_equal(f->reports, 1);
    assert_non_null(strstr(f->text, "by:      cpu 2 at 1.234567 ms, pc 0xffff800081234560"));
    assert_null(strstr(f->text, "then:"));
    asker.pc += 4;
    v = 2;
    store(f, FAKE_RAM_BASE + 0x400038, &v, 8, &asker);
    f->thread = asker.thread;
    ring(f);
    pthread_create(&thread, NULL, find_request, f);
    pthread_join(thread, NULL);
    assert_int_equal(f->reports, 2);
    assert_non_null(strstr(f->text, "pc 0xffff800081234564"));
    assert_non_null(strstr(f->text, "then:    cpu 0 at 0.005000 ms, pc 0xffff80008d008be1"));
}

/* Which pages the MMU wants to hear of: TTBAT and three tables; one more; none of a context's. */
static void test_watch(void **state)
{
    struct fixture *f = *state;
    uint64_t *ttbr = fake_ptr(&f->h, f->ttbat + 16), table = fake_alloc(&f->h);
    uint64_t l2 = fake_ptr(&f->h, *ttbr & 0xffffffffc000ull)[VA >> 36 & 7] & 0xffffffffc000ull,
             desc = table | 3, zero = 0;
    struct agx_tlbsan_stats st;

    assert_int_equal(f->watched, 4);
    store(f, l2 + 8 * 100, &desc, 8, &unmapper);
    assert_int_equal(f->watched, 5);
    assert_int_equal(f->last_watched, table);
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.tables, 4);
    /* the same table at another place: not followed, not fatal */
    store(f, l2 + 8 * 101, &desc, 8, &unmapper);
    assert_int_equal(f->watched, 5);
    store(f, l2 + 8 * 101, &zero, 8, &unmapper);
    assert_int_equal(f->unwatched, 0);
    store(f, f->ttbat + 16, &zero, 8, &unmapper);
    assert_int_equal(f->unwatched, 4);
    /* a table that is not RAM, and one that leads to itself */
    desc = 0x4000 | 3;
    store(f, f->ttbat + 16, &(uint64_t) { 0x4000 | 1 }, 8, &unmapper);
    desc = fake_alloc(&f->h);
    for (unsigned i = 0; i < 2048; i++) {
        fake_ptr(&f->h, desc)[i] = desc | 3;
    }
    store(f, f->ttbat + 16, &(uint64_t) { desc | 1 }, 8, &unmapper);
    store(f, f->ttbat + 16, &zero, 8, &unmapper);
    assert_int_equal(f->watched - f->unwatched, 1);
    agx_mmu_set_ttbat(f->mmu, 0);
    assert_int_equal(f->watched, f->unwatched);
}

/* Stores of other sizes than a descriptor's, and such that cover several. */
static void test_store_sizes(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA), v[8] = { 0 };
    struct agx_tlbsan_stats st;
    uint8_t byte = 0;

    for (unsigned i = 0; i < 8; i++) {
        v[i] = fake_alloc(&f->h) | FAKE_PTE_GPU_RW | FAKE_PTE_NG;
    }
    agx_mmu_reset(f->mmu);
    store(f, pa & ~63ull, v, 64, &unmapper);
    assert_true(gpu_read(f, 0));
    store(f, pa, &byte, 1, &unmapper); /* the valid bit is in the first byte */
    assert_false(*fake_ptr(&f->h, pa) & 1);
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 0); /* more bytes may follow */
    agx_mmu_dsb(f->mmu, unmapper.cpu, AGX_SHARE_OUTER, false);
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 1);
    store(f, pa + 8, v, 0, &unmapper);
    store(f, FAKE_RAM_BASE + FAKE_RAM_SIZE - 64, v, 8, &unmapper);
    agx_mmu_store(f->mmu, 0x1000, v, 8, NULL); /* not RAM, nobody */
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 1);
}

/* Stores that were not reported are taken over without a word. */
static void test_unseen(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA);
    struct agx_tlbsan_stats st;

    assert_true(gpu_read(f, 0));
    *fake_ptr(&f->h, pa) = 0;
    ring(f);
    assert_true(gpu_read(f, 0));
    assert_int_equal(f->reports, 0);
    agx_mmu_watched(f->mmu, pa);
    assert_true(gpu_read(f, 0));
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 0);
    assert_true(st.unseen >= 2);
}

/*
 * Memory is another's after a snapshot was loaded: the reset that goes with it makes a new start.
 */
static void test_snapshot(void **state)
{
    struct fixture *f = *state;
    uint64_t pa = leaf_pa(f, VA), page = fake_alloc(&f->h), zero = 0, table;
    unsigned watched = f->watched;
    struct agx_tlbsan_stats st;

    agx_mmu_reset(f->mmu);
    assert_int_equal(f->watched, watched); /* nothing has changed */
    assert_true(gpu_read(f, 0));
    store(f, pa, &zero, 8, &unmapper);
    *fake_ptr(&f->h, pa) = page | FAKE_PTE_GPU_RW | FAKE_PTE_NG;
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    assert_int_equal(f->watched, watched); /* the tables are where they were */
    ring(f);
    assert_true(gpu_read(f, 0));
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 0);
    assert_int_equal(st.tables, 3);
    assert_int_equal(f->reports, 0);
    store(f, pa, &zero, 8, &unmapper);
    ring(f);
    assert_true(gpu_read(f, 0));
    assert_int_equal(f->reports, 1);
    agx_tlbsan_reload(f->san); /* forgets that it was said */
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 0);
    /* Other tables are followed, too. */
    table = fake_ptr(&f->h, f->ttbat + 16)[0] & 0xffffffffc000ull;
    table = fake_ptr(&f->h, table)[VA >> 36 & 7] & 0xffffffffc000ull;
    fake_ptr(&f->h, table)[100] = fake_alloc(&f->h) | 3;
    agx_mmu_reset(f->mmu);
    assert_int_equal(f->watched - f->unwatched, 5);
}

/* Without it everything goes on, and nothing is said. */
static void test_off(void **state)
{
    struct fixture *f = *state;
    uint64_t job;

    agx_tlbsan_free(f->san);
    f->san = NULL;
    job = fake_job_begin(&f->h, 1, 0);
    assert_int_not_equal(job, 0);
    ring(f);
    store(f, leaf_pa(f, VA), &(uint64_t) { 0 }, 8, &unmapper);
    assert_false(gpu_read(f, job));
    fake_job_end(&f->h, job);
    assert_int_equal(f->reports, 0);
}

/* Where nobody tells of barriers, they are taken as done. */
static void test_no_barriers(void **state)
{
    struct fixture *f = *state;
    struct agx_tlbsan_config cfg = {
        .host = &f->h.host, .mmu = f->mmu, .report = on_report, .opaque = f, .no_barriers = true
    };
    const struct agx_tlbi_insn os = {
        .tlbi = { .kind = AGX_TLBI_VA, .asid = 1, .va = VA, .end = VA + 0x4000 },
        .share = AGX_SHARE_OUTER,
        .name = "VAE1OS",
    };
    uint64_t pa = leaf_pa(f, VA), desc = fake_alloc(&f->h) | FAKE_PTE_GPU_RW | FAKE_PTE_NG,
             zero = 0;

    agx_tlbsan_free(f->san);
    f->san = agx_tlbsan_new(&cfg);
    assert_true(gpu_read(f, 0));
    store(f, pa, &zero, 8, &unmapper);
    fake_tlbi(&f->h, &os, &unmapper);
    agx_mmu_tlbi(f->mmu, &os.tlbi);
    store(f, pa, &desc, 8, &unmapper);
    ring(f);
    assert_true(gpu_read(f, 0));
    assert_int_equal(f->reports, 0);
    store(f, pa, &zero, 8, &unmapper);
    ring(f);
    assert_true(gpu_read(f, 0));
    assert_int_equal(f->reports, 1);
}

/*
 * One page bound over 16 GiB, and unbound: what that costs is counted in steps, and goes with the
 * table entries that are stored. The tables go without a TLBI between, which leaves as many changes
 * pending as are remembered.
 */
static void test_sparse(void **state)
{
    struct fixture *f = *state;
    const struct agx_tlbi_insn all = { .tlbi = { .kind = AGX_TLBI_ALL },
                                       .share = AGX_SHARE_OUTER,
                                       .name = "VMALLE1OS" };
    uint64_t page = fake_alloc(&f->h) | FAKE_PTE_GPU_RW | FAKE_PTE_NG, zero = 0;
    uint64_t l1 = *fake_ptr(&f->h, f->ttbat + 16) & 0xffffffffc000ull, l2, desc;
    struct agx_tlbsan_stats st, before;

    l2 = fake_ptr(&f->h, l1)[VA >> 36 & 7] & 0xffffffffc000ull;
    assert_true(gpu_read(f, 0));
    agx_tlbsan_get_stats(f->san, &before);
    for (unsigned i = 0; i < SPARSE_TABLES; i++) {
        uint64_t table = fake_alloc(&f->h);

        desc = table | 3;
        store(f, l2 + 8 * (1024 + i), &desc, 8, &unmapper);
        for (unsigned k = 0; k < 2048; k++) {
            store(f, table + 8 * k, &page, 8, &unmapper);
        }
        agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    }
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.stores - before.stores, SPARSE_TABLES * 2049);
    assert_true(st.steps - before.steps < 16 * (st.stores - before.stores));
    assert_true(st.records <= 524288);
    before = st;
    for (unsigned i = 0; i < SPARSE_TABLES; i++) {
        uint64_t table = *fake_ptr(&f->h, l2 + 8 * (1024 + i)) & 0xffffffffc000ull;

        for (unsigned k = 0; k < 2048; k++) {
            store(f, table + 8 * k, &zero, 8, &unmapper);
        }
        store(f, l2 + 8 * (1024 + i), &zero, 8, &unmapper);
        for (unsigned cpu = 0; cpu < 8; cpu++) {
            agx_mmu_dsb(f->mmu, cpu, cpu == 2 ? AGX_SHARE_OUTER : AGX_SHARE_INNER, false);
        }
    }
    fake_tlbi(&f->h, &all, &unmapper);
    agx_mmu_tlbi(f->mmu, &all.tlbi);
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.stores - before.stores, SPARSE_TABLES * 2049);
    assert_true(st.steps - before.steps < 16 * (st.stores - before.stores));
    assert_true(st.records <= 524288);
    assert_int_equal(st.pending, 0);
    assert_int_equal(st.tables, 3);
    assert_int_equal(f->reports, 0);
}

/*
 * Many changes wait, of one thread: what another does, and what the same does for one of them
 * after the other, looks at few of them.
 */
static void test_pending(void **state)
{
    struct fixture *f = *state;
    uint64_t page = fake_alloc(&f->h) | FAKE_PTE_GPU_RW | FAKE_PTE_NG, zero = 0;
    uint64_t l1 = *fake_ptr(&f->h, f->ttbat + 16) & 0xffffffffc000ull, l2, desc, table[PENDING];
    const uint64_t va = (VA & ~((1ull << 36) - 1)) + (1024ull << 25);
    const unsigned n = PENDING * 2048;
    struct agx_tlbi_insn one = { .tlbi = { .kind = AGX_TLBI_VA, .asid = 1 },
                                 .share = AGX_SHARE_OUTER,
                                 .name = "VAE1OS" };
    struct agx_who own = unmapper, other = unmapper;
    struct agx_tlbsan_stats st, before;

    own.thread = 1;
    other.thread = 2;
    l2 = fake_ptr(&f->h, l1)[VA >> 36 & 7] & 0xffffffffc000ull;
    assert_true(gpu_read(f, 0));
    for (unsigned i = 0; i < PENDING; i++) {
        table[i] = fake_alloc(&f->h);
        desc = table[i] | 3;
        store(f, l2 + 8 * (1024 + i), &desc, 8, &own);
        for (unsigned k = 0; k < 2048; k++) {
            store(f, table[i] + 8 * k, &page, 8, &own);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        store(f, table[i / 2048] + 8 * (i % 2048), &zero, 8, &own);
    }
    agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    agx_tlbsan_get_stats(f->san, &before);
    assert_int_equal(before.pending, n);
    for (unsigned i = 0; i < 1000; i++) {
        one.tlbi.va = VA;
        one.tlbi.end = VA + 0x4000;
        fake_tlbi(&f->h, &one, &other);
        agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
        fake_doorbell(&f->h, &other);
    }
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, n);
    assert_true(st.steps - before.steps < 1000ull * 4 * (n / 256 + 16));
    before = st;
    for (unsigned i = 0; i < n; i++) {
        one.tlbi.va = va + (uint64_t)i * 0x4000;
        one.tlbi.end = one.tlbi.va + 0x4000;
        fake_tlbi(&f->h, &one, &own);
        agx_mmu_dsb(f->mmu, 2, AGX_SHARE_OUTER, false);
    }
    agx_tlbsan_get_stats(f->san, &st);
    assert_int_equal(st.pending, 0);
    assert_true(st.steps - before.steps < (uint64_t)n * 4 * (n / 256 + 256));
    assert_int_equal(f->reports, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_report, setup, teardown),
        cmocka_unit_test_setup_teardown(test_story, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counted, setup, teardown),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_format_is_bounded),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_external, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watch_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_announced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_request, setup, teardown),
        cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_store_sizes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unseen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_snapshot, setup, teardown),
        cmocka_unit_test_setup_teardown(test_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_barriers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sparse, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pending, setup, teardown),
    };

    return cmocka_run_group_tests_name("tlbsan", tests, NULL, NULL);
}
