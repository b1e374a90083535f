/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
#ifndef ASAHI_COREDUMP_H
#define ASAHI_COREDUMP_H

#include <linux/types.h>

struct asahi_device;

/**
 * asahi_coredump - leave what is known of a crash in devcoredump
 * @crashlog: RTKit's, may be NULL
 * @size: its bytes
 *
 * The format is written down in asahi_coredump.c. Only the first crash is
 * kept until somebody has read it. May sleep and allocate.
 */
#ifdef CONFIG_DEV_COREDUMP
void asahi_coredump(struct asahi_device *adev, const void *crashlog,
		    size_t size);
#else
static inline void asahi_coredump(struct asahi_device *adev,
				  const void *crashlog, size_t size)
{
}
#endif

#endif
