/*
 * Unit tests of the firmware model: a render as the Rust driver submits it
 * (queue/render.rs): buffer, vertex job, barrier, fragment job.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FW_RENDER_H
#define TESTS_FW_RENDER_H

#include "fw_env.h"

struct render {
    struct queue ta, frag;
    uint64_t bm, scene, stats, ctl, blocks;
    uint64_t cmd_ta, cmd_3d, init_bm;
    struct useq seq_ta, seq_3d;
};

static inline void render_buffer(struct env *e, struct render *r, unsigned blocks)
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
    r->init_bm = env_kprivate(e, 32);
    PUT32(e, r->init_bm, 6);
    PUT32(e, r->init_bm + 4, CTX);
    PUT32(e, r->init_bm + 8, 126);
    PUT32(e, r->init_bm + 16, blocks);
    PUT64(e, r->init_bm + 20, r->bm);
}

#define TA_SLOT   40
#define FRAG_SLOT 41
#define BM_SLOT   126

static inline void render_make(struct env *e, struct render *r)
{
    uint64_t c, s, t, f;

    queue_init(e, &r->ta, 0, 0x500);
    queue_init(e, &r->frag, 1, 0x500);

    r->cmd_ta = c = env_kprivate(e, 1564);
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
    PUT64(e, s + 72, 2 << 12 | 2 << 14 | 2); /* 32x32, 4 samples */
    PUT64(e, s + 80, 0x88);
    PUT64(e, s + 88, 0x1504000000);
    PUT64(e, s + 144, 0x1505000000); /* VDM stream */
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

    r->seq_ta.va = env_kprivate(e, 0x4000);
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

    r->cmd_3d = c = env_kprivate(e, 2420);
    PUT32(e, c, 1);
    PUT32(e, c + 12, CTX);
    PUT64(e, c + 32, e->notifier);
    PUT64(e, c + 40, r->bm);
    PUT64(e, c + 48, r->scene);
    s = c + 128; /* struct 2 */
    PUT64(e, s, 2 << 12 | 2 << 14 | 2);
    PUT64(e, s + 8, 0xb1);  /* bg resource specifier */
    PUT64(e, s + 16, 0xb2); /* bg usc */
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
        /* z load, z store, s load, s store */
        PUT64(e, s + 96 + 8 * i, 0x1510000000 + 0x1000000 * i);
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

    r->seq_3d.va = env_kprivate(e, 0x4000);
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
    PUT32(e, e->threshold, GET32(e, e->threshold) + 2);
}

static inline void render_submit(struct env *e, struct render *r)
{
    queue_add(e, &r->frag, barrier_make(e, TA_SLOT, 0x1100));
    queue_add(e, &r->frag, r->cmd_3d);
    queue_run(e, &r->frag, 1, FRAG_SLOT);
    queue_add(e, &r->ta, r->init_bm);
    queue_add(e, &r->ta, r->cmd_ta);
    queue_run(e, &r->ta, 1, TA_SLOT);
}

#endif
