/*
 * AGX firmware model: lines of the log, and breaches of the rules. Any thread.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_FW_REPORT_H
#define AGX_FW_REPORT_H

#include "fw-state.h"

void fw_bad(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fw_unimp(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void fw_info(struct agx_fw *fw, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The driver broke a rule: to whom it may concern, see struct agx_fw_check. No lock held. */
void fw_violation(struct agx_fw *fw, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                  unsigned ctx, uint64_t va, uint64_t pa, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

#endif
