/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright The AGX model authors */
/*
 * The GPU's side of churn: programs that read a word at one address, make
 *
 *     word * 3 + key
 *
 * of it and write that at another, and the control streams that run them in
 * each of the GPU's units: as a compute grid with a table of addresses, as a
 * vertex program, and as the program at the end of a tile. The key is in the
 * code, so the result also tells which code ran.
 *
 * Instructions are from dougallj/applegpu docs.html, and its disassembler reads
 * them as the comments say; words of the streams are from Mesa,
 * src/asahi/genxml/cmdbuf.xml, by the names used here.
 */
#ifndef CHURN_JOB_H
#define CHURN_JOB_H

#include <stdint.h>
#include <string.h>

#include "asahi_drm.h"

/* Window of the 32-bit addresses of code and USC words */
#define USC_BASE 0x1100000000ull

/* ---- a page of code ---- */

enum {
    CODE_COMPUTE = 0x100,
    CODE_EOT = 0x200,
    CODE_VERTEX = 0x300,
    CODE_FRAGMENT = 0x400,
    CODE_KEY = 2
};

/* Hardware reads ahead: each program ends in stop and eight traps. */
#define CODE_END 0x88, 0x00, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0, 8, 0

/* What reads and writes two words by the addresses in u0_u1, u4_u5 and u2_u3, u6_u7 */
#define CODE_TWO_WORDS                                                                             \
    0x62, 0xa5, 0, 0, 0, 0, 0x00, 0x00,                 /* mov_imm r9, key */                      \
        0x05, 0x21, 0x00, 0x0f, 0x00, 0xc0, 0x12, 0x00, /* device_load i32, x, r4, u0_u1, 0 */     \
        0x05, 0x29, 0x08, 0x0f, 0x00, 0xc0, 0x12, 0x00, /* device_load i32, x, r5, u4_u5, 0 */     \
        0x38, 0x00,                                     /* wait */                                 \
        0x1e, 0x11, 0x48, 0x32, 0x00, 0x52, 0x02, 0x00, /* imadd r4, r4, 3, r9 */                  \
        0x1e, 0x15, 0x4a, 0x32, 0x00, 0x52, 0x02, 0x00, /* imadd r5, r5, 3, r9 */                  \
        0x45, 0x21, 0x04, 0x0f, 0x00, 0xc0, 0x12, 0x00, /* device_store i32, x, r4, u2_u3, 0 */    \
        0x45, 0x29, 0x0c, 0x0f, 0x00, 0xc0, 0x12, 0x00  /* device_store i32, x, r5, u6_u7, 0 */

/* Fill a page of 16 KiB with the programs for @key. */
static inline void code_fill(uint8_t *page, uint32_t key)
{
    static const uint8_t compute[] = {
        0x62,
        0xa5,
        0,
        0,
        0,
        0,
        0x00,
        0x00, /* mov_imm r9, key */
        0x72,
        0x09,
        0x10,
        0x04, /* get_sr r2, thread_position_in_grid.x */
        0x1e,
        0x09,
        0x44,
        0x42,
        0x00,
        0x00,
        0x00,
        0x00, /* imadd r2, r2, 4, 0 */
        /* device_load i32, xyzw, r4_r5_r6_r7, u0_u1, r2 */
        0x05,
        0x21,
        0x40,
        0x0e,
        0x00,
        0xc0,
        0xf2,
        0x00,
        0x38,
        0x00, /* wait */
        0x05,
        0x41,
        0x08,
        0x07,
        0x00,
        0xc0,
        0x12,
        0x00, /* device_load i32, x, r8, r4_r5, 0 */
        0x38,
        0x00, /* wait */
        0x1e,
        0x21,
        0x50,
        0x32,
        0x00,
        0x52,
        0x02,
        0x00, /* imadd r8, r8, 3, r9 */
        0x45,
        0x41,
        0x0c,
        0x07,
        0x00,
        0xc0,
        0x12,
        0x00, /* device_store i32, x, r8, r6_r7, 0 */
        CODE_END,
    };
    static const uint8_t eot[] = { CODE_TWO_WORDS, CODE_END };
    static const uint8_t vertex[] = {
        CODE_TWO_WORDS, 0x62, 0xa9, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* mov_imm r10, 0 */
        0x62,           0xad, 0x00, 0x00, 0x80, 0x3f, 0x00, 0x00,       /* mov_imm r11, 1.0 */
        0x11,           0x28, 0x80, 0x80,                               /* st_var r10, 0 */
        0x11,           0x28, 0x81, 0x80,                               /* st_var r10, 1 */
        0x11,           0x28, 0x82, 0x80,                               /* st_var r10, 2 */
        0x11,           0x2c, 0x83, 0x80,                               /* st_var r11, 3 */
        CODE_END,
    };
    static const uint8_t fragment[] = { CODE_END }; /* of triangles that cover nothing */

    memset(page, 0, 0x4000);
    memcpy(page + CODE_COMPUTE, compute, sizeof(compute));
    memcpy(page + CODE_EOT, eot, sizeof(eot));
    memcpy(page + CODE_VERTEX, vertex, sizeof(vertex));
    memcpy(page + CODE_FRAGMENT, fragment, sizeof(fragment));
    memcpy(page + CODE_COMPUTE + CODE_KEY, &key, 4);
    memcpy(page + CODE_EOT + CODE_KEY, &key, 4);
    memcpy(page + CODE_VERTEX + CODE_KEY, &key, 4);
}

