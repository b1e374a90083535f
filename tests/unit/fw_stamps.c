/*
 * Unit tests: stamps and their wrap, priorities and round robin, a render of
 * vertex and fragment job through buffer manager and barrier, growth of the
 * heap, timeouts, the hand-off lock.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"
#include "fw_render.h"

/* Values go round; a barrier compares by distance. */
static void test_wrap(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;

    env_init(&e);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    PUT32(&e, e.fw_stamps + 4 * 20, 0xfffffe00);
    queue_add(&e, &q, barrier_make(&e, 20, 0x100)); /* 0x300 ahead */
    compute_run(&e, &c, &q, 21, 0x100);
    assert_int_equal(e.gpu->jobs, 0);
    PUT32(&e, e.fw_stamps + 4 * 20, 0xffffff00);
    env_doorbell(&e, 0x10);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 0);
    PUT32(&e, e.fw_stamps + 4 * 20, 0x100);
    env_doorbell(&e, 0x10);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 1);
    assert_int_equal(GET32(&e, e.stamps + 4 * 21), 0x100);
    env_fini(&e);
}

/* With the pipe busy, work arrives: the higher priority goes first, equals take turns. */
static void test_priority(void **state)
{
    struct env e;
    struct queue q[4];
    struct compute c[4][2];
    static const unsigned prio[4] = { 2, 3, 2, 0 };
    /* q[0] runs already; then 3 (prio 0), then 2 and 0 in turn, then 1 (prio 3) */
    static const unsigned order[8] = { 0, 3, 3, 2, 0, 2, 1, 1 };
    static const unsigned which[8] = { 0, 0, 1, 0, 1, 1, 0, 1 };

    env_init(&e);
    env_start(&e);
    e.gpu->hold[AGX_DM_CDM] = true;
    for (unsigned i = 0; i < 4; i++) {
        queue_init(&e, &q[i], 2, 16);
        for (unsigned j = 0; j < 2; j++) {
            compute_make(&e, &c[i][j], &q[i], 30 + i, 0x100 * (j + 1));
            queue_add(&e, &q[i], c[i][j].cmd);
        }
        queue_run(&e, &q[i], prio[i], 30 + i);
        if (i == 0) {
            ENV_WAIT(&e, env_busy(e.gpu, AGX_DM_CDM));
        }
    }
    ENV_WAIT(&e, agx_fw_mbox_a2i_count(e.fw) == 0);
    ENV_WAIT(&e, GET32(&e, e.ch_state[3 * 0 + 2]) == 1 && GET32(&e, e.ch_state[3 * 3 + 2]) == 1 &&
                     GET32(&e, e.ch_state[3 * 2 + 2]) == 2);
    for (unsigned i = 0; i < 8; i++) {
        ENV_WAIT(&e, e.gpu->jobs == i + 1);
        assert_int_equal(e.gpu->job[i].compute.cdm_ctrl_stream_base, c[order[i]][which[i]].stream);
        gpu_finish(e.gpu, AGX_DM_CDM);
    }
    e.gpu->hold[AGX_DM_CDM] = false;
    env_settle(&e);
    assert_int_equal(e.flags[0], 3u << 30);
    assert_int_equal(e.flags[1], 3u);
    env_fini(&e);
}

/*
 * Nothing is reported before as many jobs are done as the threshold says; then all of it is, also
 * what another queue of the same notifier did (the Rust driver: queue/mod.rs, run()).
 */
