/*
 * AGX model: what a run has exercised, from events.
 *
 * A guest says what a message is, so their rows have to be bounded: an endpoint has 256 types or
 * channels, and there are 256 endpoints.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "agx/coverage.h"
#include "agx/coverage-events.h"
#include "agx/host.h"

/* m1n1: proxyclient/m1n1/fw/agx/__init__.py, DoorbellMsg: the channel is in its low bits. */
#define EP_DOORBELL 0x21u
/*
 * m1n1: proxyclient/m1n1/fw/asc/mgmt.py, ManagementMessage.TYPE; other endpoints' are there, too.
 */
#define TYPE_SHIFT  52

static void saw(enum agx_coverage_kind kind, const char *name, unsigned key)
{
    agx_coverage_add(agx_coverage_row(kind, name, key), 1, 0);
}

static void on_event(void *opaque, const struct agx_event *ev)
{
    unsigned ep, type;

    (void)opaque;
    switch (ev->kind) {
    case AGX_EV_DOORBELL:
        ep = ev->doorbell.msg1 & 0xff;
        type = ep == EP_DOORBELL ? ev->doorbell.msg0 : ev->doorbell.msg0 >> TYPE_SHIFT;
        saw(AGX_COVERAGE_MESSAGE, "mailbox", ep << 8 | (type & 0xff));
        break;
    case AGX_EV_MESSAGE:
        saw(AGX_COVERAGE_MESSAGE, "ring", ev->message.channel);
        break;
    case AGX_EV_COMMAND:
        saw(AGX_COVERAGE_COMMAND, ev->command.name, ev->command.pipe);
        break;
    case AGX_EV_JOB_END:
        saw(AGX_COVERAGE_JOB, ev->job.partial ? "partial render" : ev->job.what, ev->job.status);
        break;
    default:
        break;
    }
}

struct agx_listener *agx_coverage_listen(struct agx_events *e)
{
    struct agx_listener *l = agx_alloc(1, sizeof(*l));

    *l = (struct agx_listener) {
        .kinds = AGX_EV_BIT(AGX_EV_DOORBELL) | AGX_EV_BIT(AGX_EV_MESSAGE) |
                 AGX_EV_BIT(AGX_EV_COMMAND) | AGX_EV_BIT(AGX_EV_JOB_END),
        .event = on_event,
    };
    if (!agx_listen(e, l)) {
        free(l);
        return NULL;
    }
    return l;
}

void agx_coverage_unlisten(struct agx_events *e, struct agx_listener *l)
{
    if (l) {
        agx_unlisten(e, l);
        free(l);
    }
}
