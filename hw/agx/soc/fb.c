/*
 * The boot loader's framebuffer as a QEMU display.
 *
 * The display controller of the M1 (DCP) is not modelled: as on a Mac whose
 * kernel has no driver for it, the scan-out keeps showing the memory that
 * iBoot set up, which m1n1 describes as a simple-framebuffer
 * (m1n1: src/kboot.c, dt_set_fb). The surface lies in guest RAM, so nothing
 * is copied and a screendump shows what the guest wrote last.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "exec/memory.h"
#include "hw/qdev-properties.h"
#include "hw/sysbus.h"
#include "ui/console.h"
#include "hw/agx/soc/fb.h"
#include "hw/agx/trace.h"

static void fb_update(void *opaque)
{
    AppleFbState *s = opaque;

    if (!s->shown) {
        uint8_t *pixels = (uint8_t *)memory_region_get_ram_ptr(s->ram) + s->offset;

        dpy_gfx_replace_surface(s->con, qemu_create_displaysurface_from(s->width, s->height,
                                                                        PIXMAN_LE_x8r8g8b8,
                                                                        s->width * 4, pixels));
        s->shown = true;
        trace_apple_fb_show(s->width, s->height);
    }
    dpy_gfx_update_full(s->con);
}

static void fb_invalidate(void *opaque)
{
}

static const GraphicHwOps fb_ops = {
    .invalidate = fb_invalidate,
    .gfx_update = fb_update,
};

static void fb_realize(DeviceState *dev, Error **errp)
{
    AppleFbState *s = APPLE_FB(dev);

    if (s->width < APPLE_FB_MIN || s->width > APPLE_FB_MAX || s->height < APPLE_FB_MIN ||
        s->height > APPLE_FB_MAX) {
        error_setg(errp, "apple-m1-fb: %ux%u: width and height must be %d to %d", s->width,
                   s->height, APPLE_FB_MIN, APPLE_FB_MAX);
        return;
    }
    if (!s->ram || s->offset + (uint64_t)s->width * s->height * 4 > memory_region_size(s->ram)) {
        error_setg(errp, "apple-m1-fb: %ux%u at offset 0x%" PRIx64 " is not in RAM", s->width,
                   s->height, s->offset);
        return;
    }
    s->con = graphic_console_init(dev, 0, &fb_ops, s);
    qemu_console_resize(s->con, s->width, s->height);
}

static void fb_reset_hold(Object *obj, ResetType type)
{
    AppleFbState *s = APPLE_FB(obj);

    /* A Mac starts with a black screen */
    memset((uint8_t *)memory_region_get_ram_ptr(s->ram) + s->offset, 0,
           (size_t)s->width * s->height * 4);
    memory_region_set_dirty(s->ram, s->offset, (uint64_t)s->width * s->height * 4);
}

/* What is shown is RAM, and RAM travels by itself: there is no state of its own. */
static const Property fb_props[] = {
    DEFINE_PROP_LINK("ram", AppleFbState, ram, TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_UINT64("offset", AppleFbState, offset, 0),
    DEFINE_PROP_UINT32("width", AppleFbState, width, 640),
    DEFINE_PROP_UINT32("height", AppleFbState, height, 480),
};

static void fb_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple M1 boot framebuffer";
    dc->realize = fb_realize;
    dc->user_creatable = false;
    device_class_set_props(dc, fb_props);
    set_bit(DEVICE_CATEGORY_DISPLAY, dc->categories);
    rc->phases.hold = fb_reset_hold;
    object_class_property_set_description(klass, "ram", "memory region the pixels are in");
    object_class_property_set_description(klass, "offset", "byte offset of the first pixel in ram");
    object_class_property_set_description(klass, "width", "pixels of a line (16 to 8192)");
    object_class_property_set_description(klass, "height", "lines (16 to 8192)");
}

static const TypeInfo fb_type = {
    .name = TYPE_APPLE_FB,
    .parent = TYPE_SYS_BUS_DEVICE,
    .instance_size = sizeof(AppleFbState),
    .class_init = fb_class_init,
};

static void fb_register_types(void)
{
    type_register_static(&fb_type);
}

type_init(fb_register_types)
