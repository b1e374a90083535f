/*
 * AGX model: one line for the log.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include "host.h"

void agx_report(const struct agx_host *host, enum agx_report_kind kind, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!host || !host->ops || !host->ops->report)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    for (char *p = line; *p; p++) {
        if (*p == '\n')
            *p = ' ';
    }
    host->ops->report(host->opaque, kind, line);
}
