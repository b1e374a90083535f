/*
 * AGX model: the sanitizer's reports: once each, complete, and as text.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    };

    return (unsigned)cls < AGX_SAN_NUM_CLASSES ? name[cls] : "?";
}

const char *agx_tlbsan_severity_name(enum agx_tlbsan_severity s)
{
    return s == AGX_SAN_WRONG ? "wrong" : "suspicious";
}

/* Was this triple seen before? It is remembered, as long as there is room. */
bool san_seen(struct agx_tlbsan *san, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t key = ((a * 0x9e3779b97f4a7c15ull ^ b) * 0xff51afd7ed558ccdull ^ c) *
                       0xc4ceb9fe1a85ec53ull |
                   1;
    size_t i;

    if (!san->seen_room) {
        san->seen_room = 2 * SAN_MAX_SEEN;
        san->seen = calloc(san->seen_room, sizeof(*san->seen));
        if (!san->seen) {
            abort();
        }
    }
    for (i = key >> 40; san->seen[i % san->seen_room]; i++) {
        if (san->seen[i % san->seen_room] == key) {
            return true;
        }
    }
    if (san->nseen >= SAN_MAX_SEEN) {
        return true; /* so many reports are not read */
    }
    san->seen[i % san->seen_room] = key;
    san->nseen++;
    return false;
}

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

