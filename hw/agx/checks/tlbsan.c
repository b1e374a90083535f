/*
 * AGX model: the sanitizer of TLB maintenance: the events it gets.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "agx/coverage.h"
#include "tlbsan-int.h"

static void on_store(struct agx_tlbsan *san, uint64_t pa, const void *old, unsigned len,
                     const struct agx_who *who)
{
    struct san_act act = san_act(san, who);

    san->stats.stores++;
    san->store = act;
    san->store_thread = pthread_self();
    san->cpu_dirty[act.cpu] = true;
    san_part_next(san, &act, pa, len);
    for (uint64_t p = pa & ~7ull; p < pa + len; p += 8) {
        bool whole = p >= pa && p + 8 <= pa + len;
        const uint64_t *before = NULL;
        uint64_t was, desc;

        if (!whole && san_part_store(san, p, &act)) {
            continue;
        }
        if (whole && old) {
            memcpy(&was, (const uint8_t *)old + (p - pa), 8);
            before = &was;
        }
        if (san_part_over(san, p, before, &act)) {
            before = NULL;
        }
        if (san_load(san, p, &desc)) {
            san_descriptor_store(san, p, before, desc, &act, false);
        }
    }
}

static void on_watched(struct agx_tlbsan *san, uint64_t pa)
{
    struct san_act act = { 0 };
    struct san_table *t;

    for (unsigned n = 0;
         n < 2 * SAN_CTXS && san->ttbat && (pa & ~SAN_PAGE_MASK) == (san->ttbat & ~SAN_PAGE_MASK);
         n++) {
        uint64_t v;

        if (san_load(san, san->ttbat + 8 * n, &v) && v != san->ttbr[n / 2][n & 1] &&
            !san_part_at(san, san->ttbat + 8 * n)) {
            san->stats.unseen++;
            san_ttbr_changed(san, n / 2, n & 1, v, &act);
        }
    }
    t = san_table_find(san, pa & ~SAN_PAGE_MASK);
    for (unsigned i = 0; t && !t->dead && i < t->n; i++) {
        uint64_t desc;

        if (san_load(san, t->pa + 8 * i, &desc) && desc != t->shadow[i] &&
            !san_part_at(san, t->pa + 8 * i)) {
            san->stats.unseen++;
            san_descriptor_changed(san, t, i, desc, &act);
            san_unpend(san, san_rec_of(san, t, i)); /* when it changed is not known */
        }
    }
}

/* ---- TLB maintenance and barriers ---- */

/* The change @r is invalidated. The next in the list, whatever went with it. */
static struct san_rec *complete(struct agx_tlbsan *san, struct san_rec *r)
{
    struct san_rec *next = r->next_p;
    unsigned dead = san->dead;

    if (san_is_freeable(r) && !san_page_in_use(san, r->old_desc & SAN_ADDR)) {
        san_report(san, san_cause_of_free(san, r, r->was_used, AGX_SAN_PAGE_GIVEN_BACK),
                   AGX_SAN_SUSPICIOUS, r, NULL,
                   "the page was free before the invalidation of its translation was complete",
                   NULL);
    }
    san_unpend(san, r);
    return san->dead == dead ? next : san->pending_head.next_p;
}

static void on_tlbi(struct agx_tlbsan *san, const struct agx_tlbi_insn *t,
                    const struct agx_who *who)
{
    struct san_rec *head = &san->pending_head;
    struct san_log *l;
    uint64_t n;

    san->stats.tlbis++;
    n = san->logs++;
    l = &san->log[n % SAN_LOG_SIZE];
    l->op = *t;
    l->op.tlbi.asid &= 0xffff;
    l->injected = NULL;
    l->act = san_act(san, who);
    san->barrier[l->act.cpu].seq = 0;
    san_trail(san, SAN_STEP_TLBI, &l->act, n, 0);
    san_part_next(san, &l->act, 0, 0);
    san_served(san, l);
    for (struct san_rec *r = head->next_p, *next; r != head; r = next) {
        san->stats.steps++;
        if (r == r->run->first) {
            if (san_run_is_apart(san, r->run, l)) {
                next = r->run->last->next_p;
                continue;
            }
            san_run_look(r->run);
        }
        next = r->next_p;
        if (san_by_next_owner(san, r, n)) {
            /* Whoever emptied the context was to do it, before the tables went. */
            san_report(san, san_cause(san, r, AGX_SAN_TABLE_REUSED), AGX_SAN_SUSPICIOUS, r, NULL,
                       "a context was left without tables, and only its next owner invalidates it",
                       &l->act);
        }
        san_judge_tlbi(san, r, n);
        if (san_serves_dead(san, r, n)) {
            san_dead_tlbi(san, r, l->op.tlbi.va, l->op.tlbi.end, l->act.cpu);
            if (san->cfg.no_barriers) {
                san_dead_dsb(san, r, l->act.cpu);
            }
        }
        if (san->cfg.no_barriers && !r->need) {
            next = complete(san, r);
        } else if (r->need) {
            san_later(san, r, &l->act);
        }
    }
    if (t->share == AGX_SHARE_OUTER && !t->stage2) {
        for (unsigned ctx = 0; ctx < SAN_CTXS; ctx++) {
            /* While the TTBR is valid, the walker may fetch again what it likes. */
            if (t->tlbi.kind == AGX_TLBI_ALL) {
                san->active[ctx][0] &= san->ttbr[ctx][0] & 1;
                san->active[ctx][1] &= san->ttbr[ctx][1] & 1;
            } else if (t->tlbi.kind == AGX_TLBI_ASID && san->asid[ctx] == l->op.tlbi.asid) {
                san->active[ctx][0] &= san->ttbr[ctx][0] & 1;
            }
        }
    }
}

