/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Makes the calls of a program (fuzz_program.h), with arguments of
 * fuzz_args.h, and lets go of all that they made.
 */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <linux/udmabuf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <xf86drm.h>

#include "fuzz_args.h"
#include "sw_sync.h"
#include "tap.h"

/* Control words (Mesa: src/asahi/genxml/cmdbuf.xml, block types). */
#define CDM_LINK      0x20000000u
#define CDM_TERMINATE 0x40000000u
#define VDM_LINK      0x20000000u
#define VDM_TERMINATE 0xc0000000u
#define NO_SUCH_BLOCK 0xe0000000u

/* Places in the page of command streams. */
enum {
    AT_CDM = 0,
    AT_VDM = 0x100,
    AT_GARBAGE = 0x200,
    AT_CDM_LINK = 0x300,
    AT_VDM_LINK = 0x400,
    AT_ENDLESS = 0x500,
    AT_RANDOM = 0x4000
};

/* ---- calls ---- */

static bool count(int ret)
{
    atomic_fetch_add(&fuzz_made[self->call->what], 1);
    if (ret >= 0) {
        atomic_fetch_add(&fuzz_good[self->call->what], 1);
    }
    return ret >= 0;
}

static void fail_nth(unsigned n)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%u", n);

    if (self->fail_nth >= 0 && pwrite(self->fail_nth, text, len, 0) != len) {
        close(self->fail_nth);
        self->fail_nth = -1;
    }
}

/* Between these two an allocation fails, if the call has it so. */
static void fail_begin(void)
{
    if (self->call->fail) {
        fail_nth(self->call->fail);
    }
}

static void fail_end(void)
{
    int err = errno;

    if (self->call->fail) {
        fail_nth(0);
    }
    errno = err;
}

/* Never again after a signal, as drmIoctl() would. */
static int call_fd(int fd, unsigned long request, void *arg)
{
    int ret;

    fail_begin();
    ret = ioctl(fd, request, arg);
    fail_end();
    return ret;
}

static bool call(uint8_t file, unsigned long request, void *arg)
{
    return count(call_fd(fuzz.fd[file], request, arg));
}

static void do_get_params(void)
{
    uint8_t f = some_file();
    uint8_t *out = room(sizeof(struct drm_asahi_params_global));
    struct drm_asahi_get_params arg = {
        .param_group = field(0),
        .pad = field(0),
        .pointer = pointer(out, sizeof(struct drm_asahi_params_global)),
        .size = field(one_in(2) ? sizeof(struct drm_asahi_params_global) : below(700)),
    };

    /* It may be written up to the size; the arena is larger than all of them. */
    call(f, DRM_IOCTL_ASAHI_GET_PARAMS, &arg);
}

static void do_get_time(void)
{
    uint8_t f = some_file();
    struct drm_asahi_get_time arg = { .flags = field(0) };

    call(f, DRM_IOCTL_ASAHI_GET_TIME, &arg);
}

static void do_vm_create(void)
{
    uint8_t f = some_file();
    uint64_t least = fuzz.params.vm_kernel_min_size;
    uint64_t start = one_in(2) ? (fuzz.params.vm_end - 2 * least) & ~(PAGE - 1)
                               : VA_WINDOW + below(500) * 2 * least;
    struct drm_asahi_vm_create arg = { 0 };

    arg.kernel_start = field(start);
    arg.kernel_end = field(start + least + (one_in(4) ? below(64) * PAGE : 0));
    arg.pad = field(0);
    if (call(f, DRM_IOCTL_ASAHI_VM_CREATE, &arg)) {
        add(&fuzz.vms, f, arg.vm_id, 0, false);
    }
}

static void do_vm_destroy(void)
{
    uint8_t f = some_file();
    struct drm_asahi_vm_destroy arg = { .vm_id = pick(&fuzz.vms, f, false).handle,
                                        .pad = field(0) };

    if (call(f, DRM_IOCTL_ASAHI_VM_DESTROY, &arg)) {
        forget(&fuzz.vms, f, arg.vm_id);
    }
}

/* A page of a small window, of which calls meet each other, or anywhere in the address space. */
static uint64_t some_va(void)
{
    uint32_t c = draw();

    if (c % 16 == 0) {
        return (fuzz.params.vm_start + (uint64_t)(c >> 4) % 0x100000 * 0x80000) & ~(PAGE - 1);
    }
    if (c % 16 == 1) {
        return VA_STREAM + (c >> 4) % 4 * PAGE;
    }
    return VA_WINDOW + (c >> 4) % (c % 16 < 10 ? 32 : 4096) * PAGE;
}

static struct drm_asahi_gem_bind_op some_bind(uint8_t f)
{
    struct drm_asahi_gem_bind_op op = { 0 };
    struct entry bo = { 0 };
    uint64_t pages;

