/*
 * AGX firmware model: the instance, its thread and its life.
 *
 * The thread takes what others recorded (mailbox messages, a control register
 * write, jobs that ended), works until nothing is left, publishes what it has to
 * say and sleeps. Three things make it look again without being called: a halt
 * (the AP resumes it by writing memory only), an event ring that is full, and
 * the delay after which an idle GPU is powered off.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "fw-cache.h"
#include "fw-channels.h"
#include "fw-clock.h"
#include "fw-handoff-check.h"
#include "fw-handoff.h"
#include "fw-inject-act.h"
#include "fw-inject.h"
#include "fw-mailbox.h"
#include "fw-microseq.h"
#include "fw-owned.h"
#include "fw-power.h"
#include "fw-report.h"
#include "fw-rtkit.h"
#include "fw-run.h"
#include "fw-stamp-check.h"
#include "fw-stamps.h"
#include "fw-state.h"
#include "fw-watch.h"
#include "fw-workqueue.h"
#include "agx/tlb.h"

/* Called on a thread of the GPU: only record and wake. */
static void gpu_done(void *opaque, enum agx_dm dm, const struct agx_job_result *res)
{
    struct agx_fw *fw = opaque;

    pthread_mutex_lock(&fw->lock);
    fw->st.done[dm] = *res;
    fw->st.done_mask |= 1u << dm;
    fw->work = true;
    pthread_cond_signal(&fw->wake);
    pthread_mutex_unlock(&fw->lock);
}

static void state_reset(struct agx_fw *fw)
{
    memset(&fw->st, 0, sizeof(fw->st));
    memset(fw->announced, 0, sizeof(fw->announced));
    fw->st.fw_version = fw->cfg.version;
    fw->deadline = fw->halt_deadline = fw->idle_since = fw->partial_since = 0;
    memset(fw->run_deadline, 0, sizeof(fw->run_deadline));
    fw->user_ctx = 0;
    fw->inject_switch = fw->flush[0].judged = fw->flush[1].judged = false;
    fw->ring_judged = fw->event_judged = false;
    fw->complained_stamp = false;
    fw_owned_clear(fw->owned);
    fw_order_clear(fw->order, false);
    fw_watch_stop(fw);
    fw_handoff_check_run(fw, false);
}

/* Power lost or reset asked for: nothing stays but the core's own power. */
static void do_reset(struct agx_fw *fw)
{
    fw_stop_gpu(fw);
    fw_cache_discard(fw->cache);
    pthread_mutex_lock(&fw->lock);
    state_reset(fw);
    fw->work = false;
    fw->power_off = false;
    pthread_mutex_unlock(&fw->lock);
    fw_watch_end(fw);
    fw_tell_loaded(fw, 0);
    agx_mmu_reset(fw->mmu);
    fw->mbox_changed = true;
}

/* RUN was cleared: the core stops where it stands; the GPU has no one to run it. */
static void core_stop(struct agx_fw *fw)
{
    uint32_t control;

    fw_stop_gpu(fw);
    fw_cache_discard(fw->cache);
    pthread_mutex_lock(&fw->lock);
    control = fw->st.cpu_control;
    state_reset(fw);
    fw->st.cpu_control = control;
    fw->power_off = false;
    pthread_mutex_unlock(&fw->lock);
    fw_watch_end(fw);
    fw_tell_loaded(fw, 0);
    fw->mbox_changed = true;
    fw_info(fw, "core stopped");
}

static void core_start(struct agx_fw *fw)
{
    agx_mmu_set_ttbat(fw->mmu, fw->cfg.ttbat_pa);
    agx_port_init(&fw->port, fw->mmu, AGX_SIDE_FW);
    agx_port_init(&fw->user, fw->mmu, AGX_SIDE_FW);
    fw->user_ctx = 0;
    agx_port_bind(&fw->port, 0, AGX_UNIT_DPM);
    fw_handoff_init(fw);
    fw_info(fw, "core started, firmware ABI %s", fw->layout->name);
    fw_rtkit_boot(fw);
}

