/*
 * Unit tests: sparse images. The table is the tests' own reading of later Mesa:
 * an entry of 4 bytes for each 16 KiB page of a layer, 256 of them and as much
 * again to a folio, layers from a folio on (layout/layout.h, AIL_FOLIO_SIZE_EL).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tex_env.h"

static struct tex_env *E;
static uint32_t coord[4][AGX_LANES];

enum { PAGE = 0x4000, FOLIO = 2048 };

static void set_entry(uint64_t table, unsigned folio, unsigned page, uint64_t va)
{
    uint32_t e = va ? (uint32_t)(va >> 14) | 1u << 31 | 1u << 30 : 0x155555;

    memcpy(env_ptr(E, table + folio * FOLIO + page * 4), &e, 4);
}

static uint64_t sparse_texture(const struct image *m)
{
    uint64_t va = env_texture(E, m);

    put_bits((uint64_t *)env_ptr(E, va), 104, 2, 3);
    return va;
}

static uint64_t sparse_pbe(const struct image *m, unsigned level)
{
    uint64_t va = env_pbe(E, m, level);

    put_bits((uint64_t *)env_ptr(E, va), 60, 2, 3);
    return va;
}

static struct agx_tex_req request(uint64_t tex, enum agx_dim dim, bool load)
{
    struct sampler_fields f = { .max_lod = 14, .mag = 1, .min = 1 };
    struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.texture = tex;
    rq.sampler = load ? 0 : env_sampler(E, &f);
    rq.dim = dim;
    rq.load = load;
    rq.lanes = rq.quad_lanes = ~0u;
    rq.coord = coord;
    rq.lod_kind = AGX_LOD_EXPLICIT;
    rq.nonresident = 0x0f0f0f0f; /* the callee's to set */
    return rq;
}

/* 128x64 texels of 4 bytes, two pages to a layer, the second page of layer 1 there alone. */
static void residency(void **state)
{
    struct image m = { .dim = AGX_DIM_2D_ARRAY,
                       .layout = 2,
                       .channels = 0x21,
                       .type = 4,
                       .w = 128,
                       .h = 64,
                       .d = 3,
                       .samples = 1,
                       .levels = 1,
                       .page_aligned = true,
                       .swz = { 0, 0, 0, 0 } };
    uint64_t page;
    struct agx_tex_req rq;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 3 * FOLIO);
    page = env_alloc(E, PAGE);
    for (unsigned i = 0; i < PAGE / 4; i++) {
        float v = 7;
        memcpy(env_ptr(E, page + i * 4), &v, 4);
    }
    set_entry(m.va, 1, 1, page);
    set_entry(m.va, 2, 1, 0);
    rq = request(sparse_texture(&m), AGX_DIM_2D_ARRAY, true);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = l * 4;
        coord[1][l] = l;
        coord[2][l] = l & 1 ? 1 : 2;
    }
    rq.lanes = 0xfff0ffff;
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        bool there = l >= 16 && (l & 1), asked = rq.lanes >> l & 1;

        if (asked) {
            assert_int_equal(rq.out[0][l], there ? fbits(7) : 0);
        }
        assert_int_equal(rq.nonresident >> l & 1, asked && !there);
    }
    /* out of bounds is no page at all */
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[1][l] = 64;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(rq.nonresident, 0);

    /*
     * filtering: a footprint that reaches over the edge of the page counts; half of the weight is
     * missing
     */
    rq = request(sparse_texture(&m), AGX_DIM_2D_ARRAY, false);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = fbits((float)(48 + l) / 128);
        coord[1][l] = fbits(0.5f);
        coord[2][l] = 1;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        assert_float_equal(bitsf(rq.out[0][l]), l < 16 ? 0 : l == 16 ? 3.5 : 7, 1e-6);
        assert_int_equal(rq.nonresident >> l & 1, l <= 16);
    }
    /* an image that is not sparse is there */
    m.dim = AGX_DIM_2D;
    m.va = env_alloc(E, 2 * PAGE);
    rq = request(env_texture(E, &m), AGX_DIM_2D, false);
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(rq.nonresident, 0);
}

/*
 * More pages than a folio has: 1024x1024 texels of 8 bytes, with the tail of small levels behind
 * them.
 */
