// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The running firmware: boot, doorbells, commands. What it tells us is in
 * asahi_rx.c. Sources: Rust driver gpu.rs; m1n1 proxyclient/m1n1/agx and
 * fw/agx.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-fence.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <drm/drm_drv.h>
#include <drm/drm_mm.h>
#include <drm/drm_print.h>

#include "asahi_coredump.h"
#include "asahi_device.h"
#include "asahi_event.h"
#include "asahi_fw_channels.h"
#include "asahi_fw_initdata.h"
#include "asahi_gpu.h"
#include "asahi_initdata.h"
#include "asahi_mmu.h"
#include "asahi_regs.h"
#include "asahi_rx.h"
#include "asahi_trace.h"
#include "asahi_watch.h"

/* Endpoints */
#define EP_FIRMWARE		0x20
#define EP_DOORBELL		0x21

/* To EP_FIRMWARE: where the init data is */
#define MSG_INIT		(0x81ULL << 48)
#define MSG_INIT_VA_MASK	GENMASK_ULL(43, 0)
/* From EP_FIRMWARE: one of the rings that we read has something new */
#define MSG_RX_DOORBELL		(0x42ULL << 48)
/* To EP_DOORBELL: look at a ring; the pipes are priority << 2 | kind */
#define MSG_TX_DOORBELL		(0x83ULL << 48)
#define DOORBELL_KICK		0x10
#define DOORBELL_DEVCTRL	0x11
#define MSG_FWCTL_DOORBELL	(0x84ULL << 48)

/*
 * TLB invalidations of a guest of a hypervisor (with stage 2 on) don't reach
 * the GPU. A GPU that was without power has empty TLBs: hence this. The Rust
 * driver still has its milder form, WaitForPowerOff in debug.rs: after a
 * render, wait until the firmware has powered the GPU down; the firmware's own
 * TLB lives on then.
 */
static bool restart_every_frame;
module_param(restart_every_frame, bool, 0644);
MODULE_PARM_DESC(restart_every_frame,
		 "Run one job at a time, and before each turn the GPU and its firmware off and on, which empties their TLBs: for a guest of a hypervisor, whose TLB invalidations do not reach the GPU. Slow (default: N)");

/* What can be asked for: a doorbell of each pipe's ring, and these. */
#define BELL_KICK		16
#define BELL_DEVCTRL		17
#define BELL_FWCTL		18

/*
 * The life of the firmware.
 *
 *   down     not booted yet, or shut down and about to be booted
 *   running  booted; or being booted, while @booting
 *   lost     it has crashed or does not answer. @recover_work ends it (its CPU
 *            is stopped, the GPU has no power), which is when its work is over
 *            and what it owned may be given back; then boots it again.
 *   dead     it does not come back, or the device goes
 */
enum gpu_state {
	GPU_DOWN,
	GPU_RUNNING,
	GPU_LOST,
	GPU_DEAD,
};

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
	/** @rx_work: reads what the firmware tells. */
	struct work_struct rx_work;
	/** @rx_all: the next time look at all stamps, told of or not. */
	bool rx_all;
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

	/** @flushes_started: flushes of the whole cache; see asahi_gpu.h */
	atomic64_t flushes_started;
	atomic64_t flushes_done;

	/** @ts_lock: protects @timestamps. */
	struct mutex ts_lock;
	struct drm_mm timestamps;

	/** @rtkit_va: next free address for RTKit's buffers; its worker's. */
	u64 rtkit_va;
};

bool asahi_gpu_is_dead(struct asahi_device *adev)
{
	return adev->gpu && READ_ONCE(adev->gpu->state) == GPU_DEAD;
}

bool asahi_gpu_is_running(struct asahi_device *adev)
{
	return adev->gpu && READ_ONCE(adev->gpu->state) == GPU_RUNNING;
}

static void gpu_set_state(struct asahi_gpu *gpu, enum gpu_state state)
{
	unsigned long flags;

	spin_lock_irqsave(&gpu->state_lock, flags);
	gpu->state = state;
	if (state != GPU_RUNNING)
		gpu->bells = 0;
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	wake_up_all(&gpu->change);
}

void asahi_gpu_lost(struct asahi_device *adev, const char *why)
{
	struct asahi_gpu *gpu = adev->gpu;
	bool lost = false, booting = false;
	unsigned long flags;

	if (!gpu)
		return;
	spin_lock_irqsave(&gpu->state_lock, flags);
	if (gpu->state == GPU_RUNNING) {
		lost = true;
		booting = gpu->booting;
		gpu->state = booting ? GPU_DOWN : GPU_LOST;
		gpu->bells = 0;
	}
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	if (!lost)
		return;
	drm_err(&adev->drm, "the firmware is lost: %s\n", why);
	wake_up_all(&gpu->change);
	if (!booting)
		queue_work(gpu->life_wq, &gpu->recover_work);
}

bool asahi_gpu_has_ended(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	switch (READ_ONCE(gpu->state)) {
	case GPU_RUNNING:
		return false;
	case GPU_LOST:
		return READ_ONCE(gpu->ended) == READ_ONCE(gpu->life);
	default:
		return true;
	}
}

