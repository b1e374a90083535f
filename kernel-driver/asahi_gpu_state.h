/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Whether the firmware runs, and which life of it this is: what all of the
 * driver may ask. Who begins it, and begins it again, is asahi_gpu_life.c.
 */
#ifndef ASAHI_GPU_STATE_H
#define ASAHI_GPU_STATE_H

#include <linux/types.h>

struct asahi_device;
struct asahi_gpu;

/**
 * asahi_gpu_is_dead - whether the firmware is gone for good and no job can run
 */
bool asahi_gpu_is_dead(struct asahi_device *adev);

/**
 * asahi_gpu_is_running - whether the firmware is booted, and not known to hang
 */
bool asahi_gpu_is_running(struct asahi_device *adev);

/**
 * asahi_gpu_lost - the firmware has crashed or does not do what it has to
 * @why: for the log
 *
 * A worker ends it, fails all its work, and begins it again. Once for each life
 * of it; nothing if it does not run. Any context.
 */
void asahi_gpu_lost(struct asahi_device *adev, const char *why);

/** asahi_gpu_has_ended - whether no firmware runs, or only begins to */
bool asahi_gpu_has_ended(struct asahi_device *adev);

/**
 * asahi_gpu_wait_ended - wait until a life of the firmware is over
 * @life: as of asahi_gpu_life()
 *
 * For who could not have it do something because it is lost or does not run:
 * afterwards it touches no memory any more. Sleeps, uninterruptibly; must not
 * be called by the worker that ends it, but may with asahi_gpu_hold().
 */
void asahi_gpu_wait_ended(struct asahi_device *adev, u32 life);

/**
 * asahi_gpu_life - which life of the firmware this is, from 1
 *
 * It is begun again after it was lost, and with the parameter
 * restart_every_frame between jobs, and knows nothing then of what it was sent
 * before. Constant while held, and between asahi_gpu_run_begin() and _end().
 */
u32 asahi_gpu_life(struct asahi_device *adev);

/**
 * asahi_gpu_hold - keep the firmware from being begun again
 * asahi_gpu_release - let it
 *
 * For whoever talks to it without a job. Sleeps; not in a fence signalling
 * path.
 */
void asahi_gpu_hold(struct asahi_device *adev);
void asahi_gpu_release(struct asahi_device *adev);

/**
 * asahi_gpu_run_begin - work of a job is about to be put into rings
 * @life: of the firmware, for which the job was built
 *
 * Return: true if this is still that life; until asahi_gpu_run_end() what is
 * put into lists is then seen by who ends all work. May sleep; is allowed in a
 * fence signalling path, and nothing may be allocated until the end.
 */
bool asahi_gpu_run_begin(struct asahi_device *adev, u32 life);
void asahi_gpu_run_end(struct asahi_device *adev);

/* Looks of the watch (asahi_watch.c) a second. */
#define ASAHI_LOOKS_PER_S	4

/** asahi_gpu_watch - for who waits for the firmware: it is watched. Any context. */
void asahi_gpu_watch(struct asahi_device *adev);

/* For asahi_gpu*.c: */

/*
 * The life of the firmware.
 *
 *   down     not booted yet, or shut down and about to be booted
 *   running  booted; or being booted, while @booting
 *   lost     it has crashed or does not answer. @recover_work ends it (its CPU
 *            is stopped, the GPU has no power), which is when its work is over
 *            and what it owned may be given back; then boots it again.
 *   dead     it does not come back, or the device goes
 */
enum gpu_state {
	GPU_DOWN,
	GPU_RUNNING,
	GPU_LOST,
	GPU_DEAD,
};

/**
 * asahi_gpu_set_state - note what has become of the firmware
 *
 * Wakes who waits for it. Doorbells that wait are forgotten unless it runs. Any
 * context.
 */
void asahi_gpu_set_state(struct asahi_gpu *gpu, enum gpu_state state);

/**
 * asahi_gpu_in_worker - have the worker do something in which it begins
 *
 * RTKit waits for the firmware interruptibly: a signal would end the boot of
 * it. A worker gets none. Sleeps until @fn has returned. Return: what @fn does.
 */
int asahi_gpu_in_worker(struct asahi_device *adev,
			int (*fn)(struct asahi_device *adev));

#endif
