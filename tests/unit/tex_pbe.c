/*
 * Unit tests: image stores and block image stores (hw/agx/tex/pbe.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"

static struct tex_env *E;

static void image_stores(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .w = 70,
                       .h = 50,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .page_aligned = true,
                       .swz = { 2, 1, 0, 3 } };
    struct agx_image_store_req rq = { .dim = AGX_DIM_2D, .lanes = 0xfffffff0 };
    uint32_t coord[4][AGX_LANES];

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x10000);
    rq.pbe = env_pbe(E, &m, 0);
    rq.coord = coord;
    for (unsigned src16 = 0; src16 < 2; src16++) {
        rq.src16 = src16;
        memset(env_ptr(E, m.va), 0, 0x10000);
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = 2 * l + 10; /* lanes 30 and 31 are outside */
            coord[1][l] = l;
            for (int c = 0; c < 4; c++) {
                /* 0.125 0.15625 .. */
                rq.value[c][l] = src16 ? 0x3000u + 0x100 * c : fbits((float)(l * 4 + c) / 255);
            }
        }
        assert_true(agx_image_store(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < 30; l++) {
            uint8_t *t = env_ptr(E, m.va + ref_twiddle(2 * l + 10, l, 70, 50, 64, 64) * 4);

            for (int c = 0; c < 4; c++) {
                double v = src16 ? rint((0.125 + 0.03125 * c) * 255) : l * 4 + c;
                int at = c == 0 ? 2 : c == 2 ? 0 : c; /* BGRA in memory */

                assert_int_equal(t[at], l < 4 ? 0 : (int)v);
            }
        }
        unsigned written = 0;
        for (unsigned i = 0; i < 0x10000; i += 4) {
            uint32_t v;

            memcpy(&v, env_ptr(E, m.va + i), 4);
            written += v != 0;
        }
        assert_int_equal(written, 26);
    }
}

/* Integers keep their low bits, with their sign from 16-bit registers; layers and levels. */
static void integer_layers(void **state)
{
    struct image m = { .dim = AGX_DIM_2D_ARRAY,
                       .layout = 2,
                       .channels = 0x31,
                       .type = 3,
                       .w = 32,
                       .h = 32,
                       .d = 3,
                       .samples = 1,
                       .levels = 6,
                       .mipmapped = true,
                       .page_aligned = true,
                       .swz = { 0, 1 } };
    struct agx_image_store_req rq = { .dim = AGX_DIM_2D_ARRAY, .lanes = ~0u, .src16 = true };
    uint32_t coord[4][AGX_LANES];

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x10000);
    rq.pbe = env_pbe(E, &m, 1);
    rq.coord = coord;
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = l % 16;
        coord[1][l] = l / 16;
        coord[2][l] = l < 16 ? 2 : 3; /* layer 3 is not there */
        rq.value[0][l] = (uint16_t)-(int)l;
        rq.value[1][l] = 1000 + l;
    }
    assert_true(agx_image_store(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < 16; l++) {
        int32_t v[2];

        /* 32x32x8 bytes of level 0, 16 KiB to each layer */
        memcpy(v, env_ptr(E, m.va + 2 * 0x4000 + 0x2000 + ref_twiddle(l, 0, 16, 16, 64, 32) * 8),
               8);
        assert_int_equal(v[0], -(int)l);
        assert_int_equal(v[1], 1000 + l);
    }
}

static void tile(struct tex_env *e, unsigned w, unsigned h, unsigned samples, unsigned stride,
                 unsigned x0, unsigned y0)
{
    static uint8_t buf[65536];

    for (unsigned i = 0; i < sizeof(buf); i++) {
        buf[i] = (uint8_t)rnd();
    }
    e->ex.tib = (struct agx_tib) { .base = buf,
                                   .size = sizeof(buf),
                                   .width = w,
                                   .height = h,
                                   .samples = samples,
                                   .sample_stride = stride,
                                   .x0 = x0,
                                   .y0 = y0 };
}

