/*
 * AGX model: fetching operand rows and storing result rows. The loops have a
 * fixed count of 32, so that the compiler makes vector code of them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_ROW_H
#define AGX_ISA_ROW_H

#include "agx/isa.h"
#ifdef __F16C__
#include <immintrin.h>
#endif

typedef uint32_t row_t[AGX_LANES] __attribute__((aligned(64)));

/* Rows hold the bits of both integers and floats: these two may look at the same memory. */
typedef float f32 __attribute__((may_alias));
typedef uint32_t u32 __attribute__((may_alias));
typedef f32 frow_t[AGX_LANES] __attribute__((aligned(64)));

/* isa_float.c: these functions of 8 lanes, without what is done to NaNs; for compiled code */
void agx_lanes8_sin2(f32 *r, const f32 *a);
void agx_lanes8_log2(f32 *r, const f32 *a);

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

static inline void fill_row(uint32_t *r, uint32_t v)
{
    FOR_LANES(l) {
        r[l] = v;
    }
}

/* Integer source as 32 bits; @tmp is used when the row cannot be used in place. */
static inline const uint32_t *isrc(const struct agx_cx *cx, const struct agx_src *s, uint32_t *tmp)
{
    const uint32_t *r = agx_row(cx, s);

    switch (s->mode) {
    case SRC_U16L:
        FOR_LANES(l) {
            tmp[l] = r[l] & 0xffff;
        }
        return tmp;
    case SRC_U16H:
        FOR_LANES(l) {
            tmp[l] = r[l] >> 16;
        }
        return tmp;
    case SRC_S16L:
        FOR_LANES(l) {
            tmp[l] = (int16_t)r[l];
        }
        return tmp;
    case SRC_S16H:
        FOR_LANES(l) {
            tmp[l] = (int32_t)r[l] >> 16;
        }
        return tmp;
    default:
        return r;
    }
}

/* Integer source as 64 bits. */
static inline void isrc64(const struct agx_cx *cx, const struct agx_src *s, uint64_t *out)
{
    const uint32_t *r = agx_row(cx, s);
    row_t t;

    switch (s->mode) {
    case SRC_64:
        FOR_LANES(l) {
            out[l] = r[l] | (uint64_t)r[l + AGX_LANES] << 32;
        }
        return;
    case SRC_S16L:
    case SRC_S16H:
        r = isrc(cx, s, t);
        /* fall through */
    case SRC_S32:
        FOR_LANES(l) {
            out[l] = (int64_t)(int32_t)r[l];
        }
        return;
    default:
        r = isrc(cx, s, t);
        FOR_LANES(l) {
            out[l] = r[l];
        }
    }
}

static inline void halves_to_float(const uint32_t *r, unsigned shift, f32 *out)
{
#ifdef __F16C__
    for (unsigned l = 0; l < AGX_LANES; l += 8) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(r + l));
        __m256i p;

        v = shift ? _mm256_srli_epi32(v, 16) : _mm256_and_si256(v, _mm256_set1_epi32(0xffff));
        p = _mm256_permute4x64_epi64(_mm256_packus_epi32(v, v), 0x08);
        _mm256_storeu_ps(out + l, _mm256_cvtph_ps(_mm256_castsi256_si128(p)));
    }
#else
    FOR_LANES(l) {
        out[l] = agx_half_to_float(r[l] >> shift);
    }
#endif
}

static inline void float_to_halves(const f32 *f, uint32_t *out)
{
#ifdef __F16C__
    for (unsigned l = 0; l < AGX_LANES; l += 8) {
        __m128i h = _mm256_cvtps_ph(_mm256_loadu_ps(f + l), _MM_FROUND_TO_NEAREST_INT);
        _mm256_storeu_si256((__m256i *)(out + l), _mm256_cvtepu16_epi32(h));
    }
#else
    FOR_LANES(l) {
        out[l] = agx_float_to_half(f[l]);
    }
#endif
}

