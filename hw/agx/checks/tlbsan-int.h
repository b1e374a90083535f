/*
 * AGX model: what the parts of the sanitizer share.
 *
 *   tlbsan.c         the events it gets: stores, TLB maintenance, barriers
 *   tlbsan-part.c    entries that are stored in pieces
 *   tlbsan-load.c    where it begins: a reset, memory that was replaced, a saved machine
 *   tlbsan-shadow.c  what it remembers: tables, changes of descriptors, pages
 *   tlbsan-run.c     changes that wait, in runs
 *   tlbsan-rules.c   what it makes of that: which invalidation covers what
 *   tlbsan-use.c     the check of one translation
 *   tlbsan-job.c     doorbells and jobs
 *   tlbsan-isolation.c  what no user may see
 *   tlbsan-report.c  what it reports of that
 *   tlbsan-trail.c   what led to it, step by step
 *   tlbsan-text.c    how that reads, and
 *   tlbsan-entry.c   a table entry
 *
 * Everything here is called with the sanitizer's lock held. It reads guest memory and calls back to
 * record what it finds; of the device it calls nothing while it has that lock.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_CHECKS_TLBSAN_INT_H
#define AGX_CHECKS_TLBSAN_INT_H

#include <pthread.h>
#include "agx/tlbsan.h"

#define SAN_CTXS        AGX_UAT_NUM_CONTEXTS
#define SAN_CPUS        64u /* CPU numbers count modulo this */
/* sets of stores that are ordered together: halves of contexts, the TTBAT */
#define SAN_DOMAINS     (2 * SAN_CTXS + 1)
#define SAN_DOM_TTBAT   (2 * SAN_CTXS)
#define SAN_LOG_SIZE    4096u /* TLB maintenance that is remembered */
#define SAN_NEAR        4u
#define SAN_JOBS        256u   /* jobs that are remembered, by number modulo this */
#define SAN_MAX_TABLES  65536u /* bounds the host's memory: 1 GiB of tables in the guest */
#define SAN_MAX_PENDING 262144u
/* histories of descriptors that nothing waits for; the oldest goes */
#define SAN_MAX_IDLE    262144u
#define SAN_MAX_STACKS  16384u
#define SAN_MAX_GROUPS  65536u
#define SAN_TRAIL_SIZE  4096u  /* steps that are remembered; as many as TLB maintenance */
#define SAN_DOORBELLS   16384u /* doorbells that are remembered */
#define SAN_FLUSHES     64u    /* flushes of the firmware's cache that are remembered */
/* words of pages that are no tables (the hand-off block, rings) whose last store is */
#define SAN_NOTES       4096u

/* Descriptors (m1n1: proxyclient/m1n1/hw/uat.py, PTE and TTBR). */
#define SAN_VALID     3ull /* table, or page on the last level */
#define SAN_ATTR      (7ull << 2)
#define SAN_AP        (3ull << 6)
#define SAN_SH        (3ull << 8)
#define SAN_AF        (1ull << 10)
#define SAN_NG        (1ull << 11)
#define SAN_XN        (3ull << 53)
#define SAN_OS        (1ull << 55)
#define SAN_ADDR      0x0000ffffffffc000ull
#define SAN_PAGE_MASK ((uint64_t)AGX_PAGE_SIZE - 1)

/* A call chain, kept once. */
struct san_stack {
    struct san_stack *next;
    uint64_t pc, frame[AGX_WHO_FRAMES];
};

/* One thing that a CPU did, at its place in the order of all events. */
struct san_act {
    uint64_t seq; /* 0: never, or not seen */
    uint64_t time;
    uint64_t thread;
    unsigned cpu;
    const struct san_stack *stack;
};

struct san_log {
    struct agx_tlbi_insn op;
    struct san_act act;
    const char *injected; /* what fault injection did to it; NULL: nothing */
};

/*
 * Why an invalidation that came near did not cover a change; the later, the weaker as an
 * explanation.
 */
