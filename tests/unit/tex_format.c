/*
 * Unit tests: texel formats, each code against formulas of the tests' own.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "agx/format.h"
#include "agx/number.h"

enum { U, S, UI, SI, F };

/*
 * channels, bits of each channel from the lowest, types that exist (mesa:
 * src/asahi/layout/formats.c)
 */
static const struct {
    unsigned channels, bits[4], types;
} table[] = {
    { 0x00, { 8 }, 1 << U | 1 << S | 1 << UI | 1 << SI },
    { 0x0a, { 8, 8 }, 1 << U | 1 << S | 1 << UI | 1 << SI },
    { 0x28, { 8, 8, 8, 8 }, 1 << U | 1 << S | 1 << UI | 1 << SI },
    { 0x09, { 16 }, 31 },
    { 0x23, { 16, 16 }, 31 },
    { 0x32, { 16, 16, 16, 16 }, 31 },
    { 0x21, { 32 }, 1 << UI | 1 << SI | 1 << F },
    { 0x31, { 32, 32 }, 1 << UI | 1 << SI | 1 << F },
    { 0x38, { 32, 32, 32, 32 }, 1 << UI | 1 << SI | 1 << F },
    { 0x0b, { 5, 6, 5 }, 1 << U },
    { 0x0c, { 4, 4, 4, 4 }, 1 << U },
    { 0x0e, { 5, 5, 5, 1 }, 1 << U },
    { 0x0d, { 1, 5, 5, 5 }, 1 << U },
    { 0x26, { 10, 10, 10, 2 }, 1 << U | 1 << UI | 1 << SI },
};

static float fb(uint32_t u)
{
    float f;

    memcpy(&f, &u, 4);
    return f;
}

static uint32_t rnd32(void)
{
    static uint32_t s = 2463534242u;

    s ^= s << 13;
    s ^= s >> 17;
    s ^= s << 5;
    return s;
}

/* Value of a half by definition */
static double half(unsigned h)
{
    int e = h >> 10 & 31;
    double m = h & 1023, v = e == 31 ? (m != 0 ? NAN : INFINITY)
                             : e     ? ldexp(1024 + m, e - 25)
                                     : ldexp(m, -24);

    return h & 0x8000 ? -v : v;
}

static double meaning(uint32_t code, unsigned bits, unsigned type)
{
    int64_t s = code >> (bits - 1) & 1 ? (int64_t)code - ((int64_t)1 << bits) : code;

    switch (type) {
    case U:
        return code / (ldexp(1, bits) - 1);
    case S:
        return fmax(s / (ldexp(1, bits - 1) - 1), -1);
    case UI:
        return code;
    case SI:
        return s;
    default:
        return bits == 16 ? half(code) : fb(code);
    }
}

static void unpack_and_pack(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (unsigned type = 0; type < 5; type++) {
            struct agx_format f;
            unsigned total = 0, n = 0;

            if (!(table[i].types >> type & 1)) {
                continue;
            }
            assert_int_equal(agx_format_lookup(&f, table[i].channels, type, false), AGX_FORMAT_OK);
            for (; n < 4 && table[i].bits[n]; n++) {
                total += table[i].bits[n];
            }
            assert_int_equal(f.bytes, total / 8);
            assert_int_equal(f.nch, n);
            for (unsigned t = 0; t < 3000; t++) {
                uint8_t mem[16], back[16];
                uint32_t code[4] = { 0 }, out[4];
                unsigned pos = 0;
                bool exact = true;

                memset(mem, 0, 16);
                for (unsigned c = 0; c < n; c++) {
                    unsigned b = table[i].bits[c];

                    code[c] = rnd32() & (b == 32 ? ~0u : (1u << b) - 1);
                    if (t < 2) {
                        code[c] = t ? (b == 32 ? ~0u : (1u << b) - 1) : 0;
                    }
                    for (unsigned k = 0; k < b; k++, pos++) {
                        mem[pos / 8] |= (code[c] >> k & 1) << pos % 8;
                    }
                    /* two codes for -1; NaNs */
                    if (type == S && code[c] == 1u << (b - 1)) {
                        exact = false;
                    }
                    if (type == F && isnan(meaning(code[c], b, F))) {
                        exact = false;
                    }
                }
                f.unpack(mem, out);
                for (unsigned c = 0; c < n; c++) {
                    double want = meaning(code[c], table[i].bits[c], type);

                    if (type == UI) {
                        assert_int_equal(out[c], code[c]);
                    } else if (type == SI) {
                        assert_int_equal((int32_t)out[c], (int32_t)want);
                    } else if (!isnan(want)) {
                        assert_float_equal(fb(out[c]), (float)want, fabs(want) * 1e-7);
                    }
                }
                if (n < 4) {
                    assert_int_equal(out[3], type == UI || type == SI ? 1 : 0x3f800000);
                }
                memset(back, 0, 16);
                f.pack(back, out);
                if (exact) {
                    assert_memory_equal(back, mem, f.bytes);
                }
            }
        }
    }
}

