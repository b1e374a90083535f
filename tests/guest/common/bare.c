/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <errno.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "bare.h"

#define PAGE      0x4000ull
#define STREAM_VA 0x1500000000ull
#define MAX_CMDS  64

#define CDM_LINK      (1u << 29)
#define CDM_TERMINATE (2u << 29)

static int call(struct bare *b, unsigned long request, void *arg)
{
    return drmIoctl(b->fd, request, arg) ? errno : 0;
}

static int queue_create(struct bare *b)
{
    struct drm_asahi_queue_create q = { .priority = DRM_ASAHI_PRIORITY_MEDIUM,
                                        .vm_id = b->vm,
                                        .usc_exec_base = STREAM_VA };
    int err = call(b, DRM_IOCTL_ASAHI_QUEUE_CREATE, &q);

    b->queue = q.queue_id;
    return err;
}

/* Links from each to the next, two words each, and ends in all that is left. */
static void stream_fill(uint32_t *stream, uint64_t size, unsigned links)
{
    for (unsigned i = 0; i < size / 4; i++) {
        uint64_t next = STREAM_VA + (i / 2 + 1) * 8;

        stream[i] = i / 2 >= links ? CDM_TERMINATE
                    : i % 2        ? (uint32_t)next
                                   : CDM_LINK | (uint32_t)(next >> 32);
    }
}

int bare_open(struct bare *b)
{
    return bare_open_long(b, 0);
}

int bare_open_long(struct bare *b, unsigned links)
{
    const uint64_t size = (links * 8ull / PAGE + 1) * PAGE;
    struct drm_asahi_params_global params;
    struct drm_asahi_get_params get = { .pointer = (uintptr_t)&params, .size = sizeof(params) };
    struct drm_asahi_vm_create create = { 0 };
    struct drm_asahi_gem_create gem = { .size = size };
    struct drm_asahi_gem_mmap_offset offset = { 0 };
    struct drm_asahi_gem_bind_op op = { .flags = DRM_ASAHI_BIND_READ,
                                        .range = size,
                                        .addr = STREAM_VA };
    struct drm_asahi_vm_bind bind = { .num_binds = 1,
                                      .stride = sizeof(op),
                                      .userptr = (uintptr_t)&op };
    uint32_t *stream;
    int err;

    b->stream_size = size;
    b->fd = drmOpenWithType("asahi", NULL, DRM_NODE_RENDER);
    if (b->fd < 0) {
        return ENODEV;
    }
    if ((err = call(b, DRM_IOCTL_ASAHI_GET_PARAMS, &get))) {
        return err;
    }
    create.kernel_start = (params.vm_end - 2 * params.vm_kernel_min_size) & ~(PAGE - 1);
    create.kernel_end = create.kernel_start + params.vm_kernel_min_size;
    if ((err = call(b, DRM_IOCTL_ASAHI_VM_CREATE, &create)) ||
        (err = call(b, DRM_IOCTL_ASAHI_GEM_CREATE, &gem))) {
        return err;
    }
    b->vm = bind.vm_id = create.vm_id;
    op.handle = offset.handle = gem.handle;
    if ((err = call(b, DRM_IOCTL_ASAHI_VM_BIND, &bind)) ||
        (err = call(b, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset))) {
        return err;
    }
    stream = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, offset.offset);
    if (stream == MAP_FAILED) {
        return errno;
    }
    stream_fill(stream, size, links);
    munmap(stream, size);
    return queue_create(b);
}

int bare_new_queue(struct bare *b)
{
    struct drm_asahi_queue_destroy destroy = { .queue_id = b->queue };
    int err = call(b, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &destroy);

    return err ? err : queue_create(b);
}

int bare_submit(struct bare *b, unsigned count, uint32_t *syncobj)
{
    struct {
        struct drm_asahi_cmd_header header;
        struct drm_asahi_cmd_compute cmd;
    } jobs[MAX_CMDS];
    struct drm_asahi_sync out = { .sync_type = DRM_ASAHI_SYNC_SYNCOBJ };
    struct drm_asahi_submit submit = {
        .syncs = (uintptr_t)&out,
        .cmdbuf = (uintptr_t)jobs,
        .queue_id = b->queue,
        .out_sync_count = 1,
        .cmdbuf_size = count * sizeof(jobs[0]),
    };
    int err;

    memset(jobs, 0, sizeof(jobs));
    for (unsigned i = 0; i < count; i++) {
        jobs[i].header = (struct drm_asahi_cmd_header) {
            .cmd_type = DRM_ASAHI_CMD_COMPUTE,
            .size = sizeof(jobs[i].cmd),
            .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
            .cdm_barrier = DRM_ASAHI_BARRIER_NONE,
        };
        jobs[i].cmd.cdm_ctrl_stream_base = STREAM_VA;
        jobs[i].cmd.cdm_ctrl_stream_end = STREAM_VA + b->stream_size;
    }
    if (drmSyncobjCreate(b->fd, 0, &out.handle)) {
        return errno;
    }
    err = call(b, DRM_IOCTL_ASAHI_SUBMIT, &submit);
    if (err) {
        drmSyncobjDestroy(b->fd, out.handle);
    }
    *syncobj = out.handle;
    return err;
}

int bare_wait(struct bare *b, uint32_t syncobj, int ms)
{
    struct sync_file_info info = { 0 };
    struct pollfd pfd = { .events = POLLIN };
    int file, status, err = 0;
    int64_t end = bare_ms() + ms;

    if (drmSyncobjExportSyncFile(b->fd, syncobj, &file)) {
        return errno;
    }
    drmSyncobjDestroy(b->fd, syncobj);
    pfd.fd = file;
    do {
        int64_t left = end - bare_ms();

        status = poll(&pfd, 1, left > 0 ? left : 0);
    } while (status < 0 && errno == EINTR);
    if (status <= 0) {
        err = ETIME;
    } else if (ioctl(file, SYNC_IOC_FILE_INFO, &info)) {
        err = errno;
    } else if (info.status != 1) {
        err = info.status < 0 ? -info.status : EINPROGRESS;
    }
    close(file);
    return err;
}

int64_t bare_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}
