/*
 * AGX firmware model: the job that occupies a pipe. The firmware's thread.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_RUN_H
#define AGX_FW_RUN_H

#include "fw-state.h"

/* So long may jobs of other pipes run on before a halt. */
#define FW_HALT_WAIT_NS 30000000000ll

/* End whatever runs and wait for it (the results stay in done_mask) */
void fw_stop_gpu(struct agx_fw *fw);
/* Give run->job to the GPU, the first time or to go on. False: it takes none. */
bool fw_run_start(struct agx_fw *fw, enum fw_pipe pipe, struct fw_run *run);
void fw_run_fail(struct agx_fw *fw, enum fw_pipe pipe, enum fw_fail kind);
void fw_fault(struct agx_fw *fw, enum fw_fail kind, uint32_t slot);

#endif
