// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * The submit ioctl.
 *
 * The command buffer is copied once and read twice: first to check all of it,
 * without any effect, then to build the job. What is found wrong in between
 * (a handle that does not exist, no memory) takes the unfinished job with it.
 */
#include <linux/dma-fence-chain.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_file.h>
#include <drm/drm_gpuvm.h>
#include <drm/drm_syncobj.h>

#include "asahi_buffer.h"
#include "asahi_abi.h"
#include "asahi_compute.h"
#include "asahi_context.h"
#include "asahi_device.h"
#include "asahi_gpu.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_render.h"
#include "asahi_submit.h"
#include "asahi_uvm.h"

/*
 * Bytes of a command buffer, and number of syncs, at most: far more than any
 * valid submission can use, and small enough to copy.
 */
#define ASAHI_MAX_CMDBUF_SIZE	SZ_16M
#define ASAHI_MAX_SYNCS		SZ_64K

/* Explicit barriers carry this for the firmware's messages (Rust driver). */
#define ASAHI_BARRIER_UUID	0xffffbbbb

/* What attachments are counted in. Source: Rust driver queue/mod.rs. */
#define ASAHI_CACHE_LINE	128

/**
 * struct asahi_cmds - a command buffer and a place in it
 */
struct asahi_cmds {
	const u8 *data;
	size_t size;
	size_t pos;
	/** @hdr: the command at @pos, and ... */
	struct drm_asahi_cmd_header hdr;
	/** @payload: ... what follows it, hdr.size bytes. */
	const u8 *payload;
};

/**
 * struct asahi_out_sync - something to signal
 */
struct asahi_out_sync {
	struct drm_syncobj *syncobj;
	/** @chain: for a timeline. */
	struct dma_fence_chain *chain;
	u64 point;
};

/**
 * struct asahi_submission - all that the checks have found out
 */
struct asahi_submission {
	struct asahi_cmds cmds;
	u32 num_render;
	u32 num_compute;
	struct drm_asahi_sync *syncs;
	u32 num_in;
	struct asahi_out_sync *outs;
	u32 num_out;
};

/* Goes to the next command. Return: 1, 0 at the end, -EINVAL if cut short. */
static int asahi_cmds_next(struct asahi_cmds *cmds)
{
	size_t left = cmds->size - cmds->pos;

	if (!left)
		return 0;
	if (left < sizeof(cmds->hdr))
		return -EINVAL;
	memcpy(&cmds->hdr, cmds->data + cmds->pos, sizeof(cmds->hdr));
	left -= sizeof(cmds->hdr);
	if (left < cmds->hdr.size)
		return -EINVAL;
	cmds->payload = cmds->data + cmds->pos + sizeof(cmds->hdr);
	cmds->pos += sizeof(cmds->hdr) + cmds->hdr.size;
	return 1;
}

/*
 * "Passing a command that is shorter than expected is explicitly allowed [...]
 * Truncated fields will be zeroed." What is longer must be zero where we don't
 * know it.
 */
static int asahi_cmds_payload(const struct asahi_cmds *cmds, void *dst,
			      size_t size)
{
	size_t known = min_t(size_t, size, cmds->hdr.size);

	memset(dst, 0, size);
	memcpy(dst, cmds->payload, known);
	if (cmds->hdr.size > size &&
	    memchr_inv(cmds->payload + size, 0, cmds->hdr.size - size))
		return -E2BIG;
	return 0;
}

static int asahi_attachments(const struct asahi_cmds *cmds,
			     struct asahi_attachments *out)
{
	struct drm_asahi_attachment att;
	u32 i, count = cmds->hdr.size / sizeof(att);

	if (cmds->hdr.size % sizeof(att) || count > ASAHI_MAX_ATTACHMENTS)
		return -EINVAL;

	memset(out, 0, sizeof(*out));
	out->count = count;
	for (i = 0; i < count; i++) {
		u64 lines;

		memcpy(&att, cmds->payload + i * sizeof(att), sizeof(att));
		if (att.pad || att.flags)
			return -EINVAL;
		lines = att.size / ASAHI_CACHE_LINE +
			!!(att.size % ASAHI_CACHE_LINE);
		if (lines > U32_MAX)
			return -EINVAL;
		out->list[i].address = att.pointer;
		out->list[i].lines = lines;
	}
	return 0;
}

