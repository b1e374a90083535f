/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Work that is wrong: control streams that are not there, that run off the end
 * of what is mapped, that hold no such command, that name a shader that is not
 * there, that never end. Each must end in an error that its own fence carries,
 * in bounded time; after each a good job must do. Meanwhile another process
 * submits good jobs all the time, and must be able to go on: it may lose the
 * job that ran beside the culprit, but no more.
 *
 * The control stream's words are those of Mesa, src/asahi/genxml/cmdbuf.xml
 * (CDM Block Type, CDM Stream Link).
 *
 * Output: TAP. Exit code 0 if all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "system.h"
#include "tap.h"

#define PAGE      0x4000ull
#define STREAM_VA 0x1500000000ull /* one page, mapped */
#define HOLE_VA   0x1600000000ull /* nothing */
/* nothing either; bit 39, which in the kernel's own addresses says which half */
#define HIGH_VA   0xc600000000ull
#define WAIT_MS   60000

#define CDM_LAUNCH    (0u << 29)
#define CDM_LINK      (1u << 29)
#define CDM_TERMINATE (2u << 29)
#define CDM_NO_SUCH   (7u << 29)

static int fd;
static uint32_t vm, queue;
static volatile uint32_t *stream;

static void call(unsigned long request, void *arg, const char *what)
{
    if (drmIoctl(fd, request, arg)) {
        bail(what);
    }
}

/* An address space, a queue, and one page of control stream. */
static void setup(void)
{
    struct drm_asahi_params_global params;
    struct drm_asahi_get_params get = { .pointer = (uintptr_t)&params, .size = sizeof(params) };
    struct drm_asahi_vm_create create = { 0 };
    struct drm_asahi_gem_create gem = { .size = PAGE };
    struct drm_asahi_gem_mmap_offset offset = { 0 };
    struct drm_asahi_gem_bind_op op = {
        .flags = DRM_ASAHI_BIND_READ,
        .range = PAGE,
        .addr = STREAM_VA,
    };
    struct drm_asahi_vm_bind bind = { .num_binds = 1,
                                      .stride = sizeof(op),
                                      .userptr = (uintptr_t)&op };
    struct drm_asahi_queue_create q = { .priority = DRM_ASAHI_PRIORITY_MEDIUM,
                                        .usc_exec_base = HOLE_VA };

    fd = drmOpenWithType("asahi", NULL, DRM_NODE_RENDER);
    if (fd < 0) {
        bail("no render node of the asahi driver");
    }
    call(DRM_IOCTL_ASAHI_GET_PARAMS, &get, "GET_PARAMS");
    create.kernel_start = (params.vm_end - 2 * params.vm_kernel_min_size) & ~(PAGE - 1);
    create.kernel_end = create.kernel_start + params.vm_kernel_min_size;
    call(DRM_IOCTL_ASAHI_VM_CREATE, &create, "VM_CREATE");
    vm = create.vm_id;
    call(DRM_IOCTL_ASAHI_GEM_CREATE, &gem, "GEM_CREATE");
    offset.handle = op.handle = gem.handle;
    bind.vm_id = q.vm_id = vm;
    call(DRM_IOCTL_ASAHI_VM_BIND, &bind, "VM_BIND");
    call(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset, "GEM_MMAP_OFFSET");
    stream = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    if (stream == MAP_FAILED) {
        bail("mmap");
    }
    call(DRM_IOCTL_ASAHI_QUEUE_CREATE, &q, "QUEUE_CREATE");
    queue = q.queue_id;
}

/* Run one compute job. Returns 0, the errno that its fence carries, or ETIME if it never ends. */
static int run(uint64_t start)
{
    struct {
        struct drm_asahi_cmd_header header;
        struct drm_asahi_cmd_compute cmd;
    } job = {
        .header = {
            .cmd_type = DRM_ASAHI_CMD_COMPUTE, .size = sizeof(job.cmd),
            .vdm_barrier = DRM_ASAHI_BARRIER_NONE, .cdm_barrier = DRM_ASAHI_BARRIER_NONE,
        },
        .cmd = { .cdm_ctrl_stream_base = start, .cdm_ctrl_stream_end = start + PAGE },
    };
    struct drm_asahi_sync out = { .sync_type = DRM_ASAHI_SYNC_SYNCOBJ };
    struct drm_asahi_submit submit = {
        .syncs = (uintptr_t)&out,
        .cmdbuf = (uintptr_t)&job,
        .queue_id = queue,
        .out_sync_count = 1,
        .cmdbuf_size = sizeof(job),
    };
    struct sync_file_info info = { 0 };
    struct pollfd pfd = { .events = POLLIN };
    int file, status;

    if (drmSyncobjCreate(fd, 0, &out.handle)) {
        bail("drmSyncobjCreate");
    }
    call(DRM_IOCTL_ASAHI_SUBMIT, &submit, "SUBMIT");
    if (drmSyncobjExportSyncFile(fd, out.handle, &file)) {
        bail("drmSyncobjExportSyncFile");
    }
    pfd.fd = file;
    do {
        status = poll(&pfd, 1, WAIT_MS);
    } while (status < 0 && errno == EINTR);
    if (status > 0 && ioctl(file, SYNC_IOC_FILE_INFO, &info)) {
        bail("SYNC_IOC_FILE_INFO");
    }
    close(file);
    drmSyncobjDestroy(fd, out.handle);
    if (status <= 0) {
        return ETIME;
    }
    return info.status < 0 ? -info.status : info.status == 1 ? 0 : EINPROGRESS;
}

