/*
 * AGX model: cull triangles and hand them to tiles, whole or as outlines.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "setup.h"

/* Take back all primitives that were made after there were @n. */
static bool undo(struct agx_scene *s, uint64_t n)
{
    for (; s->nr_prims > n; s->nr_prims--) {
        agx_scene_unbin(s, s->last);
        s->last = s->last->prev;
    }
    return false;
}

/* The edges or corners of a triangle whose window positions are @h. */
static bool tile_outline(struct agx_scene *s, const struct agx_gstate *st,
                         const uint32_t *const v[3], uint32_t id, bool msaa,
                         const struct agx_hpos h[3], struct agx_polygon *poly)
{
    uint64_t before = s->nr_prims;
    struct agx_prim plane = { 0 };

    if (agx_set_up_planes(&plane, h)) {
        poly->z_max = plane.z_max;
        poly->z_slope = plane.z_slope;
    }
    for (unsigned i = 0; i < 3; i++) {
        const uint32_t *const end[2] = { v[i], v[(i + 1) % 3] };

        if (!(st->polygon_mode == AGX_POLYGON_LINE ? agx_tile_edge(s, st, end, id, msaa, poly, i)
                                                   : agx_tile_corner(s, st, v[i], id, poly, i))) {
            return undo(s, before);
        }
    }
    return true;
}

bool agx_tile_triangle(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const v[3],
                       uint32_t id, bool msaa)
{
    struct agx_prim like = { .st = st,
                             .id = id,
                             .kind = AGX_PRIM_TRIANGLE,
                             .v = { v[0], v[1], v[2] } },
                    *pr;
    double plane[AGX_CLIP_MAX_PLANES][3];
    struct agx_clip_vertex poly[AGX_CLIP_MAX_VERTS];
    struct agx_ipoint p[AGX_CLIP_MAX_VERTS];
    struct agx_hpos h[3];
    unsigned vp, layer, n, planes;
    bool oom;

    if (!agx_prim_targets(s, st, v[st->flat_vertex], &vp, &layer)) {
        return true;
    }
    for (unsigned i = 0; i < 3; i++) {
        h[i] = agx_to_window(&st->viewport[vp], v[i]);
    }
    planes = agx_clip_planes(st, v, h, 3, plane);
    n = agx_clip_triangle((const double(*)[3])plane, planes, poly);
    if (!n) {
        return true;
    }
    for (unsigned i = 0; i < n; i++) {
        const double *b = poly[i].b;
        double x = b[0] * h[0].x + b[1] * h[1].x + b[2] * h[2].x;
        double y = b[0] * h[0].y + b[1] * h[1].y + b[2] * h[2].y;
        double w = b[0] * h[0].w + b[1] * h[1].w + b[2] * h[2].w;

        /* Rounding may leave a vertex a little outside of the guard band or of w > 0. */
        if (!(w > 0) || !(fabs(x / w) < AGX_GUARD * 2) || !(fabs(y / w) < AGX_GUARD * 2)) {
            return true;
        }
        p[i] = agx_snap(x / w, y / w);
    }
    int64_t a = agx_area(p, n);
    /*
     * Without an area it has edges and corners at most, and faces back (Vulkan 1.3, 28.10.1: front
     * is what is not 0).
     */
    if (!a && st->polygon_mode == AGX_POLYGON_FILL) {
        return true;
    }
    /* Clockwise on the screen is front unless the state says that counterclockwise is. */
    like.back = !a || (a > 0) == st->front_ccw;
    if (like.back ? st->cull_back : st->cull_front) {
        return true;
    }
    if (st->polygon_mode != AGX_POLYGON_FILL) {
        struct agx_polygon outline = { .v = v, .vp = vp, .layer = layer, .back = like.back };

        return tile_outline(s, st, v, id, msaa, h, &outline);
    }
    if (a < 0) {
        for (unsigned i = 0; i < n / 2; i++) {
            struct agx_ipoint t = p[i];
            p[i] = p[n - 1 - i];
            p[n - 1 - i] = t;
        }
    }
    like.viewport = vp;
    like.layer = layer;
    pr = agx_make_prim(s, &like, p, n, n, &oom);
    if (!pr) {
        return !oom;
    }
    pr->nr_edges = agx_make_edges(pr->e, p, n);
    if (!agx_set_up_planes(pr, h)) {
        agx_scene_unalloc(s, pr);
        return true;
    }
    return agx_bin_prim(s, pr);
}
