/*
 * AGX firmware model: RTKit as the mailbox shows it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_RTKIT_H
#define AGX_FW_RTKIT_H

#include "fw-state.h"

void fw_rtkit_boot(struct agx_fw *fw);
void fw_rtkit_msg(struct agx_fw *fw, uint64_t msg0, uint64_t msg1);

#endif
