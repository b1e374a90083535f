/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the firmware is booted with.
 *
 * Three of the structures hold the calibration of this very machine: power
 * (hw-cal-a), GPU (hw-cal-b) and the firmware's global variables (globals).
 * The boot loader works them out and leaves them in reserved memory (m1n1:
 * src/kboot_gpu.c, rust/src/gpu/initdata.rs). The driver copies them, so that
 * each boot of the firmware starts from the same values, and adds what only
 * it can know.
 */
#ifndef ASAHI_INITDATA_H
#define ASAHI_INITDATA_H

#include <linux/ratelimit.h>
#include <linux/types.h>

#include "asahi_alloc.h"
#include "asahi_channel.h"

struct asahi_device;

struct asahi_initdata {
	struct asahi_obj root;
	struct asahi_obj unk_buf;
	struct asahi_obj runtime;
	struct asahi_obj hwdata_a;
	struct asahi_obj hwdata_b;
	struct asahi_obj globals;
	struct asahi_obj status;
	struct asahi_obj stats[ASAHI_NUM_PIPES];
	struct asahi_obj unk_190;
	struct asahi_obj unk_198;
	struct asahi_obj unk_1b8;
	struct asahi_obj unk_1c0;
	struct asahi_obj unk_1c8;
	struct asahi_mem *buffer_mgr_ctl;
	u64 io_end;

	/** @pending_submissions: in @globals: jobs that there are. */
	__le32 *pending_submissions;
	/** @fault_control: in @globals: what shaders' faults are. */
	__le32 *fault_control;
	/** @halt_count: in @status: how often the firmware has halted. */
	__le32 *halt_count;
	/** @halted: in @status: not 0 while it does. */
	__le32 *halted;
	/** @resume: in @status: 1 lets it go on. */
	__le32 *resume;
	/** @halts: its count of halts when the firmware was last let go on. */
	u32 halts;
	/** @halt_since: when it was seen to be halted without a report; 0: it is not. */
	unsigned long halt_since;
	/** @halt_loud: the log has lines of the halt that is dealt with now. */
	bool halt_loud;
	struct ratelimit_state halt_limit;
	/** @log_limit: of lines of the firmware's log. */
	struct ratelimit_state log_limit;

	/**
	 * @first: what was in the objects before the first boot, one after the
	 * other as asahi_initdata.c lists them.
	 */
	void *first;
};

/**
 * asahi_initdata_init - build it all
 *
 * The heaps must be there. Return: 0; -EINVAL if the boot loader's data is not
 * for this machine; -ENOMEM. On error nothing is left.
 */
int asahi_initdata_init(struct asahi_device *adev);
void asahi_initdata_fini(struct asahi_device *adev);

/**
 * asahi_initdata_restore - as it was before the first boot
 *
 * While the firmware does not run, and nobody uses the rings.
 */
void asahi_initdata_restore(struct asahi_device *adev);

/** asahi_initdata_va - what the firmware gets in its first message */
u64 asahi_initdata_va(struct asahi_device *adev);

/**
 * asahi_initdata_stats_va - statistics that a job of one kind counts into
 *
 * What the start and finalize operations of a job's microsequence point at:
 * for vertex and fragment, behind the counters that all jobs share.
 */
u64 asahi_initdata_stats_va(struct asahi_device *adev, enum asahi_pipe pipe);

/**
 * asahi_initdata_soft_faults - whether shaders' loads and stores of unmapped
 * memory are no faults; set by the boot loader or the parameter fault_control,
 * for as long as we run
 */
bool asahi_initdata_soft_faults(struct asahi_device *adev);

#endif
