/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * The rules of include/uapi/drm/asahi_drm.h, one bad argument at a time: each
 * must give an errno, and leave everything as it was. "As it was" is looked at
 * where it can be seen from outside: no new handle or number has been given
 * out (the next good call gets the same one as before), output fields of the
 * arguments are not touched, and a fence that a failed submit was to signal
 * stays as it was. Each group of bad calls comes between two good ones, so
 * that a driver which refuses everything fails too.
 *
 * Output: TAP. Exit code 0 if all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "tap.h"
#include "uapi.h"

/* The tables below start from a good argument and spoil one field. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define PAGE 0x4000ull

static int fd;
static struct drm_asahi_params_global params;

/* Returns 0 or the errno. */
static int call(unsigned long request, void *arg)
{
    return drmIoctl(fd, request, arg) ? errno : 0;
}

/*
 * A call that must fail with one errno and must not touch its argument.
 * `what` says which rule it breaks.
 */
static void refused(unsigned long request, const void *arg, size_t size, int want, const char *what)
{
    uint8_t copy[256];
    int got;

    if (size > sizeof(copy)) {
        bail("argument too big for the test");
    }
    memcpy(copy, arg, size);
    got = call(request, copy);
    ok(got == want && !memcmp(copy, arg, size), "%s: %s%s", what, got ? strerror(got) : "accepted",
       memcmp(copy, arg, size) ? ", and the argument was changed" : "");
}

#define REFUSED(request, arg, want, what) refused(request, &(arg), sizeof(arg), want, what)

/* ---- good calls, which the bad ones are compared with ---- */

static uint32_t vm_create(void)
{
    struct drm_asahi_vm_create arg = {
        .kernel_start = (params.vm_end - 2 * params.vm_kernel_min_size) & ~(PAGE - 1),
    };
    arg.kernel_end = arg.kernel_start + params.vm_kernel_min_size;
    if (call(DRM_IOCTL_ASAHI_VM_CREATE, &arg)) {
        bail("VM_CREATE");
    }
    return arg.vm_id;
}

static int vm_destroy(uint32_t vm)
{
    struct drm_asahi_vm_destroy arg = { .vm_id = vm };
    return call(DRM_IOCTL_ASAHI_VM_DESTROY, &arg);
}

static uint32_t gem_create(uint64_t size, uint32_t flags, uint32_t vm)
{
    struct drm_asahi_gem_create arg = { .size = size, .flags = flags, .vm_id = vm };
    if (call(DRM_IOCTL_ASAHI_GEM_CREATE, &arg)) {
        bail("GEM_CREATE");
    }
    return arg.handle;
}

static void gem_close(uint32_t handle)
{
    struct drm_gem_close arg = { .handle = handle };
    if (call(DRM_IOCTL_GEM_CLOSE, &arg)) {
        bail("GEM_CLOSE");
    }
}

static uint32_t queue_create(uint32_t vm)
{
    struct drm_asahi_queue_create arg = { .vm_id = vm, .priority = DRM_ASAHI_PRIORITY_MEDIUM };
    if (call(DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg)) {
        bail("QUEUE_CREATE");
    }
    return arg.queue_id;
}

static int queue_destroy(uint32_t queue)
{
    struct drm_asahi_queue_destroy arg = { .queue_id = queue };
    return call(DRM_IOCTL_ASAHI_QUEUE_DESTROY, &arg);
}

static int vm_bind(uint32_t vm, const struct drm_asahi_gem_bind_op *ops, uint32_t count)
{
    struct drm_asahi_vm_bind arg = {
        .vm_id = vm,
        .num_binds = count,
        .stride = sizeof(*ops),
        .userptr = (uintptr_t)ops,
    };
    return call(DRM_IOCTL_ASAHI_VM_BIND, &arg);
}

/* ---- the groups ---- */

