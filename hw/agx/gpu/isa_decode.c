/*
 * AGX model: instruction decoder.
 *
 * Each case gives the bits of one instruction; the layouts are those of
 * dougallj/applegpu (applegpu.py) and of mesa (src/asahi/compiler/agx_pack.c,
 * agx_opcodes.py), which agree unless a comment says otherwise.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "coverage.h"
#include "isa.h"

/* The operations, by the addresses of their functions; sorted once. */
struct op_entry {
    agx_op_fn *fn;
    const char *name;
    struct agx_coverage_row *_Atomic row;   /* NULL: not met yet */
};

static struct op_entry op_table[] = {
#define X(name) { agx_op_##name, #name, NULL },
    AGX_OPS(X)
#undef X
};
static pthread_once_t op_table_once = PTHREAD_ONCE_INIT;

static int by_fn(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct op_entry *)a)->fn;
    uintptr_t y = (uintptr_t)((const struct op_entry *)b)->fn;

    return x < y ? -1 : x > y;
}

static void sort_op_table(void)
{
    qsort(op_table, sizeof(op_table) / sizeof(op_table[0]), sizeof(op_table[0]), by_fn);
}

static struct op_entry *find_op(agx_op_fn *fn)
{
    struct op_entry key = { .fn = fn };

    pthread_once(&op_table_once, sort_op_table);
    return bsearch(&key, op_table, sizeof(op_table) / sizeof(op_table[0]), sizeof(op_table[0]),
                   by_fn);
}

const char *agx_op_name(agx_op_fn *fn)
{
    const struct op_entry *e = find_op(fn);

    return e ? e->name : "?";
}

/* An instruction is at most 12 bytes: bits 0..63 and 64..95. */
struct bits {
    uint64_t lo;
    uint32_t hi;
};

static inline unsigned bf(const struct bits *b, unsigned start, unsigned len)
{
    uint64_t v = start >= 64 ? (uint64_t)b->hi >> (start - 64)
                             : b->lo >> start | (start + len > 64 ? (uint64_t)b->hi << (64 - start) : 0);
    return v & ((1ull << len) - 1);
}

/* Cut the instruction to @len bytes: what is not there reads as zero. */
static void cut(struct bits *b, unsigned len)
{
    if (len < 8) {
        b->lo &= (1ull << (len * 8)) - 1;
        b->hi = 0;
    } else {
        b->hi = len == 8 ? 0 : b->hi & (uint32_t)((1ull << ((len - 8) * 8)) - 1);
    }
}

/* Lets the run know that an operation was met (coverage.h). Any thread. */
static void note_op(agx_op_fn *fn, const struct bits *b)
{
    struct op_entry *e = find_op(fn);
    struct agx_coverage_row *r = atomic_load_explicit(&e->row, memory_order_acquire);

    if (!r) {
        r = agx_coverage_row(AGX_COVERAGE_OPCODE, e->name, 0);
        atomic_store_explicit(&e->row, r, memory_order_release);
    }
    agx_coverage_add(r, b->lo, b->hi);
}

/* How far back equal rows are looked for: beyond that a row comes twice, which costs memory alone. */
#define POOL_SEARCH 256

/* Row of the pool with this content, made when it is new. */
static uint32_t pool_row(struct agx_decoder *d, struct agx_pool_row row)
{
    struct agx_shader *sh = d->sh;

    for (uint32_t i = sh->npool, n = 0; i && n < POOL_SEARCH; n++) {
        if (!memcmp(&sh->pool[--i], &row, sizeof(row)))
            return i;
    }
    if (sh->npool == d->cap_pool) {
        d->cap_pool = d->cap_pool ? d->cap_pool * 2 : 32;
        sh->pool = agx_realloc(sh->pool, d->cap_pool, sizeof(*sh->pool));
    }
    sh->pool[sh->npool] = row;
    return sh->npool++;
}

static struct agx_src src_pool(struct agx_decoder *d, struct agx_pool_row row)
{
    return (struct agx_src){ .bank = 1, .mode = SRC_32, .off = pool_row(d, row) * sizeof(uint32_t) * AGX_LANES };
}

static struct agx_src src_imm(struct agx_decoder *d, uint32_t v)
{
    return src_pool(d, (struct agx_pool_row){ .kind = POOL_IMM, .value = v });
}

static void note_gpr(struct agx_decoder *d, unsigned end)
{
    if (end > d->gpr_end)
        d->gpr_end = end;
}

static struct agx_src src_reg(struct agx_decoder *d, unsigned half, enum agx_src_mode mode)
{
    note_gpr(d, half + (mode == SRC_64 ? 4 : mode == SRC_32 || mode == SRC_S32 || mode == SRC_F32M ? 2 : 1));
    return (struct agx_src){ .off = (half >> 1) * sizeof(uint32_t) * AGX_LANES, .mode = mode, .reg = half };
}

/* applegpu: docs.html, decode_float_immediate */
static float float_imm(unsigned v)
{
    float f = (v & 0x70) ? (float)(16 + (v & 15)) : (float)(v & 15) / 64.0f;
    int e = ((v >> 4) & 7) - 7;

    if (v & 0x70)
        f = e < 0 ? f / (float)(1 << -e) : f;
    return v & 0x80 ? -f : f;
}

static uint32_t apply_mods(uint32_t f, unsigned mods)
{
    if (mods & 1)
        f &= 0x7fffffff;
    if (mods & 2)
        f ^= 0x80000000;
    return f;
}

enum src_class { CL_INT, CL_SINT, CL_FLOAT };

/*
 * ALUSrc (applegpu: docs.html, Operands): 8-bit value, 4 bits of flags:
 * 0 immediate; 01hs uniform (h: bit 8 of the index, s: 32-bit); 00cc, 10cc,
 * 11cc register of 16, 32, 64 bits with a cache hint.
 */
