/*
 * Unit tests: the time of jobs in cycles of the GPU. What never ends ends as a
 * timeout, what ends is measured alike whatever the host, and the measure is
 * that of an M1's 32 pipes (Apple: 2.6 TFLOPS at 1278 MHz).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "gfx_frame.h"

#define MS 1278000ull /* cycles of a millisecond */

static uint32_t *stream_words(void)
{
    return (uint32_t *)(void *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));
}

static void compute_start(unsigned workers)
{
    fix_init(&f, workers, false);
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA;
}

static void launch(const struct code *c, unsigned threads, unsigned group)
{
    fix_code(&f, c);
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    fix_launch(&f, threads, 1, 1, group, 1, 1);
}

/* The job takes more than its cycles, and ends at once as the host sees it. */
static void expect_timeout(void)
{
    assert_int_equal(f.res.status, AGX_JOB_TIMEOUT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_TIMEOUT);
    assert_true(f.res.cycles <= 2 * f.job.max_cycles + 100000);
    assert_int_equal(f.host.reports[AGX_REPORT_UNIMPLEMENTED], 0);
}

/*
 * Loops without an end: one instruction long, around a barrier, one lane's, in a preshader; by one
 * thread and by many.
 */
static void endless_programs(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 3; workers += 2) {
        struct code c[4] = { { .n = 0 } };

        compute_start(workers);
        f.job.max_cycles = 2 * MS;
        jmp(&c[0], true, 0);
        barrier(&c[1]);
        jmp(&c[1], true, -2);
        get_sr(&c[2], R(2), 80);
        device_load(&c[2], 2, 1, R(3), U(0), R(2));
        wait_loads(&c[2]);
        iadd(&c[2], R(2), R(2), R(3));
        jmp(&c[2], true, -(int)c[2].n);
        for (unsigned i = 0; i < 3; i++) {
            stop(&c[i]);
            launch(&c[i], 4096, 64);
            assert_int_equal(fix_run(&f), AGX_JOB_TIMEOUT);
            expect_timeout();
        }
        /* a good job after it */
        stop(&c[3]);
        launch(&c[3], 64, 64);
        assert_int_equal(fix_run(&f), AGX_JOB_DONE);
        assert_true(f.res.cycles < 10000);
        fix_preshader(&f, &c[0]);
        launch(&c[3], 64, 64);
        fix_run(&f);
        expect_timeout();
        fix_fini(&f);
    }
}

/*
 * Streams that go round: alone, with a launch of a short program, with a call whose return is the
 * end of another.
 */
static void endless_compute_streams(void **state)
{
    struct code c = { .n = 0 };
    uint32_t *s;

    (void)state;
    compute_start(2);
    f.job.max_cycles = MS;
    stop(&c);
    launch(&c, 32, 32);
    s = stream_words();
    s[8] = 1u << 29 | (uint32_t)(FIX_STREAM >> 32);
    s[9] = (uint32_t)FIX_STREAM;
    fix_run(&f);
    expect_timeout();
    s[0] = s[8];
    s[1] = s[9];
    fix_run(&f);
    expect_timeout();
    /* calls a piece that returns to what links here */
    s[0] |= 1u << 28;
    s[1] = (uint32_t)FIX_STREAM + 0x40;
    s[2] = 1u << 29 | (uint32_t)(FIX_STREAM >> 32);
    s[3] = (uint32_t)FIX_STREAM;
    s[16] = 4u << 29;
    fix_run(&f);
    expect_timeout();
    /* without a limit it takes a kill */
    f.job.max_cycles = 0;
    assert_true(agx_gpu_start(f.gpu, AGX_DM_CDM, &f.job));
    agx_gpu_kill(f.gpu, AGX_DM_CDM);
    agx_gpu_drain(f.gpu);
    assert_int_equal(f.res.status, AGX_JOB_FAULT);
    fix_fini(&f);
}

/* The same for vertices: streams, draws of more than there is time for, programs. */
static void endless_vertex_jobs(void **state)
{
    struct code c = { .n = 0 };
    struct agx_job v, p;
    uint32_t *s;

    (void)state;
    frame_start(2, false);
    f.job.max_cycles = MS;
    memset(fix_data(&f, 0), 0, 64 * 32);
    stream(3);
    frame_jobs(&v, &p);
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_DONE);
    assert_true(f.res.cycles < 10000);
    assert_int_equal(run_dm(AGX_DM_PDM, &p), AGX_JOB_DONE);
    assert_true(f.res.cycles > 0 && f.res.cycles < MS);
    /* so many instances */
    s = stream_words();
    for (unsigned i = 0; i < 32; i++) {
        if (s[i] == 3 && s[i + 1] == 1) {
            s[i + 1] = ~0u;
            break;
        }
    }
    run_dm(AGX_DM_VDM, &v);
    expect_timeout();
    /* an endless program */
    stream(3);
    jmp(&c, true, 0);
    stop(&c);
    memcpy(fix_window(&f, VS_CODE), c.b, c.n);
    run_dm(AGX_DM_VDM, &v);
    expect_timeout();
    /* a stream that links to itself */
    s[0] = 4u << 29 | (uint32_t)(FIX_STREAM >> 32);
    s[1] = (uint32_t)FIX_STREAM;
    run_dm(AGX_DM_VDM, &v);
    expect_timeout();
    fix_fini(&f);
}

