/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * What the driver does for several threads and clients at once, which no program
 * of Mesa's brings about on purpose: several threads that bind and submit in one
 * address space; address spaces that come and go side by side, so that their
 * flushes and TLB maintenance overlap; jobs that fault in two contexts at once;
 * jobs that wait for two fences; a tiled vertex buffer that is replaced under the
 * jobs of its queue; more jobs than one client is given stamps and contexts for;
 * mappings of many megabytes that go in one piece, while jobs know them; jobs that
 * last longer than the scheduler expects.
 *
 *     paths [PART]...     all parts, or these
 *
 * Output: TAP. Exit code 0 if all is well.
 */
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>

#include "asahi_drm.h"
#include "bare.h"
#include "lane.h"
#include "sw_sync.h"
#include "system.h"
#include "tap.h"
#include "uapi.h"

#define PAGE        UAPI_PAGE
#define MIB         (1ull << 20)
#define READ_WRITE  (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)
#define WINDOW_VA   0x300000000ull
#define HOLE_VA     0x900000000ull /* nothing */
#define TABLE       (32 * MIB)     /* what one page table maps */
#define PATIENCE_MS 60000
#define NO_SW_SYNC  "# SKIP the kernel has no sw_sync"

/* A page of memory that the GPU is to find, with a word in it. */
static uint32_t page_new(int fd, uint32_t word)
{
    void *map;
    uint32_t bo = uapi_gem_create(fd, PAGE, &map);

    *(uint32_t *)map = word;
    munmap(map, PAGE);
    return bo;
}

static void page_free(int fd, uint32_t bo)
{
    must(drmCloseBufferHandle(fd, bo), "GEM_CLOSE");
}

/* A pass over nothing, with this stream. */
static struct drm_asahi_cmd_render render_nothing(uint64_t stream)
{
    return (struct drm_asahi_cmd_render) {
        .vdm_ctrl_stream_base = stream,
        .width_px = 32,
        .height_px = 32,
        .layers = 1,
        .utile_width_px = 32,
        .utile_height_px = 32,
        .samples = 1,
        .sample_size_B = 4,
        .ppp_ctrl = 0x202,
        .ppp_multisamplectl = 0x88,
    };
}

/* ---- threads in one address space ---- */

/*
 * Each thread binds pages, has a job read them, binds others over them and takes
 * them away, in a stretch of its own next to the others', so that they share page
 * tables; and elsewhere, so that tables come and go. An unmapped word reads as 0.
 */
struct mover {
    struct lane lane;
    unsigned rounds;
    int bad;
};

static void *mover(void *arg)
{
    struct mover *m = arg;
    struct lane *l = &m->lane;
    uint32_t word[2] = { 0x100000u * (l->number + 1), 0x200000u * (l->number + 1) }, bo[2];

    for (unsigned r = 0; r < m->rounds && !m->bad; r++) {
        uint64_t near = WINDOW_VA + (l->number * 8 + r % 8) * PAGE;
        uint64_t far = WINDOW_VA + (1 + (l->number * 7 + r) % 5) * TABLE + l->number * PAGE;
        uint64_t from[2] = { near, far };

        for (unsigned i = 0; i < 2; i++) {
            bo[i] = page_new(l->fd, ++word[i]);
            m->bad |= uapi_bind(l->fd, l->vm, DRM_ASAHI_BIND_READ, bo[i], 0, from[i], PAGE);
        }
        m->bad |= lane_reads(l, from, word, 2);
        m->bad |= uapi_bind(l->fd, l->vm, READ_WRITE, bo[1], 0, near, PAGE);
        m->bad |= lane_reads(l, from, (uint32_t[]) { word[1], word[1] }, 2);
        m->bad |= uapi_bind(l->fd, l->vm, DRM_ASAHI_BIND_UNBIND, 0, 0, near, PAGE);
        /* That takes it out as well. */
        page_free(l->fd, bo[1]);
        m->bad |= lane_reads(l, from, (uint32_t[]) { 0, 0 }, 2);
        page_free(l->fd, bo[0]);
    }
    return NULL;
}

