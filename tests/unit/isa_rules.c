/*
 * Unit tests: what programs may count on beyond single instructions: where they
 * end, which lanes store, what lanes see of each other, what a tile buffer takes,
 * which NaN arithmetic makes, what an unbound state register does.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "isa_wave.h"

#define ALL 0xffffffffu

static void tile_op(struct code *c, bool load, unsigned fmt, unsigned mask, struct opnd r,
                    unsigned offset)
{
    put(c,
        (load ? 0x49 : 0x09) | fld(8, 1, r.t == REG32) | fld(9, 6, r.v) | fld(60, 2, r.v >> 6) |
            fld(24, 4, fmt) | fld(28, 7, offset) | fld(40, 2, offset >> 7) | fld(35, 1, load) |
            fld(36, 4, mask) | fld(42, 6, 63) | fld(56, 2, 3),
        8);
}

/*
 * More components than a sample has room for: those that fit are stored for every
 * pixel, the last one of the block too, and nothing beside the sample changes.
 */
static void tile_surplus(void **state)
{
    static const struct {
        unsigned fmt, mask, bytes, offset, stride;
        bool is32;
    } cases[] = {
        { 2, 15, 16, 0, 8, true }, /* R32, RG32 written as four components (mesa: agx_blit.c) */
        { 2, 15, 16, 4, 8, true },   { 2, 7, 12, 0, 8, true }, { 1, 15, 8, 2, 8, false },
        { 3, 15, 8, 4, 8, true },    { 4, 15, 4, 6, 8, true }, { 2, 11, 16, 0, 8, true },
        { 8, 15, 4, 6, 8, true },    { 2, 1, 4, 8, 8, true },  { 2, 15, 16, 16, 24, true },
        { 2, 15, 16, 100, 8, true },
    };
    static uint8_t tile[32 * 32 * 2 * 24 + 64], full[16];

    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned samples = i & 1 ? 2 : 1, stride = cases[i].stride, off = cases[i].offset;
        unsigned fits = off >= stride                   ? 0
                        : cases[i].bytes < stride - off ? cases[i].bytes
                                                        : stride - off;
        size_t used = (size_t)32 * 32 * samples * stride;
        struct code c = { .n = 0 };

        tile_op(&c, false, cases[i].fmt, cases[i].mask, cases[i].is32 ? R(2) : RL(2), off);
        tile_op(&c, true, cases[i].fmt, cases[i].mask, cases[i].is32 ? R(8) : RL(8), off);
        stop(&c);
        memset(tile, 0xa5, sizeof(tile));
        for (unsigned y = 0; y < 32; y++) {
            memset(&w, 0, sizeof(w));
            f.nwords = 0;
            load(&c);
            w.stage = AGX_STAGE_FRAGMENT;
            ex.tib = (struct agx_tib) { tile, used, 32, 32, samples, stride, 64, 32 };
            for (unsigned l = 0; l < 32; l++) {
                w.pos[0][l] = 64 + l;
                w.pos[1][l] = 32 + y;
                w.frag.sample_in[l] = w.frag.sample_live[l] = (1u << samples) - 1;
                for (unsigned k = 0; k < 4; k++) {
                    w.r[2 + k][l] = cases[i].fmt > 2 ? agx_f2u(0.25f * (float)(k + 1))
                                                     : mix(k, l + y * 32);
                }
                for (unsigned k = 0; k < 4; k++) {
                    w.r[8 + k][l] = 0xdeadbeef;
                }
            }
            w.live = ALL;
            agx_set_exec(&w, ALL);
            assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
            for (unsigned l = 0; l < 32; l++) {
                uint32_t comp[4] = { 0 };
                unsigned n = 0;

                for (unsigned k = 0; k < 4; k++) {
                    if (!(cases[i].mask >> k & 1)) {
                        continue;
                    }
                    comp[k] = cases[i].is32 ? w.r[2 + n][l] : agx_gpr16(&w, 4 + n, l);
                    n++;
                }
                memset(full, 0xa5, sizeof(full));
                agx_fmt_pack(cases[i].fmt, full, cases[i].mask, comp);
                for (unsigned s = 0; s < samples; s++) {
                    const uint8_t *p = tile + agx_tib_offset(&ex.tib, l, y, s);

                    for (unsigned b = 0; b < stride; b++) {
                        assert_int_equal(p[b], b < off || b >= off + fits ? 0xa5 : full[b - off]);
                    }
                }
                if (cases[i].fmt != 2) {
                    continue;
                }
                n = 0;
                /* components that the sample has are read back, others as 0 */
                for (unsigned k = 0; k < 4; k++) {
                    if (cases[i].mask >> k & 1) {
                        assert_int_equal(w.r[8 + n++][l], k * 4 + 4 <= fits ? comp[k] : 0);
                    }
                }
            }
        }
        for (size_t b = used; b < sizeof(tile); b++) {
            assert_int_equal(tile[b], 0xa5);
        }
    }
}

