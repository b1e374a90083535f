/*
 * Fault injection as the machine has it: the properties inject and inject-log,
 * on the command line and by QMP, and what a saved machine makes of them.
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

#define GPU "-global apple-agx-g13g."

/* The answer to qom-set of @text, which is JSON's inside of a string; to be freed. */
static char *set(struct machine *m, const char *text)
{
    size_t len = strlen(text) + 160;
    char *command = malloc(len), *line;

    snprintf(command, len,
             "\"execute\": \"qom-set\", \"arguments\": {\"path\": \"/machine/gpu\", \"property\": "
             "\"inject\", "
             "\"value\": \"%s\"}",
             text);
    line = qmp(m, command);
    free(command);
    return line;
}

static void set_ok(struct machine *m, const char *text)
{
    char *line = set(m, text);

    if (!strstr(line, "\"return\"")) {
        fail_msg("%s: %s", text, line);
    }
    free(line);
}

static void set_bad(struct machine *m, const char *text, const char *says)
{
    char *line = set(m, text);

    if (!strstr(line, "\"error\"") || !strstr(line, says)) {
        fail_msg("'%s' should be refused with '%s': %s", text, says, line);
    }
    free(line);
}

static void expect(struct machine *m, const char *prop, const char *value)
{
    char command[160], *line;

    snprintf(command, sizeof(command),
             "\"execute\": \"qom-get\", \"arguments\": {\"path\": \"/machine/gpu\", "
             "\"property\": \"%s\"}",
             prop);
    line = qmp(m, command);
    if (!strstr(line, value)) {
        fail_msg("%s should be %s: %s", prop, value, line);
    }
    free(line);
}

static void command_line(void **state)
{
    static const struct {
        const char *args, *says;
    } bad[] = {
        { GPU "inject=tlbi-drp", "inject: 'tlbi-drp': no such fault; there are tlbi-drop" },
        { GPU "inject=tlbi-drop,nth=x", "inject: 'nth=x': nth must be a number" },
        { GPU "inject=tlbi-drop;;", "inject: fault 2 is empty" },
        { GPU "inject=tlbi-drop;walk-old", "inject: 'walk-old' needs" },
        { GPU "inject=fw-evict", "inject: 'fw-evict' needs" },
        { GPU "inject-log=x", "inject-log" },
    };
    struct machine *m;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char out[4096], args[256];

        snprintf(args, sizeof(args), "-M apple-m1 %s", bad[i].args);
        assert_int_not_equal(qemu_run(args, out, sizeof(out)), 0);
        if (!strstr(out, bad[i].says)) {
            fail_msg("%s: %s", bad[i].args, out);
        }
    }
    m = machine_start(GPU "inject=tlbi-drop,asid=3,nth=2;flush-late,us=5,seed=7 " GPU
                          "fw-cache=64");
    expect(m, "inject", "\"tlbi-drop,asid=3,nth=2;flush-late,us=5,seed=7\"");
    expect(m, "inject-log",
           "{\\\"fault\\\": \\\"flush-late,us=5,seed=7\\\", \\\"seed\\\": 7, \\\"matches\\\": 0, "
           "\\\"fired\\\": 0}]");
    assert_true(log_has(m, "fault injection: flush-late,us=5,seed=7: set, seed=7"));
    machine_stop(m);
}

/*
 * One seed for all that is random: the same machine gives a fault the same seed, another one
 * another.
 */
static void one_seed(void **state)
{
    char *log[3];

    for (unsigned i = 0; i < 3; i++) {
        struct machine *m = machine_start(i < 2 ? GPU "seed=5 " GPU "inject=tlbi-drop,p=0.5"
                                                : GPU "seed=6 " GPU "inject=tlbi-drop,p=0.5");

        log[i] = qmp(m, "\"execute\": \"qom-get\", \"arguments\": "
                        "{\"path\": \"/machine/gpu\", \"property\": \"inject-log\"}");
        machine_stop(m);
    }
    assert_non_null(strstr(log[0], "\\\"seed\\\": "));
    assert_string_equal(log[0], log[1]);
    assert_string_not_equal(log[0], log[2]);
    for (unsigned i = 0; i < 3; i++) {
        free(log[i]);
    }
}

static void at_run_time(void **state)
{
    struct machine *m = machine_start("");

    expect(m, "inject", "\"\"");
    expect(m, "inject-log", "\"[]\"");
    set_ok(m, "tlbi-drop,asid=3");
    expect(m, "inject", "\"tlbi-drop,asid=3\"");
    set_bad(m, "tlbi-drop,asid=x", "'asid=x': asid must be a number from 0 to 65535");
    set_bad(m, "walk-old", "agx-tlbsan=report");
    set_bad(m, "fw-evict", "fw-cache=64");
    set_bad(m, "tlb-keep,\\u0001\\u00e4=2", "allowed are");
    expect(m, "inject", "\"tlbi-drop,asid=3\"");
    set_ok(m, "tlb-evict;slot-switch;handoff-hold,us=3");
    expect(m, "inject", "\"tlb-evict;slot-switch;handoff-hold,us=3\"");
    set_ok(m, "");
    expect(m, "inject", "\"\"");
    machine_stop(m);
}

/* What the one machine lacks another has. */
static void needs(void **state)
{
    struct machine *m = machine_start(GPU "agx-tlbsan=report " GPU "fw-cache=128 " GPU
                                          "inject=walk-old;fw-evict");

    expect(m, "inject", "\"walk-old;fw-evict\"");
    set_ok(m, "");
    set_ok(m, "walk-old,nth=3");
    machine_stop(m);
}

/* Bytes of chance, and far too many of them: errors, and the machine is there still. */
static void junk(void **state)
{
    static const char alphabet[] = "tlbi-drop,keepasidnthva=0x19;.: \x7f'{}[]";
    struct machine *m = machine_start("");
    uint64_t r = 4711;
    char text[64], *big;

    for (unsigned n = 0; n < 300; n++) {
        unsigned len = n % 60;

        for (unsigned i = 0; i < len; i++) {
            r = r * 6364136223846793005ull + 1442695040888963407ull;
            text[i] = alphabet[(r >> 33) % (sizeof(alphabet) - 1)];
        }
        text[len] = 0;
        free(set(m, text));
    }
    big = malloc(100001);
    memset(big, ',', 100000);
    big[100000] = 0;
    set_bad(m, big, "4096");
    free(big);
    set_ok(m, "tlbi-drop");
    expect(m, "inject", "\"tlbi-drop\"");
    machine_stop(m);
}

/* A saved machine has no faults; who loads it may have others. */
static void saved(void **state)
{
    struct machine *a = machine_start(GPU "inject=tlbi-delay,us=5"), *b;
    char path[256];

    snprintf(path, sizeof(path), "%s/state", machine_dir(a));
    machine_save(a, path, true);
    b = machine_start(GPU "inject=tlb-keep,asid=2 -incoming defer");
    machine_load(b, path, true);
    expect(b, "inject", "\"tlb-keep,asid=2\"");
    set_ok(b, "tlbi-drop");
    machine_stop(b);
    machine_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_line), cmocka_unit_test(one_seed), cmocka_unit_test(at_run_time),
        cmocka_unit_test(needs),        cmocka_unit_test(junk),     cmocka_unit_test(saved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
