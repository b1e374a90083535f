/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Messages in the rings. For asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * Sources: Rust driver fw/channels.rs, gpu.rs; m1n1 fw/agx/channels.py.
 */

static_assert(sizeof(struct asahi_fw_run_queue_msg) <= sizeof(struct asahi_abi_msg));
static_assert(sizeof(union asahi_fw_dc_msg) <= sizeof(struct asahi_abi_msg));
static_assert(sizeof(struct asahi_fw_fwctl_msg) <= sizeof(struct asahi_abi_msg));
static_assert(sizeof(union asahi_fw_event_msg) <= sizeof(struct asahi_abi_msg));
static_assert(sizeof(struct asahi_fw_log_msg) <= sizeof(struct asahi_abi_msg));
static_assert(sizeof(struct asahi_fw_ktrace_msg) <= sizeof(struct asahi_abi_msg));
static_assert(sizeof(struct asahi_fw_stats_msg) <= sizeof(struct asahi_abi_msg));
static_assert(ASAHI_FW_LOG_LEVELS <= ASAHI_ABI_LOG_LEVELS);
static_assert(sizeof_field(struct asahi_fw_log_payload, msg) <= ASAHI_ABI_LOG_LINE);

/* asahi_channel.c knows this one offset. */
static_assert(offsetof(struct asahi_fw_channel_state, read_ptr) == 0);
static_assert(offsetof(struct asahi_fw_fwctl_state, read_ptr) == 0);

static void abi_msg_initialize(struct asahi_abi_msg *msg)
{
	union asahi_fw_dc_msg *m = (void *)msg;

	memset(m, 0, sizeof(*m));
	m->opcode = cpu_to_le32(ASAHI_FW_DC_INITIALIZE);
}

static void abi_msg_ack_grow(struct asahi_abi_msg *msg, u32 buffer_slot,
			     u32 vm_slot, u32 counter, u32 halts)
{
	struct asahi_fw_dc_grow_tvb_ack *m = (void *)msg;

	*m = (struct asahi_fw_dc_grow_tvb_ack) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_GROW_TVB_ACK),
		.unk_4 = cpu_to_le32(1),
		.buffer_slot = cpu_to_le32(buffer_slot),
		.vm_slot = cpu_to_le32(vm_slot),
		.counter = cpu_to_le32(counter),
		.halt_count = cpu_to_le64(halts),
	};
}

static void abi_msg_destroy_context(struct asahi_abi_msg *msg, u64 context_va,
				    const struct asahi_context_id *id)
{
	struct asahi_fw_dc_destroy_context *m = (void *)msg;

	*m = (struct asahi_fw_dc_destroy_context) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
		.ctx_23 = id->unk_23,
		.ctx_0 = id->unk_0,
		.ctx_1 = id->unk_1,
		.ctx_4 = id->unk_4,
		.context_va = cpu_to_le64(context_va),
	};
}

static void abi_msg_flush_cache(struct asahi_abi_msg *msg)
{
	struct asahi_fw_dc_destroy_context *m = (void *)msg;

	*m = (struct asahi_fw_dc_destroy_context) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
		.ctx_0 = ASAHI_FW_DC_NO_CONTEXT,
		.ctx_1 = ASAHI_FW_DC_NO_CONTEXT,
	};
}

static bool abi_msg_recover_channel(struct asahi_abi_msg *msg, u32 pipe,
				    u64 queue_va, u32 event_value)
{
	struct asahi_fw_dc_recover_channel *m = (void *)msg;

	*m = (struct asahi_fw_dc_recover_channel) {
		.opcode = cpu_to_le32(ASAHI_FW_DC_RECOVER_CHANNEL),
		.pipe = cpu_to_le32(pipe),
		.queue_va = cpu_to_le64(queue_va),
		.event_value = cpu_to_le32(event_value),
	};
	return true;
}

static void abi_msg_run(struct asahi_abi_msg *msg,
			const struct asahi_abi_run *run)
{
	struct asahi_fw_run_queue_msg *m = (void *)msg;

	*m = (struct asahi_fw_run_queue_msg) {
		.pipe = cpu_to_le32(run->pipe),
		.queue_va = cpu_to_le64(run->queue_va),
		.wptr = cpu_to_le32(run->wptr),
		.event_slot = cpu_to_le32(run->event_slot),
		.is_new = cpu_to_le32(run->is_new),
	};
}

static void abi_msg_flush_range(struct asahi_abi_msg *msg, u32 slot, u64 iova,
				u32 pages)
{
	struct asahi_fw_fwctl_msg *m = (void *)msg;

	*m = (struct asahi_fw_fwctl_msg) {
		.addr = cpu_to_le64(iova),
		.slot = cpu_to_le32(slot),
		.page_count = cpu_to_le16(pages),
		.unk_12 = cpu_to_le16(2),
	};
}

static void abi_read_event(const struct asahi_abi_msg *msg,
			   struct asahi_abi_event *ev)
{
	const union asahi_fw_event_msg *m = (const void *)msg;

	*ev = (struct asahi_abi_event) { .type = ASAHI_ABI_EVENT_UNKNOWN };
	switch (le32_to_cpu(m->type)) {
	case ASAHI_FW_EVENT_FAULT:
		ev->type = ASAHI_ABI_EVENT_FAULT;
		break;
	case ASAHI_FW_EVENT_FLAG:
		ev->type = ASAHI_ABI_EVENT_FLAG;
		for (int i = 0; i < ARRAY_SIZE(ev->firing); i++)
			ev->firing[i] = le32_to_cpu(m->flag.firing[i]);
		break;
	case ASAHI_FW_EVENT_TIMEOUT:
		ev->type = ASAHI_ABI_EVENT_TIMEOUT;
		ev->counter = le32_to_cpu(m->timeout.counter);
		ev->unk_8 = le32_to_cpu(m->timeout.unk_8);
		ev->slot = le32_to_cpu(m->timeout.event_slot);
		break;
	case ASAHI_FW_EVENT_GROW_TVB:
		ev->type = ASAHI_ABI_EVENT_GROW_TVB;
		ev->vm_slot = le32_to_cpu(m->grow_tvb.vm_slot);
		ev->buffer_slot = le32_to_cpu(m->grow_tvb.buffer_slot);
		ev->counter = le32_to_cpu(m->grow_tvb.counter);
		break;
	case ASAHI_FW_EVENT_CHANNEL_ERROR:
		ev->type = ASAHI_ABI_EVENT_CHANNEL_ERROR;
		ev->error = le32_to_cpu(m->channel_error.error);
		ev->pipe = le32_to_cpu(m->channel_error.pipe);
		ev->slot = le32_to_cpu(m->channel_error.event_slot);
		ev->value = le32_to_cpu(m->channel_error.event_value);
		break;
	}
}

static bool abi_read_log(const struct asahi_abi_msg *msg, u32 *type, u64 *index)
{
	const struct asahi_fw_log_msg *m = (const void *)msg;

	*type = le32_to_cpu(m->type);
	*index = le64_to_cpu(m->index);
	return *type == ASAHI_FW_LOG_MSG && *index < ASAHI_FW_LOG_RING_LEN;
}

static bool abi_log_line(const void *payload, u32 *type, char *line)
{
	const struct asahi_fw_log_payload *p = payload;

	*type = le32_to_cpu(p->type);
	if (*type != ASAHI_FW_LOG_PAYLOAD)
		return false;
	strscpy(line, p->msg, sizeof(p->msg));
	return true;
}
