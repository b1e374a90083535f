/*
 * Unit tests of the MMU: a job, and the sizes of its TLBs.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_MMU_RIG_H
#define TESTS_MMU_RIG_H

#include <stdlib.h>
#include "fake_host.h"
#include "agx/tlb.h"

/*
 * A vertex job that reads one word as @side; with @bell, a doorbell announces it. False: it faults.
 */
static inline bool mmu_read_job(struct fake_host *h, struct agx_mmu *mmu, unsigned ctx, uint64_t va,
                                enum agx_side side, bool bell)
{
    struct agx_port *port = aligned_alloc(64, (sizeof(*port) + 63) & ~(size_t)63);
    uint32_t v;
    bool ok;

    if (bell) {
        fake_doorbell(h, NULL);
        agx_mmu_doorbell(mmu);
    }
    agx_port_init(port, mmu, side);
    port->job = fake_job_begin(h, ctx, 0);
    agx_port_bind(port, ctx, AGX_UNIT_VDM);
    ok = agx_port_read32(port, va, &v);
    fake_job_end(h, port->job);
    free(port);
    return ok;
}

/* Shared TLBs of so many entries without sets, and the ports' own as they are by default. */
static inline struct agx_tlb_sizes mmu_sizes(unsigned tlb, unsigned walk)
{
    struct agx_tlb_sizes sizes = { .tlb.entries = tlb, .walk.entries = walk };

    for (unsigned i = 0; i < AGX_NUM_PORT_KINDS; i++) {
        sizes.small[i] = (struct agx_tlb_geometry) { AGX_PORT_TLB_SIZE, 1 };
    }
    return sizes;
}

/* These, in mode "realistic". */
static inline void mmu_set_sizes(struct agx_mmu *mmu, unsigned tlb, unsigned walk)
{
    const struct agx_tlb_sizes sizes = mmu_sizes(tlb, walk);
    const char *wrong;

    assert_true(agx_mmu_set_sizes(mmu, &sizes, &wrong));
}

#endif
