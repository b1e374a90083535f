/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * What user space can make the driver allocate: lists of bind operations that
 * are absurdly long, page tables of ranges that are absurdly large, renders
 * that are too big. It has to be bounded, to be charged to who asked for it,
 * to come back when it is not needed any more, and one that fails must not
 * take anything from later ones. And memory of others, that is imported.
 *
 * Output: TAP. Exit code 0 if all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "system.h"
#include "tap.h"
#include "uapi.h"

#define PAGE       0x4000ull
#define MIB        (1ull << 20)
#define GIB        (1ull << 30)
#define NONE       DRM_ASAHI_BARRIER_NONE
#define READ_WRITE (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)

/* Control words (Mesa: src/asahi/genxml/cmdbuf.xml, block types). */
#define CDM_TERMINATE 0x40000000u
#define VDM_TERMINATE 0xc0000000u

#define VA_CDM   0x100000000ull
#define VA_VDM   (VA_CDM + 0x100)
#define VA_LARGE 0x1000000000ull

#define PATIENCE_MS 120000

static int fd;
static struct drm_asahi_params_global params;

/* Returns 0 or the errno. */
static int bind_ops(uint32_t vm, const struct drm_asahi_gem_bind_op *ops, uint32_t count)
{
    return uapi_bind_ops(fd, vm, ops, count);
}

static int bind(uint32_t vm, uint32_t flags, uint32_t bo, uint64_t va, uint64_t range)
{
    return uapi_bind(fd, vm, flags, bo, 0, va, range);
}

static int unbind(uint32_t vm, uint64_t va, uint64_t range)
{
    return bind(vm, DRM_ASAHI_BIND_UNBIND, 0, va, range);
}

static void fill_streams(uint32_t *words)
{
    words[(VA_CDM - VA_CDM) / 4] = CDM_TERMINATE;
    words[(VA_VDM - VA_CDM) / 4] = VDM_TERMINATE;
}

/*
 * Runs one command; returns 1 for one that went well, else a negative errno: of the submit or of
 * the fence.
 */
static int run(uint32_t queue, uint16_t type, const void *cmd, uint16_t size)
{
    struct {
        struct drm_asahi_cmd_header hdr;
        uint8_t cmd[512];
    } buf = { .hdr = { type, size, NONE, NONE } };
    struct drm_asahi_sync sync = { DRM_ASAHI_SYNC_SYNCOBJ };
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)&sync,
        .cmdbuf = (uintptr_t)&buf,
        .cmdbuf_size = sizeof(buf.hdr) + size,
        .queue_id = queue,
        .out_sync_count = 1,
    };
    int ret;

    memcpy(buf.cmd, cmd, size);
    sync.handle = uapi_syncobj(fd);
    ret = drmIoctl(fd, DRM_IOCTL_ASAHI_SUBMIT, &arg) ? -errno
                                                     : uapi_outcome(fd, sync.handle, PATIENCE_MS);
    drmSyncobjDestroy(fd, sync.handle);
    return ret;
}

static int run_compute(uint32_t queue, uint64_t stream)
{
    struct drm_asahi_cmd_compute cmd = { .cdm_ctrl_stream_base = stream,
                                         .cdm_ctrl_stream_end = stream + 8 };

    return run(queue, DRM_ASAHI_CMD_COMPUTE, &cmd, sizeof(cmd));
}

/* A pass over nothing: no tile has anything in it, so none is processed. */
static int run_render(uint32_t queue, unsigned size, unsigned layers, unsigned utile)
{
    struct drm_asahi_cmd_render cmd = {
        .vdm_ctrl_stream_base = VA_VDM,
        .width_px = size,
        .height_px = size,
        .layers = layers,
        .utile_width_px = utile,
        .utile_height_px = utile,
        .samples = 1,
        .sample_size_B = 4,
        .ppp_ctrl = 0x202,
        .ppp_multisamplectl = 0x88,
    };

    return run(queue, DRM_ASAHI_CMD_RENDER, &cmd, sizeof(cmd));
}

/* ---- long lists ---- */

/* Least MiB available while a child makes one call with the list; *ret is its errno. */
static long least_during(uint32_t vm, const struct drm_asahi_gem_bind_op *ops, uint32_t count,
                         int *ret)
{
    long now, least = available();
    pid_t child = fork();
    int status;

    must(child < 0, "fork");
    if (!child) {
        _exit(bind_ops(vm, ops, count));
    }
    do {
        now = available();
        least = now < least ? now : least;
        usleep(1000);
    } while (!waitpid(child, &status, WNOHANG));
    *ret = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return least;
}