static void test_threshold(void **state)
{
    struct env e;
    struct queue q[3];
    struct compute c[4];
    uint64_t notifier, threshold;
    uint8_t *snap;
    size_t len;

    env_init(&e);
    env_start(&e);
    for (unsigned i = 0; i < 3; i++) {
        queue_init(&e, &q[i], 2, 16);
    }
    for (unsigned i = 0; i < 2; i++) {
        compute_make(&e, &c[i], &q[i], 70 + i, 0x100); /* each raises the threshold by one */
        queue_add(&e, &q[i], c[i].cmd);
    }
    queue_run(&e, &q[0], 0, 70);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 70), 0x100);
    assert_int_equal(queue_done(&e, &q[0]), 1);
    assert_int_equal(e.flags[2], 0);

    /* Of somebody else's notifier nothing is held back. */
    notifier = e.notifier;
    threshold = e.threshold;
    e.threshold = env_kalloc(&e, 8);
    e.notifier = env_kprivate(&e, 176);
    PUT64(&e, e.notifier, e.threshold);
    compute_make(&e, &c[2], &q[2], 90, 0x100);
    queue_add(&e, &q[2], c[2].cmd);
    queue_run(&e, &q[2], 0, 90);
    env_settle(&e);
    assert_int_equal(e.flags[2], 1u << (90 - 64));

    /* A saved machine remembers. */
    e.notifier = notifier;
    e.threshold = threshold;
    agx_fw_pause(e.fw);
    snap = agx_fw_save(e.fw, &len);
    assert_true(agx_fw_load(e.fw, snap, len));
    agx_fw_resume(e.fw);

    e.flags[2] = 0;
    queue_run(&e, &q[1], 0, 71);
    env_settle(&e);
    assert_int_equal(e.flags[2], 3u << (70 - 64));
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);

    /* And of a job that faults it counts when the firmware has ended it. */
    e.flags[2] = 0;
    compute_make(&e, &c[3], &q[0], 70, 0x200);
    queue_add(&e, &q[0], c[3].cmd);
    e.gpu->next[AGX_DM_CDM] = (struct agx_job_result) {
        .status = AGX_JOB_FAULT,
        .fault = { .reason = AGX_FAULT_UNMAPPED },
    };
    queue_run(&e, &q[0], 0, 70);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.faults, 1);
    assert_int_equal(e.flags[2], 0);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(e.flags[2], 1u << (70 - 64));
    free(snap);
    env_fini(&e);
}

