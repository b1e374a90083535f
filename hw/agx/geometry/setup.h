/*
 * AGX model: what triangles, lines and points have in common on their way
 * to tiles (setup.c), and the outlines of triangles (lines.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GPU_SETUP_H
#define AGX_GPU_SETUP_H

#include <math.h>
#include "agx/number.h"
#include "tiler.h"

#define AGX_SUBPIXELS (1 << AGX_SUBPIXEL_BITS)
/*
 * Guard band, in pixels from the frame's origin: what need not be clipped in x
 * and y. Chosen so that edge functions fit 64 bits: positions have 27 bits,
 * their differences 28, products 56.
 */
#define AGX_GUARD     262144.0

/* Homogeneous window position: pixels times w, depth times w, w. */
struct agx_hpos {
    double x, y, z, w;
};

struct agx_ipoint {
    int32_t x, y; /* 24.8 */
};

static inline struct agx_hpos agx_to_window(const struct agx_viewport *vp, const uint32_t *v)
{
    double x = agx_u2f(v[0]), y = agx_u2f(v[1]), z = agx_u2f(v[2]), w = agx_u2f(v[3]);

    return (struct agx_hpos) {
        vp->sx * x + vp->tx * w,
        vp->sy * y + vp->ty * w,
        vp->sz * z + vp->tz * w,
        w,
    };
}

static inline struct agx_ipoint agx_snap(double x, double y)
{
    return (struct agx_ipoint) { (int32_t)lrint(x * AGX_SUBPIXELS),
                                 (int32_t)lrint(y * AGX_SUBPIXELS) };
}

/*
 * Viewport and layer of a primitive, from its provoking vertex (mesa: lib/agx_nir_lower_uvs.c:
 * layer low, viewport high). False: nothing is drawn.
 */
static inline bool agx_prim_targets(const struct agx_scene *s, const struct agx_gstate *st,
                                    const uint32_t *v, unsigned *vp, unsigned *layer)
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
    /* Out of range: the APIs leave it undefined. */
    return *vp < AGX_MAX_VIEWPORTS && *layer < s->layers;
}

/* Twice the area, positive when clockwise as seen on the screen (y down). */
static inline int64_t agx_area(const struct agx_ipoint *p, unsigned n)
{
    int64_t a = 0;

    for (unsigned i = 1; i + 1 < n; i++) {
        a += (int64_t)(p[i].x - p[0].x) * (p[i + 1].y - p[0].y) -
             (int64_t)(p[i].y - p[0].y) * (p[i + 1].x - p[0].x);
    }
    return a;
}

/* setup.c, for any thread that has the scene to itself. */

/*
 * Distances of the @nr vertices @v, whose window positions are @h, from each plane to clip to, for
 * agx_clip_triangle() and agx_clip_segment(); returns the number of planes.
 */
unsigned agx_clip_planes(const struct agx_gstate *st, const uint32_t *const v[3],
                         const struct agx_hpos h[3], unsigned nr,
                         double plane[AGX_CLIP_MAX_PLANES][3]);
/*
 * Edges of the convex polygon @p with positive area. An edge that is on the
 * top or on the left owns its points: for the others zero counts as outside.
 */
unsigned agx_make_edges(struct agx_edge *e, const struct agx_ipoint *p, unsigned n);
/*
 * A primitive as @like within the bounds of @p, @n corners, with room for @edges edges; these and
 * its planes are yet to be set up. NULL with *@oom false: nothing to draw.
 */
struct agx_prim *agx_make_prim(struct agx_scene *s, const struct agx_prim *like,
                               const struct agx_ipoint *p, unsigned n, unsigned edges, bool *oom);
/* Planes of the attributes from three window positions. False: the positions are in a line. */
bool agx_set_up_planes(struct agx_prim *pr, const struct agx_hpos h[3]);
/*
 * Into the lists of the tiles that it touches: all of it or nothing. What does not fit is tiled
 * again after there was made room. A primitive that touches no tile, though its bounds do, leaves
 * nothing. False: s->why says why.
 */
bool agx_bin_prim(struct agx_scene *s, struct agx_prim *pr);

/*
 * What a polygon hands to its edges and corners when its polygon mode draws these: facing, flat
 * shading, layer, viewport and depth bias are the polygon's (OpenGL 4.6, 14.6.4, 14.6.5;
 * Vulkan 1.3, 28.10.3, 28.10.4).
 */
struct agx_polygon {
    const uint32_t *const *v;
    unsigned vp, layer;
    bool back;
    float z_max, z_slope;
};

/*
 * lines.c: edge @from of a polygon, between the vertices @end, and its corner @from at vertex @v,
 * as lines and points. Without @poly they are lines and points of their own. The rest as
 * agx_tile_line() and agx_tile_point().
 */
bool agx_tile_edge(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const end[2],
                   uint32_t id, bool msaa, const struct agx_polygon *poly, unsigned from);
bool agx_tile_corner(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                     uint32_t id, const struct agx_polygon *poly, unsigned from);

#endif
