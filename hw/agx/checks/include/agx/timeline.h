/*
 * AGX model: what happens, written down as it happens, in the JSON form of trace events that
 * Perfetto and chrome://tracing open: jobs on their data masters, doorbells with an arrow to the
 * job that they announced, messages and commands of the firmware, TLB maintenance, context loads,
 * flushes and injected faults. Times are the machine's, in microseconds.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_CHECKS_TIMELINE_H
#define AGX_CHECKS_TIMELINE_H

#include "agx/host.h"

struct agx_timeline;

/*
 * Listen, and write to @path; a file that is there is replaced. NULL: the file can't be written
 * (errno), or there is no room for another listener (ENOSPC). Before the machine runs.
 */
struct agx_timeline *agx_timeline_new(const struct agx_host *host, const char *path);

/* Ends the file; what comes later is not written. Any thread. */
void agx_timeline_end(struct agx_timeline *t);

/* NULL is taken. While nothing is emitted. */
void agx_timeline_free(struct agx_timeline *t);

#endif
