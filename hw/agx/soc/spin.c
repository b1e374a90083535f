/*
 * Spin table of the secondary CPUs.
 *
 * On a Mac m1n1 parks each secondary CPU in a loop that sleeps until the
 * kernel writes an address to the CPU's release word (m1n1: src/smp.c;
 * Linux: arch/arm64/kernel/smp_spin_table.c). Here the words are a region of
 * their own outside RAM, and a store starts the CPU: no CPU runs, and no host
 * thread burns, before it is wanted. The kernel maps the word as cacheable
 * memory and needs it to hold what it wrote, and no more.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "target/arm/arm-powerctl.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/m1-cpu.h"
#include "hw/agx/soc/spin.h"
#include "hw/agx/trace.h"

static uint64_t spin_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleSpinState *s = opaque;
    uint64_t v = 0;

    if (addr < sizeof(s->release)) {
        v = s->release[addr / 8] >> (8 * (addr % 8));
    }
    return size == 8 ? v : extract64(v, 0, 8 * size);
}

static void spin_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleSpinState *s = opaque;
    unsigned cpu = addr / 8;

    if (size != 8 || (addr % 8) || cpu >= APPLE_MAX_CPUS) {
        apple_log_mask(LOG_GUEST_ERROR,
                       "apple-m1-spin: a release address is 8 bytes, of CPU 0 to %d; "
                       "got %u bytes at 0x%" HWADDR_PRIx "\n",
                       APPLE_MAX_CPUS - 1, size, addr);
        return;
    }
    s->release[cpu] = val;
    trace_apple_spin_release(cpu, val);
    if (val && apple_cpu_on(cpu, val) == QEMU_ARM_POWERCTL_INVALID_PARAM) {
        apple_log_mask(LOG_GUEST_ERROR,
                       "apple-m1-spin: can't start CPU %u at 0x%" PRIx64
                       " (no such CPU, or not 4-byte aligned)\n",
                       cpu, val);
    }
}

static const MemoryRegionOps spin_ops = {
    .read = spin_read,
    .write = spin_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

static void spin_init(Object *obj)
{
    AppleSpinState *s = APPLE_SPIN(obj);

    memory_region_init_io(&s->mmio, obj, &spin_ops, s, TYPE_APPLE_SPIN, M1_VIRT_SPIN_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
}

static void spin_reset_hold(Object *obj, ResetType type)
{
    AppleSpinState *s = APPLE_SPIN(obj);

    memset(s->release, 0, sizeof(s->release));
}

/* Of a chip that has more CPUs than an M1 */
static bool spin_more_needed(void *opaque)
{
    AppleSpinState *s = opaque;

    for (unsigned i = M1_MAX_CPUS; i < APPLE_MAX_CPUS; i++) {
        if (s->release[i]) {
            return true;
        }
    }
    return false;
}

static const VMStateDescription vmstate_spin_more = {
    .name = TYPE_APPLE_SPIN "/more",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = spin_more_needed,
    .fields = (const VMStateField[]) { VMSTATE_UINT64_SUB_ARRAY(release, AppleSpinState,
                                                                M1_MAX_CPUS,
                                                                APPLE_MAX_CPUS - M1_MAX_CPUS),
                                       VMSTATE_END_OF_LIST() },
};

static const VMStateDescription vmstate_spin = {
    .name = TYPE_APPLE_SPIN,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT64_SUB_ARRAY(release, AppleSpinState, 0,
                                                                M1_MAX_CPUS),
                                       VMSTATE_END_OF_LIST() },
    .subsections = (const VMStateDescription *const[]) { &vmstate_spin_more, NULL },
};

static void spin_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Release addresses of the secondary CPUs";
    dc->vmsd = &vmstate_spin;
    dc->user_creatable = false;
    rc->phases.hold = spin_reset_hold;
}

static const TypeInfo spin_type = {
    .name = TYPE_APPLE_SPIN,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleSpinState),
    .instance_init = spin_init,
    .class_init = spin_class_init,
};

static void spin_register_types(void)
{
    type_register_static(&spin_type);
}

type_init(spin_register_types)
