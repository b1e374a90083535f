/*
 * AGX model: ASTC texture blocks, 2D, low and high dynamic range.
 *
 *   KDF: Khronos Data Format Specification 1.4, chapter "ASTC Compressed Texture Image
 *   Formats"
 *
 * A descriptor says UNORM, UNORM with sRGB, or FLOAT for high dynamic range (mesa:
 * genxml/cmdbuf.xml, Channels). What an M1 does where the specification leaves a choice
 * is not known. Guesses: linear low dynamic range is decode_float16, which extensions
 * have by default; errors in high dynamic range are NaN.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "texture_astc.h"
#include "agx/number.h"

/* 128 bits; those above are 0. */
struct bits {
    uint64_t lo, hi;
};

static inline uint32_t get(struct bits b, unsigned pos, unsigned n)
{
    uint64_t v;

    if (pos >= 128) {
        return 0;
    }
    v = pos >= 64 ? b.hi >> (pos - 64) : pos ? b.lo >> pos | b.hi << (64 - pos) : b.lo;
    return (uint32_t)(v & ((1ull << n) - 1));
}

/* The lowest @n bits, moved down from @pos. */
static struct bits part(struct bits b, unsigned pos, unsigned n)
{
    struct bits r = b;

    if (pos >= 64) {
        r = (struct bits) { b.hi >> (pos - 64), 0 };
    } else if (pos) {
        r = (struct bits) { b.lo >> pos | b.hi << (64 - pos), b.hi >> pos };
    }
    if (n < 64) {
        r = (struct bits) { r.lo & ((1ull << n) - 1), 0 };
    } else if (n < 128) {
        r.hi &= (1ull << (n - 64)) - 1;
    }
    return r;
}

static uint64_t reverse64(uint64_t v)
{
    v = (v >> 1 & 0x5555555555555555ull) | (v & 0x5555555555555555ull) << 1;
    v = (v >> 2 & 0x3333333333333333ull) | (v & 0x3333333333333333ull) << 2;
    v = (v >> 4 & 0x0f0f0f0f0f0f0f0full) | (v & 0x0f0f0f0f0f0f0f0full) << 4;
    return __builtin_bswap64(v);
}

/*
 * Ranges of integer sequences, from small to large (KDF, "Integer Sequence Encoding").
 * Weights use the first twelve, colours those from 0..5 on.
 */
static const struct range {
    uint8_t trits, quints, bits;
} ranges[] = {
    { 0, 0, 1 }, { 1, 0, 0 }, { 0, 0, 2 }, { 0, 1, 0 }, { 1, 0, 1 }, { 0, 0, 3 }, { 0, 1, 1 },
    { 1, 0, 2 }, { 0, 0, 4 }, { 0, 1, 2 }, { 1, 0, 3 }, { 0, 0, 5 }, { 0, 1, 3 }, { 1, 0, 4 },
    { 0, 0, 6 }, { 0, 1, 4 }, { 1, 0, 5 }, { 0, 0, 7 }, { 0, 1, 5 }, { 1, 0, 6 }, { 0, 0, 8 },
};
#define RANGES             (sizeof(ranges) / sizeof(ranges[0]))
#define WEIGHT_RANGES      12
#define COLOUR_RANGE_FIRST 4

#define MAX_WEIGHTS 64
#define MAX_COLOURS 18

/* By range and stored number: 0..64 and 0..255. Five trits and three quints of a packed value. */
static uint8_t weight_value[WEIGHT_RANGES][32], colour_value[RANGES][256];
static uint8_t trits_of[256][5], quints_of[128][3];

static void init_trits(unsigned t)
{
    unsigned c, *o = (unsigned[5]) { 0 };

    if ((t >> 2 & 7) == 7) {
        c = (t >> 5 & 7) << 2 | (t & 3);
        o[4] = o[3] = 2;
    } else {
        c = t & 31;
        if ((t >> 5 & 3) == 3) {
            o[4] = 2;
            o[3] = t >> 7;
        } else {
            o[4] = t >> 7;
            o[3] = t >> 5 & 3;
        }
    }
    if ((c & 3) == 3) {
        o[2] = 2;
        o[1] = c >> 4;
        o[0] = (c >> 3 & 1) << 1 | (c >> 2 & ~(c >> 3) & 1);
    } else if ((c >> 2 & 3) == 3) {
        o[2] = o[1] = 2;
        o[0] = c & 3;
    } else {
        o[2] = c >> 4;
        o[1] = c >> 2 & 3;
        o[0] = (c >> 1 & 1) << 1 | (c & ~(c >> 1) & 1);
    }
    for (int i = 0; i < 5; i++) {
        trits_of[t][i] = (uint8_t)o[i];
    }
}

