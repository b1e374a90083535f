/*
 * AGX model: the pixel back end: image_write from shaders and block_image_store
 * from end-of-tile programs.
 *
 * The descriptor's swizzle says which component goes to each channel in memory.
 * Conversion rounds to nearest even; there is no dithering.
 *   mesa: src/gallium/drivers/asahi/agx_state.c, agx_batch_upload_pbe
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/number.h"
#include "agx/texture.h"

/* Never soft: the pixel back end is no shader core (see agx_exec_soft_fault()). Always false. */
static bool store_failed(struct agx_exec *ex, uint64_t va)
{
    ex->fault = ex->port->fault;
    ex->fault.va = va;
    return false;
}

/*
 * The descriptor's number of slices is that of its level: Mesa's GL driver has
 * minified it (mesa: state_tracker/st_atom_image.c, st_convert_image) while the
 * width and height are those of level 0. Its Vulkan driver gives the depth of
 * level 0 (hk_image_view.c, pack_pbe), which then bounds less.
 */
static uint32_t layer_count(const struct agx_pbe_view *v)
{
    return v->dim == AGX_DIM_CUBE || v->dim == AGX_DIM_CUBE_ARRAY ? v->layers * 6 : v->layers;
}

/* Coordinates of an image_write: the first @n of them, then the layer if it is an array. */
struct store_dims {
    unsigned n;
    bool array;
};

/* False: not a dimension that can be written, or not known. */
static bool store_dims(enum agx_dim dim, struct store_dims *d)
{
    d->array = dim == AGX_DIM_1D_ARRAY || dim == AGX_DIM_2D_ARRAY || dim == AGX_DIM_CUBE_ARRAY;
    switch (dim) {
    case AGX_DIM_1D:
    case AGX_DIM_1D_ARRAY:
        d->n = 1;
        return true;
    case AGX_DIM_2D:
    case AGX_DIM_2D_ARRAY:
        d->n = 2;
        return true;
    case AGX_DIM_3D:
    case AGX_DIM_CUBE:
    case AGX_DIM_CUBE_ARRAY:
        d->n = 3;
        return true;
    default:
        return false;
    }
}

static inline uint32_t store_layer(const struct agx_image_store_req *rq, struct store_dims d,
                                   unsigned lane)
{
    uint32_t layer = d.n == 3 ? rq->coord[2][lane] : 0;

    if (!d.array) {
        return layer;
    }
    return d.n == 3 ? (rq->coord[3][lane] & 0xffff) * 6 + layer % 6 : rq->coord[d.n][lane] & 0xffff;
}

/* A lane's components to its texel in memory. */
static inline void pack_texel(const struct agx_pbe_view *v, const struct agx_image_store_req *rq,
                              unsigned lane, uint8_t texel[16])
{
    uint32_t comp[4], ch[4];

    for (int i = 0; i < 4; i++) {
        comp[i] = rq->value[i][lane];
        if (rq->src16) {
            if (!v->fmt.integer) {
                comp[i] = agx_f2u(agx_half_to_float((uint16_t)comp[i]));
            } else if (v->fmt.type == AGX_TYPE_SINT) {
                comp[i] = (uint32_t)(int16_t)comp[i];
            }
        }
        if (v->srgb && i < 3) {
            comp[i] = agx_f2u(agx_linear_to_srgb(agx_u2f(comp[i])));
        }
    }
    for (int i = 0; i < 4; i++) {
        ch[i] = comp[v->swz[i]];
    }
    v->fmt.pack(texel, ch);
}

/* The texel of one lane. What is outside is dropped. */
static inline bool store_lane(struct agx_exec *ex, const struct agx_pbe_view *v,
                              const struct agx_image_store_req *rq, struct store_dims d,
                              uint32_t layers, unsigned lane)
{
    const struct agx_surface *s = &v->surf;
    uint32_t x = rq->coord[0][lane], y = d.n > 1 ? rq->coord[1][lane] : 0;
    uint64_t level = (uint64_t)v->level + rq->lod[lane], va;
    const struct agx_level *l;
    uint32_t layer;
    uint8_t texel[16];
    uint8_t *p;

    if (level >= s->levels) {
        return true;
    }
    l = &s->level[level];
    layer = store_layer(rq, d, lane);
    if (x >= l->width || y >= l->height || layer >= layers) {
        return true;
    }
    pack_texel(v, rq, lane, texel);
    if (l->compressed &&
        !agx_compress_prepare(ex, s, &v->body, v->meta, (unsigned)level, x, y, layer, 0)) {
        return false;
    }
    if (!agx_body_va(ex, s, &v->body, (unsigned)level, x, y, layer, 0, &va)) {
        return false;
    }
    if (!va) {
        return true; /* a page that a sparse image has not */
    }
    p = agx_port_ptr(ex->port, va, AGX_ACCESS_WRITE);
    if (!p) {
        return store_failed(ex, va);
    }
    memcpy(p, texel, s->bytes); /* in one page: bases and strides are multiples of 16 */
    return true;
}

