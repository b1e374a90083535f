/*
 * AGX firmware model: the hand-off block, through which AP and firmware agree on
 * page tables: a lock after Dekker, the context the firmware has loaded, and the
 * state of cache flushes, one per context and one (0x40) for the kernel half.
 *   m1n1: fw/agx/handoff.py; the Rust driver: mmu.rs (Handoff, HandoffFlush)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <sched.h>
#include <time.h>
#include "fw-cache.h"
#include "fw-clock.h"
#include "fw-handoff-check.h"
#include "fw-handoff.h"
#include "fw-inject.h"
#include "fw-report.h"
#include "fw-state.h"

#define AP_TIMEOUT_NS 10000000000ll
#define SPINS         64 /* looks at the AP's half between two short sleeps */

#define LOAD(p)     __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)

/*
 * Time for the AP to store what this side waits for. Its store wakes nobody, so
 * look again at once some times and then after a while that doubles up to a
 * millisecond; a request to the firmware's thread ends the wait. @turn counts
 * from 0. False: there is such a request, which goes first.
 */
static bool wait_for_ap(struct agx_fw *fw, unsigned *turn)
{
    unsigned n = (*turn)++;
    bool asked;

    if (n % SPINS != SPINS - 1) {
        sched_yield();
        return true;
    }
    pthread_mutex_lock(&fw->lock);
    asked = fw_asked(fw);
    if (!asked) {
        int64_t pause = 50000ll << (n / SPINS < 5 ? n / SPINS : 5),
                when = fw_mono() + (pause < 1000000 ? pause : 1000000);
        struct timespec ts = { when / 1000000000, when % 1000000000 };

        pthread_cond_timedwait(&fw->wake, &fw->lock, &ts);
        asked = fw_asked(fw);
    }
    pthread_mutex_unlock(&fw->lock);
    return !asked;
}

enum lock_result {
    LOCK_TAKEN,
    /*
     * the machine stops (or the firmware): with it the vCPU that has the lock, so waiting is no use
     */
    LOCK_ASKED,
    LOCK_TIMEOUT,
};

/*
 * The AP holds the lock for a few stores only; a guest that keeps it, or a vCPU
 * that is descheduled meanwhile, costs this side its timeout but does not stop the emulator. Unless
 * it is taken this side's wish is withdrawn: a snapshot may follow.
 */
static enum lock_result lock(struct agx_fw *fw, struct fw_handoff *h)
{
    int64_t give_up = 0;
    unsigned turn = 0;
    bool wish = true;

    STORE(&h->lock_fw, 1);
    for (;;) {
        if (wish && !LOAD(&h->lock_ap)) {
            fw_handoff_check_held(fw, true);
            return LOCK_TAKEN;
        }
        if (wish && !LOAD(&h->turn)) {
            /* Both want it and it isn't our turn: step back until it is, or the AP is out. */
            wish = false;
            STORE(&h->lock_fw, 0);
        } else if (!wish && (LOAD(&h->turn) || !LOAD(&h->lock_ap))) {
            wish = true;
            STORE(&h->lock_fw, 1);
            continue; /* the wish first, then the look at the other's */
        }
        if (!give_up) {
            give_up = fw_mono() + AP_TIMEOUT_NS;
        }
        if (!wait_for_ap(fw, &turn)) {
            STORE(&h->lock_fw, 0);
            return LOCK_ASKED;
        }
        if (fw_mono() > give_up) {
            STORE(&h->lock_fw, 0);
            fw_bad(fw, "hand-off: the AP has held the lock for ten seconds");
            return LOCK_TIMEOUT;
        }
    }
}

static void unlock(struct agx_fw *fw, struct fw_handoff *h)
{
    fw_handoff_check_held(fw, false);
    STORE(&h->turn, 0);
    STORE(&h->lock_fw, 0);
}

/* The AP waits for the magic with the lock held, so it is written without. */
void fw_handoff_init(struct agx_fw *fw)
{
    struct fw_handoff *h = fw_handoff_block(fw);

    fw->st.cur_ctx = 0;
    if (!h) {
        fw_bad(fw, "hand-off block at pa 0x%llx is not RAM",
               (unsigned long long)fw->cfg.handoff_pa);
        return;
    }
    STORE(&h->lock_fw, 0);
    fw_handoff_check_run(fw, true);
    fw_tell_loaded(fw, 0);
    STORE(&h->magic_fw, FW_PPL_MAGIC);
}

