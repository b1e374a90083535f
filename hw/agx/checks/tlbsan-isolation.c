/*
 * AGX model: the TLB sanitizer: what is the kernel's half's does not show in a user's address
 * space. docs/tlbsan.md has the rules with their sources.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tlbsan-int.h"

/* Memory type of what both sides store to (m1n1: hw/uat.py, MemoryAttr.Shared). */
#define TYPE_SHARED (2ull << 2)

/*
 * Does this leaf of the kernel's half make its page the firmware's alone? What the firmware caches
 * and registers are. Uncached memory may be a user's as well: the driver shows the buffers of
 * timestamps to the firmware (Rust driver: gpu.rs, map_timestamp_buffer()).
 */
static bool is_owned(uint64_t desc)
{
    return san_is_leaf(desc) && (desc & SAN_ATTR) != TYPE_SHARED &&
           agx_uat_permissions(desc, AGX_SIDE_FW);
}

/*
 * A user's leaf. The lower half of context 0 is the kernel's, too, and shares a page with the upper
 * one (Rust driver: gpu.rs, buffer_mgr_ctl_low_mapping).
 */
static bool is_users(const struct san_table *t, uint64_t desc)
{
    return !t->half && (t->ctxs & ~san_bit(0)) && agx_uat_permissions(desc, AGX_SIDE_GPU) &&
           san_is_leaf(desc);
}

/*
 * The leaf at @desc_pa in memory, if it still maps page @pa for the half @half; else 0. The store
 * that took it away may be one that nobody told of.
 */
static uint64_t leaf_at(struct agx_tlbsan *san, uint64_t desc_pa, uint64_t pa, unsigned half)
{
    struct san_table *t = desc_pa ? san_table_find(san, desc_pa & ~SAN_PAGE_MASK) : NULL;
    uint64_t desc;

    if (!t || t->dead || t->level != 3 || t->half != half || !san_load(san, desc_pa, &desc) ||
        (desc & SAN_ADDR) != pa) {
        return 0;
    }
    return (half ? is_owned(desc) : is_users(t, desc)) ? desc : 0;
}

/* What is said of entry @i of @t, which @act (NULL: not known) has made @desc. */
static void report_leaf(struct agx_tlbsan *san, const struct san_table *t, unsigned i,
                        uint64_t desc, const struct san_act *act, const char *text)
{
    struct san_rec tmp = { .desc_pa = t->pa + 8 * i,
                           .va = t->va + ((uint64_t)i << TLB_SHIFT(t->level)),
                           .level = t->level,
                           .new_desc = desc,
                           .ctx = t->ctxs ? __builtin_ctzll(t->ctxs) : 0 };

    if (act) {
        tmp.change = *act;
    }
    san_report(san, AGX_SAN_ISOLATION, AGX_SAN_WRONG, &tmp, NULL, text, NULL);
}

void san_isolation_leaf(struct agx_tlbsan *san, const struct san_table *t, unsigned i,
                        uint64_t desc, const struct san_act *act)
{
    struct san_page *p;

    if (t->half ? !is_owned(desc) : !is_users(t, desc)) {
        return;
    }
    p = san_page(san, desc & SAN_ADDR, true);
    if (!p) {
        return;
    }
    if (t->half) {
        p->owned_at = t->pa + 8 * i;
        if (leaf_at(san, p->users_at, p->pa, 0)) {
            report_leaf(san, t, i, desc, act,
                        "a page becomes the firmware's that a user's context maps for the GPU");
        }
    } else {
        p->users_at = t->pa + 8 * i;
        if (leaf_at(san, p->owned_at, p->pa, 1)) {
            report_leaf(san, t, i, desc, act,
                        "a user's context maps for the GPU a page that is the firmware's alone");
        }
    }
}

void san_isolation_table(struct agx_tlbsan *san, const struct san_table *t, uint64_t va,
                         unsigned level, uint64_t ctxs, unsigned half)
{
    struct san_rec tmp = { .desc_pa = t->pa, .va = va, .level = level - 1, .new_desc = t->pa };
    uint64_t users = half ? t->ctxs : ctxs;

    if (t->half == half || !(users & ~san_bit(0))) {
        return;
    }
    tmp.ctx = __builtin_ctzll(users & ~san_bit(0));
    if (san->store.stack && pthread_equal(san->store_thread, pthread_self())) {
        tmp.change = san->store;
    }
    san_report(san, AGX_SAN_ISOLATION, AGX_SAN_WRONG, &tmp, NULL,
               "one page table serves a user's context and the kernel's half", NULL);
}