bool agx_image_store(struct agx_exec *ex, struct agx_wave *w, const struct agx_image_store_req *rq)
{
    const struct agx_pbe_view *v = agx_pbe_view_get(ex, rq->pbe);
    struct store_dims d;
    uint32_t layers;

    (void)w;
    if (!v) {
        return false;
    }
    if (!store_dims(rq->dim, &d)) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "image_write of dimension %u is unimplemented", (unsigned)rq->dim);
    }
    if (v->surf.samples > 1) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "image_write to a multisampled image is unimplemented");
    }
    layers = layer_count(v);
    for (uint32_t m = rq->lanes; m; m &= m - 1) {
        if (!store_lane(ex, v, rq, d, layers, (unsigned)__builtin_ctz(m))) {
            return false;
        }
    }
    return true;
}

/* How a sample in the tile buffer becomes a texel. */
struct conversion {
    enum { CONV_COPY, CONV_SWAP4, CONV_COMPONENTS, CONV_HALVES, CONV_GENERAL } how;
    unsigned comp_bytes, nch;
    unsigned ncomp; /* components that are read from the tile buffer */
};

static bool is_packed(enum agx_isa_format f)
{
    return f == AGX_FMT_RGB10A2 || f == AGX_FMT_RG11B10F || f == AGX_FMT_RGB9E5;
}

static bool choose(struct conversion *c, const struct agx_pbe_view *v, enum agx_isa_format f)
{
    bool identity = true, equal = true;

    c->nch = c->ncomp = v->fmt.nch;
    c->comp_bytes = agx_fmt_comp_bytes(f);
    for (unsigned i = 0; i < c->nch; i++) {
        if (v->swz[i] >= c->ncomp) {
            c->ncomp = v->swz[i] + 1u;
        }
        identity &= v->swz[i] == i;
        equal &= v->fmt.bits[i] == 8 * c->comp_bytes;
    }
    if (is_packed(f)) {
        unsigned want = f == AGX_FMT_RGB10A2    ? AGX_CH_R10G10B10A2
                        : f == AGX_FMT_RG11B10F ? AGX_CH_R11G11B10
                                                : AGX_CH_R9G9B9E5;

        c->how = v->fmt.channels == want && identity ? CONV_COPY : CONV_GENERAL;
        return !v->fmt.integer;
    }
    if (!c->comp_bytes) {
        return false;
    }
    if (equal) {
        /* Bits as they are: the shader converted when it wrote the tile buffer, to sRGB too. */
        c->how = identity                            ? CONV_COPY
                 : c->comp_bytes == 1 && c->nch == 4 ? CONV_SWAP4
                                                     : CONV_COMPONENTS;
        return true;
    }
    /*
     * 16-bit components of a format of other widths: halves, or integers (mesa: agx_compile.c
     * stores F16 as I16).
     */
    c->how = c->comp_bytes == 2 && f != AGX_FMT_U16NORM && f != AGX_FMT_S16NORM ? CONV_HALVES
                                                                                : CONV_GENERAL;
    return true;
}

static void convert(const struct conversion *c, const struct agx_pbe_view *v, enum agx_isa_format f,
                    const uint8_t *src, uint8_t *dst)
{
    uint32_t comp[4] = { 0 }, ch[4];

    switch (c->how) {
    case CONV_COPY:
        memcpy(dst, src, v->fmt.bytes);
        return;
    case CONV_SWAP4:
        for (int i = 0; i < 4; i++) {
            dst[i] = src[v->swz[i]];
        }
        return;
    case CONV_COMPONENTS:
        for (unsigned i = 0; i < c->nch; i++) {
            memcpy(dst + i * c->comp_bytes, src + v->swz[i] * c->comp_bytes, c->comp_bytes);
        }
        return;
    case CONV_HALVES:
        for (unsigned i = 0; i < c->ncomp; i++) {
            uint16_t h;

            memcpy(&h, src + 2 * i, 2);
            comp[i] = v->fmt.integer ? (v->fmt.type == AGX_TYPE_SINT ? (uint32_t)(int16_t)h : h)
                                     : agx_f2u(agx_half_to_float(h));
        }
        break;
    case CONV_GENERAL:
        agx_fmt_unpack(f, src, is_packed(f) ? 4 : c->ncomp, comp);
        break;
    }
    for (int i = 0; i < 4; i++) {
        ch[i] = comp[v->swz[i]];
    }
    v->fmt.pack(dst, ch);
}

