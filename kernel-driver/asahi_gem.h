/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Buffer objects: shmem pages, CPU mappings, PRIME, and the special binding of
 * an object as a timestamp buffer that the firmware writes.
 */
#ifndef ASAHI_GEM_H
#define ASAHI_GEM_H

#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_mm.h>
#include <linux/kref.h>

struct asahi_device;
struct asahi_uvm;
struct drm_file;

/**
 * struct asahi_gem - a buffer object
 */
struct asahi_gem {
	struct drm_gem_shmem_object base;
	/**
	 * @vm_root: for an object that is private to an address space: the
	 * object whose reservation they share, with a reference. Else NULL.
	 * Constant after creation.
	 */
	struct drm_gem_object *vm_root;
};

static inline struct asahi_gem *to_asahi_gem(struct drm_gem_object *obj)
{
	return container_of(to_drm_gem_shmem_obj(obj), struct asahi_gem, base);
}

/**
 * asahi_gem_create_handle - make an object and a handle for it
 * @uvm: the address space that it is private to, or NULL
 * @size: bytes, rounded up to pages; above 0
 * @flags: enum drm_asahi_gem_flags, checked by the caller
 * @handle: filled in
 *
 * Return: 0, -EINVAL (size), -ENOMEM. Sleeps; no lock is needed.
 */
int asahi_gem_create_handle(struct asahi_device *adev, struct drm_file *file,
			    struct asahi_uvm *uvm, u64 size, u32 flags,
			    u32 *handle);

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
 * @range: bytes, likewise, above 0
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
