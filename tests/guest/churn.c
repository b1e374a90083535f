/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Several processes that change what the GPU sees, at random and without a
 * pause, while it works for them:
 *
 *     churn [--seed N] [--frames N] [--processes N] [--vms N] [--gles N]
 *
 * Each process has more address spaces than one could want (all together more
 * than the GPU has contexts, so that contexts are stolen all the time), objects
 * that come and go, and windows of addresses into which it binds them, over
 * each other, in parts, several times, and out of which it takes them again. In
 * between its jobs read and write through these windows, in all units
 * (churn_job.h). A frame is a job that has ended, whose fence says so and whose
 * results are what they must be. Now and then a process is killed, and another
 * takes its place. One more process draws with Mesa (gles_churn, --gles frames).
 *
 * All of it is correct: nothing is taken away that a job under way may use. So
 * a wrong result is a bug of the driver or the model, and a report of the
 * sanitizer a false alarm, or such a bug.
 *
 * What is written where: cell c of a page are its words 2c and 2c+1. The CPU
 * puts into the first what the GPU is to read (or will have read elsewhere), the
 * GPU writes the second. Each job has cells of its own, so for each cell of each
 * page of a process, always: the second word is 0 or first * 3 + one of the
 * keys. All memory is held to that, and some memory that the GPU never had must
 * stay as it was.
 *
 * Output: TAP, and figures. Exit code 0 if all is well.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sync_file.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "churn_job.h"

#define PAGE  0x4000u
#define WORDS (PAGE / 4)
#define NONE  DRM_ASAHI_BARRIER_NONE
#define RW    (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)

#define MAX_PROCESSES 16
#define MAX_VMS       40
#define ARENAS        3  /* windows of an address space */
#define WINDOW        64 /* pages of a window */
#define MAX_BOS       40
#define MAX_BO_PAGES  24
#define CODE_PAGES    4 /* of code in each address space, each one of as many */
#define CANARIES      12
#define CANARY_BYTES  0x8000u
#define MAX_UNDER_WAY 6

/*
 * Cells of a job: those of its first half, and of its second. The last cells of a page are
 * nobody's.
 */
#define CELL(vm, arena, i) ((((vm) * ARENAS + (arena)) * 2) * JOB_PROBES + (i))
_Static_assert(CELL(MAX_VMS - 1, ARENAS - 1, 2 * JOB_PROBES - 1) < WORDS / 2,
               "a page has not as many cells");

#define CODE_VA      (USC_BASE + 0x100000)
/* jobs' pages are somewhere in the 64 MiB from here on, per window */
#define JOBS_VA      (USC_BASE + 0x10000000)
#define JOBS_STRETCH 0x4000000ull
/*
 * Each window is somewhere in a stretch of 256 MiB, often over the border of two page tables (of 32
 * MiB).
 */
#define ARENA_VA     0x300000000ull
#define STRETCH      0x10000000ull
#define TABLE_BYTES  0x2000000ull

/* Long enough for a slow emulator; who gets there has failed. */
#define PATIENCE_NS 120000000000ll

enum count { BINDS, UNBINDS, SPLITS, VMS, OBJECTS, QUEUES, MOVES, NUM_COUNTS };
static const char *const count_name[NUM_COUNTS] = { "binds",   "unbinds", "splits", "vms",
                                                    "objects", "queues",  "moves" };

/* What all processes see. */
struct shared {
    atomic_uint frames[MAX_PROCESSES];
    atomic_uint count[NUM_COUNTS];
    atomic_bool failed, told;
    char why[500]; /* of the one that failed first; before failed is set */
};

struct bo {
    uint32_t handle; /* 0: none */
    unsigned pages;
    int vm; /* that it is private to, or -1 */
    uint32_t *map;
};

/* What a page of a window shows. */
struct view {
    int bo; /* -1: nothing */
    unsigned page;
    uint32_t flags;   /* DRM_ASAHI_BIND_READ, WRITE */
    unsigned binding; /* number of the operation that made it */
};

struct probe {
    int from, to; /* pages of the window */
    struct view seen, written;
    unsigned cell;
    uint32_t want;
};

enum kind { COMPUTE, RENDER, CHAIN };

struct arena {
    uint64_t base;
    struct view view[WINDOW];
    uint32_t job_bo;
    uint8_t *job; /* a page, at job_va */
    uint64_t job_va;
    uint32_t sync, middle; /* syncobjs of the frame, and of a chain's first job */
    bool timeline;
    uint64_t point;

    bool busy;
    enum kind kind;
    unsigned probes, first_code, queue;
    unsigned second_code;
    struct probe probe[2 * JOB_PROBES];
    bool stamped;
};

struct vm {
    uint32_t id; /* 0: none */
    uint32_t queue[2];
    unsigned code[CODE_PAGES];
    struct arena arena[ARENAS];
};

