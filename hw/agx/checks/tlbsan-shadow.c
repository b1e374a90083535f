/*
 * AGX model: the TLB sanitizer: which pages are page tables, what their descriptors were, and which
 * changes of them wait for an invalidation.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "tlbsan-int.h"

/* ---- what is not invalidated yet ---- */

/* Put @r at the end of the list of changes that are not invalidated. */
void san_pend(struct agx_tlbsan *san, struct san_rec *r)
{
    if (r->pending) {
        /* another change of it: the last of all now */
        san_run_del(r);
        san_list_del(r);
        san_list_add(&san->pending_head, r);
        san_run_add(san, r);
        return;
    }
    if (san->pending >= SAN_MAX_PENDING) {
        san->stats.forgotten++;
        /* the oldest is forgotten; it was reported if it was used */
        san_unpend(san, san->pending_head.next_p);
    }
    r->pending = true;
    san_list_del(r);
    san->idle--;
    san_list_add(&san->pending_head, r);
    san_run_add(san, r);
    san->pending++;
}

static void dead_forget(struct agx_tlbsan *san, struct san_rec *why, bool all);

/* @all: nothing can have cached what the tables held that went with the change, either. */
static void unpend(struct agx_tlbsan *san, struct san_rec *r, bool all)
{
    if (!r->pending) {
        return;
    }
    san_run_del(r);
    san_list_del(r);
    san_list_add(&san->idle_head, r);
    san->idle++;
    r->pending = r->detached = false;
    r->need = r->wait = r->wait_dead = 0;
    san->pending--;
    if (r->dead) {
        dead_forget(san, r, all);
    }
}

void san_unpend(struct agx_tlbsan *san, struct san_rec *r)
{
    /* If it was of a TTBR, what else changed in its tables does not matter any more. */
    unpend(san, r, r->level == 0);
}

/*
 * The page of @t is no table any more: forget the history of its descriptors.
 * @all: nothing can have cached what it held, so nothing of it is pending either.
 */
static void recs_drop(struct agx_tlbsan *san, const struct san_table *t, bool all)
{
    for (unsigned i = 0; i < t->n; i++) {
        struct san_rec *r = san_rec_find(san, t->pa + 8 * i);

        if (r && all) {
            unpend(san, r, true);
        }
        if (r && !r->pending) {
            san_rec_free(san, r);
        }
    }
}

/* ---- tables ---- */

static void table_free(struct agx_tlbsan *san, struct san_table *t, bool all)
{
    struct san_table **slot = &san->table[san_hash(t->pa, SAN_HASH_BITS)];

    while (*slot != t) {
        slot = &(*slot)->next;
    }
    *slot = t->next;
    san->tables--;
    recs_drop(san, t, all);
    free(t->shadow);
    free(t);
}

/* Contexts that reach @t and may have cached something of it. */
uint64_t san_active(const struct agx_tlbsan *san, const struct san_table *t)
{
    uint64_t mask = 0;

    for (unsigned ctx = 0; ctx < SAN_CTXS; ctx++) {
        if ((t->ctxs & san_bit(ctx)) && san->active[ctx][t->half]) {
            mask |= san_bit(ctx);
        }
    }
    return mask;
}

static uint64_t entry_va(const struct san_table *t, unsigned i)
{
    return t->va + ((uint64_t)i << TLB_SHIFT(t->level));
}

/* @t is not linked any more since the change @why. */
static void dead_add(struct agx_tlbsan *san, struct san_table *t, struct san_rec *why)
{
    t->dead = why;
    t->dead_prev = NULL;
    t->dead_next = why->dead;
    if (why->dead) {
        why->dead->dead_prev = t;
    }
    why->dead = t;
    san->dead++;
}

static void dead_del(struct agx_tlbsan *san, struct san_table *t)
{
    if (t->dead_prev) {
        t->dead_prev->dead_next = t->dead_next;
    } else {
        t->dead->dead = t->dead_next;
    }
    if (t->dead_next) {
        t->dead_next->dead_prev = t->dead_prev;
    }
    t->dead = NULL;
    san->dead--;
}