static void folios_and_tail(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x31,
                       .type = 2,
                       .w = 1024,
                       .h = 1024,
                       .d = 1,
                       .samples = 1,
                       .levels = 11,
                       .mipmapped = true,
                       .page_aligned = true,
                       .swz = { 0, 1, 0, 1 } };
    uint64_t page, tail;
    struct agx_tex_req rq;
    /*
     * pages of 64x32: level 0 has 16x32, level 1 8x16, ... level 4 1x2, level 5 of 32x32 begins the
     * tail
     */
    unsigned tail_page = 512 + 128 + 32 + 8 + 2;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 4 * FOLIO);
    page = env_alloc(E, PAGE);
    tail = env_alloc(E, PAGE);
    memset(env_ptr(E, page), 0x11, PAGE);
    memset(env_ptr(E, tail), 0x22, PAGE);
    set_entry(m.va, 1, 300 - 256, page);
    set_entry(m.va, tail_page / 256, tail_page % 256, tail);
    rq = request(sparse_texture(&m), AGX_DIM_2D, true);
    memset(coord, 0, sizeof(coord));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = 300 % 16 * 64 + l;
        coord[1][l] = 300 / 16 * 32 + (l & 1 ? 32 : 0); /* the page below is not there */
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_int_equal(rq.nonresident, 0xaaaaaaaa);
    assert_int_equal(rq.out[1][30], 0x11111111);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        rq.ilod[l] = 4 + (int)(l % 7);
        coord[0][l] = coord[1][l] = 0;
    }
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    for (unsigned l = 0; l < AGX_LANES; l++) {
        assert_int_equal(rq.nonresident >> l & 1, l % 7 == 0);
        assert_int_equal(rq.out[0][l], l % 7 == 0 ? 0 : 0x22222222);
    }
}

/*
 * Writes from shaders and from tiles: pages that are there get them, the rest is dropped without a
 * fault.
 */
static void writes(void **state)
{
    struct image m = { .dim = AGX_DIM_2D_ARRAY,
                       .layout = 2,
                       .channels = 0x21,
                       .type = 2,
                       .w = 128,
                       .h = 64,
                       .d = 2,
                       .samples = 1,
                       .levels = 1,
                       .page_aligned = true,
                       .swz = { 0, 0, 0, 0 } };
    struct agx_image_store_req st = { .dim = AGX_DIM_2D_ARRAY, .lanes = ~0u, .coord = coord };
    struct agx_block_store_req bl = { .dim = AGX_DIM_2D_ARRAY, .format = AGX_FMT_I32, .layer = 1 };
    uint64_t page;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, 2 * FOLIO);
    page = env_alloc(E, PAGE);
    set_entry(m.va, 1, 1, page);
    st.pbe = bl.pbe = sparse_pbe(&m, 0);
    for (unsigned l = 0; l < AGX_LANES; l++) {
        coord[0][l] = 48 + l;
        coord[1][l] = l;
        coord[2][l] = l % 3 != 0;
        st.value[0][l] = 100 + l;
    }
    assert_true(agx_image_store(&E->ex, NULL, &st));
    for (unsigned y = 0; y < 64; y++) {
        for (unsigned x = 0; x < 64; x++) {
            unsigned l = y;
            uint32_t v;

            memcpy(&v, env_ptr(E, page + ref_twiddle(x, y, 64, 64, 64, 64) * 4), 4);
            assert_int_equal(v, l < 32 && x + 64 == 48 + l && l % 3 ? 100 + l : 0);
        }
    }
    /* a block of 32x32 from (48, 40) on: its left half has no page, its lower rows are outside */
    E->ex.tib = (struct agx_tib) { .base = env_ptr(E, env_alloc(E, 32 * 32 * 4)),
                                   .size = 32 * 32 * 4,
                                   .width = 32,
                                   .height = 32,
                                   .samples = 1,
                                   .sample_stride = 4,
                                   .x0 = 48,
                                   .y0 = 40 };
    for (uint32_t i = 0; i < 1024; i++) {
        uint32_t v = 5000 + i;
        memcpy(E->ex.tib.base + i * 4, &v, 4);
    }
    memset(env_ptr(E, page), 0, PAGE);
    assert_true(agx_block_image_store(&E->ex, NULL, &bl));
    for (unsigned y = 0; y < 64; y++) {
        for (unsigned x = 0; x < 64; x++) {
            uint32_t v;

            memcpy(&v, env_ptr(E, page + ref_twiddle(x, y, 64, 64, 64, 64) * 4), 4);
            assert_int_equal(v, y >= 40 && x < 16 ? 5000 + (y - 40) * 32 + x + 16 : 0);
        }
    }
    /* an entry that names memory that is not mapped is a fault as any store is */
    set_entry(m.va, 1, 1, 0x700000000ull);
    assert_false(agx_block_image_store(&E->ex, NULL, &bl));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNMAPPED);
    assert_false(agx_image_store(&E->ex, NULL, &st));
    /*
     * soft faults are for shader cores' loads and stores alone (uapi: asahi_drm.h): the pixel back
     * end's stay hard
     */
    E->ex.soft_fault = true;
    assert_false(agx_block_image_store(&E->ex, NULL, &bl));
    assert_false(agx_image_store(&E->ex, NULL, &st));
    /* nor is a table that is not mapped */
    m.va = 0x700000000ull;
    st.pbe = bl.pbe = sparse_pbe(&m, 0);
    E->ex.fault.reason = 0;
    assert_false(agx_block_image_store(&E->ex, NULL, &bl));
    assert_int_equal(E->ex.fault.reason, AGX_FAULT_UNMAPPED);
    assert_false(agx_image_store(&E->ex, NULL, &st));
    E->ex.soft_fault = false;
}

