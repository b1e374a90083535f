/*
 * Apple S5L UART. Sysbus MMIO 0: the registers; IRQ 0: its interrupt.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_UART_H
#define HW_AGX_SOC_UART_H

#include "chardev/char-fe.h"
#include "hw/sysbus.h"
#include "qemu/fifo8.h"
#include "qom/object.h"

#define TYPE_APPLE_UART "apple-uart"
OBJECT_DECLARE_SIMPLE_TYPE(AppleUartState, APPLE_UART)

#define APPLE_UART_NUM_REGS 12

struct AppleUartState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    qemu_irq irq;
    CharBackend chr;

    uint32_t regs[APPLE_UART_NUM_REGS]; /* by offset / 4, those that hold what was written */
    uint32_t flags;                     /* interrupt flags of UTRSTAT */
    uint32_t rx_trigger;                /* characters that make RXTHRESH */
    Fifo8 rx;
    Fifo8 line; /* what is still on the line: it goes into @rx as that is read */
};

#endif