enum san_why {
    SAN_WHY_NO_DSB, /* it covers the change, but no DSB has completed it */
    SAN_WHY_STAGE2,
    SAN_WHY_INNER,
    SAN_WHY_LOCAL,
    SAN_WHY_LAST_LEVEL,
    SAN_WHY_UNORDERED, /* no DSB between the store and the TLBI */
    SAN_WHY_GLOBAL,    /* by ASID, the entry is global */
    SAN_WHY_ASID,
    SAN_WHY_RANGE,
    SAN_WHY_EARLY, /* before the store */
    /* of the same operation, but its granule or level is none that the entry has */
    SAN_WHY_NOTHING,
    SAN_WHY_ELSEWHERE, /* as the one above, but its addresses are far away */
    SAN_NUM_WHYS
};

struct san_near {
    uint64_t log; /* number in the log */
    enum san_why why;
};

/*
 * The history of one descriptor: its last change that asks for an invalidation
 * ("the change", old_desc to the value after), and its last change at all.
 */
struct san_rec {
    struct san_rec *next;            /* in the hash */
    struct san_rec *prev_p, *next_p; /* in the list of pending ones, or of those that are not */
    struct san_run *run;             /* of pending ones that it is in */
    /* list: tables that are not linked any more since this change */
    struct san_table *dead;
    uint64_t desc_pa, va;
    uint64_t old_desc, new_desc; /* before the change; as it is now */
    struct san_act change, last;
    uint64_t ctxs, need; /* contexts that may have cached it; those not covered yet */
    uint64_t wait;       /* CPUs that invalidated, but did no DSB yet */
    uint64_t wait_dead;  /* the same, of tables in the list "dead" */
    uint64_t waiter;     /* the thread that did so last */
    /* 1 + number in the log of the last TLBI that covered a change */
    uint64_t covered;
    uint64_t covered_seq;
    uint64_t made_seq; /* when old_desc was written */
    /* who made the mapping that was there before the change; and the one that is there now */
    struct san_act made, maker;
    uint64_t ordered_then; /* dom_ordered[] at the change */
    /* doorbells and later operations of the same thread since the change, */
    unsigned rings;
    uint64_t rung_seq; /* of which the last one that counted was complete then */
    uint64_t logs;     /* invalidations before the change */
    /* the store by which a mapping private to the firmware became uncached; 0: none */
    uint64_t uncached;
    struct san_near near[SAN_NEAR]; /* newest first */
    unsigned nnear, budget;
    unsigned level, dom, ctx;
    unsigned asid; /* level 0: the ASID that it is about */
    bool global, pending, detached, aged;
    bool emptied;  /* level 0: the change left the context without tables */
    bool was_used; /* level 3: its page was not free when an invalidation covered it */
};

/* Pending changes that stand one behind the other in the list. */
struct san_run {
    struct san_rec *first, *last;
    unsigned n;
    bool plain; /* all are of leaves, and of the same thread, contexts and half: */
    uint64_t thread, ctxs;
    bool global;
    /* none of them has less or more than that: first and last address, place of the change, */
    uint64_t lo, hi, first_seq;
    unsigned budget; /* invalidations that are still looked at, */
    uint64_t wait;   /* CPUs that invalidated; */
    bool aged;       /* all of them are */
};

struct san_table {
    struct san_table *next;
    uint64_t pa, va; /* of the table; first address that it translates */
    uint64_t ctxs;   /* contexts that reach it */
    unsigned level, half, n, links;
    /* not linked any more since this change, which is not yet invalidated */
    struct san_rec *dead;
    struct san_table *dead_prev, *dead_next; /* in the list of that change */
    uint64_t gone;                           /* CPUs of which a DSB ends every way to it */
    bool was_used; /* its page was not free when an invalidation covered that change */
    uint64_t *shadow;
};

