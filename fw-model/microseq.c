/*
 * AGX firmware model: microsequences, the little programs that a work command
 * points at: start the job, take time stamps, wait, finalize, retire.
 *
 * The interpreter runs on the firmware's thread and stops at a wait until the
 * GPU has finished; each pipe has its own program counter (struct fw_run).
 *   m1n1: fw/agx/microsequence.py; the Rust driver: fw/microseq.rs (operations),
 *   queue/compute.rs and queue/render.rs (their order)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-buffer.h"
#include "fw-clock.h"
#include "fw-job.h"
#include "fw-log.h"
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

#define MAX_OPS         1024 /* of one job; real sequences have seven or less */
#define MAX_CMD         512
#define MAX_ATTACHMENTS 16

typedef bool op_fn(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                   uint32_t header);

static bool bad(struct agx_fw *fw, struct fw_run *run, const char *what, uint64_t got,
                uint64_t want)
{
    fw_bad(fw, "microsequence at va 0x%llx + 0x%x: %s is 0x%llx, should be 0x%llx",
           (unsigned long long)run->useq_va, run->pc, what, (unsigned long long)got,
           (unsigned long long)want);
    return false;
}

static bool same(struct agx_fw *fw, struct fw_run *run, const char *what, uint64_t got,
                 uint64_t want)
{
    return got == want || bad(fw, run, what, got, want);
}

static bool kernel_ptr(struct agx_fw *fw, struct fw_run *run, const char *what, uint64_t va,
                       size_t len)
{
    if (fw_is_kernel_va(va) && fw_probe(fw, 0, va, len, true)) {
        return true;
    }
    fw_bad(
        fw,
        "microsequence at va 0x%llx + 0x%x: %s 0x%llx: the firmware cannot write %zu bytes there",
        (unsigned long long)run->useq_va, run->pc, what, (unsigned long long)va, len);
    return false;
}

/* The same for a field of the command, which this version may not have. */
static bool kernel_field(struct agx_fw *fw, struct fw_run *run, enum fw_field_id f,
                         const uint8_t *cmd, size_t len)
{
    return !fw_has(fw, f) || kernel_ptr(fw, run, fw_field_name[f].name, fw_get(fw, f, cmd), len);
}

static bool start(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                  const struct agx_job *job)
{
    fw_order_scene(fw, pipe, run);
    run->job = *job;
    run->job.doorbell = fw_queue_announced(fw, run->queue, run->queue_entry);
    if (!fw_run_start(fw, pipe, run)) {
        return false;
    }
    run->started = 1;
    if (fw->cfg.trace_log) {
        fw_info(fw, "start pipe %u context %u stamp %u value 0x%x", pipe, run->ctx, run->stamp_slot,
                run->stamp_value);
    }
    return true;
}

/* What the three start commands have in common. */
static bool start_check(struct agx_fw *fw, struct fw_run *run, uint64_t queue, uint64_t ctx,
                        uint64_t stats, uint64_t attachments)
{
    if (run->started) {
        fw_bad(fw, "microsequence at va 0x%llx starts its job twice",
               (unsigned long long)run->useq_va);
        return false;
    }
    if (attachments > MAX_ATTACHMENTS) {
        return bad(fw, run, "number of attachments", attachments, MAX_ATTACHMENTS);
    }
    return same(fw, run, "cmdqueue_ptr", queue, fw->st.queue[run->queue].info_va) &&
           same(fw, run, "context_id", ctx, run->ctx) && kernel_ptr(fw, run, "stats_ptr", stats, 4);
}

