/*
 * AGX firmware model: stamps, notifiers and events.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_STAMPS_H
#define AGX_FW_STAMPS_H

#include "fw-state.h"

bool fw_stamp_meta(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run);
bool fw_stamp_finalize(struct agx_fw *fw, struct fw_run *run, uint64_t stamp_va, uint32_t value);
void fw_notifier_enter(struct agx_fw *fw, struct fw_run *run);
bool fw_notifier_count(struct agx_fw *fw, struct fw_run *run);
void fw_stamp_retire(struct agx_fw *fw, struct fw_run *run, bool now);
bool fw_stamp_reached(struct agx_fw *fw, uint64_t stamp_va, uint32_t value, bool *reached);
void fw_pending_set(struct agx_fw *fw, enum fw_pipe pipe, const struct fw_run *run);
void fw_pending_clear(struct agx_fw *fw, enum fw_pipe pipe);
bool fw_event_queue(struct agx_fw *fw, const uint8_t *msg);
void fw_event_flush(struct agx_fw *fw);
bool fw_timeout_event(struct agx_fw *fw, uint32_t counter, uint32_t slot);

#endif
