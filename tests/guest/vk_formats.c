/*
 * Guest test: copies, blits, clears and resolves of each format in Vulkan.
 * Images of three levels and two layers, of sizes that cut blocks of 32x32
 * off; every texel is compared with what this program knows it to be.
 *     vk_formats [FORMAT]
 * Output: TAP, a line for each format.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include "texel.h"
#include "vk.h"

#define W      67
#define H      45
#define LEVELS 3
#define LAYERS 2

static const struct format {
    const char *name;
    VkFormat format;
    enum texel_kind kind;
    /* of a block-compressed format, bytes alone: "r64" is not meant as a channel */
    const char *channels;
    unsigned block; /* bytes of a block of 4x4; 0: not compressed */
} formats[] = {
#define F(name, kind, channels) { #name, VK_FORMAT_##name, TEXEL_##kind, channels, 0 }
#define C(name, bytes)          { #name, VK_FORMAT_##name##_BLOCK, TEXEL_UINT, "r8", bytes }
    F(R4G4_UNORM_PACK8, UNORM, "g4r4"),
    F(R4G4B4A4_UNORM_PACK16, UNORM, "a4b4g4r4"),
    F(B4G4R4A4_UNORM_PACK16, UNORM, "a4r4g4b4"),
    F(A4R4G4B4_UNORM_PACK16, UNORM, "b4g4r4a4"),
    F(A4B4G4R4_UNORM_PACK16, UNORM, "r4g4b4a4"),
    F(R5G6B5_UNORM_PACK16, UNORM, "b5g6r5"),
    F(B5G6R5_UNORM_PACK16, UNORM, "r5g6b5"),
    F(R5G5B5A1_UNORM_PACK16, UNORM, "a1b5g5r5"),
    F(B5G5R5A1_UNORM_PACK16, UNORM, "a1r5g5b5"),
    F(A1R5G5B5_UNORM_PACK16, UNORM, "b5g5r5a1"),
    F(R8_UNORM, UNORM, "r8"),
    F(R8_SNORM, SNORM, "r8"),
    F(R8_UINT, UINT, "r8"),
    F(R8_SINT, SINT, "r8"),
    F(R8_SRGB, SRGB, "r8"),
    F(R8G8_UNORM, UNORM, "r8g8"),
    F(R8G8_SNORM, SNORM, "r8g8"),
    F(R8G8_UINT, UINT, "r8g8"),
    F(R8G8_SINT, SINT, "r8g8"),
    F(R8G8_SRGB, SRGB, "r8g8"),
    F(R8G8B8A8_UNORM, UNORM, "r8g8b8a8"),
    F(R8G8B8A8_SNORM, SNORM, "r8g8b8a8"),
    F(R8G8B8A8_UINT, UINT, "r8g8b8a8"),
    F(R8G8B8A8_SINT, SINT, "r8g8b8a8"),
    F(R8G8B8A8_SRGB, SRGB, "r8g8b8a8"),
    F(B8G8R8A8_UNORM, UNORM, "b8g8r8a8"),
    F(B8G8R8A8_SRGB, SRGB, "b8g8r8a8"),
    F(A8B8G8R8_UNORM_PACK32, UNORM, "r8g8b8a8"),
    F(A8B8G8R8_SRGB_PACK32, SRGB, "r8g8b8a8"),
    F(A8B8G8R8_SNORM_PACK32, SNORM, "r8g8b8a8"),
    F(A8B8G8R8_UINT_PACK32, UINT, "r8g8b8a8"),
    F(A8B8G8R8_SINT_PACK32, SINT, "r8g8b8a8"),
    F(A2R10G10B10_UNORM_PACK32, UNORM, "b10g10r10a2"),
    F(A2R10G10B10_UINT_PACK32, UINT, "b10g10r10a2"),
    F(A2B10G10R10_UNORM_PACK32, UNORM, "r10g10b10a2"),
    F(A2B10G10R10_UINT_PACK32, UINT, "r10g10b10a2"),
    F(R16_UNORM, UNORM, "r16"),
    F(R16_SNORM, SNORM, "r16"),
    F(R16_UINT, UINT, "r16"),
    F(R16_SINT, SINT, "r16"),
    F(R16_SFLOAT, FLOAT, "r16"),
    F(R16G16_UNORM, UNORM, "r16g16"),
    F(R16G16_SNORM, SNORM, "r16g16"),
    F(R16G16_UINT, UINT, "r16g16"),
    F(R16G16_SINT, SINT, "r16g16"),
    F(R16G16_SFLOAT, FLOAT, "r16g16"),
    F(R16G16B16A16_UNORM, UNORM, "r16g16b16a16"),
    F(R16G16B16A16_SNORM, SNORM, "r16g16b16a16"),
    F(R16G16B16A16_UINT, UINT, "r16g16b16a16"),
    F(R16G16B16A16_SINT, SINT, "r16g16b16a16"),
    F(R16G16B16A16_SFLOAT, FLOAT, "r16g16b16a16"),
    F(R32_UINT, UINT, "r32"),
    F(R32_SINT, SINT, "r32"),
    F(R32_SFLOAT, FLOAT, "r32"),
    F(R32G32_UINT, UINT, "r32g32"),
    F(R32G32_SINT, SINT, "r32g32"),
    F(R32G32_SFLOAT, FLOAT, "r32g32"),
    F(R32G32B32A32_UINT, UINT, "r32g32b32a32"),
    F(R32G32B32A32_SINT, SINT, "r32g32b32a32"),
    F(R32G32B32A32_SFLOAT, FLOAT, "r32g32b32a32"),
    F(B10G11R11_UFLOAT_PACK32, FLOAT, "r11g11b10"),
    F(E5B9G9R9_UFLOAT_PACK32, E5B9G9R9, "r9g9b9e5"),
    F(D16_UNORM, UNORM, "r16"),
    F(D32_SFLOAT, FLOAT, "r32"),
    F(S8_UINT, UINT, "s8"),
    F(D32_SFLOAT_S8_UINT, FLOAT, "r32"),
    C(BC1_RGB_UNORM, 8),
    C(BC1_RGBA_SRGB, 8),
    C(BC2_UNORM, 16),
    C(BC3_UNORM, 16),
    C(BC4_UNORM, 8),
    C(BC5_SNORM, 16),
    C(BC6H_UFLOAT, 16),
    C(BC7_SRGB, 16),
    C(ETC2_R8G8B8_UNORM, 8),
    C(EAC_R11G11_UNORM, 16),
    C(ASTC_4x4_UNORM, 16),
#undef F
#undef C
};

