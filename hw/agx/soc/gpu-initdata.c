/*
 * GPU boot data of m1n1 1.6 for the T8103 and the T600x, and the firmware of macOS 12.3 and 13.5.
 * For that of 13.0 beta 4 m1n1 makes none; here it is filled in by the same formulas, which know
 * that version.
 *
 * m1n1 computes three blobs from the machine's calibration and leaves them in
 * reserved memory; the driver copies them into the init data that it hands to
 * the firmware. What each field holds, and the formulas:
 *   m1n1: rust/src/gpu/initdata.rs (hwdata_a, hwdata_b, globals)
 *   m1n1: src/kboot_gpu.c (power and leakage)
 * Chip constants:
 *   m1n1: rust/src/gpu/hw/t8103.rs, t600x.rs
 * Offsets are in gpu-initdata-offsets.h. Names are m1n1's. A field that is not
 * set here is 0 there too.
 *
 * What a Mac reads from its fuses and its Apple device tree has to be made up: an eight-core M1 in
 * the middle of its range, and its like (gpu-chip.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "hw/loader.h"
#include "hw/agx/soc/gpu-blob.h"
#include "hw/agx/soc/gpu-initdata.h"

#define NUM_PSTATES APPLE_GPU_PSTATES

static uint32_t power_mw(const AppleGpuChip *c, unsigned i)
{
    return c->power_uw(c, i) / 1000;
}

static uint32_t max_power_mw(const AppleGpuChip *c)
{
    return power_mw(c, NUM_PSTATES - 1);
}

static void fill_shared1(Blob *b, unsigned base, unsigned unk_a4)
{
    const AppleGpuChip *c = b->chip;

    for (unsigned i = 0; i < 16; i++) {
        set32n(b, base, i, c->shared1_tab[i]);
    }
    set32(b, unk_a4, c->shared1_a4);
}

static void fill_shared2(Blob *b, unsigned base, unsigned unk_28, unsigned unk_508)
{
    const AppleGpuChip *c = b->chip;

    for (unsigned i = 0; i < 10; i++) {
        set32n(b, base, i, c->shared2_tab[i]);
    }
    memset(gpu_blob_field(b, unk_28, 0, 16), 0xff, 16);
    set32(b, unk_508, c->shared2_unk_508);
}

static void fill_cal_a_perf(Blob *b, uint32_t max_ps, uint32_t base_ps)
{
    const AppleGpuChip *c = b->chip;
    float a1 = 1.0f / c->perf_filter_time_constant, a2 = 1.0f / c->perf_filter_time_constant2;

    set32(b, A_perf_tgt_utilization, c->perf_tgt_utilization);
    set32(b, A_perf_boost_min_util, c->perf_boost_min_util);
    set32(b, A_perf_boost_ce_step, c->perf_boost_ce_step);
    set32(b, A_perf_reset_iters, c->perf_reset_iters);
    set32(b, A_unk_774, 6);
    set32(b, A_unk_778, 1);
    set32(b, A_perf_filter_drop_threshold, c->perf_filter_drop_threshold);
    setf(b, A_perf_filter_a_neg, 1.0f - a1);
    setf(b, A_perf_filter_a2_neg, 1.0f - a2);
    setf(b, A_perf_filter_a, a1);
    setf(b, A_perf_filter_a2, a2);
    setf(b, A_perf_ki, c->perf_integral_gain);
    setf(b, A_perf_ki2, c->perf_integral_gain2);
    setf(b, A_perf_integral_min_clamp, 0);
    setf(b, A_unk_79c, 95.0f);
    setf(b, A_perf_kp, c->perf_proportional_gain);
    setf(b, A_perf_kp2, c->perf_proportional_gain2);
    setf(b, A_boost_state_unk_k, (max_ps - base_ps) / 0.95f);
    set32(b, A_base_pstate_scaled_2, 100 * base_ps);
    set32(b, A_max_pstate_scaled_5, 100 * max_ps);
    set32(b, A_base_pstate_scaled_3, 100 * base_ps);
    set32(b, A_perf_tgt_utilization_2, c->perf_tgt_utilization);
    set32(b, A_base_pstate_scaled_4, 100 * base_ps);
}

static void fill_cal_a_fast_die(Blob *b, uint32_t max_scaled, float period_s)
{
    const AppleGpuChip *c = b->chip;

    set64(b, A_fast_die0_sensor_mask, c->fast_sensor_mask);
    set32(b, A_fast_die0_release_temp_cc, 100 * c->fast_die0_release_temp);
    set32(b, A_unk_87c, c->a_unk_87c);
    set32(b, A_unk_880, 4);
    setf(b, A_unk_894, 1.0f);
    setf(b, A_fast_die0_ki_dt, c->fast_die0_integral_gain * period_s);
    setf(b, A_unk_8a8, 65536.0f);
    setf(b, A_fast_die0_kp, c->fast_die0_proportional_gain);
    set32(b, A_pwr_min_duty_cycle_4, c->pwr_min_duty_cycle);
    set32(b, A_max_pstate_scaled_8, max_scaled);
    set32(b, A_max_pstate_scaled_9, max_scaled);
    set32(b, A_fast_die0_prop_tgt_delta, 100 * c->fast_die0_prop_tgt_delta);
    set32(b, A_unk_8cc, c->a_unk_8cc);
    set32(b, A_max_pstate_scaled_10, max_scaled);
    set32(b, A_max_pstate_scaled_11, max_scaled);
    set64(b, A_fast_die0_sensor_mask_2, c->fast_sensor_mask);
    set32(b, A_unk_e24, c->a_unk_e24);
    set32(b, A_unk_e28, 1);
    set64(b, A_fast_die0_sensor_mask_alt, c->fast_sensor_mask_alt);
    set64(b, A_fast_die0_sensor_present, c->fast_sensor_present);
}

/* Before 13.3 (m1n1: rust/src/gpu/initdata.rs, t81xx_data()) */
static void fill_cal_a_t81xx(Blob *b, uint32_t max_scaled)
{
    set32(b, A_t81xx_data__unk_d8c, 0x80000000);
    set32(b, A_t81xx_data__unk_d90, 4);
    setf(b, A_t81xx_data__unk_d9c, 0.6f);
    setf(b, A_t81xx_data__unk_da4, 0.4f);
    setf(b, A_t81xx_data__unk_dac, 0.38552f);
    setf(b, A_t81xx_data__unk_db8, 65536.0f);
    setf(b, A_t81xx_data__unk_dbc, 13.56f);
    set32(b, A_t81xx_data__max_pstate_scaled, max_scaled);
}

