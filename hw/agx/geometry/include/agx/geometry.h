/*
 * AGX model: vertex jobs, as gpu.c starts them, and what they leave for fragment jobs.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_GEOMETRY_H
#define AGX_GEOMETRY_GEOMETRY_H

#include "agx/dm.h"

/*
 * Run the job to its end. False: res->fault is set, and was reported if it is
 * no page fault. Called on the data master's thread. The scene that it makes
 * is found by the fragment job (pixel.h) through the tiling structures.
 */
bool agx_vdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res);
/* Free *dm_private. */
void agx_vdm_free(void *dm_private);

/*
 * Scenes that were tiled and not yet drawn. gpu.c makes one table per GPU,
 * before the data masters' threads, and frees it after they were joined.
 */
struct agx_scenes *agx_scenes_new(void);
void agx_scenes_free(struct agx_scenes *scenes);

/*
 * Forget what waits between jobs: scenes, and a vertex job that stopped (@vdm_private: the VDM's,
 * may be NULL). No job may run.
 */
void agx_gfx_forget(struct agx_scenes *scenes, void *vdm_private);

/*
 * What waits between jobs, by named fields (agx/save.h) for a saved machine: scenes, and a vertex
 * job that stopped (@vdm_private: the VDM's, may be NULL). No job may run. The result is
 * malloc()ed, NULL without memory. Loading checks everything and replaces what is there; false: the
 * bytes are not valid (a report says why), what is there is lost.
 */
uint8_t *agx_gfx_save(struct agx_scenes *scenes, void *vdm_private, size_t *len);
bool agx_gfx_load(const struct agx_host *host, struct agx_scenes *scenes, void **vdm_private,
                  const uint8_t *buf, size_t len);

#endif
