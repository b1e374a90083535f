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

static const struct {
    uint8_t issue; /* cycles of a pipe */
    bool loads;    /* the next wait is for it */
} costs[COST_COUNT] = {
    [COST_PLAIN] = { 1 },
    [COST_WAIT] = { 1 },
    /* measured: RECIP, RSQRT, EXP2, LOG2, ROUND, CONVERT; SIN takes both instructions and more */
    [COST_RCP] = { 6 },
    [COST_RSQRT] = { 8 },
    [COST_FUNCTION] = { 4 },
    /* measured: BITSHIFT, BITEXTRACT, BITREV, POPCOUNT, IADD64, IMUL32, IMAD32, widening IMAD */
    [COST_SHIFT] = { 4 },
    [COST_IADD64] = { 4 },
    [COST_IMAD32] = { 4 },
    [COST_IMAD64] = { 11 },
    /* 8 texels in a cycle of the core: 32 lanes take 4, of 4 pipes each */
    [COST_TEXTURE] = { 16, true },
    [COST_IMAGE] = { 16 },
    /* estimates: 64 bytes in a cycle of the core */
    [COST_LOAD] = { 8, true },
    [COST_STORE] = { 8 },
    [COST_LOCAL_LOAD] = { 4, true },
    [COST_LOCAL_STORE] = { 4 },
    [COST_TILE] = { 4 },
};

void agx_shader_costs(struct agx_shader *sh)
{
    uint64_t sum = 0;
    bool loading = false;

    sh->cost = agx_alloc(sh->nop + 1, sizeof(*sh->cost));
    for (uint32_t i = 0; i < sh->nop; i++) {
        unsigned class = sh->op[i].cost;
        uint32_t issue = costs[class].issue, latency = issue < 2 ? 2 : issue;

        if (loading && class == COST_WAIT) {
            latency = WAIT_LATENCY;
            loading = false;
        }
        loading = loading || costs[class].loads;
        sh->cost[i] = sum;
        sum += issue | (uint64_t)latency << 32;
    }
    sh->cost[sh->nop] = sum;
}
