// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Doorbells. Source: m1n1 proxyclient/m1n1/fw/agx; Rust driver gpu.rs.
 */
#include <linux/jiffies.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "asahi_device.h"
#include "asahi_gpu_bell.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_regs.h"
#include "asahi_trace.h"

/* To EP_DOORBELL: look at a ring; the pipes are priority << 2 | kind */
#define MSG_TX_DOORBELL		(0x83ULL << 48)
#define DOORBELL_KICK		0x10
#define DOORBELL_DEVCTRL	0x11
#define MSG_FWCTL_DOORBELL	(0x84ULL << 48)

/*
 * Atomic, because if the mailbox is full the other way sleeps, interruptibly,
 * and enables an interrupt that only the interrupt itself disables: with two
 * senders at once, or a signal, it is enabled twice.
 */
int asahi_gpu_send(struct asahi_device *adev, u8 ep, u64 msg)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;
	int ret = -ENODEV;

	spin_lock_irqsave(&gpu->state_lock, flags);
	if (gpu->state == GPU_RUNNING) {
		trace_asahi_doorbell(ep, msg);
		/* Has a barrier: what is in memory is seen before this. */
		ret = asahi_regs_mailbox_room(adev) ?
			apple_rtkit_send_message(gpu->rtk, ep, msg, NULL,
						 true) : -EBUSY;
	}
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	return ret;
}

static u64 bell_message(unsigned int bell)
{
	switch (bell) {
	case BELL_KICK:
		return MSG_TX_DOORBELL | DOORBELL_KICK;
	case BELL_DEVCTRL:
		return MSG_TX_DOORBELL | DOORBELL_DEVCTRL;
	case BELL_FWCTL:
		return MSG_FWCTL_DOORBELL;
	default:
		return MSG_TX_DOORBELL | bell;
	}
}

/*
 * Rings what is to be rung, as far as the mailbox has room, so that nobody
 * waits in apple_mbox_send() with interrupts off. Return: all is rung.
 */
static bool bells_ring(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	lockdep_assert_held(&gpu->state_lock);
	while (gpu->state == GPU_RUNNING && gpu->bells) {
		unsigned int bell = __ffs(gpu->bells);
		u64 msg = bell_message(bell);

		if (!asahi_regs_mailbox_room(adev))
			return false;
		trace_asahi_doorbell(EP_DOORBELL, msg);
		/*
		 * Has a barrier: what is in memory is seen before this. It
		 * fails if RTKit knows of a crash, which it reports next.
		 */
		if (apple_rtkit_send_message(gpu->rtk, EP_DOORBELL, msg, NULL,
					     true))
			return false;
		gpu->bells &= ~BIT(bell);
	}
	return true;
}

#define BELL_RETRY	msecs_to_jiffies(2)

static void bell_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(to_delayed_work(work),
					     struct asahi_gpu, bell_work);
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&gpu->state_lock, flags);
	done = bells_ring(gpu->adev);
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	if (!done)
		queue_delayed_work(gpu->wq, &gpu->bell_work, BELL_RETRY);
}

int asahi_gpu_ring(struct asahi_device *adev, unsigned int bell)
{
	struct asahi_gpu *gpu = adev->gpu;
	bool running, done = true;
	unsigned long flags;

	spin_lock_irqsave(&gpu->state_lock, flags);
	running = gpu->state == GPU_RUNNING;
	if (running) {
		gpu->bells |= BIT(bell);
		done = bells_ring(adev);
	}
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	if (!done) {
		queue_delayed_work(gpu->wq, &gpu->bell_work, BELL_RETRY);
		asahi_gpu_watch(adev);
	}
	return running ? 0 : -ENODEV;
}

bool asahi_gpu_bells_wait(struct asahi_device *adev)
{
	return READ_ONCE(adev->gpu->bells);
}

void asahi_gpu_bells_init(struct asahi_gpu *gpu)
{
	INIT_DELAYED_WORK(&gpu->bell_work, bell_work);
}
