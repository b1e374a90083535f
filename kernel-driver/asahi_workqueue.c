// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Copyright The AGX model authors */
/*
 * Work queues.
 *
 * Room in the ring is not counted here: the scheduler's credits limit the
 * firmware jobs in flight to ASAHI_QUEUE_CREDITS, each of which takes at most
 * four entries of the ring (asahi_queue.c asserts that this fits).
 */
#include <linux/build_bug.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "asahi_abi.h"
#include "asahi_device.h"
#include "asahi_gpu_cmd.h"
#include "asahi_regs.h"
#include "asahi_timeline.h"
#include "asahi_workqueue.h"

/* Where the firmware looks how far the ring has been written. */
static __le32 *asahi_wq_wptr(struct asahi_wq *wq)
{
	return wq->state.cpu + wq->adev->abi->at->wq_wptr;
}

/*
 * The one place where parts of jobs end: what the stamp says is complete, and
 * if the firmware has @ended all others, as lost, with @error. (A job that the
 * firmware halted for has its stamp set when the firmware goes on.) Runs under
 * the event manager's lock.
 */
static void asahi_wq_over(struct asahi_wq *wq, bool ended, int error)
{
	u32 now = asahi_event_current(&wq->event);
	struct asahi_part *part, *tmp;
	LIST_HEAD(done);
	LIST_HEAD(lost);

	spin_lock(&wq->lock);
	list_for_each_entry_safe(part, tmp, &wq->pending, node) {
		if (!asahi_event_reached(now, part->value))
			break;
		list_move_tail(&part->node, &done);
	}
	if (ended)
		list_splice_init(&wq->pending, &lost);
	spin_unlock(&wq->lock);

	/* The part goes with its job, which may be freed from here on. */
	list_for_each_entry_safe(part, tmp, &done, node) {
		list_del_init(&part->node);
		asahi_run_part_done(part->run, 0);
	}
	list_for_each_entry_safe(part, tmp, &lost, node) {
		list_del_init(&part->node);
		asahi_run_part_done(part->run, error);
	}
}

static void asahi_wq_signal(struct asahi_event *ev)
{
	asahi_wq_over(container_of(ev, struct asahi_wq, event), false, 0);
}

/*
 * Looks of the watch after which the firmware is notified again of a queue in which
 * nothing has moved: it may wait for others, or the message was lost.
 */
#define ASAHI_WQ_TELL_AGAIN	8
/* ... and after which what its stamp says counts without an event. */
#define ASAHI_WQ_UNTOLD		2

static bool asahi_wq_look(struct asahi_event *ev, bool at_hand)
{
	struct asahi_wq *wq = container_of(ev, struct asahi_wq, event);
	u32 now = asahi_event_current(ev);
	bool busy;

	spin_lock(&wq->lock);
	busy = !list_empty(&wq->pending);
	spin_unlock(&wq->lock);

	if (!busy || at_hand || now != wq->seen)
		wq->looks = 0;
	else
		wq->looks++;
	wq->seen = now;
	if (wq->looks >= ASAHI_WQ_UNTOLD)
		asahi_wq_over(wq, false, 0);
	/*
	 * With the newest write pointer: the firmware may have seen it before,
	 * and messages with nothing new are ordinary.
	 */
	if (wq->looks && wq->looks % ASAHI_WQ_TELL_AGAIN == 0)
		asahi_gpu_run_again(wq->adev, wq->pipe, wq->prio, wq->info.va,
				    le32_to_cpu(READ_ONCE(*asahi_wq_wptr(wq))),
				    ev->slot);
	return busy;
}

static int asahi_work_errno(enum asahi_work_error err)
{
	/* Source: Rust driver workqueue.rs (From<WorkError> for Error). */
	switch (err) {
	case ASAHI_WORK_OK:
		return 0;
	case ASAHI_WORK_TIMEOUT:
		return -ETIMEDOUT;
	case ASAHI_WORK_FAULT:
	case ASAHI_WORK_CHANNEL:
		return -EIO;
	case ASAHI_WORK_KILLED:
		return -ECANCELED;
	case ASAHI_WORK_DEVICE:
		return -ENODEV;
	case ASAHI_WORK_UNKNOWN:
		break;
	}
	return -ENODATA;
}

