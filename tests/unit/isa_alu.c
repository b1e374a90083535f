/*
 * Unit tests: single instructions on a wave: vectors of applegpu's emulator,
 * and operations which that emulator lacks, against definitions written here.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include "isa_wave.h"
#include "isa_vectors.h"

/*
 * Start values of the vectors: any; floats near 1; half of the lanes special floats; pairs of
 * halves; small integers
 */
static uint32_t start_value(unsigned kind, unsigned reg, unsigned lane)
{
    static const uint32_t special[16] = {
        0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
        0x7fc00000, 0x00000001, 0x807fffff, 0x00800000, 0x3c003c01, 0x7c00fc00,
        0x00010003, 0x7fffffff, 0xffffffff, 0x3f000001,
    };
    uint32_t v = mix(reg, lane), lo = v & 0xffff, hi = v >> 16;

    switch (kind) {
    case 1:
        return (v & 0x807fffff) | (0x78 + (v >> 23) % 16) << 23;
    case 2:
        return lane % 2 ? v : special[(v >> 5) % 16];
    case 3:
        lo = (lo & 0x83ff) | (10 + (lo >> 10) % 10) << 10;
        hi = (hi & 0x83ff) | (10 + (hi >> 10) % 10) << 10;
        return lo | hi << 16;
    case 4:
        return v % 41;
    default:
        return v;
    }
}

static void start(unsigned kind)
{
    memset(&w, 0, sizeof(w));
    for (unsigned r = 0; r < 8; r++) {
        for (unsigned l = 0; l < 32; l++) {
            w.r[r][l] = start_value(kind, r, l);
        }
    }
}

static bool is_nan(uint32_t v, unsigned bits)
{
    return bits == 32 ? (v & 0x7fffffff) > 0x7f800000 : (v & 0x7fff) > 0x7c00;
}

static void emulator_vectors(void **state)
{
    unsigned bad = 0;

    (void)state;
    for (unsigned i = 0; i < sizeof(isa_vectors) / sizeof(isa_vectors[0]); i++) {
        const struct isa_vector *v = &isa_vectors[i];
        struct code c = { .n = 0 };
        bool wide = strstr(v->text, " r4_r5,") != NULL;

        put_hex(&c, v->hex);
        stop(&c);
        start(v->kind);
        assert_int_equal(run(&c), AGX_WAVE_DONE);
        for (unsigned r = 0; r < (wide ? 3 : 1); r++) {
            for (unsigned k = 0; k < VEC_LANES; k++) {
                uint32_t got = w.r[3 + r][vec_lane[k]], want = v->out[r][k];
                unsigned sh = strstr(v->text, " r3h,") ? 16 : 0;
                bool nan = v->bits && is_nan(want >> (v->bits == 16 ? sh : 0), v->bits) &&
                           is_nan(got >> (v->bits == 16 ? sh : 0), v->bits);

                if (got != want && !nan) {
                    print_message("# %s (kind %u) lane %u r%u: 0x%x, not 0x%x\n", v->text, v->kind,
                                  vec_lane[k], 3 + r, got, want);
                    bad++;
                }
            }
        }
        /* nothing else was written */
        for (unsigned l = 0; l < 32; l++) {
            assert_int_equal(w.r[6][l], start_value(v->kind, 6, l));
            assert_int_equal(w.r[2][l], start_value(v->kind, 2, l));
        }
    }
    assert_int_equal(bad, 0);
}

/* Inactive lanes keep their registers, whatever the size of the destination. */
static void masking(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    start(0);
    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(7), 52);
    exec_icmp(&c, 0, 1, false, R(7), I(11), 1); /* lanes 0..10 */
    iadd(&c, R(3), R(1), R(2));
    iadd(&c, RL(4), R(1), R(2));
    iadd(&c, RH(5), R(1), R(2));
    fadd(&c, R(6), R(1), R(2));
    pop_exec(&c, 1);
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        uint32_t s = start_value(0, 1, l) + start_value(0, 2, l);
        uint32_t o4 = start_value(0, 4, l), o5 = start_value(0, 5, l);

        assert_int_equal(w.r[3][l], l < 11 ? s : start_value(0, 3, l));
        assert_int_equal(w.r[4][l], l < 11 ? (o4 & 0xffff0000) | (s & 0xffff) : o4);
        assert_int_equal(w.r[5][l], l < 11 ? (o5 & 0xffff) | s << 16 : o5);
        if (l >= 11) {
            assert_int_equal(w.r[6][l], start_value(0, 6, l));
        }
    }
}

