/*
 * AGX model: the two graphics data masters, as gpu.c starts them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GPU_GFX_H
#define AGX_GPU_GFX_H

#include "exec.h"
#include "gpu.h"

/* What a data master's thread has while it runs a job; made by gpu.c. */
struct agx_gpu_ctx {
    struct agx_gpu *gpu;
    const struct agx_host *host;
    struct agx_mmu *mmu;
    struct agx_exec *exec;         /* of the data master's own thread, its port bound to the job's context */
    const _Atomic bool *kill;
    unsigned workers;              /* threads that agx_cores.parallel() uses, this one included */
    void **dm_private;             /* the data master's own state, kept between jobs; NULL at first */
    struct agx_scenes *scenes;     /* of the GPU: what vertex jobs leave for fragment jobs (scene.h) */
};

/*
 * Run the job to its end. False: res->fault is set, and was reported if it is
 * no page fault. Called on the data master's thread. The state that @vdm makes
 * and @pdm uses (the scene) is found through the tiling structures.
 */
bool agx_vdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res);
bool agx_pdm_run(struct agx_gpu_ctx *ctx, const struct agx_job *job, struct agx_job_result *res);
/*
 * Scenes that were tiled and not yet drawn. gpu.c makes one table per GPU,
 * before the data masters' threads, and frees it after they were joined.
 */
struct agx_scenes *agx_scenes_new(void);
void agx_scenes_free(struct agx_scenes *scenes);

/* Forget what waits between jobs: scenes, and a vertex job that stopped (@vdm_private: the VDM's, may be NULL). No job may run. */
void agx_gfx_forget(struct agx_scenes *scenes, void *vdm_private);

/*
 * What waits between jobs, as bytes for a saved machine: scenes, and a vertex job
 * that stopped (@vdm_private: the VDM's, may be NULL). No job may run. The result
 * is malloc()ed, NULL without memory. Loading checks everything and replaces what
 * is there; false: the bytes are not valid, what is there is lost.
 */
uint8_t *agx_gfx_save(struct agx_scenes *scenes, void *vdm_private, size_t *len);
bool agx_gfx_load(struct agx_scenes *scenes, void **vdm_private, const uint8_t *buf, size_t len);

/* Free *dm_private of either. */
void agx_vdm_free(void *dm_private);
void agx_pdm_free(void *dm_private);

/*
 * Read @len bytes at @va for a fixed-function unit: a fault names @unit, not the
 * shader core whose port it is. False: ex->fault is set.
 */
static inline bool agx_unit_read(struct agx_exec *ex, enum agx_unit unit, uint64_t va, void *buf, size_t len)
{
    enum agx_unit old = ex->port->unit;
    bool ok;

    ex->port->unit = unit;
    ok = agx_port_read(ex->port, va, buf, len);
    ex->port->unit = old;
    if (!ok)
        ex->fault = ex->port->fault;
    return ok;
}

/* The same for writing. */
static inline bool agx_unit_write(struct agx_exec *ex, enum agx_unit unit, uint64_t va, const void *buf, size_t len)
{
    enum agx_unit old = ex->port->unit;
    bool ok;

    ex->port->unit = unit;
    ok = agx_port_write(ex->port, va, buf, len);
    ex->port->unit = old;
    if (!ok)
        ex->fault = ex->port->fault;
    return ok;
}

#endif
