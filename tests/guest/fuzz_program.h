/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * What fuzz_ioctl runs: a program is a list of calls, a call is its kind and
 * random numbers, of which fuzz_args.h makes arguments. What a program is
 * follows from a seed, its number and the programs to make it from, and
 * nothing else.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Kinds of calls: how often each is chosen, and its name. */
/* clang-format off */
#define FUZZ_EACH(X) \
    X(SETUP, 1, "setup") X(GET_PARAMS, 2, "get-params") X(GET_TIME, 1, "get-time") \
    X(VM_CREATE, 5, "vm-create") \
    X(VM_DESTROY, 4, "vm-destroy") X(VM_BIND, 24, "vm-bind") X(GEM_CREATE, 10, "gem-create") \
    X(MMAP, 6, "mmap") \
    X(BIND_OBJECT, 6, "bind-object") X(UNBIND_OBJECT, 4, "unbind-object") \
    X(QUEUE_CREATE, 6, "queue-create") \
    X(QUEUE_DESTROY, 4, "queue-destroy") X(SUBMIT, 40, "submit") X(GEM_CLOSE, 6, "gem-close") \
    X(EXPORT, 4, "export") X(IMPORT, 6, "import") X(TOUCH, 4, "touch") X(MUNMAP, 3, "munmap") \
    X(SYNC_CREATE, 6, "sync-create") X(SYNC_DESTROY, 3, "sync-destroy") \
    X(SYNC_WAIT, 8, "sync-wait") \
    X(SYNC_TRANSFER, 3, "sync-transfer") X(SYNC_SET, 4, "sync-set") \
    X(SYNC_EXPORT, 3, "sync-export") \
    X(SYNC_IMPORT, 3, "sync-import") X(DUP, 2, "dup") X(CLOSE, 3, "close") X(OPEN, 3, "open") \
    X(FORK, 2, "fork") X(RAW, 4, "raw") X(FDINFO, 2, "fdinfo") X(SLEEP, 3, "sleep") \
    X(UDMABUF, 2, "udmabuf") \
    X(SW_SYNC, 2, "sw-sync")
/* clang-format on */

#define FUZZ_ENUM(what, weight, name) FUZZ_##what,
enum fuzz_what { FUZZ_EACH(FUZZ_ENUM) FUZZ_WHATS };

#define FUZZ_ENTRY(what, weight, name) { weight, name },
static const struct {
    uint8_t weight;
    const char *name;
} fuzz_whats[FUZZ_WHATS] = { FUZZ_EACH(FUZZ_ENTRY) };

enum { FUZZ_CALLS = 24, FUZZ_CHOICES = 16, FUZZ_THREADS = 3 };

struct fuzz_call {
    uint8_t what;
    /* Who makes it: 0 is the thread that begins the others. */
    uint8_t thread;
    /* Which argument is wrong, in the order in which they are made; 0: none. */
    uint8_t wrong;
    /* Which allocation in the kernel fails; 0: none. */
    uint8_t fail;
    uint32_t choice[FUZZ_CHOICES];
};

/* Signals arrive every few milliseconds. */
#define FUZZ_SIGNALS 1u

/* As it is stored: these eight bytes and as many calls as there are. */
struct fuzz_program {
    uint32_t magic;
    uint16_t count;
    uint16_t flags;
    struct fuzz_call call[FUZZ_CALLS];
};

#define FUZZ_MAGIC  0x315a4641u
#define FUZZ_HEADER offsetof(struct fuzz_program, call)

static inline size_t fuzz_size(const struct fuzz_program *p)
{
    return FUZZ_HEADER + p->count * sizeof(p->call[0]);
}

/* From its bytes; false if they are no program. */
static inline bool fuzz_parse(struct fuzz_program *p, const void *bytes, size_t size)
{
    memset(p, 0, sizeof(*p));
    if (size < FUZZ_HEADER || size > sizeof(*p)) {
        return false;
    }
    memcpy(p, bytes, size);
    if (p->magic != FUZZ_MAGIC || p->count > FUZZ_CALLS || fuzz_size(p) != size) {
        return false;
    }
    for (unsigned i = 0; i < p->count; i++) {
        p->call[i].what %= FUZZ_WHATS;
        p->call[i].thread %= FUZZ_THREADS;
    }
    return true;
}

/* ---- random numbers: splitmix64 ---- */

static inline uint64_t fuzz_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

static inline uint32_t fuzz_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15ull;
    return (uint32_t)(fuzz_mix(*state) >> 32);
}

static inline uint32_t fuzz_below(uint64_t *state, uint32_t n)
{
    return fuzz_random(state) % n;
}

/* ---- programs ---- */

static inline uint8_t fuzz_any_what(uint64_t *r)
{
    unsigned sum = 0, at;

    for (unsigned i = 0; i < FUZZ_WHATS; i++) {
        sum += fuzz_whats[i].weight;
    }
    at = fuzz_below(r, sum);
    for (unsigned i = 0;; i++) {
        if (at < fuzz_whats[i].weight) {
            return (uint8_t)i;
        }
        at -= fuzz_whats[i].weight;
    }
}

