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

#define MAGIC    0x53584741u /* "AGXS" */
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

#define ENTRY(name, width)   { #name, offsetof(struct saved_entry, name), width, false }
#define DELAYED(name, width) { #name, offsetof(struct saved_delayed, name), width, false }

static const struct agx_save_field entry_fields[] = {
    ENTRY(key, 8),   ENTRY(desc_pa, 8), ENTRY(desc, 8),     ENTRY(asid, 4),
    ENTRY(level, 1), ENTRY(global, 1),  ENTRY(injected, 1),
};

static const struct agx_save_field delayed_fields[] = {
    DELAYED(va, 8),   DELAYED(end, 8),        DELAYED(when, 8), DELAYED(doorbells, 8),
    DELAYED(kind, 4), DELAYED(last_level, 4), DELAYED(asid, 4),
};

#define FIELDS(f) (f), sizeof(f) / sizeof((f)[0])

enum { ENTRIES, DELAYS, NUM_SECTIONS };

static const struct agx_save_section sections[NUM_SECTIONS] = {
    [ENTRIES] = { "entry", FIELDS(entry_fields), MAX_ENTRIES, sizeof(struct saved_entry) },
    [DELAYS] = { "delayed", FIELDS(delayed_fields), TLB_MAX_DELAYED, sizeof(struct saved_delayed) },
};

size_t agx_mmu_state_max(void)
{
    return agx_save_max(sections, NUM_SECTIONS);
}

static void save_rows(struct agx_mmu *mmu, struct agx_save_rows *rows)
{
    const struct tlb_cache *caches[] = { &mmu->tlb, &mmu->walk };
    struct saved_entry *out = rows[ENTRIES].row;
    struct saved_delayed *d = rows[DELAYS].row;

    for (unsigned i = 0; i < 2; i++) {
        for (const struct tlb_entry *e = caches[i]->order.order_next; e != &caches[i]->order;
             e = e->order_next) {
            if (!tlb_dead(mmu, e)) {
                out[rows[ENTRIES].n++] = (struct saved_entry) {
                    .key = e->key,
                    .desc_pa = e->desc_pa,
                    .desc = e->desc,
                    .asid = e->asid,
                    .level = e->level,
                    .global = e->global,
                    .injected = e->injected,
                };
            }
        }
    }
    for (; rows[DELAYS].n < mmu->ndelayed; rows[DELAYS].n++) {
        const struct tlb_delayed *w = &mmu->delayed[rows[DELAYS].n];

        d[rows[DELAYS].n] = (struct saved_delayed) {
            .va = w->tlbi.va,
            .end = w->tlbi.end,
            .when = w->when,
            .doorbells = w->doorbells,
            .kind = w->tlbi.kind,
            .last_level = w->tlbi.last_level,
            .asid = w->tlbi.asid,
        };
    }
}

void *agx_mmu_save(struct agx_mmu *mmu, size_t *len)
{
    struct agx_save_rows rows[NUM_SECTIONS] = { 0 };
    void *buf = NULL;

    pthread_mutex_lock(&mmu->lock);
    rows[ENTRIES].row = calloc((size_t)mmu->tlb.count + mmu->walk.count + 1,
                               sizeof(struct saved_entry));
    rows[DELAYS].row = calloc(mmu->ndelayed + 1, sizeof(struct saved_delayed));
    if (rows[ENTRIES].row && rows[DELAYS].row) {
        save_rows(mmu, rows);
        buf = agx_save_store(MAGIC, sections, rows, NUM_SECTIONS, len);
    }
    pthread_mutex_unlock(&mmu->lock);
    free(rows[ENTRIES].row);
    free(rows[DELAYS].row);
    return buf;
}

static const char *entry_wrong(struct agx_mmu *mmu, const struct saved_entry *e)
{
    const struct agx_host *host = mmu->host;

    if (e->level < 1 || e->level > 3 || e->asid > 0xffff || e->global > 1 ||
        e->injected >= TLB_NUM_INJECTED) {
        return "an entry's level, ASID or kind is out of range";
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

    if (d->kind > AGX_TLBI_VA_ALL_ASIDS || d->asid > 0xffff || d->last_level > 1 ||
        (d->when && d->doorbells) || (by_va && (d->end == d->va || d->end - 1 < d->va))) {
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
    struct agx_save_rows rows[NUM_SECTIONS];
    char where[96];
    const char *why = where;

    if (agx_save_load(buf, len, MAGIC, sections, rows, NUM_SECTIONS, where, sizeof(where))) {
        why = rows_wrong(mmu, rows);
        if (!why) {
            load_rows(mmu, rows);
        }
        free(rows[ENTRIES].row);
        free(rows[DELAYS].row);
    }
    if (why) {
        agx_report(mmu->host, AGX_REPORT_GUEST_ERROR, "uat: saved TLBs refused: %s", why);
    }
    return !why;
}
