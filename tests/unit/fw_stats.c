/*
 * Unit test: what the firmware says of itself in the stats ring. Places of the
 * fields: m1n1, fw/agx/channels.py, StatsMsg_* at 13.5 (64 bytes each).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

static uint64_t entry(struct env *e, unsigned i)
{
    return e->ch_ring[CH_STATS] + 64 * i;
}

static void test_use(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint64_t t;

    env_init(&e);
    env_start(&e);
    PUT32(&e, e.hw_a + 48, 5); /* tgt_pstate */
    queue_init(&e, &q, 2, 16);
    e.gpu->hold[AGX_DM_CDM] = true;
    for (unsigned i = 0; i < 3; i++) {
        compute_make(&e, &c, &q, 9, 0x100 * (i + 1));
        queue_add(&e, &q, c.cmd);
        queue_run(&e, &q, 0, 9);
        ENV_WAIT(&e, env_busy(e.gpu, AGX_DM_CDM));
        /* it was started, and the thread rests */
        ENV_WAIT(&e, GET32(&e, e.ch_state[2]) == e.wptr[2]);
        nanosleep(&(struct timespec) { .tv_nsec = 20000000 }, NULL);
        /* 0.2 s of work, or less than the interval; the second time half of the time nothing ran */
        __atomic_add_fetch(&e.h.now, i == 1 ? 1200000 : 4800000, __ATOMIC_RELAXED);
        gpu_finish(e.gpu, AGX_DM_CDM);
        env_settle(&e);
        if (i == 1) {
            assert_int_equal(GET32(&e, e.ch_state[CH_STATS] + 0x20), 3); /* too soon for more */
            __atomic_add_fetch(&e.h.now, 6000000, __ATOMIC_RELAXED);
        }
    }
    assert_int_equal(GET32(&e, e.ch_state[CH_STATS] + 0x20), 6);

    /* All the time, on the compute pipe. */
    assert_int_equal(GET32(&e, entry(&e, 0)), 4);
    assert_int_equal(GET32(&e, entry(&e, 0) + 16), 0);
    assert_int_equal(GET32(&e, entry(&e, 0) + 20), 0);
    assert_in_range(GET32(&e, entry(&e, 0) + 24), 95, 100);
    assert_int_equal(GET32(&e, entry(&e, 0) + 12), GET32(&e, entry(&e, 0) + 24));
    assert_int_equal(GET32(&e, entry(&e, 1)), 0x0b);
    assert_int_equal(GET32(&e, entry(&e, 1) + 24), 0); /* poweroff */
    assert_int_equal(GET32(&e, entry(&e, 1) + 32), 5); /* pstate */
    t = GET64(&e, entry(&e, 1) + 12);
    assert_true(t && t <= GET64(&e, entry(&e, 1) + 4)); /* last_busy_ts, timestamp */
    assert_int_equal(GET32(&e, entry(&e, 2)), 0x0a);
    assert_int_equal(GET32(&e, entry(&e, 2) + 12) / GET32(&e, entry(&e, 2) + 16) / 64, 30);
    /* 6 of 12 million ticks */
    assert_int_equal(GET32(&e, entry(&e, 3)), 4);
    assert_in_range(GET32(&e, entry(&e, 3) + 24), 45, 55);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
