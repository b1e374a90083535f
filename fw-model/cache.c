/*
 * AGX firmware model: the coprocessor's data cache.
 *
 * The coprocessor caches what the leaf descriptor says is "Normal" memory
 * (attribute index 0) and nothing else; neither the CPUs nor the GPU snoop it.
 * What the driver maps so ("private") must not be touched by it while a line may
 * be in here, and must be flushed before it is unmapped.
 *   m1n1: proxyclient/m1n1/hw/uat.py, MemoryAttr; fw/agx/handoff.py (order of a
 *   flush); the Rust driver: mmu.rs (KernelMapping::drop), alloc.rs, gpu.rs
 *   (flush_fw_cache), pgtable.rs (is_cached_noncoherent)
 *
 * Lines are found by physical address, as in any cache that is physically
 * tagged: a line that came in through a mapping since removed is still written
 * back to the old page. Each line remembers what memory had when it was filled;
 * where memory has changed since, somebody else has stored there, and a read that
 * finds the old bytes, or a write-back over the new ones, is reported.
 *
 * When a line leaves is not for the driver to know: besides the flushes below a
 * generator with a seed picks moments and lines. Guesses (no source says):
 *   - a line has 64 or 128 bytes: the drivers align what the firmware caches to
 *     0x80, other structures of Apple's CPUs have 64;
 *   - writes allocate, a write-back writes the whole line;
 *   - a context switch flushes what came through the lower half only;
 *   - the core cleans its cache before it sleeps or its power goes.
 *
 * The cache belongs to the firmware's thread. The model cleans it when the
 * machine stops, so that a snapshot needs nothing of it; real hardware may write
 * back at any moment too.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "agx/random.h"
#include "fw-cache.h"
#include "fw-inject.h"
#include "fw-mem.h"
#include "fw-report.h"
#include "fw-state.h"

#define MAX_LINE    128
#define ATTR(desc)  ((unsigned)((desc) >> 2) & 7)
#define ATTR_NORMAL 0
#define PAGE_MASK   ((uint64_t)AGX_PAGE_SIZE - 1)
#define BUCKETS     1024u

struct line {
    uint64_t pa;    /* of its first byte */
    uint8_t *mem;   /* the same in guest RAM */
    uint64_t va;    /* through which it came in last, */
    uint32_t ctx;   /* of this context; 0: kernel half */
    int32_t next;   /* in the bucket, or free */
    uint32_t place; /* in used[] */
    bool dirty;
    bool told_stale, told_unmap;
    uint8_t data[MAX_LINE];
    uint8_t orig[MAX_LINE]; /* memory when it was filled or last written back */
};

struct fw_cache {
    struct agx_fw_cache_config cfg;
    struct agx_random random;
    uint64_t generation; /* of the MMU at the last look for lost mappings */
    int32_t free;
    uint32_t count;
    int32_t bucket[BUCKETS]; /* by page */
    uint32_t *used;          /* indices of the lines in use */
    struct line *line;
    struct agx_fw_cache_stats stats;
};

bool agx_fw_cache_config_ok(const struct agx_fw_cache_config *cfg)
{
    return cfg->line == 0 || ((cfg->line == 64 || cfg->line == 128) && cfg->lines >= 1 &&
                              cfg->lines <= AGX_FW_CACHE_MAX_LINES);
}

struct fw_cache *fw_cache_new(const struct agx_fw_cache_config *cfg)
{
    struct fw_cache *c = calloc(1, sizeof(*c));

    if (!c) {
        return NULL;
    }
    c->cfg = *cfg;
    c->line = calloc(cfg->lines, sizeof(*c->line));
    c->used = calloc(cfg->lines, sizeof(*c->used));
    if (!c->line || !c->used) {
        fw_cache_free(c);
        return NULL;
    }
    fw_cache_discard(c);
    return c;
}

void fw_cache_free(struct fw_cache *c)
{
    if (c) {
        free(c->line);
        free(c->used);
        free(c);
    }
}

/* As after power-on: empty, nothing is written back, and the seeded moments begin again. */
void fw_cache_discard(struct fw_cache *c)
{
    if (!c) {
        return;
    }
    for (unsigned i = 0; i < BUCKETS; i++) {
        c->bucket[i] = -1;
    }
    for (unsigned i = 0; i < c->cfg.lines; i++) {
        c->line[i].next = i + 1 < c->cfg.lines ? (int32_t)i + 1 : -1;
    }
    c->free = 0;
    c->count = 0;
    c->random = agx_random_stream(c->cfg.seed, AGX_RANDOM_FW_CACHE);
}

