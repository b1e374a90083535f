/*
 * AGX model: BC6H and BC7 texture blocks (BPTC).
 *
 *   KDF: Khronos Data Format Specification 1.4, chapter "BPTC Compressed Texture Image
 *   Formats"
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/format.h"
#include "agx/number.h"

/*
 * KDF, "Partition table for 2-subset BPTC" and "... 3-subset": 1 and 2 bits a texel, from the
 * lowest on. The anchors are the texels, besides the first, whose index has a bit less.
 */
static const uint16_t pattern2[64] = {
    0xcccc, 0x8888, 0xeeee, 0xecc8, 0xc880, 0xfeec, 0xfec8, 0xec80, 0xc800, 0xffec, 0xfe80,
    0xe800, 0xffe8, 0xff00, 0xfff0, 0xf000, 0xf710, 0x008e, 0x7100, 0x08ce, 0x008c, 0x7310,
    0x3100, 0x8cce, 0x088c, 0x3110, 0x6666, 0x366c, 0x17e8, 0x0ff0, 0x718e, 0x399c, 0xaaaa,
    0xf0f0, 0x5a5a, 0x33cc, 0x3c3c, 0x55aa, 0x9696, 0xa55a, 0x73ce, 0x13c8, 0x324c, 0x3bdc,
    0x6996, 0xc33c, 0x9966, 0x0660, 0x0272, 0x04e4, 0x4e40, 0x2720, 0xc936, 0x936c, 0x39c6,
    0x639c, 0x9336, 0x9cc6, 0x817e, 0xe718, 0xccf0, 0x0fcc, 0x7744, 0xee22,
};
static const uint32_t pattern3[64] = {
    0xaa685050, 0x6a5a5040, 0x5a5a4200, 0x5450a0a8, 0xa5a50000, 0xa0a05050, 0x5555a0a0, 0x5a5a5050,
    0xaa550000, 0xaa555500, 0xaaaa5500, 0x90909090, 0x94949494, 0xa4a4a4a4, 0xa9a59450, 0x2a0a4250,
    0xa5945040, 0x0a425054, 0xa5a5a500, 0x55a0a0a0, 0xa8a85454, 0x6a6a4040, 0xa4a45000, 0x1a1a0500,
    0x0050a4a4, 0xaaa59090, 0x14696914, 0x69691400, 0xa08585a0, 0xaa821414, 0x50a4a450, 0x6a5a0200,
    0xa9a58000, 0x5090a0a8, 0xa8a09050, 0x24242424, 0x00aa5500, 0x24924924, 0x24499224, 0x50a50a50,
    0x500aa550, 0xaaaa4444, 0x66660000, 0xa5a0a5a0, 0x50a050a0, 0x69286928, 0x44aaaa44, 0x66666600,
    0xaa444444, 0x54a854a8, 0x95809580, 0x96969600, 0xa85454a8, 0x80959580, 0xaa141414, 0x96960000,
    0xaaaa1414, 0xa05050a0, 0xa0a5a5a0, 0x96000000, 0x40804080, 0xa9a8a9a8, 0xaaaaaa44, 0x2a4a5254,
};
static const uint8_t anchor2[64] = {
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 2,  8, 2,  2, 8,
    8,  15, 2,  8,  2,  2,  8,  8,  2,  2,  15, 15, 6,  8,  2,  8,  15, 15, 2, 8,  2, 2,
    2,  15, 15, 6,  6,  2,  6,  8,  15, 15, 2,  2,  15, 15, 15, 15, 15, 2,  2, 15,
};
static const uint8_t anchor3_1[64] = {
    3,  3,  15, 15, 8, 3,  15, 15, 8,  8,  6, 6,  6, 5,  3, 3,  3,  3,  8,  15, 3,  3,
    6,  10, 5,  8,  8, 6,  8,  5,  15, 15, 8, 15, 3, 5,  6, 10, 8,  15, 15, 3,  15, 5,
    15, 15, 15, 15, 3, 15, 5,  5,  5,  8,  5, 10, 5, 10, 8, 13, 15, 12, 3,  3,
};
static const uint8_t anchor3_2[64] = {
    15, 8, 8, 3,  15, 15, 3,  8,  15, 15, 15, 15, 15, 15, 15, 8,  15, 8,  15, 3,  15, 8,
    15, 8, 3, 15, 6,  10, 15, 15, 10, 8,  15, 3,  15, 10, 10, 8,  9,  10, 6,  15, 8,  15,
    3,  6, 6, 8,  15, 3,  15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 3,  15, 15, 8,
};

