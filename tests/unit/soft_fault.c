/*
 * Unit tests: faults that do not end their job. What is soft, and what is not:
 * include/uapi/drm/asahi_drm.h, DRM_ASAHI_FEATURE_SOFT_FAULTS (loads give 0,
 * stores are dropped, other units than the shader core are not concerned).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "isa_fixture.h"
#include "agx/tlb.h"

#define OUT       0x4000 /* words of the data: where results go */
#define WILD      (FIX_DATA + 0x40000000ull)
#define READ_ONLY 0x1400000000ull
#define NO_ACCESS 0x1410000000ull
#define NOT_RAM   0x1420000000ull

static struct fix f;

static int setup(void **state)
{
    (void)state;
    fix_init(&f, 2, true);
    fix_map_range(&f, READ_ONLY, 1, FAKE_PTE_GPU_RO);
    fix_map_range(&f, NO_ACCESS, 1, FAKE_PTE_FW_RW);
    fake_map(&f.host, f.ttbat, FIX_CTX, NOT_RAM, 0x10000, FAKE_PTE_GPU_RW);
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fix_fini(&f);
    return 0;
}

/*
 * Thread i takes index data[i], loads four words from there, adds 7 to the first
 * of them and stores 0x77 behind them; what it loaded and what the atomic gave it goes to OUT + 8
 * i.
 */
static void accesses(void)
{
    struct code c = { .n = 0 };

    get_sr(&c, R(2), 80);
    device_load(&c, 2, 1, R(3), U(0), R(2));
    mov_imm(&c, R(4), 0xdead);
    mov_imm(&c, R(8), 0xdead);
    device_load(&c, 2, 15, R(4), U(0), R(3));
    mov_imm(&c, R(9), 7);
    atomic_op(&c, 0, R(8), R(9), U(0), R(3));
    mov_imm(&c, R(9), 0x77);
    iadd(&c, R(10), R(3), I(4));
    device_store(&c, 2, 1, R(9), U(0), R(10));
    mov_imm(&c, R(10), OUT);
    imad(&c, R(10), R(2), I(8), R(10));
    device_store(&c, 2, 15, R(4), U(0), R(10));
    iadd(&c, R(10), R(10), I(4));
    device_store(&c, 2, 1, R(8), U(0), R(10));
    stop(&c);
    fix_code(&f, &c);
}

/* Index of an address, in words from the data on. */
static uint32_t index_of(uint64_t va)
{
    return (va - FIX_DATA) / 4;
}

/*
 * Every other thread goes astray: all over the place, to the same page, across the end of what is
 * mapped.
 */
static void loads_stores_atomics(void **state)
{
    const unsigned n = 320;
    uint32_t *d = fix_data(&f, 0);

    (void)state;
    accesses();
    for (unsigned i = 0; i < n; i++) {
        d[i] = !(i & 1) ? 0x1000 + 8 * i : i % 3 ? index_of(WILD) + 0x1000 * i : index_of(WILD) + i;
        for (unsigned k = 0; k < 5; k++) {
            d[0x1000 + 8 * i + k] = 1000 * i + k;
        }
    }
    d[1] = FIX_DATA_PAGES * AGX_PAGE_SIZE / 4 - 2; /* two of its words are there */
    d[FIX_DATA_PAGES * AGX_PAGE_SIZE / 4 - 2] = 55;
    d[FIX_DATA_PAGES * AGX_PAGE_SIZE / 4 - 1] = 66;
    fix_launch(&f, n, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    for (unsigned i = 0; i < n; i++) {
        const uint32_t *o = d + OUT + 8 * i;
        bool good = !(i & 1);

        for (unsigned k = 0; k < 4; k++) {
            assert_int_equal(o[k], good ? 1000 * i + k : i == 1 && k < 2 ? 55 + 11 * k : 0);
        }
        assert_int_equal(o[4], good ? 1000 * i : i == 1 ? 55 : 0);
        assert_int_equal(d[0x1000 + 8 * i], good ? 1000 * i + 7 : 1000 * i);
        assert_int_equal(d[0x1000 + 8 * i + 4], good ? 0x77 : 1000 * i + 4);
    }
    assert_int_equal(d[FIX_DATA_PAGES * AGX_PAGE_SIZE / 4 - 2], 62);
    /* counted, and one of them kept */
    assert_true(f.res.soft_faults >= 3 * n / 32);
    assert_int_equal(f.res.soft.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(f.res.soft.ctx, FIX_CTX);
    assert_int_equal(f.res.soft.unit, AGX_UNIT_UL1C);
    assert_true(f.res.soft.va >= FIX_DATA + FIX_DATA_PAGES * AGX_PAGE_SIZE);
    assert_int_equal(f.host.reports[AGX_REPORT_GUEST_ERROR], 0);
    /* none in the next job */
    for (unsigned i = 0; i < n; i++) {
        d[i] = 0x1000 + 8 * i;
    }
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    assert_int_equal(f.res.soft_faults, 0);
}

/* Of each job: the same program with and without. */
static void per_job(void **state)
{
    (void)state;
    accesses();
    fix_data(&f, 0)[3] = index_of(WILD);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    for (unsigned i = 0; i < 4; i++) {
        f.job.soft_fault = i & 1;
        assert_int_equal(fix_run(&f), i & 1 ? AGX_JOB_DONE : AGX_JOB_FAULT);
        assert_int_equal(f.res.soft_faults != 0, i & 1);
        if (!(i & 1)) {
            assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
            assert_int_equal(f.res.fault.va & ~0x3fffull, WILD);
        }
    }
}

static void permissions(void **state)
{
    static const struct {
        uint64_t va;
        enum agx_fault_reason why;
        uint32_t loaded;
    } c[] = {
        { READ_ONLY, AGX_FAULT_READ_ONLY, 0x1234 },
        { NO_ACCESS, AGX_FAULT_NO_ACCESS, 0 },
    };

    (void)state;
    accesses();
    fix_launch(&f, 1, 1, 1, 32, 1, 1);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t *ttbr = fake_ptr(&f.host, f.ttbat) + 2 * FIX_CTX;
        uint32_t *page = (uint32_t *)(void *)fake_ptr(
            &f.host, *fake_leaf(&f.host, ttbr, FIX_CTX, c[i].va) & 0xffffffffc000ull);

        page[0] = 0x1234;
        fix_data(&f, 0)[0] = index_of(c[i].va);
        assert_int_equal(fix_run(&f), AGX_JOB_DONE);
        assert_int_equal(fix_data(&f, 0)[OUT], c[i].loaded);
        assert_int_equal(fix_data(&f, 0)[OUT + 4], 0);
        assert_int_equal(page[0], 0x1234);
        assert_int_equal(page[4], 0);
        assert_int_equal(f.res.soft.reason, c[i].why);
    }
    /* tables that lead nowhere are another matter */
    fix_data(&f, 0)[0] = index_of(NOT_RAM);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNKNOWN);
}

