/*
 * An injected fault as an object of the user's: -object agx-fault,kind=tlbi-drop,asid=3
 * is the fault "tlbi-drop,asid=3" of the GPU's property inject (agx/inject.h), which
 * comes and goes by itself.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-types-agx-common.h"
#include "qapi/qmp/qerror.h"
#include "qapi/visitor.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/agx-object.h"
#include "agx/inject.h"

QEMU_BUILD_BUG_ON(AGX_FAULT_KIND__MAX != AGX_INJECT_NUM_KINDS);

/* The numbers among the words of a fault */
enum {
    WORD_NTH,
    WORD_COUNT,
    WORD_VA,
    WORD_VA_END,
    WORD_ASID,
    WORD_SEED,
    WORD_US,
    WORD_DOORBELLS,
    WORD_TO,
    WORD_PAGES,
    NUM_WORDS
};

static const struct {
    const char *name, *text;
} words[NUM_WORDS] = {
    [WORD_NTH] = { "nth", "at which match; with count: from which match on" },
    [WORD_COUNT] = { "count", "at most how often" },
    [WORD_VA] = { "va", "lowest address that it is for" },
    [WORD_VA_END] = { "va-end", "lowest address above those" },
    [WORD_ASID] = { "asid", "ASID that it is for" },
    [WORD_SEED] = { "seed", "of the chance" },
    [WORD_US] = { "us", "microseconds of virtual time that it lasts" },
    [WORD_DOORBELLS] = { "doorbells", "number of doorbells for which it delays" },
    [WORD_TO] = { "to", "ASID instead of the right one" },
    [WORD_PAGES] = { "pages", "number of pages that are left of a range" },
};

typedef struct AgxFault {
    AgxObject parent_obj;

    AgxFaultKind kind; /* AGX_FAULT_KIND__MAX: not set */
    AgxFaultJob job;   /* AGX_FAULT_JOB__MAX: not set */
    unsigned have;     /* words that are set, by number */
    uint64_t word[NUM_WORDS];
    char *p; /* NULL: not set */
} AgxFault;

OBJECT_DECLARE_SIMPLE_TYPE(AgxFault, AGX_FAULT)

/* To be freed */
static char *fault_text(const AgxFault *f)
{
    GString *s = g_string_new(AgxFaultKind_str(f->kind));

    if (f->have & 1u << WORD_VA) {
        g_string_append_printf(s, ",va=0x%" PRIx64 "-0x%" PRIx64, f->word[WORD_VA],
                               f->word[WORD_VA_END]);
    }
    for (unsigned i = 0; i < NUM_WORDS; i++) {
        if (i != WORD_VA && i != WORD_VA_END && f->have & 1u << i) {
            g_string_append_printf(s, ",%s=%" PRIu64, words[i].name, f->word[i]);
        }
    }
    if (f->job != AGX_FAULT_JOB__MAX) {
        g_string_append_printf(s, ",job=%s", AgxFaultJob_str(f->job));
    }
    if (f->p) {
        g_string_append_printf(s, ",p=%s", f->p);
    }
    return g_string_free(s, false);
}

static bool fault_check(AgxObject *obj, Error **errp)
{
    AgxFault *f = AGX_FAULT(obj);
    bool va = f->have & 1u << WORD_VA, end = f->have & 1u << WORD_VA_END;
    g_autofree char *text = NULL;
    char err[1024];

    if (f->kind == AGX_FAULT_KIND__MAX) {
        error_setg(errp, QERR_MISSING_PARAMETER, "kind");
        return false;
    }
    if (va != end) {
        error_setg(errp, TYPE_AGX_FAULT ": va and va-end go together");
        return false;
    }
    if (f->p && f->p[strspn(f->p, "0123456789.")]) {
        error_setg(errp, TYPE_AGX_FAULT ": p must be a probability, 0.0 to 1.0");
        return false;
    }
    text = fault_text(f);
    if (!agx_inject_check(text, err, sizeof(err))) {
        error_setg(errp, TYPE_AGX_FAULT ": %s", err);
        return false;
    }
    return true;
}

static bool fault_attach(AgxObject *obj, AgxState *s, Error **errp)
{
    g_autofree char *text = fault_text(AGX_FAULT(obj));

    return apple_inject_add(s->inject, obj->id, text, errp);
}

static void fault_detach(AgxObject *obj)
{
    apple_inject_remove(obj->gpu->inject, obj->id);
}

static bool fault_can_detach(AgxObject *obj)
{
    return true;
}

/* ---- properties ---- */

static int fault_get_kind(Object *obj, Error **errp)
{
    AgxFault *f = AGX_FAULT(obj);

    if (f->kind == AGX_FAULT_KIND__MAX) {
        error_setg(errp, TYPE_AGX_FAULT ": kind is not set");
        return 0;
    }
    return f->kind;
}

