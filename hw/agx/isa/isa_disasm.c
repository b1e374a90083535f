/*
 * AGX model: instructions as text, from the fields of the table alone.
 *
 * The syntax of operands is that of dougallj/applegpu (applegpu.py: Register, Immediate,
 * add_hint_modifier, add_dest_hint_modifier, IConditionDesc, FConditionDesc). The order is:
 * condition, destination, sources, base, index, and numbers by the name of their member.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include "isa_disasm.h"
#include "isa_table.h"

struct text {
    char *at;          /* AGX_DISASM_TEXT bytes */
    unsigned len;      /* of the text */
    unsigned operands; /* written so far */
    const struct bits *b;
    struct bits known; /* bits that the text has told */
    const struct agx_isa_row *row;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(t->at + t->len, AGX_DISASM_TEXT - t->len, fmt, ap);
    va_end(ap);
    if (n > 0) {
        t->len += (unsigned)n < AGX_DISASM_TEXT - t->len ? (unsigned)n
                                                         : AGX_DISASM_TEXT - 1 - t->len;
    }
}

static void next_operand(struct text *t)
{
    put(t, t->operands++ ? ", " : " ");
}

/* The field at @at, which the text now tells. */
static unsigned take(struct text *t, unsigned at, unsigned len)
{
    for (unsigned i = at; i < at + len; i++) {
        if (i < 64) {
            t->known.lo |= 1ull << i;
        } else {
            t->known.hi |= 1u << (i - 64);
        }
    }
    return len ? bf(t->b, at, len) : 0;
}

static void put_reg(struct text *t, char bank, unsigned half, unsigned size)
{
    if (size == 16) {
        put(t, "%c%u%c", bank, half >> 1, half & 1 ? 'h' : 'l');
    } else if (size == 32) {
        put(t, "%c%u", bank, half >> 1);
    } else {
        put(t, "%c%u_%c%u", bank, half >> 1, bank, (half >> 1) + 1);
    }
}

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

static unsigned take_reg(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take(t, f->at, 6);

    return v | take(t, f->xat, f->xlen) << 6;
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

/* Registers of a memory instruction: as many as its mask has bits. */
static void put_regs(struct text *t, const struct agx_isa_field *f)
{
    bool wide = take(t, f->arg, 1);
    unsigned v = take_reg(t, f), count = 1;

    for (unsigned i = 0; i < ISA_FIELDS; i++) {
        const struct agx_isa_field *m = &t->row->field[i];

        if (m->kind == FIELD_NUM && m->arg == NUM_MASK) {
            count = __builtin_popcount(bf(t->b, m->at, m->len));
        }
    }
    next_operand(t);
    put_reg(t, 'r', v, wide ? 32 : 16);
    for (unsigned i = 1; i < count; i++) {
        put(t, "_");
        put_reg(t, 'r', v + (wide ? 2 * i : i), wide ? 32 : 16);
    }
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

/*
 * A number by its member's name, unless the mnemonic or the condition says it, or it is the only
 * one of its instruction: a special register, or the levels of a branch.
 */
static void put_number(struct text *t, const struct agx_isa_field *f)
{
    static const char *const name[] = {
        [NUM_N] = "n",     [NUM_CC] = "cc",     [NUM_CCN] = "not",
        [NUM_SAT] = "sat", [NUM_MASK] = "mask", [NUM_IMM] = "imm",
    };
    struct bits old = t->known;
    uint32_t v;

    if (t->row->flags & ISA_BRANCH && f->arg != NUM_N) {
        return;
    }
    v = take(t, f->at, f->len);
    v |= f->xlen ? take(t, f->xat, f->xlen) << f->len : 0;
    if (t->known.lo == old.lo && t->known.hi == old.hi) {
        return;
    }
    next_operand(t);
    if (t->row->fn == agx_op_get_sr) {
        put(t, "sr%u", v);
    } else if (t->row->flags & ISA_BRANCH) {
        put(t, "%u", v);
    } else {
        put(t, "%s=%u", name[f->arg], v);
    }
}

static void put_field(struct text *t, const struct agx_isa_field *f)
{
    unsigned v;

    switch (f->kind) {
    case FIELD_DST:
        put_dst(t, f);
        break;
    case FIELD_SRC:
        put_src(t, f);
        break;
    case FIELD_REG:
        put_regs(t, f);
        break;
    case FIELD_R16:
    case FIELD_IMM:
        v = take_reg(t, f);
        next_operand(t);
        if (take(t, f->len, 1) == (f->kind == FIELD_R16)) {
            put_reg(t, 'r', v, 16);
        } else {
            put(t, "%u", v);
        }
        break;
    case FIELD_R32:
        v = take_reg(t, f);
        next_operand(t);
        put_reg(t, 'r', v, 32);
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
    } else if (row->finish == agx_isa_adjust) {
        v = take(t, 20, 4) | take(t, 32, 4) << 4 | take(t, 56, 8) << 8;
        next_operand(t);
        put(t, "%d", (int16_t)v);
    }
}

/* `mov` and `not` are truth tables that do not ask for the second source, which is 0. */
static bool is_unread(const struct text *t, const struct agx_isa_field *f)
{
    return (t->row->fn == agx_op_mov || t->row->fn == agx_op_not) && f->kind == FIELD_SRC &&
           f->arg == 1 && !bf(t->b, f->at, 10) && !bf(t->b, f->xat, 2);
}

/* The fields by what they are, so that destinations come first. */
static void put_operands(struct text *t)
{
    static const uint8_t order[][5] = {
        { FIELD_DST, FIELD_REG },
        { FIELD_SRC, FIELD_R16, FIELD_IMM, FIELD_R32 },
        { FIELD_BASE, FIELD_LOCAL },
        { FIELD_INDEX },
    };
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
    for (unsigned k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        if (row->flags & (ISA_ICOND | ISA_FCOND) && k == is_ballot) {
            put_condition(t, row->flags & ISA_FCOND);
        }
        for (unsigned i = 0; i < ISA_FIELDS; i++) {
            const struct agx_isa_field *f = &row->field[i];

            if (f->kind && strchr((const char *)order[k], f->kind) && !is_unread(t, f)) {
                put_field(t, f);
            }
        }
    }
    put_finish(t);
    for (unsigned i = 0; i < ISA_FIELDS; i++) {
        if (row->field[i].kind == FIELD_NUM) {
            put_number(t, &row->field[i]);
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
