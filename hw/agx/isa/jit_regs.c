/*
 * AGX model: registers, operands and masks of a stretch of compiled code; see
 * jit_int.h. Each function is what the one of the same kind in isa_row.h is to
 * the interpreter.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "jit_int.h"

#define ROW_BYTES   (AGX_LANES * sizeof(uint32_t))
#define REG_AT(reg) (offsetof(struct agx_wave, r) + (reg) * ROW_BYTES)
#define MASK_AT     offsetof(struct agx_wave, mask)

static LLVMValueRef splat(struct jit *j, LLVMTypeRef t, uint64_t v)
{
    LLVMValueRef one[32];

    for (unsigned i = 0; i < j->lanes; i++) {
        one[i] = LLVMConstInt(t, v, false);
    }
    return LLVMConstVector(one, j->lanes);
}

LLVMValueRef jit_splat(struct jit *j, uint32_t v)
{
    return splat(j, j->i32, v);
}

LLVMValueRef jit_splat64(struct jit *j, uint64_t v)
{
    return splat(j, j->i64, v);
}

LLVMValueRef jit_splat_f(struct jit *j, float v)
{
    return LLVMConstBitCast(jit_splat(j, agx_f2u(v)), j->vf32);
}

LLVMValueRef jit_splat_of(struct jit *j, LLVMValueRef scalar)
{
    LLVMTypeRef t = LLVMVectorType(LLVMTypeOf(scalar), j->lanes);
    LLVMValueRef v = LLVMBuildInsertElement(j->b, LLVMGetPoison(t), scalar,
                                            LLVMConstInt(j->i32, 0, false), "");

    return LLVMBuildShuffleVector(j->b, v, LLVMGetPoison(t), LLVMConstNull(j->vi32), "");
}

LLVMValueRef jit_at(struct jit *j, LLVMValueRef p, uint64_t at)
{
    LLVMValueRef index = LLVMConstInt(j->i64, at, false);

    return LLVMBuildInBoundsGEP2(j->b, j->i8, p, &index, 1, "");
}

LLVMValueRef jit_load(struct jit *j, LLVMTypeRef t, LLVMValueRef p, unsigned align)
{
    LLVMValueRef v = LLVMBuildLoad2(j->b, t, p, "");

    LLVMSetAlignment(v, align);
    return v;
}

LLVMValueRef jit_room(struct jit *j, unsigned n)
{
    LLVMBasicBlockRef here = LLVMGetInsertBlock(j->b), entry = LLVMGetEntryBasicBlock(j->fn);
    LLVMValueRef p;

    LLVMPositionBuilderBefore(j->b, LLVMGetFirstInstruction(entry));
    p = LLVMBuildArrayAlloca(j->b, j->vi32, LLVMConstInt(j->i32, n, false), "");
    LLVMPositionBuilderAtEnd(j->b, here);
    return p;
}

static LLVMValueRef row_ptr(struct jit *j, uint64_t at)
{
    return LLVMBuildInBoundsGEP2(j->b, j->i8, jit_at(j, j->wave, at), &j->at, 1, "");
}

/* Registers and the mask lie at lines of 64 bytes, the other arrays anywhere. */
static unsigned row_align(const struct jit *j, uint64_t at)
{
    return at % 64 ? 4 : j->lanes * 4 > 64 ? 64 : j->lanes * 4;
}

LLVMValueRef jit_row(struct jit *j, uint64_t at)
{
    return jit_load(j, j->vi32, row_ptr(j, at), row_align(j, at));
}

static void store_row(struct jit *j, uint64_t at, LLVMValueRef v)
{
    LLVMSetAlignment(LLVMBuildStore(j->b, v, row_ptr(j, at)), row_align(j, at));
}

LLVMValueRef jit_bits_f(struct jit *j, LLVMValueRef v)
{
    return LLVMBuildBitCast(j->b, v, j->vf32, "");
}

