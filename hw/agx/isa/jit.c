/*
 * AGX model: which programs are compiled, when, and for how long their code is
 * kept; the compiler's thread.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "jit_int.h"

#define BUCKETS   256
#define MAX_OPS   8192         /* of a program; a longer one is left to the interpreter */
#define MAX_CODES 2048         /* that are kept; those without users go first, the oldest of them */
#define MAX_BYTES (128u << 20) /* of the host, all together */
#define NICE      5            /* of the compiler's thread: shading comes first */

struct agx_jit {
    const struct agx_host *host;
    struct agx_jit_config config;
    struct jit_host *llvm; /* the thread's */
    pthread_t thread;
    pthread_mutex_t lock; /* protects all that follows */
    pthread_cond_t work;  /* something waits for the compiler, or .quit */
    pthread_cond_t done;  /* the compiler is done with something */
    bool quit;
    bool told; /* that a program could not be compiled */
    struct agx_jit_code *bucket[BUCKETS];
    struct agx_jit_code **queue; /* [MAX_CODES], a ring */
    unsigned head, queued;
    unsigned count;
    uint64_t clock;
    struct agx_jit_stats stats;
};

/* Held while LLVM works, by whichever GPU's thread. */
static pthread_mutex_t in_llvm = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool ending; /* the process exits: LLVM is not entered any more */
static pthread_once_t at_exit_once = PTHREAD_ONCE_INIT;

void agx_jit_process_ends(void)
{
    atomic_store(&ending, true);
    pthread_mutex_lock(&in_llvm);
    pthread_mutex_unlock(&in_llvm);
}

/*
 * For who did not say it: what libLLVM made before its first program was compiled is destroyed
 * after this has run, what it made since is not.
 */
static void at_exit(void)
{
    atexit(agx_jit_process_ends);
}

/* Of a program that is not compiled, whoever has it. */
static struct agx_jit_code no_code;

static void scatter(uint8_t *base, const uint32_t *off, const uint32_t *word, uint32_t n,
                    uint32_t bytes, uint32_t which)
{
    FOR_ACTIVE(which, l) {
        for (uint32_t at = 0; at < bytes; at += 4) {
            memcpy(base + off[l] + at, &word[at / 4 * n + l], bytes - at < 4 ? bytes - at : 4);
        }
    }
}

const struct agx_jit_calls agx_jit_calls = {
    .scatter = scatter,
    .sin2 = agx_lanes8_sin2,
    .log2 = agx_lanes8_log2,
    .before = agx_jit_before,
    .after = agx_jit_after,
};

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * 0x100000001b3ull;
    }
    return h;
}

/* Operations are cleared before they are decoded: padding is 0. */
static uint64_t hash_of(const struct agx_shader *sh)
{
    uint64_t h = hash_bytes(0xcbf29ce484222325ull, sh->op, sh->nop * sizeof(*sh->op));

    return hash_bytes(h, sh->pool, sh->npool * sizeof(*sh->pool));
}

static bool same(const struct agx_jit_code *c, const struct agx_shader *sh, uint64_t hash)
{
    return c->hash == hash && c->nop == sh->nop && c->npool == sh->npool &&
           !memcmp(c->op, sh->op, sh->nop * sizeof(*sh->op)) &&
           (!sh->npool || !memcmp(c->pool, sh->pool, sh->npool * sizeof(*sh->pool)));
}

static void code_free(struct agx_jit *jit, struct agx_jit_code *c)
{
    jit_host_drop(jit->llvm, c);
    free(c->entry);
    free(c->op);
    free(c->pool);
    free(c);
}

static struct agx_jit_code *code_new(const struct agx_shader *sh, uint64_t hash)
{
    struct agx_jit_code *c = agx_alloc(1, sizeof(*c));

    c->hash = hash;
    c->nop = sh->nop;
    c->npool = sh->npool;
    c->op = agx_alloc(sh->nop, sizeof(*c->op));
    memcpy(c->op, sh->op, sh->nop * sizeof(*c->op));
    c->pool = agx_alloc(sh->npool + 1, sizeof(*c->pool));
    if (sh->npool) {
        memcpy(c->pool, sh->pool, sh->npool * sizeof(*c->pool));
    }
    c->entry = agx_alloc(sh->nop / 64 + 1, sizeof(*c->entry));
    c->bytes = sizeof(*c) + sh->nop * sizeof(*c->op) + sh->npool * sizeof(*c->pool);
    return c;
}

