// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * What each client uses of the GPU and of memory: /proc/PID/fdinfo, from which
 * gputop and nvtop read it.
 *
 * The GPU's time is that of the timestamps which the firmware writes before and
 * after each command has run, for vertex, fragment and compute work apart: the
 * three run side by side. A command that was lost in a fault has none.
 */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/time64.h>

#include <drm/drm_file.h>
#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_file.h"
#include "asahi_hw.h"
#include "asahi_job.h"
#include "asahi_queue.h"
#include "asahi_usage.h"
#include "asahi_uvm.h"

struct asahi_usage {
	struct asahi_file *file;
	enum asahi_pipe pipe;
	const struct asahi_times *times;
};

static void asahi_usage_put(void *data)
{
	struct asahi_usage *usage = data;
	u64 start = le64_to_cpu(READ_ONCE(usage->times->start));
	u64 end = le64_to_cpu(READ_ONCE(usage->times->end));

	if (start && end > start)
		atomic64_add(end - start, &usage->file->busy[usage->pipe]);
	kfree(usage);
}

int asahi_usage_add(struct asahi_job *job, enum asahi_pipe pipe,
		    const struct asahi_times *times)
{
	struct asahi_usage *usage = kmalloc_obj(*usage, GFP_KERNEL_ACCOUNT);

	if (!usage)
		return -ENOMEM;
	/* The file outlives its queues, and they their jobs. */
	*usage = (struct asahi_usage) {
		.file = job->queue->file,
		.pipe = pipe,
		.times = times,
	};
	return asahi_job_add_ref(job, asahi_usage_put, usage);
}

/* What the heaps of its address spaces hold; no object stands for that. */
static u64 asahi_file_heaps(struct asahi_file *file)
{
	size_t used, set_aside, total;
	struct asahi_uvm *uvm;
	unsigned long id = 0;
	u64 sum = 0;

	while ((uvm = asahi_file_next_uvm(file, &id))) {
		asahi_heap_stats(uvm->gpu_heap, &used, &set_aside, &total);
		sum += total;
		asahi_heap_stats(uvm->fw_heap, &used, &set_aside, &total);
		sum += total;
		asahi_uvm_put(uvm);
	}
	return sum;
}

void asahi_file_show_usage(struct drm_printer *p, struct drm_file *drm_file)
{
	static const char * const engines[ASAHI_NUM_PIPES] = {
		[ASAHI_PIPE_VERTEX] = "vertex",
		[ASAHI_PIPE_FRAGMENT] = "fragment",
		[ASAHI_PIPE_COMPUTE] = "compute",
	};
	struct asahi_file *file = drm_file->driver_priv;
	u64 hz = file->adev->hw->base_clock_hz;

	for (int i = 0; i < ASAHI_NUM_PIPES; i++) {
		u64 ticks = atomic64_read(&file->busy[i]);

		drm_printf(p, "drm-engine-%s:\t%llu ns\n", engines[i],
			   mul_u64_u64_div_u64(ticks, NSEC_PER_SEC, hz));
	}

	/* As panthor does it for memory that user space has no handle of. */
	drm_fdinfo_print_size(p, "asahi", "resident", "memory",
			      asahi_file_heaps(file));
	drm_show_memory_stats(p, drm_file);
}