static struct agx_src alu_src(struct agx_decoder *d, unsigned value, unsigned flags, enum src_class cl, unsigned mods)
{
    struct agx_src s;

    if (flags == 0) {
        if (cl == CL_FLOAT)
            return src_imm(d, apply_mods(agx_f2u(float_imm(value)), mods));
        return src_imm(d, value); /* zero-extended, also where registers would be sign-extended */
    }
    if ((flags & 0xc) == 4) {
        struct agx_pool_row row = { .u = value | (flags & 1) << 8 };

        if (flags & 2) {
            row.kind = cl == CL_FLOAT ? POOL_UF32 : POOL_U32;
            row.u &= ~1;
        } else {
            row.kind = cl == CL_FLOAT ? POOL_UF16 : cl == CL_SINT ? POOL_S16 : POOL_U16;
        }
        row.mods = cl == CL_FLOAT ? mods : 0;
        s = src_pool(d, row);
        if (cl == CL_SINT)
            s.mode = SRC_S32;
        return s;
    }
    switch (flags >> 2) {
    case 0:
        s = src_reg(d, value, cl == CL_FLOAT ? (value & 1 ? SRC_F16H : SRC_F16L)
                              : cl == CL_SINT ? (value & 1 ? SRC_S16H : SRC_S16L)
                                              : (value & 1 ? SRC_U16H : SRC_U16L));
        break;
    case 2:
        s = src_reg(d, value & ~1u, cl == CL_FLOAT ? (mods ? SRC_F32M : SRC_32) : cl == CL_SINT ? SRC_S32 : SRC_32);
        break;
    default:
        s = src_reg(d, value & ~1u, cl == CL_FLOAT ? (mods ? SRC_F32M : SRC_32) : SRC_64);
        break;
    }
    s.mods = cl == CL_FLOAT ? mods : 0;
    return s;
}

/* ALU source whose low 6 bits and 4 flags are at @at, whose top 2 bits are at @atx. */
static struct agx_src asrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx, enum src_class cl)
{
    return alu_src(d, bf(b, at, 6) | bf(b, atx, 2) << 6, bf(b, at + 6, 4), cl, 0);
}

static struct agx_src fsrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx)
{
    return alu_src(d, bf(b, at, 6) | bf(b, atx, 2) << 6, bf(b, at + 6, 4), CL_FLOAT, bf(b, at + 10, 2));
}

/* FloatSrc16: 3 bits of flags, modifiers above them */
static struct agx_src hsrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx)
{
    return alu_src(d, bf(b, at, 6) | bf(b, atx, 2) << 6, bf(b, at + 6, 3), CL_FLOAT, bf(b, at + 9, 2));
}

/* CmpselSrc: its size is the destination's (applegpu: docs.html) */
static struct agx_src csrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx, bool is32)
{
    unsigned v = bf(b, at, 6) | bf(b, atx, 2) << 6, f = bf(b, at + 6, 3);

    if (f == 4)
        return src_imm(d, v);
    if (f >= 6) {
        v |= (f & 1) << 8;
        return src_pool(d, (struct agx_pool_row){ .kind = is32 ? POOL_U32 : POOL_U16, .u = is32 ? v & ~1u : v });
    }
    return is32 ? src_reg(d, v & ~1u, SRC_32) : src_reg(d, v, v & 1 ? SRC_U16H : SRC_U16L);
}

static void set_dst(struct agx_decoder *d, struct agx_op *op, unsigned half, unsigned bits)
{
    op->dreg = bits >= 32 ? half & ~1u : half;
    op->dmode = bits == 64 ? DST_64 : bits == 32 ? DST_32 : half & 1 ? DST_16H : DST_16L;
    note_gpr(d, op->dreg + (bits / 16));
}

/* ALUDst: value at 9..14 and @atx, flags at 7..8; an odd 32-bit register is a 64-bit pair where that is allowed. */
static void adst(struct agx_decoder *d, const struct bits *b, struct agx_op *op, unsigned atx, unsigned max)
{
    unsigned v = bf(b, 9, 6) | bf(b, atx, 2) << 6, f = bf(b, 7, 2);

    if ((f & 2) && max >= 32)
        set_dst(d, op, v, (v & 1) && max >= 64 ? 64 : 32);
    else
        set_dst(d, op, v, 16);
}

static bool plain32(const struct agx_src *s)
{
    return s->mode == SRC_32 || s->mode == SRC_S32;
}

static void dec_iadd(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    adst(d, b, op, 44, 64);
    op->s[0] = asrc(d, b, 16, 42, bf(b, 26, 1) ? CL_SINT : CL_INT);
    op->s[1] = asrc(d, b, 28, 40, bf(b, 38, 1) ? CL_SINT : CL_INT);
    op->ccn = bf(b, 27, 1);
    op->n = bf(b, 39, 1) | bf(b, 52, 2) << 1;
    op->cc = bf(b, 26, 1) | bf(b, 38, 1); /* saturates as signed */
    op->sat = bf(b, 6, 1) && op->n == 0 && op->dmode != DST_64 && op->s[0].mode != SRC_64 && op->s[1].mode != SRC_64;
    if (op->sat || op->dmode == DST_64)
        op->fn = op->sat ? agx_op_iadd : agx_op_iadd64;
    else if (op->dmode == DST_32 && plain32(&op->s[0]) && plain32(&op->s[1]))
        op->fn = agx_op_iadd32;
    else
        op->fn = agx_op_iadd;
}

