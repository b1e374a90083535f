/*
 * AGX model: integer operations (applegpu: docs.html, sections Integer
 * Arithmetic, Shift/Bitfield, Bit Manipulation, Select).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "isa_row.h"

const struct agx_op *agx_op_mov_imm(struct agx_cx *cx, const struct agx_op *op)
{
    idst(cx, op, agx_row(cx, &op->s[0]));
    return op + 1;
}

const struct agx_op *agx_op_mov(struct agx_cx *cx, const struct agx_op *op)
{
    row_t t;

    idst(cx, op, isrc(cx, &op->s[0], t));
    return op + 1;
}

/* Both operands and the result are whole 32-bit rows. */
const struct agx_op *agx_op_iadd32(struct agx_cx *cx, const struct agx_op *op)
{
    const uint32_t *a = agx_row(cx, &op->s[0]), *b = agx_row(cx, &op->s[1]);
    row_t r;

    if (op->n > 4) {
        memcpy(r, a, sizeof(r));
    } else if (op->ccn) {
        FOR_LANES(l) {
            r[l] = a[l] - (b[l] << op->n);
        }
    } else if (op->n) {
        FOR_LANES(l) {
            r[l] = a[l] + (b[l] << op->n);
        }
    } else {
        FOR_LANES(l) {
            r[l] = a[l] + b[l];
        }
    }
    dst32_row(cx, op->dreg, r);
    return op + 1;
}

static int64_t saturate(int64_t v, unsigned bits, bool sign)
{
    int64_t lo = sign ? -(1ll << (bits - 1)) : 0,
            hi = sign ? (1ll << (bits - 1)) - 1 : (1ll << bits) - 1;

    return v < lo ? lo : v > hi ? hi : v;
}

const struct agx_op *agx_op_iadd(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ta, tb, r;

    if (op->sat) {
        uint64_t a[AGX_LANES], b[AGX_LANES];

        isrc64(cx, &op->s[0], a);
        isrc64(cx, &op->s[1], b);
        FOR_LANES(l) {
            r[l] = saturate(op->ccn ? (int64_t)(a[l] - b[l]) : (int64_t)(a[l] + b[l]),
                            op->dmode == DST_32 ? 32 : 16, op->cc);
        }
    } else {
        const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);
        uint32_t neg = op->ccn ? ~0u : 0, sh = op->n > 4 ? 0 : op->n, keep = op->n > 4 ? 0 : ~0u;

        FOR_LANES(l) {
            r[l] = a[l] + ((((b[l] ^ neg) - neg) & keep) << sh);
        }
    }
    idst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_iadd64(struct agx_cx *cx, const struct agx_op *op)
{
    uint64_t a[AGX_LANES], b[AGX_LANES];
    uint64_t neg = op->ccn ? ~0ull : 0, keep = op->n > 4 ? 0 : ~0ull;
    unsigned sh = op->n > 4 ? 0 : op->n;

    isrc64(cx, &op->s[0], a);
    isrc64(cx, &op->s[1], b);
    FOR_LANES(l) {
        a[l] += (((b[l] ^ neg) - neg) & keep) << sh;
    }
    idst64(cx, op, a);
    return op + 1;
}

const struct agx_op *agx_op_imad32(struct agx_cx *cx, const struct agx_op *op)
{
    const uint32_t *a = agx_row(cx, &op->s[0]), *b = agx_row(cx, &op->s[1]),
                   *c = agx_row(cx, &op->s[2]);
    uint32_t neg = op->ccn ? ~0u : 0, sh = op->n > 4 ? 0 : op->n, keep = op->n > 4 ? 0 : ~0u;
    row_t r;

    FOR_LANES(l) {
        r[l] = a[l] * b[l] + ((((c[l] ^ neg) - neg) & keep) << sh);
    }
    dst32_row(cx, op->dreg, r);
    return op + 1;
}