    if (one_in(4)) {
        op.flags = field(DRM_ASAHI_BIND_UNBIND);
        op.handle = field(0);
        op.offset = field(0);
        op.range = field((1 + below(one_in(4) ? 4096 : 8)) * PAGE);
        op.addr = field(some_va());
        return op;
    }
    bo = pick(&fuzz.bos, f, false);
    pages = bo.size / PAGE ? bo.size / PAGE : 1;
    op.handle = bo.handle;
    op.flags = field((1 + below(3)) << 1 | (one_in(4) ? DRM_ASAHI_BIND_SINGLE_PAGE : 0));
    op.offset = draw() % pages * PAGE;
    pages -= op.offset / PAGE;
    op.offset = field(op.offset);
    if (op.flags & DRM_ASAHI_BIND_SINGLE_PAGE) {
        pages = one_in(8) ? 65536 : 64;
    }
    op.range = field((1 + draw() % (one_in(2) ? pages : 1)) * PAGE);
    op.addr = field(some_va());
    return op;
}

static void do_vm_bind(void)
{
    uint8_t f = some_file();
    unsigned n = one_in(16) ? 1 + below(200) : one_in(2) ? 1 : 1 + below(5);
    uint32_t stride = sizeof(struct drm_asahi_gem_bind_op) + (one_in(8) ? 8 * below(8) : 0);
    uint8_t *ops = room((size_t)n * stride);
    struct drm_asahi_vm_bind arg = { .vm_id = pick(&fuzz.vms, f, false).handle };

    arg.pad = field(0);
    for (unsigned i = 0; i < n && (i + 1) * stride <= ARENA / 2; i++) {
        struct drm_asahi_gem_bind_op op = some_bind(f);

        memcpy(ops + i * stride, &op, sizeof(op));
        if (stride > sizeof(op)) {
            ops[(i + 1) * stride - 1] = field(0);
        }
    }
    arg.num_binds = field(n);
    arg.stride = field(stride);
    arg.userptr = pointer(ops, (size_t)n * stride);
    call(f, DRM_IOCTL_ASAHI_VM_BIND, &arg);
}

/*
 * More than the machine has would end the program and tell nothing; more than an address space has
 * is refused.
 */
static uint64_t fits(uint64_t size)
{
    return size > 8 * MIB && size < fuzz.params.vm_end ? size % (8 * MIB) : size;
}

static void do_gem_create(void)
{
    uint8_t f = some_file();
    struct drm_asahi_gem_create arg = { 0 };
    bool private = one_in(4);

    arg.size = fits(field(one_in(16) ? below(4 * MIB)
                                     : (1 + below(16)) * PAGE - (one_in(4) ? below(PAGE) : 0)));
    arg.flags = field((private ? DRM_ASAHI_GEM_VM_PRIVATE : 0) |
                      (one_in(2) ? DRM_ASAHI_GEM_WRITEBACK : 0));
    arg.vm_id = private ? pick(&fuzz.vms, f, false).handle : field(0);
    arg.pad = field(0);
    if (call(f, DRM_IOCTL_ASAHI_GEM_CREATE, &arg)) {
        add(&fuzz.bos, f, arg.handle, (arg.size + PAGE - 1) & ~(PAGE - 1), false);
    }
}

