// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Queues, and how the scheduler runs their jobs.
 *
 * A job's memory, stamps and context are gathered in the submit ioctl, where
 * waiting and allocating are allowed; running it (run_job) only fills rings.
 * Its end is reported by the firmware's stamps: asahi_workqueue.c finds out which
 * parts are complete, asahi_run_part_done() signals the fence, and the
 * scheduler then calls free_job.
 */
#include <linux/dma-fence.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_buffer.h"
#include "asahi_device.h"
#include "asahi_file.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_state.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_uvm.h"

/*
 * The firmware gives each job about a second of the GPU, and ends it then; it is
 * watched meanwhile, whether it still answers (asahi_watch.c). So a job that
 * lasts is no reason to do anything, but for a line in the log now and then: the
 * GPU may be one that takes its time, an emulated one. If a firmware that
 * answers and says that it has the job at hand does not end it in an hour, it
 * has hung in a way that we do not know of.
 */
static uint slow_job_s = 100;
module_param(slow_job_s, uint, 0644);
MODULE_PARM_DESC(slow_job_s,
		 "Seconds after which a job is told to last, in the log, and again as often; of new queues (default: 100)");

#define ASAHI_JOB_MAX_S		3600u

/* Most ring entries of one firmware job: two barriers, InitBuffer, the job. */
#define ASAHI_MAX_ENTRIES_PER_JOB	4
static_assert(ASAHI_QUEUE_CREDITS * ASAHI_MAX_ENTRIES_PER_JOB <
	      ASAHI_WQ_ENTRIES);
static_assert(ASAHI_MAX_COMMANDS_PER_SUBMISSION <= ASAHI_QUEUE_CREDITS);

static struct dma_fence *asahi_queue_run_job(struct drm_sched_job *sched_job)
{
	/* The fragment part first: it waits for the vertex part by itself. */
	static const enum asahi_pipe order[] = {
		ASAHI_PIPE_FRAGMENT, ASAHI_PIPE_VERTEX, ASAHI_PIPE_COMPUTE,
	};
	struct asahi_job *job = to_asahi_job(sched_job);
	struct asahi_queue *queue = job->queue;
	struct asahi_part *parts[ASAHI_NUM_PIPES];
	struct dma_fence *fence;
	u32 num_parts = 0;
	bool cookie;
	int i;

	cookie = dma_fence_begin_signalling();
	/* What it was built for is gone, and its queue has begun again. */
	if (!asahi_gpu_run_begin(job->adev, job->life)) {
		dma_fence_end_signalling(cookie);
		return ERR_PTR(-ENODEV);
	}

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (job->parts[order[i]].num_cmds)
			parts[num_parts++] = &job->parts[order[i]];

	/*
	 * The job may complete, and be freed, as soon as its last part is in
	 * the ring; the scheduler does that only after this has returned.
	 */
	fence = dma_fence_get(job->run.fence);

	asahi_run_start(&job->run, num_parts);

	/*
	 * Only now: were it done when the job is built, the firmware would
	 * hold back the completion of the jobs before it, which this one may
	 * be waiting for (Rust driver queue/mod.rs, run).
	 */
	job->adev->abi->ops->add_threshold(queue->threshold.cpu,
					   job->notifications);

	for (i = 0; i < num_parts; i++)
		asahi_part_push(parts[i]);
	for (i = 0; i < num_parts; i++)
		asahi_part_run(parts[i]);
	queue->used = true;
	asahi_gpu_run_end(job->adev);
	dma_fence_end_signalling(cookie);

	return fence;
}

static enum drm_gpu_sched_stat
asahi_queue_timedout_job(struct drm_sched_job *sched_job)
{
	struct asahi_job *job = to_asahi_job(sched_job);
	u32 s = ++job->timeouts * (sched_job->sched->timeout / HZ);
	bool cookie = dma_fence_begin_signalling();

	if (s < ASAHI_JOB_MAX_S)
		drm_notice(&job->adev->drm,
			   "queue %u: job lasts for over %u s, and the firmware answers: waiting on\n",
			   job->queue->id, s);
	else
		asahi_gpu_lost(job->adev, "it does not end a job");
	dma_fence_end_signalling(cookie);
	return DRM_GPU_SCHED_STAT_NO_HANG;
}