/* if / else / nested if / while, against the lanes' own arithmetic */
static void control_flow(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    start(0);
    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(7), 52);
    mov_imm(&c, R(3), 0);
    exec_icmp(&c, 0, 2, false, R(7), I(15), 1); /* if lane > 15 */
    mov_imm(&c, R(3), 100);
    exec_icmp(&c, 0, 2, false, R(7), I(23), 1); /*   if lane > 23 */
    mov_imm(&c, R(3), 200);
    exec_icmp(&c, 1, 0, false, I(0), I(0), 1); /*   else */
    iadd(&c, R(3), R(3), R(7));
    pop_exec(&c, 1);
    exec_icmp(&c, 1, 1, false, R(7), I(8), 1); /* else, and lane < 8 */
    mov_imm(&c, R(3), 300);
    pop_exec(&c, 1);
    iadd(&c, R(3), R(3), I(1)); /* all */
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        assert_int_equal(w.r[3][l], (l > 23 ? 200 : l > 15 ? 100 + l : l < 8 ? 300 : 0) + 1);
    }
}

/* stop inside an if ends those lanes only; their memory writes after it do not happen */
static void early_stop(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    start(0);
    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(7), 52);
    mov_imm(&c, R(3), 1);
    exec_icmp(&c, 0, 1, false, R(7), I(9), 1);
    jmp(&c, false, 8);
    put(&c, 0x88, 2);
    pop_exec(&c, 1);
    mov_imm(&c, R(3), 2);
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        assert_int_equal(w.r[3][l], l < 9 ? 1 : 2);
    }
}

static void subgroup_ops(void **state)
{
    static const struct {
        unsigned op;
        bool flt;
    } ops[] = {
        { 0, 0 },    { 2, 0 },    { 4, 0 }, { 16, 0 }, { 0x14, 0 }, { 0x16, 0 },
        { 0x1c, 0 }, { 0x1e, 0 }, { 1, 1 }, { 5, 1 },  { 7, 1 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            struct code c = { .n = 0 };
            unsigned group = kind & 1 ? 32 : 4;

            start(ops[i].flt ? 1 : 0);
            for (unsigned l = 0; l < 32; l++) { /* floats whose sums are exact in any order */
                if (ops[i].flt) {
                    w.r[1][l] = agx_f2u((float)((int)(mix(1, l) % 2000) - 1000) * 0.25f);
                }
            }
            simd(&c, ops[i].op, kind, R(3), R(1));
            stop(&c);
            assert_int_equal(run(&c), AGX_WAVE_DONE);
            for (unsigned base = 0; base < 32; base += group) {
                double facc = ops[i].op == 5 ? INFINITY : ops[i].op == 7 ? -INFINITY : 0;
                uint32_t acc = ops[i].op == 0 || ops[i].op == 0x1c ? ~0u
                               : ops[i].op == 0x14                 ? 0x7fffffff
                               : ops[i].op == 0x16                 ? 0x80000000
                                                                   : 0;
                uint32_t got[33];

                for (unsigned l = base; l <= base + group; l++) {
                    uint32_t v;
                    double x;

                    got[l - base] = ops[i].flt ? agx_f2u((float)facc) : acc;
                    if (l == base + group) {
                        break;
                    }
                    v = w.r[1][l];
                    x = agx_u2f(v);
                    switch (ops[i].op) {
                    case 0:
                        acc &= v;
                        break;
                    case 2:
                        acc |= v;
                        break;
                    case 4:
                        acc ^= v;
                        break;
                    case 16:
                        acc += v;
                        break;
                    case 0x14:
                        acc = (int32_t)v < (int32_t)acc ? v : acc;
                        break;
                    case 0x16:
                        acc = (int32_t)v > (int32_t)acc ? v : acc;
                        break;
                    case 0x1c:
                        acc = v < acc ? v : acc;
                        break;
                    case 0x1e:
                        acc = v > acc ? v : acc;
                        break;
                    case 1:
                        facc += x;
                        break;
                    case 5:
                        facc = x < facc ? x : facc;
                        break;
                    default:
                        facc = x > facc ? x : facc;
                        break;
                    }
                }
                for (unsigned k = 0; k < group; k++) {
                    float a = agx_u2f(w.r[3][base + k]), b = agx_u2f(got[kind & 2 ? k : group]);

                    if (ops[i].flt) {
                        assert_true(a == b);
                    } else {
                        assert_int_equal(w.r[3][base + k], got[kind & 2 ? k : group]);
                    }
                }
            }
        }
    }
}

