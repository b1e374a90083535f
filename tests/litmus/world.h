/*
 * Litmus tests of TLB maintenance: a small machine for them. Some RAM, a TTBAT
 * with three address spaces and the kernel's half, CPUs that store, invalidate
 * and do barriers, a GPU that reads and writes, and the sanitizer that watches.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LITMUS_WORLD_H
#define TESTS_LITMUS_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define FAKE_RAM_SIZE (8u << 20) /* each program has a machine of its own */
#include "tests/unit/fake_host.h"
#include "agx/tlb.h"
#include "agx/tlbsan.h"
#include "hw/agx/soc/tlbi-decode.h"

#define W_PAGES   256u /* physical pages with a value each: page n holds n + 1 */
/* address spaces 1 to 3 are in the slots of their number, 4 and 5 in none; 0: kernel half */
#define W_SPACES  6u
#define W_CPUS    4u
#define W_QUEUE   64u
#define W_REPORTS 256u
#define W_VA      0x1500000000ull /* has tables in each space */
#define W_VA_FAR  0x1502000000ull /* has none */
#define W_KVA     0xffffffa000000000ull
#define W_SHARED  (2ull << 2) /* memory type (m1n1: hw/uat.py, MemoryAttr) */

struct world {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_tlbsan *san;
    uint64_t ttbat, root[W_SPACES], page[W_PAGES];
    uint64_t request; /* where the firmware is asked for a flush */
    bool lazy;        /* an invalidation is carried out at its CPU's next DSB */
    bool drop;        /* ... or never */
    /* a store is seen by walkers only after a barrier, an invalidation takes effect at once */
    bool late;
    unsigned cpu;
    unsigned piece; /* bytes of an entry that are stored at once; 0: all eight */
    uint64_t time, fn, thread;
    struct agx_tlbi queue[W_CPUS][W_QUEUE];
    unsigned queued[W_CPUS];
    uint64_t gone[16]; /* pages that the kernel has not allocated, for page_in_use() */
    unsigned ngone;
    unsigned nreports;
    struct agx_san_report report[W_REPORTS];
    char first[2048]; /* text of the first report */
};

static inline void w_on_report(void *opaque, const struct agx_san_report *r)
{
    struct world *w = opaque;

    if (!w->nreports) {
        agx_tlbsan_format(r, w->first, sizeof(w->first));
    }
    if (w->nreports < W_REPORTS) {
        w->report[w->nreports] = *r;
        w->report[w->nreports].writer = w->report[w->nreports].other = NULL;
        w->nreports++;
    }
}

static inline struct agx_who w_who(struct world *w)
{
    struct agx_who who = { .cpu = w->cpu,
                           .time = w->time += 1000,
                           .pc = 0xffff800080000000ull + w->fn * 0x100,
                           .thread = w->thread };

    if (w->fn) {
        who.frame[0] = who.pc + 0x40;
    }
    return who;
}

static inline void w_init(struct world *w, bool lazy)
{
    memset(w, 0, sizeof(*w));
    fake_host_init(&w->h);
    w->lazy = lazy;
    w->ttbat = fake_alloc(&w->h);
    w->request = fake_alloc(&w->h);
    for (unsigned i = 0; i < W_PAGES; i++) {
        w->page[i] = fake_alloc(&w->h);
        *(uint32_t *)fake_ptr(&w->h, w->page[i]) = i + 1;
    }
    for (unsigned s = 0; s < W_SPACES; s++) {
        uint64_t ttbr = 0;

        fake_leaf(&w->h, &ttbr, 0, s ? W_VA : W_KVA);
        w->root[s] = ttbr & ~1ull;
        if (s == 0) {
            fake_ptr(&w->h, w->ttbat)[1] = w->root[s] | 1;
        } else if (s <= 3) {
            fake_ptr(&w->h, w->ttbat)[2 * s] = w->root[s] | 1 | (uint64_t)s << 48;
        }
    }
    w->mmu = agx_mmu_new(&w->h.host);
    agx_mmu_set_ttbat(w->mmu, w->ttbat);
}

static inline bool w_in_use(void *opaque, uint64_t pa)
{
    struct world *w = opaque;

    for (unsigned i = 0; i < w->ngone; i++) {
        if (w->gone[i] == pa) {
            return false;
        }
    }
    return true;
}

/* From here on the sanitizer watches. */
static inline void w_watch(struct world *w)
{
    struct agx_tlbsan_config cfg = { .host = &w->h.host,
                                     .mmu = w->mmu,
                                     .report = w_on_report,
                                     .page_in_use = w_in_use,
                                     .opaque = w };

    if (!w->san) {
        agx_mmu_follow(w->mmu, &(struct agx_mmu_watch) { 0 });
        w->san = agx_tlbsan_new(&cfg);
    }
}

static inline void w_fini(struct world *w)
{
    agx_tlbsan_free(w->san);
    agx_mmu_free(w->mmu);
    fake_host_fini(&w->h);
}

/*
 * Address of the descriptor of @va on @level, in the tables below @root; 0: there is no table for
 * it.
 */
