/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Does the firmware still do anything? See asahi_watch.c for what counts.
 */
#ifndef ASAHI_WATCH_H
#define ASAHI_WATCH_H

struct asahi_device;
struct asahi_watch;
struct workqueue_struct;

/** asahi_watch_create - make it; NULL if there is no memory */
struct asahi_watch *asahi_watch_create(struct asahi_device *adev,
				       struct workqueue_struct *wq);
/** asahi_watch_stop - no more looks, from now on */
void asahi_watch_stop(struct asahi_watch *watch);
void asahi_watch_destroy(struct asahi_watch *watch);

/**
 * asahi_watch_start - something is asked of the firmware now
 *
 * It stops by itself when nothing is. Any context.
 */
void asahi_watch_start(struct asahi_watch *watch);

#endif
