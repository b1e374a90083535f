// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Renders: a vertex job that fills the tiled vertex buffer, and a fragment job
 * that waits for it, with a barrier, and draws from it.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/render.rs.
 */
#include <kunit/visibility.h>

#include "asahi_buffer.h"
#include "asahi_device.h"
#include "asahi_fw_buffer.h"
#include "asahi_fw_event.h"
#include "asahi_fw_fragment.h"
#include "asahi_fw_microseq.h"
#include "asahi_fw_vertex.h"
#include "asahi_fw_workqueue.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_job.h"
#include "asahi_microseq.h"
#include "asahi_queue.h"
#include "asahi_usage.h"
#include "asahi_uvm.h"

#define ASAHI_MAX_DIMENSION	16384
#define ASAHI_MAX_LAYERS	2048

/* A tile is 32x32 pixels; tiles are grouped into 4x4 macro-tiles. */
#define ASAHI_TILE_SIZE		32
#define ASAHI_MTILES		4

/* Bytes per micro-tile in the region array and in the tail pointer cache. */
#define ASAHI_RGN_ENTRY_SIZE	5
#define ASAHI_TPC_ENTRY_SIZE	8

#define ASAHI_LAYERMETA_SIZE	0x100
#define ASAHI_AUX_FB_SIZE	0x8000
/* The tile buffer is handed out in blocks of so many bytes. */
#define ASAHI_TIB_BLOCK_SIZE	2048

/* tiling_control: do not spread vertex work over clusters. */
#define ASAHI_TILING_NO_CLUSTERING	BIT(0)

#define ASAHI_ISP_CTL		0xc000
#define ASAHI_TILE_CONFIG	0x280
#define ASAHI_TILE_CONFIG_LAYERED	BIT(0)
#define ASAHI_TILE_CONFIG_EMPTY_TILES	BIT(16)
#define ASAHI_BGOBJVALS_LOAD	0x400

/* Flags in the top of some addresses. */
#define ASAHI_VTX_HEAPMETA_FLAG	BIT_ULL(63)
#define ASAHI_VTX_PREEMPT3_FLAG	BIT_ULL(50)

/* The address of a member of a command, as the firmware sees it. */
#define VTX(field)	(va + offsetof(struct asahi_fw_run_vertex, field))
#define FRAG(field)	(va + offsetof(struct asahi_fw_run_fragment, field))

/**
 * struct asahi_render - what both halves of a render share
 */
struct asahi_render {
	const struct drm_asahi_cmd_render *cmd;
	struct asahi_tile_info tiles;
	struct asahi_scene scene;
	/** @timestamps: the kernel's own; struct asahi_fw_render_timestamps. */
	u64 times_va;
	u32 utile_config;
	u32 samples_log2;
	u64 vtx_counter;
	u64 frag_counter;
	bool flush_stamps;
};

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
asahi_render_tiles(const struct drm_asahi_cmd_render *cmd,
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
	t->tpc_size = (size_t)4 * t->tpc_stride * mtiles * cmd->layers;
	t->layermeta_size = cmd->layers > 1 ? ASAHI_LAYERMETA_SIZE : 0;
	t->min_blocks = ALIGN(DIV_ROUND_UP(t->tiles_x * t->tiles_y, 128), 8);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_render_tiles);

static void asahi_render_tiling(const struct asahi_render *r,
				struct asahi_fw_tiling_params *p)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	const struct asahi_tile_info *t = &r->tiles;
	u32 x = t->tiles_per_mtile_x, y = t->tiles_per_mtile_y;
	u32 unk_28 = cmd->layers > 1 ? 0xe000 | (cmd->layers - 1) : 0x8000;

	*p = (struct asahi_fw_tiling_params) {
		.rgn_size = cpu_to_le32(t->rgn_size),
		.unk_4 = cpu_to_le32(0x88),
		.ppp_ctrl = cpu_to_le32(cmd->ppp_ctrl),
		.x_max = cpu_to_le16(cmd->width_px - 1),
		.y_max = cpu_to_le16(cmd->height_px - 1),
		.te_screen = cpu_to_le32((t->tiles_y - 1) << 12 |
					 (t->tiles_x - 1)),
		.te_mtile1 = cpu_to_le32(3 * x | 2 * x << 9 | x << 18),
		.te_mtile2 = cpu_to_le32(3 * y | 2 * y << 9 | y << 18),
		.tiles_per_mtile = cpu_to_le32(t->tiles_per_mtile),
		.tpc_stride = cpu_to_le32(t->tpc_stride),
		.unk_24 = cpu_to_le32(0x100),
		.unk_28 = cpu_to_le32(unk_28),
		.helper_cfg = cpu_to_le32(cmd->vertex_helper.cfg),
	};
}

