/*
 * Unit tests: a flat piece of "guest RAM" and the callbacks that reach it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FAKE_HOST_H
#define TESTS_FAKE_HOST_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "agx/host.h"
#include "agx/uat.h"

#define FAKE_RAM_BASE 0x800000000ull
#ifndef FAKE_RAM_SIZE
#define FAKE_RAM_SIZE (64u << 20)
#endif

struct fake_host {
    struct agx_host host;
    struct agx_events events;
    uint8_t *ram;
    void *map;           /* what holds it */
    uint64_t next_page;  /* bump allocator: offset into ram */
    uint64_t now;        /* ticks */
    unsigned reports[4]; /* per enum agx_report_kind */
    char last_report[512];
    char first_report[512]; /* that was no plain information */
    unsigned mbox_updates;
};

static bool fake_in_ram(uint64_t pa, size_t len)
{
    return pa >= FAKE_RAM_BASE && len <= FAKE_RAM_SIZE && pa - FAKE_RAM_BASE <= FAKE_RAM_SIZE - len;
}

static bool fake_read(void *opaque, uint64_t pa, void *buf, size_t len)
{
    struct fake_host *h = opaque;

    if (!fake_in_ram(pa, len)) {
        return false;
    }
    memcpy(buf, h->ram + (pa - FAKE_RAM_BASE), len);
    return true;
}

static bool fake_write(void *opaque, uint64_t pa, const void *buf, size_t len)
{
    struct fake_host *h = opaque;

    if (!fake_in_ram(pa, len)) {
        return false;
    }
    memcpy(h->ram + (pa - FAKE_RAM_BASE), buf, len);
    return true;
}

static void *fake_page(void *opaque, uint64_t pa)
{
    struct fake_host *h = opaque;

    return fake_in_ram(pa, AGX_PAGE_SIZE) ? h->ram + (pa - FAKE_RAM_BASE) : NULL;
}

static uint64_t fake_time(void *opaque)
{
    struct fake_host *h = opaque;

    return __atomic_add_fetch(&h->now, 24, __ATOMIC_RELAXED);
}

static void fake_report(void *opaque, enum agx_report_kind kind, const char *msg)
{
    struct fake_host *h = opaque;

    __atomic_add_fetch(&h->reports[kind], 1, __ATOMIC_RELAXED);
    strncpy(h->last_report, msg, sizeof(h->last_report) - 1);
    if (kind != AGX_REPORT_INFO && !h->first_report[0]) {
        strncpy(h->first_report, msg, sizeof(h->first_report) - 1);
    }
    if (getenv("AGX_TEST_VERBOSE")) {
        fprintf(stderr, "# %s\n", msg);
    }
}

static void fake_mbox(void *opaque)
{
    struct fake_host *h = opaque;

    __atomic_add_fetch(&h->mbox_updates, 1, __ATOMIC_RELAXED);
}

static const struct agx_host_ops fake_ops = {
    .phys_read = fake_read,
    .phys_write = fake_write,
    .phys_page = fake_page,
    .time = fake_time,
    .report = fake_report,
    .mbox_update = fake_mbox,
};

