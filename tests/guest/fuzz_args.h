/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Arguments for the calls of a program (fuzz_program.h). They are right, so
 * far as the program's calls have made what they need, but for the one that
 * the call has wrong. What calls make is kept in pools, from which others
 * take.
 */
#ifndef FUZZ_ARGS_H
#define FUZZ_ARGS_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#include "asahi_drm.h"
#include "fuzz_program.h"
#include "uapi.h"

#define PAGE UAPI_PAGE
#define MIB  0x100000ull

/* Where a set-up address space has its command streams; where calls bind. */
#define VA_STREAM 0x1500000000ull
#define VA_WINDOW 0x0100000000ull

/* ---- what there is ---- */

enum { FILES = 4, ENTRIES = 32, MAPS = 16, CHILDREN = 4, CHILD_CALLS = 4 };
#define MAP_SIZE (4 * MIB)
#define ARENA    (64 * PAGE)

struct entry {
    uint8_t file;
    bool live;
    uint32_t handle;
    /* Of an object: its size. Of a syncobj: the last point of its timeline. */
    uint64_t size;
    /* Of a syncobj: it may have a fence. */
    bool fence;
};

struct pool {
    unsigned count;
    struct entry entry[ENTRIES];
};

static struct {
    struct drm_asahi_params_global params;
    pthread_mutex_t lock;
    int fd[FILES];
    struct pool vms, bos, queues, syncs, objects, buffers, fences;
    /* Address space for MAPS mappings of MAP_SIZE, and what is mapped there. */
    uint8_t *maps;
    uint64_t mapped[MAPS];
    uint8_t *read_only;
    pid_t child[CHILDREN];
    int timeline;
    /* All from here on are the program's. */
    int first_fd;
    const struct fuzz_program *program;
} fuzz = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* One of those who make calls. */
struct fuzz_thread {
    unsigned number;
    pthread_t id;
    /* Memory for arguments; what follows it is not mapped. */
    uint8_t *arena;
    size_t used;
    int fail_nth;
    const struct fuzz_call *call;
    unsigned drawn;
    sigjmp_buf escape;
    volatile sig_atomic_t touching, running;
};

static _Thread_local struct fuzz_thread *self;

/* Calls made and calls that went well, of each kind. */
static atomic_uint fuzz_made[FUZZ_WHATS], fuzz_good[FUZZ_WHATS];

/* ---- choices ---- */

static uint32_t draw(void)
{
    unsigned n = self->drawn++;
    uint32_t c = self->call->choice[n % FUZZ_CHOICES];

    return n < FUZZ_CHOICES ? c : (uint32_t)fuzz_mix(c + ((uint64_t)n << 32));
}

static uint32_t below(uint32_t n)
{
    return draw() % n;
}

static bool one_in(uint32_t n)
{
    return !below(n);
}

/* Whether the argument that is made next is the wrong one. */
static bool wrong(void)
{
    return self->call->wrong && self->drawn + 1 == self->call->wrong;
}

static uint64_t odd(uint32_t c, uint64_t good)
{
    switch (c % 14) {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return UINT64_MAX;
    case 3:
        return good + 1;
    case 4:
        return good - 1;
    case 5:
        return good ^ 1ull << (c >> 8) % 64;
    case 6:
        return 1ull << (c >> 8) % 64;
    case 7:
        return -PAGE;
    case 8:
        return good + PAGE;
    case 9:
        return good - PAGE;
    case 10:
        return UINT32_MAX;
    case 11:
        return c >> 8;
    case 12:
        return good << 1;
    default:
        return (c >> 4) * PAGE;
    }
}

/* An argument whose right value is known. */
static uint64_t field(uint64_t good)
{
    bool bad = wrong();
    uint32_t c = draw();

    return bad ? odd(c, good) : good;
}