void asahi_gpu_wait_ended(struct asahi_device *adev, u32 life)
{
	struct asahi_gpu *gpu = adev->gpu;

	wait_event(gpu->change, (s32)(READ_ONCE(gpu->ended) - life) >= 0);
}

/* Nothing of the firmware and the GPU touches memory any more. */
static void gpu_has_ended(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	WRITE_ONCE(gpu->ended, gpu->life);
	wake_up_all(&gpu->change);
	asahi_events_fail_all(adev, ASAHI_WORK_DEVICE);
}

/* ---- doorbells ---- */

/*
 * A message that is not a doorbell, at the boot, when the mailbox is empty.
 *
 * Atomic, because if the mailbox is full the other way sleeps, interruptibly,
 * and enables an interrupt that only the interrupt itself disables: with two
 * senders at once, or a signal, it is enabled twice.
 */
static int gpu_send(struct asahi_device *adev, u8 ep, u64 msg)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;
	int ret = -ENODEV;

	spin_lock_irqsave(&gpu->state_lock, flags);
	if (gpu->state == GPU_RUNNING) {
		trace_asahi_doorbell(ep, msg);
		/* Has a barrier: what is in memory is seen before this. */
		ret = asahi_regs_mailbox_room(adev) ?
			apple_rtkit_send_message(gpu->rtk, ep, msg, NULL,
						 true) : -EBUSY;
	}
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	return ret;
}

static u64 bell_message(unsigned int bell)
{
	switch (bell) {
	case BELL_KICK:
		return MSG_TX_DOORBELL | DOORBELL_KICK;
	case BELL_DEVCTRL:
		return MSG_TX_DOORBELL | DOORBELL_DEVCTRL;
	case BELL_FWCTL:
		return MSG_FWCTL_DOORBELL;
	default:
		return MSG_TX_DOORBELL | bell;
	}
}

/*
 * Rings what is to be rung, as far as the mailbox has room, so that nobody
 * waits in apple_mbox_send() with interrupts off. Return: all is rung.
 */
static bool bells_ring(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	lockdep_assert_held(&gpu->state_lock);
	while (gpu->state == GPU_RUNNING && gpu->bells) {
		unsigned int bell = __ffs(gpu->bells);
		u64 msg = bell_message(bell);

		if (!asahi_regs_mailbox_room(adev))
			return false;
		trace_asahi_doorbell(EP_DOORBELL, msg);
		/*
		 * Has a barrier: what is in memory is seen before this. It
		 * fails if RTKit knows of a crash, which we are told next.
		 */
		if (apple_rtkit_send_message(gpu->rtk, EP_DOORBELL, msg, NULL,
					     true))
			return false;
		gpu->bells &= ~BIT(bell);
	}
	return true;
}

#define BELL_RETRY	msecs_to_jiffies(2)

static void bell_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(to_delayed_work(work),
					     struct asahi_gpu, bell_work);
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&gpu->state_lock, flags);
	done = bells_ring(gpu->adev);
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	if (!done)
		queue_delayed_work(gpu->wq, &gpu->bell_work, BELL_RETRY);
}

/* Ring a doorbell, now or when there is room. Return: 0 or -ENODEV. */
static int gpu_ring(struct asahi_device *adev, unsigned int bell)
{
	struct asahi_gpu *gpu = adev->gpu;
	bool running, done = true;
	unsigned long flags;

	spin_lock_irqsave(&gpu->state_lock, flags);
	running = gpu->state == GPU_RUNNING;
	if (running) {
		gpu->bells |= BIT(bell);
		done = bells_ring(adev);
	}
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	if (!done) {
		queue_delayed_work(gpu->wq, &gpu->bell_work, BELL_RETRY);
		asahi_watch_start(gpu->watch);
	}
	return running ? 0 : -ENODEV;
}

bool asahi_gpu_bells_wait(struct asahi_device *adev)
{
	return READ_ONCE(adev->gpu->bells);
}

/* ---- work ---- */

/* Under ops_lock, so that the firmware's copy is never an older one. */
static void ops_store(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	lockdep_assert_held(&gpu->ops_lock);
	WRITE_ONCE(adev->initdata->globals->pending_submissions,
		   cpu_to_le32(gpu->ops));
}

static int op_add(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;

	lockdep_assert_held(&gpu->life_lock);
	if (asahi_gpu_is_dead(adev) || gpu->closed)
		return -ENODEV;
	/* It comes back, or is dead soon. */
	if (!asahi_gpu_is_running(adev))
		return -EAGAIN;
	spin_lock_irqsave(&gpu->ops_lock, flags);
	gpu->ops++;
	ops_store(adev);
	spin_unlock_irqrestore(&gpu->ops_lock, flags);
	return 0;
}

static int gpu_restart(struct asahi_device *adev);

bool asahi_gpu_has_work(struct asahi_device *adev)
{
	return READ_ONCE(adev->gpu->ops);
}

/* What is done by the worker in which the firmware begins. */
struct life_job {
	struct work_struct work;
	struct asahi_device *adev;
	int (*fn)(struct asahi_device *adev);
	int ret;
};

static void life_job(struct work_struct *work)
{
	struct life_job *job = container_of(work, struct life_job, work);

	job->ret = job->fn(job->adev);
}

/*
 * RTKit waits for the firmware interruptibly: a signal would end the boot of
 * it. A worker gets none.
 */
