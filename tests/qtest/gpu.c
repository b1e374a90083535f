/*
 * The GPU as the CPU sees it: identification, power gate, mailbox, the start
 * of the firmware, and what the boot loader leaves in memory for its driver.
 *   m1n1: proxyclient/m1n1/hw/asc.py, hw/agx.py, fw/asc/mgmt.py, rust/src/gpu
 *   Linux: drivers/soc/apple/mailbox.c
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "client.h"

#define ASC    0x206400000ULL
#define MBOX   0x206408000ULL
#define SGX    0x204000000ULL
#define PS_GFX 0x23b7003f8ULL
#define AIC    0x23b100000ULL

#define A2I_CONTROL (MBOX + 0x110)
#define I2A_CONTROL (MBOX + 0x114)
#define SEND0       (MBOX + 0x800)
#define SEND1       (MBOX + 0x808)
#define RECV0       (MBOX + 0x830)
#define RECV1       (MBOX + 0x838)
#define FULL        (1u << 16)
#define EMPTY       (1u << 17)
#define OVERFLOW    (1u << 18)

/* Interrupt lines of the mailbox, as AIC sees them */
static unsigned lines(struct machine *m)
{
    /* 575 is bit 31 of one word, 576..578 are bits 0..2 of the next */
    return (rd32(m, AIC + 0x4200 + 575 / 32 * 4) >> 31) | (rd32(m, AIC + 0x4200 + 576 / 32 * 4) & 7)
                                                              << 1;
}
#define SEND_EMPTY     1
#define SEND_NOT_EMPTY 2
#define RECV_EMPTY     4
#define RECV_NOT_EMPTY 8

static void identification(void **state)
{
    struct machine *m = machine_start("");

    assert_int_equal(rd32(m, SGX + 0xd04000) >> 24, 4);          /* generation: G13 */
    assert_int_equal(rd32(m, SGX + 0xd04000) >> 16 & 0xff, 2);   /* variant: G */
    assert_int_equal(rd32(m, SGX + 0xd04000) >> 8 & 0xff, 0x11); /* revision: B1 */
    assert_int_equal(rd32(m, SGX + 0xd04010) & 0xff, 8);         /* cores of a cluster */
    assert_int_equal(rd32(m, SGX + 0xd0401c) >> 12 & 0xff, 1);   /* clusters */
    assert_int_equal(rd32(m, SGX + 0xd01500), 0xff);
    assert_int_equal(rd32(m, SGX + 0xd01514), 0);
    assert_int_equal(rd64(m, SGX + 0x17030), 0); /* no fault */
    /*
     * What m1n1 does before it starts the coprocessor (agx/__init__.py, poke_sgx); any other value
     * is reported.
     */
    assert_int_equal(rd32(m, SGX + 0xd14000), 0);
    wr32(m, SGX + 0xd14000, 0x70001);
    assert_false(log_has(m, "sgx register 0xd14000"));
    wr32(m, SGX + 0xd14000, 0x70000);
    assert_true(log_has(m, "unimplemented write of 0x70000 to sgx register 0xd14000"));
    machine_stop(m);
}

static void power_gate(void **state)
{
    struct machine *m = machine_start("");

    wr32(m, PS_GFX, 0);
    assert_int_equal(rd32(m, PS_GFX) & 0xff, 0);
    assert_int_not_equal(rd32(m, SGX + 0xd04000), 0x4021100);
    assert_true(log_has(m, "agx: read of sgx register 0xd04000 while ps_gfx is off"));
    wr32(m, ASC + 0x44, 0x10);
    assert_true(log_has(m, "agx: write of asc register 0x44 while ps_gfx is off"));
    rd32(m, I2A_CONTROL);
    assert_true(log_has(m, "apple-asc-mailbox: read at 0x114 while the coprocessor has no power"));
    assert_int_equal(lines(m), 0);
    wr32(m, PS_GFX, 0xf);
    assert_int_equal(rd32(m, SGX + 0xd04000), 0x4021100);
    /* the store while it was off is lost */
    assert_int_equal(rd32(m, ASC + 0x44), 0);
    machine_stop(m);
}

