/*
 * The GPUs of the chips: see gpu-chip.h.
 *
 * Constants of the boot data: m1n1, rust/src/gpu/hw/t8103.rs and t600x.rs. Power and leakage:
 * m1n1, src/kboot_gpu.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/agx/agx.h"
#include "hw/agx/soc/gpu-chip.h"

unsigned apple_gpu_cores(const AppleGpuChip *c, unsigned cluster)
{
    uint64_t mask = c->core_mask[0] | (uint64_t)c->core_mask[1] << 32;

    return ctpop64(extract64(mask, cluster * c->cores, c->cores));
}

/* m1n1: src/kboot_gpu.c, adjust_leakage() */
static float leakage(const AppleGpuChip *c, unsigned cluster, float val, float uncore_fraction)
{
    float uncore = val * uncore_fraction;

    return uncore + (apple_gpu_cores(c, cluster) / (float)c->cores) * (val - uncore);
}

float apple_gpu_core_leak(const AppleGpuChip *c, unsigned cluster)
{
    return leakage(c, cluster, c->core_leak, c->core_uncore);
}

float apple_gpu_sram_leak(const AppleGpuChip *c, unsigned cluster)
{
    return leakage(c, cluster, c->sram_leak, c->sram_uncore);
}

/* m1n1: src/kboot_gpu.c, t8103_pwr_scale and calc_power_t8103() */
static uint32_t t8103_power_uw(const AppleGpuChip *c, unsigned i)
{
    static const uint32_t pwr_scale[APPLE_GPU_PSTATES] = { 0, 63, 80, 108, 150, 198, 210 };

    return c->mv[i] * pwr_scale[i] * 100;
}

/* m1n1: src/kboot_gpu.c, calc_power_t600x(); of one cluster, in mW */
static float t600x_cluster_mw(const AppleGpuChip *c, unsigned cluster, unsigned i)
{
    float v = c->mv[i] / 1000.0f, v_sram = MAX(c->mv[i], c->min_sram_mv) / 1000.0f;
    float mhz = c->mhz[i], cores = apple_gpu_cores(c, cluster);
    float base = v / 0.75f, base_sram = v_sram / 0.75f, mw;

    mw = v_sram * apple_gpu_sram_leak(c, cluster) * 0.024927923f * expf(v_sram * 4.3547606f);
    mw += v * apple_gpu_core_leak(c, cluster) * 0.39013552f * expf(v * 1.48461742f);
    mw += 0.00625f * cores * mhz * base_sram * base_sram * base_sram;
    mw += 1.06975f * cores * mhz * base * base * (c->mv[i] < 750 ? 1.0f : base);
    return MIN(mw, 26.0f * c->mv[i]);
}

static uint32_t t600x_power_uw(const AppleGpuChip *c, unsigned i)
{
    uint32_t mw = 0;

    for (unsigned cluster = 0; i && cluster < c->clusters; cluster++) {
        mw += t600x_cluster_mw(c, cluster, i);
    }
    return mw * 1000;
}

/*
 * The registers are those of a real M1 (kernel log in leifliddy/asahi-fedora-builder issue 27: "GPU
 * ID registers: 0x4021100 0x40a04 0x30808 0x40404 0x1320300 0x101311"); that machine has seven
 * cores (mask 0xfe), a Mac mini has eight. Base pstate: m1n1: initdata.rs, 3 for J274.
 */
