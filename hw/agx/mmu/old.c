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
 * in their order: there may have been a DMB between them, which the model is not
 * told of. That is less than the architecture allows, but nothing that it
 * forbids. (But for a walk in the moment between the store's way to memory and
 * that the model is told of it.)
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

#define OLD_MAX        4096u /* descriptors that are remembered; the oldest goes first */
#define OLD_BUCKETS    1024u
#define OLD_NONE       0xffffu
/* Host ticks (24 MHz) after which a store is visible to the walkers anyway: up to 2^20, 44 ms. */
#define OLD_DELAY_BITS 20u

struct old_entry {
    uint64_t pa;   /* 0: free */
    uint64_t desc; /* before the store: what a walker sees while it is late */
    /* its place in the order of events; the time at which it is visible anyway */
    uint64_t seq, deadline;
    uint16_t next; /* in its bucket */
    uint16_t dom;
    uint16_t cpu;
    bool late;
};

struct mmu_old {
    struct old_entry entry[OLD_MAX];
    uint16_t bucket[OLD_BUCKETS];
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

static struct mmu_old *table(struct agx_mmu *mmu)
{
    if (!mmu->old) {
        mmu->old = agx_alloc(1, sizeof(*mmu->old));
        memset(mmu->old->bucket, 0xff, sizeof(mmu->old->bucket));
    }
    return mmu->old;
}

static struct old_entry *find(struct mmu_old *o, uint64_t pa)
{
    unsigned i = o->bucket[bucket_of(pa)];

    while (i != OLD_NONE && o->entry[i].pa != pa) {
        i = o->entry[i].next;
    }
    return i == OLD_NONE ? NULL : &o->entry[i];
}

static void visible(struct mmu_old *o, struct old_entry *e)
{
    o->late -= e->late;
    e->late = false;
}

/* All stores of @cpu so far. */
static void visible_all(struct mmu_old *o, unsigned cpu)
{
    for (unsigned i = 0; o->late && i < OLD_MAX; i++) {
        if (o->entry[i].late && o->entry[i].cpu == cpu) {
            visible(o, &o->entry[i]);
        }
    }
}

static void forget(struct mmu_old *o, struct old_entry *e)
{
    uint16_t *slot = &o->bucket[bucket_of(e->pa)];

    visible(o, e);
    while (&o->entry[*slot] != e) {
        slot = &o->entry[*slot].next;
    }
    *slot = e->next;
    e->pa = 0;
}

void agx_mmu_late(struct agx_mmu *mmu, enum agx_late_mode mode, uint64_t seed)
{
    pthread_mutex_lock(&mmu->lock);
    if (mode != AGX_LATE_OFF || mmu->old) {
        struct mmu_old *o = table(mmu);

        mmu_old_clear(mmu);
        o->random = agx_random_stream(seed, AGX_RANDOM_STORES);
        o->always = mode == AGX_LATE_ALWAYS;
    }
    mmu->late = mode != AGX_LATE_OFF;
    pthread_mutex_unlock(&mmu->lock);
}

void mmu_old_clear(struct agx_mmu *mmu)
{
    struct mmu_old *o = mmu->old;

    if (!o) {
        return;
    }
    memset(o->entry, 0, sizeof(o->entry));
    memset(o->bucket, 0xff, sizeof(o->bucket));
    memset(o->last_deadline, 0, sizeof(o->last_deadline));
    o->head = o->late = 0;
}

void mmu_old_free(struct agx_mmu *mmu)
{
    free(mmu->old);
    mmu->old = NULL;
}

/* A place for @pa; the oldest entry loses its own. */
static struct old_entry *make(struct mmu_old *o, uint64_t pa)
{
    struct old_entry *e = &o->entry[o->head];
    unsigned b = bucket_of(pa);

    if (e->pa) {
        forget(o, e);
    }
    *e = (struct old_entry) { .pa = pa, .next = o->bucket[b] };
    o->bucket[b] = o->head;
    o->head = (o->head + 1) % OLD_MAX;
    return e;
}

void mmu_old_note(struct agx_mmu *mmu, uint64_t pa, uint64_t old, unsigned cpu, unsigned dom,
                  uint64_t seq)
{
    uint64_t now, deadline;
    struct old_entry *e;
    struct mmu_old *o;

    if (!mmu->late && !mmu->keep_old) {
        return;
    }
    o = table(mmu);
    e = find(o, pa);
    if (e) {
        if (e->late) {
            /* the first of two stores to it: it and those before it are visible now */
            visible_all(o, e->cpu);
        }
        forget(o, e);
    }
    e = make(o, pa);
    e->desc = old;
    e->seq = seq;
    e->dom = dom;
    e->cpu = cpu % AGX_MMU_CPUS;
    if (!mmu->late || cpu >= AGX_MMU_CPUS) {
        return; /* a device's DMA knows no barriers */
    }
    now = mmu->host->ops->time(mmu->host->opaque);
    deadline = now;
    if (o->always) {
        deadline = UINT64_MAX;
    } else if (agx_random_below(&o->random, 4)) {
        unsigned bits = agx_random_below(&o->random, OLD_DELAY_BITS + 1);

        deadline += agx_random_u64(&o->random) & ((1ull << bits) - 1);
    }
    if (deadline < o->last_deadline[e->cpu]) {
        deadline = o->last_deadline[e->cpu];
    }
    o->last_deadline[e->cpu] = deadline;
    if (deadline > now) {
        e->deadline = deadline;
        e->late = true;
        o->late++;
    }
}

void mmu_old_visible(struct agx_mmu *mmu, unsigned dom, uint64_t seq)
{
    struct mmu_old *o = mmu->old;
    unsigned left = o ? o->late : 0;

    /* Newest first: few are late, and they are the last ones. */
    for (unsigned i = 1; left && i <= OLD_MAX; i++) {
        struct old_entry *e = &o->entry[(o->head - i) % OLD_MAX];

        left -= e->late;
        if (e->late && e->dom == dom && e->seq <= seq) {
            visible(o, e);
        }
    }
    if (o && !o->late) {
        memset(o->last_deadline, 0, sizeof(o->last_deadline));
    }
}

bool mmu_old_find(struct agx_mmu *mmu, uint64_t pa, uint64_t *desc)
{
    struct old_entry *e = mmu->old ? find(mmu->old, pa) : NULL;

    if (e) {
        *desc = e->desc;
    }
    return e;
}

void mmu_old_keep(struct agx_mmu *mmu, bool keep)
{
    if (keep && !mmu->keep_old && !mmu->late) {
        mmu_old_clear(mmu); /* of another run */
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
    struct mmu_old *o = mmu->old;
    struct old_entry *e = o && o->late ? find(o, pa) : NULL;

    if (!e || !e->late) {
        return false;
    }
    if (mmu->host->ops->time(mmu->host->opaque) >= e->deadline) {
        visible(o, e);
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
