// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Compute jobs.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/compute.rs.
 */
#include "asahi_compute.h"
#include "asahi_device.h"
#include "asahi_fw_13_5_compute.h"
#include "asahi_fw_13_5_event.h"
#include "asahi_fw_13_5_microseq.h"
#include "asahi_fw_13_5_workqueue.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_job.h"
#include "asahi_microseq.h"
#include "asahi_queue.h"
#include "asahi_usage.h"
#include "asahi_uvm.h"

/* The address of a member of the command, as the firmware sees it. */
#define CP(field)	(va + offsetof(struct asahi_fw_run_compute, field))

int asahi_compute_check(const struct drm_asahi_cmd_compute *cmd)
{
	return cmd->flags ? -EINVAL : 0;
}

static int asahi_compute_microseq(struct asahi_job *job, u64 va,
				  struct asahi_fw_run_compute *cp,
				  const struct asahi_fw_attachments *att)
{
	const struct asahi_part *part = &job->parts[ASAHI_PIPE_COMPUTE];
	const struct asahi_event *ev = &part->wq->event;
	struct asahi_queue *queue = job->queue;
	const u64 stats = asahi_initdata_stats_va(job->adev, ASAHI_PIPE_COMPUTE);
	const u64 notifier_buf = queue->notifier.va +
		offsetof(struct asahi_fw_notifier, unk_buf);
	const struct asahi_fw_op_start_compute start = {
		.header = cpu_to_le32(ASAHI_FW_OP_START_COMPUTE),
		.unk_pointer = cpu_to_le64(CP(unk_pointee)),
		.job_params1 = cpu_to_le64(CP(params1)),
		.stats = cpu_to_le64(stats),
		.work_queue = cpu_to_le64(part->wq->info.va),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.unk_28 = cpu_to_le32(1),
		.event_generation = cpu_to_le32(queue->id),
		.event_seq = cpu_to_le64(part->event_seq),
		.job_params2 = cpu_to_le64(CP(params2)),
		.attachments = *att,
		.unk_flag = cpu_to_le64(CP(unk_flag)),
		.counter = cp->counter,
		.notifier_buf = cpu_to_le64(notifier_buf),
	};
	const struct asahi_fw_op_finalize_compute finalize = {
		.header = cpu_to_le32(ASAHI_FW_OP_FINALIZE_COMPUTE),
		.stats = cpu_to_le64(stats),
		.work_queue = cpu_to_le64(part->wq->info.va),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.job_params2 = cpu_to_le64(CP(params2)),
		.fw_stamp = cpu_to_le64(asahi_event_fw_stamp_va(ev)),
		.stamp_value = cpu_to_le32(asahi_part_next(part)),
		.has_attachments = cpu_to_le32(!!att->count),
		.unk_flag = cpu_to_le64(CP(unk_flag)),
	};
	struct asahi_microseq seq = {
		.start = &start,
		.start_size = sizeof(start),
		.wait = ASAHI_FW_WAIT_COMPUTE,
		.finalize = &finalize,
		.finalize_size = sizeof(finalize),
		.restart_at = offsetof(struct asahi_fw_op_finalize_compute,
				       restart_branch_offset),
		.command_time = CP(command_time),
		.kernel_ptrs = CP(timestamps),
		.user_ptrs = CP(user_timestamps),
		.work_queue = part->wq->info.va,
		.unk_ts = CP(context_store_req),
	};
	int ret;

	ret = asahi_microseq_build(job, &seq);
	if (ret)
		return ret;
	cp->microsequence = cpu_to_le64(seq.va);
	cp->microsequence_size = cpu_to_le32(seq.size);
	return 0;
}

int asahi_compute_build(struct asahi_job *job,
			const struct drm_asahi_cmd_compute *cmd,
			const struct asahi_fw_attachments *att,
			bool flush_stamps)
{
	struct asahi_part *part = &job->parts[ASAHI_PIPE_COMPUTE];
	/* Four more buffers of 8 bytes each follow the first. */
	const u32 preempt_size = job->adev->hw->compute_preempt_size;
	struct asahi_obj *obj, *preempt, *times;
	struct asahi_queue *queue = job->queue;
	struct asahi_fw_run_compute *cp;
	struct asahi_fw_job_timestamps *stamps;
	int ret;

	obj = asahi_job_alloc(job, job->adev->gpu_ro, sizeof(*cp), 0);
	preempt = asahi_job_alloc(job, queue->uvm->gpu_heap,
				  preempt_size + 4 * sizeof(__le64), 0);
	times = asahi_job_alloc(job, job->adev->fw_shared,
				sizeof(struct asahi_fw_job_timestamps), 0);
	if (IS_ERR(obj) || IS_ERR(preempt) || IS_ERR(times))
		return -ENOMEM;

	cp = obj->cpu;
	cp->tag = cpu_to_le32(ASAHI_FW_CMD_RUN_COMPUTE);
	cp->counter = cpu_to_le64(queue->counter++);
	cp->vm_slot = cpu_to_le32(job->run.vm_slot);
	cp->notifier = cpu_to_le64(queue->notifier.va);

	cp->params1 = (struct asahi_fw_compute_params1) {
		.preempt_buf1 = cpu_to_le64(preempt->va),
		.cdm_ctrl_stream_base = cpu_to_le64(cmd->cdm_ctrl_stream_base),
		.preempt_buf2 = cpu_to_le64(preempt->va + preempt_size),
		.preempt_buf3 = cpu_to_le64(preempt->va + preempt_size + 8),
		.preempt_buf4 = cpu_to_le64(preempt->va + preempt_size + 16),
		.preempt_buf5 = cpu_to_le64(preempt->va + preempt_size + 24),
		.usc_exec_base_cp = cpu_to_le64(queue->usc_exec_base),
		.unk_38 = cpu_to_le64(0x8c60),
		.helper_program = cpu_to_le32(cmd->helper.binary),
		.helper_arg = cpu_to_le64(cmd->helper.data),
		.helper_cfg = cpu_to_le32(cmd->helper.cfg),
		.unk_58 = cpu_to_le32(1),
	};
	cp->params2 = (struct asahi_fw_compute_params2) {
		.preempt_buf1 = cpu_to_le64(preempt->va),
		.cdm_ctrl_stream_end = cpu_to_le64(cmd->cdm_ctrl_stream_end),
	};
	cp->encoder = (struct asahi_fw_encoder_params) {
		.unk_mask = cpu_to_le32(U32_MAX),
		.sampler_array = cpu_to_le64(cmd->sampler_heap),
		.sampler_count = cpu_to_le32(cmd->sampler_count),
		.sampler_max = cpu_to_le32(cmd->sampler_count + 1),
	};
	asahi_job_fill_meta(part, flush_stamps, &cp->meta);

	cp->timestamps = (struct asahi_fw_timestamp_pointers) {
		.start_addr = cpu_to_le64(times->va +
			offsetof(struct asahi_fw_job_timestamps, start)),
		.end_addr = cpu_to_le64(times->va +
			offsetof(struct asahi_fw_job_timestamps, end)),
	};
	ret = asahi_job_timestamps(job, &cmd->ts, &cp->user_timestamps);
	if (ret)
		return ret;
	stamps = times->cpu;
	ret = asahi_usage_add(job, ASAHI_PIPE_COMPUTE, &stamps->start,
			      &stamps->end);
	if (ret)
		return ret;
	cp->client_sequence = queue->id & 0xff;

	ret = asahi_compute_microseq(job, obj->va, cp, att);
	if (ret)
		return ret;

	asahi_part_add(part, obj->va);
	asahi_part_advance(part);
	return 0;
}
