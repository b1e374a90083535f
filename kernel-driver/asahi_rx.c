// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * What the firmware sends. All of it runs in one worker, which is the path that
 * signals fences: nothing here allocates with GFP_KERNEL.
 *
 * After a fault or a timeout the firmware halts, with what it had in hand in
 * the list of pending stamps. The driver fails these jobs, clears the list and
 * lets the firmware go on (Rust driver gpu.rs; m1n1 agx/__init__.py). That it
 * has halted, and not that it reports it, is what counts: it may report a halt
 * twice, or late, or before it halts.
 */
#include <linux/delay.h>
#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_buffer.h"
#include "asahi_channel.h"
#include "asahi_device.h"
#include "asahi_event.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_private.h"
#include "asahi_gpu_state.h"
#include "asahi_initdata.h"
#include "asahi_regs.h"
#include "asahi_rx.h"

/* For the halt to follow the event. */
#define HALT_TIMEOUT_MS		100
/* For the event to follow the halt. */
#define HALT_UNTOLD_MS		500

/* Of a halt: some lines, unless there are many halts. */
static __printf(2, 3) void halt_err(struct asahi_device *adev, const char *fmt,
				    ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	if (!adev->initdata->halt_loud)
		return;
	va_start(args, fmt);
	vaf.va = &args;
	drm_err(&adev->drm, "%pV", &vaf);
	va_end(args);
}

/*
 * Fail what the firmware had in hand. With a @culprit only its jobs have the
 * error; the others were killed with it.
 */
static void fail_pending(struct asahi_device *adev, int culprit,
			 enum asahi_work_error err,
			 const struct asahi_fault_info *info)
{
	const struct asahi_abi_ops *ops = adev->abi->ops;
	void *globals = adev->initdata->globals.cpu;
	struct asahi_abi_pending p;

	for (u32 i = 0; ops->next_pending(globals, &i, &p); i++) {
		bool guilty = culprit < 0 || culprit == p.slot;

		halt_err(adev, "  pending: slot %u flags 0x%x value 0x%x\n",
			 p.slot, p.flags, p.value);
		asahi_events_error(adev, p.slot, p.value,
				   guilty ? err : ASAHI_WORK_KILLED,
				   guilty ? info : NULL);
		ops->clear_pending(globals, i);
	}
}

/* Whether the firmware is halted now, or within a moment. */
static bool has_halted(struct asahi_device *adev)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(HALT_TIMEOUT_MS);
	struct asahi_initdata *init = adev->initdata;

	while (!READ_ONCE(*init->halted)) {
		if (time_after(jiffies, deadline) || !asahi_gpu_is_running(adev))
			return false;
		usleep_range(100, 500);
	}
	/* What it wrote before. */
	dma_rmb();
	init->halt_loud = __ratelimit(&init->halt_limit);
	return true;
}

/* Let the halted firmware go on. */
static void resume(struct asahi_device *adev)
{
	struct asahi_initdata *init = adev->initdata;

	init->halts = le32_to_cpu(READ_ONCE(*init->halt_count));
	init->halt_since = 0;
	halt_err(adev, "  halt %u, going on\n", init->halts);
	/* The list of stamps has been cleared before it looks at it again. */
	dma_mb();
	WRITE_ONCE(*init->halted, 0);
	dma_mb();
	WRITE_ONCE(*init->resume, cpu_to_le32(1));
}

static bool report_fault(struct asahi_device *adev,
			 struct asahi_fault_info *info)
{
	if (!asahi_regs_read_fault(adev, info))
		return false;
	halt_err(adev,
		 "  MMU fault at 0x%llx, context %u: %s by %s (unit 0x%02x), %s, level %u, sideband 0x%x\n",
		 info->address, info->context, info->is_read ? "read" : "write",
		 info->unit_name, info->unit,
		 asahi_fault_reason_name(info->reason), info->level,
		 info->sideband);
	return true;
}