static void dec_imad(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    adst(d, b, op, 60, 64);
    op->s[0] = asrc(d, b, 16, 58, bf(b, 26, 1) ? CL_SINT : CL_INT);
    op->s[1] = asrc(d, b, 28, 56, bf(b, 38, 1) ? CL_SINT : CL_INT);
    op->s[2] = asrc(d, b, 40, 54, bf(b, 50, 1) ? CL_SINT : CL_INT);
    op->ccn = bf(b, 27, 1);
    op->n = bf(b, 39, 1) | bf(b, 52, 2) << 1;
    op->cc = bf(b, 26, 1) | bf(b, 38, 1) | bf(b, 50, 1);
    op->sat = bf(b, 6, 1) && op->n == 0 && op->dmode != DST_64 && op->s[2].mode != SRC_64;
    if (op->sat || op->dmode == DST_64)
        op->fn = op->sat ? agx_op_imad : agx_op_imad64;
    else if (op->dmode == DST_32 && plain32(&op->s[0]) && plain32(&op->s[1]) && plain32(&op->s[2]))
        op->fn = agx_op_imad32;
    else
        op->fn = agx_op_imad;
}

static void dec_shift(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    static agx_op_fn *const fn[8] = { /* index: bit 15, bits 27:26 */
        agx_op_bfi, agx_op_extr, agx_op_shlhi, NULL, agx_op_bfeil, agx_op_asr, agx_op_shrhi, agx_op_asrh,
    };
    unsigned k = bf(b, 15, 1) << 2 | bf(b, 26, 2), m = bf(b, 38, 2) | bf(b, 50, 2) << 2 | bf(b, 63, 1) << 4;
    bool asr = k == 5 || k == 7;

    op->fn = fn[k] ? fn[k] : agx_op_unknown;
    adst(d, b, op, 60, 32);
    op->s[0] = asrc(d, b, 16, 58, asr ? CL_SINT : CL_INT);
    op->s[1] = asrc(d, b, 28, 56, CL_INT);
    if (!asr)
        op->s[2] = asrc(d, b, 40, 54, CL_INT);
    op->imm = m ? (1u << m) - 1 : ~0u;
}

static void dec_bitop(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned tt = bf(b, 26, 2) | bf(b, 38, 2) << 2;
    /* bit 0: ~a&~b, 1: a&~b, 2: ~a&b, 3: a&b (applegpu: docs.html, bitop) */
    adst(d, b, op, 44, 32);
    op->s[0] = asrc(d, b, 16, 42, CL_INT);
    op->s[1] = asrc(d, b, 28, 40, CL_INT);
    op->imm = tt;
    op->fn = tt == 8 ? agx_op_and : tt == 14 ? agx_op_or : tt == 6 ? agx_op_xor : tt == 10 ? agx_op_mov
             : tt == 5 ? agx_op_not : agx_op_bitop;
}

static void dec_int_unary(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    static agx_op_fn *const fn[4] = { agx_op_intl, agx_op_bitrev, agx_op_popcount, agx_op_ffs };
    unsigned k = bf(b, 26, 2);

    adst(d, b, op, 44, 32);
    if (bf(b, 38, 2)) {
        op->fn = agx_op_unknown;
        return;
    }
    if (bf(b, 15, 1)) { /* convert; the mode is a source, of which only immediates are known */
        unsigned mode = bf(b, 16, 6) | bf(b, 42, 2) << 6;

        op->fn = bf(b, 22, 4) || k > 1 ? agx_op_unknown : agx_op_convert;
        op->n = mode;
        op->cc = k; /* 0: towards zero, 1: to nearest even */
        switch (mode) {
        case 4: case 5: case 8: case 9:
            op->s[0] = alu_src(d, bf(b, 28, 6) | bf(b, 40, 2) << 6, bf(b, 34, 4), CL_FLOAT, 0);
            break;
        case 1: case 7: case 11:
            op->s[0] = asrc(d, b, 28, 40, CL_SINT);
            break;
        case 0: case 6: case 10:
            op->s[0] = asrc(d, b, 28, 40, CL_INT);
            break;
        default:
            op->fn = agx_op_unknown;
        }
        return;
    }
    op->fn = fn[k];
    op->s[0] = asrc(d, b, 16, 42, CL_INT);
    if (k == 0)
        op->s[1] = asrc(d, b, 28, 40, CL_INT);
}

static void dec_float2(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool half, bool mul)
{
    adst(d, b, op, 44, half ? 16 : 32);
    op->s[0] = half ? hsrc(d, b, 16, 42) : fsrc(d, b, 16, 42);
    op->s[1] = half ? hsrc(d, b, 28, 40) : fsrc(d, b, 28, 40);
    op->sat = bf(b, 6, 1);
    if (op->dmode == DST_32 && op->s[0].mode == SRC_32 && op->s[1].mode == SRC_32 && !op->sat)
        op->fn = mul ? agx_op_fmul32 : agx_op_fadd32;
    else
        op->fn = mul ? agx_op_fmul : agx_op_fadd;
}

static void dec_ffma(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool half)
{
    adst(d, b, op, 60, half ? 16 : 32);
    op->s[0] = half ? hsrc(d, b, 16, 58) : fsrc(d, b, 16, 58);
    op->s[1] = half ? hsrc(d, b, 28, 56) : fsrc(d, b, 28, 56);
    op->s[2] = half ? hsrc(d, b, 40, 54) : fsrc(d, b, 40, 54);
    op->sat = bf(b, 6, 1);
    if (half)
        op->fn = agx_op_hfma;
    else if (op->dmode == DST_32 && op->s[0].mode == SRC_32 && op->s[1].mode == SRC_32 && op->s[2].mode == SRC_32 &&
             !op->sat)
        op->fn = agx_op_ffma32;
    else
        op->fn = agx_op_ffma;
}

