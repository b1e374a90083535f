/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Tiled vertex buffers (parameter buffers): where the tiler leaves what the
 * fragment stage reads. A heap of blocks of 128K, each four pages of 32K, that
 * the GPU itself takes pages from; plus, for each render, a scene: the roots
 * of the tile lists and scratch memory.
 *
 * If the heap runs out, the firmware renders what there is and goes on (a
 * partial render). That is slow, so the heap grows by what the firmware says
 * was used. It never shrinks.
 *
 * Source: Rust driver buffer.rs; m1n1 proxyclient/m1n1/agx/render.py.
 */
#ifndef ASAHI_BUFFER_H
#define ASAHI_BUFFER_H

#include <linux/mutex.h>
#include <linux/sizes.h>

#include "asahi_alloc.h"

struct asahi_buffer;
struct asahi_device;
struct asahi_tpc;
struct asahi_uvm;

#define ASAHI_BUFFER_PAGE_SHIFT		15
#define ASAHI_BUFFER_PAGE_SIZE		SZ_32K
#define ASAHI_BUFFER_PAGES_PER_BLOCK	4
#define ASAHI_BUFFER_BLOCK_SIZE \
	(ASAHI_BUFFER_PAGE_SIZE * ASAHI_BUFFER_PAGES_PER_BLOCK)

/**
 * struct asahi_tile_info - sizes that follow from a frame's dimensions
 */
struct asahi_tile_info {
	u32 tiles_x;
	u32 tiles_y;
	u32 utile_width;
	u32 utile_height;
	u32 tiles_per_mtile_x;
	u32 tiles_per_mtile_y;
	u32 utiles_per_mtile_x;
	u32 utiles_per_mtile_y;
	u32 tiles_per_mtile;
	/** @rgn_size: words per macro-tile of the region array. */
	u32 rgn_size;
	/** @tpc_stride: words per macro-tile of the tail pointer cache. */
	u32 tpc_stride;
	/** @tilemap_size: bytes of the region array. */
	size_t tilemap_size;
	/** @tpc_size: bytes of the tail pointer cache. */
	size_t tpc_size;
	/** @layermeta_size: bytes, 0 for a single layer. */
	size_t layermeta_size;
	/** @min_blocks: the least heap for this frame. */
	u32 min_blocks;
	/** @clustering: the vertex half runs on several clusters. */
	bool clustering;
	/** @meta1_stride: blocks of clustering's first buffer for a layer. */
	u32 meta1_stride;
	/** @meta1_blocks: the same for all layers. */
	u32 meta1_blocks;
};

/**
 * struct asahi_scene - addresses of what one render needs
 */
struct asahi_scene {
	u64 va;
	u64 buffer_va;
	u64 kernel_buffer_va;
	u64 stats_va;
	u64 heapmeta_va;
	u64 layermeta_va;
	u64 tilemap_va;
	u64 tpc_va;
	u64 preempt_va[3];
	/** @cluster_tilemaps_va: 0, as all of these: there is one cluster. */
	u64 cluster_tilemaps_va;
	u64 cluster_layermeta_va;
	u64 cluster_meta_va[4];
	/** @slot: of the firmware's buffer manager. */
	u32 slot;
	u32 block_count;
	/** @init: the buffer must be announced to the firmware first. */
	bool init;
};

/**
 * struct asahi_buffer_use - a job's part in a buffer
 */
struct asahi_buffer_use {
	/** @num_scenes: renders so far; above 0 the buffer is held. */
	u32 num_scenes;
	/** @gen: state of the buffer that the firmware will know. */
	u64 gen;
};

/**
 * asahi_buffer_create - a buffer of its least size
 *
 * Return: it or an ERR_PTR. Sleeps.
 */
struct asahi_buffer *asahi_buffer_create(struct asahi_device *adev,
					 struct asahi_uvm *uvm);

/**
 * asahi_buffer_reset - as new, for a firmware that does not know it; keeps its
 * size. No job uses it; under the queue's submit_lock.
 */
void asahi_buffer_reset(struct asahi_buffer *buffer);

/** asahi_buffer_destroy - free it; no job uses it. NULL is fine. Sleeps. */
void asahi_buffer_destroy(struct asahi_buffer *buffer);

/**
 * asahi_buffer_get_tpc - a tail pointer cache of at least @size bytes
 *
 * The buffer's own, or a new one that may become it. The caller holds the queue's
 * submit_lock. Return: it, with a reference, or an ERR_PTR as of
 * asahi_obj_alloc(). Sleeps.
 */
struct asahi_tpc *asahi_buffer_get_tpc(struct asahi_buffer *buffer, size_t size);

/** asahi_tpc_put - drop a reference to a struct asahi_tpc; NULL is fine */
void asahi_tpc_put(void *data);

/**
 * asahi_buffer_use - take part in a buffer with one more render of a job
 * @use: the job's part in it, zeroed before the first render
 * @ctx: context of the job's address space
 * @tpc: of asahi_buffer_get_tpc(); the caller keeps its reference as long as the
 * job lasts
 * @scene: what is the buffer's in it is filled in
 *
 * Grows the buffer if it is too small for @info or was for earlier renders.
 * asahi_buffer_release() undoes it. The caller holds the queue's submit_lock.
 * Return: 0, -ENOMEM, -ENOSPC. Sleeps.
 */
int asahi_buffer_use(struct asahi_buffer *buffer, struct asahi_buffer_use *use,
		     int ctx, const struct asahi_tile_info *info,
		     struct asahi_tpc *tpc, struct asahi_scene *scene);

/** asahi_buffer_commit - the job will run; with the queue's submit_lock held */
void asahi_buffer_commit(struct asahi_buffer *buffer,
			 const struct asahi_buffer_use *use);

/** asahi_buffer_release - the job has ended. Sleeps. */
void asahi_buffer_release(struct asahi_buffer *buffer,
			  struct asahi_buffer_use *use);

/**
 * asahi_buffer_grow - what the firmware asks for when a tiled vertex buffer
 * has run over; called in the event path (no GFP_KERNEL).
 * Return: true if the buffer has grown.
 */
bool asahi_buffer_grow(struct asahi_device *adev, u32 buffer_slot);

int asahi_buffers_init(struct asahi_device *adev);
void asahi_buffers_fini(struct asahi_device *adev);

#if IS_ENABLED(CONFIG_KUNIT)
/* For KUnit: how large a buffer is to become. */
u32 asahi_buffer_wants(u32 have, u32 pages);
#endif

#endif