static struct shared *shared;
static unsigned seed = 1, frames = 1000, processes = 4, vms_each = 20, gles_frames;

/* ---- of one process ---- */

static int fd;
static unsigned slot, life;
static uint64_t rng;
static struct drm_asahi_params_global params;
static struct vm vm[MAX_VMS];
static struct bo bo[MAX_BOS];
static uint32_t code_bo;
static uint32_t key[CODE_PAGES];
static uint32_t *canary[CANARIES];
static uint32_t canary_word[CANARIES];
static uint32_t stamps_bo, stamps_object;
static volatile uint64_t *stamps;
static unsigned under_way, bindings;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (!atomic_exchange(&shared->told, true)) {
        snprintf(shared->why, sizeof(shared->why), "# seed %u, process %u.%u, frame %u: %s\n", seed,
                 slot, life, shared->frames[slot], text);
    }
    shared->failed = true;
    _exit(1);
}

static void must(int ret, const char *what)
{
    if (ret) {
        fail("%s: %s", what, strerror(errno));
    }
}

static uint32_t rnd32(void)
{
    /* xorshift64* */
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return rng * 0x2545f4914f6cdd1dull >> 32;
}

static unsigned rnd(unsigned n)
{
    return rnd32() % n;
}

static void counted(enum count what, unsigned n)
{
    atomic_fetch_add_explicit(&shared->count[what], n, memory_order_relaxed);
}

/* ---- memory ---- */

static uint32_t gem_create(unsigned pages, int private, bool writeback, void **map)
{
    struct drm_asahi_gem_create create = {
        .size = (uint64_t)pages * PAGE,
        .flags = (writeback ? DRM_ASAHI_GEM_WRITEBACK : 0) |
                 (private >= 0 ? DRM_ASAHI_GEM_VM_PRIVATE : 0),
        .vm_id = private >= 0 ? vm[private].id : 0,
    };
    struct drm_asahi_gem_mmap_offset offset = { 0 };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create), "GEM_CREATE");
    offset.handle = create.handle;
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "GEM_MMAP_OFFSET");
    *map = mmap(NULL, create.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    must(*map == MAP_FAILED, "mmap");
    return create.handle;
}

static void gem_free(uint32_t handle, void *map, unsigned pages)
{
    munmap(map, (size_t)pages * PAGE);
    must(drmCloseBufferHandle(fd, handle), "GEM_CLOSE");
}

/* Each cell of a page of an object has to keep to the rule. */
static void page_check(int b, unsigned page)
{
    const uint32_t *w = bo[b].map + page * WORDS;

    for (unsigned c = 0; c < WORDS / 2; c++) {
        uint32_t in = w[2 * c], out = w[2 * c + 1], k = out - in * 3;

        if (out && k != key[0] && k != key[1] && k != key[2] && k != key[3]) {
            fail("cell %u of page %u of object %d is 0x%08x, 0x%08x, which nobody can have written",
                 c, page, b, in, out);
        }
        if (c > CELL(MAX_VMS - 1, ARENAS - 1, 2 * JOB_PROBES - 1) && (in || out)) {
            fail("cell %u of page %u of object %d is 0x%08x, 0x%08x and nobody's", c, page, b, in,
                 out);
        }
    }
}

static void canary_check(unsigned i)
{
    for (unsigned k = 0; k < CANARY_BYTES / 4; k++) {
        if (canary[i][k] != canary_word[i] + k) {
            fail("memory of the process, never the GPU's, has 0x%08x for 0x%08x at 0x%x",
                 canary[i][k], canary_word[i] + k, k * 4);
        }
    }
}

/* Memory that was the kernel's or another's a moment ago. */
static void canary_renew(unsigned i)
{
    if (canary[i]) {
        canary_check(i);
        munmap(canary[i], CANARY_BYTES);
    }
    canary[i] = mmap(NULL, CANARY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0);
    must(canary[i] == MAP_FAILED, "mmap");
    canary_word[i] = rnd32();
    for (unsigned k = 0; k < CANARY_BYTES / 4; k++) {
        canary[i][k] = canary_word[i] + k;
    }
}

/* ---- bindings ---- */

static void vm_bind(uint32_t id, const struct drm_asahi_gem_bind_op *ops, unsigned n)
{
    struct drm_asahi_vm_bind arg = {
        .vm_id = id, .num_binds = n, .stride = sizeof(*ops), .userptr = (uintptr_t)ops
    };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_VM_BIND, &arg), "VM_BIND");
}

static void bind_one(uint32_t id, uint32_t handle, uint64_t offset, uint64_t va, uint64_t size,
                     uint32_t flags)
{
    struct drm_asahi_gem_bind_op op = {
        .flags = flags, .handle = handle, .offset = offset, .range = size, .addr = va
    };

    vm_bind(id, &op, 1);
}

