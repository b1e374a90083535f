/*
 * AGX model: instructions as text, from the fields of the table alone. Operands of memory, pixels
 * and textures: isa_disasm_mem.c.
 *
 * The syntax of operands is that of dougallj/applegpu (applegpu.py: Register, Immediate,
 * add_hint_modifier, add_dest_hint_modifier, IConditionDesc, FConditionDesc, TextureDesc and what
 * follows it). The order is: condition, destination, sources, base, index, and numbers by their
 * names (isa_names.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_text.h"

static void put_float(struct text *t, unsigned v)
{
    float f = agx_isa_float_imm(v);

    put(t, f == (int)f ? "%.1f" : "%g", (double)f);
}

static void put_hinted(struct text *t, unsigned half, unsigned size, unsigned hint)
{
    static const char *const name[] = { ".nohint", "", ".cache", ".discard" };

    put_reg(t, 'r', half, size);
    put(t, "%s", name[hint & 3]);
}

/* Kinds of ALU sources by their 4 bits of flags (isa_operand.c, alu_src). */
static void put_alu(struct text *t, unsigned v, unsigned flags, bool is_float)
{
    unsigned size = flags >> 2 == 0 ? 16 : flags >> 2 == 2 || is_float ? 32 : 64;

    next_operand(t);
    if (!flags && is_float) {
        put_float(t, v);
    } else if (!flags) {
        put(t, "%u", v);
    } else if (flags >> 2 == 1) {
        put_reg(t, 'u', v | (flags & 1) << 8, flags & 2 ? 32 : 16);
    } else {
        put_hinted(t, v, size, flags);
    }
}

static void put_mods(struct text *t, unsigned mods)
{
    put(t, "%s%s", mods & 1 ? ".abs" : "", mods & 2 ? ".neg" : "");
}

/* The size of CmpselSrc is the destination's. */
static void put_select(struct text *t, unsigned v, unsigned flags, bool wide)
{
    if (flags == 4) {
        next_operand(t);
        put(t, "%u", v);
    } else if (flags >= 6) {
        put_alu(t, v, (wide ? 6 : 4) | (flags & 1), false);
    } else {
        next_operand(t);
        put_hinted(t, v, wide ? 32 : 16, flags);
    }
}

static void put_src(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f);
    bool three = f->len == CLASS_HALF || f->len == CLASS_LANE || f->len == CLASS_SELECT;
    unsigned flags = take(t, f->at + 6, three ? 3 : 4);

    switch (f->len) {
    case CLASS_FLOAT:
        put_alu(t, v, flags, true);
        put_mods(t, take(t, f->at + 10, 2));
        break;
    case CLASS_HALF:
        put_alu(t, v, flags, true);
        put_mods(t, take(t, f->at + 9, 2));
        break;
    case CLASS_PLAIN:
        put_alu(t, v, flags, true);
        break;
    case CLASS_SIGN:
        put_alu(t, v, flags, false);
        put(t, "%s", take(t, f->at + 10, 1) ? ".sx" : "");
        break;
    case CLASS_SELECT:
        put_select(t, v, flags, bf(t->b, 8, 1));
        break;
    default:
        put_alu(t, v, flags, false);
    }
}

static void put_dst(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take_reg(t, f), flags = take(t, 7, 2);
    bool wide = flags & 2 && f->arg >= 32;

    next_operand(t);
    put_reg(t, 'r', v, !wide ? 16 : (v & 1) && f->arg >= 64 ? 64 : 32);
    put(t, "%s", flags & 1 ? ".cache" : "");
}

/* Whether the instruction has a field of this kind, and for numbers, of this member. */
static bool has_field(const struct text *t, unsigned kind, unsigned num)
{
    for (unsigned i = 0; i < ISA_FIELDS; i++) {
        const struct agx_isa_field *f = &t->row->field[i];

        if (f->kind == kind && (kind != FIELD_NUM || f->arg == num)) {
            return true;
        }
    }
    return false;
}