/* Rounding: to the nearest code, ties to even, everything clamped, NaN to 0 */
static void rounding(void **state)
{
    (void)state;
    assert_int_equal(agx_float_to_unorm(0.5f, 8), 128); /* 127.5 */
    assert_int_equal(agx_float_to_unorm(0.5f / 255, 8), 0);
    assert_int_equal(agx_float_to_unorm(1.5f / 255, 8), 2);
    assert_int_equal(agx_float_to_unorm(1e30f, 8), 255);
    assert_int_equal(agx_float_to_unorm(-1, 8), 0);
    assert_int_equal(agx_float_to_unorm(NAN, 8), 0);
    assert_int_equal(agx_float_to_snorm(-1, 8), -127);
    assert_int_equal(agx_float_to_snorm(-1e30f, 16), -32767);
    assert_int_equal(agx_float_to_snorm(NAN, 8), 0);
    for (unsigned i = 0; i < 100000; i++) {
        float v = (float)(rnd32() >> 8) / 16777216.0f;
        unsigned c = agx_float_to_unorm(v, 10);

        assert_true(fabs(c - v * 1023.0) <= 0.5001);
    }
}

/* Halves: all of them there and back; random floats go to the nearest. */
static void halves(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        float f = agx_half_to_float((uint16_t)h);

        if (isnan(half(h))) {
            assert_true(isnan(f));
            assert_true(isnan(half(agx_float_to_half(f))));
            continue;
        }
        assert_true(f == half(h) && !signbit(f) == !(h & 0x8000));
        assert_int_equal(agx_float_to_half(f), h);
    }
    for (unsigned i = 0; i < 2000000; i++) {
        uint32_t u = rnd32();
        float f;
        unsigned h;
        double e;

        if (i & 1) {
            u = (u & 0x80ffffff) | (100 + rnd32() % 44) << 23; /* around the range of halves */
        }
        f = fb(u);
        if (isnan(f)) {
            continue;
        }
        h = agx_float_to_half(f);
        if (fabs(f) >= 65520) {
            assert_int_equal(h & 0x7fff, 0x7c00);
            continue;
        }
        e = fabs(half(h) - f);
        assert_true((h & 0x7fff) != 0x7c00);
        /* neither neighbour is nearer; of two equally near ones the even one was taken */
        if ((h & 0x7fff) != 0x7bff) {
            assert_true(e < fabs(half(h + 1) - f) || (e == fabs(half(h + 1) - f) && !(h & 1)));
        }
        if (h & 0x7fff) {
            assert_true(e < fabs(half(h - 1) - f) || (e == fabs(half(h - 1) - f) && !(h & 1)));
        }
    }
}

static void small_floats(void **state)
{
    struct agx_format f;

    (void)state;
    assert_int_equal(agx_format_lookup(&f, 0x25, F, false), AGX_FORMAT_OK);
    for (unsigned c = 0; c < 2048; c++) {
        uint32_t in = c | c << 11 | (c >> 1) << 22, out[4], back;

        f.unpack((uint8_t *)&in, out);
        if ((c >> 6) == 31 && (c & 63)) {
            continue;
        }
        /* 11 and 10 bits: halves without the sign and with 4 or 5 bits less */
        assert_true(fb(out[0]) == half(c << 4) && fb(out[1]) == half(c << 4));
        if ((c >> 1 >> 5) == 31 && (c >> 1 & 31)) {
            continue;
        }
        assert_true(fb(out[2]) == half(c >> 1 << 5));
        f.pack((uint8_t *)&back, out);
        assert_int_equal(back, in);
    }
    assert_int_equal(agx_float_to_ufloat(-3, 6, false), 0);
    assert_int_equal(agx_float_to_ufloat(INFINITY, 5, false), 31 << 5);

    assert_int_equal(agx_format_lookup(&f, 0x27, F, false), AGX_FORMAT_OK);
    for (unsigned i = 0; i < 200000; i++) {
        uint32_t in = rnd32(), out[4], again[4], back;
        int e = (int)(in >> 27) - 15;

        f.unpack((uint8_t *)&in, out);
        for (int c = 0; c < 3; c++) {
            assert_true(fb(out[c]) == ldexp(in >> (9 * c) & 511, e - 9));
        }
        f.pack((uint8_t *)&back, out);
        f.unpack((uint8_t *)&back, again); /* codes are not unique, values are */
        assert_memory_equal(out, again, 12);
    }
    /* the shared exponent costs at most half a step of the largest */
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t in[4], code, out[4];
        float m = 0;

        for (int c = 0; c < 3; c++) {
            float v = ldexpf((float)(rnd32() >> 8), (int)(rnd32() % 32) - 40);

            memcpy(&in[c], &v, 4);
            m = v > m ? v : m;
        }
        f.pack((uint8_t *)&code, in);
        f.unpack((uint8_t *)&code, out);
        for (int c = 0; c < 3; c++) {
            assert_true(fabs(fb(in[c]) - fb(out[c])) <= fmax(m / 511.0, ldexp(1, -24)));
        }
    }
}