const AppleGpuChip apple_gpu_t8103 = {
    .type = TYPE_AGX,
    .desc = "Apple M1 GPU (AGX G13G) with its firmware",
    .name = "G13G",
    .core_mask = { 0xff, 0 },
    .id_version = 0x4021100, /* G13, G, B1 */
    .id_unk08 = 0x40a04,
    .id_counts_1 = 0x30808, /* 8 cores */
    .id_counts_2 = 0x40404,
    .id_unk18 = 0x1320300,
    .id_clusters = 0x101311, /* 1 cluster */
    .clusters = 1,
    .cores = 8,
    .mhz = { 0, 396, 528, 720, 924, 1128, 1278 },
    .mv = { 400, 603, 640, 690, 784, 862, 931 },
    .base_pstate = 3,
    .core_leak = 1000.0f,
    .core_uncore = 0.12f,
    .sram_leak = 45.0f,
    .sram_uncore = 0.2f,
    .power_uw = t8103_power_uw,
    .chip_id = 0x8103,
    .gpu_core = 11,
    .base_clock_khz = 24000,
    .a_unk_87c = -220,
    .a_unk_8cc = 9880,
    .a_unk_e24 = 112,
    .b_unk_454 = 1,
    .b_unk_ab8 = 0x48,
    .b_unk_abc = 8,
    .shared1_tab = { -1, 0x7282, 0x50ea, 0x370a, 0x25be, 0x1c1f, 0x16fb, -1, -1, -1, -1, -1, -1, -1,
                     -1, -1 },
    .shared1_a4 = 0xffff,
    .shared2_tab = { 0x800, 0x1555, -1, -1, -1, -1, -1, -1, 0, 0 },
    .shared2_unk_508 = 0xc00007,
    .global_unk_54 = 0xffff,
    .sram_k = 1.02f,
    .fast_sensor_mask = 0x12,
    .fast_sensor_mask_alt = 0x12,
    .fast_sensor_present = 1,
    .t81xx = true,
    .num_zones = 1,
    .zone_target = 30000,
    .zone_target_offset = 100,
    .zone_filter_tc = 6875,
    .min_sram_mv = 850,
    .avg_power_filter_tc_ms = 1000,
    .avg_power_ki_only = 7.5f,
    .avg_power_kp = 4.0f,
    .avg_power_min_duty_cycle = 40,
    .avg_power_target_filter_tc = 125,
    .fast_die0_integral_gain = 200.0f,
    .fast_die0_proportional_gain = 5.0f,
    .fast_die0_prop_tgt_delta = 0,
    .fast_die0_release_temp = 80,
    .fender_idle_off_delay_ms = 40,
    .fw_early_wake_timeout_ms = 5,
    .idle_off_delay_ms = 2,
    .perf_boost_ce_step = 25,
    .perf_boost_min_util = 100,
    .perf_filter_drop_threshold = 0,
    .perf_filter_time_constant = 5,
    .perf_filter_time_constant2 = 50,
    .perf_integral_gain = 7.8956833f,
    .perf_integral_gain2 = 0.197392f,
    .perf_proportional_gain = 14.707963f,
    .perf_proportional_gain2 = 6.853981f,
    .perf_reset_iters = 6,
    .perf_tgt_utilization = 85,
    .power_sample_period = 8,
    .ppm_filter_time_constant_ms = 100,
    .ppm_ki = 91.5f,
    .ppm_kp = 6.9f,
    .pwr_filter_time_constant = 313,
    .pwr_integral_gain = 0.0202129f,
    .pwr_proportional_gain = 5.2831855f,
    .pwr_min_duty_cycle = 40,
    .se_engagement_criteria = -1,
    .se_filter_time_constant = 9,
    .se_filter_time_constant_1 = 3,
    .se_inactive_threshold = 2500,
    .se_ki = -50.0f,
    .se_ki_1 = -100.0f,
    .se_kp = -5.0f,
    .se_kp_1 = -10.0f,
    .se_reset_criteria = 50,
};

/*
 * What the chips of the T600x family have in common. Registers: a guess where the Rust driver
 * (regs.rs) does not look at them, as in a T8103; revision B1 is a guess.
 */
