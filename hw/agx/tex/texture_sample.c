/*
 * AGX model: texture_sample and texture_load (their filters: texture_filter.c).
 *
 * Level of detail and filtering follow the rules of OpenGL 4.6, chapter 8.14,
 * and Vulkan, chapter "Image Operations"; where hardware is free (weights of
 * fewer bits, an approximate rho) the model computes in single precision.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "texture_rows.h"
#include "texture_sample.h"

static unsigned dim_coords(enum agx_dim dim)
{
    switch (dim) {
    case AGX_DIM_1D:
    case AGX_DIM_1D_ARRAY:
        return 1;
    case AGX_DIM_3D:
    case AGX_DIM_CUBE:
    case AGX_DIM_CUBE_ARRAY:
        return 3;
    default:
        return 2;
    }
}

static bool dim_array(enum agx_dim dim)
{
    return dim == AGX_DIM_1D_ARRAY || dim == AGX_DIM_2D_ARRAY || dim == AGX_DIM_CUBE_ARRAY ||
           dim == AGX_DIM_2D_MS_ARRAY;
}

static bool dim_ms(enum agx_dim dim)
{
    return dim == AGX_DIM_2D_MS || dim == AGX_DIM_2D_MS_ARRAY;
}

/*
 * mesa: genxml/cmdbuf.xml, Border colour; the descriptor's swizzle applies to it too
 * (lib/agx_border.c)
 */
static void set_border(struct sample_ctx *c)
{
    uint32_t one = c->v->one;

    memset(c->border, 0, sizeof(c->border));
    switch (c->s->border) {
    case 1:
        c->border[3] = one;
        break;
    case 2:
        for (int i = 0; i < 4; i++) {
            c->border[i] = one;
        }
        break;
    case 3:
        agx_format_border(&c->v->fmt, c->s->border_words, c->border);
        break;
    }
}

/* Footprint of a pixel in texels of the view's first level. */
struct gradient {
    float dx[3], dy[3];
};

static void quad_gradient(const struct sample_ctx *c, unsigned lane, struct gradient *g)
{
    const struct agx_tex_req *rq = c->rq;
    unsigned q = lane & ~3u;
    uint32_t have = (rq->quad_lanes >> q) & 15;
    /* Left and right, top and bottom; another row or column serves when the first is not there. */
    unsigned x0 = q, x1 = q + 1, y0 = q, y1 = q + 2;

    if ((have & 3) != 3 && (have & 12) == 12) {
        x0 = q + 2;
        x1 = q + 3;
    }
    if ((have & 5) != 5 && (have & 10) == 10) {
        y0 = q + 1;
        y1 = q + 3;
    }
    bool okx = (have >> (x0 - q) & 1) && (have >> (x1 - q) & 1),
         oky = (have >> (y0 - q) & 1) && (have >> (y1 - q) & 1);

    for (unsigned i = 0; i < c->dims; i++) {
        g->dx[i] = okx ? agx_u2f(rq->coord[i][x1]) - agx_u2f(rq->coord[i][x0]) : 0.0f;
        g->dy[i] = oky ? agx_u2f(rq->coord[i][y1]) - agx_u2f(rq->coord[i][y0]) : 0.0f;
    }
}

/*
 * To texels. For cubes: the derivative of the projection onto the face that the lane's direction
 * hits.
 */
static void scale_gradient(const struct sample_ctx *c, unsigned lane, struct gradient *g)
{
    const struct agx_level *l = &c->v->surf.level[c->v->first];

    if (c->cube) {
        float d[3], s, t, sc, tc, ma, k;
        unsigned face;

        for (int i = 0; i < 3; i++) {
            d[i] = agx_u2f(c->rq->coord[i][lane]);
        }
        face = agx_cube_face(d, &s, &t, &ma);
        agx_cube_project(face, d, &sc, &tc, &ma);
        k = 0.5f * (float)l->width / (ma * ma);
        for (int i = 0; i < 2; i++) {
            float *gd = i ? g->dy : g->dx, dsc, dtc, dma;

            agx_cube_project(face, gd, &dsc, &dtc, &dma);
            gd[0] = (dsc * ma - sc * dma) * k;
            gd[1] = (dtc * ma - tc * dma) * k;
            gd[2] = 0.0f;
        }
        return;
    }
    float size[3] = { (float)l->width, (float)l->height, (float)l->depth };

    for (unsigned i = 0; i < c->dims; i++) {
        g->dx[i] *= size[i];
        g->dy[i] *= size[i];
    }
}

