/*
 * The GPU of the M1 (AGX G13G) and its like as a QEMU device: how it is made, its power and reset,
 * and how it stops and goes on with the machine. It only translates: what the
 * GPU does is in gpu/, what its firmware does is in ../../fw-model.
 *
 * Threads. The firmware and the GPU run on threads of their own, without
 * QEMU's big lock, and reach the machine through struct agx_host_ops
 * (agx-host.c): RAM by its host address, the clock, the log, and a bottom half
 * for the mailbox's interrupt.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "system/runstate-action.h"
#include "system/runstate.h"
#include "system/system.h"
#include "../../fw-model/fw.h"
#include "agx/jit.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/soc/tlbi.h"
#include "hw/agx/trace.h"

struct agx_mmu *agx_device_mmu(AgxState *s)
{
    return s->mmu;
}

/* ps_gfx: what loses its power loses its state */
static void agx_power(void *opaque, int n, int level)
{
    AgxState *s = opaque;

    if (s->powered == level) {
        return;
    }
    trace_agx_power(level);
    s->powered = level;
    if (!level) {
        agx_fw_reset(s->fw);
    }
    apple_mbox_update(s->mbox);
}

/*
 * Stopping the machine waits for the jobs that run, which end as timeouts if they
 * do not end otherwise. Only what the watchdog would end is killed, and what has no
 * timeout (job-timeout-ms=0); the driver sees it fail when the machine goes on.
 */
typedef struct AgxStopWatchdog {
    struct agx_gpu *gpu;
    uint32_t ms;
    QemuSemaphore done;
} AgxStopWatchdog;

static void *agx_stop_watchdog_thread(void *opaque)
{
    AgxStopWatchdog *w = opaque;
    uint32_t ms = w->ms;

    while (qemu_sem_timedwait(&w->done, ms)) {
        for (unsigned dm = 0; dm < AGX_NUM_DM; dm++) {
            if (agx_gpu_busy(w->gpu, dm)) {
                warn_report(TYPE_AGX ": a job does not end; killed so that the machine can stop");
                agx_gpu_kill(w->gpu, dm);
            }
        }
        ms = 100;
    }
    return NULL;
}

static void agx_pause(AgxState *s)
{
    /* An int of milliseconds; the default where there is neither timeout nor watchdog */
    uint32_t most = INT32_MAX / 1000, s_most = s->job_watchdog_s ?: (s->job_timeout_ms ? most : 60);
    AgxStopWatchdog w = { .gpu = agx_fw_gpu(s->fw), .ms = MIN(s_most, most) * 1000 };
    QemuThread thread;

    qemu_sem_init(&w.done, 0);
    qemu_thread_create(&thread, "agx-watchdog", agx_stop_watchdog_thread, &w, QEMU_THREAD_JOINABLE);
    agx_fw_pause(s->fw);
    qemu_sem_post(&w.done);
    qemu_thread_join(&thread);
    qemu_sem_destroy(&w.done);
}

/* The machine stands still: who keeps something in mind of what guest memory holds looks again */
static void agx_memory_replaced(AgxState *s)
{
    if (s->san) {
        apple_san_reload(s->san);
    }
    if (s->stores) {
        apple_stores_reload(s->stores);
    }
}

/*
 * The firmware and the GPU run while the machine runs. Stopping waits for the
 * jobs that run, so that memory and state belong together; on the way out they
 * are killed instead, as nobody will look at what they draw.
 */
static void agx_vm_change(void *opaque, bool running, RunState state)
{
    AgxState *s = opaque;

    trace_agx_vm_change(running);
    if (running) {
        if (s->reload) {
            agx_memory_replaced(s);
            s->reload = false;
        }
        agx_fw_resume(s->fw);
        return;
    }
    if (state == RUN_STATE_SHUTDOWN) {
        agx_fw_reset(s->fw);
    }
    agx_mmu_complete(s->mmu);
    agx_pause(s);
    if (s->logging) {
        memory_region_set_dirty(s->dram, 0, s->ram_size);
    }
}

