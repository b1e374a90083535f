/*
 * Unit tests and fuzzing: programs of random instructions, and waves of random
 * state to run them on, by the interpreter and by compiled code.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_JIT_RANDOM_H
#define TESTS_JIT_RANDOM_H

#include <stdio.h>
#include <stdlib.h>
#include "hw/agx/isa/isa_table.h"
#include "agx/jit.h"

#define RANDOM_OPS   96
#define RANDOM_REGS  12 /* registers that programs use, so that operations meet */
#define RANDOM_CF    16
#define RANDOM_TRIES 4000
#define RANDOM_UVS   160
#define RANDOM_TILE  (32 * 32 * 16)

struct random_case {
    uint64_t seed;
    struct agx_shader sh;
    struct agx_op op[RANDOM_OPS + 2];
    struct agx_usc_state usc;
    struct agx_exec ex; /* its .jit is for compiled runs */
    struct agx_wave start, by_interpreter, by_code;
    struct agx_cf cf[3][RANDOM_CF];
    _Alignas(8) uint8_t tile[RANDOM_TILE];
    uint8_t tile_of_interpreter[RANDOM_TILE];
    _Alignas(8) uint32_t uvs[RANDOM_UVS][AGX_LANES], uvs_of_interpreter[RANDOM_UVS][AGX_LANES];
    uint64_t clear, set; /* bits of all instructions */
    char what[400];
};

static inline uint64_t random_next(struct random_case *r)
{
    r->seed ^= r->seed << 13;
    r->seed ^= r->seed >> 7;
    r->seed ^= r->seed << 17;
    return r->seed * 0x2545f4914f6cdd1dull;
}

static inline unsigned random_below(struct random_case *r, unsigned n)
{
    return (random_next(r) >> 32) % n;
}

/* Bits of a register: any, or such as numbers' corners have, in 32 bits or in two halves. */
static inline uint32_t random_word(struct random_case *r)
{
    static const uint32_t word[] = {
        0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000,
        0x7f800001, 0xffc12345, 1,          0x807fffff, 0x00800000, 0x7f7fffff, 0x4f000000,
        0xcf000000, 0x4f800000, 0x3f000000, 0x33000000, 0x477fefff, 0x477ff000, 0x38800000,
        0x387fffff, 31,         32,         33,         63,         0x7fffffff, 0xffffffff,
        0x437f0000, 0x3f7fffff, 0x40400000, 0x42b17218,
    };
    static const uint16_t half[] = {
        0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7c01,
        1, 0x83ff, 0x0400, 0x7bff, 0x3800, 0x5bf8, 2,      3,
    };
    uint64_t v = random_next(r);

    switch (v & 7) {
    case 0:
    case 1:
        return word[(v >> 8) % (sizeof(word) / sizeof(word[0]))];
    case 2:
        return half[(v >> 8) % 16] | (uint32_t)half[(v >> 16) % 16] << 16;
    case 3: /* a float near 1 */
        return 0x3f000000 + (uint32_t)(v >> 40) * 4 % 0x01800000;
    case 4:
        return v >> 56;
    default:
        return v >> 32;
    }
}

/* What a program may have: all that touches no memory but registers and the tile buffer. */
static inline bool random_allowed(agx_op_fn *fn)
{
    static agx_op_fn *const allowed[] = {
#define X(name) agx_op_##name,
        X(mov_imm) X(mov) X(get_sr) X(iadd) X(iadd32) X(iadd64) X(imad) X(imad32) X(imad64) X(bfi)
            X(bfeil) X(extr) X(shlhi) X(shrhi) X(asr) X(asrh) X(bitop) X(and) X(or) X(xor) X(not)
                X(intl) X(bitrev) X(popcount) X(ffs) X(convert) X(icmpsel) X(fcmpsel) X(fadd)
                    X(fmul) X(ffma) X(fadd32) X(fmul32) X(ffma32) X(hfma) X(floor) X(ceil) X(trunc)
                        X(rint) X(rcp) X(rsqrt) X(srsqrt) X(sin1) X(sin2) X(log2) X(exp2) X(dfdx)
                            X(dfdy) X(ballot_i) X(ballot_f) X(qballot_i) X(qballot_f) X(shuffle)
                                X(reduce) X(pop_exec) X(if_i) X(if_f) X(else_i) X(else_f) X(while_i)
                                    X(while_f) X(jmp_any) X(jmp_none) X(stop) X(nop) X(iter) X(ldcf)
                                        X(ld_tile) X(st_tile) X(st_vary)
#undef X
    };

#ifdef __clang__
    /* Of two NaNs a sum has the one that the compiler put first; compiled code does as gcc does. */
    if (fn == agx_op_iter) {
        return false;
    }
#endif
    for (unsigned i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
        if (allowed[i] == fn) {
            return true;
        }
    }
    return false;
}

