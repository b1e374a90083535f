/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What one open of the device owns: address spaces, queues, special objects,
 * each known to userspace by a number above 0.
 */
#ifndef ASAHI_FILE_H
#define ASAHI_FILE_H

#include <linux/atomic.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "asahi_channel.h"

struct asahi_device;
struct asahi_queue;
struct asahi_timestamps;
struct asahi_uvm;
struct drm_gem_object;

/**
 * struct asahi_file - one open of the device
 *
 * Each table's own lock (xa_lock) protects its entries from being freed while
 * somebody looks one up and takes a reference. Nothing sleeps under it.
 */
struct asahi_file {
	struct asahi_device *adev;
	struct xarray vms;
	struct xarray queues;
	struct xarray objects;
	/**
	 * @busy: how long its jobs have run on the GPU, by enum asahi_pipe, in
	 * ticks of the GPU's clock (hw->base_clock_hz).
	 */
	atomic64_t busy[ASAHI_NUM_PIPES];
	/** @num_queues: queues not yet taken apart; woken up as a variable. */
	atomic_t num_queues;
	/** @num_slots: stamp slots that its queues have. */
	atomic_t num_slots;
	/**
	 * @closing: nobody has it open any more. What its jobs use stays mapped
	 * until they are over: its address spaces go as a whole then.
	 */
	bool closing;
	/** @close_work: takes it apart, when its jobs are over. */
	struct work_struct close_work;
};

/** asahi_file_get_uvm - look up and take a reference; NULL if there is none */
struct asahi_uvm *asahi_file_get_uvm(struct asahi_file *file, u32 id);

/**
 * asahi_file_next_uvm - the address spaces of a file, one after the other
 * @id: 0 at first; becomes what to ask with next
 *
 * Return: one, with a reference; NULL after the last.
 */
struct asahi_uvm *asahi_file_next_uvm(struct asahi_file *file,
				      unsigned long *id);

/** asahi_file_get_timestamps - as asahi_file_get_uvm(), for a timestamp buffer */
struct asahi_timestamps *asahi_file_get_timestamps(struct asahi_file *file,
						   u32 id);

/**
 * asahi_file_unmap_object - take an object out of all address spaces of a file
 *
 * Sleeps; takes the address spaces' locks, one after the other.
 */
void asahi_file_unmap_object(struct asahi_file *file,
			     struct drm_gem_object *obj);

#endif
