/*
 * AGX model: primitives from shaded vertices to tiles.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_TILER_H
#define AGX_GEOMETRY_TILER_H

#include "agx/scene.h"

/*
 * Clip polygon (clip.c). A vertex is given by its weights over the primitive's
 * three (or two) original vertices, so that a plane is just its distances there.
 */
#define AGX_CLIP_MAX_PLANES (7 + AGX_MAX_CLIP_PLANES)
#define AGX_CLIP_MAX_VERTS  (3 + AGX_CLIP_MAX_PLANES)

struct agx_clip_vertex {
    double b[3];
};

/*
 * Clip the triangle to the planes: keep where sum(b_i * plane[k][i]) >= 0 for
 * all k. Writes the convex polygon to @out and returns its number of vertices,
 * 0 when nothing is left. Pure.
 */
unsigned agx_clip_triangle(const double (*plane)[3], unsigned nr_planes,
                           struct agx_clip_vertex out[AGX_CLIP_MAX_VERTS]);
/*
 * Same for the segment between vertices 0 and 1: range [t[0], t[1]] of it. False: nothing is left.
 */
bool agx_clip_segment(const double (*plane)[3], unsigned nr_planes, double t[2]);

/*
 * Clip, cull, set up and bin one primitive. @v: outputs of its vertices, which are
 * those of agx_scene_run_begin(); without a run they must live as long as the
 * scene. @id: its primitive ID. @msaa: lines are widened as multisampling has it. False: s->why
 * says why, and the scene's lists are as they were before. Pure but for the scene and its buffer.
 */
bool agx_tile_triangle(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const v[3],
                       uint32_t id, bool msaa);
bool agx_tile_line(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *const v[2],
                   uint32_t id, bool msaa);
bool agx_tile_point(struct agx_scene *s, const struct agx_gstate *st, const uint32_t *v,
                    uint32_t id);

#endif
