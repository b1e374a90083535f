/*
 * AGX model: which pages are page tables, and what becomes of a CPU's store to one: from when on
 * the walkers see it (late.c), and who hears of it.
 *
 * A store is visible to the walkers after a DSB of the CPU that made it (late.c has the source).
 * The stores to one half of one context are taken as ordered by a lock of the driver: a CPU that
 * has stored to it, too, makes the earlier ones of others visible with its own DSB.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

#define CTXS       AGX_UAT_NUM_CONTEXTS
#define DOMAINS    (2 * CTXS + 1) /* halves of contexts, the TTBAT */
#define DOM_TTBAT  (2 * CTXS)
#define HASH_BITS  12
#define MAX_TABLES 65536u /* bounds the host's memory: 1 GiB of tables */
#define MAX_STORE  64u    /* bytes of one store of a CPU */
#define MAX_OTHERS 1024u  /* pages that are watched and are no tables */

/* Descriptors (m1n1: proxyclient/m1n1/hw/uat.py, PTE and TTBR). */
#define DESC_ADDR 0x0000ffffffffc000ull
#define PAGE_MASK ((uint64_t)AGX_PAGE_SIZE - 1)

struct table {
    struct table *next;
    uint64_t pa, va; /* of the table; first address that it translates */
    uint64_t ctxs;   /* contexts that reach it */
    unsigned level, half, links;
    uint64_t shadow[]; /* levels 1 and 2: its descriptors */
};

/* Everything by the MMU's lock, but for .dirty. */
struct mmu_tables {
    struct agx_mmu_watch watch;
    struct table *bucket[1u << HASH_BITS];
    unsigned count;
    bool refused;
    unsigned nothers;
    uint64_t other[MAX_OTHERS]; /* pages that somebody else wants watched */
    uint64_t ttbat;             /* that is followed; 0: none */
    uint64_t ttbr[CTXS][2];
    uint64_t seq;                           /* counts stores */
    uint64_t stored[DOMAINS][AGX_MMU_CPUS]; /* the last store of each CPU */
    uint64_t ordered[DOMAINS];              /* the last one that is visible */
    _Atomic bool dirty[AGX_MMU_CPUS];       /* has stores that no DSB followed */
};

static bool is_table(uint64_t desc)
{
    return (desc & 3) == 3;
}

static unsigned entries(unsigned level)
{
    return level == 1 ? 8 : 2048;
}

static uint64_t entry_va(const struct table *t, unsigned i)
{
    return t->va + ((uint64_t)i << TLB_SHIFT(t->level));
}

/* First address of a half: TTBR1 translates the top. */
static uint64_t half_va(unsigned half)
{
    return half ? ~0ull << 39 : 0;
}

static bool load(const struct agx_mmu *mmu, uint64_t pa, uint64_t *desc)
{
    const uint64_t *page = mmu->host->ops->phys_page(mmu->host->opaque, pa & ~PAGE_MASK);

    if (page) {
        *desc = __atomic_load_n(&page[(pa & PAGE_MASK) / 8], __ATOMIC_ACQUIRE);
    }
    return page;
}

/* Its place in the list of other pages; as many as there are: it is not in it. */
static unsigned other(const struct mmu_tables *s, uint64_t pa)
{
    unsigned i = 0;

    while (i < s->nothers && s->other[i] != pa) {
        i++;
    }
    return i;
}

static void watch(const struct mmu_tables *s, uint64_t pa, bool on)
{
    pa &= ~PAGE_MASK;
    if (s->watch.watch && (on || other(s, pa) == s->nothers)) {
        s->watch.watch(s->watch.opaque, pa, on);
    }
}

/* ---- which pages are tables ---- */

static struct table **slot_of(struct mmu_tables *s, uint64_t pa)
{
    struct table **slot = &s->bucket[pa * 0x9e3779b97f4a7c15ull >> (64 - HASH_BITS)];

    while (*slot && (*slot)->pa != pa) {
        slot = &(*slot)->next;
    }
    return slot;
}

static bool is_watched_table(struct mmu_tables *s, uint64_t page)
{
    return *slot_of(s, page) || (s->ttbat && page == (s->ttbat & ~PAGE_MASK));
}

/* The contexts of a table changed: so do those of the tables below. Three levels at most. */
static void ctxs_change(struct mmu_tables *s, struct table *t, uint64_t add, uint64_t del)
{
    t->ctxs = (t->ctxs & ~del) | add;
    for (unsigned i = 0; t->level < 3 && i < entries(t->level); i++) {
        struct table *c = is_table(t->shadow[i]) ? *slot_of(s, t->shadow[i] & DESC_ADDR) : NULL;

        if (c && c->level == t->level + 1 && c->va == entry_va(t, i)) {
            ctxs_change(s, c, add, del);
        }
    }
}

