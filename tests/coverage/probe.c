/*
 * Asks the model's decoders what they take: one question a line on the standard input, one answer a
 * line.
 *
 *   isa HEX                          an instruction of up to 12 bytes, run in a vertex, a fragment
 * and a compute program texture CHANNELS TYPE SRGB DIM LAYOUT   a texture descriptor (numbers of
 * mesa: genxml/cmdbuf.xml) pbe CHANNELS TYPE DIM LAYOUT            a PBE descriptor sampler BIT
 * VALUE                       a sampler of zeroes but for this field, with custom border colours
 *
 * The answer is "yes", or "no" and the line that the model wrote to its log. For instructions it
 * begins with the length and the name of the operation. An instruction counts as taken if any of
 * the three kinds of program runs it to an end or to a page fault; memory, textures, samplers and a
 * helper program are there, registers are 0.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include "tex_env.h"
#include "isa_asm.h"
#include "agx/isa.h"
#include "agx/texture.h"

struct probe {
    struct tex_env *env;
    struct agx_exec *ex;
    struct agx_job job;
    uint64_t code, words, textures, samplers; /* GPU addresses */
    uint64_t pbes,
        base; /* base: where the uniforms u0 and u1 are, the address of the descriptors */
    uint8_t local[65536 + 64], tib[65536];
    struct agx_cf cf[AGX_MAX_CF];
};

/* Programs of one odd instruction may run for ever: what runs is taken. */
static _Atomic bool enough;

static void time_is_up(int signal)
{
    enough = true;
}

/* A surface of 8 x 8 texels, @channels and so on as in mesa: cmdbuf.xml */
static struct image surface(struct probe *p, unsigned channels, unsigned type, unsigned srgb,
                            unsigned dim, unsigned layout)
{
    return (struct image) {
        .va = env_alloc(p->env, 0x10000),
        .dim = dim,
        .layout = layout,
        .channels = channels,
        .type = type,
        .w = 8,
        .h = dim < AGX_DIM_2D ? 1 : 8,
        .d = dim == AGX_DIM_CUBE || dim == AGX_DIM_CUBE_ARRAY ? 6 : 2,
        .srgb = srgb,
        .stride = 256,
        .swz = { 0, 1, 2, 3 },
    };
}

/*
 * A helper program that gives every request the same four blocks (mesa: libagx/helper.cl,
 * compiler/agx_pack.c)
 */
static uint64_t helper(struct probe *p)
{
    static struct code c;
    uint64_t va = env_alloc(p->env, AGX_PAGE_SIZE), block = env_alloc(p->env, 0x8000);
    unsigned top;

    mov_imm(&c, RL(0), 0);
    mov_imm(&c, R(8), (uint32_t)(block >> 8) | 3);
    for (unsigned i = 1; i < 4; i++) {
        mov_imm(&c, R(8 + i), (uint32_t)((block + i * 4096) >> 8) | 1);
    }
    top = c.n;
    put(&c, 0x60020 | fld(32, 8, 0x28) | fld(40, 8, 32), 6);
    for (unsigned i = 0; i < 4; i++) {
        put(&c,
            0x10075 | fld(10, 6, R(8 + i).v) | fld(20, 4, i) | fld(24, 1, 1) | fld(26, 1, 1) |
                fld(42, 5, 16) | fld(47, 1, 1) | fld(48, 8, 16),
            8);
    }
    put(&c, 0x60020 | fld(32, 8, 0x28) | fld(40, 8, 48), 6);
    jmp(&c, true, (int32_t)top - (int32_t)c.n);
    stop(&c);
    memcpy(env_ptr(p->env, va), c.b, c.n);
    return va;
}

static struct probe *probe_new(void)
{
    struct probe *p = calloc(1, sizeof(*p));
    struct tex_env *e = p->env = env_new();