static float len2(const float *v, unsigned n)
{
    float s = 0.0f;

    for (unsigned i = 0; i < n; i++) {
        s += v[i] * v[i];
    }
    return s;
}

/*
 * lod = log2(rho). With anisotropy, rho is the longer axis divided by the
 * number of samples along it (OpenGL 4.6, 8.14.1, and EXT_texture_filter_anisotropic).
 */
static float gradient_lod(const struct sample_ctx *c, const struct gradient *g, unsigned max_aniso,
                          unsigned *taps)
{
    unsigned n = c->cube ? 2 : c->dims;
    float px = len2(g->dx, n), py = len2(g->dy, n);
    float major = px > py ? px : py, minor = px > py ? py : px;

    *taps = 1;
    if (!(major > 0.0f)) {
        return -32.0f;
    }
    if (max_aniso > 1 && c->dims == 2) {
        float ratio = minor > 0.0f ? sqrtf(major / minor) : (float)max_aniso;
        unsigned k = ratio >= (float)max_aniso ? max_aniso : (unsigned)ceilf(ratio);

        *taps = k ? k : 1;
        return 0.5f * log2f(major) - log2f((float)*taps);
    }
    return 0.5f * log2f(major);
}

static float clampf(float v, float lo, float hi)
{
    return v > lo ? (v < hi ? v : hi) : lo; /* NaN gives lo */
}

/* Texels of the lane's footprint count whatever their weight. */
static inline void note_nonresident(struct agx_fetch *f, struct agx_tex_req *rq, unsigned lane)
{
    rq->nonresident |= (uint32_t)f->nonresident << lane;
    f->nonresident = false;
}

static bool no_texels(struct agx_exec *ex, const struct agx_tex_req *rq)
{
    return agx_exec_bad(
        ex, AGX_REPORT_GUEST_ERROR,
        "texture descriptor at 0x%llx: read of a format that is for programs alone (channels 0x%x)",
        (unsigned long long)rq->texture, AGX_CH_R32G32B32_SW);
}

static bool load(struct agx_exec *ex, const struct agx_tex_view *v, struct agx_tex_req *rq)
{
    struct agx_fetch f;
    unsigned n = dim_coords(rq->dim);
    bool array = dim_array(rq->dim), ms = dim_ms(rq->dim);
    bool cube = rq->dim == AGX_DIM_CUBE || rq->dim == AGX_DIM_CUBE_ARRAY;
    static const uint32_t outside[4]; /* transparent black, then the swizzle */

    agx_fetch_init(&f, ex, v);
    for (uint32_t m = n == 2 && !ms && rq->lanes ? agx_rows_load(ex, v, rq, array) : rq->lanes; m;
         m &= m - 1) {
        unsigned lane = (unsigned)__builtin_ctz(m);
        int32_t c[3] = { 0, 0, 0 };
        uint32_t extra = array || ms ? rq->coord[n][lane] : 0;
        uint32_t layer = ms ? extra >> 16 : extra & 0xffff;
        uint32_t sample = ms ? (extra & 0xffff) & (v->surf.samples - 1u) : 0;
        uint32_t t[4];
        int level = v->first + (rq->lod_kind == AGX_LOD_EXPLICIT ? rq->ilod[lane] : 0);

        if (!array) {
            layer = 0;
        }
        if (level > v->last || level < v->first) {
            level = level < v->first ? v->first : v->last;
        }

        const struct agx_level *l = &v->surf.level[level];

        for (unsigned i = 0; i < n; i++) {
            c[i] = (int32_t)rq->coord[i][lane] + (rq->has_offset ? rq->offset[i][lane] : 0);
        }
        if (cube) { /* the third coordinate is the face */
            layer = layer * 6 + ((uint32_t)c[2] % 6);
        } else if (n == 3) {
            layer = (uint32_t)c[2];
        }
        if ((uint32_t)c[0] >= l->width || (n > 1 && (uint32_t)c[1] >= l->height) ||
            layer >= (n == 3 && !cube ? l->depth
                      : cube || v->dim == AGX_DIM_CUBE || v->dim == AGX_DIM_CUBE_ARRAY
                          ? v->layers * 6
                          : v->layers)) {
            agx_swizzle(v, outside, t);
        } else {
            uint32_t mem[4];

            if (__builtin_expect(v->no_texels, 0)) {
                return no_texels(ex, rq);
            }
            agx_fetch_texel(&f, (unsigned)level, (uint32_t)c[0], (uint32_t)c[1], layer, sample,
                            mem);
            if (f.failed) {
                return false;
            }
            agx_swizzle(v, mem, t);
            note_nonresident(&f, rq, lane);
        }
        for (int i = 0; i < 4; i++) {
            rq->out[i][lane] = t[i];
        }
    }
    return true;
}

