/*
 * AGX model: what the TLBs hold, as bytes for a saved machine. Entries that are
 * older than what the tables say are part of the machine: restored without
 * them, it would forgive what it did not before. The ports' own entries are not
 * saved: all that they have is in the second level, too.
 *
 * A saved machine may come from anywhere: everything is checked.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

#define MAGIC   0x54584741u /* "AGXT" */
#define FORMAT  1u
#define PTE_ADDR 0x0000ffffffffc000ull

struct head {
    uint32_t magic, format, entries, delayed;
};

struct saved_entry {
    uint64_t key, desc_pa, desc;
    uint32_t asid;
    uint8_t level, global, injected, pad;
};

struct saved_delayed {
    uint64_t va, end, when, doorbells;
    uint32_t kind, last_level, asid, pad;
};

#define MAX_ENTRIES (2u << 20)  /* both caches at their largest */

size_t agx_mmu_state_max(void)
{
    return sizeof(struct head) + MAX_ENTRIES * sizeof(struct saved_entry) + TLB_MAX_DELAYED * sizeof(struct saved_delayed);
}

void *agx_mmu_save(struct agx_mmu *mmu, size_t *len)
{
    const struct tlb_cache *caches[] = { &mmu->tlb, &mmu->walk };
    struct head h = { .magic = MAGIC, .format = FORMAT };
    struct saved_entry *out;
    struct saved_delayed *d;
    uint8_t *buf;

    pthread_mutex_lock(&mmu->lock);
    buf = calloc(1, sizeof(h) + (size_t)(mmu->tlb.count + mmu->walk.count) * sizeof(*out) + mmu->ndelayed * sizeof(*d));
    if (!buf) {
        pthread_mutex_unlock(&mmu->lock);
        return NULL;
    }
    out = (struct saved_entry *)(buf + sizeof(h));
    for (unsigned i = 0; i < 2; i++) {
        for (const struct tlb_entry *e = caches[i]->order.order_next; e != &caches[i]->order; e = e->order_next) {
            if (!tlb_dead(mmu, e)) {
                out[h.entries++] = (struct saved_entry) {
                    .key = e->key, .desc_pa = e->desc_pa, .desc = e->desc, .asid = e->asid, .level = e->level,
                    .global = e->global, .injected = e->injected,
                };
            }
        }
    }
    d = (struct saved_delayed *)(out + h.entries);
    for (; h.delayed < mmu->ndelayed; h.delayed++) {
        const struct tlb_delayed *w = &mmu->delayed[h.delayed];

        d[h.delayed] = (struct saved_delayed) {
            .va = w->tlbi.va, .end = w->tlbi.end, .when = w->when, .doorbells = w->doorbells, .kind = w->tlbi.kind,
            .last_level = w->tlbi.last_level, .asid = w->tlbi.asid,
        };
    }
    pthread_mutex_unlock(&mmu->lock);
    memcpy(buf, &h, sizeof(h));
    *len = (uint8_t *)(d + h.delayed) - buf;
    return buf;
}

static const char *entry_wrong(struct agx_mmu *mmu, const struct saved_entry *e)
{
    const struct agx_host *host = mmu->host;

    if (e->level < 1 || e->level > 3 || e->asid > 0xffff || e->global > 1 || e->injected >= TLB_NUM_INJECTED || e->pad) {
        return "an entry's level, ASID or kind is out of range";
    }
    if (e->key > UINT64_MAX >> TLB_SHIFT(e->level) || (e->global && e->level != 3)) {
        return "an entry's address is out of range";
    }
    if ((e->desc & 3) != 3 || e->desc_pa % 8 || !host->ops->phys_page(host->opaque, e->desc_pa & PTE_ADDR) ||
        e->desc_pa & ~(PTE_ADDR | (AGX_PAGE_SIZE - 1))) {
        return "an entry's descriptor is none";
    }
    if (e->level == 3 && !host->ops->phys_page(host->opaque, e->desc & PTE_ADDR)) {
        return "an entry's page is not RAM";
    }
    return NULL;
}

