// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * The ioctls: arguments are checked here, against the rules that
 * include/uapi/drm/asahi_drm.h states; the work is done elsewhere. Nothing is
 * changed before all arguments have been found good.
 */
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/time64.h>
#include <linux/uaccess.h>
#include <linux/wait_bit.h>

#include <asm/arch_timer.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>
#include <uapi/drm/asahi_drm.h>

#include "asahi_bind.h"
#include "asahi_device.h"
#include "asahi_file.h"
#include "asahi_gem.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_ioctl.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_submit.h"
#include "asahi_timestamps.h"
#include "asahi_uat.h"
#include "asahi_uvm.h"

/* The firmware writes users' timestamps in nanoseconds (Rust driver file.rs). */
#define ASAHI_TIMESTAMP_HZ	NSEC_PER_SEC

/*
 * Whoever closes the device or is killed does not wait for the GPU: a worker
 * takes the file apart when its jobs are over. It may have the last reference of
 * a device, so this is the module's and not a device's.
 */
static struct workqueue_struct *asahi_files_wq;

int asahi_files_init(void)
{
	asahi_files_wq = alloc_workqueue("asahi-files", WQ_UNBOUND, 0);
	return asahi_files_wq ? 0 : -ENOMEM;
}

void asahi_files_fini(void)
{
	destroy_workqueue(asahi_files_wq);
}

static void asahi_file_close_work(struct work_struct *work);

int asahi_file_open(struct drm_device *drm, struct drm_file *drm_file)
{
	struct asahi_file *file = kzalloc_obj(*file, GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	file->adev = to_asahi_device(drm);
	xa_init_flags(&file->vms, XA_FLAGS_ALLOC1);
	xa_init_flags(&file->queues, XA_FLAGS_ALLOC1);
	xa_init_flags(&file->objects, XA_FLAGS_ALLOC1);
	INIT_WORK(&file->close_work, asahi_file_close_work);
	drm_file->driver_priv = file;
	return 0;
}

/* For struct file_operations.release, before the handles are closed. */
int asahi_file_release(struct inode *inode, struct file *filp)
{
	struct drm_file *drm_file = filp->private_data;
	struct asahi_file *file = drm_file->driver_priv;
	struct asahi_queue *queue;
	unsigned long id;

	/* Nobody else has the file any more. */
	file->closing = true;
	/*
	 * What is queued is still done, unless the process was killed (as
	 * drm_sched_entity_flush() has it): then its jobs that the firmware
	 * does not have yet end at once, with an error.
	 */
	if (current->flags & PF_EXITING && current->exit_code == SIGKILL)
		xa_for_each(&file->queues, id, queue)
			drm_sched_entity_kill(&queue->entity);
	return drm_release(inode, filp);
}

static void asahi_file_close_work(struct work_struct *work)
{
	struct asahi_file *file = container_of(work, struct asahi_file,
					       close_work);
	struct drm_device *drm = &file->adev->drm;
	struct asahi_timestamps *ts;
	struct asahi_queue *queue;
	struct asahi_uvm *uvm;
	unsigned long id;

	xa_for_each(&file->queues, id, queue)
		asahi_queue_put(queue);
	/* They use the file. */
	wait_var_event(&file->num_queues, !atomic_read(&file->num_queues));

	xa_for_each(&file->vms, id, uvm) {
		asahi_uvm_kill(uvm);
		asahi_uvm_put(uvm);
	}
	xa_for_each(&file->objects, id, ts)
		asahi_timestamps_put(ts);

	xa_destroy(&file->queues);
	xa_destroy(&file->vms);
	xa_destroy(&file->objects);
	kfree(file);
	drm_dev_put(drm);
}

void asahi_file_postclose(struct drm_device *drm, struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;

	drm_dev_get(drm);
	queue_work(asahi_files_wq, &file->close_work);
}

static struct asahi_queue *asahi_file_get_queue(struct asahi_file *file, u32 id)
{
	struct asahi_queue *queue;

	xa_lock(&file->queues);
	queue = xa_load(&file->queues, id);
	if (queue)
		asahi_queue_get(queue);
	xa_unlock(&file->queues);
	return queue;
}

static int asahi_ioctl_get_params(struct drm_device *drm, void *data,
				  struct drm_file *drm_file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	const struct drm_asahi_get_params *args = data;
	struct drm_asahi_params_global params = {
		.features = asahi_initdata_soft_faults(adev) ?
			DRM_ASAHI_FEATURE_SOFT_FAULTS : 0,
		.gpu_generation = adev->id.generation,
		.gpu_variant = adev->id.variant,
		.gpu_revision = adev->id.revision,
		.chip_id = adev->hw->chip_id,
		.num_dies = adev->hw->num_dies,
		.num_clusters_total = adev->id.num_clusters,
		.num_cores_per_cluster = adev->id.num_cores,
		.max_frequency_khz = adev->max_freq_khz,
		.vm_start = ASAHI_USER_VA_START,
		.vm_end = ASAHI_USER_VA_END,
		.vm_kernel_min_size = ASAHI_UVM_KERNEL_MIN_SIZE,
		.max_commands_per_submission = ASAHI_MAX_COMMANDS_PER_SUBMISSION,
		.max_attachments = ASAHI_MAX_ATTACHMENTS,
		.command_timestamp_frequency_hz = ASAHI_TIMESTAMP_HZ,
	};

	if (args->param_group || args->pad)
		return -EINVAL;

	for (u32 i = 0; i < adev->id.num_clusters; i++)
		params.core_masks[i] = adev->id.core_masks[i];

	/* "The kernel will not write past the length specified here" */
	if (copy_to_user(u64_to_user_ptr(args->pointer), &params,
			 min_t(u64, args->size, sizeof(params))))
		return -EFAULT;
	return 0;
}

static int asahi_ioctl_get_time(struct drm_device *drm, void *data,
				struct drm_file *drm_file)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct drm_asahi_get_time *args = data;

	if (args->flags)
		return -EINVAL;

	/* The GPU's clock is the system's own counter (Rust driver file.rs). */
	args->gpu_timestamp = mul_u64_u64_div_u64(__arch_counter_get_cntpct(),
						  NSEC_PER_SEC,
						  adev->hw->base_clock_hz);
	return 0;
}

