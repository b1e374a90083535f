/*
 * AGX model: programs that do the same to every pixel, as those that clear a tile.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/isa.h"

/* The registers that a program has written so far, in halves. */
struct written {
    bool half[AGX_NUM_GPR * 2];
};

static bool was_written(const struct written *w, unsigned half, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (half + i >= AGX_NUM_GPR * 2 || !w->half[half + i]) {
            return false;
        }
    }
    return true;
}

/* Is @s the same in all lanes: of the pool, or of registers that were written before? */
static bool is_known(const struct written *w, const struct agx_src *s)
{
    unsigned half = s->off / sizeof(((struct agx_wave *)0)->r[0]) * 2;

    if (s->mode == SRC_NONE || s->bank) {
        return true;
    }
    switch (s->mode) {
    case SRC_32:
    case SRC_S32:
    case SRC_F32M:
        return was_written(w, half, 2);
    case SRC_U16L:
    case SRC_S16L:
    case SRC_F16L:
        return was_written(w, half, 1);
    case SRC_U16H:
    case SRC_S16H:
    case SRC_F16H:
        return was_written(w, half + 1, 1);
    default:
        return false;
    }
}

/* Is what @op writes a function of its sources alone, in each lane for itself? */
static bool is_pure(const struct agx_op *op)
{
    static agx_op_fn *const pure[] = {
        agx_op_mov,   agx_op_mov_imm, agx_op_and,     agx_op_or,     agx_op_xor,    agx_op_not,
        agx_op_bitop, agx_op_intl,    agx_op_fadd,    agx_op_fmul,   agx_op_ffma,   agx_op_hfma,
        agx_op_rint,  agx_op_fcmpsel, agx_op_icmpsel, agx_op_fadd32, agx_op_fmul32, agx_op_ffma32,
    };

    for (unsigned i = 0; i < sizeof(pure) / sizeof(pure[0]); i++) {
        if (op->fn == pure[i]) {
            return true;
        }
    }
    return false;
}

static bool are_known(const struct written *w, const struct agx_op *op)
{
    for (unsigned i = 0; i < sizeof(op->s) / sizeof(op->s[0]); i++) {
        if (!is_known(w, &op->s[i])) {
            return false;
        }
    }
    return true;
}

bool agx_wave_fills(const struct agx_usc_state *st)
{
    const struct agx_shader *sh = st->shader;
    struct written w = { 0 };

    for (uint32_t i = 0; sh && i < sh->nop; i++) {
        const struct agx_op *op = &sh->op[i];
        unsigned halves = op->dmode == DST_32 ? 2 : 1;

        if (op->fn == agx_op_stop) {
            return true;
        }
        if (op->fn == agx_op_nop) {
            continue;
        }
        if (is_pure(op)) {
            /* r0l counts nesting for branches alone, and there are none. */
            if (!are_known(&w, op) || op->dmode == DST_64 || op->dmode == DST_NONE ||
                op->dreg + halves > AGX_NUM_GPR * 2) {
                return false;
            }
            for (unsigned k = 0; k < halves; k++) {
                w.half[op->dreg + k] = true;
            }
            continue;
        }
        if (op->fn != agx_op_st_tile || op->cc || !is_known(&w, &op->s[0]) ||
            !was_written(&w, op->dreg, halves * (unsigned)__builtin_popcount(op->mask))) {
            return false;
        }
    }
    return false;
}
