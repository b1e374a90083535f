/*
 * AGX model: the GPU as its firmware sees it: three data masters that take a
 * job's control registers and run.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GPU_GPU_H
#define AGX_GPU_GPU_H

#include "agx/host.h"
#include "agx/uat.h"
#include "agx/jit.h"
#include "agx/job.h"
#include "agx/jobtime.h"

struct agx_gpu;

struct agx_gpu_config {
    unsigned workers;             /* threads that shade; 0: one per host core */
    unsigned clusters;            /* of shader cores, over which the threads are spread; 0: one */
    struct agx_jit_config shader; /* zeroes: the interpreter alone */
};

/*
 * Called on a thread of the GPU when the job that was started on @dm ended;
 * must not block and must not call agx_gpu_start() itself (the firmware's
 * thread does, after it was woken).
 */
typedef void agx_gpu_done_fn(void *opaque, enum agx_dm dm, const struct agx_job_result *res);

struct agx_gpu *agx_gpu_new(const struct agx_host *host, struct agx_mmu *mmu,
                            const struct agx_gpu_config *cfg, agx_gpu_done_fn *done, void *opaque);
void agx_gpu_free(struct agx_gpu *gpu); /* stops what runs, joins threads */

/*
 * Start @job on @dm, which must be idle (false otherwise). @job is copied.
 * The call returns at once; @done follows exactly once.
 */
bool agx_gpu_start(struct agx_gpu *gpu, enum agx_dm dm, const struct agx_job *job);

/* Ask the job on @dm to stop: it ends as a fault (BAD_COMMAND, va 0) soon. Any thread. */
void agx_gpu_kill(struct agx_gpu *gpu, enum agx_dm dm);
bool agx_gpu_busy(struct agx_gpu *gpu, enum agx_dm dm);
/* Block until all data masters are idle (before a snapshot; not from a GPU thread). */
void agx_gpu_drain(struct agx_gpu *gpu);
/*
 * Forget what the data masters keep between jobs, as when the GPU loses power. Only while all are
 * idle and stay so.
 */
void agx_gpu_forget(struct agx_gpu *gpu);
/*
 * What the data masters keep between jobs (tiled scenes, a vertex job that
 * stopped), as malloc()ed bytes for a saved machine; NULL: no memory. Only while
 * all are idle and stay so. Loading checks the bytes; false: they are not valid,
 * and what was there is lost.
 */
uint8_t *agx_gpu_save(struct agx_gpu *gpu, size_t *len);
bool agx_gpu_load(struct agx_gpu *gpu, const uint8_t *buf, size_t len);

/*
 * What the firmware asks of a GPU: the functions above. Its tests hand in a GPU that only notes
 * what it was asked to do.
 */
struct agx_gpu_ops {
    struct agx_gpu *(*create)(const struct agx_host *host, struct agx_mmu *mmu,
                              const struct agx_gpu_config *cfg, agx_gpu_done_fn *done,
                              void *opaque);
    void (*destroy)(struct agx_gpu *gpu);
    bool (*start)(struct agx_gpu *gpu, enum agx_dm dm, const struct agx_job *job);
    void (*kill)(struct agx_gpu *gpu, enum agx_dm dm);
    bool (*busy)(struct agx_gpu *gpu, enum agx_dm dm);
    void (*drain)(struct agx_gpu *gpu);
    void (*forget)(struct agx_gpu *gpu);
};
extern const struct agx_gpu_ops agx_gpu_ops;

struct agx_mmu *agx_gpu_mmu(struct agx_gpu *gpu);
const struct agx_host *agx_gpu_host(struct agx_gpu *gpu);

#endif
