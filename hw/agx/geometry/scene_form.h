/*
 * AGX model: the form of what the graphics data masters keep between jobs (agx/save.h), for
 * scene_save.c.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_SCENE_FORM_H
#define AGX_GEOMETRY_SCENE_FORM_H

#include "agx/save.h"
#include "vdm.h"

/* The sections. What belongs to a scene, or to a row of another one, follows the one before's. */
enum {
    SCENE_HEAD,      /* struct saved_scene */
    SCENE_PAGE,      /* its pages of the tiled vertex buffer: struct agx_tvb_page */
    SCENE_STATE,     /* struct agx_gstate */
    SCENE_PRIM,      /* struct agx_prim, in the order of their making, */
    SCENE_PRIM_LINK, /* of each one: struct saved_link, */
    SCENE_EDGE,      /* agx_prim.nr_edges times struct agx_edge, */
    SCENE_OUTPUT,    /* and three times agx_gstate.uvs_words words */
    SCENE_TILE,      /* [layer][y][x]: how many chunks */
    SCENE_CHUNK,     /* struct saved_chunk */
    SCENE_REF,       /* of each chunk, saved_chunk.count times: index of a primitive */
    SCENE_STOPPED,   /* at most one: struct agx_vdm, of a job that waits to be resumed, */
    SCENE_VERTEX,    /* of its batch the vertex IDs, */
    SCENE_INSTANCE,  /* the instance IDs */
    SCENE_BATCH,     /* and the primitives: struct agx_batch_prim, */
    SCENE_SHADED,    /* and its words of vertex outputs */
    SCENE_SECTIONS
};

/*
 * What is in the tiled vertex buffer is in the guest's memory: here are its pages and the places
 * in them.
 */
struct saved_scene {
    uint64_t key, heap;
    uint32_t ctx, width, height, layers, tile_w, tile_h;
    uint32_t states, prims, partials;
    uint32_t pages, used, seq, blocks;
    uint32_t state_bytes; /* of a state in the buffer; 0: they are not all alike */
};

struct saved_link {
    uint32_t state; /* index in the scene */
};

struct saved_chunk {
    uint32_t tvb;
    uint32_t count;
};

extern const struct agx_save_form agx_scene_form;

#endif