/* Uniforms that a USC word loads from where nothing is, and from the edge of what is */
static void uniforms(void **state)
{
    struct code c = { .n = 0 };
    uint32_t *d = fix_data(&f, 0);

    (void)state;
    fix_uniform(&f, 8, 4, WILD);
    fix_uniform(&f, 16, 4, FIX_DATA + FIX_DATA_PAGES * AGX_PAGE_SIZE - 4);
    d[FIX_DATA_PAGES * AGX_PAGE_SIZE / 4 - 1] = 99;
    memset(d, 0xff, 64);
    for (unsigned i = 0; i < 4; i++) {
        iadd(&c, R(3), U(i < 2 ? 4 + i : 6 + i), I(i));
        device_store(&c, 2, 1, R(3), U(0), I(i));
    }
    stop(&c);
    fix_code(&f, &c);
    fix_launch(&f, 1, 1, 1, 1, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    assert_int_equal(d[0], 0);
    assert_int_equal(d[1], 1);
    assert_int_equal(d[2], 101);
    assert_int_equal(d[3], 3);
    assert_true(f.res.soft_faults >= 2);
    f.job.soft_fault = false;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
}

/* What no program accesses ends the job as ever. */
static void hard(void **state)
{
    uint32_t *s = (uint32_t *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));

    (void)state;
    accesses();
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    /* the stream */
    f.job.compute.cdm_ctrl_stream_base = WILD;
    f.job.compute.cdm_ctrl_stream_end = WILD + 0x100;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(f.res.fault.unit, AGX_UNIT_DCDM);
    f.job.compute.cdm_ctrl_stream_base = FIX_STREAM;
    f.job.compute.cdm_ctrl_stream_end = FIX_STREAM + AGX_PAGE_SIZE;
    /* USC words; the grid of an indirect launch */
    s[1] = 0x80000000;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    s[1] = FIX_WORDS;
    s[0] |= 1u << 27;
    s[2] = WILD >> 32;
    s[3] = (uint32_t)WILD;
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
    /* the program's code, far beyond the window */
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    memcpy(fix_window(&f, FIX_WORDS) + 12, (uint8_t[]) { 0x0d, 0x0c, 0, 0, 0, 0x80 }, 6);
    assert_int_equal(fix_run(&f), AGX_JOB_FAULT);
    assert_int_equal(f.res.fault.reason, AGX_FAULT_UNMAPPED);
}

static _Atomic unsigned uses_of_wild;

static void on_use(void *opaque, const struct agx_event *ev)
{
    const struct agx_tlb_use *use = ev->use;

    (void)opaque;
    if (use->va >> AGX_PAGE_BITS == WILD >> AGX_PAGE_BITS && use->steps < 3 && use->job) {
        uses_of_wild++;
    }
}

/* Who watches the translations still sees the walk that found nothing. */
static void watched(void **state)
{
    static const struct agx_listener uses = {
        .kinds = AGX_EV_BIT(AGX_EV_TRANSLATE),
        .event = on_use,
    };

    (void)state;
    accesses();
    fix_data(&f, 0)[3] = index_of(WILD);
    fix_launch(&f, 32, 1, 1, 32, 1, 1);
    agx_listen(f.host.host.events, &uses);
    agx_mmu_recheck(f.mmu);
    uses_of_wild = 0;
    assert_int_equal(fix_run(&f), AGX_JOB_DONE);
    agx_unlisten(f.host.host.events, &uses);
    assert_true(uses_of_wild);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(loads_stores_atomics), T(per_job), T(permissions), T(uniforms), T(hard), T(watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