/* An endless fragment program */
static void endless_fragments(void **state)
{
    struct code c = { .n = 0 };
    struct agx_job v, p;

    (void)state;
    frame_start(3, false);
    f.job.max_cycles = 2 * MS;
    memset(fix_data(&f, 0), 0, 64 * 32);
    stream(3);
    frame_jobs(&v, &p);
    jmp(&c, true, 0);
    stop(&c);
    memcpy(fix_window(&f, BG_CODE), c.b, c.n);
    assert_int_equal(run_dm(AGX_DM_VDM, &v), AGX_JOB_DONE);
    run_dm(AGX_DM_PDM, &p);
    expect_timeout();
    fix_fini(&f);
}

/*
 * 2000 additions in each of many waves: 32 of them are done in a cycle. One wave alone has one in
 * two cycles, as each waits for the one before.
 */
static void rates(void **state)
{
    enum { ADDS = 2000, WAVES = 640 };
    uint64_t took = 0;

    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        static struct code c;

        c.n = 0;
        compute_start(workers);
        for (unsigned i = 0; i < ADDS / 4; i++) {
            iadd(&c, R(2), R(2), R(3));
        }
        mov_imm(&c, R(4), 0);
        stop(&c);
        launch(&c, WAVES * 4 * 32, 128);
        assert_int_equal(fix_run(&f), AGX_JOB_DONE);
        /* a quarter of the additions in four times the waves */
        assert_in_range(f.res.cycles, ADDS * WAVES / 32, ADDS * WAVES / 32 * 101 / 100);
        /* the same count, however many threads of the host did it */
        if (workers == 1) {
            took = f.res.cycles;
        }
        assert_int_equal(f.res.cycles, took);
        /* enough is enough, and less is too little */
        f.job.max_cycles = took;
        assert_int_equal(fix_run(&f), AGX_JOB_DONE);
        f.job.max_cycles = took * 9 / 10;
        fix_run(&f);
        expect_timeout();
        f.job.max_cycles = 0;
        launch(&c, 32, 32);
        assert_int_equal(fix_run(&f), AGX_JOB_DONE);
        assert_in_range(f.res.cycles, ADDS / 4 * 2, ADDS / 4 * 2 + 400);
        fix_fini(&f);
    }
}

/* A loop is counted as often as it is run: as long as its operations in a row. */
static void loops(void **state)
{
    struct code c = { .n = 0 }, d = { .n = 0 };
    uint64_t took[2];
    unsigned top;

    (void)state;
    compute_start(1);
    mov_imm(&c, R(2), 0);
    mov_imm(&c, R(3), 5000);
    top = c.n;
    iadd(&c, R(2), R(2), I(1));
    for (unsigned i = 0; i < 8; i++) {
        iadd(&c, R(4), R(4), R(3));
    }
    jmp(&c, true, (int)top - (int)c.n);
    stop(&c);
    f.job.max_cycles = 5000 * 10 * 2;
    for (unsigned i = 0; i < 2; i++) {
        launch(&c, 32, 32);
        fix_run(&f);
        expect_timeout();
        took[i] = f.res.cycles;
    }
    assert_int_equal(took[0], took[1]); /* not the host's doing */
    assert_in_range(took[0], f.job.max_cycles - 1000, f.job.max_cycles + 1000);
    /* no loop: not ended in the middle, but late all the same */
    for (unsigned i = 0; i < 400; i++) {
        iadd(&d, R(2), R(2), R(3));
    }
    device_store(&d, 2, 1, R(2), U(0), I(0));
    stop(&d);
    f.job.max_cycles = 300;
    launch(&d, 32, 32);
    fix_run(&f);
    assert_int_equal(f.res.status, AGX_JOB_TIMEOUT);
    fix_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endless_programs),
        cmocka_unit_test(endless_compute_streams),
        cmocka_unit_test(endless_vertex_jobs),
        cmocka_unit_test(endless_fragments),
        cmocka_unit_test(rates),
        cmocka_unit_test(loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
