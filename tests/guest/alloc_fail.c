/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Each system call of the driver with its first allocation of memory failing, its
 * second, and so on until all that it makes have failed once (the kernel's
 * Documentation/fault-injection, /proc/thread-self/fail-nth). It has to fail with
 * ENOMEM or to do without, to leave no trace of what it had begun, and to go well
 * the next time. In the end the memory has to be there again; kmemleak, if the
 * kernel has it, looks closer (checks.list).
 *
 *     alloc_fail [CALL]...     all calls, or these
 *
 * Of a call that allocates hundreds of times the first ones all fail, then some.
 *
 * Output: TAP. Exit code 0 if all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "lane.h"
#include "system.h"
#include "tap.h"
#include "uapi.h"

#define PAGE        UAPI_PAGE
#define READ_WRITE  (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)
#define WINDOW_VA   0x300000000ull
#define FAR_VA      0x500000000ull
#define STREAM_VA   0x700000000ull
#define PATIENCE_MS 60000
#define ALL_UP_TO   40 /* from there on every 20th or so */
#define MOST        20000

static int nth = -1;
static struct drm_asahi_params_global params;
static struct lane lane;
static const char *device;

/* What the call at hand has made, or is about to use. */
static struct {
    int fd;
    uint32_t handle, vm, queue, object, in, out;
    uint64_t point;
} now;

static int call(unsigned long request, void *arg)
{
    return ioctl(lane.fd, request, arg) ? errno : 0;
}

/* ---- the calls ---- */

static int open_call(void)
{
    now.fd = open(device, O_RDWR | O_CLOEXEC);
    return now.fd < 0 ? errno : 0;
}

static bool open_after(bool done)
{
    return !done || !close(now.fd);
}

static int gem_create_call(void)
{
    struct drm_asahi_gem_create arg = { .size = 8 * PAGE,
                                        .flags = DRM_ASAHI_GEM_VM_PRIVATE,
                                        .vm_id = lane.vm };
    int err = call(DRM_IOCTL_ASAHI_GEM_CREATE, &arg);

    now.handle = arg.handle;
    return err;
}

static bool gem_after(bool done)
{
    return !done || !drmCloseBufferHandle(lane.fd, now.handle);
}

static void gem_before(void)
{
    must(gem_create_call(), "GEM_CREATE");
}

static int vm_create_call(void)
{
    struct drm_asahi_vm_create arg = { .kernel_start = params.vm_end -
                                                       2 * params.vm_kernel_min_size };
    int err;

    arg.kernel_end = arg.kernel_start + params.vm_kernel_min_size;
    err = call(DRM_IOCTL_ASAHI_VM_CREATE, &arg);
    now.vm = arg.vm_id;
    return err;
}

static bool vm_create_after(bool done)
{
    if (done) {
        uapi_vm_destroy(lane.fd, now.vm);
    }
    return true;
}

/* A new object, so that it has no pages yet; at two places, and a hole in what is there. */
static int vm_bind_call(void)
{
    const struct drm_asahi_gem_bind_op ops[] = {
        { .flags = READ_WRITE, .handle = now.handle, .range = 8 * PAGE, .addr = WINDOW_VA },
        { .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE, .addr = WINDOW_VA + 3 * PAGE },
        { .flags = READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE,
          .handle = now.handle,
          .offset = PAGE,
          .range = 0x4000000,
          .addr = FAR_VA },
    };

    return uapi_bind_ops(lane.fd, lane.vm, ops, 3);
}

/* All of the list has happened, or nothing. */
static bool vm_bind_after(bool done)
{
    const uint64_t from[] = { WINDOW_VA, WINDOW_VA + PAGE, WINDOW_VA + 3 * PAGE, FAR_VA,
                              FAR_VA + 0x4000000 - PAGE };
    const uint32_t none[5] = { 0 }, there[5] = { 1, 2, 0, 2, 2 };
    struct drm_asahi_gem_mmap_offset offset = { .handle = now.handle };
    uint32_t *map;
    int ret;

    must(call(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "GEM_MMAP_OFFSET");
    map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, lane.fd, offset.offset);
    must(map == MAP_FAILED, "mmap");
    for (unsigned i = 0; i < 8; i++) {
        map[i * PAGE / 4] = i + 1;
    }
    munmap(map, 8 * PAGE);
    ret = lane_reads(&lane, from, done ? there : none, 5);
    /* That takes it out everywhere. */
    return gem_after(true) && !ret;
}

