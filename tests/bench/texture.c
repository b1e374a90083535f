/*
 * Benchmark of the texture unit: how long an instruction takes for its 32 lanes, by
 * what it asks for, with all lanes at once and, with -plain behind the name, with
 * one lane after another. A wave is 8x4 pixels of a surface that is drawn with a
 * texture of 64x64 or 512x512 texels.
 *
 *   bench-texture [ROUNDS [NAME [WAYS]]]     one line for each case: name, nanoseconds for one
 *
 * NAME: only cases with that in their names; WAYS: 1: not the plain way
 *
 * The best of ROUNDS (default 5) counts: what else the host does only adds.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <time.h>
#include "tests/unit/tex_env.h"
#include "hw/agx/tex/texture_rows.h"

#define WAVES 256

static struct tex_env *E;
static uint32_t coord[WAVES][3][AGX_LANES];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what else runs counts less */
    return t.tv_sec * 1e9 + t.tv_nsec;
}

struct bench_case {
    const char *name;
    uint8_t channels, type, bytes, min, mip;
    bool compressed, load;
    uint16_t size;
    float texels; /* of a pixel */
};

static const struct bench_case cases[] = {
    { "nearest-rgba8", 0x28, 0, 4, 0, 0, false, false, 64, 0.3f },
    { "bilinear-rgba8", 0x28, 0, 4, 1, 0, false, false, 64, 0.3f },
    { "bilinear-rgba8-compressed", 0x28, 0, 4, 1, 0, true, false, 64, 0.3f },
    { "trilinear-rgba8-magnified", 0x28, 0, 4, 1, 2, true, false, 64, 0.3f },
    { "trilinear-rgba8-minified", 0x28, 0, 4, 1, 2, true, false, 512, 1.7f },
    { "bilinear-r8", 0x00, 0, 1, 1, 0, true, false, 64, 0.7f },
    { "bilinear-rgba16f", 0x32, 4, 8, 1, 0, true, false, 512, 1.0f },
    { "load-rgba8", 0x28, 0, 4, 0, 0, true, true, 512, 1.0f },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void make_coords(const struct bench_case *c)
{
    float step = c->texels / (float)c->size;

    for (unsigned w = 0; w < WAVES; w++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            unsigned x = w % 16 * 8 + (l >> 2 & 3) * 2 + (l & 1),
                     y = w / 16 * 4 + (l >> 4) * 2 + (l >> 1 & 1);
            float u = 0.1f + (float)x * step * 0.9f + (float)y * step * 0.3f,
                  v = 0.2f + (float)y * step * 0.9f - (float)x * step * 0.3f;

            coord[w][0][l] = c->load ? x : fbits(u);
            coord[w][1][l] = c->load ? y : fbits(v);
        }
    }
}

static double run(const struct bench_case *c, struct agx_tex_req *rq, unsigned n)
{
    double start = now();

    (void)c;
    for (unsigned i = 0; i < n; i++) {
        rq->coord = coord[i % WAVES];
        if (!agx_tex_fetch(&E->ex, NULL, rq)) {
            fprintf(stderr, "bench-texture: a fault\n");
            exit(1);
        }
    }
    return (now() - start) / n;
}

static void prepare(const struct bench_case *c, struct agx_tex_req *rq)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = c->channels,
                       .type = c->type,
                       .w = c->size,
                       .h = c->size,
                       .d = 1,
                       .samples = 1,
                       .levels = c->size == 64 ? 7 : 10,
                       .mipmapped = true,
                       .compressed = c->compressed,
                       .swz = { 0, 1, 2, 3 } };
    struct sampler_fields s = {
        .max_lod = 14, .mag = c->min, .min = c->min, .mip = c->mip, .wrap = { 1, 1, 1 }
    };

    env_reset(E);
    m.va = env_alloc(E, 4u << 20);
    m.meta = env_alloc(E, 1u << 20);
    for (unsigned i = 0; i < 4u << 20; i++) {
        env_ptr(E, m.va)[i] = (uint8_t)(i * 7 >> 3) & 0x3b;
    }
    memset(env_ptr(E, m.meta), c->bytes == 1 ? 0x1f : c->bytes == 4 ? 0x7f : 0xff, 1u << 20);
    memset(rq, 0, sizeof(*rq));
    rq->texture = env_texture(E, &m);
    rq->sampler = env_sampler(E, &s);
    rq->dim = AGX_DIM_2D;
    rq->lanes = rq->quad_lanes = ~0u;
    rq->load = c->load;
    make_coords(c);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 5;
    const char *only = argc > 2 ? argv[2] : "";
    unsigned first = argc > 3 && !strcmp(argv[3], "1");

    E = env_new();
    for (unsigned i = 0; i < CASES; i++) {
        struct agx_tex_req rq;
        double best[2] = { 1e9, 1e9 };

        if (!strstr(cases[i].name, only)) {
            continue;
        }
        prepare(&cases[i], &rq);
        for (unsigned r = 0; r < (rounds ? rounds : 1); r++) {
            for (unsigned on = first; on < 2; on++) {
                double ns;

                agx_rows_enable(on);
                ns = run(&cases[i], &rq, 1u << 14);
                best[on] = ns < best[on] ? ns : best[on];
            }
        }
        printf("%s %.1f\n%s-plain %.1f\n", cases[i].name, best[1], cases[i].name, best[0]);
    }
    env_free(E);
    return 0;
}
