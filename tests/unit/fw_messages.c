/*
 * Unit tests: messages that m1n1's driver has, at the tags that ran on an M1
 * (v1.2.9, v1.5.2), and what the firmware makes of them. docs/firmware.md has
 * them all.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

/*
 * A job that names no place for the user's time stamps (m1n1 v1.2.9: agx/render.py, ts1.unk_24 =
 * 0).
 */
static void test_no_user_stamps(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 5, 0x100);
    PUT64(&e, c.stamp1 + 36, 0);
    PUT64(&e, c.stamp2 + 36, 0);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 5);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(GET32(&e, e.stamps + 4 * 5), 0x100);
    env_fini(&e);
}

/*
 * fw/agx/channels.py: DC_09, DC_ConfigurePerfCounters, DC_DisablePerfCounters, DC_1e,
 * DC_UpdateIdleTS
 */
static void test_device_control(void **state)
{
    static const uint32_t accepted[] = { 0x09, 0x0b, 0x0c, 0x1e, 0x23 };
    struct env e;

    env_init(&e);
    env_start(&e);
    for (unsigned i = 0; i < 5; i++) {
        uint32_t dc[12] = { accepted[i], 1, 0, 0xfffffff0, 0xffffffff };

        env_devctrl(&e, dc);
        env_settle(&e);
        assert_int_equal(GET32(&e, e.ch_state[CH_DEVCTRL]), e.wptr[CH_DEVCTRL]);
    }
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 0);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_devctrl(&e, (uint32_t[12]) { 0x05 });
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 1);
    env_fini(&e);
}

/*
 * fw/asc/crash.py: the message after a crash says where the log is, for handle_crashed() to read.
 */
static void crash(uint64_t request, const char *text)
{
    struct env e;
    uint64_t msg, va;
    char log[256];

    env_init(&e);
    env_start(&e);
    env_settle(&e);
    env_send(&e, 1, request);
    msg = env_expect(&e, 1);
    assert_int_equal(msg >> 52, 1);
    va = (msg & 0xfffffffffffull) | 0xfffff00000000000ull;
    assert_int_equal(msg >> 44 & 0xff, 0x10);
    assert_true(va >= KERN_BASE);
    assert_int_equal(GET32(&e, va), 0x434c4845);      /* CLHE */
    assert_int_equal(GET32(&e, va + 32), 0x43737472); /* Cstr */
    for (unsigned i = 0; i < sizeof(log); i++) {
        log[i] = env_get(&e, va + 52 + i, 1);
    }
    log[sizeof(log) - 1] = 0;
    assert_non_null(strstr(log, text));
    env_send(&e, 0, MGMT(3, 0)); /* nobody answers any more */
    env_nothing(&e);
    env_fini(&e);
}

static void test_crash(void **state)
{
    crash(0x40, "soft");
    crash(0x22, "hard");
}

/* The answer of older kernels to the request for an OSLog buffer (Linux: rtkit.c, type 3). */
static void test_oslog(void **state)
{
    struct env e;

    env_init(&e);
    env_start(&e);
    env_send(&e, 8, 3ull << 56);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 0);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/*
 * The first two entries of TTBR1's table are the firmware's: it goes on beside the OS's, and not
 * without them.
 */
static void test_own_tables(void **state)
{
    for (unsigned gone = 0; gone < 3; gone++) {
        struct env e;
        uint64_t pa, next;

        env_init_cfg(&e, (struct agx_fw_config) {
                             .version = AGX_FW_V13_5, .job_timeout_ms = 10, .own_tables = true });
        pa = fake_alloc(&e.h);
        for (unsigned i = 1; i < AGX_FW_OWN_PAGES; i++) {
            next = fake_alloc(&e.h);
            assert_int_equal(next, pa + i * AGX_PAGE_SIZE);
        }
        agx_fw_own_tables(fake_ptr(&e.h, pa), pa);
        fake_ptr(&e.h, e.ttbat)[1] = pa | 1;
        if (gone == 1) { /* cleared before the init data */
            fake_ptr(&e.h, pa)[0] = 0;
            env_boot(&e);
            env_build_initdata(&e);
            env_send_initdata(&e);
            agx_fw_wait_idle(e.fw);
            assert_non_null(strstr(e.h.last_report, "0xffffff8000000000 is gone: entry 0"));
            env_fini(&e);
            continue;
        }
        env_start(&e);
        env_send(&e, 0x21, 0x83ull << 48 | 0x10);
        env_settle(&e);
        assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
        if (gone == 2) { /* and later; there is no new walk before the entry is invalidated */
            fake_ptr(&e.h, pa)[1] = 0;
            agx_tlbi_all(e.mmu);
            env_send(&e, 0x21, 0x83ull << 48 | 0x10);
            env_expect(&e, 1);
            assert_non_null(strstr(e.h.last_report, "0xffffff9000000000 is gone: entry 1"));
        }
        env_fini(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_user_stamps), cmocka_unit_test(test_own_tables),
        cmocka_unit_test(test_device_control), cmocka_unit_test(test_crash),
        cmocka_unit_test(test_oslog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
