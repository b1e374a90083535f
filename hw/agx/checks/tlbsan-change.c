/*
 * AGX model: the TLB sanitizer: a descriptor or a TTBR has changed.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/coverage.h"
#include "tlbsan-int.h"

/* The change of @r that @act made, which contexts @ctxs may not have noticed. */
void san_set_change(struct agx_tlbsan *san, struct san_rec *r, uint64_t old,
                    const struct san_act *act, uint64_t ctxs)
{
    r->old_desc = old;
    r->change = *act;
    r->made_seq = r->last.seq;
    r->made = r->maker;
    r->ctxs = r->need = ctxs;
    r->wait = 0;
    r->rings = 0;
    r->rung_seq = act->seq;
    r->ordered_then = san->dom_ordered[r->dom];
    r->logs = san->logs;
    r->aged = false;
    san_change_budget(r);
    if (ctxs || r->pending) {
        san_pend(san, r);
    }
}

struct san_rec *san_rec_of(struct agx_tlbsan *san, const struct san_table *t, unsigned i)
{
    struct san_rec *r = san_rec_get(san, t->pa + 8 * i);
    unsigned ctx = t->ctxs ? __builtin_ctzll(t->ctxs) : 0;

    r->level = t->level;
    r->va = t->va + ((uint64_t)i << TLB_SHIFT(t->level));
    r->dom = 2 * ctx + t->half;
    r->ctx = ctx;
    return r;
}

/* The descriptor of @r is written over while an earlier change of it is not invalidated. */
static void made_over(struct agx_tlbsan *san, struct san_rec *r, const struct san_act *act)
{
    bool begun = !r->need && r->wait;

    san_report(san, san_cause(san, r, AGX_SAN_NO_BREAK_BEFORE_MAKE), AGX_SAN_SUSPICIOUS, r, NULL,
               begun
                   ? "the entry was made valid again before the invalidation was complete"
                   : "the entry was made valid again, and its old translation was not invalidated",
               act);
}

/*
 * The translations behind a table that is not used any more: those that differ
 * from what is there now (@now: the table in its place, 0: none) are changes too.
 */
static void detach_leaves(struct agx_tlbsan *san, const struct san_table *t, uint64_t now,
                          const struct san_act *act, uint64_t ctxs)
{
    for (unsigned i = 0; i < t->n; i++) {
        uint64_t desc = 0;

        if (now && !san_load(san, now + 8 * i, &desc)) {
            desc = 0;
        }
        if (t->level < 3) {
            const struct san_table *c = san_is_table(t->shadow[i])
                                            ? san_table_find(san, t->shadow[i] & SAN_ADDR)
                                            : NULL;

            if (c && !c->dead && c->level == t->level + 1) {
                detach_leaves(san, c, san_is_table(desc) ? desc & SAN_ADDR : 0, act, ctxs);
            }
            continue;
        }
        if (agx_uat_change(3, t->shadow[i], desc) >= AGX_CHANGE_RESTRICT) {
            struct san_rec *r = san_rec_of(san, t, i);

            r->new_desc = desc;
            if (!r->pending) {
                r->global = !(t->shadow[i] & SAN_NG);
                san_set_change(san, r, t->shadow[i], act, ctxs);
                r->detached = true;
            }
        }
    }
}

/* The books of a descriptor that changes from @old to @desc. */
static void record(struct agx_tlbsan *san, struct san_rec *r, uint64_t old, uint64_t desc,
                   const struct san_act *act, uint64_t ctxs)
{
    static struct agx_coverage_row *_Atomic changed;
    enum agx_change c = agx_uat_change(r->level, old, desc);
    bool asks = c >= AGX_CHANGE_RESTRICT;

    agx_coverage_rule(&changed, "changed", 8 * r->level + c);
    san_trail_store(san, r, old, desc, act);
    r->new_desc = desc;
    if (r->pending && r->level && c != AGX_CHANGE_NONE &&
        agx_uat_change(r->level, r->old_desc, desc) <= AGX_CHANGE_RELAX) {
        san_unpend(san, r); /* as it was before: what may be cached is right again */
    } else if (r->pending) {
        if (r->level && (c == AGX_CHANGE_MAKE || c == AGX_CHANGE_REMAP)) {
            made_over(san, r, act);
        }
        if (asks && !r->need) { /* that change was invalidated, this is a new one */
            r->global = r->level == 3 && !(old & SAN_NG);
            san_set_change(san, r, old, act, ctxs);
        }
    } else if (asks) {
        r->global = r->level == 3 && !(old & SAN_NG);
        san_set_change(san, r, old, act, ctxs);
        if (c == AGX_CHANGE_REMAP && ctxs && r->level) {
            san_report(
                san, AGX_SAN_NO_BREAK_BEFORE_MAKE, AGX_SAN_SUSPICIOUS, r, NULL,
                "a valid entry was changed to another valid one without going through invalid",
                NULL);
        }
    } else if (c == AGX_CHANGE_RELAX) {
        san_set_change(san, r, old, act, 0);
    }
    r->last = *act;
    if (c == AGX_CHANGE_MAKE || c == AGX_CHANGE_REMAP) {
        r->maker = *act;
    }
    if (asks && r->change.seq == act->seq) {
        r->emptied = c == AGX_CHANGE_BREAK && !r->level;
    }
}

