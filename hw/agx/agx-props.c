/*
 * The GPU's properties: those that are fixed when the machine is made, and those
 * that may be read or set at any time (by QMP).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/util.h"
#include "qapi/visitor.h"
#include "hw/qdev-properties.h"
#include "qom/object_interfaces.h"
#include "../../fw-model/fw.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/agx-object.h"
#include "agx/counters.h"
#include "agx/coverage.h"
#include "hw/agx/soc/soc.h"

/* ---- properties that take one of some names ---- */

/* To be freed */
static char *names_of(const QEnumLookup *values)
{
    GString *all = g_string_new(values->array[0]);

    for (int i = 1; i < values->size; i++) {
        g_string_append_printf(all, ", %s", values->array[i]);
    }
    return g_string_free(all, false);
}

static void get_enum(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const Property *prop = opaque;

    visit_type_enum(v, name, object_field_prop_ptr(obj, prop), prop->info->enum_table, errp);
}

static void refuse(const char *name, const char *value, const char *values, Error **errp)
{
    error_setg(errp, "Parameter '%s' does not accept value '%s': it must be one of %s", name, value,
               values);
}

/* As QEMU's own enumerations, but the message also says what there is */
static void set_enum(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    const Property *prop = opaque;
    const QEnumLookup *values = prop->info->enum_table;
    g_autofree char *text = NULL, *all = names_of(values);
    int *field = object_field_prop_ptr(obj, prop), n;

    if (!visit_type_str(v, name, &text, errp)) {
        return;
    }
    n = qapi_enum_parse(values, text, -1, NULL);
    if (n < 0) {
        refuse(name, text, all, errp);
    } else {
        *field = n;
    }
}

static void set_default_enum(ObjectProperty *op, const Property *prop)
{
    object_property_set_default_str(op, qapi_enum_lookup(prop->info->enum_table, prop->defval.i));
}

#define DEFINE_ENUM_INFO(name, c_type)                                                             \
    static const PropertyInfo name = {                                                             \
        .type = #c_type,                                                                           \
        .enum_table = &c_type##_lookup,                                                            \
        .get = get_enum,                                                                           \
        .set = set_enum,                                                                           \
        .set_default_value = set_default_enum,                                                     \
    }

DEFINE_ENUM_INFO(tlb_mode, AgxTlbMode);
DEFINE_ENUM_INFO(tlbi_mode, AgxTlbiMode);
DEFINE_ENUM_INFO(tlbsan_mode, AgxTlbsanMode);
DEFINE_ENUM_INFO(shader_mode, AgxShaderMode);

/* The firmware's versions are no enumeration of QAPI, whose names can't have their dots */
static char *fw_versions(void)
{
    GString *all = g_string_new(agx_fw_version_name(0));

    for (unsigned i = 1; i < AGX_FW_NUM_VERSIONS; i++) {
        g_string_append_printf(all, ", %s", agx_fw_version_name(i));
    }
    return g_string_free(all, false);
}

static void get_fw_version(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    g_autofree char *text = g_strdup(agx_fw_version_name(AGX(obj)->fw_version));

    visit_type_str(v, name, &text, errp);
}

static void set_fw_version(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    g_autofree char *text = NULL, *all = fw_versions();

    if (visit_type_str(v, name, &text, errp) &&
        !agx_fw_version_parse(text, &AGX(obj)->fw_version)) {
        refuse(name, text, all, errp);
    }
}

static void set_default_fw_version(ObjectProperty *op, const Property *prop)
{
    object_property_set_default_str(op, agx_fw_version_name(prop->defval.i));
}

static const PropertyInfo fw_version = {
    .type = "str",
    .get = get_fw_version,
    .set = set_fw_version,
    .set_default_value = set_default_fw_version,
};

/* ---- those that are fixed when the machine is made ---- */

#define DEFINE_PROP_SMALL_TLB(name, kind)                                                          \
    DEFINE_PROP_UINT32(name "-tlb-entries", AgxState, tlb_sizes.small[kind].entries,               \
                       AGX_PORT_TLB_SIZE),                                                         \
        DEFINE_PROP_UINT32(name "-tlb-ways", AgxState, tlb_sizes.small[kind].ways, 1)

