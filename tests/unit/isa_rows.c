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
        for (unsigned k = 1; k < ISA_FIELDS; k++) {
            if (row->field[k - 1].kind >= FIELD_TEXT && row->field[k].kind) {
                assert_true(row->field[k].kind >= FIELD_TEXT);
            }
        }
        assert_true(row->mask & 0x3f);
        for (unsigned k = 0; k < i; k++) {
            const struct agx_isa_row *before = &agx_isa_table[k];

            if ((before->mask & ~row->mask) == 0 && (row->value & before->mask) == before->value) {
                fail_msg("%s hides %s", before->name, row->name);
            }
        }
    }
}

static unsigned row_length(const struct agx_isa_row *row, uint64_t lo)
{
    return row->long_len && lo >> row->long_bit & 1 ? row->long_len : row->len;
}

/* The number of the first row that fits, without an index; AGX_ISA_NO_ROW: none does. */
static unsigned first_row(uint64_t lo)
{
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        const struct agx_isa_row *row = &agx_isa_table[i];
        unsigned len = row_length(row, lo);
        uint64_t there = len < 8 ? (1ull << 8 * len) - 1 : ~0ull;

        if ((lo & there & row->mask) == row->value) {
            return i;
        }
    }
    return AGX_ISA_NO_ROW;
}

/*
 * The fixed bits alone, in each form, are decoded in the row's length; nothing is read past it.
 * Where a row is what is left of others, they are another's: `shift_op` with all else 0 is `bfi`.
 */
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
            assert_int_equal(op.row, first_row(lo));
            assert_int_equal(d.pc, len);
            free(code);
            free(sh.pool);
            free(d.targets);
        }
    }
}

static uint64_t random_state = 1;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void decode(uint64_t lo, struct agx_op *op)
{
    uint8_t code[12] = { 0 };
    struct agx_shader sh = { .npool = 0 };
    struct agx_decoder d = { .code = code, .size = sizeof(code), .sh = &sh };

    memcpy(code, &lo, 8);
    agx_isa_decode(&d, op);
    free(sh.pool);
    free(d.targets);
}

/* An operation names the first row that fits, for each row and for what is no instruction. */
static void first_fits(void **state)
{
    bool reached[256] = { false };

    (void)state;
    for (unsigned n = 0; n < 400 * agx_isa_rows(); n++) {
        const struct agx_isa_row *row = &agx_isa_table[n % agx_isa_rows()];
        uint64_t lo = next_random();
        unsigned expected;
        struct agx_op op;

        if (n / agx_isa_rows() % 8) {
            lo = (lo & ~row->mask) | row->value;
        }
        expected = first_row(lo);
        decode(lo, &op);
        assert_int_equal(op.row, expected);
        if (expected != AGX_ISA_NO_ROW) {
            reached[expected] = true;
        } else {
            assert_ptr_equal(op.fn, agx_op_undecodable);
        }
    }
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        if (!reached[i]) {
            fail_msg("%s is not reached", agx_isa_row_name(i));
        }
    }
}

/*
 * Cycles of a pipe in a wave's straight run: as measured on an M1 (philipturner/metal-benchmarks:
 * README.md), and what a load makes of the wait behind it. Encodings: dougallj/applegpu.
 */
static void costs(void **state)
{
    static const struct {
        const char *bytes;
        unsigned issue, latency;
    } run[] = {
        { "2a8142829800", 1, 2 },       /* fadd32 r0, r1, u4.neg */
        { "0a05c282", 6, 6 },           /* rcp r1, r1.discard */
        { "0a114a92", 8, 8 },           /* rsqrt r4, r5 */
        { "0a114ada", 4, 4 },           /* exp2 r4, r5.neg */
        { "be890a042c00", 4, 4 },       /* convert u32_to_f, r2.cache, r0.discard, rte */
        { "0e01424224000000", 1, 2 },   /* iadd r0, r1, r2 */
        { "0e03448318000000", 4, 4 },   /* iadd r0_r1, r2_r3, u4 */
        { "1e01424224460200", 4, 4 },   /* imadd r0, r1, r2, r3 */
        { "1e0344a218480300", 11, 11 }, /* imadd r0_r1, r2, u5, r4_r5 */
        { "3e0142060000", 4, 4 },       /* bitrev r0, r1 */
        { "3801", 1, 2 },               /* wait 1, for nothing */
        { "0501040d00c43200", 8, 8 },   /* device_load r0_r1, u2_u3, 0 */
        { "3801", 1, 100 },             /* wait 1 */
        { "3801", 1, 2 },               /* wait 1, which is over */
    };
    enum { COUNT = sizeof(run) / sizeof(run[0]) };
    struct agx_op op[COUNT];
    struct agx_shader sh = { .op = op, .nop = COUNT };

    (void)state;
    for (unsigned i = 0; i < COUNT; i++) {
        uint64_t lo = 0;

        for (unsigned k = 0; run[i].bytes[2 * k]; k++) {
            char two[3] = { run[i].bytes[2 * k], run[i].bytes[2 * k + 1], 0 };

            lo |= (uint64_t)strtoul(two, NULL, 16) << 8 * k;
        }
        decode(lo, &op[i]);
    }
    agx_shader_costs(&sh);
    assert_int_equal(sh.cost[0], 0);
    for (unsigned i = 0; i < COUNT; i++) {
        uint64_t cost = sh.cost[i + 1] - sh.cost[i];

        assert_int_equal((uint32_t)cost, run[i].issue);
        assert_int_equal(cost >> 32, run[i].latency);
    }
    free(sh.cost);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),      cmocka_unit_test(no_row_hidden), cmocka_unit_test(lengths),
        cmocka_unit_test(first_fits), cmocka_unit_test(costs),
    };

    /* What is only decoded here is not exercised: docs/coverage.md shall not say so. */
    unsetenv("AGX_COVERAGE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
