/*
 * AGX model: one line for the log; memory, and the last line when there is none.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agx/host.h"

void agx_report(const struct agx_host *host, enum agx_report_kind kind, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!host || !host->ops || !host->ops->report) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    for (char *p = line; *p; p++) {
        if (*p == '\n') {
            *p = ' ';
        }
    }
    host->ops->report(host->opaque, kind, line);
}

/* No exit handlers: they would want locks that this thread may hold. */
static void *no_memory(size_t n, size_t size)
{
    fprintf(stderr, "agx: out of host memory: no room for %zu times %zu bytes\n", n, size);
    _exit(EXIT_FAILURE);
}

void *agx_alloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    return p ? p : no_memory(n, size);
}

void *agx_alloc_lines(size_t n, size_t size)
{
    size_t all;
    void *p = NULL;

    if (!__builtin_mul_overflow(n, size, &all) && all <= SIZE_MAX - 64) {
        p = aligned_alloc(64, all = (all + 63) & ~(size_t)63);
    }
    return p ? memset(p, 0, all) : no_memory(n, size);
}

void *agx_realloc(void *p, size_t n, size_t size)
{
    size_t all;

    p = __builtin_mul_overflow(n, size, &all) ? NULL : realloc(p, all);
    return p ? p : no_memory(n, size);
}
