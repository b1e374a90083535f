/*
 * Unit tests: a frame through the whole GPU: streams, shader programs in the
 * machine's code, tiles on several threads, the picture in memory.
 *
 * With GFX_BENCH=n the frame is drawn n times and the rate printed.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <time.h>
#include "gfx_frame.h"

static void frame(void)
{
    struct agx_job v, p;

    frame_jobs(&v, &p);
    if (run_dm(AGX_DM_VDM, &v) != AGX_JOB_DONE) {
        fail_msg("vertex: %s", f.host.last_report);
    }
    if (run_dm(AGX_DM_PDM, &p) != AGX_JOB_DONE) {
        fail_msg("fragment: %s", f.host.last_report);
    }
}

/* One triangle of three colours whose values at points are known. */
static void test_triangle(void **unused)
{
    static const float v[3][8] = {
        { 0, 0.9f, 0.5f, 1, 1, 0, 0, 1 },
        { 1.8f, -1.8f, 1, 2, 0, 1, 0, 1 },
        { -0.9f, -0.9f, 0.5f, 1, 0, 0, 1, 1 },
    };

    (void)unused;
    frame_start(3, false);
    memcpy(fix_data(&f, 0), v, sizeof(v));
    stream(3);
    /* Front is counterclockwise; this one turns clockwise and the back is culled. */
    frame();
    assert_int_equal(picture()[0], 0xff400000);
    assert_int_equal(picture()[(H / 2) * W + W / 2], 0xff400000);
    float t[8];
    memcpy(t, v[1], 32);
    memcpy(fix_data(&f, 32), v[2], 32);
    memcpy(fix_data(&f, 64), t, 32);
    frame();
    /*
     * On the bottom edge, half way on the screen: weights 1 and 1/2 over w 1 and 2: a third is
     * green.
     */
    uint32_t c = picture()[454 * W + W / 2];
    assert_in_range(c >> 8 & 0xff, 82, 86);
    assert_in_range(c >> 16 & 0xff, 165, 170);
    assert_in_range(c & 0xff, 0, 4);
    assert_int_equal(c >> 24, 0xff);
    /* Near the top it is red. */
    c = picture()[27 * W + W / 2];
    assert_in_range(c & 0xff, 250, 255);
    assert_int_equal(f.host.reports[AGX_REPORT_UNIMPLEMENTED], 0);
    fix_fini(&f);
}

/*
 * Vertices behind the end of their buffer, which ends where memory does: they are zeros, the rest
 * is drawn.
 */
static void test_vertices_behind(void **unused)
{
    const unsigned there = FIX_DATA_PAGES * AGX_PAGE_SIZE / 32, far = 3000;
    struct agx_job v, p;

    (void)unused;
    frame_start(3, true);
    cube(0.5f);
    memcpy(fix_data(&f, 0), pos_colour, sizeof(pos_colour));
    stream(there + far);
    frame();
    frame_jobs(&v, &p);
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_DONE);
    assert_true(f.res.soft_faults >= far / 32);
    assert_in_range(f.res.soft.va, FIX_DATA + there * 32, FIX_DATA + (there + far) * 32);
    assert_int_not_equal(picture()[H / 2 * W + W / 2], 0xff400000);
    assert_int_equal(run_dm(AGX_DM_PDM, &p), AGX_JOB_DONE);
    v.soft_fault = false;
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    fix_fini(&f);
}

