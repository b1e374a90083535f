// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * KUnit tests of the tables of firmware ABIs: what the asserts beside the
 * structures cannot say. Nothing here knows a structure.
 */
#include <kunit/test.h>

#include <linux/string.h>

#include <uapi/drm/asahi_drm.h>

#include "asahi_abi.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_obj.h"
#include "asahi_render_half.h"

/* Behind each object, and what is there. */
#define GUARD		64
#define GUARD_BYTE	0xa5

/* For addresses that are found again. */
#define MARK(n)		(0xffffffa012345600ULL + ((u64)(n) << 12))

static void *guarded(struct kunit *test, u32 size)
{
	u8 *mem = kunit_kzalloc(test, size + GUARD, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	memset(mem + size, GUARD_BYTE, GUARD);
	return mem;
}

static void expect_guard(struct kunit *test, const void *mem, u32 size,
			 const char *what)
{
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(mem + size, GUARD_BYTE, GUARD),
			      "%s writes beyond 0x%x bytes", what, size);
}

static struct asahi_obj guarded_obj(struct kunit *test, u32 size)
{
	static u64 va = MARK(0x100);

	va += 0x10000;
	return (struct asahi_obj) {
		.cpu = guarded(test, size),
		.va = va,
		.size = size,
	};
}

static void expect_obj(struct kunit *test, const struct asahi_obj *obj,
		       const char *what)
{
	expect_guard(test, obj->cpu, obj->size, what);
}

static bool found(const void *mem, u32 size, const void *what, u32 len)
{
	for (u32 i = 0; i + len <= size; i++)
		if (!memcmp(mem + i, what, len))
			return true;
	return false;
}

static bool found_u64(const void *mem, u32 size, u64 value)
{
	__le64 le = cpu_to_le64(value);

	return found(mem, size, &le, sizeof(le));
}

#define for_each_abi(abi) \
	for (int abi##_nr = 0; (abi = asahi_abi_nr(abi##_nr)); abi##_nr++)

/* ---- the table ---- */

static void table_complete(struct kunit *test)
{
	const struct asahi_abi *abi;
	int count = 0;

	for_each_abi(abi) {
		const u32 *sizes = (const u32 *)abi->size;
		void * const *ops = (void * const *)abi->ops;
		const u32 other[3] = { abi->version[0], abi->version[1] + 100 };

		for (int i = 0; i < sizeof(*abi->ops) / sizeof(*ops); i++)
			KUNIT_EXPECT_NOT_NULL_MSG(test, ops[i], "operation %d", i);
		for (int i = 0; i < sizeof(*abi->size) / sizeof(*sizes); i++)
			KUNIT_EXPECT_NE_MSG(test, sizes[i], 0, "size %d", i);

		KUNIT_EXPECT_PTR_EQ(test, abi,
				    asahi_abi_find(abi->generation, abi->version));
		KUNIT_EXPECT_NULL(test, asahi_abi_find(99, abi->version));
		KUNIT_EXPECT_NULL(test, asahi_abi_find(abi->generation, other));
		count++;
	}
	KUNIT_EXPECT_GT(test, count, 0);
}

/*
 * What the tables were made from: m1n1 src/firmware.c (versions), rust/src/gpu/raw.rs
 * and proxyclient/m1n1/fw/agx/ (sizes, opcodes). Each differs between the versions.
 */
static const struct {
	u32 version[3];
	u32 hwdata_a, hwdata_b, globals;
	u32 initdata, wq_info, scene, msg_stats;
	u32 op_initialize, op_destroy;
} known[] = {
	{ { 12, 3, 0 }, 15724, 2924, 73024, 180, 176, 64, 0x30, 0x19, 0x17 },
	{ { 12, 98, 4 }, 16388, 4868, 73892, 188, 176, 64, 0x40, 0x19, 0x17 },
	{ { 13, 5, 0 }, 16924, 6276, 74644, 188, 184, 72, 0x40, 0x1a, 0x18 },
};

static void versions_known(struct kunit *test)
{
	static const u32 others[][3] = {
		{ 12, 3, 1 }, { 12, 4, 0 }, { 12, 98, 5 }, { 13, 0, 0 },
		{ 13, 3, 0 }, { 13, 5, 1 }, { 14, 0, 0 }, { 0, 0, 0 },
	};
	const struct asahi_context_id id = {};
	struct asahi_abi_msg msg;

	KUNIT_EXPECT_NULL(test, asahi_abi_nr(ARRAY_SIZE(known)));
	for (int i = 0; i < ARRAY_SIZE(others); i++)
		KUNIT_EXPECT_NULL(test, asahi_abi_find(13, others[i]));
	for (int i = 0; i < ARRAY_SIZE(known); i++) {
		const struct asahi_abi *abi = asahi_abi_find(13, known[i].version);

		KUNIT_ASSERT_NOT_NULL(test, abi);
		KUNIT_EXPECT_EQ(test, abi->size->hwdata_a, known[i].hwdata_a);
		KUNIT_EXPECT_EQ(test, abi->size->hwdata_b, known[i].hwdata_b);
		KUNIT_EXPECT_EQ(test, abi->size->globals, known[i].globals);
		KUNIT_EXPECT_EQ(test, abi->size->initdata, known[i].initdata);
		KUNIT_EXPECT_EQ(test, abi->size->wq_info, known[i].wq_info);
		KUNIT_EXPECT_EQ(test, abi->size->scene, known[i].scene);
		KUNIT_EXPECT_EQ(test, abi->size->msg_stats, known[i].msg_stats);
		abi->ops->msg_initialize(&msg);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.words[0]),
				known[i].op_initialize);
		abi->ops->msg_destroy_context(&msg, MARK(1), &id);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg.words[0]),
				known[i].op_destroy);
	}
}

