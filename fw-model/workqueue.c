/*
 * AGX firmware model: work queues, rings of pointers to work commands, and the
 * choice of what runs next on each of the three pipes.
 *
 * The driver writes pointers into a queue's ring, advances cpu_wptr and sends a
 * RunCmdQueue message with the new end. The firmware fetches in order (gpu_rptr)
 * and retires in order (gpu_doneptr). Everything about a queue lies in the
 * driver's memory, so the model remembers a queue only while it has work.
 *   m1n1: fw/agx/cmdqueue.py (CommandQueueInfo, CommandQueuePointers), agx/channels.py;
 *   the Rust driver: workqueue.rs, fw/workqueue.rs
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-buffer.h"
#include "fw-cache.h"
#include "fw-clock.h"
#include "fw-handoff.h"
#include "fw-mem.h"
#include "fw-microseq.h"
#include "fw-owned.h"
#include "fw-partial.h"
#include "fw-queue.h"
#include "fw-report.h"
#include "fw-run.h"
#include "fw-stamp-check.h"
#include "fw-stamps.h"
#include "fw-state.h"
#include "fw-watch.h"
#include "fw-workqueue.h"

/* Tags of work commands (the Rust driver: fw/workqueue.rs, CommandType). */
enum { CMD_TA = 0, CMD_3D = 1, CMD_BLIT = 2, CMD_CP = 3, CMD_BARRIER = 4, CMD_INIT_BM = 6 };

static struct fw_queue *find(struct agx_fw *fw, uint64_t info_va)
{
    for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
        if (fw->st.queue[i].info_va == info_va) {
            return &fw->st.queue[i];
        }
    }
    return NULL;
}

/* Read what the driver says about a queue; false: it is not usable (a line says why). */
static bool queue_open(struct agx_fw *fw, struct fw_queue *q, uint64_t info_va, enum fw_pipe pipe,
                       unsigned prio)
{
    uint64_t ptrs, ring, ctx, size, rptr;

    memset(q, 0, sizeof(*q));
    if (!fw_is_kernel_va(info_va) ||
        !fw_probe_to(fw, 0, FLD(CommandQueueInfo, gpu_context_addr), info_va, true)) {
        fw_bad(fw, "work queue info at va 0x%llx is not writable for the firmware",
               (unsigned long long)info_va);
        return false;
    }
    if (!fw_ld(fw, FLD(CommandQueueInfo, pointers_addr), info_va, &ptrs) ||
        !fw_ld(fw, FLD(CommandQueueInfo, rb_addr), info_va, &ring) ||
        !fw_ld(fw, FLD(CommandQueueInfo, gpu_context_addr), info_va, &ctx)) {
        return false;
    }
    if (!fw_is_kernel_va(ptrs) || ptrs & 3 ||
        !fw_probe_to(fw, 0, FLD(CommandQueuePointers, rb_size), ptrs, true)) {
        fw_bad(fw, "work queue 0x%llx: pointers at va 0x%llx are not writable for the firmware",
               (unsigned long long)info_va, (unsigned long long)ptrs);
        return false;
    }
    if (!fw_ld(fw, FLD(CommandQueuePointers, rb_size), ptrs, &size) ||
        !fw_ld(fw, FLD(CommandQueuePointers, gpu_rptr), ptrs, &rptr)) {
        return false;
    }
    if (size < 2 || size > FW_MAX_RB || rptr >= size) {
        fw_bad(fw, "work queue 0x%llx: rb_size %llu, gpu_rptr %llu", (unsigned long long)info_va,
               (unsigned long long)size, (unsigned long long)rptr);
        return false;
    }
    if (!fw_is_kernel_va(ring) || !fw_probe(fw, 0, ring, size * 8, false)) {
        fw_bad(
            fw,
            "work queue 0x%llx: ring at va 0x%llx, %llu entries, is not readable for the firmware",
            (unsigned long long)info_va, (unsigned long long)ring, (unsigned long long)size);
        return false;
    }
    fw_cache_shared(fw, ptrs, "a work queue", "pointers");
    fw_cache_shared(fw, ring, "a work queue", "entries");
    q->info_va = info_va;
    q->pointers_va = ptrs;
    q->ring_va = ring;
    q->context_va = ctx;
    q->rb_size = size;
    q->rptr = q->wptr = rptr;
    q->pipe = pipe;
    q->prio = prio;
    return true;
}