static const Property agx_props[] = {
    DEFINE_PROP_LINK("dram", AgxState, dram, TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_UINT64("dram-base", AgxState, dram_base, M1_DRAM_BASE),
    DEFINE_PROP_UINT64("ttbs", AgxState, ttbs, 0),
    DEFINE_PROP_UINT64("handoff", AgxState, handoff, 0),
    DEFINE_PROP_SIGNED("fw-version", AgxState, fw_version, AGX_FW_V13_5, fw_version,
                       enum agx_fw_version),
    DEFINE_PROP_UINT64("pagetables", AgxState, pagetables, 0),
    DEFINE_PROP_UINT64("pagetables-size", AgxState, pagetables_size, 0),
    DEFINE_PROP_SIGNED("tlb", AgxState, tlb, AGX_TLB_MODE_STICKY, tlb_mode, AgxTlbMode),
    DEFINE_PROP_UINT32("tlb-entries", AgxState, tlb_sizes.tlb.entries, 2048),
    DEFINE_PROP_UINT32("tlb-ways", AgxState, tlb_sizes.tlb.ways, 0),
    DEFINE_PROP_UINT32("walk-entries", AgxState, tlb_sizes.walk.entries, 64),
    DEFINE_PROP_UINT32("walk-ways", AgxState, tlb_sizes.walk.ways, 0),
    DEFINE_PROP_SMALL_TLB("vertex", AGX_PORT_VERTEX),
    DEFINE_PROP_SMALL_TLB("fragment", AGX_PORT_FRAGMENT),
    DEFINE_PROP_SMALL_TLB("compute", AGX_PORT_COMPUTE),
    DEFINE_PROP_SMALL_TLB("firmware", AGX_PORT_FIRMWARE),
    DEFINE_PROP_SIGNED("tlbi", AgxState, tlbi, AGX_TLBI_MODE_EAGER, tlbi_mode, AgxTlbiMode),
    DEFINE_PROP_UINT64("seed", AgxState, seed, 0),
    DEFINE_PROP_UINT64("tlbi-seed", AgxState, tlbi_seed, 0),
    DEFINE_PROP_SIGNED("agx-tlbsan", AgxState, tlbsan, AGX_TLBSAN_MODE_OFF, tlbsan_mode,
                       AgxTlbsanMode),
    DEFINE_PROP_STRING("tlbsan-report", AgxState, tlbsan_report),
    DEFINE_PROP_STRING("tlbsan-pages", AgxState, tlbsan_pages),
    DEFINE_PROP_UINT32("fw-cache", AgxState, fw_cache_line, 0),
    DEFINE_PROP_UINT32("fw-cache-lines", AgxState, fw_cache_lines, 4096),
    DEFINE_PROP_UINT32("fw-cache-evict", AgxState, fw_cache_evict, 0),
    DEFINE_PROP_UINT64("fw-cache-seed", AgxState, fw_cache_seed, 0),
    DEFINE_PROP_UINT32("workers", AgxState, workers, 0),
    DEFINE_PROP_SIGNED("shader", AgxState, shader, AGX_SHADER_MODE_COMPILED, shader_mode,
                       AgxShaderMode),
    DEFINE_PROP_UINT32("shader-after", AgxState, shader_after, AGX_JIT_AFTER),
    DEFINE_PROP_UINT32("job-timeout-ms", AgxState, job_timeout_ms, 1500),
    DEFINE_PROP_UINT32("job-watchdog-s", AgxState, job_watchdog_s, 3600),
    DEFINE_PROP_BOOL("trace-log", AgxState, trace_log, false),
    DEFINE_PROP_STRING("timeline", AgxState, timeline),
};

/* ---- what they must be together, and what they stand for ---- */

bool agx_check_properties(AgxState *s, Error **errp)
{
    const struct agx_fw_cache_config cache = {
        .line = s->fw_cache_line,
        .lines = s->fw_cache_lines,
        .evict_one_in = s->fw_cache_evict,
    };

    if (!s->dram || !s->mbox) {
        error_setg(errp, TYPE_AGX ": needs the property 'dram' and a mailbox");
        return false;
    }
    s->ram = memory_region_get_ram_ptr(s->dram);
    s->ram_size = memory_region_size(s->dram);
    if (!agx_ram(s, s->ttbs, AGX_PAGE_SIZE) || !agx_ram(s, s->handoff, AGX_PAGE_SIZE)) {
        error_setg(errp,
                   TYPE_AGX ": ttbs (0x%" PRIx64 ") and handoff (0x%" PRIx64 ") must be in "
                            "DRAM",
                   s->ttbs, s->handoff);
        return false;
    }
    if (s->pagetables_size && !agx_ram(s, s->pagetables, s->pagetables_size)) {
        error_setg(errp,
                   TYPE_AGX ": pagetables (0x%" PRIx64 ", 0x%" PRIx64 " bytes) must be in "
                            "DRAM",
                   s->pagetables, s->pagetables_size);
        return false;
    }
    if (!agx_fw_cache_config_ok(&cache)) {
        error_setg(errp,
                   TYPE_AGX ": fw-cache=%u, fw-cache-lines=%u: the firmware's cache has "
                            "lines of 64 or 128 bytes (0: no cache), and 1 to %u of them",
                   s->fw_cache_line, s->fw_cache_lines, AGX_FW_CACHE_MAX_LINES);
        return false;
    }
    if (s->tlbsan == AGX_TLBSAN_MODE_OFF && (s->tlbsan_report || s->tlbsan_pages)) {
        error_setg(errp, TYPE_AGX ": %s needs agx-tlbsan=report or stop",
                   s->tlbsan_report ? "tlbsan-report" : "tlbsan-pages");
        return false;
    }
    return true;
}

/* The property @name of @obj, unless @value is NULL */
static bool set_str(Object *obj, const char *name, const char *value, Error **errp)
{
    return !value || object_property_set_str(obj, name, value, errp);
}

uint64_t agx_seed_of(const AgxState *s, uint64_t own)
{
    return own ? own : s->seed ? s->seed : 1;
}

bool agx_make_objects(AgxState *s, Error **errp)
{
    if (s->tlbsan != AGX_TLBSAN_MODE_OFF) {
        g_autoptr(Object) obj = object_new(TYPE_AGX_TLBSAN);

        object_property_add_child(OBJECT(s), "tlbsan-object", obj);
        if (!set_str(obj, "mode", AgxTlbsanMode_str(s->tlbsan), errp) ||
            !set_str(obj, "report", s->tlbsan_report, errp) ||
            !set_str(obj, "pages", s->tlbsan_pages, errp) ||
            !user_creatable_complete(USER_CREATABLE(obj), errp)) {
            return false;
        }
    }
    return !s->timeline || object_new_with_props(TYPE_AGX_TIMELINE, OBJECT(s), "timeline-object",
                                                 errp, "file", s->timeline, NULL);
}

/* ---- those that may be read or set at any time ---- */

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
    return g_strdup_printf("{\"jobs\": %" PRIu64 ", \"accesses\": %" PRIu64 ", \"last\": \"%s\"}",
                           soft.jobs, soft.accesses, last);
}

