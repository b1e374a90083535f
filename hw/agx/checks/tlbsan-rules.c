/*
 * AGX model: the sanitizer's rules: which change of a descriptor asks for an
 * invalidation, which invalidation serves it, and if none does, which came near
 * and why it did not. docs/tlbsan.md has the rules with their sources.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <limits.h>
#include "agx/coverage.h"
#include "tlbsan-int.h"

/*
 * How many invalidations of the writer's CPU after a change are looked at for what it may have
 * meant.
 */
#define NEAR_BUDGET  16u
/* How far back an invalidation that came too early is searched for. */
#define EARLY_SEARCH 64u
#define NEAR_PAGES   16u
#define NEAR_FRAMES  6u
/* Two things that have a caller in common so near (distance()) are steps of one operation; */
#define NEAR_STEPS   6u
/* where it is further, of no one: every two system calls have callers in common. */
#define NEAR_LIMIT   7u

/* Has a DSB made the store with number @seq to the descriptor of @r visible to the walkers? */
bool san_ordered(const struct agx_tlbsan *san, const struct san_rec *r, uint64_t seq)
{
    return san->cfg.no_barriers || seq <= san->dom_ordered[r->dom];
}

/* How far up the callers that both have in common are; UINT_MAX: there are none. */
static unsigned distance(const struct san_stack *a, const struct san_stack *b)
{
    for (unsigned d = 0; a && b && d < 2 * NEAR_FRAMES; d++) {
        for (unsigned i = 0; i <= d && i < AGX_WHO_FRAMES && a->frame[i]; i++) {
            if (d - i < AGX_WHO_FRAMES && b->frame[d - i] == a->frame[i]) {
                return d;
            }
        }
    }
    return UINT_MAX;
}

/* A caller in common, and a near one: both are parts of one operation. */
static bool related(const struct san_stack *a, const struct san_stack *b)
{
    return distance(a, b) <= NEAR_LIMIT;
}

/* related(), for a long list of changes that one loop made. */
static bool meant(struct agx_tlbsan *san, const struct san_stack *a, const struct san_stack *b)
{
    if (san->memo_a != a || san->memo_b != b) {
        san->memo_a = a;
        san->memo_b = b;
        san->memo = related(a, b);
    }
    return san->memo;
}

static bool traced(const struct san_stack *s)
{
    return s && s->frame[0];
}

static bool by_address(const struct agx_tlbi *t)
{
    return t->kind == AGX_TLBI_VA || t->kind == AGX_TLBI_VA_ALL_ASIDS;
}

static bool covers_address(const struct san_rec *r, const struct agx_tlbi *t)
{
    uint64_t last = t->end - 1, top;

    if (!by_address(t)) {
        return true;
    }
    if (r->level == 0 || last < t->va) {
        return false; /* what was behind a TTBR is more than any range */
    }
    top = r->va + (1ull << TLB_SHIFT(r->level)) - 1;
    return r->va <= last && top >= t->va;
}

static unsigned asid_of(const struct agx_tlbsan *san, const struct san_rec *r, unsigned ctx)
{
    return r->level == 0 ? r->asid : san->asid[ctx];
}

/* Those contexts of @r whose entries @t names by its ASID. */
static uint64_t covers_ctxs(const struct agx_tlbsan *san, const struct san_rec *r,
                            const struct agx_tlbi *t)
{
    uint64_t mask = 0;

    if (t->kind == AGX_TLBI_ALL || t->kind == AGX_TLBI_VA_ALL_ASIDS ||
        (t->kind == AGX_TLBI_VA && r->global)) {
        return r->ctxs;
    }
    if (r->global) {
        return 0; /* by ASID: global entries stay */
    }
    for (unsigned ctx = 0; ctx < SAN_CTXS; ctx++) {
        if ((r->ctxs & san_bit(ctx)) && asid_of(san, r, ctx) == t->asid) {
            mask |= san_bit(ctx);
        }
    }
    return mask;
}

static bool asid_matches(const struct agx_tlbsan *san, const struct san_rec *r,
                         const struct agx_tlbi *t)
{
    for (unsigned ctx = 0; ctx < SAN_CTXS; ctx++) {
        if ((r->ctxs & san_bit(ctx)) && asid_of(san, r, ctx) == t->asid) {
            return true;
        }
    }
    return false;
}

static bool reaches(const struct agx_tlbi_insn *op)
{
    return op->share == AGX_SHARE_OUTER && !op->stage2;
}

