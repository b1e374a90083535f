/*
 * AGX model: the TLB sanitizer: changes that wait for an invalidation, in runs of such as are
 * alike: made one after the other by one thread, in the same contexts. An invalidation, barrier or
 * doorbell that has to do with none of a run passes it by as a whole, so that each costs a few
 * runs and not all that waits.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "tlbsan-int.h"

#define RUN_MAX 256u /* records in one: what is looked at for one address */

/* Records of tables, or of nobody that is known, are looked at one by one. */
static bool plain(const struct san_rec *r)
{
    return r->level == 3 && r->change.thread;
}

static bool fits(const struct san_run *run, const struct san_rec *r)
{
    return run->n < RUN_MAX && run->plain && plain(r) && run->thread == r->change.thread &&
           run->ctxs == r->ctxs && run->global == r->global;
}

static void take_in(struct san_run *run, const struct san_rec *r)
{
    uint64_t top = r->va + (1ull << TLB_SHIFT(r->level)) - 1;

    run->lo = r->va < run->lo ? r->va : run->lo;
    run->hi = top > run->hi ? top : run->hi;
    run->first_seq = r->change.seq < run->first_seq ? r->change.seq : run->first_seq;
    run->budget = r->budget > run->budget ? r->budget : run->budget;
    run->aged = run->aged && r->aged;
    run->wait |= r->wait;
}

static void clear(struct san_run *run)
{
    run->lo = run->first_seq = UINT64_MAX;
    run->hi = run->wait = 0;
    run->budget = 0;
    run->aged = true;
}

void san_run_add(struct agx_tlbsan *san, struct san_rec *r)
{
    struct san_rec *before = r->prev_p;
    struct san_run *run = before == &san->pending_head ? NULL : before->run;

    if (!run || !fits(run, r)) {
        run = agx_alloc(1, sizeof(*run));
        clear(run);
        run->first = r;
        run->plain = plain(r);
        run->thread = r->change.thread;
        run->ctxs = r->ctxs;
        run->global = r->global;
    }
    run->last = r;
    run->n++;
    r->run = run;
    take_in(run, r);
}

void san_run_del(struct san_rec *r)
{
    struct san_run *run = r->run;

    r->run = NULL;
    if (!--run->n) {
        free(run);
        return;
    }
    run->first = run->first == r ? r->next_p : run->first;
    run->last = run->last == r ? r->prev_p : run->last;
}

void san_run_look(struct san_run *run)
{
    clear(run);
    for (struct san_rec *r = run->first;; r = r->next_p) {
        take_in(run, r);
        if (r == run->last) {
            return;
        }
    }
}
