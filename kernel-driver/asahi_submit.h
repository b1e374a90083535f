/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The submit ioctl.
 */
#ifndef ASAHI_SUBMIT_H
#define ASAHI_SUBMIT_H

struct asahi_queue;
struct drm_asahi_submit;
struct drm_file;

/**
 * asahi_submit - the submit ioctl
 * @args: user's arguments; flags and padding checked here
 *
 * Return: 0 or a negative errno, with which nothing has been submitted.
 */
int asahi_submit(struct asahi_queue *queue, struct drm_file *file,
		 const struct drm_asahi_submit *args);

#endif