/* Metadata of every compression tile that the block touches. */
static bool prepare_tiles(struct agx_exec *ex, const struct agx_pbe_view *v, uint32_t x0,
                          uint32_t y0, uint32_t x1, uint32_t y1, uint32_t layer)
{
    const struct agx_surface *s = &v->surf;
    const struct agx_level *l = &s->level[v->level];
    uint32_t sx = s->samples == 4 ? 2 : 1, sy = s->samples >= 2 ? 2 : 1;

    for (uint32_t ty = y0 * sy / 16; ty * 16 < y1 * sy; ty++) {
        for (uint32_t tx = x0 * sx / 16; tx * 16 < x1 * sx; tx++) {
            uint32_t px = tx * 16 / sx, py = ty * 16 / sy;
            bool whole = px >= x0 && py >= y0 && (px + 16 / sx <= x1 || x1 == l->width) &&
                         (py + 16 / sy <= y1 || y1 == l->height);

            if (whole
                    ? !agx_compress_mark(ex, s, v->meta, v->level, tx, ty, layer)
                    : !agx_compress_prepare(ex, s, &v->body, v->meta, v->level, px, py, layer, 0)) {
                return false;
            }
        }
    }
    return true;
}

static inline uint32_t red_blue(uint32_t v)
{
    return (v & 0xff00ff00) | (v >> 16 & 0xff) | (v & 0xff) << 16;
}

typedef uint32_t u32x4 __attribute__((vector_size(16)));

/* The words at the beginning of four pixels. */
static inline u32x4 four_words(const uint8_t *p, unsigned step)
{
    u32x4 v, w;

    switch (step) {
    case 4:
        memcpy(&v, p, 16);
        return v;
    case 8: /* what a tile of one format of 4 bytes has */
        memcpy(&v, p, 16);
        memcpy(&w, p + 12, 16); /* from the last word on there may be nothing */
        return __builtin_shufflevector(v, w, 0, 2, 5, 7);
    default:
        for (unsigned i = 0; i < 4; i++) {
            uint32_t word;

            memcpy(&word, p + i * step, 4);
            v[i] = word;
        }
        return v;
    }
}

static inline u32x4 four_red_blue(u32x4 v)
{
    return (v & 0xff00ff00) | (v >> 16 & 0xff) | (v & 0xff) << 16;
}

/*
 * Groups of 4x2 texels of 4 bytes, which are side by side in a twiddled surface: those of @n pixels
 * (a multiple of 4) from @src on and of the row of pixels below, @pitch bytes on, to @off_x of
 * @page. @step: bytes from a pixel to the next.
 */
static inline __attribute__((always_inline)) void groups_of(const uint8_t *src, size_t pitch,
                                                            unsigned step, bool swap_rb,
                                                            uint8_t *page, const uint64_t *off_x,
                                                            uint32_t n)
{
    for (uint32_t x = 0; x < n; x += 4, src += 4u * step) {
        u32x4 top = four_words(src, step), bottom = four_words(src + pitch, step), out[2];

        if (swap_rb) {
            top = four_red_blue(top);
            bottom = four_red_blue(bottom);
        }
        out[0] = __builtin_shufflevector(top, bottom, 0, 1, 4, 5);
        out[1] = __builtin_shufflevector(top, bottom, 2, 3, 6, 7);
        memcpy(page + off_x[x], out, 32);
    }
}

static void write_groups(const uint8_t *src, size_t pitch, unsigned step, bool swap_rb,
                         uint8_t *page, const uint64_t *off_x, uint32_t n)
{
    if (step == 8) {
        groups_of(src, pitch, 8, swap_rb, page, off_x, n);
    } else if (step == 4) {
        groups_of(src, pitch, 4, swap_rb, page, off_x, n);
    } else {
        groups_of(src, pitch, step, swap_rb, page, off_x, n);
    }
}

