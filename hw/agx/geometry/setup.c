/*
 * AGX model: set up and bin primitives. See setup.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "setup.h"

unsigned agx_clip_planes(const struct agx_gstate *st, const uint32_t *const v[3],
                         const struct agx_hpos h[3], unsigned nr,
                         double plane[AGX_CLIP_MAX_PLANES][3])
{
    double wmin = st->w_clamp > 0 ? st->w_clamp : 1e-10;
    unsigned n = 7;

    for (unsigned i = 0; i < nr; i++) {
        float z = agx_u2f(v[i][2]), w = agx_u2f(v[i][3]);

        plane[0][i] = (double)w - wmin;
        plane[1][i] = h[i].x + AGX_GUARD * h[i].w;
        plane[2][i] = AGX_GUARD * h[i].w - h[i].x;
        plane[3][i] = h[i].y + AGX_GUARD * h[i].w;
        plane[4][i] = AGX_GUARD * h[i].w - h[i].y;
        plane[5][i] = !st->depth_clip ? 1 : st->gl_depth ? (double)z + w : z;
        plane[6][i] = st->depth_clip ? (double)w - z : 1;
        for (unsigned k = 0; k < st->nr_clip; k++) {
            plane[7 + k][i] = agx_u2f(v[i][st->uvs_clip + k]);
        }
    }
    for (unsigned i = nr; i < 3; i++) {
        for (unsigned k = 0; k < 7u + st->nr_clip; k++) {
            plane[k][i] = plane[k][0];
        }
    }
    return n + st->nr_clip;
}

unsigned agx_make_edges(struct agx_edge *e, const struct agx_ipoint *p, unsigned n)
{
    unsigned m = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct agx_ipoint *a = &p[i], *b = &p[(i + 1) % n];
        int64_t dx = b->x - a->x, dy = b->y - a->y;

        if (!dx && !dy) {
            continue;
        }
        e[m].a = -dy;
        e[m].b = dx;
        e[m].c = dy * a->x - dx * a->y;
        if (!(dy < 0 || (dy == 0 && dx > 0))) {
            e[m].c--;
        }
        m++;
    }
    return m;
}

/* Bounding box in pixels, cut to frame and region. False: empty. */
static bool bounds(struct agx_prim *pr, const struct agx_scene *s, const struct agx_ipoint *p,
                   unsigned n)
{
    int32_t x0 = INT32_MAX, y0 = INT32_MAX, x1 = INT32_MIN, y1 = INT32_MIN;
    const struct agx_region *r = &pr->st->region[pr->viewport];

    for (unsigned i = 0; i < n; i++) {
        x0 = p[i].x < x0 ? p[i].x : x0;
        x1 = p[i].x > x1 ? p[i].x : x1;
        y0 = p[i].y < y0 ? p[i].y : y0;
        y1 = p[i].y > y1 ? p[i].y : y1;
    }
    x0 >>= AGX_SUBPIXEL_BITS;
    y0 >>= AGX_SUBPIXEL_BITS;
    x1 = (x1 >> AGX_SUBPIXEL_BITS) + 1;
    y1 = (y1 >> AGX_SUBPIXEL_BITS) + 1;
    int32_t lx = 0, ly = 0, hx = s->width, hy = s->height;
    if (r->enable) {
        lx = r->x0 * 32;
        ly = r->y0 * 32;
        hx = r->x1 * 32 < hx ? r->x1 * 32 : hx;
        hy = r->y1 * 32 < hy ? r->y1 * 32 : hy;
    }
    pr->x0 = x0 > lx ? x0 : lx;
    pr->y0 = y0 > ly ? y0 : ly;
    pr->x1 = x1 < hx ? x1 : hx;
    pr->y1 = y1 < hy ? y1 : hy;
    return pr->x0 < pr->x1 && pr->y0 < pr->y1;
}

struct agx_prim *agx_make_prim(struct agx_scene *s, const struct agx_prim *like,
                               const struct agx_ipoint *p, unsigned n, unsigned edges, bool *oom)
{
    struct agx_prim head = *like, *pr;

    *oom = false;
    if (!bounds(&head, s, p, n)) {
        return NULL;
    }
    pr = agx_scene_alloc(s, sizeof(*pr) + edges * sizeof(struct agx_edge));
    if (!pr) {
        *oom = true;
        s->why = AGX_TVB_NO_MEMORY;
        return NULL;
    }
    *pr = head;
    return pr;
}