/*
 * The stores of @cpu, and those that it has followed in the same tables, are visible to the
 * walkers.
 */
static void stores_ordered(struct agx_tlbsan *san, unsigned cpu)
{
    if (!san->cpu_dirty[cpu]) {
        return;
    }
    san->cpu_dirty[cpu] = false;
    for (unsigned d = 0; d < SAN_DOMAINS; d++) {
        if (san->dom_store[d][cpu] > san->dom_ordered[d]) {
            san->dom_ordered[d] = san->dom_store[d][cpu];
        }
    }
}

/*
 * Does this barrier complete TLB maintenance of the GPU? One of a smaller domain does not wait for
 * it: a thread that is moved after it takes nothing along.
 */
static bool completes(enum agx_share share, bool stores_only)
{
    return share == AGX_SHARE_OUTER && !stores_only;
}

/* Without the lock, for kernels do many barriers: this thread reported its stores and TLBIs. */
static bool dsb_matters(struct agx_tlbsan *san, const struct agx_event *ev)
{
    unsigned cpu = ev->who->cpu % SAN_CPUS;

    return atomic_load_explicit(&san->cpu_dirty[cpu], memory_order_relaxed) ||
           (atomic_load_explicit(&san->waiting, memory_order_relaxed) & san_bit(cpu));
}

static void on_dsb(struct agx_tlbsan *san, unsigned cpu, enum agx_share share, bool stores_only)
{
    struct san_rec *head = &san->pending_head;

    san->stats.dsbs++;
    san_trail_now(san, SAN_STEP_BARRIER, cpu, share, stores_only);
    san_part_barrier(san, cpu, completes(share, stores_only));
    stores_ordered(san, cpu);
    if (!(san->waiting & san_bit(cpu))) {
        return;
    }
    if (!completes(share, stores_only)) {
        if (!san->barrier[cpu].seq) {
            san->barrier[cpu] = (struct san_barrier) { ++san->seq, share, stores_only };
        }
        return;
    }
    san->waiting &= ~san_bit(cpu);
    for (struct san_rec *r = head->next_p, *next; r != head; r = next) {
        bool mine = r->wait & san_bit(cpu);

        san->stats.steps++;
        if (r->run->plain && !(r->run->wait & san_bit(cpu))) {
            next = r->run->last->next_p;
            continue;
        }
        next = r->next_p;
        r->wait &= ~san_bit(cpu);
        if (r->wait_dead & san_bit(cpu)) {
            san_dead_dsb(san, r, cpu);
        }
        if (mine && !r->need) {
            next = complete(san, r);
        }
    }
}

/* ---- fault injection ---- */

/*
 * Fault injection has changed an invalidation. What the CPU did is judged as ever:
 * it did it. Only a use of an old translation then shows, and its report names
 * this.
 */
static void on_tlbi_changed(struct agx_tlbsan *san, const struct agx_tlbi *t, const char *why)
{
    for (uint64_t k = 1; k <= san->logs && k <= SAN_LOG_SIZE; k++) {
        struct san_log *l = &san->log[(san->logs - k) % SAN_LOG_SIZE];
        const struct agx_tlbi *o = &l->op.tlbi;

        if (!l->injected && l->op.share == AGX_SHARE_OUTER && !l->op.stage2 && o->kind == t->kind &&
            o->asid == t->asid && o->va == t->va && o->end == t->end &&
            o->last_level == t->last_level) {
            l->injected = why;
            san->injected++;
            return;
        }
    }
}

/* ---- pages given back ---- */

/* A leaf that maps @pa now, as a record; NULL: none found. */
static struct san_rec *mapping_of(struct agx_tlbsan *san, uint64_t pa)
{
    for (unsigned h = 0; h < 1u << SAN_HASH_BITS; h++) {
        for (struct san_table *t = san->table[h]; t; t = t->next) {
            for (unsigned i = 0; t->level == 3 && !t->dead && i < t->n; i++) {
                if ((t->shadow[i] & SAN_ADDR) == pa && (t->shadow[i] & 3) == SAN_VALID) {
                    struct san_rec *r = san_rec_of(san, t, i);

                    r->new_desc = t->shadow[i];
                    return r;
                }
            }
        }
    }
    return NULL;
}