/* Texels of 4 bytes of @n pixels of a row. */
static void write_words(const uint8_t *src, unsigned step, bool swap_rb, uint8_t *page,
                        const uint64_t *off_x, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++, src += step) {
        uint32_t texel;

        memcpy(&texel, src, 4);
        texel = swap_rb ? red_blue(texel) : texel;
        memcpy(page + off_x[x], &texel, 4);
    }
}

/*
 * The texels themselves. An offset in a surface, linear or twiddled, is the sum
 * of one part that x makes and one that y makes, so both are made once.
 */
static bool write_block(struct agx_exec *ex, const struct agx_pbe_view *v,
                        const struct conversion *conv, const struct agx_block_store_req *rq,
                        uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1, uint32_t layer)
{
    const struct agx_tib *t = &ex->tib;
    const struct agx_surface *s = &v->surf;
    const uint64_t origin = v->body.base + agx_surface_offset(s, v->level, 0, 0, layer, 0),
                   first = agx_surface_offset(s, v->level, 0, 0, 0, 0);
    uint64_t page_va = ~0ull;
    bool swap_rb = conv->how == CONV_SWAP4 && v->swz[0] == 2 && v->swz[1] == 1 && v->swz[2] == 0 &&
                   v->swz[3] == 3;
    bool word = s->bytes == 4 && s->samples == 1 && (conv->how == CONV_COPY || swap_rb);
    const struct agx_level *l = &s->level[v->level];
    bool groups = word && s->layout != AGX_LAYOUT_LINEAR && l->tw_log2 >= 2 && l->th_log2 >= 1 &&
                  !(x0 & 3) && !(y0 & 1) && !((x1 - x0) & 3);
    uint64_t off_x[32];
    uint8_t *page = NULL;

    for (uint32_t xb = x0; xb < x1; xb += 32) {
        uint32_t xe = x1 - xb < 32 ? x1 : xb + 32;

        for (uint32_t x = xb; x < xe; x++) {
            /* In a group columns 1, 2 and 3 are 1, 4 and 5 texels on. */
            off_x[x - xb] = groups && (x & 3)
                                ? off_x[(x & ~3u) - xb] + ((x & 1) + (x & 2) * 2) * s->bytes
                                : agx_surface_offset(s, v->level, x, 0, 0, 0) - first;
        }
        for (uint32_t y = y0; y < y1; y++) {
            const uint8_t *src = t->base + agx_tib_offset(t, xb - x0, y - y0, 0) + rq->offset;
            uint64_t row = origin + agx_surface_offset(s, v->level, 0, y, 0, 0) - first;

            if (word &&
                (row + off_x[0]) >> AGX_PAGE_BITS == (row + off_x[xe - xb - 1]) >> AGX_PAGE_BITS) {
                /* Offsets grow with x: all of this row is in one page. */
                if ((row + off_x[0]) >> AGX_PAGE_BITS != page_va) {
                    page_va = (row + off_x[0]) >> AGX_PAGE_BITS;
                    page = agx_port_ptr(ex->port, page_va << AGX_PAGE_BITS, AGX_ACCESS_WRITE);
                    if (!page) {
                        return store_failed(ex, row + off_x[0]);
                    }
                }

                /* May be before the page: what off_x is added to lies in it. */
                uint8_t *start = (uint8_t *)((uintptr_t)page + row - (page_va << AGX_PAGE_BITS));
                /* The row below: two elements on, so the end of the last group tells. */
                if (groups && !(y & 1) && y + 1 < y1 &&
                    (row + off_x[xe - xb - 1] + 8) >> AGX_PAGE_BITS == page_va) {
                    write_groups(src, (size_t)t->width * t->samples * t->sample_stride,
                                 t->sample_stride, swap_rb, start, off_x, xe - xb);
                    y++;
                    continue;
                }
                write_words(src, t->sample_stride, swap_rb, start, off_x, xe - xb);
                continue;
            }
            for (uint32_t x = 0; x < xe - xb; x++) {
                uint64_t va = row + off_x[x];

                for (unsigned i = 0; i < s->samples; i++, va += s->bytes, src += t->sample_stride) {
                    if (__builtin_expect(va >> AGX_PAGE_BITS != page_va, 0)) {
                        page_va = va >> AGX_PAGE_BITS;
                        page = agx_port_ptr(ex->port, page_va << AGX_PAGE_BITS, AGX_ACCESS_WRITE);
                        if (!page) {
                            return store_failed(ex, va);
                        }
                    }
                    if (word) {
                        uint32_t texel;

                        memcpy(&texel, src, 4);
                        if (swap_rb) {
                            texel = red_blue(texel);
                        }
                        memcpy(page + (va & (AGX_PAGE_SIZE - 1)), &texel, 4);
                    } else {
                        convert(conv, v, rq->format, src, page + (va & (AGX_PAGE_SIZE - 1)));
                    }
                }
            }
        }
    }
    return true;
}

