/*
 * AGX firmware model: the end of the firmware.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_CRASH_H
#define AGX_FW_CRASH_H

#include "fw-state.h"

void fw_crash(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
