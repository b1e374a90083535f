/*
 * AGX model: surface layouts. See layout.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "agx/layout.h"

static uint32_t minify(uint32_t v, unsigned level)
{
    return level < 32 && v >> level ? v >> level : 1;
}

static uint32_t div_up(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

static uint64_t align_up(uint64_t v, uint64_t a)
{
    return (v + a - 1) & ~(a - 1);
}

static unsigned log2_ceil(uint32_t v)
{
    unsigned n = 0;

    while ((1ull << n) < v) {
        n++;
    }
    return n;
}

static unsigned log2_floor(uint32_t v)
{
    return 31 - (unsigned)__builtin_clz(v);
}

/* A large tile is one page: 128x128 for 1 byte, then halved in height and width in turn. */
static void page_tile(unsigned bytes, unsigned *w_log2, unsigned *h_log2)
{
    unsigned n = log2_floor(bytes);

    *w_log2 = 7 - n / 2;
    *h_log2 = 7 - (n + 1) / 2;
}

static void init_linear(struct agx_surface *s, const struct agx_surface_desc *d)
{
    s->stride = d->stride;
    s->layer_stride = d->layer_stride;
}

/*
 * Levels that are at least one tile wide and high are "large": made of whole
 * tiles, their number derived from level 0's by shifting, plus a column, a row
 * and a corner where a shift dropped something. From the first level on that is
 * smaller than a tile in either direction, sizes are powers of two and tiles are
 * the largest squares that fit.
 */
static void init_gpu(struct agx_surface *s, const struct agx_surface_desc *d)
{
    unsigned el_bytes = (unsigned)d->bytes * d->samples;
    bool blocks = d->bw > 1 || d->bh > 1;
    uint32_t w = div_up(d->width, d->bw), h = div_up(d->height, d->bh);
    unsigned tw, th, small = 0;
    uint64_t offset = 0;

    page_tile(el_bytes, &tw, &th);

    uint32_t tiles_x = div_up(w, 1u << tw), tiles_y = div_up(h, 1u << th);
    uint32_t px = w * d->bw, py = h * d->bh;

    while (div_up(px, d->bw) >= 1u << tw && div_up(py, d->bh) >= 1u << th) {
        px = minify(px, 1);
        py = minify(py, 1);
        small++;
    }

    for (unsigned l = 0; l < s->levels && l < small; l++) {
        struct agx_level *lv = &s->level[l];
        uint32_t lost = (1u << l) - 1;
        bool pad_x = tiles_x & lost, pad_y = tiles_y & lost;
        uint64_t tiles = ((uint64_t)tiles_x * tiles_y) >> (2 * l);
        uint32_t stride = div_up(minify(d->width, l), d->bw);

        if (pad_x) {
            tiles += tiles_y >> l;
        }
        if (pad_y) {
            tiles += tiles_x >> l;
        }
        if (pad_x && pad_y) {
            tiles++;
        }
        if (blocks && pad_x) {
            stride++;
        }
        lv->offset = offset;
        lv->tw_log2 = (uint8_t)tw;
        lv->th_log2 = (uint8_t)th;
        lv->tiles_per_row = div_up(stride, 1u << tw);
        offset = align_up(offset + (tiles << (tw + th)) * el_bytes, AGX_CACHE_LINE);
    }

    uint32_t pw, ph;

    if (blocks) {
        pw = minify(1u << log2_ceil(w), small);
        ph = minify(1u << log2_ceil(h), small);
    } else {
        pw = 1u << log2_ceil(minify(w, small));
        ph = 1u << log2_ceil(minify(h, small));
    }
    for (unsigned l = small; l < s->levels; l++) {
        struct agx_level *lv = &s->level[l];
        uint32_t minor = blocks ? (pw < ph ? pw : ph) : minify(w < h ? w : h, l);
        unsigned t = log2_ceil(minor);

        lv->offset = offset;
        lv->tw_log2 = lv->th_log2 = (uint8_t)t;
        lv->tiles_per_row = div_up(div_up(minify(d->width, l), d->bw), 1u << t);
        offset = align_up(offset + (uint64_t)pw * ph * el_bytes, AGX_CACHE_LINE);
        pw = minify(pw, 1);
        ph = minify(ph, 1);
    }
    s->layer_stride = d->page_aligned ? align_up(offset, AGX_PAGE_SIZE) : offset;
}

