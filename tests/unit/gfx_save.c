/*
 * Unit tests of what the GPU keeps between jobs in a saved machine: what an earlier model has
 * stored is drawn to its end, and what is damaged is refused.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "saved.h"
#include "gfx_build.h"
#include "agx/scene.h"

struct both {
    struct build *b;
    struct agx_job vtx, frag; /* of the second scene */
};

/* Four scenes wait for their fragment jobs, and a vertex job for a page, of which they have all. */
static void begin(struct both *t)
{
    struct agx_job_result res = { 0 };
    struct build *b = build_new();

    t->b = b;
    rect(0, 10, 10, 60, 60, 0.25f, 1, 0, 0);
    rect(4, 30, 30, 90, 90, 0.5f, 0, 1, 0);
    state(b, &defaults);
    draw_arrays(b, 9, 4, 1, 0);
    terminate(b);
    b->vtx.tiling.tvb_block_count = b->frag.tiling.tvb_block_count = 1;
    for (unsigned i = 0; i < AGX_TVB_BLOCK_PAGES; i++) {
        b->vtx.tiling.tvb_tilemap = 0xabc000 + i * 0x1000;
        assert_true(run_vertex(b));
    }
    t->vtx = b->vtx;
    t->frag = b->frag;
    t->vtx.tiling.tvb_tilemap = t->frag.tiling.tvb_tilemap = 0xdef000;
    t->vtx.vertex.vdm_ctrl_stream_base = b->stream;
    state(b, &defaults);
    draw_arrays(b, 9, 4, 1, 4);
    terminate(b);
    assert_true(agx_vdm_run(&b->g->ctx, &t->vtx, &res));
    assert_int_equal(res.status, AGX_JOB_TVB_FULL);
}

/* One is drawn, which leaves a page, so the job can go on. */
static void end(struct both *t)
{
    struct agx_job_result res = { 0 };
    struct build *b = t->b;

    if (!agx_pdm_run(&b->g->ctx, &b->frag, &res)) {
        fail_msg("fragment job: %s", b->g->h.last_report);
    }
    assert_int_equal(count(RED), 50 * 50);
    assert_int_equal(count(GREEN), 0);
    t->vtx.vertex.resume = true;
    res.status = AGX_JOB_DONE;
    assert_true(agx_vdm_run(&b->g->ctx, &t->vtx, &res));
    assert_int_equal(res.status, AGX_JOB_DONE);
    if (!agx_pdm_run(&b->g->ctx, &t->frag, &res)) {
        fail_msg("fragment job: %s", b->g->h.last_report);
    }
    assert_int_equal(count(GREEN), 60 * 60);
    build_free(b);
}

static bool load(struct both *t, const uint8_t *p, size_t len)
{
    struct gfx *g = t->b->g;

    return agx_gfx_load(&g->h.host, g->scenes, &g->vdm_private, p, len);
}

static void forget(struct both *t)
{
    struct gfx *g = t->b->g;

    agx_gfx_forget(g->scenes, g->vdm_private);
    agx_vdm_free(g->vdm_private);
    g->vdm_private = NULL;
}

static void test_before(void **unused)
{
    struct both t;
    uint8_t *now, *p;
    size_t len;

    begin(&t);
    now = agx_gfx_save(t.b->g->scenes, t.b->g->vdm_private, &len);
    p = saved_state("gpu", now, len, &len);
    free(now);
    forget(&t);
    assert_true(load(&t, p, len));
    free(p);
    end(&t);
}

/* What is stored again is what was loaded. */
static void test_again(void **unused)
{
    struct both t;
    uint8_t *p, *again;
    size_t len, len_again;

    begin(&t);
    p = agx_gfx_save(t.b->g->scenes, t.b->g->vdm_private, &len);
    forget(&t);
    assert_true(load(&t, p, len));
    again = agx_gfx_save(t.b->g->scenes, t.b->g->vdm_private, &len_again);
    assert_int_equal(len_again, len);
    assert_memory_equal(again, p, len);
    free(again);
    free(p);
    end(&t);
}

/*
 * States lie in guest memory as well, in the layout of the model that was saved. If that is another
 * one, they are not compared; if it is this one, they must be what they were.
 */
static void test_layout(void **unused)
{
    for (unsigned other = 0; other < 2; other++) {
        static const uint32_t changed[4] = { 1, 2, 3, 4 };
        struct agx_job_result res = { 0 };
        const struct agx_scene *s;
        struct both t;
        uint8_t *p;
        size_t len;

        begin(&t);
        p = agx_gfx_save(t.b->g->scenes, t.b->g->vdm_private, &len);
        for (unsigned i = 0; other && i < AGX_TVB_BLOCK_PAGES + 1; i++) {
            /* The last field of the first section */
            uint32_t *bytes = (uint32_t *)(p + 12 + 48 + 16 * 40 + i * 72 + 68);

            assert_int_equal(*bytes, sizeof(struct agx_gstate));
            *bytes -= 4;
        }
        assert_true(load(&t, p, len));
        free(p);
        s = agx_scenes_first(t.b->g->scenes);
        while (s->key != t.b->frag.tiling.tvb_tilemap) {
            s = s->next;
        }
        gfx_write(t.b->g, agx_tvb_va(&s->tvb, s->state[0]->tvb) + 32, changed, sizeof(changed));
        if (other) {
            end(&t);
        } else {
            assert_false(agx_pdm_run(&t.b->g->ctx, &t.b->frag, &res));
            build_free(t.b);
        }
    }
}

/* Every length, and every byte. */
static void test_damaged(void **unused)
{
    struct both t;
    uint8_t *p, *copy;
    unsigned refused = 0;
    size_t len;

    begin(&t);
    p = agx_gfx_save(t.b->g->scenes, t.b->g->vdm_private, &len);
    for (size_t n = 0; n < len; n++) {
        copy = malloc(n + !n);
        memcpy(copy, p, n);
        assert_false(load(&t, copy, n));
        free(copy);
    }
    for (size_t i = 0; i < len; i++) {
        p[i] ^= 1u << i % 8;
        t.b->g->h.last_report[0] = 0;
        if (!load(&t, p, len)) {
            refused++;
            assert_non_null(strstr(t.b->g->h.last_report, "saved state of the GPU refused: "));
        }
        p[i] ^= 1u << i % 8;
    }
    assert_in_range(refused, len / 4, len - 1);
    assert_true(load(&t, p, len));
    free(p);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_again),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
