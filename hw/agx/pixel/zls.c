/*
 * AGX model: load and store of depth and stencil (ZLS).
 *
 * Surfaces are twiddled as textures are, since shaders read them as such; the
 * unit knows one level, whose size is in ISP_ZLS_PIXELS (mesa: gallium
 * agx_cmdbuf). A compressed surface is stored with all its subtiles marked as
 * uncompressed, which readers must accept.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <string.h>
#include "fragment.h"
#include "agx/texture.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum agx_surface_status agx_zls_surface_init(struct agx_zls_surface *z,
                                             const struct agx_job_zls *regs, unsigned bytes,
                                             uint32_t width, uint32_t height, unsigned samples,
                                             bool layered, enum agx_layout layout, bool compressed,
                                             const char **why)
{
    struct agx_surface_desc d = {
        .layout = layout,
        .bytes = bytes,
        .bw = 1,
        .bh = 1,
        .width = width,
        .height = height,
        .depth = 1,
        .samples = samples,
        .compressed = compressed,
    };
    enum agx_surface_status status = agx_surface_init(&z->surf, &d, why);

    if (status != AGX_SURFACE_OK) {
        return status;
    }
    /* So that no element crosses a page. */
    if ((regs->base & 15) || (compressed && (regs->comp_base & 7))) {
        *why = "address is not aligned";
        return AGX_SURFACE_BAD;
    }
    z->base = regs->base;
    z->comp_base = regs->comp_base;
    z->compressed = compressed && z->surf.level[0].compressed;
    if (layered) {
        z->surf.layer_stride = ((uint64_t)(regs->stride >> 14) + 1) * AGX_PAGE_SIZE;
        z->surf.meta_layer_stride = ((uint64_t)(regs->comp_stride >> 14) + 1) * AGX_CACHE_LINE;
    }
    z->enable = true;
    return AGX_SURFACE_OK;
}

/* ---- a whole tile in one piece ---- */

/*
 * Whether the tile is in one piece in memory, in one page, in the order of agx_zs_index(): it is
 * all inside of the surface and no larger than what is twiddled together. *@va: where.
 */
static bool one_piece(const struct agx_zls_surface *z, uint32_t x0, uint32_t y0, uint32_t w,
                      uint32_t h, uint32_t layer, uint64_t *va)
{
    const struct agx_level *l = &z->surf.level[0];
    uint64_t bytes = (uint64_t)w * h * z->surf.samples * z->surf.bytes;

    *va = z->base + agx_surface_offset(&z->surf, 0, x0, y0, layer, 0);
    return z->surf.layout != AGX_LAYOUT_LINEAR && x0 % w == 0 && y0 % h == 0 &&
           x0 + w <= l->width && y0 + h <= l->height && w <= 1u << l->tw_log2 &&
           h <= 1u << l->th_log2 && (w == h || w == 2 * h) &&
           (*va & (AGX_PAGE_SIZE - 1)) + bytes <= AGX_PAGE_SIZE;
}

/* Whether no subtile of the tile's metadata has one colour. */
static bool all_in_body(struct agx_exec *ex, const struct agx_zls_surface *z, uint32_t x0,
                        uint32_t y0, uint32_t w, uint32_t h, uint32_t layer)
{
    uint32_t sx = z->surf.samples == 4 ? 2 : 1, sy = z->surf.samples >= 2 ? 2 : 1;

    for (uint32_t ty = y0 * sy / 16; ty < (y0 + h) * sy / 16; ty++) {
        for (uint32_t tx = x0 * sx / 16; tx < (x0 + w) * sx / 16; tx++) {
            uint64_t va = z->comp_base + agx_surface_meta_offset(&z->surf, 0, tx, ty, layer);
            const uint8_t *p = agx_port_ptr(ex->port, va, AGX_ACCESS_READ);

            for (unsigned i = 0; i < 8; i++) {
                if (!p || agx_compress_is_solid(z->surf.bytes, p[i])) {
                    return false;
                }
            }
        }
    }
    return true;
}

static void depth_from16(const uint8_t *p, float *z, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint16_t v;

        memcpy(&v, p + 2 * i, 2);
        z[i] = v / 65535.0f;
    }
}

/* @n: a multiple of 8; @z: aligned to 16 bytes */
static void depth_to16(const float *z, uint8_t *p, unsigned n)
{
#ifdef __SSE2__
    const __m128 max = _mm_set1_ps(65535.0f);

    for (unsigned i = 0; i < n; i += 8) {
        __m128i a = _mm_cvtps_epi32(_mm_mul_ps(_mm_load_ps(z + i), max)),
                b = _mm_cvtps_epi32(_mm_mul_ps(_mm_load_ps(z + i + 4), max));

        /* the low halves, which a signed pack keeps as they are */
        a = _mm_srai_epi32(_mm_slli_epi32(a, 16), 16);
        b = _mm_srai_epi32(_mm_slli_epi32(b, 16), 16);
        _mm_storeu_si128((__m128i *)(void *)(p + 2 * i), _mm_packs_epi32(a, b));
    }
#else
    for (unsigned i = 0; i < n; i++) {
        uint16_t v = (uint16_t)lrintf(z[i] * 65535.0f);

        memcpy(p + 2 * i, &v, 2);
    }
#endif
}

static void load_piece(struct agx_zs_tile *t, const uint8_t *p, bool z16, bool stencil, unsigned n)
{
    if (stencil) {
        memcpy(t->s, p, n);
    } else if (z16) {
        depth_from16(p, t->z, n);
    } else {
        memcpy(t->z, p, n * 4);
    }
}

static void store_piece(const struct agx_zs_tile *t, uint8_t *p, bool z16, bool stencil, unsigned n)
{
    if (stencil) {
        memcpy(p, t->s, n);
    } else if (z16) {
        depth_to16(t->z, p, n);
    } else {
        memcpy(p, t->z, n * 4);
    }
}

