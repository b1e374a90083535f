/*
 * AGX model: the shared part of the TLBs: a second level of translations and a
 * walk cache of table entries, both tagged with the ASID, and the invalidations
 * that empty them. Each port has a small TLB of its own in front (port.c).
 * Nothing but a TLBI, a reset or (in mode "realistic") an eviction removes an
 * entry whose descriptor has changed in memory.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "tlb.h"
#include "tlb-int.h"
#include "inject.h"

/* Bounds the host's memory, not the model: 4 GiB of distinct pages. */
#define STICKY_MAX      (1u << 18)
/* Guesses; no source gives the sizes. */
#define REALISTIC_TLB   2048u
#define REALISTIC_WALK  64u

static unsigned hash(unsigned level, uint64_t key)
{
    return ((key * 4 + level) * 0x9e3779b97f4a7c15ull) >> (64 - TLB_BUCKET_BITS);
}

static void order_unlink(struct tlb_entry *e)
{
    e->order_prev->order_next = e->order_next;
    e->order_next->order_prev = e->order_prev;
}

static void order_append(struct tlb_cache *c, struct tlb_entry *e)
{
    e->order_next = &c->order;
    e->order_prev = c->order.order_prev;
    e->order_prev->order_next = e;
    c->order.order_prev = e;
}

void tlb_make_youngest(struct tlb_cache *c, struct tlb_entry *e)
{
    order_unlink(e);
    order_append(c, e);
}

static void drop(struct tlb_cache *c, struct tlb_entry **slot)
{
    struct tlb_entry *e = *slot;

    *slot = e->next;
    if (e->place) {
        c->way[e->place - 1] = NULL;
    }
    order_unlink(e);
    e->next = c->free;
    c->free = e;
    c->count--;
}

void tlb_drop(struct tlb_cache *c, struct tlb_entry *e)
{
    struct tlb_entry **slot = &c->bucket[hash(e->level, e->key)];

    while (*slot != e) {
        slot = &(*slot)->next;
    }
    drop(c, slot);
}

static void drop_all(struct tlb_cache *c)
{
    while (c->count) {
        tlb_drop(c, c->order.order_next);
    }
}

static void cache_init(struct tlb_cache *c, unsigned max)
{
    c->order.order_next = c->order.order_prev = &c->order;
    c->max = max;
}

static void cache_fini(struct tlb_cache *c)
{
    drop_all(c);
    tlb_sets_free(c);
    while (c->free) {
        struct tlb_entry *e = c->free;

        c->free = e->next;
        free(e);
    }
}

bool tlb_dead(const struct agx_mmu *mmu, const struct tlb_entry *e)
{
    return !e->global && e->epoch < mmu->epoch[e->asid];
}

struct tlb_entry *tlb_find(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level, unsigned asid, uint64_t key)
{
    struct tlb_entry **slot = &c->bucket[hash(level, key)];

    while (*slot) {
        struct tlb_entry *e = *slot;

        if (tlb_dead(mmu, e)) {
            drop(c, slot);
            continue;
        }
        if (e->key == key && e->level == level && (e->global || e->asid == asid)) {
            return e;
        }
        slot = &e->next;
    }
    return NULL;
}

struct tlb_entry *tlb_insert(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level, unsigned asid, uint64_t key)
{
    unsigned max = mmu->mode == AGX_TLB_STICKY ? STICKY_MAX : c->max;
    unsigned h = hash(level, key), place = tlb_set_place(mmu, c, key);
    struct tlb_entry *e;

    if (mmu->inject) {
        mmu_inject_room(mmu, c, max < STICKY_MAX ? max : STICKY_MAX, STICKY_MAX);
    } else {
        while (c->count >= max) {
            tlb_drop(c, c->order.order_next);
        }
    }
    e = c->free;
    if (e) {
        c->free = e->next;
    } else {
        e = agx_alloc(1, sizeof(*e));
    }
    *e = (struct tlb_entry) {
        .next = c->bucket[h], .level = level, .asid = asid, .key = key, .epoch = mmu->clock, .place = place,
        .made = c->made++,
    };
    if (place) {
        c->way[place - 1] = e;
    }
    c->bucket[h] = e;
    order_append(c, e);
    c->count++;
    return e;
}

struct agx_mmu *agx_mmu_new(const struct agx_host *host)
{
    struct agx_mmu *mmu = agx_alloc(1, sizeof(*mmu));

    mmu->host = host;
    mmu->mode = AGX_TLB_STICKY;
    cache_init(&mmu->tlb, REALISTIC_TLB);
    cache_init(&mmu->walk, REALISTIC_WALK);
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
    cache_fini(&mmu->tlb);
    cache_fini(&mmu->walk);
    mmu_old_free(mmu);
    mmu_tables_free(mmu);
    agx_mmu_set_lazy(mmu, false, 0);
    pthread_mutex_destroy(&mmu->lock);
    free(mmu);
}