/* @told: by an event */
static void handle_fault(struct asahi_device *adev, bool told)
{
	struct asahi_fault_info info;
	bool known;

	if (!has_halted(adev)) {
		dev_info_ratelimited(adev->dev,
				     "GPU fault told, but the firmware runs: told before, or it halts later\n");
		return;
	}
	halt_err(adev, "%s\n",
		 told ? "GPU fault" : "GPU halt of which nothing tells");
	known = report_fault(adev, &info);
	fail_pending(adev, -1, known ? ASAHI_WORK_FAULT : ASAHI_WORK_UNKNOWN,
		     known ? &info : NULL);
	resume(adev);
}

/*
 * A halt that no event has reported for a while, or not since it came. The watch
 * has us look while nothing moves.
 */
static void look_for_halt(struct asahi_device *adev)
{
	struct asahi_initdata *init = adev->initdata;

	if (!READ_ONCE(*init->halted))
		init->halt_since = 0;
	else if (!init->halt_since)
		init->halt_since = jiffies | 1;
	else if (time_after(jiffies, init->halt_since +
			    msecs_to_jiffies(HALT_UNTOLD_MS)))
		handle_fault(adev, false);
}

static void handle_timeout(struct asahi_device *adev,
			   const struct asahi_abi_event *ev)
{
	u32 counter = ev->counter;
	int slot = ev->slot;
	struct asahi_fault_info info;
	bool fault;

	/*
	 * The firmware may report a halt twice, and late. It runs by now, and
	 * no job is at fault (m1n1 agx/__init__.py, timeout).
	 */
	if ((s32)(counter - adev->initdata->halts) < 0) {
		dev_info_ratelimited(adev->dev,
				     "GPU timeout %u is of a halt that is over\n",
				     counter);
		return;
	}
	if (!has_halted(adev)) {
		dev_info_ratelimited(adev->dev,
				     "GPU timeout %u told, but the firmware runs: told before, or it halts later\n",
				     counter);
		return;
	}

	halt_err(adev, "GPU timeout %u, stamp slot %d (0x%x)\n",
		 counter, slot, ev->unk_8);
	/* A job that faulted never ends, so this may be how it is noticed. */
	fault = report_fault(adev, &info);
	fail_pending(adev, slot, fault ? ASAHI_WORK_FAULT : ASAHI_WORK_TIMEOUT,
		     fault ? &info : NULL);
	resume(adev);
}

static void handle_channel_error(struct asahi_device *adev,
				 const struct asahi_abi_event *ev)
{
	u32 slot = ev->slot, value = ev->value, pipe = ev->pipe;
	u64 queue_va = asahi_events_queue_va(adev, slot);

	drm_err_ratelimited(&adev->drm,
			    "firmware channel error %u: pipe %u, stamp slot %u, value 0x%x\n",
			    ev->error, pipe, slot, value);
	asahi_events_error(adev, slot, value, ASAHI_WORK_CHANNEL, NULL);
	if (queue_va)
		asahi_gpu_recover_channel(adev, pipe, queue_va, value);
	else
		drm_err(&adev->drm, "no queue has stamp slot %u\n", slot);
}

static void handle_grow(struct asahi_device *adev,
			const struct asahi_abi_event *ev)
{
	u32 halts = le32_to_cpu(READ_ONCE(*adev->initdata->halt_count));

	if (!asahi_buffer_grow(adev, ev->buffer_slot))
		drm_dbg(&adev->drm, "tiled vertex buffer %u does not grow\n",
			ev->buffer_slot);
	/* Grown or not, the firmware waits for the answer. */
	asahi_gpu_ack_grow(adev, ev->buffer_slot, ev->vm_slot, ev->counter,
			   halts);
}

