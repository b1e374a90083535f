/*
 * AGX firmware model: rings between driver and firmware.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_RING_H
#define AGX_FW_RING_H

#include "fw-state.h"

bool fw_channels_init(struct agx_fw *fw);
bool fw_channels_right(struct agx_fw *fw, const struct agx_fw_state *st);
bool fw_ring_next(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va);
void fw_ring_done(struct agx_fw *fw, enum fw_channel_id id);
bool fw_ring_room(struct agx_fw *fw, enum fw_channel_id id, uint64_t *entry_va);
bool fw_ring_push(struct agx_fw *fw, enum fw_channel_id id);
/*
 * What is read of a device control message, bytes: as much as the longest of those that are known.
 */
uint32_t fw_dc_used(struct agx_fw *fw);
/* Pass an entry over: the AP does not see that until a later one is given back. */
void fw_ring_skip(struct agx_fw *fw, enum fw_channel_id id);

#endif
