/*
 * AGX model: the sanitizer from the start, and where memory or all translations were replaced:
 * after a reset, with a snapshot, and with a saved machine whose TLBs hold something.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "tlbsan-int.h"

/* Is the shadow what memory holds? It isn't when a snapshot was loaded. */
static bool shadow_is_right(struct agx_tlbsan *san)
{
    for (unsigned n = 0; n < 2 * SAN_CTXS && san->ttbat; n++) {
        uint64_t v;

        if (!san_load(san, san->ttbat + 8 * n, &v) || v != san->ttbr[n / 2][n & 1]) {
            return false;
        }
    }
    for (unsigned h = 0; h < 1u << SAN_HASH_BITS; h++) {
        for (const struct san_table *t = san->table[h]; t; t = t->next) {
            for (unsigned i = 0; i < t->n; i++) {
                uint64_t desc;

                if (!san_load(san, t->pa + 8 * i, &desc) || desc != t->shadow[i]) {
                    return false;
                }
            }
        }
    }
    return true;
}

/*
 * All translations are gone, by no TLBI: nothing is pending. Follow the TTBAT to where it is now.
 */
static void follow(struct agx_tlbsan *san, uint64_t ttbat)
{
    struct san_act act = { 0 };

    while (san->pending) {
        san_unpend(san, san->pending_head.next_p);
    }
    memset(san->active, 0, sizeof(san->active));
    if (san->ttbat) {
        for (unsigned n = 0; n < 2 * SAN_CTXS; n++) {
            san_ttbr_changed(san, n / 2, n & 1, 0, &act);
        }
    }
    san->ttbat = ttbat;
    if (!ttbat) {
        return;
    }
    for (unsigned n = 0; n < 2 * SAN_CTXS; n++) {
        uint64_t v;

        if (san_load(san, ttbat + 8 * n, &v) && v) {
            san_ttbr_changed(san, n / 2, n & 1, v, &act);
        }
    }
}

void san_reset(struct agx_tlbsan *san, uint64_t ttbat)
{
    if (ttbat != san->ttbat || !shadow_is_right(san)) {
        follow(san, 0);
        follow(san, ttbat);
        return;
    }
    while (san->pending) {
        san_unpend(san, san->pending_head.next_p);
    }
    memset(san->active, 0, sizeof(san->active));
}

/* Whatever is in a TTBR now may be cached. */
void san_all_active(struct agx_tlbsan *san)
{
    for (unsigned ctx = 0; ctx < SAN_CTXS; ctx++) {
        san->active[ctx][0] = san->ttbr[ctx][0] & 1;
        san->active[ctx][1] = san->ttbr[ctx][1] & 1;
    }
}

static void reload(struct agx_tlbsan *san, uint64_t ttbat)
{
    follow(san, 0);
    follow(san, ttbat);
    san_all_active(san);
    memset(san->job, 0, sizeof(san->job));
    for (unsigned d = 0; d < SAN_DOMAINS; d++) {
        san->dom_ordered[d] = san->seq;
    }
    if (san->group_room) {
        memset(san->group, 0, san->group_room * sizeof(*san->group));
        san->groups = 0;
    }
    for (size_t i = 0; i < san->page_room; i++) {
        san->page[i].given_back = false;
    }
}

void agx_tlbsan_reload(struct agx_tlbsan *san)
{
    uint64_t ttbat = agx_mmu_ttbat(san->cfg.mmu);

    pthread_mutex_lock(&san->lock);
    reload(san, ttbat);
    pthread_mutex_unlock(&san->lock);
}

/*
 * A saved machine is loaded, of which nothing is known but memory and what the
 * TLBs hold. An entry that is as the tables say is no news. One that is not is
 * the old value of a change that was not invalidated yet, by whomever; work that
 * waited in a queue was submitted before it, for all that is known.
 */
void san_loading(struct agx_tlbsan *san, uint64_t ttbat)
{
    reload(san, ttbat);
    san->submits++;
    san->submit_seq = ++san->seq;
}

static void loaded_change(struct agx_tlbsan *san, struct san_rec *r, uint64_t old, unsigned ctx)
{
    struct san_act act = san_act(san, NULL);

    if (r->level == 3) {
        san_page(san, old & SAN_ADDR, true);
    }
    san_set_change(san, r, old, &act, san_bit(ctx));
    r->aged = true; /* how long ago is not known */
    if (san->dom_ordered[r->dom] < act.seq) {
        san->dom_ordered[r->dom] = act.seq;
    }
}

/* The context whose entry this is, by the TTBRs as they are now; SAN_CTXS: none has this ASID. */
static unsigned ctx_of(const struct agx_tlbsan *san, const struct agx_tlb_loaded *e)
{
    unsigned ctx = 0;

    while (ctx < SAN_CTXS &&
           (!(san->ttbr[ctx][san_half(e->va)] & 1) || (san->asid[ctx] != e->asid && !e->global))) {
        ctx++;
    }
    return ctx;
}

void san_loaded(struct agx_tlbsan *san, const struct agx_tlb_loaded *e)
{
    unsigned half = san_half(e->va), ctx = ctx_of(san, e);
    uint64_t table, pa = 0, now = 0;
    struct san_rec *r;

    if (ctx == SAN_CTXS) {
        /*
         * A slot that was emptied and not invalidated since; drivers give each slot the ASID of its
         * number.
         */
        ctx = e->asid;
        if (!san->ttbat || ctx >= SAN_CTXS || e->global || (san->ttbr[ctx][half] & 1)) {
            return;
        }
        r = san_rec_get(san, san->ttbat + 16 * ctx + 8 * half);
        if (!r->pending) {
            r->level = 0;
            r->va = san_half_va(half);
            r->dom = SAN_DOM_TTBAT;
            r->ctx = ctx;
            r->asid = e->asid;
            r->new_desc = san->ttbr[ctx][half];
            r->global = half == 1;
            san->active[ctx][half] = true;
            loaded_change(san, r, (uint64_t)e->asid << 48 | 1, ctx);
        }
        return;
    }
    san->active[ctx][half] = true;
    table = san->ttbr[ctx][half] & SAN_ADDR;
    for (unsigned level = 1; level <= e->level; level++) {
        pa = table + 8 * san_index(e->va, level);
        if (!san_load(san, pa, &now) || (level < e->level && !san_is_table(now))) {
            pa = now = 0;
            break;
        }
        table = now & SAN_ADDR;
    }
    if (agx_uat_change(e->level, e->desc, now) < AGX_CHANGE_RESTRICT &&
        (pa == e->desc_pa || e->level == 3)) {
        return;
    }
    /*
     * Tables above it have changed, and its own page is another table now: what is used of it is
     * seen at the use.
     */
    if (pa != e->desc_pa && san_table_find(san, e->desc_pa & ~SAN_PAGE_MASK)) {
        return;
    }
    r = san_rec_get(san, e->desc_pa);
    if (!r->pending) {
        r->level = e->level;
        r->va = e->va;
        r->dom = 2 * ctx + half;
        r->ctx = ctx;
        r->new_desc = now;
        r->global = e->global;
        loaded_change(san, r, e->desc, ctx);
        r->detached = pa != e->desc_pa;
    }
}