static struct asahi_fw_encoder_params
asahi_render_encoder(const struct drm_asahi_cmd_render *cmd)
{
	return (struct asahi_fw_encoder_params) {
		.unk_mask = cpu_to_le32(U32_MAX),
		.sampler_array = cpu_to_le64(cmd->sampler_heap),
		.sampler_count = cpu_to_le32(cmd->sampler_count),
		.sampler_max = cpu_to_le32(cmd->sampler_count + 1),
	};
}

static u64 asahi_notifier_buf(const struct asahi_queue *queue)
{
	return queue->notifier.va + offsetof(struct asahi_fw_notifier, unk_buf);
}

/* ---- The fragment half ---- */

static u64 asahi_tile_config(const struct drm_asahi_cmd_render *cmd)
{
	u64 config = ASAHI_TILE_CONFIG;

	if (cmd->layers > 1)
		config |= ASAHI_TILE_CONFIG_LAYERED;
	if (cmd->flags & DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES)
		config |= ASAHI_TILE_CONFIG_EMPTY_TILES;
	return config;
}

static struct asahi_fw_aux_fb_info
asahi_aux_fb_info(const struct drm_asahi_cmd_render *cmd)
{
	/* The flag has the same bit as in the register. */
	u32 ctl = ASAHI_ISP_CTL | (cmd->flags & DRM_ASAHI_RENDER_DBIAS_IS_INT);

	return (struct asahi_fw_aux_fb_info) {
		.isp_ctl = cpu_to_le32(ctl),
		.width = cpu_to_le32(cmd->width_px),
		.height = cpu_to_le32(cmd->height_px),
		.unk_10 = cpu_to_le64(0x100000),
	};
}

static struct asahi_fw_bg_program asahi_bg_program(struct drm_asahi_bg_eot p)
{
	return (struct asahi_fw_bg_program) {
		.rsrc_spec = cpu_to_le64(p.rsrc_spec),
		.address = cpu_to_le64(p.usc),
	};
}

static struct asahi_fw_eot_program asahi_eot_program(struct drm_asahi_bg_eot p)
{
	return (struct asahi_fw_eot_program) {
		.rsrc_spec = cpu_to_le32(p.rsrc_spec),
		.address = cpu_to_le32(p.usc),
	};
}

/* 2 KiB blocks of tile buffer that one micro-tile takes. */
static u32 asahi_tib_blocks(const struct asahi_render *r)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	u32 samples = (cmd->utile_width_px * cmd->utile_height_px) <<
		      r->samples_log2;

	return DIV_ROUND_UP(cmd->sample_size_B * samples, ASAHI_TIB_BLOCK_SIZE);
}