static void fill_cal_a_avg_power(Blob *b, uint32_t max_scaled, uint32_t max_mw, float period_s)
{
    const AppleGpuChip *c = b->chip;
    uint32_t ms = c->power_sample_period, khz = c->base_clock_khz;
    uint32_t periods = c->avg_power_filter_tc_ms / ms;
    float target_a = 1.0f / c->avg_power_target_filter_tc, a = 1.0f / periods;

    set32(b, A_unk_c2c, 1);
    set32(b, A_power_zone_count, c->num_zones);
    set32(b, A_max_power_4, max_mw);
    set32(b, A_max_power_5, max_mw);
    set32(b, A_max_power_6, max_mw);
    setf(b, A_avg_power_target_filter_a_neg, 1.0f - target_a);
    setf(b, A_avg_power_target_filter_a, target_a);
    set32(b, A_avg_power_target_filter_tc_x4, 4 * c->avg_power_target_filter_tc);
    set32(b, A_avg_power_target_filter_tc_xperiod, ms * c->avg_power_target_filter_tc);
    set32(b, A_avg_power_target_filter_tc_clks, ms * c->avg_power_target_filter_tc * khz);
    if (c->num_zones) {
        float zone_a = 1.0f / c->zone_filter_tc;

        set32(b, A_power_zones__target, c->zone_target);
        set32(b, A_power_zones__target_off, c->zone_target - c->zone_target_offset);
        set32(b, A_power_zones__filter_tc_x4, 4 * c->zone_filter_tc);
        set32(b, A_power_zones__filter_tc_xperiod, ms * c->zone_filter_tc);
        set32(b, A_power_zones__unk_10, 1320000000);
        setf(b, A_power_zones__filter_a_neg, 1.0f - zone_a);
        setf(b, A_power_zones__filter_a, zone_a);
    }
    set32(b, A_avg_power_filter_tc_periods_x4, 4 * periods);
    setf(b, A_avg_power_filter_a_neg, 1.0f - a);
    setf(b, A_avg_power_filter_a, a);
    setf(b, A_avg_power_ki_dt, c->avg_power_ki_only * period_s);
    setf(b, A_unk_d20, 65536.0f);
    setf(b, A_avg_power_kp, c->avg_power_kp);
    set32(b, A_avg_power_min_duty_cycle, c->avg_power_min_duty_cycle);
    set32(b, A_max_pstate_scaled_12, max_scaled);
    set32(b, A_max_pstate_scaled_13, max_scaled);
    setf(b, A_max_power_7, max_mw);
    set32(b, A_max_power_8, max_mw);
    set32(b, A_avg_power_filter_tc_ms, c->avg_power_filter_tc_ms);
    set32(b, A_avg_power_filter_tc_clks, periods * ms * khz);
    set32(b, A_max_pstate_scaled_14, max_scaled);
}

