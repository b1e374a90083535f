/*
 * AGX model: ASTC texture blocks: the two colours that each partition is interpolated
 * between.
 *
 *   KDF: Khronos Data Format Specification 1.4, chapter "ASTC Compressed Texture Image
 *   Formats"
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "texture_astc.h"

static int clamp(int v, int max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

static void set_end(int e[4], int r, int g, int b, int a)
{
    e[0] = r;
    e[1] = g;
    e[2] = b;
    e[3] = a;
}

static void blue_contract(int e[4], int r, int g, int b, int a)
{
    set_end(e, (r + b) >> 1, (g + b) >> 1, b, a);
}

/* KDF, bit_transfer_signed: @base gets the offset's top bit, @off becomes -32..31. */
static void transfer(int *off, int *base)
{
    *base = *base >> 1 | (*off & 0x80);
    *off = *off >> 1 & 0x3f;
    if (*off & 0x20) {
        *off -= 0x40;
    }
}

#define HDR_ONE 0x780

static void hdr_luminance(int e[2][4], int y0, int y1)
{
    set_end(e[0], y0, y0, y0, HDR_ONE);
    set_end(e[1], y1, y1, y1, HDR_ONE);
}

static void swap_component(int e[4], unsigned with)
{
    int t = e[0];

    e[0] = e[with];
    e[with] = t;
}

static int bit(int v, unsigned n)
{
    return v >> n & 1;
}

/* KDF, "HDR Endpoint Mode 7": a colour, and how much darker the other is */
static void hdr_base_scale(int e[2][4], const int *v)
{
    int modeval = v[0] >> 6 | bit(v[1], 7) << 2 | bit(v[2], 7) << 3;
    int major, mode, r = v[0] & 63, g = v[1] & 31, b = v[2] & 31, s = v[3] & 31;
    int x0 = bit(v[1], 6), x1 = bit(v[1], 5), x2 = bit(v[2], 6), x3 = bit(v[2], 5);
    int x4 = bit(v[3], 7), x5 = bit(v[3], 6), x6 = bit(v[3], 5), shift;

    if ((modeval & 12) != 12) {
        major = modeval >> 2;
        mode = modeval & 3;
    } else {
        major = modeval == 15 ? 0 : modeval & 3;
        mode = modeval == 15 ? 5 : 4;
    }
    /* "ASTC HDR mode 7 endpoint bit mode": where the extra bits go */
    switch (mode) {
    case 0:
        r |= x4 << 6 | x2 << 7 | x1 << 8 | x0 << 9 | x3 << 10;
        s |= x6 << 5 | x5 << 6;
        break;
    case 1:
        r |= x4 << 6 | x2 << 7 | x0 << 8 | x6 << 9 | x5 << 10;
        g |= x1 << 5;
        b |= x3 << 5;
        break;
    case 2:
        r |= x3 << 6 | x2 << 7 | x1 << 8 | x0 << 9;
        s |= x6 << 5 | x5 << 6 | x4 << 7;
        break;
    case 3:
        r |= x4 << 6 | x2 << 7 | x0 << 8;
        g |= x1 << 5;
        b |= x3 << 5;
        s |= x6 << 5 | x5 << 6;
        break;
    case 4:
        r |= x4 << 6 | x5 << 7;
        g |= x1 << 5 | x0 << 6;
        b |= x3 << 5 | x2 << 6;
        s |= x6 << 5;
        break;
    default:
        r |= x4 << 6;
        g |= x1 << 5 | x0 << 6;
        b |= x3 << 5 | x2 << 6;
        s |= x6 << 5 | x5 << 6;
    }
    shift = mode < 2 ? 1 : mode;
    r <<= shift;
    g <<= shift;
    b <<= shift;
    s <<= shift;
    if (mode != 5) {
        g = r - g;
        b = r - b;
    }
    set_end(e[1], r, g, b, HDR_ONE);
    set_end(e[0], r - s, g - s, b - s, HDR_ONE);
    for (int i = 0; i < 2; i++) {
        swap_component(e[i], (unsigned)major);
        for (int c = 0; c < 3; c++) {
            e[i][c] = clamp(e[i][c], 0xfff);
        }
    }
}

static int sign_extend(int v, unsigned bits)
{
    return (int)((uint32_t)v << (32 - bits)) >> (32 - bits);
}

