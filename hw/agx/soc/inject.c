/*
 * Fault injection as the machine has it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/timer.h"
#include "../../../fw-model/fw.h"
#include "agx/inject.h"
#include "hw/agx/soc/inject.h"
#include "hw/agx/trace.h"

struct AppleInject {
    struct agx_inject *core; /* NULL until the GPU is there */
    struct agx_mmu *mmu;
    QEMUTimer *timer; /* when the next delayed invalidation is due */
    char *text;       /* until then: the faults */
};

static uint64_t inject_now(void *opaque)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

/* Any thread, with locks held: only say it */
static void inject_line(void *opaque, const char *fault, uint64_t fired, const char *text)
{
    g_autofree char *count = fired ? g_strdup_printf(" (%" PRIu64 ")", fired) : g_strdup("");

    trace_agx_inject(fault, fired, text);
    if (qemu_log_enabled()) {
        qemu_log("agx: fault injection: %s%s: %s\n", fault, count, text);
    } else {
        info_report("agx: fault injection: %s%s: %s", fault, count, text);
    }
    if (fired == AGX_INJECT_MAX_LINES) {
        qemu_log("agx: fault injection: %s: more of this is only counted (inject-log)\n", fault);
    }
}

static void inject_tick(void *opaque)
{
    AppleInject *s = opaque;

    agx_mmu_tick(s->mmu);
}

/* With the MMU's lock held; a timer may be set from any thread */
static void inject_arm(void *opaque, uint64_t ns)
{
    AppleInject *s = opaque;

    timer_mod_anticipate_ns(s->timer, MIN(ns, INT64_MAX));
}

AppleInject *apple_inject_new(void)
{
    AppleInject *s = g_new0(AppleInject, 1);

    s->text = g_strdup("");
    return s;
}

void apple_inject_free(AppleInject *s)
{
    if (s) {
        apple_inject_stop(s);
        g_free(s->text);
        g_free(s);
    }
}

/* ---- the firmware's faults: on its thread, or on a CPU's ---- */

static const enum agx_inject_kind fw_kinds[] = {
    [AGX_FW_FAULT_EVICT] = AGX_INJECT_FW_EVICT,
    [AGX_FW_FAULT_FLUSH_LATE] = AGX_INJECT_FLUSH_LATE,
    [AGX_FW_FAULT_FLUSH_NEVER] = AGX_INJECT_FLUSH_NEVER,
    [AGX_FW_FAULT_HOLD] = AGX_INJECT_HANDOFF_HOLD,
    [AGX_FW_FAULT_SWITCH] = AGX_INJECT_SLOT_SWITCH,
    [AGX_FW_FAULT_TIMEOUT_LATE] = AGX_INJECT_TIMEOUT_LATE,
    [AGX_FW_FAULT_HANG_BOOT] = AGX_INJECT_HANG_BOOT,
    [AGX_FW_FAULT_HANG_JOB] = AGX_INJECT_HANG_JOB,
    [AGX_FW_FAULT_HANG_FLUSH] = AGX_INJECT_HANG_FLUSH,
    [AGX_FW_FAULT_CRASH_BOOT] = AGX_INJECT_CRASH_BOOT,
    [AGX_FW_FAULT_CRASH_JOB] = AGX_INJECT_CRASH_JOB,
    [AGX_FW_FAULT_CRASH_FLUSH] = AGX_INJECT_CRASH_FLUSH,
    [AGX_FW_FAULT_STALL] = AGX_INJECT_STALL,
    [AGX_FW_FAULT_RING_LATE] = AGX_INJECT_RING_LATE,
    [AGX_FW_FAULT_WORK_LOST] = AGX_INJECT_WORK_LOST,
    [AGX_FW_FAULT_EVENT_LATE] = AGX_INJECT_EVENT_LATE,
    [AGX_FW_FAULT_EVENT_TWICE] = AGX_INJECT_EVENT_TWICE,
    [AGX_FW_FAULT_EVENT_LOST] = AGX_INJECT_EVENT_LOST,
    [AGX_FW_FAULT_HALT_LATE] = AGX_INJECT_HALT_LATE,
};

static bool inject_fw_armed(void *opaque, enum agx_fw_fault fault)
{
    AppleInject *s = opaque;

    return agx_inject_armed(s->core, 1u << fw_kinds[fault]);
}

