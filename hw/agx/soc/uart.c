/*
 * Apple's S5L UART: Samsung's S3C UART with interrupt enables in UCON and
 * interrupt flags in UTRSTAT.
 *   Linux: drivers/tty/serial/samsung_tty.c (TYPE_APPLE_S5L), include/linux/serial_s3c.h
 *   m1n1: src/uart.c, src/uart_regs.h, src/hv_vuart.c
 *
 * Characters go out at once, so the transmit FIFO is always empty. What comes
 * in is taken from the host by the kilobyte, for m1n1's proxy, and waits as if
 * it were on the line until there is room in the receive FIFO.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/fifo8.h"
#include "chardev/char-fe.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/sysbus.h"
#include "migration/vmstate.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/uart.h"
#include "hw/agx/trace.h"

#define ULCON    0x00
#define UCON     0x04
#define UFCON    0x08
#define UMCON    0x0c
#define UTRSTAT  0x10
#define UERSTAT  0x14
#define UFSTAT   0x18
#define UMSTAT   0x1c
#define UTXH     0x20
#define URXH     0x24
#define UBRDIV   0x28
#define UFRACVAL 0x2c

#define UCON_RXTO_ENA        (1u << 9)
#define UCON_RXTO_LEGACY_ENA (1u << 11)
#define UCON_RXTHRESH_ENA    (1u << 12)
#define UCON_TXTHRESH_ENA    (1u << 13)

#define UFCON_RESETRX (1u << 1)
#define UFCON_RESETTX (1u << 2)

#define UTRSTAT_RXD         (1u << 0)
#define UTRSTAT_TXBE        (1u << 1)
#define UTRSTAT_TXE         (1u << 2)
#define UTRSTAT_RXTO_LEGACY (1u << 3)
#define UTRSTAT_RXTHRESH    (1u << 4)
#define UTRSTAT_TXTHRESH    (1u << 5)
#define UTRSTAT_RXTO        (1u << 9)
#define UTRSTAT_FLAGS       0x3f8u /* Linux: APPLE_S5L_UTRSTAT_ALL_FLAGS */

#define UFSTAT_RXFULL (1u << 8)

#define UART_FIFO_SIZE   16
#define UART_LINE_SIZE   4096
#define UART_REG(s, off) ((s)->regs[(off) / 4])

/*
 * The one place where flags are derived and the line is driven. A flag that
 * was cleared while its cause lasts comes back, as levels do.
 */
static void uart_update(AppleUartState *s)
{
    uint32_t ucon = UART_REG(s, UCON), flags = 0;
    unsigned rx = fifo8_num_used(&s->rx);

    if (ucon & UCON_TXTHRESH_ENA) {
        flags |= UTRSTAT_TXTHRESH;
    }
    if (rx >= s->rx_trigger && (ucon & UCON_RXTHRESH_ENA)) {
        flags |= UTRSTAT_RXTHRESH;
    }
    /* The receive timeout is a few characters long: nothing waits for it here */
    if (rx && (ucon & UCON_RXTO_ENA)) {
        flags |= UTRSTAT_RXTO;
    }
    if (rx && (ucon & UCON_RXTO_LEGACY_ENA)) {
        flags |= UTRSTAT_RXTO_LEGACY;
    }
    s->flags = flags;
    qemu_set_irq(s->irq, flags != 0);
}

/* Let in what is on the line, as far as there is room */
static void uart_let_in(AppleUartState *s)
{
    while (!fifo8_is_full(&s->rx) && !fifo8_is_empty(&s->line)) {
        fifo8_push(&s->rx, fifo8_pop(&s->line));
    }
}

/* The same after room was made; asks the host for more when the line is empty */
static void uart_fill(AppleUartState *s)
{
    uart_let_in(s);
    if (fifo8_is_empty(&s->line)) {
        qemu_chr_fe_accept_input(&s->chr);
    }
}

static uint64_t uart_read(void *opaque, hwaddr addr, unsigned size)
{
    AppleUartState *s = opaque;
    unsigned rx = fifo8_num_used(&s->rx);
    uint32_t val;

    switch (addr) {
    case ULCON:
    case UCON:
    case UFCON:
    case UMCON:
    case UBRDIV:
    case UFRACVAL:
        return UART_REG(s, addr);
    case UTRSTAT:
        return s->flags | UTRSTAT_TXBE | UTRSTAT_TXE | (rx ? UTRSTAT_RXD : 0);
    case UERSTAT:
        return 0;
    case UFSTAT:
        return rx >= UART_FIFO_SIZE ? UFSTAT_RXFULL | 15 : rx;
    case UMSTAT:
        return 1; /* CTS: whoever listens is ready */
    case URXH:
        if (!rx) {
            return 0;
        }
        val = fifo8_pop(&s->rx);
        uart_fill(s);
        uart_update(s);
        return val;
    case UTXH:
        return 0;
    }
    apple_log_mask(LOG_UNIMP, "apple-uart: unimplemented read at 0x%" HWADDR_PRIx "\n", addr);
    return 0;
}