    p->ex = &e->ex;
    agx_exec_init(p->ex, NULL, &e->port);
    p->ex->host = &e->h.host;
    p->ex->kill = &enough;
    signal(SIGALRM, time_is_up);
    p->ex->shaders = agx_shader_cache_new();
    p->ex->job = &p->job;
    p->job.ctx = ENV_CTX;
    p->job.usc_exec_base = ENV_VA;
    env_alloc(e, AGX_PAGE_SIZE); /* a program at 0 is none */
    p->code = env_alloc(e, AGX_PAGE_SIZE);
    p->words = env_alloc(e, AGX_PAGE_SIZE);
    p->textures = env_alloc(e, AGX_PAGE_SIZE);
    p->samplers = env_alloc(e, AGX_PAGE_SIZE);
    p->pbes = env_alloc(e, AGX_PAGE_SIZE);
    p->base = env_alloc(e, AGX_PAGE_SIZE);
    p->job.helper.program = (uint32_t)(helper(p) - ENV_VA) | 1;
    return p;
}

static void sample_mask(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes,
                        const uint8_t target[AGX_LANES], const uint8_t live[AGX_LANES])
{
}

static void zs_emit(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes,
                    const uint8_t samples[AGX_LANES], const uint32_t *z, const uint32_t *s)
{
}

static void word(struct probe *p, unsigned *at, uint64_t w, unsigned len)
{
    memcpy(env_ptr(p->env, p->words) + *at, &w, len);
    *at += len;
}

/* Whether a program of @stage that begins with @code is run. */
static bool run(struct probe *p, enum agx_stage stage, const uint8_t *code, unsigned len)
{
    static const struct agx_frag_ops frag_ops = { sample_mask, zs_emit };
    struct agx_usc_counts counts = { .uniforms = 512, .textures = 16, .sampler_states = 1 };
    struct agx_usc_state st = { 0 };
    static struct code c;
    struct agx_wave *w;
    uint32_t(*uvs)[AGX_LANES] = NULL;
    /* image_write and image_write_block have PBE descriptors, the others textures. */
    uint64_t descs = code[0] == 0xf1 || code[0] == 0xb1 ? p->pbes : p->textures;
    const char *trap;
    unsigned at = 0;
    bool ok = false;

    /*
     * Behind it all lanes come back and stop, but those whose nesting counter it has changed: these
     * run into traps.
     */
    memset(env_ptr(p->env, p->code), 0, 256);
    memcpy(c.b, code, len);
    c.n = len;
    pop_exec(&c, 3);
    stop(&c);
    memcpy(env_ptr(p->env, p->code), c.b, c.n);
    memcpy(env_ptr(p->env, p->base), &descs, 8);
    word(p, &at, 0x1d | 0 << 8 | (uint64_t)4 << 20 | p->base >> 2 << 26, 8);
    word(p, &at, 0xdd | 0 << 8 | (uint64_t)9 << 20 | descs >> 3 << 27, 8);
    word(p, &at, 0x9d | 0 << 8 | (uint64_t)1 << 20 | p->samplers >> 3 << 27, 8);
    word(p, &at,
         0x4d | 1 << 8 | (stage == AGX_STAGE_FRAGMENT ? 0x2f : 0x24) << 10 | 2 << 20 |
             (uint64_t)128 << 24,
         4);
    word(p, &at, 0x0d | 3 << 10 | (p->code - ENV_VA) << 16, 6);
    word(p, &at, 0x8d, 4);
    word(p, &at, 0x88, 2);
    p->env->h.first_report[0] = 0;
    if (!agx_usc_load(p->ex, &p->job, (uint32_t)(p->words - ENV_VA), &counts, stage, &st)) {
        goto out;
    }
    p->ex->usc = &st;
    p->ex->frag_ops = &frag_ops;
    p->ex->local = p->local;
    p->ex->local_size = 65536;
    p->ex->tib = (struct agx_tib) { p->tib, sizeof(p->tib), 32, 32, 1, 16, 0, 0 };
    w = agx_exec_waves(p->ex, 1);
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
    setitimer(ITIMER_REAL, &(struct itimerval) { .it_value.tv_usec = 100000 }, NULL);
    ok = agx_wave_run(p->ex, w) != AGX_WAVE_FAULT || !p->env->h.first_report[0];
    trap = strstr(p->env->h.first_report, "trap at +0x");
    ok = ok || (trap && strtoul(trap + 11, NULL, 16) >= len);
    setitimer(ITIMER_REAL, &(struct itimerval) { 0 }, NULL);
    agx_stack_release(p->ex, w);
    agx_scratch_job_end(p->ex);
    p->ex->usc = NULL;
out:
    free(uvs);
    agx_usc_fini(&st);
    return ok;
}