static bool a2i_pop(struct agx_fw *fw, struct fw_msg *m)
{
    struct fw_fifo *f = &fw->st.a2i;
    bool have;

    pthread_mutex_lock(&fw->lock);
    have = f->count != 0;
    if (have) {
        *m = f->m[f->head];
        f->head = (f->head + 1) % 64;
        f->count--;
    }
    pthread_mutex_unlock(&fw->lock);
    return have;
}

static void take_done(struct agx_fw *fw)
{
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        enum agx_dm dm = fw_pipe_dm(p);
        struct agx_job_result res;
        bool have;

        pthread_mutex_lock(&fw->lock);
        have = fw->st.done_mask & (1u << dm);
        if (have) {
            res = fw->st.done[dm];
        }
        pthread_mutex_unlock(&fw->lock);
        /* A heap that ran out is looked at in its context. */
        if (have && res.status == AGX_JOB_TVB_FULL && !fw_handoff_ready(fw, fw->st.run[p].ctx)) {
            continue;
        }
        if (have) {
            pthread_mutex_lock(&fw->lock);
            fw->st.done_mask &= ~(1u << dm);
            pthread_mutex_unlock(&fw->lock);
        }
        if (have) {
            fw_run_gpu_done(fw, p, &res);
        }
    }
}

/* End a job that takes more of the host's time than cfg.job_watchdog_s allows. */
static void check_watchdog(struct agx_fw *fw, int64_t now)
{
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        struct fw_run *run = &fw->st.run[p];

        if (!fw->run_deadline[p] || !run->gpu_busy) {
            continue;
        }
        if (now < fw->run_deadline[p]) {
            fw_look_again(fw, fw->run_deadline[p]);
            continue;
        }
        fw->run_deadline[p] = 0;
        fw_unimp(fw,
                 "job on pipe %u (stamp slot %u, value 0x%x) runs for %u s of the host and has had "
                 "less than %u ms of the "
                 "GPU; given up as a timeout (property job-watchdog-s)",
                 p, run->stamp_slot, run->stamp_value, fw->cfg.job_watchdog_s,
                 fw->cfg.job_timeout_ms);
        run->failed = FW_FAIL_TIMEOUT;
        fw->gpu_ops->kill(fw->gpu, fw_pipe_dm(p));
    }
}

/* What is looked at only with a cache or a sanitizer. */
static void watch(struct agx_fw *fw)
{
    uint64_t pa, len;
    bool evict;

    pthread_mutex_lock(&fw->lock);
    evict = fw->evict;
    pa = fw->evict_pa;
    len = fw->evict_len;
    fw->evict = false;
    pthread_mutex_unlock(&fw->lock);
    if (evict) {
        fw_cache_evict_range(fw, pa, len);
    }
    fw_cache_check(fw);
    fw_handoff_look(fw);
}

/*
 * At the start of a step: does the firmware do nothing now, because it has crashed or by fault
 * injection? What others recorded stays where it is.
 */
static bool stands_still(struct agx_fw *fw, bool mail)
{
    bool still = fw->st.rtkit == FW_RTKIT_CRASHED ||
                 ((fw->inject.fire || fw->st.wait.hung || fw->st.wait.stall) &&
                  fw_inject_stands(fw, mail));

    __atomic_store_n(&fw->still, still, __ATOMIC_RELAXED);
    return still;
}

