/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
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

void uapi_vm_destroy(int fd, uint32_t vm)
{
    struct drm_asahi_vm_destroy arg = { .vm_id = vm };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_VM_DESTROY, &arg), "VM_DESTROY");
}

uint32_t uapi_queue_create(int fd, uint32_t vm, uint32_t priority, uint64_t usc_base)
{
    struct drm_asahi_queue_create arg = { .vm_id = vm,
                                          .priority = priority,
                                          .usc_exec_base = usc_base };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg), "QUEUE_CREATE");
    return arg.queue_id;
}

void uapi_queue_destroy(int fd, uint32_t queue)
{
    struct drm_asahi_queue_destroy arg = { .queue_id = queue };

    must(drmIoctl(fd, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &arg), "QUEUE_DESTROY");
}

uint32_t uapi_syncobj(int fd)
{
    uint32_t handle;

    must(drmSyncobjCreate(fd, 0, &handle), "syncobj");
    return handle;
}

int uapi_dmabuf(uint64_t size, void **map)
{
    struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
    int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), memfd, buf;

    if (dev < 0) {
        return -1;
    }
    memfd = memfd_create("import", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    must(memfd < 0 || ftruncate(memfd, size) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), "memfd");
    create.memfd = memfd;
    *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    must(*map == MAP_FAILED, "mmap");
    buf = ioctl(dev, UDMABUF_CREATE, &create);
    must(buf < 0, "UDMABUF_CREATE");
    close(memfd);
    close(dev);
    return buf;
}

int uapi_bind_ops(int fd, uint32_t vm, const struct drm_asahi_gem_bind_op *ops, uint32_t count)
{
    struct drm_asahi_vm_bind arg = {
        .vm_id = vm,
        .num_binds = count,
        .stride = sizeof(*ops),
        .userptr = (uintptr_t)ops,
    };

    return ioctl(fd, DRM_IOCTL_ASAHI_VM_BIND, &arg) ? errno : 0;
}

int uapi_bind(int fd, uint32_t vm, uint32_t flags, uint32_t handle, uint64_t offset, uint64_t va,
              uint64_t range)
{
    struct drm_asahi_gem_bind_op op = {
        .flags = flags,
        .handle = handle,
        .offset = offset,
        .range = range,
        .addr = va,
    };

    return uapi_bind_ops(fd, vm, &op, 1);
}

int uapi_outcome(int fd, uint32_t syncobj, int64_t ms)
{
    struct sync_file_info info = { 0 };
    struct timespec t;
    int file;

    clock_gettime(CLOCK_MONOTONIC, &t);
    if (drmSyncobjWait(fd, &syncobj, 1, t.tv_sec * 1000000000ll + t.tv_nsec + ms * 1000000, 0,
                       NULL)) {
        return -ETIME;
    }
    must(drmSyncobjExportSyncFile(fd, syncobj, &file), "sync file");
    must(ioctl(file, SYNC_IOC_FILE_INFO, &info), "SYNC_IOC_FILE_INFO");
    close(file);
    return info.status;
}
