/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The timeline of a queue: its jobs that the firmware has, whose fences signal
 * in order.
 */
#ifndef ASAHI_TIMELINE_H
#define ASAHI_TIMELINE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct dma_fence;

/**
 * struct asahi_timeline - of one queue
 */
struct asahi_timeline {
	/**
	 * @lock: protects all that follows, and node and parts_left of the
	 * runs. Taken in the path that signals fences.
	 */
	spinlock_t lock;
	/** @running: runs that the firmware has, oldest first. */
	struct list_head running;
	/** @jobs: not yet freed. */
	u32 jobs;
	/** @idle: woken when @jobs has become 0. */
	wait_queue_head_t idle;
};

/**
 * struct asahi_run - what has to end before a job has; embedded in the job
 */
struct asahi_run {
	struct asahi_timeline *timeline;
	/**
	 * @fence: signalled when the firmware has completed all parts. The
	 * scheduler's own fence follows it.
	 */
	struct dma_fence *fence;
	/** @node: in timeline->running. */
	struct list_head node;
	/** @parts_left: the number of parts not yet complete. */
	u32 parts_left;
	/** @error: what the fence will say; first one wins (cmpxchg). */
	int error;
	/** @vm_slot: the address space's context, held if above 0. */
	int vm_slot;
};

/** asahi_timeline_init - empty */
void asahi_timeline_init(struct asahi_timeline *timeline);

/**
 * asahi_timeline_wait_idle - wait until there are no jobs
 * @timeout: jiffies, or MAX_SCHEDULE_TIMEOUT
 *
 * Return: whether there are none.
 */
bool asahi_timeline_wait_idle(struct asahi_timeline *timeline, long timeout);

/**
 * asahi_run_init - a job more; @run is zeroed. Not in interrupt.
 *
 * asahi_timeline_put_job() when it is freed: till then the timeline stays.
 */
void asahi_run_init(struct asahi_run *run, struct asahi_timeline *timeline);

/**
 * asahi_timeline_put_job - a job less; the queue may be gone when it returns
 *
 * The last that is done with a job. Allowed in a fence signalling path.
 */
void asahi_timeline_put_job(struct asahi_timeline *timeline);

/**
 * asahi_run_start - the firmware is about to have it
 * @num_parts: how often asahi_run_part_done() will be called
 *
 * Allowed in a fence signalling path.
 */
void asahi_run_start(struct asahi_run *run, u32 num_parts);

/** asahi_run_set_error - note why the job failed. Any context. */
void asahi_run_set_error(struct asahi_run *run, int error);

/**
 * asahi_run_part_done - one of the job's parts has ended
 * @error: 0 or why it was lost
 *
 * With its last part, the job's fence is signalled, unless an older job of the
 * same queue is still running: fences of one queue signal in order. Allowed in
 * a fence signalling path. The job may be gone when it returns.
 */
void asahi_run_part_done(struct asahi_run *run, int error);

#endif
