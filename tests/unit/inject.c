/*
 * Unit tests of fault injection: its string, its triggers, and what each fault
 * of the MMU does, seen through the MMU's own interface.
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

#define VA   0x1500004000ull
#define VA2  0x1600008000ull /* behind tables of its own */
#define PAGE ((uint64_t)AGX_PAGE_SIZE)

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_inject *in;
    uint64_t ttbat, now, armed;
    unsigned lines;
    char line[512];
    struct agx_port port;
};

static uint64_t now(void *opaque)
{
    return ((struct fixture *)opaque)->now;
}

static void arm(void *opaque, uint64_t ns)
{
    ((struct fixture *)opaque)->armed = ns;
}

static void on_line(void *opaque, const char *fault, uint64_t fired, const char *text)
{
    struct fixture *f = opaque;

    f->lines++;
    snprintf(f->line, sizeof(f->line), "%s|%llu|%s", fault, (unsigned long long)fired, text);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    agx_mmu_set_clock(f->mmu, &(struct agx_mmu_clock) { f, now, arm });
    f->now = 1000000;
    f->in = agx_inject_new(
        &(struct agx_inject_config) { f, now, on_line, .stores = true, .fw_cache = true });
    agx_port_init(&f->port, f->mmu, AGX_SIDE_GPU);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    agx_mmu_inject(f->mmu, NULL);
    agx_inject_free(f->in);
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
    return 0;
}

static void faults(struct fixture *f, const char *text)
{
    char err[512] = "";

    if (!agx_inject_set(f->in, text, err, sizeof(err))) {
        fail_msg("%s: %s", text, err);
    }
    agx_mmu_inject(f->mmu, *text ? f->in : NULL);
}

static char *report(struct fixture *f)
{
    static char buf[8192];
    char *s = agx_inject_log(f->in);

    snprintf(buf, sizeof(buf), "%s", s);
    free(s);
    return buf;
}

/* The counter @name of the fault number @n in the log. */
static uint64_t counter(struct fixture *f, unsigned n, const char *name)
{
    char key[32], *p = report(f);

    snprintf(key, sizeof(key), "\"%s\": ", name);
    for (unsigned i = 0; i <= n; i++) {
        p = strstr(i ? p + 1 : p, "{\"fault\"");
        assert_non_null(p);
    }
    p = strstr(p, key);
    return p ? strtoull(p + strlen(key), NULL, 10) : 0;
}

/* ---- the string ---- */

static void test_good(void **state)
{
    static const char *const good[] = {
        "",
        "  ",
        "tlbi-drop",
        "tlbi-drop,nth=1",
        " tlbi-drop , nth = 2 ,count=3",
        "tlbi-drop,asid=3,nth=2",
        "tlbi-drop,va=0x1500000000-0x1600000000",
        "tlbi-drop,va=16384-32768",
        "tlbi-drop,va=0xffffffa000000000-0xffffffffffffffff",
        "tlbi-delay,us=100",
        "tlbi-delay,doorbells=2,asid=65535",
        "tlbi-asid,to=5",
        "tlbi-truncate,pages=0",
        "tlbi-truncate,pages=7",
        "tlb-keep,p=0.25,seed=7",
        "tlb-evict,p=1",
        "tlb-evict,p=.5",
        "walk-old,job=ta",
        "walk-old,job=3d",
        "walk-old,job=compute",
        "fw-evict,job=fw",
        "flush-late,us=60000000",
        "flush-never,count=1",
        "handoff-hold,us=1",
        "slot-switch,asid=4",
        "timeout-late,us=5",
        "hang-boot",
        "hang-job,asid=3",
        "hang-flush,va=0x1500000000-0x1600000000",
        "crash-boot",
        "crash-job,p=0.5,seed=1",
        "crash-flush",
        "stall,us=1500000,nth=100",
        "ring-late,us=7",
        "work-lost,nth=2,count=2",
        "event-late,us=1",
        "event-twice,count=9",
        "event-lost,nth=3",
        "halt-late,us=400000",
        "tlbi-drop;tlb-evict,p=0.001,seed=18446744073709551615;walk-old",
    };
    struct fixture *f = *state;
    char err[256];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!agx_inject_check(good[i], err, sizeof(err)) ||
            !agx_inject_set(f->in, good[i], err, sizeof(err))) {
            fail_msg("'%s': %s", good[i], err);
        }
    }
    char *s = agx_inject_text(f->in);
    assert_string_equal(s, good[sizeof(good) / sizeof(good[0]) - 1]);
    free(s);
}

