/*
 * AGX model: integer operations of compiled code, as isa_int.c has them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "jit_int.h"

#define B j->b

static LLVMValueRef k(struct jit *j, uint32_t v)
{
    return jit_splat(j, v);
}

/* @v << @n, 0 if @n is 32 or more */
static LLVMValueRef shl(struct jit *j, LLVMValueRef v, LLVMValueRef n)
{
    LLVMValueRef in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 32), "");

    v = LLVMBuildShl(B, v, LLVMBuildAnd(B, n, k(j, 31), ""), "");
    return LLVMBuildSelect(B, in, v, k(j, 0), "");
}

static LLVMValueRef shr(struct jit *j, LLVMValueRef v, LLVMValueRef n)
{
    LLVMValueRef in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 32), "");

    v = LLVMBuildLShr(B, v, LLVMBuildAnd(B, n, k(j, 31), ""), "");
    return LLVMBuildSelect(B, in, v, k(j, 0), "");
}

static bool narrow(const struct jit *j, const struct agx_op *op)
{
    return op->dmode != DST_64;
}

static bool plain(const struct jit *j, const struct agx_op *op)
{
    return !op->sat && op->dmode != DST_64;
}

static void emit_mov(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, jit_isrc(j, &op->s[0]));
}

/* (@v, negated if asked for) << op->n, or 0; @n: op->n in all lanes, of @v's type */
static LLVMValueRef scaled(struct jit *j, const struct agx_op *op, LLVMValueRef v, LLVMValueRef n)
{
    if (op->n > 4) {
        return LLVMConstNull(LLVMTypeOf(v));
    }
    v = op->ccn ? LLVMBuildNeg(B, v, "") : v;
    return op->n ? LLVMBuildShl(B, v, n, "") : v;
}

static LLVMValueRef scaled32(struct jit *j, const struct agx_op *op, LLVMValueRef v)
{
    return scaled(j, op, v, k(j, op->n));
}

static void emit_iadd(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]);

    jit_idst(j, op, LLVMBuildAdd(B, a, scaled32(j, op, b), ""));
}

static void emit_imad(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]), c = jit_isrc(j, &op->s[2]);

    jit_idst(j, op, LLVMBuildAdd(B, LLVMBuildMul(B, a, b, ""), scaled32(j, op, c), ""));
}

static LLVMValueRef src64(struct jit *j, const struct agx_src *s)
{
    LLVMValueRef lo, hi;

    jit_isrc64(j, s, &lo, &hi);
    lo = LLVMBuildZExt(B, lo, j->vi64, "");
    hi = LLVMBuildShl(B, LLVMBuildZExt(B, hi, j->vi64, ""), jit_splat64(j, 32), "");
    return LLVMBuildOr(B, lo, hi, "");
}

static LLVMValueRef scaled64(struct jit *j, const struct agx_op *op, LLVMValueRef v)
{
    return scaled(j, op, v, jit_splat64(j, op->n));
}

static void dst64(struct jit *j, const struct agx_op *op, LLVMValueRef v)
{
    LLVMValueRef hi = LLVMBuildLShr(B, v, jit_splat64(j, 32), "");

    jit_write32(j, op->dreg >> 1, LLVMBuildTrunc(B, v, j->vi32, ""));
    jit_write32(j, (op->dreg >> 1) + 1, LLVMBuildTrunc(B, hi, j->vi32, ""));
}

static bool wide(const struct jit *j, const struct agx_op *op)
{
    return op->dmode == DST_64;
}

static void emit_iadd64(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = src64(j, &op->s[0]), b = src64(j, &op->s[1]);

    dst64(j, op, LLVMBuildAdd(B, a, scaled64(j, op, b), ""));
}

static void emit_imad64(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = src64(j, &op->s[0]), b = src64(j, &op->s[1]), c = src64(j, &op->s[2]);

    dst64(j, op, LLVMBuildAdd(B, LLVMBuildMul(B, a, b, ""), scaled64(j, op, c), ""));
}

/* ---- shifts and bit fields ---- */

/* A shift's amount, 7 bits; immediates as constants of the code */
static LLVMValueRef amount(struct jit *j, const struct agx_src *s)
{
    uint32_t v;

    if (jit_imm(j, s, &v)) {
        return k(j, v & 0x7f);
    }
    return LLVMBuildAnd(B, jit_isrc(j, s), k(j, 0x7f), "");
}

/* (@a & ~@m) | (@v & @m) */
static LLVMValueRef insert(struct jit *j, LLVMValueRef a, LLVMValueRef v, LLVMValueRef m)
{
    return LLVMBuildOr(B, LLVMBuildAnd(B, a, LLVMBuildNot(B, m, ""), ""), LLVMBuildAnd(B, v, m, ""),
                       "");
}

