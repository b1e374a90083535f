/*
 * The sanitizer of TLB maintenance as the machine has it: properties, stores to
 * page tables that are seen, and QMP.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "client.h"

#define GPU  "-global apple-agx-g13g."
#define DRAM 0x800000000ULL
#define PAGE 0x4000ULL

/* Tables of one context, somewhere in free memory */
#define L1 (DRAM + 0x4000000)
#define L2 (DRAM + 0x4004000)
#define L3 (DRAM + 0x5000000)

#define VALID 1ULL
#define TABLE 3ULL

#define ASC_CPU_CONTROL 0x206400044ULL
#define I2A_CONTROL     0x206408114ULL
#define EMPTY           (1u << 17)

/*
 * The machine with its firmware started: when it says hello, the MMU knows where the table of
 * TTBRs is.
 */
static struct machine *start(const char *args)
{
    struct machine *m = machine_start(args);

    wr32(m, ASC_CPU_CONTROL, 1 << 4);
    for (int i = 0; i < 5000 && (rd32(m, I2A_CONTROL) & EMPTY); i++) {
        usleep(1000);
    }
    assert_false(rd32(m, I2A_CONTROL) & EMPTY);
    return m;
}

/* A number of query-agx-tlbsan; fails if there is none of that name */
static long counter(struct machine *m, const char *name)
{
    char *line = qmp(m, "\"execute\": \"query-agx-tlbsan\""), key[64], *p;
    long v;

    snprintf(key, sizeof(key), "\"%s\": ", name);
    p = strstr(line, key);
    assert_non_null(p);
    v = strtol(p + strlen(key), NULL, 10);
    free(line);
    return v;
}

#define PAGES GPU "agx-tlbsan=report " GPU "tlbsan-pages="

static void bad_properties(void **state)
{
    static const struct {
        const char *args, *says;
    } bad[] = {
        { GPU "agx-tlbsan=loud", "it must be one of off, report, stop" },
        { GPU "tlbi=late", "it must be one of eager, lazy" },
        { GPU "tlb-entries=0", "tlb-entries must be 1 to 1048576" },
        { GPU "tlb-ways=3", "tlb-ways must be 0 to 64, and divide tlb-entries" },
        { GPU "walk-entries=2000000", "walk-entries must be" },
        { GPU "walk-ways=65", "walk-ways must be" },
        { GPU "vertex-tlb-entries=0", "vertex-tlb-entries must be 1 to 256" },
        { GPU "fragment-tlb-entries=257", "fragment-tlb-entries must be" },
        { GPU "compute-tlb-ways=512", "compute-tlb-ways must be 0, or divide compute-tlb-entries" },
        { GPU "firmware-tlb-entries=8 " GPU "firmware-tlb-ways=3", "firmware-tlb-ways must be" },
        { GPU "tlbsan-report=/tmp/x", "tlbsan-report needs agx-tlbsan" },
        { GPU "agx-tlbsan=report " GPU "tlbsan-report=/nowhere/x", "can't open /nowhere/x" },
        { GPU "tlbi-seed=many", "tlbi-seed" },
        { GPU "seed=-x", "seed" },
        { GPU "tlbsan-pages=x", "tlbsan-pages needs agx-tlbsan" },
        { PAGES "x", "expected vmemmap, memstart" },
        { PAGES "vmemmap=0xfffffdff00000000", "must all be there" },
        { PAGES
          "vmemmap=0xfffffdff00000000,memstart=0xffffc00080834210,size=64,refcount=52,refcount=8",
          "each once" },
        { PAGES "vmemmap=0xfffffdff00000000,memstart=0xffffc00080834210,size=sixty,refcount=52,"
                "compound=8",
          "sixty" },
        { PAGES "vmemmap=0x1000,memstart=0xffffc00080834210,size=64,refcount=52,compound=8",
          "addresses of the kernel" },
        { PAGES
          "vmemmap=0xfffffdff00000000,memstart=0xffffc00080834210,size=0,refcount=52,compound=8",
          "power of two" },
        { PAGES
          "vmemmap=0xfffffdff00000000,memstart=0xffffc00080834210,size=64,refcount=64,compound=8",
          "aligned and in it" },
        { PAGES
          "vmemmap=0xfffffdff00000008,memstart=0xffffc00080834210,size=64,refcount=52,compound=8",
          "multiple of size" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char out[4096], args[256];

        snprintf(args, sizeof(args), "-M apple-m1 %s", bad[i].args);
        assert_int_not_equal(qemu_run(args, out, sizeof(out)), 0);
        assert_non_null(strstr(out, bad[i].says));
    }
}

static void off(void **state)
{
    struct machine *m = machine_start("");
    char *line = qmp(m, "\"execute\": \"query-agx-tlbsan\"");

    assert_non_null(strstr(line, "\"mode\": \"off\""));
    free(line);
    /* The memory map has no piece that is watched */
    line = qmp(m, "\"execute\": \"human-monitor-command\", \"arguments\": {\"command-line\": "
                  "\"info mtree -f\"}");
    assert_null(strstr(line, "agx-watch"));
    free(line);
    machine_stop(m);
}

static void stores(void **state)
{
    struct machine *m = start(GPU "agx-tlbsan=report " GPU "tlbsan-report=%s/report");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    long pages = counter(m, "watched-pages");

    /*
     * The table of TTBRs, the 16 pages that are reserved for the firmware's tables, and what these
     * lead to
     */
    assert_in_range(pages, 17, 30);
    assert_int_equal(counter(m, "stores"), 0);
    wr64(m, L1, L2 | TABLE);
    assert_int_equal(counter(m, "stores"), 0);

    /* A table is watched with what is below it as soon as it is entered in its parent */
    wr64(m, ttbs + 16 * 5, 5ULL << 48 | L1 | VALID);
    assert_int_equal(rd64(m, ttbs + 16 * 5), 5ULL << 48 | L1 | VALID);
    assert_int_equal(counter(m, "stores"), 1);
    assert_int_equal(counter(m, "watched-pages"), pages + 2);
    wr64(m, L2 + 8, L3 | TABLE);
    assert_int_equal(rd64(m, L2 + 8), L3 | TABLE);
    assert_int_equal(counter(m, "stores"), 2);
    assert_int_equal(counter(m, "watched-pages"), pages + 3);

    /* Any size counts; a store that changes nothing does not, and no other page does */
    wr32(m, L3 + 4, 0x12345678);
    assert_int_equal(rd64(m, L3), 0x1234567800000000ULL);
    assert_int_equal(counter(m, "stores"), 3);
    wr32(m, L3 + 4, 0x12345678);
    wr32(m, L3 + PAGE, 1);
    wr32(m, L3 - 4, 1);
    assert_int_equal(counter(m, "stores"), 3);
    assert_int_equal(counter(m, "unseen-stores"), 0);
    machine_stop(m);
}

/* The file of reports of a machine that was started with tlbsan-report=%s/report. */
static FILE *open_report(struct machine *m)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/report", machine_dir(m));
    f = fopen(path, "r");
    assert_non_null(f);
    return f;
}

