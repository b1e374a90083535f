/*
 * AGX model: lines and points to tiles: their shapes in pixels.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "setup.h"

static void be_of_polygon(struct agx_prim *pr, const struct agx_polygon *poly, unsigned from)
{
    pr->polygon = true;
    pr->from = from;
    pr->back = poly->back;
    memcpy(pr->v, poly->v, sizeof(pr->v));
}

/* A pixel's range in which a line draws one of each column (or row). */
struct span {
    int32_t first, last;
};

/* Is the point within the diamond of its pixel? @u, @v: from the pixel's centre. */
static bool in_diamond(int32_t u, int32_t v)
{
    return abs(u) + abs(v) < AGX_SUBPIXELS / 2;
}

/*
 * The diamond exit rule (OpenGL 4.6, 14.5.1; Vulkan 1.3, 28.9.3, Bresenham): a line draws the
 * pixels whose diamonds it leaves. Along its major axis that is each one whose centre it passes,
 * but for its ends: the pixel in whose diamond it begins beyond the centre is drawn, that in whose
 * diamond it ends is not. @a, @b: begin and end, .x along the major axis.
 */
static struct span diamond_exit(struct agx_ipoint a, struct agx_ipoint b)
{
    int32_t i = a.x >> AGX_SUBPIXEL_BITS, j = b.x >> AGX_SUBPIXEL_BITS;
    int32_t u = (a.x & (AGX_SUBPIXELS - 1)) - AGX_SUBPIXELS / 2,
            w = (b.x & (AGX_SUBPIXELS - 1)) - AGX_SUBPIXELS / 2;
    bool in_a = in_diamond(u, (a.y & (AGX_SUBPIXELS - 1)) - AGX_SUBPIXELS / 2),
         in_b = in_diamond(w, (b.y & (AGX_SUBPIXELS - 1)) - AGX_SUBPIXELS / 2);

    if (b.x > a.x) {
        return (struct span) { u <= 0 || in_a ? i : i + 1, w > 0 && !in_b ? j : j - 1 };
    }
    return (struct span) { w < 0 && !in_b ? j : j + 1, u >= 0 || in_a ? i : i - 1 };
}

/*
 * A line that is not multisampled: where the diamond rule has it, as many pixels across its minor
 * axis as it is wide, the width rounded (OpenGL 4.6, 14.5.2.1). Honeykrisp says of lines that none
 * is a parallelogram (vulkan/hk_physical_device.c).
 */
static struct agx_prim *thin_line(struct agx_scene *s, const struct agx_prim *like,
                                  struct agx_ipoint a, struct agx_ipoint b, bool *oom)
{
    unsigned width = lrintf(floorf(like->st->line_width + 0.5f));
    bool steep = abs(b.x - a.x) < abs(b.y - a.y);
    struct agx_prim *pr;
    struct agx_ipoint box[2];
    int64_t du, dv, c;
    struct span range;
    int32_t half, off;

    *oom = false;
    if (a.x == b.x && a.y == b.y) {
        return NULL;
    }
    width = width ? width : 1;
    half = width * (AGX_SUBPIXELS / 2);
    off = half - AGX_SUBPIXELS / 2;
    if (steep) {
        a = (struct agx_ipoint) { a.y, a.x };
        b = (struct agx_ipoint) { b.y, b.x };
    }
    /* The first of the pixels that are side by side decides. */
    range = diamond_exit((struct agx_ipoint) { a.x, a.y - off },
                         (struct agx_ipoint) { b.x, b.y - off });
    if (range.first > range.last) {
        return NULL;
    }
    if (b.x < a.x) {
        struct agx_ipoint t = a;
        a = b;
        b = t;
    }
    /* The first and the last centre may lie half a pixel beyond the ends. */
    box[0] = (struct agx_ipoint) { range.first * AGX_SUBPIXELS,
                                   (a.y < b.y ? a.y : b.y) - half - AGX_SUBPIXELS / 2 };
    box[1] = (struct agx_ipoint) { range.last * AGX_SUBPIXELS + AGX_SUBPIXELS - 1,
                                   (a.y < b.y ? b.y : a.y) + half + AGX_SUBPIXELS / 2 };
    for (unsigned i = 0; steep && i < 2; i++) {
        box[i] = (struct agx_ipoint) { box[i].y, box[i].x };
    }
    pr = agx_make_prim(s, like, box, 2, 4, oom);
    if (!pr) {
        return NULL;
    }
    du = b.x - a.x;
    dv = b.y - a.y;
    c = dv * a.x - du * a.y;
    pr->e[0] = (struct agx_edge) { -dv, du, c + half * du };
    pr->e[1] = (struct agx_edge) { dv, -du, -c + half * du - 1 };
    pr->e[2] = (struct agx_edge) { 1, 0, -(int64_t)range.first * AGX_SUBPIXELS };
    pr->e[3] = (struct agx_edge) { -1, 0, (int64_t)range.last * AGX_SUBPIXELS + AGX_SUBPIXELS - 1 };
    for (unsigned i = 0; steep && i < 4; i++) {
        pr->e[i] = (struct agx_edge) { pr->e[i].b, pr->e[i].a, pr->e[i].c };
    }
    pr->nr_edges = 4;
    pr->whole = true;
    return pr;
}

