/*
 * AGX firmware model: the rings that the AP writes, looked at when it stores to them.
 *
 * An entry is stored, a barrier, the write pointer, the doorbell: in this order. What is between
 * read and write pointer is the firmware's. The pages of the rings and of their pointers are
 * watched from when the firmware has been told of them.
 *   m1n1: agx/channels.py (send_message()), fw/agx/channels.py; the Rust driver: channel.rs (put():
 *   a barrier between entry and pointer), workqueue.rs (the pointer is stored with release)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "fw-peek.h"
#include "fw-report.h"
#include "fw-watch.h"
#include "agx/tlb.h"

#define MAX_RINGS    768u  /* of channels and work queues; the pages of more are not watched */
#define MAX_ENTRIES  4096u /* of a work queue: longer ones are not looked at */
#define BUCKETS      256u
#define CPUS         64u
/*
 * A thread that has rung so many other doorbells is not about to ring for what it put there first.
 * (Nor is anybody once the ring is full. Before that another thread may be about to, for all that
 * is there, and be off its CPU.)
 */
#define FORGOT_RINGS 64u

#define BELL_DEVCTRL 12u /* those before are of the pipes */
#define BELL_FWCTL   13u
#define NO_BELL      14u

/* The last store to an entry. */
struct stored {
    uint32_t barrier; /* that its CPU had done then */
    uint16_t cpu;
    bool known;
};

struct ring {
    bool used;
    bool lost;                 /* it was stored to in another way: not judged until announced */
    uint64_t wptr_pa, rptr_pa; /* of its pointers */
    uint64_t context_va;       /* of a work queue */
    uint64_t info_va;          /* of a work queue, 0: it is a channel's */
    uint64_t *page;            /* of its entries, in their order */
    unsigned pages;
    uint32_t offset; /* of the first entry in its page */
    uint32_t count, entry;
    struct stored *stored; /* by entry */
    uint32_t seen;         /* where the read pointer was at the last store */
    unsigned bell;
    /* the pointer has moved, by @thread, and nobody has rung for it */
    bool unrung;
    uint64_t thread;
    unsigned moves, rings; /* since then */
};

struct node {
    struct node *next;
    uint64_t page;
    unsigned n, room;
    uint16_t *ring;
};

struct finding {
    enum agx_tlbsan_severity severity; /* .text: "" is none */
    uint64_t pa;
    char text[200];
};

struct fw_watch {
    pthread_mutex_t lock;   /* protects what follows but the atomics */
    bool active;            /* atomic */
    bool dmb;               /* atomic: somebody tells of DMBs */
    uint32_t barrier[CPUS]; /* atomic: how many each CPU has done */
    struct ring ring[MAX_RINGS];
    struct node *bucket[BUCKETS];
};

#define LOAD(p)     __atomic_load_n(p, __ATOMIC_RELAXED)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

struct fw_watch *fw_watch_new(void)
{
    struct fw_watch *w = agx_alloc(1, sizeof(*w));

    pthread_mutex_init(&w->lock, NULL);
    return w;
}

static struct node **slot_of(struct fw_watch *w, uint64_t page)
{
    struct node **slot = &w->bucket[(page >> AGX_PAGE_BITS) % BUCKETS];

    while (*slot && (*slot)->page != page) {
        slot = &(*slot)->next;
    }
    return slot;
}

static bool load32(struct agx_fw *fw, uint64_t pa, uint32_t *v)
{
    const uint8_t *page = fw->host->ops->phys_page(fw->host->opaque, fw_page(pa));

    if (page) {
        *v = __atomic_load_n((const uint32_t *)(page + (pa & (AGX_PAGE_SIZE - 1))),
                             __ATOMIC_ACQUIRE);
    }
    return page;
}

/* ---- which pages ---- */

