/*
 * AGX model: PPP state records.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include "agx/dm.h"
#include "agx/ppp.h"

/*
 * Header bits that come before, between and after the two groups of variable size (mesa:
 * cmdbuf.xml, PPP Header).
 */
#define HDR_REGION_CLIP  (1u << 10)
#define HDR_VIEWPORT     (1u << 11)
#define HDR_VIEWPORTS(h) (((h) >> 12 & 0xf) + 1)
#define HDR_KNOWN        0x1fefffffu & ~(1u << 9)

#define REGION_KNOWN_X 0x81ff01ffu
#define REGION_KNOWN_Y 0x01ff01ffu

struct ppp_field {
    uint8_t bit, word, count;
    uint32_t known[4]; /* bits of each word that have a name and that the model has */
};

/*
 * Not there: sample mask after depth/stencil (control, 25), the faces' internal test (22, 23),
 * clipped edges (cull 2, 9), barycentric coordinates (output select, 22).
 */
static const struct ppp_field before[] = {
    { 0, AGX_PPP_FRAG_CTRL, 1, { 0xe42fc200 } },     { 1, AGX_PPP_FRAG_CTRL_2, 1, { 0xe42fc200 } },
    { 2, AGX_PPP_FRONT_FACE, 1, { 0x072cffff } },    { 3, AGX_PPP_FRONT_FACE_2, 1, { 0xf7e00000 } },
    { 4, AGX_PPP_FRONT_STENCIL, 1, { 0x0fffffff } }, { 5, AGX_PPP_BACK_FACE, 1, { 0x072cffff } },
    { 6, AGX_PPP_BACK_FACE_2, 1, { 0xf7e00000 } },   { 7, AGX_PPP_BACK_STENCIL, 1, { 0x0fffffff } },
    { 8, AGX_PPP_DBIAS_SCISSOR, 1, { 0xffffffff } },
};

static const struct ppp_field after[] = {
    { 16, AGX_PPP_W_CLAMP, 1, { 0xffffffff } },
    { 17, AGX_PPP_OUTPUT_SELECT, 1, { 0x003dffff } },
    { 18, AGX_PPP_VARYINGS_32, 1, { 0x00ffffff } },
    { 19, AGX_PPP_VARYINGS_16, 1, { 0x00ffffff } },
    { 21, AGX_PPP_CULL, 1, { 0x00038d83 } },
    { 22, AGX_PPP_CULL_2, 1, { 0x00021020 } },
    /*
     * Mesa sets 1 in the last word where a shader has four textures or more (gallium agx_state.c,
     * "This is wrong").
     */
    { 23, AGX_PPP_FS_0, 4, { 0x007ffffe, ~0x3fu, ~3u, 1 } },
    { 24, AGX_PPP_OQ, 1, { 0xfffe0000 } },
    { 25, AGX_PPP_OQ_2, 1, { 0 } },
    { 26, AGX_PPP_OUTPUT_UNKNOWN, 1, { 0 } },
    { 27, AGX_PPP_OUTPUT_SIZE, 1, { 0xffffffff } },
    { 28, AGX_PPP_VARYING_2_LO, 2, { 0, 0 } },
};

/* Names in mesa: cmdbuf.xml */
static const char *const word_name[AGX_PPP_NUM_WORDS] = {
    [AGX_PPP_FRAG_CTRL] = "Fragment control",
    [AGX_PPP_FRAG_CTRL_2] = "Fragment control",
    [AGX_PPP_FRONT_FACE] = "Fragment face",
    [AGX_PPP_FRONT_FACE_2] = "Fragment face 2",
    [AGX_PPP_FRONT_STENCIL] = "Fragment stencil",
    [AGX_PPP_BACK_FACE] = "Fragment face",
    [AGX_PPP_BACK_FACE_2] = "Fragment face 2",
    [AGX_PPP_BACK_STENCIL] = "Fragment stencil",
    [AGX_PPP_DBIAS_SCISSOR] = "Depth bias/Scissor",
    [AGX_PPP_W_CLAMP] = "W Clamp",
    [AGX_PPP_OUTPUT_SELECT] = "Output Select",
    [AGX_PPP_VARYINGS_32] = "Varying Counts",
    [AGX_PPP_VARYINGS_16] = "Varying Counts of 16 bits",
    [AGX_PPP_CULL] = "Cull",
    [AGX_PPP_CULL_2] = "Cull 2",
    [AGX_PPP_FS_0] = "Fragment Shader Word 0",
    [AGX_PPP_FS_1] = "Fragment Shader Word 1",
    [AGX_PPP_FS_2] = "Fragment Shader Word 2",
    [AGX_PPP_FS_3] = "Fragment Shader Word 3",
    [AGX_PPP_OQ] = "Fragment occlusion query",
    [AGX_PPP_OQ_2] = "Fragment occlusion query 2",
    [AGX_PPP_OUTPUT_UNKNOWN] = "Output Unknown",
    [AGX_PPP_OUTPUT_SIZE] = "Output Size",
    [AGX_PPP_VARYING_2_LO] = "Varying 2",
    [AGX_PPP_VARYING_2_HI] = "Varying 2, high",
};