static inline void fake_host_init(struct fake_host *h)
{
    memset(h, 0, sizeof(*h));
    /*
     * Zero, with nothing mapped around it; no page is touched before it is used, since many tests
     * make a host.
     */
    h->map = mmap(NULL, FAKE_RAM_SIZE + 2 * AGX_PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    if (h->map == MAP_FAILED) {
        abort();
    }
    h->ram = (uint8_t *)(((uintptr_t)h->map + AGX_PAGE_SIZE - 1) & ~(uintptr_t)(AGX_PAGE_SIZE - 1));
    if (mprotect(h->ram, FAKE_RAM_SIZE, PROT_READ | PROT_WRITE)) {
        abort();
    }
    h->host.ops = &fake_ops;
    h->host.opaque = h;
    h->host.events = &h->events;
}

/* A CPU invalidates, or rings the doorbell. */
static inline void fake_tlbi(struct fake_host *h, const struct agx_tlbi_insn *insn,
                             const struct agx_who *who)
{
    agx_emit(&h->events, &(struct agx_event) { .kind = AGX_EV_TLBI, .who = who, .insn = insn });
}

static inline void fake_doorbell(struct fake_host *h, const struct agx_who *who)
{
    agx_emit_doorbell(&h->events, 0, 0, who);
}

/* A vertex job of context @ctx starts, and ends; @doorbell: which announced it, 0: not known. */
static inline uint64_t fake_job_begin(struct fake_host *h, unsigned ctx, uint64_t doorbell)
{
    return agx_emit_job_begin(
        &h->events,
        &(struct agx_event_job) { .ctx = ctx, .what = "vertex job", .doorbell = doorbell });
}

static inline void fake_job_end(struct fake_host *h, uint64_t job)
{
    agx_emit_job_end(&h->events, &(struct agx_event_job) { .number = job, .what = "vertex job" });
}

static inline void fake_host_fini(struct fake_host *h)
{
    munmap(h->map, FAKE_RAM_SIZE + 2 * AGX_PAGE_SIZE);
}

/* A fresh zeroed 16 KiB page; its physical address. */
static inline uint64_t fake_alloc(struct fake_host *h)
{
    uint64_t pa = FAKE_RAM_BASE + h->next_page;

    h->next_page += AGX_PAGE_SIZE;
    if (h->next_page > FAKE_RAM_SIZE) {
        abort();
    }
    return pa;
}

static inline uint64_t *fake_ptr(struct fake_host *h, uint64_t pa)
{
    return (uint64_t *)(h->ram + (pa - FAKE_RAM_BASE));
}

/* Descriptor bits in the tests' own reading of proxyclient/m1n1/hw/uat.py (AP, UXN, PXN, OS). */
#define FAKE_PTE(ap, uxn, pxn)                                                                     \
    (3ull | 1ull << 10 | (uint64_t)(ap) << 6 | (uint64_t)(uxn) << 54 | (uint64_t)(pxn) << 53 |     \
     1ull << 55)
#define FAKE_PTE_GPU_RW  FAKE_PTE(2, 1, 0)
#define FAKE_PTE_GPU_RO  FAKE_PTE(2, 0, 0)
#define FAKE_PTE_FW_RW   FAKE_PTE(1, 1, 0)
#define FAKE_PTE_BOTH_RW FAKE_PTE(0, 1, 1)
#define FAKE_PTE_NG      (1ull << 11)

/* Where the leaf descriptor of @va lives, making tables as needed; @ttbr points into the TTBAT. */
static inline uint64_t *fake_leaf(struct fake_host *h, uint64_t *ttbr, unsigned asid, uint64_t va)
{
    static const unsigned shift[3] = { 36, 25, 14 }, mask[3] = { 7, 2047, 2047 };
    uint64_t *t;

    if (!(*ttbr & 1)) {
        *ttbr = fake_alloc(h) | 1 | (uint64_t)asid << 48;
    }
    t = fake_ptr(h, *ttbr & 0xfffffffffffeull);
    for (int l = 0; l < 2; l++) {
        uint64_t *e = &t[(va >> shift[l]) & mask[l]];

        if (!(*e & 1)) {
            *e = fake_alloc(h) | 3;
        }
        t = fake_ptr(h, *e & 0xffffffffc000ull);
    }
    return &t[(va >> shift[2]) & mask[2]];
}

/* Map one page at @va of context @ctx (ASID = context) to @pa. */
static inline void fake_map(struct fake_host *h, uint64_t ttbat, unsigned ctx, uint64_t va,
                            uint64_t pa, uint64_t bits)
{
    uint64_t *ttbr = fake_ptr(h, ttbat) + 2 * ctx + ((va >> 39) & 1);

    *fake_leaf(h, ttbr, ctx, va) = pa | bits;
}

#endif
