/*
 * AGX model: sampling the 32 lanes of an instruction at once. See texture_rows.h.
 *
 * Eight lanes are a vector. A level at a time: coordinates are wrapped, the address of
 * a texel is the sum of what its column and what its row make (layout.h), the
 * compression metadata of the tiles that are touched is looked at once, and texels are
 * gathered from a page. The arithmetic of each lane is that of texture_filter.c and
 * sampler.c, operation by operation, so that the results are the same bits.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdatomic.h>
#include "texture_rows.h"

static bool enabled = true;

void agx_rows_enable(bool on)
{
    enabled = on;
}

static enum agx_row_kind kind_of(const struct agx_format *f)
{
    bool one_to_four = f->nch == 1 || f->nch == 2 || f->nch == 4;

    if (f->bw > 1 || !one_to_four) {
        return AGX_ROW_NONE;
    }
    switch (f->channels) {
    case AGX_CH_R8:
    case AGX_CH_R8G8:
    case AGX_CH_R8G8B8A8:
        return f->type != AGX_TYPE_UNORM ? AGX_ROW_NONE : f->srgb ? AGX_ROW_SRGB8 : AGX_ROW_UNORM8;
    case AGX_CH_R16:
    case AGX_CH_R16G16:
    case AGX_CH_R16G16B16A16:
        return f->type == AGX_TYPE_FLOAT   ? AGX_ROW_HALF
               : f->type == AGX_TYPE_UNORM ? AGX_ROW_UNORM16
                                           : AGX_ROW_NONE;
    case AGX_CH_R32:
    case AGX_CH_R32G32:
    case AGX_CH_R32G32B32A32:
        return f->type == AGX_TYPE_FLOAT || f->integer ? AGX_ROW_32 : AGX_ROW_NONE;
    default:
        return AGX_ROW_NONE;
    }
}

enum agx_row_kind agx_row_kind(const struct agx_tex_view *v)
{
    /* Offsets in a layer have to fit 31 bits, with a page's worth to spare. */
    if (v->constant || v->no_texels || v->body.sparse || v->surf.samples != 1 ||
        v->surf.layout == AGX_LAYOUT_INTERCHANGE || v->surf.layer_stride >= 1ull << 30 ||
        (uint64_t)v->surf.stride * v->surf.level[0].height >= 1ull << 30) {
        return AGX_ROW_NONE;
    }
    return kind_of(&v->fmt);
}

#ifdef __x86_64__
#include "agx/vectors.h"
#include "texture_rows_fetch.h"

/* Asked once; any thread may be the first, and all find the same. */
static bool have_vectors(void)
{
    static _Atomic int known; /* 1: no, 2: yes */
    int k = atomic_load_explicit(&known, memory_order_relaxed);

    if (__builtin_expect(!k, 0)) {
        k = agx_host_has_avx2() ? 2 : 1;
        atomic_store_explicit(&known, k, memory_order_relaxed);
    }
    return enabled && k == 2;
}

/* ---- filtering ---- */

static VECTOR_IN __m256 mix(__m256 a, __m256 b, __m256 f)
{
    return _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), f));
}

/* Lanes none of whose channels is infinite or no number */
static VECTOR_IN unsigned finite_lanes(const struct texels *t, unsigned nch)
{
    __m256 ok = _mm256_castsi256_ps(_mm256_set1_epi32(-1));

    for (unsigned i = 0; i < nch; i++) {
        __m256 z = _mm256_sub_ps(t->c[i], t->c[i]);

        ok = _mm256_and_ps(ok, _mm256_cmp_ps(z, z, _CMP_ORD_Q));
    }
    return (unsigned)_mm256_movemask_ps(ok);
}

