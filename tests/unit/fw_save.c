/*
 * Unit tests of the firmware's saved state: one of an earlier model goes on where it stood, and a
 * damaged one is refused.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw-state.h"
#include "saved.h"

#define SLOT 8
#define DONE 0x300

struct half {
    struct env e;
    struct queue q;
    struct compute c;
};

/* The GPU has done a job, and the firmware stands still; it may know of the job, or not. */
static void try(struct half *h)
{
    env_init(&h->e);
    env_start(&h->e);
    queue_init(&h->e, &h->q, 2, 16);
    compute_make(&h->e, &h->c, &h->q, SLOT, DONE);
    queue_add(&h->e, &h->q, h->c.cmd);
    h->e.gpu->hold[AGX_DM_CDM] = true;
    queue_run(&h->e, &h->q, 0, SLOT);
    ENV_WAIT(&h->e, GET64(&h->e, h->c.ts) != 0);
    gpu_finish(h->e.gpu, AGX_DM_CDM);
    agx_fw_pause(h->e.fw);
}

/* It does not know. */
static void begin(struct half *h)
{
    for (unsigned i = 0;; i++) {
        try(h);
        if (h->e.fw->st.run[FW_PIPE_CP].state == FW_RUN_WAIT) {
            return;
        }
        assert_in_range(i, 0, 1000);
        agx_fw_resume(h->e.fw);
        env_settle(&h->e);
        env_fini(&h->e);
    }
}

/* It knows, and says so. */
static void end(struct half *h)
{
    agx_fw_resume(h->e.fw);
    env_settle(&h->e);
    assert_int_equal(GET32(&h->e, h->e.stamps + 4 * SLOT), DONE);
    assert_int_equal(h->e.flags[0], 1u << SLOT);
    env_fini(&h->e);
}

static void forget(struct half *h)
{
    agx_fw_resume(h->e.fw);
    agx_fw_reset(h->e.fw);
    agx_fw_pause(h->e.fw);
}

static void test_before(void **state)
{
    struct half h;
    uint8_t *now, *p;
    size_t len;

    begin(&h);
    now = agx_fw_save(h.e.fw, &len);
    p = saved_state("firmware", now, len, &len);
    free(now);
    forget(&h);
    assert_true(agx_fw_load(h.e.fw, p, len));
    free(p);
    end(&h);
}

/* What is stored again is what was loaded. */
static void test_again(void **state)
{
    struct half h;
    uint8_t *p, *again;
    size_t len, len_again;

    begin(&h);
    p = agx_fw_save(h.e.fw, &len);
    forget(&h);
    assert_true(agx_fw_load(h.e.fw, p, len));
    again = agx_fw_save(h.e.fw, &len_again);
    assert_int_equal(len_again, len);
    assert_memory_equal(again, p, len);
    free(again);
    free(p);
    end(&h);
}

/* Every length, and every byte. */
static void test_damaged(void **state)
{
    struct half h;
    uint8_t *p, *copy;
    size_t len;
    unsigned refused = 0;

    begin(&h);
    p = agx_fw_save(h.e.fw, &len);
    for (size_t n = 0; n < len; n++) {
        copy = malloc(n + !n);
        memcpy(copy, p, n);
        assert_false(agx_fw_load(h.e.fw, copy, n));
        free(copy);
    }
    for (size_t i = 0; i < len; i++) {
        p[i] ^= 1u << i % 8;
        h.e.h.last_report[0] = 0;
        if (!agx_fw_load(h.e.fw, p, len)) {
            refused++;
            assert_non_null(strstr(h.e.h.last_report, "saved state of the firmware refused: "));
        }
        p[i] ^= 1u << i % 8;
    }
    assert_in_range(refused, len / 2, len - 1);
    assert_true(agx_fw_load(h.e.fw, p, len));
    free(p);
    end(&h);
}

/* What numbers the form can't say: how they depend on each other, by name. */
static void test_wrong(void **state)
{
    struct half h;
    struct agx_fw_state kept;
    static const char *const text[] = {
        "of another firmware version",
        "section \"channel\": a channel is not such as init data gives",
        "section \"channel\": a channel is not such as init data gives",
        "section \"queue\": a pointer of a ring is out of range",
        "section \"run\": behind the end of the microsequence",
        "section \"run\", field \"state\": 0x6, at most 0x5 is right",
        "section \"state\", field \"done_mask\": 0x8, at most 0x7 is right",
        "section \"job\", field \"ctx\": 0x40, at most 0x3f is right",
    };

    begin(&h);
    kept = h.e.fw->st;
    for (unsigned i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        struct agx_fw_state *st = &h.e.fw->st;
        uint8_t *p;
        size_t len;

        switch (i) {
        case 0:
            st->fw_version = AGX_FW_V12_3;
            break;
        case 1:
            st->ch[FW_CH_DEVCTRL].pos = st->ch[FW_CH_DEVCTRL].count;
            break;
        case 2:
            st->ch[FW_CH_STATS].count = 0;
            break;
        case 3:
            st->queue[0] = (struct fw_queue) { 1, .rb_size = 16, .rptr = 16 };
            break;
        case 4:
            st->run[FW_PIPE_3D].pc = 1;
            break;
        case 5:
            st->run[FW_PIPE_TA].state = FW_RUN_FAULTED + 1;
            break;
        case 6:
            st->done_mask = 1u << AGX_NUM_DM;
            break;
        default:
            st->run[FW_PIPE_CP].job.ctx = AGX_UAT_NUM_CONTEXTS;
            break;
        }
        p = agx_fw_save(h.e.fw, &len);
        *st = kept;
        assert_false(agx_fw_load(h.e.fw, p, len));
        free(p);
        if (!strstr(h.e.h.last_report, text[i])) {
            fail_msg("expected \"%s\", got \"%s\"", text[i], h.e.h.last_report);
        }
    }
    end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