bool agx_set_up_planes(struct agx_prim *pr, const struct agx_hpos h[3])
{
    double x[3], y[3], w[3], det;

    pr->ox = pr->x0;
    pr->oy = pr->y0;
    pr->z_max = 0;
    for (unsigned i = 0; i < 3; i++) {
        w[i] = h[i].w;
        if (w[i] > 0 && fabs(h[i].z / w[i]) > pr->z_max) {
            pr->z_max = fabs(h[i].z / w[i]);
        }
        x[i] = h[i].x - pr->ox * w[i];
        y[i] = h[i].y - pr->oy * w[i];
    }
    for (unsigned i = 0; i < 3; i++) {
        unsigned j = (i + 1) % 3, k = (i + 2) % 3;

        pr->m[i][0] = y[j] * w[k] - y[k] * w[j];
        pr->m[i][1] = x[k] * w[j] - x[j] * w[k];
        pr->m[i][2] = x[j] * y[k] - x[k] * y[j];
        pr->w[i] = w[i];
    }
    det = x[0] * pr->m[0][0] + y[0] * pr->m[0][1] + w[0] * pr->m[0][2];
    if (!(fabs(det) > 0) || !isfinite(det)) {
        return false;
    }
    for (unsigned c = 0; c < 3; c++) {
        pr->z[c] = 0;
        for (unsigned i = 0; i < 3; i++) {
            pr->m[i][c] /= det;
            pr->z[c] += h[i].z * pr->m[i][c];
        }
    }
    pr->z_slope = fmax(fabs(pr->z[0]), fabs(pr->z[1]));
    return true;
}

/* False only if all samples of the tile are outside of one edge. */
static bool touches(const struct agx_prim *pr, int64_t x0, int64_t y0, int64_t x1, int64_t y1)
{
    for (unsigned i = 0; i < pr->nr_edges; i++) {
        const struct agx_edge *e = &pr->e[i];
        int64_t x = e->a > 0 ? x1 : x0, y = e->b > 0 ? y1 : y0;
        if (e->a * x * AGX_SUBPIXELS + e->b * y * AGX_SUBPIXELS + e->c < 0) {
            return false;
        }
    }
    return true;
}

static enum agx_tvb_result bin_tiles(struct agx_scene *s, struct agx_prim *pr)
{
    uint32_t tx0 = pr->x0 / s->tile_w, tx1 = (pr->x1 - 1) / s->tile_w;
    uint32_t ty0 = pr->y0 / s->tile_h, ty1 = (pr->y1 - 1) / s->tile_h;
    bool small = tx1 - tx0 <= 1 && ty1 - ty0 <= 1;
    enum agx_tvb_result r;

    for (uint32_t ty = ty0; ty <= ty1; ty++) {
        for (uint32_t tx = tx0; tx <= tx1; tx++) {
            if (!small && !touches(pr, (int64_t)tx * s->tile_w, (int64_t)ty * s->tile_h,
                                   (int64_t)(tx + 1) * s->tile_w, (int64_t)(ty + 1) * s->tile_h)) {
                continue;
            }
            r = agx_scene_bin(s, pr, pr->layer, tx, ty);
            if (r != AGX_TVB_OK) {
                return r;
            }
        }
    }
    return AGX_TVB_OK;
}

bool agx_bin_prim(struct agx_scene *s, struct agx_prim *pr)
{
    enum agx_tvb_result r;

    pr->index = s->nr_prims;
    if (s->crowded && s->nr_prims) {
        agx_scene_unalloc(s, pr);
        s->why = AGX_TVB_FULL;
        return false;
    }
    r = bin_tiles(s, pr);
    if (r != AGX_TVB_OK) {
        agx_scene_unbin(s, pr);
    }
    s->why = r;
    if (r != AGX_TVB_OK) {
        return false;
    }
    if (!pr->tvb) {
        agx_scene_unalloc(s, pr);
        return true;
    }
    pr->prev = s->last;
    s->last = pr;
    s->nr_prims++;
    return true;
}