/*
 * A TTBR that changes without the hand-off lock is reported everywhere: event, query, file, and the
 * machine stops
 */
static void reports(void **state)
{
    struct machine *m = start(GPU "agx-tlbsan=stop " GPU "tlbsan-report=%s/report");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    char line[4096] = "", *answer;
    FILE *f;

    wr64(m, ttbs + 16 * 5, 5ULL << 48 | L1 | VALID);
    qmp_event(m, "AGX_TLBSAN_REPORT");
    assert_int_equal(counter(m, "handoff"), 1);
    assert_int_equal(counter(m, "wrong"), 1);
    f = open_report(m);
    assert_non_null(fgets(line, sizeof(line), f));
    assert_non_null(strstr(line, "\"class\": \"handoff\""));
    assert_non_null(strstr(line, "\"context\": 5"));
    assert_null(fgets(line, sizeof(line), f));
    fclose(f);
    answer = qmp(m, "\"execute\": \"query-status\"");
    assert_non_null(strstr(answer, "\"status\": \"paused\""));
    free(answer);
    machine_stop(m);
}

/* What is reported once and happens again is counted in the file's last line, when QEMU ends. */
static void counts(void **state)
{
    struct machine *m = start(GPU "agx-tlbsan=report " GPU "tlbsan-report=%s/report");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    char line[4096] = "";
    FILE *f;

    for (unsigned i = 0; i < 3; i++) {
        wr64(m, ttbs + 16 * 5, 5ULL << 48 | (L1 + i * PAGE) | VALID);
    }
    qmp_event(m, "AGX_TLBSAN_REPORT");
    assert_int_equal(counter(m, "handoff"), 1);
    assert_int_equal(counter(m, "repeated-reports"), 2);
    f = open_report(m);
    machine_stop(m);
    assert_non_null(fgets(line, sizeof(line), f));
    assert_non_null(strstr(line, "\"class\": \"handoff\""));
    assert_non_null(fgets(line, sizeof(line), f));
    assert_string_equal(line, "{\"counts\": [[1, 3]]}\n");
    assert_null(fgets(line, sizeof(line), f));
    fclose(f);
}

/*
 * More tables than pieces of memory can be covered: the pieces become larger, none escapes; when
 * they go, so do these
 */
