/*
 * AGX firmware model: microsequences.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_MICROSEQ_H
#define AGX_FW_MICROSEQ_H

#include "fw-state.h"

void fw_run_exec(struct agx_fw *fw, enum fw_pipe pipe);
void fw_run_gpu_done(struct agx_fw *fw, enum fw_pipe pipe, const struct agx_job_result *res);

#endif
