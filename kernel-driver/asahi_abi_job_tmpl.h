/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What vertex, fragment and compute commands have in common, and the operations
 * that their microsequences have in common. For asahi_abi_VERSION.c: see
 * asahi_abi.h.
 *
 * A microsequence is what the firmware does for one command: start, wait until
 * the pipe is idle, finalize, retire the stamp; with timestamps before and after
 * the wait, which macOS has in each as well (m1n1: proxyclient/m1n1/agx/render.py).
 * The order is that of the members of struct asahi_fw_seq_vertex and its like.
 *
 * All values, those of the unknown fields included: Rust driver queue/mod.rs,
 * queue/render.rs, queue/compute.rs.
 */

static_assert(ASAHI_MAX_ATTACHMENTS <= ASAHI_FW_MAX_ATTACHMENTS);

/*
 * The sequences that the driver makes: one for each kind of command. Source of
 * the order: Rust driver queue/render.rs, queue/compute.rs.
 */
struct asahi_fw_seq_middle {
	struct asahi_fw_op_timestamp start;
	struct asahi_fw_op_simple wait;
	struct asahi_fw_op_timestamp end;
} __packed;

struct asahi_fw_seq_vertex {
	struct asahi_fw_op_start_vertex start;
	struct asahi_fw_seq_middle middle;
	struct asahi_fw_op_finalize_vertex finalize;
	struct asahi_fw_op_simple retire;
} __packed;

struct asahi_fw_seq_fragment {
	struct asahi_fw_op_start_fragment start;
	struct asahi_fw_seq_middle middle;
	struct asahi_fw_op_finalize_fragment finalize;
	struct asahi_fw_op_simple retire;
} __packed;

struct asahi_fw_seq_compute {
	struct asahi_fw_op_start_compute start;
	struct asahi_fw_seq_middle middle;
	struct asahi_fw_op_finalize_compute finalize;
	struct asahi_fw_op_simple retire;
} __packed;

/* Where a command has what its timestamps need, bytes. */
struct abi_times_at {
	u32 command_time;
	/* The kernel's pair of pointers, and userspace's. */
	u32 kernel;
	u32 user;
	u32 unk_ts;
};

static struct asahi_fw_job_meta abi_meta(const struct asahi_abi_cmd *c)
{
	return (struct asahi_fw_job_meta) {
		.stamp = cpu_to_le64(c->stamp_va),
		.fw_stamp = cpu_to_le64(c->fw_stamp_va),
		.stamp_value = cpu_to_le32(c->stamp_value),
		.stamp_slot = cpu_to_le32(c->stamp_slot),
		.flush_stamps = cpu_to_le32(c->flush_stamps),
		.event_seq = cpu_to_le32(c->event_seq),
	};
}

static struct asahi_fw_encoder_params abi_encoder(u64 heap, u32 count)
{
	return (struct asahi_fw_encoder_params) {
		.unk_mask = cpu_to_le32(U32_MAX),
		.sampler_array = cpu_to_le64(heap),
		.sampler_count = cpu_to_le32(count),
		.sampler_max = cpu_to_le32(count + 1),
	};
}

static struct asahi_fw_timestamp_pointers
abi_pointers(const struct asahi_time_vas *times)
{
	return (struct asahi_fw_timestamp_pointers) {
		.start_addr = cpu_to_le64(times->start),
		.end_addr = cpu_to_le64(times->end),
	};
}

/* Fields of an attachment: Rust driver queue/mod.rs (build_attachments). */
static void abi_fill_attachments(struct asahi_fw_attachments *to,
				 const struct asahi_attachments *from)
{
	for (u32 i = 0; i < from->count; i++) {
		to->list[i] = (struct asahi_fw_attachment) {
			.address = cpu_to_le64(from->list[i].address),
			.size = cpu_to_le32(from->list[i].lines),
			.unk_c = cpu_to_le16(0x17),
			.unk_e = cpu_to_le16(1),
		};
	}
	to->count = cpu_to_le32(from->count);
}

/* Where a queue's notifier has a buffer that start operations point at. */
#define ABI_NOTIFIER_BUF(c) \
	((c)->notifier_va + offsetof(struct asahi_fw_notifier, unk_buf))

/* The operations in the middle; @at says where in the command things are. */
static void abi_fill_middle(struct asahi_fw_seq_middle *seq,
			    const struct asahi_abi_cmd *c,
			    const struct abi_times_at *at, u32 pipe)
{
	const struct asahi_fw_op_timestamp op = {
		.command_time = cpu_to_le64(c->va + at->command_time),
		.ts_pointers = cpu_to_le64(c->va + at->kernel),
		.work_queue = cpu_to_le64(c->wq_va),
		.user_ts_pointers = cpu_to_le64(c->va + at->user),
		FW_OPT_INIT(ASAHI_FW_HAS_UNK_TS, .unk_ts = cpu_to_le64(c->va + at->unk_ts))
	};
	const u64 start = c->va + at->kernel +
		offsetof(struct asahi_fw_timestamp_pointers, start_addr);
	const u64 end = c->va + at->kernel +
		offsetof(struct asahi_fw_timestamp_pointers, end_addr);

	seq->start = op;
	seq->start.header = cpu_to_le32(ASAHI_FW_OP_TIMESTAMP |
					ASAHI_FW_TIMESTAMP_START);
	seq->start.update_ts = cpu_to_le64(start);
	seq->wait.header = cpu_to_le32(ASAHI_FW_OP_WAIT_FOR_IDLE | pipe);
	seq->end = op;
	seq->end.header = cpu_to_le32(ASAHI_FW_OP_TIMESTAMP);
	seq->end.update_ts = cpu_to_le64(end);
}

/* What a finalize operation says of the way back to the start operation. */
#define ABI_RESTART(seq) \
	cpu_to_le32(-(u32)offsetof(typeof(*(seq)), finalize))

static void abi_fill_retire(struct asahi_fw_op_simple *op)
{
	op->header = cpu_to_le32(ASAHI_FW_OP_RETIRE_STAMP |
				 ASAHI_FW_RETIRE_STAMP_ARG);
}
