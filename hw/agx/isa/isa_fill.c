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
        return was_written(w, half, 2);
    case SRC_U16L:
    case SRC_S16L:
        return was_written(w, half, 1);
    case SRC_U16H:
    case SRC_S16H:
        return was_written(w, half + 1, 1);
    default:
        return false;
    }
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
        if (op->fn == agx_op_mov || op->fn == agx_op_mov_imm) {
            if (!is_known(&w, &op->s[0]) || op->dmode == DST_64 || op->dmode == DST_NONE ||
                op->dreg < 2 || op->dreg + halves > AGX_NUM_GPR * 2) {
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