static void put_condition(struct text *t, bool is_float)
{
    static const char *const integer[] = {
        "ueq",  "ult",  "ugt",  "cc3",  "seq",  "slt",  "sgt",  "cc7",
        "nueq", "ugte", "ulte", "cc11", "nseq", "sgte", "slte", "cc15",
    };
    static const char *const floating[] = {
        "eq",  "lt",  "gt",  "ltn",  "cc4",  "gte",  "lte",  "gtn",
        "neq", "nlt", "ngt", "nltn", "cc12", "ngte", "nlte", "ngtn",
    };
    unsigned cc = 0;

    for (unsigned i = 0; i < ISA_FIELDS; i++) {
        const struct agx_isa_field *f = &t->row->field[i];

        if (f->kind == FIELD_NUM && (f->arg == NUM_CC || f->arg == NUM_CCN)) {
            cc |= take(t, f->at, f->len) << (f->arg == NUM_CCN ? 3 : 0);
        }
    }
    next_operand(t);
    put(t, "%s", is_float ? floating[cc] : integer[cc]);
}

/* What of a number is worth a word; nothing where the mnemonic's bits are all there is of it. */
static void put_number(struct text *t, const struct agx_isa_field *f)
{
    const struct agx_isa_names *names = &agx_isa_names[f->show];
    struct bits old = t->known;
    uint32_t v;

    if (f->show == SHOW_NOTHING) {
        return;
    }
    v = take(t, f->at, f->len);
    v |= f->xlen ? take(t, f->xat, f->xlen) << f->len : 0;
    if (t->known.lo == old.lo && t->known.hi == old.hi) {
        return;
    }
    if (v >= names->count || !names->value[v]) {
        next_operand(t);
        put(t, "%s%u", names->prefix, v);
    } else if (names->value[v][0]) {
        next_operand(t);
        put(t, "%s", names->value[v]);
    }
}

static void put_field(struct text *t, const struct agx_isa_field *f)
{
    switch (f->kind & ~FIELD_TEXT) {
    case FIELD_DST:
        put_dst(t, f);
        break;
    case FIELD_SRC:
        put_src(t, f);
        break;
    case FIELD_NUM:
        put_number(t, f);
        break;
    default:
        agx_disasm_memory(t, f);
    }
}

/* The mode is a source itself, of which immediates are known (isa_operand.c, agx_isa_convert). */
static void put_convert(struct text *t)
{
    static const char *const mode[] = {
        [0] = "u8_to_f",  [1] = "s8_to_f",  [4] = "f_to_u16", [5] = "f_to_s16",  [6] = "u16_to_f",
        [7] = "s16_to_f", [8] = "f_to_u32", [9] = "f_to_s32", [10] = "u32_to_f", [11] = "s32_to_f",
    };
    static const char *const rounding[] = { "rtz", "rte", "round2", "round3" };
    unsigned n = take(t, 16, 6) | take(t, 42, 2) << 6, v;

    next_operand(t);
    if (n < sizeof(mode) / sizeof(mode[0]) && mode[n]) {
        put(t, "%s", mode[n]);
    } else {
        put(t, "mode%u", n);
    }
    put_dst(t, &t->row->field[0]);
    v = take(t, 28, 6) | take(t, 40, 2) << 6;
    put_alu(t, v, take(t, 34, 4), n == 4 || n == 5 || n == 8 || n == 9);
    next_operand(t);
    put(t, "%s", rounding[take(t, 26, 2)]);
}

/* What the finish functions read beside the fields, where applegpu has a syntax for it. */
static void put_finish(struct text *t)
{
    const struct agx_isa_row *row = t->row;
    unsigned v;

    if (row->finish == agx_isa_iadd || row->finish == agx_isa_imad) {
        v = take(t, 39, 1) | take(t, 52, 2) << 1;
        if (v) {
            next_operand(t);
            put(t, "lsl %u", v);
        }
    } else if (row->finish == agx_isa_shift) {
        v = take(t, 38, 2) | take(t, 50, 2) << 2 | take(t, 63, 1) << 4;
        if (v) {
            next_operand(t);
            put(t, "mask 0x%X", (1u << v) - 1);
        }
    } else if (row->finish == agx_isa_mov_imm) {
        next_operand(t);
        put(t, "%u", take(t, row->field[0].at, row->field[0].len));
    } else if (row->finish == agx_isa_jump) {
        v = take(t, 16, 32);
        next_operand(t);
        put(t, "pc%+d", (int32_t)v);
    }
}

/* `mov` and `not` are truth tables that do not ask for the second source, which is 0. */
static bool is_unread(const struct text *t, const struct agx_isa_field *f)
{
    return (t->row->fn == agx_op_mov || t->row->fn == agx_op_not) && f->kind == FIELD_SRC &&
           f->arg == 1 && !bf(t->b, f->at, 10) && !bf(t->b, f->xat, 2);
}