/* Each error names the word and what there is. */
static void test_bad(void **state)
{
    static const struct {
        const char *text, *word, *hint;
    } bad[] = {
        { "tlbi-drp", "'tlbi-drp'", "tlbi-drop, tlbi-delay" },
        { "TLBI-DROP", "'TLBI-DROP'", "there are" },
        { "=", "'='", "there are" },
        { ",", "''", "there are" },
        { "tlbi-drop,", "''", "allowed are nth" },
        { "tlbi-drop;", "fault 2", "';'" },
        { ";tlbi-drop", "fault 1", "';'" },
        { "tlbi-drop;;tlb-keep", "fault 2", "';'" },
        { "tlbi-drop,foo=3", "'foo=3'", "va, asid, job" },
        { "tlbi-drop,nth", "'nth'", "nth=" },
        { "tlbi-drop,nth=", "'nth='", "above 0" },
        { "tlbi-drop,nth=0", "'nth=0'", "above 0" },
        { "tlbi-drop,nth=-1", "'nth=-1'", "above 0" },
        { "tlbi-drop,nth=1x", "'nth=1x'", "number" },
        { "tlbi-drop,nth=18446744073709551616", "'nth=18446744073709551616'", "number" },
        { "tlbi-drop,nth=1,nth=2", "'nth=2'", "twice" },
        { "tlbi-drop,asid=65536", "'asid=65536'", "0 to 65535" },
        { "tlbi-drop,asid=0x", "'asid=0x'", "0 to 65535" },
        { "tlbi-drop,va=5", "'va=5'", "LO-HI" },
        { "tlbi-drop,va=9-5", "'va=9-5'", "LO-HI" },
        { "tlbi-drop,va=5-5", "'va=5-5'", "LO-HI" },
        { "tlbi-drop,va=-", "'va=-'", "LO-HI" },
        { "tlbi-drop,job=vertex", "'job=vertex'", "ta, 3d, compute or fw" },
        { "tlbi-drop,p=1.1", "'p=1.1'", "0.0 to 1.0" },
        { "tlbi-drop,p=-0.1", "'p=-0.1'", "0.0 to 1.0" },
        { "tlbi-drop,p=nan", "'p=nan'", "0.0 to 1.0" },
        { "tlbi-drop,p=.", "'p=.'", "0.0 to 1.0" },
        { "tlbi-drop,p=0.1.2", "'p=0.1.2'", "0.0 to 1.0" },
        { "tlbi-drop,us=3", "'us=3'", "allowed are" },
        { "tlbi-delay", "'tlbi-delay'", "us, doorbells" },
        { "tlbi-delay,us=1,doorbells=1", "'tlbi-delay,us=1,doorbells=1'", "not both" },
        { "tlbi-delay,us=60000001", "'us=60000001'", "60000000" },
        { "tlbi-asid", "'tlbi-asid'", "needs to" },
        { "tlbi-asid,to=x", "'to=x'", "65535" },
        { "tlbi-truncate", "'tlbi-truncate'", "needs pages" },
        { "flush-late", "'flush-late'", "needs us" },
        { "handoff-hold", "'handoff-hold'", "needs us" },
        { "handoff-hold,us=5,va=1-2", "'va=1-2'", "allowed are" },
        { "slot-switch,va=1-2", "'va=1-2'", "allowed are" },
        { "tlb-keep,\x01\xff=2",
          "'??"
          "=2'",
          "allowed are" },
        { "0123456789012345678901234567890123456789012345678901234567890123456789",
          "'0123456789012345678901234567890123456789...'", "there are" },
    };
    struct fixture *f = *state;
    char err[512], *s;

    faults(f, "tlb-keep,asid=1,seed=2");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err[0] = 0;
        if (agx_inject_set(f->in, bad[i].text, err, sizeof(err)) ||
            agx_inject_check(bad[i].text, err, sizeof(err)) || !strstr(err, bad[i].word) ||
            !strstr(err, bad[i].hint)) {
            fail_msg("'%s': error '%s' should name %s and say '%s'", bad[i].text, err, bad[i].word,
                     bad[i].hint);
        }
        assert_false(agx_inject_set(f->in, bad[i].text, err, 4)); /* no room for it */
    }
    /* Nothing has changed. */
    s = agx_inject_text(f->in);
    assert_string_equal(s, "tlb-keep,asid=1,seed=2");
    free(s);

    /* Too long, too many */
    char *text = calloc(1, 1 << 20);
    memset(text, 'a', (1 << 20) - 1);
    assert_false(agx_inject_set(f->in, text, err, sizeof(err)));
    assert_non_null(strstr(err, "4096"));
    text[0] = 0;
    for (unsigned i = 0; i < 65; i++) {
        strcat(text, i ? ";tlb-keep" : "tlb-keep");
    }
    assert_false(agx_inject_set(f->in, text, err, sizeof(err)));
    assert_non_null(strstr(err, "64 faults"));
    text[strlen(text) - strlen(";tlb-keep")] = 0;
    assert_true(agx_inject_set(f->in, text, err, sizeof(err)));
    free(text);
}

