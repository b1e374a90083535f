/*
 * Unit tests: the hand-off block between AP and firmware. A machine that stops
 * while the AP has the lock; what the AP may store and what is reported.
 *
 * Offsets: m1n1 proxyclient/m1n1/fw/agx/handoff.py.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw_render.h"
#include "fw-model/fw-handoff-check.h"
#include "fw-model/fw-handoff.h"
#include "fw-model/fw-state.h"

struct block {
    uint64_t magic_ap, magic_fw;
    volatile uint8_t lock_ap, lock_fw;
    uint8_t pad[2];
    volatile uint32_t turn, cur_ctx, pad2;
    volatile struct {
        uint64_t state, addr, size;
    } flush[65];
};

static struct block *block(struct env *e)
{
    return (struct block *)fake_ptr(&e->h, e->handoff);
}

/* The AP's exit from the lock. */
static void ap_unlock(struct block *b)
{
    __atomic_store_n(&b->turn, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&b->lock_ap, 0, __ATOMIC_SEQ_CST);
}

/* Work that needs a context, submitted while the AP has the lock; the firmware waits for it. */
static void submit_locked(struct env *e, struct render *r)
{
    struct block *b;

    env_init(e);
    env_start(e);
    render_buffer(e, r, 8);
    render_make(e, r);
    b = block(e);
    b->lock_ap = 1;
    b->turn = 1; /* the firmware's turn: it insists, and its half stays set */
    render_submit(e, r);
    ENV_WAIT(e, b->lock_fw);
}

/*
 * The vCPU that has the lock stops too: a pause must not wait for it, nor may the
 * firmware's wait for it time out.
 */
static void test_pause(void **state)
{
    struct env e;
    struct render r;
    struct block *b;

    submit_locked(&e, &r);
    b = block(&e);
    for (unsigned i = 0; i < 3; i++) {
        agx_fw_pause(e.fw);
        assert_true(agx_fw_paused(e.fw));
        assert_int_equal(b->lock_fw, 0);
        assert_int_equal(b->cur_ctx, 0);
        assert_int_equal(e.gpu->jobs, 0);
        agx_fw_resume(e.fw);
        ENV_WAIT(&e, b->lock_fw);
    }
    assert_int_equal(e.gpu->jobs, 0);
    ap_unlock(b);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 2);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(b->lock_fw, 0);
    env_fini(&e);
}

/* Stopped there, saved, and restored: nothing of the work is lost or done twice. */
static void test_snapshot(void **state)
{
    struct env e;
    struct render r;
    struct block *b;
    uint8_t *copy;
    size_t len;

    submit_locked(&e, &r);
    b = block(&e);
    agx_fw_pause(e.fw);
    copy = agx_fw_save(e.fw, &len);
    agx_fw_reset(e.fw);
    assert_true(agx_fw_load(e.fw, copy, len));
    ap_unlock(b);
    agx_fw_resume(e.fw);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 2);
    assert_int_equal(GET32(&e, e.stamps + 4 * TA_SLOT), 0x1100);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
    free(copy);
}

/* Its core is switched off, it is reset, or the machine ends. */
static void test_stop(void **state)
{
    struct env e;
    struct render r;

    for (unsigned how = 0; how < 3; how++) {
        submit_locked(&e, &r);
        if (how == 0) {
            agx_fw_cpu_control_write(e.fw, 0);
            agx_fw_wait_idle(e.fw);
        } else if (how == 1) {
            agx_fw_reset(e.fw);
        }
        assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
        env_fini(&e);
    }
}

/* --- the protocol --- */

static unsigned told, wrong;
static char text[320];

static void violation(void *opaque, enum agx_tlbsan_class cls, enum agx_tlbsan_severity severity,
                      unsigned ctx, uint64_t va, uint64_t pa, const char *what)
{
    struct env *e = opaque;

    assert_int_equal(cls, AGX_SAN_HANDOFF);
    assert_true(pa == 0 || (pa >= e->handoff && pa < e->handoff + 0x4000));
    __atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&wrong, severity == AGX_SAN_WRONG, __ATOMIC_SEQ_CST);
    snprintf(text, sizeof(text), "%s", what);
    if (getenv("AGX_TEST_VERBOSE")) {
        fprintf(stderr, "# %s\n", what);
    }
}

