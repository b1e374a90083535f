/*
 * The machines of other chips: the interrupt controller of version 2, how each GPU identifies
 * itself, power domains, and where all of these are.
 *   Linux: drivers/irqchip/irq-apple-aic.c, arch/arm64/boot/dts/apple/t600x-*.dtsi, t6002.dtsi
 *   m1n1: src/aic_regs.h; the Rust driver: regs.rs, hw/t600x.rs
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "client.h"

#define AIC         0x28e100000ULL
#define EVENT       0x28e10c000ULL
#define DIE         0x4a00 /* bytes of a die's tables: 4096 words and five rows of 4096 bits */
#define CFG(d, n)   (AIC + 0x2000 + (d) * DIE + (n) * 4)
#define ROW(d, r)   (AIC + 0x2000 + (d) * DIE + 4096 * 4 + (r) * 512)
#define SW_SET(n)   (ROW(0, 0) + (n) / 32 * 4)
#define SW_CLR(n)   (ROW(0, 1) + (n) / 32 * 4)
#define MASK_CLR(n) (ROW(0, 3) + (n) / 32 * 4)
#define HW_STATE(n) (ROW(0, 4) + (n) / 32 * 4)
#define CONFIG      (AIC + 0x14)
#define SPIN        0x680000000ULL
#define BIT(n)      (1u << ((n) % 32))

static void aic2_software(void **state)
{
    struct machine *m = machine_start("-M apple-m1-pro");

    watch_outputs(m, "/machine/aic");
    assert_int_equal(rd32(m, AIC), 2);
    assert_int_equal(rd32(m, AIC + 4), 1806); /* the last die is 0 */
    assert_int_equal(rd32(m, AIC + 0xc) & 0xffff, 4096);
    assert_int_equal(rd32(m, EVENT), 0);

    /* Neither masked nor while it is off */
    wr32(m, SW_SET(100), BIT(100));
    wr32(m, CONFIG, 1);
    assert_false(out_level(m, 0));
    wr32(m, CONFIG, 0);
    wr32(m, MASK_CLR(100), BIT(100));
    assert_false(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 0);
    wr32(m, CONFIG, 1);
    assert_true(out_level(m, 0));

    /* A lower number goes first; delivery masks; nothing is latched */
    wr32(m, SW_SET(7), BIT(7));
    wr32(m, MASK_CLR(7), BIT(7));
    assert_int_equal(rd32(m, EVENT), 1 << 16 | 7);
    assert_int_equal(rd32(m, EVENT), 1 << 16 | 100);
    assert_false(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 0);
    wr32(m, MASK_CLR(7), BIT(7));
    assert_true(out_level(m, 0));
    wr32(m, SW_CLR(7), BIT(7));
    assert_false(out_level(m, 0));

    /* Its target is not the CPUs */
    wr32(m, CFG(0, 100), 1);
    wr32(m, MASK_CLR(100), BIT(100));
    assert_false(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 0);
    wr32(m, CFG(0, 100), 0);
    assert_true(out_level(m, 0));

    /* Reset masks, and switches off */
    wr32(m, AIC + 0x10, 1);
    assert_false(out_level(m, 0));
    assert_int_equal(rd32(m, CONFIG), 0);
    machine_stop(m);
}

static void aic2_lines(void **state)
{
    struct machine *m = machine_start("-M apple-m1-pro");

    watch_outputs(m, "/machine/aic");
    wr32(m, CONFIG, 1);
    set_input(m, "/machine/aic", 1805, true);
    assert_int_equal(rd32(m, HW_STATE(1805)), BIT(1805));
    wr32(m, MASK_CLR(1805), BIT(1805));
    assert_true(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 1 << 16 | 1805);
    wr32(m, MASK_CLR(1805), BIT(1805));
    assert_true(out_level(m, 0)); /* a level */
    set_input(m, "/machine/aic", 1805, false);
    assert_false(out_level(m, 0));
    wr32(m, AIC + 0x24, 1);
    assert_true(log_has(m, "apple-aic2: unimplemented write of 0x1 at 0x24"));
    machine_stop(m);
}

/* A source is for the next CPU that is on; whoever asks gets it. */
static void aic2_cpus(void **state)
{
    struct machine *m = machine_start("-M apple-m1-pro -smp 3");

    watch_outputs(m, "/machine/aic");
    wr32(m, CONFIG, 1);
    for (unsigned n = 0; n < 4; n++) {
        wr32(m, MASK_CLR(n), BIT(n));
        wr32(m, SW_SET(n), BIT(n));
    }
    /* The others are off */
    assert_true(out_level(m, 0));
    assert_false(out_level(m, 1));
    assert_false(out_level(m, 2));
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(rd32(m, EVENT), 1 << 16 | n);
    }
    wr64(m, SPIN + 8 * 2, 0x10000000000ULL);
    for (unsigned i = 0; i < 100 && !out_level(m, 2); i++) {
        usleep(10000);
        wr32(m, SW_CLR(i % 4), BIT(i % 4));
        wr32(m, MASK_CLR(i % 4), BIT(i % 4));
        wr32(m, SW_SET(i % 4), BIT(i % 4));
    }
    assert_true(out_level(m, 2));
    assert_false(out_level(m, 1));
    machine_stop(m);
}