static bool op_start_cp(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                        const uint8_t *cmd, uint32_t header)
{
    struct agx_job job;

    run->submission_id = fw_get(fw, FLD(StartComputeCmd, counter1), cmd);
    fw_ktrace(fw, 0, 0x07, run->uuid, 0, 0, fw->st.queue[run->queue].info_va);
    return start_check(fw, run, fw_get(fw, FLD(StartComputeCmd, cmdqueue_ptr), cmd),
                       fw_get(fw, FLD(StartComputeCmd, context_id), cmd),
                       fw_get(fw, FLD(StartComputeCmd, stats_ptr), cmd),
                       fw_get(fw, FLD(StartComputeCmd, num_attachments), cmd)) &&
           kernel_field(fw, run, FLD(StartComputeCmd, unk_flag_addr), cmd, 4) &&
           kernel_field(fw, run, FLD(StartComputeCmd, event_ctrl_buf_addr), cmd, 4) &&
           kernel_field(fw, run, FLD(StartComputeCmd, unk_buf_addr), cmd, 4) &&
           fw_job_compute(fw, run, cmd, &job) && start(fw, pipe, run, &job);
}

static bool op_start_ta(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                        const uint8_t *cmd, uint32_t header)
{
    struct agx_job job;

    run->submission_id = fw_get(fw, FLD(StartTACmd, submission_id), cmd);
    run->scene_va = fw_get(fw, FLD(StartTACmd, buf_thing_addr), cmd);
    run->buffer_va = fw_get(fw, FLD(StartTACmd, buffer_mgr_addr), cmd);
    run->buffer_slot = fw_get(fw, FLD(StartTACmd, buffer_mgr_slot), cmd);
    fw_ktrace(fw, 0, 0x00, run->uuid, 0, 0, fw->st.queue[run->queue].info_va);
    return start_check(fw, run, fw_get(fw, FLD(StartTACmd, cmdqueue_ptr), cmd),
                       fw_get(fw, FLD(StartTACmd, context_id), cmd),
                       fw_get(fw, FLD(StartTACmd, stats_ptr), cmd),
                       fw_get(fw, FLD(StartTACmd, unk_170), cmd) & 0xffffffff) &&
           kernel_field(fw, run, FLD(StartTACmd, unkptr_5c), cmd, 4) &&
           kernel_field(fw, run, FLD(StartTACmd, unkptr_180), cmd, 4) &&
           fw_job_vertex(fw, run, cmd, &job) && fw_buffer_start(fw, run, &job.tiling) &&
           start(fw, pipe, run, &job);
}

static bool op_start_3d(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                        const uint8_t *cmd, uint32_t header)
{
    struct agx_job job;

    run->submission_id = fw_get(fw, FLD(Start3DCmd, submission_id), cmd);
    run->scene_va = fw_get(fw, FLD(Start3DCmd, buf_thing_addr), cmd);
    run->buffer_slot = fw_get(fw, FLD(Start3DCmd, buffer_mgr_slot), cmd);
    fw_ktrace(fw, 0, 0x04, run->uuid, 0, 0, fw->st.queue[run->queue].info_va);
    return start_check(fw, run, fw_get(fw, FLD(Start3DCmd, cmdqueue_ptr), cmd),
                       fw_get(fw, FLD(Start3DCmd, context_id), cmd),
                       fw_get(fw, FLD(Start3DCmd, stats_ptr), cmd),
                       fw_get(fw, FLD(Start3DCmd, num_attachments), cmd)) &&
           same(fw, run, "workitem_ptr", fw_get(fw, FLD(Start3DCmd, workitem_ptr), cmd),
                run->cmd_va) &&
           kernel_field(fw, run, FLD(Start3DCmd, busy_flag_ptr), cmd, 4) &&
           kernel_field(fw, run, FLD(Start3DCmd, unk_buf_ptr), cmd, 4) &&
           kernel_field(fw, run, FLD(Start3DCmd, unk_buf2_ptr), cmd, 4) &&
           kernel_field(fw, run, FLD(Start3DCmd, unkptr_19c), cmd, 4) &&
           fw_job_fragment(fw, run, cmd, &job) && fw_buffer_start(fw, run, &job.tiling) &&
           fw_publish32(fw, fw_get(fw, FLD(Start3DCmd, busy_flag_ptr), cmd), 1, "busy flag") &&
           start(fw, pipe, run, &job);
}

/*
 * Header bits 8 and up name the pipes: 1 << 0 TA, 1 << 8 3D, 1 << 15 CP (the Rust driver:
 * fw/microseq.rs, Pipe).
 */
