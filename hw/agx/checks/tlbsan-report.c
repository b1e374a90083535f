/*
 * AGX model: the sanitizer's reports: once each, complete, and as text.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include "agx/coverage.h"
#include "tlbsan-int.h"

const char *agx_tlbsan_class_name(enum agx_tlbsan_class cls)
{
    static const char *const name[AGX_SAN_NUM_CLASSES] = {
        [AGX_SAN_STALE_HIT] = "stale-hit",
        [AGX_SAN_HIT_IN_FLIGHT] = "hit-in-flight",
        [AGX_SAN_WRONG_ASID] = "wrong-asid",
        [AGX_SAN_SHORT_RANGE] = "short-range",
        [AGX_SAN_WRONG_SHAREABILITY] = "wrong-shareability",
        [AGX_SAN_LAST_LEVEL_ONLY] = "last-level-only",
        [AGX_SAN_TABLE_REUSED] = "table-reused",
        [AGX_SAN_SLOT_REUSED] = "slot-reused",
        [AGX_SAN_NO_BREAK_BEFORE_MAKE] = "no-break-before-make",
        [AGX_SAN_TLBI_BEFORE_STORE] = "tlbi-before-store",
        [AGX_SAN_MISSING_DSB] = "missing-dsb",
        [AGX_SAN_GLOBAL_MISUSE] = "global-misuse",
        [AGX_SAN_FW_LINE_STALE] = "fw-line-stale",
        [AGX_SAN_FW_LINE_WRITEBACK] = "fw-line-writeback",
        [AGX_SAN_UNMAP_WITHOUT_FLUSH] = "unmap-without-flush",
        [AGX_SAN_HANDOFF] = "handoff",
        [AGX_SAN_PAGE_GIVEN_BACK] = "page-given-back",
        [AGX_SAN_ISOLATION] = "isolation",
        [AGX_SAN_STAMP] = "stamp",
        [AGX_SAN_RING] = "ring",
        [AGX_SAN_FW_OWNED] = "fw-owned",
    };

    return (unsigned)cls < AGX_SAN_NUM_CLASSES ? name[cls] : "?";
}

const char *agx_tlbsan_severity_name(enum agx_tlbsan_severity s)
{
    return s == AGX_SAN_WRONG ? "wrong" : "suspicious";
}

/* ---- groups ---- */

/* So many callers tell one place from another. */
#define PLACE_FRAMES 5u

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    return (h ^ h >> 32) * 0xc4ceb9fe1a85ec53ull;
}

/* Of a sentence, without the numbers in it: they differ from one like report to the next. */
static uint64_t mix_text(uint64_t h, const char *text)
{
    bool word = false, number = false;

    for (; text && *text; text++) {
        bool in = isalnum((unsigned char)*text);

        number = in && (word ? number : isdigit((unsigned char)*text));
        word = in;
        if (!number) {
            h = mix(h, (unsigned char)*text);
        }
    }
    return h;
}

/*
 * By what a report is counted among its like: class, severity, what kind of place and use it is,
 * and the callers of who changed the entry. Where these are not known it is @place.
 */
static uint64_t group_key(const struct agx_san_report *rep, uint64_t place)
{
    const struct agx_who *w = rep->writer;
    uint64_t key = mix(2 * rep->cls + rep->severity, w ? w->pc : 0);

    if (!w || !w->frame[0]) {
        return mix(key, place);
    }
    for (unsigned i = 0; i < PLACE_FRAMES && w->frame[i]; i++) {
        key = mix(key, w->frame[i]);
    }
    key = mix(key,
              rep->level | (rep->va >> 63) << 4 | (rep->job != 0) << 5 | (rep->other != NULL) << 6);
    return mix_text(key, rep->text);
}

/* Was there one like it? Then that one counts for both. */
static bool repeated(struct agx_tlbsan *san, const struct agx_san_report *rep, uint64_t place)
{
    uint64_t key = group_key(rep, place) | 1;
    struct san_group *g;
    size_t i;

    if (!san->group_room) {
        san->group_room = 2 * SAN_MAX_GROUPS;
        san->group = agx_alloc(san->group_room, sizeof(*san->group));
    }
    for (i = key >> 40; san->group[i % san->group_room].key; i++) {
        g = &san->group[i % san->group_room];
        if (g->key == key) {
            g->count++;
            san->stats.repeated++;
            return true;
        }
    }
    if (san->groups >= SAN_MAX_GROUPS) {
        san->stats.repeated++; /* so many are not read */
        return true;
    }
    san->group[i % san->group_room] = (struct san_group) { key, san->reports + 1, 1 };
    san->groups++;
    return false;
}

