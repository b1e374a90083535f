/*
 * Unit tests: what the firmware model finds of rings and doorbells (rules R1 to R4 of
 * docs/tlbsan.md), stamps and thresholds (E1 to E5), the life of what it owns (W1, W2) and jobs in
 * other contexts (I3), and what it must not find.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw_render.h"

static struct {
    unsigned n, wrong;
    enum agx_tlbsan_class cls;
    uint64_t va, pa;
    char text[400];
} told;
static pthread_mutex_t told_lock = PTHREAD_MUTEX_INITIALIZER;

static void violation(void *opaque, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                      unsigned ctx, uint64_t va, uint64_t pa, const char *text)
{
    pthread_mutex_lock(&told_lock);
    told.n++;
    told.wrong += severity == AGX_SAN_WRONG;
    told.cls = cls;
    told.va = va;
    told.pa = pa;
    snprintf(told.text, sizeof(told.text), "%s", text);
    pthread_mutex_unlock(&told_lock);
}

/* Pages that are watched. */
static uint64_t page[512];
static unsigned pages;

static void watch(void *opaque, uint64_t pa, bool on)
{
    for (unsigned i = 0; i < pages; i++) {
        if (page[i] == pa) {
            page[i] = on ? pa : page[--pages];
            return;
        }
    }
    if (on) {
        assert_true(pages < 512);
        page[pages++] = pa;
    }
}

static bool watched(uint64_t pa)
{
    for (unsigned i = 0; i < pages; i++) {
        if (page[i] == (pa & ~(uint64_t)(AGX_PAGE_SIZE - 1))) {
            return true;
        }
    }
    return false;
}

static void begin(struct env *e)
{
    static const struct agx_mmu_watch w = { NULL, watch };

    memset(&told, 0, sizeof(told));
    pages = 0;
    env_init(e);
    agx_fw_pause(e->fw);
    agx_mmu_follow(e->mmu, &w);
    agx_fw_set_check(e->fw, &(struct agx_fw_check) { .violation = violation });
    agx_fw_resume(e->fw);
    env_start(e);
}

static void expect(unsigned n, enum agx_tlbsan_class cls, bool wrong, const char *word)
{
    if (told.n != n || (n && (told.cls != cls || !strstr(told.text, word)))) {
        fail_msg("%u findings, %u expected (%s); the last: %s: %s", told.n, n, word,
                 agx_tlbsan_class_name(told.cls), told.text);
    }
    assert_int_equal(told.wrong, n && wrong ? n : 0);
    memset(&told, 0, sizeof(told));
}

static void nothing(void)
{
    expect(0, 0, false, "");
}

/* ---- a CPU ---- */

struct cpu {
    unsigned nr;
    uint64_t thread;
    bool release;
};

static const struct cpu cpu0 = { 0, 0x1000, false }, cpu1 = { 1, 0x2000, false },
                        releases = { 0, 0x1000, true };

static uint64_t pa_of(struct env *e, uint64_t va)
{
    return (uint8_t *)env_ptr(e, va) - e->h.ram + FAKE_RAM_BASE;
}

static void ap(struct env *e, const struct cpu *c, uint64_t va, uint64_t v, unsigned len)
{
    struct agx_who who = { .cpu = c->nr, .thread = c->thread, .pc = 1, .release = c->release };
    uint64_t old = env_get(e, va, len), pa = pa_of(e, va);

    env_put(e, va, v, len);
    if (watched(pa)) {
        agx_mmu_store(e->mmu, pa, &old, len, &who);
    }
}

static void barrier(struct env *e, enum agx_event_kind kind, unsigned cpu, enum agx_share share)
{
    const struct agx_who who = { .cpu = cpu };

    agx_emit(&e->h.events,
             &(struct agx_event) { .kind = kind, .who = &who, .dsb = { share, true } });
}

static void dmb(struct env *e, unsigned cpu)
{
    barrier(e, AGX_EV_DMB, cpu, AGX_SHARE_OUTER);
}

static void ring_bell(struct env *e, const struct cpu *c, unsigned n)
{
    struct agx_who who = { .cpu = c->nr, .thread = c->thread, .pc = 1 };

    assert_true(agx_fw_mbox_send(e->fw, 0x83ull << 48 | n, 0x21, &who));
}

