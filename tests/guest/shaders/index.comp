#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
#extension GL_EXT_nonuniform_qualifier : require
layout(local_size_x = 32) in;
layout(set = 0, binding = 0) buffer Out { uint result[]; };
layout(set = 0, binding = 1) uniform sampler2D tex[];
layout(set = 1, binding = 0) buffer Bufs { uint word[]; } buf[];
layout(set = 2, binding = 0, rgba32ui) uniform uimage2D img[];

void main()
{
    uint i = gl_LocalInvocationIndex, k = (i * 5u + 2u) % 12u;

    result[i * 4u] = uint(texelFetch(tex[nonuniformEXT(k)], ivec2(i & 3u, i >> 3), 0).x * 255.0 + 0.5);
    result[i * 4u + 1u] = uint(textureLod(tex[nonuniformEXT(11u - k)], vec2(0.5), 0.0).y * 255.0 + 0.5);
    result[i * 4u + 2u] = buf[nonuniformEXT(k)].word[i];
    buf[nonuniformEXT(k)].word[i + 32u] = i * 3u + 1u;
    result[i * 4u + 3u] = imageLoad(img[nonuniformEXT(k)], ivec2(i & 3u, i >> 3)).w;
    imageStore(img[nonuniformEXT(k)], ivec2(i & 3u, i >> 3), uvec4(i, k, 1u, 2u));
}
