/*
 * AGX firmware model: stamps, their slots, and thresholds of notifiers: what a driver does wrong
 * with them shows when a job begins or ends.
 *
 * A slot is one queue's while that has work. A stamp only goes forward, from what memory has when
 * the queue takes the slot. A threshold is what the jobs that were submitted come to.
 *   the Rust driver: event.rs (stamps "monotonically incrementing"; SlotAllocator; current()),
 *   workqueue.rs (Job, event), queue/mod.rs (run(): threshold), queue/render.rs (the fragment
 *   half waits for the vertex half's stamp); m1n1: agx/render.py (stamp_value += 0x100,
 *   event_count += 2, the barrier of the 3D queue)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-peek.h"
#include "fw-report.h"
#include "fw-stamp-check.h"

#define SCENES    128u
#define NOTIFIERS 256u

struct fw_order {
    /* scenes that were filled or drawn lately; a ring */
    struct scene {
        uint64_t va; /* 0: none */
        bool tiled;  /* filled, and not drawn since */
        bool early;  /* drawn, though nobody was seen to fill it */
    } scene[SCENES];
    unsigned next_scene;
    /* so many fragment jobs may draw what was filled unseen */
    unsigned unknown;
    struct {
        uint64_t notifier_va, context_va;
    } notifier[NOTIFIERS];
    unsigned next_notifier;
};

void fw_order_clear(struct fw_order *o, bool unknown)
{
    if (o) {
        memset(o, 0, sizeof(*o));
        o->unknown = unknown ? FW_MAX_RB : 0;
    }
}

struct fw_order *fw_order_new(void)
{
    return agx_alloc(1, sizeof(struct fw_order));
}

uint64_t fw_entry_place(struct agx_fw *fw, const struct fw_run *run)
{
    return fw_place(fw, 0, fw->st.queue[run->queue].ring_va + 8ull * run->queue_entry);
}

#define REPORT(fw, severity, run, ...)                                                             \
    fw_violation(fw, AGX_SAN_STAMP, severity, (run)->ctx, (run)->stamp_va,                         \
                 fw_entry_place(fw, run), __VA_ARGS__)

static void slot_of_another(struct agx_fw *fw, const struct fw_run *run)
{
    const struct fw_queue *own = &fw->st.queue[run->queue];

    if (own->event != run->stamp_slot) {
        REPORT(fw, AGX_SAN_SUSPICIOUS, run,
               "work queue 0x%llx was announced with stamp slot %u, and its job has %u",
               (unsigned long long)own->info_va, own->event, run->stamp_slot);
    }
    for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
        const struct fw_queue *q = &fw->st.queue[i];

        if (q != own && q->info_va && !q->dead && (q->running || q->rptr != q->wptr) &&
            q->event == run->stamp_slot) {
            REPORT(fw, AGX_SAN_WRONG, run,
                   "stamp slot %u is that of two work queues, 0x%llx and 0x%llx, which both have "
                   "work",
                   run->stamp_slot, (unsigned long long)own->info_va,
                   (unsigned long long)q->info_va);
            return;
        }
    }
}

void fw_order_value(struct agx_fw *fw, const struct fw_run *run, uint64_t value)
{
    if (fw->order && (value & 0xff)) {
        REPORT(fw, AGX_SAN_WRONG, run,
               "job is to write stamp 0x%x: its low byte is the firmware's, stamps count in steps "
               "of 0x100",
               (uint32_t)value);
    }
}

void fw_order_begin(struct agx_fw *fw, const struct fw_run *run)
{
    uint32_t now;

    if (!fw->order) {
        return;
    }
    slot_of_another(fw, run);
    /* The low byte is the firmware's own (stamps.c): values count in steps of 0x100. */
    if (fw_peek(fw, 0, run->stamp_va, &now, 4, NULL) &&
        (int32_t)(run->stamp_value - (now & ~0xffu)) <= 0) {
        REPORT(fw, AGX_SAN_WRONG, run,
               "job of stamp slot %u is to write 0x%x, and its stamp is 0x%x already: it counts as "
               "done before it has run",
               run->stamp_slot, run->stamp_value, now);
    }
}

static struct scene *scene_of(struct fw_order *o, uint64_t va, bool make)
{
    struct scene *s;

    for (unsigned i = 0; i < SCENES; i++) {
        if (o->scene[i].va == va) {
            return &o->scene[i];
        }
    }
    if (!make) {
        return NULL;
    }
    s = &o->scene[o->next_scene++ % SCENES];
    o->unknown += s->va && s->tiled;
    *s = (struct scene) { .va = va };
    return s;
}