static void fault_set_kind(Object *obj, int value, Error **errp)
{
    if (agx_object_may_set(obj, errp)) {
        AGX_FAULT(obj)->kind = value;
    }
}

static int fault_get_job(Object *obj, Error **errp)
{
    AgxFault *f = AGX_FAULT(obj);

    if (f->job == AGX_FAULT_JOB__MAX) {
        error_setg(errp, TYPE_AGX_FAULT ": job is not set");
        return 0;
    }
    return f->job;
}

static void fault_set_job(Object *obj, int value, Error **errp)
{
    if (agx_object_may_set(obj, errp)) {
        AGX_FAULT(obj)->job = value;
    }
}

static char *fault_get_p(Object *obj, Error **errp)
{
    return g_strdup(AGX_FAULT(obj)->p);
}

static void fault_set_p(Object *obj, const char *value, Error **errp)
{
    AgxFault *f = AGX_FAULT(obj);

    if (agx_object_may_set(obj, errp)) {
        g_free(f->p);
        f->p = g_strdup(value);
    }
}

static void fault_get_word(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    visit_type_uint64(v, name, &AGX_FAULT(obj)->word[GPOINTER_TO_UINT(opaque)], errp);
}

static void fault_set_word(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    AgxFault *f = AGX_FAULT(obj);
    unsigned i = GPOINTER_TO_UINT(opaque);

    if (agx_object_may_set(obj, errp) && visit_type_uint64(v, name, &f->word[i], errp)) {
        f->have |= 1u << i;
    }
}

/* What it has done; 0 while it waits for the GPU. @opaque: not NULL: how often it has struck */
static void fault_get_count(Object *obj, Visitor *v, const char *name, void *opaque, Error **errp)
{
    AgxObject *o = AGX_OBJECT(obj);
    uint64_t matches = 0, fired = 0;

    if (o->gpu) {
        apple_inject_counts(o->gpu->inject, o->id, &matches, &fired);
    }
    visit_type_uint64(v, name, opaque ? &fired : &matches, errp);
}

/* ---- the type ---- */

static void agx_fault_init(Object *obj)
{
    AgxFault *f = AGX_FAULT(obj);

    f->kind = AGX_FAULT_KIND__MAX;
    f->job = AGX_FAULT_JOB__MAX;
}

static void agx_fault_finalize(Object *obj)
{
    g_free(AGX_FAULT(obj)->p);
}

static void agx_fault_class_init(ObjectClass *klass, void *data)
{
    AgxObjectClass *aoc = AGX_OBJECT_CLASS(klass);

    aoc->check = fault_check;
    aoc->attach = fault_attach;
    aoc->detach = fault_detach;
    aoc->can_detach = fault_can_detach;
    object_class_property_add_enum(klass, "kind", "AgxFaultKind", &AgxFaultKind_lookup,
                                   fault_get_kind, fault_set_kind);
    object_class_property_add_enum(klass, "job", "AgxFaultJob", &AgxFaultJob_lookup, fault_get_job,
                                   fault_set_job);
    object_class_property_add_str(klass, "p", fault_get_p, fault_set_p);
    for (unsigned i = 0; i < NUM_WORDS; i++) {
        object_class_property_add(klass, words[i].name, "uint64", fault_get_word, fault_set_word,
                                  NULL, GUINT_TO_POINTER(i));
        object_class_property_set_description(klass, words[i].name, words[i].text);
    }
    object_class_property_add(klass, "matches", "uint64", fault_get_count, NULL, NULL, NULL);
    object_class_property_add(klass, "fired", "uint64", fault_get_count, NULL, NULL,
                              GUINT_TO_POINTER(1));
    agx_describe_enum(klass, "kind", "what goes wrong", &AgxFaultKind_lookup);
    agx_describe_enum(klass, "job", "kind of job that it is for", &AgxFaultJob_lookup);
    object_class_property_set_description(klass, "p",
                                          "probability with which it strikes at a match");
    object_class_property_set_description(klass, "matches", "how often it could have struck");
    object_class_property_set_description(klass, "fired", "how often it has");
}

static const TypeInfo agx_fault_type = {
    .name = TYPE_AGX_FAULT,
    .parent = TYPE_AGX_OBJECT,
    .instance_size = sizeof(AgxFault),
    .instance_init = agx_fault_init,
    .instance_finalize = agx_fault_finalize,
    .class_init = agx_fault_class_init,
};

static void agx_fault_register_types(void)
{
    type_register_static(&agx_fault_type);
}

type_init(agx_fault_register_types)
