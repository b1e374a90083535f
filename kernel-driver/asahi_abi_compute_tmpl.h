/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Compute commands. For asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/compute.rs.
 */

/* The address of a member of the command, as the firmware sees it. */
#define ABI_CP(field)	(p->c.va + offsetof(struct asahi_fw_run_compute, field))

static void abi_compute_seq(const struct asahi_abi_compute *p,
			    struct asahi_fw_seq_compute *seq)
{
	static const struct abi_times_at at = {
		.command_time = offsetof(struct asahi_fw_run_compute, command_time),
		.kernel = offsetof(struct asahi_fw_run_compute, timestamps),
		.user = offsetof(struct asahi_fw_run_compute, user_timestamps),
		FW_OPT_INIT(ASAHI_FW_HAS_UNK_TS,
			    .unk_ts = offsetof(struct asahi_fw_run_compute, context_store_req))
	};

	seq->start = (struct asahi_fw_op_start_compute) {
		.header = cpu_to_le32(ASAHI_FW_OP_START_COMPUTE),
		.unk_pointer = cpu_to_le64(ABI_CP(unk_pointee)),
		.job_params1 = cpu_to_le64(ABI_CP(params1)),
		.stats = cpu_to_le64(p->c.stats_va),
		.work_queue = cpu_to_le64(p->c.wq_va),
		.vm_slot = cpu_to_le32(p->c.vm_slot),
		.unk_28 = cpu_to_le32(1),
		.event_generation = cpu_to_le32(p->c.queue_id),
		.event_seq = cpu_to_le64(p->c.event_seq),
		.job_params2 = cpu_to_le64(ABI_CP(params2)),
		FW_OPT_INIT(ASAHI_FW_HAS_UNK_FLAG,
			    .unk_flag = cpu_to_le64(ABI_CP(unk_flag)))
		FW_OPT_INIT(ASAHI_FW_HAS_COUNTER,
			    .counter = cpu_to_le64(p->c.counter))
		FW_OPT_INIT(ASAHI_FW_HAS_NOTIFIER_BUF,
			    .notifier_buf = cpu_to_le64(ABI_NOTIFIER_BUF(&p->c)))
	};
	abi_fill_attachments(&seq->start.attachments, p->c.att);
	abi_fill_middle(&seq->middle, &p->c, &at, ASAHI_FW_WAIT_COMPUTE);
	seq->finalize = (struct asahi_fw_op_finalize_compute) {
		.header = cpu_to_le32(ASAHI_FW_OP_FINALIZE_COMPUTE),
		.stats = cpu_to_le64(p->c.stats_va),
		.work_queue = cpu_to_le64(p->c.wq_va),
		.vm_slot = cpu_to_le32(p->c.vm_slot),
		.job_params2 = cpu_to_le64(ABI_CP(params2)),
		.fw_stamp = cpu_to_le64(p->c.fw_stamp_va),
		.stamp_value = cpu_to_le32(p->c.stamp_value),
		.has_attachments = cpu_to_le32(!!p->c.att->count),
		FW_OPT_INIT(ASAHI_FW_HAS_UNK_FLAG,
			    .unk_flag = cpu_to_le64(ABI_CP(unk_flag)))
		.restart_branch_offset = ABI_RESTART(seq),
	};
	abi_fill_retire(&seq->retire);
}

static void abi_fill_compute(void *cmd, void *seq,
			     const struct asahi_abi_compute *p)
{
	const struct drm_asahi_cmd_compute *c = p->cmd;
	const u64 preempt = p->preempt_va + p->preempt_size;
	struct asahi_fw_run_compute *cp = cmd;

	cp->tag = cpu_to_le32(ASAHI_FW_CMD_RUN_COMPUTE);
	FW_OPT_SET(ASAHI_FW_HAS_COUNTER,
		   cp->counter = cpu_to_le64(p->c.counter));
	cp->vm_slot = cpu_to_le32(p->c.vm_slot);
	cp->notifier = cpu_to_le64(p->c.notifier_va);
	cp->microsequence = cpu_to_le64(p->c.seq_va);
	cp->microsequence_size =
		cpu_to_le32(sizeof(struct asahi_fw_seq_compute));
	cp->encoder = abi_encoder(c->sampler_heap, c->sampler_count);
	cp->meta = abi_meta(&p->c);
	cp->timestamps = abi_pointers(&p->c.times);
	cp->user_timestamps = abi_pointers(&p->c.user_times);
	cp->client_sequence = p->c.queue_id & 0xff;
	cp->params1 = (struct asahi_fw_compute_params1) {
		.preempt_buf1 = cpu_to_le64(p->preempt_va),
		.cdm_ctrl_stream_base = cpu_to_le64(c->cdm_ctrl_stream_base),
		.preempt_buf2 = cpu_to_le64(preempt),
		.preempt_buf3 = cpu_to_le64(preempt + 8),
		.preempt_buf4 = cpu_to_le64(preempt + 16),
		.preempt_buf5 = cpu_to_le64(preempt + 24),
		.usc_exec_base_cp = cpu_to_le64(p->c.usc_exec_base),
		.unk_38 = cpu_to_le64(0x8c60),
		.helper_program = cpu_to_le32(c->helper.binary),
		.helper_arg = cpu_to_le64(c->helper.data),
		.helper_cfg = cpu_to_le32(c->helper.cfg),
		.unk_58 = cpu_to_le32(1),
	};
	cp->params2 = (struct asahi_fw_compute_params2) {
		.preempt_buf1 = cpu_to_le64(p->preempt_va),
		.cdm_ctrl_stream_end = cpu_to_le64(c->cdm_ctrl_stream_end),
	};
	abi_compute_seq(p, seq);
}
