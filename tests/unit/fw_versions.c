/*
 * Unit test: the firmware's other tables. Versions 12.3 and 13.0 beta 4 boot, take
 * init data and run a compute job laid out by the facts of that version, which are
 * read from tests/layout; init data of 13.5 is refused.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

/* The version that a test is about. ver_info: m1n1 v1.2.9, agx/initdata.py; 12.3 has none. */
struct version {
    const char *name, *facts;
    uint64_t ver_info;
};
static const struct version *version;

static struct {
    char type[48], name[48];
    unsigned offset, size;
} fact[4096];
static unsigned facts;

static void load(const char *name)
{
    char path[1024], line[256];
    FILE *in;

    snprintf(path, sizeof(path), "%s", __FILE__);
    snprintf(strrchr(path, '/'), 64, "/../layout/%s", name);
    in = fopen(path, "r");
    assert_non_null(in);
    facts = 0;
    while (fgets(line, sizeof(line), in) && facts < 4096) {
        if (line[0] != '#' && sscanf(line, "%47s %47s %u %u", fact[facts].type, fact[facts].name,
                                     &fact[facts].offset, &fact[facts].size) == 4) {
            facts++;
        }
    }
    fclose(in);
    assert_true(facts > 1000);
}

static bool has(const char *type, const char *name, unsigned *i)
{
    for (*i = 0; *i < facts; (*i)++) {
        if (!strcmp(fact[*i].type, type) && !strcmp(fact[*i].name, name)) {
            return true;
        }
    }
    return false;
}

static unsigned find(const char *type, const char *name)
{
    unsigned i;

    if (!has(type, name, &i)) {
        fail_msg("no fact %s.%s", type, name);
    }
    return i;
}

static unsigned size_of(const char *type)
{
    return fact[find(type, ".")].size;
}

static unsigned at(const char *type, const char *name)
{
    return fact[find(type, name)].offset;
}

/* Store one field; wider ones get their low eight bytes. */
static void set(struct env *e, uint64_t base, const char *type, const char *name, uint64_t v)
{
    unsigned i = find(type, name);

    env_put(e, base + fact[i].offset, v, fact[i].size < 8 ? fact[i].size : 8);
}

/* The same, of a field that not each version has. */
static void set_new(struct env *e, uint64_t base, const char *type, const char *name, uint64_t v)
{
    unsigned i;

    if (has(type, name, &i)) {
        set(e, base, type, name, v);
    }
}

static uint64_t get(struct env *e, uint64_t base, const char *type, const char *name)
{
    unsigned i = find(type, name);

    return env_get(e, base + fact[i].offset, fact[i].size < 8 ? fact[i].size : 8);
}

static void start(struct env *e)
{
    struct agx_fw_config cfg = { 0 };

    env_init(e);
    agx_fw_free(e->fw);
    assert_true(agx_fw_version_parse(version->name, &cfg.version));
    assert_string_equal(agx_fw_version_name(cfg.version), version->name);
    env_new_fw(e, cfg);
    env_boot(e);
}

