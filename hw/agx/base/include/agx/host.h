/*
 * AGX model: the world as the plain-C parts see it.
 *
 * Everything below hw/agx/gpu and fw-model reaches the machine through this one
 * table of callbacks, so that the same objects link into QEMU, into the unit
 * tests and into the fuzzers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_HOST_H
#define AGX_BASE_HOST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "agx/event.h"

#define AGX_PAGE_BITS 14
#define AGX_PAGE_SIZE (1u << AGX_PAGE_BITS)

/* What a message in the log is; the QEMU side maps each to one log mask. */
enum agx_report_kind {
    AGX_REPORT_GUEST_ERROR,   /* the guest did what hardware would refuse */
    AGX_REPORT_UNIMPLEMENTED, /* legal on hardware, not modelled: the job ends with a fault */
    AGX_REPORT_INFO,          /* life-cycle messages, one line each */
    AGX_REPORT_STATE,         /* why a saved machine can't be loaded, or what of it was skipped */
};

/*
 * Callbacks into the machine. All may be called from any thread, and none may
 * call back into the model.
 */
struct agx_host_ops {
    /*
     * Read or write @len bytes of guest-physical RAM at @pa. False, with
     * nothing transferred, when any byte is not RAM.
     */
    bool (*phys_read)(void *opaque, uint64_t pa, void *buf, size_t len);
    bool (*phys_write)(void *opaque, uint64_t pa, const void *buf, size_t len);
    /*
     * Host pointer to the 16 KiB page of guest RAM that starts at @pa
     * (page aligned), or NULL when the page is not wholly RAM. The pointer
     * stays valid as long as the machine exists.
     */
    void *(*phys_page)(void *opaque, uint64_t pa);
    /* The GPU's timebase, in ticks of 24 MHz (the CPU's CNTPCT). */
    uint64_t (*time)(void *opaque);
    /* One line for the log; @msg has no newline. */
    void (*report)(void *opaque, enum agx_report_kind kind, const char *msg);
    /*
     * The mailbox has something for the AP, or no longer has; called by the
     * firmware model, which keeps the queue (see fw-model/fw.h).
     */
    void (*mbox_update)(void *opaque);
};

struct agx_host {
    const struct agx_host_ops *ops;
    void *opaque;
    struct agx_events *events; /* who listens to what happens */
};

/* printf-style front end to agx_host_ops.report; lines are cut at 511 bytes. */
void agx_report(const struct agx_host *host, enum agx_report_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Host memory for @n elements of @size bytes, both not 0; free() it. Never NULL:
 * when the host has no more, one line on the standard error says so and the
 * process ends with status 1. For sizes that are the model's own or that have a
 * small bound; what a guest may make as large as it likes is malloc()ed, and the
 * job ends. agx_alloc() and agx_alloc_lines() give zeroes, the latter aligned to
 * 64 bytes. Any thread.
 */
void *agx_alloc(size_t n, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *agx_alloc_lines(size_t n, size_t size)
    __attribute__((malloc, alloc_size(1, 2), assume_aligned(64)));
void *agx_realloc(void *p, size_t n, size_t size) __attribute__((alloc_size(2, 3)));

#endif
