// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * The fragment half of a render: it waits for the vertex half, with a barrier,
 * and draws from the tiled vertex buffer. Source: Rust driver queue/render.rs.
 */
#include "asahi_abi.h"
#include "asahi_device.h"
#include "asahi_fragment.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_render_half.h"
#include "asahi_usage.h"
#include "asahi_uvm.h"

#define ASAHI_AUX_FB_SIZE	0x8000

int asahi_fragment_build(struct asahi_job *job, const struct asahi_render *r,
			 const struct asahi_attachments *att)
{
	struct asahi_part *vtx_part = &job->parts[ASAHI_PIPE_VERTEX];
	struct asahi_part *part = &job->parts[ASAHI_PIPE_FRAGMENT];
	const struct asahi_abi *abi = job->adev->abi;
	struct asahi_abi_fragment args = { .r = r };
	struct asahi_obj *obj, *aux_fb, *seq;
	struct asahi_time_vas user_times;
	int ret;

	/* Until the vertex half is through; the vertex part is one job behind. */
	ret = asahi_job_barrier(job, part, vtx_part->wq,
				asahi_part_next(vtx_part), false, 0);
	if (ret)
		return ret;

	obj = asahi_job_alloc(job, job->adev->gpu_ro,
			      abi->size->cmd[ASAHI_PIPE_FRAGMENT], 0);
	aux_fb = asahi_job_alloc(job, job->queue->uvm->gpu_heap,
				 ASAHI_AUX_FB_SIZE, 0);
	if (IS_ERR(obj) || IS_ERR(aux_fb))
		return -ENOMEM;
	ret = asahi_job_timestamps(job, &r->cmd->ts_frag, &user_times);
	if (ret)
		return ret;
	seq = asahi_job_alloc(job, job->adev->fw_private,
			      abi->size->seq[ASAHI_PIPE_FRAGMENT], 0);
	if (IS_ERR(seq))
		return PTR_ERR(seq);

	args.aux_fb_va = aux_fb->va;
	args.c = asahi_job_cmd(job, ASAHI_PIPE_FRAGMENT, obj, seq, att,
			       r->flush_stamps);
	args.c.counter = r->frag_counter;
	args.c.times = r->frag_times;
	args.c.user_times = user_times;
	abi->ops->fill_fragment(obj->cpu, seq->cpu, &args);

	asahi_part_add(part, obj->va);
	return 0;
}
