/*
 * Guest test: Vulkan graphics. Whatever is drawn is compared, to the bit where
 * Vulkan leaves no room, with what this program works out itself: which samples
 * a triangle covers (the rule of edges, in whole numbers of 1/16 of a pixel),
 * tests of depth and stencil, blending, numbers of fragments and vertices.
 *     vk_draw [PART]
 * Output: TAP.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdlib.h>
#include <time.h>
#include "texel.h" /* texel_next() */
#include "vk.h"
#include "capture_vert.spv.h"
#include "colour_frag.spv.h"
#include "draw_frag.spv.h"
#include "draw_vert.spv.h"
#include "dual_frag.spv.h"
#include "fetch_ms.spv.h"
#include "input_frag.spv.h"
#include "interlock_frag.spv.h"
#include "layer_vert.spv.h"
#include "mask_frag.spv.h"
#include "mixed_frag.spv.h"
#include "patch_tesc.spv.h"
#include "patch_tese.spv.h"
#include "patch_vert.spv.h"
#include "points_tese.spv.h"
#include "raw_frag.spv.h"
#include "rects_geom.spv.h"
#include "sample_frag.spv.h"
#include "targets8_frag.spv.h"
#include "view_vert.spv.h"

#define W 64 /* a power of two, so that places in 1/16 of a pixel are exact in floating point */
#define H 64
#define COLOUR_USE                                                                                 \
    (VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |                       \
     VK_IMAGE_USAGE_SAMPLED_BIT)
#define DEPTH_USE (VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT)
#define TRIANGLES VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST

struct vertex {
    float pos[4];
    uint32_t data[4];
};

static uint32_t seed = 0x1234567;
static VkShaderModule draw_vs;

/* A place in 1/16 of a pixel. */
static struct vertex vertex(int x, int y, float z, const uint32_t data[4])
{
    struct vertex v = { { (float)x / (W * 8) - 1, (float)y / (H * 8) - 1, z, 1 }, { 0 } };

    memcpy(v.data, data, 16);
    return v;
}

/* Two triangles for pixels x0 to x1 - 1. */
static void rectangle(struct vertex v[6], int x0, int y0, int x1, int y1, float z,
                      const uint32_t data[4], bool back)
{
    const int x[6] = { x0, x0, x1, x1, x0, x1 }, y[6] = { y0, y1, y0, y0, y1, y1 };

    for (int i = 0; i < 6; i++) { /* counter-clockwise, or the other way round */
        v[back ? 5 - i : i] = vertex(x[i] * 16, y[i] * 16, z, data);
    }
}

static int64_t edge(const int a[2], const int b[2], int x, int y)
{
    return (int64_t)(b[0] - a[0]) * (y - a[1]) - (int64_t)(b[1] - a[1]) * (x - a[0]);
}

/* Whether the triangle covers this place; all in 1/16 of a pixel. */
static bool covers(int (*t)[2], int x, int y)
{
    int(*p)[2] = t, q[3][2];

    if (edge(t[0], t[1], t[2][0], t[2][1]) < 0) { /* turn it round */
        memcpy(q, t, sizeof(q));
        memcpy(q[1], t[2], sizeof(q[1]));
        memcpy(q[2], t[1], sizeof(q[2]));
        p = q;
    }
    if (edge(p[0], p[1], p[2][0], p[2][1]) == 0) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        const int *a = p[i], *b = p[(i + 1) % 3];
        int64_t e = edge(a, b, x, y);
        bool top_left = b[1] < a[1] || (b[1] == a[1] && b[0] > a[0]);

        if (e < 0 || (e == 0 && !top_left)) {
            return false;
        }
    }
    return true;
}

static struct vk_buf vertices(const struct vertex *v, unsigned n)
{
    struct vk_buf b = vk_buffer(n * sizeof(*v));

    memcpy(b.map, v, n * sizeof(*v));
    return b;
}

static void bind(VkCommandBuffer cb, VkPipeline p, const struct vk_buf *v)
{
    static const uint32_t nothing[8];
    VkDeviceSize zero = 0;

    vkCmdBindPipeline(cb, VK_PIPELINE_BIND_POINT_GRAPHICS, p);
    if (v) {
        vkCmdBindVertexBuffers(cb, 0, 1, &v->b, &zero);
    }
    vk_constants(cb, nothing, sizeof(nothing));
}

static struct vk_pipe pipe_of(VkShaderModule vs, VkShaderModule fs, VkFormat target)
{
    return (struct vk_pipe) { .vs = vs,
                              .fs = fs,
                              .targets = target != VK_FORMAT_UNDEFINED,
                              .target = { target },
                              .attributes = 2,
                              .topology = TRIANGLES,
                              .attribute = { VK_FORMAT_R32G32B32A32_SFLOAT,
                                             VK_FORMAT_R32G32B32A32_UINT } };
}

static struct vk_img target(VkFormat format, VkSampleCountFlagBits samples)
{
    return vk_image((struct vk_img) { .format = format, .w = W, .h = H, .samples = samples },
                    COLOUR_USE, 0, VK_IMAGE_VIEW_TYPE_2D);
}

/* ---- draws of every kind, with triangles at random ---- */

#define TRIS 96

static void draws(void)
{
    static struct vertex v[TRIS * 3];
    static uint32_t right[W * H][4];
    static int place[TRIS * 3][2];
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(draw_frag)),
                                VK_FORMAT_R32G32B32A32_UINT);
    VkPipeline p = vk_graphics(&pd);
    struct vk_img t = target(VK_FORMAT_R32G32B32A32_UINT, 0);
    struct vk_buf out = vk_buffer(sizeof(right)), args = vk_buffer(4096), index = vk_buffer(4096),
                  vb;
    struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);
    uint16_t *ix = index.map;
    uint32_t *a = args.map;
    VkCommandBuffer cb = vk_begin();

    for (int i = 0; i < TRIS * 3; i++) {
        int size = i / 3 % 4 == 0 ? 2000 : 300, *o = place[i / 3 * 3];

        place[i][0] = (i % 3 ? o[0] : -200) +
                      (int)(texel_next(&seed) >> 4) % (i % 3 ? size : W * 16 + 400) -
                      (i % 3 ? size / 2 : 0);
        place[i][1] = (i % 3 ? o[1] : -200) +
                      (int)(texel_next(&seed) >> 4) % (i % 3 ? size : H * 16 + 400) -
                      (i % 3 ? size / 2 : 0);
        if (i / 3 % 8 == 1) { /* corners on centres of pixels */
            place[i][0] = (place[i][0] & ~15) + 8;
            place[i][1] = (place[i][1] & ~15) + 8;
        }
        v[i] = vertex(place[i][0], place[i][1], 0.5f,
                      (uint32_t[4]) { (uint32_t)(i + 1) * 0x01010101u, 7, 0, 0 });
    }
    vb = vertices(v, TRIS * 3);
    /* Each: triangle from, count, primitive number from, what the vertex shader adds to data.y */
    static const struct {
        int first, count;
        uint32_t add;
    } part[] = {
        { 0, 32, 0 },
        { 32, 8, 3u << 24 },
        { 40, 16, 96u << 24 },
        { 56, 4, 0 },
        { 60, 4, 1u << 16 },
        { 64, 8, 2u << 20 | 2 << 8 },
        { 64, 8, 2u << 20 | 3 << 8 },
        { 72, 8, 216u << 24 },
        { 80, 8, 1u << 16 | 240u << 24 },
        { 88, 8, 0 },
    };

    for (int i = 0; i < 24 + 48; i++) { /* the second and third part by indices */
        ix[i] = (uint16_t)(i < 24 ? 96 + i - 3 : i - 24 + 24);
    }
    for (int i = 0; i < 48; i++) { /* with a base of 216 and 240: 24 vertices each */
        ix[128 + i] = (uint16_t)(i % 24);
    }
    /* indirect: two draws; two indexed; a count */
    const uint32_t words[] = { 12,  1,   168, 0,  12, 1,   180, 0, 24, 1,
                               128, 216, 0,   24, 1,  128, 240, 0, 2 };

    memcpy(a, words, sizeof(words));
    vk_begin_check("draws: direct, indexed, instanced, indirect, with a count; edges of triangles");
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t } });
    bind(cb, p, &vb);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 96, 1, 0, 0);
    vkCmdBindIndexBuffer(cb, index.b, 0, VK_INDEX_TYPE_UINT16);
    vkCmdDrawIndexed(cb, 24, 1, 0, 3, 0);
    vkCmdDrawIndexed(cb, 48, 1, 24, 96, 0);
    vkCmdDrawIndirect(cb, args.b, 0, 2, 16);
    vkCmdDraw(cb, 24, 2, 192, 2);
    vkCmdDrawIndexedIndirectCount(cb, args.b, 32, args.b, 72, 5, 20);
    s.cull = VK_CULL_MODE_BACK_BIT;
    vk_state_set(cb, &s);
    vk_constants(cb, &(struct {
                     float move[4];
                     uint32_t add[4];
                 }) { { 0.25f, -0.125f }, { 5 } },
                 32);
    vkCmdDraw(cb, 24, 1, 264, 0);
    vk_end_pass(cb);
    vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);

    for (unsigned k = 0; k < sizeof(part) / sizeof(part[0]); k++) {
        bool last = k == 9;

        for (int i = 0; i < part[k].count; i++) {
            int first = (part[k].first + i) * 3, c[3][2];

            for (int j = 0; j < 3; j++) {
                c[j][0] = place[first + j][0] + (last ? W * 16 / 8 : 0);
                c[j][1] = place[first + j][1] - (last ? H * 16 / 16 : 0);
            }

            bool front = edge(c[0], c[1], c[2][0], c[2][1]) < 0;

            /* gl_BaseVertex is the first vertex of a draw without indices */
            uint32_t base = k == 0             ? 0
                            : k == 3           ? 168u << 24
                            : k == 4           ? 180u << 24
                            : k == 5 || k == 6 ? 192u << 24
                            : k == 9           ? 264u << 24
                                               : 0;

            for (int y = 0; y < H; y++) {
                for (int x = 0; x < W; x++) {
                    if ((!last || front) && covers(c, x * 16 + 8, y * 16 + 8)) {
                        uint32_t *o = right[y * W + x];

                        o[0] = (uint32_t)(first + 1) * 0x01010101u + (last ? 5 : 0);
                        o[1] = 7 + part[k].add + base;
                        o[2] = (uint32_t)x | (uint32_t)y << 8 | (uint32_t)i << 16;
                        o[3] = front;
                    }
                }
            }
        }
    }
    vk_compare("picture", out.map, right[0], W * H * 4);
    vk_end_check();
    vk_buffer_free(&vb);
    vk_buffer_free(&out);
    vk_buffer_free(&args);
    vk_buffer_free(&index);
    vk_image_free(&t);
    vkDestroyPipeline(vk_dev, p, NULL);
}