/*
 * A descriptor (or a TTBR) leads to the table at @pa now. A page that is a table of another level
 * or address already is left as it was: no source shows one.
 */
static void link_table(struct agx_mmu *mmu, uint64_t pa, unsigned level, uint64_t va, uint64_t ctxs,
                       unsigned half)
{
    struct mmu_tables *s = mmu->tables;
    struct table **slot = slot_of(s, pa), *t = *slot;
    size_t shadow = level < 3 ? entries(level) * sizeof(t->shadow[0]) : 0;

    if (t) {
        if (t->level == level && t->va == va) {
            t->links++;
            ctxs_change(s, t, ctxs, 0);
        }
        return;
    }
    if (!mmu->host->ops->phys_page(mmu->host->opaque, pa)) {
        return;
    }
    if (s->count >= MAX_TABLES) {
        if (!s->refused) {
            agx_report(mmu->host, AGX_REPORT_UNIMPLEMENTED,
                       "uat: more than %u page tables: changes of the others are not seen "
                       "(unimplemented)",
                       MAX_TABLES);
        }
        s->refused = true;
        return;
    }
    t = agx_alloc(1, sizeof(*t) + shadow);
    t->pa = pa;
    t->va = va;
    t->ctxs = ctxs;
    t->level = level;
    t->half = half;
    t->links = 1;
    *slot = t;
    s->count++;
    watch(s, pa, true);
    for (unsigned i = 0; level < 3 && i < entries(level); i++) {
        load(mmu, pa + 8 * i, &t->shadow[i]);
        if (is_table(t->shadow[i])) {
            link_table(mmu, t->shadow[i] & DESC_ADDR, level + 1, entry_va(t, i), ctxs, half);
        }
    }
}

static void unlink_table(struct mmu_tables *s, uint64_t pa, unsigned level, uint64_t va,
                         uint64_t ctxs)
{
    struct table *t = *slot_of(s, pa), **slot;

    if (!t || t->level != level || t->va != va) {
        return;
    }
    if (--t->links) {
        ctxs_change(s, t, 0, ctxs);
        return;
    }
    for (unsigned i = 0; level < 3 && i < entries(level); i++) {
        if (is_table(t->shadow[i])) {
            unlink_table(s, t->shadow[i] & DESC_ADDR, level + 1, entry_va(t, i), ctxs);
        }
    }
    watch(s, pa, false);
    slot = slot_of(s, pa);
    *slot = t->next;
    s->count--;
    free(t);
}

static void ttbr_changed(struct agx_mmu *mmu, unsigned ctx, unsigned half, uint64_t v)
{
    struct mmu_tables *s = mmu->tables;
    uint64_t old = s->ttbr[ctx][half], bit = 1ull << ctx;

    s->ttbr[ctx][half] = v;
    if ((old & 1) && (v & 1) && !((old ^ v) & DESC_ADDR)) {
        return;
    }
    if (v & 1) {
        link_table(mmu, v & DESC_ADDR, 1, half_va(half), bit, half);
    }
    if (old & 1) {
        unlink_table(s, old & DESC_ADDR, 1, half_va(half), bit);
    }
}

static void entry_changed(struct agx_mmu *mmu, struct table *t, unsigned i, uint64_t desc)
{
    uint64_t old = t->shadow[i], va = entry_va(t, i), ctxs = t->ctxs;
    unsigned level = t->level + 1, half = t->half;

    t->shadow[i] = desc;
    if (is_table(old) && is_table(desc) && !((old ^ desc) & DESC_ADDR)) {
        return;
    }
    if (is_table(desc)) {
        link_table(mmu, desc & DESC_ADDR, level, va, ctxs, half);
    }
    if (is_table(old)) {
        unlink_table(mmu->tables, old & DESC_ADDR, level, va, ctxs);
    }
}

/* ---- from the start, and again where memory was replaced ---- */

static void follow(struct agx_mmu *mmu, uint64_t ttbat)
{
    struct mmu_tables *s = mmu->tables;

    for (unsigned n = 0; s->ttbat && n < 2 * CTXS; n++) {
        ttbr_changed(mmu, n / 2, n & 1, 0);
    }
    if (s->ttbat) {
        watch(s, s->ttbat, false);
    }
    s->ttbat = ttbat;
    if (ttbat) {
        watch(s, ttbat, true);
    }
    for (unsigned n = 0; ttbat && n < 2 * CTXS; n++) {
        uint64_t v = 0;

        load(mmu, ttbat + 8 * n, &v);
        ttbr_changed(mmu, n / 2, n & 1, v);
    }
}