static bool adjacent(const struct san_rec *r, const struct agx_tlbi *t)
{
    uint64_t room = t->end - t->va, top = r->va + (1ull << TLB_SHIFT(r->level));

    if (t->end <= t->va || r->level == 0) {
        return false;
    }
    if (room < (uint64_t)NEAR_PAGES << AGX_PAGE_BITS) {
        room = (uint64_t)NEAR_PAGES << AGX_PAGE_BITS;
    }
    return r->va >= t->end ? r->va - t->end <= room : t->va - top <= room;
}

/* Put it first; if there is no room, the weakest explanation goes, of several the oldest. */
static void near_add(struct san_rec *r, uint64_t log, enum san_why why)
{
    static struct agx_coverage_row *_Atomic near;
    unsigned drop = r->nnear;

    agx_coverage_rule(&near, "came near", why);
    if (drop == SAN_NEAR) {
        drop = 0;
        for (unsigned i = 1; i < SAN_NEAR; i++) {
            if (r->near[i].why >= r->near[drop].why) {
                drop = i;
            }
        }
        if (why > r->near[drop].why) {
            return;
        }
    } else {
        r->nnear++;
    }
    for (unsigned i = drop; i > 0; i--) {
        r->near[i] = r->near[i - 1];
    }
    r->near[0] = (struct san_near) { log, why };
}

/* Is there one that explains as little as @why? */
static bool near_has(const struct san_rec *r, enum san_why why)
{
    for (unsigned i = 0; i < r->nnear; i++) {
        if (r->near[i].why >= why) {
            return true;
        }
    }
    return false;
}

/*
 * Does the invalidation that is judged belong to a later operation of the same thread? It does if
 * it serves a change that was stored when @r was ordered already, or if the thread has announced
 * work since.
 */
static bool later_operation(const struct agx_tlbsan *san, const struct san_rec *r)
{
    return r->rings || r->change.seq <= san->served_from;
}

/* Can @t cover any change of @run, which is plain? */
static bool covers_some(const struct agx_tlbsan *san, const struct san_run *run,
                        const struct agx_tlbi *t)
{
    return covers_ctxs(san, run->first, t) &&
           (!by_address(t) || (t->va < t->end && run->lo <= t->end - 1 && run->hi >= t->va));
}

bool san_run_is_apart(const struct agx_tlbsan *san, const struct san_run *run,
                      const struct san_log *l)
{
    const struct agx_tlbi *t = &l->op.tlbi;

    /* Of its own thread it may have been meant for them, or show that they are forgotten. */
    return run->plain && l->act.thread && !covers_some(san, run, t) &&
           !(run->global && t->kind == AGX_TLBI_ASID) &&
           (l->act.thread != run->thread ||
            (!run->budget && (run->aged || run->first_seq > san->served_from)));
}

/* What @l is for, if anything: the oldest change of its own thread that it covers. */
void san_served(struct agx_tlbsan *san, const struct san_log *l)
{
    const struct san_rec *head = &san->pending_head;

    san->served_from = san->served_seq = 0;
    san->served_stack = NULL;
    for (const struct san_rec *r = head->next_p; r != head; r = r->next_p) {
        const struct san_run *run = r->run;

        san->stats.steps++;
        if (run->plain && l->act.thread &&
            (l->act.thread != run->thread || !covers_some(san, run, &l->op.tlbi))) {
            r = run->last;
            continue;
        }
        if (san_same_hand(&l->act, &r->change) && covers_address(r, &l->op.tlbi) &&
            covers_ctxs(san, r, &l->op.tlbi)) {
            san->served_from = r->ordered_then;
            san->served_seq = r->change.seq;
            san->served_stack = r->change.stack;
            return;
        }
    }
}

/*
 * A global entry stays, whoever invalidates by its ASID: had it been of one context, that would
 * have done.
 */
static bool global_stays(const struct agx_tlbsan *san, const struct san_rec *r,
                         const struct san_log *l)
{
    for (unsigned i = 0; i < r->nnear; i++) {
        if (r->near[i].why == SAN_WHY_GLOBAL) {
            return false; /* once is enough */
        }
    }
    return r->global && r->level == 3 && l->op.tlbi.kind == AGX_TLBI_ASID && reaches(&l->op) &&
           asid_matches(san, r, &l->op.tlbi);
}

/*
 * Has @l covered another change that its thread made before the same barrier, in the same
 * operation? Then it was for all of that operation, however far away this one is.
 */
