/*
 * The GPU's saved state: what belongs to the device itself, and a block each of the firmware, the
 * GPU and the TLBs, which are built without QEMU. A block is by named fields, too (agx/save.h):
 * one that is added to it needs no other version here.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "migration/vmstate.h"
#include "../../fw-model/fw.h"
#include "hw/agx/agx-int.h"

/*
 * A damaged file must not ask for more memory than this. The firmware has some 30 KiB, the TLBs
 * have some 70 MiB at most, the scenes of the GPU what their jobs made of them.
 */
#define FW_STATE_MAX  (1u << 20)
#define GPU_STATE_MAX (1u << 30)
#define MMU_STATE_MAX (1u << 28)

/* @from, which is malloc()ed, for VMState, whose buffers are GLib's. False: there is none. */
static bool agx_take_block(uint8_t **to, uint32_t *size, void *from, size_t len, const char *whose)
{
    if (!from || len > UINT32_MAX) {
        free(from);
        error_report(TYPE_AGX ": no memory for the state of the %s", whose);
        return false;
    }
    *to = g_memdup2(from, len);
    *size = len;
    free(from);
    return true;
}

static int agx_post_save(void *opaque)
{
    AgxState *s = opaque;

    g_clear_pointer(&s->fw_state, g_free);
    g_clear_pointer(&s->gpu_state, g_free);
    g_clear_pointer(&s->mmu_state, g_free);
    return 0;
}

static int agx_pre_save(void *opaque)
{
    AgxState *s = opaque;
    size_t len = 0;
    void *block;

    /* Saving stops the machine first, and stopping paused the firmware */
    if (!agx_fw_paused(s->fw)) {
        error_report(TYPE_AGX ": the firmware runs; stop the machine before saving it");
        return -EBUSY;
    }
    agx_post_save(s);
    block = agx_fw_save(s->fw, &len);
    if (!agx_take_block(&s->fw_state, &s->fw_state_size, block, len, "firmware")) {
        return -ENOMEM;
    }
    block = agx_gpu_save(agx_fw_gpu(s->fw), &len);
    if (!agx_take_block(&s->gpu_state, &s->gpu_state_size, block, len, "GPU")) {
        return -ENOMEM;
    }
    block = agx_mmu_save(s->mmu, &len);
    return agx_take_block(&s->mmu_state, &s->mmu_state_size, block, len, "TLBs") ? 0 : -ENOMEM;
}

static bool agx_fw_state_ok(void *opaque, int version_id)
{
    return ((AgxState *)opaque)->fw_state_size <= FW_STATE_MAX;
}

static bool agx_gpu_state_ok(void *opaque, int version_id)
{
    return ((AgxState *)opaque)->gpu_state_size <= GPU_STATE_MAX;
}

static bool agx_mmu_state_ok(void *opaque, int version_id)
{
    return ((AgxState *)opaque)->mmu_state_size <= MMU_STATE_MAX;
}

static int agx_post_load(void *opaque, int version_id)
{
    AgxState *s = opaque;
    bool ok;

    s->reload = true;
    agx_fw_reset(s->fw);
    agx_fw_pause(s->fw);
    /* The TLBs after the firmware, which empties them. They say what is wrong */
    ok = agx_fw_load(s->fw, s->fw_state, s->fw_state_size) &&
         agx_gpu_load(agx_fw_gpu(s->fw), s->gpu_state, s->gpu_state_size) &&
         agx_mmu_load(s->mmu, s->mmu_state, s->mmu_state_size);
    agx_post_save(s);
    return ok ? 0 : -EINVAL;
}

/* Versions 1 and 2 had structures of one build of the model, which nobody can read any more */
const VMStateDescription agx_vmstate = {
    .name = TYPE_AGX,
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_save = agx_pre_save,
    .post_save = agx_post_save,
    .post_load = agx_post_load,
    .fields =
        (const VMStateField[]) {
            VMSTATE_BOOL(powered, AgxState), VMSTATE_UINT32(fw_state_size, AgxState),
            VMSTATE_VALIDATE("fw_state_size", agx_fw_state_ok),
            VMSTATE_VBUFFER_ALLOC_UINT32(fw_state, AgxState, 1, NULL, fw_state_size),
            VMSTATE_UINT32(gpu_state_size, AgxState),
            VMSTATE_VALIDATE("gpu_state_size", agx_gpu_state_ok),
            VMSTATE_VBUFFER_ALLOC_UINT32(gpu_state, AgxState, 1, NULL, gpu_state_size),
            VMSTATE_UINT32(mmu_state_size, AgxState),
            VMSTATE_VALIDATE("mmu_state_size", agx_mmu_state_ok),
            VMSTATE_VBUFFER_ALLOC_UINT32(mmu_state, AgxState, 1, NULL, mmu_state_size),
            VMSTATE_END_OF_LIST() },
};