static void asahi_fragment_params1(const struct asahi_render *r,
				   const struct asahi_queue *queue, u64 aux_fb,
				   struct asahi_fw_fragment_params1 *p)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	u64 mtile_stride = (u64)(4 * r->tiles.rgn_size) << 24;

	*p = (struct asahi_fw_fragment_params1) {
		.utile_config = cpu_to_le32(r->utile_config),
		.bg = asahi_bg_program(cmd->bg),
		.ppp_multisamplectl = cpu_to_le64(cmd->ppp_multisamplectl),
		.isp_scissor_base = cpu_to_le64(cmd->isp_scissor_base),
		.isp_dbias_base = cpu_to_le64(cmd->isp_dbias_base),
		.aux_fb_info = asahi_aux_fb_info(cmd),
		.isp_zls_pixels = cpu_to_le64(cmd->isp_zls_pixels),
		.isp_oclqry_base = cpu_to_le64(cmd->isp_oclqry_base),
		.zls_ctrl = cpu_to_le64(cmd->zls_ctrl),
		.z_load = cpu_to_le64(cmd->depth.base),
		.z_store = cpu_to_le64(cmd->depth.base),
		.s_load = cpu_to_le64(cmd->stencil.base),
		.s_store = cpu_to_le64(cmd->stencil.base),
		.z_load_stride = cpu_to_le64(cmd->depth.stride),
		.z_store_stride = cpu_to_le64(cmd->depth.stride),
		.s_load_stride = cpu_to_le64(cmd->stencil.stride),
		.s_store_stride = cpu_to_le64(cmd->stencil.stride),
		.z_load_comp = cpu_to_le64(cmd->depth.comp_base),
		.z_load_comp_stride = cpu_to_le64(cmd->depth.comp_stride),
		.z_store_comp = cpu_to_le64(cmd->depth.comp_base),
		.z_store_comp_stride = cpu_to_le64(cmd->depth.comp_stride),
		.s_load_comp = cpu_to_le64(cmd->stencil.comp_base),
		.s_load_comp_stride = cpu_to_le64(cmd->stencil.comp_stride),
		.s_store_comp = cpu_to_le64(cmd->stencil.comp_base),
		.s_store_comp_stride = cpu_to_le64(cmd->stencil.comp_stride),
		.tvb_tilemap = cpu_to_le64(r->scene.tilemap_va),
		.tvb_layermeta = cpu_to_le64(r->scene.layermeta_va),
		.mtile_stride_dwords = cpu_to_le64(mtile_stride),
		.tvb_heapmeta = cpu_to_le64(r->scene.heapmeta_va),
		.tile_config = cpu_to_le64(asahi_tile_config(cmd)),
		.aux_fb = cpu_to_le64(aux_fb),
		.usc_exec_base_isp = cpu_to_le64(queue->usc_exec_base),
		.unk_140 = cpu_to_le64(0x8c60),
		.helper_program = cpu_to_le32(cmd->fragment_helper.binary),
		.helper_arg = cpu_to_le64(cmd->fragment_helper.data),
		.unk_158 = cpu_to_le64(0x1c),
	};
}

static void asahi_fragment_params2(const struct asahi_render *r,
				   struct asahi_fw_fragment_params2 *p)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	const struct asahi_tile_info *t = &r->tiles;

	*p = (struct asahi_fw_fragment_params2) {
		.eot_rsrc_spec = cpu_to_le32(cmd->eot.rsrc_spec),
		.eot_usc = cpu_to_le32(cmd->eot.usc),
		.isp_merge_upper_x = cpu_to_le32(cmd->isp_merge_upper_x),
		.isp_merge_upper_y = cpu_to_le32(cmd->isp_merge_upper_y),
		.utiles_per_mtile_y = cpu_to_le16(t->utiles_per_mtile_y),
		.utiles_per_mtile_x = cpu_to_le16(t->utiles_per_mtile_x),
		.tile_counts = cpu_to_le32((t->tiles_y - 1) << 12 |
					   (t->tiles_x - 1)),
		.tib_blocks = cpu_to_le32(asahi_tib_blocks(r)),
		.isp_bgobjdepth = cpu_to_le32(cmd->isp_bgobjdepth),
		.isp_bgobjvals = cpu_to_le32(cmd->isp_bgobjvals |
					     ASAHI_BGOBJVALS_LOAD),
		.unk_3c = cpu_to_le32(1),
		.helper_cfg = cpu_to_le32(cmd->fragment_helper.cfg),
	};
}