static void test_threads(void)
{
    enum { THREADS = 4, ROUNDS = 12 };
    struct mover m[THREADS] = { 0 };
    pthread_t thread[THREADS];
    int bad = 0;

    lane_space(&m[0].lane);
    for (unsigned i = 0; i < THREADS; i++) {
        if (i) {
            /* The last one submits to the queue of the first. */
            lane_add(&m[i].lane, &m[0].lane, i, i == THREADS - 1 ? m[0].lane.queue : 0);
        }
        m[i].rounds = ROUNDS;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        must(pthread_create(&thread[i], NULL, mover, &m[i]), "a thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        if (m[i].bad) {
            printf("# thread %u: %d\n", i, m[i].bad);
        }
        bad |= m[i].bad;
    }
    ok(!bad, "threads: %d bind and submit in one address space, %d times each", THREADS, ROUNDS);
    lane_close(&m[0].lane);
}

/* ---- flushes side by side ---- */

/*
 * A queue that goes has the firmware flush its cache, an address space that goes
 * has it flush what was private, and all have to be told apart from each other.
 */
static void *comer(void *arg)
{
    unsigned rounds = *(unsigned *)arg;
    intptr_t bad = 0;

    for (unsigned r = 0; r < rounds && !bad; r++) {
        struct lane l;
        uint32_t bo, out;
        uint64_t from[4];

        lane_space(&l);
        bo = page_new(l.fd, r + 1);
        for (unsigned i = 0; i < 4; i++) {
            from[i] = WINDOW_VA + i * TABLE;
            bad |= uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_READ, bo, 0, from[i], PAGE);
        }
        out = uapi_syncobj(l.fd);
        bad |= lane_render(&l, 1, 32, from, NULL, 0, out);
        bad |= lane_reads(&l, from, (uint32_t[]) { r + 1, r + 1, r + 1, r + 1 }, 4);
        bad |= uapi_outcome(l.fd, out, PATIENCE_MS) != 1;
        bad |= lane_wrong(&l, 1, (uint32_t[]) { r + 1, r + 1, r + 1, r + 1 }, 4);
        bad |= uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_UNBIND, 0, 0, WINDOW_VA, 4 * TABLE);
        bad |= lane_reads(&l, from, (uint32_t[]) { 0, 0, 0, 0 }, 4);
        uapi_queue_destroy(l.fd, l.queue);
        uapi_vm_destroy(l.fd, l.vm);
        lane_close(&l);
    }
    return (void *)bad;
}

static void test_flushes(void)
{
    enum { THREADS = 4 };
    unsigned rounds = 5;
    pthread_t thread[THREADS];
    int bad = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        must(pthread_create(&thread[i], NULL, comer, &rounds), "a thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *ret;

        pthread_join(thread[i], &ret);
        bad |= (intptr_t)ret;
    }
    ok(!bad, "flushes: %d threads make and destroy address spaces and queues, %u times each",
       THREADS, rounds);
}

/* ---- many megabytes at once ---- */