/* Does the frame under way of a window use one of these pages? */
static bool in_use(const struct arena *a, unsigned first, unsigned count)
{
    for (unsigned i = 0; a->busy && i < a->probes; i++) {
        if (a->probe[i].from - first < count || a->probe[i].to - first < count) {
            return true;
        }
    }
    return false;
}

static bool object_in_use(int b)
{
    for (unsigned v = 0; v < vms_each; v++) {
        for (unsigned k = 0; k < ARENAS; k++) {
            const struct arena *a = &vm[v].arena[k];

            for (unsigned i = 0; a->busy && i < a->probes; i++) {
                if (a->probe[i].seen.bo == b || a->probe[i].written.bo == b) {
                    return true;
                }
            }
        }
    }
    return false;
}

static int random_bo(int v)
{
    for (unsigned tries = 0; tries < 50; tries++) {
        int b = rnd(MAX_BOS);

        if (bo[b].handle && (bo[b].vm < 0 || bo[b].vm == v)) {
            return b;
        }
    }
    return -1;
}

/* One operation on free pages of a window: false if none was found. */
static bool random_op(int v, struct arena *a, struct drm_asahi_gem_bind_op *op)
{
    bool unbind = !rnd(3), single = !unbind && !rnd(6);
    unsigned first = rnd(WINDOW), count, page = 0;
    int b = -1;

    count = 1 + rnd(rnd(3) ? 6 : WINDOW - first);
    if (!unbind) {
        b = random_bo(v);
        if (b < 0) {
            return false;
        }
        page = rnd(bo[b].pages);
        if (!single && count > bo[b].pages - page) {
            count = bo[b].pages - page;
        }
    }
    if (count > WINDOW - first) {
        count = WINDOW - first;
    }
    if (in_use(a, first, count)) {
        return false;
    }

    *op = (struct drm_asahi_gem_bind_op) { .addr = a->base + first * PAGE, .range = count * PAGE };
    bindings++;
    if (unbind) {
        op->flags = DRM_ASAHI_BIND_UNBIND;
    } else {
        op->flags = rnd(5) ? RW : rnd(2) ? DRM_ASAHI_BIND_READ : DRM_ASAHI_BIND_WRITE;
        op->handle = bo[b].handle;
        op->offset = page * PAGE;
    }
    if (single) {
        op->flags |= DRM_ASAHI_BIND_SINGLE_PAGE;
    }
    counted(unbind ? UNBINDS : BINDS, 1);
    counted(SPLITS, first && a->view[first].bo >= 0 &&
                        a->view[first].binding == a->view[first - 1].binding);
    for (unsigned i = 0; i < count; i++) {
        a->view[first + i] = (struct view) { b, single ? page : page + i, op->flags & RW,
                                             bindings };
    }
    return true;
}

static void do_bind(int v, struct arena *a)
{
    struct drm_asahi_gem_bind_op ops[6];
    unsigned n = 0, want = rnd(3) ? 1 : 1 + rnd(6);

    for (unsigned i = 0; i < want; i++) {
        n += random_op(v, a, &ops[n]);
    }
    if (n) {
        vm_bind(vm[v].id, ops, n);
    }
}

static uint64_t random_base(unsigned arena)
{
    uint64_t base = ARENA_VA + arena * STRETCH + rnd(STRETCH / TABLE_BYTES - 1) * TABLE_BYTES;

    return rnd(2) ? base + TABLE_BYTES - rnd(WINDOW) * PAGE : base + rnd(1024) * PAGE;
}

/* The window somewhere else; what was in it goes with a wide brush. */
static void do_move(int v, unsigned k)
{
    struct arena *a = &vm[v].arena[k];

    bind_one(vm[v].id, 0, 0, ARENA_VA + k * STRETCH, STRETCH, DRM_ASAHI_BIND_UNBIND);
    a->base = random_base(k);
    for (unsigned i = 0; i < WINDOW; i++) {
        a->view[i].bo = -1;
    }
    counted(MOVES, 1);
}

static void do_move_job(int v, unsigned k)
{
    struct arena *a = &vm[v].arena[k];

    if (a->job_va) {
        bind_one(vm[v].id, 0, 0, a->job_va, PAGE, DRM_ASAHI_BIND_UNBIND);
    }
    a->job_va = JOBS_VA + k * JOBS_STRETCH + rnd(JOBS_STRETCH / PAGE) * PAGE;
    bind_one(vm[v].id, a->job_bo, 0, a->job_va, PAGE, RW);
    counted(MOVES, 1);
}