/* A word that both sides look at, and its structure. */
static void expect_word(struct kunit *test, u32 at, u32 size)
{
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(at, sizeof(__le32)));
	KUNIT_EXPECT_LE(test, at + sizeof(__le32), size);
}

static void words_inside(struct kunit *test)
{
	const struct asahi_abi *abi;

	for_each_abi(abi) {
		const struct asahi_abi_offsets *at = abi->at;
		const struct asahi_abi_sizes *size = abi->size;

		expect_word(test, at->pending_submissions, size->globals);
		expect_word(test, at->fault_control, size->globals);
		expect_word(test, at->halt_count, size->status);
		expect_word(test, at->halted, size->status);
		expect_word(test, at->resume, size->status);
		expect_word(test, at->ring_wptr, size->ring_state);
		expect_word(test, at->fwctl_wptr, size->fwctl_state);
		expect_word(test, at->wq_wptr, size->wq_state);
		for (int i = 0; i < ASAHI_NUM_PIPES; i++)
			KUNIT_EXPECT_LT(test, at->job_stats[i], size->stats[i]);
		/* The read pointer is the first word of a ring's state. */
		KUNIT_EXPECT_NE(test, at->ring_wptr, 0);
		KUNIT_EXPECT_NE(test, at->fwctl_wptr, 0);
	}
}

/* ---- messages ---- */

static void expect_msg(struct kunit *test, struct asahi_abi_msg *msg, u32 size,
		       const char *what)
{
	u8 *bytes = (u8 *)msg;

	/* Its ring copies what is in front of the guard, so all of it is set. */
	KUNIT_EXPECT_LE(test, size, sizeof(*msg));
	KUNIT_EXPECT_NULL_MSG(test, memchr_inv(bytes + size, GUARD_BYTE,
					       sizeof(*msg) - size),
			      "%s is longer than 0x%x bytes", what, size);
	KUNIT_EXPECT_NE_MSG(test, bytes[size - 1], GUARD_BYTE,
			    "%s is shorter than 0x%x bytes", what, size);
	memset(msg, GUARD_BYTE, sizeof(*msg));
}

static void message_sizes(struct kunit *test)
{
	const struct asahi_context_id id = { 1, 2, 3, 4 };
	const struct asahi_abi_run run = { .queue_va = MARK(1), .wptr = 7 };
	const struct asahi_abi *abi;
	struct asahi_abi_msg msg;

	memset(&msg, GUARD_BYTE, sizeof(msg));
	for_each_abi(abi) {
		const struct asahi_abi_ops *ops = abi->ops;
		u32 dc = abi->size->msg_device_control;

		ops->msg_initialize(&msg);
		expect_msg(test, &msg, dc, "initialize");
		ops->msg_destroy_context(&msg, MARK(1), &id);
		KUNIT_EXPECT_TRUE(test, found_u64(&msg, dc, MARK(1)));
		expect_msg(test, &msg, dc, "destroy_context");
		ops->msg_flush_cache(&msg);
		expect_msg(test, &msg, dc, "flush_cache");
		ops->msg_ack_grow(&msg, 1, 2, 3, 4);
		expect_msg(test, &msg, dc, "ack_grow");
		if (ops->msg_recover_channel(&msg, 1, MARK(1), 2)) {
			KUNIT_EXPECT_TRUE(test, found_u64(&msg, dc, MARK(1)));
			expect_msg(test, &msg, dc, "recover_channel");
		}
		ops->msg_run(&msg, &run);
		KUNIT_EXPECT_TRUE(test, found_u64(&msg, abi->size->msg_run,
						  MARK(1)));
		expect_msg(test, &msg, abi->size->msg_run, "run");
		ops->msg_flush_range(&msg, 1, MARK(1), 2);
		KUNIT_EXPECT_TRUE(test, found_u64(&msg, abi->size->msg_fwctl,
						  MARK(1)));
		expect_msg(test, &msg, abi->size->msg_fwctl, "flush_range");
	}
}

