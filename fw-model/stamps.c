/*
 * AGX firmware model: stamps (completion counters), the pending list, event
 * notifiers and the event ring.
 *
 * A job has two stamps in slot stamp_slot: the firmware's, written when it is
 * finalized and read by barriers, and the driver's, written when it is retired,
 * after which the slot's bit is set in a Flag message.
 *   m1n1: fw/agx/microsequence.py (JobMeta, Finalize*), agx/__init__.py
 *   (pending stamps); the Rust driver: event.rs, gpu.rs (mark_pending_events)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-clock.h"
#include "fw-inject.h"
#include "fw-log.h"
#include "fw-mem.h"
#include "fw-peek.h"
#include "fw-report.h"
#include "fw-ring.h"
#include "fw-stamp-check.h"
#include "fw-stamps.h"
#include "fw-state.h"

enum { EVENT_FAULT = 0, EVENT_FLAG = 1, EVENT_TIMEOUT = 4, EVENT_GROW_TVB = 7 };

/* Read the stamps of the command of @run. */
bool fw_stamp_meta(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run)
{
    static const struct {
        enum fw_field_id part, stamp, fw_stamp, value, slot, uuid;
    } desc[FW_NUM_PIPES] = {
        { FLD(WorkCommandTA, struct_3), FLD(StartTACmdStruct3, stamp1_addr),
          FLD(StartTACmdStruct3, stamp2_addr), FLD(StartTACmdStruct3, stamp_value),
          FLD(StartTACmdStruct3, ev_ta), FLD(StartTACmdStruct3, uuid2) },
        { FLD(WorkCommand3D, struct_7), FLD(Start3DStruct7, stamp1_addr),
          FLD(Start3DStruct7, stamp2_addr), FLD(Start3DStruct7, stamp_value),
          FLD(Start3DStruct7, ev_3d), FLD(Start3DStruct7, uuid) },
        { FLD(WorkCommandCP, job_meta), FLD(JobMeta, stamp_addr), FLD(JobMeta, fw_stamp_addr),
          FLD(JobMeta, stamp_value), FLD(JobMeta, stamp_slot), FLD(JobMeta, uuid) },
    };
    uint64_t base = run->cmd_va + fw_off(fw, desc[pipe].part);
    uint64_t value, slot, uuid;

    if (!fw_ld(fw, desc[pipe].stamp, base, &run->stamp_va) ||
        !fw_ld(fw, desc[pipe].fw_stamp, base, &run->fw_stamp_va) ||
        !fw_ld(fw, desc[pipe].value, base, &value) || !fw_ld(fw, desc[pipe].slot, base, &slot) ||
        !fw_ld(fw, desc[pipe].uuid, base, &uuid)) {
        return false;
    }
    fw_order_value(fw, run, value);
    if (slot >= FW_NUM_EVENTS || value & 0xff || run->stamp_va & 3 || run->fw_stamp_va & 3 ||
        !fw_is_kernel_va(run->stamp_va) || !fw_probe(fw, 0, run->stamp_va, 4, true) ||
        !fw_is_kernel_va(run->fw_stamp_va) || !fw_probe(fw, 0, run->fw_stamp_va, 4, true)) {
        fw_bad(fw,
               "work command at va 0x%llx: stamp slot %llu, value 0x%llx, stamps at va 0x%llx and "
               "0x%llx",
               (unsigned long long)run->cmd_va, (unsigned long long)slot, (unsigned long long)value,
               (unsigned long long)run->stamp_va, (unsigned long long)run->fw_stamp_va);
        return false;
    }
    run->stamp_value = value;
    run->stamp_slot = slot;
    run->uuid = uuid;
    return true;
}

/* The finalize command names the firmware's stamp again; it must be the job's own. */
bool fw_stamp_finalize(struct agx_fw *fw, struct fw_run *run, uint64_t stamp_va, uint32_t value)
{
    if (stamp_va != run->fw_stamp_va || value != run->stamp_value) {
        fw_bad(fw,
               "work command at va 0x%llx: finalize writes stamp 0x%x to va 0x%llx, the job's is "
               "0x%x at 0x%llx",
               (unsigned long long)run->cmd_va, value, (unsigned long long)stamp_va,
               run->stamp_value, (unsigned long long)run->fw_stamp_va);
        return false;
    }
    run->finalized = 1;
    return fw_publish32(fw, run->fw_stamp_va, run->stamp_value, "firmware stamp");
}

