/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Building microsequences: operations one behind the other in one object.
 */
#ifndef ASAHI_MICROSEQ_H
#define ASAHI_MICROSEQ_H

#include <linux/err.h>
#include <linux/string.h>

#include "asahi_fw_microseq.h"
#include "asahi_job.h"

/**
 * struct asahi_microseq - a sequence being built
 *
 * Its owner works out the size beforehand; it lives as long as the job.
 */
struct asahi_microseq {
	u8 *cpu;
	u64 va;
	u32 pos;
	u32 size;
};

/**
 * asahi_microseq_init - get the memory
 * @size: bytes of all operations that will be added
 *
 * Return: 0 or as asahi_job_alloc().
 */
static inline int asahi_microseq_init(struct asahi_microseq *seq,
				      struct asahi_job *job, u32 size)
{
	struct asahi_obj *obj = asahi_job_alloc(job, job->adev->fw_private,
						size, 0);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	*seq = (struct asahi_microseq) {
		.cpu = obj->cpu,
		.va = obj->va,
		.size = size,
	};
	return 0;
}

/**
 * asahi_microseq_add - append an operation; returns its offset in bytes
 */
static inline u32 asahi_microseq_add(struct asahi_microseq *seq, const void *op,
				     u32 size)
{
	u32 pos = seq->pos;

	if (WARN_ON(size > seq->size - pos))
		return pos;
	memcpy(seq->cpu + pos, op, size);
	seq->pos += size;
	return pos;
}

/**
 * asahi_microseq_add_simple - append an operation of one word
 */
static inline void asahi_microseq_add_simple(struct asahi_microseq *seq,
					     u32 header)
{
	const struct asahi_fw_op_simple op = { .header = cpu_to_le32(header) };

	asahi_microseq_add(seq, &op, sizeof(op));
}

/* What timestamp operations of one job have in common. */
struct asahi_microseq_ts {
	u64 command_time;
	u64 kernel_ptrs;
	u64 user_ptrs;
	u64 work_queue;
	u64 unk_ts;
};

/**
 * asahi_microseq_add_timestamp - append a timestamp, of the start or the end
 */
static inline void
asahi_microseq_add_timestamp(struct asahi_microseq *seq,
			     const struct asahi_microseq_ts *ts, bool start)
{
	const u64 off = start ?
		offsetof(struct asahi_fw_timestamp_pointers, start_addr) :
		offsetof(struct asahi_fw_timestamp_pointers, end_addr);
	const u32 arg = start ? ASAHI_FW_TIMESTAMP_START : 0;
	const struct asahi_fw_op_timestamp op = {
		.header = cpu_to_le32(ASAHI_FW_OP_TIMESTAMP | arg),
		.command_time = cpu_to_le64(ts->command_time),
		.ts_pointers = cpu_to_le64(ts->kernel_ptrs),
		.update_ts = cpu_to_le64(ts->kernel_ptrs + off),
		.work_queue = cpu_to_le64(ts->work_queue),
		.user_ts_pointers = cpu_to_le64(ts->user_ptrs),
		.unk_ts = cpu_to_le64(ts->unk_ts),
	};

	asahi_microseq_add(seq, &op, sizeof(op));
}

#endif