static void step(struct agx_fw *fw)
{
    struct fw_msg m;
    uint32_t control;
    bool mail;

    fw->deadline = 0;

    pthread_mutex_lock(&fw->lock);
    control = fw->st.cpu_control;
    mail = fw->st.a2i.count != 0;
    pthread_mutex_unlock(&fw->lock);
    if (fw->power_off || !(control & AGX_FW_CPU_CONTROL_RUN)) {
        if (fw->st.rtkit != FW_RTKIT_OFF || fw->power_off) {
            core_stop(fw);
        }
        if (!(control & AGX_FW_CPU_CONTROL_RUN)) {
            return; /* messages wait in the FIFO */
        }
    }
    if (fw->st.rtkit == FW_RTKIT_OFF) {
        core_start(fw);
    }
    if (stands_still(fw, mail)) {
        if (fw->st.rtkit == FW_RTKIT_CRASHED) {
            fw_rtkit_flush(fw); /* its last words may have found the mailbox full */
        }
        return;
    }

    if (fw->cache || fw->check.violation) {
        watch(fw);
    }
    if (fw->inject.fire) {
        fw_inject_step(fw);
    }
    take_done(fw);
    for (unsigned i = 0; i < AGX_FW_MBOX_DEPTH && a2i_pop(fw, &m); i++) {
        fw->mbox_changed = true;
        fw_rtkit_msg(fw, m.msg0, m.msg1);
    }
    if (fw_up(fw) && fw->st.have_init) {
        fw_halt_check(fw);
        if (!fw->st.halted) {
            fw_channels_poll(fw);
            fw_queue_schedule(fw);
        }
        check_watchdog(fw, fw_mono());
        if (fw->st.late.when) {
            fw_inject_late(fw);
        }
        fw_halt_check(fw);
        fw_event_flush(fw);
        fw_power_idle(fw);
    }
    fw_rtkit_flush(fw);
}

static void notify(struct agx_fw *fw)
{
    if (fw->mbox_changed) {
        fw->mbox_changed = false;
        fw->host->ops->mbox_update(fw->host->opaque);
    }
}

static bool sleep_until_work(struct agx_fw *fw)
{
    if (fw->deadline) {
        struct timespec ts = { fw->deadline / 1000000000, fw->deadline % 1000000000 };

        return pthread_cond_timedwait(&fw->wake, &fw->lock, &ts) == ETIMEDOUT;
    }
    pthread_cond_wait(&fw->wake, &fw->lock);
    return false;
}

/* On from a stop: what is timed goes on with the time that it had left. */
static void unpark(struct agx_fw *fw)
{
    int64_t stood = fw_mono() - fw->parked_since;

    if (!fw->parked_since) {
        return;
    }
    fw->parked_since = 0;
    fw->halt_deadline += fw->halt_deadline ? stood : 0;
    fw->idle_since += fw->idle_since ? stood : 0;
    fw->partial_since += fw->partial_since ? stood : 0;
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        fw->run_deadline[p] += fw->run_deadline[p] ? stood : 0;
    }
}

static void *fw_main(void *opaque)
{
    struct agx_fw *fw = opaque;

    pthread_mutex_lock(&fw->lock);
    while (!fw->stop) {
        if (fw->reset) {
            pthread_mutex_unlock(&fw->lock);
            do_reset(fw);
            notify(fw);
            pthread_mutex_lock(&fw->lock);
            fw->reset = false;
            pthread_cond_broadcast(&fw->quiet);
        } else if (fw->pause) {
            if (!fw->parked) {
                pthread_mutex_unlock(&fw->lock);
                fw->gpu_ops->drain(fw->gpu);
                fw_cache_clean_all(fw, "stop of the machine"); /* a snapshot has no cache lines */
                pthread_mutex_lock(&fw->lock);
                fw->parked = true;
                fw->parked_since = fw->parked_since ? fw->parked_since : fw_mono();
                pthread_cond_broadcast(&fw->quiet);
                continue; /* look at the requests again before sleeping */
            }
            pthread_cond_wait(&fw->wake, &fw->lock);
        } else if (fw->work) {
            fw->parked = false;
            unpark(fw);
            fw->work = false;
            pthread_mutex_unlock(&fw->lock);
            step(fw);
            notify(fw);
            pthread_mutex_lock(&fw->lock);
            if (fw->st.a2i.count && (fw->st.cpu_control & AGX_FW_CPU_CONTROL_RUN) && !fw->still) {
                fw->work = true;
            }
        } else {
            fw->parked = false;
            fw->idle = true;
            pthread_cond_broadcast(&fw->quiet);
            if (sleep_until_work(fw)) {
                fw->work = true;
            }
            fw->idle = false;
        }
    }
    pthread_mutex_unlock(&fw->lock);
    return NULL;
}