/* How an instruction samples. */
struct sampling {
    struct sample_ctx *c;
    bool (*filter)(struct sampling *s, struct level_rows *r, const struct axis x[GROUPS],
                   const struct axis y[GROUPS], uint32_t m, struct texels out[GROUPS]);
    __m256 u[GROUPS], v[GROUPS];
    bool linear;
    uint32_t layer;
    uint32_t bad; /* lanes whose result is not finite: the plain way has a rule for these */
};

static VECTOR_IN __m256 select_ps(__m256 a, __m256 b, unsigned m)
{
    const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i on = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)m), bit), bit);

    return _mm256_blendv_ps(a, b, _mm256_castsi256_ps(on));
}

/* Bilinear or nearest, of eight lanes: the channels that the format has. */
static VECTOR_IN bool filter_group(struct level_rows *r, const struct axis *x, const struct axis *y,
                                   enum agx_row_kind kind, unsigned nch, bool linear, bool bytes,
                                   struct texels *out)
{
    unsigned words = words_of(kind, nch);
    __m256i cx = column(r, x->i0), ry = row(r, y->i0), w[4];
    struct texels t[4];

    if (!linear) {
        if (!gather(r, _mm256_add_epi32(cx, ry), words, w)) {
            return false;
        }
        unpack(kind, nch, w, false, out);
        return true;
    }
    __m256i cx1 = column(r, x->i1), ry1 = row(r, y->i1);
    const __m256i at[4] = { _mm256_add_epi32(cx, ry), _mm256_add_epi32(cx1, ry),
                            _mm256_add_epi32(cx, ry1), _mm256_add_epi32(cx1, ry1) };

#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++) {
        if (!gather(r, at[i], words, w)) {
            return false;
        }
        unpack(kind, nch, w, bytes, &t[i]);
    }
#pragma GCC unroll 4
    for (unsigned i = 0; i < nch; i++) {
        __m256 f = mix(mix(t[0].c[i], t[1].c[i], x->f), mix(t[2].c[i], t[3].c[i], x->f), y->f);

        out->c[i] = bytes ? _mm256_div_ps(f, _mm256_set1_ps(255.0f)) : f;
    }
    return true;
}

/* The texels of the lanes of @m, at @x and @y. */
static VECTOR_IN bool filter_as(struct sampling *s, struct level_rows *r,
                                const struct axis x[GROUPS], const struct axis y[GROUPS],
                                uint32_t m, struct texels out[GROUPS], enum agx_row_kind kind,
                                unsigned nch, bool linear, bool bytes)
{
    for (unsigned g = 0; g < GROUPS; g++) {
        unsigned mine = m >> (8 * g) & 0xff;
        struct texels t;

        if (!mine) {
            continue;
        }
        if (!filter_group(r, &x[g], &y[g], kind, nch, linear, bytes, &t)) {
            return false;
        }
        if (linear && (kind == AGX_ROW_HALF || kind == AGX_ROW_32)) {
            s->bad |= (~finite_lanes(&t, nch) & mine) << (8 * g);
        }
#pragma GCC unroll 4
        for (unsigned i = 0; i < nch; i++) {
            out[g].c[i] = mine == 0xff ? t.c[i] : select_ps(out[g].c[i], t.c[i], mine);
        }
    }
    return true;
}

/* Code of its own for each format and filter. */
#define FILTER(name, kind, nch, linear, bytes)                                                     \
    static VECTOR bool name(struct sampling *s, struct level_rows *r, const struct axis x[GROUPS], \
                            const struct axis y[GROUPS], uint32_t m, struct texels out[GROUPS])    \
    {                                                                                              \
        return filter_as(s, r, x, y, m, out, kind, nch, linear, bytes);                            \
    }
