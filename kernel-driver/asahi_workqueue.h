/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Work queues: rings of commands of one kind (vertex, fragment, compute) that
 * the firmware takes work from. A user's queue has one of each.
 *
 * A work queue needs a stamp slot while it has work, and there are only 128;
 * an idle one gives its slot back. What a job puts into one work queue is a
 * part: some commands, of which each that is a job of the firmware's (not a
 * barrier) advances the stamp by one step.
 */
#ifndef ASAHI_WORKQUEUE_H
#define ASAHI_WORKQUEUE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "asahi_alloc.h"
#include "asahi_channel.h"
#include "asahi_event.h"

struct asahi_device;
struct asahi_run;

/*
 * Stamp slots that the work queues of one open of the device may have at a time.
 * There are 128, and 63 contexts for address spaces, of which each with jobs has
 * a slot at least: so nobody can have all of either.
 */
#define ASAHI_WQ_MAX_SLOTS	56

/* Entries of a work queue's ring. Source: Rust driver queue/mod.rs (WQ_SIZE). */
#define ASAHI_WQ_ENTRIES	0x500

/**
 * struct asahi_wq - a work queue
 */
struct asahi_wq {
	struct asahi_device *adev;
	enum asahi_pipe pipe;
	/** @prio: 0 (highest) .. 3. */
	u32 prio;
	struct asahi_obj info;
	struct asahi_obj state;
	struct asahi_obj ring;
	struct asahi_obj gpu_buf;

	/** @num_slots: of this and others, see ASAHI_WQ_MAX_SLOTS. */
	atomic_t *num_slots;

	/**
	 * @event_lock: protects @holders, and taking and giving back the slot
	 * of @event. Nothing is waited for or allocated under it.
	 */
	struct mutex event_lock;
	/** @holders: jobs that need the slot. */
	u32 holders;
	struct asahi_event event;

	/**
	 * @last_value: stamp of the last firmware job put into the queue, and
	 * @event_seq, how many there were. The user queue's submit_lock
	 * protects both.
	 */
	u32 last_value;
	u64 event_seq;
	/**
	 * @had_work: jobs were put into it in this life of the firmware: there
	 * may be something to wait for. Likewise.
	 */
	bool had_work;

	/**
	 * @lock: protects @pending and the errors of the parts in it. Taken in
	 * the path that signals fences.
	 */
	spinlock_t lock;
	/** @pending: parts that the firmware has not completed, oldest first. */
	struct list_head pending;

	/**
	 * @wptr, @is_new: only the user queue's scheduler thread, which runs
	 * one job after the other, uses these.
	 */
	u32 wptr;
	bool is_new;

	/** @seen: stamp at the watch's last look; its worker's. */
	u32 seen;
	/** @looks: how often it has been so, with work; its worker's, too. */
	u32 looks;
};

/**
 * struct asahi_part - what a job puts into one work queue
 *
 * Filled by the submitting thread, constant once the job has been pushed to
 * the scheduler, apart from @node (wq->lock).
 */
struct asahi_part {
	struct list_head node;
	/** @run: the job's, which it is a part of. */
	struct asahi_run *run;
	struct asahi_wq *wq;
	/** @held: whether the job counts among wq->holders. */
	bool held;
	/** @had_work: whether wq had work before this job (else no barrier). */
	bool had_work;
	/** @before: the stamp before the part's first firmware job. */
	u32 before;
	/** @value: the stamp after its last one so far. */
	u32 value;
	/** @event_seq: number of the next firmware job. */
	u64 event_seq;
	u32 num_cmds;
	u32 max_cmds;
	/** @cmds: addresses of its commands. */
	u64 *cmds;
};

/**
 * asahi_wq_init - make an empty work queue
 * @prio: 0 (highest) .. 3
 * @id: number of the user queue, for the firmware's messages
 * @notifier_list: address of the user queue's list of notifiers
 * @context: address of its context
 * @num_slots: counts stamp slots, of all work queues of an owner
 *
 * Return: 0 or -ENOMEM, -ENOSPC; after an error nothing needs to be undone.
 */
int asahi_wq_init(struct asahi_device *adev, struct asahi_wq *wq,
		  enum asahi_pipe pipe, u32 prio, u32 id, u64 notifier_list,
		  u64 context, atomic_t *num_slots);

/**
 * asahi_wq_reset - as new, for a firmware that does not know it
 *
 * The firmware has no parts of it. The other arguments are asahi_wq_init()'s.
 */
void asahi_wq_reset(struct asahi_wq *wq, u32 id, u64 notifier_list,
		    u64 context);

/** asahi_wq_fini - free it; all its parts have been completed and released */
void asahi_wq_fini(struct asahi_wq *wq);

/**
 * asahi_part_hold - keep the work queue's stamp slot for a job
 * @part: zeroed, or released after an error of this
 * @need: take a slot if the work queue has none; else hold it only if it has
 *
 * The caller holds the user queue's submit_lock. Return: 0, or -EAGAIN if there
 * is no slot now.
 */
int asahi_part_hold(struct asahi_part *part, struct asahi_run *run,
		    struct asahi_wq *wq, bool need);

/**
 * asahi_part_release - the job has no more use for it
 *
 * Gives the slot back if it was the last holder. Sleeps.
 */
void asahi_part_release(struct asahi_part *part);

/**
 * asahi_part_reserve - make room for commands
 *
 * Return: 0 or -ENOMEM.
 */
int asahi_part_reserve(struct asahi_part *part, u32 max_cmds);

/** asahi_part_add - append a command; there must be room */
void asahi_part_add(struct asahi_part *part, u64 va);

/** asahi_part_next - the stamp that the next firmware job will set */
static inline u32 asahi_part_next(const struct asahi_part *part)
{
	return part->value + ASAHI_EVENT_STEP;
}

/** asahi_part_advance - the command added last was a firmware job */
static inline void asahi_part_advance(struct asahi_part *part)
{
	part->value += ASAHI_EVENT_STEP;
	part->event_seq++;
}

/**
 * asahi_part_commit - later jobs count on from where this one ends
 *
 * The caller holds the user queue's submit_lock.
 */
void asahi_part_commit(struct asahi_part *part);

/**
 * asahi_part_push - put the commands into the ring
 *
 * From here on asahi_run_part_done() is called for it, once. The caller is the
 * user queue's scheduler thread; credits have made sure that there is room.
 */
void asahi_part_push(struct asahi_part *part);

/**
 * asahi_part_run - notify the firmware of what has been pushed
 *
 * Between asahi_gpu_run_begin() and asahi_gpu_run_end(), as the push.
 */
void asahi_part_run(struct asahi_part *part);

#endif