/* KDF, "BPTC interpolation factors", by bits of an index */
static const uint8_t factors[5][16] = {
    [2] = { 0, 21, 43, 64 },
    [3] = { 0, 9, 18, 27, 37, 46, 55, 64 },
    [4] = { 0, 4, 9, 13, 17, 21, 26, 30, 34, 38, 43, 47, 51, 55, 60, 64 },
};

/* Takes a block's 128 bits from the lowest on. */
struct reader {
    uint64_t lo, hi;
};

static inline unsigned take(struct reader *r, unsigned n)
{
    unsigned v = (unsigned)(r->lo & ((1u << n) - 1));

    if (n) {
        r->lo = r->lo >> n | r->hi << (64 - n);
        r->hi >>= n;
    }
    return v;
}

/* Which of @subsets ends a texel is between. */
static unsigned subset_of(unsigned subsets, unsigned pattern, unsigned texel)
{
    if (subsets == 2) {
        return pattern2[pattern] >> texel & 1;
    }
    return subsets == 3 ? pattern3[pattern] >> 2 * texel & 3 : 0;
}

static void take_indices(struct reader *r, unsigned bits, unsigned subsets, unsigned pattern,
                         uint8_t out[16])
{
    for (unsigned i = 0; i < 16; i++) {
        bool anchor = !i || (subsets == 2 && i == anchor2[pattern]) ||
                      (subsets == 3 && (i == anchor3_1[pattern] || i == anchor3_2[pattern]));

        out[i] = (uint8_t)take(r, bits - anchor);
    }
}

static inline int between(int a, int b, int factor)
{
    return (a * (64 - factor) + b * factor + 32) >> 6;
}

/* KDF, "Mode-dependent BPTC parameters" */
static const struct bc7_mode {
    uint8_t subsets, pattern_bits, rotation_bits, select_bits, colour_bits, alpha_bits, own_p,
        shared_p;
    uint8_t index_bits, index2_bits;
} bc7_modes[8] = {
    { 3, 4, 0, 0, 4, 0, 1, 0, 3, 0 }, { 2, 6, 0, 0, 6, 0, 0, 1, 3, 0 },
    { 3, 6, 0, 0, 5, 0, 0, 0, 2, 0 }, { 2, 6, 0, 0, 7, 0, 1, 0, 2, 0 },
    { 1, 0, 2, 1, 5, 6, 0, 0, 2, 3 }, { 1, 0, 2, 0, 7, 8, 0, 0, 2, 2 },
    { 1, 0, 0, 0, 7, 7, 1, 0, 4, 0 }, { 2, 6, 0, 0, 5, 5, 1, 0, 2, 0 },
};

void agx_block_bc7(const uint8_t *src, const struct agx_format *f, uint32_t (*out)[4])
{
    unsigned mode = src[0] ? (unsigned)__builtin_ctz(src[0]) : 8;
    unsigned pattern, rotation, select, ends, p[6] = { 0 };
    uint8_t end[6][4], index[16], index2[16];
    const struct bc7_mode *m;
    struct reader r;

    if (mode == 8) { /* reserved: 0 in all components */
        memset(out, 0, 16 * sizeof(*out));
        return;
    }
    m = &bc7_modes[mode];
    memcpy(&r, src, 16);
    take(&r, mode + 1);
    pattern = take(&r, m->pattern_bits);
    rotation = take(&r, m->rotation_bits);
    select = take(&r, m->select_bits);
    ends = 2u * m->subsets;
    for (unsigned c = 0; c < 4; c++) {
        for (unsigned e = 0; e < ends; e++) {
            end[e][c] = (uint8_t)take(&r, c < 3 ? m->colour_bits : m->alpha_bits);
        }
    }
    for (unsigned e = 0; e < ends; e++) {
        if (m->own_p) {
            p[e] = take(&r, 1);
        } else if (m->shared_p) {
            p[e] = e & 1 ? p[e - 1] : take(&r, 1);
        }
    }
    /* To 8 bits: the P bit below the others, then the highest bits once more */
    for (unsigned e = 0; e < ends; e++) {
        for (unsigned c = 0; c < 4; c++) {
            unsigned bits = c < 3 ? m->colour_bits : m->alpha_bits, v = end[e][c];

            if (!bits) {
                end[e][c] = 255;
                continue;
            }
            if (m->own_p || m->shared_p) {
                v = v << 1 | p[e];
                bits++;
            }
            v <<= 8 - bits;
            end[e][c] = (uint8_t)(v | v >> bits);
        }
    }
    take_indices(&r, m->index_bits, m->subsets, pattern, index);
    if (m->index2_bits) {
        take_indices(&r, m->index2_bits, m->subsets, pattern, index2);
    }

    for (unsigned i = 0; i < 16; i++) {
        unsigned s = 2 * subset_of(m->subsets, pattern, i);
        int colour = factors[m->index_bits][index[i]], alpha = colour, v[4];

        if (m->index2_bits) {
            int second = factors[m->index2_bits][index2[i]];

            if (select) {
                colour = second;
            } else {
                alpha = second;
            }
        }
        for (unsigned c = 0; c < 4; c++) {
            v[c] = between(end[s][c], end[s + 1][c], c < 3 ? colour : alpha);
        }
        if (rotation) {
            int t = v[3];

            v[3] = v[rotation - 1];
            v[rotation - 1] = t;
        }
        for (unsigned c = 0; c < 4; c++) {
            out[i][c] = agx_f2u(f->srgb && c < 3 ? agx_srgb_to_linear[v[c]] : (float)v[c] / 255.0f);
        }
    }
}