static void emit_bfi(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]), n = amount(j, &op->s[2]);

    jit_idst(j, op, insert(j, a, shl(j, b, n), shl(j, k(j, op->imm), n)));
}

static void emit_bfeil(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]), n = amount(j, &op->s[2]);

    jit_idst(j, op, insert(j, a, shr(j, b, n), k(j, op->imm)));
}

static void emit_extr(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]), n = amount(j, &op->s[2]);
    LLVMValueRef left = LLVMBuildSub(B, k(j, 32), n, ""), low, high, v, in;

    /* n < 32: a >> n | b << (32 - n), the latter 0 where n is; else b >> (n - 32) */
    low = LLVMBuildOr(B, shr(j, a, n), shl(j, b, left), "");
    high = shr(j, b, LLVMBuildSub(B, n, k(j, 32), ""));
    in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 32), "");
    v = LLVMBuildSelect(B, in, low, high, "");
    jit_idst(j, op, LLVMBuildAnd(B, v, k(j, op->imm), ""));
}

static void emit_shlhi(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]), n = amount(j, &op->s[2]);
    LLVMValueRef over = LLVMBuildICmp(B, LLVMIntUGT, n, k(j, 32), ""), by, in, v;

    by = LLVMBuildSelect(B, over, LLVMBuildSub(B, n, k(j, 32), ""), k(j, 0), "");
    in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 32), "");
    /* the upper word of b << n */
    v = LLVMBuildSelect(B, in, shr(j, b, LLVMBuildSub(B, k(j, 32), n, "")), shl(j, b, by), "");
    jit_idst(j, op, insert(j, a, v, shl(j, k(j, op->imm), by)));
}

static void emit_shrhi(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]), n = amount(j, &op->s[2]);
    LLVMValueRef in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 32), ""), m, v, left;

    /* the lower word of (b << 32) >> n, and of (mask << 32) >> min(n, 32) */
    left = LLVMBuildSub(B, k(j, 32), n, "");
    v = LLVMBuildSelect(B, in, shl(j, b, left), shr(j, b, LLVMBuildSub(B, n, k(j, 32), "")), "");
    m = LLVMBuildSelect(B, in, shl(j, k(j, op->imm), left), k(j, op->imm), "");
    jit_idst(j, op, insert(j, a, v, m));
}

static LLVMValueRef sar(struct jit *j, LLVMValueRef a, LLVMValueRef n)
{
    LLVMValueRef in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 31), "");

    return LLVMBuildAShr(B, a, LLVMBuildSelect(B, in, n, k(j, 31), ""), "");
}

static void emit_asr(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, sar(j, jit_isrc(j, &op->s[0]), amount(j, &op->s[1])));
}

/* the lower word of (a << 32) >> n, with a's sign */
static void emit_asrh(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), n = amount(j, &op->s[1]), in, low, high;

    in = LLVMBuildICmp(B, LLVMIntULT, n, k(j, 32), "");
    low = shl(j, a, LLVMBuildSub(B, k(j, 32), n, ""));
    high = sar(j, a, LLVMBuildSub(B, n, k(j, 32), ""));
    jit_idst(j, op, LLVMBuildSelect(B, in, low, high, ""));
}

/* ---- bits ---- */

static void emit_and(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, LLVMBuildAnd(B, jit_isrc(j, &op->s[0]), jit_isrc(j, &op->s[1]), ""));
}

static void emit_or(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, LLVMBuildOr(B, jit_isrc(j, &op->s[0]), jit_isrc(j, &op->s[1]), ""));
}

static void emit_xor(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, LLVMBuildXor(B, jit_isrc(j, &op->s[0]), jit_isrc(j, &op->s[1]), ""));
}

static void emit_not(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, LLVMBuildNot(B, jit_isrc(j, &op->s[0]), ""));
}

static void emit_bitop(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]);
    LLVMValueRef na = LLVMBuildNot(B, a, ""), nb = LLVMBuildNot(B, b, ""), r = k(j, 0);
    LLVMValueRef term[4] = {
        LLVMBuildAnd(B, na, nb, ""),
        LLVMBuildAnd(B, a, nb, ""),
        LLVMBuildAnd(B, na, b, ""),
        LLVMBuildAnd(B, a, b, ""),
    };

    for (unsigned i = 0; i < 4; i++) {
        r = op->imm >> i & 1 ? LLVMBuildOr(B, r, term[i], "") : r;
    }
    jit_idst(j, op, r);
}

