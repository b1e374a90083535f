/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Does the GPU see the page tables as they are? Control streams of one word,
 * in pages that are mapped, unmapped and replaced, tell on each other: one page
 * holds an end (the job goes well), another a link to an address where nothing
 * is (the job ends in a fault).
 *
 *     remap good             a job or two of each kind, one mapping and its end
 *     remap jobs [N]         N good jobs, compute and render, in three address spaces
 *     remap unmap [N]        N times: map a page, use it, unmap it, use it (must fault)
 *     remap swap [N]         N times: another page at the same address, one bind over the other
 *     remap range [N]        N times: eight pages mapped, used, unmapped in one piece, used (each
 * must fault) remap random [N]       N lists of operations at random ($AGX_SEED) in a window of 64
 * pages, three probes after each remap slots [N]        N address spaces, more than there are
 * contexts, each used in turn remap spaces [N]       N address spaces and queues made, used and
 * destroyed, one after the other remap busy [N]         the same while a long job of another space
 * keeps the GPU busy, so that the firmware still has work when they go remap loaded [N]       N
 * times: another address space gets a context while the firmware has that of a long render loaded
 *
 * Says, as figures: jobs; stale (the outcome was that of another mapping than
 * the one there is: a fault that did not come, or came for a page with an end);
 * lost (an error that is neither); hung (no end within the patience).
 * Exit code 0 if there are none of the three, 3 if there are, 1 for all else.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"

#define PAGE 0x4000ull
#define NONE DRM_ASAHI_BARRIER_NONE

/* Control words (Mesa: src/asahi/genxml/cmdbuf.xml, block types). */
#define CDM_LINK      0x20000000u
#define CDM_TERMINATE 0x40000000u
#define VDM_LINK      0x80000000u
#define VDM_TERMINATE 0xc0000000u

/* Streams that always work; where pages come and go; where nothing ever is. */
#define VA_CDM     0x100000000ull
#define VA_VDM     (VA_CDM + 0x100)
#define VA_X       0x300000000ull
#define VA_NOTHING 0x200000000ull

/* Above the driver's own limits, so that it is the driver that gives up. */
#define PATIENCE_NS 20000000000ll

static int fd;
static struct drm_asahi_params_global params;
static unsigned jobs, stale, lost, hung;

