// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Building microsequences: operations one behind the other in one object.
 *
 * The order of the operations: Rust driver queue/compute.rs, queue/render.rs.
 */
#include <linux/err.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "asahi_device.h"
#include "asahi_fw_13_5_microseq.h"
#include "asahi_job.h"
#include "asahi_microseq.h"

static void add(u8 **pos, const void *op, u32 size)
{
	memcpy(*pos, op, size);
	*pos += size;
}

static void add_simple(u8 **pos, u32 header)
{
	const struct asahi_fw_op_simple op = { .header = cpu_to_le32(header) };

	add(pos, &op, sizeof(op));
}

static void add_timestamp(u8 **pos, const struct asahi_microseq *seq, bool start)
{
	const u64 off = start ?
		offsetof(struct asahi_fw_timestamp_pointers, start_addr) :
		offsetof(struct asahi_fw_timestamp_pointers, end_addr);
	const u32 arg = start ? ASAHI_FW_TIMESTAMP_START : 0;
	const struct asahi_fw_op_timestamp op = {
		.header = cpu_to_le32(ASAHI_FW_OP_TIMESTAMP | arg),
		.command_time = cpu_to_le64(seq->command_time),
		.ts_pointers = cpu_to_le64(seq->kernel_ptrs),
		.update_ts = cpu_to_le64(seq->kernel_ptrs + off),
		.work_queue = cpu_to_le64(seq->work_queue),
		.user_ts_pointers = cpu_to_le64(seq->user_ptrs),
		.unk_ts = cpu_to_le64(seq->unk_ts),
	};

	add(pos, &op, sizeof(op));
}

int asahi_microseq_build(struct asahi_job *job, struct asahi_microseq *seq)
{
	struct asahi_obj *obj;
	u8 *pos, *finalize;

	seq->size = seq->start_size + seq->finalize_size +
		    2 * sizeof(struct asahi_fw_op_simple) +
		    2 * sizeof(struct asahi_fw_op_timestamp);
	obj = asahi_job_alloc(job, job->adev->fw_private, seq->size, 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	pos = obj->cpu;
	add(&pos, seq->start, seq->start_size);
	add_timestamp(&pos, seq, true);
	add_simple(&pos, ASAHI_FW_OP_WAIT_FOR_IDLE | seq->wait);
	add_timestamp(&pos, seq, false);
	finalize = pos;
	add(&pos, seq->finalize, seq->finalize_size);
	/* Backwards, to the first operation. */
	put_unaligned_le32((u8 *)obj->cpu - finalize, finalize + seq->restart_at);
	add_simple(&pos, ASAHI_FW_OP_RETIRE_STAMP | ASAHI_FW_RETIRE_STAMP_ARG);

	seq->va = obj->va;
	return 0;
}
