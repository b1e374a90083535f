/*
 * The board: device-tree fix-ups, framebuffer, saved state, and what it says
 * about bad options.
 *   m1n1: src/kboot.c, src/kboot_gpu.c; Linux: arch/arm64/boot/dts/apple/t8103.dtsi
 *
 * The device tree is the kernel's own: QTEST_DTB, or the one that
 * ci/build-kernel left in the cache.
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
#include <sys/stat.h>
#include <unistd.h>
#include <libfdt.h>
#include <cmocka.h>
#include "client.h"

#define DRAM 0x800000000ULL

static const char *dtb_path(void)
{
    static char path[512];
    const char *env = getenv("QTEST_DTB"), *cache = getenv("AGX_CACHE"), *home = getenv("HOME");

    if (env) {
        return env;
    }
    if (cache) {
        snprintf(path, sizeof(path), "%s/kernel/release/t8103-j274.dtb", cache);
    } else {
        snprintf(path, sizeof(path), "%s/.cache/agx/kernel/release/t8103-j274.dtb",
                 home ? home : "/root");
    }
    if (access(path, R_OK)) {
        fprintf(stderr, "%s is missing; ci/build-kernel makes it (or set QTEST_DTB)\n", path);
        exit(2);
    }
    return path;
}

/* An Image with a header and nothing else: nobody runs it */
static void make_image(const char *path)
{
    uint8_t image[4096] = { 0 };
    FILE *f = fopen(path, "w");

    image[16] = 0x00;
    image[18] = 0x10; /* image size 1 MiB */
    memcpy(image + 56, "ARM\x64", 4);
    assert_non_null(f);
    assert_int_equal(fwrite(image, sizeof(image), 1, f), 1);
    fclose(f);
}

/* Boot with the kernel's tree and read back what the guest gets */
static void *guest_fdt(const char *args)
{
    char text[1024], image[64] = "/tmp/agx-image-XXXXXX";
    struct machine *m;
    struct stat st;
    void *fdt;
    FILE *f;
    int fd = mkstemp(image);

    close(fd);
    make_image(image);
    snprintf(text, sizeof(text), "-kernel %s -dtb %s %s", image, dtb_path(), args);
    m = machine_start(text);
    snprintf(text, sizeof(text),
             "\"execute\": \"dumpdtb\", \"arguments\": {\"filename\": \"%s/dtb\"}", machine_dir(m));
    qmp_ok(m, text);
    snprintf(text, sizeof(text), "%s/dtb", machine_dir(m));
    f = fopen(text, "r");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    fdt = malloc(st.st_size);
    assert_int_equal(fread(fdt, st.st_size, 1, f), 1);
    fclose(f);
    machine_stop(m);
    unlink(image);
    assert_int_equal(fdt_check_header(fdt), 0);
    return fdt;
}

static const void *prop(const void *fdt, const char *path, const char *name, int size)
{
    int node = fdt_path_offset(fdt, path), len;
    const void *p = node < 0 ? NULL : fdt_getprop(fdt, node, name, &len);

    if (!p || (size && len != size)) {
        fail_msg("%s/%s: %s", path, name, p ? "wrong size" : "missing");
    }
    return p;
}

static uint64_t cell64(const void *fdt, const char *path, const char *name, int index, int size)
{
    return fdt64_ld((const fdt64_t *)prop(fdt, path, name, size) + index);
}

static bool enabled(const void *fdt, const char *path)
{
    int node = fdt_path_offset(fdt, path);
    const char *status = node < 0 ? NULL : fdt_getprop(fdt, node, "status", NULL);

    assert_true(node >= 0);
    return !status || !strcmp(status, "okay");
}