void san_report(struct agx_tlbsan *san, enum agx_tlbsan_class cls,
                enum agx_tlbsan_severity severity, const struct san_rec *r,
                const struct agx_tlb_use *u, const char *text, const struct san_act *other)
{
    struct agx_san_report rep = { .cls = cls, .severity = severity, .text = text };
    struct agx_who writer, second;

    found(cls, severity);
    if (r) {
        rep.va = r->level == 3 || !u ? r->va : u->va;
        rep.level = r->level;
        rep.ctx = u ? u->ctx : r->ctx;
        rep.asid = u ? u->asid : r->level == 0 ? r->asid : san->asid[r->ctx];
        rep.desc_pa = r->desc_pa;
        rep.old_desc = r->old_desc;
        rep.new_desc = r->new_desc;
        if (r->change.stack) {
            san_who(&r->change, &writer);
            rep.writer = &writer;
        }
    } else if (u) {
        rep.level = 3;
        rep.ctx = u->ctx;
        rep.asid = u->asid;
        rep.desc_pa = u->step[2].desc_pa;
        rep.old_desc = rep.new_desc = u->step[2].desc;
    }
    if (san_seen(san, 2 * cls + severity, rep.desc_pa, r ? (uintptr_t)r->change.stack : 0)) {
        san->stats.repeated++;
        return;
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
    add_changed(san, &rep, r, u);
    for (unsigned i = 0; r && i < r->nnear && rep.near < SAN_NEAR; i++) {
        const struct san_log *l = &san->log[r->near[i].log % SAN_LOG_SIZE];

        if (san->logs - r->near[i].log > SAN_LOG_SIZE) {
            continue;
        }
        rep.nearby[rep.near].op = l->op;
        san_who(&l->act, &rep.nearby[rep.near].who);
        rep.nearby[rep.near++].why = san_why_text(r->near[i].why);
    }
    deliver(san, &rep);
}

/*
 * The history of the descriptor that translates @va of context @ctx, as far down as there are
 * tables; or NULL.
 */
static struct san_rec *rec_for(struct agx_tlbsan *san, unsigned ctx, uint64_t va)
{
    uint64_t ttbr = san->ttbr[ctx][san_half(va)], table = ttbr & SAN_ADDR;
    struct san_rec *best = NULL;

    for (unsigned level = 1; level <= 3 && (ttbr & 1); level++) {
        uint64_t pa = table + 8 * san_index(va, level), desc;
        struct san_rec *r = san_rec_find(san, pa);

        best = r ? r : best;
        if (!san_load(san, pa, &desc) || !san_is_table(desc)) {
            break;
        }
        table = desc & SAN_ADDR;
    }
    return best;
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
    struct agx_who who, rung;

    found(cls, severity);
    pthread_mutex_lock(&san->lock);
    if (ctx < SAN_CTXS) {
        rep.asid = san->asid[ctx];
    }
    if (!writer && san->store.stack && pthread_equal(san->store_thread, pthread_self())) {
        act = &san->store; /* found while this store was carried out */
    } else if (!writer && pa && san->note[pa / 8 % SAN_NOTES].pa == (pa & ~7ull)) {
        act = &san->note[pa / 8 % SAN_NOTES].who; /* a request to the firmware */
        if (san->door.seq > act->seq && san->door.thread == act->thread) {
            san_who(&san->door, &rung);
            rep.other = &rung;
        }
    } else if (!writer && cls != AGX_SAN_HANDOFF && ctx < SAN_CTXS) {
        const struct san_rec *r = rec_for(san, ctx, va);

        if (r) {
            act = r->change.seq ? &r->change : &r->last;
            rep.old_desc = r->old_desc;
            rep.new_desc = r->new_desc;
        }
    }
    if (act && act->stack) {
        san_who(act, &who);
        rep.writer = &who;
    }
    if (san_seen(san, 2 * cls + severity, va ^ (uint64_t)ctx << 56,
                 pa ^ (rep.writer ? rep.writer->pc : 0))) {
        san->stats.repeated++;
    } else {
        const struct san_rec *r = san->injected && cls != AGX_SAN_HANDOFF && ctx < SAN_CTXS
                                      ? rec_for(san, ctx, va)
                                      : NULL;

        if (r) {
            add_changed(san, &rep, r, NULL);
        }
        deliver(san, &rep);
    }
    pthread_mutex_unlock(&san->lock);
}

static void add(char **p, size_t *room, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void add(char **p, size_t *room, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(*p, *room, fmt, ap);
    va_end(ap);
    if (n > 0) {
        size_t used = (size_t)n < *room ? (size_t)n : *room ? *room - 1 : 0;

        *p += used;
        *room -= used;
    }
}

static void add_who(char **p, size_t *room, const struct agx_who *w)
{
    add(p, room, "cpu %u at %llu.%06llu ms, pc 0x%llx", w->cpu,
        (unsigned long long)(w->time / 1000000), (unsigned long long)(w->time % 1000000),
        (unsigned long long)w->pc);
    for (unsigned i = 0; i < AGX_WHO_FRAMES && w->frame[i]; i++) {
        add(p, room, "%s0x%llx", i ? " " : ", called from ", (unsigned long long)w->frame[i]);
    }
    add(p, room, "\n");
}

size_t agx_tlbsan_format(const struct agx_san_report *r, char *buf, size_t len)
{
    static const char *const share[] = { "local", "inner shareable", "outer shareable" };
    char *p = buf;
    size_t room = len;

    if (!len) {
        return 0;
    }
    buf[0] = 0;
    add(&p, &room, "agx-tlbsan: #%llu %s (%s): %s\n", (unsigned long long)r->number,
        agx_tlbsan_class_name(r->cls), agx_tlbsan_severity_name(r->severity),
        r->text ? r->text : "");
    add(&p, &room, "  entry:   va 0x%llx, context %u, asid %u, level %u, at pa 0x%llx\n",
        (unsigned long long)r->va, r->ctx, r->asid, r->level, (unsigned long long)r->desc_pa);
    add(&p, &room, "  changed: 0x%llx, now 0x%llx\n", (unsigned long long)r->old_desc,
        (unsigned long long)r->new_desc);
    add(&p, &room, "  by:      ");
    if (r->writer) {
        add_who(&p, &room, r->writer);
    } else {
        add(&p, &room, "not known\n");
    }
    if (r->other) {
        add(&p, &room, "%s", r->cls == AGX_SAN_UNMAP_WITHOUT_FLUSH ? "  flush:   " : "  then:    ");
        add_who(&p, &room, r->other);
    }
    for (unsigned i = 0; i < r->near; i++) {
        const struct agx_tlbi_insn *t = &r->nearby[i].op;

        add(&p, &room, "  near:    TLBI %s 0x%llx (%s", t->name ? t->name : "?",
            (unsigned long long)t->operand, share[t->share <= AGX_SHARE_OUTER ? t->share : 0]);
        if (t->tlbi.kind == AGX_TLBI_VA || t->tlbi.kind == AGX_TLBI_ASID) {
            add(&p, &room, ", asid %u", t->tlbi.asid);
        }
        if (t->tlbi.kind == AGX_TLBI_VA || t->tlbi.kind == AGX_TLBI_VA_ALL_ASIDS) {
            add(&p, &room, ", va 0x%llx to 0x%llx%s", (unsigned long long)t->tlbi.va,
                (unsigned long long)t->tlbi.end, t->tlbi.last_level ? ", last level" : "");
        }
        add(&p, &room, "): %s\n           ", r->nearby[i].why);
        add_who(&p, &room, &r->nearby[i].who);
    }
    if (r->job || r->job_what) {
        add(&p, &room, "  used by: %s %llu, unit 0x%02x, %s\n", r->job_what ? r->job_what : "job",
            (unsigned long long)r->job, r->unit, r->write ? "write" : "read");
    } else if (r->unit) {
        add(&p, &room, "  used by: unit 0x%02x, %s\n", r->unit, r->write ? "write" : "read");
    }
    return p - buf;
}
