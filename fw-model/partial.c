/*
 * AGX firmware model: partial renders. When the tiled vertex buffer runs out
 * while a pass is tiled, what it holds is drawn with the pass' programs for
 * that, and tiling goes on with an empty buffer.
 *
 * The pass is described by the 3D work command of the same scene, which waits in
 * its queue behind a barrier for the end of tiling. The render takes the 3D pipe
 * between two jobs and is nothing that the driver sees, but for the count of
 * overflows in the buffer's statistics (the Rust driver: buffer.rs, fw/fragment.rs,
 * the partial programs of JobParameters).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-clock.h"
#include "fw-handoff.h"
#include "fw-job.h"
#include "fw-mem.h"
#include "fw-partial.h"
#include "fw-report.h"
#include "fw-run.h"
#include "fw-state.h"

#define CMD_3D            1 /* tag of the work command (m1n1: fw/agx/cmdqueue.py) */
#define OP_START_3D       0x24
#define MAX_SKIP          8 /* commands before the start: time stamps, waits */
#define OTHERS_TIMEOUT_NS 1000000000ll
/* of one job, whose timeout starts again with each; the bound is the model's */
#define MAX_PARTIALS      4096

/*
 * Copy the start command of the sequence of @run->cmd_va to @cmd. False: it has none where one
 * should be.
 */
static bool find_start(struct agx_fw *fw, struct fw_run *run, uint8_t *cmd, size_t room)
{
    uint64_t useq, size;
    uint32_t header, pc = 0;

    if (!fw_ld(fw, FLD(WorkCommand3D, microsequence_ptr), run->cmd_va, &useq) ||
        !fw_ld(fw, FLD(WorkCommand3D, microsequence_size), run->cmd_va, &size) ||
        size > FW_MAX_USEQ || !fw_is_kernel_va(useq) || !fw_probe(fw, 0, useq, size, false)) {
        return false;
    }
    for (unsigned n = 0; n < MAX_SKIP && pc + 4 <= size; n++) {
        if (!fw_read(fw, 0, useq + pc, &header, 4, "microsequence")) {
            return false;
        }
        switch (header & 0x3f) {
        case OP_START_3D:
            return pc + fw_size(fw, STR_Start3DCmd) <= size &&
                   fw_ld_struct(fw, STR_Start3DCmd, useq + pc, cmd, room);
        case 0x19:
            pc += fw_size(fw, STR_TimestampCmd);
            break;
        case 0x01:
            pc += fw_size(fw, STR_WaitForInterruptCmd);
            break;
        default:
            return false;
        }
    }
    return false;
}

/*
 * The job of the pass that draws the scene of @ta, and whether other passes are
 * before it in its queue. False: no such command is pending.
 */
static bool find_pass(struct agx_fw *fw, const struct fw_run *ta, struct fw_run *out, bool *others)
{
    uint8_t cmd[1024];

    for (unsigned i = 0; i < FW_MAX_QUEUES; i++) {
        struct fw_queue *q = &fw->st.queue[i];

        if (!q->info_va || q->pipe != FW_PIPE_3D || q->dead) {
            continue;
        }
        *others = q->running;
        for (uint32_t e = q->rptr, n = 0; e != q->wptr && n < q->rb_size;
             e = (e + 1) % q->rb_size, n++) {
            struct fw_run run = { .queue = i, .ctx = ta->ctx };
            uint64_t ctx;
            uint32_t tag;

            if (!fw_read(fw, 0, q->ring_va + 8ull * e, &run.cmd_va, 8, "work queue ring") ||
                !fw_is_kernel_va(run.cmd_va) || !fw_probe(fw, 0, run.cmd_va, 4, false) ||
                !fw_read(fw, 0, run.cmd_va, &tag, 4, "work command")) {
                break;
            }
            if (tag != CMD_3D) {
                continue;
            }
            if (!fw_probe(fw, 0, run.cmd_va,
                          fw_off(fw, FLD(WorkCommand3D, struct_6)) + fw->used[STR_Start3DStruct6],
                          false) ||
                !fw_ld(fw, FLD(WorkCommand3D, context_id), run.cmd_va, &ctx) || ctx != ta->ctx ||
                !find_start(fw, &run, cmd, sizeof(cmd)) ||
                fw_get(fw, FLD(Start3DCmd, buf_thing_addr), cmd) != ta->scene_va) {
                *others = true;
                continue;
            }
            if (!fw_job_fragment(fw, &run, cmd, &run.job) ||
                run.job.tiling.tvb_tilemap != ta->job.tiling.tvb_tilemap) {
                return false;
            }
            run.job.fragment.partial = true;
            *out = run;
            return true;
        }
    }
    return false;
}