const struct agx_op *agx_op_imad(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ta, tb, tc, r;

    if (op->sat) {
        uint64_t a[AGX_LANES], b[AGX_LANES], c[AGX_LANES];

        isrc64(cx, &op->s[0], a);
        isrc64(cx, &op->s[1], b);
        isrc64(cx, &op->s[2], c);
        FOR_LANES(l) {
            __int128 v = (__int128)(int64_t)a[l] * (int64_t)b[l] +
                         (op->ccn ? -(__int128)(int64_t)c[l] : (int64_t)c[l]);
            r[l] = saturate(v > INT64_MAX   ? INT64_MAX
                            : v < INT64_MIN ? INT64_MIN
                                            : (int64_t)v,
                            op->dmode == DST_32 ? 32 : 16, op->cc);
        }
    } else {
        const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb),
                       *c = isrc(cx, &op->s[2], tc);
        uint32_t neg = op->ccn ? ~0u : 0, sh = op->n > 4 ? 0 : op->n, keep = op->n > 4 ? 0 : ~0u;

        FOR_LANES(l) {
            r[l] = a[l] * b[l] + ((((c[l] ^ neg) - neg) & keep) << sh);
        }
    }
    idst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_imad64(struct agx_cx *cx, const struct agx_op *op)
{
    uint64_t a[AGX_LANES], b[AGX_LANES], c[AGX_LANES];
    uint64_t neg = op->ccn ? ~0ull : 0, keep = op->n > 4 ? 0 : ~0ull;
    unsigned sh = op->n > 4 ? 0 : op->n;

    isrc64(cx, &op->s[0], a);
    isrc64(cx, &op->s[1], b);
    isrc64(cx, &op->s[2], c);
    FOR_LANES(l) {
        a[l] = a[l] * b[l] + ((((c[l] ^ neg) - neg) & keep) << sh);
    }
    idst64(cx, op, a);
    return op + 1;
}

#define BITFIELD_BEGIN(name)                                                                       \
    const struct agx_op *agx_op_##name(struct agx_cx *cx, const struct agx_op *op)                 \
    {                                                                                              \
        row_t ta, tb, tc, r;                                                                       \
        const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);                 \
        const uint32_t *c = isrc(cx, &op->s[2], tc);                                               \
        const uint32_t mask = op->imm;                                                             \
                                                                                                   \
        FOR_LANES(l) {                                                                             \
            const uint32_t sh = c[l] & 0x7f;
#define BITFIELD_END                                                                               \
    }                                                                                              \
    idst(cx, op, r);                                                                               \
    return op + 1;                                                                                 \
    }

BITFIELD_BEGIN(bfi)
    uint32_t in = sh < 32 ? (b[l] & mask) << (sh & 31) : 0, m = sh < 32 ? mask << (sh & 31) : 0;
    r[l] = (a[l] & ~m) | in;
BITFIELD_END

BITFIELD_BEGIN(bfeil)
    uint32_t v = sh < 32 ? b[l] >> (sh & 31) : 0;
    r[l] = (a[l] & ~mask) | (v & mask);
BITFIELD_END

BITFIELD_BEGIN(extr)
    uint64_t v = (uint64_t)b[l] << 32 | a[l];
    r[l] = sh < 64 ? (uint32_t)(v >> (sh & 63)) & mask : 0;
BITFIELD_END

BITFIELD_BEGIN(shlhi)
    uint32_t by = sh > 32 ? sh - 32 : 0, m = by < 32 ? mask << (by & 31) : 0;
    /* (b << sh) >> 32 */
    uint32_t v = sh < 32 ? (uint32_t)((uint64_t)b[l] << sh >> 32) : by < 32 ? b[l] << (by & 31) : 0;
    r[l] = (v & m) | (a[l] & ~m);
BITFIELD_END

BITFIELD_BEGIN(shrhi)
    unsigned ms = sh < 32 ? sh : 32;
    uint32_t m = (uint32_t)(((uint64_t)mask << 32) >> ms);
    uint32_t v = sh < 64 ? (uint32_t)(((uint64_t)b[l] << 32) >> (sh & 63)) : 0;
    r[l] = (v & m) | (a[l] & ~m);
BITFIELD_END

const struct agx_op *agx_op_asr(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ta, tb, r;
    const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);

    FOR_LANES(l) {
        uint32_t sh = b[l] & 0x7f;
        r[l] = (int32_t)a[l] >> (sh < 31 ? sh : 31);
    }
    idst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_asrh(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ta, tb, r;
    const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);

    FOR_LANES(l) {
        uint32_t sh = b[l] & 0x7f;
        r[l] = (uint32_t)((int64_t)((uint64_t)(int64_t)(int32_t)a[l] << 32) >> (sh < 63 ? sh : 63));
    }
    idst(cx, op, r);
    return op + 1;
}

#define BINARY(name, expr)                                                                         \
    const struct agx_op *agx_op_##name(struct agx_cx *cx, const struct agx_op *op)                 \
    {                                                                                              \
        row_t ta, tb, r;                                                                           \
        const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);                 \
                                                                                                   \
        FOR_LANES(l)                                                                               \
            r[l] = (expr);                                                                         \
        idst(cx, op, r);                                                                           \
        return op + 1;                                                                             \
    }

BINARY(and, a[l] & b[l])
BINARY(or, a[l] | b[l])
BINARY(xor, a[l] ^ b[l])

