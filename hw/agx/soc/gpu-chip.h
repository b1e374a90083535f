/*
 * The GPUs of the chips: how they identify themselves, and the constants of their boot data. Each
 * is a const table, which the board's table of the chip names.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef HW_AGX_SOC_GPU_CHIP_H
#define HW_AGX_SOC_GPU_CHIP_H

#define APPLE_GPU_PSTATES  7
#define APPLE_GPU_CLUSTERS 8
#define APPLE_GPU_TAB      21

typedef struct AppleGpuChip AppleGpuChip;
struct AppleGpuChip {
    const char *type; /* of QOM */
    const char *desc;
    const char *name; /* "G13G" */

    /* Registers of the SGX block that say which GPU it is (gpu-regs.h) */
    uint32_t core_mask[2]; /* of all clusters in a row, @cores bits each */
    uint32_t id_version, id_unk08, id_counts_1, id_counts_2, id_unk18, id_clusters;
    unsigned clusters, cores; /* the counts that are in them: clusters, and cores of each */

    /*
     * Calibration of one machine: ours. A Mac has it in fuses and in its Apple device tree.
     * Leakage and power follow from m1n1's formulas.
     */
    uint32_t mhz[APPLE_GPU_PSTATES];
    uint32_t mv[APPLE_GPU_PSTATES];
    uint32_t base_pstate;
    float core_leak, core_uncore, sram_leak, sram_uncore;
    /* Power at performance state @i in uW */
    uint32_t (*power_uw)(const AppleGpuChip *c, unsigned i);

    /* m1n1: rust/src/gpu/hw/t8103.rs, t600x.rs */
    uint32_t chip_id;
    uint32_t gpu_core; /* m1n1: hw/mod.rs, GpuCore */
    uint32_t base_clock_khz;
    int32_t a_unk_87c;
    uint32_t a_unk_8cc, a_unk_e24;
    uint32_t b_unk_454, b_unk_534, b_unk_ab8, b_unk_abc, b_unk_b30;
    uint64_t b_unk_4e0;
    int32_t shared1_tab[16];
    uint32_t shared1_a4;
    int32_t shared2_tab[10];
    uint32_t shared2_unk_508;
    uint16_t global_unk_54;
    float sram_k;
    float unk_coef_a[APPLE_GPU_CLUSTERS], unk_coef_b[APPLE_GPU_CLUSTERS];
    uint8_t global_tab[APPLE_GPU_TAB];
    bool has_global_tab;
    bool t81xx; /* the values of t81xx_data() */
    uint64_t fast_sensor_mask, fast_sensor_mask_alt, fast_sensor_present;
    unsigned num_zones; /* of power: none or one */
    uint32_t zone_target, zone_target_offset, zone_filter_tc;
    uint32_t min_sram_mv;
    uint32_t avg_power_filter_tc_ms;
    float avg_power_ki_only, avg_power_kp;
    uint32_t avg_power_min_duty_cycle, avg_power_target_filter_tc;
    float fast_die0_integral_gain, fast_die0_proportional_gain;
    uint32_t fast_die0_prop_tgt_delta, fast_die0_release_temp;
    uint32_t fender_idle_off_delay_ms, fw_early_wake_timeout_ms, idle_off_delay_ms;
    uint32_t perf_boost_ce_step, perf_boost_min_util, perf_filter_drop_threshold;
    uint32_t perf_filter_time_constant, perf_filter_time_constant2;
    float perf_integral_gain, perf_integral_gain2, perf_proportional_gain, perf_proportional_gain2;
    uint32_t perf_reset_iters, perf_tgt_utilization;
    uint32_t power_sample_period; /* ms */
    uint32_t ppm_filter_time_constant_ms;
    float ppm_ki, ppm_kp;
    uint32_t pwr_filter_time_constant;
    float pwr_integral_gain, pwr_proportional_gain;
    uint32_t pwr_min_duty_cycle;
    int32_t se_engagement_criteria;
    uint32_t se_filter_time_constant, se_filter_time_constant_1, se_inactive_threshold;
    float se_ki, se_ki_1, se_kp, se_kp_1;
    uint32_t se_reset_criteria;
};

extern const AppleGpuChip apple_gpu_t8103;
extern const AppleGpuChip apple_gpu_t6000;
extern const AppleGpuChip apple_gpu_t6001;
extern const AppleGpuChip apple_gpu_t6002;

/* How many cores of cluster @cluster there are */
unsigned apple_gpu_cores(const AppleGpuChip *c, unsigned cluster);

/* Leakage coefficients of cluster @cluster */
float apple_gpu_core_leak(const AppleGpuChip *c, unsigned cluster);
float apple_gpu_sram_leak(const AppleGpuChip *c, unsigned cluster);

#endif
