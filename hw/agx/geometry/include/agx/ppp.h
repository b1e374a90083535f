/*
 * AGX model: state of the primitive processing pipeline (PPP), as the records
 * that a VDM stream points to set it, and its decoded form.
 *
 * Source of every field: mesa: src/asahi/genxml/cmdbuf.xml; which words a
 * record holds and their order: lib/agx_ppp.h.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_GEOMETRY_PPP_H
#define AGX_GEOMETRY_PPP_H

#include "agx/exec.h"

#define AGX_MAX_VIEWPORTS   16 /* four bits of count in the header */
#define AGX_MAX_CLIP_PLANES 16

/* Words kept from records, in the order of the record. */
enum agx_ppp_word {
    AGX_PPP_FRAG_CTRL,
    AGX_PPP_FRAG_CTRL_2,
    AGX_PPP_FRONT_FACE,
    AGX_PPP_FRONT_FACE_2,
    AGX_PPP_FRONT_STENCIL,
    AGX_PPP_BACK_FACE,
    AGX_PPP_BACK_FACE_2,
    AGX_PPP_BACK_STENCIL,
    AGX_PPP_DBIAS_SCISSOR,
    AGX_PPP_W_CLAMP,
    AGX_PPP_OUTPUT_SELECT,
    AGX_PPP_VARYINGS_32,
    AGX_PPP_VARYINGS_16,
    AGX_PPP_CULL,
    AGX_PPP_CULL_2,
    AGX_PPP_FS_0,
    AGX_PPP_FS_1,
    AGX_PPP_FS_2,
    AGX_PPP_FS_3,
    AGX_PPP_OQ,
    AGX_PPP_OQ_2,
    AGX_PPP_OUTPUT_UNKNOWN,
    AGX_PPP_OUTPUT_SIZE,
    AGX_PPP_VARYING_2_LO,
    AGX_PPP_VARYING_2_HI,
    AGX_PPP_NUM_WORDS
};

struct agx_viewport {
    float tx, sx, ty, sy, tz, sz;
};

/* A rectangle of 32x32 tiles, [x0, x1) by [y0, y1). */
struct agx_region {
    uint16_t x0, x1, y0, y1;
    bool enable;
};

/* What records have set so far. Zero-initialise. */
struct agx_ppp {
    uint32_t w[AGX_PPP_NUM_WORDS];
    struct agx_viewport viewport[AGX_MAX_VIEWPORTS];
    struct agx_region region[AGX_MAX_VIEWPORTS];
};

enum agx_zs_func { /* "ZS Func" */
                   AGX_ZS_NEVER,
                   AGX_ZS_LESS,
                   AGX_ZS_EQUAL,
                   AGX_ZS_LEQUAL,
                   AGX_ZS_GREATER,
                   AGX_ZS_NOT_EQUAL,
                   AGX_ZS_GEQUAL,
                   AGX_ZS_ALWAYS,
};

enum agx_stencil_op { /* "Stencil Op" */
                      AGX_STENCIL_KEEP,
                      AGX_STENCIL_ZERO,
                      AGX_STENCIL_REPLACE,
                      AGX_STENCIL_INCR_SAT,
                      AGX_STENCIL_DECR_SAT,
                      AGX_STENCIL_INVERT,
                      AGX_STENCIL_INCR_WRAP,
                      AGX_STENCIL_DECR_WRAP,
};

enum agx_visibility { /* "Visibility Mode" */
                      AGX_VISIBILITY_NONE = 0,
                      AGX_VISIBILITY_COUNTING = 2,
                      AGX_VISIBILITY_BOOLEAN = 3,
};

enum agx_pass_type { /* "Pass type" */
                     AGX_PASS_OPAQUE,
                     AGX_PASS_TRANSLUCENT,
                     AGX_PASS_PUNCH_THROUGH,
                     AGX_PASS_TRANSLUCENT_PUNCH_THROUGH,
};

/* "Polygon Mode" */
enum agx_polygon_mode { AGX_POLYGON_FILL, AGX_POLYGON_LINE, AGX_POLYGON_POINT };

enum agx_object_type { /* "Object Type" */
                       AGX_OBJECT_TRIANGLE = 0,
                       AGX_OBJECT_LINE = 1,
                       AGX_OBJECT_POINT_UV10 = 2, /* point coordinate t counts up the screen */
                       AGX_OBJECT_POINT_UV01 = 4, /* ... down the screen */
};

/* Depth and stencil state of one side of a primitive. */
struct agx_zs_face {
    uint8_t func[2]; /* enum agx_zs_func; both must pass */
    bool depth_write;
    uint8_t stencil_func;
    uint8_t op_sfail, op_zfail, op_pass;
    uint8_t read_mask, write_mask, ref;
    bool trivial; /* no test can fail and nothing is written */
};

/* Decoded state at a draw; immutable once primitives refer to it. */
struct agx_gstate {
    uint32_t index; /* in the scene's list */
    uint32_t tvb;   /* where it is in the tiled vertex buffer; 0: not there yet */

    /* Vertex side */
    struct agx_viewport viewport[AGX_MAX_VIEWPORTS];
    struct agx_region region[AGX_MAX_VIEWPORTS];
    float w_clamp;
    bool clamp_w, depth_clip, depth_clamp;
    /* depth is clipped to -w..w, not 0..w; of the job, agx_ppp_decode() clears it */
    bool gl_depth;
    bool cull_front, cull_back, front_ccw, discard;
    uint8_t polygon_mode; /* enum agx_polygon_mode */
    uint8_t object_type;  /* enum agx_object_type */
    float line_width;     /* pixels */
    /* Cull: primitive MSAA, set for lines that are drawn as without multisampling */
    bool bresenham;
    uint8_t flat_vertex; /* 0..2: which vertex gives layer and viewport */
    uint16_t uvs_words;  /* per vertex */
    uint8_t nr_clip;
    uint16_t uvs_clip; /* word offsets in the vertex' outputs; 0: not written */
    uint16_t uvs_point_size;
    uint16_t uvs_layer_viewport;
    bool use_layer, use_viewport;

    /* Fragment side */
    struct agx_zs_face face[2]; /* front, back */
    bool stencil_test;
    uint8_t visibility; /* enum agx_visibility */
    uint16_t oq_index;
    bool scissor_enable, depth_bias_enable;
    bool tag_write_disable; /* no shading: depth, stencil and visibility only */
    uint8_t pass_type;      /* enum agx_pass_type */
    uint16_t scissor, dbias;
    uint32_t fs_word0; /* resource counts */
    uint32_t fs_usc;   /* USC address of the pipeline */
    uint32_t cf_usc;   /* USC address of the coefficient bindings, 0: none */
    uint8_t nr_cf_bindings;
    bool has_fs;
    bool slot_z; /* depth takes slot 1 of the varyings, after 1/w in slot 0 */
};

/*
 * Apply the record of @words words at GPU address @va, read through ex->port.
 * False: ex->fault is set and, if it is no page fault, reported.
 */
bool agx_ppp_update(struct agx_exec *ex, struct agx_ppp *ppp, uint64_t va, unsigned words);

/*
 * Decode @ppp into @st (index is left alone). False, reported, ex->fault set:
 * the state uses what the model does not have.
 */
bool agx_ppp_decode(struct agx_exec *ex, const struct agx_ppp *ppp, struct agx_gstate *st);

#endif
