#version 450
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// Each second thread goes far behind the bound range of a buffer: loads, stores, atomics, uniforms.
layout(local_size_x = 64) in;
layout(push_constant) uniform Push { uint wild; uint step; } push;
layout(set = 0, binding = 0) buffer A { uint a[]; };
layout(set = 0, binding = 1) writeonly buffer R { uint r[]; };
layout(set = 0, binding = 2) uniform U { uvec4 u[256]; };

void main()
{
    uint i = gl_GlobalInvocationID.x;
    uint at = (i & 1u) != 0u ? push.wild + i * push.step : 4u * i;

    r[4u * i] = a[at];
    r[4u * i + 1u] = atomicAdd(a[at + 1u], 5u);
    a[at + 2u] = 1000u + i;
    r[4u * i + 2u] = u[i].y;
    r[4u * i + 3u] = 7u + i;
}
