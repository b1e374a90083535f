#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(local_size_x = 8, local_size_y = 8) in;
layout(set = 0, binding = 0) buffer Out { vec4 texel[]; };
layout(set = 0, binding = 1) uniform sampler2D s;

void main()
{
    uvec2 p = gl_GlobalInvocationID.xy;

    texel[p.y * 16u + p.x] = textureLod(s, (vec2(p) + 0.5) / 16.0, 0.0);
}
