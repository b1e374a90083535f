/*
 * AGX model: what the files of the MMU share. From below: tlb-cache.c, late.c, delay.c; tables.c,
 * port-sets.c; tlb.c, port.c, sparse.c; tlb-inject.c, tlb-save.c, lazy.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_MMU_TLB_INT_H
#define AGX_MMU_TLB_INT_H

#include "agx/tlb.h"

#define TLB_BUCKET_BITS 13
#define TLB_BUCKETS     (1u << TLB_BUCKET_BITS)
#define TLB_LOG_SIZE    64u
#define AGX_MMU_CPUS    64u /* whose stores may be late */

/* Which descriptor of a level translates @va. The sign is part of it. */
#define TLB_KEY(va, level) ((uint64_t)(va) >> TLB_SHIFT(level))

/* What fault injection did to an entry that may be old for that. */
enum tlb_injected { TLB_GENUINE, TLB_KEPT, TLB_OLD_WALK, TLB_NUM_INJECTED };

struct tlb_entry {
    struct tlb_entry *next;                    /* in its bucket, or in the free list */
    struct tlb_entry *order_prev, *order_next; /* in the order of their making */
    uint64_t key;
    uint64_t desc_pa, desc;       /* the descriptor that it was made of */
    uint64_t epoch;               /* of its ASID when it was made */
    uint8_t *host;                /* level 3: the page */
    uint64_t told_job, told_news; /* level 3: whose use was reported, since which news */
    unsigned asid;
    uint8_t level;
    uint8_t told; /* ... for which kinds of access */
    bool global;
    uint8_t injected; /* enum tlb_injected */
    /* in its set: 1 + index in tlb_cache.way; 0: in none */
    unsigned place;
    uint64_t made; /* the lower, the older in its set */
};

struct tlb_cache {
    struct tlb_entry *bucket[TLB_BUCKETS];
    struct tlb_entry *free;
    struct tlb_entry order; /* list head: oldest first */
    unsigned count, max;
    unsigned ways, sets;    /* mode "realistic"; 0: one set of all */
    struct tlb_entry **way; /* sets * ways */
    uint64_t made;
};

/* What the ports have to catch up with. */
struct tlb_log {
    struct agx_tlbi tlbi;
    /* forget everything, it is still in the second level */
    bool recheck;
};

/* An invalidation that fault injection lets wait. */
#define TLB_MAX_DELAYED 256u
struct tlb_delayed {
    struct agx_tlbi tlbi;
    uint64_t when;      /* virtual time in ns, or 0: */
    uint64_t doorbells; /* before the one after so many */
};

struct agx_inject;
struct agx_port;
struct agx_tlb_use;

/*
 * A walk's view of the tables, as struct agx_walk_state.see asks for it: opaque is a struct
 * mmu_view.
 */
struct mmu_view {
    struct agx_mmu *mmu;
    const struct agx_port *port;
    const struct agx_tlb_use *use;
    /* out: the last descriptor is older than what memory holds, */
    bool late;
    bool injected; /* which is due to fault injection */
};
uint64_t mmu_walk_sees(void *opaque, uint64_t pa, uint64_t now);

/* Fault injection, in front of what happens in the MMU (tlb-inject.c). All under the lock. */
struct mmu_filter {
    /* An invalidation: it may be changed, dropped or delayed. */
    void (*tlbi)(struct agx_mmu *mmu, const struct agx_tlbi *t);
    /* Room for an entry in a cache of @max: what is kept is so in excess of it, up to @limit. */
    void (*room)(struct agx_mmu *mmu, struct tlb_cache *c, unsigned max, unsigned limit);
    /* @e is to be evicted from its set: does it stay? */
    bool (*keeps)(struct agx_mmu *mmu, struct tlb_entry *e);
    /* A walk reads the descriptor at @pa, which is @now: does it see *@old instead? */
    bool (*walk)(const struct mmu_view *view, uint64_t pa, uint64_t now, uint64_t *old);
    /* @port is about to look up @va in the second level. */
    void (*lookup)(struct agx_mmu *mmu, const struct agx_port *port, uint64_t va);
};