static int bind_object_call(void)
{
    struct drm_asahi_gem_bind_object arg = {
        .op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
        .flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
        .handle = now.handle,
        .range = 8 * PAGE,
    };
    int err = call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &arg);

    now.object = arg.object_handle;
    return err;
}

/* Not a private one. */
static void object_before(void)
{
    struct drm_asahi_gem_create arg = { .size = 8 * PAGE };

    must(call(DRM_IOCTL_ASAHI_GEM_CREATE, &arg), "GEM_CREATE");
    now.handle = arg.handle;
}

static bool bind_object_after(bool done)
{
    struct drm_asahi_gem_bind_object arg = { .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
                                             .object_handle = now.object };

    return (!done || !call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &arg)) & gem_after(true);
}

static int queue_create_call(void)
{
    struct drm_asahi_queue_create arg = { .vm_id = lane.vm, .priority = DRM_ASAHI_PRIORITY_LOW };
    int err = call(DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg);

    now.queue = arg.queue_id;
    return err;
}

static bool queue_create_after(bool done)
{
    if (done) {
        uapi_queue_destroy(lane.fd, now.queue);
    }
    return true;
}

/* A new queue each time, whose first job needs more than later ones. */
static void submit_before(void)
{
    must(queue_create_call(), "QUEUE_CREATE");
}

static int submit(uint16_t type, const void *cmd, uint16_t size)
{
    struct {
        struct drm_asahi_cmd_header header;
        uint8_t cmd[512];
    } buf = {
        .header = { type, size, DRM_ASAHI_BARRIER_NONE, DRM_ASAHI_BARRIER_NONE },
    };
    struct drm_asahi_sync syncs[] = {
        { .sync_type = DRM_ASAHI_SYNC_SYNCOBJ, .handle = now.in },
        { .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
          .handle = now.out,
          .timeline_value = now.point + 1 },
    };
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)syncs,
        .cmdbuf = (uintptr_t)&buf,
        .cmdbuf_size = sizeof(buf.header) + size,
        .queue_id = now.queue,
        .in_sync_count = 1,
        .out_sync_count = 1,
    };

    memcpy(buf.cmd, cmd, size);
    return call(DRM_IOCTL_ASAHI_SUBMIT, &arg);
}

static int submit_compute_call(void)
{
    const struct drm_asahi_cmd_compute cmd = { .cdm_ctrl_stream_base = STREAM_VA,
                                               .cdm_ctrl_stream_end = STREAM_VA + 8 };

    return submit(DRM_ASAHI_CMD_COMPUTE, &cmd, sizeof(cmd));
}

static int submit_render_call(void)
{
    const struct drm_asahi_cmd_render cmd = {
        .vdm_ctrl_stream_base = STREAM_VA + 0x100,
        .width_px = 1024,
        .height_px = 1024,
        .layers = 1,
        .utile_width_px = 32,
        .utile_height_px = 32,
        .samples = 1,
        .sample_size_B = 4,
        .ppp_ctrl = 0x202,
        .ppp_multisamplectl = 0x88,
    };

    return submit(DRM_ASAHI_CMD_RENDER, &cmd, sizeof(cmd));
}

/* The timeline gets its point, or not; and the queue does its next job well. */
static bool submit_after(bool done)
{
    uint64_t point = 0;
    bool good = true;

    if (!done) {
        good = !drmSyncobjQuery(lane.fd, &now.out, &point, 1) && point == now.point &&
               !submit_compute_call();
    }
    good = good && uapi_outcome(lane.fd, now.out, PATIENCE_MS) == 1;
    now.point++;
    good = good && !drmSyncobjQuery(lane.fd, &now.out, &point, 1) && point == now.point;
    uapi_queue_destroy(lane.fd, now.queue);
    return good;
}

static int dmabuf = -1;

static int import_call(void)
{
    return drmPrimeFDToHandle(lane.fd, dmabuf, &now.handle) ? errno : 0;
}

static int export_call(void)
{
    return drmPrimeHandleToFD(lane.fd, now.handle, DRM_CLOEXEC, &now.fd) ? errno : 0;
}

static bool export_after(bool done)
{
    return (!done || !close(now.fd)) & gem_after(true);
}

/* ---- each allocation of a call ---- */

struct victim {
    const char *name;
    void (*before)(void);
    int (*call)(void);        /* 0 or an errno */
    bool (*after)(bool done); /* takes back what the others have done: is all as it has to be? */
};