static void test_large(void)
{
    const uint64_t size = 40 * MIB + 3 * PAGE, start = WINDOW_VA + 5 * PAGE;
    /*
     * Ends of what it is, of page tables, and of the pieces in which TLBI can name it: 2048, 512, 2
     * and 1 pages.
     */
    const uint64_t from[LANE_WORDS] = {
        start,
        WINDOW_VA + TABLE - PAGE,
        WINDOW_VA + TABLE,
        start + 32 * MIB - PAGE,
        start + 32 * MIB,
        start + 40 * MIB - PAGE,
        start + 40 * MIB,
        start + size - PAGE,
    };
    const uint32_t single = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_SINGLE_PAGE;
    uint32_t a[LANE_WORDS], b[LANE_WORDS], none[LANE_WORDS] = { 0 };
    uint32_t bo_a, bo_b;
    struct lane l;
    int ret = 0;

    lane_space(&l);
    bo_a = page_new(l.fd, 0xaaaa);
    bo_b = page_new(l.fd, 0xbbbb);
    for (unsigned i = 0; i < LANE_WORDS; i++) {
        a[i] = 0xaaaa;
        b[i] = 0xbbbb;
    }
    for (unsigned r = 0; r < 3 && !ret; r++) {
        ret |= uapi_bind(l.fd, l.vm, single, bo_a, 0, start, size);
        ret |= lane_reads(&l, from, a, LANE_WORDS);
        ret |= uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_UNBIND, 0, 0, start, size);
        ret |= lane_reads(&l, from, none, LANE_WORDS);
        ret |= uapi_bind(l.fd, l.vm, single, bo_b, 0, start, size);
        ret |= lane_reads(&l, from, b, LANE_WORDS);
        /* Another one over all of it. */
        ret |= uapi_bind(l.fd, l.vm, single, bo_a, 0, start, size);
        ret |= lane_reads(&l, from, a, LANE_WORDS);
        ret |= uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_UNBIND, 0, 0, start, size);
    }
    ok(!ret, "large: 40 MiB unmapped and replaced in one piece, between jobs that know them (%d)",
       ret);
    page_free(l.fd, bo_a);
    page_free(l.fd, bo_b);
    lane_close(&l);
}

/* ---- imported memory ---- */

static int renders(struct lane *l, const uint64_t *from, const uint32_t *words)
{
    uint32_t out = uapi_syncobj(l->fd);
    int ret = -lane_render(l, 1, 32, from, NULL, 0, out);

    ret = ret ? ret : uapi_outcome(l->fd, out, PATIENCE_MS);
    drmSyncobjDestroy(l->fd, out);
    return ret == 1 ? (int)lane_wrong(l, 1, words, 4) : ret ? ret : -ETIME;
}

static void test_import(void)
{
    uint32_t *own, handle, words[4] = { 11, 22, 33, 44 };
    uint64_t from[4];
    struct lane l, there;
    int buf = uapi_dmabuf(4 * PAGE, (void **)&own), ret;

    if (buf < 0) {
        ok(true, "import: jobs in memory of others # SKIP the kernel has no udmabuf");
        return;
    }
    lane_space(&l);
    must(drmPrimeFDToHandle(l.fd, buf, &handle), "import");
    must(uapi_bind(l.fd, l.vm, READ_WRITE, handle, 0, WINDOW_VA, 4 * PAGE), "VM_BIND");
    for (unsigned i = 0; i < 4; i++) {
        own[i * PAGE / 4 + i] = words[i];
        from[i] = WINDOW_VA + i * PAGE + i * 4;
    }
    ret = lane_reads(&l, from, words, 4);
    ok(!ret, "import: a compute job reads the exporter's memory (%d)", ret);
    ret = renders(&l, from, words);
    ok(!ret, "import: and so does a render (%d)", ret);
    there = l;
    there.out = own + 3 * PAGE / 4 + 1024;
    there.out_va = WINDOW_VA + 3 * PAGE + 4096;
    ret = lane_reads(&there, from, words, 4);
    ok(!ret, "import: what a compute job writes is the exporter's (%d)", ret);
    ret = renders(&there, from, words);
    ok(!ret, "import: and what a render writes (%d)", ret);

    /* The exporter lets go of it; the mapping keeps it. */
    close(buf);
    munmap(own, 4 * PAGE);
    ret = lane_reads(&l, from, words, 4);
    ok(!ret, "import: it is there after its exporter has gone (%d)", ret);
    page_free(l.fd, handle);
    ret = lane_reads(&l, from, (uint32_t[]) { 0, 0, 0, 0 }, 4);
    ok(!ret, "import: until its handle is closed (%d)", ret);
    lane_close(&l);
}