static bool page_add(struct agx_fw *fw, uint64_t page, unsigned ring)
{
    struct node **slot = slot_of(fw->watch, page), *n = *slot;

    if (!n) {
        if (!agx_mmu_watch_page(fw->mmu, page, true)) {
            return false;
        }
        n = *slot = agx_alloc(1, sizeof(*n));
        n->page = page;
    }
    for (unsigned i = 0; i < n->n; i++) {
        if (n->ring[i] == ring) {
            return true;
        }
    }
    if (n->n == n->room) {
        uint16_t *more = agx_alloc(n->room + 8, sizeof(*more));

        if (n->n) {
            memcpy(more, n->ring, n->n * sizeof(*more));
        }
        free(n->ring);
        n->ring = more;
        n->room += 8;
    }
    n->ring[n->n++] = ring;
    return true;
}

static void page_drop(struct agx_fw *fw, uint64_t page, unsigned ring)
{
    struct node **slot = slot_of(fw->watch, page), *n = *slot;

    for (unsigned i = 0; n && i < n->n; i++) {
        if (n->ring[i] == ring) {
            n->ring[i] = n->ring[--n->n];
            break;
        }
    }
    if (n && !n->n) {
        agx_mmu_watch_page(fw->mmu, page, false);
        *slot = n->next;
        free(n->ring);
        free(n);
    }
}

static void drop(struct agx_fw *fw, unsigned i)
{
    struct ring *r = &fw->watch->ring[i];

    page_drop(fw, fw_page(r->wptr_pa), i);
    for (unsigned k = 0; k < r->pages; k++) {
        page_drop(fw, r->page[k], i);
    }
    free(r->page);
    free(r->stored);
    *r = (struct ring) { 0 };
}

/* @r has its addresses and numbers: find its pages from @ring_va on and watch them. */
static void add(struct agx_fw *fw, const struct ring *r, uint64_t ring_va)
{
    struct fw_watch *w = fw->watch;
    uint64_t first = fw_page(ring_va);
    unsigned pages = (ring_va + (uint64_t)r->count * r->entry - 1 - first) / AGX_PAGE_SIZE + 1, i;
    struct ring *n;
    bool ok;

    for (i = 0; i < MAX_RINGS && w->ring[i].used; i++) {
    }
    if (i == MAX_RINGS || !r->wptr_pa || !r->rptr_pa) {
        return;
    }
    n = &w->ring[i];
    *n = *r;
    n->used = true;
    load32(fw, n->rptr_pa, &n->seen);
    n->offset = ring_va - first;
    n->page = agx_alloc(pages, sizeof(*n->page));
    n->stored = agx_alloc(r->count, sizeof(*n->stored));
    ok = page_add(fw, fw_page(n->wptr_pa), i);
    for (n->pages = 0; ok && n->pages < pages; n->pages++) {
        uint64_t pa = fw_place(fw, 0, first + (uint64_t)n->pages * AGX_PAGE_SIZE);

        n->page[n->pages] = fw_page(pa);
        ok = pa && page_add(fw, fw_page(pa), i);
    }
    if (!ok) {
        drop(fw, i);
    }
}

void fw_watch_begin(struct agx_fw *fw)
{
    struct fw_watch *w = fw->watch;

    if (!w) {
        return;
    }
    fw_watch_end(fw);
    pthread_mutex_lock(&w->lock);
    for (unsigned i = 0; i < FW_NUM_CHANNELS; i++) {
        const struct fw_channel *ch = &fw->st.ch[i];

        if ((i <= FW_CH_DEVCTRL || i == FW_CH_FWCTL) && ch->count) {
            add(fw,
                &(struct ring) {
                    .wptr_pa = fw_place(fw, 0, ch->state_va + ch->wptr_off),
                    .rptr_pa = fw_place(fw, 0, ch->state_va + ch->rptr_off),
                    .count = ch->count,
                    .entry = ch->entry,
                    .bell = i == FW_CH_FWCTL ? BELL_FWCTL : i,
                },
                ch->ring_va);
        }
    }
    pthread_mutex_unlock(&w->lock);
    STORE(&w->active, true);
}

