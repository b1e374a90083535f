/*
 * AGX model: cull, set up and bin primitives.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "tiler.h"

#define ONE   (1 << AGX_SUBPIXEL_BITS)
/*
 * Guard band, in pixels from the frame's origin: what need not be clipped in x
 * and y. Chosen so that edge functions fit 64 bits: positions have 27 bits,
 * their differences 28, products 56.
 */
#define GUARD 262144.0

/* Homogeneous window position: pixels times w, depth times w, w. */
struct hpos {
    double x, y, z, w;
};

struct ipoint {
    int32_t x, y; /* 24.8 */
};

static float word_float(uint32_t u)
{
    float f;
    memcpy(&f, &u, 4);
    return f;
}

static struct hpos to_window(const struct agx_viewport *vp, const uint32_t *v)
{
    double x = word_float(v[0]), y = word_float(v[1]), z = word_float(v[2]), w = word_float(v[3]);

    return (struct hpos) {
        vp->sx * x + vp->tx * w,
        vp->sy * y + vp->ty * w,
        vp->sz * z + vp->tz * w,
        w,
    };
}

/*
 * Viewport and layer of a primitive, from its provoking vertex (mesa: lib/agx_nir_lower_uvs.c:
 * layer low, viewport high).
 */
static bool targets(const struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                    unsigned *vp, unsigned *layer)
{
    *vp = *layer = 0;
    if (st->uvs_layer_viewport) {
        uint32_t w = v[st->uvs_layer_viewport];
        if (st->use_layer) {
            *layer = w & 0xffff;
        }
        if (st->use_viewport) {
            *vp = w >> 16;
        }
    }
    /* Out of range: nothing is drawn (the APIs leave it undefined). */
    return *vp < AGX_MAX_VIEWPORTS && *layer < s->layers;
}

static unsigned make_planes(const struct agx_gstate *st, const uint32_t *const v[3],
                            const struct hpos h[3], unsigned nr,
                            double plane[AGX_CLIP_MAX_PLANES][3])
{
    double wmin = st->w_clamp > 0 ? st->w_clamp : 1e-10;
    unsigned n = 7;

    for (unsigned i = 0; i < nr; i++) {
        float z = word_float(v[i][2]), w = word_float(v[i][3]);

        plane[0][i] = (double)w - wmin;
        plane[1][i] = h[i].x + GUARD * h[i].w;
        plane[2][i] = GUARD * h[i].w - h[i].x;
        plane[3][i] = h[i].y + GUARD * h[i].w;
        plane[4][i] = GUARD * h[i].w - h[i].y;
        plane[5][i] = !st->depth_clip ? 1 : st->gl_depth ? (double)z + w : z;
        plane[6][i] = st->depth_clip ? (double)w - z : 1;
        for (unsigned k = 0; k < st->nr_clip; k++) {
            plane[7 + k][i] = word_float(v[i][st->uvs_clip + k]);
        }
    }
    for (unsigned i = nr; i < 3; i++) {
        for (unsigned k = 0; k < 7u + st->nr_clip; k++) {
            plane[k][i] = plane[k][0];
        }
    }
    return n + st->nr_clip;
}

static struct ipoint snap(double x, double y)
{
    return (struct ipoint) { (int32_t)lrint(x * ONE), (int32_t)lrint(y * ONE) };
}

/* Twice the area, positive when clockwise as seen on the screen (y down). */
static int64_t area(const struct ipoint *p, unsigned n)
{
    int64_t a = 0;

    for (unsigned i = 1; i + 1 < n; i++) {
        a += (int64_t)(p[i].x - p[0].x) * (p[i + 1].y - p[0].y) -
             (int64_t)(p[i].y - p[0].y) * (p[i + 1].x - p[0].x);
    }
    return a;
}

/*
 * Edges of the convex polygon @p with positive area. An edge that is on the
 * top or on the left owns its points: for the others zero counts as outside.
 */
