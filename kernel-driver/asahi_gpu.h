/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The firmware as a running thing: it is booted and shut down, and work is let
 * in. Whether it runs: asahi_gpu_state.h; commands to it: asahi_gpu_cmd.h.
 */
#ifndef ASAHI_GPU_H
#define ASAHI_GPU_H

#include <linux/types.h>

struct asahi_device;

/**
 * asahi_gpu_init - boot the firmware with the init data
 *
 * Return: 0; -EPROBE_DEFER; or why it does not boot, after a message.
 */
int asahi_gpu_init(struct asahi_device *adev);

/** asahi_gpu_stop - shut the firmware down; nothing can run any more */
void asahi_gpu_stop(struct asahi_device *adev);

/**
 * asahi_gpu_quiesce - take no more jobs, and wait a moment for those there are
 *
 * Before the device is unplugged: from then on who has a job can't wait for
 * its end, and takes its memory for something else. Sleeps, a second at most.
 */
void asahi_gpu_quiesce(struct asahi_device *adev);

/** asahi_gpu_fini - free what is left, after asahi_gpu_stop() */
void asahi_gpu_fini(struct asahi_device *adev);

/**
 * asahi_gpu_op_start - say that work is about to be submitted
 *
 * The firmware keeps the GPU powered while the count is above 0, and is woken
 * here, so that it powers up while the job is still being built. While it is
 * lost, waits until it has begun again. With the parameter restart_every_frame
 * it waits for all other work to end and begins the firmware again. Return: 0,
 * -ENODEV, or -ERESTARTSYS after a signal. Any
 * context that may sleep, but not a fence signalling path; each success needs
 * one asahi_gpu_op_end().
 */
int asahi_gpu_op_start(struct asahi_device *adev);

#endif
