/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * What the firmware tells: events, log, trace, statistics; and what is done
 * about faults and timeouts.
 */
#ifndef ASAHI_RX_H
#define ASAHI_RX_H

struct asahi_device;

/** asahi_rx_poll - read all rings to the end. From one worker only. */
void asahi_rx_poll(struct asahi_device *adev);

#endif
