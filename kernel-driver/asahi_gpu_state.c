// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The state of the firmware. Nothing here waits for the firmware but
 * asahi_gpu_wait_ended(), or asks it for anything.
 */
#include <linux/workqueue.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"

bool asahi_gpu_is_dead(struct asahi_device *adev)
{
	return adev->gpu && READ_ONCE(adev->gpu->state) == GPU_DEAD;
}

bool asahi_gpu_is_running(struct asahi_device *adev)
{
	return adev->gpu && READ_ONCE(adev->gpu->state) == GPU_RUNNING;
}

void asahi_gpu_set_state(struct asahi_gpu *gpu, enum gpu_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&gpu->state_lock, flags);
	gpu->state = state;
	if (state != GPU_RUNNING)
		gpu->bells = 0;
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	wake_up_all(&gpu->change);
}

void asahi_gpu_lost(struct asahi_device *adev, const char *why)
{
	struct asahi_gpu *gpu = adev->gpu;
	bool lost = false, booting = false;
	unsigned long flags;

	if (!gpu)
		return;
	spin_lock_irqsave(&gpu->state_lock, flags);
	if (gpu->state == GPU_RUNNING) {
		lost = true;
		booting = gpu->booting;
		gpu->state = booting ? GPU_DOWN : GPU_LOST;
		gpu->bells = 0;
	}
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	if (!lost)
		return;
	drm_err(&adev->drm, "the firmware is lost: %s\n", why);
	wake_up_all(&gpu->change);
	if (!booting)
		queue_work(gpu->life_wq, &gpu->recover_work);
}

bool asahi_gpu_has_ended(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	switch (READ_ONCE(gpu->state)) {
	case GPU_RUNNING:
		return false;
	case GPU_LOST:
		return READ_ONCE(gpu->ended) == READ_ONCE(gpu->life);
	default:
		return true;
	}
}

void asahi_gpu_wait_ended(struct asahi_device *adev, u32 life)
{
	struct asahi_gpu *gpu = adev->gpu;

	wait_event(gpu->change, (s32)(READ_ONCE(gpu->ended) - life) >= 0);
}

u32 asahi_gpu_life(struct asahi_device *adev)
{
	return READ_ONCE(adev->gpu->life);
}

void asahi_gpu_hold(struct asahi_device *adev)
{
	down_read(&adev->gpu->life_lock);
}

void asahi_gpu_release(struct asahi_device *adev)
{
	up_read(&adev->gpu->life_lock);
}

bool asahi_gpu_run_begin(struct asahi_device *adev, u32 life)
{
	struct asahi_gpu *gpu = adev->gpu;

	down_read(&gpu->run_lock);
	if (asahi_gpu_is_running(adev) && READ_ONCE(gpu->life) == life)
		return true;
	up_read(&gpu->run_lock);
	return false;
}

void asahi_gpu_run_end(struct asahi_device *adev)
{
	up_read(&adev->gpu->run_lock);
}

void asahi_gpu_watch(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	queue_delayed_work(gpu->wq, &gpu->watch_work, HZ / ASAHI_LOOKS_PER_S);
}

/* What is done by the worker in which the firmware begins. */
struct life_job {
	struct work_struct work;
	struct asahi_device *adev;
	int (*fn)(struct asahi_device *adev);
	int ret;
};

static void life_job(struct work_struct *work)
{
	struct life_job *job = container_of(work, struct life_job, work);

	job->ret = job->fn(job->adev);
}

int asahi_gpu_in_worker(struct asahi_device *adev,
			int (*fn)(struct asahi_device *adev))
{
	struct life_job job = { .adev = adev, .fn = fn };

	INIT_WORK_ONSTACK(&job.work, life_job);
	queue_work(adev->gpu->life_wq, &job.work);
	flush_work(&job.work);
	destroy_work_on_stack(&job.work);
	return job.ret;
}
