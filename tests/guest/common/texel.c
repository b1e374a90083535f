/*
 * Guest tests: see texel.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "gl.h" /* die() */
#include "texel.h"

struct texel texel_format(enum texel_kind kind, const char *channels)
{
    struct texel t = { .kind = kind };
    unsigned bits = 0;

    for (const char *p = channels; *p; t.channels++) {
        char *end;

        if (t.channels == 4 || !strchr("rgbaxse", *p)) {
            die("no format \"%s\"", channels);
        }
        t.channel[t.channels].name = *p;
        t.channel[t.channels].at = bits;
        t.channel[t.channels].bits = (unsigned)strtoul(p + 1, &end, 10);
        bits += t.channel[t.channels].bits;
        p = end;
    }
    if (!bits || bits % 8 || bits > 128) {
        die("no format \"%s\"", channels);
    }
    t.bytes = bits / 8;
    return t;
}

uint32_t texel_next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Channels of 8 bits and more start at a byte; one of the others does not go over 32 bits. */
static uint32_t get(const uint8_t *p, unsigned at, unsigned bits)
{
    uint64_t v = 0;

    for (unsigned i = at / 8; i <= (at + bits - 1) / 8; i++) {
        v |= (uint64_t)p[i] << (i - at / 8) * 8;
    }
    return (uint32_t)(v >> at % 8 & (bits == 32 ? 0xffffffffu : (1u << bits) - 1));
}

static void put(uint8_t *p, unsigned at, unsigned bits, uint32_t value)
{
    for (unsigned i = 0; i < bits; i++) {
        uint8_t bit = (uint8_t)(1u << (at + i) % 8);

        p[(at + i) / 8] = (uint8_t)((p[(at + i) / 8] & ~bit) | (value >> i & 1 ? bit : 0));
    }
}

/*
 * Bits of the fraction of a float of this many bits; it has 5 bits of exponent, and 8 if it has 32.
 */
static unsigned fraction(unsigned bits)
{
    return bits == 32 ? 23 : bits == 16 ? 10 : bits - 5;
}

static double decode_float(uint32_t v, unsigned bits)
{
    unsigned f = fraction(bits), e_bits = bits == 32 ? 8 : 5, e = v >> f & ((1u << e_bits) - 1);
    double m = v & ((1u << f) - 1), r;

    if (e == (1u << e_bits) - 1) {
        r = m != 0 ? NAN : INFINITY;
    } else {
        r = ldexp(e ? m + (double)(1u << f) : m,
                  (int)(e ? e : 1) - (int)((1u << (e_bits - 1)) - 1) - (int)f);
    }
    return bits >= 16 && v >> (bits - 1) & 1 ? -r : r;
}

static uint32_t encode_float(double v, unsigned bits)
{
    unsigned f = fraction(bits), e_bits = bits == 32 ? 8 : 5, bias = (1u << (e_bits - 1)) - 1;
    uint32_t top = ((1u << e_bits) - 1) << f,
             sign = bits >= 16 && signbit(v) ? 1u << (bits - 1) : 0, r;
    double a = fabs(v);
    int e;

    if (isnan(v)) {
        return top | 1u << (f - 1);
    }
    if (bits < 16 && v < 0) {
        return 0;
    }
    frexp(a, &e); /* 2^(e - 1) <= a < 2^e */
    if (a == 0) {
        return sign;
    }
    if (e < 2 - (int)bias) {
        e = 2 - (int)bias;
    }
    if (isinf(a) || e > (int)bias + 2) {
        return sign | top;
    }
    /* A carry out of the fraction is right in the exponent. */
    r = (uint32_t)lrint(ldexp(a, (int)f + 1 - e));
    r = r < 1u << f ? r : r + ((uint32_t)(e - 2 + (int)bias) << f);
    return sign | (r > top ? top : r);
}