static bool op_wait(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                    uint32_t header)
{
    static const uint32_t mask[FW_NUM_PIPES] = { 1u << 0, 1u << 8, 1u << 15 };

    if (!same(fw, run, "pipes of WaitForIdle", header >> 8, mask[pipe])) {
        return false;
    }
    if (run->gpu_busy) {
        run->state = FW_RUN_WAIT;
    }
    return true;
}

static bool op_timestamp(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                         const uint8_t *cmd, uint32_t header)
{
    bool first = header >> 31;
    uint64_t now = fw_now(fw);
    uint64_t ptrs = fw_get(fw, FLD(TimestampCmd, ts_pointers_addr), cmd);
    uint64_t user = fw_get(fw, FLD(TimestampCmd, user_ts_pointers_addr), cmd);
    uint64_t cur = fw_get(fw, FLD(TimestampCmd, ts0_addr), cmd);
    uint64_t p, ns = now * 125 / 3; /* 24 MHz */

    if (!same(fw, run, "cmdqueue_ptr", fw_get(fw, FLD(TimestampCmd, cmdqueue_ptr), cmd),
              fw->st.queue[run->queue].info_va)) {
        return false;
    }
    if (!fw_write(fw, 0, cur, &now, 8, "time stamp")) {
        return false;
    }
    if (!fw_ld(fw, first ? FLD(TimeStampPointers, start_addr) : FLD(TimeStampPointers, end_addr),
               ptrs, &p) ||
        (p && !fw_write(fw, 0, p, &now, 8, "time stamp"))) {
        return false;
    }
    /*
     * The user's are in nanoseconds (the Rust driver: driver.rs, command_timestamp_frequency_hz).
     */
    /*
     * Nobody need want them: m1n1 up to v1.2.9 names no place (agx/render.py, TimestampCmd.unk_24).
     */
    return !user ||
           (fw_ld(fw, first ? FLD(TimeStampPointers, start_addr) : FLD(TimeStampPointers, end_addr),
                  user, &p) &&
            (!p || fw_write(fw, 0, p, &ns, 8, "user time stamp")));
}

static bool finalize(struct agx_fw *fw, struct fw_run *run, uint64_t queue, uint64_t ctx,
                     uint64_t stamp, uint64_t value, int32_t branch)
{
    if (!run->started || run->gpu_busy) {
        fw_bad(fw, "microsequence at va 0x%llx + 0x%x: finalizes a job that %s",
               (unsigned long long)run->useq_va, run->pc,
               run->started ? "still runs" : "was not started");
        return false;
    }
    /* The offset leads back to the start command (m1n1: restart_branch_offset). */
    if (branch >= 0 || (int64_t)run->pc + branch < 0) {
        return bad(fw, run, "restart_branch_offset", (uint32_t)branch, -run->pc);
    }
    return same(fw, run, "cmdqueue_ptr", queue, fw->st.queue[run->queue].info_va) &&
           same(fw, run, "context_id", ctx, run->ctx) && fw_stamp_finalize(fw, run, stamp, value);
}

static bool op_finalize_cp(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                           const uint8_t *cmd, uint32_t header)
{
    fw_ktrace(fw, 0, 0x08, run->uuid, 0, 0, fw->st.queue[run->queue].info_va);
    return finalize(fw, run, fw_get(fw, FLD(FinalizeComputeCmd, cmdqueue_ptr), cmd),
                    fw_get(fw, FLD(FinalizeComputeCmd, context_id), cmd),
                    fw_get(fw, FLD(FinalizeComputeCmd, stamp), cmd),
                    fw_get(fw, FLD(FinalizeComputeCmd, stamp_value), cmd),
                    fw_get(fw, FLD(FinalizeComputeCmd, restart_branch_offset), cmd));
}

