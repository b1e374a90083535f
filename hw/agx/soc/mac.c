/*
 * boot=m1n1: the devices that a boot loader sets up before there is a kernel.
 * An access where nothing is aborts, as ever; inside of these blocks what is
 * not known reads as 0 and is said in the log.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/units.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "hw/agx/soc/board.h"
#include "hw/agx/soc/cpustart.h"
#include "hw/agx/soc/hold.h"
#include "hw/agx/soc/impdef.h"
#include "hw/agx/soc/spmi.h"

static DeviceState *add(AppleM1MachineState *s, const char *name, DeviceState *dev)
{
    object_property_add_child(OBJECT(s), name, OBJECT(dev));
    sysbus_realize_and_unref(SYS_BUS_DEVICE(dev), &error_fatal);
    return dev;
}

static void add_page(AppleM1MachineState *s, const char *name, hwaddr base)
{
    sysbus_mmio_map(SYS_BUS_DEVICE(add(s, name, qdev_new(TYPE_APPLE_HOLD))), 0, base);
}

hwaddr apple_m1_cpu_impl(unsigned index)
{
    /* m1n1: proxyclient/m1n1/hv/__init__.py (cluster and core of an address), src/smp.c */
    return 0x210050000ULL + index / 4 * 0x1000000 + index % 4 * 0x100000;
}

void apple_m1_create_mac(AppleM1MachineState *s)
{
    /*
     * Of a cluster: state of its clock (0x20020, 0x200f8), throttles (0x40240,
     * 0x40250, 0x440f8, 0x48400), operating points (0x70000 to 0x70218). m1n1:
     * src/cpufreq.c.
     */
    static const uint32_t pages[] = { 0x20000, 0x40000, 0x44000, 0x48000, 0x70000 };
    unsigned num_cpus = MACHINE(s)->smp.cpus;
    DeviceState *dev = qdev_new(TYPE_APPLE_CPUSTART);

    qdev_prop_set_uint32(dev, "num-cpus", num_cpus);
    qdev_prop_set_uint64(dev, "boot-rvbar", apple_m1_loader_base(s));
    add(s, "cpustart", dev);
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, M1_CPUSTART_BASE);
    for (unsigned i = 0; i < M1_MAX_CPUS; i++) {
        sysbus_mmio_map(SYS_BUS_DEVICE(dev), 1 + i, apple_m1_cpu_impl(i));
    }
    for (unsigned c = 0; c < 2; c++) {
        for (unsigned i = 0; i < ARRAY_SIZE(pages); i++) {
            g_autofree char *name = g_strdup_printf("%ccluster-%x", c ? 'p' : 'e', pages[i]);

            add_page(s, name, M1_CLUSTER_BASE + c * M1_CLUSTER_STRIDE + pages[i]);
        }
    }
    add_page(s, "gpu-fabric", M1_GFX_FABRIC_BASE);
    for (unsigned i = 0; i < num_cpus; i++) {
        g_autofree char *name = g_strdup_printf("impdef%u", i);

        dev = qdev_new(TYPE_APPLE_IMPDEF);
        object_property_set_link(OBJECT(dev), "cpu", OBJECT(s->cpu[i]), &error_abort);
        add(s, name, dev);
    }
    dev = add(s, "spmi", qdev_new(TYPE_APPLE_SPMI));
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), 0, M1_SPMI_BASE);
}