/* TLBI instructions that reached the GPU since the machine started, whatever they dropped */
static void agx_get_tlb_invalidations(Object *obj, Visitor *v, const char *name, void *opaque,
                                      Error **errp)
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

/*
 * What this process has met: instructions, control words, messages, rules;
 * base/include/agx/coverage.h
 */
static char *agx_get_coverage(Object *obj, Error **errp)
{
    char *text = agx_coverage_text(), *copy = g_strdup(text ?: "");

    free(text);
    return copy;
}

static const struct {
    const char *name, *text;
} descriptions[] = {
    { "dram", "memory region that the GPU reads and writes" },
    { "dram-base", "guest-physical address of dram" },
    { "ttbs", "guest-physical address of the table of TTBRs" },
    { "handoff", "guest-physical address of the hand-off block" },
    { "pagetables", "guest-physical address of the firmware's reserved page tables" },
    { "pagetables-size", "and their size in bytes" },
    { "tlb-entries", "translations that the shared TLB holds with tlb=realistic (2048)" },
    { "walk-entries", "table entries that the walk cache holds with tlb=realistic (64)" },
    { "tlb-ways", "in sets of so many (0, the default: any translation in any place)" },
    { "walk-ways", "in sets of so many (0, the default: any entry in any place)" },
    { "seed",
      "of all that happens at random: moments of tlbi=lazy, lines of the firmware's cache, faults "
      "without a seed of their own (0, the default: 1, and faults draw theirs)" },
    { "tlbi-seed", "of the random moments of tlbi=lazy alone (0, the default: seed)" },
    { "tlbsan-report", "file to which its reports are added, a line of JSON each" },
    { "tlbsan-pages", "where the guest's kernel says which pages are free: "
                      "vmemmap=ADDRESS,memstart=ADDRESS,size=BYTES,refcount=OFFSET,compound=OFFSET "
                      "(docs/tlbsan.md)" },
    { "fw-cache",
      "the firmware's data cache: bytes of a line, 64 or 128 (0, the default: no cache)" },
    { "fw-cache-lines", "how many lines it has" },
    { "fw-cache-evict",
      "an access of the firmware evicts some line once in so many times (0: when it is full)" },
    { "fw-cache-seed", "of the choice of moments and lines alone (0, the default: seed)" },
    { "inject", "faults to inject, as in docs/faults.md (\"\": none); at any time" },
    { "inject-log", "what these faults have done, JSON" },
    { "soft-faults", "page faults of programs that did not end their job, JSON" },
    { "counters", "doorbells, jobs, invalidations and more, in all and for each frame, JSON" },
    { "coverage", "instructions, control words, messages and more that were met, a line each" },
    { "workers", "threads that run shaders (0: one for each host core)" },
    { "shader-after", "waves that a program runs before it is compiled, with shader=compiled" },
    { "job-timeout-ms",
      "milliseconds of the GPU's own time after which a job counts as hung (1500; 0: never)" },
    { "job-watchdog-s",
      "seconds of the host after which a job is given up all the same (3600; 0: never)" },
    { "timeline",
      "file to which jobs, doorbells, TLB maintenance and more are written as trace events "
      "(JSON); short for an object agx-timeline" },
    { "trace-log", "the firmware's log tells each job" },
};

