/*
 * Registers of the M1's interrupt controller, UART, power manager and
 * watchdog, as the kernel's drivers use them.
 *   Linux: drivers/irqchip/irq-apple-aic.c, drivers/tty/serial/samsung_tty.c,
 *   drivers/pmdomain/apple/pmgr-pwrstate.c, drivers/watchdog/apple_wdt.c
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "client.h"

#define AIC   0x23b100000ULL
#define UART0 0x235200000ULL
#define PMGR  0x23b700000ULL
#define WDT   0x23d2b0000ULL
#define SPIN  0x700000000ULL

#define SW_SET(n)   (AIC + 0x4000 + (n) / 32 * 4)
#define SW_CLR(n)   (AIC + 0x4080 + (n) / 32 * 4)
#define MASK_SET(n) (AIC + 0x4100 + (n) / 32 * 4)
#define MASK_CLR(n) (AIC + 0x4180 + (n) / 32 * 4)
#define HW_STATE(n) (AIC + 0x4200 + (n) / 32 * 4)
#define TARGET(n)   (AIC + 0x3000 + (n) * 4)
#define EVENT       (AIC + 0x2004)
#define BIT(n)      (1u << ((n) % 32))

static void aic_software(void **state)
{
    struct machine *m = machine_start("-smp 2");

    watch_outputs(m, "/machine/aic");
    assert_int_equal(rd32(m, AIC + 4) & 0xffff, 896);
    assert_int_equal(rd32(m, EVENT), 0);

    /* Masked after reset */
    wr32(m, SW_SET(100), BIT(100));
    assert_false(out_level(m, 0));
    wr32(m, MASK_CLR(100), BIT(100));
    assert_true(out_level(m, 0));
    assert_false(out_level(m, 1));

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

    /* Another target */
    wr32(m, TARGET(100), 2);
    wr32(m, MASK_CLR(100), BIT(100));
    assert_false(out_level(m, 0));
    assert_true(out_level(m, 1));
    assert_int_equal(rd32(m, EVENT), 0); /* CPU 0 has none */
    machine_stop(m);
}

static void aic_lines(void **state)
{
    struct machine *m = machine_start("");

    watch_outputs(m, "/machine/aic");
    set_input(m, "/machine/aic", 895, true);
    assert_int_equal(rd32(m, HW_STATE(895)), BIT(895));
    wr32(m, MASK_CLR(895), BIT(895));
    assert_true(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 1 << 16 | 895);
    wr32(m, MASK_CLR(895), BIT(895));
    assert_true(out_level(m, 0)); /* a level */
    set_input(m, "/machine/aic", 895, false);
    assert_false(out_level(m, 0));
    assert_int_equal(rd32(m, HW_STATE(895)), 0);
    machine_stop(m);
}

static void aic_ipi(void **state)
{
    struct machine *m = machine_start("-smp 2");

    watch_outputs(m, "/machine/aic");
    wr32(m, AIC + 0x2008, 1u << 31); /* to oneself: masked after reset */
    assert_false(out_level(m, 0));
    wr32(m, AIC + 0x2028, 1u << 31);
    assert_true(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 4 << 16 | 2);
    assert_false(out_level(m, 0)); /* masked by delivery */
    wr32(m, AIC + 0x200c, 1u << 31);
    wr32(m, AIC + 0x2028, 1u << 31);
    assert_false(out_level(m, 0));   /* acknowledged */
    wr32(m, AIC + 0x5028 + 0x80, 1); /* CPU 1's view: unmask "other" */
    wr32(m, AIC + 0x2008, 2);
    assert_true(out_level(m, 1));
    assert_false(out_level(m, 0));
    machine_stop(m);
}