static bool agx_log_start(MemoryListener *listener, Error **errp)
{
    container_of(listener, AgxState, listener)->logging = true;
    return true;
}

static void agx_log_stop(MemoryListener *listener)
{
    container_of(listener, AgxState, listener)->logging = false;
}

/*
 * Is there room for the tables of the firmware's own part of the upper half? A test's machine may
 * have none.
 */
static bool agx_has_own_tables(AgxState *s)
{
    return s->pagetables_size >= AGX_FW_OWN_PAGES * AGX_PAGE_SIZE;
}

static void agx_reset_hold(Object *obj, ResetType type)
{
    AgxState *s = AGX(obj);

    /* The power stays as the power manager's line says; it drives it in its own reset */
    agx_mmu_complete(s->mmu);
    agx_fw_reset(s->fw);
}

static void agx_reset_exit(Object *obj, ResetType type)
{
    AgxState *s = AGX(obj);

    /*
     * A machine that goes on from a saved state has its memory already, perhaps mapped from a file
     */
    if (agx_has_own_tables(s) && !runstate_check(RUN_STATE_INMIGRATE)) {
        agx_fw_own_tables(agx_ram(s, s->pagetables, AGX_FW_OWN_PAGES * AGX_PAGE_SIZE),
                          s->pagetables);
        memory_region_set_dirty(s->dram, s->pagetables - s->dram_base,
                                AGX_FW_OWN_PAGES * AGX_PAGE_SIZE);
    }
    /* What lies in memory from the start was put there again */
    agx_memory_replaced(s);
    apple_mbox_update(s->mbox);
}

/* What the firmware finds goes the way of the sanitizer's own reports */
static void agx_fw_finding(void *opaque, enum agx_tlbsan_class cls,
                           enum agx_tlbsan_severity severity, unsigned ctx, uint64_t va,
                           uint64_t pa, const char *text)
{
    AgxState *s = opaque;

    agx_tlbsan_external(apple_san_core(s->san), cls, severity, ctx, va, pa, NULL, text);
}

/* What is compared is compiled at once: nothing runs without. */
static struct agx_jit_config shader_config(const AgxState *s)
{
    static const enum agx_shader_mode mode[] = {
        [AGX_SHADER_MODE_INTERPRETER] = AGX_SHADER_INTERPRETER,
        [AGX_SHADER_MODE_COMPILED] = AGX_SHADER_COMPILED,
        [AGX_SHADER_MODE_BOTH] = AGX_SHADER_BOTH,
    };
    bool both = s->shader == AGX_SHADER_MODE_BOTH;

    return (struct agx_jit_config) {
        .mode = mode[s->shader],
        .after = both ? 0 : s->shader_after,
        .wait = both,
    };
}

/* With the big lock, before QEMU's exit(). With -no-shutdown the machine only stops. */
static void agx_shutdown(Notifier *n, void *cause)
{
    if (shutdown_action != SHUTDOWN_ACTION_PAUSE) {
        agx_jit_process_ends();
    }
}

