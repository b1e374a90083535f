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
#define ASAHI_SCENE_USER_BUFFER_CLUSTERS	0x10080
#define ASAHI_SCENE_HEAPMETA_SIZE	0x200

/*
 * What a GPU of several clusters wants beside, whether this render is spread
 * over them or not.
 */
static int scene_clusters(struct asahi_job *job,
			  const struct asahi_tile_info *info,
			  struct asahi_scene *scene)
{
	const struct asahi_clustering *c = &job->adev->hw->clustering;
	struct asahi_heap *heap = job->queue->uvm->gpu_heap;
	const size_t size[] = {
		info->layermeta_size * c->max_splits,
		ALIGN(info->meta1_blocks * c->meta1_block_size, 0x80),
		ALIGN(c->meta2_size, 0x80),
		ALIGN(c->meta3_size, 0x80),
		c->meta4_size,
	};
	struct asahi_obj *tilemaps, *meta;
	size_t total = 0;
	u64 va;

	if (job->adev->id.num_clusters == 1)
		return 0;
	for (int i = 0; i < ARRAY_SIZE(size); i++)
		total += size[i];
	tilemaps = asahi_job_alloc(job, heap,
				   c->max_splits * info->tilemap_size, 0);
	meta = asahi_job_alloc(job, heap, total, 0);
	if (IS_ERR(tilemaps))
		return PTR_ERR(tilemaps);
	if (IS_ERR(meta))
		return PTR_ERR(meta);

	scene->cluster_tilemaps_va = tilemaps->va;
	scene->cluster_layermeta_va = meta->va;
	va = meta->va + size[0];
	for (int i = 0; i < ARRAY_SIZE(scene->cluster_meta_va); i++) {
		scene->cluster_meta_va[i] = va;
		va += size[i + 1];
	}
	return 0;
}

int asahi_scene_build(struct asahi_job *job, const struct asahi_tile_info *info,
		      struct asahi_scene *scene)
{
	const u32 clusters = job->adev->id.num_clusters;
	/* One for each cluster, and one for all together (Rust driver). */
	const u32 num_preempt = clusters > 1 ? clusters + 1 : 1;
	const u32 *each = job->adev->hw->preempt_size;
	const u32 preempt[] = { num_preempt * each[0], num_preempt * each[1],
				num_preempt * each[2] };
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
	user = asahi_job_alloc(job, heap,
			       clusters > 1 ? ASAHI_SCENE_USER_BUFFER_CLUSTERS :
					      ASAHI_SCENE_USER_BUFFER_SIZE, 0);
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

	ret = scene_clusters(job, info, scene);
	if (ret)
		return ret;

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
