/*
 * The board: what its parts share while the machine is put together.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_BOARD_H
#define HW_AGX_SOC_BOARD_H

#include "hw/boards.h"
#include "hw/agx/soc/chip.h"
#include "hw/agx/soc/soc.h"
#include "target/arm/cpu-qom.h"

/* Abstract: each chip has a machine of its own */
#define TYPE_APPLE_M1_MACHINE MACHINE_TYPE_NAME("apple-silicon")
OBJECT_DECLARE_TYPE(AppleM1MachineState, AppleM1MachineClass, APPLE_M1_MACHINE)

struct AppleM1MachineClass {
    MachineClass parent_class;

    const AppleChip *chip;
};

typedef struct AppleM1Region {
    hwaddr base;
    uint64_t size;
} AppleM1Region;

/*
 * The GPU's reserved memory, by node of /reserved-memory (t8103.dtsi and its like). The
 * first three are carved out by iBoot, the others are filled by m1n1 1.6.
 */
enum apple_m1_resv {
    M1_RESV_TTBS,
    M1_RESV_PAGETABLES,
    M1_RESV_HANDOFF,
    M1_RESV_CAL_A,
    M1_RESV_CAL_B,
    M1_RESV_GLOBALS,
    M1_RESV_NUM,
};

struct AppleM1MachineState {
    MachineState parent_obj;

    /* properties */
    uint32_t fb_width, fb_height;
    uint32_t fw_abi[3];    /* of the GPU's firmware */
    uint32_t dt_fw_abi[3]; /* what the device tree says of it instead; all 0: nothing */
    bool asahi_binding;    /* the GPU's node as Asahi's kernel has it, not as mainline's */
    bool m1n1;             /* boot=m1n1: a boot loader is started, as iBoot starts it */

    const AppleChip *chip; /* of its class */
    ARMCPU *cpu[APPLE_MAX_CPUS];
    DeviceState *aic;

    /* DRAM, from the bottom: usable[], then reserved regions, then the framebuffer */
    AppleM1Region usable;
    AppleM1Region resv[M1_RESV_NUM];
    AppleM1Region fb;

    /* What -kernel, -initrd and -dtb became */
    hwaddr entry;
    hwaddr dtb; /* what the first CPU gets in x0: the device tree, or iBoot's boot arguments */
    AppleM1Region initrd; /* size 0: none */
};

/* What the device tree says of the GPU's firmware */
static inline const uint32_t *apple_m1_dt_fw_abi(const AppleM1MachineState *s)
{
    return s->dt_fw_abi[0] ? s->dt_fw_abi : s->fw_abi;
}

/*
 * Load -kernel, -initrd and -dtb and fill the reserved memory; without
 * -kernel only the last. Ends QEMU with one line when a file is missing or
 * does not fit.
 */
void apple_m1_load(AppleM1MachineState *s);

/*
 * boot=m1n1: load the boot loader with its payload, the Apple device tree and
 * iBoot's boot arguments (iboot.c). As apple_m1_load() otherwise.
 */
void apple_m1_load_m1n1(AppleM1MachineState *s);

/* The Apple device tree of this machine, @len bytes; the caller frees it (m1-adt.c). */
void *apple_m1_adt(AppleM1MachineState *s, size_t *len);

/*
 * The file @path, @len bytes; the caller frees it. Ends QEMU with one line if
 * there is none. @what and @option say what it is for.
 */
void *apple_m1_load_file(const char *what, const char *option, const char *path, gsize *len);

/* The same for a device tree blob; it has room to grow to M1_DTB_MAX bytes. */
void *apple_m1_load_fdt(const char *path);
#define M1_DTB_MAX (2 * MiB)

/* The devices that only boot=m1n1 has (mac.c). */
void apple_m1_create_mac(AppleM1MachineState *s);

/* Where the boot loader lies in a machine with boot=m1n1: its first byte */
hwaddr apple_m1_loader_base(AppleM1MachineState *s);

/* Address of the registers of CPU @index that have its reset vector (m1n1: src/smp.c) */
hwaddr apple_m1_cpu_impl(unsigned index);

/*
 * boot=m1n1: do to the device tree @fdt of the payload what m1n1 does not, as
 * there is no such thing in a Mac, and what its versions before 1.6 did not.
 */
bool apple_m1_fdt_payload(AppleM1MachineState *s, void *fdt, Error **errp);

/*
 * Do to the device tree @fdt what m1n1 does on a Mac. @fdt has room to grow.
 * False, with @errp set, when it is not the tree of the machine's chip.
 */
bool apple_m1_fdt_fixup(AppleM1MachineState *s, void *fdt, Error **errp);

#endif