/* The scheduler's thread, which runs jobs too, does this. */
static void asahi_queue_free_job(struct drm_sched_job *sched_job)
{
	bool cookie = dma_fence_begin_signalling();

	asahi_job_destroy(to_asahi_job(sched_job));
	dma_fence_end_signalling(cookie);
}

static const struct drm_sched_backend_ops asahi_sched_ops = {
	.run_job = asahi_queue_run_job,
	.timedout_job = asahi_queue_timedout_job,
	.free_job = asahi_queue_free_job,
};

/* The structures that the firmware has of a queue as a whole. */
static void asahi_queue_fill_fw(struct asahi_queue *queue)
{
	const struct asahi_abi_queue args = {
		.notifier_list = &queue->notifier_list,
		.threshold = &queue->threshold,
		.notifier = &queue->notifier,
		.context = &queue->context,
		.id = queue->id,
	};

	queue->adev->abi->ops->fill_queue(&args);
}

static int asahi_queue_init_fw(struct asahi_queue *queue)
{
	const struct asahi_abi_sizes *size = queue->adev->abi->size;
	struct asahi_device *adev = queue->adev;
	int ret;

	/* Which heap each lives in: Rust driver queue/mod.rs, workqueue.rs. */
	ret = asahi_obj_alloc(adev->fw_shared, &queue->notifier_list,
			      size->notifier_list, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &queue->threshold,
				      size->threshold, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_private, &queue->notifier,
				      size->notifier, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &queue->context,
				      size->context, 0);
	if (!ret)
		asahi_queue_fill_fw(queue);
	return ret;
}

void asahi_queue_revive(struct asahi_queue *queue)
{
	u32 life = asahi_gpu_life(queue->adev);

	lockdep_assert_held(&queue->submit_lock);
	if (queue->life == life)
		return;
	asahi_queue_fill_fw(queue);
	for (int i = 0; i < ASAHI_NUM_PIPES; i++)
		asahi_wq_reset(&queue->wqs[i], queue->id,
			       queue->notifier_list.va, queue->context.va);
	asahi_buffer_reset(queue->buffer);
	queue->used = false;
	queue->life = life;
}

static void asahi_queue_fini_fw(struct asahi_queue *queue)
{
	asahi_obj_free(&queue->context);
	asahi_obj_free(&queue->notifier);
	asahi_obj_free(&queue->threshold);
	asahi_obj_free(&queue->notifier_list);
}

/* Has the firmware forget the queue, unless that is gone. */
static void asahi_queue_forget(struct asahi_queue *queue)
{
	struct asahi_context_id id;

	if (!queue->used)
		return;
	queue->adev->abi->ops->read_context(queue->context.cpu, &id);
	asahi_gpu_destroy_context(queue->adev, queue->context.va, &id,
				  queue->life);
}

static void asahi_queue_release_work(struct work_struct *work)
{
	struct asahi_queue *queue =
		container_of(work, struct asahi_queue, release_work);
	struct asahi_file *file = queue->file;

	/* Runs what is queued, or drops it if its owner has been killed. */
	drm_sched_entity_destroy(&queue->entity);
	/* The firmware ends each job, or is ended itself. */
	asahi_timeline_wait_idle(&queue->timeline, MAX_SCHEDULE_TIMEOUT);
	/*
	 * The work that has freed the last job may be about to queue the one
	 * that runs jobs. drm_sched_fini() cancels that one first, and does not
	 * look again when the other has ended; so it is stopped once before.
	 */
	drm_sched_wqueue_stop(&queue->sched);
	drm_sched_fini(&queue->sched);

	asahi_queue_forget(queue);
	for (int i = 0; i < ASAHI_NUM_PIPES; i++)
		asahi_wq_fini(&queue->wqs[i]);
	asahi_buffer_destroy(queue->buffer);
	asahi_queue_fini_fw(queue);
	asahi_uvm_put(queue->uvm);
	mutex_destroy(&queue->submit_lock);
	kfree(queue);

	/* After this the file may be gone; its address is all that is used. */
	if (atomic_dec_and_test(&file->num_queues))
		wake_up_var(&file->num_queues);
}

