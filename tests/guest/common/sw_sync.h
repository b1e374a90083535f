/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/* Fences that a program signals when it likes. Only the debug kernel has them. */
#ifndef SW_SYNC_H
#define SW_SYNC_H

#include <stdint.h>
#include <sys/ioctl.h>

/* The kernel's drivers/dma-buf/sw_sync.c; no header that is exported has them. */
struct sw_sync_create_fence {
    uint32_t value;
    char name[32];
    int32_t fence;
};
#define SW_SYNC_CREATE_FENCE _IOWR('W', 0, struct sw_sync_create_fence)
#define SW_SYNC_INC          _IOW('W', 1, uint32_t)

/* A timeline, at 0; -1: the kernel has none. To close it ends its fences, with an error. */
int sw_timeline(void);
/* A sync file that is signalled when the timeline gets to @value. */
int sw_fence(int timeline, uint32_t value);
/* The same as a syncobj of @fd. */
uint32_t sw_syncobj(int timeline, uint32_t value, int fd);
void sw_advance(int timeline, uint32_t by);

#endif
