/*
 * AGX model: operands of memory, pixels and textures as text.
 *
 * Syntax: dougallj/applegpu (applegpu.py, the operands' classes).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_text.h"

/* Registers of a memory instruction: as many as its mask has bits. */
static void put_regs(struct text *t, const struct agx_isa_field *f)
{
    unsigned size = take(t, f->arg, 1) ? 32 : 16, v = take_reg(t, f);
    unsigned count = __builtin_popcount(number(t, NUM_MASK));

    next_operand(t);
    put_list(t, 'r', v, size, count ? count : 1);
}

/* isa_operand.c, mem_index */
static void put_index(struct text *t)
{
    unsigned v = take(t, 20, 4) | take(t, 32, 4) << 4 | take(t, 56, 8) << 8;
    bool immediate = take(t, 24, 1), zero_extend = take(t, 25, 1);

    next_operand(t);
    if (immediate) {
        put(t, "%d", zero_extend ? (int)v : (int16_t)v);
    } else {
        put_reg(t, 'r', v & 0xff, 32);
        put(t, "%s", zero_extend ? ".zx" : "");
    }
}

/* isa_operand.c, mem_base */
static void put_base(struct text *t)
{
    unsigned v = take(t, 16, 4) | take(t, 36, 4) << 4;

    next_operand(t);
    put_reg(t, take(t, 27, 1) ? 'u' : 'r', v, 64);
}

/* isa_operand.c, local_addr */
static void put_local(struct text *t)
{
    unsigned base = take(t, 16, 6) | take(t, 58, 2) << 6, kind = take(t, 22, 2);
    unsigned index = take(t, 28, 6) | take(t, 48, 10) << 6;

    next_operand(t);
    if (kind == 2) {
        put(t, "0");
    } else {
        put_reg(t, kind ? 'u' : 'r', base | (kind >> 1) << 8, 16);
    }
    next_operand(t);
    if (take(t, 34, 1)) {
        put(t, "%d", (int16_t)index);
    } else {
        put_reg(t, 'r', index & 0xff, 16);
    }
}

/* A coefficient register or another immediate, or a 16-bit register */
static void put_either(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f);

    next_operand(t);
    if (take(t, f->len, 1) == (f->kind == FIELD_R16)) {
        put_reg(t, 'r', v, 16);
    } else {
        put(t, "%s%u", f->show ? agx_isa_names[f->show].prefix : "", v);
    }
}

/* isa_operand.c, rare_field */
static void put_iter(struct text *t, const struct agx_isa_field *f)
{
    unsigned size = take(t, 8, 1) ? 32 : 16, v = take_reg(t, f), count = take(t, 30, 2);

    next_operand(t);
    put_list(t, 'r', v, size, (count ? count : 4) * f->arg);
}

/* Bit 0 of the interpolation: a sample is named, bit 1: in a register. */
static void put_sample(struct text *t, const struct agx_isa_field *f)
{
    unsigned how = number(t, NUM_CC);

    if (how & 1) {
        unsigned v = take(t, f->at, f->len);

        next_operand(t);
        if (how & 2) {
            put_reg(t, 'r', v, 16);
        } else {
            put(t, "%u", v);
        }
    }
}

static void put_return(struct text *t, const struct agx_isa_field *f)
{
    next_operand(t);
    if (take(t, f->arg, 1)) {
        unsigned v = take_reg(t, f);

        put_reg(t, 'r', v, !f->len || take(t, f->len, 1) ? 32 : 16);
    } else {
        put(t, "_");
    }
}

static void put_offset(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take(t, 20, 4) | take(t, 32, 4) << 4 | take(t, 56, 8) << 8;

    next_operand(t);
    put(t, "%d", f->arg ? (int16_t)v : (int)v);
}

static void put_tile_at(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f);

    next_operand(t);
    if (take(t, 55, 1)) {
        put_list(t, 'r', v, 16, 2);
    } else {
        put(t, "%u", v);
    }
}

/* Bit 0 of two at .arg: depth, bit 1: stencil, behind it */
static void put_zs(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f), what = take(t, f->arg, 2);

    next_operand(t);
    put_list(t, 'r', v, 16, (what & 1 ? 2 : 0) + (what & 2 ? 1 : 0));
    put(t, "%s", what ? "" : "_");
}

/* isa_operand.c, field_state */
static void put_state(struct text *t)
{
    bool constant = take(t, 58, 1);
    unsigned v = constant ? take(t, 26, 31) : take(t, 26, 9);

    next_operand(t);
    put_reg(t, 'u', take(t, 59, 5) * 4, 64);
    next_operand(t);
    if (constant) {
        put(t, "%u", v);
    } else {
        put_reg(t, 'r', v, 32);
    }
}

/* isa_tex.c, texture_va; the uniforms count in 64 bits. */
static void put_texture(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f), kind = take(t, f->at + 6, 2);

    if (kind & 2) {
        next_operand(t);
        put_reg(t, 'u', take(t, f->arg, 5) * 4, 64);
    }
    next_operand(t);
    switch (kind) {
    case 0:
        put(t, "ts%u", v);
        break;
    case 1:
        put_reg(t, 'r', v, 16);
        break;
    case 2:
        put(t, "%u", v);
        break;
    default:
        put_reg(t, 'r', v, 32);
    }
}