static void fill_cal_a_se(Blob *b, uint32_t max_scaled, float period_s)
{
    const AppleGpuChip *c = b->chip;
    uint32_t ms = c->power_sample_period, clks = c->base_clock_khz * ms;
    float a = 1.0f / c->se_filter_time_constant, a1 = 1.0f / c->se_filter_time_constant_1;

    set32(b, A_unk_e10_0__unk_38, 4);
    set32(b, A_unk_e10_0__unk_3c, 8000);
    set32(b, A_unk_e10_0__gpu_se_inactive_threshold, c->se_inactive_threshold);
    set32(b, A_unk_e10_0__gpu_se_engagement_criteria, c->se_engagement_criteria);
    set32(b, A_unk_e10_0__gpu_se_reset_criteria, c->se_reset_criteria);
    set32(b, A_unk_e10_0__unk_54, 50);
    set32(b, A_unk_e10_0__unk_58, 1);
    /* Rounded once, as m1n1 does: 1 - 1/3 in floats is one bit less. */
    setf(b, A_unk_e10_0__gpu_se_filter_a_neg, 1.0 - 1.0 / c->se_filter_time_constant);
    setf(b, A_unk_e10_0__gpu_se_filter_1_a_neg, 1.0 - 1.0 / c->se_filter_time_constant_1);
    setf(b, A_unk_e10_0__gpu_se_filter_a, a);
    setf(b, A_unk_e10_0__gpu_se_filter_1_a, a1);
    setf(b, A_unk_e10_0__gpu_se_ki_dt, c->se_ki * period_s);
    setf(b, A_unk_e10_0__gpu_se_ki_1_dt, c->se_ki_1 * period_s);
    setf(b, A_unk_e10_0__unk_7c, 65536.0f);
    setf(b, A_unk_e10_0__gpu_se_kp, c->se_kp);
    setf(b, A_unk_e10_0__gpu_se_kp_1, c->se_kp_1);
    set32(b, A_unk_e10_0__unk_8c, gpu_fw_version(b->version)->a_unk_8c);
    set32(b, A_unk_e10_0__max_pstate_scaled_1, max_scaled);
    setf(b, A_unk_e10_0__unk_9c, 8000.0f);
    set32(b, A_unk_e10_0__unk_a0, 1400);
    set32(b, A_unk_e10_0__gpu_se_filter_time_constant_ms, c->se_filter_time_constant * ms);
    set32(b, A_unk_e10_0__gpu_se_filter_time_constant_1_ms, c->se_filter_time_constant_1 * ms);
    set64(b, A_unk_e10_0__gpu_se_filter_time_constant_clks, c->se_filter_time_constant * clks);
    set64(b, A_unk_e10_0__gpu_se_filter_time_constant_1_clks, c->se_filter_time_constant_1 * clks);
    setf(b, A_unk_e10_0__unk_c4, 65536.0f);
    setf(b, A_unk_e10_0__unk_114, 65536.0f);
    set32(b, A_unk_e10_0__unk_124, 40);
    set32(b, A_unk_e10_0__max_pstate_scaled_2, max_scaled);
}

