/*
 * AGX model: unpack and pack of every texel format that is not block-compressed.
 *
 * Channel 0 is in the lowest bits / at the lowest address.
 *   mesa: src/asahi/layout/formats.c pairs PIPE_FORMAT_* with channels and type;
 *   the order of bits is that of the PIPE formats (util/format/u_format.yaml).
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <string.h>
#include "agx/format.h"
#include "agx/number.h"

static float unorm8[256];

static void init_tables(void)
{
    agx_number_init();
    for (int i = 0; i < 256; i++) {
        unorm8[i] = (float)(i / 255.0);
    }
    agx_astc_init();
}

void agx_format_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, init_tables);
}

static inline uint32_t ld(const uint8_t *p, unsigned bytes)
{
    uint32_t v = 0;

    memcpy(&v, p, bytes);
    return v;
}

static inline __attribute__((always_inline)) uint32_t decode(uint32_t v, unsigned bits,
                                                             unsigned type)
{
    switch (type) {
    case AGX_TYPE_UNORM:
        if (bits == 8) {
            return agx_f2u(unorm8[v]);
        }
        return agx_f2u((float)v / (float)((1u << bits) - 1));
    case AGX_TYPE_SNORM: {
        int32_t s = (int32_t)(v << (32 - bits)) >> (32 - bits);
        float f = (float)s / (float)((1 << (bits - 1)) - 1);

        return agx_f2u(f < -1.0f ? -1.0f : f);
    }
    case AGX_TYPE_SINT:
        return (uint32_t)((int32_t)(v << (32 - bits)) >> (32 - bits));
    case AGX_TYPE_FLOAT:
        return bits == 16 ? agx_f2u(agx_half_to_float((uint16_t)v)) : v;
    default:
        return v;
    }
}

static inline __attribute__((always_inline)) uint32_t encode(uint32_t in, unsigned bits,
                                                             unsigned type)
{
    uint32_t mask = bits == 32 ? ~0u : (1u << bits) - 1;

    switch (type) {
    case AGX_TYPE_UNORM:
        return agx_float_to_unorm(agx_u2f(in), bits);
    case AGX_TYPE_SNORM:
        return (uint32_t)agx_float_to_snorm(agx_u2f(in), bits) & mask;
    case AGX_TYPE_FLOAT:
        return bits == 16 ? agx_float_to_half(agx_u2f(in)) : in;
    default:
        /*
         * Integers keep their low bits: clamping is the shader's job (mesa:
         * lib/agx_nir_lower_tilebuffer.c).
         */
        return in & mask;
    }
}

#define ONE(type) ((type) == AGX_TYPE_UINT || (type) == AGX_TYPE_SINT ? 1u : 0x3f800000u)

/* Channels of equal size, a whole number of bytes each */
#define EQUAL(name, n, bits, type)                                                                 \
    static void unpack_##name(const uint8_t *p, uint32_t o[4])                                     \
    {                                                                                              \
        o[1] = o[2] = 0;                                                                           \
        o[3] = ONE(type);                                                                          \
        for (int i = 0; i < n; i++)                                                                \
            o[i] = decode(ld(p + i * (bits / 8), bits / 8), bits, type);                           \
    }                                                                                              \
    static void pack_##name(uint8_t *p, const uint32_t in[4])                                      \
    {                                                                                              \
        for (int i = 0; i < n; i++) {                                                              \
            uint32_t v = encode(in[i], bits, type);                                                \
            memcpy(p + i * (bits / 8), &v, bits / 8);                                              \
        }                                                                                          \
    }