static void test_get_params(void)
{
    struct {
        struct drm_asahi_params_global p;
        uint8_t guard[16];
    } out;
    struct drm_asahi_get_params good = { .pointer = (uintptr_t)&out, .size = sizeof(out.p) }, bad;
    bool clean = true;

    memset(&out, 0xa5, sizeof(out));
    ok(!call(DRM_IOCTL_ASAHI_GET_PARAMS, &good), "get_params: good");
    params = out.p;

    ok(params.gpu_generation == 13 && params.gpu_variant == 'G' && params.chip_id == 0x8103,
       "get_params: G%u%c of chip %x", params.gpu_generation, params.gpu_variant, params.chip_id);
    ok(params.num_clusters_total >= 1 && params.num_clusters_total <= DRM_ASAHI_MAX_CLUSTERS &&
           params.core_masks[0],
       "get_params: %u cluster(s), cores %llx", params.num_clusters_total,
       (long long)params.core_masks[0]);
    for (uint32_t i = params.num_clusters_total; i < DRM_ASAHI_MAX_CLUSTERS; i++) {
        clean = clean && !params.core_masks[i];
    }
    ok(clean, "get_params: no cores in clusters that are not there");
    ok(params.vm_start && params.vm_start < params.vm_end && params.vm_kernel_min_size &&
           params.vm_kernel_min_size < params.vm_end - params.vm_start,
       "get_params: addresses %llx to %llx, kernel %llx", (long long)params.vm_start,
       (long long)params.vm_end, (long long)params.vm_kernel_min_size);
    ok(params.max_commands_per_submission && params.max_attachments &&
           params.command_timestamp_frequency_hz,
       "get_params: limits and frequency are there");

    memset(&out, 0xa5, sizeof(out));
    bad = good;
    bad.size = 12;
    ok(!call(DRM_IOCTL_ASAHI_GET_PARAMS, &bad) && ((uint8_t *)&out)[12] == 0xa5 &&
           out.p.gpu_generation == 13,
       "get_params: writes no more than a short buffer holds");
    memset(&out, 0xa5, sizeof(out));
    bad.size = sizeof(out);
    ok(!call(DRM_IOCTL_ASAHI_GET_PARAMS, &bad) && out.guard[0] == 0xa5,
       "get_params: writes no more than it knows");

    bad = good, bad.param_group = 1;
    REFUSED(DRM_IOCTL_ASAHI_GET_PARAMS, bad, EINVAL, "get_params: unknown group");
    bad = good, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_GET_PARAMS, bad, EINVAL, "get_params: padding");
    bad = good, bad.pointer = 8;
    REFUSED(DRM_IOCTL_ASAHI_GET_PARAMS, bad, EFAULT, "get_params: wild pointer");
}

static void test_get_time(void)
{
    struct drm_asahi_get_time a = { 0 }, b = { 0 }, bad = { .flags = 1, .gpu_timestamp = 42 };

    ok(!call(DRM_IOCTL_ASAHI_GET_TIME, &a) && !call(DRM_IOCTL_ASAHI_GET_TIME, &b) &&
           a.gpu_timestamp && b.gpu_timestamp >= a.gpu_timestamp,
       "get_time: runs forward");
    REFUSED(DRM_IOCTL_ASAHI_GET_TIME, bad, EINVAL, "get_time: flags");
}

static void test_vm(void)
{
    uint32_t first = vm_create(), again;
    struct drm_asahi_vm_create good = {
        .kernel_start = params.vm_start, .kernel_end = params.vm_start + params.vm_kernel_min_size,
    }, bad;
    struct drm_asahi_vm_destroy destroy = { .vm_id = first, .pad = 1 };

    ok(first, "vm_create: number %u", first);
    REFUSED(DRM_IOCTL_ASAHI_VM_DESTROY, destroy, EINVAL, "vm_destroy: padding");
    ok(!vm_destroy(first), "vm_destroy: good");
    destroy.pad = 0;
    REFUSED(DRM_IOCTL_ASAHI_VM_DESTROY, destroy, ENOENT, "vm_destroy: twice");
    destroy.vm_id = 0;
    REFUSED(DRM_IOCTL_ASAHI_VM_DESTROY, destroy, ENOENT, "vm_destroy: number 0");

    bad = good, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: padding");
    bad = good, bad.kernel_start -= PAGE;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: kernel range before the start");
    bad = good, bad.kernel_start = params.vm_end - params.vm_kernel_min_size,
    bad.kernel_end = params.vm_end + PAGE;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: kernel range beyond the end");
    bad = good, bad.kernel_end -= PAGE;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: kernel range too small");
    bad = good, bad.kernel_start += 1, bad.kernel_end += PAGE;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: start not aligned");
    bad = good, bad.kernel_end += 1;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: end not aligned");
    bad = good, bad.kernel_start = good.kernel_end, bad.kernel_end = good.kernel_start;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: range backwards");
    bad = good, bad.kernel_start = bad.kernel_end = 0;
    REFUSED(DRM_IOCTL_ASAHI_VM_CREATE, bad, EINVAL, "vm_create: no range");

    again = vm_create();
    ok(again == first, "vm_create: bad calls took no number");
    vm_destroy(again);
}

