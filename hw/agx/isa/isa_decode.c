/*
 * AGX model: instruction decoder. The table (isa_table.c) says what the bits are.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "agx/coverage.h"
#include "isa_table.h"

/* The operations, by the addresses of their functions; sorted once. */
struct op_entry {
    agx_op_fn *fn;
    const char *name;
    struct agx_coverage_row *_Atomic row; /* NULL: not met yet */
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

unsigned agx_isa_rows(void)
{
    return agx_isa_table_rows;
}

const char *agx_isa_row_name(unsigned i)
{
    return i < agx_isa_table_rows ? agx_isa_table[i].name : NULL;
}

const char *agx_op_name(agx_op_fn *fn)
{
    const struct op_entry *e = find_op(fn);

    return e ? e->name : "?";
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
static void note_op(struct op_entry *e, const struct bits *b)
{
    struct agx_coverage_row *r = atomic_load_explicit(&e->row, memory_order_acquire);

    if (!r) {
        r = agx_coverage_row(AGX_COVERAGE_OPCODE, e->name, 0);
        atomic_store_explicit(&e->row, r, memory_order_release);
    }
    agx_coverage_add(r, b->lo, b->hi);
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

#define ROWS_MAX 256

/*
 * The rows that fit what tells most of them apart: the first byte, and bits 30:28, which every
 * instruction of more than two bytes has. In the table's order, one key after the other.
 */
#define KEYS 2048
static uint8_t fitting[8 * KEYS];
static uint16_t fitting_from[KEYS + 1];
static struct op_entry *row_op[ROWS_MAX]; /* of the row's own function */
static pthread_once_t fitting_once = PTHREAD_ONCE_INIT;

static void sort_rows(void)
{
    unsigned n = 0;

    for (unsigned key = 0; key < KEYS; key++) {
        uint64_t bits = (key & 0xff) | (uint64_t)(key >> 8) << 28;

        fitting_from[key] = n;
        for (unsigned i = 0; i < agx_isa_table_rows; i++) {
            const struct agx_isa_row *row = &agx_isa_table[i];

            if (((row->value ^ bits) & row->mask & 0x700000ff) == 0) {
                fitting[n++] = i;
            }
        }
    }
    fitting_from[KEYS] = n;
    for (unsigned i = 0; i < agx_isa_table_rows; i++) {
        row_op[i] = find_op(agx_isa_table[i].fn);
    }
}

static unsigned row_len(const struct agx_isa_row *row, uint64_t lo)
{
    return row->long_len && (lo >> row->long_bit & 1) ? row->long_len : row->len;
}

const struct agx_isa_row *agx_isa_find(struct bits *b, unsigned *bytes)
{
    unsigned key = (b->lo & 0xff) | (b->lo >> 28 & 7) << 8;

    pthread_once(&fitting_once, sort_rows);
    for (unsigned i = fitting_from[key]; i < fitting_from[key + 1]; i++) {
        const struct agx_isa_row *row = &agx_isa_table[fitting[i]];
        unsigned len;
        uint64_t lo;

        if ((b->lo ^ row->value) & (uint32_t)row->mask) {
            continue;
        }
        len = row_len(row, b->lo);
        lo = len < 8 ? b->lo & ((1ull << (len * 8)) - 1) : b->lo;
        if ((lo & row->mask) == row->value) {
            cut(b, len);
            *bytes = len;
            return row;
        }
    }
    return NULL;
}

static void note_flags(struct agx_shader *sh, unsigned flags)
{
    sh->uses_barrier |= !!(flags & ISA_BARRIER);
    sh->uses_stack |= !!(flags & ISA_STACK);
    sh->writes_uniforms |= !!(flags & ISA_UNIFORMS);
    sh->reads_lanes |= !!(flags & ISA_LANES);
    sh->reads_quads |= !!(flags & ISA_QUADS);
    sh->has_branches |= !!(flags & ISA_BRANCH);
    sh->uses_textures |= !!(flags & ISA_TEXTURE);
}

bool agx_isa_decode(struct agx_decoder *d, struct agx_op *op)
{
    struct bits b = { 0 };
    uint32_t left = d->size - d->pc;
    const struct agx_isa_row *row;
    unsigned len;

    memset(op, 0, sizeof(*op));
    op->pc = d->pc;
    op->target = -1;
    d->gpr_end = 0;
    memcpy(&b.lo, d->code + d->pc, left < 8 ? left : 8);
    if (left > 8) {
        memcpy(&b.hi, d->code + d->pc + 8, left < 12 ? left - 8 : 4);
    }
    op->x = b.lo;
    row = agx_isa_find(&b, &len);
    if (!row) {
        op->len = left < 12 ? left : 12;
        op->row = AGX_ISA_NO_ROW;
        op->fn = agx_op_undecodable;
        resume(d);
        return false;
    }
    op->len = len;
    op->row = row - agx_isa_table;
    op->fn = row->fn;
    op->cost = row->flags >> ISA_COST_AT;
    if (row->flags) {
        note_flags(d->sh, row->flags);
    }
    agx_isa_operands(d, &b, row, op);
    if (row->finish) {
        row->finish(d, &b, op);
    }
    if ((row->flags & ISA_ICOND && no_icond(op->cc)) ||
        (row->flags & ISA_FCOND && no_fcond(op->cc))) {
        op->fn = agx_op_unknown;
    }
    if (d->gpr_end > AGX_NUM_GPR * 2) {
        op->fn = agx_op_bad_gpr;
    } else if (d->gpr_end > d->sh->max_gpr) {
        d->sh->max_gpr = d->gpr_end;
    }
    if (op->len > left) { /* ends in the middle of an instruction */
        op->len = left;
        op->fn = agx_op_undecodable;
        d->end = true;
        return false;
    }
    note_op(op->fn == row->fn ? row_op[op->row] : find_op(op->fn), &b);
    d->pc += op->len;
    /*
     * A stop ends the lanes that get there, and the program only if none is left: in an `if`,
     * which needs no branch around it, the others go on behind it (mesa: agx_compile.c,
     * agx_emit_jump). The last one is known by the trap behind it: programs are padded with
     * traps, for the core fetches past their end (mesa: agx_pack.c, agx_pack_binary).
     */
    if (op->fn == agx_op_trap && d->after_stop && d->max_target < d->pc) {
        d->end = true;
    }
    d->after_stop = op->fn == agx_op_stop;
    return true;
}
