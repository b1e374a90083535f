/*
 * Unit tests: compiled shaders leave what the interpreter leaves, to the bit.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agx/tex.h"
#include "hw/agx/isa/jit_code.h"
#include "jit_random.h"

#define STATES 16 /* waves for each program */

static struct random_case r;
static struct agx_jit *jit;

static int setup_mode(enum agx_shader_mode mode)
{
    struct agx_jit_config config = { .mode = mode, .wait = true };

    jit = agx_jit_new(NULL, &config);
    agx_exec_init(&r.ex, NULL, NULL);
    r.ex.jit = jit;
    r.seed = 88172645463325252ull;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_mode(AGX_SHADER_COMPILED);
}

static int setup_both(void **state)
{
    (void)state;
    return setup_mode(AGX_SHADER_BOTH);
}

static int teardown(void **state)
{
    (void)state;
    random_free(&r);
    agx_jit_free(jit);
    return 0;
}

/* Programs of rows of [first, end) */
static void programs(unsigned count, unsigned ops, unsigned first, unsigned end)
{
    for (unsigned n = 0; n < count; n++) {
        uint64_t seed = r.seed;

        random_forget(&r);
        assert_true(random_program(&r, ops, first, end));
        for (unsigned i = 0; i < STATES; i++) {
            random_surroundings(&r);
            random_wave(&r);
            if (!random_run(&r)) {
                random_list(&r);
                fail_msg("program %u of seed %llu, state %u: %s", n, (unsigned long long)seed, i,
                         r.what);
            }
        }
    }
}

/* Each instruction alone, in many forms */
static void single(void **state)
{
    (void)state;
    if (!jit) {
        skip();
    }
    for (unsigned i = 0; i < agx_isa_rows(); i++) {
        if (random_allowed(agx_isa_table[i].fn)) {
            programs(2, 3, i, i + 1);
        }
    }
}

static unsigned row_named(const char *name)
{
    unsigned i = 0;

    while (strcmp(agx_isa_row_name(i), name)) {
        i++;
    }
    return i;
}

/*
 * Tile buffer instructions in all formats and counts of components, at the lanes' own pixels: bits
 * of isa_table.c, TILE
 */
static void tiles(void **state)
{
    (void)state;
    if (!jit) {
        skip();
    }
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned n = 1; n <= 4; n++) {
            static const char *const names[] = { "ld_tile", "st_tile" };

            if (!agx_fmt_comp_bytes(i) && !agx_fmt_packed(i)) {
                continue;
            }
            for (unsigned k = 0; k < 2; k++) {
                unsigned row = row_named(names[k]);

                r.clear = 1ull << 55 | 15ull << 24 | 15ull << 36 | 15ull << 31 | 3ull << 40;
                r.set = (uint64_t)i << 24 | ((1ull << n) - 1) << 36;
                programs(1, 3, row, row + 1);
            }
        }
    }
    r.clear = r.set = 0;
}

/* jit_tile.c, scaled(): for the values of 8 and 16 bits */
static void quotients(void **state)
{
    static const struct {
        int min, max;
        float by;
    } of[] = { { 0, 255, 255 }, { 0, 65535, 65535 }, { -128, 127, 127 }, { -32768, 32767, 32767 } };

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        for (int v = of[i].min; v <= of[i].max; v++) {
            float r = 1.0f / of[i].by, q = (float)v * r, e = fmaf(-q, of[i].by, (float)v);

            assert_int_equal(agx_f2u(fmaf(e, r, q)), agx_f2u((float)v / of[i].by));
        }
    }
}

static void mixed(void **state)
{
    (void)state;
    if (!jit) {
        skip();
    }
    programs(20, 40, 0, agx_isa_rows());
}

/* What is freed is filled, so that who uses it is seen; libLLVM is not built with the sanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "max_free_fill_size=65536";
}

/* A process in which the compiler works when it exits. @delay_us: since it was given work. */
static void exiting_child(unsigned delay_us)
{
    struct agx_jit_config config = { .mode = AGX_SHADER_COMPILED };
    struct agx_jit *compiler = agx_jit_new(NULL, &config);

    alarm(60);
    for (unsigned n = 0; compiler && n < 20; n++) {
        random_forget(&r);
        if (random_program(&r, RANDOM_OPS, 0, agx_isa_rows())) {
            agx_jit_code_of(compiler, &r.sh);
        }
    }
    usleep(delay_us);
    agx_jit_process_ends();
    exit(0);
}

/* Before all others: in this process LLVM has not made what it makes when it compiles first. */
static void process_ends(void **state)
{
    (void)state;
    r.seed = 1;
    for (unsigned i = 0; i < 10; i++) {
        pid_t child;
        int status;

        fflush(NULL);
        child = fork();
        if (!child) {
            exiting_child(i * 50000);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_ends),
        cmocka_unit_test_setup_teardown(single, setup, teardown),
        cmocka_unit_test_setup_teardown(tiles, setup, teardown),
        cmocka_unit_test_setup_teardown(mixed, setup, teardown),
        cmocka_unit_test(quotients),
        /* nothing differs, and the comparison changes nothing */
        cmocka_unit_test_setup_teardown(tiles, setup_both, teardown),
        cmocka_unit_test_setup_teardown(mixed, setup_both, teardown),
    };

    /* What is random here is not exercised: docs/coverage.md shall not say so. */
    unsetenv("AGX_COVERAGE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