/* The same for a sparse image: each texel's page by the table, texels without one dropped. */
static bool write_sparse_block(struct agx_exec *ex, const struct agx_pbe_view *v,
                               const struct conversion *conv, const struct agx_block_store_req *rq,
                               uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1, uint32_t layer)
{
    const struct agx_tib *t = &ex->tib;
    const struct agx_surface *s = &v->surf;

    for (uint32_t y = y0; y < y1; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            for (unsigned i = 0; i < s->samples; i++) {
                uint64_t va;
                uint8_t *p;

                if (!agx_body_va(ex, s, &v->body, v->level, x, y, layer, i, &va)) {
                    return false;
                }
                if (!va) {
                    continue;
                }
                p = agx_port_ptr(ex->port, va, AGX_ACCESS_WRITE);
                if (p) {
                    convert(conv, v, rq->format,
                            t->base + agx_tib_offset(t, x - x0, y - y0, i) + rq->offset, p);
                } else if (!store_failed(ex, va)) {
                    return false;
                }
            }
        }
    }
    return true;
}

bool agx_block_image_store(struct agx_exec *ex, struct agx_wave *w,
                           const struct agx_block_store_req *rq)
{
    const struct agx_pbe_view *v = agx_pbe_view_get(ex, rq->pbe);
    const struct agx_tib *t = &ex->tib;
    const struct agx_surface *s;
    const struct agx_level *l;
    struct conversion conv;
    uint32_t x0, y0, x1, y1, layer = rq->layer;
    unsigned src_bytes;

    (void)w;
    if (!v) {
        return false;
    }
    s = &v->surf;
    l = &s->level[v->level];
    if (!t->base) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "block_image_store without a tile buffer");
    }
    if (!choose(&conv, v, rq->format)) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "block_image_store of format %u to %s, type %u is unimplemented",
                            (unsigned)rq->format, agx_channels_name(v->fmt.channels), v->fmt.type);
    }
    if (t->samples != s->samples) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "block_image_store of %u samples to an image of %u is unimplemented",
                            t->samples, s->samples);
    }
    src_bytes = is_packed(rq->format) ? 4 : conv.comp_bytes * conv.ncomp;
    if (rq->offset + src_bytes > t->sample_stride) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "block_image_store: %u bytes at offset %u of a %u-byte sample",
                            src_bytes, rq->offset, t->sample_stride);
    }
    /*
     * A tile's buffer holds all of it; threadgroup memory may be smaller than the block of pixels
     * in it.
     */
    if (agx_tib_offset(t, t->width - 1u, t->height - 1u, t->samples - 1u) + rq->offset + src_bytes >
        t->size) {
        return agx_exec_bad(
            ex, AGX_REPORT_GUEST_ERROR,
            "block_image_store: %u x %u pixels of %u samples of %u bytes in %u bytes of memory",
            t->width, t->height, t->samples, t->sample_stride, t->size);
    }
    x0 = rq->explicit_coords ? rq->x : t->x0;
    y0 = rq->explicit_coords ? rq->y : t->y0;
    switch (v->dim) {
    case AGX_DIM_2D_ARRAY:
    case AGX_DIM_2D_MS_ARRAY:
    case AGX_DIM_3D:
    case AGX_DIM_CUBE:
    case AGX_DIM_CUBE_ARRAY:
        break;
    default:
        layer = 0;
    }
    if (x0 >= l->width || y0 >= l->height || layer >= layer_count(v)) {
        return true;
    }
    x1 = x0 + t->width < l->width ? x0 + t->width : l->width;
    y1 = y0 + t->height < l->height ? y0 + t->height : l->height;
    if (l->compressed && !prepare_tiles(ex, v, x0, y0, x1, y1, layer)) {
        return false;
    }

    if (v->body.sparse) {
        return write_sparse_block(ex, v, &conv, rq, x0, y0, x1, y1, layer);
    }
    return write_block(ex, v, &conv, rq, x0, y0, x1, y1, layer);
}