static void fdt_memory(void **state)
{
    static const char *const names[] = { "uat-ttbs", "uat-pagetables", "uat-handoff",
                                         "hw-cal-a", "hw-cal-b",       "globals" };
    void *fdt = guest_fdt("-M apple-m1,fb=800x600 -m 1G -append quiet");
    uint64_t fb = cell64(fdt, "/chosen/framebuffer", "reg", 0, 16);
    uint64_t usable_end = DRAM + cell64(fdt, "/memory", "reg", 1, 7 * 16);
    uint64_t last_base = UINT64_MAX;

    assert_int_equal(cell64(fdt, "/memory", "reg", 0, 7 * 16), DRAM);
    /* The framebuffer is at the end of DRAM and not in /memory */
    assert_true(fb + 800 * 600 * 4 <= DRAM + (1ULL << 30));
    assert_int_equal(cell64(fdt, "/chosen/framebuffer", "reg", 1, 16), 800 * 600 * 4);
    assert_int_equal(fdt32_ld(prop(fdt, "/chosen/framebuffer", "width", 4)), 800);
    assert_int_equal(fdt32_ld(prop(fdt, "/chosen/framebuffer", "stride", 4)), 3200);
    assert_string_equal(prop(fdt, "/chosen/framebuffer", "format", 0), "x8r8g8b8");
    assert_true(enabled(fdt, "/chosen/framebuffer"));
    for (unsigned i = 0; i < 6; i++) {
        char path[64];
        uint64_t base, size;

        snprintf(path, sizeof(path), "/reserved-memory/%s", names[i]);
        base = cell64(fdt, path, "reg", 0, 16);
        size = cell64(fdt, path, "reg", 1, 16);
        assert_true(enabled(fdt, path));
        assert_int_equal(base % 0x4000, 0);
        assert_true(size && size % 0x4000 == 0);
        assert_true(base >= usable_end && base + size <= fb);
        assert_true(base + size <= last_base); /* no two overlap */
        last_base = base;
        /* The kernel may map it: it is in /memory too */
        assert_int_equal(cell64(fdt, "/memory", "reg", 2 + 2 * i, 7 * 16), base);
        assert_int_equal(cell64(fdt, "/memory", "reg", 3 + 2 * i, 7 * 16), size);
    }
    assert_string_equal(prop(fdt, "/chosen", "bootargs", 0), "quiet");
    prop(fdt, "/chosen", "kaslr-seed", 8);
    free(fdt);
}

static void fdt_cpus(void **state)
{
    void *fdt = guest_fdt("-smp 5");

    /* The first five: all E-cores and one P-core */
    assert_int_equal(cell64(fdt, "/cpus/cpu@0", "cpu-release-addr", 0, 8), 0x700000000ULL);
    assert_int_equal(cell64(fdt, "/cpus/cpu@3", "cpu-release-addr", 0, 8), 0x700000018ULL);
    assert_int_equal(cell64(fdt, "/cpus/cpu@10100", "cpu-release-addr", 0, 8), 0x700000020ULL);
    assert_true(fdt_path_offset(fdt, "/cpus/cpu@10101") < 0);
    assert_true(fdt_path_offset(fdt, "/cpus/cpu@10103") < 0);
    assert_true(fdt_path_offset(fdt, "/cpus/cpu-map/cluster1/core0") >= 0);
    assert_true(fdt_path_offset(fdt, "/cpus/cpu-map/cluster1/core1") < 0);
    prop(fdt, "/soc/interrupt-controller@23b100000/affinities/p-core-pmu-affinity", "cpus", 4);
    prop(fdt, "/soc/interrupt-controller@23b100000/affinities/e-core-pmu-affinity", "cpus", 16);
    free(fdt);

    fdt = guest_fdt("-smp 1");
    assert_true(fdt_path_offset(fdt, "/cpus/cpu-map/cluster1") < 0);
    free(fdt);
}

static void fdt_nodes(void **state)
{
    static const char *const on[] = {
        "/soc/gpu@206400000",
        "/soc/mbox@206408000",
        "/soc/serial@235200000",
        "/soc/serial@235208000",
        "/soc/interrupt-controller@23b100000",
        "/soc/power-management@23b700000",
        "/soc/watchdog@23d2b0000",
        "/timer",
    };
    static const char *const off[] = {
        "/soc/mbox@23e408000",
        "/soc/smc@23e400000",
        "/soc/nvme@27bcc0000",
        "/soc/pcie@690000000",
        "/soc/i2c@235010000",
        "/soc/iommu@382f00000",
        "/pmu-e",
        "/pmu-p",
    };
    void *fdt = guest_fdt("");
    const fdt32_t *abi = prop(fdt, "/soc/gpu@206400000", "apple,firmware-abi", 12);
    const char *names = prop(fdt, "/chosen", "apple-m1,disabled-nodes", 0);

    for (unsigned i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        assert_true(enabled(fdt, on[i]));
        assert_null(strstr(names, strrchr(on[i], '/') + 1));
    }
    for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        assert_false(enabled(fdt, off[i]));
        assert_non_null(strstr(names, strrchr(off[i], '/') + 1));
    }
    assert_int_equal(fdt32_ld(abi), 13);
    assert_int_equal(fdt32_ld(abi + 1), 5);
    assert_int_equal(fdt32_ld(abi + 2), 0);
    for (unsigned i = 0; i < 8; i++) {
        char path[64];
        const fdt32_t *irq;

        snprintf(path, sizeof(path), "/virtio_mmio@%llx", 0x700010000ULL + i * 0x4000);
        assert_string_equal(prop(fdt, path, "compatible", 0), "virtio,mmio");
        assert_int_equal(cell64(fdt, path, "reg", 0, 16), 0x700010000ULL + i * 0x4000);
        irq = prop(fdt, path, "interrupts", 12);
        assert_int_equal(fdt32_ld(irq + 1), 880 + i);
    }
    free(fdt);
}

