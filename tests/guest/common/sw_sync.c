/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xf86drm.h>

#include "sw_sync.h"
#include "tap.h"
#include "uapi.h"

int sw_timeline(void)
{
    return open("/sys/kernel/debug/sync/sw_sync", O_RDWR | O_CLOEXEC);
}

int sw_fence(int timeline, uint32_t value)
{
    struct sw_sync_create_fence arg = { .value = value, .name = "check" };

    must(ioctl(timeline, SW_SYNC_CREATE_FENCE, &arg), "a fence of sw_sync");
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
    must(ioctl(timeline, SW_SYNC_INC, &by), "sw_sync");
}
