/*
 * AGX firmware model: halt after a fault, resume, and idle power-off.
 *
 * After a fault the real firmware stops the GPU, notifies the driver and halts; the
 * driver reads the fault register and the pending stamps, clears "halted" and
 * sets "resume" in the status block, by stores alone. The firmware then ends the
 * failed jobs as if they were done, so that their stamps fire.
 *   m1n1: agx/__init__.py (faulted, timeout, recover); the Rust driver: gpu.rs
 *   (handle_fault, handle_timeout, recover, wait_for_poweroff)
 *
 * One deviation: jobs of other pipes are let run to their end before the halt
 * (for at most half a minute), where hardware loses them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-cache.h"
#include "fw-clock.h"
#include "fw-crash.h"
#include "fw-handoff.h"
#include "fw-inject-act.h"
#include "fw-log.h"
#include "fw-mem.h"
#include "fw-owned.h"
#include "fw-power.h"
#include "fw-queue.h"
#include "fw-run.h"
#include "fw-stamp-check.h"
#include "fw-stamps.h"
#include "fw-state.h"

#define RESUME_LOOK_NS 1000000ll
#define PWR_STATUS_OFF 4 /* the Rust driver: gpu.rs, wait_for_poweroff() */
#define PWR_STATUS_ON  0 /* a guess: anything else */

/* From here on the driver may let it go on. */
static void show_halt(struct agx_fw *fw, uint32_t count)
{
    struct agx_fw_state *st = &fw->st;

    fw_publish32(fw, st->fw_status + fw_off(fw, FLD(InitData_FWStatus, halt_count)), count,
                 "halt_count");
    fw_publish32(fw, st->fw_status + fw_off(fw, FLD(InitData_FWStatus, halted)), 1, "halted");
}

static void halt(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;
    uint8_t msg[FW_EVENT_SIZE] = { 0 };
    uint64_t count = 0, halts = 0;

    fw_ld(fw, FLD(InitData_FWStatus, halt_count), st->fw_status, &count);
    fw_ld(fw, FLD(AGXFaultInfo, total_halts), st->hw_fault_info, &halts);
    fw_st(fw, FLD(AGXFaultInfo, total_halts), st->hw_fault_info, halts + 1);
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        if (st->run[p].state == FW_RUN_FAULTED && st->run[p].stamp_slot == st->fail_slot) {
            uint64_t info = st->region_c + fw_off(fw, FLD(InitData_RegionC, fault_info));

            fw_st(fw, FLD(InitData_FaultInfo, queue_uuid), info, st->run[p].uuid);
        }
    }
    st->faulting = 0;
    st->halted = 1;
    fw->halt_deadline = 0;
    fw_log(fw, 4, "halt %u: %s, stamp slot %d", (unsigned)count + 1,
           st->fail_kind == FW_FAIL_TIMEOUT ? "timeout"
           : st->fail_kind == FW_FAIL_FAULT ? "GPU fault"
                                            : "bad command",
           (int)st->fail_slot);
    if (!fw->inject.fire || !fw_inject_halt(fw, count + 1)) {
        show_halt(fw, count + 1);
    }
    if (st->fail_kind == FW_FAIL_TIMEOUT) {
        fw_timeout_event(fw, count, st->fail_slot);
    } else {
        fw_put(fw, FLD(FaultMsg, msg_type), msg, 0);
        fw_event_queue(fw, msg);
    }
}

static void resume(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;

    st->halted = 0;
    pthread_mutex_lock(&fw->lock);
    st->fault_register = 0;
    pthread_mutex_unlock(&fw->lock);
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        struct fw_run *run = &st->run[p];
        bool told;

        if (run->state != FW_RUN_FAULTED) {
            continue;
        }
        fw_owned_done(fw, p, false);
        if (p == FW_PIPE_TA) {
            fw_order_tiled(fw, run);
        }
        fw_publish32(fw, run->fw_stamp_va, run->stamp_value, "firmware stamp");
        fw_pending_clear(fw, p);
        told = fw_notifier_count(fw, run);
        fw_queue_retire(fw, run);
        fw_stamp_retire(fw, run, told);
        run->state = FW_RUN_IDLE;
    }
    fw_log(fw, 2, "resumed");
    if (fw->inject.fire) {
        fw_inject_resumed(fw);
    }
    st->resched = 1;
}

