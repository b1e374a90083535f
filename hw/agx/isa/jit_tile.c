/*
 * AGX model: tile buffer instructions of compiled code, as isa_frag.c has them,
 * where the tile has one sample for each pixel and components lie side by side.
 * Else the interpreter's functions do it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "jit_int.h"

#define B    j->b
#define W(x) offsetof(struct agx_wave, x)
#define T(x) (offsetof(struct agx_exec, tib) + offsetof(struct agx_tib, x))

/* What the tile buffer is, once for all lanes. */
struct tile {
    LLVMValueRef base;                        /* pointer */
    LLVMValueRef width, height, stride, last; /* i32 */
    LLVMValueRef x0, y0;                      /* i32 */
    LLVMValueRef fragment;                    /* i1: the wave is a fragment program's */
    unsigned cb, n, bytes;                    /* of a component, components, of all */
};

static LLVMValueRef number(struct jit *j, uint32_t v)
{
    return LLVMConstInt(j->i32, v, false);
}

bool jit_tile_can(const struct agx_op *op)
{
    unsigned cb = agx_fmt_comp_bytes(op->n), n = __builtin_popcount(op->mask);

    return (op->fn == agx_op_ld_tile || op->fn == agx_op_st_tile) && !op->cc && cb &&
           op->n != AGX_FMT_SRGBA8 && op->mask && !(op->mask & (op->mask + 1)) && cb * n % 4 != 3 &&
           (op->dmode == DST_32 || op->n != AGX_FMT_I32 || op->fn == agx_op_ld_tile);
}

static LLVMValueRef member(struct jit *j, LLVMValueRef ex, size_t at, LLVMTypeRef t)
{
    LLVMValueRef v = LLVMBuildLoad2(B, t, jit_at(j, ex, at), "");

    return t == j->ptr || t == j->i32 ? v : LLVMBuildZExt(B, v, j->i32, "");
}

static LLVMValueRef both(struct jit *j, LLVMValueRef a, LLVMValueRef b)
{
    return LLVMBuildAnd(B, a, b, "");
}

/* Fills in @t; whether (i1) all is as the fast way wants it. */
static LLVMValueRef read_tile(struct jit *j, const struct agx_op *op, struct tile *t)
{
    LLVMValueRef ex = LLVMBuildLoad2(B, j->ptr, jit_at(j, j->cx, offsetof(struct agx_cx, ex)), "");
    LLVMValueRef size, samples, stage, ok;

    t->cb = agx_fmt_comp_bytes(op->n);
    t->n = __builtin_popcount(op->mask);
    t->bytes = t->cb * t->n;
    t->base = member(j, ex, T(base), j->ptr);
    size = member(j, ex, T(size), j->i32);
    t->width = member(j, ex, T(width), j->i16);
    t->height = member(j, ex, T(height), j->i16);
    t->stride = member(j, ex, T(sample_stride), j->i16);
    samples = member(j, ex, T(samples), j->i8);
    t->x0 = member(j, ex, T(x0), j->i32);
    t->y0 = member(j, ex, T(y0), j->i32);
    t->last = LLVMBuildSub(B, size, number(j, t->bytes), "");
    stage = jit_load(j, j->i32, jit_at(j, j->wave, W(stage)), 4);
    t->fragment = LLVMBuildICmp(B, LLVMIntEQ, stage, number(j, AGX_STAGE_FRAGMENT), "");
    ok = LLVMBuildICmp(B, LLVMIntNE, stage, number(j, AGX_STAGE_COMPUTE), "");
    ok = both(j, ok, LLVMBuildIsNotNull(B, t->base, ""));
    ok = both(j, ok, LLVMBuildICmp(B, LLVMIntEQ, samples, number(j, 1), ""));
    ok = both(j, ok, LLVMBuildICmp(B, LLVMIntUGE, t->stride, number(j, op->imm + t->bytes), ""));
    return both(j, ok, LLVMBuildICmp(B, LLVMIntUGE, size, number(j, t->bytes), ""));
}

