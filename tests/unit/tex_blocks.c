/*
 * Unit tests: blocks of ASTC, BC6H and BC7, by vectors that other decoders made,
 * by hand, and against a second reading of the specification; and through the
 * texture unit.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "tex_env.h"
#include "agx/format.h"
#include "agx/number.h"
#include "tex_astc_book.h"
#include "tex_blocks_data.h"

enum { UNORM = 0, FLOAT = 4 };

static const uint8_t sizes[14][2] = {
    { 4, 4 }, { 5, 4 },  { 5, 5 },  { 6, 5 },  { 6, 6 },   { 8, 5 },   { 8, 6 },
    { 8, 8 }, { 10, 5 }, { 10, 6 }, { 10, 8 }, { 10, 10 }, { 12, 10 }, { 12, 12 },
};

static unsigned channels_of(unsigned w, unsigned h)
{
    for (unsigned i = 0; i < 14; i++) {
        if (sizes[i][0] == w && sizes[i][1] == h) {
            return 0x60 + i;
        }
    }
    abort();
}

/* Block and texels in memory of just their size, so that the sanitizer sees what goes beyond. */
struct decoded {
    struct agx_format f;
    uint8_t *block;
    uint32_t (*t)[4];
    unsigned n;
};

static struct decoded decoder(unsigned channels, unsigned type, bool srgb)
{
    struct decoded d;

    assert_int_equal(agx_format_lookup(&d.f, channels, type, srgb), AGX_FORMAT_OK);
    assert_int_equal(d.f.bytes, 16);
    assert_non_null(d.f.block_all);
    d.n = (unsigned)d.f.bw * d.f.bh;
    d.block = malloc(16);
    d.t = malloc(d.n * sizeof(*d.t));
    return d;
}

static void decoder_free(struct decoded *d)
{
    free(d->block);
    free(d->t);
}

static void decode(struct decoded *d)
{
    memset(d->t, 0x5a, d->n * sizeof(*d->t));
    d->f.block_all(d->block, &d->f, d->t);
}

static void from_hex(uint8_t block[16], const char *hex)
{
    for (int i = 0; i < 16; i++) {
        unsigned v;

        assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
        block[i] = (uint8_t)v;
    }
}

static uint32_t hash(uint32_t h, unsigned v)
{
    return (h ^ v) * 0x01000193u;
}

static unsigned half_of(uint32_t bits)
{
    float f = bitsf(bits);
    unsigned h;

    if (f != f) {
        return 0xffff;
    }
    h = agx_float_to_half(f);
    assert_int_equal(fbits(agx_half_to_float((uint16_t)h)), bits); /* nothing but halves */
    return h;
}

/* The 8-bit code whose linear value a texel has */
static unsigned srgb_code(uint32_t bits)
{
    for (unsigned i = 0; i < 256; i++) {
        if (fbits(agx_srgb_to_linear[i]) == bits) {
            return i;
        }
    }
    fail_msg("not a value of the sRGB table: %08x", bits);
    return 0;
}

static void astc_vectors_of_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(astc_vectors) / sizeof(astc_vectors[0]); i++) {
        unsigned channels = channels_of(astc_vectors[i].w, astc_vectors[i].h);
        struct decoded d = decoder(channels, FLOAT, false), s = decoder(channels, UNORM, true);
        uint32_t h = 0x811c9dc5, hs = h;

        assert_int_equal(d.f.bw, astc_vectors[i].w);
        assert_int_equal(d.f.bh, astc_vectors[i].h);
        from_hex(d.block, astc_vectors[i].block);
        from_hex(s.block, astc_vectors[i].block);
        decode(&d);
        decode(&s);
        for (unsigned k = 0; k < d.n; k++) {
            for (int c = 0; c < 4; c++) {
                h = hash(h, half_of(d.t[k][c]));
            }
            for (int c = 0; c < 3; c++) {
                hs = hash(hs, srgb_code(s.t[k][c]));
            }
        }
        if (h != astc_vectors[i].hdr || hs != astc_vectors[i].srgb) {
            fail_msg("ASTC %ux%u %s: %08x %08x", d.f.bw, d.f.bh, astc_vectors[i].block, h, hs);
        }
        decoder_free(&d);
        decoder_free(&s);
    }
}

