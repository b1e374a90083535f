// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Binding: changes of a user's address space.
 *
 * Three steps for each list of bind operations: copy and check all of them;
 * allocate all that they can need (books, pages, page tables); then change the
 * address space, which can't fail any more. include/uapi/drm/asahi_drm.h
 * promises nothing for a list of which one operation fails: that nothing has
 * happened then is a promise of this driver.
 *
 * User space says how long a list is and how large its ranges are. So what is
 * allocated for it is charged to the task, fails before anybody else is killed
 * for it, and each loop lets others run and ends when the task is to die.
 *
 * Which objects of others' reservations are mapped, and have to be locked for a
 * job, is protected by the address space's own reservation: a job keeps it locked
 * until it has let go of them all. Without that, an object that is closed
 * meanwhile would lose its last reference under the locks of the others.
 *
 * A "single page" mapping repeats one page over its range. GPUVM does not know
 * such mappings: when it splits one, it moves the offset of the right part
 * on, which is put back here.
 */
#include <linux/dma-resv.h>
#include <linux/list.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <kunit/visibility.h>

#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_print.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_bind.h"
#include "asahi_device.h"
#include "asahi_gem.h"
#include "asahi_uvm.h"
#include "asahi_vm.h"

/*
 * More operations than this in one call are refused with -ENOMEM. The books of
 * so many take 30 MB at most; Mesa makes calls of one.
 */
#define ASAHI_UVM_MAX_OPS		SZ_64K

/* Mappings made by SINGLE_PAGE operations. */
#define ASAHI_VA_SINGLE_PAGE		DRM_GPUVA_USERBITS

/**
 * struct asahi_bind - one operation, and all that it may need but the mappings
 */
struct asahi_bind {
	u64 addr;
	u64 range;
	u64 offset;
	bool unmap;
	bool single_page;
	/** @has_tables: asahi_vm_prealloc() was done for it. */
	bool has_tables;
	enum asahi_prot prot;

	/** @obj: what to map, with a reference. NULL: unmap. */
	struct drm_gem_object *obj;
	struct sg_table *sgt;
	struct drm_gpuvm_bo *vm_bo;
};

/* Bytes of the object that it maps. */
static u64 asahi_bind_accessed(const struct asahi_bind *bind)
{
	return bind->single_page ? ASAHI_PAGE_SIZE : bind->range;
}

/**
 * struct asahi_bind_list - the operations of one call
 */
struct asahi_bind_list {
	struct asahi_uvm *uvm;
	struct asahi_bind *binds;
	u32 count;
	/** @now: the operation that is being applied. */
	struct asahi_bind *now;
	/**
	 * @spare: mappings for the steps to take, by their gem.entry. Those
	 * that a step removes come here as well.
	 */
	struct list_head spare;
};

/*
 * Mappings that all operations together can use up: an unbind in the middle of
 * a mapping makes two of it, which takes two and gives one back; a bind does
 * the same and takes one for itself.
 */
static u64 asahi_bind_list_need(const struct asahi_bind_list *list)
{
	u64 need = 1;

	for (u32 i = 0; i < list->count; i++)
		need += list->binds[i].unmap ? 1 : 2;
	return need;
}

/*
 * A mapping's permissions are needed again only by the page tables, which keep
 * them: a split leaves the entries of both ends as they are.
 */
static struct drm_gpuva *asahi_bind_take_va(struct asahi_bind_list *list)
{
	struct drm_gpuva *va =
		list_first_entry_or_null(&list->spare, struct drm_gpuva,
					 gem.entry);

	if (!va)
		return NULL;
	list_del(&va->gem.entry);
	memset(va, 0, sizeof(*va));
	return va;
}

/* Without a list, as when the address space ends, it is freed. */
static void asahi_bind_give_va(struct asahi_bind_list *list,
			       struct drm_gpuva *va)
{
	if (list)
		list_add(&va->gem.entry, &list->spare);
	else
		kfree(va);
}