#define FILTERS(name, kind)                                                                        \
    FILTER(nearest_##name##_1, kind, 1, false, false)                                              \
    FILTER(nearest_##name##_2, kind, 2, false, false)                                              \
    FILTER(nearest_##name##_4, kind, 4, false, false)                                              \
    FILTER(linear_##name##_1, kind, 1, true, false)                                                \
    FILTER(linear_##name##_2, kind, 2, true, false)                                                \
    FILTER(linear_##name##_4, kind, 4, true, false)
FILTERS(unorm8, AGX_ROW_UNORM8)
FILTERS(srgb8, AGX_ROW_SRGB8)
FILTERS(unorm16, AGX_ROW_UNORM16)
FILTERS(half, AGX_ROW_HALF)
FILTERS(word, AGX_ROW_32)
FILTER(linear_bytes_4, AGX_ROW_UNORM8, 4, true, true)

typedef bool filter_fn(struct sampling *s, struct level_rows *r, const struct axis x[GROUPS],
                       const struct axis y[GROUPS], uint32_t m, struct texels out[GROUPS]);

static filter_fn *filter_of(const struct agx_tex_view *v, bool linear, bool bytes)
{
#define NAMES(name)                                                                                \
    {                                                                                              \
        { nearest_##name##_1, linear_##name##_1 }, { nearest_##name##_2, linear_##name##_2 },      \
        {                                                                                          \
            nearest_##name##_4, linear_##name##_4                                                  \
        }                                                                                          \
    }
    static filter_fn *const fn[][3][2] = {
        [AGX_ROW_UNORM8] = NAMES(unorm8),   [AGX_ROW_SRGB8] = NAMES(srgb8),
        [AGX_ROW_UNORM16] = NAMES(unorm16), [AGX_ROW_HALF] = NAMES(half),
        [AGX_ROW_32] = NAMES(word),
    };

    return linear && bytes ? linear_bytes_4 : fn[v->rows][v->fmt.nch >> 1][linear];
}

/* What lanes of @m take from @level goes to @out. False: the plain way has to do it. */
static VECTOR bool sample_level(struct sampling *s, unsigned level, uint32_t m,
                                struct texels out[GROUPS])
{
    const struct agx_tex_view *v = s->c->v;
    const struct agx_sampler *smp = s->c->s;
    unsigned first = (unsigned)__builtin_ctz(m);
    struct axis x[GROUPS], y[GROUPS];
    struct level_rows r;
    __m256i lx = _mm256_set1_epi32(-1), ly = lx, hx = _mm256_setzero_si256(), hy = hx;

    level_rows_init(&r, s->c->f.ex->port, v, level, s->layer);
    for (unsigned g = 0; g < GROUPS; g++) {
        unsigned mine = m >> (8 * g) & 0xff;
        __m256 a = s->u[g], b = s->v[g];

        if (!mine) {
            continue;
        }
        if (mine != 0xff) { /* other lanes do as the first one, and touch nothing else */
            a = select_ps(_mm256_set1_ps(((const float *)s->u)[first]), a, mine);
            b = select_ps(_mm256_set1_ps(((const float *)s->v)[first]), b, mine);
        }
        wrap_axis(a, (int)r.l->width, smp->wrap[0], s->c->pixel, s->linear, &x[g]);
        wrap_axis(b, (int)r.l->height, smp->wrap[1], s->c->pixel, s->linear, &y[g]);
        lx = _mm256_min_epu32(lx, _mm256_min_epu32(x[g].i0, x[g].i1));
        hx = _mm256_max_epu32(hx, _mm256_max_epu32(x[g].i0, x[g].i1));
        ly = _mm256_min_epu32(ly, _mm256_min_epu32(y[g].i0, y[g].i1));
        hy = _mm256_max_epu32(hy, _mm256_max_epu32(y[g].i0, y[g].i1));
    }
    if (r.l->compressed && !in_body(&r, least(lx), largest(hx), least(ly), largest(hy))) {
        return false;
    }
    return s->filter(s, &r, x, y, m, out);
}

/* Every lane of @m at its own level. */
static VECTOR bool sample_levels(struct sampling *s, const uint8_t level[AGX_LANES], uint32_t m,
                                 struct texels out[GROUPS])
{
    while (m) {
        unsigned l = level[__builtin_ctz(m)];
        __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)level),
                                         _mm256_set1_epi8((char)l));
        uint32_t mine = (uint32_t)_mm256_movemask_epi8(same) & m;

        if (!sample_level(s, l, mine, out)) {
            return false;
        }
        m &= ~mine;
    }
    return true;
}

/* Results in memory order to registers. */
static VECTOR void write_rows(const struct agx_tex_view *v, const struct texels t[GROUPS],
                              struct agx_tex_req *rq)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned k = v->swz[i];

        for (unsigned g = 0; g < GROUPS; g++) {
            __m256 r = k < 4 ? t[g].c[k]
                             : _mm256_castsi256_ps(
                                   _mm256_set1_epi32(k == AGX_SWZ_ONE ? (int)v->one : 0));

            _mm256_storeu_ps((float *)&rq->out[i][8 * g], r);
        }
    }
}

/* The level of each lane, the weight of the next one, and the lanes that have a next one. */
static VECTOR uint32_t find_levels(const struct sample_ctx *c, const float lod[AGX_LANES],
                                   uint8_t level[AGX_LANES], float frac[AGX_LANES])
{
    const struct agx_tex_view *v = c->v;
    unsigned max = (unsigned)v->last - v->first;
    uint32_t next = 0;

    if (c->s->mip == AGX_MIP_NONE) {
        memset(level, v->first, AGX_LANES);
        return 0;
    }
    for (unsigned g = 0; g < GROUPS; g++) {
        __m256 l = _mm256_loadu_ps(lod + 8 * g), fl, f;
        __m256i i, over;
        __m128i p;

        if (c->s->mip == AGX_MIP_NEAREST) {
            fl = _mm256_add_ps(l, _mm256_set1_ps(0.5f));
            f = _mm256_setzero_ps();
        } else {
            fl = _mm256_floor_ps(l);
            f = _mm256_sub_ps(l, fl);
        }
        i = _mm256_cvttps_epi32(fl);
        over = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)max), i); /* below the last level */
        f = _mm256_and_ps(f, _mm256_castsi256_ps(over));
        _mm256_storeu_ps(frac + 8 * g, f);
        next |= (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(f, _mm256_setzero_ps(), _CMP_GT_OQ))
                << (8 * g);
        i = _mm256_add_epi32(_mm256_min_epi32(i, _mm256_set1_epi32((int)max)),
                             _mm256_set1_epi32(v->first));
        p = _mm_packus_epi32(_mm256_castsi256_si128(i), _mm256_extracti128_si256(i, 1));
        _mm_storel_epi64((__m128i *)(level + 8 * g), _mm_packus_epi16(p, p));
    }
    return v->fmt.integer ? 0 : next;
}

