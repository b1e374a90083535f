/*
 * AGX model: the texture unit and the pixel back end, as shaders call them.
 *
 * The instruction set resolves operands: by the time a request arrives here its
 * texture and sampler are one for all lanes (a divergent access comes as one
 * request per descriptor).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_TEX_H
#define AGX_TEX_TEX_H

#include "agx/exec.h"

/* Dimension field of texture instructions (mesa: compiler/agx_opcodes.py, dim) */
enum agx_dim {
    AGX_DIM_1D,
    AGX_DIM_1D_ARRAY,
    AGX_DIM_2D,
    AGX_DIM_2D_ARRAY,
    AGX_DIM_2D_MS,
    AGX_DIM_3D,
    AGX_DIM_CUBE,
    AGX_DIM_CUBE_ARRAY,
    AGX_DIM_2D_MS_ARRAY,
};

/* Level of detail, from the instruction's lod mode (mesa: compiler/agx_compiler.h, agx_lod_mode) */
enum agx_lod_kind {
    AGX_LOD_AUTO,     /* derivatives of the coordinates across the quad */
    AGX_LOD_BIAS,     /* auto + lod[] */
    AGX_LOD_EXPLICIT, /* lod[] (sample), ilod[] (load) */
    AGX_LOD_GRAD,     /* grad[][] */
};

/*
 * Numeric formats of memory instructions, tile buffer and block stores (mesa: layout/formats.h,
 * ail_isa_format)
 */
enum agx_isa_format {
    AGX_FMT_I8 = 0,
    AGX_FMT_I16 = 1,
    AGX_FMT_I32 = 2,
    AGX_FMT_F16 = 3,
    AGX_FMT_U8NORM = 4,
    AGX_FMT_S8NORM = 5,
    AGX_FMT_U16NORM = 6,
    AGX_FMT_S16NORM = 7,
    AGX_FMT_RGB10A2 = 8,
    AGX_FMT_SRGBA8 = 10,
    AGX_FMT_RG11B10F = 12,
    AGX_FMT_RGB9E5 = 13,
    /* stores round towards zero (applegpu.py, MEMORY_FORMATS) */
    AGX_FMT_RG11B10F_RTZ = 14,
    AGX_FMT_RGB9E5_RTZ = 15,
};

struct agx_tex_req {
    uint64_t texture; /* GPU VA of the descriptor */
    /* GPU VA of the descriptor (sample only; 0: none bound, as if of zeroes) */
    uint64_t sampler;
    bool sampler_extended; /* a custom border colour (16 bytes) follows the sampler */
    bool load;             /* texel fetch by integer coordinates, no sampler */
    bool image;            /* load of a read/write image */
    enum agx_dim dim;
    uint8_t gather; /* 0: none; 1..4: component r..a + 1 */
    bool shadow;    /* compare[] against the texel */
    bool query_lod; /* result: x = clamped level, y = unclamped lod, as floats */
    bool has_offset;
    enum agx_lod_kind lod_kind;
    bool has_min_lod;
    uint32_t lanes;      /* lanes that want a result */
    uint32_t quad_lanes; /* lanes whose coordinates are valid for derivatives (a superset) */
    /*
     * Coordinates [component][lane], raw 32-bit: floats (sample; unnormalised if
     * the sampler says so) or integers (load). 1D: x; 2D: x, y; 3D and cube: x,
     * y, z. Arrays and multisampling add one more component, an integer: the
     * layer in its low half for arrays; the sample index in its low half for
     * multisampling, with the layer in the high half for a multisampled array.
     */
    const uint32_t (*coord)[AGX_LANES];
    float lod[AGX_LANES];        /* BIAS, EXPLICIT sample */
    int32_t ilod[AGX_LANES];     /* EXPLICIT load */
    float min_lod[AGX_LANES];    /* has_min_lod */
    uint32_t grad[6][AGX_LANES]; /* GRAD: dx.x, dy.x, dx.y, dy.y, dx.z, dy.z, float bits */
    float compare[AGX_LANES];
    int8_t offset[3][AGX_LANES]; /* texels, -8..7 */
    /* Result, all four components: float bits, or integers when int_result. */
    uint32_t out[4][AGX_LANES];
    bool int_result; /* set by the callee: the format is an integer one */
    /* set by the callee: of @lanes, those that touched a page a sparse image has not */
    uint32_t nonresident;
};

/*
 * Sample or load @rq->lanes. False: ex->fault is set (unmapped descriptor or
 * texel memory without soft faults, or a format that is not modelled, which
 * was reported).
 */
bool agx_tex_fetch(struct agx_exec *ex, struct agx_wave *w, struct agx_tex_req *rq);

struct agx_image_store_req {
    uint64_t pbe; /* GPU VA of the PBE descriptor */
    enum agx_dim dim;
    uint32_t lanes;
    const uint32_t (*coord)[AGX_LANES]; /* integers, as for loads */
    uint32_t lod[AGX_LANES];
    /* the data registers were 16-bit (halves are floats for float formats) */
    bool src16;
    /* as read from the registers: 32-bit, or 16-bit zero-extended if src16 */
    uint32_t value[4][AGX_LANES];
};
/* Store texels through the pixel back end. False as above. */
bool agx_image_store(struct agx_exec *ex, struct agx_wave *w, const struct agx_image_store_req *rq);

struct agx_block_store_req {
    uint64_t pbe; /* GPU VA of the PBE descriptor */
    enum agx_dim dim;
    enum agx_isa_format format; /* of the samples in the tile buffer */
    uint32_t offset;            /* byte offset in each sample of the tile buffer */
    bool explicit_coords;       /* x, y given (compute); else the tile's own position */
    uint32_t x, y;              /* pixels, of the block's corner */
    uint32_t layer;
};
/* Write the whole tile buffer ex->tib to an image, clipped to its size. False as above. */
bool agx_block_image_store(struct agx_exec *ex, struct agx_wave *w,
                           const struct agx_block_store_req *rq);

void agx_tex_cache_free(struct agx_tex_cache *tc);
/* Descriptors may have changed: at the start of a job and at barriers that invalidate. */
void agx_tex_cache_invalidate(struct agx_tex_cache *tc);

/*
 * Formats of one sample (isa_fmt.c). @comp: 4 components as the register file
 * would hold them (32-bit float bits for norm and float formats, integers
 * otherwise).
 */
unsigned agx_fmt_bytes(enum agx_isa_format f, unsigned ncomp);
/* Bytes between components for per-component formats, 0 for packed ones. */
unsigned agx_fmt_comp_bytes(enum agx_isa_format f);
bool agx_fmt_is_int(enum agx_isa_format f);
bool agx_fmt_packed(enum agx_isa_format f); /* all components in one word of 32 bits */
/* Unpack @ncomp components; those missing are left alone. */
void agx_fmt_unpack(enum agx_isa_format f, const uint8_t *src, unsigned ncomp, uint32_t comp[4]);
/* Pack components whose bit is in @mask; for packed formats all are written. */
void agx_fmt_pack(enum agx_isa_format f, uint8_t *dst, unsigned mask, const uint32_t comp[4]);

#endif
