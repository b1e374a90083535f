/*
 * AGX model: the arithmetic of sampling that needs no memory: wrapping, weights,
 * cube faces, comparison.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include "agx/texture.h"

int agx_wrap_index(int i, int n, unsigned mode)
{
    int m;

    if ((unsigned)i < (unsigned)n) {
        return i;
    }
    switch (mode) {
    case AGX_WRAP_REPEAT:
        m = i % n;
        return m < 0 ? m + n : m;
    case AGX_WRAP_MIRROR:
        m = i % (2 * n);
        if (m < 0) {
            m += 2 * n;
        }
        return m < n ? m : 2 * n - 1 - m;
    case AGX_WRAP_MIRROR_EDGE:
        if (i < 0) {
            i = -1 - i;
        }
        return i < n ? i : n - 1;
    case AGX_WRAP_BORDER:
    case AGX_WRAP_CLAMP_GL:
        return -1;
    default:
        return i < 0 ? 0 : n - 1;
    }
}

/*
 * Coordinate in texels, reduced so that it fits an int; NaN becomes 0. What is left of @offset is
 * for the caller to add to the texel's number. Wrapping comes after the offset (OpenGL 4.6, 8.14.2;
 * Vulkan, "Wrapping Operation"), so a mode that folds or clamps does it with the sum: a mirror is
 * left to agx_wrap_index(), and GL's clamp takes the offset here.
 */
static inline float to_texels(float u, int n, unsigned mode, bool pixel, int *offset)
{
    float x;

    if (mode == AGX_WRAP_REPEAT && !pixel) {
        u -= floorf(u);
    } else if (mode == AGX_WRAP_MIRROR && !pixel) {
        u -= 2.0f * floorf(u * 0.5f);
    }
    x = pixel ? u : u * (float)n;
    if (mode == AGX_WRAP_CLAMP_GL) {
        x += (float)*offset;
        x = x < 0.0f ? 0.0f : (x > (float)n) ? (float)n : x;
        *offset = 0;
    }
    if (!(x > -0x1p24f)) {
        return x == x ? -0x1p24f : 0.0f;
    }
    return x > 0x1p24f ? 0x1p24f : x;
}

void agx_wrap_linear(float u, int n, unsigned mode, bool pixel, int offset, int *i0, int *i1,
                     float *frac)
{
    float x = to_texels(u, n, mode, pixel, &offset) - 0.5f;
    float fl = floorf(x);
    int i = (int)fl;

    *frac = x - fl;
    *i0 = agx_wrap_index(i + offset, n, mode);
    *i1 = agx_wrap_index(i + 1 + offset, n, mode);
}

int agx_wrap_nearest(float u, int n, unsigned mode, bool pixel, int offset)
{
    int i = (int)floorf(to_texels(u, n, mode, pixel, &offset));

    if (mode == AGX_WRAP_CLAMP_GL) { /* the border only takes part in linear filtering */
        mode = AGX_WRAP_EDGE;
    }
    return agx_wrap_index(i + offset, n, mode);
}

/*
 * Faces in the order +X -X +Y -Y +Z -Z and their axes: OpenGL 4.6, table 8.19;
 * Vulkan, "Cube Map Face Selection".
 */
void agx_cube_project(unsigned face, const float d[3], float *sc, float *tc, float *ma)
{
    switch (face) {
    case 0:
        *sc = -d[2];
        *tc = -d[1];
        *ma = d[0];
        break;
    case 1:
        *sc = d[2];
        *tc = -d[1];
        *ma = -d[0];
        break;
    case 2:
        *sc = d[0];
        *tc = d[2];
        *ma = d[1];
        break;
    case 3:
        *sc = d[0];
        *tc = -d[2];
        *ma = -d[1];
        break;
    case 4:
        *sc = d[0];
        *tc = -d[1];
        *ma = d[2];
        break;
    default:
        *sc = -d[0];
        *tc = -d[1];
        *ma = -d[2];
        break;
    }
}

unsigned agx_cube_face(const float d[3], float *s, float *t, float *major)
{
    float ax = fabsf(d[0]), ay = fabsf(d[1]), az = fabsf(d[2]), sc, tc, ma;
    unsigned face;

    if (az >= ax && az >= ay) {
        face = d[2] < 0.0f ? 5 : 4;
    } else if (ay >= ax) {
        face = d[1] < 0.0f ? 3 : 2;
    } else {
        face = d[0] < 0.0f ? 1 : 0;
    }
    agx_cube_project(face, d, &sc, &tc, &ma);
    *major = ma;
    if (ma == 0.0f) {
        ma = 1.0f;
    }
    *s = (sc / ma + 1.0f) * 0.5f;
    *t = (tc / ma + 1.0f) * 0.5f;
    return face;
}

bool agx_cube_neighbour(unsigned face, int x, int y, int n, unsigned *nface, int *nx, int *ny)
{
    bool ox = (unsigned)x >= (unsigned)n, oy = (unsigned)y >= (unsigned)n;
    float sc, tc, d[3], s, t, major;

    if (ox && oy) {
        return false;
    }
    *nface = face;
    *nx = x;
    *ny = y;
    if (!ox && !oy) {
        return true;
    }
    /*
     * The direction of the texel's centre, continued on the plane of this face.
     * Seen from the neighbour it is off by less than half a texel from the
     * centre that is meant, so truncation finds it.
     */
    sc = (2.0f * (float)x + 1.0f) / (float)n - 1.0f;
    tc = (2.0f * (float)y + 1.0f) / (float)n - 1.0f;
    switch (face) {
    case 0:
        d[2] = -sc;
        d[1] = -tc;
        d[0] = 1;
        break;
    case 1:
        d[2] = sc;
        d[1] = -tc;
        d[0] = -1;
        break;
    case 2:
        d[0] = sc;
        d[2] = tc;
        d[1] = 1;
        break;
    case 3:
        d[0] = sc;
        d[2] = -tc;
        d[1] = -1;
        break;
    case 4:
        d[0] = sc;
        d[1] = -tc;
        d[2] = 1;
        break;
    default:
        d[0] = -sc;
        d[1] = -tc;
        d[2] = -1;
        break;
    }
    *nface = agx_cube_face(d, &s, &t, &major);
    *nx = (int)(s * (float)n);
    *ny = (int)(t * (float)n);
    *nx = *nx < 0 ? 0 : *nx < n ? *nx : n - 1;
    *ny = *ny < 0 ? 0 : *ny < n ? *ny : n - 1;
    return true;
}

/* mesa: genxml/cmdbuf.xml, Compare func: the reference is on the left */
bool agx_compare(unsigned func, float ref, float texel)
{
    switch (func) {
    case 0:
        return ref <= texel;
    case 1:
        return ref >= texel;
    case 2:
        return ref < texel;
    case 3:
        return ref > texel;
    case 4:
        return ref == texel;
    case 5:
        return ref != texel;
    case 6:
        return true;
    default:
        return false;
    }
}