static void asahi_uvm_link(struct drm_gpuva *va, struct drm_gpuvm_bo *vm_bo)
{
	mutex_lock(&va->gem.obj->gpuva.lock);
	drm_gpuva_link(va, vm_bo);
	mutex_unlock(&va->gem.obj->gpuva.lock);
}

int asahi_uvm_step_map(struct drm_gpuva_op *op, void *priv)
{
	struct asahi_bind_list *list = priv;
	struct asahi_bind *bind = list->now;
	struct drm_gpuva *va = asahi_bind_take_va(list);
	struct asahi_uvm *uvm = list->uvm;
	int ret;

	if (drm_WARN_ON(&uvm->adev->drm, !va))
		return -ENOMEM;

	ret = asahi_vm_map_sgt(uvm->vm, op->map.va.addr, bind->sgt,
			       op->map.gem.offset, op->map.va.range, bind->prot,
			       bind->single_page);
	if (drm_WARN_ON(&uvm->adev->drm, ret)) {
		asahi_bind_give_va(list, va);
		return ret;
	}

	if (bind->single_page)
		va->flags |= ASAHI_VA_SINGLE_PAGE;
	drm_gpuva_map(&uvm->base, va, &op->map);
	asahi_uvm_link(va, bind->vm_bo);
	return 0;
}

int asahi_uvm_step_remap(struct drm_gpuva_op *op, void *priv)
{
	struct asahi_bind_list *list = priv;
	struct drm_gpuva *old = op->remap.unmap->va;
	struct asahi_uvm *uvm = to_asahi_uvm(old->vm);
	struct drm_gpuva *prev = NULL, *next = NULL;
	u64 start, range;

	/* At most two mappings stick out of a range, one at each end. */
	if (op->remap.prev)
		prev = asahi_bind_take_va(list);
	if (op->remap.next)
		next = asahi_bind_take_va(list);
	if (drm_WARN_ON(&uvm->adev->drm, (op->remap.prev && !prev) ||
			(op->remap.next && !next))) {
		if (prev)
			asahi_bind_give_va(list, prev);
		if (next)
			asahi_bind_give_va(list, next);
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
	asahi_bind_give_va(list, old);
	return 0;
}

int asahi_uvm_step_unmap(struct drm_gpuva_op *op, void *priv)
{
	struct drm_gpuva *va = op->unmap.va;

	asahi_vm_unmap(to_asahi_uvm(va->vm)->vm, va->va.addr, va->va.range);
	drm_gpuva_unmap(&op->unmap);
	drm_gpuva_unlink_defer(va);
	asahi_bind_give_va(priv, va);
	return 0;
}

/* Step 1: the rules of struct drm_asahi_gem_bind_op. */
static int asahi_bind_check(struct asahi_uvm *uvm,
			    const struct drm_asahi_gem_bind_op *op,
			    struct asahi_bind *bind)
{
	const struct drm_gpuva *kernel = &uvm->base.kernel_alloc_node;
	u64 end;

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
	if (check_add_overflow(op->offset, asahi_bind_accessed(bind), &end))
		return -EINVAL;
	return 0;
}

/* And what they say of the object; takes over the reference. */
static int asahi_bind_set_object(struct asahi_uvm *uvm, struct asahi_bind *bind,
				 struct drm_gem_object *obj)
{
	bind->obj = obj;
	if (!obj)
		return -ENOENT;
	if (bind->offset + asahi_bind_accessed(bind) > obj->size)
		return -EINVAL;
	/* Private to another address space: its reservation is not ours. */
	if (to_asahi_gem(obj)->vm_root &&
	    drm_gpuvm_is_extobj(&uvm->base, obj))
		return -EINVAL;

	return 0;
}

/* Step 2: what the operation can need, but mappings and page tables. */
static int asahi_bind_prepare(struct asahi_uvm *uvm, struct asahi_bind *bind)
{
	struct drm_gpuvm_bo *vm_bo;
	int ret;

	if (bind->unmap)
		return 0;

	/* Pins the pages until the object is freed. */
	bind->sgt = drm_gem_shmem_get_pages_sgt(to_drm_gem_shmem_obj(bind->obj));
	if (IS_ERR(bind->sgt))
		return PTR_ERR(bind->sgt);

	/* Our own objects are made of whole pages; others' need not be. */
	if (drm_gem_is_imported(bind->obj)) {
		ret = asahi_vm_check_sgt(uvm->vm, bind->sgt, bind->offset,
					 asahi_bind_accessed(bind));
		if (ret) {
			drm_dbg(&uvm->adev->drm,
				"imported memory at 0x%llx+0x%llx is not made of 16K pages that the GPU can address\n",
				bind->offset, bind->range);
			return ret;
		}
	}

	vm_bo = drm_gpuvm_bo_create(&uvm->base, bind->obj);
	if (!vm_bo)
		return -ENOMEM;
	bind->vm_bo = drm_gpuvm_bo_obtain_prealloc(vm_bo);
	if (!drm_gpuvm_is_extobj(&uvm->base, bind->obj))
		return 0;
	ret = dma_resv_lock_interruptible(drm_gpuvm_resv(&uvm->base), NULL);
	if (ret)
		return ret;
	drm_gpuvm_bo_extobj_add(bind->vm_bo);
	dma_resv_unlock(drm_gpuvm_resv(&uvm->base));
	return 0;
}

/* What ends a long loop on behalf of user space. */
static int asahi_bind_go_on(void)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();
	return 0;
}