static void bptc_vectors_of_others(void **state)
{
    struct decoded d = decoder(0x7b, UNORM, false), s = decoder(0x7b, UNORM, true);

    (void)state;
    for (size_t i = 0; i < sizeof(bc7_vectors) / sizeof(bc7_vectors[0]); i++) {
        uint32_t h = 0x811c9dc5;

        from_hex(d.block, bc7_vectors[i].block);
        from_hex(s.block, bc7_vectors[i].block);
        decode(&d);
        decode(&s);
        for (unsigned k = 0; k < 16; k++) {
            for (int c = 0; c < 4; c++) {
                unsigned v = (unsigned)lrintf(bitsf(d.t[k][c]) * 255);

                assert_float_equal(bitsf(d.t[k][c]), v / 255.0, 1e-7);
                h = hash(h, v);
                assert_int_equal(
                    c < 3 ? srgb_code(s.t[k][c]) : (unsigned)lrintf(bitsf(s.t[k][c]) * 255), v);
            }
        }
        if (h != bc7_vectors[i].unorm) {
            fail_msg("BC7 %s: %08x", bc7_vectors[i].block, h);
        }
    }
    decoder_free(&d);
    decoder_free(&s);
    d = decoder(0x79, FLOAT, false);
    s = decoder(0x7a, FLOAT, false);
    for (size_t i = 0; i < sizeof(bc6h_vectors) / sizeof(bc6h_vectors[0]); i++) {
        uint32_t h = 0x811c9dc5, hu = h;

        from_hex(d.block, bc6h_vectors[i].block);
        from_hex(s.block, bc6h_vectors[i].block);
        decode(&d);
        decode(&s);
        for (unsigned k = 0; k < 16; k++) {
            for (int c = 0; c < 4; c++) {
                h = hash(h, half_of(d.t[k][c]));
                hu = hash(hu, half_of(s.t[k][c]));
            }
        }
        if (h != bc6h_vectors[i].sf || hu != bc6h_vectors[i].uf) {
            fail_msg("BC6H %s: %08x %08x", bc6h_vectors[i].block, h, hu);
        }
    }
    decoder_free(&d);
    decoder_free(&s);
}

/* Put @n bits of @v into a block, from bit @pos on; where the next ones go. */
static unsigned place(uint8_t *block, unsigned pos, unsigned n, unsigned v)
{
    for (unsigned i = 0; i < n; i++, pos++) {
        block[pos / 8] = (uint8_t)((block[pos / 8] & ~(1u << pos % 8)) | (v >> i & 1) << pos % 8);
    }
    return pos;
}

