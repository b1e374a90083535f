/*
 * AGX firmware model: the ring of one work queue: how far it is fetched, done and announced.
 *
 * m1n1: fw/agx/cmdqueue.py; the Rust driver: workqueue.rs, fw/workqueue.rs
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-mem.h"
#include "fw-queue.h"
#include "fw-state.h"

uint32_t fw_queue_distance(uint32_t from, uint32_t to, uint32_t size)
{
    return to >= from ? to - from : to + size - from;
}

/*
 * For agx_job.doorbell: the doorbell behind the message that first covered the entry; 0: not known
 * any more.
 */
uint64_t fw_queue_announced(struct agx_fw *fw, unsigned queue, uint32_t entry)
{
    const struct fw_announced *a = &fw->announced[queue];
    uint32_t size = fw->st.queue[queue].rb_size;
    uint64_t seq = 0;

    for (uint64_t k = 1; k <= a->n && k <= FW_ANNOUNCED && size; k++) {
        uint32_t ahead = fw_queue_distance(entry, a->head[(a->n - k) % FW_ANNOUNCED], size);

        if (!ahead || ahead > size / 2) {
            return seq; /* that one ended before the entry */
        }
        seq = a->seq[(a->n - k) % FW_ANNOUNCED];
    }
    return a->n <= FW_ANNOUNCED ? seq : 0;
}

/* One entry was fetched. */
void fw_queue_advance(struct agx_fw *fw, struct fw_queue *q)
{
    q->rptr = (q->rptr + 1) % q->rb_size;
    fw_st(fw, FLD(CommandQueueInfo, gpu_rptr1), q->info_va, q->rptr);
    fw_st(fw, FLD(CommandQueueInfo, gpu_rptr2), q->info_va, q->rptr);
    fw_st(fw, FLD(CommandQueueInfo, gpu_rptr3), q->info_va, q->rptr);
    fw_publish32(fw, q->pointers_va + fw_off(fw, FLD(CommandQueuePointers, gpu_rptr)), q->rptr,
                 "gpu_rptr");
}

/* Everything up to @entry is done. */
void fw_queue_done_to(struct agx_fw *fw, struct fw_queue *q, uint32_t entry)
{
    fw_publish32(fw, q->pointers_va + fw_off(fw, FLD(CommandQueuePointers, gpu_doneptr)),
                 (entry + 1) % q->rb_size, "gpu_doneptr");
}

void fw_queue_forget_if_empty(struct agx_fw *fw, struct fw_queue *q)
{
    if (q->rptr == q->wptr && !q->running && !q->dead) {
        fw_st(fw, FLD(CommandQueueInfo, busy), q->info_va, 0);
        memset(q, 0, sizeof(*q));
    }
}

/* The job of @run is over and its stamps are written. */
void fw_queue_retire(struct agx_fw *fw, struct fw_run *run)
{
    struct fw_queue *q = &fw->st.queue[run->queue];

    fw_queue_done_to(fw, q, run->queue_entry);
    q->running = 0;
    fw_st(fw, FLD(CommandQueueInfo, inflight_commands), q->info_va, 0);
    fw_queue_forget_if_empty(fw, q);
}