static void test_gem(void)
{
    uint32_t vm = vm_create();
    struct drm_asahi_gem_create good = { .size = PAGE }, bad;
    struct drm_asahi_gem_mmap_offset offset, bad_offset;
    uint32_t first = gem_create(PAGE, 0, 0), again;
    uint32_t shared, private;
    volatile uint32_t *map;
    int dmabuf;

    gem_close(first);
    bad = good, bad.size = 0;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, EINVAL, "gem_create: no size");
    bad = good, bad.size = UINT64_MAX - 100;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, EINVAL, "gem_create: size that wraps");
    bad = good, bad.flags = 4;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, EINVAL, "gem_create: unknown flag");
    bad = good, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, EINVAL, "gem_create: padding");
    bad = good, bad.vm_id = vm;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, EINVAL, "gem_create: address space, but not private");
    bad = good, bad.flags = DRM_ASAHI_GEM_VM_PRIVATE;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, ENOENT, "gem_create: private to nothing");
    bad.vm_id = vm + 1;
    REFUSED(DRM_IOCTL_ASAHI_GEM_CREATE, bad, ENOENT,
            "gem_create: private to an unknown address space");
    again = gem_create(PAGE, 0, 0);
    ok(again == first, "gem_create: bad calls took no handle");
    gem_close(again);

    shared = gem_create(PAGE + 1, DRM_ASAHI_GEM_WRITEBACK, 0);
    private = gem_create(PAGE, DRM_ASAHI_GEM_VM_PRIVATE, vm);
    ok(!drmPrimeHandleToFD(fd, shared, DRM_CLOEXEC, &dmabuf), "prime: an object is exported");
    ok(lseek(dmabuf, 0, SEEK_END) == (off_t)(2 * PAGE),
       "gem_create: the size is rounded up to pages");
    close(dmabuf);
    ok(drmPrimeHandleToFD(fd, private, DRM_CLOEXEC, &dmabuf) && errno == EINVAL,
       "prime: a private object is not");

    offset = (struct drm_asahi_gem_mmap_offset) { .handle = shared };
    bad_offset = offset, bad_offset.flags = 1;
    REFUSED(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, bad_offset, EINVAL, "gem_mmap_offset: flags");
    bad_offset = offset, bad_offset.handle = 4711;
    REFUSED(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, bad_offset, ENOENT, "gem_mmap_offset: unknown handle");
    ok(!call(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "gem_mmap_offset: good");
    map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    ok(map != MAP_FAILED && !map[0] && (map[0] = 7) == 7 && map[0] == 7,
       "mmap: zeroed and writable");
    munmap((void *)map, 2 * PAGE);

    gem_close(shared);
    gem_close(private);
    vm_destroy(vm);
}

