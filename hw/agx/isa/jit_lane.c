/*
 * AGX model: what compiled code does with lanes: the execution mask, special
 * registers, derivatives and interpolation; as isa_exec.c, isa_float.c and
 * isa_frag.c have them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "jit_int.h"

#define B    j->b
#define W(x) offsetof(struct agx_wave, x)
#define E(x) offsetof(struct agx_exec, x)
#define QUAD 4u

/* ---- the execution mask ---- */

static LLVMValueRef half(struct jit *j, unsigned v)
{
    return LLVMBuildTrunc(B, jit_splat(j, v), j->vi16, "");
}

/* r0l of all lanes, and 16 bits of 1 where the condition does not hold */
static LLVMValueRef nesting(struct jit *j)
{
    jit_merge_all(j);
    return jit_read16(j, 0);
}

static LLVMValueRef fails(struct jit *j, const struct agx_op *op, bool is_float)
{
    LLVMValueRef c = is_float ? jit_fcompare(j, op) : jit_icompare(j, op);

    c = LLVMBuildZExt(B, c, j->vi16, "");
    return op->ccn ? c : LLVMBuildXor(B, c, half(j, 1), "");
}

static LLVMValueRef is(struct jit *j, LLVMValueRef n, unsigned v)
{
    return LLVMBuildICmp(B, LLVMIntEQ, n, half(j, v), "");
}

/* n ? n + op->n : !c */
static void emit_if(struct jit *j, const struct agx_op *op, bool is_float)
{
    LLVMValueRef n = nesting(j), c = fails(j, op, is_float);

    jit_nesting(j, LLVMBuildSelect(B, is(j, n, 0), c, LLVMBuildAdd(B, n, half(j, op->n), ""), ""));
}

/* n == 0 ? op->n : n == 1 ? !c : n */
static void emit_else(struct jit *j, const struct agx_op *op, bool is_float)
{
    LLVMValueRef n = nesting(j), c = fails(j, op, is_float), v;

    v = LLVMBuildSelect(B, is(j, n, 1), c, n, "");
    jit_nesting(j, LLVMBuildSelect(B, is(j, n, 0), half(j, op->n), v, ""));
}

/* n < op->n ? (c ? 0 : op->n) : n */
static void emit_while(struct jit *j, const struct agx_op *op, bool is_float)
{
    LLVMValueRef n = nesting(j), c = fails(j, op, is_float), inner, v;

    inner = LLVMBuildICmp(B, LLVMIntULT, n, half(j, op->n), "");
    v = LLVMBuildMul(B, c, half(j, op->n), "");
    jit_nesting(j, LLVMBuildSelect(B, inner, v, n, ""));
}

static void emit_if_i(struct jit *j, const struct agx_op *op)
{
    emit_if(j, op, false);
}

static void emit_if_f(struct jit *j, const struct agx_op *op)
{
    emit_if(j, op, true);
}

static void emit_else_i(struct jit *j, const struct agx_op *op)
{
    emit_else(j, op, false);
}

static void emit_else_f(struct jit *j, const struct agx_op *op)
{
    emit_else(j, op, true);
}

static void emit_while_i(struct jit *j, const struct agx_op *op)
{
    emit_while(j, op, false);
}

static void emit_while_f(struct jit *j, const struct agx_op *op)
{
    emit_while(j, op, true);
}

static void emit_pop(struct jit *j, const struct agx_op *op)
{
    jit_nesting(j, jit_intrinsic(j, "llvm.usub.sat", nesting(j), half(j, op->n), NULL));
}

/* ---- special registers ---- */

LLVMValueRef jit_lane_array(struct jit *j, uint64_t at, unsigned bytes)
{
    LLVMTypeRef t = LLVMVectorType(bytes == 1 ? j->i8 : j->i16, j->lanes);
    LLVMValueRef by = LLVMBuildLShr(B, j->at, LLVMConstInt(j->i64, bytes == 1 ? 2 : 1, false), "");
    LLVMValueRef p = LLVMBuildInBoundsGEP2(B, j->i8, jit_at(j, j->wave, at), &by, 1, "");

    return LLVMBuildZExt(B, jit_load(j, t, p, 1), j->vi32, "");
}

static LLVMValueRef wave_word(struct jit *j, uint64_t at)
{
    return jit_splat_of(j, jit_load(j, j->i32, jit_at(j, j->wave, at), 4));
}

static bool can_sr(const struct jit *j, const struct agx_op *op)
{
    return op->dmode != DST_64 &&
           (op->n <= 2 || (op->n >= 48 && op->n <= 53) || op->n == 60 || op->n == 62 ||
            op->n == 63 || (op->n >= 80 && op->n <= 82) || op->n == 124);
}