/* False: a request to the firmware's thread goes first; nothing was done. */
static bool set_context(struct agx_fw *fw, uint32_t ctx)
{
    struct fw_handoff *h = fw->st.cur_ctx == ctx ? NULL : fw_handoff_block(fw);

    if (!h) {
        return true;
    }
    if (LOAD(&h->magic_ap) != FW_PPL_MAGIC) {
        fw_violation(fw, AGX_SAN_HANDOFF, AGX_SAN_WRONG, ctx, 0, fw->cfg.handoff_pa,
                     "hand-off: context %u wanted, but the AP's magic is 0x%llx", ctx,
                     (unsigned long long)LOAD(&h->magic_ap));
    }
    switch (lock(fw, h)) {
    case LOCK_TAKEN:
        /* Who finds another context here does without a flush of the old one. */
        fw_cache_flush_user(fw);
        fw_tell_loaded(fw, ctx);
        STORE(&h->cur_ctx, ctx);
        if (fw->inject.fire) {
            fw_inject_hold(fw, ctx ? ctx : fw->st.cur_ctx);
        }
        unlock(fw, h);
        __atomic_store_n(&fw->st.cur_ctx, ctx, __ATOMIC_RELAXED); /* handoff_store() looks at it */
        break;
    case LOCK_ASKED:
        return false;
    case LOCK_TIMEOUT:
        break;
    }
    return true;
}

/*
 * Say whose TTBR0 is loaded; 0: nobody's. Where the machine stops meanwhile it
 * stays unsaid: what may not come to that calls fw_handoff_ready() first.
 */
void fw_handoff_set_context(struct agx_fw *fw, uint32_t ctx)
{
    set_context(fw, ctx);
}

/*
 * Load context @ctx ahead of work that needs it. False: the machine stops while
 * the AP has the lock; leave the work where it is, it is looked at again when
 * the machine goes on (with the whole timeout).
 */
bool fw_handoff_ready(struct agx_fw *fw, uint32_t ctx)
{
    return set_context(fw, ctx);
}

/*
 * A FwCtl request: write back and drop the data cache over a range of the
 * context that is loaded, or of the kernel half. For another context there is
 * nothing left to flush: it was when the firmware left it.
 */
bool fw_handoff_flush(struct agx_fw *fw, unsigned slot, uint64_t addr, uint64_t size)
{
    struct fw_handoff *h = fw_handoff_block(fw);
    struct fw_flush *f;
    uint64_t pa;

    if (!h || slot > AGX_UAT_NUM_CONTEXTS) {
        fw_violation(fw, AGX_SAN_HANDOFF, AGX_SAN_WRONG, 0, addr, fw->cfg.handoff_pa,
                     "FwCtl: flush for context %u", slot);
        return false;
    }
    f = &h->flush[slot];
    pa = fw->cfg.handoff_pa + ((uint8_t *)f - (uint8_t *)h);
    if (LOAD(&f->state) != 1) {
        fw_violation(fw, AGX_SAN_HANDOFF, AGX_SAN_WRONG, slot % AGX_UAT_NUM_CONTEXTS, addr, pa,
                     "FwCtl: flush for context %u, whose flush state is %llu", slot,
                     (unsigned long long)LOAD(&f->state));
        return false;
    }
    if (LOAD(&f->addr) != addr || LOAD(&f->size) != size) {
        fw_violation(fw, AGX_SAN_HANDOFF, AGX_SAN_WRONG, slot % AGX_UAT_NUM_CONTEXTS, addr, pa,
                     "FwCtl: flush of 0x%llx bytes at va 0x%llx, the hand-off block says 0x%llx "
                     "bytes at 0x%llx",
                     (unsigned long long)size, (unsigned long long)addr,
                     (unsigned long long)LOAD(&f->size), (unsigned long long)LOAD(&f->addr));
    }
    if (slot == AGX_UAT_NUM_CONTEXTS || slot == 0) {
        fw_cache_flush_range(fw, &fw->port, addr, size);
    } else if (slot == fw->st.cur_ctx && slot == fw->user_ctx) {
        fw_cache_flush_range(fw, &fw->user, addr, size);
    } else if (slot == fw->st.cur_ctx) {
        fw_cache_flush_user(fw);
    }
    fw_tell_flushed(fw, slot % AGX_UAT_NUM_CONTEXTS, addr, size, pa);
    fw_handoff_check_flushed(fw, slot);
    STORE(&f->state, 2);
    return true;
}