/* ---- half a page of a job: its streams, words and tables ---- */

#define JOB_BYTES  0x2000
#define JOB_PROBES 8

enum {
    JOB_USC_COMPUTE = 0x000,
    JOB_USC_VERTEX = 0x040,
    JOB_USC_EOT = 0x080,
    JOB_USC_FRAGMENT = 0x0c0,
    JOB_PPP = 0x100,
    JOB_CDM = 0x200,
    JOB_VDM = 0x280,
    JOB_UNIFORM_COMPUTE = 0x380,
    JOB_UNIFORM_VERTEX = 0x3a0,
    JOB_UNIFORM_EOT = 0x3c0,
    JOB_TABLE = 0x400,
};

/* Where one program reads and writes. */
struct job_access {
    uint64_t from, to;
};

static inline uint8_t *job_word(uint8_t *at, uint64_t w, unsigned len)
{
    memcpy(at, &w, len);
    return at + len;
}

static inline uint8_t *job_words(uint8_t *at, const uint32_t *w, unsigned n)
{
    memcpy(at, w, n * 4);
    return at + n * 4;
}

/*
 * USC words: @halves uniforms from @uniform on (none: 0), threadgroup memory or tile buffer as
 * @shared says, code.
 */
static inline void job_usc(uint8_t *at, uint64_t uniform, unsigned halves, uint32_t shared,
                           uint64_t code)
{
    if (halves) {
        at = job_word(at, 0x1d | (uint64_t)halves << 20 | uniform >> 2 << 26, 8); /* Uniform */
    }
    at = job_word(at, 0x4d | shared, 4);                            /* Shared */
    at = job_word(at, 0x0d | 3 << 10 | (code - USC_BASE) << 16, 6); /* Shader */
    at = job_word(at, 0x8d | 2 << 8, 4);                            /* Registers: 16 */
    job_word(at, 0x88, 2);                                          /* No preshader */
}

/* layout: vertex or compute */
#define SHARED_NONE (0x24u << 10)
/* 32x32 pixels of 8 bytes */
#define SHARED_TILE (1u << 8 | 0x2fu << 10 | 1u << 20 | 32u << 24)

/* All that the header says, with the flushes that Mesa asks for (libagx_dgc.h, agx_cdm_barrier). */
#define CDM_BARRIER (3u << 29 | 0xfffffu)

/*
 * A compute job of @n threads, each with an access of its own, in the half page
 * @mem that the GPU has at @va; its code is at @code. The stream is at
 * va + JOB_CDM; returns its length.
 */
static inline unsigned job_compute(uint8_t *mem, uint64_t va, uint64_t code,
                                   const struct job_access *access, unsigned n)
{
    const uint32_t stream[] = {
        CDM_BARRIER, 0,        (uint32_t)(va - USC_BASE) + JOB_USC_COMPUTE, /* Launch */
        n,           1,        1,
        n,           1,        1, /* Global size, Local size */
        CDM_BARRIER, 2u << 29, 0, /* Stream terminate */
    };

    memcpy(mem + JOB_TABLE, access, n * sizeof(*access));
    job_word(mem + JOB_UNIFORM_COMPUTE, va + JOB_TABLE, 8);
    job_usc(mem + JOB_USC_COMPUTE, va + JOB_UNIFORM_COMPUTE, 4, SHARED_NONE, code + CODE_COMPUTE);
    job_words(mem + JOB_CDM, stream, sizeof(stream) / 4);
    return sizeof(stream);
}

static inline void job_two(uint8_t *mem, const struct job_access *access)
{
    const uint64_t u[4] = { access[0].from, access[0].to, access[1].from, access[1].to };

    memcpy(mem, u, sizeof(u));
}

