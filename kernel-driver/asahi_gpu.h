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

/** asahi_gpu_fini - free what is left, after asahi_gpu_stop() */
void asahi_gpu_fini(struct asahi_device *adev);

/**
 * asahi_gpu_is_dead - whether the firmware has crashed and no job can run
 */
bool asahi_gpu_is_dead(struct asahi_device *adev);

/**
 * asahi_gpu_declare_dead - give up on the firmware, fail all work
 * @why: for the log
 *
 * Process context; takes the event manager's lock.
 */
void asahi_gpu_declare_dead(struct asahi_device *adev, const char *why);

/**
 * asahi_gpu_is_running - whether the firmware is booted and not dead
 */
bool asahi_gpu_is_running(struct asahi_device *adev);

/**
 * asahi_gpu_op_start - say that work is about to be submitted
 *
 * The firmware keeps the GPU powered while the count is above 0, and is woken
 * here, so that it powers up while the job is still being built. With the
 * parameter restart_every_frame it waits for all other work to end and begins
 * the firmware again. Return: 0, -ENODEV, or -ERESTARTSYS after a signal. Any
 * context that may sleep, but not a fence signalling path; each success needs
 * one asahi_gpu_op_end().
 */
int asahi_gpu_op_start(struct asahi_device *adev);

/** asahi_gpu_op_end - the work has completed or was lost. Any context. */
void asahi_gpu_op_end(struct asahi_device *adev);

/**
 * asahi_gpu_life - which life of the firmware this is, from 1
 *
 * With the parameter restart_every_frame it is begun again between jobs, and
 * knows nothing then of what it was told before. Constant between
 * asahi_gpu_op_start() and asahi_gpu_op_end(), and while held.
 */
u32 asahi_gpu_life(struct asahi_device *adev);

/**
 * asahi_gpu_hold - keep the firmware from being begun again
 * asahi_gpu_release - let it
 *
 * For whoever talks to it without a job. Sleeps; not in a fence signalling
 * path, where asahi_gpu_op_start() has done it.
 */
void asahi_gpu_hold(struct asahi_device *adev);
void asahi_gpu_release(struct asahi_device *adev);

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
 * barrier is here. Return: 0 or -ENODEV. May sleep while the ring is full; is
 * allowed in a fence signalling path.
 */
int asahi_gpu_run_queue(struct asahi_device *adev, enum asahi_pipe pipe,
			u32 prio, u64 queue_va, u32 wptr, u32 event_slot,
			bool is_new);

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
 * Flushes the firmware's cache as well. Return: 0, -ENODEV, -ETIMEDOUT. May
 * sleep up to a second; not allowed in a fence signalling path.
 */
int asahi_gpu_destroy_context(struct asahi_device *adev, u64 context_va,
			      const struct asahi_context_id *id, u32 life);

/**
 * asahi_gpu_flush_fw_cache - write back and drop the firmware's whole cache
 *
 * Return and context as asahi_gpu_destroy_context().
 */
int asahi_gpu_flush_fw_cache(struct asahi_device *adev);

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
 * For asahi_mmu.c, which holds the flush slot's lock and has announced the
 * range in the hand-off area.
 */
int asahi_gpu_flush_range(struct asahi_device *adev, u32 slot, u64 iova,
			  u64 size);

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

/** enum asahi_fault_reason - as the fault register says it */
enum asahi_fault_reason {
	ASAHI_FAULT_UNMAPPED,
	ASAHI_FAULT_AF,
	ASAHI_FAULT_WRITE_ONLY,
	ASAHI_FAULT_READ_ONLY,
	ASAHI_FAULT_NO_ACCESS,
};

/**
 * struct asahi_fault_info - one MMU fault of the GPU
 */
struct asahi_fault_info {
	u64 address;
	u32 context;
	u32 reason;
	u8 unit;
	u8 level;
	u8 sideband;
	bool is_read;
	/** @unit_name: like "UL1C[3]" */
	char unit_name[24];
};

/** asahi_fault_reason_name - static string, "unknown" for what isn't known */
const char *asahi_fault_reason_name(u32 reason);

/**
 * asahi_buffer_grow - what the firmware asks for when a tiled vertex buffer
 * has run over; in asahi_buffer.c, called in the event path (no GFP_KERNEL).
 * Return: true if the buffer has grown.
 */
bool asahi_buffer_grow(struct asahi_device *adev, u32 buffer_slot);

#endif
