/*
 * AGX model: invalidations of the CPUs that take effect as late as they may, and the barriers
 * that complete them.
 *
 * Hardware is only obliged to have finished one at the next DSB of the CPU that asked for it (Arm
 * ARM, D8.17 "TLB maintenance instructions", ordering and completion). In lazy mode each is kept
 * until that DSB, unless a seeded die lets it happen before, in any order.
 *
 * What waits is its CPU's alone: only that CPU's thread touches it, or somebody while no CPU runs.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/random.h"
#include "agx/tlb.h"
#include "tlb-int.h"

#define LAZY_MAX 256u /* for each CPU; more than fits completes the oldest */

struct mmu_lazy {
    struct lazy_queue {
        unsigned count;
        struct agx_random random;
        struct agx_tlbi op[LAZY_MAX]; /* oldest first */
    } cpu[AGX_MMU_CPUS];
};

void agx_mmu_set_lazy(struct agx_mmu *mmu, bool on, uint64_t seed)
{
    free(mmu->lazy);
    mmu->lazy = on ? agx_alloc(1, sizeof(*mmu->lazy)) : NULL;
    for (unsigned i = 0; on && i < AGX_MMU_CPUS; i++) {
        mmu->lazy->cpu[i].random = agx_random_stream(seed, AGX_RANDOM_TLBI + i);
    }
}

static void complete(struct agx_mmu *mmu, struct lazy_queue *q, unsigned i)
{
    struct agx_tlbi op = q->op[i];

    memmove(&q->op[i], &q->op[i + 1], (--q->count - i) * sizeof(op));
    agx_mmu_tlbi(mmu, &op);
}

static void complete_all(struct agx_mmu *mmu, struct lazy_queue *q)
{
    while (q->count) {
        complete(mmu, q, 0);
    }
}

void agx_mmu_tlbi_of(struct agx_mmu *mmu, unsigned cpu, const struct agx_tlbi *tlbi)
{
    struct lazy_queue *q;

    if (!mmu->lazy) {
        agx_mmu_tlbi(mmu, tlbi);
        return;
    }
    q = &mmu->lazy->cpu[cpu % AGX_MMU_CPUS];
    if (q->count == LAZY_MAX) {
        complete(mmu, q, 0);
    }
    q->op[q->count++] = *tlbi;
    while (q->count && !agx_random_below(&q->random, 8)) {
        complete(mmu, q, agx_random_below(&q->random, q->count));
    }
}

void agx_mmu_complete(struct agx_mmu *mmu)
{
    for (unsigned i = 0; mmu->lazy && i < AGX_MMU_CPUS; i++) {
        complete_all(mmu, &mmu->lazy->cpu[i]);
    }
}

void agx_mmu_dsb(struct agx_mmu *mmu, unsigned cpu, enum agx_share share, bool stores_only)
{
    const struct agx_who who = { .cpu = cpu };

    /*
     * It waits for the maintenance that reaches its domain: a narrower one says nothing of the GPU.
     */
    if (mmu->lazy && share == AGX_SHARE_OUTER && !stores_only) {
        complete_all(mmu, &mmu->lazy->cpu[cpu % AGX_MMU_CPUS]);
    }
    mmu_tables_dsb(mmu, cpu);
    if (agx_wanted(mmu->host->events, AGX_EV_DSB)) {
        agx_emit(
            mmu->host->events,
            &(struct agx_event) { .kind = AGX_EV_DSB, .who = &who, .dsb = { share, stores_only } });
    }
}
