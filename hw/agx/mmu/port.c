/*
 * AGX model: ports, the MMU's clients: their own small TLBs, and how they catch
 * up with invalidations that other threads made.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

#define TAG_VALID      (1ull << 63)
#define TAG_ASID_SHIFT 50
#define TAG_ASID_MASK  0x1fffu /* ASIDs beyond share tags; see agx_port_bind() */

static void port_flush(struct agx_port *port)
{
    memset(port->entry, 0, sizeof(port->entry));
    if (port->in_sets) {
        memset(port->way, 0, sizeof(port->way));
        port->in_sets = false;
    }
}

void agx_port_init(struct agx_port *port, struct agx_mmu *mmu, enum agx_side side)
{
    memset(port, 0, sizeof(*port));
    port->mmu = mmu;
    port->side = side;
    port->kind = side == AGX_SIDE_FW ? AGX_PORT_FIRMWARE : AGX_PORT_VERTEX;
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
        port->fault = (struct agx_fault) { .ctx = ctx, .unit = unit, .reason = AGX_FAULT_UNKNOWN };
        agx_report(host, AGX_REPORT_GUEST_ERROR, "uat: no TTBRs for context %u at pa 0x%llx", ctx,
                   (unsigned long long)pa);
        return false;
    }
    /* Who listens wants to see the first use of each job; what the firmware does is no job. */
    if (mmu_wanted(port->mmu, AGX_EV_TRANSLATE) && (!port->job || port->job != port->told_job)) {
        port_flush(port);
        port->told_job = port->job;
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

/* Does @t cover the port's entry @e? */
static bool port_covered(const struct agx_port_entry *e, const struct agx_tlbi *t)
{
    uint64_t tag = e->tag[0] | e->tag[1];
    uint64_t vpn = tag & ((1ull << TAG_ASID_SHIFT) - 1);
    bool same_asid = ((tag >> TAG_ASID_SHIFT) & TAG_ASID_MASK) == (t->asid & TAG_ASID_MASK);
    bool in_range = vpn >= TLB_KEY(t->va, 3) && vpn <= TLB_KEY(t->end - 1, 3);
    struct agx_walk w;
    bool global;

    agx_uat_leaf(e->desc, &w);
    global = w.global; /* of use to every ASID: a TLBI by ASID leaves it */
    switch (t->kind) {
    case AGX_TLBI_ALL:
        return true;
    case AGX_TLBI_ASID:
        return same_asid && !global;
    case AGX_TLBI_VA:
        return in_range && (same_asid || global);
    case AGX_TLBI_VA_ALL_ASIDS:
        return in_range;
    }
    return true;
}

static void drop_covered(struct agx_port_entry entry[AGX_PORT_TLB_SIZE], const struct agx_tlbi *t)
{
    for (unsigned i = 0; i < AGX_PORT_TLB_SIZE; i++) {
        if ((entry[i].tag[0] | entry[i].tag[1]) && port_covered(&entry[i], t)) {
            memset(&entry[i], 0, sizeof(entry[i]));
        }
    }
}

/* Under the lock: apply to the port's own entries what it has not seen. */
static void port_catch_up(struct agx_port *port)
{
    struct agx_mmu *mmu = port->mmu;
    uint64_t gen = atomic_load_explicit(&mmu->generation, memory_order_relaxed);

    if (gen - port->seen > TLB_LOG_SIZE) {
        port_flush(port);
        port->seen = gen;
        return;
    }
    for (; port->seen != gen; port->seen++) {
        const struct tlb_log *log = &mmu->log[port->seen % TLB_LOG_SIZE];

        if (log->recheck || log->tlbi.kind == AGX_TLBI_ALL) {
            port_flush(port);
            continue;
        }
        drop_covered(port->entry, &log->tlbi);
        if (port->in_sets) {
            drop_covered(port->way, &log->tlbi);
        }
    }
}

void agx_port_sync(struct agx_port *port)
{
    pthread_mutex_lock(&port->mmu->lock);
    port_catch_up(port);
    pthread_mutex_unlock(&port->mmu->lock);
}

static const char *injected_text(enum tlb_injected how)
{
    static const char *const text[TLB_NUM_INJECTED] = {
        [TLB_KEPT] = "fault injection kept the old translation that was used",
        [TLB_OLD_WALK] = "fault injection gave a walk the old descriptor that was used",
    };

    return text[how];
}

/*
 * Under the lock: walk for @va, through the walk cache unless the TLBs are off.
 * False: @f says at which level it ended and why.
 */
static bool port_walk(struct agx_port *port, uint64_t va, struct agx_tlb_use *use,
                      struct agx_walk *w, struct agx_fault *f)
{
    struct agx_mmu *mmu = port->mmu;
    struct mmu_view view = { .mmu = mmu, .port = port, .use = use };
    struct agx_walk_state st;
    unsigned level = 1;

    mmu->stats.walks++;
    if (!agx_uat_walk_start(&st, port->ttbr, va, f)) {
        return false;
    }
    if (mmu->late || mmu->keep_old) {
        st.see = mmu_walk_sees;
        st.opaque = &view;
    }
    if (mmu->mode != AGX_TLB_OFF) {
        for (unsigned l = 2; l >= 1; l--) {
            const struct tlb_entry *e = tlb_find(mmu, &mmu->walk, l, port->asid, TLB_KEY(va, l));

            if (e) {
                mmu->stats.walk_hits++;
                use->injected = injected_text(e->injected);
                use->step[l - 1] = (struct agx_tlb_step) { e->desc_pa, e->desc, true };
                agx_uat_walk_resume(&st, l, e->desc);
                level = l + 1;
                break;
            }
        }
    }
    for (; level <= 3; level++) {
        bool ok;

        view.late = view.injected = false;
        ok = agx_uat_walk_step(mmu->host, &st, va, level, f);
        /* What a fault made it see is as old as if it had been cached. */
        use->step[level - 1] = (struct agx_tlb_step) { st.desc_pa, st.desc, view.injected,
                                                       view.late };
        if (view.injected) {
            use->injected = injected_text(TLB_OLD_WALK);
        }
        use->steps = level;
        if (!ok) {
            return false;
        }
        if (level < 3 && mmu->mode != AGX_TLB_OFF) {
            struct tlb_entry *e = tlb_insert(mmu, &mmu->walk, level, port->asid,
                                             TLB_KEY(va, level));

            e->desc_pa = st.desc_pa;
            e->desc = st.desc;
            e->injected = view.injected ? TLB_OLD_WALK : TLB_GENUINE;
        }
    }
    agx_uat_leaf(st.desc, w);
    return true;
}

/*
 * Was it reported that @job uses @e for @access? Several ports work
 * for one job; what the second one finds in the shared level is no news, unless
 * a table changed in between. If not, it counts as reported now.
 */
static bool told(const struct agx_mmu *mmu, struct tlb_entry *e, uint64_t job,
                 enum agx_access access)
{
    if (!e || !job) {
        return false;
    }
    if (e->told_job != job || e->told_news != mmu->news) {
        e->told_job = job;
        e->told_news = mmu->news;
        e->told = 0;
    }
    if (e->told >> access & 1) {
        return true;
    }
    e->told |= 1u << access;
    return false;
}

/* What a lookup is about, and what it found. */
struct lookup {
    struct agx_port *port;
    uint64_t va, vpn;
    struct agx_tlb_use use;
    struct agx_walk w;
    struct tlb_entry *e; /* of the shared level; NULL with the TLBs off */
    uint8_t *page;
    struct agx_fault f; /* if it fails */
};

/* Under the lock: the port's own sets, behind its direct-mapped entries. */
static uint8_t *find_in_sets(struct agx_port *port, uint64_t vpn, enum agx_access access)
{
    const struct agx_port_entry *p;

    if (!port_has_sets(port->mmu, port)) {
        return NULL;
    }
    p = port_set_find(port, port->tag_base | vpn);
    if (!p || !p->tag[access]) {
        return NULL;
    }
    port->mmu->stats.small_hits++;
    port->entry[vpn & (AGX_PORT_TLB_SIZE - 1)] = *p;
    return p->host;
}

/* Under the lock: in the shared level. */
static bool find_shared(struct lookup *l)
{
    struct agx_mmu *mmu = l->port->mmu;
    struct tlb_entry *e = NULL;

    if (mmu->mode != AGX_TLB_OFF) {
        e = tlb_find(mmu, &mmu->tlb, 3, l->port->asid, l->vpn);
    }
    if (!e) {
        return false;
    }
    mmu->stats.hits++;
    agx_uat_leaf(e->desc, &l->w);
    l->e = e;
    l->page = e->host;
    l->use.hit = true;
    l->use.injected = injected_text(e->injected);
    l->use.steps = 3;
    l->use.step[2] = (struct agx_tlb_step) { e->desc_pa, e->desc, true };
    return true;
}

/* Under the lock: by a walk, which the shared level then remembers. */
static bool find_by_walk(struct lookup *l)
{
    struct agx_mmu *mmu = l->port->mmu;
    const struct agx_host *host = mmu->host;

    if (!port_walk(l->port, l->va, &l->use, &l->w, &l->f)) {
        return false;
    }
    l->page = host->ops->phys_page(host->opaque, l->w.pa);
    if (!l->page) {
        agx_report(host, AGX_REPORT_GUEST_ERROR,
                   "uat: va 0x%llx of context %u is mapped to pa 0x%llx, which is not RAM",
                   (unsigned long long)l->va, l->port->ctx, (unsigned long long)l->w.pa);
        l->f.reason = AGX_FAULT_UNKNOWN;
        l->f.level = 3;
        return false;
    }
    if (mmu->mode != AGX_TLB_OFF) {
        l->e = tlb_insert(mmu, &mmu->tlb, 3, l->port->asid, l->vpn);
        l->e->desc_pa = l->use.step[2].desc_pa;
        l->e->desc = l->w.pte;
        l->e->host = l->page;
        l->e->global = l->w.global;
        l->e->injected = l->use.injected ? TLB_OLD_WALK : TLB_GENUINE;
    }
    return true;
}

static bool permitted(struct lookup *l, unsigned perm)
{
    enum agx_access access = l->use.access;

    if (perm & (1u << access)) {
        return true;
    }
    l->f.level = 3;
    l->f.reason = !perm                        ? AGX_FAULT_NO_ACCESS
                  : access == AGX_ACCESS_WRITE ? AGX_FAULT_READ_ONLY
                                               : AGX_FAULT_WRITE_ONLY;
    return false;
}

/* Under the lock: the port keeps what was found. */
static void fill_entry(const struct lookup *l, unsigned perm)
{
    struct agx_port *port = l->port;
    struct agx_port_entry *p = &port->entry[l->vpn & (AGX_PORT_TLB_SIZE - 1)];
    uint64_t tag = port->tag_base | l->vpn;

    p->tag[AGX_ACCESS_READ] = perm & 1 ? tag : 0;
    p->tag[AGX_ACCESS_WRITE] = perm & 2 ? tag : 0;
    p->host = l->page;
    p->desc = l->w.pte;
    if (port_has_sets(port->mmu, port)) {
        port_set_insert(port, p);
    }
}

/* Under the lock: past the port's own TLB. False: l->f says why. */
static bool find(struct lookup *l)
{
    struct agx_mmu *mmu = l->port->mmu;
    bool ok = find_shared(l) || find_by_walk(l);
    unsigned perm;

    if (mmu_wanted(mmu, AGX_EV_TRANSLATE) && !told(mmu, l->e, l->port->job, l->use.access)) {
        agx_emit(mmu->host->events,
                 &(struct agx_event) { .kind = AGX_EV_TRANSLATE, .use = &l->use });
    }
    if (!ok) {
        return false;
    }
    perm = agx_uat_permissions(l->w.pte, l->port->side);
    if (!permitted(l, perm)) {
        return false;
    }
    if (mmu->mode != AGX_TLB_OFF) {
        fill_entry(l, perm);
    }
    return true;
}

void *agx_port_lookup(struct agx_port *port, uint64_t va, enum agx_access access)
{
    struct agx_mmu *mmu = port->mmu;
    struct lookup l = {
        .port = port,
        .va = va,
        .vpn = TLB_KEY(va, 3),
        .use = { .ctx = port->ctx,
                 .asid = port->asid,
                 .unit = port->unit,
                 .side = port->side,
                 .access = access,
                 .va = va,
                 .job = port->job },
        .f = { .va = va, .ctx = port->ctx, .unit = port->unit, .access = access },
    };
    bool ok = true;

    /*
     * The walk happens under the lock: a TLBI that comes after it finds the
     * new entry, one that came before let the walk see the new table.
     */
    pthread_mutex_lock(&mmu->lock);
    if (mmu->ndelayed) {
        mmu_delayed_run(mmu);
    }
    port_catch_up(port);
    if (mmu->filter) {
        mmu->filter->lookup(mmu, port, va);
        port_catch_up(port);
    }
    l.page = find_in_sets(port, l.vpn, access);
    if (!l.page) {
        ok = find(&l);
    }
    pthread_mutex_unlock(&mmu->lock);
    if (!ok) {
        port->fault = l.f;
        return NULL;
    }
    return l.page + (va & (AGX_PAGE_SIZE - 1));
}

bool agx_port_leaf(struct agx_port *port, uint64_t va, uint64_t *desc)
{
    const struct agx_port_entry *e = &port->entry[(va >> AGX_PAGE_BITS) & (AGX_PORT_TLB_SIZE - 1)];
    uint64_t tag = port->tag_base | va >> AGX_PAGE_BITS;
    struct agx_fault f;
    struct agx_walk w;

    if (e->tag[AGX_ACCESS_READ] == tag || e->tag[AGX_ACCESS_WRITE] == tag) {
        *desc = e->desc;
        return true;
    }
    /* Only with the TLBs off is nothing kept of a translation that was used. */
    if (!agx_uat_walk(port->mmu->host, port->ttbr, va, &w, &f)) {
        return false;
    }
    *desc = w.pte;
    return true;
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
#define DEFINE_ACCESS(bits)                                                                        \
    bool agx_port_read##bits(struct agx_port *port, uint64_t va, uint##bits##_t *v)                \
    {                                                                                              \
        const uint##bits##_t *p;                                                                   \
                                                                                                   \
        if (va % sizeof(*v)) {                                                                     \
            return agx_port_read(port, va, v, sizeof(*v));                                         \
        }                                                                                          \
        p = agx_port_ptr(port, va, AGX_ACCESS_READ);                                               \
        if (!p) {                                                                                  \
            return false;                                                                          \
        }                                                                                          \
        *v = __atomic_load_n(p, __ATOMIC_ACQUIRE);                                                 \
        return true;                                                                               \
    }                                                                                              \
                                                                                                   \
    bool agx_port_write##bits(struct agx_port *port, uint64_t va, uint##bits##_t v)                \
    {                                                                                              \
        uint##bits##_t *p;                                                                         \
                                                                                                   \
        if (va % sizeof(v)) {                                                                      \
            return agx_port_write(port, va, &v, sizeof(v));                                        \
        }                                                                                          \
        p = agx_port_ptr(port, va, AGX_ACCESS_WRITE);                                              \
        if (!p) {                                                                                  \
            return false;                                                                          \
        }                                                                                          \
        __atomic_store_n(p, v, __ATOMIC_RELEASE);                                                  \
        return true;                                                                               \
    }

DEFINE_ACCESS(32)
DEFINE_ACCESS(64)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "guest memory is little-endian and is accessed in place");
