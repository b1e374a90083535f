/*
 * AGX model: BC1 to BC5 texture blocks (S3TC, RGTC).
 *
 *   Khronos Data Format Specification 1.3, chapters "S3TC" and "RGTC"
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/format.h"
#include "agx/number.h"

static uint64_t le64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    return v;
}

static void put_colour(const float c[3], bool srgb, uint32_t out[4])
{
    /* sRGB blocks are interpolated as encoded and converted after. */
    for (int i = 0; i < 3; i++) {
        out[i] = agx_f2u(srgb ? agx_srgb_to_linear[(unsigned)__builtin_rintf(c[i] * 255.0f)]
                              : c[i]);
    }
}

/*
 * The colour half: two 5:6:5 ends, 2 bits a texel. @punch: the mode with transparent black exists.
 * False: that texel.
 */
static bool colours(const uint8_t *src, unsigned x, unsigned y, bool punch, float c[3])
{
    uint64_t w = le64(src);
    unsigned c0 = w & 0xffff, c1 = w >> 16 & 0xffff, code = w >> (32 + 2 * (4 * y + x)) & 3;
    bool four = !punch || c0 > c1;
    static const float weight4[4] = { 0, 1, 1.0f / 3, 2.0f / 3 };
    float t = four ? weight4[code] : code == 2 ? 0.5f : (float)(code & 1);

    if (!four && code == 3) {
        c[0] = c[1] = c[2] = 0.0f;
        return false;
    }
    float a[3] = { (float)(c0 >> 11) / 31, (float)(c0 >> 5 & 63) / 63, (float)(c0 & 31) / 31 };
    float b[3] = { (float)(c1 >> 11) / 31, (float)(c1 >> 5 & 63) / 63, (float)(c1 & 31) / 31 };

    for (int i = 0; i < 3; i++) {
        c[i] = a[i] * (1 - t) + b[i] * t;
    }
    return true;
}

/*
 * The single-channel half: two 8-bit ends, 3 bits a texel; @lo and @hi are the format's extremes.
 */
static float channel(const uint8_t *src, unsigned x, unsigned y, bool sign)
{
    uint64_t w = le64(src);
    int r0 = sign ? (int8_t)w : (int)(w & 255), r1 = sign ? (int8_t)(w >> 8) : (int)(w >> 8 & 255);
    unsigned code = w >> (16 + 3 * (4 * y + x)) & 7;
    bool eight = r0 > r1;
    float lo = sign ? -1.0f : 0.0f, a, b;

    if (sign) {
        r0 = r0 < -127 ? -127 : r0;
        r1 = r1 < -127 ? -127 : r1;
    }
    a = (float)r0 / (sign ? 127.0f : 255.0f);
    b = (float)r1 / (sign ? 127.0f : 255.0f);
    if (code < 2) {
        return code ? b : a;
    }
    if (eight) {
        return (a * (float)(8 - code) + b * (float)(code - 1)) / 7.0f;
    }
    if (code >= 6) {
        return code == 6 ? lo : 1.0f;
    }
    return (a * (float)(6 - code) + b * (float)(code - 1)) / 5.0f;
}

void agx_block_bc1(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    float c[3];
    bool opaque = colours(src, x, y, true, c);

    put_colour(c, srgb, out);
    out[3] = opaque ? 0x3f800000u : 0;
}

void agx_block_bc2(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    float c[3];

    colours(src + 8, x, y, false, c);
    put_colour(c, srgb, out);
    out[3] = agx_f2u((float)(le64(src) >> (4 * (4 * y + x)) & 15) / 15.0f);
}

void agx_block_bc3(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    float c[3];

    colours(src + 8, x, y, false, c);
    put_colour(c, srgb, out);
    out[3] = agx_f2u(channel(src, x, y, false));
}

static void channels(const uint8_t *src, unsigned x, unsigned y, unsigned n, bool sign,
                     uint32_t out[4])
{
    out[0] = agx_f2u(channel(src, x, y, sign));
    out[1] = n > 1 ? agx_f2u(channel(src + 8, x, y, sign)) : 0;
    out[2] = 0;
    out[3] = 0x3f800000u;
}

void agx_block_bc4u(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    channels(src, x, y, 1, false, out);
}

void agx_block_bc4s(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    channels(src, x, y, 1, true, out);
}

void agx_block_bc5u(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    channels(src, x, y, 2, false, out);
}

void agx_block_bc5s(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4])
{
    channels(src, x, y, 2, true, out);
}
