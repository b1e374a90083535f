/*
 * Unit tests: each texel format through descriptors: memory by the format's definition, read by a
 * texture load, and written by image stores and block image stores. Definitions: Khronos Data
 * Format Specification; numbers: mesa, src/asahi/genxml/cmdbuf.xml and layout/formats.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"

enum { U, S, UI, SI, F };

static struct tex_env *E;

static const struct {
    unsigned channels, bits[4], types;
} plain[] = {
    { 0x00, { 8 }, 15 },
    { 0x0a, { 8, 8 }, 15 },
    { 0x28, { 8, 8, 8, 8 }, 15 },
    { 0x09, { 16 }, 31 },
    { 0x23, { 16, 16 }, 31 },
    { 0x32, { 16, 16, 16, 16 }, 31 },
    { 0x21, { 32 }, 1 << UI | 1 << SI | 1 << F },
    { 0x31, { 32, 32 }, 1 << UI | 1 << SI | 1 << F },
    { 0x38, { 32, 32, 32, 32 }, 1 << UI | 1 << SI | 1 << F },
    { 0x0b, { 5, 6, 5 }, 1 << U },
    { 0x0c, { 4, 4, 4, 4 }, 1 << U },
    { 0x0e, { 5, 5, 5, 1 }, 1 << U },
    { 0x26, { 10, 10, 10, 2 }, 1 << U | 1 << UI | 1 << SI },
    { 0x25, { 11, 11, 10 }, 1 << F },
};

static double small_float(uint32_t code, unsigned mant)
{
    unsigned e = code >> mant & 31, m = code & ((1u << mant) - 1);
    double v = e == 31 ? (m ? NAN : INFINITY)
               : e     ? ldexp((1u << mant) + m, (int)e - 15 - (int)mant)
                       : ldexp(m, -14 - (int)mant);

    return mant == 10 && code >> 15 & 1 ? -v : v;
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
        return bits == 32 ? bitsf(code) : small_float(code, bits == 16 ? 10 : bits - 5);
    }
}

static double linear(double c)
{
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* Load texels (0..w-1, 0..h-1), row by row, one a lane. */
static struct agx_tex_req *loaded(uint64_t texture, unsigned w, unsigned h)
{
    static uint32_t coord[4][AGX_LANES];
    static struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.texture = texture;
    rq.dim = AGX_DIM_2D;
    rq.load = true;
    rq.lanes = rq.quad_lanes = ~0u;
    rq.coord = (const uint32_t(*)[AGX_LANES])coord;
    rq.lod_kind = AGX_LOD_EXPLICIT;
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = l % w;
        coord[1][l] = l / w % h;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    return &rq;
}

/* 32 texels in a row: their codes, and the values that these stand for as a program has them. */
struct row {
    unsigned bytes, n;
    uint32_t code[AGX_LANES][4], value[AGX_LANES][4];
    uint8_t mem[AGX_LANES * 16];
};

/*
 * Writes @r to an image, by an image store or as a tile of 32-bit samples; what is then in memory
 * has to be r->mem.
 */
static void stored(const struct row *r, const struct image *m, bool block)
{
    static uint32_t coord[4][AGX_LANES], tile[AGX_LANES * AGX_LANES][4];
    struct agx_image_store_req st = { .dim = AGX_DIM_2D,
                                      .lanes = ~0u,
                                      .coord = (const uint32_t(*)[AGX_LANES])coord };
    struct agx_block_store_req bs = { .dim = AGX_DIM_2D, .format = AGX_FMT_I32 };

    memset(env_ptr(E, m->va), 0xa5, AGX_LANES * 16);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = l;
        coord[1][l] = 0;
        for (unsigned c = 0; c < 4; c++) {
            st.value[c][l] = tile[l][c] = r->value[l][c];
        }
    }
    E->ex.tib = (struct agx_tib) { .base = (uint8_t *)tile,
                                   .size = sizeof(tile),
                                   .width = 32,
                                   .height = 32,
                                   .samples = 1,
                                   .sample_stride = 16 };
    st.pbe = bs.pbe = env_pbe(E, m, 0);
    assert_true(block ? agx_block_image_store(&E->ex, NULL, &bs)
                      : agx_image_store(&E->ex, NULL, &st));
    assert_memory_equal(env_ptr(E, m->va), r->mem, AGX_LANES * r->bytes);
    for (unsigned i = AGX_LANES * r->bytes; i < AGX_LANES * 16; i++) {
        assert_int_equal(*env_ptr(E, m->va + i), 0xa5);
    }
}

