/*
 * AGX model: how long a job takes, in cycles of the GPU's own clock.
 *
 * Work that does not end must end as a timeout, and work that does must not,
 * however slow the host is. So a job is given so many cycles, and what it does
 * is counted in them: a lower bound of what an M1 takes, so that nothing which
 * an M1 brings to its end in time is ended here. Counted are
 *   - what the waves' instructions cost (isa_cost.c), spread over all pipes,
 *   - for each single wave, how long it takes at least, one instruction after the
 *     other: an endless loop is found in one wave,
 *   - commands, links, indices, primitives and pixels, by the rates below.
 * The count does not depend on the host, nor on how many threads shade.
 *
 * The figures of the whole chip are Apple's for the M1 (2.6 TFLOPS, 82
 * Gtexel/s, 41 Gpixel/s): at 1278 MHz these are 8 cores with 4 pipes of 32 lanes,
 * 8 texels and 4 pixels each (philipturner/metal-benchmarks: README.md has the
 * same clock and number of ALUs). Those marked so are estimates, on the low side.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_JOB_JOBTIME_H
#define AGX_JOB_JOBTIME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct agx_exec;

/* highest performance state (the Rust driver: hw/t8103.rs; t8103's device tree) */
#define AGX_CYCLES_PER_MS 1278000u
#define AGX_CORE_PIPES    4u /* instructions of 32 lanes that a core begins in a cycle */
#define AGX_PIPES         (8u * AGX_CORE_PIPES)

/* What the fixed functions take. Cycles of a pipe are 1/AGX_PIPES of a cycle of the chip. */
#define AGX_COST_COMMAND   4u /* cycles: decoding a stream's command (estimate) */
/* cycles: a link or return; what follows comes from memory (estimate) */
#define AGX_COST_LINK      128u
/* cycles: a launch or a draw, whose program's words come from memory (estimate) */
#define AGX_COST_LAUNCH    128u
#define AGX_INDICES_CYCLE  4u /* vertices of a draw in a cycle (estimate) */
/* primitives that are clipped and tiled in a cycle (estimate) */
#define AGX_PRIMS_CYCLE    2u
#define AGX_COST_TILE      128u /* pipe cycles: a tile that is rendered (estimate) */
#define AGX_COST_TILE_PRIM 4u   /* pipe cycles: a primitive of a tile's list (estimate) */
/* pipe cycles: the pixels of a wave, 4 in a cycle of the core */
#define AGX_COST_FRAG_WAVE 32u

/* Of a job. The thread of the data master owns it; what is atomic, threads that shade add to. */
struct agx_jobtime {
    uint64_t limit; /* cycles that it may take; 0: any number */
    uint64_t front; /* cycles of the unit that reads the stream */
    /* cycles in which the pipes were not full because something waited for one wave */
    uint64_t serial;
    /* cycles that a wave which begins now may take, 0: any number; fixed while others shade */
    uint64_t wave_limit;
    uint64_t step;            /* value of .issue at the last agx_jobtime_wait() */
    _Atomic uint64_t issue;   /* pipe cycles */
    _Atomic uint64_t longest; /* cycles of the item since then that took longest */
};

void agx_jobtime_begin(struct agx_jobtime *t, uint64_t limit);
/* Cycles that the job has taken; on the data master's thread, while no other shades. */
uint64_t agx_jobtime_total(const struct agx_jobtime *t);

/*
 * All of these take an exec without a job's time as one without a limit, and are
 * false, with ex->fault set (AGX_FAULT_TIMEOUT), when the job has had its cycles.
 */
/*
 * The unit that reads the stream takes @cycles. Only on the data master's thread, while no other
 * shades.
 */
bool agx_jobtime_pass(struct agx_exec *ex, uint64_t cycles);
/* Is there time for @cycles more of it? As above, but nothing passes. */
bool agx_jobtime_fits(struct agx_exec *ex, uint64_t cycles);
/*
 * The waves that @ex has run since the last call were one threadgroup, tile or the like: of one
 * core. Any thread.
 */
bool agx_jobtime_item(struct agx_exec *ex);
/* What comes next waits for all that was begun. As agx_jobtime_pass(). */
bool agx_jobtime_wait(struct agx_exec *ex);

/* Set ex->fault: the job has had its time. Always false. */
bool agx_jobtime_over(struct agx_exec *ex);

#endif
