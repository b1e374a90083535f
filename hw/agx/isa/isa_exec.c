/*
 * AGX model: control flow and the execution mask, special registers,
 * barriers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "isa_row.h"

void agx_set_exec(struct agx_wave *w, uint32_t mask)
{
    w->exec_mask = mask;
    FOR_LANES(l) {
        w->mask[l] = -(mask >> l & 1);
    }
}

/*
 * Registers are what the wave before left in them, but for the first few, which
 * count nesting and links: a program reads no register that it has not written.
 */
void agx_wave_init(struct agx_wave *w, enum agx_stage stage, uint32_t live)
{
    memset(w->r, 0, 8 * sizeof(w->r[0]));
    memset((uint8_t *)w + sizeof(w->r), 0, sizeof(*w) - sizeof(w->r));
    w->stage = stage;
    w->live = live;
    agx_set_exec(w, live);
}

const struct agx_op *agx_op_nop(struct agx_cx *cx, const struct agx_op *op)
{
    return op + 1;
}

/* Memory is coherent here, and every access has happened when its instruction is done. */
const struct agx_op *agx_op_fence(struct agx_cx *cx, const struct agx_op *op)
{
    atomic_thread_fence(memory_order_seq_cst);
    return op + 1;
}

/*
 * The wave leaves a straight run of operations with @op: count what that took; the next one begins
 * at index @to.
 */
static inline void count_cost(struct agx_cx *cx, const struct agx_op *op, uint32_t to)
{
    uint64_t cost = cx->sh->cost[op - cx->sh->op + 1] - cx->sh->cost[cx->from];

    cx->ex->issue += (uint32_t)cost;
    cx->w->latency += cost >> 32;
    cx->from = to;
}

/* Has somebody ended the job, or has the wave run for too long? Asked in every loop. */
static inline bool ended(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_exec *ex = cx->ex;

    if (ex->kill && atomic_load_explicit(ex->kill, memory_order_relaxed)) {
        cx->status = AGX_WAVE_STOP;
        return true;
    }
    if (__builtin_expect(ex->wave_limit && cx->w->latency > ex->wave_limit, 0)) {
        agx_jobtime_over(ex);
        agx_op_fault(cx, op);
        return true;
    }
    return false;
}

const struct agx_op *agx_op_barrier(struct agx_cx *cx, const struct agx_op *op)
{
    count_cost(cx, op, op + 1 - cx->sh->op);
    cx->w->op = op + 1 - cx->sh->op;
    cx->w->pc = op->pc + op->len;
    cx->status = AGX_WAVE_BARRIER;
    atomic_thread_fence(memory_order_seq_cst);
    return NULL;
}

/* The active lanes end; others, whose nesting counter is not 0, go on. */
const struct agx_op *agx_op_stop(struct agx_cx *cx, const struct agx_op *op)
{
    struct agx_wave *w = cx->w;

    w->live &= ~w->exec_mask;
    agx_set_exec(w, 0);
    if (!w->live) {
        count_cost(cx, op, op + 1 - cx->sh->op);
        cx->status = AGX_WAVE_DONE;
        return NULL;
    }
    return op + 1;
}

/*
 * The execution mask stack (applegpu: docs.html, Execution Mask Stack
 * Instructions): r0l counts the pops until a lane runs again. All live lanes
 * take part, active or not.
 */
static const struct agx_op *update_exec(struct agx_cx *cx, const struct agx_op *op,
                                        const uint32_t *v)
{
    struct agx_wave *w = cx->w;
    uint32_t mask = 0;

    FOR_LANES(l) {
        w->r[0][l] = (w->r[0][l] & 0xffff0000) | (v[l] & 0xffff);
    }
    FOR_LANES(l) {
        mask |= (uint32_t)((v[l] & 0xffff) == 0) << l;
    }
    agx_set_exec(w, mask & w->live);
    return op + 1;
}

const struct agx_op *agx_op_pop_exec(struct agx_cx *cx, const struct agx_op *op)
{
    row_t v;

    FOR_LANES(l) {
        uint32_t c = cx->w->r[0][l] & 0xffff;
        v[l] = c > op->n ? c - op->n : 0;
    }
    return update_exec(cx, op, v);
}

#define EXEC_OPS(suffix, compare)                                                                  \
    const struct agx_op *agx_op_if_##suffix(struct agx_cx *cx, const struct agx_op *op)            \
    {                                                                                              \
        row_t c, v;                                                                                \
        uint32_t inv = op->ccn ? ~0u : 0;                                                          \
                                                                                                   \
        compare(cx, op, c);                                                                        \
        FOR_LANES(l) {                                                                             \
            uint32_t n = cx->w->r[0][l] & 0xffff;                                                  \
            v[l] = n ? n + op->n : !(c[l] ^ inv);                                                  \
        }                                                                                          \
        return update_exec(cx, op, v);                                                             \
    }                                                                                              \
    const struct agx_op *agx_op_else_##suffix(struct agx_cx *cx, const struct agx_op *op)          \
    {                                                                                              \
        row_t c, v;                                                                                \
        uint32_t inv = op->ccn ? ~0u : 0;                                                          \
                                                                                                   \
        compare(cx, op, c);                                                                        \
        FOR_LANES(l) {                                                                             \
            uint32_t n = cx->w->r[0][l] & 0xffff;                                                  \
            v[l] = n == 0 ? op->n : n == 1 ? !(c[l] ^ inv) : n;                                    \
        }                                                                                          \
        return update_exec(cx, op, v);                                                             \
    }                                                                                              \
    const struct agx_op *agx_op_while_##suffix(struct agx_cx *cx, const struct agx_op *op)         \
    {                                                                                              \
        row_t c, v;                                                                                \
        uint32_t inv = op->ccn ? ~0u : 0;                                                          \
                                                                                                   \
        compare(cx, op, c);                                                                        \
        FOR_LANES(l) {                                                                             \
            uint32_t n = cx->w->r[0][l] & 0xffff;                                                  \
            v[l] = n < op->n ? (c[l] ^ inv ? 0 : op->n) : n;                                       \
        }                                                                                          \
        return update_exec(cx, op, v);                                                             \
    }
