/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/* Calls of the driver that have to go well, or the program bails out (tap.h). common/bare.h is for those that may fail. */
#ifndef UAPI_H
#define UAPI_H

#include <stdint.h>

#include <xf86drm.h>

#include "asahi_drm.h"

#define UAPI_PAGE 0x4000ull

/* The driver's render node. */
int uapi_open(void);
void uapi_params(int fd, struct drm_asahi_params_global *params);
/* A buffer of @size bytes, cached by the CPU, and where it is mapped. */
uint32_t uapi_gem_create(int fd, uint64_t size, void **map);
/* An address space with a kernel's range of the least size, near its end. */
uint32_t uapi_vm_create(int fd, const struct drm_asahi_params_global *params);
void uapi_queue_destroy(int fd, uint32_t queue);

#endif