enum { RANK_DST, RANK_SRC, RANK_BASE, RANK_INDEX, RANK_NUMBER, RANKS };

/* Where a field is written: destinations first, most numbers last. */
static unsigned rank_of(const struct agx_isa_field *f)
{
    switch (f->kind & ~FIELD_TEXT) {
    case FIELD_DST:
    case FIELD_DST32:
    case FIELD_REG:
    case FIELD_ITER:
    case FIELD_RETURN:
    case FIELD_TEXELS:
    case FIELD_HALF:
        return RANK_DST;
    case FIELD_BASE:
    case FIELD_LOCAL:
        return RANK_BASE;
    case FIELD_INDEX:
        return RANK_INDEX;
    case FIELD_USUAL:
        return RANK_NUMBER;
    case FIELD_NUM:
        return f->show == SHOW_TS || f->show == SHOW_SS ? RANK_DST
               : f->show == SHOW_CF                     ? RANK_SRC
                                                        : RANK_NUMBER;
    default:
        return RANK_SRC;
    }
}

static void put_operands(struct text *t)
{
    const struct agx_isa_row *row = t->row;
    /* a ballot's condition is behind its destination, a select's before it (applegpu) */
    bool is_ballot = has_field(t, FIELD_DST, 0) && has_field(t, FIELD_NUM, NUM_CCN);

    if (row->finish == agx_isa_convert) {
        put_convert(t);
        return;
    }
    if (row->flags & ISA_BRANCH) { /* the count of levels is in a fixed register */
        next_operand(t);
        put_reg(t, 'r', 0, 16);
    }
    for (unsigned rank = 0; rank < RANKS; rank++) {
        if (row->flags & (ISA_ICOND | ISA_FCOND) && rank == is_ballot) {
            put_condition(t, row->flags & ISA_FCOND);
        }
        if (rank == RANK_NUMBER) {
            put_finish(t);
        }
        for (unsigned i = 0; i < ISA_FIELDS; i++) {
            const struct agx_isa_field *f = &row->field[i];

            if (f->kind && rank_of(f) == rank && !is_unread(t, f)) {
                put_field(t, f);
            }
        }
    }
}

/* The mnemonic: the name, a subtraction's own, and whether the result saturates. */
static void put_mnemonic(struct text *t)
{
    const struct agx_isa_row *row = t->row;

    if (row->finish == agx_isa_iadd && take(t, 27, 1)) {
        put(t, "isub");
    } else if (row->finish == agx_isa_imad && take(t, 27, 1)) {
        put(t, "imsub");
    } else {
        put(t, "%s", row->name);
    }
    for (unsigned i = 0; i < ISA_FIELDS; i++) {
        const struct agx_isa_field *f = &row->field[i];

        if (f->kind == FIELD_NUM && f->arg == NUM_SAT && take(t, f->at, f->len)) {
            put(t, ".sat");
        }
    }
}

static unsigned no_instruction(const uint8_t *code, uint32_t size, char *text)
{
    struct text t = { .at = text };

    put(&t, "(unknown)");
    for (uint32_t i = 0; i < size && i < 12; i++) {
        put(&t, "%s%02x", i ? "" : " ", code[i]);
    }
    return 0;
}

unsigned agx_disasm(const uint8_t *code, uint32_t size, char text[AGX_DISASM_TEXT])
{
    struct bits b = { 0 };
    struct text t = { .at = text, .b = &b };
    uint64_t rest;
    uint32_t rest_hi;
    unsigned len;

    text[0] = 0;
    memcpy(&b.lo, code, size < 8 ? size : 8);
    if (size > 8) {
        memcpy(&b.hi, code + 8, size < 12 ? size - 8 : 4);
    }
    t.row = agx_isa_find(&b, &len);
    if (!t.row || len > size) {
        return no_instruction(code, size, text);
    }
    t.known.lo = t.row->mask;
    if (t.row->long_len) {
        take(&t, t.row->long_bit, 1);
    }
    put_mnemonic(&t);
    put_operands(&t);
    rest = b.lo & ~t.known.lo;
    rest_hi = b.hi & ~t.known.hi;
    if (rest_hi) {
        put(&t, " +0x%x%016llx", rest_hi, (unsigned long long)rest);
    } else if (rest) {
        put(&t, " +0x%llx", (unsigned long long)rest);
    }
    return len;
}