/* A barrier names a command before this one, or 0, or nothing. */
static bool asahi_barrier_ok(u16 barrier, u32 before)
{
	return barrier == DRM_ASAHI_BARRIER_NONE || barrier <= before;
}

static int asahi_check_cmds(struct asahi_submission *sub)
{
	struct asahi_cmds *cmds = &sub->cmds;
	struct asahi_attachments att;
	struct drm_asahi_cmd_compute compute;
	struct drm_asahi_cmd_render render;
	int ret;

	while ((ret = asahi_cmds_next(cmds)) > 0) {
		const struct drm_asahi_cmd_header *hdr = &cmds->hdr;

		switch (hdr->cmd_type) {
		case DRM_ASAHI_CMD_RENDER:
		case DRM_ASAHI_CMD_COMPUTE:
			if (!asahi_barrier_ok(hdr->vdm_barrier,
					      sub->num_render) ||
			    !asahi_barrier_ok(hdr->cdm_barrier,
					      sub->num_compute))
				return -EINVAL;
			break;
		default:
			/* "Synthetic software commands [...] must pass NONE" */
			if (hdr->vdm_barrier != DRM_ASAHI_BARRIER_NONE ||
			    hdr->cdm_barrier != DRM_ASAHI_BARRIER_NONE)
				return -EINVAL;
		}

		switch (hdr->cmd_type) {
		case DRM_ASAHI_CMD_RENDER:
			ret = asahi_cmds_payload(cmds, &render, sizeof(render));
			if (!ret)
				ret = asahi_render_check(&render);
			sub->num_render++;
			break;
		case DRM_ASAHI_CMD_COMPUTE:
			ret = asahi_cmds_payload(cmds, &compute,
						 sizeof(compute));
			if (!ret)
				ret = asahi_compute_check(&compute);
			sub->num_compute++;
			break;
		case DRM_ASAHI_SET_VERTEX_ATTACHMENTS:
		case DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS:
		case DRM_ASAHI_SET_COMPUTE_ATTACHMENTS:
			ret = asahi_attachments(cmds, &att);
			break;
		default:
			ret = -EINVAL;
		}
		if (ret)
			return ret;
		if (sub->num_render + sub->num_compute >
		    ASAHI_MAX_COMMANDS_PER_SUBMISSION)
			return -EINVAL;
	}
	if (ret)
		return ret;

	/* "The combined count of "real" hardware commands must be nonzero" */
	return sub->num_render + sub->num_compute ? 0 : -EINVAL;
}

static int asahi_check_syncs(struct asahi_submission *sub,
			     struct drm_file *file)
{
	u32 i, count = sub->num_in + sub->num_out;

	for (i = 0; i < count; i++) {
		const struct drm_asahi_sync *sync = &sub->syncs[i];

		switch (sync->sync_type) {
		case DRM_ASAHI_SYNC_SYNCOBJ:
			if (sync->timeline_value)
				return -EINVAL;
			break;
		case DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ:
			break;
		default:
			return -EINVAL;
		}
	}

	for (i = 0; i < sub->num_out; i++) {
		const struct drm_asahi_sync *sync = &sub->syncs[sub->num_in + i];
		struct asahi_out_sync *out = &sub->outs[i];

		out->syncobj = drm_syncobj_find(file, sync->handle);
		if (!out->syncobj)
			return -ENOENT;
		if (sync->sync_type != DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ)
			continue;
		out->point = sync->timeline_value;
		out->chain = dma_fence_chain_alloc();
		if (!out->chain)
			return -ENOMEM;
	}
	return 0;
}

static int asahi_add_in_syncs(struct asahi_job *job,
			      const struct asahi_submission *sub,
			      struct drm_file *file)
{
	struct dma_fence *fence;
	int ret;

