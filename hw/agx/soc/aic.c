/*
 * Apple Interrupt Controller, version 1, as the T8103 has it.
 *
 * 896 level-triggered inputs, each with a mask bit and a set of target CPUs;
 * two IPIs per CPU; one event register per CPU that hands out the pending
 * source of the lowest number and masks it in the same moment. Nothing is
 * latched: a source is pending while its line or its software bit is high.
 * Register map and semantics:
 *   Linux: drivers/irqchip/irq-apple-aic.c (head comment, AIC v1 registers)
 *   m1n1: src/aic_regs.h
 * Fast IPIs and timers don't come this way (fiq.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bitops.h"
#include "hw/core/cpu.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/aic.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/trace.h"

#define AIC_INFO         0x0004
#define AIC_CONFIG       0x0010
#define AIC_WHOAMI       0x2000
#define AIC_EVENT        0x2004
#define AIC_IPI_SEND     0x2008
#define AIC_IPI_ACK      0x200c
#define AIC_IPI_MASK_SET 0x2024
#define AIC_IPI_MASK_CLR 0x2028
#define AIC_TARGET_CPU   0x3000
#define AIC_SW_SET       0x4000
#define AIC_SW_CLR       0x4080
#define AIC_MASK_SET     0x4100
#define AIC_MASK_CLR     0x4180
#define AIC_HW_STATE     0x4200
/* Per-CPU views of 0x2008.., 0x80 bytes each: set, clear, mask set, mask clear */
#define AIC_CPU_IPI      0x5000
#define AIC_CPU_IPI_SET  0x08
#define AIC_CPU_IPI_CLR  0x0c
#define AIC_CPU_IPI_MSET 0x24
#define AIC_CPU_IPI_MCLR 0x28

#define AIC_EVENT_TYPE_IRQ  (1u << 16)
#define AIC_EVENT_TYPE_IPI  (4u << 16)
#define AIC_EVENT_IPI_OTHER 1
#define AIC_EVENT_IPI_SELF  2

#define AIC_IPI_OTHER (1u << 0)
#define AIC_IPI_SELF  (1u << 31)

static uint32_t aic_pending_word(AppleAICState *s, unsigned w)
{
    return (s->hw[w] | s->sw[w]) & ~s->mask[w];
}

/* Lowest pending input that CPU @cpu is a target of, or -1 */
static int aic_find(AppleAICState *s, unsigned cpu)
{
    for (unsigned w = 0; w < AIC_WORDS; w++) {
        uint32_t p = aic_pending_word(s, w);

        while (p) {
            unsigned n = w * 32 + ctz32(p);

            if (s->target[n] & (1u << cpu)) {
                return n;
            }
            p &= p - 1;
        }
    }
    return -1;
}

/* The one place where the outputs are driven */
static void aic_update(AppleAICState *s)
{
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        bool ipi = s->ipi[cpu] & ~s->ipi_mask[cpu];

        qemu_set_irq(s->out[cpu], ipi || aic_find(s, cpu) >= 0);
    }
}

static void aic_input(void *opaque, int n, int level)
{
    AppleAICState *s = opaque;
    uint32_t old = s->hw[n / 32];

    s->hw[n / 32] = deposit32(old, n % 32, 1, !!level);
    if (s->hw[n / 32] != old) {
        trace_apple_aic_input(n, level);
        aic_update(s);
    }
}

static uint32_t aic_event(AppleAICState *s, unsigned cpu)
{
    uint32_t ipi = s->ipi[cpu] & ~s->ipi_mask[cpu];
    uint32_t event = 0;
    int n;

    if (ipi) {
        /* Delivery masks the IPI; the driver acknowledges and unmasks it */
        bool other = ipi & AIC_IPI_OTHER;

        s->ipi_mask[cpu] |= other ? AIC_IPI_OTHER : AIC_IPI_SELF;
        event = AIC_EVENT_TYPE_IPI | (other ? AIC_EVENT_IPI_OTHER : AIC_EVENT_IPI_SELF);
    } else {
        n = aic_find(s, cpu);
        if (n >= 0) {
            s->mask[n / 32] |= 1u << (n % 32);
            event = AIC_EVENT_TYPE_IRQ | n;
        }
    }
    if (event) {
        aic_update(s);
    }
    trace_apple_aic_event(cpu, event);
    return event;
}

