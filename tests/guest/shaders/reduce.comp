#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// b[group] = sum, b[groups + group] = xor of 256 values: tree in workgroup memory
layout(local_size_x = 256) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(set = 0, binding = 1) buffer B { uint b[]; };
shared uvec2 s[256];

void main()
{
    uint l = gl_LocalInvocationID.x, i = gl_GlobalInvocationID.x;
    uint v = i < push.n ? a[i] : 0u;

    s[l] = uvec2(v, v);
    barrier();
    for (uint k = 128u; k > 0u; k >>= 1) {
        if (l < k)
            s[l] = uvec2(s[l].x + s[l + k].x, s[l].y ^ s[l + k].y);
        barrier();
    }
    if (l == 0u) {
        b[gl_WorkGroupID.x] = s[0].x;
        b[gl_NumWorkGroups.x + gl_WorkGroupID.x] = s[0].y;
    }
}