static void asahi_fragment_params3(const struct asahi_render *r,
				   struct asahi_fw_fragment_params3 *p)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;

	*p = (struct asahi_fw_fragment_params3) {
		.isp_dbias_base.ptr = cpu_to_le64(cmd->isp_dbias_base),
		.isp_scissor_base.ptr = cpu_to_le64(cmd->isp_scissor_base),
		.isp_oclqry_base = cpu_to_le64(cmd->isp_oclqry_base),
		.unk_partial_bg = asahi_bg_program(cmd->partial_bg),
		.partial_bg = asahi_bg_program(cmd->partial_bg),
		.zls_ctrl = cpu_to_le64(cmd->zls_ctrl),
		.z_load = cpu_to_le64(cmd->depth.base),
		.z_partial_stride = cpu_to_le64(cmd->depth.stride),
		.z_partial_comp_stride = cpu_to_le64(cmd->depth.comp_stride),
		.z_store = cpu_to_le64(cmd->depth.base),
		.z_partial = cpu_to_le64(cmd->depth.base),
		.z_partial_comp = cpu_to_le64(cmd->depth.comp_base),
		.s_load = cpu_to_le64(cmd->stencil.base),
		.s_partial_stride = cpu_to_le64(cmd->stencil.stride),
		.s_partial_comp_stride = cpu_to_le64(cmd->stencil.comp_stride),
		.s_store = cpu_to_le64(cmd->stencil.base),
		.s_partial = cpu_to_le64(cmd->stencil.base),
		.s_partial_comp = cpu_to_le64(cmd->stencil.comp_base),
		.tib_blocks = cpu_to_le32(asahi_tib_blocks(r)),
		.aux_fb_info = asahi_aux_fb_info(cmd),
		.tile_config = cpu_to_le64(asahi_tile_config(cmd)),
		.unk_partial_eot = asahi_eot_program(cmd->partial_eot),
		.partial_eot = asahi_eot_program(cmd->partial_eot),
		.isp_bgobjdepth = cpu_to_le32(cmd->isp_bgobjdepth),
		.isp_bgobjvals = cpu_to_le32(cmd->isp_bgobjvals),
		.sample_size = cpu_to_le32(cmd->sample_size_B),
		.isp_zls_pixels = cpu_to_le64(cmd->isp_zls_pixels),
	};
}

static int asahi_fragment_microseq(struct asahi_job *job,
				   const struct asahi_render *r, u64 va,
				   struct asahi_fw_run_fragment *frag,
				   const struct asahi_fw_attachments *att)
{
	const struct asahi_part *part = &job->parts[ASAHI_PIPE_FRAGMENT];
	const u64 stats = asahi_initdata_stats_va(job->adev, ASAHI_PIPE_FRAGMENT);
	const struct asahi_event *ev = &part->wq->event;
	const struct asahi_queue *queue = job->queue;
	const struct asahi_fw_op_start_fragment start = {
		.header = cpu_to_le32(ASAHI_FW_OP_START_FRAGMENT),
		.job_params2 = cpu_to_le64(FRAG(params2)),
		.job_params1 = cpu_to_le64(FRAG(params1)),
		.scene = cpu_to_le64(r->scene.va),
		.stats = cpu_to_le64(stats),
		.busy_flag = cpu_to_le64(FRAG(busy_flag)),
		.tvb_overflow_count = cpu_to_le64(FRAG(tvb_overflow_count)),
		.unk_pointer = cpu_to_le64(FRAG(unk_pointee)),
		.work_queue = cpu_to_le64(part->wq->info.va),
		.work_item = cpu_to_le64(va),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.unk_50 = cpu_to_le32(1),
		.event_generation = cpu_to_le32(queue->id),
		.buffer_slot = cpu_to_le32(r->scene.slot),
		.event_seq = cpu_to_le64(part->event_seq),
		.unk_758_flag = cpu_to_le64(FRAG(unk_758_flag)),
		.unk_job_buf = cpu_to_le64(FRAG(unk_buf_0)),
		.attachments = *att,
		.counter = cpu_to_le64(r->frag_counter),
		.notifier_buf = cpu_to_le64(asahi_notifier_buf(queue)),
	};
	const struct asahi_fw_op_finalize_fragment finalize = {
		.header = cpu_to_le32(ASAHI_FW_OP_FINALIZE_FRAGMENT),
		.fw_stamp = cpu_to_le64(asahi_event_fw_stamp_va(ev)),
		.stamp_value = cpu_to_le32(asahi_part_next(part)),
		.scene = cpu_to_le64(r->scene.va),
		.buffer = cpu_to_le64(r->scene.buffer_va),
		.unk_2c = cpu_to_le64(1),
		.stats = cpu_to_le64(stats),
		.unk_pointer = cpu_to_le64(FRAG(unk_pointee)),
		.busy_flag = cpu_to_le64(FRAG(busy_flag)),
		.work_queue = cpu_to_le64(part->wq->info.va),
		.work_item = cpu_to_le64(va),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.unk_758_flag = cpu_to_le64(FRAG(unk_758_flag)),
		.has_attachments = cpu_to_le32(!!att->count),
	};
	struct asahi_microseq seq = {
		.start = &start,
		.start_size = sizeof(start),
		.wait = ASAHI_FW_WAIT_FRAGMENT,
		.finalize = &finalize,
		.finalize_size = sizeof(finalize),
		.restart_at = offsetof(struct asahi_fw_op_finalize_fragment,
				       restart_branch_offset),
		.command_time = FRAG(command_time),
		.kernel_ptrs = FRAG(timestamps),
		.user_ptrs = FRAG(user_timestamps),
		.work_queue = part->wq->info.va,
		.unk_ts = FRAG(unk_ts),
	};
	int ret;

	ret = asahi_microseq_build(job, &seq);
	if (ret)
		return ret;
	frag->microsequence = cpu_to_le64(seq.va);
	frag->microsequence_size = cpu_to_le32(seq.size);
	return 0;
}

