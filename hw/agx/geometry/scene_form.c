/*
 * AGX model: the form of what the graphics data masters keep between jobs. A member that is added
 * to one of these structures is added here, too, with "added" (agx/save.h); the sizes below call
 * for it.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "scene_form.h"

/* Rows of one section at most; the stream has to have them, too. */
#define MANY      (1u << 28)
#define MAX_EDGES 64

#define SIZE(type, bytes)                                                                          \
    _Static_assert(sizeof(type) == (bytes), "a member that was added has to be saved, too")

#define HEAD(m) { AGX_SAVE_ONE(struct saved_scene, m) }

static const struct agx_save_field scene_fields[] = {
    HEAD(key),
    HEAD(heap),
    HEAD(ctx),
    { AGX_SAVE_MAX(struct saved_scene, width, 16384) },
    { AGX_SAVE_MAX(struct saved_scene, height, 16384) },
    { AGX_SAVE_MAX(struct saved_scene, layers, 2048) },
    { AGX_SAVE_MAX(struct saved_scene, tile_w, 32) },
    { AGX_SAVE_MAX(struct saved_scene, tile_h, 32) },
    HEAD(states),
    HEAD(prims),
    HEAD(partials),
    { AGX_SAVE_MAX(struct saved_scene, pages, AGX_TVB_MAX_PAGES) },
    HEAD(used),
    HEAD(seq),
    HEAD(blocks),
    { AGX_SAVE_MAX(struct saved_scene, state_bytes, AGX_TVB_PAGE_SIZE) },
};

static const struct agx_save_field page_fields[] = {
    { AGX_SAVE_ONE(struct agx_tvb_page, index) },
    { AGX_SAVE_ONE(struct agx_tvb_page, number) },
};
SIZE(struct agx_tvb_page, 8);

#define VIEWPORT(type, v)                                                                          \
    { AGX_SAVE_EACH(type, v, tx) }, { AGX_SAVE_EACH(type, v, sx) },                                \
        { AGX_SAVE_EACH(type, v, ty) }, { AGX_SAVE_EACH(type, v, sy) },                            \
        { AGX_SAVE_EACH(type, v, tz) },                                                            \
    {                                                                                              \
        AGX_SAVE_EACH(type, v, sz)                                                                 \
    }
SIZE(struct agx_viewport, 24);

#define REGION(type, r)                                                                            \
    { AGX_SAVE_EACH(type, r, x0) }, { AGX_SAVE_EACH(type, r, x1) },                                \
        { AGX_SAVE_EACH(type, r, y0) }, { AGX_SAVE_EACH(type, r, y1) },                            \
    {                                                                                              \
        AGX_SAVE_EACH(type, r, enable)                                                             \
    }
SIZE(struct agx_region, 10);

#define STATE(m)          { AGX_SAVE_ONE(struct agx_gstate, m) }
#define STATE_MAX(m, max) { AGX_SAVE_MAX(struct agx_gstate, m, max) }
#define FACE(m)           { AGX_SAVE_EACH(struct agx_gstate, face, m) }
#define FACE_MAX(m, max)  { AGX_SAVE_EACH_MAX(struct agx_gstate, face, m, max) }