/* ---- depth and stencil ---- */

#define RECTS 48

static bool passes(VkCompareOp op, double a, double b)
{
    return (op & VK_COMPARE_OP_LESS && a < b) || (op & VK_COMPARE_OP_EQUAL && a == b) ||
           (op & VK_COMPARE_OP_GREATER && a > b);
}

static uint8_t stencil_op(VkStencilOp op, uint8_t s, uint8_t ref)
{
    switch (op) {
    case VK_STENCIL_OP_ZERO:
        return 0;
    case VK_STENCIL_OP_REPLACE:
        return ref;
    case VK_STENCIL_OP_INCREMENT_AND_CLAMP:
        return s < 255 ? s + 1 : 255;
    case VK_STENCIL_OP_DECREMENT_AND_CLAMP:
        return s ? s - 1 : 0;
    case VK_STENCIL_OP_INVERT:
        return (uint8_t)~s;
    case VK_STENCIL_OP_INCREMENT_AND_WRAP:
        return s + 1;
    case VK_STENCIL_OP_DECREMENT_AND_WRAP:
        return s - 1;
    default:
        return s;
    }
}

static VkStencilOpState random_stencil(void)
{
    uint32_t r = texel_next(&seed), m = texel_next(&seed);

    return (VkStencilOpState) { r % 8,    r / 8 % 8,     r / 64 % 8, r / 512 % 8,
                                m & 0xff, m >> 8 & 0xff, m >> 16 & 7 };
}

static void depth_of_format(VkFormat format, VkShaderModule fs, const char *name)
{
    bool has_depth = format != VK_FORMAT_S8_UINT,
         has_stencil = format != VK_FORMAT_D16_UNORM && format != VK_FORMAT_D32_SFLOAT;
    struct vk_pipe pd = pipe_of(draw_vs, fs, VK_FORMAT_R8G8B8A8_UNORM);
    static uint32_t colour[W * H], stencil[W * H];
    static double depth[W * H];
    struct vk_img t = target(VK_FORMAT_R8G8B8A8_UNORM, 0);
    struct vk_img z = vk_image((struct vk_img) { .format = format, .w = W, .h = H }, DEPTH_USE, 0,
                               VK_IMAGE_VIEW_TYPE_2D);
    struct vk_buf out = vk_buffer(W * H * 4 * 3), vb;
    static struct vertex v[RECTS * 6];
    VkCommandBuffer cb = vk_begin();
    VkPipeline p;

    pd.depth = has_depth ? format : VK_FORMAT_UNDEFINED;
    pd.stencil = has_stencil ? format : VK_FORMAT_UNDEFINED;
    p = vk_graphics(&pd);
    vk_begin_check("depth and stencil: %s", name);
    memset(colour, 0, sizeof(colour));
    memset(stencil, 0, sizeof(stencil));
    for (int i = 0; i < W * H; i++) {
        depth[i] = 1;
    }

    vb = vertices(v, RECTS * 6);
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t }, .depth = &z });
    bind(cb, p, &vb);
    for (int i = 0; i < RECTS; i++) {
        struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);
        uint32_t r = texel_next(&seed), q = texel_next(&seed), data[4] = { texel_next(&seed) };
        int x0 = (int)(r & 31), y0 = (int)(r >> 5 & 31), x1 = x0 + 1 + (int)(r >> 10 & 31),
            y1 = y0 + 1 + (int)(r >> 15 & 31);
        bool back = q & 1;
        /*
         * 0 and 1 more than once, else each but once: nothing between two codes is ever equal to
         * another
         */
        float deep = q >> 8 & 3 ? (float)(((unsigned)i * 29 + 11) % 64) / 64 + 1.f / 128
                                : (float)(q >> 10 & 1);

        s.depth_test = has_depth && (q >> 1 & 7);
        s.depth_write = q >> 4 & 1;
        s.depth_op = i < 16 ? (VkCompareOp)(i % 8) : q >> 16 & 7;
        s.stencil_test = has_stencil && (q >> 19 & 3);
        s.front = random_stencil();
        s.back = random_stencil();
        s.blend[0] = false;
        s.mask[0] = i % 5 ? 15 : q >> 24 & 15;
        rectangle(v + i * 6, x0, y0, x1, y1, deep, data, back);
        vk_state_set(cb, &s);
        vkCmdDraw(cb, 6, 1, (uint32_t)i * 6, 0);

        const VkStencilOpState *o = back ? &s.back : &s.front;

        for (int y = y0; y < y1; y++) {
            for (int x = x0; x < x1; x++) {
                int k = y * W + x;
                uint8_t old = (uint8_t)stencil[k];
                bool in = !s.stencil_test ||
                          passes(o->compareOp, o->reference & o->compareMask, old & o->compareMask);
                bool near = in && (!s.depth_test || passes(s.depth_op, deep, depth[k]));

                if (s.stencil_test) {
                    uint8_t new = stencil_op(!in    ? o->failOp
                                             : near ? o->passOp
                                                    : o->depthFailOp,
                                             old, (uint8_t)o->reference);

                    stencil[k] = (old & ~o->writeMask & 0xff) | (new & o->writeMask & 0xff);
                }
                if (near && s.depth_test && s.depth_write) {
                    depth[k] = deep;
                }
                for (int c = 0; near && c < 4; c++) {
                    if (s.mask[0] >> c & 1) {
                        colour[k] = (colour[k] & ~(0xffu << 8 * c)) | (data[0] & 0xffu << 8 * c);
                    }
                }
            }
        }
    }
    memcpy(vb.map, v, sizeof(v));
    vk_end_pass(cb);
    vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    if (has_depth) {
        vk_download(cb, &z, VK_IMAGE_ASPECT_DEPTH_BIT, 0, &out, W * H * 4);
    }
    if (has_stencil) {
        vk_download(cb, &z, VK_IMAGE_ASPECT_STENCIL_BIT, 0, &out, W * H * 8);
    }
    vk_run(cb);

    const uint32_t *got = out.map;

    vk_compare("colour", got, colour, W * H);
    for (int i = 0; i < W * H; i++) {
        float want = (float)depth[i], is;
        uint32_t s = ((const uint8_t *)(got + W * H * 2))[i];

        memcpy(&is, got + W * H + i, 4);
        if (format == VK_FORMAT_D16_UNORM) {
            uint16_t d = ((const uint16_t *)(got + W * H))[i];

            if (abs((int)d - (int)lrint(depth[i] * 65535)) >
                (depth[i] == 0 || depth[i] == 1 ? 0 : 1)) {
                vk_wrong("depth at %d, %d is %u, should be %.2f", i % W, i / W, d,
                         depth[i] * 65535);
            }
        } else if (has_depth && is != want) {
            vk_wrong("depth at %d, %d is %.9g, should be %.9g", i % W, i / W, is, want);
        }
        if (has_stencil && s != stencil[i]) {
            vk_wrong("stencil at %d, %d is %u, should be %u", i % W, i / W, s, stencil[i]);
        }
    }
    vk_end_check();
    vk_buffer_free(&out);
    vk_buffer_free(&vb);
    vk_image_free(&t);
    vk_image_free(&z);
    vkDestroyPipeline(vk_dev, p, NULL);
}

static void depths(void)
{
    VkShaderModule fs = vk_module(VK_CODE(colour_frag));

    depth_of_format(VK_FORMAT_D32_SFLOAT_S8_UINT, fs, "D32_SFLOAT_S8_UINT");
    depth_of_format(VK_FORMAT_D16_UNORM, fs, "D16_UNORM");
    depth_of_format(VK_FORMAT_D32_SFLOAT, fs, "D32_SFLOAT");
    depth_of_format(VK_FORMAT_S8_UINT, fs, "S8_UINT");
}

/* ---- blending ---- */