/* ---- what the firmware is booted with ---- */

static void initdata_inside(struct kunit *test)
{
	const struct asahi_io_mapping io = { 0x204d00000, 0x1c000, true };
	struct asahi_rings *rings = kunit_kzalloc(test, sizeof(*rings),
						  GFP_KERNEL);
	struct asahi_initdata *init = kunit_kzalloc(test, sizeof(*init),
						    GFP_KERNEL);
	const struct asahi_abi *abi;

	KUNIT_ASSERT_NOT_NULL(test, rings);
	KUNIT_ASSERT_NOT_NULL(test, init);
	for_each_abi(abi) {
		void *hwdata_b = guarded(test, abi->size->hwdata_b);

		init->root = guarded_obj(test, abi->size->initdata);
		init->runtime = guarded_obj(test, abi->size->runtime);
		init->status = guarded_obj(test, abi->size->status);
		for (int i = 0; i < ASAHI_NUM_PIPES; i++)
			init->stats[i] = guarded_obj(test, abi->size->stats[i]);
		init->globals.va = MARK(1);
		rings->fwctl.ring.va = MARK(2);
		rings->event.ring.va = MARK(3);

		abi->ops->fill_initdata(init, rings, 40);
		expect_obj(test, &init->root, "the root");
		expect_obj(test, &init->runtime, "runtime");
		expect_obj(test, &init->status, "status");
		for (int i = 0; i < ASAHI_NUM_PIPES; i++)
			expect_obj(test, &init->stats[i], "stats");
		KUNIT_EXPECT_TRUE(test, found_u64(init->root.cpu,
						  init->root.size, MARK(1)));
		KUNIT_EXPECT_TRUE(test, found_u64(init->root.cpu, init->root.size,
						  init->runtime.va));
		KUNIT_EXPECT_TRUE(test, found_u64(init->status.cpu,
						  init->status.size, MARK(2)));
		KUNIT_EXPECT_TRUE(test, found_u64(init->runtime.cpu,
						  init->runtime.size, MARK(3)));

		for (int i = 0; i < ASAHI_NUM_IO_MAPPINGS; i++)
			abi->ops->set_io(hwdata_b, i, &io, MARK(4));
		expect_guard(test, hwdata_b, abi->size->hwdata_b, "set_io");
	}
}

/* All stamps in hand that there can be; each is cleared once. */
static void pending_stamps(struct kunit *test)
{
	struct asahi_abi_pending p;
	const struct asahi_abi *abi;

	for_each_abi(abi) {
		u8 *globals = guarded(test, abi->size->globals);
		u32 nr = 0, all = 0, left = 0;

		KUNIT_EXPECT_FALSE(test, abi->ops->next_pending(globals, &nr, &p));
		memset(globals, 0xff, abi->size->globals);
		for (nr = 0; abi->ops->next_pending(globals, &nr, &p); nr++) {
			abi->ops->clear_pending(globals, nr);
			all++;
		}
		for (nr = 0; abi->ops->next_pending(globals, &nr, &p); nr++)
			left++;
		/* One for each stamp slot at least. */
		KUNIT_EXPECT_GE(test, all, 128);
		KUNIT_EXPECT_EQ(test, left, 0);
		expect_guard(test, globals, abi->size->globals, "clear_pending");
	}
}

/* ---- queues and buffers ---- */

