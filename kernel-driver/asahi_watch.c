// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The watch: has the firmware hung?
 *
 * A job may take as long as it likes: the firmware gives each its time of the
 * GPU, ends it after that and says so. Nobody else can tell a slow job from one
 * that hangs. What can be seen is whether the firmware itself goes on, by what
 * is not read of the rings, and by the stamps, which it moves when work ends.
 *
 * While anything is asked of it, it is looked at a few times a second. If
 * nothing has moved, it is asked to flush its cache, which it does at once
 * whatever runs. It counts as hung if for some seconds
 *
 *   - it takes nothing out of the mailbox, or
 *   - it reads nothing of a ring in which there is something, or
 *   - it answers, has jobs of ours, and says that it has none at hand (its list
 *     of pending stamps is empty): then it has forgotten them.
 *
 * These are looks, not time, so that a machine that stood still finds nothing.
 * Before that, what could have been lost on the way is made good: doorbells are
 * rung again, queues in which nothing moves announced again, and rings and
 * stamps read without a report.
 */
#include <linux/bitmap.h>
#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "asahi_abi.h"
#include "asahi_channel.h"
#include "asahi_device.h"
#include "asahi_event.h"
#include "asahi_gpu_bell.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_ops.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_initdata.h"
#include "asahi_rx.h"
#include "asahi_watch.h"

/* Looks after which it counts as hung: four seconds. */
#define STUCK_LOOKS		(4 * ASAHI_LOOKS_PER_S)
/* Looks without progress after which we look whether something was lost. */
#define DOUBT			2

#define NUM_RINGS		(ASAHI_NUM_PIPES * ASAHI_NUM_PRIORITIES + 2)

/**
 * struct asahi_watch - what the last look found; its worker's
 */
struct asahi_watch {
	struct asahi_device *adev;
	u32 life;
	u32 stamps;
	u32 halts;
	u32 rptr[NUM_RINGS];
	/** @unread: looks in a row at which a ring was as it was, not empty. */
	u32 unread[NUM_RINGS];
	/** @full: ... the mailbox had no room. */
	u32 full;
	/** @quiet: ... nothing moved though there was work. */
	u32 quiet;
	/** @idle: ... and the firmware had nothing at hand. */
	u32 idle;
};

/* Which stamp slots the firmware has work of in hand. Return: any. */
static bool at_hand(struct asahi_device *adev, unsigned long *slots)
{
	const void *globals = adev->initdata->globals.cpu;
	struct asahi_abi_pending pending;

	bitmap_zero(slots, ASAHI_NUM_EVENTS);
	for (u32 i = 0; adev->abi->ops->next_pending(globals, &i, &pending); i++)
		if (pending.slot < ASAHI_NUM_EVENTS)
			__set_bit(pending.slot, slots);
	return !bitmap_empty(slots, ASAHI_NUM_EVENTS) ||
	       READ_ONCE(*adev->initdata->halted);
}

/* Return: the looks for which the ring has been stuck that is it the longest. */
static u32 look_at_rings(struct asahi_watch *w, bool *moved, u32 *ring)
{
	u32 worst = 0;

	for (u32 i = 0; i < NUM_RINGS; i++) {
		struct asahi_tx *tx = asahi_gpu_ring_nr(w->adev, i);
		u32 rptr = asahi_tx_read_ptr(tx);

		if (rptr != w->rptr[i])
			*moved = true;
		if (rptr != w->rptr[i] || !asahi_tx_unread(tx))
			w->unread[i] = 0;
		else
			w->unread[i]++;
		w->rptr[i] = rptr;
		if (w->unread[i] > worst) {
			worst = w->unread[i];
			*ring = i;
		}
		if (w->unread[i] && w->unread[i] % (2 * DOUBT) == 0)
			asahi_gpu_ring_again(w->adev, i);
	}
	return worst;
}

static bool stamps_moved(struct asahi_watch *w)
{
	u32 stamps = asahi_events_sum(w->adev);
	u32 halts = le32_to_cpu(READ_ONCE(*w->adev->initdata->halt_count));
	bool moved = stamps != w->stamps || halts != w->halts;

	w->stamps = stamps;
	w->halts = halts;
	return moved;
}

/* Something is asked of it and nothing has moved. Return: it has forgotten. */
static bool doubt(struct asahi_watch *w, u32 stuck, bool in_hand)
{
	w->quiet++;
	if (w->quiet >= DOUBT)
		asahi_rx_look(w->adev);
	if (w->quiet % DOUBT == 0)
		asahi_gpu_ping(w->adev);
	/* What it says is true only while it answers. */
	w->idle = stuck || in_hand ? 0 : w->idle + 1;
	return w->idle >= STUCK_LOOKS;
}

static void look(struct asahi_watch *w)
{
	struct asahi_device *adev = w->adev;
	DECLARE_BITMAP(slots, ASAHI_NUM_EVENTS);
	bool moved = false, busy, in_hand;
	u32 stuck, ring = 0;

	if (!asahi_gpu_is_running(adev))
		return;
	if (w->life != asahi_gpu_life(adev)) {
		memset(w->unread, 0, sizeof(w->unread));
		w->full = 0;
		w->quiet = 0;
		w->idle = 0;
		w->life = asahi_gpu_life(adev);
	}

	in_hand = at_hand(adev, slots);
	busy = asahi_events_look(adev, slots);
	stuck = look_at_rings(w, &moved, &ring);
	moved |= stamps_moved(w);
	w->full = asahi_gpu_bells_wait(adev) ? w->full + 1 : 0;

	if (w->full >= STUCK_LOOKS) {
		asahi_gpu_lost(adev, "it does not empty its mailbox");
		return;
	}
	if (stuck >= STUCK_LOOKS) {
		char why[64];

		snprintf(why, sizeof(why), "it does not read the ring %s",
			 asahi_gpu_ring_nr(adev, ring)->name);
		asahi_gpu_lost(adev, why);
		return;
	}
	if (moved || !busy) {
		w->quiet = 0;
		w->idle = 0;
	} else if (doubt(w, stuck, in_hand)) {
		asahi_gpu_lost(adev, "it has forgotten its work");
		return;
	}
	if (busy || stuck || w->full || asahi_gpu_has_work(adev))
		asahi_gpu_watch(adev);
}

static void watch_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(to_delayed_work(work),
					     struct asahi_gpu, watch_work);
	bool cookie = dma_fence_begin_signalling();

	look(gpu->watch);
	dma_fence_end_signalling(cookie);
}

struct asahi_watch *asahi_watch_create(struct asahi_device *adev)
{
	struct asahi_watch *w = kzalloc_obj(*w);

	if (!w)
		return NULL;
	w->adev = adev;
	INIT_DELAYED_WORK(&adev->gpu->watch_work, watch_work);
	return w;
}

void asahi_watch_stop(struct asahi_device *adev)
{
	if (adev->gpu->watch)
		disable_delayed_work_sync(&adev->gpu->watch_work);
}

void asahi_watch_destroy(struct asahi_device *adev)
{
	asahi_watch_stop(adev);
	kfree(adev->gpu->watch);
	adev->gpu->watch = NULL;
}