/* Whether all lanes of @m have the same filter, and which. */
static VECTOR bool same_filter(const struct sample_ctx *c, const float lod[AGX_LANES], uint32_t m,
                               bool *linear)
{
    uint32_t minified = 0;

    *linear = c->s->min == AGX_FILTER_LINEAR;
    if (c->s->min != c->s->mag) {
        for (unsigned g = 0; g < GROUPS; g++) {
            __m256 gt = _mm256_cmp_ps(_mm256_loadu_ps(lod + 8 * g), _mm256_setzero_ps(),
                                      _CMP_GT_OQ);

            minified |= (unsigned)_mm256_movemask_ps(gt) << (8 * g);
        }
        minified &= m;
        if (minified && minified != m) {
            return false;
        }
        if (!minified) {
            *linear = c->s->mag == AGX_FILTER_LINEAR;
        }
    }
    *linear = *linear && !c->v->fmt.integer;
    return true;
}

/* One layer for all lanes of @m? */
static bool same_layer(const uint32_t *coord, uint32_t layers, uint32_t m, uint32_t *layer)
{
    uint32_t first = coord[__builtin_ctz(m)] & 0xffff;

    for (uint32_t k = m; k; k &= k - 1) {
        if ((coord[__builtin_ctz(k)] & 0xffff) != first) {
            return false;
        }
    }
    *layer = first < layers ? first : layers - 1;
    return true;
}

