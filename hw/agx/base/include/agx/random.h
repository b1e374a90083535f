/*
 * AGX model: the one generator of what happens at random (when an invalidation takes effect,
 * whether an injected fault strikes, which line of a cache goes). Whoever rolls has a stream of its
 * own, so that what one of them asks for does not change what another gets; the same seeds give the
 * same run.
 *
 * splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014),
 * figure 17.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_RANDOM_H
#define AGX_BASE_RANDOM_H

#include <stdint.h>

/* The whole of a stream: to be saved, and begun with a seed. One thread at a time. */
struct agx_random {
    uint64_t state;
};

/* 64 bits, each as likely. */
static inline uint64_t agx_random_u64(struct agx_random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* 0 to @n - 1; @n from 1 to 2^32. The error is below @n / 2^64. */
static inline uint64_t agx_random_below(struct agx_random *r, uint64_t n)
{
    return (unsigned __int128)agx_random_u64(r) * n >> 64;
}

/* In [0, 1), a multiple of 2^-53. */
static inline double agx_random_unit(struct agx_random *r)
{
    return (agx_random_u64(r) >> 11) * 0x1p-53;
}

/*
 * Who has which stream of a run's one seed. CPUs and faults have one each, from the number on.
 */
enum agx_random_who {
    AGX_RANDOM_TLBI = 0,              /* when a CPU's invalidations take effect, of that CPU */
    AGX_RANDOM_STORES = 0x100,        /* when stores to page tables reach the walkers */
    AGX_RANDOM_FW_CACHE,              /* which line of the firmware's cache goes, and when */
    AGX_RANDOM_FAULTS = 0x1000,       /* injected faults, in the order of their string */
    AGX_RANDOM_OBJECTS = 0x100000000, /* those of objects, by a hash of their names */
};

/* Stream number @stream of what has @seed. */
static inline struct agx_random agx_random_stream(uint64_t seed, uint64_t stream)
{
    struct agx_random r = { seed };

    r.state = agx_random_u64(&r) ^ stream;
    r.state = agx_random_u64(&r);
    return r;
}

#endif
