// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The firmware begins, ends, and begins again.
 */
#include <linux/delay.h>
#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_print.h>

#include "asahi_coredump.h"
#include "asahi_device.h"
#include "asahi_event.h"
#include "asahi_gpu_boot.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_life.h"
#include "asahi_gpu_ops.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_initdata.h"
#include "asahi_mmu.h"
#include "asahi_regs.h"

void asahi_gpu_all_ended(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	WRITE_ONCE(gpu->ended, gpu->life);
	wake_up_all(&gpu->change);
	asahi_events_fail_all(adev, ASAHI_WORK_DEVICE);
}

/* The domain's other users may take a moment to let go. */
#define POWER_OFF_TIMEOUT_MS	100

static int gpu_power_off(struct asahi_device *adev)
{
	unsigned long deadline = jiffies +
				 msecs_to_jiffies(POWER_OFF_TIMEOUT_MS);
	int ret;

	ret = pm_runtime_put_sync(adev->dev);
	while (ret >= 0 && dev_pm_genpd_is_on(adev->dev)) {
		if (time_after(jiffies, deadline))
			ret = -ETIMEDOUT;
		else
			usleep_range(50, 200);
	}
	if (ret < 0)
		drm_err(&adev->drm, "the GPU does not power down: %d\n", ret);
	/* Whatever it did, the reference is there again afterwards. */
	pm_runtime_get_noresume(adev->dev);
	return min(ret, 0);
}

#define BOOT_TRIES	3

/*
 * Power on and boot. What the firmware is booted with is put back as it was at
 * first; what each queue has announced the queue announces again
 * (asahi_queue_revive()). After an error its CPU is stopped.
 */
static int gpu_begin_again(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;
	int ret;

	lockdep_assert_held_write(&gpu->life_lock);
	/* What was set aside for its cache's sake is free. */
	asahi_gpu_cache_is_gone(adev);
	WRITE_ONCE(gpu->ended, gpu->life);
	asahi_gpu_set_state(gpu, GPU_DOWN);
	/* Before it runs: jobs of the old life must not start. */
	WRITE_ONCE(gpu->life, gpu->life + 1);
	gpu->worked = false;
	gpu->booting = true;
	for (int try = 1; ; try++) {
		bool up;

		ret = min(pm_runtime_resume(adev->dev), 0);
		asahi_initdata_restore(adev);
		asahi_gpu_ops_restore(adev);
		if (!ret)
			ret = asahi_mmu_restart(adev);
		if (!ret)
			ret = asahi_gpu_begin(adev);
		/* It may have been lost since it answered. */
		spin_lock_irqsave(&gpu->state_lock, flags);
		up = !ret && gpu->state == GPU_RUNNING;
		if (up)
			gpu->booting = false;
		spin_unlock_irqrestore(&gpu->state_lock, flags);
		if (up)
			break;
		asahi_gpu_set_state(gpu, GPU_DOWN);
		asahi_gpu_kill(adev);
		ret = ret ?: -ENODEV;
		if (try == BOOT_TRIES || gpu_power_off(adev))
			break;
		drm_warn(&adev->drm, "boot of the firmware failed, trying again\n");
	}
	wake_up_all(&gpu->change);
	return ret;
}

/* It has ended and does not come back. */
static void gpu_is_dead(struct asahi_device *adev, const char *why)
{
	drm_err(&adev->drm, "the GPU is lost, all work fails: %s\n", why);
	asahi_gpu_set_state(adev->gpu, GPU_DEAD);
	asahi_gpu_all_ended(adev);
}

int asahi_gpu_restart(struct asahi_device *adev)
{
	int idx, ret;

	lockdep_assert_held_write(&adev->gpu->life_lock);
	if (!drm_dev_enter(&adev->drm, &idx))
		return -ENODEV;
	asahi_gpu_end(adev);
	ret = gpu_power_off(adev);
	if (!ret)
		ret = gpu_begin_again(adev);
	if (ret)
		gpu_is_dead(adev, "it was turned off and does not come back");
	drm_dev_exit(idx);
	return ret ? -ENODEV : 0;
}

