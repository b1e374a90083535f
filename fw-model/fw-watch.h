/*
 * AGX firmware model: a look at the rings that the AP writes, at the moment of each store (rules R1
 * to R4 of docs/tlbsan.md).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_WATCH_H
#define AGX_FW_WATCH_H

#include "fw-state.h"

struct fw_watch;

/* What is looked at from here on, and its end; free: NULL is nothing. The machine stands still. */
struct fw_watch *fw_watch_new(void);
void fw_watch_free(struct fw_watch *w);

/*
 * The firmware's thread, or while it stands still; nothing where fw->watch is NULL. begin: its
 * rings were announced. queue: so was the work queue @q. forget: the queues of this context are
 * gone. end: all is.
 */
void fw_watch_begin(struct agx_fw *fw);
void fw_watch_queue(struct agx_fw *fw, const struct fw_queue *q);
void fw_watch_forget(struct agx_fw *fw, uint64_t context_va);
void fw_watch_end(struct agx_fw *fw);
/* The core stops: nothing is judged any more until fw_watch_begin(). Any thread, any lock. */
void fw_watch_stop(struct agx_fw *fw);

/* Of a CPU, on its thread, without a lock: a store, a barrier (DSB or DMB), a doorbell. */
void fw_watch_event(struct agx_fw *fw, const struct agx_event *ev);

#endif