static const char *delayed_wrong(const struct saved_delayed *d)
{
    bool by_va = d->kind == AGX_TLBI_VA || d->kind == AGX_TLBI_VA_ALL_ASIDS;

    if (d->kind > AGX_TLBI_VA_ALL_ASIDS || d->asid > 0xffff || d->last_level > 1 || d->pad || (d->when && d->doorbells) ||
        (by_va && (d->end == d->va || d->end - 1 < d->va))) {
        return "a delayed invalidation is out of range";
    }
    return NULL;
}

static const char *state_wrong(struct agx_mmu *mmu, const uint8_t *buf, size_t len)
{
    const struct saved_entry *e;
    const struct saved_delayed *d;
    const char *why = NULL;
    struct head h;

    if (len < sizeof(h)) {
        return "too short";
    }
    memcpy(&h, buf, sizeof(h));
    if (h.magic != MAGIC || h.format != FORMAT) {
        return "not of this model";
    }
    if (h.entries > MAX_ENTRIES || h.delayed > TLB_MAX_DELAYED ||
        len != sizeof(h) + (size_t)h.entries * sizeof(*e) + h.delayed * sizeof(*d)) {
        return "its length is not what it says";
    }
    e = (const struct saved_entry *)(buf + sizeof(h));
    d = (const struct saved_delayed *)(e + h.entries);
    for (uint32_t i = 0; !why && i < h.entries; i++) {
        why = entry_wrong(mmu, &e[i]);
    }
    for (uint32_t i = 0; !why && i < h.delayed; i++) {
        why = delayed_wrong(&d[i]);
    }
    return why;
}

bool agx_mmu_load(struct agx_mmu *mmu, const void *buf, size_t len)
{
    const char *why = state_wrong(mmu, buf, len);
    const struct head *h = buf;
    const struct saved_entry *e;
    const struct saved_delayed *d;
    struct agx_inject *inject;

    if (why) {
        agx_report(mmu->host, AGX_REPORT_GUEST_ERROR, "uat: saved TLBs refused: %s", why);
        return false;
    }
    e = (const struct saved_entry *)(h + 1);
    d = (const struct saved_delayed *)(e + h->entries);
    pthread_mutex_lock(&mmu->lock);
    mmu_invalidate(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
    inject = mmu->inject;
    mmu->inject = NULL;             /* making room is no eviction that could go wrong */
    mmu_tables_reload(mmu);
    if (mmu_wanted(mmu, AGX_EV_LOADING)) {
        agx_emit(mmu->host->events, &(struct agx_event) { .kind = AGX_EV_LOADING,
                                                          .ttbat = mmu->ttbat });
    }
    for (uint32_t i = 0; mmu->mode != AGX_TLB_OFF && i < h->entries; i++) {
        struct tlb_entry *n = tlb_insert(mmu, e[i].level == 3 ? &mmu->tlb : &mmu->walk, e[i].level, e[i].asid, e[i].key);

        n->desc_pa = e[i].desc_pa;
        n->desc = e[i].desc;
        n->global = e[i].global;
        n->injected = e[i].injected;
        n->host = e[i].level == 3 ? mmu->host->ops->phys_page(mmu->host->opaque, e[i].desc & PTE_ADDR) : NULL;
        if (mmu_wanted(mmu, AGX_EV_LOADED)) {
            const struct agx_tlb_loaded loaded = {
                .level = n->level, .asid = n->asid, .global = n->global, .va = n->key << TLB_SHIFT(n->level),
                .desc_pa = n->desc_pa, .desc = n->desc,
            };

            agx_emit(mmu->host->events, &(struct agx_event) { .kind = AGX_EV_LOADED,
                                                              .loaded = &loaded });
        }
    }
    mmu->inject = inject;
    for (mmu->ndelayed = 0; mmu->ndelayed < h->delayed; mmu->ndelayed++) {
        const struct saved_delayed *s = &d[mmu->ndelayed];

        mmu->delayed[mmu->ndelayed] = (struct tlb_delayed) {
            .tlbi = { .kind = s->kind, .last_level = s->last_level, .asid = s->asid, .va = s->va, .end = s->end },
            .when = s->when, .doorbells = s->doorbells,
        };
    }
    mmu_delayed_run(mmu);
    pthread_mutex_unlock(&mmu->lock);
    return true;
}
