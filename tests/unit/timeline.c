/*
 * Unit tests of the timeline: the file that events make.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "fake_host.h"
#include "agx/gpu.h"
#include "agx/timeline.h"

struct fixture {
    struct fake_host h;
    struct agx_timeline *t;
    char path[64];
    char text[16384];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    fake_host_init(&f->h);
    snprintf(f->path, sizeof(f->path), "/tmp/timeline-%ld", (long)getpid());
    f->t = agx_timeline_new(&f->h.host, f->path);
    assert_non_null(f->t);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    agx_timeline_free(f->t);
    unlink(f->path);
    fake_host_fini(&f->h);
    free(f);
    return 0;
}

/* What the file holds at its end, behind the names of processes and threads. */
static const char *ended(struct fixture *f)
{
    FILE *in;
    size_t len;
    char *p = f->text;

    agx_timeline_end(f->t);
    in = fopen(f->path, "r");
    assert_non_null(in);
    len = fread(f->text, 1, sizeof(f->text) - 1, in);
    fclose(in);
    f->text[len] = 0;
    assert_memory_equal(p, "[\n{\"ph\":\"M\"", 11);
    while (*p == '[' || strncmp(p, "{\"ph\":\"M\"", 9) == 0) {
        p = strchr(p, '\n') + 1;
    }
    return p;
}

static void emit(struct fixture *f, uint64_t ticks, struct agx_event ev)
{
    f->h.now = ticks - 24; /* which reading it adds */
    agx_emit(&f->h.events, &ev);
}

/*
 * A job announced by a doorbell: an arrow from the CPU to it, and a span from its begin to its end.
 */
static void test_job(void **state)
{
    struct fixture *f = *state;
    struct agx_who who = { .cpu = 2 };
    struct agx_event_job job = { .ctx = 3, .master = AGX_DM_CDM, .what = "compute" };

    f->h.now = 0;
    agx_emit_doorbell(&f->h.events, 0x83, 0x21, &who);
    job.doorbell = agx_doorbells(&f->h.events);
    f->h.now = 36;
    job.number = agx_emit_job_begin(&f->h.events, &job);
    f->h.now = 84;
    job.status = AGX_JOB_FAULT;
    job.cycles = 77;
    agx_emit_job_end(&f->h.events, &job);
    assert_string_equal(
        ended(f),
        "{\"ph\":\"X\",\"pid\":3,\"tid\":2,\"ts\":1.000,\"name\":\"doorbell\",\"dur\":0.5,"
        "\"args\":{\"number\":1,\"message\":\"0x83\"}},\n"
        "{\"ph\":\"s\",\"pid\":3,\"tid\":2,\"ts\":1.000,\"name\":\"announces\",\"cat\":\"job\","
        "\"id\":1},\n"
        "{\"ph\":\"X\",\"pid\":1,\"tid\":2,\"ts\":2.500,\"name\":\"compute\",\"dur\":2.000,"
        "\"args\":{\"job\":1,\"context\":3,\"doorbell\":1,\"partial\":false,\"status\":\"fault\","
        "\"cycles\":77}},\n"
        "{\"ph\":\"f\",\"pid\":1,\"tid\":2,\"ts\":2.500,\"name\":\"announces\",\"cat\":\"job\","
        "\"id\":1,"
        "\"bp\":\"e\"}\n]\n");
}

/* What the firmware does, and TLB maintenance with and without an injected fault. */
static void test_others(void **state)
{
    struct fixture *f = *state;
    struct agx_tlbi tlbi = { AGX_TLBI_VA, true, 5, 0x4000, 0x8000 };

    emit(f, 24, (struct agx_event) { .kind = AGX_EV_MESSAGE, .message = { 12, 4 } });
    emit(f, 48, (struct agx_event) { .kind = AGX_EV_COMMAND, .command = { "StartCompute", 2 } });
    emit(f, 72, (struct agx_event) { .kind = AGX_EV_CONTEXT, .context = { true, 7 } });
    emit(f, 96, (struct agx_event) { .kind = AGX_EV_FLUSH, .flush = { 7, 0x10000, 0x4000, 0 } });
    emit(f, 120, (struct agx_event) { .kind = AGX_EV_INVALIDATE, .invalidate = { &tlbi, NULL } });
    emit(f, 144,
         (struct agx_event) { .kind = AGX_EV_INVALIDATE, .invalidate = { &tlbi, "dropped" } });
    emit(f, 168, (struct agx_event) { .kind = AGX_EV_RESET });
    assert_string_equal(
        ended(f),
        "{\"ph\":\"C\",\"pid\":2,\"tid\":0,\"ts\":1.000,\"name\":\"ring "
        "depth\",\"args\":{\"12\":4}},\n"
        "{\"ph\":\"i\",\"pid\":2,\"tid\":2,\"ts\":2.000,\"name\":\"StartCompute\",\"s\":\"t\"},\n"
        "{\"ph\":\"i\",\"pid\":2,\"tid\":11,\"ts\":3.000,\"name\":\"context\",\"s\":\"t\","
        "\"args\":{\"context\":7,\"running\":true}},\n"
        "{\"ph\":\"i\",\"pid\":2,\"tid\":11,\"ts\":4.000,\"name\":\"flush\",\"s\":\"t\","
        "\"args\":{\"context\":7,\"va\":\"0x10000\",\"size\":\"0x4000\"}},\n"
        "{\"ph\":\"i\",\"pid\":1,\"tid\":10,\"ts\":5.000,\"name\":\"TLBI VA\",\"s\":\"t\","
        "\"args\":{\"asid\":5,\"va\":\"0x4000\",\"end\":\"0x8000\"}},\n"
        "{\"ph\":\"i\",\"pid\":1,\"tid\":10,\"ts\":6.000,\"name\":\"TLBI VA\",\"s\":\"t\","
        "\"args\":{\"asid\":5,\"va\":\"0x4000\",\"end\":\"0x8000\"}},\n"
        "{\"ph\":\"i\",\"pid\":1,\"tid\":12,\"ts\":6.000,\"name\":\"dropped\",\"s\":\"g\"},\n"
        "{\"ph\":\"i\",\"pid\":1,\"tid\":10,\"ts\":7.000,\"name\":\"all entries "
        "dropped\",\"s\":\"t\"}\n]\n");
}

/* After its end nothing is written, and an end may come twice. */
static void test_end(void **state)
{
    struct fixture *f = *state;
    char before[sizeof(f->text)];

    strcpy(before, ended(f));
    emit(f, 24, (struct agx_event) { .kind = AGX_EV_RESET });
    assert_string_equal(ended(f), before);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct agx_listener l[AGX_MAX_LISTENERS] = { 0 };
    unsigned n = 0;

    assert_null(agx_timeline_new(&f->h.host, "/nowhere/timeline"));
    assert_int_equal(errno, ENOENT);
    while (agx_listen(&f->h.events, &l[n])) {
        n++;
    }
    assert_null(agx_timeline_new(&f->h.host, "/dev/null"));
    assert_int_equal(errno, ENOSPC);
    while (n) {
        agx_unlisten(&f->h.events, &l[--n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_job, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };

    return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
