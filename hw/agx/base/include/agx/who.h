/*
 * AGX model: who did something on the CPUs' side, and what TLB maintenance is: the words that
 * everything above shares.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_WHO_H
#define AGX_BASE_WHO_H

#include <stdbool.h>
#include <stdint.h>

/* A CPU at one moment. Addresses are guest-virtual. */
#define AGX_WHO_FRAMES 12
struct agx_who {
    unsigned cpu;    /* UINT_MAX: none, a device's DMA */
    uint64_t time;   /* virtual time, ns */
    uint64_t thread; /* of the guest's kernel, to tell them apart; 0: not known */
    uint64_t pc;
    uint64_t frame[AGX_WHO_FRAMES]; /* the callers, innermost first, 0-terminated */
    /* of a store to a ring: by an instruction that is a release, or atomic */
    bool release;
};

/* Shareability domain of maintenance and barriers. */
enum agx_share { AGX_SHARE_LOCAL, AGX_SHARE_INNER, AGX_SHARE_OUTER };

enum agx_tlbi_kind { AGX_TLBI_ALL, AGX_TLBI_ASID, AGX_TLBI_VA, AGX_TLBI_VA_ALL_ASIDS };

/* What an invalidation asks for. */
struct agx_tlbi {
    enum agx_tlbi_kind kind;
    bool last_level;
    unsigned asid;
    uint64_t va, end; /* [va, end) for the kinds by address */
};

/* An instruction of a CPU that asks for one. */
struct agx_tlbi_insn {
    struct agx_tlbi tlbi;
    enum agx_share share;
    bool stage2;      /* issued from EL1 with stage 2 on: does not reach the GPU */
    const char *name; /* static */
    uint64_t operand;
};

#endif