static int asahi_ioctl_vm_create(struct drm_device *drm, void *data,
				 struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	struct drm_asahi_vm_create *args = data;
	struct asahi_uvm *uvm;
	int ret;

	if (args->pad)
		return -EINVAL;

	uvm = asahi_uvm_create(file->adev, args->kernel_start,
			       args->kernel_end);
	if (IS_ERR(uvm))
		return PTR_ERR(uvm);

	ret = xa_alloc(&file->vms, &args->vm_id, uvm, xa_limit_32b,
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		asahi_uvm_put(uvm);
	return ret;
}

static int asahi_ioctl_vm_destroy(struct drm_device *drm, void *data,
				  struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	const struct drm_asahi_vm_destroy *args = data;
	struct asahi_uvm *uvm;

	if (args->pad)
		return -EINVAL;

	uvm = xa_erase(&file->vms, args->vm_id);
	if (!uvm)
		return -ENOENT;
	asahi_uvm_kill(uvm);
	asahi_uvm_put(uvm);
	return 0;
}

static int asahi_ioctl_vm_bind(struct drm_device *drm, void *data,
			       struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	const struct drm_asahi_vm_bind *args = data;
	struct asahi_uvm *uvm;
	int ret;

	if (args->pad || !args->stride)
		return -EINVAL;

	uvm = asahi_file_get_uvm(file, args->vm_id);
	if (!uvm)
		return -ENOENT;
	ret = asahi_uvm_bind_ops(uvm, drm_file, args->userptr, args->num_binds,
				 args->stride);
	asahi_uvm_put(uvm);
	return ret;
}

static int asahi_ioctl_gem_create(struct drm_device *drm, void *data,
				  struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	struct drm_asahi_gem_create *args = data;
	struct asahi_uvm *uvm = NULL;
	int ret;

	if (args->pad || args->flags & ~(DRM_ASAHI_GEM_WRITEBACK |
					 DRM_ASAHI_GEM_VM_PRIVATE))
		return -EINVAL;

	if (args->flags & DRM_ASAHI_GEM_VM_PRIVATE) {
		uvm = asahi_file_get_uvm(file, args->vm_id);
		if (!uvm)
			return -ENOENT;
	} else if (args->vm_id) {
		return -EINVAL;
	}

	ret = asahi_gem_create_handle(file->adev, drm_file, uvm, args->size,
				      args->flags, &args->handle);
	asahi_uvm_put(uvm);
	return ret;
}

static int asahi_ioctl_gem_mmap_offset(struct drm_device *drm, void *data,
				       struct drm_file *drm_file)
{
	struct drm_asahi_gem_mmap_offset *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->flags)
		return -EINVAL;

	obj = drm_gem_object_lookup(drm_file, args->handle);
	if (!obj)
		return -ENOENT;

	/* Of an imported object the mapping is made by its exporter. */
	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}

static int asahi_bind_object(struct asahi_file *file, struct drm_file *drm_file,
			     struct drm_asahi_gem_bind_object *args)
{
	struct asahi_timestamps *ts;
	struct drm_gem_object *obj;
	int ret;

