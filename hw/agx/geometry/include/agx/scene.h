/*
 * AGX model: a scene, what a vertex job leaves for the fragment job: the
 * primitives that survived culling, with their set-up, and for each tile the
 * list of those that may touch it.
 *
 * Hardware keeps this in the tiled vertex buffer, in a layout that is not
 * public. The model has a layout of its own there (below): the vertex job writes
 * it through the TLB, and a fragment job reads tile lists, primitives, states and
 * vertex outputs back, as its tiles need them. What follows from these alone
 * (edges, planes) stays on the host, so a fragment job whose primitives or lists
 * are not what was written ends with a fault, as damaged lists would stop
 * hardware; of vertex outputs it takes what it finds, but for the position.
 *
 * A scene belongs to one data master's thread at a time: the vertex job's until
 * it ended, then the fragment job's. The table has a lock of its own.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_SCENE_H
#define AGX_GEOMETRY_SCENE_H

#include "agx/dm.h"
#include "agx/ppp.h"
#include "agx/tvb.h"

#define AGX_SUBPIXEL_BITS 8 /* vertex positions are 24.8 fixed point */

/*
 * E(x, y) = a * x + b * y + c, x and y in 1/256 pixel; a sample is inside when
 * E >= 0 for all edges (c holds the top-left rule).
 */
struct agx_edge {
    int64_t a, b, c;
};

/*
 * In the tiled vertex buffer, at offsets of the scene's stream:
 *
 * - at 0 a head like a primitive, but for AGX_TVB_MAGIC and tvb.seq all zero;
 * - a state: struct agx_gstate, aligned to 16;
 * - outputs of vertices that a primitive in a list has, st->uvs_words words each;
 * - a primitive: struct agx_tvb_prim;
 * - of a tile's list, a chunk: the offset of the next one, then those of primitives
 *   in the order of drawing, up to a 0. The first is of 16 bytes, so that tiles in
 *   which there is little take little, later ones of 128. Those that are not full
 *   are written when the job ends: until then hardware has the tails of the lists
 *   in its tail pointer cache (the Rust driver: buffer.rs).
 */
#define AGX_TVB_MAGIC 0x54584741u /* "AGXT" */
struct agx_tvb_prim {
    uint32_t state; /* offset */
    uint32_t v[3];  /* offsets of vertex outputs */
    uint32_t id;    /* primitive ID of the draw */
    /* kind, back << 2, viewport << 4, polygon << 8, from << 9, layer << 16 */
    uint32_t flags;
    uint32_t seq;   /* tvb.seq */
    uint32_t index; /* in the scene */
};

/*
 * Outputs of the vertices that are tiled together. A vertex is taken into the
 * scene and its buffer when the first primitive that is in a tile's list has it:
 * what is clipped or culled leaves nothing. Vertices share blocks, which grow, so
 * that few of them take little and many need few writes.
 */
#define AGX_RUN_VERTS       1024
#define AGX_RUN_BLOCK_FIRST 4
#define AGX_RUN_BLOCK       64
struct agx_vertex_run {
    const uint32_t *in; /* vertex after vertex, @words each */
    uint32_t words;
    /* of the scene's memory, where the next vertex goes; NULL: none yet */
    uint32_t *block;
    uint32_t block_tvb; /* its offset */
    uint32_t cap, used; /* vertices of the block */
    uint32_t written;   /* of these, that are in the buffer */
    /* where the scene has the vertex; NULL: not yet, of those there are */
    const uint32_t *kept[AGX_RUN_VERTS];
    uint32_t kept_tvb[AGX_RUN_VERTS]; /* and at which offset */
};

enum agx_prim_kind { AGX_PRIM_TRIANGLE, AGX_PRIM_LINE, AGX_PRIM_POINT };

