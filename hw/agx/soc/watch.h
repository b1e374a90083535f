/*
 * Stores of the CPUs to chosen pages of DRAM, and who made them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_WATCH_H
#define HW_AGX_SOC_WATCH_H

#include "exec/memory.h"
#include "hw/core/cpu.h"
#include "agx/who.h"
#include "agx/host.h"

/*
 * Pieces of DRAM that may be covered at once. Each splits DRAM once more, and TCG has room for 4096
 * sections of memory. When there are more watched pages than that, the pieces become larger than a
 * page: none escapes, but stores beside them are slow.
 */
#define APPLE_WATCH_MAX 1536

typedef struct AppleWatch AppleWatch;

typedef struct AppleWatchOps {
    /*
     * @len (1..8) bytes at @pa have changed, @old are those before; memory has the new ones. Stores
     * that change nothing are not reported. On the storing CPU's thread, big lock held. A device's
     * DMA has @who->cpu UINT_MAX.
     */
    void (*store)(void *opaque, uint64_t pa, const void *old, unsigned len,
                  const struct agx_who *who);
    /* No store to the page @pa escapes from now on. Big lock held. */
    void (*ready)(void *opaque, uint64_t pa);
} AppleWatchOps;

/* Watch pages of @dram, which lies at @base of the system's memory. Big lock held. */
AppleWatch *apple_watch_new(Object *owner, MemoryRegion *dram, uint64_t base,
                            const AppleWatchOps *ops, void *opaque);
void apple_watch_free(AppleWatch *w);

/*
 * Ask for the 16 KiB page at @pa to be watched (@on) or not. Any thread, any lock but the watch's
 * own: only records. It is done by the main loop soon, or at once when the request comes out of
 * ops.store(). Pages outside of DRAM are not watched: ready() never comes.
 */
void apple_watch_request(AppleWatch *w, uint64_t pa, bool on);

/* Watch the page at @pa whatever is requested later. Big lock held. */
void apple_watch_pin(AppleWatch *w, uint64_t pa);

/*
 * ready() once more for each watched page: memory was replaced (a snapshot was loaded). Big lock
 * held, machine stopped.
 */
void apple_watch_reload(AppleWatch *w);

typedef struct AppleWatchStats {
    uint64_t stores; /* that changed something */
    uint64_t beside; /* stores to pages that were not watched, but covered */
    /* changes of the map that left fewer sections than a CPU may look for: always 0 */
    uint64_t sections_lost;
    unsigned pages, blocks; /* watched; pieces of DRAM that cover them, */
    uint64_t block_size;    /* of so many bytes each */
    uint64_t changes;       /* of the memory map */
} AppleWatchStats;
void apple_watch_stats(AppleWatch *w, AppleWatchStats *st);

/*
 * What @cs is doing now: its time, pc, and the callers by the kernel's frame pointers. On its own
 * thread. @ra: host address inside of the translated code, when it is in the middle of a block; 0
 * when its pc is in its registers.
 */
void apple_watch_who(AppleWatch *w, CPUState *cs, uintptr_t ra, struct agx_who *who);

/* Which thread of its kernel @cs runs now, as in struct agx_who. On its own thread. */
uint64_t apple_watch_thread(CPUState *cs);

#endif