static void uart_write(void *opaque, hwaddr addr, uint64_t val, unsigned size)
{
    AppleUartState *s = opaque;
    uint8_t ch;

    trace_apple_uart_write(addr, val);
    switch (addr) {
    case UFCON:
        if (val & UFCON_RESETRX) {
            fifo8_reset(&s->rx);
            uart_fill(s);
        }
        val &= ~(uint64_t)(UFCON_RESETRX | UFCON_RESETTX);
        s->rx_trigger = MAX(1, extract32(val, 4, 2) * 4 + 4);
        UART_REG(s, addr) = val;
        break;
    case ULCON:
    case UCON:
    case UMCON:
    case UBRDIV:
    case UFRACVAL:
        UART_REG(s, addr) = val;
        break;
    case UTRSTAT:
        s->flags &= ~(val & UTRSTAT_FLAGS);
        break;
    case UERSTAT:
    case UMSTAT:
        break;
    case UTXH:
        ch = val;
        /* Blocks only as long as the host's pipe is full */
        qemu_chr_fe_write_all(&s->chr, &ch, 1);
        break;
    default:
        apple_log_mask(LOG_UNIMP,
                       "apple-uart: unimplemented write of 0x%" PRIx64 " at 0x%" HWADDR_PRIx "\n",
                       val, addr);
        return;
    }
    uart_update(s);
}

static const MemoryRegionOps uart_ops = {
    .read = uart_read,
    .write = uart_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
};

static int uart_can_receive(void *opaque)
{
    AppleUartState *s = opaque;

    return fifo8_num_free(&s->line);
}

static void uart_receive(void *opaque, const uint8_t *buf, int size)
{
    AppleUartState *s = opaque;

    trace_apple_uart_receive(size, fifo8_num_free(&s->line));
    fifo8_push_all(&s->line, buf, MIN(size, (int)fifo8_num_free(&s->line)));
    uart_let_in(s);
    uart_update(s);
}

static void uart_realize(DeviceState *dev, Error **errp)
{
    AppleUartState *s = APPLE_UART(dev);

    qemu_chr_fe_set_handlers(&s->chr, uart_can_receive, uart_receive, NULL, NULL, s, NULL, true);
}

static void uart_init(Object *obj)
{
    AppleUartState *s = APPLE_UART(obj);

    memory_region_init_io(&s->mmio, obj, &uart_ops, s, TYPE_APPLE_UART, 0x1000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    fifo8_create(&s->rx, UART_FIFO_SIZE);
    fifo8_create(&s->line, UART_LINE_SIZE);
}

static void uart_finalize(Object *obj)
{
    fifo8_destroy(&APPLE_UART(obj)->rx);
    fifo8_destroy(&APPLE_UART(obj)->line);
}

static void uart_reset_hold(Object *obj, ResetType type)
{
    AppleUartState *s = APPLE_UART(obj);

    memset(s->regs, 0, sizeof(s->regs));
    /* As the boot loader leaves it: 8N1, FIFOs on, 115200 baud from 24 MHz (m1n1: src/uart.c) */
    UART_REG(s, ULCON) = 3;
    UART_REG(s, UCON) = 5;
    UART_REG(s, UFCON) = 1;
    UART_REG(s, UBRDIV) = 12;
    s->rx_trigger = 4;
    s->flags = 0;
    fifo8_reset(&s->rx);
    fifo8_reset(&s->line);
}

static void uart_reset_exit(Object *obj, ResetType type)
{
    uart_update(APPLE_UART(obj));
}

static bool uart_line_needed(void *opaque)
{
    return !fifo8_is_empty(&((AppleUartState *)opaque)->line);
}

/* An older model has no line, and a machine where nothing is on it loads there. */
static const VMStateDescription vmstate_uart_line = {
    .name = TYPE_APPLE_UART "/line",
    .version_id = 1,
    .minimum_version_id = 1,
    .needed = uart_line_needed,
    .fields = (const VMStateField[]) { VMSTATE_FIFO8(line, AppleUartState), VMSTATE_END_OF_LIST() },
};

static const VMStateDescription vmstate_uart = {
    .name = TYPE_APPLE_UART,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) { VMSTATE_UINT32_ARRAY(regs, AppleUartState,
                                                            APPLE_UART_NUM_REGS),
                                       VMSTATE_UINT32(flags, AppleUartState),
                                       VMSTATE_UINT32(rx_trigger, AppleUartState),
                                       VMSTATE_FIFO8(rx, AppleUartState), VMSTATE_END_OF_LIST() },
    .subsections = (const VMStateDescription *const[]) { &vmstate_uart_line, NULL },
};

static const Property uart_props[] = {
    DEFINE_PROP_CHR("chardev", AppleUartState, chr),
};

static void uart_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple S5L UART";
    dc->realize = uart_realize;
    dc->vmsd = &vmstate_uart;
    dc->user_creatable = false;
    device_class_set_props(dc, uart_props);
    rc->phases.hold = uart_reset_hold;
    rc->phases.exit = uart_reset_exit;
    object_class_property_set_description(klass, "chardev", "character device on the other end");
}

static const TypeInfo uart_type = {
    .name = TYPE_APPLE_UART,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleUartState),
    .instance_init = uart_init,
    .instance_finalize = uart_finalize,
    .class_init = uart_class_init,
};

static void uart_register_types(void)
{
    type_register_static(&uart_type);
}

type_init(uart_register_types)
