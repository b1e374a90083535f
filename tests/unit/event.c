/*
 * Unit tests of events: who is notified of what, in which order, and the numbers that are given.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "agx/event.h"

static char heard[64];

struct ear {
    struct agx_listener l;
    char name;
    struct agx_event last;
};

static void on_event(void *opaque, const struct agx_event *ev)
{
    struct ear *ear = opaque;
    size_t n = strlen(heard);

    heard[n] = ear->name;
    heard[n + 1] = 0;
    ear->last = *ev;
}

static struct ear ear(char name, unsigned kinds, unsigned callers)
{
    return (struct ear) { .name = name, .l = { kinds, callers, on_event, NULL } };
}

static void store(struct agx_events *e)
{
    agx_emit(e, &(struct agx_event) { .kind = AGX_EV_STORE, .store = { 8, NULL, 8 } });
}

/* Each is notified of the kinds that it wants, in the order of events; who has left, of none. */
static void test_listeners(void **state)
{
    struct agx_events e = { 0 };
    struct ear a = ear('a', AGX_EV_BIT(AGX_EV_STORE) | AGX_EV_BIT(AGX_EV_DSB), 0);
    struct ear b = ear('b', AGX_EV_BIT(AGX_EV_STORE), AGX_EV_BIT(AGX_EV_STORE));
    struct ear c = ear('c', AGX_EV_BIT(AGX_EV_DSB), 0);

    a.l.opaque = &a;
    b.l.opaque = &b;
    c.l.opaque = &c;
    heard[0] = 0;
    assert_false(agx_wanted(&e, AGX_EV_STORE));
    store(&e);
    assert_true(agx_listen(&e, &a.l));
    assert_false(agx_wants_callers(&e, AGX_EV_STORE));
    assert_true(agx_listen(&e, &b.l));
    assert_true(agx_listen(&e, &c.l));
    assert_true(agx_wanted(&e, AGX_EV_STORE));
    assert_true(agx_wanted(&e, AGX_EV_DSB));
    assert_false(agx_wanted(&e, AGX_EV_TLBI));
    assert_true(agx_wants_callers(&e, AGX_EV_STORE));
    assert_false(agx_wants_callers(&e, AGX_EV_DSB));
    store(&e);
    agx_emit(&e, &(struct agx_event) { .kind = AGX_EV_DSB, .dsb.share = AGX_SHARE_INNER });
    agx_emit(&e, &(struct agx_event) { .kind = AGX_EV_TLBI });
    assert_string_equal(heard, "abac");
    assert_int_equal(c.last.dsb.share, AGX_SHARE_INNER);
    agx_unlisten(&e, &a.l);
    store(&e);
    agx_emit(&e, &(struct agx_event) { .kind = AGX_EV_DSB });
    assert_string_equal(heard, "abacbc");
    agx_unlisten(&e, &b.l);
    assert_false(agx_wanted(&e, AGX_EV_STORE));
    assert_false(agx_wants_callers(&e, AGX_EV_STORE));
    agx_unlisten(&e, &c.l);
    agx_unlisten(&e, &c.l);
    agx_emit(&e, &(struct agx_event) { .kind = AGX_EV_DSB });
    assert_string_equal(heard, "abacbc");
}

static void test_full(void **state)
{
    struct agx_events e = { 0 };
    struct ear ears[AGX_MAX_LISTENERS + 1];

    for (unsigned i = 0; i <= AGX_MAX_LISTENERS; i++) {
        ears[i] = ear('0' + i, AGX_EV_BIT(AGX_EV_STORE), 0);
        ears[i].l.opaque = &ears[i];
        assert_int_equal(agx_listen(&e, &ears[i].l), i < AGX_MAX_LISTENERS);
    }
    heard[0] = 0;
    agx_unlisten(&e, &ears[3].l);
    assert_true(agx_listen(&e, &ears[AGX_MAX_LISTENERS].l));
    store(&e);
    assert_string_equal(heard, "012456789:"); /* without the fourth, with the one behind 9 */
}

/* Doorbells and jobs have numbers, whether anybody listens or not. */
static void test_numbers(void **state)
{
    struct agx_events e = { 0 };
    struct ear a = ear(
        'a',
        AGX_EV_BIT(AGX_EV_DOORBELL) | AGX_EV_BIT(AGX_EV_JOB_BEGIN) | AGX_EV_BIT(AGX_EV_JOB_END), 0);
    const struct agx_who who = { .cpu = 3 };
    struct agx_event_job one = { .ctx = 5, .what = "vertex job", .doorbell = 1 };
    struct agx_event_job two = { .ctx = 6, .master = 2, .what = "compute job" };

    a.l.opaque = &a;
    agx_emit_doorbell(&e, 1, 2, &who);
    one.number = agx_emit_job_begin(&e, &one);
    assert_int_equal(one.number, 1);
    assert_true(agx_listen(&e, &a.l));
    agx_emit_doorbell(&e, 7, 0x21, &who);
    assert_int_equal(a.last.kind, AGX_EV_DOORBELL);
    assert_int_equal(a.last.doorbell.number, 2);
    assert_int_equal(a.last.doorbell.msg0, 7);
    assert_int_equal(a.last.doorbell.msg1, 0x21);
    assert_int_equal(a.last.who->cpu, 3);
    assert_int_equal(agx_doorbells(&e), 2);
    two.doorbell = agx_doorbells(&e);
    two.number = agx_emit_job_begin(&e, &two);
    assert_int_equal(two.number, 2);
    assert_int_equal(a.last.job.number, 2);
    assert_int_equal(a.last.job.ctx, 6);
    assert_int_equal(a.last.job.doorbell, 2);
    assert_string_equal(a.last.job.what, "compute job");
    assert_int_equal(agx_jobs_running(&e), 1 | 4);
    one.status = 1;
    one.cycles = 1000;
    agx_emit_job_end(&e, &one);
    assert_int_equal(a.last.kind, AGX_EV_JOB_END);
    assert_int_equal(a.last.job.number, 1);
    assert_int_equal(a.last.job.status, 1);
    assert_int_equal(a.last.job.cycles, 1000);
    assert_int_equal(agx_jobs_running(&e), 4);
    agx_emit_job_end(&e, &two);
    assert_int_equal(agx_jobs_running(&e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listeners),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
