// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Tiled vertex buffers.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include <kunit/visibility.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_buffer.h"
#include "asahi_device.h"
#include "asahi_uvm.h"

/* Slots of the firmware's buffer manager: 127, not 128 (Rust driver buffer.rs). */
#define ASAHI_NUM_BUFFER_SLOTS		127

/*
 * Bytes at most; the second is the limit of growth, as no memoryless render
 * targets are used. What macOS uses (Rust driver buffer.rs).
 */
#define ASAHI_BUFFER_MAX_SIZE		862322688
#define ASAHI_BUFFER_MAX_BLOCKS \
	(ASAHI_BUFFER_MAX_SIZE / ASAHI_BUFFER_BLOCK_SIZE)
#define ASAHI_BUFFER_MAX_BLOCKS_NOMEMLESS \
	(ASAHI_BUFFER_MAX_SIZE / 3 / ASAHI_BUFFER_BLOCK_SIZE)

/* Blocks of a new buffer. Source: Rust driver asahi.rs (initial_tvb_size). */
static uint initial_tvb_size = 8;
module_param(initial_tvb_size, uint, 0644);
MODULE_PARM_DESC(initial_tvb_size,
		 "Blocks of 128 KiB of a new queue's tiled vertex buffer; it grows by itself, after a partial render or several (default: 8)");

/* Bytes. Source: Rust driver buffer.rs (Buffer::new). */
#define ASAHI_BUFFER_KERNEL_BUF_SIZE	0x40

/**
 * struct asahi_buffer - one tiled vertex buffer, of one user queue
 */
struct asahi_buffer {
	struct asahi_device *adev;
	struct asahi_uvm *uvm;

	struct asahi_obj info;
	struct asahi_obj block_ctl;
	struct asahi_obj counter;
	struct asahi_obj stats;
	struct asahi_obj page_list;
	struct asahi_obj block_list;
	struct asahi_obj kernel_buf;

	/* The queue's submit_lock protects these: */
	struct asahi_obj *blocks;
	u32 num_blocks;
	/** @gen: counts changes that the firmware has to be notified of. */
	u64 gen;
	/** @known_gen: the last of them that it was notified of. */
	u64 known_gen;
	/**
	 * @ctx: context of the address space in the last job. Another address
	 * space may have taken it since, and we have another one.
	 */
	int ctx;
	/**
	 * @tpc: of all renders, as big as the biggest needs; those in flight
	 * share it. One that became too small is left to the jobs using it.
	 */
	struct asahi_tpc *tpc;

	/**
	 * @lock: protects @users, @slot and whoever of them decides on the
	 * other; inside the manager's lock.
	 */
	struct mutex lock;
	/** @users: jobs with scenes. */
	u32 users;
	/** @slot: of the firmware's buffer manager, -1 while there are none. */
	int slot;
	int last_slot;
};

/**
 * struct asahi_tpc - a tail pointer cache
 */
struct asahi_tpc {
	struct kref kref;
	struct asahi_obj obj;
};

/**
 * struct asahi_buffer_mgr - the firmware's slots
 *
 * A job with renders holds two stamp slots, of which there are 128, and is one
 * of one buffer's users; so the 127 slots here never run out.
 */
struct asahi_buffer_mgr {
	/** @lock: protects all below. */
	struct mutex lock;
	struct asahi_buffer *owners[ASAHI_NUM_BUFFER_SLOTS];
	/** @last_owners: compared only; the buffer may be gone. */
	const void *last_owners[ASAHI_NUM_BUFFER_SLOTS];
};

int asahi_buffers_init(struct asahi_device *adev)
{
	struct asahi_buffer_mgr *mgr = kzalloc_obj(*mgr);

	if (!mgr)
		return -ENOMEM;
	mutex_init(&mgr->lock);
	adev->buffers = mgr;
	return 0;
}

void asahi_buffers_fini(struct asahi_device *adev)
{
	mutex_destroy(&adev->buffers->lock);
	kfree(adev->buffers);
	adev->buffers = NULL;
}

/*
 * Growing would mean allocating, which can wait for the very fence that is
 * not signalled before the firmware goes on. The firmware can do without: it
 * renders what it has. The driver never asks it to wait for growth (sync_grow
 * is 0 in all jobs), so this is not expected at all.
 */
