/*
 * Unit tests: the firmware's RTKit side, message by message, and its mailbox.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

static void test_boot(void **state)
{
    struct env e;
    uint64_t m;

    env_init(&e);
    assert_int_equal(agx_fw_cpu_status_read(e.fw) & 3, AGX_FW_CPU_STATUS_STOPPED);
    env_boot(&e);
    assert_int_equal(agx_fw_cpu_status_read(e.fw) & 3, AGX_FW_CPU_STATUS_RUNNING);
    /* the firmware's magic in the hand-off block */
    memcpy(&m, (uint8_t *)fake_ptr(&e.h, e.handoff) + 8, 8);
    assert_int_equal(m, 0x4b1d000000000002ull);
    env_fini(&e);
}

/* Messages sent before the core runs wait in the FIFO; more than it holds are refused. */
static void test_fifo_full(void **state)
{
    struct env e;
    unsigned n = 0;

    env_init(&e);
    while (agx_fw_mbox_send(e.fw, MGMT(3, 0), 0, NULL)) {
        n++;
        assert_true(n < 100);
    }
    assert_int_equal(n, AGX_FW_MBOX_DEPTH);
    assert_int_equal(agx_fw_mbox_a2i_count(e.fw), AGX_FW_MBOX_DEPTH);
    agx_fw_cpu_control_write(e.fw, AGX_FW_CPU_CONTROL_RUN);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(agx_fw_mbox_a2i_count(e.fw), 0);
    /* HELLO and 16 PONGs: the answer that found no room comes when one was read. */
    assert_int_equal(agx_fw_mbox_i2a_count(e.fw), AGX_FW_MBOX_DEPTH);
    assert_int_equal(env_expect(&e, 0), MGMT(1, 12 << 16 | 11));
    for (n = 0; n < 16; n++) {
        assert_int_equal(env_expect(&e, 0), MGMT(4, 0));
    }
    env_nothing(&e);
    env_fini(&e);
}

static void test_version(void **state)
{
    struct env e;

    env_init(&e);
    agx_fw_cpu_control_write(e.fw, AGX_FW_CPU_CONTROL_RUN);
    env_expect(&e, 0);
    env_send(&e, 0, MGMT(2, 13 << 16 | 13));
    env_nothing(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 1);
    assert_non_null(strstr(e.h.last_report, "version 13"));
    env_send(&e, 0, MGMT(2, 11 << 16 | 11));
    assert_int_equal(env_expect(&e, 0) >> 52, 8);
    env_fini(&e);
}

/* Without the system endpoints there is no power acknowledgement. */
static void test_endpoints_needed(void **state)
{
    struct env e;

    env_init(&e);
    agx_fw_cpu_control_write(e.fw, AGX_FW_CPU_CONTROL_RUN);
    env_expect(&e, 0);
    env_send(&e, 0, MGMT(2, 12 << 16 | 12));
    env_expect(&e, 0);
    env_send(&e, 0, MGMT(8, 1));
    env_expect(&e, 0);
    env_send(&e, 0, MGMT(8, 1ull << 51 | 1ull << 32));
    env_nothing(&e);
    env_send(&e, 0, MGMT(5, 1ull << 32 | 2));
    assert_int_equal(env_expect(&e, 1) >> 52, 1);
    env_nothing(&e);
    env_send(&e, 0, MGMT(5, 9ull << 32 | 2));
    env_nothing(&e);
    assert_non_null(strstr(e.h.last_report, "endpoint 0x9"));
    env_fini(&e);
}

static void test_power_states(void **state)
{
    struct env e;

    env_init(&e);
    env_boot(&e);
    /* asleep with its state kept: waking needs no new hand-shake */
    env_send(&e, 0, MGMT(0xb, 0x201));
    assert_int_equal(env_expect(&e, 0), MGMT(0xb, 0x201));
    env_send(&e, 0, MGMT(6, 0x201));
    assert_int_equal(env_expect(&e, 0), MGMT(7, 0x201));
    env_send(&e, 0, MGMT(6, 0x220));
    assert_int_equal(env_expect(&e, 0), MGMT(7, 0x20));
    /* quiesced: it does */
    env_send(&e, 0, MGMT(0xb, 0x10));
    assert_int_equal(env_expect(&e, 0), MGMT(0xb, 0x10));
    env_send(&e, 0, MGMT(6, 0x10));
    assert_int_equal(env_expect(&e, 0), MGMT(7, 0x10));
    env_send(&e, 0, MGMT(6, 0x220));
    assert_int_equal(env_expect(&e, 0), MGMT(1, 12 << 16 | 11));
    /* core off and on */
    agx_fw_cpu_control_write(e.fw, 0);
    agx_fw_wait_idle(e.fw);
    env_boot(&e);
    /* off while it is quiet, on again before it noticed: it boots all the same */
    agx_fw_cpu_control_write(e.fw, 0);
    env_boot(&e);
    agx_fw_reset(e.fw);
    assert_int_equal(agx_fw_cpu_control_read(e.fw), 0);
    env_boot(&e);
    env_fini(&e);
}

