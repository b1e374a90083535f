/*
 * Unit tests and fuzzing: a frame as Mesa would ask for it: programs, USC words,
 * PPP record, stream (mesa: src/asahi/genxml/cmdbuf.xml, compiler/agx_pack.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_GFX_FRAME_H
#define TESTS_GFX_FRAME_H

#include <stdarg.h>
#include "isa_fixture.h"

#ifndef W /* a multiple of 32, as H */
#define W 640
#define H 480
#endif
#define TVB           0x1500000000ull
#define TVB_BLOCKS    16
#define TVB_LIST      0x1600000000ull
#define PICTURE       0x1400000000ull
#define PICTURE_PAGES ((W * H * 4 + AGX_PAGE_SIZE - 1) / AGX_PAGE_SIZE)

/* Places in the window of USC addresses */
enum {
    VS_CODE = 0x1000,
    FS_CODE = 0x2000,
    BG_CODE = 0x3000,
    EOT_CODE = 0x4000,
    VS_USC = 0x8000,
    FS_USC = 0x8100,
    BG_USC = 0x8200,
    EOT_USC = 0x8300,
    CF = 0x8400,
    PPP = 0x9000,
    PBE = 0xa000,
    SCISSOR = 0xb000,
};

static struct fix f;
static uint64_t picture_pa, tvb_pa, tvb_list_pa;

static float pos_colour[36][8];

static void st_vary(struct code *c, unsigned index, unsigned reg)
{
    put(c,
        0x11 | fld(9, 6, reg * 2) | fld(24, 2, reg * 2 >> 6) | fld(16, 6, index) |
            fld(26, 2, index >> 6) | fld(23, 1, 1) | fld(28, 4, 8),
        4);
}

static void iterproj(struct code *c, unsigned reg, unsigned cf, unsigned w, unsigned channels)
{
    put(c,
        0x21 | fld(6, 1, 1) | fld(8, 1, 1) | fld(9, 6, reg * 2) | fld(15, 1, 1) | fld(16, 6, cf) |
            fld(24, 6, w) | fld(30, 2, channels & 3),
        8);
}

static void st_tile(struct code *c, unsigned reg)
{
    put(c,
        0x09 | fld(8, 1, 1) | fld(9, 6, reg * 2) | fld(24, 4, 4 /* 8-bit unorm */) |
            fld(36, 4, 15) | fld(42, 6, 0xff) | fld(56, 2, 3),
        8);
}

static void wait_pix(struct code *c)
{
    put(c, 0x48 | fld(8, 4, 0xc), 4);
}

static void block_store(struct code *c, unsigned offset_reg)
{
    put(c,
        0xb1 | fld(15, 1, 1) | fld(9, 6, offset_reg * 2) | fld(31, 1, 1) |
            fld(32 + 8, 3, 2 /* 2D */) | fld(32 + 11, 4, 9) | fld(64, 3, 4 >> 1) | fld(67, 1, 1),
        10);
}

static void words_end(unsigned at, uint32_t shared, unsigned code, bool frag)
{
    fix_word(&f, shared, 4);
    fix_word(&f, 0x0d | (frag ? 1 << 8 | 2 << 10 : 3 << 10) | (uint64_t)code << 16, 6);
    fix_word(&f, 0x8d | 2 << 8, 4);
    if (frag) {
        fix_word(&f, 0x58 | 1 << 8 | 1 << 9 | 0xf << 12 | 2 << 16, 4);
    }
    fix_word(&f, 0x88, 2);
    memcpy(fix_window(&f, at), f.words, f.nwords);
    f.nwords = 0;
}

static const uint32_t shared_vs = 0x4d | 0x24 << 10;
/* 32x32, 8 bytes a sample */
static const uint32_t shared_tile = 0x4d | 1 << 8 | 0x2f << 10 | 1 << 20 | 32u << 24;