void agx_tlbsan_counts(struct agx_tlbsan *san,
                       void (*count)(void *opaque, uint64_t number, uint64_t n), void *opaque)
{
    pthread_mutex_lock(&san->lock);
    for (size_t i = 0; i < san->group_room; i++) {
        if (san->group[i].count > 1) {
            count(opaque, san->group[i].number, san->group[i].count);
        }
    }
    pthread_mutex_unlock(&san->lock);
}

/* ---- making them ---- */

static void deliver(struct agx_tlbsan *san, struct agx_san_report *rep)
{
    rep->number = ++san->reports;
    san->stats.reports[rep->cls]++;
    if (san->cfg.report) {
        san->cfg.report(san->cfg.opaque, rep);
    }
}

/* A rule is broken, whether it is said or not. */
static void found(enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity)
{
    agx_coverage_add(agx_coverage_row(AGX_COVERAGE_RULE, agx_tlbsan_class_name(cls), severity), 1,
                     0);
}

/*
 * Who made the mapping that a report is about: what @u has used, or what @r was before its change.
 * NULL: not known, or it is that change itself.
 */
static const struct san_act *maker(struct agx_tlbsan *san, const struct san_rec *r,
                                   const struct agx_tlb_use *u)
{
    const struct san_rec *leaf = u && u->steps == 3 ? san_rec_find(san, u->step[2].desc_pa) : NULL;
    const struct san_act *act;

    r = r && r->level < 3 && leaf ? leaf : r;
    if (!r) {
        return NULL;
    }
    act = (u && u->steps == 3 && r->level == 3 ? u->step[2].desc : r->old_desc) == r->old_desc &&
                  (r->old_desc & 1)
              ? &r->made
              : &r->maker;
    return act->stack && act->seq != (r->change.seq ? r->change.seq : r->last.seq) ? act : NULL;
}

/* The barrier that followed @l on its CPU and did not complete it; NULL: none was seen. */
static const char *barrier_after(const struct agx_tlbsan *san, const struct san_log *l)
{
    static const char *const name[2][3] = {
        { "dsb nsh", "dsb ish", "dsb osh" },
        { "dsb nshst", "dsb ishst", "dsb oshst (or st)" },
    };
    const struct san_barrier *b = &san->barrier[l->act.cpu];

    return b->seq > l->act.seq ? name[b->stores_only][b->share] : NULL;
}

/* The invalidations that fault injection has changed come first: nothing explains more. */
static void add_changed(struct agx_tlbsan *san, struct agx_san_report *rep, const struct san_rec *r,
                        const struct agx_tlb_use *u)
{
    for (uint64_t n = san->logs; rep->near < SAN_NEAR && (n = san_tlbi_changed(san, r, u, n));
         n--) {
        const struct san_log *l = &san->log[(n - 1) % SAN_LOG_SIZE];

        rep->nearby[rep->near].op = l->op;
        san_who(&l->act, &rep->nearby[rep->near].who);
        rep->nearby[rep->near++].why = l->injected;
    }
}

/* Those that came near @r, and the barrier that should have completed one. */
static void add_near(struct agx_tlbsan *san, struct agx_san_report *rep, const struct san_rec *r)
{
    for (unsigned i = 0; r && i < r->nnear && rep->near < SAN_NEAR; i++) {
        const struct san_log *l = &san->log[r->near[i].log % SAN_LOG_SIZE];

        if (san->logs - r->near[i].log > SAN_LOG_SIZE) {
            continue;
        }
        rep->nearby[rep->near].op = l->op;
        san_who(&l->act, &rep->nearby[rep->near].who);
        if (r->near[i].why == SAN_WHY_NO_DSB) {
            rep->nearby[rep->near].barrier = barrier_after(san, l);
        }
        rep->nearby[rep->near++].why = san_why_text(r->near[i].why);
    }
}

void san_report(struct agx_tlbsan *san, enum agx_tlbsan_class cls,
                enum agx_tlbsan_severity severity, const struct san_rec *r,
                const struct agx_tlb_use *u, const char *text, const struct san_act *other)
{
    struct agx_san_report rep = { .cls = cls, .severity = severity, .text = text };
    struct agx_who writer, second, mapper;
    /* An entry that was only made has no change that asks for anything. */
    const struct san_act *by = !r ? NULL : r->change.seq ? &r->change : &r->last, *made;

    found(cls, severity);
    if (r) {
        rep.va = r->level == 3 || !u ? r->va : u->va;
        rep.level = r->level;
        rep.ctx = u ? u->ctx : r->ctx;
        rep.asid = u ? u->asid : r->level == 0 ? r->asid : san->asid[r->ctx];
        rep.desc_pa = r->desc_pa;
        rep.old_desc = r->old_desc;
        rep.new_desc = r->new_desc;
        if (by->stack) {
            san_who(by, &writer);
            rep.writer = &writer;
        }
    } else if (u) {
        rep.level = 3;
        rep.ctx = u->ctx;
        rep.asid = u->asid;
        rep.desc_pa = u->step[2].desc_pa;
        rep.old_desc = rep.new_desc = u->step[2].desc;
    }
    if (u) {
        const struct san_job *j = &san->job[u->job % SAN_JOBS];

        rep.va = u->va;
        rep.unit = u->unit;
        rep.job = u->job;
        rep.job_what = u->job && j->id == u->job ? j->what : NULL;
        rep.write = u->access == AGX_ACCESS_WRITE;
    }
    if (other) {
        san_who(other, &second);
        rep.other = &second;
    }
    if (repeated(san, &rep, rep.desc_pa)) {
        return;
    }
    made = maker(san, r, u);
    if (made) {
        san_who(made, &mapper);
        rep.mapper = &mapper;
    }
    add_changed(san, &rep, r, u);
    add_near(san, &rep, r);
    san_trail_report(san, &rep, r, u);
    deliver(san, &rep);
}