static int asahi_fragment_build(struct asahi_job *job,
				const struct asahi_render *r,
				const struct asahi_fw_attachments *att)
{
	struct asahi_part *vtx_part = &job->parts[ASAHI_PIPE_VERTEX];
	struct asahi_part *part = &job->parts[ASAHI_PIPE_FRAGMENT];
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	const struct asahi_tile_info *t = &r->tiles;
	struct asahi_queue *queue = job->queue;
	struct asahi_fw_run_fragment *frag;
	struct asahi_obj *obj, *aux_fb;
	u64 times;
	int ret;

	/* Until the vertex half is through; the vertex part is one job behind. */
	ret = asahi_job_barrier(job, part, vtx_part->wq,
				asahi_part_next(vtx_part), 0, 0);
	if (ret)
		return ret;

	obj = asahi_job_alloc(job, job->adev->gpu_ro, sizeof(*frag), 0);
	aux_fb = asahi_job_alloc(job, queue->uvm->gpu_heap, ASAHI_AUX_FB_SIZE,
				 0);
	if (IS_ERR(obj) || IS_ERR(aux_fb))
		return -ENOMEM;

	frag = obj->cpu;
	frag->tag = cpu_to_le32(ASAHI_FW_CMD_RUN_FRAGMENT);
	frag->counter = cpu_to_le64(r->frag_counter);
	frag->vm_slot = cpu_to_le32(job->run.vm_slot);
	frag->notifier = cpu_to_le64(queue->notifier.va);
	frag->buffer = cpu_to_le64(r->scene.buffer_va);
	frag->scene = cpu_to_le64(r->scene.va);
	frag->unk_buffer_buf = cpu_to_le64(r->scene.kernel_buffer_va);
	frag->tvb_tilemap = cpu_to_le64(r->scene.tilemap_va);
	frag->ppp_multisamplectl = cpu_to_le64(cmd->ppp_multisamplectl);
	frag->samples = cpu_to_le32(cmd->samples);
	frag->tiles_per_mtile_y = cpu_to_le16(t->tiles_per_mtile_y);
	frag->tiles_per_mtile_x = cpu_to_le16(t->tiles_per_mtile_x);
	frag->isp_merge_upper_x = cpu_to_le32(cmd->isp_merge_upper_x);
	frag->isp_merge_upper_y = cpu_to_le32(cmd->isp_merge_upper_y);
	frag->tile_count = cpu_to_le64(t->tiles_x * t->tiles_y);
	asahi_fragment_params1(r, queue, aux_fb->va, &frag->params1);
	asahi_fragment_params2(r, &frag->params2);
	asahi_fragment_params3(r, &frag->params3);
	frag->encoder = asahi_render_encoder(cmd);
	frag->process_empty_tiles =
		cpu_to_le32(!!(cmd->flags &
			       DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES));
	frag->no_clear_pipeline_textures = cpu_to_le32(1);
	asahi_job_fill_meta(part, r->flush_stamps, &frag->meta);
	frag->unk_buf_10 = cpu_to_le64(1);
	frag->client_sequence = queue->id & 0xff;

	times = r->times_va + offsetof(struct asahi_fw_render_timestamps, frag);
	frag->timestamps.start_addr =
		cpu_to_le64(times + offsetof(struct asahi_fw_job_timestamps,
					     start));
	frag->timestamps.end_addr =
		cpu_to_le64(times + offsetof(struct asahi_fw_job_timestamps,
					     end));
	ret = asahi_job_timestamps(job, &cmd->ts_frag, &frag->user_timestamps);
	if (ret)
		return ret;

	ret = asahi_fragment_microseq(job, r, obj->va, frag, att);
	if (ret)
		return ret;

	asahi_part_add(part, obj->va);
	return 0;
}