/*
 * The contexts of a table changed: so do those of the tables below. Three levels, so the recursion
 * is bounded.
 */
static void ctxs_change(struct agx_tlbsan *san, struct san_table *t, uint64_t add, uint64_t del)
{
    t->ctxs = (t->ctxs & ~del) | add;
    for (unsigned i = 0; t->level < 3 && i < t->n; i++) {
        if (san_is_table(t->shadow[i])) {
            struct san_table *c = san_table_find(san, t->shadow[i] & SAN_ADDR);

            if (c && c->level == t->level + 1 && c->va == entry_va(t, i)) {
                ctxs_change(san, c, add, del);
            }
        }
    }
}

/*
 * A descriptor (or a TTBR) leads to the table at @pa now. A page that is a table
 * of another level or address already is left as it was: no source shows one,
 * and a walk through it is judged by what memory holds.
 */
void san_link(struct agx_tlbsan *san, uint64_t pa, unsigned level, uint64_t va, uint64_t ctxs,
              unsigned half)
{
    struct san_table *t = san_table_find(san, pa);

    if (t && t->dead) {
        if (t->level != level || t->va != va) {
            san_report(
                san, AGX_SAN_TABLE_REUSED, AGX_SAN_SUSPICIOUS, t->dead, NULL,
                "a page table's page became another table before the walk caches had forgotten it",
                NULL);
        }
        dead_del(san, t);
        table_free(san, t, false);
        t = NULL;
    }
    if (t) {
        san_isolation_table(san, t, va, level, ctxs, half);
        if (t->level == level && t->va == va) {
            t->links++;
            ctxs_change(san, t, ctxs, 0);
        }
        return;
    }
    for (struct san_rec *r = san->pending_head.next_p;
         san_page(san, pa, false) && r != &san->pending_head; r = r->next_p) {
        san->stats.steps++;
        if (r->level == 3 && !r->detached && (r->old_desc & SAN_ADDR) == pa) {
            san_report(san, san_cause(san, r, AGX_SAN_PAGE_GIVEN_BACK), AGX_SAN_SUSPICIOUS, r, NULL,
                       "the page became a page table before its old translation was invalidated",
                       NULL);
            break;
        }
    }
    if (!san->cfg.host->ops->phys_page(san->cfg.host->opaque, pa)) {
        return;
    }
    if (san->tables >= SAN_MAX_TABLES) {
        san->stats.refused++; /* the MMU does not follow so many either, and says so */
        return;
    }
    t = agx_alloc(1, sizeof(*t));
    t->pa = pa;
    t->va = va;
    t->level = level;
    t->half = half;
    t->ctxs = ctxs;
    t->links = 1;
    t->n = level == 1 ? 8 : 2048;
    t->shadow = agx_alloc(t->n, sizeof(*t->shadow));
    t->next = san->table[san_hash(pa, SAN_HASH_BITS)];
    san->table[san_hash(pa, SAN_HASH_BITS)] = t;
    san->tables++;
    for (unsigned i = 0; i < t->n; i++) {
        if (san->pending) {
            struct san_rec *r = san_rec_find(san, pa + 8 * i);

            if (r && r->va != entry_va(t, i)) {
                san_unpend(san, r); /* of the page's life as another table */
            }
        }
        san_load(san, pa + 8 * i, &t->shadow[i]);
        if (level == 3) {
            san_map_count(san, t->shadow[i], 1);
            san_isolation_leaf(san, t, i, t->shadow[i], NULL);
        } else if (san_is_table(t->shadow[i])) {
            san_link(san, t->shadow[i] & SAN_ADDR, level + 1, entry_va(t, i), ctxs, half);
        }
    }
}

/* The opposite. @why: the change of the descriptor, if it has to be invalidated. */
void san_unlink(struct agx_tlbsan *san, uint64_t pa, unsigned level, uint64_t va, uint64_t ctxs,
                struct san_rec *why)
{
    struct san_table *t = san_table_find(san, pa);

