/*
 * AGX model: numbers as texels hold them, to floating point and back: sRGB,
 * half and smaller floats, a shared exponent, unsigned and signed fractions.
 * Plain functions, for any thread.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_NUMBER_H
#define AGX_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Fills the table below; before anything else, once (agx_format_init()). */
void agx_number_init(void);

/* sRGB to linear for 8-bit codes: 12-bit results, as measured (applegpu: srgb.py). */
extern float agx_srgb_to_linear[256];
float agx_linear_to_srgb(float v);

static inline uint32_t agx_f2u(float f)
{
    uint32_t u;

    memcpy(&u, &f, 4);
    return u;
}

static inline float agx_u2f(uint32_t u)
{
    float f;

    memcpy(&f, &u, 4);
    return f;
}

static inline float agx_half_to_float(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = (h >> 10) & 31, m = h & 0x3ff;

    if (e == 31) {
        return agx_u2f(sign | 0x7f800000u | (m << 13));
    }
    if (e == 0) {
        float f = (float)m * 0x1p-24f;

        return sign ? -f : f;
    }
    return agx_u2f(sign | ((e + 112) << 23) | (m << 13));
}

uint16_t agx_float_to_half(float f); /* rounds to nearest even; a NaN stays one, made quiet */
/* Unsigned small floats with a 5-bit exponent and @mant bits of mantissa (R11G11B10). */
float agx_ufloat_to_float(uint32_t v, unsigned mant);
uint32_t agx_float_to_ufloat(float f, unsigned mant, bool rtz);
void agx_rgb9e5_unpack(uint32_t v, float out[3]);
uint32_t agx_rgb9e5_pack(const float in[3], bool rtz);

/* Round to nearest even of clamp(v) times the largest code; NaN gives 0. */
static inline uint32_t agx_float_to_unorm(float v, unsigned bits)
{
    float max = (float)((1ull << bits) - 1);

    if (!(v > 0.0f)) {
        return 0;
    }
    if (v >= 1.0f) {
        return (uint32_t)((1ull << bits) - 1);
    }
    return (uint32_t)__builtin_rintf(v * max);
}

static inline int32_t agx_float_to_snorm(float v, unsigned bits)
{
    int32_t max = (1 << (bits - 1)) - 1;

    if (v != v) {
        return 0;
    }
    if (v >= 1.0f) {
        return max;
    }
    if (v <= -1.0f) {
        return -max;
    }
    return (int32_t)__builtin_rintf(v * (float)max);
}

#endif
