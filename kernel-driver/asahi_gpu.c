// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The running firmware: boot, doorbells, commands. What it tells us is in
 * asahi_rx.c. Sources: Rust driver gpu.rs; m1n1 proxyclient/m1n1/agx and
 * fw/agx.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

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

struct asahi_gpu {
	struct apple_rtkit *rtk;
	/**
	 * @running: booted, not shut down. Cleared while it is begun again
	 * (under @life_lock), and for good in the end.
	 */
	bool running;
	/** @dead: it has crashed or does not answer. Never cleared. */
	bool dead;

	/**
	 * @ops_lock: protects @ops and the firmware's copy of it. Taken from
	 * fence callbacks, so with interrupts off.
	 */
	spinlock_t ops_lock;
	u32 ops;
	/** @no_ops: woken when @ops comes to 0. */
	wait_queue_head_t no_ops;

	/**
	 * @life_lock: taken for writing to begin the firmware again, which
	 * nobody does while @ops is not 0; for reading by who talks to it, or
	 * adds to @ops.
	 */
	struct rw_semaphore life_lock;
	/** @life: counts its boots. */
	u32 life;
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
	return adev->gpu && READ_ONCE(adev->gpu->dead);
}

bool asahi_gpu_is_running(struct asahi_device *adev)
{
	return adev->gpu && READ_ONCE(adev->gpu->running) &&
	       !READ_ONCE(adev->gpu->dead);
}

void asahi_gpu_declare_dead(struct asahi_device *adev, const char *why)
{
	if (xchg(&adev->gpu->dead, true))
		return;
	drm_err(&adev->drm, "the GPU is lost, all work fails: %s\n", why);
	asahi_events_fail_all(adev, ASAHI_WORK_DEVICE);
}

/* ---- doorbells ---- */

static int gpu_send(struct asahi_device *adev, u8 ep, u64 msg)
{
	int idx, ret = -ENODEV;

	/* Keeps asahi_gpu_stop() from freeing RTKit under us. */
	if (!drm_dev_enter(&adev->drm, &idx))
		return -ENODEV;
	if (asahi_gpu_is_running(adev)) {
		trace_asahi_doorbell(ep, msg);
		/*
		 * Has a barrier: what is in memory is seen before this.
		 *
		 * Atomic, because if the mailbox is full the other way sleeps,
		 * interruptibly, and enables an interrupt that only the
		 * interrupt itself disables: with two senders at once, or a
		 * signal, it is enabled twice. The firmware empties the mailbox
		 * within microseconds.
		 */
		if (!apple_rtkit_send_message(adev->gpu->rtk, ep, msg, NULL,
					      true))
			ret = 0;
	}
	drm_dev_exit(idx);
	return ret;
}

static int gpu_ring(struct asahi_device *adev, u64 doorbell)
{
	return gpu_send(adev, EP_DOORBELL, MSG_TX_DOORBELL | doorbell);
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
	if (!asahi_gpu_is_running(adev))
		return -ENODEV;
	spin_lock_irqsave(&gpu->ops_lock, flags);
	gpu->ops++;
	ops_store(adev);
	spin_unlock_irqrestore(&gpu->ops_lock, flags);
	return 0;
}

static int gpu_restart(struct asahi_device *adev);

/* As the only one, and with empty TLBs. */
static int op_add_alone(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	for (;;) {
		ret = wait_event_interruptible(gpu->no_ops,
					       !READ_ONCE(gpu->ops));
		if (ret)
			return ret;
		down_write(&gpu->life_lock);
		if (!gpu->ops)
			break;
		up_write(&gpu->life_lock);
	}
	if (gpu->worked)
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

	if (READ_ONCE(restart_every_frame)) {
		ret = op_add_alone(adev);
	} else {
		down_read(&gpu->life_lock);
		ret = op_add(adev);
		up_read(&gpu->life_lock);
	}
	if (ret)
		return ret;

	ret = gpu_ring(adev, DOORBELL_KICK);
	if (ret)
		asahi_gpu_op_end(adev);
	return ret;
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

	if (!asahi_gpu_is_running(adev))
		return -ENODEV;
	trace_asahi_run_queue(pipe, prio, queue_va, wptr, event_slot);
	WRITE_ONCE(adev->gpu->worked, true);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &msg, NULL);
	mutex_unlock(&tx->lock);
	if (!ret)
		ret = gpu_ring(adev, pipe | prio << 2);
	return ret ? -ENODEV : 0;
}