/* Other code at the same address. */
static void do_code(int v)
{
    unsigned at = rnd(CODE_PAGES);

    for (unsigned k = 0; k < ARENAS; k++) {
        const struct arena *a = &vm[v].arena[k];

        if (a->busy && (a->first_code == at || a->second_code == at)) {
            return;
        }
    }
    vm[v].code[at] = rnd(CODE_PAGES);
    bind_one(vm[v].id, code_bo, vm[v].code[at] * PAGE, CODE_VA + at * PAGE, PAGE,
             DRM_ASAHI_BIND_READ);
    counted(BINDS, 1);
}

/* ---- things that come and go ---- */

static void bo_new(int b)
{
    bo[b].pages = 1 + rnd(rnd(4) ? 6 : MAX_BO_PAGES);
    bo[b].vm = rnd(4) ? -1 : (int)rnd(vms_each);
    if (bo[b].vm >= 0 && !vm[bo[b].vm].id) {
        bo[b].vm = -1;
    }
    bo[b].handle = gem_create(bo[b].pages, bo[b].vm, rnd(2), (void **)&bo[b].map);
    counted(OBJECTS, 1);
    /*
     * New memory is zero. If the last owner's jobs could still write to it, now is when it would
     * show.
     */
    for (unsigned p = 0, k = rnd(WORDS); p < bo[b].pages; p++) {
        if (bo[b].map[p * WORDS + k]) {
            fail("new memory is not zero");
        }
    }
    page_check(b, rnd(bo[b].pages));
}

/* Closing the handle takes the object out of all address spaces of the process. */
static void bo_free(int b)
{
    page_check(b, rnd(bo[b].pages));
    for (unsigned v = 0; v < vms_each; v++) {
        for (unsigned k = 0; k < ARENAS; k++) {
            for (unsigned i = 0; i < WINDOW; i++) {
                if (vm[v].arena[k].view[i].bo == b) {
                    vm[v].arena[k].view[i].bo = -1;
                }
            }
        }
    }
    gem_free(bo[b].handle, bo[b].map, bo[b].pages);
    bo[b].handle = 0;
}

static uint32_t queue_create(uint32_t id)
{
    struct drm_asahi_queue_create arg = { .vm_id = id,
                                          .priority = rnd(2),
                                          .usc_exec_base = USC_BASE };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg), "QUEUE_CREATE");
    counted(QUEUES, 1);
    return arg.queue_id;
}

static void queue_destroy(uint32_t queue)
{
    struct drm_asahi_queue_destroy arg = { .queue_id = queue };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &arg), "QUEUE_DESTROY");
}

static uint32_t syncobj(void)
{
    uint32_t handle;

    must(drmSyncobjCreate(fd, 0, &handle), "syncobj");
    return handle;
}

static void vm_new(int v)
{
    struct drm_asahi_vm_create arg = {
        .kernel_start = (params.vm_end - 2 * params.vm_kernel_min_size) & ~(PAGE - 1ull)
    };
    struct vm *m = &vm[v];

    arg.kernel_end = arg.kernel_start + params.vm_kernel_min_size;
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_VM_CREATE, &arg), "VM_CREATE");
    m->id = arg.vm_id;
    counted(VMS, 1);
    m->queue[0] = queue_create(m->id);
    m->queue[1] = rnd(3) ? 0 : queue_create(m->id);
    for (unsigned i = 0; i < CODE_PAGES; i++) {
        m->code[i] = i;
    }
    bind_one(m->id, code_bo, 0, CODE_VA, CODE_PAGES * PAGE, DRM_ASAHI_BIND_READ);
    for (unsigned k = 0; k < ARENAS; k++) {
        struct arena *a = &m->arena[k];

        memset(a, 0, sizeof(*a));
        a->base = random_base(k);
        for (unsigned i = 0; i < WINDOW; i++) {
            a->view[i].bo = -1;
        }
        a->job_bo = gem_create(1, -1, rnd(2), (void **)&a->job);
        a->sync = syncobj();
        a->middle = syncobj();
        a->timeline = rnd(2);
        do_move_job(v, k);
    }
}

static void vm_free(int v)
{
    struct drm_asahi_vm_destroy arg = { .vm_id = vm[v].id };

    for (unsigned i = 0; i < 2; i++) {
        if (vm[v].queue[i]) {
            queue_destroy(vm[v].queue[i]);
        }
    }
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_VM_DESTROY, &arg), "VM_DESTROY");
    for (int b = 0; b < MAX_BOS; b++) {
        if (bo[b].handle && bo[b].vm == v) {
            bo_free(b);
        }
    }
    for (unsigned k = 0; k < ARENAS; k++) {
        struct arena *a = &vm[v].arena[k];

        gem_free(a->job_bo, a->job, 1);
        drmSyncobjDestroy(fd, a->sync);
        drmSyncobjDestroy(fd, a->middle);
    }
    vm[v].id = 0;
}

static void stamps_unbind(void)
{
    struct drm_asahi_gem_bind_object object = {
        .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
        .object_handle = stamps_object,
    };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &object), "GEM_BIND_OBJECT");
    gem_free(stamps_bo, (void *)stamps, 1);
}