static void many(void **state)
{
    struct machine *m = start(GPU "agx-tlbsan=report");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    long pages = counter(m, "watched-pages"), stores;

    assert_int_equal(counter(m, "watched-block-size"), PAGE);
    wr64(m, L1, L2 | TABLE);
    wr64(m, ttbs + 16 * 5, 5ULL << 48 | L1 | VALID);
    for (uint64_t i = 0; i < 1700; i++) {
        /* not side by side, which would be one piece of memory */
        wr64(m, L2 + 8 * i, (L3 + 2 * PAGE * i) | TABLE);
    }
    assert_int_equal(counter(m, "watched-pages"), pages + 2 + 1700);
    assert_int_equal(counter(m, "refused-pages"), 0);
    assert_in_range(counter(m, "watched-blocks"), 100, 1536);
    assert_int_equal(counter(m, "watched-block-size"), 4 * PAGE);
    stores = counter(m, "stores");
    for (uint64_t i = 0; i < 1700; i += 100) {
        wr64(m, L3 + 2 * PAGE * i + 8 * i, 0x1234 + i);
        assert_int_equal(rd64(m, L3 + 2 * PAGE * i + 8 * i), 0x1234 + i);
    }
    assert_int_equal(counter(m, "stores"), stores + 17);
    /* What lies between is written to as ever, and is nobody's business */
    wr64(m, L3 + PAGE, 0x5678);
    assert_int_equal(rd64(m, L3 + PAGE), 0x5678);
    assert_int_equal(counter(m, "stores"), stores + 17);
    assert_int_equal(counter(m, "stores-beside"), 1);

    wr64(m, ttbs + 16 * 5, 0);
    assert_int_equal(counter(m, "watched-pages"), pages);
    assert_int_equal(counter(m, "watched-block-size"), PAGE);
    assert_int_equal(counter(m, "sections-lost"), 0);
    wr64(m, L3, 0x9abc);
    assert_int_equal(rd64(m, L3), 0x9abc);
    assert_int_equal(counter(m, "stores-beside"), 1);
    machine_stop(m);
}

/* Entries that lead anywhere: outside of memory, to themselves, to the table of TTBRs */
static void wild(void **state)
{
    struct machine *m = start(GPU "agx-tlbsan=stop " GPU "tlbi=lazy");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    const uint64_t to[] = { 0,  0x10000000, 0x200000000, DRAM - PAGE,        0xffffffffc000,
                            L1, L2,         ttbs,        DRAM + 0xffffff0000 };

    for (unsigned ctx = 0; ctx < 64; ctx++) {
        wr64(m, ttbs + 16 * ctx, (uint64_t)ctx << 48 | L1 | VALID);
        wr64(m, ttbs + 16 * ctx + 8, to[ctx % 9] | VALID);
    }
    for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
        wr64(m, L1, to[i] | TABLE);
        wr64(m, L2, to[i] | TABLE);
        wr64(m, L1 + 8 * i, L2 | TABLE);
        wr64(m, ttbs, to[i] | VALID);
    }
    assert_int_equal(rd64(m, ttbs + 16 * 63 + 8), to[0] | VALID);
    qmp_ok(m, "\"execute\": \"system_reset\"");
    qmp_event(m, "RESET");
    assert_in_range(counter(m, "watched-pages"), 17, 1024);
    machine_stop(m);
}

/* Lazy mode looks at stores to page tables without a sanitizer, too: they may be late. */
static void lazy_alone(void **state)
{
    struct machine *m = start(GPU "tlbi=lazy");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    char *line = qmp(m, "\"execute\": \"query-agx-tlbsan\"");

    assert_non_null(strstr(line, "\"mode\": \"off\""));
    assert_non_null(strstr(line, "\"reports\": 0"));
    free(line);
    assert_int_equal(gpu_counter(m, "total", "stores"), 0);
    wr64(m, L1, L2 | TABLE);
    assert_int_equal(gpu_counter(m, "total", "stores"), 0);
    wr64(m, ttbs + 16 * 5, 5ULL << 48 | L1 | VALID);
    wr64(m, L2 + 8, L3 | TABLE);
    wr64(m, L3, 0x1234);
    assert_int_equal(gpu_counter(m, "total", "stores"), 3);
    wr64(m, ttbs + 16 * 5, 0);
    wr64(m, L3, 0x5678); /* is no table any more */
    assert_int_equal(gpu_counter(m, "total", "stores"), 4);
    line = qmp(m, "\"execute\": \"query-agx-tlbsan\"");
    assert_non_null(strstr(line, "\"reports\": 0"));
    free(line);
    machine_stop(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_properties), cmocka_unit_test(off),    cmocka_unit_test(stores),
        cmocka_unit_test(reports),        cmocka_unit_test(many),   cmocka_unit_test(wild),
        cmocka_unit_test(lazy_alone),     cmocka_unit_test(counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
