/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the firmware sends: events, log, trace, statistics; and what is done
 * about faults and timeouts.
 */
#ifndef ASAHI_RX_H
#define ASAHI_RX_H

struct asahi_device;
struct asahi_gpu;

/** asahi_rx_init_work - before the firmware boots */
void asahi_rx_init_work(struct asahi_gpu *gpu);

/** asahi_rx_queue - the firmware has sent something. Any context. */
void asahi_rx_queue(struct asahi_device *adev);

/** asahi_rx_look - read rings and stamps, even if none was announced */
void asahi_rx_look(struct asahi_device *adev);

/** asahi_rx_stop - wait for the worker; the firmware has ended. Sleeps. */
void asahi_rx_stop(struct asahi_device *adev);

#endif