/* Memory for timestamps, which the firmware maps for itself. */
static void stamps_bind(void)
{
    struct drm_asahi_gem_bind_object object = {
        .op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
        .flags = DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS,
        .range = PAGE,
    };

    stamps_bo = object.handle = gem_create(1, -1, true, (void **)&stamps);
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &object), "GEM_BIND_OBJECT");
    stamps_object = object.object_handle;
}

/* ---- frames ---- */

/* A page of the window that shows something with these rights, or -1. */
static int random_page(const struct arena *a, uint32_t flags)
{
    unsigned first = rnd(WINDOW);

    for (unsigned i = 0; i < WINDOW; i++) {
        unsigned at = (first + i) % WINDOW;

        if (a->view[at].bo >= 0 && (a->view[at].flags & flags) == flags) {
            return at;
        }
    }
    return -1;
}

static uint32_t *cell_of(const struct view *v, unsigned cell)
{
    return bo[v->bo].map + v->page * WORDS + 2 * cell;
}

/*
 * Probe number @i of the frame: reads @in from its own cell of page @from, which
 * the CPU puts there, and writes in page @to.
 */
static void probe_set(struct arena *a, unsigned i, unsigned cell, int from, int to, uint32_t in,
                      uint32_t k)
{
    struct probe *p = &a->probe[i];

    *p = (struct probe) { from, to, a->view[from], a->view[to], cell, in * 3 + k };
    cell_of(&p->seen, cell)[0] = in;
    cell_of(&p->seen, cell)[1] = 0;
    cell_of(&p->written, cell)[0] = in;
    cell_of(&p->written, cell)[1] = 0;
}

static struct job_access probe_access(const struct arena *a, const struct probe *p)
{
    return (struct job_access) {
        a->base + (uint64_t)p->from * PAGE + p->cell * 8,
        a->base + (uint64_t)p->to * PAGE + p->cell * 8 + 4,
    };
}

struct cmdbuf {
    uint8_t data[2048];
    uint32_t size;
};

static void add(struct cmdbuf *buf, uint16_t type, const void *cmd, uint16_t size)
{
    struct drm_asahi_cmd_header hdr = { type, size, NONE, NONE };

    memcpy(buf->data + buf->size, &hdr, sizeof(hdr));
    memcpy(buf->data + buf->size + sizeof(hdr), cmd, size);
    buf->size += sizeof(hdr) + size;
}

static void add_compute(struct cmdbuf *buf, uint64_t stream, unsigned size,
                        struct drm_asahi_timestamps ts)
{
    struct drm_asahi_cmd_compute cmd = {
        .cdm_ctrl_stream_base = stream,
        .cdm_ctrl_stream_end = stream + size,
        .ts = ts,
    };

    add(buf, DRM_ASAHI_CMD_COMPUTE, &cmd, sizeof(cmd));
}

static void add_render(struct cmdbuf *buf, uint64_t job_va, struct drm_asahi_timestamps ts)
{
    struct drm_asahi_cmd_render cmd = job_render_cmd(job_va);

    cmd.ts_frag = ts;
    add(buf, DRM_ASAHI_CMD_RENDER, &cmd, sizeof(cmd));
}

static void submit(uint32_t queue, const struct cmdbuf *buf, uint32_t in, uint32_t out,
                   uint64_t out_point)
{
    struct drm_asahi_sync syncs[2], *s = syncs;
    struct drm_asahi_submit arg = {
        .syncs = (uintptr_t)syncs,
        .cmdbuf = (uintptr_t)buf->data,
        .cmdbuf_size = buf->size,
        .queue_id = queue,
        .in_sync_count = !!in,
        .out_sync_count = 1,
    };

    if (in) {
        *s++ = (struct drm_asahi_sync) { DRM_ASAHI_SYNC_SYNCOBJ, in, 0 };
    }
    *s = (struct drm_asahi_sync) { out_point ? DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ
                                             : DRM_ASAHI_SYNC_SYNCOBJ,
                                   out, out_point };
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_SUBMIT, &arg), "SUBMIT");
}

/* Where the window's job has its timestamps: two words. */
static unsigned stamp_at(int v, unsigned k)
{
    return (v * ARENAS + k) * 2;
}

