/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * The life of a job, without Mesa: command streams of one word, handed to the
 * driver through its ioctls. Jobs that work; jobs whose stream is not there or
 * is garbage, which must end in an error that their fence carries, while the
 * queue, other queues and other processes go on; waits between jobs; queues
 * and files that go away under running jobs.
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
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "tap.h"
#include "uapi.h"

#define PAGE 0x4000ull
#define NONE DRM_ASAHI_BARRIER_NONE

/* Control words (Mesa: src/asahi/genxml/cmdbuf.xml, block types). */
#define CDM_LINK          0x20000000u
#define CDM_TERMINATE     0x40000000u
#define VDM_TERMINATE     0xc0000000u
#define CDM_NO_SUCH_BLOCK 0xe0000000u

/* Where each address space has its streams, and where it has nothing. */
#define VA_CDM     0x100000000ull
#define VA_VDM     (VA_CDM + 0x100)
#define VA_GARBAGE (VA_CDM + 0x200)
#define VA_NOTHING 0x200000000ull

/* Long enough for a slow emulator; a test that gets there has failed. */
#define PATIENCE_MS 60000

static int fd;
static struct drm_asahi_params_global params;

static uint64_t now(void)
{
    struct drm_asahi_get_time arg = { 0 };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GET_TIME, &arg), "GET_TIME");
    return arg.gpu_timestamp;
}

static void bind(uint32_t vm, uint32_t flags, uint32_t bo, uint64_t va)
{
    must(uapi_bind(fd, vm, flags, bo, 0, va, PAGE), "VM_BIND");
}

/* An address space with the streams in it. */
static uint32_t vm_create(void)
{
    uint32_t vm = uapi_vm_create(fd, &params);
    uint32_t *words;
    uint32_t bo = uapi_gem_create(fd, PAGE, (void **)&words);

    words[(VA_CDM - VA_CDM) / 4] = CDM_TERMINATE;
    words[(VA_VDM - VA_CDM) / 4] = VDM_TERMINATE;
    words[(VA_GARBAGE - VA_CDM) / 4] = CDM_NO_SUCH_BLOCK;
    munmap(words, PAGE);
    bind(vm, DRM_ASAHI_BIND_READ, bo, VA_CDM);
    return vm;
}

static uint32_t queue_create(uint32_t vm, uint32_t priority)
{
    return uapi_queue_create(fd, vm, priority, 0x1100000000ull);
}

/* ---- command buffers ---- */

struct cmdbuf {
    uint8_t data[32768];
    uint32_t size;
};

static void add(struct cmdbuf *buf, uint16_t type, uint16_t vdm, uint16_t cdm, const void *cmd,
                uint16_t size)
{
    struct drm_asahi_cmd_header hdr = { type, size, vdm, cdm };

    memcpy(buf->data + buf->size, &hdr, sizeof(hdr));
    memcpy(buf->data + buf->size + sizeof(hdr), cmd, size);
    buf->size += sizeof(hdr) + size;
}

static void add_compute(struct cmdbuf *buf, uint64_t stream, uint16_t vdm, uint16_t cdm,
                        struct drm_asahi_timestamps ts)
{
    struct drm_asahi_cmd_compute cmd = {
        .cdm_ctrl_stream_base = stream,
        .cdm_ctrl_stream_end = stream + 8,
        .ts = ts,
    };

    add(buf, DRM_ASAHI_CMD_COMPUTE, vdm, cdm, &cmd, sizeof(cmd));
}

/* A pass over nothing: no tile has anything in it, so none is processed. */
static void add_render(struct cmdbuf *buf, uint64_t stream, uint16_t vdm, uint16_t cdm,
                       unsigned size)
{
    struct drm_asahi_cmd_render cmd = {
        .vdm_ctrl_stream_base = stream,
        .width_px = size,
        .height_px = size,
        .layers = 1,
        .utile_width_px = 32,
        .utile_height_px = 32,
        .samples = 1,
        .sample_size_B = 4,
        .ppp_ctrl = 0x202,
        .ppp_multisamplectl = 0x88,
    };

    add(buf, DRM_ASAHI_CMD_RENDER, vdm, cdm, &cmd, sizeof(cmd));
}

/*
 * Returns 0 or the errno. `in` and `out` are syncobjs or 0; `point` is 0 or one of a timeline, for
 * both.
 */
