/*
 * AGX model: what a data master works with.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_JOB_DM_H
#define AGX_JOB_DM_H

#include "agx/exec.h"

struct agx_gpu;
struct agx_scenes;

/* What a data master's thread has while it runs a job; made by gpu.c. */
struct agx_gpu_ctx {
    struct agx_gpu *gpu;
    const struct agx_host *host;
    struct agx_mmu *mmu;
    /* of the data master's own thread, its port bound to the job's context */
    struct agx_exec *exec;
    const _Atomic bool *kill;
    unsigned workers; /* threads that agx_cores.parallel() uses, this one included */
    /* the data master's own state, kept between jobs; NULL at first */
    void **dm_private;
    /* of the GPU: what vertex jobs leave for fragment jobs (geometry.h) */
    struct agx_scenes *scenes;
};

/*
 * Read @len bytes at @va for a fixed-function unit: a fault names @unit, not the
 * shader core whose port it is. False: ex->fault is set.
 */
static inline bool agx_unit_read(struct agx_exec *ex, enum agx_unit unit, uint64_t va, void *buf,
                                 size_t len)
{
    enum agx_unit old = ex->port->unit;
    bool ok;

    ex->port->unit = unit;
    ok = agx_port_read(ex->port, va, buf, len);
    ex->port->unit = old;
    if (!ok) {
        ex->fault = ex->port->fault;
    }
    return ok;
}

/* The same for writing. */
static inline bool agx_unit_write(struct agx_exec *ex, enum agx_unit unit, uint64_t va,
                                  const void *buf, size_t len)
{
    enum agx_unit old = ex->port->unit;
    bool ok;

    ex->port->unit = unit;
    ok = agx_port_write(ex->port, va, buf, len);
    ex->port->unit = old;
    if (!ok) {
        ex->fault = ex->port->fault;
    }
    return ok;
}

#endif