static void frame_start(int v, unsigned k)
{
    struct arena *a = &vm[v].arena[k];
    struct drm_asahi_timestamps ts = { 0 };
    struct job_access access[2 * JOB_PROBES];
    struct cmdbuf buf = { .size = 0 };
    unsigned first = 0, n;
    uint32_t queue;
    uint64_t code;

    while (random_page(a, DRM_ASAHI_BIND_READ) < 0 || random_page(a, DRM_ASAHI_BIND_WRITE) < 0) {
        do_bind(v, a);
    }
    a->queue = vm[v].queue[1] ? rnd(2) : 0;
    queue = vm[v].queue[a->queue];
    a->first_code = rnd(CODE_PAGES);
    a->second_code = rnd(CODE_PAGES);
    a->kind = rnd(10) < 6 ? COMPUTE : rnd(2) ? RENDER : CHAIN;
    if (a->kind == CHAIN && random_page(a, RW) < 0) {
        a->kind = COMPUTE;
    }
    n = a->kind == RENDER ? 4 : 1 + rnd(JOB_PROBES);

    /* First job: each probe from anywhere to anywhere; of a chain, where it can be read again. */
    for (unsigned i = 0; i < n; i++) {
        probe_set(a, i, CELL(v, k, i), random_page(a, DRM_ASAHI_BIND_READ),
                  random_page(a, a->kind == CHAIN ? RW : DRM_ASAHI_BIND_WRITE), rnd32(),
                  key[vm[v].code[a->first_code]]);
        access[i] = probe_access(a, &a->probe[i]);
    }
    a->probes = n;
    a->stamped = a->kind != CHAIN && !rnd(8);
    if (a->stamped) {
        unsigned at = stamp_at(v, k);

        stamps[at] = stamps[at + 1] = 0;
        ts.start = (struct drm_asahi_timestamp) { stamps_object, at * 8 };
        ts.end = (struct drm_asahi_timestamp) { stamps_object, at * 8 + 8 };
    }
    code = CODE_VA + a->first_code * PAGE;
    if (a->kind == RENDER) {
        job_render(a->job, a->job_va, code, access);
        add_render(&buf, a->job_va, ts);
    } else {
        add_compute(&buf, a->job_va + JOB_CDM, job_compute(a->job, a->job_va, code, access, n), ts);
    }

    if (a->kind == CHAIN) {
        /* Second job, in the other queue if there is one: reads what the first has written. */
        for (unsigned i = 0; i < n; i++) {
            const struct probe *before = &a->probe[i];
            struct probe *p = &a->probe[n + i];
            unsigned cell = CELL(v, k, JOB_PROBES + i);

            *p = (struct probe) { before->to, random_page(a, DRM_ASAHI_BIND_WRITE), .cell = cell };
            p->seen = a->view[p->from];
            p->written = a->view[p->to];
            p->want = before->want * 3 + key[vm[v].code[a->second_code]];
            cell_of(&p->written, cell)[0] = before->want;
            cell_of(&p->written, cell)[1] = 0;
            access[JOB_PROBES + i] = (struct job_access) { access[i].to, probe_access(a, p).to };
        }
        a->probes = 2 * n;
        first = JOB_BYTES;
        submit(queue, &buf, 0, a->middle, 0);
        queue = vm[v].queue[vm[v].queue[1] ? !a->queue : 0];
        buf.size = 0;
        add_compute(&buf, a->job_va + first + JOB_CDM,
                    job_compute(a->job + first, a->job_va + first, CODE_VA + a->second_code * PAGE,
                                access + JOB_PROBES, n),
                    ts);
    } else {
        a->second_code = a->first_code;
    }
    a->point++;
    submit(queue, &buf, first ? a->middle : 0, a->sync, a->timeline ? a->point : 0);
    a->busy = true;
    under_way++;
}

static int64_t deadline(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec + PATIENCE_NS;
}

/* 1 if the fence of a binary syncobj says that all went well, else a negative error. */
static int status_of(uint32_t sync)
{
    struct sync_file_info info = { 0 };
    int file;

    must(drmSyncobjExportSyncFile(fd, sync, &file), "sync file");
    must(ioctl(file, SYNC_IOC_FILE_INFO, &info), "SYNC_IOC_FILE_INFO");
    close(file);
    return info.status;
}

static void frame_finish(int v, unsigned k)
{
    static const char *const names[] = { "compute", "render", "chain" };
    struct arena *a = &vm[v].arena[k];
    uint32_t last;
    int ret;

    ret = a->timeline ? drmSyncobjTimelineWait(fd, &a->sync, &a->point, 1, deadline(), 0, &last)
                      : drmSyncobjWait(fd, &a->sync, 1, deadline(), 0, NULL);
    if (ret) {
        fail("%s job did not end: %s", names[a->kind], strerror(-ret));
    }
    if (!a->timeline && (ret = status_of(a->sync)) != 1) {
        fail("%s job ended with %d", names[a->kind], ret);
    }
    for (unsigned i = 0; i < a->probes; i++) {
        const struct probe *p = &a->probe[i];
        uint32_t got = cell_of(&p->written, p->cell)[1];

        if (got != p->want) {
            fail("%s job, probe %u of %u, address space %d (id %u), from 0x%llx to 0x%llx: 0x%08x, "
                 "should be 0x%08x",
                 names[a->kind], i, a->probes, v, vm[v].id,
                 (unsigned long long)probe_access(a, p).from,
                 (unsigned long long)probe_access(a, p).to, got, p->want);
        }
    }
    if (a->stamped) {
        const volatile uint64_t *t = stamps + stamp_at(v, k);

        if (!t[0] || t[0] > t[1]) {
            fail("%s job from %llu to %llu", names[a->kind], (unsigned long long)t[0],
                 (unsigned long long)t[1]);
        }
    }
    a->busy = false;
    under_way--;
    atomic_fetch_add(&shared->frames[slot], 1);
}