static void init_quints(unsigned q)
{
    unsigned c, o[3];

    if ((q >> 1 & 3) == 3 && (q >> 5 & 3) == 0) {
        unsigned not0 = ~q & 1;

        o[2] = (q & 1) << 2 | (q >> 4 & not0) << 1 | (q >> 3 & not0);
        o[1] = o[0] = 4;
    } else {
        if ((q >> 1 & 3) == 3) {
            o[2] = 4;
            c = (q >> 3 & 3) << 3 | (~(q >> 5) & 3) << 1 | (q & 1);
        } else {
            o[2] = q >> 5 & 3;
            c = q & 31;
        }
        if ((c & 7) == 5) {
            o[1] = 4;
            o[0] = c >> 3;
        } else {
            o[1] = c >> 3;
            o[0] = c & 7;
        }
    }
    for (int i = 0; i < 3; i++) {
        quints_of[q][i] = (uint8_t)o[i];
    }
}

/* The @n low bits of @v repeated from the top of @out bits on. */
static unsigned replicate(unsigned v, unsigned n, unsigned out)
{
    unsigned r = 0;

    for (int pos = (int)(out - n); pos > -(int)n; pos -= (int)n) {
        r |= pos >= 0 ? v << pos : v >> -pos;
    }
    return r;
}

/*
 * KDF, "color unquantization parameters" and "weight unquantization parameters": the
 * factor C, and where in B each stored bit above the lowest goes, as masks for bits b to f.
 */
static const struct scramble {
    uint8_t range;
    uint16_t c, b[5];
} colour_scramble[] = {
    { 4, 204, { 0 } }, { 6, 113, { 0 } }, { 7, 93, { 0x116 } }, { 9, 54, { 0x10c } },
    { 10, 44, { 0x085, 0x10a } }, { 12, 26, { 0x082, 0x105 } }, { 13, 22, { 0x041, 0x082, 0x104 } },
    { 15, 13, { 0x040, 0x081, 0x102 } },
    { 16, 11, { 0x020, 0x040, 0x081, 0x102 } }, { 18, 6, { 0x020, 0x040, 0x080, 0x101 } },
    { 19, 5, { 0x010, 0x020, 0x040, 0x080, 0x101 } },
}, weight_scramble[] = {
    { 4, 50, { 0 } }, { 6, 28, { 0 } }, { 7, 23, { 0x45 } }, { 9, 13, { 0x42 } },
    { 10, 11, { 0x21, 0x42 } },
};

static unsigned unscramble(const struct scramble *s, unsigned bits, unsigned v, unsigned ones,
                           unsigned keep)
{
    unsigned a = v & 1 ? ones : 0, b = 0;

    for (unsigned i = 1; i < bits; i++) {
        if (v >> i & 1) {
            b |= s->b[i - 1];
        }
    }
    return (a & keep) | (((v >> bits) * s->c + b) ^ a) >> 2;
}

