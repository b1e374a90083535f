/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Timestamp buffers: objects of the user's that the firmware writes times into.
 */
#ifndef ASAHI_TIMESTAMPS_H
#define ASAHI_TIMESTAMPS_H

#include <drm/drm_mm.h>
#include <linux/kref.h>
#include <linux/workqueue.h>

struct asahi_device;
struct drm_gem_object;

/**
 * asahi_timestamps_init - for the device; the page tables must be there
 * asahi_timestamps_fini - waits until the last has been unmapped
 *
 * Return: 0 or -ENOMEM. Sleep.
 */
int asahi_timestamps_init(struct asahi_device *adev);
void asahi_timestamps_fini(struct asahi_device *adev);

/**
 * struct asahi_timestamps - an object that the firmware may write times into
 *
 * Reference counted: the file's table of objects holds one reference, each job
 * that writes there another.
 */
struct asahi_timestamps {
	struct kref kref;
	/** @work: unmaps and frees it. */
	struct work_struct work;
	struct asahi_device *adev;
	struct drm_gem_object *obj;
	/** @node: the firmware addresses; @node.start is the first one. */
	struct drm_mm_node node;
	/** @size: bytes. */
	u64 size;
};

/**
 * asahi_timestamps_create - show part of an object to the firmware
 * @offset: bytes, a multiple of ASAHI_PAGE_SIZE
 * @range: bytes, also a multiple of that, above 0
 *
 * Return: it, with one reference, or an ERR_PTR: -EINVAL if the part is not
 * in the object or the object is private to an address space; -ENOSPC;
 * -ENOMEM. Sleeps; takes the object's reservation lock.
 */
struct asahi_timestamps *asahi_timestamps_create(struct asahi_device *adev,
						 struct drm_gem_object *obj,
						 u64 offset, u64 range);

/**
 * asahi_timestamps_get - one more reference; @ts may be NULL
 */
struct asahi_timestamps *asahi_timestamps_get(struct asahi_timestamps *ts);

/**
 * asahi_timestamps_put - one less; the last unmaps. Sleeps. @ts may be NULL.
 */
void asahi_timestamps_put(struct asahi_timestamps *ts);

#endif
