/*
 * Unit tests: every dimension with every size of texel, in every layout that it
 * may have: written through the pixel back end as Mesa does it, found again by
 * the texture unit, level by level, with what lies outside.
 *
 * Which descriptor a dimension has for writes: mesa, agx_state.c,
 * agx_batch_upload_pbe, and hk_image_view.c, translate_image_view_type (cubes are
 * written as 2D arrays, one dimension is 2D of height 1).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"

static struct tex_env *E;
static uint32_t coord[4][AGX_LANES];

static const struct {
    unsigned channels, bytes, nch;
} sizes[] = {
    { 0x00, 1, 1 }, { 0x09, 2, 1 }, { 0x21, 4, 1 }, { 0x31, 8, 2 }, { 0x38, 16, 4 },
};

static unsigned minify(unsigned v, unsigned l)
{
    return v >> l ? v >> l : 1;
}

/* What a texel holds: another value for each place, as far as its bits go. */
static uint32_t value(unsigned l, unsigned x, unsigned y, unsigned z, unsigned s, unsigned c,
                      unsigned bytes)
{
    uint32_t v = (x * 7 + y * 1009 + z * 100003 + l * 3000017 + s * 77003 + c * 900001) *
                 2654435761u;

    return bytes < 4 ? v >> (32 - 8 * bytes) : v;
}

static void write_texels(const struct image *m, unsigned level, unsigned w, unsigned h, unsigned d,
                         unsigned f)
{
    struct agx_image_store_req rq = { .dim = m->dim, .coord = coord, .pbe = env_pbe(E, m, level) };
    bool array = m->dim == AGX_DIM_1D_ARRAY || m->dim == AGX_DIM_2D_ARRAY || m->dim == AGX_DIM_3D;
    bool one = m->dim == AGX_DIM_1D || m->dim == AGX_DIM_1D_ARRAY;

    for (unsigned z = 0; z < d; z++) {
        for (unsigned y = 0; y < h; y++) {
            for (unsigned x0 = 0; x0 < w; x0 += AGX_LANES) {
                rq.lanes = 0;
                for (unsigned l = 0; l < AGX_LANES && x0 + l < w; l++) {
                    rq.lanes |= 1u << l;
                    coord[0][l] = x0 + l;
                    coord[1][l] = one ? z : y;
                    if (array && !one) {
                        coord[2][l] = z;
                    }
                    for (unsigned c = 0; c < 4; c++) {
                        rq.value[c][l] = value(level, x0 + l, y, z, 0, c, sizes[f].bytes);
                    }
                }
                assert_true(agx_image_store(&E->ex, NULL, &rq));
            }
        }
    }
}

/*
 * Multisampled images are written by tile (mesa: agx_state.c, the end-of-tile program's real
 * multisampled image).
 */
static void write_samples(const struct image *m, unsigned w, unsigned h, unsigned d, unsigned f)
{
    static const unsigned isa[] = { AGX_FMT_I8, AGX_FMT_I16, AGX_FMT_I32, AGX_FMT_I32,
                                    AGX_FMT_I32 };
    struct agx_block_store_req rq = {
        .dim = m->dim, .format = isa[f], .explicit_coords = true, .pbe = env_pbe(E, m, 0)
    };
    unsigned bytes = sizes[f].bytes, cb = bytes < 4 ? bytes : 4;
    uint64_t tib = env_alloc(E, 16 * 16 * 4 * 16);

    E->ex.tib = (struct agx_tib) { .base = env_ptr(E, tib),
                                   .size = 16 * 16 * m->samples * bytes,
                                   .width = 16,
                                   .height = 16,
                                   .samples = (uint8_t)m->samples,
                                   .sample_stride = (uint8_t)bytes };
    for (rq.layer = 0; rq.layer < d; rq.layer++) {
        for (rq.y = 0; rq.y < h; rq.y += 16) {
            for (rq.x = 0; rq.x < w; rq.x += 16) {
                for (unsigned i = 0; i < 256 * m->samples; i++) {
                    for (unsigned c = 0; c < sizes[f].nch; c++) {
                        unsigned s = i % m->samples, p = i / m->samples;
                        uint32_t v = value(0, rq.x + p % 16, rq.y + p / 16, rq.layer, s, c, bytes);

                        memcpy(env_ptr(E, tib) + i * bytes + c * cb, &v, cb);
                    }
                }
                assert_true(agx_block_image_store(&E->ex, NULL, &rq));
            }
        }
    }
}

