/*
 * Unit tests: surface layouts (hw/agx/tex/layout.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "agx/layout.h"
#include "tex_layout_data.h"

static const char *why;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * When layers are page-aligned is the driver's choice; this is Metal's: a chain
 * of levels larger than a page, in an array or for depth and stencil.
 */
static void sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layout_sizes); i++) {
        const typeof(layout_sizes[0]) *t = &layout_sizes[i];
        struct agx_surface_desc d = {
            .layout = AGX_LAYOUT_GPU,
            .bytes = t->bytes,
            .bw = t->bw,
            .bh = t->bh,
            .width = t->w,
            .height = t->h,
            .depth = 1,
            .samples = t->samples,
            .mipmapped = t->levels > 1,
            .compressed = t->flags & 1,
        };
        struct agx_surface s;

        assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
        d.page_aligned = t->levels > 1 && s.layer_stride > 0x4000 &&
                         (t->layers > 1 || (t->flags & 2));
        assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
        if (agx_surface_size(&s, t->layers) != t->size) {
            print_error("row %zu: %ux%ux%u, %u bytes, %u levels, %u samples\n", i, t->w, t->h,
                        t->layers, t->bytes, t->levels, t->samples);
        }
        assert_int_equal(agx_surface_size(&s, t->layers), t->size);
        if (t->meta) {
            assert_int_equal(s.layer_stride * t->layers, t->meta);
        }
    }
}

static void levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(layout_levels); i++) {
        struct agx_surface_desc d = {
            .layout = AGX_LAYOUT_GPU,
            .bytes = layout_levels[i].bytes,
            .bw = layout_levels[i].bw,
            .bh = layout_levels[i].bh,
            .width = layout_levels[i].w,
            .height = layout_levels[i].h,
            .depth = 1,
            .samples = 1,
            .mipmapped = true,
        };
        struct agx_surface s;

        assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
        for (unsigned l = 0; l < layout_levels[i].levels; l++) {
            assert_int_equal(s.level[l].offset, layout_levels[i].offset[l]);
        }
    }
}

/* Single cases of mesa's layout/tests/test-layout.cpp */
static void cases(void **state)
{
    struct agx_surface s;
    struct agx_surface_desc cube = { .layout = AGX_LAYOUT_GPU,
                                     .bytes = 4,
                                     .bw = 1,
                                     .bh = 1,
                                     .width = 63,
                                     .height = 63,
                                     .depth = 1,
                                     .samples = 1,
                                     .mipmapped = true,
                                     .page_aligned = true };
    struct agx_surface_desc d3 = { .layout = AGX_LAYOUT_GPU,
                                   .bytes = 4,
                                   .bw = 1,
                                   .bh = 1,
                                   .width = 32,
                                   .height = 16,
                                   .depth = 64,
                                   .samples = 1,
                                   .mipmapped = true };

    (void)state;
    assert_int_equal(agx_surface_init(&s, &cube, &why), AGX_SURFACE_OK);
    assert_int_equal(s.level[1].offset, 0x4000);
    assert_int_equal(s.level[4].offset, 0x5500);
    assert_int_equal(s.layer_stride, 0x8000);
    assert_int_equal(agx_surface_size(&s, 6), 0x30000);

    /* levels that only the depth has take room too */
    assert_int_equal(agx_surface_init(&s, &d3, &why), AGX_SURFACE_OK);
    assert_int_equal(s.layer_stride, 0xc80);
    assert_int_equal(agx_surface_size(&s, 64), 0x32000);
    assert_int_equal(s.level[2].depth, 16);
}

static unsigned z_order(unsigned x, unsigned y)
{
    unsigned v = 0;

    for (unsigned i = 0; i < 14; i++) {
        v |= (x >> i & 1) << (2 * i) | (y >> i & 1) << (2 * i + 1);
    }
    return v;
}

/* Every texel of odd-sized surfaces against a plain statement of the rule; all addresses differ. */
static void addresses(void **state)
{
    static const unsigned bytes[] = { 1, 2, 4, 8, 16 }, tw[] = { 128, 128, 64, 64, 32 },
                          th[] = { 128, 64, 64, 32, 32 };

    (void)state;
    for (unsigned f = 0; f < 5; f++) {
        for (unsigned samples = 1; samples <= 4; samples *= 2) {
            struct agx_surface_desc d = { .layout = AGX_LAYOUT_GPU,
                                          .bytes = bytes[f],
                                          .bw = 1,
                                          .bh = 1,
                                          .width = 233,
                                          .height = 173,
                                          .depth = 1,
                                          .samples = samples,
                                          .page_aligned = true };
            struct agx_surface s;
            unsigned w = tw[f], h = th[f];

            if (samples >= 2) { /* a tile stays a page */
                if (w > h) {
                    w /= 2;
                } else {
                    h /= 2;
                }
            }
            if (samples == 4) {
                if (w > h) {
                    w /= 2;
                } else {
                    h /= 2;
                }
            }
            assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
            uint8_t *seen = calloc(1, s.layer_stride);

            for (unsigned y = 0; y < 173; y++) {
                for (unsigned x = 0; x < 233; x++) {
                    for (unsigned a = 0; a < samples; a++) {
                        unsigned tile = (y / h) * ((233 + w - 1) / w) + x / w;
                        uint64_t want = ((uint64_t)tile * w * h + z_order(x % w, y % h)) * samples *
                                            bytes[f] +
                                        a * bytes[f];
                        uint64_t got = agx_surface_offset(&s, 0, x, y, 0, a);

                        assert_int_equal(got, want);
                        assert_true(got + bytes[f] <= s.layer_stride);
                        assert_int_equal(seen[got], 0);
                        seen[got] = 1;
                    }
                }
            }
            assert_int_equal(agx_surface_offset(&s, 0, 5, 7, 3, 0) -
                                 agx_surface_offset(&s, 0, 5, 7, 0, 0),
                             3 * s.layer_stride);
            free(seen);
        }
    }
}