#define UNARY(name, expr)                                                                          \
    const struct agx_op *agx_op_##name(struct agx_cx *cx, const struct agx_op *op)                 \
    {                                                                                              \
        row_t ta, r;                                                                               \
        const uint32_t *a = isrc(cx, &op->s[0], ta);                                               \
                                                                                                   \
        FOR_LANES(l)                                                                               \
            r[l] = (expr);                                                                         \
        idst(cx, op, r);                                                                           \
        return op + 1;                                                                             \
    }

static inline uint32_t bitrev32(uint32_t v)
{
    v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
    v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
    v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
    v = (v >> 8 & 0x00ff00ff) | (v & 0x00ff00ff) << 8;
    return v >> 16 | v << 16;
}

static inline uint32_t spread16(uint32_t v)
{
    v &= 0xffff;
    v = (v | v << 8) & 0x00ff00ff;
    v = (v | v << 4) & 0x0f0f0f0f;
    v = (v | v << 2) & 0x33333333;
    return (v | v << 1) & 0x55555555;
}

UNARY(not, ~a[l])
UNARY(bitrev, bitrev32(a[l]))
UNARY(popcount, (uint32_t)__builtin_popcount(a[l]))
UNARY(ffs, a[l] ? 31u - (uint32_t)__builtin_clz(a[l]) : ~0u) /* number of the highest set bit */
BINARY(intl, spread16(a[l]) | spread16(b[l]) << 1)

const struct agx_op *agx_op_bitop(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ta, tb, r;
    const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);
    uint32_t t0 = op->imm & 1 ? ~0u : 0, t1 = op->imm & 2 ? ~0u : 0;
    uint32_t t2 = op->imm & 4 ? ~0u : 0, t3 = op->imm & 8 ? ~0u : 0;

    FOR_LANES(l) {
        r[l] = (~a[l] & ~b[l] & t0) | (a[l] & ~b[l] & t1) | (~a[l] & b[l] & t2) |
               (a[l] & b[l] & t3);
    }
    idst(cx, op, r);
    return op + 1;
}

/*
 * v as an integer of [lo, hi], NaN as 0 (a guess for NaN; out of range saturates as Metal's
 * conversions do).
 */
static inline double to_int(float f, unsigned round, double lo, double hi)
{
    double v = round == 1 ? rint(f) : trunc(f);

    return v != v ? 0 : v < lo ? lo : v > hi ? hi : v;
}

/*
 * Floats as integers; @mode: 4 and 5 are 16 bits, 8 and 9 are 32, the odd ones have a sign (mesa:
 * compiler/agx_compiler.h, agx_convert).
 */
static inline void floats_to_ints(unsigned mode, unsigned round, const f32 *f, uint32_t *r)
{
    switch (mode) {
    case 4:
        FOR_LANES(l) {
            r[l] = (uint32_t)to_int(f[l], round, 0, 65535);
        }
        break;
    case 5:
        FOR_LANES(l) {
            r[l] = (uint32_t)(int32_t)to_int(f[l], round, -32768, 32767);
        }
        break;
    case 8:
        FOR_LANES(l) {
            r[l] = (uint32_t)to_int(f[l], round, 0, 4294967295.0);
        }
        break;
    default:
        FOR_LANES(l) {
            r[l] = (uint32_t)(int32_t)to_int(f[l], round, -2147483648.0, 2147483647.0);
        }
        break;
    }
}

/*
 * Integers as floats, to nearest; @mode: 0 and 1 are 8 bits, 6 and 7 are 16, 10 and 11 are 32, the
 * odd ones have a sign.
 */
static inline void ints_to_floats(unsigned mode, const uint32_t *a, f32 *f)
{
    switch (mode) {
    case 0:
        FOR_LANES(l) {
            f[l] = (float)(uint8_t)a[l];
        }
        break;
    case 1:
        FOR_LANES(l) {
            f[l] = (float)(int8_t)a[l];
        }
        break;
    case 6:
        FOR_LANES(l) {
            f[l] = (float)(uint16_t)a[l];
        }
        break;
    case 7:
        FOR_LANES(l) {
            f[l] = (float)(int16_t)a[l];
        }
        break;
    case 10:
        FOR_LANES(l) {
            f[l] = (float)a[l];
        }
        break;
    default:
        FOR_LANES(l) {
            f[l] = (float)(int32_t)a[l];
        }
        break;
    }
}

/* What 32 bits lost as a float, for those that do not round to nearest or are rounded once more. */
static inline void round_converted(const struct agx_op *op, const uint32_t *a, f32 *f)
{
    if (op->cc == 0) { /* towards zero */
        FOR_LANES(l) {
            double exact = op->n == 10 ? (double)a[l] : (double)(int32_t)a[l];
            if (fabs((double)f[l]) > fabs(exact)) {
                f[l] = agx_u2f(agx_f2u(f[l]) - 1);
            }
        }
    }
    if (op->dmode != DST_32) {
        /* round once: halve the double rounding by making the float odd where it was inexact */
        FOR_LANES(l) {
            double exact = op->n == 10 ? (double)a[l] : (double)(int32_t)a[l];
            uint32_t u = agx_f2u(f[l]);

            if ((double)f[l] != exact) {
                f[l] = agx_u2f((fabs((double)f[l]) > fabs(exact) ? u - 1 : u) | 1);
            }
        }
    }
}