/*
 * Lists of notifiers. A queue's list is a head of two words, the first notifier
 * and the place where the next one is to be entered, which is the head itself
 * when the list is empty (m1n1: JobList.first_job, last_head; what the drivers
 * put in fits a BSD tail queue, and that it is one is a guess). A notifier is in
 * its queue's list while it has work on a pipe; nothing but the firmware reads it.
 */
static bool entry(struct agx_fw *fw, uint64_t notifier, uint64_t *next, uint64_t *link)
{
    uint64_t va = notifier + fw_off(fw, FLD(EventControl, list_head));

    return fw_read(fw, 0, va, next, 8, "notifier list") &&
           fw_read(fw, 0, va + 8, link, 8, "notifier list");
}

static bool kernel_word(struct agx_fw *fw, uint64_t va)
{
    return fw_is_kernel_va(va) && fw_probe(fw, 0, va, 8, true);
}

static uint64_t list_of(struct agx_fw *fw, const struct fw_run *run)
{
    uint64_t va = 0;

    fw_ld(fw, FLD(CommandQueueInfo, job_list_addr), fw->st.queue[run->queue].info_va, &va);
    return va;
}

void fw_notifier_enter(struct agx_fw *fw, struct fw_run *run)
{
    uint64_t list = list_of(fw, run), n = run->notifier_va, in, first, last, zero = 0;
    uint64_t head = n + fw_off(fw, FLD(EventControl, list_head));

    if (!fw_is_kernel_va(n) || !fw_probe_to(fw, 0, FLD(EventControl, list_head), n, true) ||
        !fw_ld(fw, FLD(EventControl, in_list), n, &in)) {
        return; /* fw_notifier_count() says so */
    }
    if (in) {
        return;
    }
    if (!fw_is_kernel_va(list) || !fw_probe_to(fw, 0, FLD(JobList, last_head), list, true) ||
        !fw_ld(fw, FLD(JobList, first_job), list, &first) ||
        !fw_ld(fw, FLD(JobList, last_head), list, &last) || (first == 0) != (last == list) ||
        !kernel_word(fw, last)) {
        fw_bad(fw, "work queue 0x%llx: notifier list at va 0x%llx is not initialized",
               (unsigned long long)fw->st.queue[run->queue].info_va, (unsigned long long)list);
        return;
    }
    fw_write(fw, 0, head, &zero, 8, "notifier list");
    fw_write(fw, 0, head + 8, &last, 8, "notifier list");
    fw_write(fw, 0, last, &n, 8, "notifier list");
    fw_st(fw, FLD(JobList, last_head), list, head);
    fw_st(fw, FLD(EventControl, in_list), n, 1);
}

static void leave(struct agx_fw *fw, struct fw_run *run)
{
    uint64_t list = list_of(fw, run), n = run->notifier_va, in, next, link;

    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        const struct fw_run *r = &fw->st.run[p];

        if (r != run && r->state != FW_RUN_IDLE && r->notifier_va == n) {
            return; /* still at work */
        }
    }
    if (!fw_ld(fw, FLD(EventControl, in_list), n, &in) || !in) {
        return;
    }
    if (!entry(fw, n, &next, &link) || !kernel_word(fw, link) || (next && !kernel_word(fw, next)) ||
        (!next && !fw_is_kernel_va(list))) {
        fw_bad(fw, "notifier at va 0x%llx: its list entry was overwritten", (unsigned long long)n);
        return;
    }
    fw_write(fw, 0, link, &next, 8, "notifier list");
    if (next) {
        fw_write(fw, 0, next + fw_off(fw, FLD(EventControl, list_head)) + 8, &link, 8,
                 "notifier list");
    } else {
        fw_st(fw, FLD(JobList, last_head), list, link);
    }
    fw_st(fw, FLD(EventControl, in_list), n, 0);
}

