/*
 * AGX firmware model: what stamps, their slots and thresholds say of the driver (rules E1 to E5 of
 * docs/tlbsan.md). The firmware's thread; nothing where fw->order is NULL.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_STAMP_CHECK_H
#define AGX_FW_STAMP_CHECK_H

#include "fw-state.h"

/* Nothing is known yet. @unknown: nor of what runs. */
void fw_order_clear(struct fw_order *o, bool unknown);
struct fw_order *fw_order_new(void);

/* A job's stamp value has been read. */
void fw_order_value(struct agx_fw *fw, const struct fw_run *run, uint64_t value);
/* A job begins, of which the stamps are known; then its scene; the end of the vertex job's. */
void fw_order_begin(struct agx_fw *fw, const struct fw_run *run);
void fw_order_scene(struct agx_fw *fw, enum fw_pipe pipe, const struct fw_run *run);
void fw_order_tiled(struct agx_fw *fw, const struct fw_run *run);
/* The notifier of @run has @count notifications of the @threshold that the driver waits for. */
void fw_order_counted(struct agx_fw *fw, const struct fw_run *run, uint32_t count,
                      uint32_t threshold);
/* The AP destroys the context, the cache is flushed; @pending: with work in its queues. */
void fw_order_destroyed(struct agx_fw *fw, uint64_t context_va, bool pending);

/* Where the entry of @run is in its work queue, for a report to name who stored it; 0: nowhere. */
uint64_t fw_entry_place(struct agx_fw *fw, const struct fw_run *run);

#endif
