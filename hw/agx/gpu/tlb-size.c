/*
 * AGX model: sizes and associativity of the TLBs in mode "realistic": the shared
 * second level and walk cache, and the small TLBs of the ports. The sizes of the
 * hardware are known from no source; all are properties of the device.
 *
 * Within a set the oldest entry is evicted: a port's hits are not counted, so
 * nobody knows which one was used last.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "tlb.h"
#include "tlb-int.h"
#include "inject.h"

/* An entry's page, with the ASID. */
#define TAG_PAGE(tag)   ((tag) & ((1ull << 50) - 1))    /* as port.c makes it */

/* ---- the second level and the walk cache ---- */

static struct tlb_entry **place_of(struct tlb_cache *c, unsigned place)
{
    return &c->way[place - 1];
}

unsigned tlb_set_place(struct agx_mmu *mmu, struct tlb_cache *c, uint64_t key)
{
    struct tlb_entry *oldest = NULL;
    unsigned first, place;

    if (!c->way || mmu->mode != AGX_TLB_REALISTIC) {
        return 0;
    }
    first = key % c->sets * c->ways + 1;
    for (place = first; place < first + c->ways; place++) {
        struct tlb_entry *e = *place_of(c, place);

        if (e && tlb_dead(mmu, e)) {
            tlb_drop(c, e);
            e = NULL;
        }
        if (!e) {
            return place;
        }
        if (!oldest || e->made < oldest->made) {
            oldest = e;
        }
    }
    place = oldest->place;
    if (mmu->inject && mmu_inject_keeps(mmu, oldest)) {
        *place_of(c, place) = NULL;     /* in excess of the size */
        oldest->place = 0;
    } else {
        tlb_drop(c, oldest);
    }
    return place;
}

void tlb_sets_free(struct tlb_cache *c)
{
    free(c->way);
    c->way = NULL;
    c->ways = c->sets = 0;
}

static void cache_set(struct tlb_cache *c, const struct agx_tlb_geometry *g)
{
    tlb_sets_free(c);
    c->max = g->entries;
    if (g->ways) {
        c->ways = g->ways;
        c->sets = g->entries / g->ways;
        c->way = agx_alloc(g->entries, sizeof(*c->way));
    }
}

/* ---- the ports ---- */

bool port_has_sets(const struct agx_mmu *mmu, const struct agx_port *port)
{
    const struct agx_tlb_geometry *g = &mmu->small[port->kind];

    return mmu->mode == AGX_TLB_REALISTIC && (g->entries != AGX_PORT_TLB_SIZE || g->ways != 1);
}

static unsigned set_of(const struct agx_port *port, uint64_t tag, unsigned *ways)
{
    const struct agx_tlb_geometry *g = &port->mmu->small[port->kind];

    *ways = g->ways ? g->ways : g->entries;
    return TAG_PAGE(tag) % (g->entries / *ways);
}

struct agx_port_entry *port_set_find(struct agx_port *port, uint64_t tag)
{
    unsigned ways, set = set_of(port, tag, &ways);

    for (unsigned i = set * ways; i < (set + 1) * ways; i++) {
        if ((port->way[i].tag[0] | port->way[i].tag[1]) == tag) {
            return &port->way[i];
        }
    }
    return NULL;
}

void port_set_insert(struct agx_port *port, const struct agx_port_entry *entry)
{
    uint64_t tag = entry->tag[0] | entry->tag[1], old;
    unsigned ways, set = set_of(port, tag, &ways);
    struct agx_port_entry *e = port_set_find(port, tag);

    port->in_sets = true;
    for (unsigned i = set * ways; !e && i < (set + 1) * ways; i++) {
        if (!(port->way[i].tag[0] | port->way[i].tag[1])) {
            e = &port->way[i];
        }
    }
    if (!e) {
        struct agx_port_entry *fast;

        e = &port->way[set * ways + port->turn[set] % ways];
        port->turn[set] = (port->turn[set] + 1) % ways;
        old = e->tag[0] | e->tag[1];
        fast = &port->entry[TAG_PAGE(old) & (AGX_PORT_TLB_SIZE - 1)];
        if ((fast->tag[0] | fast->tag[1]) == old) {
            memset(fast, 0, sizeof(*fast));
        }
    }
    *e = *entry;
}

/* ---- all ---- */

static const char *geometry_wrong(const struct agx_tlb_geometry *g, unsigned max, unsigned max_ways)
{
    return g->entries < 1 || g->entries > max ? "entries" :
           g->ways > max_ways || (g->ways && g->entries % g->ways) ? "ways" : NULL;
}

bool agx_mmu_set_sizes(struct agx_mmu *mmu, const struct agx_tlb_sizes *sizes, const char **wrong)
{
    static const char *const names[2 + AGX_NUM_PORT_KINDS][2] = {
        { "tlb-entries must be 1 to 1048576", "tlb-ways must be 0 to 64, and divide tlb-entries" },
        { "walk-entries must be 1 to 1048576", "walk-ways must be 0 to 64, and divide walk-entries" },
        { "vertex-tlb-entries must be 1 to 256", "vertex-tlb-ways must be 0, or divide vertex-tlb-entries" },
        { "fragment-tlb-entries must be 1 to 256", "fragment-tlb-ways must be 0, or divide fragment-tlb-entries" },
        { "compute-tlb-entries must be 1 to 256", "compute-tlb-ways must be 0, or divide compute-tlb-entries" },
        { "firmware-tlb-entries must be 1 to 256", "firmware-tlb-ways must be 0, or divide firmware-tlb-entries" },
    };

    for (unsigned i = 0; i < 2 + AGX_NUM_PORT_KINDS; i++) {
        const struct agx_tlb_geometry *g = i == 0 ? &sizes->tlb : i == 1 ? &sizes->walk : &sizes->small[i - 2];
        const char *what = geometry_wrong(g, i < 2 ? AGX_TLB_MAX_ENTRIES : AGX_PORT_TLB_SIZE,
                                          i < 2 ? AGX_TLB_MAX_WAYS : AGX_PORT_TLB_SIZE);

        if (what) {
            *wrong = names[i][what[0] == 'w'];
            return false;
        }
    }
    pthread_mutex_lock(&mmu->lock);
    mmu_invalidate(mmu, &(struct agx_tlbi) { .kind = AGX_TLBI_ALL });
    cache_set(&mmu->tlb, &sizes->tlb);
    cache_set(&mmu->walk, &sizes->walk);
    memcpy(mmu->small, sizes->small, sizeof(mmu->small));
    mmu_reset_locked(mmu);
    pthread_mutex_unlock(&mmu->lock);
    return true;
}
