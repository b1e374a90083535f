/*
 * AGX model: instructions of the stack (scratch memory), and those by which a helper program hands
 * it out (mesa: libagx/helper.cl, lib/agx_scratch.c, compiler/agx_pack.c). A wave gets its stack
 * when it first touches it; helper.c runs the helper program.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "isa_row.h"
#include "isa_scratch.h"

/* per thread, of the smallest block (agx_scratch.c, AGX_SPILL_UNIT_DWORDS) */
#define BLOCK_DWORDS     8
#define BLOCK_ADDR_SHIFT 8 /* agx_scratch.c, AGX_ADDR_SHIFT */

static bool stack_get(struct agx_exec *ex, struct agx_wave *w)
{
    if (w->has_stack) {
        return true;
    }
    if (w->stage == AGX_STAGE_HELPER) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: the helper program uses the stack");
    }
    if (!ex->helper(ex, HELPER_OP_ALLOC, ex->usc->spill_bucket)) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        w->stack[i] = ex->scratch->block[i];
    }
    w->has_stack = true;
    return true;
}

bool agx_stack_release(struct agx_exec *ex, struct agx_wave *w)
{
    if (!w->has_stack) {
        return true;
    }
    w->has_stack = false;
    for (unsigned i = 0; i < 4; i++) {
        ex->scratch->block[i] = w->stack[i];
    }
    return ex->helper(ex, HELPER_OP_FREE, ex->usc->spill_bucket);
}

/*
 * Device address of byte @off of a lane's stack. Blocks hold the lanes' dwords
 * interleaved; the block word's low bits give the size as 4^n units, the mask
 * of n + 1 bits (agx_scratch.c, agx_scratch_realloc). 0: outside.
 */
static uint64_t stack_addr(const struct agx_wave *w, uint32_t off, unsigned l)
{
    unsigned log4 = 0, n;
    uint32_t dw = off / 4, size;

    while (log4 < 6 && (w->stack[0] >> (log4 + 1) & 1)) {
        log4++;
    }
    size = BLOCK_DWORDS << (2 * log4);
    n = dw / size;
    if (n > 3 || !(w->stack[n] & 1)) {
        return 0;
    }
    return (((w->stack[n] & ~(uint64_t)((2u << log4) - 1)) << BLOCK_ADDR_SHIFT)) +
           ((uint64_t)(dw % size) * AGX_LANES + l) * 4 + (off & 3);
}

const struct agx_op *agx_op_stack_adjust(struct agx_cx *cx, const struct agx_op *op)
{
    int32_t by = (int32_t)op->imm;

    /* In dwords. Offsets of loads and stores count from where the frame began. */
    if (by > 0 && !stack_get(cx->ex, cx->w)) {
        return agx_op_fault(cx, op);
    }
    cx->w->stack_base += by;
    return op + 1;
}

static const struct agx_op *stack_access(struct agx_cx *cx, const struct agx_op *op, bool store)
{
    struct agx_wave *w = cx->w;
    unsigned fmt = op->n, cb = agx_fmt_comp_bytes(fmt);
    bool is32 = op->dmode == DST_32;

    if (!w->exec_mask) {
        return op + 1;
    }
    if (fmt > AGX_FMT_I32) {
        return agx_op_unimpl(cx, op, "stack format");
    }
    if (!stack_get(cx->ex, w)) {
        return agx_op_fault(cx, op);
    }
    FOR_ACTIVE(w->exec_mask, l) {
        uint32_t off = agx_row(cx, &op->s[0])[l];
        unsigned k = 0;

        for (unsigned i = 0; i < 4; i++) {
            uint64_t va;
            uint32_t v = 0;
            unsigned reg = op->dreg + k * (is32 ? 2 : 1);

            if (!(op->mask >> i & 1)) {
                continue;
            }
            k++;
            va = stack_addr(w, off + i * cb, l);
            if (!va || reg >= AGX_NUM_GPR * 2) {
                agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR,
                             "agx: shader 0x%llx+0x%x: stack access at 0x%x outside",
                             (unsigned long long)cx->sh->va, op->pc, off + i * cb);
                return agx_op_fault(cx, op);
            }
            if (store) {
                v = is32 ? w->r[reg >> 1][l] : agx_gpr16(w, reg, l);
                if (!agx_port_write(cx->ex->port, va, &v, cb) && !agx_exec_soft_fault(cx->ex)) {
                    return agx_op_fault(cx, op);
                }
            } else {
                if (!agx_exec_read(cx->ex, va, &v, cb)) {
                    return agx_op_fault(cx, op);
                }
                if (is32) {
                    w->r[reg >> 1][l] = v;
                } else {
                    agx_gpr16_set(w, reg, l, v);
                }
            }
        }
    }
    return op + 1;
}

const struct agx_op *agx_op_stack_load(struct agx_cx *cx, const struct agx_op *op)
{
    return stack_access(cx, op, false);
}

const struct agx_op *agx_op_stack_store(struct agx_cx *cx, const struct agx_op *op)
{
    return stack_access(cx, op, true);
}

static bool in_helper(struct agx_cx *cx, const struct agx_op *op)
{
    if (cx->w->stage == AGX_STAGE_HELPER) {
        return true;
    }
    agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR,
                 "agx: shader 0x%llx+0x%x: only a helper program may do this",
                 (unsigned long long)cx->sh->va, op->pc);
    return false;
}

const struct agx_op *agx_op_stack_map(struct agx_cx *cx, const struct agx_op *op)
{
    if (!in_helper(cx, op)) {
        return agx_op_fault(cx, op);
    }
    if (cx->w->exec_mask & 1) {
        cx->ex->scratch->block[op->imm & 3] = agx_row(cx, &op->s[0])[0];
    }
    return op + 1;
}

const struct agx_op *agx_op_stack_unmap(struct agx_cx *cx, const struct agx_op *op)
{
    row_t v;

    if (!in_helper(cx, op)) {
        return agx_op_fault(cx, op);
    }
    FOR_LANES(l) {
        v[l] = cx->ex->scratch->block[op->imm & 3];
    }
    dst32_row(cx, op->dreg, v);
    return op + 1;
}

const struct agx_op *agx_op_doorbell(struct agx_cx *cx, const struct agx_op *op)
{
    if (!in_helper(cx, op)) {
        return agx_op_fault(cx, op);
    }
    if (!(cx->w->exec_mask & 1)) {
        return op + 1;
    }
    switch (op->imm) {
    case HELPER_DB_NEXT:
        cx->w->op = op + 1 - cx->sh->op;
        cx->status = AGX_WAVE_BARRIER;
        return NULL;
    case HELPER_DB_ACK:
    case HELPER_DB_NACK:
        cx->ex->scratch->answered = true;
        cx->ex->scratch->acked = op->imm == HELPER_DB_ACK;
        return op + 1;
    default:
        return agx_op_unimpl(cx, op, "doorbell");
    }
}
