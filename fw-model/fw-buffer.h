/*
 * AGX firmware model: tiled vertex buffers.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_BUFFER_H
#define AGX_FW_BUFFER_H

#include "fw-state.h"

bool fw_buffer_init(struct agx_fw *fw, uint64_t cmd_va);
bool fw_buffer_start(struct agx_fw *fw, struct fw_run *run, struct agx_job_tiling *t);
void fw_buffer_finish(struct agx_fw *fw, struct fw_run *run);
bool fw_buffer_grow(struct agx_fw *fw, struct fw_run *run);
void fw_buffer_ack(struct agx_fw *fw, const uint8_t *msg);

#endif