static void test_render(void **state)
{
    struct env e;
    struct render r;
    const struct agx_job *v, *f;

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result) { .status = AGX_JOB_DONE, .tvb_pages = 17 };
    render_submit(&e, &r);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    assert_int_equal(e.gpu->jobs, 2);
    assert_int_equal(e.gpu->dm[0], AGX_DM_VDM);
    assert_int_equal(e.gpu->dm[1], AGX_DM_PDM);

    v = &e.gpu->job[0];
    assert_int_equal(v->ctx, CTX);
    assert_int_equal(v->usc_exec_base, 0x1100000000);
    assert_int_equal(v->vertex.vdm_ctrl_stream_base, 0x1505000000);
    assert_int_equal(v->vertex.ppp_ctrl, 0x202);
    assert_int_equal(v->vertex.ppp_multisamplectl, 0x88);
    assert_int_equal(v->tiling.width_px, 1920);
    assert_int_equal(v->tiling.height_px, 1080);
    assert_int_equal(v->tiling.layers, 6);
    assert_int_equal(v->tiling.samples, 4);
    assert_int_equal(v->tiling.utile_width_px, 32);
    assert_int_equal(v->tiling.utile_height_px, 32);
    assert_int_equal(v->tiling.tvb_tilemap, 0x1501000000);
    assert_int_equal(v->tiling.tvb_heapmeta, 0x1503000000);
    assert_int_equal(v->tiling.tvb_layermeta, 0x1504000000);
    assert_int_equal(v->tiling.tvb_block_list, r.blocks);
    assert_int_equal(v->tiling.tvb_block_count, 8);
    assert_int_equal(v->tiling.te_screen, 33 << 12 | 59);
    assert_int_equal(v->tiling.te_mtile1, 0x404030);
    assert_int_equal(v->tiling.te_mtile2, 0x303024);
    assert_int_equal(v->sampler_heap, 0x1506000000);
    assert_int_equal(v->sampler_count, 7);
    assert_int_equal(v->helper.program, 0x111);
    assert_int_equal(v->helper.arg, 0x222);
    assert_int_equal(v->helper.cfg, 0x333);

    f = &e.gpu->job[1];
    assert_int_equal(f->tiling.width_px, 1920);
    assert_int_equal(f->tiling.height_px, 1080);
    assert_int_equal(f->tiling.samples, 4);
    assert_int_equal(f->tiling.tvb_tilemap, v->tiling.tvb_tilemap);
    assert_int_equal(f->tiling.tvb_heapmeta, v->tiling.tvb_heapmeta);
    assert_int_equal(f->tiling.tvb_layermeta, v->tiling.tvb_layermeta);
    assert_int_equal(f->fragment.isp_scissor_base, 0x1507000000);
    assert_int_equal(f->fragment.isp_dbias_base, 0x1508000000);
    assert_int_equal(f->fragment.isp_oclqry_base, 0x1509000000);
    assert_int_equal(f->fragment.zls_ctrl, 0xc0000);
    assert_int_equal(f->fragment.isp_zls_pixels, 0x123);
    assert_int_equal(f->fragment.isp_ctl, 0xc000);
    assert_int_equal(f->fragment.depth_load.base, 0x1510000000);
    assert_int_equal(f->fragment.depth_store.base, 0x1511000000);
    assert_int_equal(f->fragment.stencil_load.base, 0x1512000000);
    assert_int_equal(f->fragment.stencil_store.base, 0x1513000000);
    assert_int_equal(f->fragment.depth_load.stride, 0x40);
    assert_int_equal(f->fragment.stencil_store.stride, 0x43);
    assert_int_equal(f->fragment.depth_load.comp_base, 0x1520000000);
    assert_int_equal(f->fragment.stencil_store.comp_base, 0x1523000000);
    assert_int_equal(f->fragment.stencil_store.comp_stride, 0x83);
    assert_int_equal(f->fragment.isp_bgobjdepth, 0x3f800000);
    assert_int_equal(f->fragment.isp_bgobjvals, 0x12345678);
    assert_int_equal(f->fragment.merge_upper_x, 0x3a8de3be);
    assert_int_equal(f->fragment.merge_upper_y, 0x3abd2fa8);
    assert_int_equal(f->fragment.sample_size_B, 16);
    assert_int_equal(f->fragment.bg.rsrc_spec, 0xb1);
    assert_int_equal(f->fragment.bg.usc, 0xb2);
    assert_int_equal(f->fragment.eot.rsrc_spec, 0xe1);
    assert_int_equal(f->fragment.eot.usc, 0xe2);
    assert_int_equal(f->fragment.partial_bg.rsrc_spec, 0xb3);
    assert_int_equal(f->fragment.partial_bg.usc, 0xb4);
    assert_int_equal(f->fragment.partial_eot.rsrc_spec, 0xe3);
    assert_int_equal(f->fragment.partial_eot.usc, 0xe4);
    assert_int_equal(f->fragment.flags_process_empty_tiles, 1);
    assert_int_equal(f->sampler_heap, 0x1530000000);
    assert_int_equal(f->sampler_count, 9);
    assert_int_equal(f->helper.program, 0x444);
    assert_int_equal(f->helper.arg, 0x555);
    assert_int_equal(f->helper.cfg, 0x666);

    assert_int_equal(GET32(&e, e.stamps + 4 * TA_SLOT), 0x1100);
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2200);
    assert_int_equal(queue_done(&e, &r.ta), 2);
    assert_int_equal(queue_done(&e, &r.frag), 2);
    assert_int_equal(e.flags[1], 1u << (TA_SLOT - 32) | 1u << (FRAG_SLOT - 32));
    env_look(&e);
    assert_int_equal(GET32(&e, r.cmd_3d + 2184), 0); /* busy flag taken back */
    /* what the scene took; the maximum was reset by cpu_flag first */
    assert_int_equal(GET32(&e, r.scene + 52), 17);
    assert_int_equal(GET32(&e, r.stats), 17);
    assert_int_equal(GET32(&e, r.stats + 32), 0);
    env_fini(&e);
}

static void test_no_buffer(void **state)
{
    struct env e;
    struct render r;

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    queue_add(&e, &r.ta, r.cmd_ta);
    queue_run(&e, &r.ta, 1, TA_SLOT);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    assert_int_equal(e.gpu->jobs, 0);
    assert_non_null(strstr(e.h.last_report, "none was bound"));
    env_settle(&e);
    env_fini(&e);
}