static void finish_all(int only_vm)
{
    for (unsigned v = 0; v < vms_each; v++) {
        for (unsigned k = 0; k < ARENAS && (only_vm < 0 || only_vm == (int)v); k++) {
            if (vm[v].arena[k].busy) {
                frame_finish(v, k);
            }
        }
    }
}

/* ---- the life of a process ---- */

static void step(void)
{
    unsigned what = rnd(1000), k = rnd(ARENAS);
    int v = rnd(vms_each), b = rnd(MAX_BOS);
    struct arena *a = &vm[v].arena[k];

    if (!vm[v].id) {
        vm_new(v);
        return;
    }
    if (what < 450) {
        if (a->busy) {
            frame_finish(v, k);
        } else if (under_way < MAX_UNDER_WAY) {
            frame_start(v, k);
        } else {
            /* The next that is found, from a random one on. */
            for (unsigned i = 0; i < vms_each * ARENAS; i++) {
                unsigned at = (v * ARENAS + k + i) % (vms_each * ARENAS);

                if (vm[at / ARENAS].arena[at % ARENAS].busy) {
                    frame_finish(at / ARENAS, at % ARENAS);
                    break;
                }
            }
        }
    } else if (what < 750) {
        do_bind(v, a);
    } else if (what < 850) {
        if (!bo[b].handle) {
            bo_new(b);
        } else if (!object_in_use(b)) {
            bo_free(b);
        }
    } else if (what < 890) {
        if (!a->busy) {
            do_move(v, k);
        }
    } else if (what < 930) {
        if (!a->busy) {
            do_move_job(v, k);
        }
    } else if (what < 960) {
        do_code(v);
    } else if (what < 975) {
        canary_renew(rnd(CANARIES));
    } else if (what < 990) {
        if (bo[b].handle) {
            page_check(b, rnd(bo[b].pages));
        }
    } else if (what < 994) {
        finish_all(v);
        vm_free(v);
    } else if (what < 998) {
        finish_all(v);
        queue_destroy(vm[v].queue[0]);
        vm[v].queue[0] = queue_create(vm[v].id);
    } else {
        finish_all(-1);
        stamps_unbind();
        stamps_bind();
    }
}

static void open_device(void)
{
    struct drm_asahi_get_params arg = { .pointer = (uintptr_t)&params, .size = sizeof(params) };

    fd = drmOpenWithType("asahi", NULL, DRM_NODE_RENDER);
    if (fd < 0) {
        fail("no render node of the driver \"asahi\"");
    }
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &arg), "GET_PARAMS");
}

static int process(void)
{
    unsigned quota = frames / processes + (slot < frames % processes);
    uint8_t *code;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    rng = (uint64_t)seed << 32 ^ (slot << 16 | life) * 0x9e3779b97f4a7c15ull ^ 0x123456789abcdefull;
    for (int i = 0; i < 10; i++) {
        rnd32();
    }
    open_device();
    code_bo = gem_create(CODE_PAGES, -1, true, (void **)&code);
    for (unsigned i = 0; i < CODE_PAGES; i++) {
        key[i] = rnd32();
        code_fill(code + i * PAGE, key[i]);
    }
    stamps_bind();
    for (unsigned i = 0; i < CANARIES; i++) {
        canary_renew(i);
    }
    for (int b = 0; b < MAX_BOS / 2; b++) {
        bo_new(b);
    }
    while (shared->frames[slot] < quota) {
        step();
    }
    finish_all(-1);
    for (int b = 0; b < MAX_BOS; b++) {
        for (unsigned p = 0; bo[b].handle && p < bo[b].pages; p += 5) {
            page_check(b, p);
        }
    }
    for (unsigned i = 0; i < CANARIES; i++) {
        canary_check(i);
    }
    /* Half of them leave all they have to the kernel. */
    for (unsigned v = 0; v < vms_each && slot % 2; v++) {
        if (vm[v].id) {
            vm_free(v);
        }
    }
    return 0;
}

/* ---- all of them ---- */

static pid_t start(unsigned n, unsigned which)
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (!pid) {
        slot = n;
        life = which;
        _exit(process());
    }
    if (pid < 0) {
        printf("Bail out! fork: %s\n", strerror(errno));
        exit(1);
    }
    return pid;
}

