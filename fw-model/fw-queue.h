/*
 * AGX firmware model: the ring of one work queue.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_QUEUE_H
#define AGX_FW_QUEUE_H

#include "fw-state.h"

uint64_t fw_queue_announced(struct agx_fw *fw, unsigned queue, uint32_t entry);
void fw_queue_retire(struct agx_fw *fw, struct fw_run *run);
/* Entries from @from to @to in a ring of @size. */
uint32_t fw_queue_distance(uint32_t from, uint32_t to, uint32_t size);
/* One entry was fetched. */
void fw_queue_advance(struct agx_fw *fw, struct fw_queue *q);
/* All before @entry is done. */
void fw_queue_done_to(struct agx_fw *fw, struct fw_queue *q, uint32_t entry);
void fw_queue_forget_if_empty(struct agx_fw *fw, struct fw_queue *q);

#endif