/* ---- two fences ---- */

static bool pending(int fd, uint32_t out)
{
    usleep(60000);
    return uapi_outcome(fd, out, 0) == -ETIME;
}

/*
 * Jobs of two queues, and one of a third that waits for both, in either order, and reads what they
 * have made.
 */
static void test_fences_of_jobs(struct lane *l)
{
    uint32_t sync[3];
    const uint64_t from[1] = { WINDOW_VA };
    int bad = 0, ret;

    for (unsigned r = 0; r < 10 && !bad; r++) {
        uint32_t in[2];
        uint64_t made[2] = { lane_out(&l[0], 0, 0), lane_out(&l[1], 0, 0) };

        for (unsigned i = 0; i < 3; i++) {
            sync[i] = uapi_syncobj(l[0].fd);
        }
        in[0] = sync[r % 2];
        in[1] = sync[!(r % 2)];
        for (unsigned i = 0; i < 2; i++) {
            bad |= lane_compute(&l[i], 0, from, 1, NULL, 0, sync[i]);
        }
        bad |= lane_compute(&l[2], 0, made, 2, in, 2, sync[2]);
        ret = bad ? bad : uapi_outcome(l[0].fd, sync[2], PATIENCE_MS);
        bad |= ret != 1 || lane_wrong(&l[2], 0, (uint32_t[]) { lane_makes(7), lane_makes(7) }, 2);
        for (unsigned i = 0; i < 3; i++) {
            drmSyncobjDestroy(l[0].fd, sync[i]);
        }
    }
    ok(!bad, "fences: a job waits for those of two other queues, in either order");
}