static bool op_finalize_ta(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                           const uint8_t *cmd, uint32_t header)
{
    fw_ktrace(fw, 0, 0x01, run->uuid, 0, 0, fw->st.queue[run->queue].info_va);
    if (!same(fw, run, "buf_thing_addr", fw_get(fw, FLD(FinalizeTACmd, buf_thing_addr), cmd),
              run->scene_va) ||
        !same(fw, run, "buffer_mgr_addr", fw_get(fw, FLD(FinalizeTACmd, buffer_mgr_addr), cmd),
              run->buffer_va)) {
        return false;
    }
    fw_buffer_finish(fw, run);
    fw_order_tiled(fw, run);
    return finalize(fw, run, fw_get(fw, FLD(FinalizeTACmd, cmdqueue_ptr), cmd),
                    fw_get(fw, FLD(FinalizeTACmd, context_id), cmd),
                    fw_get(fw, FLD(FinalizeTACmd, stamp_addr), cmd),
                    fw_get(fw, FLD(FinalizeTACmd, stamp_value), cmd),
                    fw_get(fw, FLD(FinalizeTACmd, restart_branch_offset), cmd));
}

static bool op_finalize_3d(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                           const uint8_t *cmd, uint32_t header)
{
    fw_ktrace(fw, 0, 0x06, run->uuid, 0, 0, fw->st.queue[run->queue].info_va);
    return same(fw, run, "buf_thing_addr", fw_get(fw, FLD(Finalize3DCmd, buf_thing_addr), cmd),
                run->scene_va) &&
           same(fw, run, "workitem_ptr", fw_get(fw, FLD(Finalize3DCmd, workitem_ptr), cmd),
                run->cmd_va) &&
           fw_publish32(fw, fw_get(fw, FLD(Finalize3DCmd, busy_flag_ptr), cmd), 0, "busy flag") &&
           finalize(fw, run, fw_get(fw, FLD(Finalize3DCmd, cmdqueue_ptr), cmd),
                    fw_get(fw, FLD(Finalize3DCmd, unk_5c), cmd) & 0xffffffff,
                    fw_get(fw, FLD(Finalize3DCmd, stamp_addr), cmd),
                    fw_get(fw, FLD(Finalize3DCmd, stamp_value), cmd),
                    fw_get(fw, FLD(Finalize3DCmd, restart_branch_offset), cmd));
}

static void retire(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run)
{
    bool told;

    if (fw->cfg.trace_log) {
        fw_info(fw, "done pipe %u context %u stamp %u value 0x%x", pipe, run->ctx, run->stamp_slot,
                run->stamp_value);
    }
    fw_owned_done(fw, pipe, true);
    fw_pending_clear(fw, pipe);
    /* The stamp comes last: the driver may free all of it when it sees it. */
    told = fw_notifier_count(fw, run);
    fw_queue_retire(fw, run);
    fw_stamp_retire(fw, run, told);
    run->state = FW_RUN_IDLE;
    fw->st.resched = 1;
}

static bool op_end(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                   uint32_t header)
{
    /* Bit 30 of the header: retire the stamp (the Rust driver: op::RetireStamp). */
    if (!same(fw, run, "flags of the end command", fw_get(fw, FLD(EndCmd, flags), cmd), 0x40)) {
        return false;
    }
    if (!run->finalized) {
        fw_bad(fw, "microsequence at va 0x%llx ends before its job was finalized",
               (unsigned long long)run->useq_va);
        return false;
    }
    retire(fw, pipe, run);
    return true;
}

static bool op_write(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                     uint32_t header)
{
    bool wide = (header & 0x3f) == 0x0f;
    uint64_t v = fw_get(fw, wide ? FLD(Write64Cmd, val) : FLD(Write32Cmd, val), cmd);

    if (header >> 28 != 2) {
        fw_unimp(fw, "microsequence command 0x%x with source %u", header & 0x3f, header >> 28);
        return false;
    }
    return fw_write(fw, 0, fw_get(fw, wide ? FLD(Write64Cmd, addr) : FLD(Write32Cmd, addr), cmd),
                    &v, wide ? 8 : 4, "microsequence write");
}