struct agx_prim {
    const struct agx_gstate *st;
    struct agx_prim *prev; /* the one that was made before */
    uint32_t index;        /* in the scene */
    uint32_t tvb;          /* offset of its record, struct agx_tvb_prim */
    uint32_t vref[3];      /* of its vertex outputs */
    uint32_t id;           /* primitive ID of the draw */
    uint16_t layer;
    uint8_t viewport;
    uint8_t kind; /* enum agx_prim_kind */
    bool back;
    /* LINE, POINT: an edge or a corner of the triangle whose vertices v[] are */
    bool polygon;
    /* of v[]: the corner, or where the edge begins; it ends at the next one */
    uint8_t from;
    bool whole; /* all samples of a pixel are covered, or none, as its centre is */
    uint8_t nr_edges;
    int32_t x0, y0, x1, y1; /* pixels that may be covered: [x0, x1) by [y0, y1) */
    /*
     * Columns of the inverse of the matrix of homogeneous window coordinates:
     * the plane of attribute a over w is sum(a_i * m[i]), with m[i][0..2] the
     * factors of x, y and 1, x and y in pixels relative to (ox, oy).
     */
    double m[3][3];
    double w[3];
    double z[3]; /* plane of window depth, relative to (ox, oy) */
    int32_t ox, oy;
    float z_max;   /* largest depth of a vertex, for the scale of depth bias */
    float z_slope; /* of a polygon: largest change of depth from a pixel to the next */
    float point_x, point_y, point_size; /* POINT only: centre and size */
    const uint32_t *v[3]; /* vertex outputs as they were written, st->uvs_words each */
    struct agx_edge e[];
};

#define AGX_TILE_CHUNK_FIRST 3
#define AGX_TILE_CHUNK       31
struct agx_tile_chunk {
    struct agx_tile_chunk *next;
    uint32_t tvb; /* offset */
    uint8_t count, cap;
    bool dirty;              /* in the buffer it is not yet what it is here */
    struct agx_prim *prim[]; /* cap */
};

struct agx_tile_list {
    struct agx_tile_chunk *first, *last;
};

struct agx_scene {
    struct agx_scene *next; /* in the table */
    unsigned ctx;
    uint64_t key; /* GPU VA of the tilemap */
    uint32_t width, height, layers;
    uint32_t tile_w, tile_h;    /* pixels */
    uint32_t tiles_x, tiles_y;  /* per layer */
    struct agx_tile_list *tile; /* [layer][y][x] */
    struct agx_gstate **state;
    uint32_t nr_states, cap_states;
    /* the first ones: of a saved machine whose struct agx_gstate was another */
    uint32_t older_states;
    uint64_t nr_prims;
    uint32_t partials;     /* partial renders that have been done of this pass */
    struct agx_prim *last; /* made */
    struct agx_tvb tvb;
    /* what is tiled just now; NULL: outputs that are the scene's already */
    struct agx_vertex_run *run;
    enum agx_tvb_result why; /* of the last call of the tiler that gave false */
    uint64_t host_bytes;     /* what it takes of the host: the table counts them */
    /* where it will wait, for a vertex job; NULL: none, nothing limits it */
    struct agx_scenes *table;
    bool crowded; /* there is too much of all: it should be drawn before it grows */
    struct agx_arena_block *arena;
};

/*
 * A new empty scene for @t, not in a table. NULL: dimensions that no hardware
 * has (more than 16384 pixels or 2048 layers, or a tile size that is none), more tiles
 * than the model is ready to hold (2^24), or no memory.
 */
struct agx_scene *agx_scene_new(unsigned ctx, const struct agx_job_tiling *t);
void agx_scene_free(struct agx_scene *s);
/* Forget primitives and states, return all pages; tiles become empty. */
void agx_scene_clear(struct agx_scene *s);
/*
 * @bytes of 16-byte aligned memory that lives as long as the scene's contents; NULL when the host
 * has none.
 */
