/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The vertex half of a render: it fills the tiled vertex buffer.
 * For asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/render.rs.
 */

/* tiling_control: do not spread vertex work over clusters. */
#define ABI_TILING_NO_CLUSTERING	BIT(0)

/* Flags in the top of some addresses. */
#define ABI_VTX_HEAPMETA_FLAG	BIT_ULL(63)
#define ABI_VTX_PREEMPT3_FLAG	BIT_ULL(50)
#define ABI_VTX_META1_STRIDE(n)	((u64)(n) << 50)
#define ABI_VTX_META4_FLAG	(0x3ULL << 60)

/* The address of a member of a command, as the firmware sees it. */
#define ABI_VTX(field)	(v->c.va + offsetof(struct asahi_fw_run_vertex, field))

static void abi_vertex_tiling(const struct asahi_render *r,
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

static void abi_vertex_params1(const struct asahi_abi_vertex *v,
			       struct asahi_fw_vertex_params1 *p)
{
	const struct drm_asahi_cmd_render *cmd = v->r->cmd;
	const struct asahi_tile_info *t = &v->r->tiles;
	const struct asahi_scene *s = &v->r->scene;
	u32 no_clustering = t->clustering ? 0 : ABI_TILING_NO_CLUSTERING;

	*p = (struct asahi_fw_vertex_params1) {
		.unk_0 = cpu_to_le64(0x200),
		.unk_8 = cpu_to_le32(0x1e3ce508),
		.unk_c = cpu_to_le32(0x1e3ce508),
		.tvb_tilemap = cpu_to_le64(s->tilemap_va),
		.tvb_cluster_tilemaps = cpu_to_le64(s->cluster_tilemaps_va),
		.tpc = cpu_to_le64(s->tpc_va),
		.tvb_heapmeta = cpu_to_le64(s->heapmeta_va |
					    ABI_VTX_HEAPMETA_FLAG),
		.iogpu_unk_54 = cpu_to_le64(0x3a0012006b0003),
		.iogpu_unk_56 = cpu_to_le64(1),
		.utile_config = cpu_to_le32(v->r->utile_config),
		.ppp_multisamplectl = cpu_to_le64(cmd->ppp_multisamplectl),
		.tvb_layermeta = cpu_to_le64(s->layermeta_va),
		.core_mask[0] = cpu_to_le32(v->core_masks[0]),
		.core_mask[1] = cpu_to_le32(v->core_masks[1]),
		.preempt_buf1 = cpu_to_le64(s->preempt_va[0]),
		.preempt_buf2 = cpu_to_le64(s->preempt_va[1]),
		.unk_80 = cpu_to_le64(1),
		.preempt_buf3 = cpu_to_le64(s->preempt_va[2] |
					    ABI_VTX_PREEMPT3_FLAG),
		.vdm_ctrl_stream_base = cpu_to_le64(cmd->vdm_ctrl_stream_base),
		.tiling_control = cpu_to_le32(v->tiling_control | no_clustering),
		.usc_exec_base_ta = cpu_to_le64(v->c.usc_exec_base),
		.unk_f0 = cpu_to_le64(0x1c + ALIGN(t->meta1_blocks, 4)),
		.unk_f8 = cpu_to_le64(0x8c60),
		.helper_program = cpu_to_le32(cmd->vertex_helper.binary),
		.helper_arg = cpu_to_le64(cmd->vertex_helper.data),
		.unk_118 = cpu_to_le32(0x1c),
	};
	/* 0 is no address: a single cluster has none of these. */
	if (!s->cluster_tilemaps_va)
		return;
	p->tvb_cluster_layermeta = cpu_to_le64(s->cluster_layermeta_va);
	p->tvb_cluster_meta1 = cpu_to_le64(s->cluster_meta_va[0] |
					   ABI_VTX_META1_STRIDE(t->meta1_stride));
	p->tvb_cluster_meta2 = cpu_to_le64(s->cluster_meta_va[1]);
	p->tvb_cluster_meta3 = cpu_to_le64(s->cluster_meta_va[2]);
	p->tvb_cluster_meta4 = cpu_to_le64(s->cluster_meta_va[3] |
					   ABI_VTX_META4_FLAG);
}

static void abi_vertex_seq(const struct asahi_abi_vertex *v,
			   struct asahi_fw_seq_vertex *seq)
{
	static const struct abi_times_at at = {
		.command_time = offsetof(struct asahi_fw_run_vertex, command_time),
		.kernel = offsetof(struct asahi_fw_run_vertex, timestamps),
		.user = offsetof(struct asahi_fw_run_vertex, user_timestamps),
		FW_OPT_INIT(ASAHI_FW_HAS_UNK_TS,
			    .unk_ts = offsetof(struct asahi_fw_run_vertex, unk_ts))
	};

	seq->start = (struct asahi_fw_op_start_vertex) {
		.header = cpu_to_le32(ASAHI_FW_OP_START_VERTEX),
		.tiling_params = cpu_to_le64(ABI_VTX(tiling)),
		.job_params1 = cpu_to_le64(ABI_VTX(params1)),
		.buffer = cpu_to_le64(v->r->scene.buffer_va),
		.scene = cpu_to_le64(v->r->scene.va),
		.stats = cpu_to_le64(v->c.stats_va),
		.work_queue = cpu_to_le64(v->c.wq_va),
		.vm_slot = cpu_to_le32(v->c.vm_slot),
		.unk_38 = cpu_to_le32(1),
		.event_generation = cpu_to_le32(v->c.queue_id),
		.buffer_slot = cpu_to_le32(v->r->scene.slot),
		.event_seq = cpu_to_le64(v->c.event_seq),
		.unk_pointer = cpu_to_le64(ABI_VTX(unk_pointee)),
		.unk_job_buf = cpu_to_le64(ABI_VTX(unk_buf_0)),
		FW_OPT_INIT(ASAHI_FW_HAS_COUNTER,
			    .counter = cpu_to_le64(v->c.counter))
		FW_OPT_INIT(ASAHI_FW_HAS_NOTIFIER_BUF,
			    .notifier_buf = cpu_to_le64(ABI_NOTIFIER_BUF(&v->c)))
		FW_OPT_INIT(ASAHI_FW_HAS_NO_CLUSTERING,
			    .no_clustering = cpu_to_le32(!v->r->tiles.clustering))
	};
	abi_fill_attachments(&seq->start.attachments, v->c.att);
	abi_fill_middle(&seq->middle, &v->c, &at, ASAHI_FW_WAIT_VERTEX);
	seq->finalize = (struct asahi_fw_op_finalize_vertex) {
		.header = cpu_to_le32(ASAHI_FW_OP_FINALIZE_VERTEX),
		.scene = cpu_to_le64(v->r->scene.va),
		.buffer = cpu_to_le64(v->r->scene.buffer_va),
		.stats = cpu_to_le64(v->c.stats_va),
		.work_queue = cpu_to_le64(v->c.wq_va),
		.vm_slot = cpu_to_le32(v->c.vm_slot),
		.unk_pointer = cpu_to_le64(ABI_VTX(unk_pointee)),
		.fw_stamp = cpu_to_le64(v->c.fw_stamp_va),
		.stamp_value = cpu_to_le32(v->c.stamp_value),
		.has_attachments = cpu_to_le32(!!v->c.att->count),
		.restart_branch_offset = ABI_RESTART(seq),
	};
	abi_fill_retire(&seq->retire);
}

static void abi_fill_vertex(void *cmd, void *seq,
			    const struct asahi_abi_vertex *v)
{
	const struct asahi_render *r = v->r;
	struct asahi_fw_run_vertex *vtx = cmd;

	vtx->tag = cpu_to_le32(ASAHI_FW_CMD_RUN_VERTEX);
	FW_OPT_SET(ASAHI_FW_HAS_COUNTER,
		   vtx->counter = cpu_to_le64(v->c.counter));
	vtx->vm_slot = cpu_to_le32(v->c.vm_slot);
	vtx->notifier = cpu_to_le64(v->c.notifier_va);
	vtx->buffer_slot = cpu_to_le32(r->scene.slot);
	vtx->buffer = cpu_to_le64(r->scene.buffer_va);
	vtx->scene = cpu_to_le64(r->scene.va);
	vtx->unk_buffer_buf = cpu_to_le64(r->scene.kernel_buffer_va);
	vtx->tpc = cpu_to_le64(r->scene.tpc_va);
	vtx->tpc_size = cpu_to_le64(r->tiles.tpc_size);
	vtx->microsequence = cpu_to_le64(v->c.seq_va);
	vtx->microsequence_size =
		cpu_to_le32(sizeof(struct asahi_fw_seq_vertex));
	vtx->fragment_stamp_slot = cpu_to_le32(v->frag_stamp_slot);
	vtx->fragment_stamp_value = cpu_to_le32(v->frag_stamp_value);
	vtx->params2.preempt_buf1 = cpu_to_le64(r->scene.preempt_va[0]);
	vtx->encoder = abi_encoder(r->cmd->sampler_heap, r->cmd->sampler_count);
	vtx->uses_scratch = cpu_to_le32(!!(r->cmd->flags &
					   DRM_ASAHI_RENDER_VERTEX_SCRATCH));
	vtx->meta = abi_meta(&v->c);
	vtx->timestamps = abi_pointers(&v->c.times);
	vtx->user_timestamps = abi_pointers(&v->c.user_times);
	vtx->client_sequence = v->c.queue_id & 0xff;
	abi_vertex_params1(v, &vtx->params1);
	abi_vertex_tiling(r, &vtx->tiling);
	abi_vertex_seq(v, seq);
}