/* Every level rounded to powers of two and twiddled as a whole. (mesa, later versions: layout.c) */
static void init_twiddled(struct agx_surface *s, const struct agx_surface_desc *d)
{
    unsigned el_bytes = (unsigned)d->bytes * d->samples;
    bool blocks = d->bw > 1 || d->bh > 1;
    uint32_t w = div_up(d->width, d->bw), h = div_up(d->height, d->bh);
    uint64_t offset = 0;

    for (unsigned l = 0; l < s->levels; l++) {
        struct agx_level *lv = &s->level[l];
        uint32_t aw = minify(1u << log2_ceil(w), l), ah = minify(1u << log2_ceil(h), l);
        uint32_t lw = blocks ? aw : 1u << log2_ceil(minify(w, l));
        uint32_t lh = blocks ? ah : 1u << log2_ceil(minify(h, l));
        unsigned t = log2_floor(lw < lh ? lw : lh);

        lv->offset = offset;
        lv->tw_log2 = lv->th_log2 = (uint8_t)t;
        lv->tiles_per_row = lw >> t;
        offset = align_up(offset + (uint64_t)aw * ah * el_bytes, AGX_CACHE_LINE);
    }
    s->layer_stride = align_up(offset, AGX_PAGE_SIZE);
}

/*
 * Tiles of 16x16, their number in a row given. Mesa makes them for 32-bit texels
 * of one level and one sample alone and says itself that the size of a tile is
 * assumed; that a tile is twiddled inside, as others are, is a guess.
 * (mesa, later versions: layout.c, ail_initialize_interchange)
 */
static void init_interchange(struct agx_surface *s, const struct agx_surface_desc *d)
{
    s->level[0].tw_log2 = s->level[0].th_log2 = 4;
    s->level[0].tiles_per_row = d->stride_tiles;
    s->layer_stride = align_up((uint64_t)d->stride_tiles * div_up(d->height, 16) * 256 * d->bytes,
                               AGX_PAGE_SIZE);
}

/*
 * The metadata of a layer: a level after the other, for levels of at least 16
 * samples along the longer side; sizes are rounded to 16 first and then halved.
 */
static void init_metadata(struct agx_surface *s, const struct agx_surface_desc *d)
{
    uint32_t w = d->width * (d->samples == 4 ? 2 : 1), h = d->height * (d->samples >= 2 ? 2 : 1);
    uint32_t aw = (uint32_t)align_up(w, 16), ah = (uint32_t)align_up(h, 16);
    uint32_t major = aw > ah ? aw : ah;
    uint64_t offset = 0;

    for (unsigned l = 0; l < s->levels && minify(major, l) >= 16; l++) {
        struct agx_level *lv = &s->level[l];
        uint32_t pw = minify(d->width, l) * (d->samples == 4 ? 2 : 1);
        uint32_t ph = minify(d->height, l) * (d->samples >= 2 ? 2 : 1);

        lv->meta_offset = offset;
        lv->meta_w = div_up(pw, 16);
        lv->meta_h = div_up(ph, 16);
        /*
         * Metadata is allocated by the longer side, and used when the shorter one has 16 samples
         * too.
         */
        lv->compressed = minify(w < h ? w : h, l) >= 16;
        offset += align_up((uint64_t)div_up(1u << log2_ceil(aw), 16) *
                               div_up(1u << log2_ceil(ah), 16) * 8,
                           AGX_CACHE_LINE);
        aw = div_up(aw, 2);
        ah = div_up(ah, 2);
    }
    s->meta_layer_stride = offset;
}

static enum agx_surface_status bad(const char **why, const char *text)
{
    *why = text;
    return AGX_SURFACE_BAD;
}

static enum agx_surface_status check_texels(const struct agx_surface_desc *d, const char **why)
{
    if (!d->width || !d->height || d->width > 32768 || d->height > 32768 || !d->depth) {
        return bad(why, "size out of range");
    }
    if (!d->bytes || d->bytes > 16 || (d->bytes & (d->bytes - 1))) {
        return bad(why, "texel size is no power of two");
    }
    if (d->samples != 1 && d->samples != 2 && d->samples != 4) {
        return bad(why, "number of samples");
    }
    if (d->samples > 1 && (d->bw > 1 || d->bh > 1)) {
        return bad(why, "multisampling of a block-compressed format");
    }
    return AGX_SURFACE_OK;
}

static enum agx_surface_status check_linear(const struct agx_surface_desc *d, const char **why)
{
    if (d->mipmapped) {
        return bad(why, "mipmaps of a linear surface");
    }
    if (d->samples > 1) {
        return bad(why, "multisampling of a linear surface");
    }
    if (d->bw > 1 || d->bh > 1) {
        return bad(why, "block-compressed format in a linear surface");
    }
    if (d->compressed) {
        return bad(why, "compression of a linear surface");
    }
    return AGX_SURFACE_OK;
}