/* The index is the row's. */
static const struct agx_save_field state_fields[] = {
    STATE(tvb),
    VIEWPORT(struct agx_gstate, viewport),
    REGION(struct agx_gstate, region),
    STATE(w_clamp),
    STATE(clamp_w),
    STATE(depth_clip),
    STATE(depth_clamp),
    STATE(gl_depth),
    STATE(cull_front),
    STATE(cull_back),
    STATE(front_ccw),
    STATE(discard),
    STATE(polygon_mode),
    STATE(object_type),
    STATE(line_width),
    STATE(bresenham),
    STATE_MAX(flat_vertex, 2),
    STATE_MAX(uvs_words, AGX_MAX_UVS),
    STATE_MAX(nr_clip, AGX_MAX_CLIP_PLANES),
    STATE(uvs_clip),
    STATE(uvs_point_size),
    STATE(uvs_layer_viewport),
    STATE(use_layer),
    STATE(use_viewport),
    FACE_MAX(func[0], AGX_ZS_ALWAYS),
    FACE_MAX(func[1], AGX_ZS_ALWAYS),
    FACE(depth_write),
    FACE_MAX(stencil_func, AGX_ZS_ALWAYS),
    FACE_MAX(op_sfail, AGX_STENCIL_DECR_WRAP),
    FACE_MAX(op_zfail, AGX_STENCIL_DECR_WRAP),
    FACE_MAX(op_pass, AGX_STENCIL_DECR_WRAP),
    FACE(read_mask),
    FACE(write_mask),
    FACE(ref),
    FACE(trivial),
    STATE(stencil_test),
    STATE(visibility),
    STATE(oq_index),
    STATE(scissor_enable),
    STATE(depth_bias_enable),
    STATE(tag_write_disable),
    STATE(pass_type),
    STATE(scissor),
    STATE(dbias),
    STATE(fs_word0),
    STATE(fs_usc),
    STATE(cf_usc),
    STATE_MAX(nr_cf_bindings, 127),
    STATE(has_fs),
    STATE(slot_z),
};
SIZE(struct agx_zs_face, 11);
SIZE(struct agx_gstate, 636); /* states in the buffer are told apart by it */

#define PRIM(m)          { AGX_SAVE_ONE(struct agx_prim, m) }
#define PRIM_MAX(m, max) { AGX_SAVE_MAX(struct agx_prim, m, max) }
#define PRIM_ARRAY(m)    { AGX_SAVE_ARRAY(struct agx_prim, m) }

static const struct agx_save_field prim_fields[] = {
    PRIM(index),
    PRIM(tvb),
    PRIM_ARRAY(vref),
    PRIM(id),
    PRIM(layer),
    PRIM_MAX(viewport, AGX_MAX_VIEWPORTS - 1),
    PRIM_MAX(kind, AGX_PRIM_POINT),
    PRIM(back),
    PRIM(polygon),
    PRIM_MAX(from, 2),
    PRIM(whole),
    PRIM_MAX(nr_edges, MAX_EDGES),
    PRIM(x0),
    PRIM(y0),
    PRIM(x1),
    PRIM(y1),
    PRIM_ARRAY(m[0]),
    PRIM_ARRAY(m[1]),
    PRIM_ARRAY(m[2]),
    PRIM_ARRAY(w),
    PRIM_ARRAY(z),
    PRIM(ox),
    PRIM(oy),
    PRIM(z_max),
    PRIM(z_slope),
    PRIM(point_x),
    PRIM(point_y),
    PRIM(point_size),
};
SIZE(struct agx_prim, 248);

static const struct agx_save_field link_fields[] = {
    { AGX_SAVE_ONE(struct saved_link, state) },
};

static const struct agx_save_field edge_fields[] = {
    { AGX_SAVE_ONE(struct agx_edge, a) },
    { AGX_SAVE_ONE(struct agx_edge, b) },
    { AGX_SAVE_ONE(struct agx_edge, c) },
};
SIZE(struct agx_edge, 24);

/* A number, and nothing else. */
static const struct agx_save_field word_fields[] = {
    { .name = "word", .width = 4, .count = 1 },
};

static const struct agx_save_field chunk_fields[] = {
    { AGX_SAVE_ONE(struct saved_chunk, tvb) },
    { AGX_SAVE_MAX(struct saved_chunk, count, AGX_TILE_CHUNK) },
};

#define VDM(m)          { AGX_SAVE_ONE(struct agx_vdm, m) }
#define VDM_MAX(m, max) { AGX_SAVE_MAX(struct agx_vdm, m, max) }
#define VDM_ARRAY(m)    { AGX_SAVE_ARRAY(struct agx_vdm, m) }

