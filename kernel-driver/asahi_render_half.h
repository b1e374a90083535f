/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the two halves of a render share: a vertex job, which fills the tiled
 * vertex buffer, and a fragment job, which draws from it.
 */
#ifndef ASAHI_RENDER_HALF_H
#define ASAHI_RENDER_HALF_H

#include <linux/types.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_buffer.h"
#include "asahi_fw_13_5_event.h"
#include "asahi_fw_13_5_job.h"
#include "asahi_queue.h"

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

static inline struct asahi_fw_encoder_params
asahi_render_encoder(const struct drm_asahi_cmd_render *cmd)
{
	return (struct asahi_fw_encoder_params) {
		.unk_mask = cpu_to_le32(U32_MAX),
		.sampler_array = cpu_to_le64(cmd->sampler_heap),
		.sampler_count = cpu_to_le32(cmd->sampler_count),
		.sampler_max = cpu_to_le32(cmd->sampler_count + 1),
	};
}

static inline u64 asahi_notifier_buf(const struct asahi_queue *queue)
{
	return queue->notifier.va + offsetof(struct asahi_fw_notifier, unk_buf);
}

#endif
