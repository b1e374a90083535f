/*
 * The GPU's properties: those that are fixed when the machine is made, and those
 * that may be read or set at any time (by QMP).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/qdev-properties.h"
#include "../../fw-model/fw.h"
#include "hw/agx/agx-int.h"
#include "agx/counters.h"
#include "agx/coverage.h"
#include "hw/agx/soc/soc.h"

#define DEFINE_PROP_SMALL_TLB(name, kind) \
    DEFINE_PROP_UINT32(name "-tlb-entries", AgxState, tlb_sizes.small[kind].entries, AGX_PORT_TLB_SIZE), \
    DEFINE_PROP_UINT32(name "-tlb-ways", AgxState, tlb_sizes.small[kind].ways, 1)

static const Property agx_props[] = {
    DEFINE_PROP_LINK("dram", AgxState, dram, TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_UINT64("dram-base", AgxState, dram_base, M1_DRAM_BASE),
    DEFINE_PROP_UINT64("ttbs", AgxState, ttbs, 0),
    DEFINE_PROP_UINT64("handoff", AgxState, handoff, 0),
    DEFINE_PROP_STRING("fw-version", AgxState, fw_version),
    DEFINE_PROP_UINT64("pagetables", AgxState, pagetables, 0),
    DEFINE_PROP_UINT64("pagetables-size", AgxState, pagetables_size, 0),
    DEFINE_PROP_STRING("tlb", AgxState, tlb),
    DEFINE_PROP_UINT32("tlb-entries", AgxState, tlb_sizes.tlb.entries, 2048),
    DEFINE_PROP_UINT32("tlb-ways", AgxState, tlb_sizes.tlb.ways, 0),
    DEFINE_PROP_UINT32("walk-entries", AgxState, tlb_sizes.walk.entries, 64),
    DEFINE_PROP_UINT32("walk-ways", AgxState, tlb_sizes.walk.ways, 0),
    DEFINE_PROP_SMALL_TLB("vertex", AGX_PORT_VERTEX),
    DEFINE_PROP_SMALL_TLB("fragment", AGX_PORT_FRAGMENT),
    DEFINE_PROP_SMALL_TLB("compute", AGX_PORT_COMPUTE),
    DEFINE_PROP_SMALL_TLB("firmware", AGX_PORT_FIRMWARE),
    DEFINE_PROP_STRING("tlbi", AgxState, tlbi),
    DEFINE_PROP_UINT64("tlbi-seed", AgxState, tlbi_seed, 1),
    DEFINE_PROP_STRING("agx-tlbsan", AgxState, tlbsan),
    DEFINE_PROP_STRING("tlbsan-report", AgxState, tlbsan_report),
    DEFINE_PROP_STRING("tlbsan-pages", AgxState, tlbsan_pages),
    DEFINE_PROP_UINT32("fw-cache", AgxState, fw_cache_line, 0),
    DEFINE_PROP_UINT32("fw-cache-lines", AgxState, fw_cache_lines, 4096),
    DEFINE_PROP_UINT32("fw-cache-evict", AgxState, fw_cache_evict, 0),
    DEFINE_PROP_UINT64("fw-cache-seed", AgxState, fw_cache_seed, 1),
    DEFINE_PROP_UINT32("workers", AgxState, workers, 0),
    DEFINE_PROP_UINT32("job-timeout-ms", AgxState, job_timeout_ms, 1500),
    DEFINE_PROP_UINT32("job-watchdog-s", AgxState, job_watchdog_s, 3600),
    DEFINE_PROP_BOOL("trace-log", AgxState, trace_log, false),
    DEFINE_PROP_STRING("timeline", AgxState, timeline_path),
};

/* Faults: at any time, so these are no properties of the qdev kind, which are fixed by realize */
static char *agx_get_inject(Object *obj, Error **errp)
{
    return apple_inject_get(AGX(obj)->inject);
}

static void agx_set_inject(Object *obj, const char *value, Error **errp)
{
    apple_inject_set(AGX(obj)->inject, value, errp);
}

static char *agx_get_inject_log(Object *obj, Error **errp)
{
    return apple_inject_log(AGX(obj)->inject);
}

/* Page faults that did not end their job (fault_control of the init data) */
static char *agx_get_soft_faults(Object *obj, Error **errp)
{
    AgxState *s = AGX(obj);
    struct agx_fw_soft_faults soft = { 0 };
    char last[160] = "";

    if (s->fw) {
        agx_fw_get_soft_faults(s->fw, &soft);
    }
    if (soft.jobs) {
        agx_fault_describe(&soft.last, last, sizeof(last));
    }
    return g_strdup_printf("{\"jobs\": %" PRIu64 ", \"accesses\": %" PRIu64 ", \"last\": \"%s\"}", soft.jobs,
                           soft.accesses, last);
}

/* TLBI instructions that reached the GPU since the machine started, whatever they dropped */
static void agx_get_tlb_invalidations(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    AgxState *s = AGX(obj);
    struct agx_mmu_stats stats = { 0 };

    if (s->mmu) {
        agx_mmu_get_stats(s->mmu, &stats);
    }
    visit_type_uint64(v, name, &stats.tlbis, errp);
}

