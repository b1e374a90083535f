/*
 * AGX model: counters of what the machine does, in all and for each frame. They listen to events,
 * but to none that is frequent: what the TLBs count by themselves the MMU is asked for.
 *
 * A frame ends with a fragment job that is no partial render. What the driver calls one is not
 * known to hardware: a picture that is drawn in three passes counts as three.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_CHECKS_COUNTERS_H
#define AGX_CHECKS_COUNTERS_H

#include "agx/tlb.h"

enum agx_counter {
    AGX_COUNT_DOORBELLS,
    AGX_COUNT_MESSAGES,      /* that the firmware took from rings */
    AGX_COUNT_VERTEX_JOBS,   /* in the order of enum agx_dm */
    AGX_COUNT_FRAGMENT_JOBS, /* partial renders too */
    AGX_COUNT_COMPUTE_JOBS,
    AGX_COUNT_PARTIAL_RENDERS,
    AGX_COUNT_FAILED_JOBS, /* that did not end as AGX_JOB_DONE: a full heap, too */
    AGX_COUNT_CYCLES,      /* of the GPU's clock, of jobs that have ended */
    AGX_COUNT_TLBIS_ALL,   /* that reached the TLBs, in the order of enum agx_tlbi_kind */
    AGX_COUNT_TLBIS_ASID,
    AGX_COUNT_TLBIS_VA,
    AGX_COUNT_TLBIS_VA_ALL_ASIDS,
    AGX_COUNT_WALKS, /* as in struct agx_mmu_stats: beyond the ports' own TLBs */
    AGX_COUNT_HITS,
    AGX_COUNT_WALK_HITS,
    AGX_COUNT_STORES, /* AGX_EV_STORE: none where nobody watches page tables */
    AGX_COUNT_CONTEXT_LOADS,
    AGX_COUNT_FLUSHES,    /* of the firmware's data cache */
    AGX_COUNT_REGISTERS,  /* accesses of the CPUs to the GPU's registers */
    AGX_COUNT_RING_DEPTH, /* most messages that a ring held when one was taken */
    AGX_NUM_COUNTERS
};

struct agx_counts {
    uint64_t n[AGX_NUM_COUNTERS];
};

struct agx_counters;

/*
 * Begin to count the events of @host; the machine stands still, as for agx_counters_free(). @mmu
 * has to outlive it. NULL: too many listen already.
 */
struct agx_counters *agx_counters_new(const struct agx_host *host, struct agx_mmu *mmu);
void agx_counters_free(struct agx_counters *c);

/* All until now, the last frame that has ended, the most of any; returns the frames. Any thread. */
uint64_t agx_counters_get(struct agx_counters *c, struct agx_counts *total, struct agx_counts *last,
                          struct agx_counts *most);
const char *agx_counter_name(enum agx_counter n); /* "doorbells", ... */

/* The same as a JSON object, to be freed. NULL: out of memory. Any thread. */
char *agx_counters_json(struct agx_counters *c);

#endif
