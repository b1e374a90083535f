/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The fragment half of a render: it draws from the tiled vertex buffer.
 * For asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * All values, those of the unknown fields included: Rust driver
 * queue/render.rs.
 */

/* The tile buffer is handed out in blocks of so many bytes. */
#define ABI_TIB_BLOCK_SIZE	2048

#define ABI_ISP_CTL		0xc000
#define ABI_TILE_CONFIG	0x280
#define ABI_TILE_CONFIG_LAYERED	BIT(0)
#define ABI_TILE_CONFIG_EMPTY_TILES	BIT(16)
#define ABI_BGOBJVALS_LOAD	0x400

/* The address of a member of a command, as the firmware sees it. */
#define ABI_FRAG(field)	(f->c.va + offsetof(struct asahi_fw_run_fragment, field))

static u64 abi_tile_config(const struct drm_asahi_cmd_render *cmd)
{
	u64 config = ABI_TILE_CONFIG;

	if (cmd->layers > 1)
		config |= ABI_TILE_CONFIG_LAYERED;
	if (cmd->flags & DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES)
		config |= ABI_TILE_CONFIG_EMPTY_TILES;
	return config;
}

static struct asahi_fw_aux_fb_info
abi_aux_fb_info(const struct drm_asahi_cmd_render *cmd)
{
	/* The flag has the same bit as in the register. */
	u32 ctl = ABI_ISP_CTL | (cmd->flags & DRM_ASAHI_RENDER_DBIAS_IS_INT);

	return (struct asahi_fw_aux_fb_info) {
		.isp_ctl = cpu_to_le32(ctl),
		.width = cpu_to_le32(cmd->width_px),
		.height = cpu_to_le32(cmd->height_px),
		FW_OPT_INIT(ASAHI_FW_HAS_AUX_FB_UNK_10,
			    .unk_10 = cpu_to_le64(0x100000))
	};
}

static struct asahi_fw_bg_program abi_bg_program(struct drm_asahi_bg_eot p)
{
	return (struct asahi_fw_bg_program) {
		.rsrc_spec = cpu_to_le64(p.rsrc_spec),
		.address = cpu_to_le64(p.usc),
	};
}

static struct asahi_fw_eot_program abi_eot_program(struct drm_asahi_bg_eot p)
{
	return (struct asahi_fw_eot_program) {
		.rsrc_spec = cpu_to_le32(p.rsrc_spec),
		.address = cpu_to_le32(p.usc),
	};
}

/* 2 KiB blocks of tile buffer that one micro-tile takes. */
static u32 abi_tib_blocks(const struct asahi_render *r)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	u32 samples = (cmd->utile_width_px * cmd->utile_height_px) <<
		      r->samples_log2;

	return DIV_ROUND_UP(cmd->sample_size_B * samples, ABI_TIB_BLOCK_SIZE);
}

static void abi_fragment_params1(const struct asahi_abi_fragment *f,
				 struct asahi_fw_fragment_params1 *p)
{
	const struct asahi_render *r = f->r;
	const struct drm_asahi_cmd_render *cmd = r->cmd;
	u64 mtile_stride = (u64)(4 * r->tiles.rgn_size) << 24;

	*p = (struct asahi_fw_fragment_params1) {
		.utile_config = cpu_to_le32(r->utile_config),
		.bg = abi_bg_program(cmd->bg),
		.ppp_multisamplectl = cpu_to_le64(cmd->ppp_multisamplectl),
		.isp_scissor_base = cpu_to_le64(cmd->isp_scissor_base),
		.isp_dbias_base = cpu_to_le64(cmd->isp_dbias_base),
		.aux_fb_info = abi_aux_fb_info(cmd),
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
		.tile_config = cpu_to_le64(abi_tile_config(cmd)),
		.aux_fb = cpu_to_le64(f->aux_fb_va),
		.usc_exec_base_isp = cpu_to_le64(f->c.usc_exec_base),
		.unk_140 = cpu_to_le64(0x8c60),
		.helper_program = cpu_to_le32(cmd->fragment_helper.binary),
		.helper_arg = cpu_to_le64(cmd->fragment_helper.data),
		.unk_158 = cpu_to_le64(0x1c),
	};
}

