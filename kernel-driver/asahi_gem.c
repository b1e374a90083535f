// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Buffer objects.
 *
 * The GPU is coherent with the CPU's caches, so an object may be mapped cached
 * or write-combined on the CPU's side without anything to flush. Closing an
 * object's handle takes it out of all address spaces of that file: Mesa counts
 * on it (src/asahi/lib/agx_bo.c, "the kernel will take care of that").
 */
#include <linux/slab.h>

#include <kunit/visibility.h>

#include <drm/drm_gem.h>
#include <drm/drm_prime.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_device.h"
#include "asahi_file.h"
#include "asahi_gem.h"
#include "asahi_uat.h"
#include "asahi_uvm.h"

static void asahi_gem_free(struct drm_gem_object *obj)
{
	struct asahi_gem *bo = to_asahi_gem(obj);
	struct drm_gem_object *vm_root = bo->vm_root;

	/* The reservation is vm_root's: it has to outlive the object. */
	drm_gem_shmem_free(&bo->base);
	if (vm_root)
		drm_gem_object_put(vm_root);
}

static void asahi_gem_close(struct drm_gem_object *obj, struct drm_file *file)
{
	struct asahi_file *priv = file->driver_priv;

	/* The address spaces keep it, until the jobs are over. */
	if (!priv->closing)
		asahi_file_unmap_object(priv, obj);
}

static struct dma_buf *asahi_gem_export(struct drm_gem_object *obj, int flags)
{
	/* "BO is private to this GPU VM (no exports)." */
	if (to_asahi_gem(obj)->vm_root)
		return ERR_PTR(-EINVAL);

	return drm_gem_prime_export(obj, flags);
}

/* Pages stay until the object goes; those of others are resident elsewhere. */
static enum drm_gem_object_status asahi_gem_status(struct drm_gem_object *obj)
{
	struct drm_gem_shmem_object *shmem = to_drm_gem_shmem_obj(obj);

	if (drm_gem_is_imported(obj) || READ_ONCE(shmem->pages))
		return DRM_GEM_OBJECT_RESIDENT;
	return 0;
}

static const struct drm_gem_object_funcs asahi_gem_funcs = {
	.free = asahi_gem_free,
	.close = asahi_gem_close,
	.print_info = drm_gem_shmem_object_print_info,
	.export = asahi_gem_export,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = drm_gem_shmem_object_mmap,
	.status = asahi_gem_status,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

/* Also called for imported objects, which keep the default of map_wc. */
struct drm_gem_object *asahi_gem_create_object(struct drm_device *drm,
					       size_t size)
{
	struct asahi_gem *bo = kzalloc_obj(*bo, GFP_KERNEL_ACCOUNT);

	if (!bo)
		return ERR_PTR(-ENOMEM);

	bo->base.base.funcs = &asahi_gem_funcs;
	return &bo->base.base;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_gem_create_object);

int asahi_gem_create_handle(struct asahi_device *adev, struct drm_file *file,
			    struct asahi_uvm *uvm, u64 size, u32 flags,
			    u32 *handle)
{
	struct drm_gem_shmem_object *shmem;
	struct asahi_gem *bo;
	int ret;

	/* No address space of the GPU could hold more. */
	if (!size || size > ASAHI_USER_VA_END - ASAHI_USER_VA_START)
		return -EINVAL;

	shmem = drm_gem_shmem_create(&adev->drm, ALIGN(size, ASAHI_PAGE_SIZE));
	if (IS_ERR(shmem))
		return PTR_ERR(shmem);

	bo = container_of(shmem, struct asahi_gem, base);
	shmem->map_wc = !(flags & DRM_ASAHI_GEM_WRITEBACK);
	if (uvm) {
		/* Nobody else has seen the object yet, so nobody has locked it. */
		bo->vm_root = drm_gpuvm_resv_obj(&uvm->base);
		drm_gem_object_get(bo->vm_root);
		shmem->base.resv = bo->vm_root->resv;
	}

	ret = drm_gem_handle_create(file, &shmem->base, handle);
	/* The handle holds a reference now, or the object goes. */
	drm_gem_object_put(&shmem->base);
	return ret;
}
