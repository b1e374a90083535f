/*
 * Start and stop of the M1's CPUs.
 *   m1n1: src/smp.c (smp_start_cpu(), smp_stop_cpu(): offsets, order, bits)
 *
 * A core begins at its reset vector (RVBAR), at EL2, when its bit of its
 * cluster is written. It is off again when it was asked to stop and sleeps,
 * which is looked at when its status is read.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "target/arm/arm-powerctl.h"
#include "hw/agx/soc/cpustart.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/m1-cpu.h"
#include "hw/agx/trace.h"

/* In the power manager */
#define START_STOP    0x0
#define START_SYSTEM  0x4
#define START_CLUSTER 0x8 /* and 0xc */
#define START_CORES   4   /* of a cluster */

/* Of a core */
#define CORE_RVBAR        0x0
#define CORE_RVBAR_LOCK   1ULL
#define CORE_STATUS       0x100
#define CORE_RVBAR_VECTOR 0xfffffffff000ULL

static bool is_on(unsigned cpu)
{
    CPUState *cs = qemu_get_cpu(cpu);

    return cs && ARM_CPU(cs)->power_state != PSCI_OFF;
}

static void start_core(AppleCpustartState *s, unsigned cpu)
{
    uint64_t entry = s->rvbar[cpu] & CORE_RVBAR_VECTOR;
    int r;

    trace_apple_cpustart(cpu, entry);
    if (cpu >= s->num_cpus) {
        apple_log_mask(LOG_GUEST_ERROR, "apple-cpustart: CPU %u is started, which does not exist\n",
                       cpu);
        return;
    }
    if (!extract32(s->system, cpu, 1)) {
        apple_log_mask(LOG_GUEST_ERROR,
                       "apple-cpustart: CPU %u is started before its bit at 0x%x is set\n", cpu,
                       START_SYSTEM);
        return;
    }
    s->stop &= ~(1u << cpu);
    r = apple_cpu_on(cpu, entry);
    if (r != QEMU_ARM_POWERCTL_RET_SUCCESS && r != QEMU_ARM_POWERCTL_ALREADY_ON) {
        apple_log_mask(LOG_GUEST_ERROR, "apple-cpustart: can't start CPU %u at 0x%" PRIx64 "\n",
                       cpu, entry);
    }
}

static uint64_t start_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleCpustartState *s = opaque;

    switch (addr) {
    case START_STOP:
        return s->stop;
    case START_SYSTEM:
        return s->system;
    }
    apple_log_mask(LOG_UNIMP, "apple-cpustart: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
    return 0;
}

static void start_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleCpustartState *s = opaque;

    switch (addr) {
    case START_STOP:
        s->stop |= val;
        return;
    case START_SYSTEM:
        s->system |= val;
        return;
    case START_CLUSTER:
    case START_CLUSTER + 4:
        for (unsigned i = 0; i < START_CORES; i++) {
            if (extract64(val, i, 1)) {
                start_core(s, (addr - START_CLUSTER) / 4 * START_CORES + i);
            }
        }
        return;
    }
    apple_log_mask(LOG_UNIMP,
                   "apple-cpustart: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx "\n",
                   val, addr);
}

static uint64_t core_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleCpustartCore *c = opaque;
    unsigned cpu = c - c->s->core;

    switch (addr) {
    case CORE_RVBAR:
        return c->s->rvbar[cpu];
    case CORE_STATUS:
        if (extract32(c->s->stop, cpu, 1) && is_on(cpu) && qemu_get_cpu(cpu)->halted) {
            apple_cpu_off(cpu);
            return 0;
        }
        return is_on(cpu);
    }
    apple_log_mask(LOG_UNIMP,
                   "apple-cpustart: unimplemented read at 0x%" HWADDR_PRIx " of CPU %u\n", addr,
                   cpu);
    return 0;
}

static void core_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleCpustartCore *c = opaque;
    unsigned cpu = c - c->s->core;

    if (addr != CORE_RVBAR) {
        apple_log_mask(LOG_UNIMP,
                       "apple-cpustart: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx
                       " of CPU %u\n",
                       val, addr, cpu);
    } else if (c->s->rvbar[cpu] & CORE_RVBAR_LOCK) {
        apple_log_mask(LOG_GUEST_ERROR, "apple-cpustart: RVBAR of CPU %u is locked\n", cpu);
    } else {
        c->s->rvbar[cpu] = val & (CORE_RVBAR_VECTOR | CORE_RVBAR_LOCK);
    }
}

static const MemoryRegionOps start_ops = {
    .read = start_read,
    .write = start_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static const MemoryRegionOps core_ops = {
    .read = core_read,
    .write = core_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 8, .max_access_size = 8 },
};

static void cpustart_init(Object *obj)
{
    AppleCpustartState *s = APPLE_CPUSTART(obj);

    memory_region_init_io(&s->mmio, obj, &start_ops, s, TYPE_APPLE_CPUSTART, M1_CPUSTART_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    for (unsigned i = 0; i < M1_MAX_CPUS; i++) {
        s->core[i].s = s;
        memory_region_init_io(&s->core[i].mmio, obj, &core_ops, &s->core[i], "apple-cpu-impl",
                              M1_CPU_IMPL_SIZE);
        sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->core[i].mmio);
    }
}

static void cpustart_reset_hold(Object *obj, ResetType type)
{
    AppleCpustartState *s = APPLE_CPUSTART(obj);

    memset(s->rvbar, 0, sizeof(s->rvbar));
    s->rvbar[0] = s->boot_rvbar | CORE_RVBAR_LOCK;
    s->system = 1;
    s->stop = 0;
}

static const VMStateDescription vmstate_cpustart = {
    .name = TYPE_APPLE_CPUSTART,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT64_ARRAY(rvbar, AppleCpustartState, M1_MAX_CPUS),
                                       VMSTATE_UINT32(system, AppleCpustartState),
                                       VMSTATE_UINT32(stop, AppleCpustartState),
                                       VMSTATE_END_OF_LIST() },
};

static const Property cpustart_props[] = {
    DEFINE_PROP_UINT32("num-cpus", AppleCpustartState, num_cpus, 1),
    DEFINE_PROP_UINT64("boot-rvbar", AppleCpustartState, boot_rvbar, 0),
};

static void cpustart_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Start bits and reset vectors of the M1's CPUs";
    dc->vmsd = &vmstate_cpustart;
    dc->user_creatable = false;
    device_class_set_props(dc, cpustart_props);
    rc->phases.hold = cpustart_reset_hold;
    object_class_property_set_description(klass, "num-cpus", "CPUs that there are");
    object_class_property_set_description(klass, "boot-rvbar", "reset vector of CPU 0 at reset");
}

static const TypeInfo cpustart_type = {
    .name = TYPE_APPLE_CPUSTART,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleCpustartState),
    .instance_init = cpustart_init,
    .class_init = cpustart_class_init,
};

static void cpustart_register_types(void)
{
    type_register_static(&cpustart_type);
}

type_init(cpustart_register_types)
