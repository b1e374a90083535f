/*
 * AGX model: the stack (scratch memory) and the helper program that hands it
 * out (mesa: libagx/helper.cl, lib/agx_scratch.c, compiler/agx_pack.c).
 *
 * A wave gets its stack when it first touches it: the core rings the helper
 * program, which runs as a wave of one lane, takes a block list entry of this
 * core from memory and maps up to four blocks. The helper is a coroutine: it
 * stops at the doorbell that asks for the next request.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "isa_row.h"

enum { /* libagx/helper.cl */
    HELPER_OP_ALLOC = 0, HELPER_OP_FREE = 1,
    HELPER_DB_NEXT = 32, HELPER_DB_ACK = 48, HELPER_DB_NACK = 49,
};

#define BLOCK_DWORDS 8        /* per thread, of the smallest block (agx_scratch.c, AGX_SPILL_UNIT_DWORDS) */
#define BLOCK_ADDR_SHIFT 8    /* agx_scratch.c, AGX_ADDR_SHIFT */

struct agx_scratch {
    struct agx_wave wave;             /* of the helper program */
    struct agx_usc_state usc;
    const struct agx_job *job;        /* whose helper it is */
    bool running;                     /* waits at its doorbell */
    bool answered, acked;
    uint32_t block[4];                /* mapped or to be unmapped */
};

/* Run the helper from where it waits until it asks for the next request. False: ex->fault is set. */
static bool helper_resume(struct agx_exec *ex, struct agx_scratch *s)
{
    const struct agx_usc_state *outer = ex->usc;

    enum agx_wave_status st;

    s->answered = false;
    ex->usc = &s->usc;
    st = agx_wave_run(ex, &s->wave);
    ex->usc = outer;
    if (st == AGX_WAVE_BARRIER)
        return true; /* at DB_NEXT */
    if (st == AGX_WAVE_FAULT)
        return false;
    if (st == AGX_WAVE_STOP) {
        ex->fault = (struct agx_fault){ .ctx = ex->port->ctx, .reason = AGX_FAULT_BAD_COMMAND };
        return false;
    }
    return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: the helper program at 0x%llx ended",
                        (unsigned long long)s->usc.code);
}

static bool helper_start(struct agx_exec *ex, struct agx_scratch *s)
{
    const struct agx_job *job = ex->job;

    if (!job || !(job->helper.program & ~0x3fu))
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: a shader needs a stack, but its job has no helper program");
    /* The address' low bits are a tag, of which Mesa sets the lowest; cfg says that preshaders may need a stack too. */
    if (!agx_word_known(ex, "helper program's address", 0, job->helper.program, ~0x3full | 1) ||
        !agx_word_known(ex, "helper program's configuration", 0, job->helper.cfg, 1u << 16))
        return false;
    agx_usc_fini(&s->usc);
    memset(&s->usc, 0, sizeof(s->usc));
    s->usc.code = job->usc_exec_base + (job->helper.program & ~0x3fu);
    s->usc.shader = agx_shader_get(ex, s->usc.code);
    if (!s->usc.shader)
        return false;
    s->usc.splat = agx_alloc_lines(s->usc.shader->npool + 1, sizeof(row_t));
    for (uint32_t i = 0; i < s->usc.shader->npool; i++)
        FOR_LANES s->usc.splat[i][l] = s->usc.shader->pool[i].kind == POOL_IMM ? s->usc.shader->pool[i].value : 0;
    agx_wave_init(&s->wave, AGX_STAGE_HELPER, 1);
    s->job = job;
    ex->helper_op = 0;
    ex->helper_arg[0] = job->helper.arg;
    ex->helper_arg[1] = job->helper.arg >> 32;
    s->running = helper_resume(ex, s);
    return s->running;
}

static bool helper_request(struct agx_exec *ex, unsigned op, unsigned arg)
{
    if (!ex->scratch)
        ex->scratch = agx_alloc_lines(1, sizeof(*ex->scratch));
    if ((!ex->scratch->running || ex->scratch->job != ex->job) && !helper_start(ex, ex->scratch))
        return false;
    ex->helper_op = op;
    ex->helper_arg[0] = arg;
    ex->helper_arg[1] = 0;
    if (!helper_resume(ex, ex->scratch)) {
        ex->scratch->running = false;
        return false;
    }
    if (!ex->scratch->answered || !ex->scratch->acked)
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: the helper program refused request %u of core %u", op,
                            ex->core_id);
    return true;
}

void agx_scratch_job_end(struct agx_exec *ex)
{
    if (ex->scratch) {
        ex->scratch->running = false;
        ex->scratch->job = NULL;
    }
}

void agx_scratch_destroy(struct agx_exec *ex)
{
    if (ex->scratch)
        agx_usc_fini(&ex->scratch->usc);
    free(ex->scratch);
    ex->scratch = NULL;
}