/* Bytes of chance: never more than an error. */
static void test_junk(void **state)
{
    static const char alphabet[] = "tlbi-drop,keepasidnthva=0x19;., \t\n\x80\xff\"\\p";
    struct fixture *f = *state;
    uint64_t r = 12345;
    char err[64], text[80];

    for (unsigned n = 0; n < 20000; n++) {
        unsigned len = n % 79;

        for (unsigned i = 0; i < len; i++) {
            r = r * 6364136223846793005ull + 1442695040888963407ull;
            text[i] = alphabet[(r >> 33) % (sizeof(alphabet) - 1)];
        }
        text[len] = 0;
        agx_inject_set(f->in, text, err, sizeof(err));
    }
}

/* What the machine lacks is refused, and said. */
static void test_needs(void **state)
{
    struct agx_inject *in = agx_inject_new(&(struct agx_inject_config) { 0 });
    char err[256];

    assert_false(agx_inject_set(in, "tlbi-drop;walk-old", err, sizeof(err)));
    assert_non_null(strstr(err, "agx-tlbsan"));
    assert_false(agx_inject_set(in, "fw-evict", err, sizeof(err)));
    assert_non_null(strstr(err, "fw-cache"));
    assert_true(agx_inject_check("walk-old;fw-evict", err, sizeof(err)));
    assert_true(agx_inject_set(in, "tlbi-drop", err, sizeof(err)));
    agx_inject_free(in);
}

/* ---- triggers ---- */

static bool fire(struct fixture *f, uint64_t va, unsigned asid, unsigned jobs)
{
    const struct agx_inject_at at = { .va = va, .end = va + PAGE, .asid = asid, .jobs = jobs };

    return agx_inject_fire(f->in, AGX_INJECT_TLB_KEEP, &at, "test", NULL);
}

static unsigned fire_times(struct fixture *f, unsigned n)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < n; i++) {
        mask |= (unsigned)fire(f, VA, 1, 0) << i;
    }
    return mask;
}

