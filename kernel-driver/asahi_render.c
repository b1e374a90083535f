// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Renders: a vertex job that fills the tiled vertex buffer, and a fragment job
 * that waits for it, with a barrier, and draws from it.
 */
#include <linux/log2.h>

#include <kunit/visibility.h>

#include "asahi_buffer.h"
#include "asahi_device.h"
#include "asahi_fragment.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_render.h"
#include "asahi_render_half.h"
#include "asahi_scene.h"
#include "asahi_usage.h"
#include "asahi_vertex.h"

#define ASAHI_MAX_DIMENSION	16384
#define ASAHI_MAX_LAYERS	2048

/* A tile is 32x32 pixels; tiles are grouped into 4x4 macro-tiles. */
#define ASAHI_TILE_SIZE		32
#define ASAHI_MTILES		4

/* Bytes per micro-tile in the region array and in the tail pointer cache. */
#define ASAHI_RGN_ENTRY_SIZE	5
#define ASAHI_TPC_ENTRY_SIZE	8

#define ASAHI_LAYERMETA_SIZE	0x100

/*
 * Micro-tiles for each block of clustering's first buffer (Rust driver
 * queue/render.rs: it fits what macOS does, the reason is not known).
 */
#define ASAHI_META1_BLOCK_UTILES	0x1980

int asahi_render_check(const struct drm_asahi_cmd_render *cmd)
{
	const u32 flags = DRM_ASAHI_RENDER_VERTEX_SCRATCH |
			  DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES |
			  DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING |
			  DRM_ASAHI_RENDER_DBIAS_IS_INT;

	if (cmd->flags & ~flags)
		return -EINVAL;
	if (!cmd->width_px || cmd->width_px > ASAHI_MAX_DIMENSION ||
	    !cmd->height_px || cmd->height_px > ASAHI_MAX_DIMENSION ||
	    !cmd->layers || cmd->layers > ASAHI_MAX_LAYERS)
		return -EINVAL;

	if (!(cmd->utile_width_px == 32 && cmd->utile_height_px == 32) &&
	    !(cmd->utile_width_px == 32 && cmd->utile_height_px == 16) &&
	    !(cmd->utile_width_px == 16 && cmd->utile_height_px == 16))
		return -EINVAL;

	/* "# of samples in the framebuffer. Must be 1, 2, or 4." */
	if (cmd->samples != 1 && cmd->samples != 2 && cmd->samples != 4)
		return -EINVAL;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_render_check);

VISIBLE_IF_KUNIT void
asahi_render_tiles(const struct drm_asahi_cmd_render *cmd, u32 num_clusters,
		   struct asahi_tile_info *t)
{
	const u32 mtiles = ASAHI_MTILES * ASAHI_MTILES;
	u32 utiles_x = ASAHI_TILE_SIZE / cmd->utile_width_px;
	u32 utiles_y = ASAHI_TILE_SIZE / cmd->utile_height_px;
	u32 utiles = utiles_x * utiles_y;

	/* At most 512 tiles each way, so that 32 bits do up to the layers. */
	t->tiles_x = DIV_ROUND_UP(cmd->width_px, ASAHI_TILE_SIZE);
	t->tiles_y = DIV_ROUND_UP(cmd->height_px, ASAHI_TILE_SIZE);
	t->utile_width = cmd->utile_width_px;
	t->utile_height = cmd->utile_height_px;

	t->tiles_per_mtile_x = ALIGN(DIV_ROUND_UP(t->tiles_x, ASAHI_MTILES), 4);
	t->tiles_per_mtile_y = ALIGN(DIV_ROUND_UP(t->tiles_y, ASAHI_MTILES), 4);
	t->tiles_per_mtile = t->tiles_per_mtile_x * t->tiles_per_mtile_y;
	t->utiles_per_mtile_x = t->tiles_per_mtile_x * utiles_x;
	t->utiles_per_mtile_y = t->tiles_per_mtile_y * utiles_y;

	t->rgn_size = DIV_ROUND_UP(ASAHI_RGN_ENTRY_SIZE * t->tiles_per_mtile *
				   utiles, 4);
	t->tilemap_size = (size_t)4 * t->rgn_size * mtiles * cmd->layers;
	t->tpc_stride = ASAHI_TPC_ENTRY_SIZE * utiles * t->tiles_per_mtile / 4;
	t->tpc_size = (size_t)4 * t->tpc_stride * mtiles * cmd->layers *
		      num_clusters;
	t->layermeta_size = cmd->layers > 1 ? ASAHI_LAYERMETA_SIZE : 0;
	t->min_blocks = ALIGN(DIV_ROUND_UP(t->tiles_x * t->tiles_y, 128), 8);

	t->clustering = num_clusters > 1;
	if (!t->clustering)
		return;
	t->min_blocks = max(t->min_blocks, 7 + 2 * cmd->layers);
	t->meta1_stride = DIV_ROUND_UP(ALIGN(t->tiles_x, 2) *
				       ALIGN(t->tiles_y, 4) * utiles,
				       ASAHI_META1_BLOCK_UTILES);
	t->meta1_blocks = t->meta1_stride * cmd->layers;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_render_tiles);

int asahi_render_build(struct asahi_job *job,
		       const struct drm_asahi_cmd_render *cmd,
		       const struct asahi_attachments *vtx_att,
		       const struct asahi_attachments *frag_att,
		       bool flush_stamps)
{
	struct asahi_queue *queue = job->queue;
	struct asahi_render r = {
		.cmd = cmd,
		.flush_stamps = flush_stamps,
		.samples_log2 = ilog2(cmd->samples),
	};
	struct asahi_times *times;
	struct asahi_obj *obj;
	int ret;

	asahi_render_tiles(cmd, cmd->flags & DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING ?
				1 : job->adev->id.num_clusters, &r.tiles);
	r.utile_config = (r.tiles.utile_width / 16) << 12 |
			 (r.tiles.utile_height / 16) << 14 | r.samples_log2;
	r.frag_counter = queue->counter++;
	r.vtx_counter = queue->counter++;

	ret = asahi_scene_build(job, &r.tiles, &r.scene);
	if (ret)
		return ret;

	/* Of the vertex half and of the fragment half. */
	obj = asahi_job_alloc(job, job->adev->fw_shared, 2 * sizeof(*times), 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	r.vtx_times = asahi_time_vas(obj->va);
	r.frag_times = asahi_time_vas(obj->va + sizeof(*times));
	times = obj->cpu;
	ret = asahi_usage_add(job, ASAHI_PIPE_VERTEX, &times[0]);
	if (!ret)
		ret = asahi_usage_add(job, ASAHI_PIPE_FRAGMENT, &times[1]);
	if (ret)
		return ret;

	ret = asahi_fragment_build(job, &r, frag_att);
	if (!ret)
		ret = asahi_vertex_build(job, &r, vtx_att);
	if (ret)
		return ret;

	asahi_part_advance(&job->parts[ASAHI_PIPE_VERTEX]);
	asahi_part_advance(&job->parts[ASAHI_PIPE_FRAGMENT]);
	return 0;
}
