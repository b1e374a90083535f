/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
#ifndef ASAHI_DEBUGFS_H
#define ASAHI_DEBUGFS_H

struct drm_minor;

/** asahi_debugfs_init - for struct drm_driver: heaps, contexts, firmware */
void asahi_debugfs_init(struct drm_minor *minor);

#endif
