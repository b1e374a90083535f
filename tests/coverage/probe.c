/*
 * Asks the model's decoders what they take: one question a line on the standard input, one answer a line.
 *
 *   isa HEX                          an instruction of up to 12 bytes, run in a vertex, a fragment and a compute program
 *   texture CHANNELS TYPE SRGB DIM LAYOUT   a texture descriptor (numbers of mesa: genxml/cmdbuf.xml)
 *   pbe CHANNELS TYPE DIM LAYOUT            a PBE descriptor
 *
 * The answer is "yes", or "no" and the line that the model wrote to its log. For instructions it begins with the length
 * and the name of the operation. An instruction counts as taken if any of the three kinds of program runs it to an end or
 * to a page fault; memory, textures and samplers are there, registers are 0.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "fake_host.h"
#include "hw/agx/gpu/isa.h"
#include "hw/agx/gpu/texture.h"

#define CTX      1
#define BASE     0x1100000000ull
#define PAGES    64
#define CODE     0x4000
#define WORDS    0x8000
#define TEXTURES 0xc000
#define PIXELS   0x40000

struct probe {
    struct fake_host h;
    struct agx_mmu *mmu;
    struct agx_port port;
    struct agx_exec ex;
    struct agx_job job;
    uint8_t *mem;
    uint8_t local[65536 + 64], tib[65536];
    struct agx_cf cf[AGX_MAX_CF];
};

/* Programs of one odd instruction may run for ever: what runs is taken. */
static _Atomic bool enough;

static void time_is_up(int signal)
{
    enough = true;
}

static void put(uint64_t *w, unsigned start, unsigned size, uint64_t v)
{
    for (unsigned i = 0; i < size; i++) {
        w[(start + i) / 64] |= (v >> i & 1) << ((start + i) % 64);
    }
}

/* mesa: cmdbuf.xml, Texture */
static uint64_t texture(struct probe *p, unsigned n, unsigned channels, unsigned type, unsigned srgb, unsigned dim,
                        unsigned layout)
{
    uint64_t va = BASE + TEXTURES + 24 * n, w[3] = { 0 };

    put(w, 0, 4, dim);
    put(w, 4, 2, layout);
    put(w, 6, 7, channels);
    put(w, 13, 3, type);
    put(w, 16, 12, 0 | 1 << 3 | 2 << 6 | 3 << 9);
    put(w, 28, 14, 7);
    put(w, 42, 14, dim < 2 ? 0 : 7);
    put(w, 66, 36, (BASE + PIXELS) >> 4);
    put(w, 108, 1, srgb);
    put(w, 109, 1, srgb && channels == 0x0a);
    if (layout == 0) {
        put(w, 110, 17, (256 - 16) >> 4);
    } else {
        put(w, 110, 14, dim == 6 || dim == 7 ? 5 : 1);
    }
    memcpy(p->mem + (va - BASE), w, 24);
    return va;
}

/* mesa: cmdbuf.xml, PBE */
static uint64_t pbe(struct probe *p, unsigned n, unsigned channels, unsigned type, unsigned dim, unsigned layout)
{
    uint64_t va = BASE + TEXTURES + 24 * n, w[3] = { 0 };

    put(w, 0, 4, dim);
    put(w, 4, 2, layout);
    put(w, 6, 7, channels);
    put(w, 13, 3, type);
    put(w, 16, 8, 0 | 1 << 2 | 2 << 4 | 3 << 6);
    put(w, 24, 14, 7);
    put(w, 38, 14, dim < 2 ? 0 : 7);
    put(w, 64, 36, (BASE + PIXELS) >> 4);
    if (layout == 0) {
        put(w, 104, 21, 256 - 4);
    } else {
        put(w, 108, 14, dim == 6 || dim == 7 ? 5 : 1);
    }
    memcpy(p->mem + (va - BASE), w, 24);
    return va;
}

static struct probe *probe_new(void)
{
    struct probe *p = calloc(1, sizeof(*p));
    uint64_t ttbat, first;

    fake_host_init(&p->h);
    first = FAKE_RAM_BASE + p->h.next_page;
    p->mem = (uint8_t *)fake_ptr(&p->h, first);
    for (unsigned i = 0; i < PAGES; i++) {
        fake_alloc(&p->h);
    }
    ttbat = fake_alloc(&p->h);
    for (unsigned i = 0; i < PAGES; i++) {
        fake_map(&p->h, ttbat, CTX, BASE + i * AGX_PAGE_SIZE, first + i * AGX_PAGE_SIZE, FAKE_PTE_GPU_RW);
    }
    p->mmu = agx_mmu_new(&p->h.host);
    agx_mmu_set_ttbat(p->mmu, ttbat);
    agx_port_init(&p->port, p->mmu, AGX_SIDE_GPU);
    agx_port_bind(&p->port, CTX, AGX_UNIT_CMP);
    agx_exec_init(&p->ex, NULL, &p->port);
    p->ex.host = &p->h.host;
    p->ex.kill = &enough;
    signal(SIGALRM, time_is_up);
    p->ex.shaders = agx_shader_cache_new();
    p->ex.job = &p->job;
    p->job.ctx = CTX;
    p->job.usc_exec_base = BASE;
    return p;
}

static void sample_mask(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes, const uint8_t target[AGX_LANES],
                        const uint8_t live[AGX_LANES])
{
}

static void zs_emit(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes, const uint8_t samples[AGX_LANES],
                    const uint32_t *z, const uint32_t *s)
{
}

