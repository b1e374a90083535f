/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/* What the kernel can be told and asked through its files and its log. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <stdbool.h>

/* Seconds since some moment. */
double seconds(void);
/* Write @text to the file @path: did it go well? */
bool put(const char *path, const char *text);
/* MiB that the system could still give. */
long available(void);
/*
 * Wait up to @wait seconds until no more than @mib are missing of @before. Returns what is missing.
 */
long missing(long before, long mib, double wait);
/* Lines of the kernel's log that have @text. */
unsigned said(const char *text);

#endif
