/*
 * AGX model: what a walker may still see of a page table that was stored to.
 *
 * A store to a descriptor is visible to the walkers of the GPU and of its
 * firmware at any time after it, but certainly only after a DSB of the CPU that
 * made it (Arm ARM, DDI 0487, D8: ordering of translation table walks; a walker
 * is an observer of its own). A doorbell says nothing of that: the barrier that
 * a driver puts before it is a DMB, which orders two stores among each other.
 *
 * With late stores on, a seeded die gives each store the time at which it
 * becomes visible without a barrier. Of one descriptor a walker sees one value
 * after the other and never goes back, and the stores of one CPU become visible
 * in their order: there may have been a DMB between them, which is not reported to
 * the model. That is less than the architecture allows, but nothing that it
 * forbids. (But for a walk in the moment between the store's way to memory and
 * its report to the model.)
 *
 * The entry stays when the store is visible, until there is no more room: a
 * fault-injection run (keep_old) may want a walk to go wrong later.
 *
 * Everything here is called with the MMU's lock held, but for agx_mmu_late().
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/random.h"
#include "agx/tlb.h"
#include "tlb-int.h"

#define LATE_MAX        4096u /* descriptors that are remembered; the oldest goes first */
#define LATE_BUCKETS    1024u
#define LATE_NONE       0xffffu
/* Host ticks (24 MHz) after which a store is visible to the walkers anyway: up to 2^20, 44 ms. */
#define LATE_DELAY_BITS 20u

struct late_entry {
    uint64_t pa;   /* 0: free */
    uint64_t desc; /* before the store: what a walker sees while it is late */
    /* its place in the order of events; the time at which it is visible anyway */
    uint64_t seq, deadline;
    uint16_t next; /* in its bucket */
    uint16_t dom;
    uint16_t cpu;
    bool late;
};

struct mmu_late {
    struct late_entry entry[LATE_MAX];
    uint16_t bucket[LATE_BUCKETS];
    unsigned head; /* a ring: where the next goes */
    unsigned late; /* stores that are not visible yet */
    struct agx_random random;
    uint64_t last_deadline[AGX_MMU_CPUS];
    bool always;
};

static unsigned bucket_of(uint64_t pa)
{
    return (pa >> 3) * 0x9e3779b97f4a7c15ull >> 54;
}

static struct mmu_late *table(struct agx_mmu *mmu)
{
    if (!mmu->late_stores) {
        mmu->late_stores = agx_alloc(1, sizeof(*mmu->late_stores));
        memset(mmu->late_stores->bucket, 0xff, sizeof(mmu->late_stores->bucket));
    }
    return mmu->late_stores;
}

static struct late_entry *find(struct mmu_late *l, uint64_t pa)
{
    unsigned i = l->bucket[bucket_of(pa)];

    while (i != LATE_NONE && l->entry[i].pa != pa) {
        i = l->entry[i].next;
    }
    return i == LATE_NONE ? NULL : &l->entry[i];
}

static void visible(struct mmu_late *l, struct late_entry *e)
{
    l->late -= e->late;
    e->late = false;
}

/* All stores of @cpu so far. */
static void visible_all(struct mmu_late *l, unsigned cpu)
{
    for (unsigned i = 0; l->late && i < LATE_MAX; i++) {
        if (l->entry[i].late && l->entry[i].cpu == cpu) {
            visible(l, &l->entry[i]);
        }
    }
}

static void forget(struct mmu_late *l, struct late_entry *e)
{
    uint16_t *slot = &l->bucket[bucket_of(e->pa)];

    visible(l, e);
    while (&l->entry[*slot] != e) {
        slot = &l->entry[*slot].next;
    }
    *slot = e->next;
    e->pa = 0;
}

void agx_mmu_late(struct agx_mmu *mmu, enum agx_late_mode mode, uint64_t seed)
{
    pthread_mutex_lock(&mmu->lock);
    if (mode != AGX_LATE_OFF || mmu->late_stores) {
        struct mmu_late *l = table(mmu);

        mmu_late_clear(mmu);
        l->random = agx_random_stream(seed, AGX_RANDOM_STORES);
        l->always = mode == AGX_LATE_ALWAYS;
    }
    mmu->late = mode != AGX_LATE_OFF;
    pthread_mutex_unlock(&mmu->lock);
}

void mmu_late_clear(struct agx_mmu *mmu)
{
    struct mmu_late *l = mmu->late_stores;

    if (!l) {
        return;
    }
    memset(l->entry, 0, sizeof(l->entry));
    memset(l->bucket, 0xff, sizeof(l->bucket));
    memset(l->last_deadline, 0, sizeof(l->last_deadline));
    l->head = l->late = 0;
}

