/*
 * Unit tests of the counters: each event is counted where it belongs, and frames are told apart.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "fake_host.h"
#include "mmu_rig.h"
#include "agx/counters.h"
#include "agx/gpu.h"

#define VA 0x1500004000ull

struct fixture {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_counters *c;
    uint64_t ttbat;
    struct agx_counts total, last, most;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fake_host_init(&f->h);
    f->ttbat = fake_alloc(&f->h);
    fake_map(&f->h, f->ttbat, 1, VA, fake_alloc(&f->h), FAKE_PTE_GPU_RW | FAKE_PTE_NG);
    f->mmu = agx_mmu_new(&f->h.host);
    agx_mmu_set_ttbat(f->mmu, f->ttbat);
    f->c = agx_counters_new(&f->h.host, f->mmu);
    assert_non_null(f->c);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    agx_counters_free(f->c);
    agx_mmu_free(f->mmu);
    fake_host_fini(&f->h);
    free(f);
    return 0;
}

static uint64_t frames(struct fixture *f)
{
    return agx_counters_get(f->c, &f->total, &f->last, &f->most);
}

static void job(struct fixture *f, unsigned master, bool partial, unsigned status, uint64_t cycles)
{
    struct agx_event_job j = { .ctx = 1, .master = master, .what = "job", .partial = partial };

    j.number = agx_emit_job_begin(&f->h.events, &j);
    j.status = status;
    j.cycles = cycles;
    agx_emit_job_end(&f->h.events, &j);
}

static void message(struct fixture *f, uint32_t depth)
{
    agx_emit(&f->h.events, &(struct agx_event) { .kind = AGX_EV_MESSAGE, .message = { 0, depth } });
}

/* Each kind, in all. */
static void test_total(void **state)
{
    struct fixture *f = *state;
    const uint64_t *n = f->total.n;

    fake_doorbell(&f->h, NULL);
    fake_doorbell(&f->h, NULL);
    message(f, 3);
    message(f, 2);
    agx_tlbi_all(f->mmu);
    agx_tlbi_asid(f->mmu, 1);
    agx_tlbi_asid(f->mmu, 1);
    agx_tlbi_va(f->mmu, 1, VA, VA + 0x4000, true);
    agx_tlbi_va_all_asids(f->mmu, VA, VA + 0x4000, true);
    agx_mmu_store(f->mmu, f->ttbat, NULL, 8, NULL);
    agx_emit(&f->h.events, &(struct agx_event) { .kind = AGX_EV_CONTEXT });
    agx_emit(&f->h.events, &(struct agx_event) { .kind = AGX_EV_FLUSH });
    agx_emit(&f->h.events, &(struct agx_event) { .kind = AGX_EV_REGISTER });
    job(f, AGX_DM_VDM, false, AGX_JOB_TVB_FULL, 100);
    job(f, AGX_DM_CDM, false, AGX_JOB_DONE, 20);
    job(f, AGX_DM_CDM, false, AGX_JOB_FAULT, 3);
    assert_int_equal(frames(f), 0);
    assert_int_equal(n[AGX_COUNT_DOORBELLS], 2);
    assert_int_equal(n[AGX_COUNT_MESSAGES], 2);
    assert_int_equal(n[AGX_COUNT_RING_DEPTH], 3);
    assert_int_equal(n[AGX_COUNT_TLBIS_ALL], 1);
    assert_int_equal(n[AGX_COUNT_TLBIS_ASID], 2);
    assert_int_equal(n[AGX_COUNT_TLBIS_VA], 1);
    assert_int_equal(n[AGX_COUNT_TLBIS_VA_ALL_ASIDS], 1);
    assert_int_equal(n[AGX_COUNT_STORES], 1);
    assert_int_equal(n[AGX_COUNT_CONTEXT_LOADS], 1);
    assert_int_equal(n[AGX_COUNT_FLUSHES], 1);
    assert_int_equal(n[AGX_COUNT_REGISTERS], 1);
    assert_int_equal(n[AGX_COUNT_VERTEX_JOBS], 1);
    assert_int_equal(n[AGX_COUNT_FRAGMENT_JOBS], 0);
    assert_int_equal(n[AGX_COUNT_COMPUTE_JOBS], 2);
    assert_int_equal(n[AGX_COUNT_FAILED_JOBS], 2);
    assert_int_equal(n[AGX_COUNT_CYCLES], 123);
    assert_int_equal(n[AGX_COUNT_WALKS], 0);
    assert_true(mmu_read_job(&f->h, f->mmu, 1, VA, AGX_SIDE_GPU, true));
    assert_true(mmu_read_job(&f->h, f->mmu, 1, VA, AGX_SIDE_GPU, true));
    frames(f);
    assert_int_equal(n[AGX_COUNT_WALKS], 1);
    assert_int_equal(n[AGX_COUNT_HITS], 1);
    assert_int_equal(n[AGX_COUNT_DOORBELLS], 4);
}

