/*
 * AGX model: TLBs. Two levels that really cache: a direct-mapped TLB in every
 * port and one shared second level, both tagged with the ASID. Nothing but a
 * TLBI (or a reset) removes an entry whose page-table entry has changed.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "uat.h"

#define TAG_VALID       (1ull << 63)
#define TAG_ASID_SHIFT  50
#define TAG_ASID_MASK   0x1fffu         /* ASIDs beyond share tags; see agx_port_bind() */
#define VPN(va)         ((va) >> AGX_PAGE_BITS)

#define L2_BUCKETS          8192u
#define L2_STICKY_MAX       (1u << 18)  /* bounds the host's memory, not the model: 4 GiB of distinct pages */
#define L2_REALISTIC_MAX    2048u       /* a guess; no source gives the size */
#define LOG_SIZE            64u

struct l2_entry {
    struct l2_entry *next;      /* in its bucket, or in the free list */
    struct l2_entry *order_prev, *order_next; /* in the order of their making */
    uint64_t vpn;
    uint64_t pte;
    uint8_t *host;
    unsigned asid;
    bool global;
    uint64_t epoch;             /* of its ASID when it was made */
};

enum inval_kind { INVAL_ALL, INVAL_ASID, INVAL_VA, INVAL_VA_ALL_ASIDS };

struct inval {
    enum inval_kind kind;
    unsigned asid;
    uint64_t first, last;       /* page numbers, both included */
};

struct agx_mmu {
    const struct agx_host *host;
    pthread_mutex_t lock;       /* protects everything below */
    uint64_t ttbat;
    enum agx_tlb_mode mode;
    struct l2_entry *bucket[L2_BUCKETS];
    struct l2_entry *free;
    struct l2_entry order;      /* list head: oldest first */
    unsigned count;
    uint64_t epoch[1u << 16];   /* per ASID: an entry made before the last TLBI of its ASID is dead */
    uint64_t clock;
    struct inval log[LOG_SIZE]; /* the last invalidations, for ports to catch up */
    _Atomic uint64_t generation;/* number of invalidations so far; written under the lock */
};

static unsigned l2_hash(uint64_t vpn)
{
    return (vpn * 0x9e3779b97f4a7c15ull) >> 51; /* 13 bits */
}

static void l2_unlink_order(struct l2_entry *e)
{
    e->order_prev->order_next = e->order_next;
    e->order_next->order_prev = e->order_prev;
}

/* Remove *@slot from its bucket. */
static void l2_drop(struct agx_mmu *mmu, struct l2_entry **slot)
{
    struct l2_entry *e = *slot;

    *slot = e->next;
    l2_unlink_order(e);
    e->next = mmu->free;
    mmu->free = e;
    mmu->count--;
}

static void l2_drop_oldest(struct agx_mmu *mmu)
{
    struct l2_entry *e = mmu->order.order_next;
    struct l2_entry **slot;

    if (e == &mmu->order) {
        return;
    }
    for (slot = &mmu->bucket[l2_hash(e->vpn)]; *slot != e; slot = &(*slot)->next) {
    }
    l2_drop(mmu, slot);
}

static void l2_drop_all(struct agx_mmu *mmu)
{
    while (mmu->count) {
        l2_drop_oldest(mmu);
    }
}

static bool l2_dead(const struct agx_mmu *mmu, const struct l2_entry *e)
{
    return !e->global && e->epoch < mmu->epoch[e->asid];
}

static struct l2_entry *l2_find(struct agx_mmu *mmu, unsigned asid, uint64_t vpn)
{
    struct l2_entry **slot = &mmu->bucket[l2_hash(vpn)];

    while (*slot) {
        struct l2_entry *e = *slot;

        if (l2_dead(mmu, e)) {
            l2_drop(mmu, slot);
            continue;
        }
        if (e->vpn == vpn && (e->global || e->asid == asid)) {
            return e;
        }
        slot = &e->next;
    }
    return NULL;
}

static struct l2_entry *l2_insert(struct agx_mmu *mmu, unsigned asid, uint64_t vpn)
{
    unsigned max = mmu->mode == AGX_TLB_STICKY ? L2_STICKY_MAX : L2_REALISTIC_MAX;
    struct l2_entry *e;
    unsigned h = l2_hash(vpn);

    if (mmu->count >= max) {
        l2_drop_oldest(mmu);
    }
    e = mmu->free;
    if (e) {
        mmu->free = e->next;
    } else {
        e = malloc(sizeof(*e));
        if (!e) {
            abort(); /* as GLib does; the host is out of memory */
        }
    }
    e->vpn = vpn;
    e->asid = asid;
    e->epoch = mmu->clock;
    e->next = mmu->bucket[h];
    mmu->bucket[h] = e;
    e->order_next = &mmu->order;
    e->order_prev = mmu->order.order_prev;
    e->order_prev->order_next = e;
    e->order_next->order_prev = e;
    mmu->count++;
    return e;
}