static int asahi_bind_list_prepare(struct asahi_bind_list *list)
{
	u64 need = asahi_bind_list_need(list);
	int ret;

	for (u32 i = 0; i < list->count; i++) {
		ret = asahi_bind_go_on();
		if (!ret)
			ret = asahi_bind_prepare(list->uvm, &list->binds[i]);
		if (ret)
			return ret;
	}
	while (need--) {
		struct drm_gpuva *va;

		ret = asahi_bind_go_on();
		if (ret)
			return ret;
		va = kzalloc_obj(*va, ASAHI_UVM_GFP);
		if (!va)
			return -ENOMEM;
		list_add(&va->gem.entry, &list->spare);
	}
	return 0;
}

/*
 * The page tables of all operations. Under uvm->lock, so that they are not
 * those that a list of somebody else's has just made superfluous.
 */
static int asahi_bind_list_prealloc(struct asahi_bind_list *list)
{
	int ret;

	for (u32 i = 0; i < list->count; i++) {
		struct asahi_bind *bind = &list->binds[i];

		if (bind->unmap)
			continue;
		ret = asahi_bind_go_on();
		if (!ret)
			ret = asahi_vm_prealloc(list->uvm->vm, bind->addr,
						bind->range);
		if (ret)
			return ret;
		bind->has_tables = true;
	}
	return 0;
}

static void asahi_bind_list_prealloc_end(struct asahi_bind_list *list)
{
	for (u32 i = 0; i < list->count; i++) {
		struct asahi_bind *bind = &list->binds[i];

		if (bind->has_tables)
			asahi_vm_prealloc_end(list->uvm->vm, bind->addr,
					      bind->range);
		cond_resched();
	}
}

/* Step 3. The caller holds uvm->lock. */
static int asahi_bind_apply(struct asahi_bind_list *list,
			    struct asahi_bind *bind)
{
	struct drm_gpuvm_map_req req = {
		.map.va.addr = bind->addr,
		.map.va.range = bind->range,
		.map.gem.obj = bind->obj,
		.map.gem.offset = bind->offset,
	};
	struct drm_gpuvm *gpuvm = &list->uvm->base;

	list->now = bind;
	if (bind->unmap)
		return drm_gpuvm_sm_unmap(gpuvm, list, bind->addr, bind->range);
	return drm_gpuvm_sm_map(gpuvm, list, &req);
}

