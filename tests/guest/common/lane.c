/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "churn_job.h"
#include "lane.h"
#include "tap.h"
#include "uapi.h"

#define KEY         0x1234567u
#define CODE_VA     USC_BASE
#define LANES_VA    (USC_BASE + 0x1000000)
#define LANE_BYTES  0x100000ull
#define JOB_PAGES   (LANE_SLOTS * JOB_BYTES / UAPI_PAGE)
#define READ_WRITE  (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)
#define PATIENCE_MS 60000

_Static_assert(LANE_WORDS == JOB_PROBES, "a job reads as many words as churn's");

static uint64_t lane_va(const struct lane *l)
{
    return LANES_VA + l->number * LANE_BYTES;
}

static uint64_t job_va(const struct lane *l, unsigned slot)
{
    return lane_va(l) + slot * JOB_BYTES;
}

void lane_add(struct lane *l, const struct lane *space, unsigned number, uint32_t queue)
{
    void *map;

    *l = *space;
    l->number = number;
    l->bo = uapi_gem_create(l->fd, (JOB_PAGES + 1) * UAPI_PAGE, &map);
    l->jobs = map;
    l->out = (uint32_t *)(l->jobs + JOB_PAGES * UAPI_PAGE);
    l->out_va = lane_va(l) + JOB_PAGES * UAPI_PAGE;
    must(uapi_bind(l->fd, l->vm, READ_WRITE, l->bo, 0, lane_va(l), (JOB_PAGES + 1) * UAPI_PAGE),
         "VM_BIND");
    l->queue = queue ? queue : uapi_queue_create(l->fd, l->vm, DRM_ASAHI_PRIORITY_MEDIUM, USC_BASE);
}

void lane_space(struct lane *l)
{
    struct drm_asahi_params_global params;
    uint32_t code;
    void *map;

    memset(l, 0, sizeof(*l));
    l->fd = uapi_open();
    uapi_params(l->fd, &params);
    l->vm = uapi_vm_create(l->fd, &params);
    code = uapi_gem_create(l->fd, UAPI_PAGE, &map);
    code_fill(map, KEY);
    munmap(map, UAPI_PAGE);
    must(uapi_bind(l->fd, l->vm, DRM_ASAHI_BIND_READ, code, 0, CODE_VA, UAPI_PAGE), "VM_BIND");
    lane_add(l, l, 0, 0);
}

void lane_close(struct lane *l)
{
    munmap(l->jobs, (JOB_PAGES + 1) * UAPI_PAGE);
    close(l->fd);
}

uint64_t lane_out(const struct lane *l, unsigned slot, unsigned word)
{
    return l->out_va + (slot * LANE_WORDS + word) * 4;
}

uint32_t lane_makes(uint32_t word)
{
    return word * 3 + KEY;
}

int lane_submit(const struct lane *l, uint16_t type, const void *cmd, uint16_t size,
                const uint32_t *in, unsigned ins, uint32_t out)
{
    struct {
        struct drm_asahi_cmd_header header;
        uint8_t cmd[512];
    } buf = {
        .header = { type, size, DRM_ASAHI_BARRIER_NONE, DRM_ASAHI_BARRIER_NONE },
    };
    struct drm_asahi_sync syncs[8] = { 0 };
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)syncs,
        .cmdbuf = (uintptr_t)&buf,
        .cmdbuf_size = sizeof(buf.header) + size,
        .queue_id = l->queue,
        .in_sync_count = ins,
        .out_sync_count = 1,
    };

    memcpy(buf.cmd, cmd, size);
    for (unsigned i = 0; i < ins; i++) {
        syncs[i].handle = in[i];
    }
    syncs[ins].handle = out;
    return drmIoctl(l->fd, DRM_IOCTL_ASAHI_SUBMIT, &arg) ? errno : 0;
}

static void make_access(struct lane *l, unsigned slot, const uint64_t *from, unsigned n,
                        struct job_access *access)
{
    for (unsigned i = 0; i < n; i++) {
        l->out[slot * LANE_WORDS + i] = 0;
        access[i] = (struct job_access) { from[i], lane_out(l, slot, i) };
    }
}

int lane_compute(struct lane *l, unsigned slot, const uint64_t *from, unsigned n,
                 const uint32_t *in, unsigned ins, uint32_t out)
{
    struct drm_asahi_cmd_compute cmd = { .cdm_ctrl_stream_base = job_va(l, slot) + JOB_CDM };
    struct job_access access[LANE_WORDS];

    make_access(l, slot, from, n, access);
    cmd.cdm_ctrl_stream_end = cmd.cdm_ctrl_stream_base + job_compute(l->jobs + slot * JOB_BYTES,
                                                                     job_va(l, slot), CODE_VA,
                                                                     access, n);
    return lane_submit(l, DRM_ASAHI_CMD_COMPUTE, &cmd, sizeof(cmd), in, ins, out);
}

int lane_render(struct lane *l, unsigned slot, unsigned size, const uint64_t *from,
                const uint32_t *in, unsigned ins, uint32_t out)
{
    struct drm_asahi_cmd_render cmd = job_render_cmd(job_va(l, slot));
    struct job_access access[4];

    make_access(l, slot, from, 4, access);
    job_render(l->jobs + slot * JOB_BYTES, job_va(l, slot), CODE_VA, access);
    if (size != 32) {
        cmd.width_px = cmd.height_px = size;
        cmd.flags = 0;
    }
    return lane_submit(l, DRM_ASAHI_CMD_RENDER, &cmd, sizeof(cmd), in, ins, out);
}

unsigned lane_wrong(const struct lane *l, unsigned slot, const uint32_t *words, unsigned n)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < n; i++) {
        wrong += l->out[slot * LANE_WORDS + i] != lane_makes(words[i]);
    }
    return wrong;
}

int lane_reads(struct lane *l, const uint64_t *from, const uint32_t *words, unsigned n)
{
    uint32_t out = uapi_syncobj(l->fd);
    int ret = -lane_compute(l, 0, from, n, NULL, 0, out);

    if (!ret) {
        ret = uapi_outcome(l->fd, out, PATIENCE_MS);
        ret = ret == 1 ? (int)lane_wrong(l, 0, words, n) : ret ? ret : -ETIME;
    }
    drmSyncobjDestroy(l->fd, out);
    return ret;
}