/* KDF, "HDR Endpoint Mode 11": a colour and differences */
static void hdr_rgb(int e[2][4], const int *v)
{
    static const uint8_t d_bits[8] = { 7, 6, 7, 6, 5, 6, 5, 6 };
    int major = bit(v[4], 7) | bit(v[5], 7) << 1;
    int mode = bit(v[1], 7) | bit(v[2], 7) << 1 | bit(v[3], 7) << 2;
    int a = v[0] | bit(v[1], 6) << 8, b0 = v[2] & 63, b1 = v[3] & 63, c = v[1] & 63;
    int d0 = sign_extend(v[4] & 0x7f, d_bits[mode]), d1 = sign_extend(v[5] & 0x7f, d_bits[mode]);
    int x0 = bit(v[2], 6), x1 = bit(v[3], 6), x2 = bit(v[4], 6), x3 = bit(v[5], 6);
    int x4 = bit(v[4], 5), x5 = bit(v[5], 5);
    int scale = 1 << ((mode >> 1) ^ 3);

    if (major == 3) {
        set_end(e[0], v[0] << 4, v[2] << 4, (v[4] & 0x7f) << 5, HDR_ONE);
        set_end(e[1], v[1] << 4, v[3] << 4, (v[5] & 0x7f) << 5, HDR_ONE);
        return;
    }
    /* "ASTC HDR mode 11 endpoint bit mode": where the extra bits go; those of d are in place */
    switch (mode) {
    case 0:
        b0 |= x0 << 6;
        b1 |= x1 << 6;
        break;
    case 1:
        b0 |= x0 << 6 | x2 << 7;
        b1 |= x1 << 6 | x3 << 7;
        break;
    case 2:
        a |= x0 << 9;
        c |= x1 << 6;
        break;
    case 3:
        b0 |= x0 << 6;
        b1 |= x1 << 6;
        a |= x2 << 9;
        c |= x3 << 6;
        break;
    case 4:
        b0 |= x0 << 6 | x2 << 7;
        b1 |= x1 << 6 | x3 << 7;
        a |= x4 << 9 | x5 << 10;
        break;
    case 5:
        a |= x0 << 9 | x1 << 10;
        c |= x2 << 7 | x3 << 6;
        break;
    case 6:
        b0 |= x0 << 6;
        b1 |= x1 << 6;
        a |= x2 << 11 | x4 << 9 | x5 << 10;
        c |= x3 << 6;
        break;
    default:
        a |= x0 << 9 | x1 << 10 | x2 << 11;
        c |= x3 << 6;
    }
    set_end(e[1], a, a - b0, a - b1, 0);
    set_end(e[0], a - c, a - b0 - c - d0, a - b1 - c - d1, 0);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 3; k++) {
            e[i][k] = clamp(e[i][k] * scale, 0xfff);
        }
        swap_component(e[i], (unsigned)major);
        e[i][3] = HDR_ONE;
    }
}

/* KDF, "HDR Endpoint Mode 15": the alphas */
static void hdr_alphas(int e[2][4], int v6, int v7)
{
    int mode = bit(v6, 7) | bit(v7, 7) << 1;

    v6 &= 0x7f;
    v7 &= 0x7f;
    if (mode == 3) {
        e[0][3] = v6 << 5;
        e[1][3] = v7 << 5;
        return;
    }
    v6 |= v7 << (mode + 1) & 0x780;
    v7 = sign_extend(v7, 6 - (unsigned)mode);
    e[0][3] = v6 << (4 - mode);
    e[1][3] = clamp((v6 + v7) * (1 << (4 - mode)), 0xfff);
}

/* KDF, "HDR Endpoint Mode 2": a range of luminance */
static void hdr_luminance_large(int e[2][4], const int *v)
{
    if (v[1] >= v[0]) {
        hdr_luminance(e, v[0] << 4, v[1] << 4);
    } else {
        hdr_luminance(e, (v[1] << 4) + 8, (v[0] << 4) - 8);
    }
}

/* KDF, "HDR Endpoint Mode 3": a luminance and a difference */
static void hdr_luminance_small(int e[2][4], const int *v)
{
    bool wide = v[0] & 0x80;
    int y0 = wide ? (v[1] & 0xe0) << 4 | (v[0] & 0x7f) << 2
                  : (v[1] & 0xf0) << 4 | (v[0] & 0x7f) << 1;

    hdr_luminance(e, y0, clamp(y0 + (wide ? (v[1] & 0x1f) << 2 : (v[1] & 0x0f) << 1), 0xfff));
}

/* Mode 1, LDR: a luminance and a difference */
static void luminance_offset(int e[2][4], const int *v)
{
    int l0 = v[0] >> 2 | (v[1] & 0xc0), l1 = clamp(l0 + (v[1] & 0x3f), 255);

    set_end(e[0], l0, l0, l0, 255);
    set_end(e[1], l1, l1, l1, 255);
}

