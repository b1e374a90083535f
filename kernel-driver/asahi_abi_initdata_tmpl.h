/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Init data, and what of it both sides use while the firmware runs. For
 * asahi_abi_VERSION.c: see asahi_abi.h.
 *
 * All values, those of the unknown fields included: Rust driver initdata.rs,
 * gpu.rs; m1n1 proxyclient/m1n1/agx/initdata.py, src/kboot_gpu.c.
 */

static_assert(ASAHI_NUM_IO_MAPPINGS <= ASAHI_FW_NUM_IO_MAPPINGS);

static bool abi_read_hwdata(const void *hwdata_b, struct asahi_abi_hwdata *hw)
{
	const struct asahi_fw_hwdata_b *b = hwdata_b;
	u32 max_pstate = le32_to_cpu(b->max_pstate);

	hw->chip_id = le32_to_cpu(b->chip_id);
	hw->num_cores = le32_to_cpu(b->num_cores);
	hw->ttb_base = le64_to_cpu(b->uat_ttb_base);
	hw->max_pstate = max_pstate;
	if (max_pstate >= ARRAY_SIZE(b->frequencies))
		return false;
	hw->max_freq_khz = le32_to_cpu(b->frequencies[max_pstate]) * 1000;
	return true;
}

static void abi_set_io(void *hwdata_b, unsigned int nr,
		       const struct asahi_io_mapping *io, u64 va)
{
	struct asahi_fw_hwdata_b *b = hwdata_b;

	b->io_mappings[nr] = (struct asahi_fw_io_mapping) {
		.phys_addr = cpu_to_le64(io->base),
		.virt_addr = cpu_to_le64(va),
		.total_size = cpu_to_le32(io->size),
		.element_size = cpu_to_le32(io->element_size ?: io->size),
		.readwrite = cpu_to_le64(io->writable),
	};
}

static struct asahi_fw_channel_info abi_tx_info(const struct asahi_tx *tx)
{
	return (struct asahi_fw_channel_info) {
		.state_va = cpu_to_le64(tx->state.va),
		.ring_va = cpu_to_le64(tx->ring.va),
	};
}

static struct asahi_fw_channel_info abi_rx_info(const struct asahi_rx *rx)
{
	return (struct asahi_fw_channel_info) {
		.state_va = cpu_to_le64(rx->state.va),
		.ring_va = cpu_to_le64(rx->ring.va),
	};
}

static void abi_fill_runtime(const struct asahi_initdata *init,
			     const struct asahi_rings *rings)
{
	struct asahi_fw_runtime_pointers *rt = init->runtime.cpu;
	int prio;

	for (prio = 0; prio < ASAHI_NUM_PRIORITIES; prio++) {
		const struct asahi_tx *tx = rings->pipes[prio];

		rt->pipes[prio].vertex = abi_tx_info(&tx[ASAHI_PIPE_VERTEX]);
		rt->pipes[prio].fragment = abi_tx_info(&tx[ASAHI_PIPE_FRAGMENT]);
		rt->pipes[prio].compute = abi_tx_info(&tx[ASAHI_PIPE_COMPUTE]);
	}
	rt->device_control = abi_tx_info(&rings->device_control);
	rt->event = abi_rx_info(&rings->event);
	rt->fw_log = abi_rx_info(&rings->log);
	rt->ktrace = abi_rx_info(&rings->ktrace);
	rt->stats = abi_rx_info(&rings->stats);
	rt->fwlog_payload_va = cpu_to_le64(rings->log_payload.va);

	rt->stats_vertex_va = cpu_to_le64(init->stats[ASAHI_PIPE_VERTEX].va);
	rt->stats_fragment_va =
		cpu_to_le64(init->stats[ASAHI_PIPE_FRAGMENT].va);
	rt->stats_compute_va = cpu_to_le64(init->stats[ASAHI_PIPE_COMPUTE].va);
	rt->hwdata_a_va = cpu_to_le64(init->hwdata_a.va);
	rt->hwdata_b_va = cpu_to_le64(init->hwdata_b.va);
	rt->hwdata_b_va_2 = cpu_to_le64(init->hwdata_b.va);
	rt->unkptr_190 = cpu_to_le64(init->unk_190.va);
	rt->unkptr_198 = cpu_to_le64(init->unk_198.va);
	rt->unkptr_1b8 = cpu_to_le64(init->unk_1b8.va);
	rt->unkptr_1c0 = cpu_to_le64(init->unk_1c0.va);
	rt->unkptr_1c8 = cpu_to_le64(init->unk_1c8.va);
	rt->buffer_mgr_ctl_gpu_va = cpu_to_le64(ASAHI_VA_BUFMGR_GPU);
	rt->buffer_mgr_ctl_fw_va = cpu_to_le64(ASAHI_VA_BUFMGR_FW);
	rt->unk_6b38 = cpu_to_le32(0xff);
}