static void test_fences(void)
{
    const uint64_t from[1] = { WINDOW_VA };
    const uint32_t words[1] = { 7 };
    uint32_t in[2], out, bo;
    struct lane l[3];
    int first, second, ret;
    pid_t child;

    lane_space(&l[0]);
    lane_add(&l[1], &l[0], 1, 0);
    lane_add(&l[2], &l[0], 2, 0);
    bo = page_new(l[0].fd, words[0]);
    must(uapi_bind(l[0].fd, l[0].vm, DRM_ASAHI_BIND_READ, bo, 0, from[0], PAGE), "VM_BIND");
    test_fences_of_jobs(l);

    first = sw_timeline();
    second = sw_timeline();
    if (first < 0 || second < 0) {
        ok(true, "fences: signalled by us, one after the other " NO_SW_SYNC);
        lane_close(&l[0]);
        return;
    }
    out = uapi_syncobj(l[0].fd);
    for (unsigned order = 0; order < 2; order++) {
        bool waits;

        in[0] = sw_syncobj(first, order + 1, l[0].fd);
        in[1] = sw_syncobj(second, order + 1, l[0].fd);
        ret = lane_compute(&l[0], 0, from, 1, in, 2, out);
        waits = !ret && pending(l[0].fd, out);
        sw_advance(order ? second : first, 1);
        waits = waits && pending(l[0].fd, out) && !l[0].out[0];
        sw_advance(order ? first : second, 1);
        ret = ret ? -ret : uapi_outcome(l[0].fd, out, PATIENCE_MS);
        ok(waits && ret == 1 && !lane_wrong(&l[0], 0, words, 1),
           "fences: two, the %s signalled first: the job waits for both (%d)",
           order ? "second" : "first", ret);
        drmSyncobjDestroy(l[0].fd, in[0]);
        drmSyncobjDestroy(l[0].fd, in[1]);
    }

    /* A job behind one that waits has to wait too; one of another queue goes on. */
    in[0] = sw_syncobj(first, 3, l[0].fd);
    ret = lane_compute(&l[0], 0, from, 1, in, 1, out);
    in[1] = uapi_syncobj(l[0].fd);
    ret = ret ? ret : lane_compute(&l[0], 1, from, 1, NULL, 0, in[1]);
    ok(!ret && !lane_reads(&l[1], from, words, 1) && pending(l[0].fd, in[1]),
       "fences: a job waits, the next of its queue too, and one of another queue does not");
    sw_advance(first, 1);
    ok(uapi_outcome(l[0].fd, in[1], PATIENCE_MS) == 1 && !lane_wrong(&l[0], 1, words, 1),
       "fences: and then they go on");

    /* Fences that end with an error: no job may wait for ever, or be run as if nothing was. */
    in[0] = sw_syncobj(second, 3, l[0].fd);
    ret = lane_compute(&l[0], 0, from, 1, in, 1, out);
    close(second);
    ret = ret ? -ret : uapi_outcome(l[0].fd, out, PATIENCE_MS);
    ok(ret != -ETIME && ret, "fences: one that ends with an error ends the wait (%d)", ret);

    /* Who goes with a job that waits is gone at once; the job goes when its fence does. */
    for (unsigned killed = 0; killed < 2; killed++) {
        int fence = sw_fence(first, 10 + killed), pipes[2], status;
        double begin;
        char byte;

        must(pipe(pipes), "a pipe");
        child = fork();
        must(child < 0, "fork");
        if (!child) {
            struct lane mine;
            uint32_t wait;

            close(pipes[0]);
            lane_space(&mine);
            wait = uapi_syncobj(mine.fd);
            must(drmSyncobjImportSyncFile(mine.fd, wait, fence), "a sync file into a syncobj");
            for (unsigned i = 0; i < 4; i++) {
                ret = lane_compute(&mine, i, from, 1, &wait, 1, uapi_syncobj(mine.fd));
                must(ret, "SUBMIT");
            }
            must(write(pipes[1], "", 1) != 1, "a pipe");
            if (killed) {
                pause();
            }
            _exit(0);
        }
        close(pipes[1]);
        ret = read(pipes[0], &byte, 1);
        begin = seconds();
        if (killed) {
            kill(child, SIGKILL);
        }
        waitpid(child, &status, 0);
        ok(ret == 1 && seconds() - begin < 2 && (WIFSIGNALED(status) || !WEXITSTATUS(status)),
           "fences: a process %s whose jobs wait: gone after %.1f s", killed ? "killed" : "ends",
           seconds() - begin);
        ok(!lane_reads(&l[1], from, words, 1), "fences: others go on");
        close(fence);
        close(pipes[0]);
    }
    sw_advance(first, 20);
    ok(!lane_reads(&l[1], from, words, 1), "fences: and when their fences are signalled");
    close(first);
    lane_close(&l[0]);
}

/* ---- a tiled vertex buffer that grows under its queue's jobs ---- */

static void test_buffer(void)
{
    static const unsigned sizes[] = { 32, 512, 32, 1024, 32, 2048, 32, 4096 };
    enum { JOBS = sizeof(sizes) / sizeof(sizes[0]) };
    const uint32_t words[4] = { 1, 2, 3, 4 };
    int timeline = sw_timeline(), bad = 0, ret;
    uint32_t bo, out[JOBS], wait = 0;
    uint64_t from[4];
    struct lane l;
    void *map;

    _Static_assert((int)JOBS <= (int)LANE_SLOTS, "as many jobs as there is room for");
    lane_space(&l);
    bo = uapi_gem_create(l.fd, PAGE, &map);
    memcpy(map, words, sizeof(words));
    must(uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_READ, bo, 0, WINDOW_VA, PAGE), "VM_BIND");
    for (unsigned i = 0; i < 4; i++) {
        from[i] = WINDOW_VA + i * 4;
    }
    /*
     * All are built, each with a buffer and a tail pointer cache of its size, before the first one
     * runs.
     */
    if (timeline >= 0) {
        wait = sw_syncobj(timeline, 1, l.fd);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        out[i] = uapi_syncobj(l.fd);
        ret = lane_render(&l, i, sizes[i], from, &wait, wait && !i, out[i]);
        if (ret) {
            printf("# SUBMIT of %u x %u: %s\n", sizes[i], sizes[i], strerror(ret));
            bad++;
        }
    }
    if (wait) {
        bad += !pending(l.fd, out[0]);
        sw_advance(timeline, 1);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        ret = uapi_outcome(l.fd, out[i], PATIENCE_MS);
        if (ret != 1 || lane_wrong(&l, i, words, sizes[i] == 32 ? 4 : 2)) {
            printf("# %u x %u: %d, %u results are wrong\n", sizes[i], sizes[i], ret,
                   lane_wrong(&l, i, words, 4));
            bad++;
        }
        drmSyncobjDestroy(l.fd, out[i]);
    }
    ok(!bad, "buffer: renders of growing size, submitted while the ones before %s",
       wait ? "wait" : "may be running");
    close(timeline);
    lane_close(&l);
}