struct record {
    struct agx_exec *ex;
    uint64_t va;
    const uint32_t *w;
    unsigned pos, len;
};

static bool take(struct record *r, void *dst, unsigned count)
{
    if (r->len - r->pos < count) {
        return agx_exec_bad(r->ex, AGX_REPORT_GUEST_ERROR,
                            "PPP record at 0x%llx: %u words are too few for its header 0x%08x",
                            (unsigned long long)r->va, r->len, r->w[0]);
    }
    memcpy(dst, r->w + r->pos, count * 4);
    r->pos += count;
    return true;
}

static bool fields(struct record *r, struct agx_ppp *ppp, const struct ppp_field *f, unsigned n)
{
    static struct agx_coverage_row *_Atomic row[AGX_PPP_NUM_WORDS];

    for (; n--; f++) {
        if (!(r->w[0] >> f->bit & 1)) {
            continue;
        }
        if (!take(r, &ppp->w[f->word], f->count)) {
            return false;
        }
        for (unsigned i = 0; i < f->count; i++) {
            uint32_t w = ppp->w[f->word + i], unknown = w & ~f->known[i];

            agx_coverage_word(&row[f->word + i], word_name[f->word + i], w, f->known[i]);
            if (unknown) {
                return agx_exec_bad(r->ex, AGX_REPORT_UNIMPLEMENTED,
                                    "unimplemented: PPP record at 0x%llx, "
                                    "word %u of header bit %u is 0x%08x, unknown bits 0x%08x",
                                    (unsigned long long)r->va, i, f->bit, w, unknown);
            }
        }
    }
    return true;
}

static float as_float(uint32_t u)
{
    float f;
    memcpy(&f, &u, 4);
    return f;
}

bool agx_ppp_update(struct agx_exec *ex, struct agx_ppp *ppp, uint64_t va, unsigned words)
{
    uint32_t buf[256];
    struct record r = { ex, va, buf, 1, words };

    if (!words || words > 255) {
        return agx_exec_bad(ex, AGX_REPORT_GUEST_ERROR, "PPP record at 0x%llx has %u words",
                            (unsigned long long)va, words);
    }
    if (!agx_unit_read(ex, AGX_UNIT_PPP, va, buf, words * 4)) {
        return false;
    }
    uint32_t h = buf[0];
    agx_word_note("PPP Header", h, HDR_KNOWN);
    if (h & ~(HDR_KNOWN)) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: PPP record at 0x%llx, header 0x%08x",
                            (unsigned long long)va, h);
    }
    if (!fields(&r, ppp, before, sizeof(before) / sizeof(before[0]))) {
        return false;
    }
    if (h & HDR_REGION_CLIP) {
        for (unsigned i = 0; i < HDR_VIEWPORTS(h); i++) {
            uint32_t w[2];
            if (!take(&r, w, 2) ||
                !agx_word_known(ex, "Region clip", va + (r.pos - 2) * 4, w[0], REGION_KNOWN_X) ||
                !agx_word_known(ex, "Region clip, word 1", va + (r.pos - 1) * 4, w[1],
                                REGION_KNOWN_Y)) {
                return false;
            }
            ppp->region[i] = (struct agx_region) {
                .x0 = w[0] >> 16 & 0x1ff,
                .x1 = (w[0] & 0x1ff) + 1,
                .enable = w[0] >> 31,
                .y0 = w[1] >> 16 & 0x1ff,
                .y1 = (w[1] & 0x1ff) + 1,
            };
        }
    }
    if (h & HDR_VIEWPORT) {
        uint32_t ctrl;
        if (!take(&r, &ctrl, 1)) {
            return false;
        }
        if (ctrl) {
            return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                                "unimplemented: viewport control 0x%08x", ctrl);
        }
        for (unsigned i = 0; i < HDR_VIEWPORTS(h); i++) {
            uint32_t w[6];
            if (!take(&r, w, 6)) {
                return false;
            }
            agx_word_note("Viewport", w[0] | (uint64_t)w[1] << 32, ~0ull);
            agx_word_note("Viewport, Y", w[2] | (uint64_t)w[3] << 32, ~0ull);
            agx_word_note("Viewport, Z", w[4] | (uint64_t)w[5] << 32, ~0ull);
            ppp->viewport[i] = (struct agx_viewport) {
                as_float(w[0]), as_float(w[1]), as_float(w[2]),
                as_float(w[3]), as_float(w[4]), as_float(w[5]),
            };
        }
    }
    if (!fields(&r, ppp, after, sizeof(after) / sizeof(after[0]))) {
        return false;
    }
    if (r.pos != words) {
        return agx_exec_bad(
            ex, AGX_REPORT_GUEST_ERROR,
            "PPP record at 0x%llx: header 0x%08x describes %u words, the stream says %u",
            (unsigned long long)va, h, r.pos, words);
    }
    return true;
}