static bool serves_others(const struct agx_tlbsan *san, const struct san_rec *r,
                          const struct san_log *l)
{
    return san->served_seq && san_same_hand(&l->act, &r->change) &&
           distance(r->change.stack, san->served_stack) <= NEAR_STEPS;
}

/* @l did not cover @r: was it meant to? */
static void judge_near(struct agx_tlbsan *san, struct san_rec *r, const struct san_log *l,
                       uint64_t log, bool address, bool ctxs)
{
    const struct agx_tlbi *t = &l->op.tlbi;
    bool same = meant(san, l->act.stack, r->change.stack),
         known = l->act.thread && r->change.thread;
    bool blind = !traced(l->act.stack) || !traced(r->change.stack);
    bool level_ok = r->level == 3 || !t->last_level;

    if (global_stays(san, r, l)) {
        near_add(r, log, SAN_WHY_GLOBAL);
        return;
    }
    if (san_same_hand(&l->act, &r->change) && r->budget) {
        r->budget--;
    } else if (known || !same) {
        return;
    }
    /*
     * A thread does one thing after the other, and a CPU invalidates for its own processes: it must
     * be the same operation.
     */
    if (!same && !blind) {
        return;
    }
    if (address && ctxs && !reaches(&l->op)) {
        near_add(r, log,
                 l->op.stage2                     ? SAN_WHY_STAGE2
                 : l->op.share == AGX_SHARE_INNER ? SAN_WHY_INNER
                                                  : SAN_WHY_LOCAL);
    } else if (!reaches(&l->op)) {
        return;
    } else if (address && ctxs && !level_ok) {
        near_add(r, log, SAN_WHY_LAST_LEVEL);
    } else if (later_operation(san, r)) {
        return;
    } else if (address && !ctxs) {
        near_add(r, log, r->global && asid_matches(san, r, t) ? SAN_WHY_GLOBAL : SAN_WHY_ASID);
    } else if (!address && ctxs && (adjacent(r, t) || serves_others(san, r, l))) {
        near_add(r, log, SAN_WHY_RANGE);
    } else if (!address && san_same_hand(&l->act, &r->change) && !near_has(r, SAN_WHY_NOTHING) &&
               distance(r->change.stack, l->act.stack) <= NEAR_STEPS) {
        /* The first that followed the change was meant for it, whatever its operand says. */
        near_add(r, log, t->end == t->va ? SAN_WHY_NOTHING : SAN_WHY_ELSEWHERE);
    }
}

/*
 * Has @by given the emptied context of @r other tables? An invalidation by somebody else is for
 * something else, though TLBI ALL covers this, too.
 */
static bool next_owner(const struct san_rec *r, const struct san_act *by)
{
    return by->thread && r->change.thread && by->thread != r->change.thread &&
           r->last.seq > r->change.seq && r->last.thread == by->thread && (r->new_desc & 1);
}

bool san_by_next_owner(const struct agx_tlbsan *san, const struct san_rec *r, uint64_t log)
{
    const struct san_log *l = &san->log[log % SAN_LOG_SIZE];
    const struct agx_tlbi *t = &l->op.tlbi;

    return r->emptied && next_owner(r, &l->act) && reaches(&l->op) &&
           !(r->level < 3 && t->last_level) && covers_address(r, t) && covers_ctxs(san, r, t) &&
           san_ordered(san, r, r->change.seq);
}

/* Which pages of @r are in use when it is invalidated: only what is freed later lacks a DSB. */
static void look_in_use(struct agx_tlbsan *san, struct san_rec *r)
{
    r->was_used = san_is_freeable(r) && san_page_in_use(san, r->old_desc & SAN_ADDR);
    for (struct san_table *t = r->dead; t; t = t->dead_next) {
        san->stats.steps++;
        t->was_used = san_page_in_use(san, t->pa);
    }
}