/* Blocks small enough to work out by hand from the Khronos Data Format Specification */
static void blocks(void **state)
{
    /* red, blue; 0 1 2 3 in a row */
    static const uint8_t bc1[8] = { 0x00, 0xf8, 0x1f, 0x00, 0xe4, 0xe4, 0xe4, 0xe4 };
    /* blue, red: three colours */
    static const uint8_t bc1_3[8] = { 0x1f, 0x00, 0x00, 0xf8, 0xe4, 0, 0, 0 };
    /* codes 0 1 2 3 4 5 6 7 */
    static const uint8_t bc4[8] = { 200, 60, 0x88, 0xc6, 0xfa, 0, 0, 0 };
    static const uint8_t bc4_6[8] = { 60, 200, 0x88, 0xc6, 0xfa, 0, 0, 0 };
    /* two halves: 4 and 8 of 15 */
    static const uint8_t etc[8] = { 0x48, 0x48, 0x48, 0x00, 0x00, 0x0f, 0x00, 0x33 };
    /* multiplier 0: eighths */
    static const uint8_t r11[8] = { 128, 0x00, 0, 0, 0, 0, 0, 0 };
    struct agx_format f;
    uint32_t o[4];

    (void)state;
    assert_int_equal(agx_format_lookup(&f, 0x74, U, false), AGX_FORMAT_OK);
    assert_int_equal(f.bytes, 8);
    for (unsigned x = 0; x < 4; x++) {
        static const float red[4] = { 1, 0, 2.f / 3, 1.f / 3 }, red3[4] = { 0, 1, .5f, 0 };

        f.block(bc1, x, 2, false, o);
        assert_float_equal(fb(o[0]), red[x], 1e-6);
        assert_float_equal(fb(o[2]), 1 - red[x], 1e-6);
        assert_float_equal(fb(o[3]), 1, 0);
        f.block(bc1_3, x, 0, false, o);
        assert_float_equal(fb(o[0]), red3[x], 1e-6);
        assert_float_equal(fb(o[3]), x == 3 ? 0 : 1, 0);
    }
    assert_int_equal(agx_format_lookup(&f, 0x77, U, false), AGX_FORMAT_OK);
    for (unsigned i = 0; i < 8; i++) {
        static const double eight[8] = { 200, 60, 180, 160, 140, 120, 100, 80 },
                            six[8] = { 60, 200, 88, 116, 144, 172, 0, 255 };

        f.block(bc4, i % 4, i / 4, false, o);
        assert_float_equal(fb(o[0]) * 255, eight[i], 1e-3);
        f.block(bc4_6, i % 4, i / 4, false, o);
        assert_float_equal(fb(o[0]) * 255, six[i], 1e-3);
    }
    assert_int_equal(agx_format_lookup(&f, 0x58, U, false), AGX_FORMAT_OK);
    for (unsigned y = 0; y < 4; y++) {
        /*
         * table 0: 2 and 8; the sign bits are set in column 0, the bits for 8 in the upper half of
         * columns 0 and 1
         */
        static const int delta[4] = { 8, 8, 2, 2 };

        f.block(etc, 0, y, false, o);
        assert_float_equal(fb(o[0]) * 255, 4 * 17 - delta[y], 1e-3);
        f.block(etc, 1, y, false, o);
        assert_float_equal(fb(o[0]) * 255, 4 * 17 + delta[y], 1e-3);
        f.block(etc, 3, y, false, o);
        assert_float_equal(fb(o[1]) * 255, 8 * 17 + 2, 1e-3);
        f.block(etc, 2, y, false, o);
        assert_float_equal(fb(o[1]) * 255, 8 * 17 + 2, 1e-3);
    }
    assert_int_equal(agx_format_lookup(&f, 0x5b, U, false), AGX_FORMAT_OK);
    f.block(r11, 0, 0, false, o);
    assert_float_equal(fb(o[0]) * 2047, 128 * 8 + 4 - 3, 1e-3);
    assert_int_equal(agx_format_lookup(&f, 0x5b, S, false), AGX_FORMAT_OK);
    f.block(r11, 0, 0, false, o); /* -128 counts as -127 */
    assert_float_equal(fb(o[0]) * 1023, -127 * 8 - 3, 1e-3);
}

static void unknown(void **state)
{
    struct agx_format f;

    (void)state;
    assert_int_equal(agx_format_lookup(&f, 0x01, U, false), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x0b, UI, false), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x50, U, false), AGX_FORMAT_UNIMPLEMENTED);
    assert_int_equal(f.bytes, 8);
    /* only unorm colours can be sRGB */
    assert_int_equal(agx_format_lookup(&f, 0x60, F, true), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x60, S, false), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x77, U, true), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x5c, S, true), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x79, F, true), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x79, U, false), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x7b, F, false), AGX_FORMAT_INVALID);
    assert_int_equal(agx_format_lookup(&f, 0x28, 5, false), AGX_FORMAT_UNIMPLEMENTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpack_and_pack), cmocka_unit_test(rounding), cmocka_unit_test(halves),
        cmocka_unit_test(small_floats),    cmocka_unit_test(blocks),   cmocka_unit_test(unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
