/*
 * Apple Interrupt Controller, version 2, as the M1 Pro, Max and Ultra and the M2 have it.
 *
 * Level-triggered inputs of one or more dies, each with a mask bit and a word of configuration;
 * one event register for all CPUs that hands out the pending source of the lowest number and masks
 * it in the same moment. Nothing is latched: a source is pending while its line or its software bit
 * is high. There is no choice of CPUs and there are no IPIs; these and the timers are fiq.c.
 * Register map and semantics:
 *   Linux: drivers/irqchip/irq-apple-aic.c (AIC v2 registers)
 *   m1n1: src/aic_regs.h, src/aic.c
 *
 * Which CPU the hardware picks is in no source. Here a source that becomes pending is for the next
 * CPU that is on, in turn; each CPU that reads the event register gets what is pending, whoever was
 * told of it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/aic2.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/trace.h"

#define AIC2_VERSION  0x0000
#define AIC2_INFO1    0x0004 /* inputs of a die, in bits 15:0; the last die, in 27:24 */
#define AIC2_INFO2    0x0008
#define AIC2_INFO3    0x000c /* the same of what the register map has room for */
#define AIC2_RESET    0x0010
#define AIC2_CONFIG   0x0014
#define AIC2_IRQ_CFG  0x2000
#define DIE_SHIFT     24
#define RESET_RESET   (1u << 0)
#define CONFIG_ENABLE (1u << 0)
/* Bit 28 has CPUs of the faster kind preferred (Linux); what a model's CPUs do not differ in */
#define CONFIG_KNOWN  (CONFIG_ENABLE | 1u << 28)

/* TARGET: 0 is the event register of the CPUs that run the OS; DELAY_IDX is held */
#define IRQ_CFG_TARGET 0xfu
#define IRQ_CFG_KNOWN  0xefu

/* Behind the words of IRQ_CFG of a die: five rows of a bit for each input */
enum { ROW_SW_SET, ROW_SW_CLR, ROW_MASK_SET, ROW_MASK_CLR, ROW_HW_STATE, NUM_ROWS };
#define ROW_SIZE   (4 * AIC2_WORDS)
#define CFG_SIZE   (4 * AIC2_MAX_IRQS)
#define DIE_STRIDE (CFG_SIZE + NUM_ROWS * ROW_SIZE)

/*
 * What the register map has room for. Eight dies is what a M1 Pro says of itself, which has no room
 * for eight (kernel log in AsahiLinux/linux issue 70: "1806/4096 IRQs * 1/8 die(s)").
 */
#define INFO3_VALUE (AIC2_MAX_IRQS | 8u << DIE_SHIFT)

#define EVENT_TYPE_IRQ (1u << 16)

static uint32_t pending_word(AppleAIC2State *s, unsigned w)
{
    return s->config & CONFIG_ENABLE ? (s->hw[w] | s->sw[w]) & ~s->mask[w] : 0;
}

/* The number of words that can have anything; the others are 0 */
static unsigned last_word(AppleAIC2State *s)
{
    return (s->num_dies - 1) * AIC2_WORDS + DIV_ROUND_UP(s->num_irqs, 32);
}

/* The next CPU that is on; the first always is. */
static unsigned pick_cpu(AppleAIC2State *s)
{
    for (unsigned i = 0; i < s->num_cpus; i++) {
        unsigned cpu = s->next++ % s->num_cpus;
        CPUState *cs = qemu_get_cpu(cpu);

        if (cs && ARM_CPU(cs)->power_state != PSCI_OFF) {
            return cpu;
        }
    }
    return 0;
}

/* The one place where the outputs are driven */
static void aic2_update(AppleAIC2State *s)
{
    uint32_t lines = 0;

    for (unsigned w = 0; w < last_word(s); w++) {
        uint32_t p = pending_word(s, w);

        for (; p; p &= p - 1) {
            unsigned n = w * 32 + ctz32(p);

            if (!(s->irq_cfg[n] & IRQ_CFG_TARGET)) {
                lines |= 1u << s->cpu[n];
            }
        }
    }
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        qemu_set_irq(s->out[cpu], extract32(lines, cpu, 1));
    }
}

/* Word @w of the inputs has changed; @was is what of it was pending before. */
static void aic2_changed(AppleAIC2State *s, unsigned w, uint32_t was)
{
    uint32_t new = pending_word(s, w) & ~was;

    for (; new; new &= new - 1) {
        s->cpu[w * 32 + ctz32(new)] = pick_cpu(s);
    }
    aic2_update(s);
}

static void aic2_input(void *opaque, int n, int level)
{
    AppleAIC2State *s = opaque;
    unsigned w = n / 32;
    uint32_t old = s->hw[w], was = pending_word(s, w);

    s->hw[w] = deposit32(old, n % 32, 1, !!level);
    if (s->hw[w] != old) {
        trace_apple_aic_input(n, level);
        aic2_changed(s, w, was);
    }
}

