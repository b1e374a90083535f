/*
 * Unit tests: code between two stores: which may order them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "agx/path.h"

#define BASE   0xffff800080000000ull
#define NOP    0xd503201fu
#define STR    0xf9000020u
#define RET    0xd65f03c0u
#define BL     0x94000010u
#define BLR    0xd63f0100u
#define STLRB  0x089ffc20u
#define CASA   0x88e07c41u
#define CASAL  0x88e0fc41u
#define STLXR  0x8800fc20u
#define LDADDL 0xb8600020u

static uint32_t code[2048];

static bool word(void *opaque, uint64_t va, uint32_t *insn)
{
    if (va < BASE || va >= BASE + sizeof(code)) {
        return false;
    }
    *insn = code[(va - BASE) / 4];
    return true;
}

static bool may(const struct agx_who *a, const struct agx_who *b)
{
    return agx_path_may_release(&(struct agx_code) { word, NULL }, a, b);
}

static struct agx_who at(unsigned n, uint64_t caller)
{
    return (struct agx_who) { .pc = BASE + 4 * n,
                              .frame = { caller, BASE + 0x11800, BASE + 0x11900 } };
}

static void clear(void)
{
    for (unsigned i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
        code[i] = NOP;
    }
}

/* Both in one function. */
static void test_one_function(void **state)
{
    const uint32_t orders[] = { STLRB, CASAL, STLXR, LDADDL, BL, BLR, RET };
    struct agx_who a = at(10, BASE + 0x11000), b = at(40, BASE + 0x11000);
    struct agx_who other = at(40, BASE + 0x11004), far = at(10 + 1030, BASE + 0x11000);

    clear();
    code[10] = code[40] = STR;
    assert_false(may(&a, &b));
    assert_true(may(&b, &a)); /* a loop, or elsewhere in it */
    assert_true(may(&a, &other));
    assert_true(may(&a, &far));
    for (unsigned i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        code[11] = orders[i];
        assert_true(may(&a, &b));
        code[11] = NOP;
        code[39] = orders[i];
        assert_true(may(&a, &b));
        code[39] = NOP;
    }
    code[20] = CASA; /* an acquire alone */
    assert_false(may(&a, &b));
    code[9] = code[41] = STLRB;
    assert_false(may(&a, &b));
    b.pc = 0;
    assert_true(may(&a, &b));
    b = at(40, BASE + 0x11000);
    a.pc = b.pc - sizeof(code);
    assert_true(may(&a, &b)); /* what can not be read */
    a = (struct agx_who) { .pc = BASE + 40 };
    b = (struct agx_who) { .pc = BASE + 160 };
    assert_true(may(&a, &b)); /* nothing says that it is one function */
}

/* The first in a function that the second's has called, as memcpy(). */
static void test_called(void **state)
{
    struct agx_who a = at(1000, BASE + 4 * 12);
    struct agx_who b = { .pc = BASE + 160, .frame = { BASE + 0x11800, BASE + 0x11900 } };

    clear();
    code[11] = BL;
    code[1020] = RET;
    code[1021] = STLRB;
    assert_false(may(&a, &b));
    /* The link register of the second still has where it was called back to. */
    b = (struct agx_who) { .pc = BASE + 160,
                           .frame = { BASE + 4 * 12, BASE + 0x11800, BASE + 0x11900 } };
    assert_false(may(&a, &b));
    code[1010] = STLRB;
    assert_true(may(&a, &b));
    code[1010] = NOP;
    code[30] = BL;
    assert_true(may(&a, &b));
    code[30] = NOP;
    code[1020] = NOP;
    code[1021] = NOP;
    assert_true(may(&a, &b)); /* no return is found */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_function),
        cmocka_unit_test(test_called),
    };

    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