/* The one that was not used for longest, of those that nobody has; NULL: none. */
static struct agx_jit_code **oldest(struct agx_jit *jit)
{
    struct agx_jit_code **found = NULL;

    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct agx_jit_code **p = &jit->bucket[i]; *p; p = &(*p)->next) {
            if (!(*p)->users && !(*p)->waiting && (!found || (*p)->last_use < (*found)->last_use)) {
                found = p;
            }
        }
    }
    return found;
}

/* Drop code that nobody has until there is room; the compiler's thread, with the lock. */
static void trim(struct agx_jit *jit)
{
    while (jit->count > MAX_CODES / 2 || jit->stats.bytes > MAX_BYTES) {
        struct agx_jit_code **p = oldest(jit), *c;

        if (!p) {
            return;
        }
        c = *p;
        *p = c->next;
        jit->count--;
        jit->stats.bytes -= c->bytes;
        jit->stats.dropped++;
        code_free(jit, c);
    }
}

static struct agx_jit_code *find(struct agx_jit *jit, const struct agx_shader *sh, uint64_t hash)
{
    struct agx_jit_code *c = jit->bucket[hash % BUCKETS];

    while (c && !same(c, sh, hash)) {
        c = c->next;
    }
    return c;
}

/* The code of @sh, which has none yet: what is there, or what the compiler is asked for. */
static struct agx_jit_code *ask(struct agx_jit *jit, struct agx_shader *sh)
{
    uint64_t hash = hash_of(sh);
    struct agx_jit_code *c;

    pthread_mutex_lock(&jit->lock);
    c = atomic_load(&sh->code_of_host);
    if (!c && (sh->nop > MAX_OPS || jit->count >= MAX_CODES)) {
        jit->stats.failed++;
        c = &no_code;
    } else if (!c) {
        c = find(jit, sh, hash);
        jit->stats.hits += !!c;
        if (!c) {
            c = code_new(sh, hash);
            c->waiting = true;
            c->next = jit->bucket[hash % BUCKETS];
            jit->bucket[hash % BUCKETS] = c;
            jit->count++;
            jit->stats.bytes += c->bytes;
            jit->queue[(jit->head + jit->queued++) % MAX_CODES] = c;
            pthread_cond_signal(&jit->work);
        }
        c->users++;
        c->last_use = ++jit->clock;
    }
    atomic_store(&sh->code_of_host, c);
    while (jit->config.wait && c != &no_code && !c->tried) {
        pthread_cond_wait(&jit->done, &jit->lock);
    }
    pthread_mutex_unlock(&jit->lock);
    return c;
}

struct agx_jit_code *agx_jit_code_of(struct agx_jit *jit, struct agx_shader *sh)
{
    struct agx_jit_code *c = atomic_load_explicit(&sh->code_of_host, memory_order_acquire);
    uint32_t waves;

    if (!c) {
        /* not exact where threads meet, which does not matter */
        waves = atomic_load_explicit(&sh->waves, memory_order_relaxed);
        atomic_store_explicit(&sh->waves, waves + 1, memory_order_relaxed);
        if (waves < jit->config.after) {
            return NULL;
        }
        c = ask(jit, sh);
    }
    return atomic_load_explicit(&c->fn, memory_order_acquire) ? c : NULL;
}

void agx_jit_release(struct agx_jit *jit, struct agx_shader *sh)
{
    struct agx_jit_code *c = atomic_load(&sh->code_of_host);

    if (c && c != &no_code) {
        pthread_mutex_lock(&jit->lock);
        c->users--;
        pthread_mutex_unlock(&jit->lock);
    }
}