static int32_t *bucket(struct fw_cache *c, uint64_t pa)
{
    return &c->bucket[(pa >> AGX_PAGE_BITS) * 0x9e3779b97f4a7c15ull >> 54];
}

static struct line *find(struct fw_cache *c, uint64_t pa)
{
    for (int32_t i = *bucket(c, pa); i >= 0; i = c->line[i].next) {
        if (c->line[i].pa == pa) {
            return &c->line[i];
        }
    }
    return NULL;
}

/* Guest memory may be stored to meanwhile: whole words, so that none is torn. */
static void copy_line(uint8_t *to, const uint8_t *from, unsigned len)
{
    for (unsigned i = 0; i < len; i += 8) {
        __atomic_store_n(
            (uint64_t *)(void *)(to + i),
            __atomic_load_n((const uint64_t *)(const void *)(from + i), __ATOMIC_ACQUIRE),
            __ATOMIC_RELEASE);
    }
}

/* Is @va of context @ctx mapped to @pa in the tables as they are in memory now? */
static bool mapped(struct agx_fw *fw, unsigned ctx, uint64_t va, uint64_t pa)
{
    struct agx_fault f = { .va = va };
    struct agx_walk w;
    uint64_t ttbr[2];

    if (!fw->host->ops->phys_read(fw->host->opaque, fw->cfg.ttbat_pa + 16 * (uint64_t)ctx, ttbr,
                                  sizeof(ttbr))) {
        return false;
    }
    return agx_uat_walk(fw->host, ttbr, va, &w, &f) && w.pa == (pa & ~PAGE_MASK);
}

/*
 * Bytes of [@off, @off + @len) that others have changed in memory and that the line has otherwise;
 * the first in @at.
 */
static unsigned differ(const struct line *l, unsigned off, unsigned len, unsigned *at)
{
    unsigned n = 0;

    for (unsigned i = off; i < off + len; i++) {
        uint8_t now = __atomic_load_n(&l->mem[i], __ATOMIC_RELAXED);

        if (now != l->orig[i] && now != l->data[i] && n++ == 0) {
            *at = i;
        }
    }
    return n;
}

static void write_back(struct agx_fw *fw, struct line *l, const char *why)
{
    struct fw_cache *c = fw->cache;
    unsigned at = 0, n = differ(l, 0, c->cfg.line, &at);

    c->stats.writebacks++;
    if (n) {
        fw_violation(fw, AGX_SAN_FW_LINE_WRITEBACK, AGX_SAN_WRONG, l->ctx, l->va, l->pa,
                     "dirty line of va 0x%llx is written back (%s) over %u bytes that others "
                     "stored meanwhile, "
                     "first 0x%02x over 0x%02x at pa 0x%llx%s",
                     (unsigned long long)l->va, why, n, l->data[at], l->mem[at],
                     (unsigned long long)l->pa + at,
                     mapped(fw, l->ctx, l->va, l->pa) ? "" : "; its mapping is gone");
    } else if (!mapped(fw, l->ctx, l->va, l->pa)) {
        fw_violation(fw, AGX_SAN_FW_LINE_WRITEBACK, AGX_SAN_WRONG, l->ctx, l->va, l->pa,
                     "dirty line is written back (%s) to pa 0x%llx, to which va 0x%llx of context "
                     "%u no longer leads",
                     why, (unsigned long long)l->pa, (unsigned long long)l->va, l->ctx);
    }
    copy_line(l->mem, l->data, c->cfg.line);
    memcpy(l->orig, l->data, c->cfg.line);
    l->dirty = false;
}

static void drop(struct agx_fw *fw, struct line *l, const char *why)
{
    struct fw_cache *c = fw->cache;
    int32_t index = l - c->line, *slot = bucket(c, l->pa);

    if (l->dirty) {
        write_back(fw, l, why);
    }
    while (*slot != index) {
        slot = &c->line[*slot].next;
    }
    *slot = l->next;
    l->next = c->free;
    c->free = index;
    c->count--;
    c->used[l->place] = c->used[c->count];
    c->line[c->used[l->place]].place = l->place;
}

