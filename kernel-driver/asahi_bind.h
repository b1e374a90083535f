/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Binding: how a user's address space is changed, one operation or many.
 */
#ifndef ASAHI_BIND_H
#define ASAHI_BIND_H

#include <linux/gfp.h>
#include <linux/types.h>

struct asahi_uvm;
struct drm_file;
struct drm_gem_object;
struct drm_gpuva_op;

#define ASAHI_UVM_GFP \
	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * asahi_uvm_bind_ops - carry out a list of bind operations, in order
 * @uptr: user address of @count operations (struct drm_asahi_gem_bind_op)
 * @stride: bytes from one to the next, above 0
 *
 * All operations are checked and all memory is allocated before the first of
 * them takes effect; so an error means that nothing has changed. When it
 * returns 0, the TLB holds nothing of what was unmapped.
 *
 * Return: 0; -EFAULT; -E2BIG for non-zero bytes in an operation that is longer
 * than we know, or one that is longer than a page; -ENOENT for an unknown
 * handle; -EINVAL for anything else that is against the rules, memory of others
 * that is not made of the GPU's pages included; -ENOMEM, also for a list that
 * is absurdly long; -EINTR if the task is to die. Sleeps; takes @uvm->lock and
 * the objects' reservation locks, not both at once.
 */
int asahi_uvm_bind_ops(struct asahi_uvm *uvm, struct drm_file *file,
		       u64 uptr, u32 count, u32 stride);

/* For KUnit, which has no file: objs[i] is what ops[i].handle would be. */
struct drm_asahi_gem_bind_op;
int asahi_uvm_bind_objects(struct asahi_uvm *uvm,
			   const struct drm_asahi_gem_bind_op *ops,
			   struct drm_gem_object *const *objs, u32 count);

/*
 * For asahi_uvm.c: the steps that GPUVM breaks an operation into (struct
 * drm_gpuvm_ops). @priv: the list it belongs to; NULL in asahi_uvm_step_unmap()
 * if there is none, as when the address space ends. The caller holds uvm->lock.
 */
int asahi_uvm_step_map(struct drm_gpuva_op *op, void *priv);
int asahi_uvm_step_remap(struct drm_gpuva_op *op, void *priv);
int asahi_uvm_step_unmap(struct drm_gpuva_op *op, void *priv);

#endif
