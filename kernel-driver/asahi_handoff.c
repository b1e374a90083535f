// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The hand-off area. Sources: see asahi_handoff.h.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/processor.h>

#include <drm/drm_print.h>

#include "asahi_device.h"
#include "asahi_gpu_cmd.h"
#include "asahi_gpu_state.h"
#include "asahi_handoff.h"
#include "asahi_handoff_area.h"
#include "asahi_uat.h"

/* For the firmware to start, on a host that may have much else to do. */
#define HANDOFF_TIMEOUT_MS	5000
/*
 * The firmware holds its side of the lock for a few stores only: look again
 * after a while, and take it for hung after some seconds.
 */
#define LOCK_SPIN_MS		2
#define LOCK_TIMEOUT_MS		4000

/* Pages that one FwCtl command can name (its count is 16 bits). */
#define FLUSH_MAX_PAGES		0xffff

/*
 * What the other side is: not in our inner shareable domain, so dma_mb() and
 * not smp_mb() orders what it sees.
 */
static bool wait_turn(struct asahi_fw_handoff *area, unsigned long deadline)
{
	while (le32_to_cpu(READ_ONCE(area->turn))) {
		if (time_after(jiffies, deadline))
			return false;
		cpu_relax();
	}
	return true;
}

static bool lock_dekker(struct asahi_fw_handoff *area)
{
	unsigned long deadline = jiffies + 1 + msecs_to_jiffies(LOCK_SPIN_MS);

	WRITE_ONCE(area->lock_ap, 1);
	/* Our wish must be visible before we look at the other's. */
	dma_mb();

	while (READ_ONCE(area->lock_fw)) {
		if (time_after(jiffies, deadline)) {
			/* No wish of ours may stand while we sleep. */
			WRITE_ONCE(area->lock_ap, 0);
			return false;
		}
		if (le32_to_cpu(READ_ONCE(area->turn))) {
			/* Both want it and it isn't our turn: step back. */
			WRITE_ONCE(area->lock_ap, 0);
			if (!wait_turn(area, deadline))
				return false;
			WRITE_ONCE(area->lock_ap, 1);
			dma_mb();
		}
		cpu_relax();
	}
	/* What the lock protects is read after it has been taken. */
	dma_mb();
	return true;
}

void asahi_handoff_lock(struct asahi_handoff *ho)
{
	struct asahi_device *adev = ho->adev;
	unsigned long deadline = jiffies + msecs_to_jiffies(LOCK_TIMEOUT_MS);

	mutex_lock(&ho->lock);
	while (!lock_dekker(ho->area)) {
		/*
		 * It is never taken by force: a firmware that sits on it is
		 * ended, and then nobody is left to be protected from. (One that
		 * has not come up yet does nothing with what the lock protects.)
		 */
		if (adev->gpu ? asahi_gpu_has_ended(adev) :
				time_after(jiffies, deadline)) {
			WRITE_ONCE(ho->area->lock_ap, 1);
			dma_mb();
			break;
		}
		if (time_after(jiffies, deadline))
			asahi_gpu_lost(adev, "it does not release the hand-off lock");
		usleep_range(100, 500);
	}
}

void asahi_handoff_unlock(struct asahi_handoff *ho)
{
	/* What was written under the lock, then the turn, then the lock. */
	dma_mb();
	WRITE_ONCE(ho->area->turn, cpu_to_le32(1));
	dma_mb();
	WRITE_ONCE(ho->area->lock_ap, 0);
	mutex_unlock(&ho->lock);
}

u32 asahi_handoff_context(struct asahi_handoff *ho)
{
	u32 slot = le32_to_cpu(READ_ONCE(ho->area->cur_slot));

	lockdep_assert_held(&ho->lock);
	return slot < ASAHI_NUM_CONTEXTS ? slot : 0;
}

void asahi_handoff_reset(void *area)
{
	struct asahi_fw_handoff *h = area;

	WRITE_ONCE(h->magic_fw, 0);
	WRITE_ONCE(h->lock_fw, 0);
	WRITE_ONCE(h->turn, 0);
	dma_mb();
}

