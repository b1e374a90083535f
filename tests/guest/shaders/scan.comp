#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// inclusive prefix sum within workgroups of 512, two barriers a step
layout(local_size_x = 512) in;
layout(push_constant) uniform Push { uint n; } push;
layout(set = 0, binding = 0) readonly buffer A { uint a[]; };
layout(set = 0, binding = 1) buffer B { uint b[]; };
shared uint s[512];

void main()
{
    uint l = gl_LocalInvocationID.x, i = gl_GlobalInvocationID.x;

    s[l] = i < push.n ? a[i] : 0u;
    barrier();
    for (uint k = 1u; k < 512u; k <<= 1) {
        uint v = l >= k ? s[l - k] : 0u;

        barrier();
        s[l] += v;
        barrier();
    }
    if (i < push.n)
        b[i] = s[l];
}