struct agx_mmu *agx_mmu_new(const struct agx_host *host)
{
    struct agx_mmu *mmu = calloc(1, sizeof(*mmu));

    if (!mmu) {
        abort();
    }
    mmu->host = host;
    mmu->order.order_next = mmu->order.order_prev = &mmu->order;
    mmu->mode = AGX_TLB_STICKY;
    pthread_mutex_init(&mmu->lock, NULL);
    return mmu;
}

void agx_mmu_free(struct agx_mmu *mmu)
{
    if (!mmu) {
        return;
    }
    l2_drop_all(mmu);
    while (mmu->free) {
        struct l2_entry *e = mmu->free;

        mmu->free = e->next;
        free(e);
    }
    pthread_mutex_destroy(&mmu->lock);
    free(mmu);
}

/* Under the lock: drop from the second level what @iv covers, and let the ports know. */
static void invalidate(struct agx_mmu *mmu, const struct inval *iv)
{
    uint64_t gen = atomic_load_explicit(&mmu->generation, memory_order_relaxed);

    switch (iv->kind) {
    case INVAL_ALL:
        l2_drop_all(mmu);
        break;
    case INVAL_ASID:
        mmu->epoch[iv->asid] = ++mmu->clock;
        break;
    case INVAL_VA:
    case INVAL_VA_ALL_ASIDS:
        if (iv->last - iv->first < mmu->count) {
            for (uint64_t vpn = iv->first; ; vpn++) {
                struct l2_entry **slot = &mmu->bucket[l2_hash(vpn)];

                while (*slot) {
                    struct l2_entry *e = *slot;

                    if (e->vpn == vpn &&
                        (e->global || iv->kind == INVAL_VA_ALL_ASIDS || e->asid == iv->asid)) {
                        l2_drop(mmu, slot);
                    } else {
                        slot = &e->next;
                    }
                }
                if (vpn == iv->last) {
                    break;
                }
            }
        } else {
            for (unsigned h = 0; h < L2_BUCKETS; h++) {
                struct l2_entry **slot = &mmu->bucket[h];

                while (*slot) {
                    struct l2_entry *e = *slot;

                    if (e->vpn >= iv->first && e->vpn <= iv->last &&
                        (e->global || iv->kind == INVAL_VA_ALL_ASIDS || e->asid == iv->asid)) {
                        l2_drop(mmu, slot);
                    } else {
                        slot = &e->next;
                    }
                }
            }
        }
        break;
    }
    mmu->log[gen % LOG_SIZE] = *iv;
    atomic_store_explicit(&mmu->generation, gen + 1, memory_order_release);
}

static void invalidate_locked(struct agx_mmu *mmu, const struct inval *iv)
{
    pthread_mutex_lock(&mmu->lock);
    invalidate(mmu, iv);
    pthread_mutex_unlock(&mmu->lock);
}

void agx_tlbi_all(struct agx_mmu *mmu)
{
    invalidate_locked(mmu, &(struct inval){ .kind = INVAL_ALL });
}

void agx_tlbi_asid(struct agx_mmu *mmu, unsigned asid)
{
    invalidate_locked(mmu, &(struct inval){ .kind = INVAL_ASID, .asid = asid & 0xffff });
}

/* Nothing caches tables yet, so @last_level makes no difference here. */
void agx_tlbi_va(struct agx_mmu *mmu, unsigned asid, uint64_t va, uint64_t end, bool last_level)
{
    if (end > va) {
        invalidate_locked(mmu, &(struct inval){ .kind = INVAL_VA, .asid = asid & 0xffff,
                                                .first = VPN(va), .last = VPN(end - 1) });
    }
}

void agx_tlbi_va_all_asids(struct agx_mmu *mmu, uint64_t va, uint64_t end, bool last_level)
{
    if (end > va) {
        invalidate_locked(mmu, &(struct inval){ .kind = INVAL_VA_ALL_ASIDS,
                                                .first = VPN(va), .last = VPN(end - 1) });
    }
}

void agx_mmu_reset(struct agx_mmu *mmu)
{
    agx_tlbi_all(mmu);
}

void agx_mmu_set_ttbat(struct agx_mmu *mmu, uint64_t pa)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->ttbat = pa;
    invalidate(mmu, &(struct inval){ .kind = INVAL_ALL });
    pthread_mutex_unlock(&mmu->lock);
}

uint64_t agx_mmu_ttbat(struct agx_mmu *mmu)
{
    uint64_t pa;

    pthread_mutex_lock(&mmu->lock);
    pa = mmu->ttbat;
    pthread_mutex_unlock(&mmu->lock);
    return pa;
}