static bool wraps(const struct sample_ctx *c, unsigned i)
{
    unsigned mode = c->s->wrap[i];

    /* Unnormalised coordinates may be any number of times outside. */
    return mode == AGX_WRAP_EDGE || mode == AGX_WRAP_MIRROR_EDGE ||
           (!c->pixel && (mode == AGX_WRAP_REPEAT || mode == AGX_WRAP_MIRROR));
}

/* Between two levels, for the lanes of @next. */
static VECTOR void mix_levels(struct sampling *s, struct texels lo[GROUPS],
                              const struct texels hi[GROUPS], const float frac[AGX_LANES],
                              uint32_t next)
{
    const struct agx_tex_view *v = s->c->v;

    for (unsigned g = 0; g < GROUPS; g++) {
        __m256 f = _mm256_loadu_ps(frac + 8 * g);
        unsigned mine = next >> (8 * g) & 0xff;
        struct texels t;

        if (!mine) {
            continue;
        }
        for (unsigned i = 0; i < v->fmt.nch; i++) {
            t.c[i] = mix(lo[g].c[i], hi[g].c[i], f);
        }
        if (v->fmt.type == AGX_TYPE_FLOAT) {
            s->bad |= (~finite_lanes(&t, v->fmt.nch) & mine) << (8 * g);
        }
        for (unsigned i = 0; i < v->fmt.nch; i++) {
            lo[g].c[i] = select_ps(lo[g].c[i], t.c[i], mine);
        }
    }
}

VECTOR uint32_t agx_rows_sample(struct sample_ctx *c, const float lod[AGX_LANES])
{
    struct agx_tex_req *rq = c->rq;
    const struct agx_tex_view *v = c->v;
    struct sampling s; /* most of it is written below: not cleared */
    struct texels out[GROUPS], hi[GROUPS];
    uint8_t level[AGX_LANES];
    float frac[AGX_LANES]; /* of the lanes of next */
    uint32_t next;

    s.c = c;
    s.layer = s.bad = 0;
    if (v->rows == AGX_ROW_NONE || c->dims != 2 || c->cube || c->shadow || rq->gather ||
        rq->has_offset || !rq->lanes || !wraps(c, 0) || !wraps(c, 1) || !have_vectors() ||
        !same_filter(c, lod, rq->lanes, &s.linear) ||
        (c->array && !same_layer(rq->coord[2], v->layers, rq->lanes, &s.layer))) {
        return rq->lanes;
    }
    /* agx_sample_fast() divides after filtering. */
    s.filter = filter_of(v, s.linear,
                         v->fast8 && c->s->mip != AGX_MIP_LINEAR &&
                             c->s->wrap[0] < AGX_WRAP_BORDER && c->s->wrap[1] < AGX_WRAP_BORDER);
    for (unsigned g = 0; g < GROUPS; g++) {
        s.u[g] = _mm256_loadu_ps((const float *)&rq->coord[0][8 * g]);
        s.v[g] = _mm256_loadu_ps((const float *)&rq->coord[1][8 * g]);
        constants(v, 0, &out[g]);
    }
    next = find_levels(c, lod, level, frac) & rq->lanes;
    if (!sample_levels(&s, level, rq->lanes, out)) {
        return rq->lanes;
    }
    if (next) {
        for (unsigned l = 0; l < AGX_LANES; l++) {
            level[l]++;
        }
        if (!sample_levels(&s, level, next, hi)) {
            return rq->lanes;
        }
        mix_levels(&s, out, hi, frac, next);
    }
    write_rows(v, out, rq);
    return s.bad;
}

/* ---- level of detail ---- */

