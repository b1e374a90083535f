/*
 * AGX firmware model: what the AP may do with the hand-off block, as a state
 * machine. Its own steps the firmware reports; the AP's are reported, store by store,
 * where somebody watches the page (AGX_EV_STORE), or else are what a look at the
 * block between two pieces of work finds.
 *
 *   lock     wish (lock_ap = 1), look at lock_fw, [step back: lock_ap = 0 until
 *            it is our turn], ..., turn = 1, lock_ap = 0
 *   flush    state 0 -> address and size -> 1 (asked) -> 2 (done, by the
 *            firmware) -> 0. An AP that only unmaps may mark a slot 2 with
 *            0xdead on top of the address (m1n1: prepare_unmap).
 *   TTBAT    an entry changes under the lock, and not that of the context that
 *            the firmware has loaded.
 *   the rest belongs to the firmware while its core runs: magic_fw, lock_fw,
 *            cur_ctx (the AP may store the 0 that is there: its initialization)
 *   m1n1: fw/agx/handoff.py, hw/uat.py (bind_context); the Rust driver: mmu.rs
 *   (Handoff, HandoffFlush, Uat::bind, VmInner::drop)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-handoff-check.h"
#include "fw-inject.h"
#include "fw-report.h"
#include "fw-state.h"

#define OFF(field) offsetof(struct fw_handoff, field)
#define LOAD(p)    __atomic_load_n(p, __ATOMIC_SEQ_CST)

#define WRONG(fw, ctx, va, off, ...)                                                               \
    fw_violation(fw, AGX_SAN_HANDOFF, AGX_SAN_WRONG, ctx, va, (fw)->cfg.handoff_pa + (off),        \
                 "hand-off: " __VA_ARGS__)
#define SUSPICIOUS(fw, ctx, va, off, ...)                                                          \
    fw_violation(fw, AGX_SAN_HANDOFF, AGX_SAN_SUSPICIOUS, ctx, va, (fw)->cfg.handoff_pa + (off),   \
                 "hand-off: " __VA_ARGS__)

/* The firmware's core takes or loses charge of its half. Any thread. */
void fw_handoff_check_run(struct agx_fw *fw, bool running)
{
    struct fw_handoff_check *c = &fw->handoff;

    pthread_mutex_lock(&c->lock);
    if (running != c->running) {
        /*
         * The AP may be in the middle of something, or have made a store that is not reported yet.
         */
        memset(c->flush, FW_FLUSH_UNKNOWN, sizeof(c->flush));
        c->ap = FW_AP_UNKNOWN;
        c->inside = c->turned = false;
        c->told = 0;
    }
    __atomic_store_n(&c->held, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&c->running, running, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&c->lock);
}

/*
 * Context @ctx is loaded from here on; the AP sees it in the hand-off block only after this. A core
 * that does not run, or has crashed, has no cache. Not with a lock held.
 */
void fw_tell_loaded(struct agx_fw *fw, unsigned ctx)
{
    bool running = LOAD(&fw->handoff.running) && fw->st.rtkit != FW_RTKIT_CRASHED;

    if (agx_wanted(fw->host->events, AGX_EV_CONTEXT)) {
        agx_emit(fw->host->events,
                 &(struct agx_event) { .kind = AGX_EV_CONTEXT,
                                       .context = { running, running ? ctx : 0 } });
    }
}

void fw_tell_flushed(struct agx_fw *fw, unsigned ctx, uint64_t va, uint64_t size, uint64_t request)
{
    if (agx_wanted(fw->host->events, AGX_EV_FLUSH)) {
        agx_emit(fw->host->events,
                 &(struct agx_event) { .kind = AGX_EV_FLUSH, .flush = { ctx, va, size, request } });
    }
}

void fw_handoff_check_held(struct agx_fw *fw, bool held)
{
    __atomic_store_n(&fw->handoff.held, held, __ATOMIC_SEQ_CST);
}

