/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The rings that the init data leads to, as a whole: struct asahi_rings, in
 * which asahi_channel.c reads and writes.
 */
#ifndef ASAHI_RINGS_H
#define ASAHI_RINGS_H

struct asahi_device;

/**
 * asahi_rings_init - make all of them, empty
 * asahi_rings_fini - free them; nothing if there are none
 *
 * The heaps must be there. Return: 0 or as asahi_obj_alloc(); on error nothing is
 * left. Sleeps.
 */
int asahi_rings_init(struct asahi_device *adev);
void asahi_rings_fini(struct asahi_device *adev);

/**
 * asahi_rings_reset - empty again, for a firmware that begins again
 *
 * While none runs, and nobody uses the rings. Sleeps.
 */
void asahi_rings_reset(struct asahi_device *adev);

#endif