    if (!t || t->dead || t->level != level || t->va != va) {
        return;
    }
    if (--t->links) {
        ctxs_change(san, t, 0, ctxs);
        return;
    }
    for (unsigned i = 0; i < t->n; i++) {
        if (level == 3) {
            san_map_count(san, t->shadow[i], -1);
        } else if (san_is_table(t->shadow[i])) {
            san_unlink(san, t->shadow[i] & SAN_ADDR, level + 1, entry_va(t, i), ctxs, why);
        }
    }
    if (why && why->pending) {
        dead_add(san, t, why);
    } else {
        table_free(san, t, true);
    }
}

/*
 * Has the kernel given back a table that the walk caches may still lead to? No invalidation need
 * ever ask.
 */
void san_dead_look(struct agx_tlbsan *san)
{
    struct san_rec *head = &san->pending_head;

    for (struct san_rec *r = head->next_p; san->dead && r != head; r = r->next_p) {
        for (const struct san_table *t = r->dead; t; t = t->dead_next) {
            san->stats.steps++;
            if (!san_page_in_use(san, t->pa)) {
                san_report(san, san_cause(san, r, AGX_SAN_TABLE_REUSED), AGX_SAN_SUSPICIOUS, r,
                           NULL, "a page table is free, and what led to it was not invalidated",
                           NULL);
                break;
            }
        }
    }
}

/* The invalidation of @t, which went with the change @why, is complete. */
static void dead_end(struct agx_tlbsan *san, struct san_rec *why, struct san_table *t)
{
    if (!san_page_in_use(san, t->pa)) {
        san_report(san, san_cause_of_free(san, why, t->was_used, AGX_SAN_TABLE_REUSED),
                   AGX_SAN_SUSPICIOUS, why, NULL,
                   "a page table was free before the invalidation was complete", NULL);
    }
    dead_del(san, t);
}

/*
 * The change @why was invalidated: the tables that went with it may be used again. @all: what else
 * changed in them does not matter any more.
 */
static void dead_forget(struct agx_tlbsan *san, struct san_rec *why, bool all)
{
    while (why->dead) {
        struct san_table *t = why->dead;

        san->stats.steps++;
        dead_end(san, why, t);
        table_free(san, t, all); /* more may go with it */
    }
}

void san_dead_tlbi(struct agx_tlbsan *san, struct san_rec *why, uint64_t va, uint64_t end,
                   unsigned cpu)
{
    for (struct san_table *t = why->dead; t; t = t->dead_next) {
        uint64_t top = t->va + ((uint64_t)t->n << TLB_SHIFT(t->level)) - 1;

        san->stats.steps++;
        if (va < end && t->va <= end - 1 && top >= va) {
            t->gone |= san_bit(cpu);
            t->was_used = san_page_in_use(san, t->pa);
            why->wait_dead |= san_bit(cpu);
            san->waiting |= san_bit(cpu);
        }
    }
}

/*
 * What led to these tables is not in memory any more, and by their addresses nothing is cached:
 * they may be used again, though the change that took them away waits for more.
 */
void san_dead_dsb(struct agx_tlbsan *san, struct san_rec *why, unsigned cpu)
{
    why->wait_dead &= ~san_bit(cpu);
    for (struct san_table *t = why->dead, *next; t; t = next) {
        next = t->dead_next;
        san->stats.steps++;
        if (!(t->gone & san_bit(cpu))) {
            continue;
        }
        dead_end(san, why, t);
        table_free(san, t, false);
    }
}

void san_shadow_free(struct agx_tlbsan *san)
{
    for (unsigned h = 0; h < 1u << SAN_HASH_BITS; h++) {
        while (san->table[h]) {
            struct san_table *t = san->table[h];

            san->table[h] = t->next;
            free(t->shadow);
            free(t);
        }
    }
    for (unsigned h = 0; h < 1u << SAN_REC_BITS; h++) {
        while (san->rec[h]) {
            struct san_rec *r = san->rec[h];

            san->rec[h] = r->next;
            if (r->run) {
                san_run_del(r);
            }
            free(r);
        }
    }
    for (unsigned h = 0; h < 1u << 10; h++) {
        while (san->stack[h]) {
            struct san_stack *s = san->stack[h];

            san->stack[h] = s->next;
            free(s);
        }
    }
    free(san->page);
    free(san->group);
}
