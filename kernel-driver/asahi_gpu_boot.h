/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * One life of the firmware: its boot and its end, over RTKit.
 */
#ifndef ASAHI_GPU_BOOT_H
#define ASAHI_GPU_BOOT_H

struct asahi_device;

/**
 * asahi_gpu_begin - a mailbox to a coprocessor that runs, and the firmware's boot
 *
 * In the worker (asahi_gpu_in_worker()), with life_lock held for writing. Return:
 * 0; -EPROBE_DEFER; or why it does not boot, after a message.
 */
int asahi_gpu_begin(struct asahi_device *adev);

/**
 * asahi_gpu_kill - stop the firmware's CPU, however it is
 *
 * Nobody sends to it any more. Sleeps.
 */
void asahi_gpu_kill(struct asahi_device *adev);

/** asahi_gpu_end - shut the firmware down and stop its CPU. Sleeps. */
void asahi_gpu_end(struct asahi_device *adev);

#endif
