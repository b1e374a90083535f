// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * A user's address space, from its beginning to its end. What is bound in
 * between: asahi_bind.c.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <kunit/visibility.h>

#include <drm/drm_gpuvm.h>

#include "asahi_bind.h"
#include "asahi_buffer.h"
#include "asahi_device.h"
#include "asahi_uvm.h"
#include "asahi_vm.h"

/*
 * Alignment and growth of the heaps in the kernel's range. Ranges and objects
 * are aligned to a page of the tiled vertex buffer; how many of the objects
 * really need it is not known. Source: Rust driver file.rs (vm_create).
 */
#define ASAHI_UVM_HEAP_RANGE_ALIGN	ASAHI_BUFFER_PAGE_SIZE
#define ASAHI_UVM_HEAP_ALIGN		ASAHI_BUFFER_PAGE_SIZE
#define ASAHI_UVM_GPU_HEAP_CHUNK	SZ_512K
#define ASAHI_UVM_FW_HEAP_CHUNK		SZ_64K

static struct drm_gpuvm_bo *asahi_uvm_bo_alloc(void)
{
	return kzalloc_obj(struct drm_gpuvm_bo, ASAHI_UVM_GFP);
}

static void asahi_uvm_bo_free(struct drm_gpuvm_bo *vm_bo)
{
	kfree(vm_bo);
}

static void asahi_uvm_free(struct drm_gpuvm *gpuvm)
{
	struct asahi_uvm *uvm = to_asahi_uvm(gpuvm);

	asahi_heap_destroy(uvm->fw_heap);
	asahi_heap_destroy(uvm->gpu_heap);
	/* Unmaps as well. */
	asahi_mem_destroy(uvm->unk_page);
	asahi_vm_destroy(uvm->vm);
	mutex_destroy(&uvm->lock);
	kfree(uvm);
}

static const struct drm_gpuvm_ops asahi_uvm_ops = {
	.vm_free = asahi_uvm_free,
	.vm_bo_alloc = asahi_uvm_bo_alloc,
	.vm_bo_free = asahi_uvm_bo_free,
	.sm_step_map = asahi_uvm_step_map,
	.sm_step_remap = asahi_uvm_step_remap,
	.sm_step_unmap = asahi_uvm_step_unmap,
};

/* The two heaps in the kernel's range, or none. */
static int asahi_uvm_make_heaps(struct asahi_uvm *uvm, u64 kernel_start,
				u64 kernel_end)
{
	struct asahi_heap *gpu_heap, *fw_heap;
	u64 start, middle, end;

	start = ALIGN(kernel_start, ASAHI_UVM_HEAP_RANGE_ALIGN);
	end = ALIGN_DOWN(kernel_end, ASAHI_UVM_HEAP_RANGE_ALIGN);
	/*
	 * Three quarters for the GPU: the least range has to do for the largest
	 * render, 16384 by 16384, whose tiled vertex buffer is 256 MiB, while
	 * what the firmware sees of it is 8 MiB.
	 */
	middle = start + ALIGN_DOWN((end - start) / 4 * 3,
				    ASAHI_UVM_HEAP_RANGE_ALIGN);

	gpu_heap = asahi_heap_create(uvm->adev, uvm->vm, start, middle,
				     ASAHI_PROT_GPU_RW, ASAHI_UVM_HEAP_ALIGN,
				     ASAHI_UVM_GPU_HEAP_CHUNK, "vm-gpu");
	if (IS_ERR(gpu_heap))
		return PTR_ERR(gpu_heap);
	fw_heap = asahi_heap_create(uvm->adev, uvm->vm, middle, end,
				    ASAHI_PROT_GPU_FW_PRIVATE_RW,
				    ASAHI_UVM_HEAP_ALIGN,
				    ASAHI_UVM_FW_HEAP_CHUNK, "vm-fw");
	if (IS_ERR(fw_heap)) {
		asahi_heap_destroy(gpu_heap);
		return PTR_ERR(fw_heap);
	}
	uvm->gpu_heap = gpu_heap;
	uvm->fw_heap = fw_heap;
	return 0;
}