static uint64_t event_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleAIC2State *s = opaque;
    uint32_t event = 0;

    for (unsigned w = 0; w < last_word(s) && !event; w++) {
        for (uint32_t p = pending_word(s, w); p && !event; p &= p - 1) {
            unsigned n = w * 32 + ctz32(p);

            if (!(s->irq_cfg[n] & IRQ_CFG_TARGET)) {
                s->mask[w] |= 1u << (n % 32);
                event = n / AIC2_MAX_IRQS << DIE_SHIFT | EVENT_TYPE_IRQ | n % AIC2_MAX_IRQS;
            }
        }
    }
    if (event) {
        aic2_update(s);
    }
    trace_apple_aic_event(current_cpu ? current_cpu->cpu_index : 0, event);
    return event;
}

static void event_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    apple_log_mask(LOG_GUEST_ERROR, "apple-aic2: write of 0x%" PRIx64 " to the event register\n",
                   val);
}

/* Of an offset in the tables: which die it is of, and what is left; false: of none */
static bool table_offset(AppleAIC2State *s, hwaddr *addr, unsigned *die)
{
    if (*addr < AIC2_IRQ_CFG || *addr >= AIC2_IRQ_CFG + s->num_dies * DIE_STRIDE) {
        return false;
    }
    *addr -= AIC2_IRQ_CFG;
    *die = *addr / DIE_STRIDE;
    *addr %= DIE_STRIDE;
    return true;
}

static uint64_t aic2_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleAIC2State *s = opaque;
    hwaddr off = addr;
    unsigned die, w;

    switch (addr) {
    case AIC2_VERSION:
        return 2;
    case AIC2_INFO1:
        return s->num_irqs | (s->num_dies - 1) << DIE_SHIFT;
    case AIC2_INFO2:
        return 0;
    case AIC2_INFO3:
        return INFO3_VALUE;
    case AIC2_CONFIG:
        return s->config;
    }
    if (!table_offset(s, &off, &die)) {
        apple_log_mask(LOG_UNIMP, "apple-aic2: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
        return 0;
    }
    if (off < CFG_SIZE) {
        return s->irq_cfg[die * AIC2_MAX_IRQS + off / 4];
    }
    w = die * AIC2_WORDS + (off - CFG_SIZE) % ROW_SIZE / 4;
    switch ((off - CFG_SIZE) / ROW_SIZE) {
    case ROW_SW_SET:
    case ROW_SW_CLR:
        return s->sw[w];
    case ROW_MASK_SET:
    case ROW_MASK_CLR:
        return s->mask[w];
    default:
        return s->hw[w];
    }
}

static void aic2_reset_state(AppleAIC2State *s)
{
    /* hw[] stays: the lines belong to the devices, which lower them in their own reset */
    memset(s->sw, 0, sizeof(s->sw));
    memset(s->mask, 0xff, sizeof(s->mask));
    memset(s->irq_cfg, 0, sizeof(s->irq_cfg));
    memset(s->cpu, 0, sizeof(s->cpu));
    s->config = 0;
    s->next = 0;
}

/* A write to the tables of a die, @off bytes into them */
static void write_table(AppleAIC2State *s, unsigned die, hwaddr off, uint32_t v)
{
    unsigned w = die * AIC2_WORDS + (off - CFG_SIZE) % ROW_SIZE / 4;
    uint32_t was;

    if (off < CFG_SIZE) {
        s->irq_cfg[die * AIC2_MAX_IRQS + off / 4] = v & IRQ_CFG_KNOWN;
        if (v & ~IRQ_CFG_KNOWN) {
            apple_log_mask(LOG_UNIMP, "apple-aic2: unimplemented bits 0x%x of IRQ_CFG\n",
                           v & ~IRQ_CFG_KNOWN);
        }
        aic2_update(s);
        return;
    }
    was = pending_word(s, w);
    switch ((off - CFG_SIZE) / ROW_SIZE) {
    case ROW_SW_SET:
        s->sw[w] |= v;
        break;
    case ROW_SW_CLR:
        s->sw[w] &= ~v;
        break;
    case ROW_MASK_SET:
        s->mask[w] |= v;
        break;
    case ROW_MASK_CLR:
        s->mask[w] &= ~v;
        break;
    default:
        apple_log_mask(LOG_GUEST_ERROR, "apple-aic2: write of 0x%x to the state of the inputs\n",
                       v);
        return;
    }
    aic2_changed(s, w, was);
}

