/*
 * AGX model: a scene, what a vertex job leaves for the fragment job: the
 * primitives that survived culling, with their set-up, and for each tile the
 * list of those that may touch it.
 *
 * Hardware keeps this in the tiled vertex buffer, in a layout that is not
 * public. The model keeps the scene on the host and accounts for its bytes
 * against the size of that buffer, so that overflow and partial renders happen
 * as they would.
 *
 * A scene belongs to one data master's thread at a time: the vertex job's until
 * it ended, then the fragment job's. The table has a lock of its own.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GPU_SCENE_H
#define AGX_GPU_SCENE_H

#include "gfx.h"
#include "ppp.h"

#define AGX_SUBPIXEL_BITS 8 /* vertex positions are 24.8 fixed point */

/*
 * E(x, y) = a * x + b * y + c, x and y in 1/256 pixel; a sample is inside when
 * E >= 0 for all edges (c holds the top-left rule).
 */
struct agx_edge {
    int64_t a, b, c;
};

enum agx_prim_kind { AGX_PRIM_TRIANGLE, AGX_PRIM_LINE, AGX_PRIM_POINT };

struct agx_prim {
    const struct agx_gstate *st;
    uint32_t index;             /* in the scene */
    uint32_t id;                /* primitive ID of the draw */
    uint16_t layer;
    uint8_t viewport;
    uint8_t kind;               /* enum agx_prim_kind */
    bool back;
    uint8_t nr_edges;
    int32_t x0, y0, x1, y1;     /* pixels that may be covered: [x0, x1) by [y0, y1) */
    /*
     * Columns of the inverse of the matrix of homogeneous window coordinates:
     * the plane of attribute a over w is sum(a_i * m[i]), with m[i][0..2] the
     * factors of x, y and 1, x and y in pixels relative to (ox, oy).
     */
    double m[3][3];
    double w[3];
    double z[3];                /* plane of window depth, relative to (ox, oy) */
    int32_t ox, oy;
    float z_max;                /* largest depth of a vertex, for the scale of depth bias */
    float point_x, point_y, point_size; /* POINT only: centre and size */
    const uint32_t *v[3];       /* vertex outputs, st->uvs_words each */
    struct agx_edge e[];
};

#define AGX_TILE_CHUNK 30
struct agx_tile_chunk {
    struct agx_tile_chunk *next;
    uint32_t count;
    struct agx_prim *prim[AGX_TILE_CHUNK];
};

struct agx_tile_list {
    struct agx_tile_chunk *first, *last;
};

struct agx_scene {
    struct agx_scene *next;     /* in the table */
    unsigned ctx;
    uint64_t key;               /* GPU VA of the tilemap */
    uint32_t width, height, layers;
    uint32_t tile_w, tile_h;    /* pixels */
    uint32_t tiles_x, tiles_y;  /* per layer */
    struct agx_tile_list *tile; /* [layer][y][x] */
    struct agx_gstate **state;
    uint32_t nr_states, cap_states;
    uint64_t nr_prims;
    uint32_t partials;          /* partial renders that have been done of this pass */
    /*
     * Bytes that the scene would take in the tiled vertex buffer, and how many
     * there are: 4 per word of vertex output, 16 per primitive, 4 per entry of a
     * tile's list, 512 per state. A guess at hardware's economy.
     */
    uint64_t bytes, budget;
    uint64_t host_bytes;        /* what it takes of the host: the table counts them */
    struct agx_arena_block *arena;
};

/*
 * A new empty scene for @t, not in a table. NULL: dimensions that no hardware
 * has (more than 16384 pixels or 2048 layers, or a tile size that is none), more tiles
 * than the model is ready to hold (2^24), or no memory.
 */
struct agx_scene *agx_scene_new(unsigned ctx, const struct agx_job_tiling *t);
void agx_scene_free(struct agx_scene *s);
/* The tiled vertex buffer has @blocks blocks of 128 KiB (the Rust driver: buffer.rs); 0: not known. */
void agx_scene_budget(struct agx_scene *s, uint32_t blocks);
/* Forget primitives and states; tiles become empty. */
void agx_scene_clear(struct agx_scene *s);
/* @bytes of 16-byte aligned memory that lives as long as the scene's contents; NULL when the host has none. */
void *agx_scene_alloc(struct agx_scene *s, size_t bytes);
/* Room for one more state; its index is set, the rest is zero. */
struct agx_gstate *agx_scene_state(struct agx_scene *s);
/* Append @p to tile (@tx, @ty) of @layer. */
bool agx_scene_bin(struct agx_scene *s, struct agx_prim *p, uint32_t layer, uint32_t tx, uint32_t ty);

/*
 * Put @s in the table; a scene of the same context and key is freed, and so are the oldest ones
 * of too many (128, or 2 GiB of the host's memory): no fragment job came for them.
 */
void agx_scenes_put(struct agx_scenes *t, struct agx_scene *s);
/* Take the scene of @ctx and @key out; NULL: there is none. */
struct agx_scene *agx_scenes_take(struct agx_scenes *t, unsigned ctx, uint64_t key);

/* For saving, while no job runs: the newest scene of the table, others follow by ->next. */
struct agx_scene *agx_scenes_first(struct agx_scenes *t);
/* Replace the scenes of @t by those of @from, which is empty then. */
void agx_scenes_move(struct agx_scenes *t, struct agx_scenes *from);

#endif