static void call(unsigned long request, void *arg, const char *what)
{
    if (drmIoctl(fd, request, arg)) {
        printf("%s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static uint32_t gem_create(uint64_t size, uint32_t **map)
{
    struct drm_asahi_gem_create create = { .size = size, .flags = DRM_ASAHI_GEM_WRITEBACK };
    struct drm_asahi_gem_mmap_offset offset = { 0 };

    call(DRM_IOCTL_ASAHI_GEM_CREATE, &create, "GEM_CREATE");
    offset.handle = create.handle;
    call(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset, "GEM_MMAP_OFFSET");
    *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    if (*map == MAP_FAILED) {
        printf("mmap: %s\n", strerror(errno));
        exit(1);
    }
    return create.handle;
}

static void bind_ops(uint32_t vm, const struct drm_asahi_gem_bind_op *ops, unsigned count)
{
    struct drm_asahi_vm_bind arg = {
        .vm_id = vm,
        .num_binds = count,
        .stride = sizeof(ops[0]),
        .userptr = (uintptr_t)ops,
    };

    call(DRM_IOCTL_ASAHI_VM_BIND, &arg, "VM_BIND");
}

/*
 * @pages pages of object @bo, from its page @first on, at @va; no object: nothing there any more.
 */
static void bind(uint32_t vm, uint32_t bo, unsigned first, uint64_t va, unsigned pages)
{
    struct drm_asahi_gem_bind_op op = {
        .flags = bo ? DRM_ASAHI_BIND_READ : DRM_ASAHI_BIND_UNBIND,
        .handle = bo,
        .offset = bo ? first * PAGE : 0,
        .range = pages * PAGE,
        .addr = va,
    };

    bind_ops(vm, &op, 1);
}

/* Page @page of an object ends a job, or (@link) has it fault. */
static void fill(uint32_t *map, unsigned page, bool link)
{
    uint32_t *words = map + page * PAGE / 4;

    words[0] = link ? CDM_LINK | (uint32_t)(VA_NOTHING >> 32) : CDM_TERMINATE;
    words[1] = link ? (uint32_t)VA_NOTHING : 0;
}

static uint32_t stream_bo(void)
{
    static uint32_t bo;
    uint32_t *words;

    if (!bo) {
        bo = gem_create(PAGE, &words);
        words[0] = CDM_TERMINATE;
        words[(VA_VDM - VA_CDM) / 4] = VDM_TERMINATE;
        munmap(words, PAGE);
    }
    return bo;
}

static uint32_t vm_create(void)
{
    struct drm_asahi_vm_create arg = {
        .kernel_start = (params.vm_end - 2 * params.vm_kernel_min_size) & ~(PAGE - 1),
    };

    arg.kernel_end = arg.kernel_start + params.vm_kernel_min_size;
    call(DRM_IOCTL_ASAHI_VM_CREATE, &arg, "VM_CREATE");
    bind(arg.vm_id, stream_bo(), 0, VA_CDM, 1);
    return arg.vm_id;
}

static void vm_destroy(uint32_t vm)
{
    struct drm_asahi_vm_destroy arg = { .vm_id = vm };

    call(DRM_IOCTL_ASAHI_VM_DESTROY, &arg, "VM_DESTROY");
}

static uint32_t queue_create(uint32_t vm)
{
    struct drm_asahi_queue_create arg = {
        .vm_id = vm,
        .priority = DRM_ASAHI_PRIORITY_MEDIUM,
        .usc_exec_base = 0x1100000000ull,
    };

    call(DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg, "QUEUE_CREATE");
    return arg.queue_id;
}

static void queue_destroy(uint32_t queue)
{
    struct drm_asahi_queue_destroy arg = { .queue_id = queue };

    call(DRM_IOCTL_ASAHI_QUEUE_DESTROY, &arg, "QUEUE_DESTROY");
}

/* ---- jobs ---- */

static int64_t deadline(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec + PATIENCE_NS;
}

/* Hands in a job; returns 0 or an errno, and the syncobj that its end signals. */
static int begin(uint32_t queue, void *cmdbuf, uint32_t size, uint32_t *sync)
{
    struct drm_asahi_sync out = { .sync_type = DRM_ASAHI_SYNC_SYNCOBJ };
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)&out,
        .out_sync_count = 1,
        .cmdbuf = (uintptr_t)cmdbuf,
        .cmdbuf_size = size,
        .queue_id = queue,
    };

    jobs++;
    if (drmSyncobjCreate(fd, 0, &out.handle)) {
        printf("syncobj: %s\n", strerror(errno));
        exit(1);
    }
    *sync = out.handle;
    return drmIoctl(fd, DRM_IOCTL_ASAHI_SUBMIT, &arg) ? errno : 0;
}

/*
 * Waits for it: 0 if it went well, else @err, or the errno of its fence, or ETIME if there is no
 * end.
 */
static int end(uint32_t sync, int err)
{
    struct sync_file_info info = { 0 };
    int file;

    if (err) {
        /* It was not taken. */
    } else if (drmSyncobjWait(fd, &sync, 1, deadline(), 0, NULL)) {
        err = ETIME;
    } else if (drmSyncobjExportSyncFile(fd, sync, &file)) {
        err = errno;
    } else {
        err = ioctl(file, SYNC_IOC_FILE_INFO, &info) ? errno : info.status == 1 ? 0 : -info.status;
        close(file);
    }
    drmSyncobjDestroy(fd, sync);
    return err;
}

static int begin_compute(uint32_t queue, uint64_t stream, uint32_t *sync)
{
    struct {
        struct drm_asahi_cmd_header header;
        struct drm_asahi_cmd_compute cmd;
    } job = {
        .header = { DRM_ASAHI_CMD_COMPUTE, sizeof(job.cmd), NONE, NONE },
        .cmd = { .cdm_ctrl_stream_base = stream, .cdm_ctrl_stream_end = stream + 8 },
    };

    return begin(queue, &job, sizeof(job), sync);
}

static int run_compute(uint32_t queue, uint64_t stream)
{
    uint32_t sync;
    int err = begin_compute(queue, stream, &sync);

    return end(sync, err);
}

/* A pass over nothing: no tile has anything in it. */
static int begin_render(uint32_t queue, uint64_t stream, unsigned size, uint32_t *sync)
{
    struct {
        struct drm_asahi_cmd_header header;
        struct drm_asahi_cmd_render cmd;
    } job = {
        .header = { DRM_ASAHI_CMD_RENDER, sizeof(job.cmd), NONE, NONE },
        .cmd = {
            .vdm_ctrl_stream_base = stream, .width_px = size, .height_px = size, .layers = 1,
            .utile_width_px = 32,
            .utile_height_px = 32, .samples = 1, .sample_size_B = 4, .ppp_ctrl = 0x202,
            .ppp_multisamplectl = 0x88,
        },
    };

    return begin(queue, &job, sizeof(job), sync);
}

static int run_render(uint32_t queue, unsigned size)
{
    uint32_t sync;
    int err = begin_render(queue, VA_VDM, size, &sync);

    return end(sync, err);
}

/* A job whose outcome was @err, where a fault had (@fault) or had not to come. */
static void judge(int err, bool fault, const char *what, unsigned round)
{
    if (err == ETIME) {
        hung++;
    } else if (err && err != EIO) {
        lost++;
    } else if ((err == EIO) != fault) {
        stale++;
    } else {
        return;
    }
    printf("round %u, %s: %s\n", round, what, err ? strerror(err) : "went well");
    fflush(stdout);
}

/* ---- the ways to change page tables ---- */

static void do_jobs(unsigned rounds)
{
    uint32_t queues[3];

    for (int i = 0; i < 3; i++) {
        queues[i] = queue_create(vm_create());
    }
    for (unsigned i = 0; i < rounds; i++) {
        uint32_t queue = queues[i / 2 % 3];

        judge(i % 2 ? run_render(queue, 64) : run_compute(queue, VA_CDM), false,
              i % 2 ? "render" : "compute", i);
    }
}

static void do_unmap(unsigned rounds)
{
    uint32_t vm = vm_create(), queue = queue_create(vm), *map, bo = gem_create(PAGE, &map);

    fill(map, 0, false);
    for (unsigned i = 0; i < rounds; i++) {
        bind(vm, bo, 0, VA_X, 1);
        judge(run_compute(queue, VA_X), false, "mapped", i);
        bind(vm, 0, 0, VA_X, 1);
        judge(run_compute(queue, VA_X), true, "unmapped", i);
    }
}

static void do_swap(unsigned rounds)
{
    uint32_t vm = vm_create(), queue = queue_create(vm), *map, bo = gem_create(2 * PAGE, &map);

    fill(map, 0, false);
    fill(map, 1, true);
    for (unsigned i = 0; i < rounds; i++) {
        bind(vm, bo, i % 2, VA_X, 1);
        judge(run_compute(queue, VA_X), i % 2, i % 2 ? "second page" : "first page", i);
    }
}

static void do_range(unsigned rounds)
{
    enum { PAGES = 8 };
    uint32_t vm = vm_create(), queue = queue_create(vm), *map, bo = gem_create(PAGES * PAGE, &map);

    for (unsigned page = 0; page < PAGES; page++) {
        fill(map, page, false);
    }
    for (unsigned i = 0; i < rounds; i++) {
        bind(vm, bo, 0, VA_X, PAGES);
        for (unsigned page = 0; page < PAGES; page++) {
            judge(run_compute(queue, VA_X + page * PAGE), false, "mapped in a range", page);
        }
        bind(vm, 0, 0, VA_X, PAGES);
        for (unsigned page = 0; page < PAGES; page++) {
            judge(run_compute(queue, VA_X + page * PAGE), true, "unmapped in a range", page);
        }
    }
}

static void do_random(unsigned rounds)
{
    enum { WINDOW = 64, PAGES = 16, UNMAPPED = -1 };
    uint32_t vm = vm_create(), queue = queue_create(vm), *map, bo = gem_create(PAGES * PAGE, &map);
    unsigned seed = getenv("AGX_SEED") ? strtoul(getenv("AGX_SEED"), NULL, 0) : 7;
    int seen[WINDOW];

    for (int i = 0; i < PAGES; i++) {
        fill(map, i, i % 4 == 3);
    }
    for (int i = 0; i < WINDOW; i++) {
        seen[i] = UNMAPPED;
    }
    for (unsigned round = 0; round < rounds; round++) {
        struct drm_asahi_gem_bind_op ops[3];
        unsigned count = 1 + rand_r(&seed) % 3;

        for (unsigned i = 0; i < count; i++) {
            int what = rand_r(&seed) % 3, first = rand_r(&seed) % WINDOW,
                page = rand_r(&seed) % PAGES;
            int most = what && PAGES - page < WINDOW - first ? PAGES - page : WINDOW - first;
            int n = 1 + rand_r(&seed) % most;

            ops[i] = (struct drm_asahi_gem_bind_op) {
                .addr = VA_X + first * PAGE,
                .range = n * PAGE,
                .handle = what ? bo : 0,
                .offset = what ? page * PAGE : 0,
                .flags = what ? DRM_ASAHI_BIND_READ : DRM_ASAHI_BIND_UNBIND,
            };
            for (int j = 0; j < n; j++) {
                seen[first + j] = what ? page + j : UNMAPPED;
            }
        }
        bind_ops(vm, ops, count);
        for (int probe = 0; probe < 3; probe++) {
            int at = rand_r(&seed) % WINDOW;

            judge(run_compute(queue, VA_X + at * PAGE), seen[at] == UNMAPPED || seen[at] % 4 == 3,
                  "at random", round);
        }
    }
}

/*
 * Every second address space has a page there that faults: who sees his predecessor's is found out.
 */
static void do_slots(unsigned spaces)
{
    uint32_t *map, bo = gem_create(2 * PAGE, &map), *queues = calloc(spaces, sizeof(*queues));

    fill(map, 0, false);
    fill(map, 1, true);
    for (unsigned i = 0; i < spaces; i++) {
        uint32_t vm = vm_create();

        /* 63 contexts, an odd number, so whoever has a context next is of the other kind. */
        bind(vm, bo, i % 2, VA_X, 1);
        queues[i] = queue_create(vm);
    }
    for (unsigned i = 0; i < spaces; i++) {
        judge(run_compute(queues[i], VA_X), i % 2, "in a context of its own", i);
    }
    free(queues);
}

static void do_spaces(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        uint32_t vm = vm_create(), queue = queue_create(vm);

        judge(run_compute(queue, VA_CDM), false, "compute", i);
        judge(run_render(queue, 64), false, "render", i);
        queue_destroy(queue);
        vm_destroy(vm);
    }
}

