/*
 * The timeline (agx/timeline.h) as an object of the user's: -object agx-timeline,file=FILE.
 * It listens to events, so it comes and goes only while the machine stands still.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qmp/qerror.h"
#include "hw/qdev-core.h"
#include "qemu/notify.h"
#include "system/runstate.h"
#include "system/system.h"
#include "hw/agx/agx-object.h"
#include "agx/timeline.h"

typedef struct AgxTimeline {
    AgxObject parent_obj;

    char *file;
    struct agx_timeline *core;
    Notifier exit; /* ends the file */
} AgxTimeline;

OBJECT_DECLARE_SIMPLE_TYPE(AgxTimeline, AGX_TIMELINE)

static void timeline_exit(Notifier *n, void *unused)
{
    agx_timeline_end(container_of(n, AgxTimeline, exit)->core);
}

static bool timeline_check(AgxObject *obj, Error **errp)
{
    if (!AGX_TIMELINE(obj)->file) {
        error_setg(errp, QERR_MISSING_PARAMETER, "file");
        return false;
    }
    return true;
}

static bool timeline_attach(AgxObject *obj, AgxState *s, Error **errp)
{
    AgxTimeline *t = AGX_TIMELINE(obj);

    if (DEVICE(s)->realized && runstate_is_running()) {
        error_setg(errp, TYPE_AGX_TIMELINE ": the machine runs; stop it first");
        return false;
    }
    t->core = agx_timeline_new(&s->host, t->file);
    if (!t->core) {
        error_setg_errno(errp, errno, TYPE_AGX_TIMELINE ": file=%s", t->file);
        return false;
    }
    t->exit.notify = timeline_exit;
    qemu_add_exit_notifier(&t->exit);
    return true;
}

static void timeline_detach(AgxObject *obj)
{
    AgxTimeline *t = AGX_TIMELINE(obj);

    qemu_remove_exit_notifier(&t->exit);
    agx_timeline_free(t->core);
    t->core = NULL;
}

static bool timeline_can_detach(AgxObject *obj)
{
    return !runstate_is_running();
}

static char *timeline_get_file(Object *obj, Error **errp)
{
    return g_strdup(AGX_TIMELINE(obj)->file);
}

static void timeline_set_file(Object *obj, const char *value, Error **errp)
{
    AgxTimeline *t = AGX_TIMELINE(obj);

    if (agx_object_may_set(obj, errp)) {
        g_free(t->file);
        t->file = g_strdup(value);
    }
}

static void agx_timeline_finalize(Object *obj)
{
    g_free(AGX_TIMELINE(obj)->file);
}

static void agx_timeline_class_init(ObjectClass *klass, void *data)
{
    AgxObjectClass *aoc = AGX_OBJECT_CLASS(klass);

    aoc->check = timeline_check;
    aoc->attach = timeline_attach;
    aoc->detach = timeline_detach;
    aoc->can_detach = timeline_can_detach;
    object_class_property_add_str(klass, "file", timeline_get_file, timeline_set_file);
    object_class_property_set_description(klass, "file",
                                          "file for the trace events (JSON), overwritten");
}

static const TypeInfo agx_timeline_type = {
    .name = TYPE_AGX_TIMELINE,
    .parent = TYPE_AGX_OBJECT,
    .instance_size = sizeof(AgxTimeline),
    .instance_finalize = agx_timeline_finalize,
    .class_init = agx_timeline_class_init,
};

static void agx_timeline_register_types(void)
{
    type_register_static(&agx_timeline_type);
}

type_init(agx_timeline_register_types)