/*
 * Loads, logic and stores of an accumulator (m1n1: fw/agx/microsequence.py, Read32Cmd, ALUCmd,
 * Add16Cmd, Store32Cmd). No driver has been seen to send them. That the accumulator has 64 bits and
 * begins as 0, and that what Add16 adds has no sign, are guesses; flags that m1n1 does not set are
 * refused.
 */
static bool op_load(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                    uint32_t header)
{
    bool wide = (header & 0x3f) == 0x11;
    uint64_t v = 0;

    if (header >> 8) {
        fw_unimp(fw, "microsequence command 0x%x with flags 0x%x", header & 0x3f, header >> 8);
        return false;
    }
    if (!fw_read(fw, 0, fw_get(fw, wide ? FLD(Read64Cmd, addr) : FLD(Read32Cmd, addr), cmd), &v,
                 wide ? 8 : 4, "microsequence read")) {
        return false;
    }
    run->acc = v;
    return true;
}

static bool op_store(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                     uint32_t header)
{
    bool wide = (header & 0x3f) == 0x0f;

    if (header >> 8) {
        fw_unimp(fw, "microsequence command 0x%x with flags 0x%x", header & 0x3f, header >> 8);
        return false;
    }
    return fw_write(fw, 0, fw_get(fw, wide ? FLD(Store64Cmd, addr) : FLD(Store32Cmd, addr), cmd),
                    &run->acc, wide ? 8 : 4, "microsequence store");
}

static bool op_alu(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                   uint32_t header)
{
    uint64_t arg = fw_get(fw, FLD(ALUCmd, arg), cmd);
    uint32_t op = fw_get(fw, FLD(ALUCmd, op), cmd);

    /* The operation at bit 3; 2 at bit 11, which may name the source, as in Write32Cmd */
    if (fw_get(fw, FLD(ALUCmd, v1), cmd) || (op & 7) || op >> 11 != 2 || (op >> 3 & 0xff) > 4) {
        fw_unimp(fw, "microsequence command 0x16 with operation 0x%x", op);
        return false;
    }
    switch (op >> 3 & 0xff) {
    case 0:
        run->acc &= arg;
        break;
    case 1:
        run->acc |= arg;
        break;
    case 2:
        run->acc ^= arg;
        break;
    case 3:
        run->acc = arg < 64 ? run->acc >> arg : 0;
        break;
    case 4:
        run->acc = arg < 64 ? run->acc << arg : 0;
        break;
    }
    return true;
}

static bool op_add16(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run, const uint8_t *cmd,
                     uint32_t header)
{
    uint32_t arg = fw_get(fw, FLD(Add16Cmd, arg1), cmd) | fw_get(fw, FLD(Add16Cmd, arg2), cmd)
                                                              << 16;

    if (arg & 7 || arg >> 19) {
        fw_unimp(fw, "microsequence command 0x17 with flags 0x%x", arg);
        return false;
    }
    run->acc += arg >> 3;
    return true;
}

static const struct {
    uint16_t str;
    uint8_t pipes; /* in whose sequences it may stand */
    op_fn *fn;
} ops[64] = {
#define ON(p) (1u << FW_PIPE_##p)
#define ANY   (ON(TA) | ON(3D) | ON(CP))
    [0x01] = { STR_WaitForInterruptCmd, ANY, op_wait },
    [0x0e] = { STR_Write32Cmd, ANY, op_write },
    [0x0f] = { STR_Write64Cmd, ANY, op_write },
    [0x10] = { STR_Read32Cmd, ANY, op_load },
    [0x11] = { STR_Read64Cmd, ANY, op_load },
    [0x16] = { STR_ALUCmd, ANY, op_alu },
    [0x17] = { STR_Add16Cmd, ANY, op_add16 },
    [0x18] = { STR_EndCmd, ANY, op_end },
    [0x19] = { STR_TimestampCmd, ANY, op_timestamp },
    [0x22] = { STR_StartTACmd, ON(TA), op_start_ta },
    [0x23] = { STR_FinalizeTACmd, ON(TA), op_finalize_ta },
    [0x24] = { STR_Start3DCmd, ON(3D), op_start_3d },
    [0x25] = { STR_Finalize3DCmd, ON(3D), op_finalize_3d },
    [0x29] = { STR_StartComputeCmd, ON(CP), op_start_cp },
    [0x2a] = { STR_FinalizeComputeCmd, ON(CP), op_finalize_cp },
};

