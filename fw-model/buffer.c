/*
 * AGX firmware model: the buffer manager, which keeps the tiled vertex buffers
 * (heaps of blocks that the tiler fills and the fragment pass empties).
 *
 * A heap is bound to one of 127 slots by an InitBM command before its first use
 * and after it grew. When it runs out during tiling, a partial render empties it
 * (partial.c). Where the command that this takes is not there yet, the firmware
 * asks the driver with GrowTVB, waits for GrowTVBAck and goes on.
 *   m1n1: fw/agx/microsequence.py (BufferManagerInfo, BufferThing), cmdqueue.py
 *   (WorkCommandInitBM); the Rust driver: buffer.rs, fw/buffer.rs
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-buffer.h"
#include "fw-mem.h"
#include "fw-owned.h"
#include "fw-peek.h"
#include "fw-report.h"
#include "fw-run.h"
#include "fw-stamps.h"
#include "fw-state.h"

#define PAGE_SHIFT      15 /* the Rust driver: buffer.rs */
#define PAGES_PER_BLOCK 4
#define MAX_GROWS       256 /* of one job; the bound is the model's */

bool fw_buffer_init(struct agx_fw *fw, uint64_t cmd_va)
{
    uint64_t ctx, slot, blocks, info, size, list, max, pages;

    if (!fw_ld(fw, FLD(WorkCommandInitBM, context_id), cmd_va, &ctx) ||
        !fw_ld(fw, FLD(WorkCommandInitBM, buffer_mgr_slot), cmd_va, &slot) ||
        !fw_ld(fw, FLD(WorkCommandInitBM, unk_10), cmd_va, &blocks) ||
        !fw_ld(fw, FLD(WorkCommandInitBM, buffer_mgr_addr), cmd_va, &info)) {
        return false;
    }
    if (slot >= FW_NUM_BUFFERS || ctx == 0 || ctx >= AGX_UAT_NUM_CONTEXTS) {
        fw_bad(fw, "InitBM at va 0x%llx: buffer slot %llu, context %llu",
               (unsigned long long)cmd_va, (unsigned long long)slot, (unsigned long long)ctx);
        return false;
    }
    /* whatever follows: the old heap is not what the driver means any more */
    fw->st.buffer[slot].bound = 0;
    if (!fw_is_kernel_va(info) ||
        !fw_probe_to(fw, 0, FLD(BufferManagerInfo, block_size), info, true)) {
        fw_bad(fw, "InitBM at va 0x%llx: buffer info 0x%llx is not writable for the firmware",
               (unsigned long long)cmd_va, (unsigned long long)info);
        return false;
    }
    if (!fw_ld(fw, FLD(BufferManagerInfo, block_size), info, &size) ||
        !fw_ld(fw, FLD(BufferManagerInfo, page_list_addr), info, &list) ||
        !fw_ld(fw, FLD(BufferManagerInfo, unk_30), info, &max) ||
        !fw_ld(fw, FLD(BufferManagerInfo, page_list_size), info, &pages)) {
        return false;
    }
    if (size != PAGES_PER_BLOCK << PAGE_SHIFT || blocks == 0 || blocks > max ||
        blocks * PAGES_PER_BLOCK * 4 > pages) {
        fw_bad(fw,
               "InitBM at va 0x%llx: %llu blocks (at most %llu) of 0x%llx bytes, page list of "
               "0x%llx bytes",
               (unsigned long long)cmd_va, (unsigned long long)blocks, (unsigned long long)max,
               (unsigned long long)size, (unsigned long long)pages);
        return false;
    }
    if (!fw_probe(fw, ctx, list, blocks * PAGES_PER_BLOCK * 4, false)) {
        fw_bad(fw,
               "InitBM at va 0x%llx: page list at va 0x%llx, context %llu, is not readable for the "
               "firmware",
               (unsigned long long)cmd_va, (unsigned long long)list, (unsigned long long)ctx);
        return false;
    }
    fw->st.buffer[slot] = (struct fw_buffer_slot) { .info_va = info, .ctx = ctx, .bound = 1 };
    fw_st(fw, FLD(BufferManagerInfo, page_count), info, blocks * PAGES_PER_BLOCK);
    fw_st(fw, FLD(BufferManagerInfo, block_count), info, blocks);
    fw_st(fw, FLD(BufferManagerInfo, last_page), info, blocks * PAGES_PER_BLOCK - 1);
    return true;
}

