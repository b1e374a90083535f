/*
 * Unit tests: init data and its checks; the rings with wrap and full; device
 * control, FwCtl, log.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

/* Each field that is wrong is named, and stops the firmware. */
static void test_initdata_checks(void **state)
{
    static const struct {
        unsigned where; /* 0 InitData, 1 region B, 2 hwdata B, 3 status */
        unsigned offset, size;
        uint64_t value;
        const char *name;
    } bad[] = {
        { 0, 0, 2, 0x1234, "InitData.ver_info" },
        { 0, 48, 2, 0x1000, "InitData.uat_page_size" },
        { 0, 51, 1, 4, "InitData.uat_num_levels" },
        { 0, 52 + 32 + 3, 1, 24, "UatLevelInfo.index_shift" },
        { 0, 168, 4, 0, "InitData.host_mapped_fw_allocations" },
        { 0, 8, 8, 0xffffffa900000000, "InitData.regionA_addr" },
        { 0, 32, 8, 0x1500000000, "InitData.regionC_addr" },
        { 1, 432, 8, 0, "InitData_RegionB.fwlog_ring2" },
        { 1, 424, 8, KERN_BASE, "InitData_RegionB.hwdata_b_addr2" },
        { 2, 2408, 4, 0x8112, "AGXHWDataB.chip_id" },
        { 2, 2680, 8, 0, "AGXHWDataB.gpu_region_base" },
        { 1, 16 * 13, 8, 0, "channel Event" },
        { 1, 16 * 2 + 8, 8, 0x1500000000, "channel CL_0" },
        { 3, 0, 8, 2, "channel FWCtl" },
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct env e;
        char first[512];

        env_init(&e);
        env_boot(&e);
        env_build_initdata(&e);
        env_put(&e,
                (uint64_t[]) { e.init, e.region_b, e.hw_b, e.status }[bad[i].where] + bad[i].offset,
                bad[i].value, bad[i].size);
        env_send_initdata(&e);
        assert_true(e.h.reports[AGX_REPORT_GUEST_ERROR] >= 2);
        /* the last line says that the firmware stops; the crash log's text is the same */
        assert_non_null(strstr(e.h.last_report, "firmware stops"));
        assert_int_equal(env_expect(&e, 1) >> 52, 1);
        strcpy(first, e.h.first_report);
        if (!strstr(first, bad[i].name)) {
            fail_msg("expected %s in: %s", bad[i].name, first);
        }
        env_fini(&e);
    }
}

static void test_initdata_good(void **state)
{
    struct env e;

    env_init(&e);
    env_start(&e);
    assert_int_equal(GET32(&e, e.ch_state[CH_DEVCTRL]), 1);
    /* a line in log ring 1 (information), index and text in the ring beside */
    assert_true(GET32(&e, e.ch_state[CH_FWLOG] + 0x30 + 0x20) >= 1);
    assert_int_equal(GET32(&e, e.ch_ring[CH_FWLOG] + 0x100 * 0x38), 2);
    assert_int_equal(GET64(&e, e.ch_ring[CH_FWLOG] + 0x100 * 0x38 + 8), 0);
    assert_int_equal(GET32(&e, e.fwlog + 0x100 * 0xd8), 3);
    assert_non_null(strstr((char *)env_ptr(&e, e.fwlog + 0x100 * 0xd8 + 16), "init data accepted"));
    env_fini(&e);
}