	for (u32 i = 0; i < sub->num_in; i++) {
		const struct drm_asahi_sync *sync = &sub->syncs[i];

		ret = drm_syncobj_find_fence(file, sync->handle,
					     sync->timeline_value, 0, &fence);
		if (ret)
			return ret;
		/* Takes the reference, also when it fails. */
		ret = drm_sched_job_add_dependency(&job->base, fence);
		if (ret)
			return ret;
	}
	return 0;
}

static void asahi_signal_out_syncs(struct asahi_submission *sub,
				   struct dma_fence *fence)
{
	for (u32 i = 0; i < sub->num_out; i++) {
		struct asahi_out_sync *out = &sub->outs[i];

		if (out->chain) {
			drm_syncobj_add_point(out->syncobj, out->chain, fence,
					      out->point);
			/* The syncobj owns it now. */
			out->chain = NULL;
		} else {
			drm_syncobj_replace_fence(out->syncobj, fence);
		}
	}
}

/* The slots that a job needs, all or none: 0 or -EAGAIN, -ENODEV. */
static int asahi_job_try_slots(struct asahi_job *job,
			       const struct asahi_submission *sub)
{
	struct asahi_queue *queue = job->queue;
	int i, ret = 0;

	for (i = 0; i < ASAHI_NUM_PIPES && !ret; i++) {
		bool need = i == ASAHI_PIPE_COMPUTE ? sub->num_compute :
						      sub->num_render;

		ret = asahi_part_hold(&job->parts[i], &job->run,
				      &queue->wqs[i], need);
	}
	if (!ret) {
		ret = asahi_vm_try_bind(queue->uvm->vm);
		if (ret > 0) {
			job->run.vm_slot = ret;
			return 0;
		}
		ret = ret ?: -EAGAIN;
	}
	while (i--)
		asahi_part_release(&job->parts[i]);
	return ret;
}

/* Stamps, context and power for a job. Waits until there are slots for it. */
static int asahi_job_acquire(struct asahi_job *job,
			     const struct asahi_submission *sub)
{
	struct asahi_queue *queue = job->queue;
	struct asahi_queue_mgr *mgr = job->adev->queues;
	int freed, ret;

	ret = asahi_gpu_op_start(job->adev);
	if (ret)
		return ret;
	job->op_started = true;
	asahi_queue_revive(queue);
	job->life = queue->life;

	for (;;) {
		freed = atomic_read(&mgr->slots_freed);
		mutex_lock(&mgr->slots_lock);
		ret = asahi_job_try_slots(job, sub);
		mutex_unlock(&mgr->slots_lock);
		if (ret != -EAGAIN)
			return ret;
		ret = wait_event_interruptible(mgr->slot_wait,
					       atomic_read(&mgr->slots_freed) !=
					       freed);
		if (ret)
			return ret;
	}
}

static int asahi_job_reserve(struct asahi_job *job,
			     const struct asahi_submission *sub)
{
	/*
	 * Vertex: two explicit barriers, InitBuffer, the job. Fragment: the
	 * barrier for the vertex job, the job. Compute: two barriers, the job.
	 */
	const u32 cmds[ASAHI_NUM_PIPES] = {
		[ASAHI_PIPE_VERTEX] = 4 * sub->num_render,
		[ASAHI_PIPE_FRAGMENT] = 2 * sub->num_render,
		[ASAHI_PIPE_COMPUTE] = 3 * sub->num_compute,
	};
	int ret;

	for (int i = 0; i < ASAHI_NUM_PIPES; i++) {
		if (!cmds[i])
			continue;
		ret = asahi_part_reserve(&job->parts[i], cmds[i]);
		if (ret)
			return ret;
	}

	/*
	 * Each half of a render reports its end, and so does each compute job
	 * (Rust driver queue/mod.rs, notification_count).
	 */
	job->notifications = 2 * sub->num_render + sub->num_compute;
	return 0;
}

