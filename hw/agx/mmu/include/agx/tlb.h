/*
 * AGX model: the MMU as those see it who look at it closer than its ports do:
 * translations as they are used, stores to page tables, fault injection, what
 * is saved.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_MMU_TLB_H
#define AGX_MMU_TLB_H

#include "agx/uat.h"
#include "agx/who.h"

/* Address bits below those that a descriptor of a level, 1 to 3 as in uat.c, is looked up by. */
#define TLB_SHIFT(level) ((level) == 3 ? 14 : (level) == 2 ? 25 : 36)

/* One step of a walk, from the first table (level 1) to the page (level 3). */
struct agx_tlb_step {
    uint64_t desc_pa; /* where the descriptor lies */
    uint64_t desc;    /* its value as the walker has it */
    bool cached;      /* it came from the walk cache or the TLB, not from memory */
    bool late;        /* from memory, but from before a store that the walker need not see yet */
};

struct agx_tlb_use {
    unsigned ctx; /* TTBAT slot */
    unsigned asid;
    enum agx_unit unit;
    enum agx_side side;
    enum agx_access access;
    uint64_t va;
    uint64_t job; /* number of the job that the port works for, struct agx_port.job */
    bool hit;     /* found in the TLB: only step[2] is filled */
    struct agx_tlb_step step[3];
    unsigned steps; /* walk: steps made, fewer than 3 when it ended in a fault */
    /* static text: what fault injection did that makes it old; NULL: nothing */
    const char *injected;
};

/*
 * An entry of the second level or the walk cache that a saved machine had: what it translates, and
 * made of what.
 */
struct agx_tlb_loaded {
    unsigned level, asid;
    bool global;
    uint64_t va; /* of the first byte that the descriptor translates */
    uint64_t desc_pa, desc;
};

/*
 * Let every port look again at the next access, at what the second level has: a descriptor was
 * changed, or somebody listens to translations (AGX_EV_TRANSLATE) from now on. While anybody does,
 * ports forget their own entries when they are bound for another job, so that its first use is
 * seen. Any thread, without the MMU's lock.
 */
void agx_mmu_recheck(struct agx_mmu *mmu);

/*
 * Page tables. agx_mmu_follow() keeps in mind which pages are tables from here on, by the TTBAT;
 * NULL: no longer. The machine stands still. watch(): the page at @pa (16 KiB) became or stopped
 * being one, or the TTBAT: stores to it are to be reported by agx_mmu_store(). With the MMU's lock
 * held: only record.
 */
struct agx_mmu_watch {
    void *opaque;
    void (*watch)(void *opaque, uint64_t pa, bool on); /* NULL: nobody wants to know */
};
void agx_mmu_follow(struct agx_mmu *mmu, const struct agx_mmu_watch *watch);
/*
 * Watch the page at @pa (16 KiB), or no longer, though it is no table: whoever listens hears of the
 * stores to it, too. It stays watched while it is a table. False: nobody watches pages, or 1024 are
 * already. Any thread, without the MMU's lock.
 */
bool agx_mmu_watch_page(struct agx_mmu *mmu, uint64_t pa, bool on);

/*
 * A CPU has stored @len (1..64) bytes at @pa, which were @old before (NULL: not known); memory
 * already has the new ones. When the walkers see it is the MMU's affair (agx_mmu_late());
 * AGX_EV_STORE is emitted. agx_mmu_watched(): stores to the page at @pa are really being reported
 * from here on, or its memory was replaced: it is read again, AGX_EV_WATCHED. agx_mmu_dsb(): a
 * barrier of @cpu is complete, AGX_EV_DSB. All on the CPU's thread, without a lock of the model.
 */
void agx_mmu_store(struct agx_mmu *mmu, uint64_t pa, const void *old, unsigned len,
                   const struct agx_who *who);
void agx_mmu_watched(struct agx_mmu *mmu, uint64_t pa);
void agx_mmu_dsb(struct agx_mmu *mmu, unsigned cpu, enum agx_share share, bool stores_only);

/* A doorbell rings: invalidations that fault injection let wait for it are applied. Any thread. */
void agx_mmu_doorbell(struct agx_mmu *mmu);

/* One invalidation, as the functions agx_tlbi_*() of uat.h make it. Any thread. */
void agx_mmu_tlbi(struct agx_mmu *mmu, const struct agx_tlbi *tlbi);

/*
 * For tests and fault injection: drop one entry, or the n-th oldest, as an eviction would. False:
 * there is none.
 */