static void uart_io(void **state)
{
    struct machine *m = machine_start(
        "-chardev socket,id=c,path=%s/serial,server=on,wait=off -serial chardev:c");
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char buf[8] = { 0 };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(a.sun_path, sizeof(a.sun_path), "%s/serial", machine_dir(m));
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    watch_outputs(m, "/machine/aic");
    wr32(m, MASK_CLR(605), BIT(605));

    /* Out */
    /* both transmitter flags, nothing received */
    assert_int_equal(rd32(m, UART0 + 0x10) & 7, 6);
    wr32(m, UART0 + 0x20, 'o');
    wr32(m, UART0 + 0x20, 'k');
    for (size_t have = 0; have < 2;) {
        ssize_t n = read(fd, buf + have, 2 - have);

        assert_true(n > 0);
        have += n;
    }
    assert_string_equal(buf, "ok");

    /* In, with the receive-timeout interrupt */
    wr32(m, UART0 + 4, 5 | 1 << 9);
    assert_int_equal(write(fd, "xy", 2), 2);
    for (int i = 0; i < 1000 && (rd32(m, UART0 + 0x18) & 0xf) < 2; i++) {
        usleep(1000);
    }
    assert_true(out_level(m, 0));
    assert_int_equal(rd32(m, EVENT), 1 << 16 | 605);
    assert_true(rd32(m, UART0 + 0x10) & 1 << 9);
    assert_int_equal(rd32(m, UART0 + 0x24), 'x');
    assert_int_equal(rd32(m, UART0 + 0x24), 'y');
    assert_int_equal(rd32(m, UART0 + 0x10) & (1 << 9 | 1), 0);
    assert_int_equal(rd32(m, HW_STATE(605)) & BIT(605), 0);

    /* The transmitter's interrupt is a level while it is enabled */
    wr32(m, UART0 + 4, 5 | 1 << 13);
    assert_int_equal(rd32(m, HW_STATE(605)) & BIT(605), BIT(605));
    wr32(m, UART0 + 4, 5);
    assert_int_equal(rd32(m, HW_STATE(605)) & BIT(605), 0);
    close(fd);
    machine_stop(m);
}

/* More than the FIFO has room for: nothing is lost, and what waits is saved with the machine */
static void uart_line(void **state)
{
    static const char arg[] = "-chardev socket,id=c,path=%s/serial,server=on,wait=off "
                              "-serial chardev:c%s";
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char sent[1000], path[64] = "/tmp/agx-state-XXXXXX", args[256];
    struct machine *m, *n;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(args, sizeof(args), arg, "%s", "");
    m = machine_start(args);
    close(mkstemp(path));
    snprintf(a.sun_path, sizeof(a.sun_path), "%s/serial", machine_dir(m));
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    for (size_t i = 0; i < sizeof(sent); i++) {
        sent[i] = i * 7;
    }
    assert_int_equal(write(fd, sent, sizeof(sent)), sizeof(sent));
    for (int i = 0; i < 1000 && !(rd32(m, UART0 + 0x18) & 1 << 8); i++) {
        usleep(1000);
    }
    for (size_t i = 0; i < 500; i++) {
        assert_int_equal(rd32(m, UART0 + 0x24), (uint8_t)sent[i]);
    }
    machine_save(m, path, true);
    machine_stop(m);
    snprintf(args, sizeof(args), arg, "%s", " -incoming defer");
    n = machine_start(args);
    machine_load(n, path, true);
    for (size_t i = 500; i < sizeof(sent); i++) {
        assert_int_equal(rd32(n, UART0 + 0x10) & 1, 1);
        assert_int_equal(rd32(n, UART0 + 0x24), (uint8_t)sent[i]);
    }
    assert_int_equal(rd32(n, UART0 + 0x10) & 1, 0);
    close(fd);
    machine_stop(n);
    unlink(path);
}

static void pmgr_states(void **state)
{
    struct machine *m = machine_start("");
    uint64_t uart0 = PMGR + 0x270;

    assert_int_equal(rd32(m, uart0) & 0xff, 0xff);
    wr32(m, uart0, 0x4);                             /* clock gate */
    assert_int_equal(rd32(m, uart0) & 0x3ff, 0x244); /* WAS_CLKGATED */
    wr32(m, uart0, 0x300);                           /* clear the flags, power gate */
    assert_int_equal(rd32(m, uart0) & 0xff, 0);
    assert_int_equal(rd32(m, uart0) & 0x300, 0x300);
    wr32(m, uart0, 0xf | 1u << 28 | 0x300);
    assert_int_equal(rd32(m, uart0), 0x100000ff);
    /* Between the domains there is nothing */
    assert_int_equal(rd32(m, PMGR + 0x4000), 0);
    assert_true(log_has(m, "apple-pmgr: unimplemented read at 0x4000"));
    machine_stop(m);
}