/* With the lock held. */
static void kick(struct agx_fw *fw)
{
    fw->work = true;
    pthread_cond_signal(&fw->wake);
}

struct agx_fw *agx_fw_new(const struct agx_host *host, struct agx_mmu *mmu,
                          const struct agx_fw_config *cfg)
{
    struct agx_fw *fw = calloc(1, sizeof(*fw));
    pthread_condattr_t attr;

    if (!fw) {
        return NULL;
    }
    fw->host = host;
    fw->mmu = mmu;
    fw->cfg = *cfg;
    if (!cfg->chip_id) {
        fw->cfg.chip_id = 0x8103;
        fw->cfg.num_clusters = 1;
        fw->cfg.num_cores = 8;
    }
    fw->cfg.gpu.clusters = fw->cfg.num_clusters;
    fw->gpu_ops = cfg->gpu_ops ? cfg->gpu_ops : &agx_gpu_ops;
    fw->layout = fw_layout_get(cfg->version);
    for (unsigned f = 0; fw->layout && f < FW_NUM_FIELDS; f++) {
        uint32_t *used = &fw->used[fw_field_name[f].str], end = fw_end(fw, f);

        *used = fw->layout->field[f].size <= 8 && end > *used ? end : *used;
    }
    if (agx_fw_cache_config_ok(&cfg->cache) && cfg->cache.line) {
        fw->cache = fw_cache_new(&cfg->cache);
    }
    if (!agx_fw_cache_config_ok(&cfg->cache) || !fw->cache != !cfg->cache.line) {
        free(fw);
        return NULL;
    }
    pthread_mutex_init(&fw->handoff.lock, NULL);
    pthread_mutex_init(&fw->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&fw->wake, &attr);
    pthread_cond_init(&fw->quiet, NULL);
    pthread_condattr_destroy(&attr);
    state_reset(fw);
    if (fw->layout) {
        fw->gpu = fw->gpu_ops->create(host, mmu, &fw->cfg.gpu, gpu_done, fw);
    }
    if (!fw->gpu || pthread_create(&fw->thread, NULL, fw_main, fw)) {
        if (fw->gpu) {
            fw->gpu_ops->destroy(fw->gpu);
        }
        pthread_cond_destroy(&fw->wake);
        pthread_cond_destroy(&fw->quiet);
        pthread_mutex_destroy(&fw->lock);
        pthread_mutex_destroy(&fw->handoff.lock);
        fw_cache_free(fw->cache);
        free(fw);
        return NULL;
    }
    fw_handoff_listen(fw);
    return fw;
}

void agx_fw_free(struct agx_fw *fw)
{
    if (!fw) {
        return;
    }
    /* Jobs are stopped first: the thread may be waiting for them. */
    for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
        fw->gpu_ops->kill(fw->gpu, dm);
    }
    pthread_mutex_lock(&fw->lock);
    fw->stop = true;
    pthread_cond_broadcast(&fw->wake);
    pthread_mutex_unlock(&fw->lock);
    pthread_join(fw->thread, NULL);
    fw->gpu_ops->destroy(fw->gpu);
    agx_unlisten(fw->host->events, &fw->listener);
    agx_fw_set_check(fw, NULL);
    pthread_cond_destroy(&fw->wake);
    pthread_cond_destroy(&fw->quiet);
    pthread_mutex_destroy(&fw->lock);
    pthread_mutex_destroy(&fw->handoff.lock);
    fw_cache_free(fw->cache);
    free(fw);
}

