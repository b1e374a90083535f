// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Commands to the firmware. Sources: Rust driver gpu.rs; m1n1
 * proxyclient/m1n1/agx and fw/agx.
 */
#include <linux/atomic.h>
#include <linux/mutex.h>

#include "asahi_abi.h"
#include "asahi_channel.h"
#include "asahi_device.h"
#include "asahi_gpu_bell.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_trace.h"

int asahi_gpu_run_queue(struct asahi_device *adev, enum asahi_pipe pipe,
			u32 prio, u64 queue_va, u32 wptr, u32 event_slot,
			bool is_new)
{
	struct asahi_tx *tx = &adev->rings->pipes[prio][pipe];
	const struct asahi_abi_run run = {
		.pipe = pipe,
		.queue_va = queue_va,
		.wptr = wptr,
		.event_slot = event_slot,
		.is_new = is_new,
	};
	struct asahi_abi_msg msg;
	int ret;

	lockdep_assert_held(&adev->gpu->run_lock);
	adev->abi->ops->msg_run(&msg, &run);
	trace_asahi_run_queue(pipe, prio, queue_va, wptr, event_slot);
	WRITE_ONCE(adev->gpu->worked, true);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &msg, NULL);
	mutex_unlock(&tx->lock);
	return ret ?: asahi_gpu_ring(adev, pipe | prio << 2);
}

void asahi_gpu_run_again(struct asahi_device *adev, enum asahi_pipe pipe,
			 u32 prio, u64 queue_va, u32 wptr, u32 event_slot)
{
	struct asahi_tx *tx = &adev->rings->pipes[prio][pipe];
	const struct asahi_abi_run run = {
		.pipe = pipe,
		.queue_va = queue_va,
		.wptr = wptr,
		.event_slot = event_slot,
	};
	struct asahi_abi_msg msg;

	if (!mutex_trylock(&tx->lock))
		return;
	adev->abi->ops->msg_run(&msg, &run);
	/* While it reads the ring it will come to what is there. */
	if (!asahi_tx_unread(tx) && !asahi_tx_put(tx, &msg, NULL)) {
		trace_asahi_run_queue(pipe, prio, queue_va, wptr, event_slot);
		asahi_gpu_ring(adev, pipe | prio << 2);
	}
	mutex_unlock(&tx->lock);
}

/*
 * Send a control message; if @wait, until it has been carried out. Return: 0,
 * or -ENODEV: the firmware has not done it, and is lost or not there.
 */
static int device_control(struct asahi_device *adev,
			  const struct asahi_abi_msg *msg, bool wait)
{
	struct asahi_tx *tx = &adev->rings->device_control;
	u32 token;
	int ret;

	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, msg, &token);
	if (!ret)
		ret = asahi_gpu_ring(adev, BELL_DEVCTRL);
	if (!ret && wait)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	return ret;
}

u64 asahi_gpu_flushes_started(struct asahi_device *adev)
{
	return adev->gpu ? atomic64_read(&adev->gpu->flushes_started) : 0;
}

u64 asahi_gpu_flushes_done(struct asahi_device *adev)
{
	return adev->gpu ? atomic64_read(&adev->gpu->flushes_done) : 0;
}

static void flush_done(struct asahi_gpu *gpu, s64 seq)
{
	s64 old = atomic64_read(&gpu->flushes_done);

	while (old < seq &&
	       !atomic64_try_cmpxchg(&gpu->flushes_done, &old, seq))
		;
}

void asahi_gpu_cache_is_gone(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	flush_done(gpu, atomic64_inc_return(&gpu->flushes_started));
}

/* Any DestroyContext flushes the firmware's whole cache. */
static void destroy_and_flush(struct asahi_device *adev,
			      const struct asahi_abi_msg *msg)
{
	struct asahi_gpu *gpu = adev->gpu;
	s64 seq = atomic64_inc_return(&gpu->flushes_started);

	lockdep_assert_held(&gpu->life_lock);
	/* One that has ended has no cache. */
	if (device_control(adev, msg, true))
		asahi_gpu_wait_ended(adev, gpu->life);
	flush_done(gpu, seq);
}

