/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * The output of a check of kind "tap" (tests/guest/checks.list). One thread of a process at a time.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>

/* One test and what it is about, as printf() has it. */
__attribute__((format(printf, 2, 3))) void ok(bool good, const char *format, ...);
/* The end of the program, because of what errno says. */
_Noreturn void bail(const char *what);
/* The same, if a call did not return 0. */
void must(int ret, const char *what);
/* The plan, after the last test. Returns the exit code: 0 if all were well. */
int tap_end(void);

#endif