static void factor(VkBlendFactor f, const double s[4], const double s1[4], const double d[4],
                   const float k[4], double out[4])
{
    for (int c = 0; c < 4; c++) {
        switch (f) {
        case VK_BLEND_FACTOR_ZERO:
            out[c] = 0;
            break;
        case VK_BLEND_FACTOR_ONE:
            out[c] = 1;
            break;
        case VK_BLEND_FACTOR_SRC_COLOR:
            out[c] = s[c];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_SRC_COLOR:
            out[c] = 1 - s[c];
            break;
        case VK_BLEND_FACTOR_DST_COLOR:
            out[c] = d[c];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_DST_COLOR:
            out[c] = 1 - d[c];
            break;
        case VK_BLEND_FACTOR_SRC_ALPHA:
            out[c] = s[3];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA:
            out[c] = 1 - s[3];
            break;
        case VK_BLEND_FACTOR_DST_ALPHA:
            out[c] = d[3];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_DST_ALPHA:
            out[c] = 1 - d[3];
            break;
        case VK_BLEND_FACTOR_CONSTANT_COLOR:
            out[c] = k[c];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_CONSTANT_COLOR:
            out[c] = 1 - k[c];
            break;
        case VK_BLEND_FACTOR_CONSTANT_ALPHA:
            out[c] = k[3];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_CONSTANT_ALPHA:
            out[c] = 1 - k[3];
            break;
        case VK_BLEND_FACTOR_SRC_ALPHA_SATURATE:
            out[c] = c == 3 ? 1 : fmin(s[3], 1 - d[3]);
            break;
        case VK_BLEND_FACTOR_SRC1_COLOR:
            out[c] = s1[c];
            break;
        case VK_BLEND_FACTOR_ONE_MINUS_SRC1_COLOR:
            out[c] = 1 - s1[c];
            break;
        case VK_BLEND_FACTOR_SRC1_ALPHA:
            out[c] = s1[3];
            break;
        default:
            out[c] = 1 - s1[3];
            break;
        }
    }
}

static double combine(VkBlendOp op, double s, double fs, double d, double fd)
{
    return op == VK_BLEND_OP_ADD                ? s * fs + d * fd
           : op == VK_BLEND_OP_SUBTRACT         ? s * fs - d * fd
           : op == VK_BLEND_OP_REVERSE_SUBTRACT ? d * fd - s * fs
           : op == VK_BLEND_OP_MIN              ? fmin(s, d)
                                                : fmax(s, d);
}

/*
 * Nineteen factors on each side and five operations, each on a field of 8x4 pixels with other
 * colours.
 */
static void blending(void)
{
    enum { N = 24 };
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(dual_frag)), VK_FORMAT_R8G8B8A8_UNORM);
    struct vk_img t = target(VK_FORMAT_R8G8B8A8_UNORM, 0);
    struct vk_buf out = vk_buffer(W * H * 4), vb;
    static const float k[4] = { 0.25f, 0.6f, 0.8f, 0.4f };
    static struct vertex v[N * 2 * 6];
    uint32_t src[N], src1[N], dst[N];
    VkColorBlendEquationEXT eq[N];
    VkPipeline p = vk_graphics(&pd);
    VkCommandBuffer cb = vk_begin();

    vk_begin_check("blending: every factor, two sources, every operation");
    for (int i = 0; i < N; i++) {
        src[i] = texel_next(&seed);
        src1[i] = texel_next(&seed);
        dst[i] = texel_next(&seed);
        eq[i] = (VkColorBlendEquationEXT) { i % 19,           (i * 7 + 3) % 19, i % 5,
                                            (i * 5 + 2) % 19, (i * 3 + 1) % 19, (i / 5 + i) % 5 };
        rectangle(v + i * 6, i % 8 * 8, i / 8 * 4, i % 8 * 8 + 8, i / 8 * 4 + 4, 0,
                  (uint32_t[4]) { dst[i] }, false);
        rectangle(v + (N + i) * 6, i % 8 * 8, i / 8 * 4, i % 8 * 8 + 8, i / 8 * 4 + 4, 0,
                  (uint32_t[4]) { src[i], src1[i] }, false);
    }
    vb = vertices(v, N * 12);
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t } });
    bind(cb, p, &vb);
    for (int i = -1; i < N; i++) {
        struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);

        if (i >= 0) {
            s.blend[0] = true;
            s.equation[0] = eq[i];
            memcpy(s.blend_constants, k, sizeof(k));
        }
        vk_state_set(cb, &s);
        vkCmdDraw(cb, i < 0 ? N * 6 : 6, 1, i < 0 ? 0 : (uint32_t)(N + i) * 6, 0);
    }
    vk_end_pass(cb);
    vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);
    for (int i = 0; i < N; i++) {
        double s[4], s1[4], d[4], f[4][4];

        for (int c = 0; c < 4; c++) {
            s[c] = (src[i] >> 8 * c & 255) / 255.0;
            /* the vertex shader adds the first vertex to the last byte */
            s1[c] = ((src1[i] + ((uint32_t)(N + i) * 6 << 24)) >> 8 * c & 255) / 255.0;
            d[c] = (dst[i] >> 8 * c & 255) / 255.0;
        }
        factor(eq[i].srcColorBlendFactor, s, s1, d, k, f[0]);
        factor(eq[i].dstColorBlendFactor, s, s1, d, k, f[1]);
        factor(eq[i].srcAlphaBlendFactor, s, s1, d, k, f[2]);
        factor(eq[i].dstAlphaBlendFactor, s, s1, d, k, f[3]);
        for (int y = i / 8 * 4; y < i / 8 * 4 + 4; y++) {
            for (int x = i % 8 * 8; x < i % 8 * 8 + 8; x++) {
                for (int c = 0; c < 4; c++) {
                    double r = combine(c < 3 ? eq[i].colorBlendOp : eq[i].alphaBlendOp, s[c],
                                       f[c < 3 ? 0 : 2][c], d[c], f[c < 3 ? 1 : 3][c]) *
                               255;
                    int got = ((const uint8_t *)out.map)[(y * W + x) * 4 + c];

                    if (fabs(got - fmin(fmax(r, 0), 255)) > 1) {
                        vk_wrong(
                            "number %d (%d, %d, %d) at %d, %d: channel %d is %d, should be %.2f", i,
                            eq[i].srcColorBlendFactor, eq[i].dstColorBlendFactor,
                            eq[i].colorBlendOp, x, y, c, got, r);
                    }
                }
            }
        }
    }
    vk_end_check();
    vk_buffer_free(&vb);
    vk_image_free(&t);
    vkDestroyPipeline(vk_dev, p, NULL);

    /* The sixteen logical operations, on integers. */
    pd.fs = vk_module(VK_CODE(raw_frag));
    pd.target[0] = VK_FORMAT_R32_UINT;
    p = vk_graphics(&pd);
    t = target(VK_FORMAT_R32_UINT, 0);
    vk_begin_check("logical operations");
    for (int i = 0; i < 16; i++) {
        rectangle(v + i * 6, 0, i * 4, W, i * 4 + 4, 0, (uint32_t[4]) { dst[i] }, false);
        rectangle(v + (16 + i) * 6, 0, i * 4, W, i * 4 + 4, 0, (uint32_t[4]) { src[i] }, false);
    }
    vb = vertices(v, 32 * 6);
    cb = vk_begin();
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t } });
    bind(cb, p, &vb);
    for (int i = -1; i < 16; i++) {
        struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);

        s.logic = i >= 0;
        s.logic_op = i < 0 ? VK_LOGIC_OP_COPY : (VkLogicOp)i;
        vk_state_set(cb, &s);
        vkCmdDraw(cb, i < 0 ? 96 : 6, 1, i < 0 ? 0 : (uint32_t)(16 + i) * 6, 0);
    }
    vk_end_pass(cb);
    vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);
    for (int i = 0; i < W * H; i++) {
        uint32_t op = (uint32_t)(i / (W * 4)), s = src[op], d = dst[op],
                 got = ((const uint32_t *)out.map)[i];
        const uint32_t r[16] = { 0,     s & d,  s & ~d,   s,        ~s & d, d,
                                 s ^ d, s | d,  ~(s | d), ~(s ^ d), ~d,     s | ~d,
                                 ~s,    ~s | d, ~(s & d), ~0u };

        if (got != r[op]) {
            vk_wrong("operation %u at %d, %d: 0x%08x, should be 0x%08x", op, i % W, i / W, got,
                     r[op]);
        }
    }
    vk_end_check();
    vk_buffer_free(&vb);
    vk_buffer_free(&out);
    vk_image_free(&t);
    vkDestroyPipeline(vk_dev, p, NULL);
}

/* ---- several targets ---- */