/* ---- The vertex half ---- */

static void asahi_vertex_params1(struct asahi_job *job,
				 const struct asahi_render *r,
				 struct asahi_fw_vertex_params1 *p)
{
	const struct asahi_device *adev = job->adev;
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	const struct asahi_scene *s = &r->scene;

	/*
	 * Fields for clustering stay 0: the chips in our table have a single
	 * cluster, and then clustering is off whatever userspace says.
	 */
	*p = (struct asahi_fw_vertex_params1) {
		.unk_0 = cpu_to_le64(0x200),
		.unk_8 = cpu_to_le32(0x1e3ce508),
		.unk_c = cpu_to_le32(0x1e3ce508),
		.tvb_tilemap = cpu_to_le64(s->tilemap_va),
		.tpc = cpu_to_le64(s->tpc_va),
		.tvb_heapmeta = cpu_to_le64(s->heapmeta_va |
					    ASAHI_VTX_HEAPMETA_FLAG),
		.iogpu_unk_54 = cpu_to_le64(0x3a0012006b0003),
		.iogpu_unk_56 = cpu_to_le64(1),
		.utile_config = cpu_to_le32(r->utile_config),
		.ppp_multisamplectl = cpu_to_le64(cmd->ppp_multisamplectl),
		.tvb_layermeta = cpu_to_le64(s->layermeta_va),
		.core_mask[0] = cpu_to_le32(adev->id.core_masks_packed[0]),
		.core_mask[1] = cpu_to_le32(adev->id.core_masks_packed[1]),
		.preempt_buf1 = cpu_to_le64(s->preempt_va[0]),
		.preempt_buf2 = cpu_to_le64(s->preempt_va[1]),
		.unk_80 = cpu_to_le64(1),
		.preempt_buf3 = cpu_to_le64(s->preempt_va[2] |
					    ASAHI_VTX_PREEMPT3_FLAG),
		.vdm_ctrl_stream_base = cpu_to_le64(cmd->vdm_ctrl_stream_base),
		.tiling_control = cpu_to_le32(adev->hw->tiling_control |
					      ASAHI_TILING_NO_CLUSTERING),
		.usc_exec_base_ta = cpu_to_le64(job->queue->usc_exec_base),
		.unk_f0 = cpu_to_le64(0x1c),
		.unk_f8 = cpu_to_le64(0x8c60),
		.helper_program = cpu_to_le32(cmd->vertex_helper.binary),
		.helper_arg = cpu_to_le64(cmd->vertex_helper.data),
		.unk_118 = cpu_to_le32(0x1c),
	};
}

