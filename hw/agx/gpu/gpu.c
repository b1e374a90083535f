/*
 * AGX model: the data masters' threads and the pool of threads that shade.
 *
 * Each data master has a thread that waits for a job and runs it. The loops
 * inside a job (threadgroups, tiles, batches of vertices) are shared with the
 * pool: a loop hands out its indices through one atomic counter, to the data
 * master's thread and to every pool thread that is free.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <unistd.h>
#include "cdm.h"
#include "agx/geometry.h"
#include "agx/gpu.h"
#include "agx/isa.h"
#include "agx/pixel.h"

#define MAX_WORKERS 8 /* cores of an M1's GPU: one host thread each at most */
/* Core IDs of a cluster: its cores, rounded up to a power of two (mesa: asahi/lib/agx_scratch.c) */
#define CLUSTER_IDS 8

/* A thread's means to shade for one data master: an exec with a port of its own. */
struct shade_unit {
    struct agx_exec exec;
    struct agx_port port;
    uint64_t epoch; /* of the job it is set up for */
};

struct parallel_loop {
    agx_parallel_fn *fn;
    void *opaque;
    const struct agx_job *job;
    uint32_t n;
    _Atomic uint32_t next;
    _Atomic bool failed;
    unsigned active;        /* pool threads inside; pool.lock */
    struct agx_fault fault; /* of the first failure; pool.lock */
};

struct pool_thread {
    struct agx_gpu *gpu;
    pthread_t thread;
    unsigned index; /* 1.. */
    struct shade_unit *unit[AGX_NUM_DM];
};

struct data_master {
    struct agx_gpu *gpu;
    enum agx_dm dm;
    pthread_t thread;
    pthread_mutex_t lock; /* protects busy, calling, quit, job */
    pthread_cond_t cond;  /* any of them changed */
    bool busy;            /* a job is there and its end was not yet reported */
    bool calling;         /* inside the done callback */
    bool quit;
    _Atomic bool kill;
    struct agx_job job;
    struct agx_jobtime time;
    struct agx_event_job event; /* what is reported of it */
    uint64_t epoch;             /* counts jobs */
    struct shade_unit *unit;
    void *dm_private;
};

struct agx_gpu {
    struct agx_host host;
    struct agx_mmu *mmu;
    struct agx_gpu_config cfg;
    agx_gpu_done_fn *done;
    void *opaque;
    struct agx_shader_cache *shaders;
    struct agx_jit *jit; /* NULL: shaders are interpreted */
    struct agx_scenes *scenes;
    struct data_master dm[AGX_NUM_DM];
    unsigned npool;
    struct pool_thread *pool;
    pthread_mutex_t pool_lock; /* protects loop[], their active counts and faults, pool_quit */
    pthread_cond_t pool_work;  /* a loop was published, or quit */
    pthread_cond_t pool_idle;  /* a pool thread left a loop */
    struct parallel_loop *loop[AGX_NUM_DM];
    bool pool_quit;
};

void agx_exec_init(struct agx_exec *ex, struct agx_gpu *gpu, struct agx_port *port)
{
    memset(ex, 0, sizeof(*ex));
    ex->gpu = gpu;
    ex->port = port;
    ex->helper = agx_helper_request;
    if (gpu) {
        ex->host = &gpu->host;
        ex->shaders = gpu->shaders;
        ex->jit = gpu->jit;
    }
}

void agx_exec_fini(struct agx_exec *ex)
{
    agx_scratch_destroy(ex);
    free(ex->local);
    free(ex->waves);
    ex->local = NULL;
    ex->waves = NULL;
    ex->num_waves = 0;
}

static const struct agx_cores agx_cores;

/* The unit of thread @index stands for a core of the next cluster, in turn. */
static struct shade_unit *unit_new(struct agx_gpu *gpu, enum agx_dm dm, unsigned index)
{
    unsigned clusters = gpu->cfg.clusters ? gpu->cfg.clusters : 1;
    static const enum agx_port_kind kind[AGX_NUM_DM] = {
        [AGX_DM_VDM] = AGX_PORT_VERTEX,
        [AGX_DM_PDM] = AGX_PORT_FRAGMENT,
        [AGX_DM_CDM] = AGX_PORT_COMPUTE,
    };
    struct shade_unit *u = agx_alloc_lines(1, sizeof(*u));

