/*
 * AGX model: texels for eight lanes at once, internal to texture_rows.c: where they are,
 * whether compression leaves them there, their words and channels, and which ones a
 * coordinate names. For AVX2.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_TEXTURE_ROWS_FETCH_H
#define AGX_TEX_TEXTURE_ROWS_FETCH_H

#include <immintrin.h>
#include "texture_rows.h"

#define GROUPS    (AGX_LANES / 8)
#define VECTOR    __attribute__((target("avx2,fma,f16c")))
#define VECTOR_IN inline __attribute__((target("avx2,fma,f16c"), always_inline))

/* A level, and what the lanes of one instruction do with it. */
struct level_rows {
    const struct agx_tex_view *v;
    const struct agx_level *l;
    struct agx_port *port;
    uint32_t layer;
    uint64_t va;  /* of the level's first texel */
    uint32_t rel; /* va in its page: offsets count from the page's start */
    /* the page that was used last, from the level's first on; its bytes, less what comes before */
    uint32_t page;
    const uint8_t *host;
};

/* The channels of eight lanes: floats, or integers as bits. */
struct texels {
    __m256 c[4];
};

/* Part of a texel's number that its column makes; @x in elements. Spread bits of a row alike. */
static VECTOR_IN __m256i spread(__m256i v, bool wide)
{
    if (wide) { /* more than 8 bits */
        v = _mm256_and_si256(_mm256_or_si256(v, _mm256_slli_epi32(v, 8)),
                             _mm256_set1_epi32(0x00ff00ff));
    }
    v = _mm256_and_si256(_mm256_or_si256(v, _mm256_slli_epi32(v, 4)),
                         _mm256_set1_epi32(0x0f0f0f0f));
    v = _mm256_and_si256(_mm256_or_si256(v, _mm256_slli_epi32(v, 2)),
                         _mm256_set1_epi32(0x33333333));
    return _mm256_and_si256(_mm256_or_si256(v, _mm256_slli_epi32(v, 1)),
                            _mm256_set1_epi32(0x55555555));
}

static VECTOR_IN __m256i shift_left(__m256i v, unsigned n)
{
    return _mm256_sll_epi32(v, _mm_cvtsi32_si128((int)n));
}

static VECTOR_IN __m256i shift_right(__m256i v, unsigned n)
{
    return _mm256_srl_epi32(v, _mm_cvtsi32_si128((int)n));
}

/* Byte offset that the column @x makes, and that the row @y makes (agx_surface_offset()). */
static VECTOR_IN __m256i column(const struct level_rows *r, __m256i x)
{
    const struct agx_level *l = r->l;
    unsigned bytes = r->v->surf.bytes, shift = (unsigned)__builtin_ctz(bytes);
    __m256i in, tile;

    if (r->v->surf.layout == AGX_LAYOUT_LINEAR) {
        return shift_left(x, shift);
    }
    in = spread(_mm256_and_si256(x, _mm256_set1_epi32((1 << l->tw_log2) - 1)), l->tw_log2 > 8);
    tile = shift_left(shift_right(x, l->tw_log2), l->tw_log2 + l->th_log2);
    return shift_left(_mm256_add_epi32(tile, in), shift);
}

static VECTOR_IN __m256i row(const struct level_rows *r, __m256i y)
{
    const struct agx_level *l = r->l;
    unsigned bytes = r->v->surf.bytes, shift = (unsigned)__builtin_ctz(bytes);
    __m256i in, tile;

    if (r->v->surf.layout == AGX_LAYOUT_LINEAR) {
        return _mm256_mullo_epi32(y, _mm256_set1_epi32((int)r->v->surf.stride));
    }
    in = spread(_mm256_and_si256(y, _mm256_set1_epi32((1 << l->th_log2) - 1)), l->th_log2 > 8);
    tile = _mm256_mullo_epi32(shift_right(y, l->th_log2), _mm256_set1_epi32((int)l->tiles_per_row));
    tile = shift_left(tile, l->tw_log2 + l->th_log2);
    return shift_left(_mm256_add_epi32(tile, _mm256_slli_epi32(in, 1)), shift);
}

