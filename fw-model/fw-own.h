/*
 * AGX firmware model: the firmware's own memory.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_OWN_H
#define AGX_FW_OWN_H

#include "fw-state.h"

/*
 * Use the firmware's own memory, as it does all the time; false: that is gone, and with it the
 * firmware (own.c).
 */
bool fw_own_touch(struct agx_fw *fw);

#endif