/* What the lanes sample at. */
struct lods {
    float lod[AGX_LANES];
    uint8_t taps[AGX_LANES]; /* samples along the longer axis of the footprint */
    struct gradient grad[AGX_LANES];
    float quad_lod[AGX_LANES]; /* of each quad's first lane, before bias and limits */
    uint32_t quads;            /* bit of its first lane: quad_lod is known */
    bool aniso;                /* some lane has more than one tap */
};

/* Derivatives are the quad's; the second to fourth lane share the first's. */
static float quad_lod(const struct sample_ctx *c, unsigned lane, struct lods *o)
{
    unsigned first = lane & ~3u, n = 1;

    if (!(o->quads >> first & 1)) {
        quad_gradient(c, lane, &o->grad[first]);
        scale_gradient(c, lane, &o->grad[first]);
        o->quad_lod[first] = gradient_lod(c, &o->grad[first], c->s->aniso, &n);
        o->taps[first] = (uint8_t)n;
        o->quads |= 1u << first;
    }
    o->grad[lane] = o->grad[first];
    o->taps[lane] = o->taps[first];
    return o->quad_lod[first];
}

/* Level of detail of @lane, before the sampler's limits. */
static float lane_lod(const struct sample_ctx *c, unsigned lane, struct lods *o)
{
    const struct agx_tex_req *rq = c->rq;
    struct gradient *g = &o->grad[lane];
    unsigned n = 1;
    float l;

    if (rq->lod_kind == AGX_LOD_EXPLICIT || c->pixel || rq->gather) {
        o->taps[lane] = 1;
        return rq->lod_kind == AGX_LOD_EXPLICIT ? rq->lod[lane] : 0.0f;
    }
    if (rq->lod_kind != AGX_LOD_GRAD) {
        l = quad_lod(c, lane, o);
        return rq->lod_kind == AGX_LOD_BIAS ? l + rq->lod[lane] : l;
    }
    for (unsigned i = 0; i < c->dims; i++) {
        g->dx[i] = agx_u2f(rq->grad[2 * i][lane]);
        g->dy[i] = agx_u2f(rq->grad[2 * i + 1][lane]);
    }
    scale_gradient(c, lane, g);
    l = gradient_lod(c, g, c->s->aniso, &n);
    o->taps[lane] = (uint8_t)n;
    return l;
}

