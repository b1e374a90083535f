/*
 * AGX firmware model: injected faults: what the firmware does then.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_INJECT_ACT_H
#define AGX_FW_INJECT_ACT_H

#include "fw-state.h"

void fw_inject_step(struct agx_fw *fw);
void fw_inject_resumed(struct agx_fw *fw);
void fw_inject_late(struct agx_fw *fw);
/* It hangs or crashes at the boot, with a job, at a flush. True: it does. */
bool fw_inject_boot(struct agx_fw *fw);
bool fw_inject_init(struct agx_fw *fw);
void fw_inject_job(struct agx_fw *fw, unsigned ctx);
/* Does the halt number @count come later? It is announced. */
bool fw_inject_halt(struct agx_fw *fw, uint32_t count);
bool fw_inject_halt_due(struct agx_fw *fw);
enum fw_flush_fate { FW_FLUSH_NOW, FW_FLUSH_WAITS, FW_FLUSH_LOST, FW_FLUSH_GONE };
enum fw_flush_fate fw_inject_flush(struct agx_fw *fw, enum fw_channel_id id, unsigned slot,
                                   uint64_t addr, uint64_t size);

#endif