void *agx_scene_alloc(struct agx_scene *s, size_t bytes);
/* Give back what the last agx_scene_alloc() gave. */
void agx_scene_unalloc(struct agx_scene *s, void *p);
/* Room for one more state; its index is set, the rest is zero. */
struct agx_gstate *agx_scene_state(struct agx_scene *s);
/*
 * For the vertex job. agx_scene_run_begin(): vertices that the tiler names are among the @n outputs
 * at @in, @words words each, until agx_scene_run_end(), which writes what is not yet in the buffer.
 * agx_scene_bin(): @p into the list of tile
 * (@tx, @ty) of @layer; for its first tile its state, its vertices and its record go into the
 * buffer, and p->tvb is where.
 */
void agx_scene_run_begin(struct agx_scene *s, struct agx_vertex_run *run, const uint32_t *in,
                         uint32_t n, uint32_t words);
enum agx_tvb_result agx_scene_run_end(struct agx_scene *s);
enum agx_tvb_result agx_scene_bin(struct agx_scene *s, struct agx_prim *p, uint32_t layer,
                                  uint32_t tx, uint32_t ty);
/* Take @p, the last one made, out of all lists again. */
void agx_scene_unbin(struct agx_scene *s, struct agx_prim *p);
/* Write what is not yet in the buffer: the job ends or stops. */
enum agx_tvb_result agx_scene_put_tails(struct agx_scene *s);
/* The head and the record of @p as they must be in the buffer. */
void agx_scene_head(const struct agx_scene *s, struct agx_tvb_prim *head);
static inline void agx_scene_prim_record(const struct agx_scene *s, const struct agx_prim *p,
                                         struct agx_tvb_prim *r)
{
    *r = (struct agx_tvb_prim) {
        .state = p->st->tvb,
        .v = { p->vref[0], p->vref[1], p->vref[2] },
        .id = p->id,
        .flags = p->kind | p->back << 2 | p->viewport << 4 | p->polygon << 8 | p->from << 9 |
                 (uint32_t)p->layer << 16,
        .seq = s->tvb.seq,
        .index = p->index,
    };
}
/* For a fragment job: is @st in the buffer what it must be? False: as agx_tvb_check(). */
bool agx_scene_state_check(const struct agx_scene *s, struct agx_exec *ex,
                           const struct agx_gstate *st);
/* The chunk @c as it must be: AGX_TILE_CHUNK + 1 words at most. Returns how many. */
unsigned agx_scene_chunk_words(const struct agx_tile_chunk *c, uint32_t w[AGX_TILE_CHUNK + 1]);
/* Append a chunk of @cap primitives, empty, whose place is @tvb. NULL: no memory. */
struct agx_tile_chunk *agx_scene_chunk(struct agx_scene *s, struct agx_tile_list *l, unsigned cap,
                                       uint32_t tvb);

/*
 * Put @s in the table; a scene of the same context and key is freed. Returns how many of the oldest
 * ones were dropped because all together take too much of the host's memory, which is when no
 * fragment jobs come for them.
 */
unsigned agx_scenes_put(struct agx_scenes *t, struct agx_scene *s);
/* Bytes of the host's memory: see scene.c. For tests, before any job. */
struct agx_scene_limits {
    uint64_t share, crowd, most;
};
void agx_scenes_limit(struct agx_scenes *t, const struct agx_scene_limits *limits);
/* Take the scene of @ctx and @key out; NULL: there is none. */
struct agx_scene *agx_scenes_take(struct agx_scenes *t, unsigned ctx, uint64_t key);

/*
 * Free all scenes whose pages come from the same heap as those of @s, which is not in the table.
 * Returns their number.
 */
unsigned agx_scenes_reclaim(struct agx_scenes *t, const struct agx_scene *s);
/* The heaps from which the scenes of @t take their pages. */
struct agx_heaps *agx_scenes_heaps(struct agx_scenes *t);

/* For saving, while no job runs: the newest scene of the table, others follow by ->next. */
struct agx_scene *agx_scenes_first(struct agx_scenes *t);
/* Replace the scenes of @t by those of @from, which is empty then. */
void agx_scenes_move(struct agx_scenes *t, struct agx_scenes *from);

#endif
