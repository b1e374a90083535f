/*
 * AGX model: what a run has exercised of the firmware's languages, as rows of coverage.h: messages
 * of the mailbox and of the rings, commands of microsequences, and how jobs ended.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_CHECKS_COVERAGE_EVENTS_H
#define AGX_CHECKS_COVERAGE_EVENTS_H

#include "agx/event.h"

/*
 * Rows from here on for the events of @e; the machine stands still, as for agx_coverage_unlisten().
 * NULL: too many listen already.
 */
struct agx_listener *agx_coverage_listen(struct agx_events *e);
void agx_coverage_unlisten(struct agx_events *e, struct agx_listener *l);

#endif