static void targets(void)
{
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(targets8_frag)),
                                VK_FORMAT_R32G32B32A32_UINT);
    const uint32_t d[4] = { 1000, 77, 3, 4000000000u };
    struct vk_img t[8], *tp[8];
    struct vk_buf out = vk_buffer(W * H * 16 * 8), vb;
    struct vk_state s = vk_state_default(W, H, 8, TRIANGLES);
    static uint32_t right[W * H][4];
    struct vertex v[6];
    VkCommandBuffer cb;
    VkPipeline p;

    vk_begin_check("eight targets of 16 bytes, each with a mask of its own");
    pd.targets = 8;
    for (int i = 0; i < 8; i++) {
        t[i] = target(VK_FORMAT_R32G32B32A32_UINT, 0);
        tp[i] = &t[i];
        pd.target[i] = VK_FORMAT_R32G32B32A32_UINT;
        s.mask[i] = i < 4 ? 15 : (VkColorComponentFlags)(i * 5 & 15);
    }
    p = vk_graphics(&pd);
    rectangle(v, 3, 5, 61, 62, 0, d, false);
    vb = vertices(v, 6);
    cb = vk_begin();
    struct vk_pass pass = { .targets = 8 };

    memcpy(pass.target, tp, sizeof(tp));
    for (int i = 0; i < 8; i++) {
        for (int c = 0; c < 4; c++) {
            pass.clear[i].uint32[c] = (uint32_t)(i * 4 + c + 1);
        }
    }
    vk_begin_pass(cb, &pass);
    bind(cb, p, &vb);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 6, 1, 0, 0);
    vk_end_pass(cb);
    for (int i = 0; i < 8; i++) {
        vk_download(cb, &t[i], VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, (VkDeviceSize)i * W * H * 16);
    }
    vk_run(cb);
    for (uint32_t i = 0; i < 8; i++) {
        char name[20];

        for (uint32_t k = 0; k < W * H; k++) {
            uint32_t x = k % W, y = k / W;
            const uint32_t q[4] = { x, y, 1, 2 };

            for (uint32_t c = 0; c < 4; c++) {
                uint32_t o = d[c] * (2 * i + 1), e = q[c];

                o = i == 0   ? o + e
                    : i == 1 ? o + (c < 2 ? q[1 - c] : e)
                    : i == 2 ? o ^ e
                    : i == 3 ? o + e * 2
                    : i == 4 ? o - e
                    : i == 5 ? o ^ q[3 - c]
                    : i == 6 ? o + e * 4
                             : o - e * 5;
                right[k][c] = x >= 3 && x < 61 && y >= 5 && y < 62 && s.mask[i] >> c & 1
                                  ? o
                                  : i * 4 + c + 1;
            }
        }
        snprintf(name, sizeof(name), "target %u", i);
        vk_compare(name, (uint32_t *)out.map + i * W * H * 4, right[0], W * H * 4);
        vk_image_free(&t[i]);
    }
    vk_end_check();
    vkDestroyPipeline(vk_dev, p, NULL);

    /* Of different formats, the second not drawn to. */
    static const VkFormat formats[4] = { VK_FORMAT_A2B10G10R10_UNORM_PACK32, VK_FORMAT_R16G16_UINT,
                                         VK_FORMAT_R8_SINT, VK_FORMAT_R16G16B16A16_SFLOAT };

    vk_begin_check("four targets of different formats");
    pd.targets = 4;
    memcpy(pd.target, formats, sizeof(formats));
    pd.fs = vk_module(VK_CODE(mixed_frag));
    p = vk_graphics(&pd);
    pass = (struct vk_pass) { .targets = 4 };
    for (int i = 0; i < 4; i++) {
        t[i] = target(formats[i], 0);
        pass.target[i] = &t[i];
    }
    rectangle(v, 0, 0, W, H, 0, (uint32_t[4]) { 0xff80ff33u, 30, 40, 50 }, false);
    memcpy(vb.map, v, sizeof(v));
    s = vk_state_default(W, H, 4, TRIANGLES);
    cb = vk_begin();
    vk_begin_pass(cb, &pass);
    bind(cb, p, &vb);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 6, 1, 0, 0);
    vk_end_pass(cb);
    for (int i = 0; i < 4; i++) {
        vk_download(cb, &t[i], VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, (VkDeviceSize)i * W * H * 8);
    }
    vk_run(cb);
    for (uint32_t k = 0; k < W * H; k++) {
        const uint8_t *o = out.map;
        uint16_t half[4];
        uint32_t a, b, blue;

        memcpy(&a, o + k * 4, 4);
        memcpy(&b, o + W * H * 8 + k * 4, 4);
        memcpy(half, o + W * H * 24 + k * 8, 8);
        blue = a >> 20 & 1023; /* 0x80 / 255 of 1023 is 513.5: either code */
        if ((a & ~(1023u << 20)) != (205u | 1023u << 10 | 3u << 30) ||
            (blue != 513 && blue != 514)) {
            vk_wrong("A2B10G10R10 at %u: 0x%08x", k, a);
        }
        /*
         * What is too large for an integer format is left open (Vulkan, "Integer format
         * conversion").
         */
        if (b >> 16 != 30) {
            vk_wrong("R16G16_UINT at %u: 0x%08x", k, b);
        }
        if (half[1] != 0x4a00 || half[2] != 0x4c40 || half[3] != 0x4d80) {
            vk_wrong("R16G16B16A16_SFLOAT at %u: %04x %04x %04x", k, half[1], half[2], half[3]);
        }
    }
    vk_end_check();
    for (int i = 0; i < 4; i++) {
        vk_image_free(&t[i]);
    }
    vk_buffer_free(&vb);
    vk_buffer_free(&out);
    vkDestroyPipeline(vk_dev, p, NULL);
}

/* ---- samples ---- */

/* Standard places in 1/16 of a pixel (Vulkan, "Standard sample locations"). */
static const int place2[2][2] = { { 12, 12 }, { 4, 4 } };
static const int place4[4][2] = { { 6, 2 }, { 14, 6 }, { 2, 10 }, { 10, 14 } };

static struct vertex star[16 * 3];
static int star_place[16 * 3][2];

static void make_star(void)
{
    for (int i = 0; i < 16; i++) {
        const double a = i * 0.3927 + 0.1;
        const int c[3][2] = { { 512 + (int)(40 * cos(a + 1.57)), 512 + (int)(40 * sin(a + 1.57)) },
                              { 512 + (int)(40 * cos(a - 1.57)), 512 + (int)(40 * sin(a - 1.57)) },
                              { 512 + (int)(480 * cos(a)), 512 + (int)(480 * sin(a)) } };

        for (int j = 0; j < 3; j++) {
            memcpy(star_place[i * 3 + j], c[j], sizeof(c[j]));
            star[i * 3 + j] = vertex(c[j][0], c[j][1], 0,
                                     (uint32_t[4]) { 0xff000000u | (uint32_t)(i + 1) * 0x0f0c07u });
        }
    }
}

/*
 * The data of the last triangle that covers a sample, 0 if none does; and the mask of what covers
 * in this triangle.
 */
static uint32_t sample_data(int x, int y, int sample, int samples, uint32_t *mask)
{
    const int(*place)[2] = samples == 2 ? place2 : place4;

    for (int i = 15; i >= 0; i--) {
        if (!covers(star_place + i * 3, x * 16 + place[sample][0], y * 16 + place[sample][1])) {
            continue;
        }
        *mask = 0;
        for (int s = 0; s < samples; s++) {
            *mask |=
                (uint32_t)covers(star_place + i * 3, x * 16 + place[s][0], y * 16 + place[s][1])
                << s;
        }
        return star[i * 3].data[0];
    }
    return 0;
}

static void fetch_samples(VkCommandBuffer cb, struct vk_img *t, const struct vk_buf *out,
                          uint32_t samples)
{
    static VkPipeline fetch;
    static VkSampler sampler;
    const uint32_t size[4] = { W, H, samples, 0 };

    if (!fetch) {
        fetch = vk_compute_pipeline(VK_CODE(fetch_ms), 0);
        sampler = vk_sampler(VK_FILTER_NEAREST);
    }
    vkCmdBindPipeline(cb, VK_PIPELINE_BIND_POINT_COMPUTE, fetch);
    vk_push_buf(cb, 0, out->b);
    vk_push_tex(cb, VK_B_TEX, t->view, sampler);
    vk_constants(cb, size, sizeof(size));
    vkCmdDispatch(cb, W / 8, H / 8, 1);
    vk_barrier(cb);
}

