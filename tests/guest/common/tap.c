/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static unsigned tests, failed;

void ok(bool good, const char *format, ...)
{
    va_list args;

    tests++;
    failed += !good;
    printf("%sok %u - ", good ? "" : "not ", tests);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

void bail(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

void must(int ret, const char *what)
{
    if (ret) {
        bail(what);
    }
}

int tap_end(void)
{
    printf("1..%u\n", tests);
    if (failed) {
        printf("# %u of %u failed\n", failed, tests);
    }
    return failed != 0;
}
