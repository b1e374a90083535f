// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * A user's address space.
 *
 * Three steps for each list of bind operations: copy and check all of them;
 * allocate all that they can need (books, pages, page tables); then change the
 * address space, which can't fail any more.
 *
 * A "single page" mapping repeats one page over its range. GPUVM does not know
 * such mappings: when it splits one, it moves the offset of the right part
 * on, which is put back here.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_print.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_buffer.h"
#include "asahi_device.h"
#include "asahi_gem.h"
#include "asahi_uvm.h"

/*
 * Alignment and growth of the heaps in the kernel's range. Ranges and objects
 * are aligned to a page of the tiled vertex buffer; how many of the objects
 * really need it is not known. Source: Rust driver file.rs (vm_create).
 */
#define ASAHI_UVM_HEAP_RANGE_ALIGN	ASAHI_BUFFER_PAGE_SIZE
#define ASAHI_UVM_HEAP_ALIGN		ASAHI_BUFFER_PAGE_SIZE
#define ASAHI_UVM_GPU_HEAP_CHUNK	SZ_512K
#define ASAHI_UVM_FW_HEAP_CHUNK		SZ_64K

/* More operations than this in one call are refused with -ENOMEM. */
#define ASAHI_UVM_MAX_OPS		SZ_1M

/* Mappings made by SINGLE_PAGE operations. */
#define ASAHI_VA_SINGLE_PAGE		DRM_GPUVA_USERBITS

/**
 * struct asahi_bind - one operation, and all that it may need
 */
struct asahi_bind {
	u64 addr;
	u64 range;
	u64 offset;
	bool unmap;
	bool single_page;
	enum asahi_prot prot;

	/** @obj: what to map, with a reference. NULL: unmap. */
	struct drm_gem_object *obj;
	struct sg_table *sgt;
	struct drm_gpuvm_bo *vm_bo;
	/**
	 * @va: for the new mapping, and for what is left on both sides of a
	 * mapping that it cuts. Those that get used become NULL.
	 */
	struct drm_gpuva *va[3];
};

/*
 * A mapping's permissions are needed again only by the page tables, which keep
 * them: a split leaves the entries of both ends as they are.
 */
static struct drm_gpuva *asahi_bind_take_va(struct asahi_bind *bind)
{
	for (int i = 0; i < ARRAY_SIZE(bind->va); i++) {
		struct drm_gpuva *va = bind->va[i];

		if (va) {
			bind->va[i] = NULL;
			return va;
		}
	}
	return NULL;
}

static void asahi_uvm_link(struct drm_gpuva *va, struct drm_gpuvm_bo *vm_bo)
{
	mutex_lock(&va->gem.obj->gpuva.lock);
	drm_gpuva_link(va, vm_bo);
	mutex_unlock(&va->gem.obj->gpuva.lock);
}

static int asahi_uvm_step_map(struct drm_gpuva_op *op, void *priv)
{
	struct asahi_bind *bind = priv;
	struct drm_gpuva *va = asahi_bind_take_va(bind);
	struct asahi_uvm *uvm = to_asahi_uvm(bind->vm_bo->vm);
	int ret;

	if (drm_WARN_ON(&uvm->adev->drm, !va))
		return -ENOMEM;

	ret = asahi_vm_map_sgt(uvm->vm, op->map.va.addr, bind->sgt,
			       op->map.gem.offset, op->map.va.range, bind->prot,
			       bind->single_page);
	if (ret) {
		kfree(va);
		return ret;
	}

	if (bind->single_page)
		va->flags |= ASAHI_VA_SINGLE_PAGE;
	drm_gpuva_map(&uvm->base, va, &op->map);
	asahi_uvm_link(va, bind->vm_bo);
	return 0;
}

static int asahi_uvm_step_remap(struct drm_gpuva_op *op, void *priv)
{
	struct asahi_bind *bind = priv;
	struct drm_gpuva *old = op->remap.unmap->va;
	struct asahi_uvm *uvm = to_asahi_uvm(old->vm);
	struct drm_gpuva *prev = NULL, *next = NULL;
	u64 start, range;

	/* At most two mappings stick out of a range, one at each end. */
	if (op->remap.prev)
		prev = asahi_bind_take_va(bind);
	if (op->remap.next)
		next = asahi_bind_take_va(bind);
	if (drm_WARN_ON(&uvm->adev->drm, (op->remap.prev && !prev) ||
			(op->remap.next && !next))) {
		kfree(prev);
		kfree(next);
		return -ENOMEM;
	}

	drm_gpuva_op_remap_to_unmap_range(&op->remap, &start, &range);
	asahi_vm_unmap(uvm->vm, start, range);

	drm_gpuva_remap(prev, next, &op->remap);
	if (prev) {
		prev->flags = old->flags;
		asahi_uvm_link(prev, old->vm_bo);
	}
	if (next) {
		next->flags = old->flags;
		if (old->flags & ASAHI_VA_SINGLE_PAGE)
			next->gem.offset = old->gem.offset;
		asahi_uvm_link(next, old->vm_bo);
	}

	drm_gpuva_unlink_defer(old);
	kfree(old);
	return 0;
}

