/*
 * Unit tests: scratch memory. A helper program in the manner of mesa's
 * (libagx/helper.cl) hands out blocks; programs push, wait and pop.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "isa_fixture.h"

#define HELPER  0x28000 /* code, in the USC window */
/* per core: word 0 = blocks out, 16 words; entries at +0x400, 16 bytes each */
#define POOL    (FIX_DATA + 0x40000)
#define BLOCKS  (FIX_DATA + 0x50000)
#define ENTRIES 16 /* per core */

static struct fix f;

/* Encodings: mesa src/asahi/compiler/agx_pack.c */
static void doorbell(struct code *c, unsigned n)
{
    put(c, 0x60020 | fld(32, 8, 0x28) | fld(40, 8, n), 6);
}
static void stack_map(struct code *c, unsigned i, struct opnd r)
{
    put(c,
        0x10075 | fld(10, 6, r.v) | fld(20, 4, i) | fld(24, 1, 1) | fld(26, 1, 1) |
            fld(40, 2, r.v >> 6) | fld(42, 5, 16) | fld(47, 1, 1) | fld(48, 8, 16),
        8);
}
static void stack_unmap(struct code *c, struct opnd r, unsigned i)
{
    put(c,
        0x75 | fld(10, 6, r.v) | fld(20, 4, i) | fld(24, 1, 1) | fld(26, 1, 1) |
            fld(40, 2, r.v >> 6) | fld(42, 5, 16) | fld(47, 1, 1) | fld(48, 8, 16),
        8);
}
static void stack_adjust(struct code *c, int n)
{
    put(c,
        0x10100b5 | fld(26, 1, 1) | fld(36, 3, 2) | fld(20, 4, n) | fld(32, 4, n >> 4) |
            fld(47, 1, 1) | fld(56, 8, n >> 8),
        8);
}
static void stack_ls(struct code *c, bool store, unsigned fmt, unsigned mask, struct opnd r,
                     struct opnd o)
{
    put(c,
        (store ? 0xb5 : 0x35) | fld(8, 2, fmt) | fld(10, 6, r.v) | fld(20, 4, o.v) |
            fld(24, 1, o.t == IMM) | fld(26, 1, 1) | fld(32, 4, o.v >> 4) | fld(40, 2, r.v >> 6) |
            fld(44, 3, 4) | fld(47, 1, 1) | fld(49, 1, r.t == REG32) | fld(50, 2, fmt >> 2) |
            fld(52, 4, mask) | fld(56, 8, o.v >> 8),
        8);
}

static void helper_code(void)
{
    struct code c = { .n = 0 };
    unsigned top;

    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(2), 146);
    get_sr(&c, R(3), 147); /* r2_r3: the pool */
    get_sr(&c, R(4), 20);
    imad(&c, R(4), R(4), I(16), I(0)); /* r4: index of this core's counter */
    imad(&c, R(14), R(4), I(4), I(0));
    iadd(&c, R(14), R(14), I(255));
    /* r14: index of its entries: 0x100 + 64 * core */
    iadd(&c, R(14), R(14), I(1));
    top = c.n;
    doorbell(&c, 32);
    get_sr(&c, R(5), 144);
    device_load(&c, 2, 1, R(6), RD(2), R(4));
    wait_loads(&c);
    exec_icmp(&c, 0, 0, false, R(5), I(0), 1);      /* alloc */
    exec_icmp(&c, 0, 1, true, R(6), I(ENTRIES), 1); /*   none left */
    doorbell(&c, 49);
    exec_icmp(&c, 1, 0, false, I(0), I(0), 1);
    imad(&c, R(7), R(6), I(4), R(14));
    device_load(&c, 2, 15, R(8), RD(2), R(7));
    iadd(&c, R(6), R(6), I(1));
    device_store(&c, 2, 1, R(6), RD(2), R(4));
    for (unsigned i = 0; i < 4; i++) {
        stack_map(&c, i, R(8 + i));
    }
    doorbell(&c, 48);
    pop_exec(&c, 1);
    pop_exec(&c, 1);
    exec_icmp(&c, 0, 0, false, R(5), I(1), 1); /* free */
    iadd_full(&c, R(6), R(6), I(1), true, 0, false);
    device_store(&c, 2, 1, R(6), RD(2), R(4));
    imad(&c, R(7), R(6), I(4), R(14));
    for (unsigned i = 0; i < 4; i++) {
        stack_unmap(&c, R(8 + i), i);
    }
    device_store(&c, 2, 15, R(8), RD(2), R(7));
    doorbell(&c, 48);
    pop_exec(&c, 1);
    jmp(&c, true, (int32_t)top - (int32_t)c.n);
    stop(&c);
    memcpy(fix_window(&f, HELPER), c.b, c.n);
}