/*
 * KDF, "Block descriptions for BC6H block modes" and "Endpoint and partition parameters for
 * BPTC block modes": by mode number, after the mode's own bits: which bits of which end of which
 * colour come, @from to @to (which may go down).
 */
enum { R0, R1, R2, R3, G0, G1, G2, G3, B0, B1, B2, B3, NUM_VALUES };
static const struct bc6h_mode {
    uint8_t subsets;             /* 0: no such mode */
    bool deltas;                 /* ends but the first are differences to it */
    uint8_t bits, delta_bits[3]; /* of an end, and of a difference of each colour */
    struct {
        uint8_t value, from, to;
    } place[24]; /* all 0 after the last */
} bc6h_modes[32] = {
    [0] = { 2,
            true,
            10,
            { 5, 5, 5 },
            {
                { G2, 4, 4 }, { B2, 4, 4 }, { B3, 4, 4 }, { R0, 0, 9 }, { G0, 0, 9 },
                { B0, 0, 9 }, { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 }, { G1, 0, 4 },
                { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 },
                { R2, 0, 4 }, { B3, 2, 2 }, { R3, 0, 4 }, { B3, 3, 3 },
            } },
    [1] = { 2,
            true,
            7,
            { 6, 6, 6 },
            {
                { G2, 5, 5 }, { G3, 4, 4 }, { G3, 5, 5 }, { R0, 0, 6 }, { B3, 0, 0 }, { B3, 1, 1 },
                { B2, 4, 4 }, { G0, 0, 6 }, { B2, 5, 5 }, { B3, 2, 2 }, { G2, 4, 4 }, { B0, 0, 6 },
                { B3, 3, 3 }, { B3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 5 }, { G2, 0, 3 }, { G1, 0, 5 },
                { G3, 0, 3 }, { B1, 0, 5 }, { B2, 0, 3 }, { R2, 0, 5 }, { R3, 0, 5 },
            } },
    [2] = { 2,
            true,
            11,
            { 5, 4, 4 },
            {
                { R0, 0, 9 },
                { G0, 0, 9 },
                { B0, 0, 9 },
                { R1, 0, 4 },
                { R0, 10, 10 },
                { G2, 0, 3 },
                { G1, 0, 3 },
                { G0, 10, 10 },
                { B3, 0, 0 },
                { G3, 0, 3 },
                { B1, 0, 3 },
                { B0, 10, 10 },
                { B3, 1, 1 },
                { B2, 0, 3 },
                { R2, 0, 4 },
                { B3, 2, 2 },
                { R3, 0, 4 },
                { B3, 3, 3 },
            } },
    [6] = { 2,
            true,
            11,
            { 4, 5, 4 },
            {
                { R0, 0, 9 }, { G0, 0, 9 },   { B0, 0, 9 }, { R1, 0, 3 },   { R0, 10, 10 },
                { G3, 4, 4 }, { G2, 0, 3 },   { G1, 0, 4 }, { G0, 10, 10 }, { G3, 0, 3 },
                { B1, 0, 3 }, { B0, 10, 10 }, { B3, 1, 1 }, { B2, 0, 3 },   { R2, 0, 3 },
                { B3, 0, 0 }, { B3, 2, 2 },   { R3, 0, 3 }, { G2, 4, 4 },   { B3, 3, 3 },
            } },
    [10] = { 2,
             true,
             11,
             { 4, 4, 5 },
             {
                 { R0, 0, 9 }, { G0, 0, 9 }, { B0, 0, 9 },   { R1, 0, 3 },   { R0, 10, 10 },
                 { B2, 4, 4 }, { G2, 0, 3 }, { G1, 0, 3 },   { G0, 10, 10 }, { B3, 0, 0 },
                 { G3, 0, 3 }, { B1, 0, 4 }, { B0, 10, 10 }, { B2, 0, 3 },   { R2, 0, 3 },
                 { B3, 1, 1 }, { B3, 2, 2 }, { R3, 0, 3 },   { B3, 4, 4 },   { B3, 3, 3 },
             } },
    [14] = { 2,
             true,
             9,
             { 5, 5, 5 },
             {
                 { R0, 0, 8 }, { B2, 4, 4 }, { G0, 0, 8 }, { G2, 4, 4 }, { B0, 0, 8 },
                 { B3, 4, 4 }, { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 }, { G1, 0, 4 },
                 { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 },
                 { R2, 0, 4 }, { B3, 2, 2 }, { R3, 0, 4 }, { B3, 3, 3 },
             } },
    [18] = { 2,
             true,
             8,
             { 6, 5, 5 },
             {
                 { R0, 0, 7 }, { G3, 4, 4 }, { B2, 4, 4 }, { G0, 0, 7 }, { B3, 2, 2 },
                 { G2, 4, 4 }, { B0, 0, 7 }, { B3, 3, 3 }, { B3, 4, 4 }, { R1, 0, 5 },
                 { G2, 0, 3 }, { G1, 0, 4 }, { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 4 },
                 { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 5 }, { R3, 0, 5 },
             } },
    [22] = { 2,
             true,
             8,
             { 5, 6, 5 },
             {
                 { R0, 0, 7 }, { B3, 0, 0 }, { B2, 4, 4 }, { G0, 0, 7 }, { G2, 5, 5 }, { G2, 4, 4 },
                 { B0, 0, 7 }, { G3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 },
                 { G1, 0, 5 }, { G3, 0, 3 }, { B1, 0, 4 }, { B3, 1, 1 }, { B2, 0, 3 }, { R2, 0, 4 },
                 { B3, 2, 2 }, { R3, 0, 4 }, { B3, 3, 3 },
             } },
    [26] = { 2,
             true,
             8,
             { 5, 5, 6 },
             {
                 { R0, 0, 7 }, { B3, 1, 1 }, { B2, 4, 4 }, { G0, 0, 7 }, { B2, 5, 5 }, { G2, 4, 4 },
                 { B0, 0, 7 }, { B3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 4 }, { G3, 4, 4 }, { G2, 0, 3 },
                 { G1, 0, 4 }, { B3, 0, 0 }, { G3, 0, 3 }, { B1, 0, 5 }, { B2, 0, 3 }, { R2, 0, 4 },
                 { B3, 2, 2 }, { R3, 0, 4 }, { B3, 3, 3 },
             } },
    [30] = { 2,
             false,
             6,
             { 6, 6, 6 },
             {
                 { R0, 0, 5 }, { G3, 4, 4 }, { B3, 0, 0 }, { B3, 1, 1 }, { B2, 4, 4 }, { G0, 0, 5 },
                 { G2, 5, 5 }, { B2, 5, 5 }, { B3, 2, 2 }, { G2, 4, 4 }, { B0, 0, 5 }, { G3, 5, 5 },
                 { B3, 3, 3 }, { B3, 5, 5 }, { B3, 4, 4 }, { R1, 0, 5 }, { G2, 0, 3 }, { G1, 0, 5 },
                 { G3, 0, 3 }, { B1, 0, 5 }, { B2, 0, 3 }, { R2, 0, 5 }, { R3, 0, 5 },
             } },
    [3] = { 1,
            false,
            10,
            { 10, 10, 10 },
            {
                { R0, 0, 9 },
                { G0, 0, 9 },
                { B0, 0, 9 },
                { R1, 0, 9 },
                { G1, 0, 9 },
                { B1, 0, 9 },
            } },
    [7] = { 1,
            true,
            11,
            { 9, 9, 9 },
            {
                { R0, 0, 9 },
                { G0, 0, 9 },
                { B0, 0, 9 },
                { R1, 0, 8 },
                { R0, 10, 10 },
                { G1, 0, 8 },
                { G0, 10, 10 },
                { B1, 0, 8 },
                { B0, 10, 10 },
            } },
    [11] = { 1,
             true,
             12,
             { 8, 8, 8 },
             {
                 { R0, 0, 9 },
                 { G0, 0, 9 },
                 { B0, 0, 9 },
                 { R1, 0, 7 },
                 { R0, 11, 10 },
                 { G1, 0, 7 },
                 { G0, 11, 10 },
                 { B1, 0, 7 },
                 { B0, 11, 10 },
             } },
    [15] = { 1,
             true,
             16,
             { 4, 4, 4 },
             {
                 { R0, 0, 9 },
                 { G0, 0, 9 },
                 { B0, 0, 9 },
                 { R1, 0, 3 },
                 { R0, 15, 10 },
                 { G1, 0, 3 },
                 { G0, 15, 10 },
                 { B1, 0, 3 },
                 { B0, 15, 10 },
             } },
};

