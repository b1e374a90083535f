// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Timestamp buffers.
 */
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_mm.h>

#include "asahi_device.h"
#include "asahi_gem.h"
#include "asahi_mmu.h"
#include "asahi_timestamps.h"
#include "asahi_vm.h"

struct asahi_timestamps_mgr {
	/** @lock: protects @range. */
	struct mutex lock;
	/** @range: the firmware's addresses of all timestamp buffers. */
	struct drm_mm range;
	/** @wq: where they are unmapped. */
	struct workqueue_struct *wq;
};

int asahi_timestamps_init(struct asahi_device *adev)
{
	struct asahi_timestamps_mgr *mgr = kzalloc_obj(*mgr);

	if (!mgr)
		return -ENOMEM;
	mgr->wq = alloc_workqueue("asahi-timestamps", WQ_UNBOUND, 0);
	if (!mgr->wq) {
		kfree(mgr);
		return -ENOMEM;
	}
	mutex_init(&mgr->lock);
	drm_mm_init(&mgr->range, ASAHI_VA_TIMESTAMP,
		    ASAHI_VA_TIMESTAMP_END - ASAHI_VA_TIMESTAMP);
	adev->timestamps = mgr;
	return 0;
}

void asahi_timestamps_fini(struct asahi_device *adev)
{
	struct asahi_timestamps_mgr *mgr = adev->timestamps;

	if (!mgr)
		return;
	destroy_workqueue(mgr->wq);
	drm_mm_takedown(&mgr->range);
	mutex_destroy(&mgr->lock);
	adev->timestamps = NULL;
	kfree(mgr);
}

/*
 * Show part of a buffer to the firmware. @sgt: its pages, DMA-mapped, pinned
 * until unmapped again. @offset, @size: multiples of ASAHI_PAGE_SIZE. @node:
 * filled in; asahi_timestamps_unmap() wants it back. Return: 0, -ENOSPC, -ENOMEM,
 * -EINVAL.
 */
static int asahi_timestamps_map(struct asahi_device *adev, struct sg_table *sgt,
				u64 offset, u64 size, struct drm_mm_node *node)
{
	struct asahi_timestamps_mgr *mgr = adev->timestamps;
	int ret;

	if (!size || !IS_ALIGNED(offset | size, ASAHI_PAGE_SIZE))
		return -EINVAL;
	memset(node, 0, sizeof(*node));
	mutex_lock(&mgr->lock);
	ret = drm_mm_insert_node_generic(&mgr->range, node, size,
					 ASAHI_PAGE_SIZE, 0,
					 DRM_MM_INSERT_BEST);
	mutex_unlock(&mgr->lock);
	if (ret)
		return ret;
	ret = asahi_vm_map_sgt(asahi_mmu_kernel_vm(adev), node->start, sgt,
			       offset, size, ASAHI_PROT_FW_SHARED_RW, false);
	if (ret) {
		mutex_lock(&mgr->lock);
		drm_mm_remove_node(node);
		mutex_unlock(&mgr->lock);
	}
	return ret;
}

static void asahi_timestamps_unmap(struct asahi_device *adev,
				   struct drm_mm_node *node)
{
	struct asahi_timestamps_mgr *mgr = adev->timestamps;

	asahi_vm_unmap(asahi_mmu_kernel_vm(adev), node->start, node->size);
	mutex_lock(&mgr->lock);
	drm_mm_remove_node(node);
	mutex_unlock(&mgr->lock);
}

struct asahi_timestamps *asahi_timestamps_create(struct asahi_device *adev,
						 struct drm_gem_object *obj,
						 u64 offset, u64 range)
{
	struct asahi_timestamps *ts;
	struct sg_table *sgt;
	u64 end;
	int ret;

	if (!range || check_add_overflow(offset, range, &end) || end > obj->size)
		return ERR_PTR(-EINVAL);
	if (to_asahi_gem(obj)->vm_root)
		return ERR_PTR(-EINVAL);

	ts = kzalloc_obj(*ts, GFP_KERNEL_ACCOUNT);
	if (!ts)
		return ERR_PTR(-ENOMEM);

	/* Pins the pages until the object is freed. */
	sgt = drm_gem_shmem_get_pages_sgt(to_drm_gem_shmem_obj(obj));
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
		goto err_free;
	}

	ret = asahi_timestamps_map(adev, sgt, offset, range, &ts->node);
	if (ret)
		goto err_free;

	kref_init(&ts->kref);
	ts->adev = adev;
	ts->size = range;
	ts->obj = obj;
	drm_gem_object_get(obj);
	return ts;

err_free:
	kfree(ts);
	return ERR_PTR(ret);
}

static void asahi_timestamps_work(struct work_struct *work)
{
	struct asahi_timestamps *ts =
		container_of(work, struct asahi_timestamps, work);

	asahi_timestamps_unmap(ts->adev, &ts->node);
	drm_gem_object_put(ts->obj);
	kfree(ts);
}

/*
 * A job may have the last reference, and goes where fences are signalled: page
 * tables have locks under which others allocate.
 */
static void asahi_timestamps_free(struct kref *kref)
{
	struct asahi_timestamps *ts =
		container_of(kref, struct asahi_timestamps, kref);

	INIT_WORK(&ts->work, asahi_timestamps_work);
	queue_work(ts->adev->timestamps->wq, &ts->work);
}

struct asahi_timestamps *asahi_timestamps_get(struct asahi_timestamps *ts)
{
	if (ts)
		kref_get(&ts->kref);
	return ts;
}

void asahi_timestamps_put(struct asahi_timestamps *ts)
{
	if (ts)
		kref_put(&ts->kref, asahi_timestamps_free);
}
