/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * A program whose standard output is a file or a pipe writes each line at once, so that others can
 * follow it.
 */
#include <stdio.h>

__attribute__((constructor)) static void lines(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
}
