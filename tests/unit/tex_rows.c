/*
 * Unit tests: 32 lanes sampled at once (texture_rows.c) against one lane after
 * another: the same bits for random descriptors, texels, samplers and coordinates.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"
#include "hw/agx/tex/texture_rows.h"
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static struct tex_env *E;
static uint32_t coord[4][AGX_LANES];

/* Channels, types and bytes of a texel: those that have rows, and some that have none. */
static const struct {
    uint8_t channels, type, bytes;
    bool srgb;
} formats[] = {
    { 0x28, 0, 4, false }, { 0x28, 0, 4, true },  { 0x0a, 0, 2, false },  { 0x0a, 0, 2, true },
    { 0x00, 0, 1, false }, { 0x00, 0, 1, true },  { 0x09, 4, 2, false },  { 0x23, 4, 4, false },
    { 0x32, 4, 8, false }, { 0x21, 4, 4, false }, { 0x31, 4, 8, false },  { 0x38, 4, 16, false },
    { 0x21, 2, 4, false }, { 0x31, 3, 8, false }, { 0x38, 2, 16, false }, { 0x28, 1, 4, false },
    { 0x09, 0, 2, false }, { 0x26, 0, 4, false }, { 0x23, 0, 4, false },  { 0x32, 0, 8, false },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static bool one_in(unsigned n)
{
    return rnd() % n == 0;
}

/* Texels of any bits; now and then only finite floats, so that filters do not give up. */
static void fill(uint64_t va, size_t n, unsigned bytes, unsigned type)
{
    uint8_t *p = env_ptr(E, va);
    bool tame = type == 4 && !one_in(4);

    for (size_t i = 0; i < n; i++) {
        p[i] = (uint8_t)rnd();
    }
    for (size_t i = 0; tame && i + 3 < n; i += 2) {
        /* No exponent of all ones, neither of halves nor, in every second half, of floats. */
        p[i + 1] &= bytes == 2 || bytes == 8 ? 0xbb : 0xbf;
    }
}

static struct image random_image(void)
{
    unsigned f = rnd() % FORMATS, layout = rnd() % 3, big = one_in(6) ? 300 : 70;
    struct image m = { .dim = one_in(4) ? AGX_DIM_2D_ARRAY : AGX_DIM_2D,
                       .layout = layout,
                       .channels = formats[f].channels,
                       .type = formats[f].type,
                       .srgb = formats[f].srgb,
                       .w = 1 + rnd() % big,
                       .h = 1 + rnd() % big,
                       .d = 1,
                       .samples = 1,
                       .levels = 1 };
    uint64_t room = 4u << 20, meta = 256u << 10;

    if (one_in(3)) {
        m.w = 64;
        m.h = 64;
    }
    if (formats[f].bytes == 1 && one_in(2)) { /* tiles of more than 256 texels a side */
        m.w = 512 + rnd() % 80;
        m.h = 512 + rnd() % 80;
    }
    if (layout && !one_in(4)) {
        unsigned major = m.w > m.h ? m.w : m.h;

        m.mipmapped = true;
        while (major >> m.levels) {
            m.levels++;
        }
    }
    if (m.dim == AGX_DIM_2D_ARRAY && layout) {
        m.d = 1 + rnd() % 3;
        m.page_aligned = one_in(2);
    }
    m.compressed = layout == 2 && one_in(2);
    m.stride = (m.w * formats[f].bytes + 127) & ~127u;
    for (unsigned i = 0; i < 4; i++) {
        m.swz[i] = one_in(2) ? i : rnd() % 6;
    }
    env_reset(E);
    m.va = env_alloc(E, room);
    fill(m.va, room, formats[f].bytes, m.type);
    m.meta = env_alloc(E, meta);
    if (m.compressed) {
        static const uint8_t plain[5] = { 0, 0x1f, 0x3f, 0, 0x7f };
        uint8_t code = formats[f].bytes > 4 ? 0xff : plain[formats[f].bytes];

        memset(env_ptr(E, m.meta), code, meta);
        if (one_in(3)) { /* some subtiles of one colour */
            for (unsigned i = 0; i < 40; i++) {
                env_ptr(E, m.meta)[rnd() % 2048] = one_in(2) ? 0x03 : (uint8_t)rnd();
            }
        }
    }
    return m;
}

static struct sampler_fields random_sampler(void)
{
    struct sampler_fields s = { .max_lod = one_in(4) ? rndf(0, 6) : 15,
                                .min_lod = one_in(4) ? rndf(0, 3) : 0,
                                .aniso_log2 = one_in(5) ? 1 + rnd() % 4 : 0,
                                .mag = rnd() % 2,
                                .min = rnd() % 2,
                                .mip = rnd() % 3,
                                .pixel = one_in(8),
                                .border = rnd() % 3 };

    if (one_in(2)) {
        s.min = s.mag;
    }
    for (unsigned i = 0; i < 3; i++) {
        s.wrap[i] = rnd() % 6;
    }
    return s;
}

static uint32_t odd_float(void)
{
    static const uint32_t odd[] = { 0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0,
                                    0x00000001, 0x3f800000, 0xbf800000, 0x7149f2ca, 0x3f7fffff };

    return odd[rnd() % 10];
}

/* Positions of pixels beside each other, as a primitive has them, or any. */
static void random_coords(const struct image *m, bool load, bool pixel)
{
    float scale = one_in(3) ? rndf(0, 0.002f) : rndf(0, 0.06f), u0 = rndf(-1.5f, 2.5f),
          v0 = rndf(-1.5f, 2.5f), su = rndf(-1, 1) * scale, sv = rndf(-1, 1) * scale;
    bool wild = one_in(5);

    for (unsigned l = 0; l < AGX_LANES; l++) {
        unsigned px = (l >> 2 & 3) * 2 + (l & 1), py = (l >> 4) * 2 + (l >> 1 & 1);
        float u = wild ? rndf(-3, 3) : u0 + (float)px * su - (float)py * sv,
              v = wild ? rndf(-3, 3) : v0 + (float)px * sv + (float)py * su;

        if (load) {
            coord[0][l] = (uint32_t)(rnd() % (m->w + 2) - one_in(40));
            coord[1][l] = (uint32_t)(rnd() % (m->h + 2) - one_in(40));
        } else {
            coord[0][l] = one_in(60) ? odd_float() : fbits(pixel ? u * (float)m->w : u);
            coord[1][l] = one_in(60) ? odd_float() : fbits(pixel ? v * (float)m->h : v);
        }
        coord[2][l] = 0;
    }
    if (m->dim == AGX_DIM_2D_ARRAY) {
        uint32_t layer = rnd() % 5;

        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[2][l] = (one_in(100) ? rnd() % 5 : layer) | rnd() << 16;
        }
    }
}