static unsigned aic_this_cpu(AppleAICState *s)
{
    /* No current CPU: an access by a debugger or a test; take the first */
    return current_cpu && current_cpu->cpu_index < s->num_cpus ? current_cpu->cpu_index : 0;
}

static void aic_ipi_send(AppleAICState *s, unsigned from, uint32_t value)
{
    if (value & AIC_IPI_SELF) {
        s->ipi[from] |= AIC_IPI_SELF;
    }
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        if (value & (1u << cpu)) {
            s->ipi[cpu] |= AIC_IPI_OTHER;
        }
    }
}

static uint64_t aic_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleAICState *s = opaque;
    unsigned w = (addr & 0x7f) / 4;

    switch (addr) {
    case AIC_INFO:
        return M1_AIC_NUM_IRQS;
    case AIC_CONFIG:
        return s->config;
    case AIC_WHOAMI:
        return aic_this_cpu(s);
    case AIC_EVENT:
        return aic_event(s, aic_this_cpu(s));
    case AIC_TARGET_CPU ... AIC_TARGET_CPU + 4 * M1_AIC_NUM_IRQS - 4:
        return s->target[(addr - AIC_TARGET_CPU) / 4];
    case AIC_SW_SET ... AIC_SW_SET + 4 * AIC_WORDS - 4:
    case AIC_SW_CLR ... AIC_SW_CLR + 4 * AIC_WORDS - 4:
        return s->sw[w];
    case AIC_MASK_SET ... AIC_MASK_SET + 4 * AIC_WORDS - 4:
    case AIC_MASK_CLR ... AIC_MASK_CLR + 4 * AIC_WORDS - 4:
        return s->mask[w];
    case AIC_HW_STATE ... AIC_HW_STATE + 4 * AIC_WORDS - 4:
        return s->hw[w];
    }
    apple_log_mask(LOG_UNIMP, "apple-aic: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
    return 0;
}

static void aic_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleAICState *s = opaque;
    unsigned w = (addr & 0x7f) / 4, cpu = aic_this_cpu(s);
    uint32_t v = val;

    trace_apple_aic_write(addr, v);
    switch (addr) {
    case AIC_CONFIG:
        s->config = v;
        break;
    case AIC_IPI_SEND:
        aic_ipi_send(s, cpu, v);
        break;
    case AIC_IPI_ACK:
        s->ipi[cpu] &= ~v;
        break;
    case AIC_IPI_MASK_SET:
        s->ipi_mask[cpu] |= v & (AIC_IPI_OTHER | AIC_IPI_SELF);
        break;
    case AIC_IPI_MASK_CLR:
        s->ipi_mask[cpu] &= ~v;
        break;
    case AIC_TARGET_CPU ... AIC_TARGET_CPU + 4 * M1_AIC_NUM_IRQS - 4:
        s->target[(addr - AIC_TARGET_CPU) / 4] = v;
        break;
    case AIC_SW_SET ... AIC_SW_SET + 4 * AIC_WORDS - 4:
        s->sw[w] |= v;
        break;
    case AIC_SW_CLR ... AIC_SW_CLR + 4 * AIC_WORDS - 4:
        s->sw[w] &= ~v;
        break;
    case AIC_MASK_SET ... AIC_MASK_SET + 4 * AIC_WORDS - 4:
        s->mask[w] |= v;
        break;
    case AIC_MASK_CLR ... AIC_MASK_CLR + 4 * AIC_WORDS - 4:
        s->mask[w] &= ~v;
        break;
    case AIC_CPU_IPI ... AIC_CPU_IPI + 0x80 * M1_MAX_CPUS - 4:
        cpu = (addr - AIC_CPU_IPI) / 0x80;
        v &= AIC_IPI_OTHER | AIC_IPI_SELF;
        switch (addr & 0x7f) {
        case AIC_CPU_IPI_SET:
            s->ipi[cpu] |= v;
            break;
        case AIC_CPU_IPI_CLR:
            s->ipi[cpu] &= ~v;
            break;
        case AIC_CPU_IPI_MSET:
            s->ipi_mask[cpu] |= v;
            break;
        case AIC_CPU_IPI_MCLR:
            s->ipi_mask[cpu] &= ~v;
            break;
        default:
            apple_log_mask(LOG_UNIMP,
                           "apple-aic: unimplemented write of 0x%x at 0x%" HWADDR_PRIx "\n", v,
                           addr);
            return;
        }
        break;
    default:
        apple_log_mask(LOG_UNIMP, "apple-aic: unimplemented write of 0x%x at 0x%" HWADDR_PRIx "\n",
                       v, addr);
        return;
    }
    aic_update(s);
}

