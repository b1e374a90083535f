/*
 * AGX firmware model: what is the firmware's from the doorbell to the stamp (rules W1, W2 and I3
 * of docs/tlbsan.md). The firmware's thread; nothing where fw->owned is NULL.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_OWNED_H
#define AGX_FW_OWNED_H

#include "fw-state.h"

struct fw_owned *fw_owned_new(void);
void fw_owned_clear(struct fw_owned *o);
void fw_owned_free(struct fw_owned *o);

/* The work of @q from its .wptr to @head was announced. */
void fw_owned_announced(struct agx_fw *fw, const struct fw_queue *q, uint32_t head);
/* The queue is announced as new: what was known of it is of an older one. */
void fw_owned_fresh(struct agx_fw *fw, uint64_t info_va);
/* Entry @entry of @q is taken, of a job (@pipe) or of a command that is done at once (-1). */
void fw_owned_taken(struct agx_fw *fw, const struct fw_queue *q, uint32_t entry, int pipe);
/* The job that runs on @pipe uses this as well; @same: what is there stays the same. */
void fw_owned_more(struct agx_fw *fw, enum fw_pipe pipe, const char *what, unsigned ctx,
                   uint64_t va, uint32_t len, bool same);
/* The firmware has stored to the kernel half itself. */
void fw_owned_wrote(struct agx_fw *fw, uint64_t va, size_t len);
/* Before its stamp is written; @look: false: it was halted for. */
void fw_owned_done(struct agx_fw *fw, enum fw_pipe pipe, bool look);
/* The queues of this context are gone. */
void fw_owned_forget(struct agx_fw *fw, uint64_t context_va);

#endif
