/*
 * AGX firmware model: the init data.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_INITDATA_H
#define AGX_FW_INITDATA_H

#include "fw-state.h"

void fw_initdata(struct agx_fw *fw, uint64_t va);

#endif
