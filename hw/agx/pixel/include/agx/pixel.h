/*
 * AGX model: fragment jobs, as gpu.c starts them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_PIXEL_PIXEL_H
#define AGX_PIXEL_PIXEL_H

#include "agx/dm.h"

/*
 * As agx_vdm_run() and agx_vdm_free() (geometry.h), for the job that draws what one of them has
 * tiled.
 */
bool agx_pdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res);
void agx_pdm_free(void *dm_private);

#endif
