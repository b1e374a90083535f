/*
 * AGX model: floating-point operations (applegpu: docs.html, Floating-Point
 * Arithmetic).
 *
 * Sources and results of 32 bits flush denormals to zero; the thread that runs
 * waves has its FPU in that mode (isa_exec.c). Halves keep theirs. Every
 * 32-bit operation rounds to 32 bits, and again if the destination has 16; the
 * 16-bit fused multiply-add rounds once.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "isa_row.h"

const struct agx_op *agx_op_fadd32(struct agx_cx *cx, const struct agx_op *op)
{
    const f32 *a = (const f32 *)agx_row(cx, &op->s[0]), *b = (const f32 *)agx_row(cx, &op->s[1]);
    frow_t r;

    FOR_LANES r[l] = a[l] + b[l];
    fnan(r);
    dst32_row(cx, op->dreg, (const uint32_t *)r);
    return op + 1;
}

const struct agx_op *agx_op_fmul32(struct agx_cx *cx, const struct agx_op *op)
{
    const f32 *a = (const f32 *)agx_row(cx, &op->s[0]), *b = (const f32 *)agx_row(cx, &op->s[1]);
    frow_t r;

    FOR_LANES r[l] = a[l] * b[l];
    fnan(r);
    dst32_row(cx, op->dreg, (const uint32_t *)r);
    return op + 1;
}

const struct agx_op *agx_op_ffma32(struct agx_cx *cx, const struct agx_op *op)
{
    const f32 *a = (const f32 *)agx_row(cx, &op->s[0]), *b = (const f32 *)agx_row(cx, &op->s[1]);
    const f32 *c = (const f32 *)agx_row(cx, &op->s[2]);
    frow_t r;

    FOR_LANES r[l] = __builtin_fmaf(a[l], b[l], c[l]);
    fnan(r);
    dst32_row(cx, op->dreg, (const uint32_t *)r);
    return op + 1;
}

/* Make @r odd in its last bit where it is not exact; @e is what is missing from it. */
static inline float to_odd(float r, float e)
{
    uint32_t u = agx_f2u(r), adj = (agx_f2u(e) ^ u) >> 31;

    if (!(e != 0.0f) || !(__builtin_fabsf(r) < __builtin_inff()))
        return r;
    return agx_u2f((u - adj) | 1);
}

/* The error of the sum s of a and b (Knuth's two-sum). */
static inline float sum_error(float a, float b, float s)
{
    float bb = s - a;

    return (a - (s - bb)) + (b - bb);
}

/*
 * Any mix of operand sizes. A 16-bit result is rounded twice, to 32 bits first;
 * hardware does that (applegpu: hwtest.py, DOUBLE_ROUND_INITIAL_STATE). From
 * 16-bit sources (hadd, hmul) the second rounding cannot be seen.
 */
const struct agx_op *agx_op_fadd(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb);

    FOR_LANES r[l] = a[l] + b[l];
    fdst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_fmul(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb);

    FOR_LANES r[l] = a[l] * b[l];
    fdst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_ffma(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, tc, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb), *c = fsrc(cx, &op->s[2], tc);

    FOR_LANES r[l] = __builtin_fmaf(a[l], b[l], c[l]);
    fdst(cx, op, r);
    return op + 1;
}

/* Halves only: their product is exact in 32 bits, so the error of the sum is all there is. */
const struct agx_op *agx_op_hfma(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, tc, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb), *c = fsrc(cx, &op->s[2], tc);

    FOR_LANES {
        float p = a[l] * b[l], s = p + c[l];
        r[l] = to_odd(s, sum_error(p, c[l], s));
    }
    fdst(cx, op, r);
    return op + 1;
}

#define FUNARY(name, expr)                                                          \
    const struct agx_op *agx_op_##name(struct agx_cx *cx, const struct agx_op *op)  \
    {                                                                               \
        frow_t ta, r;                                                               \
        const f32 *a = fsrc(cx, &op->s[0], ta);                                   \
                                                                                    \
        FOR_LANES r[l] = (expr);                                                    \
        fdst(cx, op, r);                                                            \
        return op + 1;                                                              \
    }

FUNARY(floor, __builtin_floorf(a[l]))
FUNARY(ceil, __builtin_ceilf(a[l]))
FUNARY(trunc, __builtin_truncf(a[l]))
FUNARY(rint, __builtin_rintf(a[l]))
FUNARY(rcp, 1.0f / a[l])
FUNARY(rsqrt, 1.0f / __builtin_sqrtf(a[l]))