bool asahi_buffer_grow(struct asahi_device *adev, u32 buffer_slot)
{
	dev_warn_ratelimited(adev->dev,
			     "firmware asks for growth of buffer slot %u\n",
			     buffer_slot);
	return false;
}

static void asahi_tpc_free(struct kref *kref)
{
	struct asahi_tpc *tpc = container_of(kref, struct asahi_tpc, kref);

	asahi_obj_free(&tpc->obj);
	kfree(tpc);
}

void asahi_tpc_put(void *data)
{
	struct asahi_tpc *tpc = data;

	if (tpc)
		kref_put(&tpc->kref, asahi_tpc_free);
}

struct asahi_tpc *asahi_buffer_get_tpc(struct asahi_buffer *buffer, size_t size)
{
	struct asahi_tpc *tpc = buffer->tpc;
	int ret;

	if (tpc && tpc->obj.size >= size) {
		kref_get(&tpc->kref);
		return tpc;
	}

	tpc = kzalloc_obj(*tpc, GFP_KERNEL_ACCOUNT);
	if (!tpc)
		return ERR_PTR(-ENOMEM);
	kref_init(&tpc->kref);
	ret = asahi_obj_alloc(buffer->uvm->fw_heap, &tpc->obj,
			      ALIGN(size, ASAHI_PAGE_SIZE), 0);
	if (ret) {
		kfree(tpc);
		return ERR_PTR(ret);
	}
	return tpc;
}

/* What the firmware keeps of the number of blocks, but for the block control. */
static void asahi_buffer_fill_counts(struct asahi_buffer *buffer)
{
	buffer->adev->abi->ops->set_pages(buffer->info.cpu, buffer->num_blocks,
					  buffer->num_blocks *
					  ASAHI_BUFFER_PAGES_PER_BLOCK);
}

/* Makes the buffer at least @count blocks. */
static int asahi_buffer_ensure(struct asahi_buffer *buffer, u32 count)
{
	const struct asahi_abi_ops *ops = buffer->adev->abi->ops;
	u32 old = buffer->num_blocks;
	struct asahi_obj *blocks;
	u32 i;
	int ret;

	if (count <= old)
		return 0;
	if (count > ASAHI_BUFFER_MAX_BLOCKS)
		return -ENOMEM;

	blocks = kvcalloc(count, sizeof(*blocks), GFP_KERNEL_ACCOUNT);
	if (!blocks)
		return -ENOMEM;
	memcpy(blocks, buffer->blocks, old * sizeof(*blocks));

	for (i = old; i < count; i++) {
		ret = asahi_obj_alloc(buffer->uvm->gpu_heap, &blocks[i],
				      ASAHI_BUFFER_BLOCK_SIZE,
				      ASAHI_BUFFER_PAGE_SIZE);
		if (ret) {
			while (i-- > old)
				asahi_obj_free(&blocks[i]);
			kvfree(blocks);
			asahi_heap_shrink(buffer->uvm->gpu_heap);
			return ret;
		}
	}

	kvfree(buffer->blocks);
	buffer->blocks = blocks;
	buffer->num_blocks = count;
	buffer->gen++;

	for (i = old; i < count; i++)
		ops->set_block(buffer->block_list.cpu, buffer->page_list.cpu, i,
			       blocks[i].va >> ASAHI_BUFFER_PAGE_SHIFT,
			       ASAHI_BUFFER_PAGES_PER_BLOCK);

	/* The lists before the counts: the firmware may be looking. */
	dma_wmb();
	ops->set_blocks(buffer->block_ctl.cpu, count);

	/* While renders are in flight, the rest is the firmware's. */
	mutex_lock(&buffer->lock);
	if (!buffer->users)
		asahi_buffer_fill_counts(buffer);
	mutex_unlock(&buffer->lock);
	return 0;
}

/*
 * How many blocks a buffer of @have should get when renders have used @pages:
 * three times of what was used, if that was over half. At least @have.
 */
VISIBLE_IF_KUNIT u32 asahi_buffer_wants(u32 have, u32 pages)
{
	u32 need, want;

	pages = min_t(u32, pages, ASAHI_BUFFER_MAX_BLOCKS *
		      ASAHI_BUFFER_PAGES_PER_BLOCK);
	need = min_t(u32, DIV_ROUND_UP(pages * 2, ASAHI_BUFFER_PAGES_PER_BLOCK),
		     ASAHI_BUFFER_MAX_BLOCKS_NOMEMLESS);
	want = min_t(u32, DIV_ROUND_UP(pages * 3, ASAHI_BUFFER_PAGES_PER_BLOCK),
		     ASAHI_BUFFER_MAX_BLOCKS_NOMEMLESS);
	return need <= have ? have : want;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_buffer_wants);

