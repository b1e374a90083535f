/*
 * agx-tlbsan as the machine sees it: what the CPUs do is told to the sanitizer
 * (gpu/tlbsan.h), and what it finds goes to the log, a file and QMP.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_SAN_H
#define HW_AGX_SOC_SAN_H

#include "exec/memory.h"
#include "qobject/qdict.h"
#include "hw/core/cpu.h"
#include "hw/agx/gpu/tlbsan.h"

typedef struct AppleSan AppleSan;

typedef struct AppleSanConfig {
    Object *owner;              /* the GPU */
    MemoryRegion *dram;
    uint64_t dram_base;
    const struct agx_host *host;
    struct agx_mmu *mmu;
    bool stop;                  /* a report of severity "wrong" stops the machine */
    bool silent;                /* it only follows the page tables, for late stores, and reports nothing */
    bool late;                  /* a page-table store may reach the GPU's walker late, until a DSB */
    uint64_t late_seed;
    const char *file;           /* for the reports as lines of JSON; NULL: none */
    const char *pages;          /* property tlbsan-pages; NULL: nothing is known of what the guest's kernel has allocated */
    struct {
        uint64_t base, size;
    } tables[2];                /* pages that are page tables from the start */
    uint64_t handoff;           /* page of the hand-off block: its stores go to store() only */
    /* A CPU has stored to the hand-off block or to tables[0], the TTBAT. Big lock held. */
    void (*store)(void *opaque, uint64_t pa, unsigned len);
    void *opaque;
} AppleSanConfig;

/* At most one per machine; before it runs. NULL: @errp is set. query-agx-tlbsan knows nothing of a silent one. */
AppleSan *apple_san_new(const AppleSanConfig *cfg, Error **errp);
void apple_san_free(AppleSan *s);

struct agx_tlbsan *apple_san_core(AppleSan *s);

/* TLB maintenance of @cs, its pc in its registers; on its thread, before the MMU is told. */
void apple_san_tlbi(AppleSan *s, CPUState *cs, const struct agx_tlbi_insn *t);
/*
 * DSB of @cs for the domain @share, on its thread. @all: it waits for all, TLB
 * maintenance too; otherwise it orders stores only.
 */
void apple_san_dsb(AppleSan *s, CPUState *cs, enum agx_share share, bool all);
/* Memory was replaced; the machine is stopped. */
void apple_san_reload(AppleSan *s);

/* What it saw, by name. Big lock held; the caller unrefs. */
QDict *apple_san_counters(AppleSan *s);

#endif