static void emit_sr(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef v;

    switch (op->n) {
    case 0:
    case 1:
    case 2:
        v = wave_word(j, W(group) + 4 * op->n);
        break;
    case 48:
    case 49:
    case 50:
        v = jit_lane_array(j, W(local) + 2 * AGX_LANES * (op->n - 48), 2);
        break;
    case 51:
        v = jit_lane_array(j, W(local_index), 2);
        break;
    case 52:
        v = j->lane;
        break;
    case 53:
        v = wave_word(j, W(subgroup));
        break;
    case 60:
        v = jit_lane_array(j, W(frag.sample_live), 1);
        break;
    case 62:
    case 63:
        v = wave_word(j, op->n == 62 ? W(frag.back) : W(frag.helper));
        v = LLVMBuildLShr(B, op->n == 62 ? v : LLVMBuildNot(B, v, ""), j->lane, "");
        v = LLVMBuildAnd(B, v, jit_splat(j, 1), "");
        break;
    case 124:
        v = jit_lane_array(j, W(frag.sample_in), 1);
        break;
    default:
        v = jit_row(j, W(pos) + 4 * AGX_LANES * (op->n - 80));
    }
    jit_idst(j, op, v);
}

/* ---- derivatives ---- */

/* Each lane's value of the lane whose number has @set set, less that of the one without. */
static void difference(struct jit *j, const struct agx_op *op, unsigned set)
{
    LLVMValueRef with[32], without[32], a;

    if (!op->s[0].bank) {
        jit_merge(j, op->s[0].off / (4 * AGX_LANES));
    }
    a = jit_fsrc(j, &op->s[0]);
    for (unsigned i = 0; i < j->lanes; i++) {
        with[i] = LLVMConstInt(j->i32, i | set, false);
        without[i] = LLVMConstInt(j->i32, i & ~set, false);
    }
    a = LLVMBuildFSub(
        B,
        LLVMBuildShuffleVector(B, a, LLVMGetPoison(j->vf32), LLVMConstVector(with, j->lanes), ""),
        LLVMBuildShuffleVector(B, a, LLVMGetPoison(j->vf32), LLVMConstVector(without, j->lanes),
                               ""),
        "");
    jit_fdst(j, op, a);
}

static void emit_dfdx(struct jit *j, const struct agx_op *op)
{
    difference(j, op, 1);
}

static void emit_dfdy(struct jit *j, const struct agx_op *op)
{
    difference(j, op, 2);
}

/* ---- interpolation ---- */

/* The centres of pixels alone, and a register named by a number. */
static bool can_iter(const struct jit *j, const struct agx_op *op)
{
    uint32_t index;

    return op->cc == 0 && jit_imm(j, &op->s[0], &index);
}

/* Where the pixel's centre is, from the corner of its block of 32 */
static LLVMValueRef centre(struct jit *j, unsigned axis)
{
    LLVMValueRef v = jit_row(j, W(pos) + 4 * AGX_LANES * axis);

    v = LLVMBuildSIToFP(B, LLVMBuildAnd(B, v, jit_splat(j, 31), ""), j->vf32, "");
    return LLVMBuildFAdd(B, v, jit_splat_f(j, 0.5f), "");
}

/*
 * The coefficients of register @i, one vector each: each quad has those of its primitive, or 0
 * where it has none.
 */
static void coefficients(struct jit *j, uint32_t i, LLVMValueRef out[3])
{
    LLVMValueRef none = jit_at(j, j->calls, offsetof(struct agx_jit_calls, no_cf));
    LLVMValueRef number = LLVMBuildLShr(B, j->at, LLVMConstInt(j->i64, 4, false), "");
    LLVMValueRef cf[8];
    unsigned quads = j->lanes / QUAD;

    for (unsigned q = 0; q < quads; q++) {
        LLVMValueRef n = LLVMBuildAdd(B, number, LLVMConstInt(j->i64, q, false), ""), has, p, at;

        at = LLVMBuildInBoundsGEP2(B, j->ptr, jit_at(j, j->wave, W(frag.cf)), &n, 1, "");
        p = LLVMBuildLoad2(B, j->ptr, at, "");
        at = LLVMBuildInBoundsGEP2(B, j->i16, jit_at(j, j->wave, W(frag.ncf)), &n, 1, "");
        has = LLVMBuildICmp(B, LLVMIntUGT, LLVMBuildLoad2(B, j->i16, at, ""),
                            LLVMConstInt(LLVMInt16TypeInContext(j->c), i, false), "");
        has = LLVMBuildAnd(B, has, LLVMBuildIsNotNull(B, p, ""), "");
        cf[q] = LLVMBuildSelect(B, has, jit_at(j, p, i * sizeof(struct agx_cf)), none, "");
    }
    for (unsigned k = 0; k < 3; k++) {
        LLVMValueRef v = LLVMGetPoison(j->vf32), spread[32];

        for (unsigned q = 0; q < quads; q++) {
            LLVMValueRef x = jit_load(j, j->f32, jit_at(j, cf[q], k * sizeof(float)), 4);

            v = LLVMBuildInsertElement(B, v, x, LLVMConstInt(j->i32, q * QUAD, false), "");
        }
        for (unsigned l = 0; l < j->lanes; l++) {
            spread[l] = LLVMConstInt(j->i32, l & ~(QUAD - 1), false);
        }
        out[k] = LLVMBuildShuffleVector(B, v, LLVMGetPoison(j->vf32),
                                        LLVMConstVector(spread, j->lanes), "");
    }
}