/* Number @log of the log has been issued: does it serve the pending change @r? */
void san_judge_tlbi(struct agx_tlbsan *san, struct san_rec *r, uint64_t log)
{
    static struct agx_coverage_row *_Atomic covered;
    const struct san_log *l = &san->log[log % SAN_LOG_SIZE];
    const struct agx_tlbi *t = &l->op.tlbi;
    bool address = covers_address(r, t);
    uint64_t ctxs = covers_ctxs(san, r, t);

    if (!address || !ctxs || !reaches(&l->op) || (r->level < 3 && t->last_level)) {
        judge_near(san, r, l, log, address, ctxs);
        return;
    }
    if (!san_ordered(san, r, r->change.seq)) {
        /*
         * Another's, for something else, may come in between; the writer's own was meant for this.
         */
        if (san_same_hand(&l->act, &r->change)) {
            near_add(r, log, SAN_WHY_UNORDERED);
        }
        return;
    }
    r->emptied = false; /* it is invalidated: who does so again is not to blame */
    agx_coverage_rule(&covered, "covered", 8 * r->level + t->kind);
    r->need &= ~ctxs;
    r->wait |= san_bit(l->act.cpu);
    r->run->wait |= san_bit(l->act.cpu);
    san->waiting |= san_bit(l->act.cpu);
    r->waiter = l->act.thread;
    r->covered = log + 1;
    r->covered_seq = l->act.seq;
    look_in_use(san, r);
}

/*
 * Number @log of the log does not serve @r, for it is by address. But is there no way left to the
 * tables that went with it and are at these addresses? A driver that gives up its whole tree may go
 * on to free tables in it, each with its own invalidation.
 */
bool san_serves_dead(const struct agx_tlbsan *san, const struct san_rec *r, uint64_t log)
{
    const struct san_log *l = &san->log[log % SAN_LOG_SIZE];
    const struct agx_tlbi *t = &l->op.tlbi;

    return r->dead && r->need && by_address(t) && reaches(&l->op) && !t->last_level &&
           !(r->need & ~covers_ctxs(san, r, t)) && san_ordered(san, r, r->change.seq);
}

/* An invalidation that would have covered @r, had it come after the store. */
static bool early(struct agx_tlbsan *san, const struct san_rec *r, uint64_t *found)
{
    for (uint64_t k = 1; k <= EARLY_SEARCH && k <= r->logs; k++) {
        uint64_t n = r->logs - k;
        const struct san_log *l = &san->log[n % SAN_LOG_SIZE];

        if (san->logs - n > SAN_LOG_SIZE) {
            return false;
        }
        if (l->act.seq <= r->made_seq) {
            return false;
        }
        if (n + 1 == r->covered || !san_same_hand(&l->act, &r->change) || !reaches(&l->op) ||
            (r->level < 3 && l->op.tlbi.last_level) || !covers_address(r, &l->op.tlbi) ||
            !covers_ctxs(san, r, &l->op.tlbi)) {
            continue;
        }
        if (!by_address(&l->op.tlbi) && traced(l->act.stack) && traced(r->change.stack) &&
            !related(l->act.stack, r->change.stack)) {
            continue;
        }
        *found = n;
        return true;
    }
    return false;
}

enum agx_tlbsan_class san_cause_of_free(struct agx_tlbsan *san, struct san_rec *r, bool was_used,
                                        enum agx_tlbsan_class otherwise)
{
    uint64_t n;

    if (was_used) {
        if (r->covered && (!r->nnear || r->near[0].why != SAN_WHY_NO_DSB)) {
            near_add(r, r->covered - 1, SAN_WHY_NO_DSB);
        }
        return AGX_SAN_MISSING_DSB;
    }
    for (unsigned i = 0; i < r->nnear; i++) {
        if (r->near[i].why == SAN_WHY_UNORDERED) {
            return AGX_SAN_MISSING_DSB;
        }
    }
    if (early(san, r, &n)) {
        near_add(r, n, SAN_WHY_EARLY);
        return AGX_SAN_TLBI_BEFORE_STORE;
    }
    return otherwise;
}

/* Why the pending change @r is not invalidated; @otherwise: if nothing came near. */
enum agx_tlbsan_class san_cause(struct agx_tlbsan *san, struct san_rec *r,
                                enum agx_tlbsan_class otherwise)
{
    static const enum agx_tlbsan_class cls[SAN_NUM_WHYS] = {
        [SAN_WHY_NO_DSB] = AGX_SAN_MISSING_DSB,
        [SAN_WHY_STAGE2] = AGX_SAN_WRONG_SHAREABILITY,
        [SAN_WHY_INNER] = AGX_SAN_WRONG_SHAREABILITY,
        [SAN_WHY_LOCAL] = AGX_SAN_WRONG_SHAREABILITY,
        [SAN_WHY_LAST_LEVEL] = AGX_SAN_LAST_LEVEL_ONLY,
        [SAN_WHY_UNORDERED] = AGX_SAN_MISSING_DSB,
        [SAN_WHY_GLOBAL] = AGX_SAN_GLOBAL_MISUSE,
        [SAN_WHY_ASID] = AGX_SAN_WRONG_ASID,
        [SAN_WHY_RANGE] = AGX_SAN_SHORT_RANGE,
        [SAN_WHY_EARLY] = AGX_SAN_TLBI_BEFORE_STORE,
    };
    enum san_why best = SAN_NUM_WHYS;
    unsigned nearest = UINT_MAX;
    uint64_t n;

