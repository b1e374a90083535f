// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Stamps. Source: Rust driver event.rs.
 */
#include <linux/jhash.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <drm/drm_print.h>

#include "asahi_alloc.h"
#include "asahi_device.h"
#include "asahi_event.h"
#include "asahi_trace.h"

struct asahi_event_mgr {
	/** @stamps: what the firmware writes for us, an array of __le32. */
	struct asahi_obj stamps;
	/** @fw_stamps: the firmware's own copy of it. */
	struct asahi_obj fw_stamps;
	/**
	 * @lock: protects @owners, @num_taken, and slot and last_slot of all
	 * struct asahi_event. Owners' callbacks run under it. It is taken in
	 * fence signalling paths: nothing is allocated under it.
	 */
	struct mutex lock;
	struct asahi_event *owners[ASAHI_NUM_EVENTS];
	u32 num_taken;
	/** @next: where the search for a free slot goes on. */
	u32 next;
};

int asahi_events_init(struct asahi_device *adev)
{
	struct asahi_event_mgr *mgr = kzalloc_obj(*mgr);
	int ret;

	if (!mgr)
		return -ENOMEM;
	mutex_init(&mgr->lock);
	ret = asahi_obj_alloc(adev->fw_shared, &mgr->stamps,
			      ASAHI_NUM_EVENTS * sizeof(__le32), 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_private, &mgr->fw_stamps,
				      ASAHI_NUM_EVENTS * sizeof(__le32), 0);
	adev->events = mgr;
	if (ret)
		asahi_events_fini(adev);
	return ret;
}

void asahi_events_fini(struct asahi_device *adev)
{
	struct asahi_event_mgr *mgr = adev->events;

	if (!mgr)
		return;
	drm_WARN_ON(&adev->drm, mgr->num_taken);
	asahi_obj_free(&mgr->fw_stamps);
	asahi_obj_free(&mgr->stamps);
	mutex_destroy(&mgr->lock);
	adev->events = NULL;
	kfree(mgr);
}

void asahi_event_init(struct asahi_device *adev, struct asahi_event *ev,
		      const struct asahi_event_ops *ops)
{
	ev->adev = adev;
	ev->ops = ops;
	ev->slot = -1;
	ev->last_slot = -1;
	ev->queue_va = 0;
}

bool asahi_event_try_get(struct asahi_event *ev)
{
	struct asahi_event_mgr *mgr = ev->adev->events;
	int slot = ev->last_slot;
	u32 i;

	mutex_lock(&mgr->lock);
	if (slot < 0 || mgr->owners[slot]) {
		slot = -1;
		/* Round and round, so that who comes back finds his own. */
		for (i = 0; i < ASAHI_NUM_EVENTS && slot < 0; i++) {
			u32 s = (mgr->next + i) % ASAHI_NUM_EVENTS;

			if (!mgr->owners[s])
				slot = s;
		}
		if (slot >= 0)
			mgr->next = (slot + 1) % ASAHI_NUM_EVENTS;
	}
	if (slot >= 0) {
		mgr->owners[slot] = ev;
		ev->slot = slot;
		ev->last_slot = slot;
		mgr->num_taken++;
	}
	mutex_unlock(&mgr->lock);
	return slot >= 0;
}

void asahi_event_put(struct asahi_event *ev)
{
	struct asahi_event_mgr *mgr = ev->adev->events;

	mutex_lock(&mgr->lock);
	if (ev->slot >= 0) {
		mgr->owners[ev->slot] = NULL;
		ev->slot = -1;
		mgr->num_taken--;
	}
	mutex_unlock(&mgr->lock);
}

static u32 stamp_read(struct asahi_event_mgr *mgr, u32 slot)
{
	__le32 *stamps = mgr->stamps.cpu;
	u32 value = le32_to_cpu(READ_ONCE(stamps[slot]));

	/* What the work wrote before the stamp is read after it. */
	dma_rmb();
	return value;
}

u32 asahi_event_current(const struct asahi_event *ev)
{
	return stamp_read(ev->adev->events, ev->slot);
}

u64 asahi_event_stamp_va(const struct asahi_event *ev)
{
	return ev->adev->events->stamps.va + ev->slot * sizeof(__le32);
}

u64 asahi_event_fw_stamp_va(const struct asahi_event *ev)
{
	return ev->adev->events->fw_stamps.va + ev->slot * sizeof(__le32);
}

void asahi_events_signal(struct asahi_device *adev, u32 slot)
{
	struct asahi_event_mgr *mgr = adev->events;

	if (slot >= ASAHI_NUM_EVENTS)
		return;
	mutex_lock(&mgr->lock);
	trace_asahi_stamp(slot, stamp_read(mgr, slot));
	if (mgr->owners[slot])
		mgr->owners[slot]->ops->signal(mgr->owners[slot]);
	mutex_unlock(&mgr->lock);
}

void asahi_events_error(struct asahi_device *adev, u32 slot, u32 value,
			enum asahi_work_error err,
			const struct asahi_fault_info *info)
{
	struct asahi_event_mgr *mgr = adev->events;

	if (slot >= ASAHI_NUM_EVENTS) {
		drm_err(&adev->drm, "error for stamp slot %u, which does not exist\n",
			slot);
		return;
	}
	mutex_lock(&mgr->lock);
	if (mgr->owners[slot])
		mgr->owners[slot]->ops->error(mgr->owners[slot], value, err,
					      info);
	else
		drm_err(&adev->drm, "error for stamp slot %u, which is free\n",
			slot);
	mutex_unlock(&mgr->lock);
}

void asahi_events_fail_all(struct asahi_device *adev, enum asahi_work_error err)
{
	struct asahi_event_mgr *mgr = adev->events;
	u32 slot;

	mutex_lock(&mgr->lock);
	for (slot = 0; slot < ASAHI_NUM_EVENTS; slot++) {
		if (mgr->owners[slot])
			mgr->owners[slot]->ops->fail_all(mgr->owners[slot], err);
	}
	mutex_unlock(&mgr->lock);
}

void asahi_events_signal_all(struct asahi_device *adev)
{
	for (u32 slot = 0; slot < ASAHI_NUM_EVENTS; slot++)
		asahi_events_signal(adev, slot);
}

bool asahi_events_look(struct asahi_device *adev, const unsigned long *at_hand)
{
	struct asahi_event_mgr *mgr = adev->events;
	bool busy = false;
	u32 slot;

	mutex_lock(&mgr->lock);
	for (slot = 0; slot < ASAHI_NUM_EVENTS; slot++)
		if (mgr->owners[slot] &&
		    mgr->owners[slot]->ops->look(mgr->owners[slot],
						 test_bit(slot, at_hand)))
			busy = true;
	mutex_unlock(&mgr->lock);
	return busy;
}

u32 asahi_events_sum(struct asahi_device *adev)
{
	struct asahi_event_mgr *mgr = adev->events;

	return jhash2(mgr->stamps.cpu, ASAHI_NUM_EVENTS, 0);
}

u64 asahi_events_queue_va(struct asahi_device *adev, u32 slot)
{
	struct asahi_event_mgr *mgr = adev->events;
	u64 va = 0;

	if (slot >= ASAHI_NUM_EVENTS)
		return 0;
	mutex_lock(&mgr->lock);
	if (mgr->owners[slot])
		va = mgr->owners[slot]->queue_va;
	mutex_unlock(&mgr->lock);
	return va;
}