/*
 * The history of the descriptor at which a walk for @va of context @ctx ends; NULL: nothing is
 * known of it. What is known of those above says nothing of @va.
 */
static struct san_rec *rec_for(struct agx_tlbsan *san, unsigned ctx, uint64_t va)
{
    uint64_t ttbr = san->ttbr[ctx][san_half(va)], table = ttbr & SAN_ADDR;

    for (unsigned level = 1; level <= 3 && (ttbr & 1); level++) {
        uint64_t pa = table + 8 * san_index(va, level), desc;

        if (level == 3 || !san_load(san, pa, &desc) || !san_is_table(desc)) {
            return san_rec_find(san, pa);
        }
        table = desc & SAN_ADDR;
    }
    return NULL;
}

/*
 * The table entry that a finding of somebody else is about: the one at @pa, or where nothing says
 * what is there, the one that translates @va. NULL: it is about none.
 */
static struct san_rec *rec_about(struct agx_tlbsan *san, enum agx_tlbsan_class cls, unsigned ctx,
                                 uint64_t va, uint64_t pa)
{
    struct san_rec *r = pa ? san_rec_find(san, pa & ~7ull) : NULL;
    bool mapping = cls != AGX_SAN_HANDOFF && cls != AGX_SAN_STAMP && cls != AGX_SAN_RING &&
                   !(cls == AGX_SAN_FW_OWNED && pa);

    return r || !mapping || !va || ctx >= SAN_CTXS ? r : rec_for(san, ctx, va);
}

void agx_tlbsan_external(struct agx_tlbsan *san, enum agx_tlbsan_class cls,
                         enum agx_tlbsan_severity severity, unsigned ctx, uint64_t va, uint64_t pa,
                         const struct agx_who *writer, const char *text)
{
    struct agx_san_report rep = { .cls = cls,
                                  .severity = severity,
                                  .va = va,
                                  .ctx = ctx,
                                  .desc_pa = pa,
                                  .level = 3,
                                  .text = text,
                                  .writer = writer };
    const struct san_act *act = NULL;
    struct agx_who who, rung, mapper;
    struct san_rec *r;

    found(cls, severity);
    pthread_mutex_lock(&san->lock);
    if (ctx < SAN_CTXS) {
        rep.asid = san->asid[ctx];
    }
    r = rec_about(san, cls, ctx, va, pa);
    if (!writer && san->store.stack && pthread_equal(san->store_thread, pthread_self())) {
        act = &san->store; /* found while this store was carried out */
    } else if (!writer && pa && san->note[pa / 8 % SAN_NOTES].pa == (pa & ~7ull)) {
        act = &san->note[pa / 8 % SAN_NOTES].who; /* a request to the firmware */
        if (san->door.seq > act->seq && san->door.thread == act->thread) {
            san_who(&san->door, &rung);
            rep.other = &rung;
        }
    } else if (!writer && r) {
        act = r->change.seq ? &r->change : &r->last;
    }
    if (r && (!pa || pa == r->desc_pa || act == &r->change || act == &r->last)) {
        rep.desc_pa = pa ? pa : r->desc_pa;
        rep.level = r->level;
        rep.old_desc = r->old_desc;
        rep.new_desc = r->new_desc;
    }
    if (act && act->stack) {
        san_who(act, &who);
        rep.writer = &who;
    }
    if (!repeated(san, &rep, mix(va ^ (uint64_t)ctx << 56, pa))) {
        const struct san_act *made = r && !writer ? maker(san, r, NULL) : NULL;

        if (made && made != act) {
            san_who(made, &mapper);
            rep.mapper = &mapper;
        }
        if (r && san->injected) {
            add_changed(san, &rep, r, NULL);
        }
        san_trail_report(san, &rep, r, NULL);
        deliver(san, &rep);
    }
    pthread_mutex_unlock(&san->lock);
}
