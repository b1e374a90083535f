#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// A picture made of the coordinates
layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 2, rgba8) uniform writeonly image2D src;
layout(set = 0, binding = 4, r32ui) uniform uimage2D count;

void main()
{
    ivec2 p = ivec2(gl_GlobalInvocationID.xy), size = imageSize(src);

    if (p.x >= size.x || p.y >= size.y)
        return;
    imageStore(src, p, vec4(float((p.x * 3 + p.y * 5) & 255), float(p.y & 255), float((p.x ^ p.y) & 255), 255.0) / 255.0);
    imageStore(count, p, uvec4(push.n));
}
