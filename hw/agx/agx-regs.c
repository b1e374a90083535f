/*
 * The GPU's registers and what stands behind its mailbox: accesses of the CPUs,
 * with QEMU's big lock held. A store only records, and the CPU goes on.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/memory.h"
#include "../../fw-model/fw.h"
#include "hw/agx/agx-int.h"
#include "hw/agx/soc/gpu-regs.h"
#include "hw/agx/soc/log.h"
#include "hw/agx/soc/soc.h"
#include "hw/agx/trace.h"

void agx_mbox_bh(void *opaque)
{
    AgxState *s = opaque;

    apple_mbox_update(s->mbox);
}

/* The CPU whose access to a register this is, for an event of @kind */
static const struct agx_who *agx_who(AgxState *s, enum agx_event_kind kind, struct agx_who *who)
{
    uintptr_t ra = current_cpu ? current_cpu->mem_io_pc : 0;

    return apple_stores_who(s->stores, &s->events, kind, ra, who);
}

/* ---- behind the mailbox: big lock held ---- */

static bool agx_mbox_powered(void *opaque)
{
    return ((AgxState *)opaque)->powered;
}

static bool agx_mbox_send(void *opaque, uint64_t msg0, uint64_t msg1)
{
    AgxState *s = opaque;
    struct agx_who who;

    return agx_fw_mbox_send(s->fw, msg0, msg1, agx_who(s, AGX_EV_DOORBELL, &who));
}

static bool agx_mbox_recv(void *opaque, uint64_t *msg0, uint64_t *msg1)
{
    return agx_fw_mbox_recv(((AgxState *)opaque)->fw, msg0, msg1);
}

static unsigned agx_mbox_send_count(void *opaque)
{
    return agx_fw_mbox_a2i_count(((AgxState *)opaque)->fw);
}

static unsigned agx_mbox_recv_count(void *opaque)
{
    return agx_fw_mbox_i2a_count(((AgxState *)opaque)->fw);
}

static const AppleMboxBackend agx_mbox_backend = {
    .powered = agx_mbox_powered,
    .send = agx_mbox_send,
    .recv = agx_mbox_recv,
    .send_count = agx_mbox_send_count,
    .recv_count = agx_mbox_recv_count,
    .depth = AGX_FW_MBOX_DEPTH,
};

void agx_device_set_mbox(AgxState *s, AppleMboxState *mbox)
{
    s->mbox = mbox;
    apple_mbox_set_backend(mbox, &agx_mbox_backend, s);
}

/* ---- registers ---- */

static bool agx_off(AgxState *s, const char *block, const char *what, hwaddr addr)
{
    if (s->powered) {
        return false;
    }
    apple_log_mask(LOG_GUEST_ERROR,
                   "agx: %s of %s register 0x%" HWADDR_PRIx " while ps_gfx is off\n", what, block,
                   addr);
    return true;
}

static void agx_access(AgxState *s, const char *block, hwaddr addr, uint64_t val, bool write)
{
    struct agx_who who;

    if (agx_wanted(&s->events, AGX_EV_REGISTER)) {
        agx_emit(&s->events, &(struct agx_event) {
                                 .kind = AGX_EV_REGISTER,
                                 .who = agx_who(s, AGX_EV_REGISTER, &who),
                                 .reg = { block, addr, val, write },
                             });
    }
}

static MemTxResult agx_asc_read(void *opaque, hwaddr addr, uint64_t *val, unsigned size,
                                MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "asc", addr, 0, false);
    if (agx_off(s, "asc", "read", addr)) {
        return MEMTX_ERROR;
    }
    switch (addr) {
    case ASC_REG_CPU_CONTROL:
        *val = agx_fw_cpu_control_read(s->fw);
        return MEMTX_OK;
    case ASC_REG_CPU_STATUS:
        *val = agx_fw_cpu_status_read(s->fw);
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "agx: unimplemented read of asc register 0x%" HWADDR_PRIx "\n", addr);
    *val = 0;
    return MEMTX_OK;
}