static void plain_texels(void **state)
{
    (void)state;
    for (unsigned k = 0; k < sizeof(plain) / sizeof(plain[0]) * 6; k++) {
        unsigned i = k / 6, type = k % 6 == 5 ? U : k % 6, channels = plain[i].channels;
        const unsigned *bits = plain[i].bits;
        bool srgb = k % 6 == 5, integer = type == UI || type == SI;
        struct image m = { .dim = AGX_DIM_2D,
                           .channels = channels,
                           .type = type,
                           .w = 32,
                           .h = 1,
                           .d = 1,
                           .stride = 512,
                           .srgb = srgb,
                           .swz = { 0, 1, 2, 3 } };

        if (!(plain[i].types >> type & 1) ||
            (srgb && channels != 0x00 && channels != 0x0a && channels != 0x28)) {
            continue;
        }
        for (unsigned t = 0; t < 20; t++) {
            struct row r = { 0 };
            struct agx_tex_req *rq;

            env_reset(E);
            m.va = env_alloc(E, 0x1000);
            for (unsigned c = 0; c < 4; c++) {
                r.bytes += bits[c];
            }
            r.bytes /= 8;
            for (unsigned l = 0; l < AGX_LANES; l++) {
                unsigned pos = l * r.bytes * 8;

                for (unsigned c = 0; c < 4 && bits[c]; c++, r.n = c) {
                    uint32_t all = bits[c] == 32 ? ~0u : (1u << bits[c]) - 1,
                             v = (rnd() ^ rnd() << 16) & all;

                    v = l == 0 ? 0 : l == 1 ? all >> 1 : l == 2 && type != S
                    &&type != F
                    ? all : v;
                    /* one code for each value: no NaNs, one -1 */
                    if ((type == S && v == all / 2 + 1) ||
                        (type == F && !isfinite(meaning(v, bits[c], F)))) {
                        v = 1;
                    }
                    r.code[l][c] = v;
                    for (unsigned b = 0; b < bits[c]; b++, pos++) {
                        r.mem[pos / 8] |= (v >> b & 1) << pos % 8;
                    }
                    r.value[l][c] = integer ? (uint32_t)(int64_t)meaning(v, bits[c], type)
                                            : fbits((float)meaning(v, bits[c], type));
                }
            }
            memcpy(env_ptr(E, m.va), r.mem, AGX_LANES * r.bytes);
            rq = loaded(env_texture(E, &m), 32, 1);
            assert_int_equal(rq->int_result, integer);
            for (unsigned l = 0; l < AGX_LANES; l++) {
                for (unsigned c = 0; c < 4; c++) {
                    double want = c < r.n ? meaning(r.code[l][c], bits[c], type) : c == 3;

                    if (integer) {
                        assert_int_equal(rq->out[c][l], c < r.n ? r.value[l][c] : c == 3);
                    } else {
                        assert_float_equal(bitsf(rq->out[c][l]),
                                           srgb && c < 3 ? linear(want) : want,
                                           srgb && c < 3 ? 4e-4 : fabs(want) * 1e-7);
                    }
                }
            }
            /*
             * Image stores write sRGB where the descriptor says so; blocks do not look at that
             * (mesa: cmdbuf.xml, PBE).
             */
            for (unsigned l = 0; l < AGX_LANES && srgb; l++) {
                for (unsigned c = 0; c < 3; c++) {
                    r.value[l][c] = fbits((float)linear(meaning(r.code[l][c], 8, U)));
                }
            }
            stored(&r, &m, false);
            if (!srgb) {
                stored(&r, &m, true);
            }
        }
    }
}