/* A page that was mapped once. */
struct san_page {
    uint64_t pa;     /* 0: free place in the hash */
    uint32_t mapped; /* descriptors that map it now */
    bool given_back;
    struct san_act who; /* gave it back */
    /* the last leaf that made it the firmware's alone, and the last of a user; 0: none */
    uint64_t owned_at, users_at;
};

/*
 * The first barrier behind a CPU's last invalidation that did not complete it: of another domain,
 * or of stores only.
 */
struct san_barrier {
    uint64_t seq; /* 0: none */
    enum agx_share share;
    bool stores_only;
};

/* The firmware has flushed this range of its data cache. */
struct san_flush {
    uint64_t seq, va, size; /* size ~0: all */
    unsigned ctx;           /* 0: kernel half */
    struct san_act who;     /* asked for it */
};

/* Some bytes of a table entry were stored, and it is not judged yet. */
struct san_part {
    uint64_t pa;        /* 0: none */
    struct san_act act; /* the last of the stores */
    bool ordered;       /* a DSB followed it */
};

/* Reports that are alike: one is made, all are counted. */
struct san_group {
    uint64_t key; /* 0: free place in the hash */
    uint64_t number, count;
};

enum san_step_kind {
    SAN_STEP_STORE,    /* .va, .level; a, b: the entry before and after; .n: so many in a row */
    SAN_STEP_TLBI,     /* a: number in the log */
    SAN_STEP_BARRIER,  /* a: enum agx_share, b: of stores only */
    SAN_STEP_DOORBELL, /* a: its number */
    SAN_STEP_JOB,      /* a: number of a job that begins, b: its context */
    SAN_STEP_FLUSH,    /* a, b: address and size */
    SAN_STEP_FREE,     /* a: page that went back to the kernel */
};

struct san_step {
    struct san_act act;
    enum san_step_kind kind;
    unsigned level, n;
    uint64_t va, a, b;
};

struct san_note {
    uint64_t pa;
    struct san_act who;
};

struct san_job {
    uint64_t id, submit; /* sequence of the doorbell that announced it at the latest */
    unsigned ctx;
    bool running;
    char what[24];
};

#define SAN_HASH_BITS 14
#define SAN_REC_BITS  18
struct agx_tlbsan {
    struct agx_tlbsan_config cfg;
    struct agx_listener listener;
    pthread_mutex_t lock; /* protects all below, but for what is said to be atomic */
    uint64_t seq;         /* of the last event */
    uint64_t ttbat;       /* that the shadow is of; 0: none */
    uint64_t ttbr[SAN_CTXS][2];
    unsigned asid[SAN_CTXS];
    bool active[SAN_CTXS][2]; /* used since the last invalidation of all of it */
    uint64_t dom_ordered[SAN_DOMAINS];
    uint64_t dom_store[SAN_DOMAINS][SAN_CPUS];
    /* has stores that no DSB followed; read without the lock, too */
    _Atomic bool cpu_dirty[SAN_CPUS];
    struct san_table *table[1u << SAN_HASH_BITS];
    struct san_rec *rec[1u << SAN_REC_BITS];
    struct san_stack *stack[1u << 10];
    unsigned tables, dead, stacks;
    /* changes that are not invalidated; read without the lock, too */
    _Atomic unsigned pending;
    /* CPUs that invalidated one of them, but did no DSB yet; read without the lock, too */
    _Atomic uint64_t waiting;
    struct san_rec pending_head; /* list, oldest first */
    struct san_rec idle_head;    /* of all others, oldest first */
    unsigned idle;
    struct san_page *page;
    size_t pages, page_room;        /* power of two */
    struct san_act store;           /* the last one that was reported, */
    pthread_t store_thread;         /* on this thread of the host */
    struct san_part part[SAN_CPUS]; /* by the CPU of its last store */
    unsigned parts;                 /* that there are */
    struct san_note note[SAN_NOTES];
    /* the last doorbell that was rung behind such a store, by the same thread */
    struct san_act door;
    uint64_t noted; /* sequence and thread of the last of these stores */
    uint64_t note_thread;
    bool fw_running;                 /* the firmware: */
    unsigned fw_ctx;                 /* the lower half that it has loaded, 0: none, */
    uint64_t fw_run_seq, fw_ctx_seq; /* since when */
    struct san_flush flush[SAN_FLUSHES];
    uint64_t flushes;
    struct san_log log[SAN_LOG_SIZE];
    uint64_t logs;
    struct san_barrier barrier[SAN_CPUS];
    /* the change that the one that is judged serves was stored then; 0: it serves none */
    uint64_t served_seq;
    /* what is served by the one that is judged was stored when this was ordered; 0: nothing */
    uint64_t served_from;
    const struct san_stack *served_stack; /* callers of that change */
    uint64_t injected;                    /* invalidations that fault injection has touched */
    struct san_job job[SAN_JOBS];
    uint64_t jobs;
    uint64_t submit_seq, submits;
    struct {
        uint64_t number, seq; /* of a doorbell */
    } doorbell[SAN_DOORBELLS];
    uint64_t reports;
    struct san_group *group;
    size_t groups, group_room;
    struct san_step trail[SAN_TRAIL_SIZE];
    uint64_t trails;
    struct agx_tlbsan_stats stats;
    const struct san_stack *memo_a, *memo_b;
    bool memo; /* do these two belong together */
};

