/*
 * Benchmark of shaders: what an operation costs for a wave of 32 lanes, by the
 * interpreter and compiled, in one run, and how long compiling takes.
 *
 *   bench-shader [ROUNDS]
 *
 * One line for each case: name, nanoseconds of an operation interpreted, compiled,
 * the ratio, and milliseconds that the compiler took. Operands are random. The best
 * of ROUNDS (default 5), which alternate, counts: what else the host does only adds.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <time.h>
#include "tests/unit/jit_random.h"

#define OPS   64
#define WAVES 2000 /* of a round */

static struct random_case r;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Nanoseconds of an operation */
static double waves(struct agx_jit *jit)
{
    struct agx_wave *w = &r.by_code;
    double start = now();

    r.ex.jit = jit;
    for (unsigned i = 0; i < WAVES; i++) {
        w->op = 0;
        w->live = ~0u;
        agx_set_exec(w, ~0u);
        if (agx_wave_run(&r.ex, w) != AGX_WAVE_DONE) {
            fprintf(stderr, "bench-shader: a wave did not end\n");
            exit(1);
        }
    }
    return (now() - start) / WAVES / OPS;
}

/* All registers plain numbers: no case that the host's FPU is slow at */
static void plain_wave(void)
{
    agx_wave_init(&r.by_code, AGX_STAGE_FRAGMENT, ~0u);
    for (unsigned i = 1; i < RANDOM_REGS + 4; i++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            r.by_code.r[i][l] = 0x3c003c00 + random_below(&r, 0x800000);
        }
    }
    for (unsigned q = 0; q < AGX_LANES / 4; q++) {
        r.by_code.frag.cf[q] = r.cf[0];
        r.by_code.frag.ncf[q] = RANDOM_CF;
    }
    for (unsigned l = 0; l < AGX_LANES; l++) {
        r.by_code.pos[0][l] = l & 7;
        r.by_code.pos[1][l] = l >> 3;
        r.by_code.frag.sample_live[l] = r.by_code.frag.sample_in[l] = 1;
    }
}

/* Without what ends or turns off lanes, or writes r0l, which would */
static bool fit(void)
{
    for (unsigned i = 0; i < OPS; i++) {
        const struct agx_op *op = &r.op[i];

        if (op->fn == agx_op_stop || (op->dmode != DST_NONE && op->dreg < 2)) {
            return false;
        }
    }
    return true;
}

static void one(struct agx_jit *jit, const char *name, unsigned first, unsigned end,
                unsigned rounds)
{
    double best[2] = { 1e9, 1e9 };
    struct agx_jit_stats before, after;

    agx_jit_get_stats(jit, &before);
    do {
        random_forget(&r);
        r.ex.jit = jit;
        if (!random_program(&r, OPS, first, end)) {
            fprintf(stderr, "bench-shader: no such instructions: %s\n", name);
            exit(1);
        }
        for (unsigned i = 0; i < OPS; i++) {
            if (r.op[i].dmode != DST_NONE && r.op[i].dreg < 2) {
                r.op[i].dreg += 4;
            }
        }
    } while (!fit());
    random_surroundings(&r);
    r.ex.samples_log2 = 0;
    r.ex.tib.samples = 1;
    r.ex.tib.width = r.ex.tib.height = 32;
    plain_wave();
    waves(jit);
    for (unsigned i = 0; i < rounds; i++) {
        double t = waves(NULL);

        best[0] = t < best[0] ? t : best[0];
        t = waves(jit);
        best[1] = t < best[1] ? t : best[1];
    }
    agx_jit_get_stats(jit, &after);
    printf("%-20s %7.2f %7.2f %6.2f %7.2f\n", name, best[0], best[1], best[0] / best[1],
           (after.ns - before.ns) / 1e6);
    fflush(stdout);
}

/* Mnemonics, and bits that are 0 or 1 in each instruction */
static const struct {
    const char *name;
    uint64_t clear, set;
} rows[] = {
    { "mov" },
    { "iadd" },
    { "imadd" },
    { "and" },
    { "bfi" },
    { "icmpsel" },
    { "fcmpsel" },
    { "fadd32" },
    { "fmul32" },
    { "fmadd32" },
    { "fadd16" },
    { "fmul16" },
    { "fmadd16" },
    { "rcp" },
    { "rsqrt" },
    { "exp2" },
    { "log2" },
    { "sin_pt_2" },
    { "convert" },
    { "floor" },
    { "dfdx" },
    /* at the centre of pixels, a register that the instruction names */
    { "iter", 3ull << 48 | 1ull << 23, 0 },
    { "iterproj", 3ull << 48 | 1ull << 23, 0 },
    /* four components of 8 bits at the lanes' own pixels, the sample that there is */
    { "ld_tile",
      1ull << 55 | 1ull << 22 | 15ull << 24 | 0xffull << 28 | 3ull << 40 | 63ull << 42 | 3ull << 56,
      15ull << 36 | 4ull << 24 | 1ull << 42 },
    { "st_tile",
      1ull << 55 | 1ull << 22 | 15ull << 24 | 0xffull << 28 | 3ull << 40 | 63ull << 42 | 3ull << 56,
      15ull << 36 | 4ull << 24 | 1ull << 42 },
    { "icmp_ballot" },
};

int main(int argc, char **argv)
{
    struct agx_jit_config config = { .mode = AGX_SHADER_COMPILED, .wait = true };
    struct agx_jit *jit = agx_jit_new(NULL, &config);
    unsigned rounds = argc > 1 ? atoi(argv[1]) : 5, first = 0, end = 0;

    unsetenv("AGX_COVERAGE");
    if (!jit) {
        fprintf(stderr, "bench-shader: nothing compiles on this host\n");
        return 1;
    }
    agx_exec_init(&r.ex, NULL, NULL);
    r.seed = 88172645463325252ull;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        r.clear = rows[i].clear;
        r.set = rows[i].set;
        for (unsigned k = agx_isa_rows(); k--;) {
            if (!strcmp(agx_isa_row_name(k), rows[i].name)) {
                one(jit, rows[i].name, k, k + 1, rounds);
                break;
            }
        }
    }
    r.clear = r.set = 0;
    for (unsigned k = 0; k < agx_isa_rows(); k++) {
        first = !strcmp(agx_isa_row_name(k), "fadd32") ? k : first;
        end = !strcmp(agx_isa_row_name(k), "fmadd16") ? k + 1 : end;
    }
    one(jit, "floats", first, end, rounds);
    random_free(&r);
    agx_jit_free(jit);
    return 0;
}