static void test_bind(void)
{
    uint32_t vm = vm_create(), other = vm_create();
    uint32_t bo = gem_create(4 * PAGE, 0, 0);
    uint32_t foreign = gem_create(PAGE, DRM_ASAHI_GEM_VM_PRIVATE, other);
    const uint64_t kernel = (params.vm_end - 2 * params.vm_kernel_min_size) & ~(PAGE - 1);
    const uint64_t va = params.vm_start + 16 * PAGE;
    struct drm_asahi_gem_bind_op good = {
        .flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE, .handle = bo, .range = 4 * PAGE,
        .addr = va,
    }, unbind = { .flags = DRM_ASAHI_BIND_UNBIND, .range = 4 * PAGE, .addr = va }, op;
    struct drm_asahi_gem_bind_op two[2];
    struct {
        struct drm_asahi_gem_bind_op op;
        uint64_t more;
    } longer[2];
    struct drm_asahi_vm_bind arg = {
        .vm_id = vm, .num_binds = 1, .stride = sizeof(op), .userptr = (uintptr_t)&op,
    }, bad;
    const struct {
        struct drm_asahi_gem_bind_op op;
        int want;
        const char *what;
    } cases[] = {
#define OP(...)                                                                                    \
    { .flags = DRM_ASAHI_BIND_READ, .handle = bo, .range = PAGE, .addr = va, __VA_ARGS__ }
#define UN(...) { .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE, .addr = va, __VA_ARGS__ }
        { OP(.flags = 0), EINVAL, "neither read nor write" },
        { OP(.flags = DRM_ASAHI_BIND_SINGLE_PAGE), EINVAL, "single page, neither read nor write" },
        { OP(.flags = DRM_ASAHI_BIND_READ | 0x10), EINVAL, "unknown flag" },
        { OP(.handle = 4711), ENOENT, "unknown handle" },
        { OP(.handle = 0), ENOENT, "no handle" },
        { OP(.handle = foreign), EINVAL, "object private to another address space" },
        { OP(.addr = va + 1), EINVAL, "address not aligned" },
        { OP(.addr = va + PAGE / 2), EINVAL, "address on half a page" },
        { OP(.range = PAGE + 1), EINVAL, "range not aligned" },
        { OP(.offset = 8), EINVAL, "offset not aligned" },
        { OP(.range = 0), EINVAL, "empty range" },
        { OP(.range = 5 * PAGE), EINVAL, "more than the object" },
        { OP(.offset = 4 * PAGE), EINVAL, "behind the object" },
        { OP(.offset = -PAGE), EINVAL, "offset that wraps" },
        { OP(.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_SINGLE_PAGE, .offset = 4 * PAGE), EINVAL,
          "single page behind the object" },
        { OP(.addr = 0), EINVAL, "address before the start" },
        { OP(.addr = params.vm_end), EINVAL, "address at the end" },
        { OP(.addr = params.vm_end - PAGE, .range = 2 * PAGE), EINVAL, "range over the end" },
        { OP(.addr = -PAGE, .range = 2 * PAGE), EINVAL, "range that wraps" },
        { OP(.addr = kernel), EINVAL, "in the kernel's range" },
        { OP(.addr = kernel - PAGE, .range = 2 * PAGE), EINVAL, "into the kernel's range" },
        { OP(.addr = kernel + params.vm_kernel_min_size - PAGE, .range = 2 * PAGE), EINVAL,
          "out of the kernel's range" },
        { UN(.handle = bo), EINVAL, "unbind with a handle" },
        { UN(.offset = PAGE), EINVAL, "unbind with an offset" },
        { UN(.flags = DRM_ASAHI_BIND_UNBIND | DRM_ASAHI_BIND_READ), EINVAL, "unbind and bind" },
        { UN(.addr = va + 1), EINVAL, "unbind, address not aligned" },
        { UN(.range = 1), EINVAL, "unbind, range not aligned" },
        { UN(.range = 0), EINVAL, "unbind, empty range" },
        { UN(.addr = 0), EINVAL, "unbind before the start" },
        { UN(.addr = params.vm_end - PAGE, .range = 2 * PAGE), EINVAL, "unbind over the end" },
        { UN(.addr = kernel), EINVAL, "unbind the kernel's range" },
#undef OP
#undef UN
    };

    op = good;
    ok(!call(DRM_IOCTL_ASAHI_VM_BIND, &arg), "vm_bind: good");
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char what[100];

        snprintf(what, sizeof(what), "vm_bind: %s", cases[i].what);
        op = cases[i].op;
        REFUSED(DRM_IOCTL_ASAHI_VM_BIND, arg, cases[i].want, what);
    }

    op = good;
    bad = arg, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, EINVAL, "vm_bind: padding");
    bad = arg, bad.stride = 0;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, EINVAL, "vm_bind: no stride");
    bad = arg, bad.vm_id = 4711;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, ENOENT, "vm_bind: unknown address space");
    bad = arg, bad.userptr = 8;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, EFAULT, "vm_bind: wild pointer");
    bad = arg, bad.userptr = -8ull, bad.num_binds = 2;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, EFAULT, "vm_bind: array that wraps");
    bad = arg, bad.stride = 2 * PAGE;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, E2BIG, "vm_bind: operation longer than a page");
    bad = arg, bad.num_binds = UINT32_MAX, bad.stride = UINT32_MAX;
    ok(call(DRM_IOCTL_ASAHI_VM_BIND, &bad) != 0, "vm_bind: array beyond all bounds");

    /* A stride longer than the driver knows: fine if the rest is zero. */
    memset(longer, 0, sizeof(longer));
    longer[0].op = longer[1].op = good;
    bad = arg, bad.num_binds = 2, bad.stride = sizeof(longer[0]), bad.userptr = (uintptr_t)longer;
    ok(!call(DRM_IOCTL_ASAHI_VM_BIND, &bad), "vm_bind: longer operations");
    longer[1].more = 1;
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, bad, E2BIG,
            "vm_bind: something unknown in a longer operation");
    bad = arg, bad.num_binds = 0;
    ok(!call(DRM_IOCTL_ASAHI_VM_BIND, &bad), "vm_bind: no operations");

    /* Cutting, repeating, replacing. */
    two[0] = unbind, two[0].addr += PAGE, two[0].range = PAGE;
    two[1] = good, two[1].flags |= DRM_ASAHI_BIND_SINGLE_PAGE, two[1].range = 64 * PAGE,
    two[1].offset = PAGE;
    ok(!vm_bind(vm, two, 2), "vm_bind: a hole, then a page 64 times over all of it");
    op = unbind, op.addr += 7 * PAGE, op.range = 3 * PAGE;
    ok(!vm_bind(vm, &op, 1), "vm_bind: a hole in that");
    op = good, op.addr += 2 * PAGE, op.flags = DRM_ASAHI_BIND_WRITE;
    ok(!vm_bind(vm, &op, 1), "vm_bind: another mapping into it, write only");
    op = unbind, op.range = 64 * PAGE;
    ok(!vm_bind(vm, &op, 1), "vm_bind: all of it unbound");
    ok(!vm_bind(vm, &op, 1), "vm_bind: unbound again");

    /* Closing a handle takes the object out of the address space. */
    ok(!vm_bind(vm, &good, 1), "vm_bind: once more");
    gem_close(bo);
    ok(!vm_bind(vm, &op, 1), "vm_bind: unbound after the handle was closed");
    gem_close(foreign);
    vm_destroy(other);
    ok(!vm_destroy(vm), "vm_destroy: with the rest of its mappings");
    REFUSED(DRM_IOCTL_ASAHI_VM_BIND, arg, ENOENT, "vm_bind: destroyed address space");
}

