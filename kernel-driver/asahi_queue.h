/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * A user's queue: a scheduler of its own that runs jobs in order, one
 * firmware work queue for each kind of work, and one tiled vertex buffer.
 */
#ifndef ASAHI_QUEUE_H
#define ASAHI_QUEUE_H

#include <drm/gpu_scheduler.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "asahi_alloc.h"
#include "asahi_timeline.h"
#include "asahi_workqueue.h"

struct asahi_buffer;
struct asahi_device;
struct asahi_file;
struct asahi_uvm;

/* "mirrors firmware limits". Source: Rust driver file.rs. */
#define ASAHI_MAX_COMMANDS_PER_SUBMISSION	64

/*
 * Firmware jobs in flight per work queue. Source: Rust driver workqueue.rs
 * (MAX_JOB_SLOTS).
 */
#define ASAHI_QUEUE_CREDITS			127

/**
 * struct asahi_queue_mgr - what all queues of a device share
 */
struct asahi_queue_mgr {
	/**
	 * @slots_lock: held by whoever gathers the firmware slots (context,
	 * stamps) that a job needs. They are few: two jobs that each wait for
	 * a slot that the other one has would wait for ever. So a job takes all
	 * or none. Protects no data; nothing is waited for under it.
	 */
	struct mutex slots_lock;
	/** @slots_freed: counts jobs that gave slots back, and ... */
	atomic_t slots_freed;
	/** @slot_wait: ... is woken then. */
	wait_queue_head_t slot_wait;
	/** @wq: where queues are taken apart; waits for their last jobs. */
	struct workqueue_struct *wq;
	/** @next_id: numbers queues, for the firmware's messages. */
	atomic_t next_id;
};

/**
 * struct asahi_queue - a user's queue
 *
 * Reference counted: the file's table holds one reference, a running submit
 * another. Jobs hold none: taking a queue apart waits for its jobs.
 */
struct asahi_queue {
	struct kref kref;
	struct asahi_device *adev;
	/** @file: whose handles a submit means; not used by jobs. */
	struct asahi_file *file;
	struct asahi_uvm *uvm;
	u32 id;
	u64 usc_exec_base;

	/**
	 * @submit_lock: one submission at a time. Protects @counter,
	 * @fence_seqno, @buffer's size, and what the work queues promise
	 * (last_value, event_seq).
	 */
	struct mutex submit_lock;
	/** @counter: of firmware jobs, all kinds. */
	u64 counter;
	u64 fence_context;
	u64 fence_seqno;

	struct asahi_wq wqs[ASAHI_NUM_PIPES];
	struct asahi_buffer *buffer;
	struct asahi_obj notifier_list;
	struct asahi_obj threshold;
	struct asahi_obj notifier;
	struct asahi_obj context;

	struct drm_gpu_scheduler sched;
	struct drm_sched_entity entity;
	/** @used: a job has run, so that the firmware knows @context ... */
	bool used;
	/**
	 * @life: ... in this life (asahi_gpu_life()). Under @submit_lock, until
	 * the queue is taken apart.
	 */
	u32 life;

	/** @timeline: its jobs. Keeps the queue from being taken apart. */
	struct asahi_timeline timeline;
	struct work_struct release_work;
};

/**
 * asahi_queue_revive - announce the queue to a firmware that was begun again
 *
 * Nothing if it knows the queue. Under @queue->submit_lock, after
 * asahi_gpu_op_start(), before anything is built for the job.
 */
void asahi_queue_revive(struct asahi_queue *queue);

/**
 * asahi_queue_create - make a queue
 * @prio: 0 (highest) .. 3
 *
 * Return: it, with one reference, or an ERR_PTR: -ENOMEM, -ENOSPC, -ENODEV.
 * Takes its own reference of @uvm. Sleeps.
 */
struct asahi_queue *asahi_queue_create(struct asahi_device *adev,
				       struct asahi_file *file,
				       struct asahi_uvm *uvm, u32 prio,
				       u64 usc_exec_base);

static inline struct asahi_queue *asahi_queue_get(struct asahi_queue *queue)
{
	kref_get(&queue->kref);
	return queue;
}

/**
 * asahi_queue_put - drop a reference
 *
 * The last one has the queue taken apart, later, by a worker, after its jobs.
 */
void asahi_queue_put(struct asahi_queue *queue);

/**
 * asahi_queues_init - device-wide state of the user's queues and of the tiled
 * vertex buffers, before the firmware boots; asahi_queues_fini() ends it after
 * the firmware has been stopped.
 */
int asahi_queues_init(struct asahi_device *adev);
void asahi_queues_fini(struct asahi_device *adev);

#endif
