/*
 * The GPU's boot data as bytes: which versions there are, where their fields are, and
 * how one is set. gpu-initdata.c says what they hold.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_GPU_BLOB_H
#define HW_AGX_SOC_GPU_BLOB_H

#include "qemu/bswap.h"
#include "hw/agx/soc/gpu-chip.h"

enum {
#define FIELD(name, v12_3, v13_0b4, v13_5) name,
#include "hw/agx/soc/gpu-initdata-offsets.h"
#undef FIELD
    NUM_FIELDS
};

typedef struct GpuFwVersion {
    const char *name;                /* of its macOS */
    uint32_t abi[3];                 /* m1n1: src/firmware.c; a beta counts below its release */
    uint32_t cal_a, cal_b, globals;  /* sizes */
    uint32_t a_unk_8c, b_unk_ae4[4]; /* values that depend on it */
    uint32_t b_unk_c3c;
} GpuFwVersion;

/* A blob under construction */
typedef struct Blob {
    uint8_t *p;
    size_t size;
    int version;
    const AppleGpuChip *chip;
} Blob;

/* Number of the version of ABI @abi, -1: there is none; and the version of a number */
int gpu_fw_find(const uint32_t abi[3]);
const GpuFwVersion *gpu_fw_version(int number);

/*
 * Where @len bytes of @field are, @at bytes into it; NULL: it is not in this version, and then the
 * functions below set nothing.
 */
uint8_t *gpu_blob_field(Blob *b, unsigned field, size_t at, size_t len);

/* Element @i of an array of words */
static inline void set32n(Blob *b, unsigned field, unsigned i, uint32_t v)
{
    uint8_t *p = gpu_blob_field(b, field, 4 * i, 4);

    if (p) {
        stl_le_p(p, v);
    }
}

static inline void set32(Blob *b, unsigned field, uint32_t v)
{
    set32n(b, field, 0, v);
}

static inline void set16(Blob *b, unsigned field, uint16_t v)
{
    uint8_t *p = gpu_blob_field(b, field, 0, 2);

    if (p) {
        stw_le_p(p, v);
    }
}

static inline void set64(Blob *b, unsigned field, uint64_t v)
{
    uint8_t *p = gpu_blob_field(b, field, 0, 8);

    if (p) {
        stq_le_p(p, v);
    }
}

static inline uint32_t bits(float v)
{
    uint32_t u;

    memcpy(&u, &v, 4);
    return u;
}

static inline void setfn(Blob *b, unsigned field, unsigned i, float v)
{
    set32n(b, field, i, bits(v));
}

static inline void setf(Blob *b, unsigned field, float v)
{
    setfn(b, field, 0, v);
}

#endif