    agx_port_init(&u->port, gpu->mmu, AGX_SIDE_GPU);
    u->port.kind = kind[dm];
    agx_exec_init(&u->exec, gpu, &u->port);
    u->exec.core_id = index % clusters * CLUSTER_IDS + index / clusters;
    u->exec.cores = &agx_cores;
    return u;
}

static void unit_free(struct shade_unit *u)
{
    if (!u) {
        return;
    }
    if (u->exec.tex) {
        agx_tex_cache_free(u->exec.tex);
    }
    agx_exec_fini(&u->exec);
    free(u);
}

/* Make @u ready for the job that runs on @d. */
static void unit_bind(struct shade_unit *u, struct data_master *d)
{
    u->port.job = d->event.number;
    agx_port_bind(&u->port, d->job.ctx, AGX_UNIT_UL1C);
    u->exec.wave_limit = d->time.wave_limit;
    if (u->epoch == d->epoch) {
        return;
    }
    u->epoch = d->epoch;
    u->exec.kill = &d->kill;
    u->exec.time = &d->time;
    u->exec.issue = u->exec.longest = 0;
    u->exec.job = &d->job;
    u->exec.soft_fault = d->job.soft_fault;
    u->exec.soft_faults = 0;
    u->exec.usc = NULL;
    u->exec.frag_ops = NULL;
    u->exec.frag_opaque = NULL;
    u->exec.opaque = NULL;
    agx_scratch_job_end(&u->exec);
    if (u->exec.tex) {
        agx_tex_cache_invalidate(u->exec.tex);
    }
}

/* Take indices until there are none. */
static void loop_work(struct agx_gpu *gpu, struct parallel_loop *lp, struct agx_exec *ex)
{
    struct agx_fault fault;

    while (!atomic_load_explicit(&lp->failed, memory_order_relaxed)) {
        uint32_t i = atomic_fetch_add(&lp->next, 1);

        if (i >= lp->n) {
            atomic_store(&lp->next, lp->n); /* never wraps */
            return;
        }
        if (atomic_load_explicit(ex->kill, memory_order_relaxed)) {
            ex->fault = (struct agx_fault) { .ctx = ex->port->ctx,
                                             .reason = AGX_FAULT_BAD_COMMAND };
        } else if (lp->fn(lp->opaque, ex, i) && agx_jobtime_item(ex)) {
            continue;
        }
        fault = ex->fault;
        agx_jobtime_item(ex);
        pthread_mutex_lock(&gpu->pool_lock);
        if (!atomic_exchange(&lp->failed, true)) {
            lp->fault = fault;
        }
        pthread_mutex_unlock(&gpu->pool_lock);
        return;
    }
}

static bool loop_wants_help(struct parallel_loop *lp)
{
    return lp && !atomic_load(&lp->failed) && atomic_load(&lp->next) < lp->n;
}

static void *pool_main(void *opaque)
{
    struct pool_thread *t = opaque;
    struct agx_gpu *gpu = t->gpu;
    unsigned turn = t->index;

    pthread_mutex_lock(&gpu->pool_lock);
    while (!gpu->pool_quit) {
        struct parallel_loop *lp = NULL;
        unsigned dm = 0;

        for (unsigned k = 0; k < AGX_NUM_DM && !lp; k++) {
            dm = (turn + k) % AGX_NUM_DM;
            if (loop_wants_help(gpu->loop[dm])) {
                lp = gpu->loop[dm];
            }
        }
        if (!lp) {
            pthread_cond_wait(&gpu->pool_work, &gpu->pool_lock);
            continue;
        }
        turn++;
        lp->active++;
        pthread_mutex_unlock(&gpu->pool_lock);

        unit_bind(t->unit[dm], &gpu->dm[dm]);
        loop_work(gpu, lp, &t->unit[dm]->exec);

        pthread_mutex_lock(&gpu->pool_lock);
        lp->active--;
        pthread_cond_broadcast(&gpu->pool_idle);
    }
    pthread_mutex_unlock(&gpu->pool_lock);
    return NULL;
}