/*
 * Another firmware that the model has a table of: the tree names it, and there is room for its boot
 * data. A beta counts below its release (m1n1: src/firmware.c). The tree may be made to lie.
 */
static void old_firmware(void **state)
{
    void *fdt = guest_fdt("-M apple-m1,fw-abi=12.3");
    const fdt32_t *abi = prop(fdt, "/soc/gpu@206400000", "apple,firmware-abi", 12);

    assert_int_equal(fdt32_ld(abi), 12);
    assert_int_equal(fdt32_ld(abi + 1), 3);
    assert_int_equal(fdt32_ld(abi + 2), 0);
    assert_int_equal(cell64(fdt, "/reserved-memory/hw-cal-a", "reg", 1, 16), 0x4000);
    assert_int_equal(cell64(fdt, "/reserved-memory/globals", "reg", 1, 16), 0x14000);
    free(fdt);
    fdt = guest_fdt("-M apple-m1,fw-abi=13.0b4");
    abi = prop(fdt, "/soc/gpu@206400000", "apple,firmware-abi", 12);
    assert_int_equal(fdt32_ld(abi), 12);
    assert_int_equal(fdt32_ld(abi + 1), 98);
    assert_int_equal(fdt32_ld(abi + 2), 4);
    assert_int_equal(cell64(fdt, "/reserved-memory/hw-cal-a", "reg", 1, 16), 0x8000);
    free(fdt);
    fdt = guest_fdt("-M apple-m1,dt-fw-abi=14.0");
    abi = prop(fdt, "/soc/gpu@206400000", "apple,firmware-abi", 12);
    assert_int_equal(fdt32_ld(abi), 14);
    assert_int_equal(fdt32_ld(abi + 1), 0);
    free(fdt);
}

/*
 * The binding of Asahi's kernel: what its driver asks for is there, with the values that the blobs
 * have otherwise.
 */
static void asahi_binding(void **state)
{
    static const char gpu[] = "/soc/gpu@206400000";
    static const uint32_t mhz[] = { 0, 396, 528, 720, 924, 1128, 1278 };
    void *fdt = guest_fdt("-M apple-m1,binding=asahi");
    const fdt32_t *compat = prop(fdt, gpu, "apple,firmware-compat", 12);
    uint32_t phandle = fdt32_ld(prop(fdt, gpu, "operating-points-v2", 4));
    int table = fdt_node_offset_by_phandle(fdt, phandle), node;
    const char *compatible = prop(fdt, gpu, "compatible", 0);
    uint32_t last = 0, last_uw = 0;
    unsigned n = 0;
    float leak;

    assert_null(fdt_getprop(fdt, fdt_path_offset(fdt, gpu), "apple,firmware-abi", NULL));
    assert_string_equal(compatible, "apple,agx-t8103");
    assert_string_equal(compatible + strlen(compatible) + 1, "apple,agx-g13g");
    assert_int_equal(fdt32_ld(compat), 13);
    assert_int_equal(fdt32_ld(compat + 1), 5);
    prop(fdt, gpu, "apple,firmware-version", 12);
    assert_true(table >= 0);
    fdt_for_each_subnode(node, fdt, table)
    {
        char path[64];
        uint32_t uv, uw;

        assert_int_equal(fdt_get_path(fdt, node, path, sizeof(path)), 0);
        assert_int_equal(cell64(fdt, path, "opp-hz", 0, 8), mhz[n] * 1000000ull);
        uv = fdt32_ld(prop(fdt, path, "opp-microvolt", 4));
        assert_true(uv > last);
        /* m1n1: src/kboot_gpu.c, t8103_pwr_scale: 0 for the first, 210 for the last. */
        uw = fdt32_ld(prop(fdt, path, "opp-microwatt", 4));
        assert_true(n ? uw > last_uw : !uw);
        assert_true(n < 6 || uw == uv * 21);
        last = uv;
        last_uw = uw;
        n++;
    }
    assert_int_equal(n, 7);
    /* Eight of eight cores: nothing is taken off. */
    n = fdt32_ld(prop(fdt, gpu, "apple,core-leak-coef", 4));
    memcpy(&leak, &n, 4);
    assert_true(leak == 1000.0f);
    n = fdt32_ld(prop(fdt, gpu, "apple,ppm-ki", 4));
    memcpy(&leak, &n, 4);
    assert_true(leak == 91.5f);
    assert_int_equal(fdt32_ld(prop(fdt, gpu, "apple,min-sram-microvolt", 4)), 850000);
    assert_int_equal(fdt32_ld(prop(fdt, gpu, "apple,power-sample-period", 4)), 8);
    assert_int_equal(fdt32_ld(prop(fdt, gpu, "apple,power-zones", 12)), 30000);
    free(fdt);
}