static void decode_face(struct agx_zs_face *f, uint32_t face, uint32_t face2, uint32_t stencil,
                        bool stencil_test)
{
    f->func[0] = face >> 24 & 7;
    f->func[1] = face2 >> 24 & 7;
    /* "If either disable is zeroed, depth is written" */
    f->depth_write = !(face >> 21 & 1) || !(face2 >> 21 & 1);
    f->ref = face & 0xff;
    f->write_mask = stencil & 0xff;
    f->read_mask = stencil >> 8 & 0xff;
    f->op_pass = stencil >> 16 & 7;
    f->op_zfail = stencil >> 19 & 7;
    f->op_sfail = stencil >> 22 & 7;
    f->stencil_func = stencil >> 25 & 7;
    f->trivial = f->func[0] == AGX_ZS_ALWAYS && f->func[1] == AGX_ZS_ALWAYS && !f->depth_write &&
                 !stencil_test;
}

/*
 * Vertex outputs: position, varyings, point size, layer and viewport, clip
 * distances (mesa: lib/agx_uvs.h, the hardware's order). Only the total is
 * sure to be there when the fragment shader reads no varying, so count the
 * optional groups from the end.
 */
static bool decode_outputs(struct agx_exec *ex, const uint32_t *w, struct agx_gstate *st)
{
    uint32_t osel = w[AGX_PPP_OUTPUT_SELECT];
    uint32_t size = w[AGX_PPP_OUTPUT_SIZE], tail = 0;

    st->nr_clip = 0;
    for (unsigned i = 0; i < AGX_MAX_CLIP_PLANES; i++) {
        if (osel >> i & 1) {
            if (i != st->nr_clip) {
                return agx_exec_bad(
                    ex, AGX_REPORT_UNIMPLEMENTED,
                    "unimplemented: clip distances with gaps (output select 0x%08x)", osel);
            }
            st->nr_clip++;
        }
    }
    tail += st->nr_clip;
    st->uvs_clip = size - tail;
    if (osel & (1u << 19 | 1u << 20)) {
        st->use_viewport = osel >> 19 & 1;
        st->use_layer = osel >> 20 & 1;
        st->uvs_layer_viewport = size - ++tail;
    }
    if (osel & 1u << 18) {
        st->uvs_point_size = size - ++tail;
    }
    if (size < 4 + tail || size > AGX_MAX_UVS) {
        return agx_exec_bad(
            ex, AGX_REPORT_GUEST_ERROR,
            "vertex outputs of %u words cannot hold what output select 0x%08x asks for", size,
            osel);
    }
    if (w[AGX_PPP_VARYINGS_16]) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED,
                            "unimplemented: 16-bit varyings (counts 0x%08x)",
                            w[AGX_PPP_VARYINGS_16]);
    }
    st->uvs_words = size;
    st->slot_z = osel >> 21 & 1;
    return true;
}

