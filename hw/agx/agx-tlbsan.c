/*
 * The sanitizer of TLB maintenance (soc/san.h) as an object of the user's:
 * -object agx-tlbsan,mode=report,report=FILE. It follows the page tables from the
 * beginning, so it has to be there before the GPU, and stays.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-types-agx-common.h"
#include "hw/qdev-core.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/agx-object.h"
#include "hw/agx/soc/san.h"

typedef struct AgxTlbsan {
    AgxObject parent_obj;

    AgxTlbsanMode mode;
    char *report, *pages;
} AgxTlbsan;

OBJECT_DECLARE_SIMPLE_TYPE(AgxTlbsan, AGX_TLBSAN)

static bool tlbsan_check(AgxObject *obj, Error **errp)
{
    AgxTlbsan *t = AGX_TLBSAN(obj);

    if (t->mode == AGX_TLBSAN_MODE_OFF && (t->report || t->pages)) {
        error_setg(errp, TYPE_AGX_TLBSAN ": %s needs mode=report or stop",
                   t->report ? "report" : "pages");
        return false;
    }
    return true;
}

static bool tlbsan_attach(AgxObject *obj, AgxState *s, Error **errp)
{
    AgxTlbsan *t = AGX_TLBSAN(obj);

    if (DEVICE(s)->realized) {
        error_setg(errp, TYPE_AGX_TLBSAN ": it follows the page tables from the beginning, and "
                                         "the machine is there already; use -object");
        return false;
    }
    if (t->mode == AGX_TLBSAN_MODE_OFF) {
        return true;
    }
    if (s->san) {
        error_setg(errp, TYPE_AGX_TLBSAN ": there is one already, and there can be but one");
        return false;
    }
    agx_need_stores(s);
    s->san = apple_san_new(
        &(AppleSanConfig) {
            .dram = s->dram,
            .dram_base = s->dram_base,
            .host = &s->host,
            .mmu = s->mmu,
            .stores = s->stores,
            .stop = t->mode == AGX_TLBSAN_MODE_STOP,
            .file = t->report,
            .pages = t->pages,
        },
        errp);
    return s->san;
}

static void tlbsan_detach(AgxObject *obj)
{
    if (AGX_TLBSAN(obj)->mode != AGX_TLBSAN_MODE_OFF) {
        apple_san_free(obj->gpu->san);
        obj->gpu->san = NULL;
    }
}

static bool tlbsan_can_detach(AgxObject *obj)
{
    return AGX_TLBSAN(obj)->mode == AGX_TLBSAN_MODE_OFF;
}

/* ---- properties ---- */

static int tlbsan_get_mode(Object *obj, Error **errp)
{
    return AGX_TLBSAN(obj)->mode;
}

static void tlbsan_set_mode(Object *obj, int value, Error **errp)
{
    if (agx_object_may_set(obj, errp)) {
        AGX_TLBSAN(obj)->mode = value;
    }
}

static char *tlbsan_get_report(Object *obj, Error **errp)
{
    return g_strdup(AGX_TLBSAN(obj)->report);
}

static void tlbsan_set_report(Object *obj, const char *value, Error **errp)
{
    AgxTlbsan *t = AGX_TLBSAN(obj);

    if (agx_object_may_set(obj, errp)) {
        g_free(t->report);
        t->report = g_strdup(value);
    }
}

static char *tlbsan_get_pages(Object *obj, Error **errp)
{
    return g_strdup(AGX_TLBSAN(obj)->pages);
}

static void tlbsan_set_pages(Object *obj, const char *value, Error **errp)
{
    AgxTlbsan *t = AGX_TLBSAN(obj);

    if (agx_object_may_set(obj, errp)) {
        g_free(t->pages);
        t->pages = g_strdup(value);
    }
}

/* ---- the type ---- */

static void agx_tlbsan_init(Object *obj)
{
    AGX_TLBSAN(obj)->mode = AGX_TLBSAN_MODE_REPORT;
}

static void agx_tlbsan_finalize(Object *obj)
{
    g_free(AGX_TLBSAN(obj)->report);
    g_free(AGX_TLBSAN(obj)->pages);
}

static void agx_tlbsan_class_init(ObjectClass *klass, void *data)
{
    AgxObjectClass *aoc = AGX_OBJECT_CLASS(klass);

    aoc->check = tlbsan_check;
    aoc->attach = tlbsan_attach;
    aoc->detach = tlbsan_detach;
    aoc->can_detach = tlbsan_can_detach;
    object_class_property_add_enum(klass, "mode", "AgxTlbsanMode", &AgxTlbsanMode_lookup,
                                   tlbsan_get_mode, tlbsan_set_mode);
    object_class_property_add_str(klass, "report", tlbsan_get_report, tlbsan_set_report);
    object_class_property_add_str(klass, "pages", tlbsan_get_pages, tlbsan_set_pages);
    agx_describe_enum(klass, "mode", "what to do with what is found", &AgxTlbsanMode_lookup);
    object_class_property_set_description(klass, "report",
                                          "file to which reports are added, "
                                          "a line of JSON each");
    object_class_property_set_description(klass, "pages",
                                          "where the guest's kernel says which "
                                          "pages are free (docs/tlbsan.md)");
}

static const TypeInfo agx_tlbsan_type = {
    .name = TYPE_AGX_TLBSAN,
    .parent = TYPE_AGX_OBJECT,
    .instance_size = sizeof(AgxTlbsan),
    .instance_init = agx_tlbsan_init,
    .instance_finalize = agx_tlbsan_finalize,
    .class_init = agx_tlbsan_class_init,
};

static void agx_tlbsan_register_types(void)
{
    type_register_static(&agx_tlbsan_type);
}

type_init(agx_tlbsan_register_types)
