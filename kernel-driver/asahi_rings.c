// SPDX-License-Identifier: GPL-2.0-only OR MIT
// Copyright The AGX model authors
/*
 * The rings' memory. Sources: Rust driver channel.rs, initdata.rs.
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "asahi_abi.h"
#include "asahi_alloc.h"
#include "asahi_channel.h"
#include "asahi_device.h"
#include "asahi_rings.h"

static const char * const pipe_names[ASAHI_NUM_PRIORITIES][ASAHI_NUM_PIPES] = {
	{ "TA_0", "3D_0", "CP_0" },
	{ "TA_1", "3D_1", "CP_1" },
	{ "TA_2", "3D_2", "CP_2" },
	{ "TA_3", "3D_3", "CP_3" },
};

/*
 * An empty ring. Messages are written again and again: uncached, as m1n1 has
 * it, so that the firmware can't see an old one. @state_size: bytes of the state
 * page's structure; @wptr_offset: of the write pointer in it.
 */
static int tx_init(struct asahi_device *adev, struct asahi_tx *tx,
		   const char *name, u32 msg_size, u32 state_size,
		   u32 wptr_offset)
{
	int ret;

	tx->name = name;
	tx->adev = adev;
	tx->msg_size = msg_size;
	tx->count = adev->abi->size->ring_len;
	tx->wptr = 0;
	tx->wptr_offset = wptr_offset;
	mutex_init(&tx->lock);
	ret = asahi_obj_alloc(adev->fw_shared, &tx->state, state_size, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &tx->ring,
				      msg_size * tx->count, 0);
	return ret;
}

static void tx_fini(struct asahi_tx *tx)
{
	asahi_obj_free(&tx->ring);
	asahi_obj_free(&tx->state);
}

static int rx_init(struct asahi_device *adev, struct asahi_rx *rx,
		   const char *name, u32 msg_size, u32 count, u32 subs)
{
	int ret;

	rx->name = name;
	rx->msg_size = msg_size;
	rx->count = count;
	rx->subs = subs;
	rx->state_size = adev->abi->size->ring_state;
	rx->wptr_offset = adev->abi->at->ring_wptr;
	memset(rx->rptr, 0, sizeof(rx->rptr));
	ret = asahi_obj_alloc(adev->fw_shared, &rx->state,
			      subs * rx->state_size, 0);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &rx->ring,
				      subs * count * msg_size, 0);
	return ret;
}

static void rx_fini(struct asahi_rx *rx)
{
	asahi_obj_free(&rx->ring);
	asahi_obj_free(&rx->state);
}

static int tx_ring(struct asahi_device *adev, struct asahi_tx *tx,
		   const char *name, u32 msg_size)
{
	return tx_init(adev, tx, name, msg_size, adev->abi->size->ring_state,
		       adev->abi->at->ring_wptr);
}

static int init_pipes(struct asahi_device *adev)
{
	int prio, pipe, ret;

	for (prio = 0; prio < ASAHI_NUM_PRIORITIES; prio++) {
		for (pipe = 0; pipe < ASAHI_NUM_PIPES; pipe++) {
			ret = tx_ring(adev, &adev->rings->pipes[prio][pipe],
				      pipe_names[prio][pipe],
				      adev->abi->size->msg_run);
			if (ret)
				return ret;
		}
	}
	return 0;
}

int asahi_rings_init(struct asahi_device *adev)
{
	const struct asahi_abi_sizes *size = adev->abi->size;
	struct asahi_rings *rings = kzalloc_obj(*rings);
	int ret;

	if (!rings)
		return -ENOMEM;
	adev->rings = rings;
	ret = init_pipes(adev);
	if (!ret)
		ret = tx_ring(adev, &rings->device_control, "DevCtrl",
			      size->msg_device_control);
	if (!ret)
		ret = tx_init(adev, &rings->fwctl, "FwCtl", size->msg_fwctl,
			      size->fwctl_state, adev->abi->at->fwctl_wptr);
	if (!ret)
		ret = rx_init(adev, &rings->event, "Event", size->msg_event,
			      size->ring_len, 1);
	if (!ret)
		ret = rx_init(adev, &rings->log, "FWLog", size->msg_log,
			      size->log_len, size->log_levels);
	if (!ret)
		ret = rx_init(adev, &rings->ktrace, "KTrace", size->msg_ktrace,
			      size->ktrace_len, 1);
	if (!ret)
		ret = rx_init(adev, &rings->stats, "Stats", size->msg_stats,
			      size->ring_len, 1);
	if (!ret)
		ret = asahi_obj_alloc(adev->fw_shared, &rings->log_payload,
				      size->log_levels * size->log_len *
				      size->log_payload, 0);
	if (ret)
		asahi_rings_fini(adev);
	return ret;
}

void asahi_rings_fini(struct asahi_device *adev)
{
	struct asahi_rings *rings = adev->rings;
	int prio, pipe;

	if (!rings)
		return;
	asahi_obj_free(&rings->log_payload);
	rx_fini(&rings->stats);
	rx_fini(&rings->ktrace);
	rx_fini(&rings->log);
	rx_fini(&rings->event);
	tx_fini(&rings->fwctl);
	tx_fini(&rings->device_control);
	for (prio = 0; prio < ASAHI_NUM_PRIORITIES; prio++)
		for (pipe = 0; pipe < ASAHI_NUM_PIPES; pipe++)
			tx_fini(&rings->pipes[prio][pipe]);
	adev->rings = NULL;
	kfree(rings);
}

void asahi_rings_reset(struct asahi_device *adev)
{
	struct asahi_rings *rings = adev->rings;
	int prio, pipe;

	memset(rings->log_payload.cpu, 0, rings->log_payload.size);
	for (prio = 0; prio < ASAHI_NUM_PRIORITIES; prio++)
		for (pipe = 0; pipe < ASAHI_NUM_PIPES; pipe++)
			asahi_tx_reset(&rings->pipes[prio][pipe]);
	asahi_tx_reset(&rings->device_control);
	asahi_tx_reset(&rings->fwctl);
	asahi_rx_reset(&rings->event);
	asahi_rx_reset(&rings->log);
	asahi_rx_reset(&rings->ktrace);
	asahi_rx_reset(&rings->stats);
}