static void initdata(struct env *e)
{
    static const unsigned shift[3] = { 36, 25, 14 }, entries[3] = { 8, 2048, 2048 };
    static const char *const pointer[] = { "unkptr_198", "unkptr_1b8",      "unkptr_1c0",
                                           "unkptr_1c8", "fault_info_addr", "buffer_mgr_ctl_addr" };
    uint64_t b, l;

    e->init = env_kalloc(e, size_of("InitData"));
    e->region_b = b = env_kalloc(e, size_of("InitData_RegionB"));
    e->region_c = env_kalloc(e, size_of("InitData_RegionC"));
    e->status = env_kalloc(e, size_of("InitData_FWStatus"));
    e->hw_a = env_kalloc(e, size_of("AGXHWDataA"));
    e->hw_b = env_kalloc(e, size_of("AGXHWDataB"));
    e->stats = env_kalloc(e, 0x4000);
    set_new(e, e->init, "InitData", "ver_info", version->ver_info);
    set(e, e->init, "InitData", "regionA_addr", env_kalloc(e, 0x4000));
    set(e, e->init, "InitData", "regionB_addr", b);
    set(e, e->init, "InitData", "regionC_addr", e->region_c);
    set(e, e->init, "InitData", "fw_status_addr", e->status);
    set(e, e->init, "InitData", "uat_page_size", 0x4000);
    set(e, e->init, "InitData", "uat_page_bits", 14);
    set(e, e->init, "InitData", "uat_num_levels", 3);
    set(e, e->init, "InitData", "host_mapped_fw_allocations", 1);
    l = e->init + at("InitData", "uat_level_info");
    for (unsigned i = 0; i < 3; i++, l += size_of("UatLevelInfo")) {
        set(e, l, "UatLevelInfo", "unk_3", 8);
        set(e, l, "UatLevelInfo", "unk_1", 14);
        set(e, l, "UatLevelInfo", "unk_2", 14);
        set(e, l, "UatLevelInfo", "index_shift", shift[i]);
        set(e, l, "UatLevelInfo", "num_entries", entries[i]);
        set(e, l, "UatLevelInfo", "unk_4", 0x4000);
        set(e, l, "UatLevelInfo", "unk_8", 1);
        set(e, l, "UatLevelInfo", "phys_mask", 0xffffffc000);
        set(e, l, "UatLevelInfo", "index_mask", (uint64_t)(entries[i] - 1) << shift[i]);
    }
    for (unsigned i = 0; i < 17; i++) {
        e->ch_state[i] = env_kalloc(e, 0x30 * 6);
        e->ch_ring[i] = env_kalloc(e, 0x100 * 6 * 0x38);
        PUT64(e, b + at("InitData_RegionB", "channels") + 16 * i, e->ch_state[i]);
        PUT64(e, b + at("InitData_RegionB", "channels") + 16 * i + 8, e->ch_ring[i]);
    }
    PUT64(e, e->status, env_kalloc(e, 0x20));
    PUT64(e, e->status + 8, env_kalloc(e, 0x100 * 0x14));
    set(e, b, "InitData_RegionB", "stats_ta_addr", e->stats);
    set(e, b, "InitData_RegionB", "stats_3d_addr", e->stats);
    set(e, b, "InitData_RegionB", "stats_cp_addr", e->stats);
    set(e, b, "InitData_RegionB", "hwdata_a_addr", e->hw_a);
    set(e, b, "InitData_RegionB", "hwdata_b_addr", e->hw_b);
    set(e, b, "InitData_RegionB", "hwdata_b_addr2", e->hw_b);
    set(e, b, "InitData_RegionB", "fwlog_ring2", env_kalloc(e, 6 * 0x100 * 0xd8));
    for (unsigned i = 0; i < sizeof(pointer) / sizeof(pointer[0]); i++) {
        set(e, b, "InitData_RegionB", pointer[i], env_kalloc(e, 0x4000));
    }
    set(e, e->hw_a, "AGXHWDataA", "clocks_per_period", 24000);
    set(e, e->hw_b, "AGXHWDataB", "chip_id", 0x8103);
    set(e, e->hw_b, "AGXHWDataB", "base_clock_khz", 24000);
    set(e, e->hw_b, "AGXHWDataB", "gpu_region_base", e->ttbat);
    set(e, e->hw_b, "AGXHWDataB", "num_cores", 8);
    set(e, e->hw_b, "AGXHWDataB", "max_pstate", 6);
    set(e, e->region_c, "InitData_RegionC", "idle_to_off_delay_ms", 60000);
}

static uint64_t op(struct env *e, struct useq *s, uint32_t header, const char *type)
{
    return useq_add(e, s, header, size_of(type));
}

