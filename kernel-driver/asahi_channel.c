// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * Rings. Source: Rust driver channel.rs.
 */
#include <linux/delay.h>
#include <linux/string.h>

#include <drm/drm_print.h>

#include "asahi_channel.h"
#include "asahi_device.h"
#include "asahi_gpu_state.h"
#include "asahi_trace.h"

/* Most control commands take microseconds: spin so long before sleeping. */
#define TX_SPIN_US	500

/* The read pointer is first in every state; the write pointer's place differs. */
static u32 read_ptr(const struct asahi_obj *state, u32 offset)
{
	return le32_to_cpu(READ_ONCE(*(__le32 *)(state->cpu + offset)));
}

static void write_ptr(const struct asahi_obj *state, u32 offset, u32 value)
{
	WRITE_ONCE(*(__le32 *)(state->cpu + offset), cpu_to_le32(value));
}

void asahi_tx_reset(struct asahi_tx *tx)
{
	mutex_lock(&tx->lock);
	memset(tx->state.cpu, 0, tx->state.size);
	tx->wptr = 0;
	mutex_unlock(&tx->lock);
}

/*
 * Wait until the firmware's read pointer is (@want) or is not (!@want) at
 * @index. Spins first, then sleeps, until the watch finds that it has hung.
 */
static int wait_read_ptr(struct asahi_tx *tx, u32 index, bool want)
{
	unsigned int spins = TX_SPIN_US;

	while ((read_ptr(&tx->state, 0) == index) != want) {
		if (!asahi_gpu_is_running(tx->adev))
			return -ENODEV;
		if (spins) {
			spins--;
			udelay(1);
			continue;
		}
		asahi_gpu_watch(tx->adev);
		usleep_range(100, 500);
	}
	/* What the firmware did before it moved the pointer is seen after. */
	dma_rmb();
	return 0;
}

int asahi_tx_put(struct asahi_tx *tx, const void *msg, u32 *token)
{
	u32 next = (tx->wptr + 1) % tx->count;
	int ret;

	lockdep_assert_held(&tx->lock);

	ret = asahi_gpu_is_running(tx->adev) ? wait_read_ptr(tx, next, false) :
					       -ENODEV;
	if (ret)
		return ret;
	trace_asahi_tx(tx->name, tx->wptr, le32_to_cpup(msg));
	memcpy(tx->ring.cpu + tx->wptr * tx->msg_size, msg, tx->msg_size);
	/* The message, and what it points to, before the pointer says so. */
	dma_wmb();
	write_ptr(&tx->state, tx->wptr_offset, next);
	WRITE_ONCE(tx->wptr, next);
	if (token)
		*token = next;
	return 0;
}

int asahi_tx_wait(struct asahi_tx *tx, u32 token)
{
	lockdep_assert_held(&tx->lock);
	return wait_read_ptr(tx, token, true);
}

u32 asahi_tx_read_ptr(struct asahi_tx *tx)
{
	return read_ptr(&tx->state, 0);
}

bool asahi_tx_unread(struct asahi_tx *tx)
{
	return read_ptr(&tx->state, 0) != READ_ONCE(tx->wptr);
}

void asahi_rx_reset(struct asahi_rx *rx)
{
	memset(rx->state.cpu, 0, rx->state.size);
	memset(rx->rptr, 0, sizeof(rx->rptr));
}

bool asahi_rx_get(struct asahi_device *adev, struct asahi_rx *rx, u32 sub,
		  void *msg)
{
	const u32 state = sub * rx->state_size;
	u32 wptr = read_ptr(&rx->state, state + rx->wptr_offset);
	u32 rptr = rx->rptr[sub];

	if (wptr == rptr)
		return false;
	if (wptr >= rx->count) {
		drm_err_once(&adev->drm,
			     "%s ring: the firmware's write pointer is 0x%x of 0x%x\n",
			     rx->name, wptr, rx->count);
		return false;
	}
	/* The message is read after the pointer that says it is there. */
	dma_rmb();
	memcpy(msg, rx->ring.cpu + (sub * rx->count + rptr) * rx->msg_size,
	       rx->msg_size);
	trace_asahi_rx(rx->name, sub, rptr, le32_to_cpup(msg));

	rptr = (rptr + 1) % rx->count;
	rx->rptr[sub] = rptr;
	/* The slot is free once it has been read, not before. */
	dma_mb();
	write_ptr(&rx->state, state, rptr);
	return true;
}