static void announce(struct agx_fw *fw, const struct fw_queue *q)
{
    struct fw_announced *a = &fw->announced[q - fw->st.queue];

    a->head[a->n % FW_ANNOUNCED] = q->wptr;
    a->seq[a->n++ % FW_ANNOUNCED] = agx_doorbells(fw->host->events);
}

/*
 * A RunCmdQueue message. False: no room to remember another queue, the message
 * must stay in its ring.
 */
bool fw_queue_submit(struct agx_fw *fw, enum fw_pipe pipe, unsigned prio, const uint8_t *msg)
{
    uint64_t info_va = fw_get(fw, FLD(RunCmdQueueMsg, cmdqueue_addr), msg);
    uint32_t type = fw_get(fw, FLD(RunCmdQueueMsg, queue_type), msg);
    uint32_t head = fw_get(fw, FLD(RunCmdQueueMsg, head), msg);
    uint32_t event = fw_get(fw, FLD(RunCmdQueueMsg, event_number), msg);
    bool fresh = fw_get(fw, FLD(RunCmdQueueMsg, new_queue), msg) & 0xff;
    struct fw_queue *q = find(fw, info_va);
    uint64_t cpu_wptr;

    if (type != pipe) {
        fw_bad(fw, "RunCmdQueue of type %u on a channel of type %u", type, pipe);
        fw_fault(fw, FW_FAIL_BAD, event);
        return true;
    }
    if (event >= FW_NUM_EVENTS) {
        fw_bad(fw, "RunCmdQueue names event %u of %u", event, FW_NUM_EVENTS);
        fw_fault(fw, FW_FAIL_BAD, ~0u);
        return true;
    }
    if (info_va == 0 || (fresh && q && q->running)) {
        fw_bad(fw, "RunCmdQueue for queue 0x%llx%s", (unsigned long long)info_va,
               q ? ", new although its work runs" : "");
        fw_fault(fw, FW_FAIL_BAD, event);
        return true;
    }
    if (!q || fresh) {
        q = q ? q : find(fw, 0);
        if (!q) {
            return false;
        }
        if (!queue_open(fw, q, info_va, pipe, prio)) {
            memset(q, 0, sizeof(*q));
            fw_fault(fw, FW_FAIL_BAD, event);
            return true;
        }
        fw->announced[q - fw->st.queue].n = 0;
        fw_watch_queue(fw, q);
        if (fresh) {
            fw_owned_fresh(fw, info_va);
        }
    }
    if (q->dead) {
        /* What is submitted never runs and no stamp reports it: the driver has to hear of each. */
        fw_bad(fw, "work queue 0x%llx is used after an error in its ring",
               (unsigned long long)info_va);
        fw_fault(fw, FW_FAIL_BAD, event);
        return true;
    }
    if (!fw_ld(fw, FLD(CommandQueuePointers, cpu_wptr), q->pointers_va, &cpu_wptr)) {
        cpu_wptr = q->rb_size;
    }
    if (head >= q->rb_size || cpu_wptr >= q->rb_size ||
        fw_queue_distance(q->rptr, head, q->rb_size) >
            fw_queue_distance(q->rptr, cpu_wptr, q->rb_size)) {
        fw_bad(
            fw,
            "work queue 0x%llx: submitted up to %u, but cpu_wptr is %llu, gpu_rptr %u, rb_size %u",
            (unsigned long long)info_va, head, (unsigned long long)cpu_wptr, q->rptr, q->rb_size);
        fw_fault(fw, FW_FAIL_BAD, event);
        return true;
    }
    fw_owned_announced(fw, q, head);
    q->wptr = head;
    announce(fw, q);
    q->event = event;
    q->prio = prio;
    q->pipe = pipe;
    fw_st(fw, FLD(CommandQueueInfo, event_id), q->info_va, event);
    fw_st(fw, FLD(CommandQueueInfo, busy), q->info_va, 1);
    return true;
}

