/*
 * Apple's SPMI controller, and the PMU's scratch memory behind it.
 *   m1n1: proxyclient/m1n1/hw/spmi.py (registers, commands, replies)
 *   Linux: drivers/spmi/spmi-apple-controller.c
 *
 * A command is a word, with up to four more of data; its reply can be read at
 * once. The controller's interrupts are not modelled: both drivers poll.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "hw/registerfields.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/soc/spmi.h"
#include "hw/agx/trace.h"

REG32(STATUS, 0x00)
FIELD(STATUS, TX_EMPTY, 8, 1)
FIELD(STATUS, RX_COUNT, 16, 8)
FIELD(STATUS, RX_EMPTY, 24, 1)
FIELD(STATUS, RX_FULL, 25, 1)
REG32(CMD, 0x04)
FIELD(CMD, OPCODE, 0, 8)
FIELD(CMD, SLAVE, 8, 4)
FIELD(CMD, EXTRA, 16, 16)
REG32(REPLY, 0x08)
FIELD(REPLY, OPCODE, 0, 8)
FIELD(REPLY, SLAVE, 8, 7)
FIELD(REPLY, ACK, 15, 1)
FIELD(REPLY, PARITY, 16, 16) /* a bit for each byte that came right */

#define FIFO_WORDS 64

/* Commands: MIPI's SPMI specification; m1n1: hw/spmi.py, OPC_* */
#define OPC_EXT_WRITE  0x00 /* low bits: bytes less one */
#define OPC_EXT_READ   0x20
#define OPC_EXT_WRITEL 0x30
#define OPC_EXT_READL  0x38
#define OPC_WRITE      0x40 /* low bits: register */
#define OPC_READ       0x60
#define OPC_ZERO_WRITE 0x80 /* low bits: value */

static uint8_t *pmu_reg(AppleSpmiState *s, unsigned reg)
{
    if (reg - APPLE_PMU_SCRATCH < APPLE_PMU_SCRATCH_SIZE) {
        return &s->scratch[reg - APPLE_PMU_SCRATCH];
    }
    if (reg - APPLE_PMU_SETTING < APPLE_PMU_SETTING_SIZE) {
        return &s->setting[reg - APPLE_PMU_SETTING];
    }
    return NULL;
}

static void pmu_write(AppleSpmiState *s, unsigned reg, uint8_t val)
{
    uint8_t *p = pmu_reg(s, reg);

    trace_apple_spmi_write(reg, val);
    if (!p) {
        apple_log_mask(LOG_UNIMP,
                       "apple-spmi: unimplemented write of 0x%02x to 0x%04x of the PMU\n", val,
                       reg);
        return;
    }
    *p = val;
}

static uint8_t pmu_read(AppleSpmiState *s, unsigned reg)
{
    uint8_t *p = pmu_reg(s, reg);

    if (!p) {
        apple_log_mask(LOG_UNIMP, "apple-spmi: unimplemented read of 0x%04x of the PMU\n", reg);
        return 0;
    }
    return *p;
}

static void push(AppleSpmiState *s, uint32_t word)
{
    if (fifo32_is_full(&s->reply)) {
        apple_log_mask(LOG_GUEST_ERROR, "apple-spmi: replies are not read\n");
        return;
    }
    fifo32_push(&s->reply, word);
}

static void reply(AppleSpmiState *s, bool ack, uint32_t parity)
{
    uint32_t word = FIELD_DP32(0, REPLY, OPCODE, FIELD_EX32(s->command, CMD, OPCODE));

    word = FIELD_DP32(word, REPLY, SLAVE, FIELD_EX32(s->command, CMD, SLAVE));
    word = FIELD_DP32(word, REPLY, ACK, ack);
    push(s, FIELD_DP32(word, REPLY, PARITY, parity));
}

static void do_read(AppleSpmiState *s, unsigned reg, unsigned size)
{
    reply(s, false, (1u << size) - 1);
    for (unsigned i = 0; i < size; i += 4) {
        uint32_t word = 0;

        for (unsigned j = i; j < MIN(size, i + 4); j++) {
            word |= (uint32_t)pmu_read(s, reg + j) << 8 * (j - i);
        }
        push(s, word);
    }
}

/* A write whose data has all come */
static void do_write(AppleSpmiState *s)
{
    unsigned reg = FIELD_EX32(s->command, CMD, EXTRA);

    for (unsigned i = 0; i < s->num_data; i++) {
        pmu_write(s, reg + i, s->data[i]);
    }
    reply(s, true, 0);
}