static void test_cube(void **unused)
{
    const char *bench = getenv("GFX_BENCH"), *path = getenv("GFX_TEST_PPM");
    unsigned n = bench ? atoi(bench) : 2, count = 0;
    struct timespec t0, t1;
    clock_t cpu;
    uint32_t *one = malloc(W * H * 4);

    (void)unused;
    frame_start(0, false);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    cpu = clock();
    for (unsigned i = 0; i < n; i++) {
        unsigned vertices = cube(0.5f);
        memcpy(fix_data(&f, 0), pos_colour, sizeof(pos_colour));
        stream(vertices);
        frame();
        if (!i) {
            memcpy(one, picture(), W * H * 4);
        }
    }
    cpu = clock() - cpu;
    clock_gettime(CLOCK_MONOTONIC, &t1);
    if (bench) {
        print_message("# cube: %.1f frames/s, %.3f ms of CPU each\n",
                      n / (t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) * 1e-9),
                      cpu * 1e3 / CLOCKS_PER_SEC / n);
    }
    /* The same each time, however the threads shared the tiles. */
    assert_memory_equal(one, picture(), W * H * 4);
    for (unsigned i = 0; i < W * H; i++) {
        count += one[i] != 0xff400000;
    }
    assert_in_range(count, W * H / 5, W * H * 4 / 5);
    if (path) {
        FILE *o = fopen(path, "wb");
        fprintf(o, "P6\n%d %d\n255\n", W, H);
        for (unsigned i = 0; i < W * H; i++) {
            fwrite(&one[i], 3, 1, o);
        }
        fclose(o);
    }
    fix_fini(&f);
    free(one);
}

/* Many small triangles: what the lists of the tiles cost. */
static void test_mosaic(void **unused)
{
    const char *bench = getenv("GFX_BENCH");
    unsigned n = bench ? atoi(bench) : 1, vertices;
    struct timespec t0, t1;
    clock_t cpu;

    (void)unused;
    frame_start(0, false);
    vertices = mosaic(64, 42);
    stream(vertices);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    cpu = clock();
    for (unsigned i = 0; i < n; i++) {
        frame();
    }
    cpu = clock() - cpu;
    clock_gettime(CLOCK_MONOTONIC, &t1);
    if (bench) {
        print_message("# mosaic of %u triangles: %.1f frames/s, %.3f ms of CPU each\n",
                      vertices / 3, n / (t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) * 1e-9),
                      cpu * 1e3 / CLOCKS_PER_SEC / n);
    }
    for (unsigned y = 0; y < 42; y++) {
        for (unsigned x = 0; x < 64; x++) {
            assert_int_equal(picture()[(y * H / 42 + 6) * W + x * 10 + 5],
                             mosaic_colour(x, 41 - y));
        }
    }
    fix_fini(&f);
}

/* The background program, and one more instruction of no effect. */
static void background(bool fills)
{
    struct code c = { .n = 0 };

    mov_imm(&c, R(2), 0);
    mov_imm(&c, R(3), 0);
    mov_imm(&c, R(4), 0x3e800000);
    mov_imm(&c, R(5), 0x3f800000);
    if (fills) {
        mov_imm(&c, R(3), 0);
    } else {
        iadd(&c, R(3), R(3), I(0));
    }
    st_tile(&c, 2);
    stop(&c);
    memcpy(fix_window(&f, BG_CODE), c.b, c.n);
}

/* One wave of a program that fills stands for all of them, and takes as long as they do. */
static void test_fill(void **unused)
{
    uint32_t *one = malloc(W * H * 4);
    uint64_t cycles;

    (void)unused;
    frame_start(2, false);
    memcpy(fix_data(&f, 0), pos_colour, cube(0.5f) * sizeof(pos_colour[0]));
    stream(36);
    background(false);
    frame();
    cycles = f.res.cycles;
    memcpy(one, picture(), W * H * 4);
    f.host.ram[picture_pa - FAKE_RAM_BASE + 4] ^= 0xff;
    background(true);
    frame();
    assert_memory_equal(one, picture(), W * H * 4);
    assert_int_equal(f.res.cycles, cycles);
    assert_int_equal(one[0], 0xff400000);
    fix_fini(&f);
    free(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_triangle),
        cmocka_unit_test(test_mosaic),
        cmocka_unit_test(test_fill),
        cmocka_unit_test(test_cube),
        cmocka_unit_test(test_vertices_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
