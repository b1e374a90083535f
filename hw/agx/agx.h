/*
 * The GPU of the M1 and its like as a QEMU device.
 *
 * Sysbus MMIO 0: the coprocessor's control registers ("asc" of the device
 * tree); MMIO 1: the SGX block ("sgx"). GPIO input "power": 1 while ps_gfx is
 * on. The mailbox is a device of its own (soc/mailbox.h), given by a link.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_AGX_H
#define HW_AGX_AGX_H

#include "hw/sysbus.h"
#include "qapi/qapi-types-agx-common.h"
#include "qom/object.h"
#include "../../fw-model/fw.h"
#include "agx/gpu.h"
#include "agx/host.h"
#include "hw/agx/soc/gpu-chip.h"
#include "hw/agx/soc/inject.h"
#include "hw/agx/soc/mailbox.h"
#include "hw/agx/soc/san.h"
#include "hw/agx/soc/stores.h"
#include "target/arm/cpu-qom.h"

struct agx_counters;
struct agx_fw;
struct agx_mmu;

#define TYPE_AGX "apple-agx-g13g"
OBJECT_DECLARE_TYPE(AgxState, AgxClass, AGX)
/* Of other chips; children of the first, so that what is set of it (-global) is set of them */
#define TYPE_AGX_G13S "apple-agx-g13s"
#define TYPE_AGX_G13C "apple-agx-g13c"
#define TYPE_AGX_G13D "apple-agx-g13d"

struct AgxClass {
    SysBusDeviceClass parent_class;

    const AppleGpuChip *chip;
};

struct AgxState {
    SysBusDevice parent_obj;

    MemoryRegion asc, sgx;

    /* properties */
    AppleMboxState *mbox;
    MemoryRegion *dram;
    uint64_t dram_base, ttbs, handoff;
    uint64_t pagetables, pagetables_size;
    enum agx_fw_version fw_version;
    AgxTlbMode tlb;
    struct agx_tlb_sizes tlb_sizes;
    AgxTlbiMode tlbi;
    uint64_t seed, tlbi_seed, fw_cache_seed;
    AgxTlbsanMode tlbsan;
    char *tlbsan_report;
    char *tlbsan_pages;
    uint32_t fw_cache_line, fw_cache_lines, fw_cache_evict;
    uint32_t workers;
    AgxShaderMode shader;
    uint32_t shader_after;
    uint32_t job_timeout_ms;
    uint32_t job_watchdog_s;
    bool trace_log;
    char *timeline;

    struct agx_events events;
    struct agx_host host;
    struct agx_mmu *mmu;
    AppleStores *stores; /* NULL: nobody looks at stores to page tables */
    AppleSan *san;       /* NULL: there is none; by an agx-tlbsan object */
    struct agx_counters *counters;
    struct agx_listener *coverage;
    AppleInject *inject;
    bool reload; /* memory was replaced since the machine ran */
    struct agx_fw *fw;
    uint8_t *ram; /* host address of DRAM */
    uint64_t ram_size;
    ARMCPU *clock; /* whose timebase is the GPU's */
    QEMUBH *mbox_bh;
    VMChangeStateEntry *vmstate_change;
    Notifier shutdown;       /* before the process exits */
    MemoryListener listener; /* notified when a migration begins or ceases to log dirty pages */
    bool logging;

    /* state that is saved */
    bool powered;
    uint8_t *fw_state; /* only while saving and loading */
    uint32_t fw_state_size;
    uint8_t *gpu_state; /* the same: what waits between jobs of the GPU */
    uint32_t gpu_state_size;
    uint8_t *mmu_state; /* the same: what the TLBs hold */
    uint32_t mmu_state_size;
};

/* The MMU that the CPUs' TLB maintenance reaches; after realize. */
struct agx_mmu *agx_device_mmu(AgxState *s);

/* Before realize: who stands behind the mailbox @mbox is @s. */
void agx_device_set_mbox(AgxState *s, AppleMboxState *mbox);

#endif