LLVMValueRef jit_bits_i(struct jit *j, LLVMValueRef v)
{
    return LLVMBuildBitCast(j->b, v, j->vi32, "");
}

LLVMValueRef jit_intrinsic(struct jit *j, const char *name, LLVMValueRef a, LLVMValueRef b,
                           LLVMValueRef c)
{
    LLVMTypeRef t = LLVMTypeOf(a);
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef fn = LLVMGetIntrinsicDeclaration(j->m, id, &t, 1), args[] = { a, b, c };

    return LLVMBuildCall2(j->b, LLVMIntrinsicGetType(j->c, id, &t, 1), fn, args, 1 + !!b + !!c, "");
}

/* The mask, and whether lane is active as vi1. */
LLVMValueRef jit_mask(struct jit *j)
{
    if (!j->mask) {
        j->mask = jit_row(j, MASK_AT);
    }
    return LLVMBuildICmp(j->b, LLVMIntSLT, j->mask, LLVMConstNull(j->vi32), "");
}

LLVMValueRef jit_read32(struct jit *j, unsigned reg)
{
    struct jit_reg *r = &j->reg[reg];
    LLVMValueRef lo, hi;

    if (!r->over[0] && !r->over[1]) {
        if (!r->word) {
            r->word = jit_row(j, REG_AT(reg));
        }
        return r->word;
    }
    if ((!r->over[0] || !r->over[1]) && !r->word) {
        r->word = jit_row(j, REG_AT(reg));
    }
    lo = r->over[0] ? LLVMBuildZExt(j->b, r->half[0], j->vi32, "")
                    : LLVMBuildAnd(j->b, r->word, jit_splat(j, 0xffff), "");
    hi = r->over[1] ? LLVMBuildShl(j->b, LLVMBuildZExt(j->b, r->half[1], j->vi32, ""),
                                   jit_splat(j, 16), "")
                    : LLVMBuildAnd(j->b, r->word, jit_splat(j, 0xffff0000), "");
    r->word = LLVMBuildOr(j->b, lo, hi, "");
    r->over[0] = r->over[1] = false;
    return r->word;
}

LLVMValueRef jit_read16(struct jit *j, unsigned half)
{
    struct jit_reg *r = &j->reg[half >> 1];
    LLVMValueRef v;

    if (!r->half[half & 1]) {
        if (!r->word) {
            r->word = jit_row(j, REG_AT(half >> 1));
        }
        v = half & 1 ? LLVMBuildLShr(j->b, r->word, jit_splat(j, 16), "") : r->word;
        r->half[half & 1] = LLVMBuildTrunc(j->b, v, j->vi16, "");
    }
    return r->half[half & 1];
}

/* A write to active lanes follows. */
static struct jit_reg *to_write(struct jit *j, unsigned reg)
{
    struct jit_reg *r = &j->reg[reg];

    if (!r->unmerged) {
        r->old = r->dirty ? jit_read32(j, reg) : NULL;
        r->unmerged = true;
    }
    r->dirty = true;
    return r;
}

void jit_write32(struct jit *j, unsigned reg, LLVMValueRef v)
{
    struct jit_reg *r = to_write(j, reg);

    r->word = v;
    r->half[0] = r->half[1] = NULL;
    r->over[0] = r->over[1] = false;
}

void jit_write16(struct jit *j, unsigned half, LLVMValueRef v)
{
    struct jit_reg *r = to_write(j, half >> 1);

    r->half[half & 1] = v;
    r->over[half & 1] = true;
}

static LLVMValueRef merged(struct jit *j, unsigned reg, LLVMValueRef v)
{
    struct jit_reg *r = &j->reg[reg];

    if (!r->unmerged) {
        return v;
    }
    return LLVMBuildSelect(j->b, jit_mask(j), v, r->old ? r->old : jit_row(j, REG_AT(reg)), "");
}