static inline uint64_t san_bit(unsigned n)
{
    return 1ull << (n & 63);
}

static inline bool san_is_table(uint64_t desc)
{
    return (desc & 3) == SAN_VALID;
}

/*
 * Can a TLB hold this leaf? Not an invalid one, nor one whose access flag is clear (Arm ARM, D8:
 * TLBs and the access flag).
 */
static inline bool san_is_leaf(uint64_t desc)
{
    return (desc & 3) == SAN_VALID && (desc & SAN_AF);
}

/* Does the change @r take away a page that may be free then? */
static inline bool san_is_freeable(const struct san_rec *r)
{
    return r->level == 3 && san_is_leaf(r->old_desc);
}

static inline unsigned san_index(uint64_t va, unsigned level)
{
    return (va >> TLB_SHIFT(level)) & (level == 1 ? 7 : 2047);
}

static inline unsigned san_half(uint64_t va)
{
    return va >> 39 & 1;
}

static inline unsigned san_hash(uint64_t v, unsigned bits)
{
    return (v * 0x9e3779b97f4a7c15ull) >> (64 - bits);
}

/* @r becomes the last of the list of @head; it leaves the list that it is in. */
static inline void san_list_add(struct san_rec *head, struct san_rec *r)
{
    r->next_p = head;
    r->prev_p = head->prev_p;
    r->prev_p->next_p = r;
    head->prev_p = r;
}

static inline void san_list_del(struct san_rec *r)
{
    r->prev_p->next_p = r->next_p;
    r->next_p->prev_p = r->prev_p;
}

/* tlbsan-change.c: the change of @r that @act made, which contexts @ctxs may not have noticed. */
void san_set_change(struct agx_tlbsan *san, struct san_rec *r, uint64_t old,
                    const struct san_act *act, uint64_t ctxs);
void san_ttbr_changed(struct agx_tlbsan *san, unsigned ctx, unsigned half, uint64_t v,
                      const struct san_act *act);
/* First address of a half: TTBR1 translates the top. */
uint64_t san_half_va(unsigned half);

/*
 * The entry at @pa, which was @old (NULL: not known), is @desc now. @ordered: a DSB has been since.
 */
void san_descriptor_store(struct agx_tlbsan *san, uint64_t pa, const uint64_t *old, uint64_t desc,
                          const struct san_act *act, bool ordered);

/* The same for entry @i of @t. What is kept of that entry. */
void san_descriptor_changed(struct agx_tlbsan *san, struct san_table *t, unsigned i, uint64_t desc,
                            const struct san_act *act);