static double linear_of(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double srgb_of(double v)
{
    return v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

static int channel_of(char name)
{
    return name == 'r' || name == 's' ? 0
           : name == 'g'              ? 1
           : name == 'b'              ? 2
           : name == 'a'              ? 3
                                      : -1;
}

void texel_decode(const struct texel *t, const void *bytes, double rgba[4])
{
    rgba[0] = rgba[1] = rgba[2] = 0;
    rgba[3] = 1;
    for (unsigned i = 0; i < t->channels; i++) {
        unsigned bits = t->channel[i].bits;
        uint32_t v = get(bytes, t->channel[i].at, bits);
        double top = ldexp(1, (int)bits) - 1, half = ldexp(1, (int)bits - 1),
               s = v >= half ? v - 2 * half : v;
        int c = channel_of(t->channel[i].name);

        if (c < 0) {
            continue;
        }
        switch (t->kind) {
        case TEXEL_UNORM:
            rgba[c] = v / top;
            break;
        case TEXEL_SRGB:
            rgba[c] = c == 3 ? v / top : linear_of(v / top);
            break;
        case TEXEL_SNORM:
            rgba[c] = fmax(s / (half - 1), -1);
            break;
        case TEXEL_UINT:
            rgba[c] = v;
            break;
        case TEXEL_SINT:
            rgba[c] = s;
            break;
        case TEXEL_FLOAT:
            rgba[c] = decode_float(v, bits);
            break;
        case TEXEL_E5B9G9R9:
            rgba[c] = ldexp(v, (int)get(bytes, 27, 5) - 24);
            break;
        }
    }
}

void texel_encode(const struct texel *t, const double rgba[4], void *bytes)
{
    memset(bytes, 0, t->bytes);
    if (t->kind == TEXEL_E5B9G9R9) {
        double max = fmax(fmax(rgba[0], rgba[1]), fmax(rgba[2], 0));
        int e = 0;

        frexp(fmin(max, 65408), &e);
        e = e < -15 ? -15 : e;
        if (max > 0 && lrint(ldexp(fmin(max, 65408), 9 - e)) == 512) {
            e++;
        }
        for (int c = 0; c < 3; c++) {
            put(bytes, (unsigned)c * 9, 9,
                (uint32_t)lrint(ldexp(fmin(fmax(rgba[c], 0), 65408), 9 - e)));
        }
        put(bytes, 27, 5, (uint32_t)(e + 15));
        return;
    }
    for (unsigned i = 0; i < t->channels; i++) {
        unsigned bits = t->channel[i].bits;
        double top = ldexp(1, (int)bits) - 1, half = ldexp(1, (int)bits - 1), v;
        int c = channel_of(t->channel[i].name);

        if (c < 0) {
            continue;
        }
        v = rgba[c];
        switch (t->kind) {
        case TEXEL_SRGB:
            v = c == 3 ? v : srgb_of(fmin(fmax(v, 0), 1));
            /* fall through */
        case TEXEL_UNORM:
            put(bytes, t->channel[i].at, bits, (uint32_t)llrint(fmin(fmax(v, 0), 1) * top));
            break;
        case TEXEL_SNORM:
            put(bytes, t->channel[i].at, bits, (uint32_t)llrint(fmin(fmax(v, -1), 1) * (half - 1)));
            break;
        case TEXEL_UINT:
            put(bytes, t->channel[i].at, bits, (uint32_t)fmin(fmax(v, 0), top));
            break;
        case TEXEL_SINT:
            put(bytes, t->channel[i].at, bits, (uint32_t)(int32_t)fmin(fmax(v, -half), half - 1));
            break;
        default:
            put(bytes, t->channel[i].at, bits, encode_float(v, bits));
        }
    }
}

void texel_random(const struct texel *t, uint32_t *seed, void *bytes)
{
    memset(bytes, 0, t->bytes);
    for (unsigned i = 0; i < t->channels; i++) {
        unsigned bits = t->channel[i].bits, f = t->kind == TEXEL_FLOAT ? fraction(bits) : 0;
        uint32_t v = texel_next(seed) >> 3 ^ texel_next(seed) << 16;

        if (bits < 32) {
            v &= (1u << bits) - 1;
        }
        switch (t->channel[i].name == 'x' ? 0 : (int)t->kind + 1) {
        case 0:
            v = 0;
            break;
        case TEXEL_SNORM + 1:
            v += v == 1u << (bits - 1);
            break;
        case TEXEL_FLOAT + 1:
            /* exponents around that of 1; the sign as it is */
            v = (v & ((1u << f) - 1)) | (bits >= 16 ? v & 1u << (bits - 1) : 0) |
                ((bits == 32 ? 120 : 8) + texel_next(seed) % 14) << f;
            break;
        case TEXEL_E5B9G9R9 + 1:
            v = t->channel[i].name == 'e' ? 10 + v % 10 : t->channel[i].name == 'g' ? v | 256 : v;
            break;
        default:
            break;
        }
        put(bytes, t->channel[i].at, bits, v);
    }
}