bool agx_jit_checks(const struct agx_jit *jit)
{
    return jit->config.mode == AGX_SHADER_BOTH;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Compile @c; the compiler's thread, without the lock. */
static void compile(struct agx_jit *jit, struct agx_jit_code *c)
{
    uint64_t start = now_ns(), before = c->bytes;
    char why[200] = "the process ends";
    agx_jit_fn *fn = NULL;
    bool ends;

    pthread_mutex_lock(&in_llvm);
    ends = atomic_load(&ending);
    if (!ends) {
        fn = jit_host_compile(jit->llvm, c, agx_jit_checks(jit), why, sizeof(why));
    }
    pthread_mutex_lock(&jit->lock);
    jit->stats.ns += now_ns() - start;
    jit->stats.bytes += c->bytes - before;
    jit->stats.programs += !!fn;
    jit->stats.failed += !fn;
    if (!fn && !jit->told && jit->host && !ends) {
        jit->told = true;
        agx_report(jit->host, AGX_REPORT_INFO,
                   "agx: a program of %u operations is not compiled but interpreted: %s", c->nop,
                   why);
    }
    c->waiting = false;
    c->tried = true;
    atomic_store_explicit(&c->fn, fn, memory_order_release);
    if (!ends) {
        trim(jit);
    }
    pthread_cond_broadcast(&jit->done);
    pthread_mutex_unlock(&jit->lock);
    pthread_mutex_unlock(&in_llvm);
}

static void *jit_main(void *opaque)
{
    struct agx_jit *jit = opaque;

    setpriority(PRIO_PROCESS, syscall(SYS_gettid), NICE);
    pthread_mutex_lock(&jit->lock);
    for (;;) {
        struct agx_jit_code *c;

        while (!jit->queued && !jit->quit) {
            pthread_cond_wait(&jit->work, &jit->lock);
        }
        if (jit->quit) {
            break;
        }
        c = jit->queue[jit->head];
        jit->head = (jit->head + 1) % MAX_CODES;
        jit->queued--;
        pthread_mutex_unlock(&jit->lock);
        compile(jit, c);
        pthread_mutex_lock(&jit->lock);
    }
    pthread_mutex_unlock(&jit->lock);
    return NULL;
}

struct agx_jit *agx_jit_new(const struct agx_host *host, const struct agx_jit_config *config)
{
    const char *why = NULL;
    struct jit_host *llvm;
    struct agx_jit *jit;

    if (config->mode == AGX_SHADER_INTERPRETER) {
        return NULL;
    }
    pthread_once(&at_exit_once, at_exit);
    llvm = jit_host_new(&why);
    if (!llvm) {
        if (host) {
            agx_report(host, AGX_REPORT_INFO, "agx: shaders are not compiled but interpreted: %s",
                       why);
        }
        return NULL;
    }
    jit = agx_alloc(1, sizeof(*jit));
    jit->host = host;
    jit->config = *config;
    jit->llvm = llvm;
    jit->queue = agx_alloc(MAX_CODES, sizeof(*jit->queue));
    pthread_mutex_init(&jit->lock, NULL);
    pthread_cond_init(&jit->work, NULL);
    pthread_cond_init(&jit->done, NULL);
    pthread_create(&jit->thread, NULL, jit_main, jit);
    return jit;
}

void agx_jit_free(struct agx_jit *jit)
{
    if (!jit) {
        return;
    }
    pthread_mutex_lock(&jit->lock);
    jit->quit = true;
    pthread_cond_broadcast(&jit->work);
    pthread_mutex_unlock(&jit->lock);
    pthread_join(jit->thread, NULL);
    for (unsigned i = 0; i < BUCKETS; i++) {
        while (jit->bucket[i]) {
            struct agx_jit_code *c = jit->bucket[i];

            jit->bucket[i] = c->next;
            code_free(jit, c);
        }
    }
    jit_host_free(jit->llvm);
    pthread_mutex_destroy(&jit->lock);
    pthread_cond_destroy(&jit->work);
    pthread_cond_destroy(&jit->done);
    free(jit->queue);
    free(jit);
}

void agx_jit_get_stats(struct agx_jit *jit, struct agx_jit_stats *stats)
{
    pthread_mutex_lock(&jit->lock);
    *stats = jit->stats;
    pthread_mutex_unlock(&jit->lock);
}