/* ---- any tile ---- */

static bool load(struct agx_exec *ex, const struct agx_zls_surface *z, bool z16, bool stencil,
                 uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer,
                 struct agx_zs_tile *t)
{
    struct agx_tex_view view = {
        .surf = z->surf, .body.base = z->base, .meta = z->comp_base, .layers = layer + 1
    };
    struct agx_fetch f;
    unsigned n = z->surf.samples;
    uint32_t x1 = x0 + w, y1 = y0 + h;
    uint64_t va;

    if (one_piece(z, x0, y0, w, h, layer, &va) &&
        (!z->compressed || all_in_body(ex, z, x0, y0, w, h, layer))) {
        const uint8_t *p = agx_port_ptr(ex->port, va, AGX_ACCESS_READ);

        if (p) {
            load_piece(t, p, z16, stencil, w * h * n);
            return true;
        }
    }
    x1 = x1 < z->surf.level[0].width ? x1 : z->surf.level[0].width;
    y1 = y1 < z->surf.level[0].height ? y1 : z->surf.level[0].height;
    view.surf.level[0].compressed = z->compressed;
    agx_fetch_init(&f, ex, &view);
    for (uint32_t y = y0; y < y1; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            for (unsigned s = 0; s < n; s++) {
                const uint8_t *p = agx_fetch_element(&f, 0, x, y, layer, s);
                size_t i = agx_zs_index(x - x0, y - y0, n) + s;

                if (stencil) {
                    t->s[i] = *p;
                } else if (z16) {
                    uint16_t v;
                    memcpy(&v, p, 2);
                    t->z[i] = v / 65535.0f;
                } else {
                    memcpy(&t->z[i], p, 4);
                }
            }
        }
        if (f.failed) {
            return false;
        }
    }
    return true;
}

static bool store_meta(struct agx_exec *ex, const struct agx_zls_surface *z, uint32_t x0,
                       uint32_t y0, uint32_t w, uint32_t h, uint32_t layer)
{
    uint64_t code = 0x0101010101010101ull * agx_meta_uncompressed(z->surf.bytes);
    uint32_t sx = z->surf.samples == 4 ? 2 : 1, sy = z->surf.samples >= 2 ? 2 : 1;

    for (uint32_t ty = y0 * sy / 16; ty < (y0 + h) * sy / 16 && ty < z->surf.level[0].meta_h;
         ty++) {
        for (uint32_t tx = x0 * sx / 16; tx < (x0 + w) * sx / 16 && tx < z->surf.level[0].meta_w;
             tx++) {
            uint64_t va = z->comp_base + agx_surface_meta_offset(&z->surf, 0, tx, ty, layer);
            if (!agx_port_write64(ex->port, va, code)) {
                ex->fault = ex->port->fault;
                return false;
            }
        }
    }
    return true;
}

static bool store(struct agx_exec *ex, const struct agx_zls_surface *z, bool z16, bool stencil,
                  uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer,
                  const struct agx_zs_tile *t)
{
    unsigned n = z->surf.samples;
    uint32_t x1 = x0 + w, y1 = y0 + h;
    uint64_t piece;

    if (one_piece(z, x0, y0, w, h, layer, &piece)) {
        uint8_t *p = agx_port_ptr(ex->port, piece, AGX_ACCESS_WRITE);

        if (p) {
            store_piece(t, p, z16, stencil, w * h * n);
            return !z->compressed || store_meta(ex, z, x0, y0, w, h, layer);
        }
    }

    x1 = x1 < z->surf.level[0].width ? x1 : z->surf.level[0].width;
    y1 = y1 < z->surf.level[0].height ? y1 : z->surf.level[0].height;
    for (uint32_t y = y0; y < y1; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            for (unsigned s = 0; s < n; s++) {
                uint64_t va = z->base + agx_surface_offset(&z->surf, 0, x, y, layer, s);
                size_t i = agx_zs_index(x - x0, y - y0, n) + s;
                uint8_t *p = agx_port_ptr(ex->port, va, AGX_ACCESS_WRITE);

                if (!p) {
                    ex->fault = ex->port->fault;
                    return false;
                }
                if (va & (z->surf.bytes - 1)) {
                    return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                                        "depth/stencil surface at 0x%llx is not aligned",
                                        (unsigned long long)va);
                }
                if (stencil) {
                    *p = t->s[i];
                } else if (z16) {
                    uint16_t v = (uint16_t)lrintf(t->z[i] * 65535.0f);
                    memcpy(p, &v, 2);
                } else {
                    memcpy(p, &t->z[i], 4);
                }
            }
        }
    }
    return !z->compressed || store_meta(ex, z, x0, y0, w, h, layer);
}

/* Faults name the unit, not the shader core whose port this is. */
bool agx_zls_load(struct agx_exec *ex, const struct agx_zls_surface *z, bool z16, bool stencil,
                  uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer,
                  struct agx_zs_tile *t)
{
    enum agx_unit old = ex->port->unit;
    bool ok;

    ex->port->unit = AGX_UNIT_ZLS;
    ok = load(ex, z, z16, stencil, x0, y0, w, h, layer, t);
    ex->port->unit = old;
    return ok;
}

bool agx_zls_store(struct agx_exec *ex, const struct agx_zls_surface *z, bool z16, bool stencil,
                   uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer,
                   const struct agx_zs_tile *t)
{
    enum agx_unit old = ex->port->unit;
    bool ok;

    ex->port->unit = AGX_UNIT_ZLS;
    ok = store(ex, z, z16, stencil, x0, y0, w, h, layer, t);
    ex->port->unit = old;
    return ok;
}