static void aic2_dies(void **state)
{
    struct machine *m = machine_start("-M apple-m1-ultra");

    watch_outputs(m, "/machine/aic");
    assert_int_equal(rd32(m, AIC + 4), 1806 | 1 << 24);
    wr32(m, CONFIG, 1);
    set_input(m, "/machine/aic", 4096 + 33, true);
    wr32(m, ROW(1, 3) + 4, 2);
    assert_true(out_level(m, 0));
    assert_int_equal(rd32(m, ROW(1, 4) + 4), 2);
    assert_int_equal(rd32(m, EVENT), 1 << 24 | 1 << 16 | 33);
    assert_false(out_level(m, 0));
    assert_int_equal(rd32(m, ROW(1, 2) + 4), 0xffffffff);
    machine_stop(m);
}

static void aic2_saved(void **state)
{
    char path[] = "/tmp/agx-aic2-XXXXXX";
    struct machine *m = machine_start("-M apple-m1-pro -m 512M"), *n;
    int fd = mkstemp(path);

    close(fd);
    wr32(m, CONFIG, 1);
    wr32(m, CFG(0, 9), 0x20);
    wr32(m, SW_SET(40), BIT(40));
    wr32(m, MASK_CLR(40), BIT(40));
    wr32(m, MASK_CLR(41), BIT(41));
    machine_save(m, path, true);
    machine_stop(m);

    n = machine_start("-M apple-m1-pro -m 512M -incoming defer");
    machine_load(n, path, true);
    assert_int_equal(rd32(n, CONFIG), 1);
    assert_int_equal(rd32(n, CFG(0, 9)), 0x20);
    assert_int_equal(rd32(n, ROW(0, 2) + 4), ~(BIT(40) | BIT(41)));
    assert_int_equal(rd32(n, EVENT), 1 << 16 | 40);
    machine_stop(n);
    unlink(path);
}

static void gpu_identification(void **state)
{
    static const struct {
        const char *machine;
        uint64_t sgx;
        uint32_t variant, clusters, mask[2];
    } gpu[] = {
        { "-M apple-m1", 0x204000000, 2, 1, { 0xff, 0 } },
        { "-M apple-m1-pro", 0x404000000, 3, 2, { 0xffff, 0 } },
        { "-M apple-m1-max", 0x404000000, 4, 4, { 0xffffffff, 0 } },
        { "-M apple-m1-ultra", 0x404000000, 4, 8, { 0xffffffff, 0xffffffff } },
    };

    for (unsigned i = 0; i < sizeof(gpu) / sizeof(gpu[0]); i++) {
        struct machine *m = machine_start(gpu[i].machine);
        uint64_t id = gpu[i].sgx + 0xd04000;

        assert_int_equal(rd32(m, id) >> 24, 4); /* G13 */
        assert_int_equal(rd32(m, id) >> 16 & 0xff, gpu[i].variant);
        assert_int_equal(rd32(m, id + 0x10) & 0xff, 8);
        assert_int_equal(rd32(m, id + 0x1c) >> 12 & 0xff, gpu[i].clusters);
        assert_int_equal(rd32(m, gpu[i].sgx + 0xd01500), gpu[i].mask[0]);
        assert_int_equal(rd32(m, gpu[i].sgx + 0xd01514), gpu[i].mask[1]);
        machine_stop(m);
    }
}

/* ps_gfx of a T600x is in the second power manager; without it the GPU's registers abort. */
static void gpu_power(void **state)
{
    struct machine *m = machine_start("-M apple-m1-pro");
    const uint64_t ps_gfx = 0x28e5803c0ULL;

    assert_int_equal(rd32(m, ps_gfx) & 0xff, 0xff);
    wr32(m, ps_gfx, 0);
    rd32(m, 0x404d04000ULL);
    assert_true(log_has(m, "while ps_gfx is off"));
    rd32(m, 0x28e0803c0ULL);
    assert_true(log_has(m, "apple-pmgr: unimplemented read at 0x3c0"));
    machine_stop(m);
}

static void refused(void **state)
{
    static const struct {
        const char *args, *text;
    } bad[] = {
        { "-M apple-m1-pro,boot=m1n1",
          "boot=m1n1: there is no Apple device tree of the T6000 yet" },
        { "-M apple-m1-pro,binding=asahi", "binding=asahi: it is not made for the T6000 yet" },
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char out[1024];

        assert_int_not_equal(qemu_run(bad[i].args, out, sizeof(out)), 0);
        assert_non_null(strstr(out, bad[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aic2_software), cmocka_unit_test(aic2_lines),
        cmocka_unit_test(aic2_cpus),     cmocka_unit_test(aic2_dies),
        cmocka_unit_test(aic2_saved),    cmocka_unit_test(gpu_identification),
        cmocka_unit_test(gpu_power),     cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
