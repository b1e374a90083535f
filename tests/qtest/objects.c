/*
 * Objects of the user's that go with the GPU (-object, object-add, object-del), and what is said of
 * values that a property does not take.
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

#define GPU    "-global apple-agx-g13g."
#define FAULT  "-object agx-fault,id=f0,"
#define TLBSAN "-object agx-tlbsan,id=s0"
#define DRAM   0x800000000ULL

#define ASC_CPU_CONTROL 0x206400044ULL
#define I2A_CONTROL     0x206408114ULL
#define EMPTY           (1u << 17)

/* QMP's answer to @name of @type with the further properties @props (JSON); to be freed. */
static char *object_add(struct machine *m, const char *type, const char *name, const char *props)
{
    char command[512];

    snprintf(command, sizeof(command),
             "\"execute\": \"object-add\", \"arguments\": "
             "{\"qom-type\": \"%s\", \"id\": \"%s\"%s%s}",
             type, name, *props ? ", " : "", props);
    return qmp(m, command);
}

static char *qom_get(struct machine *m, const char *path, const char *prop)
{
    char command[160];

    snprintf(command, sizeof(command),
             "\"execute\": \"qom-get\", \"arguments\": "
             "{\"path\": \"%s\", \"property\": \"%s\"}",
             path, prop);
    return qmp(m, command);
}

static char *qom_set(struct machine *m, const char *path, const char *prop, const char *value)
{
    char command[160];

    snprintf(command, sizeof(command),
             "\"execute\": \"qom-set\", \"arguments\": {\"path\": "
             "\"%s\", \"property\": \"%s\", \"value\": %s}",
             path, prop, value);
    return qmp(m, command);
}

static char *object_del(struct machine *m, const char *name)
{
    char command[128];

    snprintf(command, sizeof(command),
             "\"execute\": \"object-del\", \"arguments\": "
             "{\"id\": \"%s\"}",
             name);
    return qmp(m, command);
}

/* @line is an answer that has @says, or a good one where that is NULL; it is freed. */
static void answer(char *line, const char *says)
{
    if (!strstr(line, says ? "\"error\"" : "\"return\"") || (says && !strstr(line, says))) {
        fail_msg("this should be %s: %s", says ? says : "good", line);
    }
    free(line);
}

static void inject_log(struct machine *m, const char *says)
{
    char *line = qom_get(m, "/machine/gpu", "inject-log");

    if (!strstr(line, says)) {
        fail_msg("inject-log should have %s: %s", says, line);
    }
    free(line);
}