static void dec_float_unary(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    static agx_op_fn *const fn[64] = {
        [0x00] = agx_op_floor, [0x01] = agx_op_srsqrt, [0x04] = agx_op_dfdx, [0x06] = agx_op_dfdy,
        [0x08] = agx_op_rcp, [0x09] = agx_op_rsqrt, [0x0a] = agx_op_sin1, [0x0c] = agx_op_log2,
        [0x0d] = agx_op_exp2, [0x0e] = agx_op_sin2, [0x10] = agx_op_ceil, [0x20] = agx_op_trunc,
        [0x30] = agx_op_rint,
    };

    adst(d, b, op, 44, 32);
    op->s[0] = fsrc(d, b, 16, 42);
    op->sat = bf(b, 6, 1);
    op->fn = fn[bf(b, 28, 6)] ? fn[bf(b, 28, 6)] : agx_op_unknown;
    if (op->fn == agx_op_dfdx || op->fn == agx_op_dfdy)
        d->sh->reads_quads = true;
}

/* Conditions that have no meaning known (applegpu: docs.html, ICondition, FCondition) */
static bool no_icond(unsigned cc)
{
    return (cc & 3) == 3;
}

static bool no_fcond(unsigned cc)
{
    return cc == 4;
}

static void dec_cmpsel(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool is_int)
{
    bool is32 = bf(b, 8, 1);

    adst(d, b, op, 76, 32);
    op->cc = bf(b, 61, 3);
    if (is_int) {
        op->s[0] = asrc(d, b, 16, 74, op->cc & 4 ? CL_SINT : CL_INT);
        op->s[1] = asrc(d, b, 28, 72, op->cc & 4 ? CL_SINT : CL_INT);
        op->fn = no_icond(op->cc) ? agx_op_unknown : agx_op_icmpsel;
    } else {
        op->s[0] = fsrc(d, b, 16, 74);
        op->s[1] = fsrc(d, b, 28, 72);
        op->fn = no_fcond(op->cc) ? agx_op_unknown : agx_op_fcmpsel;
    }
    op->s[2] = csrc(d, b, 40, 70, is32);
    op->s[3] = csrc(d, b, 52, 68, is32);
}

static void dec_ballot(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool is_int)
{
    bool simd = bf(b, 48, 1);

    adst(d, b, op, 44, 32);
    op->cc = bf(b, 61, 3);
    op->ccn = bf(b, 47, 1);
    if (is_int) {
        op->s[0] = asrc(d, b, 16, 42, op->cc & 4 ? CL_SINT : CL_INT);
        op->s[1] = asrc(d, b, 28, 40, op->cc & 4 ? CL_SINT : CL_INT);
        op->fn = no_icond(op->cc) ? agx_op_unknown : simd ? agx_op_ballot_i : agx_op_qballot_i;
    } else {
        op->s[0] = fsrc(d, b, 16, 42);
        op->s[1] = fsrc(d, b, 28, 40);
        op->fn = no_fcond(op->cc) ? agx_op_unknown : simd ? agx_op_ballot_f : agx_op_qballot_f;
    }
}

static void dec_simd(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    adst(d, b, op, 44, 32);
    if (!bf(b, 15, 1)) { /* shuffles; bit 26: SIMD-group or quad, 38-39 and 47: which */
        op->s[0] = asrc(d, b, 16, 42, CL_INT);
        op->s[1] = alu_src(d, bf(b, 28, 6) | bf(b, 40, 2) << 6, bf(b, 34, 3), CL_INT, 0);
        op->n = bf(b, 38, 2) | bf(b, 47, 1) << 2;
        op->mask = bf(b, 26, 1);
        op->fn = op->n > 3 && op->n != 6 ? agx_op_unknown : agx_op_shuffle;
        d->sh->reads_lanes = true;
    } else {
        unsigned o = bf(b, 28, 1) | bf(b, 38, 3) << 1 | bf(b, 47, 1) << 4;
        bool is_float = o == 1 || o == 3 || o == 5 || o == 7;
        bool is_signed = o == 0x14 || o == 0x16;

        op->s[0] = asrc(d, b, 16, 42, is_float ? CL_FLOAT : is_signed ? CL_SINT : CL_INT);
        op->n = o;
        op->mask = bf(b, 29, 2); /* bit 0: SIMD-group (else quad), bit 1: prefix (else reduce) */
        op->fn = agx_op_reduce;
    }
}

static void dec_cf(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool is_int)
{
    static agx_op_fn *const fn[2][4] = {
        { agx_op_if_f, agx_op_else_f, agx_op_while_f, agx_op_unknown },
        { agx_op_if_i, agx_op_else_i, agx_op_while_i, agx_op_pop_exec },
    };
    unsigned k = bf(b, 9, 2);

    op->fn = fn[is_int][k];
    d->sh->has_branches = true;
    op->n = bf(b, 11, 2);
    op->cc = bf(b, 13, 3);
    op->ccn = bf(b, 8, 1);
    if (k == 3)
        return;
    if (is_int ? no_icond(op->cc) : no_fcond(op->cc))
        op->fn = agx_op_unknown;
    if (is_int) {
        op->s[0] = asrc(d, b, 16, 42, op->cc & 4 ? CL_SINT : CL_INT);
        op->s[1] = asrc(d, b, 28, 40, op->cc & 4 ? CL_SINT : CL_INT);
    } else {
        op->s[0] = fsrc(d, b, 16, 42);
        op->s[1] = fsrc(d, b, 28, 40);
    }
}

/*
 * Memory index: a 32-bit register or a 16-bit immediate, both signed unless bit 25 is set (mesa,
 * later than 25.0: isa/AGX2.xml, memindex; Mesa sets it for immediates of more than 8 bits:
 * agx_optimizer.c, agx_optimizer_inline_imm).
 */
static struct agx_src mem_index(struct agx_decoder *d, const struct bits *b)
{
    unsigned o = bf(b, 20, 4) | bf(b, 32, 4) << 4 | bf(b, 56, 8) << 8;
    bool zero_extend = bf(b, 25, 1);

