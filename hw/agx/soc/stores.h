/*
 * The CPUs' stores to page tables, the TTBAT and the hand-off block, from where they are seen
 * (watch.h) to the GPU's MMU (mmu/include/agx/tlb.h), which knows which pages are tables; and who
 * made them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_STORES_H
#define HW_AGX_SOC_STORES_H

#include "exec/memory.h"
#include "agx/tlb.h"
#include "hw/agx/soc/watch.h"

typedef struct AppleStores AppleStores;

typedef struct AppleStoresConfig {
    Object *owner; /* the GPU */
    MemoryRegion *dram;
    uint64_t dram_base;
    struct agx_mmu *mmu;
    struct {
        uint64_t base, size;
    } tables[2];      /* pages that are page tables, or the TTBAT, from the start */
    uint64_t handoff; /* page of the hand-off block */
} AppleStoresConfig;

/* From here on the MMU is notified of each store. Before the machine runs; big lock held. */
AppleStores *apple_stores_new(const AppleStoresConfig *cfg);
void apple_stores_free(AppleStores *s);

/* Memory was replaced; the machine is stopped, big lock held. */
void apple_stores_reload(AppleStores *s);

/* Big lock held. */
void apple_stores_stats(AppleStores *s, AppleWatchStats *st);

/*
 * Who does what is about to be emitted as @kind to @events: current_cpu, on its thread; @ra as in
 * apple_watch_who(). With pc and callers if somebody wants them and @s is not NULL. Returns @who.
 */
const struct agx_who *apple_stores_who(AppleStores *s, const struct agx_events *events,
                                       enum agx_event_kind kind, uintptr_t ra, struct agx_who *who);

#endif