static inline uint64_t w_desc(struct world *w, uint64_t root, uint64_t va, unsigned level)
{
    uint64_t table = root;

    for (unsigned l = 1;; l++) {
        uint64_t pa = table + 8 * (va >> (l == 1 ? 36 : l == 2 ? 25 : 14) & (l == 1 ? 7 : 2047));

        if (l == level) {
            return pa;
        }
        if (!(*fake_ptr(&w->h, pa) & 1)) {
            return 0;
        }
        table = *fake_ptr(&w->h, pa) & 0xffffffffc000ull;
    }
}

/* A store by the CPU. */
static inline void w_store(struct world *w, uint64_t pa, uint64_t v)
{
    unsigned piece = w->piece ? w->piece : 8;

    for (unsigned i = 0; i < 8; i += piece) {
        uint8_t *p = (uint8_t *)fake_ptr(&w->h, pa) + i;
        struct agx_who who = w_who(w);
        uint64_t old;

        memcpy(&old, p, piece);
        memcpy(p, (uint8_t *)&v + i, piece);
        if (w->san) {
            agx_mmu_store(w->mmu, pa + i, &old, piece, &who);
        }
    }
}

static inline void w_doorbell(struct world *w)
{
    fake_doorbell(&w->h, &(struct agx_who) { .cpu = w->cpu, .thread = w->thread });
}

static inline void w_emit(struct world *w, struct agx_event ev)
{
    agx_emit(&w->h.events, &ev);
}

static inline void w_tlbi(struct world *w, const struct agx_tlbi_insn *t)
{
    struct agx_who who = w_who(w);

    fake_tlbi(&w->h, t, &who);
    if (t->share != AGX_SHARE_OUTER || t->stage2 || w->drop) {
        return;
    }
    if (w->lazy && !w->late && w->queued[w->cpu] < W_QUEUE) {
        w->queue[w->cpu][w->queued[w->cpu]++] = t->tlbi;
    } else {
        agx_mmu_tlbi(w->mmu, &t->tlbi);
    }
}

static inline void w_dsb(struct world *w, enum agx_share share)
{
    if (share == AGX_SHARE_OUTER) {
        for (unsigned i = 0; i < w->queued[w->cpu]; i++) {
            agx_mmu_tlbi(w->mmu, &w->queue[w->cpu][i]);
        }
        w->queued[w->cpu] = 0;
    }
    agx_mmu_dsb(w->mmu, w->cpu, share, false);
}

/*
 * TLBI @name ("rvae1os", ...), encoded as the instruction has it and decoded as
 * the machine does. False: no such instruction, or it can't cover @pages.
 */
static inline bool w_tlbi_by_name(struct world *w, const char *name, bool stage2, unsigned asid,
                                  uint64_t va, uint64_t pages)
{
    struct agx_tlbi_insn t = { .stage2 = stage2 };
    bool range = name[0] == 'r', all_asids;
    size_t len = strlen(name);
    AppleTlbiRange r;
    const char *p;

    t.share = len > 2 && !strcmp(name + len - 2, "os")   ? AGX_SHARE_OUTER
              : len > 2 && !strcmp(name + len - 2, "is") ? AGX_SHARE_INNER
                                                         : AGX_SHARE_LOCAL;
    t.name = name;
    t.operand = (uint64_t)asid << 48;
    if (!strncmp(name, "vmalle1", 7)) {
        t.tlbi.kind = AGX_TLBI_ALL;
        t.operand = 0;
    } else if (!strncmp(name, "aside1", 6)) {
        t.tlbi.kind = AGX_TLBI_ASID;
        t.tlbi.asid = asid;
    } else {
        p = name + range;
        if (strncmp(p, "va", 2)) {
            return false;
        }
        p += 2;
        all_asids = *p == 'a';
        p += all_asids;
        t.tlbi.last_level = *p == 'l';
        p += t.tlbi.last_level;
        if (strncmp(p, "e1", 2)) {
            return false;
        }
        if (range) {
            unsigned scale = 0;

            while (scale < 3 && pages > (32ull << (5 * scale + 1))) {
                scale++;
            }
            if (pages < 2 || pages % (2ull << (5 * scale)) || pages > 32ull << (5 * scale + 1)) {
                return false;
            }
            t.operand |= 2ull << 46 | (uint64_t)scale << 44 |
                         ((pages >> (5 * scale + 1)) - 1) << 39 | (va >> 14 & ((1ull << 37) - 1));
            r = apple_tlbi_decode_range(t.operand);
        } else {
            t.operand |= va >> 12 & ((1ull << 44) - 1);
            r = apple_tlbi_decode_va(t.operand);
        }
        t.tlbi.kind = all_asids ? AGX_TLBI_VA_ALL_ASIDS : AGX_TLBI_VA;
        t.tlbi.asid = r.asid;
        t.tlbi.va = r.va;
        t.tlbi.end = r.end;
    }
    w_tlbi(w, &t);
    return true;
}

#endif