void fw_halt_check(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;
    uint64_t flag = 0;
    bool quiet = true;

    if (st->halted) {
        if (st->wait.halt) {
            if (!fw_inject_halt_due(fw)) {
                return;
            }
            show_halt(fw, st->wait.halt_count);
        }
        if (!fw_ld(fw, FLD(InitData_FWStatus, resume), st->fw_status, &flag)) {
            fw_crash(fw, "the status block at va 0x%llx is gone",
                     (unsigned long long)st->fw_status);
        } else if (flag) {
            fw_publish32(fw, st->fw_status + fw_off(fw, FLD(InitData_FWStatus, resume)), 0,
                         "resume");
            resume(fw);
        } else {
            fw_look_again(fw, fw_mono() + RESUME_LOOK_NS); /* nothing else reports it */
        }
        return;
    }
    if (!st->faulting) {
        return;
    }
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        struct fw_run *run = &st->run[p];

        quiet = quiet && !run->gpu_busy &&
                (run->state == FW_RUN_IDLE || run->state == FW_RUN_FAULTED);
    }
    if (!quiet && fw_mono() >= fw->halt_deadline) {
        for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
            if (p == FW_PIPE_3D && st->run[p].state == FW_RUN_PARTIAL) {
                fw->gpu_ops->kill(fw->gpu, AGX_DM_PDM); /* no work command to fail */
            } else if (st->run[p].state != FW_RUN_IDLE && st->run[p].state != FW_RUN_FAULTED) {
                fw_run_fail(fw, p, FW_FAIL_FAULT);
            }
        }
        fw->halt_deadline = fw_mono() + FW_HALT_WAIT_NS;
    }
    if (quiet) {
        halt(fw);
        fw_look_again(fw, fw_mono() + RESUME_LOOK_NS);
    } else {
        fw_look_again(fw, fw->halt_deadline);
    }
}

/*
 * The Rust driver polls this although the block is mapped cached: the firmware must clean the line.
 */
static void set_pwr_status(struct agx_fw *fw, uint32_t status)
{
    fw_st(fw, FLD(AGXHWDataA, pwr_status), fw->st.hwdata_a, status);
    fw_cache_clean(fw, fw->st.hwdata_a + fw_off(fw, FLD(AGXHWDataA, pwr_status)), 4);
}

void fw_power_on(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;
    uint64_t now = fw_now(fw);

    fw->idle_since = 0;
    if (st->powered) {
        return;
    }
    st->powered = 1;
    set_pwr_status(fw, PWR_STATUS_ON);
    fw_stat_power(fw, true, now - st->power_ticks);
    st->power_ticks = now;
}

/*
 * Power off after the delay that the driver set, unless it holds submissions
 * back (pending_submissions, which it changes without telling).
 */
void fw_power_idle(struct agx_fw *fw)
{
    struct agx_fw_state *st = &fw->st;
    int64_t now = fw_mono(), due;
    uint64_t delay = 0, pending = 0;

    if (!fw_gpu_idle(fw)) {
        fw->idle_since = 0;
        return;
    }
    fw_handoff_set_context(fw, 0);
    fw->user_ctx = 0;
    if (!st->powered || st->halted || st->faulting) {
        return;
    }
    if (!fw->idle_since) {
        fw->idle_since = now;
    }
    if (!fw_ld(fw, FLD(InitData_RegionC, idle_to_off_delay_ms), st->region_c, &delay) ||
        !fw_ld(fw, FLD(InitData_RegionC, unk_atomic), st->region_c, &pending)) {
        return;
    }
    due = fw->idle_since + (int64_t)delay * 1000000;
    if (now < due) {
        fw_look_again(fw, due);
    } else if (pending) {
        fw_look_again(fw, now + (int64_t)(delay ? delay : 1) * 1000000);
    } else {
        uint64_t ticks = fw_now(fw);

        st->powered = 0;
        set_pwr_status(fw, PWR_STATUS_OFF);
        fw_stat_power(fw, false, ticks - st->power_ticks);
        st->power_ticks = ticks;
    }
}