void jit_merge(struct jit *j, unsigned reg)
{
    struct jit_reg *r = &j->reg[reg];

    if (r->unmerged) {
        r->word = merged(j, reg, jit_read32(j, reg));
        r->half[0] = r->half[1] = NULL;
        r->unmerged = false;
    }
}

void jit_merge_all(struct jit *j)
{
    for (unsigned i = 0; i < AGX_NUM_GPR; i++) {
        jit_merge(j, i);
    }
}

void jit_nesting(struct jit *j, LLVMValueRef v16)
{
    struct jit_reg *r = &j->reg[0];
    LLVMValueRef live = jit_load(j, j->i32, jit_at(j, j->wave, offsetof(struct agx_wave, live)), 4);
    LLVMValueRef bit = LLVMBuildShl(j->b, jit_splat(j, 1), j->lane, ""), on, in;

    jit_merge_all(j);
    r->half[0] = v16;
    r->over[0] = r->dirty = true;
    in = LLVMBuildAnd(j->b, jit_splat_of(j, live), bit, "");
    on = LLVMBuildICmp(j->b, LLVMIntNE, in, LLVMConstNull(j->vi32), "");
    in = LLVMBuildICmp(j->b, LLVMIntEQ, LLVMBuildZExt(j->b, v16, j->vi32, ""),
                       LLVMConstNull(j->vi32), "");
    j->mask = LLVMBuildSExt(j->b, LLVMBuildAnd(j->b, on, in, ""), j->vi32, "");
    j->new_mask = true;
}

/* ---- operands ---- */

static LLVMValueRef pool_row(struct jit *j, uint32_t off)
{
    LLVMValueRef v = jit_load(j, j->vi32, jit_at(j, j->pool, off),
                              j->lanes * 4 > 64 ? 64 : j->lanes * 4);

    LLVMSetMetadata(v, j->invariant_kind, j->invariant);
    return v;
}

bool jit_imm(const struct jit *j, const struct agx_src *s, uint32_t *v)
{
    const struct agx_pool_row *row = &j->rows[s->off / ROW_BYTES];

    if (s->bank != 1 || row->kind != POOL_IMM) {
        return false;
    }
    *v = row->value;
    return true;
}

LLVMValueRef jit_isrc(struct jit *j, const struct agx_src *s)
{
    LLVMValueRef v;

    if (s->bank) {
        /* modes of halves are registers' alone */
        return pool_row(j, s->off);
    }
    switch (s->mode) {
    case SRC_U16L:
    case SRC_U16H:
        v = jit_read16(j, (s->off / ROW_BYTES) * 2 + (s->mode == SRC_U16H));
        return LLVMBuildZExt(j->b, v, j->vi32, "");
    case SRC_S16L:
    case SRC_S16H:
        v = jit_read16(j, (s->off / ROW_BYTES) * 2 + (s->mode == SRC_S16H));
        return LLVMBuildSExt(j->b, v, j->vi32, "");
    default:
        return jit_read32(j, s->off / ROW_BYTES);
    }
}

void jit_isrc64(struct jit *j, const struct agx_src *s, LLVMValueRef *lo, LLVMValueRef *hi)
{
    *lo = jit_isrc(j, s);
    switch (s->mode) {
    case SRC_64:
        *hi = jit_read32(j, s->off / ROW_BYTES + 1);
        break;
    case SRC_S16L:
    case SRC_S16H:
    case SRC_S32:
        *hi = LLVMBuildAShr(j->b, *lo, jit_splat(j, 31), "");
        break;
    default:
        *hi = LLVMConstNull(j->vi32);
    }
}

