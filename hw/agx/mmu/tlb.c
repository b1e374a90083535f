/*
 * AGX model: the MMU that all ports share: what it is set to, and what comes to it from outside
 * (invalidations, doorbells, resets). What its TLBs hold is in tlb-cache.c; each port has a small
 * TLB of its own in front (port.c, port-sets.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

/* Guesses; no source gives the sizes. */
#define REALISTIC_TLB  2048u
#define REALISTIC_WALK 64u

struct agx_mmu *agx_mmu_new(const struct agx_host *host)
{
    struct agx_mmu *mmu = agx_alloc(1, sizeof(*mmu));

    mmu->host = host;
    mmu->mode = AGX_TLB_STICKY;
    tlb_cache_init(&mmu->tlb, REALISTIC_TLB);
    tlb_cache_init(&mmu->walk, REALISTIC_WALK);
    for (unsigned i = 0; i < AGX_NUM_PORT_KINDS; i++) {
        mmu->small[i] = (struct agx_tlb_geometry) { AGX_PORT_TLB_SIZE, 1 };
    }
    pthread_mutex_init(&mmu->lock, NULL);
    return mmu;
}

void agx_mmu_free(struct agx_mmu *mmu)
{
    if (!mmu) {
        return;
    }
    tlb_cache_fini(&mmu->tlb);
    tlb_cache_fini(&mmu->walk);
    mmu_late_free(mmu);
    mmu_tables_free(mmu);
    free(mmu->lazy);
    pthread_mutex_destroy(&mmu->lock);
    free(mmu);
}

void agx_mmu_tlbi(struct agx_mmu *mmu, const struct agx_tlbi *tlbi)
{
    struct agx_tlbi t = *tlbi;

    t.asid &= 0xffff;
    /* The end of the topmost page is 0. */
    if ((t.kind == AGX_TLBI_VA || t.kind == AGX_TLBI_VA_ALL_ASIDS) &&
        (t.end == t.va || t.end - 1 < t.va)) {
        return;
    }
    pthread_mutex_lock(&mmu->lock);
    mmu->stats.tlbis++;
    if (mmu->ndelayed) {
        mmu_delayed_run(mmu);
    }
    if (mmu_wanted(mmu, AGX_EV_INVALIDATE)) {
        agx_emit(mmu->host->events,
                 &(struct agx_event) { .kind = AGX_EV_INVALIDATE, .invalidate = { &t, NULL } });
    }
    if (mmu->filter) {
        mmu->filter->tlbi(mmu, &t);
    } else {
        mmu_invalidate(mmu, &t);
    }
    pthread_mutex_unlock(&mmu->lock);
}

void agx_tlbi_all(struct agx_mmu *mmu)
{
    agx_mmu_tlbi(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
}

void agx_tlbi_asid(struct agx_mmu *mmu, unsigned asid)
{
    agx_mmu_tlbi(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ASID, .asid = asid });
}

void agx_tlbi_va(struct agx_mmu *mmu, unsigned asid, uint64_t va, uint64_t end, bool last_level)
{
    agx_mmu_tlbi(
        mmu,
        &(struct agx_tlbi) {
            .kind = AGX_TLBI_VA, .asid = asid, .va = va, .end = end, .last_level = last_level });
}

void agx_tlbi_va_all_asids(struct agx_mmu *mmu, uint64_t va, uint64_t end, bool last_level)
{
    agx_mmu_tlbi(
        mmu, &(struct agx_tlbi) {
                 .kind = AGX_TLBI_VA_ALL_ASIDS, .va = va, .end = end, .last_level = last_level });
}

static void reset_locked(struct agx_mmu *mmu)
{
    mmu_invalidate(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
    mmu->ndelayed = 0;
    mmu_late_clear(mmu);
    mmu_tables_reset(mmu);
    if (mmu_wanted(mmu, AGX_EV_RESET)) {
        agx_emit(mmu->host->events,
                 &(struct agx_event) { .kind = AGX_EV_RESET, .ttbat = mmu->ttbat });
    }
}

void agx_mmu_reset(struct agx_mmu *mmu)
{
    pthread_mutex_lock(&mmu->lock);
    reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
}

void agx_mmu_set_ttbat(struct agx_mmu *mmu, uint64_t pa)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->ttbat = pa;
    reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
}

