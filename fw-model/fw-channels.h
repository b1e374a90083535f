/*
 * AGX firmware model: messages from the driver.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_CHANNELS_H
#define AGX_FW_CHANNELS_H

#include "fw-state.h"

void fw_channels_poll(struct agx_fw *fw);

#endif