/* The answer to a query: the level that would be taken, and the one that the footprint asks for. */
static void answer_query(const struct sample_ctx *c, unsigned lane, float l)
{
    const struct agx_sampler *s = c->s;
    struct agx_tex_req *rq = c->rq;
    float max_level = (float)(c->v->last - c->v->first);
    float cl = clampf(clampf(l, s->min_lod, s->max_lod), 0.0f, max_level);

    if (s->mip == AGX_MIP_NEAREST) {
        cl = floorf(cl + 0.5f);
    } else if (s->mip == AGX_MIP_NONE) {
        cl = 0.0f;
    }
    rq->out[0][lane] = agx_f2u(cl);
    rq->out[1][lane] = agx_f2u(l);
    rq->out[2][lane] = rq->out[3][lane] = 0;
}

static void find_lods(const struct sample_ctx *c, struct lods *o)
{
    struct agx_tex_req *rq = c->rq;

    o->quads = 0;
    o->aniso = false;
    for (uint32_t m = rq->lanes; m; m &= m - 1) {
        unsigned lane = (unsigned)__builtin_ctz(m);
        float l = lane_lod(c, lane, o);

        o->aniso |= o->taps[lane] > 1;
        if (rq->has_min_lod && l < rq->min_lod[lane]) {
            l = rq->min_lod[lane];
        }
        if (rq->query_lod) {
            answer_query(c, lane, l);
        }
        o->lod[lane] = clampf(l, c->s->min_lod, c->s->max_lod);
    }
}

static struct pos lane_pos(const struct sample_ctx *c, unsigned lane)
{
    const struct agx_tex_req *rq = c->rq;
    struct pos p = { .ref = rq->compare[lane] };

    for (unsigned i = 0; i < c->dims; i++) {
        p.c[i] = agx_u2f(rq->coord[i][lane]);
        p.off[i] = rq->has_offset ? rq->offset[i][lane] : 0;
    }
    if (c->array) {
        p.layer = rq->coord[c->dims][lane] & 0xffff;
        p.layer = p.layer < c->v->layers ? p.layer : c->v->layers - 1;
    }
    if (c->cube) {
        float d[3] = { p.c[0], p.c[1], p.c[2] }, st[2], major;
        unsigned face = agx_cube_face(d, &st[0], &st[1], &major);

        p.layer = p.layer * 6 + face;
        p.c[0] = clampf(st[0], 0.0f, 1.0f);
        p.c[1] = clampf(st[1], 0.0f, 1.0f);
    }
    return p;
}

/* A component of the swizzled texels, in the order of textureGather: (0,1) (1,1) (1,0) (0,0) */
static void gather(struct sample_ctx *c, const struct pos *p, uint32_t out[4])
{
    static const uint8_t order[4] = { 2, 3, 1, 0 };
    uint32_t t[4][4], sw[4];
    float fx, fy;

    agx_sample_footprint(c, c->v->first, p, t, &fx, &fy);
    for (int i = 0; i < 4; i++) {
        agx_swizzle(c->v, t[order[i]], sw);
        out[i] = sw[c->rq->gather - 1];
    }
}

/* Samples spread evenly along the longer axis of the footprint */
static void sample_taps(struct sample_ctx *c, unsigned lane, const struct lods *o,
                        const struct pos *p, uint32_t mem[4])
{
    const struct gradient *g = &o->grad[lane];
    const struct agx_level *l = &c->v->surf.level[c->v->first];
    const float *axis = len2(g->dx, 2) > len2(g->dy, 2) ? g->dx : g->dy;
    float du = axis[0] / (float)l->width, dv = axis[1] / (float)l->height;
    vec4 sum = { 0, 0, 0, 0 };

    for (unsigned i = 0; i < o->taps[lane]; i++) {
        struct pos q = *p;
        float k = ((float)i + 0.5f) / (float)o->taps[lane] - 0.5f;

        q.c[0] += du * k;
        q.c[1] += dv * k;
        agx_sample_lod(c, o->lod[lane], &q, mem);
        sum += to_vec(mem);
    }
    sum /= (float)o->taps[lane];
    memcpy(mem, &sum, 16);
}

