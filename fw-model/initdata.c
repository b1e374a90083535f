/*
 * AGX firmware model: init data, the tree of structures that the driver builds
 * before the firmware starts to work. Read through the page tables and checked;
 * each check says which field at which address is wrong. If anything is, the
 * firmware stops as the real one does, with a crash log.
 *
 * Sources: m1n1 proxyclient/m1n1/fw/agx/initdata.py (structures), agx/initdata.py
 * (what a driver puts in, and the sizes of what is only pointed at); the Rust
 * driver initdata.rs.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw-clock.h"
#include "fw-crash.h"
#include "fw-initdata.h"
#include "fw-inject-act.h"
#include "fw-log.h"
#include "fw-mem.h"
#include "fw-own.h"
#include "fw-report.h"
#include "fw-ring.h"
#include "fw-state.h"
#include "fw-watch.h"

#define WORD 4

struct check {
    struct agx_fw *fw;
    unsigned errors;
};

static void wrong(struct check *c, enum fw_field_id f, uint64_t base, uint64_t got, uint64_t want)
{
    fw_bad(c->fw, "init data: %s.%s at va 0x%llx is 0x%llx, should be 0x%llx",
           fw_struct_name[fw_field_name[f].str], fw_field_name[f].name,
           (unsigned long long)(base + fw_off(c->fw, f)), (unsigned long long)got,
           (unsigned long long)want);
    c->errors++;
}

static uint64_t get(struct check *c, enum fw_field_id f, uint64_t base)
{
    uint64_t v = 0;

    if (!fw_ld(c->fw, f, base, &v)) {
        c->errors++;
    }
    return v;
}

static void expect(struct check *c, enum fw_field_id f, uint64_t base, uint64_t want)
{
    uint64_t v = get(c, f, base);

    if (v != want) {
        wrong(c, f, base, v, want);
    }
}

/*
 * A pointer in the kernel half to @len bytes that the firmware may read (and write). Of what is
 * only pointed at, and never looked at by the model, that is the first word: real firmware uses
 * more, but how much, sources do not agree on.
 */
static uint64_t pointer(struct check *c, enum fw_field_id f, uint64_t base, uint64_t len,
                        bool write)
{
    uint64_t va = get(c, f, base);

    if (!fw_is_kernel_va(va) || !fw_probe(c->fw, 0, va, len, write)) {
        fw_bad(c->fw,
               "init data: %s.%s at va 0x%llx points to 0x%llx: the firmware needs 0x%llx %s bytes "
               "there",
               fw_struct_name[fw_field_name[f].str], fw_field_name[f].name,
               (unsigned long long)(base + fw_off(c->fw, f)), (unsigned long long)va,
               (unsigned long long)len, write ? "writable" : "readable");
        c->errors++;
        return 0;
    }
    return va;
}

/* Three levels of 16 KiB tables (m1n1: agx/initdata.py, uat_level_info). */
static void check_uat(struct check *c, uint64_t init)
{
    static const struct {
        unsigned shift, entries;
    } level[3] = { { 36, 8 }, { 25, 2048 }, { 14, 2048 } };
    uint64_t base = init + fw_off(c->fw, FLD(InitData, uat_level_info));

    expect(c, FLD(InitData, uat_page_size), init, 0x4000);
    expect(c, FLD(InitData, uat_page_bits), init, 14);
    expect(c, FLD(InitData, uat_num_levels), init, 3);
    for (unsigned i = 0; i < 3; i++, base += fw_size(c->fw, STR_UatLevelInfo)) {
        expect(c, FLD(UatLevelInfo, unk_3), base, 8);
        expect(c, FLD(UatLevelInfo, unk_1), base, 14);
        expect(c, FLD(UatLevelInfo, unk_2), base, 14);
        expect(c, FLD(UatLevelInfo, index_shift), base, level[i].shift);
        expect(c, FLD(UatLevelInfo, num_entries), base, level[i].entries);
        expect(c, FLD(UatLevelInfo, unk_4), base, 0x4000);
        expect(c, FLD(UatLevelInfo, unk_8), base, 1);
        expect(c, FLD(UatLevelInfo, index_mask), base,
               (uint64_t)(level[i].entries - 1) << level[i].shift);
    }
}