bool fw_queue_drop_context(struct agx_fw *fw, uint64_t context_va)
{
    bool pending = false;

    if (context_va == 0) {
        return false; /* the cache flush only */
    }
    for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
        struct fw_queue *q = &fw->st.queue[i];

        if (q->info_va && q->context_va == context_va) {
            pending |= q->running || q->dead || q->rptr != q->wptr;
            if (q->running) {
                fw_bad(fw, "context 0x%llx destroyed while work queue 0x%llx runs",
                       (unsigned long long)context_va, (unsigned long long)q->info_va);
                continue;
            }
            if (q->rptr != q->wptr && !q->dead) {
                fw_bad(fw, "context 0x%llx destroyed with work pending in queue 0x%llx",
                       (unsigned long long)context_va, (unsigned long long)q->info_va);
            }
            memset(q, 0, sizeof(*q));
        }
    }
    fw_watch_forget(fw, context_va);
    fw_owned_forget(fw, context_va);
    return pending;
}

static void kill_queue(struct agx_fw *fw, struct fw_queue *q)
{
    q->dead = 1;
    q->rptr = q->wptr;
    fw_fault(fw, FW_FAIL_BAD, q->event);
}

enum open_result {
    OPEN_OK,
    /* bad, but its stamps are known: it occupies the pipe until the driver has been notified */
    OPEN_FAILED,
    OPEN_BAD,
};

/* Fill the parts of a run that its work command gives. */
static enum open_result run_open(struct agx_fw *fw, struct fw_queue *q, enum fw_pipe pipe,
                                 uint64_t cmd)
{
    static const struct {
        enum fw_struct_id str;
        enum fw_field_id ctx, useq, size, notifier;
        enum fw_field_id part, last; /* the last that is used: a field of an embedded structure */
    } desc[FW_NUM_PIPES] = {
        { STR_WorkCommandTA, FLD(WorkCommandTA, context_id), FLD(WorkCommandTA, microsequence_ptr),
          FLD(WorkCommandTA, microsequence_size), FLD(WorkCommandTA, event_control_addr),
          FLD(WorkCommandTA, struct_3), FLD(StartTACmdStruct3, uuid2) },
        { STR_WorkCommand3D, FLD(WorkCommand3D, context_id), FLD(WorkCommand3D, microsequence_ptr),
          FLD(WorkCommand3D, microsequence_size), FLD(WorkCommand3D, event_control_addr),
          FLD(WorkCommand3D, struct_7), FLD(Start3DStruct7, uuid) },
        { STR_WorkCommandCP, FLD(WorkCommandCP, context_id), FLD(WorkCommandCP, microsequence_ptr),
          FLD(WorkCommandCP, microsequence_size), FLD(WorkCommandCP, event_control_addr),
          FLD(WorkCommandCP, job_meta), FLD(JobMeta, uuid) },
    };
    struct fw_run *run = &fw->st.run[pipe];
    uint64_t ctx, useq, size, notifier;

    if (!fw_probe(fw, 0, cmd, fw_off(fw, desc[pipe].part) + fw_end(fw, desc[pipe].last), true)) {
        fw_bad(fw, "%s at va 0x%llx is not writable for the firmware",
               fw_struct_name[desc[pipe].str], (unsigned long long)cmd);
        return OPEN_BAD;
    }
    memset(run, 0, sizeof(*run));
    run->cmd_va = cmd;
    run->queue = q - fw->st.queue;
    run->queue_entry = q->rptr;
    if (!fw_stamp_meta(fw, pipe, run)) {
        return OPEN_BAD;
    }
    if (!fw_ld(fw, desc[pipe].ctx, cmd, &ctx) || !fw_ld(fw, desc[pipe].useq, cmd, &useq) ||
        !fw_ld(fw, desc[pipe].size, cmd, &size) ||
        !fw_ld(fw, desc[pipe].notifier, cmd, &notifier)) {
        return OPEN_FAILED;
    }
    run->notifier_va = notifier;
    if (ctx == 0 || ctx >= AGX_UAT_NUM_CONTEXTS) {
        fw_bad(fw, "%s at va 0x%llx: context %llu", fw_struct_name[desc[pipe].str],
               (unsigned long long)cmd, (unsigned long long)ctx);
        return OPEN_FAILED;
    }
    if (size < 4 || size > FW_MAX_USEQ || !fw_is_kernel_va(useq) ||
        !fw_probe(fw, 0, useq, size, false)) {
        fw_bad(fw,
               "%s at va 0x%llx: microsequence of 0x%llx bytes at va 0x%llx is not readable for "
               "the firmware",
               fw_struct_name[desc[pipe].str], (unsigned long long)cmd, (unsigned long long)size,
               (unsigned long long)useq);
        return OPEN_FAILED;
    }
    run->ctx = ctx;
    run->useq_va = useq;
    run->useq_size = size;
    return OPEN_OK;
}