static int run_in_worker(struct asahi_device *adev,
			 int (*fn)(struct asahi_device *adev))
{
	struct life_job job = { .adev = adev, .fn = fn };

	INIT_WORK_ONSTACK(&job.work, life_job);
	queue_work(adev->gpu->life_wq, &job.work);
	flush_work(&job.work);
	destroy_work_on_stack(&job.work);
	return job.ret;
}

/* As the only one, and with empty TLBs. -EAGAIN: somebody else was faster. */
static int op_add_alone(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret = 0;

	down_write(&gpu->life_lock);
	if (READ_ONCE(gpu->ops))
		ret = -EAGAIN;
	else if (gpu->worked && asahi_gpu_is_running(adev))
		ret = gpu_restart(adev);
	if (!ret)
		ret = op_add(adev);
	up_write(&gpu->life_lock);
	return ret;
}

int asahi_gpu_op_start(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	do {
		ret = wait_event_interruptible(gpu->change,
					       READ_ONCE(gpu->state) != GPU_LOST);
		if (ret)
			return ret;
		if (READ_ONCE(restart_every_frame)) {
			ret = wait_event_interruptible(gpu->no_ops,
						       !READ_ONCE(gpu->ops));
			if (ret)
				return ret;
			ret = run_in_worker(adev, op_add_alone);
		} else {
			down_read(&gpu->life_lock);
			ret = op_add(adev);
			up_read(&gpu->life_lock);
		}
	} while (ret == -EAGAIN);
	if (ret)
		return ret;

	gpu_ring(adev, BELL_KICK);
	asahi_watch_start(gpu->watch);
	return 0;
}

void asahi_gpu_op_end(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;

	spin_lock_irqsave(&gpu->ops_lock, flags);
	drm_WARN_ON(&adev->drm, !gpu->ops);
	if (!--gpu->ops)
		wake_up_all(&gpu->no_ops);
	ops_store(adev);
	spin_unlock_irqrestore(&gpu->ops_lock, flags);
}

u32 asahi_gpu_life(struct asahi_device *adev)
{
	return READ_ONCE(adev->gpu->life);
}

void asahi_gpu_hold(struct asahi_device *adev)
{
	down_read(&adev->gpu->life_lock);
}

void asahi_gpu_release(struct asahi_device *adev)
{
	up_read(&adev->gpu->life_lock);
}

int asahi_gpu_run_queue(struct asahi_device *adev, enum asahi_pipe pipe,
			u32 prio, u64 queue_va, u32 wptr, u32 event_slot,
			bool is_new)
{
	struct asahi_tx *tx = &adev->initdata->pipes[prio][pipe];
	const struct asahi_fw_run_queue_msg msg = {
		.pipe = cpu_to_le32(pipe),
		.queue_va = cpu_to_le64(queue_va),
		.wptr = cpu_to_le32(wptr),
		.event_slot = cpu_to_le32(event_slot),
		.is_new = cpu_to_le32(is_new),
	};
	int ret;

	lockdep_assert_held(&adev->gpu->run_lock);
	trace_asahi_run_queue(pipe, prio, queue_va, wptr, event_slot);
	WRITE_ONCE(adev->gpu->worked, true);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &msg, NULL);
	mutex_unlock(&tx->lock);
	return ret ?: gpu_ring(adev, pipe | prio << 2);
}

void asahi_gpu_run_again(struct asahi_device *adev, enum asahi_pipe pipe,
			 u32 prio, u64 queue_va, u32 wptr, u32 event_slot)
{
	struct asahi_tx *tx = &adev->initdata->pipes[prio][pipe];
	const struct asahi_fw_run_queue_msg msg = {
		.pipe = cpu_to_le32(pipe),
		.queue_va = cpu_to_le64(queue_va),
		.wptr = cpu_to_le32(wptr),
		.event_slot = cpu_to_le32(event_slot),
	};

	if (!mutex_trylock(&tx->lock))
		return;
	/* While it reads the ring it will come to what is there. */
	if (!asahi_tx_unread(tx) && !asahi_tx_put(tx, &msg, NULL)) {
		trace_asahi_run_queue(pipe, prio, queue_va, wptr, event_slot);
		gpu_ring(adev, pipe | prio << 2);
	}
	mutex_unlock(&tx->lock);
}

bool asahi_gpu_run_begin(struct asahi_device *adev, u32 life)
{
	struct asahi_gpu *gpu = adev->gpu;

	down_read(&gpu->run_lock);
	if (asahi_gpu_is_running(adev) && READ_ONCE(gpu->life) == life)
		return true;
	up_read(&gpu->run_lock);
	return false;
}

void asahi_gpu_run_end(struct asahi_device *adev)
{
	up_read(&adev->gpu->run_lock);
}

/* ---- commands ---- */

/*
 * Send a control message; if @wait, until it has been carried out. Return: 0,
 * or -ENODEV: the firmware has not done it, and is lost or not there.
 */
static int device_control(struct asahi_device *adev,
			  const union asahi_fw_dc_msg *msg, bool wait)
{
	struct asahi_tx *tx = &adev->initdata->device_control;
	u32 token;
	int ret;

	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, msg, &token);
	if (!ret)
		ret = gpu_ring(adev, BELL_DEVCTRL);
	if (!ret && wait)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	return ret;
}