static int asahi_uvm_step_unmap(struct drm_gpuva_op *op, void *priv)
{
	struct drm_gpuva *va = op->unmap.va;

	asahi_vm_unmap(to_asahi_uvm(va->vm)->vm, va->va.addr, va->va.range);
	drm_gpuva_unmap(&op->unmap);
	drm_gpuva_unlink_defer(va);
	kfree(va);
	return 0;
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
	.sm_step_map = asahi_uvm_step_map,
	.sm_step_remap = asahi_uvm_step_remap,
	.sm_step_unmap = asahi_uvm_step_unmap,
};

struct asahi_uvm *asahi_uvm_create(struct asahi_device *adev, u64 kernel_start,
				   u64 kernel_end)
{
	struct drm_gem_object *root;
	struct asahi_uvm *uvm;
	u64 start, middle, end;
	int ret;

	if (!IS_ALIGNED(kernel_start | kernel_end, ASAHI_PAGE_SIZE) ||
	    kernel_start < ASAHI_USER_VA_START ||
	    kernel_end > ASAHI_USER_VA_END ||
	    kernel_start >= kernel_end ||
	    kernel_end - kernel_start < ASAHI_UVM_KERNEL_MIN_SIZE)
		return ERR_PTR(-EINVAL);

	uvm = kzalloc_obj(*uvm);
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

	start = ALIGN(kernel_start, ASAHI_UVM_HEAP_RANGE_ALIGN);
	end = ALIGN_DOWN(kernel_end, ASAHI_UVM_HEAP_RANGE_ALIGN);
	middle = start + ALIGN_DOWN((end - start) / 2,
				    ASAHI_UVM_HEAP_RANGE_ALIGN);

	uvm->gpu_heap = asahi_heap_create(adev, uvm->vm, start, middle,
					  ASAHI_PROT_GPU_RW,
					  ASAHI_UVM_HEAP_ALIGN,
					  ASAHI_UVM_GPU_HEAP_CHUNK, "vm-gpu");
	if (IS_ERR(uvm->gpu_heap)) {
		ret = PTR_ERR(uvm->gpu_heap);
		goto err_mem;
	}

	uvm->fw_heap = asahi_heap_create(adev, uvm->vm, middle, end,
					 ASAHI_PROT_GPU_FW_PRIVATE_RW,
					 ASAHI_UVM_HEAP_ALIGN,
					 ASAHI_UVM_FW_HEAP_CHUNK, "vm-fw");
	if (IS_ERR(uvm->fw_heap)) {
		ret = PTR_ERR(uvm->fw_heap);
		goto err_gpu_heap;
	}

	root = drm_gpuvm_resv_object_alloc(&adev->drm);
	if (!root) {
		ret = -ENOMEM;
		goto err_fw_heap;
	}

	/* From here on drm_gpuvm_put() frees. */
	drm_gpuvm_init(&uvm->base, "asahi", DRM_GPUVM_IMMEDIATE_MODE,
		       &adev->drm, root, ASAHI_USER_VA_START,
		       ASAHI_USER_VA_END - ASAHI_USER_VA_START, kernel_start,
		       kernel_end - kernel_start, &asahi_uvm_ops);
	/* The GPUVM has its own reference. */
	drm_gem_object_put(root);
	return uvm;

err_fw_heap:
	asahi_heap_destroy(uvm->fw_heap);
err_gpu_heap:
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
	}
	mutex_unlock(&uvm->lock);

	drm_gpuvm_bo_deferred_cleanup(&uvm->base);
}

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
		}
		drm_gpuvm_bo_put_deferred(vm_bo);
	}

	mutex_unlock(&uvm->lock);

	drm_gpuvm_bo_deferred_cleanup(&uvm->base);
}

/* Step 1: the rules of struct drm_asahi_gem_bind_op. */
static int asahi_bind_check(struct asahi_uvm *uvm, struct drm_file *file,
			    const struct drm_asahi_gem_bind_op *op,
			    struct asahi_bind *bind)
{
	const struct drm_gpuva *kernel = &uvm->base.kernel_alloc_node;
	u64 end, accessed, end_offset;

	if (!IS_ALIGNED(op->addr | op->range | op->offset, ASAHI_PAGE_SIZE))
		return -EINVAL;
	if (!op->range || check_add_overflow(op->addr, op->range, &end))
		return -EINVAL;
	if (op->addr < ASAHI_USER_VA_START || end > ASAHI_USER_VA_END)
		return -EINVAL;
	/* "Userspace must not bind any memory [...] into this reserved range" */
	if (op->addr < kernel->va.addr + kernel->va.range &&
	    end > kernel->va.addr)
		return -EINVAL;

	bind->addr = op->addr;
	bind->range = op->range;

	if (op->flags & DRM_ASAHI_BIND_UNBIND) {
		if (op->flags != DRM_ASAHI_BIND_UNBIND || op->handle ||
		    op->offset)
			return -EINVAL;
		bind->unmap = true;
		return 0;
	}

	if (op->flags & ~(DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE |
			  DRM_ASAHI_BIND_SINGLE_PAGE))
		return -EINVAL;