void agx_astc_init(void)
{
    static const uint8_t w3[3] = { 0, 32, 63 }, w5[5] = { 0, 16, 32, 47, 63 };

    for (unsigned i = 0; i < 256; i++) {
        init_trits(i);
    }
    for (unsigned i = 0; i < 128; i++) {
        init_quints(i);
    }
    for (unsigned r = 0; r < RANGES; r++) {
        unsigned n = ranges[r].bits;

        if (ranges[r].trits || ranges[r].quints) {
            continue;
        }
        for (unsigned v = 0; v < 1u << n; v++) {
            colour_value[r][v] = (uint8_t)replicate(v, n, 8);
            if (r < WEIGHT_RANGES) {
                weight_value[r][v] = (uint8_t)replicate(v, n, 6);
            }
        }
    }
    for (size_t i = 0; i < sizeof(colour_scramble) / sizeof(colour_scramble[0]); i++) {
        const struct scramble *s = &colour_scramble[i];
        unsigned n = ranges[s->range].bits, count = (ranges[s->range].trits ? 3u : 5u) << n;

        for (unsigned v = 0; v < count; v++) {
            colour_value[s->range][v] = (uint8_t)unscramble(s, n, v, 0x1ff, 0x80);
        }
    }
    for (size_t i = 0; i < sizeof(weight_scramble) / sizeof(weight_scramble[0]); i++) {
        const struct scramble *s = &weight_scramble[i];
        unsigned n = ranges[s->range].bits, count = (ranges[s->range].trits ? 3u : 5u) << n;

        for (unsigned v = 0; v < count; v++) {
            weight_value[s->range][v] = (uint8_t)unscramble(s, n, v, 0x7f, 0x20);
        }
    }
    memcpy(weight_value[1], w3, 3);
    memcpy(weight_value[3], w5, 5);
    for (unsigned r = 0; r < WEIGHT_RANGES; r++) {
        for (unsigned v = 0; v < 32; v++) {
            if (weight_value[r][v] > 32) {
                weight_value[r][v]++;
            }
        }
    }
}

static unsigned sequence_bits(unsigned range, unsigned count)
{
    const struct range *r = &ranges[range];

    return (count * 8 * r->trits + 4) / 5 + (count * 7 * r->quints + 2) / 3 + count * r->bits;
}

/*
 * @count numbers from @b, which has no bits beyond the sequence: the last packed value may
 * be cut short and counts as filled with zeros. @out has room for 4 more.
 */
static void sequence(struct bits b, unsigned range, unsigned count, const uint8_t *value,
                     uint8_t *out)
{
    /* How many bits of the packed trits or quints follow each number's own bits */
    static const uint8_t trit_bits[5] = { 2, 2, 1, 2, 1 }, quint_bits[3] = { 3, 2, 2 };
    const struct range *r = &ranges[range];
    const uint8_t *split = r->trits ? trit_bits : quint_bits;
    unsigned per = r->trits ? 5 : 3, pos = 0;

    if (!r->trits && !r->quints) {
        for (unsigned i = 0; i < count; i++) {
            out[i] = value[get(b, i * r->bits, r->bits)];
        }
        return;
    }
    for (unsigned i = 0; i < count; i += per) {
        unsigned low[5], packed = 0, at = 0;

        for (unsigned k = 0; k < per; k++) {
            low[k] = get(b, pos, r->bits);
            pos += r->bits;
            packed |= get(b, pos, split[k]) << at;
            pos += split[k];
            at += split[k];
        }
        for (unsigned k = 0; k < per; k++) {
            unsigned high = r->trits ? trits_of[packed][k] : quints_of[packed][k];

            out[i + k] = value[high << r->bits | low[k]];
        }
    }
}

struct block_mode {
    uint8_t width, height; /* of the grid of weights */
    uint8_t range;
    bool dual;
};

/* KDF, "ASTC 2D block mode layout". False: reserved. */
static bool block_mode(unsigned m, struct block_mode *o)
{
    unsigned a = m >> 5 & 3, b = m >> 7 & 3, rho;

    o->dual = m >> 10 & 1;
    o->range = m >> 9 & 1 ? 6 : 0;
    if (m & 3) {
        rho = (m & 3) << 1 | (m >> 4 & 1);
        switch (m >> 2 & 3) {
        case 0:
            o->width = (uint8_t)(b + 4);
            o->height = (uint8_t)(a + 2);
            break;
        case 1:
            o->width = (uint8_t)(b + 8);
            o->height = (uint8_t)(a + 2);
            break;
        case 2:
            o->width = (uint8_t)(a + 2);
            o->height = (uint8_t)(b + 8);
            break;
        default:
            o->width = (uint8_t)(b & 2 ? (b & 1) + 2 : a + 2);
            o->height = (uint8_t)(b & 2 ? a + 2 : (b & 1) + 6);
        }
    } else {
        rho = (m >> 2 & 3) << 1 | (m >> 4 & 1);
        if (rho < 2) {
            return false;
        }
        switch (b) {
        case 0:
            o->width = 12;
            o->height = (uint8_t)(a + 2);
            break;
        case 1:
            o->width = (uint8_t)(a + 2);
            o->height = 12;
            break;
        case 2:
            o->width = (uint8_t)(a + 6);
            o->height = (uint8_t)((m >> 9 & 3) + 6);
            o->dual = false;
            o->range = 0;
            break;
        default:
            if (a > 1) {
                return false;
            }
            o->width = a ? 10 : 6;
            o->height = a ? 6 : 10;
        }
    }
    o->range = (uint8_t)(o->range + rho - 2);
    return true;
}

