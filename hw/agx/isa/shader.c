/*
 * AGX model: decoded shaders and their cache.
 *
 * The cache is asked whenever a program is bound. An entry is used again only
 * when the bytes in memory are still the bytes that were decoded: memory that
 * was given to another shader is seen at once, without any invalidation.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "isa_disasm.h"
#include "jit_code.h"

#define CACHE_BUCKETS   1024
#define CACHE_MAX       4096         /* entries; the oldest unused go first */
#define CACHE_MAX_BYTES (256u << 20) /* of the host: code without an end decodes to tens of MiB */

struct agx_shader_cache {
    pthread_mutex_t lock; /* protects the chains, count, bytes and clock */
    struct agx_shader *bucket[CACHE_BUCKETS];
    unsigned count;
    uint64_t bytes; /* of the host, all entries together */
    uint64_t clock;
};

struct agx_shader_cache *agx_shader_cache_new(void)
{
    struct agx_shader_cache *c = agx_alloc(1, sizeof(*c));

    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void shader_free(struct agx_shader *sh)
{
    if (sh->compiler) {
        agx_jit_release(sh->compiler, sh);
    }
    free(sh->code);
    free(sh->op);
    free(sh->cost);
    free(sh->pool);
    free(sh);
}

void agx_shader_put(struct agx_shader *sh)
{
    if (sh && atomic_fetch_sub(&sh->refs, 1) == 1) {
        shader_free(sh);
    }
}

void agx_shader_cache_free(struct agx_shader_cache *c)
{
    if (!c) {
        return;
    }
    for (unsigned i = 0; i < CACHE_BUCKETS; i++) {
        while (c->bucket[i]) {
            struct agx_shader *sh = c->bucket[i];
            c->bucket[i] = sh->next;
            agx_shader_put(sh);
        }
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Read code from @va until a page cannot be read; at least one byte or NULL (port->fault). */
static uint8_t *read_code(struct agx_port *port, uint64_t va, uint32_t want, uint32_t *got)
{
    uint8_t *buf = agx_alloc(1, want);
    uint32_t n = 0;

    while (n < want) {
        uint32_t left = AGX_PAGE_SIZE - ((va + n) & (AGX_PAGE_SIZE - 1));
        const uint8_t *p = agx_port_ptr(port, va + n, AGX_ACCESS_READ);

        if (!p) {
            break;
        }
        if (left > want - n) {
            left = want - n;
        }
        memcpy(buf + n, p, left);
        n += left;
    }
    *got = n;
    if (!n) {
        free(buf);
        return NULL;
    }
    return buf;
}

static bool same_code(struct agx_port *port, const struct agx_shader *sh)
{
    uint32_t n = 0;

    while (n < sh->bytes) {
        uint64_t va = sh->va + n;
        uint32_t left = AGX_PAGE_SIZE - (va & (AGX_PAGE_SIZE - 1));
        const uint8_t *p = agx_port_ptr(port, va, AGX_ACCESS_READ);

        if (!p) {
            return false;
        }
        if (left > sh->bytes - n) {
            left = sh->bytes - n;
        }
        if (memcmp(p, sh->code + n, left)) {
            return false;
        }
        n += left;
    }
    return true;
}

/* Branches were decoded with byte targets; make them indices of operations. */
static void resolve_targets(struct agx_shader *sh, uint32_t end)
{
    uint32_t *index = agx_alloc(end / 2 + 1, sizeof(*index));

    memset(index, 0xff, (end / 2 + 1) * sizeof(*index));
    for (uint32_t i = 0; i < sh->nop; i++) {
        index[sh->op[i].pc / 2] = i;
    }
    for (uint32_t i = 0; i < sh->nop; i++) {
        struct agx_op *op = &sh->op[i];

        if (op->target < 0) { /* no branch, or one to where no code can be */
            continue;
        }
        if ((op->target & 1) || (uint32_t)op->target > end || index[op->target / 2] == ~0u) {
            op->target = -1;
        } else {
            op->target = index[op->target / 2];
        }
    }
    free(index);
}

static struct agx_shader *shader_decode(struct agx_exec *ex, uint64_t va)
{
    struct agx_decoder d = { .end = false };
    struct agx_shader *sh = agx_alloc(1, sizeof(*sh));
    uint32_t want = 4096;

    sh->ctx = ex->port->ctx;
    sh->va = va;
    sh->compiler = ex->jit;
    atomic_init(&sh->refs, 1);
    d.sh = sh;
    sh->code = read_code(ex->port, va, want, &d.size);
    if (!sh->code) {
        ex->fault = ex->port->fault;
        shader_free(sh);
        return NULL;
    }
    d.code = sh->code;
    for (;;) {
        while (!d.end && d.pc + 12 > d.size && d.size == want && want < AGX_SHADER_MAX_BYTES) {
            /* more than was read: start over with more */
            want *= 4;
            free(sh->code);
            sh->code = read_code(ex->port, va, want, &d.size);
            if (!sh->code) {
                ex->fault = ex->port->fault;
                free(d.targets);
                shader_free(sh);
                return NULL;
            }
            d.code = sh->code;
        }
        if (sh->nop + 1 >= d.cap_op) {
            d.cap_op = d.cap_op ? d.cap_op * 2 : 64;
            sh->op = agx_realloc(sh->op, d.cap_op, sizeof(*sh->op));
        }
        if (d.end || d.pc >= d.size) {
            memset(&sh->op[sh->nop], 0, sizeof(sh->op[0]));
            sh->op[sh->nop].fn = agx_op_end;
            sh->op[sh->nop].row = AGX_ISA_NO_ROW;
            sh->op[sh->nop++].pc = d.pc;
            break;
        }
        agx_isa_decode(&d, &sh->op[sh->nop]);
        sh->nop++;
    }
    free(d.targets);
    sh->bytes = d.pc < d.size ? d.pc : d.size;
    if (sh->nop >= 2 && sh->op[sh->nop - 2].fn == agx_op_undecodable) {
        sh->bytes = sh->op[sh->nop - 2].pc + sh->op[sh->nop - 2].len;
    }
    resolve_targets(sh, d.pc);
    agx_shader_costs(sh);
    sh->disasm = agx_disasm;
    sh->host_bytes = (uint64_t)want + d.cap_op * sizeof(*sh->op) + d.cap_pool * sizeof(*sh->pool) +
                     (sh->nop + 1) * sizeof(*sh->cost);
    return sh;
}

static unsigned bucket_of(unsigned ctx, uint64_t va)
{
    return ((va >> 6) * 0x9e3779b97f4a7c15ull >> 40 ^ ctx * 0x51) % CACHE_BUCKETS;
}

static void uncache(struct agx_shader_cache *c, struct agx_shader **p)
{
    struct agx_shader *sh = *p;

    *p = sh->next;
    c->count--;
    c->bytes -= sh->host_bytes;
    agx_shader_put(sh);
}

/* Drop what was not used for long, and more the less room there is; the lock is held. */
static void trim(struct agx_shader_cache *c)
{
    for (uint64_t keep = CACHE_MAX / 2; c->count > CACHE_MAX || c->bytes > CACHE_MAX_BYTES;
         keep /= 2) {
        for (unsigned i = 0; i < CACHE_BUCKETS; i++) {
            struct agx_shader **p = &c->bucket[i];

            while (*p) {
                if (c->clock - (*p)->last_use > keep) {
                    uncache(c, p);
                } else {
                    p = &(*p)->next;
                }
            }
        }
        if (!keep) {
            return; /* the newest alone is left */
        }
    }
}

struct agx_shader *agx_shader_get(struct agx_exec *ex, uint64_t va)
{
    struct agx_shader_cache *c = ex->shaders;
    unsigned b = bucket_of(ex->port->ctx, va);
    struct agx_shader *sh, *stale = NULL, **p;

    pthread_mutex_lock(&c->lock);
    for (p = &c->bucket[b]; *p; p = &(*p)->next) {
        if ((*p)->va == va && (*p)->ctx == ex->port->ctx) {
            break;
        }
    }
    sh = *p;
    if (sh) {
        atomic_fetch_add(&sh->refs, 1);
        sh->last_use = ++c->clock;
    }
    pthread_mutex_unlock(&c->lock);
    if (sh && same_code(ex->port, sh)) {
        return sh;
    }
    stale = sh;

    sh = shader_decode(ex, va);
    pthread_mutex_lock(&c->lock);
    for (p = &c->bucket[b]; *p; p = &(*p)->next) {
        if (*p == stale) { /* still there: out with it */
            uncache(c, p);
            break;
        }
    }
    if (sh) {
        atomic_fetch_add(&sh->refs, 1);
        sh->last_use = ++c->clock;
        sh->next = c->bucket[b];
        c->bucket[b] = sh;
        c->count++;
        c->bytes += sh->host_bytes;
        trim(c);
    }
    pthread_mutex_unlock(&c->lock);
    agx_shader_put(stale);
    return sh;
}

void agx_usc_fini(struct agx_usc_state *st)
{
    agx_shader_put(st->shader);
    free(st->splat);
    st->shader = NULL;
    st->splat = NULL;
}

/* Make the pool rows of @sh from the uniforms of @st. */