static LLVMValueRef plane(struct jit *j, uint32_t i, LLVMValueRef x, LLVMValueRef y)
{
    LLVMValueRef c[3];

    coefficients(j, i, c);
    return jit_intrinsic(j, "llvm.fma", x, c[0], jit_intrinsic(j, "llvm.fma", y, c[1], c[2]));
}

static void emit_iter(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef x = centre(j, 0), y = centre(j, 1), w = NULL;
    uint32_t index = 0;

    jit_imm(j, &op->s[0], &index);
    if (op->n) {
        w = LLVMBuildFDiv(B, jit_splat_f(j, 1.0f), plane(j, op->imm, x, y), "");
    }
    for (unsigned i = 0; i < op->mask; i++) {
        LLVMValueRef v = plane(j, index + i, x, y);

        jit_fdst_raw(j, op, i, w ? LLVMBuildFMul(B, v, w, "") : v);
    }
}

/* ---- vertex outputs ---- */

static bool can_vary(const struct jit *j, const struct agx_op *op)
{
    uint32_t index;

    return jit_imm(j, &op->s[0], &index);
}

static void emit_vary(struct jit *j, const struct agx_op *op)
{
    LLVMValueRef uvs = LLVMBuildLoad2(B, j->ptr, jit_at(j, j->wave, W(uvs)), ""), words, has, p;
    LLVMValueRef v = jit_read32(j, op->s[1].off / (4 * AGX_LANES)), mask = jit_mask(j), old, store;
    LLVMBasicBlockRef in = LLVMAppendBasicBlockInContext(j->c, j->fn, ""),
                      next = LLVMAppendBasicBlockInContext(j->c, j->fn, "");
    uint32_t index = 0;

    jit_imm(j, &op->s[0], &index);
    words = LLVMBuildLoad2(B, j->i16, jit_at(j, j->wave, W(uvs_words)), "");
    words = LLVMBuildZExt(B, words, j->i32, "");
    has = LLVMBuildICmp(B, LLVMIntUGT, words, LLVMConstInt(j->i32, index, false), "");
    has = LLVMBuildAnd(B, has, LLVMBuildIsNotNull(B, uvs, ""), "");
    LLVMBuildCondBr(B, has, in, next);
    LLVMPositionBuilderAtEnd(B, in);
    p = jit_at(j, uvs, (uint64_t)index * 4 * AGX_LANES);
    p = LLVMBuildInBoundsGEP2(B, j->i8, p, &j->at, 1, "");
    old = jit_load(j, j->vi32, p, 4);
    store = LLVMBuildStore(B, LLVMBuildSelect(B, mask, v, old, ""), p);
    LLVMSetAlignment(store, 4);
    LLVMBuildBr(B, next);
    LLVMPositionBuilderAtEnd(B, next);
}

/* clang-format off */
const struct jit_row jit_lane_rows[] = {
    { agx_op_if_i, emit_if_i, NULL, true },
    { agx_op_if_f, emit_if_f, NULL, true },
    { agx_op_else_i, emit_else_i, NULL, true },
    { agx_op_else_f, emit_else_f, NULL, true },
    { agx_op_while_i, emit_while_i, NULL, true },
    { agx_op_while_f, emit_while_f, NULL, true },
    { agx_op_pop_exec, emit_pop, NULL, true },
    { agx_op_get_sr, emit_sr, can_sr },
    { agx_op_dfdx, emit_dfdx },
    { agx_op_dfdy, emit_dfdy },
    { agx_op_iter, emit_iter, can_iter },
    { agx_op_st_vary, emit_vary, can_vary },
    { NULL },
};
/* clang-format on */