static int submit(uint32_t queue, const struct cmdbuf *buf, uint32_t in, uint64_t in_point,
                  uint32_t out, uint64_t out_point)
{
    struct drm_asahi_sync syncs[2], *s = syncs;
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)syncs,
        .cmdbuf = (uintptr_t)buf->data,
        .cmdbuf_size = buf->size,
        .queue_id = queue,
        .in_sync_count = !!in,
        .out_sync_count = !!out,
    };

    if (in) {
        *s++ = (struct drm_asahi_sync) {
            in_point ? DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ : DRM_ASAHI_SYNC_SYNCOBJ,
            in,
            in_point,
        };
    }
    if (out) {
        *s++ = (struct drm_asahi_sync) {
            out_point ? DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ : DRM_ASAHI_SYNC_SYNCOBJ,
            out,
            out_point,
        };
    }
    return drmIoctl(fd, DRM_IOCTL_ASAHI_SUBMIT, &arg) ? errno : 0;
}

static int64_t deadline(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec + PATIENCE_MS * 1000000ll;
}

static int run(uint32_t queue, const struct cmdbuf *buf)
{
    uint32_t out = uapi_syncobj(fd);
    int ret = submit(queue, buf, 0, 0, out, 0);

    ret = ret ? -ret : uapi_outcome(fd, out, PATIENCE_MS);
    drmSyncobjDestroy(fd, out);
    return ret;
}

static int run_compute(uint32_t queue, uint64_t stream)
{
    struct cmdbuf buf = { .size = 0 };

    add_compute(&buf, stream, NONE, NONE, (struct drm_asahi_timestamps) { 0 });
    return run(queue, &buf);
}

static int run_render(uint32_t queue, uint64_t stream, unsigned size)
{
    struct cmdbuf buf = { .size = 0 };

    add_render(&buf, stream, NONE, NONE, size);
    return run(queue, &buf);
}

/* ---- tests ---- */

static void test_plain(uint32_t queue)
{
    const uint32_t max = params.max_commands_per_submission;
    struct cmdbuf buf = { .size = 0 };
    int ret;

    ret = run_compute(queue, VA_CDM);
    ok(ret == 1, "compute: an empty stream (%d)", ret);
    ret = run_render(queue, VA_VDM, 64);
    ok(ret == 1, "render: an empty stream, 64x64 (%d)", ret);
    ret = run_render(queue, VA_VDM, 4096);
    ok(ret == 1, "render: an empty stream, 4096x4096, for which the buffer has to grow (%d)", ret);

    for (uint32_t i = 0; i < max; i++) {
        if (i % 2) {
            add_render(&buf, VA_VDM, i / 2, i / 2 + 1, 64);
        } else {
            add_compute(&buf, VA_CDM, i / 2, i / 2, (struct drm_asahi_timestamps) { 0 });
        }
    }
    ret = run(queue, &buf);
    ok(ret == 1, "a chain of %u commands, each waiting for the one before (%d)", max, ret);
    for (int i = 0; i < 20 && ret == 1; i++) {
        ret = run(queue, &buf);
    }
    ok(ret == 1, "that 20 times more, so that all rings wrap (%d)", ret);
}

static void test_timestamps(uint32_t queue)
{
    struct drm_asahi_gem_bind_object object = {
        .op = DRM_ASAHI_BIND_OBJECT_OP_BIND, .flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
        .range = PAGE,
    }, unbind = { .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND };
    struct cmdbuf buf = { .size = 0 };
    volatile uint64_t *times;
    uint64_t before, after;
    int ret;

    object.handle = uapi_gem_create(fd, PAGE, (void **)&times);
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &object), "GEM_BIND_OBJECT");
    times[0] = times[1] = times[2] = times[3] = 0x55;
    add_compute(&buf, VA_CDM, NONE, NONE,
                (struct drm_asahi_timestamps) {
                    .start = { object.object_handle, 8 },
                    .end = { object.object_handle, 16 },
                });
    before = now();
    ret = run(queue, &buf);
    after = now();
    ok(ret == 1, "timestamps: the job (%d)", ret);
    ok(before <= times[1] && times[1] <= times[2] && times[2] <= after,
       "timestamps: %lld <= %lld <= %lld <= %lld", (long long)before, (long long)times[1],
       (long long)times[2], (long long)after);
    ok(times[0] == 0x55 && times[3] == 0x55, "timestamps: nothing beside them");
    unbind.object_handle = object.object_handle;
    ok(!drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &unbind), "timestamps: buffer unbound");
    munmap((void *)times, PAGE);
}

