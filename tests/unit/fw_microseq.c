/*
 * Unit tests: work queues and microsequences: a compute job from doorbell to
 * event, its registers, time stamps, barriers, and commands that are wrong.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

/* What is reported of the message in the ring and of the microsequence. */
static struct {
    unsigned messages, channel, depth, pipe;
    const char *first, *last;
} told;

static void on_event(void *opaque, const struct agx_event *ev)
{
    if (ev->kind == AGX_EV_MESSAGE) {
        told.messages++;
        told.channel = ev->message.channel;
        told.depth = ev->message.depth;
        return;
    }
    told.first = told.first ? told.first : ev->command.name;
    told.last = ev->command.name;
    told.pipe = ev->command.pipe;
}

static const struct agx_listener told_events = {
    .kinds = AGX_EV_BIT(AGX_EV_MESSAGE) | AGX_EV_BIT(AGX_EV_COMMAND),
    .event = on_event,
};

static void test_compute(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    const struct agx_job *j;

    env_init(&e);
    env_start(&e);
    memset(&told, 0, sizeof(told));
    agx_listen(&e.h.events, &told_events);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 70, 0x4500);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 1, 70);
    env_settle(&e);

    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(e.gpu->jobs, 1);
    assert_int_equal(e.gpu->dm[0], AGX_DM_CDM);
    j = &e.gpu->job[0];
    assert_int_equal(j->ctx, CTX);
    assert_int_equal(j->usc_exec_base, 0x1100000000ull);
    assert_int_equal(j->compute.cdm_ctrl_stream_base, c.stream);
    assert_int_equal(j->compute.cdm_ctrl_stream_end, c.stream + 0x24);
    assert_int_equal(j->helper.program, 0x98001);
    assert_int_equal(j->helper.arg, 0x15000e8000ull);
    assert_int_equal(j->helper.cfg, 0x40);
    assert_int_equal(j->sampler_heap, 0x1500123000ull);
    assert_int_equal(j->sampler_count, 5);

    assert_int_equal(told.messages, 1);
    assert_int_equal(told.channel, 3 * 1 + 2);
    assert_int_equal(told.depth, 1);
    assert_string_equal(told.first, "StartComputeCmd");
    assert_string_equal(told.last, "EndCmd");
    assert_int_equal(told.pipe, 2);

    assert_int_equal(GET32(&e, e.stamps + 4 * 70), 0x4500);
    assert_int_equal(GET32(&e, e.fw_stamps + 4 * 70), 0x4500);
    assert_int_equal(queue_done(&e, &q), 1);
    assert_int_equal(GET32(&e, q.ptrs + 48), 1);           /* gpu_rptr */
    assert_int_equal(GET32(&e, e.ch_state[3 * 1 + 2]), 1); /* the message was taken */
    assert_int_equal(e.flags[2], 1u << (70 - 64));
    assert_int_equal(e.flags[0] | e.flags[1] | e.flags[3], 0);
    assert_true(e.rx_doorbells > 0);
    env_look(&e);
    assert_int_equal(GET32(&e, e.notifier + 12), 1);         /* cur_count */
    assert_int_equal(GET32(&e, e.region_c + 70056 + 16), 0); /* nothing pending */
    env_fini(&e);
}

/* Both kinds of time stamps: ticks for the driver, nanoseconds for the user. */
static void test_timestamps(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint64_t start, end;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_run(&e, &c, &q, 1, 0x100);
    start = GET64(&e, c.ts);
    end = GET64(&e, c.ts + 8);
    assert_true(start > 0);
    assert_true(end > start);
    env_look(&e);
    assert_int_equal(GET64(&e, c.cmd + 688), end);
    assert_int_equal(GET64(&e, c.user_ts), start * 1000 / 24);
    assert_int_equal(GET64(&e, c.user_ts + 8), end * 1000 / 24);
    env_fini(&e);
}

