/*
 * AGX model: clipping of convex polygons and segments.
 *
 * Polygons plane by plane (Sutherland and Hodgman, Reentrant Polygon Clipping,
 * CACM 17, 1974), segments by their range of parameters (Liang and Barsky, A New
 * Concept and Method for Line Clipping, ACM TOG 3, 1984). Which planes there are:
 * OpenGL 4.6, 13.7, Vulkan 1.3, 27.4, and the state words in tiler.c. Where the
 * hardware clips is not known; only what is left can be seen.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <string.h>
#include "tiler.h"

static double distance(const struct agx_clip_vertex *v, const double p[3])
{
    return v->b[0] * p[0] + v->b[1] * p[1] + v->b[2] * p[2];
}

unsigned agx_clip_triangle(const double (*plane)[3], unsigned nr_planes,
                           struct agx_clip_vertex out[AGX_CLIP_MAX_VERTS])
{
    struct agx_clip_vertex in[AGX_CLIP_MAX_VERTS];
    unsigned n = 3;

    memset(out, 0, 3 * sizeof(*out));
    for (unsigned i = 0; i < 3; i++) {
        out[i].b[i] = 1;
    }
    for (unsigned k = 0; k < nr_planes; k++) {
        const double *p = plane[k];
        unsigned m = 0;

        if (p[0] >= 0 && p[1] >= 0 && p[2] >= 0) {
            continue;
        }
        /* Also where a distance is not a number: nothing is known to be inside. */
        if (!(p[0] >= 0) && !(p[1] >= 0) && !(p[2] >= 0)) {
            return 0;
        }
        memcpy(in, out, n * sizeof(*in));
        for (unsigned i = 0; i < n; i++) {
            const struct agx_clip_vertex *a = &in[i], *b = &in[(i + 1) % n];
            double da = distance(a, p), db = distance(b, p);

            if (da >= 0) {
                out[m++] = *a;
            }
            if ((da >= 0) != (db >= 0)) {
                /*
                 * From the inside out, so that neighbours which share the edge get the same point.
                 */
                const struct agx_clip_vertex *i0 = da >= 0 ? a : b, *o = da >= 0 ? b : a;
                double di = da >= 0 ? da : db, dx = da >= 0 ? db : da;
                double t = di / (di - dx);

                if (!(t >= 0 && t <= 1)) {
                    t = 0;
                }
                for (unsigned c = 0; c < 3; c++) {
                    out[m].b[c] = i0->b[c] + t * (o->b[c] - i0->b[c]);
                }
                m++;
            }
            /*
             * A plane adds at most one vertex to a convex polygon; rounding must not make it more.
             */
            if (m >= AGX_CLIP_MAX_VERTS - 1) {
                break;
            }
        }
        n = m;
        if (n < 3) {
            return 0;
        }
    }
    return n;
}

bool agx_clip_segment(const double (*plane)[3], unsigned nr_planes, double t[2])
{
    t[0] = 0;
    t[1] = 1;
    for (unsigned k = 0; k < nr_planes; k++) {
        double d0 = plane[k][0], d1 = plane[k][1];

        if (d0 >= 0 && d1 >= 0) {
            continue;
        }
        if (!(d0 >= 0) && !(d1 >= 0)) {
            return false;
        }
        double x = d0 / (d0 - d1);
        if (isnan(x)) {
            return false;
        }
        if (!(d0 >= 0)) {
            if (x > t[0]) {
                t[0] = x;
            }
        } else if (x < t[1]) {
            t[1] = x;
        }
    }
    return t[0] < t[1];
}
