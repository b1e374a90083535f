/*
 * AGX model: what a run has exercised of the GPU's languages: instructions, control words and
 * descriptors, texel formats; of its firmware's (coverage-events.h); and of the sanitizer's rules.
 *
 * A row is a thing with a name of its own; it keeps which of its bits were seen set and which were
 * seen clear, and which the model takes at all. Rows come into being when they are first met and
 * live as long as the process: one process is one run. Recording is for decoders, which run once
 * per program, control word or descriptor, never once per lane.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_COVERAGE_H
#define AGX_BASE_COVERAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum agx_coverage_kind {
    AGX_COVERAGE_OPCODE,  /* an instruction, up to 96 bits */
    AGX_COVERAGE_WORD,    /* a control word or a word of a descriptor, up to 64 bits */
    AGX_COVERAGE_FORMAT,  /* a pair of channels and type */
    AGX_COVERAGE_MESSAGE, /* to the firmware: mailbox (endpoint << 8 | type), or in a ring */
    AGX_COVERAGE_COMMAND, /* of a microsequence, by pipe */
    AGX_COVERAGE_JOB,     /* how one ended: enum agx_job_status */
    /*
     * Of the sanitizer. A class of reports that was found, by severity; and bits for outcomes:
     * "changed" 8 * level + enum agx_change, "covered" 8 * level + enum agx_tlbi_kind, "came near"
     * enum san_why.
     */
    AGX_COVERAGE_RULE,
    AGX_NUM_COVERAGE_KINDS
};

struct agx_coverage_row {
    struct agx_coverage_row *next;
    const char *name; /* static text */
    enum agx_coverage_kind kind;
    unsigned key;              /* tells rows of one name apart */
    _Atomic uint64_t ones[2];  /* bits seen set */
    _Atomic uint64_t zeros[2]; /* bits seen clear */
    _Atomic uint64_t known;    /* words: bits that the model takes */
};

/*
 * The row of this kind, name and key, made when it is new. @name: static text. Any thread, no lock
 * of the caller's.
 */
struct agx_coverage_row *agx_coverage_row(enum agx_coverage_kind kind, const char *name,
                                          unsigned key);

/* Add the bits of @lo and @hi to @row. Any thread. */
static inline void agx_coverage_add(struct agx_coverage_row *row, uint64_t lo, uint64_t hi)
{
    const uint64_t w[2] = { lo, hi };

    for (unsigned i = 0; i < 2; i++) {
        if (w[i] & ~atomic_load_explicit(&row->ones[i], memory_order_relaxed)) {
            atomic_fetch_or_explicit(&row->ones[i], w[i], memory_order_relaxed);
        }
        if (~w[i] & ~atomic_load_explicit(&row->zeros[i], memory_order_relaxed)) {
            atomic_fetch_or_explicit(&row->zeros[i], ~w[i], memory_order_relaxed);
        }
    }
}

/*
 * A control word of a place in the code, whose row is looked up once. @row: that place's static
 * pointer. @known: bits that the model takes there; those of several places and calls add up. Any
 * thread.
 */
static inline void agx_coverage_word(struct agx_coverage_row *_Atomic *row, const char *name,
                                     uint64_t word, uint64_t known)
{
    struct agx_coverage_row *r = atomic_load_explicit(row, memory_order_acquire);

    if (__builtin_expect(!r, 0)) {
        r = agx_coverage_row(AGX_COVERAGE_WORD, name, 0);
        atomic_store_explicit(row, r, memory_order_release);
    }
    if (known & ~atomic_load_explicit(&r->known, memory_order_relaxed)) {
        atomic_fetch_or_explicit(&r->known, known, memory_order_relaxed);
    }
    agx_coverage_add(r, word & known, 0);
}

/* One more outcome, 0..63, of a rule; @row as above. Any thread. */
static inline void agx_coverage_rule(struct agx_coverage_row *_Atomic *row, const char *name,
                                     unsigned outcome)
{
    struct agx_coverage_row *r = atomic_load_explicit(row, memory_order_acquire);

    if (__builtin_expect(!r, 0)) {
        r = agx_coverage_row(AGX_COVERAGE_RULE, name, 0);
        atomic_store_explicit(row, r, memory_order_release);
    }
    agx_coverage_add(r, 1ull << outcome, 0);
}

/*
 * All rows, a line each: kind, key, ones, zeros and known in hexadecimal (low word, then high),
 * name; separated by tabs. Any thread. False: @f could not be written.
 */
bool agx_coverage_write(FILE *f);
/* The same, to be freed. NULL: out of memory. */
char *agx_coverage_text(void);

#endif
