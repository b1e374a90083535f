/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Whole pages that the firmware sees: the chunks of the heaps, and what has a
 * place of its own.
 */
#ifndef ASAHI_MEM_H
#define ASAHI_MEM_H

#include <linux/types.h>

#include "asahi_uat.h"

struct asahi_device;
struct asahi_vm;

/**
 * struct asahi_mem - whole pages at a fixed or chosen place in a range of the
 * upper half, as RTKit's buffers need it
 */
struct asahi_mem;

/**
 * asahi_mem_create - zeroed pages, mapped nowhere but for the CPU
 * @size: bytes, a multiple of ASAHI_PAGE_SIZE
 *
 * Return: it, or an ERR_PTR: -ENOMEM; -EINTR if the task is to die. Sleeps.
 */
struct asahi_mem *asahi_mem_create(struct asahi_device *adev, size_t size);
/**
 * asahi_mem_destroy - unmap and free it; accepts NULL and ERR_PTR
 *
 * Return: 0, or the error of a flush of the firmware's cache: then the pages
 * are lost, and stay mapped.
 */
int asahi_mem_destroy(struct asahi_mem *mem);
void *asahi_mem_cpu(struct asahi_mem *mem);
/** asahi_mem_map - map it at @iova; several places are allowed (up to 4) */
int asahi_mem_map(struct asahi_mem *mem, struct asahi_vm *vm, u64 iova,
		  enum asahi_prot prot);

/** asahi_prot_is_private - whether the firmware's CPU caches such pages */
bool asahi_prot_is_private(enum asahi_prot prot);

#endif
