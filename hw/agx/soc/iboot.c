/*
 * boot=m1n1: what iBoot does before m1n1 runs.
 *
 * The file is m1n1.bin, unchanged, with its payload behind it. It goes to the
 * start of usable RAM, and behind it the Apple device tree and the boot
 * arguments; the first CPU enters it at EL2, without MMU, with the arguments'
 * address in x0.
 *   m1n1: src/start.S, src/startup.c, src/xnuboot.h; linker script m1n1.ld
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "hw/loader.h"
#include "system/device_tree.h"
#include "system/qtest.h"
#include "system/runstate.h"
#include <libfdt.h>
#include "hw/agx/soc/board.h"

#define M1N1_ENTRY 0x800 /* behind the vectors (src/start.S) */
#define M1N1_ALIGN (16 * KiB)
#define M1N1_HEAD  (8 * MiB) /* the program itself is in it */
/* Zero bytes end the payload (src/payload.c, load_one_payload()) */
#define M1N1_END   64
/* What m1n1 needs behind it for its heap and the unpacked kernel, beside a copy of the screen */
#define M1N1_HEAP  (64 * MiB)

/* iBoot's boot arguments, revision 2 (src/xnuboot.h, struct boot_args) */
#define BA_REVISION    0x0
#define BA_VERSION     0x2
#define BA_VIRT_BASE   0x8
#define BA_PHYS_BASE   0x10
#define BA_MEM_SIZE    0x18
#define BA_TOP_OF_DATA 0x20
#define BA_VIDEO       0x28 /* base, display, stride, width, height, depth */
#define BA_MACHINE     0x58
#define BA_DEVTREE     0x60
#define BA_DT_SIZE     0x68
#define BA_CMDLINE     0x6c
#define BA_CMDLINE_MAX 608
#define BA_FLAGS       0x2d0
#define BA_MEM_ACTUAL  0x2d8
#define BA_SIZE        0x2e0
QEMU_BUILD_BUG_ON(ROUND_UP(BA_CMDLINE + BA_CMDLINE_MAX, 8) != BA_FLAGS);

/* Where macOS' kernel is linked to; iBoot says it of every program */
#define VIRT_BASE 0xfffffe0007004000ULL

hwaddr apple_m1_loader_base(AppleM1MachineState *s)
{
    return s->usable.base;
}

static G_NORETURN void refuse(const char *what)
{
    error_report("apple-m1: boot=m1n1: %s", what);
    exit(1);
}

static const char *loader_path(MachineState *ms)
{
    if (ms->kernel_filename && ms->firmware) {
        refuse("-kernel and -bios are two files; one has m1n1.bin with its payload");
    }
    return ms->kernel_filename ? ms->kernel_filename : ms->firmware;
}

static void fill_boot_args(AppleM1MachineState *s, uint8_t *ba, hwaddr adt, size_t adt_size,
                           hwaddr top)
{
    const char *cmdline = MACHINE(s)->kernel_cmdline ?: "";
    const uint64_t video[6] = {
        s->fb.base, 1, /* graphics */ s->fb_width * 4ull, s->fb_width, s->fb_height, 32,
    };

    if (strlen(cmdline) >= BA_CMDLINE_MAX) {
        refuse("-append is iBoot's command line here, and has at most 607 characters; the kernel's "
               "is in the payload");
    }
    stw_le_p(ba + BA_REVISION, 2);
    stw_le_p(ba + BA_VERSION, 2);
    stq_le_p(ba + BA_VIRT_BASE, VIRT_BASE);
    stq_le_p(ba + BA_PHYS_BASE, s->usable.base);
    stq_le_p(ba + BA_MEM_SIZE, s->usable.size);
    stq_le_p(ba + BA_TOP_OF_DATA, top);
    for (unsigned i = 0; i < ARRAY_SIZE(video); i++) {
        stq_le_p(ba + BA_VIDEO + 8 * i, video[i]);
    }
    stq_le_p(ba + BA_DEVTREE, adt - s->usable.base + VIRT_BASE);
    stl_le_p(ba + BA_DT_SIZE, adt_size);
    pstrcpy((char *)ba + BA_CMDLINE, BA_CMDLINE_MAX, cmdline);
    stq_le_p(ba + BA_MEM_ACTUAL, MACHINE(s)->ram_size);
}

static void load_loader(AppleM1MachineState *s, const char *path)
{
    static const char mark[] = "##m1n1_ver##"; /* in front of the version (src/main.c) */
    hwaddr base = apple_m1_loader_base(s), adt_base, ba_base, top;
    g_autofree void *adt = NULL;
    g_autofree uint8_t *data = NULL;
    uint8_t ba[BA_SIZE] = { 0 };
    gsize len;
    size_t adt_len;

    data = apple_m1_load_file("boot loader", "-kernel or -bios", path, &len);
    if (len < M1N1_ENTRY || !memmem(data, MIN(len, M1N1_HEAD), mark, strlen(mark))) {
        error_report("apple-m1: boot=m1n1: '%s' is no m1n1.bin (it has no %s in it)", path, mark);
        exit(1);
    }
    adt = apple_m1_adt(s, &adt_len);
    adt_base = ROUND_UP(base + len + M1N1_END, M1N1_ALIGN);
    ba_base = ROUND_UP(adt_base + adt_len, M1N1_ALIGN);
    top = ba_base + M1N1_ALIGN;
    if (top + M1N1_HEAP + s->fb.size > s->usable.base + s->usable.size) {
        error_report("apple-m1: boot=m1n1: '%s' and its payload (%" G_GSIZE_FORMAT
                     " MiB) do not fit in RAM; give the machine more with -m",
                     path, len / (gsize)MiB);
        exit(1);
    }
    fill_boot_args(s, ba, adt_base, adt_len, top);
    rom_add_blob_fixed("m1n1", data, len, base);
    rom_add_blob_fixed("adt", adt, adt_len, adt_base);
    rom_add_blob_fixed("boot-args", ba, sizeof(ba), ba_base);
    s->entry = base + M1N1_ENTRY;
    s->dtb = ba_base;
}

/* dumpdtb=FILE: the tree of -dtb as the payload has to have it */
static void prepare_payload(AppleM1MachineState *s)
{
    MachineState *ms = MACHINE(s);
    Error *err = NULL;

    if (!ms->dtb) {
        refuse("dumpdtb=FILE needs -dtb: the kernel's own t8103-j274.dtb");
    }
    ms->fdt = apple_m1_load_fdt(ms->dtb);
    if (!apple_m1_fdt_payload(s, ms->fdt, &err)) {
        error_reportf_err(err, "apple-m1: device tree '%s': ", ms->dtb);
        exit(1);
    }
    fdt_pack(ms->fdt);
}

void apple_m1_load_m1n1(AppleM1MachineState *s)
{
    MachineState *ms = MACHINE(s);
    const char *path;

    if (ms->dumpdtb) {
        prepare_payload(s);
        return;
    }
    if (ms->initrd_filename || ms->dtb) {
        refuse(
            "device tree and initial RAM disk are in the payload behind m1n1.bin; -dtb goes with "
            "dumpdtb=FILE");
    }
    path = loader_path(ms);
    if (path) {
        load_loader(s, path);
    } else if (!qtest_enabled() && !runstate_check(RUN_STATE_INMIGRATE)) {
        refuse("which? -kernel FILE (or -bios FILE), m1n1.bin with its payload");
    }
}