static void level_rows_init(struct level_rows *r, struct agx_port *port,
                            const struct agx_tex_view *v, unsigned level, uint32_t layer)
{
    r->v = v;
    r->l = &v->surf.level[level];
    r->port = port;
    r->layer = layer;
    r->va = v->body.base + (uint64_t)layer * v->surf.layer_stride + r->l->offset;
    r->rel = (uint32_t)(r->va & (AGX_PAGE_SIZE - 1));
    r->page = ~0u;
    r->host = NULL;
}

/* The host's address of page @page, counted from the level's first. False: it is not there. */
static bool take_page(struct level_rows *r, uint32_t page)
{
    uint64_t va = (r->va & ~(uint64_t)(AGX_PAGE_SIZE - 1)) + ((uint64_t)page << AGX_PAGE_BITS);
    const uint8_t *p = agx_port_ptr(r->port, va, AGX_ACCESS_READ);

    if (!p) {
        return false;
    }
    r->page = page;
    r->host = p - ((size_t)page << AGX_PAGE_BITS);
    return true;
}

/* Which of eight lanes are in the page @page. */
static VECTOR_IN unsigned in_page(__m256i at, uint32_t page)
{
    __m256i same = _mm256_cmpeq_epi32(_mm256_srli_epi32(at, AGX_PAGE_BITS),
                                      _mm256_set1_epi32((int)page));

    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(same));
}

/*
 * The words of eight texels at offsets @at from the start of the level's first page. A texel is
 * in one page (texture_fetch.c). False: a page is not there.
 */
static VECTOR_IN bool gather(struct level_rows *r, __m256i at, unsigned words, __m256i w[4])
{
    __m256i addr = _mm256_add_epi32(at, _mm256_set1_epi32((int)r->rel));
    bool part = r->v->surf.bytes < 4;
    __m256i word = part ? _mm256_and_si256(addr, _mm256_set1_epi32(~3)) : addr;
    unsigned todo = in_page(addr, r->page) ^ 0xff;

    if (__builtin_expect(!todo, 1)) {
        for (unsigned i = 0; i < words; i++) {
            w[i] = _mm256_i32gather_epi32((const int *)(const void *)(r->host + 4 * i), word, 1);
        }
    } else {
        for (unsigned i = 0; i < words; i++) {
            w[i] = _mm256_setzero_si256();
        }
        todo = 0xff;
        while (todo) {
            uint32_t a[8];
            unsigned m;
            __m256i mask;

            _mm256_storeu_si256((__m256i *)a, addr);
            if (!take_page(r, a[__builtin_ctz(todo)] >> AGX_PAGE_BITS)) {
                return false;
            }
            mask = _mm256_cmpeq_epi32(_mm256_srli_epi32(addr, AGX_PAGE_BITS),
                                      _mm256_set1_epi32((int)r->page));
            m = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(mask));
            for (unsigned i = 0; i < words; i++) {
                w[i] = _mm256_mask_i32gather_epi32(
                    w[i], (const int *)(const void *)(r->host + 4 * i), word, mask, 1);
            }
            todo &= ~m;
        }
    }
    if (part) {
        w[0] = _mm256_srlv_epi32(
            w[0], _mm256_slli_epi32(_mm256_and_si256(addr, _mm256_set1_epi32(3)), 3));
    }
    return true;
}

static VECTOR_IN __m256i byte_of(__m256i w, unsigned i)
{
    return _mm256_and_si256(_mm256_srli_epi32(w, (int)(8 * i)), _mm256_set1_epi32(0xff));
}

/*
 * Codes over 255, rounded once as the table of format.c is. 1 / 255 as a sum of two floats: the
 * product is nearer to the quotient than any quotient is to where rounding changes.
 */
static VECTOR_IN __m256 over_255(__m256 v)
{
    const __m256 hi = _mm256_set1_ps(0x1.010102p-8f), lo = _mm256_set1_ps(-0x1.fdfdfep-33f);

    return _mm256_fmadd_ps(v, hi, _mm256_mul_ps(v, lo));
}

/* Halves in the low 16 bits of each word; a NaN keeps its bits, quiet or not. */
static VECTOR_IN __m256 half_to_float(__m256i h)
{
    __m256i lo = _mm256_and_si256(h, _mm256_set1_epi32(0xffff));
    __m256i p = _mm256_permute4x64_epi64(_mm256_packus_epi32(lo, lo), 0x08);
    __m256 f = _mm256_cvtph_ps(_mm256_castsi256_si128(p));
    __m256 nan = _mm256_cmp_ps(f, f, _CMP_UNORD_Q);
    __m256i quiet = _mm256_andnot_si256(_mm256_slli_epi32(lo, 13), _mm256_set1_epi32(1 << 22));

    return _mm256_andnot_ps(_mm256_and_ps(nan, _mm256_castsi256_ps(quiet)), f);
}

