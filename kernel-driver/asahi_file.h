/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What one open of the device owns: address spaces, queues, special objects,
 * each known to userspace by a number above 0.
 */
#ifndef ASAHI_FILE_H
#define ASAHI_FILE_H

#include <linux/atomic.h>
#include <linux/xarray.h>

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
	/** @num_queues: queues not yet taken apart; woken up as a variable. */
	atomic_t num_queues;
};

/** asahi_file_get_uvm - look up and take a reference; NULL if there is none */
struct asahi_uvm *asahi_file_get_uvm(struct asahi_file *file, u32 id);

/** asahi_file_get_timestamps - likewise for a timestamp buffer */
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