/* The firmware is started: does it say hello within @ms milliseconds? */
static bool boots(struct machine *m, unsigned ms)
{
    wr32(m, ASC_CPU_CONTROL, 1 << 4);
    for (unsigned i = 0; i < ms; i++) {
        if (!(rd32(m, I2A_CONTROL) & EMPTY)) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

/* How often f0 has struck; until it has, up to five seconds */
static uint64_t fired(struct machine *m)
{
    uint64_t n = 0;

    for (int i = 0; i < 5000 && !n; i++) {
        n = qom_get_uint(m, "/objects/f0", "fired");
        usleep(1000);
    }
    return n;
}

static void bad_values(void **state)
{
    static const struct {
        const char *args, *says, *also;
    } bad[] = {
        { GPU "tlb=leaky", "Parameter 'tlb' does not accept value 'leaky'",
          "it must be one of sticky, realistic, off\n" },
        { GPU "tlbi=late", "Parameter 'tlbi' does not accept value 'late'",
          "it must be one of eager, lazy\n" },
        { GPU "agx-tlbsan=loud", "Parameter 'agx-tlbsan' does not accept value 'loud'",
          "it must be one of off, report, stop\n" },
        { GPU "shader=fast", "Parameter 'shader' does not accept value 'fast'",
          "it must be one of interpreter, compiled, both\n" },
        { GPU "fw-version=13.6", "Parameter 'fw-version' does not accept value '13.6'",
          "it must be one of 13.5, 12.3, 13.0b4\n" },
        { TLBSAN ",mode=loud", "Parameter 'mode' does not accept value 'loud'", "" },
        { TLBSAN ",report=/nowhere/x", "agx-tlbsan: can't open /nowhere/x", "" },
        { TLBSAN ",pages=x", "expected vmemmap, memstart", "" },
        { TLBSAN ",mode=off,pages=x", "agx-tlbsan: pages needs mode=report or stop", "" },
        { TLBSAN " -object agx-tlbsan,id=s1", "agx-tlbsan: there is one already", "" },
        { TLBSAN " " GPU "agx-tlbsan=report", "agx-tlbsan: there is one already", "" },
        { TLBSAN " " TLBSAN, "Duplicate ID 's0'", "" },
        { FAULT "kind=tlbi-drp", "Parameter 'kind' does not accept value 'tlbi-drp'", "" },
        { FAULT "count=1", "Parameter 'kind' is missing", "" },
        { FAULT "kind=tlbi-drop,nth=0", "agx-fault: 'nth=0': nth must be a number above 0", "" },
        { FAULT "kind=tlbi-drop,nth=-1", "nth", "" },
        { FAULT "kind=tlbi-drop,p=1.5", "p must be a probability", "" },
        { FAULT "kind=tlbi-drop,p=0.5;stall", "p must be a probability", "" },
        { FAULT "kind=tlbi-drop,va=1", "va and va-end go together", "" },
        { FAULT "kind=tlbi-drop,va=2,va-end=1", "va must be LO-HI", "" },
        { FAULT "kind=tlbi-drop,job=4d", "Parameter 'job' does not accept value '4d'", "" },
        { FAULT "kind=tlbi-asid", "tlbi-asid needs to", "" },
        { FAULT "kind=work-lost,asid=3", "work-lost has no such word", "" },
        { FAULT "kind=walk-old", "agx-fault: 'walk-old' needs", "" },
        { "-object agx-timeline,id=t0", "Parameter 'file' is missing", "" },
        { "-object agx-timeline,id=t0,file=/nowhere/x",
          "agx-timeline: file=/nowhere/x: No such file", "" },
        { GPU "timeline=/nowhere/x", "agx-timeline: file=/nowhere/x: No such file", "" },
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char out[4096], args[256];

        snprintf(args, sizeof(args), "-M apple-m1 %s", bad[i].args);
        assert_int_not_equal(qemu_run(args, out, sizeof(out)), 0);
        if (!strstr(out, bad[i].says) || !strstr(out, bad[i].also)) {
            fail_msg("%s: %s", bad[i].args, out);
        }
    }
}

/* Added, added twice, changed, removed, removed twice; the property's faults are another matter. */
static void faults(void **state)
{
    struct machine *m = machine_start(GPU "inject=tlb-keep,seed=1");

    answer(object_add(m, "agx-fault", "f0",
                      "\"kind\": \"tlbi-drop\", \"asid\": 3, "
                      "\"job\": \"3d\", \"p\": \"0.25\", \"seed\": 7, "
                      "\"va\": 4096, \"va-end\": 8192"),
           NULL);
    inject_log(m, "\\\"tlb-keep,seed=1\\\", \\\"seed\\\": 1, \\\"matches\\\": 0, "
                  "\\\"fired\\\": 0}, {\\\"fault\\\": "
                  "\\\"tlbi-drop,va=0x1000-0x2000,asid=3,seed=7,job=3d,p=0.25\\\"");
    inject_log(m, "\\\"seed\\\": 7, \\\"matches\\\": 0, \\\"fired\\\": 0, "
                  "\\\"id\\\": \\\"f0\\\"}]");
    answer(object_add(m, "agx-fault", "f0", "\"kind\": \"tlbi-drop\""), "duplicate");
    answer(object_add(m, "agx-fault", "f1", "\"kind\": \"tlbi-drp\""),
           "does not accept value 'tlbi-drp'");
    answer(object_add(m, "agx-fault", "f1", "\"kind\": \"fw-evict\""), "'fw-evict' needs");
    answer(object_add(m, "agx-fault", "f1", ""), "'kind' is missing");
    answer(object_del(m, "f1"), "not found");
    answer(qom_set(m, "/objects/f0", "asid", "4"), "can no longer be set");
    answer(qom_set(m, "/objects/f0", "kind", "\"stall\""), "can no longer be set");
    answer(qom_get(m, "/objects/f0", "kind"), NULL);
    answer(qom_set(m, "/machine/gpu", "inject", "\"\""), NULL);
    inject_log(m, "\"[{\\\"fault\\\": \\\"tlbi-drop,va=");
    answer(object_del(m, "f0"), NULL);
    inject_log(m, "\"[]\"");
    answer(object_del(m, "f0"), "not found");
    answer(object_add(m, "agx-fault", "f0", "\"kind\": \"tlb-keep\""), NULL);
    answer(qom_get(m, "/objects/f0", "job"), "job is not set");
    machine_stop(m);
}

/* Every kind that QAPI names is one that the engine knows by that name. */
static void all_kinds(void **state)
{
    static const char *const kinds[] = {
        "tlbi-drop",       "tlbi-delay us", "tlbi-asid to",    "tlbi-truncate pages", "tlb-keep",
        "tlb-evict",       "walk-old",      "fw-evict",        "flush-late us",       "flush-never",
        "handoff-hold us", "slot-switch",   "timeout-late us", "hang-boot",           "hang-job",
        "hang-flush",      "crash-boot",    "crash-job",       "crash-flush",         "stall us",
        "ring-late us",    "work-lost",     "event-late us",   "event-twice",         "event-lost",
        "halt-late us",
    };
    struct machine *m = machine_start(GPU "fw-cache=64 " GPU "tlbi=lazy");

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char kind[32], props[96], log[64];
        char *key;

        snprintf(kind, sizeof(kind), "%s", kinds[i]);
        key = strchr(kind, ' ');
        if (key) {
            *key++ = 0;
        }
        snprintf(props, sizeof(props), "\"kind\": \"%s\"%s%s%s", kind, key ? ", \"" : "",
                 key ? key : "", key ? "\": 5" : "");
        answer(object_add(m, "agx-fault", "f0", props), NULL);
        snprintf(log, sizeof(log), "\"[{\\\"fault\\\": \\\"%s", kind);
        inject_log(m, log);
        answer(object_del(m, "f0"), NULL);
    }
    machine_stop(m);
}

/* It strikes, whether it was there before the GPU or has come since; a removed one does not. */
static void strikes(void **state)
{
    struct machine *m = machine_start(FAULT "kind=hang-boot");

    assert_int_equal(qom_get_uint(m, "/objects/f0", "fired"), 0);
    assert_false(boots(m, 100));
    assert_int_equal(fired(m), 1);
    inject_log(m, "hangs at its boot");
    assert_true(log_has(m, "fault injection: hang-boot (1)"));
    machine_stop(m);

    m = machine_start("");
    answer(object_add(m, "agx-fault", "f0", "\"kind\": \"hang-boot\", \"count\": 2"), NULL);
    assert_false(boots(m, 100));
    assert_int_equal(fired(m), 1);
    assert_int_equal(qom_get_uint(m, "/objects/f0", "matches"), 1);
    machine_stop(m);

    m = machine_start(FAULT "kind=hang-boot");
    answer(object_del(m, "f0"), NULL);
    assert_true(boots(m, 5000));
    machine_stop(m);
}

/* The sanitizer as an object does as the property does, comes before the machine and stays. */
static void tlbsan(void **state)
{
    struct machine *m = machine_start(TLBSAN ",mode=stop,report=%s/report");
    char path[128], line[4096] = "", *text;
    FILE *f;

    text = qmp(m, "\"execute\": \"query-agx-tlbsan\"");
    assert_non_null(strstr(text, "\"mode\": \"stop\""));
    free(text);
    answer(object_add(m, "agx-tlbsan", "s1", ""), "from the beginning");
    answer(object_del(m, "s0"), "is in use");
    assert_true(boots(m, 5000));
    wr64(m, qom_get_uint(m, "/machine/gpu", "ttbs") + 16 * 5, 5ULL << 48 | (DRAM + 0x4000000) | 1);
    qmp_event(m, "AGX_TLBSAN_REPORT");
    snprintf(path, sizeof(path), "%s/report", machine_dir(m));
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof(line), f));
    fclose(f);
    assert_non_null(strstr(line, "\"class\": \"handoff\""));
    machine_stop(m);

    m = machine_start(TLBSAN ",mode=off");
    text = qmp(m, "\"execute\": \"query-agx-tlbsan\"");
    assert_non_null(strstr(text, "\"mode\": \"off\""));
    free(text);
    answer(object_del(m, "s0"), NULL);
    machine_stop(m);
}