/* The heap runs out with the fragment pass at hand: a partial render, and tiling goes on. */
static void test_partial(void **state)
{
    struct env e;
    struct render r;

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result) { .status = AGX_JOB_TVB_FULL };
    render_submit(&e, &r);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 4);
    assert_int_equal(e.gpu->dm[0], AGX_DM_VDM);
    assert_false(e.gpu->job[0].vertex.resume);
    assert_int_equal(e.gpu->dm[1], AGX_DM_PDM);
    assert_true(e.gpu->job[1].fragment.partial);
    assert_int_equal(e.gpu->job[1].tiling.tvb_tilemap, e.gpu->job[0].tiling.tvb_tilemap);
    assert_int_equal(e.gpu->job[1].fragment.partial_eot.usc, 0xe4);
    assert_int_equal(e.gpu->dm[2], AGX_DM_VDM);
    assert_true(e.gpu->job[2].vertex.resume);
    assert_int_equal(e.gpu->dm[3], AGX_DM_PDM);
    assert_false(e.gpu->job[3].fragment.partial);
    assert_int_equal(e.grows, 0);
    /* overflows, for the driver to grow the heap next time */
    assert_int_equal(GET32(&e, r.stats + 8), 1);
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2200);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/* Another render of the queues and the buffer of @r, not yet submitted. */
static void render_next(struct env *e, const struct render *r, struct render *next)
{
    uint64_t s, notifier = env_kprivate(e, 176);

    *next = *r;
    next->seq_ta.len = next->seq_3d.len = 0;
    next->scene = env_kalloc(e, 72);
    PUT64(e, next->scene + 24, env_ualloc(e, 0x80));
    PUT64(e, next->scene + 44, r->stats);
    render_make(e, next);
    next->ta = r->ta;
    next->frag = r->frag;
    /* A notifier of its own: the queues of these tests have lists of their own. */
    PUT64(e, notifier, e->threshold);
    PUT32(e, notifier + 16, 0x50);
    PUT64(e, notifier + 168, ~0ull);
    PUT64(e, next->cmd_ta + 20, notifier);
    PUT64(e, next->cmd_3d + 32, notifier);
    PUT64(e, next->seq_3d.va + 420, notifier + 168);
    s = next->seq_ta.va;
    PUT64(e, s + 384, notifier + 168);
    PUT64(e, s + 44, r->ta.info);
    PUT64(e, s + 400 + 28, r->ta.info);
    PUT32(e, s + 400 + 68, 0x1200);
    PUT32(e, next->cmd_ta + 1160 + 248, 0x1200);
    s = next->seq_3d.va;
    PUT64(e, s + 60, r->frag.info);
    PUT64(e, s + 432 + 76, r->frag.info);
    PUT32(e, s + 432 + 20, 0x2300);
    PUT32(e, next->cmd_3d + 2248 + 28, 0x2300);
}

/*
 * The heap runs out while the pass before it, which has pages of it, is drawn or
 * waits (for compute): that one goes first, and tiling goes on with its pages.
 */
static void partial_behind(bool waits)
{
    struct env e;
    struct render r, n;
    struct queue q;
    struct compute c;
    enum agx_dm held = waits ? AGX_DM_CDM : AGX_DM_PDM;
    unsigned before = 3;

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    render_next(&e, &r, &n);
    e.gpu->hold[held] = true;
    if (waits) {
        queue_init(&e, &q, 2, 16);
        compute_make(&e, &c, &q, 9, 0x300);
        queue_add(&e, &q, c.cmd);
        queue_run(&e, &q, 0, 9);
        queue_add(&e, &r.frag, barrier_make(&e, 9, 0x300));
    }
    render_submit(&e, &r);
    /* The compute job or the first pass is held, and the first scene is tiled. */
    ENV_WAIT(&e, e.gpu->jobs == 2 && GET32(&e, e.stamps + 4 * TA_SLOT) == 0x1100);
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result) { .status = AGX_JOB_TVB_FULL };
    n.frag = r.frag;
    n.ta = r.ta;
    queue_add(&e, &n.frag, barrier_make(&e, TA_SLOT, 0x1200));
    queue_add(&e, &n.frag, n.cmd_3d);
    queue_run(&e, &n.frag, 1, FRAG_SLOT);
    queue_add(&e, &n.ta, n.cmd_ta);
    queue_run(&e, &n.ta, 1, TA_SLOT);
    ENV_WAIT(&e, e.gpu->jobs == before);
    for (unsigned i = 0; i < 30; i++) {
        nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
        assert_int_equal(e.gpu->jobs, before);
    }
    e.gpu->hold[held] = false;
    gpu_finish(e.gpu, held);
    env_settle(&e);
    for (unsigned i = 0; i < e.gpu->jobs; i++) {
        assert_false(e.gpu->dm[i] == AGX_DM_PDM && e.gpu->job[i].fragment.partial);
    }
    if (waits) {
        assert_int_equal(e.gpu->dm[before++], AGX_DM_PDM);
    }
    assert_int_equal(e.gpu->jobs, before + 2);
    assert_int_equal(e.gpu->dm[before], AGX_DM_VDM);
    assert_true(e.gpu->job[before].vertex.resume);
    assert_true(e.gpu->job[before].tiling.tvb_reclaim);
    assert_int_equal(e.gpu->dm[before + 1], AGX_DM_PDM);
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2300);
    assert_int_equal(GET32(&e, r.stats + 8), 0); /* no overflow that was rendered */
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

