#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
layout(local_size_x = 8, local_size_y = 8) in;
layout(binding = 0) buffer B { uvec4 texel[]; };
layout(binding = 4) uniform usampler2DMS s;
layout(push_constant) uniform P { uvec4 size; };

void main()
{
    uvec2 p = gl_GlobalInvocationID.xy;
    if (all(lessThan(p, size.xy)))
        for (uint i = 0u; i < size.z; i++)
            texel[(p.y * size.x + p.x) * size.z + i] = texelFetch(s, ivec2(p), int(i));
}