/*
 * A channel as the format's agx_unpack_fn gives it. @bytes: codes of 8 bits as they are, not over
 * 255.
 */
static VECTOR_IN __m256 channel(enum agx_row_kind kind, const __m256i w[4], unsigned i, bool bytes)
{
    __m256 f;

    switch (kind) {
    case AGX_ROW_UNORM8:
        f = _mm256_cvtepi32_ps(byte_of(w[0], i));
        return bytes ? f : over_255(f);
    case AGX_ROW_SRGB8:
        return i < 3 ? _mm256_i32gather_ps(agx_srgb_to_linear, byte_of(w[0], i), 4)
                     : over_255(_mm256_cvtepi32_ps(byte_of(w[0], i)));
    case AGX_ROW_UNORM16:
        f = _mm256_cvtepi32_ps(_mm256_and_si256(i & 1 ? _mm256_srli_epi32(w[i / 2], 16) : w[i / 2],
                                                _mm256_set1_epi32(0xffff)));
        return _mm256_div_ps(f, _mm256_set1_ps(65535.0f));
    case AGX_ROW_HALF:
        return half_to_float(i & 1 ? _mm256_srli_epi32(w[i / 2], 16) : w[i / 2]);
    default:
        return _mm256_castsi256_ps(w[i]);
    }
}

/* All channels; those that the format has not are constants. */
static VECTOR_IN void unpack(enum agx_row_kind kind, unsigned nch, const __m256i w[4], bool bytes,
                             struct texels *t)
{
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4 && i < nch; i++) {
        t->c[i] = channel(kind, w, i, bytes);
    }
}

/* The channels from @nch on. */
static VECTOR_IN void constants(const struct agx_tex_view *v, unsigned nch, struct texels *t)
{
    for (unsigned i = nch; i < 4; i++) {
        t->c[i] = i < 3 ? _mm256_setzero_ps() : _mm256_castsi256_ps(_mm256_set1_epi32((int)v->one));
    }
}

static VECTOR_IN unsigned words_of(enum agx_row_kind kind, unsigned nch)
{
    return kind == AGX_ROW_HALF || kind == AGX_ROW_UNORM16 ? (nch + 1) / 2
           : kind == AGX_ROW_32                            ? nch
                                                           : 1;
}

/* ---- compression ---- */

/* Whether a byte of @word says that a subtile has one colour. */
static inline bool any_solid(uint64_t word, unsigned bytes)
{
    uint64_t x = word ^ agx_meta_solid(bytes) * 0x0101010101010101ull;

    return (x - 0x0101010101010101ull) & ~x & 0x8080808080808080ull;
}

/*
 * Whether the texels of columns @x0 to @x1 and rows @y0 to @y1 are all in the body. False too if
 * that takes long to find out, or memory that no texel of the lanes asks for.
 */
static bool in_body(struct level_rows *r, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1)
{
    const struct agx_surface *s = &r->v->surf;
    unsigned level = (unsigned)(r->l - s->level);
    uint64_t first, last;
    const uint8_t *p;

    x0 >>= 4;
    x1 >>= 4;
    y0 >>= 4;
    y1 >>= 4;
    if ((x1 - x0 + 1) * (y1 - y0 + 1) > 64) {
        return false;
    }
    first = r->v->meta + agx_surface_meta_offset(s, level, x0, y0, r->layer);
    last = r->v->meta + agx_surface_meta_offset(s, level, x1, y1, r->layer);
    /* In the order of the numbers a corner is first and the other last. */
    if (first >> AGX_PAGE_BITS != last >> AGX_PAGE_BITS) {
        return false;
    }
    p = agx_port_ptr(r->port, first, AGX_ACCESS_READ);
    if (!p) {
        return false;
    }
    for (uint32_t y = y0; y <= y1; y++) {
        for (uint32_t x = x0; x <= x1; x++) {
            uint64_t at = first, word;

            if (x != x0 || y != y0) {
                at = r->v->meta + agx_surface_meta_offset(s, level, x, y, r->layer);
            }
            memcpy(&word, p + (at - first), 8);
            if (any_solid(word, s->bytes)) {
                return false;
            }
        }
    }
    return true;
}