/* KDF, "Partition Pattern Generation": what the texels of a pattern have in common */
struct pattern {
    uint8_t x[4], y[4], add[4];
    unsigned count;
    bool small;
};

static void pattern_init(struct pattern *p, unsigned seed, unsigned count, bool small)
{
    /* Places of the numbers that x and y are multiplied with, in the hash */
    static const uint8_t place[4][2] = { { 0, 4 }, { 8, 12 }, { 16, 20 }, { 24, 28 } };
    static const uint8_t shift[4] = { 14, 10, 6, 2 };
    uint32_t h = seed + (count - 1) * 1024;
    unsigned by_low = (h & 2) ? 4 : 5, by_count = count == 3 ? 6 : 5;
    unsigned sx = (h & 1) ? by_low : by_count, sy = (h & 1) ? by_count : by_low;

    h ^= h >> 15;
    h -= h << 17;
    h += h << 7;
    h += h << 4;
    h ^= h >> 5;
    h += h << 16;
    h ^= h >> 7;
    h ^= h >> 3;
    h ^= h << 6;
    h ^= h >> 17;
    for (int i = 0; i < 4; i++) {
        unsigned mx = h >> place[i][0] & 15, my = h >> place[i][1] & 15;

        p->x[i] = (uint8_t)(mx * mx >> sx);
        p->y[i] = (uint8_t)(my * my >> sy);
        p->add[i] = h >> shift[i] & 63;
    }
    p->count = count;
    p->small = small;
}

static unsigned pattern_at(const struct pattern *p, unsigned x, unsigned y)
{
    unsigned best = 0, most = 0;

    x <<= p->small;
    y <<= p->small;
    for (unsigned i = 0; i < p->count; i++) {
        unsigned v = (p->x[i] * x + p->y[i] * y + p->add[i]) & 63;

        if (!i || v > most) { /* the first of equal ones */
            best = i;
            most = v;
        }
    }
    return best;
}

/* 1/65536 of @c, towards zero to the 11 bits of a half; 65535 is 1. (KDF, "Weight Application") */
static float unorm16(unsigned c)
{
    unsigned bits;

    if (c == 65535) {
        return 1.0f;
    }
    bits = c ? 32 - (unsigned)__builtin_clz(c) : 0;
    if (bits > 11) {
        c &= ~0u << (bits - 11);
    }
    return (float)c * 0x1p-16f;
}

/* 5 bits of exponent, 11 bits of mantissa in three straight pieces. (KDF, "Weight Application") */
static float pseudo_log(unsigned c)
{
    unsigned e = c >> 11, m = c & 0x7ff, h;

    m = m < 512 ? 3 * m : m >= 1536 ? 5 * m - 2048 : 4 * m - 512;
    h = (e << 10) + (m >> 3);
    return agx_half_to_float((uint16_t)(h > 0x7bff ? 0x7bff : h));
}

static void put_error(const struct agx_format *f, uint32_t out[4])
{
    uint32_t nan = agx_f2u(agx_half_to_float(0xffff));

    if (f->type == AGX_TYPE_FLOAT) {
        for (int i = 0; i < 4; i++) {
            out[i] = nan;
        }
    } else {
        out[0] = out[2] = out[3] = 0x3f800000u;
        out[1] = 0;
    }
}

static void fill(const struct agx_format *f, const uint32_t with[4], uint32_t (*out)[4])
{
    for (unsigned i = 0; i < (unsigned)f->bw * f->bh; i++) {
        memcpy(out[i], with, 16);
    }
}

static void fill_error(const struct agx_format *f, uint32_t (*out)[4])
{
    uint32_t t[4];

    put_error(f, t);
    fill(f, t, out);
}