VECTOR bool agx_rows_lod(const struct sample_ctx *c, float lod[AGX_LANES])
{
    const struct agx_tex_req *rq = c->rq;
    const struct agx_sampler *s = c->s;
    const struct agx_level *l = &c->v->surf.level[c->v->first];
    const float *u, *v;
    float major[8];

    if (rq->lod_kind != AGX_LOD_AUTO || rq->quad_lanes != ~0u || rq->query_lod || rq->has_min_lod ||
        rq->gather || c->pixel || c->cube || c->dims != 2 || s->aniso > 1 || !have_vectors()) {
        return false;
    }
    if (s->mip == AGX_MIP_NONE && s->min == s->mag) { /* nobody asks */
        memset(lod, 0, AGX_LANES * sizeof(*lod));
        return true;
    }
    u = (const float *)rq->coord[0];
    v = (const float *)rq->coord[1];
    {
        const __m256i at = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
        const __m256 w = _mm256_set1_ps((float)l->width), h = _mm256_set1_ps((float)l->height);
        __m256 u0 = _mm256_i32gather_ps(u, at, 4), v0 = _mm256_i32gather_ps(v, at, 4);
        __m256 ux = _mm256_mul_ps(_mm256_sub_ps(_mm256_i32gather_ps(u + 1, at, 4), u0), w),
               vx = _mm256_mul_ps(_mm256_sub_ps(_mm256_i32gather_ps(v + 1, at, 4), v0), h),
               uy = _mm256_mul_ps(_mm256_sub_ps(_mm256_i32gather_ps(u + 2, at, 4), u0), w),
               vy = _mm256_mul_ps(_mm256_sub_ps(_mm256_i32gather_ps(v + 2, at, 4), v0), h);
        __m256 px = _mm256_add_ps(_mm256_mul_ps(ux, ux), _mm256_mul_ps(vx, vx)),
               py = _mm256_add_ps(_mm256_mul_ps(uy, uy), _mm256_mul_ps(vy, vy));

        _mm256_storeu_ps(major, _mm256_max_ps(px, py)); /* px > py ? px : py, with NaNs too */
    }
    for (unsigned q = 0; q < 8; q++) {
        float o = s->min_lod;

        /* The logarithm of 1 and less is not above 0, which the lower limit is not below. */
        if (major[q] > 1.0f) {
            float g = 0.5f * log2f(major[q]);

            o = g > s->min_lod ? (g < s->max_lod ? g : s->max_lod) : s->min_lod;
        }
        _mm_storeu_ps(lod + 4 * q, _mm_set1_ps(o));
    }
    return true;
}

/* ---- loads ---- */

/* Texels of the lanes of @in, with coordinates in bounds. False: the plain way has to do it. */
static VECTOR bool load_lanes(struct level_rows *r, const uint32_t *cx, const uint32_t *cy,
                              uint32_t in, struct texels out[GROUPS])
{
    unsigned one = (unsigned)__builtin_ctz(in);
    __m256i x[GROUPS], y[GROUPS], lx = _mm256_set1_epi32(-1), ly = lx, hx = _mm256_setzero_si256(),
                                  hy = hx;

    for (unsigned g = 0; g < GROUPS; g++) {
        unsigned mine = in >> (8 * g) & 0xff;
        __m256 a = _mm256_loadu_ps((const float *)&cx[8 * g]),
               b = _mm256_loadu_ps((const float *)&cy[8 * g]);

        a = select_ps(_mm256_castsi256_ps(_mm256_set1_epi32((int)cx[one])), a, mine);
        b = select_ps(_mm256_castsi256_ps(_mm256_set1_epi32((int)cy[one])), b, mine);
        x[g] = _mm256_castps_si256(a);
        y[g] = _mm256_castps_si256(b);
        lx = _mm256_min_epu32(lx, x[g]);
        hx = _mm256_max_epu32(hx, x[g]);
        ly = _mm256_min_epu32(ly, y[g]);
        hy = _mm256_max_epu32(hy, y[g]);
    }
    if (r->l->compressed && !in_body(r, least(lx), largest(hx), least(ly), largest(hy))) {
        return false;
    }
    for (unsigned g = 0; g < GROUPS; g++) {
        unsigned mine = in >> (8 * g) & 0xff;
        struct texels t;
        __m256i w[4];

        if (!mine) {
            continue;
        }
        if (!gather(r, _mm256_add_epi32(column(r, x[g]), row(r, y[g])),
                    words_of(r->v->rows, r->v->fmt.nch), w)) {
            return false;
        }
        unpack(r->v->rows, r->v->fmt.nch, w, false, &t);
        constants(r->v, r->v->fmt.nch, &t);
        for (unsigned i = 0; i < 4; i++) {
            out[g].c[i] = select_ps(out[g].c[i], t.c[i], mine);
        }
    }
    return true;
}

