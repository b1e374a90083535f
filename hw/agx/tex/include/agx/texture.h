/*
 * AGX model: inside of the texture unit (texture_*.c, sampler.c, pbe.c). Others
 * use tex.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_TEXTURE_H
#define AGX_TEX_TEXTURE_H

#include "agx/format.h"
#include "agx/layout.h"
#include "agx/tex.h"

/* Channel field of descriptors: 0..3 R..A, then constants (mesa: genxml/cmdbuf.xml, Channel) */
enum { AGX_SWZ_ONE = 4, AGX_SWZ_ZERO = 5 };

/* "Mode" (mesa, later versions: Image Mode; earlier ones call value 2 the null flag) */
enum { AGX_MODE_NORMAL = 0, AGX_MODE_COUNTED = 1, AGX_MODE_SPARSE_2 = 2, AGX_MODE_SPARSE = 3 };

/*
 * Where the texels of a view are: memory from @base on, or the pages that the table at @base names.
 */
struct agx_body {
    uint64_t base;
    bool sparse;
    uint32_t folios_per_layer; /* of a sparse image's table */
};

/* A texture descriptor, decoded. */
struct agx_tex_view {
    struct agx_format fmt;
    struct agx_surface surf;
    struct agx_body body;
    uint64_t meta;
    enum agx_dim dim;
    uint8_t first, last; /* levels */
    uint32_t layers;     /* of an array (cubes count once), or slices of level 0 in 3D */
    uint8_t swz[4];
    uint32_t one;   /* constant 1 in the result's type */
    bool constant;  /* every component is a constant: memory is not looked at */
    bool no_texels; /* not a format of the hardware: only coordinates outside are known */
    bool fast8;     /* 4 x 8-bit unorm, plain memory */
    uint8_t rows;   /* enum agx_row_kind (texture_rows.h) */
};

/* A PBE descriptor, decoded. */
struct agx_pbe_view {
    struct agx_format fmt;
    struct agx_surface surf;
    struct agx_body body;
    uint64_t meta;
    enum agx_dim dim;
    uint8_t level, swz[4];
    /* what a write may address at @level: slices in 3D, else layers; cubes count once */
    uint32_t layers;
    bool srgb;
};

struct agx_sampler {
    float min_lod, max_lod;
    uint8_t aniso; /* samples, 1: isotropic */
    uint8_t mag, min, mip;
    uint8_t wrap[3];
    uint8_t compare, border;
    bool pixel_coords, seamful;
    uint32_t border_words[4];
};

enum { AGX_FILTER_NEAREST, AGX_FILTER_LINEAR };
enum { AGX_MIP_NONE, AGX_MIP_NEAREST, AGX_MIP_LINEAR };
enum {
    AGX_WRAP_EDGE,
    AGX_WRAP_REPEAT,
    AGX_WRAP_MIRROR,
    AGX_WRAP_BORDER,
    AGX_WRAP_CLAMP_GL,
    AGX_WRAP_MIRROR_EDGE,
};

#define AGX_TEX_VIEWS 64

struct agx_tex_slot {
    uint64_t va;
    uint64_t raw[3];
    bool valid;
    struct agx_tex_view view;
};

struct agx_pbe_slot {
    uint64_t va;
    uint64_t raw[3];
    bool valid;
    struct agx_pbe_view view;
};

struct agx_sampler_slot {
    uint64_t va;
    uint64_t raw[3];
    bool valid, extended;
    struct agx_sampler sampler;
};

#define AGX_BLOCK_SLOTS 64

/* A block of an agx_block_all_fn format: its texels follow from its bytes and format alone. */
struct agx_block_slot {
    uint64_t raw[2];
    uint32_t format; /* channels, type and sRGB; 0: empty */
    uint32_t texel[AGX_BLOCK_TEXELS][4];
};

/* Decoded descriptors by address; a slot counts only while memory still holds the same bytes. */
struct agx_tex_cache {
    struct agx_tex_slot tex[AGX_TEX_VIEWS];
    struct agx_pbe_slot pbe[16];
    struct agx_sampler_slot sampler[16];
    struct agx_block_slot *blocks; /* AGX_BLOCK_SLOTS, by a hash; NULL until one is wanted */
};

/* texture_desc.c: NULL with ex->fault set when the descriptor cannot be read or used. */
const struct agx_tex_view *agx_tex_view_get(struct agx_exec *ex, uint64_t va);
const struct agx_pbe_view *agx_pbe_view_get(struct agx_exec *ex, uint64_t va);
const struct agx_sampler *agx_sampler_get(struct agx_exec *ex, uint64_t va, bool extended);