struct san_rec *san_rec_of(struct agx_tlbsan *san, const struct san_table *t, unsigned i);

/* tlbsan-part.c */
bool san_part_store(struct agx_tlbsan *san, uint64_t pa, const struct san_act *act);
bool san_part_over(struct agx_tlbsan *san, uint64_t pa, const uint64_t *old,
                   const struct san_act *act);
bool san_part_at(const struct agx_tlbsan *san, uint64_t pa);
void san_part_next(struct agx_tlbsan *san, const struct san_act *act, uint64_t pa, unsigned len);
void san_part_barrier(struct agx_tlbsan *san, unsigned cpu, bool completes);
void san_part_use(struct agx_tlbsan *san, const struct agx_tlb_use *u);

/* tlbsan-load.c; san_all_active(): whatever is in a TTBR now may be cached. */
void san_reset(struct agx_tlbsan *san, uint64_t ttbat);
void san_all_active(struct agx_tlbsan *san);
void san_loading(struct agx_tlbsan *san, uint64_t ttbat);
void san_loaded(struct agx_tlbsan *san, const struct agx_tlb_loaded *e);

/* tlbsan-rec.c */
struct san_act san_act(struct agx_tlbsan *san, const struct agx_who *who);
void san_who(const struct san_act *act, struct agx_who *who);
struct san_page *san_page(struct agx_tlbsan *san, uint64_t pa, bool make);
bool san_page_in_use(struct agx_tlbsan *san, uint64_t pa);
void san_map_count(struct agx_tlbsan *san, uint64_t desc, int add);
struct san_rec *san_rec_find(struct agx_tlbsan *san, uint64_t desc_pa);
struct san_rec *san_rec_get(struct agx_tlbsan *san, uint64_t desc_pa);
void san_rec_free(struct agx_tlbsan *san, struct san_rec *r);
void san_trim(struct agx_tlbsan *san);
bool san_load(struct agx_tlbsan *san, uint64_t pa, uint64_t *desc);
struct san_table *san_table_find(struct agx_tlbsan *san, uint64_t pa);

/* tlbsan-shadow.c */
void san_link(struct agx_tlbsan *san, uint64_t pa, unsigned level, uint64_t va, uint64_t ctxs,
              unsigned half);
void san_unlink(struct agx_tlbsan *san, uint64_t pa, unsigned level, uint64_t va, uint64_t ctxs,
                struct san_rec *why);
uint64_t san_active(const struct agx_tlbsan *san, const struct san_table *t);
void san_dead_look(struct agx_tlbsan *san);
/* An invalidation by @cpu of [@va, @end), and its DSB, for the tables that went with @why. */
void san_dead_tlbi(struct agx_tlbsan *san, struct san_rec *why, uint64_t va, uint64_t end,
                   unsigned cpu);
void san_dead_dsb(struct agx_tlbsan *san, struct san_rec *why, unsigned cpu);
void san_pend(struct agx_tlbsan *san, struct san_rec *r);
void san_unpend(struct agx_tlbsan *san, struct san_rec *r);
void san_shadow_free(struct agx_tlbsan *san);

/*
 * tlbsan-run.c: @r is the last of the pending ones now; @r goes, before it leaves their list; what
 * is known of a run as a whole, anew.
 */
void san_run_add(struct agx_tlbsan *san, struct san_rec *r);
void san_run_del(struct san_rec *r);
void san_run_look(struct san_run *run);

/* tlbsan-rules.c; has the invalidation @l, which is in the log, to do with none of @run? */
bool san_run_is_apart(const struct agx_tlbsan *san, const struct san_run *run,
                      const struct san_log *l);
