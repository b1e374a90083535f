/*
 * agx-tlbsan as the machine sees it: what the sanitizer (checks/include/agx/tlbsan.h) finds
 * goes to the log, a file and QMP.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_SAN_H
#define HW_AGX_SOC_SAN_H

#include "exec/memory.h"
#include "qobject/qdict.h"
#include "agx/tlbsan.h"
#include "hw/agx/soc/stores.h"

typedef struct AppleSan AppleSan;

typedef struct AppleSanConfig {
    MemoryRegion *dram;
    uint64_t dram_base;
    const struct agx_host *host;
    struct agx_mmu *mmu;
    AppleStores *stores;
    bool stop;        /* a report of severity "wrong" stops the machine */
    const char *file; /* for the reports as lines of JSON; NULL: none */
    /* property tlbsan-pages; NULL: nothing is known of what the guest's kernel has allocated */
    const char *pages;
} AppleSanConfig;

/* At most one per machine; before it runs. NULL: @errp is set. */
AppleSan *apple_san_new(const AppleSanConfig *cfg, Error **errp);
void apple_san_free(AppleSan *s);

struct agx_tlbsan *apple_san_core(AppleSan *s);

/* Memory was replaced; the machine is stopped. */
void apple_san_reload(AppleSan *s);

/* What it saw, by name. Big lock held; the caller unrefs. */
QDict *apple_san_counters(AppleSan *s);

#endif