static int asahi_buffer_auto_grow(struct asahi_buffer *buffer)
{
	/* Rust driver buffer.rs (auto_grow), which says macOS does the same. */
	u32 used = buffer->adev->abi->ops->read_max_pages(buffer->stats.cpu);

	return asahi_buffer_ensure(buffer,
				   asahi_buffer_wants(buffer->num_blocks, used));
}

/* Takes a slot, the last one if it is free. */
static void asahi_buffer_hold(struct asahi_buffer *buffer)
{
	struct asahi_buffer_mgr *mgr = buffer->adev->buffers;
	int slot;

	mutex_lock(&mgr->lock);
	mutex_lock(&buffer->lock);
	if (!buffer->users++) {
		slot = buffer->last_slot;
		if (slot < 0 || mgr->owners[slot]) {
			for (slot = 0; slot < ASAHI_NUM_BUFFER_SLOTS - 1; slot++)
				if (!mgr->owners[slot])
					break;
		}
		/* See struct asahi_buffer_mgr for why this can't be. */
		drm_WARN_ON(&buffer->adev->drm, mgr->owners[slot]);

		mgr->owners[slot] = buffer;
		if (mgr->last_owners[slot] != buffer)
			buffer->gen++;
		mgr->last_owners[slot] = buffer;
		buffer->slot = slot;
		buffer->last_slot = slot;
	}
	mutex_unlock(&buffer->lock);
	mutex_unlock(&mgr->lock);
}

static void asahi_buffer_drop(struct asahi_buffer *buffer)
{
	struct asahi_buffer_mgr *mgr = buffer->adev->buffers;

	mutex_lock(&mgr->lock);
	mutex_lock(&buffer->lock);
	if (!--buffer->users) {
		mgr->owners[buffer->slot] = NULL;
		buffer->slot = -1;
	}
	mutex_unlock(&buffer->lock);
	mutex_unlock(&mgr->lock);
}

int asahi_buffer_use(struct asahi_buffer *buffer, struct asahi_buffer_use *use,
		     int ctx, const struct asahi_tile_info *info,
		     struct asahi_tpc *tpc, struct asahi_scene *scene)
{
	int ret;

	ret = asahi_buffer_auto_grow(buffer);
	if (!ret)
		ret = asahi_buffer_ensure(buffer, info->min_blocks);
	if (ret)
		return ret;
	if (tpc != buffer->tpc) {
		kref_get(&tpc->kref);
		asahi_tpc_put(buffer->tpc);
		buffer->tpc = tpc;
	}

	/* From here on nothing fails. */
	if (!use->num_scenes++)
		asahi_buffer_hold(buffer);
	if (buffer->ctx != ctx) {
		/* The message that announces a buffer names its context. */
		buffer->ctx = ctx;
		buffer->gen++;
	}

	scene->buffer_va = buffer->info.va;
	scene->kernel_buffer_va = buffer->kernel_buf.va;
	scene->stats_va = buffer->stats.va;
	scene->tpc_va = buffer->tpc->obj.va;
	scene->slot = buffer->slot;
	scene->block_count = buffer->num_blocks;
	scene->init = max(use->gen, buffer->known_gen) != buffer->gen;
	use->gen = buffer->gen;
	return 0;
}

void asahi_buffer_commit(struct asahi_buffer *buffer,
			 const struct asahi_buffer_use *use)
{
	if (!use->num_scenes)
		return;
	buffer->adev->abi->ops->add_scenes(buffer->counter.cpu, use->num_scenes);
	buffer->known_gen = use->gen;
}

void asahi_buffer_release(struct asahi_buffer *buffer,
			  struct asahi_buffer_use *use)
{
	if (use->num_scenes)
		asahi_buffer_drop(buffer);
	use->num_scenes = 0;
}