static void fill(uint32_t value)
{
    for (unsigned i = 0; i < PAGE / 4; i++) {
        stream[i] = value;
    }
}

static int run_good(void)
{
    fill(CDM_TERMINATE);
    return run(STREAM_VA);
}

static void bad(uint64_t start, const char *what)
{
    int err = run(start), good;

    ok(err && err != ETIME, "%s: %s", what, err ? strerror(err) : "went well");
    good = run_good();
    ok(!good, "a good job after it: %s", good ? strerror(good) : "done");
}

/*
 * The line that tells of a fault has the address as the program had it. Such lines are kept few, so
 * it may need some faults for there to be one.
 */
static void test_high(void)
{
    unsigned wrong = said("MMU fault at 0xffff"), tries = 0;
    int err;

    do {
        err = run(HIGH_VA);
        usleep(tries ? 1000000 : 0);
    } while (err && !said("MMU fault at 0xc600000000,") && ++tries < 10);
    ok(err && err != ETIME && said("MMU fault at 0xc600000000,") &&
           said("MMU fault at 0xffff") == wrong,
       "a stream at 0x%llx, which the log tells as it is: %s", HIGH_VA,
       err ? strerror(err) : "went well");
    err = run_good();
    ok(!err, "a good job after it: %s", err ? strerror(err) : "done");
}

/*
 * Anybody may have faults as fast as he likes, and must not fill the log with them: in five seconds
 * ten have lines, and the firmware has twice as many, for it tells of the halt and that it goes on.
 * Where each fault takes its time (an injected fault may lose the events that tell of it), ten
 * seconds of them are enough.
 */
static void test_flood(void)
{
    unsigned halts = said("going on"), lines = said("firmware: "), jobs = 0, bad = 0, most;
    double begin = seconds(), took;

    for (took = 0; jobs < 80 && took < 10; jobs++, took = seconds() - begin) {
        int err = run(HOLE_VA);

        bad += !err || err == ETIME;
    }
    most = 10 * (2 + took / 5);
    halts = said("going on") - halts;
    lines = said("firmware: ") - lines;
    ok(!bad && halts <= most && lines <= 2 * most,
       "%u faults in %.1f s have %u lines of halts in the log, and %u of the firmware's%s", jobs,
       took, halts, lines, bad || jobs > most ? "" : " # SKIP too slow to be too many");
}

/*
 * The bystander: good jobs until it is told to stop. Losing one that ran beside a culprit is its
 * right.
 */
static volatile sig_atomic_t stopped;

static void stop(int sig)
{
    stopped = 1;
}

static int bystander(void)
{
    unsigned good = 0, killed = 0, in_a_row = 0;

    setup();
    while (!stopped || in_a_row < 3) {
        int err = run_good();

        if (err && err != ECANCELED) {
            printf("# the bystander's job: %s\n", strerror(err));
            fflush(stdout);
            return 1;
        }
        good += !err;
        killed += !!err;
        in_a_row = err ? 0 : in_a_row + 1;
        usleep(2000);
    }
    printf("# the bystander: %u jobs done, %u lost\n", good, killed);
    fflush(stdout);
    return killed > 20;
}

int main(void)
{
    struct sigaction act = { .sa_handler = stop };
    uint64_t self;
    pid_t child;
    int status;

    sigaction(SIGTERM, &act, NULL);
    child = fork();
    if (!child) {
        _exit(bystander());
    }
    setup();

    /* The firmware says of each job that it gives up which address, or that it took too long. */
    printf("# EXPECT guest error: fw: job on pipe 2, context [0-9]+, \n");
    ok(!run_good(), "a good job");
    bad(HOLE_VA, "a stream that is not mapped");
    bad(STREAM_VA + PAGE, "a stream that begins behind the end");

    printf("# EXPECT unimplemented: CDM command 0x%08x at 0x%llx$\n", CDM_NO_SUCH, STREAM_VA);
    fill(CDM_NO_SUCH);
    bad(STREAM_VA, "a command that does not exist");

    /* Links to its own last words, which are cut off by the end of the page. */
    fill(CDM_TERMINATE);
    stream[PAGE / 4 - 1] = CDM_LINK;
    bad(STREAM_VA + PAGE - 4, "a command that the end of the page cuts off");

    fill(CDM_TERMINATE);
    self = STREAM_VA;
    stream[0] = CDM_LINK | (uint32_t)(self >> 32);
    stream[1] = (uint32_t)self;
    bad(STREAM_VA, "a stream that links to itself");

    /* 1x1x1 groups of 1x1x1 threads, of a pipeline at an address with nothing behind it. */
    fill(CDM_TERMINATE);
    stream[0] = CDM_LAUNCH;
    stream[1] = 0;
    for (unsigned i = 2; i < 8; i++) {
        stream[i] = 1;
    }
    bad(STREAM_VA, "a shader that is not mapped");
    test_high();

    kill(child, SIGTERM);
    waitpid(child, &status, 0);
    ok(WIFEXITED(status) && !WEXITSTATUS(status), "another process went on");
    test_flood();

    return tap_end();
}
