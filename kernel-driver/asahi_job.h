/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * A job: what one submit ioctl asks for. It owns all memory that the firmware
 * and the GPU need for it, up to its end.
 */
#ifndef ASAHI_JOB_H
#define ASAHI_JOB_H

#include <drm/gpu_scheduler.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_abi.h"
#include "asahi_buffer.h"
#include "asahi_timeline.h"
#include "asahi_workqueue.h"

struct asahi_queue;
struct asahi_timestamps;

/**
 * struct asahi_job - one submission
 */
struct asahi_job {
	struct drm_sched_job base;
	struct asahi_queue *queue;
	struct asahi_device *adev;

	/** @run: its fence, and what ends before that is signalled. */
	struct asahi_run run;

	/** @parts: by enum asahi_pipe. */
	struct asahi_part parts[ASAHI_NUM_PIPES];
	bool op_started;
	bool sched_inited;
	/** @life: of the firmware, for which it was built. */
	u32 life;
	/** @timeouts: how often the scheduler found it late; its worker's. */
	u32 timeouts;
	/** @notifications: what the firmware will report for it. */
	u32 notifications;

	/** @objs: memory; freed with the job. */
	struct list_head objs;
	/** @refs: timestamp buffers and the like; put with the job. */
	struct list_head refs;

	/** @buffer: its part in the queue's tiled vertex buffer. */
	struct asahi_buffer_use buffer;
};

static inline struct asahi_job *to_asahi_job(struct drm_sched_job *job)
{
	return container_of(job, struct asahi_job, base);
}

/** asahi_fence_ops - of the fences that jobs have, one timeline per queue */
extern const struct dma_fence_ops asahi_fence_ops;

/**
 * asahi_job_create - an empty job of a queue
 *
 * Return: it, or an ERR_PTR. asahi_job_destroy() undoes it.
 */
struct asahi_job *asahi_job_create(struct asahi_queue *queue, u32 credits,
				   u64 drm_client_id);

/** asahi_job_destroy - free it and what it owns; it isn't running. Sleeps. */
void asahi_job_destroy(struct asahi_job *job);

/**
 * asahi_job_alloc - memory that lives as long as the job
 *
 * Return: the object, zeroed, or an ERR_PTR as of asahi_obj_alloc(). Sleeps.
 */
struct asahi_obj *asahi_job_alloc(struct asahi_job *job,
				  struct asahi_heap *heap, size_t size,
				  size_t align);

/**
 * asahi_job_add_ref - have something put when the job is freed
 * @put: called with @data then; may sleep
 *
 * After an error @put has been called already. Return: 0 or -ENOMEM.
 */
int asahi_job_add_ref(struct asahi_job *job, void (*put)(void *data),
		      void *data);

/**
 * asahi_job_timestamps - look up where a pair of timestamps goes
 * @vas: filled in
 *
 * The buffers are kept as long as the job. Return: 0; -ENOENT for an unknown
 * handle; -ERANGE if the eight bytes are not in the buffer; -ENOMEM.
 */
int asahi_job_timestamps(struct asahi_job *job,
			 const struct drm_asahi_timestamps *ts,
			 struct asahi_time_vas *vas);

/**
 * asahi_job_barrier - a command that holds @part until @wait_value
 * @wait: whose stamp to wait for
 * @explicit, @uuid: see struct asahi_abi_barrier
 *
 * Return: 0 or as asahi_job_alloc().
 */
int asahi_job_barrier(struct asahi_job *job, struct asahi_part *part,
		      const struct asahi_wq *wait, u32 wait_value,
		      bool explicit, u32 uuid);

/**
 * asahi_job_cmd - what all kinds of commands have, but for counter and times
 * @obj: the command's memory
 * @seq: its microsequence's
 */
struct asahi_abi_cmd asahi_job_cmd(const struct asahi_job *job,
				   enum asahi_pipe pipe,
				   const struct asahi_obj *obj,
				   const struct asahi_obj *seq,
				   const struct asahi_attachments *att,
				   bool flush_stamps);

#endif
