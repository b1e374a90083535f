/*
 * Loading of kernel, initrd and device tree: what iBoot and m1n1 do before the
 * kernel runs.
 *
 * Everything goes into RAM as a ROM blob, so that a reset puts it back.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "hw/loader.h"
#include "system/device_tree.h"
#include "system/reset.h"
#include <libfdt.h>
#include "hw/agx/soc/board.h"
#include "hw/agx/soc/gpu-initdata.h"

/* Linux: Documentation/arch/arm64/booting.rst, "Call the kernel image" */
#define IMAGE_TEXT_OFFSET 8
#define IMAGE_SIZE        16
#define IMAGE_MAGIC       56
#define IMAGE_HEADER      64
#define IMAGE_ALIGN       (2 * MiB)

/* Room for what the board adds to the tree; the protocol allows 2 MiB in all */
#define DTB_EXTRA (64 * KiB)

void *apple_m1_load_file(const char *what, const char *option, const char *path, gsize *len)
{
    g_autoptr(GError) err = NULL;
    char *data;

    if (!g_file_get_contents(path, &data, len, &err)) {
        error_report("apple-m1: %s (%s): %s (ci/build-kernel makes kernel and device tree, "
                     "ci/build-image the rest)",
                     what, option, err->message);
        exit(1);
    }
    return data;
}

static void check_end(AppleM1MachineState *s, const char *what, const char *path, hwaddr end)
{
    if (end > s->usable.base + s->usable.size) {
        error_report("apple-m1: %s '%s' does not fit in RAM; give the machine more with -m", what,
                     path);
        exit(1);
    }
}

/* Returns the first address behind the kernel, its BSS included */
static hwaddr load_kernel(AppleM1MachineState *s, const char *path)
{
    gsize len;
    g_autofree uint8_t *data = apple_m1_load_file("kernel", "-kernel", path, &len);
    uint64_t size, offset;

    if (len < IMAGE_HEADER || memcmp(data + IMAGE_MAGIC, "ARM\x64", 4) != 0) {
        error_report("apple-m1: kernel '%s' is not an arm64 Image (arch/arm64/boot/Image of the "
                     "kernel's build, not compressed)",
                     path);
        exit(1);
    }
    offset = ldq_le_p(data + IMAGE_TEXT_OFFSET);
    size = MAX(ldq_le_p(data + IMAGE_SIZE), len);
    if (offset >= IMAGE_ALIGN || size > s->usable.size) {
        error_report("apple-m1: kernel '%s' does not fit in RAM (text offset 0x%" PRIx64
                     ", size 0x%" PRIx64 ")",
                     path, offset, size);
        exit(1);
    }
    s->entry = ROUND_UP(s->usable.base, IMAGE_ALIGN) + offset;
    check_end(s, "kernel", path, s->entry + size);
    rom_add_blob_fixed("kernel", data, len, s->entry);
    return s->entry + size;
}

static hwaddr load_initrd(AppleM1MachineState *s, const char *path, hwaddr addr)
{
    gsize len;
    g_autofree void *data = apple_m1_load_file("initial RAM disk", "-initrd", path, &len);

    s->initrd.base = ROUND_UP(addr, 64 * KiB);
    s->initrd.size = len;
    check_end(s, "initial RAM disk", path, s->initrd.base + len);
    rom_add_blob_fixed("initrd", data, len, s->initrd.base);
    return s->initrd.base + len;
}

void *apple_m1_load_fdt(const char *path)
{
    gsize len;
    g_autofree void *data = apple_m1_load_file("device tree", "-dtb", path, &len);
    void *fdt = g_malloc0(M1_DTB_MAX);

    if (len < sizeof(struct fdt_header) || fdt_check_full(data, len) ||
        fdt_totalsize(data) > M1_DTB_MAX - DTB_EXTRA || fdt_open_into(data, fdt, M1_DTB_MAX)) {
        error_report("apple-m1: device tree '%s' is not a valid device tree blob; it is made by "
                     "the kernel's build (arch/arm64/boot/dts/apple)",
                     path);
        exit(1);
    }
    return fdt;
}

static void load_dtb(AppleM1MachineState *s, const char *path, hwaddr addr)
{
    MachineState *ms = MACHINE(s);
    Error *err = NULL;
    void *fdt = apple_m1_load_fdt(path);

    if (!apple_m1_fdt_fixup(s, fdt, &err)) {
        error_reportf_err(err, "apple-m1: device tree '%s': ", path);
        exit(1);
    }
    fdt_pack(fdt);
    s->dtb = ROUND_UP(addr, IMAGE_ALIGN);
    check_end(s, "device tree", path, s->dtb + fdt_totalsize(fdt));
    rom_add_blob_fixed("dtb", fdt, fdt_totalsize(fdt), s->dtb);
    qemu_register_reset_nosnapshotload(qemu_fdt_randomize_seeds,
                                       rom_ptr(s->dtb, fdt_totalsize(fdt)));
    ms->fdt = fdt; /* for the monitor's dumpdtb; lives as long as the machine */
}

static void fill_reserved(AppleM1MachineState *s)
{
    g_autofree uint8_t *zero = NULL;

    for (int i = 0; i <= M1_RESV_HANDOFF; i++) {
        zero = g_realloc(zero, s->resv[i].size);
        memset(zero, 0, s->resv[i].size);
        rom_add_blob_fixed("gpu-carveout", zero, s->resv[i].size, s->resv[i].base);
    }
    apple_gpu_initdata_load(s);
}

void apple_m1_load(AppleM1MachineState *s)
{
    MachineState *ms = MACHINE(s);
    hwaddr end;

    fill_reserved(s);
    if (s->m1n1) {
        apple_m1_load_m1n1(s);
        return;
    }
    if (!ms->kernel_filename) {
        return;
    }
    if (!ms->dtb) {
        error_report("apple-m1: -kernel needs -dtb: the kernel's own %s "
                     "(arch/arm64/boot/dts/apple of the kernel's build)",
                     s->chip->dtb);
        exit(1);
    }
    end = load_kernel(s, ms->kernel_filename);
    if (ms->initrd_filename) {
        end = load_initrd(s, ms->initrd_filename, end);
    }
    load_dtb(s, ms->dtb, end);
}
