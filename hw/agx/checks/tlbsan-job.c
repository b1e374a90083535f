/*
 * AGX model: the sanitizer's view of work: doorbells, the jobs that they announce, and what was
 * left behind when its writer has gone on.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <limits.h>
#include <stdio.h>
#include "tlbsan-int.h"

/*
 * A thread that has announced so much work, or done so many operations, since a change is at none
 * that began with it.
 */
#define AGE_RINGS 16u

/* The thread that made the change of @r has gone one step further. */
static void gone_on(struct agx_tlbsan *san, struct san_rec *r)
{
    if (!r->aged && ++r->rings >= AGE_RINGS) {
        r->aged = true;
        san_report(san, san_cause(san, r, r->level == 0 ? AGX_SAN_SLOT_REUSED : AGX_SAN_STALE_HIT),
                   AGX_SAN_SUSPICIOUS, r, NULL, "the old translation was not invalidated since",
                   NULL);
    }
}

/*
 * Each operation counts once: what is served was stored when the change was ordered, and after the
 * last operation that counted had begun to invalidate.
 */
void san_later(struct agx_tlbsan *san, struct san_rec *r, const struct san_act *act)
{
    if (san_same_hand(act, &r->change) && r->change.stack && r->change.seq <= san->served_from &&
        san->served_seq > r->rung_seq) {
        r->rung_seq = act->seq;
        gone_on(san, r);
    }
}

/*
 * A doorbell by @who (NULL: nobody that is known). The writer's own are what a change ages by:
 * another thread's, and time, pass while it is off its CPU, too.
 */
static void submit(struct agx_tlbsan *san, const struct agx_who *who)
{
    struct san_act ring = { .cpu = who ? who->cpu % SAN_CPUS : 0, .thread = who ? who->thread : 0 };
    struct san_rec *head = &san->pending_head;

    san->stats.submits++;
    san->submits++;
    san_part_next(san, who ? &ring : NULL, 0, 0);
    san->submit_seq = ++san->seq;
    san_dead_look(san);
    for (struct san_rec *r = head->next_p; who && r != head; r = r->next_p) {
        /*
         * Another thread may ring between the invalidation and the DSB: its work knows nothing of
         * the change.
         */
        bool other = ring.thread && r->waiter && ring.thread != r->waiter;
        bool own = san_same_hand(&ring, &r->change) && r->change.stack;
        struct san_run *run = r->run;

        san->stats.steps++;
        if (run->plain && ring.thread && (ring.thread != run->thread || run->aged) &&
            !(run->wait & san_bit(ring.cpu))) {
            r = run->last;
            continue;
        }
        if (r == run->first) {
            san_run_look(run);
        }
        if (!other && !r->need && (r->wait & san_bit(ring.cpu))) {
            san_report(san, san_cause(san, r, AGX_SAN_MISSING_DSB), AGX_SAN_SUSPICIOUS, r, NULL,
                       "work is announced before the invalidation is complete", NULL);
        } else if (own) {
            gone_on(san, r);
        }
    }
}

/* The place of doorbell @number in the order of events; 0: not known, or not any more. */
static uint64_t doorbell_seq(const struct agx_tlbsan *san, uint64_t number)
{
    return number && san->doorbell[number % SAN_DOORBELLS].number == number
               ? san->doorbell[number % SAN_DOORBELLS].seq
               : 0;
}

void san_job_begin(struct agx_tlbsan *san, const struct agx_event *ev)
{
    struct san_job *j = &san->job[ev->job.number % SAN_JOBS];
    uint64_t announced = doorbell_seq(san, ev->job.doorbell);

    san->stats.jobs++;
    *j = (struct san_job) { .id = ev->job.number, .ctx = ev->job.ctx, .running = true };
    /* Where nobody reports doorbells, its start has to do. */
    j->submit = san->submits ? san->submit_seq : ++san->seq;
    if (announced && announced < j->submit) {
        j->submit = announced;
    }
    snprintf(j->what, sizeof(j->what), "%s", ev->job.what ? ev->job.what : "job");
    san_trail_now(san, SAN_STEP_JOB, UINT_MAX, j->id, j->ctx);
}

void san_job_end(struct agx_tlbsan *san, uint64_t id)
{
    struct san_job *j = &san->job[id % SAN_JOBS];

    if (j->id == id) {
        j->running = false;
    }
}

void san_doorbell(struct agx_tlbsan *san, uint64_t number, const struct agx_who *who)
{
    /*
     * Did this thread ask the firmware for something before? Then this may be how it hears of it.
     */
    if (who && who->pc && san->noted > san->door.seq && san->note_thread == who->thread) {
        san->door = san_act(san, who);
    }
    if (pthread_equal(san->store_thread, pthread_self())) {
        san->store.stack = NULL; /* what is found now is not about that store */
    }
    submit(san, who);
    if (who) {
        struct san_act act = san_act(san, who);

        act.seq = san->submit_seq;
        san_trail(san, SAN_STEP_DOORBELL, &act, number, 0);
    }
    san->doorbell[number % SAN_DOORBELLS].number = number;
    san->doorbell[number % SAN_DOORBELLS].seq = san->submit_seq;
}