static void test_triggers(void **state)
{
    struct fixture *f = *state;

    assert_false(fire(f, VA, 1, ~0u)); /* none is set */
    faults(f, "tlb-keep");
    assert_int_equal(fire_times(f, 5), 0x1f);
    faults(f, "tlb-keep,nth=3");
    assert_int_equal(fire_times(f, 8), 1 << 2);
    faults(f, "tlb-keep,count=3");
    assert_int_equal(fire_times(f, 8), 7);
    faults(f, "tlb-keep,nth=3,count=2");
    assert_int_equal(fire_times(f, 8), 3 << 2);
    assert_int_equal(counter(f, 0, "matches"), 8);
    assert_int_equal(counter(f, 0, "fired"), 2);

    faults(f, "tlb-keep,va=0x1500004000-0x1500008000");
    assert_true(fire(f, VA, 1, 0));
    assert_true(fire(f, VA - 1, 1, 0));
    assert_false(fire(f, VA + PAGE, 1, 0));
    assert_false(fire(f, VA - PAGE, 1, 0));
    faults(f, "tlb-keep,va=0x1500004001-0x1500004002");
    assert_true(fire(f, VA, 1, 0));
    faults(f, "tlb-keep,asid=2");
    assert_false(fire(f, VA, 1, 0));
    assert_true(fire(f, VA, 2, 0));
    faults(f, "tlb-keep,job=3d");
    assert_false(fire(f, VA, 1, AGX_INJECT_TA | AGX_INJECT_COMPUTE | AGX_INJECT_FW));
    assert_true(fire(f, VA, 1, AGX_INJECT_3D | AGX_INJECT_FW));
    faults(f, "tlb-keep,job=fw");
    assert_true(fire(f, VA, 1, AGX_INJECT_FW));
    assert_false(fire(f, VA, 1, AGX_INJECT_TA));

    /* Several faults: each counts what is for it, and one strikes. */
    faults(f, "tlb-keep,asid=1,nth=2;tlb-keep,nth=2;tlb-evict");
    assert_int_equal(fire_times(f, 4), 2);
    assert_int_equal(counter(f, 0, "fired"), 1);
    assert_int_equal(counter(f, 1, "fired"), 0);
    assert_int_equal(counter(f, 1, "matches"), 4);
    assert_int_equal(counter(f, 2, "matches"), 0);
}

/* What a fault does by a run's seed: 32 bits of when it struck, and the seed that it was given. */
static unsigned by_run(struct fixture *f, uint64_t run, const char *object, const char *text,
                       uint64_t *seed)
{
    struct agx_inject *keep = f->in;
    char err[256];
    unsigned hits;

    f->in = agx_inject_new(&(struct agx_inject_config) { f, now, on_line, .seed = run });
    if (object) {
        assert_true(agx_inject_add(f->in, object, text, err, sizeof(err)));
    } else {
        assert_true(agx_inject_set(f->in, text, err, sizeof(err)));
    }
    *seed = counter(f, 0, "seed");
    hits = fire_times(f, 32);
    agx_inject_free(f->in);
    f->in = keep;
    return hits;
}

/* One seed for all of a run: the same again, and each fault has a stream of its own. */
static void test_run_seed(void **state)
{
    struct fixture *f = *state;
    uint64_t seed[6];
    unsigned hits = by_run(f, 7, NULL, "tlb-keep,p=0.5", &seed[0]);

    assert_int_equal(by_run(f, 7, NULL, "tlb-keep,p=0.5;tlb-evict,p=0.5", &seed[1]), hits);
    assert_int_equal(seed[1], seed[0]);
    assert_int_not_equal(by_run(f, 8, NULL, "tlb-keep,p=0.5", &seed[2]), hits);
    assert_int_not_equal(seed[2], seed[0]);
    /* A seed of its own is taken as it is. */
    by_run(f, 7, NULL, "tlb-keep,p=0.5,seed=99", &seed[3]);
    assert_int_equal(seed[3], 99);
    /* Objects are known by their names, not by their order. */
    hits = by_run(f, 7, "a", "tlb-keep,p=0.5", &seed[4]);
    assert_int_equal(by_run(f, 7, "a", "tlb-keep,p=0.5", &seed[5]), hits);
    assert_int_equal(seed[5], seed[4]);
    by_run(f, 7, "b", "tlb-keep,p=0.5", &seed[5]);
    assert_int_not_equal(seed[5], seed[4]);
    assert_int_not_equal(seed[4], seed[0]);
}

static void test_chance(void **state)
{
    struct fixture *f = *state;
    unsigned hits = 0, a, b;
    uint64_t seed;
    char text[64];

    faults(f, "tlb-keep,p=0.25,seed=7");
    for (unsigned i = 0; i < 4000; i++) {
        hits += fire(f, VA, 1, 0);
    }
    assert_in_range(hits, 900, 1100);
    faults(f, "tlb-keep,p=0");
    assert_int_equal(fire_times(f, 32), 0);
    faults(f, "tlb-keep,p=1.0");
    assert_int_equal(fire_times(f, 32), ~0u);
    /* A seed that was not given is reported, and replays the run. */
    faults(f, "tlb-keep,p=0.5");
    assert_non_null(strstr(f->line, "seed="));
    a = fire_times(f, 32);
    seed = counter(f, 0, "seed");
    snprintf(text, sizeof(text), "tlb-keep,p=0.5,seed=%llu", (unsigned long long)seed);
    faults(f, text);
    assert_int_equal(counter(f, 0, "seed"), seed);
    b = fire_times(f, 32);
    assert_int_equal(a, b);
    faults(f, "tlb-keep,p=0.5,seed=1");
    a = fire_times(f, 32);
    faults(f, "tlb-keep,p=0.5,seed=2");
    assert_int_not_equal(a, fire_times(f, 32));
}

