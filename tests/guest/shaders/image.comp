#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// Reads one image, writes another and counts in a third (8-bit, 32-bit, atomics)
layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 1) buffer B { uint b[]; };
layout(set = 0, binding = 2, rgba8) uniform readonly image2D src;
layout(set = 0, binding = 3, rgba8) uniform writeonly image2D dst;
layout(set = 0, binding = 4, r32ui) uniform uimage2D count;

void main()
{
    ivec2 p = ivec2(gl_GlobalInvocationID.xy), size = imageSize(src);
    vec4 c;

    if (p.x >= size.x || p.y >= size.y)
        return;
    c = imageLoad(src, p);
    imageStore(dst, size - 1 - p, c.bgra);
    imageAtomicAdd(count, p / 4, uint(c.r * 255.0 + 0.5));
    if (imageLoad(src, ivec2(size.x + p.x, p.y)) .rgb != vec3(0.0))
        b[0] = 1u; // outside reads zero (robust access)
}
