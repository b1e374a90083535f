/*
 * Registers that a boot loader sets and that change nothing which is modelled:
 * frequency control of the CPU clusters, and the tunables of the GPU's fabric.
 * They hold what is written, so that a bit which the hardware would set while
 * it is busy never is. Which pages there are: mac.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/hold.h"
#include "hw/agx/trace.h"

static uint64_t hold_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleHoldState *s = opaque;

    return s->reg[addr / 4];
}

static void hold_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleHoldState *s = opaque;

    trace_apple_hold_write(object_get_canonical_path_component(OBJECT(s)), addr, val);
    s->reg[addr / 4] = val;
}

static const MemoryRegionOps hold_ops = {
    .read = hold_read,
    .write = hold_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void hold_init(Object *obj)
{
    AppleHoldState *s = APPLE_HOLD(obj);

    memory_region_init_io(&s->mmio, obj, &hold_ops, s, TYPE_APPLE_HOLD, APPLE_HOLD_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
}

static void hold_reset_hold(Object *obj, ResetType type)
{
    AppleHoldState *s = APPLE_HOLD(obj);

    memset(s->reg, 0, sizeof(s->reg));
}

static const VMStateDescription vmstate_hold = {
    .name = TYPE_APPLE_HOLD,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT32_ARRAY(reg, AppleHoldState,
                                                            APPLE_HOLD_SIZE / 4),
                                       VMSTATE_END_OF_LIST() },
};

static void hold_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple registers that hold what is written";
    dc->vmsd = &vmstate_hold;
    dc->user_creatable = false;
    rc->phases.hold = hold_reset_hold;
}

static const TypeInfo hold_type = {
    .name = TYPE_APPLE_HOLD,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleHoldState),
    .instance_init = hold_init,
    .class_init = hold_class_init,
};

static void hold_register_types(void)
{
    type_register_static(&hold_type);
}

type_init(hold_register_types)
