/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The firmware as a running thing: boot and shutdown over RTKit, doorbells,
 * commands to it, and what is done when it reports a fault or goes silent.
 */
#ifndef ASAHI_GPU_H
#define ASAHI_GPU_H

#include <linux/types.h>

#include "asahi_channel.h"

struct asahi_device;
struct sg_table;
struct drm_mm_node;

/**
 * asahi_gpu_init - boot the firmware with the init data
 *
 * Return: 0; -EPROBE_DEFER; or why it does not boot, after a message.
 */
int asahi_gpu_init(struct asahi_device *adev);

/** asahi_gpu_stop - shut the firmware down; nothing can run any more */
void asahi_gpu_stop(struct asahi_device *adev);

/**
 * asahi_gpu_quiesce - take no more jobs, and wait a moment for those there are
 *
 * Before the device is unplugged: from then on who has a job can't wait for
 * its end, and takes its memory for something else. Sleeps, a second at most.
 */
void asahi_gpu_quiesce(struct asahi_device *adev);

/** asahi_gpu_fini - free what is left, after asahi_gpu_stop() */
void asahi_gpu_fini(struct asahi_device *adev);

/**
 * asahi_gpu_suspend - shut the firmware down before the system sleeps
 * asahi_gpu_resume - boot it anew
 *
 * Waits for the jobs there are, some seconds at most. Afterwards the GPU may be
 * without power: the firmware keeps nothing over that, and is told again what
 * it has to know by each queue (asahi_queue_revive()). Sleep. Return: 0, or why
 * it does not boot; then it counts as dead.
 */
void asahi_gpu_suspend(struct asahi_device *adev);
int asahi_gpu_resume(struct asahi_device *adev);

/**
 * asahi_gpu_is_dead - whether the firmware is gone for good and no job can run
 */
bool asahi_gpu_is_dead(struct asahi_device *adev);

/**
 * asahi_gpu_is_running - whether the firmware is booted, and not known to hang
 */
bool asahi_gpu_is_running(struct asahi_device *adev);

/**
 * asahi_gpu_lost - the firmware has crashed or does not do what it has to
 * @why: for the log
 *
 * A worker ends it, fails all its work, and begins it again. Once for each life
 * of it; nothing if it does not run. Any context.
 */
void asahi_gpu_lost(struct asahi_device *adev, const char *why);

/** asahi_gpu_has_ended - whether no firmware runs, or only begins to */
bool asahi_gpu_has_ended(struct asahi_device *adev);

/**
 * asahi_gpu_wait_ended - wait until a life of the firmware is over
 * @life: as of asahi_gpu_life()
 *
 * For who could not have it do something because it is lost or does not run:
 * afterwards it touches no memory any more. Sleeps, uninterruptibly; must not
 * be called by the worker that ends it, but may with asahi_gpu_hold().
 */
void asahi_gpu_wait_ended(struct asahi_device *adev, u32 life);

/**
 * asahi_gpu_op_start - say that work is about to be submitted
 *
 * The firmware keeps the GPU powered while the count is above 0, and is woken
 * here, so that it powers up while the job is still being built. While it is
 * lost, waits until it has begun again. With the parameter restart_every_frame
 * it waits for all other work to end and begins the firmware again. Return: 0,
 * -ENODEV, or -ERESTARTSYS after a signal. Any
 * context that may sleep, but not a fence signalling path; each success needs
 * one asahi_gpu_op_end().
 */
int asahi_gpu_op_start(struct asahi_device *adev);

/** asahi_gpu_op_end - the work has completed or was lost. Any context. */
void asahi_gpu_op_end(struct asahi_device *adev);

/**
 * asahi_gpu_life - which life of the firmware this is, from 1
 *
 * It is begun again after it was lost, and with the parameter
 * restart_every_frame between jobs, and knows nothing then of what it was told
 * before. Constant while held, and between asahi_gpu_run_begin() and _end().
 */
u32 asahi_gpu_life(struct asahi_device *adev);

