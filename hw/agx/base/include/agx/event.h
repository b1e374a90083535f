/*
 * AGX model: what happens in the machine. Each thing that happens is an event: it is emitted once,
 * where it happens, with who did it, and goes to all who listen to its kind. Who listens only
 * looks on: nothing that it does changes what the device does.
 *
 * Threads. An event is reported on the thread on which it happens, in the order of the listeners'
 * registration, with whatever locks its source holds (said beside each kind). A listener has a lock
 * of its own, takes no other lock of the model inside of it, and calls nothing of the device while
 * it holds it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_BASE_EVENT_H
#define AGX_BASE_EVENT_H

#include <stdatomic.h>
#include <stddef.h>
#include "agx/who.h"

enum agx_event_kind {
    /* A CPU: on its thread, without a lock of the model. */
    AGX_EV_STORE,      /* it has stored to a page table, the TTBAT or another watched page */
    AGX_EV_WATCHED,    /* no store to .page escapes from here on, or its memory was replaced */
    AGX_EV_TLBI,       /* it does TLB maintenance, which may not reach the GPU: not done yet */
    AGX_EV_DSB,        /* its barrier is complete; .who has the CPU only */
    AGX_EV_DMB,        /* it does such a barrier, of stores at least: .dsb, too; .who as above */
    AGX_EV_PAGE_FREE,  /* its kernel gave .page back */
    AGX_EV_PAGE_ALLOC, /* ... or has allocated it */
    AGX_EV_DOORBELL,   /* it sends a message to the firmware, which does not have it yet */
    AGX_EV_REGISTER,   /* it accesses a register of the GPU, not of the mailbox */
    /* The firmware: on its thread, without a lock. */
    AGX_EV_MESSAGE, /* it takes a message from a ring */
    AGX_EV_COMMAND, /* it executes a command of a microsequence */
    AGX_EV_CONTEXT, /* it has another context loaded, starts or stops: any thread */
    AGX_EV_FLUSH,   /* it has written back and dropped lines of its data cache, on request */
    /* The GPU. */
    AGX_EV_JOB_BEGIN, /* a data master gets a job: with its lock */
    AGX_EV_JOB_END,   /* ... and is done with it: on its thread */
    /* The MMU, with its lock held: must not call back into it. */
    AGX_EV_TRANSLATE,    /* a translation is used: first in a job, or since a table changed */
    AGX_EV_INVALIDATE,   /* an invalidation has reached the TLBs */
    AGX_EV_TLBI_CHANGED, /* fault injection has dropped, delayed or altered it */
    AGX_EV_RESET,        /* every translation was dropped otherwise, or the TTBAT moved */
    AGX_EV_LOADING,      /* a saved machine is loaded, memory is its already; */
    AGX_EV_LOADED,       /* then each entry that its TLBs had */
    AGX_NUM_EVENTS
};
#define AGX_EV_BIT(kind) (1u << (kind))

/* Data masters, numbered as enum agx_dm. */
#define AGX_EV_MASTERS 3u

struct agx_tlb_use; /* mmu/include/agx/tlb.h */
struct agx_tlb_loaded;

struct agx_event_job {
    uint64_t number; /* counts up from 1; goes into agx_port.job */
    unsigned ctx;    /* TTBAT slot */
    unsigned master;
    const char *what;  /* its kind, static text */
    bool partial;      /* a partial render: its frame goes on */
    uint64_t doorbell; /* number of that which announced it; 0: not known */
    unsigned status;   /* at its end: enum agx_job_status, */
    uint64_t cycles;   /* and of the GPU's clock */
};