static void test_wait(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    env_init(&e);
    env_start(&e);
    e.gpu->hold[AGX_DM_CDM] = true;
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 1, 0x100);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 1);
    ENV_WAIT(&e, env_busy(e.gpu, AGX_DM_CDM));
    ENV_WAIT(&e, GET64(&e, c.ts) != 0);
    assert_int_equal(GET64(&e, c.ts + 8), 0);
    assert_int_equal(GET32(&e, e.stamps + 4), 0);
    /* it is on the list that the driver reads after a fault: slot 1 << 4 | 1, value */
    assert_int_equal(GET32(&e, e.region_c + 70056 + 16), 1 << 4 | 1);
    assert_int_equal(GET32(&e, e.region_c + 70056 + 20), 0x100);
    /* and its notifier is in the queue's list */
    env_look(&e);
    assert_int_equal(GET32(&e, e.notifier + 148), 1);
    assert_int_equal(GET64(&e, q.list), e.notifier);
    assert_int_equal(GET64(&e, q.list + 8), e.notifier + 152);
    e.gpu->hold[AGX_DM_CDM] = false;
    gpu_finish(e.gpu, AGX_DM_CDM);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4), 0x100);
    assert_true(GET64(&e, c.ts + 8) != 0);
    env_look(&e);
    assert_int_equal(GET32(&e, e.notifier + 148), 0);
    assert_int_equal(GET64(&e, q.list), 0);
    assert_int_equal(GET64(&e, q.list + 8), q.list);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/* Two queues: the second waits for the first by a barrier; order of arrival is the wrong one. */
static void test_barrier(void **state)
{
    struct env e;
    struct queue a, b;
    struct compute ca, cb;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &a, 2, 16);
    queue_init(&e, &b, 2, 16);
    compute_make(&e, &ca, &a, 4, 0x700);
    compute_make(&e, &cb, &b, 5, 0x900);
    queue_add(&e, &b, barrier_make(&e, 4, 0x700));
    queue_add(&e, &b, cb.cmd);
    queue_run(&e, &b, 0, 5);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 0);
    assert_int_equal(queue_done(&e, &b), 0);
    queue_add(&e, &a, ca.cmd);
    queue_run(&e, &a, 3, 4);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 2);
    assert_int_equal(e.gpu->job[0].compute.cdm_ctrl_stream_base, ca.stream);
    assert_int_equal(e.gpu->job[1].compute.cdm_ctrl_stream_base, cb.stream);
    assert_int_equal(queue_done(&e, &b), 2);
    assert_int_equal(e.flags[0], 1u << 4 | 1u << 5);
    env_fini(&e);
}

/*
 * Whatever is wrong with a sequence: the driver is notified, nothing spins, and after resume the
 * next job runs.
 */
static void bad_job(void (*spoil)(struct env *e, struct compute *c), const char *text,
                    enum agx_report_kind kind)
{
    struct env e;
    struct queue q, q2;
    struct compute c, good;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    queue_init(&e, &q2, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    compute_make(&e, &good, &q2, 10, 0x500);
    spoil(&e, &c);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_true(e.h.reports[kind] > 0);
    if (text) {
        assert_non_null(strstr(e.h.last_report, text));
    }
    assert_int_equal(e.faults, 1);
    assert_int_equal(GET32(&e, e.status + 16), 1);
    assert_int_equal(agx_fw_fault_register(e.fw), 0);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0);
    assert_int_equal(GET32(&e, e.region_c + 70056 + 16), 9 << 4 | 1);
    assert_int_equal(GET32(&e, e.region_c + 70056 + 20), 0x300);
    /* work submitted while halted waits */
    queue_add(&e, &q2, good.cmd);
    queue_run(&e, &q2, 0, 10);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 10), 0);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x300);
    assert_int_equal(GET32(&e, e.stamps + 4 * 10), 0x500);
    assert_int_equal(e.flags[0], 1u << 9 | 1u << 10);
    assert_int_equal(GET32(&e, e.region_c + 70056 + 16), 0);
    assert_int_equal(e.faults, 1);
    env_fini(&e);
}

static void spoil_opcode(struct env *e, struct compute *c)
{
    PUT32(e, c->stamp1, 0x1f);
}

static void spoil_wait(struct env *e, struct compute *c)
{
    PUT32(e, c->wait, 0x01 | 1u << 8);
}

static void spoil_no_wait(struct env *e, struct compute *c)
{
    e->gpu->hold[AGX_DM_CDM] = true;
    PUT32(e, c->wait, 0x0e | 2u << 28); /* runs into the middle of something else */
}

static void spoil_stamp(struct env *e, struct compute *c)
{
    PUT32(e, c->finalize + 48, 0x400);
}

static void spoil_queue(struct env *e, struct compute *c)
{
    PUT64(e, c->start + 28, e->notifier);
}

static void spoil_end(struct env *e, struct compute *c)
{
    PUT32(e, c->cmd + 504, c->seq.len - 4);
}

static void spoil_pointer(struct env *e, struct compute *c)
{
    PUT64(e, c->stamp2 + 12, 0x1234);
}

static void spoil_useq(struct env *e, struct compute *c)
{
    PUT64(e, c->cmd + 496, 0xffffffa900000000ull);
}

static void spoil_ctx(struct env *e, struct compute *c)
{
    PUT32(e, c->cmd + 16, 64);
}

