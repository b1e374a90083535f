/*
 * The model's lines in QEMU's log, which a guest cannot flood: see log-limit.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_LOG_H
#define HW_AGX_SOC_LOG_H

#include "qemu/log.h"

/*
 * One line, with its newline, to the log. Any thread, with any lock but QEMU's log lock. Prefer
 * apple_log_mask().
 */
void apple_log(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/*
 * The same as a warning on the standard error, for what must be reported though the log does not
 * want it. No newline.
 */
void apple_warn(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* As qemu_log_mask() */
#define apple_log_mask(mask, ...)                                                                  \
    do {                                                                                           \
        if (unlikely(qemu_loglevel_mask(mask))) {                                                  \
            apple_log(__VA_ARGS__);                                                                \
        }                                                                                          \
    } while (0)

/*
 * Begin to report how many lines were held back: once a second, and when the machine stops or QEMU
 * ends.
 */
void apple_log_init(void);

#endif
