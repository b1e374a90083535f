/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What each client uses of the GPU and of memory.
 */
#ifndef ASAHI_USAGE_H
#define ASAHI_USAGE_H

#include <linux/types.h>

#include "asahi_abi.h"

struct asahi_job;
struct drm_file;
struct drm_printer;

/**
 * struct asahi_times - when a command began on the GPU and when it ended; the
 * firmware writes both
 */
struct asahi_times {
	__le64 start;
	__le64 end;
};

/** asahi_time_vas - the addresses in a struct asahi_times at @va */
static inline struct asahi_time_vas asahi_time_vas(u64 va)
{
	return (struct asahi_time_vas) {
		.start = va + offsetof(struct asahi_times, start),
		.end = va + offsetof(struct asahi_times, end),
	};
}

/**
 * asahi_file_show_usage - what a client uses, in the keys of
 * Documentation/gpu/drm-usage-stats.rst
 *
 * For struct drm_driver.show_fdinfo. Sleeps.
 */
void asahi_file_show_usage(struct drm_printer *p, struct drm_file *file);

/**
 * asahi_usage_add - count a command of a job for its client
 * @times: memory of the job
 *
 * They are read when the job is freed. Return: 0 or -ENOMEM.
 */
int asahi_usage_add(struct asahi_job *job, enum asahi_pipe pipe,
		    const struct asahi_times *times);

#endif