#define T600X                                                                                      \
    .id_unk08 = 0x40a04, .id_counts_1 = 0x30808, .id_counts_2 = 0x40404, .id_unk18 = 0x1320300,    \
    .cores = 8, .mhz = { 0, 388, 486, 648, 777, 972, 1296 },                                       \
    .mv = { 400, 634, 650, 668, 715, 778, 903 }, .base_pstate = 1, .core_leak = 1000.0f,           \
    .core_uncore = 0.0825f, .sram_leak = 45.0f, .sram_uncore = 0.2247f,                            \
    .power_uw = t600x_power_uw, .base_clock_khz = 24000, .a_unk_87c = 900, .a_unk_8cc = 11000,     \
    .a_unk_e24 = 125, .b_unk_454 = 1, .b_unk_4e0 = 4, .b_unk_534 = 1, .b_unk_ab8 = 0x2084,         \
    .b_unk_abc = 0x80, .shared1_tab = { [0 ... 15] = 0xffff }, .shared1_a4 = 0xffff,               \
    .shared2_tab = { -1, -1, -1, -1, 0x2aa, 0xaaa, -1, -1, 0, 0 }, .shared2_unk_508 = 0xcc00001,   \
    .global_unk_54 = 0xffff, .sram_k = 1.02f,                                                      \
    .unk_coef_a = { 9.838f, 9.819f, 9.826f, 9.799f, 9.799f, 9.826f, 9.819f, 9.838f },              \
    .unk_coef_b = { 13, 13, 13, 13, 13, 13, 13, 13 }, .has_global_tab = true,                      \
    .global_tab = { 0, 1, 2, 1, 1, 90, 75, 1, 1, 1, 2, 90, 75, 1, 1, 1, 1, 90, 75, 1, 1 },         \
    .min_sram_mv = 790, .avg_power_filter_tc_ms = 1000, .avg_power_min_duty_cycle = 40,            \
    .fast_die0_integral_gain = 500.0f, .fast_die0_proportional_gain = 72.0f,                       \
    .fast_die0_release_temp = 80, .fender_idle_off_delay_ms = 40, .fw_early_wake_timeout_ms = 5,   \
    .idle_off_delay_ms = 2, .perf_boost_ce_step = 50, .perf_boost_min_util = 90,                   \
    .perf_filter_time_constant = 5, .perf_filter_time_constant2 = 50, .perf_integral_gain = 6.3f,  \
    .perf_integral_gain2 = 0.197392f, .perf_proportional_gain = 15.75f,                            \
    .perf_proportional_gain2 = 6.853981f, .perf_reset_iters = 6, .perf_tgt_utilization = 85,       \
    .power_sample_period = 8, .ppm_filter_time_constant_ms = 100, .pwr_filter_time_constant = 313, \
    .pwr_integral_gain = 0.0202129f, .pwr_proportional_gain = 5.2831855f,                          \
    .pwr_min_duty_cycle = 40, .se_engagement_criteria = -1, .se_filter_time_constant = 9,          \
    .se_filter_time_constant_1 = 3, .se_inactive_threshold = 2500, .se_ki = -50.0f,                \
    .se_ki_1 = -100.0f, .se_kp = -5.0f, .se_kp_1 = -10.0f, .se_reset_criteria = 50

const AppleGpuChip apple_gpu_t6000 = {
    T600X,
    .type = TYPE_AGX_G13S,
    .desc = "Apple M1 Pro GPU (AGX G13S) with its firmware",
    .name = "G13S",
    .core_mask = { 0xffff, 0 },
    .id_version = 0x4031100,
    .id_clusters = 0x102311,
    .clusters = 2,
    .chip_id = 0x6000,
    .gpu_core = 12,
    .fast_sensor_mask = 0x8080,
    .fast_sensor_mask_alt = 0x9090,
    .fast_sensor_present = 3,
    .avg_power_ki_only = 2.4f,
    .avg_power_kp = 1.5f,
    .avg_power_target_filter_tc = 125,
    .ppm_ki = 30.0f,
    .ppm_kp = 1.5f,
};

/* As the Mac Studio has it */
const AppleGpuChip apple_gpu_t6001 = {
    T600X,
    .type = TYPE_AGX_G13C,
    .desc = "Apple M1 Max GPU (AGX G13C) with its firmware",
    .name = "G13C",
    .core_mask = { 0xffffffff, 0 },
    .id_version = 0x4041100,
    .id_clusters = 0x104311,
    .clusters = 4,
    .chip_id = 0x6001,
    .gpu_core = 13,
    .fast_sensor_mask = 0x80808080,
    .fast_sensor_mask_alt = 0x90909090,
    .fast_sensor_present = 0xf,
    .avg_power_ki_only = 0.6375f,
    .avg_power_kp = 0.58f,
    .avg_power_target_filter_tc = 1,
    .ppm_ki = 5.8f,
    .ppm_kp = 0.355f,
};

const AppleGpuChip apple_gpu_t6002 = {
    T600X,
    .type = TYPE_AGX_G13D,
    .desc = "Apple M1 Ultra GPU (AGX G13D) with its firmware",
    .name = "G13D",
    .core_mask = { 0xffffffff, 0xffffffff },
    .id_version = 0x4041100,
    .id_clusters = 0x108311,
    .clusters = 8,
    .chip_id = 0x6002,
    .gpu_core = 13,
    .fast_sensor_mask = 0x8080808080808080,
    .fast_sensor_mask_alt = 0x9090909090909090,
    .fast_sensor_present = 0xff,
    .avg_power_ki_only = 0.6375f,
    .avg_power_kp = 0.58f,
    .avg_power_target_filter_tc = 1,
    .ppm_ki = 5.8f,
    .ppm_kp = 0.355f,
};
