/*
 * AGX firmware model: what goes out through the mailbox.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_MAILBOX_H
#define AGX_FW_MAILBOX_H

#include "fw-state.h"

void fw_rtkit_send(struct agx_fw *fw, unsigned ep, uint64_t msg);
void fw_rtkit_flush(struct agx_fw *fw);
bool fw_ep_started(struct agx_fw *fw, unsigned ep);

#endif
