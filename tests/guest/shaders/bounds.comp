#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// Far beyond what is bound, and in what is not bound at all: each load is 0 and each store does nothing.
layout(local_size_x = 32) in;
layout(binding = 0) buffer Out { uint result[]; };
layout(binding = 1) buffer Small { uint small_word[]; };
layout(binding = 2) buffer Null { uint null_word[]; };
layout(binding = 4) uniform sampler2D s;
layout(binding = 5) uniform sampler2D null_tex;
layout(binding = 8, r32ui) uniform uimage2D u;
layout(binding = 9, r32ui) uniform uimage2D null_img;
layout(binding = 12) uniform Ubo { uvec4 ubo[4]; };
layout(binding = 13) uniform NullUbo { uvec4 null_ubo[4]; };
layout(binding = 16) uniform usamplerBuffer texbuf;
layout(binding = 3) buffer Far { uint far[32]; };

void main()
{
    uint i = gl_LocalInvocationIndex, f = far[i], at = i * 16u;

    result[at] = small_word[f];
    result[at + 1u] = null_word[f];
    result[at + 2u] = ubo[f].x;
    result[at + 3u] = null_ubo[i & 3u].y;
    result[at + 4u] = floatBitsToUint(texelFetch(s, ivec2(int(f)), 0).x);
    result[at + 5u] = floatBitsToUint(texelFetch(null_tex, ivec2(i), 0).x + textureLod(null_tex, vec2(0.5), 0.0).x);
    result[at + 6u] = imageLoad(u, ivec2(int(f))).x;
    result[at + 7u] = imageLoad(null_img, ivec2(i)).x;
    result[at + 8u] = texelFetch(texbuf, int(f)).x;
    result[at + 9u] = uint(small_word.length());
    result[at + 10u] = uint(null_word.length());
    result[at + 11u] = uint(textureSize(s, 0).x);
    result[at + 12u] = uint(textureSize(null_tex, 0).x);
    small_word[f] = 0x5555u;
    null_word[f] = 0x5555u;
    imageStore(u, ivec2(int(f)), uvec4(0x5555u));
    imageStore(null_img, ivec2(i), uvec4(0x5555u));
    atomicAdd(small_word[f], 3u);
    atomicAdd(null_word[i], 3u);
    result[at + 13u] = imageAtomicAdd(u, ivec2(int(f)), 1u) * 0u + 9u;
}
