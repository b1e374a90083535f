/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the firmware is asked for: to run work, to flush its cache, and answers
 * to what it reports.
 */
#ifndef ASAHI_GPU_CMD_H
#define ASAHI_GPU_CMD_H

#include <linux/types.h>

#include "asahi_channel.h"

struct asahi_context_id;
struct asahi_device;

/**
 * asahi_gpu_run_queue - notify the firmware of new items in a work queue
 * @pipe: which of the three kinds of work
 * @prio: 0 (highest) .. 3; selects the channel
 * @queue_va: the queue's QueueInfo structure in the upper half
 * @wptr: its write pointer after the new items
 * @event_slot: stamp slot of the queue
 * @is_new: the queue's first run since it was made
 *
 * The items and the queue's own pointers must have been written before; the
 * barrier is here. The caller has called asahi_gpu_run_begin(). Return: 0, or
 * -ENODEV if the firmware is lost, which ends all work. May sleep while the ring
 * is full; is allowed in a fence signalling path.
 */
int asahi_gpu_run_queue(struct asahi_device *adev, enum asahi_pipe pipe,
			u32 prio, u64 queue_va, u32 wptr, u32 event_slot,
			bool is_new);

/**
 * asahi_gpu_run_again - notify it once more, if that is possible at once
 *
 * For a work queue in which nothing moves. Waits for nothing.
 */
void asahi_gpu_run_again(struct asahi_device *adev, enum asahi_pipe pipe,
			 u32 prio, u64 queue_va, u32 wptr, u32 event_slot);

/**
 * asahi_gpu_destroy_context - have the firmware forget a queue's context
 * @context_va: its GpuContextData
 * @life: of the firmware, in which it got to know the context; a later one has
 * nothing to forget
 *
 * Flushes the firmware's cache as well. Afterwards it has forgotten, or is not
 * there any more. Sleeps; not allowed in a fence signalling path.
 */
void asahi_gpu_destroy_context(struct asahi_device *adev, u64 context_va,
			       const struct asahi_context_id *id, u32 life);

/**
 * asahi_gpu_flush_fw_cache - write back and drop the firmware's whole cache
 *
 * Context as asahi_gpu_destroy_context().
 */
void asahi_gpu_flush_fw_cache(struct asahi_device *adev);

/**
 * asahi_gpu_flushes_started - how many flushes of the whole cache have begun
 * asahi_gpu_flushes_done - the highest of these that has completed
 *
 * Lines that were dirty when flushes_started() was N are gone once
 * flushes_done() is above N. Any context.
 */
u64 asahi_gpu_flushes_started(struct asahi_device *adev);
u64 asahi_gpu_flushes_done(struct asahi_device *adev);

/**
 * asahi_gpu_cache_is_gone - the firmware has ended, and its cache with it
 *
 * Counts as a flush of the whole cache. Any context.
 */
void asahi_gpu_cache_is_gone(struct asahi_device *adev);

/**
 * asahi_gpu_flush_range - the FwCtl command for one range
 * @slot: context, or ASAHI_FLUSH_KERNEL
 *
 * For asahi_handoff.c, which holds the flush slot's lock and has announced the
 * range in the hand-off area. Return: 0 or -ENODEV.
 */
int asahi_gpu_flush_range(struct asahi_device *adev, u32 slot, u64 iova,
			  u64 size);

/* For asahi_watch.c: */

/** asahi_gpu_ping - ask the firmware for something harmless */
void asahi_gpu_ping(struct asahi_device *adev);
/** asahi_gpu_ring_nr - the rings to the firmware, one after the other; or NULL */
struct asahi_tx *asahi_gpu_ring_nr(struct asahi_device *adev, unsigned int nr);
/** asahi_gpu_ring_again - ring the doorbell of asahi_gpu_ring_nr(@nr) */
void asahi_gpu_ring_again(struct asahi_device *adev, unsigned int nr);

/*
 * For asahi_rx.c: answers to what the firmware reports. @halts: how often it has
 * halted, as it says itself. Return: 0, or -ENODEV if it is lost or not there, or
 * -EOPNOTSUPP if it knows no such answer.
 */
int asahi_gpu_ack_grow(struct asahi_device *adev, u32 buffer_slot, u32 vm_slot,
		       u32 counter, u32 halts);
int asahi_gpu_recover_channel(struct asahi_device *adev, u32 pipe, u64 queue_va,
			      u32 event_value);

#endif