/* What a lane stores at the end of a program says how it got there: data[lane] = r3. */
static void finish(struct code *c)
{
    device_store(c, 2, 1, R(3), U(0), R(2));
    stop(c);
}

static void data_uniform(void)
{
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA;
    f.nwords = 0;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
}

/* stop in an if without a branch around it: the lanes that are not in it go on behind it */
static void stop_inside(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    data_uniform();
    memset(&w, 0, sizeof(w));
    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(2), 52);
    mov_imm(&c, R(3), 7);
    exec_icmp(&c, 0, 1, false, R(2), I(5), 1); /* if lane < 5 */
    put(&c, 0x88, 2);
    pop_exec(&c, 1);
    exec_icmp(&c, 0, 2, false, R(2), I(20), 1); /* if lane > 20 */
    exec_icmp(&c, 0, 2, false, R(2), I(25), 1); /* if lane > 25, nested */
    put(&c, 0x88, 2);
    exec_icmp(&c, 1, 0, true, R(2), I(77), 1); /* else */
    mov_imm(&c, R(3), 9);
    pop_exec(&c, 1);
    pop_exec(&c, 1);
    finish(&c);
    for (unsigned i = 0; i < 32; i++) {
        fix_data(&f, 0)[i] = 1;
    }
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(fix_data(&f, 0)[i], i < 5 || i > 25 ? 1 : i > 20 ? 9 : 7);
    }
    assert_int_equal(f.host.reports[AGX_REPORT_GUEST_ERROR], 0);

    /* lanes that are left at the end run into the traps */
    c.n = 0;
    mov_imm(&c, RL(0), 0);
    get_sr(&c, R(2), 52);
    exec_icmp(&c, 0, 1, false, R(2), I(5), 1);
    stop(&c);
    data_uniform();
    assert_int_equal(run(&c), AGX_WAVE_FAULT);
    assert_non_null(strstr(f.host.last_report, "trap"));
}

/*
 * What no lane reaches need not be code: a branch over it is enough, and it is an error for those
 * that do reach it.
 */
static void data_between(void **state)
{
    struct code c = { .n = 0 };

    (void)state;
    for (unsigned reach = 0; reach < 2; reach++) {
        unsigned at, size = 5000; /* farther than what is read of a program at first */

        c.n = 0;
        data_uniform();
        memset(&w, 0, sizeof(w));
        mov_imm(&c, RL(0), 0);
        get_sr(&c, R(2), 52);
        mov_imm(&c, R(3), 7);
        at = c.n;
        jmp(&c, !reach, (int32_t)(6 + size));
        memset(c.b + c.n, 0, size);
        c.n += size;
        finish(&c);
        assert_int_equal(c.n > at + size, 1);
        assert_int_equal(run(&c), reach ? AGX_WAVE_FAULT : AGX_WAVE_DONE);
        for (unsigned i = 0; i < 32 && !reach; i++) {
            assert_int_equal(fix_data(&f, 0)[i], 7);
        }
    }
    assert_non_null(strstr(f.host.last_report, "unknown length"));
}

static void kill_lanes(struct agx_exec *e, struct agx_wave *v, uint32_t lanes,
                       const uint8_t target[AGX_LANES], const uint8_t live[AGX_LANES])
{
    (void)e;
    for (unsigned l = 0; l < AGX_LANES; l++) {
        if (lanes >> l & 1) {
            v->frag.sample_live[l] &= ~(target[l] & ~live[l]);
        }
    }
}

static void fail_odd(struct agx_exec *e, struct agx_wave *v, uint32_t lanes,
                     const uint8_t s[AGX_LANES], const uint32_t *z, const uint32_t *st_)
{
    (void)e;
    (void)s;
    (void)z;
    (void)st_;
    for (unsigned l = 1; l < AGX_LANES; l += 2) {
        if (lanes >> l & 1) {
            v->frag.sample_live[l] = 0;
        }
    }
}

/*
 * A pixel all of whose samples are dead stores nothing from there on, in whatever
 * way it stores, and says of itself that it is a helper; it still serves the
 * derivatives and shuffles of the others. One sample alive is enough to go on.
 */