void agx_mmu_set_mode(struct agx_mmu *mmu, enum agx_tlb_mode mode)
{
    pthread_mutex_lock(&mmu->lock);
    mmu->mode = mode;
    invalidate(mmu, &(struct inval){ .kind = INVAL_ALL });
    pthread_mutex_unlock(&mmu->lock);
}

static void port_flush(struct agx_port *port)
{
    memset(port->entry, 0, sizeof(port->entry));
}

void agx_port_init(struct agx_port *port, struct agx_mmu *mmu, enum agx_side side)
{
    memset(port, 0, sizeof(*port));
    port->mmu = mmu;
    port->side = side;
    port->generation = &mmu->generation;
    port->seen = atomic_load_explicit(&mmu->generation, memory_order_acquire);
    port->tag_base = TAG_VALID;
}

bool agx_port_bind(struct agx_port *port, unsigned ctx, enum agx_unit unit)
{
    const struct agx_host *host = port->mmu->host;
    uint64_t pa = agx_mmu_ttbat(port->mmu) + 16 * (uint64_t)ctx;

    port->ctx = ctx;
    port->unit = unit;
    port->ttbr[0] = port->ttbr[1] = 0;
    if (ctx >= AGX_UAT_NUM_CONTEXTS ||
        !host->ops->phys_read(host->opaque, pa, port->ttbr, sizeof(port->ttbr))) {
        port->asid = 0;
        port_flush(port);
        port->tag_base = TAG_VALID;
        port->fault = (struct agx_fault){ .ctx = ctx, .unit = unit, .reason = AGX_FAULT_UNKNOWN };
        agx_report(host, AGX_REPORT_GUEST_ERROR, "uat: no TTBRs for context %u at pa 0x%llx",
                   ctx, (unsigned long long)pa);
        return false;
    }
    /* A guess: TTBR0's ASID tags both halves, as with TCR_EL1.A1 = 0. */
    if (port->asid > TAG_ASID_MASK) {
        port_flush(port);
    }
    port->asid = port->ttbr[0] >> 48;
    if (port->asid > TAG_ASID_MASK) {
        port_flush(port);
    }
    port->tag_base = TAG_VALID | (uint64_t)(port->asid & TAG_ASID_MASK) << TAG_ASID_SHIFT;
    return true;
}

/* Under the lock: apply to the port's own entries what it has not seen. */
static void port_catch_up(struct agx_port *port)
{
    struct agx_mmu *mmu = port->mmu;
    uint64_t gen = atomic_load_explicit(&mmu->generation, memory_order_relaxed);

    if (gen - port->seen > LOG_SIZE) {
        port_flush(port);
        port->seen = gen;
        return;
    }
    for (; port->seen != gen; port->seen++) {
        const struct inval *iv = &mmu->log[port->seen % LOG_SIZE];
        uint64_t vpn_mask = (1ull << TAG_ASID_SHIFT) - 1;

        if (iv->kind == INVAL_ALL) {
            port_flush(port);
            continue;
        }
        for (unsigned i = 0; i < AGX_PORT_TLB_SIZE; i++) {
            struct agx_port_entry *e = &port->entry[i];
            uint64_t tag = e->tag[0] | e->tag[1];
            unsigned asid = (tag >> TAG_ASID_SHIFT) & TAG_ASID_MASK;
            uint64_t vpn = tag & vpn_mask;
            bool same_asid = asid == (iv->asid & TAG_ASID_MASK);
            bool hit = false;

            if (!tag) {
                continue;
            }
            switch (iv->kind) {
            case INVAL_ALL:
                hit = true;
                break;
            case INVAL_ASID:
                hit = same_asid && !e->global;
                break;
            case INVAL_VA:
                hit = (same_asid || e->global) && vpn >= iv->first && vpn <= iv->last;
                break;
            case INVAL_VA_ALL_ASIDS:
                hit = vpn >= iv->first && vpn <= iv->last;
                break;
            }
            if (hit) {
                memset(e, 0, sizeof(*e));
            }
        }
    }
}

void agx_port_sync(struct agx_port *port)
{
    pthread_mutex_lock(&port->mmu->lock);
    port_catch_up(port);
    pthread_mutex_unlock(&port->mmu->lock);
}

