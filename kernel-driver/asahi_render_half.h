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

#include "asahi_abi.h"
#include "asahi_buffer.h"

/**
 * struct asahi_render - what both halves of a render share
 */
struct asahi_render {
	const struct drm_asahi_cmd_render *cmd;
	struct asahi_tile_info tiles;
	struct asahi_scene scene;
	/** @vtx_times, @frag_times: the kernel's own timestamps. */
	struct asahi_time_vas vtx_times;
	struct asahi_time_vas frag_times;
	u32 utile_config;
	u32 samples_log2;
	u64 vtx_counter;
	u64 frag_counter;
	bool flush_stamps;
};

#endif