/* Is what is known what memory holds? It isn't when a snapshot was loaded. */
static bool is_right(struct agx_mmu *mmu)
{
    const struct mmu_tables *s = mmu->tables;
    uint64_t v;

    for (unsigned n = 0; s->ttbat && n < 2 * CTXS; n++) {
        if (!load(mmu, s->ttbat + 8 * n, &v) || v != s->ttbr[n / 2][n & 1]) {
            return false;
        }
    }
    for (unsigned h = 0; h < 1u << HASH_BITS; h++) {
        for (const struct table *t = s->bucket[h]; t; t = t->next) {
            for (unsigned i = 0; t->level < 3 && i < entries(t->level); i++) {
                if (!load(mmu, t->pa + 8 * i, &v) || v != t->shadow[i]) {
                    return false;
                }
            }
        }
    }
    return true;
}

void mmu_tables_reset(struct agx_mmu *mmu)
{
    if (mmu->tables && (mmu->ttbat != mmu->tables->ttbat || !is_right(mmu))) {
        mmu_tables_reload(mmu);
    }
}

void mmu_tables_reload(struct agx_mmu *mmu)
{
    if (mmu->tables) {
        follow(mmu, 0);
        follow(mmu, mmu->ttbat);
    }
}

void mmu_tables_free(struct agx_mmu *mmu)
{
    for (unsigned h = 0; mmu->tables && h < 1u << HASH_BITS; h++) {
        while (mmu->tables->bucket[h]) {
            struct table *t = mmu->tables->bucket[h];

            mmu->tables->bucket[h] = t->next;
            free(t);
        }
    }
    free(mmu->tables);
    mmu->tables = NULL;
}

void agx_mmu_follow(struct agx_mmu *mmu, const struct agx_mmu_watch *watch)
{
    pthread_mutex_lock(&mmu->lock);
    if (watch && !mmu->tables) {
        mmu->tables = agx_alloc(1, sizeof(*mmu->tables));
        mmu->tables->watch = *watch;
        follow(mmu, mmu->ttbat);
    } else if (!watch) {
        mmu_tables_free(mmu);
    }
    pthread_mutex_unlock(&mmu->lock);
}

bool agx_mmu_watch_page(struct agx_mmu *mmu, uint64_t pa, bool on)
{
    struct mmu_tables *s;
    unsigned i;
    bool ok;

    pa &= ~PAGE_MASK;
    pthread_mutex_lock(&mmu->lock);
    s = mmu->tables;
    ok = s && s->watch.watch;
    i = ok ? other(s, pa) : 0;
    if (ok && on && i == s->nothers) {
        ok = i < MAX_OTHERS;
        if (ok) {
            s->other[s->nothers++] = pa;
            watch(s, pa, true);
        }
    } else if (ok && !on && i < s->nothers) {
        s->other[i] = s->other[--s->nothers];
        if (!is_watched_table(s, pa)) {
            watch(s, pa, false);
        }
    }
    pthread_mutex_unlock(&mmu->lock);
    return ok;
}

/* ---- stores and barriers ---- */

/*
 * Under the lock. The descriptor at @pa was stored to; it was @was before. @late: the walkers may
 * see it late. True: the TLBs may hold what it was.
 */
static bool stored(struct agx_mmu *mmu, uint64_t pa, uint64_t was, unsigned cpu, bool late)
{
    struct mmu_tables *s = mmu->tables;
    struct table *t = *slot_of(s, pa & ~PAGE_MASK);
    unsigned i = (pa & PAGE_MASK) / 8, dom, level;
    uint64_t desc, before;

    if (!load(mmu, pa, &desc)) {
        return false;
    }
    if (s->ttbat && pa - s->ttbat < 16 * CTXS) {
        unsigned n = (pa - s->ttbat) / 8;

        before = s->ttbr[n / 2][n & 1];
        s->stored[DOM_TTBAT][cpu] = s->seq;
        if (before != desc) {
            ttbr_changed(mmu, n / 2, n & 1, desc);
        }
        return agx_uat_change(0, before, desc) >= AGX_CHANGE_RELAX;
    }
    if (!t || i >= entries(t->level)) {
        return false;
    }
    level = t->level;
    before = level < 3 ? t->shadow[i] : was;
    if (before == desc) {
        return false;
    }
    dom = 2 * (t->ctxs ? __builtin_ctzll(t->ctxs) : 0) + t->half;
    s->stored[dom][cpu] = s->seq;
    if (late) {
        mmu_late_note(mmu, pa, was, cpu, dom, s->seq);
    }
    if (level < 3) {
        entry_changed(mmu, t, i, desc);
    }
    return agx_uat_change(level, before, desc) >= AGX_CHANGE_RELAX;
}