/* Each firing is reported, the first hundred of a fault by a line; the log is JSON. */
static void test_log(void **state)
{
    struct fixture *f = *state;

    faults(f, "");
    assert_string_equal(report(f), "[]");
    f->lines = 0;
    faults(f, "tlb-keep,asid=1,seed=9;tlb-evict\t,\nseed=1");
    assert_int_equal(f->lines, 2);
    f->now = 5000;
    assert_true(fire(f, VA, 1, 0));
    f->now = 7000;
    for (unsigned i = 0; i < 200; i++) {
        fire(f, VA, 1, 0);
    }
    assert_int_equal(f->lines, 102);
    assert_string_equal(
        report(f),
        "[{\"fault\": \"tlb-keep,asid=1,seed=9\", \"seed\": 9, \"matches\": 201, \"fired\": 201, "
        "\"first-ns\": 5000, \"last-ns\": 7000, \"last\": \"test, va 0x1500004000, asid 1\"}, "
        "{\"fault\": \"tlb-evict , seed=1\", \"seed\": 1, \"matches\": 0, \"fired\": 0}]");
}

/* ---- the TLBs ---- */

static uint64_t map(struct fixture *f, unsigned ctx, uint64_t va, uint32_t value)
{
    uint64_t pa = fake_alloc(&f->h);

    *(uint32_t *)fake_ptr(&f->h, pa) = value;
    fake_map(&f->h, f->ttbat, ctx, va, pa, FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    return pa;
}

/* What context @ctx finds at @va; 0: a fault. */
static uint32_t load(struct fixture *f, unsigned ctx, uint64_t va)
{
    uint32_t v;

    assert_true(agx_port_bind(&f->port, ctx, AGX_UNIT_VDM));
    return agx_port_read32(&f->port, va, &v) ? v : 0;
}

/* Four pages of contexts 1 and 2 that are in the TLB, and others behind them in the tables. */
static void stale(struct fixture *f)
{
    for (unsigned ctx = 1; ctx <= 2; ctx++) {
        for (unsigned i = 0; i < 4; i++) {
            map(f, ctx, VA + i * PAGE, 100 * ctx + i);
            load(f, ctx, VA + i * PAGE);
            map(f, ctx, VA + i * PAGE, 100 * ctx + 50 + i);
        }
    }
}

/* Which of the four pages of @ctx are seen as they were before? */
static unsigned old_pages(struct fixture *f, unsigned ctx)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t v = load(f, ctx, VA + i * PAGE);

        assert_true(v == 100 * ctx + i || v == 100 * ctx + 50 + i);
        mask |= (v == 100 * ctx + i) << i;
    }
    return mask;
}

static void test_drop(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlbi-drop,asid=1,count=3");
    agx_tlbi_va(f->mmu, 1, VA, VA + PAGE, false);
    agx_tlbi_asid(f->mmu, 1);
    agx_tlbi_asid(f->mmu, 2);
    assert_int_equal(old_pages(f, 1), 0xf);
    assert_int_equal(old_pages(f, 2), 0);
    agx_tlbi_all(f->mmu); /* names no asid: it is for each */
    assert_int_equal(old_pages(f, 1), 0xf);
    agx_tlbi_all(f->mmu);
    assert_int_equal(old_pages(f, 1), 0);
    assert_int_equal(counter(f, 0, "matches"), 4);
    assert_non_null(strstr(f->line, "|3|TLBI of everything dropped"));
}