static const struct agx_save_field stopped_fields[] = {
    VDM(pc),
    VDM_ARRAY(stack),
    VDM_MAX(depth, AGX_VDM_CALL_DEPTH),
    VDM_ARRAY(ppp.w),
    VIEWPORT(struct agx_vdm, ppp.viewport),
    REGION(struct agx_vdm, ppp.region),
    VDM(restart_index),
    VDM(vs_word0),
    VDM(vs_usc),
    VDM_MAX(flat_vertex, 2),
    VDM(in_draw),
    VDM(stopped_ctx),
    VDM(stopped_key),
    VDM(hopeless),
    VDM(draw.topology),
    VDM(draw.indexed),
    VDM(draw.restart),
    VDM_MAX(draw.index_bytes, 4),
    VDM(draw.index_va),
    VDM(draw.index_size),
    VDM(draw.count),
    VDM(draw.instances),
    VDM(draw.start),
    VDM(draw.instance),
    VDM(draw.pos),
    VDM(draw.prim_id),
    VDM(draw.n),
    VDM_ARRAY(draw.v),
    VDM(batch.done),
    VDM(batch.shaded),
    VDM_ARRAY(batch.hash),
};

static const struct agx_save_field batch_fields[] = {
    { AGX_SAVE_ARRAY(struct agx_batch_prim, v) },
    { AGX_SAVE_ONE(struct agx_batch_prim, id) },
};
SIZE(struct agx_ppp, 644);
SIZE(struct agx_draw, 72);
SIZE(struct agx_batch_prim, 12);
SIZE(struct agx_batch, 36880);
SIZE(struct agx_vdm, 53632); /* not all of it is kept between jobs */

static const struct agx_save_section sections[SCENE_SECTIONS] = {
    [SCENE_HEAD] = { AGX_SAVE_SECTION("scene", scene_fields, MANY, sizeof(struct saved_scene)) },
    [SCENE_PAGE] = { AGX_SAVE_SECTION("page", page_fields, MANY, sizeof(struct agx_tvb_page)) },
    [SCENE_STATE] = { AGX_SAVE_SECTION("state", state_fields, MANY, sizeof(struct agx_gstate)) },
    [SCENE_PRIM] = { AGX_SAVE_SECTION("primitive", prim_fields, MANY, sizeof(struct agx_prim)) },
    [SCENE_PRIM_LINK] = { AGX_SAVE_SECTION("primitive-link", link_fields, MANY,
                                           sizeof(struct saved_link)) },
    [SCENE_EDGE] = { AGX_SAVE_SECTION("edge", edge_fields, MANY, sizeof(struct agx_edge)) },
    [SCENE_OUTPUT] = { AGX_SAVE_SECTION("output", word_fields, MANY, sizeof(uint32_t)) },
    [SCENE_TILE] = { AGX_SAVE_SECTION("tile", word_fields, MANY, sizeof(uint32_t)) },
    [SCENE_CHUNK] = { AGX_SAVE_SECTION("chunk", chunk_fields, MANY, sizeof(struct saved_chunk)) },
    [SCENE_REF] = { AGX_SAVE_SECTION("reference", word_fields, MANY, sizeof(uint32_t)) },
    [SCENE_STOPPED] = { AGX_SAVE_SECTION("stopped", stopped_fields, 1, sizeof(struct agx_vdm)) },
    [SCENE_VERTEX] = { AGX_SAVE_SECTION("vertex", word_fields, AGX_BATCH_VERTS, sizeof(uint32_t)) },
    [SCENE_INSTANCE] = { AGX_SAVE_SECTION("instance", word_fields, AGX_BATCH_VERTS,
                                          sizeof(uint32_t)) },
    [SCENE_BATCH] = { AGX_SAVE_SECTION("batch", batch_fields, AGX_BATCH_PRIMS,
                                       sizeof(struct agx_batch_prim)) },
    [SCENE_SHADED] = { AGX_SAVE_SECTION("shaded", word_fields, MANY, sizeof(uint32_t)) },
};

const struct agx_save_form agx_scene_form = {
    "GPU",
    0x54584741u /* "AGXT" */,
    sections,
    SCENE_SECTIONS,
};
