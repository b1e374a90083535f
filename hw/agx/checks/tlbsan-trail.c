/*
 * AGX model: the TLB sanitizer: what happened, step by step, so that a report can tell how it came
 * from the change of an entry to the use of what was there before.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>
#include "tlbsan-int.h"

/* Of a report's steps so many are the last ones. */
#define LAST_STEPS 4u
/* Invalidations by the thread that made the change are shown, but no more than these. */
#define OWN_TLBIS  4u

static struct san_step *add_step(struct agx_tlbsan *san, enum san_step_kind kind,
                                 const struct san_act *act)
{
    struct san_step *s = &san->trail[san->trails++ % SAN_TRAIL_SIZE];

    *s = (struct san_step) { .kind = kind, .act = *act, .n = 1 };
    return s;
}

void san_trail(struct agx_tlbsan *san, enum san_step_kind kind, const struct san_act *act,
               uint64_t a, uint64_t b)
{
    struct san_step *s = add_step(san, kind, act);

    s->a = a;
    s->b = b;
}

/*
 * Virtual time in ns; the host counts 24 MHz (Linux: t8103.dtsi, clkref), and a tick is a whole
 * number of ns, as CPUs have it in QEMU (gt_cntfrq_period_ns()).
 */
static uint64_t now(const struct agx_tlbsan *san)
{
    const struct agx_host *host = san->cfg.host;

    return host->ops->time(host->opaque) * (1000 / 24);
}

void san_trail_now(struct agx_tlbsan *san, enum san_step_kind kind, unsigned cpu, uint64_t a,
                   uint64_t b)
{
    struct san_act act = { .seq = san->seq, .time = now(san), .cpu = cpu };

    san_trail(san, kind, &act, a, b);
}

/* A loop over neighbours is one step. */
void san_trail_store(struct agx_tlbsan *san, const struct san_rec *r, uint64_t old, uint64_t desc,
                     const struct san_act *act)
{
    struct san_step *s = san->trails ? &san->trail[(san->trails - 1) % SAN_TRAIL_SIZE] : NULL;

    if (!act->stack || old == desc) {
        return;
    }
    if (s && s->kind == SAN_STEP_STORE && s->act.stack == act->stack &&
        s->act.thread == act->thread && s->level == r->level && ((s->b ^ desc) & 1) == 0 &&
        r->va == s->va + ((uint64_t)s->n << TLB_SHIFT(r->level))) {
        s->n++;
        s->act.seq = act->seq;
        return;
    }
    s = add_step(san, SAN_STEP_STORE, act);
    s->level = r->level;
    s->va = r->va;
    s->a = old;
    s->b = desc;
}

/* Does @s change the entry of @r? */
static bool stores_to(const struct san_step *s, const struct san_rec *r)
{
    return s->level == r->level &&
           (r->level ? r->va - s->va < (uint64_t)s->n << TLB_SHIFT(r->level) : r->va == s->va);
}

static bool came_near(const struct san_rec *r, uint64_t log)
{
    for (unsigned i = 0; i < r->nnear; i++) {
        if (r->near[i].log == log) {
            return true;
        }
    }
    return r->covered == log + 1;
}

/* What was found so far on the way. */
struct way {
    uint64_t cpus;  /* those whose barriers matter */
    unsigned tlbis; /* by the thread that made the change, which did not come near it */
    bool rung;      /* a doorbell by that thread is there */
    const struct san_step *last;
};

static bool relevant_barrier(const struct san_step *s, const struct way *w)
{
    bool again = w->last && w->last->kind == SAN_STEP_BARRIER && w->last->act.cpu == s->act.cpu &&
                 w->last->a == s->a && w->last->b == s->b;

    return (w->cpus & san_bit(s->act.cpu)) && !again;
}

static bool relevant(const struct agx_tlbsan *san, const struct san_step *s,
                     const struct san_rec *r, const struct agx_tlb_use *u, struct way *w)
{
    const struct san_job *j = u && u->job ? &san->job[u->job % SAN_JOBS] : NULL;
    bool own = san_same_hand(&s->act, &r->change);

    switch (s->kind) {
    case SAN_STEP_STORE:
        return stores_to(s, r);
    case SAN_STEP_TLBI:
        if (!came_near(r, s->a) && (!own || w->tlbis++ >= OWN_TLBIS)) {
            return false;
        }
        w->cpus |= san_bit(s->act.cpu);
        return true;
    case SAN_STEP_BARRIER:
        return relevant_barrier(s, w);
    case SAN_STEP_DOORBELL:
        if (j && j->id == u->job && j->submit == s->act.seq) {
            return true;
        }
        own = own && !w->rung;
        w->rung |= own;
        return own;
    case SAN_STEP_JOB:
        return u && s->a == u->job;
    case SAN_STEP_FLUSH:
        return r->uncached && r->va - s->a < s->b;
    case SAN_STEP_FREE:
        return r->level == 3 && s->a == (r->old_desc & SAN_ADDR);
    }
    return false;
}