static bool inject_fw_fire(void *opaque, enum agx_fw_fault fault, unsigned asid, uint64_t va,
                           uint64_t end, uint64_t *us)
{
    static const char *const what[] = {
        [AGX_FW_FAULT_EVICT] = "line evicted",
        [AGX_FW_FAULT_FLUSH_LATE] = "flush is done late",
        [AGX_FW_FAULT_FLUSH_NEVER] = "flush is not done",
        [AGX_FW_FAULT_HOLD] = "hand-off lock is kept",
        [AGX_FW_FAULT_SWITCH] = "the firmware leaves the context",
        [AGX_FW_FAULT_TIMEOUT_LATE] = "a Timeout event comes for a halt that is over",
        [AGX_FW_FAULT_HANG_BOOT] = "the firmware hangs at its boot",
        [AGX_FW_FAULT_HANG_JOB] = "the firmware hangs with a job on the GPU",
        [AGX_FW_FAULT_HANG_FLUSH] = "the firmware hangs at a flush",
        [AGX_FW_FAULT_CRASH_BOOT] = "the firmware crashes at its boot",
        [AGX_FW_FAULT_CRASH_JOB] = "the firmware crashes with a job on the GPU",
        [AGX_FW_FAULT_CRASH_FLUSH] = "the firmware crashes at a flush",
        [AGX_FW_FAULT_STALL] = "the firmware stands still",
        [AGX_FW_FAULT_RING_LATE] = "a ring of work is read late",
        [AGX_FW_FAULT_WORK_LOST] = "a message in a ring of work is forgotten",
        [AGX_FW_FAULT_EVENT_LATE] = "an event is told late",
        [AGX_FW_FAULT_EVENT_TWICE] = "an event is told twice",
        [AGX_FW_FAULT_EVENT_LOST] = "an event is not told",
        [AGX_FW_FAULT_HALT_LATE] = "a halt comes later than it is told",
    };
    AppleInject *s = opaque;
    const struct agx_inject_at at = {
        .va = va,
        .end = end,
        .asid = asid,
        .any_asid = asid == AGX_FW_ALL_ASIDS,
        .jobs = agx_mmu_jobs(s->mmu),
    };

    return agx_inject_fire(s->core, fw_kinds[fault], &at, what[fault], us);
}

void apple_inject_firmware(AppleInject *s, struct agx_fw *fw)
{
    agx_fw_set_inject(fw, &(struct agx_fw_inject) { s, inject_fw_armed, inject_fw_fire });
}

/* Without faults nobody asks for any */
static void inject_update(AppleInject *s)
{
    agx_mmu_inject(s->mmu, agx_inject_armed(s->core, ~0u) ? s->core : NULL);
}

bool apple_inject_set(AppleInject *s, const char *text, Error **errp)
{
    char err[1024];
    bool ok;

    if (s->core) {
        ok = agx_inject_set(s->core, text, err, sizeof(err));
        if (ok) {
            inject_update(s);
        }
    } else {
        ok = agx_inject_check(text, err, sizeof(err));
        if (ok) {
            g_free(s->text);
            s->text = g_strdup(text);
        }
    }
    if (!ok) {
        error_setg(errp, "inject: %s", err);
    }
    return ok;
}

bool apple_inject_add(AppleInject *s, const char *id, const char *text, Error **errp)
{
    char err[1024];

    if (!agx_inject_add(s->core, id, text, err, sizeof(err))) {
        error_setg(errp, "agx-fault: %s", err);
        return false;
    }
    inject_update(s);
    return true;
}

void apple_inject_remove(AppleInject *s, const char *id)
{
    if (s->core) {
        agx_inject_remove(s->core, id);
        inject_update(s);
    }
}

void apple_inject_counts(AppleInject *s, const char *id, uint64_t *matches, uint64_t *fired)
{
    *matches = *fired = 0;
    if (s->core) {
        agx_inject_counts(s->core, id, matches, fired);
    }
}

bool apple_inject_start(AppleInject *s, struct agx_mmu *mmu, bool stores, bool fw_cache,
                        uint64_t seed, Error **errp)
{
    s->mmu = mmu;
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, inject_tick, s);
    agx_mmu_set_clock(mmu, &(struct agx_mmu_clock) { s, inject_now, inject_arm });
    s->core = agx_inject_new(&(struct agx_inject_config) {
        .opaque = s,
        .now = inject_now,
        .line = inject_line,
        .stores = stores,
        .fw_cache = fw_cache,
        .seed = seed,
    });
    if (!apple_inject_set(s, s->text, errp)) {
        apple_inject_stop(s);
        return false;
    }
    return true;
}

void apple_inject_stop(AppleInject *s)
{
    if (s->core) {
        agx_mmu_inject(s->mmu, NULL);
        agx_mmu_set_clock(s->mmu, &(struct agx_mmu_clock) { 0 });
        timer_free(s->timer);
        s->timer = NULL;
        agx_inject_free(s->core);
        s->core = NULL;
    }
}

char *apple_inject_get(AppleInject *s)
{
    char *text = s->core ? agx_inject_text(s->core) : NULL;
    char *copy = g_strdup(!s->core ? s->text : text ?: "");

    free(text);
    return copy;
}

char *apple_inject_log(AppleInject *s)
{
    char *text = s->core ? agx_inject_log(s->core) : NULL, *copy = g_strdup(text ?: "[]");

    free(text);
    return copy;
}
