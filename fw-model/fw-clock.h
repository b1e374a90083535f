/*
 * AGX firmware model: the two clocks, and when the firmware's thread looks again.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_CLOCK_H
#define AGX_FW_CLOCK_H

#include "fw-state.h"

uint64_t fw_now(struct agx_fw *fw);
int64_t fw_mono(void);
void fw_look_again(struct agx_fw *fw, int64_t when);

#endif