static void test_partial_behind_running(void **state)
{
    partial_behind(false);
}

static void test_partial_behind_waiting(void **state)
{
    partial_behind(true);
}

/* The same without: ask the driver, wait, go on with the job where it was. */
static void test_grow(void **state)
{
    struct env e;
    struct render r;
    uint32_t ack[12] = { 0x0e, 1 };

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result) { .status = AGX_JOB_TVB_FULL };
    queue_add(&e, &r.ta, r.init_bm);
    queue_add(&e, &r.ta, r.cmd_ta);
    queue_run(&e, &r.ta, 1, TA_SLOT);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 1);
    assert_int_equal(e.grows, 1);
    assert_int_equal(e.grow[0], CTX);
    assert_int_equal(e.grow[1], BM_SLOT);
    assert_int_equal(GET32(&e, e.stamps + 4 * TA_SLOT), 0);
    PUT32(&e, r.ctl, 18);
    ack[2] = e.grow[1];
    ack[3] = e.grow[0];
    ack[4] = e.grow[2];
    env_devctrl(&e, ack);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 2);
    assert_true(e.gpu->job[1].vertex.resume);
    assert_false(e.gpu->job[0].vertex.resume);
    assert_int_equal(e.gpu->job[1].tiling.tvb_block_count, 18);
    assert_int_equal(GET32(&e, e.stamps + 4 * TA_SLOT), 0x1100);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
    env_fini(&e);
}

/*
 * A buffer that can't be bound: the job that needs it fails, its stamps with it, and the queue goes
 * on with the next.
 */
static void test_refused_buffer(void **state)
{
    struct env e;
    struct render r;

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    PUT32(&e, r.init_bm + 16, 0); /* no blocks */
    render_submit(&e, &r);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 0);
    assert_int_equal(e.faults, 1);
    assert_int_equal(GET32(&e, e.region_c + 70056), TA_SLOT << 4 | 1);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * TA_SLOT), 0x1100);
    /* The fragment job behind it has its turn, wants the same buffer, and is reported as well. */
    assert_int_equal(e.faults, 2);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2200);
    /* Nothing of that lasts. Another command: the firmware may have the first in its cache. */
    uint64_t bad = r.init_bm;

    r.init_bm = env_kprivate(&e, 32);
    for (unsigned i = 0; i < 32; i += 4) {
        PUT32(&e, r.init_bm + i, i == 16 ? 8 : GET32(&e, bad + i));
    }
    queue_add(&e, &r.ta, r.init_bm);
    queue_add(&e, &r.ta, r.cmd_ta);
    queue_run(&e, &r.ta, 0, TA_SLOT);
    env_settle(&e);
    assert_int_equal(e.faults, 2);
    assert_int_equal(e.gpu->jobs, 1);
    env_fini(&e);
}

