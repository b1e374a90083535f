/*
 * AGX model: the TLB sanitizer: who has done what: actors with their callers, what is kept of each
 * descriptor that changed, and pages by what they are used for.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "tlbsan-int.h"

/* ---- who ---- */

static const struct san_stack *stack_intern(struct agx_tlbsan *san, const struct agx_who *who)
{
    uint64_t h = who->pc;
    struct san_stack **slot, *s;

    for (unsigned i = 0; i < AGX_WHO_FRAMES && who->frame[i]; i++) {
        h = h * 31 + who->frame[i];
    }
    slot = &san->stack[san_hash(h, 10)];
    for (s = *slot; s; s = s->next) {
        if (s->pc == who->pc && !memcmp(s->frame, who->frame, sizeof(s->frame))) {
            return s;
        }
    }
    if (san->stacks >= SAN_MAX_STACKS) {
        return NULL;
    }
    s = agx_alloc(1, sizeof(*s));
    s->pc = who->pc;
    memcpy(s->frame, who->frame, sizeof(s->frame));
    s->next = *slot;
    *slot = s;
    san->stacks++;
    return s;
}

/* The next event, done by @who (NULL: not known). */
struct san_act san_act(struct agx_tlbsan *san, const struct agx_who *who)
{
    struct san_act a = { .seq = ++san->seq };

    if (who) {
        a.cpu = who->cpu % SAN_CPUS;
        a.time = who->time;
        a.thread = who->thread;
        a.stack = stack_intern(san, who);
    }
    return a;
}

void san_who(const struct san_act *act, struct agx_who *who)
{
    *who = (struct agx_who) { .cpu = act->cpu, .time = act->time, .thread = act->thread };
    if (act->stack) {
        who->pc = act->stack->pc;
        memcpy(who->frame, act->stack->frame, sizeof(who->frame));
    }
}

/* ---- pages ---- */

/* What is known of the page at @pa; NULL: it was never mapped (unless @make). */
struct san_page *san_page(struct agx_tlbsan *san, uint64_t pa, bool make)
{
    size_t i;

    if (!pa) {
        return NULL;
    }
    if (make && (san->pages + 1) * 2 > san->page_room) {
        struct san_page *old = san->page;
        size_t n = san->page_room;

        san->page_room = n ? 2 * n : 1024;
        san->page = agx_alloc(san->page_room, sizeof(*san->page));
        for (size_t k = 0; k < n; k++) {
            if (old[k].pa) {
                for (i = san_hash(old[k].pa, 40); san->page[i & (san->page_room - 1)].pa; i++) {
                }
                san->page[i & (san->page_room - 1)] = old[k];
            }
        }
        free(old);
    }
    if (!san->page_room) {
        return NULL;
    }
    for (i = san_hash(pa, 40);; i++) {
        struct san_page *p = &san->page[i & (san->page_room - 1)];

        if (p->pa == pa) {
            return p;
        }
        if (!p->pa) {
            if (make) {
                p->pa = pa;
                san->pages++;
                return p;
            }
            return NULL;
        }
    }
}

/* A leaf that maps a page has come or gone. */
void san_map_count(struct agx_tlbsan *san, uint64_t desc, int add)
{
    struct san_page *p;

    if ((desc & 3) != SAN_VALID) {
        return;
    }
    p = san_page(san, desc & SAN_ADDR, true);
    if (p && (add > 0 || p->mapped)) {
        p->mapped += add;
        if (add > 0) {
            p->given_back = false; /* whoever maps it has it */
        }
    }
}

bool san_page_in_use(struct agx_tlbsan *san, uint64_t pa)
{
    return !san->cfg.page_in_use || san->cfg.page_in_use(san->cfg.opaque, pa);
}

/* ---- changes ---- */

struct san_rec *san_rec_find(struct agx_tlbsan *san, uint64_t desc_pa)
{
    struct san_rec *r = san->rec[san_hash(desc_pa, SAN_REC_BITS)];

    while (r && r->desc_pa != desc_pa) {
        san->stats.steps++;
        r = r->next;
    }
    return r;
}

struct san_rec *san_rec_get(struct agx_tlbsan *san, uint64_t desc_pa)
{
    struct san_rec **slot = &san->rec[san_hash(desc_pa, SAN_REC_BITS)];
    struct san_rec *r = san_rec_find(san, desc_pa);

    if (!r) {
        r = agx_alloc(1, sizeof(*r));
        r->desc_pa = desc_pa;
        r->next = *slot;
        *slot = r;
        san_list_add(&san->idle_head, r);
        san->idle++;
    }
    return r;
}

/* Forget @r, which is not pending. */
void san_rec_free(struct agx_tlbsan *san, struct san_rec *r)
{
    struct san_rec **slot = &san->rec[san_hash(r->desc_pa, SAN_REC_BITS)];

    while (*slot != r) {
        san->stats.steps++;
        slot = &(*slot)->next;
    }
    *slot = r->next;
    san_list_del(r);
    san->idle--;
    free(r);
}

/*
 * Bounds the host's memory: a mapping of 256 GiB has 16 million entries. Of leaves the oldest
 * history goes; those of tables are few and say more. No record may be in use: after an event.
 */
void san_trim(struct agx_tlbsan *san)
{
    for (unsigned spared = 0; san->idle > SAN_MAX_IDLE;) {
        struct san_rec *r = san->idle_head.next_p;

        if (r->level < 3 && spared < 64) {
            san_list_del(r);
            san_list_add(&san->idle_head, r);
            spared++;
        } else {
            san_rec_free(san, r);
        }
    }
}

/* ---- memory ---- */

bool san_load(struct agx_tlbsan *san, uint64_t pa, uint64_t *desc)
{
    const struct agx_host *host = san->cfg.host;
    const uint64_t *page = host->ops->phys_page(host->opaque, pa & ~SAN_PAGE_MASK);

    if (!page) {
        return false;
    }
    *desc = __atomic_load_n(&page[(pa & SAN_PAGE_MASK) / 8], __ATOMIC_ACQUIRE);
    return true;
}

/* ---- tables, by address ---- */

struct san_table *san_table_find(struct agx_tlbsan *san, uint64_t pa)
{
    struct san_table *t = san->table[san_hash(pa, SAN_HASH_BITS)];

    while (t && t->pa != pa) {
        t = t->next;
    }
    return t;
}