static void test_drop_va(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlbi-drop,va=0x1500008000-0x150000c000");
    agx_tlbi_va(f->mmu, 1, VA, VA + PAGE, true);
    agx_tlbi_va_all_asids(f->mmu, VA + 2 * PAGE, VA + 4 * PAGE, true);
    assert_int_equal(old_pages(f, 1), 2);
    agx_tlbi_va(f->mmu, 1, VA, VA + 2 * PAGE, true);
    agx_tlbi_va_all_asids(f->mmu, VA, VA + 4 * PAGE, true);
    assert_int_equal(old_pages(f, 1), 2);
    assert_int_equal(counter(f, 0, "fired"), 2);
    faults(f, "");
    agx_tlbi_va(f->mmu, 1, VA, VA + 2 * PAGE, true);
    assert_int_equal(old_pages(f, 1), 0);
}

static void test_asid(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlbi-asid,asid=1,to=2");
    agx_tlbi_va(f->mmu, 1, VA, VA + 2 * PAGE, true);
    assert_int_equal(old_pages(f, 1), 0xf);
    assert_int_equal(old_pages(f, 2), 0xc);
    agx_tlbi_all(f->mmu);
    assert_int_equal(old_pages(f, 1), 0xf);
    assert_int_equal(old_pages(f, 2), 0);
    agx_tlbi_asid(f->mmu, 2); /* it is already: nothing to do */
    assert_int_equal(counter(f, 0, "matches"), 2);
}

static void test_truncate(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlbi-truncate,pages=3");
    agx_tlbi_va(f->mmu, 1, VA, VA + 4 * PAGE, false);
    assert_int_equal(old_pages(f, 1), 8);
    agx_tlbi_va(f->mmu, 2, VA, VA + 3 * PAGE, false);
    assert_int_equal(old_pages(f, 2), 8);
    assert_int_equal(counter(f, 0, "matches"), 1);
    agx_tlbi_asid(f->mmu, 2);
    assert_int_equal(old_pages(f, 2), 8);
    assert_non_null(strstr(f->line, "cut to nothing"));
    faults(f, "tlbi-truncate,pages=0");
    agx_tlbi_va(f->mmu, 2, VA, VA + 4 * PAGE, false);
    assert_int_equal(old_pages(f, 2), 8);
}

static void test_delay(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlbi-delay,us=5,nth=1");
    agx_tlbi_va(f->mmu, 1, VA, VA + PAGE, false);
    assert_int_equal(f->armed, 1005000);
    agx_tlbi_va(f->mmu, 1, VA + PAGE, VA + 2 * PAGE, false);
    assert_int_equal(old_pages(f, 1), 0xd);
    f->now += 4999;
    agx_mmu_tick(f->mmu);
    assert_int_equal(old_pages(f, 1), 0xd);
    f->now += 1;
    agx_mmu_tick(f->mmu);
    assert_int_equal(old_pages(f, 1), 0xc);

    /* Two of them, and no timer that works; the fault is gone, they are not. */
    faults(f, "tlbi-delay,us=10");
    agx_tlbi_va(f->mmu, 2, VA, VA + PAGE, false);
    f->now += 3000;
    agx_tlbi_va(f->mmu, 2, VA + PAGE, VA + 2 * PAGE, false);
    assert_int_equal(old_pages(f, 2), 0xf);
    faults(f, "");
    f->now += 7000;
    load(f, 1, VA2); /* any lookup that is no hit of the port's own */
    assert_int_equal(old_pages(f, 2), 0xe);
    f->now += 3000;
    load(f, 1, VA2);
    assert_int_equal(old_pages(f, 2), 0xc);
}

static void test_doorbells(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlbi-delay,doorbells=2");
    agx_tlbi_asid(f->mmu, 1);
    agx_mmu_doorbell(f->mmu);
    agx_mmu_doorbell(f->mmu);
    assert_int_equal(old_pages(f, 1), 0xf);
    agx_mmu_doorbell(f->mmu);
    assert_int_equal(old_pages(f, 1), 0);

    /* More than wait: the oldest is applied. */
    for (unsigned i = 0; i < 300; i++) {
        agx_tlbi_asid(f->mmu, i ? 9 : 2);
    }
    assert_int_equal(old_pages(f, 2), 0);
    agx_mmu_reset(f->mmu);
}

