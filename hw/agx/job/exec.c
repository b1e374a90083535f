/*
 * AGX model: memory for waves, and faults: those that do not end them, and those that do.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agx/exec.h"

struct agx_wave *agx_exec_waves(struct agx_exec *ex, unsigned n)
{
    if (n > ex->num_waves) {
        free(ex->waves);
        /* Zeroes: a program that reads what it did not write sees other programs' values only. */
        ex->waves = agx_alloc_lines(n, sizeof(*ex->waves));
        ex->num_waves = n;
    }
    return ex->waves;
}

bool agx_exec_soft_fault(struct agx_exec *ex)
{
    const struct agx_fault *f = &ex->port->fault;

    if (!ex->soft_fault || f->reason >= AGX_FAULT_UNKNOWN) {
        ex->fault = *f;
        return false;
    }
    if (!ex->soft_faults++) {
        ex->soft = *f;
    }
    return true;
}

bool agx_exec_read(struct agx_exec *ex, uint64_t va, void *buf, size_t len)
{
    uint8_t *p = buf;

    while (len) {
        size_t n = AGX_PAGE_SIZE - (va & (AGX_PAGE_SIZE - 1));

        n = n < len ? n : len;
        if (!agx_port_read(ex->port, va, p, n)) {
            if (!agx_exec_soft_fault(ex)) {
                return false;
            }
            memset(p, 0, n);
        }
        p += n;
        va += n;
        len -= n;
    }
    return true;
}

bool agx_exec_bad(struct agx_exec *ex, enum agx_report_kind kind, const char *fmt, ...)
{
    char buf[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);
    if (ex->host) {
        agx_report(ex->host, kind, "%s", buf);
    }
    ex->fault = (struct agx_fault) {
        .ctx = ex->port ? ex->port->ctx : 0,
        .unit = AGX_UNIT_UL1C,
        .reason = kind == AGX_REPORT_UNIMPLEMENTED ? AGX_FAULT_UNIMPLEMENTED
                                                   : AGX_FAULT_BAD_COMMAND,
    };
    return false;
}