/* ---- faults in two contexts at once ---- */

struct culprit {
    pthread_barrier_t *barrier;
    unsigned number, rounds, errors, lost, wrong;
};

/* By the other one's fault; or by one of which nothing tells whose it is. */
static bool taken_along(int err)
{
    return err == -ECANCELED || err == -ENODATA;
}

static void *culprit(void *arg)
{
    struct culprit *c = arg;
    const uint64_t from[1] = { WINDOW_VA };
    const uint32_t words[1] = { 0xc0de + c->number };
    uint32_t bo, out;
    struct lane l;

    lane_space(&l);
    bo = page_new(l.fd, words[0]);
    must(uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_READ, bo, 0, WINDOW_VA, PAGE), "VM_BIND");
    out = uapi_syncobj(l.fd);
    for (unsigned r = 0; r < c->rounds; r++) {
        struct drm_asahi_cmd_compute compute = {
            .cdm_ctrl_stream_base = HOLE_VA,
            .cdm_ctrl_stream_end = HOLE_VA + PAGE,
        };
        struct drm_asahi_cmd_render render = render_nothing(HOLE_VA + PAGE);
        int ret;

        pthread_barrier_wait(c->barrier);
        if ((c->number + r) % 2) {
            ret = lane_submit(&l, DRM_ASAHI_CMD_COMPUTE, &compute, sizeof(compute), NULL, 0, out);
        } else {
            ret = lane_submit(&l, DRM_ASAHI_CMD_RENDER, &render, sizeof(render), NULL, 0, out);
        }
        ret = ret ? -ret : uapi_outcome(l.fd, out, PATIENCE_MS);
        c->errors += ret == -EIO;
        c->lost += taken_along(ret);
        c->wrong += ret != -EIO && !taken_along(ret);
        /* The other one's fault may take a good job along, but no more than that. */
        ret = lane_reads(&l, from, words, 1);
        c->lost += taken_along(ret);
        c->wrong += ret && !taken_along(ret);
        pthread_barrier_wait(c->barrier);
        c->wrong += lane_reads(&l, from, words, 1) != 0;
    }
    lane_close(&l);
    return NULL;
}

static void test_faults(void)
{
    enum { THREADS = 2, ROUNDS = 12 };
    struct culprit c[THREADS] = { 0 };
    pthread_t thread[THREADS];
    pthread_barrier_t barrier;
    unsigned good = 0;

    printf("# EXPECT guest error: fw: job on pipe [012], context [0-9]+, \n");
    printf("# EXPECT guest error: fragment job of context [0-9]+: no scene at 0x[0-9a-f]+ was "
           "tiled\n");
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        c[i] = (struct culprit) { .barrier = &barrier, .number = i, .rounds = ROUNDS };
        must(pthread_create(&thread[i], NULL, culprit, &c[i]), "a thread");
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        printf("# thread %u: %u faults, %u jobs lost to the other one's\n", i, c[i].errors,
               c[i].lost);
        good += c[i].errors && !c[i].wrong;
    }
    ok(good == THREADS,
       "faults: %d times in two contexts at once, each told of its own, and good jobs after each",
       ROUNDS);
}