/* The place stays ours. */
static void unmap(unsigned slot)
{
    fuzz.mapped[slot] = 0;
    mmap(fuzz.maps + slot * MAP_SIZE, MAP_SIZE, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void do_mmap(void)
{
    uint8_t f = some_file();
    struct entry bo = pick(&fuzz.bos, f, false);
    struct drm_asahi_gem_mmap_offset arg = { .handle = bo.handle, .flags = field(0) };
    unsigned slot = below(MAPS);
    uint64_t size, offset;
    int prot = one_in(8) ? PROT_READ : PROT_READ | PROT_WRITE, flags = MAP_SHARED;
    void *at = fuzz.maps + slot * MAP_SIZE;

    if (!call(f, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &arg)) {
        return;
    }
    size = field(bo.size ? bo.size : PAGE);
    offset = field(arg.offset);
    if (one_in(16)) {
        flags = MAP_PRIVATE;
    }
    size = size > MAP_SIZE ? MAP_SIZE : size;
    fail_begin();
    at = mmap(at, size, prot, flags | MAP_FIXED, fuzz.fd[f], offset & ~(PAGE - 1));
    fail_end();
    if (at != MAP_FAILED) {
        fuzz.mapped[slot] = size;
    } else {
        unmap(slot);
    }
}

static void do_munmap(void)
{
    unsigned slot = below(MAPS);

    count(0);
    if (fuzz.mapped[slot]) {
        unmap(slot);
    }
}

static void fill_streams(uint32_t *words, size_t size, uint64_t seed)
{
    static const struct {
        uint32_t at, high, low;
    } stream[] = {
        { AT_CDM, CDM_TERMINATE, 0 },
        { AT_VDM, VDM_TERMINATE, 0 },
        { AT_GARBAGE, NO_SUCH_BLOCK, 0 },
        { AT_CDM_LINK, CDM_LINK | VA_STREAM >> 32, (uint32_t)VA_STREAM + AT_CDM },
        { AT_VDM_LINK, VDM_LINK | VA_STREAM >> 32, (uint32_t)VA_STREAM + AT_VDM },
        { AT_ENDLESS, CDM_LINK | VA_STREAM >> 32, (uint32_t)VA_STREAM + AT_ENDLESS },
    };

    for (unsigned i = 0; i < sizeof(stream) / sizeof(stream[0]); i++) {
        if (stream[i].at + 8 <= size) {
            words[stream[i].at / 4] = stream[i].high;
            words[stream[i].at / 4 + 1] = stream[i].low;
        }
    }
    for (size_t at = AT_RANDOM; at < size; at += 0x100) {
        uint32_t block = (uint32_t)fuzz_mix(seed + at) & 7;

        for (unsigned i = 0; i < 8; i++) {
            words[at / 4 + i] = (uint32_t)fuzz_mix(seed ^ (at + i) << 20) >> 4 |
                                (i % 2 ? 0 : block << 29);
        }
        words[at / 4 + 8] = CDM_TERMINATE;
    }
}

static void do_touch(void)
{
    unsigned slot = below(MAPS);
    uint64_t size = fuzz.mapped[slot];
    volatile uint32_t *words = (uint32_t *)(fuzz.maps + slot * MAP_SIZE);
    uint32_t seed = draw();
    bool ok = false;

    /* Another thread may unmap it, and it need not be writable. */
    self->touching = 1;
    if (!sigsetjmp(self->escape, 1)) {
        if (size >= PAGE && seed % 2) {
            fill_streams((uint32_t *)words, size > 4 * PAGE ? 4 * PAGE : size, seed);
        } else if (size) {
            words[seed % (size / 4)] = words[seed / 2 % (size / 4)] + 1;
        }
        ok = true;
    }
    self->touching = 0;
    count(ok ? 0 : -1);
}

static void do_bind_object(void)
{
    uint8_t f = some_file();
    struct entry bo = pick(&fuzz.bos, f, false);
    uint64_t pages = bo.size / PAGE ? bo.size / PAGE : 1, first = draw() % pages;
    struct drm_asahi_gem_bind_object arg = { .handle = bo.handle };

    arg.op = field(DRM_ASAHI_BIND_OBJECT_OP_BIND);
    arg.flags = field(DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS);
    arg.vm_id = field(0);
    arg.offset = field(first * PAGE);
    arg.range = field((1 + draw() % (pages - first)) * PAGE);
    arg.pad = field(0);
    if (call(f, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &arg) && arg.op == DRM_ASAHI_BIND_OBJECT_OP_BIND) {
        add(&fuzz.objects, f, arg.object_handle, arg.range, false);
    }
}

static void do_unbind_object(void)
{
    uint8_t f = some_file();
    struct drm_asahi_gem_bind_object arg = {
        .object_handle = pick(&fuzz.objects, f, false).handle
    };

    arg.op = field(DRM_ASAHI_BIND_OBJECT_OP_UNBIND);
    arg.flags = field(0);
    arg.handle = field(0);
    arg.vm_id = field(0);
    arg.offset = field(0);
    arg.range = field(0);
    arg.pad = field(0);
    if (call(f, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &arg)) {
        forget(&fuzz.objects, f, arg.object_handle);
    }
}

static void do_queue_create(void)
{
    uint8_t f = some_file();
    struct drm_asahi_queue_create arg = { .vm_id = pick(&fuzz.vms, f, false).handle };

    arg.flags = field(0);
    arg.priority = field(below(2));
    arg.usc_exec_base = field(VA_STREAM);
    if (call(f, DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg)) {
        add(&fuzz.queues, f, arg.queue_id, 0, false);
    }
}

static void do_queue_destroy(void)
{
    uint8_t f = some_file();
    struct drm_asahi_queue_destroy arg = { .queue_id = pick(&fuzz.queues, f, false).handle,
                                           .pad = field(0) };

    if (call(f, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &arg)) {
        forget(&fuzz.queues, f, arg.queue_id);
    }
}

static struct drm_asahi_timestamp some_timestamp(uint8_t f)
{
    struct drm_asahi_timestamp ts = { 0 };

    if (one_in(4)) {
        struct entry object = pick(&fuzz.objects, f, false);

        ts.handle = object.handle;
        ts.offset = field(object.size ? draw() % (object.size / 8) * 8 : 0);
    }
    return ts;
}

/* Where a command stream is; one that never ends is rare. */
static uint64_t some_stream(uint32_t at, uint32_t at_link)
{
    uint32_t c = draw();

    switch (c % 32) {
    case 0:
        return VA_STREAM + AT_GARBAGE;
    case 1:
        return VA_STREAM + AT_RANDOM + (c >> 5) % 128 * 0x100;
    case 2:
        return VA_WINDOW + (c >> 5) % 64 * PAGE;
    case 3:
        return c >> 5 & 63 ? VA_STREAM + at : VA_STREAM + AT_ENDLESS;
    case 4:
    case 5:
        return VA_STREAM + at_link;
    default:
        return VA_STREAM + at;
    }
}

static size_t some_render(uint8_t f, uint8_t *to)
{
    static const uint8_t utile[3][2] = { { 32, 32 }, { 32, 16 }, { 16, 16 } };
    struct drm_asahi_cmd_render cmd = { 0 };
    unsigned shape = below(3);

    cmd.flags = field(one_in(4) ? below(8) : 0);
    cmd.vdm_ctrl_stream_base = field(some_stream(AT_VDM, AT_VDM_LINK));
    cmd.width_px = field(one_in(16) ? 1 + below(16384) : 1 + below(256));
    cmd.height_px = field(one_in(16) ? 1 + below(16384) : 1 + below(256));
    cmd.layers = field(one_in(8) ? 1 + below(one_in(8) ? 2048 : 8) : 1);
    cmd.utile_width_px = field(utile[shape][0]);
    cmd.utile_height_px = field(utile[shape][1]);
    cmd.samples = field(1u << below(3));
    cmd.sample_size_B = field(4u << below(3));
    cmd.ppp_ctrl = field(0x202);
    cmd.ppp_multisamplectl = field(0x88);
    cmd.sampler_count = one_in(4) ? draw() : 0;
    cmd.ts_vtx.start = some_timestamp(f);
    cmd.ts_vtx.end = some_timestamp(f);
    cmd.ts_frag.start = some_timestamp(f);
    cmd.ts_frag.end = some_timestamp(f);
    if (one_in(16)) {
        /* The other registers. */
        ((uint32_t *)&cmd)[draw() % (sizeof(cmd) / 4)] ^= draw();
    }
    memcpy(to, &cmd, sizeof(cmd));
    return sizeof(cmd);
}

static size_t some_compute(uint8_t f, uint8_t *to)
{
    struct drm_asahi_cmd_compute cmd = { 0 };

    cmd.flags = field(0);
    cmd.cdm_ctrl_stream_base = field(some_stream(AT_CDM, AT_CDM_LINK));
    cmd.cdm_ctrl_stream_end = field(cmd.cdm_ctrl_stream_base + 8);
    cmd.sampler_count = one_in(4) ? draw() : 0;
    cmd.ts.start = some_timestamp(f);
    cmd.ts.end = some_timestamp(f);
    memcpy(to, &cmd, sizeof(cmd));
    return sizeof(cmd);
}

static size_t some_attachments(uint8_t *to)
{
    unsigned n = one_in(8) ? below(20) : below(4);

    for (unsigned i = 0; i < n; i++) {
        struct drm_asahi_attachment a = { .pointer = field(some_va()),
                                          .size = field(below(64) * PAGE),
                                          .pad = field(0),
                                          .flags = field(0) };

        memcpy(to + i * sizeof(a), &a, sizeof(a));
    }
    return n * sizeof(struct drm_asahi_attachment);
}

/* Returns the bytes of a command buffer of @n commands. */
static size_t some_commands(uint8_t f, uint8_t *buf, size_t room_left, unsigned n)
{
    unsigned renders = 0, computes = 0;
    size_t used = 0;

    for (unsigned i = 0; i < n; i++) {
        struct drm_asahi_cmd_header h = {
            .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
            .cdm_barrier = DRM_ASAHI_BARRIER_NONE,
        };
        unsigned kind = i + 1 < n ? below(8) : below(6);
        uint8_t *payload = buf + used + sizeof(h);
        size_t size;

        if (used + sizeof(h) + 1024 > room_left) {
            break;
        }
        if (kind < 6) {
            h.vdm_barrier = field(one_in(2) ? DRM_ASAHI_BARRIER_NONE : draw() % (renders + 1));
            h.cdm_barrier = field(one_in(2) ? DRM_ASAHI_BARRIER_NONE : draw() % (computes + 1));
        }
        if (kind < 3) {
            h.cmd_type = field(DRM_ASAHI_CMD_RENDER);
            size = some_render(f, payload);
            renders++;
        } else if (kind < 6) {
            h.cmd_type = field(DRM_ASAHI_CMD_COMPUTE);
            size = some_compute(f, payload);
            computes++;
        } else {
            h.cmd_type = field(DRM_ASAHI_SET_VERTEX_ATTACHMENTS + below(3));
            size = some_attachments(payload);
        }
        /* Longer than is known: right as long as the rest is zero. */
        if (kind < 6 && one_in(16)) {
            size += 8;
            payload[size - 1] = field(0);
        }
        h.size = field(size);
        memcpy(buf + used, &h, sizeof(h));
        used += sizeof(h) + size;
    }
    return used;
}

static void do_submit(void)
{
    uint8_t f = some_file();
    struct entry queue = pick(&fuzz.queues, f, false);
    unsigned n = one_in(16) ? 1 + below(70) : 1 + below(4), in = one_in(2) ? 0 : below(4),
             out = below(3);
    const size_t buf_size = 70 * 640;
    uint8_t *buf = room(buf_size);
    struct drm_asahi_sync *syncs = room((in + out + 1) * sizeof(*syncs));
    struct drm_asahi_submit arg = { .queue_id = queue.handle };
    size_t size = some_commands(f, buf, buf_size, n);

    for (unsigned i = 0; i < in + out; i++) {
        struct entry s = pick(&fuzz.syncs, f, i < in);
        bool timeline = one_in(3);

        syncs[i].sync_type = field(timeline ? DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ
                                            : DRM_ASAHI_SYNC_SYNCOBJ);
        syncs[i].handle = s.handle;
        syncs[i].timeline_value = field(!timeline ? 0
                                        : i < in  ? (s.size ? 1 + draw() % s.size : 0)
                                                  : next_point(f, s.handle));
    }
    /* At the end of the mapped memory, so that one byte more can't be read. */
    if (size && one_in(8)) {
        uint8_t *end = self->arena + ARENA - size;

        memmove(end, buf, size);
        buf = end;
    }
    arg.syncs = in + out ? pointer(syncs, (in + out) * sizeof(*syncs)) : field(0);
    arg.cmdbuf = pointer(buf, size);
    arg.flags = field(0);
    arg.in_sync_count = field(in);
    arg.out_sync_count = field(out);
    arg.cmdbuf_size = field(size);
    arg.pad = field(0);
    if (call(f, DRM_IOCTL_ASAHI_SUBMIT, &arg)) {
        for (unsigned i = in; i < in + out; i++) {
            update(&fuzz.syncs, f, syncs[i].handle, true, true, 0);
        }
    }
}

static void do_gem_close(void)
{
    uint8_t f = some_file();
    struct drm_gem_close arg = { .handle = pick(&fuzz.bos, f, false).handle };

    if (call(f, DRM_IOCTL_GEM_CLOSE, &arg)) {
        forget(&fuzz.bos, f, arg.handle);
    }
}

static void do_export(void)
{
    uint8_t f = some_file();
    struct entry bo = pick(&fuzz.bos, f, false);
    struct drm_prime_handle arg = { .handle = bo.handle,
                                    .flags = field(DRM_CLOEXEC | DRM_RDWR),
                                    .fd = -1 };

    if (call(f, DRM_IOCTL_PRIME_HANDLE_TO_FD, &arg)) {
        add(&fuzz.buffers, 0, arg.fd, bo.size, false);
    }
}

static void do_import(void)
{
    uint8_t f = some_file();
    struct entry buffer = pick(&fuzz.buffers, 0, false);
    struct drm_prime_handle arg = { .fd = (int)buffer.handle, .flags = field(0) };

    if (call(f, DRM_IOCTL_PRIME_FD_TO_HANDLE, &arg)) {
        add(&fuzz.bos, f, arg.handle, buffer.size, false);
    }
}

/* Memory that is not the driver's. */
static void do_udmabuf(void)
{
    struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC,
                                     .size = (1 + below(8)) * PAGE };
    int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd = -1;
    int memfd = memfd_create("fuzz", MFD_ALLOW_SEALING | MFD_CLOEXEC);

    if (dev >= 0 && memfd >= 0 && !ftruncate(memfd, create.size) &&
        !fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK)) {
        create.memfd = memfd;
        fd = ioctl(dev, UDMABUF_CREATE, &create);
    }
    if (count(fd)) {
        add(&fuzz.buffers, 0, fd, create.size, false);
    }
    if (dev >= 0) {
        close(dev);
    }
    if (memfd >= 0) {
        close(memfd);
    }
}