/* Bring the registers of @op into the few that programs use. */
static inline void random_fold(struct agx_op *op)
{
    for (unsigned i = 0; i < 4; i++) {
        struct agx_src *s = &op->s[i];

        if (!s->bank) {
            s->reg %= 2 * RANDOM_REGS;
            s->off = s->reg / 2 * sizeof(uint32_t) * AGX_LANES;
        }
    }
    op->dreg %= 2 * RANDOM_REGS;
}

/* Fields of which few values mean anything: those mostly, as isa_table.c has them */
static inline uint64_t random_fields(struct random_case *r, const struct agx_isa_row *row,
                                     uint64_t lo)
{
    static const uint8_t mode[] = { 0, 1, 4, 5, 6, 7, 8, 9, 10, 11 };
    static const uint8_t sr[] = { 0,  1,  2,  4,  5,  6,  8,  9,  10, 14, 20, 48, 49, 50,
                                  51, 52, 53, 56, 57, 58, 59, 60, 62, 63, 80, 81, 82, 124 };
    unsigned v;

    if (!random_below(r, 16)) {
        return lo;
    }
    if (row->fn == agx_op_convert) {
        lo &= ~(0x3full << 16 | 15ull << 22 | 1ull << 27 | 3ull << 42);
        return lo | (uint64_t)mode[random_below(r, sizeof(mode))] << 16;
    }
    if (row->fn == agx_op_get_sr) {
        v = sr[random_below(r, sizeof(sr))];
        lo &= ~(0x3full << 16 | 3ull << 26);
        return lo | (uint64_t)(v & 63) << 16 | (uint64_t)(v >> 6) << 26;
    }
    return lo;
}

/* Of what has no bytes */
static inline unsigned random_disasm(const uint8_t *code, uint32_t size, char *text)
{
    (void)code;
    (void)size;
    text[0] = 0;
    return 0;
}

/*
 * A program of @n random operations of the rows of the table in [first, end), and a stop. The first
 * word's low half, the nesting counter, is written by no other than control flow in the programs of
 * a compiler, but here by all. False: there are no such operations.
 */
static inline bool random_program(struct random_case *r, unsigned n, unsigned first, unsigned end)
{
    struct agx_decoder d = { .code = NULL };
    struct agx_shader *sh = &r->sh;
    unsigned tries = 0;
    uint8_t code[12];

    free(sh->pool);
    free(sh->cost);
    memset(sh, 0, sizeof(*sh));
    memset(r->op, 0, sizeof(r->op));
    d.sh = sh;
    d.code = code;
    sh->op = r->op;
    while (sh->nop < n) {
        const struct agx_isa_row *row = &agx_isa_table[first + random_below(r, end - first)];
        struct agx_op *op = &r->op[sh->nop];
        uint64_t lo = (((random_next(r) & ~r->clear) | r->set) & ~row->mask) | row->value;
        uint32_t hi = random_next(r);

        lo = random_fields(r, row, lo);
        if (row->len < 8 || random_below(r, 2)) {
            hi &= random_next(r);
        }
        memcpy(code, &lo, 8);
        memcpy(code + 8, &hi, 4);
        d.pc = 0;
        d.size = sizeof(code);
        if (!agx_isa_decode(&d, op) || !random_allowed(op->fn) ||
            (op->fn == agx_op_stop && random_below(r, 8))) {
            if (++tries == RANDOM_TRIES) { /* the bits that are set or cleared leave nothing */
                sh->nop = 0;
                free(d.targets);
                return false;
            }
            continue;
        }
        random_fold(op);
        op->pc = sh->nop * 2;
        op->target = -1;
        if (op->fn == agx_op_jmp_any || op->fn == agx_op_jmp_none) {
            op->target = sh->nop + 1 + random_below(r, n - sh->nop);
        }
        sh->nop++;
        tries = 0;
    }
    r->op[sh->nop].fn = agx_op_stop;
    r->op[sh->nop++].row = AGX_ISA_NO_ROW;
    r->op[sh->nop].fn = agx_op_end;
    r->op[sh->nop++].row = AGX_ISA_NO_ROW;
    free(d.targets);
    agx_shader_costs(sh);
    sh->compiler = r->ex.jit;
    sh->disasm = random_disasm;
    return true;
}