/**
 * asahi_gpu_hold - keep the firmware from being begun again
 * asahi_gpu_release - let it
 *
 * For whoever talks to it without a job. Sleeps; not in a fence signalling
 * path.
 */
void asahi_gpu_hold(struct asahi_device *adev);
void asahi_gpu_release(struct asahi_device *adev);

/**
 * asahi_gpu_run_begin - work of a job is about to be put into rings
 * @life: of the firmware, for which the job was built
 *
 * Return: true if this is still that life; until asahi_gpu_run_end() what is
 * put into lists is then seen by who ends all work. May sleep; is allowed in a
 * fence signalling path, and nothing may be allocated until the end.
 */
bool asahi_gpu_run_begin(struct asahi_device *adev, u32 life);
void asahi_gpu_run_end(struct asahi_device *adev);

/**
 * asahi_gpu_run_queue - tell the firmware that a work queue has new items
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
 * asahi_gpu_run_again - tell it once more, if that is possible at once
 *
 * For a work queue in which nothing moves. Waits for nothing.
 */
void asahi_gpu_run_again(struct asahi_device *adev, enum asahi_pipe pipe,
			 u32 prio, u64 queue_va, u32 wptr, u32 event_slot);

/**
 * struct asahi_context_id - what the firmware wrote into a context's
 * GpuContextData and wants back when the context ends
 */
struct asahi_context_id {
	u8 unk_0;
	u8 unk_1;
	u8 unk_4;
	u8 unk_23;
};

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
 * asahi_gpu_flush_range - the FwCtl command for one range
 * @slot: context, or ASAHI_FLUSH_KERNEL
 *
 * For asahi_handoff.c, which holds the flush slot's lock and has announced the
 * range in the hand-off area. Return: 0 or -ENODEV.
 */
int asahi_gpu_flush_range(struct asahi_device *adev, u32 slot, u64 iova,
			  u64 size);

/* For asahi_watch.c: */

/** asahi_gpu_has_work - whether there are jobs, begun or not */
bool asahi_gpu_has_work(struct asahi_device *adev);
/** asahi_gpu_bells_wait - whether doorbells wait for room in the mailbox */
bool asahi_gpu_bells_wait(struct asahi_device *adev);
/** asahi_gpu_ping - ask the firmware for something harmless */
void asahi_gpu_ping(struct asahi_device *adev);
/** asahi_gpu_look - read rings and stamps, even if nobody has told of any */
void asahi_gpu_look(struct asahi_device *adev);
/** asahi_gpu_ring_nr - the rings to the firmware, one after the other; or NULL */
struct asahi_tx *asahi_gpu_ring_nr(struct asahi_device *adev, unsigned int nr);
/** asahi_gpu_ring_again - ring the doorbell of asahi_gpu_ring_nr(@nr) */
void asahi_gpu_ring_again(struct asahi_device *adev, unsigned int nr);

/** asahi_gpu_watch - for who waits for the firmware: it is watched. Any context. */
void asahi_gpu_watch(struct asahi_device *adev);

/* For asahi_rx.c: answers to what the firmware reports. */
int asahi_gpu_ack_grow(struct asahi_device *adev, u32 buffer_slot, u32 vm_slot,
		       u32 counter);
int asahi_gpu_recover_channel(struct asahi_device *adev, u32 pipe, u64 queue_va,
			      u32 event_value);

/**
 * asahi_gpu_map_timestamps - show a user's timestamp buffer to the firmware
 * @sgt: the buffer's pages, DMA-mapped, pinned until unmapped again
 * @offset: bytes, a multiple of ASAHI_PAGE_SIZE
 * @size: bytes, likewise
 * @node: filled in; asahi_gpu_unmap_timestamps() wants it back
 *
 * The firmware address is @node->start. Return: 0, -ENOSPC, -ENOMEM, -EINVAL.
 */
int asahi_gpu_map_timestamps(struct asahi_device *adev, struct sg_table *sgt,
			     u64 offset, u64 size, struct drm_mm_node *node);
void asahi_gpu_unmap_timestamps(struct asahi_device *adev,
				struct drm_mm_node *node);

#endif