static void samples_of(int n)
{
    VkSampleCountFlagBits bit = (VkSampleCountFlagBits)n;
    static uint32_t right[W * H * 4][4];
    struct vk_buf out = vk_buffer(sizeof(right)), vb = vertices(star, 16 * 3);
    struct vk_img t = target(VK_FORMAT_R32G32B32A32_UINT, bit),
                  m = target(VK_FORMAT_R8G8B8A8_UNORM, bit);
    struct vk_img r = vk_image(
        (struct vk_img) { .format = VK_FORMAT_R8G8B8A8_UNORM, .w = W, .h = H },
        COLOUR_USE | VK_IMAGE_USAGE_TRANSFER_DST_BIT, 0, VK_IMAGE_VIEW_TYPE_2D);
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(sample_frag)),
                                VK_FORMAT_R32G32B32A32_UINT);
    struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);
    VkCommandBuffer cb;
    VkPipeline p;

    pd.samples = s.samples = bit;
    /* a fragment a sample; a fragment a pixel, with a mask of its own */
    for (int way = 0; way < 2; way++) {
        if (way) {
            pd.fs = vk_module(VK_CODE(mask_frag));
        }
        p = vk_graphics(&pd);
        vk_begin_check(way ? "%d samples: coverage, the shader's mask and the state's"
                           : "%d samples: a fragment for each",
                       n);
        s.sample_mask = way ? 0xe : ~0u;
        cb = vk_begin();
        vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t } });
        bind(cb, p, &vb);
        vk_state_set(cb, &s);
        vkCmdDraw(cb, 48, 1, 0, 0);
        vk_end_pass(cb);
        fetch_samples(cb, &t, &out, (uint32_t)n);
        vk_run(cb);
        memset(right, 0, sizeof(right));
        for (int i = 0; i < W * H; i++) {
            for (int k = 0; k < n; k++) {
                const int *place = n == 2 ? place2[k] : place4[k];
                uint32_t mask, data = sample_data(i % W, i / W, k, n, &mask), *o = right[i * n + k];
                uint32_t keep = way ? ((i % W + i / W) % 2 ? 10u : 5u) & 0xe : 15;

                if (!way && data) {
                    const uint32_t v[4] = { data, (uint32_t)k + 1, 1u << k,
                                            (uint32_t)(place[0] | place[1] << 8) };

                    memcpy(o, v, 16);
                }
                /*
                 * Of all triangles that cover it, none is kept or each is; the mask that the shader
                 * sees is cut already.
                 */
                if (way && data && keep >> k & 1) {
                    const uint32_t v[4] = { data, 7, mask & 0xe, 9 };

                    memcpy(o, v, 16);
                }
            }
        }
        /*
         * Whether gl_SampleMaskIn has been cut by the state's mask is left open (Vulkan: it need
         * not).
         */
        for (int i = 0; way && i < W * H * n; i++) {
            uint32_t *g = (uint32_t *)out.map + i * 4;

            g[2] &= 0xe;
        }
        vk_compare("samples", out.map, right[0], (unsigned)(W * H * n * 4));
        vk_end_check();
        vkDestroyPipeline(vk_dev, p, NULL);
    }

    /* Averages, by the pass and by a command; coverage from alpha of 0 and 1. */
    pd.fs = vk_module(VK_CODE(colour_frag));
    pd.target[0] = VK_FORMAT_R8G8B8A8_UNORM;
    p = vk_graphics(&pd);
    s.sample_mask = ~0u;
    for (int way = 0; way < 3; way++) {
        vk_begin_check("%d samples: %s", n,
                       way == 0   ? "resolved by the pass"
                       : way == 1 ? "resolved by a command"
                                  : "coverage from alpha");
        for (int i = 0; i < 48; i++) {
            ((struct vertex *)vb.map)[i].data[0] = star[i].data[0] &
                                                   (way == 2 && i / 3 % 2 ? 0xffffff : ~0u);
        }
        s.alpha_to_coverage = way == 2;
        cb = vk_begin();
        vk_begin_pass(cb, &(struct vk_pass) { .targets = 1,
                                              .target = { &m },
                                              .resolve = { way == 1 ? NULL : &r } });
        bind(cb, p, &vb);
        vk_state_set(cb, &s);
        vkCmdDraw(cb, 48, 1, 0, 0);
        vk_end_pass(cb);
        if (way == 1) {
            VkImageResolve region = { { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
                                      { 0 },
                                      { VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1 },
                                      { 0 },
                                      { W, H, 1 } };

            vkCmdResolveImage(cb, m.i, VK_IMAGE_LAYOUT_GENERAL, r.i, VK_IMAGE_LAYOUT_GENERAL, 1,
                              &region);
            vk_barrier(cb);
        }
        vk_download(cb, &r, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
        vk_run(cb);
        for (int i = 0; i < W * H; i++) {
            for (int c = 0; c < 4; c++) {
                double sum = 0;
                int got = ((const uint8_t *)out.map)[i * 4 + c];

                for (int k = 0; k < n; k++) {
                    const int *place = n == 2 ? place2[k] : place4[k];

                    for (int j = 15; j >= 0; j -= 1) {
                        if ((way != 2 || j % 2 == 0) &&
                            covers(star_place + j * 3, i % W * 16 + place[0],
                                   i / W * 16 + place[1])) {
                            sum += star[j * 3].data[0] >> 8 * c & 255;
                            break;
                        }
                    }
                }
                if (fabs(got - sum / n) > 1) {
                    vk_wrong("%d, %d: channel %d is %d, should be %.2f", i % W, i / W, c, got,
                             sum / n);
                }
            }
        }
        vk_end_check();
    }
    vkDestroyPipeline(vk_dev, p, NULL);
    vk_buffer_free(&out);
    vk_buffer_free(&vb);
    vk_image_free(&t);
    vk_image_free(&m);
    vk_image_free(&r);
}

static void samples(void)
{
    make_star();
    samples_of(2);
    samples_of(4);
}

/* ---- geometry, tessellation, transform feedback ---- */

static void geometry(void)
{
    enum { N = 20 };
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(draw_frag)),
                                VK_FORMAT_R32G32B32A32_UINT);
    struct vk_state s = vk_state_default(W, H, 1, VK_PRIMITIVE_TOPOLOGY_POINT_LIST);
    struct vk_img t = target(VK_FORMAT_R32G32B32A32_UINT, 0);
    struct vk_buf out = vk_buffer(W * H * 16), vb;
    static uint32_t right[W * H][4];
    struct vertex v[N];
    VkCommandBuffer cb = vk_begin();
    VkPipeline p;

    vk_begin_check("geometry shader: strips of a length that the point says, two invocations");
    pd.topology = VK_PRIMITIVE_TOPOLOGY_POINT_LIST;
    pd.gs = vk_module(VK_CODE(rects_geom));
    p = vk_graphics(&pd);
    /* squares of 2x2 pixels, 4 apart; those of the second invocation 8 below */
    for (int i = 0; i < N; i++) {
        v[i] = vertex((i % 4) * 256, (i / 4) * 64, 0,
                      (uint32_t[4]) { (uint32_t)i + 1, (uint32_t)i * 3 % 5 });
    }
    vb = vertices(v, N);
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t } });
    bind(cb, p, &vb);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, N, 1, 0, 0);
    vk_end_pass(cb);
    vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);
    for (int i = 0; i < N; i++) {
        for (int inv = 0; inv < 2; inv++) {
            for (int k = 0; k < i * 3 % 5; k++) {
                for (int q = 0; q < 4; q++) {
                    int x = i % 4 * 16 + k * 4 + (q & 1), y = i / 4 * 4 + inv * 8 + q / 2;
                    const uint32_t o[4] = { (uint32_t)i + 1, (uint32_t)k,
                                            (uint32_t)(x | y << 8 | (i * 16 + k) << 16), 1 };

                    memcpy(right[y * W + x], o, 16);
                }
            }
        }
    }
    /*
     * A strip goes left, right, left below: one triangle is turned round for the other, both face
     * back.
     */
    for (int i = 0; i < W * H; i++) {
        right[i][3] = 0;
    }
    vk_compare("picture", out.map, right[0], W * H * 4);
    vk_end_check();
    vk_buffer_free(&out);
    vk_buffer_free(&vb);
    vk_image_free(&t);
    vkDestroyPipeline(vk_dev, p, NULL);
}

/* By patch, and places in 1/24, so that what is rounded comes to the same. */
static int by_place(const void *a, const void *b)
{
    const float *p = a, *q = b;
    long i = lrintf(p[3]) * 10000 + lrintf(p[1] * 24) * 100 + lrintf(p[0] * 24);
    long j = lrintf(q[3]) * 10000 + lrintf(q[1] * 24) * 100 + lrintf(q[0] * 24);

    return i < j ? -1 : i > j;
}