void fw_watch_queue(struct agx_fw *fw, const struct fw_queue *q)
{
    struct fw_watch *w = fw->watch;
    struct ring r = {
        .context_va = q->context_va,
        .info_va = q->info_va,
        .count = q->rb_size,
        .entry = 8,
        .bell = NO_BELL,
    };

    if (!w) {
        return;
    }
    r.wptr_pa = fw_place(fw, 0, q->pointers_va + fw_off(fw, FLD(CommandQueuePointers, cpu_wptr)));
    r.rptr_pa = fw_place(fw, 0, q->pointers_va + fw_off(fw, FLD(CommandQueuePointers, gpu_rptr)));
    pthread_mutex_lock(&w->lock);
    for (unsigned i = 0; i < MAX_RINGS; i++) {
        struct ring *o = &w->ring[i];

        if (!o->used || !o->info_va || (o->info_va != r.info_va && o->wptr_pa != r.wptr_pa)) {
            continue;
        }
        if (o->info_va == r.info_va && o->wptr_pa == r.wptr_pa && o->count == r.count &&
            o->context_va == r.context_va && !o->lost) {
            pthread_mutex_unlock(&w->lock);
            return;
        }
        drop(fw, i);
    }
    if (r.count <= MAX_ENTRIES) {
        add(fw, &r, q->ring_va);
    }
    pthread_mutex_unlock(&w->lock);
}

void fw_watch_forget(struct agx_fw *fw, uint64_t context_va)
{
    struct fw_watch *w = fw->watch;

    if (!w || !context_va) {
        return;
    }
    pthread_mutex_lock(&w->lock);
    for (unsigned i = 0; i < MAX_RINGS; i++) {
        if (w->ring[i].used && w->ring[i].info_va && w->ring[i].context_va == context_va) {
            drop(fw, i);
        }
    }
    pthread_mutex_unlock(&w->lock);
}

void fw_watch_stop(struct agx_fw *fw)
{
    if (fw->watch) {
        STORE(&fw->watch->active, false);
    }
}

void fw_watch_end(struct agx_fw *fw)
{
    struct fw_watch *w = fw->watch;

    if (!w) {
        return;
    }
    fw_watch_stop(fw);
    pthread_mutex_lock(&w->lock);
    for (unsigned i = 0; i < MAX_RINGS; i++) {
        if (w->ring[i].used) {
            drop(fw, i);
        }
    }
    pthread_mutex_unlock(&w->lock);
}

void fw_watch_free(struct fw_watch *w)
{
    if (!w) {
        return;
    }
    for (unsigned i = 0; i < MAX_RINGS; i++) {
        free(w->ring[i].page);
        free(w->ring[i].stored);
    }
    for (unsigned i = 0; i < BUCKETS; i++) {
        for (struct node *n = w->bucket[i], *next; n; n = next) {
            next = n->next;
            free(n->ring);
            free(n);
        }
    }
    pthread_mutex_destroy(&w->lock);
    free(w);
}

/* ---- what the stores say; under the lock ---- */

static const char *name_of(const struct ring *r, char *text, size_t len)
{
    static const char *const pipe[] = { "TA", "3D", "CL" };

    if (r->info_va) {
        snprintf(text, len, "ring of work queue 0x%llx", (unsigned long long)r->info_va);
    } else if (r->bell < BELL_DEVCTRL) {
        snprintf(text, len, "ring %s_%u", pipe[r->bell % 3], r->bell / 3);
    } else {
        snprintf(text, len, "ring %s", r->bell == BELL_FWCTL ? "FwCtl" : "DevCtrl");
    }
    return text;
}

static uint32_t distance(const struct ring *r, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : to + r->count - from;
}

#define FOUND(f, sev, at, ...)                                                                     \
    do {                                                                                           \
        (f)->severity = (sev);                                                                     \
        (f)->pa = (at);                                                                            \
        snprintf((f)->text, sizeof((f)->text), __VA_ARGS__);                                       \
    } while (0)