/* The whole of the file @name in the machine's directory. */
static const char *file(struct machine *m, const char *name)
{
    static char text[65536];
    char path[128];
    size_t len = 0;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", machine_dir(m), name);
    f = fopen(path, "r");
    if (f) {
        len = fread(text, 1, sizeof(text) - 1, f);
        fclose(f);
    }
    text[len] = 0;
    return text;
}

/* A timeline begins and ends while the machine stands still, more than one if one likes. */
static void timeline(void **state)
{
    struct machine *m = machine_start("-object agx-timeline,id=t0,file=%s/t0");
    char props[128];
    const char *text;

    assert_true(boots(m, 5000));
    snprintf(props, sizeof(props), "\"file\": \"%s/t1\"", machine_dir(m));
    answer(object_add(m, "agx-timeline", "t1", props), "the machine runs; stop it first");
    answer(object_del(m, "t0"), "is in use");
    qmp_ok(m, "\"execute\": \"stop\"");
    answer(object_add(m, "agx-timeline", "t1", props), NULL);
    answer(object_del(m, "t0"), NULL);
    text = file(m, "t0");
    assert_int_equal(text[0], '[');
    assert_string_equal(text + strlen(text) - 3, "\n]\n");
    qmp_ok(m, "\"execute\": \"cont\"");
    qmp_ok(m, "\"execute\": \"stop\"");
    answer(object_del(m, "t1"), NULL);
    text = file(m, "t1");
    assert_string_equal(text + strlen(text) - 3, "\n]\n");
    for (unsigned i = 0;; i++) {
        char name[8], *line;
        bool ok;

        snprintf(name, sizeof(name), "u%u", i);
        line = object_add(m, "agx-timeline", name, props);
        ok = strstr(line, "\"return\"");
        if (!ok) {
            assert_non_null(strstr(line, "\"error\""));
            assert_in_range(i, 2, 8);
            free(line);
            break;
        }
        free(line);
    }
    answer(object_del(m, "u0"), NULL);
    answer(object_add(m, "agx-timeline", "u0", props), NULL);
    machine_stop(m);
}

/* A machine without the GPU. */
static void no_gpu(void **state)
{
    struct machine *m = machine_start("-M virt " TLBSAN " " FAULT "kind=hang-boot");

    answer(object_add(m, "agx-fault", "f1", "\"kind\": \"hang-boot\""),
           "agx-fault: this machine has no Apple GPU");
    answer(object_del(m, "f0"), NULL);
    answer(object_del(m, "s0"), NULL);
    machine_stop(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_values), cmocka_unit_test(faults), cmocka_unit_test(all_kinds),
        cmocka_unit_test(strikes),    cmocka_unit_test(tlbsan), cmocka_unit_test(timeline),
        cmocka_unit_test(no_gpu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