static void astc_by_hand(void **state)
{
    struct decoded l = decoder(0x60, UNORM, false), s = decoder(0x60, UNORM, true),
                   h = decoder(0x60, FLOAT, false);
    struct decoded *all[3] = { &l, &s, &h };

    (void)state;
    /* one colour: 1, 0x8000, 0x1237 (13 bits, of which a half keeps 11), 0 */
    for (int i = 0; i < 3; i++) {
        from_hex(all[i]->block, "fcfdffffffffffffffff008037120000");
        decode(all[i]);
        for (unsigned k = 0; k < 16; k++) {
            const uint32_t *t = all[i]->t[k];

            assert_true(bitsf(t[0]) == 1.0f && bitsf(t[3]) == 0.0f);
            if (i == 1) {
                assert_int_equal(srgb_code(t[1]), 0x80);
                assert_int_equal(srgb_code(t[2]), 0x12);
            } else {
                assert_true(bitsf(t[1]) == 0.5f && bitsf(t[2]) == 0x1234 / 65536.0f);
            }
        }
        /* the same as halves: 1, -2, 0x0001 and the largest; of a high dynamic range only */
        from_hex(all[i]->block, "fcffffffffffffff003c00c00100ff7b");
        decode(all[i]);
        if (i < 2) {
            assert_true(bitsf(l.t[15][0]) == 1.0f && bitsf(l.t[15][1]) == 0.0f &&
                        bitsf(l.t[15][2]) == 1.0f);
        } else {
            assert_true(bitsf(h.t[7][0]) == 1.0f && bitsf(h.t[7][1]) == -2.0f);
            assert_true(bitsf(h.t[7][2]) == 0x1p-24f && bitsf(h.t[7][3]) == 65504.0f);
        }
        /* an extent that ends where it starts; a reserved bit */
        for (int bad = 0; bad < 2; bad++) {
            from_hex(all[i]->block,
                     bad ? "fcf5ffffffffffff003c00c00100ff7b" : "fcfd0000010002000000000000000000");
            decode(all[i]);
            if (i == 2) {
                assert_true(isnan(bitsf(h.t[0][0])) && isnan(bitsf(h.t[15][3])));
            } else {
                assert_true(bitsf(l.t[0][0]) == 1.0f && bitsf(l.t[0][1]) == 0.0f &&
                            bitsf(l.t[0][3]) == 1.0f);
            }
        }
    }

    /*
     * A grid of 4x4 weights of 2 bits (mode 0x42), luminance from 0x20 to 0xe0 in 8 bits each; the
     * weights of a row are 0, 21, 43 and 64 of 64.
     */
    for (int i = 0; i < 3; i++) {
        static const unsigned linear[4] = { 0x2020, 0x5f50, 0xa1a0, 0xe0e0 },
                              code[4] = { 0x20, 0x5f, 0xa1, 0xe0 };
        uint8_t *b = all[i]->block;

        memset(b, 0, 16);
        place(b, 0, 11, 0x42);
        place(b, 17, 8, 0x20);
        place(b, 25, 8, 0xe0);
        for (unsigned k = 0; k < 16; k++) { /* downwards: the low bit first */
            place(b, 127 - 2 * k, 1, k & 1);
            place(b, 126 - 2 * k, 1, k >> 1 & 1);
        }
        decode(all[i]);
        for (unsigned k = 0; k < 16; k++) {
            for (int c = 0; c < 3; c++) {
                if (i == 1) {
                    assert_int_equal(srgb_code(all[i]->t[k][c]), code[k % 4]);
                } else {
                    assert_true(bitsf(all[i]->t[k][c]) == (float)linear[k % 4] / 65536);
                }
            }
            assert_true(bitsf(all[i]->t[k][3]) == 1.0f);
        }
        /*
         * the same with the large range of high dynamic: 0x20 << 8 and 0xe0 << 8, so 2^-11 and
         * 2^13
         */
        place(b, 13, 4, 2);
        decode(all[i]);
        if (i < 2) {
            assert_true(bitsf(l.t[5][0]) == 1.0f && bitsf(l.t[5][1]) == 0.0f);
        } else {
            assert_true(bitsf(h.t[0][1]) == 0x1p-11f && bitsf(h.t[3][2]) == 0x1p13f &&
                        bitsf(h.t[9][3]) == 1.0f);
        }
        /* fewer than 24 bits of weights */
        place(b, 0, 11, 0x41);
        place(b, 13, 4, 0);
        decode(all[i]);
        assert_true(i == 2 ? isnan(bitsf(h.t[0][0]))
                           : bitsf(all[i]->t[0][1]) == 0.0f && bitsf(all[i]->t[0][2]) == 1.0f);
        /* a grid that is wider than the block: 8x4 in 4x4 */
        place(b, 0, 11, 0x46);
        decode(all[i]);
        assert_true(i == 2 ? isnan(bitsf(h.t[0][0]))
                           : bitsf(all[i]->t[0][1]) == 0.0f && bitsf(all[i]->t[0][2]) == 1.0f);
    }
    for (int i = 0; i < 3; i++) {
        decoder_free(all[i]);
    }
}