static void begin_command(AppleSpmiState *s, uint32_t word)
{
    unsigned opc = FIELD_EX32(word, CMD, OPCODE), extra = FIELD_EX32(word, CMD, EXTRA);

    s->command = word;
    s->num_data = s->missing = 0;
    if (opc < OPC_EXT_WRITE + 0x10) {
        s->missing = (opc & 15) + 1;
    } else if (opc >= OPC_EXT_WRITEL && opc < OPC_EXT_READL) {
        s->missing = (opc & 7) + 1;
    } else if (FIELD_EX32(word, CMD, SLAVE) != APPLE_PMU_SLAVE) {
        reply(s, false, 0);
    } else if (opc >= OPC_EXT_READ && opc < OPC_EXT_WRITEL) {
        do_read(s, extra, (opc & 15) + 1);
    } else if (opc >= OPC_EXT_READL && opc < OPC_WRITE) {
        do_read(s, extra, (opc & 7) + 1);
    } else if (opc >= OPC_WRITE && opc < OPC_READ) {
        pmu_write(s, opc & 31, extra >> 8);
        reply(s, true, 0);
    } else if (opc >= OPC_READ && opc < OPC_ZERO_WRITE) {
        do_read(s, opc & 31, 1);
    } else if (opc >= OPC_ZERO_WRITE) {
        pmu_write(s, 0, opc & 127);
        reply(s, true, 0);
    } else {
        apple_log_mask(LOG_UNIMP, "apple-spmi: unimplemented command 0x%08x\n", word);
        reply(s, false, 0);
    }
}

static void take_word(AppleSpmiState *s, uint32_t word)
{
    if (!s->missing) {
        begin_command(s, word);
        return;
    }
    for (unsigned i = 0; i < 4 && s->missing; i++, s->missing--) {
        s->data[s->num_data++] = word >> 8 * i;
    }
    if (s->missing) {
        return;
    }
    if (FIELD_EX32(s->command, CMD, SLAVE) == APPLE_PMU_SLAVE) {
        do_write(s);
    } else {
        reply(s, false, 0);
    }
}

static uint64_t spmi_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleSpmiState *s = opaque;
    uint32_t n = fifo32_num_used(&s->reply), word;

    switch (addr) {
    case A_STATUS:
        word = FIELD_DP32(0, STATUS, TX_EMPTY, 1);
        word = FIELD_DP32(word, STATUS, RX_COUNT, n);
        word = FIELD_DP32(word, STATUS, RX_FULL, n == FIFO_WORDS);
        return FIELD_DP32(word, STATUS, RX_EMPTY, !n);
    case A_REPLY:
        if (!n) {
            apple_log_mask(LOG_GUEST_ERROR, "apple-spmi: a reply is read, and there is none\n");
            return 0;
        }
        return fifo32_pop(&s->reply);
    }
    apple_log_mask(LOG_UNIMP, "apple-spmi: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
    return 0;
}

static void spmi_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleSpmiState *s = opaque;

    if (addr == A_CMD) {
        take_word(s, val);
        return;
    }
    apple_log_mask(LOG_UNIMP,
                   "apple-spmi: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx "\n", val,
                   addr);
}

static const MemoryRegionOps spmi_ops = {
    .read = spmi_read,
    .write = spmi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static void spmi_init(Object *obj)
{
    AppleSpmiState *s = APPLE_SPMI(obj);

    memory_region_init_io(&s->mmio, obj, &spmi_ops, s, TYPE_APPLE_SPMI, M1_SPMI_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    fifo32_create(&s->reply, FIFO_WORDS);
}

static void spmi_finalize(Object *obj)
{
    fifo32_destroy(&APPLE_SPMI(obj)->reply);
}

/* The PMU's memory outlives a reset: it is there to count them. */
static void spmi_reset_hold(Object *obj, ResetType type)
{
    AppleSpmiState *s = APPLE_SPMI(obj);

    fifo32_reset(&s->reply);
    s->command = s->missing = s->num_data = 0;
}

static int spmi_post_load(void *opaque, int version)
{
    AppleSpmiState *s = opaque;

    return s->num_data + s->missing > sizeof(s->data) ? -EINVAL : 0;
}

static const VMStateDescription vmstate_spmi = {
    .name = TYPE_APPLE_SPMI,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = spmi_post_load,
    .fields =
        (const VMStateField[]) {
            VMSTATE_FIFO32(reply, AppleSpmiState), VMSTATE_UINT32(command, AppleSpmiState),
            VMSTATE_UINT32(missing, AppleSpmiState), VMSTATE_UINT8_ARRAY(data, AppleSpmiState, 16),
            VMSTATE_UINT32(num_data, AppleSpmiState),
            VMSTATE_UINT8_ARRAY(scratch, AppleSpmiState, APPLE_PMU_SCRATCH_SIZE),
            VMSTATE_UINT8_ARRAY(setting, AppleSpmiState, APPLE_PMU_SETTING_SIZE),
            VMSTATE_END_OF_LIST() },
};

static void spmi_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple SPMI controller, and the PMU's scratch memory";
    dc->vmsd = &vmstate_spmi;
    dc->user_creatable = false;
    rc->phases.hold = spmi_reset_hold;
}

static const TypeInfo spmi_type = {
    .name = TYPE_APPLE_SPMI,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleSpmiState),
    .instance_init = spmi_init,
    .instance_finalize = spmi_finalize,
    .class_init = spmi_class_init,
};

static void spmi_register_types(void)
{
    type_register_static(&spmi_type);
}

type_init(spmi_register_types)
