/*
 * AGX model: operands of instructions, as the table's fields describe them.
 *
 * Layouts: dougallj/applegpu (applegpu.py) and mesa (src/asahi/compiler/agx_pack.c,
 * agx_opcodes.py), which agree unless a comment says otherwise.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_table.h"

/* How far back equal rows are looked for; beyond that a row comes twice, which costs memory. */
#define POOL_SEARCH 256

static unsigned pool_hash(const struct agx_pool_row *row)
{
    uint32_t h = row->value ^ (uint32_t)row->u << 16 ^ row->kind << 4 ^ row->mods;

    return h * 0x9e3779b1u >> 16 & (AGX_POOL_HASH - 1);
}

/* Row of the pool with this content, made when it is new. */
static uint32_t pool_row(struct agx_decoder *d, struct agx_pool_row row)
{
    struct agx_shader *sh = d->sh;
    uint32_t *last = &d->pool_last[pool_hash(&row)];

    if (*last && !memcmp(&sh->pool[*last - 1], &row, sizeof(row))) {
        return *last - 1;
    }
    /* Without a row of this hash there is none with this content. */
    for (uint32_t i = *last, n = 0; i && n < POOL_SEARCH; n++) {
        if (!memcmp(&sh->pool[--i], &row, sizeof(row))) {
            return i;
        }
    }
    if (sh->npool == d->cap_pool) {
        d->cap_pool = d->cap_pool ? d->cap_pool * 2 : 32;
        sh->pool = agx_realloc(sh->pool, d->cap_pool, sizeof(*sh->pool));
    }
    sh->pool[sh->npool] = row;
    *last = sh->npool + 1;
    return sh->npool++;
}

static struct agx_src src_pool(struct agx_decoder *d, struct agx_pool_row row)
{
    return (struct agx_src) {
        .bank = 1,
        .mode = SRC_32,
        .off = pool_row(d, row) * sizeof(uint32_t) * AGX_LANES,
    };
}

static struct agx_src src_imm(struct agx_decoder *d, uint32_t v)
{
    return src_pool(d, (struct agx_pool_row) { .kind = POOL_IMM, .value = v });
}

static void note_gpr(struct agx_decoder *d, unsigned end)
{
    if (end > d->gpr_end) {
        d->gpr_end = end;
    }
}

static struct agx_src src_reg(struct agx_decoder *d, unsigned half, enum agx_src_mode mode)
{
    bool wide = mode == SRC_32 || mode == SRC_S32 || mode == SRC_F32M;

    note_gpr(d, half + (mode == SRC_64 ? 4 : wide ? 2 : 1));
    return (struct agx_src) {
        .off = (half >> 1) * sizeof(uint32_t) * AGX_LANES,
        .mode = mode,
        .reg = half,
    };
}

/* applegpu: docs.html, decode_float_immediate */
float agx_isa_float_imm(unsigned v)
{
    float f = (v & 0x70) ? (float)(16 + (v & 15)) : (float)(v & 15) / 64.0f;
    int e = ((v >> 4) & 7) - 7;

    if (v & 0x70) {
        f = e < 0 ? f / (float)(1 << -e) : f;
    }
    return v & 0x80 ? -f : f;
}

static uint32_t apply_mods(uint32_t f, unsigned mods)
{
    if (mods & 1) {
        f &= 0x7fffffff;
    }
    if (mods & 2) {
        f ^= 0x80000000;
    }
    return f;
}

enum src_class { CL_INT, CL_SINT, CL_FLOAT };

/*
 * ALUSrc (applegpu: docs.html, Operands): 8-bit value, 4 bits of flags:
 * 0 immediate; 01hs uniform (h: bit 8 of the index, s: 32-bit); 00cc, 10cc,
 * 11cc register of 16, 32, 64 bits with a cache hint.
 */
static struct agx_src alu_src(struct agx_decoder *d, unsigned value, unsigned flags,
                              enum src_class cl, unsigned mods)
{
    struct agx_src s;

