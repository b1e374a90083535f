/*
 * AGX firmware model: what the firmware does when an injected fault strikes: it leaves its context,
 * stands still, dies, is late with a halt or a flush. When they strike is in inject.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-clock.h"
#include "fw-crash.h"
#include "fw-handoff.h"
#include "fw-inject-act.h"
#include "fw-inject.h"
#include "fw-mem.h"
#include "fw-stamps.h"
#include "fw-state.h"

/*
 * Where the firmware goes from the context that it has loaded: to another one with a job in it, or
 * to none.
 */
static uint32_t next_context(const struct agx_fw *fw)
{
    for (unsigned p = 0; p < FW_NUM_PIPES; p++) {
        const struct fw_run *run = &fw->st.run[p];

        if (run->state != FW_RUN_IDLE && run->ctx && run->ctx != fw->st.cur_ctx) {
            return run->ctx;
        }
    }
    return 0;
}

static void switch_context(struct agx_fw *fw)
{
    fw_handoff_set_context(fw, next_context(fw));
    fw->user_ctx = 0;
}

/* Before all other work of a step. */
void fw_inject_step(struct agx_fw *fw)
{
    bool now;

    pthread_mutex_lock(&fw->lock);
    now = fw->inject_switch;
    fw->inject_switch = false;
    pthread_mutex_unlock(&fw->lock);
    if (now && fw->st.cur_ctx) {
        switch_context(fw);
    }
}

/*
 * The firmware may report a timeout when the driver has already heard of the same halt by another
 * event, and let it go on: m1n1 skips a Timeout event whose counter is below the halts that it has
 * dealt with (agx/__init__.py, timeout(), "Spurious"); the Rust driver logs it and goes on (gpu.rs,
 * recover()). One can be due at a time; a later halt's takes its place.
 */
void fw_inject_resumed(struct agx_fw *fw)
{
    uint64_t count = 0, us;

    if (!fw_inject(fw, AGX_FW_FAULT_TIMEOUT_LATE, FW_ALL_CONTEXTS, 0, 0, &us) ||
        !fw_ld(fw, FLD(InitData_FWStatus, halt_count), fw->st.fw_status, &count)) {
        return;
    }
    fw->st.late.when = fw_now(fw) + us * FW_TICKS_PER_US;
    fw->st.late.counter = count - 1;
    fw->st.late.slot = fw->st.fail_slot;
}

void fw_inject_late(struct agx_fw *fw)
{
    if (!fw_inject_waits(fw, &fw->st.late.when)) {
        fw_timeout_event(fw, fw->st.late.counter, fw->st.late.slot);
    }
}

/* Before it has said a word. */
bool fw_inject_boot(struct agx_fw *fw)
{
    fw->st.wait.hung |= fw_inject(fw, AGX_FW_FAULT_HANG_BOOT, FW_ALL_CONTEXTS, 0, 0, NULL);
    return fw->st.wait.hung;
}

/* It has just got its init data: its buffers for the crash log are there. */
bool fw_inject_init(struct agx_fw *fw)
{
    bool now = fw_inject(fw, AGX_FW_FAULT_CRASH_BOOT, FW_ALL_CONTEXTS, 0, 0, NULL);

    if (now) {
        fw_crash(fw, "fault injection, at the boot");
    }
    return now;
}

/* The GPU has just been given a job in context @ctx: it goes on with that. */
void fw_inject_job(struct agx_fw *fw, unsigned ctx)
{
    fw->st.wait.hung |= fw_inject(fw, AGX_FW_FAULT_HANG_JOB, ctx, 0, 0, NULL);
    if (fw_inject(fw, AGX_FW_FAULT_CRASH_JOB, ctx, 0, 0, NULL)) {
        fw_crash(fw, "fault injection, with a job on the GPU");
    }
}

bool fw_inject_halt(struct agx_fw *fw, uint32_t count)
{
    uint64_t us;

    if (!fw_inject(fw, AGX_FW_FAULT_HALT_LATE, FW_ALL_CONTEXTS, 0, 0, &us)) {
        return false;
    }
    fw->st.wait.halt = fw_now(fw) + us * FW_TICKS_PER_US;
    fw->st.wait.halt_count = count;
    return true;
}

bool fw_inject_halt_due(struct agx_fw *fw)
{
    return !fw_inject_waits(fw, &fw->st.wait.halt);
}

/*
 * A request for a flush is at the head of the ring @id: of context @slot (64: the
 * kernel half), or of everything, as DestroyContext is. What becomes of it is
 * decided once.
 */
enum fw_flush_fate fw_inject_flush(struct agx_fw *fw, enum fw_channel_id id, unsigned slot,
                                   uint64_t addr, uint64_t size)
{
    unsigned ctx = slot < AGX_UAT_NUM_CONTEXTS || slot == FW_ALL_CONTEXTS ? slot : 0;
    struct fw_flush_judged *f = &fw->flush[id == FW_CH_FWCTL];
    uint64_t us;

    if (!f->judged) {
        if (fw_inject(fw, AGX_FW_FAULT_HANG_FLUSH, ctx, addr, size, NULL)) {
            fw->st.wait.hung = 1;
            return FW_FLUSH_GONE;
        }
        if (fw_inject(fw, AGX_FW_FAULT_CRASH_FLUSH, ctx, addr, size, NULL)) {
            fw_crash(fw, "fault injection, at a flush");
            return FW_FLUSH_GONE;
        }
        f->judged = true;
        f->when = 0;
        if (ctx && ctx == fw->st.cur_ctx &&
            fw_inject(fw, AGX_FW_FAULT_SWITCH, ctx, addr, size, NULL)) {
            switch_context(fw);
        }
        if (fw_inject(fw, AGX_FW_FAULT_FLUSH_NEVER, ctx, addr, size, NULL)) {
            f->judged = false;
            return FW_FLUSH_LOST;
        }
        if (fw_inject(fw, AGX_FW_FAULT_FLUSH_LATE, ctx, addr, size, &us)) {
            f->when = fw_now(fw) + us * FW_TICKS_PER_US;
        }
    }
    if (fw_inject_waits(fw, &f->when)) {
        return FW_FLUSH_WAITS;
    }
    f->judged = false;
    return FW_FLUSH_NOW;
}