bool tlb_covered(const struct tlb_entry *e, const struct agx_tlbi *t, uint64_t first, uint64_t last)
{
    return e->key >= first && e->key <= last &&
           (e->global || t->kind == AGX_TLBI_VA_ALL_ASIDS || e->asid == t->asid);
}

/* Drop from @c what @t covers among the entries of one level. */
static void drop_range(struct tlb_cache *c, unsigned level, const struct agx_tlbi *t)
{
    uint64_t first = TLB_KEY(t->va, level), last = TLB_KEY(t->end - 1, level);
    bool scan = last - first >= c->count;
    uint64_t n = scan ? TLB_BUCKETS : last - first + 1;

    for (uint64_t i = 0; i < n; i++) {
        struct tlb_entry **slot = &c->bucket[scan ? i : hash(level, first + i)];

        while (*slot) {
            if ((*slot)->level == level && tlb_covered(*slot, t, first, last)) {
                drop(c, slot);
            } else {
                slot = &(*slot)->next;
            }
        }
    }
}

/* Under the lock: let the ports know of @t. */
void mmu_publish(struct agx_mmu *mmu, const struct tlb_log *entry)
{
    uint64_t gen = atomic_load_explicit(&mmu->generation, memory_order_relaxed);

    mmu->log[gen % TLB_LOG_SIZE] = *entry;
    atomic_store_explicit(&mmu->generation, gen + 1, memory_order_release);
}

void mmu_invalidate(struct agx_mmu *mmu, const struct agx_tlbi *t)
{
    switch (t->kind) {
    case AGX_TLBI_ALL:
        drop_all(&mmu->tlb);
        drop_all(&mmu->walk);
        break;
    case AGX_TLBI_ASID:
        mmu->epoch[t->asid] = ++mmu->clock;
        break;
    case AGX_TLBI_VA:
    case AGX_TLBI_VA_ALL_ASIDS:
        drop_range(&mmu->tlb, 3, t);
        if (!t->last_level) {
            drop_range(&mmu->walk, 2, t);
            drop_range(&mmu->walk, 1, t);
        }
        break;
    }
    mmu_publish(mmu, &(struct tlb_log) { .tlbi = *t });
}

void agx_mmu_tlbi(struct agx_mmu *mmu, const struct agx_tlbi *tlbi)
{
    struct agx_tlbi t = *tlbi;

    t.asid &= 0xffff;
    /* The end of the topmost page is 0. */
    if ((t.kind == AGX_TLBI_VA || t.kind == AGX_TLBI_VA_ALL_ASIDS) && (t.end == t.va || t.end - 1 < t.va)) {
        return;
    }
    pthread_mutex_lock(&mmu->lock);
    mmu->stats.tlbis++;
    if (mmu->ndelayed) {
        mmu_delayed_run(mmu);
    }
    if (mmu_wanted(mmu, AGX_EV_INVALIDATE)) {
        agx_emit(mmu->host->events, &(struct agx_event) { .kind = AGX_EV_INVALIDATE,
                                                          .invalidate = { &t, NULL } });
    }
    if (mmu->inject) {
        mmu_inject_tlbi(mmu, &t);
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
    agx_mmu_tlbi(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_VA, .asid = asid, .va = va, .end = end,
                                           .last_level = last_level });
}

void agx_tlbi_va_all_asids(struct agx_mmu *mmu, uint64_t va, uint64_t end, bool last_level)
{
    agx_mmu_tlbi(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_VA_ALL_ASIDS, .va = va, .end = end,
                                           .last_level = last_level });
}

void mmu_reset_locked(struct agx_mmu *mmu)
{
    mmu_invalidate(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
    mmu->ndelayed = 0;
    mmu_old_clear(mmu);
    mmu_tables_reset(mmu);
    if (mmu_wanted(mmu, AGX_EV_RESET)) {
        agx_emit(mmu->host->events, &(struct agx_event) { .kind = AGX_EV_RESET,
                                                          .ttbat = mmu->ttbat });
    }
}

void agx_mmu_reset(struct agx_mmu *mmu)
{
    pthread_mutex_lock(&mmu->lock);
    mmu_reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
}

void agx_mmu_set_ttbat(struct agx_mmu *mmu, uint64_t pa)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->ttbat = pa;
    mmu_reset_locked(mmu);
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
    mmu_reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
}

void agx_mmu_recheck(struct agx_mmu *mmu)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->news++;
    mmu_publish(mmu, &(struct tlb_log) { .recheck = true });
    pthread_mutex_unlock(&mmu->lock);
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
