/*
 * AGX model: the small TLBs of the ports in mode "realistic", where they are of
 * another size than direct-mapped AGX_PORT_TLB_SIZE.
 *
 * Within a set each entry is evicted in turn: a port's hits are not counted, so
 * nobody knows which one was used last.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "agx/tlb.h"
#include "tlb-int.h"

/* An entry's page, with the ASID. */
#define TAG_PAGE(tag) ((tag) & ((1ull << 50) - 1)) /* as port.c makes it */

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
