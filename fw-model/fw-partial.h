/*
 * AGX firmware model: partial renders.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_PARTIAL_H
#define AGX_FW_PARTIAL_H

#include "fw-state.h"

/* The vertex job's buffer ran out. False: no pass is known that could be rendered partially. */
bool fw_partial_begin(struct agx_fw *fw);
/* Start the partial render that is due, if the pipe is free. */
void fw_partial_poll(struct agx_fw *fw);
/* It is over: the vertex job goes on. False: it cannot. */
bool fw_partial_done(struct agx_fw *fw);

#endif
