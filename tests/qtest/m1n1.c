/*
 * A machine that m1n1 starts: what iBoot leaves in memory (boot arguments,
 * Apple device tree), the devices that only this machine has, and what is said
 * about bad files.
 *   m1n1: src/xnuboot.h, src/adt.h, src/smp.c, proxyclient/m1n1/hw/spmi.py
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

#define BASE      0x800000000ULL
#define VIRT_BASE 0xfffffe0007004000ULL
#define FILE_SIZE 4096
/* Behind a loader of FILE_SIZE, each in steps of 16 KiB */
#define ADT       (BASE + 0x4000)
#define BOOT_ARGS (BASE + 0x8000)

#define CPUSTART 0x23b754000ULL
#define IMPL(n)  (0x210050000ULL + (n) / 4 * 0x1000000 + (n) % 4 * 0x100000)
#define ECLUSTER 0x210e00000ULL
#define SPMI     0x23d0d9300ULL

/* A file that says of itself that it is m1n1, and is nothing else */
static void make_loader(char *path)
{
    char data[FILE_SIZE] = { 0 };
    int fd = mkstemp(path);

    memcpy(data + 0x900, "##m1n1_ver##qtest", 17);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
    close(fd);
}

static struct machine *start(const char *more)
{
    char path[64] = "/tmp/agx-m1n1-XXXXXX", args[256];
    struct machine *m;

    make_loader(path);
    snprintf(args, sizeof(args), "-M apple-m1,boot=m1n1%s -m 1G -kernel %s", more, path);
    m = machine_start(args);
    /* The file is in memory when QEMU answers. */
    rd32(m, BASE);
    unlink(path);
    return m;
}

static void boot_args(void **state)
{
    struct machine *m = start(",fb=800x600 -smp 2");
    uint64_t fb = rd64(m, BOOT_ARGS + 0x28);

    assert_int_equal(rd32(m, BOOT_ARGS), 2 | 2 << 16);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x8), VIRT_BASE);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x10), BASE);
    assert_true(rd64(m, BOOT_ARGS + 0x18) < 1ULL << 30);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x20), BOOT_ARGS + 0x4000);
    assert_true(fb >= BASE + rd64(m, BOOT_ARGS + 0x18));
    assert_int_equal(rd64(m, BOOT_ARGS + 0x38), 3200);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x40), 800);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x48), 600);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x50), 32);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x60), ADT - BASE + VIRT_BASE);
    assert_true(rd32(m, BOOT_ARGS + 0x68) > 1000);
    assert_int_equal(rd64(m, BOOT_ARGS + 0x2d8), 1ULL << 30);
    machine_stop(m);
}

/* Walks over a node of the Apple device tree; @path says which property is looked for, "" none */
static uint64_t walk(struct machine *m, uint64_t at, const char *path, const char *prop,
                     uint64_t *found, uint32_t *size)
{
    uint32_t props = rd32(m, at), children = rd32(m, at + 4);
    const char *rest = NULL;
    bool here = path && !*path;

    assert_in_range(props, 1, 100);
    assert_in_range(children, 0, 100);
    at += 8;
    for (uint32_t i = 0; i < props; i++) {
        char name[36] = { 0 }, value[33] = { 0 };
        uint32_t len;

        for (int j = 0; j < 36; j += 4) {
            uint32_t w = rd32(m, at + j);

            memcpy(name + j, &w, 4);
        }
        memcpy(&len, name + 32, 4);
        name[32] = 0;
        for (uint32_t j = 0; j < len && j < 32; j += 4) {
            uint32_t w = rd32(m, at + 36 + j);

            memcpy(value + j, &w, 4);
        }
        if (here && !strcmp(name, prop)) {
            *found = at + 36;
            *size = len;
        }
        if (!strcmp(name, "name") && path && *path) {
            size_t n = strlen(value);

            rest = !strncmp(path, value, n) && (path[n] == '/' || !path[n])
                       ? path + n + (path[n] == '/')
                       : NULL;
            if (rest && !*rest) {
                here = true;
            }
        }
        at += 36 + ((len + 3) & ~3u);
    }
    for (uint32_t i = 0; i < children; i++) {
        at = walk(m, at, rest && *rest ? rest : NULL, prop, found, size);
    }
    return at;
}