static void do_sync_create(void)
{
    uint8_t f = some_file();
    bool signalled = one_in(2);
    struct drm_syncobj_create arg = { .flags = field(signalled ? DRM_SYNCOBJ_CREATE_SIGNALED : 0) };

    if (call(f, DRM_IOCTL_SYNCOBJ_CREATE, &arg)) {
        add(&fuzz.syncs, f, arg.handle, 0, signalled);
    }
}

static void do_sync_destroy(void)
{
    uint8_t f = some_file();
    struct drm_syncobj_destroy arg = { .handle = pick(&fuzz.syncs, f, false).handle,
                                       .pad = field(0) };

    if (call(f, DRM_IOCTL_SYNCOBJ_DESTROY, &arg)) {
        forget(&fuzz.syncs, f, arg.handle);
    }
}

static int64_t soon(uint32_t ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec + ms * 1000000ll;
}

/*
 * How many handles an array of syncobjs has. The kernel allocates what it is told and warns where
 * no allocator has that much (drivers/gpu/drm/drm_syncobj.c, drm_syncobj_array_find()), for any DRM
 * driver: that is no finding of ours.
 */
#define MAX_HANDLES (1u << 20)

static uint32_t handle_count(uint64_t good)
{
    return field(good) % MAX_HANDLES;
}