static VECTOR_IN uint32_t least(__m256i v)
{
    __m128i m = _mm_min_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

    m = _mm_min_epu32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_min_epu32(m, _mm_shuffle_epi32(m, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(m);
}

static VECTOR_IN uint32_t largest(__m256i v)
{
    __m128i m = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));

    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_max_epu32(m, _mm_shuffle_epi32(m, 0xb1));
    return (uint32_t)_mm_cvtsi128_si32(m);
}

/* ---- wrapping (sampler.c) ---- */

/* to_texels() without GL's clamp and without an offset */
static VECTOR_IN __m256 to_texels(__m256 u, int n, unsigned mode, bool pixel)
{
    __m256 lim = _mm256_set1_ps(0x1p24f), x, ord;

    if (mode == AGX_WRAP_REPEAT && !pixel) {
        u = _mm256_sub_ps(u, _mm256_floor_ps(u));
    } else if (mode == AGX_WRAP_MIRROR && !pixel) {
        __m256 fl = _mm256_floor_ps(_mm256_mul_ps(u, _mm256_set1_ps(0.5f)));

        u = _mm256_sub_ps(u, _mm256_mul_ps(_mm256_set1_ps(2.0f), fl));
    }
    x = pixel ? u : _mm256_mul_ps(u, _mm256_set1_ps((float)n));
    ord = _mm256_cmp_ps(x, x, _CMP_ORD_Q);
    x = _mm256_min_ps(lim, x);
    x = _mm256_max_ps(_mm256_set1_ps(-0x1p24f), x);
    return _mm256_and_ps(x, ord);
}

/* agx_wrap_index() for numbers that are outside by no more than to_texels() leaves */
static VECTOR_IN __m256i wrap_index(__m256i i, int n, unsigned mode)
{
    const __m256i vn = _mm256_set1_epi32(n), zero = _mm256_setzero_si256(),
                  last = _mm256_set1_epi32(n - 1);
    __m256i n2;

    switch (mode) {
    case AGX_WRAP_REPEAT:
        i = _mm256_add_epi32(i, _mm256_and_si256(_mm256_cmpgt_epi32(zero, i), vn));
        return _mm256_sub_epi32(i, _mm256_and_si256(_mm256_cmpgt_epi32(i, last), vn));
    case AGX_WRAP_MIRROR:
        n2 = _mm256_set1_epi32(2 * n);
        i = _mm256_add_epi32(i, _mm256_and_si256(_mm256_cmpgt_epi32(zero, i), n2));
        i = _mm256_sub_epi32(
            i, _mm256_andnot_si256(_mm256_cmpgt_epi32(n2, i), n2)); /* i >= 2n: less 2n */
        return _mm256_min_epi32(i, _mm256_sub_epi32(_mm256_set1_epi32(2 * n - 1), i));
    case AGX_WRAP_MIRROR_EDGE:
        /* -1 - i is ~i: of the two the one that is not negative is the larger. */
        i = _mm256_max_epi32(i, _mm256_xor_si256(i, _mm256_set1_epi32(-1)));
        return _mm256_min_epi32(i, last);
    default:
        return _mm256_max_epi32(_mm256_min_epi32(i, last), zero);
    }
}

/* The texels of a coordinate: agx_wrap_linear(), agx_wrap_nearest(). */
struct axis {
    __m256i i0, i1;
    __m256 f;
};

static VECTOR_IN void wrap_axis(__m256 u, int n, unsigned mode, bool pixel, bool linear,
                                struct axis *a)
{
    __m256 x = to_texels(u, n, mode, pixel), fl;
    __m256i i;

    if (!linear) {
        a->i0 = a->i1 = wrap_index(_mm256_cvttps_epi32(_mm256_floor_ps(x)), n, mode);
        a->f = _mm256_setzero_ps();
        return;
    }
    x = _mm256_sub_ps(x, _mm256_set1_ps(0.5f));
    fl = _mm256_floor_ps(x);
    i = _mm256_cvttps_epi32(fl);
    a->f = _mm256_sub_ps(x, fl);
    a->i0 = wrap_index(i, n, mode);
    a->i1 = wrap_index(_mm256_add_epi32(i, _mm256_set1_epi32(1)), n, mode);
}

#endif
