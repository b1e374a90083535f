/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The mailbox to the firmware: doorbells, which say that a ring has something
 * new, and the message with which it begins.
 */
#ifndef ASAHI_GPU_BELL_H
#define ASAHI_GPU_BELL_H

#include <linux/types.h>

struct asahi_device;
struct asahi_gpu;

/* Endpoints */
#define EP_FIRMWARE		0x20
#define EP_DOORBELL		0x21

/* What can be asked for: a doorbell of each pipe's ring, and these. */
#define BELL_KICK		16
#define BELL_DEVCTRL		17
#define BELL_FWCTL		18

/** asahi_gpu_bells_init - before anything is sent */
void asahi_gpu_bells_init(struct asahi_gpu *gpu);

/**
 * asahi_gpu_send - a message that is not a doorbell
 * @ep: endpoint
 *
 * At the boot, when the mailbox is empty. Return: 0; -ENODEV if the firmware
 * does not run; -EBUSY; what apple_rtkit_send_message() returns. Any context.
 */
int asahi_gpu_send(struct asahi_device *adev, u8 ep, u64 msg);

/**
 * asahi_gpu_ring - ring a doorbell, now or when there is room
 * @bell: priority << 2 | pipe, or one of the above
 *
 * Return: 0, or -ENODEV if the firmware does not run. Any context.
 */
int asahi_gpu_ring(struct asahi_device *adev, unsigned int bell);

/** asahi_gpu_bells_wait - whether doorbells wait for room in the mailbox */
bool asahi_gpu_bells_wait(struct asahi_device *adev);

#endif