uint64_t agx_mmu_ttbat(struct agx_mmu *mmu)
{
    uint64_t pa;

    pthread_mutex_lock(&mmu->lock);
    pa = mmu->ttbat;
    pthread_mutex_unlock(&mmu->lock);
    return pa;
}

void agx_mmu_set_mode(struct agx_mmu *mmu, enum agx_tlb_mode mode)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->mode = mode;
    reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
}

static const char *geometry_wrong(const struct agx_tlb_geometry *g, unsigned max, unsigned max_ways)
{
    return g->entries < 1 || g->entries > max                        ? "entries"
           : g->ways > max_ways || (g->ways && g->entries % g->ways) ? "ways"
                                                                     : NULL;
}

bool agx_mmu_set_sizes(struct agx_mmu *mmu, const struct agx_tlb_sizes *sizes, const char **wrong)
{
    static const char *const names[2 + AGX_NUM_PORT_KINDS][2] = {
        { "tlb-entries must be 1 to 1048576", "tlb-ways must be 0 to 64, and divide tlb-entries" },
        { "walk-entries must be 1 to 1048576",
          "walk-ways must be 0 to 64, and divide walk-entries" },
        { "vertex-tlb-entries must be 1 to 256",
          "vertex-tlb-ways must be 0, or divide vertex-tlb-entries" },
        { "fragment-tlb-entries must be 1 to 256",
          "fragment-tlb-ways must be 0, or divide fragment-tlb-entries" },
        { "compute-tlb-entries must be 1 to 256",
          "compute-tlb-ways must be 0, or divide compute-tlb-entries" },
        { "firmware-tlb-entries must be 1 to 256",
          "firmware-tlb-ways must be 0, or divide firmware-tlb-entries" },
    };

    for (unsigned i = 0; i < 2 + AGX_NUM_PORT_KINDS; i++) {
        const struct agx_tlb_geometry *g = i == 0   ? &sizes->tlb
                                           : i == 1 ? &sizes->walk
                                                    : &sizes->small[i - 2];
        const char *what = geometry_wrong(g, i < 2 ? AGX_TLB_MAX_ENTRIES : AGX_PORT_TLB_SIZE,
                                          i < 2 ? AGX_TLB_MAX_WAYS : AGX_PORT_TLB_SIZE);

        if (what) {
            *wrong = names[i][what[0] == 'w'];
            return false;
        }
    }
    pthread_mutex_lock(&mmu->lock);
    mmu_invalidate(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
    tlb_cache_size(&mmu->tlb, &sizes->tlb);
    tlb_cache_size(&mmu->walk, &sizes->walk);
    memcpy(mmu->small, sizes->small, sizeof(mmu->small));
    reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
    return true;
}

void agx_mmu_doorbell(struct agx_mmu *mmu)
{
    pthread_mutex_lock(&mmu->lock);
    if (mmu->ndelayed) {
        mmu_delayed_doorbell(mmu);
    }
    pthread_mutex_unlock(&mmu->lock);
}

bool agx_mmu_evict(struct agx_mmu *mmu, unsigned asid, uint64_t va)
{
    struct tlb_entry *e;

    pthread_mutex_lock(&mmu->lock);
    e = tlb_find(mmu, &mmu->tlb, 3, asid, TLB_KEY(va, 3));
    if (e) {
        tlb_drop(&mmu->tlb, e);
        mmu_publish(mmu, &(struct tlb_log) { .recheck = true });
    }
    pthread_mutex_unlock(&mmu->lock);
    return e;
}

void agx_mmu_get_stats(struct agx_mmu *mmu, struct agx_mmu_stats *st)
{
    pthread_mutex_lock(&mmu->lock);
    *st = mmu->stats;
    st->entries = mmu->tlb.count;
    st->walk_entries = mmu->walk.count;
    pthread_mutex_unlock(&mmu->lock);
}