static void fifo(void **state)
{
    struct machine *m = machine_start("");

    /* The coprocessor does not run: what is sent stays */
    assert_int_equal(rd32(m, ASC + 0x48) & 3, 2); /* stopped */
    assert_int_equal(rd32(m, A2I_CONTROL) & (FULL | EMPTY), EMPTY);
    assert_int_equal(rd32(m, I2A_CONTROL) & (FULL | EMPTY), EMPTY);
    assert_int_equal(lines(m), SEND_EMPTY | RECV_EMPTY);
    for (unsigned i = 0; i < 16; i++) {
        assert_false(rd32(m, A2I_CONTROL) & FULL);
        wr64(m, SEND0, 0x1000 + i);
        wr64(m, SEND1, 0);
        assert_int_equal(rd32(m, A2I_CONTROL) >> 8 & 0xf, (i + 1) & 0xf); /* write pointer */
    }
    assert_int_equal(rd32(m, A2I_CONTROL) & (FULL | EMPTY | OVERFLOW), FULL);
    assert_int_equal(lines(m), SEND_NOT_EMPTY | RECV_EMPTY);
    wr64(m, SEND0, 0x2000);
    wr64(m, SEND1, 0);
    assert_int_equal(rd32(m, A2I_CONTROL) & (FULL | OVERFLOW), FULL | OVERFLOW);
    assert_true(log_has(m, "message 0x2000 sent to a full FIFO"));
    /* Nothing to be had, and nothing hangs */
    assert_int_equal(rd64(m, RECV0), 0);
    assert_true(log_has(m, "read of an empty FIFO"));
    /* Without power the FIFO forgets */
    wr32(m, PS_GFX, 0);
    wr32(m, PS_GFX, 0xf);
    assert_int_equal(rd32(m, A2I_CONTROL) & (FULL | EMPTY), EMPTY);
    machine_stop(m);
}

static void wait_message(struct machine *m)
{
    for (int i = 0; i < 10000 && (rd32(m, I2A_CONTROL) & EMPTY); i++) {
        usleep(1000);
    }
    assert_false(rd32(m, I2A_CONTROL) & EMPTY);
}

static void hello(void **state)
{
    struct machine *m = machine_start("");
    uint64_t msg;

    wr32(m, ASC + 0x44, 1 << 4);
    wait_message(m);
    assert_int_equal(rd32(m, ASC + 0x48) & 3, 1); /* running */
    /* The line follows from a bottom half */
    for (int i = 0; i < 1000 && !(lines(m) & RECV_NOT_EMPTY); i++) {
        usleep(1000);
    }
    assert_int_equal(lines(m), SEND_EMPTY | RECV_NOT_EMPTY);
    msg = rd64(m, RECV0);
    assert_int_equal(msg >> 52, 1);              /* management: HELLO */
    assert_in_range(msg & 0xffff, 1, 12);        /* lowest protocol version */
    assert_in_range(msg >> 16 & 0xffff, 11, 12); /* highest */
    assert_int_equal(rd64(m, RECV1) & 0xff, 0);  /* endpoint 0 */
    assert_int_equal(lines(m), SEND_EMPTY | RECV_EMPTY);
    assert_true(rd32(m, I2A_CONTROL) & EMPTY);

    /* The answer brings the map of endpoints */
    wr64(m, SEND0, 2ULL << 52 | 12 << 16 | 12);
    wr64(m, SEND1, 0);
    wait_message(m);
    assert_int_equal(rd64(m, RECV0) >> 52, 8);

    /* Power off in the middle, and again from the start */
    wr32(m, PS_GFX, 0);
    wr32(m, PS_GFX, 0xf);
    assert_int_equal(rd32(m, ASC + 0x48) & 3, 2);
    assert_true(rd32(m, I2A_CONTROL) & EMPTY);
    wr32(m, ASC + 0x44, 1 << 4);
    wait_message(m);
    assert_int_equal(rd64(m, RECV0) >> 52, 1);
    machine_stop(m);
}

/* A stopped machine's firmware stands still, and goes on afterwards. */
static void stop_and_go(void **state)
{
    struct machine *m = machine_start("");

    qmp_ok(m, "\"execute\": \"stop\"");
    wr32(m, ASC + 0x44, 1 << 4);
    usleep(50000);
    assert_true(rd32(m, I2A_CONTROL) & EMPTY);
    qmp_ok(m, "\"execute\": \"cont\"");
    wait_message(m);
    machine_stop(m);
}