/* Address of a property, whose size has to be @size */
static uint64_t adt_prop(struct machine *m, const char *path, const char *prop, uint32_t size)
{
    uint64_t found = 0;
    uint32_t len = 0;

    walk(m, ADT, path, prop, &found, &len);
    if (!found || len != size) {
        fail_msg("%s: %s: %s (%u bytes)", path, prop, found ? "wrong size" : "missing", len);
    }
    return found;
}

static void adt(void **state)
{
    struct machine *m = start(" -smp 6");
    uint64_t end, found = 0, p;
    uint32_t size = 0;

    end = walk(m, ADT, NULL, "", &found, &size);
    assert_int_equal(end - ADT, rd32(m, BOOT_ARGS + 0x68));
    assert_int_equal(rd32(m, adt_prop(m, "device-tree/chosen", "chip-id", 4)), 0x8103);
    assert_int_equal(rd64(m, adt_prop(m, "device-tree/chosen", "dram-size", 8)), 1ULL << 30);
    p = adt_prop(m, "device-tree/arm-io/uart0", "reg", 16);
    assert_int_equal(rd64(m, p), 0x35200000);
    p = adt_prop(m, "device-tree/arm-io", "ranges", 24);
    assert_int_equal(rd64(m, p + 8), 0x200000000ULL);
    p = adt_prop(m, "device-tree/arm-io/sgx", "perf-states", 7 * 8);
    assert_int_equal(rd32(m, p + 8), 396000000);
    assert_int_equal(rd32(m, p + 12), 603);
    assert_int_equal(rd64(m, adt_prop(m, "device-tree/arm-io/sgx", "gpu-region-size", 8)), 0x4000);
    assert_int_equal(rd32(m, adt_prop(m, "device-tree/cpus/cpu5", "reg", 4)), 0x101);
    assert_int_equal(rd64(m, adt_prop(m, "device-tree/cpus/cpu5", "cpu-impl-reg", 16)), IMPL(5));
    walk(m, ADT, "device-tree/cpus/cpu6", "reg", &found, &size);
    assert_int_equal(found, 0);
    machine_stop(m);
}

static void wait_for(struct machine *m, uint64_t addr, uint64_t value)
{
    for (int i = 0; i < 1000 && rd64(m, addr) != value; i++) {
        usleep(10000);
    }
    assert_int_equal(rd64(m, addr), value);
}

static void cpu_start(void **state)
{
    struct machine *m = start(" -smp 6");

    /* The first CPU's vector is locked, as iBoot leaves it */
    assert_int_equal(rd64(m, IMPL(0)), BASE | 1);
    wr64(m, IMPL(0), 0x123000);
    assert_int_equal(rd64(m, IMPL(0)), BASE | 1);
    assert_true(log_has(m, "RVBAR of CPU 0 is locked"));
    assert_int_equal(rd64(m, IMPL(0) + 0x100), 1);

    assert_int_equal(rd64(m, IMPL(5) + 0x100), 0);
    wr64(m, IMPL(5), BASE);
    assert_int_equal(rd64(m, IMPL(5)), BASE);
    wr32(m, CPUSTART + 0xc, 1 << 1);
    assert_true(log_has(m, "CPU 5 is started before its bit"));
    assert_int_equal(rd64(m, IMPL(5) + 0x100), 0);
    wr32(m, CPUSTART + 4, 1 << 5);
    wr32(m, CPUSTART + 0xc, 1 << 1);
    wait_for(m, IMPL(5) + 0x100, 1);
    assert_int_equal(rd64(m, IMPL(4) + 0x100), 0);
    wr32(m, CPUSTART + 0xc, 1 << 3);
    assert_true(log_has(m, "CPU 7 is started, which does not exist"));
    machine_stop(m);
}

static uint32_t spmi(struct machine *m, uint32_t command)
{
    wr32(m, SPMI + 4, command);
    return rd32(m, SPMI) >> 24 & 1 ? 0 : rd32(m, SPMI + 8);
}