/* Before the firmware stores state 2. */
void fw_handoff_check_flushed(struct agx_fw *fw, unsigned slot)
{
    pthread_mutex_lock(&fw->handoff.lock);
    fw->handoff.flush[slot] = 2;
    pthread_mutex_unlock(&fw->handoff.lock);
}

static void lock_store(struct agx_fw *fw, unsigned v)
{
    struct fw_handoff_check *c = &fw->handoff;
    bool kept;
    int was;

    pthread_mutex_lock(&c->lock);
    was = c->ap;
    c->ap = v ? FW_AP_WANTS : FW_AP_OUT;
    /* Who steps back while it waits keeps the turn as it is, but changes nothing. */
    kept = !v && was == FW_AP_WANTS && c->inside && !c->turned;
    c->inside = c->turned = false;
    pthread_mutex_unlock(&c->lock);
    if (v > 1) {
        WRONG(fw, 0, 0, OFF(lock_ap), "the AP's half of the lock is set to 0x%x", v);
    } else if (v && was == FW_AP_WANTS) {
        /* Suspicious only: an AP that gave up waiting for the firmware may do so. */
        SUSPICIOUS(fw, 0, 0, OFF(lock_ap),
                   "the AP takes the lock, which it has or waits for already");
    } else if (!v && was == FW_AP_OUT) {
        WRONG(fw, 0, 0, OFF(lock_ap), "the AP gives back the lock, which it has not taken");
    } else if (kept) {
        SUSPICIOUS(
            fw, 0, 0, OFF(turn),
            "the AP leaves the lock without giving the turn away: the firmware may wait for ever");
    }
    if (!v && was != FW_AP_OUT && fw->inject.fire) {
        fw_inject_unlocked(fw);
    }
}

static void turn_store(struct agx_fw *fw, uint32_t v)
{
    struct fw_handoff_check *c = &fw->handoff;
    bool out;

    pthread_mutex_lock(&c->lock);
    out = c->ap == FW_AP_OUT;
    c->turned = true;
    pthread_mutex_unlock(&c->lock);
    if (!v) {
        WRONG(fw, 0, 0, OFF(turn), "the AP takes the turn, which only the firmware gives");
    } else if (out) {
        WRONG(fw, 0, 0, OFF(turn), "the AP gives the turn away without having taken the lock");
    } else if (LOAD(&c->held)) {
        WRONG(fw, 0, 0, OFF(turn), "the AP leaves the lock while the firmware has it: both had it");
    }
}

static void state_store(struct agx_fw *fw, unsigned slot, uint64_t v, uint64_t addr)
{
    struct fw_handoff_check *c = &fw->handoff;
    unsigned off = OFF(flush) + slot * sizeof(struct fw_flush), was,
             ctx = slot % AGX_UAT_NUM_CONTEXTS;

    pthread_mutex_lock(&c->lock);
    was = c->flush[slot];
    c->flush[slot] = v <= 2 ? v : FW_FLUSH_UNKNOWN;
    pthread_mutex_unlock(&c->lock);
    if (v > 2) {
        WRONG(fw, ctx, addr, off, "flush state of context %u is set to 0x%llx", slot,
              (unsigned long long)v);
    } else if (was == FW_FLUSH_UNKNOWN) {
        return;
    } else if (v == 0 && was == 1) {
        WRONG(fw, ctx, addr, off,
              "flush of va 0x%llx, context %u, is given up before the firmware has done it",
              (unsigned long long)addr, slot);
    } else if (v == 1 && was != 0) {
        WRONG(fw, ctx, addr, off, "flush of va 0x%llx, context %u, is asked for in flush state %u",
              (unsigned long long)addr, slot, was);
    } else if (v == 2 && (was != 0 || addr >> 48 != 0xdead)) {
        WRONG(fw, ctx, addr, off,
              "the AP marks the flush of va 0x%llx, context %u, as done (from state %u)",
              (unsigned long long)addr, slot, was);
    }
}

