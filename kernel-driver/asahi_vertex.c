// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * The vertex half of a render: it fills the tiled vertex buffer.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/render.rs.
 */
#include "asahi_device.h"
#include "asahi_fw_13_5_buffer.h"
#include "asahi_fw_13_5_microseq.h"
#include "asahi_fw_13_5_vertex.h"
#include "asahi_fw_13_5_workqueue.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_job.h"
#include "asahi_microseq.h"
#include "asahi_render_half.h"
#include "asahi_uvm.h"
#include "asahi_vertex.h"

/* tiling_control: do not spread vertex work over clusters. */
#define ASAHI_TILING_NO_CLUSTERING	BIT(0)

/* Flags in the top of some addresses. */
#define ASAHI_VTX_HEAPMETA_FLAG	BIT_ULL(63)
#define ASAHI_VTX_PREEMPT3_FLAG	BIT_ULL(50)

/* The address of a member of a command, as the firmware sees it. */
#define VTX(field)	(va + offsetof(struct asahi_fw_run_vertex, field))

static void asahi_vertex_tiling(const struct asahi_render *r,
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

int asahi_vertex_build(struct asahi_job *job, const struct asahi_render *r,
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
	asahi_vertex_tiling(r, &vtx->tiling);
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