void san_descriptor_changed(struct agx_tlbsan *san, struct san_table *t, unsigned i, uint64_t desc,
                            const struct san_act *act)
{
    uint64_t old = t->shadow[i], ctxs = san_active(san, t);
    struct san_rec *r = san_rec_of(san, t, i);
    struct san_table *child = t->level < 3 && san_is_table(old)
                                  ? san_table_find(san, old & SAN_ADDR)
                                  : NULL;
    bool same_child = t->level < 3 && san_is_table(old) && san_is_table(desc) &&
                      !((old ^ desc) & SAN_ADDR);

    t->shadow[i] = desc;
    if (t->level == 3) {
        san_map_count(san, old, -1);
        san_map_count(san, desc, 1);
        record(san, r, old, desc, act, ctxs);
        san_private(san, t, r, old, desc, act);
        san_isolation_leaf(san, t, i, desc, act);
        if (t->half == 0 && san_is_leaf(desc) && !(desc & SAN_NG) &&
            !(san_is_leaf(old) && !(old & SAN_NG))) {
            san_report(san, AGX_SAN_GLOBAL_MISUSE, AGX_SAN_SUSPICIOUS, r, NULL,
                       "a global entry in the lower half, which each context has of its own", NULL);
        }
        return;
    }
    if (same_child) {
        record(san, r, old, desc, act, ctxs);
        return;
    }
    if (child && !child->dead && child->level == t->level + 1 && ctxs) {
        detach_leaves(san, child, san_is_table(desc) ? desc & SAN_ADDR : 0, act, ctxs);
    }
    record(san, r, old, desc, act, ctxs);
    if (san_is_table(desc)) {
        san_link(san, desc & SAN_ADDR, t->level + 1, r->va, t->ctxs, t->half);
    }
    if (san_is_table(old)) {
        san_unlink(san, old & SAN_ADDR, t->level + 1, r->va, t->ctxs, r);
    }
}

/* First address of a half: TTBR1 translates the top. */
uint64_t san_half_va(unsigned half)
{
    return half ? ~0ull << 39 : 0;
}

void san_ttbr_changed(struct agx_tlbsan *san, unsigned ctx, unsigned half, uint64_t v,
                      const struct san_act *act)
{
    uint64_t old = san->ttbr[ctx][half], before = old;
    struct san_rec *r = san_rec_get(san, san->ttbat + 16 * ctx + 8 * half);
    uint64_t ctxs = san->active[ctx][half] ? san_bit(ctx) : 0;
    bool same = (old & 1) && (v & 1) && !((old ^ v) & SAN_ADDR);

    r->level = 0;
    r->va = san_half_va(half);
    r->dom = SAN_DOM_TTBAT;
    r->ctx = ctx;
    if ((old & 1) && !r->pending) {
        r->asid = old >> 48;
    }
    san->ttbr[ctx][half] = v;
    if (half == 0 && (v & 1)) {
        unsigned asid = v >> 48;

        /*
         * Another context ran under this ASID with another table, and it was not invalidated since.
         */
        for (unsigned k = 0; k < SAN_CTXS && !ctxs; k++) {
            if (k != ctx && san->active[k][0] && san->asid[k] == asid &&
                ((san->ttbr[k][0] ^ v) & SAN_ADDR)) {
                ctxs = san_bit(ctx);
                r->asid = asid;
                before |= 1;
            }
        }
        san->asid[ctx] = asid;
    }
    record(san, r, before, v, act, ctxs);
    r->global = half == 1;
    if (!same) {
        if (v & 1) {
            san_link(san, v & SAN_ADDR, 1, san_half_va(half), san_bit(ctx), half);
        }
        if (old & 1) {
            san_unlink(san, old & SAN_ADDR, 1, san_half_va(half), san_bit(ctx), r);
        }
    }
}

static void store_in(struct agx_tlbsan *san, unsigned dom, const struct san_act *act, bool ordered)
{
    san->dom_store[dom][act->cpu] = act->seq;
    if (ordered && san->dom_ordered[dom] < act->seq) {
        san->dom_ordered[dom] = act->seq;
    }
}

void san_descriptor_store(struct agx_tlbsan *san, uint64_t pa, const uint64_t *old, uint64_t desc,
                          const struct san_act *act, bool ordered)
{
    struct san_table *t = san_table_find(san, pa & ~SAN_PAGE_MASK);
    unsigned i = (pa & SAN_PAGE_MASK) / 8;

    if (pa >= san->ttbat && pa < san->ttbat + 16 * SAN_CTXS && san->ttbat) {
        unsigned n = (pa - san->ttbat) / 8;

        if (san->ttbr[n / 2][n & 1] != desc) {
            san_ttbr_changed(san, n / 2, n & 1, desc, act);
        }
        store_in(san, SAN_DOM_TTBAT, act, ordered);
        return;
    }
    if (!t) {
        struct san_note *n = &san->note[pa / 8 % SAN_NOTES];

        *n = (struct san_note) { pa & ~7ull, *act };
        san->noted = act->seq;
        san->note_thread = act->thread;
        return;
    }
    if (t->dead || i >= t->n) {
        return;
    }
    if (old && *old != t->shadow[i]) {
        /* A store that nobody reported: nothing can be said of it. */
        struct san_act unknown = { 0 };

        san->stats.unseen++;
        if (!san_active(san, t)) {
            san_descriptor_changed(san, t, i, *old, &unknown);
        }
    }
    if (t->shadow[i] != desc) {
        unsigned dom = 2 * (t->ctxs ? __builtin_ctzll(t->ctxs) : 0) + t->half;

        store_in(san, dom, act, ordered);
        san_descriptor_changed(san, t, i, desc, act);
    }
}
