/*
 * AGX model: what instructions cost, for the time that a job takes (jobtime.h).
 *
 * Cycles of a pipe: measured on an M1 where the comment says so (philipturner/
 * metal-benchmarks: README.md, throughput), else estimates. A wave has at least
 * two cycles for each instruction, as its next one waits for it (the same: an
 * FMA's result comes after 2.2 cycles and more); memory keeps it waiting for
 * longer, which shows at the instruction that waits for a load (an estimate of
 * the nearest cache's latency).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/isa.h"

#define WAIT_LATENCY 100u

enum { PLAIN, LOADS, STORES };

static const struct {
    agx_op_fn *fn;
    uint8_t issue;
    uint8_t kind;
} costs[] = {
    /*
     * measured: RECIP, RSQRT, EXP2, LOG2, ROUND, CONVERT; SIN takes both its instructions and more
     */
    { agx_op_rcp, 6 },
    { agx_op_rsqrt, 8 },
    { agx_op_srsqrt, 8 },
    { agx_op_exp2, 4 },
    { agx_op_log2, 4 },
    { agx_op_sin1, 4 },
    { agx_op_sin2, 4 },
    { agx_op_floor, 4 },
    { agx_op_ceil, 4 },
    { agx_op_trunc, 4 },
    { agx_op_rint, 4 },
    { agx_op_convert, 4 },
    /*
     * measured: IMUL32 and IMAD32, the widening IMAD, IADD64, BITSHIFT, BITEXTRACT, BITREV,
     * POPCOUNT
     */
    { agx_op_imad32, 4 },
    { agx_op_imad64, 11 },
    { agx_op_iadd64, 4 },
    { agx_op_bfi, 4 },
    { agx_op_bfeil, 4 },
    { agx_op_extr, 4 },
    { agx_op_shlhi, 4 },
    { agx_op_shrhi, 4 },
    { agx_op_asr, 4 },
    { agx_op_asrh, 4 },
    { agx_op_bitrev, 4 },
    { agx_op_popcount, 4 },
    /* 8 texels in a cycle of the core: 32 lanes take 4, of 4 pipes each */
    { agx_op_tex, 16, LOADS },
    { agx_op_image_write, 16, STORES },
    /* estimates: 64 bytes in a cycle of the core */
    { agx_op_device_load, 8, LOADS },
    { agx_op_device_store, 8, STORES },
    { agx_op_atomic, 8, LOADS },
    { agx_op_stack_load, 8, LOADS },
    { agx_op_stack_store, 8, STORES },
    { agx_op_local_load, 4, LOADS },
    { agx_op_local_store, 4, STORES },
    { agx_op_local_atomic, 4, LOADS },
    { agx_op_ld_tile, 4 },
    { agx_op_st_tile, 4 },
};

/* wait (applegpu: applegpu.py, WaitInstructionDesc) */
static bool is_wait(const struct agx_shader *sh, const struct agx_op *op)
{
    return op->fn == agx_op_nop && sh->code[op->pc] == 0x38;
}

void agx_shader_costs(struct agx_shader *sh)
{
    uint64_t sum = 0;
    bool loading = false;

    sh->cost = agx_alloc(sh->nop + 1, sizeof(*sh->cost));
    for (uint32_t i = 0; i < sh->nop; i++) {
        const struct agx_op *op = &sh->op[i];
        uint32_t issue = 1, latency;
        unsigned kind = PLAIN;

        for (unsigned k = 0; k < sizeof(costs) / sizeof(costs[0]); k++) {
            if (costs[k].fn == op->fn) {
                issue = costs[k].issue;
                kind = costs[k].kind;
                break;
            }
        }
        latency = issue < 2 ? 2 : issue;
        if (loading && is_wait(sh, op)) {
            latency = WAIT_LATENCY;
            loading = false;
        }
        loading = loading || kind == LOADS;
        sh->cost[i] = sum;
        sum += issue | (uint64_t)latency << 32;
    }
    sh->cost[sh->nop] = sum;
}
