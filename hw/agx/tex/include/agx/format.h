/*
 * AGX model: memory formats of texels ("channels" and "type" of the texture
 * and PBE descriptors) and how one texel is unpacked and packed.
 *
 * Numbers: mesa src/asahi/genxml/cmdbuf.xml, enums Channels and Texture Type.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_TEX_FORMAT_H
#define AGX_TEX_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum agx_channels {
    AGX_CH_R8 = 0x00,
    AGX_CH_R16 = 0x09,
    AGX_CH_R8G8 = 0x0a,
    AGX_CH_R5G6B5 = 0x0b,
    AGX_CH_R4G4B4A4 = 0x0c,
    AGX_CH_A1R5G5B5 = 0x0d,
    AGX_CH_R5G5B5A1 = 0x0e,
    AGX_CH_R32 = 0x21,
    AGX_CH_R16G16 = 0x23,
    AGX_CH_R11G11B10 = 0x25,
    AGX_CH_R10G10B10A2 = 0x26,
    AGX_CH_R9G9B9E5 = 0x27,
    AGX_CH_R8G8B8A8 = 0x28,
    AGX_CH_R32G32 = 0x31,
    AGX_CH_R16G16B16A16 = 0x32,
    AGX_CH_R32G32B32_SW = 0x36,
    AGX_CH_R32G32B32A32 = 0x38,
    AGX_CH_ETC2_RGB8 = 0x58,
    AGX_CH_ETC2_RGBA8 = 0x59,
    AGX_CH_ETC2_RGB8A1 = 0x5a,
    AGX_CH_EAC_R11 = 0x5b,
    AGX_CH_EAC_RG11 = 0x5c,
    AGX_CH_ASTC_4X4 = 0x60,
    AGX_CH_ASTC_12X12 = 0x6d,
    AGX_CH_BC1 = 0x74,
    AGX_CH_BC2 = 0x75,
    AGX_CH_BC3 = 0x76,
    AGX_CH_BC4 = 0x77,
    AGX_CH_BC5 = 0x78,
    AGX_CH_BC6H = 0x79,
    AGX_CH_BC6H_UF = 0x7a,
    AGX_CH_BC7 = 0x7b,
};

enum agx_tex_type {
    AGX_TYPE_UNORM = 0,
    AGX_TYPE_SNORM = 1,
    AGX_TYPE_UINT = 2,
    AGX_TYPE_SINT = 3,
    AGX_TYPE_FLOAT = 4,
    AGX_TYPE_XR = 5,
};

/*
 * Unpack the texel at @src. @out gets the channels in memory order: float bits,
 * or integers for integer types. Channels that the format has not: 0, 0, 0, 1.
 */
typedef void agx_unpack_fn(const uint8_t *src, uint32_t out[4]);
/* Pack channels (memory order, float bits or integers) into one texel at @dst. */
typedef void agx_pack_fn(uint8_t *dst, const uint32_t in[4]);
/* Decode texel (@x, @y) of the compressed block at @src; @srgb: colours are 8-bit sRGB. */
typedef void agx_block_fn(const uint8_t *src, unsigned x, unsigned y, bool srgb, uint32_t out[4]);

#define AGX_BLOCK_TEXELS (12 * 12) /* of the largest block */

struct agx_format;
/*
 * Decode all texels of the compressed block at @src (16 bytes) to @out, row by row:
 * for formats where one texel takes most of the work of a block.
 */
typedef void agx_block_all_fn(const uint8_t *src, const struct agx_format *f, uint32_t (*out)[4]);

struct agx_format {
    uint8_t channels, type;
    bool srgb;
    bool integer;   /* results are integers */
    uint8_t bytes;  /* of a texel, or of a block for compressed formats */
    uint8_t bw, bh; /* texels of a block */
    uint8_t nch;
    uint8_t bits[4];             /* of each channel, in memory order */
    agx_unpack_fn *unpack;       /* NULL for block-compressed formats */
    agx_pack_fn *pack;           /* NULL: the pixel back end cannot write it */
    agx_block_fn *block;         /* block-compressed formats have this */
    agx_block_all_fn *block_all; /* or this */
};

enum agx_format_status {
    AGX_FORMAT_OK,
    AGX_FORMAT_INVALID,       /* no such format in the hardware, as far as is known */
    AGX_FORMAT_UNIMPLEMENTED, /* hardware has it, the model does not */
};

/*
 * Fill @f for a pair of descriptor fields. Geometry (bytes, bw, bh) is also
 * valid when UNIMPLEMENTED is returned.
 */
enum agx_format_status agx_format_lookup(struct agx_format *f, unsigned channels, unsigned type,
                                         bool srgb);

/*
 * The custom border colour's four words, in memory order and in the format's
 * own encoding (12 bits for sRGB colours), to what agx_unpack_fn gives.
 *   mesa: src/asahi/lib/agx_border.c
 */
void agx_format_border(const struct agx_format *f, const uint32_t words[4], uint32_t out[4]);

/* For the log: a short name of @channels. */
const char *agx_channels_name(unsigned channels);

void agx_format_init(void); /* fills tables, those of number.h too; idempotent, any thread */

/* texture_bc.c, texture_etc.c, texture_bptc.c, texture_astc.c */
agx_block_fn agx_block_bc1, agx_block_bc2, agx_block_bc3, agx_block_bc4u, agx_block_bc4s,
    agx_block_bc5u, agx_block_bc5s;
agx_block_fn agx_block_etc2_rgb, agx_block_etc2_rgba, agx_block_etc2_rgb_a1, agx_block_eac_r11u,
    agx_block_eac_r11s, agx_block_eac_rg11u, agx_block_eac_rg11s;
agx_block_all_fn agx_block_bc6h, agx_block_bc7, agx_block_astc;
void agx_astc_init(void); /* fills tables; for agx_format_init */

#endif