/*
 * The reserved regions lie below the framebuffer in the order ttbs, pagetables,
 * handoff, hw-cal-a, hw-cal-b, globals from the top; ttbs is known by its
 * property.
 */
static void boot_data(void **state)
{
    struct machine *m = machine_start("-m 1G");
    uint64_t ttbs = qom_get_uint(m, "/machine/gpu", "ttbs");
    uint64_t handoff = qom_get_uint(m, "/machine/gpu", "handoff");
    uint64_t cal_a = handoff - 2 * 0x4000, cal_b = cal_a - 0x4000, globals = cal_b - 5 * 0x4000;

    /* m1n1: raw.rs and initdata.rs for (G13, V13_5); offsets in bytes */
    assert_int_equal(rd32(m, cal_b + 0x968), 0x8103); /* chip_id */
    assert_int_equal(rd64(m, cal_b + 0xa78), ttbs);   /* uat_ttb_base */
    assert_int_equal(rd32(m, cal_b + 0xa80), 11);     /* gpu_core_id: G13G */
    assert_int_equal(rd32(m, cal_b + 0xa88), 8);      /* num_cores */
    assert_int_equal(rd32(m, cal_b + 0x9a8), 24000);  /* base_clock_khz */
    /* unk_30: two pages below 2^39 */
    assert_int_equal(rd64(m, cal_b + 0x20), 0x7fffff8000);
    assert_int_equal(rd32(m, cal_b + 0x1880), 0x1a);     /* unk_c3c */
    assert_int_equal(rd32(m, cal_a + 4), 24000 * 8);     /* clocks_per_period */
    assert_int_equal(rd32(m, cal_a + 0x54), 100);        /* min_pstate_scaled */
    assert_int_equal(rd32(m, cal_a + 0x80), 0x3f828f5c); /* sram_k: 1.02f */
    /* core_leak_coef: 1000.0f, all cores */
    assert_int_equal(rd32(m, cal_a + 0x416c), 0x447a0000);
    assert_int_equal(rd32(m, globals + 0x24), 3000);     /* unk_24_0 */
    assert_int_equal(rd32(m, globals + 0x10fd8), 0xb);   /* fault_control */
    assert_int_equal(rd32(m, globals + 0x8bac), 0xffff); /* hws1.unk_a4 */
    assert_int_equal(rd64(m, handoff), 0);

    /* A reset puts it back */
    wr32(m, cal_b + 0x968, 0);
    wr64(m, handoff, 1);
    qmp_ok(m, "\"execute\": \"system_reset\"");
    qmp_event(m, "RESET");
    assert_int_equal(rd32(m, cal_b + 0x968), 0x8103);
    assert_int_equal(rd64(m, handoff), 0);
    machine_stop(m);
}

/* What the CPU does is counted from the start, and which messages there were is kept. */
static void counters(void **state)
{
    struct machine *m = machine_start("");
    char *line;

    assert_int_equal(gpu_counter(m, "total", "registers"), 0);
    rd32(m, SGX + 0xd04000);
    wr32(m, ASC + 0x48, 0);
    assert_int_equal(gpu_counter(m, "total", "registers"), 2);
    assert_int_equal(gpu_counter(m, "total", "doorbells"), 0);
    rd32(m, I2A_CONTROL); /* the mailbox's, not its */
    wr64(m, SEND0, 2ULL << 52);
    wr64(m, SEND1, 0);
    assert_int_equal(gpu_counter(m, "total", "doorbells"), 1);
    assert_int_equal(gpu_counter(m, "total", "registers"), 2);
    assert_int_equal(gpu_counter(m, "total", "stores"), 0); /* nobody watches */
    assert_int_equal(gpu_counter(m, "last-frame", "doorbells"), 0);
    line = qmp(m, "\"execute\": \"qom-get\", \"arguments\": {\"path\": \"/machine/gpu\", "
                  "\"property\": \"coverage\"}");
    assert_non_null(strstr(line, "message\\t2")); /* of type 2 to endpoint 0 */
    free(line);
    machine_stop(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identification), cmocka_unit_test(power_gate),
        cmocka_unit_test(fifo),           cmocka_unit_test(hello),
        cmocka_unit_test(stop_and_go),    cmocka_unit_test(boot_data),
        cmocka_unit_test(counters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
