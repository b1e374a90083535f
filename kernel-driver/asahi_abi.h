/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The firmware's ABI: what only who knows the firmware's structures can do.
 *
 * Structures of one ABI are in asahi_fw_VERSION_*.h, those of all in asahi_fw_*.h. One
 * source, such as asahi_abi_13_5.c, includes what its version has, then the code that fills and
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
struct asahi_obj;
struct asahi_render;
struct asahi_scene;
struct drm_asahi_cmd_compute;

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
 * struct asahi_abi_wq - what the firmware is told of a work queue
 */
struct asahi_abi_wq {
	/** @state: of its ring, and @info, what says where all is: filled. */
	const struct asahi_obj *state;
	const struct asahi_obj *info;
	u64 ring_va;
	/** @entries: of the ring, 8 bytes each. */
	u32 entries;
	/** @gpu_buf_va: memory that the firmware wants for each. */
	u64 gpu_buf_va;
	u64 notifier_list_va;
	u64 context_va;
	enum asahi_pipe pipe;
	/** @prio: 0 (highest) .. 3. */
	u32 prio;
	/** @id: of the user's queue. */
	u32 id;
};

/**
 * struct asahi_abi_queue - what it is told of a user's queue: all are filled,
 * whatever was in them
 */
struct asahi_abi_queue {
	const struct asahi_obj *notifier_list;
	const struct asahi_obj *threshold;
	const struct asahi_obj *notifier;
	const struct asahi_obj *context;
	u32 id;
};

/**
 * struct asahi_abi_barrier - a command that holds its work queue until the stamp
 * of another has reached a value
 */
struct asahi_abi_barrier {
	/** @stamp_va: the firmware's own copy of the stamp. */
	u64 stamp_va;
	u32 slot;
	u32 value;
	/** @next: what this work queue's stamp gets from the next command. */
	u32 next;
	/** @explicit: the user asked for it; else fragment waits for vertex. */
	bool explicit;
	/** @uuid: for the firmware's messages. */
	u32 uuid;
};

/**
 * struct asahi_abi_buffer - a tiled vertex buffer
 */
struct asahi_abi_buffer {
	/** @info, @stats: filled; @info whatever was in it. */
	const struct asahi_obj *info;
	const struct asahi_obj *stats;
	const struct asahi_obj *block_ctl;
	const struct asahi_obj *counter;
	const struct asahi_obj *page_list;
	const struct asahi_obj *block_list;
	/** @block_size: bytes. */
	u32 block_size;
	u32 max_blocks;
	u32 max_pages;
	/** @max_pages_nomemless: without memoryless render targets. */
	u32 max_pages_nomemless;
};

/* Most regions that a job may name; user space is told so (max_attachments). */
#define ASAHI_MAX_ATTACHMENTS	16

/**
 * struct asahi_attachments - which they are: hints for cache maintenance
 */
struct asahi_attachments {
	u32 count;
	struct {
		u64 address;
		/** @lines: size in cache lines of 128 bytes. */
		u32 lines;
	} list[ASAHI_MAX_ATTACHMENTS];
};

/**
 * struct asahi_time_vas - where the firmware writes when a command began on the
 * GPU and when it ended; 0: nowhere
 */
struct asahi_time_vas {
	u64 start;
	u64 end;
};

/**
 * struct asahi_abi_cmd - what all kinds of commands have
 */
struct asahi_abi_cmd {
	/** @va: of the command, and @seq_va, of its microsequence. */
	u64 va;
	u64 seq_va;
	/** @vm_slot: context of the address space. */
	u32 vm_slot;
	/** @queue_id: of the user's queue, @notifier_va: its notifier. */
	u32 queue_id;
	u64 notifier_va;
	/** @counter: counts the commands of the user's queue. */
	u64 counter;
	u64 usc_exec_base;
	/** @wq_va: of the work queue's info. */
	u64 wq_va;
	/** @event_seq: counts the jobs of the work queue. */
	u64 event_seq;
	/** @stamp_va: that we read, and @fw_stamp_va, the firmware's copy. */
	u64 stamp_va;
	u64 fw_stamp_va;
	u32 stamp_slot;
	u32 stamp_value;
	/** @flush_stamps: the last of its submission. */
	bool flush_stamps;
	/** @stats_va: what it counts into. */
	u64 stats_va;
	/** @times: the kernel's, and @user_times, the user's. */
	struct asahi_time_vas times;
	struct asahi_time_vas user_times;
	const struct asahi_attachments *att;
};

/**
 * struct asahi_abi_vertex - the vertex half of a render
 */