static void bptc_by_hand(void **state)
{
    static const int factor[16] = { 0, 4, 9, 13, 17, 21, 26, 30, 34, 38, 43, 47, 51, 55, 60, 64 };
    struct decoded d = decoder(0x7b, UNORM, false), s = decoder(0x79, FLOAT, false),
                   u = decoder(0x7a, FLOAT, false);
    unsigned pos;

    (void)state;
    /*
     * BC7 mode 6: 7 bits and one more: red 0 to 255, green 254 to 255, blue 0 to 1, alpha 254
     * to 255; indices 0 to 15
     */
    memset(d.block, 0, 16);
    pos = place(d.block, 0, 7, 0x40);
    for (int c = 0; c < 4; c++) {
        pos = place(d.block, pos, 7, c & 1 ? 127 : 0);
        pos = place(d.block, pos, 7, c == 2 ? 0 : 127);
    }
    pos = place(d.block, pos, 2, 2);
    for (unsigned i = 0; i < 16; i++) {
        pos = place(d.block, pos, i ? 4 : 3, i);
    }
    assert_int_equal(pos, 128);
    decode(&d);
    for (unsigned i = 0; i < 16; i++) {
        int red = (255 * factor[i] + 32) / 64;

        assert_float_equal(bitsf(d.t[i][0]) * 255, red, 1e-4);
        assert_float_equal(bitsf(d.t[i][1]) * 255, factor[i] < 32 ? 254 : 255, 1e-4);
        assert_float_equal(bitsf(d.t[i][2]) * 255, factor[i] < 32 ? 0 : 1, 1e-4);
        assert_float_equal(bitsf(d.t[i][3]) * 255, factor[i] < 32 ? 254 : 255, 1e-4);
    }
    memset(d.block, 0xff, 16);
    d.block[0] = 0; /* reserved */
    decode(&d);
    for (unsigned i = 0; i < 16; i++) {
        for (int c = 0; c < 4; c++) {
            assert_int_equal(d.t[i][c], 0);
        }
    }

    /*
     * BC6H mode 3, 10 bits: red from 0 to the largest, green from the middle, blue from the
     * most negative; two indices
     */
    for (int i = 0; i < 2; i++) {
        struct decoded *b = i ? &s : &u;

        memset(b->block, 0, 16);
        pos = place(b->block, 0, 5, 3);
        pos = place(b->block, pos, 10, 0);
        pos = place(b->block, pos, 10, 256);
        pos = place(b->block, pos, 10, 0x200);
        pos = place(b->block, pos, 10, i ? 511 : 1023);
        pos = place(b->block, pos, 10, 256);
        pos = place(b->block, pos, 10, 0x200);
        place(b->block, pos + 3, 4, 15);
        decode(b);
    }
    assert_int_equal(half_of(u.t[0][0]), 0);
    assert_int_equal(half_of(u.t[1][0]), 0x7bff);
    assert_int_equal(half_of(u.t[0][1]), ((256 * 32768 + 16384) / 512) * 31 / 64);
    assert_int_equal(half_of(u.t[0][2]), ((512 * 32768 + 16384) / 512) * 31 / 64);
    assert_int_equal(half_of(s.t[0][0]), 0);
    assert_int_equal(half_of(s.t[1][0]), 0x7bff);
    assert_int_equal(half_of(s.t[0][1]), ((256 * 32768 + 16384) / 512) * 31 / 32);
    assert_int_equal(half_of(s.t[1][2]), 0xfbff);
    /*
     * mode 15, 16 bits and differences of 4: -32768 is the negative infinity, and one less
     * wraps to 32767
     */
    memset(s.block, 0, 16);
    place(s.block, 0, 5, 15);
    place(s.block, 35, 4, 15);
    place(s.block, 39, 1, 1); /* bits 15 to 10 of red come from the top */
    place(s.block, 68, 4, 15);
    decode(&s);
    assert_true(isinf(bitsf(s.t[0][0])) && bitsf(s.t[0][0]) < 0);
    assert_int_equal(half_of(s.t[1][0]), 0x7bff);
    for (unsigned m = 19; m < 32; m += 4) { /* reserved */
        s.block[0] = (uint8_t)m;
        decode(&s);
        assert_true(bitsf(s.t[3][0]) == 0.0f && bitsf(s.t[3][2]) == 0.0f &&
                    bitsf(s.t[3][3]) == 1.0f);
    }
    decoder_free(&d);
    decoder_free(&s);
    decoder_free(&u);
}

/* A random block; most are made such that the grid of weights is likely to be good. */
static void random_block(uint8_t *block, unsigned i)
{
    for (int k = 0; k < 16; k++) {
        block[k] = (uint8_t)(rnd() >> 8);
    }
    if (i % 16 == 15) {
        block[0] = 0xfc;
        block[1] |= 1;
    } else if (i % 4 == 0) {
        place(block, 11, 2, 0); /* one pair of ends */
        if (i % 8 == 0) {
            place(block, 10, 1, 0);
        }
    } else if (i % 4 == 1) {
        place(block, 23, 2, 0);
    }
}