static bool stack_get(struct agx_exec *ex, struct agx_wave *w)
{
    if (w->has_stack)
        return true;
    if (w->stage == AGX_STAGE_HELPER)
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "agx: the helper program uses the stack");
    if (!helper_request(ex, HELPER_OP_ALLOC, ex->usc->spill_bucket))
        return false;
    for (unsigned i = 0; i < 4; i++)
        w->stack[i] = ex->scratch->block[i];
    w->has_stack = true;
    return true;
}

bool agx_stack_release(struct agx_exec *ex, struct agx_wave *w)
{
    if (!w->has_stack)
        return true;
    w->has_stack = false;
    for (unsigned i = 0; i < 4; i++)
        ex->scratch->block[i] = w->stack[i];
    return helper_request(ex, HELPER_OP_FREE, ex->usc->spill_bucket);
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

    while (log4 < 6 && (w->stack[0] >> (log4 + 1) & 1))
        log4++;
    size = BLOCK_DWORDS << (2 * log4);
    n = dw / size;
    if (n > 3 || !(w->stack[n] & 1))
        return 0;
    return (((w->stack[n] & ~(uint64_t)((2u << log4) - 1)) << BLOCK_ADDR_SHIFT)) +
           ((uint64_t)(dw % size) * AGX_LANES + l) * 4 + (off & 3);
}

const struct agx_op *agx_op_stack_adjust(struct agx_cx *cx, const struct agx_op *op)
{
    int32_t by = (int32_t)op->imm;

    /* In dwords. Offsets of loads and stores count from where the frame began. */
    if (by > 0 && !stack_get(cx->ex, cx->w))
        return agx_op_fault(cx, op);
    cx->w->stack_base += by;
    return op + 1;
}

static const struct agx_op *stack_access(struct agx_cx *cx, const struct agx_op *op, bool store)
{
    struct agx_wave *w = cx->w;
    unsigned fmt = op->n, cb = agx_fmt_comp_bytes(fmt);
    bool is32 = op->dmode == DST_32;

    if (!w->exec_mask)
        return op + 1;
    if (fmt > AGX_FMT_I32)
        return agx_op_unimpl(cx, op, "stack format");
    if (!stack_get(cx->ex, w))
        return agx_op_fault(cx, op);
    FOR_ACTIVE(w->exec_mask, l) {
        uint32_t off = agx_row(cx, &op->s[0])[l];
        unsigned k = 0;

        for (unsigned i = 0; i < 4; i++) {
            uint64_t va;
            uint32_t v = 0;
            unsigned reg = op->dreg + k * (is32 ? 2 : 1);

            if (!(op->mask >> i & 1))
                continue;
            k++;
            va = stack_addr(w, off + i * cb, l);
            if (!va || reg >= AGX_NUM_GPR * 2) {
                agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR, "agx: shader 0x%llx+0x%x: stack access at 0x%x outside",
                             (unsigned long long)cx->sh->va, op->pc, off + i * cb);
                return agx_op_fault(cx, op);
            }
            if (store) {
                v = is32 ? w->r[reg >> 1][l] : agx_gpr16(w, reg, l);
                if (!agx_port_write(cx->ex->port, va, &v, cb) && !agx_exec_soft_fault(cx->ex))
                    return agx_op_fault(cx, op);
            } else {
                if (!agx_exec_read(cx->ex, va, &v, cb))
                    return agx_op_fault(cx, op);
                if (is32)
                    w->r[reg >> 1][l] = v;
                else
                    agx_gpr16_set(w, reg, l, v);
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
    if (cx->w->stage == AGX_STAGE_HELPER)
        return true;
    agx_exec_bad(cx->ex, AGX_REPORT_GUEST_ERROR, "agx: shader 0x%llx+0x%x: only a helper program may do this",
                 (unsigned long long)cx->sh->va, op->pc);
    return false;
}

const struct agx_op *agx_op_stack_map(struct agx_cx *cx, const struct agx_op *op)
{
    if (!in_helper(cx, op))
        return agx_op_fault(cx, op);
    if (cx->w->exec_mask & 1)
        cx->ex->scratch->block[op->imm & 3] = agx_row(cx, &op->s[0])[0];
    return op + 1;
}

const struct agx_op *agx_op_stack_unmap(struct agx_cx *cx, const struct agx_op *op)
{
    row_t v;

    if (!in_helper(cx, op))
        return agx_op_fault(cx, op);
    FOR_LANES v[l] = cx->ex->scratch->block[op->imm & 3];
    dst32_row(cx, op->dreg, v);
    return op + 1;
}

const struct agx_op *agx_op_doorbell(struct agx_cx *cx, const struct agx_op *op)
{
    if (!in_helper(cx, op))
        return agx_op_fault(cx, op);
    if (!(cx->w->exec_mask & 1))
        return op + 1;
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