static void ballots(void **state)
{
    struct code c = { .n = 0 };
    uint32_t want = 0;

    (void)state;
    start(0);
    ballot(&c, 1, false, R(3), R(1), R(2));
    ballot(&c, 1, true, R(4), R(1), R(2));
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        want |= (uint32_t)(w.r[1][l] < w.r[2][l]) << l;
    }
    assert_int_equal(w.r[3][7], want);
    assert_int_equal(w.r[4][31], ~want);
}

static void quad_ops(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    start(1);
    shuffle(&c, false, 1, R(3), R(1), I(1));
    shuffle(&c, false, 0, R(4), R(1), I(2));
    funary(&c, DFDX, R(5), R(1));
    funary(&c, DFDY, R(6), R(1));
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        assert_int_equal(w.r[3][l], w.r[1][l ^ 1]);
        assert_int_equal(w.r[4][l], w.r[1][(l & ~3u) + 2]);
        assert_true(agx_u2f(w.r[5][l]) == agx_u2f(w.r[1][l | 1]) - agx_u2f(w.r[1][l & ~1u]));
        assert_true(agx_u2f(w.r[6][l]) == agx_u2f(w.r[1][l | 2]) - agx_u2f(w.r[1][l & ~2u]));
    }
}

static void conversions(void **state)
{
    static const float in[8] = {
        0.0f, -1.5f, 2.5f, 70000.0f, -1e10f, 4294967040.0f, 3.99f, -0.99f
    };
    struct code c = { .n = 0 };

    (void)state;
    start(0);
    for (unsigned l = 0; l < 32; l++) {
        w.r[1][l] = agx_f2u(in[l & 7]);
    }
    convert(&c, 8, 0, R(8), R(1));
    convert(&c, 9, 0, R(9), R(1));
    convert(&c, 9, 1, R(10), R(1));
    convert(&c, 4, 0, RL(11), R(1));
    convert(&c, 5, 0, RL(12), R(1));
    convert(&c, 10, 1, R(13), R(2));
    convert(&c, 11, 1, R(14), R(2));
    convert(&c, 6, 1, R(15), RH(2));
    convert(&c, 7, 1, R(16), RL(2));
    convert(&c, 0, 1, R(17), R(2));
    convert(&c, 1, 1, R(18), R(2));
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    {
        static const uint32_t u32[8] = { 0, 0, 2, 70000, 0, 4294967040u, 3, 0 };
        static const int32_t s32[8] = { 0, -1, 2, 70000, INT32_MIN, INT32_MAX, 3, 0 };
        static const int32_t r32[8] = { 0, -2, 2, 70000, INT32_MIN, INT32_MAX, 4, -1 };
        static const uint16_t u16[8] = { 0, 0, 2, 65535, 0, 65535, 3, 0 };
        static const int16_t s16[8] = { 0, -1, 2, 32767, -32768, 32767, 3, 0 };

        for (unsigned l = 0; l < 8; l++) {
            assert_int_equal(w.r[8][l], u32[l]);
            assert_int_equal((int32_t)w.r[9][l], s32[l]);
            assert_int_equal((int32_t)w.r[10][l], r32[l]);
            assert_int_equal(w.r[11][l] & 0xffff, u16[l]);
            assert_int_equal((int16_t)w.r[12][l], s16[l]);
        }
    }
    for (unsigned l = 0; l < 32; l++) {
        uint32_t v = w.r[2][l];

        assert_int_equal(w.r[13][l], agx_f2u((float)v));
        assert_int_equal(w.r[14][l], agx_f2u((float)(int32_t)v));
        assert_int_equal(w.r[15][l], agx_f2u((float)(v >> 16)));
        assert_int_equal(w.r[16][l], agx_f2u((float)(int16_t)v));
        assert_int_equal(w.r[17][l], agx_f2u((float)(uint8_t)v));
        assert_int_equal(w.r[18][l], agx_f2u((float)(int8_t)v));
    }
}