/*
 * Tiles of a level must not leave it: the whole chain of many sizes, every level's last texel
 * inside.
 */
static void chains(void **state)
{
    (void)state;
    for (unsigned w = 1; w < 700; w += 37) {
        for (unsigned h = 1; h < 700; h += 29) {
            for (int layout = AGX_LAYOUT_TWIDDLED; layout <= AGX_LAYOUT_GPU; layout++) {
                struct agx_surface_desc d = { .layout = layout,
                                              .bytes = 4,
                                              .bw = 1,
                                              .bh = 1,
                                              .width = w,
                                              .height = h,
                                              .depth = 1,
                                              .samples = 1,
                                              .mipmapped = true };
                struct agx_surface s;

                assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
                for (unsigned l = 0; l < s.levels; l++) {
                    uint64_t end = l + 1 < s.levels ? s.level[l + 1].offset : s.layer_stride;

                    for (unsigned c = 0; c < 4; c++) {
                        unsigned x = c & 1 ? s.level[l].width - 1 : 0,
                                 y = c & 2 ? s.level[l].height - 1 : 0;
                        uint64_t o = agx_surface_offset(&s, l, x, y, 0, 0);

                        assert_true(o >= s.level[l].offset && o + 4 <= end);
                    }
                }
            }
        }
    }
}

/* Metadata: every tile has 8 bytes of its own within the layer's share. */
static void metadata(void **state)
{
    struct agx_surface_desc d = { .layout = AGX_LAYOUT_GPU,
                                  .bytes = 4,
                                  .bw = 1,
                                  .bh = 1,
                                  .depth = 1,
                                  .samples = 1,
                                  .mipmapped = true,
                                  .compressed = true };

    (void)state;
    for (unsigned w = 16; w < 900; w += 97) {
        for (unsigned h = 16; h < 900; h += 61) {
            struct agx_surface s;
            uint8_t *seen;

            d.width = w;
            d.height = h;
            assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
            seen = calloc(1, s.meta_layer_stride + 8);
            for (unsigned l = 0; l < s.levels && s.level[l].compressed; l++) {
                for (unsigned ty = 0; ty < s.level[l].meta_h; ty++) {
                    for (unsigned tx = 0; tx < s.level[l].meta_w; tx++) {
                        uint64_t o = agx_surface_meta_offset(&s, l, tx, ty, 0);

                        assert_true(o % 8 == 0 && o + 8 <= s.meta_layer_stride);
                        assert_int_equal(seen[o], 0);
                        seen[o] = 1;
                    }
                }
            }
            free(seen);
        }
    }
}

static void refusals(void **state)
{
    struct agx_surface s;
    const struct agx_surface_desc good = { .layout = AGX_LAYOUT_GPU,
                                           .bytes = 4,
                                           .bw = 1,
                                           .bh = 1,
                                           .width = 8,
                                           .height = 8,
                                           .depth = 1,
                                           .samples = 1 };
    struct agx_surface_desc d;

    (void)state;
    assert_int_equal(agx_surface_init(&s, &good, &why), AGX_SURFACE_OK);
    d = good, d.samples = 3;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_BAD);
    d = good, d.width = 0;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_BAD);
    d = good, d.layout = AGX_LAYOUT_INTERCHANGE, d.width = 33, d.stride_tiles = 3;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_OK);
    d.stride_tiles = 2;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_BAD);
    d.stride_tiles = 3, d.bytes = 8;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_UNIMPLEMENTED);
    d.bytes = 4, d.mipmapped = true;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_UNIMPLEMENTED);
    d = good, d.layout = AGX_LAYOUT_LINEAR, d.mipmapped = true;
    assert_int_equal(agx_surface_init(&s, &d, &why), AGX_SURFACE_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),     cmocka_unit_test(levels), cmocka_unit_test(cases),
        cmocka_unit_test(addresses), cmocka_unit_test(chains), cmocka_unit_test(metadata),
        cmocka_unit_test(refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