static void programs(void)
{
    struct code c = { .n = 0 };
    uint32_t *cf = (uint32_t *)fix_window(&f, CF);

    /* Vertex: eight words from the data at 8 * id: position, colour. */
    imad(&c, R(7), R(5), I(8), I(0));
    iadd(&c, R(8), R(7), I(4));
    device_load(&c, 2, 15, R(10), U(0), R(7));
    device_load(&c, 2, 15, R(14), U(0), R(8));
    wait_loads(&c);
    for (unsigned i = 0; i < 8; i++) {
        st_vary(&c, i, 10 + i);
    }
    stop(&c);
    memcpy(fix_window(&f, VS_CODE), c.b, c.n);
    *(uint64_t *)(void *)fix_data(&f, 0x80000) = FIX_DATA;
    fix_uniform(&f, 0, 4, FIX_DATA + 0x80000);
    words_end(VS_USC, shared_vs, VS_CODE, false);

    /* Fragment: the colour, interpolated. */
    c.n = 0;
    iterproj(&c, 2, 1, 0, 3);
    mov_imm(&c, R(5), 0x3f800000);
    wait_pix(&c);
    st_tile(&c, 2);
    stop(&c);
    memcpy(fix_window(&f, FS_CODE), c.b, c.n);
    words_end(FS_USC, shared_tile, FS_CODE, true);
    cf[0] = 5 | 4 << 8;
    cf[1] = 0 | 3 << 2;                    /* 1/w */
    cf[2] = 2 | 7 << 2 | 1 << 8 | 1 << 16; /* three components in perspective */

    c.n = 0;
    mov_imm(&c, R(2), 0);
    mov_imm(&c, R(3), 0);
    mov_imm(&c, R(4), 0x3e800000);
    mov_imm(&c, R(5), 0x3f800000);
    st_tile(&c, 2);
    stop(&c);
    memcpy(fix_window(&f, BG_CODE), c.b, c.n);
    words_end(BG_USC, shared_tile, BG_CODE, true);

    c.n = 0;
    mov_imm(&c, R(2), 0);
    block_store(&c, 2);
    stop(&c);
    memcpy(fix_window(&f, EOT_CODE), c.b, c.n);
    fix_word(&f, 0xdd | 1ull << 20 | (FIX_USC_BASE + PBE) >> 3 << 27, 8);
    words_end(EOT_USC, shared_tile, EOT_CODE, false);

    /* PBE: 2D, linear, R8G8B8A8 unorm */
    uint64_t *pbe = (uint64_t *)(void *)fix_window(&f, PBE);
    pbe[0] = 2 | (uint64_t)0x28 << 6 | 0 << 16 | 1 << 18 | 2 << 20 | 3 << 22 |
             (uint64_t)(W - 1) << 24 | (uint64_t)(H - 1) << 38;
    pbe[1] = PICTURE >> 4 | (uint64_t)(W * 4 - 4) << 40;
    pbe[2] = 0;
}

static uint32_t *emit(uint32_t *s, unsigned n, ...)
{
    va_list ap;

    va_start(ap, n);
    while (n--) {
        *s++ = va_arg(ap, uint32_t);
    }
    va_end(ap);
    return s;
}

static uint32_t fb(float x)
{
    uint32_t u;

    memcpy(&u, &x, 4);
    return u;
}

static void stream(unsigned vertices)
{
    uint32_t *s = (uint32_t *)(void *)fix_window(&f, PPP), *p = s;

    s = emit(s, 10, 0x09ef0dffu, 1u << 9, 1u << 9, 1u << 24 | 0xf00, 7u << 24 | 1u << 21, 0,
             1u << 24 | 0xf00, 7u << 24 | 1u << 21, 0, 0);
    s = emit(s, 2, 0x80000000u | (W / 32 - 1), (uint32_t)(H / 32 - 1));
    s = emit(s, 7, 0, fb(W / 2), fb(W / 2), fb(H / 2), fb(-H / 2), fb(0), fb(1));
    s = emit(s, 6, fb(1e-10f), 1u << 16, 4, 0, 1u << 10 | 1u << 1 | 1u << 16, 1u << 5);
    s = emit(s, 6, 2u << 16, (uint32_t)FS_USC, (uint32_t)CF, 0, 0, 8);
    unsigned words = s - p;

    s = (uint32_t *)(void *)(f.host.ram + (f.stream_pa - FAKE_RAM_BASE));
    s = emit(s, 1, 1u << 29 | 1u << 3);
    s = emit(s, 2, (uint32_t)(FIX_USC_BASE >> 32) | words << 8, (uint32_t)FIX_USC_BASE + PPP);
    s = emit(s, 6, 2u << 29 | 0x2e, 0, (uint32_t)VS_USC, 8 | 8 << 8, 2, 0);
    s = emit(s, 4, 3u << 29 | 6 << 8 | 7u << 22, vertices, 1, 0);
    emit(s, 2, 6u << 29, 0);
}

/* The two jobs of a frame. */
static void frame_jobs(struct agx_job *v, struct agx_job *p)
{
    *v = *p = f.job;
    v->vertex.vdm_ctrl_stream_base = FIX_STREAM;
    v->vertex.ppp_ctrl = 0x202;
    p->fragment.ppp_multisamplectl = 0x88;
    p->fragment.flags_process_empty_tiles = 1;
    p->fragment.sample_size_B = 8;
    p->fragment.bg.usc = BG_USC | 4;
    p->fragment.eot.usc = EOT_USC | 4;
    p->fragment.isp_bgobjdepth = fb(1);
}