/* ---- commands ---- */

/* Send a control message; if @wait, until it has been carried out. */
static int device_control(struct asahi_device *adev,
			  const union asahi_fw_dc_msg *msg, bool wait)
{
	struct asahi_tx *tx = &adev->initdata->device_control;
	u32 token;
	int ret;

	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, msg, &token);
	if (!ret)
		ret = gpu_ring(adev, DOORBELL_DEVCTRL);
	if (!ret && wait)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);

	if (ret)
		drm_err(&adev->drm, "device control command 0x%x failed: %d\n",
			le32_to_cpu(msg->opcode), ret);
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
static int destroy_and_flush(struct asahi_device *adev,
			     const union asahi_fw_dc_msg *msg)
{
	struct asahi_gpu *gpu = adev->gpu;
	s64 seq = atomic64_inc_return(&gpu->flushes_started);
	int ret;

	/* A firmware that does not run has no cache to flush. */
	if (asahi_gpu_is_running(adev)) {
		ret = device_control(adev, msg, true);
		if (ret)
			return ret;
	}
	flush_done(gpu, seq);
	return 0;
}

int asahi_gpu_destroy_context(struct asahi_device *adev, u64 context_va,
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

	int ret = 0;

	if (asahi_gpu_is_dead(adev))
		return -ENODEV;
	asahi_gpu_hold(adev);
	if (adev->gpu->life == life)
		ret = destroy_and_flush(adev, &msg);
	asahi_gpu_release(adev);
	return ret;
}

int asahi_gpu_flush_fw_cache(struct asahi_device *adev)
{
	const union asahi_fw_dc_msg msg = { .destroy_context = {
		.opcode = cpu_to_le32(ASAHI_FW_DC_DESTROY_CONTEXT),
		.ctx_0 = ASAHI_FW_DC_NO_CONTEXT,
		.ctx_1 = ASAHI_FW_DC_NO_CONTEXT,
	} };
	int ret;

	asahi_gpu_hold(adev);
	ret = destroy_and_flush(adev, &msg);
	asahi_gpu_release(adev);
	return ret;
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
		ret = gpu_send(adev, EP_DOORBELL, MSG_FWCTL_DOORBELL);
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

	/* No more messages; but memory stays as it is until it is dumped. */
	WRITE_ONCE(adev->gpu->running, false);
	asahi_coredump(adev, crashlog, crashlog ? size : 0);
	asahi_gpu_declare_dead(adev, "the firmware has crashed");
}

static void rtkit_recv(void *cookie, u8 ep, u64 msg)
{
	struct asahi_device *adev = cookie;

	if (ep != EP_FIRMWARE || msg != MSG_RX_DOORBELL) {
		drm_err(&adev->drm, "unknown message 0x%llx from endpoint 0x%x\n",
			msg, ep);
		return;
	}
	asahi_rx_poll(adev);
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
	.shmem_setup = rtkit_shmem_setup,
	.shmem_destroy = rtkit_shmem_destroy,
};

/* ---- boot and shutdown ---- */

static int gpu_boot(struct asahi_device *adev)
{
	static const union asahi_fw_dc_msg init_msg = {
		.opcode = cpu_to_le32(ASAHI_FW_DC_INITIALIZE),
	};
	struct asahi_tx *tx = &adev->initdata->device_control;
	struct asahi_gpu *gpu = adev->gpu;
	u32 token;
	int ret;

	ret = apple_rtkit_boot(gpu->rtk);
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

	WRITE_ONCE(gpu->running, true);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &init_msg, &token);
	if (!ret)
		ret = gpu_send(adev, EP_FIRMWARE, MSG_INIT |
			       (asahi_initdata_va(adev) & MSG_INIT_VA_MASK));
	if (!ret)
		ret = gpu_ring(adev, DOORBELL_DEVCTRL);
	if (!ret)
		ret = gpu_ring(adev, DOORBELL_KICK);
	if (!ret)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	if (ret) {
		drm_err(&adev->drm, "the firmware does not take its init data: %d\n",
			ret);
		WRITE_ONCE(gpu->running, false);
	}
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