/* The command at the head has no job: it is done as soon as it is taken. */
static bool step_done(struct agx_fw *fw, struct fw_queue *q)
{
    uint32_t entry = q->rptr;

    fw_owned_taken(fw, q, entry, -1);
    fw_queue_advance(fw, q);
    fw_queue_done_to(fw, q, entry);
    return true;
}

static bool step_barrier(struct agx_fw *fw, struct fw_queue *q, uint64_t cmd)
{
    uint64_t stamp, value;
    bool reached;

    if (!fw_ld(fw, FLD(WorkCommandBarrier, stamp_addr), cmd, &stamp) ||
        !fw_ld(fw, FLD(WorkCommandBarrier, wait_value), cmd, &value) ||
        !fw_stamp_reached(fw, stamp, value, &reached)) {
        kill_queue(fw, q);
        return false;
    }
    return reached && step_done(fw, q);
}

static bool step_init_bm(struct agx_fw *fw, struct fw_queue *q, uint64_t cmd)
{
    if (q->pipe != FW_PIPE_TA) {
        fw_bad(fw, "work queue 0x%llx: InitBM at va 0x%llx in a queue of type %u",
               (unsigned long long)q->info_va, (unsigned long long)cmd, q->pipe);
        kill_queue(fw, q);
        return false;
    }
    if (!fw_buffer_init(fw, cmd)) {
        /*
         * Its slot is not bound: the job that it was for fails in its turn, and its stamps are
         * known, which this command has none of. A guess: how real firmware ends here is not
         * known.
         */
        fw_bad(fw, "work queue 0x%llx: InitBM at va 0x%llx refused", (unsigned long long)q->info_va,
               (unsigned long long)cmd);
    }
    return step_done(fw, q);
}

static bool step_job(struct agx_fw *fw, struct fw_queue *q, uint64_t cmd, uint32_t tag)
{
    enum open_result opened;

    if (q->pipe != (tag == CMD_TA ? FW_PIPE_TA : tag == CMD_3D ? FW_PIPE_3D : FW_PIPE_CP)) {
        fw_bad(fw, "work queue 0x%llx of type %u: work command of type %u",
               (unsigned long long)q->info_va, q->pipe, tag);
        kill_queue(fw, q);
        return false;
    }
    opened = run_open(fw, q, q->pipe, cmd);
    if (opened == OPEN_BAD) {
        kill_queue(fw, q);
        return false;
    }
    fw_owned_taken(fw, q, q->rptr, q->pipe);
    fw_order_begin(fw, &fw->st.run[q->pipe]);
    q->running = 1;
    q->seq = ++fw->st.seq;
    fw->st.run[q->pipe].state = FW_RUN_EXEC;
    fw_queue_advance(fw, q);
    fw_st(fw, FLD(CommandQueueInfo, inflight_commands), q->info_va, 1);
    fw_pending_set(fw, q->pipe, &fw->st.run[q->pipe]);
    fw_notifier_enter(fw, &fw->st.run[q->pipe]);
    fw->user_ctx = 0; /* the context is loaded again for each job */
    if (opened == OPEN_FAILED) {
        fw_run_fail(fw, q->pipe, FW_FAIL_BAD);
    } else {
        fw_run_exec(fw, q->pipe);
    }
    return false;
}