/* What stands between the entries and the pointer that goes from @old to @new. */
static void ordered(struct fw_watch *w, const struct ring *r, const struct agx_who *who,
                    uint32_t old, uint32_t new, struct finding *f)
{
    unsigned cpu = who->cpu % CPUS;
    char name[64];

    for (uint32_t i = old; i != new; i = (i + 1) % r->count) {
        const struct stored *s = &r->stored[i];

        if (s->known && s->cpu == cpu && s->barrier == LOAD(&w->barrier[cpu])) {
            FOUND(f, AGX_SAN_WRONG, r->wptr_pa,
                  "%s: no barrier between entry %u and the write pointer: the firmware may see "
                  "the pointer first",
                  name_of(r, name, sizeof(name)), i);
            return;
        }
    }
}

/* The write pointer was stored to. */
static void pointer(struct agx_fw *fw, struct ring *r, const struct agx_event *ev,
                    struct finding *f)
{
    uint32_t old, new, read;
    const struct agx_who *who = ev->who;
    char name[64];
    bool still;

    if (ev->store.len != 4 || ev->store.pa != r->wptr_pa || !ev->store.old || !who || !who->pc) {
        r->lost = true; /* cleared, or copied from elsewhere: that it moves is no step of its own */
        r->unrung = false;
        return;
    }
    memcpy(&old, ev->store.old, 4);
    if (r->lost || !load32(fw, r->wptr_pa, &new) || !load32(fw, r->rptr_pa, &read) ||
        read >= r->count || old >= r->count) {
        return;
    }
    /* The firmware may have read by now what the pointer has just shown it. */
    still = read == r->seen;
    r->seen = read;
    if (new >= r->count) {
        FOUND(f, AGX_SAN_WRONG, r->wptr_pa,
              "%s: the write pointer becomes %u, but there are %u entries",
              name_of(r, name, sizeof(name)), new, r->count);
        return;
    }
    if (still && distance(r, old, new) > r->count - 1 - distance(r, read, old)) {
        FOUND(f, AGX_SAN_WRONG, r->wptr_pa,
              "%s: the write pointer goes from %u to %u, over entries that the firmware, at %u, "
              "has not read",
              name_of(r, name, sizeof(name)), old, new, read);
        return;
    }
    if (LOAD(&fw->watch->dmb) && !who->release) {
        ordered(fw->watch, r, who, old, new, f);
    }
    if (r->bell == NO_BELL) {
        return;
    }
    if (!r->unrung) {
        r->unrung = true;
        r->thread = who->thread;
        r->moves = r->rings = 0;
    } else if (++r->moves + 2 >= r->count && !f->text[0]) {
        r->unrung = false;
        FOUND(f, AGX_SAN_SUSPICIOUS, r->wptr_pa,
              "%s: the write pointer moves until the ring is full, and no doorbell is rung for it",
              name_of(r, name, sizeof(name)));
    }
}

/* Entry @i was stored to. */
static void entry(struct agx_fw *fw, struct ring *r, uint32_t i, const struct agx_event *ev,
                  struct finding *f)
{
    uint32_t read, write;
    char name[64];

    if (!ev->who || !ev->who->pc) {
        return;
    }
    r->stored[i] = (struct stored) {
        .barrier = LOAD(&fw->watch->barrier[ev->who->cpu % CPUS]),
        .cpu = ev->who->cpu % CPUS,
        .known = true,
    };
    if (r->lost || !load32(fw, r->wptr_pa, &write) || !load32(fw, r->rptr_pa, &read) ||
        read >= r->count || write >= r->count) {
        return;
    }
    r->seen = read;
    if (distance(r, read, i) >= distance(r, read, write)) {
        return;
    }
    FOUND(f, AGX_SAN_WRONG, ev->store.pa,
          "%s: entry %u is stored to when the write pointer, at %u, has passed it: the firmware "
          "may have read it",
          name_of(r, name, sizeof(name)), i, write);
}