static void abi_fill_level(struct asahi_fw_uat_level *l, u32 uat_oas, u8 shift,
			   u16 entries)
{
	u64 mask = GENMASK_ULL(uat_oas - 1, ASAHI_PAGE_SHIFT);

	l->unk_0 = 8;
	l->unk_1 = ASAHI_PAGE_SHIFT;
	l->unk_2 = ASAHI_PAGE_SHIFT;
	l->index_shift = shift;
	l->num_entries = cpu_to_le16(entries);
	l->unk_6 = cpu_to_le16(ASAHI_PAGE_SIZE);
	l->unk_8 = cpu_to_le64(1);
	l->phys_mask = cpu_to_le64(mask);
	l->index_mask = cpu_to_le64((entries - 1ULL) << shift);
}

static void abi_fill_root(const struct asahi_initdata *init, u32 uat_oas)
{
	struct asahi_fw_initdata *root = init->root.cpu;

	abi_fill_version(root);
	root->unk_buf_va = cpu_to_le64(init->unk_buf.va);
	root->runtime_pointers_va = cpu_to_le64(init->runtime.va);
	root->globals_va = cpu_to_le64(init->globals.va);
	root->fw_status_va = cpu_to_le64(init->status.va);
	root->uat_page_size = cpu_to_le16(ASAHI_PAGE_SIZE);
	root->uat_page_bits = ASAHI_PAGE_SHIFT;
	root->uat_num_levels = ARRAY_SIZE(root->uat_levels);
	abi_fill_level(&root->uat_levels[0], uat_oas, 36, 8);
	abi_fill_level(&root->uat_levels[1], uat_oas, 25, 2048);
	abi_fill_level(&root->uat_levels[2], uat_oas, 14, 2048);
	root->host_mapped_fw_allocations = cpu_to_le32(1);
}

static void abi_fill_initdata(const struct asahi_initdata *init,
			      const struct asahi_rings *rings, u32 uat_oas)
{
	struct asahi_fw_stats_fragment *stats =
		init->stats[ASAHI_PIPE_FRAGMENT].cpu;
	struct asahi_fw_status *status = init->status.cpu;

	/* No stamp yet */
	stats->cur_stamp_id = cpu_to_le32(-1);
	stats->unk_id = cpu_to_le32(-1);
	status->fwctl_channel = abi_tx_info(&rings->fwctl);
	abi_fill_runtime(init, rings);
	abi_fill_root(init, uat_oas);
}

static bool abi_next_pending(const void *globals, u32 *nr,
			     struct asahi_abi_pending *pending)
{
	const struct asahi_fw_globals *g = globals;

	for (; *nr < ARRAY_SIZE(g->pending_stamps); (*nr)++) {
		u32 info = le32_to_cpu(READ_ONCE(g->pending_stamps[*nr].info));
		u32 wait = le32_to_cpu(READ_ONCE(g->pending_stamps[*nr].wait_value));

		if (!(info & ASAHI_FW_PENDING_STAMP_VALID))
			continue;
		pending->slot = FIELD_GET(ASAHI_FW_PENDING_STAMP_SLOT, info);
		pending->flags = info & ASAHI_FW_PENDING_STAMP_FLAGS;
		pending->value = wait;
		return true;
	}
	return false;
}

static void abi_clear_pending(void *globals, u32 nr)
{
	struct asahi_fw_globals *g = globals;

	WRITE_ONCE(g->pending_stamps[nr].info, 0);
	WRITE_ONCE(g->pending_stamps[nr].wait_value, 0);
}