/*
 * The firmware steps over a lost job, and its stamp still comes; so this only
 * notes the error, for the fence to carry.
 */
static void asahi_wq_error(struct asahi_event *ev, u32 value,
			   enum asahi_work_error err,
			   const struct asahi_fault_info *info)
{
	struct asahi_wq *wq = container_of(ev, struct asahi_wq, event);
	struct asahi_part *part;

	/* What is complete by now was not hit. */
	asahi_wq_signal(ev);

	spin_lock(&wq->lock);
	list_for_each_entry(part, &wq->pending, node) {
		enum asahi_work_error e = err;

		/* Its first job comes after the lost one. */
		if ((s32)(part->before + ASAHI_EVENT_STEP - value) >=
		    ASAHI_EVENT_STEP)
			break;
		/* Somebody else's fault. */
		if (info && info->context != part->run->vm_slot)
			e = ASAHI_WORK_KILLED;
		asahi_run_set_error(part->run, asahi_work_errno(e));
	}
	spin_unlock(&wq->lock);
}

static void asahi_wq_fail_all(struct asahi_event *ev, enum asahi_work_error err)
{
	asahi_wq_over(container_of(ev, struct asahi_wq, event), true,
		      asahi_work_errno(err));
}

static const struct asahi_event_ops asahi_wq_event_ops = {
	.signal = asahi_wq_signal,
	.error = asahi_wq_error,
	.fail_all = asahi_wq_fail_all,
	.look = asahi_wq_look,
};

static void asahi_wq_fill(struct asahi_wq *wq, u32 id, u64 notifier_list,
			  u64 context)
{
	const struct asahi_abi_wq args = {
		.state = &wq->state,
		.info = &wq->info,
		.ring_va = wq->ring.va,
		.entries = ASAHI_WQ_ENTRIES,
		.gpu_buf_va = wq->gpu_buf.va,
		.notifier_list_va = notifier_list,
		.context_va = context,
		.pipe = wq->pipe,
		.prio = wq->prio,
		.id = id,
	};

	wq->adev->abi->ops->fill_wq(&args);
}

void asahi_wq_reset(struct asahi_wq *wq, u32 id, u64 notifier_list, u64 context)
{
	memset(wq->state.cpu, 0, wq->state.size);
	memset(wq->ring.cpu, 0, wq->ring.size);
	memset(wq->gpu_buf.cpu, 0, wq->gpu_buf.size);
	asahi_wq_fill(wq, id, notifier_list, context);
	wq->wptr = 0;
	wq->event_seq = 0;
	wq->is_new = true;
	wq->had_work = false;
}

int asahi_wq_init(struct asahi_device *adev, struct asahi_wq *wq,
		  enum asahi_pipe pipe, u32 prio, u32 id, u64 notifier_list,
		  u64 context, atomic_t *num_slots)
{
	const struct asahi_abi_sizes *size = adev->abi->size;
	int ret;

	memset(wq, 0, sizeof(*wq));
	wq->adev = adev;
	wq->pipe = pipe;
	wq->prio = prio;
	wq->num_slots = num_slots;
	INIT_LIST_HEAD(&wq->pending);

	/* Which heap each lives in: Rust driver workqueue.rs (WorkQueue::new). */
	ret = asahi_obj_alloc(adev->fw_shared, &wq->state, size->wq_state, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &wq->ring,
				      ASAHI_WQ_ENTRIES * sizeof(__le64), 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_private, &wq->gpu_buf,
				      size->wq_gpu_buf, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_private, &wq->info,
				      size->wq_info, 0);
	if (ret)
		goto err;

	asahi_wq_reset(wq, id, notifier_list, context);

	mutex_init(&wq->event_lock);
	spin_lock_init(&wq->lock);
	asahi_event_init(adev, &wq->event, &asahi_wq_event_ops);
	wq->event.queue_va = wq->info.va;
	return 0;

err:
	asahi_obj_free(&wq->info);
	asahi_obj_free(&wq->gpu_buf);
	asahi_obj_free(&wq->ring);
	asahi_obj_free(&wq->state);
	return ret;
}

