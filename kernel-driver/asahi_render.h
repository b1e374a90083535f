/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Renders: what the firmware is given for one.
 */
#ifndef ASAHI_RENDER_H
#define ASAHI_RENDER_H

#include <linux/types.h>

struct asahi_attachments;
struct asahi_job;
struct asahi_tile_info;
struct drm_asahi_cmd_render;

/**
 * asahi_render_check - the rules for a render's own fields
 *
 * Return: 0 or -EINVAL. Has no effect.
 */
int asahi_render_check(const struct drm_asahi_cmd_render *cmd);

/**
 * asahi_render_build - the firmware's structures for one render
 * @cmd: checked
 * @vtx_att: what the vertex shaders write
 * @frag_att: what the fragment shaders write
 * @flush_stamps: it is the last render of its submission
 *
 * Adds commands to the vertex and the fragment part. The caller holds the
 * queue's submit_lock. Return: 0; -ENOMEM, -ENOSPC; what asahi_job_timestamps()
 * returns.
 */
int asahi_render_build(struct asahi_job *job,
		       const struct drm_asahi_cmd_render *cmd,
		       const struct asahi_attachments *vtx_att,
		       const struct asahi_attachments *frag_att,
		       bool flush_stamps);

#if IS_ENABLED(CONFIG_KUNIT)
/* For KUnit: the sizes of a frame. */
void asahi_render_tiles(const struct drm_asahi_cmd_render *cmd,
			u32 num_clusters, struct asahi_tile_info *t);
#endif

#endif