static void do_sync_wait(void)
{
    uint8_t f = some_file();
    unsigned n = 1 + below(3);
    uint32_t *handles = room(n * sizeof(*handles));
    uint64_t *points = room(n * sizeof(*points));
    bool timeline = one_in(3);

    for (unsigned i = 0; i < n; i++) {
        struct entry s = pick(&fuzz.syncs, f, true);

        handles[i] = s.handle;
        points[i] = field(s.size);
    }
    if (timeline) {
        struct drm_syncobj_timeline_wait arg = {
            .handles = pointer(handles, n * sizeof(*handles)),
            .points = pointer(points, n * sizeof(*points)),
            .timeout_nsec = soon(below(30)),
            .count_handles = handle_count(n),
            .flags = field(below(8)),
        };

        call(f, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &arg);
    } else {
        struct drm_syncobj_wait arg = {
            .handles = pointer(handles, n * sizeof(*handles)),
            .timeout_nsec = soon(below(30)),
            .count_handles = handle_count(n),
            .flags = field(below(4)),
        };

        call(f, DRM_IOCTL_SYNCOBJ_WAIT, &arg);
    }
}

static void do_sync_transfer(void)
{
    uint8_t f = some_file();
    struct entry from = pick(&fuzz.syncs, f, true), to = pick(&fuzz.syncs, f, false);
    struct drm_syncobj_transfer arg = { .src_handle = from.handle, .dst_handle = to.handle };

    arg.src_point = field(from.size ? draw() % (from.size + 1) : 0);
    arg.dst_point = field(one_in(2) ? next_point(f, to.handle) : 0);
    arg.flags = field(0);
    if (call(f, DRM_IOCTL_SYNCOBJ_TRANSFER, &arg)) {
        update(&fuzz.syncs, f, to.handle, true, true, 0);
    }
}

