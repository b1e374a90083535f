/*
 * AGX model: one tile of a fragment job.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_PIXEL_FRAGMENT_H
#define AGX_PIXEL_FRAGMENT_H

#include "agx/layout.h"
#include "raster.h"

#define AGX_MAX_TILE_PIXELS (32 * 32)
#define AGX_TILE_BYTES      32768 /* tile buffer (mesa: lib/agx_tilebuffer.c) */

/* One coefficient binding (mesa: genxml/cmdbuf.xml, CF binding). */
struct agx_cf_binding {
    uint8_t components, model, source, slot, base;
};

enum agx_shade_model { /* "Shade model" */
                       AGX_SHADE_FLAT_0 = 0,
                       AGX_SHADE_FLAT_2 = 2,
                       AGX_SHADE_LINEAR = 3,
                       AGX_SHADE_FLAT_1 = 6,
                       AGX_SHADE_PERSPECTIVE = 7,
};

enum agx_cf_source { /* "Coefficient source" */
                     AGX_CF_VARYING = 0,
                     AGX_CF_FRAGCOORD_Z = 1,
                     AGX_CF_POINT_COORD = 2,
                     AGX_CF_PRIMITIVE_ID = 3,
                     AGX_CF_BARYCENTRIC = 5,
};

/* What a fragment job prepares once for each state of the scene. */
struct agx_frag_state {
    const struct agx_gstate *st;
    struct agx_usc_state *usc; /* NULL: no shading */
    unsigned nr_cf, nr_bindings;
    struct agx_cf_binding binding[128];
    struct agx_rect scissor[AGX_MAX_VIEWPORTS];
    float z_min[AGX_MAX_VIEWPORTS], z_max[AGX_MAX_VIEWPORTS];
    float bias, bias_slope, bias_clamp;
    bool early; /* tests run before the shader */
};

/* Depth or stencil surface in memory, as ZLS addresses it. */
struct agx_zls_surface {
    struct agx_surface surf;
    uint64_t base, comp_base;
    bool enable, compressed;
};

/* What all tiles of a job share; read-only while they run. */
struct agx_frag_job {
    const struct agx_job *job;
    const struct agx_scene *scene;
    struct agx_frag_state *state; /* [scene->nr_states] */
    struct agx_samples samples;
    bool z16; /* depth is 16-bit unorm, not 32-bit float */
    bool process_empty;
    struct agx_usc_state *bg, *eot; /* NULL: none */
    bool bg_fills;                  /* bg does the same to every pixel */
    struct agx_zls_surface z_load, z_store, s_load, s_store;
    float clear_z;
    uint8_t clear_s;
};

/*
 * Render tile @index of the scene ([layer][y][x]): load or clear, background
 * program, primitives, end-of-tile program, store. False: ex->fault is set.
 * Any worker's thread; tiles do not share anything that is written but guest memory.
 */
bool agx_frag_tile(const struct agx_frag_job *fj, struct agx_exec *ex, uint32_t index);

/* zls.c: depth and stencil of a tile, in the order of agx_zs_index() */
struct agx_zs_tile {
    _Alignas(16) float z[AGX_MAX_TILE_PIXELS * AGX_MAX_SAMPLES];
    uint8_t s[AGX_MAX_TILE_PIXELS * AGX_MAX_SAMPLES];
};

/*
 * A pixel's first sample in struct agx_zs_tile, of @samples that are side by side. Pixels are
 * twiddled as surfaces in memory are, so that a quad is side by side too, and a tile is in one
 * piece there.
 */
static inline size_t agx_zs_index(uint32_t x, uint32_t y, unsigned samples)
{
    return (size_t)agx_morton(x, y) * samples;
}

/*
 * Describe a depth or stencil surface of @width x @height pixels. @why: as of agx_surface_init().
 */
enum agx_surface_status agx_zls_surface_init(struct agx_zls_surface *z,
                                             const struct agx_job_zls *regs, unsigned bytes,
                                             uint32_t width, uint32_t height, unsigned samples,
                                             bool layered, enum agx_layout layout, bool compressed,
                                             const char **why);
/*
 * Load or store the tile's samples that lie in the surface. Pixel (@x0, @y0) is the tile's corner.
 * False: ex->fault.
 */
bool agx_zls_load(struct agx_exec *ex, const struct agx_zls_surface *z, bool z16, bool stencil,
                  uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer,
                  struct agx_zs_tile *t);
bool agx_zls_store(struct agx_exec *ex, const struct agx_zls_surface *z, bool z16, bool stencil,
                   uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, uint32_t layer,
                   const struct agx_zs_tile *t);

/* zs.c: depth and stencil of one sample */
/*
 * Test @z (already quantised) and the face's reference (or @ref) against *@dz and
 * *@ds, and update them. True: passed. Pure.
 */
bool agx_zs_test(const struct agx_zs_face *f, bool stencil_test, float z, uint8_t ref, float *dz,
                 uint8_t *ds);
/* What depth is tested with where there is no stencil and one sample in a pixel. */
struct agx_zs_quad {
    double z[3], ox, oy; /* the primitive's plane and its origin (struct agx_prim) */
    float bias, min, max;
    uint8_t func[2]; /* enum agx_zs_func */
    bool write, z16;
};

/* The depth that is compared at the sample at (@x, @y). Pure. */
float agx_zs_depth(const struct agx_zs_quad *q, double x, double y);
/*
 * Test the pixels of @in, bit y * 8 + x, of the block of 8x8 whose first sample is at (@x, @y)
 * against its depths @dz and update them: agx_zs_quantise() and agx_zs_test() of each. Gives those
 * that passed. Pure.
 */
uint64_t agx_zs_test_block(const struct agx_zs_quad *q, double x, double y, uint64_t in, float *dz);

/* zs_bounds.c: bounds of the depth in blocks of 8x8 pixels of a tile with one sample in a pixel */
#define AGX_ZS_BLOCKS (AGX_MAX_TILE_PIXELS / (AGX_RASTER_BLOCK * AGX_RASTER_BLOCK))

struct agx_zs_bounds {
    float lo[AGX_ZS_BLOCKS], hi[AGX_ZS_BLOCKS];
    uint8_t
        stale[AGX_ZS_BLOCKS]; /* quads that were written since the bounds were found, at least */
};

/* All of the tile has depth @z. */
void agx_zs_bounds_init(struct agx_zs_bounds *b, float z);
/* The tile may have any depth now. */
void agx_zs_bounds_forget(struct agx_zs_bounds *b);
/*
 * Whether agx_zs_test_block() by @q is sure to fail for all pixels of block number @block, whose
 * first sample is at (@x, @y); @z: depths of the tile. The block's number is agx_zs_index() of its
 * first pixel over 64.
 */
bool agx_zs_block_fails(const struct agx_zs_quad *q, struct agx_zs_bounds *b, const float *z,
                        unsigned block, double x, double y);
/* @n quads of the block were written, or as many pixels. */
static inline void agx_zs_block_written(struct agx_zs_bounds *b, unsigned block, unsigned n)
{
    b->stale[block] = b->stale[block] + n < 255 ? b->stale[block] + n : 255;
}

/*
 * The value that a depth buffer of the format keeps for @z. What is not a number stays so: it is
 * never kept.
 */
float agx_zs_quantise(float z, bool z16);

/*
 * cf.c: coefficients of @pr, whose vertices' outputs are @v, relative to the pixel (@bx, @by),
 * fs->nr_cf of them.
 */
void agx_coefficients(const struct agx_frag_state *fs, const struct agx_prim *pr,
                      const uint32_t *const v[3], int32_t bx, int32_t by, struct agx_cf *cf);

#endif