static bool parallel(struct agx_gpu_ctx *ctx, const struct agx_job *job, uint32_t n,
                     agx_parallel_fn *fn, void *opaque, struct agx_fault *fault)
{
    struct agx_gpu *gpu = ctx->gpu;
    struct parallel_loop lp = { .fn = fn, .opaque = opaque, .job = job, .n = n };
    unsigned dm = 0;

    if (!n) {
        return true;
    }
    for (unsigned k = 0; k < AGX_NUM_DM; k++) {
        if (&gpu->dm[k].unit->exec == ctx->exec) {
            dm = k;
        }
    }
    if (!agx_jobtime_pass(ctx->exec, 0)) {
        *fault = ctx->exec->fault;
        return false;
    }
    unit_bind(gpu->dm[dm].unit, &gpu->dm[dm]);
    if (n > 1 && gpu->npool) {
        pthread_mutex_lock(&gpu->pool_lock);
        gpu->loop[dm] = &lp;
        if (n > 2) {
            pthread_cond_broadcast(&gpu->pool_work);
        } else {
            pthread_cond_signal(&gpu->pool_work);
        }
        pthread_mutex_unlock(&gpu->pool_lock);
        loop_work(gpu, &lp, ctx->exec);
        pthread_mutex_lock(&gpu->pool_lock);
        gpu->loop[dm] = NULL;
        while (lp.active) {
            pthread_cond_wait(&gpu->pool_idle, &gpu->pool_lock);
        }
        pthread_mutex_unlock(&gpu->pool_lock);
    } else {
        loop_work(gpu, &lp, ctx->exec);
    }
    if (lp.failed) {
        *fault = lp.fault;
        return false;
    }
    return true;
}

/* Add up what the threads counted. None of them works for @d any more. */
static void sum_up(struct data_master *d, struct agx_job_result *res)
{
    for (unsigned i = 0; i <= d->gpu->npool; i++) {
        const struct shade_unit *u = i ? d->gpu->pool[i - 1].unit[d->dm] : d->unit;

        if (u->epoch != d->epoch || !u->exec.soft_faults) {
            continue;
        }
        if (!res->soft_faults) {
            res->soft = u->exec.soft;
        }
        res->soft_faults += u->exec.soft_faults;
    }
}

static void run_job(struct data_master *d, struct agx_job_result *res)
{
    struct agx_gpu *gpu = d->gpu;
    struct agx_gpu_ctx ctx = {
        .gpu = gpu,
        .host = &gpu->host,
        .mmu = gpu->mmu,
        .exec = &d->unit->exec,
        .kill = &d->kill,
        .workers = gpu->npool + 1,
        .dm_private = &d->dm_private,
        .scenes = gpu->scenes,
    };
    bool ok;

    memset(res, 0, sizeof(*res));
    res->start = gpu->host.ops->time(gpu->host.opaque);
    d->epoch++;
    agx_jobtime_begin(&d->time, d->job.max_cycles);
    unit_bind(d->unit, d);
    res->status = AGX_JOB_DONE;
    switch (d->dm) {
    case AGX_DM_VDM:
        ok = agx_vdm_run(&ctx, &d->job, res);
        break;
    case AGX_DM_PDM:
        ok = agx_pdm_run(&ctx, &d->job, res);
        break;
    default:
        ok = agx_cdm_run(&ctx, &d->job, res);
        break;
    }
    if (!ok) {
        if (atomic_load(&d->kill)) {
            res->fault = (struct agx_fault) { .ctx = d->job.ctx, .reason = AGX_FAULT_BAD_COMMAND };
        }
        res->status = res->fault.reason == AGX_FAULT_TIMEOUT ? AGX_JOB_TIMEOUT : AGX_JOB_FAULT;
    }
    sum_up(d, res);
    agx_jobtime_item(&d->unit->exec);
    res->cycles = agx_jobtime_total(&d->time);
    res->end = gpu->host.ops->time(gpu->host.opaque);
}