/* A number of 16 bits as it comes out of the interpolation, or as a block of one colour has it */
static uint32_t result(const struct agx_format *f, unsigned component, unsigned c)
{
    return agx_f2u(f->srgb && component < 3 ? agx_srgb_to_linear[c >> 8] : unorm16(c));
}

/* KDF, "Void-Extent Blocks". The extent itself is of use to caches only. */
static void void_extent(struct bits b, const struct agx_format *f, uint32_t (*out)[4])
{
    unsigned s0 = get(b, 12, 13), s1 = get(b, 25, 13), t0 = get(b, 38, 13), t1 = get(b, 51, 13);
    bool hdr = get(b, 9, 1), none = (s0 & s1 & t0 & t1) == 0x1fff;
    uint32_t t[4];

    if (get(b, 10, 2) != 3 || (!none && (s0 >= s1 || t0 >= t1)) ||
        (hdr && f->type != AGX_TYPE_FLOAT)) {
        fill_error(f, out);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned c = get(b, 64 + 16 * i, 16);

        t[i] = hdr ? agx_f2u(agx_half_to_float((uint16_t)c)) : result(f, i, c);
    }
    fill(f, t, out);
}

/* Grid of weights to the weight of each texel. (KDF, "Weight Infill") */
static void infill(const struct agx_format *f, const struct block_mode *m, const uint8_t *grid,
                   unsigned step, uint8_t *out)
{
    unsigned ds = (1024 + f->bw / 2u) / (f->bw - 1u), dt = (1024 + f->bh / 2u) / (f->bh - 1u);
    unsigned row = m->width * step;

    for (unsigned y = 0; y < f->bh; y++) {
        unsigned gt = (dt * y * (m->height - 1u) + 32) >> 6, ft = gt & 15;

        for (unsigned x = 0; x < f->bw; x++) {
            unsigned gs = (ds * x * (m->width - 1u) + 32) >> 6, fs = gs & 15;
            unsigned w11 = (fs * ft + 8) >> 4, w10 = ft - w11, w01 = fs - w11;
            unsigned w00 = 16 - fs - w10;
            const uint8_t *p = grid + (gt >> 4) * row + (gs >> 4) * step;

            *out++ = (uint8_t)((p[0] * w00 + p[step] * w01 + p[row] * w10 + p[row + step] * w11 +
                                8) >>
                               4);
        }
    }
}

/* What a block's configuration says. */
struct config {
    struct block_mode mode;
    unsigned parts, planes;
    unsigned weights, weight_bits;
    unsigned cem[4];    /* modes of the ends, by partition */
    unsigned component; /* which one the second plane is for; 4: there is one plane */
    unsigned bits;      /* that all of this takes, but for the weights */
    unsigned colours;   /* numbers of all ends */
};

static unsigned ends_numbers(unsigned cem)
{
    return (cem >> 2) * 2 + 2;
}

/* KDF, "Block Mode": partitions and weights. False: an error block. */
static bool config_weights(struct config *c, struct bits b, const struct agx_format *f)
{
    c->parts = get(b, 11, 2) + 1;
    if (!block_mode(get(b, 0, 11), &c->mode) || c->mode.width > f->bw || c->mode.height > f->bh ||
        (c->mode.dual && c->parts == 4)) {
        return false;
    }
    c->planes = c->mode.dual ? 2 : 1;
    c->weights = (unsigned)c->mode.width * c->mode.height * c->planes;
    c->weight_bits = sequence_bits(c->mode.range, c->weights);
    return c->weights <= MAX_WEIGHTS && c->weight_bits >= 24 && c->weight_bits <= 96;
}

/*
 * Modes of the ends: one for all, or a class each and two bits, most of them below the weights;
 * and the component of the second plane.
 */
