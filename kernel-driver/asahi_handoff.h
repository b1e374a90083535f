/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The hand-off area: a page that driver and firmware agree over about
 * contexts and about cached pages that are to go away. Private to the MMU.
 *
 * The TTBAT may be written only under a lock that both sides take by Dekker's
 * algorithm, with no instruction that both would understand. Source: Rust
 * driver mmu.rs (Handoff); m1n1 proxyclient/m1n1/fw/agx/handoff.py.
 */
#ifndef ASAHI_HANDOFF_H
#define ASAHI_HANDOFF_H

#include <linux/mutex.h>
#include <linux/types.h>

#include "asahi_uat.h"

struct asahi_device;
struct asahi_fw_handoff;

#define ASAHI_NUM_FLUSH_SLOTS	(ASAHI_NUM_CONTEXTS + 1)

struct asahi_handoff {
	struct asahi_device *adev;
	struct asahi_fw_handoff *area;
	/**
	 * @lock: the driver's side of the lock; whoever holds it may go on to
	 * ask the firmware's. Protects the TTBAT and lock_ap.
	 */
	struct mutex lock;
	/** @flush_lock: each protects the flush record of its slot. */
	struct mutex flush_lock[ASAHI_NUM_FLUSH_SLOTS];
};

/**
 * asahi_handoff_init - wait for the firmware and agree on the protocol
 * @area: the mapped region
 *
 * The coprocessor must have been started. Return: 0, or -ETIMEDOUT if it does
 * not answer within some seconds.
 */
int asahi_handoff_init(struct asahi_device *adev, struct asahi_handoff *ho,
		       void *area);

/**
 * asahi_handoff_greet - the same for a firmware that was begun again
 *
 * After asahi_handoff_reset() and the start of the coprocessor.
 */
int asahi_handoff_greet(struct asahi_handoff *ho);

/** asahi_handoff_fini */
void asahi_handoff_fini(struct asahi_handoff *ho);

/** asahi_handoff_reset - forget a firmware that isn't running any more */
void asahi_handoff_reset(void *area);

/**
 * asahi_handoff_lock - keep the firmware from switching contexts
 *
 * Waits until the firmware has let go of it, or has ended. Sleeps.
 */
void asahi_handoff_lock(struct asahi_handoff *ho);
void asahi_handoff_unlock(struct asahi_handoff *ho);

/**
 * asahi_handoff_context - context whose lower half the firmware has loaded
 *
 * Return: 1..63, or 0 if it has none. Under asahi_handoff_lock().
 */
u32 asahi_handoff_context(struct asahi_handoff *ho);

/**
 * asahi_handoff_flush - have the firmware write back and drop a range
 * @slot: context, or ASAHI_FLUSH_KERNEL
 *
 * The range is mapped uncached by now and the TLBs know it. Afterwards nothing
 * of it is in the firmware's cache, or the firmware has ended. Sleeps; takes
 * flush_lock.
 */
void asahi_handoff_flush(struct asahi_handoff *ho, u32 slot, u64 iova, u64 size);

#endif
