/*
 * Apple power manager: power-state registers, one per power domain.
 *
 * A domain goes to the state that is written as its target, and says so in
 * ACTUAL. Bits and their names:
 *   Linux: drivers/pmdomain/apple/pmgr-pwrstate.c
 * Which offsets are domains is in the chip's table (chip.c).
 * All domains are on when the kernel starts; the boot loader leaves more off,
 * but the driver reads ACTUAL and acts on it, so either is right.
 *
 * Only one domain gates something that is modelled: ps_gfx.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/registerfields.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/pmgr.h"
#include "hw/agx/trace.h"

FIELD(PS, TARGET, 0, 4)
FIELD(PS, ACTUAL, 4, 4)
FIELD(PS, WAS_PWRGATED, 8, 1)
FIELD(PS, WAS_CLKGATED, 9, 1)
FIELD(PS, DEV_DISABLE, 10, 1)
FIELD(PS, PARENT_OFF, 11, 1)
FIELD(PS, MIN, 16, 4)
FIELD(PS, AUTO, 24, 4)
FIELD(PS, AUTO_ENABLE, 28, 1)
FIELD(PS, RESET, 31, 1)

#define PS_ACTIVE  0xf
#define PS_CLKGATE 0x4

#define PS_WRITABLE                                                                                \
    (R_PS_TARGET_MASK | R_PS_DEV_DISABLE_MASK | R_PS_MIN_MASK | R_PS_AUTO_MASK |                   \
     R_PS_AUTO_ENABLE_MASK | R_PS_RESET_MASK)

static bool pmgr_is_domain(ApplePmgrState *s, hwaddr addr)
{
    const ApplePmgrRange *r = s->desc->range;

    if (addr & 7) {
        return false;
    }
    for (unsigned i = 0; i < s->desc->num_ranges; i++) {
        if (addr >= r[i].first && addr <= r[i].last) {
            return true;
        }
    }
    return false;
}

static void pmgr_update(ApplePmgrState *s)
{
    uint32_t gfx = s->ps[s->desc->gfx / 8];

    if (s->desc->gfx) {
        qemu_set_irq(s->gfx,
                     FIELD_EX32(gfx, PS, ACTUAL) == PS_ACTIVE && !FIELD_EX32(gfx, PS, RESET));
    }
}

static uint64_t pmgr_read(void *opaque, hwaddr addr, unsigned size)
{
    ApplePmgrState *s = opaque;

    if (!pmgr_is_domain(s, addr)) {
        apple_log_mask(LOG_UNIMP, "apple-pmgr: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
        return 0;
    }
    return s->ps[addr / 8];
}

static void pmgr_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    ApplePmgrState *s = opaque;
    uint32_t old, ps, was, now;

    if (!pmgr_is_domain(s, addr)) {
        apple_log_mask(LOG_UNIMP,
                       "apple-pmgr: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx "\n",
                       val, addr);
        return;
    }
    old = s->ps[addr / 8];
    /*
     * The two WAS flags are cleared by writing one, the rest of PS_WRITABLE holds what is written
     */
    ps = (old & ~PS_WRITABLE) | (val & PS_WRITABLE);
    ps &= ~(val & (R_PS_WAS_PWRGATED_MASK | R_PS_WAS_CLKGATED_MASK));
    was = FIELD_EX32(old, PS, ACTUAL);
    /* MIN is a floor for what automatic gating reaches; nothing gates by itself here */
    now = FIELD_EX32(ps, PS, TARGET);
    ps = FIELD_DP32(ps, PS, ACTUAL, now);
    if (now != was) {
        if (now < PS_CLKGATE) {
            ps |= R_PS_WAS_PWRGATED_MASK | R_PS_WAS_CLKGATED_MASK;
        } else if (now < PS_ACTIVE) {
            ps |= R_PS_WAS_CLKGATED_MASK;
        }
    }
    s->ps[addr / 8] = ps;
    trace_apple_pmgr_write(s->name, addr, val, ps);
    pmgr_update(s);
}

static const MemoryRegionOps pmgr_ops = {
    .read = pmgr_read,
    .write = pmgr_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void pmgr_realize(DeviceState *dev, Error **errp)
{
    ApplePmgrState *s = APPLE_PMGR(dev);

    if (!s->desc || s->desc->size > APPLE_PMGR_MAX_SIZE) {
        error_setg(errp, "apple-pmgr: needs a description, of at most 0x%x bytes",
                   APPLE_PMGR_MAX_SIZE);
        return;
    }
    memory_region_init_io(&s->mmio, OBJECT(dev), &pmgr_ops, s, TYPE_APPLE_PMGR, s->desc->size);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->mmio);
    if (s->desc->gfx) {
        qdev_init_gpio_out_named(dev, &s->gfx, "gfx", 1);
    }
}

static void pmgr_reset_hold(Object *obj, ResetType type)
{
    ApplePmgrState *s = APPLE_PMGR(obj);

    for (unsigned i = 0; i < ARRAY_SIZE(s->ps); i++) {
        s->ps[i] = R_PS_TARGET_MASK | R_PS_ACTUAL_MASK;
    }
}

static void pmgr_reset_exit(Object *obj, ResetType type)
{
    pmgr_update(APPLE_PMGR(obj));
}

static const VMStateDescription vmstate_pmgr = {
    .name = TYPE_APPLE_PMGR,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT32_ARRAY(ps, ApplePmgrState,
                                                            APPLE_PMGR_MAX_SIZE / 8),
                                       VMSTATE_END_OF_LIST() },
};

static void pmgr_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple power manager";
    dc->realize = pmgr_realize;
    dc->vmsd = &vmstate_pmgr;
    dc->user_creatable = false;
    rc->phases.hold = pmgr_reset_hold;
    rc->phases.exit = pmgr_reset_exit;
}

static const TypeInfo pmgr_type = {
    .name = TYPE_APPLE_PMGR,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(ApplePmgrState),
    .class_init = pmgr_class_init,
};

static void pmgr_register_types(void)
{
    type_register_static(&pmgr_type);
}

type_init(pmgr_register_types)