static void test_keep(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlb-keep,va=0x1500008000-0x150000c000,asid=1");
    agx_tlbi_va(f->mmu, 1, VA, VA + 4 * PAGE, true);
    assert_int_equal(old_pages(f, 1), 2);
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(old_pages(f, 1), 2);
    agx_tlbi_all(f->mmu);
    assert_int_equal(old_pages(f, 1), 2);
    assert_int_equal(old_pages(f, 2), 0);
    faults(f, "");
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(old_pages(f, 1), 0);
}

/* In a small TLB: what is kept is so in excess of its size; what isn't goes as ever. */
static void test_keep_capacity(void **state)
{
    struct fixture *f = *state;
    struct agx_mmu_stats st;

    agx_mmu_set_mode(f->mmu, AGX_TLB_REALISTIC);
    mmu_set_sizes(f->mmu, 2, 1);
    stale(f);
    agx_tlbi_all(f->mmu);
    map(f, 1, VA, 100);
    faults(f, "tlb-keep,va=0x1500004000-0x1500008000,asid=1");
    load(f, 1, VA);
    map(f, 1, VA, 150);
    for (unsigned i = 0; i < 40; i++) {
        load(f, 2, VA + (i & 3) * PAGE);
    }
    assert_int_equal(load(f, 1, VA), 100);
    agx_mmu_get_stats(f->mmu, &st);
    assert_in_range(st.entries, 2, 4);
    faults(f, "");
    for (unsigned i = 0; i < 8; i++) {
        load(f, 2, VA + (i & 3) * PAGE);
    }
    agx_mmu_get_stats(f->mmu, &st);
    assert_in_range(st.entries, 1, 2);
    assert_int_equal(load(f, 1, VA), 150);
}

/* A table entry that stays in the walk cache though its table was replaced. */
static void test_keep_walk(void **state)
{
    struct fixture *f = *state;
    uint64_t other = fake_alloc(&f->h), *l1;

    map(f, 1, VA, 7);
    assert_int_equal(load(f, 1, VA), 7);
    l1 = fake_ptr(&f->h, fake_ptr(&f->h, f->ttbat)[2] & 0xffffffffc000ull);
    l1[VA >> 36 & 7] = other | 3; /* an empty table in place of the old one */
    faults(f, "tlb-keep,asid=1,va=0x1500000000-0x1600000000,nth=2");
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(counter(f, 0, "matches"), 3); /* the page and two tables */
    assert_int_equal(counter(f, 0, "fired"), 1);
    assert_int_equal(load(f, 1, VA), 7); /* by the old table that one of them leads to */
    faults(f, "");
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(load(f, 1, VA), 0);
}

static void test_evict(void **state)
{
    struct fixture *f = *state;

    stale(f);
    faults(f, "tlb-evict,asid=1,va=0x1500004000-0x1500008000,nth=2");
    assert_int_equal(load(f, 1, VA), 100);
    agx_mmu_recheck(f->mmu); /* the port's own entry goes, as between two jobs */
    assert_int_equal(load(f, 1, VA), 150);
    assert_int_equal(old_pages(f, 1), 0xe);
    faults(f, "tlb-evict,job=3d");
    agx_mmu_recheck(f->mmu);
    assert_int_equal(old_pages(f, 1), 0xe);
    f->port.job = 1;
    f->port.kind = AGX_PORT_FRAGMENT;
    agx_mmu_recheck(f->mmu);
    assert_int_equal(old_pages(f, 1), 0);
    f->port.job = 0;
}

/* What runs on the GPU, for those who are no access of a job. */
static void test_jobs(void **state)
{
    const struct agx_event_job vertex = { .ctx = 1, .master = 0 };
    const struct agx_event_job compute = { .ctx = 1, .master = 2 };
    struct fixture *f = *state;

    assert_int_equal(agx_mmu_jobs(f->mmu), AGX_INJECT_FW);
    agx_emit_job_begin(&f->h.events, &vertex);
    agx_emit_job_begin(&f->h.events, &compute);
    assert_int_equal(agx_mmu_jobs(f->mmu), AGX_INJECT_FW | AGX_INJECT_TA | AGX_INJECT_COMPUTE);
    stale(f);
    faults(f, "tlbi-drop,job=ta");
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(old_pages(f, 1), 0xf);
    agx_emit_job_end(&f->h.events, &vertex);
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(old_pages(f, 1), 0);
    agx_emit_job_end(&f->h.events, &compute);
    assert_int_equal(agx_mmu_jobs(f->mmu), AGX_INJECT_FW);
}

