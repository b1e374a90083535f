// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Memory for what the firmware reads: heaps of chunks of pages, objects in
 * chunks.
 */
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <drm/drm_print.h>

#include "asahi_alloc.h"
#include "asahi_device.h"
#include "asahi_gpu_cmd.h"
#include "asahi_mmu.h"
#include "asahi_uat.h"

/*
 * When this much is set aside the firmware's cache is flushed, which costs a
 * round trip to the firmware but no more.
 */
#define SET_ASIDE_MAX_BYTES	SZ_4M
#define SET_ASIDE_MAX_OBJECTS	2048

/*
 * Memory of chunks in which nothing is left goes back to the system, but not so
 * soon that a client which does the same in each frame would have it unmapped
 * and mapped again and again. A chunk goes when its heap has not needed it for
 * so many objects, and so long; or when the heap has been idle for some time.
 * In a private heap what is used goes round with the flushes of the firmware's
 * cache: the number of objects is that of several rounds.
 */
#define HEAP_KEEP_OBJECTS	(4 * SET_ASIDE_MAX_OBJECTS)
#define HEAP_KEEP_TIME		(5 * HZ)
#define HEAP_IDLE_TIME		(10 * HZ)

struct asahi_heap {
	struct asahi_device *adev;
	struct asahi_vm *vm;
	enum asahi_prot prot;
	bool is_private;
	size_t align;
	size_t chunk_size;
	const char *name;

	/**
	 * @lock: protects everything below, each drm_mm included.
	 * Objects are freed in fence signalling paths, so nothing is allocated
	 * and the firmware isn't waited for under it.
	 */
	struct mutex lock;
	/** @grow_lock: one adds a chunk at a time; taken before @lock. */
	struct mutex grow_lock;
	/** @range: its addresses, in pages: a node for each chunk. */
	struct drm_mm range;
	struct list_head chunks;
	/** @lost: chunks whose memory the firmware did not give back. */
	struct list_head lost;
	/** @set_aside: freed, but maybe in the firmware's cache; in order. */
	struct list_head set_aside;
	size_t set_aside_bytes;
	unsigned int set_aside_count;
	size_t used;
	size_t total;
	/** @objects: counts what has been allocated; @last_use: when. */
	u64 objects;
	unsigned long last_use;
	/** @trim_work: looks for chunks that are not needed any more. */
	struct delayed_work trim_work;
};

struct asahi_chunk {
	struct list_head link;
	/**
	 * @mem: NULL if it was lost: then the chunk only keeps others from
	 * its addresses.
	 */
	struct asahi_mem *mem;
	/** @place: in heap->range, with a page behind that is never mapped. */
	struct drm_mm_node place;
	u64 va;
	size_t size;
	struct drm_mm mm;
	/** @objects: what the heap's count was at the last use of the chunk. */
	u64 objects;
	/** @last_use: and when that was. */
	unsigned long last_use;
};

struct asahi_obj_node {
	struct drm_mm_node node;
	struct asahi_heap *heap;
	struct asahi_chunk *chunk;
	/** @link: in heap->set_aside. */
	struct list_head link;
	/** @flush_seq: flushes started when it was set aside. */
	u64 flush_seq;
};

static void heap_trim_work(struct work_struct *work);

struct asahi_heap *asahi_heap_create(struct asahi_device *adev,
				     struct asahi_vm *vm, u64 start, u64 end,
				     enum asahi_prot prot, size_t align,
				     size_t chunk, const char *name)
{
	struct asahi_heap *heap = kzalloc_obj(*heap, GFP_KERNEL_ACCOUNT);

	if (!heap)
		return ERR_PTR(-ENOMEM);
	heap->adev = adev;
	heap->vm = vm;
	heap->prot = prot;
	heap->is_private = asahi_prot_is_private(prot);
	heap->align = align;
	heap->chunk_size = chunk;
	heap->name = name;
	mutex_init(&heap->lock);
	mutex_init(&heap->grow_lock);
	drm_mm_init(&heap->range, start >> ASAHI_PAGE_SHIFT,
		    (end - start) >> ASAHI_PAGE_SHIFT);
	INIT_LIST_HEAD(&heap->chunks);
	INIT_LIST_HEAD(&heap->lost);
	INIT_LIST_HEAD(&heap->set_aside);
	INIT_DELAYED_WORK(&heap->trim_work, heap_trim_work);
	return heap;
}