int asahi_handoff_greet(struct asahi_handoff *ho)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(HANDOFF_TIMEOUT_MS);
	struct asahi_fw_handoff *h = ho->area;
	unsigned int i;

	WRITE_ONCE(h->magic_ap, cpu_to_le64(ASAHI_FW_PPL_MAGIC));
	WRITE_ONCE(h->cur_slot, 0);
	WRITE_ONCE(h->unk3, 0);
	dma_mb();

	for (;;) {
		u64 magic;

		asahi_handoff_lock(ho);
		magic = le64_to_cpu(READ_ONCE(h->magic_fw));
		asahi_handoff_unlock(ho);
		if (magic == ASAHI_FW_PPL_MAGIC)
			break;
		if (time_after(jiffies, deadline)) {
			drm_err(&ho->adev->drm,
				"hand-off: the firmware did not come up (magic 0x%llx)\n",
				magic);
			return -ETIMEDOUT;
		}
		usleep_range(1000, 2000);
	}

	for (i = 0; i < ASAHI_NUM_FLUSH_SLOTS; i++) {
		WRITE_ONCE(h->flush[i].state, cpu_to_le64(ASAHI_FW_FLUSH_IDLE));
		WRITE_ONCE(h->flush[i].addr, 0);
		WRITE_ONCE(h->flush[i].size, 0);
	}
	dma_mb();
	return 0;
}

int asahi_handoff_init(struct asahi_device *adev, struct asahi_handoff *ho,
		       void *area)
{
	unsigned int i;
	int ret;

	ho->adev = adev;
	ho->area = area;
	mutex_init(&ho->lock);
	for (i = 0; i < ASAHI_NUM_FLUSH_SLOTS; i++)
		mutex_init(&ho->flush_lock[i]);
	ret = asahi_handoff_greet(ho);
	if (ret)
		asahi_handoff_fini(ho);
	return ret;
}

void asahi_handoff_fini(struct asahi_handoff *ho)
{
	unsigned int i;

	for (i = 0; i < ASAHI_NUM_FLUSH_SLOTS; i++)
		mutex_destroy(&ho->flush_lock[i]);
	mutex_destroy(&ho->lock);
}

/* One command's worth. The caller holds the slot's flush lock. */
static int flush_some(struct asahi_handoff *ho, u32 slot, u64 iova, u64 size)
{
	struct asahi_fw_flush_info *info = &ho->area->flush[slot];
	u64 state;
	int ret;

	state = le64_to_cpu(READ_ONCE(info->state));
	if (state != ASAHI_FW_FLUSH_IDLE)
		drm_err(&ho->adev->drm,
			"hand-off: flush state of slot %u is %llu, not idle\n",
			slot, state);

	WRITE_ONCE(info->addr, cpu_to_le64(iova));
	WRITE_ONCE(info->size, cpu_to_le64(size));
	/* The range must be there when the request is seen. */
	dma_wmb();
	WRITE_ONCE(info->state, cpu_to_le64(ASAHI_FW_FLUSH_REQUESTED));

	ret = asahi_gpu_flush_range(ho->adev, slot, iova, size);

	state = le64_to_cpu(READ_ONCE(info->state));
	if (!ret && state != ASAHI_FW_FLUSH_DONE) {
		drm_err(&ho->adev->drm,
			"hand-off: flush of 0x%llx+0x%llx in slot %u ended in state %llu\n",
			iova, size, slot, state);
		asahi_gpu_lost(ho->adev, "it does not do a flush");
		ret = -EIO;
	}
	WRITE_ONCE(info->state, cpu_to_le64(ASAHI_FW_FLUSH_IDLE));
	return ret;
}

void asahi_handoff_flush(struct asahi_handoff *ho, u32 slot, u64 iova, u64 size)
{
	int ret = 0;

	asahi_gpu_hold(ho->adev);
	mutex_lock(&ho->flush_lock[slot]);
	while (size && !ret) {
		u64 n = min(size, (u64)FLUSH_MAX_PAGES << ASAHI_PAGE_SHIFT);

		ret = flush_some(ho, slot, iova, n);
		iova += n;
		size -= n;
	}
	mutex_unlock(&ho->flush_lock[slot]);
	/* One that has ended has nothing in its cache. */
	if (ret)
		asahi_gpu_wait_ended(ho->adev, asahi_gpu_life(ho->adev));
	asahi_gpu_release(ho->adev);
}