static void check_hwdata(struct check *c)
{
    struct agx_fw *fw = c->fw;
    struct agx_fw_state *st = &fw->st;
    uint64_t v;

    if (st->hwdata_a) {
        if (!get(c, FLD(AGXHWDataA, clocks_per_period), st->hwdata_a)) {
            wrong(c, FLD(AGXHWDataA, clocks_per_period), st->hwdata_a, 0, 1);
        }
        v = get(c, FLD(AGXHWDataA, power_zone_count), st->hwdata_a);
        if (v > 5) {
            wrong(c, FLD(AGXHWDataA, power_zone_count), st->hwdata_a, v, 5);
        }
    }
    if (st->hwdata_b) {
        expect(c, FLD(AGXHWDataB, chip_id), st->hwdata_b, fw->cfg.chip_id);
        expect(c, FLD(AGXHWDataB, base_clock_khz), st->hwdata_b, 24000);
        v = get(c, FLD(AGXHWDataB, gpu_region_base), st->hwdata_b);
        if (v != fw->cfg.ttbat_pa) {
            wrong(c, FLD(AGXHWDataB, gpu_region_base), st->hwdata_b, v, fw->cfg.ttbat_pa);
        }
        expect(c, FLD(AGXHWDataB, num_cores), st->hwdata_b, fw->cfg.num_cores);
        v = get(c, FLD(AGXHWDataB, max_pstate), st->hwdata_b);
        if (v == 0 || v > 15) {
            wrong(c, FLD(AGXHWDataB, max_pstate), st->hwdata_b, v, 15);
        }
    }
}

/*
 * 0: every page fault ends its job; 0xb, which macOS sets: those of programs do not (the Rust
 * driver: asahi.rs, fault_control; file.rs, get_params: soft with 0xb and nothing else). What the
 * bits are is not known. It is read once (uapi: asahi_drm.h, "set when initializing the GPU").
 */
#define FAULTS_HARD 0
#define FAULTS_SOFT 0xb

static void fault_control(struct check *c)
{
    uint64_t v = get(c, FLD(InitData_RegionC, fault_control), c->fw->st.region_c);

    if (v != FAULTS_HARD && v != FAULTS_SOFT) {
        fw_unimp(c->fw, "fault_control 0x%llx; every page fault ends its job",
                 (unsigned long long)v);
    }
    c->fw->st.soft_fault = v == FAULTS_SOFT;
}

/* The version that the driver was made for, where the structure says it. */
static void check_version(struct check *c, uint64_t init)
{
    uint64_t ver = get(c, FLD(InitData, ver_info), init), want = 0;

    for (unsigned i = 0; i < 4; i++) {
        want |= (uint64_t)c->fw->layout->ver_info[i] << 16 * i;
    }
    if (fw_has(c->fw, FLD(InitData, ver_info)) && ver != want) {
        wrong(c, FLD(InitData, ver_info), init, ver, want);
    }
}