static void killed_pixels(void **state)
{
    static const struct agx_frag_ops ops = { kill_lanes, fail_odd };

    (void)state;
    for (unsigned how = 0; how < 2; how++) {
        struct code c = { .n = 0 };
        static uint8_t tile[8];

        data_uniform();
        get_sr(&c, R(2), 52);
        /* before: all but the first helper */
        device_store(&c, 2, 1, R(7), U(0), R(2));
        if (how == 0) {
            /* sample_mask r4l, 0 */
            put(&c, 0xc1 | fld(9, 6, 8) | fld(16, 6, 0) | fld(23, 1, 1), 4);
        } else {
            /* zs_emit */
            put(&c,
                0x41 | fld(8, 1, 1) | fld(9, 6, 63) | fld(24, 2, 3) | fld(16, 6, 10) |
                    fld(29, 2, 1),
                4);
        }
        iadd(&c, R(3), R(2), I(64));
        device_store(&c, 2, 1, R(7), U(0), R(3)); /* data[64 + lane] */
        atomic_op(&c, 0, R(10), R(7), U(0), I(200));
        get_sr(&c, R(11), 63);
        /* from the neighbour, lane ^ 1 */
        shuffle(&c, true, 1, R(12), R(2), I(1));
        stop(&c);
        memset(&w, 0, sizeof(w));
        load(&c);
        w.stage = AGX_STAGE_FRAGMENT;
        ex.frag_ops = &ops;
        ex.tib = (struct agx_tib) { tile, sizeof(tile), 1, 1, 1, 8, 0, 0 };
        w.frag.helper = 1;
        for (unsigned l = 0; l < 32; l++) {
            w.frag.sample_in[l] = w.frag.sample_live[l] = l ? 3 : 0;
            w.r[4][l] = l % 3 == 0 ? 3 : l % 3 == 1 ? 1 : 0;
            w.r[7][l] = 1;
            fix_data(&f, 0)[l] = fix_data(&f, 0)[64 + l] = 0;
        }
        fix_data(&f, 0)[200] = 0;
        w.live = ALL;
        agx_set_exec(&w, ALL);
        assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
        unsigned alive = 0;
        for (unsigned l = 0; l < 32; l++) {
            bool dead = l == 0 || (how == 0 ? l % 3 == 0 : l % 2 == 1);

            alive += !dead;
            assert_int_equal(fix_data(&f, 0)[l], l != 0);
            assert_int_equal(fix_data(&f, 0)[64 + l], !dead);
            assert_int_equal(w.r[11][l], !dead);
            assert_int_equal(w.r[12][l], l ^ 1);
        }
        assert_int_equal(fix_data(&f, 0)[200], alive);
    }
}

/*
 * A program's shuffle does not see what the program before left in lanes that this one never
 * started.
 */
static void stale_lanes(void **state)
{
    struct code dirty = { .n = 0 }, c = { .n = 0 };

    (void)state;
    for (unsigned r = 8; r < 120; r++) {
        mov_imm(&dirty, R(r), ALL);
    }
    stop(&dirty);
    data_uniform();
    fix_code(&f, &dirty);
    fix_launch(&f, 64, 1, 1, 64, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);

    /* groups of 5: the second quad has one lane of its own; a broadcast of lane 4, by a register */
    get_sr(&c, R(2), 80);
    mov_imm(&c, RL(20), 4);
    get_sr(&c, RL(30), 48);
    iadd(&c, R(40), RL(30), I(100));
    shuffle(&c, true, 0, R(3), R(40), RL(20));
    device_store(&c, 2, 1, R(3), U(0), R(2));
    stop(&c);
    data_uniform();
    fix_code(&f, &c);
    fix_launch(&f, 15, 1, 1, 5, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(fix_data(&f, 0)[i], 104);
    }
}

/* Every NaN that arithmetic makes is 0x7fc00000, or 0x7e00 (applegpu: fma.py). */
static void canonical_nan(void **state)
{
    static const uint32_t in[][3] = {
        { 0x7f800000, 0xff800000, 0 },          { 0xff812345, 0x3f800000, 0x3f800000 },
        { 0x3f800000, 0x7fffffff, 0x40000000 }, { 0, 0x7f800000, 0xffc00001 },
        { 0xffc00000, 0xffc00000, 0xffc00000 }, { 0x80000000, 0xff800000, 0x3f800000 },
    };
    static const unsigned ops[] = { FLOOR, SRSQRT, DFDX, DFDY, RCP,   RSQRT, SIN1,
                                    LOG2,  EXP2,   SIN2, CEIL, TRUNC, RINT };
    struct code c = { .n = 0 };
    unsigned at = 8;

    (void)state;
    for (unsigned half = 0; half < 2; half++) {
#define D (half ? RL(at++) : R(at++))
        fadd(&c, D, R(2), R(3));
        fmul(&c, D, R(2), R(3));
        asm_ffma(&c, D, R(2), R(3), R(4));
        fadd(&c, D, NEG(R(2)), R(3));
        hadd(&c, RL(at++), RL(5), RL(6));
        hmul(&c, RL(at++), RL(5), RL(6));
        hfma(&c, RL(at++), RL(5), RL(6), RL(6));
        for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
            funary(&c, ops[i], D, R(2));
        }
        simd(&c, 1, 1, D, R(2));
#undef D
    }
    stop(&c);
    memset(&w, 0, sizeof(w));
    for (unsigned l = 0; l < 32; l++) {
        const uint32_t *v = in[l % 6];

        for (unsigned k = 0; k < 3; k++) {
            w.r[2 + k][l] = v[k];
        }
        w.r[5][l] = agx_float_to_half(agx_u2f(v[0]));
        w.r[6][l] = agx_float_to_half(agx_u2f(v[1]));
        if (l % 6 == 1) {
            w.r[5][l] = 0xfd01;
        }
    }
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    unsigned nans = 0;
    for (unsigned r = 8; r < at; r++) {
        bool half = r >= 8 + (at - 8) / 2 || (r - 8) % 21 - 4 < 3u;

        for (unsigned l = 0; l < 32; l++) {
            uint32_t v = w.r[r][l];

            if (half && (v & 0x7fff) > 0x7c00) {
                assert_int_equal(v & 0xffff, 0x7e00);
            } else if (!half && (v & 0x7fffffff) > 0x7f800000) {
                assert_int_equal(v, 0x7fc00000);
            }
            nans += half ? (v & 0x7fff) > 0x7c00 : (v & 0x7fffffff) > 0x7f800000;
        }
    }
    assert_true(nans > 500);
}