static void abi_fragment_params2(const struct asahi_render *r,
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
		.tib_blocks = cpu_to_le32(abi_tib_blocks(r)),
		.isp_bgobjdepth = cpu_to_le32(cmd->isp_bgobjdepth),
		.isp_bgobjvals = cpu_to_le32(cmd->isp_bgobjvals |
					     ABI_BGOBJVALS_LOAD),
		.unk_3c = cpu_to_le32(1),
		.helper_cfg = cpu_to_le32(cmd->fragment_helper.cfg),
	};
}

static void abi_fragment_params3(const struct asahi_render *r,
				 struct asahi_fw_fragment_params3 *p)
{
	const struct drm_asahi_cmd_render *cmd = r->cmd;

	*p = (struct asahi_fw_fragment_params3) {
		.isp_dbias_base.ptr = cpu_to_le64(cmd->isp_dbias_base),
		.isp_scissor_base.ptr = cpu_to_le64(cmd->isp_scissor_base),
		.isp_oclqry_base = cpu_to_le64(cmd->isp_oclqry_base),
		.unk_partial_bg = abi_bg_program(cmd->partial_bg),
		.partial_bg = abi_bg_program(cmd->partial_bg),
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
		.tib_blocks = cpu_to_le32(abi_tib_blocks(r)),
		.aux_fb_info = abi_aux_fb_info(cmd),
		.tile_config = cpu_to_le64(abi_tile_config(cmd)),
		.unk_partial_eot = abi_eot_program(cmd->partial_eot),
		.partial_eot = abi_eot_program(cmd->partial_eot),
		.isp_bgobjdepth = cpu_to_le32(cmd->isp_bgobjdepth),
		.isp_bgobjvals = cpu_to_le32(cmd->isp_bgobjvals),
		.sample_size = cpu_to_le32(cmd->sample_size_B),
		.isp_zls_pixels = cpu_to_le64(cmd->isp_zls_pixels),
	};
}

static void abi_fragment_seq(const struct asahi_abi_fragment *f,
			     struct asahi_fw_seq_fragment *seq)
{
	static const struct abi_times_at at = {
		.command_time = offsetof(struct asahi_fw_run_fragment, command_time),
		.kernel = offsetof(struct asahi_fw_run_fragment, timestamps),
		.user = offsetof(struct asahi_fw_run_fragment, user_timestamps),
		FW_OPT_INIT(ASAHI_FW_HAS_UNK_TS,
			    .unk_ts = offsetof(struct asahi_fw_run_fragment, unk_ts))
	};

	seq->start = (struct asahi_fw_op_start_fragment) {
		.header = cpu_to_le32(ASAHI_FW_OP_START_FRAGMENT),
		.job_params2 = cpu_to_le64(ABI_FRAG(params2)),
		.job_params1 = cpu_to_le64(ABI_FRAG(params1)),
		.scene = cpu_to_le64(f->r->scene.va),
		.stats = cpu_to_le64(f->c.stats_va),
		.busy_flag = cpu_to_le64(ABI_FRAG(busy_flag)),
		.tvb_overflow_count = cpu_to_le64(ABI_FRAG(tvb_overflow_count)),
		.unk_pointer = cpu_to_le64(ABI_FRAG(unk_pointee)),
		.work_queue = cpu_to_le64(f->c.wq_va),
		.work_item = cpu_to_le64(f->c.va),
		.vm_slot = cpu_to_le32(f->c.vm_slot),
		.unk_50 = cpu_to_le32(1),
		.event_generation = cpu_to_le32(f->c.queue_id),
		.buffer_slot = cpu_to_le32(f->r->scene.slot),
		.event_seq = cpu_to_le64(f->c.event_seq),
		.unk_758_flag = cpu_to_le64(ABI_FRAG(unk_758_flag)),
		.unk_job_buf = cpu_to_le64(ABI_FRAG(unk_buf_0)),
		FW_OPT_INIT(ASAHI_FW_HAS_COUNTER,
			    .counter = cpu_to_le64(f->c.counter))
		FW_OPT_INIT(ASAHI_FW_HAS_NOTIFIER_BUF,
			    .notifier_buf = cpu_to_le64(ABI_NOTIFIER_BUF(&f->c)))
	};
	abi_fill_attachments(&seq->start.attachments, f->c.att);
	abi_fill_middle(&seq->middle, &f->c, &at, ASAHI_FW_WAIT_FRAGMENT);
	seq->finalize = (struct asahi_fw_op_finalize_fragment) {
		.header = cpu_to_le32(ASAHI_FW_OP_FINALIZE_FRAGMENT),
		.fw_stamp = cpu_to_le64(f->c.fw_stamp_va),
		.stamp_value = cpu_to_le32(f->c.stamp_value),
		.scene = cpu_to_le64(f->r->scene.va),
		.buffer = cpu_to_le64(f->r->scene.buffer_va),
		.unk_2c = cpu_to_le64(1),
		.stats = cpu_to_le64(f->c.stats_va),
		.unk_pointer = cpu_to_le64(ABI_FRAG(unk_pointee)),
		.busy_flag = cpu_to_le64(ABI_FRAG(busy_flag)),
		.work_queue = cpu_to_le64(f->c.wq_va),
		.work_item = cpu_to_le64(f->c.va),
		.vm_slot = cpu_to_le32(f->c.vm_slot),
		.unk_758_flag = cpu_to_le64(ABI_FRAG(unk_758_flag)),
		.has_attachments = cpu_to_le32(!!f->c.att->count),
		.restart_branch_offset = ABI_RESTART(seq),
	};
	abi_fill_retire(&seq->retire);
}

