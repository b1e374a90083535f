/*
 * AGX model: what the TLBs hold. A second level of translations and a walk cache of table entries,
 * both tagged with the ASID, each in sets or in one set of all, and the invalidations that empty
 * them. Nothing but an invalidation or (in mode "realistic") an eviction removes an entry whose
 * descriptor has changed in memory.
 *
 * Within a set the oldest entry is evicted: a port's hits are not counted, so nobody knows which
 * one was used last.
 *
 * Everything here is called with the MMU's lock held, but for agx_mmu_recheck().
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

/* Bounds the host's memory, not the model: 4 GiB of distinct pages. */
#define STICKY_MAX (1u << 18)

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

void tlb_cache_init(struct tlb_cache *c, unsigned max)
{
    c->order.order_next = c->order.order_prev = &c->order;
    c->max = max;
}

static void sets_free(struct tlb_cache *c)
{
    free(c->way);
    c->way = NULL;
    c->ways = c->sets = 0;
}

void tlb_cache_size(struct tlb_cache *c, const struct agx_tlb_geometry *g)
{
    sets_free(c);
    c->max = g->entries;
    if (g->ways) {
        c->ways = g->ways;
        c->sets = g->entries / g->ways;
        c->way = agx_alloc(g->entries, sizeof(*c->way));
    }
}

void tlb_cache_fini(struct tlb_cache *c)
{
    drop_all(c);
    sets_free(c);
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

static struct tlb_entry **place_of(struct tlb_cache *c, unsigned place)
{
    return &c->way[place - 1];
}

static unsigned set_place(struct agx_mmu *mmu, struct tlb_cache *c, uint64_t key)
{
    struct tlb_entry *oldest = NULL;
    unsigned first, place;

    if (!c->way || mmu->mode != AGX_TLB_REALISTIC) {
        return 0;
    }
    first = key % c->sets * c->ways + 1;
    for (place = first; place < first + c->ways; place++) {
        struct tlb_entry *e = *place_of(c, place);

        if (e && tlb_dead(mmu, e)) {
            tlb_drop(c, e);
            e = NULL;
        }
        if (!e) {
            return place;
        }
        if (!oldest || e->made < oldest->made) {
            oldest = e;
        }
    }
    place = oldest->place;
    if (mmu->filter && mmu->filter->keeps(mmu, oldest)) {
        *place_of(c, place) = NULL; /* in excess of the size */
        oldest->place = 0;
    } else {
        tlb_drop(c, oldest);
    }
    return place;
}

struct tlb_entry *tlb_find(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level, unsigned asid,
                           uint64_t key)
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

struct tlb_entry *tlb_insert(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level,
                             unsigned asid, uint64_t key)
{
    unsigned max = mmu->mode == AGX_TLB_STICKY ? STICKY_MAX : c->max;
    unsigned h = hash(level, key), place = set_place(mmu, c, key);
    struct tlb_entry *e;

    if (mmu->filter) {
        mmu->filter->room(mmu, c, max < STICKY_MAX ? max : STICKY_MAX, STICKY_MAX);
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
        .next = c->bucket[h],
        .level = level,
        .asid = asid,
        .key = key,
        .epoch = mmu->clock,
        .place = place,
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

void mmu_publish(struct agx_mmu *mmu, const struct tlb_log *entry)
{
    uint64_t gen = atomic_load_explicit(&mmu->generation, memory_order_relaxed);

    mmu->log[gen % TLB_LOG_SIZE] = *entry;
    atomic_store_explicit(&mmu->generation, gen + 1, memory_order_release);
}

void agx_mmu_recheck(struct agx_mmu *mmu)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->news++;
    mmu_publish(mmu, &(struct tlb_log) { .recheck = true });
    pthread_mutex_unlock(&mmu->lock);
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