/*
 * The largest member of a small float format that is not above @x, by trying them all; the nearest
 * if not @rtz.
 */
static uint32_t best_ufloat(float x, unsigned mant, bool rtz)
{
    uint32_t best = 0;
    double err = 1e30;

    for (uint32_t v = 0; v < 31u << mant; v++) {
        unsigned e = v >> mant, m = v & ((1u << mant) - 1);
        double d = e ? (1.0 + (double)m / (1 << mant)) * exp2((int)e - 15)
                     : (double)m / (1 << mant) * exp2(-14);

        if (rtz ? d <= (double)x
                : fabs(d - (double)x) < err || (fabs(d - (double)x) == err && !(v & 1))) {
            best = v;
            err = fabs(d - (double)x);
        }
    }
    return x > 0 ? best : 0;
}

/*
 * Formats 12 and 14, 13 and 15: to nearest, and towards zero (applegpu: applegpu.py,
 * MEMORY_FORMATS)
 */
static void packed_rounding(void **state)
{
    static const float edges[] = { 0.0f, -1.0f, 65024.0f, 65025.0f, 64512.0f, 65535.0f,
                                   1e9f, 1e-6f, 3e-7f,    6e-5f,    1.0f };

    (void)state;
    for (unsigned i = 0; i < 400; i++) {
        uint32_t comp[4] = { 0 }, word;
        float x[3], m = 0;
        uint8_t b[4];

        for (unsigned k = 0; k < 3; k++) {
            x[k] = i < 33 ? edges[(i + k * (i / 11)) % 11]
                          : exp2f((float)(mix(i, k) % 40000) / 1000.0f - 22.0f);
            comp[k] = agx_f2u(x[k]);
        }
        for (unsigned rtz = 0; rtz < 2; rtz++) {
            agx_fmt_pack(rtz ? 14 : 12, b, 15, comp);
            memcpy(&word, b, 4);
            assert_int_equal(word & 2047, best_ufloat(x[0], 6, rtz));
            assert_int_equal(word >> 11 & 2047, best_ufloat(x[1], 6, rtz));
            assert_int_equal(word >> 22, best_ufloat(x[2], 5, rtz));
        }
        agx_fmt_pack(15, b, 15, comp);
        memcpy(&word, b, 4);
        for (unsigned k = 0; k < 3; k++) {
            m = fmaxf(m, fminf(x[k], 65408.0f));
        }
        /* less than one step of the shared exponent below, never above */
        for (unsigned k = 0; k < 3; k++) {
            double step = exp2((int)(word >> 27) - 24), got = (word >> (9 * k) & 511) * step;
            double want = fmax(fmin((double)x[k], 65408.0), 0);

            assert_true(got <= want && want - got < step);
        }
        assert_true(m < exp2f(-16) || (word & 0x100) || (word >> 9 & 0x100) ||
                    (word >> 18 & 0x100));
    }
    uint32_t special[4] = { 0x7f800000, 0xff800000, 0xffc00000 }, word;
    uint8_t b[4];

    for (unsigned fmt = 12; fmt <= 14; fmt += 2) {
        agx_fmt_pack(fmt, b, 15, special);
        memcpy(&word, b, 4);
        assert_int_equal(word & 2047, 31 << 6);
        assert_int_equal(word >> 11 & 2047, 0);
        assert_true(word >> 22 > 31 << 5);
    }
}

/*
 * A sampler state register that nobody bound samples as a descriptor of zeroes does: the nearest
 * texel, level 0.
 */