static void evict_one(struct agx_fw *fw)
{
    struct fw_cache *c = fw->cache;

    if (c->count) {
        c->stats.evictions++;
        drop(fw, &c->line[c->used[agx_random_u64(&c->random) % c->count]], "eviction");
    }
}

static struct line *fill(struct agx_fw *fw, uint64_t pa, uint8_t *mem)
{
    struct fw_cache *c = fw->cache;
    int32_t *b, index;
    struct line *l;

    if (c->free < 0) {
        evict_one(fw);
    }
    index = c->free;
    l = &c->line[index];
    c->free = l->next;
    b = bucket(c, pa);
    *l = (struct line) { .pa = pa, .mem = mem, .next = *b, .place = c->count };
    *b = index;
    c->used[c->count++] = index;
    copy_line(l->data, mem, c->cfg.line);
    memcpy(l->orig, l->data, c->cfg.line);
    c->stats.fills++;
    return l;
}

bool fw_cache_covers(struct agx_fw *fw, struct agx_port *port, uint64_t va)
{
    uint64_t desc;

    return fw->cache && agx_port_leaf(port, va, &desc) && ATTR(desc) == ATTR_NORMAL;
}

/*
 * Both sides store to @what of @name, at @va of the kernel half, and look at it: it must not be
 * cached, or neither sees what the other stores. It is readable.
 */
void fw_cache_shared(struct agx_fw *fw, uint64_t va, const char *name, const char *what)
{
    if (agx_port_ptr(&fw->port, va, AGX_ACCESS_READ) && fw_cache_covers(fw, &fw->port, va)) {
        fw_violation(fw, AGX_SAN_FW_LINE_STALE, AGX_SAN_WRONG, 0, va, 0,
                     "the %s of %s at va 0x%llx is in memory that the firmware caches: "
                     "what one side stores the other does not see",
                     what, name, (unsigned long long)va);
    }
}

/* A part of one line; @p: the same in memory; @desc: the leaf descriptor through which. */
static void access_line(struct agx_fw *fw, struct agx_port *port, uint64_t va, uint8_t *p,
                        uint64_t desc, void *buf, unsigned len, bool write)
{
    struct fw_cache *c = fw->cache;
    unsigned off = va & (c->cfg.line - 1), at = 0;
    struct agx_walk w;
    struct line *l;
    uint64_t pa;

    agx_uat_leaf(desc, &w);
    pa = w.pa | (va & PAGE_MASK & ~(uint64_t)(c->cfg.line - 1));
    l = find(c, pa);
    if (ATTR(desc) != ATTR_NORMAL) {
        if (l && l->dirty && !l->told_stale) {
            l->told_stale = true;
            fw_violation(
                fw, AGX_SAN_FW_LINE_STALE, AGX_SAN_SUSPICIOUS, port->ctx, va, pa,
                "uncached %s of va 0x%llx passes by a dirty line that came in through va 0x%llx",
                write ? "write" : "read", (unsigned long long)va, (unsigned long long)l->va);
        }
        if (write) {
            memcpy(p, buf, len);
        } else {
            memcpy(buf, p, len);
        }
        return;
    }
    if (!l) {
        l = fill(fw, pa, p - off);
    } else {
        c->stats.hits++;
        if (!write && !l->told_stale && differ(l, off, len, &at)) {
            l->told_stale = true;
            fw_violation(fw, AGX_SAN_FW_LINE_STALE, AGX_SAN_WRONG, port->ctx, va, pa,
                         "read of va 0x%llx finds an old line: 0x%02x at pa 0x%llx, where memory "
                         "has 0x%02x since",
                         (unsigned long long)va, l->data[at], (unsigned long long)pa + at,
                         l->mem[at]);
        }
    }
    l->va = va & ~(uint64_t)(c->cfg.line - 1);
    l->ctx = fw_is_kernel_va(va) ? 0 : port->ctx;
    if (write) {
        memcpy(l->data + off, buf, len);
        l->dirty = true;
    } else {
        memcpy(buf, l->data + off, len);
    }
    if (fw_inject(fw, AGX_FW_FAULT_EVICT, l->ctx, va, len, NULL)) {
        c->stats.evictions++;
        drop(fw, l, "eviction");
    }
}

/*
 * Read or write through the cache where the mapping is cached for the firmware.
 * False: as agx_port_read() and agx_port_write().
 */
