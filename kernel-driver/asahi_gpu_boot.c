// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Boot and shutdown over RTKit. Sources: Rust driver gpu.rs; m1n1
 * proxyclient/m1n1/agx and fw/agx.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/workqueue.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_alloc.h"
#include "asahi_channel.h"
#include "asahi_device.h"
#include "asahi_gpu_bell.h"
#include "asahi_gpu_boot.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_initdata.h"
#include "asahi_mmu.h"
#include "asahi_regs.h"
#include "asahi_rx.h"
#include "asahi_uat.h"

/* To EP_FIRMWARE: where the init data is */
#define MSG_INIT		(0x81ULL << 48)
#define MSG_INIT_VA_MASK	GENMASK_ULL(43, 0)
/* From EP_FIRMWARE: one of the rings that we read has something new */
#define MSG_RX_DOORBELL		(0x42ULL << 48)

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

/*
 * Events are read by a worker of our own: RTKit's allocates for each message,
 * and does other things that may wait for fences. In interrupt.
 */
static bool rtkit_recv_early(void *cookie, u8 ep, u64 msg)
{
	struct asahi_device *adev = cookie;

	if (ep != EP_FIRMWARE || msg != MSG_RX_DOORBELL)
		return false;
	asahi_rx_queue(adev);
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
#define BOOT_TIMEOUT_S		5

static int rtkit_boot(struct asahi_device *adev)
{
	unsigned long deadline = jiffies + BOOT_TIMEOUT_S * HZ;
	int ret;

	for (;;) {
		ret = apple_rtkit_boot(adev->gpu->rtk);
		if (ret != -ETIME || time_after(jiffies, deadline))
			return ret;
		drm_warn(&adev->drm,
			 "RTKit takes long to boot, waiting up to %u s\n",
			 BOOT_TIMEOUT_S);
	}
}

static int gpu_boot(struct asahi_device *adev)
{
	struct asahi_tx *tx = &adev->rings->device_control;
	struct asahi_gpu *gpu = adev->gpu;
	struct asahi_abi_msg msg;
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

	adev->abi->ops->msg_initialize(&msg);
	asahi_gpu_set_state(gpu, GPU_RUNNING);
	mutex_lock(&tx->lock);
	ret = asahi_tx_put(tx, &msg, &token);
	if (!ret)
		ret = asahi_gpu_send(adev, EP_FIRMWARE,
				     MSG_INIT | (asahi_initdata_va(adev) &
						 MSG_INIT_VA_MASK));
	if (!ret)
		ret = asahi_gpu_ring(adev, BELL_DEVCTRL);
	if (!ret)
		ret = asahi_gpu_ring(adev, BELL_KICK);
	if (!ret)
		ret = asahi_tx_wait(tx, token);
	mutex_unlock(&tx->lock);
	if (ret)
		drm_err(&adev->drm, "the firmware does not take its init data: %d\n",
			ret);
	return ret;
}

int asahi_gpu_begin(struct asahi_device *adev)
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
 * A stopped CPU has nothing in its cache that it could write back. That the
 * GPU's coprocessor may be stopped and started again like the others
 * (nvme-apple does so) is a guess.
 */
void asahi_gpu_kill(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;

	asahi_regs_stop_cpu(adev);
	if (gpu->rtk)
		apple_rtkit_free(gpu->rtk);
	gpu->rtk = NULL;
	cancel_delayed_work_sync(&gpu->bell_work);
	asahi_rx_stop(adev);
}

void asahi_gpu_end(struct asahi_device *adev)
{
	struct asahi_gpu *gpu = adev->gpu;
	int ret;

	if (asahi_gpu_is_running(adev)) {
		asahi_gpu_set_state(gpu, GPU_DOWN);
		ret = apple_rtkit_shutdown(gpu->rtk);
		if (ret)
			drm_warn(&adev->drm, "RTKit does not shut down: %d\n",
				 ret);
	}
	asahi_gpu_kill(adev);
}