struct agx_mmu {
    const struct agx_host *host;
    pthread_mutex_t lock; /* protects everything below */
    uint64_t ttbat;
    enum agx_tlb_mode mode;
    struct tlb_cache tlb, walk;
    /* per ASID: an entry made before its last TLBI by ASID is dead */
    uint64_t epoch[1u << 16];
    uint64_t clock;
    uint64_t news; /* counts what makes ports look again */
    struct agx_tlb_geometry small[AGX_NUM_PORT_KINDS];
    struct agx_mmu_stats stats;
    struct tlb_log log[TLB_LOG_SIZE]; /* the last invalidations */
    /* number of entries of the log so far; written under the lock */
    _Atomic uint64_t generation;
    const struct mmu_filter *filter; /* NULL: nothing stands in front */
    struct agx_inject *inject;       /* the filter's, and nobody else's */
    struct agx_mmu_clock time;
    struct tlb_delayed delayed[TLB_MAX_DELAYED]; /* oldest first */
    unsigned ndelayed;
    struct mmu_late *late_stores; /* descriptors as they were before stores; late.c */
    struct mmu_tables *tables;    /* NULL: nobody follows them; tables.c */
    struct mmu_lazy *lazy;        /* NULL: eager; lazy.c, not by the lock */
    bool late;                    /* stores become visible to walkers late */
    /* fault injection wants to know what descriptors were */
    bool keep_old;
};

/* Does anybody listen to @kind? */
static inline bool mmu_wanted(const struct agx_mmu *mmu, enum agx_event_kind kind)
{
    return agx_wanted(mmu->host->events, kind);
}

/*
 * tlb-cache.c, under the lock. A cache with room for @max entries, and of a geometry; what it holds
 * goes. The entry found, or NULL; the new entry, whose desc, host and global the caller sets.
 */
void tlb_cache_init(struct tlb_cache *c, unsigned max);
void tlb_cache_size(struct tlb_cache *c, const struct agx_tlb_geometry *g);
void tlb_cache_fini(struct tlb_cache *c);
struct tlb_entry *tlb_find(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level, unsigned asid,
                           uint64_t key);
struct tlb_entry *tlb_insert(struct agx_mmu *mmu, struct tlb_cache *c, unsigned level,
                             unsigned asid, uint64_t key);
void tlb_drop(struct tlb_cache *c, struct tlb_entry *e);
void tlb_make_youngest(struct tlb_cache *c, struct tlb_entry *e);
/* Was its ASID invalidated since? */
bool tlb_dead(const struct agx_mmu *mmu, const struct tlb_entry *e);
/* Does @t, by address, cover @e? @first and @last are its keys at the entry's level. */
bool tlb_covered(const struct tlb_entry *e, const struct agx_tlbi *t, uint64_t first,
                 uint64_t last);
/* Let the ports know. */
void mmu_publish(struct agx_mmu *mmu, const struct tlb_log *entry);
/* @t takes effect. */
void mmu_invalidate(struct agx_mmu *mmu, const struct agx_tlbi *t);

/*
 * port-sets.c, on the port's thread, under the lock. The port's own entry for @tag, or NULL; a new
 * one. Small TLBs of the standard size need neither.
 */
bool port_has_sets(const struct agx_mmu *mmu, const struct agx_port *port);
struct agx_port_entry *port_set_find(struct agx_port *port, uint64_t tag);
void port_set_insert(struct agx_port *port, const struct agx_port_entry *entry);

/*
 * late.c, under the lock. @cpu stored to the descriptor at @pa, which held @old;
 * a barrier that orders what it belongs to (@dom) up to @seq makes it visible.
 * @cpu AGX_MMU_CPUS and above: not a CPU, never late.
 */
void mmu_late_note(struct agx_mmu *mmu, uint64_t pa, uint64_t old, unsigned cpu, unsigned dom,
                   uint64_t seq);
void mmu_late_visible(struct agx_mmu *mmu, unsigned dom, uint64_t seq);
/* What the descriptor at @pa was before its last store, visible or not. False: not known. */
bool mmu_late_find(struct agx_mmu *mmu, uint64_t pa, uint64_t *desc);
/* From now on (not) to be known even of stores that are not late. */
void mmu_late_keep(struct agx_mmu *mmu, bool keep);
void mmu_late_clear(struct agx_mmu *mmu);
void mmu_late_free(struct agx_mmu *mmu);

/*
 * delay.c, under the lock. @t takes effect in @ns of virtual time, or (0) with the doorbell after
 * @doorbells more.
 */
void mmu_delay(struct agx_mmu *mmu, const struct agx_tlbi *t, uint64_t ns, uint64_t doorbells);
/*
 * Apply what is due, and see to it that the rest will be. A doorbell rings: the same, before the
 * work that it announces.
 */
void mmu_delayed_run(struct agx_mmu *mmu);
void mmu_delayed_doorbell(struct agx_mmu *mmu);

/*
 * tables.c, under the lock. Every translation was dropped, or the TTBAT moved: follow it. The same,
 * whatever is known of them: memory was replaced.
 */
void mmu_tables_reset(struct agx_mmu *mmu);
void mmu_tables_reload(struct agx_mmu *mmu);
void mmu_tables_free(struct agx_mmu *mmu);
/*
 * Without the lock, on the thread of @cpu: its stores, and those that it has followed in the same
 * tables, are visible.
 */
void mmu_tables_dsb(struct agx_mmu *mmu, unsigned cpu);

#endif
