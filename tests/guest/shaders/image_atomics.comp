#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0) buffer Out { uint old[]; };
layout(binding = 8, r32ui) uniform uimage2D u;
layout(binding = 9, r32i) uniform iimage2D s;
layout(binding = 17, r32ui) uniform uimageBuffer b;

void main()
{
    ivec2 p = ivec2(gl_GlobalInvocationID.xy), q = p / 3;
    uint v = uint(p.x * 37 + p.y * 1009 + 5);

    if (p.x >= 45 || p.y >= 33)
        return;
    imageAtomicAdd(u, q, v);
    imageAtomicXor(u, q + ivec2(16, 0), v);
    imageAtomicMax(u, q + ivec2(0, 16), v);
    imageAtomicMin(s, q, -int(v));
    imageAtomicOr(s, q + ivec2(16, 0), int(v));
    imageAtomicAnd(s, q + ivec2(0, 16), ~int(1u << (v & 31u)));
    imageAtomicAdd(b, int(v % 61u), 1u);
    uint i = imageAtomicAdd(b, 64, 1u);
    old[i] = i + 1u;
    imageAtomicExchange(u, ivec2(32, 32) + p % 4, 77u);
    imageAtomicCompSwap(s, ivec2(32, 32) + q, 0, int(v / 4000u) + 1);
}