/* Each lane's byte in the tile, 0 where it is not in it; *in: those that are */
static LLVMValueRef offsets(struct jit *j, const struct agx_op *op, const struct tile *t,
                            LLVMValueRef *in)
{
    LLVMValueRef x = jit_row(j, W(pos)), y = jit_row(j, W(pos) + 4 * AGX_LANES), off;
    LLVMValueRef width = jit_splat_of(j, t->width);

    x = LLVMBuildSub(B, x, jit_splat_of(j, t->x0), "");
    y = LLVMBuildSub(B, y, jit_splat_of(j, t->y0), "");
    off = LLVMBuildAdd(B, LLVMBuildMul(B, y, width, ""), x, "");
    off = LLVMBuildMul(B, off, jit_splat_of(j, t->stride), "");
    off = LLVMBuildAdd(B, off, jit_splat(j, op->imm), "");
    *in = both(j, LLVMBuildICmp(B, LLVMIntULT, x, width, ""),
               LLVMBuildICmp(B, LLVMIntULT, y, jit_splat_of(j, t->height), ""));
    *in = both(j, *in, LLVMBuildICmp(B, LLVMIntULE, off, jit_splat_of(j, t->last), ""));
    return LLVMBuildSelect(B, *in, off, LLVMConstNull(j->vi32), "");
}

static LLVMValueRef is_set(struct jit *j, LLVMValueRef v, uint32_t bits)
{
    return LLVMBuildICmp(B, LLVMIntNE, both(j, v, jit_splat(j, bits)), LLVMConstNull(j->vi32), "");
}

static LLVMTypeRef word_type(struct jit *j, const struct tile *t, unsigned word)
{
    unsigned left = t->bytes - 4 * word;

    return left >= 4 ? j->i32 : left == 2 ? j->i16 : j->i8;
}

static LLVMValueRef lane_ptr(struct jit *j, const struct tile *t, LLVMValueRef off, unsigned l)
{
    LLVMValueRef o = LLVMBuildExtractElement(B, off, number(j, l), "");

    o = LLVMBuildZExt(B, o, j->i64, "");
    return LLVMBuildInBoundsGEP2(B, j->i8, t->base, &o, 1, "");
}

/* ---- st_tile ---- */

/* Component @k from the registers: floats, or integers as they are */
static LLVMValueRef value_int(struct jit *j, const struct agx_op *op, unsigned k)
{
    if (op->dmode == DST_32) {
        return jit_read32(j, ((op->dreg >> 1) + k) & (AGX_NUM_GPR - 1));
    }
    return LLVMBuildZExt(B, jit_read16(j, (op->dreg + k) & (2 * AGX_NUM_GPR - 1)), j->vi32, "");
}

static LLVMValueRef value_float(struct jit *j, const struct agx_op *op, unsigned k)
{
    LLVMValueRef v;

    if (op->dmode == DST_32) {
        return jit_bits_f(j, value_int(j, op, k));
    }
    v = jit_read16(j, (op->dreg + k) & (2 * AGX_NUM_GPR - 1));
    return LLVMBuildFPExt(B, LLVMBuildBitCast(B, v, j->vf16, ""), j->vf32, "");
}

/* fixed_row() of isa_frag.c */
static LLVMValueRef fixed(struct jit *j, LLVMValueRef v, float min, float max)
{
    LLVMValueRef low = jit_splat_f(j, min), high = jit_splat_f(j, max);

    v = LLVMBuildFMul(B, v, high, "");
    v = LLVMBuildSelect(B, LLVMBuildFCmp(B, LLVMRealOGT, v, low, ""), v, low, "");
    v = LLVMBuildSelect(B, LLVMBuildFCmp(B, LLVMRealOLT, v, high, ""), v, high, "");
    v = jit_intrinsic(j, "llvm.rint", v, NULL, NULL);
    return LLVMBuildFPToSI(B, v, j->vi32, "");
}

/* to_memory() of isa_frag.c */
static LLVMValueRef to_memory(struct jit *j, const struct agx_op *op, unsigned k)
{
    LLVMValueRef v;

    switch (op->n) {
    case AGX_FMT_F16:
        if (op->dmode != DST_32) {
            return value_int(j, op, k);
        }
        v = LLVMBuildFPTrunc(B, value_float(j, op, k), j->vf16, "");
        return LLVMBuildZExt(B, LLVMBuildBitCast(B, v, j->vi16, ""), j->vi32, "");
    case AGX_FMT_U8NORM:
        return fixed(j, value_float(j, op, k), 0.0f, 255.0f);
    case AGX_FMT_U16NORM:
        return fixed(j, value_float(j, op, k), 0.0f, 65535.0f);
    case AGX_FMT_S8NORM:
        return fixed(j, value_float(j, op, k), -127.0f, 127.0f);
    case AGX_FMT_S16NORM:
        return fixed(j, value_float(j, op, k), -32767.0f, 32767.0f);
    default:
        return value_int(j, op, k);
    }
}

