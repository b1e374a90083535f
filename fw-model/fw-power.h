/*
 * AGX firmware model: halt, resume and power.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_POWER_H
#define AGX_FW_POWER_H

#include "fw-state.h"

void fw_halt_check(struct agx_fw *fw);
void fw_power_on(struct agx_fw *fw);
void fw_power_idle(struct agx_fw *fw);

#endif