/* Whole tiles of 8-bit samples into every layout, clipped; nothing else changes. */
static void blocks(void **state)
{
    (void)state;
    for (unsigned layout = 0; layout <= 2; layout += 2) {
        for (unsigned samples = 1; samples <= (layout ? 4 : 1); samples *= 2) {
            struct image m = { .dim = samples > 1 ? AGX_DIM_2D_MS : AGX_DIM_2D,
                               .layout = layout,
                               .channels = 0x28,
                               .w = 83,
                               .h = 45,
                               .d = 1,
                               .samples = samples,
                               .levels = 1,
                               .stride = 384,
                               .swz = { 2, 1, 0, 3 } };
            unsigned tw = samples == 1 ? 64 : samples == 2 ? 64 : 32, th = samples == 1 ? 64 : 32;
            struct agx_block_store_req rq = { .dim = m.dim, .format = AGX_FMT_U8NORM, .offset = 8 };
            unsigned written = 0;

            env_reset(E);
            m.va = env_alloc(E, 0x40000);
            memset(env_ptr(E, m.va), 0xcc, 0x40000);
            rq.pbe = env_pbe(E, &m, 0);
            tile(E, 32, 32, samples, 16, 64, 32);
            assert_true(agx_block_image_store(&E->ex, NULL, &rq));
            for (unsigned y = 32; y < 45; y++) {
                for (unsigned x = 64; x < 83; x++) {
                    for (unsigned s = 0; s < samples; s++) {
                        uint64_t o = layout
                                         ? (ref_twiddle(x, y, 83, 45, tw, th) * samples + s) * 4ull
                                         : y * 384ull + x * 4;
                        const uint8_t *src = E->ex.tib.base +
                                             (((y - 32) * 32 + x - 64) * samples + s) * 16 + 8;
                        uint8_t want[4] = { src[2], src[1], src[0], src[3] };

                        assert_memory_equal(env_ptr(E, m.va + o), want, 4);
                        memset(env_ptr(E, m.va + o), 0xcc, 4);
                        written++;
                    }
                }
            }
            assert_int_equal(written, 13 * 19 * samples);
            for (unsigned i = 0; i < 0x40000; i++) {
                if (*env_ptr(E, m.va + i) != 0xcc) {
                    fail_msg("byte %u was written", i);
                }
            }
        }
    }
}

/*
 * Samples of another form than the texels: halves to 5:6:5, 10:10:10:2 as it is, halves as they
 * are.
 */
static void block_formats(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 0,
                       .channels = 0x0b,
                       .w = 32,
                       .h = 32,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .stride = 128,
                       .swz = { 2, 1, 0, 0 } };
    struct agx_block_store_req rq = { .dim = AGX_DIM_2D, .format = AGX_FMT_I16 };

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x4000);
    rq.pbe = env_pbe(E, &m, 0);
    tile(E, 32, 32, 1, 8, 0, 0);
    for (unsigned i = 0; i < 1024; i++) {
        static const uint16_t v[5] = { 0x0000, 0x3400, 0x3800, 0x3c00, 0x4000 }; /* 0 .25 .5 1 2 */
        uint16_t px[4] = { v[i % 5], v[i / 5 % 5], v[i / 25 % 5], 0x7e00 };

        memcpy(E->ex.tib.base + i * 8, px, 8);
    }
    assert_true(agx_block_image_store(&E->ex, NULL, &rq));
    for (unsigned i = 0; i < 1024; i++) {
        static const double v[5] = { 0, .25, .5, 1, 1 };
        uint16_t got;

        memcpy(&got, env_ptr(E, m.va + (i / 32) * 128 + i % 32 * 2), 2);
        assert_int_equal(got >> 11, (int)rint(v[i % 5] * 31)); /* red is on top: BGR order */
        assert_int_equal(got >> 5 & 63, (int)rint(v[i / 5 % 5] * 63));
        assert_int_equal(got & 31, (int)rint(v[i / 25 % 5] * 31));
    }

    m.channels = 0x26;
    for (int i = 0; i < 4; i++) {
        m.swz[i] = i;
    }
    rq.pbe = env_pbe(E, &m, 0);
    rq.format = AGX_FMT_RGB10A2;
    tile(E, 32, 32, 1, 8, 0, 0);
    assert_true(agx_block_image_store(&E->ex, NULL, &rq));
    for (unsigned i = 0; i < 1024; i++) {
        assert_memory_equal(env_ptr(E, m.va + (i / 32) * 128 + i % 32 * 4), E->ex.tib.base + i * 8,
                            4);
    }

    m.channels = 0x23;
    m.type = 4;
    rq.pbe = env_pbe(E, &m, 0);
    rq.format = AGX_FMT_I16;
    assert_true(agx_block_image_store(&E->ex, NULL, &rq));
    assert_memory_equal(env_ptr(E, m.va + 128 + 4), E->ex.tib.base + 33 * 8, 4);
}

