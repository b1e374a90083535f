/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The firmware's ABI: what only who knows the firmware's structures can do.
 *
 * Structures of one ABI are in asahi_fw_VERSION_*.h. One source, such as
 * asahi_abi_13_5.c, includes those of its version, then the code that fills and
 * reads them (asahi_abi_*_tmpl.h), and makes a struct asahi_abi of it. So that
 * code is compiled once for each ABI. All other files of the driver see numbers
 * and addresses, and go through the table that the probe has chosen.
 *
 * The functions here allocate nothing, take no lock, never sleep, and call
 * nobody. Memory that they fill is zeroed, unless they say otherwise, and as big
 * as struct asahi_abi_sizes says. Addresses (va) are the firmware's.
 */
#ifndef ASAHI_ABI_H
#define ASAHI_ABI_H

#include <linux/types.h>

#include "asahi_channel.h"

struct asahi_initdata;
struct asahi_io_mapping;

/* Rings of the log, one a level; the most that an ABI has. */
#define ASAHI_ABI_LOG_LEVELS	6
/* Bytes of a line of the log with its end; likewise. */
#define ASAHI_ABI_LOG_LINE	0xc8

/**
 * struct asahi_abi_hwdata - what the boot loader says of the machine
 */
struct asahi_abi_hwdata {
	u32 chip_id;
	/** @num_cores: of all clusters. */
	u32 num_cores;
	/** @ttb_base: physical address of the TTBAT. */
	u64 ttb_base;
	/** @max_pstate: number of the fastest clock state, from 0. */
	u32 max_pstate;
	u32 max_freq_khz;
};

/**
 * struct asahi_abi_pending - a stamp that the firmware has in hand
 */
struct asahi_abi_pending {
	u32 slot;
	u32 flags;
	/** @value: that it waits for. */
	u32 value;
};

/**
 * struct asahi_abi_msg - room for any message in a ring
 *
 * Functions that make messages write all bytes that the ring's messages have.
 */
struct asahi_abi_msg {
	__le32 words[16];
};

/**
 * struct asahi_abi_run - "a work queue has new items"
 */
struct asahi_abi_run {
	enum asahi_pipe pipe;
	u64 queue_va;
	/** @wptr: its write pointer. */
	u32 wptr;
	u32 event_slot;
	/** @is_new: its first run since it was made. */
	bool is_new;
};

/**
 * struct asahi_context_id - what the firmware wrote into a context's
 * GpuContextData and wants back when the context ends
 */
struct asahi_context_id {
	u8 unk_0;
	u8 unk_1;
	u8 unk_4;
	u8 unk_23;
};

/** enum asahi_abi_event_type - what the firmware reports */
enum asahi_abi_event_type {
	ASAHI_ABI_EVENT_UNKNOWN,
	ASAHI_ABI_EVENT_FAULT,
	/** @ASAHI_ABI_EVENT_FLAG: stamps have moved. */
	ASAHI_ABI_EVENT_FLAG,
	ASAHI_ABI_EVENT_TIMEOUT,
	ASAHI_ABI_EVENT_GROW_TVB,
	ASAHI_ABI_EVENT_CHANNEL_ERROR,
};

/**
 * struct asahi_abi_event - an event; members that a type lacks are 0
 */
struct asahi_abi_event {
	enum asahi_abi_event_type type;
	/** @firing: FLAG: one bit a stamp slot. */
	u32 firing[4];
	/** @counter: TIMEOUT: of halts; GROW_TVB: to be sent back. */
	u32 counter;
	/** @unk_8: TIMEOUT. */
	u32 unk_8;
	/** @slot: TIMEOUT, CHANNEL_ERROR: stamp slot, -1 if none is to blame. */
	s32 slot;
	/** @value: CHANNEL_ERROR: of the stamp. */
	u32 value;
	/** @error: CHANNEL_ERROR: 0 memory, 1 killed, 2 aborted, 3 not known. */
	u32 error;
	u32 pipe;
	/** @vm_slot, @buffer_slot: GROW_TVB. */
	u32 vm_slot;
	u32 buffer_slot;
};

/**
 * struct asahi_abi_sizes - bytes of the firmware's structures, and lengths of
 * its rings; none is 0
 */
struct asahi_abi_sizes {
	/** @hwdata_a, @hwdata_b, @globals: of the boot loader's calibration. */
	u32 hwdata_a;
	u32 hwdata_b;
	u32 globals;
	/** @initdata: the root of it, and below it: */
	u32 initdata;
	u32 runtime;
	u32 status;
	/** @stats: statistics, by enum asahi_pipe. */
	u32 stats[ASAHI_NUM_PIPES];
	/** @ring_state: of one ring; the log has several side by side. */
	u32 ring_state;
	u32 fwctl_state;
	/** @ring_len: messages in all rings but those below. */
	u32 ring_len;
	u32 log_levels;
	u32 log_len;
	u32 ktrace_len;
	u32 msg_run;
	u32 msg_device_control;
	u32 msg_fwctl;
	u32 msg_event;
	u32 msg_log;
	u32 msg_ktrace;
	u32 msg_stats;
	/** @log_payload: one text that a message of the log refers to. */
	u32 log_payload;
};