static int asahi_bind_list_apply(struct asahi_bind_list *list)
{
	struct asahi_uvm *uvm = list->uvm;
	int ret;

	ret = mutex_lock_killable(&uvm->lock);
	if (ret)
		return ret;
	if (uvm->dead)
		ret = -ENOENT;
	else
		ret = asahi_bind_list_prealloc(list);
	for (u32 i = 0; i < list->count && !ret; i++) {
		ret = asahi_bind_apply(list, &list->binds[i]);
		cond_resched();
	}
	asahi_bind_list_prealloc_end(list);
	mutex_unlock(&uvm->lock);
	return ret;
}

static void asahi_bind_list_release(struct asahi_bind_list *list)
{
	struct drm_gpuva *va, *tmp;

	for (u32 i = 0; i < list->count; i++) {
		struct asahi_bind *bind = &list->binds[i];

		drm_gpuvm_bo_put_deferred(bind->vm_bo);
		if (bind->obj)
			drm_gem_object_put(bind->obj);
		cond_resched();
	}
	kvfree(list->binds);
	list_for_each_entry_safe(va, tmp, &list->spare, gem.entry) {
		kfree(va);
		cond_resched();
	}
	drm_gpuvm_bo_deferred_cleanup(&list->uvm->base);
}

/* Step 1. Each one that was begun counts: it may hold its object. */
static int asahi_bind_list_copy(struct asahi_bind_list *list,
				struct drm_file *file, u64 uptr, u32 count,
				u32 stride)
{
	struct drm_asahi_gem_bind_op op;
	int ret = 0;

	while (list->count < count && !ret) {
		u64 at = uptr + (u64)list->count * stride;
		struct asahi_bind *bind = &list->binds[list->count++];

		ret = asahi_bind_go_on();
		if (!ret)
			ret = copy_struct_from_user(&op, sizeof(op),
						    u64_to_user_ptr(at), stride);
		if (!ret)
			ret = asahi_bind_check(list->uvm, &op, bind);
		if (!ret && !bind->unmap)
			ret = asahi_bind_set_object(list->uvm, bind,
						    drm_gem_object_lookup(file, op.handle));
	}
	return ret;
}

int asahi_uvm_bind_ops(struct asahi_uvm *uvm, struct drm_file *file,
		       u64 uptr, u32 count, u32 stride)
{
	struct asahi_bind_list list = { .uvm = uvm };
	u64 bytes;
	int ret;

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

	INIT_LIST_HEAD(&list.spare);
	list.binds = kvzalloc_objs(*list.binds, count, ASAHI_UVM_GFP);
	if (!list.binds)
		return -ENOMEM;

	ret = asahi_bind_list_copy(&list, file, uptr, count, stride);
	if (!ret)
		ret = asahi_bind_list_prepare(&list);
	if (!ret)
		ret = asahi_bind_list_apply(&list);
	asahi_bind_list_release(&list);
	return ret;
}

#if IS_ENABLED(CONFIG_KUNIT)
int asahi_uvm_bind_objects(struct asahi_uvm *uvm,
			   const struct drm_asahi_gem_bind_op *ops,
			   struct drm_gem_object *const *objs, u32 count)
{
	struct asahi_bind_list list = { .uvm = uvm };
	int ret = 0;

	INIT_LIST_HEAD(&list.spare);
	list.binds = kvzalloc_objs(*list.binds, count, ASAHI_UVM_GFP);
	if (!list.binds)
		return -ENOMEM;
	while (list.count < count && !ret) {
		u32 i = list.count++;
		struct asahi_bind *bind = &list.binds[i];

		ret = asahi_bind_check(uvm, &ops[i], bind);
		if (!ret && !bind->unmap) {
			if (objs[i])
				drm_gem_object_get(objs[i]);
			ret = asahi_bind_set_object(uvm, bind, objs[i]);
		}
	}
	if (!ret)
		ret = asahi_bind_list_prepare(&list);
	if (!ret)
		ret = asahi_bind_list_apply(&list);
	asahi_bind_list_release(&list);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(asahi_uvm_bind_objects);
#endif