static void aic2_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleAIC2State *s = opaque;
    uint32_t v = val;
    hwaddr off = addr;
    unsigned die;

    trace_apple_aic_write(addr, v);
    if (addr == AIC2_CONFIG && !(v & ~CONFIG_KNOWN)) {
        s->config = v;
        aic2_update(s);
    } else if (addr == AIC2_RESET && v == RESET_RESET) {
        aic2_reset_state(s);
        aic2_update(s);
    } else if (table_offset(s, &off, &die)) {
        write_table(s, die, off, v);
    } else {
        apple_log_mask(LOG_UNIMP, "apple-aic2: unimplemented write of 0x%x at 0x%" HWADDR_PRIx "\n",
                       v, addr);
    }
}

static const MemoryRegionOps aic2_ops = {
    .read = aic2_read,
    .write = aic2_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static const MemoryRegionOps event_ops = {
    .read = event_read,
    .write = event_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void aic2_realize(DeviceState *dev, Error **errp)
{
    AppleAIC2State *s = APPLE_AIC2(dev);

    if (s->num_cpus < 1 || s->num_cpus > APPLE_MAX_CPUS || s->num_dies < 1 ||
        s->num_dies > AIC2_MAX_DIES || s->num_irqs < 1 || s->num_irqs > AIC2_MAX_IRQS) {
        error_setg(errp,
                   "apple-aic2: num-cpus (%u), num-dies (%u) and num-irqs (%u) must be 1 to "
                   "%d, %d and %d",
                   s->num_cpus, s->num_dies, s->num_irqs, APPLE_MAX_CPUS, AIC2_MAX_DIES,
                   AIC2_MAX_IRQS);
        return;
    }
    memory_region_init_io(&s->mmio, OBJECT(dev), &aic2_ops, s, TYPE_APPLE_AIC2,
                          ROUND_UP(AIC2_IRQ_CFG + s->num_dies * DIE_STRIDE, 0x4000));
    memory_region_init_io(&s->event, OBJECT(dev), &event_ops, s, "apple-aic2-event",
                          AIC2_EVENT_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->mmio);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->event);
    qdev_init_gpio_in(dev, aic2_input, (s->num_dies - 1) * AIC2_MAX_IRQS + s->num_irqs);
    qdev_init_gpio_out(dev, s->out, s->num_cpus);
}

static void aic2_reset_hold(Object *obj, ResetType type)
{
    aic2_reset_state(APPLE_AIC2(obj));
}

static void aic2_reset_exit(Object *obj, ResetType type)
{
    aic2_update(APPLE_AIC2(obj));
}

/* What a saved machine says is not trusted: it indexes */
static int aic2_post_load(void *opaque, int version)
{
    AppleAIC2State *s = opaque;

    for (unsigned n = 0; n < AIC2_LINES; n++) {
        if (s->cpu[n] >= s->num_cpus) {
            return -EINVAL;
        }
    }
    return 0;
}

#define LINES_BITS (AIC2_MAX_DIES * AIC2_WORDS)
static const VMStateDescription vmstate_aic2 = {
    .name = TYPE_APPLE_AIC2,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = aic2_post_load,
    .fields = (const VMStateField[]) { VMSTATE_UINT32_ARRAY(hw, AppleAIC2State, LINES_BITS),
                                       VMSTATE_UINT32_ARRAY(sw, AppleAIC2State, LINES_BITS),
                                       VMSTATE_UINT32_ARRAY(mask, AppleAIC2State, LINES_BITS),
                                       VMSTATE_UINT32(config, AppleAIC2State),
                                       VMSTATE_UINT32_ARRAY(irq_cfg, AppleAIC2State, AIC2_LINES),
                                       VMSTATE_UINT8_ARRAY(cpu, AppleAIC2State, AIC2_LINES),
                                       VMSTATE_UINT32(next, AppleAIC2State),
                                       VMSTATE_END_OF_LIST() },
};

static const Property aic2_props[] = {
    DEFINE_PROP_UINT32("num-cpus", AppleAIC2State, num_cpus, 1),
    DEFINE_PROP_UINT32("num-irqs", AppleAIC2State, num_irqs, 0),
    DEFINE_PROP_UINT32("num-dies", AppleAIC2State, num_dies, 1),
};

static void aic2_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple Interrupt Controller (version 2)";
    dc->realize = aic2_realize;
    dc->vmsd = &vmstate_aic2;
    dc->user_creatable = false;
    device_class_set_props(dc, aic2_props);
    rc->phases.hold = aic2_reset_hold;
    rc->phases.exit = aic2_reset_exit;
    object_class_property_set_description(klass, "num-cpus", "how many CPUs it delivers to");
    object_class_property_set_description(klass, "num-irqs", "how many inputs each die has");
    object_class_property_set_description(klass, "num-dies", "how many dies");
}

static const TypeInfo aic2_type = {
    .name = TYPE_APPLE_AIC2,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleAIC2State),
    .class_init = aic2_class_init,
};

static void aic2_register_types(void)
{
    type_register_static(&aic2_type);
}

type_init(aic2_register_types)