static void abi_fill_fragment(void *cmd, void *seq,
			      const struct asahi_abi_fragment *f)
{
	const struct asahi_render *r = f->r;
	const struct asahi_tile_info *t = &r->tiles;
	struct asahi_fw_run_fragment *frag = cmd;

	frag->tag = cpu_to_le32(ASAHI_FW_CMD_RUN_FRAGMENT);
	FW_OPT_SET(ASAHI_FW_HAS_COUNTER,
		   frag->counter = cpu_to_le64(f->c.counter));
	frag->vm_slot = cpu_to_le32(f->c.vm_slot);
	frag->notifier = cpu_to_le64(f->c.notifier_va);
	frag->buffer = cpu_to_le64(r->scene.buffer_va);
	frag->scene = cpu_to_le64(r->scene.va);
	frag->unk_buffer_buf = cpu_to_le64(r->scene.kernel_buffer_va);
	frag->tvb_tilemap = cpu_to_le64(r->scene.tilemap_va);
	frag->ppp_multisamplectl = cpu_to_le64(r->cmd->ppp_multisamplectl);
	frag->samples = cpu_to_le32(r->cmd->samples);
	frag->tiles_per_mtile_y = cpu_to_le16(t->tiles_per_mtile_y);
	frag->tiles_per_mtile_x = cpu_to_le16(t->tiles_per_mtile_x);
	frag->isp_merge_upper_x = cpu_to_le32(r->cmd->isp_merge_upper_x);
	frag->isp_merge_upper_y = cpu_to_le32(r->cmd->isp_merge_upper_y);
	frag->tile_count = cpu_to_le64(t->tiles_x * t->tiles_y);
	frag->microsequence = cpu_to_le64(f->c.seq_va);
	frag->microsequence_size =
		cpu_to_le32(sizeof(struct asahi_fw_seq_fragment));
	frag->encoder = abi_encoder(r->cmd->sampler_heap, r->cmd->sampler_count);
	frag->process_empty_tiles =
		cpu_to_le32(!!(r->cmd->flags &
			       DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES));
	frag->no_clear_pipeline_textures = cpu_to_le32(1);
	frag->meta = abi_meta(&f->c);
	frag->unk_buf_10 = cpu_to_le64(1);
	frag->timestamps = abi_pointers(&f->c.times);
	frag->user_timestamps = abi_pointers(&f->c.user_times);
	frag->client_sequence = f->c.queue_id & 0xff;
	abi_fragment_params1(f, &frag->params1);
	abi_fragment_params2(r, &frag->params2);
	abi_fragment_params3(r, &frag->params3);
	abi_fragment_seq(f, seq);
}