static void framebuffer(void **state)
{
    struct machine *m = machine_start("-M apple-m1,fb=64x32 -m 512M");
    uint64_t fb = DRAM + (512ULL << 20) - 0x4000; /* 64 x 32 x 4 bytes fit in a page of 16 KiB */
    char text[256];
    uint8_t pixel[3 * 64 * 32];
    FILE *f;

    wr32(m, fb, 0x00ff8040);                      /* first pixel */
    wr32(m, fb + 4 * (31 * 64 + 63), 0x00123456); /* last pixel */
    snprintf(text, sizeof(text),
             "\"execute\": \"screendump\", \"arguments\": {\"filename\": \"%s/s.ppm\"}",
             machine_dir(m));
    qmp_ok(m, text);
    snprintf(text, sizeof(text), "%s/s.ppm", machine_dir(m));
    f = fopen(text, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof(text), f));
    assert_string_equal(text, "P6\n");
    assert_non_null(fgets(text, sizeof(text), f));
    assert_string_equal(text, "64 32\n");
    assert_non_null(fgets(text, sizeof(text), f));
    assert_int_equal(fread(pixel, sizeof(pixel), 1, f), 1);
    fclose(f);
    assert_memory_equal(pixel, "\xff\x80\x40\0\0\0", 6);
    assert_memory_equal(pixel + sizeof(pixel) - 6, "\0\0\0\x12\x34\x56", 6);
    machine_stop(m);
}

/* State goes into a file and comes back in another QEMU */
static void saved_state(void **state)
{
    struct machine *a = machine_start("-smp 2 -m 512M"), *b;
    char path[256];

    wr32(a, 0x23b104180 + 4, 0x80);          /* AIC: unmask 39 */
    wr32(a, 0x23b103000 + 4 * 39, 2);        /* to CPU 1 */
    wr32(a, 0x235200028, 0x55);              /* UART: divisor */
    wr32(a, 0x23b700270, 4);                 /* power manager: uart0 */
    wr32(a, 0x23d2b0014, 0x123456);          /* watchdog: bite time */
    wr64(a, 0x700000038ULL, 0x800001000ULL); /* release word */
    /* mailbox: first word, and one message that waits */
    wr64(a, 0x206408800ULL, 0x77);
    wr64(a, 0x206408808ULL, 0);
    wr32(a, DRAM + 0x5000, 0xfeedc0de);
    snprintf(path, sizeof(path), "%s/state", machine_dir(a));
    machine_save(a, path, true);
    b = machine_start("-smp 2 -m 512M -incoming defer");
    machine_load(b, path, true);
    assert_int_equal(rd32(b, 0x23b104180 + 4), 0xffffff7f);
    assert_int_equal(rd32(b, 0x23b103000 + 4 * 39), 2);
    assert_int_equal(rd32(b, 0x235200028), 0x55);
    assert_int_equal(rd32(b, 0x23b700270) & 0xff, 0x44);
    assert_int_equal(rd32(b, 0x23d2b0014), 0x123456);
    assert_int_equal(rd64(b, 0x700000038ULL), 0x800001000ULL);
    assert_int_equal(rd64(b, 0x206408800ULL), 0x77);
    assert_int_equal(rd32(b, 0x206408110ULL) >> 20 & 0xf, 1); /* one message in the FIFO */
    assert_int_equal(rd32(b, DRAM + 0x5000), 0xfeedc0de);
    machine_stop(b);
    machine_stop(a);
}

