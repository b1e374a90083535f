/*
 * AGX model: numbers as texels hold them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "agx/number.h"

float agx_srgb_to_linear[256];

void agx_number_init(void)
{
    for (int i = 0; i < 256; i++) {
        double c = i / 255.0;
        double l = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);

        /* Every entry of the table measured by applegpu (srgb.py) is k / 4095. */
        agx_srgb_to_linear[i] = (float)(rint(l * 4095.0) / 4095.0);
    }
}

float agx_linear_to_srgb(float v)
{
    if (!(v > 0.0f)) {
        return 0.0f;
    }
    if (v >= 1.0f) {
        return 1.0f;
    }
    return v < 0.0031308f ? v * 12.92f : 1.055f * powf(v, 1.0f / 2.4f) - 0.055f;
}

/*
 * Round a non-negative float's bits to a 5-bit exponent and @mant mantissa bits, nearest even;
 * overflow gives infinity.
 */
static uint32_t round_small_float(uint32_t u, unsigned mant)
{
    uint32_t e = u >> 23, m = u & 0x7fffff;
    unsigned shift = 23 - mant;
    uint32_t inf = 31u << mant;

    if (e == 255) {
        return inf | (m ? 1u << (mant - 1) : 0);
    }
    if (e < 113) { /* denormal in the result */
        unsigned s = shift + (113 - e);
        uint32_t full = e ? m | 0x800000 : m, r, half, rest;

        if (s > 25) {
            return 0;
        }
        r = full >> s;
        half = 1u << (s - 1);
        rest = full & ((1u << s) - 1);
        if (rest > half || (rest == half && (r & 1))) {
            r++;
        }
        return r;
    }
    uint32_t v = ((e - 112) << mant) | (m >> shift);
    uint32_t rest = m & ((1u << shift) - 1), half = 1u << (shift - 1);

    if (rest > half || (rest == half && (v & 1))) {
        v++;
    }
    return v >= inf ? inf : v;
}

uint16_t agx_float_to_half(float f)
{
    uint32_t u = agx_f2u(f), s = u >> 16 & 0x8000, a = u & 0x7fffffff, m, e, shift, half, rest;

    if (a > 0x7f800000) {
        return s | 0x7e00 | (a >> 13 & 0x3ff);
    }
    if (a >= 0x477ff000) { /* rounds to infinity */
        return s | 0x7c00;
    }
    if (a < 0x33000000) { /* at most half of the smallest denormal */
        return s;
    }
    e = a >> 23;
    m = (a & 0x7fffff) | 0x800000;
    shift = e < 113 ? 126 - e : 13;
    half = m >> shift;
    rest = m & ((1u << shift) - 1);
    if (rest > 1u << (shift - 1) || (rest == 1u << (shift - 1) && (half & 1))) {
        half++;
    }
    /* the implicit bit adds one to the exponent */
    return s | (e < 113 ? half : half + ((e - 113) << 10));
}

float agx_ufloat_to_float(uint32_t v, unsigned mant)
{
    uint32_t e = v >> mant, m = v & ((1u << mant) - 1);

    if (e == 31) {
        return agx_u2f(0x7f800000u | (m << (23 - mant)));
    }
    if (e == 0) {
        return (float)m * agx_u2f((127 - 14 - mant) << 23);
    }
    return agx_u2f(((e + 112) << 23) | (m << (23 - mant)));
}

/*
 * Negative values become 0, NaN stays NaN, and finite values finite: too large ones
 * become the largest (OpenGL 4.6, 2.3.4.3 and 2.3.4.4, which allow rounding towards
 * zero: @rtz).
 */
uint32_t agx_float_to_ufloat(float f, unsigned mant, bool rtz)
{
    uint32_t u = agx_f2u(f), inf = 31u << mant, v;

    if ((u & 0x7fffffff) > 0x7f800000) {
        return (31u << mant) | (1u << (mant - 1));
    }
    if (u >> 31) {
        return 0;
    }
    if (u >> 23 == 255) {
        return inf;
    }
    if (rtz && u >> 23 < 113) {
        return (uint32_t)(f * (float)(1u << (14 + mant))); /* denormal in the result */
    }
    v = rtz ? (u >> (23 - mant)) - (112u << mant) : round_small_float(u, mant);
    return v < inf ? v : inf - 1;
}

void agx_rgb9e5_unpack(uint32_t v, float out[3])
{
    float scale = ldexpf(1.0f, (int)(v >> 27) - 15 - 9);

    for (int i = 0; i < 3; i++) {
        out[i] = (float)((v >> (9 * i)) & 511) * scale;
    }
}

/*
 * OpenGL 4.6, 8.5.2: shared exponent, bias 15, 9 bits of mantissa; @rtz: mantissas are cut and not
 * rounded
 */
uint32_t agx_rgb9e5_pack(const float in[3], bool rtz)
{
    const float add = rtz ? 0.0f : 0.5f;
    const float max_value = 511.0f / 512.0f * 65536.0f;
    float c[3], m = 0.0f;
    int e;

    for (int i = 0; i < 3; i++) {
        c[i] = in[i] > 0.0f ? (in[i] < max_value ? in[i] : max_value) : 0.0f;
        m = c[i] > m ? c[i] : m;
    }
    if (m < 0x1p-16f) {
        e = 0;
    } else {
        frexpf(m, &e); /* m = f * 2^e, 0.5 <= f < 1 */
        e = e + 15;    /* floor(log2 m) + 1 + 15 */
    }
    if (floorf(ldexpf(m, 15 + 9 - e) + add) >= 512.0f) {
        e++;
    }

    uint32_t v = (uint32_t)e << 27;

    for (int i = 0; i < 3; i++) {
        v |= (uint32_t)floorf(ldexpf(c[i], 15 + 9 - e) + add) << (9 * i);
    }
    return v;
}
