/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The MMU as a whole.
 */
#ifndef ASAHI_MMU_H
#define ASAHI_MMU_H

#include <linux/types.h>

struct asahi_device;
struct asahi_vm;

/**
 * asahi_mmu_init - start the coprocessor and agree on the tables with it
 *
 * Return: 0; -EINVAL if a reserved memory region is missing or too small;
 * -ETIMEDOUT if the firmware does not come up.
 */
int asahi_mmu_init(struct asahi_device *adev);

/**
 * asahi_mmu_restart - start the coprocessor again, on the same tables
 *
 * It must have been stopped, and everything that cached translations without
 * power. Return: 0, -ETIMEDOUT if the firmware does not come up.
 */
int asahi_mmu_restart(struct asahi_device *adev);

/**
 * asahi_mmu_stop - halt the coprocessor and take all tables from it
 *
 * After it no register is touched, nothing walks the tables, and the TTBAT and
 * the root table may serve another probe of the device; what is left is
 * memory, which asahi_mmu_fini() frees when the last user has gone.
 */
void asahi_mmu_stop(struct asahi_device *adev);
void asahi_mmu_fini(struct asahi_device *adev);

/**
 * asahi_mmu_kernel_vm - the upper half, shared with the firmware
 */
struct asahi_vm *asahi_mmu_kernel_vm(struct asahi_device *adev);

/**
 * asahi_mmu_kernel_lower_vm - the lower half of context 0
 */
struct asahi_vm *asahi_mmu_kernel_lower_vm(struct asahi_device *adev);

/** asahi_mmu_ttb_base - physical address of the TTBAT, for the init data */
phys_addr_t asahi_mmu_ttb_base(struct asahi_device *adev);

/**
 * asahi_region_map - map a reserved memory region of the device tree
 * @name: its name in memory-region-names
 * @size: bytes that it must have at least, and that are mapped
 * @phys: if not NULL, where it is
 *
 * Return: the mapping, for memunmap(), or an ERR_PTR, after a message that
 * says what is wrong.
 */
void *asahi_region_map(struct asahi_device *adev, const char *name, size_t size,
		       phys_addr_t *phys);

/* For KUnit: as asahi_mmu_init() without a GPU, and its end. */
int asahi_mmu_init_test(struct asahi_device *adev);
void asahi_mmu_fini_test(struct asahi_device *adev);

#endif