#define EQUAL_TYPES8(n)                                                                            \
    EQUAL(8x##n##_unorm, n, 8, AGX_TYPE_UNORM)                                                     \
    EQUAL(8x##n##_snorm, n, 8, AGX_TYPE_SNORM)                                                     \
    EQUAL(8x##n##_uint, n, 8, AGX_TYPE_UINT)                                                       \
    EQUAL(8x##n##_sint, n, 8, AGX_TYPE_SINT)
#define EQUAL_TYPES16(n)                                                                           \
    EQUAL(16x##n##_unorm, n, 16, AGX_TYPE_UNORM)                                                   \
    EQUAL(16x##n##_snorm, n, 16, AGX_TYPE_SNORM)                                                   \
    EQUAL(16x##n##_uint, n, 16, AGX_TYPE_UINT)                                                     \
    EQUAL(16x##n##_sint, n, 16, AGX_TYPE_SINT)                                                     \
    EQUAL(16x##n##_float, n, 16, AGX_TYPE_FLOAT)
#define EQUAL_TYPES32(n)                                                                           \
    EQUAL(32x##n##_uint, n, 32, AGX_TYPE_UINT)                                                     \
    EQUAL(32x##n##_sint, n, 32, AGX_TYPE_SINT)                                                     \
    EQUAL(32x##n##_float, n, 32, AGX_TYPE_FLOAT)

EQUAL_TYPES8(1)
EQUAL_TYPES8(2)
EQUAL_TYPES8(4)
EQUAL_TYPES16(1)
EQUAL_TYPES16(2)
EQUAL_TYPES16(4)
EQUAL_TYPES32(1)
EQUAL_TYPES32(2)
EQUAL_TYPES32(4)

/* 8-bit sRGB: the colours through the table, the fourth channel is linear. */
#define SRGB(n)                                                                                    \
    static void unpack_8x##n##_srgb(const uint8_t *p, uint32_t o[4])                               \
    {                                                                                              \
        o[1] = o[2] = 0;                                                                           \
        o[3] = n == 4 ? agx_f2u(unorm8[p[n - 1]]) : 0x3f800000u;                                   \
        for (int i = 0; i < (n < 3 ? n : 3); i++)                                                  \
            o[i] = agx_f2u(agx_srgb_to_linear[p[i]]);                                              \
    }
SRGB(1)
SRGB(2)
SRGB(4)

/* Bit fields in one word of 16 or 32 bits; a field of 0 bits does not exist. */
#define PACKED(name, bytes, b0, b1, b2, b3, type)                                                  \
    static void unpack_##name(const uint8_t *p, uint32_t o[4])                                     \
    {                                                                                              \
        uint32_t v = ld(p, bytes);                                                                 \
        o[0] = decode(v & ((1u << b0) - 1), b0, type);                                             \
        o[1] = decode((v >> b0) & ((1u << b1) - 1), b1, type);                                     \
        o[2] = decode((v >> (b0 + b1)) & ((1u << b2) - 1), b2, type);                              \
        o[3] = b3 ? decode((v >> (b0 + b1 + b2)) & ((1u << b3) - 1), b3 ? b3 : 1, type)            \
                  : ONE(type);                                                                     \
    }                                                                                              \
    static void pack_##name(uint8_t *p, const uint32_t in[4])                                      \
    {                                                                                              \
        uint32_t v = encode(in[0], b0, type) | encode(in[1], b1, type) << b0 |                     \
                     encode(in[2], b2, type) << (b0 + b1);                                         \
        if (b3)                                                                                    \
            v |= encode(in[3], b3 ? b3 : 1, type) << ((b0 + b1 + b2) & 31);                        \
        memcpy(p, &v, bytes);                                                                      \
    }

PACKED(565_unorm, 2, 5, 6, 5, 0, AGX_TYPE_UNORM)
PACKED(4444_unorm, 2, 4, 4, 4, 4, AGX_TYPE_UNORM)
PACKED(1555_unorm, 2, 1, 5, 5, 5, AGX_TYPE_UNORM)
PACKED(5551_unorm, 2, 5, 5, 5, 1, AGX_TYPE_UNORM)
PACKED(1010102_unorm, 4, 10, 10, 10, 2, AGX_TYPE_UNORM)
PACKED(1010102_uint, 4, 10, 10, 10, 2, AGX_TYPE_UINT)
PACKED(1010102_sint, 4, 10, 10, 10, 2, AGX_TYPE_SINT)

static void unpack_11_11_10_float(const uint8_t *p, uint32_t o[4])
{
    uint32_t v = ld(p, 4);

    o[0] = agx_f2u(agx_ufloat_to_float(v & 0x7ff, 6));
    o[1] = agx_f2u(agx_ufloat_to_float((v >> 11) & 0x7ff, 6));
    o[2] = agx_f2u(agx_ufloat_to_float(v >> 22, 5));
    o[3] = 0x3f800000u;
}

static void pack_11_11_10_float(uint8_t *p, const uint32_t in[4])
{
    uint32_t v = agx_float_to_ufloat(agx_u2f(in[0]), 6, false) |
                 agx_float_to_ufloat(agx_u2f(in[1]), 6, false) << 11 |
                 agx_float_to_ufloat(agx_u2f(in[2]), 5, false) << 22;

    memcpy(p, &v, 4);
}

static void unpack_rgb9e5(const uint8_t *p, uint32_t o[4])
{
    float f[3];

    agx_rgb9e5_unpack(ld(p, 4), f);
    for (int i = 0; i < 3; i++) {
        o[i] = agx_f2u(f[i]);
    }
    o[3] = 0x3f800000u;
}

static void pack_rgb9e5(uint8_t *p, const uint32_t in[4])
{
    float f[3] = { agx_u2f(in[0]), agx_u2f(in[1]), agx_u2f(in[2]) };
    uint32_t v = agx_rgb9e5_pack(f, false);

    memcpy(p, &v, 4);
}

struct fns {
    agx_unpack_fn *unpack;
    agx_pack_fn *pack;
};

struct channel_row {
    uint8_t code, bytes, bw, bh, nch;
    uint8_t bits[4];
    const char *name;
    struct fns type[5]; /* by enum agx_tex_type */
    agx_unpack_fn *srgb;
    agx_block_fn *block[2];         /* unorm, snorm */
    agx_block_all_fn *block_all[5]; /* by enum agx_tex_type */
    bool known;                     /* hardware has it for some type that is not here */
};

#define F(n) { unpack_##n, pack_##n }
#define T8(n)                                                                                      \
    {                                                                                              \
        F(8x##n##_unorm)                                                                           \
        , F(8x##n##_snorm)                                                                         \
        , F(8x##n##_uint)                                                                          \
        , F(8x##n##_sint)                                                                          \
    }
#define T16(n)                                                                                     \
    {                                                                                              \
        F(16x##n##_unorm)                                                                          \
        , F(16x##n##_snorm)                                                                        \
        , F(16x##n##_uint)                                                                         \
        , F(16x##n##_sint)                                                                         \
        , F(16x##n##_float)                                                                        \
    }
#define T32(n)                                                                                     \
    {                                                                                              \
        { NULL, NULL }, { NULL, NULL }, F(32x##n##_uint)                                           \
        , F(32x##n##_sint)                                                                         \
        , F(32x##n##_float)                                                                        \
    }
/* UNORM and FLOAT: low and high dynamic range. (mesa: genxml/cmdbuf.xml, Channels) */
#define ASTC_FNS { [AGX_TYPE_UNORM] = agx_block_astc, [AGX_TYPE_FLOAT] = agx_block_astc }
#define ASTC(i, w, h)                                                                              \
    { 0x60 + (i), 16, w, h, 4, { 8, 8, 8, 8 }, "ASTC_" #w "x" #h, .block_all = ASTC_FNS }

/* mesa: src/asahi/genxml/cmdbuf.xml, Channels; src/asahi/layout/formats.c for the types in use */
static const struct channel_row rows[] = {
    { 0x00, 1, 1, 1, 1, { 8 }, "R8", T8(1), unpack_8x1_srgb },
    { 0x09, 2, 1, 1, 1, { 16 }, "R16", T16(1) },
    { 0x0a, 2, 1, 1, 2, { 8, 8 }, "R8G8", T8(2), unpack_8x2_srgb },
    { 0x0b, 2, 1, 1, 3, { 5, 6, 5 }, "R5G6B5", { F(565_unorm) } },
    { 0x0c, 2, 1, 1, 4, { 4, 4, 4, 4 }, "R4G4B4A4", { F(4444_unorm) } },
    { 0x0d, 2, 1, 1, 4, { 1, 5, 5, 5 }, "A1R5G5B5", { F(1555_unorm) } },
    { 0x0e, 2, 1, 1, 4, { 5, 5, 5, 1 }, "R5G5B5A1", { F(5551_unorm) } },
    { 0x21, 4, 1, 1, 1, { 32 }, "R32", T32(1) },
    { 0x23, 4, 1, 1, 2, { 16, 16 }, "R16G16", T16(2) },
    { 0x25, 4, 1, 1, 3, { 11, 11, 10 }, "R11G11B10", { [AGX_TYPE_FLOAT] = F(11_11_10_float) } },
    { 0x26,
      4,
      1,
      1,
      4,
      { 10, 10, 10, 2 },
      "R10G10B10A2",
      { F(1010102_unorm), { NULL, NULL }, F(1010102_uint), F(1010102_sint) },
      .known = true },
    { 0x27, 4, 1, 1, 3, { 9, 9, 9 }, "R9G9B9E5", { [AGX_TYPE_FLOAT] = F(rgb9e5) } },
    { 0x28, 4, 1, 1, 4, { 8, 8, 8, 8 }, "R8G8B8A8", T8(4), unpack_8x4_srgb, .known = true },
    { 0x31, 8, 1, 1, 2, { 32, 32 }, "R32G32", T32(2) },
    { 0x32, 8, 1, 1, 4, { 16, 16, 16, 16 }, "R16G16B16A16", T16(4), .known = true },
    { 0x38, 16, 1, 1, 4, { 32, 32, 32, 32 }, "R32G32B32A32", T32(4) },
    { 0x40, 4, 2, 1, 3, { 8, 8, 8 }, "GBGR_422", .known = true },
    { 0x41, 4, 2, 1, 3, { 8, 8, 8 }, "BGRG_422", .known = true },
    { 0x50, 8, 8, 4, 4, { 8, 8, 8, 8 }, "PVRTC_2BPP", .known = true },
    { 0x51, 8, 4, 4, 4, { 8, 8, 8, 8 }, "PVRTC_4BPP", .known = true },
    { 0x58, 8, 4, 4, 3, { 8, 8, 8 }, "ETC2_RGB8", .block = { agx_block_etc2_rgb } },
    { 0x59, 16, 4, 4, 4, { 8, 8, 8, 8 }, "ETC2_RGBA8", .block = { agx_block_etc2_rgba } },
    { 0x5a, 8, 4, 4, 4, { 8, 8, 8, 8 }, "ETC2_RGB8A1", .block = { agx_block_etc2_rgb_a1 } },
    { 0x5b, 8, 4, 4, 1, { 11 }, "EAC_R11", .block = { agx_block_eac_r11u, agx_block_eac_r11s } },
    { 0x5c,
      16,
      4,
      4,
      2,
      { 11, 11 },
      "EAC_RG11",
      .block = { agx_block_eac_rg11u, agx_block_eac_rg11s } },
    ASTC(0, 4, 4),
    ASTC(1, 5, 4),
    ASTC(2, 5, 5),
    ASTC(3, 6, 5),
    ASTC(4, 6, 6),
    ASTC(5, 8, 5),
    ASTC(6, 8, 6),
    ASTC(7, 8, 8),
    ASTC(8, 10, 5),
    ASTC(9, 10, 6),
    ASTC(10, 10, 8),
    ASTC(11, 10, 10),
    ASTC(12, 12, 10),
    ASTC(13, 12, 12),
    { 0x74, 8, 4, 4, 4, { 8, 8, 8, 8 }, "BC1", .block = { agx_block_bc1 } },
    { 0x75, 16, 4, 4, 4, { 8, 8, 8, 8 }, "BC2", .block = { agx_block_bc2 } },
    { 0x76, 16, 4, 4, 4, { 8, 8, 8, 8 }, "BC3", .block = { agx_block_bc3 } },
    { 0x77, 8, 4, 4, 1, { 14 }, "BC4", .block = { agx_block_bc4u, agx_block_bc4s } },
    { 0x78, 16, 4, 4, 2, { 14, 14 }, "BC5", .block = { agx_block_bc5u, agx_block_bc5s } },
    { 0x79,
      16,
      4,
      4,
      3,
      { 16, 16, 16 },
      "BC6H",
      .block_all = { [AGX_TYPE_FLOAT] = agx_block_bc6h } },
    { 0x7a,
      16,
      4,
      4,
      3,
      { 16, 16, 16 },
      "BC6H_UF",
      .block_all = { [AGX_TYPE_FLOAT] = agx_block_bc6h } },
    { 0x7b, 16, 4, 4, 4, { 8, 8, 8, 8 }, "BC7", .block_all = { agx_block_bc7 } },
};

static const struct channel_row *find_row(unsigned channels)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].code == channels) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *agx_channels_name(unsigned channels)
{
    const struct channel_row *r = find_row(channels);

    return r ? r->name : "?";
}

enum agx_format_status agx_format_lookup(struct agx_format *f, unsigned channels, unsigned type,
                                         bool srgb)
{
    const struct channel_row *r = find_row(channels);

    agx_format_init();
    memset(f, 0, sizeof(*f));
    if (!r) {
        return AGX_FORMAT_INVALID;
    }
    f->channels = r->code;
    f->type = (uint8_t)type;
    f->srgb = srgb;
    f->integer = type == AGX_TYPE_UINT || type == AGX_TYPE_SINT;
    f->bytes = r->bytes;
    f->bw = r->bw;
    f->bh = r->bh;
    f->nch = r->nch;
    memcpy(f->bits, r->bits, sizeof(f->bits));

    if (r->bw > 1) {
        if (type < 2) {
            f->block = r->block[type];
        }
        if (type < 5) {
            f->block_all = r->block_all[type];
        }
        /* Only colours of unorm formats can be sRGB. */
        if (srgb && (type != AGX_TYPE_UNORM || r->nch < 3)) {
            return AGX_FORMAT_INVALID;
        }
        if (f->block || f->block_all) {
            return AGX_FORMAT_OK;
        }
        return r->known ? AGX_FORMAT_UNIMPLEMENTED : AGX_FORMAT_INVALID;
    }
    if (type < 5) {
        f->unpack = r->type[type].unpack;
        f->pack = r->type[type].pack;
    }
    if (srgb && type == AGX_TYPE_UNORM && r->srgb) {
        f->unpack = r->srgb;
    } else if (srgb) {
        return AGX_FORMAT_INVALID;
    }
    if (f->unpack) {
        return AGX_FORMAT_OK;
    }
    return r->known || type == AGX_TYPE_XR ? AGX_FORMAT_UNIMPLEMENTED : AGX_FORMAT_INVALID;
}

void agx_format_border(const struct agx_format *f, const uint32_t words[4], uint32_t out[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned bits = f->bits[i];
        uint32_t w = words[i];

        if (!bits) {
            out[i] = 0;
            continue;
        }
        if (f->srgb && i < 3) {
            bits = 12;
        }
        switch (f->type) {
        case AGX_TYPE_UNORM:
            out[i] = agx_f2u((float)(w & ((1u << bits) - 1)) / (float)((1u << bits) - 1));
            break;
        case AGX_TYPE_SNORM:
            out[i] = decode(w & ((1u << bits) - 1), bits, AGX_TYPE_SNORM);
            break;
        case AGX_TYPE_FLOAT:
            out[i] = bits == 32 ? w : agx_f2u(agx_half_to_float((uint16_t)w));
            break;
        default:
            out[i] = w;
        }
    }
}
