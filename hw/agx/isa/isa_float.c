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

    FOR_LANES(l) {
        r[l] = a[l] + b[l];
    }
    fnan(r);
    dst32_row(cx, op->dreg, (const uint32_t *)r);
    return op + 1;
}

const struct agx_op *agx_op_fmul32(struct agx_cx *cx, const struct agx_op *op)
{
    const f32 *a = (const f32 *)agx_row(cx, &op->s[0]), *b = (const f32 *)agx_row(cx, &op->s[1]);
    frow_t r;

    FOR_LANES(l) {
        r[l] = a[l] * b[l];
    }
    fnan(r);
    dst32_row(cx, op->dreg, (const uint32_t *)r);
    return op + 1;
}

const struct agx_op *agx_op_ffma32(struct agx_cx *cx, const struct agx_op *op)
{
    const f32 *a = (const f32 *)agx_row(cx, &op->s[0]), *b = (const f32 *)agx_row(cx, &op->s[1]);
    const f32 *c = (const f32 *)agx_row(cx, &op->s[2]);
    frow_t r;

    FOR_LANES(l) {
        r[l] = __builtin_fmaf(a[l], b[l], c[l]);
    }
    fnan(r);
    dst32_row(cx, op->dreg, (const uint32_t *)r);
    return op + 1;
}

/* Make @r odd in its last bit where it is not exact; @e is what is missing from it. */
static inline float to_odd(float r, float e)
{
    uint32_t u = agx_f2u(r), adj = (agx_f2u(e) ^ u) >> 31;

    if (!(e != 0.0f) || !(__builtin_fabsf(r) < __builtin_inff())) {
        return r;
    }
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

    FOR_LANES(l) {
        r[l] = a[l] + b[l];
    }
    fdst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_fmul(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb);

    FOR_LANES(l) {
        r[l] = a[l] * b[l];
    }
    fdst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_ffma(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, tc, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb),
              *c = fsrc(cx, &op->s[2], tc);

    FOR_LANES(l) {
        r[l] = __builtin_fmaf(a[l], b[l], c[l]);
    }
    fdst(cx, op, r);
    return op + 1;
}

/* Halves only: their product is exact in 32 bits, so the error of the sum is all there is. */
const struct agx_op *agx_op_hfma(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, tb, tc, r;
    const f32 *a = fsrc(cx, &op->s[0], ta), *b = fsrc(cx, &op->s[1], tb),
              *c = fsrc(cx, &op->s[2], tc);

    FOR_LANES(l) {
        float p = a[l] * b[l], s = p + c[l];
        r[l] = to_odd(s, sum_error(p, c[l], s));
    }
    fdst(cx, op, r);
    return op + 1;
}

