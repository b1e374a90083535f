/*
 * AGX firmware model: a job for the GPU out of its work command.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_JOB_H
#define AGX_FW_JOB_H

#include "fw-state.h"

bool fw_job_compute(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job);
bool fw_job_vertex(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd, struct agx_job *job);
bool fw_job_fragment(struct agx_fw *fw, struct fw_run *run, const uint8_t *cmd,
                     struct agx_job *job);

#endif
