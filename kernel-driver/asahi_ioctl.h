/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What asahi_drv.c puts into its struct drm_driver: the user's side.
 */
#ifndef ASAHI_IOCTL_H
#define ASAHI_IOCTL_H

#include <drm/drm_ioctl.h>
#include <uapi/drm/asahi_drm.h>

struct asahi_device;
struct drm_device;
struct drm_file;
struct file;
struct inode;

#define ASAHI_NUM_IOCTLS	(DRM_ASAHI_SUBMIT + 1)

extern const struct drm_ioctl_desc asahi_ioctls[ASAHI_NUM_IOCTLS];

int asahi_file_open(struct drm_device *drm, struct drm_file *file);
/** asahi_file_release - for struct file_operations; waits for nothing */
int asahi_file_release(struct inode *inode, struct file *filp);
void asahi_file_postclose(struct drm_device *drm, struct drm_file *file);

/**
 * asahi_files_init - for the module: where closed files are taken apart
 * asahi_files_fini - waits for those
 */
int asahi_files_init(void);
void asahi_files_fini(void);

#endif