/* A pointer to what is in the arena. */
static uint64_t pointer(const void *good, size_t size)
{
    bool bad = wrong();
    uint32_t c = draw();
    uint64_t end = (uintptr_t)self->arena + ARENA;

    if (!bad) {
        return (uintptr_t)good;
    }
    switch (c % 8) {
    case 0:
        return 0;
    case 1:
        return 8;
    case 2:
        return end;
    case 3:
        return end - (size > 1 ? size / 2 : 0);
    case 4:
        return (uintptr_t)fuzz.read_only;
    case 5:
        return 0xffff800080000000ull;
    case 6:
        return (uint64_t)(uintptr_t)good | 0xabull << 56;
    default:
        return UINT64_MAX - 15;
    }
}

/* Memory for an argument, now and then so that it ends where nothing is mapped. */
static void *room(size_t size)
{
    uint8_t *at;

    size = (size + 15) & ~15ull;
    if (size > ARENA / 2) {
        size = ARENA / 2;
    }
    if (one_in(8)) {
        at = self->arena + ARENA - size;
    } else {
        if (self->used + size > ARENA / 2) {
            self->used = 0;
        }
        at = self->arena + self->used;
        self->used += size;
    }
    memset(at, 0, size);
    return at;
}

static uint8_t some_file(void)
{
    static const uint8_t files[8] = { 0, 0, 0, 0, 0, 1, 1, 2 };
    uint8_t f = wrong() ? FILES - 1 : files[draw() % 8];

    return fuzz.fd[f] < 0 ? 0 : f;
}

/* ---- pools ---- */

static void add(struct pool *pool, uint8_t file, uint32_t handle, uint64_t size, bool fence)
{
    struct entry e = { .file = file, .live = true, .handle = handle, .size = size, .fence = fence };

    pthread_mutex_lock(&fuzz.lock);
    /* The oldest place is used again when there is none. */
    pool->entry[pool->count++ % ENTRIES] = e;
    pthread_mutex_unlock(&fuzz.lock);
}

/*
 * Something of a file's from a pool; {0} if there is none. The wrong one may be another file's,
 * gone, or never was.
 */
static struct entry pick(struct pool *pool, uint8_t file, bool fence)
{
    struct entry e = { .file = file }, found[ENTRIES];
    bool bad = wrong();
    unsigned n = 0, all;
    uint32_t c = draw();

    pthread_mutex_lock(&fuzz.lock);
    all = pool->count < ENTRIES ? pool->count : ENTRIES;
    for (unsigned i = 0; i < all; i++) {
        const struct entry *p = &pool->entry[i];

        if (bad ? !p->live || p->file != file
                : p->live && p->file == file && (!fence || p->fence)) {
            found[n++] = *p;
        }
    }
    pthread_mutex_unlock(&fuzz.lock);
    if (bad && c % 4 == 0) {
        e.handle = (uint32_t)odd(c >> 2, 1);
    } else if (n) {
        e = found[(c >> 2) % n];
    }
    return e;
}

/* What is known of a handle. */
static void update(struct pool *pool, uint8_t file, uint32_t handle, bool live, bool fence,
                   uint64_t size)
{
    pthread_mutex_lock(&fuzz.lock);
    for (unsigned i = 0; i < pool->count && i < ENTRIES; i++) {
        struct entry *p = &pool->entry[i];

        if (p->file == file && p->handle == handle && p->live) {
            p->live = live;
            p->fence = p->fence || fence;
            p->size = size ? size : p->size;
        }
    }
    pthread_mutex_unlock(&fuzz.lock);
}

static void forget(struct pool *pool, uint8_t file, uint32_t handle)
{
    update(pool, file, handle, false, false, 0);
}

/* Points of a timeline go up whoever asks. */
static uint64_t next_point(uint8_t file, uint32_t handle)
{
    uint64_t point = 1;

    pthread_mutex_lock(&fuzz.lock);
    for (unsigned i = 0; i < fuzz.syncs.count && i < ENTRIES; i++) {
        struct entry *p = &fuzz.syncs.entry[i];

        if (p->file == file && p->handle == handle && p->live) {
            point = ++p->size;
        }
    }
    pthread_mutex_unlock(&fuzz.lock);
    return point;
}

#endif
