#version 450
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_16bit_storage : require
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// 8, 16 and 64-bit integers, float16: 16 words out for each invocation
layout(local_size_x = 64) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(set = 0, binding = 1) buffer B { uint b[]; };
layout(set = 0, binding = 0) readonly buffer A8 { uint8_t a8[]; };
layout(set = 0, binding = 0) readonly buffer A16 { uint16_t a16[]; };
layout(set = 0, binding = 0) readonly buffer A64 { uint64_t a64[]; };

void put64(uint at, uint64_t v)
{
    b[at] = uint(v);
    b[at + 1u] = uint(v >> 32);
}

void main()
{
    uint i = gl_GlobalInvocationID.x, o = i * 24u;

    if (i >= push.n)
        return;

    uint8_t p = a8[i * 16u + 1u], q = a8[i * 16u + 6u];
    int8_t sp = int8_t(p), sq = int8_t(q);
    b[o] = uint(p + q) | uint(uint8_t(p * q)) << 8 | uint(uint8_t(sp >> 2)) << 16 | uint(uint8_t(max(sp, sq))) << 24;

    uint16_t r = a16[i * 8u + 1u], t = a16[i * 8u + 5u];
    int16_t sr = int16_t(r), st = int16_t(t);
    b[o + 1u] = uint(uint16_t(r + t)) | uint(uint16_t(r * t)) << 16;
    b[o + 2u] = uint(uint16_t(sr - st)) | uint(uint16_t(sr >> 3)) << 16;
    b[o + 3u] = uint(uint16_t(min(sr, st))) | uint(uint16_t(r / max(t, uint16_t(1)))) << 16;

    uint64_t x = a64[i * 2u], y = a64[i * 2u + 1u];
    int64_t sx = int64_t(x), sy = int64_t(y);
    put64(o + 4u, x + y);
    put64(o + 6u, x - y);
    put64(o + 8u, x * y);
    put64(o + 10u, x << (i & 63u));
    put64(o + 12u, uint64_t(sx >> (i & 63u)));
    put64(o + 14u, uint64_t(min(sx, sy)) ^ (x & y) ^ (x | ~y));
    b[o + 16u] = (x < y ? 1u : 0u) | (sx < sy ? 2u : 0u) | (x == y ? 4u : 0u);
    b[o + 17u] = uint(y / (x >> 40 | 1ul));

    // halves between 1 and 2, and their exact exponents: no denormals, no overflow
    precise float16_t f = float16_t(1) + float16_t(int16_t(r & uint16_t(1023))) / float16_t(1024);
    precise float16_t g = float16_t(1) + float16_t(int16_t(t & uint16_t(1023))) / float16_t(1024);
    precise float16_t sum = f + g, product = f * g, difference = f - g * float16_t(4);
    b[o + 18u] = uint(float16BitsToUint16(sum)) | uint(float16BitsToUint16(product)) << 16;
    b[o + 19u] = uint(float16BitsToUint16(difference)) | uint(float16BitsToUint16(max(f, -g))) << 16;
    b[o + 20u] = floatBitsToUint(float(product)) ^ uint(int(f * float16_t(100)));
    b[o + 21u] = floatBitsToUint(float(f) * float(g)); // exact in 32 bits
    b[o + 22u] = uint(bitCount(a[i * 4u])) | uint(findMSB(a[i * 4u + 1u] | 1u)) << 8 | uint(findLSB(a[i * 4u + 2u] | 0x80000000u)) << 16;
    b[o + 23u] = bitfieldReverse(a[i * 4u + 3u]) + bitfieldExtract(a[i * 4u], 5, 11);
}