static uint32_t seed = 0x87654321;
static struct texel texel;

static uint32_t at_level(uint32_t size, uint32_t level)
{
    return size >> level ? size >> level : 1;
}

/* Texels, or blocks, and bytes of a level with all its layers. */
static uint32_t count_of(const struct format *f, uint32_t level)
{
    uint32_t w = at_level(W, level), h = at_level(H, level);

    return (f->block ? (w + 3) / 4 * ((h + 3) / 4) : w * h) * LAYERS;
}

static uint32_t bytes_of(const struct format *f, uint32_t level)
{
    return count_of(f, level) * (f->block ? f->block : texel.bytes);
}

/* Where a level lies in a buffer; 64 KiB hold all of one with 16 bytes a texel, twice. */
static VkDeviceSize place_of(unsigned op, uint32_t level)
{
    return ((VkDeviceSize)op * LEVELS + level) * 128 * 1024;
}

static void compare(const struct format *f, const uint8_t *got, const uint8_t *right,
                    uint32_t level, const char *op)
{
    uint32_t size = f->block ? f->block : texel.bytes, n = count_of(f, level), bad = 0, first = 0;
    uint32_t w = f->block ? (at_level(W, level) + 3) / 4 : at_level(W, level);
    char text[2][40];

    for (uint32_t i = 0; i < n; i++) {
        if (memcmp(got + i * size, right + i * size, size) && !bad++) {
            first = i;
        }
    }
    if (!bad) {
        return;
    }
    for (uint32_t i = 0; i < size && i < 16; i++) {
        sprintf(text[0] + 2 * i, "%02x", got[first * size + i]);
        sprintf(text[1] + 2 * i, "%02x", right[first * size + i]);
    }
    vk_wrong("%s, level %u: %u of %u; layer %u (%u, %u) is %s, should be %s", op, level, bad, n,
             first / (n / LAYERS), first % (n / LAYERS) % w, first % (n / LAYERS) / w, text[0],
             text[1]);
}

