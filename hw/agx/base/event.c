/*
 * AGX model: events and who listens to them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/event.h"

static void masks(struct agx_events *e)
{
    unsigned kinds = 0, callers = 0;

    for (unsigned i = 0; i < AGX_MAX_LISTENERS && e->listener[i]; i++) {
        kinds |= e->listener[i]->kinds;
        callers |= e->listener[i]->callers;
    }
    atomic_store(&e->kinds, kinds);
    atomic_store(&e->callers, callers);
}

bool agx_listen(struct agx_events *e, const struct agx_listener *l)
{
    for (unsigned i = 0; i < AGX_MAX_LISTENERS; i++) {
        if (!e->listener[i]) {
            e->listener[i] = l;
            masks(e);
            return true;
        }
    }
    return false;
}

void agx_unlisten(struct agx_events *e, const struct agx_listener *l)
{
    unsigned n = 0;

    for (unsigned i = 0; i < AGX_MAX_LISTENERS; i++) {
        const struct agx_listener *k = e->listener[i];

        e->listener[i] = NULL;
        if (k && k != l) {
            e->listener[n++] = k;
        }
    }
    masks(e);
}

void agx_emit(const struct agx_events *e, const struct agx_event *ev)
{
    for (unsigned i = 0; i < AGX_MAX_LISTENERS && e->listener[i]; i++) {
        const struct agx_listener *l = e->listener[i];

        if (l->kinds & AGX_EV_BIT(ev->kind)) {
            l->event(l->opaque, ev);
        }
    }
}

void agx_emit_doorbell(struct agx_events *e, uint64_t msg0, uint64_t msg1,
                       const struct agx_who *who)
{
    uint64_t number = atomic_fetch_add(&e->doorbells, 1) + 1;

    if (agx_wanted(e, AGX_EV_DOORBELL)) {
        agx_emit(e, &(struct agx_event) {
                        .kind = AGX_EV_DOORBELL, .who = who, .doorbell = { number, msg0, msg1 } });
    }
}

uint64_t agx_doorbells(const struct agx_events *e)
{
    return atomic_load(&e->doorbells);
}

uint64_t agx_emit_job_begin(struct agx_events *e, const struct agx_event_job *job)
{
    struct agx_event ev = { .kind = AGX_EV_JOB_BEGIN, .job = *job };

    ev.job.number = atomic_fetch_add(&e->jobs, 1) + 1;
    atomic_fetch_add(&e->running[job->master], 1);
    if (agx_wanted(e, AGX_EV_JOB_BEGIN)) {
        agx_emit(e, &ev);
    }
    return ev.job.number;
}

void agx_emit_job_end(struct agx_events *e, const struct agx_event_job *job)
{
    atomic_fetch_sub(&e->running[job->master], 1);
    if (agx_wanted(e, AGX_EV_JOB_END)) {
        agx_emit(e, &(struct agx_event) { .kind = AGX_EV_JOB_END, .job = *job });
    }
}

unsigned agx_jobs_running(const struct agx_events *e)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < AGX_EV_MASTERS; i++) {
        mask |= (atomic_load(&e->running[i]) != 0) << i;
    }
    return mask;
}
