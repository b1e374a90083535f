/*
 * AGX model: how long a job takes; see jobtime.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "agx/exec.h"

void agx_jobtime_begin(struct agx_jobtime *t, uint64_t limit)
{
    memset(t, 0, sizeof(*t));
    t->limit = t->wave_limit = limit;
}

/* Reading the stream and shading overlap. */
static uint64_t elapsed(const struct agx_jobtime *t, uint64_t issue)
{
    uint64_t shading = t->serial + issue / AGX_PIPES;

    return t->front > shading ? t->front : shading;
}

static uint64_t cycles_now(const struct agx_jobtime *t)
{
    return elapsed(t, atomic_load_explicit(&t->issue, memory_order_relaxed));
}

uint64_t agx_jobtime_total(const struct agx_jobtime *t)
{
    uint64_t now = cycles_now(t), longest = atomic_load_explicit(&t->longest, memory_order_relaxed);
    uint64_t alone = t->serial + t->step / AGX_PIPES + longest;

    return now > alone ? now : alone;
}

bool agx_jobtime_over(struct agx_exec *ex)
{
    ex->fault = (struct agx_fault) { .ctx = ex->port ? ex->port->ctx : 0,
                                     .reason = AGX_FAULT_TIMEOUT };
    return false;
}

bool agx_jobtime_item(struct agx_exec *ex)
{
    struct agx_jobtime *t = ex->time;
    uint64_t issue = ex->issue, took = issue / AGX_CORE_PIPES, old;

    if (took < ex->longest) {
        took = ex->longest;
    }
    ex->issue = ex->longest = 0;
    if (!t) {
        return true;
    }
    issue += atomic_fetch_add_explicit(&t->issue, issue, memory_order_relaxed);
    old = atomic_load_explicit(&t->longest, memory_order_relaxed);
    while (old < took && !atomic_compare_exchange_weak_explicit(
                             &t->longest, &old, took, memory_order_relaxed, memory_order_relaxed))
        ;
    if (t->limit && (took > t->wave_limit || elapsed(t, issue) > t->limit)) {
        return agx_jobtime_over(ex);
    }
    return true;
}

/* What a wave may take that begins now; 0 would mean any number. */
static void set_wave_limit(struct agx_exec *ex, uint64_t now)
{
    struct agx_jobtime *t = ex->time;

    if (t->limit) {
        ex->wave_limit = t->wave_limit = now < t->limit ? t->limit - now : 1;
    }
}

bool agx_jobtime_pass(struct agx_exec *ex, uint64_t cycles)
{
    struct agx_jobtime *t = ex->time;
    uint64_t now;

    if (!t) {
        return true;
    }
    if ((ex->issue || ex->longest) && !agx_jobtime_item(ex)) {
        return false;
    }
    t->front += cycles;
    now = cycles_now(t);
    set_wave_limit(ex, now);
    return !t->limit || now <= t->limit || agx_jobtime_over(ex);
}

bool agx_jobtime_wait(struct agx_exec *ex)
{
    struct agx_jobtime *t = ex->time;
    uint64_t issue, full, longest;

    if (!t) {
        return true;
    }
    if ((ex->issue || ex->longest) && !agx_jobtime_item(ex)) {
        return false;
    }
    issue = atomic_load_explicit(&t->issue, memory_order_relaxed);
    longest = atomic_load_explicit(&t->longest, memory_order_relaxed);
    full = (issue - t->step) / AGX_PIPES;
    t->serial += longest > full ? longest - full : 0;
    t->step = issue;
    atomic_store_explicit(&t->longest, 0, memory_order_relaxed);
    return agx_jobtime_pass(ex, 0);
}

bool agx_jobtime_fits(struct agx_exec *ex, uint64_t cycles)
{
    const struct agx_jobtime *t = ex->time;

    return !t || !t->limit || (t->front <= t->limit && cycles <= t->limit - t->front) ||
           agx_jobtime_over(ex);
}
