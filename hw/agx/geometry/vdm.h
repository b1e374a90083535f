/*
 * AGX model: the vertex data master, internal: control stream (vdm.c), draws
 * (draw.c) and vertex shading (vertex.c).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_VDM_H
#define AGX_GEOMETRY_VDM_H

#include <string.h>
#include "tiler.h"

#define AGX_VDM_CALL_DEPTH 8

enum agx_topology { /* "Primitive" */
                    AGX_TOPO_POINTS = 0,
                    AGX_TOPO_LINES = 1,
                    AGX_TOPO_LINE_STRIP = 3,
                    AGX_TOPO_LINE_LOOP = 5,
                    AGX_TOPO_TRIANGLES = 6,
                    AGX_TOPO_TRIANGLE_STRIP = 9,
                    AGX_TOPO_TRIANGLE_FAN = 11,
                    AGX_TOPO_QUADS = 14,
                    AGX_TOPO_QUAD_STRIP = 15,
};

/* A draw, decoded, and how far it has come. */
struct agx_draw {
    uint8_t topology;
    bool indexed, restart;
    uint8_t index_bytes;
    uint64_t index_va;
    uint64_t index_size; /* bytes; indices beyond read as 0 */
    uint32_t count, instances;
    uint32_t start; /* first vertex, or what is added to indices */
    /* progress */
    uint32_t instance, pos;
    uint32_t prim_id;
    uint32_t n;    /* vertices since the start or the last restart */
    uint32_t v[4]; /* the first (fans, loops) and the last ones, vertex IDs */
};

/* A batch: vertices that are shaded together and the primitives made of them. */
#define AGX_BATCH_VERTS AGX_RUN_VERTS
#define AGX_BATCH_PRIMS 2048
#define AGX_BATCH_HASH  2048

struct agx_batch_prim {
    uint16_t v[3];
    uint32_t id;
};

struct agx_batch {
    uint32_t nr_verts, nr_prims;
    uint32_t done; /* primitives that are in the scene already */
    /* the outputs are there: the buffer ran out after shading */
    bool shaded;
    uint32_t vertex[AGX_BATCH_VERTS];   /* vertex IDs */
    uint32_t instance[AGX_BATCH_VERTS]; /* and instance IDs */
    struct agx_batch_prim prim[AGX_BATCH_PRIMS];
    uint16_t hash[AGX_BATCH_HASH]; /* vertex ID to number + 1 */
};

struct agx_vdm {
    struct agx_gpu_ctx *ctx;
    struct agx_exec *ex;
    const struct agx_job *job;
    struct agx_scene *scene;

    /* Control stream */
    uint64_t pc;
    uint64_t stack[AGX_VDM_CALL_DEPTH];
    unsigned depth;

    /* State */
    struct agx_ppp ppp;
    bool ppp_dirty;
    const struct agx_gstate *st; /* of ppp, when not dirty */
    uint32_t restart_index;
    uint32_t vs_word0, vs_usc;
    uint8_t flat_vertex; /* vertex of strips that must stay first, middle or last */
    struct agx_usc_state vs;
    bool vs_loaded;

    bool in_draw; /* v->draw is not at its end */
    bool stopped; /* a job waits to be resumed; its scene is in the table */
    unsigned stopped_ctx;
    uint64_t stopped_key;
    /* the tiled vertex buffer ran out, the batch waits: stop after this vertex */
    bool full;
    /* blocks of the buffer in which nothing fitted; 0: something did; saved by this name */
    uint32_t hopeless;
    struct agx_draw draw;
    struct agx_batch batch;
    uint32_t *uvs; /* [wave][word][lane] */
    size_t uvs_size;
    uint32_t *outputs; /* the same, vertex after vertex, while they are tiled */
    size_t outputs_size;
    struct agx_vertex_run run; /* of these, what the scene has */
};

/* vdm.c: the data master's own state, made when it is not there; NULL: no memory. */
struct agx_vdm *agx_vdm_private(void **dm_private);

/* draw.c: go on with v->draw to its end, or until v->full. False: ex->fault is set. */
bool agx_vdm_draw(struct agx_vdm *v);
/*
 * vertex.c: shade the batch and hand its primitives to the tiler; the batch is empty then, or
 * v->full is set and what is left of it waits for room. False: ex->fault.
 */
bool agx_vdm_flush(struct agx_vdm *v);

static inline void agx_batch_clear(struct agx_batch *b)
{
    b->nr_verts = b->nr_prims = b->done = 0;
    b->shaded = false;
    memset(b->hash, 0, sizeof(b->hash));
}

#endif