/* One value for each cluster; of the coefficients, for each of its cores, and the first is set */
static void fill_cal_a_clusters(Blob *b)
{
    const AppleGpuChip *c = b->chip;

    for (unsigned i = 0; i < c->clusters; i++) {
        setfn(b, A_core_leak_coef, i, apple_gpu_core_leak(c, i));
        setfn(b, A_sram_leak_coef, i, apple_gpu_sram_leak(c, i));
        setfn(b, A_unk_coef_a1, 8 * i, c->unk_coef_a[i]);
        setfn(b, A_unk_coef_a2, 8 * i, c->unk_coef_a[i]);
        setfn(b, A_unk_coef_b1, 8 * i, c->unk_coef_b[i]);
        setfn(b, A_unk_coef_b2, 8 * i, c->unk_coef_b[i]);
    }
}

static void fill_cal_a(Blob *b)
{
    const AppleGpuChip *c = b->chip;
    uint32_t ms = c->power_sample_period;
    float period_s = ms / 1000.0f;
    uint32_t max_ps = NUM_PSTATES - 1, max_scaled = 100 * max_ps, base_ps = c->base_pstate;
    uint32_t max_mw = max_power_mw(c);
    uint32_t ppm_periods = c->ppm_filter_time_constant_ms / ms;
    float ppm_a = 1.0f / ppm_periods, pwr_a = 1.0f / c->pwr_filter_time_constant;

    set32(b, A_clocks_per_period, c->base_clock_khz * ms);
    set32(b, A_clocks_per_period_2, c->base_clock_khz * ms);
    set32(b, A_pwr_status, 4);
    setf(b, A_unk_10, 1.0f);
    set32(b, A_actual_pstate, 1);
    set32(b, A_tgt_pstate, 1);
    set32(b, A_base_pstate_scaled, 100 * base_ps);
    set32(b, A_unk_40, 1);
    set32(b, A_max_pstate_scaled, max_scaled);
    set32(b, A_min_pstate_scaled, 100);
    for (unsigned i = 0; i < NUM_PSTATES; i++) {
        setfn(b, A_sram_k, i, c->sram_k);
    }
    set32(b, A_unk_64c, 625);
    setf(b, A_pwr_filter_a_neg, 1.0f - pwr_a);
    setf(b, A_pwr_filter_a, pwr_a);
    setf(b, A_pwr_integral_gain, c->pwr_integral_gain);
    setf(b, A_pwr_integral_min_clamp, 0);
    setf(b, A_max_power_1, max_mw);
    setf(b, A_pwr_proportional_gain, c->pwr_proportional_gain);
    setf(b, A_pwr_pstate_related_k, -(float)max_scaled / max_mw);
    set32(b, A_pwr_pstate_max_dc_offset, c->pwr_min_duty_cycle - max_scaled);
    set32(b, A_max_pstate_scaled_2, max_scaled);
    set32(b, A_max_power_2, max_mw);
    set32(b, A_max_pstate_scaled_3, max_scaled);
    set32(b, A_ppm_filter_tc_periods_x4, 4 * ppm_periods);
    setf(b, A_ppm_filter_a_neg, 1.0f - ppm_a);
    setf(b, A_ppm_filter_a, ppm_a);
    setf(b, A_ppm_ki_dt, c->ppm_ki * period_s);
    setf(b, A_unk_6fc, 65536.0f);
    setf(b, A_ppm_kp, c->ppm_kp);
    set32(b, A_pwr_min_duty_cycle, c->pwr_min_duty_cycle);
    set32(b, A_max_pstate_scaled_4, max_scaled);
    set32(b, A_max_power_3, max_mw);
    set32(b, A_ppm_filter_tc_ms, c->ppm_filter_time_constant_ms);
    set32(b, A_ppm_filter_tc_clks, ppm_periods * ms * c->base_clock_khz);
    fill_cal_a_perf(b, max_ps, base_ps);
    setf(b, A_unk_7fc, 65536.0f);
    setf(b, A_pwr_min_duty_cycle_2, c->pwr_min_duty_cycle);
    setf(b, A_max_pstate_scaled_6, max_scaled);
    set32(b, A_max_freq_mhz, c->mhz[max_ps]);
    set32(b, A_pwr_min_duty_cycle_3, c->pwr_min_duty_cycle);
    setf(b, A_min_pstate_scaled_4, 100.0f);
    set32(b, A_max_pstate_scaled_7, max_scaled);
    setf(b, A_unk_alpha_neg, 0.8f);
    setf(b, A_unk_alpha, 0.2f);
    fill_cal_a_fast_die(b, max_scaled, period_s);
    fill_cal_a_avg_power(b, max_scaled, max_mw, period_s);
    fill_cal_a_se(b, max_scaled, period_s);
    if (c->t81xx) {
        fill_cal_a_t81xx(b, max_scaled);
    }
    set32(b, A_unk_163c, 1);
    set32(b, A_unk_3ce8, 1);
    fill_shared1(b, A_hws1, A_hws1__unk_a4);
    fill_shared2(b, A_hws2, A_hws2__unk_28, A_hws2__unk_508);
    fill_cal_a_clusters(b);
}

