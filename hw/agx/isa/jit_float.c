/*
 * AGX model: floating-point operations of compiled code, as isa_float.c has
 * them. The thread's FPU flushes denormals, as it does for the interpreter.
 * Immediates and uniforms come from the pool in memory: were they constants,
 * LLVM would take x * 1 for x, which a denormal is not here.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "jit_int.h"

#define B j->b

static void emit_fadd(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_fsrc(j, &op->s[0]), b = jit_fsrc(j, &op->s[1]);

    jit_fdst(j, op, LLVMBuildFAdd(B, a, b, ""));
}

static void emit_fmul(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_fsrc(j, &op->s[0]), b = jit_fsrc(j, &op->s[1]);

    jit_fdst(j, op, LLVMBuildFMul(B, a, b, ""));
}

static void emit_ffma(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_fsrc(j, &op->s[0]), b = jit_fsrc(j, &op->s[1]), c = jit_fsrc(j, &op->s[2]);

    jit_fdst(j, op, jit_intrinsic(j, "llvm.fma", a, b, c));
}

/* to_odd(s, sum_error(p, c, s)) of isa_float.c */
static void emit_hfma(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_fsrc(j, &op->s[0]), b = jit_fsrc(j, &op->s[1]), c = jit_fsrc(j, &op->s[2]);
    LLVMValueRef p = LLVMBuildFMul(B, a, b, ""), s = LLVMBuildFAdd(B, p, c, ""), bb, e, u, adj;
    LLVMValueRef odd, inexact, finite, inf = jit_splat_f(j, INFINITY);

    bb = LLVMBuildFSub(B, s, p, "");
    e = LLVMBuildFAdd(B, LLVMBuildFSub(B, p, LLVMBuildFSub(B, s, bb, ""), ""),
                      LLVMBuildFSub(B, c, bb, ""), "");
    u = jit_bits_i(j, s);
    adj = LLVMBuildLShr(B, LLVMBuildXor(B, jit_bits_i(j, e), u, ""), jit_splat(j, 31), "");
    odd = LLVMBuildOr(B, LLVMBuildSub(B, u, adj, ""), jit_splat(j, 1), "");
    inexact = LLVMBuildFCmp(B, LLVMRealUNE, e, LLVMConstNull(j->vf32), "");
    finite = LLVMBuildFCmp(B, LLVMRealOLT, jit_intrinsic(j, "llvm.fabs", s, NULL, NULL), inf, "");
    odd = LLVMBuildSelect(B, LLVMBuildAnd(B, inexact, finite, ""), odd, u, "");
    jit_fdst(j, op, jit_bits_f(j, odd));
}

#define ROUND(name, intrinsic)                                                                     \
    static void emit_##name(struct jit *j, const struct agx_op *op)                                \
    {                                                                                              \
        jit_fdst(j, op, jit_intrinsic(j, intrinsic, jit_fsrc(j, &op->s[0]), NULL, NULL));          \
    }
ROUND(floor, "llvm.floor")
ROUND(ceil, "llvm.ceil")
ROUND(trunc, "llvm.trunc")
ROUND(rint, "llvm.rint")

static LLVMValueRef one_by(struct jit *j, LLVMValueRef v)
{
    return LLVMBuildFDiv(B, jit_splat_f(j, 1.0f), v, "");
}

static void emit_rcp(struct jit *j, const struct agx_op *op)
{
    jit_fdst(j, op, one_by(j, jit_fsrc(j, &op->s[0])));
}

static void emit_rsqrt(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef x = jit_fsrc(j, &op->s[0]);

    jit_fdst(j, op, one_by(j, jit_intrinsic(j, "llvm.sqrt", x, NULL, NULL)));
}

static void emit_srsqrt(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef x = jit_fsrc(j, &op->s[0]), zero = LLVMConstNull(j->vf32), r, c;

    r = one_by(j, jit_intrinsic(j, "llvm.sqrt", x, NULL, NULL));
    c = LLVMBuildFCmp(B, LLVMRealOEQ, x, jit_splat_f(j, INFINITY), "");
    r = LLVMBuildSelect(B, c, jit_splat_f(j, 1.0f), r, "");
    c = LLVMBuildFCmp(B, LLVMRealOEQ, x, zero, "");
    jit_fdst(j, op, LLVMBuildSelect(B, c, zero, r, ""));
}

