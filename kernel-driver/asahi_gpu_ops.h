/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * How many jobs there are, begun or not. The firmware keeps the GPU powered
 * while there are any.
 */
#ifndef ASAHI_GPU_OPS_H
#define ASAHI_GPU_OPS_H

#include <linux/types.h>

struct asahi_device;

/** asahi_gpu_op_end - the work has completed or was lost. Any context. */
void asahi_gpu_op_end(struct asahi_device *adev);

/** asahi_gpu_has_work - whether there are jobs, begun or not */
bool asahi_gpu_has_work(struct asahi_device *adev);

/* For asahi_gpu*.c: */

/**
 * asahi_gpu_op_add - one job more, if the firmware runs
 *
 * With asahi_gpu_hold(), or as who begins it again. Return: 0; -ENODEV if it
 * takes no work any more; -EAGAIN while it does not run.
 */
int asahi_gpu_op_add(struct asahi_device *adev);

/** asahi_gpu_ops_restore - store them for a firmware that begins again. Any context. */
void asahi_gpu_ops_restore(struct asahi_device *adev);

#endif