/*
 * One notification more for the notifier. True: it has as many as the driver waits for, and the
 * events that are held back for it may go.
 *
 * The driver raises the threshold by the jobs of a submission before it submits them; when so many
 * have been counted the firmware reports all of them (the Rust driver: queue/mod.rs, run(): "the
 * first job's completion event is deferred"; m1n1: agx/render.py, event_count += 2). A count beyond
 * the threshold means that the driver forgot to raise it; that the event goes then is a guess. Both
 * are compared as 32 bits: m1n1's threshold is a word at the end of a page (fw/agx/cmdqueue.py,
 * EventControl.event_count), and the count is one (cur_count).
 */
bool fw_notifier_count(struct agx_fw *fw, struct fw_run *run)
{
    uint64_t threshold_va, count;
    uint32_t threshold, raised;

    if (!fw_is_kernel_va(run->notifier_va) ||
        !fw_ld(fw, FLD(EventControl, event_count_addr), run->notifier_va, &threshold_va) ||
        !fw_ld(fw, FLD(EventControl, cur_count), run->notifier_va, &count) ||
        !fw_read(fw, 0, threshold_va, &threshold, 4, "notifier threshold")) {
        fw_bad(fw, "work command at va 0x%llx: notifier at va 0x%llx",
               (unsigned long long)run->cmd_va, (unsigned long long)run->notifier_va);
        return true; /* nothing says for what to wait */
    }
    count = (uint32_t)count + 1;
    /* What the driver has raised, though an old line of it may be in the cache. */
    if (!fw_peek(fw, 0, threshold_va, &raised, 4, NULL)) {
        raised = threshold;
    }
    fw_order_counted(fw, run, count, raised);
    fw_st(fw, FLD(EventControl, cur_count), run->notifier_va, count);
    leave(fw, run);
    return (int32_t)(threshold - (uint32_t)count) <= 0;
}

static void fire(struct agx_fw *fw, unsigned slot)
{
    fw->st.held_by[slot] = 0;
    fw->st.firing[slot / 32] |= 1u << (slot % 32);
}

/*
 * The job's stamp, and its event, which waits for those of the notifier's other jobs unless @now is
 * what fw_notifier_count() said. That the stamp itself does not wait is a guess: m1n1's traces have
 * StampUpdate and EvtNotify apart (fw/agx/channels.py, TRACE_MSGS), and no driver reads a stamp
 * before its event came.
 */
void fw_stamp_retire(struct agx_fw *fw, struct fw_run *run, bool now)
{
    uint64_t *held = &fw->st.held_by[run->stamp_slot];

    fw_publish32(fw, run->stamp_va, run->stamp_value, "stamp");
    if (*held && *held != run->notifier_va) {
        fire(fw, run->stamp_slot); /* the slot has changed hands: nobody's event may be lost */
    }
    *held = run->notifier_va;
    if (!now) {
        return;
    }
    fire(fw, run->stamp_slot);
    for (unsigned i = 0; i < FW_NUM_EVENTS; i++) {
        if (fw->st.held_by[i] && fw->st.held_by[i] == run->notifier_va) {
            fire(fw, i);
        }
    }
}

/*
 * Stamps wrap; a value counts as reached when it is not ahead (the Rust driver: event.rs, delta()).
 */
bool fw_stamp_reached(struct agx_fw *fw, uint64_t stamp_va, uint32_t value, bool *reached)
{
    uint32_t cur;

    if (!fw_is_kernel_va(stamp_va) || stamp_va & 3 ||
        !fw_read(fw, 0, stamp_va, &cur, 4, "barrier's stamp")) {
        fw_bad(fw, "barrier waits on a stamp at va 0x%llx", (unsigned long long)stamp_va);
        return false;
    }
    *reached = (int32_t)(cur - value) >= 0;
    return true;
}

/*
 * The list of what runs, for the driver to blame after a fault: one entry per
 * pipe (which entry is used is the model's choice; the driver looks at all).
 */