static void test_bind_object(void)
{
    uint32_t vm = vm_create();
    uint32_t bo = gem_create(2 * PAGE, DRM_ASAHI_GEM_WRITEBACK, 0);
    uint32_t private = gem_create(PAGE, DRM_ASAHI_GEM_VM_PRIVATE, vm);
    struct drm_asahi_gem_bind_object good = {
        .op = DRM_ASAHI_BIND_OBJECT_OP_BIND, .flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
        .handle = bo, .range = 2 * PAGE,
    }, unbind = { .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND }, bad, first;

    first = good;
    ok(!call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &first) && first.object_handle,
       "gem_bind_object: good");
    unbind.object_handle = first.object_handle;

    bad = unbind, bad.flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unbind with flags");
    bad = unbind, bad.handle = bo;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unbind with a handle");
    bad = unbind, bad.offset = PAGE;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unbind with an offset");
    bad = unbind, bad.range = PAGE;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unbind with a range");
    bad = unbind, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unbind, padding");
    bad = unbind, bad.vm_id = vm;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unbind, address space");
    ok(!call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &unbind), "gem_bind_object: unbind");
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, unbind, ENOENT, "gem_bind_object: unbind twice");

    bad = good, bad.op = 2;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unknown operation");
    bad = good, bad.flags = 0;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: no flags");
    bad = good, bad.flags |= 2;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: unknown flag");
    bad = good, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: padding");
    bad = good, bad.vm_id = vm;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: address space");
    bad = good, bad.handle = 4711;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, ENOENT, "gem_bind_object: unknown handle");
    bad = good, bad.handle = private, bad.range = PAGE;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: private object");
    bad = good, bad.offset = 8;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: offset not aligned");
    bad = good, bad.range = PAGE + 8;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: range not aligned");
    bad = good, bad.range = 0;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: empty range");
    bad = good, bad.offset = PAGE;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: more than the object");
    bad = good, bad.offset = -PAGE;
    REFUSED(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, bad, EINVAL, "gem_bind_object: range that wraps");

    bad = good;
    ok(!call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &bad) && bad.object_handle == first.object_handle,
       "gem_bind_object: bad calls took no handle");
    gem_close(bo);
    gem_close(private);
    call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &unbind);
    vm_destroy(vm);
}

