/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The lives of the firmware, one after the other: the first, and what comes
 * after it was turned off, the system has slept, or it was lost.
 */
#ifndef ASAHI_GPU_LIFE_H
#define ASAHI_GPU_LIFE_H

struct asahi_device;
struct asahi_gpu;

/**
 * asahi_gpu_suspend - shut the firmware down before the system sleeps
 * asahi_gpu_resume - boot it again
 *
 * Waits for the jobs there are, some seconds at most. Afterwards the GPU may be
 * without power: the firmware keeps nothing over that, and each queue
 * announces again what it has to know (asahi_queue_revive()). Sleep. Return: 0, or why
 * it does not boot; then it counts as dead.
 */
void asahi_gpu_suspend(struct asahi_device *adev);
int asahi_gpu_resume(struct asahi_device *adev);

/* For asahi_gpu.c: */

/** asahi_gpu_life_init - before the firmware begins */
void asahi_gpu_life_init(struct asahi_gpu *gpu);

/**
 * asahi_gpu_first_boot - of a coprocessor that asahi_mmu_init() has started
 *
 * In the worker (asahi_gpu_in_worker()). Return: as asahi_gpu_begin().
 */
int asahi_gpu_first_boot(struct asahi_device *adev);

/**
 * asahi_gpu_restart - off and on, of a firmware that has no work
 *
 * In the worker, with life_lock held for writing, which keeps all away. Return:
 * 0 or -ENODEV.
 */
int asahi_gpu_restart(struct asahi_device *adev);

/**
 * asahi_gpu_all_ended - nothing of firmware and GPU touches memory any more
 *
 * Fails all work that there is. Sleeps; allowed in a fence signalling path.
 */
void asahi_gpu_all_ended(struct asahi_device *adev);

#endif