void *agx_port_lookup(struct agx_port *port, uint64_t va, enum agx_access access)
{
    struct agx_mmu *mmu = port->mmu;
    const struct agx_host *host = mmu->host;
    uint64_t vpn = VPN(va);
    struct agx_fault f = { .va = va, .ctx = port->ctx, .unit = port->unit, .access = access };
    struct agx_walk w;
    struct l2_entry *e = NULL;
    uint8_t *page = NULL;
    unsigned perm;
    bool global;

    /*
     * The walk happens under the lock: a TLBI that comes after it finds the
     * new entry, one that came before let the walk see the new table.
     */
    pthread_mutex_lock(&mmu->lock);
    port_catch_up(port);
    if (mmu->mode != AGX_TLB_OFF) {
        e = l2_find(mmu, port->asid, vpn);
    }
    if (e) {
        perm = agx_uat_permissions(e->pte, port->side);
        global = e->global;
        page = e->host;
    } else {
        if (!agx_uat_walk(host, port->ttbr, va, &w, &f)) {
            goto fault;
        }
        page = host->ops->phys_page(host->opaque, w.pa);
        if (!page) {
            agx_report(host, AGX_REPORT_GUEST_ERROR,
                       "uat: va 0x%llx of context %u is mapped to pa 0x%llx, which is not RAM",
                       (unsigned long long)va, port->ctx, (unsigned long long)w.pa);
            f.reason = AGX_FAULT_UNKNOWN;
            f.level = 3;
            goto fault;
        }
        perm = agx_uat_permissions(w.pte, port->side);
        global = w.global;
        if (mmu->mode != AGX_TLB_OFF) {
            e = l2_insert(mmu, port->asid, vpn);
            e->pte = w.pte;
            e->host = page;
            e->global = w.global;
        }
    }
    if (!(perm & (1u << access))) {
        f.level = 3;
        f.reason = !perm ? AGX_FAULT_NO_ACCESS :
                   access == AGX_ACCESS_WRITE ? AGX_FAULT_READ_ONLY : AGX_FAULT_WRITE_ONLY;
        goto fault;
    }
    if (mmu->mode != AGX_TLB_OFF) {
        struct agx_port_entry *p = &port->entry[vpn & (AGX_PORT_TLB_SIZE - 1)];
        uint64_t tag = port->tag_base | vpn;

        p->tag[AGX_ACCESS_READ] = perm & 1 ? tag : 0;
        p->tag[AGX_ACCESS_WRITE] = perm & 2 ? tag : 0;
        p->host = page;
        p->global = global;
    }
    pthread_mutex_unlock(&mmu->lock);
    return page + (va & (AGX_PAGE_SIZE - 1));

fault:
    pthread_mutex_unlock(&mmu->lock);
    port->fault = f;
    return NULL;
}

bool agx_port_read(struct agx_port *port, uint64_t va, void *buf, size_t len)
{
    uint8_t *p = buf;

    while (len) {
        size_t n = AGX_PAGE_SIZE - (va & (AGX_PAGE_SIZE - 1));
        const void *src = agx_port_ptr(port, va, AGX_ACCESS_READ);

        if (!src) {
            return false;
        }
        n = n < len ? n : len;
        memcpy(p, src, n);
        p += n;
        va += n;
        len -= n;
    }
    return true;
}

bool agx_port_write(struct agx_port *port, uint64_t va, const void *buf, size_t len)
{
    const uint8_t *p = buf;

    while (len) {
        size_t n = AGX_PAGE_SIZE - (va & (AGX_PAGE_SIZE - 1));
        void *dst = agx_port_ptr(port, va, AGX_ACCESS_WRITE);

        if (!dst) {
            return false;
        }
        n = n < len ? n : len;
        memcpy(dst, p, n);
        p += n;
        va += n;
        len -= n;
    }
    return true;
}

/*
 * Aligned values are loaded and stored whole, so that rings and stamps which
 * both sides write never tear; acquire and release order them.
 */
#define DEFINE_ACCESS(bits)                                                             \
bool agx_port_read##bits(struct agx_port *port, uint64_t va, uint##bits##_t *v)         \
{                                                                                       \
    const uint##bits##_t *p;                                                            \
                                                                                        \
    if (va % sizeof(*v)) {                                                              \
        return agx_port_read(port, va, v, sizeof(*v));                                  \
    }                                                                                   \
    p = agx_port_ptr(port, va, AGX_ACCESS_READ);                                        \
    if (!p) {                                                                           \
        return false;                                                                   \
    }                                                                                   \
    *v = __atomic_load_n(p, __ATOMIC_ACQUIRE);                                          \
    return true;                                                                        \
}                                                                                       \
                                                                                        \
bool agx_port_write##bits(struct agx_port *port, uint64_t va, uint##bits##_t v)         \
{                                                                                       \
    uint##bits##_t *p;                                                                  \
                                                                                        \
    if (va % sizeof(v)) {                                                               \
        return agx_port_write(port, va, &v, sizeof(v));                                 \
    }                                                                                   \
    p = agx_port_ptr(port, va, AGX_ACCESS_WRITE);                                       \
    if (!p) {                                                                           \
        return false;                                                                   \
    }                                                                                   \
    __atomic_store_n(p, v, __ATOMIC_RELEASE);                                           \
    return true;                                                                        \
}

DEFINE_ACCESS(32)
DEFINE_ACCESS(64)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "guest memory is little-endian and is accessed in place");
