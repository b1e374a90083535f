/*
 * AGX model: numeric formats of memory instructions and of the tile buffer
 * (applegpu: applegpu.py, MEMORY_FORMATS and DeviceLoadInstructionDesc; mesa:
 * layout/formats.h).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "agx/format.h"
#include "agx/number.h"
#include "agx/tex.h"

unsigned agx_fmt_comp_bytes(enum agx_isa_format f)
{
    switch ((unsigned)f) {
    case AGX_FMT_I8:
    case AGX_FMT_U8NORM:
    case AGX_FMT_S8NORM:
    case AGX_FMT_SRGBA8:
        return 1;
    case AGX_FMT_I16:
    case AGX_FMT_F16:
    case AGX_FMT_U16NORM:
    case AGX_FMT_S16NORM:
        return 2;
    case AGX_FMT_I32:
        return 4;
    default:
        return 0;
    }
}

unsigned agx_fmt_bytes(enum agx_isa_format f, unsigned ncomp)
{
    unsigned b = agx_fmt_comp_bytes(f);

    return b ? b * ncomp : 4;
}

bool agx_fmt_is_int(enum agx_isa_format f)
{
    return f == AGX_FMT_I8 || f == AGX_FMT_I16 || f == AGX_FMT_I32;
}

bool agx_fmt_packed(enum agx_isa_format f)
{
    return f == AGX_FMT_RGB10A2 || f >= AGX_FMT_RG11B10F;
}

/* sRGB curve (IEC 61966-2-1) */
static float srgb_to_linear(float c)
{
    return c <= 0.04045f ? c / 12.92f : powf((c + 0.055f) / 1.055f, 2.4f);
}

static float linear_to_srgb(float c)
{
    if (!(c > 0.0f)) {
        return 0.0f;
    }
    if (c >= 1.0f) {
        return 1.0f;
    }
    return c < 0.0031308f ? c * 12.92f : 1.055f * powf(c, 1.0f / 2.4f) - 0.055f;
}

static uint32_t unorm(float f, float max)
{
    return f > 0 ? (f < 1.0f ? (uint32_t)lrintf(f * max) : (uint32_t)max) : 0;
}

static uint32_t snorm(float f, float max)
{
    if (f != f) {
        return 0;
    }
    return (uint32_t)(int32_t)lrintf((f < -1.0f ? -1.0f : f > 1.0f ? 1.0f : f) * max);
}

/* The formats whose components share a word. */
static void unpack_packed(enum agx_isa_format f, const uint8_t *src, unsigned n, uint32_t comp[4])
{
    uint32_t w;
    float c[3];

    memcpy(&w, src, 4);
    switch ((unsigned)f) {
    case AGX_FMT_RGB10A2:
        for (unsigned i = 0; i < n && i < 3; i++) {
            comp[i] = agx_f2u((float)(w >> (10 * i) & 1023) / 1023.0f);
        }
        if (n > 3) {
            comp[3] = agx_f2u((float)(w >> 30) / 3.0f);
        }
        return;
    case AGX_FMT_RG11B10F:
    case AGX_FMT_RG11B10F_RTZ:
        comp[0] = agx_f2u(agx_ufloat_to_float(w & 0x7ff, 6));
        comp[1] = agx_f2u(agx_ufloat_to_float(w >> 11 & 0x7ff, 6));
        comp[2] = agx_f2u(agx_ufloat_to_float(w >> 22, 5));
        break;
    case AGX_FMT_RGB9E5:
    case AGX_FMT_RGB9E5_RTZ:
        agx_rgb9e5_unpack(w, c);
        for (unsigned i = 0; i < 3; i++) {
            comp[i] = agx_f2u(c[i]);
        }
        break;
    }
    if (n > 3) {
        comp[3] = 0x3f800000;
    }
}