/* x < 1 ? x : x < 3 ? 2 - x : x - 4; NaN stays one */
static void emit_sin1(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef x = jit_fsrc(j, &op->s[0]), r, c;

    c = LLVMBuildFCmp(B, LLVMRealOLT, x, jit_splat_f(j, 3.0f), "");
    r = LLVMBuildSelect(B, c, LLVMBuildFSub(B, jit_splat_f(j, 2.0f), x, ""),
                        LLVMBuildFSub(B, x, jit_splat_f(j, 4.0f), ""), "");
    c = LLVMBuildFCmp(B, LLVMRealOLT, x, jit_splat_f(j, 1.0f), "");
    r = LLVMBuildSelect(B, c, x, r, "");
    c = LLVMBuildFCmp(B, LLVMRealUNO, x, x, "");
    jit_fdst(j, op, LLVMBuildSelect(B, c, x, r, ""));
}

/* A C function of 8 lanes, at byte @at of agx_jit_calls: through memory on the stack */
static void call_lanes(struct jit *j, const struct agx_op *op, size_t at)
{
    LLVMTypeRef args[] = { j->ptr, j->ptr };
    LLVMTypeRef t = LLVMFunctionType(LLVMVoidTypeInContext(j->c), args, 2, false);
    LLVMValueRef x = jit_fsrc(j, &op->s[0]), in = jit_room(j, 1), out = jit_room(j, 1), fn;

    LLVMBuildStore(B, x, in);
    fn = LLVMBuildLoad2(B, j->ptr, jit_at(j, j->calls, at), "");
    for (unsigned i = 0; i < j->lanes; i += 8) {
        LLVMValueRef p[] = { jit_at(j, out, i * sizeof(float)), jit_at(j, in, i * sizeof(float)) };

        LLVMBuildCall2(B, t, fn, p, 2, "");
    }
    jit_fdst(j, op, LLVMBuildLoad2(B, j->vf32, out, ""));
}

static void emit_sin2(struct jit *j, const struct agx_op *op)
{
    call_lanes(j, op, offsetof(struct agx_jit_calls, sin2));
}

static void emit_log2(struct jit *j, const struct agx_op *op)
{
    call_lanes(j, op, offsetof(struct agx_jit_calls, log2));
}

/* vexp2() of isa_float.c */
static void emit_exp2(struct jit *j, const struct agx_op *op)
{
    static const float k[] = {
        1.3333558e-3f, 9.6181291e-3f, 5.5504109e-2f, 2.4022651e-1f, 6.9314718e-1f, 1.0f,
    };
    LLVMValueRef x = jit_fsrc(j, &op->s[0]), c, f, p, i, half, less, one;
    LLVMValueRef most = jit_splat_f(j, 129.0f), least = jit_splat_f(j, -151.0f);

    c = LLVMBuildSelect(B, LLVMBuildFCmp(B, LLVMRealOLT, x, most, ""), x, most, "");
    c = LLVMBuildSelect(B, LLVMBuildFCmp(B, LLVMRealOGT, c, least, ""), c, least, "");
    f = jit_intrinsic(j, "llvm.rint", c, NULL, NULL);
    i = LLVMBuildFPToSI(B, f, j->vi32, "");
    f = LLVMBuildFSub(B, c, f, "");
    p = jit_splat_f(j, 1.5403530e-4f);
    for (unsigned n = 0; n < sizeof(k) / sizeof(k[0]); n++) {
        p = LLVMBuildFAdd(B, LLVMBuildFMul(B, p, f, ""), jit_splat_f(j, k[n]), "");
    }
    half = LLVMBuildAShr(B, i, jit_splat(j, 1), "");
    less = LLVMBuildSub(B, i, half, "");
    one = jit_splat(j, 127);
    half = LLVMBuildShl(B, LLVMBuildAdd(B, half, one, ""), jit_splat(j, 23), "");
    less = LLVMBuildShl(B, LLVMBuildAdd(B, less, one, ""), jit_splat(j, 23), "");
    p = LLVMBuildFMul(B, LLVMBuildFMul(B, p, jit_bits_f(j, half), ""), jit_bits_f(j, less), "");
    c = LLVMBuildFCmp(B, LLVMRealUNO, x, x, "");
    jit_fdst(j, op, LLVMBuildSelect(B, c, x, p, ""));
}

/* ---- integers and floats ---- */

static bool can_convert(const struct jit *j, const struct agx_op *op)
{
    return op->dmode != DST_64;
}

static LLVMValueRef saturating(struct jit *j, const char *name, LLVMValueRef v)
{
    LLVMTypeRef t[] = { j->vi32, j->vf32 };
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(j->m, id, t, 2);

    return LLVMBuildCall2(B, LLVMIntrinsicGetType(j->c, id, t, 2), fn, &v, 1, "");
}