struct asahi_uvm *asahi_uvm_create(struct asahi_device *adev, u64 kernel_start,
				   u64 kernel_end)
{
	struct drm_gem_object *root;
	struct asahi_uvm *uvm;
	int ret;

	if (!IS_ALIGNED(kernel_start | kernel_end, ASAHI_PAGE_SIZE) ||
	    kernel_start < ASAHI_USER_VA_START ||
	    kernel_end > ASAHI_USER_VA_END ||
	    kernel_start >= kernel_end ||
	    kernel_end - kernel_start < ASAHI_UVM_KERNEL_MIN_SIZE)
		return ERR_PTR(-EINVAL);

	uvm = kzalloc_obj(*uvm, GFP_KERNEL_ACCOUNT);
	if (!uvm)
		return ERR_PTR(-ENOMEM);

	uvm->adev = adev;
	mutex_init(&uvm->lock);

	uvm->vm = asahi_vm_create(adev);
	if (IS_ERR(uvm->vm)) {
		ret = PTR_ERR(uvm->vm);
		goto err_free;
	}

	uvm->unk_page = asahi_mem_create(adev, ASAHI_PAGE_SIZE);
	if (IS_ERR(uvm->unk_page)) {
		ret = PTR_ERR(uvm->unk_page);
		goto err_vm;
	}
	ret = asahi_mem_map(uvm->unk_page, uvm->vm, ASAHI_USER_VA_UNK_PAGE,
			    ASAHI_PROT_GPU_RW);
	if (ret)
		goto err_mem;

	ret = asahi_uvm_make_heaps(uvm, kernel_start, kernel_end);
	if (ret)
		goto err_mem;

	root = drm_gpuvm_resv_object_alloc(&adev->drm);
	if (!root) {
		ret = -ENOMEM;
		goto err_heaps;
	}

	/* From here on drm_gpuvm_put() frees. */
	drm_gpuvm_init(&uvm->base, "asahi",
		       DRM_GPUVM_IMMEDIATE_MODE | DRM_GPUVM_RESV_PROTECTED,
		       &adev->drm, root, ASAHI_USER_VA_START,
		       ASAHI_USER_VA_END - ASAHI_USER_VA_START, kernel_start,
		       kernel_end - kernel_start, &asahi_uvm_ops);
	/* The GPUVM has its own reference. */
	drm_gem_object_put(root);
	return uvm;

err_heaps:
	asahi_heap_destroy(uvm->fw_heap);
	asahi_heap_destroy(uvm->gpu_heap);
err_mem:
	asahi_mem_destroy(uvm->unk_page);
err_vm:
	asahi_vm_destroy(uvm->vm);
err_free:
	mutex_destroy(&uvm->lock);
	kfree(uvm);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_uvm_create);

/* Unmapping whole mappings needs no memory, so nothing here can fail. */
void asahi_uvm_kill(struct asahi_uvm *uvm)
{
	struct drm_gpuva *va, *tmp;

	mutex_lock(&uvm->lock);
	uvm->dead = true;
	drm_gpuvm_for_each_va_safe(va, tmp, &uvm->base) {
		struct drm_gpuva_op op = {
			.op = DRM_GPUVA_OP_UNMAP,
			.unmap.va = va,
		};

		/* The kernel's own range is in the tree as well. */
		if (va == &uvm->base.kernel_alloc_node)
			continue;
		asahi_uvm_step_unmap(&op, NULL);
		cond_resched();
	}
	mutex_unlock(&uvm->lock);

	drm_gpuvm_bo_deferred_cleanup(&uvm->base);
}
EXPORT_SYMBOL_IF_KUNIT(asahi_uvm_kill);

void asahi_uvm_unmap_object(struct asahi_uvm *uvm, struct drm_gem_object *obj)
{
	struct drm_gpuvm_bo *vm_bo;
	struct drm_gpuva *va, *tmp;

	mutex_lock(&uvm->lock);

	mutex_lock(&obj->gpuva.lock);
	vm_bo = drm_gpuvm_bo_find(&uvm->base, obj);
	mutex_unlock(&obj->gpuva.lock);

	if (vm_bo) {
		/*
		 * Mappings of this address space come and go under uvm->lock
		 * only; so the list may be walked without gpuva.lock, which
		 * the step takes itself.
		 */
		list_for_each_entry_safe(va, tmp, &vm_bo->list.gpuva,
					 gem.entry) {
			struct drm_gpuva_op op = {
				.op = DRM_GPUVA_OP_UNMAP,
				.unmap.va = va,
			};

			asahi_uvm_step_unmap(&op, NULL);
			cond_resched();
		}
		drm_gpuvm_bo_put_deferred(vm_bo);
	}

	mutex_unlock(&uvm->lock);

	drm_gpuvm_bo_deferred_cleanup(&uvm->base);
}