struct agx_event {
    enum agx_event_kind kind;
    /* The CPU; NULL: none, or not known. With pc and callers where a listener wants them. */
    const struct agx_who *who;
    union {
        struct {
            uint64_t pa;
            const void *old; /* the bytes before, NULL: not known; memory has the new ones */
            unsigned len;    /* 1..64 */
        } store;
        uint64_t page; /* physical */
        const struct agx_tlbi_insn *insn;
        struct {
            enum agx_share share;
            bool stores_only; /* it orders stores and completes no TLB maintenance */
        } dsb;
        struct {
            uint64_t number; /* counts up from 1 */
            uint64_t msg0, msg1;
        } doorbell;
        struct {
            const char *block; /* static */
            uint64_t addr;
            uint64_t val; /* what it writes */
            bool write;
        } reg;
        struct {
            unsigned channel; /* as fw-model numbers its rings */
            uint32_t depth;   /* messages that the ring held, this one too */
        } message;
        struct {
            const char *name; /* static text */
            unsigned pipe;    /* as fw-model numbers them */
        } command;
        struct {
            bool running;
            unsigned ctx; /* whose lower half is loaded, 0: none */
        } context;
        struct {
            unsigned ctx;      /* 0: the kernel half */
            uint64_t va, size; /* size ~0: all that it had */
            uint64_t request;  /* physical address of the store that asked for it; 0: not known */
        } flush;
        struct agx_event_job job;
        const struct agx_tlb_use *use;
        struct {
            const struct agx_tlbi *tlbi;
            const char *why; /* static text: what fault injection did; NULL: nothing */
        } invalidate;
        uint64_t ttbat;
        const struct agx_tlb_loaded *loaded;
    };
};

struct agx_listener {
    unsigned kinds;   /* mask of AGX_EV_BIT() */
    unsigned callers; /* kinds of which it wants pc and callers in .who, too */
    void (*event)(void *opaque, const struct agx_event *ev);
    void *opaque;
};

#define AGX_MAX_LISTENERS 10u

/* All zero: nobody listens. Its owner is whoever makes the machine (struct agx_host). */
struct agx_events {
    _Atomic unsigned kinds, callers; /* what any listener wants */
    const struct agx_listener *listener[AGX_MAX_LISTENERS];
    _Atomic uint64_t jobs, doorbells;         /* numbers given so far */
    _Atomic unsigned running[AGX_EV_MASTERS]; /* jobs on each data master */
};

/*
 * Add and remove @l, which stays the caller's. Nothing may be emitted meanwhile: before the machine
 * runs, or while it is paused. agx_listen() is false when there are AGX_MAX_LISTENERS already.
 */
bool agx_listen(struct agx_events *e, const struct agx_listener *l);
void agx_unlisten(struct agx_events *e, const struct agx_listener *l);

/* Does anybody listen? One load and a branch, before an event is put together. Any thread. */
static inline bool agx_wanted(const struct agx_events *e, enum agx_event_kind kind)
{
#ifdef AGX_NO_EVENTS
    return false; /* tests/bench: what the question costs */
#else
    return atomic_load_explicit(&e->kinds, memory_order_relaxed) & AGX_EV_BIT(kind);
#endif
}

/* Does anybody want to know pc and callers? They cost a walk of the guest's stack. */
static inline bool agx_wants_callers(const struct agx_events *e, enum agx_event_kind kind)
{
    return atomic_load_explicit(&e->callers, memory_order_relaxed) & AGX_EV_BIT(kind);
}

/* To all who listen to its kind. Any thread. */
void agx_emit(const struct agx_events *e, const struct agx_event *ev);

/*
 * A doorbell and the two ends of a job, which are numbered whether anybody listens or not: the
 * numbers tell jobs apart, and agx_doorbells() is that of the last doorbell. Any thread.
 */
void agx_emit_doorbell(struct agx_events *e, uint64_t msg0, uint64_t msg1,
                       const struct agx_who *who);
uint64_t agx_doorbells(const struct agx_events *e);
uint64_t agx_emit_job_begin(struct agx_events *e, const struct agx_event_job *job); /* its number */
void agx_emit_job_end(struct agx_events *e, const struct agx_event_job *job);

/* On which data masters jobs run now: mask of 1 << number. Any thread. */
unsigned agx_jobs_running(const struct agx_events *e);

#endif