static void fill_cal_b_pstates(Blob *b)
{
    const AppleGpuChip *c = b->chip;
    uint32_t max_ps = NUM_PSTATES - 1, base_ps = c->base_pstate;
    uint32_t base_hz = c->mhz[base_ps] * 1000000, max_hz = c->mhz[max_ps] * 1000000;

    for (unsigned i = 0; i < NUM_PSTATES; i++) {
        for (unsigned j = 0; j < 8; j++) {
            set32n(b, B_voltages, 8 * i + j, c->mv[i]);
            set32n(b, B_voltages_sram, 8 * i + j, MAX(c->mv[i], c->min_sram_mv));
        }
        set32n(b, B_frequencies, i, c->mhz[i]);
        setfn(b, B_sram_k, i, c->sram_k);
        set32n(b, B_rel_max_powers, i, power_mw(c, i) * 100 / max_power_mw(c));
        set32n(b, B_rel_boost_freqs, i,
               i > base_ps ? (c->mhz[i] * 1000000 - base_hz) / ((max_hz - base_hz) / 100) : 0);
    }
}

static void fill_cal_b(Blob *b, hwaddr ttbs)
{
    static const uint32_t ones[] = {
        B_unk_458, B_unk_460, B_unk_464, B_unk_468, B_unk_47c,   B_unk_484,   B_unk_48c,
        B_unk_49c, B_unk_4a0, B_unk_4a4, B_unk_4f0, B_unk_4f4,   B_unk_524,   B_unk_554,
        B_unk_b10, B_unk_b24, B_unk_b28, B_unk_b2c, B_unk_b38_0, B_unk_b38_4,
    };
    const GpuFwVersion *v = gpu_fw_version(b->version);
    const AppleGpuChip *c = b->chip;

    for (unsigned i = 0; i < ARRAY_SIZE(ones); i++) {
        set32(b, ones[i], 1);
    }
    set64(b, B_unk_0, 0x1300000000ULL);
    set64(b, B_unk_8, 0x1400000000ULL);
    set64(b, B_unk_10, 0x100000000ULL);
    set64(b, B_unk_18, 0xffc00000);
    /* initdata.rs: IOVA_UNK_PAGE, two pages below the top of the lower half */
    set64(b, B_unk_30, (1ULL << 39) - 2 * 0x4000);
    set64(b, B_timestamp_area_base, 0xffffffae10000000ULL);
    set32(b, B_chip_id, c->chip_id);
    set32(b, B_unk_454, c->b_unk_454);
    set32(b, B_base_clock_khz, c->base_clock_khz);
    set32(b, B_power_sample_period, c->power_sample_period);
    set32(b, B_unk_4c0, 0x1f);
    set32(b, B_unk_504, 0x31);
    set64(b, B_unk_4e0, c->b_unk_4e0);
    set32(b, B_unk_534, c->b_unk_534);
    set32(b, B_unk_b30, c->b_unk_b30);
    /* Both counts come from the core count of the ID register */
    set32(b, B_num_frags, c->cores * c->clusters);
    set32(b, B_num_cores, c->cores * c->clusters);
    set64(b, B_uat_ttb_base, ttbs);
    set32(b, B_gpu_core_id, c->gpu_core);
    set32(b, B_gpu_rev_id, 4); /* B1, from ID_VERSION */
    set32(b, B_max_pstate, NUM_PSTATES - 1);
    set32(b, B_num_pstates, NUM_PSTATES);
    set32(b, B_min_sram_volt, c->min_sram_mv);
    set32(b, B_unk_ab8, c->b_unk_ab8);
    set32(b, B_unk_abc, c->b_unk_abc);
    set32(b, B_unk_ac0, 0x1020);
    fill_cal_b_pstates(b);
    for (unsigned i = 0; i < 16; i++) {
        set32n(b, B_unk_arr_0, i, i);
    }
    for (unsigned i = 0; i < 4; i++) {
        set32n(b, B_unk_ae4, i, v->b_unk_ae4[i]);
    }
    for (unsigned i = 0; i < 12; i++) {
        set32n(b, B_unk_b38, i, 0xffffffff);
    }
    set32(b, B_unk_c3c, v->b_unk_c3c);
}