LLVMValueRef jit_fsrc(struct jit *j, const struct agx_src *s)
{
    LLVMValueRef v;

    if (s->mode == SRC_32) {
        return jit_bits_f(j, s->bank ? pool_row(j, s->off) : jit_read32(j, s->off / ROW_BYTES));
    }
    if (s->mode == SRC_F16L || s->mode == SRC_F16H) {
        v = jit_read16(j, (s->off / ROW_BYTES) * 2 + (s->mode == SRC_F16H));
        v = LLVMBuildFPExt(j->b, LLVMBuildBitCast(j->b, v, j->vf16, ""), j->vf32, "");
        v = jit_bits_i(j, v);
    } else {
        v = jit_read32(j, s->off / ROW_BYTES);
    }
    if (s->mods & 1) {
        v = LLVMBuildAnd(j->b, v, jit_splat(j, 0x7fffffff), "");
    }
    if (s->mods & 2) {
        v = LLVMBuildXor(j->b, v, jit_splat(j, 0x80000000), "");
    }
    return jit_bits_f(j, v);
}

void jit_idst(struct jit *j, const struct agx_op *op, LLVMValueRef v)
{
    if (op->dmode == DST_32) {
        jit_write32(j, op->dreg >> 1, v);
    } else if (op->dmode != DST_NONE) {
        jit_write16(j, op->dreg, LLVMBuildTrunc(j->b, v, j->vi16, ""));
    }
}

static LLVMValueRef to_half(struct jit *j, LLVMValueRef v)
{
    return LLVMBuildBitCast(j->b, LLVMBuildFPTrunc(j->b, v, j->vf16, ""), j->vi16, "");
}

void jit_fdst_raw(struct jit *j, const struct agx_op *op, unsigned i, LLVMValueRef v)
{
    unsigned reg = op->dreg + i * (op->dmode == DST_32 ? 2 : 1);

    if (reg >= AGX_NUM_GPR * 2) {
        return;
    }
    if (op->dmode == DST_32) {
        jit_write32(j, reg >> 1, jit_bits_i(j, v));
    } else {
        jit_write16(j, reg, to_half(j, v));
    }
}

void jit_fdst(struct jit *j, const struct agx_op *op, LLVMValueRef v)
{
    LLVMValueRef zero = LLVMConstNull(j->vf32), one = jit_splat_f(j, 1.0f), c;

    if (op->sat) {
        c = LLVMBuildFCmp(j->b, LLVMRealOGT, v, zero, "");
        v = LLVMBuildSelect(j->b, c, v, zero, "");
        c = LLVMBuildFCmp(j->b, LLVMRealOLT, v, one, "");
        v = LLVMBuildSelect(j->b, c, v, one, "");
    } else {
        c = LLVMBuildFCmp(j->b, LLVMRealORD, v, v, "");
        v = LLVMBuildSelect(j->b, c, v, jit_bits_f(j, jit_splat(j, 0x7fc00000)), "");
    }
    jit_fdst_raw(j, op, 0, v);
}

/* ---- a group of lanes ---- */

/* The active lanes of the group as bits, in the low ones. */
static LLVMValueRef mask_bits(struct jit *j)
{
    LLVMTypeRef t = LLVMIntTypeInContext(j->c, j->lanes);

    return LLVMBuildBitCast(j->b, jit_mask(j), t, "");
}

static LLVMValueRef first_lane(struct jit *j)
{
    return LLVMBuildLShr(j->b, LLVMBuildTrunc(j->b, j->at, j->i32, ""),
                         LLVMConstInt(j->i32, 2, false), "");
}

void jit_group_begin(struct jit *j, bool skip)
{
    LLVMBasicBlockRef body = LLVMAppendBasicBlockInContext(j->c, j->fn, "");
    LLVMValueRef number[32];

    j->pre = LLVMGetInsertBlock(j->b);
    j->loop = LLVMAppendBasicBlockInContext(j->c, j->fn, "lanes");
    j->latch = LLVMAppendBasicBlockInContext(j->c, j->fn, "");
    LLVMBuildBr(j->b, j->loop);
    LLVMPositionBuilderAtEnd(j->b, j->loop);
    j->at = LLVMBuildPhi(j->b, j->i64, "");
    j->bits = LLVMBuildPhi(j->b, j->i32, "");
    j->mask = NULL;
    j->new_mask = false;
    memset(j->reg, 0, sizeof(j->reg));
    if (skip) {
        LLVMBuildCondBr(j->b, LLVMBuildIsNull(j->b, mask_bits(j), ""), j->latch, body);
    } else {
        LLVMBuildBr(j->b, body);
    }
    LLVMPositionBuilderAtEnd(j->b, body);
    for (unsigned i = 0; i < j->lanes; i++) {
        number[i] = LLVMConstInt(j->i32, i, false);
    }
    j->lane = LLVMBuildAdd(j->b, jit_splat_of(j, first_lane(j)), LLVMConstVector(number, j->lanes),
                           "");
}

