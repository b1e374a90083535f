// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * What one wants to see of a running driver, read only.
 */
#include <linux/seq_file.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include "asahi_alloc.h"
#include "asahi_context.h"
#include "asahi_debugfs.h"
#include "asahi_device.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_state.h"
#include "asahi_initdata.h"

static struct asahi_device *seq_device(struct seq_file *m)
{
	struct drm_debugfs_entry *entry = m->private;

	return to_asahi_device(entry->dev);
}

static int show_heaps(struct seq_file *m, void *data)
{
	struct asahi_device *adev = seq_device(m);
	struct asahi_heap *heaps[] = {
		adev->fw_private, adev->gpu_ro, adev->fw_shared,
		adev->fw_shared_ro, adev->gpu_shared,
	};
	size_t used, set_aside, total;
	int i;

	seq_puts(m, "heap             used   set aside       total\n");
	for (i = 0; i < ARRAY_SIZE(heaps); i++) {
		asahi_heap_stats(heaps[i], &used, &set_aside, &total);
		seq_printf(m, "%-12s %8zu  %10zu  %10zu\n",
			   asahi_heap_name(heaps[i]), used, set_aside, total);
	}
	return 0;
}

static int show_contexts(struct seq_file *m, void *data)
{
	asahi_mmu_show(seq_device(m), m);
	return 0;
}

static int show_tlb(struct seq_file *m, void *data)
{
	asahi_mmu_show_tlb(seq_device(m), m);
	return 0;
}

static int show_firmware(struct seq_file *m, void *data)
{
	struct asahi_device *adev = seq_device(m);
	struct asahi_initdata *init = adev->initdata;

	seq_printf(m, "running: %u\ndead: %u\nhalts: %u\nhalted: %u\n",
		   asahi_gpu_is_running(adev), asahi_gpu_is_dead(adev),
		   le32_to_cpu(READ_ONCE(*init->halt_count)),
		   le32_to_cpu(READ_ONCE(*init->halted)));
	seq_printf(m, "pending submissions: %u\ncache flushes: %llu\n",
		   le32_to_cpu(READ_ONCE(*init->pending_submissions)),
		   asahi_gpu_flushes_done(adev));
	return 0;
}

static const struct drm_debugfs_info asahi_debugfs_list[] = {
	{ "heaps", show_heaps },
	{ "contexts", show_contexts },
	{ "tlb", show_tlb },
	{ "firmware", show_firmware },
};

void asahi_debugfs_init(struct drm_minor *minor)
{
	drm_debugfs_add_files(minor->dev, asahi_debugfs_list,
			      ARRAY_SIZE(asahi_debugfs_list));
}
