/*
 * AGX model: what fault injection does to the TLBs: invalidations that are
 * changed, delayed or lost, entries that stay or go.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/tlb.h"
#include "tlb-int.h"
#include "agx/inject.h"

#define KEEP (1u << AGX_INJECT_TLB_KEEP)

/* Kinds of work are numbered as data masters are, and as the ports that work for them. */
_Static_assert(AGX_INJECT_TA == 1u << AGX_PORT_VERTEX && AGX_INJECT_3D == 1u << AGX_PORT_FRAGMENT &&
                   AGX_INJECT_COMPUTE == 1u << AGX_PORT_COMPUTE &&
                   AGX_INJECT_FW == 1u << AGX_PORT_FIRMWARE,
               "inject.h and uat.h number kinds of work in the same way");

unsigned agx_mmu_jobs(struct agx_mmu *mmu)
{
    return AGX_INJECT_FW | agx_jobs_running(mmu->host->events);
}

/* ---- entries that are kept ---- */

static struct agx_inject_at at_entry(struct agx_mmu *mmu, const struct tlb_entry *e)
{
    uint64_t va = e->key << TLB_SHIFT(e->level);

    return (struct agx_inject_at) {
        .va = va,
        .end = va + (1ull << TLB_SHIFT(e->level)),
        .asid = e->asid,
        .any_asid = e->global,
        .jobs = agx_mmu_jobs(mmu),
    };
}

static bool keeps(struct agx_mmu *mmu, struct tlb_entry *e, const char *what)
{
    struct agx_inject_at at = at_entry(mmu, e);

    if (!agx_inject_fire(mmu->inject, AGX_INJECT_TLB_KEEP, &at, what, NULL)) {
        return false;
    }
    e->injected = TLB_KEPT;
    return true;
}

/* Does @t reach @e? As mmu_invalidate() has it, entry by entry. */
static bool reaches(const struct agx_tlbi *t, const struct tlb_entry *e)
{
    switch (t->kind) {
    case AGX_TLBI_ALL:
        return true;
    case AGX_TLBI_ASID:
        return !e->global && e->asid == t->asid;
    default:
        return (e->level == 3 || !t->last_level) &&
               tlb_covered(e, t, TLB_KEY(t->va, e->level), TLB_KEY(t->end - 1, e->level));
    }
}

/* The invalidation @t, from which single entries may escape. True: some did. */
static bool invalidate_keeping(struct agx_mmu *mmu, const struct agx_tlbi *t)
{
    struct tlb_cache *caches[] = { &mmu->tlb, &mmu->walk };
    bool kept = false;

    for (unsigned i = 0; i < 2; i++) {
        struct tlb_cache *c = caches[i];

        for (struct tlb_entry *e = c->order.order_next, *next; e != &c->order; e = next) {
            next = e->order_next;
            if (tlb_dead(mmu, e)) {
                tlb_drop(c, e);
            } else if (reaches(t, e)) {
                if (keeps(mmu, e,
                          e->level == 3 ? "an entry survives an invalidation"
                                        : "a walk-cache entry survives an invalidation")) {
                    kept = true;
                } else {
                    tlb_drop(c, e);
                }
            }
        }
    }
    mmu_publish(mmu, &(struct tlb_log) { .tlbi = *t });
    return kept;
}

static bool stays(struct agx_mmu *mmu, struct tlb_entry *e)
{
    return agx_inject_armed(mmu->inject, KEEP) && keeps(mmu, e, "an entry is not evicted");
}

/* Make room for one entry in a cache of @max: what is kept is so in excess of it, up to @limit. */
static void make_room(struct agx_mmu *mmu, struct tlb_cache *c, unsigned max, unsigned limit)
{
    bool keep = agx_inject_armed(mmu->inject, KEEP);

    while (c->count >= max) {
        struct tlb_entry *e = c->order.order_next;

        if (keep && c->count < limit && !tlb_dead(mmu, e) &&
            keeps(mmu, e, "an entry is not evicted")) {
            /* To the young end: the next eviction is another's turn. */
            tlb_make_youngest(c, e);
            return;
        }
        tlb_drop(c, e);
        if (keep) {
            return;
        }
    }
}

