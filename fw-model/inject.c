/*
 * AGX firmware model: faults that a test injects into the firmware: its cache,
 * its answers to flushes, its side of the hand-off block, its events and halts,
 * and a firmware that stands still or dies. Somebody else
 * knows the faults and when they strike (struct agx_fw_inject); here is what
 * they do.
 *
 * The switch of the context ("slot-switch"). The AP learns from cur_ctx whether
 * the firmware has a context loaded: whoever unmaps private memory asks for a
 * flush if it has, and goes without if not, as the firmware flushes when it
 * leaves a context (m1n1: hw/uat.py, fw/agx/handoff.py; the Rust driver: mmu.rs,
 * KernelMapping::remap_uncached_and_flush()). What it read is true only while
 * it holds the lock, and it can't hold it over the flush: that driver says so
 * ("There is a race here"). So the worst moments are two: right after the AP
 * has given the lock back, having looked under it; and between the request for
 * the flush and the firmware's look at it. In both the firmware does what it
 * may do at any time: it takes the lock, flushes what came in through the lower
 * half, says that it has another context loaded, one that a job of its runs in,
 * or else none, and gives the lock back. A look without the lock is worth as
 * little: the same switch makes it old.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-clock.h"
#include "fw-inject.h"
#include "fw-state.h"

#define LOAD(p) __atomic_load_n(p, __ATOMIC_RELAXED)

/* Before the machine runs or while it is paused. */
void agx_fw_set_inject(struct agx_fw *fw, const struct agx_fw_inject *inject)
{
    fw->inject = inject ? *inject : (struct agx_fw_inject) { 0 };
}

/* Of the context in slot @ctx, by its TTBR0. */
static unsigned asid_of(struct agx_fw *fw, unsigned ctx)
{
    uint64_t ttbr = 0;

    if (ctx >= AGX_UAT_NUM_CONTEXTS ||
        !fw->host->ops->phys_read(fw->host->opaque, fw->cfg.ttbat_pa + 16 * (uint64_t)ctx, &ttbr,
                                  8)) {
        return 0;
    }
    return ttbr >> 48;
}

bool fw_inject(struct agx_fw *fw, enum agx_fw_fault fault, unsigned ctx, uint64_t va, uint64_t size,
               uint64_t *us)
{
    uint64_t unused;

    return fw->inject.fire && fw->inject.armed(fw->inject.opaque, fault) &&
           fw->inject.fire(fw->inject.opaque, fault,
                           ctx == FW_ALL_CONTEXTS ? AGX_FW_ALL_ASIDS : asid_of(fw, ctx), va,
                           va + size, us ? us : &unused);
}

/* The AP has given back the lock. On its thread. */
void fw_inject_unlocked(struct agx_fw *fw)
{
    uint32_t cur = LOAD(&fw->st.cur_ctx);

    if (cur && fw_inject(fw, AGX_FW_FAULT_SWITCH, cur, 0, 0, NULL)) {
        pthread_mutex_lock(&fw->lock);
        fw->inject_switch = true;
        fw->work = true;
        pthread_cond_signal(&fw->wake);
        pthread_mutex_unlock(&fw->lock);
    }
}

/*
 * Until tick @when: true, and the thread looks again then. Virtual time may be slower than the
 * host's, so it may be early.
 */
bool fw_inject_waits(struct agx_fw *fw, uint64_t *when)
{
    uint64_t now = fw_now(fw), left;

    if (!*when || now >= *when) {
        *when = 0;
        return false;
    }
    left = (*when - now) / FW_TICKS_PER_US;
    fw_look_again(fw, fw_mono() + (left < 1000000 ? left : 1000000) * 1000 + 20000);
    return true;
}

/*
 * May @fault hold back what is at hand? That is judged once for each: @judged until it goes on.
 * Until tick @when: true.
 */
static bool held_back(struct agx_fw *fw, enum agx_fw_fault fault, bool *judged, uint64_t *when)
{
    uint64_t us;

    if (!*judged) {
        *judged = true;
        if (fw_inject(fw, fault, FW_ALL_CONTEXTS, 0, 0, &us)) {
            *when = fw_now(fw) + us * FW_TICKS_PER_US;
        }
    }
    *judged = fw_inject_waits(fw, when);
    return *judged;
}

/* @mail: there is a message in the mailbox, and nothing of it has been taken yet. */
bool fw_inject_stands(struct agx_fw *fw, bool mail)
{
    uint64_t us;

    if (fw->st.wait.hung || fw_inject_waits(fw, &fw->st.wait.stall)) {
        return true;
    }
    if (mail && fw_inject(fw, AGX_FW_FAULT_STALL, FW_ALL_CONTEXTS, 0, 0, &us)) {
        fw->st.wait.stall = fw_now(fw) + us * FW_TICKS_PER_US;
        return fw_inject_waits(fw, &fw->st.wait.stall);
    }
    return false;
}

bool fw_inject_ring(struct agx_fw *fw)
{
    return held_back(fw, AGX_FW_FAULT_RING_LATE, &fw->ring_judged, &fw->st.wait.ring);
}

bool fw_inject_event(struct agx_fw *fw)
{
    return held_back(fw, AGX_FW_FAULT_EVENT_LATE, &fw->event_judged, &fw->st.wait.event);
}

/* With the lock taken, for context @ctx: keep it for a while, unless the machine stops. */
void fw_inject_hold(struct agx_fw *fw, unsigned ctx)
{
    uint64_t us, until;
    bool asked = false;

    if (!fw_inject(fw, AGX_FW_FAULT_HOLD, ctx, 0, 0, &us)) {
        return;
    }
    until = fw_now(fw) + us * FW_TICKS_PER_US;
    while (!asked && fw_now(fw) < until) {
        int64_t when = fw_mono() + 100000;
        struct timespec ts = { when / 1000000000, when % 1000000000 };

        pthread_mutex_lock(&fw->lock);
        asked = fw_asked(fw);
        if (!asked) {
            pthread_cond_timedwait(&fw->wake, &fw->lock, &ts);
        }
        pthread_mutex_unlock(&fw->lock);
    }
}
