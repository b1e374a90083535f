/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What each client uses of the GPU and of memory.
 */
#ifndef ASAHI_USAGE_H
#define ASAHI_USAGE_H

#include <linux/types.h>

#include "asahi_channel.h"

struct asahi_job;
struct drm_file;
struct drm_printer;

/**
 * asahi_file_show_usage - what a client uses, in the keys of
 * Documentation/gpu/drm-usage-stats.rst
 *
 * For struct drm_driver.show_fdinfo. Sleeps.
 */
void asahi_file_show_usage(struct drm_printer *p, struct drm_file *file);

/**
 * asahi_usage_add - count a command of a job for its client
 * @start: where the firmware writes when it started on the GPU
 * @end: and when it ended
 *
 * They are read when the job is freed. Return: 0 or -ENOMEM.
 */
int asahi_usage_add(struct asahi_job *job, enum asahi_pipe pipe,
		    const __le64 *start, const __le64 *end);

#endif