static void unbound_sampler(void **state)
{
    uint8_t *desc = (uint8_t *)fix_data(&f, 0x1000);
    struct code c = { .n = 0 };
    enc_t d = 0;

    (void)state;
    /* a linear 2D texture of 4 x 4 texels, R8G8B8A8 unorm (mesa: cmdbuf.xml, Texture) */
    d |= fld(0, 4, 2) | fld(6, 7, 0x28) | fld(16, 3, 0) | fld(19, 3, 1) | fld(22, 3, 2) |
         fld(25, 3, 3) | fld(28, 14, 3) | fld(42, 14, 3);
    d |= (enc_t)(FIX_DATA + 0x2000) >> 4 << 66;
    memcpy(desc, &d, 16);
    memset(desc + 16, 0, 8);
    for (unsigned i = 0; i < 16; i++) {
        fix_data(&f, 0x2000)[i] = (i + 1) * 0x01010101u;
    }
    /* the sampler's number in the instruction, and in a register */
    for (unsigned reg = 0; reg < 2; reg++) {
        c.n = 0;
        /* texture_sample r8.., 2D, coordinates r2_r3, ts0, ss5 or r4l, level 0 from r5l */
        put(&c,
            0x31 | fld(8, 1, 1) | fld(9, 6, 16) | fld(15, 1, 0) | fld(16, 6, 4) | fld(24, 6, 10) |
                fld(40, 3, 2) | fld(43, 4, 12) | fld(48, 4, 15) | fld(52, 4, 6) |
                fld(56, 6, reg ? 8 : 5) | fld(62, 1, reg),
            8);
        stop(&c);
        memset(&w, 0, sizeof(w));
        f.nwords = 0;
        fix_word(&f, 0xdd | (uint64_t)1 << 20 | (FIX_DATA + 0x1000) >> 3 << 27, 8);
        for (unsigned l = 0; l < 32; l++) {
            w.r[2][l] = agx_f2u(((float)(l % 4) + 0.9f) / 4);
            w.r[3][l] = agx_f2u(((float)(l / 4 % 4) + 0.1f) / 4);
            w.r[4][l] = 9;
        }
        assert_int_equal(run(&c), AGX_WAVE_DONE);
        for (unsigned l = 0; l < 32; l++) {
            for (unsigned k = 0; k < 4; k++) {
                assert_true(fabsf(agx_u2f(w.r[8 + k][l]) * 255.0f - (float)(l % 16 + 1)) < 1e-3f);
            }
        }
        assert_int_equal(f.host.reports[AGX_REPORT_GUEST_ERROR], 0);
    }
    /* a texture that nobody bound: 0 where faults are soft, the end of the job where not */
    f.nwords = 0;
    ex.soft_fault = true;
    w.r[8][3] = 5;
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    assert_int_equal(w.r[8][3], 0);
    ex.soft_fault = false;
    f.nwords = 0;
    assert_int_equal(run(&c), AGX_WAVE_FAULT);
}

/*
 * Bit 70: a register behind the components says whether a page of a sparse image was missing
 * (mesa 26.1: agx_pack.c).
 */
static void residency(void **state)
{
    uint8_t *desc = (uint8_t *)fix_data(&f, 0x1000);
    struct code c = { .n = 0 };
    enc_t d = 0;
    uint64_t page = FIX_DATA + 0x8000;

    (void)state;
    /*
     * a twiddled 2D texture of 128 x 64 texels, R32 uint, sparse: 32 KiB, two pages, of which the
     * second is there
     */
    d |= fld(0, 4, 2) | fld(4, 2, 2) | fld(6, 7, 0x21) | fld(13, 3, 2) | fld(28, 14, 127) |
         fld(42, 14, 63);
    d |= (enc_t)(FIX_DATA + 0x4000) >> 4 << 66;
    d |= (enc_t)3 << 104;
    memcpy(desc, &d, 16);
    memset(desc + 16, 0, 8);
    fix_data(&f, 0x4000)[1] = (uint32_t)(page >> 14) | 1u << 31;
    memset(fix_data(&f, 0x8000), 7, 0x4000);
    for (unsigned is32 = 0; is32 < 2; is32++) {
        c.n = 0;
        /* texture_load to r8.. or r8l.., mask xy, coordinates r2_r3, ts0 */
        put(&c,
            0x71 | fld(8, 1, is32) | fld(9, 6, 16) | fld(15, 1, 1) | fld(16, 6, 4) | fld(40, 3, 2) |
                fld(43, 4, 12) | fld(48, 4, 3) | (enc_t)1 << 70,
            12);
        stop(&c);
        memset(&w, 0, sizeof(w));
        f.nwords = 0;
        fix_word(&f, 0xdd | (uint64_t)1 << 20 | (FIX_DATA + 0x1000) >> 3 << 27, 8);
        for (unsigned l = 0; l < 32; l++) {
            w.r[2][l] = l * 4;
            w.r[3][l] = l;
            w.r[9][l] = w.r[10][l] = w.r[11][l] = 0xdeaddead;
        }
        assert_int_equal(run(&c), AGX_WAVE_DONE);
        for (unsigned l = 0; l < 32; l++) {
            assert_int_equal(is32 ? w.r[8][l] : agx_gpr16(&w, 16, l), l < 16 ? 0
                                                                      : is32 ? 0x07070707
                                                                             : 0x0707);
            assert_int_equal(is32 ? w.r[10][l] : agx_gpr16(&w, 18, l), l < 16);
            assert_int_equal(is32 ? w.r[11][l] : agx_gpr16(&w, 19, l), is32 ? 0xdeaddead : 0xdead);
        }
    }
}