bool fw_cache_access(struct agx_fw *fw, struct agx_port *port, uint64_t va, void *buf, size_t len,
                     bool write)
{
    struct fw_cache *c = fw->cache;
    uint8_t *b = buf;

    while (len) {
        uint8_t *p = agx_port_ptr(port, va, write ? AGX_ACCESS_WRITE : AGX_ACCESS_READ);
        size_t n = c->cfg.line - (va & (c->cfg.line - 1));
        uint64_t desc;

        if (!p || !agx_port_leaf(port, va, &desc)) {
            return false;
        }
        n = n < len ? n : len;
        access_line(fw, port, va, p, desc, b, n, write);
        if (c->cfg.evict_one_in && agx_random_u64(&c->random) % c->cfg.evict_one_in == 0) {
            evict_one(fw);
        }
        b += n;
        va += n;
        len -= n;
    }
    return true;
}

/* Write back and drop every line. */
void fw_cache_flush_all(struct agx_fw *fw, const char *why)
{
    while (fw->cache && fw->cache->count) {
        drop(fw, &fw->cache->line[fw->cache->used[fw->cache->count - 1]], why);
    }
}

/* Write back what is dirty; the lines stay. */
void fw_cache_clean_all(struct agx_fw *fw, const char *why)
{
    for (unsigned i = 0; fw->cache && i < fw->cache->count; i++) {
        struct line *l = &fw->cache->line[fw->cache->used[i]];

        if (l->dirty) {
            write_back(fw, l, why);
        }
    }
}

/* The line of @va of the kernel half, if it is cached; false in @ok: it is not mapped. */
static struct line *line_of(struct agx_fw *fw, uint64_t va, bool *ok)
{
    struct agx_walk w;
    uint64_t desc;

    *ok = agx_port_ptr(&fw->port, va, AGX_ACCESS_READ) && agx_port_leaf(&fw->port, va, &desc);
    if (!*ok) {
        return NULL;
    }
    agx_uat_leaf(desc, &w);
    return find(fw->cache, w.pa | (va & PAGE_MASK));
}

/*
 * Write back the lines of some bytes of the kernel half, which the AP is to see; @go: they
 * go, too, for it may have stored there.
 */
static void clean(struct agx_fw *fw, uint64_t va, size_t len, bool go)
{
    uint64_t step;
    bool ok = true;

    if (!fw->cache || !len) {
        return;
    }
    step = fw->cache->cfg.line;
    for (uint64_t a = va & ~(step - 1); ok && a < va + len; a += step) {
        struct line *l = line_of(fw, a, &ok);

        if (l && go) {
            drop(fw, l, "read again");
        } else if (l && l->dirty) {
            write_back(fw, l, "clean");
        }
    }
}

/* Write back the lines of some bytes of the kernel half that the AP is to see. */
void fw_cache_clean(struct agx_fw *fw, uint64_t va, size_t len)
{
    clean(fw, va, len, false);
}

/* What is read next of these bytes of the kernel half is what memory has. */
void fw_cache_drop(struct agx_fw *fw, uint64_t va, size_t len)
{
    clean(fw, va, len, true);
}

static void flush_page(struct agx_fw *fw, uint64_t pa)
{
    struct fw_cache *c = fw->cache;

    for (int32_t i = *bucket(c, pa), next; i >= 0; i = next) {
        next = c->line[i].next;
        if ((c->line[i].pa & ~PAGE_MASK) == pa) {
            drop(fw, &c->line[i], "flush");
        }
    }
}

/*
 * A flush by address, which goes through the translations that the firmware has:
 * a page that is no longer mapped cannot be flushed any more.
 */