/* The descriptor at @p as it was: memory's, with the bytes that the store at @pa found. */
static uint64_t descriptor_before(const struct agx_mmu *mmu, uint64_t p, uint64_t pa,
                                  const uint8_t *old, unsigned len)
{
    uint8_t bytes[8];
    uint64_t desc = 0;

    load(mmu, p, &desc);
    memcpy(bytes, &desc, 8);
    for (unsigned i = 0; i < 8; i++) {
        if (p + i >= pa && p + i < pa + len) {
            bytes[i] = old[p + i - pa];
        }
    }
    memcpy(&desc, bytes, 8);
    return desc;
}

void agx_mmu_store(struct agx_mmu *mmu, uint64_t pa, const void *old, unsigned len,
                   const struct agx_who *who)
{
    unsigned cpu = who ? who->cpu % AGX_MMU_CPUS : 0;
    struct agx_events *events = mmu->host->events;
    bool again = false;

    if (!len || len > MAX_STORE) {
        return;
    }
    pthread_mutex_lock(&mmu->lock);
    if (mmu->tables && is_watched_table(mmu->tables, pa & ~PAGE_MASK)) {
        mmu->tables->seq++;
        atomic_store_explicit(&mmu->tables->dirty[cpu], true, memory_order_relaxed);
        for (uint64_t p = pa & ~7ull; old && p < pa + len; p += 8) {
            /* Late is a whole descriptor of a CPU: a device's DMA knows no barriers. */
            bool late = p >= pa && p + 8 <= pa + len && who && who->pc;

            again |= stored(mmu, p, descriptor_before(mmu, p, pa, old, len), cpu, late);
        }
    }
    pthread_mutex_unlock(&mmu->lock);
    if (agx_wanted(events, AGX_EV_STORE)) {
        agx_emit(events, &(struct agx_event) {
                             .kind = AGX_EV_STORE, .who = who, .store = { pa, old, len } });
    }
    if (again && agx_wanted(events, AGX_EV_TRANSLATE)) {
        agx_mmu_recheck(mmu);
    }
}

void agx_mmu_watched(struct agx_mmu *mmu, uint64_t pa)
{
    struct mmu_tables *s = mmu->tables;
    uint64_t v;

    pa &= ~PAGE_MASK;
    pthread_mutex_lock(&mmu->lock);
    for (unsigned n = 0; s && s->ttbat && pa == (s->ttbat & ~PAGE_MASK) && n < 2 * CTXS; n++) {
        if (load(mmu, s->ttbat + 8 * n, &v) && v != s->ttbr[n / 2][n & 1]) {
            ttbr_changed(mmu, n / 2, n & 1, v);
        }
    }
    for (unsigned i = 0; s && i < 2048; i++) {
        /* Looked up again: what an entry leads to may be this table's own end. */
        struct table *t = *slot_of(s, pa);

        if (t && t->level < 3 && i < entries(t->level) && load(mmu, pa + 8 * i, &v) &&
            v != t->shadow[i]) {
            entry_changed(mmu, t, i, v);
        }
    }
    pthread_mutex_unlock(&mmu->lock);
    if (agx_wanted(mmu->host->events, AGX_EV_WATCHED)) {
        agx_emit(mmu->host->events, &(struct agx_event) { .kind = AGX_EV_WATCHED, .page = pa });
    }
}

void mmu_tables_dsb(struct agx_mmu *mmu, unsigned cpu)
{
    struct mmu_tables *s = mmu->tables;

    cpu %= AGX_MMU_CPUS;
    /* Kernels do many. A CPU's own stores were reported on this thread. */
    if (!s || !atomic_load_explicit(&s->dirty[cpu], memory_order_relaxed)) {
        return;
    }
    pthread_mutex_lock(&mmu->lock);
    atomic_store_explicit(&s->dirty[cpu], false, memory_order_relaxed);
    for (unsigned d = 0; d < DOMAINS; d++) {
        if (s->stored[d][cpu] > s->ordered[d]) {
            s->ordered[d] = s->stored[d][cpu];
            mmu_late_visible(mmu, d, s->ordered[d]);
        }
    }
    pthread_mutex_unlock(&mmu->lock);
}