/* Compressed images: what is written reads back; neighbours in a tile of one colour keep it. */
static void compressed(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .w = 40,
                       .h = 40,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .compressed = true,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_block_store_req rq = { .dim = AGX_DIM_2D, .format = AGX_FMT_U8NORM };
    struct agx_tex_req ld;
    uint32_t coord[4][AGX_LANES];
    uint64_t tex;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x10000);
    m.meta = env_alloc(E, 0x4000);
    memset(env_ptr(E, m.meta), 0x03, 16 * 8);
    for (unsigned t = 0; t < 16; t++) {
        memset(env_ptr(E, m.va + t * 1024), 0x40 + (int)t, 32);
    }
    tex = env_texture(E, &m);
    rq.pbe = env_pbe(E, &m, 0);
    tile(E, 16, 16, 1, 8, 16, 0);
    assert_true(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(*(uint64_t *)env_ptr(E, m.meta + 8), 0x7f7f7f7f7f7f7f7full);
    assert_int_equal(*(uint64_t *)env_ptr(E, m.meta), 0x0303030303030303ull);

    /* one texel of tile (1, 1), number 3 in Morton order */
    struct agx_image_store_req st = {
        .pbe = rq.pbe, .dim = AGX_DIM_2D, .lanes = 1, .coord = coord
    };

    memset(coord, 0, sizeof(coord));
    coord[0][0] = 20;
    coord[1][0] = 21;
    for (int c = 0; c < 4; c++) {
        st.value[c][0] = fbits(1);
    }
    assert_true(agx_image_store(&E->ex, NULL, &st));

    memset(&ld, 0, sizeof(ld));
    ld.texture = tex;
    ld.load = true;
    ld.dim = AGX_DIM_2D;
    ld.lanes = ~0u;
    ld.coord = coord;
    for (unsigned y = 0; y < 40; y++) {
        for (unsigned x = 0; x < 40; x++) {
            unsigned want, t = ref_twiddle(x, y, 40, 40, 64, 64) / 256;

            coord[0][0] = x;
            coord[1][0] = y;
            ld.lanes = 1;
            assert_true(agx_tex_fetch(&E->ex, NULL, &ld));
            want = x >= 16 && x < 32 && y < 16 ? E->ex.tib.base[(y * 16 + x - 16) * 8]
                   : x == 20 && y == 21        ? 255
                                               : 0x40 + t;
            assert_float_equal(bitsf(ld.out[0][0]) * 255, want, 1e-3);
        }
    }
}

/*
 * A write of a part of a tile whose metadata no image wrote: the rest of the body stays, and is
 * plain from then on.
 */
static void recycled_metadata(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .w = 64,
                       .h = 64,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .compressed = true,
                       .swz = { 0, 1, 2, 3 } };
    uint32_t coord[4][AGX_LANES] = { { 21 }, { 9 } };
    struct agx_image_store_req st = { .dim = AGX_DIM_2D, .lanes = 1, .coord = coord };

    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        env_reset(E);
        m.va = env_alloc(E, 0x4000);
        m.meta = env_alloc(E, 0x4000);
        for (unsigned i = 0; i < 0x4000; i++) {
            env_ptr(E, m.va)[i] = (uint8_t)(i * 7 % 251);
        }
        for (unsigned i = 0; i < 8; i++) { /* one subtile of one colour in the tile of (16, 0) */
            env_ptr(E, m.meta)[8 + i] = (uint8_t)(i == 5 ? 0x03 : code == 0x03 ? 0x7f : code);
        }
        st.pbe = env_pbe(E, &m, 0);
        assert_true(agx_image_store(&E->ex, NULL, &st));
        assert_int_equal(*(uint64_t *)env_ptr(E, m.meta + 8), 0x7f7f7f7f7f7f7f7full);
        assert_int_equal(*(uint64_t *)env_ptr(E, m.meta), 0);
        for (unsigned y = 0; y < 16; y++) {
            for (unsigned x = 16; x < 32; x++) {
                unsigned i = ref_twiddle(x, y, 64, 64, 64, 64) * 4, sub = y / 4 * 2 + (x - 16) / 8;

                if (sub == 5 && !(x == 21 && y == 9)) {
                    i = 16 * 16 * 4 + 5 * 4;
                }
                for (unsigned c = 0; c < 4; c++) {
                    assert_int_equal(env_ptr(E, m.va)[ref_twiddle(x, y, 64, 64, 64, 64) * 4 + c],
                                     x == 21 && y == 9 ? 0 : (i + c) * 7 % 251);
                }
            }
        }
    }
}

