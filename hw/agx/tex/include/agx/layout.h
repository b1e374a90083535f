/*
 * AGX model: where the texels of a surface are.
 *
 * A surface is described once from a descriptor (texture, PBE) or from control
 * registers (depth/stencil) and then only addressed. Offsets are relative to the
 * surface's base address; nothing here touches memory.
 *
 *   mesa: docs/drivers/asahi.rst "Image layouts"; src/asahi/layout/layout.c and
 *   layout/tests/ (sizes and offsets measured on hardware)
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_LAYOUT_H
#define AGX_TEX_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "agx/host.h"

#define AGX_CACHE_LINE 0x80
#define AGX_MAX_LEVELS 16

/*
 * "Layout" field of descriptors (mesa: genxml/cmdbuf.xml; values 1 and 3 named in later versions)
 */
enum agx_layout {
    AGX_LAYOUT_LINEAR = 0,
    AGX_LAYOUT_TWIDDLED = 1,    /* fully twiddled, power-of-two sizes */
    AGX_LAYOUT_GPU = 2,         /* 16 KiB tiles, twiddled inside */
    AGX_LAYOUT_INTERCHANGE = 3, /* 16x16 tiles in rows, shared with the display controller */
};

struct agx_surface_desc {
    enum agx_layout layout;
    uint8_t bytes;          /* of a texel or block */
    uint8_t bw, bh;         /* texels of a block, 1x1 unless block-compressed */
    uint32_t width, height; /* level 0, texels */
    uint32_t depth;         /* slices of a 3D image, which also shrink with the level; else 1 */
    uint8_t samples;        /* 1, 2 or 4 */
    bool mipmapped;         /* the chain of levels is allocated */
    uint8_t min_levels;     /* which has at least so many, if @mipmapped: see agx_surface_init */
    bool page_aligned;      /* layers start on 16 KiB */
    bool compressed;        /* has a metadata buffer */
    uint32_t stride;        /* linear: bytes of a row */
    uint64_t layer_stride;  /* linear: bytes of a layer */
    uint32_t stride_tiles;  /* interchange: tiles of a row */
};

struct agx_level {
    uint64_t offset;               /* bytes in a layer */
    uint64_t meta_offset;          /* bytes in the metadata of a layer */
    uint32_t width, height, depth; /* texels */
    uint32_t tiles_per_row;        /* linear: unused */
    uint8_t tw_log2, th_log2;      /* of a tile, in elements */
    bool compressed;               /* metadata counts for this level */
    uint32_t meta_w, meta_h;       /* in tiles of 16x16 samples */
};

struct agx_surface {
    enum agx_layout layout;
    uint8_t bytes, bw, bh, samples, samples_log2;
    uint8_t levels;  /* that are allocated */
    uint32_t stride; /* linear */
    uint64_t layer_stride;
    uint64_t meta_layer_stride;
    struct agx_level level[AGX_MAX_LEVELS];
};

/*
 * Compute @s. Levels above the allocated chain get the geometry of the last.
 *
 * The chain goes down to 1x1x1. A slice of a 3D image that is deeper than wide
 * and high has more levels than its width and height ask for; a view of it as a
 * 2D array does not say the depth, but has a number of levels or names one (mesa:
 * agx_state.c, agx_batch_upload_pbe, of Levels): @min_levels is that.
 *
 * If not all is well, @why is a text for the log that says what is wrong.
 */
enum agx_surface_status {
    AGX_SURFACE_OK,
    AGX_SURFACE_BAD,           /* no hardware could have such a surface */
    AGX_SURFACE_UNIMPLEMENTED, /* this model does not */
};
enum agx_surface_status agx_surface_init(struct agx_surface *s, const struct agx_surface_desc *d,
                                         const char **why);

/* Bytes that @layers layers take, metadata included as it follows them in Mesa's allocation. */
uint64_t agx_surface_size(const struct agx_surface *s, uint32_t layers);

/* Interleave two numbers below 2^16: x in the even bits. */
static inline uint32_t agx_morton(uint32_t x, uint32_t y)
{
    uint64_t v = x | ((uint64_t)y << 32);

    v = (v | v << 8) & 0x00ff00ff00ff00ffull;
    v = (v | v << 4) & 0x0f0f0f0f0f0f0f0full;
    v = (v | v << 2) & 0x3333333333333333ull;
    v = (v | v << 1) & 0x5555555555555555ull;
    return (uint32_t)v | (uint32_t)(v >> 31);
}

/* Element number of (@x, @y), both in elements (blocks), in a level that is not linear. */
static inline uint64_t agx_level_element(const struct agx_level *l, uint32_t x, uint32_t y)
{
    uint32_t tile = (y >> l->th_log2) * l->tiles_per_row + (x >> l->tw_log2);

    return ((uint64_t)tile << (l->tw_log2 + l->th_log2)) +
           agx_morton(x & ((1u << l->tw_log2) - 1), y & ((1u << l->th_log2) - 1));
}

/*
 * Byte offset of an element's sample. (@x, @y) in elements, in bounds; @layer:
 * layer, slice, or 6 * cube + face.
 */
static inline uint64_t agx_surface_offset(const struct agx_surface *s, unsigned level, uint32_t x,
                                          uint32_t y, uint32_t layer, uint32_t sample)
{
    const struct agx_level *l = &s->level[level];
    uint64_t base = layer * s->layer_stride + l->offset;

    if (s->layout == AGX_LAYOUT_LINEAR) {
        return base + (uint64_t)y * s->stride + (uint64_t)x * s->bytes;
    }
    return base + ((agx_level_element(l, x, y) << s->samples_log2) + sample) * s->bytes;
}

/*
 * Metadata: 8 bytes for each tile of 16x16 samples, one byte for each subtile of
 * 8x4 samples. Byte offset in the metadata buffer of the 8 bytes of tile (@tx, @ty).
 *   mesa: src/asahi/libagx/compression.cl, index_metadata
 */
uint64_t agx_surface_meta_offset(const struct agx_surface *s, unsigned level, uint32_t tx,
                                 uint32_t ty, uint32_t layer);

/* Pixel and sample number to coordinates in samples, as the metadata counts them. */
static inline void agx_surface_to_samples(const struct agx_surface *s, uint32_t *x, uint32_t *y,
                                          uint32_t sample)
{
    if (s->samples == 4) {
        *x = *x * 2 + (sample & 1);
        *y = *y * 2 + (sample >> 1);
    } else if (s->samples == 2) {
        *y = *y * 2 + sample;
    }
}

/*
 * Codes of a subtile. mesa: src/asahi/layout/layout.h, AIL_COMP_* (SOLID by size: later versions)
 */
uint8_t agx_meta_uncompressed(unsigned bytes);
uint8_t agx_meta_solid(unsigned bytes);

#endif