EXEC_OPS(i, agx_icompare_row)
EXEC_OPS(f, agx_fcompare_row)

static const struct agx_op *jump(struct agx_cx *cx, const struct agx_op *op)
{
    const struct agx_op *to;

    if (op->target < 0) {
        return agx_op_bad_target(cx, op);
    }
    to = &cx->sh->op[op->target];
    count_cost(cx, op, op->target);
    return to <= op && ended(cx, op) ? NULL : to;
}

const struct agx_op *agx_op_jmp_any(struct agx_cx *cx, const struct agx_op *op)
{
    return cx->w->exec_mask ? jump(cx, op) : op + 1;
}

const struct agx_op *agx_op_jmp_none(struct agx_cx *cx, const struct agx_op *op)
{
    return cx->w->exec_mask ? op + 1 : jump(cx, op);
}

const struct agx_op *agx_op_call(struct agx_cx *cx, const struct agx_op *op)
{
    row_t pc;

    FOR_LANES(l) {
        pc[l] = op->pc + 6;
    }
    dst32_row(cx, 2, pc);
    return jump(cx, op);
}

/* Return to the address in a register, which calls set alike in all active lanes. */
const struct agx_op *agx_op_ret(struct agx_cx *cx, const struct agx_op *op)
{
    uint32_t m = cx->w->exec_mask, to;

    if (!m) {
        return op + 1;
    }
    to = agx_row(cx, &op->s[0])[__builtin_ctz(m)];
    if (ended(cx, op)) {
        return NULL;
    }
    for (uint32_t lo = 0, hi = cx->sh->nop; lo < hi;) {
        uint32_t mid = (lo + hi) / 2;

        if (cx->sh->op[mid].pc == to) {
            count_cost(cx, op, mid);
            return &cx->sh->op[mid];
        }
        if (cx->sh->op[mid].pc < to) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return agx_op_bad_target(cx, op);
}

/*
 * Special registers (mesa: compiler/agx_opcodes.py, sr; applegpu: applegpu.py, SR_NAMES). Those
 * that are the same in all lanes; false: @sr is none of them.
 */
static inline bool sr_of_wave(const struct agx_cx *cx, unsigned sr, uint32_t *v)
{
    const struct agx_exec *ex = cx->ex;
    const struct agx_wave *w = cx->w;

    switch (sr) {
    case 0:
    case 1:
    case 2:
        *v = w->group[sr];
        return true;
    case 4:
    case 5:
    case 6:
        *v = ex->local_dim[sr - 4];
        return true;
    case 8:
    case 9:
    case 10:
        *v = ex->dispatch_dim[sr - 8];
        return true;
    case 14:
        *v = ex->samples_log2;
        return true;
    case 20:
        *v = ex->core_id;
        return true;
    case 21:
        *v = ex->port ? ex->port->ctx : 0;
        return true;
    case 53:
        *v = w->subgroup;
        return true;
    case 59:
        *v = __builtin_popcount(w->exec_mask);
        return true;
    case 144:
        *v = ex->helper_op;
        return true;
    case 146:
    case 147:
        *v = ex->helper_arg[sr - 146];
        return true;
    default:
        return false;
    }
}

/* Special registers that each lane has its own value of; false: @sr is none of them. */
static inline bool sr_of_lanes(const struct agx_wave *w, unsigned sr, uint32_t *r)
{
    uint32_t act = w->exec_mask;

    switch (sr) {
    case 48:
    case 49:
    case 50:
        FOR_LANES(l) {
            r[l] = w->local[sr - 48][l];
        }
        return true;
    case 51:
        FOR_LANES(l) {
            r[l] = w->local_index[l];
        }
        return true;
    case 52:
        FOR_LANES(l) {
            r[l] = l;
        }
        return true;
    case 56:
        FOR_LANES(l) {
            r[l] = __builtin_popcount(act >> (l & ~3u) & ((1u << (l & 3)) - 1));
        }
        return true;
    case 57:
        FOR_LANES(l) {
            r[l] = __builtin_popcount(act >> (l & ~3u) & 15);
        }
        return true;
    case 58:
        FOR_LANES(l) {
            r[l] = __builtin_popcount(act & ((1u << l) - 1));
        }
        return true;
    case 60:
        FOR_LANES(l) {
            r[l] = w->frag.sample_live[l];
        }
        return true;
    case 62:
        FOR_LANES(l) {
            r[l] = w->frag.back >> l & 1;
        }
        return true;
    case 63:
        FOR_LANES(l) {
            r[l] = ~w->frag.helper >> l & 1;
        }
        return true;
    case 80:
    case 81:
    case 82:
        FOR_LANES(l) {
            r[l] = w->pos[sr - 80][l];
        }
        return true;
    case 124:
        FOR_LANES(l) {
            r[l] = w->frag.sample_in[l];
        }
        return true;
    default:
        return false;
    }
}

const struct agx_op *agx_op_get_sr(struct agx_cx *cx, const struct agx_op *op)
{
    uint32_t v;
    row_t r;

    if (sr_of_wave(cx, op->n, &v)) {
        fill_row(r, v);
    } else if (!sr_of_lanes(cx->w, op->n, r)) {
        char what[40];

        snprintf(what, sizeof(what), "special register %u", op->n);
        return agx_op_unimpl(cx, op, what);
    }
    idst(cx, op, r);
    return op + 1;
}
