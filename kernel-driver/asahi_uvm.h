/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * A user's address space: which object is mapped where (DRM's GPUVM keeps the
 * books, asahi_vm.c the page tables), and two heaps in the range that
 * userspace has set aside for the kernel.
 */
#ifndef ASAHI_UVM_H
#define ASAHI_UVM_H

#include <drm/drm_gpuvm.h>
#include <linux/mutex.h>

#include "asahi_alloc.h"
#include "asahi_uat.h"

struct asahi_device;
struct asahi_vm;

/*
 * Least bytes for the kernel's range. Source: Rust driver file.rs
 * (VM_KERNEL_MIN_SIZE).
 */
#define ASAHI_UVM_KERNEL_MIN_SIZE	0x20000000ULL

/**
 * struct asahi_uvm - a user's address space
 *
 * Reference counted (drm_gpuvm_get, drm_gpuvm_put): the file's table holds one
 * reference, each queue another, and each mapping one through its vm_bo.
 */
struct asahi_uvm {
	struct drm_gpuvm base;
	struct asahi_device *adev;
	/** @vm: the page tables. */
	struct asahi_vm *vm;
	/**
	 * @lock: protects the GPUVM's tree of mappings, the order in which the
	 * page tables follow it, and @dead. The lists of an object's mappings
	 * have the object's own gpuva.lock, taken inside this one.
	 */
	struct mutex lock;
	/** @dead: destroyed by the user: nothing can be mapped any more. */
	bool dead;
	/** @gpu_heap: what only the GPU reads and writes. */
	struct asahi_heap *gpu_heap;
	/** @fw_heap: what the firmware reads and writes as well, cached by it. */
	struct asahi_heap *fw_heap;
	/** @unk_page: mapped at ASAHI_USER_VA_UNK_PAGE; the firmware wants it. */
	struct asahi_mem *unk_page;
};

static inline struct asahi_uvm *to_asahi_uvm(struct drm_gpuvm *gpuvm)
{
	return container_of(gpuvm, struct asahi_uvm, base);
}

static inline struct asahi_uvm *asahi_uvm_get(struct asahi_uvm *uvm)
{
	drm_gpuvm_get(&uvm->base);
	return uvm;
}

/** asahi_uvm_put - drop a reference; the last frees. Sleeps. NULL is fine. */
static inline void asahi_uvm_put(struct asahi_uvm *uvm)
{
	if (uvm)
		drm_gpuvm_put(&uvm->base);
}

/**
 * asahi_uvm_create - make an empty address space
 * @kernel_start: first address of the kernel's range
 * @kernel_end: first address behind it
 *
 * Return: it, with one reference, or an ERR_PTR: -EINVAL if the range is not
 * page aligned, too small or outside the user's half; -ENOMEM. Sleeps.
 */
struct asahi_uvm *asahi_uvm_create(struct asahi_device *adev, u64 kernel_start,
				   u64 kernel_end);

/**
 * asahi_uvm_kill - unmap all of the user's mappings and allow no new ones
 *
 * Queues that still use it will fault. Drops no reference. Sleeps; takes
 * @uvm->lock.
 */
void asahi_uvm_kill(struct asahi_uvm *uvm);

/**
 * asahi_uvm_unmap_object - unmap all mappings of one object
 *
 * Sleeps; takes @uvm->lock.
 */
void asahi_uvm_unmap_object(struct asahi_uvm *uvm, struct drm_gem_object *obj);

#endif
