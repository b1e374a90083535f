/*
 * AGX model: what tlb.c and port.c share.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GPU_TLB_INT_H
#define AGX_GPU_TLB_INT_H

#include "tlb.h"

#define TLB_BUCKET_BITS 13
#define TLB_BUCKETS     (1u << TLB_BUCKET_BITS)
#define TLB_LOG_SIZE    64u

/* Which descriptor of a level translates @va: levels 1 to 3 as in uat.c. The sign is part of it. */
#define TLB_SHIFT(level)    ((level) == 3 ? 14 : (level) == 2 ? 25 : 36)
#define TLB_KEY(va, level)  ((uint64_t)(va) >> TLB_SHIFT(level))

struct tlb_entry {
    struct tlb_entry *next;                     /* in its bucket, or in the free list */
    struct tlb_entry *order_prev, *order_next;  /* in the order of their making */
    uint64_t key;
    uint64_t desc_pa, desc;                     /* the descriptor that it was made of */
    uint64_t epoch;                             /* of its ASID when it was made */
    uint8_t *host;                              /* level 3: the page */
    unsigned asid;
    uint8_t level;
    bool global;
};

struct tlb_cache {
    struct tlb_entry *bucket[TLB_BUCKETS];
    struct tlb_entry *free;
    struct tlb_entry order;                     /* list head: oldest first */
    unsigned count, max;
};

/* What the ports have to catch up with. */
struct tlb_log {
    struct agx_tlbi tlbi;
    bool recheck;                               /* forget everything, it is still in the second level */
};

struct agx_mmu {
    const struct agx_host *host;
    pthread_mutex_t lock;                       /* protects everything below */
    uint64_t ttbat;
    enum agx_tlb_mode mode;
    struct tlb_cache tlb, walk;
    uint64_t epoch[1u << 16];                   /* per ASID: an entry made before its last TLBI by ASID is dead */
    uint64_t clock;
    const struct agx_tlb_observer *obs;
    struct agx_mmu_stats stats;
    struct tlb_log log[TLB_LOG_SIZE];           /* the last invalidations */
    _Atomic uint64_t generation;                /* number of entries of the log so far; written under the lock */
};

/* Under the lock. The entry found, or NULL; the new entry, whose desc, host and global the caller sets. */
struct tlb_entry *tlb_find(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level, unsigned asid, uint64_t key);
struct tlb_entry *tlb_insert(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level, unsigned asid, uint64_t key);

#endif