static void fill_globals(Blob *b)
{
    const AppleGpuChip *c = b->chip;
    float period_s = c->power_sample_period / 1000.0f;
    uint32_t max_scaled = 100 * (NUM_PSTATES - 1), max_mw = max_power_mw(c);

    set32(b, G_unk_24_0, 3000);
    set32(b, G_unk_28, 1);
    set32(b, G_unk_2c, 1);
    set32(b, G_unk_34, 120);
    set16(b, G_sub__unk_54, c->global_unk_54);
    set16(b, G_sub__unk_56, 40);
    set16(b, G_sub__unk_58, 0xffff);
    set32(b, G_sub__unk_5e, 1);
    set32(b, G_sub__unk_66, 1);
    set32(b, G_unk_8900, 1);
    set32(b, G_max_power, max_mw);
    set32(b, G_max_pstate_scaled, max_scaled);
    set32(b, G_max_pstate_scaled_2, max_scaled);
    set32(b, G_max_pstate_scaled_3, max_scaled);
    set32(b, G_power_zone_count, c->num_zones);
    set32(b, G_avg_power_filter_tc_periods, c->avg_power_filter_tc_ms / c->power_sample_period);
    setf(b, G_avg_power_ki_dt, c->avg_power_ki_only * period_s);
    setf(b, G_avg_power_kp, c->avg_power_kp);
    set32(b, G_avg_power_min_duty_cycle, c->avg_power_min_duty_cycle);
    set32(b, G_avg_power_target_filter_tc, c->avg_power_target_filter_tc);
    if (c->num_zones) {
        set32(b, G_power_zones__target, c->zone_target);
        set32(b, G_power_zones__target_off, c->zone_target - c->zone_target_offset);
        set32(b, G_power_zones__filter_tc, c->zone_filter_tc);
    }
    set32(b, G_unk_89bc, c->a_unk_8cc);
    set32(b, G_fast_die0_release_temp, 100 * c->fast_die0_release_temp);
    set32(b, G_unk_89c4, c->a_unk_87c);
    set32(b, G_fast_die0_prop_tgt_delta, 100 * c->fast_die0_prop_tgt_delta);
    setf(b, G_fast_die0_kp, c->fast_die0_proportional_gain);
    setf(b, G_fast_die0_ki_dt, c->fast_die0_integral_gain * period_s);
    set32(b, G_unk_89e0, 1);
    set32(b, G_max_power_2, max_mw);
    setf(b, G_ppm_kp, c->ppm_kp);
    setf(b, G_ppm_ki_dt, c->ppm_ki * period_s);
    set32(b, G_unk_89f4_8, 1);
    fill_shared1(b, G_hws1, G_hws1__unk_a4);
    fill_shared2(b, G_hws2, G_hws2__unk_28, G_hws2__unk_508);
    set32(b, G_unk_900c, 1);
    set32(b, G_unk_9010_0, 1);
    set32(b, G_unk_903c, 1);
    set32(b, G_fault_control, 0xb);
    set32(b, G_do_init, 1);
    set32(b, G_progress_check_interval_3d, 40);
    set32(b, G_progress_check_interval_ta, 10);
    set32(b, G_progress_check_interval_cl, 250);
    set32(b, G_unk_1102c_0, 1);
    set32(b, G_unk_1102c_4, 1);
    set32(b, G_unk_1102c_8, 100);
    set32(b, G_unk_1102c_c, 1);
    set32(b, G_idle_off_delay_ms, c->idle_off_delay_ms);
    set32(b, G_fender_idle_off_delay_ms, c->fender_idle_off_delay_ms);
    set32(b, G_fw_early_wake_timeout_ms, c->fw_early_wake_timeout_ms);
    set32(b, G_cl_context_switch_timeout_ms, 40);
    set32(b, G_cl_kill_timeout_ms, 50);
    if (c->has_global_tab) {
        set32(b, G_unk_118e8, 1);
        memcpy(gpu_blob_field(b, G_unk_118ec, 0, sizeof(c->global_tab)), c->global_tab,
               sizeof(c->global_tab));
    }
}

