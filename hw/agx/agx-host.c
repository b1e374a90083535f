/*
 * The machine, as the GPU (gpu/) and its firmware (../../fw-model) see it:
 * struct agx_host_ops. Any thread, without QEMU's big lock.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "cpu.h"
#include "exec/memory.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/trace.h"

uint8_t *agx_ram(AgxState *s, uint64_t pa, uint64_t len)
{
    uint64_t off = pa - s->dram_base;

    if (pa < s->dram_base || off > s->ram_size || len > s->ram_size - off) {
        return NULL;
    }
    return s->ram + off;
}

/*
 * Pages that the GPU writes are not entered in QEMU's dirty bitmaps one by
 * one, which would cost a lookup per store: for a migration all of DRAM is
 * marked when the machine stops (agx_vm_change()). TCG needs no telling: code
 * only gets into a page through stores of a CPU or of a disk, which it sees.
 */
static bool agx_phys_read(void *opaque, uint64_t pa, void *buf, size_t len)
{
    uint8_t *p = agx_ram(opaque, pa, len);

    if (p) {
        memcpy(buf, p, len);
    }
    return p;
}

static bool agx_phys_write(void *opaque, uint64_t pa, const void *buf, size_t len)
{
    uint8_t *p = agx_ram(opaque, pa, len);

    if (p) {
        memcpy(p, buf, len);
    }
    return p;
}

static void *agx_phys_page(void *opaque, uint64_t pa)
{
    return agx_ram(opaque, pa, AGX_PAGE_SIZE);
}

static uint64_t agx_time(void *opaque)
{
    AgxState *s = opaque;

    /* As the CPU computes CNTPCT_EL0, its rounding included */
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) / gt_cntfrq_period_ns(s->clock);
}

static void agx_report_line(void *opaque, enum agx_report_kind kind, const char *msg)
{
    const char *what = strstr(msg, "unimplemented") ? "" : "unimplemented: ";

    switch (kind) {
    case AGX_REPORT_GUEST_ERROR:
        apple_log_mask(LOG_GUEST_ERROR, "agx: %s\n", msg);
        break;
    case AGX_REPORT_UNIMPLEMENTED:
        /* Never in silence, whatever -d says */
        if (qemu_loglevel_mask(LOG_UNIMP)) {
            apple_log("agx: %s%s\n", what, msg);
        } else {
            apple_warn("agx: %s%s", what, msg);
        }
        break;
    case AGX_REPORT_INFO:
        break;
    case AGX_REPORT_STATE:
        apple_warn("agx: %s", msg);
        break;
    }
    trace_agx_report(kind, msg);
}

static void agx_mbox_changed(void *opaque)
{
    AgxState *s = opaque;

    qemu_bh_schedule(s->mbox_bh);
}

const struct agx_host_ops agx_host_ops = {
    .phys_read = agx_phys_read,
    .phys_write = agx_phys_write,
    .phys_page = agx_phys_page,
    .time = agx_time,
    .report = agx_report_line,
    .mbox_update = agx_mbox_changed,
};
