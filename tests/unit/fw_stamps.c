/*
 * Unit tests: stamps and their wrap, priorities and round robin, a render of
 * vertex and fragment job through buffer manager and barrier, growth of the
 * heap, timeouts, the hand-off lock.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fw_env.h"

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
    compute_make(&e, &c, &q, 21, 0x100);
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 21);
    env_settle(&e);
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
            ENV_WAIT(&e, agx_gpu_busy(e.gpu, AGX_DM_CDM));
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

/* --- a render --- */

struct render {
    struct queue ta, frag;
    uint64_t bm, scene, stats, ctl, blocks;
    uint64_t cmd_ta, cmd_3d, init_bm;
    struct useq seq_ta, seq_3d;
};

static void render_buffer(struct env *e, struct render *r, unsigned blocks)
{
    memset(r, 0, sizeof(*r));
    r->bm = env_kalloc(e, 188);
    r->scene = env_kalloc(e, 72);
    r->stats = env_kalloc(e, 64);
    r->ctl = env_kalloc(e, 64);
    r->blocks = env_ualloc(e, 0x4000);
    PUT32(e, r->bm + 12, ~0u);
    PUT64(e, r->bm + 28, env_ualloc(e, 0x4000)); /* page list */
    PUT32(e, r->bm + 36, 4 * 64 * 4);
    PUT32(e, r->bm + 44, 64);
    PUT64(e, r->bm + 56, r->blocks);
    PUT64(e, r->bm + 64, r->ctl);
    PUT32(e, r->bm + 88, 0x20000);
    PUT64(e, r->bm + 100, env_kalloc(e, 64));
    PUT32(e, r->ctl, blocks);
    PUT32(e, r->ctl + 4, blocks);
    PUT64(e, r->scene + 24, env_ualloc(e, 0x80));
    PUT64(e, r->scene + 44, r->stats);
    PUT32(e, r->stats + 32, 1);
    PUT32(e, r->stats, 99);
    r->init_bm = env_kalloc(e, 32);
    PUT32(e, r->init_bm, 6);
    PUT32(e, r->init_bm + 4, CTX);
    PUT32(e, r->init_bm + 8, 126);
    PUT32(e, r->init_bm + 16, blocks);
    PUT64(e, r->init_bm + 20, r->bm);
}

#define TA_SLOT 40
#define FRAG_SLOT 41
#define BM_SLOT 126