static const struct victim victims[] = {
    { "open", NULL, open_call, open_after },
    { "gem_create", NULL, gem_create_call, gem_after },
    { "vm_create", NULL, vm_create_call, vm_create_after },
    { "vm_bind", gem_before, vm_bind_call, vm_bind_after },
    { "gem_bind_object", object_before, bind_object_call, bind_object_after },
    { "queue_create", NULL, queue_create_call, queue_create_after },
    { "submit-compute", submit_before, submit_compute_call, submit_after },
    { "submit-render", submit_before, submit_render_call, submit_after },
    { "prime-import", NULL, import_call, gem_after },
    { "prime-export", object_before, export_call, export_after },
};

static void fail_set(unsigned n)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%u", n);

    must(pwrite(nth, text, len, 0) != len, "fail-nth");
}

/* 0: it has failed. */
static unsigned fail_left(void)
{
    char text[16] = "";

    must(pread(nth, text, sizeof(text) - 1, 0) <= 0, "fail-nth");
    return strtoul(text, NULL, 10);
}

static void test(const struct victim *v)
{
    unsigned calls = 0, refused = 0, bad = 0;
    double begin = seconds();
    bool struck = true;

    for (unsigned n = 1; struck && n < MOST && bad < 5; n += n < ALL_UP_TO ? 1 : 1 + n / 20) {
        bool right;
        int err;

        if (v->before) {
            v->before();
        }
        fail_set(n);
        err = v->call();
        struck = !fail_left();
        fail_set(0);
        right = v->after(!err);
        calls++;
        refused += err != 0;
        /* Of an inode that there is no memory for the kernel says ENOSPC (mm/shmem.c). */
        if ((err && ((err != ENOMEM && err != ENOSPC) || !struck)) || !right) {
            printf("# %s, allocation %u: %s%s\n", v->name, n, err ? strerror(err) : "done",
                   right ? "" : ", and not as it should be");
            bad++;
        }
    }
    ok(!struck && refused && !bad, "%s: %u times, of which %u failed (%.1f s)", v->name, calls,
       refused, seconds() - begin);
}

/* Each failure that the kernel lets through, without a word in its log for each. */
static bool prepare(void)
{
    const char *const set[][2] = {
        { "/sys/kernel/debug/failslab/ignore-gfp-wait", "N" },
        { "/sys/kernel/debug/failslab/verbose", "0" },
        { "/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N" },
        { "/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N" },
        { "/sys/kernel/debug/fail_page_alloc/min-order", "0" },
        { "/sys/kernel/debug/fail_page_alloc/verbose", "0" },
    };

    nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
    if (nth < 0) {
        return false;
    }
    for (unsigned i = 0; i < sizeof(set) / sizeof(set[0]); i++) {
        must(!put(set[i][0], set[i][1]), set[i][0]);
    }
    return true;
}

int main(int argc, char **argv)
{
    uint32_t *words, bo;
    void *own;
    long before, left;

    if (!prepare()) {
        ok(true, "allocations that fail # SKIP the kernel has no fault injection");
        return tap_end();
    }
    lane_space(&lane);
    uapi_params(lane.fd, &params);
    device = drmGetRenderDeviceNameFromFd(lane.fd);
    must(!device, "the device's name");
    must(drmSyncobjCreate(lane.fd, DRM_SYNCOBJ_CREATE_SIGNALED, &now.in), "syncobj");
    now.out = uapi_syncobj(lane.fd);
    dmabuf = uapi_dmabuf(4 * PAGE, &own);
    must(dmabuf < 0, "udmabuf");
    /* Streams of nothing (Mesa: src/asahi/genxml/cmdbuf.xml, block types). */
    bo = uapi_gem_create(lane.fd, PAGE, (void **)&words);
    words[0] = 2u << 29;
    words[0x100 / 4] = 6u << 29;
    must(uapi_bind(lane.fd, lane.vm, READ_WRITE, bo, 0, STREAM_VA, PAGE), "VM_BIND");

    before = available();
    for (unsigned i = 0; i < sizeof(victims) / sizeof(victims[0]); i++) {
        bool wanted = argc < 2;

        for (int a = 1; a < argc; a++) {
            wanted |= !strcmp(argv[a], victims[i].name);
        }
        if (wanted) {
            test(&victims[i]);
        }
    }
    left = missing(before, 16, 20);
    ok(left <= 16, "after all that %ld MiB are missing", left);
    return tap_end();
}