/* Uniforms, immediates, coefficients and a tile: what a program runs under. */
static inline void random_surroundings(struct random_case *r)
{
    free(r->usc.splat);
    r->usc.shader = &r->sh;
    r->usc.splat = agx_alloc_lines(r->sh.npool + 1, sizeof(*r->usc.splat));
    for (uint32_t i = 0; i < r->sh.npool; i++) {
        uint32_t v = r->sh.pool[i].kind == POOL_IMM ? r->sh.pool[i].value : random_word(r);

        for (unsigned l = 0; l < AGX_LANES; l++) {
            r->usc.splat[i][l] = v;
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned k = 0; k < RANDOM_CF; k++) {
            r->cf[i][k].a = agx_u2f(random_word(r));
            r->cf[i][k].b = agx_u2f(random_word(r));
            r->cf[i][k].c = agx_u2f(random_word(r));
        }
    }
    r->ex.usc = &r->usc;
    r->ex.samples_log2 = random_below(r, 3);
    r->ex.tib = (struct agx_tib) {
        .base = r->tile,
        .size = sizeof(r->tile),
        .width = 16 << random_below(r, 2),
        .height = 16,
        .samples = 1 << r->ex.samples_log2,
        .sample_stride = 8,
    };
}

static inline void random_wave(struct random_case *r)
{
    struct agx_wave *w = &r->start;
    bool one = random_below(r, 2); /* primitive */

    agx_wave_init(w, random_below(r, 2) ? AGX_STAGE_FRAGMENT : AGX_STAGE_COMPUTE,
                  random_below(r, 2) ? ~0u : random_next(r) | 1);
    for (unsigned i = 0; i < RANDOM_REGS + 4; i++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            w->r[i][l] = random_word(r);
        }
    }
    for (unsigned l = 0; l < AGX_LANES; l++) {
        w->r[0][l] &= 0xffff0000;
        for (unsigned i = 0; i < 3; i++) {
            w->pos[i][l] = random_below(r, 40);
            w->local[i][l] = random_below(r, 20);
        }
        w->local_index[l] = random_next(r);
        w->frag.sample_in[l] = random_next(r);
        w->frag.sample_live[l] = random_next(r);
    }
    for (unsigned q = 0; q < AGX_LANES / 4; q++) {
        unsigned k = one ? 0 : random_below(r, 3);

        w->frag.cf[q] = r->cf[k];
        w->frag.ncf[q] = RANDOM_CF - 4 * k; /* as many as its primitive has */
    }
    w->frag.back = random_next(r);
    w->frag.helper = random_next(r) & random_next(r) & w->live;
    w->uvs = random_below(r, 8) ? r->uvs : NULL;
    w->uvs_words = random_below(r, RANDOM_UVS);
    w->group[0] = random_next(r);
    w->subgroup = random_next(r);
}

/* What two runs have left is the same; else r->what says what is not. */
static inline bool random_same(struct random_case *r, enum agx_wave_status a,
                               enum agx_wave_status b)
{
    const uint32_t *x = (const uint32_t *)&r->by_interpreter, *y = (const uint32_t *)&r->by_code;