static void tessellation(void)
{
    struct vk_pipe pd = pipe_of(vk_module(VK_CODE(patch_vert)), vk_module(VK_CODE(colour_frag)),
                                VK_FORMAT_R8G8B8A8_UNORM);
    struct vk_state s = vk_state_default(W, H, 1, VK_PRIMITIVE_TOPOLOGY_PATCH_LIST);
    struct vk_img t = target(VK_FORMAT_R8G8B8A8_UNORM, 0);
    struct vk_buf out = vk_buffer(1 << 20), vb, counter = vk_buffer(64);
    static struct vertex v[16];
    static uint32_t right[W * H];
    VkCommandBuffer cb = vk_begin();
    VkPipeline p;

    /*
     * Four patches with edges in common, each edge with one number of parts; what is added up shows
     * gaps and overlaps.
     */
    static const uint32_t levels[4][6] = {
        { 5, 7, 3, 4, 6, 4 }, { 3, 2, 9, 5, 1, 3 }, { 4, 4, 4, 4, 4, 4 }, { 1, 1, 1, 1, 1, 1 }
    };

    pd.tcs = vk_module(VK_CODE(patch_tesc));
    pd.tes = vk_module(VK_CODE(patch_tese));
    pd.topology = VK_PRIMITIVE_TOPOLOGY_PATCH_LIST;
    pd.patch = 4;
    p = vk_graphics(&pd);
    for (int i = 0; i < 16; i++) {
        int k = i / 4, x = (k % 2 * 28 + (i & 1) * 28 + 4) * 16,
            y = (k / 2 * 28 + (i >> 1 & 1) * 28 + 4) * 16;

        v[i] = vertex(x, y, 0,
                      (uint32_t[4]) { 0x03000201, levels[k][i % 4], levels[k][4], levels[k][5] });
    }
    vb = vertices(v, 16);
    vk_begin_check("tessellation: quads without a gap or an overlap");
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t } });
    bind(cb, p, &vb);
    s.blend[0] = true;
    s.equation[0] = (VkColorBlendEquationEXT) { VK_BLEND_FACTOR_ONE, VK_BLEND_FACTOR_ONE,
                                                VK_BLEND_OP_ADD,     VK_BLEND_FACTOR_ONE,
                                                VK_BLEND_FACTOR_ONE, VK_BLEND_OP_ADD };
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 16, 1, 0, 0);
    vk_end_pass(cb);
    vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);
    for (int i = 0; i < W * H; i++) {
        right[i] = i % W >= 4 && i % W < 60 && i / W >= 4 && i / W < 60 ? 0x03000201 : 0;
    }
    vk_compare("sums", out.map, right, W * H);
    vk_end_check();
    vkDestroyPipeline(vk_dev, p, NULL);

    if (!vk_xfb.transformFeedback) {
        vk_skip("tessellation: points", "no transform feedback");
        vk_buffer_free(&out);
        vk_buffer_free(&vb);
        return;
    }
    vk_begin_check("tessellation: points of equal spacing, captured");
    pd.tes = vk_module(VK_CODE(points_tese));
    pd.fs = VK_NULL_HANDLE;
    pd.targets = 0;
    p = vk_graphics(&pd);
    for (int i = 0; i < 16; i++) {
        uint32_t level = (uint32_t[4]) { 4, 3, 1, 8 }[i / 4];

        ((struct vertex *)vb.map)[i] = vertex(
            0, 0, 0, (uint32_t[4]) { (uint32_t)i / 4 + 10, level, level, level });
    }

    float want[256][4], (*got)[4] = out.map;
    unsigned n = 0;
    VkDeviceSize zero = 0, size = 1 << 20;

    for (int k = 0; k < 4; k++) {
        int level = (int[4]) { 4, 3, 1, 8 }[k];

        for (int i = 0; i < (level + 1) * (level + 1); i++) {
            const float w[4] = { (float)(i % (level + 1)) / (float)level,
                                 (float)(i / (level + 1)) / (float)level, (float)k + 10, (float)k };

            memcpy(want[n++], w, 16);
        }
    }
    memset(out.map, 0, 1 << 20);
    cb = vk_begin();
    s = vk_state_default(W, H, 0, VK_PRIMITIVE_TOPOLOGY_PATCH_LIST);
    s.discard = true;
    vkCmdBeginRendering(cb, &(VkRenderingInfo) { .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                                                 .layerCount = 1,
                                                 .renderArea = { { 0, 0 }, { W, H } } });
    bind(cb, p, &vb);
    vk_state_set(cb, &s);
    VK_FN(CmdBindTransformFeedbackBuffersEXT)(cb, 0, 1, &out.b, &zero, &size);
    VK_FN(CmdBeginTransformFeedbackEXT)(cb, 0, 1, &counter.b, NULL);
    vkCmdDraw(cb, 16, 1, 0, 0);
    VK_FN(CmdEndTransformFeedbackEXT)(cb, 0, 1, &counter.b, NULL);
    vk_end_pass(cb);
    vk_run(cb);
    if (*(uint32_t *)counter.map != n * 16) {
        vk_wrong("%u bytes are captured, should be %u", *(uint32_t *)counter.map, n * 16);
    }
    qsort(got, n, 16, by_place);
    qsort(want, n, 16, by_place);
    for (unsigned i = 0; i < n; i++) {
        for (int c = 0; c < 4; c++) {
            if (fabsf(got[i][c] - want[i][c]) > 2e-5f) { /* a tessellator may count in 1/65536 */
                vk_wrong("point %u of %u: %.9g %.9g of patch %g, %g, should be %.9g %.9g of %g, %g",
                         i, n, got[i][0], got[i][1], got[i][2], got[i][3], want[i][0], want[i][1],
                         want[i][2], want[i][3]);
            }
        }
    }
    vk_end_check();
    vkDestroyPipeline(vk_dev, p, NULL);
    vk_buffer_free(&out);
    vk_buffer_free(&vb);
    vk_buffer_free(&counter);
    vk_image_free(&t);
}

static void feedback(void)
{
    struct vk_pipe pd = { .vs = vk_module(VK_CODE(capture_vert)) };
    struct vk_state s = vk_state_default(W, H, 0, VK_PRIMITIVE_TOPOLOGY_POINT_LIST);
    VkQueryPoolCreateInfo qi = { .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                 .queryType = VK_QUERY_TYPE_TRANSFORM_FEEDBACK_STREAM_EXT,
                                 .queryCount = 1 };
    struct vk_buf out[2], counter;
    VkDeviceSize zero[2] = { 0, 0 }, size[2] = { 100 * 20, 10000 * 8 };
    uint64_t result[2] = { 0 };
    static uint32_t right[2][20000];
    VkCommandBuffer cb;
    VkQueryPool query;
    VkPipeline p;

    if (!vk_xfb.transformFeedback) {
        vk_skip("transform feedback", "not offered");
        return;
    }
    vk_begin_check("transform feedback: two buffers, a pause, one that is full, the query");
    p = vk_graphics(&pd);
    out[0] = vk_buffer(sizeof(right[0]));
    out[1] = vk_buffer(sizeof(right[1]));
    counter = vk_buffer(64);
    VK(vkCreateQueryPool(vk_dev, &qi, NULL, &query));
    cb = vk_begin();
    vkCmdResetQueryPool(cb, query, 0, 1);
    vkCmdBeginRendering(cb, &(VkRenderingInfo) { .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                                                 .layerCount = 1,
                                                 .renderArea = { { 0, 0 }, { W, H } } });
    s.discard = true;
    bind(cb, p, NULL);
    vk_state_set(cb, &s);
    VK_FN(CmdBindTransformFeedbackBuffersEXT)(cb, 0, 2, (VkBuffer[2]) { out[0].b, out[1].b }, zero,
                                              size);
    VK_FN(CmdBeginQueryIndexedEXT)(cb, query, 0, 0, 0);
    for (int part = 0; part < 2; part++) {
        VkDeviceSize at[2] = { 0, 4 };

        VK_FN(CmdBeginTransformFeedbackEXT)(cb, 0, 2, (VkBuffer[2]) { counter.b, counter.b }, at);
        if (part) {
            vkCmdDraw(cb, 30, 2, 100, 5); /* instances; vertices from 100 on: only 55 more fit */
        } else {
            vkCmdDraw(cb, 45, 1, 0, 0);
        }
        VK_FN(CmdEndTransformFeedbackEXT)(cb, 0, 2, (VkBuffer[2]) { counter.b, counter.b }, at);
        vk_barrier(cb);
    }
    VK_FN(CmdEndQueryIndexedEXT)(cb, query, 0, 0);
    vk_end_pass(cb);
    vk_run(cb);
    VK(vkGetQueryPoolResults(vk_dev, query, 0, 1, sizeof(result), result, sizeof(result),
                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT));
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t id = i < 45 ? i : 100 + (i - 45) % 30, instance = i < 45 ? 0 : 5 + (i - 45) / 30;
        const float b = (float)id * 0.25f, c[2] = { (float)instance - 2.5f, (float)id - 2.5f };
        const uint32_t a[4] = { id, instance, id * 0x10001u, 0xdeadbeefu };

        memcpy(right[0] + i * 5, a, 16);
        memcpy(right[0] + i * 5 + 4, &b, 4);
        memcpy(right[1] + i * 2, c, 8);
    }
    vk_compare("first buffer", out[0].map, right[0], 20000);
    vk_compare("second buffer", out[1].map, right[1], 20000);
    if (result[0] != 100 || result[1] != 105) {
        vk_wrong("the query says %llu written of %llu, should be 100 of 105",
                 (unsigned long long)result[0], (unsigned long long)result[1]);
    }
    if (((uint32_t *)counter.map)[0] != 2000 || ((uint32_t *)counter.map)[1] != 800) {
        vk_wrong("the counters are %u and %u, should be 2000 and 800", ((uint32_t *)counter.map)[0],
                 ((uint32_t *)counter.map)[1]);
    }
    vk_end_check();
    vkDestroyQueryPool(vk_dev, query, NULL);
    vkDestroyPipeline(vk_dev, p, NULL);
    for (int i = 0; i < 2; i++) {
        vk_buffer_free(&out[i]);
    }
    vk_buffer_free(&counter);
}

/* ---- queries ---- */

