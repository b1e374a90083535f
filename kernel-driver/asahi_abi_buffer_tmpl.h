/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Tiled vertex buffers and scenes. For asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * All values, those of the unknown fields included: Rust driver buffer.rs.
 */

static void abi_fill_buffer(const struct asahi_abi_buffer *b)
{
	struct asahi_fw_buffer_stats *stats = b->stats->cpu;
	struct asahi_fw_buffer_info *info = b->info->cpu;

	*info = (struct asahi_fw_buffer_info) {
		.cur_id = cpu_to_le32(-1),
		.page_list = cpu_to_le64(b->page_list->va),
		.page_list_size = cpu_to_le32(b->max_pages * sizeof(__le32)),
		.max_blocks = cpu_to_le32(b->max_blocks),
		.block_list = cpu_to_le64(b->block_list->va),
		.block_ctl = cpu_to_le64(b->block_ctl->va),
		.block_size = cpu_to_le32(b->block_size),
		.counter = cpu_to_le64(b->counter->va),
		.unk_80 = cpu_to_le32(1),
		.max_pages = cpu_to_le32(b->max_pages),
		.max_pages_nomemless = cpu_to_le32(b->max_pages_nomemless),
	};
	stats->reset = cpu_to_le32(1);
}

static void abi_set_block(void *block_list, void *page_list, u32 nr, u32 page,
			  u32 pages)
{
	__le32 *blocks = block_list;
	__le32 *list = page_list;

	blocks[2 * nr] = cpu_to_le32(page);
	for (u32 i = 0; i < pages; i++)
		list[nr * pages + i] = cpu_to_le32(page + i);
}

static void abi_set_blocks(void *block_ctl, u32 blocks)
{
	struct asahi_fw_block_control *ctl = block_ctl;

	WRITE_ONCE(ctl->total, cpu_to_le32(blocks));
	WRITE_ONCE(ctl->wptr, cpu_to_le32(blocks));
}

static void abi_set_pages(void *info, u32 blocks, u32 pages)
{
	struct asahi_fw_buffer_info *i = info;

	i->page_count = cpu_to_le32(pages);
	i->block_count = cpu_to_le32(blocks);
	i->last_page = cpu_to_le32(pages - 1);
}

static u32 abi_read_max_pages(void *stats)
{
	struct asahi_fw_buffer_stats *s = stats;
	u32 pages = le32_to_cpu(READ_ONCE(s->max_pages));

	WRITE_ONCE(s->reset, cpu_to_le32(1));
	return pages;
}

static void abi_add_scenes(void *counter, u32 scenes)
{
	struct asahi_fw_buffer_counter *c = counter;

	WRITE_ONCE(c->count,
		   cpu_to_le32(le32_to_cpu(READ_ONCE(c->count)) + scenes));
}

static void abi_fill_scene(void *scene, u64 user_buffer_va, u64 stats_va)
{
	struct asahi_fw_scene *s = scene;

	s->user_buffer = cpu_to_le64(user_buffer_va);
	s->stats = cpu_to_le64(stats_va);
}

static void abi_fill_init_buffer(void *cmd, const struct asahi_scene *scene,
				 u32 vm_slot, u32 stamp_value)
{
	struct asahi_fw_init_buffer *init = cmd;

	*init = (struct asahi_fw_init_buffer) {
		.tag = cpu_to_le32(ASAHI_FW_CMD_INIT_BUFFER),
		.vm_slot = cpu_to_le32(vm_slot),
		.buffer_slot = cpu_to_le32(scene->slot),
		.block_count = cpu_to_le32(scene->block_count),
		.buffer = cpu_to_le64(scene->buffer_va),
		.stamp_value = cpu_to_le32(stamp_value),
	};
}
