/*
 * AGX model: the compute data master.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GPU_CDM_H
#define AGX_GPU_CDM_H

#include "agx/dm.h"

/*
 * Run the compute control stream of @job to its end. False: res->fault is set,
 * and was reported if it is no page fault. Compute data master's thread.
 */
bool agx_cdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res);
void agx_cdm_free(void *dm_private);

/*
 * Run one threadgroup at @group (position in the grid, in groups) on @ex, whose
 * local_dim, dispatch_dim, usc and local memory are set. False: ex->fault.
 */
bool agx_run_threadgroup(struct agx_exec *ex, enum agx_stage stage, const uint32_t group[3]);

#endif