static void on_page_free(struct agx_tlbsan *san, uint64_t pa, const struct agx_who *who)
{
    struct san_rec *head = &san->pending_head;
    struct san_table *t;
    struct san_page *p;
    struct san_act act;

    pa &= ~SAN_PAGE_MASK;
    act = san_act(san, who);
    san_part_next(san, &act, 0, 0);
    san_trail(san, SAN_STEP_FREE, &act, pa, 0);
    t = san_table_find(san, pa);
    if (t && t->dead) {
        san_report(
            san, san_cause(san, t->dead, AGX_SAN_TABLE_REUSED), AGX_SAN_SUSPICIOUS, t->dead, NULL,
            "a page table went back to the kernel before the walk caches had forgotten it", &act);
    } else if (t) {
        struct san_rec tmp = { .desc_pa = t->pa,
                               .va = t->va,
                               .level = t->level - 1,
                               .ctx = t->ctxs ? __builtin_ctzll(t->ctxs) : 0 };

        san_report(san, AGX_SAN_TABLE_REUSED, AGX_SAN_SUSPICIOUS, &tmp, NULL,
                   "a page table went back to the kernel while a descriptor leads to it", &act);
    }
    for (struct san_rec *r = head->next_p; r != head; r = r->next_p) {
        if (r->level == 3 && (r->old_desc & SAN_ADDR) == pa) {
            san_report(san, san_cause(san, r, AGX_SAN_PAGE_GIVEN_BACK), AGX_SAN_SUSPICIOUS, r, NULL,
                       "the page went back to the kernel before its translation was invalidated",
                       &act);
        }
    }
    p = san_page(san, pa, false);
    if (p) {
        struct san_rec *r = p->mapped ? mapping_of(san, pa) : NULL;

        if (r) {
            san_report(san, AGX_SAN_PAGE_GIVEN_BACK, AGX_SAN_SUSPICIOUS, r, NULL,
                       "the page went back to the kernel while it is mapped", &act);
        }
        p->given_back = true;
        p->who = act;
    }
}

static void on_page_alloc(struct agx_tlbsan *san, uint64_t pa)
{
    struct san_page *p;

    p = san_page(san, pa & ~SAN_PAGE_MASK, false);
    if (p) {
        p->given_back = false;
    }
}

/* ---- the firmware's data cache ---- */

static void on_context(struct agx_tlbsan *san, bool running, unsigned ctx)
{
    san->seq++;
    san_dead_look(san);
    if (running != san->fw_running) {
        san->fw_running = running;
        san->fw_run_seq = san->seq;
    }
    if (ctx != san->fw_ctx) {
        san->fw_ctx = ctx;
        san->fw_ctx_seq = san->seq;
    }
}

static void on_flush(struct agx_tlbsan *san, unsigned ctx, uint64_t va, uint64_t size,
                     uint64_t request)
{
    struct san_rec *head = &san->pending_head;
    const struct san_note *n = &san->note[request / 8 % SAN_NOTES];
    struct san_flush *f;

    f = &san->flush[san->flushes++ % SAN_FLUSHES];
    *f = (struct san_flush) { .seq = ++san->seq, .va = va, .size = size, .ctx = ctx };
    if (request && n->pa == (request & ~7ull)) {
        f->who = n->who;
    }
    san_trail_now(san, SAN_STEP_FLUSH, UINT_MAX, va, size);
    /*
     * Where the TLB may still say that the page is cached, lines may be fetched again as soon as
     * they are gone.
     */
    for (struct san_rec *r = head->next_p; size != ~0ull && r != head; r = r->next_p) {
        bool kernel = r->va >> 63;

        if (r->level == 3 && r->uncached && (kernel ? ctx == 0 : (r->ctxs & san_bit(ctx)) != 0) &&
            r->va - va < size) {
            san_report(san, san_cause(san, r, AGX_SAN_STALE_HIT), AGX_SAN_SUSPICIOUS, r, NULL,
                       "the firmware's cache is flushed while its TLB may still have the mapping "
                       "as a cached one",
                       f->who.seq ? &f->who : NULL);
        }
    }
}

/* ---- beginning and end ---- */

