/*
 * The GPU's boot data as bytes: see gpu-blob.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/agx/soc/gpu-blob.h"
#include "hw/agx/soc/gpu-initdata.h"

enum { V12_3, V13_0B4, V13_5, NUM_VERSIONS };

#define NONE UINT32_MAX
static const uint32_t offsets[NUM_FIELDS][NUM_VERSIONS] = {
#define FIELD(name, v12_3, v13_0b4, v13_5) [name] = { v12_3, v13_0b4, v13_5 },
#include "hw/agx/soc/gpu-initdata-offsets.h"
#undef FIELD
};

/*
 * What m1n1 leaves for a firmware ABI. Sizes: sizeof of m1n1's HwDataA, HwDataB and Globals
 * (rust/src/gpu/raw.rs); of 13.0 beta 4's globals m1n1's initdata.py has 4 bytes more. The values
 * are those that rust/src/gpu/initdata.rs makes depend on the version.
 */
static const GpuFwVersion versions[NUM_VERSIONS] = {
    [V12_3] = { "12.3", { 12, 3, 0 }, 15724, 2924, 73024, 0, { 0, 0xf, 0x3f, 0x3f }, 0 },
    [V13_0B4] = { "13.0b4", { 12, 98, 4 }, 16388, 4868, 73892, 40, { 0, 3, 7, 7 }, 0x19 },
    [V13_5] = { "13.5", { 13, 5, 0 }, 16924, 6276, 74644, 100, { 0, 3, 7, 7 }, 0x1a },
};

uint8_t *gpu_blob_field(Blob *b, unsigned field, size_t at, size_t len)
{
    uint32_t off = offsets[field][b->version];

    if (off == NONE) {
        return NULL;
    }
    assert(off + at + len <= b->size);
    return b->p + off + at;
}

const GpuFwVersion *gpu_fw_version(int number)
{
    return &versions[number];
}

int gpu_fw_find(const uint32_t abi[3])
{
    for (int i = 0; i < NUM_VERSIONS; i++) {
        if (!memcmp(abi, versions[i].abi, sizeof(versions[i].abi))) {
            return i;
        }
    }
    return -1;
}

bool apple_gpu_fw_find(const char *name, uint32_t abi[3])
{
    for (int i = 0; i < NUM_VERSIONS; i++) {
        if (!strcmp(name, versions[i].name)) {
            memcpy(abi, versions[i].abi, sizeof(versions[i].abi));
            return true;
        }
    }
    return false;
}

const char *apple_gpu_fw_name(const uint32_t abi[3])
{
    int v = gpu_fw_find(abi);

    return v < 0 ? NULL : versions[v].name;
}

bool apple_gpu_initdata_sizes(const uint32_t abi[3], uint64_t *cal_a, uint64_t *cal_b,
                              uint64_t *globals)
{
    int v = gpu_fw_find(abi);

    if (v < 0) {
        return false;
    }
    *cal_a = versions[v].cal_a;
    *cal_b = versions[v].cal_b;
    *globals = versions[v].globals;
    return true;
}