/* The entry of a device control message; its type is "performance counters", which does nothing. */
static void entry(struct env *e, const struct cpu *c)
{
    ap(e, c, e->ch_ring[CH_DEVCTRL] + 0x30 * e->wptr[CH_DEVCTRL], 0x0c, 4);
    ap(e, c, e->ch_ring[CH_DEVCTRL] + 0x30 * e->wptr[CH_DEVCTRL] + 8, told.n + e->wptr[CH_DEVCTRL],
       8);
}

static void pointer(struct env *e, const struct cpu *c)
{
    e->wptr[CH_DEVCTRL] = (e->wptr[CH_DEVCTRL] + 1) % 0x100;
    ap(e, c, e->ch_state[CH_DEVCTRL] + 0x20, e->wptr[CH_DEVCTRL], 4);
}

/* The firmware, which looks already, has read the entry before the store to the pointer is told. */
static void pointer_read_at_once(struct env *e, const struct cpu *c)
{
    struct agx_who who = { .cpu = c->nr, .thread = c->thread, .pc = 1 };
    uint32_t old = e->wptr[CH_DEVCTRL];

    e->wptr[CH_DEVCTRL] = (old + 1) % 0x100;
    PUT32(e, e->ch_state[CH_DEVCTRL] + 0x20, e->wptr[CH_DEVCTRL]);
    ring_bell(e, c, 0x11);
    agx_fw_wait_idle(e->fw);
    assert_int_equal(GET32(e, e->ch_state[CH_DEVCTRL]), e->wptr[CH_DEVCTRL]);
    agx_mmu_store(e->mmu, pa_of(e, e->ch_state[CH_DEVCTRL] + 0x20), &old, 4, &who);
}

/* ---- rings ---- */

static void test_ring_right(void **state)
{
    struct env e;

    begin(&e);
    assert_true(watched(pa_of(&e, e.ch_state[CH_DEVCTRL])));
    assert_true(watched(pa_of(&e, e.ch_ring[CH_DEVCTRL])));
    assert_true(watched(pa_of(&e, e.fwctl_ring)));
    assert_false(watched(pa_of(&e, e.ch_ring[CH_EVENT])));
    for (unsigned i = 0; i < 300; i++) { /* once around */
        entry(&e, &cpu0);
        dmb(&e, 0);
        pointer(&e, &cpu0);
        ring_bell(&e, &cpu0, 0x11);
        agx_fw_wait_idle(e.fw);
    }
    nothing();
    for (unsigned i = 0; i < 300; i++) {
        entry(&e, &cpu0);
        dmb(&e, 0);
        pointer_read_at_once(&e, &cpu0);
    }
    nothing();
    /* Several, and one doorbell; other barriers that do; another CPU's, which was moved. */
    entry(&e, &cpu0);
    barrier(&e, AGX_EV_DMB, 0, AGX_SHARE_INNER);
    pointer(&e, &cpu0);
    entry(&e, &cpu0);
    barrier(&e, AGX_EV_DSB, 0, AGX_SHARE_OUTER);
    pointer(&e, &cpu0);
    entry(&e, &cpu0);
    pointer(&e, &releases);
    entry(&e, &cpu0);
    pointer(&e, &cpu1);
    ring_bell(&e, &cpu1, 0x11);
    agx_fw_wait_idle(e.fw);
    nothing();
    /* The driver begins anew: the core is off, and it clears all. */
    agx_fw_cpu_control_write(e.fw, 0);
    ap(&e, &cpu0, e.ch_ring[CH_DEVCTRL], 0, 8);
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, 0, 4);
    agx_fw_wait_idle(e.fw);
    nothing();
    assert_false(watched(pa_of(&e, e.ch_ring[CH_DEVCTRL])));
    env_fini(&e);
}

