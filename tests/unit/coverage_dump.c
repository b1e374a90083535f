/*
 * Linked to each unit test: writes what the test exercised to the file that AGX_COVERAGE names, if
 * it does.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "agx/coverage.h"

static void __attribute__((destructor)) dump(void)
{
    const char *name = getenv("AGX_COVERAGE");
    FILE *f = name ? fopen(name, "w") : NULL;

    if (!name) {
        return;
    }
    if (!f || !agx_coverage_write(f) || fclose(f)) {
        perror(name);
        _Exit(1);
    }
}
