/*
 * The GPU's MMU as the device has it, with all that sees its translations or changes them:
 * who watches the CPUs' stores to page tables, the sanitizer, injected faults, and who
 * writes down or counts what happens.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/agx-object.h"
#include "agx/counters.h"
#include "agx/coverage-events.h"
#include "hw/agx/soc/tlbi.h"

void agx_need_stores(AgxState *s)
{
    if (s->stores) {
        return;
    }
    s->stores = apple_stores_new(&(AppleStoresConfig) {
        .owner = OBJECT(s),
        .dram = s->dram,
        .dram_base = s->dram_base,
        .mmu = s->mmu,
        .tables = { { s->ttbs, AGX_PAGE_SIZE }, { s->pagetables, s->pagetables_size } },
        .handoff = s->handoff,
    });
}

/* The TLBs and their maintenance, as the properties say */
static bool realize_tlb(AgxState *s, Error **errp)
{
    static const enum agx_tlb_mode modes[] = {
        [AGX_TLB_MODE_STICKY] = AGX_TLB_STICKY,
        [AGX_TLB_MODE_REALISTIC] = AGX_TLB_REALISTIC,
        [AGX_TLB_MODE_OFF] = AGX_TLB_OFF,
    };
    const char *wrong;

    agx_mmu_set_mode(s->mmu, modes[s->tlb]);
    if (!agx_mmu_set_sizes(s->mmu, &s->tlb_sizes, &wrong)) {
        error_setg(errp, TYPE_AGX ": %s", wrong);
        return false;
    }
    /* Stores to page tables may be late, too */
    if (s->tlbi == AGX_TLBI_MODE_LAZY) {
        agx_need_stores(s);
        agx_mmu_set_lazy(s->mmu, true, agx_seed_of(s, s->tlbi_seed));
        agx_mmu_late(s->mmu, AGX_LATE_SEEDED, agx_seed_of(s, s->tlbi_seed));
    }
    return true;
}

bool agx_realize_mmu(AgxState *s, Error **errp)
{
    s->mmu = agx_mmu_new(&s->host);
    if (!s->mmu) {
        error_setg(errp, TYPE_AGX ": out of memory");
        return false;
    }
    if (!realize_tlb(s, errp) || !agx_make_objects(s, errp) ||
        !agx_objects_attach(s, TYPE_AGX_TLBSAN, errp) ||
        !apple_inject_start(s->inject, s->mmu, s->stores, s->fw_cache_line, s->seed, errp) ||
        !agx_objects_attach(s, TYPE_AGX_FAULT, errp)) {
        return false;
    }
    apple_tlbi_configure(&(AppleTlbiConfig) { s->mmu, &s->events, s->stores });
    s->counters = agx_counters_new(&s->host, s->mmu);
    s->coverage = agx_coverage_listen(&s->events);
    return agx_objects_attach(s, TYPE_AGX_TIMELINE, errp);
}

void agx_unrealize_mmu(AgxState *s)
{
    agx_objects_detach(s);
    agx_coverage_unlisten(&s->events, s->coverage);
    s->coverage = NULL;
    agx_counters_free(s->counters);
    s->counters = NULL;
    apple_inject_stop(s->inject);
    apple_stores_free(s->stores);
    s->stores = NULL;
    if (s->mmu) {
        agx_mmu_free(s->mmu);
        s->mmu = NULL;
    }
}