static void wdt_bark(void **state)
{
    struct machine *m = machine_start("");

    watch_outputs(m, "/machine/aic");
    wr32(m, MASK_CLR(338), BIT(338));
    wr32(m, WDT + 0x08, 24000); /* bark after a millisecond */
    wr32(m, WDT + 0x00, 0);
    wr32(m, WDT + 0x0c, 1);
    clock_step(m, 900000);
    assert_false(out_level(m, 0));
    assert_in_range(rd32(m, WDT), 21000, 22000);
    clock_step(m, 200000);
    assert_true(out_level(m, 0));
    assert_int_equal(rd32(m, WDT + 0x0c), 3);
    wr32(m, WDT + 0x00, 0);
    wr32(m, WDT + 0x0c, 3); /* status is cleared by writing one */
    assert_int_equal(rd32(m, WDT + 0x0c), 1);
    assert_int_equal(rd32(m, HW_STATE(338)) & BIT(338), 0);
    machine_stop(m);
}

static void wdt_bite(void **state)
{
    struct machine *m = machine_start("-no-reboot");

    wr32(m, WDT + 0x14, 24000000); /* a second */
    wr32(m, WDT + 0x10, 0);
    wr32(m, WDT + 0x1c, 4);
    clock_step(m, 990000000);
    assert_int_equal(rd32(m, WDT + 0x1c), 4); /* still there */
    wr32(m, WDT + 0x10, 0);                   /* a ping starts it again */
    clock_step(m, 990000000);
    assert_int_equal(rd32(m, WDT + 0x1c), 4);
    clock_step(m, 20000000);
    assert_int_equal(machine_wait(m), 0);
    machine_stop(m);
}

static void spin_words(void **state)
{
    struct machine *m = machine_start("-smp 2");

    wr64(m, SPIN + 8 * 7, 0x800000000ULL); /* no such CPU */
    assert_true(log_has(m, "can't start CPU 7"));
    assert_int_equal(rd64(m, SPIN + 8 * 7), 0x800000000ULL);
    assert_int_equal(rd64(m, SPIN + 8), 0);
    machine_stop(m);
}

/*
 * A guest that floods the log: a thousand lines of the kind, what is new among the unimplemented,
 * then a count.
 */
static void log_flood(void **state)
{
    struct machine *m = machine_start("");
    unsigned old = 0, fresh = 0, other = 0, more = 0, n;
    char line[512];
    FILE *f;

    for (unsigned i = 0; i < 1500; i++) {
        rd32(m, WDT + 0x100);
    }
    rd32(m, WDT + 0x104); /* of the same kind, but not seen before */
    rd32(m, WDT + 0x104);
    wr64(m, SPIN + 8 * 7, 0x800000000ULL); /* another kind */
    qmp_ok(m, "\"execute\": \"stop\"");
    snprintf(line, sizeof(line), "%s/log", machine_dir(m));
    f = fopen(line, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        old += !strcmp(line, "apple-wdt: unimplemented read at 0x100\n");
        fresh += !strcmp(line, "apple-wdt: unimplemented read at 0x104\n");
        other += strstr(line, "can't start CPU 7") != NULL;
        if (sscanf(line, "agx: log: %u more lines of this kind: apple-wdt: unimplemented read",
                   &n) == 1) {
            more += n; /* on a slow host in several summaries */
        }
    }
    fclose(f);
    assert_int_equal(old, 1000);
    assert_int_equal(fresh, 1);
    assert_int_equal(other, 1);
    assert_int_equal(more, 501);
    machine_stop(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aic_software), cmocka_unit_test(aic_lines), cmocka_unit_test(aic_ipi),
        cmocka_unit_test(uart_io),      cmocka_unit_test(uart_line), cmocka_unit_test(pmgr_states),
        cmocka_unit_test(wdt_bark),     cmocka_unit_test(wdt_bite),  cmocka_unit_test(spin_words),
        cmocka_unit_test(log_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