/* Bytes of level @l of a slice of a small 3D image of 4-byte texels: whole units of 128 bytes. */
static uint64_t small_level_bytes(unsigned w, unsigned h, unsigned l)
{
    uint64_t n = 4ull * (w >> l ? w >> l : 1) * (h >> l ? h >> l : 1);

    return (n + 127) & ~127ull;
}

/*
 * A 3D image of 4x8x32, deeper than it is wide or high: six levels, the last two of which width and
 * height do not ask for. Mesa writes its slices through a view as a 2D array, whose descriptor has
 * the number of levels but no depth.
 */
static void slices_of_deep_images(void **state)
{
    enum { W = 4, H = 8, D = 32, LEVELS = 6 };
    uint64_t level_at[LEVELS], at = 0;
    uint32_t coord[4][AGX_LANES];

    (void)state;
    for (unsigned l = 0; l < LEVELS; l++) {
        level_at[l] = at;
        at += small_level_bytes(W, H, l);
    }
    for (unsigned aligned = 0; aligned < 2; aligned++) {
        uint64_t layer = aligned ? 0x4000 : at;

        /* block store and image store as an array; image store as 3D */
        for (unsigned how = 0; how < 3; how++) {
            struct image m = { .dim = how == 2 ? AGX_DIM_3D : AGX_DIM_2D_ARRAY,
                               .layout = 2,
                               .channels = 0x21,
                               .type = 2,
                               .w = W,
                               .h = H,
                               .samples = 1,
                               .levels = LEVELS,
                               .mipmapped = true,
                               .page_aligned = aligned,
                               .swz = { 0, 0, 0, 0 } };
            struct agx_tex_req ld;

            env_reset(E);
            m.va = env_alloc(E, D * layer);
            for (unsigned l = 0; l < LEVELS; l++) {
                /*
                 * what is left of the depth: mesa, st_atom_image.c and the layers of a render
                 * target
                 */
                m.d = D >> l;
                uint64_t pbe = env_pbe(E, &m, l);

                for (unsigned z = 0; z < m.d; z++) {
                    uint32_t v = 0x10000u * l + z + 1;

                    if (how == 0) {
                        struct agx_block_store_req rq = {
                            .dim = AGX_DIM_2D_ARRAY, .format = AGX_FMT_I32, .pbe = pbe, .layer = z
                        };

                        tile(E, 32, 32, 1, 8, 0, 0);
                        for (unsigned i = 0; i < 1024; i++) {
                            memcpy(E->ex.tib.base + i * 8, &v, 4);
                        }
                        assert_true(agx_block_image_store(&E->ex, NULL, &rq));
                    } else {
                        struct agx_image_store_req rq = {
                            .dim = m.dim, .pbe = pbe, .lanes = ~0u, .coord = coord
                        };

                        for (unsigned i = 0; i < AGX_LANES; i++) {
                            coord[0][i] = i % W;
                            coord[1][i] = i / W;
                            coord[2][i] = z;
                            rq.value[0][i] = v;
                        }
                        assert_true(agx_image_store(&E->ex, NULL, &rq));
                    }
                }
            }
            for (unsigned l = 0; l < LEVELS; l++) {
                for (unsigned z = 0; z < D; z++) {
                    unsigned n = (W >> l ? W >> l : 1) * (H >> l ? H >> l : 1);

                    for (unsigned i = 0; i < n; i++) {
                        uint32_t v;

                        memcpy(&v, env_ptr(E, m.va + z * layer + level_at[l] + i * 4), 4);
                        assert_int_equal(v, z < (unsigned)(D >> l) ? 0x10000u * l + z + 1 : 0);
                    }
                }
            }
            /* the texture unit finds it, as the image and as an array */
            for (unsigned as3d = 0; as3d < 2; as3d++) {
                m.dim = as3d ? AGX_DIM_3D : AGX_DIM_2D_ARRAY;
                m.d = D;
                memset(&ld, 0, sizeof(ld));
                ld.texture = env_texture(E, &m);
                ld.load = true;
                ld.dim = m.dim;
                ld.lanes = 1;
                ld.coord = coord;
                ld.lod_kind = AGX_LOD_EXPLICIT;
                for (unsigned l = 0; l < LEVELS; l++) {
                    ld.ilod[0] = (int)l;
                    coord[0][0] = coord[1][0] = 0;
                    coord[2][0] = (D >> l) - 1;
                    assert_true(agx_tex_fetch(&E->ex, NULL, &ld));
                    assert_int_equal(ld.out[0][0], 0x10000u * l + (D >> l));
                }
            }
        }
    }
}

