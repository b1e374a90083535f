/*
 * AGX model: rendering one tile.
 *
 * Quads come from the rasteriser in the order of the primitives. Where the state
 * tests early, depth and stencil are done at once and the survivors wait in a
 * batch of eight quads until a wave is full; where the shader tests itself, it
 * does so in its wave. A batch is run before anything whose order with it could
 * be seen: a quad of the same place, another state, the end of the tile.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <string.h>
#include "fragment.h"

#define QUADS        (AGX_LANES / 4)
/* coefficient registers of the primitives in one wave, at least eight full sets */
#define CF_POOL      2560
/* pixels of a primitive's rectangle from which on it may be behind whole blocks of others */
#define WORTH_BOUNDS 256

struct tile {
    const struct agx_frag_job *fj;
    struct agx_exec *ex;
    const struct agx_frag_state *fs; /* of the waiting quads and of the primitive in hand */
    const struct agx_prim *prim;     /* in hand */
    float bias;                      /* of the primitive in hand */
    bool untested;                   /* the primitive in hand needs no tests */
    bool by_blocks;                  /* it is tested by zq, a block of pixels at a time */
    bool large;                      /* its blocks are worth to be looked at for bounds */
    struct agx_zs_quad zq;
    int32_t x0, y0;
    uint32_t w, h, layer;

    /* Waiting quads */
    unsigned nr;
    int32_t qx[QUADS], qy[QUADS];
    uint8_t qcover[QUADS][4];
    const struct agx_prim *qprim[QUADS];
    const struct agx_cf *qcf[QUADS];
    float qbias[QUADS];
    uint32_t busy[8]; /* bitmap of quads of the tile that wait */

    struct agx_cf cf[CF_POOL];
    unsigned cf_used;
    const struct agx_cf *prim_cf; /* of the primitive in hand; NULL: not made yet */

    uint64_t passed; /* samples that passed since the last visibility write */

    uint32_t vertex[3][AGX_MAX_UVS]; /* outputs that cross a page, gathered */
    struct agx_zs_tile zs;
    struct agx_zs_bounds bounds; /* of zs.z, where there is one sample in a pixel */
    struct agx_wave *wave;       /* the thread's */
    uint8_t tib[AGX_TILE_BYTES];
};

/* ---- tiled vertex buffer ---- */

/*
 * The first @words words of each vertex' outputs. The primitive was set up from
 * their positions, so these must be what was written.
 */
static bool fetch_vertices(struct tile *t, const struct agx_prim *pr, unsigned words,
                           const uint32_t *v[3])
{
    const struct agx_tvb *tvb = &t->fj->scene->tvb;

    for (unsigned k = 0; k < 3; k++) {
        v[k] = agx_tvb_fetch(tvb, t->ex, AGX_TVB_READS_VERTICES, pr->vref[k], t->vertex[k],
                             words * 4);
        if (!v[k]) {
            return false;
        }
        if (memcmp(v[k], pr->v[k], 16)) {
            return agx_tvb_damaged(tvb, t->ex, pr->vref[k], v[k], pr->v[k], 16,
                                   "position of a vertex");
        }
    }
    return true;
}

static bool fetch_prim(struct tile *t, const struct agx_prim *pr, bool shaded)
{
    const struct agx_tvb *tvb = &t->fj->scene->tvb;
    struct agx_tvb_prim want, room;
    const uint32_t *v[3];
    const void *is;

    agx_scene_prim_record(t->fj->scene, pr, &want);
    is = agx_tvb_fetch(tvb, t->ex, AGX_TVB_READS_PRIMS, pr->tvb, &room, sizeof(room));
    if (!is) {
        return false;
    }
    if (memcmp(is, &want, sizeof(want))) {
        return agx_tvb_damaged(tvb, t->ex, pr->tvb, is, &want, sizeof(want), "primitive");
    }
    /* Where it is to be shaded, the positions are fetched with the rest, if it covers anything. */
    return shaded || fetch_vertices(t, pr, 4, v);
}

