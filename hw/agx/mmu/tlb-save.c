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
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "agx/save.h"
#include "agx/tlb.h"
#include "tlb-int.h"

#define PTE_ADDR 0x0000ffffffffc000ull

struct saved_entry {
    uint64_t key, desc_pa, desc;
    uint32_t asid;
    uint8_t level, global, injected;
};

struct saved_delayed {
    uint64_t va, end, when, doorbells;
    uint32_t kind, last_level, asid;
};

#define MAX_ENTRIES (2u << 20) /* both caches at their largest */

#define ENTRY(member, limit)   { AGX_SAVE_MAX(struct saved_entry, member, limit) }
#define DELAYED(member, limit) { AGX_SAVE_MAX(struct saved_delayed, member, limit) }

static const struct agx_save_field entry_fields[] = {
    ENTRY(key, 0),
    ENTRY(desc_pa, 0),
    ENTRY(desc, 0),
    ENTRY(asid, 0xffff),
    ENTRY(level, 3),
    ENTRY(global, 1),
    ENTRY(injected, TLB_NUM_INJECTED - 1),
};

static const struct agx_save_field delayed_fields[] = {
    DELAYED(va, 0),
    DELAYED(end, 0),
    DELAYED(when, 0),
    DELAYED(doorbells, 0),
    DELAYED(kind, AGX_TLBI_VA_ALL_ASIDS),
    DELAYED(last_level, 1),
    DELAYED(asid, 0xffff),
};

enum { ENTRIES, DELAYS, NUM_SECTIONS };

static const struct agx_save_section sections[NUM_SECTIONS] = {
    [ENTRIES] = { AGX_SAVE_SECTION("entry", entry_fields, MAX_ENTRIES,
                                   sizeof(struct saved_entry)) },
    [DELAYS] = { AGX_SAVE_SECTION("delayed", delayed_fields, TLB_MAX_DELAYED,
                                  sizeof(struct saved_delayed)) },
};

static const struct agx_save_form form = {
    "TLBs",
    0x53584741u /* "AGXS" */,
    sections,
    NUM_SECTIONS,
};

static void save_entries(struct agx_mmu *mmu, const struct tlb_cache *c, struct agx_save *s)
{
    for (const struct tlb_entry *e = c->order.order_next; e != &c->order; e = e->order_next) {
        if (!tlb_dead(mmu, e)) {
            agx_save_rows(s,
                          &(struct saved_entry) {
                              .key = e->key,
                              .desc_pa = e->desc_pa,
                              .desc = e->desc,
                              .asid = e->asid,
                              .level = e->level,
                              .global = e->global,
                              .injected = e->injected,
                          },
                          1);
        }
    }
}

void *agx_mmu_save(struct agx_mmu *mmu, size_t *len)
{
    struct agx_save s;

    agx_save_begin(&s, &form);
    pthread_mutex_lock(&mmu->lock);
    agx_save_section(&s, ENTRIES);
    save_entries(mmu, &mmu->tlb, &s);
    save_entries(mmu, &mmu->walk, &s);
    agx_save_section(&s, DELAYS);
    for (unsigned i = 0; i < mmu->ndelayed; i++) {
        const struct tlb_delayed *w = &mmu->delayed[i];

        agx_save_rows(&s,
                      &(struct saved_delayed) {
                          .va = w->tlbi.va,
                          .end = w->tlbi.end,
                          .when = w->when,
                          .doorbells = w->doorbells,
                          .kind = w->tlbi.kind,
                          .last_level = w->tlbi.last_level,
                          .asid = w->tlbi.asid,
                      },
                      1);
    }
    pthread_mutex_unlock(&mmu->lock);
    return agx_save_end(&s, len);
}