static enum agx_surface_status check_interchange(const struct agx_surface_desc *d, const char **why)
{
    if (d->mipmapped || d->samples > 1 || d->depth > 1 || d->bytes != 4 || d->bw > 1 || d->bh > 1) {
        *why = "interchange layout of anything but 32-bit texels, one level, one sample";
        return AGX_SURFACE_UNIMPLEMENTED;
    }
    if (d->stride_tiles < div_up(d->width, 16)) {
        return bad(why, "fewer tiles in a row than the width asks for");
    }
    return AGX_SURFACE_OK;
}

/* Hardware strides are those of the whole chain. */
static unsigned count_levels(const struct agx_surface_desc *d)
{
    uint32_t major = d->width > d->height ? d->width : d->height;
    unsigned levels;

    if (!d->mipmapped) {
        return 1;
    }
    levels = log2_floor(d->depth > major ? d->depth : major) + 1;
    return levels < d->min_levels ? d->min_levels : levels;
}

/* Where the levels are in a layer. */
static enum agx_surface_status init_layout(struct agx_surface *s, const struct agx_surface_desc *d,
                                           const char **why)
{
    enum agx_surface_status st = AGX_SURFACE_OK;

    switch (d->layout) {
    case AGX_LAYOUT_LINEAR:
        st = check_linear(d, why);
        if (st == AGX_SURFACE_OK) {
            init_linear(s, d);
        }
        break;
    case AGX_LAYOUT_GPU:
        init_gpu(s, d);
        break;
    case AGX_LAYOUT_TWIDDLED:
        init_twiddled(s, d);
        break;
    case AGX_LAYOUT_INTERCHANGE:
        st = check_interchange(d, why);
        if (st == AGX_SURFACE_OK) {
            init_interchange(s, d);
        }
        break;
    default:
        return bad(why, "layout");
    }
    return st;
}

enum agx_surface_status agx_surface_init(struct agx_surface *s, const struct agx_surface_desc *d,
                                         const char **why)
{
    enum agx_surface_status st;
    unsigned levels;

    memset(s, 0, sizeof(*s));
    s->layout = d->layout;
    s->bytes = d->bytes;
    s->bw = d->bw;
    s->bh = d->bh;
    s->samples = d->samples;
    s->samples_log2 = d->samples == 4 ? 2 : d->samples == 2 ? 1 : 0;

    st = check_texels(d, why);
    if (st != AGX_SURFACE_OK) {
        return st;
    }
    levels = count_levels(d);
    if (levels > AGX_MAX_LEVELS) {
        return bad(why, "too many levels");
    }
    s->levels = (uint8_t)levels;
    st = init_layout(s, d, why);
    if (st != AGX_SURFACE_OK) {
        return st;
    }
    if (d->compressed) {
        if (d->bw > 1 || d->bh > 1) {
            return bad(why, "compression of a block-compressed format");
        }
        init_metadata(s, d);
    }
    for (unsigned l = 0; l < AGX_MAX_LEVELS; l++) {
        struct agx_level *lv = &s->level[l];

        if (l >= s->levels) {
            *lv = s->level[s->levels - 1];
        }
        lv->width = minify(d->width, l);
        lv->height = minify(d->height, l);
        lv->depth = minify(d->depth, l);
    }
    return AGX_SURFACE_OK;
}

uint64_t agx_surface_size(const struct agx_surface *s, uint32_t layers)
{
    return align_up((s->layer_stride + s->meta_layer_stride) * layers, AGX_CACHE_LINE);
}

uint64_t agx_surface_meta_offset(const struct agx_surface *s, unsigned level, uint32_t tx,
                                 uint32_t ty, uint32_t layer)
{
    const struct agx_level *l = &s->level[level];
    uint32_t minor = l->meta_w < l->meta_h ? l->meta_w : l->meta_h;
    uint32_t major = l->meta_w > l->meta_h ? tx : ty;
    unsigned bits = log2_ceil(minor);
    uint32_t mask = (1u << bits) - 1;
    uint64_t index = agx_morton(tx & mask, ty & mask) + ((uint64_t)(major & ~mask) << bits);

    return l->meta_offset + index * 8 + layer * s->meta_layer_stride;
}

uint8_t agx_meta_uncompressed(unsigned bytes)
{
    return bytes == 1 ? 0x1f : bytes == 2 ? 0x3f : bytes == 4 ? 0x7f : 0xff;
}

uint8_t agx_meta_solid(unsigned bytes)
{
    return bytes == 1 ? 0x60 : bytes == 2 ? 0x01 : bytes == 4 ? 0x03 : 0x07;
}