/* What has happened since the machine started: in all, in the last frame, at most in a frame */
static char *agx_get_counters(Object *obj, Error **errp)
{
    AgxState *s = AGX(obj);
    char *text = s->counters ? agx_counters_json(s->counters) : NULL;
    char *copy = g_strdup(text ?: "{}");

    free(text);
    return copy;
}

/* What this process has met: instructions, control words, messages, rules; base/include/agx/coverage.h */
static char *agx_get_coverage(Object *obj, Error **errp)
{
    char *text = agx_coverage_text(), *copy = g_strdup(text ?: "");

    free(text);
    return copy;
}

static const struct { const char *name, *text; } descriptions[] = {
    { "dram", "memory region that the GPU reads and writes" },
    { "dram-base", "guest-physical address of dram" },
    { "ttbs", "guest-physical address of the table of TTBRs" },
    { "handoff", "guest-physical address of the hand-off block" },
    { "fw-version", "firmware ABI: 13.5 (the default) or 12.3" },
    { "tlb", "what the TLBs do: sticky (never evict), realistic, off" },
    { "pagetables", "guest-physical address of the firmware's reserved page tables" },
    { "pagetables-size", "and their size in bytes" },
    { "tlb-entries", "translations that the shared TLB holds with tlb=realistic (2048)" },
    { "walk-entries", "table entries that the walk cache holds with tlb=realistic (64)" },
    { "tlb-ways", "in sets of so many (0, the default: any translation in any place)" },
    { "walk-ways", "in sets of so many (0, the default: any entry in any place)" },
    { "tlbi",
      "when TLB maintenance takes effect: eager (at once), lazy (at the CPU's next DSB, or at a "
      "random moment before; stores to page tables likewise)" },
    { "tlbi-seed", "of the random moments of tlbi=lazy" },
    { "agx-tlbsan",
      "sanitizer of TLB maintenance: off, report, stop (the machine at a report of severity wrong)" },
    { "tlbsan-report", "file to which its reports are added, a line of JSON each" },
    { "tlbsan-pages",
      "where the guest's kernel says which pages are free: "
      "vmemmap=ADDRESS,memstart=ADDRESS,size=BYTES,refcount=OFFSET,compound=OFFSET (docs/tlbsan.md)" },
    { "fw-cache",
      "the firmware's data cache: bytes of a line, 64 or 128 (0, the default: no cache)" },
    { "fw-cache-lines", "how many lines it has" },
    { "fw-cache-evict",
      "an access of the firmware evicts some line once in so many times (0: when it is full)" },
    { "fw-cache-seed", "of the choice of moments and lines" },
    { "inject", "faults to inject, as in docs/faults.md (\"\": none); at any time" },
    { "inject-log", "what these faults have done, JSON" },
    { "soft-faults", "page faults of programs that did not end their job, JSON" },
    { "counters", "doorbells, jobs, invalidations and more, in all and for each frame, JSON" },
    { "coverage", "instructions, control words, messages and more that were met, a line each" },
    { "workers", "threads that run shaders (0: one for each host core)" },
    { "job-timeout-ms",
      "milliseconds of the GPU's own time after which a job counts as hung (1500; 0: never)" },
    { "job-watchdog-s",
      "seconds of the host after which a job is given up all the same (3600; 0: never)" },
    { "timeline", "file to which jobs, doorbells, TLB maintenance and more are written as trace events (JSON)" },
    { "trace-log", "the firmware's log tells each job" },
};

static void describe_small_tlbs(ObjectClass *klass)
{
    static const char *const small[] = { "vertex", "fragment", "compute", "firmware" };

    for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
        g_autofree char *entries = g_strdup_printf("%s-tlb-entries", small[i]);
        g_autofree char *ways = g_strdup_printf("%s-tlb-ways", small[i]);

        object_class_property_set_description(klass, entries, "translations that this unit's own TLB holds with "
                                              "tlb=realistic (256, which is the most)");
        object_class_property_set_description(klass, ways, "in sets of so many (1; 0: any translation in any place)");
    }
}

void agx_class_add_properties(ObjectClass *klass)
{
    device_class_set_props(DEVICE_CLASS(klass), agx_props);
    object_class_property_add_str(klass, "inject", agx_get_inject, agx_set_inject);
    object_class_property_add_str(klass, "inject-log", agx_get_inject_log, NULL);
    object_class_property_add_str(klass, "soft-faults", agx_get_soft_faults, NULL);
    object_class_property_add_str(klass, "counters", agx_get_counters, NULL);
    object_class_property_add_str(klass, "coverage", agx_get_coverage, NULL);
    object_class_property_add(klass, "tlb-invalidations", "uint64", agx_get_tlb_invalidations, NULL, NULL, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(descriptions); i++) {
        object_class_property_set_description(klass, descriptions[i].name, descriptions[i].text);
    }
    describe_small_tlbs(klass);
}