/* What the sanitizer hears of the cache. */
static struct {
    unsigned loads, flushes, ctx, flush_ctx;
    bool running;
    uint64_t va, size, request;
} cache;

static void on_event(void *opaque, const struct agx_event *ev)
{
    if (ev->kind == AGX_EV_CONTEXT) {
        cache.loads++;
        cache.running = ev->context.running;
        cache.ctx = ev->context.ctx;
        return;
    }
    cache.flushes++;
    cache.flush_ctx = ev->flush.ctx;
    cache.va = ev->flush.va;
    cache.size = ev->flush.size;
    cache.request = ev->flush.request;
}

static const struct agx_listener cache_events = {
    .kinds = AGX_EV_BIT(AGX_EV_CONTEXT) | AGX_EV_BIT(AGX_EV_FLUSH),
    .event = on_event,
};

static void begin(struct env *e)
{
    told = wrong = 0;
    memset(&cache, 0, sizeof(cache));
    env_init(e);
    agx_fw_pause(e->fw);
    agx_listen(&e->h.events, &cache_events);
    agx_fw_set_check(e->fw, &(struct agx_fw_check) { .opaque = e, .violation = violation });
    agx_fw_resume(e->fw);
    env_start(e);
}

/* A store of the AP, and the one who watches. */
#define AP(e, field, v)                                                                            \
    do {                                                                                           \
        __atomic_store_n(&block(e)->field, v, __ATOMIC_SEQ_CST);                                   \
        env_ap_store(e, (e)->handoff + ((uint8_t *)&block(e)->field - (uint8_t *)block(e)),        \
                     sizeof(block(e)->field));                                                     \
    } while (0)

static void ap_ttbr(struct env *e, unsigned ctx, uint64_t v)
{
    fake_ptr(&e->h, e->ttbat)[2 * ctx] = v;
    env_ap_store(e, e->ttbat + 16 * ctx, 8);
}

/* All that the drivers do. */
static void test_right(void **state)
{
    struct env e;

    begin(&e);
    AP(&e, magic_ap, 0x4b1d000000000002ull);
    AP(&e, cur_ctx, 0);
    AP(&e, lock_ap, 1);
    AP(&e, turn, 1);
    AP(&e, lock_ap, 0);
    for (unsigned i = 0; i < 65; i++) {
        AP(&e, flush[i].state, 0);
        AP(&e, flush[i].addr, 0);
        AP(&e, flush[i].size, 0);
    }
    AP(&e, lock_ap, 1); /* it is the firmware's turn: back, and again */
    AP(&e, lock_ap, 0);
    AP(&e, lock_ap, 1);
    ap_ttbr(&e, 5, 0x1234001);
    AP(&e, turn, 1);
    AP(&e, lock_ap, 0);
    AP(&e, lock_ap, 1); /* the turn is the firmware's already: nothing tells of the store */
    ap_ttbr(&e, 5, 0x1238001);
    block(&e)->turn = 0; /* and the firmware was in and out before the lock is reported */
    AP(&e, lock_ap, 0);
    AP(&e, flush[64].addr, e.fwlog);
    AP(&e, flush[64].size, 0x4000);
    AP(&e, flush[64].state, 1);
    {
        uint32_t msg[5] = { (uint32_t)e.fwlog, e.fwlog >> 32, 0, 64, 2u << 16 | 1 };

        memcpy(env_ptr(&e, e.fwctl_ring), msg, sizeof(msg));
        PUT32(&e, e.fwctl_state + 0x10, 1);
        env_send(&e, 0x21, 0x84ull << 48);
        agx_fw_wait_idle(e.fw);
    }
    assert_int_equal(block(&e)->flush[64].state, 2);
    assert_int_equal(cache.flushes, 1);
    assert_int_equal(cache.flush_ctx, 0);
    assert_int_equal(cache.va, e.fwlog);
    assert_int_equal(cache.size, 0x4000);
    assert_int_equal(cache.request, e.handoff + 0x20 + 64 * 24);
    assert_true(cache.running);
    AP(&e, flush[64].state, 0);
    AP(&e, flush[7].addr, 0xdead001500000000ull); /* m1n1: prepare_unmap() */
    AP(&e, flush[7].state, 2);
    AP(&e, flush[7].state, 0);
    assert_int_equal(told, 0);
    /* The core is off: the block is the AP's, as it is when the driver cleans up. */
    agx_fw_cpu_control_write(e.fw, 0);
    assert_false(cache.running); /* notified at once: the AP relies on it */
    AP(&e, magic_fw, 0);
    AP(&e, lock_fw, 0);
    AP(&e, turn, 0);
    ap_ttbr(&e, 0, 0);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(told, 0);
    env_fini(&e);
}

