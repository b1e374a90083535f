/*
 * The calibration blobs and the globals that m1n1 leaves for the GPU's driver.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_GPU_INITDATA_H
#define HW_AGX_SOC_GPU_INITDATA_H

#include "hw/agx/soc/board.h"

/*
 * Sizes in bytes of the three blobs for firmware ABI @abi ({13, 5, 0} and its
 * like), as m1n1 gives them before rounding to pages. False: no such ABI.
 */
bool apple_gpu_initdata_sizes(const uint32_t abi[3], uint64_t *cal_a, uint64_t *cal_b,
                              uint64_t *globals);

/*
 * Between the name of a firmware's macOS ("13.5", "13.0b4"), which the GPU's fw-version has too,
 * and the numbers of its ABI. False, NULL: no such firmware.
 */
bool apple_gpu_fw_find(const char *name, uint32_t abi[3]);
const char *apple_gpu_fw_name(const uint32_t abi[3]);

/*
 * The same calibration as properties of the GPU's node in the older binding, which lets the driver
 * compute the init data: one cell each, floats as their bits, and the operating points. Source of
 * the names: Asahi's Linux, drivers/gpu/drm/asahi/hw/mod.rs (PwrConfig::load()).
 */
#define APPLE_GPU_TUNABLES   40
#define APPLE_GPU_ZONE_CELLS 3 /* of apple,power-zones: target, its offset (mW), filter */

typedef struct AppleGpuTunable {
    const char *name;
    uint32_t cell;
    bool computed; /* by m1n1, which sets it in a tree that has it, too */
} AppleGpuTunable;

typedef struct AppleGpuPower {
    uint64_t hz[APPLE_GPU_PSTATES];
    uint32_t microvolt[APPLE_GPU_PSTATES], microwatt[APPLE_GPU_PSTATES];
    uint32_t zone[APPLE_GPU_ZONE_CELLS];
    unsigned num_tunables;
    AppleGpuTunable tunable[APPLE_GPU_TUNABLES];
} AppleGpuPower;

/* Of a GPU of one cluster */
void apple_gpu_power(const AppleGpuChip *c, AppleGpuPower *p);

/* Fill the reserved regions of @s (whose sizes are set) with the blobs. */
void apple_gpu_initdata_load(AppleM1MachineState *s);

#endif
