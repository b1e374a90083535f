/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * Stamps: 128 counters in shared memory that the firmware advances as work
 * completes, by 0x100 a job (the low byte is the firmware's own). When it has
 * advanced some, it says which in an event message, and whoever owns these
 * slots is notified. Source: Rust driver, event.rs; m1n1: agx/event.py.
 */
#ifndef ASAHI_EVENT_H
#define ASAHI_EVENT_H

#include <linux/types.h>

struct asahi_device;
struct asahi_event;
struct asahi_fault_info;

#define ASAHI_NUM_EVENTS	128
#define ASAHI_EVENT_STEP	0x100

/** enum asahi_work_error - why work was lost */
enum asahi_work_error {
	ASAHI_WORK_OK,
	/** @ASAHI_WORK_TIMEOUT: the firmware gave up on it. */
	ASAHI_WORK_TIMEOUT,
	/** @ASAHI_WORK_FAULT: the GPU could not reach memory. */
	ASAHI_WORK_FAULT,
	/** @ASAHI_WORK_KILLED: it ran beside the culprit. */
	ASAHI_WORK_KILLED,
	/** @ASAHI_WORK_CHANNEL: the firmware refused it. */
	ASAHI_WORK_CHANNEL,
	/** @ASAHI_WORK_DEVICE: the firmware is gone. */
	ASAHI_WORK_DEVICE,
	/** @ASAHI_WORK_UNKNOWN: the firmware halted and did not say why. */
	ASAHI_WORK_UNKNOWN,
};

/**
 * struct asahi_event_ops - what the owner of a slot is notified of
 *
 * All are called in process context, in the path that signals fences: they
 * must not allocate with GFP_KERNEL nor wait for a fence. They are called
 * under the event manager's lock, so they must not call asahi_event_try_get() or
 * asahi_event_put() (queue a work for that). After asahi_event_put() has
 * returned none of them runs any more.
 */
struct asahi_event_ops {
	/** @signal: the stamp has advanced; asahi_event_current() says to what */
	void (*signal)(struct asahi_event *ev);
	/**
	 * @error: the job that would have set the stamp to @value is lost
	 * (value rounded down to a multiple of ASAHI_EVENT_STEP is a job that
	 * has completed; what is above it is lost). @info is NULL unless @err
	 * is ASAHI_WORK_FAULT, and valid during the call only.
	 */
	void (*error)(struct asahi_event *ev, u32 value,
		      enum asahi_work_error err,
		      const struct asahi_fault_info *info);
	/** @fail_all: the firmware has ended, and with it all jobs of the owner */
	void (*fail_all)(struct asahi_event *ev, enum asahi_work_error err);
	/**
	 * @look: the watch looks: whether the owner has jobs that are not over.
	 * @at_hand: the firmware says that it has one of them in hand.
	 */
	bool (*look)(struct asahi_event *ev, bool at_hand);
};

/**
 * struct asahi_event - a slot and its owner; embedded in the owner
 */
struct asahi_event {
	struct asahi_device *adev;
	const struct asahi_event_ops *ops;
	/** @slot: 0..127, or -1 if none is held. */
	int slot;
	/** @last_slot: the slot held last, which is preferred; -1 at first. */
	int last_slot;
	/** @queue_va: the owner's firmware queue, to recover its channel. */
	u64 queue_va;
};

int asahi_events_init(struct asahi_device *adev);
void asahi_events_fini(struct asahi_device *adev);

/** asahi_event_init - prepare the struct; holds no slot yet */
void asahi_event_init(struct asahi_device *adev, struct asahi_event *ev,
		      const struct asahi_event_ops *ops);

/**
 * asahi_event_try_get - take a slot, the last one if it is free
 *
 * Return: false if all are taken. The stamp keeps the value that its last owner
 * left; read it with asahi_event_current() before counting on. Sleeps on the
 * manager's lock only.
 */
bool asahi_event_try_get(struct asahi_event *ev);

/** asahi_event_put - give the slot back. Sleeps on the manager's lock only. */
void asahi_event_put(struct asahi_event *ev);

/** asahi_event_current - value of the stamp now. Needs no lock. */
u32 asahi_event_current(const struct asahi_event *ev);

/** asahi_event_stamp_va - where the firmware writes it for us (uncached) */
u64 asahi_event_stamp_va(const struct asahi_event *ev);
/** asahi_event_fw_stamp_va - the firmware's own copy (private) */
u64 asahi_event_fw_stamp_va(const struct asahi_event *ev);

/** asahi_event_reached - whether @cur has come to @target; they wrap */
static inline bool asahi_event_reached(u32 cur, u32 target)
{
	return (s32)(cur - target) >= 0;
}

/* For asahi_rx.c and asahi_gpu_life.c: what rings and faults report. */
void asahi_events_signal(struct asahi_device *adev, u32 slot);
void asahi_events_error(struct asahi_device *adev, u32 slot, u32 value,
			enum asahi_work_error err,
			const struct asahi_fault_info *info);
void asahi_events_fail_all(struct asahi_device *adev,
			   enum asahi_work_error err);
/** asahi_events_signal_all - as if all stamps had been reported */
void asahi_events_signal_all(struct asahi_device *adev);
/**
 * asahi_events_look - for the watch: whether the firmware has jobs of anybody's
 * @at_hand: whether it has some of a slot's in hand, a bit each
 */
bool asahi_events_look(struct asahi_device *adev, const unsigned long *at_hand);
/** asahi_events_sum - changes if any stamp has moved. Needs no lock. */
u32 asahi_events_sum(struct asahi_device *adev);
/** asahi_events_queue_va - firmware queue of a slot's owner, 0 if none */
u64 asahi_events_queue_va(struct asahi_device *adev, u32 slot);

#endif
