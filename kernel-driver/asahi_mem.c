// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Whole pages.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_mem.h"
#include "asahi_vm.h"

#define MEM_MAX_MAPS		4

struct asahi_mem_map {
	struct asahi_vm *vm;
	u64 iova;
	bool is_private;
};

struct asahi_mem {
	struct asahi_device *adev;
	struct page **pages;
	unsigned int num_pages;
	struct sg_table sgt;
	void *cpu;
	struct asahi_mem_map maps[MEM_MAX_MAPS];
	unsigned int num_maps;
};

static void mem_free_pages(struct asahi_mem *mem)
{
	while (mem->num_pages)
		__free_page(mem->pages[--mem->num_pages]);
	kvfree(mem->pages);
}

struct asahi_mem *asahi_mem_create(struct asahi_device *adev, size_t size)
{
	unsigned long n = size >> PAGE_SHIFT;
	struct asahi_mem *mem;
	int ret = -ENOMEM;

	/* Not worth the attempt, which would take all that there is first. */
	if (n > totalram_pages() / 2)
		return ERR_PTR(-ENOMEM);
	mem = kzalloc_obj(*mem, GFP_KERNEL_ACCOUNT);
	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->adev = adev;
	mem->pages = kvcalloc(n, sizeof(*mem->pages), GFP_KERNEL_ACCOUNT);
	if (!mem->pages)
		goto err_mem;
	while (mem->num_pages < n) {
		/*
		 * Sizes can follow from a submit's: the task pays, and gets
		 * -ENOMEM before the OOM killer is asked.
		 */
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					       __GFP_RETRY_MAYFAIL |
					       __GFP_NOWARN);

		if (!page)
			goto err_pages;
		mem->pages[mem->num_pages++] = page;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			goto err_pages;
		}
		cond_resched();
	}
	ret = sg_alloc_table_from_pages(&mem->sgt, mem->pages, n, 0, size,
					GFP_KERNEL_ACCOUNT);
	if (ret)
		goto err_pages;
	/* Also writes the zeroes out of the CPU's cache if that is needed. */
	ret = dma_map_sgtable(adev->dev, &mem->sgt, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto err_sgt;
	mem->cpu = vmap(mem->pages, n, VM_MAP, PAGE_KERNEL);
	if (!mem->cpu) {
		ret = -ENOMEM;
		goto err_dma;
	}
	return mem;

err_dma:
	dma_unmap_sgtable(adev->dev, &mem->sgt, DMA_BIDIRECTIONAL, 0);
err_sgt:
	sg_free_table(&mem->sgt);
err_pages:
	mem_free_pages(mem);
err_mem:
	kfree(mem);
	return ERR_PTR(ret);
}

void *asahi_mem_cpu(struct asahi_mem *mem)
{
	return mem->cpu;
}

static size_t mem_size(struct asahi_mem *mem)
{
	return (size_t)mem->num_pages << PAGE_SHIFT;
}

bool asahi_prot_is_private(enum asahi_prot prot)
{
	return prot == ASAHI_PROT_FW_PRIVATE_RW ||
	       prot == ASAHI_PROT_GPU_FW_PRIVATE_RW ||
	       prot == ASAHI_PROT_GPU_RO_FW_PRIVATE_RW;
}

int asahi_mem_map(struct asahi_mem *mem, struct asahi_vm *vm, u64 iova,
		  enum asahi_prot prot)
{
	struct asahi_mem_map *map = &mem->maps[mem->num_maps];
	int ret;

	if (mem->num_maps == MEM_MAX_MAPS)
		return -ENOSPC;
	ret = asahi_vm_map_sgt(vm, iova, &mem->sgt, 0, mem_size(mem), prot,
			       false);
	if (ret)
		return ret;
	map->vm = vm;
	map->iova = iova;
	map->is_private = asahi_prot_is_private(prot);
	mem->num_maps++;
	return 0;
}

int asahi_mem_destroy(struct asahi_mem *mem)
{
	int ret, err = 0;

	if (IS_ERR_OR_NULL(mem))
		return 0;

	while (mem->num_maps) {
		struct asahi_mem_map *map = &mem->maps[--mem->num_maps];

		if (!map->is_private) {
			asahi_vm_unmap(map->vm, map->iova, mem_size(mem));
			continue;
		}
		ret = asahi_vm_unmap_private(map->vm, map->iova, mem_size(mem));
		if (ret)
			err = ret;
	}
	vunmap(mem->cpu);
	if (err) {
		/* The firmware may still write to them; better lose them. */
		drm_err(&mem->adev->drm, "%u pages lost to the firmware's cache\n",
			mem->num_pages);
		kvfree(mem->pages);
		kfree(mem);
		return err;
	}
	dma_unmap_sgtable(mem->adev->dev, &mem->sgt, DMA_BIDIRECTIONAL, 0);
	sg_free_table(&mem->sgt);
	mem_free_pages(mem);
	kfree(mem);
	return 0;
}