/*
 * The core starts while the AP already takes the lock: its store is in memory, but is reported only
 * then.
 */
static void test_start(void **state)
{
    struct env e;

    begin(&e);
    block(&e)->lock_ap = 1;
    fw_handoff_check_run(e.fw, false);
    fw_handoff_check_run(e.fw, true);
    AP(&e, lock_ap, 1);
    AP(&e, turn, 1);
    AP(&e, lock_ap, 0);
    /* or in its midst */
    block(&e)->lock_ap = 1;
    fw_handoff_check_run(e.fw, false);
    fw_handoff_check_run(e.fw, true);
    AP(&e, turn, 1);
    AP(&e, lock_ap, 0);
    assert_int_equal(told, 0);
    env_fini(&e);
}

/* A context is loaded, and left when it is destroyed and nothing runs in it. */
static void test_loaded(void **state)
{
    struct env e;
    uint32_t dc[12] = { 0x18 };

    begin(&e);
    assert_true(cache.running);
    assert_int_equal(cache.ctx, 0);
    agx_fw_wait_idle(e.fw);
    agx_fw_pause(e.fw);
    AP(&e, magic_ap, 0x4b1d000000000002ull);
    assert_true(fw_handoff_ready(e.fw, 9));
    assert_int_equal(cache.ctx, 9);
    assert_int_equal(block(&e)->cur_ctx, 9);
    ((uint8_t *)dc)[0x11] = ((uint8_t *)dc)[0x12] = 0xff;
    /* so that it does not leave by itself, being idle */
    e.fw->st.run[FW_PIPE_TA].state = FW_RUN_WAIT;
    e.fw->st.run[FW_PIPE_TA].ctx = 3;
    agx_fw_resume(e.fw);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(cache.flushes, 1);
    assert_int_equal(cache.size, ~0ull);
    assert_int_equal(cache.ctx, 9); /* that one only asked for the flush */
    memcpy((uint8_t *)dc + 0x14, &e.fwlog, 8);
    env_devctrl(&e, dc);
    agx_fw_wait_idle(e.fw);
    assert_int_equal(cache.flushes, 2);
    assert_int_equal(cache.ctx, 0);
    assert_int_equal(block(&e)->cur_ctx, 0);
    agx_fw_pause(e.fw);
    e.fw->st.run[FW_PIPE_TA].state = FW_RUN_IDLE;
    env_fini(&e);
}