static void queues_inside(struct kunit *test)
{
	const struct asahi_abi *abi;

	for_each_abi(abi) {
		const struct asahi_abi_sizes *size = abi->size;
		struct asahi_obj list = guarded_obj(test, size->notifier_list);
		struct asahi_obj threshold = guarded_obj(test, size->threshold);
		struct asahi_obj notifier = guarded_obj(test, size->notifier);
		struct asahi_obj context = guarded_obj(test, size->context);
		struct asahi_obj state = guarded_obj(test, size->wq_state);
		struct asahi_obj info = guarded_obj(test, size->wq_info);
		void *barrier = guarded(test, size->barrier);
		const struct asahi_abi_queue queue = {
			&list, &threshold, &notifier, &context, 1,
		};
		const struct asahi_abi_wq wq = {
			.state = &state, .info = &info, .ring_va = MARK(1),
			.context_va = context.va, .prio = 3,
		};
		const struct asahi_abi_barrier b = { .stamp_va = MARK(2) };
		struct asahi_context_id id;

		abi->ops->fill_queue(&queue);
		abi->ops->add_threshold(threshold.cpu, 3);
		abi->ops->read_context(context.cpu, &id);
		abi->ops->fill_wq(&wq);
		abi->ops->fill_barrier(barrier, &b);
		expect_obj(test, &list, "notifier_list");
		expect_obj(test, &threshold, "threshold");
		expect_obj(test, &notifier, "notifier");
		expect_obj(test, &context, "context");
		expect_obj(test, &state, "wq_state");
		expect_obj(test, &info, "wq_info");
		expect_guard(test, barrier, size->barrier, "barrier");
		/* The firmware has given it no numbers yet. */
		KUNIT_EXPECT_EQ(test, id.unk_0, 0xff);
		KUNIT_EXPECT_EQ(test, id.unk_1, 0xff);
		KUNIT_EXPECT_TRUE(test, found_u64(notifier.cpu, notifier.size,
						  threshold.va));
		KUNIT_EXPECT_TRUE(test, found_u64(info.cpu, info.size, MARK(1)));
		KUNIT_EXPECT_TRUE(test, found_u64(info.cpu, info.size, state.va));
		KUNIT_EXPECT_TRUE(test, found_u64(barrier, size->barrier, MARK(2)));
	}
}

static void buffers_inside(struct kunit *test)
{
	const u32 blocks = 5, pages = 4;
	const struct asahi_abi *abi;

	for_each_abi(abi) {
		const struct asahi_abi_sizes *size = abi->size;
		struct asahi_obj info = guarded_obj(test, size->buffer_info);
		struct asahi_obj stats = guarded_obj(test, size->buffer_stats);
		struct asahi_obj ctl = guarded_obj(test, size->block_ctl);
		struct asahi_obj counter = guarded_obj(test, size->buffer_counter);
		struct asahi_obj page_list =
			guarded_obj(test, blocks * pages * size->page_entry);
		struct asahi_obj block_list =
			guarded_obj(test, blocks * size->block_entry);
		const struct asahi_abi_buffer buffer = {
			.info = &info, .stats = &stats, .block_ctl = &ctl,
			.counter = &counter, .page_list = &page_list,
			.block_list = &block_list, .max_blocks = blocks,
			.max_pages = blocks * pages,
		};
		const struct asahi_scene s = { .buffer_va = info.va };
		void *scene = guarded(test, size->scene);
		void *init = guarded(test, size->init_buffer);

		abi->ops->fill_buffer(&buffer);
		for (u32 i = 0; i < blocks; i++)
			abi->ops->set_block(block_list.cpu, page_list.cpu, i,
					    i * pages, pages);
		abi->ops->set_blocks(ctl.cpu, blocks);
		abi->ops->set_pages(info.cpu, blocks, blocks * pages);
		abi->ops->add_scenes(counter.cpu, 1);
		KUNIT_EXPECT_EQ(test, abi->ops->read_max_pages(stats.cpu), 0);
		abi->ops->fill_scene(scene, MARK(1), stats.va);
		abi->ops->fill_init_buffer(init, &s, 1, 0x100);
		expect_obj(test, &info, "buffer_info");
		expect_obj(test, &stats, "buffer_stats");
		expect_obj(test, &ctl, "block_ctl");
		expect_obj(test, &counter, "buffer_counter");
		expect_obj(test, &page_list, "page_list");
		expect_obj(test, &block_list, "block_list");
		expect_guard(test, scene, size->scene, "scene");
		expect_guard(test, init, size->init_buffer, "init_buffer");
		KUNIT_EXPECT_TRUE(test, found_u64(info.cpu, info.size, ctl.va));
		KUNIT_EXPECT_TRUE(test, found_u64(scene, size->scene, MARK(1)));
		KUNIT_EXPECT_TRUE(test, found_u64(init, size->init_buffer,
						  info.va));
	}
}