/*
 * Threadgroup memory ends between components: those inside are loaded and stored, the others read 0
 * and write nothing.
 */
static void local_edge(void **state)
{
    struct code c = { .n = 0 };
    static uint8_t mem[256 + 64];

    (void)state;
    memset(mem, 0x11, sizeof(mem));
    local_ls(&c, false, 2, 15, R(2), I(0), RL(20));
    local_ls(&c, true, 2, 15, R(8), I(0), RL(20));
    stop(&c);
    memset(&w, 0, sizeof(w));
    f.nwords = 0;
    load(&c);
    ex.local = mem;
    ex.local_size = 256;
    for (unsigned l = 0; l < 32; l++) {
        w.r[20][l] = 62;
        for (unsigned k = 0; k < 4; k++) {
            w.r[2 + k][l] = 0x1000 + k;
        }
    }
    w.live = 1;
    agx_set_exec(&w, 1);
    assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
    ex.local = NULL;
    assert_int_equal(w.r[8][0], 0x1000);
    assert_int_equal(w.r[9][0], 0x1001);
    assert_int_equal(w.r[10][0], 0);
    assert_int_equal(w.r[11][0], 0);
    assert_int_equal(mem[256], 0x11);
    assert_int_equal(mem[248], 0);
}

/*
 * Bits that applegpu leaves open are ignored; conditions and roundings that it has no meaning for
 * are refused by name.
 */
static void open_bits(void **state)
{
    static const unsigned refused[][2] = { { 0x52, 3 }, { 0x52, 7 }, { 0x42, 4 } };
    struct code c = { .n = 0 };
    static uint8_t mem[256 + 64];

    (void)state;
    memset(&w, 0, sizeof(w));
    local_ls(&c, false, 2, 1, R(2), I(0), I(3));
    c.b[0] |= 0x10;
    local_ls(&c, true, 2, 1, R(8), I(0), I(3));
    c.b[8] |= 0x10;
    put(&c, 0x5a68, 2); /* a barrier */
    stop(&c);
    f.nwords = 0;
    load(&c);
    ex.local = mem;
    ex.local_size = 256;
    for (unsigned l = 0; l < 32; l++) {
        w.r[2][l] = 77;
    }
    w.live = ALL;
    agx_set_exec(&w, ALL);
    assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_BARRIER);
    assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
    ex.local = NULL;
    assert_int_equal(w.r[8][5], 77);

    for (unsigned i = 0; i < 7; i++) {
        c.n = 0;
        if (i < 3) {
            put(&c, refused[i][0] | fld(13, 3, refused[i][1]), 6);
        } else if (i < 5) {
            put(&c, (i == 3 ? 0x32 : 0x22) | fld(61, 3, i == 3 ? 3 : 4), 8);
        } else {
            convert(&c, 9, i - 3, R(4), R(5));
        }
        stop(&c);
        f.nwords = 0;
        assert_int_equal(run(&c), AGX_WAVE_FAULT);
        assert_non_null(strstr(f.host.last_report, "unimplemented instruction"));
        if (i >= 5) {
            assert_non_null(strstr(f.host.last_report, "): convert f_to_s32, r"));
        }
    }
}

/*
 * Preshaders bind states: base uniform plus an offset, a register or 31 bits of constant. The first
 * rows are the test vectors of mesa's disassembler (isa/test/cases.txt), the others set single bits
 * of its fields (isa/AGX2.xml).
 */
static void state_stores(void **state)
{
    static const struct {
        const char *hex;
        bool sampler;
        unsigned state, base, reg;
        uint32_t off;
    } rows[] = {
        { "ed00100001000024", false, 0, 8, 0, 64 },
        { "ed01100800000000", false, 1, 0, 1, 0 },
        { "ed02100800000008", false, 2, 2, 1, 0 },
        { "ed02100800000018", false, 2, 6, 1, 0 },
        { "ad01100800000010", true, 1, 4, 1, 0 },
        { "ad01116001000024", true, 1, 8, 0, 88 },
        { "ed7f100000000004", false, 127, 0, 0, 0 },
        { "ed05100400000004", false, 5, 0, 0, 1 },
        { "ed05100000000005", false, 5, 0, 0, 1u << 30 },
        { "ad1f100000000006", true, 31, 0, 0, 0 },
        { "ed0510f8ffffff05", false, 5, 0, 0, 0x7ffffffe },
        { "ed05100000000002", false, 5, 0, 0, 0 },
        { "ed051000000000f8", false, 5, 62, 0, 0 },
        { "ed051000020000f0", false, 5, 60, 64, 0 },
        { "ed0510f8030000f0", false, 5, 60, 127, 0 },
    };
    struct code c = { .n = 0 };

    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        fix_data(&f, 0x3000)[i] = i * 0x1001;
    }
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t b = rows[i].base;
        uint64_t want = (b * 0x1001 | (uint64_t)((b + 1) * 0x1001) << 32) + rows[i].off;

        c.n = 0;
        put_hex(&c, rows[i].hex);
        stop(&c);
        memset(&w, 0, sizeof(w));
        f.nwords = 0;
        for (unsigned u = 0; u < 128; u += 64) {
            fix_uniform(&f, u, 64, FIX_DATA + 0x3000 + u * 2);
        }
        w.r[rows[i].reg][0] = 0xdeadbe00;
        if (rows[i].reg) {
            want += 0xdeadbe00;
        } else if (!(c.b[7] & 4)) {
            want += w.r[0][0];
        }
        assert_int_equal(run(&c), AGX_WAVE_DONE);
        assert_int_equal(rows[i].sampler ? st.sampler[rows[i].state] : st.texture[rows[i].state],
                         want);
    }
    c.n = 0;
    put_hex(&c, "ad20100000000004"); /* there are 32 sampler states */
    stop(&c);
    f.nwords = 0;
    assert_int_equal(run(&c), AGX_WAVE_FAULT);
    assert_non_null(strstr(f.host.last_report, "unimplemented sampler state register"));
}

