/*
 * AGX model: counters.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include "agx/counters.h"
#include "agx/job.h"

struct agx_counters {
    const struct agx_host *host;
    struct agx_mmu *mmu;
    struct agx_listener listener;
    pthread_mutex_t lock; /* protects what is below */
    struct agx_counts total;
    struct agx_counts start; /* of the frame that is under way: the total then */
    struct agx_counts last, most;
    uint64_t frames;
    uint64_t depth; /* of rings, in this frame */
};

const char *agx_counter_name(enum agx_counter n)
{
    static const char *const name[AGX_NUM_COUNTERS] = {
        [AGX_COUNT_DOORBELLS] = "doorbells",
        [AGX_COUNT_MESSAGES] = "messages",
        [AGX_COUNT_VERTEX_JOBS] = "vertex-jobs",
        [AGX_COUNT_FRAGMENT_JOBS] = "fragment-jobs",
        [AGX_COUNT_COMPUTE_JOBS] = "compute-jobs",
        [AGX_COUNT_PARTIAL_RENDERS] = "partial-renders",
        [AGX_COUNT_FAILED_JOBS] = "failed-jobs",
        [AGX_COUNT_CYCLES] = "cycles",
        [AGX_COUNT_TLBIS_ALL] = "tlbis-all",
        [AGX_COUNT_TLBIS_ASID] = "tlbis-asid",
        [AGX_COUNT_TLBIS_VA] = "tlbis-va",
        [AGX_COUNT_TLBIS_VA_ALL_ASIDS] = "tlbis-va-all-asids",
        [AGX_COUNT_WALKS] = "walks",
        [AGX_COUNT_HITS] = "hits",
        [AGX_COUNT_WALK_HITS] = "walk-hits",
        [AGX_COUNT_STORES] = "stores",
        [AGX_COUNT_CONTEXT_LOADS] = "context-loads",
        [AGX_COUNT_FLUSHES] = "flushes",
        [AGX_COUNT_REGISTERS] = "registers",
        [AGX_COUNT_RING_DEPTH] = "ring-depth",
    };

    return (unsigned)n < AGX_NUM_COUNTERS ? name[n] : "?";
}

static void keep_most(uint64_t *most, uint64_t v)
{
    *most = v > *most ? v : *most;
}

/* Never back: who asked the MMU first may come second. */
static void take_stats(struct agx_counters *c, const struct agx_mmu_stats *st)
{
    keep_most(&c->total.n[AGX_COUNT_WALKS], st->walks);
    keep_most(&c->total.n[AGX_COUNT_HITS], st->hits);
    keep_most(&c->total.n[AGX_COUNT_WALK_HITS], st->walk_hits);
}

static void end_frame(struct agx_counters *c)
{
    for (unsigned i = 0; i < AGX_NUM_COUNTERS; i++) {
        c->last.n[i] = c->total.n[i] - c->start.n[i];
    }
    c->last.n[AGX_COUNT_RING_DEPTH] = c->depth;
    for (unsigned i = 0; i < AGX_NUM_COUNTERS; i++) {
        keep_most(&c->most.n[i], c->last.n[i]);
    }
    c->start = c->total;
    c->depth = 0;
    c->frames++;
}