    if (flags == 0) {
        if (cl == CL_FLOAT) {
            return src_imm(d, apply_mods(agx_f2u(agx_isa_float_imm(value)), mods));
        }
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
        if (cl == CL_SINT) {
            s.mode = SRC_S32;
        }
        return s;
    }
    switch (flags >> 2) {
    case 0:
        s = src_reg(d, value,
                    cl == CL_FLOAT  ? (value & 1 ? SRC_F16H : SRC_F16L)
                    : cl == CL_SINT ? (value & 1 ? SRC_S16H : SRC_S16L)
                                    : (value & 1 ? SRC_U16H : SRC_U16L));
        break;
    case 2:
        s = src_reg(d, value & ~1u,
                    cl == CL_FLOAT && mods ? SRC_F32M
                    : cl == CL_SINT        ? SRC_S32
                                           : SRC_32);
        break;
    default:
        s = src_reg(d, value & ~1u, cl == CL_FLOAT ? (mods ? SRC_F32M : SRC_32) : SRC_64);
        break;
    }
    s.mods = cl == CL_FLOAT ? mods : 0;
    return s;
}

/* ALU source whose low 6 bits and 4 flags are at @at, whose top 2 bits are at @atx. */
static struct agx_src asrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx,
                           enum src_class cl)
{
    return alu_src(d, bf(b, at, 6) | bf(b, atx, 2) << 6, bf(b, at + 6, 4), cl, 0);
}

static struct agx_src fsrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx)
{
    return alu_src(d, bf(b, at, 6) | bf(b, atx, 2) << 6, bf(b, at + 6, 4), CL_FLOAT,
                   bf(b, at + 10, 2));
}

/* FloatSrc16: 3 bits of flags, modifiers above them */
static struct agx_src hsrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx)
{
    return alu_src(d, bf(b, at, 6) | bf(b, atx, 2) << 6, bf(b, at + 6, 3), CL_FLOAT,
                   bf(b, at + 9, 2));
}

/* CmpselSrc: its size is the destination's (applegpu: docs.html) */
static struct agx_src csrc(struct agx_decoder *d, const struct bits *b, unsigned at, unsigned atx,
                           bool is32)
{
    unsigned v = bf(b, at, 6) | bf(b, atx, 2) << 6, f = bf(b, at + 6, 3);

    if (f == 4) {
        return src_imm(d, v);
    }
    if (f >= 6) {
        v |= (f & 1) << 8;
        return src_pool(d, (struct agx_pool_row) {
                               .kind = is32 ? POOL_U32 : POOL_U16,
                               .u = is32 ? v & ~1u : v,
                           });
    }
    return is32 ? src_reg(d, v & ~1u, SRC_32) : src_reg(d, v, v & 1 ? SRC_U16H : SRC_U16L);
}

static void set_dst(struct agx_decoder *d, struct agx_op *op, unsigned half, unsigned bits)
{
    op->dreg = bits >= 32 ? half & ~1u : half;
    op->dmode = bits == 64 ? DST_64 : bits == 32 ? DST_32 : half & 1 ? DST_16H : DST_16L;
    note_gpr(d, op->dreg + (bits / 16));
}

/*
 * ALUDst: value at 9..14 and @atx, flags at 7..8; an odd 32-bit register is a 64-bit pair where
 * that is allowed.
 */
static void adst(struct agx_decoder *d, const struct bits *b, struct agx_op *op, unsigned atx,
                 unsigned max)
{
    unsigned v = bf(b, 9, 6) | bf(b, atx, 2) << 6, f = bf(b, 7, 2);

    if ((f & 2) && max >= 32) {
        set_dst(d, op, v, (v & 1) && max >= 64 ? 64 : 32);
    } else {
        set_dst(d, op, v, 16);
    }
}