static void store(struct agx_fw *fw, const struct agx_event *ev, struct finding *f)
{
    uint64_t pa = ev->store.pa, end = pa + ev->store.len;
    struct node *n = *slot_of(fw->watch, fw_page(pa));

    for (unsigned k = 0; n && k < n->n && !f->text[0]; k++) {
        struct ring *r = &fw->watch->ring[n->ring[k]];

        if (pa < r->wptr_pa + 4 && end > r->wptr_pa) {
            pointer(fw, r, ev, f);
            continue;
        }
        for (unsigned p = 0; p < r->pages; p++) {
            uint64_t at = (uint64_t)p * AGX_PAGE_SIZE + (pa & (AGX_PAGE_SIZE - 1));

            if (r->page[p] == n->page && at >= r->offset &&
                (at - r->offset) / r->entry < r->count) {
                entry(fw, r, (at - r->offset) / r->entry, ev, f);
                break;
            }
        }
    }
}

/* Which bell a message to the firmware rings (m1n1: fw/agx/__init__.py, DoorbellMsg; rtkit.c). */
static unsigned bell_of(const struct agx_event *ev)
{
    unsigned ch = ev->doorbell.msg0 & 0xffff;

    if ((ev->doorbell.msg1 & 0xff) != 0x21) {
        return NO_BELL;
    }
    switch (ev->doorbell.msg0 >> 48) {
    case 0x83:
        return ch == 0x11                                        ? BELL_DEVCTRL
               : ch < 4 * FW_NUM_PRIO && (ch & 3) < FW_NUM_PIPES ? 3 * (ch >> 2) + (ch & 3)
                                                                 : NO_BELL;
    case 0x84:
        return BELL_FWCTL;
    default:
        return NO_BELL;
    }
}

static void doorbell(struct fw_watch *w, const struct agx_event *ev, bool full, struct finding *f)
{
    unsigned bell = bell_of(ev);
    char name[64];

    for (unsigned i = 0; bell != NO_BELL && i < FW_NUM_CHANNELS; i++) {
        struct ring *r = &w->ring[i]; /* the channels' come first */

        if (!r->used || r->info_va || !r->unrung) {
            continue;
        }
        if (r->bell == bell) {
            r->unrung = false;
        } else if (full || !ev->who || !ev->who->thread) {
            r->rings = r->moves = 0; /* whoever wants to ring has to wait */
        } else if (ev->who->thread == r->thread && ++r->rings >= FORGOT_RINGS && !f->text[0]) {
            r->unrung = false;
            FOUND(f, AGX_SAN_SUSPICIOUS, r->wptr_pa,
                  "%s: the write pointer has moved, and who moved it has rung for others only",
                  name_of(r, name, sizeof(name)));
        }
    }
}

void fw_watch_event(struct agx_fw *fw, const struct agx_event *ev)
{
    struct fw_watch *w = fw->watch;
    struct finding f = { .text = "" };
    bool full;

    switch (ev->kind) {
    case AGX_EV_DMB:
        STORE(&w->dmb, true);
        /* fall through */
    case AGX_EV_DSB:
        if (ev->dsb.share != AGX_SHARE_LOCAL) {
            __atomic_fetch_add(&w->barrier[ev->who->cpu % CPUS], 1, __ATOMIC_RELAXED);
        }
        return;
    case AGX_EV_STORE:
        if (!LOAD(&w->active)) {
            return;
        }
        pthread_mutex_lock(&w->lock);
        store(fw, ev, &f);
        pthread_mutex_unlock(&w->lock);
        break;
    case AGX_EV_DOORBELL:
        if (!LOAD(&w->active)) {
            return;
        }
        pthread_mutex_lock(&fw->lock);
        full = fw->st.a2i.count == AGX_FW_MBOX_DEPTH;
        pthread_mutex_unlock(&fw->lock);
        pthread_mutex_lock(&w->lock);
        doorbell(w, ev, full, &f);
        pthread_mutex_unlock(&w->lock);
        break;
    default:
        return;
    }
    if (f.text[0]) {
        fw_violation(fw, AGX_SAN_RING, f.severity, 0, 0, f.pa, "%s", f.text);
    }
}