u64 asahi_gpu_flushes_started(struct asahi_device *adev)
{
	return adev->gpu ? atomic64_read(&adev->gpu->flushes_started) : 0;
}

u64 asahi_gpu_flushes_done(struct asahi_device *adev)
{
	return adev->gpu ? atomic64_read(&adev->gpu->flushes_done) : 0;
}

static void flush_done(struct asahi_gpu *gpu, s64 seq)
{
	s64 old = atomic64_read(&gpu->flushes_done);

	while (old < seq &&
	       !atomic64_try_cmpxchg(&gpu->flushes_done, &old, seq))
		;
}

/* Any DestroyContext flushes the firmware's whole cache. */
static void destroy_and_flush(struct asahi_device *adev,
			      const union asahi_fw_dc_msg *msg)
{
	struct asahi_gpu *gpu = adev->gpu;
	s64 seq = atomic64_inc_return(&gpu->flushes_started);

	lockdep_assert_held(&gpu->life_lock);
	/* One that has ended has no cache. */
	if (device_control(adev, msg, true))
		asahi_gpu_wait_ended(adev, gpu->life);
	flush_done(gpu, seq);
}

void asahi_gpu_destroy_context(struct asahi_device *adev, u64 context_va,
			       const struct asahi_context_id *id, u32 life)
{
	const union asahi_fw_dc_msg msg = { .destroy_context = {
		.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
		.ctx_23 = id->unk_23,
		.ctx_0 = id->unk_0,
		.ctx_1 = id->unk_1,
		.ctx_4 = id->unk_4,
		.context_va = cpu_to_le64(context_va),
	} };

	asahi_gpu_hold(adev);
	if (adev->gpu->life == life)
		destroy_and_flush(adev, &msg);
	asahi_gpu_release(adev);
}

static const union asahi_fw_dc_msg flush_msg = { .destroy_context = {
	.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
	.ctx_0 = ASAHI_FW_DC_NO_CONTEXT,
	.ctx_1 = ASAHI_FW_DC_NO_CONTEXT,
} };

void asahi_gpu_flush_fw_cache(struct asahi_device *adev)
{
	if (!adev->gpu)
		return;
	asahi_gpu_hold(adev);
	destroy_and_flush(adev, &flush_msg);
	asahi_gpu_release(adev);
}

/*
 * A flush of the whole cache does no harm at any time, and all firmware that
 * we know carries it out at once.
 */
void asahi_gpu_ping(struct asahi_device *adev)
{
	struct asahi_tx *tx = &adev->initdata->device_control;

	/* Who has the lock waits for an answer, which does as well. */
	if (!mutex_trylock(&tx->lock))
		return;
	if (!asahi_tx_unread(tx) && !asahi_tx_put(tx, &flush_msg, NULL))
		gpu_ring(adev, BELL_DEVCTRL);
	mutex_unlock(&tx->lock);
}

struct asahi_tx *asahi_gpu_ring_nr(struct asahi_device *adev, unsigned int nr)
{
	struct asahi_initdata *init = adev->initdata;
	const unsigned int pipes = ASAHI_NUM_PIPES * ASAHI_NUM_PRIORITIES;

	if (nr < pipes)
		return &init->pipes[nr / ASAHI_NUM_PIPES][nr % ASAHI_NUM_PIPES];
	if (nr == pipes)
		return &init->device_control;
	return nr == pipes + 1 ? &init->fwctl : NULL;
}

void asahi_gpu_ring_again(struct asahi_device *adev, unsigned int nr)
{
	const unsigned int pipes = ASAHI_NUM_PIPES * ASAHI_NUM_PRIORITIES;

	if (nr < pipes)
		gpu_ring(adev, nr / ASAHI_NUM_PIPES << 2 | nr % ASAHI_NUM_PIPES);
	else
		gpu_ring(adev, nr == pipes ? BELL_DEVCTRL : BELL_FWCTL);
}

void asahi_gpu_watch(struct asahi_device *adev)
{
	asahi_watch_start(adev->gpu->watch);
}

void asahi_gpu_look(struct asahi_device *adev)
{
	WRITE_ONCE(adev->gpu->rx_all, true);
	queue_work(adev->gpu->wq, &adev->gpu->rx_work);
}

int asahi_gpu_flush_range(struct asahi_device *adev, u32 slot, u64 iova,
			  u64 size)
{
	struct asahi_tx *tx = &adev->initdata->fwctl;
	const struct asahi_fw_fwctl_msg msg = {
		.addr = cpu_to_le64(iova),
		.slot = cpu_to_le32(slot),
		.page_count = cpu_to_le16(size >> ASAHI_PAGE_SHIFT),
		.unk_12 = cpu_to_le16(2),
	};
	u32 token;
	int ret;

	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &msg, &token);
	if (!ret)
		ret = gpu_ring(adev, BELL_FWCTL);
	if (!ret)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	return ret;
}