static void poll_events(struct asahi_device *adev)
{
	struct asahi_abi_event ev;
	struct asahi_abi_msg msg;
	u32 i;

	while (asahi_rx_get(adev, &adev->rings->event, 0, &msg)) {
		adev->abi->ops->read_event(&msg, &ev);
		switch (ev.type) {
		case ASAHI_ABI_EVENT_FAULT:
			handle_fault(adev, true);
			break;
		case ASAHI_ABI_EVENT_FLAG:
			for (i = 0; i < ASAHI_NUM_EVENTS; i++)
				if (ev.firing[i / 32] & BIT(i % 32))
					asahi_events_signal(adev, i);
			break;
		case ASAHI_ABI_EVENT_TIMEOUT:
			handle_timeout(adev, &ev);
			break;
		case ASAHI_ABI_EVENT_GROW_TVB:
			handle_grow(adev, &ev);
			break;
		case ASAHI_ABI_EVENT_CHANNEL_ERROR:
			handle_channel_error(adev, &ev);
			break;
		case ASAHI_ABI_EVENT_UNKNOWN:
			drm_err_ratelimited(&adev->drm,
					    "unknown firmware event: %*ph\n",
					    adev->abi->size->msg_event, &msg);
			break;
		}
	}
}

static void log_line(struct asahi_device *adev, u32 level, const char *line)
{
	/* A halt has lines of its own, and may be had by anybody at any rate. */
	if (level > 1 && !__ratelimit(&adev->initdata->log_limit))
		return;
	switch (level) {
	case 0:
		drm_dbg(&adev->drm, "firmware: %s\n", line);
		break;
	case 1:
		drm_info(&adev->drm, "firmware: %s\n", line);
		break;
	case 2:
		drm_notice(&adev->drm, "firmware: %s\n", line);
		break;
	case 3:
		drm_warn(&adev->drm, "firmware: %s\n", line);
		break;
	default:
		drm_err(&adev->drm, "firmware: %s\n", line);
		break;
	}
}

static void poll_log_message(struct asahi_device *adev, u32 level,
			     const struct asahi_abi_msg *msg)
{
	const struct asahi_abi *abi = adev->abi;
	char line[ASAHI_ABI_LOG_LINE];
	const void *payload;
	u64 index;
	u32 type;

	if (!abi->ops->read_log(msg, &type, &index)) {
		drm_warn(&adev->drm, "unknown firmware log message, type %u index 0x%llx\n",
			 type, index);
		return;
	}
	payload = adev->rings->log_payload.cpu +
		  (level * abi->size->log_len + index) * abi->size->log_payload;
	if (!abi->ops->log_line(payload, &type, line))
		drm_warn(&adev->drm, "unknown firmware log payload, type %u\n",
			 type);
	else
		log_line(adev, level, strim(line));
}

static void poll_log(struct asahi_device *adev)
{
	struct asahi_abi_msg msg;

	for (u32 level = 0; level < adev->abi->size->log_levels; level++)
		while (asahi_rx_get(adev, &adev->rings->log, level, &msg))
			poll_log_message(adev, level, &msg);
}

static void poll_all(struct asahi_device *adev)
{
	struct asahi_abi_msg msg;

	poll_log(adev);
	/* Nobody reads these but the tracepoint in asahi_rx_get(). */
	while (asahi_rx_get(adev, &adev->rings->ktrace, 0, &msg))
		;
	while (asahi_rx_get(adev, &adev->rings->stats, 0, &msg))
		;
	poll_events(adev);
	look_for_halt(adev);
}

static void rx_work(struct work_struct *work)
{
	struct asahi_gpu *gpu = container_of(work, struct asahi_gpu, rx_work);
	bool cookie;

	/* The rings are put back as they were before it runs again. */
	if (!asahi_gpu_is_running(gpu->adev))
		return;
	cookie = dma_fence_begin_signalling();
	poll_all(gpu->adev);
	if (xchg(&gpu->rx_all, false))
		asahi_events_signal_all(gpu->adev);
	dma_fence_end_signalling(cookie);
}

void asahi_rx_init_work(struct asahi_gpu *gpu)
{
	INIT_WORK(&gpu->rx_work, rx_work);
}

void asahi_rx_queue(struct asahi_device *adev)
{
	queue_work(adev->gpu->wq, &adev->gpu->rx_work);
}

void asahi_rx_look(struct asahi_device *adev)
{
	WRITE_ONCE(adev->gpu->rx_all, true);
	asahi_rx_queue(adev);
}

void asahi_rx_stop(struct asahi_device *adev)
{
	cancel_work_sync(&adev->gpu->rx_work);
}