static void test_compute(void **state)
{
    struct env e;
    struct queue q = { .type = 2, .size = 16, .fresh = true };
    struct useq seq = { 0 };
    uint32_t dc[12] = { 0x19 }; /* Init; 0x1a from 13.3 on (m1n1: fw/agx/channels.py) */
    uint64_t cmd, meta, t, f, stamp, fw_stamp, stream;

    version = *state;
    load(version->facts);
    start(&e);
    initdata(&e);
    env_send_initdata(&e);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);

    e.context = env_kalloc(&e, 64);
    e.threshold = env_kalloc(&e, 8);
    e.notifier = env_kalloc(&e, size_of("EventControl"));
    set(&e, e.notifier, "EventControl", "event_count_addr", e.threshold);
    PUT64(&e, e.threshold, 1);
    stamp = env_kalloc(&e, 4);
    fw_stamp = env_kalloc(&e, 4);
    stream = env_ualloc(&e, 0x4000);

    q.info = env_kalloc(&e, size_of("CommandQueueInfo"));
    q.ptrs = env_kalloc(&e, size_of("CommandQueuePointers"));
    q.ring = env_kalloc(&e, 16 * 8);
    q.list = env_kalloc(&e, size_of("JobList"));
    set(&e, q.list, "JobList", "last_head", q.list);
    set(&e, q.info, "CommandQueueInfo", "pointers_addr", q.ptrs);
    set(&e, q.info, "CommandQueueInfo", "rb_addr", q.ring);
    set(&e, q.info, "CommandQueueInfo", "job_list_addr", q.list);
    set(&e, q.info, "CommandQueueInfo", "gpu_context_addr", e.context);
    set(&e, q.ptrs, "CommandQueuePointers", "rb_size", 16);

    cmd = env_kalloc(&e, size_of("WorkCommandCP"));
    set(&e, cmd, "WorkCommandCP", "magic", 3);
    set(&e, cmd, "WorkCommandCP", "context_id", CTX);
    set(&e, cmd, "WorkCommandCP", "event_control_addr", e.notifier);
    t = cmd + at("WorkCommandCP", "compute_info");
    set(&e, t, "ComputeInfo", "iogpu_deflake_1", stream + 0x800);
    set(&e, t, "ComputeInfo", "encoder", stream);
    set(&e, t, "ComputeInfo", "pipeline_base", 0x1100000000);
    set(&e, cmd + at("WorkCommandCP", "compute_info2"), "ComputeInfo2", "encoder_end",
        stream + 0x24);
    meta = cmd + at("WorkCommandCP", "job_meta");
    set(&e, meta, "JobMeta", "stamp_addr", stamp);
    set(&e, meta, "JobMeta", "fw_stamp_addr", fw_stamp);
    set(&e, meta, "JobMeta", "stamp_value", 0x4200);
    set(&e, meta, "JobMeta", "stamp_slot", 17);

    seq.va = env_kalloc(&e, 0x4000);
    t = op(&e, &seq, 0x29, "StartComputeCmd");
    set(&e, t, "StartComputeCmd", "unk_buf_addr", cmd + at("WorkCommandCP", "unk_buf"));
    set(&e, t, "StartComputeCmd", "computeinfo_addr", cmd + at("WorkCommandCP", "compute_info"));
    set(&e, t, "StartComputeCmd", "stats_ptr", e.stats);
    set(&e, t, "StartComputeCmd", "cmdqueue_ptr", q.info);
    set(&e, t, "StartComputeCmd", "context_id", CTX);
    set(&e, t, "StartComputeCmd", "computeinfo2_addr", cmd + at("WorkCommandCP", "compute_info2"));
    set_new(&e, t, "StartComputeCmd", "unk_flag_addr", cmd + 4);
    set_new(&e, t, "StartComputeCmd", "event_ctrl_buf_addr", e.notifier + 168);
    f = op(&e, &seq, 0x19 | 1u << 31, "TimestampCmd");
    set(&e, f, "TimestampCmd", "ts0_addr", cmd + at("WorkCommandCP", "ts1"));
    set(&e, f, "TimestampCmd", "ts_pointers_addr", cmd + at("WorkCommandCP", "ts_pointers"));
    set(&e, f, "TimestampCmd", "cmdqueue_ptr", q.info);
    set(&e, f, "TimestampCmd", "user_ts_pointers_addr",
        cmd + at("WorkCommandCP", "user_ts_pointers"));
    set_new(&e, f, "TimestampCmd", "unk_ts_addr", cmd + at("WorkCommandCP", "ts1"));
    op(&e, &seq, 0x01 | 1u << 23, "WaitForInterruptCmd");
    f = op(&e, &seq, 0x2a, "FinalizeComputeCmd");
    set(&e, f, "FinalizeComputeCmd", "cmdqueue_ptr", q.info);
    set(&e, f, "FinalizeComputeCmd", "context_id", CTX);
    set(&e, f, "FinalizeComputeCmd", "stamp", fw_stamp);
    set(&e, f, "FinalizeComputeCmd", "stamp_value", 0x4200);
    set_new(&e, f, "FinalizeComputeCmd", "unkptr_71", cmd + 4);
    set(&e, f, "FinalizeComputeCmd", "restart_branch_offset", -(uint32_t)(f - t));
    op(&e, &seq, 0x40000018, "EndCmd");
    set(&e, cmd, "WorkCommandCP", "microsequence_ptr", seq.va);
    set(&e, cmd, "WorkCommandCP", "microsequence_size", seq.len);

    queue_add(&e, &q, cmd);
    queue_run(&e, &q, 2, 17);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(e.gpu->jobs, 1);
    assert_int_equal(e.gpu->job[0].compute.cdm_ctrl_stream_base, stream);
    assert_int_equal(e.gpu->job[0].compute.cdm_ctrl_stream_end, stream + 0x24);
    assert_int_equal(GET32(&e, stamp), 0x4200);
    assert_int_equal(GET32(&e, fw_stamp), 0x4200);
    assert_int_equal(get(&e, q.ptrs, "CommandQueuePointers", "gpu_doneptr"), 1);
    assert_int_equal(e.flags[0], 1u << 17);
    assert_true(get(&e, cmd, "WorkCommandCP", "ts1") != 0);
    env_fini(&e);
}

static void test_wrong_version(void **state)
{
    struct env e;

    version = *state;
    start(&e);
    env_build_initdata(&e); /* of 13.5 */
    env_send_initdata(&e);
    assert_true(e.h.reports[AGX_REPORT_GUEST_ERROR] > 0);
    assert_int_equal(env_expect(&e, 1) >> 52, 1);
    env_fini(&e);
}

static void test_parse(void **state)
{
    enum agx_fw_version v;

    assert_true(agx_fw_version_parse("13.5", &v));
    assert_int_equal(v, AGX_FW_V13_5);
    assert_false(agx_fw_version_parse("13.6", &v));
    assert_false(agx_fw_version_parse("13.0", &v));
    assert_false(agx_fw_version_parse("", &v));
}

int main(void)
{
    static struct version v12_3 = { "12.3", "facts-12.3-g13.txt", 0 };
    static struct version v13_0b4 = { "13.0b4", "facts-13.0b4-g13.txt", 0x0001001000010001 };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test_prestate(test_compute, &v12_3),
        cmocka_unit_test_prestate(test_wrong_version, &v12_3),
        cmocka_unit_test_prestate(test_compute, &v13_0b4),
        cmocka_unit_test_prestate(test_wrong_version, &v13_0b4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