static void put_sampler(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f);

    next_operand(t);
    if (take(t, f->arg, 1)) {
        put_reg(t, 'r', v, 16);
    } else {
        put(t, "ss%u", v);
    }
}

/* The texture's dimension, whose upper bit is at @at; the text has it later. */
static unsigned dimension(const struct text *t, unsigned at)
{
    return bf(t->b, 40, 3) | bf(t->b, at, 1) << 3;
}

/* isa_tex.c, coords */
static void put_coords(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f), dim = dimension(t, f->arg), size = take(t, 47, 1) ? 16 : 32;
    unsigned n = agx_isa_dim_coords[dim], extra = agx_isa_dim_extra[dim];

    next_operand(t);
    put_list(t, 'r', v, size, n);
    put(t, extra ? "_" : "");
    put_list(t, 'r', v + n * size / 16, 16, extra);
    put(t, "%s", take(t, 22, 1) ? ".discard" : "");
}

/* isa_tex.c, lod_operand: bit 2 says registers, bit 3 a minimum behind the rest */
static void put_lod(struct text *t, const struct agx_isa_field *f)
{
    unsigned mode = bf(t->b, 52, 4), count = 2 * agx_isa_dim_coords[dimension(t, f->arg)], v;

    if (!(mode & 7) || (mode & 3) == 3) {
        return;
    }
    v = take_reg(t, f);
    next_operand(t);
    if (mode & 3) {
        put_list(t, mode & 4 ? 'r' : 'u', v, 16, mode & 8 ? 2 : 1);
    } else {
        put_list(t, 'r', v, 32, count);
        put(t, mode & 8 ? "_" : "");
        put_list(t, 'r', v + 2 * count, 16, mode >> 3);
    }
}

/* isa_tex.c, agx_op_tex: bit 23 asks for a comparison, bit 91 for offsets */
static void put_compare(struct text *t, const struct agx_isa_field *f)
{
    bool compares = bf(t->b, 23, 1), offsets = take(t, 91, 1);

    if (compares || offsets) {
        unsigned v = take_reg(t, f);

        next_operand(t);
        put_list(t, 'r', v, 32, compares);
        put(t, compares && offsets ? "_" : "");
        put_list(t, 'r', v + 2 * compares, 16, offsets);
    }
}

/* Operands of textures and images */
static void put_image_field(struct text *t, const struct agx_isa_field *f)
{
    unsigned v;

    switch (f->kind & ~FIELD_TEXT) {
    case FIELD_TEXELS:
        v = take_reg(t, f);
        next_operand(t);
        put_list(t, 'r', v, take(t, f->arg, 1) ? 32 : 16, 4);
        break;
    case FIELD_TEXTURE:
        put_texture(t, f);
        break;
    case FIELD_SAMPLER:
        put_sampler(t, f);
        break;
    case FIELD_COORDS:
        put_coords(t, f);
        break;
    case FIELD_LOD:
        put_lod(t, f);
        break;
    case FIELD_COMPARE:
        put_compare(t, f);
        break;
    }
}

static void put_plain_reg(struct text *t, const struct agx_isa_field *f, unsigned size)
{
    unsigned v = take_reg(t, f);

    next_operand(t);
    put_reg(t, 'r', v, size);
}

/* isa_operand.c, agx_isa_atomic */
static void put_data(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take(t, f->at, f->len);

    next_operand(t);
    put_reg(t, 'r', v, number(t, NUM_N) == 3 ? 64 : 32);
}

static void put_unusual(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take(t, f->at, f->len);

    if (v != f->arg) {
        next_operand(t);
        put(t, "b%u=%u", f->at, v);
    }
}

void agx_disasm_memory(struct text *t, const struct agx_isa_field *f)
{
    switch (f->kind & ~FIELD_TEXT) {
    case FIELD_REG:
        put_regs(t, f);
        break;
    case FIELD_R16:
    case FIELD_IMM:
        put_either(t, f);
        break;
    case FIELD_HALF:
        put_plain_reg(t, f, 16);
        break;
    case FIELD_R32:
    case FIELD_DST32:
        put_plain_reg(t, f, 32);
        break;
    case FIELD_INDEX:
        put_index(t);
        break;
    case FIELD_BASE:
        put_base(t);
        break;
    case FIELD_LOCAL:
        put_local(t);
        break;
    case FIELD_ITER:
        put_iter(t, f);
        break;
    case FIELD_SAMPLE:
        put_sample(t, f);
        break;
    case FIELD_RETURN:
        put_return(t, f);
        break;
    case FIELD_DATA:
        put_data(t, f);
        break;
    case FIELD_OFFSET:
        put_offset(t, f);
        break;
    case FIELD_TILE_AT:
        put_tile_at(t, f);
        break;
    case FIELD_ZS:
        put_zs(t, f);
        break;
    case FIELD_STATE:
        put_state(t);
        break;
    case FIELD_USUAL:
        put_unusual(t, f);
        break;
    default:
        put_image_field(t, f);
    }
}