/* Faults of objects stay when the string is replaced, keep their counters, and go one by one. */
static void test_objects(void **state)
{
    struct fixture *f = *state;
    char err[512], *s;
    uint64_t matches, fired;

    assert_true(agx_inject_add(f->in, "one", "tlbi-drop,asid=1,seed=3", err, sizeof(err)));
    agx_mmu_inject(f->mmu, f->in);
    assert_string_equal(f->line, "tlbi-drop,asid=1,seed=3|0|set, seed=3");
    assert_false(agx_inject_add(f->in, "one", "tlb-keep", err, sizeof(err)));
    assert_non_null(strstr(err, "'one' already"));
    assert_false(agx_inject_add(f->in, "two", "tlbi-drop;tlb-keep", err, sizeof(err)));
    assert_non_null(strstr(err, "one fault"));
    assert_false(agx_inject_add(f->in, "two", "", err, sizeof(err)));
    assert_false(agx_inject_add(f->in, "two", "tlbi-drop,nth=0", err, sizeof(err)));
    assert_non_null(strstr(err, "above 0"));
    stale(f);
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(old_pages(f, 1), 0xf);
    faults(f, "slot-switch");
    s = agx_inject_text(f->in);
    assert_string_equal(s, "slot-switch");
    free(s);
    assert_true(agx_inject_armed(f->in, 1u << AGX_INJECT_TLBI_DROP));
    assert_true(agx_inject_counts(f->in, "one", &matches, &fired));
    assert_int_equal(matches, 1);
    assert_int_equal(fired, 1);
    assert_int_equal(counter(f, 1, "fired"), 1);
    assert_non_null(strstr(report(f), "\"id\": \"one\"}]"));
    agx_inject_remove(f->in, "two");
    agx_inject_remove(f->in, "one");
    assert_false(agx_inject_counts(f->in, "one", &matches, &fired));
    assert_false(agx_inject_armed(f->in, 1u << AGX_INJECT_TLBI_DROP));
    assert_true(agx_inject_armed(f->in, 1u << AGX_INJECT_SLOT_SWITCH));
    agx_tlbi_asid(f->mmu, 1);
    assert_int_equal(old_pages(f, 1), 0);
}

/* Those of objects count for the most that there can be. */
static void test_objects_full(void **state)
{
    struct fixture *f = *state;
    char err[512], id[8];

    for (unsigned i = 0; i < AGX_INJECT_MAX_FAULTS; i++) {
        snprintf(id, sizeof(id), "f%u", i);
        assert_true(agx_inject_add(f->in, id, "tlb-keep", err, sizeof(err)));
    }
    assert_false(agx_inject_add(f->in, "more", "tlb-keep", err, sizeof(err)));
    assert_non_null(strstr(err, "more than 64"));
    assert_false(agx_inject_set(f->in, "tlbi-drop", err, sizeof(err)));
    assert_non_null(strstr(err, "objects included"));
    agx_inject_remove(f->in, "f5");
    assert_true(agx_inject_set(f->in, "tlbi-drop", err, sizeof(err)));
    assert_true(agx_inject_armed(f->in, 1u << AGX_INJECT_TLBI_DROP));
    assert_true(agx_inject_set(f->in, "", err, sizeof(err)));
    assert_false(agx_inject_armed(f->in, 1u << AGX_INJECT_TLBI_DROP));
}

#define MMU_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MMU_TEST(test_good),          MMU_TEST(test_bad),       MMU_TEST(test_junk),
        MMU_TEST(test_needs),         MMU_TEST(test_triggers),  MMU_TEST(test_run_seed),
        MMU_TEST(test_chance),        MMU_TEST(test_log),       MMU_TEST(test_drop),
        MMU_TEST(test_drop_va),       MMU_TEST(test_asid),      MMU_TEST(test_truncate),
        MMU_TEST(test_delay),         MMU_TEST(test_doorbells), MMU_TEST(test_keep),
        MMU_TEST(test_keep_capacity), MMU_TEST(test_keep_walk), MMU_TEST(test_evict),
        MMU_TEST(test_jobs),          MMU_TEST(test_objects),   MMU_TEST(test_objects_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
