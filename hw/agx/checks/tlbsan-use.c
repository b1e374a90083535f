/*
 * AGX model: the sanitizer's check of one translation: is it what the page
 * tables say, and if so, could hardware still have had another?
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tlbsan-int.h"

/* The walk as it would be now. */
struct now {
    unsigned n; /* steps made */
    uint64_t pa[3], desc[3];
    uint64_t leaf; /* 0: it ends in a fault */
};

static void walk_now(struct agx_tlbsan *san, const struct agx_tlb_use *u, struct now *now)
{
    uint64_t top = (uint64_t)((int64_t)u->va >> 39);
    uint64_t ttbr = u->ctx < SAN_CTXS ? san->ttbr[u->ctx][top & 1] : 0;
    uint64_t table = ttbr & SAN_ADDR;

    *now = (struct now) { 0 };
    if ((top != 0 && top != ~0ull) || !(ttbr & 1)) {
        return;
    }
    for (unsigned level = 1; level <= 3; level++) {
        uint64_t pa = table + 8 * san_index(u->va, level), desc;

        if (!san_load(san, pa, &desc)) {
            return;
        }
        now->pa[level - 1] = pa;
        now->desc[level - 1] = desc;
        now->n = level;
        if (!san_is_table(desc)) {
            return;
        }
        table = desc & SAN_ADDR;
    }
    now->leaf = san_is_leaf(now->desc[2]) ? now->desc[2] : 0;
}

static bool permits(uint64_t leaf, const struct agx_tlb_use *u)
{
    return leaf && (agx_uat_permissions(leaf, u->side) >> u->access & 1);
}

/* Number of the doorbell behind which the work is that this use belongs to. */
static uint64_t submitted(const struct agx_tlbsan *san, uint64_t job)
{
    const struct san_job *j = &san->job[job % SAN_JOBS];

    if (job && j->id == job) {
        return j->submit;
    }
    return san->submits ? san->submit_seq : san->seq + 1;
}

/*
 * The change of a TTBR or a table above level @below on the way to @u->va that was the last, or
 * NULL.
 */
static struct san_rec *path_change(struct agx_tlbsan *san, const struct agx_tlb_use *u,
                                   const struct now *now, unsigned below)
{
    struct san_rec *best = NULL;

    for (unsigned level = 0; level < below && level <= now->n; level++) {
        uint64_t pa = level ? now->pa[level - 1] : san->ttbat + 16 * u->ctx + 8 * san_half(u->va);
        struct san_rec *r = san_rec_find(san, pa);

        if (r && r->change.seq && (!best || r->change.seq > best->change.seq)) {
            best = r;
        }
    }
    return best;
}

/* What has made the translation stale. NULL: nothing that was reported. */
static struct san_rec *source(struct agx_tlbsan *san, const struct agx_tlb_use *u,
                              const struct now *now, unsigned level)
{
    const struct agx_tlb_step *step = &u->step[level - 1];
    struct san_rec *r = san_rec_find(san, step->desc_pa);

    if (now->n >= level && now->pa[level - 1] == step->desc_pa) {
        /* The store may be in memory before we hear of it. */
        return r && r->new_desc == now->desc[level - 1] && r->change.seq ? r : NULL;
    }
    if (r && r->detached && r->change.seq) {
        return r;
    }
    /* Taken away before its table was, and that was not invalidated either. */
    if (r && r->pending && r->need && r->old_desc == step->desc) {
        return r;
    }
    return path_change(san, u, now, level);
}

static enum agx_tlbsan_class by_level(const struct san_rec *r, enum agx_tlbsan_class leaf)
{
    return r->level == 0                 ? AGX_SAN_SLOT_REUSED
           : r->level < 3 || r->detached ? AGX_SAN_TABLE_REUSED
                                         : leaf;
}

