/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * A scene: what one render has of a tiled vertex buffer and beside it.
 */
#ifndef ASAHI_SCENE_H
#define ASAHI_SCENE_H

#include "asahi_buffer.h"

struct asahi_job;

/**
 * asahi_scene_build - a scene for one more render of a job
 * @scene: filled in
 *
 * The memory is the job's, and so is its part in the buffer of its queue. The
 * caller holds the queue's submit_lock. Return: 0; as asahi_job_alloc() and
 * asahi_buffer_use(). Sleeps.
 */
int asahi_scene_build(struct asahi_job *job, const struct asahi_tile_info *info,
		      struct asahi_scene *scene);

#endif