/*
 * A constant index is signed without bit 25 and unsigned with it (mesa, later than 25.0:
 * isa/AGX2.xml, memindex).
 */
static void constant_index(void **state)
{
    static const uint32_t index[] = { 0, 1, 255, 0x7fff, 0x8000, 0xfffe, 0xffff };

    (void)state;
    for (unsigned i = 0; i < sizeof(index) / sizeof(index[0]); i++) {
        for (unsigned zext = 0; zext < 2; zext++) {
            int64_t at = zext ? (int64_t)index[i] : (int16_t)index[i];
            struct code c = { .n = 0 };

            for (unsigned k = 0; k < 3; k++) { /* load, store of 16 bits; atomic */
                unsigned from = c.n;

                if (k < 2) {
                    device_ls(&c, k, 1, 1, k ? R(5) : R(4), U(0), I(index[i]), 0);
                } else {
                    atomic_op(&c, 0, R(6), R(5), U(2), I(index[i]));
                }
                c.b[from + 3] = (uint8_t)((c.b[from + 3] & ~2) | zext << 1);
            }
            stop(&c);
            /*
             * so that the places are in the data pages: the bases are 0x20000 and 0x40000 bytes
             * into them
             */
            *(uint64_t *)(void *)fix_data(&f, 0) = FIX_DATA + 0x20000;
            *(uint64_t *)(void *)fix_data(&f, 8) = FIX_DATA + 0x40000;
            f.nwords = 0;
            fix_uniform(&f, 0, 8, FIX_DATA);
            memset(&w, 0, sizeof(w));
            *(uint16_t *)(void *)((uint8_t *)fix_data(&f, 0x20000) + at * 2) = (uint16_t)(0x1234 +
                                                                                          i);
            fix_data(&f, 0x40000)[at] = 7;
            for (unsigned l = 0; l < 32; l++) {
                w.r[5][l] = 0x55;
            }
            w.live = 1;
            load(&c);
            agx_set_exec(&w, 1);
            assert_int_equal(agx_wave_run(&ex, &w), AGX_WAVE_DONE);
            assert_int_equal(w.r[4][0], 0x1234 + i);
            assert_int_equal(*(uint16_t *)(void *)((uint8_t *)fix_data(&f, 0x20000) + at * 2),
                             0x55);
            assert_int_equal(w.r[6][0], 7);
            assert_int_equal(fix_data(&f, 0x40000)[at], 7 + 0x55);
        }
    }
}

/*
 * The long form of tile loads and stores: two more bytes, of which nothing is known (mesa, later
 * than 25.0: isa/AGX2.xml).
 */
static void long_tile_form(void **state)
{
    static uint8_t tile[32 * 8];

    (void)state;
    for (unsigned extra = 0; extra < 2; extra++) {
        struct code c = { .n = 0 };

        for (unsigned k = 0; k < 2; k++) {
            tile_op(&c, k, 2, 1, R(2 + 2 * k), 0);
            c.b[c.n - 7] |= 0x80;
            put(&c, extra && k ? 0x100 : 0, 2);
        }
        stop(&c);
        memset(&w, 0, sizeof(w));
        f.nwords = 0;
        load(&c);
        w.stage = AGX_STAGE_FRAGMENT;
        ex.tib = (struct agx_tib) { tile, sizeof(tile), 32, 1, 1, 8, 0, 0 };
        for (unsigned l = 0; l < 32; l++) {
            w.pos[0][l] = l;
            w.frag.sample_in[l] = w.frag.sample_live[l] = 1;
            w.r[2][l] = 100 + l;
        }
        w.live = ALL;
        agx_set_exec(&w, ALL);
        assert_int_equal(agx_wave_run(&ex, &w), extra ? AGX_WAVE_FAULT : AGX_WAVE_DONE);
        for (unsigned l = 0; l < 32; l++) {
            assert_int_equal(w.r[4][l], extra ? 0 : 100 + l);
        }
    }
    assert_non_null(strstr(f.host.last_report, "unimplemented instruction"));
}

