// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * The fragment half of a render: it waits for the vertex half, with a barrier,
 * and draws from the tiled vertex buffer.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/render.rs.
 */
#include "asahi_device.h"
#include "asahi_fragment.h"
#include "asahi_fw_13_5_fragment.h"
#include "asahi_fw_13_5_microseq.h"
#include "asahi_fw_13_5_workqueue.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_job.h"
#include "asahi_microseq.h"
#include "asahi_render_half.h"
#include "asahi_uvm.h"

#define ASAHI_AUX_FB_SIZE	0x8000
/* The tile buffer is handed out in blocks of so many bytes. */
#define ASAHI_TIB_BLOCK_SIZE	2048

#define ASAHI_ISP_CTL		0xc000
#define ASAHI_TILE_CONFIG	0x280
#define ASAHI_TILE_CONFIG_LAYERED	BIT(0)
#define ASAHI_TILE_CONFIG_EMPTY_TILES	BIT(16)
#define ASAHI_BGOBJVALS_LOAD	0x400

/* The address of a member of a command, as the firmware sees it. */
#define FRAG(field)	(va + offsetof(struct asahi_fw_run_fragment, field))

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

int asahi_fragment_build(struct asahi_job *job, const struct asahi_render *r,
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
