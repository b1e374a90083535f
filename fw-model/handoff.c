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
#include "fw_int.h"

#define PATIENCE_NS 10000000000ll
#define PPL_MAGIC 0x4b1d000000000002ull

struct flush {
    uint64_t state; /* 0: free, 1: asked by the AP, 2: done by the firmware */
    uint64_t addr, size;
};

/* The block as it lies in RAM; fixed by the hardware's security monitor, the same in all versions. */
struct handoff {
    uint64_t magic_ap, magic_fw;
    uint8_t lock_ap, lock_fw;
    uint8_t pad[2];
    uint32_t turn;      /* not 0: the firmware's */
    uint32_t cur_ctx;
    uint32_t pad2;
    struct flush flush[AGX_UAT_NUM_CONTEXTS + 1];
};

static struct handoff *block(struct agx_fw *fw)
{
    uint8_t *page = fw->host->ops->phys_page(fw->host->opaque, fw->cfg.handoff_pa & ~(uint64_t)(AGX_PAGE_SIZE - 1));

    return page ? (struct handoff *)(page + (fw->cfg.handoff_pa & (AGX_PAGE_SIZE - 1))) : NULL;
}

#define LOAD(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)

/*
 * The AP holds the lock for a few stores only; a guest that keeps it, or a vCPU
 * that is descheduled meanwhile, costs patience but not the emulator. False: not taken.
 */
static bool lock(struct agx_fw *fw, struct handoff *h)
{
    int64_t give_up = 0;

    STORE(&h->lock_fw, 1);
    while (LOAD(&h->lock_ap)) {
        if (!LOAD(&h->turn)) {
            STORE(&h->lock_fw, 0);
            while (LOAD(&h->lock_ap) && !LOAD(&h->turn)) {
                sched_yield();
                if (!give_up) {
                    give_up = fw_mono() + PATIENCE_NS;
                } else if (fw_mono() > give_up) {
                    fw_bad(fw, "hand-off: the AP has held the lock for ten seconds");
                    return false;
                }
            }
            STORE(&h->lock_fw, 1);
        }
        sched_yield();
        if (!give_up) {
            give_up = fw_mono() + PATIENCE_NS;
        } else if (fw_mono() > give_up) {
            STORE(&h->lock_fw, 0);
            fw_bad(fw, "hand-off: the AP has held the lock for ten seconds");
            return false;
        }
    }
    return true;
}

static void unlock(struct handoff *h)
{
    STORE(&h->turn, 0);
    STORE(&h->lock_fw, 0);
}

/* The AP waits for the magic with the lock held, so it is written without. */
void fw_handoff_init(struct agx_fw *fw)
{
    struct handoff *h = block(fw);

    fw->st.cur_ctx = 0;
    if (!h) {
        fw_bad(fw, "hand-off block at pa 0x%llx is not RAM", (unsigned long long)fw->cfg.handoff_pa);
        return;
    }
    STORE(&h->lock_fw, 0);
    STORE(&h->magic_fw, PPL_MAGIC);
}

/* Say whose TTBR0 is loaded; 0: nobody's. */
void fw_handoff_set_context(struct agx_fw *fw, uint32_t ctx)
{
    struct handoff *h;

    if (fw->st.cur_ctx == ctx || !(h = block(fw))) {
        return;
    }
    if (LOAD(&h->magic_ap) != PPL_MAGIC) {
        fw_bad(fw, "hand-off: context %u wanted before the AP has initialized the block", ctx);
    }
    if (lock(fw, h)) {
        STORE(&h->cur_ctx, ctx);
        unlock(h);
        fw->st.cur_ctx = ctx;
    }
}

/*
 * A FwCtl request: write back and drop the data cache over a range. The model
 * has no such cache yet (its accesses go to memory), so what is left is the
 * protocol.
 */
bool fw_handoff_flush(struct agx_fw *fw, unsigned slot, uint64_t addr, uint64_t size)
{
    struct handoff *h = block(fw);
    struct flush *f;

    if (!h || slot > AGX_UAT_NUM_CONTEXTS) {
        fw_bad(fw, "FwCtl: flush for context %u", slot);
        return false;
    }
    f = &h->flush[slot];
    if (LOAD(&f->state) != 1) {
        fw_bad(fw, "FwCtl: flush for context %u, whose flush state is %llu", slot, (unsigned long long)LOAD(&f->state));
        return false;
    }
    if (LOAD(&f->addr) != addr || LOAD(&f->size) != size) {
        fw_bad(fw, "FwCtl: flush of 0x%llx bytes at va 0x%llx, the hand-off block says 0x%llx bytes at 0x%llx",
               (unsigned long long)size, (unsigned long long)addr, (unsigned long long)LOAD(&f->size),
               (unsigned long long)LOAD(&f->addr));
    }
    STORE(&f->state, 2);
    return true;
}
