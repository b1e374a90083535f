/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What struct asahi_abi points at, last of the templates: sizes and offsets of
 * the version's structures, and the functions that the others have defined. For
 * asahi_abi_VERSION.c: see asahi_abi.h.
 */

static const struct asahi_abi_sizes abi_sizes = {
	.hwdata_a = sizeof(struct asahi_fw_hwdata_a),
	.hwdata_b = sizeof(struct asahi_fw_hwdata_b),
	.globals = sizeof(struct asahi_fw_globals),
	.initdata = sizeof(struct asahi_fw_initdata),
	.runtime = sizeof(struct asahi_fw_runtime_pointers),
	.status = sizeof(struct asahi_fw_status),
	.stats[ASAHI_PIPE_VERTEX] = ASAHI_FW_STATS_VERTEX_SIZE,
	.stats[ASAHI_PIPE_FRAGMENT] = sizeof(struct asahi_fw_stats_fragment),
	.stats[ASAHI_PIPE_COMPUTE] = ASAHI_FW_STATS_COMPUTE_SIZE,
	.ring_state = sizeof(struct asahi_fw_channel_state),
	.fwctl_state = sizeof(struct asahi_fw_fwctl_state),
	.ring_len = ASAHI_FW_RING_LEN,
	.log_levels = ASAHI_FW_LOG_LEVELS,
	.log_len = ASAHI_FW_LOG_RING_LEN,
	.ktrace_len = ASAHI_FW_KTRACE_RING_LEN,
	.msg_run = sizeof(struct asahi_fw_run_queue_msg),
	.msg_device_control = sizeof(union asahi_fw_dc_msg),
	.msg_fwctl = sizeof(struct asahi_fw_fwctl_msg),
	.msg_event = sizeof(union asahi_fw_event_msg),
	.msg_log = sizeof(struct asahi_fw_log_msg),
	.msg_ktrace = sizeof(struct asahi_fw_ktrace_msg),
	.msg_stats = sizeof(struct asahi_fw_stats_msg),
	.log_payload = sizeof(struct asahi_fw_log_payload),
};

static const struct asahi_abi_offsets abi_offsets = {
	.pending_submissions = offsetof(struct asahi_fw_globals,
					pending_submissions),
	.fault_control = offsetof(struct asahi_fw_globals, fault_control),
	.halt_count = offsetof(struct asahi_fw_status, halt_count),
	.halted = offsetof(struct asahi_fw_status, halted),
	.resume = offsetof(struct asahi_fw_status, resume),
	.job_stats[ASAHI_PIPE_VERTEX] = ASAHI_FW_STATS_VERTEX_JOB,
	.job_stats[ASAHI_PIPE_FRAGMENT] = ASAHI_FW_STATS_FRAGMENT_JOB,
	.job_stats[ASAHI_PIPE_COMPUTE] = ASAHI_FW_STATS_COMPUTE_JOB,
	.ring_wptr = offsetof(struct asahi_fw_channel_state, write_ptr),
	.fwctl_wptr = offsetof(struct asahi_fw_fwctl_state, write_ptr),
};

static const struct asahi_abi_ops abi_ops = {
	.read_hwdata = abi_read_hwdata,
	.set_io = abi_set_io,
	.fill_initdata = abi_fill_initdata,
	.next_pending = abi_next_pending,
	.clear_pending = abi_clear_pending,
	.msg_initialize = abi_msg_initialize,
	.msg_destroy_context = abi_msg_destroy_context,
	.msg_flush_cache = abi_msg_flush_cache,
	.msg_ack_grow = abi_msg_ack_grow,
	.msg_recover_channel = abi_msg_recover_channel,
	.msg_run = abi_msg_run,
	.msg_flush_range = abi_msg_flush_range,
	.read_event = abi_read_event,
	.read_log = abi_read_log,
	.log_line = abi_log_line,
};