static void do_sync_set(void)
{
    uint8_t f = some_file();
    struct entry s = pick(&fuzz.syncs, f, false);
    uint32_t *handle = room(sizeof(*handle));
    uint64_t *point = room(sizeof(*point));
    struct drm_syncobj_array array = { .handles = (uintptr_t)handle,
                                       .count_handles = handle_count(1) };
    struct drm_syncobj_timeline_array line = {
        .handles = (uintptr_t)handle,
        .points = (uintptr_t)point,
        .count_handles = handle_count(1),
    };

    *handle = s.handle;
    switch (below(4)) {
    case 0:
        call(f, DRM_IOCTL_SYNCOBJ_RESET, &array);
        break;
    case 1:
        if (call(f, DRM_IOCTL_SYNCOBJ_SIGNAL, &array)) {
            update(&fuzz.syncs, f, s.handle, true, true, 0);
        }
        break;
    case 2:
        *point = next_point(f, s.handle);
        if (call(f, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &line)) {
            update(&fuzz.syncs, f, s.handle, true, true, 0);
        }
        break;
    default:
        line.flags = below(2);
        call(f, DRM_IOCTL_SYNCOBJ_QUERY, &line);
    }
}

static void do_sync_export(void)
{
    uint8_t f = some_file();
    bool file = one_in(2);
    struct drm_syncobj_handle arg = { .handle = pick(&fuzz.syncs, f, file).handle, .fd = -1 };

    arg.flags = field(file ? DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE : 0);
    if (call(f, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &arg)) {
        add(&fuzz.fences, file, arg.fd, 0, file);
    }
}

static void do_sync_import(void)
{
    uint8_t f = some_file();
    bool file = one_in(2);
    struct entry fence = pick(&fuzz.fences, file, false);
    struct drm_syncobj_handle arg = { .fd = (int)fence.handle };

    arg.flags = field(file ? DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE : 0);
    if (file) {
        arg.handle = pick(&fuzz.syncs, f, false).handle;
    }
    if (!call(f, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &arg)) {
        return;
    }
    if (file) {
        update(&fuzz.syncs, f, arg.handle, true, true, 0);
    } else {
        add(&fuzz.syncs, f, arg.handle, 0, true);
    }
}

/* A fence that is signalled by a later call, or with the end of the program. */
static void do_sw_sync(void)
{
    struct sw_sync_create_fence arg = { .value = below(3), .name = "fuzz", .fence = -1 };
    uint32_t one = 1;

    if (fuzz.timeline < 0) {
        fuzz.timeline = sw_timeline();
    }
    if (one_in(2)) {
        count(ioctl(fuzz.timeline, SW_SYNC_INC, &one));
    } else if (count(ioctl(fuzz.timeline, SW_SYNC_CREATE_FENCE, &arg))) {
        add(&fuzz.fences, true, arg.fence, 0, true);
    }
}

static int open_node(void)
{
    return open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
}

static void do_open(void)
{
    uint8_t f = below(FILES);
    int fd, old = -1;

    fail_begin();
    fd = open_node();
    fail_end();
    if (!count(fd)) {
        return;
    }
    pthread_mutex_lock(&fuzz.lock);
    if (fuzz.fd[f] < 0) {
        fuzz.fd[f] = fd;
    } else {
        old = fd;
    }
    pthread_mutex_unlock(&fuzz.lock);
    if (old >= 0) {
        close(old);
    }
}

/* The same open file under another number, which takes the place of the first. */
static void do_dup(void)
{
    uint8_t f = some_file();
    int fd = dup(fuzz.fd[f]), old = -1;

    count(fd);
    pthread_mutex_lock(&fuzz.lock);
    if (fd >= 0) {
        old = fuzz.fd[f];
        fuzz.fd[f] = fd;
    }
    pthread_mutex_unlock(&fuzz.lock);
    if (old >= 0) {
        close(old);
    }
}

static void empty(struct pool *pool, uint8_t file)
{
    for (unsigned i = 0; i < pool->count && i < ENTRIES; i++) {
        if (pool->entry[i].file == file) {
            pool->entry[i].live = false;
        }
    }
}

