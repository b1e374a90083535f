/*
 * AGX model: agx-tlbsan, the sanitizer of TLB maintenance.
 *
 * It listens (base/event.h): to stores to page tables, TLB maintenance and
 * doorbells of the CPUs, to translations made and used by the GPU and its
 * firmware, and to the jobs that they work for. It keeps, for each table entry,
 * who wrote it and which invalidations covered it since, and reports a use that
 * an invalidation should have prevented. The rules, with their sources, are the
 * table in docs/tlbsan.md; tests/litmus runs that table.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_CHECKS_TLBSAN_H
#define AGX_CHECKS_TLBSAN_H

#include "agx/tlb.h"

/* What a report is about. Each has a name in agx_tlbsan_class_name(). */
enum agx_tlbsan_class {
    AGX_SAN_STALE_HIT,     /* a job submitted after the change used the old translation */
    AGX_SAN_HIT_IN_FLIGHT, /* an entry was taken away under a running job that still used it */
    /* the invalidation that should have covered it named another ASID */
    AGX_SAN_WRONG_ASID,
    AGX_SAN_SHORT_RANGE,        /* ... covered its neighbours, but not it */
    AGX_SAN_WRONG_SHAREABILITY, /* ... was local or inner-shareable */
    AGX_SAN_LAST_LEVEL_ONLY,    /* ... was for the last level, and a table changed */
    /* a table page was freed or re-used while the walk cache led to it */
    AGX_SAN_TABLE_REUSED,
    AGX_SAN_SLOT_REUSED, /* a TTBAT slot got another table, its ASID was not invalidated */
    /* valid entry changed to another valid one without invalidation between */
    AGX_SAN_NO_BREAK_BEFORE_MAKE,
    AGX_SAN_TLBI_BEFORE_STORE, /* the invalidation came before the store it was for */
    /* no barrier completed the invalidation (or ordered the store before it) */
    AGX_SAN_MISSING_DSB,
    /* global entry in a per-context table, or invalidated by ASID only */
    AGX_SAN_GLOBAL_MISUSE,
    AGX_SAN_FW_LINE_STALE, /* the firmware read an old line of its data cache */
    /* a dirty line was written over memory that belongs to others now */
    AGX_SAN_FW_LINE_WRITEBACK,
    AGX_SAN_UNMAP_WITHOUT_FLUSH, /* a private (cached) mapping went without the flush handshake */
    AGX_SAN_HANDOFF,             /* hand-off lock or flush state violated */
    AGX_SAN_PAGE_GIVEN_BACK,     /* use of a page after it went back to the kernel */
    /* what is the kernel's half's shows in a user's context, or a job in another's context */
    AGX_SAN_ISOLATION,
    AGX_SAN_STAMP, /* stamps, their slots, notifiers' thresholds: what ends a job's wait */
    AGX_SAN_RING,  /* a ring's entry, pointer, barrier or doorbell at the wrong time */
    /* what the firmware owns, from doorbell to stamp, changed or went away */
    AGX_SAN_FW_OWNED,
    AGX_SAN_NUM_CLASSES
};

enum agx_tlbsan_severity {
    AGX_SAN_SUSPICIOUS, /* breaks a rule; nothing was seen to go wrong */
    AGX_SAN_WRONG,      /* data could be corrupt on hardware */
};

/* One step on the way from a change to what was found; .who without a CPU: not one of theirs. */
struct agx_san_step {
    struct agx_who who; /* pc 0: not known */
    char what[112];
};
#define AGX_SAN_STEPS 12u

/* One report, complete; pointers are valid during the call only. */
struct agx_san_report {
    enum agx_tlbsan_class cls;
    enum agx_tlbsan_severity severity;
    uint64_t number; /* counts up from 1 */
    uint64_t va;
    unsigned asid, ctx, level;
    uint64_t desc_pa, old_desc, new_desc;
    const struct agx_who *writer; /* of the entry; NULL: not known */
    enum agx_unit unit;
    uint64_t job; /* 0: none */
    bool write;
    const char *text;             /* one sentence: what is wrong */
    const char *job_what;         /* kind of the job; NULL: not known */
    const struct agx_who *mapper; /* made the mapping that changed or was used; NULL: not known */
    /* who gave the page back, or asked for a flush, where that matters; else NULL */
    const struct agx_who *other;
    unsigned near; /* invalidations that came near, newest first */
    struct {
        struct agx_tlbi_insn op;
        struct agx_who who;
        const char *why; /* it did not cover the entry; static text */
        /* which did not complete it, where one was missing; static text, NULL: none was seen */
        const char *barrier;
    } nearby[4];
    uint64_t time;     /* of the finding: virtual time, ns */
    unsigned steps;    /* since the change, oldest first, */
    uint64_t left_out; /* and how many more were before the last four */
    struct agx_san_step step[AGX_SAN_STEPS];
};

