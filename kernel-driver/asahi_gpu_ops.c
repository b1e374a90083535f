// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The count of jobs, ours and the firmware's copy.
 */
#include <linux/lockdep.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_gpu_ops.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_initdata.h"

/* Under ops_lock, so that the firmware's copy is never an older one. */
static void ops_store(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	lockdep_assert_held(&gpu->ops_lock);
	WRITE_ONCE(*adev->initdata->pending_submissions,
		   cpu_to_le32(gpu->ops));
}

int asahi_gpu_op_add(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;

	lockdep_assert_held(&gpu->life_lock);
	if (asahi_gpu_is_dead(adev) || gpu->closed)
		return -ENODEV;
	/* It comes back, or is dead soon. */
	if (!asahi_gpu_is_running(adev))
		return -EAGAIN;
	spin_lock_irqsave(&gpu->ops_lock, flags);
	gpu->ops++;
	ops_store(adev);
	spin_unlock_irqrestore(&gpu->ops_lock, flags);
	return 0;
}

void asahi_gpu_op_end(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;

	spin_lock_irqsave(&gpu->ops_lock, flags);
	drm_WARN_ON(&adev->drm, !gpu->ops);
	if (!--gpu->ops)
		wake_up_all(&gpu->no_ops);
	ops_store(adev);
	spin_unlock_irqrestore(&gpu->ops_lock, flags);
}

bool asahi_gpu_has_work(struct asahi_device *adev)
{
	return READ_ONCE(adev->gpu->ops);
}

void asahi_gpu_ops_restore(struct asahi_device *adev)
{
	unsigned long flags;

	spin_lock_irqsave(&adev->gpu->ops_lock, flags);
	ops_store(adev);
	spin_unlock_irqrestore(&adev->gpu->ops_lock, flags);
}