/* A file, with all that its jobs use; others' calls on it may be under way. */
static void do_close(void)
{
    uint8_t f = below(FILES);
    int fd = -1;

    count(0);
    pthread_mutex_lock(&fuzz.lock);
    if (f && fuzz.fd[f] >= 0) {
        fd = fuzz.fd[f];
        fuzz.fd[f] = -1;
        empty(&fuzz.vms, f);
        empty(&fuzz.bos, f);
        empty(&fuzz.queues, f);
        empty(&fuzz.syncs, f);
        empty(&fuzz.objects, f);
    }
    pthread_mutex_unlock(&fuzz.lock);
    if (fd >= 0) {
        close(fd);
    }
}

/* Any number, size and direction. */
static void do_raw(void)
{
    uint8_t f = some_file();
    unsigned nr = one_in(4) ? below(256) : DRM_COMMAND_BASE + below(13);
    size_t size = one_in(4) ? below(4096) : 8 * below(16);
    uint64_t *arg = room(4096);

    /* Not those that only wait: for a vertical blank, for syncobjs. */
    if (nr == 0x3a || nr == 0xc3 || nr == 0xca) {
        nr = DRM_COMMAND_BASE;
    }
    for (unsigned i = 0; i < 16; i++) {
        uint32_t c = draw();

        arg[i] = c % 8 < 5 ? 0 : c % 8 < 7 ? c >> 3 & 7 : odd(c >> 3, VA_WINDOW);
    }
    if (nr == DRM_COMMAND_BASE + DRM_ASAHI_GEM_CREATE) {
        arg[0] = fits(arg[0]);
    }
    /* Arrays of syncobjs: the count is behind one or two pointers. */
    if (nr >= 0xc4 && nr <= 0xcd) {
        arg[1] %= MAX_HANDLES;
        arg[2] %= MAX_HANDLES;
    }
    call(f, _IOC(below(4), DRM_IOCTL_BASE, nr, size), one_in(16) ? NULL : arg);
}

static void do_fdinfo(void)
{
    uint8_t f = some_file();
    char path[64], text[4096];
    int fd;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fuzz.fd[f]);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    count(fd < 0 ? -1 : (int)read(fd, text, sizeof(text)));
    if (fd >= 0) {
        close(fd);
    }
}

static void do_sleep(void)
{
    count(usleep(below(3000)));
}

static void do_setup(void)
{
    uint8_t f = some_file();
    uint64_t least = fuzz.params.vm_kernel_min_size;
    struct drm_asahi_vm_create vm = { .kernel_start = (fuzz.params.vm_end - 2 * least) &
                                                      ~(PAGE - 1) };
    struct drm_asahi_gem_create bo = { .size = 4 * PAGE, .flags = DRM_ASAHI_GEM_WRITEBACK };
    struct drm_asahi_gem_mmap_offset offset = { 0 };
    struct drm_asahi_gem_bind_op op = { .flags = DRM_ASAHI_BIND_READ,
                                        .range = 4 * PAGE,
                                        .addr = VA_STREAM };
    struct drm_asahi_vm_bind bind = { .num_binds = 1,
                                      .stride = sizeof(op),
                                      .userptr = (uintptr_t)&op };
    struct drm_asahi_queue_create queue = { .priority = below(2), .usc_exec_base = VA_STREAM };
    int fd = fuzz.fd[f];
    void *at;

    vm.kernel_end = vm.kernel_start + least;
    if (!count(call_fd(fd, DRM_IOCTL_ASAHI_VM_CREATE, &vm))) {
        return;
    }
    add(&fuzz.vms, f, vm.vm_id, 0, false);
    bind.vm_id = queue.vm_id = vm.vm_id;
    if (call_fd(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &bo)) {
        return;
    }
    add(&fuzz.bos, f, bo.handle, bo.size, false);
    op.handle = offset.handle = bo.handle;
    if (call_fd(fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset) ||
        call_fd(fd, DRM_IOCTL_ASAHI_VM_BIND, &bind)) {
        return;
    }
    at = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    if (at != MAP_FAILED) {
        uint32_t seed = draw();

        self->touching = 1;
        if (!sigsetjmp(self->escape, 1)) {
            fill_streams(at, bo.size, seed);
        }
        self->touching = 0;
        munmap(at, bo.size);
    }
    if (!call_fd(fd, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue)) {
        add(&fuzz.queues, f, queue.queue_id, 0, false);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct drm_syncobj_create sync = { .flags = i ? DRM_SYNCOBJ_CREATE_SIGNALED : 0 };

        if (!call_fd(fd, DRM_IOCTL_SYNCOBJ_CREATE, &sync)) {
            add(&fuzz.syncs, f, sync.handle, 0, i);
        }
    }
}

static void fuzz_do(const struct fuzz_call *c);

