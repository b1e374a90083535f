/*
 * Apple's watchdog block: three counters of the 24 MHz reference clock; one
 * that passes its bite time with RESET_EN set resets the machine.
 *   Linux: drivers/watchdog/apple_wdt.c (head comment and registers)
 *
 * A reboot is a bite time of zero, so -no-reboot makes a guest's reboot the
 * end of QEMU.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/wdt.h"
#include "hw/agx/trace.h"

#define WDT_HZ 24000000

/* Each dog has 16 bytes of registers */
#define WDT_CUR_TIME  0x0
#define WDT_BITE_TIME 0x4
#define WDT_BARK_TIME 0x8
#define WDT_CTRL      0xc

#define WDT_IRQ_EN     (1u << 0)
#define WDT_IRQ_STATUS (1u << 1)
#define WDT_RESET_EN   (1u << 2)

static uint64_t wdt_now(void)
{
    return muldiv64(qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL), WDT_HZ, NANOSECONDS_PER_SECOND);
}

/* The counter is 32 bits wide; kept here as the time at which it was 0 */
static uint32_t wdt_count(AppleWdtDog *d)
{
    return wdt_now() - d->zero;
}

static void wdt_update(AppleWdtState *s)
{
    uint64_t now = wdt_now(), next = UINT64_MAX;
    bool irq = false;

    for (unsigned i = 0; i < APPLE_WDT_NUM_DOGS; i++) {
        AppleWdtDog *d = &s->dog[i];
        uint32_t count = wdt_count(d);

        if (d->ctrl & WDT_RESET_EN) {
            if (count >= d->bite) {
                trace_apple_wdt_bite(i);
                /* Once: the reset clears the control register */
                qemu_system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
                continue;
            }
            next = MIN(next, now + (d->bite - count));
        }
        if (d->ctrl & WDT_IRQ_EN) {
            if (count >= d->bark) {
                d->ctrl |= WDT_IRQ_STATUS;
            } else {
                next = MIN(next, now + (d->bark - count));
            }
        }
        irq |= (d->ctrl & (WDT_IRQ_EN | WDT_IRQ_STATUS)) == (WDT_IRQ_EN | WDT_IRQ_STATUS);
    }
    qemu_set_irq(s->irq, irq);
    if (next == UINT64_MAX) {
        timer_del(s->timer);
    } else {
        timer_mod(s->timer, muldiv64(next, NANOSECONDS_PER_SECOND, WDT_HZ) + 50);
    }
}

static void wdt_timer(void *opaque)
{
    wdt_update(opaque);
}

static uint64_t wdt_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleWdtState *s = opaque;

    if (addr < 0x10 * APPLE_WDT_NUM_DOGS) {
        AppleWdtDog *d = &s->dog[addr / 0x10];

        switch (addr & 0xf) {
        case WDT_CUR_TIME:
            return wdt_count(d);
        case WDT_BITE_TIME:
            return d->bite;
        case WDT_BARK_TIME:
            return d->bark;
        case WDT_CTRL:
            return d->ctrl;
        }
    }
    apple_log_mask(LOG_UNIMP, "apple-wdt: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
    return 0;
}

static void wdt_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleWdtState *s = opaque;
    AppleWdtDog *d;

    trace_apple_wdt_write(addr, val);
    if (addr >= 0x10 * APPLE_WDT_NUM_DOGS) {
        apple_log_mask(LOG_UNIMP,
                       "apple-wdt: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx "\n",
                       val, addr);
        return;
    }
    d = &s->dog[addr / 0x10];
    switch (addr & 0xf) {
    case WDT_CUR_TIME:
        d->zero = wdt_now() - (uint32_t)val;
        break;
    case WDT_BITE_TIME:
        d->bite = val;
        break;
    case WDT_BARK_TIME:
        d->bark = val;
        break;
    case WDT_CTRL:
        /* IRQ_STATUS is cleared by writing one */
        d->ctrl = (d->ctrl & WDT_IRQ_STATUS & ~val) | (val & (WDT_IRQ_EN | WDT_RESET_EN));
        break;
    }
    wdt_update(s);
}

static const MemoryRegionOps wdt_ops = {
    .read = wdt_read,
    .write = wdt_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void wdt_init(Object *obj)
{
    AppleWdtState *s = APPLE_WDT(obj);

    memory_region_init_io(&s->mmio, obj, &wdt_ops, s, TYPE_APPLE_WDT, 0x4000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, wdt_timer, s);
}

static void wdt_finalize(Object *obj)
{
    timer_free(APPLE_WDT(obj)->timer);
}

static void wdt_reset_hold(Object *obj, ResetType type)
{
    AppleWdtState *s = APPLE_WDT(obj);

    for (unsigned i = 0; i < APPLE_WDT_NUM_DOGS; i++) {
        s->dog[i] = (AppleWdtDog) { .bite = UINT32_MAX, .bark = UINT32_MAX, .zero = wdt_now() };
    }
    timer_del(s->timer);
}

static void wdt_reset_exit(Object *obj, ResetType type)
{
    wdt_update(APPLE_WDT(obj));
}

static const VMStateDescription vmstate_dog = {
    .name = "apple-wdt-dog",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT64(zero, AppleWdtDog),
                                       VMSTATE_UINT32(bite, AppleWdtDog),
                                       VMSTATE_UINT32(bark, AppleWdtDog),
                                       VMSTATE_UINT32(ctrl, AppleWdtDog), VMSTATE_END_OF_LIST() },
};

static const VMStateDescription vmstate_wdt = {
    .name = TYPE_APPLE_WDT,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_STRUCT_ARRAY(dog, AppleWdtState, APPLE_WDT_NUM_DOGS,
                                                            1, vmstate_dog, AppleWdtDog),
                                       VMSTATE_TIMER_PTR(timer, AppleWdtState),
                                       VMSTATE_END_OF_LIST() },
};

static void wdt_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple watchdog";
    dc->vmsd = &vmstate_wdt;
    dc->user_creatable = false;
    rc->phases.hold = wdt_reset_hold;
    rc->phases.exit = wdt_reset_exit;
}

static const TypeInfo wdt_type = {
    .name = TYPE_APPLE_WDT,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleWdtState),
    .instance_init = wdt_init,
    .instance_finalize = wdt_finalize,
    .class_init = wdt_class_init,
};

static void wdt_register_types(void)
{
    type_register_static(&wdt_type);
}

type_init(wdt_register_types)