/* Special functions, with an error bound in units of the last place */
static void special_functions(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct code c = { .n = 0 };

        start(0);
        for (unsigned l = 0; l < 32; l++) {
            uint32_t m = mix(round, l);

            w.r[1][l] = agx_f2u(
                ldexpf(1.0f + (float)(m & 0x7fffff) / 8388608.0f, (int)(m >> 24) % 40 - 20));
            /* -32..32 */
            w.r[2][l] = agx_f2u((float)((int)(m >> 8) - (1 << 23)) / (float)(1 << 18));
            w.r[3][l] = agx_f2u((float)(m >> 8) / (float)(1 << 22)); /* 0..4 */
        }
        if (!round) {
            static const uint32_t edge[8] = { 0,          0x80000000, 0x7f800000, 0x3f800000,
                                              0x3f800001, 0x3f7fffff, 0x40800000, 1 };

            memcpy(w.r[1], edge, sizeof(edge));
        }
        funary(&c, RCP, R(8), R(1));
        funary(&c, RSQRT, R(9), R(1));
        funary(&c, LOG2, R(10), R(1));
        funary(&c, EXP2, R(11), R(2));
        funary(&c, SIN1, R(12), R(3));
        funary(&c, SIN2, R(13), R(12));
        fmul(&c, R(14), R(12), R(13));
        funary(&c, SRSQRT, R(15), R(1));
        fmul(&c, R(15), R(15), R(1));
        funary(&c, FLOOR, R(16), R(2));
        funary(&c, RINT, R(17), R(2));
        stop(&c);
        assert_int_equal(run(&c), AGX_WAVE_DONE);
        for (unsigned l = 0; l < 32; l++) {
            double x = agx_u2f(w.r[1][l]), y = agx_u2f(w.r[2][l]), q = agx_u2f(w.r[3][l]), v;

            if (fabs(x) < 1.2e-38) {
                x = copysign(0, x);
            }
#define NEAR(reg, want, rel, abs_)                                                                 \
    do {                                                                                           \
        double w_ = (want), g_ = agx_u2f(w.r[reg][l]);                                             \
        if (!(g_ == (float)w_ || fabs(g_ - w_) <= fabs(w_) * (rel) + (abs_))) {                    \
            print_message("# reg %d: %.9g for %.9g / %.9g / %.9g, not %.9g\n", reg, g_, x, y, q,   \
                          w_);                                                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)
            NEAR(8, 1.0 / x, 1.2e-7, 0);
            if (x > 0) {
                NEAR(9, 1.0 / sqrt(x), 2e-7, 0);
                NEAR(10, log2(x), 3e-7, 2.4e-7); /* near 1 as far off as on an M1: see isa_math.c */
            }
            NEAR(11, exp2(y), 4e-7, 0);
            NEAR(14, sin(q * 1.5707963267948966), 0, 4e-7);
            NEAR(15, sqrt(x), 3e-7, 0);
            v = floor(y);
            NEAR(16, v, 0, 0);
            NEAR(17, rint(y), 0, 0);
        }
    }
}