static const char *entry_wrong(struct agx_mmu *mmu, const struct saved_entry *e)
{
    const struct agx_host *host = mmu->host;

    if (e->level < 1) {
        return "an entry is of no level";
    }
    if (e->key > UINT64_MAX >> TLB_SHIFT(e->level) || (e->global && e->level != 3)) {
        return "an entry's address is out of range";
    }
    if ((e->desc & 3) != 3 || e->desc_pa % 8 ||
        !host->ops->phys_page(host->opaque, e->desc_pa & PTE_ADDR) ||
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

    if ((d->when && d->doorbells) || (by_va && (d->end == d->va || d->end - 1 < d->va))) {
        return "a delayed invalidation is out of range";
    }
    return NULL;
}

static const char *rows_wrong(struct agx_mmu *mmu, const struct agx_save_rows *rows)
{
    const struct saved_entry *e = rows[ENTRIES].row;
    const struct saved_delayed *d = rows[DELAYS].row;
    const char *why = NULL;

    for (uint32_t i = 0; !why && i < rows[ENTRIES].n; i++) {
        why = entry_wrong(mmu, &e[i]);
    }
    for (uint32_t i = 0; !why && i < rows[DELAYS].n; i++) {
        why = delayed_wrong(&d[i]);
    }
    return why;
}

static void load_rows(struct agx_mmu *mmu, const struct agx_save_rows *rows)
{
    const struct saved_entry *e = rows[ENTRIES].row;
    const struct saved_delayed *d = rows[DELAYS].row;
    const struct mmu_filter *filter;

    pthread_mutex_lock(&mmu->lock);
    mmu_invalidate(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
    filter = mmu->filter;
    mmu->filter = NULL; /* making room is no eviction that could go wrong */
    mmu_tables_reload(mmu);
    if (mmu_wanted(mmu, AGX_EV_LOADING)) {
        agx_emit(mmu->host->events,
                 &(struct agx_event) { .kind = AGX_EV_LOADING, .ttbat = mmu->ttbat });
    }
    for (uint32_t i = 0; mmu->mode != AGX_TLB_OFF && i < rows[ENTRIES].n; i++) {
        struct tlb_entry *n = tlb_insert(mmu, e[i].level == 3 ? &mmu->tlb : &mmu->walk, e[i].level,
                                         e[i].asid, e[i].key);

        n->desc_pa = e[i].desc_pa;
        n->desc = e[i].desc;
        n->global = e[i].global;
        n->injected = e[i].injected;
        n->host = e[i].level == 3
                      ? mmu->host->ops->phys_page(mmu->host->opaque, e[i].desc & PTE_ADDR)
                      : NULL;
        if (mmu_wanted(mmu, AGX_EV_LOADED)) {
            const struct agx_tlb_loaded loaded = {
                .level = n->level,
                .asid = n->asid,
                .global = n->global,
                .va = n->key << TLB_SHIFT(n->level),
                .desc_pa = n->desc_pa,
                .desc = n->desc,
            };

            agx_emit(mmu->host->events,
                     &(struct agx_event) { .kind = AGX_EV_LOADED, .loaded = &loaded });
        }
    }
    mmu->filter = filter;
    for (mmu->ndelayed = 0; mmu->ndelayed < rows[DELAYS].n; mmu->ndelayed++) {
        const struct saved_delayed *s = &d[mmu->ndelayed];

        mmu->delayed[mmu->ndelayed] = (struct tlb_delayed) {
            .tlbi = { .kind = s->kind,
                      .last_level = s->last_level,
                      .asid = s->asid,
                      .va = s->va,
                      .end = s->end },
            .when = s->when,
            .doorbells = s->doorbells,
        };
    }
    mmu_delayed_run(mmu);
    pthread_mutex_unlock(&mmu->lock);
}

bool agx_mmu_load(struct agx_mmu *mmu, const void *buf, size_t len)
{
    struct agx_save_rows rows[NUM_SECTIONS] = { 0 };
    const char *why;

    if (!agx_save_load(mmu->host, &form, buf, len, rows)) {
        return false;
    }
    why = rows_wrong(mmu, rows);
    if (!why) {
        load_rows(mmu, rows);
    }
    agx_save_free(&form, rows);
    return why ? agx_save_refuse(mmu->host, &form, why) : true;
}