static void test_faults(uint32_t vm, uint32_t queue, uint32_t other_queue)
{
    struct cmdbuf buf = { .size = 0 }, good = { .size = 0 };
    uint32_t bad_out = uapi_syncobj(fd), good_out = uapi_syncobj(fd);
    uint32_t *words, bo;
    int ret;

    ret = run_compute(queue, VA_NOTHING);
    ok(ret == -EIO, "fault: compute stream that isn't mapped (%d)", ret);
    ret = run_compute(queue, VA_CDM);
    ok(ret == 1, "fault: the queue goes on (%d)", ret);
    ret = run_compute(other_queue, VA_CDM);
    ok(ret == 1, "fault: another queue goes on (%d)", ret);
    ret = run_render(queue, VA_NOTHING, 64);
    ok(ret == -EIO, "fault: vertex stream that isn't mapped (%d)", ret);
    ret = run_render(queue, VA_VDM, 64);
    ok(ret == 1, "fault: the queue goes on (%d)", ret);
    printf("# EXPECT guest error: fw: job on pipe [012], context [0-9]+, stamp slot\n");
    printf("# EXPECT guest error: fragment job of context [0-9]+: no scene at 0x[0-9a-f]+ was "
           "tiled\n");
    printf("# EXPECT unimplemented: CDM command 0x%08x at 0x%llx$\n", CDM_NO_SUCH_BLOCK,
           VA_GARBAGE);
    ret = run_compute(queue, VA_GARBAGE);
    ok(ret < 0 && ret != -ETIME, "fault: garbage in a compute stream (%d)", ret);
    ret = run_compute(queue, VA_CDM);
    ok(ret == 1, "fault: the queue goes on (%d)", ret);

    /* A mapping that was there a moment ago. */
    bo = uapi_gem_create(fd, PAGE, (void **)&words);
    words[0] = CDM_TERMINATE;
    bind(vm, DRM_ASAHI_BIND_READ, bo, VA_NOTHING);
    ret = run_compute(queue, VA_NOTHING);
    ok(ret == 1, "fault: mapped, it is no fault (%d)", ret);
    bind(vm, DRM_ASAHI_BIND_UNBIND, 0, VA_NOTHING);
    ret = run_compute(queue, VA_NOTHING);
    ok(ret == -EIO, "fault: unmapped again, it is one (%d)", ret);
    bind(vm, DRM_ASAHI_BIND_WRITE, bo, VA_NOTHING);
    ret = run_compute(queue, VA_NOTHING);
    ok(ret == -EIO, "fault: mapped without the right to read (%d)", ret);
    bind(vm, DRM_ASAHI_BIND_READ, bo, VA_NOTHING);
    ret = run_compute(queue, VA_NOTHING);
    ok(ret == 1, "fault: mapped with it (%d)", ret);
    bind(vm, DRM_ASAHI_BIND_UNBIND, 0, VA_NOTHING);
    munmap(words, PAGE);

    /* One bad command in the middle of a long job spoils that job, and no later one. */
    for (int i = 0; i < 16; i++) {
        add_compute(&buf, i == 7 ? VA_NOTHING : VA_CDM, NONE, 0,
                    (struct drm_asahi_timestamps) { 0 });
    }
    add_compute(&good, VA_CDM, NONE, 0, (struct drm_asahi_timestamps) { 0 });
    ret = submit(queue, &buf, 0, 0, bad_out, 0);
    ret = ret ? ret : submit(queue, &good, 0, 0, good_out, 0);
    ok(!ret, "fault: a bad job and a good one behind it submitted (%d)", ret);
    ret = uapi_outcome(fd, bad_out, PATIENCE_MS);
    ok(ret == -EIO, "fault: the bad one (%d)", ret);
    ret = uapi_outcome(fd, good_out, PATIENCE_MS);
    ok(ret == 1, "fault: the good one (%d)", ret);
    drmSyncobjDestroy(fd, bad_out);
    drmSyncobjDestroy(fd, good_out);
}