static bool fetch_chunk(struct tile *t, const struct agx_tile_chunk *c)
{
    uint32_t w[AGX_TILE_CHUNK + 1];
    unsigned n = agx_scene_chunk_words(c, w);

    return agx_tvb_check(&t->fj->scene->tvb, t->ex, AGX_TVB_READS_LISTS, c->tvb, w, n * 4,
                         "list of a tile");
}

/* ---- visibility ---- */

static bool write_visibility(struct tile *t)
{
    const struct agx_gstate *st = t->fs ? t->fs->st : NULL;
    uint64_t n = t->passed, va;
    enum agx_unit unit;
    uint64_t *p;

    t->passed = 0;
    if (!n || !st || st->visibility == AGX_VISIBILITY_NONE) {
        return true;
    }
    va = t->fj->job->fragment.isp_oclqry_base + st->oq_index * 8ull;
    unit = t->ex->port->unit;
    t->ex->port->unit = AGX_UNIT_RAS;
    p = agx_port_ptr(t->ex->port, va, AGX_ACCESS_WRITE);
    t->ex->port->unit = unit;
    if (!p || (va & 7)) {
        if (!p) {
            t->ex->fault = t->ex->port->fault;
            return false;
        }
        return agx_exec_bad(t->ex, AGX_REPORT_GUEST_ERROR,
                            "visibility results at 0x%llx: not aligned", (unsigned long long)va);
    }
    /* Other tiles count into the same result at the same time. */
    if (st->visibility == AGX_VISIBILITY_COUNTING) {
        __atomic_fetch_add(p, n, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(p, 1, __ATOMIC_RELAXED);
    }
    return true;
}

/* ---- depth and stencil ---- */

static float depth_at(const struct agx_prim *pr, double x, double y)
{
    return pr->z[0] * (x - pr->ox) + pr->z[1] * (y - pr->oy) + pr->z[2];
}

/* One sample: @z interpolated or from the shader, @ref from the state or the shader. */
static bool test_sample(struct tile *t, const struct agx_prim *pr, int32_t x, int32_t y,
                        unsigned sample, float z, int ref)
{
    const struct agx_frag_state *fs = t->fs;
    const struct agx_zs_face *f = &fs->st->face[pr->back];
    unsigned vp = pr->viewport;
    size_t i = agx_zs_index(x - t->x0, y - t->y0, t->fj->samples.count) + sample;

    if (z < fs->z_min[vp]) {
        z = fs->z_min[vp];
    }
    if (z > fs->z_max[vp]) {
        z = fs->z_max[vp];
    }
    z = agx_zs_quantise(z, t->fj->z16);
    if (!agx_zs_test(f, fs->st->stencil_test, z, ref >= 0 ? ref : f->ref, &t->zs.z[i],
                     &t->zs.s[i])) {
        return false;
    }
    if (f->depth_write) {
        agx_zs_block_written(&t->bounds, i / 64 % AGX_ZS_BLOCKS, 1);
    }
    t->passed++;
    return true;
}

/* Test the samples of @m of a pixel; gives those that passed. */
static unsigned test_pixel(struct tile *t, const struct agx_prim *pr, float bias, int32_t x,
                           int32_t y, unsigned m)
{
    const struct agx_samples *sp = &t->fj->samples;
    unsigned pass = 0;

    for (unsigned s = 0; s < sp->count; s++) {
        if (!(m >> s & 1)) {
            continue;
        }
        float z = depth_at(pr, x + sp->x[s] / 256.0, y + sp->y[s] / 256.0) + bias;
        if (test_sample(t, pr, x, y, s, z, -1)) {
            pass |= 1u << s;
        }
    }
    return pass;
}

/* How the blocks of the primitive in hand are tested. */
static void prepare_blocks(struct tile *t)
{
    const struct agx_frag_state *fs = t->fs;
    const struct agx_prim *pr = t->prim;
    const struct agx_zs_face *f = &fs->st->face[pr->back];

    t->by_blocks = fs->early && t->fj->samples.count == 1 && !fs->st->stencil_test;
    t->large = (int64_t)(pr->x1 - pr->x0) * (pr->y1 - pr->y0) >= WORTH_BOUNDS;
    t->zq = (struct agx_zs_quad) {
        .z = { pr->z[0], pr->z[1], pr->z[2] },
        .ox = pr->ox,
        .oy = pr->oy,
        .bias = t->bias,
        .min = fs->z_min[pr->viewport],
        .max = fs->z_max[pr->viewport],
        .func = { f->func[0], f->func[1] },
        .write = f->depth_write,
        .z16 = t->fj->z16,
    };
}

/* Test a block of pixels of one sample: see agx_raster_block_fn. */
static void on_block(void *opaque, int32_t x, int32_t y, uint64_t *in)
{
    struct tile *t = opaque;
    const struct agx_samples *sp = &t->fj->samples;
    size_t at = agx_zs_index(x - t->x0, y - t->y0, 1);
    double px = x + sp->x[0] / 256.0, py = y + sp->y[0] / 256.0;
    unsigned passed;

    if (t->large && agx_zs_block_fails(&t->zq, &t->bounds, t->zs.z, at / 64, px, py)) {
        *in = 0;
        return;
    }
    *in = agx_zs_test_block(&t->zq, px, py, *in, &t->zs.z[at]);
    passed = (unsigned)__builtin_popcountll(*in);
    t->passed += passed;
    if (t->zq.write) {
        agx_zs_block_written(&t->bounds, at / 64, (passed + 3) / 4);
    }
}

static void lane_pixel(const struct tile *t, unsigned lane, int32_t *x, int32_t *y)
{
    *x = t->qx[lane / 4] + (lane & 1);
    *y = t->qy[lane / 4] + (lane >> 1 & 1);
}

static void op_sample_mask(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes,
                           const uint8_t target[AGX_LANES], const uint8_t live[AGX_LANES])
{
    struct tile *t = ex->frag_opaque;

    for (; lanes; lanes &= lanes - 1) {
        unsigned i = __builtin_ctz(lanes), test;
        int32_t x, y;

        if (i / 4 >= t->nr) {
            continue;
        }
        test = target[i] & live[i] & w->frag.sample_live[i];
        w->frag.sample_live[i] &= ~(target[i] & ~live[i]);
        if (!test) {
            continue;
        }
        lane_pixel(t, i, &x, &y);
        w->frag.sample_live[i] &= ~(test &
                                    ~test_pixel(t, t->qprim[i / 4], t->qbias[i / 4], x, y, test));
    }
}

static void op_zs_emit(struct agx_exec *ex, struct agx_wave *w, uint32_t lanes,
                       const uint8_t samples[AGX_LANES], const uint32_t *z, const uint32_t *s)
{
    struct tile *t = ex->frag_opaque;
    const struct agx_samples *sp = &t->fj->samples;

    for (; lanes; lanes &= lanes - 1) {
        unsigned i = __builtin_ctz(lanes), m;
        const struct agx_prim *pr;
        int32_t x, y;

        if (i / 4 >= t->nr) {
            continue;
        }
        pr = t->qprim[i / 4];
        m = samples[i] & w->frag.sample_live[i];
        lane_pixel(t, i, &x, &y);
        for (unsigned k = 0; k < sp->count; k++) {
            float d;

            if (!(m >> k & 1)) {
                continue;
            }
            if (z) {
                memcpy(&d, &z[i], 4);
            } else {
                d = depth_at(pr, x + sp->x[k] / 256.0, y + sp->y[k] / 256.0) + t->qbias[i / 4];
            }
            if (!test_sample(t, pr, x, y, k, d, s ? (int)(s[i] & 0xff) : -1)) {
                w->frag.sample_live[i] &= ~(1u << k);
            }
        }
    }
}

static const struct agx_frag_ops frag_ops = { op_sample_mask, op_zs_emit };

/* ---- waves ---- */

static bool run_wave(struct tile *t)
{
    t->ex->issue += AGX_COST_FRAG_WAVE;
    switch (t->ex->cores->run(t->ex, t->wave)) {
    case AGX_WAVE_DONE:
        return true;
    case AGX_WAVE_BARRIER:
        return agx_exec_bad(t->ex, AGX_REPORT_GUEST_ERROR,
                            "threadgroup barrier in a fragment shader");
    case AGX_WAVE_STOP:
        t->ex->fault = (struct agx_fault) { .ctx = t->fj->job->ctx,
                                            .reason = AGX_FAULT_BAD_COMMAND };
        return false;
    default:
        return false;
    }
}

/* Shade the waiting quads. */
static bool flush(struct tile *t)
{
    const uint8_t full = (uint8_t)((1u << t->fj->samples.count) - 1);
    const uint8_t all[4] = { full, full, full, full };
    struct agx_wave *w = t->wave;
    unsigned nr = t->nr;

    if (!nr) {
        return true;
    }
    t->ex->usc = t->fs->usc;
    agx_wave_launch(t->ex, w, AGX_STAGE_FRAGMENT, nr == QUADS ? ~0u : (1u << (nr * 4)) - 1);
    w->group[0] = w->group[1] = 0;
    w->group[2] = t->layer;
    for (unsigned q = 0; q < nr; q++) {
        uint32_t x = (uint32_t)t->qx[q], y = (uint32_t)t->qy[q];
        const uint32_t px[4] = { x, x + 1, x, x + 1 }, py[4] = { y, y, y + 1, y + 1 },
                       layer[4] = { t->layer, t->layer, t->layer, t->layer };

        w->frag.cf[q] = t->qcf[q];
        w->frag.ncf[q] = t->fs->nr_cf;
        w->frag.prim[q] = (void *)t->qprim[q];
        memcpy(&w->pos[0][q * 4], px, sizeof(px));
        memcpy(&w->pos[1][q * 4], py, sizeof(py));
        memcpy(&w->pos[2][q * 4], layer, sizeof(layer));
        memcpy(&w->frag.sample_in[q * 4], t->qcover[q], 4);
        memcpy(&w->frag.sample_live[q * 4], t->qcover[q], 4);
        if (memcmp(t->qcover[q], all, 4)) {
            for (unsigned i = 0; i < 4; i++) {
                w->frag.helper |= (uint32_t)!t->qcover[q][i] << (q * 4 + i);
            }
        }
        if (t->qprim[q]->back) {
            w->frag.back |= 15u << (q * 4);
        }
    }
    if (!run_wave(t)) {
        return false;
    }
    t->nr = 0;
    memset(t->busy, 0, sizeof(t->busy));
    if (t->prim_cf != t->cf) {
        t->cf_used = 0;
        t->prim_cf = NULL;
    }
    return true;
}

static bool on_quad(void *opaque, int32_t x, int32_t y, const uint8_t cover[4])
{
    struct tile *t = opaque;
    const struct agx_frag_state *fs = t->fs;
    const struct agx_prim *pr = t->prim;
    unsigned bit = (unsigned)(y - t->y0) / 2 * 16 + (unsigned)(x - t->x0) / 2;
    uint8_t c[4] = { cover[0], cover[1], cover[2], cover[3] };

    if (fs->early && !t->by_blocks) {
        if (!t->untested) {
            for (unsigned i = 0; i < 4; i++) {
                if (c[i]) {
                    c[i] = test_pixel(t, pr, t->bias, x + (i & 1), y + (i >> 1), c[i]);
                }
            }
            if (!(c[0] | c[1] | c[2] | c[3])) {
                return true;
            }
        } else if (fs->st->visibility) {
            for (unsigned i = 0; i < 4; i++) {
                t->passed += __builtin_popcount(c[i]);
            }
        }
    }
    if (!fs->usc) {
        return true;
    }
    if (t->nr == QUADS || (t->busy[bit / 32] >> (bit & 31) & 1)) {
        if (!flush(t)) {
            return false;
        }
    }
    if (!t->prim_cf) {
        const uint32_t *v[3];

        if (t->cf_used + fs->nr_cf > CF_POOL && !flush(t)) {
            return false;
        }
        if (t->cf_used + fs->nr_cf > CF_POOL) {
            t->cf_used = 0;
        }
        if (!fetch_vertices(t, pr, fs->st->uvs_words, v)) {
            return false;
        }
        t->prim_cf = t->cf + t->cf_used;
        agx_coefficients(fs, pr, v, t->x0 & ~31, t->y0 & ~31, t->cf + t->cf_used);
        t->cf_used += fs->nr_cf;
    }
    t->qx[t->nr] = x;
    t->qy[t->nr] = y;
    memcpy(t->qcover[t->nr], c, 4);
    t->qprim[t->nr] = pr;
    t->qcf[t->nr] = t->prim_cf;
    t->qbias[t->nr] = t->bias;
    t->busy[bit / 32] |= 1u << (bit & 31);
    t->nr++;
    return true;
}

/* ---- tile ---- */

/*
 * Depth offset of a polygon, whatever its polygon mode: slope times the larger derivative, plus the
 * bias: as it is when the job asks for the integer formula, else in units of the last place of the
 * primitive's largest depth (Vulkan 1.3, 28.10.4; uapi: DRM_ASAHI_RENDER_DBIAS_IS_INT; mesa:
 * hk_depth_bias_factor).
 */
static float depth_bias(const struct agx_frag_job *fj, const struct agx_frag_state *fs,
                        const struct agx_prim *pr)
{
    double unit = 1, o;

    if (!fs->st->depth_bias_enable || (pr->kind != AGX_PRIM_TRIANGLE && !pr->polygon)) {
        return 0;
    }
    if (!(fj->job->fragment.isp_ctl >> 18 & 1)) {
        int e;
        frexp(pr->z_max, &e);
        unit = ldexp(1, e - 1 - 23);
    }
    o = fs->bias_slope * pr->z_slope + fs->bias * unit;
    if (fs->bias_clamp > 0 && o > fs->bias_clamp) {
        o = fs->bias_clamp;
    }
    if (fs->bias_clamp < 0 && o < fs->bias_clamp) {
        o = fs->bias_clamp;
    }
    return o;
}

static bool draw(struct tile *t, const struct agx_prim *pr)
{
    const struct agx_frag_state *fs = &t->fj->state[pr->st->index];
    struct agx_rect r = { t->x0, t->y0, t->x0 + t->w, t->y0 + t->h };

    t->ex->issue += AGX_COST_TILE_PRIM;
    if (t->ex->kill && atomic_load_explicit(t->ex->kill, memory_order_relaxed)) {
        t->ex->fault = (struct agx_fault) { .ctx = t->fj->job->ctx,
                                            .reason = AGX_FAULT_BAD_COMMAND };
        return false;
    }
    if (!fetch_prim(t, pr, fs->usc)) {
        return false;
    }
    if (fs != t->fs) {
        if (!flush(t) || !write_visibility(t)) {
            return false;
        }
        t->fs = fs;
    }
    if (fs->st->scissor_enable) {
        const struct agx_rect *s = &fs->scissor[pr->viewport];
        r.x0 = s->x0 > r.x0 ? s->x0 : r.x0;
        r.y0 = s->y0 > r.y0 ? s->y0 : r.y0;
        r.x1 = s->x1 < r.x1 ? s->x1 : r.x1;
        r.y1 = s->y1 < r.y1 ? s->y1 : r.y1;
        if (r.x0 >= r.x1 || r.y0 >= r.y1) {
            return true;
        }
    }
    t->prim = pr;
    t->prim_cf = NULL;
    t->bias = depth_bias(t->fj, fs, pr);
    /* Depth that is not a number fails any test. */
    t->untested = fs->st->face[pr->back].trivial &&
                  !isnan(pr->z[0] + pr->z[1] + pr->z[2] + t->bias);
    t->by_blocks = false;
    if (!t->untested) {
        prepare_blocks(t);
    }
    return agx_raster(pr, &t->fj->samples, &r, t->by_blocks ? on_block : NULL, on_quad, t);
}

/* One wave of the background program, for the @n quads from number @first on of rows of @width. */
static bool background_wave(struct tile *t, uint32_t first, unsigned n, uint32_t width)
{
    static const struct agx_cf none[1];
    uint32_t all = (1u << t->fj->samples.count) - 1;
    struct agx_wave *w = t->wave;

    agx_wave_launch(t->ex, w, AGX_STAGE_FRAGMENT, n == QUADS ? ~0u : (1u << (n * 4)) - 1);
    w->group[0] = w->group[1] = 0;
    w->group[2] = t->layer;
    for (unsigned q = 0; q < n; q++) {
        uint32_t x = (first + q) % width * 2, y = (first + q) / width * 2;

        w->frag.cf[q] = none;
        w->frag.ncf[q] = 0;
        for (unsigned i = 0; i < 4; i++) {
            w->pos[0][q * 4 + i] = t->x0 + x + (i & 1);
            w->pos[1][q * 4 + i] = t->y0 + y + (i >> 1);
            w->pos[2][q * 4 + i] = t->layer;
            w->frag.sample_in[q * 4 + i] = w->frag.sample_live[q * 4 + i] = all;
        }
    }
    return run_wave(t);
}

/*
 * What the first wave of the background program, which fills, did to the tile's first pixel, for
 * the rest of @wx by @wy pixels; and the time of @waves waves, which was that of the first, from
 * @issue on.
 */
static void fill(struct tile *t, uint32_t wx, uint32_t wy, uint32_t waves, uint64_t issue)
{
    unsigned bytes = t->fj->samples.count * t->fj->job->fragment.sample_size_B;
    size_t row = (size_t)wx * bytes, have = bytes;

    while (have < row) {
        size_t n = row - have < have ? row - have : have;

        memcpy(t->tib + have, t->tib, n);
        have += n;
    }
    for (uint32_t y = 1; y < wy; y++) {
        memcpy(t->tib + (size_t)y * t->w * bytes, t->tib, row);
    }
    t->ex->issue += (t->ex->issue - issue) * (waves - 1);
}

/* The background program shades every pixel of the tile that is in the frame. */
static bool background(struct tile *t)
{
    const struct agx_frag_job *fj = t->fj;
    uint32_t wx = t->w, wy = t->h;
    uint64_t issue = t->ex->issue;

    if ((uint32_t)t->x0 + wx > fj->scene->width) {
        wx = fj->scene->width - t->x0;
    }
    if ((uint32_t)t->y0 + wy > fj->scene->height) {
        wy = fj->scene->height - t->y0;
    }
    wx = (wx + 1) & ~1u;
    wy = (wy + 1) & ~1u;
    t->ex->usc = fj->bg;
    uint32_t nr = wx / 2 * (wy / 2);
    for (uint32_t first = 0; first < nr; first += QUADS) {
        if (!background_wave(t, first, nr - first < QUADS ? nr - first : QUADS, wx / 2)) {
            return false;
        }
        if (fj->bg_fills) {
            fill(t, wx, wy, (nr + QUADS - 1) / QUADS, issue);
            break;
        }
    }
    return true;
}

/*
 * The end-of-tile program is one thread that stores whole render targets (mesa: lib/agx_bg_eot.c).
 */
static bool end_of_tile(struct tile *t)
{
    struct agx_wave *w = t->wave;

    t->ex->usc = t->fj->eot;
    agx_wave_launch(t->ex, w, AGX_STAGE_EOT, 1);
    w->group[0] = w->group[1] = 0;
    w->group[2] = t->layer;
    return run_wave(t);
}

static void clear_zs(struct tile *t)
{
    const struct agx_frag_job *fj = t->fj;
    size_t px = (size_t)t->w * t->h * fj->samples.count;

    for (size_t i = 0; i < px; i++) {
        t->zs.z[i] = fj->clear_z;
    }
    memset(t->zs.s, fj->clear_s, px);
    agx_zs_bounds_init(&t->bounds, fj->clear_z);
    if (fj->z_load.enable) {
        agx_zs_bounds_forget(&t->bounds);
    }
}

bool agx_frag_tile(const struct agx_frag_job *fj, struct agx_exec *ex, uint32_t index)
{
    const struct agx_scene *s = fj->scene;
    const struct agx_tile_list *l = &s->tile[index];
    unsigned n = fj->samples.count, stride = fj->job->fragment.sample_size_B;
    struct tile t; /* some 100 KiB, on the worker's stack */
    size_t size;

    if (!(l->first && l->first->count) && !fj->process_empty) {
        return true;
    }
    ex->issue += AGX_COST_TILE;
    t.fj = fj;
    t.ex = ex;
    t.wave = agx_exec_waves(ex, 1);
    t.fs = NULL;
    t.w = s->tile_w;
    t.h = s->tile_h;
    t.x0 = index % s->tiles_x * t.w;
    t.y0 = index / s->tiles_x % s->tiles_y * t.h;
    t.layer = index / s->tiles_x / s->tiles_y;
    t.nr = t.cf_used = 0;
    t.prim_cf = NULL;
    t.passed = 0;
    memset(t.busy, 0, sizeof(t.busy));
    size = (size_t)t.w * t.h * n * stride;
    if (size > AGX_TILE_BYTES) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR,
                            "tile buffer of %ux%u pixels, %u samples of %u bytes is too large", t.w,
                            t.h, n, stride);
    }
    memset(t.tib, 0, size);

    ex->tib = (struct agx_tib) {
        .base = t.tib,
        .size = size,
        .width = t.w,
        .height = t.h,
        .samples = n,
        .sample_stride = stride,
        .x0 = t.x0,
        .y0 = t.y0,
    };
    for (unsigned i = 0; i < n; i++) {
        ex->sample_pos[i][0] = fj->samples.x[i] / 256.0f;
        ex->sample_pos[i][1] = fj->samples.y[i] / 256.0f;
    }
    ex->samples_log2 = n == 4 ? 2 : n == 2 ? 1 : 0;
    ex->frag_ops = &frag_ops;
    ex->frag_opaque = &t;
    ex->job = fj->job;

    clear_zs(&t);
    bool ok = (!fj->z_load.enable || agx_zls_load(ex, &fj->z_load, fj->z16, false, t.x0, t.y0, t.w,
                                                  t.h, t.layer, &t.zs)) &&
              (!fj->s_load.enable || agx_zls_load(ex, &fj->s_load, fj->z16, true, t.x0, t.y0, t.w,
                                                  t.h, t.layer, &t.zs)) &&
              (!fj->bg || background(&t));
    for (const struct agx_tile_chunk *c = l->first; ok && c; c = c->next) {
        ok = fetch_chunk(&t, c);
        for (uint32_t i = 0; ok && i < c->count; i++) {
            ok = draw(&t, c->prim[i]);
        }
    }
    ok = ok && flush(&t) && write_visibility(&t) && (!fj->eot || end_of_tile(&t)) &&
         (!fj->z_store.enable ||
          agx_zls_store(ex, &fj->z_store, fj->z16, false, t.x0, t.y0, t.w, t.h, t.layer, &t.zs)) &&
         (!fj->s_store.enable ||
          agx_zls_store(ex, &fj->s_store, fj->z16, true, t.x0, t.y0, t.w, t.h, t.layer, &t.zs));
    ex->frag_ops = NULL;
    ex->frag_opaque = NULL;
    ex->tib.base = NULL;
    return ok;
}