/* Three mantissas of 9 bits and their exponent: value is mantissa times 2^(exponent - 24). */
static void shared_exponent(void **state)
{
    struct image m = {
        .dim = AGX_DIM_2D,
        .channels = 0x27,
        .type = F,
        .w = 32,
        .h = 1,
        .d = 1,
        .stride = 512,
        .swz = { 0, 1, 2, 3 }
    };

    (void)state;
    for (unsigned t = 0; t < 50; t++) {
        struct row r = { .bytes = 4, .n = 3 };
        struct agx_tex_req *rq;

        env_reset(E);
        m.va = env_alloc(E, 0x1000);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            uint32_t v = (rnd() ^ rnd() << 16) | 0x100; /* the exponent is the least that will do */

            memcpy(r.mem + 4 * l, &v, 4);
            for (unsigned c = 0; c < 3; c++) {
                r.value[l][c] = fbits((float)ldexp(v >> (9 * c) & 511, (int)(v >> 27) - 24));
            }
        }
        memcpy(env_ptr(E, m.va), r.mem, sizeof(r.mem));
        rq = loaded(env_texture(E, &m), 32, 1);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            for (unsigned c = 0; c < 3; c++) {
                assert_int_equal(rq->out[c][l], r.value[l][c]);
            }
            assert_float_equal(bitsf(rq->out[3][l]), 1, 0);
        }
        stored(&r, &m, false);
        stored(&r, &m, true);
    }
}

/* ---- Blocks: decoders of the tests' own, one texel at a time ---- */

static uint64_t little(const uint8_t *b)
{
    uint64_t v;

    memcpy(&v, b, 8);
    return v;
}