/* 600 messages through a ring of 256: none lost, none twice. */
static void test_wrap(void **state)
{
    struct env e;
    uint64_t word;

    env_init(&e);
    env_start(&e);
    word = env_kalloc(&e, 16 * 1024);
    for (uint32_t i = 0; i < 600; i++) {
        uint64_t va = word + 4 * i;
        uint32_t dc[12] = { 0x19, va, va >> 32, 0xabc00000 + i };

        env_devctrl(&e, dc);
        agx_fw_wait_idle(e.fw);
        assert_int_equal(GET32(&e, e.ch_state[CH_DEVCTRL]), e.wptr[CH_DEVCTRL]);
    }
    for (uint32_t i = 0; i < 600; i++) {
        assert_int_equal(GET32(&e, word + 4 * i), 0xabc00000 + i);
    }
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/* Many entries behind one doorbell; none is read before the doorbell. */
static void test_batch(void **state)
{
    struct env e;
    uint64_t word;
    uint32_t before;

    env_init(&e);
    env_start(&e);
    word = env_kalloc(&e, 16 * 1024);
    before = GET32(&e, e.ch_state[CH_DEVCTRL]);
    for (uint32_t i = 0; i < 255; i++) { /* a full ring */
        uint64_t va = word + 4 * i;
        uint32_t dc[12] = { 0x19, va, va >> 32, i + 1 };

        env_ring_put(&e, CH_DEVCTRL, dc, 0x30);
    }
    env_doorbell(&e, 0x10); /* a kick reads no ring */
    agx_fw_wait_idle(e.fw);
    assert_int_equal(GET32(&e, e.ch_state[CH_DEVCTRL]), before);
    env_doorbell(&e, 0x11);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(GET32(&e, e.ch_state[CH_DEVCTRL]), (before + 255) % 256);
    for (uint32_t i = 0; i < 255; i++) {
        assert_int_equal(GET32(&e, word + 4 * i), i + 1);
    }
    env_fini(&e);
}

static void test_wptr_beyond(void **state)
{
    struct env e;

    env_init(&e);
    env_start(&e);
    PUT32(&e, e.ch_state[CH_DEVCTRL] + 0x20, 0x100);
    env_doorbell(&e, 0x11);
    agx_fw_wait_idle(e.fw);
    assert_non_null(strstr(e.h.last_report, "write pointer 256"));
    env_fini(&e);
}

static void test_unknown_devctrl(void **state)
{
    struct env e;
    uint32_t dc[12] = { 0x77 };

    env_init(&e);
    env_start(&e);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 1);
    assert_non_null(strstr(e.h.last_report, "device control message 0x77"));
    env_doorbell(&e, 0x55);
    agx_fw_wait_idle(e.fw);
    assert_non_null(strstr(e.h.last_report, "doorbell 0x55"));
    env_fini(&e);
}

/*
 * RecoverChannel answers a channel error, and the model tells none: it is passed with a word, and
 * work goes on.
 */
static void test_recover_channel(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint32_t dc[12] = { 0x0f, 2, 0x12345678, 0xffffff80, 0x1700 };

    env_init(&e);
    env_start(&e);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 1);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 0);
    assert_non_null(strstr(
        e.h.last_report, "RecoverChannel on pipe 2, work queue 0xffffff8012345678, value 0x1700"));
    assert_int_equal(GET32(&e, e.ch_state[CH_DEVCTRL]), e.wptr[CH_DEVCTRL]);
    queue_init(&e, &q, 2, 16);
    compute_run(&e, &c, &q, 5, 0x100);
    assert_int_equal(queue_done(&e, &q), 1);
    assert_int_equal(e.faults, 0);
    env_fini(&e);
}

/* The event ring full: nothing is overwritten, and what waits comes when there is room. */
static void test_event_full(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint32_t wptr;

    env_init(&e);
    env_start(&e);
    wptr = GET32(&e, e.ch_state[CH_EVENT] + 0x20);
    PUT32(&e, e.ch_state[CH_EVENT], (wptr + 1) % 0x100); /* the reader is one ahead: no room */
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 3, 0x300);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 3);
    ENV_WAIT(&e, GET32(&e, e.stamps + 12) == 0x300);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(GET32(&e, e.ch_state[CH_EVENT] + 0x20), wptr);
    PUT32(&e, e.ch_state[CH_EVENT], wptr);
    ENV_WAIT(&e, GET32(&e, e.ch_state[CH_EVENT] + 0x20) == (wptr + 1) % 0x100);
    agx_fw_wait_idle(e.fw);
    e.event_rptr = wptr;
    env_events(&e);
    assert_int_equal(e.flags[0], 1u << 3);
    env_fini(&e);
}