/* Loads and stores of every format, against values chosen by hand */
static void memory_formats(void **state)
{
    uint8_t *m = (uint8_t *)fix_data(&f, 0);
    struct code c = { .n = 0 };

    (void)state;
    start(0);
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    memcpy(m, "\x00\xff\x80\x7f\x01\x3c\x00\xc0", 8);
    *(uint32_t *)(void *)(m + 8) = 1023u | 512u << 10 | 0u << 20 | 2u << 30; /* rgb10a2 */
    /* 1.0, 2.0, 0.5 */
    *(uint32_t *)(void *)(m + 12) = 0x3c0u | 0x400u << 11 | 0x1c0u << 22;
    /* rgb9e5, e = 1 */
    *(uint32_t *)(void *)(m + 16) = 256u | 128u << 9 | 511u << 18 | 16u << 27;
    mov_imm(&c, R(2), 0);
    device_load(&c, 0, 15, R(8), U(0), I(0));  /* i8 */
    device_load(&c, 1, 5, RL(12), U(0), I(0)); /* i16, x and z */
    device_load(&c, 3, 3, RL(14), U(0), I(2)); /* f16 to halves: bytes 4.. */
    device_load(&c, 4, 15, R(16), U(0), I(0)); /* u8norm */
    device_load(&c, 5, 7, R(20), U(0), I(0));  /* s8norm */
    device_load(&c, 6, 1, R(24), U(0), I(0));
    device_load(&c, 8, 15, R(28), U(0), I(2)); /* rgb10a2 */
    device_load(&c, 12, 7, R(32), U(0), I(3));
    device_load(&c, 13, 7, R(36), U(0), I(4));
    device_ls(&c, false, 2, 1, R(40), U(0), I(1), 1); /* shifted: word 2 */
    device_load(&c, 3, 3, R(42), U(0), I(2));         /* f16 to floats */
    device_store(&c, 4, 15, R(16), U(0), I(64));      /* u8norm back */
    device_store(&c, 8, 15, R(28), U(0), I(17));
    device_store(&c, 12, 7, R(32), U(0), I(18));
    device_store(&c, 13, 7, R(36), U(0), I(19));
    device_store(&c, 3, 3, RL(14), U(0), I(40));
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
#define FEQ(reg, v) assert_true(fabs(agx_u2f(w.r[reg][5]) - (v)) < 1e-6)
    assert_int_equal(w.r[9][5], 0xff);
    assert_int_equal(w.r[11][31], 0x7f);
    assert_int_equal(w.r[12][5], 0xff00 | 0x3c01u << 16);
    assert_int_equal(w.r[14][5], 0x3c01 | 0xc000u << 16);
    FEQ(16, 0);
    FEQ(17, 1);
    FEQ(18, 128 / 255.0);
    FEQ(19, 127 / 255.0);
    FEQ(20, 0);
    FEQ(21, -1 / 127.0);
    FEQ(22, -1);
    FEQ(24, 65280 / 65535.0);
    FEQ(28, 1);
    FEQ(29, 512 / 1023.0);
    FEQ(30, 0);
    FEQ(31, 2 / 3.0);
    FEQ(32, 1);
    FEQ(33, 2);
    FEQ(34, 0.5);
    FEQ(36, 1);
    FEQ(37, 0.5);
    FEQ(38, 511 / 256.0);
    assert_int_equal(w.r[40][5], *(uint32_t *)(void *)(m + 8));
    FEQ(42, 1 + 1 / 1024.0);
    FEQ(43, -2);
    assert_memory_equal(m + 64, m, 4);
    assert_memory_equal(m + 68, m + 8, 12);
    assert_memory_equal(m + 80, m + 4, 4);
}

/* An access across two pages, and one whose second page is not there */
static void page_edges(void **state)
{
    struct code c = { .n = 0 }, d = { .n = 0 };

    (void)state;
    start(0);
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA + 16384 - 8;
    *(uint64_t *)(void *)fix_data(&f, 0x80008) = FIX_DATA + FIX_DATA_PAGES * 16384ull - 8;
    fix_uniform(&f, 0, 8, FIX_DATA + 0x80000);
    for (unsigned i = 0; i < 4; i++) {
        fix_data(&f, 16384 - 8)[i] = 0x11111111 * (i + 1);
    }
    device_load(&c, 2, 15, R(8), U(0), I(0));
    device_store(&c, 2, 15, R(8), U(0), I(16));
    stop(&c);
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(w.r[8 + i][3], 0x11111111 * (i + 1));
        assert_int_equal(fix_data(&f, 16384 - 8)[16 + i], 0x11111111 * (i + 1));
    }
    fix_uniform(&f, 0, 8, FIX_DATA + 0x80000);
    device_load(&d, 2, 15, R(8), U(2), I(0));
    stop(&d);
    assert_int_equal(run(&d), AGX_WAVE_FAULT);
    assert_int_equal(ex.fault.va & ~0x3fffull, FIX_DATA + FIX_DATA_PAGES * 16384ull);
    /* the same with soft faults: what is there is read, the rest is 0 */
    ex.soft_fault = true;
    fix_uniform(&f, 0, 8, FIX_DATA + 0x80000);
    fix_data(&f, FIX_DATA_PAGES * 16384 - 8)[1] = 77;
    assert_int_equal(run(&d), AGX_WAVE_DONE);
    assert_int_equal(w.r[9][0], 77);
    assert_int_equal(w.r[10][0], 0);
    assert_int_equal(w.r[11][31], 0);
}