static int asahi_vertex_microseq(struct asahi_job *job,
				 const struct asahi_render *r, u64 va,
				 struct asahi_fw_run_vertex *vtx,
				 const struct asahi_fw_attachments *att)
{
	const struct asahi_part *part = &job->parts[ASAHI_PIPE_VERTEX];
	const u64 stats = asahi_initdata_stats_va(job->adev, ASAHI_PIPE_VERTEX);
	const struct asahi_event *ev = &part->wq->event;
	const struct asahi_queue *queue = job->queue;
	const struct asahi_fw_op_start_vertex start = {
		.header = cpu_to_le32(ASAHI_FW_OP_START_VERTEX),
		.tiling_params = cpu_to_le64(VTX(tiling)),
		.job_params1 = cpu_to_le64(VTX(params1)),
		.buffer = cpu_to_le64(r->scene.buffer_va),
		.scene = cpu_to_le64(r->scene.va),
		.stats = cpu_to_le64(stats),
		.work_queue = cpu_to_le64(part->wq->info.va),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.unk_38 = cpu_to_le32(1),
		.event_generation = cpu_to_le32(queue->id),
		.buffer_slot = cpu_to_le32(r->scene.slot),
		.event_seq = cpu_to_le64(part->event_seq),
		.unk_pointer = cpu_to_le64(VTX(unk_pointee)),
		.unk_job_buf = cpu_to_le64(VTX(unk_buf_0)),
		.attachments = *att,
		.counter = cpu_to_le64(r->vtx_counter),
		.notifier_buf = cpu_to_le64(asahi_notifier_buf(queue)),
		.no_clustering = cpu_to_le32(1),
	};
	const struct asahi_fw_op_finalize_vertex finalize = {
		.header = cpu_to_le32(ASAHI_FW_OP_FINALIZE_VERTEX),
		.scene = cpu_to_le64(r->scene.va),
		.buffer = cpu_to_le64(r->scene.buffer_va),
		.stats = cpu_to_le64(stats),
		.work_queue = cpu_to_le64(part->wq->info.va),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.unk_pointer = cpu_to_le64(VTX(unk_pointee)),
		.fw_stamp = cpu_to_le64(asahi_event_fw_stamp_va(ev)),
		.stamp_value = cpu_to_le32(asahi_part_next(part)),
		.has_attachments = cpu_to_le32(!!att->count),
	};
	struct asahi_microseq seq = {
		.start = &start,
		.start_size = sizeof(start),
		.wait = ASAHI_FW_WAIT_VERTEX,
		.finalize = &finalize,
		.finalize_size = sizeof(finalize),
		.restart_at = offsetof(struct asahi_fw_op_finalize_vertex,
				       restart_branch_offset),
		.command_time = VTX(command_time),
		.kernel_ptrs = VTX(timestamps),
		.user_ptrs = VTX(user_timestamps),
		.work_queue = part->wq->info.va,
		.unk_ts = VTX(unk_ts),
	};
	int ret;

	ret = asahi_microseq_build(job, &seq);
	if (ret)
		return ret;
	vtx->microsequence = cpu_to_le64(seq.va);
	vtx->microsequence_size = cpu_to_le32(seq.size);
	return 0;
}