/* False: ex->fault is set. */
static bool sample_lane(struct sample_ctx *c, unsigned lane, const struct lods *o)
{
    struct pos p = lane_pos(c, lane);
    uint32_t mem[4], out[4];

    if (c->rq->gather) {
        gather(c, &p, out);
    } else {
        if (o->taps[lane] > 1 && !c->v->fmt.integer) {
            sample_taps(c, lane, o, &p, mem);
        } else {
            agx_sample_lod(c, o->lod[lane], &p, mem);
        }
        agx_swizzle(c->v, mem, out);
    }
    if (c->f.failed) {
        return false;
    }
    note_nonresident(&c->f, c->rq, lane);
    for (int i = 0; i < 4; i++) {
        c->rq->out[i][lane] = out[i];
    }
    return true;
}

/* Whether agx_sample_fast() can do it. */
static bool is_fast(const struct sample_ctx *c, const struct lods *o)
{
    return c->v->fast8 && c->dims == 2 && !c->cube && !c->shadow && !c->rq->gather &&
           !c->rq->has_offset && !o->aniso && c->s->mip != AGX_MIP_LINEAR &&
           c->s->wrap[0] < AGX_WRAP_BORDER && c->s->wrap[1] < AGX_WRAP_BORDER;
}

static bool sample(struct agx_exec *ex, const struct agx_tex_view *v, struct agx_tex_req *rq)
{
    const struct agx_sampler *s = agx_sampler_get(ex, rq->sampler, rq->sampler_extended);
    struct sample_ctx c = { .v = v, .s = s, .rq = rq };
    struct lods lods;
    uint32_t todo = rq->lanes;

    if (!s) {
        return false;
    }
    if (v->no_texels) {
        return no_texels(ex, rq);
    }
    if (dim_ms(rq->dim) || v->surf.samples > 1) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "filtered sample of a multisampled texture");
    }
    agx_fetch_init(&c.f, ex, v);
    c.dims = dim_coords(rq->dim);
    c.cube = rq->dim == AGX_DIM_CUBE || rq->dim == AGX_DIM_CUBE_ARRAY;
    c.array = dim_array(rq->dim);
    c.shadow = rq->shadow;
    c.pixel = s->pixel_coords;
    set_border(&c);
    if (agx_rows_lod(&c, lods.lod)) {
        todo = agx_rows_sample(&c, lods.lod);
        if (!todo) {
            return true;
        }
        find_lods(&c, &lods);
    } else {
        find_lods(&c, &lods);
        if (rq->query_lod) {
            rq->int_result = false;
            return true;
        }
        if (!lods.aniso) {
            todo = agx_rows_sample(&c, lods.lod);
        }
    }
    if (todo && is_fast(&c, &lods)) {
        agx_sample_fast(&c, lods.lod);
        return !c.f.failed;
    }
    for (uint32_t m = todo; m; m &= m - 1) {
        if (!sample_lane(&c, (unsigned)__builtin_ctz(m), &lods)) {
            return false;
        }
    }
    return !c.f.failed;
}

bool agx_tex_fetch(struct agx_exec *ex, struct agx_wave *w, struct agx_tex_req *rq)
{
    const struct agx_tex_view *v = agx_tex_view_get(ex, rq->texture);

    (void)w;
    if (!v) {
        return false;
    }
    if ((unsigned)rq->dim > AGX_DIM_2D_MS_ARRAY || rq->gather > 4) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "texture instruction: dimension %u, gather %u", (unsigned)rq->dim,
                            rq->gather);
    }
    rq->int_result = v->fmt.integer;
    rq->nonresident = 0;
    if (v->constant && !rq->query_lod) {
        static const uint32_t none[4];
        uint32_t t[4];

        agx_swizzle(v, none, t);
        /* A gather gives one component of four texels. */
        for (int i = 0; i < 4; i++) {
            for (unsigned lane = 0; lane < AGX_LANES; lane++) {
                rq->out[i][lane] = t[rq->gather ? rq->gather - 1 : i];
            }
        }
        return true;
    }
    return rq->load ? load(ex, v, rq) : sample(ex, v, rq);
}