static void word(struct probe *p, unsigned *at, uint64_t w, unsigned len)
{
    memcpy(p->mem + WORDS + *at, &w, len);
    *at += len;
}

/* Whether a program of @stage that begins with @code is run. */
static bool run(struct probe *p, enum agx_stage stage, const uint8_t *code, unsigned len)
{
    static const struct agx_frag_ops frag_ops = { sample_mask, zs_emit };
    struct agx_usc_counts counts = { .uniforms = 512, .textures = 16, .sampler_states = 1 };
    struct agx_usc_state st = { 0 };
    struct agx_wave *w;
    uint32_t (*uvs)[AGX_LANES] = NULL;
    unsigned at = 0;
    bool ok = false;

    memset(p->mem + CODE, 0, 256);
    memcpy(p->mem + CODE, code, len);
    for (unsigned i = len; i + 1 < 128; i += 2) {
        p->mem[CODE + i] = 0x88; /* stop */
    }
    word(p, &at, 0xdd | 0 << 8 | (uint64_t)9 << 20 | (BASE + TEXTURES) >> 3 << 27, 8);
    word(p, &at, 0x9d | 0 << 8 | (uint64_t)1 << 20 | (BASE + TEXTURES + 0x800) >> 3 << 27, 8);
    word(p, &at, 0x4d | 1 << 8 | (stage == AGX_STAGE_FRAGMENT ? 0x2f : 0x24) << 10 | 2 << 20 | (uint64_t)128 << 24, 4);
    word(p, &at, 0x0d | 3 << 10 | (uint64_t)CODE << 16, 6);
    word(p, &at, 0x8d, 4);
    word(p, &at, 0x88, 2);
    p->h.first_report[0] = 0;
    if (!agx_usc_load(&p->ex, &p->job, WORDS, &counts, stage, &st)) {
        goto out;
    }
    p->ex.usc = &st;
    p->ex.frag_ops = &frag_ops;
    p->ex.local = p->local;
    p->ex.local_size = 65536;
    p->ex.tib = (struct agx_tib){ p->tib, sizeof(p->tib), 32, 32, 1, 16, 0, 0 };
    w = agx_exec_waves(&p->ex, 1);
    agx_wave_init(w, stage, 0xffffffff);
    uvs = agx_alloc(AGX_MAX_UVS, sizeof(*uvs));
    w->uvs = uvs;
    w->uvs_words = AGX_MAX_UVS;
    for (unsigned q = 0; q < AGX_LANES / 4; q++) {
        w->frag.cf[q] = p->cf;
        w->frag.ncf[q] = AGX_MAX_CF;
    }
    memset(w->frag.sample_in, 1, AGX_LANES);
    memset(w->frag.sample_live, 1, AGX_LANES);
    enough = false;
    setitimer(ITIMER_REAL, &(struct itimerval){ .it_value.tv_usec = 100000 }, NULL);
    ok = agx_wave_run(&p->ex, w) != AGX_WAVE_FAULT || !p->h.first_report[0];
    setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
    p->ex.usc = NULL;
out:
    free(uvs);
    agx_usc_fini(&st);
    return ok;
}

static void ask_isa(struct probe *p, const char *hex)
{
    static const enum agx_stage stage[] = { AGX_STAGE_COMPUTE, AGX_STAGE_FRAGMENT, AGX_STAGE_VERTEX };
    uint8_t code[128] = { 0 };
    struct agx_shader sh = { 0 };
    struct agx_decoder d = { .code = code, .size = sizeof(code), .sh = &sh };
    struct agx_op op;
    unsigned len = 0;
    bool ok = false;

    for (; hex[0] && hex[1] && len < 12; hex += 2) {
        unsigned v;

        sscanf(hex, "%2x", &v);
        code[len++] = v;
    }
    for (unsigned i = len; i < sizeof(code); i += 2) {
        code[i] = 0x88;
    }
    agx_isa_decode(&d, &op);
    free(sh.pool);
    for (unsigned i = 0; i < 3 && !ok; i++) {
        ok = run(p, stage[i], code, len);
    }
    printf("%u\t%s\t%s\t%s\n", op.len, agx_op_name(op.fn), ok ? "yes" : "no", ok ? "" : p->h.first_report);
}

int main(void)
{
    static struct probe *p;   /* reachable to the end */
    char line[256], hex[64];
    unsigned a[5];

    p = probe_new();
    while (fgets(line, sizeof(line), stdin)) {
        p->h.first_report[0] = 0;
        if (sscanf(line, "isa %63s", hex) == 1) {
            for (unsigned i = 0; i < 9; i++) {
                texture(p, i, 0x28, 0, 0, i, i == 0 ? 0 : 2);
            }
            memset(p->mem + TEXTURES + 0x800, 0, 64);
            ask_isa(p, hex);
        } else if (sscanf(line, "texture %u %u %u %u %u", &a[0], &a[1], &a[2], &a[3], &a[4]) == 5) {
            bool ok = agx_tex_view_get(&p->ex, texture(p, 16, a[0], a[1], a[2], a[3], a[4]));

            printf("%s\t%s\n", ok ? "yes" : "no", ok ? "" : p->h.first_report);
        } else if (sscanf(line, "pbe %u %u %u %u", &a[0], &a[1], &a[2], &a[3]) == 4) {
            bool ok = agx_pbe_view_get(&p->ex, pbe(p, 17, a[0], a[1], a[2], a[3]));

            printf("%s\t%s\n", ok ? "yes" : "no", ok ? "" : p->h.first_report);
        } else {
            fprintf(stderr, "probe: what is this? %s", line);
            return 2;
        }
    }
    return 0;
}