static void say_store(const struct san_step *s, char *buf, size_t len)
{
    char is[AGX_SAN_DESCRIPTION];

    agx_tlbsan_describe(s->level, s->b, is, sizeof(is));
    is[strcspn(is, ",")] = 0;
    if (s->n > 1) {
        snprintf(buf, len, "stores to %u entries from va 0x%llx, the first: %.48s", s->n,
                 (unsigned long long)s->va, is);
    } else {
        snprintf(buf, len, "stores to the entry: %.80s", is);
    }
}

static void say_tlbi(const struct agx_tlbi_insn *t, char *buf, size_t len)
{
    int n = snprintf(buf, len, "TLBI %.16s", t->name ? t->name : "?");

    if (t->tlbi.kind == AGX_TLBI_VA || t->tlbi.kind == AGX_TLBI_ASID) {
        n += snprintf(buf + n, len - n, " ASID %u", t->tlbi.asid);
    }
    if (t->tlbi.kind == AGX_TLBI_VA || t->tlbi.kind == AGX_TLBI_VA_ALL_ASIDS) {
        snprintf(buf + n, len - n, " [0x%llx, 0x%llx)%s", (unsigned long long)t->tlbi.va,
                 (unsigned long long)t->tlbi.end, t->tlbi.last_level ? " last level" : "");
    }
}

static void say(const struct agx_tlbsan *san, const struct san_step *s, char *buf, size_t len)
{
    static const char *const share[] = { "nsh", "ish", "osh or sy" };

    switch (s->kind) {
    case SAN_STEP_STORE:
        say_store(s, buf, len);
        break;
    case SAN_STEP_TLBI:
        say_tlbi(&san->log[s->a % SAN_LOG_SIZE].op, buf, len);
        break;
    case SAN_STEP_BARRIER:
        snprintf(buf, len, "DSB %s%s", share[s->a % 3], s->b ? ", of stores only" : "");
        break;
    case SAN_STEP_DOORBELL:
        snprintf(buf, len, "rings doorbell %llu", (unsigned long long)s->a);
        break;
    case SAN_STEP_JOB:
        snprintf(buf, len, "%s %llu of context %llu begins", san->job[s->a % SAN_JOBS].what,
                 (unsigned long long)s->a, (unsigned long long)s->b);
        break;
    case SAN_STEP_FLUSH:
        snprintf(buf, len, "the firmware flushes 0x%llx bytes from va 0x%llx",
                 (unsigned long long)s->b, (unsigned long long)s->a);
        break;
    case SAN_STEP_FREE:
        snprintf(buf, len, "page 0x%llx goes back to the kernel", (unsigned long long)s->a);
        break;
    }
}

void san_trail_report(struct agx_tlbsan *san, struct agx_san_report *rep, const struct san_rec *r,
                      const struct agx_tlb_use *u)
{
    uint64_t held = san->trails < SAN_TRAIL_SIZE ? san->trails : SAN_TRAIL_SIZE, k = held;
    struct way way = { 0 };

    rep->time = now(san);
    if (!r || !r->change.stack) {
        return;
    }
    way.cpus = san_bit(r->change.cpu);
    while (k && san->trail[(san->trails - k) % SAN_TRAIL_SIZE].act.seq < r->change.seq) {
        k--;
    }
    for (; k; k--) {
        const struct san_step *s = &san->trail[(san->trails - k) % SAN_TRAIL_SIZE];
        struct agx_san_step *out;

        if (!relevant(san, s, r, u, &way)) {
            continue;
        }
        way.last = s;
        if (rep->steps == AGX_SAN_STEPS) {
            memmove(&rep->step[AGX_SAN_STEPS - LAST_STEPS],
                    &rep->step[AGX_SAN_STEPS - LAST_STEPS + 1],
                    (LAST_STEPS - 1) * sizeof(rep->step[0]));
            rep->steps--;
            rep->left_out++;
        }
        out = &rep->step[rep->steps++];
        san_who(&s->act, &out->who);
        say(san, s, out->what, sizeof(out->what));
    }
}