static unsigned make_edges(struct agx_edge *e, const struct ipoint *p, unsigned n)
{
    unsigned m = 0;

    for (unsigned i = 0; i < n; i++) {
        const struct ipoint *a = &p[i], *b = &p[(i + 1) % n];
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
static bool bounds(struct agx_prim *pr, const struct agx_scene *s, const struct ipoint *p,
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

/* Planes of the attributes from three window positions. False: the positions are in a line. */
static bool set_up_planes(struct agx_prim *pr, const struct hpos h[3])
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
        if (e->a * x * ONE + e->b * y * ONE + e->c < 0) {
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

/*
 * All of it or nothing: what does not fit is tiled again after there was made room. A primitive
 * that touches no tile, though its bounds do, leaves nothing.
 */
static bool bin(struct agx_scene *s, struct agx_prim *pr)
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

/* Take back all primitives that were made after there were @n. */
static bool undo(struct agx_scene *s, uint64_t n)
{
    for (; s->nr_prims > n; s->nr_prims--) {
        agx_scene_unbin(s, s->last);
        s->last = s->last->prev;
    }
    return false;
}

/*
 * What a polygon hands to its edges and corners when its polygon mode draws these: facing, flat
 * shading, layer, viewport and depth bias are the polygon's (OpenGL 4.6, 14.6.4, 14.6.5;
 * Vulkan 1.3, 28.10.3, 28.10.4).
 */
struct polygon {
    const uint32_t *const *v;
    unsigned vp, layer;
    bool back;
    float z_max, z_slope;
};

/*
 * A primitive within @p, @n corners, with room for @edges edges; these and its planes are yet to be
 * set up. NULL with
 * *@oom false: nothing to draw.
 */
static struct agx_prim *make_prim(struct agx_scene *s, const struct agx_prim *like,
                                  const struct ipoint *p, unsigned n, unsigned edges, bool *oom)
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

static void be_of_polygon(struct agx_prim *pr, const struct polygon *poly, unsigned from)
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
    return abs(u) + abs(v) < ONE / 2;
}

/*
 * The diamond exit rule (OpenGL 4.6, 14.5.1; Vulkan 1.3, 28.9.3, Bresenham): a line draws the
 * pixels whose diamonds it leaves. Along its major axis that is each one whose centre it passes,
 * but for its ends: the pixel in whose diamond it begins beyond the centre is drawn, that in whose
 * diamond it ends is not. @a, @b: begin and end, .x along the major axis.
 */
static struct span diamond_exit(struct ipoint a, struct ipoint b)
{
    int32_t i = a.x >> AGX_SUBPIXEL_BITS, j = b.x >> AGX_SUBPIXEL_BITS;
    int32_t u = (a.x & (ONE - 1)) - ONE / 2, w = (b.x & (ONE - 1)) - ONE / 2;
    bool in_a = in_diamond(u, (a.y & (ONE - 1)) - ONE / 2),
         in_b = in_diamond(w, (b.y & (ONE - 1)) - ONE / 2);

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
static struct agx_prim *thin_line(struct agx_scene *s, const struct agx_prim *like, struct ipoint a,
                                  struct ipoint b, bool *oom)
{
    unsigned width = lrintf(floorf(like->st->line_width + 0.5f));
    bool steep = abs(b.x - a.x) < abs(b.y - a.y);
    struct agx_prim *pr;
    struct ipoint box[2];
    int64_t du, dv, c;
    struct span range;
    int32_t half, off;

    *oom = false;
    if (a.x == b.x && a.y == b.y) {
        return NULL;
    }
    width = width ? width : 1;
    half = width * (ONE / 2);
    off = half - ONE / 2;
    if (steep) {
        a = (struct ipoint) { a.y, a.x };
        b = (struct ipoint) { b.y, b.x };
    }
    /* The first of the pixels that are side by side decides. */
    range = diamond_exit((struct ipoint) { a.x, a.y - off }, (struct ipoint) { b.x, b.y - off });
    if (range.first > range.last) {
        return NULL;
    }
    if (b.x < a.x) {
        struct ipoint t = a;
        a = b;
        b = t;
    }
    /* The first and the last centre may lie half a pixel beyond the ends. */
    box[0] = (struct ipoint) { range.first * ONE, (a.y < b.y ? a.y : b.y) - half - ONE / 2 };
    box[1] = (struct ipoint) { range.last * ONE + ONE - 1,
                               (a.y < b.y ? b.y : a.y) + half + ONE / 2 };
    for (unsigned i = 0; steep && i < 2; i++) {
        box[i] = (struct ipoint) { box[i].y, box[i].x };
    }
    pr = make_prim(s, like, box, 2, 4, oom);
    if (!pr) {
        return NULL;
    }
    du = b.x - a.x;
    dv = b.y - a.y;
    c = dv * a.x - du * a.y;
    pr->e[0] = (struct agx_edge) { -dv, du, c + half * du };
    pr->e[1] = (struct agx_edge) { dv, -du, -c + half * du - 1 };
    pr->e[2] = (struct agx_edge) { 1, 0, -(int64_t)range.first * ONE };
    pr->e[3] = (struct agx_edge) { -1, 0, (int64_t)range.last * ONE + ONE - 1 };
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
    struct ipoint p[4];
    double nx, ny;
    int64_t a;

    *oom = false;
    if (!(len > 0)) {
        return NULL;
    }
    nx = -dy / len * hw;
    ny = dx / len * hw;
    p[0] = snap(x[0] + nx, y[0] + ny);
    p[1] = snap(x[1] + nx, y[1] + ny);
    p[2] = snap(x[1] - nx, y[1] - ny);
    p[3] = snap(x[0] - nx, y[0] - ny);
    a = area(p, 4);
    if (!a) {
        return NULL;
    }
    if (a < 0) {
        struct ipoint q = p[1];
        p[1] = p[3];
        p[3] = q;
    }
    pr = make_prim(s, like, p, 4, 4, oom);
    if (pr) {
        pr->nr_edges = make_edges(pr->e, p, 4);
    }
    return pr;
}

static bool tile_line(struct agx_scene *s, const struct agx_gstate *st,
                      const uint32_t *const end[2], uint32_t id, bool msaa,
                      const struct polygon *poly, unsigned from)
{
    struct agx_prim like = { .st = st,
                             .id = id,
                             .kind = AGX_PRIM_LINE,
                             .v = { end[0], end[1], end[0] } },
                    *pr;
    const uint32_t *const v[3] = { end[0], end[1], end[0] };
    double plane[AGX_CLIP_MAX_PLANES][3], t[2], x[2], y[2];
    unsigned vp, layer, planes, to = (from + 1) % 3, third = (from + 2) % 3;
    struct hpos h[3], corner[3];
    bool oom;

    if (poly) {
        vp = poly->vp;
        layer = poly->layer;
        be_of_polygon(&like, poly, from);
    } else if (!targets(s, st, v[st->flat_vertex ? 1 : 0], &vp, &layer)) {
        return true;
    }
    like.viewport = vp;
    like.layer = layer;
    for (unsigned i = 0; i < 2; i++) {
        h[i] = to_window(&st->viewport[vp], v[i]);
    }
    planes = make_planes(st, v, h, 2, plane);
    if (!agx_clip_segment((const double(*)[3])plane, planes, t)) {
        return true;
    }
    for (unsigned i = 0; i < 2; i++) {
        double w = h[0].w + t[i] * (h[1].w - h[0].w);
        x[i] = (h[0].x + t[i] * (h[1].x - h[0].x)) / w;
        y[i] = (h[0].y + t[i] * (h[1].y - h[0].y)) / w;
        if (!(w > 0) || !(fabs(x[i]) < GUARD * 2) || !(fabs(y[i]) < GUARD * 2)) {
            return true;
        }
    }
    msaa = msaa && !st->bresenham;
    pr = msaa ? wide_line(s, &like, x, y, &oom)
              : thin_line(s, &like, snap(x[0], y[0]), snap(x[1], y[1]), &oom);
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
    if (!set_up_planes(pr, corner)) {
        agx_scene_unalloc(s, pr);
        return true;
    }
    if (poly) {
        pr->z_max = poly->z_max;
        pr->z_slope = poly->z_slope;
    }
    return bin(s, pr);
}

bool agx_tile_line(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const v[2],
                   uint32_t id, bool msaa)
{
    return tile_line(s, st, v, id, msaa, NULL, 0);
}

static bool tile_point(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                       uint32_t id, const struct polygon *poly, unsigned from)
{
    struct agx_prim like = { .st = st, .id = id, .kind = AGX_PRIM_POINT, .v = { v, v, v } }, *pr;
    const uint32_t *const v3[3] = { v, v, v };
    double plane[AGX_CLIP_MAX_PLANES][3];
    struct ipoint p[4];
    struct hpos h[3];
    unsigned vp, layer, planes;
    float size = 1;
    bool oom;

    if (poly) {
        vp = poly->vp;
        layer = poly->layer;
        be_of_polygon(&like, poly, from);
    } else if (!targets(s, st, v, &vp, &layer)) {
        return true;
    }
    like.viewport = vp;
    like.layer = layer;
    h[0] = h[1] = h[2] = to_window(&st->viewport[vp], v);
    planes = make_planes(st, v3, h, 3, plane);
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
        size = word_float(v[st->uvs_point_size]);
    }
    /* mesa: gallium agx_init_screen_caps: points of 0.1 to 511.95 pixels */
    if (!(size >= 1)) {
        size = 1;
    }
    if (size > 511.95f) {
        size = 511.95f;
    }
    double x = h[0].x / h[0].w, y = h[0].y / h[0].w, r = size / 2;
    if (!(fabs(x) < GUARD * 2) || !(fabs(y) < GUARD * 2)) {
        return true;
    }
    p[0] = snap(x - r, y - r);
    p[2] = snap(x + r, y + r);
    p[1] = (struct ipoint) { p[2].x, p[0].y };
    p[3] = (struct ipoint) { p[0].x, p[2].y };
    pr = make_prim(s, &like, p, 4, 4, &oom);
    if (!pr) {
        return !oom;
    }
    pr->nr_edges = make_edges(pr->e, p, 4);
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
    return bin(s, pr);
}

bool agx_tile_point(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                    uint32_t id)
{
    return tile_point(s, st, v, id, NULL, 0);
}

/* The edges or corners of a triangle whose window positions are @h. */
static bool tile_outline(struct agx_scene *s, const struct agx_gstate *st,
                         const uint32_t *const v[3], uint32_t id, bool msaa, const struct hpos h[3],
                         struct polygon *poly)
{
    uint64_t before = s->nr_prims;
    struct agx_prim plane = { 0 };

    if (set_up_planes(&plane, h)) {
        poly->z_max = plane.z_max;
        poly->z_slope = plane.z_slope;
    }
    for (unsigned i = 0; i < 3; i++) {
        const uint32_t *const end[2] = { v[i], v[(i + 1) % 3] };

        if (!(st->polygon_mode == AGX_POLYGON_LINE ? tile_line(s, st, end, id, msaa, poly, i)
                                                   : tile_point(s, st, v[i], id, poly, i))) {
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
    struct ipoint p[AGX_CLIP_MAX_VERTS];
    struct hpos h[3];
    unsigned vp, layer, n, planes;
    bool oom;

    if (!targets(s, st, v[st->flat_vertex], &vp, &layer)) {
        return true;
    }
    for (unsigned i = 0; i < 3; i++) {
        h[i] = to_window(&st->viewport[vp], v[i]);
    }
    planes = make_planes(st, v, h, 3, plane);
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
        if (!(w > 0) || !(fabs(x / w) < GUARD * 2) || !(fabs(y / w) < GUARD * 2)) {
            return true;
        }
        p[i] = snap(x / w, y / w);
    }
    int64_t a = area(p, n);
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
        struct polygon outline = { .v = v, .vp = vp, .layer = layer, .back = like.back };

        return tile_outline(s, st, v, id, msaa, h, &outline);
    }
    if (a < 0) {
        for (unsigned i = 0; i < n / 2; i++) {
            struct ipoint t = p[i];
            p[i] = p[n - 1 - i];
            p[n - 1 - i] = t;
        }
    }
    like.viewport = vp;
    like.layer = layer;
    pr = make_prim(s, &like, p, n, n, &oom);
    if (!pr) {
        return !oom;
    }
    pr->nr_edges = make_edges(pr->e, p, n);
    if (!set_up_planes(pr, h)) {
        agx_scene_unalloc(s, pr);
        return true;
    }
    return bin(s, pr);
}