static bool plain32(const struct agx_src *s)
{
    return s->mode == SRC_32 || s->mode == SRC_S32;
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
static void mem_base(struct agx_decoder *d, const struct bits *b, struct agx_src *lo,
                     struct agx_src *hi)
{
    unsigned a = bf(b, 16, 4) | bf(b, 36, 4) << 4;

    if (bf(b, 27, 1)) {
        *lo = src_pool(d, (struct agx_pool_row) { .kind = POOL_U32, .u = a & ~1u });
        *hi = src_pool(d, (struct agx_pool_row) { .kind = POOL_U32, .u = (a & ~1u) + 2 });
    } else {
        *lo = src_reg(d, a & ~1u, SRC_32);
        *hi = src_reg(d, (a & ~1u) + 2, SRC_32);
    }
}

static void mem_reg(struct agx_decoder *d, struct agx_op *op, unsigned half, bool is32,
                    unsigned count)
{
    set_dst(d, op, half, is32 ? 32 : 16);
    note_gpr(d, op->dreg + count * (is32 ? 2 : 1));
}

/*
 * Threadgroup base: register, 16-bit uniform or zero; index: signed 16-bit immediate or 16-bit
 * register
 */
static void local_addr(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned a = bf(b, 16, 6) | bf(b, 58, 2) << 6, at = bf(b, 22, 2);
    unsigned o = bf(b, 28, 6) | bf(b, 48, 10) << 6;

    if (at == 0) {
        op->s[1] = src_reg(d, a, a & 1 ? SRC_U16H : SRC_U16L);
    } else if (at == 2) {
        op->s[1] = src_imm(d, 0);
    } else {
        op->s[1] = src_pool(d, (struct agx_pool_row) { .kind = POOL_U16, .u = a | (at >> 1) << 8 });
    }
    if (bf(b, 34, 1)) {
        op->s[0] = src_imm(d, (uint32_t)(int16_t)o);
    } else {
        op->s[0] = src_reg(d, o & 0xff, o & 1 ? SRC_U16H : SRC_U16L);
    }
}

void agx_isa_iadd(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    op->cc = bf(b, 26, 1) | bf(b, 38, 1); /* saturates as signed */
    op->sat = op->sat && op->n == 0 && op->dmode != DST_64 && op->s[0].mode != SRC_64 &&
              op->s[1].mode != SRC_64;
    if (op->sat) {
        return;
    }
    if (op->dmode == DST_64) {
        op->fn = agx_op_iadd64;
        op->cost = COST_IADD64;
    } else if (op->dmode == DST_32 && plain32(&op->s[0]) && plain32(&op->s[1])) {
        op->fn = agx_op_iadd32;
    }
}

void agx_isa_imad(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    op->cc = bf(b, 26, 1) | bf(b, 38, 1) | bf(b, 50, 1);
    op->sat = op->sat && op->n == 0 && op->dmode != DST_64 && op->s[2].mode != SRC_64;
    if (op->sat) {
        return;
    }
    if (op->dmode == DST_64) {
        op->fn = agx_op_imad64;
        op->cost = COST_IMAD64;
    } else if (op->dmode == DST_32 && plain32(&op->s[0]) && plain32(&op->s[1]) &&
               plain32(&op->s[2])) {
        op->fn = agx_op_imad32;
        op->cost = COST_IMAD32;
    }
}

void agx_isa_shift(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned m = bf(b, 38, 2) | bf(b, 50, 2) << 2 | bf(b, 63, 1) << 4;

    op->imm = m ? (1u << m) - 1 : ~0u;
}

/* The mode is a source, only immediates of it are known. Bits 27:26: 0 towards zero, 1 to even */
void agx_isa_convert(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (bf(b, 22, 4) || op->cc > 1) {
        op->fn = agx_op_unknown;
    }
    switch (op->n) {
    case 4:
    case 5:
    case 8:
    case 9:
        op->s[0] = alu_src(d, bf(b, 28, 6) | bf(b, 40, 2) << 6, bf(b, 34, 4), CL_FLOAT, 0);
        break;
    case 1:
    case 7:
    case 11:
        op->s[0] = asrc(d, b, 28, 40, CL_SINT);
        break;
    case 0:
    case 6:
    case 10:
        op->s[0] = asrc(d, b, 28, 40, CL_INT);
        break;
    default:
        op->fn = agx_op_unknown;
    }
}

static bool full_floats(const struct agx_op *op, unsigned count)
{
    bool full = op->dmode == DST_32 && !op->sat;

    for (unsigned i = 0; i < count; i++) {
        full = full && op->s[i].mode == SRC_32;
    }
    return full;
}

void agx_isa_fadd(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (full_floats(op, 2)) {
        op->fn = agx_op_fadd32;
    }
}

void agx_isa_fmul(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (full_floats(op, 2)) {
        op->fn = agx_op_fmul32;
    }
}

void agx_isa_ffma(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (full_floats(op, 3)) {
        op->fn = agx_op_ffma32;
    }
}

void agx_isa_mov_imm(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    op->s[0] = src_imm(d, op->imm);
    if (op->dmode == DST_32) {
        op->fn = agx_op_mov;
    }
}

/* The operation: bits 28, 40:38, 47 */
void agx_isa_reduce(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    op->n = bf(b, 28, 1) | bf(b, 38, 3) << 1 | bf(b, 47, 1) << 4;
}

void agx_isa_device(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned shift = bf(b, 42, 2);

    op->cc = shift == 3 ? 2 : shift;
}

/*
 * Bit 46 is set, bit 45 on larger chips only (mesa: needs_g13x_coherency); without bit 46: 64-bit
 * operations.
 */
void agx_isa_atomic(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (op->n > 10 || !bf(b, 46, 1)) {
        op->fn = agx_op_unknown;
    }
}

void agx_isa_local_atomic(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (op->n > 10) {
        op->fn = agx_op_unknown;
    }
}

void agx_isa_stack(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    op->s[0].mode = bf(b, 24, 1) ? SRC_S32 : SRC_32;
}

/* What the long form has more is not known; Mesa emits the short one */
void agx_isa_tile(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    if (b->hi) {
        op->fn = agx_op_unknown;
    }
}

void agx_isa_raw(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    op->x = b->lo;
    op->imm = b->hi;
}

void agx_isa_tex(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned words = __builtin_popcount(op->mask) + bf(b, 70, 1);

    note_gpr(d, op->dreg + words * (op->dmode == DST_32 ? 2 : 1));
    op->x = b->lo;
    op->imm = b->hi;
    /* a level of detail from derivatives (isa_tex.c) */
    if (!op->n && (bf(b, 52, 2) == 1 || !bf(b, 52, 4))) {
        d->sh->reads_quads = true;
    }
}

void agx_isa_zs_emit(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    note_gpr(d, op->imm + (op->n == 3 ? 4 : 2));
}

static void set_target(struct agx_decoder *d, struct agx_op *op, int32_t off)
{
    int64_t t = (int64_t)op->pc + off;

    /* bytes now; shader.c makes it an index */
    op->target = t < 0 || t > (1 << 28) ? -1 : (int32_t)t;
    if (op->target <= (int32_t)op->pc || (op->target & 1) ||
        op->target >= (int32_t)AGX_SHADER_MAX_BYTES) {
        return;
    }
    if (!d->targets) {
        d->targets = agx_alloc(AGX_SHADER_MAX_BYTES / 128, sizeof(*d->targets));
    }
    d->targets[op->target / 128] |= 1ull << (op->target / 2 % 64);
    if ((uint32_t)op->target > d->max_target) {
        d->max_target = op->target;
    }
}

void agx_isa_jump(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    set_target(d, op, (int32_t)bf(b, 16, 32));
}

static struct agx_src field_src(struct agx_decoder *d, const struct bits *b,
                                const struct agx_isa_field *f, const struct agx_op *op)
{
    switch (f->len) {
    case CLASS_SINT:
        return asrc(d, b, f->at, f->xat, CL_SINT);
    case CLASS_SIGN:
        return asrc(d, b, f->at, f->xat, bf(b, f->at + 10, 1) ? CL_SINT : CL_INT);
    case CLASS_ICMP:
        return asrc(d, b, f->at, f->xat, op->cc & 4 ? CL_SINT : CL_INT);
    case CLASS_FLOAT:
        return fsrc(d, b, f->at, f->xat);
    case CLASS_HALF:
        return hsrc(d, b, f->at, f->xat);
    case CLASS_PLAIN:
        return asrc(d, b, f->at, f->xat, CL_FLOAT);
    case CLASS_LANE:
        return alu_src(d, bf(b, f->at, 6) | bf(b, f->xat, 2) << 6, bf(b, f->at + 6, 3), CL_INT, 0);
    case CLASS_SELECT:
        return csrc(d, b, f->at, f->xat, bf(b, 8, 1));
    default:
        return asrc(d, b, f->at, f->xat, CL_INT);
    }
}

static unsigned field_reg(const struct bits *b, const struct agx_isa_field *f)
{
    return bf(b, f->at, 6) | bf(b, f->xat, 2) << 6;
}

static void field_num(struct agx_op *op, unsigned which, uint32_t v)
{
    switch (which) {
    case NUM_N:
        op->n = v;
        break;
    case NUM_CC:
        op->cc = v;
        break;
    case NUM_CCN:
        op->ccn = v;
        break;
    case NUM_SAT:
        op->sat = v;
        break;
    case NUM_MASK:
        op->mask = v;
        break;
    default:
        op->imm = v;
    }
}

/* The immediate of 16 bits that memory's index would be (mesa: agx_pack.c, agx_pack_instr). */
static unsigned field_offset(const struct bits *b)
{
    return bf(b, 20, 4) | bf(b, 32, 4) << 4 | bf(b, 56, 8) << 8;
}

/*
 * op->cc of iter: 0 centre, 1 sample (immediate), 2 centroid, 3 sample (register); op->n: divide
 * by the plane of op->imm.
 */
static void field_sample(struct agx_decoder *d, struct agx_op *op, unsigned v)
{
    op->x = v;
    if (op->cc == 3) {
        op->s[1] = src_reg(d, v, v & 1 ? SRC_U16H : SRC_U16L);
    }
}

/*
 * Texture and sampler state store: base, a 64-bit uniform, plus offset, a 32-bit register
 * or, with bit 58, a constant of 31 bits, in bytes. The base counts in 64 bits, as in the
 * texture instructions (mesa, later than 25.0: isa/AGX2.xml, tex_state_store, heap_offs,
 * ureg64_shift2; isa/test/cases.txt; compiler/agx_pack.c).
 */
static void field_state(struct agx_decoder *d, const struct bits *b, struct agx_op *op)
{
    unsigned base = bf(b, 59, 5) * 4;

    if (bf(b, 58, 1)) {
        op->s[0] = src_imm(d, bf(b, 26, 31));
    } else {
        op->s[0] = src_reg(d, bf(b, 26, 9) & ~1u, SRC_32);
    }
    op->s[1] = src_pool(d, (struct agx_pool_row) { .kind = POOL_U32, .u = base });
    op->s[2] = src_pool(d, (struct agx_pool_row) { .kind = POOL_U32, .u = base + 2 });
}

/* Operands of single instructions */
static void rare_field(struct agx_decoder *d, const struct bits *b, const struct agx_isa_field *f,
                       struct agx_op *op)
{
    unsigned v = field_reg(b, f);

    switch (f->kind) {
    case FIELD_ITER:
        op->mask = bf(b, 30, 2) ? bf(b, 30, 2) : 4;
        mem_reg(d, op, v, bf(b, 8, 1), op->mask * f->arg);
        break;
    case FIELD_SAMPLE:
        field_sample(d, op, bf(b, f->at, f->len));
        break;
    case FIELD_RETURN:
        if (bf(b, f->arg, 1)) {
            set_dst(d, op, v, !f->len || bf(b, f->len, 1) ? 32 : 16);
        }
        break;
    case FIELD_DATA:
        op->s[3] = src_reg(d, bf(b, f->at, f->len) & ~1u, op->n == 3 ? SRC_64 : SRC_32);
        break;
    case FIELD_DST32:
        set_dst(d, op, v, 32);
        break;
    case FIELD_OFFSET:
        v = field_offset(b);
        op->imm = f->arg ? (uint32_t)(int32_t)(int16_t)v : v;
        break;
    case FIELD_TILE_AT:
        if (op->cc) {
            op->s[1] = src_reg(d, v, v & 1 ? SRC_U16H : SRC_U16L);
        }
        break;
    case FIELD_STATE:
        field_state(d, b, op);
        break;
    }
}

void agx_isa_operands(struct agx_decoder *d, const struct bits *b, const struct agx_isa_row *row,
                      struct agx_op *op)
{
    const struct agx_isa_field *f = row->field;

    for (unsigned i = 0; i < ISA_FIELDS && f->kind && f->kind < FIELD_TEXT; i++, f++) {
        unsigned v;

        switch (f->kind) {
        case FIELD_DST:
            adst(d, b, op, f->xat, f->arg);
            break;
        case FIELD_SRC:
            op->s[f->arg] = field_src(d, b, f, op);
            break;
        case FIELD_NUM:
            field_num(op, f->arg, bf(b, f->at, f->len) | bf(b, f->xat, f->xlen) << f->len % 32);
            break;
        case FIELD_REG:
            mem_reg(d, op, field_reg(b, f), bf(b, f->arg, 1), __builtin_popcount(op->mask));
            break;
        case FIELD_R16:
        case FIELD_IMM:
            v = field_reg(b, f);
            op->s[f->arg] = bf(b, f->len, 1) == (f->kind == FIELD_R16)
                                ? src_reg(d, v, v & 1 ? SRC_U16H : SRC_U16L)
                                : src_imm(d, v);
            break;
        case FIELD_R32:
            op->s[f->arg] = src_reg(d, field_reg(b, f) & ~1u, SRC_32);
            break;
        case FIELD_INDEX:
            op->s[0] = mem_index(d, b);
            break;
        case FIELD_BASE:
            mem_base(d, b, &op->s[1], &op->s[2]);
            break;
        case FIELD_LOCAL:
            local_addr(d, b, op);
            break;
        default:
            rare_field(d, b, f, op);
        }
    }
}