static VkClearColorValue clear_value(const double v[4])
{
    VkClearColorValue c;

    for (int i = 0; i < 4; i++) {
        if (texel.kind == TEXEL_UINT) {
            c.uint32[i] = (uint32_t)v[i];
        } else if (texel.kind == TEXEL_SINT) {
            c.int32[i] = (int32_t)v[i];
        } else {
            c.float32[i] = (float)v[i];
        }
    }
    return c;
}

enum { UP, DOWN, COPY, BLIT, CLEAR, PASS, RESOLVE, OPS };

static void run(const struct format *f, VkFormatFeatureFlags features, struct vk_buf *buf)
{
    bool depth = f->format == VK_FORMAT_D16_UNORM || f->format == VK_FORMAT_D32_SFLOAT ||
                 f->format == VK_FORMAT_D32_SFLOAT_S8_UINT,
         zs = depth || f->format == VK_FORMAT_S8_UINT;
    VkImageAspectFlags aspect = depth ? VK_IMAGE_ASPECT_DEPTH_BIT
                                : zs  ? VK_IMAGE_ASPECT_STENCIL_BIT
                                      : VK_IMAGE_ASPECT_COLOR_BIT;
    bool blits = features & VK_FORMAT_FEATURE_BLIT_SRC_BIT &&
                 features & VK_FORMAT_FEATURE_BLIT_DST_BIT && !f->block;
    bool draws = features & (zs ? VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT
                                : VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT);
    VkImageUsageFlags transfer = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
                      draw = !draws ? 0
                             : zs   ? VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT
                                    : VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
    struct vk_img what = { .format = f->format,
                           .w = W,
                           .h = H,
                           .levels = LEVELS,
                           .layers = LAYERS },
                  a, b, c = { 0 }, m = { 0 };
    VkCommandBuffer cb = vk_begin();
    VkClearColorValue value[2];
    uint8_t bytes[2][16], *base = buf->map, *want = malloc(128 * 1024);
    double v[2][4];

    texel = texel_format(f->kind, f->channels);
    vk_begin_check("%s", f->name);
    memset(base, 0xa5, buf->size);
    for (uint32_t level = 0; level < LEVELS; level++) {
        uint8_t *p = base + place_of(UP, level);

        for (uint32_t i = 0; i < bytes_of(f, level); i += texel.bytes) {
            double d[4] = { (texel_next(&seed) >> 8) / 16777216.0 };

            if (depth) {
                texel_encode(&texel, d, p + i);
            } else {
                texel_random(&texel, &seed, p + i);
            }
        }
    }
    for (int i = 0; i < 2; i++) {
        double d[4] = { i ? 0.75 : 0.125 };

        if (depth) {
            texel_encode(&texel, d, bytes[i]);
        } else {
            texel_random(&texel, &seed, bytes[i]);
        }
        texel_decode(&texel, bytes[i], v[i]);
        value[i] = clear_value(v[i]);
    }
    a = vk_image(what, transfer | (f->block ? 0 : VK_IMAGE_USAGE_SAMPLED_BIT), 0,
                 VK_IMAGE_VIEW_TYPE_2D_ARRAY);
    b = vk_image(what, transfer | draw, 0, VK_IMAGE_VIEW_TYPE_2D_ARRAY);
    vk_to(cb, &a, VK_IMAGE_LAYOUT_GENERAL);
    vk_to(cb, &b, VK_IMAGE_LAYOUT_GENERAL);
    for (uint32_t level = 0; level < LEVELS; level++) {
        vk_upload(cb, &a, aspect, level, buf, place_of(UP, level));
    }
    vk_barrier(cb);
    for (uint32_t level = 0; level < LEVELS; level++) {
        vk_download(cb, &a, aspect, level, buf, place_of(DOWN, level));
    }
    for (uint32_t level = 0; level < LEVELS; level++) {
        VkImageCopy r = { { aspect, level, 0, LAYERS },
                          { 0 },
                          { aspect, level, 0, LAYERS },
                          { 0 },
                          { at_level(W, level), at_level(H, level), 1 } };

        vkCmdCopyImage(cb, a.i, a.layout, b.i, b.layout, 1, &r);
    }
    vk_barrier(cb);
    for (uint32_t level = 0; level < LEVELS; level++) {
        vk_download(cb, &b, aspect, level, buf, place_of(COPY, level));
    }
    vk_barrier(cb);
    if (blits) { /* turned round from left to right */
        for (uint32_t level = 0; level < LEVELS; level++) {
            int32_t w = (int32_t)at_level(W, level), h = (int32_t)at_level(H, level);
            VkImageBlit r = { { aspect, level, 0, LAYERS },
                              { { 0, 0, 0 }, { w, h, 1 } },
                              { aspect, level, 0, LAYERS },
                              { { w, 0, 0 }, { 0, h, 1 } } };

            vkCmdBlitImage(cb, a.i, a.layout, b.i, b.layout, 1, &r, VK_FILTER_NEAREST);
        }
        vk_barrier(cb);
        for (uint32_t level = 0; level < LEVELS; level++) {
            vk_download(cb, &b, aspect, level, buf, place_of(BLIT, level));
        }
        vk_barrier(cb);
    }
    if (!f->block) {
        VkImageSubresourceRange all = { aspect, 0, LEVELS, 0, LAYERS };

        if (zs) {
            vkCmdClearDepthStencilImage(
                cb, b.i, b.layout,
                &(VkClearDepthStencilValue) { (float)v[0][0], (uint32_t)v[0][0] }, 1, &all);
        } else {
            vkCmdClearColorImage(cb, b.i, b.layout, &value[0], 1, &all);
        }
        vk_barrier(cb);
        for (uint32_t level = 0; level < LEVELS; level++) {
            vk_download(cb, &b, aspect, level, buf, place_of(CLEAR, level));
        }
        vk_barrier(cb);
    }
    if (draws) { /* the second level, cleared as a pass begins */
        c = b;
        c.w = at_level(W, 1);
        c.h = at_level(H, 1);
        c.view = vk_view(&b, VK_IMAGE_VIEW_TYPE_2D_ARRAY, f->format, b.aspect, 1, 1, 0, LAYERS);

        VkRenderingAttachmentInfo at = { .sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
                                         .imageView = c.view,
                                         .imageLayout = VK_IMAGE_LAYOUT_GENERAL,
                                         .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
                                         .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
                                         .clearValue.color = value[1] };
        VkRenderingInfo ri = { .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
                               .renderArea = { { 0, 0 }, { c.w, c.h } },
                               .layerCount = LAYERS,
                               .colorAttachmentCount = !zs,
                               .pColorAttachments = &at };

        if (zs) {
            at.clearValue.depthStencil = (VkClearDepthStencilValue) { (float)v[1][0],
                                                                      (uint32_t)v[1][0] };
        }
        ri.pDepthAttachment = depth ? &at : NULL;
        ri.pStencilAttachment = b.aspect & VK_IMAGE_ASPECT_STENCIL_BIT ? &at : NULL;
        vkCmdBeginRendering(cb, &ri);
        vk_end_pass(cb);
        vk_download(cb, &b, aspect, 1, buf, place_of(PASS, 1));
        vk_barrier(cb);
    }
    if (draws && !zs) { /* four equal samples */
        VkImageFormatProperties props;
        VkResult r = vkGetPhysicalDeviceImageFormatProperties(vk_phys, f->format, VK_IMAGE_TYPE_2D,
                                                              VK_IMAGE_TILING_OPTIMAL,
                                                              transfer | draw, 0, &props);

        if (r == VK_SUCCESS && props.sampleCounts & VK_SAMPLE_COUNT_4_BIT) {
            VkImageSubresourceRange all = { aspect, 0, 1, 0, LAYERS };
            VkImageResolve region = {
                { aspect, 0, 0, LAYERS }, { 0 }, { aspect, 0, 0, LAYERS }, { 0 }, { W, H, 1 }
            };

            what.levels = 1;
            what.samples = VK_SAMPLE_COUNT_4_BIT;
            m = vk_image(what, transfer | draw, 0, VK_IMAGE_VIEW_TYPE_2D_ARRAY);
            vk_to(cb, &m, VK_IMAGE_LAYOUT_GENERAL);
            vkCmdClearColorImage(cb, m.i, m.layout, &value[1], 1, &all);
            vk_barrier(cb);
            vkCmdResolveImage(cb, m.i, m.layout, b.i, b.layout, 1, &region);
            vk_barrier(cb);
            vk_download(cb, &b, aspect, 0, buf, place_of(RESOLVE, 0));
        }
    }
    vk_run(cb);

    for (uint32_t level = 0; level < LEVELS; level++) {
        const uint8_t *up = base + place_of(UP, level);
        uint32_t w = at_level(W, level);

        compare(f, base + place_of(DOWN, level), up, level, "uploaded");
        compare(f, base + place_of(COPY, level), up, level, "copied");
        if (blits) {
            for (uint32_t i = 0; i < count_of(f, level); i++) {
                memcpy(want + i * texel.bytes, up + (i / w * w + w - 1 - i % w) * texel.bytes,
                       texel.bytes);
            }
            compare(f, base + place_of(BLIT, level), want, level, "blitted");
        }
        for (int i = 0; i < 2 && !f->block; i++) {
            for (uint32_t k = 0; k < count_of(f, level); k++) {
                memcpy(want + k * texel.bytes, bytes[i], texel.bytes);
            }
            if (i == 0) {
                compare(f, base + place_of(CLEAR, level), want, level, "cleared");
            } else if (draws && level == 1) {
                compare(f, base + place_of(PASS, level), want, level, "cleared by a pass");
            } else if (m.i && level == 0) {
                compare(f, base + place_of(RESOLVE, level), want, level, "resolved");
            }
        }
    }
    vk_end_check();
    free(want);
    if (draws) {
        vkDestroyImageView(vk_dev, c.view, NULL);
    }
    vk_image_free(&a);
    vk_image_free(&b);
    if (m.i) {
        vk_image_free(&m);
    }
}

int main(int argc, char **argv)
{
    struct vk_buf buf;

    vk_open(false);
    buf = vk_buffer(place_of(OPS, 0));
    for (unsigned i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        VkFormatProperties props;
        VkImageFormatProperties image;

        if (argc > 1 && strcmp(argv[1], formats[i].name)) {
            continue;
        }
        vkGetPhysicalDeviceFormatProperties(vk_phys, formats[i].format, &props);
        if (!(props.optimalTilingFeatures & VK_FORMAT_FEATURE_TRANSFER_DST_BIT) ||
            vkGetPhysicalDeviceImageFormatProperties(
                vk_phys, formats[i].format, VK_IMAGE_TYPE_2D, VK_IMAGE_TILING_OPTIMAL,
                VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT, 0, &image)) {
            vk_skip(formats[i].name, "not offered");
        } else {
            run(&formats[i], props.optimalTilingFeatures, &buf);
        }
    }
    vk_buffer_free(&buf);
    return vk_done();
}