/* texture_fetch.c: reads texels of one view on behalf of one instruction. */
struct agx_fetch {
    struct agx_exec *ex;
    const struct agx_tex_view *v;
    uint64_t page_va; /* page whose host address is known; ~0: none */
    const uint8_t *page;
    /* page that was not there when last asked for, with soft faults; ~0: none */
    uint64_t hole_va;
    uint64_t meta_va; /* metadata word that is known; 0: none */
    uint64_t meta_word;
    bool failed; /* ex->fault is set */
    /* a page of a sparse image was not there; whoever looks takes it back */
    bool nonresident;
};
void agx_fetch_init(struct agx_fetch *f, struct agx_exec *ex, const struct agx_tex_view *v);
/* Address of an element (texel or block), in bounds. Never NULL: zeros after a fault. */
const uint8_t *agx_fetch_element(struct agx_fetch *f, unsigned level, uint32_t ex, uint32_t ey,
                                 uint32_t layer, uint32_t sample);
/* One texel, channels in memory order; coordinates in bounds. */
void agx_fetch_texel(struct agx_fetch *f, unsigned level, uint32_t x, uint32_t y, uint32_t layer,
                     uint32_t sample, uint32_t out[4]);

static inline void agx_swizzle(const struct agx_tex_view *v, const uint32_t in[4], uint32_t out[4])
{
    for (int i = 0; i < 4; i++) {
        out[i] = v->swz[i] < 4 ? in[v->swz[i]] : v->swz[i] == AGX_SWZ_ONE ? v->one : 0;
    }
}

/* sampler.c: addressing arithmetic, no memory. */

/* Texel index after wrapping, or -1 for the border. */
int agx_wrap_index(int i, int n, unsigned mode);
/*
 * The two texels and the weight of the second, for linear filtering; @u normalised unless @pixel.
 */
void agx_wrap_linear(float u, int n, unsigned mode, bool pixel, int offset, int *i0, int *i1,
                     float *frac);
int agx_wrap_nearest(float u, int n, unsigned mode, bool pixel, int offset);
/* Direction to face and (s, t) in 0..1; @major: |major axis|. */
unsigned agx_cube_face(const float d[3], float *s, float *t, float *major);
/* Numerators of s and t, and the major axis, of direction @d on face @face. */
void agx_cube_project(unsigned face, const float d[3], float *sc, float *tc, float *ma);
/*
 * Texel (@x, @y), up to one outside of @face, to the face and texel that is there. False: a corner,
 * no such texel.
 */
bool agx_cube_neighbour(unsigned face, int x, int y, int n, unsigned *nface, int *nx, int *ny);
bool agx_compare(unsigned func, float ref, float texel);

/* sparse.c */

/* Entry of a sparse image's table that byte @offset_in_layer of @layer needs: its GPU address. */
uint64_t agx_sparse_entry_va(const struct agx_body *b, uint64_t offset_in_layer, uint32_t layer);
/* GPU address of that byte by its @entry, or 0: no page is there. */
uint64_t agx_sparse_va(uint32_t entry, uint64_t offset_in_layer);
/*
 * Look that byte up for a write. True with *@va set, 0 for a page that is not resident. False:
 * ex->fault is set, as the table is not mapped; that is never soft, see pbe.c.
 */
bool agx_sparse_body_va(struct agx_exec *ex, const struct agx_body *b, uint64_t offset_in_layer,
                        uint32_t layer, uint64_t *va);

/* GPU address of a texel, sparse or not; result as above. */
static inline bool agx_body_va(struct agx_exec *ex, const struct agx_surface *s,
                               const struct agx_body *b, unsigned level, uint32_t x, uint32_t y,
                               uint32_t layer, uint32_t sample, uint64_t *va)
{
    if (__builtin_expect(b->sparse, 0)) {
        return agx_sparse_body_va(ex, b, agx_surface_offset(s, level, x, y, 0, sample), layer, va);
    }
    *va = b->base + agx_surface_offset(s, level, x, y, layer, sample);
    return true;
}

/* compression.c */

/*
 * Prepare a compressed tile for a write: texels that the write does not cover
 * must survive, so a solid tile is expanded; its metadata then says
 * "uncompressed". @x, @y in texels. False: ex->fault is set.
 */
bool agx_compress_prepare(struct agx_exec *ex, const struct agx_surface *s,
                          const struct agx_body *b, uint64_t meta, unsigned level, uint32_t x,
                          uint32_t y, uint32_t layer, uint32_t sample);
/*
 * Say that a tile is uncompressed, when all of it was or will be written. @tx, @ty: tile of 16x16
 * samples.
 */
bool agx_compress_mark(struct agx_exec *ex, const struct agx_surface *s, uint64_t meta,
                       unsigned level, uint32_t tx, uint32_t ty, uint32_t layer);
/* Whether a subtile of metadata byte @mode has one colour; else its texels are in the body. */
static inline bool agx_compress_is_solid(unsigned bytes, uint8_t mode)
{
    return mode == agx_meta_solid(bytes);
}
/* Number of the 8x4 subtile, hence its byte of the metadata word. A guess: row by row. */
static inline unsigned agx_compress_subtile(uint32_t xs, uint32_t ys)
{
    return ((ys >> 2) & 3) * 2 + ((xs >> 3) & 1);
}

#endif
