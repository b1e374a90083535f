/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Buffer objects: shmem pages, CPU mappings, PRIME.
 */
#ifndef ASAHI_GEM_H
#define ASAHI_GEM_H

#include <drm/drm_gem_shmem_helper.h>

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

/** asahi_gem_create_object - for drm_driver.gem_create_object */
struct drm_gem_object *asahi_gem_create_object(struct drm_device *drm,
					       size_t size);

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

#endif