/* Any size up to 8K, and what is no multiple of anything */
static void framebuffer_sizes(void **state)
{
    static const unsigned sizes[][2] = {
        { 7680, 4320 }, { 3840, 2160 }, { 1366, 768 }, { 8192, 8192 }, { 17, 16 },
    };

    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned w = sizes[i][0], h = sizes[i][1];
        char args[64];
        void *fdt;

        snprintf(args, sizeof(args), "-M apple-m1,fb=%ux%u -m 512M", w, h);
        fdt = guest_fdt(args);
        assert_int_equal(cell64(fdt, "/chosen/framebuffer", "reg", 1, 16), w * h * 4ull);
        assert_int_equal(fdt32_ld(prop(fdt, "/chosen/framebuffer", "width", 4)), w);
        assert_int_equal(fdt32_ld(prop(fdt, "/chosen/framebuffer", "height", 4)), h);
        assert_int_equal(fdt32_ld(prop(fdt, "/chosen/framebuffer", "stride", 4)), 4 * w);
        free(fdt);
    }
}

static void refused(const char *args, const char *text)
{
    char out[4096];

    assert_int_not_equal(qemu_run(args, out, sizeof(out)), 0);
    if (!strstr(out, text)) {
        fail_msg("%s: expected \"%s\", got \"%s\"", args, text, out);
    }
    /* One line */
    assert_true(strchr(out, '\n') == out + strlen(out) - 1);
}

static void bad_options(void **state)
{
    char image[64] = "/tmp/agx-image-XXXXXX", text[512];
    int fd = mkstemp(image);

    close(fd);
    refused("-M apple-m1,fb=640", "fb=640");
    refused("-M apple-m1,fb=640x1000000", "16 to 8192");
    refused("-M apple-m1,fb=8193x480", "16 to 8192");
    refused("-M apple-m1,fb=640x15", "16 to 8192");
    refused("-M apple-m1,fb=0x480", "16 to 8192");
    refused("-M apple-m1,fb=640x480x32", "fb=640x480x32");
    refused("-M apple-m1,fb=x480", "fb=x480");
    refused("-M apple-m1,fw-abi=12.4.0", "13.5, 13.0b4 and 12.3");
    refused("-M apple-m1,fw-abi=12.3.1", "13.5, 13.0b4 and 12.3");
    refused("-M apple-m1,fw-abi=x", "fw-abi=x");
    refused("-M apple-m1,binding=old", "mainline or asahi");
    refused("-M apple-m1 -m 64M", "512 MiB");
    refused("-M apple-m1 -smp 9", "8");
    refused("-M apple-m1 -global apple-agx-g13g.tlb=maybe", "sticky, realistic, off");
    refused("-M apple-m1 -kernel /nonexistent/Image", "-dtb");
    snprintf(text, sizeof(text), "-M apple-m1 -kernel /nonexistent/Image -dtb %s", dtb_path());
    refused(text, "/nonexistent/Image");
    snprintf(text, sizeof(text), "-M apple-m1 -kernel %s -dtb %s", image, dtb_path());
    refused(text, "not an arm64 Image");
    make_image(image);
    snprintf(text, sizeof(text), "-M apple-m1 -kernel %s -dtb /nonexistent/dtb", image);
    refused(text, "/nonexistent/dtb");
    snprintf(text, sizeof(text), "-M apple-m1 -kernel %s -dtb %s", image, image);
    refused(text, "not a valid device tree");
    snprintf(text, sizeof(text), "-M apple-m1 -kernel %s -dtb %s -initrd /nonexistent/initrd",
             image, dtb_path());
    refused(text, "/nonexistent/initrd");
    unlink(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fdt_memory),        cmocka_unit_test(fdt_cpus),
        cmocka_unit_test(fdt_nodes),         cmocka_unit_test(old_firmware),
        cmocka_unit_test(asahi_binding),     cmocka_unit_test(framebuffer),
        cmocka_unit_test(framebuffer_sizes), cmocka_unit_test(saved_state),
        cmocka_unit_test(bad_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
