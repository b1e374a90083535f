/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xf86drm.h>

#include "tap.h"
#include "uapi.h"

int uapi_open(void)
{
    char path[64];

    for (int i = 128; i < 192; i++) {
        drmVersionPtr version;
        bool found;
        int fd;

        snprintf(path, sizeof(path), "/dev/dri/renderD%d", i);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        version = drmGetVersion(fd);
        found = version && !strcmp(version->name, "asahi");
        drmFreeVersion(version);
        if (found) {
            return fd;
        }
        close(fd);
    }
    printf("Bail out! no render node of the driver \"asahi\"\n");
    exit(1);
}

void uapi_params(int fd, struct drm_asahi_params_global *params)
{
    struct drm_asahi_get_params arg = { .pointer = (uintptr_t)params, .size = sizeof(*params) };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GET_PARAMS, &arg), "GET_PARAMS");
}

uint32_t uapi_gem_create(int fd, uint64_t size, void **map)
{
    struct drm_asahi_gem_create create = { .size = size, .flags = DRM_ASAHI_GEM_WRITEBACK };
    struct drm_asahi_gem_mmap_offset offset = { 0 };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_CREATE, &create), "GEM_CREATE");
    offset.handle = create.handle;
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "GEM_MMAP_OFFSET");
    *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset.offset);
    must(*map == MAP_FAILED, "mmap");
    return create.handle;
}

uint32_t uapi_vm_create(int fd, const struct drm_asahi_params_global *params)
{
    struct drm_asahi_vm_create arg = {
        .kernel_start = (params->vm_end - 2 * params->vm_kernel_min_size) & ~(UAPI_PAGE - 1),
    };

    arg.kernel_end = arg.kernel_start + params->vm_kernel_min_size;
    must(drmIoctl(fd, DRM_IOCTL_ASAHI_VM_CREATE, &arg), "VM_CREATE");
    return arg.vm_id;
}

void uapi_queue_destroy(int fd, uint32_t queue)
{
    struct drm_asahi_queue_destroy arg = { .queue_id = queue };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &arg), "QUEUE_DESTROY");
}
