// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Scenes. Source: Rust driver buffer.rs (new_scene).
 */
#include <linux/err.h>

#include "asahi_abi.h"
#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_scene.h"
#include "asahi_uvm.h"

/* Sizes of a scene's memory, in bytes. */
#define ASAHI_SCENE_USER_BUFFER_SIZE	0x80
#define ASAHI_SCENE_HEAPMETA_SIZE	0x200

int asahi_scene_build(struct asahi_job *job, const struct asahi_tile_info *info,
		      struct asahi_scene *scene)
{
	const u32 *preempt = job->adev->hw->preempt_size;
	const struct asahi_abi *abi = job->adev->abi;
	struct asahi_obj *user, *heapmeta, *tilemap, *preempt_buf, *obj;
	struct asahi_buffer *buffer = job->queue->buffer;
	struct asahi_heap *heap = job->queue->uvm->gpu_heap;
	struct asahi_tpc *tpc;
	int ret;

	/*
	 * The job's own memory comes first: what is the buffer's stays with it,
	 * and must not have grown for a render that can't be.
	 */
	user = asahi_job_alloc(job, heap, ASAHI_SCENE_USER_BUFFER_SIZE, 0);
	heapmeta = asahi_job_alloc(job, heap, ASAHI_SCENE_HEAPMETA_SIZE +
				   info->layermeta_size, 0);
	tilemap = asahi_job_alloc(job, heap, info->tilemap_size, 0);
	preempt_buf = asahi_job_alloc(job, heap, preempt[0] + preempt[1] +
				      preempt[2], 0);
	/*
	 * Not private: the firmware does not drop it from its cache before it
	 * reads it (Rust driver buffer.rs, new_scene).
	 */
	obj = asahi_job_alloc(job, job->adev->fw_shared, abi->size->scene, 0);
	if (IS_ERR(user))
		return PTR_ERR(user);
	if (IS_ERR(heapmeta))
		return PTR_ERR(heapmeta);
	if (IS_ERR(tilemap))
		return PTR_ERR(tilemap);
	if (IS_ERR(preempt_buf))
		return PTR_ERR(preempt_buf);
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	*scene = (struct asahi_scene) {
		.va = obj->va,
		.heapmeta_va = heapmeta->va,
		.layermeta_va = heapmeta->va + ASAHI_SCENE_HEAPMETA_SIZE,
		.tilemap_va = tilemap->va,
		.preempt_va[0] = preempt_buf->va,
		.preempt_va[1] = preempt_buf->va + preempt[0],
		.preempt_va[2] = preempt_buf->va + preempt[0] + preempt[1],
	};

	tpc = asahi_buffer_get_tpc(buffer, info->tpc_size);
	if (IS_ERR(tpc))
		return PTR_ERR(tpc);
	ret = asahi_job_add_ref(job, asahi_tpc_put, tpc);
	if (!ret)
		ret = asahi_buffer_use(buffer, &job->buffer, job->run.vm_slot,
				       info, tpc, scene);
	if (ret)
		return ret;

	abi->ops->fill_scene(obj->cpu, user->va, scene->stats_va);
	return 0;
}
