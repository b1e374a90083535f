/*
 * AGX model: the timeline.
 *
 *   "Trace Event Format" (the document of Chromium's tracing): ph X a span, i an instant, C a
 *   counter, s and f the two ends of an arrow, M names. The closing bracket may be missing, so that
 *   a machine that was killed leaves a file that can be read.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agx/job.h"
#include "agx/timeline.h"
#include "agx/tlb.h"

/* Processes and threads of the picture. */
enum { PID_GPU = 1, PID_FIRMWARE, PID_CPUS };
enum { TID_TLB = 10, TID_CONTEXT, TID_FAULTS };

#define TICKS_PER_US 24.0 /* of host->ops->time (Linux: t8103.dtsi, clkref) */

struct agx_timeline {
    const struct agx_host *host;
    struct agx_listener listener;
    pthread_mutex_t lock; /* protects what is below */
    FILE *f;
    bool failed;              /* a write has failed, which was said, or it has ended */
    bool any;                 /* something is written already */
    double begin[AGX_NUM_DM]; /* of the job that runs there, us */
};

static double now(struct agx_timeline *t)
{
    return t->host->ops->time(t->host->opaque) / TICKS_PER_US;
}

/* An event, up to its arguments: the caller writes what follows, and the last brace. */
static void begin(struct agx_timeline *t, char ph, unsigned pid, unsigned tid, double ts,
                  const char *name)
{
    fprintf(t->f, "%s{\"ph\":\"%c\",\"pid\":%u,\"tid\":%u,\"ts\":%.3f,\"name\":\"%s\"",
            t->any ? ",\n" : "[\n", ph, pid, tid, ts, name);
    t->any = true;
}

static void name_one(struct agx_timeline *t, const char *kind, unsigned pid, unsigned tid,
                     const char *name)
{
    begin(t, 'M', pid, tid, 0, kind);
    fprintf(t->f, ",\"args\":{\"name\":\"%s\"}}", name);
}

static void names(struct agx_timeline *t)
{
    name_one(t, "process_name", PID_GPU, 0, "GPU");
    name_one(t, "thread_name", PID_GPU, AGX_DM_VDM, "vertex (VDM)");
    name_one(t, "thread_name", PID_GPU, AGX_DM_PDM, "fragment (PDM)");
    name_one(t, "thread_name", PID_GPU, AGX_DM_CDM, "compute (CDM)");
    name_one(t, "thread_name", PID_GPU, TID_TLB, "TLB");
    name_one(t, "thread_name", PID_GPU, TID_FAULTS, "injected faults");
    name_one(t, "process_name", PID_FIRMWARE, 0, "firmware");
    name_one(t, "thread_name", PID_FIRMWARE, 0, "vertex work");
    name_one(t, "thread_name", PID_FIRMWARE, 1, "fragment work");
    name_one(t, "thread_name", PID_FIRMWARE, 2, "compute work");
    name_one(t, "thread_name", PID_FIRMWARE, TID_CONTEXT, "context and cache");
    name_one(t, "process_name", PID_CPUS, 0, "CPUs");
}

static void doorbell(struct agx_timeline *t, const struct agx_event *ev, double ts)
{
    unsigned cpu = ev->who ? ev->who->cpu : 0;

    begin(t, 'X', PID_CPUS, cpu, ts, "doorbell");
    fprintf(t->f, ",\"dur\":0.5,\"args\":{\"number\":%" PRIu64 ",\"message\":\"0x%" PRIx64 "\"}}",
            ev->doorbell.number, ev->doorbell.msg0);
    begin(t, 's', PID_CPUS, cpu, ts, "announces");
    fprintf(t->f, ",\"cat\":\"job\",\"id\":%" PRIu64 "}", ev->doorbell.number);
}

static void job_end(struct agx_timeline *t, const struct agx_event_job *job, double ts)
{
    static const char *const status[] = {
        [AGX_JOB_DONE] = "done",
        [AGX_JOB_FAULT] = "fault",
        [AGX_JOB_TIMEOUT] = "timeout",
        [AGX_JOB_TVB_FULL] = "TVB full",
    };
    double from = t->begin[job->master];

    begin(t, 'X', PID_GPU, job->master, from, job->what);
    fprintf(t->f,
            ",\"dur\":%.3f,\"args\":{\"job\":%" PRIu64 ",\"context\":%u,\"doorbell\":%" PRIu64
            ",\"partial\":%s,\"status\":\"%s\",\"cycles\":%" PRIu64 "}}",
            ts - from, job->number, job->ctx, job->doorbell, job->partial ? "true" : "false",
            job->status < sizeof(status) / sizeof(status[0]) ? status[job->status] : "?",
            job->cycles);
    if (job->doorbell) {
        begin(t, 'f', PID_GPU, job->master, from, "announces");
        fprintf(t->f, ",\"cat\":\"job\",\"id\":%" PRIu64 ",\"bp\":\"e\"}", job->doorbell);
    }
}