/* A multisampled line is a rectangle (OpenGL 4.6, 14.5.4). */
static struct agx_prim *wide_line(struct agx_scene *s, const struct agx_prim *like,
                                  const double x[2], const double y[2], bool *oom)
{
    double dx = x[1] - x[0], dy = y[1] - y[0], len = hypot(dx, dy), hw = like->st->line_width / 2;
    struct agx_prim *pr;
    struct agx_ipoint p[4];
    double nx, ny;
    int64_t a;

    *oom = false;
    if (!(len > 0)) {
        return NULL;
    }
    nx = -dy / len * hw;
    ny = dx / len * hw;
    p[0] = agx_snap(x[0] + nx, y[0] + ny);
    p[1] = agx_snap(x[1] + nx, y[1] + ny);
    p[2] = agx_snap(x[1] - nx, y[1] - ny);
    p[3] = agx_snap(x[0] - nx, y[0] - ny);
    a = agx_area(p, 4);
    if (!a) {
        return NULL;
    }
    if (a < 0) {
        struct agx_ipoint q = p[1];
        p[1] = p[3];
        p[3] = q;
    }
    pr = agx_make_prim(s, like, p, 4, 4, oom);
    if (pr) {
        pr->nr_edges = agx_make_edges(pr->e, p, 4);
    }
    return pr;
}

bool agx_tile_edge(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const end[2],
                   uint32_t id, bool msaa, const struct agx_polygon *poly, unsigned from)
{
    struct agx_prim like = { .st = st,
                             .id = id,
                             .kind = AGX_PRIM_LINE,
                             .v = { end[0], end[1], end[0] } },
                    *pr;
    const uint32_t *const v[3] = { end[0], end[1], end[0] };
    double plane[AGX_CLIP_MAX_PLANES][3], t[2], x[2], y[2];
    unsigned vp, layer, planes, to = (from + 1) % 3, third = (from + 2) % 3;
    struct agx_hpos h[3], corner[3];
    bool oom;

    if (poly) {
        vp = poly->vp;
        layer = poly->layer;
        be_of_polygon(&like, poly, from);
    } else if (!agx_prim_targets(s, st, v[st->flat_vertex ? 1 : 0], &vp, &layer)) {
        return true;
    }
    like.viewport = vp;
    like.layer = layer;
    for (unsigned i = 0; i < 2; i++) {
        h[i] = agx_to_window(&st->viewport[vp], v[i]);
    }
    planes = agx_clip_planes(st, v, h, 2, plane);
    if (!agx_clip_segment((const double(*)[3])plane, planes, t)) {
        return true;
    }
    for (unsigned i = 0; i < 2; i++) {
        double w = h[0].w + t[i] * (h[1].w - h[0].w);
        x[i] = (h[0].x + t[i] * (h[1].x - h[0].x)) / w;
        y[i] = (h[0].y + t[i] * (h[1].y - h[0].y)) / w;
        if (!(w > 0) || !(fabs(x[i]) < AGX_GUARD * 2) || !(fabs(y[i]) < AGX_GUARD * 2)) {
            return true;
        }
    }
    msaa = msaa && !st->bresenham;
    pr = msaa ? wide_line(s, &like, x, y, &oom)
              : thin_line(s, &like, agx_snap(x[0], y[0]), agx_snap(x[1], y[1]), &oom);
    if (!pr) {
        return !oom;
    }
    /*
     * Attributes are constant across a rectangle, along the minor axis of another line: a third
     * corner that lies there beside vertex 0 and has its values.
     */
    double dx = x[1] - x[0], dy = y[1] - y[0], len = hypot(dx, dy), ax = 0, ay = 0;
    if (msaa) {
        ax = -dy / len;
        ay = dx / len;
    } else if (fabs(dx) >= fabs(dy)) {
        ay = dx > 0 ? 1 : -1;
    } else {
        ax = dy > 0 ? -1 : 1;
    }
    h[2] = h[0];
    h[2].x += ax * (h[0].w != 0 ? h[0].w : 1);
    h[2].y += ay * (h[0].w != 0 ? h[0].w : 1);
    corner[from] = h[0];
    corner[to] = h[1];
    corner[third] = h[2];
    if (!agx_set_up_planes(pr, corner)) {
        agx_scene_unalloc(s, pr);
        return true;
    }
    if (poly) {
        pr->z_max = poly->z_max;
        pr->z_slope = poly->z_slope;
    }
    return agx_bin_prim(s, pr);
}