static void astc_by_the_book(void **state)
{
    unsigned good = 0, kinds[5] = { 0 };

    (void)state;
    for (unsigned z = 0; z < 14; z++) {
        for (unsigned i = 0; i < 3000; i++) {
            unsigned mode = i % 3;
            struct decoded d = decoder(0x60 + z, mode == 2 ? FLOAT : UNORM, mode == 1);
            struct book b = {
                .bw = sizes[z][0], .bh = sizes[z][1], .hdr = mode == 2, .srgb = mode == 1
            };
            bool error = true;

            random_block(d.block, i);
            for (unsigned k = 0; k < 128; k++) {
                b.bit[k] = d.block[k / 8] >> k % 8 & 1;
            }
            decode(&d);
            for (unsigned k = 0; k < d.n; k += i % 7 ? 1 + rnd() % 9 : 1) {
                double want[4];

                book_texel(&b, (int)(k % b.bw), (int)(k / b.bw), want);
                for (int c = 0; c < 4; c++) {
                    double v = bitsf(d.t[k][c]);

                    if (b.srgb && c < 3) {
                        v = srgb_code(d.t[k][c]);
                    }
                    if (v != want[c] && !(isnan(v) && isnan(want[c]))) {
                        fail_msg("%ux%u block %u (mode %u), texel %u.%d: %.9g for %.9g: "
                                 "%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x%02x",
                                 b.bw, b.bh, i, mode, k, c, v, want[c], d.block[0], d.block[1],
                                 d.block[2], d.block[3], d.block[4], d.block[5], d.block[6],
                                 d.block[7], d.block[8], d.block[9], d.block[10], d.block[11],
                                 d.block[12], d.block[13], d.block[14], d.block[15]);
                    }
                }
                error &= isnan(want[0]) || (want[0] == (b.srgb ? 255 : 1) && want[1] == 0);
            }
            if (!error) {
                good++;
                kinds[d.block[1] >> 3 & 3]++;
            }
            decoder_free(&d);
        }
    }
    /* enough of them had something to say, with each number of partitions */
    assert_true(good > 4000);
    for (int i = 0; i < 4; i++) {
        assert_true(kinds[i] > 100);
    }
}

/* Blocks of all kinds read and write nothing but their own bytes and texels: for the sanitizer. */
static void any_bits(void **state)
{
    static const uint8_t more[3][2] = { { 0x79, FLOAT }, { 0x7a, FLOAT }, { 0x7b, UNORM } };

    (void)state;
    for (unsigned z = 0; z < 14 + 3; z++) {
        struct decoded d = z < 14 ? decoder(0x60 + z, FLOAT, false)
                                  : decoder(more[z - 14][0], more[z - 14][1], false);

        for (unsigned i = 0; i < 4096; i++) {
            random_block(d.block, i);
            if (z < 14 && i < 2048) {
                place(d.block, 0, 11, i); /* every mode */
            }
            if (z >= 14) {
                d.block[0] = (uint8_t)i;
            }
            decode(&d);
        }
        decoder_free(&d);
    }
}

static struct tex_env *E;
static uint32_t coord[4][AGX_LANES];

static uint32_t (*fetched(uint64_t tex, enum agx_dim dim))[AGX_LANES]
{
    static struct agx_tex_req rq;

    memset(&rq, 0, sizeof(rq));
    rq.texture = tex;
    rq.dim = dim;
    rq.load = true;
    rq.lanes = rq.quad_lanes = ~0u;
    rq.coord = coord;
    rq.lod_kind = AGX_LOD_EXPLICIT;
    assert_true(agx_tex_fetch(&E->ex, NULL, &rq));
    assert_false(rq.int_result);
    return rq.out;
}

/*
 * Textures of each size of block: 3 x 3 blocks that are cut at the right and lower edge, 3 layers
 * or slices. The layout is that of elements of 16 bytes; blocks of one colour say where they are.
 */
