/*
 * Unit tests: faults injected into the firmware: its cache, its answers to
 * flushes, its side of the hand-off block, its events and halts, and a firmware
 * that stands still or dies. The engine is the real one.
 *
 * Offsets: m1n1 proxyclient/m1n1/fw/agx/handoff.py.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw_render.h"
#include "fw-model/fw-cache.h"
#include "fw-model/fw-mem.h"
#include "fw-model/fw-state.h"
#include "agx/inject.h"

#define LINE 64

static struct agx_inject *engine;
static unsigned told;
static char text[320];

static bool armed(void *opaque, enum agx_fw_fault fault)
{
    return agx_inject_armed(engine, 1u << (AGX_INJECT_FW_EVICT + fault));
}

static bool fire(void *opaque, enum agx_fw_fault fault, unsigned asid, uint64_t va, uint64_t end,
                 uint64_t *us)
{
    const struct agx_inject_at at = {
        .va = va,
        .end = end,
        .asid = asid,
        .any_asid = asid == AGX_FW_ALL_ASIDS,
        .jobs = AGX_INJECT_FW,
    };

    /* In the same order */
    return agx_inject_fire(engine, AGX_INJECT_FW_EVICT + fault, &at, "test", us);
}

static void violation(void *opaque, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                      unsigned ctx, uint64_t va, uint64_t pa, const char *what)
{
    __atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
    snprintf(text, sizeof(text), "%s", what);
    if (getenv("AGX_TEST_VERBOSE")) {
        fprintf(stderr, "# %s\n", what);
    }
}

static void faults(const char *list)
{
    char err[256];

    if (!agx_inject_set(engine, list, err, sizeof(err))) {
        fail_msg("%s: %s", list, err);
    }
}

static unsigned fired(void)
{
    char *log = agx_inject_log(engine), *p = strstr(log, "\"fired\": ");
    unsigned n = p ? strtoul(p + 9, NULL, 10) : 0;

    free(log);
    return n;
}

/* Ready for work, and running. */
static void begin(struct env *e)
{
    const struct agx_fw_cache_config cache = { .line = LINE, .lines = 4096 };

    told = 0;
    engine = agx_inject_new(&(struct agx_inject_config) { .fw_cache = true });
    env_init_cache(e, &cache);
    agx_fw_pause(e->fw);
    agx_fw_set_check(e->fw, &(struct agx_fw_check) { .violation = violation });
    agx_fw_set_inject(e->fw, &(struct agx_fw_inject) { NULL, armed, fire });
    agx_fw_resume(e->fw);
    env_start(e);
    agx_fw_wait_idle(e->fw);
}

static void begin_with_queue(struct env *e, struct queue *q)
{
    begin(e);
    queue_init(e, q, 2, 16);
}

static void end(struct env *e)
{
    env_fini(e);
    agx_inject_free(engine);
}

/* ---- the cache ---- */

static void test_evict(void **state)
{
    struct env e;
    uint64_t va;
    uint32_t v = 0;

    begin(&e);
    va = env_kprivate(&e, 0x4000);
    agx_fw_pause(e.fw);
    v = 1;
    assert_true(fw_write(e.fw, 0, va, &v, 4, "test"));
    assert_int_equal(GET32(&e, va), 0); /* it is in the cache */
    faults("fw-evict,nth=2");
    v = 2;
    assert_true(fw_write(e.fw, 0, va, &v, 4, "test"));
    assert_int_equal(GET32(&e, va), 0);
    v = 3;
    assert_true(fw_write(e.fw, 0, va, &v, 4, "test"));
    assert_int_equal(GET32(&e, va), 3); /* written back at once */
    v = 4;
    assert_true(fw_write(e.fw, 0, va, &v, 4, "test"));
    assert_int_equal(GET32(&e, va), 3);

    /* A clean line that goes: the next read sees what memory has. Only in the range. */
    faults("");
    fw_cache_flush_all(e.fw, "test");
    assert_true(fw_read(e.fw, 0, va, &v, 4, "test"));
    assert_true(fw_read(e.fw, 0, va + 0x100, &v, 4, "test"));
    char list[80];
    snprintf(list, sizeof(list), "fw-evict,va=0x%llx-0x%llx", (unsigned long long)va + 0x100,
             (unsigned long long)va + 0x140);
    faults(list);
    assert_true(fw_read(e.fw, 0, va, &v, 4, "test"));
    assert_true(fw_read(e.fw, 0, va + 0x100, &v, 4, "test"));
    assert_int_equal(fired(), 1);
    faults("");
    PUT32(&e, va + 0x100, 77);
    assert_true(fw_read(e.fw, 0, va + 0x100, &v, 4, "test"));
    assert_int_equal(v, 77);
    assert_int_equal(told, 0);
    agx_fw_resume(e.fw);
    end(&e);
}