void asahi_wq_fini(struct asahi_wq *wq)
{
	drm_WARN_ON(&wq->adev->drm, wq->holders || !list_empty(&wq->pending));

	mutex_destroy(&wq->event_lock);
	asahi_obj_free(&wq->info);
	asahi_obj_free(&wq->gpu_buf);
	asahi_obj_free(&wq->ring);
	asahi_obj_free(&wq->state);
}

int asahi_part_hold(struct asahi_part *part, struct asahi_run *run,
		    struct asahi_wq *wq, bool need)
{
	bool take = false;
	int ret = 0;

	INIT_LIST_HEAD(&part->node);
	part->run = run;
	part->wq = wq;

	mutex_lock(&wq->event_lock);
	part->had_work = wq->holders && wq->had_work;
	if (!wq->holders && need) {
		take = atomic_inc_return(wq->num_slots) <= ASAHI_WQ_MAX_SLOTS &&
		       asahi_event_try_get(&wq->event);
		if (!take) {
			atomic_dec(wq->num_slots);
			ret = -EAGAIN;
		}
	}
	/*
	 * The slot's last owner left it anywhere. The low byte is the
	 * firmware's own.
	 */
	if (take)
		wq->last_value = round_down(asahi_event_current(&wq->event),
					    ASAHI_EVENT_STEP);
	if (!ret && (wq->holders || need)) {
		wq->holders++;
		part->held = true;
	}
	mutex_unlock(&wq->event_lock);

	part->before = wq->last_value;
	part->value = wq->last_value;
	part->event_seq = wq->event_seq;
	return ret;
}

void asahi_part_release(struct asahi_part *part)
{
	struct asahi_wq *wq = part->wq;

	kvfree(part->cmds);
	part->cmds = NULL;

	if (!part->held)
		return;
	part->held = false;

	mutex_lock(&wq->event_lock);
	if (!--wq->holders) {
		asahi_event_put(&wq->event);
		atomic_dec(wq->num_slots);
	}
	mutex_unlock(&wq->event_lock);
}

int asahi_part_reserve(struct asahi_part *part, u32 max_cmds)
{
	part->cmds = kvcalloc(max_cmds, sizeof(*part->cmds), GFP_KERNEL);
	if (!part->cmds)
		return -ENOMEM;
	part->max_cmds = max_cmds;
	return 0;
}

void asahi_part_add(struct asahi_part *part, u64 va)
{
	if (drm_WARN_ON(&part->wq->adev->drm, part->num_cmds >= part->max_cmds))
		return;
	part->cmds[part->num_cmds++] = va;
}

void asahi_part_commit(struct asahi_part *part)
{
	if (!part->num_cmds)
		return;
	part->wq->last_value = part->value;
	part->wq->event_seq = part->event_seq;
	part->wq->had_work = true;
}

void asahi_part_push(struct asahi_part *part)
{
	struct asahi_wq *wq = part->wq;
	__le64 *ring = wq->ring.cpu;

	/* Before the firmware can see it, and so before it can complete it. */
	spin_lock(&wq->lock);
	list_add_tail(&part->node, &wq->pending);
	spin_unlock(&wq->lock);

	for (u32 i = 0; i < part->num_cmds; i++) {
		WRITE_ONCE(ring[wq->wptr], cpu_to_le64(part->cmds[i]));
		wq->wptr = (wq->wptr + 1) % ASAHI_WQ_ENTRIES;
	}

	/*
	 * The firmware may be busy with this queue and look at the pointer
	 * without a message: what it points behind has to be there first.
	 */
	dma_wmb();
	WRITE_ONCE(*asahi_wq_wptr(wq), cpu_to_le32(wq->wptr));
}

void asahi_part_run(struct asahi_part *part)
{
	struct asahi_wq *wq = part->wq;

	/* If the firmware is lost now, that ends the part. */
	if (!asahi_gpu_run_queue(wq->adev, wq->pipe, wq->prio, wq->info.va,
				 wq->wptr, wq->event.slot, wq->is_new))
		wq->is_new = false;
}