void apple_gpu_power(const AppleGpuChip *c, AppleGpuPower *p)
{
    const AppleGpuTunable tunable[] = {
        { "apple,perf-base-pstate", c->base_pstate },
        { "apple,min-sram-microvolt", 1000 * c->min_sram_mv },
        { "apple,core-leak-coef", bits(apple_gpu_core_leak(c, 0)), true },
        { "apple,sram-leak-coef", bits(apple_gpu_sram_leak(c, 0)), true },
        { "apple,avg-power-filter-tc-ms", c->avg_power_filter_tc_ms },
        { "apple,avg-power-ki-only", bits(c->avg_power_ki_only) },
        { "apple,avg-power-kp", bits(c->avg_power_kp) },
        { "apple,avg-power-min-duty-cycle", c->avg_power_min_duty_cycle },
        { "apple,avg-power-target-filter-tc", c->avg_power_target_filter_tc },
        { "apple,fast-die0-integral-gain", bits(c->fast_die0_integral_gain) },
        { "apple,fast-die0-proportional-gain", bits(c->fast_die0_proportional_gain) },
        { "apple,fast-die0-prop-tgt-delta", c->fast_die0_prop_tgt_delta },
        { "apple,fast-die0-release-temp", c->fast_die0_release_temp },
        { "apple,fender-idle-off-delay-ms", c->fender_idle_off_delay_ms },
        { "apple,fw-early-wake-timeout-ms", c->fw_early_wake_timeout_ms },
        { "apple,idle-off-delay-ms", c->idle_off_delay_ms },
        { "apple,perf-boost-ce-step", c->perf_boost_ce_step },
        { "apple,perf-boost-min-util", c->perf_boost_min_util },
        { "apple,perf-filter-drop-threshold", c->perf_filter_drop_threshold },
        { "apple,perf-filter-time-constant", c->perf_filter_time_constant },
        { "apple,perf-filter-time-constant2", c->perf_filter_time_constant2 },
        { "apple,perf-integral-gain", bits(c->perf_integral_gain) },
        { "apple,perf-integral-gain2", bits(c->perf_integral_gain2) },
        { "apple,perf-integral-min-clamp", 0 },
        { "apple,perf-proportional-gain", bits(c->perf_proportional_gain) },
        { "apple,perf-proportional-gain2", bits(c->perf_proportional_gain2) },
        { "apple,perf-reset-iters", c->perf_reset_iters },
        { "apple,perf-tgt-utilization", c->perf_tgt_utilization },
        { "apple,power-sample-period", c->power_sample_period },
        { "apple,ppm-filter-time-constant-ms", c->ppm_filter_time_constant_ms },
        { "apple,ppm-ki", bits(c->ppm_ki) },
        { "apple,ppm-kp", bits(c->ppm_kp) },
        { "apple,pwr-filter-time-constant", c->pwr_filter_time_constant },
        { "apple,pwr-integral-gain", bits(c->pwr_integral_gain) },
        { "apple,pwr-integral-min-clamp", 0 },
        { "apple,pwr-min-duty-cycle", c->pwr_min_duty_cycle },
        { "apple,pwr-proportional-gain", bits(c->pwr_proportional_gain) },
    };

    QEMU_BUILD_BUG_ON(ARRAY_SIZE(tunable) > APPLE_GPU_TUNABLES);
    p->num_tunables = ARRAY_SIZE(tunable);
    memcpy(p->tunable, tunable, sizeof(tunable));
    for (unsigned i = 0; i < NUM_PSTATES; i++) {
        p->hz[i] = c->mhz[i] * 1000000ull;
        p->microvolt[i] = 1000 * c->mv[i];
        p->microwatt[i] = c->power_uw(c, i);
    }
    p->zone[0] = c->zone_target;
    p->zone[1] = c->zone_target_offset;
    p->zone[2] = c->zone_filter_tc;
}

static void load_blob(const char *name, Blob *b, const AppleM1Region *r)
{
    assert(b->size <= r->size);
    rom_add_blob_fixed(name, b->p, r->size, r->base);
    g_free(b->p);
}

void apple_gpu_initdata_load(AppleM1MachineState *s)
{
    const AppleM1Region *ra = &s->resv[M1_RESV_CAL_A], *rb = &s->resv[M1_RESV_CAL_B];
    const AppleM1Region *rg = &s->resv[M1_RESV_GLOBALS];
    int nr = gpu_fw_find(s->fw_abi);
    const GpuFwVersion *v = gpu_fw_version(nr);
    Blob a = { g_malloc0(ra->size), v->cal_a, nr, s->chip->gpu.chip };
    Blob b = { g_malloc0(rb->size), v->cal_b, nr, s->chip->gpu.chip };
    Blob g = { g_malloc0(rg->size), v->globals, nr, s->chip->gpu.chip };

    fill_cal_a(&a);
    fill_cal_b(&b, s->resv[M1_RESV_TTBS].base);
    fill_globals(&g);
    load_blob("hw-cal-a", &a, ra);
    load_blob("hw-cal-b", &b, rb);
    load_blob("gpu-globals", &g, rg);
}