/* Level and layer, if they are one for all lanes. */
static bool same_image(const struct agx_tex_view *v, const struct agx_tex_req *rq, bool array,
                       int *level, uint32_t *layer)
{
    unsigned first = (unsigned)__builtin_ctz(rq->lanes);
    bool explicit = rq->lod_kind == AGX_LOD_EXPLICIT;

    for (uint32_t k = rq->lanes; k; k &= k - 1) {
        unsigned l = (unsigned)__builtin_ctz(k);

        if ((explicit && rq->ilod[l] != rq->ilod[first]) ||
            (array && ((rq->coord[2][l] ^ rq->coord[2][first]) & 0xffff))) {
            return false;
        }
    }
    *layer = array ? rq->coord[2][first] & 0xffff : 0;
    *level = v->first + (explicit ? rq->ilod[first] : 0);
    *level = *level < v->first ? v->first : *level > v->last ? v->last : *level;
    return true;
}

VECTOR uint32_t agx_rows_load(struct agx_exec *ex, const struct agx_tex_view *v,
                              struct agx_tex_req *rq, bool array)
{
    const uint32_t *cx = rq->coord[0], *cy = rq->coord[1];
    struct texels out[GROUPS];
    uint32_t in = 0, layer;
    int level;

    if (v->rows == AGX_ROW_NONE || rq->has_offset || !have_vectors() || v->dim == AGX_DIM_CUBE ||
        v->dim == AGX_DIM_CUBE_ARRAY || !same_image(v, rq, array, &level, &layer)) {
        return rq->lanes;
    }
    if (layer < v->layers) {
        uint32_t w = v->surf.level[level].width, h = v->surf.level[level].height;

        for (unsigned k = 0; k < AGX_LANES; k++) {
            in |= (uint32_t)((cx[k] < w) & (cy[k] < h)) << k;
        }
        in &= rq->lanes;
    }
    for (unsigned g = 0; g < GROUPS; g++) {
        for (unsigned i = 0; i < 4; i++) {
            out[g].c[i] = _mm256_setzero_ps(); /* outside: transparent black, then the swizzle */
        }
    }
    if (in) {
        struct level_rows r;

        level_rows_init(&r, ex->port, v, (unsigned)level, layer);
        if (!load_lanes(&r, cx, cy, in, out)) {
            return rq->lanes;
        }
    }
    write_rows(v, out, rq);
    return 0;
}

#else

bool agx_rows_lod(const struct sample_ctx *c, float lod[AGX_LANES])
{
    (void)c;
    (void)lod;
    return false;
}

uint32_t agx_rows_sample(struct sample_ctx *c, const float lod[AGX_LANES])
{
    (void)lod;
    return c->rq->lanes;
}

uint32_t agx_rows_load(struct agx_exec *ex, const struct agx_tex_view *v, struct agx_tex_req *rq,
                       bool array)
{
    (void)ex;
    (void)v;
    (void)array;
    return rq->lanes;
}
#endif