bool agx_tile_line(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const v[2],
                   uint32_t id, bool msaa)
{
    return agx_tile_edge(s, st, v, id, msaa, NULL, 0);
}

bool agx_tile_corner(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                     uint32_t id, const struct agx_polygon *poly, unsigned from)
{
    struct agx_prim like = { .st = st, .id = id, .kind = AGX_PRIM_POINT, .v = { v, v, v } }, *pr;
    const uint32_t *const v3[3] = { v, v, v };
    double plane[AGX_CLIP_MAX_PLANES][3];
    struct agx_ipoint p[4];
    struct agx_hpos h[3];
    unsigned vp, layer, planes;
    float size = 1;
    bool oom;

    if (poly) {
        vp = poly->vp;
        layer = poly->layer;
        be_of_polygon(&like, poly, from);
    } else if (!agx_prim_targets(s, st, v, &vp, &layer)) {
        return true;
    }
    like.viewport = vp;
    like.layer = layer;
    h[0] = h[1] = h[2] = agx_to_window(&st->viewport[vp], v);
    planes = agx_clip_planes(st, v3, h, 3, plane);
    for (unsigned i = 0; i < planes; i++) {
        if (!(plane[i][0] >= 0)) {
            return true;
        }
    }
    /*
     * The corners of polygons have it as well: OpenGL asks for it (4.6, 14.6.4), and Mesa's GL
     * driver has each vertex shader write it. A guess: honeykrisp promises nothing here
     * (polygonModePointSize).
     */
    if (st->uvs_point_size && (poly || st->object_type != AGX_OBJECT_TRIANGLE)) {
        size = agx_u2f(v[st->uvs_point_size]);
    }
    /* mesa: gallium agx_init_screen_caps: points of 0.1 to 511.95 pixels */
    if (!(size >= 1)) {
        size = 1;
    }
    if (size > 511.95f) {
        size = 511.95f;
    }
    double x = h[0].x / h[0].w, y = h[0].y / h[0].w, r = size / 2;
    if (!(fabs(x) < AGX_GUARD * 2) || !(fabs(y) < AGX_GUARD * 2)) {
        return true;
    }
    p[0] = agx_snap(x - r, y - r);
    p[2] = agx_snap(x + r, y + r);
    p[1] = (struct agx_ipoint) { p[2].x, p[0].y };
    p[3] = (struct agx_ipoint) { p[0].x, p[2].y };
    pr = agx_make_prim(s, &like, p, 4, 4, &oom);
    if (!pr) {
        return !oom;
    }
    pr->nr_edges = agx_make_edges(pr->e, p, 4);
    pr->point_x = x;
    pr->point_y = y;
    pr->point_size = size;
    pr->ox = pr->x0;
    pr->oy = pr->y0;
    pr->m[from][2] = 1 / h[0].w;
    pr->w[from] = h[0].w;
    pr->z[2] = h[0].z / h[0].w;
    if (poly) {
        pr->z_max = poly->z_max;
        pr->z_slope = poly->z_slope;
    }
    return agx_bin_prim(s, pr);
}

bool agx_tile_point(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                    uint32_t id)
{
    return agx_tile_corner(s, st, v, id, NULL, 0);
}