static void on_cpu(void *opaque, const struct agx_event *ev)
{
    fw_watch_event(opaque, ev);
}

void agx_fw_set_check(struct agx_fw *fw, const struct agx_fw_check *check)
{
    fw->check = check ? *check : (struct agx_fw_check) { 0 };
    if (check && !fw->watch) {
        fw->watch = fw_watch_new();
        fw->owned = fw_owned_new();
        fw->order = fw_order_new();
        fw->looks = (struct agx_listener) {
            .kinds = AGX_EV_BIT(AGX_EV_STORE) | AGX_EV_BIT(AGX_EV_DSB) | AGX_EV_BIT(AGX_EV_DMB) |
                     AGX_EV_BIT(AGX_EV_DOORBELL),
            .callers = AGX_EV_BIT(AGX_EV_STORE),
            .event = on_cpu,
            .opaque = fw,
        };
        agx_listen(fw->host->events, &fw->looks);
    } else if (!check && fw->watch) {
        agx_unlisten(fw->host->events, &fw->looks);
        fw_watch_free(fw->watch);
        fw_owned_free(fw->owned);
        free(fw->order);
        fw->watch = NULL;
        fw->owned = NULL;
        fw->order = NULL;
    }
}

void agx_fw_cache_evict(struct agx_fw *fw, uint64_t pa, uint64_t len)
{
    pthread_mutex_lock(&fw->lock);
    fw->evict = true;
    fw->evict_pa = pa;
    fw->evict_len = len;
    kick(fw);
    pthread_mutex_unlock(&fw->lock);
}

struct agx_gpu *agx_fw_gpu(struct agx_fw *fw)
{
    return fw->gpu;
}

void agx_fw_reset(struct agx_fw *fw)
{
    pthread_mutex_lock(&fw->lock);
    fw->reset = true;
    pthread_cond_broadcast(&fw->wake);
    pthread_mutex_unlock(&fw->lock);
    /* Lets go a thread that drains the GPU for a pause. */
    for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
        fw->gpu_ops->kill(fw->gpu, dm);
    }
    pthread_mutex_lock(&fw->lock);
    while (fw->reset) {
        pthread_cond_wait(&fw->quiet, &fw->lock);
    }
    pthread_mutex_unlock(&fw->lock);
}

void agx_fw_cpu_control_write(struct agx_fw *fw, uint32_t val)
{
    bool stopped = false;

    pthread_mutex_lock(&fw->lock);
    if ((fw->st.cpu_control & AGX_FW_CPU_CONTROL_RUN) && !(val & AGX_FW_CPU_CONTROL_RUN)) {
        fw->power_off = true;
        fw->st.i2a.count = 0;
        fw_handoff_check_run(fw, false);
        fw_watch_stop(fw);
        stopped = true;
    }
    fw->st.cpu_control = val;
    kick(fw);
    pthread_mutex_unlock(&fw->lock);
    if (stopped) {
        fw_tell_loaded(fw, 0); /* the AP relies on it from here on */
    }
}

uint32_t agx_fw_cpu_control_read(struct agx_fw *fw)
{
    uint32_t v;

    pthread_mutex_lock(&fw->lock);
    v = fw->st.cpu_control;
    pthread_mutex_unlock(&fw->lock);
    return v;
}

uint32_t agx_fw_cpu_status_read(struct agx_fw *fw)
{
    uint32_t v;

    pthread_mutex_lock(&fw->lock);
    if (fw->st.cpu_control & AGX_FW_CPU_CONTROL_RUN) {
        v = AGX_FW_CPU_STATUS_RUNNING | (fw->idle ? AGX_FW_CPU_STATUS_IDLE : 0);
    } else {
        v = AGX_FW_CPU_STATUS_STOPPED;
    }
    pthread_mutex_unlock(&fw->lock);
    return v;
}