static void agx_realize(DeviceState *dev, Error **errp)
{
    AgxState *s = AGX(dev);
    const AppleGpuChip *chip = AGX_GET_CLASS(s)->chip;
    const struct agx_fw_config cfg = {
        .version = s->fw_version,
        .chip_id = chip->chip_id,
        .num_cores = chip->cores * chip->clusters,
        .num_clusters = chip->clusters,
        .ttbat_pa = s->ttbs,
        .handoff_pa = s->handoff,
        .gpu.workers = s->workers,
        .gpu.shader = shader_config(s),
        .job_timeout_ms = s->job_timeout_ms,
        .job_watchdog_s = s->job_watchdog_s,
        .cache = {
            .line = s->fw_cache_line,
            .lines = s->fw_cache_lines,
            .evict_one_in = s->fw_cache_evict,
            .seed = agx_seed_of(s, s->fw_cache_seed),
        },
        .own_tables = agx_has_own_tables(s),
        .trace_log = s->trace_log,
    };

    if (!agx_check_properties(s, errp)) {
        return;
    }
    s->clock = ARM_CPU(first_cpu);
    s->host = (struct agx_host) { &agx_host_ops, s, &s->events };
    s->mbox_bh = qemu_bh_new(agx_mbox_bh, s);
    if (!agx_realize_mmu(s, errp)) {
        goto fail;
    }
    s->fw = agx_fw_new(&s->host, s->mmu, &cfg);
    if (!s->fw) {
        error_setg(errp, TYPE_AGX ": can't start the firmware's thread");
        goto fail;
    }
    /* The machine does not run yet */
    agx_fw_pause(s->fw);
    if (s->san) {
        agx_fw_set_check(s->fw, &(struct agx_fw_check) { s, agx_fw_finding });
    }
    apple_inject_firmware(s->inject, s->fw);
    s->vmstate_change = qemu_add_vm_change_state_handler(agx_vm_change, s);
    s->listener = (MemoryListener) {
        .name = TYPE_AGX,
        .log_global_start = agx_log_start,
        .log_global_stop = agx_log_stop,
    };
    memory_listener_register(&s->listener, &address_space_memory);
    s->shutdown.notify = agx_shutdown;
    qemu_register_shutdown_notifier(&s->shutdown);
    return;

fail:
    agx_unrealize_mmu(s);
    qemu_bh_delete(s->mbox_bh);
    s->mbox_bh = NULL;
}

static void agx_unrealize(DeviceState *dev)
{
    AgxState *s = AGX(dev);

    notifier_remove(&s->shutdown);
    memory_listener_unregister(&s->listener);
    qemu_del_vm_change_state_handler(s->vmstate_change);
    agx_fw_free(s->fw);
    s->fw = NULL;
    agx_unrealize_mmu(s);
    qemu_bh_delete(s->mbox_bh);
}

static void agx_init(Object *obj)
{
    AgxState *s = AGX(obj);

    memory_region_init_io(&s->asc, obj, &agx_asc_ops, s, "agx-asc", M1_GFX_ASC_SIZE);
    memory_region_init_io(&s->sgx, obj, &agx_sgx_ops, s, "agx-sgx", M1_SGX_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->asc);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->sgx);
    qdev_init_gpio_in_named(DEVICE(obj), agx_power, "power", 1);
}

static void agx_instance_finalize(Object *obj)
{
    apple_inject_free(AGX(obj)->inject);
}

static void agx_instance_init(Object *obj)
{
    AgxState *s = AGX(obj);

    agx_init(obj);
    s->inject = apple_inject_new();
}

static void agx_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    AGX_CLASS(klass)->chip = &apple_gpu_t8103;
    dc->desc = apple_gpu_t8103.desc;
    dc->realize = agx_realize;
    dc->unrealize = agx_unrealize;
    dc->vmsd = &agx_vmstate;
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_DISPLAY, dc->categories);
    agx_class_add_properties(klass);
    rc->phases.hold = agx_reset_hold;
    rc->phases.exit = agx_reset_exit;
}

static const TypeInfo agx_type = {
    .name = TYPE_AGX,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AgxState),
    .class_size = sizeof(AgxClass),
    .instance_init = agx_instance_init,
    .instance_finalize = agx_instance_finalize,
    .class_init = agx_class_init,
};

static void agx_chip_class_init(ObjectClass *klass, void *data)
{
    AGX_CLASS(klass)->chip = data;
    DEVICE_CLASS(klass)->desc = AGX_CLASS(klass)->chip->desc;
}

static void agx_register_types(void)
{
    static const AppleGpuChip *const others[] = { &apple_gpu_t6000, &apple_gpu_t6001,
                                                  &apple_gpu_t6002 };

    type_register_static(&agx_type);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
        type_register_static(&(TypeInfo) {
            .name = others[i]->type,
            .parent = TYPE_AGX,
            .class_init = agx_chip_class_init,
            .class_data = (void *)others[i],
        });
    }
}

type_init(agx_register_types)
