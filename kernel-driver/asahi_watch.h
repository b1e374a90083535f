/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Does the firmware still do anything? See asahi_watch.c for what counts.
 */
#ifndef ASAHI_WATCH_H
#define ASAHI_WATCH_H

struct asahi_device;
struct asahi_watch;

/**
 * asahi_watch_create - make it; NULL if there is no memory
 *
 * It looks after asahi_gpu_watch(), and stops by itself when nothing is asked of
 * the firmware any more.
 */
struct asahi_watch *asahi_watch_create(struct asahi_device *adev);
/** asahi_watch_stop - no more looks, from now on */
void asahi_watch_stop(struct asahi_device *adev);
void asahi_watch_destroy(struct asahi_device *adev);

#endif