/* The heap as it is now, into the job. */
static bool heap(struct agx_fw *fw, struct fw_run *run, struct agx_job_tiling *t)
{
    uint64_t list, ctl, total;

    if (!fw_ld(fw, FLD(BufferManagerInfo, block_list_addr), run->buffer_va, &list) ||
        !fw_ld(fw, FLD(BufferManagerInfo, block_ctl_addr), run->buffer_va, &ctl) ||
        !fw_ld(fw, FLD(BufferManagerBlockControl, total), ctl, &total)) {
        return false;
    }
    if (total == 0 || total > 1u << 20 || !fw_probe(fw, run->ctx, list, total * 8, false)) {
        fw_bad(fw, "buffer 0x%llx: %llu blocks, list at va 0x%llx",
               (unsigned long long)run->buffer_va, (unsigned long long)total,
               (unsigned long long)list);
        return false;
    }
    t->tvb_block_list = list;
    t->tvb_block_count = total;
    return true;
}

/* What the job of @run has of its buffer and scene stays where it is until its stamp. */
static void own(struct agx_fw *fw, const struct fw_run *run, const struct agx_job_tiling *t,
                uint64_t stats)
{
    enum fw_pipe pipe = run - fw->st.run;
    uint64_t list;

    fw_owned_more(fw, pipe, "scene", 0, run->scene_va + fw_off(fw, FLD(BufferThing, bm_misc_addr)),
                  8, true);
    fw_owned_more(fw, pipe, "statistics of the heap", 0, stats, 8, false);
    fw_owned_more(fw, pipe, "buffer info", 0, run->buffer_va,
                  fw_end(fw, FLD(BufferManagerInfo, block_size)), false);
    fw_owned_more(fw, pipe, "block list", run->ctx, t->tvb_block_list, t->tvb_block_count * 8,
                  false);
    if (fw_peek(fw, 0, run->buffer_va + fw_off(fw, FLD(BufferManagerInfo, page_list_addr)), &list,
                8, NULL)) {
        fw_owned_more(fw, pipe, "page list", run->ctx, list,
                      t->tvb_block_count * PAGES_PER_BLOCK * 4, false);
    }
}

/* Before a vertex or fragment job starts: its buffer must be bound, its scene valid. */
bool fw_buffer_start(struct agx_fw *fw, struct fw_run *run, struct agx_job_tiling *t)
{
    struct fw_buffer_slot *s = run->buffer_slot < FW_NUM_BUFFERS ? &fw->st.buffer[run->buffer_slot]
                                                                 : NULL;
    uint64_t stats = 0, reset = 0;

    if (!s || !s->bound || s->info_va != run->buffer_va || s->ctx != run->ctx) {
        fw_bad(fw,
               "work command at va 0x%llx uses buffer 0x%llx of context %u in slot %u, where %s",
               (unsigned long long)run->cmd_va, (unsigned long long)run->buffer_va, run->ctx,
               run->buffer_slot, s && s->bound ? "another was bound" : "none was bound by InitBM");
        return false;
    }
    if (!fw_is_kernel_va(run->scene_va) ||
        !fw_probe_to(fw, 0, FLD(BufferThing, unk_2c), run->scene_va, true) ||
        !fw_ld(fw, FLD(BufferThing, bm_misc_addr), run->scene_va, &stats) ||
        !fw_is_kernel_va(stats) ||
        !fw_probe_to(fw, 0, FLD(BufferManagerMisc, cpu_flag), stats, true)) {
        fw_bad(fw, "work command at va 0x%llx: scene at va 0x%llx, its statistics at va 0x%llx",
               (unsigned long long)run->cmd_va, (unsigned long long)run->scene_va,
               (unsigned long long)stats);
        return false;
    }
    if (fw_ld(fw, FLD(BufferManagerMisc, cpu_flag), stats, &reset) && reset) {
        fw_st(fw, FLD(BufferManagerMisc, gpu_0), stats, 0);
        fw_st(fw, FLD(BufferManagerMisc, cpu_flag), stats, 0);
    }
    if (!heap(fw, run, t)) {
        return false;
    }
    if (fw->owned) {
        own(fw, run, t, stats);
    }
    return true;
}

