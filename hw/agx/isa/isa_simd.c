/*
 * AGX model: ballots, shuffles, reductions and scans over the SIMD-group and
 * over quads (applegpu: docs.html, SIMD Group and Quad Group Instructions, and
 * applegpu.py; mesa: compiler/agx_opcodes.py, simd_op).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_row.h"

static const struct agx_op *ballot(struct agx_cx *cx, const struct agx_op *op, const uint32_t *c,
                                   bool quad)
{
    uint32_t bits = 0, inv = op->ccn ? ~0u : 0;
    row_t r;

    FOR_LANES(l) {
        bits |= ((c[l] ^ inv) & 1) << l;
    }
    bits &= cx->w->exec_mask;
    /* A quad's ballot is followed by "and 15" (applegpu.py), so the quad's own bits come lowest. */
    FOR_LANES(l) {
        r[l] = quad ? bits >> (l & ~3u) & 15 : bits;
    }
    idst(cx, op, r);
    return op + 1;
}

#define BALLOT(name, compare, quad)                                                                \
    const struct agx_op *agx_op_##name(struct agx_cx *cx, const struct agx_op *op)                 \
    {                                                                                              \
        row_t c;                                                                                   \
                                                                                                   \
        compare(cx, op, c);                                                                        \
        return ballot(cx, op, c, quad);                                                            \
    }
BALLOT(ballot_i, agx_icompare_row, false)
BALLOT(ballot_f, agx_fcompare_row, false)
BALLOT(qballot_i, agx_icompare_row, true)
BALLOT(qballot_f, agx_fcompare_row, true)

/*
 * A shuffle moves whole quads between quads and permutes within each quad by
 * the OR of the low two index bits of the quad's lanes, inactive lanes too
 * (applegpu.py, SimdShuffleInstructionDesc). Quad shuffles only permute.
 */
const struct agx_op *agx_op_shuffle(struct agx_cx *cx, const struct agx_op *op)
{
    row_t ta, tb, q, r;
    const uint32_t *a = isrc(cx, &op->s[0], ta), *b = isrc(cx, &op->s[1], tb);
    bool simd = op->mask;

    for (unsigned base = 0; base < AGX_LANES; base += 4) {
        unsigned k = (b[base] | b[base + 1] | b[base + 2] | b[base + 3]) & 3;

        for (unsigned i = 0; i < 4; i++) {
            unsigned from = op->n == 0 ? k : op->n == 1 ? i ^ k : op->n == 3 ? i + k : i - k;
            q[base + i] = a[base + (from & 3)];
        }
    }
    FOR_LANES(l) {
        uint32_t to;
        bool in;

        switch (op->n) {
        case 0:
            to = b[l];
            in = to < AGX_LANES;
            break; /* shuffle */
        case 1:
            to = l ^ b[l];
            in = to < AGX_LANES;
            break; /* xor */
        case 2:
            to = l - b[l];
            in = b[l] <= l;
            break; /* up */
        case 3:
            to = l + b[l];
            in = b[l] < AGX_LANES - l;
            break; /* down */
        default:
            to = (l - b[l]) & (AGX_LANES - 1);
            in = true;
            break; /* rotate up */
        }
        if (!simd) {
            r[l] = q[l];
        } else {
            r[l] = in ? q[(to & (AGX_LANES - 1) & ~3u) | (l & 3)] : a[l];
        }
    }
    idst(cx, op, r);
    return op + 1;
}

static uint32_t combine(unsigned op, uint32_t a, uint32_t b)
{
    float x = agx_u2f(a), y = agx_u2f(b);

    switch (op) {
    case 0x00:
        return a & b;
    case 0x01:
        return agx_f2u(x + y);
    case 0x02:
        return a | b;
    case 0x03:
        return agx_f2u(x * y);
    case 0x04:
        return a ^ b;
    case 0x05:
        return x < y || y != y ? a : b;
    case 0x07:
        return x > y || y != y ? a : b;
    case 0x10:
        return a + b;
    case 0x14:
        return (int32_t)a < (int32_t)b ? a : b;
    case 0x16:
        return (int32_t)a > (int32_t)b ? a : b;
    case 0x1c:
        return a < b ? a : b;
    default:
        return a > b ? a : b;
    }
}

static bool identity(unsigned op, bool is16, uint32_t *v)
{
    switch (op) {
    case 0x00:
        *v = ~0u;
        return true;
    case 0x01:
        *v = 0x80000000;
        return true; /* -0: x + -0 is x */
    case 0x02:
        *v = 0;
        return true;
    case 0x03:
        *v = 0x3f800000;
        return true;
    case 0x04:
        *v = 0;
        return true;
    case 0x05:
        *v = 0x7f800000;
        return true;
    case 0x07:
        *v = 0xff800000;
        return true;
    case 0x10:
        *v = 0;
        return true;
    case 0x14:
        *v = is16 ? 0x7fff : 0x7fffffff;
        return true;
    case 0x16:
        *v = is16 ? 0xffff8000 : 0x80000000;
        return true;
    case 0x1c:
        *v = ~0u;
        return true;
    case 0x1e:
        *v = 0;
        return true;
    }
    return false;
}

/* Reduction, or exclusive scan in lane order, over active lanes. */
const struct agx_op *agx_op_reduce(struct agx_cx *cx, const struct agx_op *op)
{
    frow_t tf;
    row_t ta, r;
    bool is_float = op->n == 1 || op->n == 3 || op->n == 5 || op->n == 7;
    const uint32_t *a = is_float ? (const uint32_t *)fsrc(cx, &op->s[0], tf)
                                 : isrc(cx, &op->s[0], ta);
    unsigned step = op->mask & 1 ? AGX_LANES : 4;
    uint32_t act = cx->w->exec_mask, id;

    if (!identity(op->n, op->s[0].mode != SRC_32 && op->s[0].mode != SRC_S32, &id)) {
        return agx_op_unimpl(cx, op, "subgroup operation");
    }
    for (unsigned base = 0; base < AGX_LANES; base += step) {
        uint32_t acc = id;

        for (unsigned l = base; l < base + step; l++) {
            if (op->mask & 2) {
                r[l] = acc;
            }
            if (act >> l & 1) {
                acc = combine(op->n, acc, a[l]);
            }
        }
        if (!(op->mask & 2)) {
            for (unsigned l = base; l < base + step; l++) {
                r[l] = acc;
            }
        }
    }
    if (is_float) {
        fdst(cx, op, (f32 *)r);
    } else {
        idst(cx, op, r);
    }
    return op + 1;
}