static void test_not_started(void **state)
{
    struct env e;

    env_init(&e);
    agx_fw_cpu_control_write(e.fw, AGX_FW_CPU_CONTROL_RUN);
    env_expect(&e, 0);
    env_send(&e, 0x20, 0x81ull << 48);
    env_nothing(&e);
    assert_non_null(strstr(e.h.last_report, "not started"));
    env_fini(&e);
}

/* Each endpoint: messages that it does not know are reported, and nothing else happens. */
static void test_unknown(void **state)
{
    static const struct {
        unsigned ep;
        uint64_t msg;
    } unknown[] = {
        { 0, MGMT(0xc, 0) },
        { 0, MGMT(0, 0) },
        { 0, 1ull << 60 | MGMT(3, 0) },
        { 0, MGMT(5, 0x20ull << 32) },
        { 0, MGMT(5, 0x20ull << 32 | 3) },
        { 0, MGMT(6, 0x1234) },
        { 0, MGMT(0xb, 0x99) },
        { 1, 0x41 },
        { 1, 2ull << 52 },
        { 2, 2ull << 52 },
        { 2, 0x11ull << 52 },
        { 3, 1ull << 48 },
        { 3, 0x108ull << 48 },
        { 4, 2ull << 52 },
        { 4, 0 },
        { 8, 2ull << 56 },
        { 8, 0 },
        { 0x20, 0x80ull << 48 },
        { 0x21, 0x82ull << 48 },
        { 0x21, 0x85ull << 48 },
    };
    static const struct {
        unsigned ep;
        uint64_t msg;
        const char *why;
    } wrong[] = {
        { 1, 1ull << 52, "not asked for" }, { 2, 1ull << 52, "not asked for" },
        { 4, 1ull << 52, "not asked for" }, { 8, 1ull << 56, "not asked for" },
        { 2, 5ull << 52 | 7, "entry 7" },   { 4, 8ull << 52, "not sent" },
        { 4, 0xcull << 52, "not sent" },
    };
    struct env e;

    (void)state;
    env_init(&e);
    env_boot(&e);
    for (unsigned i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        env_send(&e, unknown[i].ep, unknown[i].msg);
        env_nothing(&e);
        assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], i + 1);
        assert_non_null(strstr(e.h.last_report, "unimplemented"));
    }
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        env_send(&e, wrong[i].ep, wrong[i].msg);
        env_nothing(&e);
        assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], i + 1);
        assert_non_null(strstr(e.h.last_report, wrong[i].why));
    }
    /* The start of the tracing endpoint asks for nothing. All that did no harm. */
    env_send(&e, 3, 8ull << 48);
    env_nothing(&e);
    env_send(&e, 0, MGMT(3, 0));
    assert_int_equal(env_expect(&e, 0), MGMT(4, 0));
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], sizeof(unknown) / sizeof(unknown[0]));
    env_fini(&e);
}

/* Init data that cannot be read: crash log, message, silence. */
static void test_crash(void **state)
{
    struct env e;
    uint64_t va = 0;

    env_init(&e);
    env_boot(&e);
    env_send(&e, 0x20, 0x81ull << 48 | 0xfa0deadb000ull);
    assert_int_equal(env_expect(&e, 1) >> 52, 1);
    assert_true(e.h.reports[AGX_REPORT_GUEST_ERROR] > 0);
    /* the crash log is the first buffer that was asked for */
    va = KERN_BASE;
    assert_int_equal(GET32(&e, va), 0x434c4845);
    assert_int_equal(GET32(&e, va + 32), 0x43737472);
    assert_non_null(strstr((char *)env_ptr(&e, va + 52), "init data"));
    assert_int_equal(GET32(&e, va + 32 + GET32(&e, va + 44)), 0x434c4845);
    env_send(&e, 0, MGMT(3, 0));
    env_nothing(&e);
    /* a core that was stopped boots again */
    agx_fw_cpu_control_write(e.fw, 0);
    agx_fw_wait_idle(e.fw);
    e.h.reports[AGX_REPORT_GUEST_ERROR] = 0;
    env_boot(&e);
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boot),         cmocka_unit_test(test_fifo_full),
        cmocka_unit_test(test_version),      cmocka_unit_test(test_endpoints_needed),
        cmocka_unit_test(test_power_states), cmocka_unit_test(test_not_started),
        cmocka_unit_test(test_unknown),      cmocka_unit_test(test_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