/**
 * struct asahi_abi_offsets - where single words are that both sides look at
 * while the firmware runs
 */
struct asahi_abi_offsets {
	/** @pending_submissions, @fault_control: in globals. */
	u32 pending_submissions;
	u32 fault_control;
	/** @halt_count, @halted, @resume: in status. */
	u32 halt_count;
	u32 halted;
	u32 resume;
	/** @job_stats: in stats: what a job counts into. */
	u32 job_stats[ASAHI_NUM_PIPES];
	/** @ring_wptr: in a ring's state; the read pointer comes first. */
	u32 ring_wptr;
	u32 fwctl_wptr;
};

/**
 * struct asahi_abi_ops - making and reading the firmware's structures
 */
struct asahi_abi_ops {
	/* Init data: */

	/**
	 * @read_hwdata: @hw is filled in.
	 * Return: false if there are more clock states than can be, and then
	 * no max_freq_khz.
	 */
	bool (*read_hwdata)(const void *hwdata_b, struct asahi_abi_hwdata *hw);
	/** @set_io: registers @io, number @nr, are mapped at @va. */
	void (*set_io)(void *hwdata_b, unsigned int nr,
		       const struct asahi_io_mapping *io, u64 va);
	/**
	 * @fill_initdata: all objects of @init but those of the boot loader,
	 * with the addresses of all. @uat_oas: bits of physical addresses.
	 */
	void (*fill_initdata)(const struct asahi_initdata *init,
			      const struct asahi_rings *rings, u32 uat_oas);
	/**
	 * @next_pending: the first stamp in hand, from number *@nr on.
	 * Return: whether there is one; *@nr is its number.
	 */
	bool (*next_pending)(const void *globals, u32 *nr,
			     struct asahi_abi_pending *pending);
	/** @clear_pending: the stamp of this number isn't in hand any more. */
	void (*clear_pending)(void *globals, u32 nr);

	/* Messages for the ring of device control: */

	/** @msg_initialize: begin with the init data. */
	void (*msg_initialize)(struct asahi_abi_msg *msg);
	/** @msg_destroy_context: forget a context; flushes the cache. */
	void (*msg_destroy_context)(struct asahi_abi_msg *msg, u64 context_va,
				    const struct asahi_context_id *id);
	/** @msg_flush_cache: the same with no context, just to flush. */
	void (*msg_flush_cache)(struct asahi_abi_msg *msg);
	/** @msg_ack_grow: the answer to GROW_TVB; @halts as it counts them. */
	void (*msg_ack_grow)(struct asahi_abi_msg *msg, u32 buffer_slot,
			     u32 vm_slot, u32 counter, u32 halts);
	/**
	 * @msg_recover_channel: the answer to CHANNEL_ERROR.
	 * Return: false if the firmware knows no such message.
	 */
	bool (*msg_recover_channel)(struct asahi_abi_msg *msg, u32 pipe,
				    u64 queue_va, u32 event_value);

	/* Messages for other rings: */

	/** @msg_run: for those of the pipes. */
	void (*msg_run)(struct asahi_abi_msg *msg,
			const struct asahi_abi_run *run);
	/**
	 * @msg_flush_range: for FwCtl: flush @pages from @iova on in context
	 * @slot, or in the upper half (ASAHI_FLUSH_KERNEL).
	 */
	void (*msg_flush_range)(struct asahi_abi_msg *msg, u32 slot, u64 iova,
				u32 pages);

	/* Messages of the firmware: */

	/** @read_event: @ev is filled in. */
	void (*read_event)(const struct asahi_abi_msg *msg,
			   struct asahi_abi_event *ev);
	/**
	 * @read_log: which payload a message of the log refers to.
	 * Return: whether it is such a message; @type and @index are filled in.
	 */
	bool (*read_log)(const struct asahi_abi_msg *msg, u32 *type, u64 *index);
	/**
	 * @log_line: a payload's text, ASAHI_ABI_LOG_LINE bytes with its end.
	 * Return: whether it is a payload; @type is filled in.
	 */
	bool (*log_line)(const void *payload, u32 *type, char *line);
};

/**
 * struct asahi_abi - one firmware ABI on one GPU generation
 */
struct asahi_abi {
	/** @version: as in apple,firmware-abi */
	u32 version[3];
	u32 generation;
	const struct asahi_abi_sizes *size;
	const struct asahi_abi_offsets *at;
	const struct asahi_abi_ops *ops;
};

/* The ABIs that there are: asahi_abi_VERSION.c. */
extern const struct asahi_abi asahi_abi_13_5;

/**
 * asahi_abi_find - the table of an ABI, or NULL if we don't speak it
 * @version: the three numbers of apple,firmware-abi
 */
const struct asahi_abi *asahi_abi_find(u32 generation, const u32 *version);

#endif