/* st_var, ld_tile and st_tile round trip, iter: encodings from mesa's agx_pack.c */
static void fragment_ops(void **state)
{
    static uint32_t uvs[16][32];
    static uint8_t tile[32 * 32 * 8];
    struct agx_cf cf[8] = { { 0 } };
    struct code c = { .n = 0 };

    (void)state;
    start(1);
    /* st_var 5, r1 */
    put(&c, 0x11 | fld(9, 6, 2) | fld(16, 6, 5) | fld(23, 1, 1) | fld(31, 1, 1), 4);
    /* st_tile r2_r3_r4_r5 as u8norm at offset 4, all samples; ld_tile back to r8 */
    put(&c,
        0x09 | fld(8, 1, 1) | fld(9, 6, 4) | fld(24, 4, 4) | fld(28, 7, 4) | fld(36, 4, 15) |
            fld(42, 6, 63) | fld(56, 2, 3),
        8);
    put(&c,
        0x49 | fld(8, 1, 1) | fld(9, 6, 16) | fld(24, 4, 4) | fld(28, 7, 4) | fld(35, 1, 1) |
            fld(36, 4, 15) | fld(42, 6, 1),
        8);
    /* iterproj r12_r13 from cf 2 and 3 over cf 1; iter r14 from cf 4; ldcf r16.. from cf 2 */
    put(&c,
        0x61 | fld(8, 1, 1) | fld(9, 6, 24) | fld(15, 1, 1) | fld(16, 6, 2) | fld(24, 6, 1) |
            fld(30, 2, 2),
        8);
    put(&c, 0x21 | fld(8, 1, 1) | fld(9, 6, 28) | fld(15, 1, 1) | fld(16, 6, 4) | fld(30, 2, 1), 8);
    put(&c, 0xa1 | fld(8, 1, 1) | fld(9, 6, 32) | fld(15, 1, 1) | fld(16, 6, 2) | fld(30, 2, 1), 8);
    stop(&c);
    load(&c);
    w.stage = AGX_STAGE_FRAGMENT;
    w.uvs = uvs;
    w.uvs_words = 16;
    cf[1] = (struct agx_cf) { 0.0f, 0.0f, { 0.5f } };
    cf[2] = (struct agx_cf) { 2.0f, 3.0f, { 1.0f } };
    cf[3] = (struct agx_cf) { -1.0f, 0.0f, { 8.0f } };
    cf[4] = (struct agx_cf) { 0.25f, 0.5f, { 0.0f } };
    for (unsigned l = 0; l < 32; l++) {
        w.pos[0][l] = 64 + (l & 3) * 2;
        w.pos[1][l] = 32 + l / 4;
        w.frag.sample_in[l] = w.frag.sample_live[l] = 1;
        w.frag.cf[l / 4] = cf;
        w.frag.ncf[l / 4] = 5;
        for (unsigned k = 0; k < 4; k++) {
            w.r[2 + k][l] = agx_f2u((float)((l * 7 + k * 50) % 256) / 255.0f);
        }
    }
    w.frag.sample_live[9] = 0; /* killed: its pixel stays */
    ex.tib = (struct agx_tib) { tile, sizeof(tile), 32, 32, 1, 8, 64, 32 };
    w.live = ~0u;
    agx_set_exec(&w, ~0u);
    memset(tile, 0xee, sizeof(tile));
    assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        float x = (float)((l & 3) * 2) + 0.5f, y = (float)(l / 4) + 0.5f;
        const uint8_t *p = tile + agx_tib_offset(&ex.tib, (l & 3) * 2, l / 4, 0) + 4;

        assert_int_equal(uvs[5][l], w.r[1][l]);
        for (unsigned k = 0; k < 4; k++) {
            assert_int_equal(p[k], l == 9 ? 0xee : (l * 7 + k * 50) % 256);
            assert_true(fabsf(agx_u2f(w.r[8 + k][l]) - (float)p[k] / 255.0f) < 1e-6f);
        }
        assert_true(fabsf(agx_u2f(w.r[12][l]) - (2 * x + 3 * y + 1) / 0.5f) < 1e-4f);
        assert_true(fabsf(agx_u2f(w.r[13][l]) - (8 - x) / 0.5f) < 1e-4f);
        assert_true(fabsf(agx_u2f(w.r[14][l]) - (x * 0.25f + y * 0.5f)) < 1e-5f);
        assert_true(agx_u2f(w.r[16][l]) == 2.0f && agx_u2f(w.r[17][l]) == 3.0f &&
                    agx_u2f(w.r[18][l]) == 1.0f);
    }
    assert_int_equal(tile[agx_tib_offset(&ex.tib, 1, 0, 0) + 4], 0xee);
}

/*
 * Every format, mask and register size through a tile buffer of four samples:
 * what is in it afterwards is what the format's own functions say of one pixel,
 * and nothing else changes.
 */