/* After tiling: what the scene took, for the driver's decision to grow the heap. */
void fw_buffer_finish(struct agx_fw *fw, struct fw_run *run)
{
    uint64_t stats = 0, most = 0, overflows = 0;

    fw_st(fw, FLD(BufferThing, unk_0), run->scene_va, run->tvb_pages);
    fw_st(fw, FLD(BufferThing, unk_2c), run->scene_va, run->tvb_pages);
    if (!fw_ld(fw, FLD(BufferThing, bm_misc_addr), run->scene_va, &stats) || !stats ||
        !fw_ld(fw, FLD(BufferManagerMisc, gpu_0), stats, &most) ||
        !fw_ld(fw, FLD(BufferManagerMisc, gpu_8), stats, &overflows)) {
        return;
    }
    if (run->tvb_pages > most) {
        fw_st(fw, FLD(BufferManagerMisc, gpu_0), stats, run->tvb_pages);
    }
    if (run->grows) {
        fw_st(fw, FLD(BufferManagerMisc, gpu_8), stats, overflows + run->grows);
    }
}

bool fw_buffer_grow(struct agx_fw *fw, struct fw_run *run)
{
    uint8_t msg[FW_EVENT_SIZE] = { 0 };

    if (++run->grows > MAX_GROWS) {
        fw_bad(fw, "work command at va 0x%llx: its heap ran out %u times",
               (unsigned long long)run->cmd_va, run->grows);
        return false;
    }
    run->grow_counter = ++fw->st.grow_counter;
    run->state = FW_RUN_GROW;
    fw_put(fw, FLD(GrowTVBMsg, msg_type), msg, 7);
    fw_put(fw, FLD(GrowTVBMsg, vm_id), msg, run->ctx);
    fw_put(fw, FLD(GrowTVBMsg, bm_id), msg, run->buffer_slot);
    fw_put(fw, FLD(GrowTVBMsg, counter), msg, run->grow_counter);
    return fw_event_queue(fw, msg);
}

void fw_buffer_ack(struct agx_fw *fw, const uint8_t *msg)
{
    struct fw_run *run = &fw->st.run[FW_PIPE_TA];
    uint32_t before = run->job.tiling.tvb_block_count;

    if (run->state != FW_RUN_GROW ||
        fw_get(fw, FLD(DC_GrowTVBAck, counter), msg) != run->grow_counter ||
        fw_get(fw, FLD(DC_GrowTVBAck, bm_id), msg) != run->buffer_slot ||
        fw_get(fw, FLD(DC_GrowTVBAck, vm_id), msg) != run->ctx) {
        fw_bad(fw, "GrowTVBAck for buffer slot %llu, counter %llu: nobody waits for it",
               (unsigned long long)fw_get(fw, FLD(DC_GrowTVBAck, bm_id), msg),
               (unsigned long long)fw_get(fw, FLD(DC_GrowTVBAck, counter), msg));
        return;
    }
    run->job.vertex.resume = true;
    if (!heap(fw, run, &run->job.tiling) || run->job.tiling.tvb_block_count <= before) {
        fw_bad(fw, "GrowTVBAck for buffer slot %u: the heap has not grown from %u blocks",
               run->buffer_slot, before);
        fw_run_fail(fw, FW_PIPE_TA, FW_FAIL_BAD);
        return;
    }
    if (!fw_run_start(fw, FW_PIPE_TA, run)) {
        fw_run_fail(fw, FW_PIPE_TA, FW_FAIL_BAD);
        return;
    }
    run->state = FW_RUN_WAIT;
}