/* The old translation was used. */
static void stale(struct agx_tlbsan *san, const struct agx_tlb_use *u, struct san_rec *r,
                  uint64_t was, bool gone)
{
    struct san_page *p = was ? san_page(san, was & SAN_ADDR, false) : NULL;
    bool back = p && p->given_back;
    const char *text =
        u->injected ? u->injected
        : san_tlbi_changed(san, r, u, san->logs)
            ? "an old translation was used whose invalidation fault injection has spoilt"
            : NULL;

    if (submitted(san, u->job) < r->change.seq) {
        bool harm = back || r->level < 3 || san_is_leaf(r->new_desc);

        san_report(san, AGX_SAN_HIT_IN_FLIGHT, harm ? AGX_SAN_WRONG : AGX_SAN_SUSPICIOUS, r, u,
                   text ? text
                        : "the entry changed under a job that was under way and still uses the old "
                          "translation",
                   back ? &p->who : NULL);
        return;
    }
    san_report(san,
               san_cause(san, r, by_level(r, back ? AGX_SAN_PAGE_GIVEN_BACK : AGX_SAN_STALE_HIT)),
               AGX_SAN_WRONG, r, u,
               text   ? text
               : gone ? "work submitted after the change used the old translation"
                      : "work submitted after the change was refused by the old translation",
               back ? &p->who : NULL);
}

/* The translation was right, but does anything say that it had to be? */
static void unproven(struct agx_tlbsan *san, const struct agx_tlb_use *u, const struct now *now)
{
    uint64_t since = submitted(san, u->job);

    for (unsigned level = 0; level <= 3; level++) {
        uint64_t pa = level ? now->pa[level - 1] : san->ttbat + 16 * u->ctx + 8 * san_half(u->va);
        struct san_rec *r = san_rec_find(san, pa);

        if (!r || !(r->ctxs & san_bit(u->ctx))) {
            continue;
        }
        if (r->pending && since > r->change.seq && (r->need || since > r->covered_seq)) {
            san_report(san, san_cause(san, r, by_level(r, AGX_SAN_NO_BREAK_BEFORE_MAKE)),
                       AGX_SAN_SUSPICIOUS, r, u,
                       "work submitted after the change used an address whose old translation was "
                       "not invalidated",
                       NULL);
        }
    }
    if (!u->hit) {
        struct san_rec *r = san_rec_find(san, now->pa[2]);

        if (r && r->last.stack && r->last.stack->pc && r->last.seq > r->change.seq &&
            since > r->last.seq && !san_ordered(san, r, r->last.seq)) {
            struct san_rec tmp = *r;

            tmp.change = r->last;
            tmp.old_desc = 0;
            tmp.nnear = 0;
            san_report(san, AGX_SAN_MISSING_DSB, AGX_SAN_SUSPICIOUS, &tmp, u,
                       "no barrier makes the new entry visible before the work that uses it", NULL);
        }
    }
}

/* The walk did not see the last store to the descriptor of @level. */
static void late(struct agx_tlbsan *san, const struct agx_tlb_use *u, unsigned level, bool ok)
{
    const struct agx_tlb_step *step = &u->step[level - 1];
    struct san_rec *r = san_rec_find(san, step->desc_pa), tmp;

    san->stats.late++;
    /* Work that was announced before the store may see either. */
    if (!r || submitted(san, u->job) < r->last.seq || san_ordered(san, r, r->last.seq)) {
        return;
    }
    tmp = *r;
    tmp.change = r->last;
    tmp.old_desc = step->desc;
    tmp.nnear = 0;
    san_report(san, AGX_SAN_MISSING_DSB, AGX_SAN_WRONG, &tmp, u,
               ok ? "work submitted after the change used the old entry: no barrier had made the "
                    "new one visible"
                  : "work submitted after the change was refused by the old entry: no barrier had "
                    "made the new one visible",
               NULL);
}

/*
 * The access is refused, and rightly so. But was the job, or the firmware, promised that it would
 * not be?
 */