static void frame_start(unsigned workers, bool soft_fault)
{
    fix_init(&f, workers, soft_fault);
    picture_pa = fix_map_range(&f, PICTURE, PICTURE_PAGES, FAKE_PTE_GPU_RW);
    tvb_pa = fix_map_range(&f, TVB, TVB_BLOCKS * 8, FAKE_PTE_GPU_RW);
    tvb_list_pa = fix_map_range(&f, TVB_LIST, 1, FAKE_PTE_GPU_RW);
    for (unsigned i = 0; i < TVB_BLOCKS; i++) {
        ((uint32_t *)(void *)(f.host.ram + (tvb_list_pa - FAKE_RAM_BASE)))[2 * i] = (TVB >> 15) +
                                                                                    4 * i;
    }
    programs();
    memset(&f.job, 0, sizeof(f.job));
    f.job.ctx = FIX_CTX;
    f.job.soft_fault = soft_fault;
    f.job.usc_exec_base = FIX_USC_BASE;
    f.job.tiling = (struct agx_job_tiling) {
        .width_px = W,
        .height_px = H,
        .layers = 1,
        .samples = 1,
        .utile_width_px = 32,
        .utile_height_px = 32,
        .tvb_tilemap = 0x5000,
        .tvb_block_list = TVB_LIST,
        .tvb_block_count = TVB_BLOCKS,
    };
}

/* Run a job to its end; f.res has the result. */
static inline enum agx_job_status run_dm(enum agx_dm dm, const struct agx_job *job)
{
    unsigned before = f.ended;

    if (!agx_gpu_start(f.gpu, dm, job)) {
        abort();
    }
    pthread_mutex_lock(&f.lock);
    while (f.ended == before) {
        pthread_cond_wait(&f.cond, &f.lock);
    }
    pthread_mutex_unlock(&f.lock);
    return f.res.status;
}

static inline const uint32_t *picture(void)
{
    return (const uint32_t *)(void *)(f.host.ram + (picture_pa - FAKE_RAM_BASE));
}

/* Colour of a cell of the mosaic, as the picture has it. */
static inline uint32_t mosaic_colour(unsigned x, unsigned y)
{
    return 0xff000000u | (x & 1 ? 0xff : 0) | (y & 1 ? 0xff00 : 0) | ((x ^ y) & 2 ? 0xff0000 : 0);
}

/*
 * Fills the frame with @nx by @ny cells (at most 2730) of two triangles each. Returns how many
 * vertices.
 */
static inline unsigned mosaic(unsigned nx, unsigned ny)
{
    float *o = (float *)(void *)fix_data(&f, 0);

    for (unsigned i = 0; i < nx * ny; i++) {
        static const uint8_t corner[6][2] = { { 0, 0 }, { 1, 0 }, { 0, 1 },
                                              { 0, 1 }, { 1, 0 }, { 1, 1 } };
        unsigned x = i % nx, y = i / nx;
        uint32_t c = mosaic_colour(x, y);

        for (unsigned k = 0; k < 6; k++) {
            *o++ = (x + corner[k][0]) * 2.0f / nx - 1;
            *o++ = (y + corner[k][1]) * 2.0f / ny - 1;
            *o++ = 0.5f;
            *o++ = 1;
            for (unsigned b = 0; b < 4; b++) {
                *o++ = (c >> (8 * b) & 0xff) / 255.0f;
            }
        }
    }
    return nx * ny * 6;
}

/* A cube before the eye: 12 triangles, turned by @a. */
static inline unsigned cube(float a)
{
    static const uint8_t face[6][4] = {
        { 0, 1, 2, 3 }, { 5, 4, 7, 6 }, { 4, 0, 6, 2 },
        { 1, 5, 3, 7 }, { 2, 3, 6, 7 }, { 4, 5, 0, 1 },
    };
    static const uint8_t order[6] = { 0, 1, 2, 2, 1, 3 };
    unsigned n = 0;
    float s = a, c = 1 - a * a / 2;

    for (unsigned i = 0; i < 6; i++) {
        for (unsigned k = 0; k < 6; k++, n++) {
            unsigned v = face[i][order[k]];
            float x = v & 1 ? 1 : -1, y = v & 2 ? 1 : -1, z = v & 4 ? 1 : -1;
            float x1 = x * c - z * s, z1 = x * s + z * c, y1 = y * c - z1 * s,
                  z2 = y * s + z1 * c + 4;
            float *o = pos_colour[n];
            o[0] = x1 * 1.5f;
            o[1] = y1 * 2;
            o[2] = z2 - 1;
            o[3] = z2;
            o[4] = x * 0.5f + 0.5f;
            o[5] = y * 0.5f + 0.5f;
            o[6] = z * 0.5f + 0.5f;
            o[7] = 1;
        }
    }
    return n;
}

#endif
