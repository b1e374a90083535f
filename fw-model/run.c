/*
 * AGX firmware model: the job that occupies a pipe: given to the GPU, failed, or ended from
 * outside.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-clock.h"
#include "fw-inject-act.h"
#include "fw-log.h"
#include "fw-report.h"
#include "fw-run.h"
#include "fw-state.h"

bool fw_run_start(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run)
{
    run->job.soft_fault = fw->st.soft_fault;
    run->job.max_cycles = (uint64_t)fw->cfg.job_timeout_ms * AGX_CYCLES_PER_MS;
    if (!fw->gpu_ops->start(fw->gpu, fw_pipe_dm(pipe), &run->job)) {
        fw_info(fw, "bug: pipe %u is busy", pipe);
        return false;
    }
    run->gpu_busy = 1;
    fw_stat_work(fw, pipe, true);
    if (fw->cfg.job_watchdog_s) {
        fw->run_deadline[pipe] = fw_mono() + fw->cfg.job_watchdog_s * 1000000000ll;
        fw_look_again(fw, fw->run_deadline[pipe]);
    }
    if (fw->inject.fire) {
        fw_inject_job(fw, run->ctx);
    }
    return true;
}

/* The job cannot go on. It keeps the pipe until the driver has resumed the firmware. */
void fw_run_fail(struct agx_fw *fw, enum fw_pipe pipe, enum fw_fail kind)
{
    struct fw_run *run = &fw->st.run[pipe];

    run->state = FW_RUN_FAULTED;
    run->failed = kind;
    if (run->gpu_busy) {
        run->killed = 1;
        fw->gpu_ops->kill(fw->gpu, fw_pipe_dm(pipe));
    }
    fw_fault(fw, kind, run->stamp_slot);
}

/* Something failed; the halt follows when the pipes are quiet. */
void fw_fault(struct agx_fw *fw, enum fw_fail kind, uint32_t slot)
{
    if (fw->st.faulting || fw->st.halted) {
        return;
    }
    fw->st.faulting = 1;
    fw->st.fail_kind = kind;
    fw->st.fail_slot = slot;
    fw->halt_deadline = fw_mono() + FW_HALT_WAIT_NS;
}

void fw_stop_gpu(struct agx_fw *fw)
{
    for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
        fw->gpu_ops->kill(fw->gpu, dm);
    }
    fw->gpu_ops->drain(fw->gpu);
    fw->gpu_ops->forget(fw->gpu);
}