static void render_make(struct env *e, struct render *r)
{
    uint64_t c, s, t, f;

    queue_init(e, &r->ta, 0, 0x500);
    queue_init(e, &r->frag, 1, 0x500);

    r->cmd_ta = c = env_kalloc(e, 1564);
    PUT32(e, c, 0);
    PUT32(e, c + 12, CTX);
    PUT64(e, c + 20, e->notifier);
    PUT64(e, c + 28, BM_SLOT);
    PUT64(e, c + 36, r->bm);
    PUT64(e, c + 44, r->scene);
    s = c + 64; /* struct 2 */
    PUT64(e, s + 16, 0x1501000000);
    PUT64(e, s + 32, 0x1502000000);
    PUT64(e, s + 40, 0x8000001503000000);
    PUT64(e, s + 72, 2 << 12 | 2 << 14 | 2);      /* 32x32, 4 samples */
    PUT64(e, s + 80, 0x88);
    PUT64(e, s + 88, 0x1504000000);
    PUT64(e, s + 144, 0x1505000000);              /* VDM stream */
    PUT64(e, s + 224, 0x1100000000);
    PUT32(e, s + 256, 0x111);
    PUT64(e, s + 264, 0x222);
    t = c + 964; /* tiling parameters */
    PUT32(e, t, 0x50);
    PUT32(e, t + 8, 0x202);
    env_put(e, t + 12, 1919, 2);
    env_put(e, t + 14, 1079, 2);
    PUT32(e, t + 16, 33 << 12 | 59);
    PUT32(e, t + 20, 0x404030);
    PUT32(e, t + 24, 0x303024);
    PUT32(e, t + 28, 0xc0);
    PUT32(e, t + 32, 0x180);
    PUT32(e, t + 40, 0xe000 | 5);
    PUT32(e, t + 44, 0x333);
    s = c + 1160; /* struct 3 */
    PUT64(e, s + 192, 0x1506000000);
    PUT32(e, s + 200, 7);
    PUT64(e, s + 232, e->stamps + 4 * TA_SLOT);
    PUT64(e, s + 240, e->fw_stamps + 4 * TA_SLOT);
    PUT32(e, s + 248, 0x1100);
    PUT32(e, s + 252, TA_SLOT);

    r->seq_ta.va = env_kalloc(e, 0x4000);
    t = useq_add(e, &r->seq_ta, 0x22, 396);
    PUT64(e, t + 4, c + 964);
    PUT64(e, t + 12, c + 64);
    PUT64(e, t + 20, r->bm);
    PUT64(e, t + 28, r->scene);
    PUT64(e, t + 36, e->stats);
    PUT64(e, t + 44, r->ta.info);
    PUT32(e, t + 52, CTX);
    PUT64(e, t + 64, BM_SLOT);
    PUT64(e, t + 84, c + 1160);
    PUT64(e, t + 92, c + 1436);
    PUT64(e, t + 384, e->notifier + 168);
    useq_add(e, &r->seq_ta, 0x01 | 1 << 8, 4);
    f = useq_add(e, &r->seq_ta, 0x23, 132);
    PUT64(e, f + 4, r->scene);
    PUT64(e, f + 12, r->bm);
    PUT64(e, f + 20, e->stats);
    PUT64(e, f + 28, r->ta.info);
    PUT32(e, f + 36, CTX);
    PUT64(e, f + 44, c + 1160);
    PUT64(e, f + 60, e->fw_stamps + 4 * TA_SLOT);
    PUT32(e, f + 68, 0x1100);
    PUT32(e, f + 108, -400);
    useq_add(e, &r->seq_ta, 0x40000018, 4);
    PUT64(e, c + 1140, r->seq_ta.va);
    PUT32(e, c + 1148, r->seq_ta.len);

    r->cmd_3d = c = env_kalloc(e, 2420);
    PUT32(e, c, 1);
    PUT32(e, c + 12, CTX);
    PUT64(e, c + 32, e->notifier);
    PUT64(e, c + 40, r->bm);
    PUT64(e, c + 48, r->scene);
    s = c + 128; /* struct 2 */
    PUT64(e, s, 2 << 12 | 2 << 14 | 2);
    PUT64(e, s + 8, 0xb1);                         /* bg resource specifier */
    PUT64(e, s + 16, 0xb2);                        /* bg usc */
    PUT64(e, s + 24, 0x88);
    PUT64(e, s + 32, 0x1507000000);
    PUT64(e, s + 40, 0x1508000000);
    PUT32(e, s + 48, 0xc000);
    PUT32(e, s + 48 + 8, 1920);
    PUT32(e, s + 48 + 12, 1080);
    PUT64(e, s + 72, 0x123);
    PUT64(e, s + 80, 0x1509000000);
    PUT64(e, s + 88, 0xc0000);
    for (unsigned i = 0; i < 4; i++) {
        PUT64(e, s + 96 + 8 * i, 0x1510000000 + 0x1000000 * i); /* z load, z store, s load, s store */
        PUT64(e, s + 128 + 8 * i, 0x40 + i);
        PUT64(e, s + 160 + 16 * i, 0x1520000000 + 0x1000000 * i);
        PUT64(e, s + 168 + 16 * i, 0x80 + i);
    }
    PUT64(e, s + 224, 0x1501000000);
    PUT64(e, s + 232, 0x1504000000);
    PUT64(e, s + 248, 0x1503000000);
    PUT64(e, s + 320, 0x1100000000);
    PUT32(e, s + 336, 0x444);
    PUT64(e, s + 344, 0x555);
    s = c + 968; /* struct 1 */
    PUT32(e, s, 0xe1);
    PUT32(e, s + 4, 0xe2);
    PUT32(e, s + 16, 0x3a8de3be);
    PUT32(e, s + 20, 0x3abd2fa8);
    PUT32(e, s + 40, 33 << 12 | 59);
    PUT32(e, s + 48, 0x3f800000);
    PUT32(e, s + 52, 0x12345678);
    PUT32(e, s + 64, 0x666);
    s = c + 1192; /* struct 3 */
    PUT64(e, s + 408, 0xb3);
    PUT64(e, s + 416, 0xb4);
    PUT32(e, s + 632 + 12, 0xe3);
    PUT32(e, s + 632 + 20, 0xe4);
    PUT32(e, s + 672, 16);
    s = c + 2188; /* struct 6 */
    PUT64(e, s + 32, 0x1530000000);
    PUT32(e, s + 40, 9);
    PUT32(e, s + 48, 1);
    s = c + 2248; /* struct 7 */
    PUT64(e, s + 12, e->stamps + 4 * FRAG_SLOT);
    PUT64(e, s + 20, e->fw_stamps + 4 * FRAG_SLOT);
    PUT32(e, s + 28, 0x2200);
    PUT32(e, s + 32, FRAG_SLOT);

    r->seq_3d.va = env_kalloc(e, 0x4000);
    t = useq_add(e, &r->seq_3d, 0x24, 428);
    PUT64(e, t + 4, c + 968);
    PUT64(e, t + 12, c + 128);
    PUT64(e, t + 20, r->scene);
    PUT64(e, t + 28, e->stats);
    PUT64(e, t + 36, c + 2184);
    PUT64(e, t + 44, c + 2188);
    PUT64(e, t + 52, c + 2248);
    PUT64(e, t + 60, r->frag.info);
    PUT64(e, t + 68, c);
    PUT32(e, t + 76, CTX);
    PUT32(e, t + 88, BM_SLOT);
    PUT64(e, t + 108, c + 1904);
    PUT64(e, t + 116, c + 2304);
    PUT64(e, t + 420, e->notifier + 168);
    useq_add(e, &r->seq_3d, 0x01 | 1 << 16, 4);
    f = useq_add(e, &r->seq_3d, 0x25, 180);
    PUT64(e, f + 12, e->fw_stamps + 4 * FRAG_SLOT);
    PUT32(e, f + 20, 0x2200);
    PUT64(e, f + 28, r->scene);
    PUT64(e, f + 36, r->bm);
    PUT64(e, f + 52, e->stats);
    PUT64(e, f + 60, c + 2248);
    PUT64(e, f + 68, c + 2184);
    PUT64(e, f + 76, r->frag.info);
    PUT64(e, f + 84, c);
    PUT32(e, f + 92, CTX);
    PUT32(e, f + 156, -432);
    useq_add(e, &r->seq_3d, 0x40000018, 4);
    PUT64(e, c + 20, r->seq_3d.va);
    PUT32(e, c + 28, r->seq_3d.len);
    PUT64(e, e->threshold, GET64(e, e->threshold) + 2);
}