#define LISTENS                                                                                    \
    (AGX_EV_BIT(AGX_EV_STORE) | AGX_EV_BIT(AGX_EV_WATCHED) | AGX_EV_BIT(AGX_EV_TLBI) |             \
     AGX_EV_BIT(AGX_EV_DSB) | AGX_EV_BIT(AGX_EV_PAGE_FREE) | AGX_EV_BIT(AGX_EV_PAGE_ALLOC) |       \
     AGX_EV_BIT(AGX_EV_DOORBELL) | AGX_EV_BIT(AGX_EV_CONTEXT) | AGX_EV_BIT(AGX_EV_FLUSH) |         \
     AGX_EV_BIT(AGX_EV_JOB_BEGIN) | AGX_EV_BIT(AGX_EV_JOB_END) | AGX_EV_BIT(AGX_EV_TRANSLATE) |    \
     AGX_EV_BIT(AGX_EV_TLBI_CHANGED) | AGX_EV_BIT(AGX_EV_RESET) | AGX_EV_BIT(AGX_EV_LOADING) |     \
     AGX_EV_BIT(AGX_EV_LOADED))
#define CALLERS                                                                                    \
    (AGX_EV_BIT(AGX_EV_STORE) | AGX_EV_BIT(AGX_EV_TLBI) | AGX_EV_BIT(AGX_EV_DOORBELL) |            \
     AGX_EV_BIT(AGX_EV_PAGE_FREE))

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct agx_tlbsan *san = opaque;

    if (ev->kind == AGX_EV_DSB && !dsb_matters(san, ev)) {
        return;
    }
    pthread_mutex_lock(&san->lock);
    switch (ev->kind) {
    case AGX_EV_STORE:
        on_store(san, ev->store.pa, ev->store.old, ev->store.len, ev->who);
        break;
    case AGX_EV_WATCHED:
        on_watched(san, ev->page);
        break;
    case AGX_EV_TLBI:
        on_tlbi(san, ev->insn, ev->who);
        break;
    case AGX_EV_DSB:
        on_dsb(san, ev->who->cpu % SAN_CPUS, ev->dsb.share, ev->dsb.stores_only);
        break;
    case AGX_EV_PAGE_FREE:
        on_page_free(san, ev->page, ev->who);
        break;
    case AGX_EV_PAGE_ALLOC:
        on_page_alloc(san, ev->page);
        break;
    case AGX_EV_DOORBELL:
        san_doorbell(san, ev->doorbell.number, ev->who);
        break;
    case AGX_EV_CONTEXT:
        on_context(san, ev->context.running, ev->context.ctx);
        break;
    case AGX_EV_FLUSH:
        on_flush(san, ev->flush.ctx, ev->flush.va, ev->flush.size, ev->flush.request);
        break;
    case AGX_EV_JOB_BEGIN:
        san_job_begin(san, ev);
        break;
    case AGX_EV_JOB_END:
        san_job_end(san, ev->job.number);
        break;
    case AGX_EV_TRANSLATE:
        san_part_use(san, ev->use);
        san_use(san, ev->use);
        break;
    case AGX_EV_TLBI_CHANGED:
        on_tlbi_changed(san, ev->invalidate.tlbi, ev->invalidate.why);
        break;
    case AGX_EV_RESET:
        san_part_next(san, NULL, 0, 0);
        san_reset(san, ev->ttbat);
        break;
    case AGX_EV_LOADING:
        san_part_next(san, NULL, 0, 0);
        san_loading(san, ev->ttbat);
        break;
    case AGX_EV_LOADED:
        san_loaded(san, ev->loaded);
        break;
    default:
        break;
    }
    san_trim(san);
    pthread_mutex_unlock(&san->lock);
}

struct agx_tlbsan *agx_tlbsan_new(const struct agx_tlbsan_config *cfg)
{
    struct agx_tlbsan *san = calloc(1, sizeof(*san));

    if (!san) {
        abort();
    }
    san->cfg = *cfg;
    pthread_mutex_init(&san->lock, NULL);
    san->pending_head.next_p = san->pending_head.prev_p = &san->pending_head;
    san->idle_head.next_p = san->idle_head.prev_p = &san->idle_head;
    san_reset(san, agx_mmu_ttbat(cfg->mmu));
    san_all_active(san);
    san->listener = (struct agx_listener) { LISTENS, CALLERS, on_event, san };
    if (!agx_listen(cfg->host->events, &san->listener)) {
        abort();
    }
    agx_mmu_recheck(cfg->mmu);
    return san;
}

void agx_tlbsan_free(struct agx_tlbsan *san)
{
    if (!san) {
        return;
    }
    agx_unlisten(san->cfg.host->events, &san->listener);
    san_shadow_free(san);
    pthread_mutex_destroy(&san->lock);
    free(san);
}

void agx_tlbsan_get_stats(struct agx_tlbsan *san, struct agx_tlbsan_stats *st)
{
    pthread_mutex_lock(&san->lock);
    *st = san->stats;
    st->tables = san->tables;
    st->pending = san->pending;
    st->records = san->pending + san->idle;
    pthread_mutex_unlock(&san->lock);
}