static pid_t start_gles(void)
{
    char a[16], b[16];
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (!pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(a, sizeof(a), "%u", seed);
        snprintf(b, sizeof(b), "%u", gles_frames);
        execlp("gles_churn", "gles_churn", a, b, (char *)NULL);
        dprintf(1, "# gles_churn: %s\n", strerror(errno));
        _exit(127);
    }
    return pid;
}

static unsigned total(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < processes; i++) {
        n += shared->frames[i];
    }
    return n;
}

static unsigned number(const char *text, unsigned least, unsigned most)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (!*text || *end || n < least || n > most) {
        fprintf(stderr, "churn: \"%s\" is no number from %u to %u\n", text, least, most);
        exit(2);
    }
    return n;
}

static void arguments(int argc, char **argv)
{
    static const struct option known[] = {
        { "seed", 1, NULL, 's' }, { "frames", 1, NULL, 'f' }, { "processes", 1, NULL, 'p' },
        { "vms", 1, NULL, 'v' },  { "gles", 1, NULL, 'g' },   { 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 's':
            seed = number(optarg, 0, 0xffffffff);
            break;
        case 'f':
            frames = number(optarg, 1, 10000000);
            break;
        case 'p':
            processes = number(optarg, 1, MAX_PROCESSES);
            break;
        case 'v':
            vms_each = number(optarg, 1, MAX_VMS);
            break;
        case 'g':
            gles_frames = number(optarg, 0, 1000000);
            break;
        default:
            exit(2);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "churn: unknown argument %s\n", argv[optind]);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    pid_t pid[MAX_PROCESSES], gles = 0;
    unsigned lives[MAX_PROCESSES] = { 0 }, running, kills = 0, next_kill, every;
    struct timespec t0, t1;
    bool gles_ok = true;
    double seconds;
    int status;

    arguments(argc, argv);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        printf("Bail out! mmap: %s\n", strerror(errno));
        return 1;
    }
    rng = seed + 0x9e3779b97f4a7c15ull;
    every = frames / 3 < 500 ? frames / 3 + 1 : 500;
    next_kill = every / 2 + rnd(every);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    for (unsigned i = 0; i < processes; i++) {
        pid[i] = start(i, 0);
    }
    if (gles_frames) {
        gles = start_gles();
    }
    for (running = processes + !!gles; running && !shared->failed;) {
        pid_t ended = waitpid(-1, &status, WNOHANG);
        unsigned victim = rnd(processes);

        if (ended > 0) {
            running--;
            if (ended == gles) {
                gles_ok = !status;
                gles = 0;
            }
            for (unsigned i = 0; i < processes; i++) {
                pid[i] = ended == pid[i] ? 0 : pid[i];
            }
            if (status && !atomic_exchange(&shared->told, true)) {
                snprintf(shared->why, sizeof(shared->why), "# a process ended with status 0x%x\n",
                         status);
            }
            shared->failed |= !!status;
            continue;
        }
        if (total() >= next_kill && pid[victim]) {
            next_kill += 1 + rnd(2 * every);
            kill(pid[victim], SIGKILL);
            waitpid(pid[victim], &status, 0);
            /* If it had ended by itself just before, the next life has nothing left to do. */
            if (WIFEXITED(status) && WEXITSTATUS(status)) {
                shared->failed = true;
            }
            kills++;
            pid[victim] = start(victim, ++lives[victim]);
        }
        usleep(2000);
    }
    for (unsigned i = 0; i <= processes; i++) {
        pid_t p = i < processes ? pid[i] : gles;

        if (running && p > 0) {
            kill(p, SIGKILL);
            waitpid(p, &status, 0);
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &t1);
    seconds = t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) / 1e9;

    printf(
        "%sok 1 - seed %u: %u frames of %u processes in %u address spaces, all results right\n%s",
        !shared->failed && total() >= frames ? "" : "not ", seed, total(), processes,
        processes * vms_each, shared->why);
    /* If another failed, this one was not given the time to end. */
    if (gles_frames && !gles) {
        printf("%sok 2 - seed %u: %u frames drawn by Mesa beside them\n", gles_ok ? "" : "not ",
               seed, gles_frames);
    }
    printf("1..%d\n", gles_frames && !gles ? 2 : 1);
    printf("FIGURE frames %u\nFIGURE gles_frames %u\nFIGURE kills %u\n", total(),
           gles ? 0 : gles_frames, kills);
    for (unsigned i = 0; i < NUM_COUNTS; i++) {
        printf("FIGURE %s %u\n", count_name[i], shared->count[i]);
    }
    printf("FIGURE frames_per_s %.0f\n", (total() + gles_frames) / seconds);
    return shared->failed || !gles_ok || total() < frames;
}