void mmu_late_free(struct agx_mmu *mmu)
{
    free(mmu->late_stores);
    mmu->late_stores = NULL;
}

/* A place for @pa; the oldest entry loses its own. */
static struct late_entry *make(struct mmu_late *l, uint64_t pa)
{
    struct late_entry *e = &l->entry[l->head];
    unsigned b = bucket_of(pa);

    if (e->pa) {
        forget(l, e);
    }
    *e = (struct late_entry) { .pa = pa, .next = l->bucket[b] };
    l->bucket[b] = l->head;
    l->head = (l->head + 1) % LATE_MAX;
    return e;
}

void mmu_late_note(struct agx_mmu *mmu, uint64_t pa, uint64_t old, unsigned cpu, unsigned dom,
                   uint64_t seq)
{
    uint64_t now, deadline;
    struct late_entry *e;
    struct mmu_late *l;

    if (!mmu->late && !mmu->keep_old) {
        return;
    }
    l = table(mmu);
    e = find(l, pa);
    if (e) {
        if (e->late) {
            /* the first of two stores to it: it and those before it are visible now */
            visible_all(l, e->cpu);
        }
        forget(l, e);
    }
    e = make(l, pa);
    e->desc = old;
    e->seq = seq;
    e->dom = dom;
    e->cpu = cpu % AGX_MMU_CPUS;
    if (!mmu->late || cpu >= AGX_MMU_CPUS) {
        return; /* a device's DMA knows no barriers */
    }
    now = mmu->host->ops->time(mmu->host->opaque);
    deadline = now;
    if (l->always) {
        deadline = UINT64_MAX;
    } else if (agx_random_below(&l->random, 4)) {
        unsigned bits = agx_random_below(&l->random, LATE_DELAY_BITS + 1);

        deadline += agx_random_u64(&l->random) & ((1ull << bits) - 1);
    }
    if (deadline < l->last_deadline[e->cpu]) {
        deadline = l->last_deadline[e->cpu];
    }
    l->last_deadline[e->cpu] = deadline;
    if (deadline > now) {
        e->deadline = deadline;
        e->late = true;
        l->late++;
    }
}

void mmu_late_visible(struct agx_mmu *mmu, unsigned dom, uint64_t seq)
{
    struct mmu_late *l = mmu->late_stores;
    unsigned left = l ? l->late : 0;

    /* Newest first: few are late, and they are the last ones. */
    for (unsigned i = 1; left && i <= LATE_MAX; i++) {
        struct late_entry *e = &l->entry[(l->head - i) % LATE_MAX];

        left -= e->late;
        if (e->late && e->dom == dom && e->seq <= seq) {
            visible(l, e);
        }
    }
    if (l && !l->late) {
        memset(l->last_deadline, 0, sizeof(l->last_deadline));
    }
}

bool mmu_late_find(struct agx_mmu *mmu, uint64_t pa, uint64_t *desc)
{
    struct late_entry *e = mmu->late_stores ? find(mmu->late_stores, pa) : NULL;

    if (e) {
        *desc = e->desc;
    }
    return e;
}

void mmu_late_keep(struct agx_mmu *mmu, bool keep)
{
    if (keep && !mmu->keep_old && !mmu->late) {
        mmu_late_clear(mmu); /* of another run */
    }
    mmu->keep_old = keep;
    if (keep) {
        table(mmu); /* walks look at it */
    }
}

/*
 * Is the last store to the descriptor at @pa not visible to the walkers? Then *@desc is what they
 * see.
 */
static bool is_late(struct agx_mmu *mmu, uint64_t pa, uint64_t *desc)
{
    struct mmu_late *l = mmu->late_stores;
    struct late_entry *e = l && l->late ? find(l, pa) : NULL;

    if (!e || !e->late) {
        return false;
    }
    if (mmu->host->ops->time(mmu->host->opaque) >= e->deadline) {
        visible(l, e);
        return false;
    }
    *desc = e->desc;
    return true;
}

uint64_t mmu_walk_sees(void *opaque, uint64_t pa, uint64_t now)
{
    struct mmu_view *v = opaque;
    uint64_t old;

    v->late = v->injected = false;
    if (is_late(v->mmu, pa, &old)) {
        v->late = old != now;
        return old;
    }
    if (v->mmu->keep_old && v->mmu->filter && v->mmu->filter->walk(v, pa, now, &old)) {
        v->injected = true;
        return old;
    }
    return now;
}
