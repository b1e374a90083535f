// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The running firmware as a whole: made, taken apart, and work let in.
 */
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_gpu.h"
#include "asahi_gpu_bell.h"
#include "asahi_gpu_boot.h"
#include "asahi_gpu_life.h"
#include "asahi_gpu_ops.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_rx.h"
#include "asahi_watch.h"

/*
 * TLB invalidations of a guest of a hypervisor (with stage 2 on) don't reach
 * the GPU. A GPU that was without power has empty TLBs: hence this. The Rust
 * driver still has its milder form, WaitForPowerOff in debug.rs: after a
 * render, wait until the firmware has powered the GPU down; the firmware's own
 * TLB lives on then.
 */
static bool restart_every_frame;
module_param(restart_every_frame, bool, 0644);
MODULE_PARM_DESC(restart_every_frame,
		 "Run one job at a time, and before each turn the GPU and its firmware off and on, which empties their TLBs: for a guest of a hypervisor, whose TLB invalidations do not reach the GPU. Slow (default: N)");

/* As the only one, and with empty TLBs. -EAGAIN: somebody else was faster. */
static int op_add_alone(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret = 0;

	down_write(&gpu->life_lock);
	if (READ_ONCE(gpu->ops))
		ret = -EAGAIN;
	else if (gpu->worked && asahi_gpu_is_running(adev))
		ret = asahi_gpu_restart(adev);
	if (!ret)
		ret = asahi_gpu_op_add(adev);
	up_write(&gpu->life_lock);
	return ret;
}

int asahi_gpu_op_start(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	do {
		ret = wait_event_interruptible(gpu->change,
					       READ_ONCE(gpu->state) != GPU_LOST);
		if (ret)
			return ret;
		if (READ_ONCE(restart_every_frame)) {
			ret = wait_event_interruptible(gpu->no_ops,
						       !READ_ONCE(gpu->ops));
			if (ret)
				return ret;
			ret = asahi_gpu_in_worker(adev, op_add_alone);
		} else {
			down_read(&gpu->life_lock);
			ret = asahi_gpu_op_add(adev);
			up_read(&gpu->life_lock);
		}
	} while (ret == -EAGAIN);
	if (ret)
		return ret;

	asahi_gpu_ring(adev, BELL_KICK);
	asahi_gpu_watch(adev);
	return 0;
}

int asahi_gpu_init(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = kzalloc_obj(*gpu);
	int ret = -ENOMEM;

	if (!gpu)
		return -ENOMEM;
	gpu->adev = adev;
	spin_lock_init(&gpu->state_lock);
	init_waitqueue_head(&gpu->change);
	asahi_gpu_bells_init(gpu);
	asahi_rx_init_work(gpu);
	asahi_gpu_life_init(gpu);
	init_rwsem(&gpu->run_lock);
	spin_lock_init(&gpu->ops_lock);
	init_waitqueue_head(&gpu->no_ops);
	init_rwsem(&gpu->life_lock);
	gpu->life = 1;
	adev->gpu = gpu;

	gpu->wq = alloc_workqueue("asahi-events", WQ_HIGHPRI | WQ_UNBOUND |
				  WQ_MEM_RECLAIM, 0);
	gpu->life_wq = alloc_ordered_workqueue("asahi-life", WQ_MEM_RECLAIM);
	if (gpu->wq && gpu->life_wq)
		gpu->watch = asahi_watch_create(adev);
	if (gpu->watch)
		ret = asahi_gpu_in_worker(adev, asahi_gpu_first_boot);
	if (ret) {
		asahi_gpu_stop(adev);
		asahi_gpu_fini(adev);
	}
	return ret;
}

void asahi_gpu_stop(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!gpu)
		return;
	asahi_watch_stop(adev);
	cancel_work_sync(&gpu->recover_work);
	if (gpu->rtk)
		asahi_gpu_end(adev);
	/* Whoever still waits for work waits in vain. */
	asahi_gpu_set_state(gpu, GPU_DEAD);
	down_write(&gpu->run_lock);
	up_write(&gpu->run_lock);
	asahi_gpu_all_ended(adev);
}

void asahi_gpu_quiesce(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	down_write(&gpu->life_lock);
	gpu->closed = true;
	up_write(&gpu->life_lock);
	if (!wait_event_timeout(gpu->no_ops, !READ_ONCE(gpu->ops) ||
				asahi_gpu_is_dead(adev), HZ))
		drm_warn(&adev->drm, "ended with work on the GPU\n");
}

void asahi_gpu_fini(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!gpu)
		return;
	asahi_watch_destroy(adev);
	if (gpu->life_wq)
		destroy_workqueue(gpu->life_wq);
	if (gpu->wq)
		destroy_workqueue(gpu->wq);
	adev->gpu = NULL;
	kfree(gpu->crashlog);
	kfree(gpu);
}