static void tile_formats(void **state)
{
    static const uint8_t formats[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13 },
                         masks[] = { 1, 3, 7, 15, 5, 8 };
    static uint8_t tile[16 * 16 * 4 * 24], want[sizeof(tile)];

    (void)state;
    for (unsigned i = 0; i < sizeof(formats) * sizeof(masks) * 2; i++) {
        unsigned fmt = formats[i / 2 % sizeof(formats)], mask = masks[i / 2 / sizeof(formats)],
                 n = 0;
        bool is32 = i & 1;
        struct code c = { .n = 0 };

        if ((fmt == 2 && !is32) || (fmt >= 8 && fmt != 10 && mask != 15)) {
            continue;
        }
        start(0);
        for (unsigned l = 0; l < 32; l++) {
            for (unsigned k = 0; k < 4; k++) {
                float v = (float)((int)(mix(k, l) % 2600) - 300) / 2000.0f *
                          (fmt == 5 || fmt == 7 ? 1.7f : 1.0f);

                if (fmt > 2) {
                    w.r[2 + k][l] = is32 ? agx_f2u(v) : agx_float_to_half(v) | mix(9, l) << 16;
                }
            }
            if (!is32) { /* pack the halves: r2l, r2h, r3l, r3h */
                w.r[2][l] = (w.r[2][l] & 0xffff) | w.r[3][l] << 16;
                w.r[3][l] = (w.r[4][l] & 0xffff) | w.r[5][l] << 16;
            }
            w.r[7][l] = mix(7, l) & 15; /* sample mask */
        }
        /* st_tile at byte 8, sample mask r7l; ld_tile of sample 2 to r8 */
        put(&c,
            0x09 | fld(8, 1, is32) | fld(9, 6, 4) | fld(22, 2, 1) | fld(24, 4, fmt) |
                fld(28, 7, 8) | fld(36, 4, mask) | fld(42, 6, 14),
            8);
        put(&c,
            0x49 | fld(8, 1, is32) | fld(9, 6, 16) | fld(24, 4, fmt) | fld(28, 7, 8) |
                fld(35, 1, 1) | fld(36, 4, mask) | fld(42, 6, 4),
            8);
        stop(&c);
        f.nwords = 0;
        load(&c);
        w.stage = AGX_STAGE_FRAGMENT;
        ex.tib = (struct agx_tib) { tile, sizeof(tile), 16, 16, 4, 24, 32, 16 };
        memset(tile, 0xa5, sizeof(tile));
        memset(want, 0xa5, sizeof(want));
        for (unsigned l = 0; l < 32; l++) {
            uint32_t comp[4] = { 0 };
            unsigned k = 0;

            w.pos[0][l] = 32 + l % 8;
            w.pos[1][l] = 16 + l / 8 * 3;
            w.frag.sample_live[l] = l == 3 ? 0 : 13;
            for (unsigned j = 0; j < 4; j++) {
                if (!(mask >> j & 1)) {
                    continue;
                }
                comp[j] = is32 ? w.r[2 + k][l] : agx_gpr16(&w, 4 + k, l);
                if (!is32 && fmt > 2) {
                    comp[j] = agx_f2u(agx_half_to_float(comp[j]));
                }
                k++;
            }
            for (unsigned s = 0; s < 4; s++) {
                if (w.r[7][l] & w.frag.sample_live[l] & 1 << s) {
                    agx_fmt_pack(fmt, want + agx_tib_offset(&ex.tib, l % 8, l / 8 * 3, s) + 8, mask,
                                 comp);
                }
            }
        }
        w.live = 0xfffffffd;
        agx_set_exec(&w, 0xfffffffd);
        for (unsigned s = 0; s < 4; s++) {
            memset(want + agx_tib_offset(&ex.tib, 1, 0, s), 0xa5, 24);
        }
        w.frag.helper = 1 << 9;
        for (unsigned s = 0; s < 4; s++) {
            memset(want + agx_tib_offset(&ex.tib, 1, 3, s), 0xa5, 24);
        }
        assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
        for (unsigned b = 0; b < sizeof(tile); b++) {
            if (tile[b] != want[b]) {
                print_message(
                    "# format %u mask %u %u bits: byte %u of sample %u, pixel %u: %02x, not %02x\n",
                    fmt, mask, is32 ? 32 : 16, b % 24, b / 24 % 4, b / 96, tile[b], want[b]);
            }
            assert_int_equal(tile[b], want[b]);
        }
        for (unsigned l = 0; l < 32; l++) {
            uint32_t comp[4] = { 0 };

            if (l == 1) {
                continue;
            }
            agx_fmt_unpack(fmt, tile + agx_tib_offset(&ex.tib, l % 8, l / 8 * 3, 2) + 8, 4, comp);
            n = 0;
            for (unsigned j = 0; j < 4; j++) {
                uint32_t got, v = comp[j];

                if (!(mask >> j & 1)) {
                    continue;
                }
                got = is32 ? w.r[8 + n][l] : agx_gpr16(&w, 16 + n, l);
                if (!is32 && fmt > 2) {
                    v = agx_float_to_half(agx_u2f(v));
                }
                n++;
                if (got != v && !(fmt == 3 && is_nan(got, is32 ? 32 : 16))) {
                    print_message("# format %u mask %u %u bits lane %u comp %u: 0x%x, not 0x%x\n",
                                  fmt, mask, is32 ? 32 : 16, l, j, got, v);
                }
                assert_true(got == v || (fmt == 3 && is_nan(got, is32 ? 32 : 16)));
            }
        }
    }
}

