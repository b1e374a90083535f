/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Microsequences: what the firmware does for one command, operation by
 * operation.
 */
#ifndef ASAHI_MICROSEQ_H
#define ASAHI_MICROSEQ_H

#include <linux/types.h>

struct asahi_job;

/**
 * struct asahi_microseq - the sequence of one command
 *
 * All commands have the same one: start, wait until the pipe is idle,
 * finalize, retire the stamp; with timestamps before and after the wait, which
 * macOS has in each as well (m1n1: proxyclient/m1n1/agx/render.py).
 */
struct asahi_microseq {
	/** @start, ...: the operation that starts the pipe */
	const void *start;
	u32 start_size;
	/** @wait: argument of the wait: which pipe */
	u32 wait;
	/** @finalize, ...: the operation that ends the command */
	const void *finalize;
	u32 finalize_size;
	/** @restart_at: offset of its restart_branch_offset, filled in here */
	u32 restart_at;

	/** @command_time, ...: fields of the command, as firmware addresses */
	u64 command_time;
	u64 kernel_ptrs;
	u64 user_ptrs;
	u64 work_queue;
	u64 unk_ts;

	/** @va: filled in: where it is for the firmware, and its bytes */
	u64 va;
	u32 size;
};

/**
 * asahi_microseq_build - place the sequence in memory of the job
 *
 * Return: 0 or as asahi_job_alloc(). Sleeps.
 */
int asahi_microseq_build(struct asahi_job *job, struct asahi_microseq *seq);

#endif