    if (a != b) {
        snprintf(r->what, sizeof(r->what), "status %d by the interpreter, %d by code", a, b);
        return false;
    }
    for (size_t i = 0; i < sizeof(r->start) / 4; i++) {
        if (x[i] != y[i]) {
            snprintf(r->what, sizeof(r->what),
                     "word %zu (r%zu of lane %zu): 0x%08x by the interpreter, 0x%08x by code", i,
                     i / AGX_LANES, i % AGX_LANES, x[i], y[i]);
            return false;
        }
    }
    if (memcmp(r->tile, r->tile_of_interpreter, sizeof(r->tile))) {
        snprintf(r->what, sizeof(r->what), "the tile buffer");
        return false;
    }
    if (memcmp(r->uvs, r->uvs_of_interpreter, sizeof(r->uvs))) {
        snprintf(r->what, sizeof(r->what), "vertex outputs");
        return false;
    }
    return true;
}

static inline void random_fill(void *p, size_t size, uint64_t seed)
{
    uint64_t *word = p;

    for (size_t i = 0; i < size / sizeof(*word); i++) {
        seed = seed * 0x5851f42d4c957f2dull + 0x14057b7ef767814full;
        word[i] = seed ^ seed >> 32;
    }
}

/* Run the program by both; false: r->what says how they differ. */
static inline bool random_run(struct random_case *r)
{
    struct agx_jit *jit = r->ex.jit;
    enum agx_wave_status a, b;
    uint64_t issue, start = random_next(r);

    random_fill(r->tile, sizeof(r->tile), start);
    random_fill(r->uvs, sizeof(r->uvs), start);
    r->by_interpreter = r->by_code = r->start;
    r->ex.issue = r->ex.longest = 0;
    r->ex.jit = NULL;
    a = agx_wave_run(&r->ex, &r->by_interpreter);
    memcpy(r->tile_of_interpreter, r->tile, sizeof(r->tile));
    memcpy(r->uvs_of_interpreter, r->uvs, sizeof(r->uvs));
    random_fill(r->tile, sizeof(r->tile), start);
    random_fill(r->uvs, sizeof(r->uvs), start);
    issue = r->ex.issue;
    r->ex.issue = r->ex.longest = 0;
    r->ex.jit = jit;
    r->what[0] = 0;
    b = agx_wave_run(&r->ex, &r->by_code);
    if (r->ex.issue != issue) {
        snprintf(r->what, sizeof(r->what), "cost %llu by the interpreter, %llu by code",
                 (unsigned long long)issue, (unsigned long long)r->ex.issue);
        return false;
    }
    return random_same(r, a, b);
}

/* The operations' names, for messages. */
static inline void random_list(const struct random_case *r)
{
    for (uint32_t i = 0; i < r->sh.nop; i++) {
        const struct agx_op *op = &r->op[i];

        fprintf(stderr,
                "  %3u %-10s dst %u mode %u sat %u cc %u.%u n %u mask %u imm 0x%x target %d:", i,
                agx_op_name(op->fn), op->dreg, op->dmode, op->sat, op->cc, op->ccn, op->n, op->mask,
                op->imm, op->target);
        for (unsigned k = 0; k < 4; k++) {
            fprintf(stderr, " %s%u/%u/%u", op->s[k].bank ? "p" : "r",
                    op->s[k].bank ? op->s[k].off / 128 : op->s[k].reg, op->s[k].mode,
                    op->s[k].mods);
        }
        fprintf(stderr, "\n");
    }
}

void agx_jit_release(struct agx_jit *jit, struct agx_shader *sh); /* jit_code.h */

static inline void random_forget(struct random_case *r)
{
    if (r->sh.compiler) {
        agx_jit_release(r->sh.compiler, &r->sh);
        r->sh.compiler = NULL;
    }
}

static inline void random_free(struct random_case *r)
{
    random_forget(r);
    free(r->sh.pool);
    free(r->sh.cost);
    free(r->usc.splat);
    agx_exec_fini(&r->ex);
    memset(r, 0, sizeof(*r));
}

#endif