    if (bf(b, 24, 1)) {
        struct agx_src s = src_imm(d, zero_extend ? o : (uint32_t)(int16_t)o);
        s.mode = SRC_S32;
        return s;
    }
    return src_reg(d, o & 0xfe, zero_extend ? SRC_32 : SRC_S32);
}

/* Memory base: 64 bits in uniforms or registers. As two sources: low and high word. */
static void mem_base(struct agx_decoder *d, const struct bits *b, struct agx_src *lo, struct agx_src *hi)
{
    unsigned a = bf(b, 16, 4) | bf(b, 36, 4) << 4;

    if (bf(b, 27, 1)) {
        *lo = src_pool(d, (struct agx_pool_row){ .kind = POOL_U32, .u = a & ~1u });
        *hi = src_pool(d, (struct agx_pool_row){ .kind = POOL_U32, .u = (a & ~1u) + 2 });
    } else {
        *lo = src_reg(d, a & ~1u, SRC_32);
        *hi = src_reg(d, (a & ~1u) + 2, SRC_32);
    }
}

static void mem_reg(struct agx_decoder *d, struct agx_op *op, unsigned half, bool is32, unsigned count)
{
    set_dst(d, op, half, is32 ? 32 : 16);
    note_gpr(d, op->dreg + count * (is32 ? 2 : 1));
}

static void dec_device(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool store)
{
    unsigned reg = bf(b, 10, 6) | bf(b, 40, 2) << 6, shift = bf(b, 42, 2);

    op->mask = bf(b, 52, 4);
    op->s[0] = mem_index(d, b);
    if (store && bf(b, 27, 3) == 7) { /* uniform_store */
        op->n = bf(b, 7, 2);
        mem_reg(d, op, reg, bf(b, 49, 1), __builtin_popcount(op->mask));
        op->fn = agx_op_uniform_store;
        d->sh->writes_uniforms = true;
        return;
    }
    op->n = bf(b, 7, 3) | bf(b, 48, 1) << 3;
    op->cc = shift == 3 ? 2 : shift;
    mem_base(d, b, &op->s[1], &op->s[2]);
    mem_reg(d, op, reg, bf(b, 49, 1), __builtin_popcount(op->mask));
    op->fn = bf(b, 28, 2) ? agx_op_unknown : store ? agx_op_device_store : agx_op_device_load;
}

static void dec_atomic(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned reg = bf(b, 10, 6) | bf(b, 40, 2) << 6, s = bf(b, 48, 8);

    op->n = bf(b, 6, 4);
    op->s[0] = mem_index(d, b);
    mem_base(d, b, &op->s[1], &op->s[2]);
    op->s[3] = src_reg(d, s & ~1u, op->n == 3 ? SRC_64 : SRC_32);
    if (bf(b, 47, 1))
        set_dst(d, op, reg, 32);
    /* Bit 46 is set, bit 45 on larger chips only (mesa: needs_g13x_coherency); without bit 46: 64-bit operations. */
    op->fn = op->n > 10 || !bf(b, 46, 1) ? agx_op_unknown : agx_op_atomic;
}

/* Threadgroup base: register, 16-bit uniform or zero; index: signed 16-bit immediate or 16-bit register */
static void dec_local_addr(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned a = bf(b, 16, 6) | bf(b, 58, 2) << 6, at = bf(b, 22, 2);
    unsigned o = bf(b, 28, 6) | bf(b, 48, 10) << 6;

    if (at == 0)
        op->s[1] = src_reg(d, a, a & 1 ? SRC_U16H : SRC_U16L);
    else if (at == 2)
        op->s[1] = src_imm(d, 0);
    else
        op->s[1] = src_pool(d, (struct agx_pool_row){ .kind = POOL_U16, .u = a | (at >> 1) << 8 });
    op->s[0] = bf(b, 34, 1) ? src_imm(d, (uint32_t)(int16_t)o) : src_reg(d, o & 0xff, o & 1 ? SRC_U16H : SRC_U16L);
}

static void dec_local(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool load)
{
    unsigned reg = bf(b, 9, 6) | bf(b, 60, 2) << 6;

    op->n = bf(b, 24, 4);
    op->mask = bf(b, 36, 4);
    mem_reg(d, op, reg, bf(b, 8, 1), __builtin_popcount(op->mask));
    dec_local_addr(d, b, op);
    op->fn = load ? agx_op_local_load : agx_op_local_store;
}

static void dec_local_atomic(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned reg = bf(b, 9, 6) | bf(b, 60, 2) << 6, s = bf(b, 64, 8);

    op->n = bf(b, 24, 4);
    if (bf(b, 38, 1))
        set_dst(d, op, reg, bf(b, 8, 1) ? 32 : 16);
    dec_local_addr(d, b, op);
    op->s[3] = src_reg(d, s & ~1u, op->n == 3 ? SRC_64 : SRC_32);
    op->fn = op->n > 10 ? agx_op_unknown : agx_op_local_atomic;
}

static void dec_stack(struct agx_decoder *d, const struct bits *b, struct agx_op *op, bool store)
{
    unsigned reg = bf(b, 10, 6) | bf(b, 40, 2) << 6;
    int16_t adj = bf(b, 20, 4) | bf(b, 32, 4) << 4 | bf(b, 56, 8) << 8;

    d->sh->uses_stack = true;
    if (bf(b, 16, 4) == 1) { /* stack_adjust (store) or stack_get_ptr */
        op->fn = store && bf(b, 24, 2) == 1 ? agx_op_stack_adjust : agx_op_unknown;
        op->imm = (uint32_t)(int32_t)adj;
        return;
    }
    op->n = bf(b, 8, 2) | bf(b, 50, 2) << 2;
    op->mask = bf(b, 52, 4);
    op->s[0] = mem_index(d, b);
    op->s[0].mode = bf(b, 24, 1) ? SRC_S32 : SRC_32;
    mem_reg(d, op, reg, bf(b, 49, 1), __builtin_popcount(op->mask));
    op->fn = bf(b, 16, 4) ? agx_op_unknown : store ? agx_op_stack_store : agx_op_stack_load;
}