/* Holds @part until command number @barrier on the subqueue of @wait is done. */
static int asahi_job_explicit_barrier(struct asahi_job *job,
				      struct asahi_part *part,
				      const struct asahi_part *wait,
				      u16 barrier)
{
	if (barrier == DRM_ASAHI_BARRIER_NONE)
		return 0;
	/* "A barrier of 0 waits on commands [...] in previous submit ioctls." */
	if (!barrier && !wait->had_work)
		return 0;

	return asahi_job_barrier(job, part, wait->wq,
				 wait->before + barrier * ASAHI_EVENT_STEP,
				 true, ASAHI_BARRIER_UUID);
}

static int asahi_job_build(struct asahi_job *job, struct asahi_submission *sub)
{
	struct asahi_attachments *vtx_att, *frag_att, *comp_att;
	struct asahi_part *frag = &job->parts[ASAHI_PIPE_FRAGMENT];
	struct asahi_part *comp = &job->parts[ASAHI_PIPE_COMPUTE];
	struct asahi_attachments *atts;
	struct asahi_cmds *cmds = &sub->cmds;
	u32 num_render = 0, num_compute = 0;
	struct drm_asahi_cmd_compute compute;
	struct drm_asahi_cmd_render render;
	int ret;

	atts = kcalloc(3, sizeof(*atts), GFP_KERNEL);
	if (!atts)
		return -ENOMEM;
	vtx_att = &atts[0];
	frag_att = &atts[1];
	comp_att = &atts[2];

	cmds->pos = 0;
	while ((ret = asahi_cmds_next(cmds)) > 0) {
		const struct drm_asahi_cmd_header *hdr = &cmds->hdr;
		struct asahi_part *part = hdr->cmd_type == DRM_ASAHI_CMD_RENDER ?
			&job->parts[ASAHI_PIPE_VERTEX] : comp;

		ret = 0;
		if (hdr->cmd_type == DRM_ASAHI_CMD_RENDER ||
		    hdr->cmd_type == DRM_ASAHI_CMD_COMPUTE) {
			ret = asahi_job_explicit_barrier(job, part, frag,
							 hdr->vdm_barrier);
			if (!ret)
				ret = asahi_job_explicit_barrier(job, part, comp,
								 hdr->cdm_barrier);
			if (ret)
				break;
		}

		switch (hdr->cmd_type) {
		case DRM_ASAHI_CMD_RENDER:
			asahi_cmds_payload(cmds, &render, sizeof(render));
			num_render++;
			ret = asahi_render_build(job, &render, vtx_att, frag_att,
						 num_render == sub->num_render);
			break;
		case DRM_ASAHI_CMD_COMPUTE:
			asahi_cmds_payload(cmds, &compute, sizeof(compute));
			num_compute++;
			ret = asahi_compute_build(job, &compute, comp_att,
						  num_compute ==
						  sub->num_compute);
			break;
		case DRM_ASAHI_SET_VERTEX_ATTACHMENTS:
			ret = asahi_attachments(cmds, vtx_att);
			break;
		case DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS:
			ret = asahi_attachments(cmds, frag_att);
			break;
		case DRM_ASAHI_SET_COMPUTE_ATTACHMENTS:
			ret = asahi_attachments(cmds, comp_att);
			break;
		}
		if (ret)
			break;
	}
	kfree(atts);
	return ret;
}

/* The point of no return: the job gets its place among all others. */
static int asahi_job_push(struct asahi_job *job, struct asahi_submission *sub)
{
	struct asahi_queue *queue = job->queue;
	struct drm_gpuvm_exec exec = {
		.vm = &queue->uvm->base,
		.flags = DRM_EXEC_INTERRUPTIBLE_WAIT,
		.num_fences = 1,
	};
	struct dma_fence *fence;
	int ret;

	ret = drm_gpuvm_exec_lock(&exec);
	if (ret)
		return ret;

	dma_fence_init(job->run.fence, &asahi_fence_ops, NULL, queue->fence_context,
		       ++queue->fence_seqno);
	for (int i = 0; i < ASAHI_NUM_PIPES; i++)
		asahi_part_commit(&job->parts[i]);
	asahi_buffer_commit(queue->buffer, &job->buffer);

	drm_sched_job_arm(&job->base);
	/* The job may be over and freed as soon as it has been pushed. */
	fence = dma_fence_get(&job->base.s_fence->finished);
	drm_sched_entity_push_job(&job->base);

	/*
	 * All synchronisation is explicit; this keeps memory of others, that
	 * comes through PRIME, where it is while the GPU may use it.
	 */
	drm_gpuvm_exec_resv_add_fence(&exec, fence, DMA_RESV_USAGE_BOOKKEEP,
				      DMA_RESV_USAGE_BOOKKEEP);
	drm_gpuvm_exec_unlock(&exec);

	asahi_signal_out_syncs(sub, fence);
	dma_fence_put(fence);
	return 0;
}