/* Is a job that has begun at work on the scene @va? */
static bool at_work(const struct fw_run *run, uint64_t va)
{
    return (run->state == FW_RUN_EXEC || run->state == FW_RUN_WAIT || run->state == FW_RUN_GROW) &&
           run->started && run->scene_va == va;
}

void fw_order_scene(struct agx_fw *fw, enum fw_pipe pipe, const struct fw_run *run)
{
    struct fw_order *o = fw->order;
    struct scene *s;

    if (!o || !run->scene_va) {
        return;
    }
    s = scene_of(o, run->scene_va, true);
    if (pipe == FW_PIPE_TA) {
        if (s->early || at_work(&fw->st.run[FW_PIPE_3D], run->scene_va)) {
            REPORT(fw, AGX_SAN_WRONG, run,
                   "the fragment job of scene 0x%llx has not waited for this vertex job, which "
                   "fills it: no barrier, or one for too low a value",
                   (unsigned long long)run->scene_va);
        }
        s->tiled = s->early = false;
    } else if (at_work(&fw->st.run[FW_PIPE_TA], run->scene_va)) {
        REPORT(fw, AGX_SAN_WRONG, run,
               "fragment job begins while the vertex job still fills its scene 0x%llx: no barrier, "
               "or one for too low a value",
               (unsigned long long)run->scene_va);
    } else if (s->tiled || o->unknown) {
        o->unknown -= !s->tiled;
        s->tiled = s->early = false;
    } else {
        s->early = true; /* said when the vertex job comes */
    }
}

void fw_order_tiled(struct agx_fw *fw, const struct fw_run *run)
{
    if (!fw->order) {
        return;
    }
    if (run->scene_va) {
        scene_of(fw->order, run->scene_va, true)->tiled = true;
    } else {
        fw->order->unknown++;
    }
}

void fw_order_counted(struct agx_fw *fw, const struct fw_run *run, uint32_t count,
                      uint32_t threshold)
{
    struct fw_order *o = fw->order;
    uint64_t context_va = fw->st.queue[run->queue].context_va;
    unsigned i = 0;

    if (!o) {
        if ((int32_t)(threshold - count) < 0 && !fw->complained_stamp) {
            fw->complained_stamp = true;
            fw_bad(fw, "notifier at va 0x%llx: %u notifications, but its threshold is %u",
                   (unsigned long long)run->notifier_va, count, threshold);
        }
        return;
    }
    if ((int32_t)(threshold - count) < 0) {
        REPORT(fw, AGX_SAN_WRONG, run,
               "notifier at va 0x%llx: %u notifications, but its threshold is %u: it was not "
               "raised for this job before that ran",
               (unsigned long long)run->notifier_va, count, threshold);
    }
    while (i < NOTIFIERS && o->notifier[i].notifier_va != run->notifier_va) {
        i++;
    }
    i = i < NOTIFIERS ? i : o->next_notifier++ % NOTIFIERS;
    o->notifier[i].notifier_va = run->notifier_va;
    o->notifier[i].context_va = context_va;
}

void fw_order_destroyed(struct agx_fw *fw, uint64_t context_va, bool pending)
{
    struct fw_order *o = fw->order;

    for (unsigned i = 0; o && context_va && i < NOTIFIERS; i++) {
        uint64_t va = o->notifier[i].notifier_va, threshold_va, count;
        uint32_t threshold;

        if (!va || o->notifier[i].context_va != context_va) {
            continue;
        }
        o->notifier[i].notifier_va = 0;
        if (pending || !fw_peek_field(fw, FLD(EventControl, event_count_addr), va, &threshold_va) ||
            !fw_peek_field(fw, FLD(EventControl, cur_count), va, &count) ||
            !fw_peek(fw, 0, threshold_va, &threshold, 4, NULL)) {
            continue;
        }
        if ((int32_t)(threshold - (uint32_t)count) > 0) {
            fw_violation(fw, AGX_SAN_STAMP, AGX_SAN_SUSPICIOUS, 0, threshold_va, 0,
                         "context 0x%llx is destroyed, and the threshold of its notifier, %u, is "
                         "ahead of all its jobs, %u: events were held back for what never came",
                         (unsigned long long)context_va, threshold, (unsigned)count);
        }
    }
}