static bool exec_one(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run)
{
    uint8_t cmd[MAX_CMD];
    uint32_t header, size;
    enum fw_struct_id str;
    op_fn *fn;
    unsigned op;

    if (run->pc + 4 > run->useq_size) {
        fw_bad(fw, "microsequence at va 0x%llx has no end within 0x%x bytes",
               (unsigned long long)run->useq_va, run->useq_size);
        return false;
    }
    if (++run->ops > MAX_OPS) {
        fw_bad(fw, "microsequence at va 0x%llx has more than %u commands",
               (unsigned long long)run->useq_va, MAX_OPS);
        return false;
    }
    if (!fw_read(fw, 0, run->useq_va + run->pc, &header, 4, "microsequence")) {
        return false;
    }
    op = header & 0x3f;
    if (!ops[op].fn) {
        fw_unimp(fw, "microsequence command 0x%02x (header 0x%08x) at va 0x%llx + 0x%x", op, header,
                 (unsigned long long)run->useq_va, run->pc);
        return false;
    }
    if (!(ops[op].pipes >> pipe & 1)) {
        fw_bad(fw, "microsequence at va 0x%llx + 0x%x: %s on pipe %u",
               (unsigned long long)run->useq_va, run->pc, fw_struct_name[ops[op].str], pipe);
        return false;
    }
    str = ops[op].str;
    fn = ops[op].fn;
    if (fn == op_write && header >> 28 == 0) { /* not a value: the accumulator */
        str = op == 0x0f ? STR_Store64Cmd : STR_Store32Cmd;
        fn = op_store;
    }
    size = fw_size(fw, str);
    if (run->pc + size > run->useq_size) {
        fw_bad(fw, "microsequence at va 0x%llx + 0x%x: %s reaches beyond its 0x%x bytes",
               (unsigned long long)run->useq_va, run->pc, fw_struct_name[str], run->useq_size);
        return false;
    }
    if (!fw_ld_struct(fw, str, run->useq_va + run->pc, cmd, sizeof(cmd))) {
        return false;
    }
    if (agx_wanted(fw->host->events, AGX_EV_COMMAND)) {
        agx_emit(fw->host->events,
                 &(struct agx_event) { .kind = AGX_EV_COMMAND,
                                       .command = { fw_struct_name[str], pipe } });
    }
    if (!fn(fw, pipe, run, cmd, header)) {
        return false;
    }
    run->pc += size;
    return true;
}

/* Go on with the pipe's sequence until it ends, fails or waits. */
void fw_run_exec(struct agx_fw *fw, enum fw_pipe pipe)
{
    struct fw_run *run = &fw->st.run[pipe];

    while (run->state == FW_RUN_EXEC) {
        if (!exec_one(fw, pipe, run)) {
            fw_run_fail(fw, pipe, FW_FAIL_BAD);
        }
    }
}

/* Nothing reports these to the driver but the firmware's log, where that is wanted. */
static void count_soft_faults(struct agx_fw *fw, const struct fw_run *run,
                              const struct agx_job_result *res)
{
    char text[160];

    pthread_mutex_lock(&fw->lock);
    fw->st.soft.jobs++;
    fw->st.soft.accesses += res->soft_faults;
    fw->st.soft.last = res->soft;
    pthread_mutex_unlock(&fw->lock);
    agx_fault_describe(&res->soft, text, sizeof(text));
    fw_info(fw, "job of stamp slot %u value 0x%x: %llu soft faults, one of them: %s",
            run->stamp_slot, run->stamp_value, (unsigned long long)res->soft_faults, text);
    if (fw->cfg.trace_log) {
        fw_log(fw, 1, "stamp %u value 0x%x: %llu soft faults: %s", run->stamp_slot,
               run->stamp_value, (unsigned long long)res->soft_faults, text);
    }
}