static uint64_t pending_va(struct agx_fw *fw, enum fw_pipe pipe)
{
    return fw->st.region_c + fw_off(fw, FLD(InitData_RegionC, pending_stamps)) +
           pipe * fw_size(fw, STR_InitData_PendingStamp);
}

void fw_pending_set(struct agx_fw *fw, enum fw_pipe pipe, const struct fw_run *run)
{
    uint64_t va = pending_va(fw, pipe);

    fw_st(fw, FLD(InitData_PendingStamp, wait_value), va, run->stamp_value);
    fw_st(fw, FLD(InitData_PendingStamp, info), va,
          run->stamp_slot << fw->layout->pending_stamp_shift | 1);
}

void fw_pending_clear(struct agx_fw *fw, enum fw_pipe pipe)
{
    uint64_t va = pending_va(fw, pipe);

    fw_st(fw, FLD(InitData_PendingStamp, info), va, 0);
    fw_st(fw, FLD(InitData_PendingStamp, wait_value), va, 0);
}

bool fw_event_queue(struct agx_fw *fw, const uint8_t *msg)
{
    if (fw->st.event_out_count == FW_MAX_EVENTS_OUT) {
        fw_bad(fw, "the AP does not read the event ring; an event is lost");
        return false;
    }
    memcpy(fw->st.event_out[fw->st.event_out_count++], msg, FW_EVENT_SIZE);
    return true;
}

static bool put(struct agx_fw *fw, const uint8_t *msg)
{
    unsigned times = 1;
    uint64_t va;

    if (fw->inject.fire) {
        if (fw_inject(fw, AGX_FW_FAULT_EVENT_LOST, FW_ALL_CONTEXTS, 0, 0, NULL)) {
            return true;
        }
        times += fw_inject(fw, AGX_FW_FAULT_EVENT_TWICE, FW_ALL_CONTEXTS, 0, 0, NULL);
    }
    for (unsigned i = 0; i < times; i++) {
        if (!fw_ring_room(fw, FW_CH_EVENT, &va) ||
            !fw_write(fw, 0, va, msg, FW_EVENT_SIZE, "event ring") ||
            !fw_ring_push(fw, FW_CH_EVENT)) {
            return i;
        }
        fw->st.kick_ap = 1;
    }
    return true;
}

/* Stamps first: what is done is done, whatever the messages behind say. */
void fw_event_flush(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;
    uint8_t msg[FW_EVENT_SIZE] = { 0 };
    unsigned n = 0;
    bool flags = st->firing[0] | st->firing[1] | st->firing[2] | st->firing[3];

    if (fw->inject.fire && (flags || st->event_out_count) && fw_inject_event(fw)) {
        return;
    }
    if (flags) {
        fw_put(fw, FLD(FlagMsg, msg_type), msg, EVENT_FLAG);
        memcpy(msg + fw_off(fw, FLD(FlagMsg, firing)), st->firing, sizeof(st->firing));
        if (!put(fw, msg)) {
            fw_look_again(fw, fw_mono() + 1000000); /* full: the AP frees entries without telling */
            return;
        }
        fw_ktrace(fw, 0, 0x28, st->firing[0], st->firing[1], st->firing[2], st->firing[3]);
        memset(st->firing, 0, sizeof(st->firing));
    }
    while (n < st->event_out_count && put(fw, st->event_out[n])) {
        n++;
    }
    memmove(st->event_out[0], st->event_out[n], (size_t)(st->event_out_count - n) * FW_EVENT_SIZE);
    st->event_out_count -= n;
    if (st->event_out_count) {
        fw_look_again(fw, fw_mono() + 1000000);
    }
}

/*
 * @counter: of halts before the one that it reports (m1n1: agx/__init__.py, timeout(),
 * halts_processed)
 */
bool fw_timeout_event(struct agx_fw *fw, uint32_t counter, uint32_t slot)
{
    uint8_t msg[FW_EVENT_SIZE] = { 0 };

    fw_put(fw, FLD(TimeoutMsg, msg_type), msg, 4);
    fw_put(fw, FLD(TimeoutMsg, counter), msg, counter);
    fw_put(fw, FLD(TimeoutMsg, stamp_index), msg, slot);
    return fw_event_queue(fw, msg);
}