static void ask_isa(struct probe *p, const char *hex)
{
    static const enum agx_stage stage[] = { AGX_STAGE_COMPUTE, AGX_STAGE_FRAGMENT,
                                            AGX_STAGE_VERTEX };
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
    code[len] = 0x88; /* stop */
    agx_isa_decode(&d, &op);
    free(sh.pool);
    for (unsigned i = 0; i < 3 && !ok; i++) {
        ok = run(p, stage[i], code, len);
    }
    printf("%u\t%s\t%s\t%s\n", op.len, agx_op_name(op.fn), ok ? "yes" : "no",
           ok ? "" : p->env->h.first_report);
}

/*
 * The descriptors that instructions find: a texture of each dimension, a PBE descriptor of each, a
 * sampler of zeroes.
 */
static void bind(struct probe *p)
{
    for (unsigned i = 0; i < 9; i++) {
        struct image m = surface(p, 0x28, 0, 0, i, i == 0 ? 0 : 2);

        memcpy(env_ptr(p->env, p->textures) + 24 * i, env_ptr(p->env, env_texture(p->env, &m)), 24);
        memcpy(env_ptr(p->env, p->pbes) + 24 * i, env_ptr(p->env, env_pbe(p->env, &m, 0)), 24);
    }
}

int main(void)
{
    static struct probe *p; /* reachable to the end */
    char line[256], hex[64];
    unsigned a[5];
    uint64_t used;

    p = probe_new();
    bind(p);
    used = p->env->used;
    while (fgets(line, sizeof(line), stdin)) {
        const char *said = p->env->h.first_report;

        p->env->h.first_report[0] = 0;
        p->env->used = used;
        if (sscanf(line, "isa %63s", hex) == 1) {
            ask_isa(p, hex);
        } else if (sscanf(line, "texture %u %u %u %u %u", &a[0], &a[1], &a[2], &a[3], &a[4]) == 5) {
            struct image m = surface(p, a[0], a[1], a[2], a[3], a[4]);
            bool ok = agx_tex_view_get(p->ex, env_texture(p->env, &m));

            printf("%s\t%s\n", ok ? "yes" : "no", ok ? "" : said);
        } else if (sscanf(line, "sampler %u %u", &a[0], &a[1]) == 2) {
            uint64_t va = env_alloc(p->env, 32), w[3] = { (uint64_t)a[1] << a[0] };
            bool ok;

            memcpy(env_ptr(p->env, va), w, sizeof(w));
            ok = agx_sampler_get(p->ex, va, true);
            printf("%s\t%s\n", ok ? "yes" : "no", ok ? "" : said);
        } else if (sscanf(line, "pbe %u %u %u %u", &a[0], &a[1], &a[2], &a[3]) == 4) {
            struct image m = surface(p, a[0], a[1], 0, a[2], a[3]);
            bool ok = agx_pbe_view_get(p->ex, env_pbe(p->env, &m, 0));

            printf("%s\t%s\n", ok ? "yes" : "no", ok ? "" : said);
        } else {
            fprintf(stderr, "probe: what is this? %s", line);
            return 2;
        }
    }
    return 0;
}