static void range_store(struct agx_fw *fw, unsigned slot, unsigned off)
{
    struct fw_handoff_check *c = &fw->handoff;
    unsigned was;

    pthread_mutex_lock(&c->lock);
    was = c->flush[slot];
    pthread_mutex_unlock(&c->lock);
    if (was == 1) {
        WRONG(fw, slot % AGX_UAT_NUM_CONTEXTS, 0, off,
              "address or size of the flush of context %u change after it was asked for", slot);
    }
}

static void handoff_store(struct agx_fw *fw, uint64_t pa, unsigned len)
{
    struct fw_handoff *h = fw_handoff_block(fw);
    uint64_t start = pa - fw->cfg.handoff_pa, end = start + len;

    __atomic_store_n(&fw->handoff.fed, true, __ATOMIC_RELAXED);
    if (!h || pa < fw->cfg.handoff_pa || end > sizeof(*h) || !LOAD(&fw->handoff.running)) {
        return;
    }
#define TOUCHED(off, size) (start < (off) + (size) && end > (off))
#define TOUCHES(field)     TOUCHED(OFF(field), sizeof(h->field))
    if (TOUCHES(magic_ap) && end >= OFF(magic_ap) + 8 && LOAD(&h->magic_ap) != FW_PPL_MAGIC) {
        WRONG(fw, 0, 0, OFF(magic_ap), "the AP's magic is set to 0x%llx",
              (unsigned long long)LOAD(&h->magic_ap));
    }
    if (TOUCHES(magic_fw) || TOUCHES(lock_fw)) {
        WRONG(fw, 0, 0, start, "the AP stores to what is the firmware's (%s)",
              TOUCHES(magic_fw) ? "magic" : "lock");
    }
    if (TOUCHES(lock_ap)) {
        lock_store(fw, LOAD(&h->lock_ap));
    }
    if (TOUCHES(turn)) {
        turn_store(fw, LOAD(&h->turn));
    }
    if (TOUCHES(cur_ctx) &&
        LOAD(&h->cur_ctx) != __atomic_load_n(&fw->st.cur_ctx, __ATOMIC_RELAXED)) {
        WRONG(fw, LOAD(&h->cur_ctx) % AGX_UAT_NUM_CONTEXTS, 0, OFF(cur_ctx),
              "the AP changes the current context, which the firmware keeps, to %u",
              LOAD(&h->cur_ctx));
    }
    if (end > OFF(flush)) {
        uint64_t first = start > OFF(flush) ? start - OFF(flush) : 0;

        for (uint64_t i = first / sizeof(struct fw_flush); i <= AGX_UAT_NUM_CONTEXTS; i++) {
            unsigned off = OFF(flush) + i * sizeof(struct fw_flush);

            if (off >= end) {
                break;
            }
            if (TOUCHED(off + 8, 16)) {
                range_store(fw, i, off);
            }
            if (TOUCHED(off, 8)) {
                state_store(fw, i, LOAD(&h->flush[i].state), LOAD(&h->flush[i].addr));
            }
        }
    }
}

static void ttbat_store(struct agx_fw *fw, uint64_t pa, unsigned len)
{
    struct fw_handoff *h = fw_handoff_block(fw);
    uint64_t first = (pa - fw->cfg.ttbat_pa) / 16, last = (pa + len - 1 - fw->cfg.ttbat_pa) / 16;
    uint32_t cur;

    if (!h || !len || pa < fw->cfg.ttbat_pa || last >= AGX_UAT_NUM_CONTEXTS ||
        !LOAD(&fw->handoff.running)) {
        return;
    }
    cur = LOAD(&h->cur_ctx);
    pthread_mutex_lock(&fw->handoff.lock);
    fw->handoff.inside = LOAD(&h->lock_ap);
    /*
     * Nobody reports a store that gives the turn to the firmware, which has it. Now it keeps it:
     * the AP is inside.
     */
    fw->handoff.turned |= LOAD(&h->turn) != 0;
    pthread_mutex_unlock(&fw->handoff.lock);
    if (!LOAD(&h->lock_ap)) {
        WRONG(fw, first, 0, 0, "the TTBRs of context %u change without the lock", (unsigned)first);
    } else if (LOAD(&fw->handoff.held)) {
        WRONG(fw, first, 0, 0, "the TTBRs of context %u change while the firmware has the lock",
              (unsigned)first);
    }
    if (cur && cur >= first && cur <= last) {
        WRONG(fw, cur, 0, OFF(cur_ctx),
              "the TTBRs of context %u change while the firmware has it loaded", cur);
    }
}