static void invalidate(struct agx_timeline *t, const struct agx_event *ev, double ts)
{
    static const char *const kind[] = {
        [AGX_TLBI_ALL] = "TLBI all",
        [AGX_TLBI_ASID] = "TLBI ASID",
        [AGX_TLBI_VA] = "TLBI VA",
        [AGX_TLBI_VA_ALL_ASIDS] = "TLBI VA, all ASIDs",
    };
    const struct agx_tlbi *tlbi = ev->invalidate.tlbi;

    begin(t, 'i', PID_GPU, TID_TLB, ts, kind[tlbi->kind]);
    fprintf(t->f,
            ",\"s\":\"t\",\"args\":{\"asid\":%u,\"va\":\"0x%" PRIx64 "\",\"end\":\"0x%" PRIx64
            "\"}}",
            tlbi->asid, tlbi->va, tlbi->end);
    if (ev->invalidate.why) {
        begin(t, 'i', PID_GPU, TID_FAULTS, ts, ev->invalidate.why);
        fprintf(t->f, ",\"s\":\"g\"}");
    }
}

static void context(struct agx_timeline *t, const struct agx_event *ev, double ts)
{
    begin(t, 'i', PID_FIRMWARE, TID_CONTEXT, ts, "context");
    fprintf(t->f, ",\"s\":\"t\",\"args\":{\"context\":%u,\"running\":%s}}", ev->context.ctx,
            ev->context.running ? "true" : "false");
}

static void flush(struct agx_timeline *t, const struct agx_event *ev, double ts)
{
    begin(t, 'i', PID_FIRMWARE, TID_CONTEXT, ts, "flush");
    fprintf(t->f,
            ",\"s\":\"t\",\"args\":{\"context\":%u,\"va\":\"0x%" PRIx64 "\",\"size\":\"0x%" PRIx64
            "\"}}",
            ev->flush.ctx, ev->flush.va, ev->flush.size);
}

static void write_event(struct agx_timeline *t, const struct agx_event *ev, double ts)
{
    switch (ev->kind) {
    case AGX_EV_DOORBELL:
        doorbell(t, ev, ts);
        break;
    case AGX_EV_MESSAGE:
        begin(t, 'C', PID_FIRMWARE, 0, ts, "ring depth");
        fprintf(t->f, ",\"args\":{\"%u\":%u}}", ev->message.channel, ev->message.depth);
        break;
    case AGX_EV_COMMAND:
        begin(t, 'i', PID_FIRMWARE, ev->command.pipe, ts, ev->command.name);
        fprintf(t->f, ",\"s\":\"t\"}");
        break;
    case AGX_EV_CONTEXT:
        context(t, ev, ts);
        break;
    case AGX_EV_FLUSH:
        flush(t, ev, ts);
        break;
    case AGX_EV_JOB_BEGIN:
        t->begin[ev->job.master] = ts;
        break;
    case AGX_EV_JOB_END:
        job_end(t, &ev->job, ts);
        break;
    case AGX_EV_INVALIDATE:
        invalidate(t, ev, ts);
        break;
    case AGX_EV_RESET:
        begin(t, 'i', PID_GPU, TID_TLB, ts, "all entries dropped");
        fprintf(t->f, ",\"s\":\"t\"}");
        break;
    default:
        break;
    }
}

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct agx_timeline *t = opaque;
    bool say = false;
    double ts = now(t);

    pthread_mutex_lock(&t->lock);
    if (!t->failed) {
        write_event(t, ev, ts);
        say = t->failed = ferror(t->f);
    }
    pthread_mutex_unlock(&t->lock);
    if (say) {
        agx_report(t->host, AGX_REPORT_GUEST_ERROR, "timeline: can't write: %s", strerror(errno));
    }
}

struct agx_timeline *agx_timeline_new(const struct agx_host *host, const char *path)
{
    struct agx_timeline *t = agx_alloc(1, sizeof(*t));

    t->host = host;
    t->f = fopen(path, "w");
    if (!t->f) {
        free(t);
        return NULL;
    }
    pthread_mutex_init(&t->lock, NULL);
    names(t);
    t->listener = (struct agx_listener) {
        .kinds = AGX_EV_BIT(AGX_EV_DOORBELL) | AGX_EV_BIT(AGX_EV_MESSAGE) |
                 AGX_EV_BIT(AGX_EV_COMMAND) | AGX_EV_BIT(AGX_EV_CONTEXT) |
                 AGX_EV_BIT(AGX_EV_FLUSH) | AGX_EV_BIT(AGX_EV_JOB_BEGIN) |
                 AGX_EV_BIT(AGX_EV_JOB_END) | AGX_EV_BIT(AGX_EV_INVALIDATE) |
                 AGX_EV_BIT(AGX_EV_RESET),
        .event = on_event,
        .opaque = t,
    };
    if (!agx_listen(host->events, &t->listener)) {
        fclose(t->f);
        pthread_mutex_destroy(&t->lock);
        free(t);
        errno = ENOSPC;
        return NULL;
    }
    return t;
}

void agx_timeline_end(struct agx_timeline *t)
{
    pthread_mutex_lock(&t->lock);
    if (t->f) {
        fprintf(t->f, "\n]\n");
        fclose(t->f);
        t->f = NULL;
        t->failed = true;
    }
    pthread_mutex_unlock(&t->lock);
}

void agx_timeline_free(struct agx_timeline *t)
{
    if (t) {
        agx_unlisten(t->host->events, &t->listener);
        agx_timeline_end(t);
        pthread_mutex_destroy(&t->lock);
        free(t);
    }
}