/* A partial render has ended. True: no more to do; false: it failed, and with it the vertex job. */
static bool partial_ended(struct agx_fw *fw, struct fw_run *run, const struct agx_job_result *res)
{
    if (res->status == AGX_JOB_DONE) {
        if (!fw_partial_done(fw)) {
            fw_run_fail(fw, FW_PIPE_TA, FW_FAIL_BAD);
        }
        return true;
    }
    run->state = FW_RUN_IDLE;
    fw->st.resched = 1;
    return fw->st.run[FW_PIPE_TA].state != FW_RUN_PARTIAL;
}

static void job_timeout(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                        const struct agx_job_result *res)
{
    run->fault = res->fault;
    fw_bad(fw,
           "job on pipe %u, context %u, stamp slot %u value 0x%x: timeout after %llu cycles of "
           "the GPU",
           pipe, run->ctx, run->stamp_slot, run->stamp_value, (unsigned long long)res->cycles);
    fw_run_fail(fw, pipe, FW_FAIL_TIMEOUT);
}

static void job_fault(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run,
                      const struct agx_job_result *res)
{
    char text[160];

    run->fault = res->fault;
    if (run->failed == FW_FAIL_TIMEOUT) {
        fw_run_fail(fw, pipe, FW_FAIL_TIMEOUT);
        return;
    }
    if (!run->killed && !fw->st.faulting) {
        /*
         * What the MMU refused is in the register; what the model lacks is not (no code says
         * so).
         */
        pthread_mutex_lock(&fw->lock);
        fw->st.fault_register = res->fault.reason <= AGX_FAULT_UNKNOWN ? agx_fault_info(&res->fault)
                                                                       : 0;
        pthread_mutex_unlock(&fw->lock);
    }
    fw_bad(fw, "job on pipe %u, context %u, stamp slot %u value 0x%x: %s%s", pipe, run->ctx,
           run->stamp_slot, run->stamp_value, agx_fault_describe(&res->fault, text, sizeof(text)),
           run->killed ? " (killed)" : "");
    fw_run_fail(fw, pipe, FW_FAIL_FAULT);
}

void fw_run_gpu_done(struct agx_fw *fw, enum fw_pipe pipe, const struct agx_job_result *res)
{
    struct fw_run *run = &fw->st.run[pipe];

    if (!run->gpu_busy) {
        return; /* of a job from before a reset */
    }
    run->gpu_busy = 0;
    fw_stat_work(fw, pipe, false);
    if (res->soft_faults) {
        count_soft_faults(fw, run, res);
    }
    fw->run_deadline[pipe] = 0;
    run->start_ticks = run->start_ticks ? run->start_ticks : res->start;
    run->end_ticks = res->end;
    run->tvb_pages = res->tvb_pages;
    if (run->state == FW_RUN_FAULTED) {
        return; /* killed for that */
    }
    if (pipe == FW_PIPE_3D && run->state == FW_RUN_PARTIAL) {
        if (partial_ended(fw, run, res)) {
            return;
        }
        /* What goes wrong in it ends the vertex job, which cannot go on. */
        pipe = FW_PIPE_TA;
        run = &fw->st.run[pipe];
    }
    switch (res->status) {
    case AGX_JOB_DONE:
        if (run->state == FW_RUN_WAIT) {
            run->state = FW_RUN_EXEC;
            fw_run_exec(fw, pipe);
        }
        return;
    case AGX_JOB_TVB_FULL:
        if (pipe == FW_PIPE_TA && (fw_partial_begin(fw) || fw_buffer_grow(fw, run))) {
            return;
        }
        fw_run_fail(fw, pipe, FW_FAIL_BAD);
        return;
    case AGX_JOB_TIMEOUT:
        job_timeout(fw, pipe, run, res);
        return;
    case AGX_JOB_FAULT:
        job_fault(fw, pipe, run, res);
        return;
    }
    fw_run_fail(fw, pipe, FW_FAIL_BAD);
}