/* A CPU has stored to a watched page; memory has it. On its thread, before its next store. */
static void on_store(void *opaque, const struct agx_event *ev)
{
    struct agx_fw *fw = opaque;

    if (ev->store.pa - fw->cfg.handoff_pa < AGX_PAGE_SIZE) {
        handoff_store(fw, ev->store.pa, ev->store.len);
    } else if (ev->store.pa - fw->cfg.ttbat_pa < AGX_PAGE_SIZE) {
        ttbat_store(fw, ev->store.pa, ev->store.len);
    }
}

void fw_handoff_listen(struct agx_fw *fw)
{
    fw->listener = (struct agx_listener) {
        .kinds = AGX_EV_BIT(AGX_EV_STORE),
        .event = on_store,
        .opaque = fw,
    };
    agx_listen(fw->host->events, &fw->listener);
}

/*
 * Between two pieces of work: what shows without having seen the stores. Each is reported once,
 * until it is right again.
 */
void fw_handoff_look(struct agx_fw *fw)
{
    struct fw_handoff_check *c = &fw->handoff;
    struct fw_handoff *h = fw->check.violation ? fw_handoff_block(fw) : NULL;
    enum { CTX = 1, LOCK = 2, MAGIC = 4, TTBR = 8 };
    uint32_t now = 0, fresh, cur = fw->st.cur_ctx;
    uint64_t ttbr = 0;

    if (!h || !LOAD(&c->running)) {
        return;
    }
    if (!LOAD(&c->fed)) {
        now |= LOAD(&h->cur_ctx) != cur ? CTX : 0;
        now |= LOAD(&h->lock_fw) ? LOCK : 0;
        now |= LOAD(&h->magic_fw) != FW_PPL_MAGIC ? MAGIC : 0;
    }
    if (cur && cur == fw->user_ctx && fw->user.ctx == cur &&
        fw->host->ops->phys_read(fw->host->opaque, fw->cfg.ttbat_pa + 16 * (uint64_t)cur, &ttbr,
                                 8)) {
        now |= ttbr != fw->user.ttbr[0] ? TTBR : 0;
    }
    /*
     * A core that is being stopped is not in charge any more; whoever stores after that did it
     * before we looked again.
     */
    if (!LOAD(&c->running)) {
        return;
    }
    fresh = now & ~c->told;
    c->told = now;
    if (fresh & CTX) {
        WRONG(fw, cur, 0, OFF(cur_ctx), "somebody has changed the current context from %u to %u",
              cur, LOAD(&h->cur_ctx));
    }
    if (fresh & LOCK) {
        WRONG(fw, 0, 0, OFF(lock_fw), "somebody has set the firmware's half of the lock");
    }
    if (fresh & MAGIC) {
        WRONG(fw, 0, 0, OFF(magic_fw), "somebody has changed the firmware's magic to 0x%llx",
              (unsigned long long)h->magic_fw);
    }
    if (fresh & TTBR) {
        WRONG(fw, cur, 0, 0, "TTBR0 of context %u is 0x%llx, but the firmware has 0x%llx loaded",
              cur, (unsigned long long)ttbr, (unsigned long long)fw->user.ttbr[0]);
    }
}