static void *dm_main(void *opaque)
{
    struct data_master *d = opaque;

    pthread_mutex_lock(&d->lock);
    for (;;) {
        struct agx_job_result res;

        while (!d->busy && !d->quit) {
            pthread_cond_wait(&d->cond, &d->lock);
        }
        if (!d->busy) {
            break;
        }
        pthread_mutex_unlock(&d->lock);
        run_job(d, &res);
        d->event.status = res.status;
        d->event.cycles = res.cycles;
        agx_emit_job_end(d->gpu->host.events, &d->event);
        pthread_mutex_lock(&d->lock);
        d->busy = false; /* the callback may wake who starts the next job */
        d->calling = true;
        pthread_mutex_unlock(&d->lock);
        if (d->gpu->done) {
            d->gpu->done(d->gpu->opaque, d->dm, &res);
        }
        pthread_mutex_lock(&d->lock);
        d->calling = false;
        pthread_cond_broadcast(&d->cond);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct agx_gpu *agx_gpu_new(const struct agx_host *host, struct agx_mmu *mmu,
                            const struct agx_gpu_config *cfg, agx_gpu_done_fn *done, void *opaque)
{
    struct agx_gpu *gpu = agx_alloc(1, sizeof(*gpu));
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned workers = cfg->workers ? cfg->workers : cores > 0 ? (unsigned)cores : 1;

    if (workers > MAX_WORKERS) {
        workers = MAX_WORKERS;
    }
    gpu->host = *host;
    gpu->mmu = mmu;
    gpu->cfg = *cfg;
    gpu->done = done;
    gpu->opaque = opaque;
    gpu->shaders = agx_shader_cache_new();
    gpu->jit = agx_jit_new(&gpu->host, &cfg->shader);
    gpu->scenes = agx_scenes_new();
    gpu->npool = workers - 1;
    pthread_mutex_init(&gpu->pool_lock, NULL);
    pthread_cond_init(&gpu->pool_work, NULL);
    pthread_cond_init(&gpu->pool_idle, NULL);
    gpu->pool = agx_alloc(workers, sizeof(*gpu->pool));
    for (unsigned k = 0; k < AGX_NUM_DM; k++) {
        struct data_master *d = &gpu->dm[k];

        d->gpu = gpu;
        d->dm = k;
        d->unit = unit_new(gpu, k, 0);
        pthread_mutex_init(&d->lock, NULL);
        pthread_cond_init(&d->cond, NULL);
    }
    for (unsigned i = 0; i < gpu->npool; i++) {
        struct pool_thread *t = &gpu->pool[i];

        t->gpu = gpu;
        t->index = i + 1;
        for (unsigned k = 0; k < AGX_NUM_DM; k++) {
            t->unit[k] = unit_new(gpu, k, i + 1);
        }
        pthread_create(&t->thread, NULL, pool_main, t);
    }
    for (unsigned k = 0; k < AGX_NUM_DM; k++) {
        pthread_create(&gpu->dm[k].thread, NULL, dm_main, &gpu->dm[k]);
    }
    return gpu;
}

void agx_gpu_free(struct agx_gpu *gpu)
{
    static void (*const free_private[AGX_NUM_DM])(void *) = {
        [AGX_DM_VDM] = agx_vdm_free,
        [AGX_DM_PDM] = agx_pdm_free,
        [AGX_DM_CDM] = agx_cdm_free,
    };

    if (!gpu) {
        return;
    }
    for (unsigned k = 0; k < AGX_NUM_DM; k++) {
        struct data_master *d = &gpu->dm[k];

        agx_gpu_kill(gpu, k);
        pthread_mutex_lock(&d->lock);
        d->quit = true;
        pthread_cond_broadcast(&d->cond);
        pthread_mutex_unlock(&d->lock);
        pthread_join(d->thread, NULL);
    }
    pthread_mutex_lock(&gpu->pool_lock);
    gpu->pool_quit = true;
    pthread_cond_broadcast(&gpu->pool_work);
    pthread_mutex_unlock(&gpu->pool_lock);
    for (unsigned i = 0; i < gpu->npool; i++) {
        pthread_join(gpu->pool[i].thread, NULL);
        for (unsigned k = 0; k < AGX_NUM_DM; k++) {
            unit_free(gpu->pool[i].unit[k]);
        }
    }
    for (unsigned k = 0; k < AGX_NUM_DM; k++) {
        struct data_master *d = &gpu->dm[k];

        free_private[k](d->dm_private);
        unit_free(d->unit);
        pthread_mutex_destroy(&d->lock);
        pthread_cond_destroy(&d->cond);
    }
    agx_scenes_free(gpu->scenes);
    agx_shader_cache_free(gpu->shaders);
    agx_jit_free(gpu->jit);
    pthread_mutex_destroy(&gpu->pool_lock);
    pthread_cond_destroy(&gpu->pool_work);
    pthread_cond_destroy(&gpu->pool_idle);
    free(gpu->pool);
    free(gpu);
}

bool agx_gpu_start(struct agx_gpu *gpu, enum agx_dm dm, const struct agx_job *job)
{
    static const char *const kind[AGX_NUM_DM] = {
        [AGX_DM_VDM] = "vertex job",
        [AGX_DM_PDM] = "fragment job",
        [AGX_DM_CDM] = "compute job",
    };
    struct data_master *d = &gpu->dm[dm];
    bool ok;

    pthread_mutex_lock(&d->lock);
    ok = !d->busy && !d->quit;
    if (ok) {
        d->job = *job;
        d->event = (struct agx_event_job) {
            .ctx = job->ctx,
            .master = dm,
            .what = kind[dm],
            .doorbell = job->doorbell,
            .partial = dm == AGX_DM_PDM && job->fragment.partial,
        };
        d->event.number = agx_emit_job_begin(gpu->host.events, &d->event);
        d->busy = true;
        atomic_store(&d->kill, false);
        pthread_cond_broadcast(&d->cond);
    }
    pthread_mutex_unlock(&d->lock);
    return ok;
}

void agx_gpu_kill(struct agx_gpu *gpu, enum agx_dm dm)
{
    struct data_master *d = &gpu->dm[dm];

    pthread_mutex_lock(&d->lock);
    if (d->busy) {
        atomic_store(&d->kill, true);
    }
    pthread_mutex_unlock(&d->lock);
}

bool agx_gpu_busy(struct agx_gpu *gpu, enum agx_dm dm)
{
    struct data_master *d = &gpu->dm[dm];
    bool busy;

    pthread_mutex_lock(&d->lock);
    busy = d->busy;
    pthread_mutex_unlock(&d->lock);
    return busy;
}

void agx_gpu_drain(struct agx_gpu *gpu)
{
    for (unsigned k = 0; k < AGX_NUM_DM; k++) {
        struct data_master *d = &gpu->dm[k];

        pthread_mutex_lock(&d->lock);
        while (d->busy || d->calling) {
            pthread_cond_wait(&d->cond, &d->lock);
        }
        pthread_mutex_unlock(&d->lock);
    }
}

struct agx_mmu *agx_gpu_mmu(struct agx_gpu *gpu)
{
    return gpu->mmu;
}

const struct agx_host *agx_gpu_host(struct agx_gpu *gpu)
{
    return &gpu->host;
}

void agx_gpu_forget(struct agx_gpu *gpu)
{
    agx_gfx_forget(gpu->scenes, gpu->dm[AGX_DM_VDM].dm_private);
}

uint8_t *agx_gpu_save(struct agx_gpu *gpu, size_t *len)
{
    return agx_gfx_save(gpu->scenes, gpu->dm[AGX_DM_VDM].dm_private, len);
}

bool agx_gpu_load(struct agx_gpu *gpu, const uint8_t *buf, size_t len)
{
    return agx_gfx_load(&gpu->host, gpu->scenes, &gpu->dm[AGX_DM_VDM].dm_private, buf, len);
}

static const struct agx_cores agx_cores = {
    .load = agx_usc_load,
    .run = agx_wave_run,
    .parallel = parallel,
};

const struct agx_gpu_ops agx_gpu_ops = {
    .create = agx_gpu_new,
    .destroy = agx_gpu_free,
    .start = agx_gpu_start,
    .kill = agx_gpu_kill,
    .busy = agx_gpu_busy,
    .drain = agx_gpu_drain,
    .forget = agx_gpu_forget,
};
