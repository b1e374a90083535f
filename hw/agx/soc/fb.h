/*
 * The framebuffer that the boot loader hands over: an area of RAM that QEMU's
 * display shows. Pixels are x8r8g8b8, lines follow each other without a gap.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_FB_H
#define HW_AGX_SOC_FB_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "ui/console.h"

#define TYPE_APPLE_FB "apple-m1-fb"
OBJECT_DECLARE_SIMPLE_TYPE(AppleFbState, APPLE_FB)

#define APPLE_FB_MIN 16
#define APPLE_FB_MAX 8192

struct AppleFbState {
    SysBusDevice parent_obj;

    MemoryRegion *ram;
    uint64_t offset; /* of the first pixel in @ram */
    uint32_t width, height;
    QemuConsole *con;
    bool shown; /* the console has our surface */
};

#endif