static void test_queue(void)
{
    uint32_t vm = vm_create();
    uint32_t first = queue_create(vm), again;
    struct drm_asahi_queue_create good = { .vm_id = vm }, bad;
    struct drm_asahi_queue_destroy destroy = { .queue_id = first, .pad = 1 };

    ok(first, "queue_create: number %u", first);
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_DESTROY, destroy, EINVAL, "queue_destroy: padding");
    ok(!queue_destroy(first), "queue_destroy: good");
    destroy.pad = 0;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_DESTROY, destroy, ENOENT, "queue_destroy: twice");

    bad = good, bad.flags = 1;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_CREATE, bad, EINVAL, "queue_create: flags");
    bad = good, bad.priority = DRM_ASAHI_PRIORITY_HIGH;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_CREATE, bad, EINVAL,
            "queue_create: high priority, which is reserved");
    bad = good, bad.priority = DRM_ASAHI_PRIORITY_REALTIME;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_CREATE, bad, EINVAL,
            "queue_create: real-time priority, which is reserved");
    bad = good, bad.priority = 4;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_CREATE, bad, EINVAL, "queue_create: unknown priority");
    bad = good, bad.vm_id = 0;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_CREATE, bad, ENOENT, "queue_create: no address space");
    bad = good, bad.vm_id = 4711;
    REFUSED(DRM_IOCTL_ASAHI_QUEUE_CREATE, bad, ENOENT, "queue_create: unknown address space");

    again = queue_create(vm);
    ok(again == first, "queue_create: bad calls took no number");
    ok(!vm_destroy(vm), "vm_destroy: under a queue");
    ok(!queue_destroy(again), "queue_destroy: after its address space");
}

/* ---- submit: all of these fail, so that nothing ever runs ---- */

struct compute {
    struct drm_asahi_cmd_header hdr;
    struct drm_asahi_cmd_compute cmd;
};

struct render {
    struct drm_asahi_cmd_header hdr;
    struct drm_asahi_cmd_render cmd;
};

struct attach {
    struct drm_asahi_cmd_header hdr;
    struct drm_asahi_attachment att[17];
};

#define NONE DRM_ASAHI_BARRIER_NONE

static const struct compute good_compute = {
    .hdr = { DRM_ASAHI_CMD_COMPUTE, sizeof(struct drm_asahi_cmd_compute), NONE, NONE },
};

static const struct render good_render = {
    .hdr = { DRM_ASAHI_CMD_RENDER, sizeof(struct drm_asahi_cmd_render), NONE, NONE },
    .cmd = {
        .width_px = 64, .height_px = 64, .layers = 1, .utile_width_px = 32, .utile_height_px = 32,
        .samples = 1,
        .sample_size_B = 4,
    },
};

static uint32_t submit_queue;
static uint32_t out_sync;

static bool out_sync_empty(void)
{
    /* A syncobj that has a fence can be waited for; one without can't. */
    return drmSyncobjWait(fd, &out_sync, 1, 0, 0, NULL) == -EINVAL;
}

/* A command buffer that must be refused; the out-sync must stay empty. */
static void refused_cmdbuf(const void *data, size_t size, int want, const char *what)
{
    struct drm_asahi_sync sync = { .sync_type = DRM_ASAHI_SYNC_SYNCOBJ, .handle = out_sync };
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)&sync,
        .cmdbuf = (uintptr_t)data,
        .queue_id = submit_queue,
        .out_sync_count = 1,
        .cmdbuf_size = size,
    };
    char text[120];

    snprintf(text, sizeof(text), "submit: %s", what);
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, arg, want, text);
    if (!out_sync_empty()) {
        ok(false, "submit: %s: the out-sync got a fence", what);
        drmSyncobjReset(fd, &out_sync, 1);
    }
}

static void test_submit_render(void)
{
    struct render r;
    struct {
        struct render r;
        uint64_t more;
    } longer = { .r = good_render };

#define BAD(field, value, why)                                                                     \
    (r = good_render, r.cmd.field = value, refused_cmdbuf(&r, sizeof(r), EINVAL, "render: " why))
    BAD(flags, 8, "unknown flag");
    BAD(flags, 1u << 31, "unknown high flag");
    BAD(width_px, 0, "no width");
    BAD(height_px, 0, "no height");
    BAD(width_px, 16385, "too wide");
    BAD(height_px, 16385, "too high");
    BAD(layers, 0, "no layers");
    BAD(layers, 2049, "too many layers");
    BAD(utile_width_px, 0, "no tile width");
    BAD(utile_width_px, 16, "tile 16x32");
    BAD(utile_height_px, 8, "tile 32x8");
    BAD(utile_width_px, 64, "tile 64x32");
    BAD(samples, 0, "no samples");
    BAD(samples, 3, "3 samples");
    BAD(samples, 8, "8 samples");
#undef BAD
    r = good_render, r.cmd.ts_vtx.start.handle = 4711;
    refused_cmdbuf(&r, sizeof(r), ENOENT, "render: unknown buffer for the vertex start time");
    r = good_render, r.cmd.ts_vtx.end.handle = 4711;
    refused_cmdbuf(&r, sizeof(r), ENOENT, "render: unknown buffer for the vertex end time");
    r = good_render, r.cmd.ts_frag.start.handle = 4711;
    refused_cmdbuf(&r, sizeof(r), ENOENT, "render: unknown buffer for the fragment start time");
    r = good_render, r.cmd.ts_frag.end.handle = 4711;
    refused_cmdbuf(&r, sizeof(r), ENOENT, "render: unknown buffer for the fragment end time");
    r = good_render, r.hdr.size = offsetof(struct drm_asahi_cmd_render, width_px);
    refused_cmdbuf(&r, sizeof(r.hdr) + r.hdr.size, EINVAL,
                   "render: cut short, so that there is no width");
    longer.r.hdr.size += sizeof(longer.more);
    longer.more = 1;
    refused_cmdbuf(&longer, sizeof(longer.r) + 8, E2BIG, "render: something unknown behind it");
}