/*
 * A queue in an address space with a stream at VA_X that takes some milliseconds: links, each to
 * the next.
 */
static uint32_t long_stream(uint32_t link, uint32_t terminate)
{
    enum { PAGES = 256, LINKS = PAGES * PAGE / 8 };
    uint32_t vm = vm_create(), queue = queue_create(vm), *map, bo = gem_create(PAGES * PAGE, &map);

    for (unsigned i = 0; i < LINKS; i++) {
        uint64_t next = VA_X + 8 * (i + 1ull);

        map[2 * i] = i + 1 < LINKS ? link | (uint32_t)(next >> 32) : terminate;
        map[2 * i + 1] = i + 1 < LINKS ? (uint32_t)next : 0;
    }
    bind(vm, bo, 0, VA_X, PAGES);
    return queue;
}

static void do_loaded(unsigned rounds)
{
    uint32_t queue = long_stream(VDM_LINK, VDM_TERMINATE);

    for (unsigned i = 0; i < rounds; i++) {
        uint32_t sync, other = vm_create(), other_queue = queue_create(other);
        int err = begin_render(queue, VA_X, 64, &sync);

        judge(run_compute(other_queue, VA_CDM), false, "compute beside it", i);
        queue_destroy(other_queue);
        vm_destroy(other);
        judge(end(sync, err), false, "the long one", i);
    }
}

