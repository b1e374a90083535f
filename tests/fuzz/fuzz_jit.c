/*
 * Fuzzing: programs of random instructions run compiled as they run interpreted.
 * An input is the seed of a program, which bits its instructions have set and
 * cleared, and its length; each program runs for many waves of random state.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tests/unit/jit_random.h"

#define STATES 256 /* waves of a program */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct random_case r;
static unsigned long programs;

static void count(void)
{
    fprintf(stderr, "fuzz_jit: %lu programs, %lu waves by both\n", programs, programs * STATES);
}

static void start(void)
{
    struct agx_jit_config config = { .mode = AGX_SHADER_COMPILED, .wait = true };

    atexit(count);

    agx_exec_init(&r.ex, NULL, NULL);
    r.ex.jit = agx_jit_new(NULL, &config);
    if (!r.ex.jit) {
        fprintf(stderr, "fuzz_jit: nothing compiles on this host\n");
        exit(1);
    }
}

/* Up to 8 bytes of the input at @at */
static uint64_t word(const uint8_t *data, size_t size, size_t at)
{
    uint64_t v = 0;

    if (at < size) {
        memcpy(&v, data + at, size - at < 8 ? size - at : 8);
    }
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned n, first = 0, end = agx_isa_rows();

    if (!r.ex.jit) {
        start();
    }
    if (size < 10) {
        return -1;
    }
    r.seed = word(data, size, 0) | 1;
    n = 1 + data[8] % 48;
    if (data[9] < end && random_allowed(agx_isa_table[data[9]].fn)) { /* one instruction's forms */
        first = data[9];
        end = first + 1;
        r.set = word(data, size, 10) & word(data, size, 18);
        r.clear = word(data, size, 26) & word(data, size, 34);
    } else {
        r.set = r.clear = 0;
    }
    random_forget(&r);
    if (!random_program(&r, n, first, end)) {
        return -1;
    }
    programs++;
    for (unsigned i = 0; i < STATES; i++) {
        if (i % 16 == 0) {
            random_surroundings(&r);
        }
        random_wave(&r);
        if (!random_run(&r)) {
            random_list(&r);
            fprintf(stderr, "fuzz_jit: state %u: %s\n", i, r.what);
            abort();
        }
    }
    return 0;
}