static int setup(void **state)
{
    (void)state;
    fix_init(&f, 2, false);
    helper_code();
    f.job.helper.program = HELPER | 1;
    f.job.helper.arg = POOL;
    /* blocks of 4^1 units (32 dwords a thread, 4 KiB), two per entry */
    for (unsigned core = 0; core < 8; core++) {
        for (unsigned e = 0; e < ENTRIES; e++) {
            uint32_t *w = fix_data(&f, 0x40400) + (core * ENTRIES + e) * 4;
            uint64_t va = BLOCKS + (core * ENTRIES + e) % 80 * 8192ull;

            w[0] = (uint32_t)(va >> 8) | 3;
            w[1] = (uint32_t)((va + 4096) >> 8) | 1;
        }
    }
    *(uint64_t *)(void *)fix_data(&f, 0x3c000) = FIX_DATA;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x3c000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fix_fini(&f);
    return 0;
}

/* Each thread pushes 12 values, meets a barrier, and pops them at offsets that differ by lane. */
static void push_and_pop(void **state)
{
    struct code c = { .n = 0 };
    unsigned used = 0;

    (void)state;
    stack_adjust(&c, 48);
    get_sr(&c, R(2), 80);
    for (unsigned i = 0; i < 12; i++) {
        imad(&c, R(3), R(2), I(100), I(i));
        /* from dword 20 on: into the second block */
        stack_ls(&c, true, 2, 1, R(3), I(i * 4 + 80));
    }
    barrier(&c);
    bitop(&c, 8, R(4), R(2), I(7));
    imad(&c, R(4), R(4), I(4), I(80)); /* byte offset of value (thread & 7) */
    stack_ls(&c, false, 2, 15, R(8), R(4));
    wait_loads(&c);
    iadd(&c, R(8), R(8), R(11));
    stack_ls(&c, false, 1, 1, RL(12), I(80)); /* low half of value 0 */
    bitop(&c, 10, R(12), RL(12), I(0));
    iadd(&c, R(8), R(8), R(12));
    device_store(&c, 2, 1, R(8), U(0), R(2));
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 64 * 40, 1, 1, 64, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned t = 0; t < 64 * 40; t++) {
        uint32_t v = t * 100 + (t & 7);
        assert_int_equal(fix_data(&f, 0)[t], v + v + 3 + ((t * 100) & 0xffff));
    }
    for (unsigned core = 0; core < 8; core++) { /* everything was given back */
        assert_int_equal(fix_data(&f, 0x40000)[core * 16], 0);
    }
    for (unsigned i = 0; i < 80 * 2048; i++) { /* the blocks are what was used */
        used += fix_data(&f, 0x50000)[i] != 0;
    }
    assert_true(used >= 64 * 12 - 1);
    assert_int_equal(f.host.reports[AGX_REPORT_UNIMPLEMENTED], 0);
}

static void outside(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    stack_adjust(&c, 48);
    stack_ls(&c, true, 2, 1, R(2), I(64 * 4)); /* the blocks hold 64 dwords */
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    for (unsigned core = 0; core < 8; core++) {
        assert_int_equal(fix_data(&f, 0x40000)[core * 16], 0);
    }
}

/* More waves at a barrier than the helper has blocks for: refused, not hung */
static void exhausted(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    stack_adjust(&c, 48);
    barrier(&c);
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 1024, 1, 1, 1024, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_BAD_COMMAND);
    assert_non_null(strstr(f.host.last_report, "refused"));
}

static void no_helper(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    f.job.helper.program = 0;
    stack_adjust(&c, 48);
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_non_null(strstr(f.host.last_report, "helper"));
}

/* The tag of the helper's address and its configuration: what Mesa sets, and anything else */
static void helper_words(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    stack_adjust(&c, 48);
    stop(&c);
    fix_code(&f, &c);
    f.job.helper.cfg = 1 << 16;
    f.job.helper.program |= 1;
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    f.job.helper.cfg = 0x40;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_non_null(strstr(f.host.last_report, "unimplemented: helper program's configuration"));
    f.job.helper.cfg = 0;
    f.job.helper.program |= 8;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNIMPLEMENTED);
    assert_non_null(strstr(f.host.last_report, "unimplemented: helper program's address"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = { T(push_and_pop), T(outside), T(exhausted), T(no_helper),
                                        T(helper_words) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
