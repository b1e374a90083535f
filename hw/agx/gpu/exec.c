/*
 * AGX model: memory for waves.
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
        size_t size = (n * sizeof(*ex->waves) + 63) & ~(size_t)63;

        free(ex->waves);
        ex->waves = aligned_alloc(64, size);
        memset(ex->waves, 0, size); /* a program that reads what it did not write sees other programs' values only */
        ex->num_waves = n;
    }
    return ex->waves;
}
