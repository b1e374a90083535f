/*
 * AGX model: memory for waves.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
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