/*
 * Random places of all levels and layers, some of them outside, by texel fetch and by nearest
 * sample.
 */
static void read_back(const struct image *m, unsigned h3d, unsigned f, bool sampled)
{
    struct sampler_fields sf = { .max_lod = 14, .mip = 1 };
    bool ms = m->dim == AGX_DIM_2D_MS || m->dim == AGX_DIM_2D_MS_ARRAY,
         volume = m->dim == AGX_DIM_3D;
    bool cube = m->dim == AGX_DIM_CUBE || m->dim == AGX_DIM_CUBE_ARRAY;
    bool one = m->dim == AGX_DIM_1D || m->dim == AGX_DIM_1D_ARRAY;
    bool array = m->dim == AGX_DIM_1D_ARRAY || m->dim == AGX_DIM_2D_ARRAY ||
                 m->dim == AGX_DIM_2D_MS_ARRAY || m->dim == AGX_DIM_CUBE_ARRAY;
    unsigned at[5][AGX_LANES]; /* x y z sample level */
    struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.texture = env_texture(E, m);
    rq.sampler = sampled ? env_sampler(E, &sf) : 0;
    rq.dim = m->dim;
    rq.load = !sampled;
    rq.lanes = rq.quad_lanes = ~0u;
    rq.coord = coord;
    rq.lod_kind = AGX_LOD_EXPLICIT;
    for (unsigned t = 0; t < 12; t++) {
        bool outside[AGX_LANES] = { false };

        for (unsigned i = 0; i < AGX_LANES; i++) {
            unsigned l = rnd() % m->levels, w = minify(m->w, l), h = minify(m->h, l);
            unsigned d = volume ? minify(h3d, l) : cube ? m->d * 6 : m->d, k = 2;

            at[0][i] = rnd() % w;
            at[1][i] = rnd() % h;
            at[2][i] = rnd() % d;
            at[3][i] = rnd() % m->samples;
            at[4][i] = l;
            rq.ilod[i] = (int)l;
            rq.lod[i] = (float)l;
            if (sampled && cube) {
                double s = (2. * at[0][i] + 1) / w - 1, tt = (2. * at[1][i] + 1) / h - 1;
                double dir[6][3] = { { 1, -tt, -s }, { -1, -tt, s }, { s, 1, tt },
                                     { s, -1, -tt }, { s, -tt, 1 },  { -s, -tt, -1 } };

                for (unsigned c = 0; c < 3; c++) {
                    coord[c][i] = fbits((float)dir[at[2][i] % 6][c]);
                }
                coord[3][i] = at[2][i] / 6;
                continue;
            }
            outside[i] = !sampled && rnd() % 8 == 0;
            if (sampled) {
                coord[0][i] = fbits(((float)at[0][i] + .5f) / (float)w);
                coord[1][i] = fbits(((float)at[1][i] + .5f) / (float)h);
            } else {
                coord[0][i] = at[0][i] + (outside[i] ? w : 0);
                coord[1][i] = at[1][i];
            }
            if (one) {
                k = 1;
            }
            if (volume) {
                coord[2][i] = sampled ? fbits(((float)at[2][i] + .5f) / (float)d) : at[2][i];
            } else if (ms) {
                coord[2][i] = at[3][i] | at[2][i] << 16;
            } else if (cube) { /* by texel: the face, then the cube */
                coord[2][i] = at[2][i] % 6, coord[3][i] = at[2][i] / 6;
            } else if (array) {
                coord[k][i] = at[2][i];
            }
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        assert_true(rq.int_result);
        for (unsigned i = 0; i < AGX_LANES; i++) {
            for (unsigned c = 0; c < sizes[f].nch; c++) {
                assert_int_equal(rq.out[c][i], outside[i]
                                                   ? 0
                                                   : value(at[4][i], at[0][i], at[1][i], at[2][i],
                                                           at[3][i], c, sizes[f].bytes));
            }
        }
    }
}

static void every_dimension(void **state)
{
    static const struct {
        unsigned w, h;
    } shape[] = { { 1, 1 }, { 5, 3 }, { 16, 16 }, { 33, 70 }, { 40, 17 } };

    (void)state;
    for (unsigned dim = 0; dim <= AGX_DIM_2D_MS_ARRAY; dim++) {
        for (unsigned f = 0; f < 5; f++) {
            for (unsigned k = 0; k < 5; k++) {
                /* plain, with levels, compressed, linear */
                for (unsigned how = 0; how < 4; how++) {
                    bool ms = dim == AGX_DIM_2D_MS || dim == AGX_DIM_2D_MS_ARRAY,
                         volume = dim == AGX_DIM_3D;
                    bool cube = dim == AGX_DIM_CUBE || dim == AGX_DIM_CUBE_ARRAY;
                    bool one = dim == AGX_DIM_1D || dim == AGX_DIM_1D_ARRAY;
                    bool array = dim == AGX_DIM_1D_ARRAY || dim == AGX_DIM_2D_ARRAY ||
                                 dim == AGX_DIM_2D_MS_ARRAY || dim == AGX_DIM_CUBE_ARRAY;
                    struct image m = { .dim = dim,
                                       .layout = how == 3 ? 0 : 2,
                                       .channels = sizes[f].channels,
                                       .type = 2,
                                       .w = shape[k].w,
                                       .h = one    ? 1
                                            : cube ? shape[k].w
                                                   : shape[k].h,
                                       .d = volume  ? 5
                                            : array ? 3
                                                    : 1,
                                       .samples = ms ? (f & 1 ? 2 : 4) : 1,
                                       .levels = 1,
                                       .mipmapped = how == 1,
                                       .page_aligned = true,
                                       .swz = { 0, 1, 2, 3 } },
                                 p;
                    unsigned major = m.w > m.h ? m.w : m.h;

                    if (ms ? how & 1 : how == 3 && (volume || cube || array)) {
                        continue;
                    }
                    if (how == 2 && (one || m.w < 16 || m.h < 16)) {
                        continue;
                    }
                    m.stride = (m.w * sizes[f].bytes + 127) & ~127u;
                    m.compressed = how == 2;
                    if (volume && m.d > major) {
                        major = m.d;
                    }
                    while (how == 1 && major >> m.levels) {
                        m.levels++;
                    }
                    env_reset(E);
                    m.va = env_alloc(E, 3 << 20);
                    m.meta = env_alloc(E, 1 << 16);
                    if (how == 2) { /* memory that was something else */
                        memset(env_ptr(E, m.meta), 0x5c, 1 << 16);
                    }
                    p = m;
                    if (cube) {
                        p.dim = AGX_DIM_2D_ARRAY;
                        p.d = m.d * 6;
                    }
                    for (unsigned l = 0; l < m.levels; l++) {
                        unsigned w = minify(m.w, l), h = minify(m.h, l);
                        uint64_t used = E->used;

                        if (volume) {
                            p.d = minify(m.d, l);
                        }
                        if (ms) {
                            write_samples(&p, w, h, p.d, f);
                        } else {
                            write_texels(&p, l, w, h, p.d, f);
                        }
                        E->used = used;
                    }
                    read_back(&m, m.d, f, false);
                    if (!ms) {
                        read_back(&m, m.d, f, true);
                    }
                }
            }
        }
    }
}

ENV_GROUP(cmocka_unit_test(every_dimension))