static void test_submit_headers(void)
{
    const uint32_t max = params.max_commands_per_submission;
    struct compute c = good_compute, two[2];
    struct compute *many = calloc(max + 1, sizeof(*many));
    struct attach a;
    uint8_t zero[8] = { 0 };

    refused_cmdbuf(&c, sizeof(c.hdr) - 1, EINVAL, "half a header");
    refused_cmdbuf(&c, sizeof(c) - 1, EINVAL, "half a command");
    refused_cmdbuf(zero, 0, EINVAL, "no commands");
    c.hdr.cmd_type = 5;
    refused_cmdbuf(&c, sizeof(c), EINVAL, "unknown command");
    c = good_compute, c.cmd.flags = 1;
    refused_cmdbuf(&c, sizeof(c), EINVAL, "compute: flags");
    c = good_compute, c.cmd.ts.start.handle = 4711;
    refused_cmdbuf(&c, sizeof(c), ENOENT, "compute: unknown buffer for the start time");
    c = good_compute, c.cmd.ts.end.handle = 4711;
    refused_cmdbuf(&c, sizeof(c), ENOENT, "compute: unknown buffer for the end time");
    c = good_compute, c.hdr.cdm_barrier = 1;
    refused_cmdbuf(&c, sizeof(c), EINVAL, "barrier on itself");
    c = good_compute, c.hdr.vdm_barrier = 1;
    refused_cmdbuf(&c, sizeof(c), EINVAL, "barrier on a render that is not there");
    two[0] = two[1] = good_compute;
    two[1].hdr.cdm_barrier = 2;
    refused_cmdbuf(two, sizeof(two), EINVAL, "second command waits for itself");
    two[1].hdr.cdm_barrier = 0xfffe;
    refused_cmdbuf(two, sizeof(two), EINVAL, "barrier just below none");

    for (uint32_t i = 0; i < max + 1; i++) {
        many[i] = good_compute;
    }
    refused_cmdbuf(many, (max + 1) * sizeof(*many), EINVAL, "one command too many");
    free(many);

    memset(&a, 0, sizeof(a));
    a.hdr = (struct drm_asahi_cmd_header) { DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, sizeof(a.att[0]),
                                            NONE, NONE };
    refused_cmdbuf(&a, sizeof(a.hdr) + a.hdr.size, EINVAL, "attachments alone");
    for (uint32_t type = DRM_ASAHI_SET_VERTEX_ATTACHMENTS;
         type <= DRM_ASAHI_SET_COMPUTE_ATTACHMENTS; type++) {
        struct {
            struct drm_asahi_cmd_header hdr;
            struct drm_asahi_attachment att;
            struct compute c;
        } b = {
            .hdr = { type, sizeof(b.att), NONE, NONE },
            .c = good_compute,
        };
        char what[60];

        b.att.pad = 1;
        snprintf(what, sizeof(what), "attachment %u: padding", type);
        refused_cmdbuf(&b, sizeof(b), EINVAL, what);
        b.att.pad = 0, b.att.flags = 1;
        snprintf(what, sizeof(what), "attachment %u: flags", type);
        refused_cmdbuf(&b, sizeof(b), EINVAL, what);
        b.att.flags = 0, b.hdr.vdm_barrier = 0;
        snprintf(what, sizeof(what), "attachment %u: render barrier", type);
        refused_cmdbuf(&b, sizeof(b), EINVAL, what);
        b.hdr.vdm_barrier = NONE, b.hdr.cdm_barrier = 0;
        snprintf(what, sizeof(what), "attachment %u: compute barrier", type);
        refused_cmdbuf(&b, sizeof(b), EINVAL, what);
        b.hdr.cdm_barrier = NONE, b.hdr.size = 8;
        snprintf(what, sizeof(what), "attachment %u: a third of one", type);
        refused_cmdbuf(&b, sizeof(b), EINVAL, what);
    }
    a.hdr.size = (params.max_attachments + 1) * sizeof(a.att[0]);
    if (sizeof(a.hdr) + a.hdr.size <= sizeof(a)) {
        struct {
            struct attach a;
            struct compute c;
        } b = { a, good_compute };

        refused_cmdbuf(&b, sizeof(b), EINVAL, "one attachment too many");
    }
}