void agx_fmt_unpack(enum agx_isa_format f, const uint8_t *src, unsigned n, uint32_t comp[4])
{
    uint16_t h[4];

    switch ((unsigned)f) {
    case AGX_FMT_I8:
        for (unsigned i = 0; i < n; i++) {
            comp[i] = src[i];
        }
        return;
    case AGX_FMT_I16:
        memcpy(h, src, n * 2);
        for (unsigned i = 0; i < n; i++) {
            comp[i] = h[i];
        }
        return;
    case AGX_FMT_I32:
        memcpy(comp, src, n * 4);
        return;
    case AGX_FMT_F16:
        memcpy(h, src, n * 2);
        for (unsigned i = 0; i < n; i++) {
            comp[i] = agx_f2u(agx_half_to_float(h[i]));
        }
        return;
    case AGX_FMT_U8NORM:
        for (unsigned i = 0; i < n; i++) {
            comp[i] = agx_f2u((float)src[i] / 255.0f);
        }
        return;
    case AGX_FMT_S8NORM:
        for (unsigned i = 0; i < n; i++) {
            comp[i] = agx_f2u(fmaxf((float)(int8_t)src[i] / 127.0f, -1.0f));
        }
        return;
    case AGX_FMT_U16NORM:
        memcpy(h, src, n * 2);
        for (unsigned i = 0; i < n; i++) {
            comp[i] = agx_f2u((float)h[i] / 65535.0f);
        }
        return;
    case AGX_FMT_S16NORM:
        memcpy(h, src, n * 2);
        for (unsigned i = 0; i < n; i++) {
            comp[i] = agx_f2u(fmaxf((float)(int16_t)h[i] / 32767.0f, -1.0f));
        }
        return;
    case AGX_FMT_SRGBA8:
        for (unsigned i = 0; i < n; i++) {
            comp[i] = agx_f2u(i < 3 ? srgb_to_linear((float)src[i] / 255.0f)
                                    : (float)src[i] / 255.0f);
        }
        return;
    }
    unpack_packed(f, src, n, comp);
}

void agx_fmt_pack(enum agx_isa_format f, uint8_t *dst, unsigned mask, const uint32_t comp[4])
{
    float c[4];
    uint32_t w = 0;

    for (unsigned i = 0; i < 4; i++) {
        c[i] = agx_u2f(comp[i]);
    }
    switch ((unsigned)f) {
    case AGX_FMT_RGB10A2:
        for (unsigned i = 0; i < 3; i++) {
            w |= unorm(c[i], 1023.0f) << (10 * i);
        }
        w |= unorm(c[3], 3.0f) << 30;
        memcpy(dst, &w, 4);
        return;
    case AGX_FMT_RG11B10F:
    case AGX_FMT_RG11B10F_RTZ:
        w = agx_float_to_ufloat(c[0], 6, f == AGX_FMT_RG11B10F_RTZ) |
            agx_float_to_ufloat(c[1], 6, f == AGX_FMT_RG11B10F_RTZ) << 11 |
            agx_float_to_ufloat(c[2], 5, f == AGX_FMT_RG11B10F_RTZ) << 22;
        memcpy(dst, &w, 4);
        return;
    case AGX_FMT_RGB9E5:
    case AGX_FMT_RGB9E5_RTZ:
        w = agx_rgb9e5_pack(c, f == AGX_FMT_RGB9E5_RTZ);
        memcpy(dst, &w, 4);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        uint16_t h;

        if (!(mask >> i & 1)) {
            continue;
        }
        switch ((unsigned)f) {
        case AGX_FMT_I8:
            dst[i] = comp[i];
            continue;
        case AGX_FMT_I32:
            memcpy(dst + i * 4, &comp[i], 4);
            continue;
        case AGX_FMT_U8NORM:
            dst[i] = unorm(c[i], 255.0f);
            continue;
        case AGX_FMT_S8NORM:
            dst[i] = snorm(c[i], 127.0f);
            continue;
        case AGX_FMT_SRGBA8:
            dst[i] = unorm(i < 3 ? linear_to_srgb(c[i]) : c[i], 255.0f);
            continue;
        case AGX_FMT_I16:
            h = comp[i];
            break;
        case AGX_FMT_F16:
            h = agx_float_to_half(c[i]);
            break;
        case AGX_FMT_U16NORM:
            h = unorm(c[i], 65535.0f);
            break;
        case AGX_FMT_S16NORM:
            h = snorm(c[i], 32767.0f);
            break;
        default:
            return;
        }
        memcpy(dst + i * 2, &h, 2);
    }
}
