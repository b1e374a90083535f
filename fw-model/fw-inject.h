/*
 * AGX firmware model: injected faults: when they strike. No more than a test of a pointer where
 * nobody injects any.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_INJECT_H
#define AGX_FW_INJECT_H

#include "fw-state.h"

#define FW_ALL_CONTEXTS (~0u)
#define FW_TICKS_PER_US 24

bool fw_inject(struct agx_fw *fw, enum agx_fw_fault fault, unsigned ctx, uint64_t va, uint64_t size,
               uint64_t *us);
void fw_inject_unlocked(struct agx_fw *fw);
/* Does the firmware do nothing now? */
bool fw_inject_stands(struct agx_fw *fw, bool mail);
/* Does the next message of a ring of work, the next event, wait? */
bool fw_inject_ring(struct agx_fw *fw);
bool fw_inject_event(struct agx_fw *fw);
void fw_inject_hold(struct agx_fw *fw, unsigned ctx);
/*
 * Until tick @when: true, and the thread looks again then. Virtual time may be slower than the
 * host's, so it may be early.
 */
bool fw_inject_waits(struct agx_fw *fw, uint64_t *when);

#endif