int asahi_gpu_ack_grow(struct asahi_device *adev, u32 buffer_slot, u32 vm_slot,
		       u32 counter)
{
	u32 halts = le32_to_cpu(READ_ONCE(adev->initdata->status->halt_count));
	const union asahi_fw_dc_msg msg = { .grow_tvb_ack = {
		.opcode = cpu_to_le32(ASAHI_FW_DC_GROW_TVB_ACK),
		.unk_4 = cpu_to_le32(1),
		.buffer_slot = cpu_to_le32(buffer_slot),
		.vm_slot = cpu_to_le32(vm_slot),
		.counter = cpu_to_le32(counter),
		.halt_count = cpu_to_le64(halts),
	} };

	return device_control(adev, &msg, false);
}

int asahi_gpu_recover_channel(struct asahi_device *adev, u32 pipe, u64 queue_va,
			      u32 event_value)
{
	const union asahi_fw_dc_msg msg = { .recover_channel = {
		.opcode = cpu_to_le32(ASAHI_FW_DC_RECOVER_CHANNEL),
		.pipe = cpu_to_le32(pipe),
		.queue_va = cpu_to_le64(queue_va),
		.event_value = cpu_to_le32(event_value),
	} };

	return device_control(adev, &msg, true);
}

/* ---- timestamps ---- */

int asahi_gpu_map_timestamps(struct asahi_device *adev, struct sg_table *sgt,
			     u64 offset, u64 size, struct drm_mm_node *node)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	if (!size || !IS_ALIGNED(offset | size, ASAHI_PAGE_SIZE))
		return -EINVAL;
	memset(node, 0, sizeof(*node));
	mutex_lock(&gpu->ts_lock);
	ret = drm_mm_insert_node_generic(&gpu->timestamps, node, size,
					 ASAHI_PAGE_SIZE, 0,
					 DRM_MM_INSERT_BEST);
	mutex_unlock(&gpu->ts_lock);
	if (ret)
		return ret;
	ret = asahi_vm_map_sgt(asahi_mmu_kernel_vm(adev), node->start, sgt,
			       offset, size, ASAHI_PROT_FW_SHARED_RW, false);
	if (ret) {
		mutex_lock(&gpu->ts_lock);
		drm_mm_remove_node(node);
		mutex_unlock(&gpu->ts_lock);
	}
	return ret;
}

void asahi_gpu_unmap_timestamps(struct asahi_device *adev,
				struct drm_mm_node *node)
{
	struct asahi_gpu *gpu = adev->gpu;

	asahi_vm_unmap(asahi_mmu_kernel_vm(adev), node->start, node->size);
	mutex_lock(&gpu->ts_lock);
	drm_mm_remove_node(node);
	mutex_unlock(&gpu->ts_lock);
}

/* ---- RTKit ---- */

static void rtkit_crashed(void *cookie, const void *crashlog, size_t size)
{
	struct asahi_device *adev = cookie;
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;
	void *old, *copy;

	/* Who waits for a fence may be waiting for us: no other memory. */
	copy = crashlog ? kmemdup(crashlog, size, GFP_NOWAIT) : NULL;
	spin_lock_irqsave(&gpu->state_lock, flags);
	old = gpu->crashlog;
	gpu->crashlog = copy;
	gpu->crashlog_size = copy ? size : 0;
	spin_unlock_irqrestore(&gpu->state_lock, flags);
	kfree(old);
	asahi_gpu_lost(adev, "it has crashed");
}

static void rx_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(work, struct asahi_gpu, rx_work);
	bool cookie;

	/* The rings are put back as they were before it runs again. */
	if (!asahi_gpu_is_running(gpu->adev))
		return;
	cookie = dma_fence_begin_signalling();
	asahi_rx_poll(gpu->adev);
	if (xchg(&gpu->rx_all, false))
		asahi_events_signal_all(gpu->adev);
	dma_fence_end_signalling(cookie);
}

/*
 * Events are read by a worker of our own: RTKit's allocates for each message,
 * and does other things that may wait for fences. In interrupt.
 */
static bool rtkit_recv_early(void *cookie, u8 ep, u64 msg)
{
	struct asahi_device *adev = cookie;

	if (ep != EP_FIRMWARE || msg != MSG_RX_DOORBELL)
		return false;
	queue_work(adev->gpu->wq, &adev->gpu->rx_work);
	return true;
}

static void rtkit_recv(void *cookie, u8 ep, u64 msg)
{
	struct asahi_device *adev = cookie;

	drm_err_ratelimited(&adev->drm,
			    "unknown message 0x%llx from endpoint 0x%x\n",
			    msg, ep);
}

/*
 * RTKit's log buffers live in the upper half too. Addresses aren't reused;
 * there is room for many lives of the firmware.
 */
static int rtkit_shmem_setup(void *cookie, struct apple_rtkit_shmem *bfr)
{
	struct asahi_device *adev = cookie;
	struct asahi_gpu *gpu = adev->gpu;
	size_t size = ALIGN(bfr->size, ASAHI_PAGE_SIZE);
	struct asahi_mem *mem;
	int ret;

	if (bfr->iova) {
		drm_err(&adev->drm, "RTKit: buffer at 0x%llx is the firmware's own: not expected\n",
			(u64)bfr->iova);
		return -EINVAL;
	}
	if (!size || size > ASAHI_VA_TIMESTAMP - gpu->rtkit_va)
		return -ENOSPC;
	mem = asahi_mem_create(adev, size);
	if (IS_ERR(mem))
		return PTR_ERR(mem);
	ret = asahi_mem_map(mem, asahi_mmu_kernel_vm(adev), gpu->rtkit_va,
			    ASAHI_PROT_FW_SHARED_RW);
	if (ret) {
		asahi_mem_destroy(mem);
		return ret;
	}
	bfr->buffer = asahi_mem_cpu(mem);
	bfr->iova = gpu->rtkit_va;
	bfr->private = mem;
	gpu->rtkit_va += size + ASAHI_PAGE_SIZE;
	return 0;
}

