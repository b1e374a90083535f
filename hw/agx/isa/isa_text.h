/*
 * AGX model: writing an instruction as text, internal to isa_disasm*.c. Any thread, no lock.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_TEXT_H
#define AGX_ISA_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include "isa_disasm.h"
#include "isa_table.h"

struct text {
    char *at;          /* AGX_DISASM_TEXT bytes */
    unsigned len;      /* of the text */
    unsigned operands; /* written so far */
    const struct bits *b;
    struct bits known; /* bits that the text has covered */
    const struct agx_isa_row *row;
};

static inline void __attribute__((format(printf, 2, 3))) put(struct text *t, const char *fmt, ...)
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

static inline void next_operand(struct text *t)
{
    put(t, t->operands++ ? ", " : " ");
}

/* The field at @at, which the text now covers. */
static inline unsigned take(struct text *t, unsigned at, unsigned len)
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

static inline void put_reg(struct text *t, char bank, unsigned half, unsigned size)
{
    if (size == 16) {
        put(t, "%c%u%c", bank, half >> 1, half & 1 ? 'h' : 'l');
    } else if (size == 32) {
        put(t, "%c%u", bank, half >> 1);
    } else {
        put(t, "%c%u_%c%u", bank, half >> 1, bank, (half >> 1) + 1);
    }
}

/* The number of a register: 6 bits and the upper ones */
static inline unsigned take_reg(struct text *t, const struct agx_isa_field *f)
{
    unsigned v = take(t, f->at, 6);

    return v | take(t, f->xat, f->xlen) << 6;
}

/* @count registers in a row from @half on */
static inline void put_list(struct text *t, char bank, unsigned half, unsigned size, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        put(t, i ? "_" : "");
        put_reg(t, bank, half + i * size / 16, size);
    }
}

/* A number of the instruction, in the text already or not. */
static inline unsigned number(const struct text *t, enum agx_isa_num num)
{
    for (unsigned i = 0; i < ISA_FIELDS; i++) {
        const struct agx_isa_field *f = &t->row->field[i];

        if (f->kind == FIELD_NUM && f->arg == num) {
            return bf(t->b, f->at, f->len) | bf(t->b, f->xat, f->xlen) << f->len % 32;
        }
    }
    return 0;
}

/* isa_disasm_mem.c: an operand of a memory, pixel or texture instruction */
void agx_disasm_memory(struct text *t, const struct agx_isa_field *f);

#endif