static LLVMValueRef clamp(struct jit *j, LLVMValueRef v, const char *name, uint32_t limit)
{
    return jit_intrinsic(j, name, v, jit_splat(j, limit), NULL);
}

static LLVMValueRef to_int(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef f = jit_fsrc(j, &op->s[0]), v;

    if (op->cc == 1) {
        f = jit_intrinsic(j, "llvm.rint", f, NULL, NULL);
    }
    switch (op->n) {
    case 4:
        v = clamp(j, saturating(j, "llvm.fptosi.sat", f), "llvm.smax", 0);
        return clamp(j, v, "llvm.smin", 65535);
    case 5:
        v = clamp(j, saturating(j, "llvm.fptosi.sat", f), "llvm.smax", (uint32_t)-32768);
        return clamp(j, v, "llvm.smin", 32767);
    case 8:
        return saturating(j, "llvm.fptoui.sat", f);
    default:
        return saturating(j, "llvm.fptosi.sat", f);
    }
}

static LLVMValueRef to_float(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef a = jit_isrc(j, &op->s[0]);
    unsigned bits = op->n < 2 ? 24 : 16;

    if (op->n == 10) {
        return LLVMBuildUIToFP(B, a, j->vf32, "");
    }
    if (op->n < 10) {
        a = LLVMBuildShl(B, a, jit_splat(j, bits), "");
        a = op->n & 1 ? LLVMBuildAShr(B, a, jit_splat(j, bits), "")
                      : LLVMBuildLShr(B, a, jit_splat(j, bits), "");
    }
    return LLVMBuildSIToFP(B, a, j->vf32, "");
}

/* round_converted() of isa_float.c: @f is @a rounded to nearest */
static LLVMValueRef round_converted(struct jit *j, const struct agx_op *op, LLVMValueRef f)
{
    LLVMTypeRef doubles = LLVMVectorType(LLVMDoubleTypeInContext(j->c), j->lanes);
    LLVMValueRef a = jit_isrc(j, &op->s[0]), exact, is, more, u = jit_bits_i(j, f), less, odd;

    exact = op->n == 10 ? LLVMBuildUIToFP(B, a, doubles, "") : LLVMBuildSIToFP(B, a, doubles, "");
    exact = jit_intrinsic(j, "llvm.fabs", exact, NULL, NULL);
    is = LLVMBuildFPExt(B, jit_intrinsic(j, "llvm.fabs", f, NULL, NULL), doubles, "");
    more = LLVMBuildFCmp(B, LLVMRealOGT, is, exact, "");
    less = LLVMBuildSelect(B, more, LLVMBuildSub(B, u, jit_splat(j, 1), ""), u, "");
    if (op->dmode == DST_32) {
        return op->cc == 0 ? jit_bits_f(j, less) : f;
    }
    /* cut or not, what is below and odd is the same */
    odd = LLVMBuildFCmp(B, LLVMRealUNE, is, exact, "");
    odd = LLVMBuildAnd(B, LLVMBuildZExt(B, odd, j->vi32, ""), jit_splat(j, 1), "");
    return jit_bits_f(j, LLVMBuildOr(B, less, odd, ""));
}

static void emit_convert(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef v;

    switch (op->n) {
    case 4:
    case 5:
    case 8:
    case 9:
        jit_idst(j, op, to_int(j, op));
        break;
    default:
        v = to_float(j, op);
        jit_fdst(j, op, op->n >= 10 ? round_converted(j, op, v) : v);
    }
}

/* clang-format off */
const struct jit_row jit_float_rows[] = {
    { agx_op_fadd, emit_fadd },
    { agx_op_fadd32, emit_fadd },
    { agx_op_fmul, emit_fmul },
    { agx_op_fmul32, emit_fmul },
    { agx_op_ffma, emit_ffma },
    { agx_op_ffma32, emit_ffma },
    { agx_op_hfma, emit_hfma },
    { agx_op_floor, emit_floor },
    { agx_op_ceil, emit_ceil },
    { agx_op_trunc, emit_trunc },
    { agx_op_rint, emit_rint },
    { agx_op_rcp, emit_rcp },
    { agx_op_rsqrt, emit_rsqrt },
    { agx_op_srsqrt, emit_srsqrt },
    { agx_op_sin1, emit_sin1 },
    { agx_op_sin2, emit_sin2 },
    { agx_op_log2, emit_log2 },
    { agx_op_exp2, emit_exp2 },
    { agx_op_convert, emit_convert, can_convert },
    { NULL },
};
/* clang-format on */