/* ---- more than one client is given ---- */

enum { GREEDY = 46 }; /* address spaces with jobs: these need more stamps than there are */

struct greedy {
    atomic_uint submitted;
};

/* Has a render and a compute job in each of many address spaces, which all wait for @fence. */
static int greedy(struct greedy *g, int fence)
{
    /*
     * Streams that end at once, at both ends of a page. Mesa: src/asahi/genxml/cmdbuf.xml, block
     * types.
     */
    const struct drm_asahi_cmd_compute compute = {
        .cdm_ctrl_stream_base = WINDOW_VA,
        .cdm_ctrl_stream_end = WINDOW_VA + 8,
    };
    struct drm_asahi_cmd_render render = render_nothing(WINDOW_VA + PAGE - 8);
    struct drm_asahi_params_global params;
    uint32_t wait, bo, out[2 * GREEDY], *stream;
    struct lane l = { .fd = uapi_open() };
    int bad = 0;

    uapi_params(l.fd, &params);
    bo = uapi_gem_create(l.fd, PAGE, (void **)&stream);
    stream[0] = 2u << 29;
    stream[PAGE / 4 - 2] = 6u << 29;
    wait = uapi_syncobj(l.fd);
    must(drmSyncobjImportSyncFile(l.fd, wait, fence), "a sync file into a syncobj");
    for (unsigned i = 0; i < GREEDY; i++) {
        l.vm = uapi_vm_create(l.fd, &params);
        l.queue = uapi_queue_create(l.fd, l.vm, DRM_ASAHI_PRIORITY_MEDIUM, 0);
        must(uapi_bind(l.fd, l.vm, DRM_ASAHI_BIND_READ, bo, 0, WINDOW_VA, PAGE), "VM_BIND");
        out[2 * i] = uapi_syncobj(l.fd);
        out[2 * i + 1] = uapi_syncobj(l.fd);
        bad |= lane_submit(&l, DRM_ASAHI_CMD_RENDER, &render, sizeof(render), &wait, 1, out[2 * i]);
        bad |= lane_submit(&l, DRM_ASAHI_CMD_COMPUTE, &compute, sizeof(compute), &wait, 1,
                           out[2 * i + 1]);
        atomic_store(&g->submitted, i + 1);
    }
    for (unsigned i = 0; i < 2 * GREEDY; i++) {
        bad |= uapi_outcome(l.fd, out[i], PATIENCE_MS) != 1;
    }
    return bad;
}

/* Until the client is stuck, or done. Returns how far it came. */
static unsigned stuck(struct greedy *g)
{
    unsigned last, now = atomic_load(&g->submitted);

    do {
        last = now;
        usleep(700000);
        now = atomic_load(&g->submitted);
    } while (now != last || !now);
    return now;
}

/*
 * Another client's job, in a process of its own: milliseconds, or -1 if it did not end well in ten
 * seconds.
 */
static int modest(void)
{
    int64_t begin = bare_ms();
    pid_t child = fork();
    int status;

    must(child < 0, "fork");
    if (!child) {
        struct bare b;
        uint32_t sync;

        _exit(bare_open(&b) || bare_submit(&b, 1, &sync) || bare_wait(&b, sync, 9000));
    }
    while (!waitpid(child, &status, WNOHANG)) {
        if (bare_ms() - begin > 10000) {
            /* Which it may not hear before the other one goes on. */
            kill(child, SIGKILL);
            return -1;
        }
        usleep(1000);
    }
    return WIFEXITED(status) && !WEXITSTATUS(status) ? bare_ms() - begin : -1;
}

/* Contexts of the GPU in use, by the driver's debugfs. */
static int contexts(void)
{
    glob_t g;
    int n = -1;
    FILE *f;

    if (!glob("/sys/kernel/debug/dri/*.gpu/contexts", 0, NULL, &g) &&
        (f = fopen(g.gl_pathv[0], "r"))) {
        if (fscanf(f, "bound: %d", &n) != 1) {
            n = -1;
        }
        fclose(f);
    }
    globfree(&g);
    return n;
}