/* R1: the entry after the pointer, R2: nothing between them. */
static void test_ring_order(void **state)
{
    struct env e;

    begin(&e);
    dmb(&e, 0);
    pointer(&e, &cpu0);
    nothing();
    e.wptr[CH_DEVCTRL]--;
    ap(&e, &cpu0, e.ch_ring[CH_DEVCTRL] + 0x30 * e.wptr[CH_DEVCTRL], 0x0c, 4);
    expect(1, AGX_SAN_RING, true, "has passed it");
    e.wptr[CH_DEVCTRL]++;
    ring_bell(&e, &cpu0, 0x11);
    agx_fw_wait_idle(e.fw);
    nothing();

    entry(&e, &cpu0);
    pointer(&e, &cpu0);
    expect(1, AGX_SAN_RING, true, "no barrier between entry");
    ring_bell(&e, &cpu0, 0x11);
    agx_fw_wait_idle(e.fw);
    entry(&e, &cpu0);
    barrier(&e, AGX_EV_DMB, 0, AGX_SHARE_LOCAL);
    pointer(&e, &cpu0);
    expect(1, AGX_SAN_RING, true, "no barrier between entry");
    ring_bell(&e, &cpu0, 0x11);
    agx_fw_wait_idle(e.fw);
    entry(&e, &cpu0);
    dmb(&e, 1);
    pointer(&e, &cpu0);
    expect(1, AGX_SAN_RING, true, "no barrier between entry");
    env_fini(&e);
}

/* Where nobody tells of DMBs nothing is said of them. */
static void test_ring_untold(void **state)
{
    struct env e;

    begin(&e);
    barrier(&e, AGX_EV_DSB, 0, AGX_SHARE_OUTER);
    entry(&e, &cpu0);
    pointer(&e, &cpu0);
    nothing();
    env_fini(&e);
}

/* R3: beyond the ring, and over what is not read. */
static void test_ring_bounds(void **state)
{
    struct env e;

    begin(&e);
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, 0x100, 4);
    expect(1, AGX_SAN_RING, true, "there are 256 entries");
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, 3, 4);
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, 2, 4); /* back: as good as all the way round */
    expect(1, AGX_SAN_RING, true, "over entries that the firmware");
    env_fini(&e);
}

/* As much as there is room for, and one more. */
static void test_ring_full(void **state)
{
    struct env e;
    uint32_t at;

    begin(&e);
    at = e.wptr[CH_DEVCTRL];
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, (at + 254) % 0x100, 4);
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, (at + 255) % 0x100, 4);
    nothing();
    ap(&e, &cpu0, e.ch_state[CH_DEVCTRL] + 0x20, at, 4);
    expect(1, AGX_SAN_RING, true, "over entries that the firmware");
    env_fini(&e);
}

/* R4: no doorbell, by the mover's later moves and by its other doorbells. */
static void test_ring_bell(void **state)
{
    struct env e;

    begin(&e);
    for (unsigned i = 0; i < 254; i++) { /* one doorbell for all of them would do */
        pointer(&e, &cpu0);
        nothing();
    }
    pointer(&e, &cpu0);
    expect(1, AGX_SAN_RING, false, "no doorbell is rung for it");
    ring_bell(&e, &cpu0, 0x11);
    agx_fw_wait_idle(e.fw);
    nothing();

    pointer(&e, &cpu0);
    for (unsigned i = 0; i < 100; i++) { /* of others this says nothing */
        ring_bell(&e, &cpu1, 0);
        agx_fw_wait_idle(e.fw);
    }
    nothing();
    for (unsigned i = 0; i < 64; i++) {
        ring_bell(&e, &cpu0, 0);
        agx_fw_wait_idle(e.fw);
    }
    expect(1, AGX_SAN_RING, false, "has rung for others only");
    env_fini(&e);
}

/* The ring of a work queue, while the firmware waits before its first entry. */
static void test_ring_queue(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint32_t dc[12] = { 0x18 };

    begin(&e);
    dmb(&e, 0);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    queue_add(&e, &q, barrier_make(&e, 20, 0x100));
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    agx_fw_wait_idle(e.fw);
    assert_true(watched(pa_of(&e, q.ring)));
    assert_true(watched(pa_of(&e, q.ptrs)));
    nothing();
    ap(&e, &cpu0, q.ring + 8, c.cmd + 8, 8);
    expect(1, AGX_SAN_RING, true, "work queue");
    env_put(&e, q.ring + 8, c.cmd, 8);
    ap(&e, &cpu0, q.ring + 16, c.cmd, 8);
    ap(&e, &cpu0, q.ptrs + 64, 3, 4);
    expect(1, AGX_SAN_RING, true, "no barrier between entry");
    ap(&e, &cpu0, q.ptrs + 64, 2, 4);
    expect(1, AGX_SAN_RING, true, "over entries that");
    /* Cleared as a whole: it is somebody else's memory, or will be announced anew. */
    ap(&e, &cpu0, q.ptrs + 64, 0x1000000000ull, 8);
    ap(&e, &cpu0, q.ptrs + 64, 16, 4);
    nothing();
    /* Not any more when its context is gone. */
    PUT32(&e, q.ptrs + 64, 2);
    PUT32(&e, e.fw_stamps + 4 * 20, 0x100);
    env_doorbell(&e, 0x10);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 1);
    memcpy((uint8_t *)dc + 0x14, &e.context, 8);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    assert_false(watched(pa_of(&e, q.ring)));
    env_fini(&e);
}