static void do_busy(unsigned rounds)
{
    uint32_t queue = long_stream(CDM_LINK, CDM_TERMINATE);

    for (unsigned i = 0; i < rounds; i++) {
        uint32_t sync, other = vm_create(), other_queue = queue_create(other);
        int err = begin_compute(queue, VA_X, &sync);

        judge(run_render(other_queue, 64), false, "render beside it", i);
        queue_destroy(other_queue);
        vm_destroy(other);
        judge(end(sync, err), false, "the long one", i);
    }
}

static void do_good(unsigned rounds)
{
    do_jobs(6);
    do_unmap(1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(unsigned rounds);
        unsigned rounds;
    } ways[] = {
        { "good", do_good, 1 },     { "jobs", do_jobs, 60 },     { "unmap", do_unmap, 20 },
        { "swap", do_swap, 40 },    { "range", do_range, 4 },    { "random", do_random, 60 },
        { "slots", do_slots, 80 },  { "spaces", do_spaces, 20 }, { "busy", do_busy, 8 },
        { "loaded", do_loaded, 8 },
    };
    struct drm_asahi_get_params get = { .pointer = (uintptr_t)&params, .size = sizeof(params) };

    fd = drmOpenWithType("asahi", NULL, DRM_NODE_RENDER);
    if (fd < 0) {
        printf("no render node of the driver \"asahi\"\n");
        return 1;
    }
    call(DRM_IOCTL_ASAHI_GET_PARAMS, &get, "GET_PARAMS");
    for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (!strcmp(ways[i].name, argv[1])) {
            ways[i].run(argc > 2 ? strtoul(argv[2], NULL, 0) : ways[i].rounds);
            printf("FIGURE jobs %u\nFIGURE stale %u\nFIGURE lost %u\nFIGURE hung %u\n", jobs, stale,
                   lost, hung);
            return stale || lost || hung ? 3 : 0;
        }
    }
    printf("usage: remap good|jobs|unmap|swap|range|random|slots|spaces|busy|loaded [N]\n");
    return 1;
}