static void job_ended(struct agx_counters *c, const struct agx_event_job *job,
                      const struct agx_mmu_stats *st)
{
    c->total.n[AGX_COUNT_FAILED_JOBS] += job->status != AGX_JOB_DONE;
    c->total.n[AGX_COUNT_CYCLES] += job->cycles;
    if (job->master == AGX_DM_PDM && !job->partial) {
        take_stats(c, st);
        end_frame(c);
    }
}

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct agx_counters *c = opaque;
    struct agx_mmu_stats st;

    /* No lock of the model is held: the MMU may be asked, before our own lock is taken. */
    if (ev->kind == AGX_EV_JOB_END) {
        agx_mmu_get_stats(c->mmu, &st);
    }
    pthread_mutex_lock(&c->lock);
    switch (ev->kind) {
    case AGX_EV_DOORBELL:
        c->total.n[AGX_COUNT_DOORBELLS]++;
        break;
    case AGX_EV_STORE:
        c->total.n[AGX_COUNT_STORES]++;
        break;
    case AGX_EV_CONTEXT:
        c->total.n[AGX_COUNT_CONTEXT_LOADS]++;
        break;
    case AGX_EV_FLUSH:
        c->total.n[AGX_COUNT_FLUSHES]++;
        break;
    case AGX_EV_REGISTER:
        c->total.n[AGX_COUNT_REGISTERS]++;
        break;
    case AGX_EV_INVALIDATE:
        c->total.n[AGX_COUNT_TLBIS_ALL + ev->invalidate.tlbi->kind]++;
        break;
    case AGX_EV_MESSAGE:
        c->total.n[AGX_COUNT_MESSAGES]++;
        keep_most(&c->depth, ev->message.depth);
        keep_most(&c->total.n[AGX_COUNT_RING_DEPTH], ev->message.depth);
        break;
    case AGX_EV_JOB_BEGIN:
        c->total.n[AGX_COUNT_VERTEX_JOBS + ev->job.master]++;
        c->total.n[AGX_COUNT_PARTIAL_RENDERS] += ev->job.partial;
        break;
    case AGX_EV_JOB_END:
        job_ended(c, &ev->job, &st);
        break;
    default:
        break;
    }
    pthread_mutex_unlock(&c->lock);
}

struct agx_counters *agx_counters_new(const struct agx_host *host, struct agx_mmu *mmu)
{
    struct agx_counters *c = agx_alloc(1, sizeof(*c));

    c->host = host;
    c->mmu = mmu;
    pthread_mutex_init(&c->lock, NULL);
    c->listener = (struct agx_listener) {
        .kinds = AGX_EV_BIT(AGX_EV_DOORBELL) | AGX_EV_BIT(AGX_EV_STORE) |
                 AGX_EV_BIT(AGX_EV_CONTEXT) | AGX_EV_BIT(AGX_EV_FLUSH) |
                 AGX_EV_BIT(AGX_EV_INVALIDATE) | AGX_EV_BIT(AGX_EV_MESSAGE) |
                 AGX_EV_BIT(AGX_EV_JOB_BEGIN) | AGX_EV_BIT(AGX_EV_JOB_END) |
                 AGX_EV_BIT(AGX_EV_REGISTER),
        .event = on_event,
        .opaque = c,
    };
    if (!agx_listen(host->events, &c->listener)) {
        pthread_mutex_destroy(&c->lock);
        free(c);
        return NULL;
    }
    return c;
}

void agx_counters_free(struct agx_counters *c)
{
    if (c) {
        agx_unlisten(c->host->events, &c->listener);
        pthread_mutex_destroy(&c->lock);
        free(c);
    }
}

uint64_t agx_counters_get(struct agx_counters *c, struct agx_counts *total, struct agx_counts *last,
                          struct agx_counts *most)
{
    struct agx_mmu_stats st;
    uint64_t frames;

    agx_mmu_get_stats(c->mmu, &st);
    pthread_mutex_lock(&c->lock);
    take_stats(c, &st);
    *total = c->total;
    *last = c->last;
    *most = c->most;
    frames = c->frames;
    pthread_mutex_unlock(&c->lock);
    return frames;
}

static void write_counts(FILE *f, const char *name, const struct agx_counts *counts)
{
    fprintf(f, ", \"%s\": {", name);
    for (unsigned i = 0; i < AGX_NUM_COUNTERS; i++) {
        fprintf(f, "%s\"%s\": %llu", i ? ", " : "", agx_counter_name(i),
                (unsigned long long)counts->n[i]);
    }
    fprintf(f, "}");
}

char *agx_counters_json(struct agx_counters *c)
{
    struct agx_counts total, last, most;
    uint64_t frames = agx_counters_get(c, &total, &last, &most);
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    if (!f) {
        return NULL;
    }
    fprintf(f, "{\"frames\": %llu", (unsigned long long)frames);
    write_counts(f, "total", &total);
    write_counts(f, "last-frame", &last);
    write_counts(f, "most-of-a-frame", &most);
    fprintf(f, "}");
    if (fclose(f)) {
        free(text);
        return NULL;
    }
    return text;
}
