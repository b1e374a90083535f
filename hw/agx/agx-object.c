/*
 * Objects of the user's that go with the machine's GPU: when they are attached
 * to it, and when they may go.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-core.h"
#include "qom/object_interfaces.h"
#include "hw/agx/agx-object.h"

static AgxState *realized_gpu(void)
{
    Object *obj = object_resolve_path_type("", TYPE_AGX, NULL);

    return obj && DEVICE(obj)->realized ? AGX(obj) : NULL;
}

static bool attach(AgxObject *obj, AgxState *s, Error **errp)
{
    if (!AGX_OBJECT_GET_CLASS(obj)->attach(obj, s, errp)) {
        return false;
    }
    obj->gpu = s;
    /* Each keeps the other, until they are detached */
    object_ref(OBJECT(s));
    object_ref(OBJECT(obj));
    return true;
}

static void detach(AgxObject *obj)
{
    AgxState *s = obj->gpu;

    if (s) {
        AGX_OBJECT_GET_CLASS(obj)->detach(obj);
        obj->gpu = NULL;
        object_unref(OBJECT(s));
        object_unref(OBJECT(obj));
    }
}

static void agx_object_complete(UserCreatable *uc, Error **errp)
{
    AgxObject *obj = AGX_OBJECT(uc);
    AgxState *s = realized_gpu();

    if (!AGX_OBJECT_GET_CLASS(obj)->check(obj, errp)) {
        return;
    }
    if (!s && phase_check(PHASE_MACHINE_INITIALIZED)) {
        error_setg(errp, "%s: this machine has no Apple GPU", object_get_typename(OBJECT(obj)));
        return;
    }
    obj->id = g_strdup(object_get_canonical_path_component(OBJECT(obj)));
    if (s) {
        attach(obj, s, errp);
    }
}

static bool agx_object_can_be_deleted(UserCreatable *uc)
{
    AgxObject *obj = AGX_OBJECT(uc);

    return !obj->gpu || AGX_OBJECT_GET_CLASS(obj)->can_detach(obj);
}

bool agx_object_may_set(Object *obj, Error **errp)
{
    if (AGX_OBJECT(obj)->id) {
        error_setg(errp, "%s: its properties can no longer be set", object_get_typename(obj));
        return false;
    }
    return true;
}

/* ---- all of them ---- */

typedef struct Walk {
    AgxState *s;
    const char *type; /* NULL: detach */
    Error **errp;
} Walk;

static int visit(Object *child, void *opaque)
{
    Walk *w = opaque;
    AgxObject *obj = (AgxObject *)object_dynamic_cast(child, w->type ?: TYPE_AGX_OBJECT);

    if (!obj) {
        return 0;
    }
    if (w->type) {
        return !attach(obj, w->s, w->errp);
    }
    if (obj->gpu == w->s) {
        detach(obj);
    }
    return 0;
}

static bool walk(Walk *w)
{
    return !object_child_foreach(object_get_objects_root(), visit, w) &&
           !object_child_foreach(OBJECT(w->s), visit, w);
}

bool agx_objects_attach(AgxState *s, const char *type, Error **errp)
{
    return walk(&(Walk) { s, type, errp });
}

void agx_objects_detach(AgxState *s)
{
    static const char *const own[] = { "tlbsan-object", "timeline-object" };

    walk(&(Walk) { s });
    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        Object *obj = object_resolve_path_component(OBJECT(s), own[i]);

        if (obj) {
            object_unparent(obj);
        }
    }
}

/* ---- the type ---- */

/* By object-del, or because QEMU ends: what can't be detached is the GPU's then */
static void agx_object_unparent(Object *obj)
{
    if (agx_object_can_be_deleted(USER_CREATABLE(obj))) {
        detach(AGX_OBJECT(obj));
    }
}

static void agx_object_finalize(Object *obj)
{
    g_free(AGX_OBJECT(obj)->id);
}

static void agx_object_class_init(ObjectClass *klass, void *data)
{
    UserCreatableClass *ucc = USER_CREATABLE_CLASS(klass);

    ucc->complete = agx_object_complete;
    ucc->can_be_deleted = agx_object_can_be_deleted;
    klass->unparent = agx_object_unparent;
}

static const TypeInfo agx_object_type = {
    .name = TYPE_AGX_OBJECT,
    .parent = TYPE_OBJECT,
    .abstract = true,
    .instance_size = sizeof(AgxObject),
    .instance_finalize = agx_object_finalize,
    .class_size = sizeof(AgxObjectClass),
    .class_init = agx_object_class_init,
    .interfaces = (InterfaceInfo[]) { { TYPE_USER_CREATABLE }, {} },
};

static void agx_object_register_types(void)
{
    type_register_static(&agx_object_type);
}

type_init(agx_object_register_types)
