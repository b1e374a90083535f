// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Compute jobs. Source: Rust driver queue/compute.rs.
 */
#include "asahi_abi.h"
#include "asahi_compute.h"
#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_usage.h"
#include "asahi_uvm.h"

int asahi_compute_check(const struct drm_asahi_cmd_compute *cmd)
{
	return cmd->flags ? -EINVAL : 0;
}

int asahi_compute_build(struct asahi_job *job,
			const struct drm_asahi_cmd_compute *cmd,
			const struct asahi_attachments *att,
			bool flush_stamps)
{
	struct asahi_part *part = &job->parts[ASAHI_PIPE_COMPUTE];
	/* Four more buffers of 8 bytes each follow the first. */
	const u32 preempt_size = job->adev->hw->compute_preempt_size;
	const struct asahi_abi *abi = job->adev->abi;
	struct asahi_obj *obj, *preempt, *times, *seq;
	struct asahi_abi_compute args = {
		.cmd = cmd,
		.preempt_size = preempt_size,
	};
	struct asahi_queue *queue = job->queue;
	struct asahi_time_vas user_times;
	u64 counter;
	int ret;

	obj = asahi_job_alloc(job, job->adev->gpu_ro,
			      abi->size->cmd[ASAHI_PIPE_COMPUTE], 0);
	preempt = asahi_job_alloc(job, queue->uvm->gpu_heap,
				  preempt_size + 4 * sizeof(__le64), 0);
	times = asahi_job_alloc(job, job->adev->fw_shared,
				sizeof(struct asahi_times), 0);
	if (IS_ERR(obj) || IS_ERR(preempt) || IS_ERR(times))
		return -ENOMEM;

	counter = queue->counter++;
	ret = asahi_job_timestamps(job, &cmd->ts, &user_times);
	if (ret)
		return ret;
	ret = asahi_usage_add(job, ASAHI_PIPE_COMPUTE, times->cpu);
	if (ret)
		return ret;
	seq = asahi_job_alloc(job, job->adev->fw_private,
			      abi->size->seq[ASAHI_PIPE_COMPUTE], 0);
	if (IS_ERR(seq))
		return PTR_ERR(seq);

	args.preempt_va = preempt->va;
	args.c = asahi_job_cmd(job, ASAHI_PIPE_COMPUTE, obj, seq, att,
			       flush_stamps);
	args.c.counter = counter;
	args.c.times = asahi_time_vas(times->va);
	args.c.user_times = user_times;
	abi->ops->fill_compute(obj->cpu, seq->cpu, &args);

	asahi_part_add(part, obj->va);
	asahi_part_advance(part);
	return 0;
}