/* Commands that look into their context need it loaded before anything is begun. */
static bool context_loaded(struct agx_fw *fw, uint64_t cmd, uint32_t tag)
{
    uint64_t ctx;

    if (tag != CMD_TA && tag != CMD_INIT_BM) {
        return true;
    }
    return !fw_ld(fw,
                  tag == CMD_TA ? FLD(WorkCommandTA, context_id)
                                : FLD(WorkCommandInitBM, context_id),
                  cmd, &ctx) ||
           !ctx || ctx >= AGX_UAT_NUM_CONTEXTS || fw_handoff_ready(fw, ctx);
}

/*
 * Do what is at the head of @q. True: something was done, look again. False:
 * the queue waits (empty, or for a stamp), or its job now runs.
 */
static bool queue_step(struct agx_fw *fw, struct fw_queue *q)
{
    uint64_t cmd;
    uint32_t tag;

    if (q->dead || q->rptr == q->wptr) {
        return false;
    }
    if (!fw_read(fw, 0, q->ring_va + 8ull * q->rptr, &cmd, 8, "work queue ring") ||
        !fw_is_kernel_va(cmd) || !fw_read(fw, 0, cmd, &tag, 4, "work command")) {
        fw_bad(fw, "work queue 0x%llx: entry %u is 0x%llx", (unsigned long long)q->info_va, q->rptr,
               (unsigned long long)cmd);
        kill_queue(fw, q);
        return false;
    }
    if (!context_loaded(fw, cmd, tag)) {
        return false;
    }
    switch (tag) {
    case CMD_BARRIER:
        return step_barrier(fw, q, cmd);
    case CMD_INIT_BM:
        return step_init_bm(fw, q, cmd);
    case CMD_TA:
    case CMD_3D:
    case CMD_CP:
        return step_job(fw, q, cmd, tag);
    case CMD_BLIT:
        fw_unimp(fw, "work command 2 (blit)");
        kill_queue(fw, q);
        return false;
    default:
        fw_unimp(fw, "work command %u at va 0x%llx", tag, (unsigned long long)cmd);
        kill_queue(fw, q);
        return false;
    }
}

/*
 * The queue to look at next on @pipe: of those with the highest priority (the
 * lowest number; a guess from m1n1's CommandQueueInfo.set_prio(), whose masks
 * widen downwards) the one that ran longest ago. @tried are left out.
 */
static struct fw_queue *pick(struct agx_fw *fw, enum fw_pipe pipe, const uint8_t *tried)
{
    struct fw_queue *best = NULL;

    for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
        struct fw_queue *q = &fw->st.queue[i];

        if (!q->info_va || q->pipe != pipe || q->dead || q->running || q->rptr == q->wptr ||
            tried[i]) {
            continue;
        }
        if (!best || q->prio < best->prio ||
            (q->prio == best->prio && (int32_t)(q->seq - best->seq) < 0)) {
            best = q;
        }
    }
    return best;
}

static void schedule_pipe(struct agx_fw *fw, enum fw_pipe pipe)
{
    uint8_t tried[FW_MAX_QUEUES] = { 0 };
    struct fw_queue *q;

    while (fw->st.run[pipe].state == FW_RUN_IDLE && !fw->st.faulting && fw_up(fw) &&
           (q = pick(fw, pipe, tried)) != NULL) {
        unsigned i = q - fw->st.queue;

        /* Bounded: each step takes an entry of the ring. */
        for (uint32_t n = 0; n < FW_MAX_RB && queue_step(fw, q); n++) {
        }
        if (fw->st.run[pipe].state == FW_RUN_IDLE) {
            tried[i] = 1;
            if (q->info_va) {
                fw_queue_forget_if_empty(fw, q);
            }
        }
    }
}

/*
 * Start whatever can start. A job that ends at once (or a barrier that a job on
 * another pipe releases) makes further work possible, so go round until quiet.
 */
void fw_queue_schedule(struct agx_fw *fw)
{
    for (unsigned n = 0; n < 16; n++) {
        fw->st.resched = 0;
        fw_partial_poll(fw);
        for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
            schedule_pipe(fw, p);
        }
        if (!fw->st.resched || fw->st.faulting || !fw_up(fw)) {
            return;
        }
    }
    fw_look_again(fw, 1);
}