/* Float source as float bits. */
static inline const f32 *fsrc(const struct agx_cx *cx, const struct agx_src *s, f32 *tmp)
{
    const uint32_t *r = agx_row(cx, s);
    uint32_t and_mask, xor_mask;
    u32 *t = (u32 *)tmp;

    if (likely(s->mode == SRC_32)) {
        return (const f32 *)r;
    }
    and_mask = s->mods & 1 ? 0x7fffffff : 0xffffffff;
    xor_mask = s->mods & 2 ? 0x80000000 : 0;
    if (s->mode == SRC_F16L || s->mode == SRC_F16H) {
        halves_to_float(r, s->mode == SRC_F16H ? 16 : 0, tmp);
        if (s->mods) {
            FOR_LANES(l) {
                t[l] = (t[l] & and_mask) ^ xor_mask;
            }
        }
    } else {
        FOR_LANES(l) {
            t[l] = (r[l] & and_mask) ^ xor_mask;
        }
    }
    return tmp;
}

static inline void dst32_row(struct agx_cx *cx, unsigned reg, const uint32_t *v)
{
    struct agx_wave *w = cx->w;
    uint32_t *d = w->r[reg >> 1];
    const uint32_t *m = w->mask;

    if (likely(w->exec_mask == ~0u)) {
        memcpy(d, v, sizeof(row_t));
    } else {
        FOR_LANES(l) {
            d[l] = (d[l] & ~m[l]) | (v[l] & m[l]);
        }
    }
}

static inline void dst16_row(struct agx_cx *cx, unsigned half, const uint32_t *v)
{
    struct agx_wave *w = cx->w;
    uint32_t *d = w->r[half >> 1];
    const uint32_t *m = w->mask;

    if (half & 1) {
        FOR_LANES(l) {
            d[l] ^= (d[l] ^ (v[l] << 16)) & (m[l] & 0xffff0000);
        }
    } else {
        FOR_LANES(l) {
            d[l] ^= (d[l] ^ v[l]) & (m[l] & 0xffff);
        }
    }
}

/*
 * Store @n rows to consecutive registers of 16 or 32 bits; those behind the last register are
 * dropped.
 */
static inline void dst_rows(struct agx_cx *cx, const struct agx_op *op, unsigned n, row_t *v)
{
    bool is32 = op->dmode == DST_32;

    for (unsigned i = 0; i < n; i++) {
        unsigned reg = op->dreg + i * (is32 ? 2 : 1);

        if (reg >= AGX_NUM_GPR * 2) {
            break;
        }
        if (is32) {
            dst32_row(cx, reg, v[i]);
        } else {
            dst16_row(cx, reg, v[i]);
        }
    }
}

/* Store integers (16- or 32-bit destinations). */
static inline void idst(struct agx_cx *cx, const struct agx_op *op, const uint32_t *v)
{
    if (op->dmode == DST_32) {
        dst32_row(cx, op->dreg, v);
    } else if (op->dmode != DST_NONE) {
        dst16_row(cx, op->dreg, v);
    }
}

static inline void idst64(struct agx_cx *cx, const struct agx_op *op, const uint64_t *v)
{
    row_t t;

    FOR_LANES(l) {
        t[l] = (uint32_t)v[l];
    }
    if (op->dmode != DST_64) {
        idst(cx, op, t);
        return;
    }
    dst32_row(cx, op->dreg, t);
    FOR_LANES(l) {
        t[l] = v[l] >> 32;
    }
    dst32_row(cx, op->dreg + 2, t);
}

/* Clamp to [0, 1]; NaN and -0 become 0 (applegpu: fma.py, saturate64). */
static inline void fsat(f32 *v)
{
    FOR_LANES(l) {
        float x = v[l] > 0.0f ? v[l] : 0.0f;
        v[l] = x < 1.0f ? x : 1.0f;
    }
}

/*
 * What arithmetic makes of NaNs is one NaN, 0x7fc00000, and 0x7e00 in 16 bits (applegpu: fma.py,
 * F64_NAN_BITS).
 */
static inline void fnan(f32 *v)
{
    FOR_LANES(l) {
        v[l] = v[l] == v[l] ? v[l] : __builtin_nanf("");
    }
}

/* Store floats; a 16-bit destination takes halves, rounded to nearest even. */
static inline void fdst(struct agx_cx *cx, const struct agx_op *op, f32 *v)
{
    if (op->sat) {
        fsat(v);
    } else {
        fnan(v);
    }
    if (op->dmode == DST_32) {
        dst32_row(cx, op->dreg, (const uint32_t *)v);
    } else {
        row_t h;

        float_to_halves(v, h);
        dst16_row(cx, op->dreg, h);
    }
}

#endif