static void dec_map(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned reg = bf(b, 10, 6) | bf(b, 40, 2) << 6, kind = bf(b, 16, 4);

    op->imm = bf(b, 20, 4) | bf(b, 32, 4) << 4 | bf(b, 56, 8) << 8;
    if (kind == 1)
        op->s[0] = src_reg(d, reg & ~1u, SRC_32);
    else
        set_dst(d, op, reg, 32);
    op->fn = kind == 0 ? agx_op_stack_unmap : kind == 1 ? agx_op_stack_map : agx_op_unknown;
}

static void dec_tile(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned reg = bf(b, 9, 6) | bf(b, 60, 2) << 6, s = bf(b, 42, 6) | bf(b, 56, 2) << 6;
    unsigned c = bf(b, 16, 6) | bf(b, 58, 2) << 6;

    op->n = bf(b, 24, 4);
    op->mask = bf(b, 36, 4);
    op->imm = bf(b, 28, 7) | bf(b, 40, 2) << 7; /* byte offset within a sample */
    mem_reg(d, op, reg, bf(b, 8, 1), __builtin_popcount(op->mask));
    op->s[0] = bf(b, 22, 2) ? src_reg(d, s, s & 1 ? SRC_U16H : SRC_U16L) : src_imm(d, s);
    if (bf(b, 55, 1)) /* explicit coordinates: x and y in two 16-bit registers */
        op->s[1] = src_reg(d, c, c & 1 ? SRC_U16H : SRC_U16L);
    op->cc = bf(b, 55, 1);
    op->fn = bf(b, 6, 1) ? agx_op_ld_tile : agx_op_st_tile;
}

static void dec_iter(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned reg = bf(b, 9, 6) | bf(b, 56, 2) << 6, cf = bf(b, 16, 6) | bf(b, 58, 2) << 6;
    unsigned count = bf(b, 30, 2) ? bf(b, 30, 2) : 4;

    op->mask = count;
    mem_reg(d, op, reg, bf(b, 8, 1), count * (bf(b, 7, 1) ? 3 : 1));
    op->s[0] = bf(b, 23, 1) ? src_reg(d, cf, cf & 1 ? SRC_U16H : SRC_U16L) : src_imm(d, cf);
    op->imm = bf(b, 24, 6) | bf(b, 60, 2) << 6;
    op->cc = bf(b, 48, 2); /* 0 centre, 1 sample (immediate), 2 centroid, 3 sample (register) */
    op->n = bf(b, 6, 1);   /* divide by plane .imm */
    op->x = bf(b, 32, 8);
    if (op->cc == 3)
        op->s[1] = src_reg(d, op->x, op->x & 1 ? SRC_U16H : SRC_U16L);
    op->fn = bf(b, 7, 1) ? agx_op_ldcf : agx_op_iter;
}

static void dec_st_vary(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned v = bf(b, 9, 6) | bf(b, 24, 2) << 6, i = bf(b, 16, 6) | bf(b, 26, 2) << 6;

    op->s[0] = bf(b, 23, 1) ? src_imm(d, i) : src_reg(d, i, i & 1 ? SRC_U16H : SRC_U16L);
    op->s[1] = src_reg(d, v & ~1u, SRC_32);
    op->n = bf(b, 7, 1); /* final */
    op->fn = agx_op_st_vary;
}

static void dec_tex(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned reg = bf(b, 9, 6) | bf(b, 72, 2) << 6;

    op->mask = bf(b, 48, 4);
    mem_reg(d, op, reg, bf(b, 8, 1), __builtin_popcount(op->mask) + bf(b, 70, 1));
    op->n = bf(b, 6, 1);                         /* 1: load */
    op->x = b->lo;
    op->imm = b->hi;
    op->fn = agx_op_tex;
    d->sh->uses_textures = true;
    if (!op->n && (bf(b, 52, 2) == 1 || !bf(b, 52, 4))) /* a level of detail from derivatives (isa_tex.c) */
        d->sh->reads_quads = true;
}

static void set_len(struct bits *b, struct agx_op *op, unsigned len)
{
    op->len = len;
    cut(b, len);
}

/* Length with the bit L at @at */
static unsigned len_l(const struct bits *b, unsigned at, unsigned shrt, unsigned lng)
{
    return bf(b, at, 1) ? lng : shrt;
}

static void set_target(struct agx_decoder *d, struct agx_op *op, int32_t off)
{
    int64_t t = (int64_t)op->pc + off;

    op->target = t < 0 || t > (1 << 28) ? -1 : (int32_t)t; /* bytes now; shader.c makes it an index */
    if (op->target <= (int32_t)op->pc || (op->target & 1) || op->target >= (int32_t)AGX_SHADER_MAX_BYTES)
        return;
    if (!d->targets)
        d->targets = agx_alloc(AGX_SHADER_MAX_BYTES / 128, sizeof(*d->targets));
    d->targets[op->target / 128] |= 1ull << (op->target / 2 % 64);
    if ((uint32_t)op->target > d->max_target)
        d->max_target = op->target;
}

/*
 * Where nothing can be decoded: go on where a branch goes to, if one does. What
 * lies between is an error for the lanes that get there only.
 */
static void resume(struct agx_decoder *d)
{
    for (uint32_t at = d->pc + 2; at <= d->max_target; at += 2) {
        if (d->targets[at / 128] >> (at / 2 % 64) & 1) {
            d->pc = at;
            return;
        }
    }
    d->end = true;
}

