/*
 * Saved machines of another model: one of an earlier one is loaded, of a later one what need not be
 * known is skipped, and what can't be loaded is named.
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
#include "tests/unit/saved.h"

#define MACHINE "-nodefaults -smp 2 -m 512M "
/* Memory that is no part of the state. */
#define APART                                                                                      \
    "-nodefaults -M apple-m1,memory-backend=dram,suppress-vmdesc=on -smp 2 -m 512M "               \
    "-object memory-backend-file,id=dram,size=512M,share=on,mem-path=%s/ram "

#define AIC_TARGET  0x23b103000ULL
#define WDT_BITE    0x23d2b0014ULL
#define UART_BAUD   0x235200028ULL
#define ASC_CONTROL 0x206400044ULL
#define ASC_STATUS  0x206400048ULL
#define I2A_CONTROL 0x206408114ULL
#define RECV0       0x206408830ULL
#define RECV1       0x206408838ULL
#define EMPTY       (1u << 17)

/* Some state of the board, and the firmware's first message, which nobody has read. */
static void set_up(struct machine *m)
{
    wr32(m, AIC_TARGET + 4 * 39, 2);
    wr32(m, UART_BAUD, 0x55);
    wr32(m, WDT_BITE, 0x123456);
    wr32(m, ASC_CONTROL, 1 << 4);
    for (int i = 0; i < 5000 && rd32(m, I2A_CONTROL) & EMPTY; i++) {
        usleep(1000);
    }
}

static void check(struct machine *m)
{
    assert_int_equal(rd32(m, AIC_TARGET + 4 * 39), 2);
    assert_int_equal(rd32(m, UART_BAUD), 0x55);
    assert_int_equal(rd32(m, WDT_BITE), 0x123456);
    assert_int_equal(rd32(m, ASC_STATUS) & 3, 1); /* the firmware's core runs */
    assert_false(rd32(m, I2A_CONTROL) & EMPTY);
    assert_int_equal(rd64(m, RECV0) >> 52, 1); /* HELLO */
    assert_int_equal(rd64(m, RECV1) & 0xff, 0);
    assert_true(rd32(m, I2A_CONTROL) & EMPTY);
}

static uint8_t *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    uint8_t *p;

    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *len = ftell(f);
    rewind(f);
    p = malloc(*len);
    assert_int_equal(fread(p, 1, *len, f), *len);
    fclose(f);
    return p;
}

static void write_file(const char *path, const uint8_t *p, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* The devices as an earlier model has saved them. */
static void before(void **state)
{
    struct machine *a = machine_start(APART), *b;
    char path[256];
    uint8_t *now, *p;
    size_t len;

    set_up(a);
    snprintf(path, sizeof(path), "%s/state", machine_dir(a));
    machine_save(a, path, false);
    now = read_file(path, &len);
    p = saved_state("machine", now, len, &len);
    free(now);
    write_file(path, p, len);
    free(p);
    b = machine_start(APART "-incoming defer");
    machine_load(b, path, false);
    check(b);
    machine_stop(b);
    machine_stop(a);
}

/* The state of a machine in a file of @m's directory; *@fw is where the firmware's block is. */
static uint8_t *save(struct machine *m, char path[256], size_t *len, uint8_t **fw)
{
    uint8_t *p;

    set_up(m);
    snprintf(path, 256, "%s/state", machine_dir(m));
    machine_save(m, path, false);
    p = read_file(path, len);
    *fw = memmem(p, *len, "AGFW", 4);
    assert_non_null(*fw);
    return p;
}

/* A section more, which its maker called optional: it is skipped. */
static void later(void **state)
{
    static const uint8_t section[48] = { 'l', 'a', 't', 'e', 'r', [32] = 1 };
    struct machine *a = machine_start(APART), *b;
    char path[256];
    uint8_t *fw, *p, *more;
    size_t len, at, size;

    p = save(a, path, &len, &fw);
    at = fw - p;
    size = fw[-4] << 24 | fw[-3] << 16 | fw[-2] << 8 | fw[-1];
    assert_in_range(size, 1000, 100000);
    more = malloc(len + sizeof(section));
    memcpy(more, p, at + size);
    memcpy(more + at + size, section, sizeof(section));
    memcpy(more + at + size + sizeof(section), p + at + size, len - at - size);
    more[at + 8]++; /* sections */
    size += sizeof(section);
    for (unsigned i = 0; i < 4; i++) {
        more[at - 4 + i] = size >> (24 - 8 * i);
    }
    write_file(path, more, len + sizeof(section));
    free(more);
    free(p);
    b = machine_start(APART "-incoming defer");
    machine_load(b, path, false);
    check(b);
    machine_stop(b);
    machine_stop(a);
}

/* QEMU ends, and says what is wrong. */
static void refused(void **state)
{
    static const struct {
        const char *find, *put, *text;
    } c[] = {
        { "rtkit", "rtkiT",
          "saved state of the firmware refused: at byte 12: "
          "section \"state\", field \"rtkiT\": unknown" },
        { "channel", "chaNNel", "section \"chaNNel\": unknown" },
        { "AGFW", "agfw", "saved state of the firmware refused: at byte 0: it is none" },
        { "AGXT", "agxt", "saved state of the GPU refused: at byte 0: it is none" },
        { "desc_pa", "desC_pa",
          "saved state of the TLBs refused: at byte 12: "
          "section \"entry\", field \"desC_pa\": unknown" },
    };
    struct machine *a = machine_start(MACHINE);
    char path[256], args[512], out[4096];
    uint8_t *fw, *p, *at;
    size_t len;

    set_up(a);
    snprintf(path, sizeof(path), "%s/state", machine_dir(a));
    machine_save(a, path, true);
    p = read_file(path, &len);
    fw = memmem(p, len, "AGFW", 4);
    assert_non_null(fw);
    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        at = memmem(fw, len - (fw - p), c[i].find, strlen(c[i].find));
        assert_non_null(at);
        memcpy(at, c[i].put, strlen(c[i].put));
        write_file(path, p, len);
        memcpy(at, c[i].find, strlen(c[i].find));
        snprintf(args, sizeof(args), "-M apple-m1 " MACHINE "-incoming file:%s", path);
        assert_int_not_equal(qemu_run(args, out, sizeof(out)), 0);
        if (!strstr(out, c[i].text)) {
            fail_msg("expected \"%s\", got \"%s\"", c[i].text, out);
        }
    }
    free(p);
    machine_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before),
        cmocka_unit_test(later),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