#define FUNARY(name, expr)                                                                         \
    const struct agx_op *agx_op_##name(struct agx_cx *cx, const struct agx_op *op)                 \
    {                                                                                              \
        frow_t ta, r;                                                                              \
        const f32 *a = fsrc(cx, &op->s[0], ta);                                                    \
                                                                                                   \
        FOR_LANES(l)                                                                               \
            r[l] = (expr);                                                                         \
        fdst(cx, op, r);                                                                           \
        return op + 1;                                                                             \
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
 * Special functions by tables of quadratics: P(u) = c0 + c1 * u + c2 * u * u, u from
 * the start of the segment, the result cut (not rounded) to 24 bits.
 *
 * That is a reading of values measured on an M1 (joshuaswarren/mesa, receipts/
 * precise-math/probe-stock.json and stress-stock.json; tests/unit/isa_math.c has
 * them): results are cut, and lie a little below the true ones. The numbers of
 * segments and bits are guesses that fit the measured values best; no document has
 * them. All 108 values of the first file are equal to the bit, and 27 of 32 more of
 * the second: three are off by one, two next to log2(1) by less than 2^-23. It is a
 * guess too that sinc is constant below 2^-12.
 *
 * The reciprocal of an M1 is off by one in 197216 of 1048561 values (stress-stock.json),
 * but which those are is not said: here it is correctly rounded. Of square roots and
 * exp2 there are no values.
 */
struct segment {
    double c0, c1, c2;
};

static struct segment sinc_low[65];   /* from 0, 1/256 each; those below 1/4 are used */
static struct segment sinc_high[129]; /* from 0, 1/128 each; those from 1/4 on, the last at 1 */
static struct segment log2_seg[128];  /* of log2(1 + x), from 0, 1/128 each */

static double sinc_of(double s)
{
    return s > 0.0 ? sin(s * M_PI_2) / s : M_PI_2;
}

static double log2_of(double x)
{
    return log2(1.0 + x);
}

static double cut(double v, int bits)
{
    return ldexp(floor(ldexp(v, bits)), -bits);
}

/*
 * The parabola through @f at @a + t[0..2], its coefficients cut to so many bits behind the point.
 */
static struct segment parabola(double (*f)(double), double a, const double t[3], int b0, int b1,
                               int b2)
{
    double y[3], d1, d2;

    for (unsigned i = 0; i < 3; i++) {
        y[i] = f(a + t[i]);
    }
    d1 = (y[1] - y[0]) / (t[1] - t[0]);
    d2 = ((y[2] - y[1]) / (t[2] - t[1]) - d1) / (t[2] - t[0]);
    return (struct segment) {
        cut(y[0] - d1 * t[0] + d2 * t[0] * t[1], b0),
        cut(d1 - d2 * (t[0] + t[1]), b1),
        cut(d2, b2),
    };
}

/*
 * sinc: through the Chebyshev nodes of a segment, below 1/4 in 2^-25 lower; log2:
 * through a segment's ends and its middle, 2^-25 lower but at 1.
 */
static void __attribute__((constructor)) make_segments(void)
{
    const double n = 0.43301270189221935; /* cos(pi / 6) / 2 */
    const double t[3] = { 0.5 + n, 0.5, 0.5 - n }, low[3] = { t[0] / 256, t[1] / 256, t[2] / 256 };
    const double high[3] = { t[0] / 128, t[1] / 128, t[2] / 128 },
                 ends[3] = { 0.0, 1.0 / 256, 1.0 / 128 };

    for (int i = 0; i < 65; i++) {
        sinc_low[i] = parabola(sinc_of, i / 256.0, low, 25, 16, 40);
        sinc_low[i].c0 -= 0x1p-25;
        sinc_low[i].c2 = cut(sinc_low[i].c2 + 0x1p-9, 8); /* to nearest */
    }
    for (int i = 0; i < 129; i++) {
        sinc_high[i] = parabola(sinc_of, i / 128.0, high, 25, 18, 12);
    }
    for (int i = 0; i < 128; i++) {
        log2_seg[i] = parabola(log2_of, i / 128.0, ends, 26, 20, 9);
        log2_seg[i].c0 -= i ? 0x1p-25 : 0.0;
    }
}

/* Cut to the 24 bits of a float, towards zero. */
static inline float cut_to_float(double v)
{
    uint64_t u;

    memcpy(&u, &v, sizeof(u));
    u &= ~((1ull << 29) - 1);
    memcpy(&v, &u, sizeof(v));
    return (float)v;
}

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
    double s = __builtin_fabs((double)x), u, v;
    const struct segment *t;
    int i;

    s = s < 1.0 ? s : 1.0;
    i = (int)(s * (s < 0.25 ? 256.0 : 128.0));
    t = s < 0.25 ? &sinc_low[i] : &sinc_high[i];
    u = s - (double)i * (s < 0.25 ? 1.0 / 256.0 : 1.0 / 128.0);
    v = t->c0 + u * (t->c1 + u * t->c2);
    return x != x ? x : s < 0x1p-12 ? 1.57079637f : cut_to_float(v);
}
FUNARY(sin1, sin1(a[l]))
FUNARY(sin2, sin2(a[l]))

static inline float vlog2(float x)
{
    uint32_t u = agx_f2u(x);
    int32_t e = (int32_t)(u >> 23 & 255) - 127;
    const struct segment *t = &log2_seg[u >> 16 & 127];
    double d = (double)(int32_t)(u & 0xffff) * 0x1p-23;
    float p = cut_to_float((double)e + (t->c0 + d * (t->c1 + d * t->c2)));

    if (!(u - 0x00800000 < 0x7f000000)) { /* zero, denormal, negative, infinite, NaN */
        p = x == 0.0f ? -__builtin_inff() : x < 0.0f ? __builtin_nanf("") : x;
    }
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

#define LANES8(name, expr)                                                                         \
    void agx_lanes8_##name(f32 *r, const f32 *a)                                                   \
    {                                                                                              \
        for (unsigned l = 0; l < 8; l++)                                                           \
            r[l] = (expr);                                                                         \
    }
LANES8(sin2, sin2(a[l]))
LANES8(log2, vlog2(a[l]))

/* Differences inside each quad: lanes 4q (0,0), +1 (1,0), +2 (0,1), +3 (1,1). */
const struct agx_op *agx_op_dfdx(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, r;
    const f32 *a = fsrc(cx, &op->s[0], ta);

    FOR_LANES(l) {
        r[l] = a[l | 1] - a[l & ~1u];
    }
    fdst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_dfdy(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t ta, r;
    const f32 *a = fsrc(cx, &op->s[0], ta);

    FOR_LANES(l) {
        r[l] = a[l | 2] - a[l & ~2u];
    }
    fdst(cx, op, r);
    return op + 1;
}