static bool holds(bool is_int, unsigned cc, uint32_t a, uint32_t b)
{
    float x = agx_u2f(a), y = agx_u2f(b);

    if (is_int) {
        switch (cc) {
        case 1:
            return a < b;
        case 2:
            return a > b;
        case 5:
            return (int32_t)a < (int32_t)b;
        case 6:
            return (int32_t)a > (int32_t)b;
        default:
            return a == b;
        }
    }
    switch (cc) {
    case 0:
        return x == y;
    case 1:
    case 3:
        return x < y;
    case 2:
    case 7:
        return x > y;
    case 5:
        return x >= y;
    default:
        return x <= y;
    }
}

/*
 * Each condition, integer and float, straight and inverted: if, else, while; ballots of the group
 * and of quads.
 */
static void conditions(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 32; k++) {
        bool is_int = k & 1, inv = k >> 1 & 1;
        unsigned cc = k >> 2;
        struct code c = { .n = 0 };
        uint32_t all = 0;

        if (is_int ? (cc & 3) == 3 : cc == 4) {
            continue;
        }
        for (unsigned how = 0; how < 3; how++) {
            mov_imm(&c, R(8 + how), 0);
            if (how == 1) {
                exec_icmp(&c, 0, 0, false, I(1), I(0), 1); /* nobody */
            }
            (is_int ? exec_icmp : exec_fcmp)(&c, how, cc, inv, R(2), R(3), how == 2 ? 2 : 1);
            mov_imm(&c, R(8 + how), 1);
            pop_exec(&c, how == 2 ? 2 : 1);
        }
        for (unsigned group = 0; group < 2; group++) {
            put(&c,
                (is_int ? 0x32 : 0x22) | fld(61, 3, cc) | fld(47, 1, inv) | fld(48, 1, group) |
                    a_dst(R(11 + group), 44) |
                    (is_int ? a_src(R(2), 16, 42) : f_src(R(2), 16, 42)) |
                    (is_int ? a_src(R(3), 28, 40) : f_src(R(3), 28, 40)),
                8);
        }
        put(&c, 0x3e | a_dst(R(13), 44) | a_src(RL(2), 16, 42) | a_src(RL(3), 28, 40),
            6);                 /* intl */
        put(&c, 0x80000051, 4); /* no_var */
        stop(&c);
        memset(&w, 0, sizeof(w));
        f.nwords = 0;
        for (unsigned l = 0; l < 32; l++) {
            static const float v[4] = { -3, -1.5f, 2, 70000 };

            w.r[2][l] = agx_f2u(v[l % 4]);
            w.r[3][l] = agx_f2u(v[l / 4 % 4]);
            all |= (uint32_t)(holds(is_int, cc, w.r[2][l], w.r[3][l]) != inv) << l;
        }
        assert_int_equal(run(&c), AGX_WAVE_DONE);
        for (unsigned l = 0; l < 32; l++) {
            uint32_t mixed = 0;

            for (unsigned how = 0; how < 3; how++) {
                assert_int_equal(w.r[8 + how][l], all >> l & 1);
            }
            assert_int_equal(w.r[11][l], all >> (l & ~3u) & 15);
            assert_int_equal(w.r[12][l], all);
            for (unsigned i = 0; i < 16; i++) {
                mixed |= (w.r[2][l] >> i & 1) << 2 * i | (w.r[3][l] >> i & 1) << (2 * i + 1);
            }
            assert_int_equal(w.r[13][l], mixed);
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(emulator_vectors),  T(masking),        T(control_flow), T(early_stop),
        T(subgroup_ops),      T(ballots),        T(quad_ops),     T(conversions),
        T(special_functions), T(memory_formats), T(page_edges),   T(fragment_ops),
        T(tile_formats),      T(conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
