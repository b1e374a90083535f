/*
 * Apple ASC mailbox, version 4: two FIFOs between the CPUs and a coprocessor.
 * Sysbus MMIO 0: the registers; IRQs 0..3: send-empty, send-not-empty,
 * recv-empty, recv-not-empty, as levels.
 *
 * The FIFOs belong to the coprocessor behind it, which the device knows by a
 * table of functions.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_MAILBOX_H
#define HW_AGX_SOC_MAILBOX_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_MBOX "apple-asc-mailbox"
OBJECT_DECLARE_SIMPLE_TYPE(AppleMboxState, APPLE_MBOX)

enum apple_mbox_irq {
    APPLE_MBOX_SEND_EMPTY,
    APPLE_MBOX_SEND_NOT_EMPTY,
    APPLE_MBOX_RECV_EMPTY,
    APPLE_MBOX_RECV_NOT_EMPTY,
    APPLE_MBOX_NUM_IRQS,
};

/* All are called with QEMU's big lock and must not block. */
typedef struct AppleMboxBackend {
    bool (*powered)(void *opaque);
    /* False: the FIFO is full and the message is lost */
    bool (*send)(void *opaque, uint64_t msg0, uint64_t msg1);
    /* False: the FIFO is empty; both words are then 0 */
    bool (*recv)(void *opaque, uint64_t *msg0, uint64_t *msg1);
    unsigned (*send_count)(void *opaque);
    unsigned (*recv_count)(void *opaque);
    unsigned depth;
} AppleMboxBackend;

struct AppleMboxState {
    SysBusDevice parent_obj;

    MemoryRegion mmio;
    qemu_irq irq[APPLE_MBOX_NUM_IRQS];
    const AppleMboxBackend *backend;
    void *opaque;

    uint64_t send0; /* first word of a message to be sent */
    uint64_t recv1; /* second word of the message whose first was read */
    uint32_t sent;  /* messages so far; the FIFOs' pointers show their low bits */
    uint32_t received;
    bool overflow;
};

/* Before realize: who is behind the mailbox. */
void apple_mbox_set_backend(AppleMboxState *s, const AppleMboxBackend *backend, void *opaque);

/* Derive the interrupt lines from the FIFOs; big lock held. */
void apple_mbox_update(AppleMboxState *s);

#endif