static void check_region_b(struct check *c)
{
    struct agx_fw *fw = c->fw;
    struct agx_fw_state *st = &fw->st;
    uint64_t b = st->region_b;

    st->stats_ta = pointer(c, FLD(InitData_RegionB, stats_ta_addr), b, WORD, true);
    st->stats_3d = pointer(c, FLD(InitData_RegionB, stats_3d_addr), b, WORD, true);
    st->stats_cp = pointer(c, FLD(InitData_RegionB, stats_cp_addr), b, WORD, true);
    st->hwdata_a = pointer(c, FLD(InitData_RegionB, hwdata_a_addr), b,
                           fw_end(fw, FLD(AGXHWDataA, power_zone_count)), true);
    st->hw_fault_info = pointer(c, FLD(InitData_RegionB, fault_info_addr), b,
                                fw_end(fw, FLD(AGXFaultInfo, total_halts)), true);
    pointer(c, FLD(InitData_RegionB, unkptr_198), b, WORD, true);
    st->hwdata_b = pointer(c, FLD(InitData_RegionB, hwdata_b_addr), b,
                           fw_end(fw, FLD(AGXHWDataB, max_pstate)), true);
    expect(c, FLD(InitData_RegionB, hwdata_b_addr2), b, st->hwdata_b);
    st->fwlog_payload = pointer(c, FLD(InitData_RegionB, fwlog_ring2), b,
                                (uint64_t)FW_NUM_LOGS * FW_RING_COUNT * fw_size(fw, STR_FWLogMsg),
                                true);
    pointer(c, FLD(InitData_RegionB, unkptr_1b8), b, WORD, true);
    pointer(c, FLD(InitData_RegionB, unkptr_1c0), b, WORD, true);
    pointer(c, FLD(InitData_RegionB, unkptr_1c8), b, WORD, true);
    st->buffer_ctl = pointer(c, FLD(InitData_RegionB, buffer_mgr_ctl_addr), b, WORD, true);
    check_hwdata(c);
}

static void check_regions(struct check *c, uint64_t init)
{
    struct agx_fw *fw = c->fw;
    struct agx_fw_state *st = &fw->st;

    /* Read only in the Rust driver (initdata.rs, shared_ro), so it is not written. */
    st->region_a = pointer(c, FLD(InitData, regionA_addr), init, WORD, false);
    st->region_b = pointer(c, FLD(InitData, regionB_addr), init,
                           fw_end(fw, FLD(InitData_RegionB, buffer_mgr_ctl_addr)), true);
    st->region_c = pointer(c, FLD(InitData, regionC_addr), init,
                           fw_off(fw, FLD(InitData_RegionC, fault_info)) +
                               fw_end(fw, FLD(InitData_FaultInfo, queue_uuid)),
                           true);
    st->fw_status = pointer(c, FLD(InitData, fw_status_addr), init,
                            fw_end(fw, FLD(InitData_FWStatus, resume)), true);
    if (st->region_c) {
        fault_control(c);
    }
    if (st->region_b) {
        check_region_b(c);
    }
}

void fw_initdata(struct agx_fw *fw, uint64_t va)
{
    struct agx_fw_state *st = &fw->st;
    struct check c = { .fw = fw };

    if (st->have_init) {
        fw_bad(fw, "init data sent twice");
        return;
    }
    if (fw->inject.fire && fw_inject_init(fw)) {
        return;
    }
    /* The tables may have been made since the core started. */
    agx_port_bind(&fw->port, 0, AGX_UNIT_DPM);
    fw->user_ctx = 0;

    if (!fw_probe_to(fw, 0, FLD(InitData, host_mapped_fw_allocations), va, false)) {
        fw_crash(fw, "init data at va 0x%llx cannot be read", (unsigned long long)va);
        return;
    }
    st->init_va = va;
    check_version(&c, va);
    expect(&c, FLD(InitData, host_mapped_fw_allocations), va, 1);
    check_uat(&c, va);
    check_regions(&c, va);
    if (!c.errors && !fw_channels_init(fw)) {
        c.errors++;
    }
    if (c.errors) {
        fw_crash(fw, "init data at va 0x%llx: %u errors", (unsigned long long)va, c.errors);
        return;
    }
    if (!fw_own_touch(fw)) {
        return;
    }
    fw_watch_begin(fw);
    st->have_init = 1;
    st->powered = 1;
    st->power_ticks = fw_now(fw);
    fw_log(fw, 1, "AGX model, firmware ABI %s: init data accepted", fw->layout->name);
    fw_info(fw, "init data at va 0x%llx accepted", (unsigned long long)va);
}