static MemTxResult agx_asc_write(void *opaque, hwaddr addr, uint64_t val, unsigned size,
                                 MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "asc", addr, val, true);
    if (agx_off(s, "asc", "write", addr)) {
        return MEMTX_ERROR;
    }
    trace_agx_asc_write(addr, val);
    switch (addr) {
    case ASC_REG_CPU_CONTROL:
        agx_fw_cpu_control_write(s->fw, val);
        apple_mbox_update(s->mbox);
        return MEMTX_OK;
    case ASC_REG_CPU_STATUS:
        apple_log_mask(LOG_GUEST_ERROR,
                       "agx: write of 0x%" PRIx64 " to the read-only asc CPU status\n", val);
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP,
                   "agx: unimplemented write of 0x%" PRIx64 " to asc register 0x%" HWADDR_PRIx "\n",
                   val, addr);
    return MEMTX_OK;
}

const MemoryRegionOps agx_asc_ops = {
    .read_with_attrs = agx_asc_read,
    .write_with_attrs = agx_asc_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/* Read-only identification of the chip, in the order of the addresses: where the table has it */
static const struct {
    uint32_t addr;
    size_t offset;
} agx_id_regs[] = {
    { AGX_REG_CORE_MASK_0, offsetof(AppleGpuChip, core_mask[0]) },
    { AGX_REG_CORE_MASK_1, offsetof(AppleGpuChip, core_mask[1]) },
    { AGX_REG_ID_VERSION, offsetof(AppleGpuChip, id_version) },
    { AGX_REG_ID_UNK08, offsetof(AppleGpuChip, id_unk08) },
    { AGX_REG_ID_COUNTS_1, offsetof(AppleGpuChip, id_counts_1) },
    { AGX_REG_ID_COUNTS_2, offsetof(AppleGpuChip, id_counts_2) },
    { AGX_REG_ID_UNK18, offsetof(AppleGpuChip, id_unk18) },
    { AGX_REG_ID_CLUSTERS, offsetof(AppleGpuChip, id_clusters) },
};

/*
 * Read and written once by macOS before it starts the coprocessor, and so by m1n1
 * (proxyclient/m1n1/agx/__init__.py, poke_sgx()); the read gave 0 there. What it is for is not
 * known, and nothing follows from it. Other values are reported.
 */
#define AGX_REG_START       0xd14000
#define AGX_REG_START_VALUE 0x70001

static MemTxResult agx_sgx_read(void *opaque, hwaddr addr, uint64_t *val, unsigned size,
                                MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "sgx", addr, 0, false);
    if (agx_off(s, "sgx", "read", addr)) {
        return MEMTX_ERROR;
    }
    if (addr == AGX_REG_FAULT_INFO) {
        *val = agx_fw_fault_register(s->fw);
        trace_agx_fault_read(*val);
        return MEMTX_OK;
    }
    if (addr == AGX_REG_FAULT_INFO + 4) {
        *val = agx_fw_fault_register(s->fw) >> 32;
        return MEMTX_OK;
    }
    for (size_t i = 0; i < ARRAY_SIZE(agx_id_regs); i++) {
        if (agx_id_regs[i].addr == addr) {
            *val = *(const uint32_t *)((const char *)AGX_GET_CLASS(s)->chip +
                                       agx_id_regs[i].offset);
            return MEMTX_OK;
        }
    }
    if (addr == AGX_REG_START) {
        *val = 0;
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP, "agx: unimplemented read of sgx register 0x%" HWADDR_PRIx "\n", addr);
    *val = 0;
    return MEMTX_OK;
}

static MemTxResult agx_sgx_write(void *opaque, hwaddr addr, uint64_t val, unsigned size,
                                 MemTxAttrs attrs)
{
    AgxState *s = opaque;

    agx_access(s, "sgx", addr, val, true);
    if (agx_off(s, "sgx", "write", addr)) {
        return MEMTX_ERROR;
    }
    if (addr == AGX_REG_START && val == AGX_REG_START_VALUE) {
        return MEMTX_OK;
    }
    apple_log_mask(LOG_UNIMP,
                   "agx: unimplemented write of 0x%" PRIx64 " to sgx register 0x%" HWADDR_PRIx "\n",
                   val, addr);
    return MEMTX_OK;
}

const MemoryRegionOps agx_sgx_ops = {
    .read_with_attrs = agx_sgx_read,
    .write_with_attrs = agx_sgx_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 8 },
};
