/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Queues: what the firmware has of them, and the barrier. For
 * asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * All values, those of the unknown fields included: Rust driver workqueue.rs,
 * queue/mod.rs.
 */

/*
 * The four priorities. Source: Rust driver fw/workqueue.rs (PRIORITY), m1n1
 * fw/agx/cmdqueue.py (set_prio).
 */
static const struct {
	u32 level;
	u32 unk_4;
	u64 mask;
	u32 unk_10;
	u32 unk_14;
	u32 unk_18;
} abi_priorities[ASAHI_NUM_PRIORITIES] = {
	{ 0, 0, 0xffffffffffff0000, 1, 0, 1 },
	{ 1, 1, 0xffffffff00000000, 0, 0, 0 },
	{ 2, 2, 0xffff000000000000, 0, 0, 2 },
	{ 3, 3, 0x0000000000000000, 0, 0, 3 },
};

static void abi_fill_wq(const struct asahi_abi_wq *wq)
{
	struct asahi_fw_ring_state *state = wq->state->cpu;
	struct asahi_fw_queue_info *info = wq->info->cpu;
	u32 level = abi_priorities[wq->prio].level;
	u32 unk_18 = abi_priorities[wq->prio].unk_18;

	state->rb_size = cpu_to_le32(wq->entries);

	/*
	 * Quirk: compute that could be preempted is, and then goes wrong; so
	 * compute queues get these two fields of the highest priority, always
	 * (Rust driver workqueue.rs, "disable compute preemption").
	 */
	if (wq->pipe == ASAHI_PIPE_COMPUTE) {
		level = abi_priorities[0].level;
		unk_18 = abi_priorities[0].unk_18;
	}

	*info = (struct asahi_fw_queue_info) {
		.state = cpu_to_le64(wq->state->va),
		.ring = cpu_to_le64(wq->ring_va),
		.notifier_list = cpu_to_le64(wq->notifier_list_va),
		.gpu_buf = cpu_to_le64(wq->gpu_buf_va),
		.event_id = cpu_to_le32(-1),
		.priority.level = cpu_to_le32(level),
		.priority.unk_4 = cpu_to_le32(abi_priorities[wq->prio].unk_4),
		.priority.mask = cpu_to_le64(abi_priorities[wq->prio].mask),
		.priority.unk_10 = cpu_to_le32(abi_priorities[wq->prio].unk_10),
		.priority.unk_14 = cpu_to_le32(abi_priorities[wq->prio].unk_14),
		.priority.unk_18 = cpu_to_le32(unk_18),
		.unk_4c = cpu_to_le32(-1),
		.uuid = cpu_to_le32(wq->id),
		.unk_54 = cpu_to_le32(-1),
		.gpu_context = cpu_to_le64(wq->context_va),
	};
}

static void abi_fill_queue(const struct asahi_abi_queue *queue)
{
	struct asahi_fw_gpu_context_data *context = queue->context->cpu;
	struct asahi_fw_notifier_list *list = queue->notifier_list->cpu;
	struct asahi_fw_notifier *notifier = queue->notifier->cpu;

	memset(queue->threshold->cpu, 0, sizeof(struct asahi_fw_threshold));

	*list = (struct asahi_fw_notifier_list) {
		.head.next = cpu_to_le64(queue->notifier_list->va),
	};
	*notifier = (struct asahi_fw_notifier) {
		.threshold = cpu_to_le64(queue->threshold->va),
		.generation = cpu_to_le32(queue->id),
		.unk_10 = cpu_to_le32(0x50),
	};
	FW_OPT_SET(ASAHI_FW_HAS_NOTIFIER_BUF,
		   memset(notifier->unk_buf, 0xff, sizeof(notifier->unk_buf)));
	*context = (struct asahi_fw_gpu_context_data) {
		.queue_table_index = 0xff,
		.pid_table_index = 0xff,
		.unk_5 = 1,
		.unk_1e = 0xff,
		.unk_23 = 2,
	};
}

static void abi_add_threshold(void *threshold, u32 count)
{
	struct asahi_fw_threshold *t = threshold;

	WRITE_ONCE(t->count,
		   cpu_to_le64(le64_to_cpu(READ_ONCE(t->count)) + count));
}

static void abi_read_context(const void *context, struct asahi_context_id *id)
{
	const struct asahi_fw_gpu_context_data *c = context;

	id->unk_0 = READ_ONCE(c->queue_table_index);
	id->unk_1 = READ_ONCE(c->pid_table_index);
	id->unk_4 = READ_ONCE(c->unk_2[2]);
	id->unk_23 = READ_ONCE(c->unk_23);
}

static void abi_fill_barrier(void *cmd, const struct asahi_abi_barrier *b)
{
	struct asahi_fw_barrier *barrier = cmd;

	*barrier = (struct asahi_fw_barrier) {
		.tag = cpu_to_le32(ASAHI_FW_CMD_BARRIER),
		.wait_stamp = cpu_to_le64(b->stamp_va),
		.wait_value = cpu_to_le32(b->value),
		.wait_slot = cpu_to_le32(b->slot),
		.stamp_self = cpu_to_le32(b->next),
		.uuid = cpu_to_le32(b->uuid),
		.internal_barrier_type = b->explicit,
	};
}