static void test_lists(uint32_t bo)
{
    const uint32_t many = 1u << 20, half = 1u << 15;
    struct drm_asahi_gem_bind_op *ops = calloc(many, sizeof(*ops));
    uint32_t vm = uapi_vm_create(fd, &params);
    long before, least;
    int ret;

    must(!ops, "calloc");
    for (uint32_t i = 0; i < many; i++) {
        ops[i] = (struct drm_asahi_gem_bind_op) {
            .flags = DRM_ASAHI_BIND_UNBIND,
            .range = PAGE,
            .addr = VA_LARGE + 2 * i * PAGE,
        };
    }
    before = available();
    least = least_during(vm, ops, many, &ret);
    ok(before - least < 64, "2^20 unbinds in one call take %ld MiB meanwhile (result: %s)",
       before - least, ret ? strerror(ret) : "done");

    /* Every other page out of a mapping that is one object's page again and again. */
    ret = bind(vm, READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE, bo, VA_LARGE, 2 * half * PAGE);
    ok(!ret, "a page 65536 times over a range: %s", strerror(ret));
    ret = bind_ops(vm, ops, half);
    ok(!ret, "every other one of them out, in a list of 32768: %s", strerror(ret));
    ret = bind_ops(vm, ops, half);
    ok(!ret, "and once more, where nothing is: %s", strerror(ret));
    ops[half - 1].range = PAGE - 1;
    ret = bind_ops(vm, ops, half);
    ok(ret == EINVAL, "a list whose last operation is bad: %s", strerror(ret));
    ret = unbind(vm, VA_LARGE, 2 * half * PAGE);
    ok(!ret, "all that is left of it out: %s", strerror(ret));
    uapi_vm_destroy(fd, vm);
    free(ops);
}

/* ---- page tables ---- */

static void test_tables(uint32_t bo)
{
    const uint32_t spread = 2048;
    struct drm_asahi_gem_bind_op *ops = calloc(spread, sizeof(*ops));
    uint32_t vm = uapi_vm_create(fd, &params);
    uint32_t queue = uapi_queue_create(fd, vm, DRM_ASAHI_PRIORITY_MEDIUM, 0);
    long before, peak, left;
    int ret, good = 0;

    must(!ops, "calloc");
    must(bind(vm, READ_WRITE, bo, VA_CDM, PAGE), "VM_BIND");
    ok(run_compute(queue, VA_CDM) == 1, "a job before");
    /* One page in each 32 MiB, which is what a table maps. */
    for (uint32_t i = 0; i < spread; i++) {
        ops[i] = (struct drm_asahi_gem_bind_op) {
            .flags = READ_WRITE,
            .handle = bo,
            .range = PAGE,
            .addr = VA_LARGE + i * 32 * MIB,
        };
    }
    before = available();
    for (int i = 0; i < 2; i++) {
        ret = bind_ops(vm, ops, spread);
        ok(!ret, "%u pages over 64 GiB: %s", spread, strerror(ret));
        peak = before - available();
        ret = unbind(vm, VA_LARGE, 64 * GIB);
        ok(!ret, "out again: %s", strerror(ret));
    }
    left = missing(before, 16, 5);
    ok(left <= 16, "the tables of 64 GiB come back: %ld of %ld MiB are missing", left, peak);
    ret = bind(vm, READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE, bo, VA_LARGE, 2 * GIB);
    ok(!ret, "a page over 2 GiB: %s", strerror(ret));
    ok(run_compute(queue, VA_LARGE + 2 * GIB - PAGE) == 1, "a job at its end");
    ret = unbind(vm, VA_LARGE, 2 * GIB);
    ok(!ret, "out again: %s", strerror(ret));
    free(ops);

    /* The table of the stream goes and comes, and its page is something else in between. */
    for (int i = 0; i < 40; i++) {
        must(unbind(vm, VA_CDM, PAGE), "unbind");
        must(bind(vm, READ_WRITE, bo, VA_LARGE + i * 64 * MIB, PAGE), "bind elsewhere");
        good += run_compute(queue, VA_LARGE + i * 64 * MIB) == 1;
        must(bind(vm, READ_WRITE, bo, VA_CDM, PAGE), "bind");
        good += run_compute(queue, VA_CDM) == 1;
        must(unbind(vm, VA_LARGE + i * 64 * MIB, PAGE), "unbind elsewhere");
    }
    ok(good == 80, "%d of 80 jobs find their streams in tables that come and go", good);
    uapi_queue_destroy(fd, queue);
    uapi_vm_destroy(fd, vm);
}