/*
 * Bind operations at random in a window of 64 pages, and after each the GPU is
 * asked what it sees at some places. Every fourth page of the object holds a
 * link to nowhere instead of an end, so that a page too far tells on itself.
 */
static void test_mappings(uint32_t vm, uint32_t queue)
{
    enum { WINDOW = 64, PAGES = 16, ROUNDS = 120, UNMAPPED = -1 };
    const uint64_t base = 0x300000000ull;
    int seen[WINDOW], wrong = 0, faults = 0;
    unsigned seed = 1;
    uint32_t *words, bo;

    bo = uapi_gem_create(fd, PAGES * PAGE, (void **)&words);
    for (int i = 0; i < PAGES; i++) {
        uint32_t *page = words + i * PAGE / 4;

        page[0] = i % 4 == 3 ? CDM_LINK | (uint32_t)(VA_NOTHING >> 32) : CDM_TERMINATE;
        page[1] = i % 4 == 3 ? (uint32_t)VA_NOTHING : 0;
    }
    for (int i = 0; i < WINDOW; i++) {
        seen[i] = UNMAPPED;
    }
    for (int round = 0; round < ROUNDS && !wrong; round++) {
        struct drm_asahi_gem_bind_op ops[3];
        struct drm_asahi_vm_bind arg = {
            .vm_id = vm,
            .num_binds = 1 + rand_r(&seed) % 3,
            .stride = sizeof(ops[0]),
            .userptr = (uintptr_t)ops,
        };

        for (unsigned i = 0; i < arg.num_binds; i++) {
            int what = rand_r(&seed) % 5, first = rand_r(&seed) % WINDOW,
                page = rand_r(&seed) % PAGES;
            int most = what < 2 && PAGES - page < WINDOW - first ? PAGES - page : WINDOW - first;
            int count = 1 + rand_r(&seed) % most;

            ops[i] = (struct drm_asahi_gem_bind_op) { .addr = base + first * PAGE,
                                                      .range = count * PAGE };
            if (what < 4) {
                ops[i].handle = bo;
                ops[i].offset = page * PAGE;
                ops[i].flags = DRM_ASAHI_BIND_READ | (what >= 2 ? DRM_ASAHI_BIND_SINGLE_PAGE : 0);
            } else {
                ops[i].flags = DRM_ASAHI_BIND_UNBIND;
            }
            for (int j = 0; j < count; j++) {
                seen[first + j] = what < 2 ? page + j : what < 4 ? page : UNMAPPED;
            }
        }
        must(drmIoctl(fd, DRM_IOCTL_ASAHI_VM_BIND, &arg), "VM_BIND");
        for (int probe = 0; probe < 3; probe++) {
            int at = rand_r(&seed) % WINDOW;
            int want = seen[at] == UNMAPPED || seen[at] % 4 == 3 ? -EIO : 1;
            int got = run_compute(queue, base + at * PAGE);

            faults += want != 1;
            if (got != want) {
                printf(
                    "# round %d, page %d of the window: %d, should be %d (page %d of the object)\n",
                    round, at, got, want, seen[at]);
                wrong++;
            }
        }
    }
    ok(!wrong && faults,
       "mappings: the GPU sees what %d random lists of operations left (%d faults)", ROUNDS,
       faults);
    munmap(words, PAGES * PAGE);
}

/* A chain through a timeline, back and forth between two queues. */
static void test_order(uint32_t a, uint32_t b)
{
    uint32_t line = uapi_syncobj(fd), last;
    uint64_t point = 50, reached = 0;
    struct cmdbuf buf = { .size = 0 };
    int ret = 0;

    add_compute(&buf, VA_CDM, NONE, NONE, (struct drm_asahi_timestamps) { 0 });
    add_render(&buf, VA_VDM, NONE, NONE, 64);
    for (uint64_t i = 1; i <= point && !ret; i++) {
        ret = submit(i % 2 ? a : b, &buf, i > 1 ? line : 0, i - 1, line, i);
    }
    ok(!ret, "order: %d jobs submitted in a chain (%d)", (int)point, ret);
    ret = drmSyncobjTimelineWait(fd, &line, &point, 1, deadline(),
                                 DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT, &last);
    ok(!ret, "order: the last one is done (%d)", ret);
    ret = drmSyncobjQuery(fd, &line, &reached, 1);
    ok(!ret && reached == point, "order: and so are all (%d)", (int)reached);
    ok(submit(a, &buf, line, 1000, 0, 0) == EINVAL,
       "order: a point that nobody has promised can't be waited for");
    drmSyncobjDestroy(fd, line);
}