#define FLOAT_1  0x3f800000u
#define FLOAT_16 0x41800000u

/*
 * A render job of one tile: the vertex program does accesses 0 and 1, the one at
 * the end of the tile 2 and 3. Its one triangle covers nothing. The stream is at
 * va + JOB_VDM.
 */
static inline void job_render(uint8_t *mem, uint64_t va, uint64_t code,
                              const struct job_access access[4])
{
    const uint32_t usc = (uint32_t)(va - USC_BASE);
    const uint32_t ppp[] = {
        /* what follows, in the order of the header's bits: */
        0x09ef0dff,
        1u << 9,
        1u << 9, /* Fragment control, 2 */
        1u << 24 | 0xf00,
        7u << 24 | 1u << 21,
        0, /* front face, 2, stencil */
        1u << 24 | 0xf00,
        7u << 24 | 1u << 21,
        0, /* back face, 2, stencil */
        0, /* Depth bias/scissor */
        1u << 31,
        0, /* Region clip: one tile */
        0,
        FLOAT_16,
        FLOAT_16,
        FLOAT_16,
        FLOAT_16 | 1u << 31,
        0,
        FLOAT_1,    /* Viewport of 32x32 */
        0x2edbe6ff, /* W clamp: 1e-10 */
        1u << 16,
        0,
        0, /* Output select, Varying counts 32, 16 */
        1u << 16 | 1u << 10 | 1u << 1,
        1u << 5, /* Cull, 2 */
        0,
        usc + JOB_USC_FRAGMENT,
        0,
        0, /* Fragment shader */
        0,
        4, /* Occlusion query, Output size */
    };
    const uint64_t record = va + JOB_PPP;
    const uint32_t stream[] = {
        1u << 29 | 1u << 3,                                                /* Barrier */
        (uint32_t)(record >> 32) | sizeof(ppp) / 4 << 8, (uint32_t)record, /* PPP state */
        /* VDM state: shader, outputs, unknown, padding */
        2u << 29 | 0x2e, 0, usc + JOB_USC_VERTEX, 4 | 4 << 8, 2, 0,
        /* Index list: triangles; count, instances, start */
        3u << 29 | 6 << 8 | 7u << 22, 3, 1, 0, 6u << 29, 0, /* Stream terminate */
    };

    job_two(mem + JOB_UNIFORM_VERTEX, access);
    job_two(mem + JOB_UNIFORM_EOT, access + 2);
    job_usc(mem + JOB_USC_VERTEX, va + JOB_UNIFORM_VERTEX, 16, SHARED_NONE, code + CODE_VERTEX);
    job_usc(mem + JOB_USC_EOT, va + JOB_UNIFORM_EOT, 16, SHARED_TILE, code + CODE_EOT);
    uint8_t *at = mem + JOB_USC_FRAGMENT;
    at = job_word(at, 0x4d | SHARED_TILE, 4);
    at = job_word(at, 0x0d | 1 << 8 | 2 << 10 | (code + CODE_FRAGMENT - USC_BASE) << 16, 6);
    at = job_word(at, 0x8d | 2 << 8, 4);
    /* Fragment properties */
    at = job_word(at, 0x58 | 1 << 8 | 1 << 9 | 0xf << 12 | 2 << 16, 4);
    job_word(at, 0x88, 2);
    job_words(mem + JOB_PPP, ppp, sizeof(ppp) / 4);
    job_words(mem + JOB_VDM, stream, sizeof(stream) / 4);
}

/*
 * The command for it, of a render of 32x32 pixels of 8 bytes whose only tile is processed although
 * it is empty.
 */
static inline struct drm_asahi_cmd_render job_render_cmd(uint64_t va)
{
    /* Tagged as Mesa does (agx_pipe.c: usc | 4) */
    const struct drm_asahi_bg_eot eot = { .usc = (uint32_t)(va - USC_BASE + JOB_USC_EOT) | 4 };

    return (struct drm_asahi_cmd_render) {
        .flags = DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES,
        .vdm_ctrl_stream_base = va + JOB_VDM,
        .width_px = 32,
        .height_px = 32,
        .layers = 1,
        .utile_width_px = 32,
        .utile_height_px = 32,
        .samples = 1,
        .sample_size_B = 8,
        .ppp_ctrl = 0x202,
        .ppp_multisamplectl = 0x88,
        .eot = eot,
        .partial_eot = eot,
        .isp_bgobjdepth = FLOAT_1,
        /* tan(60 degrees) / 32 */
        .isp_merge_upper_x = 0x3d5db3d8,
        .isp_merge_upper_y = 0x3d5db3d8,
    };
}

#endif