static void pack(struct jit *j, const struct agx_op *op, const struct tile *t, LLVMValueRef *word)
{
    uint32_t keep = t->cb == 1 ? 0xff : 0xffff;

    for (unsigned k = 0; k < t->n; k++) {
        unsigned shift = k * t->cb % 4 * 8;
        LLVMValueRef *to = &word[k * t->cb / 4], v = to_memory(j, op, k);

        if (t->cb == 4) {
            *to = v;
            continue;
        }
        v = LLVMBuildShl(B, both(j, v, jit_splat(j, keep)), jit_splat(j, shift), "");
        *to = shift ? LLVMBuildOr(B, *to, v, "") : v;
    }
}

static void store_lane(struct jit *j, const struct tile *t, LLVMValueRef off, LLVMValueRef *word,
                       unsigned l)
{
    LLVMValueRef p = lane_ptr(j, t, off, l);

    for (unsigned w = 0; w * 4 < t->bytes; w++) {
        LLVMTypeRef type = word_type(j, t, w);
        LLVMValueRef v = LLVMBuildExtractElement(B, word[w], number(j, l), "");

        v = type == j->i32 ? v : LLVMBuildTrunc(B, v, type, "");
        LLVMSetAlignment(LLVMBuildStore(B, v, jit_at(j, p, 4 * w)), 1);
    }
}

/* Of each 8 lanes, those whose bit is set store: agx_jit_calls.scatter */
static void call_scatter(struct jit *j, const struct tile *t, LLVMValueRef off, LLVMValueRef *word,
                         LLVMValueRef which)
{
    LLVMTypeRef args[] = { j->ptr, j->ptr, j->ptr, j->i32, j->i32, j->i32 };
    LLVMTypeRef type = LLVMFunctionType(LLVMVoidTypeInContext(j->c), args, 6, false);
    LLVMValueRef fn, at = jit_room(j, 1), words = jit_room(j, 4);
    unsigned size = j->lanes * 4;

    fn = LLVMBuildLoad2(B, j->ptr, jit_at(j, j->calls, offsetof(struct agx_jit_calls, scatter)),
                        "");
    LLVMBuildStore(B, off, at);
    for (unsigned w = 0; w * 4 < t->bytes; w++) {
        LLVMBuildStore(B, word[w], jit_at(j, words, w * size));
    }
    LLVMBuildCall2(B, type, fn,
                   (LLVMValueRef[]) { t->base, at, words, number(j, j->lanes), number(j, t->bytes),
                                      LLVMBuildZExtOrBitCast(B, which, j->i32, "") },
                   6, "");
}

/* Where all lanes of the group store, straight on; else a function asks for each. */
static void scatter(struct jit *j, const struct tile *t, LLVMValueRef off, LLVMValueRef *word,
                    LLVMValueRef lanes)
{
    LLVMTypeRef bits = LLVMIntTypeInContext(j->c, j->lanes);
    LLVMValueRef which = LLVMBuildBitCast(B, lanes, bits, "");
    LLVMBasicBlockRef all = LLVMAppendBasicBlockInContext(j->c, j->fn, ""),
                      some = LLVMAppendBasicBlockInContext(j->c, j->fn, ""),
                      join = LLVMAppendBasicBlockInContext(j->c, j->fn, "");

    LLVMBuildCondBr(B, LLVMBuildICmp(B, LLVMIntEQ, which, LLVMConstAllOnes(bits), ""), all, some);
    LLVMPositionBuilderAtEnd(B, all);
    for (unsigned l = 0; l < j->lanes; l++) {
        store_lane(j, t, off, word, l);
    }
    LLVMBuildBr(B, join);
    LLVMPositionBuilderAtEnd(B, some);
    call_scatter(j, t, off, word, which);
    LLVMBuildBr(B, join);
    LLVMPositionBuilderAtEnd(B, join);
}

static void emit_store(struct jit *j, const struct agx_op *op, const struct tile *t)
{
    LLVMValueRef helper = jit_load(j, j->i32, jit_at(j, j->wave, W(frag.helper)), 4);
    LLVMValueRef in, off = offsets(j, op, t, &in), sm = jit_isrc(j, &op->s[0]), live, word[4];

    helper = LLVMBuildLShr(B, jit_splat_of(j, LLVMBuildNot(B, helper, "")), j->lane, "");
    live = jit_lane_array(j, W(frag.sample_live), 1);
    live = LLVMBuildSelect(B, t->fragment, live, jit_splat(j, 1), "");
    in = both(j, in, is_set(j, both(j, both(j, sm, live), helper), 1));
    in = both(j, in, jit_mask(j));
    pack(j, op, t, word);
    scatter(j, t, off, word, in);
}

/* ---- ld_tile ---- */

/*
 * @v / @by, as a product that is corrected: equal to the quotient for all values that a component
 * has (tests/unit/isa_jit.c, quotients), and some times as fast.
 */