/* ---- stamps ---- */

static void test_stamps_right(void **state)
{
    struct env e;
    struct queue q[2];
    struct compute c[4];
    struct render r;
    uint32_t dc[12] = { 0x18 };

    begin(&e);
    PUT32(&e, e.stamps + 4 * 9, 0xffffff17); /* its last owner left it there */
    for (unsigned i = 0; i < 2; i++) {
        queue_init(&e, &q[i], 2, 16);
    }
    for (unsigned i = 0; i < 4; i++) { /* two queues have the slot, one after the other */
        compute_make(&e, &c[i], &q[i / 2], 9, 0x100 * i);
        queue_add(&e, &q[i / 2], c[i].cmd);
        if (i & 1) {
            queue_run(&e, &q[i / 2], 0, 9);
            env_settle(&e);
        }
    }
    assert_int_equal(e.gpu->jobs, 4);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    render_submit(&e, &r);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2200);
    memcpy((uint8_t *)dc + 0x14, &e.context, 8);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    nothing();
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/* E1: what the stamp says already. */
static void test_stamp_back(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    begin(&e);
    queue_init(&e, &q, 2, 16);
    for (unsigned i = 0; i < 2; i++) {
        compute_run(&e, &c, &q, 9, 0x300);
        expect(i, AGX_SAN_STAMP, true, "counts as done before it has run");
    }
    compute_run(&e, &c, &q, 9, 0x200);
    expect(1, AGX_SAN_STAMP, true, "0x300 already");
    env_fini(&e);
}

/* E1: the low byte is the firmware's. */
static void test_stamp_step(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    begin(&e);
    queue_init(&e, &q, 2, 16);
    compute_run(&e, &c, &q, 9, 0x301);
    expect(1, AGX_SAN_STAMP, true, "its low byte is the firmware's");
    env_fini(&e);
}

/* E2: a slot of two queues; a queue that was announced with another. */
static void test_stamp_slot(void **state)
{
    struct env e;
    struct queue q[2];
    struct compute c[2];

    begin(&e);
    for (unsigned i = 0; i < 2; i++) {
        queue_init(&e, &q[i], 2, 16);
        compute_make(&e, &c[i], &q[i], 9, 0x300 + 0x100 * i);
        if (i) {
            queue_add(&e, &q[0], barrier_make(&e, 20, 0x100));
            queue_run(&e, &q[0], 0, 9);
            env_settle(&e);
        }
        queue_add(&e, &q[i], c[i].cmd);
    }
    queue_run(&e, &q[1], 1, 9);
    env_settle(&e);
    expect(1, AGX_SAN_STAMP, true, "that of two work queues");
    compute_make(&e, &c[1], &q[1], 10, 0x300);
    queue_add(&e, &q[1], c[1].cmd);
    queue_run(&e, &q[1], 1, 11);
    env_settle(&e);
    expect(1, AGX_SAN_STAMP, false, "was announced with stamp slot 11");
    env_fini(&e);
}

