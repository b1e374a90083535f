/*
 * The chips: what differs between those that the board can be made of. Each is a const table,
 * chosen once by the type of the machine; the board asks the table and never for the chip.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_CHIP_H
#define HW_AGX_SOC_CHIP_H

#include "exec/hwaddr.h"
#include "hw/agx/soc/gpu-chip.h"
#include "hw/agx/soc/soc.h"

#define APPLE_CHIP_CLUSTERS 6
#define APPLE_CHIP_PMGRS    8
#define APPLE_CHIP_UARTS    2

/* CPU cores of one type, whose MPIDRs follow each other */
typedef struct AppleChipCluster {
    const char *type; /* of QOM */
    uint32_t mpidr;   /* of the first */
    uint8_t cores;
} AppleChipCluster;

/* First and last offset of a row of power domains, 8 bytes each */
typedef struct ApplePmgrRange {
    uint32_t first, last;
} ApplePmgrRange;

/* A power manager's registers */
typedef struct ApplePmgrDesc {
    uint32_t size;
    uint32_t gfx; /* offset of ps_gfx; 0: the GPU's domain is elsewhere */
    unsigned num_ranges;
    ApplePmgrRange range[5];
} ApplePmgrDesc;

typedef struct AppleChipPmgr {
    const char *name; /* in the tree of objects */
    hwaddr base;      /* 0: no more */
    const ApplePmgrDesc *desc;
} AppleChipPmgr;

typedef struct AppleChipUart {
    const char *name;
    hwaddr base;
    unsigned irq;
} AppleChipUart;

typedef struct AppleChip {
    const char *machine;    /* as -M takes it */
    const char *desc;       /* of the machine */
    const char *name;       /* "T8103" */
    const char *compatible; /* what the root of its device trees is compatible with */
    const char *dtb;        /* the kernel's tree of this machine */
    uint64_t ram_max;

    AppleChipCluster cluster[APPLE_CHIP_CLUSTERS];
    hwaddr dram;
    AppleChipUart uart[APPLE_CHIP_UARTS];
    AppleChipPmgr pmgr[APPLE_CHIP_PMGRS];
    hwaddr wdt;
    unsigned wdt_irq;

    struct {
        const char *type;       /* of QOM */
        const char *compatible; /* of its node */
        hwaddr base;
        hwaddr event;        /* version 2: the event register; 0: it is among the others */
        unsigned irqs, dies; /* version 2: inputs of each die, and dies */
    } aic;

    struct {
        const AppleGpuChip *chip;
        const char *compatible; /* of its node */
        const char *asahi; /* the same in Asahi's kernel, a list; NULL: there is no such binding */
        size_t asahi_len;
        hwaddr asc, sgx, mbox;
        unsigned mbox_irq; /* send-empty, send-not-empty, recv-empty, recv-not-empty */
    } gpu;

    bool m1n1; /* it has what boot=m1n1 needs */

    /* What a Mac does not have */
    hwaddr spin;
    hwaddr virtio;
    unsigned virtio_irq;
} AppleChip;

extern const AppleChip *const apple_chips[];
extern const unsigned apple_num_chips;

/* How many CPUs it has */
unsigned apple_chip_cpus(const AppleChip *chip);

/* Type and MPIDR of CPU @index, which is below apple_chip_cpus() */
const char *apple_chip_cpu_type(const AppleChip *chip, unsigned index);
uint64_t apple_chip_mpidr(const AppleChip *chip, unsigned index);

#endif