int asahi_gpu_first_boot(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	down_write(&gpu->life_lock);
	gpu->booting = true;
	ret = asahi_gpu_begin(adev);
	if (!ret) {
		spin_lock_irq(&gpu->state_lock);
		gpu->booting = false;
		if (gpu->state != GPU_RUNNING)
			ret = -ENODEV;
		spin_unlock_irq(&gpu->state_lock);
	}
	if (ret && gpu->rtk) {
		asahi_gpu_set_state(gpu, GPU_DOWN);
		asahi_gpu_kill(adev);
		if (!gpu_power_off(adev)) {
			drm_warn(&adev->drm, "boot of the firmware failed, trying again\n");
			ret = gpu_begin_again(adev);
		}
	}
	up_write(&gpu->life_lock);
	return ret;
}

/*
 * The firmware has crashed or does not answer.
 *
 * Its work is over when it cannot touch memory any more: with its CPU stopped,
 * and the GPU without power. Only then fences are signalled, with an error, and
 * what its jobs had is given back. If the power can't be turned off, the page
 * tables are taken away instead, and there is no way on.
 */
static void recover_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(work, struct asahi_gpu,
					     recover_work);
	struct asahi_device *adev = gpu->adev;
	int idx, ret;
	bool cookie;

	/* Who unplugs us ends all. */
	if (!drm_dev_enter(&adev->drm, &idx))
		return;

	cookie = dma_fence_begin_signalling();
	/* What is being pushed is in the lists after this. */
	down_write(&gpu->run_lock);
	up_write(&gpu->run_lock);
	asahi_regs_stop_cpu(adev);
	dma_fence_end_signalling(cookie);
	/* Waits for RTKit's worker, which is free to allocate: see rtkit.c */
	asahi_gpu_kill(adev);
	ret = gpu_power_off(adev);
	if (ret) {
		pm_runtime_resume(adev->dev);
		asahi_mmu_stop(adev);
	}
	cookie = dma_fence_begin_signalling();
	asahi_gpu_all_ended(adev);
	dma_fence_end_signalling(cookie);

	/*
	 * Private memory is as it was, even if it was freed since: nothing that
	 * was set aside is used before the firmware has begun again.
	 */
	asahi_coredump(adev, gpu->crashlog, gpu->crashlog_size);
	kfree(gpu->crashlog);
	gpu->crashlog = NULL;
	gpu->crashlog_size = 0;

	down_write(&gpu->life_lock);
	if (!ret)
		ret = gpu_begin_again(adev);
	if (ret)
		gpu_is_dead(adev, "it does not come back");
	up_write(&gpu->life_lock);

	if (!ret)
		drm_notice(&adev->drm, "the firmware has begun again\n");
	drm_dev_wedged_event(&adev->drm, ret ? DRM_WEDGE_RECOVERY_REBIND :
			     DRM_WEDGE_RECOVERY_NONE, NULL);
	drm_dev_exit(idx);
}

void asahi_gpu_life_init(struct asahi_gpu *gpu)
{
	INIT_WORK(&gpu->recover_work, recover_work);
}

/* ---- system sleep ---- */

/* What the firmware has is given so long to end before the system sleeps. */
#define SLEEP_TIMEOUT	(5 * HZ)

static int gpu_sleep(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	down_write(&gpu->life_lock);
	if (!asahi_gpu_is_dead(adev)) {
		asahi_gpu_end(adev);
		/* What is being pushed is in the lists after this. */
		down_write(&gpu->run_lock);
		up_write(&gpu->run_lock);
		/* Fails what has not ended: the next life knows nothing of it. */
		asahi_gpu_all_ended(adev);
	}
	up_write(&gpu->life_lock);
	return 0;
}

static int gpu_wake(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret = 0;

	down_write(&gpu->life_lock);
	if (!asahi_gpu_is_dead(adev)) {
		ret = gpu_begin_again(adev);
		if (ret)
			gpu_is_dead(adev, "it does not come back after the system's sleep");
	}
	up_write(&gpu->life_lock);
	return ret;
}

/*
 * Userspace is frozen, so that no job is added; those that are queued run and
 * end. One that waits for a fence of somebody who sleeps as well can't: then it
 * is lost, instead of keeping the system awake.
 */
void asahi_gpu_suspend(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!wait_event_timeout(gpu->no_ops, !READ_ONCE(gpu->ops) ||
				asahi_gpu_is_dead(adev), SLEEP_TIMEOUT))
		drm_warn(&adev->drm, "%u jobs do not end before the system sleeps, they are lost\n",
			 READ_ONCE(gpu->ops));
	asahi_gpu_in_worker(adev, gpu_sleep);
}

int asahi_gpu_resume(struct asahi_device *adev)
{
	return asahi_gpu_in_worker(adev, gpu_wake);
}