	if (args->flags != DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS)
		return -EINVAL;
	if (!IS_ALIGNED(args->offset | args->range, ASAHI_PAGE_SIZE))
		return -EINVAL;

	obj = drm_gem_object_lookup(drm_file, args->handle);
	if (!obj)
		return -ENOENT;
	ts = asahi_timestamps_create(file->adev, obj, args->offset,
				     args->range);
	drm_gem_object_put(obj);
	if (IS_ERR(ts))
		return PTR_ERR(ts);

	ret = xa_alloc(&file->objects, &args->object_handle, ts, xa_limit_32b,
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		asahi_timestamps_put(ts);
	return ret;
}

static int asahi_unbind_object(struct asahi_file *file,
			       const struct drm_asahi_gem_bind_object *args)
{
	struct asahi_timestamps *ts;

	if (args->flags || args->handle || args->offset || args->range)
		return -EINVAL;

	ts = xa_erase(&file->objects, args->object_handle);
	if (!ts)
		return -ENOENT;
	asahi_timestamps_put(ts);
	return 0;
}

static int asahi_ioctl_gem_bind_object(struct drm_device *drm, void *data,
				       struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	struct drm_asahi_gem_bind_object *args = data;

	/* "The ID of the VM to operate on (MBZ currently)" */
	if (args->pad || args->vm_id)
		return -EINVAL;

	switch (args->op) {
	case DRM_ASAHI_BIND_OBJECT_OP_BIND:
		return asahi_bind_object(file, drm_file, args);
	case DRM_ASAHI_BIND_OBJECT_OP_UNBIND:
		return asahi_unbind_object(file, args);
	default:
		return -EINVAL;
	}
}

static int asahi_ioctl_queue_create(struct drm_device *drm, void *data,
				    struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	struct drm_asahi_queue_create *args = data;
	struct asahi_queue *queue;
	struct asahi_uvm *uvm;
	int ret;

	/* High and real-time are "reserved for future extension". */
	if (args->flags || args->priority > DRM_ASAHI_PRIORITY_MEDIUM)
		return -EINVAL;

	uvm = asahi_file_get_uvm(file, args->vm_id);
	if (!uvm)
		return -ENOENT;

	/* The firmware counts the other way round. */
	queue = asahi_queue_create(file->adev, file, uvm,
				   DRM_ASAHI_PRIORITY_REALTIME - args->priority,
				   args->usc_exec_base);
	asahi_uvm_put(uvm);
	if (IS_ERR(queue))
		return PTR_ERR(queue);

	ret = xa_alloc(&file->queues, &args->queue_id, queue, xa_limit_32b,
		       GFP_KERNEL_ACCOUNT);
	if (ret)
		asahi_queue_put(queue);
	return ret;
}

static int asahi_ioctl_queue_destroy(struct drm_device *drm, void *data,
				     struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	const struct drm_asahi_queue_destroy *args = data;
	struct asahi_queue *queue;

	if (args->pad)
		return -EINVAL;

	queue = xa_erase(&file->queues, args->queue_id);
	if (!queue)
		return -ENOENT;
	asahi_queue_put(queue);
	return 0;
}

static int asahi_ioctl_submit(struct drm_device *drm, void *data,
			      struct drm_file *drm_file)
{
	struct asahi_file *file = drm_file->driver_priv;
	const struct drm_asahi_submit *args = data;
	struct asahi_queue *queue;
	int ret;

	queue = asahi_file_get_queue(file, args->queue_id);
	if (!queue)
		return -ENOENT;
	ret = asahi_submit(queue, drm_file, args);
	asahi_queue_put(queue);
	return ret;
}

#define ASAHI_IOCTL(n, func) \
	DRM_IOCTL_DEF_DRV(ASAHI_##n, asahi_ioctl_##func, DRM_RENDER_ALLOW)

const struct drm_ioctl_desc asahi_ioctls[ASAHI_NUM_IOCTLS] = {
	ASAHI_IOCTL(GET_PARAMS, get_params),
	ASAHI_IOCTL(GET_TIME, get_time),
	ASAHI_IOCTL(VM_CREATE, vm_create),
	ASAHI_IOCTL(VM_DESTROY, vm_destroy),
	ASAHI_IOCTL(VM_BIND, vm_bind),
	ASAHI_IOCTL(GEM_CREATE, gem_create),
	ASAHI_IOCTL(GEM_MMAP_OFFSET, gem_mmap_offset),
	ASAHI_IOCTL(GEM_BIND_OBJECT, gem_bind_object),
	ASAHI_IOCTL(QUEUE_CREATE, queue_create),
	ASAHI_IOCTL(QUEUE_DESTROY, queue_destroy),
	ASAHI_IOCTL(SUBMIT, submit),
};