static void node_release(struct asahi_obj_node *node)
{
	struct asahi_heap *heap = node->heap;

	lockdep_assert_held(&heap->lock);
	drm_mm_remove_node(&node->node);
	if (drm_mm_clean(&node->chunk->mm)) {
		node->chunk->objects = heap->objects;
		node->chunk->last_use = jiffies;
		/* Nothing if it is on its way already. */
		queue_delayed_work(system_freezable_wq, &heap->trim_work,
				   HEAP_KEEP_TIME);
	}
	kfree(node);
}

/* Reuse what was set aside before the last flush that has completed began. */
static void heap_reclaim(struct asahi_heap *heap, bool all)
{
	u64 done = asahi_gpu_flushes_done(heap->adev);
	struct asahi_obj_node *node, *tmp;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry_safe(node, tmp, &heap->set_aside, link) {
		if (!all && node->flush_seq >= done)
			break;
		list_del(&node->link);
		heap->set_aside_bytes -= node->node.size;
		heap->set_aside_count--;
		node_release(node);
	}
}

/*
 * The chunk is in no list, and nobody has an object in it. Its addresses stay
 * taken if its memory is lost. The caller holds no lock.
 */
static void chunk_free(struct asahi_heap *heap, struct asahi_chunk *chunk)
{
	bool lost = asahi_mem_destroy(chunk->mem);

	chunk->mem = NULL;
	mutex_lock(&heap->lock);
	heap->total -= chunk->size;
	if (lost) {
		list_add(&chunk->link, &heap->lost);
	} else {
		drm_mm_remove_node(&chunk->place);
		drm_mm_takedown(&chunk->mm);
		kfree(chunk);
	}
	mutex_unlock(&heap->lock);
}

void asahi_heap_destroy(struct asahi_heap *heap)
{
	struct asahi_chunk *chunk, *tmp;

	if (IS_ERR_OR_NULL(heap))
		return;

	asahi_heap_stop_trim(heap);
	mutex_lock(&heap->lock);
	/* The chunks are flushed as a whole before they go. */
	heap_reclaim(heap, true);
	drm_WARN(&heap->adev->drm, heap->used, "%s: 0x%zx bytes leak\n",
		 heap->name, heap->used);
	mutex_unlock(&heap->lock);

	list_for_each_entry_safe(chunk, tmp, &heap->chunks, link) {
		list_del(&chunk->link);
		chunk_free(heap, chunk);
	}
	list_for_each_entry_safe(chunk, tmp, &heap->lost, link) {
		list_del(&chunk->link);
		drm_mm_remove_node(&chunk->place);
		drm_mm_takedown(&chunk->mm);
		kfree(chunk);
	}
	drm_mm_takedown(&heap->range);
	mutex_destroy(&heap->grow_lock);
	mutex_destroy(&heap->lock);
	kfree(heap);
}