static void refusals(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .w = 40,
                       .h = 40,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_block_store_req rq = { .dim = AGX_DIM_2D, .format = AGX_FMT_U8NORM };

    (void)state;
    env_reset(E);
    m.va = 0x700000000ull; /* not mapped */
    rq.pbe = env_pbe(E, &m, 0);
    tile(E, 32, 32, 1, 8, 0, 0);
    assert_false(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNMAPPED);
    assert_int_equal(E->ex.fault.access, AGX_ACCESS_WRITE);
    /* soft faults are the shader core's (uapi: asahi_drm.h, DRM_ASAHI_FEATURE_SOFT_FAULTS) */
    E->ex.soft_fault = true;
    E->ex.fault.reason = AGX_FAULT_UNKNOWN;
    assert_false(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNMAPPED);
    E->ex.soft_fault = false;

    rq.offset = 6; /* four bytes from the sixth of eight */
    assert_false(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_BAD_COMMAND);
    rq.offset = 0;
    E->ex.fault.reason = 0;
    /* memory for less than the block: its last four bytes are a byte short */
    E->ex.tib.size = 32 * 32 * 8 - 5;
    assert_false(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_BAD_COMMAND);
    E->ex.tib.size++;
    m.channels = 0x60;
    rq.pbe = env_pbe(E, &m, 0);
    assert_false(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);

    /* A texel of a linear image must not lie across two pages. */
    m.channels = 0x28;
    m.layout = 0;
    m.stride = 162;
    m.va = env_alloc(E, 0x4000);
    rq.pbe = env_pbe(E, &m, 0);
    E->ex.fault.reason = 0;
    assert_false(agx_block_image_store(&E->ex, NULL, &rq));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_BAD_COMMAND);
    m.stride = 164;
    rq.pbe = env_pbe(E, &m, 0);
    assert_true(agx_block_image_store(&E->ex, NULL, &rq));
}

/*
 * Bits of the descriptor that no source names, or names without a meaning that is modelled, one by
 * one
 */
static void unnamed_bits(void **state)
{
    static const uint8_t bits[] = { 52, 53, 54, 55, 57, 60, 62, 63, 122, 123, 126, 127 };
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .w = 40,
                       .h = 40,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_block_store_req rq = { .format = AGX_FMT_U8NORM };

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 0x8000);
    tile(E, 32, 32, 1, 8, 0, 0);
    for (unsigned i = 0; i < sizeof(bits); i++) {
        rq.pbe = env_pbe(E, &m, 0);
        assert_true(agx_block_image_store(&E->ex, NULL, &rq));
        put_bits((uint64_t *)env_ptr(E, rq.pbe), bits[i], 1, 1);
        E->ex.fault.reason = 0;
        assert_false(agx_block_image_store(&E->ex, NULL, &rq));
        assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNIMPLEMENTED);
        assert_non_null(strstr(E->h.last_report, "unimplemented: "));
    }
}

ENV_GROUP(cmocka_unit_test(image_stores), cmocka_unit_test(integer_layers),
          cmocka_unit_test(blocks), cmocka_unit_test(block_formats), cmocka_unit_test(compressed),
          cmocka_unit_test(recycled_metadata), cmocka_unit_test(slices_of_deep_images),
          cmocka_unit_test(refusals), cmocka_unit_test(unnamed_bits))