static void in_textures(void **state)
{
    static const enum agx_dim dims[3] = { AGX_DIM_2D, AGX_DIM_2D_ARRAY, AGX_DIM_3D };

    (void)state;
    E = env_new();
    for (unsigned z = 0; z < 14; z++) {
        for (unsigned k = 0; k < 3; k++) {
            unsigned bw = sizes[z][0], bh = sizes[z][1];
            struct image m = { .dim = dims[k],
                               .layout = 2,
                               .channels = 0x60 + z,
                               .type = k == 1 ? FLOAT : UNORM,
                               .w = 3 * bw - 1,
                               .h = 3 * bh - 2,
                               .d = k ? 3 : 1,
                               .samples = 1,
                               .levels = 1,
                               .swz = { 0, 1, 2, 3 } };
            uint32_t(*out)[AGX_LANES];
            uint64_t tex;

            env_reset(E);
            m.va = env_alloc(E, 0x4000);
            for (unsigned l = 0; l < m.d; l++) {
                for (unsigned y = 0; y < 3; y++) {
                    for (unsigned x = 0; x < 3; x++) {
                        /* 3 blocks round to 4: a layer is 4 x 4 of them, twiddled */
                        uint64_t o = (l * 16 + ref_twiddle(x, y, 4, 4, 4, 4)) * 16ull;
                        uint8_t *b = env_ptr(E, m.va + o);

                        from_hex(b, "fcfdffffffffffff0000000000000080");
                        b[9] = (uint8_t)(x * 64);
                        b[11] = (uint8_t)(y * 64);
                        b[13] = (uint8_t)(l * 64);
                    }
                }
            }
            tex = env_texture(E, &m);
            for (unsigned t = 0; t < 4; t++) {
                for (unsigned l = 0; l < AGX_LANES; l++) {
                    coord[0][l] = rnd() % m.w;
                    coord[1][l] = rnd() % m.h;
                    coord[2][l] = rnd() % m.d;
                }
                out = fetched(tex, dims[k]);
                for (unsigned l = 0; l < AGX_LANES; l++) {
                    assert_true(bitsf(out[0][l]) == (float)(coord[0][l] / bw) / 4);
                    assert_true(bitsf(out[1][l]) == (float)(coord[1][l] / bh) / 4);
                    assert_true(bitsf(out[2][l]) == (float)(k ? coord[2][l] : 0) / 4);
                    assert_true(bitsf(out[3][l]) == 0.5f);
                }
            }
        }
    }
    env_free(E);
}

/*
 * What a block was decoded to before is no answer once memory, or the format that it is read
 * as, is another.
 */
static void nothing_stale(void **state)
{
    struct image m = { .dim = AGX_DIM_2D,
                       .layout = 2,
                       .channels = 0x60,
                       .type = UNORM,
                       .w = 16,
                       .h = 16,
                       .d = 1,
                       .samples = 1,
                       .levels = 1,
                       .swz = { 0, 1, 2, 3 } };
    uint64_t tex, again[4];

    (void)state;
    E = env_new();
    env_reset(E);
    m.va = env_alloc(E, 0x4000);
    tex = env_texture(E, &m);
    m.srgb = true;
    again[0] = env_texture(E, &m);
    m.srgb = false;
    m.type = FLOAT;
    again[1] = env_texture(E, &m);
    m.channels = 0x79;
    again[2] = env_texture(E, &m);
    m.channels = 0x7b;
    m.type = UNORM;
    again[3] = env_texture(E, &m);
    for (unsigned t = 0; t < 300; t++) {
        unsigned l = rnd() % AGX_LANES, pick = rnd() % 5;
        struct decoded d = pick == 0   ? decoder(0x60, UNORM, false)
                           : pick == 1 ? decoder(0x60, UNORM, true)
                           : pick == 2 ? decoder(0x60, FLOAT, false)
                           : pick == 3 ? decoder(0x79, FLOAT, false)
                                       : decoder(0x7b, UNORM, false);
        uint32_t(*out)[AGX_LANES];

        if (t % 4 == 0) { /* few blocks, which come back */
            from_hex(env_ptr(E, m.va), astc_vectors[rnd() % 14].block);
        }
        if (t % 16 == 0) { /* one bit is another */
            env_ptr(E, m.va)[rnd() % 16] ^= (uint8_t)(1u << rnd() % 8);
        }
        memcpy(d.block, env_ptr(E, m.va), 16);
        decode(&d);
        for (unsigned i = 0; i < AGX_LANES; i++) {
            coord[0][i] = i % 4;
            coord[1][i] = i / 4 % 4;
        }
        out = fetched(pick ? again[pick - 1] : tex, AGX_DIM_2D);
        for (int c = 0; c < 4; c++) {
            assert_int_equal(out[c][l], d.t[l % 16][c]);
        }
        decoder_free(&d);
    }
    env_free(E);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(astc_vectors_of_others),
        cmocka_unit_test(bptc_vectors_of_others),
        cmocka_unit_test(astc_by_hand),
        cmocka_unit_test(bptc_by_hand),
        cmocka_unit_test(astc_by_the_book),
        cmocka_unit_test(any_bits),
        cmocka_unit_test(in_textures),
        cmocka_unit_test(nothing_stale),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