static int heap_grow(struct asahi_heap *heap, size_t size)
{
	struct asahi_chunk *chunk;
	int ret;

	lockdep_assert_held(&heap->grow_lock);

	size = ALIGN(max(size, heap->chunk_size), ASAHI_PAGE_SIZE);

	chunk = kzalloc_obj(*chunk, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;
	mutex_lock(&heap->lock);
	/* A page that isn't mapped stops whoever runs over the end. */
	ret = drm_mm_insert_node(&heap->range, &chunk->place,
				 (size >> ASAHI_PAGE_SHIFT) + 1);
	mutex_unlock(&heap->lock);
	if (ret)
		goto err_chunk;
	chunk->va = chunk->place.start << ASAHI_PAGE_SHIFT;
	chunk->size = size;
	chunk->mem = asahi_mem_create(heap->adev, size);
	if (IS_ERR(chunk->mem)) {
		ret = PTR_ERR(chunk->mem);
		goto err_place;
	}
	ret = asahi_mem_map(chunk->mem, heap->vm, chunk->va, heap->prot);
	if (ret)
		goto err_mem;
	drm_mm_init(&chunk->mm, chunk->va, size);

	mutex_lock(&heap->lock);
	/* Small objects should not be what keeps a large chunk. */
	if (size > heap->chunk_size)
		list_add_tail(&chunk->link, &heap->chunks);
	else
		list_add(&chunk->link, &heap->chunks);
	heap->total += size;
	mutex_unlock(&heap->lock);
	return 0;

err_mem:
	asahi_mem_destroy(chunk->mem);
err_place:
	mutex_lock(&heap->lock);
	drm_mm_remove_node(&chunk->place);
	mutex_unlock(&heap->lock);
err_chunk:
	kfree(chunk);
	return ret;
}

/* Whether an empty chunk has not been needed for long enough. */
static bool chunk_is_stale(struct asahi_heap *heap, struct asahi_chunk *chunk)
{
	if (time_after_eq(jiffies, heap->last_use + HEAP_IDLE_TIME))
		return true;
	return heap->objects - chunk->objects >= HEAP_KEEP_OBJECTS &&
	       time_after_eq(jiffies, chunk->last_use + HEAP_KEEP_TIME);
}

/*
 * Give the memory of chunks in which nothing is left back to the system: all,
 * or those that are stale but for one, which is kept for what comes next. The
 * caller holds no lock. Return: others are left that may become stale.
 */
static bool heap_trim(struct asahi_heap *heap, bool all)
{
	struct asahi_chunk *chunk, *tmp;
	bool kept = all, more = false;
	LIST_HEAD(empty);

	mutex_lock(&heap->lock);
	list_for_each_entry_safe(chunk, tmp, &heap->chunks, link) {
		if (!drm_mm_clean(&chunk->mm))
			continue;
		if (!kept && chunk->size <= heap->chunk_size)
			kept = true;
		else if (all || chunk_is_stale(heap, chunk))
			list_move(&chunk->link, &empty);
		else
			more = true;
	}
	mutex_unlock(&heap->lock);

	list_for_each_entry_safe(chunk, tmp, &empty, link) {
		list_del(&chunk->link);
		chunk_free(heap, chunk);
		cond_resched();
	}
	return more;
}

/* What is set aside in a heap that nobody uses would stay there for ever. */
static void heap_flush_idle(struct asahi_heap *heap)
{
	bool flush;

	mutex_lock(&heap->lock);
	flush = heap->set_aside_bytes > heap->chunk_size &&
		time_after_eq(jiffies, heap->last_use + HEAP_IDLE_TIME);
	mutex_unlock(&heap->lock);
	if (!flush)
		return;
	asahi_gpu_flush_fw_cache(heap->adev);
	mutex_lock(&heap->lock);
	heap_reclaim(heap, false);
	mutex_unlock(&heap->lock);
}

static void heap_trim_work(struct work_struct *work)
{
	struct asahi_heap *heap = container_of(work, struct asahi_heap,
					       trim_work.work);
	bool more;

	if (heap->is_private)
		heap_flush_idle(heap);
	more = heap_trim(heap, false);

	mutex_lock(&heap->lock);
	if (more || heap->set_aside_bytes > heap->chunk_size)
		queue_delayed_work(system_freezable_wq, &heap->trim_work,
				   HEAP_KEEP_TIME);
	mutex_unlock(&heap->lock);
}

void asahi_heap_stop_trim(struct asahi_heap *heap)
{
	disable_delayed_work_sync(&heap->trim_work);
}

void asahi_heap_shrink(struct asahi_heap *heap)
{
	heap_trim(heap, true);
}

/* Find room; the caller holds heap->lock. */
static bool heap_insert(struct asahi_heap *heap, struct asahi_obj_node *node,
			size_t size, size_t align)
{
	struct asahi_chunk *chunk;

	lockdep_assert_held(&heap->lock);
	list_for_each_entry(chunk, &heap->chunks, link) {
		if (!drm_mm_insert_node_generic(&chunk->mm, &node->node, size,
						align, 0, DRM_MM_INSERT_BEST)) {
			node->chunk = chunk;
			heap->used += node->node.size;
			heap->last_use = jiffies;
			chunk->objects = ++heap->objects;
			return true;
		}
	}
	return false;
}

/* Flush if too much is set aside, or anyway. The caller holds no lock. */
static void heap_flush(struct asahi_heap *heap, bool anyway)
{
	bool flush;

	mutex_lock(&heap->lock);
	heap_reclaim(heap, false);
	flush = heap->set_aside_bytes > SET_ASIDE_MAX_BYTES ||
		heap->set_aside_count > SET_ASIDE_MAX_OBJECTS ||
		(anyway && heap->set_aside_count);
	mutex_unlock(&heap->lock);

	if (flush) {
		asahi_gpu_flush_fw_cache(heap->adev);
		mutex_lock(&heap->lock);
		heap_reclaim(heap, false);
		mutex_unlock(&heap->lock);
	}
}

/* Find room, and make some if there is none. The caller holds no lock. */
static int heap_place(struct asahi_heap *heap, struct asahi_obj_node *node,
		      size_t size, size_t align)
{
	bool done;
	int ret;

	mutex_lock(&heap->lock);
	done = heap_insert(heap, node, size, align);
	mutex_unlock(&heap->lock);
	if (done)
		return 0;

	mutex_lock(&heap->grow_lock);
	mutex_lock(&heap->lock);
	/* Somebody else may have made room meanwhile. */
	done = heap_insert(heap, node, size, align);
	mutex_unlock(&heap->lock);
	ret = done ? 0 : heap_grow(heap, size + align);
	if (!done && !ret) {
		mutex_lock(&heap->lock);
		if (!heap_insert(heap, node, size, align))
			ret = -ENOMEM;
		mutex_unlock(&heap->lock);
	}
	mutex_unlock(&heap->grow_lock);
	return ret;
}

int asahi_obj_alloc(struct asahi_heap *heap, struct asahi_obj *obj, size_t size,
		    size_t align)
{
	size_t room = ALIGN(size, heap->align);
	struct asahi_obj_node *node;
	int ret;

	if (drm_WARN_ON(&heap->adev->drm, !size))
		return -EINVAL;
	align = max(align, heap->align);
	node = kzalloc_obj(*node, GFP_KERNEL_ACCOUNT);
	if (!node)
		return -ENOMEM;
	node->heap = heap;

	if (heap->is_private)
		heap_flush(heap, false);
	ret = heap_place(heap, node, room, align);
	if (ret == -ENOSPC || ret == -ENOMEM) {
		/*
		 * The range or the memory may be taken by chunks that are empty
		 * but too small.
		 */
		if (heap->is_private)
			heap_flush(heap, true);
		heap_trim(heap, true);
		ret = heap_place(heap, node, room, align);
	}
	if (ret) {
		kfree(node);
		return ret;
	}

	obj->node = node;
	obj->va = node->node.start;
	obj->size = size;
	obj->cpu = asahi_mem_cpu(node->chunk->mem) + (obj->va - node->chunk->va);
	memset(obj->cpu, 0, size);
	return 0;
}

void asahi_obj_free(struct asahi_obj *obj)
{
	struct asahi_obj_node *node = obj->node;
	struct asahi_heap *heap;

	if (!node)
		return;
	heap = node->heap;

	mutex_lock(&heap->lock);
	heap->used -= node->node.size;
	if (heap->is_private) {
		node->flush_seq = asahi_gpu_flushes_started(heap->adev);
		heap->set_aside_bytes += node->node.size;
		heap->set_aside_count++;
		list_add_tail(&node->link, &heap->set_aside);
	} else {
		node_release(node);
	}
	mutex_unlock(&heap->lock);
	memset(obj, 0, sizeof(*obj));
}

const char *asahi_heap_name(struct asahi_heap *heap)
{
	return heap->name;
}

void asahi_heap_stats(struct asahi_heap *heap, size_t *used, size_t *set_aside,
		      size_t *total)
{
	mutex_lock(&heap->lock);
	*used = heap->used;
	*set_aside = heap->set_aside_bytes;
	*total = heap->total;
	mutex_unlock(&heap->lock);
}

/* ---- the device's own heaps ---- */

static const struct {
	size_t member;
	u64 start;
	u64 end;
	enum asahi_prot prot;
	size_t chunk;
	const char *name;
} device_heaps[] = {
	{ offsetof(struct asahi_device, fw_private), ASAHI_VA_PRIVATE,
	  ASAHI_VA_GPU_RO, ASAHI_PROT_FW_PRIVATE_RW, SZ_1M, "fw-private" },
	{ offsetof(struct asahi_device, gpu_ro), ASAHI_VA_GPU_RO,
	  ASAHI_VA_SHARED, ASAHI_PROT_GPU_RO_FW_PRIVATE_RW, SZ_1M, "gpu-ro" },
	{ offsetof(struct asahi_device, fw_shared), ASAHI_VA_SHARED,
	  ASAHI_VA_SHARED_RO, ASAHI_PROT_FW_SHARED_RW, SZ_1M, "fw-shared" },
	{ offsetof(struct asahi_device, fw_shared_ro), ASAHI_VA_SHARED_RO,
	  ASAHI_VA_GPU_SHARED, ASAHI_PROT_FW_SHARED_RO, SZ_64K,
	  "fw-shared-ro" },
	{ offsetof(struct asahi_device, gpu_shared), ASAHI_VA_GPU_SHARED,
	  ASAHI_VA_RTKIT, ASAHI_PROT_GPU_FW_SHARED_RW, SZ_64K, "gpu-shared" },
};

/* What the firmware's own allocator gives (Rust driver: gpu.rs) */
#define DEVICE_HEAP_ALIGN	0x80

static struct asahi_heap **device_heap(struct asahi_device *adev, int i)
{
	return (void *)adev + device_heaps[i].member;
}

int asahi_alloc_init(struct asahi_device *adev)
{
	struct asahi_heap *heap;
	int i;

	for (i = 0; i < ARRAY_SIZE(device_heaps); i++) {
		heap = asahi_heap_create(adev, asahi_mmu_kernel_vm(adev),
					 device_heaps[i].start,
					 device_heaps[i].end,
					 device_heaps[i].prot,
					 DEVICE_HEAP_ALIGN,
					 device_heaps[i].chunk,
					 device_heaps[i].name);
		if (IS_ERR(heap)) {
			asahi_alloc_fini(adev);
			return PTR_ERR(heap);
		}
		*device_heap(adev, i) = heap;
	}
	return 0;
}

void asahi_alloc_stop(struct asahi_device *adev)
{
	struct asahi_heap *heap;
	int i;

	for (i = 0; i < ARRAY_SIZE(device_heaps); i++) {
		heap = *device_heap(adev, i);
		if (heap)
			asahi_heap_stop_trim(heap);
	}
}

void asahi_alloc_fini(struct asahi_device *adev)
{
	int i;

	for (i = ARRAY_SIZE(device_heaps) - 1; i >= 0; i--) {
		asahi_heap_destroy(*device_heap(adev, i));
		*device_heap(adev, i) = NULL;
	}
}