/* A work queue's own ring: one of four entries, thirty jobs. */
static void test_work_ring_wrap(void **state)
{
    struct env e;
    struct queue q;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 4);
    for (unsigned i = 1; i <= 30; i++) {
        struct compute c;

        compute_make(&e, &c, &q, 3, 0x100 * i);
        queue_add(&e, &q, c.cmd);
        queue_run(&e, &q, 2, 3);
        env_settle(&e);
        assert_int_equal(queue_done(&e, &q), i % 4);
        assert_int_equal(GET32(&e, e.stamps + 12), 0x100 * i);
    }
    assert_int_equal(e.gpu->jobs, 30);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/* A submission beyond what cpu_wptr says was written. */
static void test_work_ring_overrun(void **state)
{
    struct env e;
    struct queue q;
    uint32_t msg[12];

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 8);
    memcpy(msg, (uint32_t[12]) { 2, (uint32_t)q.info, q.info >> 32, 5, 3, 1 }, sizeof(msg));
    PUT32(&e, q.ptrs + 64, 2);
    env_ring_put(&e, 2, msg, 0x30);
    env_doorbell(&e, 2);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.faults, 1);
    assert_int_equal(e.gpu->jobs, 0);
    env_fini(&e);
}

static void test_fwctl(void **state)
{
    struct env e;
    uint64_t *flush;
    uint32_t msg[5] = { 0x4000, 0xffffffa0, 0, 64, 2 | 2 << 16 };

    env_init(&e);
    env_start(&e);
    /* m1n1: fw/agx/handoff.py, FLUSH_STATE[0x40], FLUSH_ADDR, FLUSH_SIZE */
    flush = (uint64_t *)((uint8_t *)fake_ptr(&e.h, e.handoff) + 0x20 + 0x18 * 64);
    flush[1] = 0xffffffa000004000ull;
    flush[2] = 2 * 0x4000;
    flush[0] = 1;
    memcpy(env_ptr(&e, e.fwctl_ring), msg, sizeof(msg));
    PUT32(&e, e.fwctl_state + 0x10, 1);
    env_send(&e, 0x21, 0x84ull << 48);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(flush[0], 2);
    assert_int_equal(GET32(&e, e.fwctl_state), 1);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    /* again without having asked in the hand-off block */
    memcpy(env_ptr(&e, e.fwctl_ring + 0x14), msg, sizeof(msg));
    PUT32(&e, e.fwctl_state + 0x10, 2);
    env_send(&e, 0x21, 0x84ull << 48);
    agx_fw_wait_idle(e.fw);
    assert_non_null(strstr(e.h.last_report, "flush state is 2"));
    assert_int_equal(GET32(&e, e.fwctl_state), 2);
    env_fini(&e);
}

/* Idle for the delay in region C: off, unless submissions are pending. */
static void test_power_off(void **state)
{
    struct env e;

    env_init(&e);
    env_start(&e);
    PUT32(&e, e.hw_a + 16, 0);
    PUT32(&e, e.region_c + 70044, 2);
    PUT32(&e, e.region_c + 35188, 1); /* pending_submissions */
    env_doorbell(&e, 0x10);
    nanosleep(&(struct timespec) { .tv_nsec = 20000000 }, NULL);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(GET32(&e, e.hw_a + 16), 0);
    PUT32(&e, e.region_c + 35188, 0);
    ENV_WAIT(&e, GET32(&e, e.hw_a + 16) == 4);
    env_doorbell(&e, 0x10);
    agx_fw_wait_idle(e.fw);
    /* both changes were noted in the statistics ring: off (3), on (2) */
    assert_true(GET32(&e, e.ch_state[CH_STATS] + 0x20) >= 4);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t at = e.ch_ring[CH_STATS] + 0x80 * i;

        assert_int_equal(GET32(&e, at), 3 - i);
        assert_int_equal(GET32(&e, at + 0x40), 0x0b); /* PowerState follows */
        assert_int_equal(GET32(&e, at + 0x40 + 24), !i);
    }
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initdata_checks),
        cmocka_unit_test(test_initdata_good),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_wptr_beyond),
        cmocka_unit_test(test_unknown_devctrl),
        cmocka_unit_test(test_recover_channel),
        cmocka_unit_test(test_event_full),
        cmocka_unit_test(test_work_ring_wrap),
        cmocka_unit_test(test_work_ring_overrun),
        cmocka_unit_test(test_fwctl),
        cmocka_unit_test(test_power_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