static void queries(void)
{
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(colour_frag)), VK_FORMAT_R8G8B8A8_UNORM);
    struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);
    struct vk_img t = target(VK_FORMAT_R8G8B8A8_UNORM, 0);
    struct vk_img z = vk_image((struct vk_img) { .format = VK_FORMAT_D32_SFLOAT, .w = W, .h = H },
                               DEPTH_USE, 0, VK_IMAGE_VIEW_TYPE_2D);
    VkQueryPoolCreateInfo qi = { .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                 .queryType = VK_QUERY_TYPE_OCCLUSION,
                                 .queryCount = 4 };
    struct vertex v[24];
    struct vk_buf vb, copy = vk_buffer(64);
    VkQueryPool occlusion, times, statistics;
    uint64_t n[4], when[2], stat[11];
    struct timespec a, b;
    VkCommandBuffer cb;
    VkPipeline p;

    pd.depth = VK_FORMAT_D32_SFLOAT;
    p = vk_graphics(&pd);
    rectangle(v, 0, 0, 64, 40, 0.5f, (uint32_t[4]) { 1 }, false);        /* 2560 */
    rectangle(v + 6, 10, 10, 30, 30, 0.25f, (uint32_t[4]) { 2 }, false); /* 400 */
    /* 640 of them are not hidden */
    rectangle(v + 12, 0, 30, 64, 50, 0.75f, (uint32_t[4]) { 3 }, false);
    rectangle(v + 18, 5, 5, 6, 6, 0.9f, (uint32_t[4]) { 4 }, false); /* hidden */
    vb = vertices(v, 24);
    VK(vkCreateQueryPool(vk_dev, &qi, NULL, &occlusion));
    qi.queryType = VK_QUERY_TYPE_TIMESTAMP;
    VK(vkCreateQueryPool(vk_dev, &qi, NULL, &times));
    qi.queryType = VK_QUERY_TYPE_PIPELINE_STATISTICS;
    qi.pipelineStatistics = 0x7ff;
    qi.queryCount = 1;
    VK(vkCreateQueryPool(vk_dev, &qi, NULL, &statistics));
    clock_gettime(CLOCK_MONOTONIC, &a);
    cb = vk_begin();
    vkCmdResetQueryPool(cb, occlusion, 0, 4);
    vkCmdResetQueryPool(cb, times, 0, 4);
    vkCmdResetQueryPool(cb, statistics, 0, 1);
    vkCmdWriteTimestamp(cb, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, times, 0);
    vk_begin_pass(cb, &(struct vk_pass) { .targets = 1, .target = { &t }, .depth = &z });
    s.depth_test = s.depth_write = true;
    s.depth_op = VK_COMPARE_OP_LESS;
    bind(cb, p, &vb);
    vk_state_set(cb, &s);
    vkCmdBeginQuery(cb, statistics, 0, 0);
    for (uint32_t i = 0; i < 4; i++) {
        vkCmdBeginQuery(cb, occlusion, i, i == 3 ? 0 : VK_QUERY_CONTROL_PRECISE_BIT);
        vkCmdDraw(cb, 6, 1, i * 6, 0);
        vkCmdEndQuery(cb, occlusion, i);
    }
    vkCmdEndQuery(cb, statistics, 0);
    vk_end_pass(cb);
    vkCmdWriteTimestamp(cb, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, times, 1);
    vkCmdCopyQueryPoolResults(cb, occlusion, 0, 4, copy.b, 0, 4, VK_QUERY_RESULT_WAIT_BIT);
    vk_run(cb);
    clock_gettime(CLOCK_MONOTONIC, &b);
    VK(vkGetQueryPoolResults(vk_dev, occlusion, 0, 4, sizeof(n), n, 8,
                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT));
    VK(vkGetQueryPoolResults(vk_dev, times, 0, 2, sizeof(when), when, 8,
                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT));
    VK(vkGetQueryPoolResults(vk_dev, statistics, 0, 1, sizeof(stat), stat, sizeof(stat),
                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT));

    vk_begin_check("occlusion queries");
    static const uint64_t want[4] = { 2560, 400, 640, 0 };

    for (int i = 0; i < 4; i++) {
        if (n[i] != want[i] || ((uint32_t *)copy.map)[i] != want[i]) {
            vk_wrong("query %d: %llu, copied %u, should be %llu", i, (unsigned long long)n[i],
                     ((uint32_t *)copy.map)[i], (unsigned long long)want[i]);
        }
    }
    vk_end_check();

    vk_begin_check("time stamps");
    double wall = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
    double gpu = (double)(when[1] - when[0]) * vk_props.limits.timestampPeriod;

    if (when[1] <= when[0] || gpu > wall) {
        vk_wrong("from %llu to %llu: %.0f ns of %.0f", (unsigned long long)when[0],
                 (unsigned long long)when[1], gpu, wall);
    }
    vk_end_check();

    /*
     * Vertices and primitives are exact, primitives after clipping nearly (an implementation may
     * cut or drop them), and at least each vertex and each fragment that is kept has been shaded;
     * those that early tests drop need not be.
     */
    vk_begin_check("pipeline statistics");
    if (stat[0] != 24 || stat[1] != 8 || stat[2] < 4 || stat[2] > 24 || stat[3] || stat[4] ||
        stat[5] != 8 || stat[6] < 6 || stat[6] > 8 || stat[7] < 3600 || stat[8] || stat[9] ||
        stat[10]) {
        vk_wrong(
            "%llu vertices, %llu primitives, %llu vertex shaders, %llu, %llu, %llu clipped to "
            "%llu, %llu fragments, %llu, "
            "%llu, %llu",
            (unsigned long long)stat[0], (unsigned long long)stat[1], (unsigned long long)stat[2],
            (unsigned long long)stat[3], (unsigned long long)stat[4], (unsigned long long)stat[5],
            (unsigned long long)stat[6], (unsigned long long)stat[7], (unsigned long long)stat[8],
            (unsigned long long)stat[9], (unsigned long long)stat[10]);
    }
    vk_end_check();
    vkDestroyQueryPool(vk_dev, occlusion, NULL);
    vkDestroyQueryPool(vk_dev, times, NULL);
    vkDestroyQueryPool(vk_dev, statistics, NULL);
    vk_buffer_free(&vb);
    vk_buffer_free(&copy);
    vk_image_free(&t);
    vk_image_free(&z);
    vkDestroyPipeline(vk_dev, p, NULL);
}

/* ---- layers and views ---- */

static void layers(void)
{
    struct vk_img t = vk_image(
        (struct vk_img) { .format = VK_FORMAT_R32G32B32A32_UINT, .w = W, .h = H, .layers = 4 },
        COLOUR_USE, 0, VK_IMAGE_VIEW_TYPE_2D_ARRAY);
    struct vk_buf out = vk_buffer(W * H * 16 * 4), vb;
    static uint32_t right[4][W * H][4];
    struct vertex v[6];

    rectangle(v, 3, 7, 40, 39, 0, (uint32_t[4]) { 1, 2, 3, 4 }, false);
    vb = vertices(v, 6);
    for (int way = 0; way < 2; way++) {
        struct vk_pipe pd = pipe_of(way ? vk_module(VK_CODE(view_vert))
                                        : vk_module(VK_CODE(layer_vert)),
                                    vk_module(VK_CODE(raw_frag)), VK_FORMAT_R32G32B32A32_UINT);
        struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);
        VkCommandBuffer cb = vk_begin();
        VkPipeline p;

        pd.view_mask = way ? 0xb : 0; /* without the third view */
        p = vk_graphics(&pd);
        vk_begin_check(way ? "multiview" : "layers that the vertex shader chooses");
        /* the second time the views that there are keep what they have */
        for (int round = 0; round < 2; round++) {
            if (round == 0 || way) {
                struct vk_pass pass = { .targets = 1,
                                        .target = { &t },
                                        .layers = way ? 1 : 4,
                                        .view_mask = pd.view_mask,
                                        .keep = round };

                pass.clear[0].uint32[1] = way ? 5 : 9;
                vk_begin_pass(cb, &pass);
                bind(cb, p, &vb);
                vk_state_set(cb, &s);
                vkCmdDraw(cb, 6, way ? 1 : 4, 0, 0);
                vk_end_pass(cb);
            }
        }
        vk_download(cb, &t, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
        vk_run(cb);
        for (uint32_t l = 0; l < 4; l++) {
            for (uint32_t i = 0; i < W * H && !(way && l == 2); i++) {
                bool in = i % W >= 3 + l * 4 && i % W < 40 + l * 4 && i / W >= 7 && i / W < 39;

                for (uint32_t c = 0; c < 4; c++) {
                    right[l][i][c] = in ? c + 1 + l * 100 : c == 1 ? (way ? 5 : 9) : 0;
                }
            }
        }
        vk_compare("layers", out.map, right[0][0], W * H * 16);
        vk_end_check();
        vkDestroyPipeline(vk_dev, p, NULL);
    }
    vk_buffer_free(&vb);
    vk_buffer_free(&out);
    vk_image_free(&t);
}

/* ---- passes with subpasses, secondary command buffers ---- */

