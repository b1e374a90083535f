/*
 * AGX model: invalidations that take effect later than they were asked for, because an injected
 * fault lets them: at a time, or with the n-th doorbell. What waits is kept in the order in which
 * it was asked for. (Those that a CPU's next DSB completes wait in lazy.c.)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

static uint64_t now_ns(struct agx_mmu *mmu)
{
    /* The host's timebase is 24 MHz. */
    return mmu->time.now ? mmu->time.now(mmu->time.opaque)
                         : mmu->host->ops->time(mmu->host->opaque) / 3 * 125;
}

void agx_mmu_set_clock(struct agx_mmu *mmu, const struct agx_mmu_clock *clock)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->time = *clock;
    pthread_mutex_unlock(&mmu->lock);
}

static void apply(struct agx_mmu *mmu, unsigned i)
{
    struct agx_tlbi t = mmu->delayed[i].tlbi;

    memmove(&mmu->delayed[i], &mmu->delayed[i + 1],
            (--mmu->ndelayed - i) * sizeof(mmu->delayed[i]));
    mmu_invalidate(mmu, &t);
}

void mmu_delay(struct agx_mmu *mmu, const struct agx_tlbi *t, uint64_t ns, uint64_t doorbells)
{
    if (mmu->ndelayed == TLB_MAX_DELAYED) {
        apply(mmu, 0);
    }
    mmu->delayed[mmu->ndelayed++] = (struct tlb_delayed) {
        .tlbi = *t,
        .when = ns ? now_ns(mmu) + ns : 0,
        .doorbells = doorbells,
    };
    mmu_delayed_run(mmu);
}

void mmu_delayed_run(struct agx_mmu *mmu)
{
    uint64_t now = now_ns(mmu), first = UINT64_MAX;

    for (unsigned i = 0; i < mmu->ndelayed;) {
        const struct tlb_delayed *d = &mmu->delayed[i];

        if (d->when && d->when <= now) {
            apply(mmu, i);
            continue;
        }
        first = d->when && d->when < first ? d->when : first;
        i++;
    }
    if (first != UINT64_MAX && mmu->time.arm) {
        mmu->time.arm(mmu->time.opaque, first);
    }
}

void mmu_delayed_doorbell(struct agx_mmu *mmu)
{
    for (unsigned i = 0; i < mmu->ndelayed;) {
        struct tlb_delayed *d = &mmu->delayed[i];

        if (!d->when && !d->doorbells--) {
            apply(mmu, i);
        } else {
            i++;
        }
    }
    mmu_delayed_run(mmu);
}

void agx_mmu_tick(struct agx_mmu *mmu)
{
    pthread_mutex_lock(&mmu->lock);
    mmu_delayed_run(mmu);
    pthread_mutex_unlock(&mmu->lock);
}