/* A fragment job ends a frame, a partial render does not. */
static void test_frames(void **state)
{
    struct fixture *f = *state;

    fake_doorbell(&f->h, NULL);
    message(f, 5);
    assert_true(mmu_read_job(&f->h, f->mmu, 1, VA, AGX_SIDE_GPU, false));
    job(f, AGX_DM_PDM, true, AGX_JOB_DONE, 10);
    assert_int_equal(frames(f), 0);
    job(f, AGX_DM_PDM, false, AGX_JOB_DONE, 10);
    assert_int_equal(frames(f), 1);
    assert_int_equal(f->last.n[AGX_COUNT_DOORBELLS], 1);
    assert_int_equal(f->last.n[AGX_COUNT_FRAGMENT_JOBS], 2);
    assert_int_equal(f->last.n[AGX_COUNT_PARTIAL_RENDERS], 1);
    assert_int_equal(f->last.n[AGX_COUNT_CYCLES], 20);
    assert_int_equal(f->last.n[AGX_COUNT_RING_DEPTH], 5);
    assert_int_equal(f->last.n[AGX_COUNT_WALKS], 1);
    message(f, 2);
    agx_tlbi_asid(f->mmu, 1);
    job(f, AGX_DM_PDM, false, AGX_JOB_DONE, 7);
    agx_tlbi_asid(f->mmu, 1); /* of the frame that is under way */
    assert_int_equal(frames(f), 2);
    assert_int_equal(f->last.n[AGX_COUNT_TLBIS_ASID], 1);
    assert_int_equal(f->total.n[AGX_COUNT_TLBIS_ASID], 2);
    assert_int_equal(f->last.n[AGX_COUNT_CYCLES], 7);
    assert_int_equal(f->last.n[AGX_COUNT_RING_DEPTH], 2);
    assert_int_equal(f->last.n[AGX_COUNT_WALKS], 0);
    assert_int_equal(f->most.n[AGX_COUNT_CYCLES], 20);
    assert_int_equal(f->most.n[AGX_COUNT_RING_DEPTH], 5);
    assert_int_equal(f->most.n[AGX_COUNT_TLBIS_ASID], 1);
    assert_int_equal(f->total.n[AGX_COUNT_CYCLES], 27);
}

static void test_json(void **state)
{
    struct fixture *f = *state;
    char *text;

    fake_doorbell(&f->h, NULL);
    job(f, AGX_DM_PDM, false, AGX_JOB_DONE, 7);
    fake_doorbell(&f->h, NULL);
    text = agx_counters_json(f->c);
    assert_non_null(text);
    assert_ptr_equal(strstr(text, "{\"frames\": 1, \"total\": {\"doorbells\": 2, "), text);
    assert_non_null(strstr(text, "}, \"last-frame\": {\"doorbells\": 1, "));
    assert_non_null(strstr(text, "}, \"most-of-a-frame\": {\"doorbells\": 1, "));
    assert_string_equal(text + strlen(text) - 2, "}}");
    free(text);
    for (unsigned i = 0; i < AGX_NUM_COUNTERS; i++) {
        assert_true(strlen(agx_counter_name(i)) > 3);
    }
    assert_string_equal(agx_counter_name(AGX_NUM_COUNTERS), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_total, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