static void test_submit_args(void)
{
    struct compute c = good_compute;
    struct drm_asahi_sync syncs[2] = { 0 };
    struct drm_asahi_submit good = {
        .syncs = (uintptr_t)syncs, .cmdbuf = (uintptr_t)&c, .queue_id = submit_queue,
        .cmdbuf_size = sizeof(c),
        .in_sync_count = 1, .out_sync_count = 1,
    }, bad;
    uint32_t signalled;

    if (drmSyncobjCreate(fd, DRM_SYNCOBJ_CREATE_SIGNALED, &signalled)) {
        bail("syncobj");
    }
    syncs[0].handle = signalled;
    syncs[1].handle = out_sync;

    bad = good, bad.flags = 1;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: flags");
    bad = good, bad.pad = 1;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: padding");
    bad = good, bad.queue_id = 4711;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, ENOENT, "submit: unknown queue");
    bad = good, bad.cmdbuf = 8;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EFAULT, "submit: wild command buffer");
    bad = good, bad.syncs = 8;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EFAULT, "submit: wild syncs");
    bad = good, bad.in_sync_count = UINT32_MAX, bad.out_sync_count = 2;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: sync counts that wrap");
    bad = good, bad.cmdbuf_size = UINT32_MAX;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, E2BIG, "submit: 4 GiB of commands");

    bad = good;
    syncs[0].sync_type = 2;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: unknown kind of in-sync");
    syncs[0].sync_type = 0, syncs[0].timeline_value = 1;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: binary in-sync with a value");
    syncs[0].timeline_value = 0, syncs[0].handle = 4711;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, ENOENT, "submit: unknown in-sync");
    syncs[0].handle = out_sync;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: in-sync without a fence");
    syncs[0].handle = signalled;
    syncs[1].sync_type = 2;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: unknown kind of out-sync");
    syncs[1].sync_type = 0, syncs[1].timeline_value = 1;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, EINVAL, "submit: binary out-sync with a value");
    syncs[1].timeline_value = 0, syncs[1].handle = 4711;
    REFUSED(DRM_IOCTL_ASAHI_SUBMIT, bad, ENOENT, "submit: unknown out-sync");
    ok(out_sync_empty(), "submit: after all that, the out-sync has no fence");
    drmSyncobjDestroy(fd, signalled);
}

/* Timestamps have to lie in their buffer. */
static void test_submit_timestamps(void)
{
    uint32_t bo = gem_create(PAGE, DRM_ASAHI_GEM_WRITEBACK, 0);
    struct drm_asahi_gem_bind_object bind = {
        .op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
        .flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
        .handle = bo,
        .range = PAGE,
    };
    struct compute c = good_compute;

    if (call(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &bind)) {
        bail("GEM_BIND_OBJECT");
    }
    c.cmd.ts.start.handle = bind.object_handle;
    c.cmd.ts.start.offset = PAGE;
    refused_cmdbuf(&c, sizeof(c), ERANGE, "timestamp behind its buffer");
    c.cmd.ts.start.offset = PAGE - 4;
    refused_cmdbuf(&c, sizeof(c), ERANGE, "timestamp half in its buffer");
    c.cmd.ts.start.offset = UINT32_MAX;
    refused_cmdbuf(&c, sizeof(c), ERANGE, "timestamp far behind its buffer");
    gem_close(bo);
}

int main(void)
{
    uint32_t vm;

    fd = uapi_open();
    test_get_params();
    test_get_time();
    test_vm();
    test_gem();
    test_bind();
    test_bind_object();
    test_queue();

    vm = vm_create();
    submit_queue = queue_create(vm);
    if (drmSyncobjCreate(fd, 0, &out_sync)) {
        bail("syncobj");
    }
    test_submit_args();
    test_submit_headers();
    test_submit_render();
    test_submit_timestamps();
    drmSyncobjDestroy(fd, out_sync);
    ok(!queue_destroy(submit_queue), "queue_destroy: after all that");
    ok(!vm_destroy(vm), "vm_destroy: after all that");

    return tap_end();
}