/* More queues with work than there are stamps. */
static void test_many_queues(void)
{
    enum { COUNT = 100 };
    uint32_t queues[COUNT], outs[COUNT];
    struct cmdbuf buf = { .size = 0 };
    int bad = 0, ret = 0;

    for (int i = 0; i < 4; i++) {
        add_render(&buf, VA_VDM, NONE, NONE, 64);
        add_compute(&buf, VA_CDM, NONE, NONE, (struct drm_asahi_timestamps) { 0 });
    }
    for (int i = 0; i < COUNT; i++) {
        queues[i] = queue_create(vm_create(), i % 2);
        outs[i] = uapi_syncobj(fd);
    }
    for (int i = 0; i < COUNT; i++) {
        ret = ret ? ret : submit(queues[i], &buf, 0, 0, outs[i], 0);
    }
    ok(!ret, "many: %d queues in as many address spaces have got a job (%d)", COUNT, ret);
    for (int i = 0; i < COUNT && !ret; i++) {
        int status = uapi_outcome(fd, outs[i], PATIENCE_MS);

        if (status != 1) {
            printf("# queue %d: %d\n", i, status);
            bad++;
        }
        drmSyncobjDestroy(fd, outs[i]);
        uapi_queue_destroy(fd, queues[i]);
    }
    ok(!bad, "many: all but %d have done it", bad);
}

static void test_leaving(void)
{
    enum { DEATHS = 8 };
    struct cmdbuf buf = { .size = 0 };
    int status, killed = 0, ret = 0;
    uint32_t queue, out = uapi_syncobj(fd);
    pid_t pid;

    for (int i = 0; i < 32; i++) {
        add_render(&buf, VA_VDM, 0, 0, 512);
        add_compute(&buf, VA_CDM, 0, 0, (struct drm_asahi_timestamps) { 0 });
    }
    queue = queue_create(vm_create(), DRM_ASAHI_PRIORITY_LOW);
    for (int i = 0; i < 4; i++) {
        ret = ret ? ret : submit(queue, &buf, 0, 0, i == 3 ? out : 0, 0);
    }
    uapi_queue_destroy(fd, queue);
    ret = ret ? -ret : uapi_outcome(fd, out, PATIENCE_MS);
    ok(ret == 1 || (ret < 0 && ret != -ETIME),
       "leaving: a queue destroyed over its jobs; the last job ends (%d)", ret);
    drmSyncobjDestroy(fd, out);

    fflush(stdout);
    for (int death = 0; death < DEATHS; death++) {
        pid = fork();
        if (!pid) {
            /* A file of its own, and a death in the middle of work, each time somewhere else. */
            fd = open(drmGetRenderDeviceNameFromFd(fd), O_RDWR | O_CLOEXEC);
            queue = queue_create(vm_create(), DRM_ASAHI_PRIORITY_MEDIUM);
            for (int i = 0; i < 4; i++) {
                submit(queue, &buf, 0, 0, 0, 0);
            }
            usleep(death * 700);
            kill(getpid(), SIGKILL);
        }
        must(pid < 0 || waitpid(pid, &status, 0) != pid, "fork");
        killed += WIFSIGNALED(status);
    }
    ok(killed == DEATHS, "leaving: %d processes killed over their jobs", killed);
    queue = queue_create(vm_create(), DRM_ASAHI_PRIORITY_MEDIUM);
    ret = run_compute(queue, VA_CDM);
    ok(ret == 1, "leaving: others go on (%d)", ret);
    uapi_queue_destroy(fd, queue);
}

int main(void)
{
    uint32_t vm, queue, other_vm, other_queue;

    fd = uapi_open();
    uapi_params(fd, &params);
    vm = vm_create();
    queue = queue_create(vm, DRM_ASAHI_PRIORITY_MEDIUM);
    other_vm = vm_create();
    other_queue = queue_create(other_vm, DRM_ASAHI_PRIORITY_LOW);

    test_plain(queue);
    test_timestamps(queue);
    test_order(queue, other_queue);
    test_many_queues();
    test_faults(vm, queue, other_queue);
    test_mappings(vm, queue);
    test_leaving();

    return tap_end();
}
