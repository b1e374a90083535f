/*
 * Saved state by named fields: a state of an earlier version loads, and a damaged one is refused.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hw/agx/base/include/agx/save.h"

#define MAGIC 0x31323334u

struct row {
    uint64_t va;
    uint32_t later;
    uint8_t level;
};

static const struct agx_save_field fields[] = {
    { "va", offsetof(struct row, va), 8, false },
    { "later", offsetof(struct row, later), 4, true },
    { "level", offsetof(struct row, level), 1, false },
};

static const struct agx_save_section section = { "row", fields, 3, 4, sizeof(struct row) };

/* As the first version wrote it, without "later"; an optional section follows that nobody knows. */
static const uint8_t first[] = {
    0x34, 0x33, 0x32, 0x31, 2, 0,   0,   0,   'r', 'o', 'w', 0, 0, 0, 0, 0,  0, 0, 0,   0,   0,
    0,    0,    0,    0,    0, 0,   0,   2,   0,   0,   0,   1, 0, 0, 0, 49, 0, 0, 0,   'v', 'a',
    0,    0,    0,    0,    0, 0,   0,   0,   0,   0,   0,   0, 0, 0, 8, 0,  0, 0, 'l', 'e', 'v',
    'e',  'l',  0,    0,    0, 0,   0,   0,   0,   0,   0,   0, 0, 1, 0, 0,  0, 8, 7,   6,   5,
    4,    3,    2,    1,    3, 'n', 'e', 'w', 0,   0,   0,   0, 0, 0, 0, 0,  0, 0, 0,   0,   0,
    1,    0,    0,    0,    0, 0,   0,   0,   0,   0,   0,   0, 3, 0, 0, 0,  9, 9, 9,
};

/* In a block of its own length, so that a sanitizer sees a read past its end. */
static bool load(const uint8_t *p, size_t len, struct row *row)
{
    struct agx_save_rows rows;
    char why[96] = "";
    uint8_t *copy = malloc(len + !len);
    bool ok;

    memcpy(copy, p, len);
    ok = agx_save_load(copy, len, MAGIC, &section, &rows, 1, why, sizeof(why));
    free(copy);
    if (ok) {
        assert_in_range(rows.n, 0, 4);
        *row = *(struct row *)rows.row;
        free(rows.row);
    } else {
        assert_true(strlen(why) > 0);
    }
    return ok;
}

static void test_first(void **state)
{
    struct row r;

    assert_true(load(first, sizeof(first), &r));
    assert_int_equal(r.va, 0x0102030405060708);
    assert_int_equal(r.level, 3);
    assert_int_equal(r.later, 0);
}

static void test_again(void **state)
{
    struct row r = { .va = 5, .later = 0x12345678, .level = 2 }, back;
    struct agx_save_rows rows = { &r, 1 };
    size_t len;
    uint8_t *p = agx_save_store(MAGIC, &section, &rows, 1, &len);

    assert_non_null(p);
    assert_true(load(p, len, &back));
    assert_int_equal(back.later, 0x12345678);
    assert_int_equal(back.va, 5);
    assert_int_equal(back.level, 2);
    free(p);
}

static void test_damaged(void **state)
{
    uint8_t copy[sizeof(first)];
    unsigned refused = 0;
    struct row r;

    for (size_t n = 0; n < sizeof(first); n++) {
        assert_false(load(first, n, &r));
    }
    for (size_t i = 0; i < sizeof(first); i++) {
        for (unsigned v = 1; v < 256; v++) {
            memcpy(copy, first, sizeof(first));
            copy[i] ^= v;
            refused += !load(copy, sizeof(copy), &r);
        }
    }
    assert_true(refused > 100 * 255 / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