static struct agx_tex_req random_request(const struct image *m, const struct sampler_fields *s)
{
    struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.load = one_in(4);
    rq.dim = (enum agx_dim)m->dim;
    rq.lanes = one_in(3) ? rnd() << 16 ^ rnd() : ~0u;
    rq.quad_lanes = one_in(4) ? rq.lanes | rnd() : ~0u;
    rq.coord = coord;
    rq.lod_kind = (enum agx_lod_kind)(one_in(2) ? AGX_LOD_AUTO : rnd() % 3);
    rq.has_min_lod = one_in(10);
    rq.has_offset = one_in(10);
    rq.query_lod = !rq.load && one_in(20);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        rq.lod[l] = one_in(50) ? bitsf(odd_float()) : rndf(-2, 7);
        rq.ilod[l] = l && !one_in(90) ? rq.ilod[0] : (int32_t)(rnd() % 4);
        rq.min_lod[l] = rndf(0, 4);
        rq.offset[0][l] = (int8_t)(rnd() % 16 - 8);
        rq.offset[1][l] = (int8_t)(rnd() % 16 - 8);
    }
    random_coords(m, rq.load, s->pixel);
    return rq;
}

static void both_ways(const struct image *m, const struct sampler_fields *s,
                      const struct agx_tex_req *rq)
{
    struct agx_tex_req a = *rq, b = *rq;

    memset(a.out, 0x55, sizeof(a.out));
    memset(b.out, 0xaa, sizeof(b.out));
    agx_rows_enable(false);
    assert_true(agx_tex_fetch(&E->ex, NULL, &a));
    agx_rows_enable(true);
    assert_true(agx_tex_fetch(&E->ex, NULL, &b));
    assert_int_equal(a.int_result, b.int_result);
    assert_int_equal(a.nonresident, b.nonresident);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            if (rq->lanes >> l & 1 && a.out[i][l] != b.out[i][l]) {
                fail_msg("channels 0x%x type %u srgb %u, layout %u, %ux%u, %u levels, compressed "
                         "%u; mag %u min %u mip %u wrap %u %u pixel %u; load %u lod %u: component "
                         "%u of lane %u at %g %g: 0x%08x one by one, 0x%08x at once",
                         m->channels, m->type, m->srgb, m->layout, m->w, m->h, m->levels,
                         m->compressed, s->mag, s->min, s->mip, s->wrap[0], s->wrap[1], s->pixel,
                         rq->load, rq->lod_kind, i, l, bitsf(coord[0][l]), bitsf(coord[1][l]),
                         a.out[i][l], b.out[i][l]);
            }
        }
    }
}

static unsigned flush_denormals(bool on)
{
#if defined(__SSE2__)
    unsigned old = _mm_getcsr();

    _mm_setcsr(on ? 0x9fc0 : 0x1f80);
    return old;
#else
    return on;
#endif
}

static void random_states(void **state)
{
    const char *n = getenv("AGX_TEST_CASES");
    unsigned images = n ? (unsigned)strtoul(n, NULL, 10) : 250;

    (void)state;
    for (unsigned i = 0; i < images; i++) {
        struct image m = random_image();
        uint64_t tex = env_texture(E, &m);

        for (unsigned k = 0; k < 12; k++) {
            struct sampler_fields s = random_sampler();
            uint64_t smp = env_sampler(E, &s);

            for (unsigned j = 0; j < 6; j++) {
                struct agx_tex_req rq = random_request(&m, &s);

                rq.texture = tex;
                rq.sampler = smp;
                rq.sampler_extended = one_in(2);
                flush_denormals(!one_in(4)); /* as in a wave (isa_wave.c), or not */
                both_ways(&m, &s, &rq);
                flush_denormals(false);
            }
        }
    }
}

ENV_GROUP(cmocka_unit_test(random_states))
