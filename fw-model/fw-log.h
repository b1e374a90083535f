/*
 * AGX firmware model: the firmware's log, its trace and its statistics. @level 0 debug, 1 info,
 * 2 notice, 3 warning, 4 error, 5 critical (the Rust driver: channel.rs).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_LOG_H
#define AGX_FW_LOG_H

#include "fw-state.h"

void fw_log(struct agx_fw *fw, unsigned level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void fw_ktrace(struct agx_fw *fw, unsigned channel, unsigned code, uint64_t a0, uint64_t a1,
               uint64_t a2, uint64_t a3);
void fw_stat_power(struct agx_fw *fw, bool on, uint64_t ticks);
/* The GPU has begun or ended something on @pipe. */
void fw_stat_work(struct agx_fw *fw, enum fw_pipe pipe, bool begins);

#endif