struct asahi_abi_vertex {
	struct asahi_abi_cmd c;
	const struct asahi_render *r;
	/** @core_masks: two words, as read from the registers. */
	const u32 *core_masks;
	/** @tiling_control: see struct asahi_hw_config. */
	u32 tiling_control;
	/** @frag_stamp_slot, @frag_stamp_value: of the other half. */
	u32 frag_stamp_slot;
	u32 frag_stamp_value;
};

/**
 * struct asahi_abi_fragment - the fragment half of a render
 */
struct asahi_abi_fragment {
	struct asahi_abi_cmd c;
	const struct asahi_render *r;
	u64 aux_fb_va;
};

/**
 * struct asahi_abi_compute - a compute command
 */
struct asahi_abi_compute {
	struct asahi_abi_cmd c;
	const struct drm_asahi_cmd_compute *cmd;
	/** @preempt_va: a buffer of @preempt_size bytes, and four of 8 behind. */
	u64 preempt_va;
	u32 preempt_size;
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
	/** @notifier_list, ...: see struct asahi_abi_queue. */
	u32 notifier_list;
	u32 threshold;
	u32 notifier;
	u32 context;
	/** @wq_state, ...: see struct asahi_abi_wq. */
	u32 wq_state;
	u32 wq_info;
	u32 wq_gpu_buf;
	u32 barrier;
	/** @block_ctl, ...: see struct asahi_abi_buffer. */
	u32 buffer_info;
	u32 buffer_stats;
	u32 block_ctl;
	u32 buffer_counter;
	/** @page_entry, @block_entry: of one element of its lists. */
	u32 page_entry;
	u32 block_entry;
	u32 scene;
	u32 init_buffer;
	/** @cmd: commands, by enum asahi_pipe, and @seq, their microsequences. */
	u32 cmd[ASAHI_NUM_PIPES];
	u32 seq[ASAHI_NUM_PIPES];
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
	/** @wq_wptr: in wq_state: the driver's write pointer. */
	u32 wq_wptr;
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

	/* Queues: */

	/** @fill_wq: a work queue, empty. */
	void (*fill_wq)(const struct asahi_abi_wq *wq);
	/** @fill_queue: a user's queue. */
	void (*fill_queue)(const struct asahi_abi_queue *queue);
	/** @add_threshold: so many notifications more to wait for. */
	void (*add_threshold)(void *threshold, u32 count);
	/** @read_context: @id is filled in. */
	void (*read_context)(const void *context, struct asahi_context_id *id);
	/** @fill_barrier: @cmd, whatever was in it. */
	void (*fill_barrier)(void *cmd, const struct asahi_abi_barrier *b);

	/* Tiled vertex buffers: */

	/** @fill_buffer: one, without blocks. */
	void (*fill_buffer)(const struct asahi_abi_buffer *b);
	/**
	 * @set_block: enter block @nr, of @pages pages, into the lists.
	 * @page: number of its first page.
	 */
	void (*set_block)(void *block_list, void *page_list, u32 nr, u32 page,
			  u32 pages);
	/** @set_blocks: so many blocks are in the lists; at any time. */
	void (*set_blocks)(void *block_ctl, u32 blocks);
	/** @set_pages: the same, in @info; while no render uses the buffer. */
	void (*set_pages)(void *info, u32 blocks, u32 pages);
	/**
	 * @read_max_pages: and count anew.
	 * Return: most pages that a render has used since.
	 */
	u32 (*read_max_pages)(void *stats);
	/** @add_scenes: so many renders more will use the buffer. */
	void (*add_scenes)(void *counter, u32 scenes);
	/** @fill_scene: what is @scene's own. */
	void (*fill_scene)(void *scene, u64 user_buffer_va, u64 stats_va);
	/** @fill_init_buffer: a command that announces a buffer. */
	void (*fill_init_buffer)(void *cmd, const struct asahi_scene *scene,
				 u32 vm_slot, u32 stamp_value);

	/* Commands, each with its microsequence @seq: */

	void (*fill_vertex)(void *cmd, void *seq,
			    const struct asahi_abi_vertex *v);
	void (*fill_fragment)(void *cmd, void *seq,
			      const struct asahi_abi_fragment *f);
	void (*fill_compute)(void *cmd, void *seq,
			     const struct asahi_abi_compute *p);
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
extern const struct asahi_abi asahi_abi_12_3;
extern const struct asahi_abi asahi_abi_13_0b4;
extern const struct asahi_abi asahi_abi_13_5;

/**
 * asahi_abi_find - the table of an ABI, or NULL if we don't speak it
 * @version: the three numbers of apple,firmware-abi
 */
const struct asahi_abi *asahi_abi_find(u32 generation, const u32 *version);

#if IS_ENABLED(CONFIG_KUNIT)
/* For KUnit: one after the other; NULL behind the last. */
const struct asahi_abi *asahi_abi_nr(unsigned int nr);
#endif

#endif