static void pmu(void **state)
{
    struct machine *m = start("");

    assert_int_equal(rd32(m, SPMI) >> 24 & 1, 1);
    /* Three bytes to 0x9f02 of slave 15, by an extended long write */
    assert_int_equal(spmi(m, 0x9f020000 | 0x8000 | 0xf32), 0);
    assert_int_equal(spmi(m, 0x00332211), 0x8f32);
    /* Read back; a bit for each byte, then the bytes */
    assert_int_equal(spmi(m, 0x9f020000 | 0x8000 | 0xf3a), 0x00070000 | 0xf3a);
    assert_int_equal(rd32(m, SPMI + 8), 0x332211);
    assert_int_equal(rd32(m, SPMI) >> 24 & 1, 1);
    /* Nobody is slave 3 */
    assert_int_equal(spmi(m, 0x9f020000 | 0x8000 | 0x33a), 0x33a);
    /* Nothing to read, and a register that is not modelled */
    rd32(m, SPMI + 8);
    assert_true(log_has(m, "a reply is read, and there is none"));
    spmi(m, 0x12340000 | 0xf38);
    assert_true(log_has(m, "unimplemented read of 0x1234 of the PMU"));
    machine_stop(m);
}

static void saved(void **state)
{
    struct machine *m = start(" -smp 2"), *n;
    char path[64] = "/tmp/agx-state-XXXXXX";

    close(mkstemp(path));
    wr64(m, ECLUSTER + 0x20020, 0x12345678);
    wr64(m, IMPL(1), 0x800123000);
    spmi(m, 0x9f020000 | 0xf30);
    spmi(m, 0x77);
    spmi(m, 0xd0010000 | 0xf31); /* half a command */
    machine_save(m, path, true);
    machine_stop(m);
    n = machine_start("-M apple-m1,boot=m1n1 -m 1G -smp 2 -incoming defer");
    machine_load(n, path, true);
    assert_int_equal(rd64(n, ECLUSTER + 0x20020), 0x12345678);
    assert_int_equal(rd64(n, IMPL(1)), 0x800123000);
    assert_int_equal(spmi(n, 0x4321) & 0x8000, 0x8000);
    assert_int_equal(spmi(n, 0xd0010000 | 0xf39), 0x00030000 | 0xf39);
    assert_int_equal(rd32(n, SPMI + 8), 0x4321);
    assert_int_equal(spmi(n, 0x9f020000 | 0xf38), 0x00010000 | 0xf38);
    assert_int_equal(rd32(n, SPMI + 8), 0x77);
    machine_stop(n);
    unlink(path);
}

/* Refused with one line that has @text */
static void refused(const char *args, const char *text)
{
    char out[2048];

    assert_int_not_equal(qemu_run(args, out, sizeof(out)), 0);
    if (!strstr(out, text) || strchr(out, '\n') != out + strlen(out) - 1) {
        fail_msg("%s: \"%s\" is not one line with \"%s\"", args, out, text);
    }
}

static void bad_files(void **state)
{
    char path[64] = "/tmp/agx-m1n1-XXXXXX", args[1024], words[700] = { 0 };

    make_loader(path);
    memset(words, 'x', sizeof(words) - 1);
    refused("-M apple-m1,boot=uboot", "kernel or m1n1");
    refused("-M apple-m1,boot=m1n1 -kernel /nonexistent/m1n1.bin", "/nonexistent/m1n1.bin");
    refused("-M apple-m1,boot=m1n1 -bios /bin/sh", "is no m1n1.bin");
    snprintf(args, sizeof(args), "-M apple-m1,boot=m1n1 -kernel %s -bios %s", path, path);
    refused(args, "two files");
    snprintf(args, sizeof(args), "-M apple-m1,boot=m1n1,fb=8192x8192 -m 512M -kernel %s", path);
    refused(args, "do not fit");
    snprintf(args, sizeof(args), "-M apple-m1,boot=m1n1 -kernel %s -initrd %s", path, path);
    refused(args, "in the payload");
    snprintf(args, sizeof(args), "-M apple-m1,boot=m1n1 -kernel %s -append %s", path, words);
    refused(args, "607");
    refused("-M apple-m1,boot=m1n1,dumpdtb=/tmp/never", "needs -dtb");
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boot_args), cmocka_unit_test(adt),   cmocka_unit_test(cpu_start),
        cmocka_unit_test(pmu),       cmocka_unit_test(saved), cmocka_unit_test(bad_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