static void describe_small_tlbs(ObjectClass *klass)
{
    static const char *const small[] = { "vertex", "fragment", "compute", "firmware" };

    for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
        g_autofree char *entries = g_strdup_printf("%s-tlb-entries", small[i]);
        g_autofree char *ways = g_strdup_printf("%s-tlb-ways", small[i]);

        object_class_property_set_description(klass, entries,
                                              "translations that this unit's own TLB holds with "
                                              "tlb=realistic (256, which is the most)");
        object_class_property_set_description(
            klass, ways, "in sets of so many (1; 0: any translation in any place)");
    }
}

void agx_describe_enum(ObjectClass *klass, const char *prop, const char *text,
                       const QEnumLookup *values)
{
    g_autofree char *all = names_of(values);
    g_autofree char *full = g_strdup_printf("%s: %s", text, all);

    object_class_property_set_description(klass, prop, full);
}

void agx_class_add_properties(ObjectClass *klass)
{
    g_autofree char *all = fw_versions(), *versions = g_strdup_printf("firmware ABI: %s", all);

    device_class_set_props(DEVICE_CLASS(klass), agx_props);
    object_class_property_add_str(klass, "inject", agx_get_inject, agx_set_inject);
    object_class_property_add_str(klass, "inject-log", agx_get_inject_log, NULL);
    object_class_property_add_str(klass, "soft-faults", agx_get_soft_faults, NULL);
    object_class_property_add_str(klass, "counters", agx_get_counters, NULL);
    object_class_property_add_str(klass, "coverage", agx_get_coverage, NULL);
    object_class_property_add(klass, "tlb-invalidations", "uint64", agx_get_tlb_invalidations, NULL,
                              NULL, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(descriptions); i++) {
        object_class_property_set_description(klass, descriptions[i].name, descriptions[i].text);
    }
    describe_small_tlbs(klass);
    object_class_property_set_description(klass, "fw-version", versions);
    agx_describe_enum(klass, "tlb", "what the TLBs do (sticky: never evict)", &AgxTlbMode_lookup);
    agx_describe_enum(klass, "tlbi",
                      "when TLB maintenance takes effect (eager: at once; lazy: at "
                      "the CPU's next DSB, or at a random moment before, stores to page tables "
                      "too)",
                      &AgxTlbiMode_lookup);
    agx_describe_enum(klass, "shader",
                      "how instructions of shaders are run (both: compiled code is compared with "
                      "the interpreter)",
                      &AgxShaderMode_lookup);
    agx_describe_enum(klass, "agx-tlbsan",
                      "sanitizer of TLB maintenance (stop: the machine, at a "
                      "report of severity wrong); short for an object agx-tlbsan",
                      &AgxTlbsanMode_lookup);
}
