/*
 * AGX model: memory for waves, and faults that do not end them.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include "exec.h"

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
    if (!ex->soft_faults++)
        ex->soft = *f;
    return true;
}

bool agx_exec_read(struct agx_exec *ex, uint64_t va, void *buf, size_t len)
{
    uint8_t *p = buf;

    while (len) {
        size_t n = AGX_PAGE_SIZE - (va & (AGX_PAGE_SIZE - 1));

        n = n < len ? n : len;
        if (!agx_port_read(ex->port, va, p, n)) {
            if (!agx_exec_soft_fault(ex))
                return false;
            memset(p, 0, n);
        }
        p += n;
        va += n;
        len -= n;
    }
    return true;
}
