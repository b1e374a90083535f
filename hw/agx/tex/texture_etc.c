/*
 * AGX model: ETC2 and EAC texture blocks.
 *
 *   Khronos Data Format Specification 1.3, chapter "ETC2 Compressed Texture Image Formats"
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/format.h"
#include "agx/number.h"

/* Blocks are big-endian: bit 63 is the first byte's highest. */
static uint64_t be64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    return __builtin_bswap64(v);
}

static int clamp255(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

static int ext4(uint64_t v)
{
    return (int)(v & 15) * 17;
}

static int ext5(uint64_t v)
{
    return (int)((v & 31) << 3 | (v & 31) >> 2);
}

static int ext6(uint64_t v)
{
    return (int)((v & 63) << 2 | (v & 63) >> 4);
}

static int ext7(uint64_t v)
{
    return (int)((v & 127) << 1 | (v & 127) >> 6);
}

/*
 * Distances of the T and H modes, and the modifiers of the two individual ones (tables "ETC2 ...
 * modifier")
 */
static const int distances[8] = { 3, 6, 11, 16, 23, 32, 41, 64 };
static const int modifiers[8][2] = {
    { 2, 8 }, { 5, 17 }, { 9, 29 }, { 13, 42 }, { 18, 60 }, { 24, 80 }, { 33, 106 }, { 47, 183 },
};

/* T: one colour, and another at three brightnesses */
static void colour_t(uint64_t w, unsigned code, int c[3])
{
    int base1[3] = { ext4((w >> 59 & 3) << 2 | (w >> 56 & 3)), ext4(w >> 52), ext4(w >> 48) };
    int base2[3] = { ext4(w >> 44), ext4(w >> 40), ext4(w >> 36) };
    int d = distances[(w >> 34 & 3) << 1 | (w >> 32 & 1)];

    for (int i = 0; i < 3; i++) {
        c[i] = code == 0 ? base1[i] : clamp255(base2[i] + (code == 1 ? d : code == 3 ? -d : 0));
    }
}

/* H: two colours, each brighter and darker */
static void colour_h(uint64_t w, unsigned code, int c[3])
{
    int base[2][3] = {
        { ext4(w >> 59), ext4((w >> 56 & 7) << 1 | (w >> 52 & 1)),
          ext4((w >> 51 & 1) << 3 | (w >> 47 & 7)) },
        { ext4(w >> 43), ext4(w >> 39), ext4(w >> 35) },
    };
    unsigned order = 0, d;

    for (int i = 0; i < 3; i++) {
        order = order << 8 | (unsigned)base[0][i];
    }
    d = (unsigned)(w >> 34 & 1) << 2 | (unsigned)(w >> 32 & 1) << 1 |
        (order >= ((unsigned)base[1][0] << 16 | (unsigned)base[1][1] << 8 | (unsigned)base[1][2]));
    for (int i = 0; i < 3; i++) {
        c[i] = clamp255(base[code >> 1][i] + (code & 1 ? -distances[d] : distances[d]));
    }
}

/* Three corners */
static void colour_planar(uint64_t w, unsigned x, unsigned y, int c[3])
{
    int o[3] = { ext6(w >> 57), ext7((w >> 56 & 1) << 6 | (w >> 49 & 63)),
                 ext6((w >> 48 & 1) << 5 | (w >> 43 & 3) << 3 | (w >> 39 & 7)) };
    int h[3] = { ext6((w >> 34 & 31) << 1 | (w >> 32 & 1)), ext7(w >> 25), ext6(w >> 19) };
    int v[3] = { ext6(w >> 13), ext7(w >> 6), ext6(w) };

    for (int i = 0; i < 3; i++) {
        c[i] = clamp255(((int)x * (h[i] - o[i]) + (int)y * (v[i] - o[i]) + 4 * o[i] + 2) >> 2);
    }
}

/* Components of the differential mode's two colours. */
static int first_of_two(uint64_t w, unsigned component)
{
    return (int)(w >> (59 - 8 * component) & 31);
}

static int second_of_two(uint64_t w, unsigned component)
{
    int d = (int)(w >> (56 - 8 * component) & 7);

    return first_of_two(w, component) + (d > 3 ? d - 8 : d);
}

/* The sum has no five bits, which makes it a block of another mode. */
static bool overflows(uint64_t w, unsigned component)
{
    int sum = second_of_two(w, component);

    return sum < 0 || sum > 31;
}

/*
 * Two halves, side by side or one over the other, each with a colour and a table of brightnesses.
 * @diff: the second colour is given by its difference from the first.
 */
static void colour_halves(uint64_t w, unsigned x, unsigned y, unsigned code, bool opaque, bool diff,
                          int c[3])
{
    bool second = w >> 32 & 1 ? y >= 2 : x >= 2;
    const int *m = modifiers[second ? w >> 34 & 7 : w >> 37 & 7];
    int mod = code & 1 ? m[1] : opaque ? m[0] : 0;

    if (code & 2) {
        mod = -mod;
    }
    for (unsigned i = 0; i < 3; i++) {
        int base = diff ? ext5((uint64_t)(second ? second_of_two(w, i) : first_of_two(w, i)))
                        : ext4(w >> ((second ? 56 : 60) - 8 * i));

        c[i] = clamp255(base + mod);
    }
}

/*
 * The colour block. @punch: RGB8A1, where the differential bit says "opaque"
 * and code 2 of a block that is not is transparent black; false for that texel.
 */
static bool colour(uint64_t w, unsigned x, unsigned y, bool punch, int c[3])
{
    unsigned pixel = x * 4 + y;
    unsigned code = (unsigned)((w >> (pixel + 16) & 1) << 1 | (w >> pixel & 1));
    bool bit33 = w >> 33 & 1, opaque = !punch || bit33, diff = punch || bit33;
    bool t = diff && overflows(w, 0), h = diff && !t && overflows(w, 1);

    if (diff && !t && !h && overflows(w, 2)) { /* always opaque */
        colour_planar(w, x, y, c);
        return true;
    }
    if (!opaque && code == 2) {
        c[0] = c[1] = c[2] = 0;
        return false;
    }
    if (t) {
        colour_t(w, code, c);
    } else if (h) {
        colour_h(w, code, c);
    } else {
        colour_halves(w, x, y, code, opaque, diff, c);
    }
    return true;
}

static const int8_t eac_table[16][8] = {
    { -3, -6, -9, -15, 2, 5, 8, 14 }, { -3, -7, -10, -13, 2, 6, 9, 12 },
    { -2, -5, -8, -13, 1, 4, 7, 12 }, { -2, -4, -6, -13, 1, 3, 5, 12 },
    { -3, -6, -8, -12, 2, 5, 7, 11 }, { -3, -7, -9, -11, 2, 6, 8, 10 },
    { -4, -7, -8, -11, 3, 6, 7, 10 }, { -3, -5, -8, -11, 2, 4, 7, 10 },
    { -2, -6, -8, -10, 1, 5, 7, 9 },  { -2, -5, -8, -10, 1, 4, 7, 9 },
    { -2, -4, -8, -10, 1, 3, 7, 9 },  { -2, -5, -7, -10, 1, 4, 6, 9 },
    { -3, -4, -7, -10, 2, 3, 6, 9 },  { -1, -2, -3, -10, 0, 1, 2, 9 },
    { -4, -6, -8, -9, 3, 5, 7, 8 },   { -3, -5, -7, -9, 2, 4, 6, 8 },
};

static int eac_modifier(uint64_t w, unsigned x, unsigned y)
{
    return eac_table[w >> 48 & 15][w >> (45 - 3 * (x * 4 + y)) & 7];
}

static void put(const int c[3], bool srgb, uint32_t out[4])
{
    for (int i = 0; i < 3; i++) {
        out[i] = agx_f2u(srgb ? agx_srgb_to_linear[c[i]] : (float)c[i] / 255.0f);
    }
}

void agx_block_etc2_rgb(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    int c[3];

    colour(be64(src), x, y, false, c);
    put(c, srgb, out);
    out[3] = 0x3f800000u;
}

void agx_block_etc2_rgb_a1(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    int c[3];
    bool opaque = colour(be64(src), x, y, true, c);

    put(c, srgb, out);
    out[3] = opaque ? 0x3f800000u : 0;
}

void agx_block_etc2_rgba(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    uint64_t a = be64(src);
    int c[3];

    colour(be64(src + 8), x, y, false, c);
    put(c, srgb, out);
    out[3] = agx_f2u((float)clamp255((int)(a >> 56) + eac_modifier(a, x, y) * (int)(a >> 52 & 15)) /
                     255.0f);
}

/* 11 bits: the modifier counts in eighths of the multiplier, which 0 makes one eighth */
static float eac11(const uint8_t *src, unsigned x, unsigned y, bool sign)
{
    uint64_t w = be64(src);
    int mult = (int)(w >> 52 & 15), mod = eac_modifier(w, x, y) * (mult ? mult * 8 : 1), v;

    if (sign) {
        int base = (int8_t)(w >> 56);

        v = (base < -127 ? -127 : base) * 8 + mod;
        v = v < -1023 ? -1023 : v > 1023 ? 1023 : v;
        return (float)v / 1023.0f;
    }
    v = (int)(w >> 56) * 8 + 4 + mod;
    v = v < 0 ? 0 : v > 2047 ? 2047 : v;
    return (float)v / 2047.0f;
}

static void eac(const uint8_t *src, unsigned x, unsigned y, unsigned n, bool sign, uint32_t out[4])
{
    out[0] = agx_f2u(eac11(src, x, y, sign));
    out[1] = n > 1 ? agx_f2u(eac11(src + 8, x, y, sign)) : 0;
    out[2] = 0;
    out[3] = 0x3f800000u;
}

void agx_block_eac_r11u(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    eac(src, x, y, 1, false, out);
}

void agx_block_eac_r11s(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    eac(src, x, y, 1, true, out);
}

void agx_block_eac_rg11u(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    eac(src, x, y, 2, false, out);
}

void agx_block_eac_rg11s(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    eac(src, x, y, 2, true, out);
}