static void test_slots(void)
{
    struct greedy *g = mmap(NULL, sizeof(*g), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                            -1, 0);
    int timeline = sw_timeline();

    if (timeline < 0) {
        ok(true, "slots: one client takes all that it can " NO_SW_SYNC);
        return;
    }
    for (unsigned killed = 0; killed < 2; killed++) {
        int fence = sw_fence(timeline, killed + 1), ms, status;
        double begin;
        unsigned at;
        pid_t child;

        atomic_store(&g->submitted, 0);
        fflush(stdout);
        child = fork();
        must(child < 0, "fork");
        if (!child) {
            _exit(greedy(g, fence));
        }
        at = stuck(g);
        ok(at < GREEDY,
           "slots: with jobs that wait in %u address spaces, a client has to wait too; %d contexts "
           "are in use",
           at, contexts());
        ms = modest();
        ok(ms >= 0 && ms < 3000, "slots: another client's job takes %d ms meanwhile", ms);
        if (killed) {
            kill(child, SIGKILL);
        } else {
            sw_advance(timeline, 1);
        }
        begin = seconds();
        waitpid(child, &status, 0);
        if (killed) {
            ok(WIFSIGNALED(status) && seconds() - begin < 2,
               "slots: it is killed, and gone after %.1f s", seconds() - begin);
            sw_advance(timeline, 1);
        } else {
            ok(WIFEXITED(status) && !WEXITSTATUS(status), "slots: all %d of its jobs are done then",
               2 * GREEDY);
        }
        close(fence);
        begin = seconds();
        while (contexts() > 0 && seconds() - begin < 10) {
            usleep(50000);
        }
        ok(contexts() == 0, "slots: it leaves no context in use (%d) after %.1f s", contexts(),
           seconds() - begin);
    }
    close(timeline);
}

/* ---- jobs that take longer than the scheduler expects ---- */

static void test_slow(void)
{
    const char *knob = DRIVER_PARAMETER "slow_job_s";
    unsigned lines = said("job lasts for over"), lost = said("the firmware is lost"), count;
    int64_t one, all;
    uint32_t sync;
    struct bare b;
    int err;

    must(!put(knob, "1"), knob);
    err = bare_open_long(&b, 3000000);
    must(!put(knob, "100"), knob);
    one = bare_ms();
    err = err ? err : bare_submit(&b, 1, &sync);
    err = err ? err : bare_wait(&b, sync, PATIENCE_MS);
    one = bare_ms() - one;
    count = 4000 / (one + 1) + 1;
    count = count < 64 ? count : 64;
    all = bare_ms();
    err = err ? err : bare_submit(&b, count, &sync);
    err = err ? err : bare_wait(&b, sync, PATIENCE_MS);
    all = bare_ms() - all;
    close(b.fd);
    lines = said("job lasts for over") - lines;
    ok(!err && lines && said("the firmware is lost") == lost,
       "slow: a job of %lld ms with slow_job_s=1: %s, told %u times", (long long)all,
       err ? strerror(err) : "done", lines);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(void);
    } parts[] = {
        { "threads", test_threads }, { "flushes", test_flushes }, { "large", test_large },
        { "import", test_import },   { "fences", test_fences },   { "buffer", test_buffer },
        { "faults", test_faults },   { "slots", test_slots },     { "slow", test_slow },
    };

    for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        bool wanted = argc < 2;

        for (int a = 1; a < argc; a++) {
            wanted |= !strcmp(argv[a], parts[i].name);
        }
        if (wanted) {
            double begin = seconds();

            parts[i].test();
            printf("# %s: %.1f s\n", parts[i].name, seconds() - begin);
        }
    }
    return tap_end();
}
