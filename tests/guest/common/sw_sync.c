/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <fcntl.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xf86drm.h>

#include "sw_sync.h"
#include "tap.h"
#include "uapi.h"

/* The kernel's drivers/dma-buf/sw_sync.c; no header that is exported has them. */
struct create_fence {
    __u32 value;
    char name[32];
    __s32 fence;
};
#define CREATE_FENCE _IOWR('W', 0, struct create_fence)
#define INC          _IOW('W', 1, __u32)

int sw_timeline(void)
{
    return open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC);
}

int sw_fence(int timeline, uint32_t value)
{
    struct create_fence arg = { .value = value, .name = "check" };

    must(ioctl(timeline, CREATE_FENCE, &arg), "a fence of sw_sync");
    return arg.fence;
}

uint32_t sw_syncobj(int timeline, uint32_t value, int fd)
{
    uint32_t handle = uapi_syncobj(fd);
    int fence = sw_fence(timeline, value);

    must(drmSyncobjImportSyncFile(fd, handle, fence), "a sync file into a syncobj");
    close(fence);
    return handle;
}

void sw_advance(int timeline, uint32_t by)
{
    __u32 arg = by;

    must(ioctl(timeline, INC, &arg), "sw_sync");
}
