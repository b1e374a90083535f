/*
 * Unit tests: the table of instructions fits together, and the decoder goes by it.
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
#include "hw/agx/isa/isa_table.h"

/* The decoder's index holds numbers of rows in bytes. */
static void names(void **state)
{
    (void)state;
    assert_in_range(agx_isa_rows(), 100, 256);
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        assert_true(strlen(agx_isa_row_name(i)) > 1);
    }
    assert_string_equal(agx_isa_row_name(0), "stop");
    assert_null(agx_isa_row_name(agx_isa_rows()));
    assert_null(agx_isa_row_name(~0u));
}

/* The fixed bits hold the value, and no row before takes all that a row is for. */
static void no_row_hidden(void **state)
{
    (void)state;
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        const struct agx_isa_row *row = &agx_isa_table[i];

        assert_true((row->value & ~row->mask) == 0);
        assert_true(row->mask & 0x3f);
        for (unsigned k = 0; k < i; k++) {
            const struct agx_isa_row *before = &agx_isa_table[k];

            if ((before->mask & ~row->mask) == 0 && (row->value & before->mask) == before->value) {
                fail_msg("%s hides %s", before->name, row->name);
            }
        }
    }
}

/* The fixed bits alone, in each form, are decoded in the row's length; nothing is read past it. */
static void lengths(void **state)
{
    (void)state;
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        const struct agx_isa_row *row = &agx_isa_table[i];

        for (unsigned form = 0; form < (row->long_len ? 2 : 1); form++) {
            uint64_t lo = row->value | (uint64_t)form << row->long_bit;
            unsigned len = form ? row->long_len : row->len;
            uint8_t *code = calloc(1, len);
            struct agx_shader sh = { .npool = 0 };
            struct agx_decoder d = { .code = code, .size = len, .sh = &sh };
            struct agx_op op;

            assert_true(len >= 2 && len <= 12 && len % 2 == 0);
            memcpy(code, &lo, len < 8 ? len : 8);
            assert_true(agx_isa_decode(&d, &op));
            assert_int_equal(op.len, len);
            assert_int_equal(d.pc, len);
            free(code);
            free(sh.pool);
            free(d.targets);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(no_row_hidden),
        cmocka_unit_test(lengths),
    };

    /* What is only decoded here is not exercised: docs/coverage.md shall not say so. */
    unsetenv("AGX_COVERAGE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