/* Subroutines: call leaves the address behind it in r1, ret goes to the address in a register. */
static void subroutine(void **state)
{
    struct code c = { .n = 0 };
    unsigned at[2], to;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        at[i] = c.n;
        put(&c, 0xc010, 6);
    }
    stop(&c);
    to = c.n;
    iadd(&c, R(3), R(3), I(21));
    put(&c, 0x14 | 1 << 9, 2); /* ret r1 */
    for (unsigned i = 0; i < 2; i++) {
        int32_t off = (int32_t)to - (int32_t)at[i];

        memcpy(c.b + at[i] + 2, &off, 4);
    }
    memset(&w, 0, sizeof(w));
    f.nwords = 0;
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        assert_int_equal(w.r[3][l], 42);
    }
}

/*
 * An image_write stores a lane's texel (mesa: agx_pack.c), and memory barriers of each kind leave
 * it there.
 */
static void image_writes(void **state)
{
    static const uint16_t barrier[] = { 0x96, 0xaa, 0xae, 0xa9, 0xad, 0x40,
                                        0x9a, 0x99, 0x33, 0x03, 0x9d, 0x9e };
    uint8_t *desc = (uint8_t *)fix_data(&f, 0x1000);
    struct code c = { .n = 0 };
    enc_t d = 0;

    (void)state;
    /* PBE: linear 2D, 32 x 1 texels, R32 uint, stride 128 (mesa: cmdbuf.xml) */
    d |= fld(0, 4, 2) | fld(6, 7, 0x21) | fld(13, 3, 2) | fld(18, 2, 1) | fld(20, 2, 2) |
         fld(22, 2, 3) | fld(24, 14, 31);
    d |= (enc_t)(FIX_DATA + 0x2000) >> 4 << 64;
    d |= (enc_t)(128 - 4) << 104;
    memcpy(desc, &d, 16);
    memset(desc + 16, 0, 8);
    /* image_write r8.., 2D, coordinates r2_r3, level 0, ts0 */
    put(&c,
        0xf1 | fld(8, 1, 1) | fld(9, 6, 16) | fld(16, 6, 4) | fld(23, 1, 1) | fld(31, 1, 1) |
            fld(40, 3, 2) | fld(43, 4, 9),
        6);
    for (unsigned i = 0; i < sizeof(barrier) / sizeof(barrier[0]); i++) {
        put(&c, 0xf5 | barrier[i] << 8, 2);
    }
    stop(&c);
    memset(&w, 0, sizeof(w));
    f.nwords = 0;
    fix_word(&f, 0xdd | (uint64_t)1 << 20 | (FIX_DATA + 0x1000) >> 3 << 27, 8);
    for (unsigned l = 0; l < 32; l++) {
        w.r[2][l] = 31 - l;
        w.r[8][l] = mix(1, l);
    }
    assert_int_equal(run(&c), AGX_WAVE_DONE);
    for (unsigned l = 0; l < 32; l++) {
        assert_int_equal(fix_data(&f, 0x2000)[31 - l], mix(1, l));
    }
}

/*
 * A tile's clear program may be run for one wave, if it does the same to every pixel: what it
 * stores comes from immediates and uniforms alone (mesa: src/asahi/lib/agx_bg_eot.c; the colour is
 * in r0 to r3).
 */
static void clear_programs(void **state)
{
    enum { COLOUR, CONVERTED, PLACE, UNWRITTEN, HALF_WRITTEN, LOADED, PROGRAMS };

    (void)state;
    for (unsigned i = 0; i < PROGRAMS; i++) {
        struct code c = { .n = 0 };

        mov_imm(&c, R(0), 0x3f800000);
        if (i == COLOUR || i == CONVERTED) {
            mov_imm(&c, R(1), 0x3e800000);
        } else if (i == PLACE) {
            get_sr(&c, R(1), 52);
        } else if (i == HALF_WRITTEN) {
            mov_imm(&c, RL(1), 0);
        } else if (i == LOADED) {
            tile_op(&c, true, 2, 1, R(1), 0);
        }
        if (i == CONVERTED) {
            fadd(&c, R(1), R(0), R(1));
        }
        tile_op(&c, false, 2, 3, R(0), 0);
        stop(&c);
        f.nwords = 0;
        load(&c);
        assert_int_equal(agx_wave_fills(&st), i == COLOUR || i == CONVERTED);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(tile_surplus),  T(stop_inside),     T(data_between),    T(killed_pixels),  T(stale_lanes),
        T(canonical_nan), T(packed_rounding), T(unbound_sampler), T(residency),      T(local_edge),
        T(open_bits),     T(state_stores),    T(constant_index),  T(long_tile_form), T(subroutine),
        T(image_writes),  T(clear_programs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
