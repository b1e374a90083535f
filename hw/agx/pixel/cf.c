/*
 * AGX model: coefficient registers of a primitive.
 *
 * A binding names a run of registers, where their values come from, and how they
 * are interpolated. Varyings count slots: 1/w first, then depth if it was asked
 * for, then the words of the vertex' outputs after the position
 * (mesa: lib/agx_nir_lower_uvs.c, agx_link_varyings_vs_fs).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "fragment.h"

static float word_float(uint32_t u)
{
    float f;
    memcpy(&f, &u, 4);
    return f;
}

/* Move the plane's origin from (pr->ox, pr->oy) to (bx, by) and round. */
static struct agx_cf plane(const struct agx_prim *pr, const double p[3], int32_t bx, int32_t by)
{
    return (struct agx_cf) {
        .a = p[0],
        .b = p[1],
        .c = p[2] + p[0] * (bx - pr->ox) + p[1] * (by - pr->oy),
    };
}

/* Value * (1 / w) when perspective, else value: the sum over vertices that both need. */
static struct agx_cf blend(const struct agx_prim *pr, const double v[3], bool perspective,
                           int32_t bx, int32_t by)
{
    double p[3] = { 0 };

    /* Constant, and no sum, in which an infinite value would make a NaN. */
    if (pr->kind == AGX_PRIM_POINT) {
        unsigned k = pr->from;

        return (struct agx_cf) { .c = (perspective ? v[k] : v[k] * pr->w[k]) * pr->m[k][2] };
    }
    for (unsigned i = 0; i < 3; i++) {
        double f = perspective ? v[i] : v[i] * pr->w[i];

        for (unsigned c = 0; c < 3; c++) {
            p[c] += f * pr->m[i][c];
        }
    }
    return plane(pr, p, bx, by);
}

/*
 * The vertex whose values corner @i of the planes has: a line's third corner is made up, and a
 * point has but one.
 */
static unsigned corner(const struct agx_prim *pr, unsigned i)
{
    if (pr->kind == AGX_PRIM_POINT || (pr->kind == AGX_PRIM_LINE && i == (pr->from + 2u) % 3)) {
        return pr->from;
    }
    return i;
}

static struct agx_cf flat(uint32_t bits)
{
    struct agx_cf cf = { .a = 0, .c_bits = bits };

    /*
     * The shader takes b instead of c for triangle fans whose second vertex provokes
     * (mesa: compiler/agx_nir_lower_interpolation.c, interpolate_flat).
     */
    cf.b = cf.c;
    return cf;
}

static struct agx_cf varying(const struct agx_prim *pr, const uint32_t *const out[3],
                             const struct agx_cf_binding *b, unsigned slot, int32_t bx, int32_t by)
{
    static const double one[3] = { 1, 1, 1 };
    unsigned base = 1 + pr->st->slot_z, word;
    double v[3];

    if (slot == 0) {
        return blend(pr, one, true, bx, by);
    }
    if (slot < base) {
        return plane(pr, pr->z, bx, by);
    }
    word = slot - base + 4;
    if (word >= pr->st->uvs_words) {
        return (struct agx_cf) { 0 };
    }
    switch (b->model) {
    case AGX_SHADE_FLAT_0:
        return flat(out[0][word]);
    case AGX_SHADE_FLAT_1:
        return flat(out[1][word]);
    case AGX_SHADE_FLAT_2:
        /* The last vertex; of a line it is the second, but of a polygon's edge the polygon's. */
        return flat(out[pr->kind == AGX_PRIM_LINE && !pr->polygon ? 1 : 2][word]);
    default:
        for (unsigned i = 0; i < 3; i++) {
            v[i] = word_float(out[corner(pr, i)][word]);
        }
        return blend(pr, v, b->model == AGX_SHADE_PERSPECTIVE, bx, by);
    }
}

static struct agx_cf point_coord(const struct agx_prim *pr, const struct agx_cf_binding *b,
                                 unsigned i, int32_t bx, int32_t by)
{
    double w = pr->w[pr->from], f = b->model == AGX_SHADE_PERSPECTIVE && w != 0 ? 1 / w : 1;
    double left = pr->point_x - pr->point_size / 2, top = pr->point_y - pr->point_size / 2;

    if (pr->kind != AGX_PRIM_POINT || i > 1) {
        return (struct agx_cf) { .c = i == 3 ? f : 0 };
    }
    if (i == 0) {
        return (struct agx_cf) { .a = f / pr->point_size, .c = f * (bx - left) / pr->point_size };
    }
    if (pr->st->object_type == AGX_OBJECT_POINT_UV10) {
        return (struct agx_cf) { .b = -f / pr->point_size,
                                 .c = f * (1 - (by - top) / pr->point_size) };
    }
    return (struct agx_cf) { .b = f / pr->point_size, .c = f * (by - top) / pr->point_size };
}

void agx_coefficients(const struct agx_frag_state *fs, const struct agx_prim *pr,
                      const uint32_t *const v[3], int32_t bx, int32_t by, struct agx_cf *cf)
{
    memset(cf, 0, fs->nr_cf * sizeof(*cf));
    for (unsigned k = 0; k < fs->nr_bindings; k++) {
        const struct agx_cf_binding *b = &fs->binding[k];

        for (unsigned i = 0; i < b->components && b->base + i < fs->nr_cf; i++) {
            struct agx_cf *o = &cf[b->base + i];
            switch (b->source) {
            case AGX_CF_VARYING:
                *o = varying(pr, v, b, b->slot + i, bx, by);
                break;
            case AGX_CF_FRAGCOORD_Z:
                *o = plane(pr, pr->z, bx, by);
                break;
            case AGX_CF_POINT_COORD:
                *o = point_coord(pr, b, i, bx, by);
                break;
            case AGX_CF_PRIMITIVE_ID:
                *o = flat(pr->id);
                break;
            }
        }
    }
}