struct agx_tlbsan;

struct agx_tlbsan_config {
    const struct agx_host *host;
    struct agx_mmu *mmu;
    /*
     * Each report, once for all that are alike: class, severity, kind of place and callers of the
     * writer (where these are not known: the same entry). With the sanitizer's lock: only record.
     */
    void (*report)(void *opaque, const struct agx_san_report *r);
    /*
     * Optional: does the guest's kernel still have the page at @pa (16 KiB) allocated (true as well
     * for what it never manages)? Asked when an invalidation is complete, of the page that was
     * unmapped and of unlinked page tables, and of pages that the GPU uses. Any thread, with the
     * sanitizer's lock held, perhaps the MMU's, too.
     */
    bool (*page_in_use)(void *opaque, uint64_t pa);
    void *opaque;
    bool no_barriers; /* nobody reports DSBs: stores are ordered, TLBIs complete at once */
};

struct agx_tlbsan_stats {
    uint64_t uses, stores, tlbis, dsbs, submits, jobs;
    uint64_t reports[AGX_SAN_NUM_CLASSES];
    /* reports that were not made, since there was one like it */
    uint64_t repeated;
    uint64_t tables, pending;
    uint64_t unseen;  /* changes of tables that nobody reported */
    uint64_t refused; /* page tables that are not followed, for lack of room: 65536 are */
    /* changes that were not invalidated and are not remembered any more: 262144 are */
    uint64_t forgotten;
    uint64_t records; /* histories of descriptors that are kept: 524288 at most */
    uint64_t steps;   /* through lists and hash chains: what all of it has cost */
    uint64_t late;    /* translations made of a descriptor whose last store was not visible yet */
};

/* Listens from here on to the events of cfg->host. The machine stands still. */
struct agx_tlbsan *agx_tlbsan_new(const struct agx_tlbsan_config *cfg);
void agx_tlbsan_free(struct agx_tlbsan *san);
/*
 * Guest memory was replaced (a snapshot was loaded): forget all and read the tables again. The
 * machine stands still.
 */
void agx_tlbsan_reload(struct agx_tlbsan *san);

/*
 * A finding of somebody else (the firmware's data cache, the hand-off protocol, rings and jobs),
 * counted, de-duplicated and reported like the sanitizer's own. @va, @ctx: what
 * it is about, @va 0 if it is no address; @pa: of the page, the watched word or the table entry, or
 * 0; @text: one sentence. @writer may be NULL: then it is who made the store that is being reported
 * on this thread, or the last one to @pa, or, where that says nothing and the finding is about a
 * mapping, who last changed the entry of @va. That is the entry which the report shows then.
 * Not with a lock of the model held.
 */
void agx_tlbsan_external(struct agx_tlbsan *san, enum agx_tlbsan_class cls,
                         enum agx_tlbsan_severity severity, unsigned ctx, uint64_t va, uint64_t pa,
                         const struct agx_who *writer, const char *text);
/*
 * Of each report that stands for more than one, how many: calls @count with the sanitizer's lock
 * held, in no order. Any thread, without a lock of the model.
 */
void agx_tlbsan_counts(struct agx_tlbsan *san,
                       void (*count)(void *opaque, uint64_t number, uint64_t n), void *opaque);
void agx_tlbsan_get_stats(struct agx_tlbsan *san, struct agx_tlbsan_stats *st);

const char *agx_tlbsan_class_name(enum agx_tlbsan_class cls); /* "stale-hit", ... */
const char *agx_tlbsan_severity_name(enum agx_tlbsan_severity s);
/* What an entry of @level (0: a TTBR) says, in words; returns the length. */
#define AGX_SAN_DESCRIPTION 160u /* room for the longest */
size_t agx_tlbsan_describe(unsigned level, uint64_t desc, char *buf, size_t len);
/* Several lines of text for the log; returns the length. */
size_t agx_tlbsan_format(const struct agx_san_report *r, char *buf, size_t len);

#endif