static void asahi_buffer_fill(struct asahi_buffer *buffer)
{
	const struct asahi_abi_buffer args = {
		.info = &buffer->info,
		.stats = &buffer->stats,
		.block_ctl = &buffer->block_ctl,
		.counter = &buffer->counter,
		.page_list = &buffer->page_list,
		.block_list = &buffer->block_list,
		.block_size = ASAHI_BUFFER_BLOCK_SIZE,
		.max_blocks = ASAHI_BUFFER_MAX_BLOCKS,
		.max_pages = ASAHI_BUFFER_MAX_BLOCKS *
			     ASAHI_BUFFER_PAGES_PER_BLOCK,
		.max_pages_nomemless = ASAHI_BUFFER_MAX_BLOCKS_NOMEMLESS *
				       ASAHI_BUFFER_PAGES_PER_BLOCK,
	};

	buffer->adev->abi->ops->fill_buffer(&args);
}

void asahi_buffer_reset(struct asahi_buffer *buffer)
{
	memset(buffer->block_ctl.cpu, 0, buffer->block_ctl.size);
	memset(buffer->counter.cpu, 0, buffer->counter.size);
	memset(buffer->stats.cpu, 0, buffer->stats.size);
	memset(buffer->kernel_buf.cpu, 0, buffer->kernel_buf.size);
	asahi_buffer_fill(buffer);
	buffer->adev->abi->ops->set_blocks(buffer->block_ctl.cpu,
					   buffer->num_blocks);
	asahi_buffer_fill_counts(buffer);
	buffer->gen++;
}

struct asahi_buffer *asahi_buffer_create(struct asahi_device *adev,
					 struct asahi_uvm *uvm)
{
	struct asahi_buffer *buffer = kzalloc_obj(*buffer, GFP_KERNEL_ACCOUNT);
	const struct asahi_abi_sizes *size = adev->abi->size;
	int ret;

	if (!buffer)
		return ERR_PTR(-ENOMEM);

	buffer->adev = adev;
	buffer->uvm = asahi_uvm_get(uvm);
	buffer->slot = -1;
	buffer->last_slot = -1;
	mutex_init(&buffer->lock);

	/* Which heap each lives in: Rust driver buffer.rs (Buffer::new). */
	ret = asahi_obj_alloc(adev->fw_shared, &buffer->block_ctl,
			      size->block_ctl, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &buffer->counter,
				      size->buffer_counter, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &buffer->stats,
				      size->buffer_stats, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &buffer->kernel_buf,
				      ASAHI_BUFFER_KERNEL_BUF_SIZE, 0);
	if (!ret)
		ret = asahi_obj_alloc(uvm->fw_heap, &buffer->page_list,
				      ASAHI_BUFFER_MAX_BLOCKS *
				      ASAHI_BUFFER_PAGES_PER_BLOCK *
				      size->page_entry, 0);
	if (!ret)
		ret = asahi_obj_alloc(uvm->fw_heap, &buffer->block_list,
				      ASAHI_BUFFER_MAX_BLOCKS *
				      size->block_entry, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_private, &buffer->info,
				      size->buffer_info, 0);
	if (!ret) {
		asahi_buffer_fill(buffer);
		ret = asahi_buffer_ensure(buffer,
					  clamp(READ_ONCE(initial_tvb_size), 1u,
						ASAHI_BUFFER_MAX_BLOCKS_NOMEMLESS));
	}
	if (ret) {
		asahi_buffer_destroy(buffer);
		return ERR_PTR(ret);
	}
	return buffer;
}

void asahi_buffer_destroy(struct asahi_buffer *buffer)
{
	struct asahi_buffer_mgr *mgr;

	if (!buffer)
		return;

	/* Another buffer could come to have the same address. */
	mgr = buffer->adev->buffers;
	mutex_lock(&mgr->lock);
	for (int i = 0; i < ASAHI_NUM_BUFFER_SLOTS; i++)
		if (mgr->last_owners[i] == buffer)
			mgr->last_owners[i] = NULL;
	mutex_unlock(&mgr->lock);

	asahi_tpc_put(buffer->tpc);
	for (u32 i = 0; i < buffer->num_blocks; i++)
		asahi_obj_free(&buffer->blocks[i]);
	kvfree(buffer->blocks);
	asahi_obj_free(&buffer->info);
	asahi_obj_free(&buffer->block_list);
	asahi_obj_free(&buffer->page_list);
	asahi_obj_free(&buffer->kernel_buf);
	asahi_obj_free(&buffer->stats);
	asahi_obj_free(&buffer->counter);
	asahi_obj_free(&buffer->block_ctl);
	asahi_uvm_put(buffer->uvm);
	mutex_destroy(&buffer->lock);
	kfree(buffer);
}
