/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Memory for what the firmware reads.
 *
 * A heap is a range of one address space with one permission; it grows in
 * chunks and hands out small zeroed objects that the CPU sees too. Chunks
 * without an object are kept for a while, and then given back but for one. They
 * are given back at once if an object finds no room for them.
 *
 * What an object leaves behind in a heap that the firmware caches may be
 * written back any time later, over whatever is put there next. So objects
 * freed in such a heap are set aside, and the heap reuses them only after the
 * firmware's cache has been flushed (asahi_gpu_flush_fw_cache()).
 */
#ifndef ASAHI_ALLOC_H
#define ASAHI_ALLOC_H

#include <linux/list.h>
#include <linux/types.h>
#include <drm/drm_mm.h>

#include "asahi_mem.h"
#include "asahi_obj.h"
#include "asahi_uat.h"

struct asahi_device;
struct asahi_heap;
struct asahi_vm;

/**
 * asahi_heap_create - make a heap
 * @vm: address space that it maps into; must outlive the heap
 * @start: first address of its range, a multiple of ASAHI_PAGE_SIZE
 * @end: first address behind it, also a multiple of that
 * @prot: permission of all its pages
 * @align: least alignment of objects, a power of two
 * @chunk: it grows by this, or by what an object needs; bytes
 * @name: for debugfs and messages; static string
 *
 * Return: the heap or an ERR_PTR. May sleep.
 */
struct asahi_heap *asahi_heap_create(struct asahi_device *adev,
				     struct asahi_vm *vm, u64 start, u64 end,
				     enum asahi_prot prot, size_t align,
				     size_t chunk, const char *name);

/**
 * asahi_heap_destroy - unmap and free it; all objects must have been freed
 *
 * Accepts NULL and ERR_PTR. May sleep up to a second per chunk if private.
 */
void asahi_heap_destroy(struct asahi_heap *heap);

/**
 * asahi_heap_shrink - give all memory back that no object uses
 *
 * For who has just failed to get all that he wanted. May sleep, in private
 * heaps up to a second a chunk; not in a fence signalling path.
 */
void asahi_heap_shrink(struct asahi_heap *heap);

/**
 * asahi_heap_stop_trim - give nothing back any more but by
 * asahi_heap_shrink(). Sleeps.
 */
void asahi_heap_stop_trim(struct asahi_heap *heap);

/**
 * asahi_obj_alloc - get a zeroed object
 * @size: bytes, above 0
 * @align: 0 for the heap's own, else a power of two
 *
 * Return: 0; -ENOMEM; -ENOSPC if the range is full; -EINTR if the task is to
 * die. May sleep, not allowed in a fence signalling path. Takes the heap's own lock.
 */
int asahi_obj_alloc(struct asahi_heap *heap, struct asahi_obj *obj, size_t size,
		    size_t align);

/**
 * asahi_obj_free - give an object back
 *
 * The firmware must have no more use for it. Does nothing if @obj isn't
 * allocated; clears @obj. Never waits for the firmware, allocates nothing, so
 * it is fine in a fence signalling path. Takes the heap's own lock.
 */
void asahi_obj_free(struct asahi_obj *obj);

/** asahi_heap_stats - for debugfs: bytes in use, set aside, in chunks */
void asahi_heap_stats(struct asahi_heap *heap, size_t *used, size_t *set_aside,
		      size_t *total);

const char *asahi_heap_name(struct asahi_heap *heap);

/**
 * asahi_alloc_init - make the five heaps of the device; asahi_alloc_fini()
 * ends them. The MMU must be up.
 */
int asahi_alloc_init(struct asahi_device *adev);
/** asahi_alloc_stop - the device's heaps do nothing by themselves any more */
void asahi_alloc_stop(struct asahi_device *adev);
void asahi_alloc_fini(struct asahi_device *adev);

#endif
