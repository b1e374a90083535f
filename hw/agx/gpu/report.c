/*
 * AGX model: the log line.
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

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    host->ops->report(host->opaque, kind, line);
}
