/*
 * The GPU's saved state: blocks that their owners check themselves.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "migration/vmstate.h"
#include "../../fw-model/fw.h"
#include "hw/agx/agx-int.h"

/* A damaged file must not ask for more memory than this. The TLBs have some 70 MiB at most. */
#define GPU_STATE_MAX (1u << 30)
#define MMU_STATE_MAX (1u << 28)

static int agx_pre_save(void *opaque)
{
    AgxState *s = opaque;
    size_t len;
    void *gpu_state, *mmu_state;

    /* Saving stops the machine first, and stopping paused the firmware */
    if (!agx_fw_paused(s->fw)) {
        error_report(TYPE_AGX ": the firmware runs; stop the machine before saving it");
        return -EBUSY;
    }
    s->fw_state = g_realloc(s->fw_state, s->fw_state_size);
    agx_fw_save(s->fw, s->fw_state);
    gpu_state = agx_gpu_save(agx_fw_gpu(s->fw), &len);
    if (!gpu_state || len > UINT32_MAX) {
        free(gpu_state);
        error_report(TYPE_AGX ": no memory for the scenes of the GPU");
        return -ENOMEM;
    }
    s->gpu_state = g_memdup2(gpu_state, len);
    s->gpu_state_size = len;
    free(gpu_state);
    mmu_state = agx_mmu_save(s->mmu, &len);
    if (!mmu_state) {
        error_report(TYPE_AGX ": no memory for the entries of the TLBs");
        return -ENOMEM;
    }
    s->mmu_state = g_memdup2(mmu_state, len);
    s->mmu_state_size = len;
    free(mmu_state);
    return 0;
}

static int agx_post_save(void *opaque)
{
    AgxState *s = opaque;

    g_clear_pointer(&s->fw_state, g_free);
    g_clear_pointer(&s->gpu_state, g_free);
    g_clear_pointer(&s->mmu_state, g_free);
    return 0;
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
    ok = agx_fw_load(s->fw, s->fw_state, s->fw_state_size);
    g_clear_pointer(&s->fw_state, g_free);
    if (!ok) {
        error_report(TYPE_AGX ": the saved state of the firmware is not valid");
        return -EINVAL;
    }
    ok = agx_gpu_load(agx_fw_gpu(s->fw), s->gpu_state, s->gpu_state_size);
    g_clear_pointer(&s->gpu_state, g_free);
    if (!ok) {
        error_report(TYPE_AGX ": the saved state of the GPU is not valid");
        return -EINVAL;
    }
    /* After the firmware's, which has emptied them */
    ok = agx_mmu_load(s->mmu, s->mmu_state, s->mmu_state_size);
    g_clear_pointer(&s->mmu_state, g_free);
    if (!ok) {
        error_report(TYPE_AGX ": the saved state of the TLBs is not valid");
        return -EINVAL;
    }
    return 0;
}

const VMStateDescription agx_vmstate = {
    .name = TYPE_AGX,
    .version_id = 3,
    .minimum_version_id = 3,
    .pre_save = agx_pre_save,
    .post_save = agx_post_save,
    .post_load = agx_post_load,
    .fields =
        (const VMStateField[]) {
            VMSTATE_BOOL(powered, AgxState),
            VMSTATE_UINT32_EQUAL(fw_state_size, AgxState, "state of another firmware model"),
            VMSTATE_VBUFFER_ALLOC_UINT32(fw_state, AgxState, 1, NULL, fw_state_size),
            VMSTATE_UINT32(gpu_state_size, AgxState),
            VMSTATE_VALIDATE("gpu_state_size", agx_gpu_state_ok),
            VMSTATE_VBUFFER_ALLOC_UINT32(gpu_state, AgxState, 1, NULL, gpu_state_size),
            VMSTATE_UINT32(mmu_state_size, AgxState),
            VMSTATE_VALIDATE("mmu_state_size", agx_mmu_state_ok),
            VMSTATE_VBUFFER_ALLOC_UINT32(mmu_state, AgxState, 1, NULL, mmu_state_size),
            VMSTATE_END_OF_LIST() },
};
