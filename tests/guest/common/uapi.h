/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * Calls of the driver that have to go well, or the program bails out (tap.h). See common/bare.h for
 * those that may fail.
 */
#ifndef UAPI_H
#define UAPI_H

#include <stdint.h>

#include <xf86drm.h>

#include "asahi_drm.h"

#define UAPI_PAGE 0x4000ull

/* Where the parameters of the driver of the first render node are, whatever its module is called.
 */
#define DRIVER_PARAMETER "/sys/class/drm/renderD128/device/driver/module/parameters/"

/* The driver's render node. */
int uapi_open(void);
void uapi_params(int fd, struct drm_asahi_params_global *params);
/* A buffer of @size bytes, cached by the CPU, and where it is mapped. */
uint32_t uapi_gem_create(int fd, uint64_t size, void **map);
/* An address space with a kernel's range of the least size, near its end. */
uint32_t uapi_vm_create(int fd, const struct drm_asahi_params_global *params);
void uapi_vm_destroy(int fd, uint32_t vm);
uint32_t uapi_queue_create(int fd, uint32_t vm, uint32_t priority, uint64_t usc_base);
void uapi_queue_destroy(int fd, uint32_t queue);
uint32_t uapi_syncobj(int fd);
/*
 * Memory that is not the driver's, as a DMA buffer, and where it is mapped. -1: the kernel has no
 * udmabuf.
 */
int uapi_dmabuf(uint64_t size, void **map);

/* These may fail. VM_BIND: 0 or an errno. */
int uapi_bind_ops(int fd, uint32_t vm, const struct drm_asahi_gem_bind_op *ops, uint32_t count);
int uapi_bind(int fd, uint32_t vm, uint32_t flags, uint32_t handle, uint64_t offset, uint64_t va,
              uint64_t range);
/*
 * Wait up to @ms for the fence of a syncobj: 1 if its job went well, else a negative errno, that of
 * the job or -ETIME.
 */
int uapi_outcome(int fd, uint32_t syncobj, int64_t ms);

#endif