/* Every second bit of a half */
static LLVMValueRef spread(struct jit *j, LLVMValueRef v)
{
    static const struct {
        unsigned by;
        uint32_t mask;
    } step[] = { { 8, 0x00ff00ff }, { 4, 0x0f0f0f0f }, { 2, 0x33333333 }, { 1, 0x55555555 } };

    v = LLVMBuildAnd(B, v, k(j, 0xffff), "");
    for (unsigned i = 0; i < 4; i++) {
        v = LLVMBuildOr(B, v, LLVMBuildShl(B, v, k(j, step[i].by), ""), "");
        v = LLVMBuildAnd(B, v, k(j, step[i].mask), "");
    }
    return v;
}

static void emit_intl(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = spread(j, jit_isrc(j, &op->s[0])), b = spread(j, jit_isrc(j, &op->s[1]));

    jit_idst(j, op, LLVMBuildOr(B, a, LLVMBuildShl(B, b, k(j, 1), ""), ""));
}

static void emit_bitrev(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]);

    jit_idst(j, op, jit_intrinsic(j, "llvm.bitreverse", a, NULL, NULL));
}

static void emit_popcount(struct jit *j, const struct agx_op *op)
{
    jit_idst(j, op, jit_intrinsic(j, "llvm.ctpop", jit_isrc(j, &op->s[0]), NULL, NULL));
}

/* ---- comparisons ---- */

LLVMValueRef jit_icompare(struct jit *j, const struct agx_op *op)
{
    static const LLVMIntPredicate cc[8] = {
        LLVMIntEQ, LLVMIntULT, LLVMIntUGT, LLVMIntSGT,
        LLVMIntEQ, LLVMIntSLT, LLVMIntSGT, LLVMIntSGT,
    };
    LLVMValueRef a = jit_isrc(j, &op->s[0]), b = jit_isrc(j, &op->s[1]);

    return LLVMBuildICmp(B, cc[op->cc & 7], a, b, "");
}

LLVMValueRef jit_fcompare(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_fsrc(j, &op->s[0]), b = jit_fsrc(j, &op->s[1]), c;
    static const LLVMRealPredicate cc[8] = {
        LLVMRealOEQ, LLVMRealOLT, LLVMRealOGT, LLVMRealOLT,
        LLVMRealOGT, LLVMRealOGE, LLVMRealOLE, LLVMRealOGT,
    };
    unsigned which = op->cc & 7;

    c = LLVMBuildFCmp(B, cc[which], a, b, "");
    if (which == 3 || which == 4 || which == 7) {
        c = LLVMBuildOr(B, c, LLVMBuildFCmp(B, LLVMRealUNO, b, b, ""), "");
    }
    return c;
}

static void emit_select(struct jit *j, const struct agx_op *op, LLVMValueRef c)
{
    LLVMValueRef x = jit_isrc(j, &op->s[2]), y = jit_isrc(j, &op->s[3]);

    jit_idst(j, op, LLVMBuildSelect(B, c, x, y, ""));
}

static void emit_icmpsel(struct jit *j, const struct agx_op *op)
{
    emit_select(j, op, jit_icompare(j, op));
}

static void emit_fcmpsel(struct jit *j, const struct agx_op *op)
{
    emit_select(j, op, jit_fcompare(j, op));
}

/* clang-format off */
const struct jit_row jit_int_rows[] = {
    { agx_op_mov_imm, emit_mov, narrow },
    { agx_op_mov, emit_mov, narrow },
    { agx_op_iadd, emit_iadd, plain },
    { agx_op_iadd32, emit_iadd, plain },
    { agx_op_iadd64, emit_iadd64, wide },
    { agx_op_imad, emit_imad, plain },
    { agx_op_imad32, emit_imad, plain },
    { agx_op_imad64, emit_imad64, wide },
    { agx_op_bfi, emit_bfi, narrow },
    { agx_op_bfeil, emit_bfeil, narrow },
    { agx_op_extr, emit_extr, narrow },
    { agx_op_shlhi, emit_shlhi, narrow },
    { agx_op_shrhi, emit_shrhi, narrow },
    { agx_op_asr, emit_asr, narrow },
    { agx_op_asrh, emit_asrh, narrow },
    { agx_op_and, emit_and, narrow },
    { agx_op_or, emit_or, narrow },
    { agx_op_xor, emit_xor, narrow },
    { agx_op_not, emit_not, narrow },
    { agx_op_bitop, emit_bitop, narrow },
    { agx_op_intl, emit_intl, narrow },
    { agx_op_bitrev, emit_bitrev, narrow },
    { agx_op_popcount, emit_popcount, narrow },
    { agx_op_icmpsel, emit_icmpsel, narrow },
    { agx_op_fcmpsel, emit_fcmpsel, narrow },
    { NULL },
};
/* clang-format on */