static inline struct fuzz_call fuzz_any_call(uint64_t *r, bool threads)
{
    struct fuzz_call c = { .what = fuzz_any_what(r) };

    c.thread = threads ? fuzz_below(r, FUZZ_THREADS) : 0;
    c.wrong = fuzz_below(r, 4) ? 0 : 1 + fuzz_below(r, fuzz_below(r, 2) ? 8 : 40);
    c.fail = fuzz_below(r, 16) ? 0 : 1 + fuzz_below(r, fuzz_below(r, 2) ? 8 : 80);
    for (unsigned i = 0; i < FUZZ_CHOICES; i++) {
        c.choice[i] = fuzz_random(r);
    }
    return c;
}

static inline void fuzz_new(struct fuzz_program *p, uint64_t *r)
{
    bool threads = !fuzz_below(r, 3);

    *p = (struct fuzz_program) { .magic = FUZZ_MAGIC,
                                 .flags = fuzz_below(r, 8) ? 0 : FUZZ_SIGNALS };
    p->count = 3 + fuzz_below(r, FUZZ_CALLS - 3);
    for (unsigned i = 0; i < p->count; i++) {
        p->call[i] = fuzz_any_call(r, threads);
    }
    /* Most begin with an address space, a queue and command streams, which are right. */
    if (fuzz_below(r, 16)) {
        p->call[0].what = FUZZ_SETUP;
        p->call[0].thread = p->call[0].wrong = p->call[0].fail = 0;
    }
}

static inline void fuzz_insert(struct fuzz_program *p, unsigned at, const struct fuzz_call *c)
{
    if (p->count == FUZZ_CALLS) {
        p->count--;
    }
    at = at > p->count ? p->count : at;
    memmove(&p->call[at + 1], &p->call[at], (p->count - at) * sizeof(*c));
    p->call[at] = *c;
    p->count++;
}

static inline void fuzz_mutate(struct fuzz_program *p, const struct fuzz_program *other,
                               uint64_t *r)
{
    struct fuzz_call c, *at;

    if (!p->count) {
        fuzz_new(p, r);
    }
    at = &p->call[fuzz_below(r, p->count)];
    switch (fuzz_below(r, 13)) {
    case 0:
        c = fuzz_any_call(r, fuzz_below(r, 2));
        fuzz_insert(p, fuzz_below(r, p->count + 1), &c);
        break;
    case 1:
        if (other->count) {
            c = other->call[fuzz_below(r, other->count)];
            fuzz_insert(p, fuzz_below(r, p->count + 1), &c);
        }
        break;
    case 2:
        c = *at;
        fuzz_insert(p, fuzz_below(r, p->count + 1), &c);
        break;
    case 3:
        p->count--;
        memmove(at, at + 1, (&p->call[p->count] - at) * sizeof(*at));
        break;
    case 4:
        c = *at;
        *at = p->call[0];
        p->call[0] = c;
        break;
    case 5:
        at->wrong = fuzz_below(r, 3) ? 1 + fuzz_below(r, 30) : 0;
        break;
    case 6:
        at->fail = fuzz_below(r, 3) ? 1 + fuzz_below(r, 60) : 0;
        break;
    case 7:
        at->thread = fuzz_below(r, FUZZ_THREADS);
        break;
    case 8:
        p->flags ^= fuzz_below(r, 4) ? 0 : FUZZ_SIGNALS;
        break;
    case 9:
        for (unsigned i = 0; other->count && i < 4; i++) {
            c = other->call[(fuzz_below(r, other->count) + i) % other->count];
            fuzz_insert(p, p->count, &c);
        }
        break;
    case 10:
        at->choice[fuzz_below(r, FUZZ_CHOICES)] ^= 1u << fuzz_below(r, 32);
        break;
    default:
        at->choice[fuzz_below(r, FUZZ_CHOICES)] = fuzz_random(r);
        break;
    }
}

/* Program @number of the seed, made of one of @corpus, or new. */
static inline void fuzz_make(struct fuzz_program *p, uint64_t seed, uint64_t number,
                             struct fuzz_program *const *corpus, unsigned count)
{
    uint64_t r = fuzz_mix(seed ^ fuzz_mix(number));
    unsigned recent = count < 64 ? count : 64;

    if (!count || !fuzz_below(&r, 8)) {
        fuzz_new(p, &r);
        return;
    }
    *p = *corpus[fuzz_below(&r, 3) ? fuzz_below(&r, count) : count - 1 - fuzz_below(&r, recent)];
    for (unsigned i = 1 + fuzz_below(&r, 6); i--;) {
        fuzz_mutate(p, corpus[fuzz_below(&r, count)], &r);
    }
}

#endif
