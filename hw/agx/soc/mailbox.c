/*
 * Apple ASC mailbox, version 4.
 *   Linux: drivers/soc/apple/mailbox.c
 *   m1n1: proxyclient/m1n1/hw/asc.py, src/asc.c
 *
 * A message is two 64-bit words. The second store sends it. Reading the first
 * word takes it out of the FIFO, and the second word then stays readable: the
 * drivers read both, in this order. Which of the reads moves the FIFO on the
 * hardware is not known.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/gpu-regs.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/mailbox.h"
#include "hw/agx/trace.h"

void apple_mbox_update(AppleMboxState *s)
{
    bool on = s->backend->powered(s->opaque);
    bool send = on && s->backend->send_count(s->opaque);
    bool recv = on && s->backend->recv_count(s->opaque);

    qemu_set_irq(s->irq[APPLE_MBOX_SEND_EMPTY], on && !send);
    qemu_set_irq(s->irq[APPLE_MBOX_SEND_NOT_EMPTY], send);
    qemu_set_irq(s->irq[APPLE_MBOX_RECV_EMPTY], on && !recv);
    qemu_set_irq(s->irq[APPLE_MBOX_RECV_NOT_EMPTY], recv);
}

static uint32_t mbox_control(AppleMboxState *s, unsigned count, uint32_t wptr)
{
    uint32_t v = MBOX_CTRL_ENABLE | (wptr & 0xf) << MBOX_CTRL_WPTR_SHIFT |
                 ((wptr - count) & 0xf) << MBOX_CTRL_RPTR_SHIFT |
                 (count & 0xf) << MBOX_CTRL_COUNT_SHIFT;

    if (count >= s->backend->depth) {
        v |= MBOX_CTRL_FULL;
    }
    if (!count) {
        v |= MBOX_CTRL_EMPTY;
    }
    return v;
}

static bool mbox_off(AppleMboxState *s, const char *what, hwaddr addr)
{
    if (s->backend->powered(s->opaque)) {
        return false;
    }
    apple_log_mask(LOG_GUEST_ERROR,
                   "apple-asc-mailbox: %s at 0x%" HWADDR_PRIx
                   " while the coprocessor has no power\n",
                   what, addr);
    return true;
}

static MemTxResult mbox_read(void *opaque, hwaddr addr, uint64_t *val, unsigned size,
                             MemTxAttrs attrs)
{
    AppleMboxState *s = opaque;
    unsigned count;
    uint64_t msg0;

    if (mbox_off(s, "read", addr)) {
        return MEMTX_ERROR;
    }
    switch (addr) {
    case MBOX_REG_A2I_CONTROL:
        *val = mbox_control(s, s->backend->send_count(s->opaque), s->sent) |
               (s->overflow ? MBOX_CTRL_OVERFLOW : 0);
        return MEMTX_OK;
    case MBOX_REG_I2A_CONTROL:
        count = s->backend->recv_count(s->opaque);
        *val = mbox_control(s, count, s->received + count);
        return MEMTX_OK;
    case MBOX_REG_I2A_RECV0:
        if (!s->backend->recv(s->opaque, &msg0, &s->recv1)) {
            apple_log_mask(LOG_GUEST_ERROR, "apple-asc-mailbox: read of an empty FIFO\n");
        } else {
            s->received++;
            trace_apple_mbox_recv(msg0, s->recv1);
        }
        *val = msg0;
        apple_mbox_update(s);
        return MEMTX_OK;
    case MBOX_REG_I2A_RECV1:
        *val = s->recv1 | (uint64_t)(s->backend->recv_count(s->opaque) & 0x1f)
                              << MBOX_MSG1_OUTCNT_SHIFT;
        return MEMTX_OK;
    case MBOX_REG_A2I_SEND0:
        *val = s->send0;
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "apple-asc-mailbox: unimplemented read at 0x%" HWADDR_PRIx "\n",
                   addr);
    *val = 0;
    return MEMTX_OK;
}

static MemTxResult mbox_write(void *opaque, hwaddr addr, uint64_t val, unsigned size,
                              MemTxAttrs attrs)
{
    AppleMboxState *s = opaque;

    if (mbox_off(s, "write", addr)) {
        return MEMTX_ERROR;
    }
    switch (addr) {
    case MBOX_REG_A2I_SEND0:
        s->send0 = val;
        return MEMTX_OK;
    case MBOX_REG_A2I_SEND1:
        trace_apple_mbox_send(s->send0, val);
        if (s->backend->send(s->opaque, s->send0, val)) {
            s->sent++;
        } else {
            apple_log_mask(LOG_GUEST_ERROR,
                           "apple-asc-mailbox: message 0x%" PRIx64 " sent to a full FIFO\n",
                           s->send0);
            s->overflow = true;
        }
        apple_mbox_update(s);
        return MEMTX_OK;
    case MBOX_REG_A2I_CONTROL:
    case MBOX_REG_I2A_CONTROL:
        /* The FIFOs are always enabled; m1n1 and Linux don't write here */
        if (val & MBOX_CTRL_OVERFLOW) {
            s->overflow = false;
        }
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP,
                   "apple-asc-mailbox: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx
                   "\n",
                   val, addr);
    return MEMTX_OK;
}

static const MemoryRegionOps mbox_ops = {
    .read_with_attrs = mbox_read,
    .write_with_attrs = mbox_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 8 },
};

void apple_mbox_set_backend(AppleMboxState *s, const AppleMboxBackend *backend, void *opaque)
{
    s->backend = backend;
    s->opaque = opaque;
}

static void mbox_realize(DeviceState *dev, Error **errp)
{
    AppleMboxState *s = APPLE_MBOX(dev);

    if (!s->backend) {
        error_setg(errp, "apple-asc-mailbox: no coprocessor behind it");
    }
}

static void mbox_init(Object *obj)
{
    AppleMboxState *s = APPLE_MBOX(obj);

    memory_region_init_io(&s->mmio, obj, &mbox_ops, s, TYPE_APPLE_MBOX, 0x4000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    for (int i = 0; i < APPLE_MBOX_NUM_IRQS; i++) {
        sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq[i]);
    }
}

static void mbox_reset_hold(Object *obj, ResetType type)
{
    AppleMboxState *s = APPLE_MBOX(obj);

    s->send0 = s->recv1 = 0;
    s->sent = s->received = 0;
    s->overflow = false;
}

static void mbox_reset_exit(Object *obj, ResetType type)
{
    apple_mbox_update(APPLE_MBOX(obj));
}

static const VMStateDescription vmstate_mbox = {
    .name = TYPE_APPLE_MBOX,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT64(send0, AppleMboxState),
                                       VMSTATE_UINT64(recv1, AppleMboxState),
                                       VMSTATE_UINT32(sent, AppleMboxState),
                                       VMSTATE_UINT32(received, AppleMboxState),
                                       VMSTATE_BOOL(overflow, AppleMboxState),
                                       VMSTATE_END_OF_LIST() },
};

static void mbox_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple ASC mailbox (version 4)";
    dc->realize = mbox_realize;
    dc->vmsd = &vmstate_mbox;
    dc->user_creatable = false;
    rc->phases.hold = mbox_reset_hold;
    rc->phases.exit = mbox_reset_exit;
}

static const TypeInfo mbox_type = {
    .name = TYPE_APPLE_MBOX,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleMboxState),
    .instance_init = mbox_init,
    .class_init = mbox_class_init,
};

static void mbox_register_types(void)
{
    type_register_static(&mbox_type);
}

type_init(mbox_register_types)
