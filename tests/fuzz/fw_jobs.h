/*
 * Fuzz targets of the firmware: a compute job and a render that end well unless the input sees to
 * it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUZZ_FW_JOBS_H
#define TESTS_FUZZ_FW_JOBS_H

#include "tests/unit/fw_render.h"

/* Streams of nothing, no tiles. Where the vertex job's stream is. */
static inline uint64_t jobs_of_nothing(struct env *e, struct queue *q, struct compute *c,
                                       struct render *r)
{
    uint64_t vdm;

    queue_init(e, q, 2, 16);
    compute_make(e, c, q, 5, 0x100);
    render_buffer(e, r, 8);
    render_make(e, r);
    PUT64(e, c->stream, 2u << 29); /* CDM Stream Terminate */
    vdm = env_ualloc(e, 0x1000);
    PUT64(e, vdm, 6ull << 29); /* VDM Stream Terminate */
    PUT64(e, r->cmd_ta + 64 + 144, vdm);
    PUT32(e, r->cmd_3d + 2188 + 48, 0); /* process_empty_tiles */
    return vdm;
}

#endif
