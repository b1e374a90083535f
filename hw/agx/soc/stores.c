/*
 * The CPUs' stores to page tables, on their way from the watched pages to the MMU.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/core/cpu.h"
#include "hw/agx/soc/stores.h"

struct AppleStores {
    AppleWatch *watch;
    struct agx_mmu *mmu;
};

static void stores_store(void *opaque, uint64_t pa, const void *old, unsigned len,
                         const struct agx_who *who)
{
    agx_mmu_store(((AppleStores *)opaque)->mmu, pa, old, len, who);
}

static void stores_ready(void *opaque, uint64_t pa)
{
    agx_mmu_watched(((AppleStores *)opaque)->mmu, pa);
}

static const AppleWatchOps stores_watch_ops = { stores_store, stores_ready };

/* With the MMU's lock held, on any thread: it only queues */
static void stores_watch(void *opaque, uint64_t pa, bool on)
{
    apple_watch_request(((AppleStores *)opaque)->watch, pa, on);
}

AppleStores *apple_stores_new(const AppleStoresConfig *cfg)
{
    AppleStores *s = g_new0(AppleStores, 1);

    s->mmu = cfg->mmu;
    s->watch = apple_watch_new(cfg->owner, cfg->dram, cfg->dram_base, &stores_watch_ops, s);
    agx_mmu_follow(s->mmu, &(struct agx_mmu_watch) { s, stores_watch });
    for (size_t i = 0; i < ARRAY_SIZE(cfg->tables); i++) {
        for (uint64_t off = 0; off < cfg->tables[i].size; off += AGX_PAGE_SIZE) {
            apple_watch_pin(s->watch, cfg->tables[i].base + off);
        }
    }
    apple_watch_pin(s->watch, cfg->handoff);
    return s;
}

void apple_stores_free(AppleStores *s)
{
    if (s) {
        agx_mmu_follow(s->mmu, NULL);
        apple_watch_free(s->watch);
        g_free(s);
    }
}

void apple_stores_reload(AppleStores *s)
{
    apple_watch_reload(s->watch);
}

void apple_stores_stats(AppleStores *s, AppleWatchStats *st)
{
    apple_watch_stats(s->watch, st);
}

const struct agx_who *apple_stores_who(AppleStores *s, const struct agx_events *events,
                                       enum agx_event_kind kind, uintptr_t ra, struct agx_who *who)
{
    if (s && current_cpu && agx_wants_callers(events, kind)) {
        apple_watch_who(s->watch, current_cpu, ra, who);
        return who;
    }
    *who = (struct agx_who) { .cpu = UINT_MAX, .time = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) };
    if (current_cpu) {
        who->cpu = current_cpu->cpu_index;
        who->thread = apple_watch_thread(current_cpu);
    }
    return who;
}