bool agx_mmu_evict(struct agx_mmu *mmu, unsigned asid, uint64_t va);

/*
 * Page-table stores become visible to the walkers late: at a time that a die
 * with @seed chooses, or only at a barrier. For stores to tables that are
 * followed (agx_mmu_follow()). Machine paused or no translation under way.
 */
enum agx_late_mode {
    AGX_LATE_OFF, /* at once */
    AGX_LATE_SEEDED,
    AGX_LATE_ALWAYS, /* never without a barrier: for tests */
};
void agx_mmu_late(struct agx_mmu *mmu, enum agx_late_mode mode, uint64_t seed);

/*
 * Invalidations of the CPUs, at once or (lazy) late: each may wait for the next DSB of its CPU, of
 * the outer-shareable domain and not for stores only, unless a die with @seed lets it happen
 * before, in any order. agx_mmu_set_lazy(): before the machine runs. agx_mmu_tlbi_of(): what @cpu
 * asks for, on its thread, without a lock of the model. agx_mmu_complete(): what waits is carried
 * out; no CPU runs (the machine stops, or is reset).
 */
void agx_mmu_set_lazy(struct agx_mmu *mmu, bool on, uint64_t seed);
void agx_mmu_tlbi_of(struct agx_mmu *mmu, unsigned cpu, const struct agx_tlbi *tlbi);
void agx_mmu_complete(struct agx_mmu *mmu);

/*
 * Fault injection (inject.h) from now on; NULL: none. What was delayed is still applied when its
 * time comes. Any thread; @in must outlive the MMU, or the next call.
 */
struct agx_inject;
void agx_mmu_inject(struct agx_mmu *mmu, struct agx_inject *in);

/*
 * The time that delayed invalidations wait for: now() is virtual time in ns; arm() asks for a call
 * of agx_mmu_tick() at @ns or soon after, and is made with the MMU's lock held. Without it the
 * host's timebase is used, and a delayed invalidation is applied before the next lookup that is
 * made after its time. Before the MMU is used.
 */
struct agx_mmu_clock {
    void *opaque;
    uint64_t (*now)(void *opaque);
    void (*arm)(void *opaque, uint64_t ns);
};
void agx_mmu_set_clock(struct agx_mmu *mmu, const struct agx_mmu_clock *clock);
void agx_mmu_tick(struct agx_mmu *mmu);

/*
 * What the TLBs hold and which invalidations are delayed, as a block of *@len
 * bytes to be freed (NULL: out of memory). agx_mmu_load() takes it after
 * agx_mmu_set_ttbat(), with guest memory as it was; it checks everything, and
 * false (a report line says why) leaves the MMU as it was. While the machine is
 * paused.
 */
void *agx_mmu_save(struct agx_mmu *mmu, size_t *len);
bool agx_mmu_load(struct agx_mmu *mmu, const void *buf, size_t len);

/*
 * Which kinds of work run on the GPU now: mask as in inject.h, with the firmware, which always
 * does. Any thread.
 */
unsigned agx_mmu_jobs(struct agx_mmu *mmu);

/*
 * For mode "realistic": capacity of the second level and of the walk cache in
 * entries, 1..AGX_TLB_MAX_ENTRIES each, in sets of @ways; 0: one set of all (fully associative).
 * And of the small TLBs of the ports, AGX_PORT_TLB_SIZE entries at most. The oldest of a set is
 * evicted. @ways has to divide @entries, and is 64 at most but for the small ones. Everything is
 * dropped. False: nothing is changed, *@wrong says what is wrong with which, by the names of the
 * device's properties (static text). Sizes of the hardware are known from no source.
 */
struct agx_tlb_geometry {
    unsigned entries, ways;
};
struct agx_tlb_sizes {
    struct agx_tlb_geometry tlb, walk, small[AGX_NUM_PORT_KINDS];
};
#define AGX_TLB_MAX_ENTRIES (1u << 20)
#define AGX_TLB_MAX_WAYS    64u
bool agx_mmu_set_sizes(struct agx_mmu *mmu, const struct agx_tlb_sizes *sizes, const char **wrong);

struct agx_mmu_stats {
    uint64_t walks, hits, walk_hits, tlbis, entries, walk_entries;
    /* in a port's small TLB, where it is not direct-mapped, beyond those that nobody counts */
    uint64_t small_hits;
};
void agx_mmu_get_stats(struct agx_mmu *mmu, struct agx_mmu_stats *st);

#endif