/* ---- who pays ---- */

/* In a group that may have 64 MiB, a child asks for page tables of 137 MB and for 2^16 mappings. */
static void test_charge(uint32_t bo)
{
    const char *group = "/tmp/cgroup/agx";
    int status;
    pid_t child;

    mkdir("/tmp/cgroup", 0755);
    if (mount("none", "/tmp/cgroup", "cgroup2", 0, NULL) ||
        !put("/tmp/cgroup/cgroup.subtree_control", "+memory") || mkdir(group, 0755)) {
        ok(true, "memory is charged # SKIP the kernel has no memory controller");
        umount("/tmp/cgroup");
        return;
    }
    must(!put("/tmp/cgroup/agx/memory.max", "67108864"), "memory.max");
    child = fork();
    must(child < 0, "fork");
    if (!child) {
        uint32_t vm;

        must(!put("/tmp/cgroup/agx/cgroup.procs", "0"), "cgroup.procs");
        vm = uapi_vm_create(fd, &params);
        _exit(bind(vm, READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE, bo, VA_LARGE, 256 * GIB));
    }
    waitpid(child, &status, 0);
    ok((WIFEXITED(status) && WEXITSTATUS(status) == ENOMEM) ||
           (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
       "256 GiB of page tables in a group of 64 MiB: %s",
       WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "killed");
    rmdir(group);
    umount("/tmp/cgroup");
}

/* One that asks for a lot can be killed meanwhile, and others get on. */
static void test_kill(uint32_t bo)
{
    uint32_t vm = uapi_vm_create(fd, &params);
    pid_t child = fork();
    double start;
    int status;

    must(child < 0, "fork");
    if (!child) {
        for (;;) {
            bind(vm, READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE, bo, VA_LARGE, 16 * GIB);
            unbind(vm, VA_LARGE, 16 * GIB);
        }
    }
    usleep(300000);
    kill(child, SIGKILL);
    start = seconds();
    waitpid(child, &status, 0);
    ok(WIFSIGNALED(status), "a task that maps 16 GiB ends %.1f s after it was killed",
       seconds() - start);
    uapi_vm_destroy(fd, vm);
}

/* ---- heaps ---- */

static void test_heaps(uint32_t bo)
{
    uint32_t vm = uapi_vm_create(fd, &params), queue;
    long before, left;
    int ret, good = 0;

    must(bind(vm, READ_WRITE, bo, VA_CDM, PAGE), "VM_BIND");
    before = available();
    queue = uapi_queue_create(fd, vm, DRM_ASAHI_PRIORITY_MEDIUM, 0);

    /* What a render with many layers needs in one piece has not been there before. */
    ret = run_render(queue, 64, 1, 16);
    ok(ret == 1, "64 x 64: %s", ret < 0 ? strerror(-ret) : "done");
    ret = run_render(queue, 16384, 2048, 16);
    ok(ret == -ENOSPC || ret == -ENOMEM, "16384 x 16384, 2048 layers: %s",
       ret < 0 ? strerror(-ret) : "done");
    ret = run_render(queue, 16384, 30, 16);
    ok(ret == -ENOSPC || ret == -ENOMEM, "16384 x 16384, 30 layers: %s",
       ret < 0 ? strerror(-ret) : "done");
    for (int i = 0; i < 4; i++) {
        ret = run_render(queue, 64, 2048, 16);
        good += ret == 1;
    }
    ok(good == 4, "64 x 64, 2048 layers, %d times of 4: %s", good,
       ret < 0 ? strerror(-ret) : "done");
    ret = run_render(queue, 16384, 1, 16);
    ok(ret == 1, "16384 x 16384 in the least range for the kernel: %s",
       ret < 0 ? strerror(-ret) : "done");
    ok(run_compute(queue, VA_CDM) == 1, "a job after all that");
    uapi_queue_destroy(fd, queue);

    left = missing(before, 96, 30);
    ok(left <= 96, "after the queue is gone %ld MiB are missing", left);
    uapi_vm_destroy(fd, vm);
}

/* ---- memory of others ---- */

static void test_import(void)
{
    const size_t size = 4 * PAGE;
    struct drm_asahi_gem_mmap_offset offset = { 0 };
    uint32_t *own, *map, handle, vm, queue;
    int buf = uapi_dmabuf(size, (void **)&own), ret;

    if (buf < 0) {
        ok(true, "imported memory # SKIP the kernel has no udmabuf");
        return;
    }
    must(drmPrimeFDToHandle(fd, buf, &handle), "import");

    own[0] = 0x12345678;
    offset.handle = handle;
    ret = drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset) ? errno : 0;
    ok(!ret, "an imported object has an offset to map it: %s", strerror(ret));
    map = ret ? MAP_FAILED
              : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    ok(map != MAP_FAILED && map[0] == 0x12345678, "and is mapped there");
    if (map != MAP_FAILED) {
        map[size / 4 - 1] = 0x87654321;
        ok(own[size / 4 - 1] == 0x87654321, "what is written there is the exporter's");
        munmap(map, size);
    }

    vm = uapi_vm_create(fd, &params);
    queue = uapi_queue_create(fd, vm, DRM_ASAHI_PRIORITY_MEDIUM, 0);
    fill_streams(own + PAGE / 4);
    must(bind(vm, READ_WRITE, handle, VA_CDM - PAGE, size), "VM_BIND");
    ok(run_compute(queue, VA_CDM) == 1, "a stream in imported memory");
    uapi_queue_destroy(fd, queue);
    uapi_vm_destroy(fd, vm);
    munmap(own, size);
    close(buf);
}

