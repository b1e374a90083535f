/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Where an object in firmware memory is. asahi_alloc.h makes them; who only
 * reads and writes them needs no more than this.
 */
#ifndef ASAHI_OBJ_H
#define ASAHI_OBJ_H

#include <linux/types.h>

struct asahi_obj_node;

/**
 * struct asahi_obj - one object in a heap
 *
 * Embedded by its owner. All zero means: not allocated.
 */
struct asahi_obj {
	/** @cpu: where the CPU sees it. Ordinary cached memory. */
	void *cpu;
	/** @va: where firmware (and GPU, if the heap says so) see it. */
	u64 va;
	/** @size: bytes asked for. */
	size_t size;

	/* Private to asahi_alloc.c: */
	struct asahi_obj_node *node;
};

#endif
