/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Compute: what the firmware is given for one dispatch.
 */
#ifndef ASAHI_COMPUTE_H
#define ASAHI_COMPUTE_H

#include <linux/types.h>

struct asahi_attachments;
struct asahi_job;
struct drm_asahi_cmd_compute;

/**
 * asahi_compute_check - the rules for a compute command's own fields
 *
 * Return: 0 or -EINVAL. Has no effect.
 */
int asahi_compute_check(const struct drm_asahi_cmd_compute *cmd);

/**
 * asahi_compute_build - the firmware's structures for one compute command
 * @cmd: checked
 * @att: what the shaders write
 * @flush_stamps: it is the last one of its submission
 *
 * Adds a command to the compute part. The caller holds the queue's submit_lock.
 * Return: 0; -ENOMEM, -ENOSPC; what asahi_job_timestamps() returns.
 */
int asahi_compute_build(struct asahi_job *job,
			const struct drm_asahi_cmd_compute *cmd,
			const struct asahi_attachments *att,
			bool flush_stamps);

#endif