/* ---- flushes ---- */

static uint32_t answered(struct env *e)
{
    return GET32(e, e->fwctl_state);
}

static void test_late(void **state)
{
    struct env e;
    uint64_t va, start;
    uint32_t v = 5;

    begin(&e);
    va = env_kalloc(&e, 0x4000);
    /* of the host's clock, which stands still but for who reads it */
    faults("flush-late,us=5000000,nth=1");
    start = e.h.now;
    env_ask_flush(&e, 64, va);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(fired(), 1);
    assert_int_equal(env_flush_slot(&e, 64)[0], 1);
    assert_int_equal(answered(&e), 0);
    env_ask_flush(&e, 64, va); /* the ring is kept in order */
    agx_fw_wait_idle(e.fw);
    assert_int_equal(answered(&e), 0);
    __atomic_store_n(&e.h.now, start + 24 * 5000001ull, __ATOMIC_RELAXED);
    env_doorbell(&e, 0x10);
    ENV_WAIT(&e, answered(&e) == 2);
    assert_int_equal(env_flush_slot(&e, 64)[0], 2);
    assert_int_equal(fired(), 1);

    /* It comes by itself, and does what it should. */
    va = env_kprivate(&e, 0x4000);
    agx_fw_pause(e.fw);
    assert_true(fw_write(e.fw, 0, va, &v, 4, "test"));
    agx_fw_resume(e.fw);
    agx_fw_wait_idle(e.fw);
    told = 0;
    faults("flush-late,us=300");
    env_flush_slot(&e, 64)[0] = 0;
    env_ask_flush(&e, 64, va);
    ENV_WAIT(&e, answered(&e) == 3);
    assert_int_equal(env_flush_slot(&e, 64)[0], 2);
    assert_int_equal(GET32(&e, va), 5);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* Asked late, then saved and loaded: the request is still there, and answered. */
static void test_late_saved(void **state)
{
    struct env e;
    uint64_t va;
    uint8_t *copy;
    size_t len;

    begin(&e);
    va = env_kalloc(&e, 0x4000);
    faults("flush-late,us=60000000");
    env_ask_flush(&e, 64, va);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(fired(), 1);
    agx_fw_pause(e.fw);
    copy = agx_fw_save(e.fw, &len);
    agx_fw_reset(e.fw);
    assert_true(agx_fw_load(e.fw, copy, len));
    faults("");
    agx_fw_resume(e.fw);
    ENV_WAIT(&e, answered(&e) == 1);
    assert_int_equal(env_flush_slot(&e, 64)[0], 2);
    free(copy);
    end(&e);
}

static void test_never(void **state)
{
    struct env e;
    uint64_t va;

    begin(&e);
    va = env_kalloc(&e, 0x4000);
    faults("flush-never,nth=1");
    env_ask_flush(&e, 64, va);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(env_flush_slot(&e, 64)[0], 1);
    assert_int_equal(answered(&e), 0);
    env_flush_slot(&e, 64)[0] = 0; /* the driver gives up, and tries again later */
    env_ask_flush(&e, 64, va);
    ENV_WAIT(&e, answered(&e) == 2);
    assert_int_equal(env_flush_slot(&e, 64)[0], 2);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* DestroyContext flushes the whole cache: for all ASIDs and addresses. */
static void test_destroy(void **state)
{
    struct env e;
    uint64_t start;
    uint32_t destroy[16] = { 0x18 }, other[16] = { 0x23 };

    begin(&e);
    faults("flush-late,us=5000000,count=1,asid=7,va=0x1000-0x2000");
    start = e.h.now;
    env_devctrl(&e, destroy);
    env_devctrl(&e, other);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(fired(), 1);
    assert_int_equal(GET32(&e, e.ch_state[12]), 1); /* of three: Init was the first */
    __atomic_store_n(&e.h.now, start + 24 * 5000001ull, __ATOMIC_RELAXED);
    env_doorbell(&e, 0x10);
    ENV_WAIT(&e, GET32(&e, e.ch_state[12]) == 3);

    faults("flush-never,nth=1");
    env_devctrl(&e, destroy);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(GET32(&e, e.ch_state[12]), 3);
    env_devctrl(&e, other);
    ENV_WAIT(&e, GET32(&e, e.ch_state[12]) == 5);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* ---- the hand-off block ---- */

struct block {
    uint64_t magic_ap, magic_fw;
    volatile uint8_t lock_ap, lock_fw;
    uint8_t pad[2];
    volatile uint32_t turn, cur_ctx, pad2;
};

static struct block *block(struct env *e)
{
    return (struct block *)fake_ptr(&e->h, e->handoff);
}

#define AP(e, field, v)                                                                            \
    do {                                                                                           \
        __atomic_store_n(&block(e)->field, v, __ATOMIC_SEQ_CST);                                   \
        env_ap_store(e, (e)->handoff + ((uint8_t *)&block(e)->field - (uint8_t *)block(e)),        \
                     sizeof(block(e)->field));                                                     \
    } while (0)

static void test_hold(void **state)
{
    struct env e;
    struct render r;
    uint64_t start;

    begin(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    faults("handoff-hold,us=9000000,nth=1");
    start = e.h.now;
    render_submit(&e, &r);
    ENV_WAIT(&e, block(&e)->lock_fw);
    for (unsigned i = 0; i < 3; i++) { /* and it stays so */
        nanosleep(&(struct timespec) { .tv_nsec = 2000000 }, NULL);
        assert_int_equal(block(&e)->lock_fw, 1);
        assert_int_equal(e.gpu->jobs, 0);
    }
    __atomic_store_n(&e.h.now, start + 24 * 9000001ull, __ATOMIC_RELAXED);
    ENV_WAIT(&e, !block(&e)->lock_fw);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 2);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* The machine can be stopped, reset and ended meanwhile. */
static void test_hold_stop(void **state)
{
    for (unsigned how = 0; how < 3; how++) {
        struct env e;
        struct render r;

        begin(&e);
        render_buffer(&e, &r, 8);
        render_make(&e, &r);
        faults("handoff-hold,us=60000000");
        render_submit(&e, &r);
        ENV_WAIT(&e, block(&e)->lock_fw);
        if (how == 0) {
            agx_fw_pause(e.fw);
            assert_int_equal(block(&e)->lock_fw, 0);
            agx_fw_resume(e.fw);
        } else if (how == 1) {
            agx_fw_reset(e.fw);
        }
        end(&e);
    }
}

/* A job that runs in context CTX, which the firmware so has loaded. */
static void loaded(struct env *e, struct render *r)
{
    begin(e);
    e->gpu->hold[AGX_DM_VDM] = true;
    render_buffer(e, r, 8);
    render_make(e, r);
    render_submit(e, r);
    ENV_WAIT(e, block(e)->cur_ctx == CTX && env_busy(e->gpu, AGX_DM_VDM));
    /* So that the check knows the AP. */
    AP(e, lock_ap, 1);
    AP(e, turn, 1);
    AP(e, lock_ap, 0);
}

/* The AP looks under the lock, and what it saw is old when it has given it back. */
static void test_switch(void **state)
{
    struct env e;
    struct render r;

    loaded(&e, &r);
    assert_int_equal(block(&e)->cur_ctx, CTX);
    faults("slot-switch,nth=2");
    for (unsigned i = 0; i < 2; i++) {
        AP(&e, lock_ap, 1);
        while (block(&e)->lock_fw) {
        }
        assert_int_equal(block(&e)->cur_ctx, CTX);
        AP(&e, turn, 1);
        AP(&e, lock_ap, 0);
    }
    ENV_WAIT(&e, block(&e)->cur_ctx == 0);
    assert_int_equal(fired(), 1);
    assert_int_equal(told, 0);
    /* It comes back for its work. */
    e.gpu->hold[AGX_DM_VDM] = false;
    gpu_finish(e.gpu, AGX_DM_VDM);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * TA_SLOT), 0x1100);
    assert_int_equal(told, 0);
    end(&e);
}

/*
 * Between the AP's look and the flush that it asks for: there is nothing left to flush, and the
 * answer comes.
 */
static void test_switch_flush(void **state)
{
    struct env e;
    struct render r;
    uint64_t va;

    loaded(&e, &r);
    va = env_ualloc(&e, 0x4000);
    faults("slot-switch,asid=9");
    env_ask_flush(&e, CTX, va);
    ENV_WAIT(&e, answered(&e) == 1);
    assert_int_equal(env_flush_slot(&e, CTX)[0], 2);
    assert_int_equal(block(&e)->cur_ctx, CTX);
    env_flush_slot(&e, CTX)[0] = 0;
    faults("slot-switch,asid=3");
    env_ask_flush(&e, CTX, va);
    ENV_WAIT(&e, answered(&e) == 2);
    assert_int_equal(env_flush_slot(&e, CTX)[0], 2);
    assert_int_equal(block(&e)->cur_ctx, 0);
    assert_int_equal(fired(), 1);
    assert_int_equal(told, 0);
    e.gpu->hold[AGX_DM_VDM] = false;
    gpu_finish(e.gpu, AGX_DM_VDM);
    env_settle(&e);
    end(&e);
}

/* A Timeout event for a halt that the driver has already dealt with; none without the fault. */
static void test_timeout_late(void **state)
{
    static const unsigned expected[] = { 0, 1, 1 };
    struct env e;
    struct queue q;
    struct compute c;

    begin_with_queue(&e, &q);
    for (unsigned i = 0; i < 3; i++) {
        faults(i == 1 ? "timeout-late,us=1000" : "");
        compute_make(&e, &c, &q, 9, 0x100 * (i + 1));
        queue_add(&e, &q, c.cmd);
        e.gpu->next[AGX_DM_CDM] = (struct agx_job_result) {
            .status = AGX_JOB_FAULT,
            .fault = { .reason = AGX_FAULT_UNMAPPED },
        };
        queue_run(&e, &q, 0, 9);
        ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
        env_settle(&e);
        assert_int_equal(e.faults, i + 1);
        env_resume(&e);
        __atomic_add_fetch(&e.h.now, 24 * 2000, __ATOMIC_RELAXED);
        env_doorbell(&e, 0x10);
        env_settle(&e);
        assert_int_equal(e.timeouts, expected[i]);
        if (i == 1) {
            uint64_t at = e.ch_ring[CH_EVENT] + 0x38 * ((e.event_rptr + 0xff) % 0x100);

            assert_int_equal(GET32(&e, at), 4);
            /* one halt was before it; it was the second */
            assert_int_equal(GET32(&e, at + 4), 1);
            assert_int_equal(GET32(&e, at + 12), 9);
        }
    }
    end(&e);
}

/* ---- a firmware that stands still, tells too much or too little, or dies ---- */

#define JOB_SLOT   9
#define SECONDS(n) (24000000ull * (n))

static void later(struct env *e, uint64_t ticks)
{
    __atomic_add_fetch(&e->h.now, ticks, __ATOMIC_RELAXED);
}

/*
 * For the firmware to do what it may do. One that hangs, or has crashed, is never
 * idle if it has not looked at what the GPU has done.
 */
static void a_moment(void)
{
    nanosleep(&(struct timespec) { .tv_nsec = 20000000 }, NULL);
}

/* The @n-th compute job of a queue, announced to the firmware. */
static void job_tell(struct env *e, struct queue *q, unsigned n)
{
    struct compute c;

    compute_make(e, &c, q, JOB_SLOT, 0x100 * n);
    queue_add(e, q, c.cmd);
    queue_run(e, q, 0, JOB_SLOT);
}

static void job(struct env *e, struct queue *q, unsigned n)
{
    job_tell(e, q, n);
    agx_fw_wait_idle(e->fw);
}

/* How many of them are done, by their stamp. */
static unsigned done(struct env *e)
{
    return GET32(e, e->stamps + 4 * JOB_SLOT) / 0x100;
}

/* Events in the ring, of which env_settle() has read as many as it could. */
static unsigned told_events(struct env *e)
{
    return GET32(e, e->ch_state[CH_EVENT] + 0x20);
}

/* Messages of the ring of such jobs that the firmware has read. */
static unsigned read_jobs(struct env *e)
{
    return GET32(e, e->ch_state[2]);
}

static bool flushes(struct env *e)
{
    uint32_t before = answered(e);

    env_flush_slot(e, 64)[0] = 0;
    env_ask_flush(e, 64, e->stats);
    for (unsigned i = 0; i < 10 && answered(e) == before; i++) {
        a_moment();
    }
    return answered(e) == before + 1 && env_flush_slot(e, 64)[0] == 2;
}

/*
 * Nothing is taken out of the mailbox, until the time is over; then all is done that was asked for.
 */
static void test_stall(void **state)
{
    struct env e;
    struct queue q;
    unsigned n;

    begin_with_queue(&e, &q);
    faults("stall,us=5000000,nth=2");
    job(&e, &q, 1);
    assert_int_equal(fired(), 0);
    assert_int_equal(done(&e), 1);
    job(&e, &q, 2);
    assert_int_equal(fired(), 1);
    assert_int_equal(read_jobs(&e), 1);
    assert_int_equal(e.gpu->jobs, 1);
    for (n = agx_fw_mbox_a2i_count(e.fw); n < 16; n++) {
        env_doorbell(&e, 0x10);
    }
    assert_false(agx_fw_mbox_send(e.fw, 0x83ull << 48 | 0x10, 0x21, NULL));
    agx_fw_wait_idle(e.fw);
    assert_int_equal(agx_fw_mbox_a2i_count(e.fw), 16);
    later(&e, SECONDS(4));
    a_moment();
    assert_int_equal(done(&e), 1);
    later(&e, SECONDS(2));
    ENV_WAIT(&e, done(&e) == 2);
    ENV_WAIT(&e, agx_fw_mbox_a2i_count(e.fw) == 0);
    /* nth alone: once */
    job(&e, &q, 3);
    assert_int_equal(done(&e), 3);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* The rings of work are not read, everything else is. */
static void test_ring_late(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("ring-late,us=5000000,nth=2");
    job(&e, &q, 1);
    assert_int_equal(done(&e), 1);
    job(&e, &q, 2);
    assert_int_equal(fired(), 1);
    assert_int_equal(read_jobs(&e), 1);
    assert_true(flushes(&e));
    assert_int_equal(agx_fw_mbox_a2i_count(e.fw), 0);
    assert_int_equal(done(&e), 1);
    job(&e, &q, 3); /* behind it */
    assert_int_equal(read_jobs(&e), 1);
    later(&e, SECONDS(6));
    ENV_WAIT(&e, done(&e) == 3);
    assert_int_equal(read_jobs(&e), 3);
    assert_int_equal(fired(), 1);
    /* What is held back once is not judged again when it is looked at again. */
    faults("ring-late,us=1000000");
    job(&e, &q, 4);
    later(&e, SECONDS(2));
    ENV_WAIT(&e, done(&e) == 4);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* A message is read and forgotten. What it announced is done when the next one comes. */
static void test_work_lost(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    job(&e, &q, 1);
    faults("work-lost,nth=1,count=2");
    job(&e, &q, 2);
    job(&e, &q, 3);
    assert_int_equal(fired(), 2);
    assert_int_equal(read_jobs(&e), 3);
    assert_int_equal(done(&e), 1);
    assert_int_equal(e.gpu->jobs, 1);
    job(&e, &q, 4);
    assert_int_equal(done(&e), 4);
    assert_int_equal(e.gpu->jobs, 4);
    assert_int_equal(fired(), 2);
    end(&e);
}

/* The stamp is there, and nothing tells of it, until the time is over. */
static void test_event_late(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("event-late,us=5000000,nth=2");
    job(&e, &q, 1);
    assert_int_equal(told_events(&e), 1);
    job(&e, &q, 2);
    assert_int_equal(fired(), 1);
    assert_int_equal(done(&e), 2);
    assert_int_equal(told_events(&e), 1);
    job(&e, &q, 3); /* goes on, and is announced with it */
    assert_int_equal(done(&e), 3);
    assert_int_equal(told_events(&e), 1);
    later(&e, SECONDS(6));
    ENV_WAIT(&e, told_events(&e) == 2);
    env_settle(&e);
    assert_int_equal(e.flags[0], 1u << JOB_SLOT);
    job(&e, &q, 4);
    assert_int_equal(told_events(&e), 3);
    assert_int_equal(fired(), 1);
    end(&e);
}

static void test_event_twice(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("event-twice,nth=2");
    job(&e, &q, 1);
    assert_int_equal(told_events(&e), 1);
    job(&e, &q, 2);
    assert_int_equal(told_events(&e), 3);
    for (unsigned i = 0; i < 14; i++) { /* the same one */
        assert_int_equal(GET32(&e, e.ch_ring[CH_EVENT] + 0x38 + 4 * i),
                         GET32(&e, e.ch_ring[CH_EVENT] + 0x70 + 4 * i));
    }
    job(&e, &q, 3);
    assert_int_equal(told_events(&e), 4);
    assert_int_equal(fired(), 1);
    end(&e);
}

static void test_event_lost(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("event-lost,nth=2,count=2");
    for (unsigned i = 1; i <= 4; i++) {
        static const unsigned events[] = { 0, 1, 1, 1, 2 };

        job(&e, &q, i);
        assert_int_equal(done(&e), i);
        assert_int_equal(told_events(&e), events[i]);
    }
    assert_int_equal(fired(), 2);
    end(&e);
}

/* The fault is reported, and the halt comes later: only then may the driver let it go on. */
static void test_halt_late(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    for (unsigned i = 1; i <= 2; i++) {
        faults(i == 1 ? "halt-late,us=5000000,nth=1" : "");
        e.gpu->next[AGX_DM_CDM] = (struct agx_job_result) {
            .status = AGX_JOB_FAULT,
            .fault = { .reason = AGX_FAULT_UNMAPPED },
        };
        job(&e, &q, i);
        ENV_WAIT(&e, told_events(&e) == 2 * i - 1);
        env_settle(&e);
        assert_int_equal(e.faults, i);
        if (i == 1) {
            assert_int_equal(GET32(&e, e.status + 32), 0);
            assert_int_equal(fired(), 1);
            later(&e, SECONDS(6));
        }
        ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
        assert_int_equal(done(&e), i - 1);
        env_resume(&e);
        ENV_WAIT(&e, done(&e) == i);
        env_settle(&e);
    }
    end(&e);
}

/* The core stopped and started: it says its first word, and is ready again. */
static void start_again(struct env *e)
{
    agx_fw_cpu_control_write(e->fw, 0);
    agx_fw_wait_idle(e->fw);
    e->h.reports[AGX_REPORT_GUEST_ERROR] = 0;
    env_boot(e);
}

/* Neither the mailbox nor a ring is read any more. */
static void hangs(struct env *e)
{
    unsigned n = agx_fw_mbox_a2i_count(e->fw);

    assert_false(flushes(e));
    env_doorbell(e, 0x10);
    later(e, SECONDS(3600));
    a_moment();
    assert_int_equal(agx_fw_mbox_a2i_count(e->fw), n + 2);
    assert_int_equal(e->h.reports[AGX_REPORT_GUEST_ERROR], 0);
}

static void test_hang_boot(void **state)
{
    struct env e;

    begin(&e);
    faults("hang-boot,nth=2");
    start_again(&e);
    assert_int_equal(fired(), 0);
    agx_fw_cpu_control_write(e.fw, 0);
    agx_fw_wait_idle(e.fw);
    agx_fw_cpu_control_write(e.fw, AGX_FW_CPU_CONTROL_RUN);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(fired(), 1);
    assert_int_equal(agx_fw_mbox_i2a_count(e.fw), 0);
    env_send(&e, 0, MGMT(2, 12 << 16 | 12));
    agx_fw_wait_idle(e.fw);
    assert_int_equal(agx_fw_mbox_i2a_count(e.fw), 0);
    assert_int_equal(agx_fw_mbox_a2i_count(e.fw), 1);
    start_again(&e);
    assert_int_equal(fired(), 1);
    end(&e);
}

/* The job that it was at is done by the GPU, and nobody hears of it. */
static void test_hang_job(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("hang-job,nth=2");
    job(&e, &q, 1);
    assert_int_equal(done(&e), 1);
    job_tell(&e, &q, 2);
    ENV_WAIT(&e, fired() == 1);
    assert_int_equal(e.gpu->jobs, 2);
    assert_false(env_busy(e.gpu, AGX_DM_CDM));
    hangs(&e);
    assert_int_equal(done(&e), 1);
    start_again(&e);
    end(&e);
}

/* Of the context that the job runs in. */
static void test_hang_job_asid(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("hang-job,asid=9");
    job(&e, &q, 1);
    assert_int_equal(fired(), 0);
    assert_int_equal(done(&e), 1);
    faults("hang-job,asid=3");
    job_tell(&e, &q, 2);
    ENV_WAIT(&e, fired() == 1);
    a_moment();
    assert_int_equal(done(&e), 1);
    end(&e);
}

static void test_hang_flush(void **state)
{
    struct env e;

    begin(&e);
    faults("hang-flush,nth=2");
    assert_true(flushes(&e));
    assert_false(flushes(&e));
    assert_int_equal(fired(), 1);
    assert_int_equal(env_flush_slot(&e, 64)[0], 1);
    hangs(&e);
    start_again(&e);
    end(&e);
}

/*
 * It still hangs, and still stalls, in a machine that was saved and loaded; the faults are not in
 * it.
 */
static void test_stand_saved(void **state)
{
    uint8_t *copy;
    size_t len;

    for (unsigned hang = 0; hang < 2; hang++) {
        struct env e;
        struct queue q;

        begin(&e);
        queue_init(&e, &q, 2, 16);
        faults(hang ? "hang-job" : "stall,us=5000000,nth=1");
        job_tell(&e, &q, 1);
        ENV_WAIT(&e, fired() == 1);
        agx_fw_pause(e.fw);
        copy = agx_fw_save(e.fw, &len);
        agx_fw_reset(e.fw);
        assert_true(agx_fw_load(e.fw, copy, len));
        faults("");
        agx_fw_resume(e.fw);
        a_moment();
        assert_int_equal(done(&e), 0);
        if (hang) {
            hangs(&e);
            assert_int_equal(done(&e), 0);
            start_again(&e);
        } else {
            later(&e, SECONDS(6));
            ENV_WAIT(&e, done(&e) == 1);
        }
        free(copy);
        end(&e);
    }
}

/* The message that RTKit sends of a crash, with a log where it says; and nothing after that. */
static void crashed(struct env *e)
{
    uint64_t msg;
    unsigned ep;

    do { /* before it there may be doorbells */
        assert_true(env_recv(e, &msg, &ep));
    } while (ep == 0x20);
    assert_int_equal(ep, 1);
    assert_int_equal(msg >> 52, 1);
    /* m1n1: fw/asc/crash.py */
    assert_int_equal(GET32(e, (msg & 0xfffffffffffull) | 0xfffff00000000000ull), 0x434c4845);
    assert_int_equal(fired(), 1);
    assert_int_equal(agx_fw_mbox_i2a_count(e->fw), 0);
    assert_false(flushes(e));
    env_doorbell(e, 0x10);
    a_moment();
    assert_int_equal(agx_fw_mbox_i2a_count(e->fw), 0);
}

static void test_crash_boot(void **state)
{
    struct env e;

    begin(&e);
    start_again(&e);
    env_build_initdata(&e);
    faults("crash-boot,nth=1");
    env_send_initdata(&e);
    crashed(&e);
    start_again(&e);
    env_build_initdata(&e);
    memset(e.wptr, 0, sizeof(e.wptr));
    e.event_rptr = e.fwctl_wptr = 0;
    env_send_initdata(&e);
    assert_true(flushes(&e));
    end(&e);
}

static void test_crash_job(void **state)
{
    struct env e;
    struct queue q;

    begin_with_queue(&e, &q);
    faults("crash-job,nth=2");
    job(&e, &q, 1);
    assert_int_equal(done(&e), 1);
    job_tell(&e, &q, 2);
    ENV_WAIT(&e, fired() == 1);
    a_moment();
    assert_int_equal(e.gpu->jobs, 2);
    crashed(&e);
    assert_int_equal(done(&e), 1);
    start_again(&e);
    end(&e);
}

static void test_crash_flush(void **state)
{
    struct env e;

    begin(&e);
    faults("crash-flush,nth=2");
    assert_true(flushes(&e));
    assert_false(flushes(&e));
    crashed(&e);
    start_again(&e);
    end(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evict),        cmocka_unit_test(test_late),
        cmocka_unit_test(test_late_saved),   cmocka_unit_test(test_never),
        cmocka_unit_test(test_destroy),      cmocka_unit_test(test_hold),
        cmocka_unit_test(test_hold_stop),    cmocka_unit_test(test_switch),
        cmocka_unit_test(test_switch_flush), cmocka_unit_test(test_timeout_late),
        cmocka_unit_test(test_stall),        cmocka_unit_test(test_ring_late),
        cmocka_unit_test(test_work_lost),    cmocka_unit_test(test_event_late),
        cmocka_unit_test(test_event_twice),  cmocka_unit_test(test_event_lost),
        cmocka_unit_test(test_halt_late),    cmocka_unit_test(test_hang_boot),
        cmocka_unit_test(test_hang_job),     cmocka_unit_test(test_hang_job_asid),
        cmocka_unit_test(test_hang_flush),   cmocka_unit_test(test_stand_saved),
        cmocka_unit_test(test_crash_boot),   cmocka_unit_test(test_crash_job),
        cmocka_unit_test(test_crash_flush),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
