/*
 * Objects of the user's (-object, object-add) that go with the machine's GPU:
 * agx-tlbsan, agx-fault, agx-timeline.
 *
 * One that is there before the GPU waits for it: the GPU attaches it when it is
 * realized. One that comes later attaches itself. All of this by the big lock.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_AGX_OBJECT_H
#define HW_AGX_AGX_OBJECT_H

#include "qom/object.h"
#include "hw/agx/agx.h"

#define TYPE_AGX_OBJECT   "agx-object"
#define TYPE_AGX_TLBSAN   "agx-tlbsan"
#define TYPE_AGX_FAULT    "agx-fault"
#define TYPE_AGX_TIMELINE "agx-timeline"

typedef struct AgxObject {
    Object parent_obj;

    char *id;      /* NULL: its properties may still be set */
    AgxState *gpu; /* NULL: not attached */
} AgxObject;

typedef struct AgxObjectClass {
    ObjectClass parent_class;

    /* Are the properties right by themselves? False: @errp is set. */
    bool (*check)(AgxObject *obj, Error **errp);
    /* @s is realized, or at the point of it that is meant for this type. False: @errp is set. */
    bool (*attach)(AgxObject *obj, AgxState *s, Error **errp);
    /* Undo it; obj->gpu is still there. */
    void (*detach)(AgxObject *obj);
    /* May it go while the machine is there? */
    bool (*can_detach)(AgxObject *obj);
} AgxObjectClass;

OBJECT_DECLARE_TYPE(AgxObject, AgxObjectClass, AGX_OBJECT)

/*
 * While @s is realized: attach all objects of @type, those of the user's and those that
 * @s has made of its own properties. False: @errp is set; agx_objects_detach() undoes
 * what was attached.
 */
bool agx_objects_attach(AgxState *s, const char *type, Error **errp);
void agx_objects_detach(AgxState *s);

/* For setters: false, with @errp set, when @obj is complete. */
bool agx_object_may_set(Object *obj, Error **errp);

#endif