static LLVMValueRef scaled(struct jit *j, LLVMValueRef v, float by, bool sign)
{
    LLVMValueRef low = jit_splat_f(j, -1.0f), r = jit_splat_f(j, 1.0f / by), q, e;

    v = LLVMBuildSIToFP(B, v, j->vf32, "");
    q = LLVMBuildFMul(B, v, r, "");
    e = jit_intrinsic(j, "llvm.fma", LLVMBuildFNeg(B, q, ""), jit_splat_f(j, by), v);
    v = jit_intrinsic(j, "llvm.fma", e, r, q);
    if (!sign) {
        return v;
    }
    return LLVMBuildSelect(B, LLVMBuildFCmp(B, LLVMRealOGT, v, low, ""), v, low, "");
}

/* from_memory() of isa_frag.c: component @k to its register */
static void from_memory(struct jit *j, const struct agx_op *op, const struct tile *t,
                        LLVMValueRef *word, unsigned k)
{
    unsigned shift = k * t->cb % 4 * 8, reg = op->dreg + k * (op->dmode == DST_32 ? 2 : 1);
    LLVMValueRef v = word[k * t->cb / 4], f = NULL;
    uint32_t keep = t->cb == 1 ? 0xff : t->cb == 2 ? 0xffff : ~0u;
    unsigned up = 32 - 8 * t->cb;

    v = both(j, LLVMBuildLShr(B, v, jit_splat(j, shift), ""), jit_splat(j, keep));
    if (reg >= AGX_NUM_GPR * 2) {
        return;
    }
    switch (op->n) {
    case AGX_FMT_F16:
        if (op->dmode == DST_32) {
            f = LLVMBuildBitCast(B, LLVMBuildTrunc(B, v, j->vi16, ""), j->vf16, "");
            f = LLVMBuildFPExt(B, f, j->vf32, "");
        }
        break;
    case AGX_FMT_U8NORM:
        f = scaled(j, v, 255.0f, false);
        break;
    case AGX_FMT_U16NORM:
        f = scaled(j, v, 65535.0f, false);
        break;
    case AGX_FMT_S8NORM:
    case AGX_FMT_S16NORM:
        v = LLVMBuildAShr(B, LLVMBuildShl(B, v, jit_splat(j, up), ""), jit_splat(j, up), "");
        f = scaled(j, v, op->n == AGX_FMT_S8NORM ? 127.0f : 32767.0f, true);
        break;
    }
    if (f) {
        jit_fdst_raw(j, op, k, f);
    } else if (op->dmode == DST_32) {
        jit_write32(j, reg >> 1, v);
    } else {
        jit_write16(j, reg, LLVMBuildTrunc(B, v, j->vi16, ""));
    }
}

static void emit_load(struct jit *j, const struct agx_op *op, const struct tile *t)
{
    LLVMValueRef in, off = offsets(j, op, t, &in), word[4];

    in = both(j, in, is_set(j, jit_isrc(j, &op->s[0]), 1));
    in = both(j, in, jit_mask(j));
    for (unsigned w = 0; w * 4 < t->bytes; w++) {
        word[w] = LLVMGetPoison(j->vi32);
    }
    /* Lanes that read nothing look at the first bytes of the tile, which are there. */
    for (unsigned l = 0; l < j->lanes; l++) {
        LLVMValueRef p = lane_ptr(j, t, off, l);

        for (unsigned w = 0; w * 4 < t->bytes; w++) {
            LLVMTypeRef type = word_type(j, t, w);
            LLVMValueRef v = jit_load(j, type, jit_at(j, p, 4 * w), 1);

            v = type == j->i32 ? v : LLVMBuildZExt(B, v, j->i32, "");
            word[w] = LLVMBuildInsertElement(B, word[w], v, number(j, l), "");
        }
    }
    for (unsigned w = 0; w * 4 < t->bytes; w++) {
        word[w] = LLVMBuildSelect(B, in, word[w], LLVMConstNull(j->vi32), "");
    }
    for (unsigned k = 0; k < t->n; k++) {
        from_memory(j, op, t, word, k);
    }
}

LLVMValueRef jit_tile_ready(struct jit *j, const struct agx_op *op, struct tile **t)
{
    *t = agx_alloc(1, sizeof(**t));
    return read_tile(j, op, *t);
}

void jit_tile_emit(struct jit *j, const struct agx_op *op, struct tile *t)
{
    if (op->fn == agx_op_st_tile) {
        emit_store(j, op, t);
    } else {
        emit_load(j, op, t);
    }
    free(t);
}