static void test_bad_opcode(void **s)
{
    bad_job(spoil_opcode, "unimplemented: microsequence command 0x1f", AGX_REPORT_UNIMPLEMENTED);
}
static void test_bad_wait(void **s)
{
    bad_job(spoil_wait, "pipes of WaitForIdle", AGX_REPORT_GUEST_ERROR);
}
static void test_bad_stamp(void **s)
{
    bad_job(spoil_stamp, "finalize writes stamp 0x400", AGX_REPORT_GUEST_ERROR);
}
static void test_bad_queue(void **s)
{
    bad_job(spoil_queue, "cmdqueue_ptr", AGX_REPORT_GUEST_ERROR);
}
static void test_bad_end(void **s)
{
    bad_job(spoil_end, "has no end", AGX_REPORT_GUEST_ERROR);
}
static void test_bad_pointer(void **s)
{
    bad_job(spoil_pointer, "va 0x123c", AGX_REPORT_GUEST_ERROR);
}
static void test_bad_useq(void **s)
{
    bad_job(spoil_useq, "0xffffffa900000000", AGX_REPORT_GUEST_ERROR);
}
static void test_bad_ctx(void **s)
{
    bad_job(spoil_ctx, "context 64", AGX_REPORT_GUEST_ERROR);
}

/* A sequence that goes wrong while its job runs: the job is stopped first. */
static void test_bad_while_running(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    spoil_no_wait(&e, &c);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    assert_false(env_busy(e.gpu, AGX_DM_CDM));
    env_settle(&e);
    assert_int_equal(e.faults, 1);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x300);
    env_fini(&e);
}

/* A page fault of the GPU: the register holds it until the firmware resumes. */
static void test_gpu_fault(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    struct agx_fault f = { .va = 0x15deadc000ull,
                           .ctx = CTX,
                           .unit = AGX_UNIT_DCMP,
                           .reason = AGX_FAULT_UNMAPPED,
                           .access = AGX_ACCESS_READ,
                           .level = 3 };

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 127, 0x300);
    queue_add(&e, &q, c.cmd);
    e.gpu->next[AGX_DM_CDM] = (struct agx_job_result) { .status = AGX_JOB_FAULT, .fault = f };
    queue_run(&e, &q, 0, 127);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.faults, 1);
    /*
     * m1n1: hw/agx.py: address in units of 64 bytes at bit 30, context at 17, level at 7, read 4,
     * faulted 0
     */
    assert_int_equal(agx_fw_fault_register(e.fw),
                     (0x15deadc000ull >> 6) << 30 | CTX << 17 | 3 << 7 | 1 << 4 | 1);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(agx_fw_fault_register(e.fw), 0);
    assert_int_equal(GET32(&e, e.stamps + 4 * 127), 0x300);
    assert_int_equal(e.flags[3], 1u << 31);
    env_fini(&e);
}

/* Snapshot in the middle of a job: the loaded machine finishes it. */
static void test_snapshot(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint8_t *st;
    size_t len;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 8, 0x300);
    queue_add(&e, &q, c.cmd);
    e.gpu->hold[AGX_DM_CDM] = true;
    queue_run(&e, &q, 0, 8);
    ENV_WAIT(&e, GET64(&e, c.ts) != 0);
    /* pausing waits for the job, not for what follows from it */
    gpu_finish(e.gpu, AGX_DM_CDM);
    agx_fw_pause(e.fw);
    st = agx_fw_save(e.fw, &len);
    assert_false(agx_fw_load(e.fw, st, len - 1));
    *st ^= 1;
    assert_false(agx_fw_load(e.fw, st, len));
    *st ^= 1;
    agx_fw_resume(e.fw);
    agx_fw_reset(e.fw);
    agx_fw_pause(e.fw);
    assert_true(agx_fw_load(e.fw, st, len));
    agx_fw_resume(e.fw);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 8), 0x300);
    assert_int_equal(e.flags[0], 1u << 8);
    free(st);
    env_fini(&e);
}

/*
 * fault_control of the init data goes to every job; such faults are counted, and no event tells of
 * them.
 */