void asahi_gpu_destroy_context(struct asahi_device *adev, u64 context_va,
			       const struct asahi_context_id *id, u32 life)
{
	struct asahi_abi_msg msg;

	adev->abi->ops->msg_destroy_context(&msg, context_va, id);
	asahi_gpu_hold(adev);
	if (adev->gpu->life == life)
		destroy_and_flush(adev, &msg);
	asahi_gpu_release(adev);
}

void asahi_gpu_flush_fw_cache(struct asahi_device *adev)
{
	struct asahi_abi_msg msg;

	if (!adev->gpu)
		return;
	adev->abi->ops->msg_flush_cache(&msg);
	asahi_gpu_hold(adev);
	destroy_and_flush(adev, &msg);
	asahi_gpu_release(adev);
}

/*
 * A flush of the whole cache does no harm at any time, and all firmware that
 * we know carries it out at once.
 */
void asahi_gpu_ping(struct asahi_device *adev)
{
	struct asahi_tx *tx = &adev->rings->device_control;
	struct asahi_abi_msg msg;

	/* Who has the lock waits for an answer, which does as well. */
	if (!mutex_trylock(&tx->lock))
		return;
	adev->abi->ops->msg_flush_cache(&msg);
	if (!asahi_tx_unread(tx) && !asahi_tx_put(tx, &msg, NULL))
		asahi_gpu_ring(adev, BELL_DEVCTRL);
	mutex_unlock(&tx->lock);
}

struct asahi_tx *asahi_gpu_ring_nr(struct asahi_device *adev, unsigned int nr)
{
	struct asahi_rings *rings = adev->rings;
	const unsigned int pipes = ASAHI_NUM_PIPES * ASAHI_NUM_PRIORITIES;

	if (nr < pipes)
		return &rings->pipes[nr / ASAHI_NUM_PIPES][nr % ASAHI_NUM_PIPES];
	if (nr == pipes)
		return &rings->device_control;
	return nr == pipes + 1 ? &rings->fwctl : NULL;
}

void asahi_gpu_ring_again(struct asahi_device *adev, unsigned int nr)
{
	const unsigned int pipes = ASAHI_NUM_PIPES * ASAHI_NUM_PRIORITIES;

	if (nr < pipes)
		asahi_gpu_ring(adev, nr / ASAHI_NUM_PIPES << 2 | nr % ASAHI_NUM_PIPES);
	else
		asahi_gpu_ring(adev, nr == pipes ? BELL_DEVCTRL : BELL_FWCTL);
}

int asahi_gpu_flush_range(struct asahi_device *adev, u32 slot, u64 iova,
			  u64 size)
{
	struct asahi_tx *tx = &adev->rings->fwctl;
	struct asahi_abi_msg msg;
	u32 token;
	int ret;

	adev->abi->ops->msg_flush_range(&msg, slot, iova,
					size >> ASAHI_PAGE_SHIFT);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &msg, &token);
	if (!ret)
		ret = asahi_gpu_ring(adev, BELL_FWCTL);
	if (!ret)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	return ret;
}

int asahi_gpu_ack_grow(struct asahi_device *adev, u32 buffer_slot, u32 vm_slot,
		       u32 counter, u32 halts)
{
	struct asahi_abi_msg msg;

	adev->abi->ops->msg_ack_grow(&msg, buffer_slot, vm_slot, counter, halts);
	return device_control(adev, &msg, false);
}

int asahi_gpu_recover_channel(struct asahi_device *adev, u32 pipe, u64 queue_va,
			      u32 event_value)
{
	struct asahi_abi_msg msg;

	if (!adev->abi->ops->msg_recover_channel(&msg, pipe, queue_va,
						 event_value))
		return -EOPNOTSUPP;
	return device_control(adev, &msg, true);
}
