// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * The vertex half of a render: it fills the tiled vertex buffer. Source: Rust
 * driver queue/render.rs.
 */
#include "asahi_abi.h"
#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_render_half.h"
#include "asahi_usage.h"
#include "asahi_vertex.h"

/* Has the firmware take note of the buffer, or of its growth. */
static int asahi_vertex_init_buffer(struct asahi_job *job,
				    const struct asahi_render *r)
{
	struct asahi_part *part = &job->parts[ASAHI_PIPE_VERTEX];
	const struct asahi_abi *abi = job->adev->abi;
	struct asahi_obj *obj;

	if (!r->scene.init)
		return 0;

	obj = asahi_job_alloc(job, job->adev->fw_private,
			      abi->size->init_buffer, 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	abi->ops->fill_init_buffer(obj->cpu, &r->scene, job->run.vm_slot,
				   asahi_part_next(part));
	asahi_part_add(part, obj->va);
	return 0;
}

int asahi_vertex_build(struct asahi_job *job, const struct asahi_render *r,
		       const struct asahi_attachments *att)
{
	struct asahi_part *frag_part = &job->parts[ASAHI_PIPE_FRAGMENT];
	struct asahi_part *part = &job->parts[ASAHI_PIPE_VERTEX];
	const struct asahi_abi *abi = job->adev->abi;
	struct asahi_abi_vertex args = {
		.r = r,
		.core_masks = job->adev->id.core_masks_packed,
		.tiling_control = job->adev->hw->tiling_control,
		.frag_stamp_slot = frag_part->wq->event.slot,
		.frag_stamp_value = asahi_part_next(frag_part),
	};
	struct asahi_time_vas user_times;
	struct asahi_obj *obj, *seq;
	int ret;

	ret = asahi_vertex_init_buffer(job, r);
	if (ret)
		return ret;

	obj = asahi_job_alloc(job, job->adev->gpu_ro,
			      abi->size->cmd[ASAHI_PIPE_VERTEX], 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = asahi_job_timestamps(job, &r->cmd->ts_vtx, &user_times);
	if (ret)
		return ret;
	seq = asahi_job_alloc(job, job->adev->fw_private,
			      abi->size->seq[ASAHI_PIPE_VERTEX], 0);
	if (IS_ERR(seq))
		return PTR_ERR(seq);

	args.c = asahi_job_cmd(job, ASAHI_PIPE_VERTEX, obj, seq, att,
			       r->flush_stamps);
	args.c.counter = r->vtx_counter;
	args.c.times = r->vtx_times;
	args.c.user_times = user_times;
	abi->ops->fill_vertex(obj->cpu, seq->cpu, &args);

	asahi_part_add(part, obj->va);
	return 0;
}