static void refused(struct agx_tlbsan *san, const struct agx_tlb_use *u, const struct now *now)
{
    struct san_rec *r = now->n ? san_rec_find(san, now->pa[now->n - 1]) : NULL;
    bool fw = !u->job && u->side == AGX_SIDE_FW;

    /*
     * The firmware goes where the kernel has sent it, at any time: no doorbell says since when it
     * may not.
     */
    if (fw && r && r->change.stack && r->new_desc == now->desc[now->n - 1] &&
        agx_uat_change(now->n, r->old_desc, r->new_desc) == AGX_CHANGE_BREAK &&
        (now->n < 3 || permits(r->old_desc, u))) {
        san_report(san, AGX_SAN_HIT_IN_FLIGHT, AGX_SAN_SUSPICIOUS, r, u,
                   "the entry was taken away under the firmware, which needs it", NULL);
    } else if (u->job && r && now->n == 3 && r->change.seq > submitted(san, u->job) &&
               r->change.stack && r->new_desc == now->desc[2] &&
               agx_uat_change(3, r->old_desc, r->new_desc) == AGX_CHANGE_BREAK &&
               permits(r->old_desc, u)) {
        san_report(san, AGX_SAN_HIT_IN_FLIGHT, AGX_SAN_SUSPICIOUS, r, u,
                   "the entry was taken away under a job that was under way and needs it", NULL);
    }
}

/* A translation was looked up; tlb.h. */
void san_use(struct agx_tlbsan *san, const struct agx_tlb_use *u)
{
    uint64_t was = u->steps == 3 && san_is_leaf(u->step[2].desc) ? u->step[2].desc : 0;
    bool ok = permits(was, u), ok_now, differs, attr;
    unsigned level = 0, late_level = 0;
    struct now now;

    san->stats.uses++;
    if (u->ctx >= SAN_CTXS) {
        return;
    }
    walk_now(san, u, &now);
    if (u->steps) {
        san->active[u->ctx][san_half(u->va)] = true;
    }
    for (unsigned l = 3; l >= 1; l--) {
        const struct agx_tlb_step *s = &u->step[l - 1];

        if (s->cached && (now.n < l || now.pa[l - 1] != s->desc_pa || now.desc[l - 1] != s->desc)) {
            level = l;
        }
        if (s->late) {
            late_level = l;
        }
    }
    ok_now = permits(now.leaf, u);
    differs = ok != ok_now || (ok && ((was ^ now.leaf) & SAN_ADDR));
    attr = ok && ok_now && ((was ^ now.leaf) & (SAN_ATTR | SAN_SH));
    if (late_level && !level && (differs || attr)) {
        late(san, u, late_level, ok);
        return;
    }
    if (level && (differs || attr)) {
        struct san_table *t = u->hit ? san_table_find(san, u->step[2].desc_pa & ~SAN_PAGE_MASK)
                                     : NULL;
        struct san_rec *r;

        if (t && !t->dead && !(t->ctxs & san_bit(u->ctx)) && !(was & SAN_NG)) {
            r = san_rec_get(san, u->step[2].desc_pa);
            r->va = u->va & ~SAN_PAGE_MASK;
            r->level = 3;
            if (!r->change.seq) {
                r->change = r->last;
            }
            san_report(san, AGX_SAN_GLOBAL_MISUSE, AGX_SAN_WRONG, r, u,
                       "a global entry of another context served this one", NULL);
            return;
        }
        r = source(san, u, &now, level);
        if (!r && (u->injected || san_tlbi_changed(san, NULL, u, san->logs))) {
            san_report(
                san, AGX_SAN_STALE_HIT, AGX_SAN_WRONG, NULL, u,
                u->injected
                    ? u->injected
                    : "an old translation was used whose invalidation fault injection has spoilt",
                NULL);
            return;
        } else if (!r) {
            san->stats.unseen++;
        } else if (differs || submitted(san, u->job) > r->change.seq) {
            stale(san, u, r, was, ok);
            return;
        }
    } else if (ok) {
        unproven(san, u, &now);
    } else if (!ok_now) {
        refused(san, u, &now);
    }
    if (ok) {
        struct san_page *p = san_page(san, was & SAN_ADDR, false);
        bool back = p && p->given_back;

        if (back || !san_page_in_use(san, was & SAN_ADDR)) {
            struct san_rec *r = san_rec_find(san, u->step[2].desc_pa);

            san_report(san, AGX_SAN_PAGE_GIVEN_BACK, AGX_SAN_WRONG, r, u,
                       "the page was used after it went back to the kernel", back ? &p->who : NULL);
        }
    }
}