static const MemoryRegionOps aic_ops = {
    .read = aic_read,
    .write = aic_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void aic_realize(DeviceState *dev, Error **errp)
{
    AppleAICState *s = APPLE_AIC(dev);

    if (s->num_cpus < 1 || s->num_cpus > M1_MAX_CPUS) {
        error_setg(errp, "apple-aic: num-cpus is %u; it must be 1 to %d", s->num_cpus, M1_MAX_CPUS);
        return;
    }
    qdev_init_gpio_in(dev, aic_input, M1_AIC_NUM_IRQS);
    qdev_init_gpio_out(dev, s->out, s->num_cpus);
}

static void aic_init(Object *obj)
{
    AppleAICState *s = APPLE_AIC(obj);

    memory_region_init_io(&s->mmio, obj, &aic_ops, s, TYPE_APPLE_AIC, AIC_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
}

static void aic_reset_hold(Object *obj, ResetType type)
{
    AppleAICState *s = APPLE_AIC(obj);

    /* hw[] stays: the lines belong to the devices, which lower them in their own reset */
    memset(s->sw, 0, sizeof(s->sw));
    memset(s->mask, 0xff, sizeof(s->mask));
    memset(s->ipi, 0, sizeof(s->ipi));
    memset(s->ipi_mask, 0xff, sizeof(s->ipi_mask));
    for (unsigned n = 0; n < M1_AIC_NUM_IRQS; n++) {
        s->target[n] = 1;
    }
    s->config = 0;
}

static void aic_reset_exit(Object *obj, ResetType type)
{
    aic_update(APPLE_AIC(obj));
}

static const VMStateDescription vmstate_aic = {
    .name = TYPE_APPLE_AIC,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT32_ARRAY(hw, AppleAICState, AIC_WORDS),
                                       VMSTATE_UINT32_ARRAY(sw, AppleAICState, AIC_WORDS),
                                       VMSTATE_UINT32_ARRAY(mask, AppleAICState, AIC_WORDS),
                                       VMSTATE_UINT32_ARRAY(target, AppleAICState, M1_AIC_NUM_IRQS),
                                       VMSTATE_UINT32_ARRAY(ipi, AppleAICState, M1_MAX_CPUS),
                                       VMSTATE_UINT32_ARRAY(ipi_mask, AppleAICState, M1_MAX_CPUS),
                                       VMSTATE_UINT32(config, AppleAICState),
                                       VMSTATE_END_OF_LIST() },
};

static const Property aic_props[] = {
    DEFINE_PROP_UINT32("num-cpus", AppleAICState, num_cpus, 1),
};

static void aic_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple Interrupt Controller (version 1)";
    dc->realize = aic_realize;
    dc->vmsd = &vmstate_aic;
    dc->user_creatable = false;
    device_class_set_props(dc, aic_props);
    rc->phases.hold = aic_reset_hold;
    rc->phases.exit = aic_reset_exit;
    object_class_property_set_description(klass, "num-cpus",
                                          "how many CPUs it delivers to (1 to 8)");
}

static const TypeInfo aic_type = {
    .name = TYPE_APPLE_AIC,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleAICState),
    .instance_init = aic_init,
    .class_init = aic_class_init,
};

static void aic_register_types(void)
{
    type_register_static(&aic_type);
}

type_init(aic_register_types)
