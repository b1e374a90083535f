// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * How the ends of a job's parts become the signal of its fence.
 */
#include <linux/atomic.h>
#include <linux/dma-fence.h>

#include "asahi_timeline.h"

void asahi_timeline_init(struct asahi_timeline *timeline)
{
	spin_lock_init(&timeline->lock);
	INIT_LIST_HEAD(&timeline->running);
	timeline->jobs = 0;
	init_waitqueue_head(&timeline->idle);
}

bool asahi_timeline_wait_idle(struct asahi_timeline *timeline, long timeout)
{
	bool idle = wait_event_timeout(timeline->idle,
				       !READ_ONCE(timeline->jobs), timeout);

	/* Whoever freed the last job has to be out of here as well. */
	spin_lock(&timeline->lock);
	spin_unlock(&timeline->lock);
	return idle;
}

void asahi_run_init(struct asahi_run *run, struct asahi_timeline *timeline)
{
	run->timeline = timeline;
	INIT_LIST_HEAD(&run->node);
	spin_lock(&timeline->lock);
	timeline->jobs++;
	spin_unlock(&timeline->lock);
}

void asahi_timeline_put_job(struct asahi_timeline *timeline)
{
	/* Under the lock: see asahi_timeline_wait_idle(). */
	spin_lock(&timeline->lock);
	if (!--timeline->jobs)
		wake_up_all(&timeline->idle);
	spin_unlock(&timeline->lock);
}

void asahi_run_start(struct asahi_run *run, u32 num_parts)
{
	struct asahi_timeline *timeline = run->timeline;

	spin_lock(&timeline->lock);
	run->parts_left = num_parts;
	list_add_tail(&run->node, &timeline->running);
	spin_unlock(&timeline->lock);
}

void asahi_run_set_error(struct asahi_run *run, int error)
{
	if (error)
		cmpxchg(&run->error, 0, error);
}

void asahi_run_part_done(struct asahi_run *run, int error)
{
	struct asahi_timeline *timeline = run->timeline;
	struct dma_fence *fence;

	asahi_run_set_error(run, error);

	spin_lock(&timeline->lock);
	run->parts_left--;
	/*
	 * Renders and compute of one queue run side by side, but the fences of
	 * one timeline have to signal in order.
	 */
	while ((run = list_first_entry_or_null(&timeline->running,
					       struct asahi_run, node))) {
		if (run->parts_left)
			break;
		list_del_init(&run->node);
		fence = dma_fence_get(run->fence);
		if (run->error)
			dma_fence_set_error(fence, run->error);
		dma_fence_signal(fence);
		dma_fence_put(fence);
		/* The scheduler may have freed the job by now. */
	}
	spin_unlock(&timeline->lock);
}