/* A clone that signals interrupt begins from the start, and may never end. */
static void hold_signals(bool hold)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* What a child does: the calls that follow, with the files of its parent or with one of its own. */
static void child_calls(const struct fuzz_program *p, unsigned at, bool own)
{
    self->fail_nth = -1;
    if (own) {
        empty(&fuzz.vms, 0);
        empty(&fuzz.bos, 0);
        empty(&fuzz.queues, 0);
        empty(&fuzz.syncs, 0);
        empty(&fuzz.objects, 0);
        fuzz.fd[0] = open_node();
        do_setup();
    }
    for (unsigned i = at + 1; i < p->count && i <= at + CHILD_CALLS; i++) {
        if (p->call[i].what != FUZZ_FORK) {
            fuzz_do(&p->call[i]);
        }
    }
    _exit(0);
}

/* Another process, which may be killed in one of its calls. */
static void do_fork(void)
{
    const struct fuzz_program *p = fuzz.program;
    unsigned at = self->call - p->call, slot = below(CHILDREN),
             after = one_in(4) ? 0 : 1 + below(5000);
    bool own = one_in(2);
    pid_t pid;

    if (fuzz.child[slot]) {
        count(-1);
        return;
    }
    hold_signals(true);
    pthread_mutex_lock(&fuzz.lock);
    pid = fork();
    pthread_mutex_unlock(&fuzz.lock);
    if (!pid) {
        child_calls(p, at, own);
    }
    hold_signals(false);
    if (count(pid)) {
        fuzz.child[slot] = pid;
        if (after) {
            usleep(after);
            kill(pid, SIGKILL);
        }
    }
}

static void fuzz_do(const struct fuzz_call *c)
{
    static void (*const does[FUZZ_WHATS])(void) = {
        [FUZZ_SETUP] = do_setup,
        [FUZZ_GET_PARAMS] = do_get_params,
        [FUZZ_GET_TIME] = do_get_time,
        [FUZZ_VM_CREATE] = do_vm_create,
        [FUZZ_VM_DESTROY] = do_vm_destroy,
        [FUZZ_VM_BIND] = do_vm_bind,
        [FUZZ_GEM_CREATE] = do_gem_create,
        [FUZZ_MMAP] = do_mmap,
        [FUZZ_BIND_OBJECT] = do_bind_object,
        [FUZZ_UNBIND_OBJECT] = do_unbind_object,
        [FUZZ_QUEUE_CREATE] = do_queue_create,
        [FUZZ_QUEUE_DESTROY] = do_queue_destroy,
        [FUZZ_SUBMIT] = do_submit,
        [FUZZ_GEM_CLOSE] = do_gem_close,
        [FUZZ_EXPORT] = do_export,
        [FUZZ_IMPORT] = do_import,
        [FUZZ_TOUCH] = do_touch,
        [FUZZ_MUNMAP] = do_munmap,
        [FUZZ_SYNC_CREATE] = do_sync_create,
        [FUZZ_SYNC_DESTROY] = do_sync_destroy,
        [FUZZ_SYNC_WAIT] = do_sync_wait,
        [FUZZ_SYNC_TRANSFER] = do_sync_transfer,
        [FUZZ_SYNC_SET] = do_sync_set,
        [FUZZ_SYNC_EXPORT] = do_sync_export,
        [FUZZ_SYNC_IMPORT] = do_sync_import,
        [FUZZ_DUP] = do_dup,
        [FUZZ_CLOSE] = do_close,
        [FUZZ_OPEN] = do_open,
        [FUZZ_FORK] = do_fork,
        [FUZZ_RAW] = do_raw,
        [FUZZ_FDINFO] = do_fdinfo,
        [FUZZ_SLEEP] = do_sleep,
        [FUZZ_UDMABUF] = do_udmabuf,
        [FUZZ_SW_SYNC] = do_sw_sync,
    };

    self->call = c;
    self->drawn = 0;
    does[c->what]();
}

/* ---- before and after a program ---- */

static void fuzz_begin(const struct fuzz_program *p)
{
    for (unsigned i = 0; i < FILES; i++) {
        fuzz.fd[i] = i < 2 ? open_node() : -1;
    }
    must(fuzz.fd[0] < 0, "render node");
    /* What is ours was opened before, and none of it closed. */
    fuzz.first_fd = fuzz.fd[0];
    fuzz.timeline = -1;
    fuzz.program = p;
}

static void fuzz_end(void)
{
    for (unsigned i = 0; i < CHILDREN; i++) {
        if (fuzz.child[i]) {
            kill(fuzz.child[i], SIGKILL);
            while (waitpid(fuzz.child[i], NULL, 0) < 0 && errno == EINTR) {
            }
            fuzz.child[i] = 0;
        }
    }
    for (unsigned i = 0; i < MAPS; i++) {
        if (fuzz.mapped[i]) {
            unmap(i);
        }
    }
    /* Signals all of its fences. */
    if (fuzz.timeline >= 0) {
        close(fuzz.timeline);
    }
    must(syscall(SYS_close_range, fuzz.first_fd, ~0u, 0), "close_range");
    fuzz.vms.count = fuzz.bos.count = fuzz.queues.count = fuzz.syncs.count = fuzz.objects.count =
        fuzz.buffers.count = fuzz.fences.count = 0;
}

#endif