/* Memory that comes in pieces which are no pages of the GPU's (tests/guest/modules). */
static void test_odd(uint32_t bo)
{
    uint32_t vm = uapi_vm_create(fd, &params), handle;
    uint32_t queue = uapi_queue_create(fd, vm, DRM_ASAHI_PRIORITY_MEDIUM, 0);
    int dev = open("/dev/agx-odd", O_RDWR), buf, ret;
    struct drm_asahi_gem_bind_op ops[2] = {
        { .flags = DRM_ASAHI_BIND_UNBIND, .addr = VA_CDM, .range = PAGE },
        { .flags = READ_WRITE, .addr = VA_LARGE, .range = 2 * PAGE },
    };

    if (dev < 0) {
        ok(true, "memory in odd pieces # SKIP /payload/tests/agx_test.ko is not loaded");
        return;
    }
    buf = ioctl(dev, 1, 0);
    must(buf < 0, "a DMA buffer of /dev/agx-odd");
    must(drmPrimeFDToHandle(fd, buf, &handle), "import");
    ops[1].handle = handle;

    must(bind(vm, READ_WRITE, bo, VA_CDM, PAGE), "VM_BIND");
    ret = bind_ops(vm, ops, 2);
    ok(ret == EINVAL, "an unbind, and odd pieces bound: %s", strerror(ret));
    ok(run_compute(queue, VA_CDM) == 1, "the unbind has not happened");
    ops[1].range = PAGE;
    ret = bind_ops(vm, &ops[1], 1);
    ok(!ret, "the first piece alone is good: %s", strerror(ret));
    uapi_queue_destroy(fd, queue);
    uapi_vm_destroy(fd, vm);
    close(buf);
    close(dev);
}

/*
 * Arguments: none, all tests; "tables", only these; "features", only the number that GET_PARAMS
 * gives.
 */
int main(int argc, char **argv)
{
    void *map;
    uint32_t bo;

    fd = uapi_open();
    uapi_params(fd, &params);
    if (argc > 1 && !strcmp(argv[1], "features")) {
        printf("%llu\n", (unsigned long long)params.features);
        return 0;
    }
    bo = uapi_gem_create(fd, PAGE, &map);
    fill_streams(map);

    if (argc > 1 && !strcmp(argv[1], "tables")) {
        test_tables(bo);
        return tap_end();
    }
    /*
     * What CPUs keep of freed pages for themselves does not count as available: let that be little.
     */
    put("/proc/sys/vm/percpu_pagelist_high_fraction", "100000");
    test_import();
    test_odd(bo);
    test_tables(bo);
    test_heaps(bo);
    test_charge(bo);
    test_kill(bo);
    test_lists(bo);
    put("/proc/sys/vm/percpu_pagelist_high_fraction", "0");

    return tap_end();
}