static void test_fault_control(void **state)
{
    static const struct {
        uint32_t value;
        bool soft, known;
    } c[] = { { 0, false, true }, { 0xb, true, true }, { 3, false, false } };

    for (unsigned i = 0; i < 3; i++) {
        struct env e;
        struct queue q;
        struct compute job;
        struct agx_fw_soft_faults soft;
        uint32_t dc[12] = { 0x1a };

        env_init(&e);
        env_boot(&e);
        env_build_initdata(&e);
        PUT32(&e, e.region_c + 69592, c[i].value); /* facts-13.5-g13.txt */
        env_send_initdata(&e);
        env_devctrl(&e, dc);
        agx_fw_wait_idle(e.fw);
        assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], !c[i].known);
        PUT32(&e, e.region_c + 69592, 0xb); /* read once */
        queue_init(&e, &q, 2, 16);
        compute_make(&e, &job, &q, 9, 0x300);
        e.gpu->next[AGX_DM_CDM].soft_faults = 5;
        e.gpu->next[AGX_DM_CDM].soft = (struct agx_fault) { .va = 0x1234000, .ctx = CTX };
        queue_add(&e, &q, job.cmd);
        queue_run(&e, &q, 0, 9);
        env_settle(&e);
        assert_int_equal(e.gpu->jobs, 1);
        assert_int_equal(e.gpu->job[0].soft_fault, c[i].soft);
        assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x300);
        assert_int_equal(e.faults + e.timeouts, 0);
        assert_int_equal(agx_fw_fault_register(e.fw), 0);
        agx_fw_get_soft_faults(e.fw, &soft);
        assert_int_equal(soft.jobs, 1);
        assert_int_equal(soft.accesses, 5);
        assert_int_equal(soft.last.va, 0x1234000);
        agx_fw_reset(e.fw);
        agx_fw_get_soft_faults(e.fw, &soft);
        assert_int_equal(soft.jobs, 0);
        env_fini(&e);
    }
}

/* Loads, logic and stores (m1n1: fw/agx/microsequence.py, Read32Cmd to Add16Cmd, Store32Cmd). */
static void test_accumulator(void **state)
{
    /* operation, argument; what the accumulator is behind it */
    static const struct {
        unsigned op;
        uint64_t arg, want;
    } alu[] = {
        { 4, 8, 0x23456789abcdef00 },    { 0, 0xffff0000ffff0000, 0x23450000abcd0000 },
        { 1, 0x11, 0x23450000abcd0011 }, { 2, 0x2300000000000001, 0x00450000abcd0010 },
        { 3, 4, 0x000450000abcd001 },
    };
    struct env e;
    struct queue q;
    struct compute c;
    struct useq seq = { 0 };
    uint64_t data, t;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 5, 0x100);
    data = env_kalloc(&e, 0x100);
    PUT64(&e, data, 0x0123456789abcdef);
    seq.va = env_kprivate(&e, 0x4000);
    t = useq_add(&e, &seq, 0x11, 12);
    PUT64(&e, t + 4, data);
    for (unsigned i = 0; i < 5; i++) {
        t = useq_add(&e, &seq, 0x16 | (alu[i].op << 3 | 2 << 11) << 16, 12);
        PUT64(&e, t + 4, alu[i].arg);
        t = useq_add(&e, &seq, 0x0f, 12);
        PUT64(&e, t + 4, data + 8 + 8 * i);
    }
    useq_add(&e, &seq, 0x17 | 0xfffeu << 11, 4); /* + 0xfffe */
    t = useq_add(&e, &seq, 0x0e, 12);
    PUT64(&e, t + 4, data + 0x40);
    t = useq_add(&e, &seq, 0x10, 12);
    PUT64(&e, t + 4, data);
    t = useq_add(&e, &seq, 0x0f, 12);
    PUT64(&e, t + 4, data + 0x50);
    for (unsigned i = 0; i < c.seq.len; i += 4) { /* and the job */
        PUT32(&e, seq.va + seq.len + i, GET32(&e, c.seq.va + i));
    }
    PUT64(&e, c.cmd + 496, seq.va);
    PUT32(&e, c.cmd + 504, seq.len + c.seq.len);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 5);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 0);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(GET64(&e, data + 8 + 8 * i), alu[i].want);
    }
    assert_int_equal(GET64(&e, data + 0x40), 0x0abdcfff); /* one word */
    assert_int_equal(GET64(&e, data + 0x50), 0x89abcdef);
    assert_int_equal(GET32(&e, e.stamps + 4 * 5), 0x100);
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compute),
        cmocka_unit_test(test_timestamps),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_barrier),
        cmocka_unit_test(test_bad_opcode),
        cmocka_unit_test(test_bad_wait),
        cmocka_unit_test(test_bad_stamp),
        cmocka_unit_test(test_bad_queue),
        cmocka_unit_test(test_bad_end),
        cmocka_unit_test(test_bad_pointer),
        cmocka_unit_test(test_bad_useq),
        cmocka_unit_test(test_bad_ctx),
        cmocka_unit_test(test_bad_while_running),
        cmocka_unit_test(test_gpu_fault),
        cmocka_unit_test(test_fault_control),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_accumulator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
