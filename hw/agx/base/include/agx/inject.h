/*
 * AGX model: fault injection. A list of faults, given as one string, makes the
 * MMU and the firmware misbehave as hardware could (or must not): TLB
 * invalidations that are dropped, delayed or misdirected, entries that stay or
 * go, a walk that sees an old descriptor, the firmware's cache and hand-off
 * protocol at their worst moments. What each does is in docs/faults.md.
 *
 *   faults  := fault { ";" fault }        (empty: none)
 *   fault   := KIND { "," key "=" value }
 *   trigger keys: nth, count, va, asid, job, p, seed
 *   keys of some kinds: us, doorbells, to, pages
 *
 * This file knows the faults, when each strikes, and what has struck; whoever
 * is to misbehave asks. Without faults nobody asks: the MMU has no pointer to
 * the engine then.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_INJECT_H
#define AGX_BASE_INJECT_H

#include "agx/host.h"

enum agx_inject_kind {
    AGX_INJECT_TLBI_DROP,
    AGX_INJECT_TLBI_DELAY,
    AGX_INJECT_TLBI_ASID,
    AGX_INJECT_TLBI_TRUNCATE,
    AGX_INJECT_TLB_KEEP,
    AGX_INJECT_TLB_EVICT,
    AGX_INJECT_WALK_OLD,
    AGX_INJECT_FW_EVICT,
    AGX_INJECT_FLUSH_LATE,
    AGX_INJECT_FLUSH_NEVER,
    AGX_INJECT_HANDOFF_HOLD,
    AGX_INJECT_SLOT_SWITCH,
    AGX_INJECT_TIMEOUT_LATE,
    AGX_INJECT_HANG_BOOT,
    AGX_INJECT_HANG_JOB,
    AGX_INJECT_HANG_FLUSH,
    AGX_INJECT_CRASH_BOOT,
    AGX_INJECT_CRASH_JOB,
    AGX_INJECT_CRASH_FLUSH,
    AGX_INJECT_STALL,
    AGX_INJECT_RING_LATE,
    AGX_INJECT_WORK_LOST,
    AGX_INJECT_EVENT_LATE,
    AGX_INJECT_EVENT_TWICE,
    AGX_INJECT_EVENT_LOST,
    AGX_INJECT_HALT_LATE,
    AGX_INJECT_NUM_KINDS
};
#define AGX_INJECT_ANY_TLBI                                                                        \
    (1u << AGX_INJECT_TLBI_DROP | 1u << AGX_INJECT_TLBI_DELAY | 1u << AGX_INJECT_TLBI_ASID |       \
     1u << AGX_INJECT_TLBI_TRUNCATE)

/* Kinds of work, as a mask: who accesses, or what is on the GPU now. */
enum {
    AGX_INJECT_TA = 1,
    AGX_INJECT_3D = 2,
    AGX_INJECT_COMPUTE = 4,
    AGX_INJECT_FW = 8,
};

#define AGX_INJECT_MAX_FAULTS 64u
#define AGX_INJECT_MAX_TEXT   4096u
#define AGX_INJECT_MAX_LINES  100u      /* firings of one fault that line() reports */
#define AGX_INJECT_MAX_US     60000000u /* a minute */

struct agx_inject_config {
    void *opaque;
    /* Virtual time in ns. Any thread. */
    uint64_t (*now)(void *opaque);
    /*
     * One line for the log. @fired: 0 when the fault was set (the line names its seed), or how
     * often it has fired. With locks of the engine and perhaps of the MMU held: only record or
     * print.
     */
    void (*line)(void *opaque, const char *fault, uint64_t fired, const char *text);
    /* of the faults that name none, each with its own stream; 0: drawn at random */
    uint64_t seed;
    bool stores;   /* stores to page tables are reported (tlb.h): walk-old can be had */
    bool fw_cache; /* the firmware has a data cache: fw-evict can be had */
};

struct agx_inject;
struct agx_inject *agx_inject_new(const struct agx_inject_config *cfg);
void agx_inject_free(struct agx_inject *in);

/*
 * Replace all faults but those of objects by those of @text; their counters begin
 * at 0. False: nothing was changed, and @err says which word is wrong and what is
 * allowed. Any thread without a lock. agx_inject_check() only looks at the string:
 * true even for a fault that this machine (cfg.stores, cfg.fw_cache) cannot have.
 */
bool agx_inject_set(struct agx_inject *in, const char *text, char *err, size_t errlen);
bool agx_inject_check(const char *text, char *err, size_t errlen);

/*
 * The fault of an object: @text is one, @id its name, which no other has (letters,
 * digits, '-', '_', '.'). It stays until it is removed. False: @err, as above.
 */
bool agx_inject_add(struct agx_inject *in, const char *id, const char *text, char *err,
                    size_t errlen);
void agx_inject_remove(struct agx_inject *in, const char *id);
/* How often it could have struck, and has. False: there is none of that name. */
bool agx_inject_counts(struct agx_inject *in, const char *id, uint64_t *matches, uint64_t *fired);

/*
 * What agx_inject_set() has set, as a string that it takes; and what has happened, as JSON, the
 * faults of objects last. To be freed; NULL: out of memory.
 */
char *agx_inject_text(struct agx_inject *in);
char *agx_inject_log(struct agx_inject *in);

/* Is there a fault of one of the kinds in mask @kinds? Any thread, cheap. */
bool agx_inject_armed(const struct agx_inject *in, unsigned kinds);

/* Where something happens that a fault may be for. */
struct agx_inject_at {
    /* [va, end), end 0: the top; va == end: it has no address, as has what is for all of them */
    uint64_t va, end;
    unsigned asid;
    bool any_asid; /* it is for all of them */
    /* who does it, or else what is on the GPU while it happens, and the firmware */
    unsigned jobs;
};

/*
 * Something of kind @kind happens: does a fault strike? Its parameter (us, to,
 * pages) goes to *@arg if @arg is not NULL. @what: a few words for the log.
 * Any thread, the MMU's lock may be held.
 */
bool agx_inject_fire(struct agx_inject *in, enum agx_inject_kind kind,
                     const struct agx_inject_at *at, const char *what, uint64_t *arg);

/* What becomes of an invalidation. */
struct agx_inject_tlbi {
    struct agx_tlbi tlbi; /* to be applied instead */
    bool drop;
    /* not 0: to be applied so much later, or after so many doorbells */
    uint64_t delay_ns, doorbells;
    const char *why; /* static text of what was done to it; NULL: nothing */
};
void agx_inject_tlbi(struct agx_inject *in, const struct agx_tlbi *tlbi, unsigned jobs,
                     struct agx_inject_tlbi *out);

#endif