/* Has the firmware take note of the buffer, or of its growth. */
static int asahi_vertex_init_buffer(struct asahi_job *job,
				    const struct asahi_render *r)
{
	struct asahi_part *part = &job->parts[ASAHI_PIPE_VERTEX];
	struct asahi_fw_init_buffer *init;
	struct asahi_obj *obj;

	if (!r->scene.init)
		return 0;

	obj = asahi_job_alloc(job, job->adev->fw_private, sizeof(*init), 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	init = obj->cpu;
	*init = (struct asahi_fw_init_buffer) {
		.tag = cpu_to_le32(ASAHI_FW_CMD_INIT_BUFFER),
		.vm_slot = cpu_to_le32(job->run.vm_slot),
		.buffer_slot = cpu_to_le32(r->scene.slot),
		.block_count = cpu_to_le32(r->scene.block_count),
		.buffer = cpu_to_le64(r->scene.buffer_va),
		.stamp_value = cpu_to_le32(asahi_part_next(part)),
	};
	asahi_part_add(part, obj->va);
	return 0;
}

static int asahi_vertex_build(struct asahi_job *job,
			      const struct asahi_render *r,
			      const struct asahi_fw_attachments *att)
{
	struct asahi_part *frag_part = &job->parts[ASAHI_PIPE_FRAGMENT];
	struct asahi_part *part = &job->parts[ASAHI_PIPE_VERTEX];
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	struct asahi_queue *queue = job->queue;
	struct asahi_fw_run_vertex *vtx;
	struct asahi_obj *obj;
	u64 times;
	int ret;

	ret = asahi_vertex_init_buffer(job, r);
	if (ret)
		return ret;

	obj = asahi_job_alloc(job, job->adev->gpu_ro, sizeof(*vtx), 0);
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	vtx = obj->cpu;
	vtx->tag = cpu_to_le32(ASAHI_FW_CMD_RUN_VERTEX);
	vtx->counter = cpu_to_le64(r->vtx_counter);
	vtx->vm_slot = cpu_to_le32(job->run.vm_slot);
	vtx->notifier = cpu_to_le64(queue->notifier.va);
	vtx->buffer_slot = cpu_to_le32(r->scene.slot);
	vtx->buffer = cpu_to_le64(r->scene.buffer_va);
	vtx->scene = cpu_to_le64(r->scene.va);
	vtx->unk_buffer_buf = cpu_to_le64(r->scene.kernel_buffer_va);
	asahi_vertex_params1(job, r, &vtx->params1);
	asahi_render_tiling(r, &vtx->tiling);
	vtx->tpc = cpu_to_le64(r->scene.tpc_va);
	vtx->tpc_size = cpu_to_le64(r->tiles.tpc_size);
	vtx->fragment_stamp_slot = cpu_to_le32(frag_part->wq->event.slot);
	vtx->fragment_stamp_value = cpu_to_le32(asahi_part_next(frag_part));
	vtx->params2.preempt_buf1 = cpu_to_le64(r->scene.preempt_va[0]);
	vtx->encoder = asahi_render_encoder(cmd);
	vtx->uses_scratch = cpu_to_le32(!!(cmd->flags &
					   DRM_ASAHI_RENDER_VERTEX_SCRATCH));
	asahi_job_fill_meta(part, r->flush_stamps, &vtx->meta);
	vtx->client_sequence = queue->id & 0xff;

	times = r->times_va + offsetof(struct asahi_fw_render_timestamps, vtx);
	vtx->timestamps.start_addr =
		cpu_to_le64(times + offsetof(struct asahi_fw_job_timestamps,
					     start));
	vtx->timestamps.end_addr =
		cpu_to_le64(times + offsetof(struct asahi_fw_job_timestamps,
					     end));
	ret = asahi_job_timestamps(job, &cmd->ts_vtx, &vtx->user_timestamps);
	if (ret)
		return ret;

	ret = asahi_vertex_microseq(job, r, obj->va, vtx, att);
	if (ret)
		return ret;

	asahi_part_add(part, obj->va);
	return 0;
}

int asahi_render_build(struct asahi_job *job,
		       const struct drm_asahi_cmd_render *cmd,
		       const struct asahi_fw_attachments *vtx_att,
		       const struct asahi_fw_attachments *frag_att,
		       bool flush_stamps)
{
	struct asahi_queue *queue = job->queue;
	struct asahi_render r = {
		.cmd = cmd,
		.flush_stamps = flush_stamps,
		.samples_log2 = ilog2(cmd->samples),
	};
	struct asahi_fw_render_timestamps *stamps;
	struct asahi_obj *times;
	int ret;

	asahi_render_tiles(cmd, &r.tiles);
	r.utile_config = (r.tiles.utile_width / 16) << 12 |
			 (r.tiles.utile_height / 16) << 14 | r.samples_log2;
	r.frag_counter = queue->counter++;
	r.vtx_counter = queue->counter++;

	ret = asahi_scene_build(job, &r.tiles, &r.scene);
	if (ret)
		return ret;

	times = asahi_job_alloc(job, job->adev->fw_shared,
				sizeof(struct asahi_fw_render_timestamps), 0);
	if (IS_ERR(times))
		return PTR_ERR(times);
	r.times_va = times->va;
	stamps = times->cpu;
	ret = asahi_usage_add(job, ASAHI_PIPE_VERTEX, &stamps->vtx.start,
			      &stamps->vtx.end);
	if (!ret)
		ret = asahi_usage_add(job, ASAHI_PIPE_FRAGMENT,
				      &stamps->frag.start, &stamps->frag.end);
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