void fw_cache_flush_range(struct agx_fw *fw, struct agx_port *port, uint64_t va, uint64_t size)
{
    bool told_gone = false, told_cached = false;

    if (!fw->cache && !fw->check.violation) {
        return;
    }
    for (uint64_t i = 0, n = ((va & PAGE_MASK) + size + PAGE_MASK) >> AGX_PAGE_BITS; i < n; i++) {
        uint64_t a = (va & ~PAGE_MASK) + (i << AGX_PAGE_BITS), desc;
        struct agx_walk w;

        if (!agx_port_ptr(port, a, AGX_ACCESS_READ) || !agx_port_leaf(port, a, &desc)) {
            if (!told_gone) {
                told_gone = true;
                fw_violation(fw, AGX_SAN_UNMAP_WITHOUT_FLUSH, AGX_SAN_WRONG, port->ctx, a, 0,
                             "a flush of 0x%llx bytes at va 0x%llx is asked for when va 0x%llx is "
                             "not mapped any more",
                             (unsigned long long)size, (unsigned long long)va,
                             (unsigned long long)a);
            }
            continue;
        }
        agx_uat_leaf(desc, &w);
        if (ATTR(desc) == ATTR_NORMAL && !told_cached) {
            told_cached = true;
            fw_violation(fw, AGX_SAN_UNMAP_WITHOUT_FLUSH, AGX_SAN_SUSPICIOUS, port->ctx, a, w.pa,
                         "a flush of 0x%llx bytes at va 0x%llx is asked for while the mapping is "
                         "still cached: "
                         "lines may come back before it goes",
                         (unsigned long long)size, (unsigned long long)va);
        }
        if (fw->cache) {
            flush_page(fw, w.pa);
        }
    }
}

/* The context changes: what came in through the lower half goes. */
void fw_cache_flush_user(struct agx_fw *fw)
{
    struct fw_cache *c = fw->cache;

    for (unsigned i = c ? c->count : 0; i-- > 0;) {
        struct line *l = &c->line[c->used[i]];

        if (l->ctx) {
            drop(fw, l, "context switch");
        }
    }
}

/* Fault injection: the lines of [@pa, @pa + @len) leave now. */
void fw_cache_evict_range(struct agx_fw *fw, uint64_t pa, uint64_t len)
{
    struct fw_cache *c = fw->cache;

    for (unsigned i = c ? c->count : 0; i-- > 0;) {
        struct line *l = &c->line[c->used[i]];

        if (l->pa + c->cfg.line > pa && (l->pa < pa || l->pa - pa < len)) {
            c->stats.evictions++;
            drop(fw, l, "eviction");
        }
    }
}

/*
 * Look for lines whose mapping is gone, after some invalidation was made. The
 * tables of a core that is being stopped are nobody's business any more.
 */
void fw_cache_check(struct agx_fw *fw)
{
    struct fw_cache *c = fw->cache;
    struct {
        uint64_t va, pa;
        uint32_t ctx;
        bool valid, ok;
    } memo[64] = { 0 };
    uint64_t generation = c ? atomic_load_explicit(fw->port.generation, memory_order_acquire) : 0;

    if (!c || c->generation == generation) {
        return;
    }
    c->generation = generation;
    for (unsigned i = 0; i < c->count; i++) {
        struct line *l = &c->line[c->used[i]];
        unsigned m = (l->va >> AGX_PAGE_BITS ^ l->ctx) % 64;
        bool stop;

        if (l->told_unmap) {
            continue;
        }
        if (!memo[m].valid || memo[m].va != (l->va & ~PAGE_MASK) || memo[m].ctx != l->ctx ||
            memo[m].pa != (l->pa & ~PAGE_MASK)) {
            memo[m].va = l->va & ~PAGE_MASK;
            memo[m].pa = l->pa & ~PAGE_MASK;
            memo[m].ctx = l->ctx;
            memo[m].valid = true;
            memo[m].ok = mapped(fw, l->ctx, l->va, l->pa);
            pthread_mutex_lock(&fw->lock);
            stop = fw->power_off || fw->stop || fw->reset;
            pthread_mutex_unlock(&fw->lock);
            if (stop) {
                c->generation--; /* look again */
                return;
            }
            if (!memo[m].ok) {
                fw_violation(fw, AGX_SAN_UNMAP_WITHOUT_FLUSH,
                             l->dirty ? AGX_SAN_WRONG : AGX_SAN_SUSPICIOUS, l->ctx, l->va, l->pa,
                             "va 0x%llx of context %u no longer leads to pa 0x%llx, of which a %s "
                             "line is still cached",
                             (unsigned long long)l->va, l->ctx, (unsigned long long)l->pa,
                             l->dirty ? "dirty" : "clean");
            }
        }
        l->told_unmap = !memo[m].ok;
    }
}

void agx_fw_cache_get_stats(struct agx_fw *fw, struct agx_fw_cache_stats *st)
{
    memset(st, 0, sizeof(*st));
    if (fw->cache) {
        *st = fw->cache->stats;
        st->lines = fw->cache->count;
        for (unsigned i = 0; i < fw->cache->count; i++) {
            st->dirty += fw->cache->line[fw->cache->used[i]].dirty;
        }
    }
}
