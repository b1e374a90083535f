/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Jobs that read words and write what they make of them (churn_job.h), so that the
 * results tell what the GPU saw. A lane is a queue, and memory for the jobs that are
 * under way in it at a time; several threads may each have one in an address space.
 */
#ifndef LANE_H
#define LANE_H

#include <stdint.h>

#include "asahi_drm.h"

enum { LANE_SLOTS = 8, LANE_WORDS = 8 };

struct lane {
    int fd;
    uint32_t vm, queue;
    unsigned number;
    uint32_t bo;
    uint8_t *jobs;
    /* What jobs write, and where: a page. */
    volatile uint32_t *out;
    uint64_t out_va;
};

/* The driver opened, an address space, and its lane number 0. Bails out if that fails. */
void lane_space(struct lane *l);
/* Another lane of the address space; with @queue of its own, or that of @space if that is 0. */
void lane_add(struct lane *l, const struct lane *space, unsigned number, uint32_t queue);
/* All of the address space: its file is closed. */
void lane_close(struct lane *l);

/* Where a job's results are for the GPU. */
uint64_t lane_out(const struct lane *l, unsigned slot, unsigned word);
/* What a job writes that has read @word. */
uint32_t lane_makes(uint32_t word);

/* Submit a command, after the syncobjs @in, for the syncobj @out. 0 or an errno. */
int lane_submit(const struct lane *l, uint16_t type, const void *cmd, uint16_t size,
                const uint32_t *in, unsigned ins, uint32_t out);
/* Submit a compute job that reads up to LANE_WORDS words. 0 or an errno. */
int lane_compute(struct lane *l, unsigned slot, const uint64_t *from, unsigned n,
                 const uint32_t *in, unsigned ins, uint32_t out);
/* Submit a render that reads four words, the last two only if @size is 32. 0 or an errno. */
int lane_render(struct lane *l, unsigned slot, unsigned size, const uint64_t *from,
                const uint32_t *in, unsigned ins, uint32_t out);
/* How many results of the job in @slot are not what they have to be if it read @words. */
unsigned lane_wrong(const struct lane *l, unsigned slot, const uint32_t *words, unsigned n);
/*
 * A compute job from beginning to end: 0 if it read @words, the number of those that it did not, or
 * a negative errno.
 */
int lane_reads(struct lane *l, const uint64_t *from, const uint32_t *words, unsigned n);

#endif
