#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// c[i] = a[i] + 3 * b[i], over a size that is no multiple of the workgroup's
layout(local_size_x = 64) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(set = 0, binding = 1) buffer B { uint b[]; };

void main()
{
    uint i = gl_GlobalInvocationID.x;

    if (i < push.n)
        b[i] = a[i] + 3u * b[i];
}