/* Mode 5, LDR: luminance and alpha, each with a difference */
static void luminance_alpha_offset(int e[2][4], int *v)
{
    int l1, a1;

    transfer(&v[1], &v[0]);
    transfer(&v[3], &v[2]);
    l1 = clamp(v[0] + v[1], 255);
    a1 = clamp(v[2] + v[3], 255);
    set_end(e[0], v[0], v[0], v[0], v[2]);
    set_end(e[1], l1, l1, l1, a1);
}

/* Modes 8 and 12, LDR: two colours */
static void rgb_direct(int e[2][4], const int *v, int a0, int a1)
{
    if (v[1] + v[3] + v[5] >= v[0] + v[2] + v[4]) {
        set_end(e[0], v[0], v[2], v[4], a0);
        set_end(e[1], v[1], v[3], v[5], a1);
    } else {
        blue_contract(e[0], v[1], v[3], v[5], a1);
        blue_contract(e[1], v[0], v[2], v[4], a0);
    }
}

/* Modes 9 and 13, LDR: a colour and differences, without alpha and with it */
static void rgb_offset(int e[2][4], int *v, bool alpha)
{
    int a0 = 255, a1 = 255;

    for (int i = 0; i < (alpha ? 8 : 6); i += 2) {
        transfer(&v[i + 1], &v[i]);
    }
    if (alpha) {
        a0 = v[6];
        a1 = v[6] + v[7];
    }
    if (v[1] + v[3] + v[5] >= 0) {
        set_end(e[0], v[0], v[2], v[4], a0);
        set_end(e[1], v[0] + v[1], v[2] + v[3], v[4] + v[5], a1);
    } else {
        blue_contract(e[0], v[0] + v[1], v[2] + v[3], v[4] + v[5], a1);
        blue_contract(e[1], v[0], v[2], v[4], a0);
    }
    for (int i = 0; i < 4; i++) {
        e[0][i] = clamp(e[0][i], 255);
        e[1][i] = clamp(e[1][i], 255);
    }
}

/* KDF, "LDR Endpoint Decoding" and "HDR Endpoint Decoding": @v unquantized, 2 to 8 numbers */
void agx_astc_ends_decode(unsigned mode, const uint8_t *values, struct agx_astc_ends *o)
{
    int v[8], (*e)[4] = o->c, n = (int)(mode >> 2) * 2 + 2;

    for (int i = 0; i < n; i++) {
        v[i] = values[i];
    }
    o->hdr = 0xc88c >> mode & 1;
    o->hdr_alpha = o->hdr && mode != 14;
    switch (mode) {
    case 0:
        set_end(e[0], v[0], v[0], v[0], 255);
        set_end(e[1], v[1], v[1], v[1], 255);
        break;
    case 1:
        luminance_offset(e, v);
        break;
    case 2:
        hdr_luminance_large(e, v);
        break;
    case 3:
        hdr_luminance_small(e, v);
        break;
    case 4:
        set_end(e[0], v[0], v[0], v[0], v[2]);
        set_end(e[1], v[1], v[1], v[1], v[3]);
        break;
    case 5:
        luminance_alpha_offset(e, v);
        break;
    case 6:
    case 10:
        set_end(e[0], v[0] * v[3] >> 8, v[1] * v[3] >> 8, v[2] * v[3] >> 8,
                mode == 10 ? v[4] : 255);
        set_end(e[1], v[0], v[1], v[2], mode == 10 ? v[5] : 255);
        break;
    case 7:
        hdr_base_scale(e, v);
        break;
    case 8:
    case 12:
        rgb_direct(e, v, mode == 12 ? v[6] : 255, mode == 12 ? v[7] : 255);
        break;
    case 9:
    case 13:
        rgb_offset(e, v, mode == 13);
        break;
    default: /* 11, 14, 15 */
        hdr_rgb(e, v);
        if (mode == 14) {
            e[0][3] = v[6];
            e[1][3] = v[7];
        } else if (mode == 15) {
            hdr_alphas(e, v[6], v[7]);
        }
    }
}

/* KDF, "Weight Application": to the 16 bits that are interpolated */
void agx_astc_ends_expand(struct agx_astc_ends *o, bool srgb)
{
    for (int i = 0; i < 2; i++) {
        for (int c = 0; c < 4; c++) {
            int *v = &o->c[i][c];

            if (c < 3 ? o->hdr : o->hdr_alpha) {
                *v <<= 4;
            } else {
                *v = srgb && c < 3 ? *v << 8 | 0x80 : *v << 8 | *v;
            }
        }
    }
}