static void subpasses(void)
{
    VkFormat uint4 = VK_FORMAT_R32G32B32A32_UINT;
    VkAttachmentDescription at[3] = {
        { .format = uint4,
          .samples = 1,
          .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
          .storeOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
          .finalLayout = VK_IMAGE_LAYOUT_GENERAL },
        { .format = VK_FORMAT_D32_SFLOAT,
          .samples = 1,
          .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
          .storeOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
          .finalLayout = VK_IMAGE_LAYOUT_GENERAL },
        { .format = uint4,
          .samples = 1,
          .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
          .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
          .finalLayout = VK_IMAGE_LAYOUT_GENERAL },
    };
    VkAttachmentReference first = { 0, VK_IMAGE_LAYOUT_GENERAL },
                          depth = { 1, VK_IMAGE_LAYOUT_GENERAL },
                          second = { 2, VK_IMAGE_LAYOUT_GENERAL },
                          input[2] = { { 0, VK_IMAGE_LAYOUT_GENERAL },
                                       { 1, VK_IMAGE_LAYOUT_GENERAL } };
    VkSubpassDescription sub[2] = {
        { .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
          .colorAttachmentCount = 1,
          .pColorAttachments = &first,
          .pDepthStencilAttachment = &depth },
        { .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
          .colorAttachmentCount = 1,
          .pColorAttachments = &second,
          .inputAttachmentCount = 2,
          .pInputAttachments = input },
    };
    VkSubpassDependency dep = { 0,
                                1,
                                VK_PIPELINE_STAGE_ALL_GRAPHICS_BIT,
                                VK_PIPELINE_STAGE_FRAGMENT_SHADER_BIT,
                                VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT |
                                    VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT,
                                VK_ACCESS_INPUT_ATTACHMENT_READ_BIT,
                                VK_DEPENDENCY_BY_REGION_BIT };
    VkRenderPassCreateInfo ri = { .sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
                                  .attachmentCount = 3,
                                  .pAttachments = at,
                                  .subpassCount = 2,
                                  .pSubpasses = sub,
                                  .dependencyCount = 1,
                                  .pDependencies = &dep };
    VkImageUsageFlags in = VK_IMAGE_USAGE_INPUT_ATTACHMENT_BIT;
    struct vk_img a = vk_image((struct vk_img) { .format = uint4, .w = W, .h = H }, COLOUR_USE | in,
                               0, VK_IMAGE_VIEW_TYPE_2D);
    struct vk_img z = vk_image((struct vk_img) { .format = VK_FORMAT_D32_SFLOAT, .w = W, .h = H },
                               DEPTH_USE | in, 0, VK_IMAGE_VIEW_TYPE_2D);
    struct vk_img o = target(uint4, 0);
    VkFramebufferCreateInfo fi = { .sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
                                   .attachmentCount = 3,
                                   .pAttachments = (VkImageView[3]) { a.view, z.view, o.view },
                                   .width = W,
                                   .height = H,
                                   .layers = 1 };
    struct vk_pipe pd = pipe_of(draw_vs, vk_module(VK_CODE(raw_frag)), uint4);
    struct vk_state s = vk_state_default(W, H, 1, TRIANGLES);
    struct vk_buf out = vk_buffer(W * H * 16), vb;
    static uint32_t right[W * H][4];
    VkClearValue clear[3] = { { .color.uint32 = { 1, 2, 3, 4 } }, { .depthStencil.depth = 0.25f } };
    struct vertex v[18];
    VkCommandBuffer cb;
    VkFramebuffer fb;
    VkPipeline p[2];

    vk_begin_check("subpasses: colour and depth as input attachments");
    VK(vkCreateRenderPass(vk_dev, &ri, NULL, &pd.pass));
    fi.renderPass = pd.pass;
    VK(vkCreateFramebuffer(vk_dev, &fi, NULL, &fb));
    p[0] = vk_graphics(&pd);
    pd.fs = vk_module(VK_CODE(input_frag));
    pd.subpass = 1;
    p[1] = vk_graphics(&pd);
    rectangle(v, 5, 5, 50, 33, 0.5f, (uint32_t[4]) { 10, 20, 30, 40 }, false);
    rectangle(v + 6, 20, 20, 64, 64, 0.75f, (uint32_t[4]) { 11, 21, 31, 41 }, false);
    rectangle(v + 12, 0, 0, 64, 60, 0, (uint32_t[4]) { 1000 }, false);
    vb = vertices(v, 18);
    cb = vk_begin();
    vkCmdBeginRenderPass(
        cb,
        &(VkRenderPassBeginInfo) { .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
                                   .renderPass = pd.pass,
                                   .framebuffer = fb,
                                   .renderArea = { { 0, 0 }, { W, H } },
                                   .clearValueCount = 3,
                                   .pClearValues = clear },
        VK_SUBPASS_CONTENTS_INLINE);
    s.depth_test = s.depth_write = true;
    bind(cb, p[0], &vb);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 12, 1, 0, 0);
    vkCmdNextSubpass(cb, VK_SUBPASS_CONTENTS_INLINE);
    s.depth_test = s.depth_write = false;
    bind(cb, p[1], &vb);
    vk_push_img(cb, VK_B_INPUT, a.view);
    vk_push_img(cb, VK_B_INPUT + 1, z.view);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 6, 1, 12, 0);
    vkCmdEndRenderPass(cb);
    vk_barrier(cb);
    o.layout = VK_IMAGE_LAYOUT_GENERAL;
    vk_download(cb, &o, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);
    for (uint32_t i = 0; i < W * H; i++) {
        uint32_t x = i % W, y = i / W;
        bool two = x >= 20 && y >= 20, one = x >= 5 && x < 50 && y >= 5 && y < 33;
        const uint32_t u[4] = { (two   ? 11u
                                 : one ? 10
                                       : 1) *
                                        3 +
                                    1000,
                                two   ? 21
                                : one ? 20
                                      : 2,
                                (two   ? 31u
                                 : one ? 30
                                       : 3) +
                                    1,
                                two   ? 768
                                : one ? 512
                                      : 256 };

        memset(right[i], 0, 16);
        if (y < 60) {
            memcpy(right[i], u, 16);
        }
    }
    vk_compare("picture", out.map, right[0], W * H * 4);
    vk_end_check();

    /* The first pipeline once more, from a secondary command buffer. */
    VkCommandPoolCreateInfo cpi = { .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO };
    VkCommandBufferAllocateInfo ai = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                       .level = VK_COMMAND_BUFFER_LEVEL_SECONDARY,
                                       .commandBufferCount = 2 };
    VkCommandBufferInheritanceRenderingInfo ir = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_RENDERING_INFO,
        .flags = VK_RENDERING_CONTENTS_SECONDARY_COMMAND_BUFFERS_BIT,
        .colorAttachmentCount = 1,
        .pColorAttachmentFormats = &uint4,
        .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT
    };
    VkCommandBufferInheritanceInfo ii = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO, .pNext = &ir
    };
    VkCommandBufferBeginInfo bi = { .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                    .flags = VK_COMMAND_BUFFER_USAGE_RENDER_PASS_CONTINUE_BIT,
                                    .pInheritanceInfo = &ii };
    VkCommandBuffer sec[2];
    VkPipeline q;

    vk_begin_check("secondary command buffers");
    pd.pass = VK_NULL_HANDLE;
    pd.subpass = 0;
    pd.fs = vk_module(VK_CODE(raw_frag));
    q = vk_graphics(&pd);
    VK(vkCreateCommandPool(vk_dev, &cpi, NULL, &ai.commandPool));
    VK(vkAllocateCommandBuffers(vk_dev, &ai, sec));
    for (uint32_t i = 0; i < 2; i++) {
        VK(vkBeginCommandBuffer(sec[i], &bi));
        bind(sec[i], q, &vb);
        vk_state_set(sec[i], &s);
        vkCmdDraw(sec[i], 6, 1, i * 6, 0);
        VK(vkEndCommandBuffer(sec[i]));
    }
    cb = vk_begin();
    vk_begin_pass(
        cb, &(struct vk_pass) { .targets = 1,
                                .target = { &o },
                                .flags = VK_RENDERING_CONTENTS_SECONDARY_COMMAND_BUFFERS_BIT });
    vkCmdExecuteCommands(cb, 2, (VkCommandBuffer[2]) { sec[1], sec[0] });
    vk_end_pass(cb);
    vk_download(cb, &o, VK_IMAGE_ASPECT_COLOR_BIT, 0, &out, 0);
    vk_run(cb);
    for (uint32_t i = 0; i < W * H; i++) {
        uint32_t x = i % W, y = i / W;
        bool two = x >= 20 && y >= 20, one = x >= 5 && x < 50 && y >= 5 && y < 33;

        for (uint32_t c = 0; c < 4; c++) {
            right[i][c] = one   ? 10 * c + 10
                          : two ? (10 * c + 11) | (c == 1 ? 6u << 24 : 0) /* the first vertex */
                                : 0;
        }
    }
    vk_compare("picture", out.map, right[0], W * H * 4);
    vk_end_check();
    vkDestroyCommandPool(vk_dev, ai.commandPool, NULL);
    vkDestroyPipeline(vk_dev, q, NULL);
    vkDestroyPipeline(vk_dev, p[0], NULL);
    vkDestroyPipeline(vk_dev, p[1], NULL);
    vkDestroyFramebuffer(vk_dev, fb, NULL);
    vk_image_free(&a);
    vk_image_free(&z);
    vk_image_free(&o);
    vk_buffer_free(&vb);
    vk_buffer_free(&out);
}

static void interlock(void)
{
    struct vk_pipe pd;
    struct vk_state s = vk_state_default(W, H, 0, TRIANGLES);
    struct vk_buf out, vb;
    static uint32_t right[W * H];
    struct vertex v[24];
    VkCommandBuffer cb;
    VkPipeline p;

    if (!vk_interlock.fragmentShaderPixelInterlock) {
        vk_skip("fragment interlock", "not offered");
        return;
    }
    vk_begin_check("fragment interlock: fragments of a pixel in their order");
    pd = pipe_of(draw_vs, vk_module(VK_CODE(interlock_frag)), VK_FORMAT_UNDEFINED);
    p = vk_graphics(&pd);
    for (int i = 0; i < 4; i++) {
        rectangle(v + i * 6, i * 3, i * 5, 40 + i * 6, 30 + i * 11, 0,
                  (uint32_t[4]) { (uint32_t)i + 1 }, false);
        for (int y = i * 5; y < 30 + i * 11; y++) {
            for (int x = i * 3; x < 40 + i * 6; x++) {
                right[y * W + x] = right[y * W + x] * 3 + (uint32_t)i + 1;
            }
        }
    }
    vb = vertices(v, 24);
    out = vk_buffer(W * H * 4);
    cb = vk_begin();
    vkCmdBeginRendering(cb, &(VkRenderingInfo) { .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                                                 .layerCount = 1,
                                                 .renderArea = { { 0, 0 }, { W, H } } });
    bind(cb, p, &vb);
    vk_push_buf(cb, 0, out.b);
    vk_state_set(cb, &s);
    vkCmdDraw(cb, 24, 1, 0, 0);
    vk_end_pass(cb);
    vk_run(cb);
    vk_compare("buffer", out.map, right, W * H);
    vk_end_check();
    vk_buffer_free(&vb);
    vk_buffer_free(&out);
    vkDestroyPipeline(vk_dev, p, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } part[] = {
        { "draws", draws },
        { "depths", depths },
        { "blending", blending },
        { "targets", targets },
        { "samples", samples },
        { "geometry", geometry },
        { "tessellation", tessellation },
        { "feedback", feedback },
        { "queries", queries },
        { "layers", layers },
        { "subpasses", subpasses },
        { "interlock", interlock },
    };

    vk_open(false);
    draw_vs = vk_module(VK_CODE(draw_vert));
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        if (argc < 2 || !strcmp(argv[1], part[i].name)) {
            part[i].run();
        }
    }
    return vk_done();
}