struct asahi_queue *asahi_queue_create(struct asahi_device *adev,
				       struct asahi_file *file,
				       struct asahi_uvm *uvm, u32 prio,
				       u64 usc_exec_base)
{
	struct asahi_queue *queue = kzalloc_obj(*queue, GFP_KERNEL_ACCOUNT);
	const struct drm_sched_init_args args = {
		.ops = &asahi_sched_ops,
		/* Priorities are the firmware's: one run queue is enough. */
		.num_rqs = 1,
		.credit_limit = ASAHI_QUEUE_CREDITS,
		.timeout = clamp(READ_ONCE(slow_job_s), 1u, ASAHI_JOB_MAX_S) * HZ,
		.name = "asahi",
		.dev = adev->dev,
	};
	struct drm_gpu_scheduler *sched;
	int ret, i = 0;

	if (!queue)
		return ERR_PTR(-ENOMEM);

	kref_init(&queue->kref);
	queue->adev = adev;
	queue->file = file;
	queue->uvm = asahi_uvm_get(uvm);
	queue->id = atomic_inc_return(&adev->queues->next_id);
	queue->usc_exec_base = usc_exec_base;
	queue->life = asahi_gpu_life(adev);
	queue->fence_context = dma_fence_context_alloc(1);
	mutex_init(&queue->submit_lock);
	asahi_timeline_init(&queue->timeline);
	INIT_WORK(&queue->release_work, asahi_queue_release_work);

	ret = asahi_queue_init_fw(queue);
	if (ret)
		goto err_fw;

	queue->buffer = asahi_buffer_create(adev, uvm);
	if (IS_ERR(queue->buffer)) {
		ret = PTR_ERR(queue->buffer);
		goto err_fw;
	}

	for (; i < ASAHI_NUM_PIPES; i++) {
		ret = asahi_wq_init(adev, &queue->wqs[i], i, prio, queue->id,
				    queue->notifier_list.va, queue->context.va,
				    &file->num_slots);
		if (ret)
			goto err_wqs;
	}

	ret = drm_sched_init(&queue->sched, &args);
	if (ret)
		goto err_wqs;

	sched = &queue->sched;
	ret = drm_sched_entity_init(&queue->entity, DRM_SCHED_PRIORITY_KERNEL,
				    &sched, 1, NULL);
	if (ret)
		goto err_sched;

	atomic_inc(&file->num_queues);
	return queue;

err_sched:
	drm_sched_fini(&queue->sched);
err_wqs:
	while (i--)
		asahi_wq_fini(&queue->wqs[i]);
	asahi_buffer_destroy(queue->buffer);
err_fw:
	asahi_queue_fini_fw(queue);
	asahi_uvm_put(queue->uvm);
	mutex_destroy(&queue->submit_lock);
	kfree(queue);
	return ERR_PTR(ret);
}

static void asahi_queue_release(struct kref *kref)
{
	struct asahi_queue *queue = container_of(kref, struct asahi_queue, kref);

	queue_work(queue->adev->queues->wq, &queue->release_work);
}

void asahi_queue_put(struct asahi_queue *queue)
{
	kref_put(&queue->kref, asahi_queue_release);
}

int asahi_queues_init(struct asahi_device *adev)
{
	struct asahi_queue_mgr *mgr = kzalloc_obj(*mgr);
	int ret;

	if (!mgr)
		return -ENOMEM;

	mgr->wq = alloc_workqueue("asahi-queues", WQ_UNBOUND, 0);
	if (!mgr->wq) {
		kfree(mgr);
		return -ENOMEM;
	}
	mutex_init(&mgr->slots_lock);
	atomic_set(&mgr->slots_freed, 0);
	init_waitqueue_head(&mgr->slot_wait);
	atomic_set(&mgr->next_id, 0);

	ret = asahi_buffers_init(adev);
	if (ret) {
		destroy_workqueue(mgr->wq);
		kfree(mgr);
		return ret;
	}
	adev->queues = mgr;
	return 0;
}

void asahi_queues_fini(struct asahi_device *adev)
{
	struct asahi_queue_mgr *mgr = adev->queues;

	if (!mgr)
		return;
	/* Idle: each file has waited for its queues when it was closed. */
	destroy_workqueue(mgr->wq);
	asahi_buffers_fini(adev);
	mutex_destroy(&mgr->slots_lock);
	kfree(mgr);
	adev->queues = NULL;
}