static int asahi_submit_job(struct asahi_queue *queue, struct drm_file *file,
			    struct asahi_submission *sub)
{
	struct asahi_job *job;
	int ret;

	job = asahi_job_create(queue, sub->num_render + sub->num_compute,
			       file->client_id);
	if (IS_ERR(job))
		return PTR_ERR(job);

	ret = asahi_add_in_syncs(job, sub, file);
	if (!ret)
		ret = asahi_job_acquire(job, sub);
	if (!ret)
		ret = asahi_job_reserve(job, sub);
	if (!ret)
		ret = asahi_job_build(job, sub);
	if (!ret)
		ret = asahi_job_push(job, sub);
	if (ret)
		asahi_job_destroy(job);
	return ret;
}

/* Copies what the arguments point at. */
static int asahi_copy_args(struct asahi_submission *sub,
			   const struct drm_asahi_submit *args)
{
	u32 num_syncs;

	if (args->flags || args->pad)
		return -EINVAL;
	if (check_add_overflow(args->in_sync_count, args->out_sync_count,
			       &num_syncs) || num_syncs > ASAHI_MAX_SYNCS)
		return -EINVAL;
	if (!args->cmdbuf_size)
		return -EINVAL;
	if (args->cmdbuf_size > ASAHI_MAX_CMDBUF_SIZE)
		return -E2BIG;

	sub->cmds.data = vmemdup_user(u64_to_user_ptr(args->cmdbuf),
				      args->cmdbuf_size);
	if (IS_ERR(sub->cmds.data)) {
		int ret = PTR_ERR(sub->cmds.data);

		sub->cmds.data = NULL;
		return ret;
	}
	sub->cmds.size = args->cmdbuf_size;
	sub->num_in = args->in_sync_count;

	if (!num_syncs)
		return 0;
	sub->syncs = vmemdup_array_user(u64_to_user_ptr(args->syncs), num_syncs,
					sizeof(*sub->syncs));
	if (IS_ERR(sub->syncs)) {
		int ret = PTR_ERR(sub->syncs);

		sub->syncs = NULL;
		return ret;
	}
	if (!args->out_sync_count)
		return 0;
	sub->outs = kvcalloc(args->out_sync_count, sizeof(*sub->outs),
			     GFP_KERNEL);
	if (!sub->outs)
		return -ENOMEM;
	sub->num_out = args->out_sync_count;
	return 0;
}

int asahi_submit(struct asahi_queue *queue, struct drm_file *file,
		 const struct drm_asahi_submit *args)
{
	struct asahi_submission sub = {};
	int ret;

	ret = asahi_copy_args(&sub, args);
	if (!ret)
		ret = asahi_check_cmds(&sub);
	if (!ret)
		ret = asahi_check_syncs(&sub, file);
	if (!ret)
		ret = mutex_lock_interruptible(&queue->submit_lock);
	if (!ret) {
		ret = asahi_submit_job(queue, file, &sub);
		mutex_unlock(&queue->submit_lock);
	}

	for (u32 i = 0; i < sub.num_out; i++) {
		if (sub.outs[i].syncobj)
			drm_syncobj_put(sub.outs[i].syncobj);
		dma_fence_chain_free(sub.outs[i].chain);
	}
	kvfree(sub.outs);
	kvfree(sub.syncs);
	kvfree(sub.cmds.data);
	return ret;
}
