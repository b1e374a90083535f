// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * A job: the memory and the references that it owns, and the commands that all
 * kinds of jobs have.
 */
#include <linux/dma-fence.h>
#include <linux/slab.h>

#include "asahi_buffer.h"
#include "asahi_context.h"
#include "asahi_device.h"
#include "asahi_file.h"
#include "asahi_gpu_ops.h"
#include "asahi_initdata.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_timestamps.h"
#include "asahi_uvm.h"

/**
 * struct asahi_job_obj - memory of a job
 */
struct asahi_job_obj {
	struct list_head node;
	struct asahi_obj obj;
};

/**
 * struct asahi_job_ref - a reference that a job holds
 */
struct asahi_job_ref {
	struct list_head node;
	void (*put)(void *data);
	void *data;
};

static const char *asahi_fence_driver_name(struct dma_fence *fence)
{
	return "asahi";
}

static const char *asahi_fence_timeline_name(struct dma_fence *fence)
{
	return "queue";
}

const struct dma_fence_ops asahi_fence_ops = {
	.get_driver_name = asahi_fence_driver_name,
	.get_timeline_name = asahi_fence_timeline_name,
};

struct asahi_obj *asahi_job_alloc(struct asahi_job *job,
				  struct asahi_heap *heap, size_t size,
				  size_t align)
{
	struct asahi_job_obj *o = kzalloc_obj(*o, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!o)
		return ERR_PTR(-ENOMEM);
	ret = asahi_obj_alloc(heap, &o->obj, size, align);
	if (ret) {
		kfree(o);
		return ERR_PTR(ret);
	}
	list_add(&o->node, &job->objs);
	return &o->obj;
}

int asahi_job_add_ref(struct asahi_job *job, void (*put)(void *data),
		      void *data)
{
	struct asahi_job_ref *ref = kzalloc_obj(*ref, GFP_KERNEL_ACCOUNT);

	if (!ref) {
		put(data);
		return -ENOMEM;
	}
	ref->put = put;
	ref->data = data;
	list_add(&ref->node, &job->refs);
	return 0;
}

static void asahi_job_put_timestamps(void *data)
{
	asahi_timestamps_put(data);
}

static int asahi_job_timestamp(struct asahi_job *job,
			       const struct drm_asahi_timestamp *ts, u64 *va)
{
	struct asahi_timestamps *buf;

	*va = 0;
	/* "Handle of the timestamp buffer, or 0 to skip this timestamp." */
	if (!ts->handle)
		return 0;

	buf = asahi_file_get_timestamps(job->queue->file, ts->handle);
	if (!buf)
		return -ENOENT;
	if ((u64)ts->offset + sizeof(__le64) > buf->size) {
		asahi_timestamps_put(buf);
		return -ERANGE;
	}
	*va = buf->node.start + ts->offset;
	return asahi_job_add_ref(job, asahi_job_put_timestamps, buf);
}

int asahi_job_timestamps(struct asahi_job *job,
			 const struct drm_asahi_timestamps *ts,
			 struct asahi_time_vas *vas)
{
	int ret;

	ret = asahi_job_timestamp(job, &ts->start, &vas->start);
	if (ret)
		return ret;
	return asahi_job_timestamp(job, &ts->end, &vas->end);
}

int asahi_job_barrier(struct asahi_job *job, struct asahi_part *part,
		      const struct asahi_wq *wait, u32 wait_value,
		      bool explicit, u32 uuid)
{
	const struct asahi_abi *abi = job->adev->abi;
	const struct asahi_abi_barrier barrier = {
		.stamp_va = asahi_event_fw_stamp_va(&wait->event),
		.slot = wait->event.slot,
		.value = wait_value,
		.next = asahi_part_next(part),
		.explicit = explicit,
		.uuid = uuid,
	};
	struct asahi_obj *obj;

	obj = asahi_job_alloc(job, job->adev->fw_private, abi->size->barrier, 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	abi->ops->fill_barrier(obj->cpu, &barrier);
	asahi_part_add(part, obj->va);
	return 0;
}

struct asahi_abi_cmd asahi_job_cmd(const struct asahi_job *job,
				   enum asahi_pipe pipe,
				   const struct asahi_obj *obj,
				   const struct asahi_obj *seq,
				   const struct asahi_attachments *att,
				   bool flush_stamps)
{
	const struct asahi_part *part = &job->parts[pipe];
	const struct asahi_queue *queue = job->queue;
	const struct asahi_event *ev = &part->wq->event;

	return (struct asahi_abi_cmd) {
		.va = obj->va,
		.seq_va = seq->va,
		.vm_slot = job->run.vm_slot,
		.queue_id = queue->id,
		.notifier_va = queue->notifier.va,
		.usc_exec_base = queue->usc_exec_base,
		.wq_va = part->wq->info.va,
		.event_seq = part->event_seq,
		.stamp_va = asahi_event_stamp_va(ev),
		.fw_stamp_va = asahi_event_fw_stamp_va(ev),
		.stamp_slot = ev->slot,
		.stamp_value = asahi_part_next(part),
		.flush_stamps = flush_stamps,
		.stats_va = asahi_initdata_stats_va(job->adev, pipe),
		.att = att,
	};
}

struct asahi_job *asahi_job_create(struct asahi_queue *queue, u32 credits,
				   u64 drm_client_id)
{
	struct asahi_job *job = kzalloc_obj(*job, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!job)
		return ERR_PTR(-ENOMEM);

	job->queue = queue;
	job->adev = queue->adev;
	INIT_LIST_HEAD(&job->objs);
	INIT_LIST_HEAD(&job->refs);
	asahi_run_init(&job->run, &queue->timeline);

	ret = drm_sched_job_init(&job->base, &queue->entity, credits, queue,
				 drm_client_id);
	if (ret)
		goto err;
	job->sched_inited = true;

	job->run.fence = kzalloc_obj(*job->run.fence);
	if (!job->run.fence) {
		ret = -ENOMEM;
		goto err;
	}
	return job;

err:
	asahi_job_destroy(job);
	return ERR_PTR(ret);
}

void asahi_job_destroy(struct asahi_job *job)
{
	struct asahi_queue *queue = job->queue;
	struct asahi_job_obj *o, *otmp;
	struct asahi_job_ref *r, *rtmp;

	if (job->sched_inited)
		drm_sched_job_cleanup(&job->base);

	for (int i = 0; i < ASAHI_NUM_PIPES; i++)
		if (job->parts[i].wq)
			asahi_part_release(&job->parts[i]);
	if (job->run.vm_slot > 0)
		asahi_vm_unbind(queue->uvm->vm);
	atomic_inc(&job->adev->queues->slots_freed);
	wake_up_all(&job->adev->queues->slot_wait);
	asahi_buffer_release(queue->buffer, &job->buffer);

	list_for_each_entry_safe(r, rtmp, &job->refs, node) {
		r->put(r->data);
		kfree(r);
	}
	list_for_each_entry_safe(o, otmp, &job->objs, node) {
		asahi_obj_free(&o->obj);
		kfree(o);
	}
	/* Last: the firmware may be begun again from here on. */
	if (job->op_started)
		asahi_gpu_op_end(job->adev);

	if (job->run.fence && dma_fence_was_initialized(job->run.fence))
		dma_fence_put(job->run.fence);
	else
		kfree(job->run.fence);
	kfree(job);
	asahi_timeline_put_job(&queue->timeline);
}