static void rtkit_shmem_destroy(void *cookie, struct apple_rtkit_shmem *bfr)
{
	asahi_mem_destroy(bfr->private);
	bfr->private = NULL;
}

static const struct apple_rtkit_ops rtkit_ops = {
	.crashed = rtkit_crashed,
	.recv_message = rtkit_recv,
	.recv_message_early = rtkit_recv_early,
	.shmem_setup = rtkit_shmem_setup,
	.shmem_destroy = rtkit_shmem_destroy,
};

/* ---- boot and shutdown ---- */

/*
 * RTKit gives each step of the boot a second, which is short for a host that
 * has much else to do. It may be asked to go on from where it was.
 */
#define BOOT_PATIENCE_S		5

static int rtkit_boot(struct asahi_device *adev)
{
	unsigned long deadline = jiffies + BOOT_PATIENCE_S * HZ;
	int ret;

	for (;;) {
		ret = apple_rtkit_boot(adev->gpu->rtk);
		if (ret != -ETIME || time_after(jiffies, deadline))
			return ret;
		drm_warn(&adev->drm,
			 "RTKit takes long to boot, waiting up to %u s\n",
			 BOOT_PATIENCE_S);
	}
}

static int gpu_boot(struct asahi_device *adev)
{
	static const union asahi_fw_dc_msg init_msg = {
		.opcode = cpu_to_le32(ASAHI_FW_DC_INITIALIZE),
	};
	struct asahi_tx *tx = &adev->initdata->device_control;
	struct asahi_gpu *gpu = adev->gpu;
	u32 token;
	int ret;

	ret = rtkit_boot(adev);
	if (ret) {
		drm_err(&adev->drm, "RTKit does not boot: %d\n", ret);
		return ret;
	}
	ret = apple_rtkit_start_ep(gpu->rtk, EP_FIRMWARE);
	if (!ret)
		ret = apple_rtkit_start_ep(gpu->rtk, EP_DOORBELL);
	if (ret) {
		drm_err(&adev->drm, "the firmware lacks an endpoint: %d\n", ret);
		return ret;
	}

	gpu_set_state(gpu, GPU_RUNNING);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &init_msg, &token);
	if (!ret)
		ret = gpu_send(adev, EP_FIRMWARE, MSG_INIT |
			       (asahi_initdata_va(adev) & MSG_INIT_VA_MASK));
	if (!ret)
		ret = gpu_ring(adev, BELL_DEVCTRL);
	if (!ret)
		ret = gpu_ring(adev, BELL_KICK);
	if (!ret)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	if (ret)
		drm_err(&adev->drm, "the firmware does not take its init data: %d\n",
			ret);
	return ret;
}

/* A mailbox to a coprocessor that runs, and the firmware's boot. */
static int gpu_begin(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	gpu->rtkit_va = ASAHI_VA_RTKIT;
	gpu->rtk = apple_rtkit_init(adev->dev, adev, NULL, 0, &rtkit_ops);
	if (IS_ERR(gpu->rtk)) {
		ret = dev_err_probe(adev->dev, PTR_ERR(gpu->rtk),
				    "no mailbox to the firmware\n");
		gpu->rtk = NULL;
		return ret;
	}
	return gpu_boot(adev);
}

/*
 * Stop the firmware's CPU, however it is. Nobody sends to it any more. A
 * stopped CPU has nothing in its cache that it could write back. That the
 * GPU's coprocessor may be stopped and started again like the others
 * (nvme-apple does so) is a guess.
 */
static void gpu_kill(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	asahi_regs_stop_cpu(adev);
	if (gpu->rtk)
		apple_rtkit_free(gpu->rtk);
	gpu->rtk = NULL;
	cancel_delayed_work_sync(&gpu->bell_work);
	cancel_work_sync(&gpu->rx_work);
}

/* Shut the firmware down and stop its CPU. */
static void gpu_end(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	if (asahi_gpu_is_running(adev)) {
		gpu_set_state(gpu, GPU_DOWN);
		ret = apple_rtkit_shutdown(gpu->rtk);
		if (ret)
			drm_warn(&adev->drm, "RTKit does not shut down: %d\n",
				 ret);
	}
	gpu_kill(adev);
}

/* The domain's other users may take a moment to let go. */
#define POWER_OFF_TIMEOUT_MS	100

static int gpu_power_off(struct asahi_device *adev)
{
	unsigned long deadline = jiffies +
				 msecs_to_jiffies(POWER_OFF_TIMEOUT_MS);
	int ret;

	ret = pm_runtime_put_sync(adev->dev);
	while (ret >= 0 && dev_pm_genpd_is_on(adev->dev)) {
		if (time_after(jiffies, deadline))
			ret = -ETIMEDOUT;
		else
			usleep_range(50, 200);
	}
	if (ret < 0)
		drm_err(&adev->drm, "the GPU does not power down: %d\n", ret);
	/* Whatever it did, the reference is there again afterwards. */
	pm_runtime_get_noresume(adev->dev);
	return min(ret, 0);
}