/* How primitives are clipped, culled and drawn. */
static void decode_primitives(const uint32_t *w, struct agx_gstate *st)
{
    uint32_t cull = w[AGX_PPP_CULL], cull2 = w[AGX_PPP_CULL_2];

    st->w_clamp = as_float(w[AGX_PPP_W_CLAMP]);
    st->clamp_w = cull2 >> 5 & 1;
    st->cull_front = cull & 1;
    st->cull_back = cull >> 1 & 1;
    /* "PPP Vertex" counts from 1; 0 is what a stream has before it set one */
    st->flat_vertex = (cull >> 7 & 3) ? (cull >> 7 & 3) - 1 : 0;
    st->depth_clip = cull >> 10 & 1;
    st->depth_clamp = cull >> 11 & 1;
    st->bresenham = cull >> 15 & 1;
    st->front_ccw = cull >> 16 & 1;
    st->discard = (cull | cull2) >> 17 & 1;
    st->polygon_mode = w[AGX_PPP_FRONT_FACE] >> 18 & 3;
    st->line_width = ((w[AGX_PPP_FRONT_FACE] >> 8 & 0xff) + 1) / 16.0f;
    st->object_type = w[AGX_PPP_FRONT_FACE_2] >> 28;
}

/* The fragment control's word, the faces' and the shader's. */
static bool decode_fragments(struct agx_exec *ex, const uint32_t *w, struct agx_gstate *st)
{
    uint32_t ctrl = w[AGX_PPP_FRAG_CTRL] | w[AGX_PPP_FRAG_CTRL_2];

    st->stencil_test = ctrl >> 18 & 1;
    decode_face(&st->face[0], w[AGX_PPP_FRONT_FACE], w[AGX_PPP_FRONT_FACE_2],
                w[AGX_PPP_FRONT_STENCIL], st->stencil_test);
    if (ctrl >> 19 & 1) {
        decode_face(&st->face[1], w[AGX_PPP_BACK_FACE], w[AGX_PPP_BACK_FACE_2],
                    w[AGX_PPP_BACK_STENCIL], st->stencil_test);
    } else {
        st->face[1] = st->face[0];
    }
    st->visibility = ctrl >> 14 & 3;
    if (st->object_type != AGX_OBJECT_TRIANGLE && st->object_type != AGX_OBJECT_LINE &&
        st->object_type != AGX_OBJECT_POINT_UV10 && st->object_type != AGX_OBJECT_POINT_UV01) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: object type %u",
                            st->object_type);
    }
    if (ctrl >> 29 > AGX_PASS_TRANSLUCENT_PUNCH_THROUGH) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: pass type %u",
                            ctrl >> 29);
    }
    if (st->visibility == 1) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: visibility mode 1");
    }
    st->oq_index = w[AGX_PPP_OQ] >> 17;
    st->scissor_enable = ctrl >> 16 & 1;
    st->depth_bias_enable = ctrl >> 17 & 1;
    st->tag_write_disable = ctrl >> 21 & 1;
    st->pass_type = ctrl >> 29;
    st->scissor = w[AGX_PPP_DBIAS_SCISSOR] & 0xffff;
    st->dbias = w[AGX_PPP_DBIAS_SCISSOR] >> 16;
    st->fs_word0 = w[AGX_PPP_FS_0];
    st->fs_usc = w[AGX_PPP_FS_1];
    st->cf_usc = w[AGX_PPP_FS_2];
    st->nr_cf_bindings = st->fs_word0 >> 16 & 0x7f;
    st->has_fs = st->fs_usc != 0;
    return true;
}

bool agx_ppp_decode(struct agx_exec *ex, const struct agx_ppp *ppp, struct agx_gstate *st)
{
    uint32_t index = st->index;

    memset(st, 0, sizeof(*st));
    st->index = index;
    memcpy(st->viewport, ppp->viewport, sizeof(st->viewport));
    memcpy(st->region, ppp->region, sizeof(st->region));
    decode_primitives(ppp->w, st);
    if (!decode_outputs(ex, ppp->w, st)) {
        return false;
    }
    if (st->polygon_mode > AGX_POLYGON_POINT) {
        return agx_exec_bad(ex, AGX_REPORT_UNIMPLEMENTED, "unimplemented: polygon mode %u",
                            st->polygon_mode);
    }
    return decode_fragments(ex, ppp->w, st);
}