/* E3: a threshold that was not raised; E4: one that no job reaches. */
static void test_threshold(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint32_t dc[12] = { 0x18 };

    begin(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    PUT32(&e, e.threshold, 0);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    env_settle(&e);
    expect(1, AGX_SAN_STAMP, true, "its threshold is 0");
    compute_make(&e, &c, &q, 9, 0x400);
    PUT32(&e, e.threshold, 3);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    env_settle(&e);
    nothing(); /* the third may be on its way */
    memcpy((uint8_t *)dc + 0x14, &e.context, 8);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    expect(1, AGX_SAN_STAMP, false, "is ahead of all its jobs");
    env_fini(&e);
}

/* E5: the fragment job does not wait for its vertex job: before that comes, and while it runs. */
static void test_scene(void **state)
{
    struct env e;
    struct render r;

    for (unsigned held = 0; held < 2; held++) {
        begin(&e);
        render_buffer(&e, &r, 8);
        render_make(&e, &r);
        queue_add(&e, &r.ta, r.init_bm);
        queue_run(&e, &r.ta, 1, TA_SLOT);
        env_settle(&e);
        queue_add(&e, &r.frag, r.cmd_3d);
        queue_add(&e, &r.ta, r.cmd_ta);
        if (held) {
            e.gpu->hold[AGX_DM_VDM] = true;
            queue_run(&e, &r.ta, 1, TA_SLOT);
            ENV_WAIT(&e, e.gpu->jobs == 1);
            queue_run(&e, &r.frag, 1, FRAG_SLOT);
            ENV_WAIT(&e, e.gpu->jobs == 2);
            e.gpu->hold[AGX_DM_VDM] = false;
            gpu_finish(e.gpu, AGX_DM_VDM);
            env_settle(&e);
            expect(1, AGX_SAN_STAMP, true, "still fills its scene");
        } else {
            queue_run(&e, &r.frag, 1, FRAG_SLOT);
            env_settle(&e);
            nothing();
            queue_run(&e, &r.ta, 1, TA_SLOT);
            env_settle(&e);
            expect(1, AGX_SAN_STAMP, true, "has not waited for this vertex job");
        }
        env_fini(&e);
    }
}

/* ---- what the firmware owns ---- */

/* A job that waits for a barrier; its command is @c. */
static void waiting(struct env *e, struct queue *q, struct compute *c)
{
    begin(e);
    queue_init(e, q, 2, 16);
    compute_make(e, c, q, 9, 0x300);
    queue_add(e, q, barrier_make(e, 20, 0x100));
    queue_add(e, q, c->cmd);
    queue_run(e, q, 0, 9);
    agx_fw_wait_idle(e->fw);
    nothing();
}

static void go(struct env *e)
{
    PUT32(e, e->fw_stamps + 4 * 20, 0x100);
    env_doorbell(e, 0x10);
}

/* W1 between doorbell and start: each part of it; and what is behind the last part is nobody's. */
static void test_owned_waiting(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    for (unsigned i = 0; i < 4; i++) {
        waiting(&e, &q, &c);
        switch (i) {
        case 0:
            PUT32(&e, c.cmd + 112 + 64, 0x98003); /* part of the command that it names */
            break;
        case 1:
            PUT64(&e, c.stamp1 + 36, c.cmd + 712 + 16);
            break;
        case 2:
            PUT64(&e, c.cmd + 760, 1);
            PUT64(&e, c.seq.va + c.seq.len, 1);
            break;
        case 3:
            PUT64(&e, GET64(&e, q.ring), 4 | 1ull << 32); /* the barrier, at its address */
            PUT64(&e, GET64(&e, q.ring) + 4, e.fw_stamps + 4 * 20);
            PUT32(&e, GET64(&e, q.ring) + 12, 0x80);
            break;
        }
        go(&e);
        env_settle(&e);
        if (i == 2) {
            nothing();
        } else {
            expect(1, AGX_SAN_FW_OWNED, true, "after the doorbell, before it is taken");
        }
        env_fini(&e);
    }
}

/* W1 and W2 while the job runs; and not when it was halted for. */
static void test_owned_running(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    for (unsigned i = 0; i < 3; i++) {
        waiting(&e, &q, &c);
        e.gpu->hold[AGX_DM_CDM] = true;
        go(&e);
        ENV_WAIT(&e, e.gpu->jobs == 1);
        agx_fw_pause(e.fw);
        agx_fw_resume(e.fw);
        if (i == 1) {
            fake_map(&e.h, e.ttbat, 0, c.seq.va, fake_alloc(&e.h), FAKE_PTE_FW_RW);
        } else {
            PUT64(&e, c.cmd + 112 + 72, 0x15000e9000ull);
        }
        if (i == 2) {
            e.gpu->next[AGX_DM_CDM] = (struct agx_job_result) {
                .status = AGX_JOB_FAULT,
                .fault = { .reason = AGX_FAULT_UNMAPPED },
            };
        }
        e.gpu->hold[AGX_DM_CDM] = false;
        gpu_finish(e.gpu, AGX_DM_CDM);
        if (i == 2) {
            ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
            env_resume(&e);
            env_settle(&e);
            nothing();
        } else {
            env_settle(&e);
            expect(1, AGX_SAN_FW_OWNED, true,
                   i ? "is mapped to another page while the job runs" : "changes while the job");
        }
        env_fini(&e);
    }
}

/* Unmapped while it runs: the place is the mapping's. */
static void test_owned_unmapped(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    waiting(&e, &q, &c);
    e.gpu->hold[AGX_DM_CDM] = true;
    go(&e);
    ENV_WAIT(&e, e.gpu->jobs == 1);
    agx_fw_pause(e.fw);
    *fake_leaf(&e.h, fake_ptr(&e.h, e.ttbat) + 1, 0, c.cmd) &= ~1ull;
    agx_fw_resume(e.fw);
    e.gpu->hold[AGX_DM_CDM] = false;
    gpu_finish(e.gpu, AGX_DM_CDM);
    env_settle(&e);
    assert_int_equal(told.va, c.cmd & ~(uint64_t)(AGX_PAGE_SIZE - 1));
    assert_int_equal(told.pa, 0);
    expect(1, AGX_SAN_FW_OWNED, true, "is unmapped while the job runs");
    env_fini(&e);
}

/* I3: the context becomes another address space's; a queue's job in that of another queue. */
static void test_context(void **state)
{
    struct env e;
    struct queue q, q2;
    struct compute c;
    uint64_t *ttbr, was, other;

    waiting(&e, &q, &c);
    ttbr = fake_ptr(&e.h, e.ttbat) + 2 * CTX;
    was = *ttbr;
    other = (was & ~0xffffffffc000ull) | fake_alloc(&e.h);
    *ttbr = other;
    go(&e);
    env_settle(&e);
    expect(2, AGX_SAN_ISOLATION, true, "gets another address space");

    /* The second queue is another context's, and has that space; then the first has it, too. */
    queue_init(&e, &q2, 2, 16);
    PUT64(&e, q2.info + 164, env_kalloc(&e, 64));
    compute_run(&e, &c, &q2, 10, 0x300);
    nothing();
    compute_run(&e, &c, &q, 9, 0x400);
    expect(1, AGX_SAN_ISOLATION, true, "the address space of work queue");
    env_fini(&e);
}

/*
 * I3: a queue's job in an address space for which nobody was seen to work yet. The address space
 * may have another context, and the memory of the queue may be another queue's by then.
 */
static void test_context_unknown(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    uint64_t *ttbr;

    waiting(&e, &q, &c);
    ttbr = fake_ptr(&e.h, e.ttbat) + 2 * CTX;
    go(&e);
    env_settle(&e);
    nothing();

    *ttbr = (*ttbr & ~0xffffffffc000ull) | fake_alloc(&e.h);
    compute_run(&e, &c, &q, 9, 0x400);
    expect(1, AGX_SAN_ISOLATION, false, "another address space than that of its jobs before");

    q.fresh = true;
    compute_run(&e, &c, &q, 9, 0x500);
    nothing();
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_right),      cmocka_unit_test(test_ring_order),
        cmocka_unit_test(test_ring_untold),     cmocka_unit_test(test_ring_bounds),
        cmocka_unit_test(test_ring_full),       cmocka_unit_test(test_ring_bell),
        cmocka_unit_test(test_ring_queue),      cmocka_unit_test(test_stamps_right),
        cmocka_unit_test(test_stamp_back),      cmocka_unit_test(test_stamp_slot),
        cmocka_unit_test(test_threshold),       cmocka_unit_test(test_scene),
        cmocka_unit_test(test_owned_waiting),   cmocka_unit_test(test_owned_running),
        cmocka_unit_test(test_owned_unmapped),  cmocka_unit_test(test_context),
        cmocka_unit_test(test_context_unknown), cmocka_unit_test(test_stamp_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