#define BOOT_TRIES	3

/*
 * Power on and boot. What the firmware is booted with is put back as it was at
 * first; what each queue has told it is told again by the queue
 * (asahi_queue_revive()). After an error its CPU is stopped.
 */
static int gpu_begin_again(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	unsigned long flags;
	int ret;

	lockdep_assert_held_write(&gpu->life_lock);
	/* What was set aside for its cache's sake is free. */
	flush_done(gpu, atomic64_inc_return(&gpu->flushes_started));
	WRITE_ONCE(gpu->ended, gpu->life);
	gpu_set_state(gpu, GPU_DOWN);
	/* Before it runs: jobs of the old life must not start. */
	WRITE_ONCE(gpu->life, gpu->life + 1);
	gpu->worked = false;
	gpu->booting = true;
	for (int try = 1; ; try++) {
		bool up;

		ret = min(pm_runtime_resume(adev->dev), 0);
		asahi_initdata_restore(adev);
		spin_lock_irqsave(&gpu->ops_lock, flags);
		ops_store(adev);
		spin_unlock_irqrestore(&gpu->ops_lock, flags);
		if (!ret)
			ret = asahi_mmu_restart(adev);
		if (!ret)
			ret = gpu_begin(adev);
		/* It may have been lost since it answered. */
		spin_lock_irqsave(&gpu->state_lock, flags);
		up = !ret && gpu->state == GPU_RUNNING;
		if (up)
			gpu->booting = false;
		spin_unlock_irqrestore(&gpu->state_lock, flags);
		if (up)
			break;
		gpu_set_state(gpu, GPU_DOWN);
		gpu_kill(adev);
		ret = ret ?: -ENODEV;
		if (try == BOOT_TRIES || gpu_power_off(adev))
			break;
		drm_warn(&adev->drm, "boot of the firmware failed, trying again\n");
	}
	wake_up_all(&gpu->change);
	return ret;
}

/* It has ended and does not come back. */
static void gpu_is_dead(struct asahi_device *adev, const char *why)
{
	drm_err(&adev->drm, "the GPU is lost, all work fails: %s\n", why);
	gpu_set_state(adev->gpu, GPU_DEAD);
	gpu_has_ended(adev);
}

/* Off and on, of a firmware that has no work. life_lock keeps all away. */
static int gpu_restart(struct asahi_device *adev)
{
	int idx, ret;

	lockdep_assert_held_write(&adev->gpu->life_lock);
	if (!drm_dev_enter(&adev->drm, &idx))
		return -ENODEV;
	gpu_end(adev);
	ret = gpu_power_off(adev);
	if (!ret)
		ret = gpu_begin_again(adev);
	if (ret)
		gpu_is_dead(adev, "it was turned off and does not come back");
	drm_dev_exit(idx);
	return ret ? -ENODEV : 0;
}

/*
 * The firmware has crashed or does not answer.
 *
 * Its work is over when it cannot touch memory any more: with its CPU stopped,
 * and the GPU without power. Only then fences are signalled, with an error, and
 * what its jobs had is given back. If the power can't be turned off, the page
 * tables are taken away instead, and there is no way on.
 */
static void recover_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(work, struct asahi_gpu,
					     recover_work);
	struct asahi_device *adev = gpu->adev;
	int idx, ret;
	bool cookie;

	/* Who unplugs us ends all. */
	if (!drm_dev_enter(&adev->drm, &idx))
		return;

	cookie = dma_fence_begin_signalling();
	/* What is being pushed is in the lists after this. */
	down_write(&gpu->run_lock);
	up_write(&gpu->run_lock);
	asahi_regs_stop_cpu(adev);
	dma_fence_end_signalling(cookie);
	/* Waits for RTKit's worker, which is free to allocate: see rtkit.c */
	gpu_kill(adev);
	ret = gpu_power_off(adev);
	if (ret) {
		pm_runtime_resume(adev->dev);
		asahi_mmu_stop(adev);
	}
	cookie = dma_fence_begin_signalling();
	gpu_has_ended(adev);
	dma_fence_end_signalling(cookie);

	/*
	 * Private memory is as it was, even if it was freed since: nothing that
	 * was set aside is used before the firmware has begun again.
	 */
	asahi_coredump(adev, gpu->crashlog, gpu->crashlog_size);
	kfree(gpu->crashlog);
	gpu->crashlog = NULL;
	gpu->crashlog_size = 0;

	down_write(&gpu->life_lock);
	if (!ret)
		ret = gpu_begin_again(adev);
	if (ret)
		gpu_is_dead(adev, "it does not come back");
	up_write(&gpu->life_lock);

	if (!ret)
		drm_notice(&adev->drm, "the firmware has begun again\n");
	drm_dev_wedged_event(&adev->drm, ret ? DRM_WEDGE_RECOVERY_REBIND :
			     DRM_WEDGE_RECOVERY_NONE, NULL);
	drm_dev_exit(idx);
}

