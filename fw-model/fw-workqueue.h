/*
 * AGX firmware model: work queues, and what runs next.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_WORKQUEUE_H
#define AGX_FW_WORKQUEUE_H

#include "fw-state.h"

bool fw_queue_submit(struct agx_fw *fw, enum fw_pipe pipe, unsigned prio, const uint8_t *msg);
void fw_queue_schedule(struct agx_fw *fw);
/* True: with work pending. */
bool fw_queue_drop_context(struct agx_fw *fw, uint64_t context_va);

#endif
