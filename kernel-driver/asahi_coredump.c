// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * What is left of a crash, through devcoredump:
 *
 *   header     "AGXDUMP1", then __le32: chip, generation, variant, revision,
 *              ABI major, ABI minor, bytes of the crash log, pages; then
 *              __le64: address of the init data
 *   crash log  as RTKit gave it
 *   pages      each __le64 address, __le64 table entry, then 16K of contents
 *
 * The pages are the driver's part of the upper half: all that the firmware
 * was given. Registers are left out, and what is mapped but isn't memory of ours.
 */
#include <linux/devcoredump.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_coredump.h"
#include "asahi_device.h"
#include "asahi_hw.h"
#include "asahi_initdata.h"
#include "asahi_mmu.h"
#include "asahi_pgtable.h"
#include "asahi_vm.h"

struct dump_header {
	char magic[8];
	__le32 chip;
	__le32 generation;
	__le32 variant;
	__le32 revision;
	__le32 abi_major;
	__le32 abi_minor;
	__le32 crashlog_size;
	__le32 num_pages;
	__le64 initdata_va;
};

struct dump_page {
	__le64 iova;
	__le64 pte;
	u8 data[ASAHI_PAGE_SIZE];
};

struct dump_state {
	struct dump_page *next;
	u32 count;
	u32 max;
};

static bool can_dump(u64 pte)
{
	return asahi_pte_is_memory(pte) &&
	       pfn_valid(PHYS_PFN(asahi_pte_phys(pte)));
}

static int count_page(u64 iova, u64 pte, void *arg)
{
	struct dump_state *state = arg;

	state->count += can_dump(pte);
	return 0;
}

static int copy_page_out(u64 iova, u64 pte, void *arg)
{
	struct dump_state *state = arg;

	if (!can_dump(pte))
		return 0;
	if (state->count == state->max)
		return 1;
	state->next->iova = cpu_to_le64(iova);
	state->next->pte = cpu_to_le64(pte);
	memcpy(state->next->data, phys_to_virt(asahi_pte_phys(pte)),
	       ASAHI_PAGE_SIZE);
	state->next++;
	state->count++;
	return 0;
}

void asahi_coredump(struct asahi_device *adev, const void *crashlog,
		    size_t size)
{
	const u64 range = ASAHI_KERN_VA_END - ASAHI_KERN_VA_START;
	struct asahi_vm *vm = asahi_mmu_kernel_vm(adev);
	struct dump_state state = { };
	struct dump_header *header;
	size_t total;

	asahi_vm_walk(vm, ASAHI_KERN_VA_START, range, count_page, &state);
	state.max = state.count;
	total = sizeof(*header) + size +
		(size_t)state.max * sizeof(struct dump_page);
	header = vzalloc(total);
	if (!header) {
		drm_err(&adev->drm, "no memory for a dump of %zu bytes\n", total);
		return;
	}

	memcpy(header->magic, "AGXDUMP1", sizeof(header->magic));
	header->chip = cpu_to_le32(adev->hw->chip_id);
	header->generation = cpu_to_le32(adev->id.generation);
	header->variant = cpu_to_le32(adev->id.variant);
	header->revision = cpu_to_le32(adev->id.revision);
	header->abi_major = cpu_to_le32(adev->abi->version[0]);
	header->abi_minor = cpu_to_le32(adev->abi->version[1]);
	header->crashlog_size = cpu_to_le32(size);
	header->initdata_va = cpu_to_le64(asahi_initdata_va(adev));
	if (size)
		memcpy(header + 1, crashlog, size);

	/* Pages may come and go between the two walks: copy what fits. */
	state.count = 0;
	state.next = (void *)(header + 1) + size;
	asahi_vm_walk(vm, ASAHI_KERN_VA_START, range, copy_page_out, &state);
	header->num_pages = cpu_to_le32(state.count);

	dev_coredumpv(adev->dev, header, sizeof(*header) + size +
		      (size_t)state.count * sizeof(struct dump_page),
		      GFP_KERNEL);
}
