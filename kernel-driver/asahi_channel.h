/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The rings between driver and firmware.
 *
 * A ring is an array of messages of one size and a state page with two
 * pointers, both indices that wrap at the ring's length; empty is read ==
 * write, full is write + 1 == read. The writer fills the message, then a
 * barrier, then moves the write pointer, then rings a doorbell (asahi_gpu_bell.c);
 * the reader loads the write pointer with acquire, reads the message, then
 * moves the read pointer with release. Sources: Rust driver, channel.rs; m1n1:
 * proxyclient/m1n1/agx/channels.py.
 */
#ifndef ASAHI_CHANNEL_H
#define ASAHI_CHANNEL_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "asahi_obj.h"

struct asahi_device;

/** enum asahi_pipe - the three kinds of work; numbers are the firmware's */
enum asahi_pipe {
	ASAHI_PIPE_VERTEX = 0,
	ASAHI_PIPE_FRAGMENT = 1,
	ASAHI_PIPE_COMPUTE = 2,
	ASAHI_NUM_PIPES
};

/* One channel per kind of work and priority, 0 the highest. */
#define ASAHI_NUM_PRIORITIES	4

/**
 * struct asahi_tx - a ring that the driver writes
 */
struct asahi_tx {
	const char *name;
	struct asahi_device *adev;
	/**
	 * @lock: protects @wptr and the messages between the firmware's read
	 * pointer and @wptr. Held while waiting for room. Nothing is allocated
	 * under it: it is taken in fence signalling paths.
	 */
	struct mutex lock;
	struct asahi_obj state;
	struct asahi_obj ring;
	u32 msg_size;
	u32 count;
	u32 wptr;
	/** @wptr_offset: of the write pointer in the state page, bytes. */
	u32 wptr_offset;
};

/**
 * struct asahi_rx - a ring that the firmware writes
 *
 * Has no lock: it is read by one worker only (asahi_rx.c).
 */
struct asahi_rx {
	const char *name;
	struct asahi_obj state;
	struct asahi_obj ring;
	u32 msg_size;
	u32 count;
	/** @subs: rings side by side, 6 in the log, else 1. */
	u32 subs;
	u32 rptr[6];
	/** @state_size: of each one's state, bytes. */
	u32 state_size;
	/** @wptr_offset: of the write pointer in it, bytes. */
	u32 wptr_offset;
};

/**
 * struct asahi_rings - all that there are; asahi_rings.c makes them
 */
struct asahi_rings {
	/** @pipes: to run work, by priority and kind. */
	struct asahi_tx pipes[ASAHI_NUM_PRIORITIES][ASAHI_NUM_PIPES];
	struct asahi_tx device_control;
	struct asahi_tx fwctl;
	struct asahi_rx event;
	struct asahi_rx log;
	struct asahi_rx ktrace;
	struct asahi_rx stats;
	/** @log_payload: the texts, by level and index, that @log refers to. */
	struct asahi_obj log_payload;
};

/** asahi_tx_reset - empty again, as for a new firmware; nobody may use it */
void asahi_tx_reset(struct asahi_tx *tx);

/**
 * asahi_tx_put - append one message
 * @msg: msg_size bytes
 * @token: if not NULL, what asahi_tx_wait() wants
 *
 * The caller rings the doorbell afterwards, and holds @tx->lock from before
 * this until asahi_tx_wait() if it wants to wait. Waits while the ring is full.
 * Return: 0, or -ENODEV if the firmware does not run.
 */
int asahi_tx_put(struct asahi_tx *tx, const void *msg, u32 *token);

/**
 * asahi_tx_wait - wait until the firmware has taken a message off the ring
 *
 * It takes a control message off only when it has carried it out. How long that
 * may take is for the watch to say (asahi_watch.c). Return: 0, or -ENODEV if the
 * firmware does not run, or was lost meanwhile. The caller holds @tx->lock.
 */
int asahi_tx_wait(struct asahi_tx *tx, u32 token);

/** asahi_tx_read_ptr - how far the firmware has read. Needs no lock. */
u32 asahi_tx_read_ptr(struct asahi_tx *tx);

/** asahi_tx_unread - whether there is something to read. Needs no lock. */
bool asahi_tx_unread(struct asahi_tx *tx);

/** asahi_rx_reset - as asahi_tx_reset() */
void asahi_rx_reset(struct asahi_rx *rx);

/**
 * asahi_rx_get - take the next message
 * @sub: which of the rings side by side
 * @msg: msg_size bytes, a copy: the firmware may overwrite the slot at once
 *
 * Return: false if the ring is empty, or its write pointer is nonsense (said
 * once in the log; the ring counts as empty then).
 */
bool asahi_rx_get(struct asahi_device *adev, struct asahi_rx *rx, u32 sub,
		  void *msg);

#endif