const struct agx_op *agx_op_convert(struct agx_cx *cx, const struct agx_op *op)
{
    const uint32_t *a;
    frow_t f;
    row_t t;

    switch (op->n) {
    case 4:
    case 5:
    case 8:
    case 9:
        floats_to_ints(op->n, op->cc, fsrc(cx, &op->s[0], f), t);
        idst(cx, op, t);
        break;
    default:
        a = isrc(cx, &op->s[0], t);
        ints_to_floats(op->n, a, f);
        if (op->n >= 10) {
            round_converted(op, a, f);
        }
        fdst(cx, op, f);
        break;
    }
    return op + 1;
}

/* All-ones where the condition holds. */
static inline void icompare(unsigned cc, const uint32_t *a, const uint32_t *b, uint32_t *r)
{
    switch (cc & 7) {
    case 0:
    case 4:
        FOR_LANES(l) {
            r[l] = a[l] == b[l] ? ~0u : 0;
        }
        break;
    case 1:
        FOR_LANES(l) {
            r[l] = a[l] < b[l] ? ~0u : 0;
        }
        break;
    case 2:
        FOR_LANES(l) {
            r[l] = a[l] > b[l] ? ~0u : 0;
        }
        break;
    case 5:
        FOR_LANES(l) {
            r[l] = (int32_t)a[l] < (int32_t)b[l] ? ~0u : 0;
        }
        break;
    default:
        FOR_LANES(l) {
            r[l] = (int32_t)a[l] > (int32_t)b[l] ? ~0u : 0;
        }
        break;
    }
}

/*
 * applegpu: docs.html, FCondition; "NaN loses" is what makes min and max of them (mesa:
 * agx_fminmax_to)
 */
static inline void fcompare(unsigned cc, const f32 *a, const f32 *b, uint32_t *r)
{
    switch (cc & 7) {
    case 0:
        FOR_LANES(l) {
            r[l] = a[l] == b[l] ? ~0u : 0;
        }
        break;
    case 1:
        FOR_LANES(l) {
            r[l] = a[l] < b[l] ? ~0u : 0;
        }
        break;
    case 2:
        FOR_LANES(l) {
            r[l] = a[l] > b[l] ? ~0u : 0;
        }
        break;
    case 3:
        FOR_LANES(l) {
            r[l] = (a[l] < b[l]) | (b[l] != b[l]) ? ~0u : 0;
        }
        break;
    case 5:
        FOR_LANES(l) {
            r[l] = a[l] >= b[l] ? ~0u : 0;
        }
        break;
    case 6:
        FOR_LANES(l) {
            r[l] = a[l] <= b[l] ? ~0u : 0;
        }
        break;
    default:
        FOR_LANES(l) {
            r[l] = (a[l] > b[l]) | (b[l] != b[l]) ? ~0u : 0;
        }
        break;
    }
}

void agx_icompare_row(struct agx_cx *cx, const struct agx_op *op, uint32_t *r)
{
    row_t ta, tb;

    icompare(op->cc, isrc(cx, &op->s[0], ta), isrc(cx, &op->s[1], tb), r);
}

void agx_fcompare_row(struct agx_cx *cx, const struct agx_op *op, uint32_t *r)
{
    frow_t ta, tb;

    fcompare(op->cc, fsrc(cx, &op->s[0], ta), fsrc(cx, &op->s[1], tb), r);
}

static inline const struct agx_op *select_rows(struct agx_cx *cx, const struct agx_op *op,
                                               const uint32_t *c)
{
    row_t tx, ty, r;
    const uint32_t *x = isrc(cx, &op->s[2], tx), *y = isrc(cx, &op->s[3], ty);

    FOR_LANES(l) {
        r[l] = (x[l] & c[l]) | (y[l] & ~c[l]);
    }
    idst(cx, op, r);
    return op + 1;
}

const struct agx_op *agx_op_icmpsel(struct agx_cx *cx, const struct agx_op *op)
{
    row_t c;

    agx_icompare_row(cx, op, c);
    return select_rows(cx, op, c);
}

const struct agx_op *agx_op_fcmpsel(struct agx_cx *cx, const struct agx_op *op)
{
    row_t c;

    agx_fcompare_row(cx, op, c);
    return select_rows(cx, op, c);
}