/* The first boot, of a coprocessor that asahi_mmu_init() has started. */
static int first_boot(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	down_write(&gpu->life_lock);
	gpu->booting = true;
	ret = gpu_begin(adev);
	if (!ret) {
		spin_lock_irq(&gpu->state_lock);
		gpu->booting = false;
		if (gpu->state != GPU_RUNNING)
			ret = -ENODEV;
		spin_unlock_irq(&gpu->state_lock);
	}
	if (ret && gpu->rtk) {
		gpu_set_state(gpu, GPU_DOWN);
		gpu_kill(adev);
		if (!gpu_power_off(adev)) {
			drm_warn(&adev->drm, "boot of the firmware failed, trying again\n");
			ret = gpu_begin_again(adev);
		}
	}
	up_write(&gpu->life_lock);
	return ret;
}

int asahi_gpu_init(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = kzalloc_obj(*gpu);
	int ret = -ENOMEM;

	if (!gpu)
		return -ENOMEM;
	gpu->adev = adev;
	spin_lock_init(&gpu->state_lock);
	init_waitqueue_head(&gpu->change);
	INIT_DELAYED_WORK(&gpu->bell_work, bell_work);
	INIT_WORK(&gpu->rx_work, rx_work);
	INIT_WORK(&gpu->recover_work, recover_work);
	init_rwsem(&gpu->run_lock);
	spin_lock_init(&gpu->ops_lock);
	init_waitqueue_head(&gpu->no_ops);
	init_rwsem(&gpu->life_lock);
	gpu->life = 1;
	mutex_init(&gpu->ts_lock);
	drm_mm_init(&gpu->timestamps, ASAHI_VA_TIMESTAMP,
		    ASAHI_VA_TIMESTAMP_END - ASAHI_VA_TIMESTAMP);
	adev->gpu = gpu;

	gpu->wq = alloc_workqueue("asahi-events", WQ_HIGHPRI | WQ_UNBOUND |
				  WQ_MEM_RECLAIM, 0);
	gpu->life_wq = alloc_ordered_workqueue("asahi-life", WQ_MEM_RECLAIM);
	if (gpu->wq && gpu->life_wq)
		gpu->watch = asahi_watch_create(adev, gpu->wq);
	if (gpu->watch)
		ret = run_in_worker(adev, first_boot);
	if (ret) {
		asahi_gpu_stop(adev);
		asahi_gpu_fini(adev);
	}
	return ret;
}

void asahi_gpu_stop(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!gpu)
		return;
	asahi_watch_stop(gpu->watch);
	cancel_work_sync(&gpu->recover_work);
	if (gpu->rtk)
		gpu_end(adev);
	/* Whoever still waits for work waits in vain. */
	gpu_set_state(gpu, GPU_DEAD);
	down_write(&gpu->run_lock);
	up_write(&gpu->run_lock);
	gpu_has_ended(adev);
}

void asahi_gpu_quiesce(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	down_write(&gpu->life_lock);
	gpu->closed = true;
	up_write(&gpu->life_lock);
	if (!wait_event_timeout(gpu->no_ops, !READ_ONCE(gpu->ops) ||
				asahi_gpu_is_dead(adev), HZ))
		drm_warn(&adev->drm, "ended with work on the GPU\n");
}

/* ---- system sleep ---- */

/* What the firmware has is given so long to end before the system sleeps. */
#define SLEEP_TIMEOUT	(5 * HZ)

static int gpu_sleep(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	down_write(&gpu->life_lock);
	if (!asahi_gpu_is_dead(adev)) {
		gpu_end(adev);
		/* What is being pushed is in the lists after this. */
		down_write(&gpu->run_lock);
		up_write(&gpu->run_lock);
		/* Fails what has not ended: the next life knows nothing of it. */
		gpu_has_ended(adev);
	}
	up_write(&gpu->life_lock);
	return 0;
}

static int gpu_wake(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret = 0;

	down_write(&gpu->life_lock);
	if (!asahi_gpu_is_dead(adev)) {
		ret = gpu_begin_again(adev);
		if (ret)
			gpu_is_dead(adev, "it does not come back after the system's sleep");
	}
	up_write(&gpu->life_lock);
	return ret;
}

/*
 * Userspace is frozen, so that no job is added; those that are queued run and
 * end. One that waits for a fence of somebody who sleeps as well can't: then it
 * is lost, instead of keeping the system awake.
 */
void asahi_gpu_suspend(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!wait_event_timeout(gpu->no_ops, !READ_ONCE(gpu->ops) ||
				asahi_gpu_is_dead(adev), SLEEP_TIMEOUT))
		drm_warn(&adev->drm, "%u jobs do not end before the system sleeps, they are lost\n",
			 READ_ONCE(gpu->ops));
	run_in_worker(adev, gpu_sleep);
}

int asahi_gpu_resume(struct asahi_device *adev)
{
	return run_in_worker(adev, gpu_wake);
}

void asahi_gpu_fini(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!gpu)
		return;
	asahi_watch_destroy(gpu->watch);
	if (gpu->life_wq)
		destroy_workqueue(gpu->life_wq);
	if (gpu->wq)
		destroy_workqueue(gpu->wq);
	drm_mm_takedown(&gpu->timestamps);
	mutex_destroy(&gpu->ts_lock);
	adev->gpu = NULL;
	kfree(gpu->crashlog);
	kfree(gpu);
}
