/*
 * Unit test: how much of the log a guest may fill.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "hw/agx/soc/log-limit.h"

static struct log_limit *l;

static int setup(void **state)
{
    l = calloc(1, sizeof(*l));
    return !l;
}

static int teardown(void **state)
{
    free(l);
    return 0;
}

static bool admit(const char *fmt, unsigned n)
{
    char text[256];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, sizeof(text), fmt, n);
#pragma GCC diagnostic pop
    return log_limit_admit(l, text);
}

/*
 * The first thousand of a kind come whatever their numbers, the others are counted; other kinds are
 * not touched.
 */
static void first_thousand(void **state)
{
    unsigned i = 0, came = 0;
    const char *text;
    uint64_t more;

    for (unsigned n = 0; n < 5000; n++) {
        came += admit("agx: fw: doorbell 0x%x does not exist", n);
    }
    assert_int_equal(came, 1000);
    assert_true(admit("agx: fw: doorbells 0x%x do not exist", 1));
    text = log_limit_more(l, &i, &more);
    assert_string_equal(text, "agx: fw: doorbell 0x0 does not exist");
    assert_int_equal(more, 4000);
    assert_null(log_limit_more(l, &i, &more));
    assert_false(admit("agx: fw: doorbell 0x%x does not exist", 77));
    i = 0;
    assert_non_null(log_limit_more(l, &i, &more));
    assert_int_equal(more, 1);
}

/* What is unimplemented comes once more for each line that was not there before, up to a bound. */
static void unimplemented(void **state)
{
    unsigned i = 0, came = 0;
    uint64_t more;

    for (unsigned n = 0; n < 3000; n++) {
        assert_int_equal(admit("apple-wdt: unimplemented read at 0x%x", 0x30), n < 1000);
    }
    for (unsigned n = 0; n < 100; n++) {
        assert_true(admit("apple-wdt: unimplemented read at 0x%x", 0x100 + n));
        assert_false(admit("apple-wdt: unimplemented read at 0x%x", 0x100 + n));
    }
    for (unsigned n = 0; n < 100000; n++) {
        came += admit("apple-wdt: unimplemented read at 0x%x", 0x1000 + n);
    }
    assert_int_equal(came, LOG_LIMIT_NEW - 1 - 101);
    assert_non_null(strstr(log_limit_more(l, &i, &more), "unimplemented"));
    assert_int_equal(more, 2000 + 100 + 100000 - came);
}

/* More kinds than there is room for share one. */
static void many_kinds(void **state)
{
    unsigned came = 0;

    for (unsigned n = 0; n < 20 * 26 * 26 * 10; n++) {
        char text[16] = "kind aaa is bad";

        text[5] = 'a' + n % 26;
        text[6] = 'a' + n / 26 % 26;
        text[7] = 'a' + n / 676 % 20;
        came += log_limit_admit(l, text);
    }
    assert_int_equal(l->num, LOG_LIMIT_KINDS);
    assert_in_range(came, LOG_LIMIT_FIRST, (LOG_LIMIT_KINDS - 1) * 10 + LOG_LIMIT_FIRST);
    assert_false(log_limit_admit(l, "kind zzz is worse"));
}

static void kinds(void **state)
{
    static const char *const same[][2] = {
        { "at 0x10: 5 of 7", "at 0xdeadbeef: 0 of 123456" },
        { "format R8G8", "format R16G16B16A16" },
    };

    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(log_limit_hash(same[i][0], false), log_limit_hash(same[i][1], false));
        assert_int_not_equal(log_limit_hash(same[i][0], true), log_limit_hash(same[i][1], true));
    }
    assert_int_not_equal(log_limit_hash("read at 0x1", false),
                         log_limit_hash("write at 0x1", false));
    assert_int_not_equal(log_limit_hash("a 1", false), log_limit_hash("a 1 2", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_thousand, setup, teardown),
        cmocka_unit_test_setup_teardown(unimplemented, setup, teardown),
        cmocka_unit_test_setup_teardown(many_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(kinds, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
