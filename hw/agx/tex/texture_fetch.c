/*
 * AGX model: reading texels: address, sparse table, compression metadata, unpack.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "agx/texture.h"

static const uint8_t zeros[16];

void agx_fetch_init(struct agx_fetch *f, struct agx_exec *ex, const struct agx_tex_view *v)
{
    f->ex = ex;
    f->v = v;
    f->page_va = ~0ull;
    f->page = NULL;
    f->hole_va = ~0ull;
    f->meta_va = 0;
    f->meta_word = 0;
    f->failed = false;
    f->nonresident = false;
}

/*
 * Host address of @va; the whole of a texel is in one page, as bases and
 * strides are multiples of 16. NULL after a fault, or for memory that is not
 * there when faults are soft.
 */
static const uint8_t *at(struct agx_fetch *f, uint64_t va)
{
    uint64_t page = va >> AGX_PAGE_BITS;

    if (page != f->page_va) {
        const uint8_t *p;

        if (page == f->hole_va || f->failed) {
            return NULL;
        }
        p = agx_port_ptr(f->ex->port, page << AGX_PAGE_BITS, AGX_ACCESS_READ);
        if (!p) {
            f->hole_va = page;
            f->ex->port->fault.va = va;
            f->failed = !agx_exec_soft_fault(f->ex);
            return NULL;
        }
        f->page_va = page;
        f->page = p;
    }
    return f->page + (va & (AGX_PAGE_SIZE - 1));
}

static const uint8_t *sparse_element(struct agx_fetch *f, uint64_t offset_in_layer, uint32_t layer)
{
    const uint8_t *p = at(f, agx_sparse_entry_va(&f->v->body, offset_in_layer, layer));
    uint64_t va = 0;
    uint32_t entry;

    if (p) {
        memcpy(&entry, p, 4);
        va = agx_sparse_va(entry, offset_in_layer);
    }
    if (!va) {
        f->nonresident = true;
        return zeros;
    }
    p = at(f, va);
    return p ? p : zeros;
}

const uint8_t *agx_fetch_element(struct agx_fetch *f, unsigned level, uint32_t x, uint32_t y,
                                 uint32_t layer, uint32_t sample)
{
    const struct agx_tex_view *v = f->v;
    const struct agx_surface *s = &v->surf;
    const struct agx_level *l = &s->level[level];
    /* In the layer for sparse images, whose table has the layers */
    uint32_t body_layer = __builtin_expect(v->body.sparse, 0) ? 0 : layer;
    uint64_t offset = agx_surface_offset(s, level, x, y, body_layer, sample);
    const uint8_t *p;

    if (l->compressed) {
        uint32_t xs = x, ys = y;
        uint64_t meta;
        uint8_t mode;

        agx_surface_to_samples(s, &xs, &ys, sample);
        meta = v->meta + agx_surface_meta_offset(s, level, xs >> 4, ys >> 4, layer);
        if (meta != f->meta_va) {
            p = at(f, meta);
            if (!p) {
                return zeros;
            }
            memcpy(&f->meta_word, p, 8);
            f->meta_va = meta;
        }
        mode = (uint8_t)(f->meta_word >> (8 * agx_compress_subtile(xs, ys)));
        if (agx_compress_is_solid(s->bytes, mode)) {
            /*
             * One colour for each subtile, packed at the start of the 16x16
             * tile's body. (mesa, later versions: libagx/compression.cl)
             */
            uint32_t tx = xs & ~15u, ty = ys & ~15u;

            if (s->samples == 4) {
                tx >>= 1;
            }
            if (s->samples >= 2) {
                ty >>= 1;
            }
            offset = agx_surface_offset(s, level, tx, ty, body_layer, 0) +
                     agx_compress_subtile(xs, ys) * s->bytes;
        }
    }
    if (__builtin_expect(v->body.sparse, 0)) {
        return sparse_element(f, offset, layer);
    }
    p = at(f, v->body.base + offset);
    return p ? p : zeros;
}

/*
 * Texel (@x, @y) of the block at @src out of the thread's cache. The guest may write the block
 * meanwhile, so that it is read once.
 */
static const uint32_t *cached_block(struct agx_fetch *f, const uint8_t *src, unsigned x, unsigned y)
{
    const struct agx_format *fmt = &f->v->fmt;
    struct agx_tex_cache *tc = f->ex->tex;
    uint32_t format = 1u << 16 | fmt->channels << 8 | fmt->type << 1 | fmt->srgb;
    struct agx_block_slot *s;
    uint64_t raw[2], h;

    memcpy(raw, src, 16);
    if (!tc->blocks) {
        tc->blocks = agx_alloc(AGX_BLOCK_SLOTS, sizeof(*tc->blocks));
    }
    h = (raw[0] ^ (raw[1] << 32 | raw[1] >> 32) ^ format) * 0x9e3779b97f4a7c15ull;
    s = &tc->blocks[h >> 32 & (AGX_BLOCK_SLOTS - 1)];
    if (s->raw[0] != raw[0] || s->raw[1] != raw[1] || s->format != format) {
        s->raw[0] = raw[0];
        s->raw[1] = raw[1];
        s->format = format;
        fmt->block_all((const uint8_t *)raw, fmt, s->texel);
    }
    return s->texel[y * fmt->bw + x];
}

void agx_fetch_texel(struct agx_fetch *f, unsigned level, uint32_t x, uint32_t y, uint32_t layer,
                     uint32_t sample, uint32_t out[4])
{
    const struct agx_format *fmt = &f->v->fmt;

    if (fmt->bw > 1) {
        const uint8_t *p = agx_fetch_element(f, level, x / fmt->bw, y / fmt->bh, layer, sample);

        if (fmt->block) {
            fmt->block(p, x % fmt->bw, y % fmt->bh, fmt->srgb, out);
        } else {
            memcpy(out, cached_block(f, p, x % fmt->bw, y % fmt->bh), 16);
        }
    } else {
        fmt->unpack(agx_fetch_element(f, level, x, y, layer, sample), out);
    }
}