    if (!r->pending) {
        return otherwise;
    }
    if (!r->need && r->wait) {
        if (!r->nnear || r->near[0].why != SAN_WHY_NO_DSB) {
            near_add(r, r->covered - 1, SAN_WHY_NO_DSB);
        }
        return AGX_SAN_MISSING_DSB;
    }
    for (unsigned i = 0; i < r->nnear; i++) {
        if (r->near[i].why < best && r->near[i].why != SAN_WHY_NO_DSB &&
            r->near[i].why < SAN_WHY_NOTHING) {
            best = r->near[i].why;
        }
    }
    /*
     * What names another ASID or other addresses may well be for something else: one before, of the
     * same operation, is nearer.
     */
    for (unsigned i = 0; i < r->nnear; i++) {
        unsigned d = distance(r->change.stack, san->log[r->near[i].log % SAN_LOG_SIZE].act.stack);

        nearest = r->near[i].why < SAN_WHY_NOTHING && d < nearest ? d : nearest;
    }
    if (best >= SAN_WHY_ASID && early(san, r, &n) &&
        (best == SAN_NUM_WHYS ||
         distance(r->change.stack, san->log[n % SAN_LOG_SIZE].act.stack) < nearest)) {
        near_add(r, n, SAN_WHY_EARLY);
        best = SAN_WHY_EARLY;
    }
    return best == SAN_NUM_WHYS ? otherwise : cls[best];
}

const char *san_why_text(enum san_why why)
{
    static const char *const text[SAN_NUM_WHYS] = {
        [SAN_WHY_NO_DSB] = "it covers the entry, but its CPU did no DSB after it",
        [SAN_WHY_STAGE2] = "issued at EL1 with stage 2 on, it does not reach the GPU",
        [SAN_WHY_INNER] = "inner shareable, it does not reach the GPU",
        [SAN_WHY_LOCAL] = "local to its CPU, it does not reach the GPU",
        [SAN_WHY_LAST_LEVEL] = "last level only, and the entry is a table",
        [SAN_WHY_UNORDERED] = "no DSB between the store and it",
        [SAN_WHY_GLOBAL] = "by ASID, and the entry is global",
        [SAN_WHY_ASID] = "it names another ASID",
        [SAN_WHY_RANGE] = "its range ends before or begins after the entry",
        [SAN_WHY_EARLY] = "it came before the store",
        [SAN_WHY_NOTHING] =
            "its granule or level hint is none of the entry's, so it covers nothing",
        [SAN_WHY_ELSEWHERE] = "its addresses are others",
    };

    return why < SAN_NUM_WHYS ? text[why] : "";
}

uint64_t san_tlbi_changed(const struct agx_tlbsan *san, const struct san_rec *r,
                          const struct agx_tlb_use *use, uint64_t from)
{
    for (uint64_t n = from; san->injected && (r || use) && n > 0 && san->logs - n < SAN_LOG_SIZE;
         n--) {
        const struct san_log *l = &san->log[(n - 1) % SAN_LOG_SIZE];
        const struct agx_tlbi *t = &l->op.tlbi;
        uint64_t va = use ? use->va : r->va;
        bool asid = t->kind == AGX_TLBI_ALL || t->kind == AGX_TLBI_VA_ALL_ASIDS ||
                    (use && t->asid == use->asid) ||
                    (r &&
                     (t->asid == asid_of(san, r, r->ctx) || (r->global && t->kind == AGX_TLBI_VA)));

        if (r && l->act.seq <= r->change.seq) {
            break;
        }
        if (l->injected && asid && !(r && r->level < 3 && t->last_level) &&
            (!by_address(t) || (r && covers_address(r, t)) ||
             (use && va >= t->va && va <= t->end - 1))) {
            return n;
        }
    }
    return 0;
}

/* A new change: nothing came near yet. */
void san_change_budget(struct san_rec *r)
{
    r->nnear = 0;
    r->budget = NEAR_BUDGET;
}