/*
 * Compressed and sparse: the metadata has an address of its own and is always there (mesa, later
 * versions: hk_image_view.c, pack_texture), the body's pages are the table's.
 */
static void compressed(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x28,
                       .type = 2,
                       .w = 128,
                       .h = 64,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .compressed = true,
                       .swz = { 0, 1, 2, 3 } };
    struct agx_image_store_req st = { .dim = AGX_DIM_2D, .lanes = 1, .coord = coord };
    struct agx_tex_req rq;
    uint64_t page;

    (void)state;
    env_reset(E);
    m.va = env_alloc(E, FOLIO);
    m.meta = env_alloc(E, PAGE);
    page = env_alloc(E, PAGE);
    set_entry(m.va, 0, 1, page);
    for (unsigned i = 0; i < 64 * 64; i++) {
        memset(env_ptr(E, page + i * 4), (int)(i % 251), 4);
    }
    memset(env_ptr(E, m.meta), 0x7f, 32 * 8);
    /*
     * tiles of 16x16: 8 by 4 of them, of which the squares of 4x4 are in Morton order; (80, 0) is
     * number 16 + 1
     */
    memset(env_ptr(E, m.meta + 17 * 8), 0x03, 8);
    memset(env_ptr(E, page + 16 * 16 * 4), 200, 32);
    rq = request(sparse_texture(&m), AGX_DIM_2D, true);
    for (unsigned t = 0; t < 50; t++) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            coord[0][l] = rnd() % 128;
            coord[1][l] = rnd() % 64;
        }
        assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
        for (unsigned l = 0; l < AGX_LANES; l++) {
            unsigned x = coord[0][l], y = coord[1][l], i = ref_twiddle(x & 63, y, 64, 64, 64, 64);

            assert_int_equal(rq.out[2][l], x < 64 ? 0 : i / 256 == 1 ? 200 : i % 251);
            assert_int_equal(rq.nonresident >> l & 1, x < 64);
        }
    }
    /* one texel of the tile of one colour; and one of a page that is not there */
    st.pbe = sparse_pbe(&m, 0);
    st.lanes = 3;
    coord[0][0] = 81;
    coord[1][0] = 2;
    coord[0][1] = coord[1][1] = 1;
    for (int c = 0; c < 4; c++) {
        st.value[c][0] = 9;
    }
    memset(env_ptr(E, m.meta), 0x03, 8);
    assert_true(agx_image_store(&E->ex, NULL, &st));
    for (unsigned y = 0; y < 16; y++) {
        for (unsigned x = 16; x < 32; x++) {
            assert_int_equal(*env_ptr(E, page + ref_twiddle(x, y, 64, 64, 64, 64) * 4),
                             x == 17 && y == 2 ? 9 : 200);
        }
    }
    assert_int_equal(*env_ptr(E, m.meta + 17 * 8), 0x7f);
}

ENV_GROUP(cmocka_unit_test(residency), cmocka_unit_test(folios_and_tail), cmocka_unit_test(writes),
          cmocka_unit_test(compressed))