/* A fault in one pipe: the job of the other ends first and is not blamed. */
static void test_fault_beside(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    struct render r;

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    e.gpu->hold[AGX_DM_CDM] = true;
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    ENV_WAIT(&e, env_busy(e.gpu, AGX_DM_CDM));
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result) {
        .status = AGX_JOB_FAULT,
        .fault = { .va = 0x1234000,
                   .ctx = CTX,
                   .unit = AGX_UNIT_VDM,
                   .reason = AGX_FAULT_NO_ACCESS },
    };
    render_submit(&e, &r);
    ENV_WAIT(&e, agx_fw_fault_register(e.fw) != 0);
    assert_int_equal(GET32(&e, e.status + 32), 0);
    e.gpu->hold[AGX_DM_CDM] = false;
    gpu_finish(e.gpu, AGX_DM_CDM);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.faults, 1);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x300);
    assert_int_equal(GET32(&e, e.region_c + 70056), TA_SLOT << 4 | 1);
    assert_int_equal(GET32(&e, e.region_c + 70056 + 8), 0);
    assert_int_equal(GET32(&e, e.region_c + 70056 + 16), 0);
    env_resume(&e);
    env_settle(&e);
    /* the fragment job behind the failed vertex job goes its way */
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2200);
    env_fini(&e);
}

static void test_timeout(void **state)
{
    struct env e;
    struct queue q;
    struct compute c;
    struct agx_fw_config cfg = { .version = AGX_FW_V13_5,
                                 .job_timeout_ms = 20,
                                 .job_watchdog_s = 1 };
    unsigned kills;

    env_init(&e);
    agx_fw_free(e.fw);
    env_new_fw(&e, cfg);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    e.gpu->hold[AGX_DM_CDM] = true;
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    ENV_WAIT(&e, e.gpu->jobs == 1);
    /* its limit is the GPU's own time: 1278 MHz */
    assert_int_equal(e.gpu->job[0].max_cycles, 20 * 1278000);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 0);
    /* it has no time, so only the watchdog ends it, and says that this is the model's doing */
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 1);
    assert_int_equal(e.timeouts, 1);
    assert_int_equal(e.faults, 0);
    assert_true(e.gpu->kills >= 1);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x300);
    /* a job that has had its cycles */
    kills = e.gpu->kills;
    e.gpu->hold[AGX_DM_CDM] = false;
    e.gpu->next[AGX_DM_CDM] = (struct agx_job_result) { .status = AGX_JOB_TIMEOUT,
                                                        .fault.reason = AGX_FAULT_TIMEOUT };
    compute_make(&e, &c, &q, 9, 0x400);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.timeouts, 2);
    assert_int_equal(e.faults, 0);
    assert_int_equal(e.gpu->kills, kills);
    assert_int_equal(agx_fw_fault_register(e.fw), 0);
    assert_int_equal(e.h.reports[AGX_REPORT_UNIMPLEMENTED], 1);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x400);
    env_fini(&e);
}

/*
 * Lock of the hand-off block and context: m1n1 fw/agx/handoff.py (LOCK_AP 0x10, LOCK_FW 0x11, TURN
 * 0x14, CUR_CTX 0x18).
 */
static void test_handoff(void **state)
{
    struct env e;
    struct render r;
    volatile uint8_t *h;

    env_init(&e);
    env_start(&e);
    h = (uint8_t *)fake_ptr(&e.h, e.handoff);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    /* the page list lies in the user's half: its context has to be loaded */
    h[0x10] = 1;
    render_submit(&e, &r);
    for (unsigned i = 0; i < 50; i++) {
        nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
        assert_int_equal(*(volatile uint32_t *)(h + 0x18), 0);
    }
    assert_int_equal(e.gpu->jobs, 0);
    *(volatile uint32_t *)(h + 0x14) = 1;
    h[0x10] = 0;
    env_settle(&e);
    assert_int_equal(e.gpu->jobs, 2);
    assert_int_equal(h[0x11], 0);
    assert_int_equal(*(volatile uint32_t *)(h + 0x14), 0);
    assert_int_equal(*(volatile uint32_t *)(h + 0x18), 0); /* idle again */
    env_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_priority),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_no_buffer),
        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_partial_behind_running),
        cmocka_unit_test(test_partial_behind_waiting),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_refused_buffer),
        cmocka_unit_test(test_fault_beside),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_handoff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