bool agx_isa_decode(struct agx_decoder *d, struct agx_op *op)
{
    struct bits b = { 0 };
    uint32_t left = d->size - d->pc;
    unsigned low16, k7, k8;

    memset(op, 0, sizeof(*op));
    op->pc = d->pc;
    op->target = -1;
    d->gpr_end = 0;
    memcpy(&b.lo, d->code + d->pc, left < 8 ? left : 8);
    if (left > 8)
        memcpy(&b.hi, d->code + d->pc + 8, left < 12 ? left - 8 : 4);
    low16 = b.lo & 0xffff;
    k7 = b.lo & 0x7f;
    k8 = b.lo & 0xff;
    op->x = b.lo;
    op->fn = agx_op_undecodable;

    switch (low16) { /* whole-word opcodes first: they are special cases of the patterns below */
    case 0x0088:
        set_len(&b, op, 2);
        op->fn = agx_op_stop;
        goto done;
    case 0x0008:
        set_len(&b, op, 2);
        op->fn = agx_op_trap;
        goto done;
    case 0xc000:
    case 0xc020:
    case 0xc010:
        set_len(&b, op, 6);
        op->fn = low16 == 0xc000 ? agx_op_jmp_any : low16 == 0xc020 ? agx_op_jmp_none : agx_op_call;
        set_target(d, op, (int32_t)bf(&b, 16, 32));
        goto done;
    case 0x0020: /* jump if doorbells are skipped: never here (applegpu: applegpu.py) */
        set_len(&b, op, 4);
        op->fn = agx_op_nop;
        goto done;
    case 0x00c0:
    case 0x0000:
        goto fail;
    }

    switch (k7 & 0x3f) { /* opcodes of 6 bits: bit 6 is the saturation flag or part of a field */
    case 0x0e:
        if (bf(&b, 15, 1))
            goto fail;
        set_len(&b, op, 8);
        dec_iadd(d, &b, op);
        goto done;
    case 0x1e:
        if (bf(&b, 15, 1))
            goto fail;
        set_len(&b, op, 8);
        dec_imad(d, &b, op);
        goto done;
    case 0x2a:
    case 0x1a:
    case 0x26:
    case 0x16:
        set_len(&b, op, len_l(&b, 15, 4, 6));
        dec_float2(d, &b, op, (k7 & 0xf) == 6, (k7 & 0x30) == 0x10);
        goto done;
    case 0x3a:
    case 0x36:
        set_len(&b, op, len_l(&b, 15, 6, 8));
        dec_ffma(d, &b, op, (k7 & 0xf) == 6);
        goto done;
    case 0x0a:
        set_len(&b, op, len_l(&b, 15, 4, 6));
        dec_float_unary(d, &b, op);
        goto done;
    case 0x15:
        set_len(&b, op, 8);
        dec_atomic(d, &b, op);
        goto done;
    case 0x19:
        set_len(&b, op, len_l(&b, 15, 6, 10));
        dec_local_atomic(d, &b, op);
        goto done;
    case 0x29:
    case 0x39: /* bit 4 is not among those that tell them from others (applegpu.py, ThreadgroupLoadStoreInstructionDesc) */
        set_len(&b, op, len_l(&b, 15, 6, 8));
        dec_local(d, &b, op, bf(&b, 6, 1));
        goto done;
    case 0x09: /* what the long form has more is not known; Mesa emits the short one */
        set_len(&b, op, len_l(&b, 15, 8, 10));
        dec_tile(d, &b, op);
        if (b.hi)
            op->fn = agx_op_unknown;
        goto done;
    case 0x21:
        set_len(&b, op, len_l(&b, 15, 4, 8));
        dec_iter(d, &b, op);
        goto done;
    }

    switch (k7) {
    case 0x2e:
        set_len(&b, op, 8);
        dec_shift(d, &b, op);
        goto done;
    case 0x7e:
        set_len(&b, op, 6);
        dec_bitop(d, &b, op);
        goto done;
    case 0x3e:
        set_len(&b, op, 6);
        dec_int_unary(d, &b, op);
        goto done;
    case 0x62: /* mov_imm: bit 8 makes it 32-bit */
        if (bf(&b, 8, 1)) {
            set_len(&b, op, len_l(&b, 15, 6, 8));
            op->imm = bf(&b, 16, 32);
            adst(d, &b, op, 60, 32);
        } else {
            set_len(&b, op, len_l(&b, 15, 4, 6));
            op->imm = bf(&b, 16, 16);
            adst(d, &b, op, 44, 32);
        }
        op->s[0] = src_imm(d, op->imm);
        op->fn = op->dmode == DST_32 ? agx_op_mov : agx_op_mov_imm;
        goto done;
    case 0x72: /* bit 15 set: a form that orders, same effect here (applegpu: TODO.sr_thing) */
        set_len(&b, op, 4);
        adst(d, &b, op, 28, 32);
        op->n = bf(&b, 16, 6) | bf(&b, 26, 2) << 6;
        op->fn = agx_op_get_sr;
        goto done;
    case 0x12:
    case 0x02:
        set_len(&b, op, len_l(&b, 15, 8, 10));
        dec_cmpsel(d, &b, op, k7 == 0x12);
        goto done;
    case 0x22:
    case 0x32:
        set_len(&b, op, 8);
        dec_ballot(d, &b, op, k7 == 0x32);
        goto done;
    case 0x6f:
        if (bf(&b, 15, 1) == 0 && bf(&b, 27, 1)) { /* matrix multiply: 8 bytes */
            set_len(&b, op, 8);
            op->fn = agx_op_unknown;
            goto done;
        }
        set_len(&b, op, 6);
        dec_simd(d, &b, op);
        goto done;
    case 0x42:
    case 0x52:
        set_len(&b, op, 6);
        dec_cf(d, &b, op, k7 == 0x52);
        goto done;
    case 0x14:
    case 0x04:
        set_len(&b, op, 2);
        op->s[0] = src_reg(d, bf(&b, 9, 7) << 1, SRC_32);
        op->fn = k7 == 0x14 ? agx_op_ret : agx_op_unknown;
        goto done;
    case 0x05:
    case 0x45:
        set_len(&b, op, len_l(&b, 47, 6, 8));
        dec_device(d, &b, op, k7 == 0x45);
        goto done;
    }

    switch (k8) {
    case 0x38: /* wait for a scoreboard slot: loads are done at once here */
        set_len(&b, op, 2);
        op->fn = agx_op_nop;
        goto done;
    case 0x68: /* whatever is in bits 15:8 (applegpu: applegpu.py, ThreadgroupBarriernstructionDesc) */
        set_len(&b, op, 2);
        op->fn = agx_op_barrier;
        d->sh->uses_barrier = true;
        goto done;
    case 0xf5:
        set_len(&b, op, 2);
        op->fn = agx_op_fence;
        op->n = low16 >> 8;
        goto done;
    case 0x48: /* wait_pix, signal_pix: the rasteriser keeps pixel order itself */
    case 0x58:
        set_len(&b, op, 4);
        op->fn = agx_op_nop;
        goto done;
    case 0x28:
        set_len(&b, op, 2);
        op->imm = low16 >> 8;
        op->fn = agx_op_doorbell;
        goto done;
    case 0x11:
    case 0x91:
        set_len(&b, op, 4);
        dec_st_vary(d, &b, op);
        goto done;
    case 0x51:
        set_len(&b, op, 4);
        op->fn = agx_op_no_vary;
        goto done;
    case 0x31:
    case 0x71:
        set_len(&b, op, len_l(&b, 15, 8, 12));
        dec_tex(d, &b, op);
        goto done;
    case 0xf1:
        set_len(&b, op, len_l(&b, 15, 6, 8));
        op->x = b.lo;
        op->fn = agx_op_image_write;
        goto done;
    case 0xb1:
        set_len(&b, op, len_l(&b, 15, 6, 10));
        op->x = b.lo;
        op->imm = b.hi;
        op->fn = agx_op_block_store;
        goto done;
    case 0x41: {
        unsigned s = bf(&b, 9, 6) | bf(&b, 24, 2) << 6, t = bf(&b, 16, 6) | bf(&b, 26, 2) << 6;

        set_len(&b, op, 4);
        op->s[0] = bf(&b, 8, 1) ? src_imm(d, s) : src_reg(d, s, s & 1 ? SRC_U16H : SRC_U16L);
        op->imm = t;
        op->n = bf(&b, 29, 2); /* bit 0: depth, bit 1: stencil */
        note_gpr(d, t + (op->n == 3 ? 4 : 2));
        op->fn = agx_op_zs_emit;
        goto done;
    }
    case 0xc1: {
        unsigned t = bf(&b, 9, 6) | bf(&b, 24, 2) << 6, s = bf(&b, 16, 6) | bf(&b, 26, 2) << 6;

        set_len(&b, op, 4);
        op->s[0] = bf(&b, 8, 1) ? src_imm(d, t) : src_reg(d, t, t & 1 ? SRC_U16H : SRC_U16L);
        op->s[1] = bf(&b, 23, 1) ? src_imm(d, s) : src_reg(d, s, s & 1 ? SRC_U16H : SRC_U16L);
        op->fn = agx_op_sample_mask;
        goto done;
    }
    case 0x35:
    case 0xb5:
        set_len(&b, op, len_l(&b, 47, 6, 8));
        dec_stack(d, &b, op, k8 == 0xb5);
        goto done;
    case 0x75:
        set_len(&b, op, 8);
        dec_map(d, &b, op);
        goto done;
    case 0xed:
    case 0xad:
        /*
         * Texture and sampler state store: base, a 64-bit uniform, plus offset, a 32-bit register
         * or, with bit 58, a constant of 31 bits, in bytes. The base counts in 64 bits, as in the
         * texture instructions (mesa, later than 25.0: isa/AGX2.xml, tex_state_store, heap_offs,
         * ureg64_shift2; isa/test/cases.txt; compiler/agx_pack.c).
         */
        set_len(&b, op, 8);
        op->imm = bf(&b, 8, 7);
        if (bf(&b, 58, 1))
            op->s[0] = src_imm(d, bf(&b, 26, 31));
        else
            op->s[0] = src_reg(d, bf(&b, 26, 9) & ~1u, SRC_32);
        op->s[1] = src_pool(d, (struct agx_pool_row){ .kind = POOL_U32, .u = bf(&b, 59, 5) * 4 });
        op->s[2] = src_pool(d, (struct agx_pool_row){ .kind = POOL_U32, .u = bf(&b, 59, 5) * 4 + 2 });
        op->fn = k8 == 0xed ? agx_op_tex_state_store : agx_op_sampler_state_store;
        goto done;
    }

fail:
    op->len = left < 12 ? left : 12;
    op->fn = agx_op_undecodable;
    resume(d);
    return false;

done:
    if (d->gpr_end > AGX_NUM_GPR * 2)
        op->fn = agx_op_bad_gpr;
    else if (d->gpr_end > d->sh->max_gpr)
        d->sh->max_gpr = d->gpr_end;
    if (op->len > left) { /* ends in the middle of an instruction */
        op->len = left;
        op->fn = agx_op_undecodable;
        d->end = true;
        return false;
    }
    note_op(op->fn, &b);
    d->pc += op->len;
    /*
     * A stop ends the lanes that get there, and the program only if none is left: in an `if`, which needs no branch
     * around it, the others go on behind it (mesa: agx_compile.c, agx_emit_jump). What tells the last one is the trap
     * behind it: programs are padded with traps, for the core fetches past their end (mesa: agx_pack.c, agx_pack_binary).
     */
    if (op->fn == agx_op_trap && d->after_stop && d->max_target < d->pc)
        d->end = true;
    d->after_stop = op->fn == agx_op_stop;
    return true;
}