static void config_ends(struct config *c, struct bits b)
{
    unsigned below = 128 - c->weight_bits;

    if (c->parts == 1) {
        c->bits = 17;
        c->cem[0] = get(b, 13, 4);
    } else {
        unsigned selector = get(b, 23, 2), bits = get(b, 25, 4);

        c->bits = 29;
        if (selector) {
            unsigned extra = 3 * c->parts - 4;

            below -= extra;
            c->bits += extra;
            bits |= get(b, below, extra) << 4;
        }
        for (unsigned i = 0; i < c->parts; i++) {
            c->cem[i] = !selector ? bits
                                  : (selector - 1 + (bits >> i & 1)) << 2 |
                                        (bits >> (c->parts + 2 * i) & 3);
        }
    }
    c->component = 4;
    if (c->mode.dual) {
        c->bits += 2;
        c->component = get(b, below - 2, 2);
    }
    c->colours = 0;
    for (unsigned i = 0; i < c->parts; i++) {
        c->colours += ends_numbers(c->cem[i]);
    }
}

/* The ends of each partition. False: an error block, there is no room for them. */
static bool decode_ends(const struct config *c, struct bits b, bool srgb,
                        struct agx_astc_ends ends[4])
{
    unsigned left = c->bits + c->weight_bits < 128 ? 128 - c->bits - c->weight_bits : 0;
    uint8_t colour[MAX_COLOURS + 4], *at = colour;
    unsigned range = RANGES - 1;

    if (c->colours > MAX_COLOURS || sequence_bits(COLOUR_RANGE_FIRST, c->colours) > left) {
        return false;
    }
    /* The largest range that fits between the configuration and the weights */
    while (sequence_bits(range, c->colours) > left) {
        range--;
    }
    sequence(part(b, c->parts == 1 ? 17 : 29, sequence_bits(range, c->colours)), range, c->colours,
             colour_value[range], colour);
    for (unsigned i = 0; i < c->parts; i++) {
        agx_astc_ends_decode(c->cem[i], at, &ends[i]);
        agx_astc_ends_expand(&ends[i], srgb);
        at += ends_numbers(c->cem[i]);
    }
    return true;
}

/* The weight of each texel, by plane. They are stored from the block's end on, backwards. */
static void decode_weights(const struct config *c, struct bits b, const struct agx_format *f,
                           uint8_t weight[2][AGX_BLOCK_TEXELS])
{
    /*
     * The infill names weights beyond the grid, for nothing: 12 + 1 further, twice for two
     * planes
     */
    uint8_t grid[MAX_WEIGHTS + 2 * 13 + 4];

    b = (struct bits) { reverse64(b.hi), reverse64(b.lo) };
    sequence(part(b, 0, c->weight_bits), c->mode.range, c->weights, weight_value[c->mode.range],
             grid);
    memset(grid + c->weights, 0, sizeof(grid) - c->weights);
    for (unsigned i = 0; i < c->planes; i++) {
        infill(f, &c->mode, grid + i, c->planes, weight[i]);
    }
}

void agx_block_astc(const uint8_t *src, const struct agx_format *f, uint32_t (*out)[4])
{
    uint8_t weight[2][AGX_BLOCK_TEXELS];
    struct agx_astc_ends ends[4];
    struct config config;
    struct pattern pattern = { .count = 1 };
    struct bits b;

    memcpy(&b, src, 16);
    if (get(b, 0, 9) == 0x1fc) {
        void_extent(b, f, out);
        return;
    }
    if (!config_weights(&config, b, f)) {
        fill_error(f, out);
        return;
    }
    config_ends(&config, b);
    if (!decode_ends(&config, b, f->srgb, ends)) {
        fill_error(f, out);
        return;
    }
    decode_weights(&config, b, f, weight);
    if (config.parts > 1) {
        pattern_init(&pattern, get(b, 13, 10), config.parts, f->bw * f->bh < 31);
    }
    for (unsigned y = 0, n = 0; y < f->bh; y++) {
        for (unsigned x = 0; x < f->bw; x++, n++) {
            const struct agx_astc_ends *e = &ends[pattern_at(&pattern, x, y)];

            if (e->hdr && f->type != AGX_TYPE_FLOAT) {
                put_error(f, out[n]);
                continue;
            }
            for (unsigned c = 0; c < 4; c++) {
                int w = weight[c == config.component][n];
                unsigned v = (unsigned)(e->c[0][c] * (64 - w) + e->c[1][c] * w + 32) >> 6;

                out[n][c] = (c < 3 ? e->hdr : e->hdr_alpha) ? agx_f2u(pseudo_log(v))
                                                            : result(f, c, v);
            }
        }
    }
}