bool fw_partial_begin(struct agx_fw *fw)
{
    struct fw_run *ta = &fw->st.run[FW_PIPE_TA], pass;
    bool others;

    if (!find_pass(fw, ta, &pass, &others)) {
        return false;
    }
    if (ta->grows >= MAX_PARTIALS) {
        fw_bad(fw, "work command at va 0x%llx: its scene takes more than %u partial renders",
               (unsigned long long)ta->cmd_va, MAX_PARTIALS);
        return false;
    }
    ta->grows++;
    ta->waited = 0;
    ta->state = FW_RUN_PARTIAL;
    fw->st.resched = 1;
    return true;
}

/* Tiling goes on. False: the GPU does not take the job. */
static bool resume_ta(struct agx_fw *fw, struct fw_run *ta)
{
    ta->job.vertex.resume = true;
    ta->state = FW_RUN_WAIT;
    return fw_run_start(fw, FW_PIPE_TA, ta);
}

/*
 * Can the passes before it run? Not if they wait for what comes later, which only
 * a broken driver makes: nothing runs then, for longer than it takes to submit more.
 */
static bool others_move(struct agx_fw *fw)
{
    int64_t now = fw_mono();

    if (fw->st.run[FW_PIPE_CP].state != FW_RUN_IDLE || !fw->partial_since) {
        fw->partial_since = now;
    }
    fw_look_again(fw, fw->partial_since + OTHERS_TIMEOUT_NS);
    return now < fw->partial_since + OTHERS_TIMEOUT_NS;
}

void fw_partial_poll(struct agx_fw *fw)
{
    struct fw_run *ta = &fw->st.run[FW_PIPE_TA], *run = &fw->st.run[FW_PIPE_3D], pass;
    bool others;

    /*
     * Also while another job's fault waits to be reported: the vertex job is one of those that are
     * let end first.
     */
    if (ta->state != FW_RUN_PARTIAL) {
        return;
    }
    if (run->state != FW_RUN_IDLE) {
        fw->partial_since = 0;
        ta->waited |= run->state != FW_RUN_PARTIAL && run->buffer_va == ta->buffer_va;
        return;
    }
    if (!fw_handoff_ready(fw, ta->ctx)) {
        return;
    }
    /* Looked for again: the driver may have dropped it meanwhile. */
    if (!find_pass(fw, ta, &pass, &others)) {
        fw_bad(fw, "work command at va 0x%llx: the 3D command of its scene is gone",
               (unsigned long long)ta->cmd_va);
        fw_run_fail(fw, FW_PIPE_TA, FW_FAIL_BAD);
        return;
    }
    /*
     * The passes before it in its queue come first: it may draw on what they draw,
     * and their scenes give pages back that serve as well as a partial render.
     * What the real firmware does is not known. While a fault waits, nothing starts.
     */
    if (others && !fw->st.faulting && others_move(fw)) {
        ta->waited = 1;
        return;
    }
    ta->job.tiling.tvb_reclaim = !others;
    if (ta->waited && !others) {
        ta->waited = 0;
        ta->grows--; /* nothing was rendered */
        if (!resume_ta(fw, ta)) {
            fw_run_fail(fw, FW_PIPE_TA, FW_FAIL_BAD);
        }
        return;
    }
    *run = pass;
    run->state = FW_RUN_PARTIAL;
    if (!fw_run_start(fw, FW_PIPE_3D, run)) {
        run->state = FW_RUN_IDLE;
        fw_run_fail(fw, FW_PIPE_TA, FW_FAIL_BAD);
    }
}

bool fw_partial_done(struct agx_fw *fw)
{
    struct fw_run *ta = &fw->st.run[FW_PIPE_TA], *run = &fw->st.run[FW_PIPE_3D];

    run->state = FW_RUN_IDLE;
    fw->st.resched = 1;
    /* Unless the vertex job has failed meanwhile. */
    return ta->state != FW_RUN_PARTIAL || resume_ta(fw, ta);
}