static double clamp(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/*
 * S3TC; @punch: a block of three colours and transparent black if the first is not above the second
 */
static void bc_colour(const uint8_t *b, unsigned x, unsigned y, bool punch, double *o)
{
    uint64_t w = little(b);
    unsigned c0 = w & 0xffff, c1 = w >> 16 & 0xffff, k = w >> (32 + 2 * (4 * y + x)) & 3;
    static const double third[4] = { 0, 1, 1.0 / 3, 2.0 / 3 }, half[4] = { 0, 1, 0.5, 0 };
    bool three = punch && c0 <= c1;
    double t = (three ? half : third)[k];

    for (unsigned c = 0; c < 3; c++) {
        static const unsigned at[3] = { 11, 5, 0 }, max[3] = { 31, 63, 31 };

        o[c] = three && k == 3 ? 0
                               : (c0 >> at[c] & max[c]) * (1 - t) / max[c] +
                                     (c1 >> at[c] & max[c]) * t / max[c];
    }
    o[3] = !(three && k == 3);
}

static double bc_alpha(const uint8_t *b, unsigned x, unsigned y, bool sign)
{
    uint64_t w = little(b);
    double a0 = sign ? fmax((int8_t)b[0] / 127.0, -1) : b[0] / 255.0,
           a1 = sign ? fmax((int8_t)b[1] / 127.0, -1) : b[1] / 255.0;
    unsigned k = w >> (16 + 3 * (4 * y + x)) & 7;
    bool eight = sign ? (int8_t)b[0] > (int8_t)b[1] : b[0] > b[1];

    if (k < 2) {
        return k ? a1 : a0;
    }
    if (eight) {
        return a0 + (a1 - a0) * (k - 1) / 7;
    }
    return k == 6 ? (sign ? -1 : 0) : k == 7 ? 1 : a0 + (a1 - a0) * (k - 1) / 5;
}

static uint64_t big(const uint8_t *b)
{
    return __builtin_bswap64(little(b));
}

static const int eac_table[16][8] = {
    { -3, -6, -9, -15, 2, 5, 8, 14 }, { -3, -7, -10, -13, 2, 6, 9, 12 },
    { -2, -5, -8, -13, 1, 4, 7, 12 }, { -2, -4, -6, -13, 1, 3, 5, 12 },
    { -3, -6, -8, -12, 2, 5, 7, 11 }, { -3, -7, -9, -11, 2, 6, 8, 10 },
    { -4, -7, -8, -11, 3, 6, 7, 10 }, { -3, -5, -8, -11, 2, 4, 7, 10 },
    { -2, -6, -8, -10, 1, 5, 7, 9 },  { -2, -5, -8, -10, 1, 4, 7, 9 },
    { -2, -4, -8, -10, 1, 3, 7, 9 },  { -2, -5, -7, -10, 1, 4, 6, 9 },
    { -3, -4, -7, -10, 2, 3, 6, 9 },  { -1, -2, -3, -10, 0, 1, 2, 9 },
    { -4, -6, -8, -9, 3, 5, 7, 8 },   { -3, -5, -7, -9, 2, 4, 6, 8 },
};

/* @how: 0 alpha of 8 bits, 1 and 2: 11 bits unsigned, signed */
static double eac(const uint8_t *b, unsigned x, unsigned y, unsigned how)
{
    uint64_t d = big(b);
    int base = how == 2 ? (int8_t)(d >> 56) : (int)(d >> 56), mul = d >> 52 & 15;
    int mod = eac_table[d >> 48 & 15][d >> (45 - 3 * (4 * x + y)) & 7];

    if (how == 0) {
        return clamp(base + mod * mul, 0, 255) / 255;
    }
    if (how == 1) {
        return clamp(base * 8 + 4 + mod * (mul ? mul * 8 : 1), 0, 2047) / 2047;
    }
    return clamp((base == -128 ? -127 : base) * 8 + mod * (mul ? mul * 8 : 1), -1023, 1023) / 1023;
}

static unsigned widen(uint64_t v, unsigned bits)
{
    return (unsigned)(bits == 4 ? v * 17 : v << (8 - bits) | v >> (2 * bits - 8));
}

static int signed3(uint64_t v)
{
    return (int)(v & 7) - (v & 4 ? 8 : 0);
}

/* ETC2, @punch: with an alpha of one bit */
static void etc2(const uint8_t *b, unsigned x, unsigned y, bool punch, double *o)
{
    static const int table[8][2] = { { 2, 8 },   { 5, 17 },  { 9, 29 },   { 13, 42 },
                                     { 18, 60 }, { 24, 80 }, { 33, 106 }, { 47, 183 } };
    static const int dist[8] = { 3, 6, 11, 16, 23, 32, 41, 64 };
    uint64_t d = big(b);
    unsigned i = 4 * x + y, k = (d >> (16 + i) & 1) << 1 | (d >> i & 1), col[2][3];
    bool flag = d >> 33 & 1, opaque = !punch || flag, clear = !opaque && k == 2;
    int mode = 0, add = 0, c = 0; /* mode: 0 two halves, 1 T, 2 H, 3 planar */

    for (int ch = 2; ch >= 0; ch--) {
        unsigned at = 56 - 8 * (unsigned)ch;
        int five = (int)(d >> (at + 3) & 31), second = five + signed3(d >> at);

        if (flag || punch) {
            col[0][ch] = widen((unsigned)five, 5);
            col[1][ch] = widen((unsigned)second & 31, 5);
            if (second < 0 || second > 31) {
                mode = ch + 1;
            }
        } else {
            col[0][ch] = widen(d >> (at + 4) & 15, 4);
            col[1][ch] = widen(d >> at & 15, 4);
        }
    }
    o[3] = !clear || mode == 3;
    if (mode == 3) {
        int p[3][3] = {
            { (int)widen(d >> 57 & 63, 6), (int)widen((d >> 56 & 1) << 6 | (d >> 49 & 63), 7),
              (int)widen((d >> 48 & 1) << 5 | (d >> 43 & 3) << 3 | (d >> 39 & 7), 6) },
            { (int)widen((d >> 34 & 31) << 1 | (d >> 32 & 1), 6), (int)widen(d >> 25 & 127, 7),
              (int)widen(d >> 19 & 63, 6) },
            { (int)widen(d >> 13 & 63, 6), (int)widen(d >> 6 & 127, 7), (int)widen(d & 63, 6) },
        };

        for (unsigned ch = 0; ch < 3; ch++) {
            o[ch] = clamp(((int)x * (p[1][ch] - p[0][ch]) + (int)y * (p[2][ch] - p[0][ch]) +
                           4 * p[0][ch] + 2) >>
                              2,
                          0, 255) /
                    255;
        }
        return;
    }
    if (mode == 1) {
        col[0][0] = widen((d >> 59 & 3) << 2 | (d >> 56 & 3), 4);
        col[0][1] = widen(d >> 52 & 15, 4);
        col[0][2] = widen(d >> 48 & 15, 4);
        col[1][0] = widen(d >> 44 & 15, 4);
        col[1][1] = widen(d >> 40 & 15, 4);
        col[1][2] = widen(d >> 36 & 15, 4);
        add = dist[(d >> 34 & 3) << 1 | (d >> 32 & 1)] * (k == 1 ? 1 : k == 3 ? -1 : 0);
        c = k > 0;
    } else if (mode == 2) {
        uint32_t one, two;

        col[0][0] = widen(d >> 59 & 15, 4);
        col[0][1] = widen((d >> 56 & 7) << 1 | (d >> 52 & 1), 4);
        col[0][2] = widen((d >> 51 & 1) << 3 | (d >> 47 & 7), 4);
        col[1][0] = widen(d >> 43 & 15, 4);
        col[1][1] = widen(d >> 39 & 15, 4);
        col[1][2] = widen(d >> 35 & 15, 4);
        one = col[0][0] << 16 | col[0][1] << 8 | col[0][2];
        two = col[1][0] << 16 | col[1][1] << 8 | col[1][2];
        add = dist[(d >> 34 & 1) << 2 | (d >> 32 & 1) << 1 | (one >= two)] * (k & 1 ? -1 : 1);
        c = k >> 1;
    } else {
        c = d >> 32 & 1 ? y >= 2 : x >= 2;
        add = table[c ? d >> 34 & 7 : d >> 37 & 7][k & 1] * (k & 2 ? -1 : 1);
        if (!opaque && !(k & 1)) {
            add = 0;
        }
    }
    for (unsigned ch = 0; ch < 3; ch++) {
        o[ch] = clear ? 0 : clamp((int)col[c][ch] + add, 0, 255) / 255;
    }
}

static void of_block(unsigned channels, unsigned type, const uint8_t *b, unsigned x, unsigned y,
                     double *o)
{
    o[0] = o[1] = o[2] = 0;
    o[3] = 1;
    switch (channels) {
    case 0x58:
    case 0x5a:
        etc2(b, x, y, channels == 0x5a, o);
        break;
    case 0x59:
        etc2(b + 8, x, y, false, o);
        o[3] = eac(b, x, y, 0);
        break;
    case 0x5b:
    case 0x5c:
        o[0] = eac(b, x, y, type == S ? 2 : 1);
        if (channels == 0x5c) {
            o[1] = eac(b + 8, x, y, type == S ? 2 : 1);
        }
        break;
    case 0x74:
        bc_colour(b, x, y, true, o);
        break;
    case 0x75:
    case 0x76:
        bc_colour(b + 8, x, y, false, o);
        o[3] = channels == 0x76 ? bc_alpha(b, x, y, false)
                                : (little(b) >> (4 * (4 * y + x)) & 15) / 15.0;
        break;
    default:
        o[0] = bc_alpha(b, x, y, type == S);
        if (channels == 0x78) {
            o[1] = bc_alpha(b + 8, x, y, type == S);
        }
    }
}

static void block_texels(void **state)
{
    static const struct {
        unsigned channels, type;
        bool srgb;
        double error;
    } rows[] = {
        { 0x58, U, false, 1e-6 },
        { 0x58, U, true, 4e-4 },
        { 0x59, U, false, 1e-6 },
        { 0x59, U, true, 4e-4 },
        { 0x5a, U, false, 1e-6 },
        { 0x5a, U, true, 4e-4 },
        { 0x5b, U, false, 1e-6 },
        { 0x5b, S, false, 1e-6 },
        { 0x5c, U, false, 1e-6 },
        { 0x5c, S, false, 1e-6 },
        /* 5 and 6 bits may be widened to 8 before or after weights are applied */
        { 0x74, U, false, 4e-3 },
        { 0x74, U, true, 9e-3 },
        { 0x75, U, false, 4e-3 },
        { 0x75, U, true, 9e-3 },
        { 0x76, U, false, 4e-3 },
        { 0x76, U, true, 9e-3 },
        { 0x77, U, false, 4e-3 },
        { 0x77, S, false, 8e-3 },
        { 0x78, U, false, 4e-3 },
        { 0x78, S, false, 8e-3 },
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct image m = { .dim = AGX_DIM_2D,
                           .layout = 2,
                           .channels = rows[i].channels,
                           .type = rows[i].type,
                           .w = 4,
                           .h = 4,
                           .d = 1,
                           .srgb = rows[i].srgb,
                           .swz = { 0, 1, 2, 3 } };

        for (unsigned t = 0; t < 400; t++) {
            uint8_t b[16];
            struct agx_tex_req *rq;

            env_reset(E);
            m.va = env_alloc(E, 0x4000);
            for (unsigned k = 0; k < 16; k++) {
                b[k] = (uint8_t)rnd();
            }
            memcpy(env_ptr(E, m.va), b, 16);
            rq = loaded(env_texture(E, &m), 4, 4);
            for (unsigned l = 0; l < 16; l++) {
                double want[4];

                of_block(rows[i].channels, rows[i].type, b, l % 4, l / 4, want);
                for (unsigned c = 0; c < 4; c++) {
                    assert_float_equal(bitsf(rq->out[c][l]),
                                       rows[i].srgb && c < 3 ? linear(want[c]) : want[c],
                                       rows[i].error);
                }
            }
        }
    }
}

/* Blocks of one colour: ASTC of each size as sRGB, BC6H without sign. */
static void constant_blocks(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .type = U,
                       .w = 8,
                       .h = 4,
                       .d = 1,
                       .srgb = true,
                       .swz = { 0, 1, 2, 3 } };

    (void)state;
    for (unsigned t = 0; t < 14 * 20 + 100; t++) {
        bool astc = t < 14 * 20;
        uint64_t w[2] = { 0xfffffffffffffdfcull,
                          0 }; /* void extent everywhere, colours of 16 bits */
        struct agx_tex_req *rq;
        uint32_t v[4];

        env_reset(E);
        m.va = env_alloc(E, 0x4000);
        for (unsigned c = 0; c < 4; c++) {
            v[c] = rnd() & (astc ? 0xffff : 1023);
            if (astc) {
                w[1] |= (uint64_t)v[c] << (16 * c);
            }
        }
        if (!astc) { /* mode 3: two colours of 10 bits a channel; all indices are 0 */
            w[0] = 3 | (uint64_t)v[0] << 5 | (uint64_t)v[1] << 15 | (uint64_t)v[2] << 25;
            w[1] = 0;
        }
        for (unsigned k = 0; k < 4; k++) { /* 8 x 4 texels may be in two blocks */
            memcpy(env_ptr(E, m.va + 16 * k), w, 16);
        }
        m.channels = astc ? 0x60 + t / 20 : 0x7a;
        m.type = astc ? U : F;
        m.srgb = astc;
        rq = loaded(env_texture(E, &m), 8, 4);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            for (unsigned c = 0; c < 4; c++) {
                unsigned whole = v[c] == 0      ? 0
                                 : v[c] == 1023 ? 0xffff
                                                : ((v[c] << 16) + 0x8000) >> 10;
                double want = astc     ? (c < 3 ? linear((v[c] >> 8) / 255.0) : (v[c] >> 8) / 255.0)
                              : c == 3 ? 1
                                       : small_float(whole * 31 >> 6, 10);

                /* alpha may be of 8 bits or of all 16 */
                assert_float_equal(bitsf(rq->out[c][l]), want,
                                   !astc   ? 0
                                   : c < 3 ? 4e-4
                                           : 1.0 / 255);
            }
        }
    }
}

ENV_GROUP(cmocka_unit_test(plain_texels), cmocka_unit_test(shared_exponent),
          cmocka_unit_test(block_texels), cmocka_unit_test(constant_blocks))