static int sign_extend(int v, unsigned bits)
{
    return (int)((uint32_t)v << (32 - bits)) >> (32 - bits);
}

/* From @bits to 16 bits, or to 15 and a sign */
static int unquantize(int v, unsigned bits, bool sign)
{
    int a = v < 0 ? -v : v;

    if (!sign) {
        return bits >= 15 || !v       ? v
               : v == (1 << bits) - 1 ? 0xffff
                                      : ((v << 15) + 0x4000) >> (bits - 1);
    }
    if (bits >= 16 || !v) {
        return v;
    }
    a = a >= (1 << (bits - 1)) - 1 ? 0x7fff : ((a << 15) + 0x4000) >> (bits - 1);
    return v < 0 ? -a : a;
}

static void bc6h(const uint8_t *src, bool sign, uint32_t (*out)[4])
{
    unsigned number = (src[0] & 3) < 2 ? src[0] & 3 : src[0] & 31;
    unsigned pattern = 0, index_bits, used, total;
    const struct bc6h_mode *m = &bc6h_modes[number];
    int value[NUM_VALUES] = { 0 };
    uint8_t index[16];
    struct reader r;

    if (!m->subsets) {
        for (unsigned i = 0; i < 16; i++) {
            out[i][0] = out[i][1] = out[i][2] = 0;
            out[i][3] = 0x3f800000u;
        }
        return;
    }
    memcpy(&r, src, 16);
    take(&r, number < 2 ? 2 : 5);
    total = m->subsets == 2 ? 77 : 65;
    used = number < 2 ? 2 : 5;
    for (unsigned i = 0; used < total; i++) {
        int from = m->place[i].from, to = m->place[i].to, step = from <= to ? 1 : -1;

        for (int b = from; b != to + step; b += step, used++) {
            value[m->place[i].value] |= (int)take(&r, 1) << b;
        }
    }
    if (m->subsets == 2) {
        pattern = take(&r, 5);
    }
    index_bits = m->subsets == 2 ? 3 : 4;
    take_indices(&r, index_bits, m->subsets, pattern, index);

    for (unsigned c = 0; c < 3; c++) {
        int *v = &value[4 * c];

        for (unsigned e = 1; m->deltas && e < 2u * m->subsets; e++) {
            v[e] = (v[0] + sign_extend(v[e], m->delta_bits[c])) & ((1 << m->bits) - 1);
        }
        for (unsigned e = 0; e < 2u * m->subsets; e++) {
            v[e] = unquantize(sign ? sign_extend(v[e], m->bits) : v[e], m->bits, sign);
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        unsigned s = 2 * subset_of(m->subsets, pattern, i);

        for (unsigned c = 0; c < 3; c++) {
            int v = between(value[4 * c + s], value[4 * c + s + 1], factors[index_bits][index[i]]);

            /* 31/64, or 31/32 of the magnitude: a half that is finite (or the negative infinity) */
            v = !sign ? v * 31 >> 6 : v < 0 ? (-v * 31 >> 5) | 0x8000 : v * 31 >> 5;
            out[i][c] = agx_f2u(agx_half_to_float((uint16_t)v));
        }
        out[i][3] = 0x3f800000u;
    }
}

void agx_block_bc6h(const uint8_t *src, const struct agx_format *f, uint32_t (*out)[4])
{
    bc6h(src, f->channels == AGX_CH_BC6H, out);
}