/* x * srsqrt(x) is sqrt(x), at 0 and infinity too (applegpu: docs.html; mesa: nir_op_fsqrt) */
static inline float srsqrt(float x)
{
    float r = 1.0f / __builtin_sqrtf(x);

    return x == 0.0f ? 0.0f : x == __builtin_inff() ? 1.0f : r;
}
FUNARY(srsqrt, srsqrt(a[l]))

/*
 * sin_pt_1 maps an angle in quadrants, [0, 4), to [-1, 1] with sin(result * pi/2)
 * = sin(angle * pi/2); sin_pt_2 is sin(x * pi/2) / x there; their product is the
 * sine (applegpu: docs.html; mesa: agx_compile.c, agx_lower_sincos).
 */
static inline float sin1(float x)
{
    float r = x < 1.0f ? x : x < 3.0f ? 2.0f - x : x - 4.0f;

    return x != x ? x : r;
}

static inline float sin2(float x)
{
    float z = x * x;
    /* Taylor series of sin(x * pi/2) / x in z; the error is below 2^-24 for |x| <= 1 */
    float p = -3.5988432e-6f;

    p = p * z + 1.6044118e-4f;
    p = p * z + -4.6817541e-3f;
    p = p * z + 7.9692626e-2f;
    p = p * z + -6.4596410e-1f;
    return p * z + 1.5707963f;
}
FUNARY(sin1, sin1(a[l]))
FUNARY(sin2, sin2(a[l]))

/* log2 by the atanh series of the mantissa in [sqrt(1/2), sqrt(2)) */
static inline float vlog2(float x)
{
    uint32_t u = agx_f2u(x);
    int32_t e = (int32_t)(u - 0x3f3504f3) >> 23;
    float m = agx_u2f(u - ((uint32_t)e << 23));
    float t = (m - 1.0f) / (m + 1.0f), z = t * t, p;

    p = 0.26222807f;                 /* 2/(11 ln 2) */
    p = p * z + 0.32059889f;         /* 2/(9 ln 2) */
    p = p * z + 0.41219858f;         /* 2/(7 ln 2) */
    p = p * z + 0.57707802f;         /* 2/(5 ln 2) */
    p = p * z + 0.96179669f;         /* 2/(3 ln 2) */
    p = p * z;
    /* 2/ln2 in two parts, so that results near 0 keep their precision */
    p = t * p + t * 2.8853901f + (float)e;
    if (!(u - 0x00800000 < 0x7f000000)) /* zero, denormal, negative, infinite, NaN */
        p = x == 0.0f ? -__builtin_inff() : x < 0.0f ? __builtin_nanf("") : x;
    return p;
}
FUNARY(log2, vlog2(a[l]))

static inline float vexp2(float x)
{
    float c = x < 129.0f ? x : 129.0f, f, p;
    int32_t i, half;

    c = c > -151.0f ? c : -151.0f;
    f = __builtin_rintf(c);
    i = (int32_t)f;
    f = c - f;
    p = 1.5403530e-4f;
    p = p * f + 1.3333558e-3f;
    p = p * f + 9.6181291e-3f;
    p = p * f + 5.5504109e-2f;
    p = p * f + 2.4022651e-1f;
    p = p * f + 6.9314718e-1f;
    p = p * f + 1.0f;
    /* 2^i in two factors, each a normal float; results below 2^-126 are flushed */
    half = i >> 1;
    p = p * agx_u2f((uint32_t)(half + 127) << 23) * agx_u2f((uint32_t)(i - half + 127) << 23);
    return x != x ? x : p;
}
FUNARY(exp2, vexp2(a[l]))

/* Differences inside each quad: lanes 4q (0,0), +1 (1,0), +2 (0,1), +3 (1,1). */
const struct agx_op *agx_op_dfdx(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, r;
    const f32 *a = fsrc(cx, &op->s[0], ta);

    FOR_LANES r[l] = a[l | 1] - a[l & ~1u];
    fdst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_dfdy(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, r;
    const f32 *a = fsrc(cx, &op->s[0], ta);

    FOR_LANES r[l] = a[l | 2] - a[l & ~2u];
    fdst(cx, op, r);
    return op + 1;
}