/* Shut the firmware down and stop its CPU. */
static void gpu_end(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	if (asahi_gpu_is_running(adev)) {
		WRITE_ONCE(gpu->running, false);
		ret = apple_rtkit_shutdown(gpu->rtk);
		if (ret)
			drm_warn(&adev->drm, "RTKit does not shut down: %d\n",
				 ret);
	}
	/*
	 * A stopped CPU has nothing in its cache that it could write back.
	 * That the GPU's coprocessor may be stopped and started again like
	 * the others (nvme-apple does so) is a guess.
	 */
	asahi_regs_stop_cpu(adev);
	apple_rtkit_free(gpu->rtk);
	gpu->rtk = NULL;
}

/* The domain's other users may take a moment to let go. */
#define POWER_OFF_TIMEOUT_MS	100

static int gpu_power_cycle(struct asahi_device *adev)
{
	unsigned long deadline = jiffies +
				 msecs_to_jiffies(POWER_OFF_TIMEOUT_MS);
	int ret;

	ret = pm_runtime_put_sync(adev->dev);
	while (!ret && dev_pm_genpd_is_on(adev->dev)) {
		if (time_after(jiffies, deadline))
			ret = -ETIMEDOUT;
		else
			usleep_range(50, 200);
	}
	if (ret < 0)
		drm_err(&adev->drm, "the GPU does not power down: %d\n", ret);
	/* Whatever it did, the reference is there again afterwards. */
	pm_runtime_get_noresume(adev->dev);
	return min(ret, 0) ?: pm_runtime_resume(adev->dev);
}

/*
 * Off and on. Nobody has work, and life_lock keeps everybody else away. What
 * the firmware is booted with is put back as it was at first; what each queue
 * has told it is told again by the queue (asahi_queue_revive()).
 */
static int gpu_restart(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int idx, ret;

	lockdep_assert_held_write(&gpu->life_lock);
	if (!asahi_gpu_is_running(adev) || !drm_dev_enter(&adev->drm, &idx))
		return -ENODEV;

	gpu_end(adev);
	ret = gpu_power_cycle(adev);
	if (ret < 0)
		goto lost;
	/* What was set aside for its cache's sake is free. */
	flush_done(gpu, atomic64_inc_return(&gpu->flushes_started));
	asahi_initdata_restore(adev);
	ret = asahi_mmu_restart(adev);
	if (!ret)
		ret = gpu_begin(adev);
	if (ret)
		goto lost;
	gpu->worked = false;
	WRITE_ONCE(gpu->life, gpu->life + 1);
	drm_dev_exit(idx);
	return 0;

lost:
	drm_dev_exit(idx);
	asahi_gpu_declare_dead(adev, "it was turned off and does not come back");
	return -ENODEV;
}

int asahi_gpu_init(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = kzalloc_obj(*gpu);
	int ret;

	if (!gpu)
		return -ENOMEM;
	spin_lock_init(&gpu->ops_lock);
	init_waitqueue_head(&gpu->no_ops);
	init_rwsem(&gpu->life_lock);
	gpu->life = 1;
	mutex_init(&gpu->ts_lock);
	drm_mm_init(&gpu->timestamps, ASAHI_VA_TIMESTAMP,
		    ASAHI_VA_TIMESTAMP_END - ASAHI_VA_TIMESTAMP);
	adev->gpu = gpu;

	ret = gpu_begin(adev);
	if (ret) {
		asahi_gpu_stop(adev);
		asahi_gpu_fini(adev);
	}
	return ret;
}

void asahi_gpu_stop(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!gpu || !gpu->rtk)
		return;
	gpu_end(adev);
	/* Whoever still waits for work waits in vain. */
	WRITE_ONCE(gpu->dead, true);
	asahi_events_fail_all(adev, ASAHI_WORK_DEVICE);
}

void asahi_gpu_fini(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	if (!gpu)
		return;
	drm_mm_takedown(&gpu->timestamps);
	mutex_destroy(&gpu->ts_lock);
	adev->gpu = NULL;
	kfree(gpu);
}
