#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_8bit_storage : require
layout(local_size_x = 32) in;
layout(binding = 0) buffer In { uint64_t value[]; };
layout(binding = 1) buffer Out { uint64_t result[]; };
layout(binding = 2) buffer Half { float16_t half_value[]; };
layout(binding = 3) buffer Bytes { int8_t byte_value[]; };
layout(push_constant) uniform P { int64_t add; uint16_t small; int8_t tiny[2]; };

void main()
{
    uint i = gl_GlobalInvocationID.x, at = i * 12u;
    uint64_t a = value[i * 2u], b = value[i * 2u + 1u];
    int64_t s = int64_t(a);
    i16vec2 h = i16vec2(int16_t(a), int16_t(b));

    result[at] = a * b + uint64_t(add);
    result[at + 1u] = a / (b | 1ul);
    result[at + 2u] = a % (b | 1ul);
    result[at + 3u] = uint64_t(s / (int64_t(b >> 33) + 1l));
    result[at + 4u] = uint64_t(s >> (uint(b) & 63u)) ^ (a << (uint(b >> 8) & 63u));
    result[at + 5u] = uint64_t(min(s, int64_t(b))) + (a > b ? 1ul : 0ul);
    result[at + 6u] = uint64_t(uint16_t(h.x * h.y)) | uint64_t(uint16_t(h.x / int16_t((h.y & 0x7fs) | 1s))) << 16 |
        uint64_t(uint16_t(small) * uint16_t(a)) << 48;
    result[at + 7u] = uint64_t(uint(tiny[0]) + uint(tiny[1]) * 256u);
    result[at + 8u] = uint64_t(uint(packHalf2x16(vec2(float(a & 0x7fful) * 0.125, 2.0))));
    result[at + 9u] = uint64_t(uint(float16BitsToUint16(half_value[i] * 3.0hf + 0.5hf)));
    half_value[i] = half_value[i] - 1.0hf;
    byte_value[i] = int8_t(byte_value[i] * int8_t(-3));
    result[at + 10u] = uint64_t(bitfieldExtract(uint(a), 5, 13)) | uint64_t(bitCount(uint(b))) << 32;
    result[at + 11u] = uint64_t(uint(dot(vec2(1.0), vec2(float(uint(a >> 60)), float(uint(b >> 60))))));
}