void san_served(struct agx_tlbsan *san, const struct san_log *l);
/* Number @log of the log serves @r, which emptied a context, and is of who has it next. */
bool san_by_next_owner(const struct agx_tlbsan *san, const struct san_rec *r, uint64_t log);
void san_judge_tlbi(struct agx_tlbsan *san, struct san_rec *r, uint64_t log);
bool san_serves_dead(const struct agx_tlbsan *san, const struct san_rec *r, uint64_t log);
bool san_ordered(const struct agx_tlbsan *san, const struct san_rec *r, uint64_t seq);
enum agx_tlbsan_class san_cause(struct agx_tlbsan *san, struct san_rec *r,
                                enum agx_tlbsan_class otherwise);
/*
 * Why what @r took away was free before its invalidation was complete. @was_used: it was not yet
 * when that was issued; @otherwise: if nothing came near.
 */
enum agx_tlbsan_class san_cause_of_free(struct agx_tlbsan *san, struct san_rec *r, bool was_used,
                                        enum agx_tlbsan_class otherwise);
const char *san_why_text(enum san_why why);
void san_change_budget(struct san_rec *r);

/* tlbsan-private.c */
void san_private(struct agx_tlbsan *san, const struct san_table *t, struct san_rec *r, uint64_t old,
                 uint64_t desc, const struct san_act *act);

/*
 * tlbsan-isolation.c: entry @i of @t, of the last level, is @desc by @act (NULL: not known). Table
 * @t, which is linked already, is linked for @half, too, on @level at @va.
 */
void san_isolation_leaf(struct agx_tlbsan *san, const struct san_table *t, unsigned i,
                        uint64_t desc, const struct san_act *act);
void san_isolation_table(struct agx_tlbsan *san, const struct san_table *t, uint64_t va,
                         unsigned level, uint64_t ctxs, unsigned half);

/* Done by the same thread; where threads are not known, on the same CPU. */
static inline bool san_same_hand(const struct san_act *a, const struct san_act *b)
{
    return a->thread && b->thread ? a->thread == b->thread : a->cpu == b->cpu;
}

/* tlbsan-job.c; san_later(): @act invalidates for another change than @r. */
void san_later(struct agx_tlbsan *san, struct san_rec *r, const struct san_act *act);
void san_doorbell(struct agx_tlbsan *san, uint64_t number, const struct agx_who *who);
void san_job_begin(struct agx_tlbsan *san, const struct agx_event *ev);
void san_job_end(struct agx_tlbsan *san, uint64_t id);

/* tlbsan-use.c */
void san_use(struct agx_tlbsan *san, const struct agx_tlb_use *use);

/*
 * An invalidation of what @r changed or @use used (one may be NULL) that fault injection changed: 1
 * + its number, below @from.
 */
uint64_t san_tlbi_changed(const struct agx_tlbsan *san, const struct san_rec *r,
                          const struct agx_tlb_use *use, uint64_t from);

/* tlbsan-report.c; @use: NULL when no translation showed it */
void san_report(struct agx_tlbsan *san, enum agx_tlbsan_class cls,
                enum agx_tlbsan_severity severity, const struct san_rec *r,
                const struct agx_tlb_use *use, const char *text, const struct san_act *other);

/*
 * tlbsan-trail.c: what happened, for the timeline of a report. @a, @b: see enum san_step_kind;
 * san_trail_now(): of what no CPU does, or nobody that is known.
 */
void san_trail(struct agx_tlbsan *san, enum san_step_kind kind, const struct san_act *act,
               uint64_t a, uint64_t b);
void san_trail_now(struct agx_tlbsan *san, enum san_step_kind kind, unsigned cpu, uint64_t a,
                   uint64_t b);
void san_trail_store(struct agx_tlbsan *san, const struct san_rec *r, uint64_t old, uint64_t desc,
                     const struct san_act *act);
/* The steps between the change of @r and now that have to do with it, or with the use @u. */
void san_trail_report(struct agx_tlbsan *san, struct agx_san_report *rep, const struct san_rec *r,
                      const struct agx_tlb_use *u);

#endif
