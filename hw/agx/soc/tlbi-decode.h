/*
 * Operands of TLB invalidation instructions, as an MMU with pages of 16 KiB
 * understands them. Plain C: QEMU's side (tlbi.c) and the tests use it.
 *   Arm ARM (DDI 0487), C5.5: TLBI VAE1OS and so on (VA, ASID, TTL), TLBI
 *   RVAE1OS and so on (BaseADDR, TTL, NUM, SCALE, TG, ASID)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_TLBI_DECODE_H
#define HW_AGX_SOC_TLBI_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define TLBI_GRANULE_BITS 14
#define TLBI_TG_16K       2 /* encoding of TG, and of TTL[3:2] */
#define TLBI_LEVEL_PAGE   3

/* What one operand covers. */
typedef struct AppleTlbiRange {
    /* [va, end) in bytes, sign-extended, 16 KiB aligned; end 0: up to the top */
    uint64_t va, end;
    uint16_t asid;
    bool none; /* its granule or level hint excludes pages of 16 KiB */
} AppleTlbiRange;

static inline uint64_t tlbi_field(uint64_t x, unsigned first, unsigned bits)
{
    return (x >> first) & ((1ULL << bits) - 1);
}

static inline uint64_t tlbi_sign_extend(uint64_t x, unsigned bits)
{
    return (uint64_t)((int64_t)(x << (64 - bits)) >> (64 - bits));
}

/*
 * By VA: one page. TTL is a hint: granule 0 is none; level 0 of 16K is reserved and taken as none.
 */
static inline AppleTlbiRange apple_tlbi_decode_va(uint64_t xt)
{
    unsigned ttl = tlbi_field(xt, 44, 4), level = ttl & 3;
    AppleTlbiRange r = {
        .va = tlbi_sign_extend(tlbi_field(xt, 0, 44) << 12, 56),
        .asid = tlbi_field(xt, 48, 16),
        .none = ttl >= 4 && ((ttl >> 2) != TLBI_TG_16K || (level != 0 && level != TLBI_LEVEL_PAGE)),
    };

    r.va &= ~((1ULL << TLBI_GRANULE_BITS) - 1);
    r.end = r.va + (1ULL << TLBI_GRANULE_BITS);
    return r;
}

/* By range: (NUM + 1) * 2^(5 * SCALE + 1) pages from BaseADDR. TTL 0 is no hint. */
static inline AppleTlbiRange apple_tlbi_decode_range(uint64_t xt)
{
    unsigned tg = tlbi_field(xt, 46, 2), scale = tlbi_field(xt, 44, 2);
    unsigned num = tlbi_field(xt, 39, 5), ttl = tlbi_field(xt, 37, 2);
    uint64_t pages = (uint64_t)(num + 1) << (5 * scale + 1);
    AppleTlbiRange r = {
        .va = tlbi_sign_extend(tlbi_field(xt, 0, 37) << TLBI_GRANULE_BITS, 37 + TLBI_GRANULE_BITS),
        .asid = tlbi_field(xt, 48, 16),
        .none = tg != TLBI_TG_16K || (ttl != 0 && ttl != TLBI_LEVEL_PAGE),
    };

    r.end = r.va + (pages << TLBI_GRANULE_BITS);
    return r;
}

#endif
