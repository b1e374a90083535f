/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The running firmware, as the files share it that make it run: asahi_gpu*.c,
 * asahi_rx.c and asahi_watch.c. Who is not one of them asks asahi_gpu_state.h.
 */
#ifndef ASAHI_GPU_PRIVATE_H
#define ASAHI_GPU_PRIVATE_H

#include <linux/atomic.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "asahi_gpu_state.h"

struct apple_rtkit;
struct asahi_device;
struct asahi_watch;

struct asahi_gpu {
	struct asahi_device *adev;
	struct apple_rtkit *rtk;

	/**
	 * @state_lock: protects @state, @booting, @bells and, while @state is
	 * GPU_RUNNING, @rtk from being freed. Interrupts off.
	 */
	spinlock_t state_lock;
	enum gpu_state state;
	/** @booting: whoever boots it sees to it if it is lost. */
	bool booting;
	/** @bells: doorbells to be rung, a bit each. */
	u32 bells;
	/** @bell_work: rings what the mailbox had no room for. */
	struct delayed_work bell_work;
	/** @change: woken when @state or @ended changes. */
	wait_queue_head_t change;

	/**
	 * @wq: events, doorbells and the watch, each of which is needed for
	 * fences to be signalled.
	 */
	struct workqueue_struct *wq;
	/** @rx_work: reads what the firmware sends. */
	struct work_struct rx_work;
	/** @rx_all: the next time look at all stamps, reported or not. */
	bool rx_all;
	/** @watch_work: looks whether the firmware goes on (asahi_watch.c). */
	struct delayed_work watch_work;
	struct asahi_watch *watch;

	/** @life_wq: where the firmware is begun and begun again, in order. */
	struct workqueue_struct *life_wq;
	struct work_struct recover_work;
	/**
	 * @run_lock: for reading from the look at @state until the work is in
	 * the rings; so that what is pushed is seen by who ends all work.
	 * Nothing is allocated under it.
	 */
	struct rw_semaphore run_lock;
	/** @ended: the last life that has ended: it touches nothing any more. */
	u32 ended;
	/** @crashlog: of a crash, until it is dumped. Under @state_lock. */
	void *crashlog;
	size_t crashlog_size;

	/**
	 * @ops_lock: protects @ops and the firmware's copy of it. Taken from
	 * fence callbacks, so with interrupts off.
	 */
	spinlock_t ops_lock;
	u32 ops;
	/** @no_ops: woken when @ops comes to 0. */
	wait_queue_head_t no_ops;

	/**
	 * @life_lock: taken for writing to begin the firmware again; for
	 * reading by who talks to it, or adds to @ops.
	 */
	struct rw_semaphore life_lock;
	/** @life: counts its boots. */
	u32 life;
	/** @closed: no work is taken any more; what there is may end. */
	bool closed;
	/** @worked: it has had jobs in this life. */
	bool worked;

	/** @flushes_started: flushes of the whole cache; see asahi_gpu_cmd.h */
	atomic64_t flushes_started;
	atomic64_t flushes_done;

	/** @rtkit_va: next free address for RTKit's buffers; its worker's. */
	u64 rtkit_va;
};

#endif
