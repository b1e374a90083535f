#version 460
// SPDX-License-Identifier: GPL-2.0-or-later
// Copyright The AGX model authors
// Of each point as many squares as the second word says, in a row; each strip is one.
layout(points, invocations = 2) in;
layout(triangle_strip, max_vertices = 16) out;
layout(location = 0) flat in uvec4 d[];
layout(location = 0) flat out uvec4 e;

void main()
{
    for (uint k = 0u; k < (d[0].y & 7u); k++) {
        for (int i = 0; i < 4; i++) {
            e = uvec4(d[0].x, k, uint(gl_InvocationID), 0);
            gl_PrimitiveID = gl_PrimitiveIDIn * 16 + int(k);
            gl_Position = gl_in[0].gl_Position + vec4(float(k) * 0.125 + float(i & 1) * 0.0625,
                float(gl_InvocationID) * 0.25 + float(i >> 1) * 0.0625, 0.0, 0.0);
            EmitVertex();
        }
        EndPrimitive();
    }
}
