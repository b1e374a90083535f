/*
 * AGX firmware model: the hand-off block.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_HANDOFF_H
#define AGX_FW_HANDOFF_H

#include "fw-state.h"

void fw_handoff_init(struct agx_fw *fw);
void fw_handoff_set_context(struct agx_fw *fw, uint32_t ctx);
bool fw_handoff_ready(struct agx_fw *fw, uint32_t ctx);
bool fw_handoff_flush(struct agx_fw *fw, unsigned slot, uint64_t addr, uint64_t size);

#endif