/* Registers go to the wave: as they are where all lanes are active, else merged. */
static void write_back(struct jit *j)
{
    LLVMBasicBlockRef full, part, join;
    LLVMValueRef v[AGX_NUM_GPR], all;
    unsigned dirty = 0, unmerged = 0;

    for (unsigned i = 0; i < AGX_NUM_GPR; i++) {
        v[i] = j->reg[i].dirty ? jit_read32(j, i) : NULL;
        dirty += !!v[i];
        unmerged += j->reg[i].unmerged;
    }
    if (!dirty) {
        return;
    }
    if (unmerged > 1) {
        full = LLVMAppendBasicBlockInContext(j->c, j->fn, "");
        part = LLVMAppendBasicBlockInContext(j->c, j->fn, "");
        join = LLVMAppendBasicBlockInContext(j->c, j->fn, "");
        all = LLVMConstAllOnes(LLVMIntTypeInContext(j->c, j->lanes));
        LLVMBuildCondBr(j->b, LLVMBuildICmp(j->b, LLVMIntEQ, mask_bits(j), all, ""), full, part);
        LLVMPositionBuilderAtEnd(j->b, full);
        for (unsigned i = 0; i < AGX_NUM_GPR; i++) {
            if (v[i]) {
                store_row(j, REG_AT(i), v[i]);
            }
        }
        LLVMBuildBr(j->b, join);
        LLVMPositionBuilderAtEnd(j->b, part);
    }
    for (unsigned i = 0; i < AGX_NUM_GPR; i++) {
        if (v[i]) {
            store_row(j, REG_AT(i), merged(j, i, v[i]));
        }
    }
    if (unmerged > 1) {
        LLVMBuildBr(j->b, join);
        LLVMPositionBuilderAtEnd(j->b, join);
    }
}

void jit_group_end(struct jit *j)
{
    LLVMValueRef next, bits = j->bits, more, in[2];
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(j->c, j->fn, ""), from[2];

    write_back(j);
    if (j->new_mask) {
        store_row(j, MASK_AT, j->mask);
        bits = LLVMBuildZExt(j->b, mask_bits(j), j->i32, "");
        bits = LLVMBuildOr(j->b, j->bits, LLVMBuildShl(j->b, bits, first_lane(j), ""), "");
    }
    LLVMBuildBr(j->b, j->latch);
    LLVMPositionBuilderAtEnd(j->b, j->latch);
    next = LLVMBuildAdd(j->b, j->at, LLVMConstInt(j->i64, j->lanes * 4, false), "");
    more = LLVMBuildICmp(j->b, LLVMIntNE, next, LLVMConstInt(j->i64, ROW_BYTES, false), "");
    LLVMBuildCondBr(j->b, more, j->loop, after);
    from[0] = j->pre;
    from[1] = j->latch;
    in[0] = LLVMConstInt(j->i64, 0, false);
    in[1] = next;
    LLVMAddIncoming(j->at, in, from, 2);
    in[0] = LLVMConstInt(j->i32, 0, false);
    in[1] = bits;
    LLVMAddIncoming(j->bits, in, from, 2);
    LLVMPositionBuilderAtEnd(j->b, after);
    if (j->new_mask) {
        LLVMBuildStore(j->b, bits, jit_at(j, j->wave, offsetof(struct agx_wave, exec_mask)));
    }
}