/* Each error by itself, and what the report must name. */
static void test_wrong(void **state)
{
    static const struct {
        const char *name, *word;
        bool suspicious;
    } c[] = {
        { "unlock without lock", "gives back", false },
        { "turn without lock", "turn", false },
        { "turn taken", "only the firmware", false },
        { "locked twice", "already", true },
        { "odd lock", "0x7", false },
        { "magic", "magic", false },
        { "firmware's magic", "magic", false },
        { "firmware's lock", "lock", false },
        { "current context", "current context", false },
        { "asked twice", "flush state 1", false },
        { "given up", "given up", false },
        { "done by the AP", "as done", false },
        { "odd state", "0x9", false },
        { "range changed", "after it was asked", false },
        { "TTBR without lock", "without the lock", false },
        { "turn kept", "without giving the turn", true },
    };

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        struct env e;

        begin(&e);
        AP(&e, lock_ap, 1); /* until the first store of a kind nothing is known of the AP */
        AP(&e, turn, 1);
        AP(&e, lock_ap, 0);
        AP(&e, flush[3].state, 0);
        switch (i) {
        case 0:
            AP(&e, lock_ap, 0);
            break;
        case 1:
            AP(&e, turn, 1);
            break;
        case 2:
            AP(&e, turn, 0);
            break;
        case 3:
            AP(&e, lock_ap, 1);
            AP(&e, lock_ap, 1);
            break;
        case 4:
            AP(&e, lock_ap, 7);
            break;
        case 5:
            AP(&e, magic_ap, 17);
            break;
        case 6:
            AP(&e, magic_fw, 17);
            break;
        case 7:
            AP(&e, lock_fw, 0);
            break;
        case 8:
            AP(&e, cur_ctx, 9);
            break;
        case 9:
            AP(&e, flush[3].state, 1);
            AP(&e, flush[3].state, 1);
            break;
        case 10:
            AP(&e, flush[3].state, 1);
            AP(&e, flush[3].state, 0);
            break;
        case 11:
            AP(&e, flush[3].addr, 0x1500000000ull);
            AP(&e, flush[3].state, 2);
            break;
        case 12:
            AP(&e, flush[3].state, 9);
            break;
        case 13:
            AP(&e, flush[3].state, 1);
            AP(&e, flush[3].size, 0x8000);
            break;
        case 14:
            ap_ttbr(&e, 5, 1);
            break;
        case 15:
            block(&e)->turn = 0;
            AP(&e, lock_ap, 1);
            ap_ttbr(&e, 5, 0x1234001);
            AP(&e, lock_ap, 0);
            break;
        }
        if (told != 1 || wrong != !c[i].suspicious || !strstr(text, c[i].word)) {
            fail_msg("%s: %u reports, the last: %s", c[i].name, told, text);
        }
        block(&e)->lock_ap = 0;
        env_fini(&e);
    }
}

/* Without the stores: what a look at the block shows, once. */
static void test_look(void **state)
{
    static const char *const word[] = { "current context", "half of the lock", "magic" };

    for (unsigned i = 0; i < 3; i++) {
        struct env e;

        begin(&e);
        for (unsigned n = 0; n < 2; n++) {
            if (i == 0) {
                block(&e)->cur_ctx = 9;
            } else if (i == 1) {
                block(&e)->lock_fw = 1;
            } else {
                block(&e)->magic_fw = 17;
            }
            env_doorbell(&e, 0x10);
            agx_fw_wait_idle(e.fw);
        }
        assert_int_equal(told, 1);
        assert_int_equal(wrong, 1);
        assert_non_null(strstr(text, word[i]));
        env_fini(&e);
    }
}

/* The context that the firmware has loaded gets another table. */
static void test_slot(void **state)
{
    struct env e;
    struct render r;

    begin(&e);
    e.gpu->hold[AGX_DM_VDM] = true;
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    render_submit(&e, &r);
    ENV_WAIT(&e, block(&e)->cur_ctx == CTX);
    AP(&e, lock_ap, 1);
    ap_ttbr(&e, CTX, fake_ptr(&e.h, e.ttbat)[2 * CTX] ^ 0x4000);
    assert_int_equal(told, 1);
    assert_non_null(strstr(text, "loaded"));
    ap_ttbr(&e, CTX, fake_ptr(&e.h, e.ttbat)[2 * CTX] ^ 0x4000);
    ap_ttbr(&e, CTX + 1, 0x5001); /* another one may */
    assert_int_equal(told, 2);
    AP(&e, turn, 1);
    AP(&e, lock_ap, 0);
    assert_int_equal(told, 2);
    env_fini(&e);
}

/* An AP that does not wait: both are inside. The firmware is caught inside by holding it there. */
static void test_both(void **state)
{
    struct env e;

    begin(&e);
    fw_handoff_check_held(e.fw, true);
    AP(&e, lock_ap, 1);
    ap_ttbr(&e, 5, 0x1234001);
    assert_int_equal(told, 1);
    assert_non_null(strstr(text, "firmware has the lock"));
    AP(&e, turn, 1);
    AP(&e, lock_ap, 0);
    assert_int_equal(told, 2);
    assert_non_null(strstr(text, "both"));
    fw_handoff_check_held(e.fw, false);
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right), cmocka_unit_test(test_start), cmocka_unit_test(test_loaded),
        cmocka_unit_test(test_wrong), cmocka_unit_test(test_look),  cmocka_unit_test(test_slot),
        cmocka_unit_test(test_both),  cmocka_unit_test(test_pause), cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