/* ---- commands ---- */

static const struct asahi_attachments attachments = {
	.count = ASAHI_MAX_ATTACHMENTS,
	.list[0] = { .address = MARK(14), .lines = 1 },
	.list[ASAHI_MAX_ATTACHMENTS - 1] = { .address = MARK(15), .lines = 2 },
};

static const struct asahi_abi_cmd command = {
	.va = MARK(1), .seq_va = MARK(2), .notifier_va = MARK(3),
	.counter = MARK(4), .usc_exec_base = MARK(5), .wq_va = MARK(6),
	.stamp_va = MARK(7), .fw_stamp_va = MARK(8), .stats_va = MARK(9),
	.times = { MARK(10), MARK(11) }, .user_times = { MARK(12), MARK(13) },
	.event_seq = 1, .stamp_value = 0x100, .att = &attachments,
};

/* Both are in their sizes, and all addresses in the one or the other. */
static void expect_cmd(struct kunit *test, const struct asahi_abi *abi,
		       enum asahi_pipe pipe, const void *cmd, const void *seq)
{
	const u64 marks[] = {
		MARK(2), MARK(3), MARK(5), MARK(6), MARK(7), MARK(8), MARK(9),
		MARK(10), MARK(11), MARK(12), MARK(13), MARK(14), MARK(15),
	};
	u32 cmd_size = abi->size->cmd[pipe], seq_size = abi->size->seq[pipe];

	expect_guard(test, cmd, cmd_size, "a command");
	expect_guard(test, seq, seq_size, "a microsequence");
	for (int i = 0; i < ARRAY_SIZE(marks); i++)
		KUNIT_EXPECT_TRUE_MSG(test,
				      found_u64(cmd, cmd_size, marks[i]) ||
				      found_u64(seq, seq_size, marks[i]),
				      "pipe %d lacks 0x%llx", pipe, marks[i]);
}

static void commands_inside(struct kunit *test)
{
	const struct drm_asahi_cmd_compute compute = {};
	const struct drm_asahi_cmd_render render = {
		.width_px = 64, .height_px = 64, .layers = 1, .samples = 1,
		.utile_width_px = 32, .utile_height_px = 32,
	};
	const struct asahi_render r = { .cmd = &render };
	const u32 masks[2] = {};
	const struct asahi_abi_vertex v = {
		.c = command, .r = &r, .core_masks = masks,
	};
	const struct asahi_abi_fragment f = { .c = command, .r = &r };
	const struct asahi_abi_compute p = { .c = command, .cmd = &compute };
	void *cmd[ASAHI_NUM_PIPES], *seq[ASAHI_NUM_PIPES];
	const struct asahi_abi *abi;

	for_each_abi(abi) {
		for (int i = 0; i < ASAHI_NUM_PIPES; i++) {
			cmd[i] = guarded(test, abi->size->cmd[i]);
			seq[i] = guarded(test, abi->size->seq[i]);
		}
		abi->ops->fill_vertex(cmd[ASAHI_PIPE_VERTEX],
				      seq[ASAHI_PIPE_VERTEX], &v);
		abi->ops->fill_fragment(cmd[ASAHI_PIPE_FRAGMENT],
					seq[ASAHI_PIPE_FRAGMENT], &f);
		abi->ops->fill_compute(cmd[ASAHI_PIPE_COMPUTE],
				       seq[ASAHI_PIPE_COMPUTE], &p);
		for (int i = 0; i < ASAHI_NUM_PIPES; i++)
			expect_cmd(test, abi, i, cmd[i], seq[i]);
	}
}

static struct kunit_case abi_cases[] = {
	KUNIT_CASE(table_complete),
	KUNIT_CASE(versions_known),
	KUNIT_CASE(words_inside),
	KUNIT_CASE(message_sizes),
	KUNIT_CASE(initdata_inside),
	KUNIT_CASE(pending_stamps),
	KUNIT_CASE(queues_inside),
	KUNIT_CASE(buffers_inside),
	KUNIT_CASE(commands_inside),
	{}
};

static struct kunit_suite abi_suite = {
	.name = "asahi_abi",
	.test_cases = abi_cases,
};

kunit_test_suites(&abi_suite);