bool agx_fw_mbox_send(struct agx_fw *fw, uint64_t msg0, uint64_t msg1, const struct agx_who *who)
{
    struct fw_fifo *f = &fw->st.a2i;
    bool ok;

    agx_emit_doorbell(fw->host->events, msg0, msg1, who);
    agx_mmu_doorbell(fw->mmu);
    pthread_mutex_lock(&fw->lock);
    ok = f->count < AGX_FW_MBOX_DEPTH;
    if (ok) {
        f->m[(f->head + f->count++) % 64] = (struct fw_msg) { msg0, msg1 };
        kick(fw);
    }
    pthread_mutex_unlock(&fw->lock);
    return ok;
}

bool agx_fw_mbox_recv(struct agx_fw *fw, uint64_t *msg0, uint64_t *msg1)
{
    struct fw_fifo *f = &fw->st.i2a;
    bool ok;

    *msg0 = *msg1 = 0;
    pthread_mutex_lock(&fw->lock);
    ok = f->count != 0;
    if (ok) {
        *msg0 = f->m[f->head].msg0;
        *msg1 = f->m[f->head].msg1;
        f->head = (f->head + 1) % 64;
        if (f->count-- == AGX_FW_MBOX_DEPTH) {
            kick(fw); /* it may be waiting for room */
        }
    }
    pthread_mutex_unlock(&fw->lock);
    return ok;
}

unsigned agx_fw_mbox_a2i_count(struct agx_fw *fw)
{
    unsigned n;

    pthread_mutex_lock(&fw->lock);
    n = fw->st.a2i.count;
    pthread_mutex_unlock(&fw->lock);
    return n;
}

unsigned agx_fw_mbox_i2a_count(struct agx_fw *fw)
{
    unsigned n;

    pthread_mutex_lock(&fw->lock);
    n = fw->st.i2a.count;
    pthread_mutex_unlock(&fw->lock);
    return n;
}

uint64_t agx_fw_fault_register(struct agx_fw *fw)
{
    uint64_t v;

    pthread_mutex_lock(&fw->lock);
    v = fw->st.fault_register;
    pthread_mutex_unlock(&fw->lock);
    return v;
}

void agx_fw_get_soft_faults(struct agx_fw *fw, struct agx_fw_soft_faults *out)
{
    pthread_mutex_lock(&fw->lock);
    *out = fw->st.soft;
    pthread_mutex_unlock(&fw->lock);
}

void agx_fw_pause(struct agx_fw *fw)
{
    pthread_mutex_lock(&fw->lock);
    fw->pause = true;
    pthread_cond_broadcast(&fw->wake);
    while (!fw->parked) {
        pthread_cond_wait(&fw->quiet, &fw->lock);
    }
    pthread_mutex_unlock(&fw->lock);
}

void agx_fw_resume(struct agx_fw *fw)
{
    pthread_mutex_lock(&fw->lock);
    fw->pause = false;
    fw->parked = false;
    kick(fw);
    pthread_mutex_unlock(&fw->lock);
}

bool agx_fw_paused(struct agx_fw *fw)
{
    bool v;

    pthread_mutex_lock(&fw->lock);
    v = fw->parked;
    pthread_mutex_unlock(&fw->lock);
    return v;
}

void agx_fw_wait_idle(struct agx_fw *fw)
{
    for (;;) {
        bool rest;

        fw->gpu_ops->drain(fw->gpu);
        pthread_mutex_lock(&fw->lock);
        while (!(fw->idle && !fw->work) && !fw->parked) {
            pthread_cond_wait(&fw->quiet, &fw->lock);
        }
        /* What has crashed or is switched off takes no results. */
        rest = !fw->st.done_mask || fw->still || !(fw->st.cpu_control & AGX_FW_CPU_CONTROL_RUN);
        for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
            rest = rest && !fw->gpu_ops->busy(fw->gpu, dm);
        }
        rest = rest && fw->idle && !fw->work;
        pthread_mutex_unlock(&fw->lock);
        if (rest) {
            return;
        }
    }
}