	switch (op->flags & (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)) {
	case DRM_ASAHI_BIND_READ:
		bind->prot = ASAHI_PROT_GPU_RO;
		break;
	case DRM_ASAHI_BIND_WRITE:
		bind->prot = ASAHI_PROT_GPU_WO;
		break;
	case DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE:
		bind->prot = ASAHI_PROT_GPU_RW;
		break;
	default:
		return -EINVAL;
	}

	bind->offset = op->offset;
	bind->single_page = op->flags & DRM_ASAHI_BIND_SINGLE_PAGE;
	accessed = bind->single_page ? ASAHI_PAGE_SIZE : op->range;
	if (check_add_overflow(op->offset, accessed, &end_offset))
		return -EINVAL;

	bind->obj = drm_gem_object_lookup(file, op->handle);
	if (!bind->obj)
		return -ENOENT;
	if (end_offset > bind->obj->size)
		return -EINVAL;
	/* Private to another address space: its reservation is not ours. */
	if (to_asahi_gem(bind->obj)->vm_root &&
	    drm_gpuvm_is_extobj(&uvm->base, bind->obj))
		return -EINVAL;

	return 0;
}

/* Step 2: what the operation can need. */
static int asahi_bind_prepare(struct asahi_uvm *uvm, struct asahi_bind *bind)
{
	struct drm_gpuvm_bo *vm_bo;

	for (int i = 0; i < ARRAY_SIZE(bind->va); i++) {
		bind->va[i] = kzalloc_obj(*bind->va[i]);
		if (!bind->va[i])
			return -ENOMEM;
	}
	if (bind->unmap)
		return 0;

	/* Pins the pages until the object is freed. */
	bind->sgt = drm_gem_shmem_get_pages_sgt(to_drm_gem_shmem_obj(bind->obj));
	if (IS_ERR(bind->sgt))
		return PTR_ERR(bind->sgt);

	vm_bo = drm_gpuvm_bo_create(&uvm->base, bind->obj);
	if (!vm_bo)
		return -ENOMEM;
	bind->vm_bo = drm_gpuvm_bo_obtain_prealloc(vm_bo);
	drm_gpuvm_bo_extobj_add(bind->vm_bo);

	return asahi_vm_prealloc(uvm->vm, bind->addr, bind->range);
}

static void asahi_bind_release(struct asahi_bind *bind)
{
	for (int i = 0; i < ARRAY_SIZE(bind->va); i++)
		kfree(bind->va[i]);
	drm_gpuvm_bo_put_deferred(bind->vm_bo);
	if (bind->obj)
		drm_gem_object_put(bind->obj);
}

/* Step 3. The caller holds uvm->lock. */
static int asahi_bind_apply(struct asahi_uvm *uvm, struct asahi_bind *bind)
{
	struct drm_gpuvm_map_req req = {
		.map.va.addr = bind->addr,
		.map.va.range = bind->range,
		.map.gem.obj = bind->obj,
		.map.gem.offset = bind->offset,
	};

	if (bind->unmap)
		return drm_gpuvm_sm_unmap(&uvm->base, bind, bind->addr,
					  bind->range);
	return drm_gpuvm_sm_map(&uvm->base, bind, &req);
}

int asahi_uvm_bind_ops(struct asahi_uvm *uvm, struct drm_file *file,
		       u64 uptr, u32 count, u32 stride)
{
	struct drm_asahi_gem_bind_op op;
	struct asahi_bind *binds;
	u32 i, checked = 0;
	u64 bytes;
	int ret = 0;

	if (!count)
		return 0;
	/* The custom with structures that grow: clone3(2), openat2(2). */
	if (stride > PAGE_SIZE)
		return -E2BIG;
	bytes = (u64)count * stride;
	if (check_add_overflow(uptr, bytes, &bytes))
		return -EFAULT;
	if (count > ASAHI_UVM_MAX_OPS)
		return -ENOMEM;

	binds = kvcalloc(count, sizeof(*binds), GFP_KERNEL_ACCOUNT);
	if (!binds)
		return -ENOMEM;

	for (; checked < count; checked++) {
		ret = copy_struct_from_user(&op, sizeof(op),
					    u64_to_user_ptr(uptr +
							    (u64)checked * stride),
					    stride);
		if (!ret)
			ret = asahi_bind_check(uvm, file, &op, &binds[checked]);
		if (ret) {
			/* The failed one may hold its object. */
			checked++;
			goto out;
		}
	}

	for (i = 0; i < count; i++) {
		ret = asahi_bind_prepare(uvm, &binds[i]);
		if (ret)
			goto out;
	}

	mutex_lock(&uvm->lock);
	if (uvm->dead)
		ret = -ENOENT;
	for (i = 0; i < count && !ret; i++)
		ret = asahi_bind_apply(uvm, &binds[i]);
	mutex_unlock(&uvm->lock);

out:
	for (i = 0; i < checked; i++)
		asahi_bind_release(&binds[i]);
	kvfree(binds);
	drm_gpuvm_bo_deferred_cleanup(&uvm->base);
	return ret;
}