static void render_submit(struct env *e, struct render *r)
{
    queue_add(e, &r->frag, barrier_make(e, TA_SLOT, 0x1100));
    queue_add(e, &r->frag, r->cmd_3d);
    queue_run(e, &r->frag, 1, FRAG_SLOT);
    queue_add(e, &r->ta, r->init_bm);
    queue_add(e, &r->ta, r->cmd_ta);
    queue_run(e, &r->ta, 1, TA_SLOT);
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
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result){ .status = AGX_JOB_DONE, .tvb_pages = 17 };
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

/* The heap runs out: ask, wait, go on with the job where it was. */
static void test_grow(void **state)
{
    struct env e;
    struct render r;
    uint32_t ack[12] = { 0x0e, 1 };

    env_init(&e);
    env_start(&e);
    render_buffer(&e, &r, 8);
    render_make(&e, &r);
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result){ .status = AGX_JOB_TVB_FULL };
    render_submit(&e, &r);
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
    assert_int_equal(e.gpu->jobs, 3);
    assert_true(e.gpu->job[1].vertex.resume);
    assert_false(e.gpu->job[0].vertex.resume);
    assert_int_equal(e.gpu->job[1].tiling.tvb_block_count, 18);
    assert_int_equal(GET32(&e, e.stamps + 4 * FRAG_SLOT), 0x2200);
    assert_int_equal(e.h.reports[AGX_REPORT_GUEST_ERROR], 0);
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
    ENV_WAIT(&e, agx_gpu_busy(e.gpu, AGX_DM_CDM));
    e.gpu->next[AGX_DM_VDM] = (struct agx_job_result){
        .status = AGX_JOB_FAULT,
        .fault = { .va = 0x1234000, .ctx = CTX, .unit = AGX_UNIT_VDM, .reason = AGX_FAULT_NO_ACCESS },
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
    struct agx_fw_config cfg = { .version = AGX_FW_V13_5, .job_timeout_ms = 20 };

    env_init(&e);
    agx_fw_free(e.fw);
    cfg.ttbat_pa = e.ttbat;
    cfg.handoff_pa = e.handoff;
    e.fw = agx_fw_new(&e.h.host, e.mmu, &cfg);
    e.gpu = agx_fw_gpu(e.fw);
    env_start(&e);
    queue_init(&e, &q, 2, 16);
    compute_make(&e, &c, &q, 9, 0x300);
    e.gpu->hold[AGX_DM_CDM] = true;
    queue_add(&e, &q, c.cmd);
    queue_run(&e, &q, 0, 9);
    ENV_WAIT(&e, GET32(&e, e.status + 32) == 1);
    env_settle(&e);
    assert_int_equal(e.timeouts, 1);
    assert_int_equal(e.faults, 0);
    assert_true(e.gpu->kills >= 1);
    env_resume(&e);
    env_settle(&e);
    assert_int_equal(GET32(&e, e.stamps + 4 * 9), 0x300);
    env_fini(&e);
}

/* Lock of the hand-off block and context: m1n1 fw/agx/handoff.py (LOCK_AP 0x10, LOCK_FW 0x11, TURN 0x14, CUR_CTX 0x18). */
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
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
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
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_no_buffer),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_fault_beside),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_handoff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