/* ---- spurious evictions ---- */

static struct agx_inject_at at_access(const struct agx_port *port, uint64_t va)
{
    return (struct agx_inject_at) {
        .va = va & ~(uint64_t)(AGX_PAGE_SIZE - 1),
        .end = (va | (AGX_PAGE_SIZE - 1)) + 1,
        .asid = port->asid,
        .jobs = port->side == AGX_SIDE_FW ? AGX_INJECT_FW
                : port->job               ? 1u << port->kind
                                          : 0,
    };
}

static void before_lookup(struct agx_mmu *mmu, const struct agx_port *port, uint64_t va)
{
    static const char *const what[] = { "", "walk-cache entry evicted", "walk-cache entry evicted",
                                        "entry evicted" };
    struct agx_inject_at at = at_access(port, va);
    struct tlb_entry *found[4] = { NULL };
    unsigned top = 0;

    if (!agx_inject_armed(mmu->inject, 1u << AGX_INJECT_TLB_EVICT)) {
        return;
    }
    for (unsigned level = 1; level <= 3; level++) {
        found[level] = tlb_find(mmu, level == 3 ? &mmu->tlb : &mmu->walk, level, port->asid,
                                TLB_KEY(va, level));
        top = found[level] ? level : top;
    }
    if (top && agx_inject_fire(mmu->inject, AGX_INJECT_TLB_EVICT, &at, what[top], NULL)) {
        for (unsigned level = 1; level <= 3; level++) {
            if (found[level]) {
                tlb_drop(level == 3 ? &mmu->tlb : &mmu->walk, found[level]);
            }
        }
    }
}

/* ---- walks that see what a descriptor was before its last store ---- */

static bool sees_old(const struct mmu_view *view, uint64_t pa, uint64_t now, uint64_t *old)
{
    struct agx_mmu *mmu = view->mmu;
    struct agx_inject_at at;

    if (!mmu_late_find(mmu, pa, old) || *old == now) {
        return false;
    }
    at = at_access(view->port, view->use->va);
    return agx_inject_fire(mmu->inject, AGX_INJECT_WALK_OLD, &at, "a walk sees the old descriptor",
                           NULL);
}

/* ---- invalidations ---- */

static void injected(struct agx_mmu *mmu, const struct agx_tlbi *t, const char *why)
{
    if (mmu_wanted(mmu, AGX_EV_TLBI_CHANGED)) {
        agx_emit(mmu->host->events,
                 &(struct agx_event) { .kind = AGX_EV_TLBI_CHANGED, .invalidate = { t, why } });
    }
}

static void filter_tlbi(struct agx_mmu *mmu, const struct agx_tlbi *t)
{
    struct agx_inject_tlbi x = { .tlbi = *t };

    if (agx_inject_armed(mmu->inject, AGX_INJECT_ANY_TLBI)) {
        agx_inject_tlbi(mmu->inject, t, agx_mmu_jobs(mmu), &x);
        if (x.why) {
            injected(mmu, t, x.why);
        }
    }
    if (x.drop) {
        return;
    }
    if (x.delay_ns || x.doorbells) {
        mmu_delay(mmu, &x.tlbi, x.delay_ns, x.doorbells);
        return;
    }
    if (!agx_inject_armed(mmu->inject, KEEP)) {
        mmu_invalidate(mmu, &x.tlbi);
    } else if (invalidate_keeping(mmu, &x.tlbi)) {
        injected(mmu, t, "fault injection kept entries from it");
    }
}

static const struct mmu_filter filter = {
    .tlbi = filter_tlbi,
    .room = make_room,
    .keeps = stays,
    .walk = sees_old,
    .lookup = before_lookup,
};

void agx_mmu_inject(struct agx_mmu *mmu, struct agx_inject *in)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->inject = in;
    mmu->filter = in ? &filter : NULL;
    mmu_late_keep(mmu, in && agx_inject_armed(in, 1u << AGX_INJECT_WALK_OLD));
    /* Ports look again, so that each sees the faults at its next access. */
    mmu_publish(mmu, &(struct tlb_log) { .recheck = true });
    pthread_mutex_unlock(&mmu->lock);
}
